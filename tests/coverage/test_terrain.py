"""The terrain model: free space and what stands in the way, counted once."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from worlds.refusals import refused
from worlds.sky import nodes_of, on_grid, outage_nodes, share_nodes, sky_of
from worlds.terrain_world import (
    DEM_GRID,
    FOLLOWED_M,
    GRID,
    STREET_M,
    Counting,
    away_from_the_mast,
    following,
    hills,
    louder,
    mast,
    on_the_plain,
    pixel_means,
    placed,
    plain,
    served,
    slant,
    terrain_on,
    treating,
    walled,
)
from worlds.two_counties import CRS, SOUTH, WEST

from siteplan.core.errors import RangeError, SiteplanError
from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import services_of
from siteplan.coverage.ground import ground_model
from siteplan.coverage.matrix import Upgrade
from siteplan.coverage.terrain import DecisionPoints, TerrainModel, decision_points
from siteplan.planning import pipeline
from siteplan.project.input_files import Input
from siteplan.project.project_file import load_config
from siteplan.project.schema import clutter_kinds
from siteplan.radio.clutter import statistical_clutter_loss
from siteplan.radio.diffraction import Profile, bullington_loss, effective_earth_radius_km
from siteplan.radio.pathloss import RANGES, free_space_loss
from siteplan.radio.profile import path_profile


@pytest.fixture(scope="module")
def config(shared_world):
    return following(load_config(shared_world))


# --- open ground ------------------------------------------------------------------------------------

EASTWARD = np.array([300.0, 412.0, 805.0, 1_337.0, 2_400.0])


@pytest.mark.parametrize("clutter_m", [0.0, 6.0, 10.0, 20.0])
def test_on_a_plain_the_loss_is_free_space_and_the_screen_before_the_phone(config, clutter_m):
    """East and on a slope of 3:4; without clutter nothing but the bulge of the Earth is in the way."""
    propagation = terrain_on(following(config, clutter_m=clutter_m), plain())
    for east, north in ((EASTWARD, 0 * EASTWARD), (0.8 * EASTWARD, 0.6 * EASTWARD)):
        ends = mast().easting_m + east, mast().northing_m + north
        loss = propagation.loss_at(mast(), "high", propagation.geometry_at(mast(), *ends), *ends)
        if clutter_m > 0.0:
            np.testing.assert_allclose(loss, on_the_plain(EASTWARD, clutter_m), atol=0.02)
        else:
            over = [
                bullington_loss(
                    Profile(np.linspace(0.0, d / 1000.0, 101), np.zeros(101), 35.0, 1.5),
                    effective_earth_radius_km(40.0),
                    2.14,
                )
                for d in EASTWARD
            ]
            np.testing.assert_allclose(loss, free_space_loss(slant(EASTWARD), 2140.0) + over, atol=0.3)


def test_on_a_plain_a_footprint_is_round(config):
    """A mast in the middle of a demand pixel, whose DEM pixels lie evenly around it; but for the rim, where
    it is no longer followed."""
    values = placed(terrain_on(config, plain()).footprint(mast(), GRID))
    values = np.where(away_from_the_mast() < FOLLOWED_M - 150.0, values, 0.0)[:-1, 1:]
    np.testing.assert_allclose(values, values[::-1], atol=0.03)
    np.testing.assert_allclose(values, values.T, atol=0.03)


def test_a_pixel_is_the_mean_of_the_closed_form_over_its_dem_pixels(config):
    footprint = terrain_on(config, plain()).footprint(mast(), GRID)
    expected = pixel_means(lambda d: served(on_the_plain(np.maximum(d, 60.0))))
    distance = away_from_the_mast()
    counted = (distance > 250.0) & (distance < FOLLOWED_M - 100.0) & (expected > 0.12)
    assert counted.sum() > 500
    np.testing.assert_allclose(placed(footprint)[counted], expected[counted], atol=0.004)


def test_where_a_mast_is_no_longer_followed_it_gives_nothing(config):
    loud = louder(following(config, 1_500.0), 60.0)
    values, distance = placed(terrain_on(loud, plain()).footprint(mast(), GRID)), away_from_the_mast()
    assert (values[distance < 1_400.0] > 0.9).all()
    assert (values[distance > 1_600.0] == 0.0).all()
    x, y = mast().easting_m + np.array([1_490.0, 1_510.0]), np.full(2, mast().northing_m)
    near, far = terrain_on(loud, plain()).at(mast(), x, y)[1][0]
    assert near > 0.9
    assert far == 0.0


def test_the_class_formula_gives_the_spread_and_nothing_else(config):
    """Another formula with the same sigma changes nothing; another sigma does."""

    def with_formula(formula, sigma_db):
        high = config.band("high")
        model = high.classes["*"].models[0].model_copy(update={"formula": formula, "sigma_db": sigma_db})
        classes = {"*": high.classes["*"].model_copy(update={"models": (model,)})}
        bands = tuple(
            b.model_copy(update={"classes": classes}) if b.id == "high" else b for b in config.bands
        )
        footprint = terrain_on(config.model_copy(update={"bands": bands}), plain()).footprint(mast(), GRID)
        return placed(footprint)

    first = with_formula("rma_nlos", None)
    np.testing.assert_array_equal(first, with_formula("uma_nlos", RANGES["rma_nlos"].sigma_db))
    wider = with_formula("rma_nlos", 12.0)
    likely = (first > 0.6) & (first < 0.95)
    assert likely.sum() > 100
    assert (wider[likely] < first[likely]).all()
    with pytest.raises(RangeError, match="160 m"):
        terrain_on(config, plain()).footprint(mast(height=160.0), GRID)


# --- clutter ----------------------------------------------------------------------------------------


def test_clutter_of_no_height_is_no_clutter(config):
    flat = following(config, clutter_m=0.0)
    bare = placed(terrain_on(treating(config, clutter="none"), hills()).footprint(mast(), GRID))
    for treatment in ("profile", "end_loss"):
        again = placed(terrain_on(treating(flat, clutter=treatment), hills()).footprint(mast(), GRID))
        np.testing.assert_array_equal(again, bare)


@pytest.mark.long_without_jit
@pytest.mark.parametrize("ground", ["plain", "hills"])
def test_taller_clutter_never_helps(config, ground):
    dem, before = (plain() if ground == "plain" else hills()), None
    for clutter_m in (0.0, 3.0, 8.0, 15.0, 25.0):
        values = placed(terrain_on(following(config, clutter_m=clutter_m), dem).footprint(mast(), GRID))
        if before is not None:
            rounding = 1.5 / 255 if ground == "plain" else 0.02
            assert (values <= before + rounding).all(), clutter_m
            assert values.sum() < before.sum()
        before = values


@pytest.mark.parametrize("ground", ["plain", "hills"])
def test_the_phones_end_and_the_profile_never_count_together(config, ground):
    """End loss: the bare profile and P.2108's median; profile: no loss at the end."""
    dem = plain() if ground == "plain" else hills()
    x, y = mast().easting_m + np.array([40.0, 180.0, 700.0, 2_300.0]), np.full(4, mast().northing_m + 35.0)
    losses, geometries = {}, {}
    for treatment in ("none", "end_loss", "profile"):
        propagation = terrain_on(treating(config, clutter=treatment), dem)
        geometries[treatment] = propagation.geometry_at(mast(), x, y)
        losses[treatment] = propagation.loss_at(mast(), "high", geometries[treatment], x, y)
    bare = geometries["none"]
    np.testing.assert_array_equal(bare.nu_sqrt_wavelength, geometries["end_loss"].nu_sqrt_wavelength)
    end = statistical_clutter_loss(np.maximum(bare.distance_m, 250.0) / 1000.0, 2140.0)
    np.testing.assert_allclose(losses["end_loss"] - losses["none"], end, atol=0.2)  # 10 m steps at 250 m
    assert (geometries["profile"].nu_sqrt_wavelength >= bare.nu_sqrt_wavelength).all()
    propagation = terrain_on(treating(config, clutter="profile"), dem)
    kinds = propagation.budgets.terrain("high", "rural", 35.0).loss_db
    np.testing.assert_array_equal(kinds, np.broadcast_to(kinds[0], kinds.shape))


