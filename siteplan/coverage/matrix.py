"""What masts leave uncovered, and what each candidate would add, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteplan.core.grid import Grid
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.propagation import Footprint, MapFn, Mast, PropagationModel

_BATCH = 64
"""Masts in flight at once, so that windows of a city never pile up in memory."""


def outage_probability(
    masts: Sequence[Mast], propagation: PropagationModel, grid: Grid, services: int, map_fn: MapFn = map
) -> NDArray[np.float32]:
    """Probability that no mast serves a pixel, by service.

    Parameters
    ----------
    masts
        In a fixed order; the product is taken in it, so that the result does not depend on threads.
    propagation
        Propagation level.
    grid
        Demand grid.
    services
        How many services there are.
    map_fn
        ``map`` or the ``map`` of a thread pool.
    """
    outage = np.ones((services, *grid.shape), dtype=np.float32)
    for footprint in _in_batches(map_fn, lambda mast: propagation.footprint(mast, grid), masts):
        if footprint is not None:
            multiply(outage, footprint)
    return outage


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


def multiply(outage: NDArray[np.float32], footprint: Footprint) -> None:
    """Let one footprint take its share of what is still uncovered, in place."""
    rows, cols = footprint.window
    for k, service in enumerate(footprint.services):
        outage[service, rows, cols] *= np.float32(1.0) - footprint.probability[k]


def _in_batches(map_fn: MapFn, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
    pending = iter(items)
    while batch := list(islice(pending, _BATCH)):
        yield from map_fn(function, batch)


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
        before = self.mast
        bands = tuple(sorted({*before.bands, *self.bands}))
        return Mast(
            before.site_id,
            before.easting_m,
            before.northing_m,
            before.area_class,
            before.antenna_height_m,
            bands,
            before.sectors,
        )


def upgrade_footprint(upgrade: Upgrade, propagation: PropagationModel, grid: Grid) -> Footprint | None:
    """Independent share an addition takes of what its mast left uncovered.

    With p0 before and p1 after, (1 - p1) = (1 - p0) (1 - a), so a = (p1 - p0) / (1 - p0).

    Returns
    -------
    Footprint or None
        a by service, times the success probability.
    """
    after = propagation.footprint(upgrade.after(), grid)
    if after is None:
        return None
    share = after.probability.copy()
    before = propagation.footprint(upgrade.mast, grid) if upgrade.mast.bands else None
    if before is not None:
        _discount(share, after, before)
    share *= np.float32(upgrade.success_probability)
    return Footprint(after.row, after.col, after.services, share)


def _discount(share: NDArray[np.float32], after: Footprint, before: Footprint) -> None:
    """Turn p1 into (p1 - p0) / (1 - p0) where the mast served before, in place."""
    top, left = before.row - after.row, before.col - after.col
    height, width = before.probability.shape[1:]
    for k0, service in enumerate(before.services):
        k1 = int(np.searchsorted(after.services, service))
        part = share[k1, top : top + height, left : left + width]
        left_over = np.maximum(np.float32(1.0) - before.probability[k0], np.float32(1e-6))
        part[:] = np.maximum(part - before.probability[k0], np.float32(0.0)) / left_over


def coverage_matrix(
    upgrades: Sequence[Upgrade], demand: DemandGrid, propagation: PropagationModel, map_fn: MapFn = map
) -> CoverageMatrix:
    """Reduce footprints to the demand rows they touch; no footprint is kept.

    Parameters
    ----------
    upgrades
        One a column.
    demand
        Rows.
    propagation
        Propagation level.
    map_fn
        ``map`` or the ``map`` of a thread pool.

    Returns
    -------
    CoverageMatrix
        Columns in the order of ``upgrades``.
    """
    lookup = demand.lookup

    def column(upgrade: Upgrade) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        footprint = upgrade_footprint(upgrade, propagation, demand.grid)
        if footprint is None:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        return _gather(footprint.probability, lookup[footprint.window], demand.row_of, footprint.services)

    columns = list(_in_batches(map_fn, column, upgrades))
    lengths = [len(rows) for rows, _ in columns]
    return CoverageMatrix(
        indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        rows=np.concatenate([rows for rows, _ in columns] or [np.zeros(0, dtype=np.int32)]),
        values=np.concatenate([values for _, values in columns] or [np.zeros(0, dtype=np.float32)]),
        row_count=len(demand.weight),
    )


@njit(nogil=True, cache=True)
def _gather(
    share: NDArray[np.float32],
    lookup: NDArray[np.int32],
    row_of: NDArray[np.int32],
    services: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Rows of a window with a positive share; ascending, because rows go by service, then pixel."""
    count, height, width = share.shape
    room = 0
    for r in range(height):
        for c in range(width):
            if lookup[r, c] >= 0:
                room += count
    rows = np.empty(room, dtype=np.int32)
    values = np.empty(room, dtype=np.float32)
    n = 0
    for k in range(count):
        s = services[k]
        for r in range(height):
            for c in range(width):
                pixel = lookup[r, c]
                if pixel >= 0 and share[k, r, c] > 0.0 and row_of[s, pixel] >= 0:
                    rows[n] = row_of[s, pixel]
                    values[n] = share[k, r, c]
                    n += 1
    return rows[:n].copy(), values[:n].copy()
