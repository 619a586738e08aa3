"""What a run costs: seconds by stage and peak memory.

One decision to know: measured, never asserted; nothing in the package depends on the numbers.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Seconds of named stages, in the order they ran."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what runs inside."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 3)

    def total(self) -> dict[str, float]:
        """All stages and the total so far [s]."""
        return {**self.seconds, "total": round(time.perf_counter() - self._started, 3)}


def peak_memory_mib() -> float | None:
    """Largest resident memory of this process so far [MiB]; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  (absent on Windows)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
