"""The empirical model: formulas over distance, without a view of the terrain (buffers)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtri

from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import Service
from siteplan.coverage.propagation import NOTHING, Footprint, Mast, PropagationModel
from siteplan.project.schema import Config
from siteplan.radio.linkbudget import STEP_M, LinkBudgets
from siteplan.radio.sectors import attenuation_db, directions, sector_loss_db


class EmpiricalModel(PropagationModel):
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

    name = "empirical"

    def __init__(self, config: Config, services: Sequence[Service], clutter: Raster | None = None) -> None:
        self.config = config
        self.services = tuple(services)
        self.clutter = clutter
        self.budgets = LinkBudgets(config, self.name)
        self._floor = np.float32(ndtri(config.coverage.probability_floor))
        self._by_place = clutter is not None and bool(self.budgets.clutter_terms_db().any())
        self._tables: dict[
            tuple[str, float, tuple[str, ...]], tuple[NDArray[np.int64], NDArray[np.float32]]
        ] = {}

    def __reduce__(self) -> tuple[type[EmpiricalModel], tuple[object, ...]]:
        """To another process goes what it is made of; tables are made there."""
        return EmpiricalModel, (self.config, self.services, self.clutter)

    def footprint(self, mast: Mast, grid: Grid) -> Footprint | None:
        """Score of each service in the window a mast reaches.

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
            values = self._at_places(mast, at[0], at[1]).astype(np.float32)
            return Footprint(row, col, services, values, np.ones_like(values))
        values = np.empty((len(services), height, width), dtype=np.float32)
        first = grid.centre(np.array(row), np.array(col))
        corner = np.array([first[0], first[1], mast.easting_m, mast.northing_m])
        _fill(values, table, corner, grid.resolution_m, STEP_M, self._floor)
        return Footprint(row, col, services, values, np.ones_like(values))

    def radial(self, mast: Mast) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Services a mast delivers and their score against distance.

        Returns
        -------
        tuple of ndarray
            Positions of services, shape (k,), and scores every ``STEP_M``, -inf where no formula holds,
            shape (k, d).
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
        table = _stacked(scores).astype(np.float32)
        served = np.flatnonzero((table >= self._floor).any(axis=0))
        end = int(served.max(initial=-1)) + 2
        return np.array(positions, dtype=np.int64), np.ascontiguousarray(table[:, :end])

    def scores_at(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Score of each service at points rather than pixels.

        Parameters
        ----------
        mast
            The mast.
        easting_m, northing_m
            Points [m], shape (n,).

        Returns
        -------
        tuple of ndarray
            Positions of services, shape (k,), and scores, -inf below the floor, shape (k, n).
        """
        services, table = self.radial(mast)
        if self._by_place or mast.sectors:
            return services, self._at_places(mast, easting_m, northing_m)
        steps = np.hypot(easting_m - mast.easting_m, northing_m - mast.northing_m) / STEP_M
        last = table.shape[1] - 1
        near = steps < last
        k = np.where(near, steps, 0.0).astype(np.intp)
        beyond = np.minimum(k + 1, last)
        share = np.where(near, steps - k, 0.0)
        known = near & (table[:, beyond] > NOTHING)
        low, high = (np.where(known, table[:, at], 0.0) for at in (k, beyond))
        scores = low * (1.0 - share) + high * share
        return services, np.where(known & (scores >= self._floor), scores, NOTHING)

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
            spread = self.budgets.spread_db(layer, band, mast.area_class, mast.antenna_height_m)
            score = (table.rsrp_dbm[-1] - lost - need) / spread
            if (score >= target).any():
                return True
        return False

    def for_services(self, services: Sequence[Service]) -> EmpiricalModel:
        """The same propagation asked for other services."""
        return EmpiricalModel(self.config, services, self.clutter)

    def _at_places(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Score of each service where direction or ground matters too, shape (k, *points)."""
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
            best[band] = rsrp
        rows = []
        for position in self.radial(mast)[0]:
            service = self.services[position]
            bands = bands_of(service, mast.bands, self.config)
            rows.append(np.max([self._score(service, band, mast, best[band]) for band in bands], axis=0))
        scores = np.array(rows).reshape(len(rows), *np.shape(steps))
        scores[scores < self._floor] = NOTHING
        return scores

    def _score(
        self, service: Service, band: str, mast: Mast, rsrp_dbm: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        place = band, mast.area_class
        spread = self.budgets.spread_db(service.layer, *place, mast.antenna_height_m)
        return (rsrp_dbm - self.budgets.threshold_dbm(service.layer, *place)) / spread

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
    """Those of some bands that deliver a service: all of them where any network will do."""
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
    floor: np.float32,
) -> None:
    """Interpolate radial tables at pixel centres; nothing below the floor and beyond the tables.

    ``corner`` holds easting and northing of the first centre and of the mast. Centres are exact in
    binary, so a pixel's value is the same whatever window it is computed in.
    """
    count, height, width = values.shape
    last = table.shape[1] - 1
    nothing = np.float32(-np.inf)
    for r in range(height):
        dy = (corner[1] - r * resolution_m) - corner[3]
        for c in range(width):
            dx = (corner[0] + c * resolution_m) - corner[2]
            position = np.sqrt(dx * dx + dy * dy) / step_m
            k = int(position)
            share = np.float32(position - k)
            for s in range(count):
                values[s, r, c] = nothing
                if k < last and table[s, k + 1] > nothing:
                    score = table[s, k] * (np.float32(1.0) - share) + table[s, k + 1] * share
                    if score >= floor:
                        values[s, r, c] = score
