"""The problem and its answer; no geometry, no files.

Every constraint is inside the problem. Nothing is filtered after the choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Quota = int | float | tuple[float, float]
"""At most that many, or (at least, at most)."""
_SLACK = 1e-9


def _none() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Cap:
    """At most ``limit`` and at least ``least`` among some columns.

    Attributes
    ----------
    name
        For messages, such as ``county 乐昌市``.
    family
        Kind of limit: ``city``, ``county``, ``network``, ``county_network``, ``budget``.
    members
        Columns, ascending.
    limit
        Stations, or what ``sizes`` count.
    least
        Required minimum in the same unit.
    sizes
        What each member uses up; None for its stations.
    """

    name: str
    family: str
    members: Ints
    limit: float
    least: float = 0.0
    sizes: Floats | None = None


@dataclass(frozen=True, eq=False)
class Village:
    """A village counts when the newly covered weight of its rows reaches ``need``."""

    name: str
    rows: Ints
    need: float


@dataclass(frozen=True, eq=False)
class CoverageMinimum:
    """At least so many of some villages must count.

    Attributes
    ----------
    name
        For messages.
    villages
        Those that can count.
    least
        How many must.
    """

    name: str
    villages: tuple[Village, ...]
    least: int


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
        Quotas and budgets.
    conflicts
        Pairs of places that exclude each other, shape (m, 2).
    locked_in, locked_out
        Columns that must, and must not, be chosen.
    minima
        Villages that must count.
    cost
        c_j; None counts stations.
    ids
        Stable id of each column, where ties end; None for its number.
    """

    indptr: Ints
    rows: NDArray[np.int32]
    values: NDArray[np.float32]
    weight: Floats
    base_value: float
    stations: Ints
    place: Ints
    group: Ints
    caps: tuple[Cap, ...]
    conflicts: Ints
    locked_in: Ints = field(default_factory=_none)
    locked_out: Ints = field(default_factory=_none)
    minima: tuple[CoverageMinimum, ...] = ()
    cost: Floats | None = None
    ids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        n = self.columns
        if not (len(self.stations) == len(self.place) == len(self.group) == n):
            raise ValueError(f"{n} columns, but labels of other lengths")
        if n and (self.stations.min() < 1 or not self.values.min(initial=0.0) >= 0.0):
            raise ValueError("stations must be at least 1 and shares not negative")
        if not self.values.max(initial=0.0) <= 1.0 or not self.weight.min(initial=0.0) >= 0.0:
            raise ValueError("shares must not exceed 1 and weights must not be negative")
        if not np.isfinite(self.weight).all():
            raise ValueError("weights must be finite")
        if len(np.unique(self.place)) < n and len(np.unique(_crossed(self.group, self.place))) > len(
            np.unique(self.group)
        ):
            raise ValueError("a group must lie within one place where places have several columns")
        both = np.intersect1d(self.locked_in, self.locked_out)
        if len(both):
            raise ValueError(f"column {both[0]} is locked in and locked out")

    @classmethod
    def from_arrays(  # noqa: PLR0913 - the contract: everything a problem may state
        cls,
        cover: Any,
        weights: ArrayLike,
        *,
        quota: Quota | None = None,
        stations: ArrayLike | None = None,
        cost: ArrayLike | None = None,
        budget: float | None = None,
        county: ArrayLike | None = None,
        county_quota: Mapping[Any, Quota] | Sequence[Quota] | None = None,
        county_min: Mapping[Any, float] | Sequence[float] | None = None,
        network: ArrayLike | None = None,
        network_quota: Mapping[Any, Quota] | Sequence[Quota] | None = None,
        base: ArrayLike | None = None,
        locked_in: ArrayLike | None = None,
        locked_out: ArrayLike | None = None,
        conflicts: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        minima: Sequence[CoverageMinimum] | None = None,
        ids: Sequence[str] | None = None,
    ) -> CoverProblem:
        """A problem from plain arrays; columns are candidates and cover independently of each other.

        Parameters
        ----------
        cover
            Sparse matrix, demand x candidates, shares a_ij in [0, 1].
        weights
            Weight of each demand row, not negative.
        quota
            Stations of the whole: at most a number, or (at least, at most); (k, k) for exactly k.
        stations, cost
            Of each candidate; 1 and the stations by default.
        budget
            Most cost.
        county, network
            Label of each candidate.
        county_quota, network_quota
            Like ``quota``, by label (or in the order of labels 0, 1, ...).
        county_min
            Least stations by county.
        base
            Share of each row that is covered already [0, 1].
        locked_in, locked_out
            Candidates that must, and must not, be chosen.
        conflicts
            Pairs of candidates that exclude each other, shape (m, 2).
        groups
            Label of each candidate; of one label at most one is chosen.
        minima
            Villages that must count.
        ids
            Stable ids; ties end in the smaller one.

        Returns
        -------
        CoverProblem
            The problem.

        Raises
        ------
        SiteplanError
            If shapes, labels or ranges do not fit.
        """
        matrix = sparse.csc_array(cover)
        matrix.sum_duplicates()
        m, n = matrix.shape
        given = _row_vector("weights", weights, m)
        covered = _row_vector("base", base, m) if base is not None else np.zeros(m)
        if not ((covered >= 0.0) & (covered <= 1.0)).all():
            raise ValueError("base must lie in [0, 1]")
        size = np.ones(n, dtype=np.int64) if stations is None else np.asarray(stations, dtype=np.int64)
        spent = None if cost is None else _row_vector("cost", cost, n)
        everyone = np.arange(n, dtype=np.int64)
        caps = [] if quota is None else [_cap("city", "city", everyone, quota)]
        caps += _caps_by_label("county", county, county_quota, county_min, n)
        caps += _caps_by_label("network", network, network_quota, None, n)
        if budget is not None:
            money = size.astype(np.float64) if spent is None else spent
            caps.append(Cap("budget", "budget", everyone, float(budget), 0.0, money))
        return cls(
            indptr=matrix.indptr.astype(np.int64),
            rows=matrix.indices.astype(np.int32),
            values=matrix.data.astype(np.float32),
            weight=given * (1.0 - covered),
            base_value=float(given @ covered),
            stations=size,
            place=everyone,
            group=everyone if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1],
            caps=tuple(caps),
            conflicts=_pairs(conflicts),
            locked_in=_columns("locked_in", locked_in, n),
            locked_out=_columns("locked_out", locked_out, n),
            minima=tuple(minima or ()),
            cost=spent,
            ids=None if ids is None else tuple(str(each) for each in ids),
        )

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.indptr) - 1

    def tie_order(self) -> Ints:
        """Place of each column in the order of the stable ids, where ties end."""
        if self.ids is None:
            return np.arange(self.columns, dtype=np.int64)
        rank = np.empty(self.columns, dtype=np.int64)
        rank[np.argsort(np.array(self.ids, dtype=object), kind="stable")] = np.arange(self.columns)
        return rank

    def without_minima(self) -> CoverProblem:
        """The same problem with upper limits only: no minima, no floors."""
        return replace(self, caps=tuple(replace(cap, least=0.0) for cap in self.caps), minima=())

    def sizes_in(self, cap: Cap) -> Floats:
        """What each member of a cap uses up, shape of ``cap.members``."""
        return self.stations[cap.members].astype(np.float64) if cap.sizes is None else cap.sizes


