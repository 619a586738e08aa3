"""Options that commands share, their help in the language of the call, and what ends a command."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console

from siteplan.core.errors import SiteplanError
from siteplan.words.catalogue import LANGUAGES, Lang, translate

out = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False, markup=False)
_Arguments = ParamSpec("_Arguments")


def _asked_language(arguments: list[str]) -> str | None:
    """What ``--lang`` of a command line says, before it is parsed."""
    for position, argument in enumerate(arguments):
        if argument == "--lang" and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    return None


def help_language() -> Lang:
    """Language of help: ``--lang``, else SITEPLAN_LANG, else Chinese; what is unknown is refused later."""
    asked = _asked_language(sys.argv[1:]) or os.environ.get("SITEPLAN_LANG") or "zh"
    return next((language for language in LANGUAGES if language == asked), "zh")


HELP = help_language()


def text(key: str, **values: object) -> str:
    """Help text of a key in the language of the call [str]."""
    return translate(f"help_{key}", HELP, **values)


def _language(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise typer.BadParameter(
            translate("unknown_language", HELP, value=value, choices=", ".join(LANGUAGES))
        )
    return value


ProjectArg = Annotated[Path, typer.Argument(help=text("project"))]
RunArg = Annotated[Path, typer.Argument(help=text("run"))]
LangOpt = Annotated[
    str | None, typer.Option("--lang", help=text("lang"), metavar="zh|en", callback=_language)
]
DatumOpt = Annotated[str, typer.Option("--datum", help=text("datum"))]
CrsOpt = Annotated[str, typer.Option("--crs", help=text("measured_crs"))]
ColumnOpt = Annotated[list[str] | None, typer.Option("--column", help=text("column"))]
DataOpt = Annotated[Path | None, typer.Option("--data", help=text("data"))]
CountyOpt = Annotated[str | None, typer.Option("--county", help=text("county"))]
YearOpt = Annotated[int | None, typer.Option("--year", help=text("year"))]
QuotaOpt = Annotated[int | None, typer.Option("--quota", min=0, help=text("quota"))]
BuiltOpt = Annotated[int | None, typer.Option("--built", min=0, help=text("built"))]
PropagationOpt = Annotated[
    str | None, typer.Option("--propagation", metavar="terrain|empirical", help=text("propagation"))
]
ClutterOpt = Annotated[
    str | None, typer.Option("--clutter", metavar="profile|end_loss|none", help=text("clutter"))
]
OutOpt = Annotated[Path | None, typer.Option("--out", help=text("out"))]
ThreadsOpt = Annotated[int | None, typer.Option("--threads", min=1, help=text("threads"))]
SchedulerOpt = Annotated[
    str | None, typer.Option("--scheduler", metavar="local:N|tcp://HOST:PORT", help=text("scheduler"))
]
QuietOpt = Annotated[bool, typer.Option("--quiet", help=text("quiet"))]
StrictOpt = Annotated[bool, typer.Option("--strict", help=text("strict"))]


def starts(*, quiet: bool, lang: str | None) -> None:
    """Say at once that something goes on: what a command needs takes seconds to be brought in."""
    if not quiet:
        err.print(translate("starting", lang if lang in LANGUAGES else HELP))


def ends_in_words(function: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    """Turn what the user can put right into a message and exit code 1."""

    @functools.wraps(function)
    def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except SiteplanError as error:
            err.print(_words(error, kwargs.get("lang")))
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            err.print(translate("interrupted_words", kwargs.get("lang") or HELP))  # type: ignore[arg-type]
            raise typer.Exit(130) from error

    return call


def _words(error: SiteplanError, lang: Any) -> str:
    """The error as it prints itself, or in the language of the call when no project was opened yet."""
    from siteplan.core import errors  # noqa: PLC0415

    if not errors.has_renderer():
        from siteplan.outputs.wording import error_text  # noqa: PLC0415

        return error_text(error, lang or HELP)
    return str(error)
