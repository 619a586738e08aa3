"""The terrain sweep on tiny drawn worlds: closed forms, the laws of shade, edges, voids, exact profiles.

``make kernels`` runs this file as plain Python and with bounds checks too, so worlds are small; the few
larger ones need compiled kernels. Tolerances that are no rounding were measured on these very worlds.
"""

import csv
import math
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
import rasterio
from scipy.ndimage import gaussian_filter

from siteplan.core.errors import RangeError
from siteplan.core.grid import Grid, Raster
from siteplan.radio.diffraction import (
    Profile,
    bullington_loss,
    bullington_nu,
    effective_earth_radius_km,
    knife_edge_loss,
)
from siteplan.radio.p1812 import path_loss_p1812
from siteplan.radio.profile import path_profile, point_geometry
from siteplan.radio.sweep import (
    STANDARD_DELTA_N,
    bullington_loss_db,
    diffraction_loss_db,
    fill_voids,
    terrain_geometry,
)

DATA = Path(__file__).with_name("data")
REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "radio"
REFERENCE_DEM = REFERENCE / "bigtujunga_srtm30m_utm11.tif"
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
compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="too slow as plain Python")


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


# --- flat ground ----------------------------------------------------------------------------------------


def test_on_flat_ground_the_shade_is_round():
    nu = sweep(raster(FLAT)).nu_sqrt_wavelength
    for turned in (nu[::-1], nu[:, ::-1], nu.T, nu[::-1, ::-1].T):
        np.testing.assert_allclose(nu, turned, rtol=1e-6)


def test_flat_ground_is_the_closed_form():
    """A ray has a point for every step of its major axis, and so has the profile of the closed form."""
    geometry = sweep(raster(FLAT))
    nu, middle = geometry.nu_sqrt_wavelength, len(geometry.los) // 2
    for row, col in np.argwhere(within(geometry, 20.0)) - middle:
        steps = max(abs(row), abs(col))
        if steps > 1:
            expected = on_flat_ground(row, col, steps)
            assert nu[middle + row, middle + col] == pytest.approx(expected, rel=1e-5), (row, col)


def test_a_point_on_flat_ground_is_the_closed_form():
    dem = raster(FLAT)
    ends = [(22.0, 40.0), (2.3, 9.1), (30.0, 30.0), (23.0, 24.4)]
    points = point_geometry(
        dem, *point(dem, MIDDLE, MIDDLE), 20.0, *zip(*(point(dem, *end) for end in ends), strict=True)
    )
    for k, (row, col) in enumerate(ends):
        away = row - MIDDLE, col - MIDDLE
        expected = on_flat_ground(*away, max(2, math.ceil(2.0 * math.hypot(*away))))
        assert points.nu_sqrt_wavelength[k] == pytest.approx(expected, rel=1e-9)
        assert points.distance_m[k] == pytest.approx(math.hypot(*away) * PX)


def test_on_flat_ground_one_sees_as_far_as_the_horizon():
    """20 m and 1.5 m see each other over 23.6 km; pixels of 2 km, so the bulge has few points."""
    geometry = sweep(raster(FLAT, 2000.0), pixels=18.0)
    horizon_m = 1000.0 * math.sqrt(2.0 * RADIUS_KM) * (math.sqrt(0.020) + math.sqrt(0.0015))
    clear_cut = within(geometry, 18.0, 2000.0) & (np.abs(geometry.distance_m - horizon_m) > 400.0)
    np.testing.assert_array_equal(geometry.los[clear_cut], geometry.distance_m[clear_cut] < horizon_m)


def test_less_refraction_brings_the_horizon_nearer():
    dem = raster(FLAT, 2000.0)
    seen = [sweep(dem, pixels=18.0, delta_n=delta_n).los.sum() for delta_n in (20.0, 40.0, 80.0)]
    assert seen[0] < seen[1] < seen[2]


# --- there and back -------------------------------------------------------------------------------------

PAIRS = [
    ((10, 12), (33, 30)),
    ((20, 5), (5, 38)),
    ((40, 8), (22, 22)),
    ((30, 41), (15, 20)),
    ((8, 8), (36, 20)),
]


@pytest.mark.parametrize("seed", range(4))
def test_a_point_is_reciprocal_at_equal_heights(seed):
    dem = raster(rough(seed))
    for here, there in PAIRS:
        (a, b), ten = (point(dem, *here), point(dem, *there)), 10.0
        out = point_geometry(dem, *a, ten, *b, rx_height_m=ten)
        back = point_geometry(dem, *b, ten, *a, rx_height_m=ten)
        assert out.nu_sqrt_wavelength == pytest.approx(back.nu_sqrt_wavelength, abs=1e-9)
        assert out.los == back.los


def test_the_sweep_is_reciprocal_within_its_rays():
    """Each end mixes its own rays: 0.01 dB apart in the middle of 20 paths, 3 dB on a grazing one."""
    differences = []
    for seed in range(4):
        dem = raster(rough(seed))
        for here, there in PAIRS:
            out, back = (sweep(dem, at, 10.0, 44.0, rx_height_m=10.0) for at in (here, there))
            there_db = whole(dem, out, diffraction_loss_db(out, 2600.0))[there]
            here_db = whole(dem, back, diffraction_loss_db(back, 2600.0))[here]
            differences.append(abs(there_db - here_db))
    assert np.median(differences) < 0.1
    assert np.sqrt(np.mean(np.square(differences))) < 1.2
    assert max(differences) < 4.0


# --- walls ----------------------------------------------------------------------------------------------

WALL = 30
"""Column of a wall across the whole world."""


def walled(ground, height):
    world = np.array(ground)
    world[:, WALL] += height
    return raster(world)


