"""Lazy greedy, swaps and the rank order, on one numba state.

One decision to know: columns are taken by gain per station, since a station is what the quota counts;
ties go to the lower column, and columns come in stable id order.
"""

from __future__ import annotations

import heapq

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteplan.selection.problem import CoverProblem

Ints = NDArray[np.int64]
TINY = 1e-8
"""Gains below this share of the total weight count as none."""
ALMOST_ONE = 1.0 - 1e-9
"""Largest share inside the kernels: keeps 1 - a away from zero, so that a column can be taken out."""


class State:
    """What is chosen so far and what each row still lacks.

    Parameters
    ----------
    problem
        The problem.
    min_gain
        Gain per station below which :func:`fill` adds nothing.
    """

    def __init__(self, problem: CoverProblem, min_gain: float = 0.0) -> None:
        self.problem = problem
        self.min_gain = min_gain
        self.left = np.ones(len(problem.weight))
        self.scratch = np.zeros(len(problem.weight))
        self.chosen: list[int] = []
        self.cap_table, self.limits = problem.cap_table()
        self.used = np.zeros(len(self.limits), dtype=np.int64)
        self._mates: dict[int, list[int]] = {}
        self._groups: set[int] = set()
        self._foes: dict[int, set[int]] = {}
        for p, q in problem.conflicts.tolist():
            self._foes.setdefault(p, set()).add(q)
            self._foes.setdefault(q, set()).add(p)

    def gain(self, column: int) -> float:
        """Newly covered weight if the column were added."""
        problem = self.problem
        mates = np.array(self._mates.get(int(problem.place[column]), ()), dtype=np.int64)
        return _gain(
            column,
            mates,
            problem.indptr,
            problem.rows,
            problem.values,
            problem.weight,
            self.left,
            self.scratch,
        )

    def fits(self, column: int) -> bool:
        """Whether quotas, group and conflicts allow the column."""
        problem = self.problem
        if int(problem.group[column]) in self._groups:
            return False
        foes = self._foes.get(int(problem.place[column]))
        if foes and any(place in self._mates for place in foes):
            return False
        caps = self.cap_table[column]
        caps = caps[caps >= 0]
        return bool(np.all(self.used[caps] + problem.stations[column] <= self.limits[caps]))

    def add(self, column: int) -> None:
        """Choose a column."""
        place = int(self.problem.place[column])
        self._turn(column, np.array(self._mates.get(place, ()), dtype=np.int64), forward=True)
        self._mates.setdefault(place, []).append(column)
        self._groups.add(int(self.problem.group[column]))
        self.chosen.append(column)
        self._count(column, int(self.problem.stations[column]))

    def remove(self, column: int) -> None:
        """Take a chosen column back."""
        place = int(self.problem.place[column])
        self._mates[place].remove(column)
        self._turn(column, np.array(self._mates[place], dtype=np.int64), forward=False)
        if not self._mates[place]:
            del self._mates[place]
        self._groups.remove(int(self.problem.group[column]))
        self.chosen.remove(column)
        self._count(column, -int(self.problem.stations[column]))

    def _turn(self, column: int, mates: Ints, *, forward: bool) -> None:
        problem = self.problem
        _turn(column, mates, problem.indptr, problem.rows, problem.values, self.left, self.scratch, forward)

    def _count(self, column: int, stations: int) -> None:
        caps = self.cap_table[column]
        self.used[caps[caps >= 0]] += stations


def fill(state: State, columns: Ints | None = None) -> None:
    """Lazy greedy: add columns by gain per station until none fits or helps.

    Parameters
    ----------
    state
        Start; changed in place.
    columns
        Columns to consider; None for all.
    """
    problem = state.problem
    everything = np.arange(problem.columns) if columns is None else columns
    least = TINY * max(float(problem.weight.sum()), 1e-300)
    heap = [(-state.gain(int(j)) / problem.stations[j], int(j)) for j in everything if state.fits(int(j))]
    heapq.heapify(heap)
    while heap:
        promised, column = heapq.heappop(heap)
        if -promised * problem.stations[column] <= least or -promised < state.min_gain:
            return
        if not state.fits(column):
            continue
        ratio = state.gain(column) / problem.stations[column]
        if heap and (-ratio, column) > heap[0]:
            heapq.heappush(heap, (-ratio, column))
        elif ratio * problem.stations[column] > least and ratio >= state.min_gain:
            state.add(column)


def swap(state: State) -> int:
    """One pass: replace chosen columns by better ones that then fit, weakest first.

    Parameters
    ----------
    state
        Changed in place; the objective never falls.

    Returns
    -------
    int
        Number of replacements.
    """
    swaps, losses = 0, []
    for column in list(state.chosen):
        state.remove(column)
        losses.append((state.gain(column), column))
        state.add(column)
    for _, column in sorted(losses):
        state.remove(column)
        best = _best_fit(state, column)
        state.add(best)
        swaps += best != column
    fill(state)
    return swaps


