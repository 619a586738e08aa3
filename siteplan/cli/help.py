"""Help in one language, with an example a command: typer's own words are English unless they are replaced."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

from siteplan.cli.options import text


def _speak() -> None:
    """Give typer's headings in the language of the call."""
    from typer import rich_utils  # noqa: PLC0415 - it draws help, and no other call should wait for it

    rich_utils.ARGUMENTS_PANEL_TITLE = text("panel_arguments")
    rich_utils.OPTIONS_PANEL_TITLE = text("panel_options")
    rich_utils.COMMANDS_PANEL_TITLE = text("panel_commands")
    rich_utils.REQUIRED_LONG_STRING = text("required")
    rich_utils.DEFAULT_STRING = text("default", value="{}")


class _InOneLanguage:
    """What a command and a group of commands share."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option ``--help``, explained in the language of the call."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = text("help_option")
        return option

    def get_usage(self, ctx: Any) -> str:
        """The line that says how a command is called."""
        usage: str = super().get_usage(ctx)  # type: ignore[misc]
        return usage.replace("Usage:", text("usage"), 1)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Draw the help."""
        _speak()
        super().format_help(ctx, formatter)  # type: ignore[misc]


class Command(_InOneLanguage, TyperCommand):
    """A command whose help speaks one language."""


class Group(_InOneLanguage, TyperGroup):
    """The commands, with a help that speaks one language."""
