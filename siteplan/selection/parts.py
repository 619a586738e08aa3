"""Counties solved to the end: a bound below the relaxation's, and better plans.

Rows are priced on the border and counted in full inside, so counties (caps that lie apart) come apart:

    bound = sum_border (w - u) + sum of other rooms and prices + sum over counties of their own optimum,

each optimum by branch and bound over the few columns that the relaxation cannot rule out. As the
relaxation is what one gets when every county is relaxed, the sum is never above it.

A column is left out of a county only when choosing (or leaving) it would cost more
than the county's own gap, so nothing that could be optimal is lost.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from siteplan.selection.core import Core, Floats, Ints, column_sums, gathered
from siteplan.selection.exact import Clock, Part, Solved, solve_part
from siteplan.selection.improve import LANES
from siteplan.selection.limits import ConstraintMatrix
from siteplan.selection.relax import Relaxed

_LARGEST = 400_000
"""Entries of a county's program beyond which branch and bound would not leave its root."""
_FEWEST = 30
"""Looks below which choosing anew is not worth beginning."""
_LOOK = 0.3
"""Work of one look into branch and bound per thousand entries of its program [million entries]."""


@dataclass(frozen=True, eq=False)
class County:
    """A county ready to be solved: its relaxation, its value now, and the columns still in question."""

    number: int
    relaxed: float
    value: float
    fixed: Ints
    free: Ints
    part: Part

    @property
    def entries(self) -> int:
        """Size of the program."""
        return len(self.part.rows)


@dataclass(frozen=True, eq=False)
class Apart:
    """Result: bound, a choice county by county, work done, how many counties were solved to the end, and how
    much of the relaxation's bound each column's county lost by it.
    """

    bound: float
    columns: Ints
    work: float
    solved: int
    slack: Floats


def solve_apart(
    core: Core,
    frame: ConstraintMatrix,
    relaxed: Relaxed,
    inside: NDArray[np.bool_],
    *,
    work: float,
    gap: float,
    stop: Clock,
) -> Apart:
    """Solve every county.

    Parameters
    ----------
    core, frame
        The relaxation's problem.
    relaxed
        Its prices.
    inside
        Columns chosen now, shape (columns of the frame,).
    work
        Most work.
    gap
        Share of the bound that a county may leave open.
    stop
        Says when to give up.

    Returns
    -------
    Apart
        Smallest programs first; where one is too large its relaxation counts.
    """
    counties, outside = _counties(core, frame, relaxed, inside)
    order = sorted(counties, key=lambda each: (each.entries, each.number))
    looks = _looks(order, work)

    def one(k: int) -> Solved | None:
        county = order[k]
        if looks[k] <= 0 or stop():
            return None
        start = inside[county.free]
        tolerance = gap * abs(relaxed.bound) / max(abs(county.relaxed), 1e-300) / max(len(order), 1)
        return solve_part(county.part, start, gap=tolerance, looks=looks[k], stop=stop)

    with ThreadPoolExecutor(LANES) as pool:
        answers = list(pool.map(one, range(len(order))))
    return _together(order, answers, outside, inside, frame)


def reopened(
    core: Core,
    frame: ConstraintMatrix,
    inside: NDArray[np.bool_],
    free: Ints,
    *,
    work: float,
    gap: float,
    stop: Clock,
) -> tuple[Ints, float, float, str]:
    """Choose some columns anew while all others stand as they are.

    Parameters
    ----------
    core, frame
        The problem.
    inside
        Columns chosen now, shape (columns of the frame,).
    free
        Columns to choose anew.
    work
        Most work.
    gap
        Relative gap at which to stop.
    stop
        Says when to give up.

    Returns
    -------
    tuple
        All chosen columns (as before where nothing better was found), the bound of this program, work
        done, and how it ended: as :class:`siteplan.selection.exact.Solved`, or ``too_large``.
    """
    held = inside.copy()
    held[free] = False
    sure = np.flatnonzero(held)
    limits, room = _limit_rows(frame, sure, free)
    part = _program(core, free, sure, core.weight, np.zeros(frame.columns), limits, room)
    cost = max(_LOOK * 1e-3 * len(part.rows), 1e-3)
    looks = int(work / cost)
    if len(part.rows) > _LARGEST or looks < _FEWEST:
        return np.flatnonzero(inside), np.inf, 0.0, "too_large"
    answer = solve_part(part, inside[free], gap=gap, looks=looks, stop=stop)
    if not np.isfinite(answer.value):
        return np.flatnonzero(inside), answer.bound, cost * answer.looks, answer.status
    chosen = np.union1d(np.flatnonzero(held), free[answer.chosen])
    return chosen, answer.bound, cost * answer.looks, answer.status