def test_a_wall_is_the_knife_edge_of_its_own_geometry():
    """East of the mast a ray has a point on the wall itself; the path's way to it grows with its slope."""
    geometry = sweep(walled(FLAT, 60.0), pixels=22.0)
    nu, middle = geometry.nu_sqrt_wavelength, len(geometry.los) // 2
    for row, col in [(0, 12), (0, 20), (3, 15), (-8, 16), (11, 17), (-14, 14)]:
        stretch = math.hypot(row, col) / col * PX
        d, to_wall = col * stretch, (WALL - MIDDLE) * stretch
        bulge = to_wall * (d - to_wall) / (2000.0 * RADIUS_KM)
        rise = 60.0 + bulge - (20.0 * (d - to_wall) + 1.5 * to_wall) / d
        edge = rise * math.sqrt(2.0 * d / (to_wall * (d - to_wall)))
        assert not geometry.los[middle + row, middle + col]
        assert nu[middle + row, middle + col] == pytest.approx(edge, rel=2e-3), (row, col)


def test_a_point_behind_a_wall_is_its_knife_edge():
    dem = walled(FLAT, 60.0)
    behind = point_geometry(dem, *point(dem, MIDDLE, MIDDLE), 20.0, *point(dem, MIDDLE, WALL + 6))
    along = np.arange(0.0, 14.5, 0.5)
    ground = 60.0 * np.maximum(1.0 - np.abs(along - (WALL - MIDDLE)), 0.0)
    expected = closed_form(along * PX / 1000.0, ground, 20.0, 1.5)
    assert behind.nu_sqrt_wavelength[0] == pytest.approx(expected)
    assert not behind.los[0]


@pytest.mark.parametrize("antenna", [3.0, 20.0])
@pytest.mark.parametrize("height", [5.0, 20.0, 80.0])
def test_a_wall_on_flat_ground_only_takes_away(height, antenna):
    before, after = (sweep(dem, height=antenna) for dem in (raster(FLAT), walled(FLAT, height)))
    behind = np.arange(SIDE)[before.window[1]] > WALL
    near = within(before, 20.0)[:, behind]
    without, with_wall = (that_counts(each.nu_sqrt_wavelength[:, behind][near]) for each in (before, after))
    assert (with_wall >= without - 1e-5).all()
    assert not (after.los & ~before.los)[:, behind].any()


@pytest.mark.parametrize("seed", range(6))
def test_a_wall_in_the_mountains_never_opens_a_view(seed):
    ground = rough(seed)
    before, after = sweep(raster(ground)), sweep(walled(ground, 40.0))
    behind = np.arange(SIDE)[before.window[1]] > WALL
    assert not (after.los & ~before.los)[:, behind].any()


@pytest.mark.parametrize("seed", range(6))
def test_a_wall_in_the_mountains_never_helps_a_point(seed):
    ground = rough(seed)
    row, col = (each.ravel().astype(float) for each in np.mgrid[0:SIDE:3, WALL + 2 : SIDE])
    results = []
    for dem in (raster(ground), walled(ground, 40.0)):
        results.append(point_geometry(dem, *point(dem, MIDDLE, MIDDLE), 20.0, *point(dem, row, col)))
    before, after = results
    assert (after.nu_sqrt_wavelength >= before.nu_sqrt_wavelength - 1e-9).all()
    assert not (after.los & ~before.los).any()


def test_a_wall_throws_no_shade_before_it():
    before, after = sweep(raster(FLAT)), sweep(walled(FLAT, 80.0))
    ahead = np.arange(SIDE)[before.window[1]] < WALL - 1
    with_wall, without = (that_counts(each.nu_sqrt_wavelength[:, ahead]) for each in (after, before))
    np.testing.assert_array_equal(with_wall, without)


def test_on_a_terrace_the_plain_before_it_still_counts():
    """The plain is under the line of sight, not hidden by the rise: its Fresnel zones cost as before."""
    terrace = FLAT.copy()
    terrace[:, WALL:] = 6.0
    dem = raster(terrace)
    geometry = sweep(dem, height=3.0)
    nu, los, _ = exact(dem, geometry, height=3.0)
    edge = np.s_[MIDDLE - geometry.window[0].start, WALL - geometry.window[1].start]
    assert geometry.los[edge]
    assert los[edge]
    assert geometry.nu_sqrt_wavelength[edge] == pytest.approx(nu[edge], abs=0.15)  # half pixels see more


# --- masts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_higher_mast_loses_no_view(seed):
    dem = raster(rough(seed))
    at = tuple(np.random.default_rng(seed).uniform(8.0, 36.0, 2))
    before = sweep(dem, at, 5.0)
    for height in (10.0, 35.0, 120.0):
        after = sweep(dem, at, height)
        assert not (before.los & ~after.los).any(), height
        before = after


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", [None, 3, 7])
def test_every_pixel_within_the_radius_has_a_value(place, seed):
    """No pixel falls between two rays, two sectors or two lines that do not meet; none beyond has one."""
    dem = raster(FLAT if seed is None else rough(seed, smooth=1.0, relief=200.0))
    for pixels in (2.0, 2.5, 3.3, 19.6):
        geometry = sweep(dem, PLACES[place], pixels=pixels)
        outside = geometry.distance_m > pixels * PX + 0.01
        assert np.isfinite(geometry.nu_sqrt_wavelength[within(geometry, pixels)]).all(), pixels
        assert np.isnan(geometry.nu_sqrt_wavelength[outside]).all()
        assert not geometry.los[outside].any()


@pytest.mark.parametrize("place", PLACES)
def test_distance_is_measured_from_the_mast_itself(place):
    dem = raster(FLAT)
    geometry = sweep(dem, PLACES[place])
    row, col = np.mgrid[geometry.window]
    expected = np.hypot(row - PLACES[place][0], col - PLACES[place][1]) * PX
    np.testing.assert_allclose(geometry.distance_m, expected, atol=1e-3)


