"""Where models disagree: low bands in deep shadow, ITU-R P.1812 against the Irregular Terrain Model.

Nothing is decided here. The points that a low band serves from behind a mountain are
marked, with what the second model says, because no measurement tells yet which of the two is right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from siteplan.core.errors import RangeError
from siteplan.core.grid import lonlat
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config
from siteplan.radio.itm import itm_loss_db
from siteplan.radio.p1812 import path_loss_p1812
from siteplan.radio.profile import path_profile
from siteplan.radio.sweep import bullington_loss_db

NEAREST_M = 1000.0
"""Shortest path of the Irregular Terrain Model [m]."""
COLUMNS = (
    "kind",
    "id",
    "name",
    "county_id",
    "county",
    "people",
    "site_id",
    "band",
    "distance_m",
    "diffraction_db",
    "p1812_db",
    "itm_db",
    "difference_db",
    "only_low_band",
    "verdict_differs",
)
_OWN_INLAND_ZONE = 4


@dataclass(frozen=True, eq=False)
class _Served:
    """Best low-band server of each point, and its score against the first layer; -1 where there is none.

    ``other`` is the best score any other band gives.
    """

    mast: NDArray[np.int64]
    band: NDArray[np.object_]
    score: NDArray[np.float64]
    other: NDArray[np.float64]
    sigma_db: NDArray[np.float64]


def compare_models(
    masts: tuple[Mast, ...],
    propagation: TerrainModel,
    inputs: Inputs,
    demand: DemandGrid,
    villages: gpd.GeoDataFrame,
    config: Config,
) -> gpd.GeoDataFrame:
    """Villages and a sample of populated pixels that a low band serves in deep shadow, by both models.

    Parameters
    ----------
    masts
        On air.
    propagation
        Terrain level of the run.
    inputs, demand, villages
        Counties, populated pixels, and village points of the run.
    config
        Its ``coverage`` says which bands are low, how deep the shadow is, and how many pixels are drawn.

    Returns
    -------
    GeoDataFrame
        ``COLUMNS``, one row a point in deep shadow. Both losses are over bare ground, median, without
        clutter; ``difference_db`` is ITM less P.1812. ``only_low_band`` marks points no other band reaches
        at the target, ``verdict_differs`` those covered here whose verdict turns under ITM.
    """
    low = {band.id for band in config.bands if band.frequency_mhz < config.coverage.comparison_below_mhz}
    points = _points(inputs, demand, villages, config)
    if not low or points.empty or not masts:
        return _framed([], points)
    x, y = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    served = _best_low(masts, propagation, x, y, low)
    shadow = _diffraction(masts, propagation, served, x, y)
    deep = np.flatnonzero(shadow[0] >= config.coverage.comparison_shadow_db)
    rows = [
        _row(points.iloc[i], masts[served.mast[i]], served, int(i), shadow[:, i], propagation, config)
        for i in deep
    ]
    return _framed(rows, points)


def _points(
    inputs: Inputs, demand: DemandGrid, villages: gpd.GeoDataFrame, config: Config
) -> gpd.GeoDataFrame:
    """Village points, then populated pixels drawn by the project's seed."""
    populated = np.flatnonzero(demand.people > 0)
    count = min(config.coverage.comparison_sample, len(populated))
    drawn = np.sort(np.random.default_rng(config.selection.seed).choice(populated, count, replace=False))
    row, col = np.divmod(demand.pixels[drawn], inputs.grid.width)
    x, y = inputs.grid.centre(row, col)
    county = inputs.counties.iloc[demand.county_code[drawn] - 1]
    pixels = gpd.GeoDataFrame(
        {
            "kind": "pixel",
            "id": [f"{int(r)}-{int(c)}" for r, c in zip(row, col, strict=True)],
            "name": "",
            "county_id": county["county_id"].to_numpy(),
            "county": county["county"].to_numpy(),
            "people": demand.people[drawn],
        },
        geometry=gpd.points_from_xy(x, y),
        crs=inputs.grid.crs,
    )
    named = villages.rename(columns={"village_id": "id", "village": "name"}).assign(kind="village")
    return gpd.GeoDataFrame(
        pd.concat([named[pixels.columns], pixels], ignore_index=True), crs=inputs.grid.crs
    )


def _best_low(
    masts: tuple[Mast, ...],
    propagation: TerrainModel,
    easting_m: NDArray[np.float64],
    northing_m: NDArray[np.float64],
    low: set[str],
) -> _Served:
    """Best server of each point in the first layer, by low bands and by the others."""
    count, layer = len(easting_m), propagation.config.layers[0]
    known = propagation.holds(easting_m, northing_m)
    found = _Served(
        np.full(count, -1),
        np.full(count, "", dtype=object),
        np.full(count, -np.inf),
        np.full(count, -np.inf),
        np.ones(count),
    )
    for position, mast in enumerate(masts):
        distance = np.hypot(easting_m - mast.easting_m, northing_m - mast.northing_m)
        near = np.flatnonzero((distance < propagation.reach_m(mast)) & known)
        if not near.size or not propagation.sees(mast):
            continue
        geometry = propagation.geometry_at(mast, easting_m[near], northing_m[near])
        for band in mast.bands:
            median, sigma = propagation.median_at(mast, band, geometry, easting_m[near], northing_m[near])
            score = (median - propagation.budgets.threshold_dbm(layer, band, mast.area_class)) / sigma
            if band not in low:
                found.other[near] = np.maximum(found.other[near], score)
                continue
            better = score > found.score[near]
            at = near[better]
            found.score[at], found.mast[at] = score[better], position
            found.band[at], found.sigma_db[at] = band, sigma
    return found


