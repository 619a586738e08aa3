"""The order of building: every prefix good, and how good it could be.

The order is the better of two, greedy from the first place up and dropping the
least useful from the last place down, judged by the mean over all prefixes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from siteplan.selection.limits import constraint_matrix
from siteplan.selection.problem import Cap, CoverProblem, Floats, Ints, joined_shares
from siteplan.selection.relax import bound_at, bound_of, relax, worth_of

if TYPE_CHECKING:
    from siteplan.selection.solver import Solver

_PREFIXES = (0.75, 0.5, 0.25, 0.1)
"""Shares of the stations for which prices of their own are sought."""
_STEPS = 120
_SLOPES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)


class _Build:
    """Chosen places on the rows they reach, for ordering only."""

    def __init__(self, problem: CoverProblem, columns: Ints) -> None:
        place = problem.place[columns]
        self.places = np.unique(place)
        self.columns = [np.sort(columns[place == each]) for each in self.places]
        self.stations = np.array([problem.stations[each].sum() for each in self.columns], dtype=np.float64)
        touched = [joined_shares(problem, each) for each in self.columns]
        rows = np.unique(np.concatenate([each for each, _ in touched] or [np.zeros(0, np.int64)]))
        self.weight = problem.weight[rows.astype(np.int64)]
        self.rows = [np.searchsorted(rows, each) for each, _ in touched]
        self.shares = [each.astype(np.float64) for _, each in touched]
        self.sure = [share >= 1.0 for share in self.shares]

    def gain(self, left: Floats, k: int) -> float:
        return float((self.weight[self.rows[k]] * left[self.rows[k]]) @ self.shares[k])

    def forward(self, fixed: Ints) -> list[int]:
        """Greedy by gain per station, ties to the lower place; fixed places before all others."""
        left = np.ones(len(self.weight))
        order: list[int] = []
        is_fixed = np.isin(self.places, fixed)
        for members in (np.flatnonzero(is_fixed), np.flatnonzero(~is_fixed)):
            ratio = np.full(len(self.places), -np.inf)
            ratio[members] = [self.gain(left, int(k)) / self.stations[k] for k in members]
            fresh = np.full(len(ratio), len(order))
            for _ in members:
                k = int(np.argmax(ratio))
                while fresh[k] < len(order):
                    ratio[k], fresh[k] = self.gain(left, k) / self.stations[k], len(order)
                    k = int(np.argmax(ratio))
                order.append(k)
                left[self.rows[k]] *= 1.0 - self.shares[k]
                ratio[k] = -np.inf
        return order

    def backward(self) -> list[int]:
        """Drop the place that loses least per station; the last dropped is built first."""
        count, part = self._all_standing()
        standing = np.ones(len(self.places), dtype=bool)
        order: list[int] = []
        worth = self.losses() / self.stations
        fresh = np.zeros(len(worth), dtype=np.int64)
        while standing.any():
            k = len(worth) - 1 - int(np.argmin(worth[::-1]))
            if fresh[k] < len(order):
                worth[k], fresh[k] = self._loss(count, part, k) / self.stations[k], len(order)
                continue
            order.append(k)
            standing[k] = False
            sure = self.sure[k]
            count[self.rows[k][sure]] -= 1
            part[self.rows[k][~sure]] /= 1.0 - self.shares[k][~sure]
            near = np.flatnonzero(standing)
            worth[k] = np.inf
            worth[near] = np.array([self._loss(count, part, int(n)) for n in near]) / self.stations[near]
            fresh[near] = len(order)
        return order[::-1]

    def losses(self) -> Floats:
        """What each place alone adds to all others, shape of ``places``."""
        count, part = self._all_standing()
        return np.array([self._loss(count, part, k) for k in range(len(self.places))])

    def _all_standing(self) -> tuple[Ints, Floats]:
        """How many places cover each row for certain, and what the others leave of it."""
        count, part = np.zeros(len(self.weight), np.int64), np.ones(len(self.weight))
        for rows, share, full in zip(self.rows, self.shares, self.sure, strict=True):
            count[rows[full]] += 1
            part[rows[~full]] *= 1.0 - share[~full]
        return count, part

    def _loss(self, count: Ints, part: Floats, k: int) -> float:
        rows, share, full = self.rows[k], self.shares[k], self.sure[k]
        alone = np.where(full, count[rows] == 1, count[rows] == 0)
        rest = np.where(full, 1.0, share / np.maximum(1.0 - share, 1e-300))
        return float((self.weight[rows] * part[rows] * alone) @ rest)

    def sums(self, order: list[int]) -> Floats:
        """Covered weight after each place of an order."""
        left, total, found = np.ones(len(self.weight)), 0.0, []
        for k in order:
            total += self.gain(left, k)
            left[self.rows[k]] *= 1.0 - self.shares[k]
            found.append(total)
        return np.array(found)


def ranked(problem: CoverProblem, columns: Ints) -> tuple[Ints, Floats, Floats, Ints]:
    """Order of building of chosen columns.

    Parameters
    ----------
    problem
        The problem; places of its ``locked_in`` come first.
    columns
        Chosen columns.

    Returns
    -------
    tuple of ndarray
        Places in order, the gain of each at its rank, what dropping it alone would lose, and the columns
        in order.
    """
    build = _Build(problem, columns)
    if not len(build.places):
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int64)
    fixed = np.unique(problem.place[problem.locked_in])
    orders = [build.forward(fixed)]
    if not len(fixed) and len(build.places) <= _MOST_BACKWARD:
        orders.append(build.backward())
    order = max(orders, key=lambda each: float(build.sums(each).sum()))
    gains = np.diff(build.sums(order), prepend=0.0)
    return (
        build.places[order],
        gains,
        build.losses()[order],
        np.concatenate([build.columns[k] for k in order]),
    )


_MOST_BACKWARD = 200
"""Places up to which the order from the last place down is tried; each step looks at all that stand."""


def curve_bounds(solver: Solver, places: Ints, columns: Ints) -> Floats:
    """Upper bound for the stations of every prefix, all upper limits kept.

    Parameters
    ----------
    solver
        With its prices.
    places, columns
        Ranked places, and their columns in that order.

    Returns
    -------
    ndarray
        Shape of ``places``.
    """
    used = stations_after(solver.problem, places, columns)
    if not len(used) or solver.proof is None:
        return np.zeros(len(used))
    curve = np.full(len(used), np.inf)
    cases, known = solver.proof
    prices = np.add.reduceat(np.append(known.prices, 0.0), cases.case_ptr[:-1])
    for share in _PREFIXES:
        at = max(int(np.searchsorted(used, share * used[-1], side="right")) - 1, 0)
        lines, prices = _lines(solver, float(used[at]), prices)
        for bound, slope in lines:
            curve = np.minimum(curve, bound + slope * (used - used[at]))
    return np.asarray(np.maximum.accumulate(curve))


def stations_after(problem: CoverProblem, places: Ints, columns: Ints) -> Floats:
    """Stations built after each ranked place, shape of ``places``."""
    of = problem.place[columns]
    return np.cumsum([float(problem.stations[columns[of == place]].sum()) for place in places])


def _lines(solver: Solver, stations: float, prices: Floats) -> tuple[list[tuple[float, float]], Floats]:
    """Bounds at a number of stations, each with what one more could add to it; and the prices found.

    Rows are taken uncut: a part of the plan meets itself less often, and its bound costs a fifth.
    """
    n = solver.problem.columns
    problem = replace(solver.problem.without_minima(), locked_in=solver.problem.locked_in[:0])
    prefix = Cap("prefix", "prefix", np.arange(n), stations)
    frame = constraint_matrix(problem, solver.core, (prefix,))
    number = len(problem.caps)
    kept = [k for k, row in enumerate(frame.rows) if row.kind == "cap" and row.number == number]
    rows = np.zeros(len(frame.rows))
    outward = solver._outward()
    core, start = solver.core, bound_of(solver.core, frame, prices, rows, outward)
    found = relax(
        core, frame, start, outward=outward, best=0.0, gap=0.0, iterations=_STEPS, stop=lambda: False
    )
    if not kept:
        at = np.flatnonzero(frame.part_cap == number)
        slope = float(found.part_prices[at[0]]) if len(at) else 0.0
        return [(found.bound, slope)], found.prices
    lines, worth = [], worth_of(core, frame, found.prices)
    for share in _SLOPES:
        rows = found.row_prices.copy()
        rows[kept[0]] *= share
        line = bound_at(worth, core, frame, found.prices, rows, outward)
        lines.append((line.bound, float(rows[kept[0]])))
    return lines, found.prices