def _program(
    core: Core,
    free: Ints,
    sure: Ints,
    weight: Floats,
    linear: Floats,
    limits: sparse.csr_array,
    room: Floats,
) -> Part:
    """Free columns; what is sure stands already, and rows that no free column reaches only count."""
    real, stands = free[free < core.columns], sure[sure < core.columns]
    _, rows, values = gathered(core.indptr, core.rows, core.values, stands)
    held = np.minimum(np.bincount(rows, weights=values, minlength=len(weight)), 1.0)
    indptr, rows, values = gathered(core.indptr, core.rows, core.values, real)
    indptr = np.append(indptr, np.full(len(free) - len(real), indptr[-1]))
    touched = np.zeros(len(weight), dtype=bool)
    touched[rows] = True
    own = np.where(touched, weight, 0.0)
    constant = float(linear[sure].sum()) + float((weight * held)[~touched].sum())
    constant += float(own[held >= 1.0].sum())
    return Part(indptr, rows, values, own, held, linear[free], limits, room, constant)


def _limit_rows(frame: ConstraintMatrix, sure: Ints, free: Ints) -> tuple[sparse.csr_array, Floats]:
    """Parts, other limits and groups over free columns, with the room that others leave."""
    inside, at = np.zeros(frame.columns), np.full(frame.columns, -1, dtype=np.int64)
    inside[sure], at[free] = 1.0, np.arange(len(free))
    used = np.bincount(frame.part, weights=frame.size * inside, minlength=frame.parts + 1)[: frame.parts]
    own = free[frame.part[free] < frame.parts]
    parts = sparse.csr_array((frame.size[own], (frame.part[own], at[own])), shape=(frame.parts, len(free)))
    of = frame.entry_row
    taken = np.bincount(of, weights=frame.row_sizes * inside[frame.row_members], minlength=len(frame.rows))
    open_ = at[frame.row_members] >= 0
    others = sparse.csr_array(
        (frame.row_sizes[open_], (of[open_], at[frame.row_members[open_]])),
        shape=(len(frame.rows), len(free)),
    )
    groups = _groups(frame, free)
    matrix = sparse.csr_array(sparse.vstack([parts, others, groups]))
    high = np.concatenate([frame.part_room - used, frame.row_room - taken, np.ones(groups.shape[0])])
    return matrix, high


def _together(
    order: list[County],
    answers: list[Solved | None],
    outside: float,
    inside: NDArray[np.bool_],
    frame: ConstraintMatrix,
) -> Apart:
    bound, chosen, done, solved, slack = outside, [], 0.0, 0, np.zeros(frame.columns)
    for county, answer in zip(order, answers, strict=True):
        if answer is None:
            bound += county.relaxed
            chosen.append(county.free[inside[county.free]])
        else:
            bound += min(answer.bound, county.relaxed)
            slack[frame.part == county.number] = max(county.relaxed - answer.bound, 0.0)
            better = answer.chosen if np.isfinite(answer.value) else inside[county.free]
            chosen.append(county.free[better])
            done += _LOOK * 1e-3 * county.entries * answer.looks
            solved += answer.status == "optimal"
        chosen.append(county.fixed)
    return Apart(bound, np.sort(np.concatenate([*chosen, np.zeros(0, np.int64)])), done, solved, slack)


def _looks(order: list[County], work: float) -> list[int]:
    """Looks allowed to each county: what is left is shared evenly among those to come."""
    looks = []
    for k, county in enumerate(order):
        share = work / (len(order) - k)
        cost = max(_LOOK * 1e-3 * county.entries, 1e-3)
        allowed = 0 if county.entries > _LARGEST else int(share / cost)
        looks.append(min(allowed, 1_000_000))
        work -= min(share, 100 * cost)
    return looks


def _counties(
    core: Core, frame: ConstraintMatrix, relaxed: Relaxed, inside: NDArray[np.bool_]
) -> tuple[list[County], float]:
    """Counties, and what stands outside them: borders, prices of rooms, columns of no county."""
    interior, owner = _owners(core, frame)
    u = relaxed.prices
    outside = float((core.weight - u)[owner < 0].sum()) + float(frame.row_room @ relaxed.row_prices)
    linear = np.zeros(frame.columns)
    linear[: core.columns] = column_sums(core.indptr, core.rows, core.values, np.where(interior, 0.0, u))
    linear -= frame.charges(relaxed.row_prices)
    found = [
        _county(core, frame, relaxed, inside, interior & (owner == g), linear, g)
        for g in range(frame.parts + 1)
        if (frame.part == g).any()
    ]
    return found, outside


