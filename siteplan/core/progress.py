"""The protocol of progress: what works for more than a moment says which stage it is in, and what came out.

Nothing in the package knows who listens: a terminal draws lines, a notebook bars, a test keeps a list.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

_Item = TypeVar("_Item")


class Report(Protocol):
    """Who is told of progress."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Enter a stage by its name in the catalogue (``stage_<name>``); leave it at the end."""

    def step(self, done: int, total: int) -> None:
        """How far the present stage has come."""

    def note(self, key: str, /, **values: object) -> None:
        """What the present stage is at or knows so far, from the catalogue; replaces the last one."""

    def result(self, key: str, /, **values: object) -> None:
        """What came out, as an entry of the catalogue."""


class Silent:
    """Tells nobody."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Say nothing of a stage."""
        del name
        yield

    def step(self, done: int, total: int) -> None:
        """Say nothing of a step."""

    def note(self, key: str, /, **values: object) -> None:
        """Say nothing of what is known so far."""

    def result(self, key: str, /, **values: object) -> None:
        """Say nothing of a result."""


SILENT = Silent()


class Stopwatch:
    """Passes progress on and keeps the seconds of every stage, by the clock and of all processors together.

    Parameters
    ----------
    listener
        Who is told.
    """

    def __init__(self, listener: Report = SILENT) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds: dict[str, float] = {}
        self._listener = listener
        self._started = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        started, worked = time.perf_counter(), time.process_time()
        with self._listener.stage(name):
            yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 3)
        worked = time.process_time() - worked
        self.cpu_seconds[name] = round(self.cpu_seconds.get(name, 0.0) + worked, 3)

    def step(self, done: int, total: int) -> None:
        """Pass a step on."""
        self._listener.step(done, total)

    def note(self, key: str, /, **values: object) -> None:
        """Pass on what is known so far."""
        self._listener.note(key, **values)

    def result(self, key: str, /, **values: object) -> None:
        """Pass a result on."""
        self._listener.result(key, **values)

    def total(self) -> dict[str, float]:
        """All stages and the total so far [s]."""
        return {**self.seconds, "total": round(time.perf_counter() - self._started, 3)}


def counted(items: Iterable[_Item], total: int, report: Report, every: int = 50) -> Iterator[_Item]:
    """Items as they come, with a step told every so many of them.

    Yields
    ------
    object
        The items.

    Examples
    --------
    >>> list(counted("abc", 3, SILENT))
    ['a', 'b', 'c']
    """
    for number, item in enumerate(items, start=1):
        yield item
        if number % every == 0 or number == total:
            report.step(number, total)