@dataclass(frozen=True, eq=False)
class Certificate:
    """Prices that prove a bound without any solver; :func:`siteplan.selection.check` reads them.

    For each demand row the chance of a place to reach it is cut at some shares; each box of these cuts is
    a case with a price of its own (one case, the row itself, where nothing is cut).

    Attributes
    ----------
    row_of
        Merged row of each demand row; -1 where nothing can cover it.
    cut_ptr, cut_columns
        Columns whose shares cut merged row r: ``cut_columns[cut_ptr[r]:cut_ptr[r + 1]]``.
    case_ptr
        Cases of merged row r lie at ``case_ptr[r]:case_ptr[r + 1]``, the first cut varying fastest.
    prices
        u of each case, in [0, weight of the case].
    cap_prices, least_prices
        Price per unit of each cap's limit, and of each cap's minimum.
    conflict_prices
        Price of each set of ``conflict_sets``.
    conflict_sets
        Places of which at most one can be used.
    floor_prices
        Price of one village of each floor.
    village_prices
        Part of it asked from the rows of each village, floor by floor.
    bound
        What the prices prove, ``base_value`` not included.
    """

    row_of: Ints
    cut_ptr: Ints
    cut_columns: Ints
    case_ptr: Ints
    prices: Floats
    cap_prices: Floats
    least_prices: Floats
    conflict_prices: Floats
    conflict_sets: tuple[tuple[int, ...], ...]
    floor_prices: Floats
    village_prices: tuple[Floats, ...]
    bound: float


