"""A problem whose values are drawn: one sky over each row, one error over each place.

Rows of a problem with nodes stand one a demand row and node of what places share. A draw picks one value of
that shared part for every demand row and reads shares and what is left between the nodes; and one error for
every place, by which the place's own part is split, so that the mean over errors is the share again:

    a' = Phi((Phi^-1(a) + sqrt(k) s) / sqrt(1 - k)),  s standard normal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from siteplan.selection.problem import Cap, CoverProblem, Floats, Ints

_STEPS = 64
"""Steps of the table by which shares change with a place's error."""
_EDGE = 1e-4


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Some columns of a problem with nodes, one entry a demand row.

    Attributes
    ----------
    columns
        Columns of the whole problem, ascending, shape (k,).
    indptr, rows
        Entries by column; rows are demand rows.
    first
        First entry of the whole problem each belongs to; entries of one demand row follow each other.
    nodes
        Nodes of the shared part.
    problem
        The whole problem.
    """

    columns: Ints
    indptr: Ints
    rows: NDArray[np.int32]
    first: Ints
    nodes: int
    problem: CoverProblem


def drawn_rows(problem: CoverProblem, columns: Ints, nodes: int) -> DrawnRows:
    """Columns made ready for draws.

    Parameters
    ----------
    problem
        Row ``i * nodes + q`` is demand row i at node q.
    columns
        Those that will be drawn.
    nodes
        Number of nodes.
    """
    kept = np.sort(columns)
    indptr, rows, first = [0], [], []
    for column in kept:
        start, stop = int(problem.indptr[column]), int(problem.indptr[column + 1])
        demand = problem.rows[start:stop] // nodes
        new = np.flatnonzero(np.diff(demand, prepend=-1))
        rows.append(demand[new])
        first.append(start + new)
        indptr.append(indptr[-1] + len(new))
    none = [np.zeros(0, dtype=np.int32)]
    return DrawnRows(
        kept,
        np.array(indptr, dtype=np.int64),
        np.concatenate(rows or none).astype(np.int32),
        np.concatenate(first or none).astype(np.int64),
        nodes,
        problem,
    )


def sky_position(sky: Floats, node: Floats) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Between which nodes drawn values lie: the lower one, and how far towards the next [0-1]; ends are held.

    The way between two nodes is measured in probability, as the nodes themselves are spread.
    """
    if len(node) == 1:
        return np.zeros(len(sky), dtype=np.int8), np.zeros(len(sky), dtype=np.float32)
    rank, place = ndtr(sky), ndtr(node)
    lower = np.clip(np.searchsorted(place, rank, side="right") - 1, 0, len(node) - 2)
    part = np.clip((rank - place[lower]) / (place[lower + 1] - place[lower]), 0.0, 1.0)
    return lower.astype(np.int8), part.astype(np.float32)


def between_nodes(by_node: Floats, lower: NDArray[np.int8], part: NDArray[np.float32]) -> Floats:
    """Values of rows at their drawn sky, from values by node of shape (rows, nodes)."""
    at = np.arange(len(by_node))
    low = by_node[at, lower]
    if by_node.shape[1] == 1:
        return low
    return low + part * (by_node[at, lower + 1] - low)


def drawn_problem(
    ready: DrawnRows,
    weight: Floats,
    sky: tuple[NDArray[np.int8], NDArray[np.float32]],
    error: Floats,
    site_share: float,
) -> CoverProblem:
    """The problem of one draw over the columns made ready.

    Parameters
    ----------
    ready
        Columns.
    weight
        Weight of each demand row that is not covered yet in this draw, shape (demand rows,).
    sky
        Of each demand row: see :func:`sky_position`.
    error
        s of each column's place, shape (columns made ready,).
    site_share
        k [0-1).

    Returns
    -------
    CoverProblem
        Columns are positions in ``ready.columns``; conflicts and caps speak of them.
    """
    values = np.empty(len(ready.rows), dtype=np.float32)
    table = _changed(error, site_share)
    whole = ready.problem
    entries = (ready.indptr, ready.rows, ready.first)
    _draw(entries, (whole.rows, whole.values), ready.nodes, sky, table, values)
    kept = ready.columns
    return replace(
        whole,
        indptr=ready.indptr,
        rows=ready.rows,
        values=values,
        weight=weight,
        stations=whole.stations[kept],
        place=whole.place[kept],
        group=whole.group[kept],
        caps=tuple(_cap_of(cap, whole, kept) for cap in whole.caps),
        locked_in=np.flatnonzero(np.isin(kept, whole.locked_in)),
        locked_out=np.flatnonzero(np.isin(kept, whole.locked_out)),
        minima=(),
        cost=None if whole.cost is None else whole.cost[kept],
        ids=None if whole.ids is None else tuple(whole.ids[k] for k in kept),
    )


def _cap_of(cap: Cap, problem: CoverProblem, kept: Ints) -> Cap:
    """A cap over the columns that were kept."""
    here = np.isin(cap.members, kept)
    sizes = problem.sizes_in(cap)[here]
    return replace(cap, members=np.searchsorted(kept, cap.members[here]), sizes=sizes)


def _changed(error: Floats, site_share: float) -> NDArray[np.float32]:
    """Table of changed shares by error: rows are errors, columns shares from 0 to 1."""
    share = np.linspace(0.0, 1.0, _STEPS + 1)
    if site_share <= 0.0:
        return np.broadcast_to(share.astype(np.float32), (len(error), _STEPS + 1)).copy()
    score = ndtri(np.clip(share, _EDGE, 1.0 - _EDGE))
    moved = (score[None, :] + np.sqrt(site_share) * error[:, None]) / np.sqrt(1.0 - site_share)
    table = ndtr(moved)
    table[:, 0], table[:, -1] = 0.0, 1.0
    return table.astype(np.float32)


@njit(cache=True, nogil=True)
def _draw(
    entries: tuple[Ints, NDArray[np.int32], Ints],
    whole: tuple[NDArray[np.int32], NDArray[np.float32]],
    nodes: int,
    sky: tuple[NDArray[np.int8], NDArray[np.float32]],
    table: NDArray[np.float32],
    values: NDArray[np.float32],
) -> None:
    """Share of each entry at the drawn sky, changed by its place's error."""
    indptr, rows, first = entries
    all_rows, all_values = whole
    lower, part = sky
    steps = table.shape[1] - 1
    for column in range(indptr.size - 1):
        for e in range(indptr[column], indptr[column + 1]):
            row, low, high = rows[e], np.float32(0.0), np.float32(0.0)
            at = first[e]
            while at < all_rows.size and all_rows[at] // nodes == row:
                node = all_rows[at] - row * nodes
                if node == lower[row]:
                    low = all_values[at]
                elif node == lower[row] + 1:
                    high = all_values[at]
                at += 1
                if at < all_rows.size and all_rows[at] <= all_rows[at - 1]:
                    break  # the next column begins
            share = low if nodes == 1 else low + part[row] * (high - low)
            place = share * np.float32(steps)
            step = min(int(place), steps - 1)
            known = table[column, step]
            values[e] = known + (table[column, step + 1] - known) * (place - np.float32(step))
