"""Limits of the relaxation: caps that lie apart, all other limits as rows, groups, and what is fixed.

Columns of the relaxation are those of the problem (in the order of the core) followed by one for every
village that can count; a village's column is at most what its rows are covered.

Caps that share no column, such as quotas by county, are kept exactly by projection;
all other limits only have prices. Both give valid bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteplan.selection.core import Core, Floats, Ints
from siteplan.selection.problem import Cap, CoverProblem, Village


@dataclass(frozen=True)
class Row:
    """One limit that is kept by a price: sum of sizes at most ``room``.

    ``kind`` is ``cap``, ``least``, ``conflict``, ``village`` or ``floor``; ``number`` its position there.
    """

    kind: str
    number: int
    members: Ints
    sizes: Floats
    room: float


@dataclass(frozen=True, eq=False)
class ConstraintMatrix:
    """Everything the relaxation must keep, as arrays.

    Attributes
    ----------
    columns
        Number of columns, those of villages included.
    part, part_room, part_cap
        Cap lying apart that each column belongs to (``parts`` for none), its room, and its number in the
        problem.
    size
        What a column uses up of its part.
    rows
        All other limits.
    row_ptr, row_members, row_sizes, row_room
        The same as arrays.
    column_ptr, column_rows, column_sizes
        The same by column.
    group_order, group_ptr
        Columns sorted by part and group; of one group at most one is chosen.
    low, high
        1 where a column must, and where it may, be chosen.
    conflict_sets
        Places of which at most one can be used.
    """

    columns: int
    part: Ints
    part_room: Floats
    part_cap: Ints
    size: Floats
    rows: tuple[Row, ...]
    row_ptr: Ints
    row_members: Ints
    row_sizes: Floats
    row_room: Floats
    column_ptr: Ints
    column_rows: Ints
    column_sizes: Floats
    group_order: Ints
    group_ptr: Ints
    low: Floats
    high: Floats
    conflict_sets: tuple[tuple[int, ...], ...]

    @property
    def parts(self) -> int:
        """Number of caps kept by projection."""
        return len(self.part_room)

    @cached_property
    def entry_row(self) -> Ints:
        """Row of each entry of ``row_members``."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.row_ptr))

    @cached_property
    def group_of(self) -> Ints:
        """Number of each column's group, shape (columns,)."""
        found = np.empty(self.columns, dtype=np.int64)
        found[self.group_order] = np.repeat(np.arange(len(self.group_ptr) - 1), np.diff(self.group_ptr))
        return found

    @cached_property
    def alone(self) -> NDArray[np.bool_]:
        """Whether each column is the only one of its group, shape (columns,)."""
        return np.diff(self.group_ptr)[self.group_of] == 1

    def charges(self, prices: Floats) -> Floats:
        """What the prices of rows ask of each column, shape (columns,)."""
        return _charges(self.column_ptr, self.column_rows, self.column_sizes, prices)


def constraint_matrix(problem: CoverProblem, core: Core, extra: tuple[Cap, ...] = ()) -> ConstraintMatrix:
    """Limits of a problem over the columns of its core.

    Parameters
    ----------
    problem
        The problem.
    core
        Its reduced form.
    extra
        More caps, such as the stations of a prefix; numbered after those of the problem.

    Returns
    -------
    ConstraintMatrix
        Caps that others imply are left out.
    """
    n = core.columns
    position = core.position
    villages = [village for floor in problem.minima for village in floor.villages]
    columns = n + len(villages)
    caps = (*problem.caps, *extra)
    apart, others = _apart(problem, caps)
    part, size = np.full(columns, len(apart), dtype=np.int64), np.ones(columns)
    for number, k in enumerate(apart):
        part[position[caps[k].members]] = number
        size[position[caps[k].members]] = problem.sizes_in(caps[k])
    rows = [_cap_row(problem, caps[k], k, position) for k in others]
    rows += [_least_row(problem, cap, k, position) for k, cap in enumerate(caps) if cap.least > 0]
    sets = cliques_of(problem.conflicts)
    rows += [_conflict_row(problem, each, k, position) for k, each in enumerate(sets)]
    rows += _floor_rows(problem, villages, position, n)
    low, high = _fixed(problem, position, columns)
    group = np.concatenate([problem.group[core.column], -1 - np.arange(len(villages))])
    return ConstraintMatrix(
        columns,
        part,
        np.array([caps[k].limit for k in apart], dtype=np.float64),
        np.array(apart, dtype=np.int64),
        size,
        tuple(rows),
        *_by_row(rows),
        *_by_column(rows, columns),
        *_by_group(group, part, low),
        low,
        high,
        sets,
    )


