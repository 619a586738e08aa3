"""Progress as bars, for notebooks: ``project.plan(report=BarReport("en"))``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from siteplan.words.catalogue import Lang, translate


class BarReport:
    """Draws one bar a stage, in a notebook or on a terminal.

    Parameters
    ----------
    lang
        Language of the stages.
    console
        Where to; None for the notebook's own output.
    """

    def __init__(self, lang: Lang = "zh", console: Console | None = None) -> None:
        self._lang = lang
        self._console = console or Console()
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._name = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Draw a bar while the stage runs, and leave a line with its seconds."""
        self._name, started = translate(f"stage_{name}", self._lang), time.perf_counter()
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._console, transient=True) as bars:
            self._bars, self._task = bars, bars.add_task(self._name, total=None)
            try:
                yield
            finally:
                self._bars = self._task = None
        seconds = time.perf_counter() - started
        self._console.print(translate("stage_done", self._lang, stage=self._name, seconds=seconds))

    def step(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=total)

    def note(self, key: str, /, **values: object) -> None:
        """Say beside the bar what the stage is at."""
        if self._bars is not None and self._task is not None:
            text = f"{self._name} · {translate(key, self._lang, **values)}"
            self._bars.update(self._task, description=escape(text))

    def result(self, key: str, /, **values: object) -> None:
        """Print what came out, above the bars."""
        self._console.print(translate(key, self._lang, **values), markup=False)