@pytest.mark.parametrize("place", PLACES)
def test_at_its_foot_a_mast_sees_and_loses_nothing(place):
    geometry = sweep(raster(rough(2)), PLACES[place])
    foot = geometry.distance_m <= 1.1 * PX
    assert geometry.los[foot].all()
    assert (diffraction_loss_db(geometry, 700.0)[foot] == 0.0).all()


@pytest.mark.parametrize("place", PLACES)
def test_a_mast_stands_on_the_slope_between_pixels(place):
    """On an inclined plane a low mast's view is that of level ground, wherever it stands."""
    row, col = np.mgrid[0:SIDE, 0:SIDE]
    level, inclined = raster(FLAT), raster(300.0 + 6.0 * row - 3.5 * col)
    flat, tilted = (sweep(dem, PLACES[place], 4.0) for dem in (level, inclined))
    inside = within(flat, 20.0) & (flat.distance_m > 2.0 * PX)
    # beyond the DEM the plane ends, so rays beside its outermost pixels see another ground
    rows, cols = np.mgrid[flat.window]
    inside &= (np.minimum(rows, cols) > 0) & (np.maximum(rows, cols) < SIDE - 1)
    level_nu, inclined_nu = (that_counts(each.nu_sqrt_wavelength[inside]) for each in (flat, tilted))
    np.testing.assert_allclose(inclined_nu, level_nu, atol=3e-2)  # single precision in the hull


# --- the edge of the DEM --------------------------------------------------------------------------------


def test_the_window_ends_at_the_dem():
    geometry = sweep(raster(FLAT), (3, 40), pixels=10.0)
    assert geometry.window == (slice(0, 15), slice(29, 45))
    for values in (geometry.nu_sqrt_wavelength, geometry.los, geometry.distance_m, geometry.filled):
        assert values.shape == (15, 16)


def test_a_radius_beyond_the_dem_covers_the_dem():
    dem = raster(rough(4, side=21))
    geometry = sweep(dem, (10.3, 9.8), pixels=40.0)
    assert geometry.window == (slice(0, 21), slice(0, 21))
    assert np.isfinite(geometry.nu_sqrt_wavelength).all()
    assert not geometry.filled.any()


def test_the_land_beyond_the_edge_matters_to_the_outermost_pixels_only():
    """A part of a DEM has the values of the whole where both rays of a pixel stay on it."""
    ground = rough(6)
    part = raster(ground[:, 10:])
    large, small = sweep(raster(ground), (22.2, 21.6)), sweep(part, (22.2, 11.6))
    of_large = whole(raster(ground), large, large.nu_sqrt_wavelength)[:, 10:]
    of_small = whole(part, small, small.nu_sqrt_wavelength)
    np.testing.assert_allclose(of_small[:, 2:], of_large[:, 2:], atol=1e-3)


# --- voids ----------------------------------------------------------------------------------------------


def with_voids(values, *parts):
    holed = np.array(values, dtype=np.float32)
    for part in parts:
        holed[part] = np.nan
    return holed


def plane():
    row, col = np.mgrid[0:SIDE, 0:SIDE]
    return 200.0 + 3.0 * row - 2.0 * col


def test_a_hole_in_a_plane_is_the_plane():
    holed = with_voids(plane(), np.s_[10:16, 20:31], np.s_[30, 5])
    np.testing.assert_allclose(fill_voids(holed), plane(), atol=1e-3)


def test_known_heights_are_left_alone():
    holed = with_voids(rough(1), np.s_[10:16, 20:31], np.s_[0:4, :])
    known = ~np.isnan(holed)
    np.testing.assert_array_equal(fill_voids(holed)[known], holed[known])


@pytest.mark.parametrize(
    "void",
    [np.s_[0, 0], np.s_[0, 7], np.s_[:, 30:], np.s_[:40, :], np.s_[1:, :], np.s_[1:, 1:]],
    ids=["corner", "edge", "half", "most", "all but a row", "all but two lines"],
)
def test_a_void_open_to_the_edge_takes_near_heights(void):
    holed = with_voids(plane(), void)
    filled = fill_voids(holed)
    assert np.nanmin(holed) <= filled.min() <= filled.max() <= np.nanmax(holed)


def test_heights_known_along_a_diagonal_only_fill_the_rest():
    few = np.full((SIDE, SIDE), np.nan, dtype=np.float32)
    np.fill_diagonal(few, 100.0)
    np.testing.assert_array_equal(fill_voids(few), 100.0)


def test_voids_are_swept_as_filled_and_flagged():
    hole = np.s_[24:30, 26:32]
    holed = raster(with_voids(plane(), hole))
    geometry, expected = sweep(holed), sweep(raster(plane()))
    inside = within(geometry, 20.0) & (geometry.distance_m > PX)
    np.testing.assert_allclose(
        geometry.nu_sqrt_wavelength[inside], expected.nu_sqrt_wavelength[inside], atol=1e-3
    )
    flagged = np.zeros(holed.grid.shape, dtype=bool)
    flagged[hole] = True
    np.testing.assert_array_equal(geometry.filled, flagged[geometry.window])


def test_a_mast_and_points_may_stand_in_a_void():
    holed, full = raster(with_voids(plane(), np.s_[20:25, 20:25])), raster(plane())
    ends = point(full, np.array([21.0, 40.0]), np.array([23.5, 8.0]))
    results = [point_geometry(dem, *point(dem, 22.4, 21.8), 20.0, *ends) for dem in (holed, full)]
    np.testing.assert_allclose(results[0].nu_sqrt_wavelength, results[1].nu_sqrt_wavelength, atol=1e-3)