def _best_fit(state: State, column: int) -> int:
    """Best column for the room another left; itself unless one is better."""
    best, best_gain = column, state.gain(column) * (1.0 + 1e-9)
    for rival in _rivals(state, column):
        if rival != column and state.fits(int(rival)):
            gain = state.gain(int(rival))
            if gain > best_gain:
                best, best_gain = int(rival), gain
    return best


def _rivals(state: State, column: int) -> Ints:
    """Columns that share the column's tightest cap, the one with the fewest members."""
    caps = state.cap_table[column]
    caps = caps[caps >= 0]
    full = [c for c in caps if state.used[c] + state.problem.stations[column] >= state.limits[c]]
    if not full:
        return np.arange(state.problem.columns)
    return min((state.problem.caps[c].members for c in full), key=len)


def rank(problem: CoverProblem, chosen: list[int]) -> tuple[Ints, NDArray[np.float64], Ints]:
    """Order the chosen places so that every prefix is good: greedy by gain per station.

    Parameters
    ----------
    problem
        The problem.
    chosen
        Feasible columns.

    Returns
    -------
    tuple of ndarray
        Places in order, the gain of each at its rank, and the columns in that order.
    """
    state = State(problem)
    by_place: dict[int, list[int]] = {}
    for column in sorted(chosen):
        by_place.setdefault(int(problem.place[column]), []).append(column)
    stations = {p: int(problem.stations[columns].sum()) for p, columns in by_place.items()}
    heap = [(-_joint_gain(state, columns) / stations[p], p) for p, columns in by_place.items()]
    heapq.heapify(heap)
    places, gains, order = [], [], []
    while heap:
        _, place = heapq.heappop(heap)
        gain = _joint_gain(state, by_place[place])
        if heap and (-gain / stations[place], place) > heap[0]:
            heapq.heappush(heap, (-gain / stations[place], place))
            continue
        for column in by_place[place]:
            state.add(column)
        places.append(place)
        gains.append(gain)
        order += by_place[place]
    return np.array(places, dtype=np.int64), np.array(gains), np.array(order, dtype=np.int64)


def _joint_gain(state: State, columns: list[int]) -> float:
    total = 0.0
    for column in columns:
        total += state.gain(column)
        state.add(column)
    for column in reversed(columns):
        state.remove(column)
    return total


@njit(cache=True, nogil=True)
def _gain(
    column: int,
    mates: Ints,
    indptr: Ints,
    rows: NDArray[np.int32],
    values: NDArray[np.float32],
    weight: NDArray[np.float64],
    left: NDArray[np.float64],
    scratch: NDArray[np.float64],
) -> float:
    """Sum of w left (a - m)+ / (1 - m), m being the best mate; ``scratch`` is zero before and after."""
    _paint(mates, indptr, rows, values, scratch)
    total = 0.0
    for k in range(indptr[column], indptr[column + 1]):
        i = rows[k]
        m = scratch[i]
        a = min(np.float64(values[k]), ALMOST_ONE)
        if a > m:
            total += weight[i] * left[i] * (a - m) / (1.0 - m)
    _wipe(mates, indptr, rows, scratch)
    return total


@njit(cache=True, nogil=True)
def _turn(
    column: int,
    mates: Ints,
    indptr: Ints,
    rows: NDArray[np.int32],
    values: NDArray[np.float32],
    left: NDArray[np.float64],
    scratch: NDArray[np.float64],
    forward: bool,
) -> None:
    """Put a column into ``left``, or take it out again."""
    _paint(mates, indptr, rows, values, scratch)
    for k in range(indptr[column], indptr[column + 1]):
        i = rows[k]
        m = scratch[i]
        a = min(np.float64(values[k]), ALMOST_ONE)
        if a > m:
            factor = (1.0 - a) / (1.0 - m)
            left[i] = left[i] * factor if forward else left[i] / factor
    _wipe(mates, indptr, rows, scratch)


@njit(cache=True, nogil=True)
def _paint(
    mates: Ints,
    indptr: Ints,
    rows: NDArray[np.int32],
    values: NDArray[np.float32],
    scratch: NDArray[np.float64],
) -> None:
    for mate in mates:
        for k in range(indptr[mate], indptr[mate + 1]):
            scratch[rows[k]] = max(scratch[rows[k]], min(np.float64(values[k]), ALMOST_ONE))


@njit(cache=True, nogil=True)
def _wipe(mates: Ints, indptr: Ints, rows: NDArray[np.int32], scratch: NDArray[np.float64]) -> None:
    for mate in mates:
        for k in range(indptr[mate], indptr[mate + 1]):
            scratch[rows[k]] = 0.0
