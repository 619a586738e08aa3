"""One for one: what a choice would gain by giving up a column and taking another of the same kind.

Two columns are of one kind when they need the same stations and count in the same caps, so that the exchange
keeps every cap. Used where values are drawn anew many times: nothing is solved again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from siteplan.selection.problem import CoverProblem, Floats, Ints

MOST = 12
"""Columns that are kept in mind for each chosen one."""
_SURE = np.float32(0.999999)
"""Shares are held below one, so that a place can be taken out again."""
_LEAST = 1e-9
_Rows = NDArray[np.int32]
_Shares = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Exchanges:
    """Pairs of columns that may be exchanged.

    Attributes
    ----------
    leave
        Chosen column of each pair, ascending, shape (n,).
    enter
        Column that would take its place, shape (n,).
    """

    leave: Ints
    enter: Ints

    @property
    def pool(self) -> Ints:
        """Every column they speak of, ascending."""
        return np.unique(np.concatenate([self.leave, self.enter]))


def kinds_of(problem: CoverProblem) -> Ints:
    """Number of each column's kind: equal stations, equal caps and sizes in them, shape (columns,)."""
    parts: list[NDArray[np.float64]] = [problem.stations.astype(np.float64)]
    for cap in problem.caps:
        size = np.zeros(problem.columns)
        size[cap.members] = problem.sizes_in(cap)
        parts.append(size)
    _, kind = np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)
    return kind.ravel().astype(np.int64)


def likely_exchanges(problem: CoverProblem, columns: Ints, most: int = MOST) -> Exchanges:
    """For each chosen column those of its kind that would bring most in its place.

    Parameters
    ----------
    problem
        Values as they are expected.
    columns
        The choice; locked ones do not leave.
    most
        How many are kept for each.

    Returns
    -------
    Exchanges
        Places of those that enter are not chosen otherwise and in no conflict with what stays.
    """
    chosen = np.sort(columns)
    matrix = sparse.csc_array(
        (problem.values, problem.rows, problem.indptr), shape=(len(problem.weight), problem.columns)
    )
    left = _left(problem, chosen)
    gain = np.asarray(matrix.T @ (problem.weight * left))
    kind, leave, enter = kinds_of(problem), [], []
    free = _free(problem, chosen)
    for column in chosen:
        if column in problem.locked_in:
            continue
        at = slice(problem.indptr[column], problem.indptr[column + 1])
        rows, share = problem.rows[at], np.minimum(problem.values[at], _SURE).astype(np.float64)
        more = np.zeros(len(left))
        more[rows] = problem.weight[rows] * left[rows] * (1.0 / (1.0 - share) - 1.0)
        members = np.flatnonzero(free & (kind == kind[column]))
        members = members[_allowed(problem, chosen, int(column), members)]
        worth = gain[members] + _overlaps(problem, members, more)
        best = members[np.lexsort((members, -worth))][:most]
        leave.append(np.full(len(best), column, dtype=np.int64))
        enter.append(best)
    none = [np.zeros(0, dtype=np.int64)]
    return Exchanges(np.concatenate(leave or none), np.concatenate(enter or none))


def _free(problem: CoverProblem, chosen: Ints) -> NDArray[np.bool_]:
    """Columns that may enter: of places nobody chose, and not locked out."""
    free = ~np.isin(problem.place, problem.place[chosen])
    free[problem.locked_out] = False
    return free


def _allowed(problem: CoverProblem, chosen: Ints, column: int, members: Ints) -> NDArray[np.bool_]:
    """Members whose place is in no conflict with a place that stays."""
    if not len(problem.conflicts) or not len(members):
        return np.ones(len(members), dtype=bool)
    rest = problem.place[chosen[chosen != column]]
    one, other = problem.conflicts.T
    barred = np.concatenate([one[np.isin(other, rest)], other[np.isin(one, rest)]])
    return ~np.isin(problem.place[members], barred)


def _overlaps(problem: CoverProblem, members: Ints, more: Floats) -> Floats:
    """What members gain by weight that becomes free, shape (members,)."""
    return _weighed(problem.indptr, problem.rows, problem.values, members, more)


def _left(problem: CoverProblem, chosen: Ints) -> Floats:
    """What a choice leaves of each row, the best column of a place counting, shape (rows,)."""
    left, own = np.ones(len(problem.weight)), np.zeros(len(problem.weight), dtype=np.float32)
    order = chosen[np.argsort(problem.place[chosen], kind="stable")]
    _cover(problem.indptr, problem.rows, problem.values, problem.place, order, left, own)
    return left


