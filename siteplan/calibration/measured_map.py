"""A map conditioned on readings: what was measured wins where it was measured.

At a measured place the strongest reading is held against the map's own distribution of it: its normal score
u says how much better or worse the place is than the map thought. Scores are kriged over the map, and with m
the expected score and s the share of its variance that readings explain,

    P' = Phi((Phi^-1(P) + m) / sqrt(1 - s)),

which is the map's own P where no reading is near. The nodes of the shared shadowing are moved together so
that their mean is P'. Masts to come gain what is common to all masts, rho m, and nothing of a mast's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.special import ndtr, ndtri

from siteplan.calibration.conditioning import (
    Covariance,
    Residuals,
    fit_covariance,
    krige,
    with_honest_nugget,
)
from siteplan.calibration.fit import Fit
from siteplan.calibration.service import Places, Spread, build_places, probability_of_any
from siteplan.core.grid import Grid
from siteplan.coverage.demand import Service
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.matrix import NodeOutage
from siteplan.coverage.terrain import TerrainModel
from siteplan.project.schema import Config

MOST_PLACES = 30_000
"""Measured places a map is conditioned on; more are drawn from."""
REACH_M = 1_000.0
"""Farthest a reading tells something of a pixel [m]."""
MEASURED_SHARE, MEASURED_M = 0.25, 200.0
"""A pixel counts as measured where readings explain this share of the variance or more, and one of them lies
within this distance [m]: what all readings have in common reaches further than any of them saw."""
_SCORE_LIMIT, _FLOOR = 4.0, 1e-4
_MOST_EXPLAINED, _LEAST_EXPLAINED = 0.95, 0.01
_HALVINGS = 40
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NetworkField:
    """What readings of one network say of the pixels of a grid.

    Attributes
    ----------
    score
        m: expected normal score of the strongest reading, float32, shape of the grid; 0 where none is near.
    explained
        s: share of its variance that readings explain, float32, likewise [0-0.95].
    is_measured
        Whether a pixel counts as measured, bool, likewise.
    places
        Measured places it was made from.
    covariance
        Of the scores.
    """

    score: NDArray[np.float32]
    explained: NDArray[np.float32]
    is_measured: NDArray[np.bool_]
    places: int
    covariance: Covariance


@dataclass(frozen=True, eq=False)
class MeasuredMap:
    """Fields by network id; "" for the strongest of any network."""

    fields: Mapping[str, NetworkField]

    def of(self, service: Service) -> NetworkField | None:
        """Field of a service's network, or None where it was not measured."""
        return self.fields.get(service.network)


def measured_map(
    points: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame,
    propagation: EmpiricalModel | TerrainModel,
    grid: Grid,
    config: Config,
    *,
    seed: int = 0,
) -> MeasuredMap:
    """Fields of every network with enough readings, and of all together.

    Parameters
    ----------
    points
        Readings matched to stations: ``rsrp_dbm, band, place`` and geometry.
    stations
        On air.
    propagation
        Propagation without a calibration; that of the project is put on it here.
    grid
        Pixels asked for.
    config
        The project, with its calibration if it has one.
    seed
        Of draws.
    """
    fields = {}
    networks = {band.id: band.network for band in config.bands}
    for network in ("", *dict.fromkeys(networks.values())):
        bands = {band for band, its in networks.items() if network in ("", its)}
        theirs, masts = points[points["band"].isin(bands)], stations[stations["band"].isin(bands)]
        if theirs.empty or masts.empty:
            continue
        places = build_places(theirs, masts, propagation, config, most=MOST_PLACES, seed=seed)
        if places is not None:
            fields[network] = _field(places, grid, config, seed)
    return MeasuredMap(fields)


