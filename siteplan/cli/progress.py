"""Progress on a terminal: one live line a stage, then what it took; plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.text import Text

from siteplan.core.progress import SILENT, Report
from siteplan.words.catalogue import Lang, translate

_SURE_AFTER_S = 2.0
"""Seconds of a stage after which its rest is estimated."""
_PLAIN_EVERY_S = 10.0
"""Seconds between two lines of one stage where there is no terminal."""


class ConsoleReport:
    """Draws stages on a console.

    Parameters
    ----------
    console
        Where to; the error stream, so that results can be piped.
    lang
        Language of the stages.
    """

    def __init__(self, console: Console, lang: Lang) -> None:
        self._console, self._lang = console, lang
        self._status: Status | None = None
        self._name, self._said, self._started = "", 0.0, 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show the stage while it runs, and its seconds when it ends."""
        self._name, started = translate(f"stage_{name}", self._lang), time.perf_counter()
        self._started = started
        if self._console.is_terminal:
            with self._console.status(self._name) as self._status:
                yield
            self._status = None
        else:
            self._console.print(f"{self._name} …")
            self._said = started
            yield
        seconds = time.perf_counter() - started
        self._console.print(translate("stage_done", self._lang, stage=self._name, seconds=seconds))

    def step(self, done: int, total: int) -> None:
        """Show how far the stage has come, and about how long the rest takes."""
        spent = time.perf_counter() - self._started
        left = round(spent / max(done, 1) * (total - done))
        key = "stage_step_left" if spent >= _SURE_AFTER_S and left else "stage_step"
        self._show(translate(key, self._lang, done=done, total=total, seconds=left))

    def note(self, key: str, /, **values: object) -> None:
        """Show what the stage is at."""
        self._show(translate(key, self._lang, **values))

    def _show(self, text: str) -> None:
        line, now = f"{self._name} · {text}", time.perf_counter()
        if self._status is not None:
            self._status.update(Text(line))
        elif now - self._said >= _PLAIN_EVERY_S:
            self._said = now
            self._console.print(line)

    def result(self, key: str, /, **values: object) -> None:
        """Print what came out."""
        self._console.print(translate(key, self._lang, **values))


def console_report(console: Console, lang: Lang, *, quiet: bool) -> Report:
    """A report for a console, or a silent one."""
    return SILENT if quiet else ConsoleReport(console, lang)