def test_a_dem_of_voids_alone_is_refused():
    nothing = raster(np.full((SIDE, SIDE), np.nan))
    with pytest.raises(RangeError, match="no height"):
        sweep(nothing)
    with pytest.raises(RangeError, match="no height"):
        point_geometry(nothing, *point(nothing, 3, 3), 20.0, *point(nothing, 20, 20))


# --- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [(-0.6, 5.0), (44.6, 5.0), (5.0, -0.6), (5.0, 44.6), (5.0, math.nan)])
def test_a_mast_off_the_dem_is_refused(at):
    dem = raster(FLAT)
    with pytest.raises(RangeError, match="on the DEM"):
        sweep(dem, at)
    with pytest.raises(RangeError, match="on the DEM"):
        point_geometry(dem, *point(dem, *at), 20.0, *point(dem, 20, 20))
    with pytest.raises(RangeError, match="on the DEM"):
        path_profile(dem, *point(dem, 20, 20), *point(dem, *at))


@pytest.mark.parametrize(
    "changes",
    [
        {"height": 0.0},
        {"height": -3.0},
        {"rx_height_m": 0.0},
        {"rx_height_m": -1.5},
        {"pixels": 1.9},
        {"pixels": 0.0},
        {"delta_n": 0.0},
        {"delta_n": 157.0},
        {"spacing_px": 0.0},
        {"spacing_px": -1.0},
    ],
    ids=str,
)
def test_outside_its_range_the_sweep_raises(changes):
    with pytest.raises(RangeError):
        sweep(raster(FLAT), **changes)


@pytest.mark.parametrize("frequency_mhz", [29.9, 6000.1, 0.0, math.nan])
def test_outside_its_frequencies_the_loss_raises(frequency_mhz):
    with pytest.raises(RangeError, match="MHz"):
        diffraction_loss_db(sweep(raster(FLAT), pixels=3.0), frequency_mhz)


# --- loss -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frequency_mhz", [30.0, 700.0, 2600.0, 6000.0])
def test_the_loss_is_bullingtons_and_near_the_mast_the_bare_knife_edge(frequency_mhz):
    """Below 250 m P.1812 does not hold: there the loss is J(nu)."""
    nu = np.linspace(-3.0, 60.0, 127)
    of_band = (nu * math.sqrt(299.8 / frequency_mhz)).astype(np.float32)
    edge = np.array([knife_edge_loss(value) for value in nu])
    for distance in (30.0, 249.0):
        loss = bullington_loss_db(of_band, np.full(len(nu), distance), frequency_mhz)
        np.testing.assert_allclose(loss, edge, atol=5e-4)
    for distance in (251.0, 9000.0):
        loss = bullington_loss_db(of_band, np.full(len(nu), distance), frequency_mhz)
        more = (1.0 - np.exp(-edge / 6.0)) * (10.0 + 0.02 * distance / 1000.0)
        np.testing.assert_allclose(loss, edge + more, atol=1e-3)


def test_the_loss_of_a_path_is_that_of_its_profile():
    dem = raster(rough(5))
    for here, there in PAIRS:
        points = point_geometry(dem, *point(dem, *here), 20.0, *point(dem, *there))
        loss = bullington_loss_db(points.nu_sqrt_wavelength, points.distance_m, 2600.0)[0]
        x, ground = path_profile(dem, *point(dem, *here), *point(dem, *there))
        path = Profile(x, ground, ground[0] + 20.0, ground[-1] + 1.5)
        assert loss == pytest.approx(bullington_loss(path, RADIUS_KM, 2.6), abs=2e-3)


def test_higher_bands_lose_more_in_the_shade_and_less_in_the_open():
    geometry = sweep(raster(rough(3)))
    low, high = (diffraction_loss_db(geometry, f) for f in (700.0, 3500.0))
    inside = within(geometry, 20.0)
    hidden = inside & (geometry.nu_sqrt_wavelength > 0.0)
    assert (high[hidden] > low[hidden]).all()
    assert (high[inside & ~hidden] <= low[inside & ~hidden]).all()
    assert np.isnan(low[~inside & (geometry.distance_m > 20.0 * PX + 0.01)]).all()


# --- the four sectors -----------------------------------------------------------------------------------


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


@pytest.mark.parametrize("place", PLACES)
def test_turning_the_land_turns_the_shade(place):
    ground, at = rough(8), PLACES[place]
    dem = raster(ground)
    first = sweep(dem, at)
    for turns in (1, 2, 3):
        at = turned_left(*at)
        turned = raster(np.rot90(ground, turns))
        result = sweep(turned, at)
        shade, view = (np.rot90(whole(turned, result, each), -turns) for each in fields_of(result))
        assert_same_shade(shade, whole(dem, first, first.nu_sqrt_wavelength))
        np.testing.assert_array_equal(view == 1.0, whole(dem, first, first.los) == 1.0)


@pytest.mark.parametrize("place", PLACES)
def test_mirroring_the_land_mirrors_the_shade(place):
    ground, at = rough(9), PLACES[place]
    dem, mirror = raster(ground), raster(ground.T)
    here, there = sweep(dem, at), sweep(mirror, at[::-1])
    mirrored = whole(mirror, there, there.nu_sqrt_wavelength).T
    assert_same_shade(mirrored, whole(dem, here, here.nu_sqrt_wavelength))


# --- against exact profiles -----------------------------------------------------------------------------


def free_space_db(distance_m, frequency_mhz):
    return 92.4 + 20.0 * np.log10(frequency_mhz / 1000.0) + 20.0 * np.log10(distance_m / 1000.0)


