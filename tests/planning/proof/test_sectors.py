"""Where three sectors look: at what is newly covered, apart from each other, down over the relief."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import siteplan
from siteplan.planning.proof.sectors import best_azimuths, downtilts
from siteplan.radio.antenna import horizontal_attenuation_db


def kept(azimuths, bearing, weight):
    """Share of the weight three patterns keep, one direction after the other."""
    power = [max(10 ** (-float(horizontal_attenuation_db(b - a)) / 10) for a in azimuths) for b in bearing]
    return float(np.dot(power, weight) / np.sum(weight))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 35), st.floats(0.1, 50.0)), min_size=1, max_size=12))
def test_no_other_three_azimuths_keep_more(drawn):
    bearing = np.array([10.0 * step for step, _ in drawn])
    weight = np.array([w for _, w in drawn])
    azimuths, share = best_azimuths(bearing, weight)
    assert share == pytest.approx(kept(azimuths, bearing, weight))
    others = itertools.combinations(range(0, 360, 30), 3)
    apart = [t for t in others if min(t[1] - t[0], t[2] - t[1], 360 - t[2] + t[0]) >= 60]
    assert share >= max(kept(t, bearing, weight) for t in apart) - 1e-6


def test_sectors_stay_sixty_degrees_apart_even_if_all_people_live_in_one_direction():
    azimuths, share = best_azimuths(np.full(5, 90.0), np.ones(5))
    assert 90.0 in azimuths
    assert share == pytest.approx(1.0)
    gaps = np.diff([*azimuths, azimuths[0] + 360.0])
    assert gaps.min() >= 60.0


def test_every_tilt_lies_between_the_horizon_and_fifteen_degrees():
    bearing = np.array([0.0, 120.0, 240.0])
    tilts = downtilts(bearing, np.array([-3.0, 40.0, 5.0]), np.ones(3), bearing)
    assert tilts.tolist() == [0.0, 15.0, 5.0]
    assert downtilts(bearing[:1], np.array([2.0]), np.ones(1), bearing).tolist() == [2.0, 0.0, 0.0]


def test_a_plan_proposes_sectors_for_places_that_cover_anything(planned_city):
    plan = siteplan.read_plan(planned_city / "runs" / "city")
    table = plan.proposal.proof.sectors
    assert set(table["candidate_id"]) <= set(plan.sites["candidate_id"])
    assert len(table) > 0
    for row in table.itertuples():
        azimuths = [int(each) for each in row.azimuths.split("/")]
        assert azimuths == sorted(azimuths)
        assert len(azimuths) == len(row.downtilts.split("/")) == 3
        assert 0.2 < row.pattern_share <= 1.0
