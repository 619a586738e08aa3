"""What masts leave uncovered, and what each candidate would add, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteplan.core.grid import Grid
from siteplan.core.progress import SILENT, Report
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.footprint_cache import Entries
from siteplan.coverage.propagation import Footprint, MapFn, Mast, PixelFootprint, PropagationModel
from siteplan.radio.shadowing import SharedShadowing, conditional_probability, take_probability

TILE_M = 16_000.0
"""Edge of the tiles of land whose masts are reduced together, counted from the origin of the CRS [m]."""
BLOCK = 32
"""Most masts or options of a block: what one task computes."""


def blocks_of(places: Sequence[Mast]) -> list[list[int]]:
    """Positions of masts that are reduced together: by tile of land, then by id.

    A fixed tree: it depends on the masts alone, so that threads, processes and a cluster take every product
    in the same order.

    Examples
    --------
    >>> far = Mast("A", 40_000.0, 0.0, "rural", 30.0, ())
    >>> blocks_of([far, replace(far, site_id="C", easting_m=0.0), replace(far, site_id="B", easting_m=1.0)])
    [[2, 1], [0]]
    """
    tiles: dict[tuple[int, int], list[int]] = {}
    for position, mast in enumerate(places):
        tile = int(-mast.northing_m // TILE_M), int(mast.easting_m // TILE_M)
        tiles.setdefault(tile, []).append(position)
    blocks = []
    for tile in sorted(tiles):
        order = sorted(tiles[tile], key=lambda position: (places[position].site_id, position))
        blocks += [order[start : start + BLOCK] for start in range(0, len(order), BLOCK)]
    return blocks


@dataclass(frozen=True, eq=False)
class NodeOutage:
    """Probability that nobody serves a pixel, at each node of the shared shadowing.

    Attributes
    ----------
    shadowing
        The nodes.
    by_node
        float32, shape (services, nodes, height, width).
    """

    shadowing: SharedShadowing
    by_node: NDArray[np.float32]

    @cached_property
    def mean(self) -> NDArray[np.float32]:
        """Probability over all shadowing, shape (services, height, width)."""
        return self.shadowing.mean(self.by_node)

    def rows(self, demand: DemandGrid) -> NDArray[np.float64]:
        """Of the demand rows, shape (rows, nodes)."""
        flat = self.by_node.reshape(*self.by_node.shape[:2], -1)[:, :, demand.pixels]
        return np.moveaxis(flat, 1, 2)[demand.row_of >= 0].astype(np.float64)


def outage_by_node(
    masts: Sequence[Mast],
    propagation: PropagationModel,
    grid: Grid,
    shadowing: SharedShadowing,
    map_fn: MapFn = map,
    report: Report = SILENT,
) -> NodeOutage:
    """Probability that no mast serves a pixel, by service and node of the shared shadowing.

    Parameters
    ----------
    masts
        In a fixed order; the product is taken in it, so that the result does not depend on threads.
    propagation
        Propagation level.
    grid
        Demand grid.
    shadowing
        Nodes, and the correlation of each service.
    map_fn
        ``map``, threads, or a cluster: see :mod:`siteplan.core.engine`.
    report
        Is told how many masts are done.

    Returns
    -------
    NodeOutage
        1 everywhere without masts.
    """
    outage = np.ones((len(shadowing.correlation), len(shadowing.node), *grid.shape), dtype=np.float32)
    task = BlockOutage(propagation, grid, shadowing)
    for _, part in _by_blocks(map_fn, task, masts, masts, report):
        height, width = part.left.shape[2:]
        outage[:, :, part.row : part.row + height, part.col : part.col + width] *= part.left
    return NodeOutage(shadowing, outage)


@dataclass(frozen=True, eq=False)
class PartOutage:
    """What the masts of a block leave uncovered, in the window they reach.

    Attributes
    ----------
    row, col
        Upper-left pixel of the window on the grid.
    left
        float32, shape (services, nodes, height, width).
    entries
        What was computed for it and is worth keeping, from a worker elsewhere.
    """

    row: int
    col: int
    left: NDArray[np.float32]
    entries: Entries = ()


@dataclass(frozen=True, eq=False)
class BlockOutage:
    """The task of reducing a block of masts; it can be sent to another process.

    Attributes
    ----------
    propagation, grid, shadowing
        As in :func:`outage_by_node`.
    """

    propagation: PropagationModel
    grid: Grid
    shadowing: SharedShadowing

    def __call__(self, block: Sequence[Mast]) -> PartOutage:
        """Product over the masts of a block, in their order."""
        found = [self.propagation.footprint(mast, self.grid) for mast in block]
        reached = [each for each in found if each is not None]
        row, col, height, width = _window_of(reached)
        left = np.ones(
            (len(self.shadowing.correlation), len(self.shadowing.node), height, width), dtype=np.float32
        )
        for each in reached:
            _take_share(left, each, self.shadowing, row, col)
        return PartOutage(row, col, left, self.propagation.new_entries())

    def is_kept(self, block: Sequence[Mast]) -> bool:
        """Whether an earlier run kept every footprint of a block."""
        return all(self.propagation.is_kept(mast, self.grid) for mast in block)


def _window_of(footprints: Sequence[Footprint]) -> tuple[int, int, int, int]:
    """Window on the grid that holds all footprints: row, column, height, width."""
    if not footprints:
        return 0, 0, 0, 0
    windows = [each.window for each in footprints]
    top, left = min(rows.start for rows, _ in windows), min(cols.start for _, cols in windows)
    bottom, right = max(rows.stop for rows, _ in windows), max(cols.stop for _, cols in windows)
    return top, left, bottom - top, right - left


def _take_share(
    outage: NDArray[np.float32], footprint: Footprint, shadowing: SharedShadowing, row: int, col: int
) -> None:
    """Let one mast take its share of what is still uncovered at each node of a window, in place."""
    score = footprint.score
    if shadowing.shift is not None:
        score = score + shadowing.shift[(footprint.services, *footprint.window)]
    rho = shadowing.correlation[footprint.services]
    rows, cols = footprint.window
    window = slice(rows.start - row, rows.stop - row), slice(cols.start - col, cols.stop - col)
    take_probability(outage, footprint.services, window, score, footprint.sharpness, rho, shadowing.node)


def best_server(
    masts: Sequence[Mast],
    propagation: PropagationModel,
    easting_m: NDArray[np.float64],
    northing_m: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Mast that serves each point best in the first service.

    Parameters
    ----------
    masts
        Of two equally good masts the earlier one serves.
    propagation
        Propagation level.
    easting_m, northing_m
        Points [m], shape (n,).

    Returns
    -------
    tuple of ndarray
        Position in ``masts`` (-1 where none reaches) and its probability, shape (n,).
    """
    server = np.full(len(easting_m), -1, dtype=np.int64)
    best = np.zeros(len(easting_m))
    for position, mast in enumerate(masts):
        services, probability = propagation.at(mast, easting_m, northing_m)
        if services.size and services[0] == 0:
            better = probability[0] > best
            best = np.where(better, probability[0], best)
            server = np.where(better, position, server)
    return server, best


