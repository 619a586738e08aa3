"""Footprints that see the mountains.

The median loss at a pixel is free space, Bullington's diffraction over the terrain with what stands on it
(ITU-R P.1812), and the antenna's pattern; or, where the project says so, bare terrain with the loss at the
phone's end (ITU-R P.2108). The formulas of the buffers have no part in it but their spread of shadowing.

What is computed is one band of one mast, reduced to a score and its sharpness per
demand pixel. It depends on nothing else in the project, so it can be kept between runs by its content, and
a new plan computes only what changed. Villages and key places do not take their pixel's mean: each gets
its own exact profile.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from siteplan.core.errors import SiteplanError
from siteplan.core.grid import Grid
from siteplan.coverage.demand import Service, tier_layers
from siteplan.coverage.empirical import EmpiricalModel, bands_of
from siteplan.coverage.footprint_cache import Cache, Entries, MemoryCache, OutgoingCache
from siteplan.coverage.ground import GroundModel, StoredGround, forget_pages, ground_model, stored_ground
from siteplan.coverage.propagation import NOTHING, Footprint, Mast, PixelFootprint, PropagationModel
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config, clutter_kinds
from siteplan.radio.linkbudget import STEP_M, LinkBudgets, TerrainBudget
from siteplan.radio.profile import PointGeometry, point_geometry
from siteplan.radio.reduce import (
    NO_SCORE,
    SCORE_LIMIT,
    SCORE_STEPS,
    SHARPNESS_STEPS,
    DemandWindow,
    Needs,
    Scores,
    mean_score,
)
from siteplan.radio.sectors import Directions, attenuation_db, directions, sector_loss_db
from siteplan.radio.sweep import TerrainGeometry, bullington_loss_db, require_frequency, terrain_geometry
from siteplan.words.catalogue import Key

COARSEST_DEM_M = 100.0
"""Coarsest DEM that ``auto`` trusts with diffraction [m]: at 90 m a mountain path is off by 5 dB already."""
VOID_PX = 10
"""Widest void of the DEM that is filled around a mast or a point [pixels]; in wider ones buffers count."""
_VERSION = b"terrain-6"
"""Part of every cache key; raised whenever the numbers of this module change."""
END_LOSS_UP_TO_MHZ = 3000.0
"""Where ITU-R P.2108's loss of a phone among trees ends [MHz]."""
_HEADER = struct.Struct("<iiHHH?")
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
    """Villages and key places of a project."""
    tables = [table for table in (inputs.villages, inputs.key_places) if table is not None]
    x = [table.geometry.x.to_numpy(dtype=np.float64) for table in tables]
    y = [table.geometry.y.to_numpy(dtype=np.float64) for table in tables]
    none = np.zeros(0)
    return DecisionPoints(np.concatenate([none, *x]), np.concatenate([none, *y]))


@dataclass(frozen=True, eq=False)
class _Reduced:
    """Score and sharpness of every need by one band of one mast; rows and columns from the CRS origin.

    ``limited`` says that the first one is still met where the mast is no longer followed.
    """

    row: int
    col: int
    score: Scores
    sharpness: Bytes
    limited: bool

    def pack(self) -> bytes:
        """As the cache keeps it."""
        head = _HEADER.pack(self.row, self.col, *self.score.shape, self.limited)
        return head + _packed(self.score, self.sharpness)

    @classmethod
    def unpack(cls, data: bytes) -> _Reduced:
        """From what the cache kept."""
        row, col, *shape, limited = _HEADER.unpack_from(data)
        return cls(row, col, *_unpacked(data[_HEADER.size :], tuple(shape)), limited)


def _packed(score: Scores, sharpness: Bytes) -> bytes:
    """Which pixels have a score, one bit each, then their scores and sharpness: half the size, no packing."""
    held = score != NO_SCORE
    return np.packbits(held).tobytes() + score[held].tobytes() + sharpness[held].tobytes()


