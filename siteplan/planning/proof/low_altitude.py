"""Cover of air routes at 100 to 300 m above ground: signal, not interference.

The same masts and bands as on the ground, with the loss and the spread of TR 36.777, the whole pattern of the
antennas and hills in the way; nothing of what stands on the ground counts at that height.
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.progress import SILENT, Report, counted
from siteplan.coverage.lines import cut_lines
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config
from siteplan.radio.aerial import FARTHEST_M, Scenario, aerial_path_loss, aerial_spread
from siteplan.radio.antenna import vertical_attenuation_db
from siteplan.radio.profile import point_geometry
from siteplan.radio.sectors import directions, sector_loss_db
from siteplan.radio.shadowing import SharedShadowing, conditional_probability, shared_shadowing
from siteplan.radio.sweep import bullington_loss_db

COLUMNS = [
    "corridor",
    "height_m",
    "length_km",
    "share_before",
    "share_after",
    "expected_before",
    "expected_after",
]
COLUMNS += ["required", "unanswered"]
_URBAN = ("uma", "okumura_hata_urban")
Values = NDArray[np.float64]


def corridor_table(
    existing: Sequence[Mast],
    planned: Sequence[Mast],
    propagation: object,
    inputs: Inputs,
    config: Config,
    report: Report = SILENT,
) -> pd.DataFrame:
    """Share of every corridor with signal by height, today and after the plan.

    Parameters
    ----------
    existing, planned
        Masts on air, and the ranked places as they will stand: an upgraded one takes its old one's place.
    propagation
        Relief, budgets and patterns; without relief nothing is answered.
    inputs
        Corridors.
    config
        Its ``low_altitude``, and the first layer's threshold.
    report
        Is told how many masts are done.

    Returns
    -------
    DataFrame
        ``COLUMNS``; no rows without corridors.
    """
    if inputs.corridors is None or inputs.corridors.empty:
        return pd.DataFrame({name: [] for name in COLUMNS})
    names = _names(inputs.corridors)
    if not isinstance(propagation, TerrainModel):
        rows = [(name, *[np.nan] * 7, ("unanswered_relief", {})) for name in names]
        return pd.DataFrame(rows, columns=COLUMNS)
    x, y, length, corridor = _points(inputs.corridors, propagation, config.low_altitude.step_m)
    changed = {mast.site_id for mast in planned}
    kept = [mast for mast in existing if mast.site_id not in changed]
    old = [mast for mast in existing if mast.site_id in changed]
    shadowing = shared_shadowing(propagation.budgets.correlation())  # a drone is outdoors
    rows = []
    heights = config.low_altitude.heights_m
    for height in counted(heights, len(heights), report, every=1):
        common, was, will = (
            _left(masts, propagation, (x, y, height), shadowing, config) for masts in (kept, old, planned)
        )
        before, after = (1.0 - shadowing.weight @ (common * each) for each in (was, will))
        rows += [
            _row(name, corridor == i, height, length, (before, after), config) for i, name in enumerate(names)
        ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _names(corridors: gpd.GeoDataFrame) -> list[str]:
    """Name of each corridor; a number where it has none."""
    given = corridors["corridor"] if "corridor" in corridors else pd.Series([None] * len(corridors))
    return [str(number) if pd.isna(name) else str(name) for number, name in enumerate(given, start=1)]


def _points(
    corridors: gpd.GeoDataFrame, propagation: TerrainModel, step_m: float
) -> tuple[Values, Values, Values, NDArray[np.int64]]:
    """Middles of pieces of corridors where the relief is known, their lengths and whose they are."""
    corridor, ends, length = cut_lines(corridors.geometry, step_m)
    middle = ends.mean(axis=1)
    known = propagation.holds(middle[:, 0], middle[:, 1])
    return middle[known, 0], middle[known, 1], length[known], corridor[known]


def _row(
    name: str, own: NDArray[np.bool_], height: float, length: Values, p: tuple[Values, Values], config: Config
) -> tuple[object, ...]:
    """One corridor at one height; one that lies beyond the relief is not answered."""
    total = float(length[own].sum())
    if total <= 0:
        return (name, height, 0.0, *[np.nan] * 4, config.low_altitude.share, ("unanswered_relief", {}))
    target = config.coverage.edge_probability_target
    shares = [float(length[own] @ (each[own] >= target)) / total for each in p]
    expected = [float(length[own] @ each[own]) / total for each in p]
    return (name, height, total / 1000.0, *shares, *expected, config.low_altitude.share, None)


def _left(
    masts: Sequence[Mast],
    propagation: TerrainModel,
    points: tuple[Values, Values, float],
    shadowing: SharedShadowing,
    config: Config,
) -> Values:
    """Probability that no mast serves points at a height, by node of the common part, shape (nodes, n)."""
    x, y, height = points
    left = np.ones((len(shadowing.node), len(x)))
    for mast in masts:
        away = np.hypot(x - mast.easting_m, y - mast.northing_m)
        near = np.flatnonzero(away <= max(FARTHEST_M.values()))
        if not near.size or not mast.bands or not propagation.sees(mast):
            continue
        score = _score(mast, propagation, x[near], y[near], height, config).astype(np.float32)
        sharp = np.ones((1, 1, len(near)), dtype=np.float32)
        p = conditional_probability(score[None, None], sharp, shadowing.correlation, shadowing.node)
        left[:, near] *= 1.0 - p[0, :, 0].astype(np.float64)
    return left


def _score(
    mast: Mast, propagation: TerrainModel, x: Values, y: Values, height: float, config: Config
) -> Values:
    """Standard score of a mast's best band, shape (n,)."""
    coverage = config.coverage
    geometry = point_geometry(
        propagation.dem,
        mast.easting_m,
        mast.northing_m,
        mast.antenna_height_m,
        x,
        y,
        rx_height_m=height,
        delta_n=coverage.delta_n,
    )
    grid = propagation.dem.grid
    row, col = grid.index(np.append(x, mast.easting_m), np.append(y, mast.northing_m))
    ground = propagation.dem.values[row.clip(0, grid.height - 1), col.clip(0, grid.width - 1)].astype(float)
    drop = ground[-1] + mast.antenna_height_m - ground[:-1] - height
    straight = np.maximum(np.hypot(geometry.distance_m, drop), 10.0)
    best = np.full(len(x), -np.inf)
    for band_id in mast.bands:
        band = config.band(band_id)
        scenario = _scenario(band_id, mast.area_class, config)
        held = straight <= FARTHEST_M[scenario]  # beyond, the report says nothing and nothing is claimed
        loss = aerial_path_loss(np.where(held, straight, 10.0), band.frequency_mhz, height, scenario)
        loss = loss + bullington_loss_db(geometry.nu_sqrt_wavelength, geometry.distance_m, band.frequency_mhz)
        loss = loss + _pattern_db(mast, band_id, propagation, (x - mast.easting_m, y - mast.northing_m, drop))
        median = propagation.budgets.eirp_dbm(band_id, mast.area_class) - loss
        score = (median - config.layers[0].threshold_dbm) / aerial_spread(height, scenario)
        best = np.where(held, np.maximum(best, score), best)
    return np.clip(best, -30.0, 30.0)


def _pattern_db(
    mast: Mast, band_id: str, propagation: TerrainModel, towards: tuple[Values, Values, Values]
) -> Values:
    """What the antennas take in a direction; one without azimuth still has its beam in height."""
    shape, sectors = propagation.budgets.pattern(band_id, mast.area_class), mast.sectors_of(band_id)
    if any(sector.is_aimed for sector in sectors):
        return sector_loss_db(sectors, shape, *towards).astype(np.float64)
    extra = max((sector.extra_db for sector in sectors), default=0.0)
    tilt = sectors[0].tilt_deg(shape.downtilt_deg) if sectors else shape.downtilt_deg
    below = directions(*towards).depression_deg.astype(np.float64) - tilt
    return shape.vertical_weight * vertical_attenuation_db(below, shape.pattern) - extra


def _scenario(band_id: str, area_class: str, config: Config) -> Scenario:
    """Urban where the band's formula is an urban one."""
    formula = config.band(band_id).in_class(area_class).models[0].formula
    return "uma" if formula.startswith(_URBAN) else "rma"
