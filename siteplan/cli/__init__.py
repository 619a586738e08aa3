"""The ``siteplan`` command: parse, call ``api``, print, exit code.

In: arguments. Out: lines on a terminal and an exit code. Everything a user can put right ends in a message;
anything else is a bug and shows its traceback. Heavy packages are imported when a command needs them.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point: UTF-8 out, so that a GBK console shows what it can and never crashes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    from siteplan.cli.commands import app  # noqa: PLC0415 - after the streams are ready

    app()
