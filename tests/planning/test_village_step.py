"""A village as a step inside the problem: so many must cross the target, and the bound still holds."""

import pytest
from worlds.two_counties import write_project

import siteplan
from siteplan.core.errors import SiteplanError
from siteplan.planning.replan import with_free_bound
from siteplan.selection import CoverageMinimum, CoverProblem, Village, check, select

TIGHT = {"layers.0.village_weight": 0.0, "layers.1.village_weight": 0.0}
"""Villages weigh nothing, so that people alone decide unless villages are asked for."""


def planned(folder, least):
    changes = TIGHT | {"selection.least_villages": least} if least else TIGHT
    return siteplan.open_project(write_project(folder, changes)).plan(quota=4)


def test_a_plan_that_must_reach_villages_reaches_them_and_says_its_price(tmp_path):
    free = planned(tmp_path / "free", 0).record
    gained = free.villages_covered_after - free.villages_covered_before
    assert gained > 0
    asked = planned(tmp_path / "asked", gained).record
    assert asked.villages_covered_after - asked.villages_covered_before >= gained
    assert asked.objective <= free.upper_bound * (1 + 1e-9)
    assert asked.certificate_holds
    assert asked.optimality_gap <= 1.0


def test_more_villages_than_can_be_reached_is_said_with_the_most_there_can_be(tmp_path):
    with pytest.raises(SiteplanError) as found:
        planned(tmp_path / "two", 50)
    assert "50" in str(found.value)


def test_the_bound_without_minima_proves_the_problem_with_them():
    """Two columns, one quota: people would take the first, the village needs the second."""
    village = CoverageMinimum("villages", (Village("v", [1], 0.5),), 1)
    problem = CoverProblem.from_arrays([[1.0, 0.0], [0.0, 1.0]], [10.0, 1.0], quota=1, minima=[village])
    found, free = select(problem), select(problem.without_minima())
    assert found.columns.tolist() == [1]
    joined = with_free_bound(problem, found, free)
    assert joined.columns.tolist() == [1]
    assert joined.upper_bound == min(found.upper_bound, free.upper_bound)
    assert check(problem, joined).holds
