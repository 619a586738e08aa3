"""Whether this machine has compiled the kernels yet: the first run does, which takes a while and is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from siteplan.radio.sweep import _sweep_sector
from siteplan.selection.relax import _halpern


def are_compiled() -> bool:
    """Whether the kernels of terrain and choice are kept from an earlier run.

    Returns
    -------
    bool
        True as well where nothing is compiled at all (NUMBA_DISABLE_JIT).
    """
    return all(_is_kept(kernel) for kernel in (_sweep_sector, _halpern))


def _is_kept(kernel: Any) -> bool:
    stats = getattr(kernel, "stats", None)
    if stats is None:
        return True
    name = f"{Path(kernel.py_func.__code__.co_filename).stem}.{kernel.__name__}-*.nbi"
    return any(Path(stats.cache_path).glob(name))
