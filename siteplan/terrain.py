"""Footprints that see the mountains.

The median loss at a pixel is the greater of two: what the class's formula says for open country, and free
space with the diffraction over the terrain and the loss around the receiver. So terrain only takes away
from the buffers, open ground keeps the formula, and nothing is counted twice.

One decision to know: what is computed is one band of one mast, reduced to probabilities per demand pixel
in 255 steps. It depends on nothing else in the project, so it can be kept between runs by its content, and
a new plan computes only what changed. Villages and key places do not take their pixel's mean: each gets
its own exact profile.
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from siteplan.cache import Cache, MemoryCache
from siteplan.config import Config
from siteplan.coverage import BufferLevel, Footprint, Mast
from siteplan.demand import Service
from siteplan.errors import RangeError
from siteplan.grid import Grid, Raster
from siteplan.inputs.door import Inputs
from siteplan.radio.linkbudget import STEP_M, TerrainBudget, threshold_dbm
from siteplan.radio.profile import point_geometry
from siteplan.radio.reduce import STEPS, Frame, mean_probability
from siteplan.radio.sweep import TerrainGeometry, bullington_loss_db, require_frequency, terrain_geometry

COARSEST_DEM_M = 100.0
"""Coarsest DEM that ``auto`` trusts with diffraction [m]: at 90 m a mountain path is off by 5 dB already."""
VOID_PX = 10
"""Widest void of the DEM that is filled around a mast or a point [pixels]; in wider ones buffers count."""
_VERSION = b"terrain-1"
"""Part of every cache key; raised whenever the numbers of this module change."""
_HEADER = struct.Struct("<iiHHH")
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class DecisionPoints:
    """Points that decide: villages and key places.

    Attributes
    ----------
    easting_m, northing_m
        In the project CRS, shape (n,) [m].
    """

    easting_m: NDArray[np.float64]
    northing_m: NDArray[np.float64]


def decision_points(inputs: Inputs) -> DecisionPoints:
    """Villages and key places of a project.

    Parameters
    ----------
    inputs
        Checked tables.

    Returns
    -------
    DecisionPoints
        Villages first, in table order.
    """
    tables = [table for table in (inputs.villages, inputs.key_places) if table is not None]
    x = [table.geometry.x.to_numpy(dtype=np.float64) for table in tables]
    y = [table.geometry.y.to_numpy(dtype=np.float64) for table in tables]
    none = np.zeros(0)
    return DecisionPoints(np.concatenate([none, *x]), np.concatenate([none, *y]))


@dataclass(frozen=True, eq=False)
class _Reduced:
    """Probability of every layer by one band of one mast; rows and columns counted from the CRS origin."""

    row: int
    col: int
    share: Bytes

    def pack(self) -> bytes:
        """As the cache keeps it."""
        return _HEADER.pack(self.row, self.col, *self.share.shape) + zlib.compress(self.share.tobytes(), 1)

    @classmethod
    def unpack(cls, data: bytes) -> _Reduced:
        """From what the cache kept."""
        row, col, *shape = _HEADER.unpack_from(data)
        flat = np.frombuffer(zlib.decompress(data[_HEADER.size :]), dtype=np.uint8)
        return cls(row, col, flat.reshape(shape))


@dataclass(frozen=True, eq=False)
class _Carrier:
    """One band at one class and height: losses, thresholds by layer, and how far it counts."""

    budget: TerrainBudget
    threshold_dbm: NDArray[np.float64]
    reach_m: float

    def scores(self, loss_db: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard scores by layer, shape (layers, n)."""
        median = self.budget.eirp_per_re_dbm - loss_db
        return (median[None, :] - self.threshold_dbm[:, None]) / self.budget.sigma_db

    def digest(self) -> bytes:
        """Everything its probabilities depend on."""
        budget = self.budget
        parts = [budget.formula_db, budget.open_db, self.threshold_dbm]
        figures = [budget.eirp_per_re_dbm, budget.sigma_db, budget.frequency_mhz, self.reach_m]
        return b"".join(np.ascontiguousarray(part, dtype=np.float64).tobytes() for part in (*parts, figures))


