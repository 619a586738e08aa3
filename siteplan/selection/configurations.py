"""What may stand at a place: one column, or several of different groups together.

Columns of one place share shadowing, so together they cover a row with the better of their shares. The
search therefore chooses among options; an option is a set of columns of one place, and of one place at
most one option is chosen. Where every place has a single column, options are columns.

Limits of options are the sums over their columns, so the search keeps what the
problem asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from siteplan.selection.core import picked
from siteplan.selection.problem import CoverProblem, Floats, Ints, joined_shares

_MOST_OPTIONS = 4096
"""Options of one place; nine groups of three columns already have more."""


@dataclass(frozen=True, eq=False)
class PlaceConfigurations:
    """Options of all places.

    Attributes
    ----------
    column_ptr, columns
        Columns of option o: ``columns[column_ptr[o]:column_ptr[o + 1]]``.
    place
        Place of each option.
    indptr, rows, values
        Shares by option, rows ascending.
    """

    column_ptr: Ints
    columns: Ints
    place: Ints
    indptr: Ints
    rows: NDArray[np.int32]
    values: NDArray[np.float32]

    @property
    def count(self) -> int:
        """Number of options."""
        return len(self.column_ptr) - 1

    def sums(self, of_columns: Floats) -> Floats:
        """Sum of a figure of columns over each option, shape (count,)."""
        if not self.count:
            return np.zeros(0)
        return np.asarray(np.add.reduceat(of_columns[self.columns], self.column_ptr[:-1]), dtype=np.float64)

    def columns_of(self, options: Ints) -> Ints:
        """Columns of some options, in their order."""
        return self.columns[picked(self.column_ptr, options)[1]]

    def touching(self, columns: Ints) -> NDArray[np.bool_]:
        """Whether each option holds any of some columns, shape (count,)."""
        return self.sums(_marked(self, columns)) > 0

    def holding(self, columns: Ints) -> NDArray[np.bool_]:
        """Whether each option holds exactly those of some columns that stand at its place, shape (count,)."""
        count = dict(zip(*np.unique(self.place[columns], return_counts=True), strict=True))
        wanted = np.array([count.get(place, 0) for place in self.place])
        held = self.sums(_marked(self, columns))
        return (wanted > 0) & (held == wanted) & (np.diff(self.column_ptr) == wanted)


def _marked(options: PlaceConfigurations, columns: Ints) -> Floats:
    """1 for some columns; every column is an option of its own, so there are at least as many options."""
    marked = np.zeros(options.count)
    marked[columns] = 1.0
    return marked


def configurations_of(problem: CoverProblem) -> PlaceConfigurations:
    """All options of a problem.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    PlaceConfigurations
        Columns that stand alone first, in their order, then sets by place.

    Raises
    ------
    SiteplanError
        If a place has more options than can be listed.
    """
    n = problem.columns
    sets = [combination for mates in _shared_places(problem) for combination in _sets(problem, mates)]
    ptr = np.arange(n + 1, dtype=np.int64)
    if not sets:
        return PlaceConfigurations(
            ptr, np.arange(n, dtype=np.int64), problem.place, problem.indptr, problem.rows, problem.values
        )
    lengths = np.cumsum([len(each) for each in sets])
    column_ptr = np.concatenate([ptr, n + lengths]).astype(np.int64)
    columns = np.concatenate([np.arange(n), *sets]).astype(np.int64)
    place = np.concatenate([problem.place, [problem.place[each[0]] for each in sets]]).astype(np.int64)
    joined = [joined_shares(problem, each) for each in sets]
    sizes = np.array([len(each) for each, _ in joined])
    indptr = np.concatenate([problem.indptr, problem.indptr[-1] + np.cumsum(sizes)]).astype(np.int64)
    rows = np.concatenate([problem.rows, *(each for each, _ in joined)]).astype(np.int32)
    values = np.concatenate([problem.values, *(each for _, each in joined)]).astype(np.float32)
    return PlaceConfigurations(column_ptr, columns, place, indptr, rows, values)


def _shared_places(problem: CoverProblem) -> list[Ints]:
    """Columns of each place with more than one group."""
    order = np.argsort(problem.place, kind="stable")
    place = problem.place[order]
    starts = np.flatnonzero(np.diff(place, prepend=place[:1] - 1))
    ends = np.append(starts, len(place))[1:]
    several = [order[a:b] for a, b in zip(starts, ends, strict=True) if b - a > 1]
    return [mates for mates in several if len(np.unique(problem.group[mates])) > 1]


def _sets(problem: CoverProblem, mates: Ints) -> list[tuple[int, ...]]:
    """Sets of at least two columns with at most one of each group."""
    groups = [mates[problem.group[mates] == g] for g in np.unique(problem.group[mates])]
    if np.prod([len(each) + 1.0 for each in groups]) > _MOST_OPTIONS:
        raise ValueError(f"place {problem.place[mates[0]]} has more than {_MOST_OPTIONS} sets of options")
    found = product(*((-1, *each.tolist()) for each in groups))
    sets = [tuple(sorted(j for j in each if j >= 0)) for each in found]
    return sorted(each for each in sets if len(each) > 1)
