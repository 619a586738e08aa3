"""Selection against brute force on tiny problems, its bound, its ranks and its constraints."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.errors import SiteplanError
from siteplan.selection import Cap, CoverProblem, select
from siteplan.selection.bound import relaxation, upper_bound
from siteplan.selection.greedy import State, fill
from siteplan.selection.problem import objective_of, violations
from siteplan.selection.solve import nested_families


def problem_of(matrix, weight, stations, place=None, group=None, caps=(), conflicts=()):
    """A problem from a dense rows x columns matrix."""
    matrix = np.asarray(matrix, dtype=np.float32)
    columns = [np.flatnonzero(matrix[:, j]) for j in range(matrix.shape[1])]
    n = matrix.shape[1]
    return CoverProblem(
        indptr=np.cumsum([0, *map(len, columns)]).astype(np.int64),
        rows=np.concatenate([*columns, []]).astype(np.int32),
        values=np.concatenate([*(matrix[c, j] for j, c in enumerate(columns)), []]).astype(np.float32),
        weight=np.asarray(weight, dtype=np.float64),
        base_value=0.0,
        stations=np.asarray(stations, dtype=np.int64),
        place=np.arange(n) if place is None else np.asarray(place),
        group=np.arange(n) if group is None else np.asarray(group),
        caps=tuple(caps),
        conflicts=np.asarray(conflicts, dtype=np.int64).reshape(-1, 2),
    )


def city(columns, limit):
    return Cap("city", "city", np.arange(columns), limit)


def brute_force(problem):
    best = 0.0
    for size in range(problem.columns + 1):
        for chosen in itertools.combinations(range(problem.columns), size):
            columns = np.array(chosen, dtype=np.int64)
            if not violations(problem, columns):
                best = max(best, objective_of(problem, columns))
    return best


@st.composite
def tiny_problems(draw):
    """Up to eight columns at up to four places of two networks, with every constraint mixed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = int(rng.integers(1, 9)), int(rng.integers(1, 12))
    matrix = rng.random((m, n)) * (rng.random((m, n)) < 0.5)
    place = rng.integers(0, 4, n)
    network = rng.integers(0, 2, n)
    county = place % 2
    caps = [city(n, int(rng.integers(0, 6)))]
    caps += [
        Cap(f"county {c}", "county", np.flatnonzero(county == c), int(rng.integers(0, 5))) for c in (0, 1)
    ]
    caps += [
        Cap(
            f"{c} {k}",
            "county_network",
            np.flatnonzero((county == c) & (network == k)),
            int(rng.integers(0, 4)),
        )
        for c in (0, 1)
        for k in (0, 1)
    ]
    if draw(st.booleans()):
        caps += [
            Cap(f"net {k}", "network", np.flatnonzero(network == k), int(rng.integers(0, 4))) for k in (0, 1)
        ]
    conflicts = [(0, 1)] if draw(st.booleans()) else []
    return problem_of(
        matrix, rng.random(m) * 10, rng.integers(1, 3, n), place, place * 2 + network, caps, conflicts
    )


@settings(max_examples=150, deadline=None)
@given(tiny_problems())
def test_brute_force_lies_between_objective_and_bound(problem):
    selection = select(problem, bound_iterations=60)
    optimum = brute_force(problem)
    assert violations(problem, selection.columns) == []
    assert selection.objective == pytest.approx(objective_of(problem, selection.columns))
    assert selection.objective <= optimum + 1e-9
    assert selection.upper_bound >= optimum - 1e-9
    assert selection.objective >= 0.4 * optimum


@settings(max_examples=50, deadline=None)
@given(tiny_problems(), st.integers(0, 1000))
def test_any_prices_prove_a_bound(problem, seed):
    prices = np.random.default_rng(seed).random(len(problem.weight)) * problem.weight
    optimum = brute_force(problem)
    for families in nested_families(problem):
        relaxed = relaxation(problem, families)
        assert upper_bound(problem, relaxed, prices, relaxed.limits) >= optimum - 1e-9


@settings(max_examples=50, deadline=None)
@given(tiny_problems())
def test_gains_add_up_and_prefixes_respect_the_bound(problem):
    selection = select(problem, bound_iterations=40)
    assert selection.marginal_gains.sum() == pytest.approx(selection.objective)
    assert np.all(np.cumsum(selection.marginal_gains) <= selection.curve_bounds * (1 + 1e-6) + 1e-9)


@settings(max_examples=50, deadline=None)
@given(tiny_problems())
def test_adding_and_removing_a_column_leaves_no_trace(problem):
    state = State(problem)
    fill(state)
    before = state.left.copy()
    for column in list(state.chosen):
        state.remove(column)
        state.add(column)
    np.testing.assert_allclose(state.left, before, atol=1e-9)


def test_the_two_villages():
    """Villages A (100) and B (60); columns: A only, B only, both at two stations. Room for one station."""
    problem = problem_of([[1, 0, 1], [0, 1, 1]], [100, 60], [1, 1, 2], caps=[city(3, 1)])
    selection = select(problem)
    assert selection.columns.tolist() == [0]
    assert selection.objective == pytest.approx(100)
    assert selection.upper_bound == pytest.approx(100, rel=1e-3)


def test_columns_of_one_place_share_shadowing():
    """Two networks on one mast with a = 0.5 each reach the row with 0.5, not 0.75."""
    problem = problem_of([[0.5, 0.5]], [100], [1, 1], place=[0, 0], caps=[city(2, 2)])
    assert objective_of(problem, np.array([0, 1])) == pytest.approx(50)
    assert select(problem).columns.tolist() == [0]
    apart = problem_of([[0.5, 0.5]], [100], [1, 1], caps=[city(2, 2)])
    assert select(apart).objective == pytest.approx(75)


def test_conflicts_and_groups_are_kept():
    problem = problem_of(np.eye(3), [5, 4, 3], [1, 1, 1], caps=[city(3, 3)], conflicts=[(0, 1)])
    assert select(problem).columns.tolist() == [0, 2]
    grouped = problem_of(np.eye(3), [5, 4, 3], [1, 1, 1], group=[0, 0, 1], caps=[city(3, 3)])
    assert select(grouped).columns.tolist() == [0, 2]


def test_ties_go_to_the_lower_column():
    problem = problem_of(np.eye(4), [1, 1, 1, 1], [1, 1, 1, 1], caps=[city(4, 2)])
    assert select(problem).columns.tolist() == [0, 1]


def test_nothing_useful_is_left_unbuilt_but_nothing_useless_is_built():
    problem = problem_of([[1, 1, 0]], [7], [1, 1, 1], caps=[city(3, 3)])
    assert select(problem).columns.tolist() == [0]


def test_swap_repairs_a_greedy_trap():
    """Greedy takes the middle column first; the two outer ones together are better."""
    matrix = np.zeros((4, 3))
    matrix[[1, 2], 0] = 1
    matrix[[0, 1], 1] = 1
    matrix[[2, 3], 2] = 1
    problem = problem_of(matrix, [2, 3, 3, 2], [1, 1, 1], caps=[city(3, 2)])
    assert select(problem).objective == pytest.approx(10)


def test_an_empty_problem_has_an_empty_answer():
    problem = problem_of(np.zeros((2, 0)), [1, 2], [], caps=[city(0, 5)])
    selection = select(problem)
    assert selection.columns.size == 0
    assert selection.objective == 0.0


def test_shares_above_one_are_refused():
    with pytest.raises(SiteplanError, match="exceed 1"):
        problem_of([[1.5]], [1], [1], caps=[city(1, 1)])
