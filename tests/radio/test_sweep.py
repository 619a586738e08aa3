"""The terrain sweep on tiny drawn worlds: closed forms, the laws of shade, edges, voids, exact profiles.

``make kernels`` runs this file as plain Python and with bounds checks too, so worlds are small; the few
larger ones need compiled kernels. Tolerances that are no rounding were measured on these very worlds.
"""

import math

import numpy as np
import pytest
from worlds.drawn_ground import (
    FLAT,
    MIDDLE,
    PLACES,
    PX,
    RADIUS_KM,
    SIDE,
    assert_same_shade,
    closed_form,
    exact,
    fields_of,
    on_flat_ground,
    plane,
    point,
    raster,
    rough,
    sweep,
    that_counts,
    turned_left,
    whole,
    with_voids,
    within,
)

from siteplan.core.errors import RangeError
from siteplan.radio.diffraction import (
    Profile,
    bullington_loss,
    knife_edge_loss,
)
from siteplan.radio.profile import path_profile, point_geometry
from siteplan.radio.sweep import (
    bullington_loss_db,
    diffraction_loss_db,
    fill_voids,
)

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
