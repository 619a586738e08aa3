"""The terrain level: buffers on open ground, shade behind mountains, the same numbers from the cache."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio
from conftest import CRS, SOUTH, WEST, write_raster
from rasterio.transform import from_origin
from scipy.special import ndtr

from siteplan import pipeline
from siteplan.cache import FileCache, MemoryCache
from siteplan.config import load_config
from siteplan.coverage import Addition, BufferLevel, Mast, added_footprint, uncovered_probability
from siteplan.demand import services_of
from siteplan.errors import RangeError
from siteplan.grid import Grid, Raster
from siteplan.inputs.rasters import FINEST_M, MARGIN_M, read_terrain
from siteplan.radio.diffraction import Profile, bullington_loss, effective_earth_radius_km
from siteplan.radio.pathloss import free_space_loss, rma_nlos_loss
from siteplan.radio.profile import path_profile
from siteplan.terrain import DecisionPoints, TerrainLevel, decision_points, level_for

GRID = Grid(CRS, WEST, SOUTH + 6_000, 100.0, 60, 60)
DEM_GRID = Grid(CRS, WEST - 300, SOUTH + 6_300, 30.0, 220, 220)
MIDDLE = 3_050.0


@pytest.fixture(scope="module")
def config(shared_world):
    return load_config(shared_world)


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
    return TerrainLevel(config, services_of(config), dem, points, cache)


def mast(bands=("high",), east=MIDDLE, north=MIDDLE, height=35.0):
    return Mast("T", WEST + east, SOUTH + north, "rural", height, tuple(bands))


def placed(footprint, k=0):
    """Probability of the k-th service on the whole grid."""
    full = np.zeros(GRID.shape)
    if footprint is not None:
        full[footprint.window] = footprint.probability[k]
    return full


# --- open ground ------------------------------------------------------------------------------------


@pytest.mark.long_without_jit
@pytest.mark.parametrize("bands", [("high",), ("low",), ("high", "low")], ids="+".join)
def test_open_ground_keeps_the_buffers(config, bands):
    """On a plain the class's formula holds; pixel means differ from centre values by a few per cent, and at
    the rim the mean may fall below the floor where the centre does not."""
    terrain = level_on(config, plain()).footprint(mast(bands), GRID)
    buffers = BufferLevel(config, services_of(config)).footprint(mast(bands), GRID)
    np.testing.assert_array_equal(terrain.services, buffers.services)
    for k in range(len(terrain.services)):
        over, by_buffer = placed(terrain, k), placed(buffers, k)
        counts = by_buffer > config.coverage.probability_floor + 0.03
        np.testing.assert_allclose(over[counts], by_buffer[counts], atol=0.035)
        assert (np.maximum(over, by_buffer)[~counts] < 0.14).all()


def test_on_a_plain_a_footprint_is_round(config):
    """A mast in the middle of a demand pixel, whose DEM pixels lie evenly around it."""
    values = placed(level_on(config, plain()).footprint(mast(), GRID))[:-1, 1:]
    np.testing.assert_allclose(values, values[::-1], atol=0.03)
    np.testing.assert_allclose(values, values.T, atol=0.03)


def test_a_pixel_is_the_mean_of_the_closed_form_over_its_dem_pixels(config):
    level = level_on(config, plain())
    footprint = level.footprint(mast(), GRID)
    row, col = 20, 40
    west, north = GRID.west_m + col * 100.0, GRID.north_m - row * 100.0
    x = DEM_GRID.west_m + (np.arange(220) + 0.5) * 30.0
    y = DEM_GRID.north_m - (np.arange(220) + 0.5) * 30.0
    inside = np.meshgrid(x[(x >= west) & (x < west + 100)], y[(y <= north) & (y > north - 100)])
    distance = np.hypot(inside[0] - mast().easting_m, inside[1] - mast().northing_m)
    expected = ndtr((36.7 - rma_nlos_loss(distance, 2140, 35) + 105.0) / 8.0).mean()
    assert placed(footprint)[row, col] == pytest.approx(expected, abs=0.004)


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
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_terrain_only_takes_away(config, seed):
    """No pixel's mean is better than the best buffer value its corners could have."""
    bands = ("high", "low")
    terrain = placed(level_on(config, hills(seed)).footprint(mast(bands), GRID))
    best = placed(level_on(config, plain()).footprint(mast(bands), GRID))
    assert (terrain <= best + 1e-6).all()
    assert terrain.sum() < best.sum()


