"""A proven upper bound from prices on demand.

For any prices 0 <= u_i <= w_i, and since 1 - prod(1 - a) <= min(1, sum a),

    f(S) <= sum_i (w_i - u_i) + max_{S feasible} sum_{j in S} c_j,   c_j = sum_i a_ij u_i.

The inner maximum is relaxed to fractions of stations. Columns of one group become the steps of their
concave hull, and under nested caps (city, county, county x network) taking steps by value per station
is exact. Conflicts are dropped, which keeps the bound valid.

One decision to know: prices only make the bound tight, never wrong; anyone can check it from ``prices``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteplan.selection.problem import CoverProblem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The inner maximum: who belongs together and which caps are nested.

    Attributes
    ----------
    order
        Columns sorted by group, then stations.
    starts
        Where each group begins in ``order``; one more at the end.
    cap_of
        Nested caps of each column, padded with -1.
    limits
        Of all caps.
    """

    order: Ints
    starts: Ints
    cap_of: Ints
    limits: Ints


def relaxation(problem: CoverProblem, families: tuple[str, ...]) -> Relaxation:
    """Prepare the inner maximum under some families of caps.

    Parameters
    ----------
    problem
        The problem.
    families
        Families that are nested in each other; caps of other families are dropped.

    Returns
    -------
    Relaxation
        To be used with many prices.
    """
    order = np.lexsort((problem.stations, problem.group)).astype(np.int64)
    groups = problem.group[order]
    _, first = np.unique(groups, return_index=True)
    starts = np.append(first, len(groups)).astype(np.int64)
    table, limits = problem.cap_table()
    kept = np.array([cap.family in families for cap in problem.caps] + [False])
    return Relaxation(order, starts, np.where(kept[table], table, -1), limits)


def column_values(problem: CoverProblem, prices: Floats) -> Floats:
    """c_j of every column.

    Parameters
    ----------
    problem
        The problem.
    prices
        u_i.

    Returns
    -------
    ndarray
        c_j, shape (columns,).
    """
    return _column_values(problem.indptr, problem.rows, problem.values, prices)


def inner_maximum(
    problem: CoverProblem, relaxed: Relaxation, values: Floats, limits: Ints
) -> tuple[float, Floats]:
    """Largest relaxed sum of c_j, and the fractions that reach it.

    Parameters
    ----------
    problem
        The problem.
    relaxed
        Which caps count.
    values
        c_j.
    limits
        Limits of all caps, in stations.

    Returns
    -------
    tuple
        The maximum, and x_j in [0, 1].
    """
    gain, stations, column, base = _hull_steps(relaxed.order, relaxed.starts, values, problem.stations)
    ratio = gain / np.maximum(stations, 1)
    by_ratio = np.argsort(-ratio, kind="stable")
    return _take(by_ratio, gain, stations, column, base, relaxed.cap_of, limits.copy(), problem.columns)


def upper_bound(problem: CoverProblem, relaxed: Relaxation, prices: Floats, limits: Ints) -> float:
    """The bound that prices prove, rounded outward by a relative 1e-9.

    Parameters
    ----------
    problem
        The problem.
    relaxed
        Which caps count.
    prices
        u_i, clipped to [0, w_i] here.
    limits
        Limits of all caps.

    Returns
    -------
    float
        Never below the optimum.
    """
    prices = np.clip(prices, 0.0, problem.weight)
    values = column_values(problem, prices)
    inner, _ = inner_maximum(problem, relaxed, values, limits)
    return float((problem.weight - prices).sum() + inner) * (1.0 + 1e-9)