def cliques_of(pairs: Ints) -> tuple[tuple[int, ...], ...]:
    """Sets of places that all exclude each other, together holding every pair.

    Parameters
    ----------
    pairs
        Shape (m, 2).

    Returns
    -------
    tuple of tuple of int
        Found greedily from the lowest pair up.

    Examples
    --------
    >>> cliques_of(np.array([[0, 1], [1, 2], [0, 2], [2, 3]]))
    ((0, 1, 2), (2, 3))
    """
    foes: dict[int, set[int]] = {}
    for p, q in pairs.tolist():
        foes.setdefault(p, set()).add(q)
        foes.setdefault(q, set()).add(p)
    held: set[tuple[int, int]] = set()
    found = []
    for p, q in sorted((min(pair), max(pair)) for pair in pairs.tolist()):
        if (p, q) in held or p == q:
            continue
        members, common = [p, q], foes[p] & foes[q]
        while common:
            nearest = min(common)
            members.append(nearest)
            common = common & foes[nearest]
        members.sort()
        held.update((a, b) for k, a in enumerate(members) for b in members[k + 1 :])
        found.append(tuple(members))
    return tuple(found)


def village_shares(problem: CoverProblem, village: Village) -> Floats:
    """Share of a village's need that each column alone would bring, at most 1.

    Parameters
    ----------
    problem
        The problem.
    village
        The village.

    Returns
    -------
    ndarray
        Shape (columns of the problem,).
    """
    inside = np.zeros(len(problem.weight))
    inside[village.rows] = problem.weight[village.rows]
    brought = np.bincount(
        np.repeat(np.arange(problem.columns), np.diff(problem.indptr)),
        weights=inside[problem.rows] * problem.values,
        minlength=problem.columns,
    )
    return np.minimum(brought / village.need, 1.0) if village.need > 0 else np.ones(problem.columns)


def _apart(problem: CoverProblem, caps: tuple[Cap, ...]) -> tuple[list[int], list[int]]:
    """Caps kept by projection, and those kept by prices; the smallest first, implied ones in neither."""
    taken = np.full(problem.columns, -1, dtype=np.int64)
    apart: list[int] = []
    others: list[int] = []
    order = sorted(range(len(caps)), key=lambda k: (len(caps[k].members), k))
    for k in order:
        cap, sizes = caps[k], problem.sizes_in(caps[k])
        if not len(cap.members) or sizes.sum() <= cap.limit or not np.isfinite(cap.limit):
            continue
        if (taken[cap.members] < 0).all() and (sizes > 0).all():
            taken[cap.members] = len(apart)
            apart.append(k)
        else:
            others.append(k)
    return apart, [k for k in others if not _is_implied(problem, caps, apart, taken, k)]


def _is_implied(
    problem: CoverProblem, caps: tuple[Cap, ...], apart: list[int], taken: Ints, number: int
) -> bool:
    """Whether caps lying apart inside a cap already keep it."""
    cap = caps[number]
    inside = np.unique(taken[cap.members])
    if inside[0] < 0:
        return False
    parts = [caps[apart[k]] for k in inside]
    whole = sum(len(part.members) for part in parts) == len(cap.members)
    same = all(part.sizes is cap.sizes for part in parts)
    return whole and same and sum(part.limit for part in parts) <= cap.limit


def _cap_row(problem: CoverProblem, cap: Cap, number: int, position: Ints) -> Row:
    return Row("cap", number, position[cap.members], problem.sizes_in(cap), cap.limit)


def _least_row(problem: CoverProblem, cap: Cap, number: int, position: Ints) -> Row:
    return Row("least", number, position[cap.members], -problem.sizes_in(cap), -cap.least)


def _conflict_row(problem: CoverProblem, places: tuple[int, ...], number: int, position: Ints) -> Row:
    """A place is used at least as much as the mean over its groups."""
    members = np.flatnonzero(np.isin(problem.place, places))
    sizes = np.empty(len(members))
    for place in places:
        own = problem.place[members] == place
        sizes[own] = 1.0 / max(len(np.unique(problem.group[members[own]])), 1)
    return Row("conflict", number, position[members], sizes, 1.0)


def _floor_rows(problem: CoverProblem, villages: list[Village], position: Ints, first: int) -> list[Row]:
    """A village's column is at most what its rows get; enough of them must count."""
    rows = []
    for number, village in enumerate(villages):
        shares = village_shares(problem, village)
        columns = np.flatnonzero(shares > 0)
        members = np.append(position[columns], first + number)
        room = 0.0 if village.need > 0 else 1.0
        rows.append(Row("village", number, members, np.append(-shares[columns], 1.0), room))
    at = first
    for number, floor in enumerate(problem.minima):
        members = np.arange(at, at + len(floor.villages))
        at += len(floor.villages)
        rows.append(Row("floor", number, members, -np.ones(len(members)), -float(floor.least)))
    return rows


def _fixed(problem: CoverProblem, position: Ints, columns: int) -> tuple[Floats, Floats]:
    low, high = np.zeros(columns), np.ones(columns)
    low[position[problem.locked_in]] = 1.0
    high[position[problem.locked_out]] = 0.0
    same = np.isin(problem.group, problem.group[problem.locked_in])
    high[position[np.setdiff1d(np.flatnonzero(same), problem.locked_in)]] = 0.0
    return low, high


