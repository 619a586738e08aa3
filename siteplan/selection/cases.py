"""Rows cut into cases, so that probabilities lose little in a linear relaxation.

A row is covered with probability 1 - prod(1 - a) by places that reach it independently. The linear
relaxation with min(1, sum a x) promises too much: two places of 0.5 count 1.0 instead of 0.75. But with a
uniform draw U of each place, column j reaching the row when U < a_j,

    1 - prod_p (1 - max_{j in S, j at p} a_j)  =  E[ min(1, sum_{j in S} 1(U_p(j) < a_j)) ]  for every S,

and the mean over cases is a relaxation for every partition of the draws into boxes (Jensen): the finer, the
tighter, and exact when every share is cut. Each box becomes a row of its own, with its probability in its
weight and the conditional chance of every column as its share. Rows are cut where chosen (or half chosen)
columns meet; all others stay as they are. Columns of one place share the draw, which is the shared
shadowing of the model.

Cutting never makes a bound wrong, only the choice of cuts makes it tight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit, prange

from siteplan.selection.core import Core, Floats, Ints, Shorts, Singles, threads_for, transposed


@dataclass(frozen=True, eq=False)
class Cases:
    """A core whose rows are cut, and how.

    Attributes
    ----------
    core
        One row a case; columns are those of the core that was cut.
    cut_ptr, cut_columns
        Columns that cut each row of the first core.
    case_ptr
        Where the cases of each row begin; every case has a row, even of weight zero.
    """

    core: Core
    cut_ptr: Ints
    cut_columns: Ints
    case_ptr: Ints


def uncut(core: Core) -> Cases:
    """Every row is its only case.

    Parameters
    ----------
    core
        A reduced problem.

    Returns
    -------
    Cases
        The same rows.
    """
    m = len(core.weight)
    none = np.zeros(m + 1, dtype=np.int64)
    return Cases(core, none, np.zeros(0, dtype=np.int64), np.arange(m + 1, dtype=np.int64))


def cut(core: Core, place: Ints, score: Floats, most: int) -> Cases:
    """Cut rows at the shares of columns that matter.

    Parameters
    ----------
    core
        A reduced problem.
    place
        Place of each of its columns.
    score
        How much a column matters; zero does not cut.
    most
        Most cuts of one row.

    Returns
    -------
    Cases
        At most ``2 ** most`` cases a row.
    """
    with threads_for(len(core.rows)):
        picked, cases = _pick(core.row_ptr, core.cols, core.row_values, place, score, most)
        cut_ptr = np.concatenate([[0], np.cumsum((picked >= 0).sum(axis=1))]).astype(np.int64)
        cut_columns = picked[picked >= 0].astype(np.int64)
        case_ptr = np.concatenate([[0], np.cumsum(cases)]).astype(np.int64)
        entries = _count(core.row_ptr, core.cols, core.row_values, place, cut_ptr, cut_columns, case_ptr)
        row_ptr = np.concatenate([[0], np.cumsum(entries)]).astype(np.int64)
        cols, values = np.empty(row_ptr[-1], np.int32), np.empty(row_ptr[-1], np.float32)
        weight = np.empty(case_ptr[-1])
        _write(
            core.row_ptr,
            core.cols,
            core.row_values,
            core.weight,
            place,
            cut_ptr,
            cut_columns,
            case_ptr,
            row_ptr,
            cols,
            values,
            weight,
        )
    indptr, rows, by_column = transposed(row_ptr, cols, values, core.columns)
    made = Core(indptr, rows, by_column, row_ptr, cols, values, weight, core.column, np.arange(len(weight)))
    return Cases(made, cut_ptr, cut_columns, case_ptr)


@njit(cache=True, nogil=True, parallel=True)
def _pick(
    row_ptr: Ints, cols: Shorts, values: Singles, place: Ints, score: Floats, most: int
) -> tuple[Ints, Ints]:
    """Columns that cut each row, the most important first (-1 pads), and how many cases follow."""
    m = len(row_ptr) - 1
    picked = np.full((m, most), -1, np.int64)
    cases = np.ones(m, np.int64)
    for i in prange(m):
        for k in range(most):
            best, top = -1, 0.0
            for t in range(row_ptr[i], row_ptr[i + 1]):
                j, a = cols[t], np.float64(values[t])
                worth = score[j] * a * (1.0 - 0.5 * a)
                if worth <= top:
                    continue
                old = False
                for q in range(k):
                    old = old or picked[i, q] == j
                if not old:
                    best, top = j, worth
            if best < 0:
                break
            picked[i, k] = best
        cases[i] = _shape(row_ptr[i], row_ptr[i + 1], cols, values, place, picked[i])[3]
    return picked, cases


@njit(cache=True, nogil=True)
def _share_of(j: int, start: int, end: int, cols: Shorts, values: Singles) -> float:
    """Share of a column in a row."""
    for t in range(start, end):
        if cols[t] == j:
            return np.float64(values[t])
    return 0.0


@njit(cache=True, nogil=True)
def _insert(share: float, marks: Floats, count: int) -> int:
    """Put a share into ascending marks unless it is there or certain; how many there are now."""
    if share >= 1.0 or (marks[:count] == share).any():
        return count
    at = count
    while marks[at - 1] > share:
        marks[at] = marks[at - 1]
        at -= 1
    marks[at] = share
    return count + 1


@njit(cache=True, nogil=True)
def _shape(
    start: int, end: int, cols: Shorts, values: Singles, place: Ints, picked: Ints
) -> tuple[Ints, Floats, Ints, int]:
    """Places cut, their ascending marks from 0 to 1, how many intervals each has, and their product."""
    most = len(picked)
    places, marks = np.empty(most, np.int64), np.zeros((most, most + 2))
    count = np.ones(most, np.int64)
    found = 0
    for q in range(most):
        if picked[q] < 0:
            break
        f = _place_of(picked[q], place, places[:found])
        if f < 0:
            f = found
            places[f] = place[picked[q]]
            found += 1
        count[f] = _insert(_share_of(picked[q], start, end, cols, values), marks[f], count[f])
    total = 1
    for f in range(found):
        marks[f, count[f]] = 1.0
        total *= count[f]
    return places[:found], marks, count, total


@njit(cache=True, nogil=True)
def _chance(a: float, f: int, at: Ints, marks: Floats) -> float:
    """Chance of a share given the interval its place's draw lies in."""
    if f < 0:
        return a
    low, high = marks[f, at[f]], marks[f, at[f] + 1]
    return min(max((a - low) / (high - low), 0.0), 1.0)


