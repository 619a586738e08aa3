"""One for one exchanges against a brute force, and drawn problems against what they are drawn from."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from siteplan.selection import CoverProblem, objective_of
from siteplan.selection.exchange import (
    Exchanges,
    exchange_gains,
    kinds_of,
    leaving,
    likely_exchanges,
)
from siteplan.selection.redraw import between_nodes, drawn_problem, drawn_rows, sky_position

NODE = ndtri(np.array([0.1, 0.5, 0.9]))


def drawn_world(seed, columns=12, rows=40, places=8):
    """Columns of random shares; places have one or two columns of different groups."""
    rng = np.random.default_rng(seed)
    shares = rng.random((rows, columns)) * (rng.random((rows, columns)) < 0.4)
    place = np.sort(np.append(np.arange(places), rng.integers(0, places, columns - places)))
    return CoverProblem.from_arrays(
        shares,
        rng.random(rows),
        quota=6,
        county=place % 2,
        county_quota={0: 3, 1: 3},
        groups=np.arange(columns),
        stations=np.ones(columns, dtype=int),
    ), place


def with_places(problem, place):
    return replace(problem, place=place.astype(np.int64), group=np.arange(len(place), dtype=np.int64))


@pytest.mark.parametrize("seed", range(8))
def test_an_exchange_gains_what_the_objective_says(seed):
    problem, place = drawn_world(seed)
    problem = with_places(problem, place)
    chosen = np.array([0, 2, 3, 7])
    outside = [c for c in range(problem.columns) if place[c] not in set(place[chosen])]
    pairs = [(out, into) for out in chosen for into in outside]
    if not pairs:
        pytest.skip("every place is chosen in this draw")
    leave, enter = (np.array(each, dtype=np.int64) for each in zip(*pairs, strict=True))
    gains = exchange_gains(problem, chosen, Exchanges(leave, enter))
    before = objective_of(problem, chosen)
    for out, into, gain in zip(leave, enter, gains, strict=True):
        after = objective_of(problem, np.sort(np.append(chosen[chosen != out], into)))
        assert gain == pytest.approx(after - before, abs=1e-5)


def test_likely_exchanges_hold_the_best_one_of_every_column():
    problem, place = drawn_world(3)
    problem = with_places(problem, place)
    chosen = np.array([1, 4, 9])
    kind = kinds_of(problem)
    likely = likely_exchanges(problem, chosen)
    gains = exchange_gains(problem, chosen, likely)
    before = objective_of(problem, chosen)
    for out in chosen:
        members = [
            c for c in range(problem.columns) if kind[c] == kind[out] and place[c] not in set(place[chosen])
        ]
        if not members:
            continue
        best = max(
            objective_of(problem, np.sort(np.append(chosen[chosen != out], c))) - before for c in members
        )
        assert gains[likely.leave == out].max() == pytest.approx(best, abs=1e-5)


def test_columns_of_one_kind_use_up_the_same_of_every_cap():
    problem, _ = drawn_world(0)
    kind = kinds_of(problem)
    for number in np.unique(kind):
        members = np.flatnonzero(kind == number)
        for cap in problem.caps:
            inside = np.isin(members, cap.members)
            assert inside.all() or not inside.any()


def test_a_locked_column_does_not_leave_and_a_place_in_conflict_does_not_enter():
    problem, place = drawn_world(5)
    problem = replace(
        with_places(problem, place),
        locked_in=np.array([1]),
        conflicts=np.array([[place[4], place[11]]]),
    )
    likely = likely_exchanges(problem, np.array([1, 4, 9]))
    assert 1 not in likely.leave
    stays = likely.leave != 4
    assert not (place[likely.enter[stays]] == place[11]).any()


def test_a_place_enters_once_and_the_best_exchange_goes_first():
    pairs = Exchanges(np.array([0, 0, 1, 2]), np.array([5, 6, 5, 6]))
    place = np.arange(8)
    assert leaving(pairs, np.array([3.0, 1.0, 5.0, -1.0]), place).tolist() == [0, 1]
    assert leaving(pairs, np.array([3.0, -1.0, 5.0, -1.0]), place).tolist() == [1]
    assert leaving(pairs, np.zeros(4), place).tolist() == []


# --- draws -----------------------------------------------------------------------------------------------


def node_problem(seed=1, rows=30, columns=9):
    """A problem with three nodes a row whose shares rise with the sky."""
    rng = np.random.default_rng(seed)
    base = rng.random((rows, columns)) * 0.8 * (rng.random((rows, columns)) < 0.5)
    shares = np.clip(base[:, None, :] * np.array([0.6, 1.0, 1.2])[:, None], 0, 1).reshape(-1, columns)
    return CoverProblem.from_arrays(shares, np.ones(3 * rows), quota=3), shares.reshape(rows, 3, columns)


def test_a_drawn_share_at_a_node_is_that_of_the_node():
    problem, shares = node_problem()
    ready = drawn_rows(problem, np.arange(problem.columns), 3)
    for node in range(3):
        sky = sky_position(np.full(30, NODE[node]), NODE)
        each = drawn_problem(ready, np.ones(30), sky, np.zeros(problem.columns), 0.0)
        dense = np.zeros((30, problem.columns))
        for c in range(problem.columns):
            at = slice(each.indptr[c], each.indptr[c + 1])
            dense[each.rows[at], c] = each.values[at]
        np.testing.assert_allclose(dense, shares[:, node], atol=1e-6)


def test_between_nodes_a_share_is_between_theirs_and_beyond_them_it_is_held():
    position = sky_position(np.array([-9.0, NODE[0], 0.4, NODE[2], 9.0]), NODE)
    values = between_nodes(np.tile([0.1, 0.5, 0.9], (5, 1)), *position)
    assert values[[0, 1]].tolist() == [0.1, 0.1]
    assert 0.5 < values[2] < 0.9
    assert values[[3, 4]].tolist() == pytest.approx([0.9, 0.9])


def test_one_node_needs_no_sky():
    lower, part = sky_position(np.array([-1.0, 2.0]), np.zeros(1))
    assert lower.tolist() == [0, 0]
    assert between_nodes(np.array([[0.3], [0.4]]), lower, part).tolist() == [0.3, 0.4]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.77, 0.98])
def test_the_mean_over_a_places_errors_is_the_share_again(share):
    problem = CoverProblem.from_arrays(np.full((1, 1), share), [1.0], quota=1)
    ready = drawn_rows(problem, np.arange(1), 1)
    sky = sky_position(np.zeros(1), np.zeros(1))
    errors = ndtri((np.arange(2000) + 0.5) / 2000)
    drawn = [float(drawn_problem(ready, np.ones(1), sky, np.array([e]), 0.3).values[0]) for e in errors]
    assert np.mean(drawn) == pytest.approx(share, abs=0.004)
    assert np.std(drawn) > 0.0


def test_some_columns_alone_are_drawn_as_among_all():
    problem, _ = node_problem(4)
    sky = sky_position(np.random.default_rng(0).standard_normal(30), NODE)
    whole = drawn_problem(drawn_rows(problem, np.arange(9), 3), np.ones(30), sky, np.zeros(9), 0.2)
    some = drawn_problem(drawn_rows(problem, np.array([2, 5, 8]), 3), np.ones(30), sky, np.zeros(3), 0.2)
    for position, column in enumerate((2, 5, 8)):
        at = slice(whole.indptr[column], whole.indptr[column + 1])
        mine = slice(some.indptr[position], some.indptr[position + 1])
        assert some.rows[mine].tolist() == whole.rows[at].tolist()
        assert some.values[mine].tolist() == whole.values[at].tolist()
