"""A simulated network that is measured: what departs from the model is known, so a fit can be held to it."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from siteplan.calibration import Sample
from siteplan.coverage.masts import mast_of
from siteplan.planning import pipeline
from siteplan.planning.quota import on_air
from siteplan.project.project_file import load_config
from siteplan.radio.antenna import Pattern, horizontal_attenuation_db, vertical_attenuation_db
from siteplan.radio.pathloss import uma_loss
from worlds.two_counties import SOUTH, WEST, lonlat

PANEL = Pattern(65.0, 10.0, 20.0, 30.0)
TRUTH = {"offset": -6.0, "horizontal": 0.7, "vertical": 0.5, "dense": 5.0, "slope": 0.0}
"""What the simulated network departs from the uncalibrated model by; every world below is simulated."""


@functools.cache
def everything(seed=1, sites=49, points=2500, spacing_m=350.0, slope=0.0, diffraction=1.0):
    """Every cell of a simulated city at every point: readings, and the parts of the model."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(sites)))
    sx, sy = (np.divmod(np.arange(sites), side)[k] * spacing_m + rng.normal(0, 50, sites) for k in (0, 1))
    x, y = rng.uniform(-300, side * spacing_m, (2, points))
    away = np.maximum(np.hypot(x[:, None] - sx, y[:, None] - sy), 31.0)
    height, tilt = rng.uniform(18, 35, sites), rng.uniform(4, 10, sites)
    base = 28.0 - np.stack([uma_loss(np.minimum(away[:, j], 4990), 2600, height[j]) for j in range(sites)], 1)
    azimuth = np.degrees(np.arctan2(x[:, None] - sx, y[:, None] - sy)) - rng.uniform(0, 120, sites)
    across = np.min([horizontal_attenuation_db(azimuth - 120.0 * k, PANEL) for k in range(3)], axis=0)
    down = vertical_attenuation_db(np.degrees(np.arctan2(height - 1.5, away)) - tilt, PANEL)
    dense = (np.floor(x / 400) + np.floor(y / 400)) % 2 == 0
    shade = (
        np.where(rng.random(away.shape) < 0.3, rng.uniform(0, 25, away.shape), 0.0)
        if diffraction != 1
        else 0.0
    )
    true = base - np.minimum(TRUTH["horizontal"] * across + TRUTH["vertical"] * down, 30.0) + TRUTH["offset"]
    true -= np.where(dense, TRUTH["dense"], -TRUTH["dense"])[:, None] + slope * np.log10(away / 1000)
    true -= diffraction * shade
    reading = true + rng.normal(0, 8.0, true.shape)
    parts = {"base": base, "across": across, "down": down, "shade": shade + np.zeros_like(base), "away": away}
    return reading, parts, np.where(dense, "dense", "low"), x, y


def sample_of(chosen, **world):
    """The readings at chosen (point, site) pairs as a sample."""
    reading, parts, kind, x, y = everything(**world)
    point, site = chosen(reading)
    part = {name: values[point, site] for name, values in parts.items()}
    count = len(point)
    return Sample(
        rsrp_dbm=reading[point, site],
        base_dbm=part["base"],
        horizontal_db=part["across"],
        vertical_db=part["down"],
        cap_db=np.full(count, 30.0),
        diffraction_db=part["shade"],
        distance_m=part["away"],
        band=np.full(count, "n41", dtype=object),
        site=np.array([f"S{each:03d}" for each in site], dtype=object),
        cell=np.array([f"S{each:03d} high" for each in site], dtype=object),
        clutter=kind[point].astype(object),
        place=point.astype(np.int64),
        sigma_db=np.full(count, 8.0),
        easting_m=x[point],
        northing_m=y[point],
        row=np.arange(2, count + 2),
    )


def serving(reading):
    """The strongest cell at every point."""
    return np.arange(len(reading)), reading.argmax(axis=1)


def all_heard(reading):
    """Pairs drawn at random, however weak."""
    return np.nonzero(np.random.default_rng(3).random(reading.shape) < 0.12)


def six_strongest(reading):
    """The six strongest cells at every point, as a scanner lists them."""
    top = np.argsort(-reading, axis=1)[:, :6]
    return np.repeat(np.arange(len(reading)), 6), top.ravel()


def simulated_drive(folder, offset_db=-7.0, columns=("station_id",)):
    """Readings of every station within 3 km of points on a lattice, from the project's own model."""
    config = load_config(folder)
    inputs = pipeline.load(folder, config)
    propagation = pipeline.propagation_for(inputs, config, pipeline.services_of(config))
    rng, rows = np.random.default_rng(5), []
    lattice = np.repeat(np.arange(500, 14_500, 350.0), 14)
    for row in on_air(inputs.stations, config).itertuples():
        table = propagation.budgets.radial(row.band, row.area_class, _height(row, config))
        for east in lattice:
            x, y = WEST + east + rng.uniform(-200, 200), SOUTH + rng.uniform(500, 14_500)
            distance = float(np.hypot(x - row.geometry.x, y - row.geometry.y))
            if not 100.0 < distance < 4_000.0:
                continue
            median = float(np.interp(distance / 10.0, np.arange(len(table.rsrp_dbm)), table.rsrp_dbm))
            lon, lat = lonlat(x - WEST, y - SOUTH)
            rows.append(
                {
                    "时间": f"{len(rows) // 3}",
                    "RSRP": median + offset_db + rng.normal(0, 6),
                    "经度": lon,
                    "纬度": lat,
                    "station_id": row.station_id,
                    "site_id": row.site_id,
                    "band": row.band,
                }
            )
    keep = ["时间", "RSRP", "经度", "纬度", *columns]
    return pd.DataFrame(rows)[keep]


def _height(row, config):
    height = getattr(row, "antenna_height_m", np.nan)
    return float(height) if np.isfinite(height) else config.area_class(row.area_class).antenna_height_m


def reading_of(row, easting_m, northing_m, stations, propagation):
    """Median of a station at a point by the project's own model [dBm]; NaN beyond 6 km."""
    own = stations[stations["station_id"] == row.station_id]
    mast = mast_of(row.site_id, own, propagation.config, propagation)
    away = np.hypot(easting_m - mast.easting_m, northing_m - mast.northing_m)
    if not 50.0 < away < 6_000.0 or row.band not in mast.bands:
        return np.nan
    x, y = np.array([easting_m]), np.array([northing_m])
    geometry = propagation.geometry_at(mast, x, y)
    return float(propagation.median_at(mast, row.band, geometry, x, y)[0][0])
