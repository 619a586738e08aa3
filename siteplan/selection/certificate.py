"""A second opinion: objective, constraints and bound of a selection, recomputed from the problem alone.

With prices u of cases, p of caps, l of minima, k of conflict sets, and prices m of minima of which v is
asked from the rows of each village, weak duality gives for every feasible choice S

    f(S) <= sum (w - u) + sum limit p - sum least l + sum k + sum_villages (m - v) - sum m least
            + sum_groups max(0, max_j c_j),
    c_j = sum a_j u + sum_villages v min(1, what j brings / need) - sizes (p - l) - shares k.

Nothing of the solver is used here, neither merged rows nor kernels, and every sum is
rounded up by more than its rounding error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteplan.selection.problem import (
    Certificate,
    CoverProblem,
    Floats,
    Ints,
    Selection,
    objective_of,
    violations,
)

_UP = 1e-9


@dataclass(frozen=True)
class CertificateCheck:
    """What the check found.

    Attributes
    ----------
    objective
        f of the choice, from the definition.
    bound
        What the prices prove.
    violations
        Constraints the choice breaks, in words.
    holds
        Whether the selection's figures agree: objective as stated, no violation, and the prices prove the
        stated bound (or the bound stated comes from branch and bound and is the smaller one).
    """

    objective: float
    bound: float
    violations: tuple[str, ...]
    holds: bool


def check(problem: CoverProblem, selection: Selection) -> CertificateCheck:
    """Recompute a selection.

    Parameters
    ----------
    problem
        The problem.
    selection
        Its answer.

    Returns
    -------
    CertificateCheck
        Figures and verdict.
    """
    objective = objective_of(problem, selection.columns)
    broken = tuple(violations(problem, selection.columns))
    bound = price_bound(problem, selection.certificate)
    slack = max(1e-6 * abs(bound), 1e-8 * float(problem.weight.sum()))  # _UP rounds outward by the weights
    holds = not broken and abs(objective - selection.objective) <= slack
    holds = (
        holds and bound <= selection.certificate.bound + slack and objective <= selection.upper_bound + slack
    )
    if selection.bound_source == "prices":
        holds = holds and bound <= selection.upper_bound + slack
    return CertificateCheck(objective, bound, broken, bool(holds))


def price_bound(problem: CoverProblem, certificate: Certificate) -> float:
    """The bound that a certificate's prices prove.

    Parameters
    ----------
    problem
        The problem.
    certificate
        Any prices; those outside their range are moved into it.

    Returns
    -------
    float
        No feasible choice has a larger objective.
    """
    total, size, values = priced(problem, certificate)
    inner = _best_of_groups(problem, values)
    return float(total + inner + _UP * (size + abs(inner)) + 1e-300)


def priced(problem: CoverProblem, certificate: Certificate) -> tuple[float, float, Floats]:
    """What prices leave to say: the bound's part outside the columns, its size for rounding, and what each
    column is worth at these prices, shape (columns,).
    """
    rest, values = _rows(problem, certificate)
    total, size = rest, abs(rest)
    for cap, price, least in zip(
        problem.caps,
        np.maximum(certificate.cap_prices, 0.0),
        np.maximum(certificate.least_prices, 0.0),
        strict=True,
    ):
        values[cap.members] -= problem.sizes_in(cap) * (price - least)
        room = (cap.limit * price if price > 0 else 0.0) - cap.least * least
        total, size = total + room, size + abs(room)
    for places, price in zip(
        certificate.conflict_sets, np.maximum(certificate.conflict_prices, 0.0), strict=True
    ):
        if price > 0 and _is_clique(problem, places):
            _charge_conflict(problem, places, price, values)
            total, size = total + price, size + price
    more = _floors(problem, certificate, values)
    total, size = total + more, size + abs(more)
    return total, size, values


def _rows(problem: CoverProblem, certificate: Certificate) -> tuple[float, Floats]:
    """Sum of w - u over all cases of all rows, and sum of a u by column."""
    order = np.argsort(problem.rows, kind="stable")
    column = np.repeat(np.arange(problem.columns), np.diff(problem.indptr))[order]
    ptr = np.searchsorted(problem.rows[order], np.arange(len(problem.weight) + 1)).astype(np.int64)
    merged = np.bincount(
        certificate.row_of[certificate.row_of >= 0],
        weights=problem.weight[certificate.row_of >= 0],
        minlength=len(certificate.cut_ptr) - 1,
    ).astype(np.float64)
    values = np.zeros(problem.columns)
    rest = _row_terms(
        ptr,
        column,
        problem.values[order].astype(np.float64),
        problem.weight,
        problem.place,
        certificate.row_of,
        merged,
        certificate.cut_ptr,
        certificate.cut_columns,
        certificate.case_ptr,
        certificate.prices,
        values,
    )
    return float(rest), values


@njit(cache=True, nogil=True)
def _row_terms(
    ptr: Ints,
    column: Ints,
    share: Floats,
    weight: Floats,
    place: Ints,
    row_of: Ints,
    merged: Floats,
    cut_ptr: Ints,
    cut_columns: Ints,
    case_ptr: Ints,
    prices: Floats,
    values: Floats,
) -> float:
    """Boxes of each row are rebuilt from its cuts; a row's price is its part of the merged row's."""
    rest = 0.0
    for i in range(len(weight)):
        r = row_of[i]
        if r < 0:
            if ptr[i + 1] > ptr[i] and weight[i] > 0.0:
                rest += weight[i]
            continue
        part = weight[i] / merged[r]
        cuts = cut_columns[cut_ptr[r] : cut_ptr[r + 1]]
        edges, count, where = _edges(cuts, column[ptr[i] : ptr[i + 1]], share[ptr[i] : ptr[i + 1]], place)
        for c in range(case_ptr[r + 1] - case_ptr[r]):
            z, chance = c, 1.0
            low, high = np.zeros(len(where)), np.ones(len(where))
            for f in range(len(where)):
                low[f], high[f] = edges[f, z % count[f]], edges[f, z % count[f] + 1]
                z //= count[f]
                chance *= high[f] - low[f]
            own = weight[i] * chance
            price = min(max(prices[case_ptr[r] + c] * part, 0.0), own)
            rest += own - price
            for t in range(ptr[i], ptr[i + 1]):
                chance_j = share[t]
                for f in range(len(where)):
                    if where[f] == place[column[t]]:
                        chance_j = min(max((share[t] - low[f]) / (high[f] - low[f]), 0.0), 1.0)
                values[column[t]] += chance_j * price
    return rest


@njit(cache=True, nogil=True)
def _edges(cuts: Ints, column: Ints, share: Floats, place: Ints) -> tuple[Floats, Ints, Ints]:
    """Edges of the boxes by place, in the order in which places are first cut."""
    where = np.empty(len(cuts), np.int64)
    edges = np.zeros((len(cuts), len(cuts) + 2))
    count = np.zeros(len(cuts), np.int64)
    places = 0
    for j in cuts:
        f = 0
        while f < places and where[f] != place[j]:
            f += 1
        if f == places:
            where[f], count[f] = place[j], 1
            places += 1
        a = 0.0
        for t in range(len(column)):
            if column[t] == j:
                a = share[t]
        if a < 1.0 and not (edges[f, : count[f]] == a).any():
            edges[f, count[f]] = a
            count[f] += 1
    for f in range(places):
        edges[f, : count[f]].sort()
        edges[f, count[f]] = 1.0
    return edges, count, where[:places]


def _is_clique(problem: CoverProblem, places: tuple[int, ...]) -> bool:
    """Whether all places of a set exclude each other in the problem."""
    pairs = {(min(p, q), max(p, q)) for p, q in problem.conflicts.tolist()}
    members = sorted(places)
    return all((p, q) in pairs for k, p in enumerate(members) for q in members[k + 1 :])


def _charge_conflict(problem: CoverProblem, places: tuple[int, ...], price: float, values: Floats) -> None:
    """A place is used at least as much as the mean over its groups."""
    for place in places:
        own = np.flatnonzero(problem.place == place)
        values[own] -= price / max(len(np.unique(problem.group[own])), 1)


def _floors(problem: CoverProblem, certificate: Certificate, values: Floats) -> float:
    """What floors add outside the columns; columns gain what villages ask from them."""
    total = 0.0
    column = np.repeat(np.arange(problem.columns), np.diff(problem.indptr))
    for floor, price, asked in zip(
        problem.minima, np.maximum(certificate.floor_prices, 0.0), certificate.village_prices, strict=True
    ):
        if price <= 0.0:
            continue
        total -= price * floor.least
        for village, own in zip(floor.villages, np.clip(asked, 0.0, price), strict=True):
            if village.need <= 0:
                total += price
                continue
            total += price - own
            inside = np.zeros(len(problem.weight))
            inside[village.rows] = problem.weight[village.rows]
            brought = np.bincount(
                column, weights=inside[problem.rows] * problem.values, minlength=problem.columns
            )
            values += own * np.minimum(brought / village.need, 1.0)
    return total


def _best_of_groups(problem: CoverProblem, values: Floats) -> float:
    """What is locked in, and the best column of every other group that is worth anything."""
    best: NDArray[np.float64] = np.zeros(int(problem.group.max(initial=-1)) + 1)
    open_ = np.ones(problem.columns, dtype=bool)
    open_[problem.locked_out] = False
    open_[np.isin(problem.group, problem.group[problem.locked_in])] = False
    np.maximum.at(best, problem.group[open_], values[open_])
    return float(best.sum() + values[problem.locked_in].sum())
