"""The terrain sweep among trees and houses: the screen before the receiver, the canopy in between."""

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
    STREET,
    assert_same_shade,
    closed_form,
    covered,
    exact,
    patches,
    plane,
    point,
    raster,
    rough,
    sweep,
    turned_left,
    whole,
    with_voids,
    within,
)

from siteplan.radio.profile import point_geometry
from siteplan.radio.sweep import (
    bullington_loss_db,
    diffraction_loss_db,
)

# --- what stands on the ground ---------------------------------------------------------------------------


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