def _field(places: Places, grid: Grid, config: Config, seed: int) -> NetworkField:
    """Krige the normal scores of measured places over a grid."""
    score = normal_scores(places, config)
    zero = np.zeros(len(places), dtype=np.int64)
    xy = np.column_stack([places.easting_m, places.northing_m])
    known = Residuals(xy, score, zero, zero, np.ones(len(places)))
    covariance = fit_covariance(known, about_zero=True, seed=seed)
    covariance = with_honest_nugget(covariance, known, seed=seed)
    x, y = grid.centre(*np.divmod(np.arange(grid.height * grid.width), grid.width))
    centres = np.column_stack([x, y])
    away = KDTree(xy).query(centres, distance_upper_bound=REACH_M)[0]
    near = np.flatnonzero(away < REACH_M)
    none = np.zeros(len(near), dtype=np.int64)
    found = krige(
        known, covariance, Residuals(centres[near], none.astype(float), none, none, np.ones(len(near)))
    )
    whole = covariance.signal + covariance.nugget
    explained = np.clip((covariance.signal - found.variance) / whole, 0.0, _MOST_EXPLAINED)
    mean, share = np.zeros(grid.shape, dtype=np.float32), np.zeros(grid.shape, dtype=np.float32)
    told = explained >= _LEAST_EXPLAINED
    mean.ravel()[near[told]], share.ravel()[near[told]] = found.mean[told], explained[told]
    is_measured = (share >= MEASURED_SHARE) & (away.reshape(grid.shape) <= MEASURED_M)
    return NetworkField(mean, share, is_measured, len(places), covariance)


def normal_scores(places: Places, config: Config) -> Values:
    """How the strongest reading of each place lies in the map's distribution of it, as a normal score.

    Parameters
    ----------
    places
        Measured places with all masts in reach.
    config
        With its calibration.

    Returns
    -------
    ndarray
        0 where the reading is the map's median, positive where it is stronger, shape (n,).
    """
    fit, spread = _calibrated(places, config)
    medians = places.medians_dbm(fit)
    stronger = probability_of_any(medians, places.strongest_dbm[None], spread, _FLOOR)[0]
    return np.clip(-ndtri(np.clip(stronger, 1e-6, 1.0 - 1e-6)), -_SCORE_LIMIT, _SCORE_LIMIT)


def _calibrated(places: Places, config: Config) -> tuple[Fit, Spread]:
    """Terms and spread of the project's calibration, else of the uncalibrated model."""
    fitted = config.fitted
    sigma = float(places.servers.sigma_db.mean())
    if fitted is None:
        return Fit(), Spread(0.0, sigma, config.coverage.shadowing_correlation)
    bands = fitted.bands
    own = [each.sigma_db for each in bands.values() if each.sigma_db]
    rho = fitted.shadowing_correlation
    slopes = [each.slope_db_per_decade for each in bands.values()]
    fit = Fit(
        {band: each.offset_db for band, each in bands.items()},
        fitted.horizontal_weight,
        fitted.vertical_weight,
        fitted.diffraction_weight,
        float(np.mean(slopes)) if slopes else 0.0,
        dict(fitted.clutter_db),
    )
    common = config.coverage.shadowing_correlation if rho is None else rho
    return fit, Spread(fitted.map_offset_db, float(np.mean(own)) if own else sigma, common)


def condition_outage(outage: NodeOutage, services: Sequence[Service], measured: MeasuredMap) -> NodeOutage:
    """What nobody serves once readings are known.

    Parameters
    ----------
    outage
        Of the stations on air, without readings.
    services
        Its services.
    measured
        Fields by network.

    Returns
    -------
    NodeOutage
        Its shadowing carries what masts to come gain.
    """
    by_node, weight = outage.by_node.copy(), outage.shadowing.weight
    shift = np.zeros((len(services), *outage.by_node.shape[2:]), dtype=np.float32)
    for k, service in enumerate(services):
        field = measured.of(service)
        if field is None:
            continue
        at = np.nonzero(field.explained)
        left = by_node[k][:, at[0], at[1]].astype(np.float64)
        mean, share = field.score[at].astype(np.float64), field.explained[at].astype(np.float64)
        before = ndtri(np.clip(1.0 - weight @ left, 1e-4, 1.0 - 1e-6))
        served = ndtr((before + mean) / np.sqrt(1.0 - share))
        by_node[k][:, at[0], at[1]] = _moved(left, 1.0 - served, weight)
        shift[k][at] = outage.shadowing.correlation[k] * mean
    return NodeOutage(replace(outage.shadowing, shift=shift), by_node)


def _moved(left: Values, wanted: Values, weight: Values) -> Values:
    """Nodes moved together on the normal scale until their mean is what is wanted, shape (nodes, n)."""
    score = ndtri(np.clip(left, 1e-9, 1.0 - 1e-9))
    low, high = np.full(len(wanted), -12.0), np.full(len(wanted), 12.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        more = weight @ ndtr(score + middle) < wanted
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return ndtr(score + (low + high) / 2.0)