def agreement(dem, at, height, pixels, frequency_mhz, spacing_px=None, **more):
    """RMSE of the loss [dB], share of equal views, overlap of the areas covered at 135 and 142 dB."""
    geometry = sweep(dem, at, height, pixels, spacing_px=spacing_px, **more)
    nu, los, distance = exact(dem, geometry, at, height, **more)
    counted = within(geometry, pixels, dem.grid.resolution_m) & (distance >= 250.0)
    swept = diffraction_loss_db(geometry, frequency_mhz)[counted].astype(np.float64)
    truth = bullington_loss_db(nu, distance, frequency_mhz)[counted]
    open_db = free_space_db(distance[counted], frequency_mhz)
    rmse = float(np.sqrt(np.mean((swept - truth) ** 2)))
    overlaps = []
    for limit in (135.0, 142.0):
        ours, theirs = open_db + swept <= limit, open_db + truth <= limit
        overlaps.append((ours & theirs).sum() / (ours | theirs).sum())
    return rmse, float((geometry.los == los)[counted].mean()), overlaps


@pytest.mark.parametrize("seed", range(4))
def test_small_worlds_agree_with_exact_profiles(seed):
    """Measured are 0.4 to 1.2 dB and 99 % equal views."""
    at = tuple(np.random.default_rng(seed).uniform(15.0, 30.0, 2))
    rmse, same_view, overlaps = agreement(raster(rough(seed)), at, 20.0, 20.0, 2600.0)
    assert rmse < 2.0
    assert same_view >= 0.98
    assert min(overlaps) >= 0.97


def test_denser_rays_come_nearer_to_exact_profiles():
    """Rays two pixels apart at the rim against four rays a pixel."""
    worlds = [raster(rough(seed)) for seed in range(3)]
    few, many = (
        [agreement(dem, (21.7, 22.6), 20.0, 20.0, 2600.0, spacing_px)[0] for dem in worlds]
        for spacing_px in (2.0, 0.25)
    )
    assert sum(many) < 0.9 * sum(few)


@compiled
@pytest.mark.parametrize("seed", range(3))
def test_a_rough_land_agrees_with_exact_profiles(seed):
    """6 km around; measured are 0.7 to 1.4 dB."""
    dem = raster(mountains_of(seed, 401))
    rmse, same_view, overlaps = agreement(dem, (200.3, 199.6), 35.0, 190.0, 2600.0)
    assert rmse < 2.0
    assert same_view >= 0.98
    assert min(overlaps) >= 0.95


@pytest.fixture(scope="module")
def mountains():
    if not REFERENCE_DEM.exists():
        pytest.skip("the reference folder is not part of the product")
    with rasterio.open(REFERENCE_DEM) as file:
        return raster(file.read(1))


@compiled
@pytest.mark.parametrize("frequency_mhz", [700.0, 2600.0, 3500.0])
@pytest.mark.parametrize("at", [(457, 684), (409, 287), (356, 584)], ids=["ridge", "slope", "valley"])
def test_real_mountains_agree_with_exact_profiles(mountains, at, frequency_mhz):
    rmse, same_view, overlaps = agreement(mountains, at, 35.0, 5000.0 / PX, frequency_mhz, delta_n=46.5)
    assert rmse <= 2.2
    assert same_view >= 0.98
    assert min(overlaps) >= 0.92


@compiled
@pytest.mark.parametrize("frequency_mhz", [700.0, 2600.0, 3500.0])
def test_free_space_and_bullington_are_p1812_at_planning_ranges(frequency_mhz):
    """In mountains what the map leaves out (ducting, troposcatter, the smooth Earth) is no loss.

    In long rolling hills below 1 GHz it is not: there the smooth Earth adds up to 6 dB to deep shade.
    """
    dem = raster(mountains_of(0, 401))
    rng = np.random.default_rng(1812)
    errors = []
    while len(errors) < 60:
        (row, to_row), (col, to_col) = rng.uniform(0.0, 400.0, (2, 2))
        if not 250.0 <= math.hypot(to_row - row, to_col - col) * PX <= 10_000.0:
            continue
        x, ground = path_profile(dem, *point(dem, row, col), *point(dem, to_row, to_col))
        full = path_loss_p1812(
            frequency_mhz / 1000.0,
            50.0,
            x,
            ground,
            np.zeros_like(x),
            np.full(len(x), 4),
            35.0,
            1.5,
            latitudes=(24.8, 24.8),
            longitudes=(113.6, 113.7),
            delta_n=46.5,
            n0=354.7,
        )
        path = Profile(x, ground, ground[0] + 35.0, ground[-1] + 1.5)
        loss = bullington_loss(path, effective_earth_radius_km(46.5), frequency_mhz / 1000.0)
        errors.append(free_space_db(x[-1] * 1000.0, frequency_mhz) + loss - full.Lb)
    assert np.sqrt(np.mean(np.square(errors))) <= 0.2


# --- what stands on the ground ---------------------------------------------------------------------------

STREET = 27.0
"""Width of a street [m]: how far before a receiver its own clutter stands."""


def covered(dem, clutter_m):
    """Ground plus clutter, as the sweep takes it."""
    return (dem.values + np.asarray(clutter_m, dtype=np.float32)).astype(np.float32)


def patches(seed, side=SIDE, size=2.0):
    """Fields, shrubs, houses and woods, a few pixels across."""
    noise = gaussian_filter(np.random.default_rng(seed + 100).normal(size=(side, side)), size, mode="wrap")
    return np.array([0.0, 3.0, 10.0, 20.0])[np.digitize(noise / noise.std(), [0.0, 0.4, 1.0])]


def under_clutter(rows, cols, clutter_m, antenna_m, resolution_m=PX, street_m=STREET):
    """Closed form on flat ground: clutter all the way from pixel to pixel, and once more before the end."""
    steps = max(abs(rows), abs(cols))
    distance_m = math.hypot(rows, cols) * resolution_m
    at = np.arange(1, steps) * (distance_m / steps)
    at = np.sort(np.append(at, distance_m - street_m)) if distance_m > 2.0 * street_m else at
    at = np.concatenate([[0.0], at, [distance_m]])
    heights = np.where((at > 0.0) & (at < distance_m), clutter_m, 0.0)
    return closed_form(at / 1000.0, heights, antenna_m, 1.5)