def test_each_kind_of_clutter_counts_where_it_is(config):
    """Woods in the east half, water in the west: the phone in the woods stands behind its trees."""
    codes = np.full(DEM_GRID.shape, 0, dtype=np.uint8)
    names = [kind.id for kind in clutter_kinds(config)]
    middle = int((mast().easting_m - DEM_GRID.west_m) / DEM_GRID.resolution_m)
    codes[:, :middle], codes[:, middle:] = names.index("water"), names.index("trees")
    ground = ground_model(plain(), Raster(codes, DEM_GRID, "clutter", "kind"), config)
    propagation = TerrainModel(config, services_of(config), ground)
    x, y = mast().easting_m + np.array([-900.0, 900.0]), np.full(2, mast().northing_m)
    west, east = propagation.loss_at(mast(), "high", propagation.geometry_at(mast(), x, y), x, y)
    assert east == pytest.approx(on_the_plain(np.array([900.0]), 15.0)[0], abs=0.02)
    assert west < east - 15.0
    values = placed(propagation.footprint(mast(), GRID))
    assert values[:, :30].sum() > 1.2 * values[:, 31:].sum()


def test_trees_end_losses_stop_at_three_gigahertz(config):
    high = config.bands[1].model_copy(update={"frequency_mhz": 3_500.0})
    inputs = config.inputs.model_copy(update={"land_cover": Input(path="cover.tif")})
    changed = config.model_copy(update={"bands": (config.bands[0], high), "inputs": inputs})
    with refused(SiteplanError, "3 GHz"):
        terrain_on(treating(changed, clutter="end_loss"), plain())
    assert terrain_on(treating(changed, clutter="profile"), plain()).name == "terrain"


