"""The first run on a machine is told from later ones."""

import numba
import pytest

from siteplan.coverage.kernels import are_compiled
from siteplan.radio.sweep import _sweep_sector
from siteplan.selection.relax import _halpern


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_kernels_count_as_compiled_once_both_are_kept(monkeypatch, tmp_path):
    class Stats:
        cache_path = str(tmp_path)

    monkeypatch.setattr(type(_sweep_sector), "stats", Stats)
    assert not are_compiled()
    (tmp_path / "sweep._sweep_sector-473.py311.nbi").touch()
    assert not are_compiled()
    (tmp_path / f"relax.{_halpern.__name__}-435.py311.nbi").touch()
    assert are_compiled()
