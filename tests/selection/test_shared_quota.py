"""A quota shared by problems: the bound holds for every split, and the split is nearly the best there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from siteplan.selection import (
    CoverProblem,
    Offer,
    Part,
    answer_of,
    merged_ranks,
    objective_of,
    offer_of,
    price_bound,
    priced_answer,
    priced_problem,
    select,
    share,
    shared_bound,
    split_by_gains,
)
from siteplan.selection.problem import violations

pytestmark = pytest.mark.long_without_jit


def drawn(seed: int, columns: int = 7, rows: int = 12, scale: float = 1.0, quota: int = 3) -> CoverProblem:
    """A small city: every candidate reaches a third of the rows."""
    draw = np.random.default_rng(seed)
    cover = draw.random((rows, columns)) * (draw.random((rows, columns)) < 0.35)
    return CoverProblem.from_arrays(
        sparse.csc_array(cover),
        scale * draw.integers(1, 20, rows),
        quota=quota,
        stations=draw.integers(1, 3, columns),
        ids=[f"{seed}-{j:02d}" for j in range(columns)],
    )


def limited(problem: CoverProblem, stations: int) -> CoverProblem:
    caps = tuple(replace(cap, limit=float(stations)) if cap.family == "city" else cap for cap in problem.caps)
    return replace(problem, caps=caps)


def best_of(problem: CoverProblem, stations: int) -> float:
    """The very best within a quota, by looking at every choice."""
    task = limited(problem, stations)
    choices = (
        np.array(chosen, dtype=np.int64)
        for count in range(problem.columns + 1)
        for chosen in combinations(range(problem.columns), count)
    )
    return max(objective_of(task, chosen) for chosen in choices if not violations(task, chosen))


@dataclass(frozen=True)
class Solving:
    """Solves drawn problems; remembers nothing."""

    problems: list[CoverProblem]
    weights: list[float]
    gap: float = 0.0

    def within(self, part, stations):
        task = limited(self.problems[part], stations)
        return answer_of(task, select(task, gap=self.gap), self.weights[part])

    def at_price(self, part, price):
        problem, weight = self.problems[part], self.weights[part]
        most = int(problem.stations.sum())
        found = select(priced_problem(problem, price / weight, most), gap=self.gap)
        return priced_answer(problem, found, weight)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 500), st.integers(0, 7), st.sampled_from([0.3, 1.0, 4.0]))
def test_no_split_is_worth_more_than_the_bound_and_the_split_is_nearly_the_best(seed, limit, scale):
    problems, weights = [drawn(seed), drawn(seed + 1, scale=scale)], [1.0, 2.0]
    parts = [
        Part(weight, int(problem.stations.sum())) for weight, problem in zip(weights, problems, strict=True)
    ]
    found = share(parts, limit, Solving(problems, weights), gap=0.0)
    truth = max(
        sum(w * best_of(p, k) for w, p, k in zip(weights, problems, (a, limit - a), strict=True))
        for a in range(limit + 1)
    )
    assert found.value <= truth * (1 + 1e-9) <= found.bound * (1 + 2e-9) + 1e-9
    assert found.value >= 0.8 * truth  # whole places of two stations in a quota of a few
    assert sum(found.stations) <= limit
    for problem, stations, each in zip(problems, found.stations, found.selections, strict=True):
        assert not violations(limited(problem, stations), each.columns)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 500), st.integers(0, 6), st.floats(0.0, 40.0))
def test_any_price_gives_a_valid_bound(seed, limit, price):
    problems = [drawn(seed), drawn(seed + 1)]
    offers = [offer_of(each, select(each, gap=0.3).certificate) for each in problems]
    bound = sum(offer.at(price)[0] for offer in offers) + limit * price
    for a in range(limit + 1):
        assert best_of(problems[0], a) + best_of(problems[1], limit - a) <= bound * (1 + 1e-9) + 1e-9
    assert shared_bound([[each] for each in offers], limit).bound <= bound * (1 + 1e-12) + 1e-12


def test_one_problem_alone_is_bounded_by_its_own_certificate():
    problem = drawn(5, columns=20, rows=60, quota=6)
    found = select(problem, gap=0.0)
    shared = shared_bound([[offer_of(problem, found.certificate)]], 6)
    assert found.objective <= shared.bound * (1 + 1e-9)
    assert shared.bound <= price_bound(problem, found.certificate) * (1 + 1e-6)


def test_locked_and_refused_columns_are_in_the_offer():
    problem = replace(drawn(8), locked_in=np.array([2]), locked_out=np.array([4]))
    offer = offer_of(problem, select(problem, gap=0.0).certificate)
    assert len(offer.worth) == problem.columns - 2
    assert offer.locked_stations == problem.stations[2]
    for price in (0.0, 1.0, 10.0):
        assert best_of(problem, 3) <= (offer.at(price)[0] + 3 * price) * (1 + 1e-9)


def test_a_fixed_part_stays_and_the_others_share_the_rest():
    problems, weights = [drawn(1), drawn(2), drawn(3)], [1.0, 1.0, 1.0]
    parts = [Part(1.0, 10), Part(1.0, 10, fixed=2), Part(1.0, 10)]
    found = share(parts, 7, Solving(problems, weights), gap=0.0)
    assert found.stations[1] == 2
    assert sum(found.stations) <= 7
    truth = max(
        best_of(problems[0], a) + best_of(problems[1], 2) + best_of(problems[2], 5 - a) for a in range(6)
    )
    assert found.value <= truth * (1 + 1e-9) <= found.bound * (1 + 2e-9)


def test_what_counts_double_gets_more():
    problems = [drawn(11, columns=12, rows=30), drawn(11, columns=12, rows=30)]
    light = share([Part(1.0, 9)] * 2, 8, Solving(problems, [1.0, 1.0]), gap=0.0)
    heavy = share([Part(5.0, 9), Part(1.0, 9)], 8, Solving(problems, [5.0, 1.0]), gap=0.0)
    assert heavy.stations[0] > light.stations[0] - 1
    assert heavy.stations[0] > heavy.stations[1]


def towns(seed, weight, candidates=60, people=300, radius=0.13):
    """Candidates among people who live in towns: discs on a plane, as on real land."""
    draw = np.random.default_rng(seed)
    centres = draw.random((6, 2))
    home = (centres[draw.integers(0, 6, people)] + draw.normal(0, 0.12, (people, 2))) % 1.0
    site = (centres[draw.integers(0, 6, candidates)] + draw.normal(0, 0.15, (candidates, 2))) % 1.0
    distance = np.hypot(*(home[:, None] - site[None]).transpose(2, 0, 1))
    return CoverProblem.from_arrays(
        sparse.csc_array((distance < radius).astype(float)),
        weight * draw.integers(1, 100, people),
        quota=10,
        ids=[f"{seed}-{j:02d}" for j in range(candidates)],
    )


def test_a_shared_quota_is_nearly_as_good_as_one_problem():
    """Three cities as one problem and by prices: value and gap differ by 0.2 % at most."""
    problems = [towns(40 + k, weight) for k, weight in enumerate((1.0, 0.7, 1.4))]
    covers = [
        sparse.csc_array((p.values, p.rows, p.indptr), shape=(len(p.weight), p.columns)) for p in problems
    ]
    whole = CoverProblem.from_arrays(
        sparse.block_diag(covers),
        np.concatenate([each.weight for each in problems]),
        quota=24,
        ids=[name for each in problems for name in each.ids],
    )
    together = select(whole, gap=1e-3)
    apart = share([Part(1.0, 60)] * 3, 24, Solving(problems, [1.0] * 3, 1e-3), gap=1e-3, rounds=8)
    assert apart.value <= together.upper_bound * (1 + 1e-9)
    assert together.objective <= apart.bound * (1 + 1e-9)
    assert apart.value >= 0.998 * together.objective
    assert apart.gap <= together.optimality_gap + 0.002


def test_ranks_are_merged_by_what_a_station_brings():
    gains = [np.array([9.0, 1.0, 5.0]), np.array([8.0, 6.0])]
    sizes = [np.array([1, 1, 1]), np.array([2, 1])]
    assert merged_ranks(gains, sizes) == [(0, 0), (1, 0), (1, 1), (0, 1), (0, 2)]
    assert split_by_gains(gains, sizes, 0) == [0, 0]
    assert split_by_gains(gains, sizes, 2) == [2, 0]
    assert split_by_gains([], [], 5) == []


@pytest.mark.parametrize("limit", [0, 1, 100])
def test_offers_without_columns_promise_their_constant(limit):
    nothing = Offer(2.5, np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert shared_bound([[nothing], [nothing]], limit).bound == pytest.approx(5.0)