# --- how far a mast is followed -----------------------------------------------------------------------


def test_a_mast_that_serves_to_the_end_of_its_radius_is_flagged(config):
    strong, weak = (louder(following(config, 1_200.0), eirp) for eirp in (60.0, 0.0))
    assert terrain_on(strong, plain()).radius_limited(mast())
    assert not terrain_on(weak, plain()).radius_limited(mast())
    assert not terrain_on(strong, plain()).radius_limited(mast(()))


def test_a_mast_whose_signal_ends_before_is_not_flagged(config):
    """Clutter of 20 m: 75 % end within 2.3 km; P at the rim decides, whatever its footprint cost before."""
    modest = following(config, clutter_m=20.0)
    assert served(on_the_plain(np.array([2_300.0]), 20.0))[0] < 0.7
    cache = Counting()
    first, again = (terrain_on(modest, plain(), cache=cache) for _ in range(2))
    assert not first.radius_limited(mast())
    first.footprint(mast(), GRID)
    assert not again.radius_limited(mast())
    assert cache.computed == 1
    assert terrain_on(following(config, 400.0, 20.0), plain(), cache=cache).radius_limited(mast())


# --- mountains --------------------------------------------------------------------------------------


@pytest.mark.long_without_jit
def test_a_wall_takes_away_what_lies_behind_it_and_nothing_before(config):
    open_ground = placed(terrain_on(config, plain()).footprint(mast(), GRID))
    shaded = placed(terrain_on(config, walled()).footprint(mast(), GRID))
    before, behind = np.s_[:, :35], np.s_[:, 38:]
    np.testing.assert_allclose(shaded[before], open_ground[before], atol=1e-6)
    assert (shaded[behind] <= open_ground[behind] + 1e-6).all()
    assert shaded[30, 42] < 0.5 * open_ground[30, 42]