def improve_prices(
    problem: CoverProblem, relaxed: Relaxation, prices: Floats, objective: float, iterations: int
) -> tuple[Floats, float]:
    """Lower the bound by projected subgradient steps with Polyak's length.

    Parameters
    ----------
    problem
        The problem.
    relaxed
        Which caps count.
    prices
        Start.
    objective
        Value of a feasible choice, the target of the steps.
    iterations
        How many steps.

    Returns
    -------
    tuple
        Best prices and their bound.
    """
    prices = np.clip(prices, 0.0, problem.weight)
    best, best_bound = prices.copy(), np.inf
    direction = np.zeros(len(prices))
    reach, stalled = 1.0, 0
    for _ in range(iterations + 1):
        values = column_values(problem, prices)
        inner, fraction = inner_maximum(problem, relaxed, values, relaxed.limits)
        bound = float((problem.weight - prices).sum() + inner) * (1.0 + 1e-9)
        if bound < best_bound:
            best, best_bound, stalled = prices.copy(), bound, 0
        else:
            stalled += 1
        if stalled >= 8:
            reach, stalled, direction = reach * 0.5, 0, direction * 0.0
            prices = best.copy()
            continue
        slope = _row_sums(problem.indptr, problem.rows, problem.values, fraction, len(prices)) - 1.0
        slope[(prices <= 0.0) & (slope > 0.0)] = 0.0
        slope[(prices >= problem.weight) & (slope < 0.0)] = 0.0
        scaled = slope * problem.weight
        direction = 0.6 * scaled + 0.4 * direction
        norm = float(direction @ slope)
        if norm <= 0.0:
            direction, norm = scaled, float(scaled @ slope)
        if norm <= 1e-12 or best_bound - objective <= 1e-6 * abs(best_bound):
            break
        prices = np.clip(prices - reach * (bound - objective) / norm * direction, 0.0, problem.weight)
    return best, best_bound


@njit(cache=True, nogil=True)
def _column_values(
    indptr: Ints, rows: NDArray[np.int32], values: NDArray[np.float32], prices: Floats
) -> Floats:
    out = np.zeros(len(indptr) - 1)
    for j in range(len(out)):
        total = 0.0
        for k in range(indptr[j], indptr[j + 1]):
            total += values[k] * prices[rows[k]]
        out[j] = total
    return out


@njit(cache=True, nogil=True)
def _row_sums(
    indptr: Ints, rows: NDArray[np.int32], values: NDArray[np.float32], fraction: Floats, count: int
) -> Floats:
    out = np.zeros(count)
    for j in range(len(fraction)):
        if fraction[j] > 0.0:
            for k in range(indptr[j], indptr[j + 1]):
                out[rows[k]] += values[k] * fraction[j]
    return out


@njit(cache=True, nogil=True)
def _hull_steps(order: Ints, starts: Ints, values: Floats, stations: Ints) -> tuple[Floats, Ints, Ints, Ints]:
    """Steps of the concave hull of (stations, value) of each group.

    A step leads from one column of the hull (``base``, -1 for none) to the next (``column``).
    """
    n = len(order)
    gain, size = np.zeros(n), np.zeros(n, np.int64)
    column, base = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    count = 0
    hull = np.empty(n + 1, np.int64)
    for g in range(len(starts) - 1):
        depth = 0
        for k in range(starts[g], starts[g + 1]):
            j = order[k]
            if depth > 0 and values[j] <= values[hull[depth - 1]]:
                continue
            while depth > 0:
                last = hull[depth - 1]
                before_value = values[hull[depth - 2]] if depth > 1 else 0.0
                before_size = stations[hull[depth - 2]] if depth > 1 else 0
                rise = (values[j] - before_value) * (stations[last] - before_size)
                if rise >= (values[last] - before_value) * (stations[j] - before_size):
                    depth -= 1
                else:
                    break
            hull[depth] = j
            depth += 1
        for d in range(depth):
            column[count] = hull[d]
            base[count] = hull[d - 1] if d > 0 else -1
            gain[count] = values[hull[d]] - (values[hull[d - 1]] if d > 0 else 0.0)
            size[count] = stations[hull[d]] - (stations[hull[d - 1]] if d > 0 else 0)
            count += 1
    return gain[:count], size[:count], column[:count], base[:count]


@njit(cache=True, nogil=True)
def _take(
    by_ratio: Ints,
    gain: Floats,
    stations: Ints,
    column: Ints,
    base: Ints,
    cap_of: Ints,
    room: Ints,
    columns: int,
) -> tuple[float, Floats]:
    """Take steps by value per station while the nested caps have room; the last may be a fraction."""
    left = room.astype(np.float64)
    fraction = np.zeros(columns)
    total = 0.0
    for step in by_ratio:
        if gain[step] <= 0.0:
            break
        share = 1.0
        for cap in cap_of[column[step]]:
            if cap >= 0:
                share = min(share, left[cap] / stations[step])
        if share <= 0.0:
            continue
        for cap in cap_of[column[step]]:
            if cap >= 0:
                left[cap] -= share * stations[step]
        total += share * gain[step]
        fraction[column[step]] += share
        if base[step] >= 0:
            fraction[base[step]] -= share
    return total, fraction
