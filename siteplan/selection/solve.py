"""From a problem to a selection: greedy, swaps, rank order, bound.

One decision to know: the work is limited by passes and iterations, never by a clock, so the same
problem gives the same selection on any machine.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from siteplan.selection import bound as bounds
from siteplan.selection.greedy import State, fill, rank, swap
from siteplan.selection.problem import CoverProblem, Selection, objective_of

_CLOSED = 1e-3
"""Optimality gap at which a selection counts as solved."""
_PREFIXES = (0.1, 0.25, 0.5)
"""Shares of the ranked places for which prices of their own are sought."""
_PREFIX_STEPS = 100
"""Steps of the bound for each of these prefixes."""


def select(
    problem: CoverProblem,
    *,
    swap_passes: int = 2,
    bound_iterations: int = 300,
    min_gain: float = 0.0,
    seed: int = 0,
) -> Selection:
    """Choose columns within the quotas and rank their places.

    Parameters
    ----------
    problem
        The problem.
    swap_passes
        Most passes of local search.
    bound_iterations
        Steps of the bound.
    min_gain
        Gain per station below which greedy stops, leaving quota unused; the bound knows nothing of it.
    seed
        Kept for the record; this solver draws nothing.

    Returns
    -------
    Selection
        Always an answer with a bound; empty when nothing fits or helps.
    """
    started = time.perf_counter()
    state = State(problem, min_gain)
    fill(state)
    for _ in range(swap_passes):
        if not swap(state):
            break
    places, gains, columns = rank(problem, state.chosen)
    objective = objective_of(problem, columns)
    prices, upper = best_bound(problem, columns, objective, bound_iterations)
    curve = _curve_bounds(problem, places, columns, prices)
    gap = 0.0 if upper <= 0.0 else max(0.0, (upper - objective) / upper)
    return Selection(
        columns=columns, places=places, marginal_gains=gains, objective=objective,
        base_value=problem.base_value, upper_bound=max(upper, objective), optimality_gap=gap,
        curve_bounds=np.minimum(curve, max(upper, objective)),
        status="gap" if gap <= _CLOSED else "heuristic",
        seconds=time.perf_counter() - started, seed=seed, prices=prices,
    )  # fmt: skip


def best_bound(
    problem: CoverProblem, columns: NDArray[np.int64], objective: float, iterations: int
) -> tuple[NDArray[np.float64], float]:
    """Prices and the smallest bound over the nested families of caps.

    Parameters
    ----------
    problem
        The problem.
    columns
        A choice; its residual weights are the first prices.
    objective
        Its value.
    iterations
        Steps of the bound.

    Returns
    -------
    tuple
        Prices u_i, and the bound they prove.
    """
    start = problem.weight * _left_after(problem, columns)
    results = []
    for families in nested_families(problem):
        relaxed = bounds.relaxation(problem, families)
        results.append(bounds.improve_prices(problem, relaxed, start, objective, iterations))
    return min(results, key=lambda result: result[1])


def nested_families(problem: CoverProblem) -> list[tuple[str, ...]]:
    """Chains of cap families that lie inside each other.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    list of tuple of str
        Each chain from the widest to the narrowest family; none lies inside another.
    """
    present = {cap.family for cap in problem.caps}
    chains = [("city", "county", "county_network"), ("city", "network", "county_network")]
    found = list(dict.fromkeys(tuple(name for name in chain if name in present) for chain in chains))
    return [each for each in found if not any(set(each) < set(other) for other in found)]


def _left_after(problem: CoverProblem, columns: NDArray[np.int64]) -> NDArray[np.float64]:
    state = State(problem)
    for column in columns:
        state.add(int(column))
    return state.left


def _curve_bounds(
    problem: CoverProblem,
    places: NDArray[np.int64],
    columns: NDArray[np.int64],
    prices: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Upper bound for the stations of every prefix, all other caps kept."""
    stations = [int(problem.stations[columns[problem.place[columns] == place]].sum()) for place in places]
    used = np.cumsum(np.array(stations, dtype=np.int64))
    pool = [prices, problem.weight]
    for share in _PREFIXES:
        pool.append(_prefix_prices(problem, places, columns, used, share))
    curve = np.full(len(places), np.inf)
    for families in nested_families(problem):
        relaxed = bounds.relaxation(problem, families)
        for each in pool:
            curve = np.minimum(curve, _prefix_bounds(problem, relaxed, each, used))
    return np.maximum.accumulate(curve) if len(curve) else curve


def _prefix_prices(
    problem: CoverProblem,
    places: NDArray[np.int64],
    columns: NDArray[np.int64],
    used: NDArray[np.int64],
    share: float,
) -> NDArray[np.float64]:
    """Prices that suit the quota of a prefix: its residual weights, improved under its station count."""
    count = max(1, round(share * len(places)))
    first = columns[np.isin(problem.place[columns], places[:count])]
    start = problem.weight * _left_after(problem, first)
    if not len(places):
        return start
    relaxed = bounds.relaxation(problem, nested_families(problem)[0])
    limits = _with_city(problem, relaxed.limits, int(used[count - 1]))
    smaller = replace(relaxed, limits=limits)
    return bounds.improve_prices(problem, smaller, start, objective_of(problem, first), _PREFIX_STEPS)[0]


def _with_city(problem: CoverProblem, limits: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Limits with the city's lowered to a station count."""
    city = [position for position, cap in enumerate(problem.caps) if cap.family == "city"]
    lowered = limits.copy()
    lowered[city] = np.minimum(lowered[city], count)
    return lowered


def _prefix_bounds(
    problem: CoverProblem,
    relaxed: bounds.Relaxation,
    prices: NDArray[np.float64],
    used: NDArray[np.int64],
) -> NDArray[np.float64]:
    values = bounds.column_values(problem, prices)
    outside = float((problem.weight - prices).sum())
    found = []
    for count in used:
        limits = _with_city(problem, relaxed.limits, int(count))
        found.append((outside + bounds.inner_maximum(problem, relaxed, values, limits)[0]) * (1 + 1e-9))
    return np.array(found)