def behind_the_screen(distance_m, clutter_m, antenna_m, street_m=STREET):
    """One knife edge before the receiver, by its own geometry."""
    bulge = street_m * (distance_m - street_m) / (2000.0 * RADIUS_KM)
    line = 1.5 + (antenna_m - 1.5) * street_m / distance_m
    edge = math.sqrt(2.0 * distance_m / (street_m * (distance_m - street_m)))
    return (clutter_m + bulge - line) * edge


@pytest.mark.parametrize("at", [(22.0, 22.0), (21.6, 22.3)], ids=["centre", "between"])
@pytest.mark.parametrize("seed", [None, 4])
def test_a_surface_that_is_the_ground_changes_nothing(seed, at):
    dem = raster(FLAT if seed is None else rough(seed))
    bare, same = sweep(dem, at), sweep(dem, at, surface=dem.values)
    np.testing.assert_array_equal(same.nu_sqrt_wavelength, bare.nu_sqrt_wavelength)
    np.testing.assert_array_equal(same.los, bare.los)
    for one, other in zip(exact(dem, bare, at), exact(dem, bare, at, surface=dem.values), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("clutter", "antenna"), [(10.0, 20.0), (15.0, 35.0), (3.0, 20.0), (15.0, 8.0)])
def test_clutter_on_flat_ground_is_the_closed_form(clutter, antenna):
    """Above the roofs and, last, below them: there the antenna's horizon is a pixel away."""
    dem = raster(FLAT)
    geometry = sweep(dem, height=antenna, surface=covered(dem, clutter))
    nu, middle = geometry.nu_sqrt_wavelength, len(geometry.los) // 2
    for row, col in np.argwhere(within(geometry, 20.0)) - middle:
        if max(abs(row), abs(col)) > 1:
            expected = under_clutter(row, col, clutter, antenna)
            assert nu[middle + row, middle + col] == pytest.approx(expected, rel=2e-3, abs=1e-3), (row, col)


@pytest.mark.parametrize(("clutter", "antenna"), [(10.0, 20.0), (15.0, 35.0)])
def test_among_roofs_the_loss_is_the_knife_edge_before_the_receiver(clutter, antenna):
    """Along the axis and on diagonals alike, for pixels and for points."""
    dem = raster(FLAT)
    geometry = sweep(dem, height=antenna, surface=covered(dem, clutter))
    middle = len(geometry.los) // 2
    ends = [(0, 8), (0, 12), (19, 0), (8, 8), (-12, 12), (5, -12), (-9, -12)]
    places = point(dem, *(np.array(each) + MIDDLE for each in zip(*ends, strict=True)))
    points = point_geometry(dem, *point(dem, MIDDLE, MIDDLE), antenna, *places, surface=covered(dem, clutter))
    for k, (row, col) in enumerate(ends):
        expected = behind_the_screen(math.hypot(row, col) * PX, clutter, antenna)
        assert geometry.nu_sqrt_wavelength[middle + row, middle + col] == pytest.approx(expected, rel=1e-3)
        assert points.nu_sqrt_wavelength[k] == pytest.approx(expected, rel=1e-3)
        assert not geometry.los[middle + row, middle + col]
        assert not points.los[k]


def test_clutter_weighs_the_same_in_every_direction():
    """150, 300 and 450 m along the axis and on 3:4 slopes."""
    dem = raster(FLAT)
    geometry = sweep(dem, height=35.0, surface=covered(dem, 12.0))
    loss, middle = diffraction_loss_db(geometry, 2600.0), len(geometry.los) // 2
    for k in (1, 2, 3):
        turned = [
            loss[middle + row * k, middle + col * k]
            for row, col in [(0, 5), (5, 0), (0, -5), (3, 4), (-4, 3), (-3, -4)]
        ]
        assert max(turned) - min(turned) < 0.02
        assert min(turned) > 10.0


@pytest.mark.parametrize("coarse", [60.0, 90.0])
def test_clutter_weighs_the_same_whatever_the_size_of_a_pixel(coarse):
    """Among the same roofs a phone loses the same on a fine and on a coarse DEM."""
    times, losses = round(coarse / PX), []
    for pixel, reach in ((PX, 20.0), (coarse, 20.0 / times)):
        dem = raster(FLAT, pixel)
        geometry = sweep(dem, height=35.0, pixels=reach, surface=covered(dem, 10.0))
        loss, middle = diffraction_loss_db(geometry, 2600.0), len(geometry.los) // 2
        every = times if pixel == PX else 1
        losses.append([loss[middle, middle + every * k] for k in (2, 3, 4, 5)])
    np.testing.assert_allclose(losses[0], losses[1], atol=0.05)


@pytest.mark.parametrize("street", [8.0, 15.0, 21.0])
def test_a_wider_street_lets_more_in(street):
    """Up to a pixel, where the neighbour's clutter stands."""
    dem = raster(FLAT)
    surface = covered(dem, 12.0)
    narrow, wide = (sweep(dem, surface=surface, street_width_m=width) for width in (street, street + 6.0))
    far = within(narrow, 20.0) & (narrow.distance_m > 2.0 * (street + 6.0) + PX)
    assert (wide.nu_sqrt_wavelength[far] < narrow.nu_sqrt_wavelength[far]).all()


