"""Selection against brute force on tiny problems, its bound, its ranks and its constraints."""

import itertools
from dataclasses import replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from worlds.refusals import refused

from siteplan.core.errors import SiteplanError
from siteplan.selection import (
    Cap,
    CoverageMinimum,
    CoverProblem,
    Solver,
    StopCriteria,
    Village,
    check,
    coverage_curve,
    digest_of,
    packed,
    price_bound,
    select,
    select_fewest,
    solved,
    unpacked,
)
from siteplan.selection.cases import cut, uncut
from siteplan.selection.configurations import configurations_of
from siteplan.selection.core import reduced
from siteplan.selection.problem import objective_of, violations
from siteplan.selection.search import Field, SiteSearch, search_constraints

EXAMPLES = 30 if numba.config.DISABLE_JIT else 60 if numba.config.BOUNDSCHECK else 150
"""Kernels in plain Python take a hundred times as long."""


def problem_of(matrix, weight, stations, place=None, group=None, caps=(), conflicts=(), **more):
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
        **more,
    )


def city(columns, limit, least=0):
    return Cap("city", "city", np.arange(columns), limit, least)


def brute_force(problem):
    """Largest objective of any feasible choice; None if there is none."""
    best = None
    for size in range(problem.columns + 1):
        for chosen in itertools.combinations(range(problem.columns), size):
            columns = np.array(chosen, dtype=np.int64)
            if not violations(problem, columns):
                value = objective_of(problem, columns)
                best = value if best is None else max(best, value)
    return best


