"""Footprints of masts and what they leave uncovered.

A person is covered with probability P = Phi((median - T) / sigma). Bands of one mast share their
shadowing (the best band counts); masts are independent, so the uncovered probability is a product.

One decision to know: a propagation level is anything with a ``footprint``. ``BufferLevel`` knows distance
only; :class:`siteplan.coverage.terrain.TerrainLevel` takes its place, and nothing else in the house changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from siteplan.project.schema import Config
from siteplan.coverage.demand import Demand, Service
from siteplan.core.errors import RangeError
from siteplan.core.grid import Grid, Raster
from siteplan.inputs.tables.angles import angles_of
from siteplan.radio.linkbudget import STEP_M, LinkBudgets
from siteplan.radio.sectors import Sector, attenuation_db, directions, sector_loss_db

MapFn = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Signature of the builtin ``map``; threads or a cluster may take its place."""

_BATCH = 64
"""Masts in flight at once, so that windows of a city never pile up in memory."""


@dataclass(frozen=True)
class Mast:
    """A place with antennas, as propagation sees it.

    Attributes
    ----------
    site_id
        Stable id.
    easting_m, northing_m
        In the project CRS [m].
    area_class
        Class of the land it stands on; it picks the formula.
    antenna_height_m
        Above ground [m].
    bands
        Band ids on it, sorted.
    sectors
        Sectors of the bands that have any; a band without is omnidirectional.
    """

    site_id: str
    easting_m: float
    northing_m: float
    area_class: str
    antenna_height_m: float
    bands: tuple[str, ...]
    sectors: tuple[tuple[str, tuple[Sector, ...]], ...] = ()

    def sectors_of(self, band: str) -> tuple[Sector, ...]:
        """Sectors of one band; none for an omnidirectional one."""
        return dict(self.sectors).get(band, ())


@dataclass(frozen=True, eq=False)
class Footprint:
    """Probability of each service around one mast.

    Attributes
    ----------
    row, col
        Upper-left pixel of the window on the grid.
    services
        Positions of the services the mast can deliver, ascending, shape (k,).
    probability
        float32, shape (k, height, width); 0 below the project's floor.
    """

    row: int
    col: int
    services: NDArray[np.int64]
    probability: NDArray[np.float32]

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns on the grid."""
        height, width = self.probability.shape[1:]
        return slice(self.row, self.row + height), slice(self.col, self.col + width)


class Level(Protocol):
    """What a propagation level must do."""

    name: str
    config: Config
    budgets: LinkBudgets

    def footprint(self, mast: Mast, grid: Grid) -> Footprint | None:
        """Probability of each service around a mast, or None when it does not reach the grid."""

    def at(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions of the services a mast delivers, and their probability at points."""

    def reach_m(self, mast: Mast) -> float:
        """Distance beyond which a mast gives nothing [m]."""

    def radius_limited(self, mast: Mast) -> bool:
        """Whether a mast still serves where it is no longer followed."""

    def for_services(self, services: Sequence[Service]) -> Level:
        """The same propagation asked for other services."""