def exchange_gains(problem: CoverProblem, columns: Ints, exchanges: Exchanges) -> Floats:
    """What each exchange alone would add to the covered weight; negative where it loses.

    Parameters
    ----------
    problem
        Values as they were drawn.
    columns
        The choice.
    exchanges
        Pairs, the same column's next to each other.

    Returns
    -------
    ndarray
        Shape (pairs,) [weight].
    """
    chosen = np.sort(columns)
    left, scratch = _left(problem, chosen), np.zeros(len(problem.weight), dtype=np.float32)
    gains = np.zeros(len(exchanges.leave))
    matrix = (problem.indptr, problem.rows, problem.values)
    pairs = (exchanges.leave, exchanges.enter)
    _gains(matrix, problem.weight, problem.place, chosen, pairs, left, scratch, gains)
    return gains


def leaving(exchanges: Exchanges, gains: Floats, place: Ints) -> Ints:
    """Columns that leave when the most profitable exchanges are made first, each place entering once.

    Parameters
    ----------
    exchanges, gains
        Pairs and what each adds.
    place
        Of every column.

    Returns
    -------
    ndarray
        Columns, ascending.
    """
    gone: set[int] = set()
    entered: set[int] = set()
    for i in np.lexsort((exchanges.enter, exchanges.leave, -gains)):
        if gains[i] <= _LEAST:
            break
        out, into = int(exchanges.leave[i]), int(place[exchanges.enter[i]])
        if out not in gone and into not in entered:
            gone.add(out)
            entered.add(into)
    return np.array(sorted(gone), dtype=np.int64)


@njit(cache=True, nogil=True)
def _weighed(indptr: Ints, rows: _Rows, values: _Shares, members: Ints, weight: Floats) -> Floats:
    """Sum of weight x share of each member."""
    found = np.zeros(members.size)
    for m in range(members.size):
        total = 0.0
        for e in range(indptr[members[m]], indptr[members[m] + 1]):
            total += weight[rows[e]] * values[e]
        found[m] = total
    return found


@njit(cache=True, nogil=True)
def _cover(
    indptr: Ints, rows: _Rows, values: _Shares, place: Ints, order: Ints, left: Floats, own: _Shares
) -> None:
    """Let columns sorted by place take their shares; ``own`` is zero before and after."""
    start = 0
    while start < order.size:
        stop = start
        while stop < order.size and place[order[stop]] == place[order[start]]:
            stop += 1
        for k in range(start, stop):
            for e in range(indptr[order[k]], indptr[order[k] + 1]):
                share, r = min(values[e], _SURE), rows[e]
                if share > own[r]:
                    left[r] *= (1.0 - share) / (1.0 - own[r])
                    own[r] = share
        for k in range(start, stop):
            for e in range(indptr[order[k]], indptr[order[k] + 1]):
                own[rows[e]] = 0.0
        start = stop


@njit(cache=True, nogil=True)
def _others(
    columns: tuple[Ints, _Rows, _Shares], place: Ints, chosen: Ints, out: int, other: _Shares, on: bool
) -> None:
    """Best share of the other chosen columns of a column's place, set or taken back."""
    indptr, rows, values = columns
    for k in chosen:
        if k != out and place[k] == place[out]:
            for e in range(indptr[k], indptr[k + 1]):
                other[rows[e]] = max(other[rows[e]], min(values[e], _SURE)) if on else np.float32(0.0)


@njit(cache=True, nogil=True)
def _released(
    columns: tuple[Ints, _Rows, _Shares], out: int, weight: Floats, left: Floats, other: _Shares, back: bool
) -> float:
    """Weight that becomes free when a column leaves; its share is taken out of ``left``, or put back."""
    indptr, rows, values = columns
    total = 0.0
    for e in range(indptr[out], indptr[out + 1]):
        r, share = rows[e], min(values[e], _SURE)
        if share > other[r]:
            before = left[r]
            factor = (1.0 - other[r]) / (1.0 - share)
            left[r] = before / factor if back else before * factor
            total += weight[r] * (left[r] - before)
    return total


@njit(cache=True, nogil=True)
def _gains(
    columns: tuple[Ints, _Rows, _Shares],
    weight: Floats,
    place: Ints,
    chosen: Ints,
    pairs: tuple[Ints, Ints],
    left: Floats,
    other: _Shares,
    gains: Floats,
) -> None:
    """Gain of each exchange; ``left`` and ``other`` are as before afterwards."""
    indptr, rows, values = columns
    leave, enter = pairs
    pair = 0
    while pair < leave.size:
        out = leave[pair]
        _others(columns, place, chosen, out, other, True)
        loss = _released(columns, out, weight, left, other, False)
        while pair < leave.size and leave[pair] == out:
            total = 0.0
            for e in range(indptr[enter[pair]], indptr[enter[pair] + 1]):
                total += weight[rows[e]] * left[rows[e]] * min(values[e], _SURE)
            gains[pair] = total - loss
            pair += 1
        _released(columns, out, weight, left, other, True)
        _others(columns, place, chosen, out, other, False)