@pytest.mark.long_without_jit
def test_bands_of_one_mast_share_shadowing(config):
    level = level_on(config, hills())
    both, high, low = (placed(level.footprint(mast(b), GRID)) for b in (("high", "low"), ("high",), ("low",)))
    np.testing.assert_array_equal(both, np.maximum(high, low))


def test_a_network_serves_its_own_services_only(config):
    level = level_on(config, hills())
    footprint = level.footprint(mast(("low",)), GRID)
    assert [level.services[k].key for k in footprint.services] == ["L1", "L2/A", "L3/A"]
    assert level.footprint(mast(()), GRID) is None


@pytest.mark.long_without_jit
def test_added_bands_are_worth_what_they_add(config):
    """(1 - p0) (1 - a) = 1 - p1, on hills as on buffers."""
    level = level_on(config, hills())
    addition = Addition(mast(("high",)), ("low",))
    share = placed(added_footprint(addition, level, GRID))
    p0, p1 = placed(level.footprint(mast(("high",)), GRID)), placed(level.footprint(addition.after(), GRID))
    np.testing.assert_allclose((1 - p0) * (1 - share), 1 - p1, atol=2e-6)


@pytest.mark.long_without_jit
def test_threads_change_nothing(config):
    masts = [mast(("high", "low"), 2_000 + 300 * i, 3_000 + 100 * i) for i in range(6)]
    alone = uncovered_probability(masts, level_on(config, hills()), GRID, 5)
    with ThreadPoolExecutor(3) as pool:
        together = uncovered_probability(masts, level_on(config, hills()), GRID, 5, pool.map)
    np.testing.assert_array_equal(alone, together)


@pytest.mark.long_without_jit
def test_a_county_window_holds_the_same_numbers(config):
    part = Grid(CRS, WEST + 2_000, SOUTH + 4_000, 100.0, 25, 15)
    whole = placed(level_on(config, hills()).footprint(mast(), GRID))
    footprint = level_on(config, hills()).footprint(mast(), part)
    np.testing.assert_array_equal(
        footprint.probability[0],
        whole[20:35, 20:45][footprint.row : footprint.row + footprint.probability.shape[1],
                            footprint.col : footprint.col + footprint.probability.shape[2]].astype(np.float32),
    )  # fmt: skip


# --- points that decide -----------------------------------------------------------------------------


def test_a_point_gets_its_own_profile(config):
    """Formula against free space, clutter and Bullington over that very profile."""
    dem, given = hills(amplitude_m=90.0), mast()
    x, y = np.array([WEST + 4_410.0, WEST + 1_870.0]), np.array([SOUTH + 3_920.0, SOUTH + 2_290.0])
    _, probability = level_on(config, dem).at(given, x, y)
    radius = effective_earth_radius_km(config.coverage.delta_n)
    clutter = float(rma_nlos_loss(1000.0, 2140, 35) - free_space_loss(1000.0, 2140))
    for i in range(2):
        d_km, ground = path_profile(dem, given.easting_m, given.northing_m, x[i], y[i])
        profile = Profile(d_km, ground, ground[0] + 35.0, ground[-1] + 1.5)
        distance = d_km[-1] * 1000.0
        over = free_space_loss(distance, 2140) + clutter + bullington_loss(profile, radius, 2.14)
        loss = max(float(rma_nlos_loss(distance, 2140, 35)), float(over))
        assert probability[0, i] == pytest.approx(ndtr((36.7 - loss + 105.0) / 8.0), abs=2e-3)


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
    first = uncovered_probability(masts, level_on(config, hills(), cache=cache), GRID, 5)
    assert cache.computed == 8
    again = uncovered_probability(masts, level_on(config, hills(), cache=cache), GRID, 5)
    assert cache.computed == 8
    np.testing.assert_array_equal(first, again)
    moved = [dataclasses.replace(masts[0], easting_m=masts[0].easting_m + 10.0), *masts[1:]]
    uncovered_probability(moved, level_on(config, hills(), cache=cache), GRID, 5)
    assert cache.computed == 10


