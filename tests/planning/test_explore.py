"""Questions to a solved area: what is refused goes, what is required comes, the plan stays as it was."""

import numpy as np
import pytest

import siteplan
from siteplan.core.errors import SiteplanError
from siteplan.project.statuses import CandidateState


@pytest.fixture(scope="module")
def explorer(planned_city):
    return siteplan.open_project(planned_city).explore(threads=1)


def chosen(explorer):
    ready = explorer.ready
    return set(ready.candidates["candidate_id"].iloc[ready.options.place[explorer.solver.columns()]])


def free(explorer):
    table = explorer.ready.candidates
    usable = table["candidate_id"][table["status"].eq(CandidateState.CANDIDATE.value)]
    return [each for each in usable if each not in chosen(explorer)]


def test_the_explorer_holds_the_plan_of_the_same_project(explorer, planned_city):
    plan = siteplan.read_plan(planned_city / "runs" / "city")
    assert chosen(explorer) == set(plan.sites["candidate_id"])


def test_nothing_asked_changes_nothing(explorer):
    answer = explorer.what_if()
    assert answer.changes.empty
    assert answer.people_covered == answer.people_before
    assert answer.gain == pytest.approx(answer.gain_before)


def test_a_refused_place_goes_and_the_plan_stays_as_it_was(explorer):
    before = explorer.solver.columns().copy()
    place = min(chosen(explorer))
    answer = explorer.what_if(refused=[place])
    rows = answer.changes[answer.changes["candidate_id"].eq(place)]
    assert set(rows["change"]) == {"dropped"}
    assert answer.gain <= answer.gain_before * (1.0 + answer.at_most_better) + 1e-9
    np.testing.assert_array_equal(explorer.solver.columns(), before)


def test_a_required_place_comes(explorer):
    place = free(explorer)[0]
    changes = explorer.what_if(required=[place]).changes
    assert "new" in set(changes["change"][changes["candidate_id"].eq(place)])


def test_another_quota_is_kept(explorer):
    stations = explorer.what_if().stations
    for quota in (1, stations, stations + 2):
        answer = explorer.what_if(quota=quota)
        assert answer.stations <= quota
        assert 0.0 <= answer.at_most_better <= 1.0
    assert explorer.what_if(quota=1).gain <= explorer.what_if(quota=stations).gain + 1e-9


def test_an_id_that_is_no_candidate_is_named(explorer):
    with pytest.raises(SiteplanError, match="N-0815"):
        explorer.what_if(refused=["N-0815"])
