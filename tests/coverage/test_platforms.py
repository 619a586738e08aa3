"""The same numbers on every machine: a committed table holds to one part in a million.

Bytes are equal on one platform only (another compiler may add in another order); these values must agree
everywhere. ``python tests/coverage/test_platforms.py`` prints the table anew after an intended change.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

TABLE = Path(__file__).with_name("platform_values.json")


def values_of(folder):
    """Numbers from every layer of a plan over terrain: losses, probabilities, choice."""
    import siteplan  # noqa: PLC0415 - the table is printed without pytest's paths

    plan = siteplan.open_project(folder).plan(threads=1)
    record, villages = plan.record, plan.villages.sort_values("village_id")
    coverage = plan.proposal.effects.coverage.values
    return {
        "objective": record.objective,
        "base_value": record.base_value,
        "expected_before": record.population_expected_before,
        "expected_after": record.population_expected_after,
        "coverage_sum": float(np.nansum(coverage.astype(np.float64))),
        "coverage_square_sum": float(np.nansum(coverage.astype(np.float64) ** 2)),
        **{
            f"probability_{when}_{row.village_id}": getattr(row, f"probability_{when}")
            for row in villages.itertuples()
            for when in ("before", "after")
        },
        **{f"gain_{row.rank}": row.gain for row in plan.sites.itertuples()},
        **{f"radius_{row.rank}": row.cell_radius_m for row in plan.sites.itertuples()},
    }


def test_values_hold_on_every_machine(shared_world):
    expected = json.loads(TABLE.read_text(encoding="utf-8"))
    found = values_of(shared_world)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6, abs=1e-9), name


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
    from worlds.two_counties import write_project

    with tempfile.TemporaryDirectory() as work:
        table = values_of(write_project(Path(work) / "world"))
    TABLE.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