@dataclass(frozen=True, eq=False)
class NodeShares:
    """Probability of service around one mast at each node of the shared shadowing.

    Attributes
    ----------
    row, col, services
        As of a footprint.
    share
        float32, shape (k, nodes, height, width).
    """

    row: int
    col: int
    services: NDArray[np.int64]
    share: NDArray[np.float32]

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns on the grid."""
        height, width = self.share.shape[2:]
        return slice(self.row, self.row + height), slice(self.col, self.col + width)


def shares_by_node(footprint: Footprint, shadowing: SharedShadowing) -> NodeShares:
    """A footprint at each node."""
    rho, score = shadowing.correlation[footprint.services], footprint.score
    if shadowing.shift is not None:
        score = score + shadowing.shift[(footprint.services, *footprint.window)]
    share = conditional_probability(score, footprint.sharpness, rho, shadowing.node)
    return NodeShares(footprint.row, footprint.col, footprint.services, share)


def multiply(outage: NDArray[np.float32], shares: NodeShares) -> None:
    """Let one mast take its share of what is still uncovered at each node, in place."""
    rows, cols = shares.window
    for k, service in enumerate(shares.services):
        outage[service, :, rows, cols] *= np.float32(1.0) - shares.share[k]


def _by_blocks(
    map_fn: MapFn,
    task: BlockOutage | BlockColumns,
    items: Sequence[Any],
    masts: Sequence[Mast],
    report: Report,
) -> Iterator[tuple[list[int], Any]]:
    """Positions and result of each block of items, by the tree of their masts; what came with it is kept."""
    blocks, done = blocks_of(masts), 0
    results = map_fn(task, [[items[position] for position in block] for block in blocks])
    for block, result in zip(blocks, results, strict=True):
        task.propagation.keep(result.entries)
        yield block, result
        done += len(block)
        report.step(done, len(items))


@dataclass(frozen=True, eq=False)
class CoverageMatrix:
    """What each option newly covers: compressed columns over demand rows.

    Attributes
    ----------
    indptr, rows, values
        Column j has ``rows[indptr[j]:indptr[j + 1]]``, ascending, with a_ij in ``values`` (0-1].
    row_count
        Number of demand rows.
    """

    indptr: NDArray[np.int64]
    rows: NDArray[np.int32]
    values: NDArray[np.float32]
    row_count: int


@dataclass(frozen=True)
class Upgrade:
    """Bands put on a mast that may already carry some.

    Attributes
    ----------
    mast
        The mast with the bands it has today (none for a new place).
    bands
        Bands to be added.
    success_probability
        Probability that the place can be had [0-1].
    """

    mast: Mast
    bands: tuple[str, ...]
    success_probability: float = 1.0

    def after(self) -> Mast:
        """The mast with the bands added."""
        return replace(self.mast, bands=tuple(sorted({*self.mast.bands, *self.bands})))


def upgrade_shares(
    upgrade: Upgrade, propagation: PropagationModel, grid: Grid, shadowing: SharedShadowing
) -> NodeShares | None:
    """Independent share an addition takes of what its mast left uncovered, at each node.

    With p0 before and p1 after, (1 - p1) = (1 - p0) (1 - a), so a = (p1 - p0) / (1 - p0).

    Returns
    -------
    NodeShares or None
        a times the chance that the place can be had; None when nothing reaches the grid.
    """
    footprint = propagation.footprint(upgrade.after(), grid)
    if footprint is None:
        return None
    after = shares_by_node(footprint, shadowing)
    before = propagation.footprint(upgrade.mast, grid) if upgrade.mast.bands else None
    if before is not None:
        _discount(after, shares_by_node(before, shadowing))
    np.multiply(after.share, np.float32(upgrade.success_probability), out=after.share)
    return after


def _discount(after: NodeShares, before: NodeShares) -> None:
    """Turn p1 into (p1 - p0) / (1 - p0) where the mast served before, in place."""
    top, left = before.row - after.row, before.col - after.col
    height, width = before.share.shape[2:]
    for k0, service in enumerate(before.services):
        k1 = int(np.searchsorted(after.services, service))
        part = after.share[k1, :, top : top + height, left : left + width]
        part[:] = _more(part, before.share[k0])


def coverage_matrix(
    upgrades: Sequence[Upgrade],
    demand: DemandGrid,
    propagation: PropagationModel,
    shadowing: SharedShadowing,
    wanted: NDArray[np.bool_],
    map_fn: MapFn = map,
    report: Report = SILENT,
) -> CoverageMatrix:
    """Reduce footprints to the demand rows they touch, node by node; no footprint is kept.

    Parameters
    ----------
    upgrades
        One a column.
    demand
        Rows.
    propagation
        Propagation level.
    shadowing
        Row i of the demand at node q of n is row ``i * n + q`` of the matrix.
    wanted
        Rows of the matrix that get entries, shape (rows,).
    map_fn
        ``map``, threads, or a cluster: see :mod:`siteplan.core.engine`.
    report
        Is told how many options are done.

    Returns
    -------
    CoverageMatrix
        Columns in the order of ``upgrades``.
    """
    asked: NDArray[np.bool_] = np.append(wanted.reshape(-1, len(shadowing.node)).any(axis=1), False)
    by_pixel = asked[demand.row_of].any(axis=0)  # -1, the last, asks for nothing
    mask = np.zeros(demand.grid.shape, dtype=np.bool_)
    mask.ravel()[demand.pixels[by_pixel]] = True

    task = BlockColumns(propagation, demand.grid, shadowing, mask, demand.pixels, demand.row_of, wanted)
    masts = [upgrade.mast for upgrade in upgrades]
    columns: list[Column] = [_NO_COLUMN] * len(upgrades)
    for block, part in _by_blocks(map_fn, task, upgrades, masts, report):
        for position, column in zip(block, part.columns, strict=True):
            columns[position] = column
    lengths = [len(rows) for rows, _ in columns]
    return CoverageMatrix(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        rows=np.concatenate([rows for rows, _ in columns] or [np.zeros(0, dtype=np.int32)]),
        values=np.concatenate([values for _, values in columns] or [np.zeros(0, dtype=np.float32)]),
        row_count=len(demand.weight) * len(shadowing.node),
    )


Column = tuple[NDArray[np.int32], NDArray[np.float32]]
_NO_COLUMN: Column = (np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))


@dataclass(frozen=True, eq=False)
class PartColumns:
    """Columns of a block of options, and what was computed for them and is worth keeping."""

    columns: tuple[Column, ...]
    entries: Entries = ()


@dataclass(frozen=True, eq=False)
class BlockColumns:
    """The task of a block of options; it can be sent to another process.

    Attributes
    ----------
    propagation, grid, shadowing
        As in :func:`coverage_matrix`.
    mask
        Pixels asked for, shape of the grid.
    pixels, row_of
        Of the demand.
    wanted
        Rows that get entries.
    """

    propagation: PropagationModel
    grid: Grid
    shadowing: SharedShadowing
    mask: NDArray[np.bool_]
    pixels: NDArray[np.int64]
    row_of: NDArray[np.int32]
    wanted: NDArray[np.bool_]

    def __call__(self, block: Sequence[Upgrade]) -> PartColumns:
        """Columns of a block, in its order."""
        return PartColumns(tuple(map(self._column, block)), self.propagation.new_entries())

    def _column(self, upgrade: Upgrade) -> Column:
        found = _shares_on(upgrade, self.propagation, self.grid, self.shadowing, self.mask)
        if found is None:
            return _NO_COLUMN
        services, pixels, share = found
        row = self.row_of[services][:, np.searchsorted(self.pixels, pixels)]
        return _gather(share, row, self.wanted)

    def is_kept(self, block: Sequence[Upgrade]) -> bool:
        """Whether an earlier run kept every footprint of a block."""
        masts = [mast for upgrade in block for mast in (upgrade.after(), upgrade.mast) if mast.bands]
        return all(self.propagation.is_kept(mast, self.grid, self.mask) for mast in masts)


def _shares_on(
    upgrade: Upgrade,
    propagation: PropagationModel,
    grid: Grid,
    shadowing: SharedShadowing,
    wanted: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]] | None:
    """:func:`upgrade_shares` at wanted pixels: services (k,), pixels (n,), shares (k, nodes, n)."""
    after = propagation.footprint_on(upgrade.after(), grid, wanted)
    if after is None:
        return None
    share = _conditional(after, shadowing, grid)
    before = propagation.footprint_on(upgrade.mast, grid, wanted) if upgrade.mast.bands else None
    if before is not None:
        at = np.searchsorted(after.pixels, before.pixels)
        on = np.searchsorted(after.services, before.services)
        old = _conditional(before, shadowing, grid)
        for k0, k1 in enumerate(on):
            share[k1, :, at] = _more(share[k1, :, at], old[k0].T)
    return after.services, after.pixels, share * np.float32(upgrade.success_probability)


def _conditional(found: PixelFootprint, shadowing: SharedShadowing, grid: Grid) -> NDArray[np.float32]:
    """Probability at each node of some pixels, shape (k, nodes, n)."""
    score = found.score
    if shadowing.shift is not None:
        row, col = np.divmod(found.pixels, grid.width)
        score = score + shadowing.shift[found.services[:, None], row, col]
    rho = shadowing.correlation[found.services]
    each = conditional_probability(score[:, None], found.sharpness[:, None], rho, shadowing.node)
    return each[:, :, 0]


def _more(after: NDArray[np.float32], before: NDArray[np.float32]) -> NDArray[np.float32]:
    """(p1 - p0) / (1 - p0), not below zero."""
    left_over = np.maximum(np.float32(1.0) - before, np.float32(1e-6))
    return np.maximum(after - before, np.float32(0.0)) / left_over


@njit(nogil=True, cache=True)
def _gather(
    share: NDArray[np.float32], row: NDArray[np.int32], wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Wanted rows with a positive share, ascending: by service, then pixel, then node."""
    count, nodes, size = share.shape
    rows = np.empty(count * nodes * size, dtype=np.int32)
    values = np.empty(count * nodes * size, dtype=np.float32)
    n = 0
    for k in range(count):
        for j in range(size):
            if row[k, j] < 0:
                continue
            for q in range(nodes):
                at = row[k, j] * nodes + q
                if wanted[at] and share[k, q, j] > 0.0:
                    rows[n] = at
                    values[n] = share[k, q, j]
                    n += 1
    return rows[:n].copy(), values[:n].copy()