@njit(cache=True, nogil=True)
def _place_of(j: int, place: Ints, places: Ints) -> int:
    for r in range(len(places)):
        if places[r] == place[j]:
            return r
    return -1


@njit(cache=True, nogil=True, parallel=True)
def _count(
    row_ptr: Ints,
    cols: Shorts,
    values: Singles,
    place: Ints,
    cut_ptr: Ints,
    cut_columns: Ints,
    case_ptr: Ints,
) -> Ints:
    """Entries of each case."""
    entries = np.zeros(case_ptr[-1], np.int64)
    for i in prange(len(row_ptr) - 1):
        places, marks, count, total = _shape(
            row_ptr[i], row_ptr[i + 1], cols, values, place, cut_columns[cut_ptr[i] : cut_ptr[i + 1]]
        )
        at = np.zeros(len(places), np.int64)
        for c in range(total):
            z = c
            for f in range(len(places)):
                at[f] = z % count[f]
                z //= count[f]
            for t in range(row_ptr[i], row_ptr[i + 1]):
                f = _place_of(cols[t], place, places)
                if _chance(np.float64(values[t]), f, at, marks) > 0.0:
                    entries[case_ptr[i] + c] += 1
    return entries


@njit(cache=True, nogil=True, parallel=True)
def _write(
    row_ptr: Ints,
    cols: Shorts,
    values: Singles,
    weight: Floats,
    place: Ints,
    cut_ptr: Ints,
    cut_columns: Ints,
    case_ptr: Ints,
    new_ptr: Ints,
    new_cols: Shorts,
    new_values: Singles,
    new_weight: Floats,
) -> None:
    """Columns, conditional chances and weights of all cases."""
    for i in prange(len(row_ptr) - 1):
        places, marks, count, total = _shape(
            row_ptr[i], row_ptr[i + 1], cols, values, place, cut_columns[cut_ptr[i] : cut_ptr[i + 1]]
        )
        at = np.zeros(len(places), np.int64)
        for c in range(total):
            z, chance = c, 1.0
            for f in range(len(places)):
                at[f] = z % count[f]
                z //= count[f]
                chance *= marks[f, at[f] + 1] - marks[f, at[f]]
            new_weight[case_ptr[i] + c] = weight[i] * chance
            k = new_ptr[case_ptr[i] + c]
            for t in range(row_ptr[i], row_ptr[i + 1]):
                f = _place_of(cols[t], place, places)
                share = _chance(np.float64(values[t]), f, at, marks)
                if share > 0.0:
                    new_cols[k], new_values[k] = cols[t], share
                    k += 1