class TerrainLevel:
    """Propagation over a DEM; takes the place of :class:`siteplan.coverage.BufferLevel`.

    Parameters
    ----------
    config
        The project.
    services
        Services asked for.
    dem
        Ground above sea level at the DEM's own resolution, in the project CRS [m].
    points
        Points that get their own profile; None for none.
    cache
        Where reduced footprints are kept; None keeps them for this run.
    """

    name = "terrain"

    def __init__(
        self,
        config: Config,
        services: Sequence[Service],
        dem: Raster,
        points: DecisionPoints | None = None,
        cache: Cache | None = None,
    ) -> None:
        for band in config.bands:
            require_frequency(band.frequency_mhz)
        self.config = config
        self.services = tuple(services)
        self.buffers = BufferLevel(config, services)
        self.budgets = self.buffers.budgets
        self.dem = dem
        self.points = points or DecisionPoints(np.zeros(0), np.zeros(0))
        self._cache: Cache = cache if cache is not None else MemoryCache()
        self._carriers: dict[tuple[str, str, float], _Carrier] = {}
        self._geometry = lru_cache(maxsize=4)(self._swept)
        self._digest = hashlib.blake2b(np.ascontiguousarray(dem.values).tobytes(), digest_size=16).digest()

    # --- the level --------------------------------------------------------------------------------------

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
        if not self.sees(mast):
            return self.buffers.footprint(mast, grid)
        parts = {band: self._reduced(mast, band, grid.resolution_m) for band in mast.bands}
        parts = {band: part for band, part in parts.items() if part.share.size}
        services = self._services_by(mast.bands)
        window = _union(list(parts.values()), grid)
        if window is None or not services.size:
            return None
        row, col, height, width = window
        best = np.zeros((len(services), height, width), dtype=np.uint8)
        for k, service in enumerate(services):
            for band in self._bands_of(service, parts):
                _raise_to(best[k], parts[band], self._layer_of(service), row, col, grid)
        probability = best.astype(np.float32) * np.float32(1.0 / STEPS)
        footprint = Footprint(row, col, services, probability)
        self._put_points(footprint, mast, grid)
        return footprint

    def at(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Probability of each service at points, each on its own profile.

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
        if not self.sees(mast):
            return self.buffers.at(mast, easting_m, northing_m)
        services = self._services_by(mast.bands)
        result = np.zeros((len(services), len(easting_m)))
        near = np.flatnonzero(
            (np.hypot(easting_m - mast.easting_m, northing_m - mast.northing_m) < self.reach_m(mast))
            & self._holds(easting_m, northing_m)
        )
        if near.size and services.size:
            by_band = self._at_by_band(mast, easting_m[near], northing_m[near])
            for k, service in enumerate(services):
                layer = self._layer_of(service)
                bands = self._bands_of(service, by_band)
                result[k, near] = np.max([by_band[band][layer] for band in bands], axis=0)
        return services, result

    def reach_m(self, mast: Mast) -> float:
        """Distance beyond which every probability is below the floor [m]."""
        reaches = [self._carrier(band, mast).reach_m for band in mast.bands]
        return max(reaches, default=0.0)

    # --- one band of one mast ---------------------------------------------------------------------------

    def _carrier(self, band_id: str, mast: Mast) -> _Carrier:
        key = (band_id, mast.area_class, mast.antenna_height_m)
        if key not in self._carriers:
            budget, layers = self.budgets.terrain(*key), self.config.layers
            band = self.config.band(band_id)
            thresholds = np.array([threshold_dbm(layer, band) for layer in layers])
            wide = _Carrier(budget, thresholds, math.inf)
            counts = wide.scores(budget.formula_db).max(axis=0) >= _floor_score(self.config)
            last = int(np.flatnonzero(counts).max(initial=-1)) + 1
            self._carriers[key] = _Carrier(budget, thresholds, last * STEP_M)
        return self._carriers[key]

    def _reduced(self, mast: Mast, band_id: str, resolution_m: float) -> _Reduced:
        carrier = self._carrier(band_id, mast)
        key = self._key(mast, carrier, resolution_m)
        kept = self._cache.get(key)
        if kept is not None:
            return _Reduced.unpack(kept)
        reduced = self._compute(mast, carrier, resolution_m)
        self._cache.put(key, reduced.pack())
        return reduced

    def _key(self, mast: Mast, carrier: _Carrier, resolution_m: float) -> bytes:
        coverage, grid = self.config.coverage, self.dem.grid
        figures = [
            mast.easting_m, mast.northing_m, mast.antenna_height_m, resolution_m, coverage.delta_n,
            coverage.receiver_height_m, coverage.probability_floor, grid.west_m, grid.north_m,
            grid.resolution_m, grid.width, grid.height,
        ]  # fmt: skip
        content = np.array(figures, dtype=np.float64).tobytes() + carrier.digest()
        return hashlib.blake2b(_VERSION + self._digest + content, digest_size=16).digest()

    def _swept(
        self, easting_m: float, northing_m: float, height_m: float, radius_m: float
    ) -> TerrainGeometry:
        coverage = self.config.coverage
        return terrain_geometry(
            self.dem, easting_m, northing_m, height_m, radius_m,
            rx_height_m=coverage.receiver_height_m, delta_n=coverage.delta_n,
        )  # fmt: skip

    def _compute(self, mast: Mast, carrier: _Carrier, resolution_m: float) -> _Reduced:
        """Sweep, and average the probability over the DEM's pixels in each demand pixel."""
        reach = carrier.reach_m
        frame = _frame(mast, reach, resolution_m)
        layers = len(carrier.threshold_dbm)
        if reach <= 0.0:
            return _Reduced(frame.row, frame.col, np.zeros((layers, 0, 0), dtype=np.uint8))
        radius = max(reach, 2.0 * self.dem.grid.resolution_m)
        geometry = self._geometry(mast.easting_m, mast.northing_m, mast.antenna_height_m, radius)
        floor = self.config.coverage.probability_floor
        share = mean_probability(
            geometry, self.dem.grid, frame, carrier.budget, carrier.threshold_dbm, floor, reach
        )
        return _Reduced(frame.row, frame.col, share)

    # --- points -----------------------------------------------------------------------------------------

    def _at_by_band(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """Probability by band, each of shape (layers, n)."""
        coverage = self.config.coverage
        geometry = point_geometry(
            self.dem, mast.easting_m, mast.northing_m, mast.antenna_height_m, easting_m, northing_m,
            rx_height_m=coverage.receiver_height_m, delta_n=coverage.delta_n,
        )  # fmt: skip
        steps = geometry.distance_m / STEP_M
        found = {}
        for band in mast.bands:
            carrier = self._carrier(band, mast)
            budget = carrier.budget
            table = np.arange(len(budget.formula_db))
            diffraction = bullington_loss_db(
                geometry.nu_sqrt_wavelength, geometry.distance_m, budget.frequency_mhz
            ).astype(np.float64)
            over_terrain = np.interp(steps, table, budget.open_db) + diffraction
            loss = np.maximum(np.interp(steps, table, budget.formula_db), over_terrain)
            probability = ndtr(carrier.scores(loss))
            counts = (probability >= coverage.probability_floor) & (geometry.distance_m < carrier.reach_m)
            found[band] = np.where(counts, probability, 0.0)
        return found

    def _put_points(self, footprint: Footprint, mast: Mast, grid: Grid) -> None:
        """Give pixels of villages and key places the value at the point; of two points the worse."""
        x, y = self.points.easting_m, self.points.northing_m
        row, col = grid.index(x, y)
        rows, cols = footprint.window
        inside = (row >= rows.start) & (row < rows.stop) & (col >= cols.start) & (col < cols.stop)
        near = np.flatnonzero(inside)
        near = near[self._holds(x[near], y[near])]
        if not near.size:
            return
        _, value = self.at(mast, x[near], y[near])
        at_row, at_col = row[near] - rows.start, col[near] - cols.start
        for k in range(len(footprint.services)):
            order = np.argsort(-value[k], kind="stable")
            footprint.probability[k, at_row[order], at_col[order]] = value[k, order]

    # --- small questions --------------------------------------------------------------------------------

    def sees(self, mast: Mast) -> bool:
        """Whether the ground under a mast is known; a mast where it is not keeps its buffers."""
        return bool(self._holds(np.array([mast.easting_m]), np.array([mast.northing_m]))[0])

    def _holds(self, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the DEM knows a height at each point, or near enough to fill the void it lies in."""
        row, col = self.dem.grid.index(easting_m, northing_m)
        known = self.dem.grid.inside(row, col)
        values = self.dem.values
        known[known] = np.isfinite(values[row[known], col[known]])
        for i in np.flatnonzero(~known & self.dem.grid.inside(row, col)):
            top, left = max(row[i] - VOID_PX, 0), max(col[i] - VOID_PX, 0)
            around = values[top : row[i] + VOID_PX + 1, left : col[i] + VOID_PX + 1]
            known[i] = bool(np.isfinite(around).any())
        return known

    def _services_by(self, bands: Sequence[str]) -> NDArray[np.int64]:
        networks = {self.config.band(band).network for band in bands}
        served = [
            k for k, service in enumerate(self.services) if networks and service.network in ("", *networks)
        ]
        return np.array(served, dtype=np.int64)

    def _bands_of(self, service: int, bands: Collection[str]) -> list[str]:
        wanted = self.services[service].network
        return [band for band in bands if wanted in ("", self.config.band(band).network)]

    def _layer_of(self, service: int) -> int:
        ids = [layer.id for layer in self.config.layers]
        return ids.index(self.services[service].layer.id)


def level_for(
    inputs: Inputs, config: Config, services: Sequence[Service], cache: Cache | None = None
) -> BufferLevel | TerrainLevel:
    """The propagation level of a run.

    Parameters
    ----------
    inputs
        Its DEM decides when the project file says ``auto``.
    config
        The project.
    services
        Services asked for.
    cache
        Where reduced footprints are kept.

    Returns
    -------
    BufferLevel or TerrainLevel
        Terrain where a DEM fine enough is given.

    Raises
    ------
    RangeError
        If the project file asks for terrain and there is no DEM.
    """
    wanted, dem = config.coverage.level, inputs.terrain
    if wanted == "terrain" and dem is None:
        raise RangeError(
            'coverage.level = "terrain": 需要 inputs.dem；请提供高程数据或改为 "auto" / '
            'needs inputs.dem; give a DEM or say "auto"'
        )
    if wanted == "buffer" or dem is None:
        return BufferLevel(config, services)
    if wanted == "auto" and dem.grid.resolution_m > COARSEST_DEM_M:
        return BufferLevel(config, services)
    return TerrainLevel(config, services, dem, decision_points(inputs), cache)


def _floor_score(config: Config) -> float:
    return float(ndtri(max(config.coverage.probability_floor, 1e-6)))


def _frame(mast: Mast, reach_m: float, resolution_m: float) -> Frame:
    """The demand pixels a circle touches."""
    top = math.floor((-mast.northing_m - reach_m) / resolution_m)
    left = math.floor((mast.easting_m - reach_m) / resolution_m)
    bottom = math.floor((-mast.northing_m + reach_m) / resolution_m)
    right = math.floor((mast.easting_m + reach_m) / resolution_m)
    return Frame(top, left, bottom - top + 1, right - left + 1, resolution_m)


def _union(parts: Sequence[_Reduced], grid: Grid) -> tuple[int, int, int, int] | None:
    """Window on the grid that holds all parts: row, column, height, width."""
    if not parts:
        return None
    row0, col0 = round(-grid.north_m / grid.resolution_m), round(grid.west_m / grid.resolution_m)
    top = max(min(part.row for part in parts) - row0, 0)
    left = max(min(part.col for part in parts) - col0, 0)
    bottom = min(max(part.row + part.share.shape[1] for part in parts) - row0, grid.height)
    right = min(max(part.col + part.share.shape[2] for part in parts) - col0, grid.width)
    if top >= bottom or left >= right:
        return None
    return top, left, bottom - top, right - left


def _raise_to(best: Bytes, part: _Reduced, layer: int, row: int, col: int, grid: Grid) -> None:
    """Let one band count where it is better, in place."""
    top = part.row - round(-grid.north_m / grid.resolution_m) - row
    left = part.col - round(grid.west_m / grid.resolution_m) - col
    height, width = part.share.shape[1:]
    rows = slice(max(top, 0), min(top + height, best.shape[0]))
    cols = slice(max(left, 0), min(left + width, best.shape[1]))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return
    share = part.share[layer, rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
    np.maximum(best[rows, cols], share, out=best[rows, cols])