def _by_row(rows: list[Row]) -> tuple[Ints, Ints, Floats, Floats]:
    ptr = np.concatenate([[0], np.cumsum([len(row.members) for row in rows])]).astype(np.int64)
    members = np.concatenate([row.members for row in rows] or [np.zeros(0, np.int64)]).astype(np.int64)
    sizes = np.concatenate([row.sizes for row in rows] or [np.zeros(0)]).astype(np.float64)
    return ptr, members, sizes, np.array([row.room for row in rows], dtype=np.float64)


def _by_column(rows: list[Row], columns: int) -> tuple[Ints, Ints, Floats]:
    _, members, sizes, _ = _by_row(rows)
    of = np.repeat(np.arange(len(rows), dtype=np.int64), [len(row.members) for row in rows])
    order = np.lexsort((of, members))
    ptr = np.searchsorted(members[order], np.arange(columns + 1)).astype(np.int64)
    return ptr, of[order], sizes[order]


def _by_group(group: Ints, part: Ints, low: Floats) -> tuple[Ints, Ints]:
    """Columns by part and group; what must be chosen stands alone."""
    alone = np.where(low > 0, np.arange(len(group)), -1)
    order = np.lexsort((np.arange(len(group)), alone, group, part)).astype(np.int64)
    key = np.stack([part[order], group[order], alone[order]])
    new = np.flatnonzero((key[:, 1:] != key[:, :-1]).any(axis=0)) + 1
    ptr = np.concatenate([[0], new, [len(group)]]) if len(group) else np.zeros(1, dtype=np.int64)
    return order, ptr.astype(np.int64)


@njit(cache=True, nogil=True)
def _charges(ptr: Ints, rows: Ints, sizes: Floats, prices: Floats) -> Floats:
    found = np.zeros(len(ptr) - 1)
    for j in range(len(found)):
        for k in range(ptr[j], ptr[j + 1]):
            found[j] += sizes[k] * prices[rows[k]]
    return found


def part_prices(frame: ConstraintMatrix, worth: Floats) -> tuple[Floats, float]:
    """Best price of each cap lying apart, and the most the columns are worth under it.

    Parameters
    ----------
    frame
        The limits.
    worth
        c_j less what rows charge.

    Returns
    -------
    tuple
        Prices, and sum over parts of ``room x price`` plus the best column of each group that is worth
        anything.
    """
    prices = np.zeros(frame.parts + 1)
    total = _part_prices(
        worth,
        frame.size,
        frame.part,
        frame.part_room,
        frame.group_order,
        frame.group_ptr,
        frame.low,
        frame.high,
        prices,
    )
    return prices[:-1], float(total)


@njit(cache=True, nogil=True)
def _part_prices(
    worth: Floats,
    size: Floats,
    part: Ints,
    room: Floats,
    order: Ints,
    ptr: Ints,
    low: Floats,
    high: Floats,
    price: Floats,
) -> float:
    """Bisect on the price of every part at once; price of no part is zero."""
    parts = len(room)
    top, bottom = np.zeros(parts + 1), np.zeros(parts + 1)
    for j in range(len(worth)):
        if part[j] < parts and high[j] > 0.0:
            top[part[j]] = max(top[part[j]], worth[j] / size[j])
    used, value = np.zeros(parts + 1), np.zeros(parts + 1)
    best_price, best = np.zeros(parts + 1), np.full(parts + 1, np.inf)
    price[:] = 0.0
    for turn in range(64):
        _at_prices(worth, size, part, order, ptr, low, high, price, used, value)
        for g in range(parts + 1):
            at = value[g] + (price[g] * room[g] if g < parts else 0.0)
            if at < best[g]:
                best[g], best_price[g] = at, price[g]
        if not _halve(used, room, price, top, bottom, turn == 0):
            break
    price[:] = best_price
    return best.sum()


@njit(cache=True, nogil=True)
def _at_prices(
    worth: Floats,
    size: Floats,
    part: Ints,
    order: Ints,
    ptr: Ints,
    low: Floats,
    high: Floats,
    price: Floats,
    used: Floats,
    value: Floats,
) -> None:
    """What the best column of each group uses up and is worth, by part."""
    used[:] = 0.0
    value[:] = 0.0
    for k in range(len(ptr) - 1):
        most, of = 0.0, -1
        for t in range(ptr[k], ptr[k + 1]):
            j = order[t]
            left = worth[j] - price[part[j]] * size[j]
            if low[j] > 0.0 or (high[j] > 0.0 and left > most):
                most, of = left, j
        if of >= 0:
            value[part[of]] += most
            used[part[of]] += size[of]


@njit(cache=True, nogil=True)
def _halve(used: Floats, room: Floats, price: Floats, top: Floats, bottom: Floats, first: bool) -> bool:
    """Narrow the prices of all parts; whether any still moves. At first all are zero."""
    moving = False
    for g in range(len(room)):
        if used[g] > room[g]:
            bottom[g] = price[g]
        else:
            top[g] = 0.0 if first else price[g]
        moving = moving or top[g] - bottom[g] > 1e-12 * max(top[g], 1e-12)
        price[g] = 0.5 * (top[g] + bottom[g])
    return moving