@st.composite
def tiny_problems(draw, certain=None):
    """Up to eight columns at up to four places of two networks, with every constraint mixed."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, m = int(rng.integers(1, 9)), int(rng.integers(1, 12))
    hit = rng.random((m, n)) < 0.5
    certain = draw(st.booleans()) if certain is None else certain
    matrix = hit * 1.0 if certain else rng.random((m, n)) * hit
    place = np.arange(n) if rng.random() < 0.4 else rng.integers(0, 4, n)
    network = rng.integers(0, 2, n)
    county = place % 2
    weight = rng.random(m) * 10
    caps = [city(n, int(rng.integers(0, 6)))]
    caps += [
        Cap(f"county {c}", "county", np.flatnonzero(county == c), int(rng.integers(0, 5))) for c in (0, 1)
    ]
    for c, k in itertools.product((0, 1), (0, 1)):
        members = np.flatnonzero((county == c) & (network == k))
        caps.append(Cap(f"{c} {k}", "county_network", members, int(rng.integers(0, 4))))
    if draw(st.booleans()):
        caps += [
            Cap(f"net {k}", "network", np.flatnonzero(network == k), int(rng.integers(0, 4))) for k in (0, 1)
        ]
    if draw(st.booleans()):
        caps.append(Cap("budget", "budget", np.arange(n), float(rng.random() * 6), 0.0, rng.random(n) * 3))
    if draw(st.booleans()):
        caps.append(Cap("least", "county", np.flatnonzero(county == 0), 9, int(rng.integers(1, 3))))
    more = {}
    if draw(st.booleans()):
        order = rng.permutation(n)
        more["locked_in"], more["locked_out"] = np.sort(order[: rng.integers(0, 2)]), np.sort(order[2:3])
    if draw(st.booleans()):
        rows = np.array_split(rng.permutation(m), 3)
        villages = tuple(
            Village(f"v{k}", np.sort(each), float(0.6 * weight[each].sum())) for k, each in enumerate(rows)
        )
        more["minima"] = (CoverageMinimum("villages", villages, int(rng.integers(1, 3))),)
    conflicts = [(0, 1)] if draw(st.booleans()) else []
    return problem_of(
        matrix, weight, rng.integers(1, 3, n), place, place * 2 + network, caps, conflicts, **more
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(tiny_problems())
def test_brute_force_lies_between_objective_and_bound(problem):
    optimum = brute_force(problem)
    if optimum is None:
        with pytest.raises(SiteplanError):
            select(problem, gap=0.0, work_limit=2.0)
        return
    selection = select(problem, gap=0.0, work_limit=2.0)
    assert violations(problem, selection.columns) == []
    assert selection.objective == pytest.approx(objective_of(problem, selection.columns))
    assert selection.objective <= optimum + 1e-9
    assert selection.upper_bound >= optimum - 1e-9
    verdict = check(problem, selection)
    assert verdict.holds
    assert verdict.bound >= optimum - 1e-9
    if selection.status == "optimal":
        assert selection.objective == pytest.approx(optimum, rel=1e-5, abs=1e-5)


@settings(max_examples=100, deadline=None)
@given(tiny_problems(certain=False))
def test_prices_sought_without_small_entries_still_prove_a_bound(problem):
    optimum = brute_force(problem)
    if optimum is None:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("siteplan.selection.relax._LARGE", -1)
        patch.setattr("siteplan.selection.solver._TRIM", 0.2)
        selection = select(problem, gap=0.0, work_limit=2.0)
    assert selection.objective - 1e-9 <= optimum <= selection.upper_bound + 1e-9
    assert check(problem, selection).holds


@settings(max_examples=30, deadline=None)
@given(tiny_problems())
def test_a_kept_selection_is_the_selection_and_checks_like_it(problem):
    if brute_force(problem) is None:
        return
    selection = select(problem, gap=0.0, work_limit=0.5)
    again = unpacked(packed(selection))
    assert packed(again) == packed(selection)
    assert check(problem, again) == check(problem, selection)


@settings(max_examples=30, deadline=None)
@given(tiny_problems())
def test_a_problem_that_differs_anywhere_has_another_digest(problem):
    first = digest_of(problem, 0.01)
    assert first == digest_of(replace(problem, weight=problem.weight.copy()), 0.01)
    assert first != digest_of(problem, 0.02)
    assert first != digest_of(replace(problem, weight=problem.weight + 1e-12 * (problem.weight + 1.0)), 0.01)
    assert first != digest_of(replace(problem, base_value=problem.base_value + 1.0), 0.01)
    wider = (replace(problem.caps[0], limit=problem.caps[0].limit + 1), *problem.caps[1:])
    assert first != digest_of(replace(problem, caps=wider), 0.01)
    assert first != digest_of(replace(problem, minima=()), 0.01) or not problem.minima


def test_a_choice_that_breaks_a_minimum_is_refused_and_not_returned():
    """Two places of 0.5 add up to 1.0 for the program that looks for a choice, but serve 0.75 of the village."""
    village = Village("v", np.array([0]), 0.9)
    problem = problem_of(
        np.array([[0.5, 0.5]]),
        np.ones(1),
        np.ones(2, dtype=int),
        np.arange(2),
        np.arange(2),
        [city(2, 2)],
        minima=(CoverageMinimum("villages", (village,), 1),),
    )
    with pytest.raises(SiteplanError, match=r"villages"):
        select(problem, work_limit=2.0)


@pytest.mark.long_without_jit
@settings(max_examples=100, deadline=None)
@given(tiny_problems(certain=True))
def test_certain_cover_without_floors_is_solved_to_the_end(problem):
    if problem.minima or len(np.unique(problem.place)) < problem.columns:
        return
    optimum = brute_force(problem)
    if optimum is None:
        return
    selection = select(problem, gap=0.0, work_limit=200.0)
    assert selection.objective == pytest.approx(optimum, rel=1e-5, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(tiny_problems(), st.integers(0, 1000))
def test_any_prices_prove_a_bound(problem, seed):
    """Random prices in a certificate of the right shape, even outside their ranges."""
    optimum = brute_force(problem)
    if optimum is None:
        return
    work = 50.0 if problem.minima else 0.1  # a choice that keeps minima may take more to be found
    certificate = select(problem, gap=0.0, work_limit=work).certificate
    rng = np.random.default_rng(seed)
    wild = replace(
        certificate,
        prices=rng.normal(0.5, 1.0, len(certificate.prices)) * problem.weight.max(initial=1.0),
        cap_prices=rng.random(len(problem.caps)) * 5,
        least_prices=rng.random(len(problem.caps)) * (rng.random() < 0.5),
        conflict_prices=rng.random(len(certificate.conflict_prices)),
        floor_prices=rng.random(len(certificate.floor_prices)),
        village_prices=tuple(rng.random(len(each)) for each in certificate.village_prices),
    )
    wild.cap_prices[[not np.isfinite(cap.limit) for cap in problem.caps]] = 0.0
    assert price_bound(problem, wild) >= optimum - 1e-9


@settings(max_examples=60, deadline=None)
@given(tiny_problems())
def test_gains_add_up_and_prefixes_respect_the_bound(problem):
    if brute_force(problem) is None:
        return
    selection = select(problem, work_limit=1.0)
    assert selection.marginal_gains.sum() == pytest.approx(selection.objective)
    assert np.all(np.cumsum(selection.marginal_gains) <= selection.curve_bounds * (1 + 1e-6) + 1e-9)
    assert np.all(selection.losses <= selection.marginal_gains.sum() + 1e-9)


@settings(max_examples=60, deadline=None)
@given(tiny_problems())
def test_choosing_and_dropping_an_option_leaves_no_trace(problem):
    options = configurations_of(problem)
    core = reduced(options.indptr, options.rows, options.values, problem.weight)
    rules, stations = search_constraints(problem, options, core.column, 0.0)
    choice = SiteSearch(Field(core, rules, stations))
    choice.fill(np.arange(core.columns), stations)
    before, gains = choice.left(), choice.state.gain.copy()
    for option in choice.options[~rules.fixed[choice.options]]:
        choice.remove(int(option))
        choice.add(int(option))
    np.testing.assert_allclose(choice.left(), before, atol=1e-9)
    np.testing.assert_allclose(choice.state.gain, gains, atol=1e-6)
    columns = options.columns_of(core.column[choice.options])
    assert choice.value() == pytest.approx(objective_of(problem, columns), rel=1e-6, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(tiny_problems(certain=False), st.integers(1, 4))
def test_cases_of_a_row_are_exact_where_every_share_is_cut(problem, most):
    """Mean over cases of min(1, sum) is never below the true cover, and equal where all columns cut."""
    core = reduced(problem.indptr, problem.rows, problem.values, problem.weight)
    place = problem.place[core.column]
    rng = np.random.default_rng(most)
    plain, finest = uncut(core), cut(core, place, np.ones(core.columns), 8)
    some = cut(core, place, np.ones(core.columns), most)
    for _ in range(8):
        inside = rng.random(core.columns) < 0.5
        true = objective_of(problem, core.column[inside])
        values = [
            float(each.weight @ np.minimum(_cover(each, inside), 1.0))
            for each in (plain.core, some.core, finest.core)
        ]
        assert values[0] >= values[1] - 1e-5
        assert values[1] >= values[2] - 1e-5
        assert values[2] == pytest.approx(true, rel=1e-5, abs=1e-5)
        for each in (some, finest):
            assert each.core.weight.sum() == pytest.approx(core.weight.sum())


def _cover(core, inside):
    matrix = sparse.csr_array(
        (core.row_values.astype(float), core.cols, core.row_ptr), shape=(len(core.weight), core.columns)
    )
    return matrix @ inside.astype(float)


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


def test_a_second_network_joins_a_chosen_place():
    """Together at one place both are better than one here and a weak one elsewhere."""
    matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    problem = problem_of(matrix, [10, 9, 1], [1, 1, 1], place=[0, 0, 1], caps=[city(3, 2)])
    assert sorted(select(problem).columns.tolist()) == [0, 1]


def test_conflicts_and_groups_are_kept():
    problem = problem_of(np.eye(3), [5, 4, 3], [1, 1, 1], caps=[city(3, 3)], conflicts=[(0, 1)])
    assert select(problem).columns.tolist() == [0, 2]
    grouped = problem_of(np.eye(3), [5, 4, 3], [1, 1, 1], group=[0, 0, 1], caps=[city(3, 3)])
    assert select(grouped).columns.tolist() == [0, 2]


def test_ties_go_to_the_lower_column_or_the_smaller_id():
    problem = problem_of(np.eye(4), [1, 1, 1, 1], [1, 1, 1, 1], caps=[city(4, 2)])
    assert select(problem).columns.tolist() == [0, 1]
    named = CoverProblem.from_arrays(np.eye(4), np.ones(4), quota=2, ids=["d", "c", "b", "a"])
    assert sorted(select(named).columns.tolist()) == [2, 3]


def test_nothing_useful_is_left_unbuilt_but_nothing_useless_is_built():
    problem = problem_of([[1, 1, 0]], [7], [1, 1, 1], caps=[city(3, 3)])
    assert select(problem).columns.tolist() == [0]


def test_a_station_not_worth_its_cost_is_not_built():
    problem = problem_of(np.eye(3), [5, 2, 0.4], [1, 1, 1], caps=[city(3, 3)])
    assert select(problem, min_gain=1.0).columns.tolist() == [0, 1]


def test_swap_repairs_a_greedy_trap():
    """Greedy takes the middle column first; the two outer ones together are better."""
    matrix = np.zeros((4, 3))
    matrix[[1, 2], 0] = 1
    matrix[[0, 1], 1] = 1
    matrix[[2, 3], 2] = 1
    problem = problem_of(matrix, [2, 3, 3, 2], [1, 1, 1], caps=[city(3, 2)])
    assert select(problem).objective == pytest.approx(10)


def test_exactly_so_many_and_a_minimum_by_county():
    problem = CoverProblem.from_arrays(
        np.eye(4), [9, 8, 7, 0], quota=(3, 3), county=["a", "a", "b", "b"], county_min={"b": 2}
    )
    selection = select(problem, gap=0.0)
    assert sorted(selection.columns.tolist()) == [0, 2, 3]
    assert selection.status == "optimal"


def test_budget_of_mixed_costs():
    problem = CoverProblem.from_arrays(np.eye(3), [10, 6, 6], cost=[10, 5, 5], budget=10)
    assert sorted(select(problem, gap=0.0).columns.tolist()) == [1, 2]


def test_base_is_outside_objective_and_bound():
    problem = CoverProblem.from_arrays(np.eye(2), [10, 10], base=[0.9, 0.0], quota=1)
    selection = select(problem)
    assert selection.columns.tolist() == [1]
    assert selection.objective == pytest.approx(10)
    assert selection.upper_bound == pytest.approx(10, rel=1e-3)
    assert selection.base_value == pytest.approx(9)


def test_locks_hold():
    problem = CoverProblem.from_arrays(np.eye(3), [9, 5, 1], quota=2, locked_in=[2], locked_out=[0])
    assert sorted(select(problem).columns.tolist()) == [1, 2]


def test_a_floor_of_villages_is_kept_at_the_price_of_weight():
    """The best two cover 19; the floor asks for the far village as well."""
    villages = tuple(Village(name, np.array([row]), 1.0) for name, row in (("near", 0), ("far", 2)))
    problem = CoverProblem.from_arrays(
        np.eye(3), [10, 9, 1], quota=2, minima=[CoverageMinimum("villages", villages, 2)]
    )
    selection = select(problem)
    assert sorted(selection.columns.tolist()) == [0, 2]
    assert selection.objective == pytest.approx(11)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"quota": 1, "locked_in": [0, 1]}, "city: limit 1, best possible 2"),
        ({"quota": 1, "county": [0, 0, 1], "county_min": {0: 1, 1: 1}}, "off by 1"),
        ({"quota": 3, "county": [0, 0, 1], "county_min": {1: 2}}, "county 1: least 2, best possible 1"),
        (
            {"quota": 1, "minima": [CoverageMinimum("far", (Village("v", np.array([2]), 5.0),), 1)]},
            "far: floor 1, best possible 0",
        ),
    ],
)
def test_an_impossible_task_says_what_fails_and_by_how_much(given, word):
    problem = CoverProblem.from_arrays(np.eye(3), [3.0, 2.0, 1.0], **given)
    with refused(SiteplanError, word):
        select(problem)


def test_an_empty_problem_has_an_empty_answer():
    problem = problem_of(np.zeros((2, 0)), [1, 2], [], caps=[city(0, 5)])
    selection = select(problem)
    assert selection.columns.size == 0
    assert selection.objective == 0.0
    assert check(problem, selection).holds


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"cover": [[1.5]], "weights": [1]}, "exceed 1"),
        ({"cover": [[1.0]], "weights": [np.nan]}, r"weights\[0\] is not a number"),
        ({"cover": [[1.0]], "weights": [1, 2]}, "shape"),
        ({"cover": [[1.0]], "weights": [1], "county_quota": {0: 1}}, "needs the county"),
        ({"cover": [[1.0]], "weights": [1], "locked_in": [3]}, "outside 0 ... 0"),
        ({"cover": [[1.0]], "weights": [1], "locked_in": [0], "locked_out": [0]}, "locked in and locked out"),
        ({"cover": [[1.0]], "weights": [1], "quota": (3, 2)}, "cannot both hold"),
    ],
)
def test_what_is_not_a_problem_is_refused(values, words):
    given = dict(values)
    with pytest.raises(ValueError, match=words):
        CoverProblem.from_arrays(np.array(given.pop("cover")), given.pop("weights"), **given)


def _fewest_by_force(problem, need, costs):
    best = None
    for size in range(problem.columns + 1):
        for chosen in itertools.combinations(range(problem.columns), size):
            columns = np.array(chosen, dtype=np.int64)
            if not violations(problem, columns) and objective_of(problem, columns) >= need * (1 - 1e-9):
                spent = float(costs[columns].sum())
                best = spent if best is None else min(best, spent)
    return best


@pytest.mark.long_without_jit
@settings(max_examples=120, deadline=None)
@given(tiny_problems(), st.sampled_from([0.3, 0.6, 0.8, 1.0]), st.booleans())
def test_fewest_agrees_with_brute_force(problem, share, money):
    caps = tuple(cap for cap in problem.caps if cap.family == "county")
    rng = np.random.default_rng(len(problem.rows))
    cost = rng.integers(1, 5, problem.columns).astype(float) if money else None
    problem = replace(problem, caps=caps, minima=(), cost=cost)
    costs = problem.stations.astype(float) if cost is None else cost
    reachable = objective_of(problem, np.setdiff1d(np.arange(problem.columns), problem.locked_out))
    need = reachable if share == 1.0 else share * problem.weight.sum()
    if share == 1.0:
        alike = replace(problem, weight=(problem.weight > 0).astype(float))
        truth = _fewest_by_force(
            alike, objective_of(alike, np.setdiff1d(np.arange(problem.columns), problem.locked_out)), costs
        )
    else:
        truth = _fewest_by_force(problem, need, costs)
    if truth is None:
        with pytest.raises(SiteplanError):
            select_fewest(problem, share, work_limit=20.0)
        return
    found = select_fewest(problem, share, work_limit=20.0)
    assert violations(problem, found.columns) == []
    assert found.objective >= min(need, reachable) * (1 - 1e-6) - 1e-9
    assert found.least_spent <= truth + 1e-9
    assert found.spent >= truth - 1e-9
    if found.status == "optimal":
        assert found.spent == pytest.approx(truth)


def city_world(seed=1, candidates=240, rows=2500, counties=4, certain=True):
    """A drawn city: demand and candidates clustered around towns, every candidate covering a disc."""
    rng = np.random.default_rng(seed)
    towns = rng.random((counties, 2)) * 100
    demand = towns[rng.integers(0, counties, rows)] + rng.normal(0, 12, (rows, 2))
    sites = towns[rng.integers(0, counties, candidates)] + rng.normal(0, 12, (candidates, 2))
    reach = rng.uniform(3, 6, candidates)
    distance = np.linalg.norm(demand[:, None] - sites[None], axis=2)
    shares = np.where(distance <= reach, 1.0 if certain else 1.0 - 0.8 * distance / reach, 0.0)
    county = np.argmin(np.linalg.norm(sites[:, None] - towns[None], axis=2), axis=1)
    return shares, rng.exponential(10, rows), county


@pytest.mark.long_without_jit
def test_a_drawn_city_is_proven_optimal_and_counties_keep_their_quota():
    shares, weight, county = city_world()
    problem = CoverProblem.from_arrays(shares, weight, county=county, county_quota=[6, 6, 6, 6])
    selection = select(problem, gap=0.0, work_limit=3000)
    assert selection.status == "optimal"
    assert np.bincount(county[selection.columns], minlength=4).tolist() == [6, 6, 6, 6]
    assert check(problem, selection).holds
    assert selection.upper_bound >= selection.objective


@pytest.mark.long_without_jit
def test_cut_rows_prove_more_than_chords_and_less_than_two_percent():
    """On probabilities the plain relaxation of the drawn city proves about a tenth; cut rows prove two percent."""
    shares, weight, county = city_world(certain=False)
    problem = CoverProblem.from_arrays(shares, weight, county=county, county_quota=[6, 6, 6, 6])
    selection = select(problem, gap=1e-3, work_limit=300)
    verdict = check(problem, selection)
    assert verdict.holds
    assert (verdict.bound - selection.objective) / verdict.bound < 0.02
    chord = replace(
        selection.certificate,
        cut_ptr=np.zeros_like(selection.certificate.cut_ptr),
        cut_columns=selection.certificate.cut_columns[:0],
        case_ptr=np.arange(len(selection.certificate.case_ptr)),
        prices=np.add.reduceat(selection.certificate.prices, selection.certificate.case_ptr[:-1]),
    )
    assert price_bound(problem, chord) > verdict.bound * 1.01


@pytest.mark.long_without_jit
def test_the_same_answer_with_one_thread_and_two():
    shares, weight, county = city_world(certain=False)
    problem = CoverProblem.from_arrays(shares, weight, county=county, county_quota=[6, 6, 6, 6])
    known = numba.get_num_threads()
    found = []
    try:
        for threads in (1, min(2, known)):
            numba.set_num_threads(threads)
            found.append(select(problem, gap=1e-3, work_limit=100))
    finally:
        numba.set_num_threads(known)
    first, second = found
    assert first.columns.tolist() == second.columns.tolist()
    assert first.upper_bound == second.upper_bound
    assert first.certificate.prices.tobytes() == second.certificate.prices.tobytes()
    assert first.curve_bounds.tobytes() == second.curve_bounds.tobytes()


@pytest.mark.long_without_jit
def test_time_over_still_gives_a_valid_answer_and_says_so():
    shares, weight, county = city_world()
    problem = CoverProblem.from_arrays(shares, weight, county=county, county_quota=[6, 6, 6, 6])
    selection = select(problem, gap=0.0, time_limit_s=0.0)
    assert selection.status == "time_limit"
    assert violations(problem, selection.columns) == []
    assert check(problem, selection).holds


@pytest.mark.long_without_jit
def test_ctrl_c_gives_what_is_known(monkeypatch):
    shares, weight, county = city_world()
    problem = CoverProblem.from_arrays(shares, weight, county=county, county_quota=[6, 6, 6, 6])
    solver = Solver(problem)
    prove = solver.prove

    def pressed(*_):
        monkeypatch.setattr(solver, "prove", prove)
        raise KeyboardInterrupt

    monkeypatch.setattr(solver, "prove", pressed)
    selection = solved(solver, StopCriteria(0.0, 1000.0, np.inf, 0))
    assert selection.status == "interrupted"
    assert violations(problem, selection.columns) == []
    assert check(problem, selection).holds


@pytest.mark.long_without_jit
def test_what_if_repairs_the_plan_and_bounds_the_new_task():
    shares, weight, county = city_world()
    problem = CoverProblem.from_arrays(shares, weight, county=county, county_quota=[6, 6, 6, 6])
    solver = Solver(problem)
    plan = solved(solver, StopCriteria(0.0, 1000.0, np.inf, 0))
    lost = plan.columns[:3]
    answer = solver.what_if(locked_out=lost)
    task = replace(problem, locked_out=np.sort(lost))
    assert violations(task, answer.columns) == []
    assert answer.objective == pytest.approx(objective_of(problem, answer.columns))
    fresh = select(task, gap=0.0, work_limit=3000)
    assert answer.objective <= fresh.upper_bound * (1 + 1e-9)
    assert answer.upper_bound >= fresh.objective * (1 - 1e-9)
    assert answer.objective >= 0.98 * fresh.objective
    kept = solver.what_if(locked_in=np.setdiff1d(np.flatnonzero(county == 0), plan.columns)[:1])
    assert kept.objective <= plan.objective + 1e-9


@pytest.mark.long_without_jit
def test_the_curve_of_covered_weight_stays_below_its_bound():
    shares, weight, county = city_world()
    problem = CoverProblem.from_arrays(shares, weight, county=county, county_quota=[6, 6, 6, 6])
    curve = coverage_curve(problem, [1, 4, 12, 24], work_limit=400)
    assert np.all(np.diff(curve.covered) > 0)
    assert np.all(curve.covered <= curve.bound * (1 + 1e-9))
    single = max(float(weight @ shares[:, j]) for j in range(shares.shape[1]))
    assert curve.covered[0] == pytest.approx(single, rel=1e-6)


@pytest.mark.long_without_jit
def test_fewest_of_a_drawn_city_is_proven_to_the_station():
    shares, weight, _ = city_world(candidates=120, rows=600)
    problem = CoverProblem.from_arrays(shares, weight)
    found = select_fewest(problem, 0.5, work_limit=3000)
    assert found.objective >= 0.5 * weight.sum() * (1 - 1e-9)
    assert found.spent == len(found.columns)
    assert found.least_spent >= found.spent - 1
    with refused(SiteplanError, "cannot be reached"):
        select_fewest(CoverProblem.from_arrays(shares * (np.arange(120) < 3), weight), 0.9)


def test_a_swap_that_extends_another_choice_leaves_that_one_dropped():
    """Two columns of one place: while the first is swapped, the pair may take the place of the second."""
    matrix = np.zeros((9, 7))
    shares = {
        (0, 0): 0.52, (1, 0): 0.37, (3, 0): 0.26, (6, 0): 0.03, (8, 0): 0.91,
        (2, 1): 0.85, (4, 1): 0.67, (5, 1): 0.53, (8, 1): 0.90,
        (2, 2): 0.05, (4, 2): 0.11, (6, 2): 1.00,
        (0, 3): 0.88, (2, 3): 0.97, (3, 3): 0.58, (4, 3): 0.88, (5, 3): 0.62, (6, 3): 0.07, (8, 3): 0.16,
        (0, 4): 0.14, (4, 4): 0.32, (5, 4): 0.51, (7, 4): 0.77,
        (0, 5): 0.78, (1, 5): 0.46, (4, 5): 0.95, (6, 5): 0.53,
        (1, 6): 0.69, (2, 6): 0.44, (3, 6): 0.13, (4, 6): 0.49, (5, 6): 0.43,
    }  # fmt: skip
    for (row, column), share in shares.items():
        matrix[row, column] = share
    caps = [
        Cap("city", "city", np.arange(7), 5),
        Cap("a", "county", np.array([1, 3]), 4),
        Cap("b", "county", np.array([0, 2, 4, 5, 6]), 2),
        Cap("b0", "county_network", np.array([0, 2, 5, 6]), 1),
        Cap("b1", "county_network", np.array([4]), 1),
    ]
    weight = [2.78, 6.68, 8.99, 4.27, 8.75, 6.94, 4.07, 9.91, 3.85]
    place, group = [3, 0, 1, 2, 3, 1, 1], [6, 0, 2, 4, 7, 2, 2]
    problem = problem_of(matrix, weight, [1, 2, 2, 2, 1, 1, 2], place, group, caps, [])
    selection = select(problem, gap=0.0, work_limit=2.0)
    assert violations(problem, selection.columns) == []
    assert selection.objective == pytest.approx(brute_force(problem))


@settings(max_examples=80, deadline=None)
@given(tiny_problems(), st.integers(0, 5))
def test_what_if_limits_differ_the_answer_keeps_them_and_its_bound_holds(problem, limit):
    if problem.minima or brute_force(problem) is None:
        return
    solver = Solver(problem)
    solved(solver, StopCriteria(0.0, 0.5, np.inf, 0))
    caps = tuple(replace(cap, limit=float(limit)) if cap.family == "city" else cap for cap in problem.caps)
    task = replace(problem, caps=caps)
    optimum = brute_force(task)
    try:
        answer = solver.what_if(caps=caps)
    except SiteplanError:
        return  # it cannot be repaired nearby, and says so
    assert violations(task, answer.columns) == []
    assert answer.objective == pytest.approx(objective_of(task, answer.columns))
    assert answer.objective - 1e-9 <= optimum <= answer.upper_bound + 1e-9