def test_a_single_tree_shades_its_own_pixel_and_what_lies_behind():
    dem, clutter = raster(FLAT), np.zeros((SIDE, SIDE))
    tree = np.s_[MIDDLE, MIDDLE + 8]
    clutter[tree] = 15.0
    bare, with_tree = sweep(dem), sweep(dem, surface=covered(dem, clutter))
    before, after = (whole(dem, each, each.nu_sqrt_wavelength) for each in (bare, with_tree))
    assert after[tree] == pytest.approx(behind_the_screen(8 * PX, 15.0, 20.0), rel=1e-4)
    assert (after[MIDDLE, MIDDLE + 9 : MIDDLE + 15] > before[MIDDLE, MIDDLE + 9 : MIDDLE + 15]).all()
    np.testing.assert_array_equal(after[:, : MIDDLE + 7], before[:, : MIDDLE + 7])


def test_what_is_not_higher_than_the_receiver_is_no_screen():
    """Grass at the receiver and clutter at the antenna's own foot take nothing."""
    dem, clutter = raster(FLAT), np.zeros((SIDE, SIDE))
    clutter[MIDDLE, MIDDLE] = 15.0
    bare, with_foot = sweep(dem), sweep(dem, surface=covered(dem, clutter))
    np.testing.assert_array_equal(bare.nu_sqrt_wavelength, with_foot.nu_sqrt_wavelength)
    grass = np.zeros((SIDE, SIDE))
    grass[MIDDLE, MIDDLE + 8] = 1.5
    end = point(dem, MIDDLE, MIDDLE + 8)
    nu = [
        point_geometry(dem, *point(dem, MIDDLE, MIDDLE), 20.0, *end, surface=surface).nu_sqrt_wavelength[0]
        for surface in (None, covered(dem, grass), covered(dem, 2.0 * grass))
    ]
    assert nu[0] == nu[1] < nu[2]


def test_nearer_than_two_streets_a_receiver_has_no_screen():
    """60 m along the axis is farther than two streets of 27 m, not than two of 31 m."""
    dem, clutter = raster(FLAT), np.zeros((SIDE, SIDE))
    end = MIDDLE, MIDDLE + 2
    clutter[end] = 15.0
    place, surface = point(dem, *end), covered(dem, clutter)

    def both(**more):
        geometry = sweep(dem, **more)
        points = point_geometry(dem, *point(dem, MIDDLE, MIDDLE), 20.0, *place, **more)
        return whole(dem, geometry, geometry.nu_sqrt_wavelength)[end], points.nu_sqrt_wavelength[0]

    screened, bare = both(surface=surface), both()
    assert screened == pytest.approx((behind_the_screen(60.0, 15.0, 20.0),) * 2, rel=1e-3)
    assert both(surface=surface, street_width_m=31.0)[0] == bare[0]
    assert both(surface=surface, street_width_m=31.0)[1] < screened[1]


@pytest.mark.parametrize("seed", range(4))
def test_clutter_never_helps_a_point(seed):
    """More and taller clutter, at the receiver or on the way, never lowers the diffraction parameter."""
    dem, clutter = raster(rough(seed)), patches(seed)
    row, col = (each.ravel().astype(float) for each in np.mgrid[1:SIDE:4, 1:SIDE:3])
    ends, before = point(dem, row, col), None
    for share in (0.0, 0.3, 0.6, 1.0):
        points = point_geometry(
            dem, *point(dem, 20.3, 21.8), 20.0, *ends, surface=covered(dem, share * clutter)
        )
        if before is not None:
            assert (points.nu_sqrt_wavelength >= before.nu_sqrt_wavelength - 1e-9).all()
            assert not (points.los & ~before.los).any()
        before = points


@pytest.mark.parametrize("seed", range(4))
def test_clutter_never_opens_a_view(seed):
    dem, clutter = raster(rough(seed)), patches(seed)
    bare = sweep(dem)
    seen = [bare.los, *(sweep(dem, surface=covered(dem, share * clutter)).los for share in (0.5, 1.0))]
    assert not (seen[1] & ~seen[0]).any()
    assert not (seen[2] & ~seen[1]).any()
    assert seen[2].sum() < seen[0].sum()


@pytest.mark.parametrize("place", PLACES)
def test_among_clutter_every_pixel_has_a_value(place):
    dem = raster(rough(7, smooth=1.0, relief=200.0))
    for pixels in (2.0, 3.3, 19.6):
        geometry = sweep(dem, PLACES[place], pixels=pixels, surface=covered(dem, patches(7)))
        assert np.isfinite(geometry.nu_sqrt_wavelength[within(geometry, pixels)]).all(), pixels


def test_a_void_is_filled_in_the_ground_and_in_what_stands_on_it():
    hole = np.s_[24:30, 26:32]
    holed, full = raster(with_voids(plane(), hole)), raster(plane())
    geometry = sweep(holed, surface=covered(holed, 10.0))
    expected = sweep(full, surface=covered(full, 10.0))
    inside = within(geometry, 20.0) & (geometry.distance_m > PX)
    np.testing.assert_allclose(
        geometry.nu_sqrt_wavelength[inside], expected.nu_sqrt_wavelength[inside], rtol=1e-3, atol=3e-3
    )


@pytest.mark.parametrize("place", ["pixel centre", "anywhere"])
def test_turning_land_and_woods_turns_the_shade(place):
    ground, clutter, at = rough(8), patches(8), PLACES[place]
    dem = raster(ground)
    first = sweep(dem, at, surface=covered(dem, clutter))
    for turns in (1, 2, 3):
        at = turned_left(*at)
        turned = raster(np.rot90(ground, turns))
        result = sweep(turned, at, surface=covered(turned, np.rot90(clutter, turns)))
        shade = np.rot90(whole(turned, result, result.nu_sqrt_wavelength), -turns)
        assert_same_shade(shade, whole(dem, first, first.nu_sqrt_wavelength))


