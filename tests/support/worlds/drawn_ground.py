"""Tiny drawn worlds for the terrain sweep, and the closed forms that hold on them."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from siteplan.core.grid import Grid, Raster
from siteplan.radio.diffraction import (
    Profile,
    bullington_nu,
    effective_earth_radius_km,
)
from siteplan.radio.profile import point_geometry
from siteplan.radio.sweep import (
    STANDARD_DELTA_N,
    terrain_geometry,
)

PX = 30.0


SIDE = 45


MIDDLE = 22


RADIUS_KM = effective_earth_radius_km(STANDARD_DELTA_N)


CLEARANCE = -0.52
"""Below this nu sqrt(wavelength) nothing is lost at 700 MHz and above [sqrt m]."""


FLAT = np.zeros((SIDE, SIDE))


PLACES = {
    "pixel centre": (22.0, 22.0),
    "pixel corner": (21.5, 21.5),
    "pixel edge": (22.0, 22.5),
    "anywhere": (21.73, 22.28),
    "close to an edge": (1.2, 20.4),
    "close to a corner": (43.1, 0.6),
}
"""Rows and columns of masts, counted from the first pixel's centre."""


def raster(heights, resolution_m=PX):
    values = np.array(heights, dtype=np.float32)
    rows, cols = values.shape
    return Raster(values, Grid("EPSG:4547", 0.0, rows * resolution_m, resolution_m, cols, rows), "dem", "m")


def rough(seed, side=SIDE, smooth=2.5, relief=300.0):
    noise = np.random.default_rng(seed).normal(size=(side, side))
    return 500.0 + relief * gaussian_filter(noise, smooth)


def mountains_of(seed, side):
    """Hills of three sizes, each as steep as the next: 150 m high at 400 m, 40 m at 100 m."""
    rng = np.random.default_rng(seed)
    hills = [(size, gaussian_filter(rng.normal(size=(side, side)), size, mode="wrap")) for size in (3, 6, 12)]
    return 800.0 + sum(12.5 * size * hill / hill.std() for size, hill in hills)


def point(dem, row, col):
    """Easting and northing of a place in pixels."""
    return (col + 0.5) * dem.grid.resolution_m, dem.grid.north_m - (row + 0.5) * dem.grid.resolution_m


def sweep(dem, at=(MIDDLE, MIDDLE), height=20.0, pixels=20.0, **more):
    return terrain_geometry(dem, *point(dem, *at), height, pixels * dem.grid.resolution_m, **more)


def whole(dem, geometry, values):
    """Values of a window on all of the DEM; what lies outside is NaN."""
    full = np.full(dem.grid.shape, np.nan)
    full[geometry.window] = values
    return full


def exact(dem, geometry, at=(MIDDLE, MIDDLE), height=20.0, **more):
    """The same window, every pixel on its own profile."""
    row, col = np.mgrid[geometry.window]
    x, y = dem.grid.centre(row.ravel(), col.ravel())
    result = point_geometry(dem, *point(dem, *at), height, x, y, **more)
    fields = result.nu_sqrt_wavelength, result.los, result.distance_m
    return tuple(field.reshape(row.shape) for field in fields)


def closed_form(distance_km, ground_m, antenna_m, receiver_m, frequency_ghz=2.6):
    """Nu sqrt(wavelength) of a profile by the formulas of one path."""
    x, y = np.asarray(distance_km), np.asarray(ground_m, dtype=np.float64)
    path = Profile(x, y, y[0] + antenna_m, y[-1] + receiver_m)
    return bullington_nu(path, RADIUS_KM, frequency_ghz)[0] * math.sqrt(0.2998 / frequency_ghz)


def on_flat_ground(rows, cols, steps, resolution_m=PX, antenna_m=20.0):
    distance_km = math.hypot(rows, cols) * resolution_m / 1000.0
    return closed_form(np.linspace(0.0, distance_km, steps + 1), np.zeros(steps + 1), antenna_m, 1.5)


def that_counts(nu):
    """How far the view is blocked; clearance is clearance, however much."""
    return np.maximum(nu, CLEARANCE)


def within(geometry, pixels, resolution_m=PX):
    """Pixels nearer than the radius, without a hair's breadth at its rim."""
    return geometry.distance_m < pixels * resolution_m - 0.01


def with_voids(values, *parts):
    holed = np.array(values, dtype=np.float32)
    for part in parts:
        holed[part] = np.nan
    return holed


def plane():
    row, col = np.mgrid[0:SIDE, 0:SIDE]
    return 200.0 + 3.0 * row - 2.0 * col


def turned_left(row, col):
    """Where np.rot90 takes a place."""
    return SIDE - 1 - col, row


def fields_of(geometry):
    return geometry.nu_sqrt_wavelength, geometry.los


def assert_same_shade(left, right):
    """Rays are the same, sums along them are rounded otherwise; a mast between pixels has another nearest.

    Where nothing is lost the nearest vertex may be another one.
    """
    np.testing.assert_allclose(that_counts(left), that_counts(right), rtol=1e-3, atol=2e-3)


STREET = 27.0
"""Width of a street [m]: how far before a receiver its own clutter stands."""


def covered(dem, clutter_m):
    """Ground plus clutter, as the sweep takes it."""
    return (dem.values + np.asarray(clutter_m, dtype=np.float32)).astype(np.float32)


def patches(seed, side=SIDE, size=2.0):
    """Fields, shrubs, houses and woods, a few pixels across."""
    noise = gaussian_filter(np.random.default_rng(seed + 100).normal(size=(side, side)), size, mode="wrap")
    return np.array([0.0, 3.0, 10.0, 20.0])[np.digitize(noise / noise.std(), [0.0, 0.4, 1.0])]


compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="too slow as plain Python")