CUT_SHORT = frozenset({"time_limit", "interrupted"})
"""Ends of a search that another run does not repeat: by the clock, by a person."""


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
    losses
        Newly covered weight lost if the place alone were dropped.
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
        ``optimal``, ``gap``, ``work_limit``, ``time_limit`` or ``interrupted``; the last two may differ
        between runs.
    seconds, seed
        Time taken and seed given.
    certificate
        Prices that prove ``certificate.bound``; ``upper_bound`` may be smaller where whole counties were
        solved to the end.
    bound_source
        ``prices`` or ``branch and bound``: what proves ``upper_bound``.
    spent, least_spent
        Stations (or cost) of the choice, and fewest that could do; only where that was asked
        (:func:`siteplan.selection.select_fewest`).
    """

    columns: Ints
    places: Ints
    marginal_gains: Floats
    losses: Floats
    objective: float
    base_value: float
    upper_bound: float
    optimality_gap: float
    curve_bounds: Floats
    status: str
    seconds: float
    seed: int
    certificate: Certificate
    bound_source: str = "prices"
    spent: float = np.nan
    least_spent: float = np.nan

    @property
    def indices(self) -> Ints:
        """Chosen columns in rank order."""
        return self.columns


def relative_gap(objective: float, bound: float) -> float:
    """Share of a bound that a choice lacks; 0 for a bound of 0 [float]."""
    return 0.0 if bound <= 0.0 else (bound - objective) / bound


def objective_of(problem: CoverProblem, columns: Ints) -> float:
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
    return float(problem.weight @ covered_shares(problem, columns))


def covered_shares(problem: CoverProblem, columns: Ints) -> Floats:
    """Newly covered share of each row under a set of columns.

    Parameters
    ----------
    problem
        The problem.
    columns
        Any columns, feasible or not.

    Returns
    -------
    ndarray
        1 - prod over places of (1 - best share of the place), shape (rows,).
    """
    columns = np.asarray(columns, dtype=np.int64)
    columns = columns[np.argsort(problem.place[columns], kind="stable")]
    place = problem.place[columns]
    cuts = np.flatnonzero(np.diff(place)) + 1
    left = np.ones(len(problem.weight))
    for mates in np.split(columns, cuts) if len(columns) else ():
        rows, best = joined_shares(problem, mates)
        left[rows] *= 1.0 - best.astype(np.float64)
    return 1.0 - left


def joined_shares(
    problem: CoverProblem, columns: Sequence[int] | Ints
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Rows that columns of one place reach, each with the best of their shares.

    Parameters
    ----------
    problem
        The problem.
    columns
        At least one.

    Returns
    -------
    tuple of ndarray
        Rows, ascending, and shares.
    """
    parts = [slice(problem.indptr[j], problem.indptr[j + 1]) for j in columns]
    if len(parts) == 1:
        return problem.rows[parts[0]], problem.values[parts[0]]
    rows, at = np.unique(np.concatenate([problem.rows[part] for part in parts]), return_inverse=True)
    shares = np.zeros(len(rows), dtype=np.float32)
    np.maximum.at(shares, at, np.concatenate([problem.values[part] for part in parts]))
    return rows, shares


