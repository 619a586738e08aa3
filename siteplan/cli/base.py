"""What every command is made with: the app, help in the language of the call, days and languages given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.models import CommandFunctionType

from siteplan.cli.help import Command, Group
from siteplan.cli.options import HELP, text
from siteplan.core.errors import SiteplanError
from siteplan.words.catalogue import Lang

app = typer.Typer(cls=Group, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def command(name: str) -> Callable[[CommandFunctionType], CommandFunctionType]:
    """A command with its help and an example, in the language of the call."""
    return app.command(cls=Command, help=text(name), epilog=text(f"example_{name}"))


AudienceOpt = Annotated[list[str] | None, typer.Option("--audience", help=text("audience"))]
RecipientOpt = Annotated[str, typer.Option("--recipient", help=text("recipient"))]
OnlineOpt = Annotated[bool, typer.Option("--online-tiles", help=text("online_tiles"))]


RunsOpt = Annotated[list[Path] | None, typer.Option("--run", help=text("progress_run"))]
DayOpt = Annotated[str | None, typer.Option("--day", metavar="YYYY-MM-DD", help=text("progress_day"))]


def day_of(text: str | None, option: str = "--day") -> Any:
    """A day given on the command line; None where none was."""
    import datetime as dt  # noqa: PLC0415

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise SiteplanError("unknown_choice", option=option, value=text, choices=("YYYY-MM-DD",)) from error


def lang_of(given: str | None) -> Lang:
    """Language of the call."""
    return "en" if (given or HELP) == "en" else "zh"