def _unpacked(data: bytes, shape: tuple[int, ...]) -> tuple[Scores, Bytes]:
    """Score and sharpness from what :func:`_packed` made."""
    count, bits = math.prod(shape), np.frombuffer(data, dtype=np.uint8)
    head = -(-count // 8)
    held = np.unpackbits(bits[:head], count=count).view(np.bool_).reshape(shape)
    number = (len(data) - head) // 3
    score, sharpness = np.full(shape, NO_SCORE, dtype=np.int16), np.zeros(shape, dtype=np.uint8)
    score[held] = np.frombuffer(data, dtype=np.int16, count=number, offset=head)
    sharpness[held] = bits[head + 2 * number :]
    return score, sharpness


def _in_units(score: Scores, sharpness: Bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Score and sharpness as figures, ``NOTHING`` for no score."""
    known = score.astype(np.float32) * np.float32(1.0 / SCORE_STEPS)
    return (
        np.where(score == NO_SCORE, NOTHING, known),
        sharpness.astype(np.float32) * np.float32(1.0 / SHARPNESS_STEPS),
    )


@dataclass(frozen=True, eq=False)
class _Carrier:
    """One band at one class and height: losses, its different needs, and how far it is followed.

    A need is a threshold and the spread about it; ``slot`` holds the position of each layer's.
    """

    budget: TerrainBudget
    needs: Needs
    slot: dict[str, int]
    reach_m: float

    def scores(self, loss_db: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard scores by need, shape (needs, n)."""
        median = self.budget.eirp_per_re_dbm - loss_db
        return (median[None, :] - self.needs.threshold_dbm[:, None]) / self.needs.sigma_db[:, None]

    @cached_property
    def digest(self) -> bytes:
        """Hash of everything its scores depend on."""
        budget = self.budget
        figures = [budget.eirp_per_re_dbm, budget.frequency_mhz, budget.diffraction_weight, self.reach_m]
        parts = [budget.loss_db, self.needs.threshold_dbm, self.needs.sigma_db, figures]
        whole = hashlib.blake2b(digest_size=16)
        for part in parts:
            whole.update(np.ascontiguousarray(part, dtype=np.float64).tobytes())
        return whole.digest()


class TerrainModel(PropagationModel):
    """Propagation over a DEM; takes the place of :class:`siteplan.coverage.empirical.EmpiricalModel`.

    Parameters
    ----------
    config
        The project.
    services
        Services asked for.
    ground
        Relief at the DEM's own resolution, in the project CRS, and what stands on it.
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
        ground: GroundModel,
        points: DecisionPoints | None = None,
        cache: Cache | None = None,
    ) -> None:
        _require_frequencies(config)
        self.config = config
        self.services = tuple(services)
        self.layers = (*config.layers, *tier_layers(config))
        self.buffers = EmpiricalModel(config, services)
        self.budgets = LinkBudgets(config, self.name)
        self.ground, self.dem = ground, ground.solid
        self._heights = np.asarray(ground.solid.values, dtype=np.float32)
        self.points = points or DecisionPoints(np.zeros(0), np.zeros(0))
        self._cache: Cache = cache if cache is not None else MemoryCache()
        self._carriers: dict[tuple[str, str, float], _Carrier] = {}
        self._geometry = lru_cache(maxsize=4)(self._swept)
        self._directions = lru_cache(maxsize=4)(self._towards)
        self._points_seen = lru_cache(maxsize=4)(self._points_from)
        self._limited: dict[bytes, bool] = {}

    def __reduce__(self) -> tuple[Callable[..., TerrainModel], tuple[object, ...]]:
        """To another process go the project and where the ground lies, not the ground itself."""
        if self.ground.stored is None:
            raise TypeError("the ground of this model lies nowhere that another process sees")
        return _opened, (self.config, self.services, self.ground.stored, self.points)

    # --- the level --------------------------------------------------------------------------------------

    def footprint(self, mast: Mast, grid: Grid) -> Footprint | None:
        """Score of each service in the window a mast reaches.

        Returns
        -------
        Footprint or None
            None when the mast has no band, or its reach ends before the grid.
        """
        if not self.sees(mast):
            return self.buffers.footprint(mast, grid)
        if not _touches(_frame(mast, self.reach_m(mast), grid.resolution_m), grid):
            return None  # nothing is computed of masts that lie beyond a county's reach
        parts = {band: self._reduced(mast, band, grid.resolution_m) for band in mast.bands}
        parts = {band: part for band, part in parts.items() if part.score.size}
        services = self._services_by(mast.bands)
        window = _union(list(parts.values()), grid)
        if window is None or not services.size:
            return None
        row, col, height, width = window
        best = np.full((len(services), height, width), NO_SCORE, dtype=np.int16)
        sharpness = np.full(best.shape, SHARPNESS_STEPS, dtype=np.uint8)
        for k, service in enumerate(services):
            for band in self._bands_of(service, parts):
                slot = self._carrier(band, mast).slot[self.services[service].layer.id]
                _raise_to((best[k], sharpness[k]), parts[band], slot, row, col, grid)
        return Footprint(row, col, services, *_in_units(best, sharpness))

    def footprint_on(self, mast: Mast, grid: Grid, wanted: NDArray[np.bool_]) -> PixelFootprint | None:
        """The same at wanted pixels alone, which costs a tenth where few are.

        Parameters
        ----------
        mast
            The mast.
        grid
            Demand grid.
        wanted
            Pixels asked for, shape of the grid.

        Returns
        -------
        PixelFootprint or None
            None when the mast has no band, or its reach ends before the grid.
        """
        if not self.sees(mast):
            return super().footprint_on(mast, grid, wanted)
        services = self._services_by(mast.bands)
        if not services.size:
            return None
        frame = _frame(mast, self.reach_m(mast), grid.resolution_m)
        mask = _mask_of(frame, grid, wanted)
        row, col = np.nonzero(mask)
        pixels = (row + frame.row - _origin(grid)[0]) * grid.width + col + frame.col - _origin(grid)[1]
        if not pixels.size:
            return None
        parts = {band: self._at_wanted(mast, band, frame, mask, (row, col)) for band in mast.bands}
        best = np.full((len(services), len(pixels)), NO_SCORE, dtype=np.int16)
        sharpness = np.full(best.shape, SHARPNESS_STEPS, dtype=np.uint8)
        for k, service in enumerate(services):
            for band in self._bands_of(service, parts):
                slot = self._carrier(band, mast).slot[self.services[service].layer.id]
                better = parts[band][0][slot] > best[k]
                best[k, better], sharpness[k, better] = (
                    parts[band][0][slot, better],
                    parts[band][1][slot, better],
                )
        return PixelFootprint(services, pixels, *_in_units(best, sharpness))

    def scores_at(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Score of each service at points, each on its own profile.

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
        if not self.sees(mast):
            return self.buffers.scores_at(mast, easting_m, northing_m)
        services = self._services_by(mast.bands)
        result = np.full((len(services), len(easting_m)), -np.inf)
        near = np.flatnonzero(
            (np.hypot(easting_m - mast.easting_m, northing_m - mast.northing_m) < self.reach_m(mast))
            & self.holds(easting_m, northing_m)
        )
        if near.size and services.size:
            by_band = self._at_by_band(mast, easting_m[near], northing_m[near])
            for k, service in enumerate(services):
                layer = self.services[service].layer.id
                slots = {band: self._carrier(band, mast).slot[layer] for band in mast.bands}
                bands = self._bands_of(service, by_band)
                result[k, near] = np.max([by_band[band][slots[band]] for band in bands], axis=0)
        return services, result

    def radius_limited(self, mast: Mast) -> bool:
        """Whether a mast still serves where it is no longer followed.

        Parameters
        ----------
        mast
            The mast; its footprint may have been computed before.

        Returns
        -------
        bool
            P of the first service meets the project's edge target somewhere on the rim.
        """
        if not self.sees(mast):
            return self.buffers.radius_limited(mast)
        resolution_m = self.config.coverage.demand_resolution_m
        return any(self._is_limited(mast, band, resolution_m) for band in mast.bands)

    def is_kept(self, mast: Mast, grid: Grid, wanted: NDArray[np.bool_] | None = None) -> bool:
        """Whether an earlier run kept every band of a mast; with ``wanted``, at those pixels."""
        frame = _frame(mast, self.reach_m(mast), grid.resolution_m)
        if not self.sees(mast) or not _touches(frame, grid):
            return True
        mask = None if wanted is None else _mask_of(frame, grid, wanted)
        if mask is not None and not mask.any():
            return True
        carriers = ((band, self._carrier(band, mast)) for band in mast.bands)
        keys = (self._key(mast, band, carrier, grid.resolution_m) for band, carrier in carriers)
        return all(self._cache.has(key if mask is None else _key_at(key, mask)) for key in keys)

    def new_entries(self) -> Entries:
        """What a worker computed since it was last asked; its pages of the ground are given back."""
        if not isinstance(self._cache, OutgoingCache):
            return ()
        for values in (
            self.ground.bare.values,
            self.ground.solid.values,
            self.ground.surface,
            self.ground.kind,
        ):
            if values is not None:
                forget_pages(values)
        return self._cache.handed_over()

    def keep(self, entries: Entries) -> None:
        """Keep what a worker computed."""
        for key, value in entries:
            self._cache.put(key, value)

    def for_services(self, services: Sequence[Service]) -> TerrainModel:
        """The same propagation, with its points and its cache, asked for other services."""
        return TerrainModel(self.config, services, self.ground, self.points, self._cache)

    def reach_m(self, mast: Mast) -> float:
        """Distance beyond which a mast gives nothing [m]."""
        reaches = [self._carrier(band, mast).reach_m for band in mast.bands]
        return max(reaches, default=0.0)

    # --- one band of one mast ---------------------------------------------------------------------------

    def _carrier(self, band_id: str, mast: Mast) -> _Carrier:
        key = (band_id, mast.area_class, mast.antenna_height_m)
        if key not in self._carriers:
            budget = self.budgets.terrain(*key)
            needed = [
                (self.budgets.threshold_dbm(layer, *key[:2]), self.budgets.spread_db(layer, *key))
                for layer in self.layers
            ]
            different, slots = np.unique(needed, axis=0, return_inverse=True)
            slot = {layer.id: int(at) for layer, at in zip(self.layers, slots.ravel(), strict=True)}
            farthest = self.config.area_class(mast.area_class).max_radius_m
            self._carriers[key] = _Carrier(budget, Needs(*different.T), slot, farthest)
        return self._carriers[key]

    def _reduced(self, mast: Mast, band_id: str, resolution_m: float) -> _Reduced:
        carrier = self._carrier(band_id, mast)
        key = self._key(mast, band_id, carrier, resolution_m)
        kept = self._cache.get(key)
        if kept is None:
            reduced = self._compute(mast, band_id, carrier, resolution_m)
            self._cache.put(key, reduced.pack())
        else:
            reduced = _Reduced.unpack(kept)
        self._limited[key] = reduced.limited
        return reduced

    def _is_limited(self, mast: Mast, band_id: str, resolution_m: float) -> bool:
        key = self._key(mast, band_id, self._carrier(band_id, mast), resolution_m)
        if key not in self._limited:
            kept = self._cache.get(key)  # its head alone: a worker may have computed it
            if kept is None:
                self._reduced(mast, band_id, resolution_m)
            else:
                self._limited[key] = bool(_HEADER.unpack_from(kept)[-1])
        return self._limited[key]

    def _key(self, mast: Mast, band_id: str, carrier: _Carrier, resolution_m: float) -> bytes:
        coverage, grid = self.config.coverage, self.dem.grid
        figures = [
            mast.easting_m,
            mast.northing_m,
            mast.antenna_height_m,
            resolution_m,
            coverage.delta_n,
            coverage.receiver_height_m,
            coverage.probability_floor,
            coverage.street_width_m,
            coverage.edge_probability_target,
            carrier.slot[self.layers[0].id],
            grid.west_m,
            grid.north_m,
            grid.resolution_m,
            grid.width,
            grid.height,
        ]
        content = np.array(figures, dtype=np.float64).tobytes() + carrier.digest
        sectors = mast.sectors_of(band_id)
        pattern = repr((sectors, self.budgets.pattern(band_id, mast.area_class))) if sectors else ""
        near = self._points_in(_frame(mast, carrier.reach_m, resolution_m))
        places = self.points.easting_m[near].tobytes() + self.points.northing_m[near].tobytes()
        whole = _VERSION + self.ground.digest + content + places + pattern.encode()
        return hashlib.blake2b(whole, digest_size=16).digest()

    def _swept(
        self, easting_m: float, northing_m: float, height_m: float, radius_m: float
    ) -> TerrainGeometry:
        coverage = self.config.coverage
        return terrain_geometry(
            self.dem,
            easting_m,
            northing_m,
            height_m,
            radius_m,
            rx_height_m=coverage.receiver_height_m,
            delta_n=coverage.delta_n,
            surface=self.ground.surface,
            street_width_m=coverage.street_width_m,
        )

    def _at_wanted(
        self,
        mast: Mast,
        band_id: str,
        frame: DemandWindow,
        mask: NDArray[np.bool_],
        at: tuple[NDArray[np.int64], NDArray[np.int64]],
    ) -> tuple[Scores, Bytes]:
        """Score and sharpness of every need at the wanted pixels of a frame, kept by what is wanted."""
        carrier = self._carrier(band_id, mast)
        key = self._key(mast, band_id, carrier, frame.resolution_m)
        whole = _key_at(key, mask)
        kept, needs = self._cache.get(whole), len(carrier.needs.sigma_db)
        if kept is not None:
            return _unpacked(kept, (needs, len(at[0])))
        score, sharpness = self._scores_in(mast, band_id, carrier, replace(frame, wanted=mask))
        score, sharpness = score[:, *at], sharpness[:, *at]
        self._cache.put(whole, _packed(score, sharpness))
        return score, sharpness

    def _scores_in(
        self,
        mast: Mast,
        band_id: str,
        carrier: _Carrier,
        frame: DemandWindow,
    ) -> tuple[Scores, Bytes]:
        """Sweep, and reduce the scores of the DEM's pixels in each demand pixel."""
        radius = max(carrier.reach_m, 2.0 * self.dem.grid.resolution_m)
        geometry = self._geometry(mast.easting_m, mast.northing_m, mast.antenna_height_m, radius)
        score, sharpness = mean_score(
            geometry,
            self.dem.grid,
            frame,
            carrier.budget,
            carrier.needs,
            self.config.coverage.probability_floor,
            carrier.reach_m,
            self.ground.kind[geometry.window],
            self._pattern_loss(mast, band_id, geometry),
        )
        self._put_points(mast, band_id, frame, score, sharpness)
        return score, sharpness

    def _compute(self, mast: Mast, band_id: str, carrier: _Carrier, resolution_m: float) -> _Reduced:
        """Everything a band gives, and whether it still serves where it is no longer followed."""
        reach, coverage = carrier.reach_m, self.config.coverage
        frame = _frame(mast, reach, resolution_m)
        score, sharpness = self._scores_in(mast, band_id, carrier, frame)
        rim = _on_the_rim(mast, frame, reach)
        target = ndtri(coverage.edge_probability_target) * SCORE_STEPS
        limited = bool((score[carrier.slot[self.layers[0].id]][rim] >= target).any())
        return _Reduced(*_trimmed(frame, score, sharpness), limited)

    def _pattern_loss(
        self, mast: Mast, band_id: str, geometry: TerrainGeometry
    ) -> NDArray[np.float32] | None:
        """Attenuation of a band's best sector in a sweep's window; None for an omnidirectional band."""
        sectors = mast.sectors_of(band_id)
        if not sectors:
            return None
        (rows, cols), place = geometry.window, (mast.easting_m, mast.northing_m, mast.antenna_height_m)
        towards = self._directions(*place, rows.start, rows.stop, cols.start, cols.stop)
        return attenuation_db(sectors, self.budgets.pattern(band_id, mast.area_class), towards)

    def _towards(
        self,
        easting_m: float,
        northing_m: float,
        height_m: float,
        top: int,
        bottom: int,
        left: int,
        right: int,
    ) -> Directions:
        """Directions of a window of pixels."""
        east, north = self.dem.grid.centre(*np.ogrid[top:bottom, left:right])
        antenna = self._antenna_amsl(easting_m, northing_m, height_m)
        drop = antenna - self.config.coverage.receiver_height_m - self._heights[top:bottom, left:right]
        return directions(east - easting_m, north - northing_m, drop)

    def _antenna_amsl(self, easting_m: float, northing_m: float, height_m: float) -> float:
        """Antenna over the sea [m]."""
        row, col = self.dem.grid.index(np.array([easting_m]), np.array([northing_m]))
        return float(self._heights[int(row[0]), int(col[0])]) + height_m

    # --- points -----------------------------------------------------------------------------------------

    def _at_by_band(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> dict[str, NDArray[np.float64]]:
        """Scores by band, each of shape (needs, n)."""
        floor = ndtri(self.config.coverage.probability_floor)
        geometry = self.geometry_at(mast, easting_m, northing_m)
        found = {}
        for band in mast.bands:
            carrier = self._carrier(band, mast)
            loss = self.loss_at(mast, band, geometry, easting_m, northing_m)
            scores = carrier.scores(loss)
            counts = (scores >= floor) & (geometry.distance_m < carrier.reach_m)
            found[band] = np.where(counts, scores, NOTHING)
        return found

    def geometry_at(
        self,
        mast: Mast,
        easting_m: NDArray[np.float64],
        northing_m: NDArray[np.float64],
        *,
        bare: bool = False,
    ) -> PointGeometry:
        """Exact profiles from a mast to points; see :func:`siteplan.radio.profile.point_geometry`.

        ``bare`` leaves out what stands on the ground.
        """
        coverage = self.config.coverage
        return point_geometry(
            self.dem,
            mast.easting_m,
            mast.northing_m,
            mast.antenna_height_m,
            easting_m,
            northing_m,
            rx_height_m=coverage.receiver_height_m,
            delta_n=coverage.delta_n,
            surface=None if bare else self.ground.surface,
            street_width_m=coverage.street_width_m,
        )

    def loss_at(
        self,
        mast: Mast,
        band_id: str,
        geometry: PointGeometry,
        easting_m: NDArray[np.float64],
        northing_m: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Median loss of a band at points, pattern included. [dB]

        Parameters
        ----------
        mast, band_id
            From where.
        geometry
            Of :meth:`geometry_at`.
        easting_m, northing_m
            The same points [m], shape (n,).

        Returns
        -------
        ndarray
            Loss against the band's EIRP, shape (n,) [dB].
        """
        clear, diffraction = self.parts_at(mast, band_id, geometry, easting_m, northing_m)
        loss = clear + self._carrier(band_id, mast).budget.diffraction_weight * diffraction
        sectors = mast.sectors_of(band_id)
        if not sectors:
            return loss
        shape, drop = self.budgets.pattern(band_id, mast.area_class), self.drop_m(mast, easting_m, northing_m)
        return loss + sector_loss_db(
            sectors, shape, easting_m - mast.easting_m, northing_m - mast.northing_m, drop
        )

    def parts_at(
        self,
        mast: Mast,
        band_id: str,
        geometry: PointGeometry,
        easting_m: NDArray[np.float64],
        northing_m: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Loss without diffraction and pattern, and the diffraction; see :meth:`loss_at` [dB]."""
        budget = self._carrier(band_id, mast).budget
        place = np.minimum(geometry.distance_m / STEP_M, budget.loss_db.shape[1] - 1.001)
        step, kind = place.astype(np.intp), self.kind_at(easting_m, northing_m)
        near, far = budget.loss_db[kind, step], budget.loss_db[kind, step + 1]
        diffraction = bullington_loss_db(
            geometry.nu_sqrt_wavelength, geometry.distance_m, budget.frequency_mhz
        ).astype(np.float64)
        return near + (far - near) * (place - step), diffraction

    def kind_at(self, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]) -> NDArray[np.intp]:
        """Kind of clutter at points on the DEM, shape (n,)."""
        row, col = self.dem.grid.index(easting_m, northing_m)
        return self.ground.kind[row, col].astype(np.intp)

    def drop_m(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Antenna above the receivers at points, shape (n,) [m]."""
        row, col = self.dem.grid.index(easting_m, northing_m)
        receiver_m = self.config.coverage.receiver_height_m
        antenna = self._antenna_amsl(mast.easting_m, mast.northing_m, mast.antenna_height_m)
        return antenna - receiver_m - self._heights[row, col].astype(np.float64)

    def _put_points(
        self, mast: Mast, band_id: str, frame: DemandWindow, score: Scores, sharpness: Bytes
    ) -> None:
        """Give pixels of villages and key places the value at the point, of two the worse; in place."""
        near = self._points_in(frame)
        if not near.size:
            return
        x, y = self.points.easting_m[near], self.points.northing_m[near]
        carrier, geometry = self._carrier(band_id, mast), self._points_seen(mast, near.tobytes())
        exact = carrier.scores(self.loss_at(mast, band_id, geometry, x, y))
        floor = ndtri(self.config.coverage.probability_floor)
        counts = (exact >= floor) & (geometry.distance_m < carrier.reach_m)
        kept = np.where(counts, np.round(exact.clip(-SCORE_LIMIT, SCORE_LIMIT) * SCORE_STEPS), NO_SCORE)
        row, col = self._points_at(frame.resolution_m)
        for k, each in enumerate(kept.astype(np.int16)):
            order = np.argsort(-each.astype(np.int32), kind="stable")
            at = row[near[order]] - frame.row, col[near[order]] - frame.col
            score[k][at], sharpness[k][at] = each[order], SHARPNESS_STEPS

    def _points_in(self, frame: DemandWindow) -> NDArray[np.intp]:
        """Points on the DEM whose pixels are asked for."""
        row, col = self._points_at(frame.resolution_m)
        inside = (row >= frame.row) & (row < frame.row + frame.height) & self._points_held
        near = np.flatnonzero(inside & (col >= frame.col) & (col < frame.col + frame.width))
        if frame.wanted is None or not near.size:
            return near
        return near[frame.wanted[row[near] - frame.row, col[near] - frame.col]]

    def _points_at(self, resolution_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Demand pixels of the points, counted from the origin of the CRS."""
        x, y = self.points.easting_m, self.points.northing_m
        return (
            np.floor(-y / resolution_m).astype(np.int64),
            np.floor(x / resolution_m).astype(np.int64),
        )

    @cached_property
    def _points_held(self) -> NDArray[np.bool_]:
        return self.holds(self.points.easting_m, self.points.northing_m)

    def _points_from(self, mast: Mast, near: bytes) -> PointGeometry:
        """Profiles from a mast to some points, given as the bytes of their positions."""
        at = np.frombuffer(near, dtype=np.intp)
        return self.geometry_at(mast, self.points.easting_m[at], self.points.northing_m[at])

    def median_at(
        self,
        mast: Mast,
        band_id: str,
        geometry: PointGeometry,
        easting_m: NDArray[np.float64],
        northing_m: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], float]:
        """Median RSRP of a band at points [dBm], and its spread [dB]; parameters as in :meth:`loss_at`."""
        budget = self._carrier(band_id, mast).budget
        loss = self.loss_at(mast, band_id, geometry, easting_m, northing_m)
        return budget.eirp_per_re_dbm - loss, budget.sigma_db

    # --- small questions --------------------------------------------------------------------------------

    def sees(self, mast: Mast) -> bool:
        """Whether the ground under a mast is known; a mast where it is not keeps its buffers."""
        return bool(self.holds(np.array([mast.easting_m]), np.array([mast.northing_m]))[0])

    def holds(self, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the DEM knows a height at each point, or near enough to fill the void it lies in."""
        row, col = self.dem.grid.index(easting_m, northing_m)
        known = self.dem.grid.inside(row, col)
        values = self.ground.bare.values
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

    def _bands_of(self, service: int, bands: Iterable[str]) -> list[str]:
        return bands_of(self.services[service], bands, self.config)


def _key_at(key: bytes, mask: NDArray[np.bool_]) -> bytes:
    """Key of a band's values at some pixels of its frame."""
    return hashlib.blake2b(key + np.packbits(mask).tobytes(), digest_size=16).digest()


def _opened(
    config: Config, services: tuple[Service, ...], ground: StoredGround, points: DecisionPoints
) -> TerrainModel:
    """A model on a worker: its ground mapped from disk, what it computes handed over."""
    return TerrainModel(config, services, ground.open(), points, OutgoingCache())


def propagation_for(
    inputs: Inputs,
    config: Config,
    services: Sequence[Service],
    cache: Cache | None = None,
    shared: Path | None = None,
) -> EmpiricalModel | TerrainModel:
    """The propagation model of a run.

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
    shared
        Folder for other processes to read the ground from; None where there are none.

    Returns
    -------
    EmpiricalModel or TerrainModel
        Terrain where a DEM fine enough is given.

    Raises
    ------
    SiteplanError
        If the project file asks for terrain and there is no DEM, or a calibration of another model.
    """
    wanted, dem = config.coverage.propagation, inputs.terrain
    propagation = propagation_name(inputs, config)
    if config.fitted is not None and config.fitted.propagation != propagation:
        raise SiteplanError(
            "calibration_other_propagation",
            file=config.coverage.calibration or "calibration.toml",
            fitted=Key(f"propagation_{config.fitted.propagation}"),
            wanted=Key(f"propagation_{propagation}"),
        )
    if wanted == "terrain" and dem is None:
        raise SiteplanError("terrain_without_dem")
    if propagation == "empirical" or dem is None:
        return EmpiricalModel(config, services, inputs.clutter)
    if config.fitted is not None and config.fitted.clutter not in ("", config.coverage.clutter):
        raise SiteplanError(
            "calibration_other_clutter", fitted=config.fitted.clutter, wanted=config.coverage.clutter
        )
    ground = ground_model(dem, inputs.clutter, config)
    if shared is not None:
        ground = stored_ground(ground, shared)
    return TerrainModel(config, services, ground, decision_points(inputs), cache)


def propagation_name(inputs: Inputs, config: Config) -> str:
    """Name of the model a run takes: what the project asks for, and what its DEM allows [str]."""
    wanted, dem = config.coverage.propagation, inputs.terrain
    fine = dem is not None and (wanted == "terrain" or dem.grid.resolution_m <= COARSEST_DEM_M)
    return "terrain" if fine and wanted != "empirical" else "empirical"


def _require_frequencies(config: Config) -> None:
    """Every band must lie where the engine and the treatment of clutter hold."""
    given = config.inputs.land_cover is not None
    trees = given and any(not kind.built and kind.height_m > 0.0 for kind in clutter_kinds(config))
    for band in config.bands:
        require_frequency(band.frequency_mhz)
        if config.coverage.clutter == "end_loss" and trees and band.frequency_mhz > END_LOSS_UP_TO_MHZ:
            raise SiteplanError("end_loss_frequency", band=band.id)


def _on_the_rim(mast: Mast, frame: DemandWindow, reach_m: float) -> NDArray[np.bool_]:
    """Demand pixels whose centres lie within one pixel of the end of a mast's radius."""
    res = frame.resolution_m
    east = (frame.col + np.arange(frame.width) + 0.5) * res - mast.easting_m
    south = (frame.row + np.arange(frame.height) + 0.5) * res + mast.northing_m
    distance = np.hypot(east[None, :], south[:, None])
    return (distance > reach_m - 1.5 * res) & (distance < reach_m)


def _trimmed(frame: DemandWindow, score: Scores, sharpness: Bytes) -> tuple[int, int, Scores, Bytes]:
    """The part of a frame that holds anything, its upper-left pixel first."""
    held = np.any(score > NO_SCORE, axis=0)
    rows, cols = np.flatnonzero(held.any(axis=1)), np.flatnonzero(held.any(axis=0))
    if not rows.size:
        return frame.row, frame.col, score[:, :0, :0], sharpness[:, :0, :0]
    part = np.s_[:, rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    top, left = frame.row + int(rows[0]), frame.col + int(cols[0])
    return top, left, np.ascontiguousarray(score[part]), np.ascontiguousarray(sharpness[part])


def _frame(mast: Mast, reach_m: float, resolution_m: float) -> DemandWindow:
    """The demand pixels a circle touches."""
    top = math.floor((-mast.northing_m - reach_m) / resolution_m)
    left = math.floor((mast.easting_m - reach_m) / resolution_m)
    bottom = math.floor((-mast.northing_m + reach_m) / resolution_m)
    right = math.floor((mast.easting_m + reach_m) / resolution_m)
    return DemandWindow(top, left, bottom - top + 1, right - left + 1, resolution_m)


def _origin(grid: Grid) -> tuple[int, int]:
    """Row and column of a grid's first pixel, counted from the origin of the CRS."""
    return round(-grid.north_m / grid.resolution_m), round(grid.west_m / grid.resolution_m)


def _touches(frame: DemandWindow, grid: Grid) -> bool:
    """Whether any pixel of a frame lies on the grid."""
    row0, col0 = _origin(grid)
    top, left = frame.row - row0, frame.col - col0
    return top < grid.height and top + frame.height > 0 and left < grid.width and left + frame.width > 0


def _mask_of(frame: DemandWindow, grid: Grid, wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Wanted pixels of a frame; none beyond the grid."""
    mask = np.zeros((frame.height, frame.width), dtype=np.bool_)
    row0, col0 = _origin(grid)
    top, left = frame.row - row0, frame.col - col0
    rows = slice(max(top, 0), min(top + frame.height, grid.height))
    cols = slice(max(left, 0), min(left + frame.width, grid.width))
    if rows.start < rows.stop and cols.start < cols.stop:
        mask[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left] = wanted[rows, cols]
    return mask


def _union(parts: Sequence[_Reduced], grid: Grid) -> tuple[int, int, int, int] | None:
    """Window on the grid that holds all parts: row, column, height, width."""
    if not parts:
        return None
    row0, col0 = _origin(grid)
    top = max(min(part.row for part in parts) - row0, 0)
    left = max(min(part.col for part in parts) - col0, 0)
    bottom = min(max(part.row + part.score.shape[1] for part in parts) - row0, grid.height)
    right = min(max(part.col + part.score.shape[2] for part in parts) - col0, grid.width)
    if top >= bottom or left >= right:
        return None
    return top, left, bottom - top, right - left


def _raise_to(best: tuple[Scores, Bytes], part: _Reduced, layer: int, row: int, col: int, grid: Grid) -> None:
    """Let one band count where it is better, in place: score and sharpness."""
    row0, col0 = _origin(grid)
    top, left = part.row - row0 - row, part.col - col0 - col
    height, width = part.score.shape[1:]
    rows = slice(max(top, 0), min(top + height, best[0].shape[0]))
    cols = slice(max(left, 0), min(left + width, best[0].shape[1]))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return
    here = np.s_[layer, rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
    better = part.score[here] > best[0][rows, cols]
    np.copyto(best[0][rows, cols], part.score[here], where=better)
    np.copyto(best[1][rows, cols], part.sharpness[here], where=better)