def violations(problem: CoverProblem, columns: Ints) -> list[str]:
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
    columns = np.asarray(columns, dtype=np.int64)
    found = []
    for cap in problem.caps:
        used = float(problem.sizes_in(cap)[np.isin(cap.members, columns)].sum())
        if used > cap.limit + _SLACK * max(1.0, cap.limit):
            found.append(f"{cap.name}: {used:g}, limit {cap.limit:g}")
        if used < cap.least - _SLACK * max(1.0, cap.least):
            found.append(f"{cap.name}: {used:g}, at least {cap.least:g} needed")
    groups, counts = np.unique(problem.group[columns], return_counts=True)
    found += [f"group {g}: {count} columns" for g, count in zip(groups, counts, strict=True) if count > 1]
    places = set(problem.place[columns].tolist())
    found += [
        f"places {p} and {q} are in conflict" for p, q in problem.conflicts.tolist() if {p, q} <= places
    ]
    found += [f"column {j} is locked in" for j in np.setdiff1d(problem.locked_in, columns)]
    found += [f"column {j} is locked out" for j in np.intersect1d(problem.locked_out, columns)]
    return found + _missed_floors(problem, columns)


def counted_villages(problem: CoverProblem, columns: Ints) -> list[int]:
    """How many villages of each floor count under a choice.

    Parameters
    ----------
    problem
        The problem.
    columns
        Chosen columns.

    Returns
    -------
    list of int
        One a floor.
    """
    if not problem.minima:
        return []
    covered = problem.weight * covered_shares(problem, columns)
    return [
        sum(covered[v.rows].sum() >= v.need * (1.0 - _SLACK) - _SLACK for v in floor.villages)
        for floor in problem.minima
    ]


def _missed_floors(problem: CoverProblem, columns: Ints) -> list[str]:
    counts = counted_villages(problem, columns)
    return [
        f"{floor.name}: {count} villages, at least {floor.least} needed"
        for floor, count in zip(problem.minima, counts, strict=True)
        if count < floor.least
    ]


def _crossed(group: Ints, place: Ints) -> Ints:
    """One label for each pair of group and place."""
    return np.unique(np.stack([group, place]), axis=1, return_inverse=True)[1]


def _row_vector(name: str, given: ArrayLike, count: int) -> Floats:
    values = np.asarray(given, dtype=np.float64)
    if values.shape != (count,):
        raise ValueError(f"{name} has shape {values.shape}, expected ({count},)")
    if not np.isfinite(values).all():
        raise ValueError(f"{name}[{int(np.flatnonzero(~np.isfinite(values))[0])}] is not a number")
    return values


def _pairs(given: ArrayLike | None) -> Ints:
    return np.asarray([] if given is None else given, dtype=np.int64).reshape(-1, 2)


def _columns(name: str, given: ArrayLike | None, count: int) -> Ints:
    found = np.unique(np.asarray([] if given is None else given, dtype=np.int64))
    if len(found) and not 0 <= found[0] <= found[-1] < count:
        raise ValueError(f"{name} names a candidate outside 0 ... {count - 1}")
    return found


def _cap(name: str, family: str, members: Ints, quota: Quota, least: float = 0.0) -> Cap:
    low, high = quota if isinstance(quota, tuple) else (0.0, quota)
    low = max(float(low), least)
    if not 0 <= low <= high:
        raise ValueError(f"{name}: at least {low:g} and at most {high:g} cannot both hold")
    return Cap(name, family, members, float(high), low)


def _caps_by_label(
    family: str,
    labels: ArrayLike | None,
    quotas: Mapping[Any, Quota] | Sequence[Quota] | None,
    least: Mapping[Any, float] | Sequence[float] | None,
    count: int,
) -> list[Cap]:
    if quotas is None and least is None:
        return []
    if labels is None:
        raise ValueError(f"a quota by {family} needs the {family} of each candidate")
    given = np.asarray(labels)
    if given.shape != (count,):
        raise ValueError(f"{family} has shape {given.shape}, expected ({count},)")
    tops, lows = _by_label(quotas), _by_label(least)
    found = []
    for label in sorted(set(tops) | set(lows), key=str):
        members = np.flatnonzero(given == label).astype(np.int64)
        quota: Quota = tops.get(label, float(np.inf))
        found.append(_cap(f"{family} {label}", family, members, quota, float(lows.get(label, 0.0))))
    return found


def _by_label(given: Mapping[Any, Any] | Sequence[Any] | None) -> dict[Any, Any]:
    if given is None:
        return {}
    return dict(given) if isinstance(given, Mapping) else dict(enumerate(given))