def _diffraction(
    masts: tuple[Mast, ...],
    propagation: TerrainModel,
    served: _Served,
    easting_m: NDArray[np.float64],
    northing_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Bullington loss over bare ground and distance of each point's low-band path; -inf for none."""
    result = np.full((2, len(easting_m)), -np.inf)
    for position in np.unique(served.mast[served.mast >= 0]):
        mine = np.flatnonzero(served.mast == position)
        geometry = propagation.geometry_at(masts[position], easting_m[mine], northing_m[mine], bare=True)
        far = geometry.distance_m >= NEAREST_M
        for band in np.unique(served.band[mine].astype(str)):
            its = far & (served.band[mine] == band)
            frequency = propagation.config.band(str(band)).frequency_mhz
            loss = bullington_loss_db(geometry.nu_sqrt_wavelength[its], geometry.distance_m[its], frequency)
            result[:, mine[its]] = loss, geometry.distance_m[its]
    return result


def _row(
    point: pd.Series,
    mast: Mast,
    served: _Served,
    i: int,
    shadow: NDArray[np.float64],
    propagation: TerrainModel,
    config: Config,
) -> dict[str, object]:
    """One point in deep shadow with what both models say."""
    frequency = config.band(str(served.band[i])).frequency_mhz
    try:
        p1812, itm = both_losses_db(propagation, mast, point.geometry.x, point.geometry.y, frequency)
    except RangeError:  # thin air on high mountains, say: the second model has no opinion there
        p1812 = itm = math.nan
    target = float(ndtri(config.coverage.edge_probability_target))
    other, here = served.other[i] >= target, served.score[i] >= target
    turned = served.score[i] - (itm - p1812) / served.sigma_db[i] < target
    return {
        **{name: point[name] for name in ("kind", "id", "name", "county_id", "county", "people")},
        "site_id": mast.site_id,
        "band": served.band[i],
        "distance_m": round(float(shadow[1])),
        "diffraction_db": round(float(shadow[0]), 2),
        "p1812_db": round(p1812, 2),
        "itm_db": round(itm, 2),
        "difference_db": round(itm - p1812, 2),
        "only_low_band": bool(here and not other),
        "verdict_differs": bool(here and not other and turned and not math.isnan(itm)),
        "geometry": point.geometry,
    }


def both_losses_db(
    propagation: TerrainModel, mast: Mast, easting_m: float, northing_m: float, frequency_mhz: float
) -> tuple[float, float]:
    """Median loss of one path over bare ground by ITU-R P.1812-8 and by the Irregular Terrain Model. [dB]

    Parameters
    ----------
    propagation
        Relief and refractivity.
    mast
        Transmitter.
    easting_m, northing_m
        Receiver, at least 1 km off [m].
    frequency_mhz
        Frequency [MHz].

    Returns
    -------
    tuple of float
        P.1812 and ITM [dB].

    Raises
    ------
    RangeError
        Outside the range of either.
    """
    coverage = propagation.config.coverage
    distance_km, ground = path_profile(
        propagation.dem, mast.easting_m, mast.northing_m, easting_m, northing_m
    )
    ends = np.array([[mast.easting_m, easting_m], [mast.northing_m, northing_m]])
    longitudes, latitudes = (each.tolist() for each in lonlat(propagation.config.project.crs, *ends))
    heights = mast.antenna_height_m, coverage.receiver_height_m
    full = path_loss_p1812(
        frequency_mhz / 1000.0,
        50.0,
        distance_km,
        ground,
        np.zeros_like(ground),
        np.full(len(ground), _OWN_INLAND_ZONE),
        *heights,
        latitudes=latitudes,
        longitudes=longitudes,
        delta_n=coverage.delta_n,
        n0=coverage.n0,
    )
    spacing_m = 1000.0 * float(distance_km[1] - distance_km[0])
    itm = itm_loss_db(ground, spacing_m, frequency_mhz, *heights, n0=coverage.n0, climate=coverage.climate)
    return float(full.Lb), itm


def _framed(rows: list[dict[str, object]], points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if not rows:
        return gpd.GeoDataFrame({name: [] for name in COLUMNS}, geometry=[], crs=points.crs)
    return gpd.GeoDataFrame(rows, crs=points.crs)[[*COLUMNS, "geometry"]]


def comparison_summary(spread: gpd.GeoDataFrame, sampled: int) -> dict[str, float]:
    """The disagreement in numbers.

    Returns
    -------
    dict
        Points looked at, in deep shadow, of these out of ITM's range, decided by a low band alone, of
        another verdict under ITM; mean
        and 90 % quantile of the spread [dB], NaN-free (0 where there is no point).
    """
    gap = spread["difference_db"].to_numpy(dtype=float)
    silent = int(np.isnan(gap).sum())
    gap = gap[np.isfinite(gap)]
    return {
        "points": sampled,
        "deep_shadow": len(spread),
        "out_of_range": silent,
        "only_low_band": int(spread["only_low_band"].sum()),
        "verdict_differs": int(spread["verdict_differs"].sum()),
        "difference_mean_db": round(float(gap.mean()), 2) if gap.size else 0.0,
        "difference_p90_db": round(float(np.quantile(np.abs(gap), 0.9)), 2) if gap.size else 0.0,
    }