def test_a_point_sees_the_canopy_a_pixel_before_it_from_every_side():
    """Downhill from a wood what stands one pixel before the receiver decides, however the path lies.

    A steep cone of woods with the mast on top: turned a little, the picture is the same.
    """
    row, col = np.mgrid[0:SIDE, 0:SIDE] - MIDDLE
    dem = raster(1000.0 - 0.4 * PX * np.hypot(row, col))
    surface = covered(dem, 15.0)
    x0, y0 = point(dem, MIDDLE, MIDDLE)
    away = np.array([480.0, 475.0])  # 16 pixels, and a little less
    points = point_geometry(dem, x0, y0, 35.0, x0 + away, np.full(2, y0), surface=surface)
    loss = bullington_loss_db(points.nu_sqrt_wavelength, points.distance_m, 2600.0)
    assert loss[0] == pytest.approx(loss[1], abs=0.5)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_small_worlds_with_woods_agree_with_exact_profiles(seed):
    dem = raster(rough(seed))
    at = tuple(np.random.default_rng(seed).uniform(15.0, 30.0, 2))
    rmse, same_view, overlaps = agreement(dem, at, 20.0, 20.0, 2600.0, surface=covered(dem, patches(seed)))
    assert rmse < 1.2
    assert same_view >= 0.98
    assert min(overlaps) >= 0.95


@compiled
@pytest.mark.parametrize("frequency_mhz", [700.0, 2600.0])
@pytest.mark.parametrize(
    "at",
    [(457, 684), (409, 287), (356, 584)],
    ids=["ridge", "slope", "valley"],
)
def test_real_mountains_with_woods_agree_with_exact_profiles(mountains, at, frequency_mhz):
    clutter = patches(1, max(mountains.values.shape), 4.0)[: mountains.grid.height, : mountains.grid.width]
    rmse, same_view, overlaps = agreement(
        mountains, at, 35.0, 5000.0 / PX, frequency_mhz, delta_n=46.5, surface=covered(mountains, clutter)
    )
    assert rmse <= 1.3
    assert same_view >= 0.98
    assert min(overlaps) >= 0.92


# --- against another program ----------------------------------------------------------------------------


def pycraf_rows():
    with (DATA / "pycraf_ld50.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_delta_bullington_is_pycrafs():
    """47 drawn paths by another program; its wavelength is c / f, ours the Recommendation's 0.2998 / f."""
    draw = runpy.run_path(str(DATA / "make_pycraf_ld50.py"))["drawn_profile"]
    rows = pycraf_rows()
    assert len(rows) >= 40
    for row in rows:
        length_km, peak_m, place = (float(row[name]) for name in ("length_km", "peak_m", "place"))
        x, ground = draw(row["kind"], int(row["points"]), length_km, peak_m, place)
        delta_n = 157.0 * (1.0 - 6371.0 / float(row["effective_radius_km"]))
        result = path_loss_p1812(
            float(row["frequency_ghz"]),
            50.0,
            x,
            ground,
            np.zeros_like(x),
            np.full(len(x), 4),
            float(row["tx_height_m"]),
            float(row["rx_height_m"]),
            polarization="vertical" if row["vertical"] == "1" else "horizontal",
            latitudes=(45.0, 45.0),
            longitudes=(0.0, 0.1),
            delta_n=delta_n,
            n0=325.0,
        )
        assert result.Ld50 == pytest.approx(float(row["ld50_db"]), abs=1e-3), row


# --- compiled or not ------------------------------------------------------------------------------------

ALONE = """
import sys
import numpy as np
from siteplan.core.grid import Grid, Raster
from siteplan.radio.sweep import terrain_geometry
heights = np.load(sys.argv[1])
dem = Raster(heights, Grid("EPSG:4547", 0.0, 1350.0, 30.0, 45, 45), "dem", "m")
result = terrain_geometry(dem, 684.0, 671.0, 20.0, 600.0)
np.save(sys.argv[2], np.stack([result.nu_sqrt_wavelength, result.los, result.distance_m]))
"""


@compiled
def test_compiled_and_plain_python_agree(tmp_path):
    dem = raster(rough(12))
    heights, out = tmp_path / "heights.npy", tmp_path / "out.npy"
    np.save(heights, dem.values)
    subprocess.run(
        [sys.executable, "-c", ALONE, str(heights), str(out)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=tmp_path,
        check=True,
    )
    ours = terrain_geometry(dem, 684.0, 671.0, 20.0, 600.0)
    nu, los, distance = np.load(out)
    seen = ours.distance_m > PX
    np.testing.assert_allclose(ours.nu_sqrt_wavelength[seen], nu[seen], atol=1e-3)
    np.testing.assert_array_equal(ours.los, los.astype(bool))
    np.testing.assert_allclose(ours.distance_m, distance, atol=1e-3)


ALONE_AMONG_CLUTTER = ALONE.replace(
    "heights = np.load(sys.argv[1])", "heights, surface = np.load(sys.argv[1])"
).replace("600.0)", "600.0, surface=surface)")


@compiled
def test_compiled_and_plain_python_agree_among_clutter(tmp_path):
    dem = raster(rough(12))
    surface = covered(dem, patches(12))
    worlds, out = tmp_path / "worlds.npy", tmp_path / "out.npy"
    np.save(worlds, np.stack([dem.values, surface]))
    subprocess.run(
        [sys.executable, "-c", ALONE_AMONG_CLUTTER, str(worlds), str(out)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=tmp_path,
        check=True,
    )
    ours = terrain_geometry(dem, 684.0, 671.0, 20.0, 600.0, surface=surface)
    nu, los, _ = np.load(out)
    seen = ours.distance_m > PX
    np.testing.assert_allclose(ours.nu_sqrt_wavelength[seen], nu[seen], rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(ours.los, los.astype(bool))
    bare = terrain_geometry(dem, 684.0, 671.0, 20.0, 600.0)
    assert (nu[seen] > bare.nu_sqrt_wavelength[seen] + 1.0).mean() > 0.3
