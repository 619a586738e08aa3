"""Owners' agreement: off without data, rates held by a prior, a model only where it is better, alternates."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from siteplan.field.journal import Place
from siteplan.field.status import FieldStatus, PlaceStatus
from siteplan.planning.acceptance import (
    acceptance_of,
    alternates_by_county,
    alternates_needed,
    with_chances,
)
from siteplan.project.statuses import SiteStatus
from siteplan.project.year import AcceptanceRules

RULES = AcceptanceRules()
NOBODY = np.zeros((0, 2))


def world(count, chance, seed=0, decided=None):
    """Candidates whose owners agree with a probability, and a journal of the first of them."""
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "key": [f"3:{n}" for n in range(count)],
            "source_type": draw.choice(["1", "3", "5"], count),
            "kind": draw.choice(["school", "office", "village"], count),
            "county_id": draw.choice(["A", "B"], count),
            "town": draw.choice(list("abcdef"), count),
            "easting_m": draw.uniform(0, 1e4, count),
            "northing_m": draw.uniform(0, 1e4, count),
            "success_probability": np.nan,
        }
    )
    truth = np.array([chance(row) for row in table.itertuples()])
    agrees = draw.random(count) < truth
    states = {}
    for n in range(count if decided is None else decided):
        place = Place(table["key"][n], "A", "", ("low",), 1, 113.0, 24.0, 100.0, 20.0)
        status = SiteStatus.SIGNED if agrees[n] else SiteStatus.REFUSED
        states[f"X-{n}"] = PlaceStatus(f"X-{n}", place, status)
    return table, FieldStatus(states), truth


def by_type(row):
    return {"1": 0.95, "3": 0.5, "5": 0.7}[row.source_type]


def by_kind(row):
    return {"school": 0.15, "office": 0.95, "village": 0.6}[row.kind]


def test_nothing_is_said_before_there_is_data():
    for decided in (0, 29):
        table, status, _ = world(60, by_type, decided=decided)
        found = acceptance_of(table, status, NOBODY, RULES, 0)
        assert (found.method, found.cases) == ("off", decided)
        assert np.isnan(found.probability).all()
    table, status, _ = world(60, lambda row: 1.0)
    assert acceptance_of(table, status, NOBODY, RULES, 0).method == "off"


def test_few_cases_give_rates_by_source_type_held_by_the_published_figure():
    table, status, _ = world(200, by_type, decided=40)
    found = acceptance_of(table, status, NOBODY, RULES, 0)
    assert found.method == "rates"
    open_places = table.index >= 40
    for kind in ("1", "3", "5"):
        own = table["source_type"].eq(kind)
        decided = [
            s.status == SiteStatus.SIGNED for s, k in zip(status.states.values(), own, strict=False) if k
        ]
        expected = (8.1 + sum(decided)) / (10 + len(decided))
        assert found.probability[own & open_places] == pytest.approx(expected, abs=1e-4)


def test_a_model_takes_their_place_where_it_is_better_on_cases_it_has_not_seen():
    table, status, truth = world(600, by_kind, decided=300)
    found = acceptance_of(table, status, NOBODY, RULES, 0)
    assert found.method == "model"
    assert found.brier < found.brier_base
    ahead = slice(300, None)
    assert np.mean((found.probability[ahead] - truth[ahead]) ** 2) < 0.01
    forecast, observed = found.reliability["forecast"], found.reliability["observed"]
    assert found.reliability["cases"].sum() == 300
    assert np.abs(forecast - observed).max() < 0.12


def test_where_nothing_but_chance_decides_no_model_is_believed():
    methods = [
        acceptance_of(*world(400, lambda row: 0.7, seed, 300)[:2], NOBODY, RULES, 0).method
        for seed in range(6)
    ]
    assert methods.count("rates") >= 3
    table, status, _ = world(400, lambda row: 0.7, 1, 300)
    found = acceptance_of(table, status, NOBODY, RULES, 0)
    assert np.abs(found.probability[300:] - 0.7).max() < 0.2


def test_what_is_decided_has_its_outcome_and_a_talk_has_none():
    table, status, _ = world(120, by_type, decided=60)
    place = Place(table["key"][70], "A", "", ("low",), 1, 113.0, 24.0, 100.0, 20.0)
    states = {**status.states, "X-70": PlaceStatus("X-70", place, SiteStatus.NEGOTIATING)}
    paused = Place(table["key"][71], "A", "", ("low",), 1, 113.0, 24.0, 100.0, 20.0)
    states["X-71"] = PlaceStatus("X-71", paused, SiteStatus.PAUSED, resumes=SiteStatus.SIGNED)
    found = acceptance_of(table, FieldStatus(states), NOBODY, RULES, 0)
    assert found.cases == 61
    assert set(found.probability[:60]) == {0.0, 1.0}
    assert 0.0 < found.probability[70] < 1.0
    assert found.probability[71] == 1.0


def test_the_same_journal_gives_the_same_numbers_and_a_given_probability_stays():
    table, status, _ = world(400, by_kind, decided=200)
    one, other = (acceptance_of(table, status, NOBODY, RULES, 0) for _ in range(2))
    assert np.array_equal(one.probability, other.probability)
    given = table.assign(success_probability=np.where(table.index == 250, 0.33, np.nan))
    assert with_chances(given, one, RULES) is given
    ranked = with_chances(given, one, RULES.model_copy(update={"rank": True}))
    assert ranked["success_probability"][250] == 0.33
    assert ranked["success_probability"][251] == one.probability[251]


@pytest.mark.parametrize("sizes", [(1, 1, 1), (2, 1, 3), (1, 2, 2, 1)])
def test_alternates_are_as_many_as_all_outcomes_counted_one_by_one_ask_for(sizes):
    chances = [0.9, 0.6, 0.75, 0.5][: len(sizes)]
    goal = sum(sizes)

    def likelihood(spares):
        lots = list(zip([*sizes, *[1] * spares], [*chances, *[0.7] * spares], strict=True))
        total = 0.0
        for won in itertools.product((0, 1), repeat=len(lots)):
            if sum(size for (size, _), w in zip(lots, won, strict=True) if w) >= goal:
                total += np.prod([p if w else 1 - p for (_, p), w in zip(lots, won, strict=True)])
        return total

    needed = alternates_needed(sizes, chances, goal, spare_probability=0.7, confidence=0.8)
    assert likelihood(needed) >= 0.8
    assert needed == 0 or likelihood(needed - 1) < 0.8


def test_a_county_without_other_places_counts_with_the_published_figure():
    listed = pd.DataFrame({"county_id": ["A", "A", "B"], "stations": [1, 1, 2], "chance": [0.5, 0.5, 1.0]})
    pool = pd.DataFrame({"county_id": ["A"], "chance": [0.01]})
    found = alternates_by_county(listed, pool, {"A": 2, "B": 2}, RULES)
    assert found["B"] == 0
    assert found["A"] > 100
    nowhere = alternates_by_county(listed, pool.iloc[:0], {"A": 2}, RULES)
    assert nowhere["A"] == alternates_needed(
        [1, 1], [0.5, 0.5], 2, spare_probability=RULES.prior, confidence=0.9
    )
