"""The problem and its answer; no geometry, no files.

One decision to know: every constraint is inside the problem. Nothing is filtered after the choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteplan.errors import SiteplanError


@dataclass(frozen=True, eq=False)
class Cap:
    """At most ``limit`` stations among some columns.

    Attributes
    ----------
    name
        For messages, such as ``county 乐昌市``.
    family
        Caps of one family are disjoint; ``parent`` families hold whole child families.
    members
        Columns, ascending.
    limit
        Stations.
    """

    name: str
    family: str
    members: NDArray[np.int64]
    limit: int


@dataclass(frozen=True, eq=False)
class CoverProblem:
    """A covering problem in the symbols of this package.

    Attributes
    ----------
    indptr, rows, values
        a_ij by column, rows ascending.
    weight
        w_i: weight that is not covered yet, shape (rows,).
    base_value
        Weight covered before anything is built.
    stations
        s_j, positive integers.
    place, group
        Labels, shape (columns,).
    caps
        Quotas.
    conflicts
        Pairs of places that exclude each other, shape (m, 2).
    """

    indptr: NDArray[np.int64]
    rows: NDArray[np.int32]
    values: NDArray[np.float32]
    weight: NDArray[np.float64]
    base_value: float
    stations: NDArray[np.int64]
    place: NDArray[np.int64]
    group: NDArray[np.int64]
    caps: tuple[Cap, ...]
    conflicts: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = self.columns
        if not (len(self.stations) == len(self.place) == len(self.group) == n):
            raise SiteplanError(f"{n} columns, but labels of other lengths")
        if n and (self.stations.min() < 1 or self.values.min(initial=0.0) < 0.0):
            raise SiteplanError("stations must be at least 1 and shares not negative")
        if self.values.max(initial=0.0) > 1.0 or self.weight.min(initial=0.0) < 0.0:
            raise SiteplanError("shares must not exceed 1 and weights must not be negative")

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.indptr) - 1

    def cap_table(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Caps of each column as a padded table, and the limits.

        Returns
        -------
        tuple of ndarray
            Cap positions, shape (columns, most caps of a column), padded with -1; limits.
        """
        lists: list[list[int]] = [[] for _ in range(self.columns)]
        for position, cap in enumerate(self.caps):
            for column in cap.members:
                lists[column].append(position)
        width = max((len(each) for each in lists), default=0)
        table = np.full((self.columns, max(width, 1)), -1, dtype=np.int64)
        for column, each in enumerate(lists):
            table[column, : len(each)] = each
        return table, np.array([cap.limit for cap in self.caps], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Selection:
    """What was chosen, in order of building.

    Attributes
    ----------
    columns
        Chosen columns, by rank of their place and then by number.
    places
        Chosen places in rank order: any first k are a good k.
    marginal_gains
        Newly covered weight each place adds at its rank.
    objective
        f of the choice.
    base_value
        Covered before.
    upper_bound
        No feasible choice is better.
    optimality_gap
        (upper_bound - objective) / upper_bound.
    curve_bounds
        Upper bound for the stations of each prefix, shape of ``places``.
    status
        ``gap`` when bound and objective meet within 0.1 %, else ``heuristic``.
    seconds, seed
        Time taken and seed given (this solver draws nothing).
    prices
        Demand prices u_i that prove the bound; see :mod:`siteplan.selection.bound`.
    """

    columns: NDArray[np.int64]
    places: NDArray[np.int64]
    marginal_gains: NDArray[np.float64]
    objective: float
    base_value: float
    upper_bound: float
    optimality_gap: float
    curve_bounds: NDArray[np.float64]
    status: str
    seconds: float
    seed: int
    prices: NDArray[np.float64]


def objective_of(problem: CoverProblem, columns: NDArray[np.int64]) -> float:
    """Value f of a set of columns, straight from the definition.

    Parameters
    ----------
    problem
        The problem.
    columns
        Any columns, feasible or not.

    Returns
    -------
    float
        Newly covered weight.
    """
    left = np.ones(len(problem.weight))
    for place in np.unique(problem.place[columns]):
        best = np.zeros(len(problem.weight))
        for column in columns[problem.place[columns] == place]:
            part = slice(problem.indptr[column], problem.indptr[column + 1])
            best[problem.rows[part]] = np.maximum(best[problem.rows[part]], problem.values[part])
        left *= 1.0 - best
    return float(problem.weight @ (1.0 - left))


def violations(problem: CoverProblem, columns: NDArray[np.int64]) -> list[str]:
    """Constraints a set of columns breaks, in words.

    Parameters
    ----------
    problem
        The problem.
    columns
        Chosen columns.

    Returns
    -------
    list of str
        Empty when feasible.
    """
    found = []
    for cap in problem.caps:
        used = int(problem.stations[np.intersect1d(columns, cap.members)].sum())
        if used > cap.limit:
            found.append(f"{cap.name}: {used} stations, limit {cap.limit}")
    groups, counts = np.unique(problem.group[columns], return_counts=True)
    found += [
        f"group {group}: {count} columns" for group, count in zip(groups, counts, strict=True) if count > 1
    ]
    places = set(problem.place[columns].tolist())
    found += [
        f"places {p} and {q} are in conflict" for p, q in problem.conflicts.tolist() if {p, q} <= places
    ]
    return found
