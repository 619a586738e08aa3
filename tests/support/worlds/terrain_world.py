"""One mast on a plain, behind a wall and among hills, with the closed form of what it should lose there."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import services_of
from siteplan.coverage.footprint_cache import MemoryCache
from siteplan.coverage.ground import ground_model
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.radio.diffraction import effective_earth_radius_km
from siteplan.radio.pathloss import free_space_loss
from worlds.two_counties import CRS, SOUTH, WEST

GRID = Grid(CRS, WEST, SOUTH + 6_000, 100.0, 60, 60)
DEM_GRID = Grid(CRS, WEST - 300, SOUTH + 6_300, 30.0, 220, 220)
MIDDLE = 3_050.0
FOLLOWED_M = 2_500.0
"""How far masts of these tests are followed."""
EIRP_DBM, SIGMA_DB, THRESHOLD_DBM, STREET_M = 36.7, 8.0, -105.0, 27.0
"""Of the band "high" at 2140 MHz, of its formula, and of the first layer."""


def following(config, radius_m=FOLLOWED_M, clutter_m=10.0):
    """Masts of every class followed so far, among clutter of one height."""
    update = {"max_radius_m": radius_m, "clutter_height_m": clutter_m}
    classes = tuple(each.model_copy(update=update) for each in config.area_classes)
    return config.model_copy(update={"area_classes": classes})


def treating(config, **coverage):
    return config.model_copy(update={"coverage": config.coverage.model_copy(update=coverage)})


def louder(config, eirp_dbm, band="high"):
    def changed(each):
        classes = {
            k: c.model_copy(update={"eirp_per_re_dbm": eirp_dbm}) if each.id == band else c
            for k, c in each.classes.items()
        }
        return each.model_copy(update={"classes": classes})

    return config.model_copy(update={"bands": tuple(changed(each) for each in config.bands)})


def plain(height_m=200.0):
    return Raster(np.full(DEM_GRID.shape, height_m, dtype=np.float32), DEM_GRID, "terrain", "m")


def walled(east_m=3_600.0, height_m=250.0):
    """A plain with a wall from north to south, 60 m thick."""
    values = np.full(DEM_GRID.shape, 200.0, dtype=np.float32)
    first = int((WEST + east_m - DEM_GRID.west_m) / 30.0)
    values[:, first : first + 2] += np.float32(height_m)
    return Raster(values, DEM_GRID, "terrain", "m")


def hills(seed=1, amplitude_m=60.0):
    y, x = np.mgrid[0:220, 0:220]
    bumps = np.sin(x / 9.0 + seed) * np.cos(y / 11.0) + 0.5 * np.sin((x + y) / 5.0)
    return Raster((300 + amplitude_m * bumps).astype(np.float32), DEM_GRID, "terrain", "m")


def terrain_on(config, dem, points=None, cache=None):
    return TerrainModel(config, services_of(config), ground_model(dem, None, config), points, cache)


def mast(bands=("high",), east=MIDDLE, north=MIDDLE, height=35.0):
    return Mast("T", WEST + east, SOUTH + north, "rural", height, tuple(bands))


def slant(distance_m, height_m=35.0):
    return np.hypot(distance_m, height_m - 1.5)


def knife_edge_before(distance_m, clutter_m, frequency_mhz=2140.0, height_m=35.0, delta_n=40.0):
    """Bullington loss of one screen a street's width before a phone on a plain, from its own geometry."""
    radius_m = 1000.0 * effective_earth_radius_km(delta_n)
    line = 1.5 + (height_m - 1.5) * STREET_M / distance_m
    rise = clutter_m + STREET_M * (distance_m - STREET_M) / (2.0 * radius_m) - line
    wavelength = 299.8 / frequency_mhz
    nu = rise * np.sqrt(2.0 * distance_m / (wavelength * STREET_M * (distance_m - STREET_M)))
    edge = np.where(nu > -0.78, 6.9 + 20.0 * np.log10(np.hypot(nu - 0.1, 1.0) + nu - 0.1), 0.0)
    more = (1.0 - np.exp(-edge / 6.0)) * (10.0 + 2e-5 * distance_m)
    return edge + np.where(distance_m < 250.0, 0.0, more)


def on_the_plain(distance_m, clutter_m=10.0, frequency_mhz=2140.0):
    """Closed form of the median loss: free space over the slope of the path, and the screen."""
    return free_space_loss(slant(distance_m), frequency_mhz) + knife_edge_before(
        distance_m, clutter_m, frequency_mhz
    )


def served(loss_db):
    return ndtr((EIRP_DBM - loss_db - THRESHOLD_DBM) / SIGMA_DB)


def pixel_means(function, given=None):
    """Mean over the DEM's pixels in each demand pixel of a function of distance."""
    given = given or mast()
    row, col = np.mgrid[0 : DEM_GRID.height, 0 : DEM_GRID.width]
    x, y = DEM_GRID.centre(row.ravel(), col.ravel())
    values = function(np.maximum(np.hypot(x - given.easting_m, y - given.northing_m), 1.0))
    at_row, at_col = GRID.index(x, y)
    inside = GRID.inside(at_row, at_col)
    flat = at_row[inside] * GRID.width + at_col[inside]
    sums, counts = (
        np.bincount(flat, weights, GRID.width * GRID.height) for weights in (values[inside], None)
    )
    return (sums / counts).reshape(GRID.shape)


def away_from_the_mast():
    """Distance of every pixel's centre from the mast in the middle [m]."""
    row, col = np.mgrid[0 : GRID.height, 0 : GRID.width]
    x, y = GRID.centre(row, col)
    return np.hypot(x - mast().easting_m, y - mast().northing_m)


def placed(footprint, k=0):
    """Probability of the k-th service on the whole grid."""
    full = np.zeros(GRID.shape)
    if footprint is not None:
        full[footprint.window] = footprint.probability[k]
    return full


class Counting(MemoryCache):
    """A cache that counts what had to be computed."""

    def __init__(self):
        super().__init__()
        self.computed = 0

    def put(self, key, value):
        self.computed += 1
        super().put(key, value)


def fitted(propagation="terrain", **more):
    return {
        "schema": "siteplan-calibration/1",
        "propagation": propagation,
        "bands": {"high": {"offset_db": 0.0}},
        **more,
    }