def _owners(core: Core, frame: ConstraintMatrix) -> tuple[NDArray[np.bool_], Ints]:
    """Whether all columns of a row are of one part, and which."""
    of = frame.part[core.cols]
    filled = np.flatnonzero(np.diff(core.row_ptr) > 0)
    low, high = np.full(len(core.weight), -1, np.int64), np.full(len(core.weight), -2, np.int64)
    low[filled] = np.minimum.reduceat(of, core.row_ptr[filled]) if len(filled) else 0
    high[filled] = np.maximum.reduceat(of, core.row_ptr[filled]) if len(filled) else 0
    interior = low == high
    return interior, np.where(interior, low, -1)


def _county(
    core: Core,
    frame: ConstraintMatrix,
    relaxed: Relaxed,
    inside: NDArray[np.bool_],
    inner: NDArray[np.bool_],
    linear: Floats,
    number: int,
) -> County:
    columns = np.flatnonzero(frame.part == number)
    room = float(frame.part_room[number]) if number < frame.parts else np.inf
    price = float(relaxed.part_prices[number]) if number < frame.parts else 0.0
    best = _best_of_groups(frame, relaxed.worth, columns)
    top = float((core.weight - relaxed.prices)[inner].sum()) + (price * room if price > 0 else 0.0) + best
    value = _value(core, inner, linear, inside, columns)
    slack = top - value + 1e-9 * abs(top)
    sure = columns[(relaxed.worth[columns] > slack) & frame.alone[columns]]
    sure = np.union1d(sure, columns[frame.low[columns] > 0])
    ask = (relaxed.worth[columns] >= -slack) | inside[columns]
    free = np.setdiff1d(columns[ask & (frame.high[columns] > 0)], sure)
    part = _program(
        core, free, sure, np.where(inner, core.weight, 0.0), linear, *_own_limits(frame, sure, free, room)
    )
    return County(number, top, value, sure, free, part)


def _best_of_groups(frame: ConstraintMatrix, worth: Floats, columns: Ints) -> float:
    """What groups are worth at these prices, by the frame's own rule."""
    mine = np.zeros(frame.columns, dtype=bool)
    mine[columns] = True
    shown = np.where(frame.low > 0, worth, np.where(frame.high > 0, np.maximum(worth, 0.0), 0.0))
    shown = np.where(mine, shown, 0.0)[frame.group_order]
    forced = (frame.low > 0)[frame.group_order]
    return float(np.where(forced, shown, 0.0).sum()) + float(
        np.maximum.reduceat(np.where(forced, 0.0, shown), frame.group_ptr[:-1]).sum()
    )


def _value(
    core: Core, inner: NDArray[np.bool_], linear: Floats, inside: NDArray[np.bool_], columns: Ints
) -> float:
    """What the choice of now is worth to the county."""
    chosen = columns[inside[columns]]
    own = chosen[chosen < core.columns]
    _, rows, values = gathered(core.indptr, core.rows, core.values, own)
    covered = np.bincount(rows, weights=values, minlength=len(core.weight))
    return float(core.weight[inner] @ np.minimum(covered[inner], 1.0)) + float(linear[chosen].sum())


def _own_limits(
    frame: ConstraintMatrix, sure: Ints, free: Ints, room: float
) -> tuple[sparse.csr_array, Floats]:
    """A county's room, where it has one, and its groups over free columns."""
    groups = _groups(frame, free)
    if not np.isfinite(room):
        return groups, np.ones(groups.shape[0])
    matrix = sparse.vstack([sparse.csr_array(frame.size[None, free]), groups])
    return sparse.csr_array(matrix), np.append(room - frame.size[sure].sum(), np.ones(groups.shape[0]))


def _groups(frame: ConstraintMatrix, free: Ints) -> sparse.csr_array:
    """One row for each group with several free columns."""
    _, at, counts = np.unique(frame.group_of[free], return_inverse=True, return_counts=True)
    number = np.cumsum(counts > 1) - 1
    several = counts[at] > 1
    return sparse.csr_array(
        (np.ones(several.sum()), (number[at[several]], np.flatnonzero(several))),
        shape=(int((counts > 1).sum()), len(free)),
    )