@pytest.mark.long_without_jit
@pytest.mark.parametrize("change", ["dem", "delta_n", "threshold", "height"])
def test_a_change_of_anything_it_depends_on_is_a_new_entry(config, change):
    cache = Counting()
    level_on(config, hills(), cache=cache).footprint(mast(), GRID)
    dem, changed, height = hills(), config, 35.0
    if change == "dem":
        dem = hills(seed=2)
    elif change == "height":
        height = 36.0
    elif change == "delta_n":
        coverage = config.coverage.model_copy(update={"delta_n": 60.0})
        changed = config.model_copy(update={"coverage": coverage})
    else:
        layers = (config.layers[0].model_copy(update={"threshold_dbm": -104.0}), *config.layers[1:])
        changed = config.model_copy(update={"layers": layers})
    level_on(changed, dem, cache=cache).footprint(mast(height=height), GRID)
    assert cache.computed == 2


@pytest.mark.long_without_jit
def test_the_file_outlives_the_run_and_gives_the_same_numbers(config, tmp_path):
    path = tmp_path / ".cache" / "footprints.sqlite"
    with FileCache(path, 10.0) as cache:
        first = level_on(config, hills(), cache=cache).footprint(mast(), GRID)
    with FileCache(path, 10.0) as cache:
        level = level_on(config, hills(), cache=cache)
        second = level.footprint(mast(), GRID)
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
    level = level_on(config, small)
    assert not level.sees(mast())
    buffers = BufferLevel(config, services_of(config))
    np.testing.assert_array_equal(
        level.footprint(mast(), GRID).probability, buffers.footprint(mast(), GRID).probability
    )
    x, y = np.array([WEST + 3_500.0]), np.array([SOUTH + 3_500.0])
    np.testing.assert_array_equal(level.at(mast(), x, y)[1], buffers.at(mast(), x, y)[1])


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
    assert level_for(inputs, config, services).name == "terrain"

    def wanting(level):
        return config.model_copy(update={"coverage": config.coverage.model_copy(update={"level": level})})

    assert level_for(inputs, wanting("buffer"), services).name == "buffer"
    without = dataclasses.replace(inputs, terrain=None)
    assert level_for(without, config, services).name == "buffer"
    with pytest.raises(RangeError, match=r"inputs\.dem"):
        level_for(without, wanting("terrain"), services)
    coarse = Raster(np.zeros((20, 20), dtype=np.float32), Grid(CRS, 0.0, 0.0, 900.0, 20, 20), "terrain", "m")
    inputs = dataclasses.replace(inputs, terrain=coarse)
    assert level_for(inputs, config, services).name == "buffer"
    assert level_for(inputs, wanting("terrain"), services).name == "terrain"


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
        "driver": "GTiff", "height": 200, "width": 200, "count": 1, "dtype": "int16", "crs": "EPSG:4326",
        "transform": from_origin(113.5, 24.8, second, second), "nodata": -32768,
    }  # fmt: skip
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
    table, model = proposal.terrain, proposal.summary["model"]
    assert model["level"] == "terrain"
    assert (model["dem_pixel_m"], model["delta_n"]) == (30.0, config.coverage.delta_n)
    assert model["terrain_effect"]["population_taken_away"] == table["population_taken_away"].sum()
    for what in ("population", "villages", "area_km2"):
        assert (table[f"{what}_taken_away"] <= table[f"{what}_buffer"]).all()
        left = table[f"{what}_buffer"] - table[f"{what}_taken_away"]
        assert (left <= table[f"{what}_terrain"] + 1e-9).all()
    assert table["population_terrain"].tolist() == proposal.county_table["population_covered_before"].tolist()
    assert proposal.coverage_buffer.grid == proposal.coverage_before.grid


@pytest.mark.long_without_jit
def test_a_run_with_buffers_says_so(shared_world, config):
    changed = config.model_copy(update={"coverage": config.coverage.model_copy(update={"level": "buffer"})})
    proposal, _ = pipeline.run(pipeline.load(shared_world, changed), changed)
    assert proposal.summary["model"]["level"] == "buffer"
    assert "dem_pixel_m" not in proposal.summary["model"]
    assert proposal.coverage_buffer is None
    assert proposal.terrain.empty
