"""Peak memory of this process; measured, never asserted."""

from __future__ import annotations

import sys


def peak_memory_mib() -> float | None:
    """Largest resident memory of this process so far [MiB]; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  (absent on Windows)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
