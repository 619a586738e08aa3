"""The terrain level: free space and what stands in the way, counted once; the same numbers from the cache."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from scipy.special import ndtr
from worlds.two_counties import CRS, SOUTH, WEST, write_raster

from siteplan.core.errors import RangeError
from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.footprint_cache import FileCache, MemoryCache
from siteplan.coverage.ground import ground_model
from siteplan.coverage.matrix import Upgrade, outage_probability, upgrade_footprint
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import DecisionPoints, TerrainModel, decision_points, propagation_for
from siteplan.inputs.rasters import FINEST_M, MARGIN_M, read_terrain
from siteplan.planning import pipeline
from siteplan.project.input_files import Input
from siteplan.project.project_file import load_config, with_calibration
from siteplan.project.schema import clutter_kinds
from siteplan.radio.clutter import statistical_clutter_loss
from siteplan.radio.diffraction import Profile, bullington_loss, effective_earth_radius_km
from siteplan.radio.pathloss import RANGES, free_space_loss
from siteplan.radio.profile import path_profile

GRID = Grid(CRS, WEST, SOUTH + 6_000, 100.0, 60, 60)
DEM_GRID = Grid(CRS, WEST - 300, SOUTH + 6_300, 30.0, 220, 220)
MIDDLE = 3_050.0
FOLLOWED_M = 2_500.0
"""How far masts of these tests are followed."""
EIRP_DBM, SIGMA_DB, THRESHOLD_DBM, STREET_M = 36.7, 8.0, -105.0, 27.0
"""Of the band "high" at 2140 MHz, of its formula, and of the first layer."""


@pytest.fixture(scope="module")
def config(shared_world):
    return following(load_config(shared_world))


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


def level_on(config, dem, points=None, cache=None):
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


# --- open ground ------------------------------------------------------------------------------------

EASTWARD = np.array([300.0, 412.0, 805.0, 1_337.0, 2_400.0])


@pytest.mark.parametrize("clutter_m", [0.0, 6.0, 10.0, 20.0])
def test_on_a_plain_the_loss_is_free_space_and_the_screen_before_the_phone(config, clutter_m):
    """East and on a slope of 3:4; without clutter nothing but the bulge of the Earth is in the way."""
    propagation = level_on(following(config, clutter_m=clutter_m), plain())
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
    values = placed(level_on(config, plain()).footprint(mast(), GRID))
    values = np.where(away_from_the_mast() < FOLLOWED_M - 150.0, values, 0.0)[:-1, 1:]
    np.testing.assert_allclose(values, values[::-1], atol=0.03)
    np.testing.assert_allclose(values, values.T, atol=0.03)


def test_a_pixel_is_the_mean_of_the_closed_form_over_its_dem_pixels(config):
    footprint = level_on(config, plain()).footprint(mast(), GRID)
    expected = pixel_means(lambda d: served(on_the_plain(np.maximum(d, 60.0))))
    distance = away_from_the_mast()
    counted = (distance > 250.0) & (distance < FOLLOWED_M - 100.0) & (expected > 0.12)
    assert counted.sum() > 500
    np.testing.assert_allclose(placed(footprint)[counted], expected[counted], atol=0.004)


def test_where_a_mast_is_no_longer_followed_it_gives_nothing(config):
    loud = louder(following(config, 1_500.0), 60.0)
    values, distance = placed(level_on(loud, plain()).footprint(mast(), GRID)), away_from_the_mast()
    assert (values[distance < 1_400.0] > 0.9).all()
    assert (values[distance > 1_600.0] == 0.0).all()
    x, y = mast().easting_m + np.array([1_490.0, 1_510.0]), np.full(2, mast().northing_m)
    near, far = level_on(loud, plain()).at(mast(), x, y)[1][0]
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
        footprint = level_on(config.model_copy(update={"bands": bands}), plain()).footprint(mast(), GRID)
        return placed(footprint)

    first = with_formula("rma_nlos", None)
    np.testing.assert_array_equal(first, with_formula("uma_nlos", RANGES["rma_nlos"].sigma_db))
    wider = with_formula("rma_nlos", 12.0)
    likely = (first > 0.6) & (first < 0.95)
    assert likely.sum() > 100
    assert (wider[likely] < first[likely]).all()
    with pytest.raises(RangeError, match="160 m"):
        level_on(config, plain()).footprint(mast(height=160.0), GRID)


# --- clutter ----------------------------------------------------------------------------------------


def test_clutter_of_no_height_is_no_clutter(config):
    flat = following(config, clutter_m=0.0)
    bare = placed(level_on(treating(config, clutter="none"), hills()).footprint(mast(), GRID))
    for treatment in ("profile", "end_loss"):
        again = placed(level_on(treating(flat, clutter=treatment), hills()).footprint(mast(), GRID))
        np.testing.assert_array_equal(again, bare)


@pytest.mark.long_without_jit
@pytest.mark.parametrize("ground", ["plain", "hills"])
def test_taller_clutter_never_helps(config, ground):
    dem, before = (plain() if ground == "plain" else hills()), None
    for clutter_m in (0.0, 3.0, 8.0, 15.0, 25.0):
        values = placed(level_on(following(config, clutter_m=clutter_m), dem).footprint(mast(), GRID))
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
        propagation = level_on(treating(config, clutter=treatment), dem)
        geometries[treatment] = propagation.geometry_at(mast(), x, y)
        losses[treatment] = propagation.loss_at(mast(), "high", geometries[treatment], x, y)
    bare = geometries["none"]
    np.testing.assert_array_equal(bare.nu_sqrt_wavelength, geometries["end_loss"].nu_sqrt_wavelength)
    end = statistical_clutter_loss(np.maximum(bare.distance_m, 250.0) / 1000.0, 2140.0)
    np.testing.assert_allclose(losses["end_loss"] - losses["none"], end, atol=0.2)  # 10 m steps at 250 m
    assert (geometries["profile"].nu_sqrt_wavelength >= bare.nu_sqrt_wavelength).all()
    propagation = level_on(treating(config, clutter="profile"), dem)
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
    with pytest.raises(RangeError, match="3 GHz"):
        level_on(treating(changed, clutter="end_loss"), plain())
    assert level_on(treating(changed, clutter="profile"), plain()).name == "terrain"


# --- how far a mast is followed -----------------------------------------------------------------------


def test_a_mast_that_serves_to_the_end_of_its_radius_is_flagged(config):
    strong, weak = (louder(following(config, 1_200.0), eirp) for eirp in (60.0, 0.0))
    assert level_on(strong, plain()).radius_limited(mast())
    assert not level_on(weak, plain()).radius_limited(mast())
    assert not level_on(strong, plain()).radius_limited(mast(()))


def test_a_mast_whose_signal_ends_before_is_not_flagged(config):
    """Clutter of 20 m: 75 % end within 2.3 km; P at the rim decides, whatever its footprint cost before."""
    modest = following(config, clutter_m=20.0)
    assert served(on_the_plain(np.array([2_300.0]), 20.0))[0] < 0.7
    cache = Counting()
    first, again = (level_on(modest, plain(), cache=cache) for _ in range(2))
    assert not first.radius_limited(mast())
    first.footprint(mast(), GRID)
    assert not again.radius_limited(mast())
    assert cache.computed == 1
    assert level_on(following(config, 400.0, 20.0), plain(), cache=cache).radius_limited(mast())


# --- mountains --------------------------------------------------------------------------------------


@pytest.mark.long_without_jit
def test_a_wall_takes_away_what_lies_behind_it_and_nothing_before(config):
    open_ground = placed(level_on(config, plain()).footprint(mast(), GRID))
    shaded = placed(level_on(config, walled()).footprint(mast(), GRID))
    before, behind = np.s_[:, :35], np.s_[:, 38:]
    np.testing.assert_allclose(shaded[before], open_ground[before], atol=1e-6)
    assert (shaded[behind] <= open_ground[behind] + 1e-6).all()
    assert shaded[30, 42] < 0.5 * open_ground[30, 42]


@pytest.mark.long_without_jit
@pytest.mark.parametrize("treatment", ["profile", "end_loss", "none"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_better_than_free_space(config, seed, treatment):
    values = placed(level_on(treating(config, clutter=treatment), hills(seed)).footprint(mast(), GRID))
    free = pixel_means(lambda d: served(free_space_loss(slant(d), 2140.0)))
    assert (values <= free + 1.0 / 255).all()
    assert 0.0 < values.sum() < free[away_from_the_mast() < FOLLOWED_M].sum()


@pytest.mark.long_without_jit
@pytest.mark.parametrize("treatment", ["profile", "none"])
def test_a_higher_mast_serves_more_of_the_hills(config, treatment):
    propagation = level_on(treating(config, clutter=treatment), hills())
    served_by = [placed(propagation.footprint(mast(height=h), GRID)).sum() for h in (20.0, 35.0, 60.0, 100.0)]
    assert served_by == sorted(served_by)
    assert served_by[-1] > 1.1 * served_by[0]


def test_on_a_plain_a_higher_mast_never_loses(config):
    """Among roofs, but for pixels so near that the path itself grows."""
    propagation, far = level_on(config, plain()), away_from_the_mast() > 300.0
    before = placed(propagation.footprint(mast(height=25.0), GRID))
    for height in (35.0, 60.0, 100.0):
        after = placed(propagation.footprint(mast(height=height), GRID))
        assert (after[far] >= before[far] - 1.0 / 255).all()
        before = after


@pytest.mark.long_without_jit
def test_bands_of_one_mast_share_shadowing(config):
    propagation = level_on(config, hills())
    both, high, low = (
        placed(propagation.footprint(mast(b), GRID)) for b in (("high", "low"), ("high",), ("low",))
    )
    np.testing.assert_array_equal(both, np.maximum(high, low))


def test_a_network_serves_its_own_services_only(config):
    propagation = level_on(config, hills())
    footprint = propagation.footprint(mast(("low",)), GRID)
    assert [propagation.services[k].key for k in footprint.services] == ["L1", "L2/A", "L3/A"]
    assert propagation.footprint(mast(()), GRID) is None


@pytest.mark.long_without_jit
def test_added_bands_are_worth_what_they_add(config):
    """(1 - p0) (1 - a) = 1 - p1, on hills as on buffers."""
    propagation = level_on(config, hills())
    upgrade = Upgrade(mast(("high",)), ("low",))
    share = placed(upgrade_footprint(upgrade, propagation, GRID))
    p0, p1 = (
        placed(propagation.footprint(mast(("high",)), GRID)),
        placed(propagation.footprint(upgrade.after(), GRID)),
    )
    np.testing.assert_allclose((1 - p0) * (1 - share), 1 - p1, atol=2e-6)


@pytest.mark.long_without_jit
def test_threads_change_nothing(config):
    masts = [mast(("high", "low"), 2_000 + 300 * i, 3_000 + 100 * i) for i in range(6)]
    alone = outage_probability(masts, level_on(config, hills()), GRID, 5)
    with ThreadPoolExecutor(3) as pool:
        together = outage_probability(masts, level_on(config, hills()), GRID, 5, pool.map)
    np.testing.assert_array_equal(alone, together)


@pytest.mark.long_without_jit
def test_a_county_window_holds_the_same_numbers(config):
    part = Grid(CRS, WEST + 2_000, SOUTH + 4_000, 100.0, 25, 15)
    whole = placed(level_on(config, hills()).footprint(mast(), GRID))
    footprint = level_on(config, hills()).footprint(mast(), part)
    np.testing.assert_array_equal(
        footprint.probability[0],
        whole[20:35, 20:45][
            footprint.row : footprint.row + footprint.probability.shape[1],
            footprint.col : footprint.col + footprint.probability.shape[2],
        ].astype(np.float32),
    )


# --- points that decide -----------------------------------------------------------------------------


@pytest.mark.parametrize("clutter_m", [0.0, 12.0])
def test_a_point_gets_its_own_profile(config, clutter_m):
    """Free space and Bullington over that very profile, clutter between the ends and before the phone."""
    changed, dem, given = following(config, clutter_m=clutter_m), hills(amplitude_m=90.0), mast()
    x, y = np.array([WEST + 4_410.0, WEST + 1_870.0]), np.array([SOUTH + 3_920.0, SOUTH + 2_290.0])
    propagation = level_on(changed, dem)
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
    with_points = level_on(config, walled(), points)
    value = with_points.at(mast(), x, y)[1][0]
    full = placed(with_points.footprint(mast(), GRID))
    assert full[29, 38] == pytest.approx(value.min(), abs=1e-6)
    without = placed(level_on(config, walled()).footprint(mast(), GRID))
    others = np.ones(GRID.shape, dtype=bool)
    others[29, 38] = False
    np.testing.assert_array_equal(full[others], without[others])


def test_villages_and_key_places_decide(shared_world, config):
    inputs = pipeline.load(shared_world, config)
    points = decision_points(inputs)
    assert len(points.easting_m) == len(inputs.villages) + len(inputs.key_places)


# --- the cache --------------------------------------------------------------------------------------


class Counting(MemoryCache):
    """A cache that counts what had to be computed."""

    def __init__(self):
        super().__init__()
        self.computed = 0

    def put(self, key, value):
        self.computed += 1
        super().put(key, value)


@pytest.mark.long_without_jit
def test_only_what_changed_is_computed_again(config):
    cache = Counting()
    masts = [mast(("high", "low"), 2_000 + 400 * i) for i in range(4)]
    first = outage_probability(masts, level_on(config, hills(), cache=cache), GRID, 5)
    assert cache.computed == 8
    again = outage_probability(masts, level_on(config, hills(), cache=cache), GRID, 5)
    assert cache.computed == 8
    np.testing.assert_array_equal(first, again)
    moved = [dataclasses.replace(masts[0], easting_m=masts[0].easting_m + 10.0), *masts[1:]]
    outage_probability(moved, level_on(config, hills(), cache=cache), GRID, 5)
    assert cache.computed == 10


@pytest.mark.long_without_jit
@pytest.mark.parametrize(
    "change", ["dem", "delta_n", "threshold", "height", "clutter", "treatment", "street", "radius", "weight"]
)
def test_a_change_of_anything_it_depends_on_is_a_new_entry(config, change):
    cache = Counting()
    level_on(config, hills(), cache=cache).footprint(mast(), GRID)
    dem, changed, height = hills(), config, 35.0
    if change == "dem":
        dem = hills(seed=2)
    elif change == "height":
        height = 36.0
    elif change == "delta_n":
        changed = treating(config, delta_n=60.0)
    elif change == "clutter":
        changed = following(config, clutter_m=12.0)
    elif change == "treatment":
        changed = treating(config, clutter="none")
    elif change == "street":
        changed = treating(config, street_width_m=20.0)
    elif change == "radius":
        changed = following(config, FOLLOWED_M + 500.0)
    elif change == "weight":
        changed = with_calibration(config, fitted(diffraction_weight=0.8))
    else:
        layers = (config.layers[0].model_copy(update={"threshold_dbm": -104.0}), *config.layers[1:])
        changed = config.model_copy(update={"layers": layers})
    level_on(changed, dem, cache=cache).footprint(mast(height=height), GRID)
    assert cache.computed == 2


@pytest.mark.long_without_jit
def test_what_it_does_not_depend_on_is_no_new_entry(config):
    """Names, weights, and the height of clutter nobody stands in where it stays out of the profile."""
    cache = Counting()
    level_on(config, hills(), cache=cache).footprint(mast(), GRID)
    layers = tuple(layer.model_copy(update={"name": "x", "weight": 3.0}) for layer in config.layers)
    level_on(config.model_copy(update={"layers": layers}), hills(), cache=cache).footprint(mast(), GRID)
    assert cache.computed == 1
    level_on(treating(config, clutter="none"), hills(), cache=cache).footprint(mast(), GRID)
    level_on(treating(following(config, clutter_m=25.0), clutter="none"), hills(), cache=cache).footprint(
        mast(), GRID
    )
    assert cache.computed == 2


@pytest.mark.long_without_jit
def test_the_file_outlives_the_run_and_gives_the_same_numbers(config, tmp_path):
    path = tmp_path / ".cache" / "footprints.sqlite"
    with FileCache(path, 10.0) as cache:
        first = level_on(config, hills(), cache=cache).footprint(mast(), GRID)
    with FileCache(path, 10.0) as cache:
        propagation = level_on(config, hills(), cache=cache)
        second = propagation.footprint(mast(), GRID)
        assert not cache._new
    np.testing.assert_array_equal(first.probability, second.probability)


def test_the_file_stays_within_its_size_and_keeps_what_was_used_last(tmp_path):
    path, block = tmp_path / "f.sqlite", bytes(100_000)
    for run in range(4):
        with FileCache(path, 0.3) as cache:
            cache.put(bytes([run]) * 16, block)
            if run:
                cache.get(bytes([0]) * 16)
    with FileCache(path, 0.3) as cache:
        kept = [run for run in range(4) if cache.get(bytes([run]) * 16) is not None]
    assert kept == [0, 2, 3]


def test_a_damaged_or_unwritable_file_is_as_good_as_none(config, tmp_path):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"this is not a database, it is a letter" * 100)
    with FileCache(broken, 10.0) as cache:
        cache.put(b"k" * 16, b"v")
        assert cache.get(b"k" * 16) == b"v"
    with FileCache(broken, 10.0) as cache:
        assert cache.get(b"k" * 16) == b"v"
    (tmp_path / "file").write_text("in the way")
    with FileCache(tmp_path / "file" / "x.sqlite", 10.0) as cache:
        assert cache.get(b"k" * 16) is None
        cache.put(b"k" * 16, b"v")


def test_a_failed_run_still_keeps_what_it_computed(tmp_path):
    path = tmp_path / "f.sqlite"

    def failing():
        with FileCache(path, 1.0) as cache:
            cache.put(b"k" * 16, b"v")
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    with FileCache(path, 1.0) as cache:
        assert cache.get(b"k" * 16) == b"v"


def test_no_room_keeps_nothing(tmp_path):
    with FileCache(tmp_path / "f.sqlite", 0.0) as cache:
        cache.put(b"k" * 16, b"value")
    with FileCache(tmp_path / "f.sqlite", 0.0) as cache:
        assert cache.get(b"k" * 16) is None


def test_memory_drops_the_oldest_first():
    cache = MemoryCache(0.2)
    for run in range(3):
        cache.put(bytes([run]) * 16, bytes(80_000))
    assert [cache.get(bytes([run]) * 16) is not None for run in range(3)] == [False, True, True]


# --- where there is no terrain ----------------------------------------------------------------------


def test_a_mast_off_the_dem_keeps_its_buffers(config):
    small = Raster(
        np.full((40, 40), 200, dtype=np.float32), Grid(CRS, WEST, SOUTH + 1_200, 30.0, 40, 40), "terrain", "m"
    )
    propagation = level_on(config, small)
    assert not propagation.sees(mast())
    buffers = EmpiricalModel(config, services_of(config))
    np.testing.assert_array_equal(
        propagation.footprint(mast(), GRID).probability, buffers.footprint(mast(), GRID).probability
    )
    x, y = np.array([WEST + 3_500.0]), np.array([SOUTH + 3_500.0])
    np.testing.assert_array_equal(propagation.at(mast(), x, y)[1], buffers.at(mast(), x, y)[1])


@pytest.mark.long_without_jit
def test_a_void_is_filled_when_small_and_leaves_the_buffers_when_wide(config):
    holed = hills()
    values = holed.values.copy()
    row, col = (int(v[0]) for v in DEM_GRID.index(np.array([WEST + MIDDLE]), np.array([SOUTH + MIDDLE])))
    values[row - 2 : row + 3, col - 2 : col + 3] = np.nan
    small = level_on(config, Raster(values.copy(), DEM_GRID, "terrain", "m"))
    values[row - 15 : row + 16, col - 15 : col + 16] = np.nan
    wide = level_on(config, Raster(values, DEM_GRID, "terrain", "m"))
    assert small.sees(mast())
    assert not wide.sees(mast())
    whole = placed(level_on(config, holed).footprint(mast(), GRID))
    assert np.abs(placed(small.footprint(mast(), GRID)) - whole).mean() < 0.03


def test_the_level_follows_the_project_file_and_the_dem(shared_world, config):
    inputs = pipeline.load(shared_world, config)
    services = services_of(config)
    assert propagation_for(inputs, config, services).name == "terrain"

    def wanting(propagation):
        return treating(config, propagation=propagation)

    assert propagation_for(inputs, wanting("empirical"), services).name == "empirical"
    without = dataclasses.replace(inputs, terrain=None)
    assert propagation_for(without, config, services).name == "empirical"
    with pytest.raises(RangeError, match=r"inputs\.dem"):
        propagation_for(without, wanting("terrain"), services)
    coarse = Raster(np.zeros((20, 20), dtype=np.float32), Grid(CRS, 0.0, 0.0, 900.0, 20, 20), "terrain", "m")
    everywhere = Raster(np.zeros((20, 20), dtype=np.uint8), coarse.grid, "clutter", "kind")
    inputs = dataclasses.replace(inputs, terrain=coarse, clutter=everywhere)
    assert propagation_for(inputs, config, services).name == "empirical"
    assert propagation_for(inputs, wanting("terrain"), services).name == "terrain"


def fitted(propagation="terrain", **more):
    return {
        "schema": "siteplan-calibration/1",
        "propagation": propagation,
        "bands": {"high": {"offset_db": 0.0}},
        **more,
    }


def test_a_calibration_of_another_level_is_refused(shared_world, config):
    inputs, services = pipeline.load(shared_world, config), services_of(config)
    on_terrain, on_buffers = (
        with_calibration(config, fitted(propagation)) for propagation in ("terrain", "empirical")
    )
    assert propagation_for(inputs, on_terrain, services).name == "terrain"
    assert (
        propagation_for(inputs, treating(on_buffers, propagation="empirical"), services).name == "empirical"
    )
    with pytest.raises(RangeError, match="calibrat"):
        propagation_for(inputs, on_buffers, services)
    with pytest.raises(RangeError, match="calibrat"):
        propagation_for(inputs, treating(on_terrain, propagation="empirical"), services)
    with pytest.raises(RangeError, match="calibrat"):
        propagation_for(dataclasses.replace(inputs, terrain=None), on_terrain, services)


def test_above_six_gigahertz_terrain_refuses(config):
    high = config.bands[1].model_copy(update={"frequency_mhz": 26_000.0})
    changed = config.model_copy(update={"bands": (config.bands[0], high)})
    with pytest.raises(RangeError, match="6000"):
        level_on(changed, plain())


# --- the DEM's way in -------------------------------------------------------------------------------


def test_a_dem_in_the_project_crs_keeps_its_own_pixels(tmp_path):
    values = np.arange(50 * 40, dtype=np.float32).reshape(50, 40) / 10
    values[3, 4] = -1
    write_raster(tmp_path / "dem.tif", values, 30.0, west=17, north=1_500)
    city = Grid(CRS, WEST, SOUTH, 100.0, 10, 10)
    dem = read_terrain(tmp_path / "dem.tif", city)
    assert dem.grid == Grid(CRS, WEST + 17, SOUTH + 1_500, 30.0, 40, 50)
    assert np.isnan(dem.values[3, 4])
    np.testing.assert_array_equal(np.nan_to_num(dem.values, nan=-1), values)


def test_a_wide_dem_is_read_as_far_as_it_can_matter(tmp_path):
    write_raster(tmp_path / "dem.tif", np.full((900, 900), 5, np.float32), 100.0, west=-45_000, north=45_000)
    city = Grid(CRS, WEST, SOUTH + 1_000, 100.0, 10, 10)
    west, south, east, north = read_terrain(tmp_path / "dem.tif", city).grid.bounds
    assert (west, north) == (WEST - MARGIN_M, SOUTH + 1_000 + MARGIN_M)
    assert (east, south) == (WEST + 1_000 + MARGIN_M, SOUTH - MARGIN_M)


def test_a_dem_in_degrees_comes_at_its_own_resolution(tmp_path):
    """One arc second at 25 degrees north is about 29 m."""
    second = 1 / 3600
    profile = {
        "driver": "GTiff",
        "height": 200,
        "width": 200,
        "count": 1,
        "dtype": "int16",
        "crs": "EPSG:4326",
        "transform": from_origin(113.5, 24.8, second, second),
        "nodata": -32768,
    }
    with rasterio.open(tmp_path / "dem.tif", "w", **profile) as target:
        target.write(np.full((200, 200), 321, np.int16), 1)
    city = Grid.covering((448_000, 2_739_000, 455_000, 2_743_000), 100.0, CRS)
    dem = read_terrain(tmp_path / "dem.tif", city)
    assert 27.0 < dem.grid.resolution_m < 31.0
    assert set(np.unique(dem.values[np.isfinite(dem.values)])) == {321.0}


def test_a_very_fine_dem_is_averaged(tmp_path):
    values = np.kron(np.array([[0, 40], [80, 120]], np.float32), np.ones((100, 100), np.float32))
    write_raster(tmp_path / "dem.tif", values, 2.0, west=0, north=400)
    dem = read_terrain(tmp_path / "dem.tif", Grid(CRS, WEST, SOUTH + 400, 100.0, 4, 4))
    assert dem.grid.resolution_m == FINEST_M
    assert np.nanmean(dem.values) == pytest.approx(60.0, abs=0.5)


# --- a whole run ------------------------------------------------------------------------------------


@pytest.mark.long_without_jit
def test_what_terrain_takes_away_adds_up(shared_world, config):
    inputs = pipeline.load(shared_world, config)
    proposal, _ = pipeline.run(inputs, config)
    table, model = proposal.existing.terrain_effect, proposal.record.model
    assert model["propagation"] == "terrain"
    assert (model["dem_pixel_m"], model["delta_n"]) == (30.0, config.coverage.delta_n)
    assert model["terrain_effect"]["population_taken_away"] == table["population_taken_away"].sum()
    for what in ("population", "villages", "area_km2"):
        assert (table[f"{what}_taken_away"] <= table[f"{what}_empirical"]).all()
        left = table[f"{what}_empirical"] - table[f"{what}_taken_away"]
        assert (left <= table[f"{what}_terrain"] + 1e-9).all()
    assert (
        table["population_terrain"].tolist()
        == proposal.effects.counties["population_covered_before"].tolist()
    )
    assert proposal.existing.coverage_empirical.grid == proposal.existing.coverage.grid


@pytest.mark.long_without_jit
def test_a_run_with_buffers_says_so(shared_world, config):
    changed = config.model_copy(
        update={"coverage": config.coverage.model_copy(update={"propagation": "empirical"})}
    )
    proposal, _ = pipeline.run(pipeline.load(shared_world, changed), changed)
    assert proposal.record.model.propagation == "empirical"
    assert "dem_pixel_m" not in proposal.record.model
    assert proposal.existing.coverage_empirical is None
    assert proposal.existing.terrain_effect.empty