@pytest.mark.long_without_jit
@pytest.mark.parametrize("treatment", ["profile", "end_loss", "none"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_better_than_free_space(config, seed, treatment):
    values = placed(terrain_on(treating(config, clutter=treatment), hills(seed)).footprint(mast(), GRID))
    free = pixel_means(lambda d: served(free_space_loss(slant(d), 2140.0)))
    assert (values <= free + 1.0 / 255).all()
    assert 0.0 < values.sum() < free[away_from_the_mast() < FOLLOWED_M].sum()


@pytest.mark.long_without_jit
@pytest.mark.parametrize("treatment", ["profile", "none"])
def test_a_higher_mast_serves_more_of_the_hills(config, treatment):
    propagation = terrain_on(treating(config, clutter=treatment), hills())
    served_by = [placed(propagation.footprint(mast(height=h), GRID)).sum() for h in (20.0, 35.0, 60.0, 100.0)]
    assert served_by == sorted(served_by)
    assert served_by[-1] > 1.1 * served_by[0]


def test_on_a_plain_a_higher_mast_never_loses(config):
    """Among roofs, but for pixels so near that the path itself grows."""
    propagation, far = terrain_on(config, plain()), away_from_the_mast() > 300.0
    before = placed(propagation.footprint(mast(height=25.0), GRID))
    for height in (35.0, 60.0, 100.0):
        after = placed(propagation.footprint(mast(height=height), GRID))
        assert (after[far] >= before[far] - 1.0 / 255).all()
        before = after


@pytest.mark.long_without_jit
def test_bands_of_one_mast_share_shadowing(config):
    propagation = terrain_on(config, hills())
    both, high, low = (
        placed(propagation.footprint(mast(b), GRID)) for b in (("high", "low"), ("high",), ("low",))
    )
    np.testing.assert_array_equal(both, np.maximum(high, low))


def test_a_network_serves_its_own_services_only(config):
    propagation = terrain_on(config, hills())
    footprint = propagation.footprint(mast(("low",)), GRID)
    assert [propagation.services[k].key for k in footprint.services] == ["L1", "L2/A", "L3/A"]
    assert propagation.footprint(mast(()), GRID) is None


@pytest.mark.long_without_jit
def test_added_bands_are_worth_what_they_add(config):
    """(1 - p0) (1 - a) = 1 - p1, on hills as on buffers."""
    propagation = terrain_on(config, hills())
    upgrade = Upgrade(mast(("high",)), ("low",))
    share = on_grid(share_nodes(upgrade, propagation, GRID), GRID)
    p0, p1 = (nodes_of(each, propagation, GRID) for each in (mast(("high",)), upgrade.after()))
    np.testing.assert_allclose((1 - p0) * (1 - share), 1 - np.maximum(p0, p1), atol=2e-6)
    assert (p1 >= p0 - 0.02).all()


@pytest.mark.long_without_jit
def test_threads_change_nothing(config):
    masts = [mast(("high", "low"), 2_000 + 300 * i, 3_000 + 100 * i) for i in range(6)]
    alone = outage_nodes(masts, terrain_on(config, hills()), GRID)
    with ThreadPoolExecutor(3) as pool:
        together = outage_nodes(masts, terrain_on(config, hills()), GRID, pool.map)
    np.testing.assert_array_equal(alone, together)


@pytest.mark.long_without_jit
def test_a_county_window_holds_the_same_numbers(config):
    part = Grid(CRS, WEST + 2_000, SOUTH + 4_000, 100.0, 25, 15)
    whole = placed(terrain_on(config, hills()).footprint(mast(), GRID))
    footprint = terrain_on(config, hills()).footprint(mast(), part)
    np.testing.assert_array_equal(
        footprint.probability[0],
        whole[20:35, 20:45][
            footprint.row : footprint.row + footprint.probability.shape[1],
            footprint.col : footprint.col + footprint.probability.shape[2],
        ].astype(np.float32),
    )


@pytest.mark.long_without_jit
@pytest.mark.parametrize("amplitude_m", [60.0, 200.0])
def test_a_pixel_stands_for_the_dem_pixels_in_it_under_every_sky(config, amplitude_m):
    """Nine DEM pixels each: their mean probability at every node is that of the pixel's score and sharpness."""
    west, north = math.ceil((WEST - 300) / 90) * 90.0, math.floor((SOUTH + 6_300) / 90) * 90.0
    bumps = hills(amplitude_m=amplitude_m).values[:219, :219]
    dem = Raster(np.ascontiguousarray(bumps), Grid(CRS, west, north, 30.0, 219, 219), "terrain", "m")
    propagation = terrain_on(treating(following(config), probability_floor=1e-3), dem)
    coarse = nodes_of(mast(), propagation, Grid(CRS, west, north, 90.0, 73, 73))
    fine = nodes_of(mast(), propagation, dem.grid).reshape(len(coarse), 73, 3, 73, 3).mean(axis=(2, 4))
    weight = sky_of(propagation).weight
    served = np.tensordot(weight, fine, axes=1) > 0.1
    assert served.sum() > 250
    assert np.abs(coarse - fine)[:, served].max() < 0.02
    assert np.abs(coarse - fine)[:, served].mean() < 0.001
    np.testing.assert_allclose((weight @ coarse[:, served]), weight @ fine[:, served], atol=0.002)


# --- points that decide -----------------------------------------------------------------------------


@pytest.mark.parametrize("clutter_m", [0.0, 12.0])
def test_a_point_gets_its_own_profile(config, clutter_m):
    """Free space and Bullington over that very profile, clutter between the ends and before the phone."""
    changed, dem, given = following(config, clutter_m=clutter_m), hills(amplitude_m=90.0), mast()
    x, y = np.array([WEST + 4_410.0, WEST + 1_870.0]), np.array([SOUTH + 3_920.0, SOUTH + 2_290.0])
    propagation = terrain_on(changed, dem)
    losses = propagation.loss_at(given, "high", propagation.geometry_at(given, x, y), x, y)
    _, probability = propagation.at(given, x, y)
    radius = effective_earth_radius_km(config.coverage.delta_n)
    for i in range(2):
        d_km, ground = path_profile(dem, given.easting_m, given.northing_m, x[i], y[i])
        distance, heights = d_km * 1000.0, ground.copy()
        covered = (distance >= 30.0) & (distance <= distance[-1] - 30.0)
        heights[covered] += clutter_m
        if clutter_m > 0.0:
            at = int(np.searchsorted(distance, distance[-1] - STREET_M))
            heights = np.insert(heights, at, ground[-1] + clutter_m)
            distance = np.insert(distance, at, distance[-1] - STREET_M)
        profile = Profile(distance / 1000.0, heights, ground[0] + 35.0, ground[-1] + 1.5)
        loss = free_space_loss(slant(distance[-1]), 2140) + bullington_loss(profile, radius, 2.14)
        assert losses[i] == pytest.approx(float(loss), abs=0.05)
        share = served(loss) if served(loss) >= config.coverage.probability_floor else 0.0
        assert probability[0, i] == pytest.approx(share, abs=3e-3)


@pytest.mark.long_without_jit
def test_the_pixel_of_a_village_takes_the_villages_value(config):
    x, y = np.array([WEST + 3_840.0, WEST + 3_860.0]), np.array([SOUTH + 3_040.0, SOUTH + 3_060.0])
    points = DecisionPoints(x, y)
    with_points = terrain_on(config, walled(), points)
    value = with_points.at(mast(), x, y)[1][0]
    full = placed(with_points.footprint(mast(), GRID))
    assert full[29, 38] == pytest.approx(value.min(), abs=1e-6)
    without = placed(terrain_on(config, walled()).footprint(mast(), GRID))
    others = np.ones(GRID.shape, dtype=bool)
    others[29, 38] = False
    np.testing.assert_array_equal(full[others], without[others])


def test_villages_and_key_places_decide(shared_world, config):
    inputs = pipeline.load(shared_world, config)
    points = decision_points(inputs)
    assert len(points.easting_m) == len(inputs.villages) + len(inputs.key_places)