class BufferLevel:
    """Propagation buffers: RSRP falls with distance by one published formula per band and class.

    Parameters
    ----------
    config
        The project.
    services
        Services asked for.
    clutter
        Kind of clutter by pixel, for a calibration that tells them apart; None for none.
    """

    name = "buffer"

    def __init__(self, config: Config, services: Sequence[Service], clutter: Raster | None = None) -> None:
        self.config = config
        self.services = tuple(services)
        self.clutter = clutter
        self.budgets = LinkBudgets(config, self.name)
        self._by_place = clutter is not None and bool(self.budgets.clutter_terms_db().any())
        self._tables: dict[
            tuple[str, float, tuple[str, ...]], tuple[NDArray[np.int64], NDArray[np.float32]]
        ] = {}

    def footprint(self, mast: Mast, grid: Grid) -> Footprint | None:
        """Probability of each service in the window a mast reaches.

        Parameters
        ----------
        mast
            The mast.
        grid
            Grid to fall on.

        Returns
        -------
        Footprint or None
            None when the mast has no band, or its reach ends before the grid.
        """
        services, table = self.radial(mast)
        window = _window(grid, mast.easting_m, mast.northing_m, self.reach_m(mast))
        if window is None or not services.size:
            return None
        row, col, height, width = window
        if self._by_place or mast.sectors:
            x, y = grid.centre(*np.ogrid[row : row + height, col : col + width])
            at = np.broadcast_arrays(x, y)
            return Footprint(row, col, services, self._at_places(mast, at[0], at[1]).astype(np.float32))
        values = np.empty((len(services), height, width), dtype=np.float32)
        first = grid.centre(np.array(row), np.array(col))
        corner = np.array([first[0], first[1], mast.easting_m, mast.northing_m])
        _fill(values, table, corner, grid.resolution_m, STEP_M)
        return Footprint(row, col, services, values)

    def radial(self, mast: Mast) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Services a mast delivers and their probability against distance.

        Parameters
        ----------
        mast
            Its place does not matter.

        Returns
        -------
        tuple of ndarray
            Positions of services, shape (k,), and probabilities every ``STEP_M``, shape (k, d).
        """
        key = (mast.area_class, mast.antenna_height_m, mast.bands)
        if key not in self._tables:
            self._tables[key] = self._make(mast)
        return self._tables[key]

    def _make(self, mast: Mast) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        positions, scores = [], []
        for position, service in enumerate(self.services):
            bands = bands_of(service, mast.bands, self.config)
            margins = [
                self.budgets.margin(b, mast.area_class, mast.antenna_height_m, service.layer) for b in bands
            ]
            if margins:
                positions.append(position)
                scores.append(_best(margins))
        if not scores:
            return np.zeros(0, dtype=np.int64), np.zeros((0, 1), dtype=np.float32)
        probability = ndtr(_stacked(scores)).astype(np.float32)
        probability[probability < self.config.coverage.probability_floor] = 0.0
        far = int(np.flatnonzero(probability.any(axis=0)).max(initial=-1)) + 1
        padded = np.pad(probability[:, :far], ((0, 0), (0, 1)))
        return np.array(positions, dtype=np.int64), np.ascontiguousarray(padded)

    def at(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Probability of each service at points rather than pixels.

        Parameters
        ----------
        mast
            The mast.
        easting_m, northing_m
            Points [m], shape (n,).

        Returns
        -------
        tuple of ndarray
            Positions of services, shape (k,), and probabilities, shape (k, n).
        """
        services, table = self.radial(mast)
        if self._by_place or mast.sectors:
            return services, self._at_places(mast, easting_m, northing_m)
        distance = np.hypot(easting_m - mast.easting_m, northing_m - mast.northing_m)
        steps = np.arange(table.shape[1]) * STEP_M
        rows = [np.interp(distance, steps, row, right=0.0) for row in table]
        return services, np.array(rows).reshape(len(services), len(distance))

    def reach_m(self, mast: Mast) -> float:
        """Distance at which every probability has fallen below the floor [m].

        Where sectors or places may be stronger than their class, the end of the formulas' ranges.
        """
        stronger = any(sector.extra_db > 0.0 for _, each in mast.sectors for sector in each)
        if not (self._by_place or stronger):
            return (self.radial(mast)[1].shape[1] - 1) * STEP_M
        tables = [self.budgets.radial(b, mast.area_class, mast.antenna_height_m) for b in mast.bands]
        return max((table.farthest_m for table in tables), default=0.0)

    def radius_limited(self, mast: Mast) -> bool:
        """Whether a mast still serves where the formulas end.

        Parameters
        ----------
        mast
            The mast.

        Returns
        -------
        bool
            P of the first service at the last distance is not below the project's edge target.
        """
        layer, target = self.services[0].layer, ndtri(self.config.coverage.edge_probability_target)
        drop = mast.antenna_height_m - self.config.coverage.receiver_height_m
        bearing = np.radians(np.arange(0.0, 360.0, 5.0))
        for band in mast.bands:
            table = self.budgets.radial(band, mast.area_class, mast.antenna_height_m)
            rim = table.farthest_m * np.sin(bearing), table.farthest_m * np.cos(bearing)
            need = self.budgets.threshold_dbm(layer, band, mast.area_class)
            sectors, shape = mast.sectors_of(band), self.budgets.pattern(band, mast.area_class)
            lost = sector_loss_db(sectors, shape, *rim, drop) if sectors else np.zeros(1)
            score = (table.rsrp_dbm[-1] - lost - need) / table.sigma_db
            if (score >= target).any():
                return True
        return False

    def for_services(self, services: Sequence[Service]) -> BufferLevel:
        """The same propagation asked for other services."""
        return BufferLevel(self.config, services, self.clutter)

    def _at_places(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Probability of each service where direction or ground matters too, shape (k, *points)."""
        east, north = easting_m - mast.easting_m, northing_m - mast.northing_m
        steps = np.hypot(east, north) / STEP_M
        ground = self._clutter_at(easting_m, northing_m)
        drop = mast.antenna_height_m - self.config.coverage.receiver_height_m
        towards = directions(east, north, drop) if mast.sectors else None
        best = {}
        for band in mast.bands:
            table = self.budgets.radial(band, mast.area_class, mast.antenna_height_m)
            rsrp = np.interp(steps, np.arange(len(table.rsrp_dbm)), table.rsrp_dbm, right=-np.inf) - ground
            sectors = mast.sectors_of(band)
            if sectors and towards is not None:
                rsrp = rsrp - attenuation_db(sectors, self.budgets.pattern(band, mast.area_class), towards)
            best[band] = rsrp, table.sigma_db
        rows = []
        for position in self.radial(mast)[0]:
            service = self.services[position]
            bands = bands_of(service, mast.bands, self.config)
            need = [self.budgets.threshold_dbm(service.layer, b, mast.area_class) for b in bands]
            scores = [(best[b][0] - t) / best[b][1] for b, t in zip(bands, need, strict=True)]
            rows.append(ndtr(np.max(scores, axis=0)))
        probability = np.array(rows).reshape(len(rows), *np.shape(steps))
        probability[probability < self.config.coverage.probability_floor] = 0.0
        return probability

    def kind_at(self, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]) -> NDArray[np.intp]:
        """Kind of clutter at points, of their shape; without a raster the first area class's."""
        if self.clutter is None:
            return np.zeros(np.shape(easting_m), dtype=np.intp)
        grid = self.clutter.grid
        row, col = grid.index(easting_m, northing_m)
        row, col = row.clip(0, grid.height - 1), col.clip(0, grid.width - 1)
        return self.clutter.values[row, col].astype(np.intp)

    def _clutter_at(
        self, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Calibrated loss of the ground at points [dB]."""
        if not self._by_place:
            return np.zeros(np.shape(easting_m))
        return self.budgets.clutter_terms_db()[self.kind_at(easting_m, northing_m)]


def bands_of(service: Service, bands: Iterable[str], config: Config) -> list[str]:
    """Those of some bands that deliver a service: all of them where any network will do.

    Parameters
    ----------
    service
        Layer and network.
    bands
        Band ids.
    config
        The project.

    Returns
    -------
    list of str
        In the order given.
    """
    return [band for band in bands if service.network in ("", config.band(band).network)]


def _best(margins: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Best band at each distance; a band whose formula ends earlier gives nothing beyond."""
    return _stacked(margins).max(axis=0)


def _stacked(rows: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    length = max(len(row) for row in rows)
    return np.stack([np.pad(row, (0, length - len(row)), constant_values=-np.inf) for row in rows])


def _window(
    grid: Grid, easting_m: float, northing_m: float, reach_m: float
) -> tuple[int, int, int, int] | None:
    """Row, column, height and width of the pixels whose centre may lie within reach."""
    res = grid.resolution_m
    col0 = max(0, int(np.floor((easting_m - reach_m - grid.west_m) / res)))
    col1 = min(grid.width, int(np.floor((easting_m + reach_m - grid.west_m) / res)) + 1)
    row0 = max(0, int(np.floor((grid.north_m - northing_m - reach_m) / res)))
    row1 = min(grid.height, int(np.floor((grid.north_m - northing_m + reach_m) / res)) + 1)
    if col0 >= col1 or row0 >= row1:
        return None
    return row0, col0, row1 - row0, col1 - col0


@njit(nogil=True, cache=True)
def _fill(
    values: NDArray[np.float32],
    table: NDArray[np.float32],
    corner: NDArray[np.float64],
    resolution_m: float,
    step_m: float,
) -> None:
    """Interpolate radial tables at pixel centres.

    ``corner`` holds easting and northing of the first centre and of the mast. Centres are exact in
    binary, so a pixel's value is the same whatever window it is computed in.
    """
    count, height, width = values.shape
    last = table.shape[1] - 1
    for r in range(height):
        dy = (corner[1] - r * resolution_m) - corner[3]
        for c in range(width):
            dx = (corner[0] + c * resolution_m) - corner[2]
            position = np.sqrt(dx * dx + dy * dy) / step_m
            k = int(position)
            if k >= last:
                for s in range(count):
                    values[s, r, c] = 0.0
            else:
                share = np.float32(position - k)
                for s in range(count):
                    values[s, r, c] = table[s, k] * (np.float32(1.0) - share) + table[s, k + 1] * share


def masts_of(stations: gpd.GeoDataFrame, config: Config, level: Level) -> tuple[list[Mast], list[str]]:
    """One mast per site from its stations, in id order.

    Parameters
    ----------
    stations
        On-air stations with ``site_id, band, antenna_height_m, area_class``; None for no network.
    config
        The project.
    level
        Used to find masts whose height no formula holds for.

    Returns
    -------
    tuple
        Masts, and the ids of stations that no formula can serve.
    """
    masts: list[Mast] = []
    refused: list[str] = []
    for site_id, group in () if stations is None else stations.groupby("site_id", sort=True):
        mast = mast_of(str(site_id), group, config, level)
        refused += list(group.loc[~group["band"].isin(mast.bands), "station_id"])
        if mast.bands:
            masts.append(mast)
    return masts, refused


def mast_of(site_id: str, stations: gpd.GeoDataFrame, config: Config, level: Level) -> Mast:
    """The mast some stations of one site stand on.

    Parameters
    ----------
    site_id
        Of the site.
    stations
        At least one, as in :func:`masts_of`.
    config, level
        See there.

    Returns
    -------
    Mast
        With the bands some formula holds for, which may be none.
    """
    first = stations.iloc[0]
    height = first.antenna_height_m if "antenna_height_m" in stations else np.nan
    height = float(height) if np.isfinite(height) else config.area_class(first.area_class).antenna_height_m
    bands = served_bands(level, first.area_class, height, stations["band"])
    place = site_id, first.geometry.x, first.geometry.y, first.area_class, height, bands
    return Mast(*place, _sectors_by_band(stations, bands, level))


def _sectors_by_band(
    group: gpd.GeoDataFrame, bands: Sequence[str], level: Level
) -> tuple[tuple[str, tuple[Sector, ...]], ...]:
    """Sectors of a site's stations; a band none of whose rows says anything has none."""
    found = []
    for band in bands:
        rows = group[group["band"] == band].itertuples()
        each = [station_sectors(row, band, level.budgets) for row in rows]
        if any(each):  # beside sectors a row that names none is omnidirectional
            found.append((band, tuple(s for sectors in each for s in (sectors or [Sector()]))))
    return tuple(found)


def station_sectors(row: Any, band: str, budgets: LinkBudgets) -> list[Sector]:
    """Sectors of one station.

    Parameters
    ----------
    row
        ``area_class``, and what there is of ``azimuth_deg, downtilt_deg`` (such as "0/120/240"),
        ``eirp_per_re_dbm`` and ``rs_power_dbm``.
    band
        Its band.
    budgets
        EIRP of the class, and gain of its antenna.

    Returns
    -------
    list of Sector
        None for an omnidirectional station with its class's EIRP.
    """
    extra = _extra_db(row, band, budgets)
    azimuths, tilts = (angles_of(getattr(row, name, "")) or () for name in ("azimuth_deg", "downtilt_deg"))
    if not azimuths:
        return [Sector(extra_db=extra)] if extra else []
    if len(tilts) != len(azimuths):
        tilts = (tilts or (math.nan,))[:1] * len(azimuths)
    return [Sector(azimuth, tilt, extra) for azimuth, tilt in zip(azimuths, tilts, strict=True)]


def _extra_db(row: Any, band: str, budgets: LinkBudgets) -> float:
    """EIRP of a station less that of its class; 0 where its table says nothing [dB]."""
    usual = budgets.eirp_dbm(band, row.area_class)
    own, power = getattr(row, "eirp_per_re_dbm", math.nan), getattr(row, "rs_power_dbm", math.nan)
    if np.isfinite(own):
        return float(own - usual)
    gain = budgets.gain_dbi(band, row.area_class)
    return float(power + gain - usual) if np.isfinite(power) and gain is not None else 0.0


def served_bands(
    level: Level, area_class: str, antenna_height_m: float, bands: Iterable[str]
) -> tuple[str, ...]:
    """Bands whose formulas hold for a mast's class and height.

    Parameters
    ----------
    level
        Propagation level.
    area_class, antenna_height_m
        Of the mast.
    bands
        Band ids.

    Returns
    -------
    tuple of str
        Those that can be planned, sorted.
    """
    held = []
    for band in sorted(set(bands)):
        try:
            level.budgets.radial(band, area_class, antenna_height_m)
        except RangeError:
            continue
        held.append(band)
    return tuple(held)


def uncovered_probability(
    masts: Sequence[Mast], level: Level, grid: Grid, services: int, map_fn: MapFn = map
) -> NDArray[np.float32]:
    """Probability that no mast serves a pixel, by service.

    Parameters
    ----------
    masts
        In a fixed order; the product is taken in it, so that the result does not depend on threads.
    level
        Propagation level.
    grid
        Demand grid.
    services
        How many services there are.
    map_fn
        ``map`` or the ``map`` of a thread pool.

    Returns
    -------
    ndarray
        float32, shape (services, height, width).
    """
    uncovered = np.ones((services, *grid.shape), dtype=np.float32)
    for footprint in _in_batches(map_fn, lambda mast: level.footprint(mast, grid), masts):
        if footprint is not None:
            multiply(uncovered, footprint)
    return uncovered


def best_server(
    masts: Sequence[Mast],
    level: Level,
    easting_m: NDArray[np.float64],
    northing_m: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Mast that serves each point best in the first service.

    Parameters
    ----------
    masts
        Of two equally good masts the earlier one serves.
    level
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
        services, probability = level.at(mast, easting_m, northing_m)
        if services.size and services[0] == 0:
            better = probability[0] > best
            best = np.where(better, probability[0], best)
            server = np.where(better, position, server)
    return server, best


def multiply(uncovered: NDArray[np.float32], footprint: Footprint) -> None:
    """Let one footprint take its share of what is still uncovered, in place."""
    rows, cols = footprint.window
    for k, service in enumerate(footprint.services):
        uncovered[service, rows, cols] *= np.float32(1.0) - footprint.probability[k]


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
class Addition:
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
            before.site_id, before.easting_m, before.northing_m, before.area_class,
            before.antenna_height_m, bands, before.sectors,
        )  # fmt: skip


def added_footprint(addition: Addition, level: Level, grid: Grid) -> Footprint | None:
    """Independent share an addition takes of what its mast left uncovered.

    With p0 before and p1 after, (1 - p1) = (1 - p0) (1 - a), so a = (p1 - p0) / (1 - p0).

    Parameters
    ----------
    addition
        Mast and bands.
    level
        Propagation level.
    grid
        Demand grid.

    Returns
    -------
    Footprint or None
        a by service, times the success probability.
    """
    after = level.footprint(addition.after(), grid)
    if after is None:
        return None
    share = after.probability.copy()
    before = level.footprint(addition.mast, grid) if addition.mast.bands else None
    if before is not None:
        _discount(share, after, before)
    share *= np.float32(addition.success_probability)
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
    additions: Sequence[Addition], demand: Demand, level: Level, map_fn: MapFn = map
) -> CoverageMatrix:
    """Reduce footprints to the demand rows they touch; no footprint is kept.

    Parameters
    ----------
    additions
        One a column.
    demand
        Rows.
    level
        Propagation level.
    map_fn
        ``map`` or the ``map`` of a thread pool.

    Returns
    -------
    CoverageMatrix
        Columns in the order of ``additions``.
    """
    lookup = demand.lookup

    def column(addition: Addition) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        footprint = added_footprint(addition, level, demand.grid)
        if footprint is None:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        return _gather(footprint.probability, lookup[footprint.window], demand.row_of, footprint.services)

    columns = list(_in_batches(map_fn, column, additions))
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
