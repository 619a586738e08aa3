"""Tasks that workers are sent, by name: what a test module defines no other process can import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Square:
    """Squares a number; even ones were kept."""

    def __call__(self, number: int) -> tuple[int, int]:
        return number * number, os.getpid()

    def is_kept(self, number: int) -> bool:
        return number % 2 == 0


@dataclass(frozen=True)
class DiesOnce:
    """Kills its worker the first time it is asked for one of some numbers."""

    folder: Path
    deadly: tuple[int, ...]

    def __call__(self, number: int) -> int:
        mark = self.folder / str(number)
        if number in self.deadly and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number


@dataclass(frozen=True)
class Poisoned:
    """Kills every worker that is asked for one number."""

    deadly: int

    def __call__(self, number: int) -> int:
        if number == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return number


@dataclass(frozen=True)
class SlowOnce:
    """Takes very long the first time it is asked for one number, as on a machine that swaps."""

    folder: Path
    slow: int

    def __call__(self, number: int) -> int:
        mark = self.folder / f"slow-{number}"
        if number == self.slow and not mark.exists():
            mark.touch()
            time.sleep(8)
        return number


@dataclass(frozen=True)
class Naps:
    """Squares a number in a third of a second, so that a worker can be lost in the middle of one."""

    def __call__(self, number: int) -> int:
        time.sleep(0.3)
        return number * number
