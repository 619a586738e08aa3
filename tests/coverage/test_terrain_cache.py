"""Footprints over terrain that are kept: the same numbers, computed once, in a file that may fail."""

import dataclasses

import numpy as np
import pytest
from worlds.sky import outage_nodes
from worlds.terrain_world import (
    FOLLOWED_M,
    GRID,
    Counting,
    fitted,
    following,
    hills,
    mast,
    terrain_on,
    treating,
)

from siteplan.coverage.footprint_cache import FileCache, MemoryCache, kept_array
from siteplan.coverage.terrain import DecisionPoints
from siteplan.project.project_file import load_config, with_calibration
from siteplan.radio.sectors import Sector


@pytest.fixture(scope="module")
def config(shared_world):
    return following(load_config(shared_world))


# --- the cache --------------------------------------------------------------------------------------


@pytest.mark.long_without_jit
def test_only_what_changed_is_computed_again(config):
    cache = Counting()
    masts = [mast(("high", "low"), 2_000 + 400 * i) for i in range(4)]
    first = outage_nodes(masts, terrain_on(config, hills(), cache=cache), GRID)
    assert cache.computed == 8
    again = outage_nodes(masts, terrain_on(config, hills(), cache=cache), GRID)
    assert cache.computed == 8
    np.testing.assert_array_equal(first, again)
    moved = [dataclasses.replace(masts[0], easting_m=masts[0].easting_m + 10.0), *masts[1:]]
    outage_nodes(moved, terrain_on(config, hills(), cache=cache), GRID)
    assert cache.computed == 10


@pytest.mark.long_without_jit
@pytest.mark.parametrize(
    "change", ["dem", "delta_n", "threshold", "height", "clutter", "treatment", "street", "radius", "weight"]
)
def test_a_change_of_anything_it_depends_on_is_a_new_entry(config, change):
    cache = Counting()
    terrain_on(config, hills(), cache=cache).footprint(mast(), GRID)
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
    terrain_on(changed, dem, cache=cache).footprint(mast(height=height), GRID)
    assert cache.computed == 2


@pytest.mark.long_without_jit
def test_what_it_does_not_depend_on_is_no_new_entry(config):
    """Names, weights, and the height of clutter nobody stands in where it stays out of the profile."""
    cache = Counting()
    terrain_on(config, hills(), cache=cache).footprint(mast(), GRID)
    layers = tuple(layer.model_copy(update={"name": "x", "weight": 3.0}) for layer in config.layers)
    terrain_on(config.model_copy(update={"layers": layers}), hills(), cache=cache).footprint(mast(), GRID)
    assert cache.computed == 1
    terrain_on(treating(config, clutter="none"), hills(), cache=cache).footprint(mast(), GRID)
    terrain_on(treating(following(config, clutter_m=25.0), clutter="none"), hills(), cache=cache).footprint(
        mast(), GRID
    )
    assert cache.computed == 2


@pytest.mark.long_without_jit
def test_the_file_outlives_the_run_and_gives_the_same_numbers(config, tmp_path):
    path = tmp_path / ".cache" / "footprints.sqlite"
    with FileCache(path, 10.0) as cache:
        first = terrain_on(config, hills(), cache=cache).footprint(mast(), GRID)
    with FileCache(path, 10.0) as cache:
        propagation = terrain_on(config, hills(), cache=cache)
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


def test_what_a_run_computes_is_written_as_it_goes_and_counts_as_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr("siteplan.coverage.footprint_cache._WRITE_FROM", 100)
    path = tmp_path / "f.sqlite"
    with FileCache(path, 10.0) as cache:
        for number in range(10):
            cache.put(bytes([number]), bytes(60))
        assert len(cache._new) <= 1
        assert [cache.get(bytes([number])) for number in range(10)] == [bytes(60)] * 10
        assert cache.added == 10
        assert cache.kept_share == 0.0
    with FileCache(path, 10.0) as cache:
        assert cache.get(bytes([3])) == bytes(60)
        assert cache.get(b"new") is None
        assert cache.kept_share == 0.5


def test_an_array_is_the_same_whether_made_or_kept(tmp_path):
    values = np.random.default_rng(0).random((1, 4, 5)).astype(np.float32)
    with FileCache(tmp_path / "f.sqlite", 10.0) as cache:
        made = kept_array(cache, b"content", values.shape, lambda: values)
        kept = kept_array(cache, b"content", values.shape, lambda: values + 1.0)
        other = kept_array(cache, b"other content", values.shape, lambda: values + 1.0)
    np.testing.assert_array_equal(made, values)
    np.testing.assert_array_equal(kept, values)
    np.testing.assert_array_equal(other, values + np.float32(1.0))
    np.testing.assert_array_equal(kept_array(None, b"content", values.shape, lambda: values), values)


# --- some pixels alone ------------------------------------------------------------------------------


def sectored():
    """A mast with two bands, one of them in three sectors."""
    sectors = tuple(Sector(azimuth, 4.0, 0.0) for azimuth in (0.0, 120.0, 240.0))
    return dataclasses.replace(mast(("high", "low")), sectors=(("high", sectors),))


@pytest.mark.long_without_jit
@pytest.mark.parametrize("site", [mast(("high", "low")), sectored(), mast(("low",), east=200.0)])
@pytest.mark.parametrize("model", ["terrain", "empirical"])
def test_a_footprint_at_some_pixels_has_the_values_of_the_whole(config, site, model):
    """Villages lie on some of them, one pixel has two; the second asking finds everything kept."""
    rng = np.random.default_rng(3)
    x, y = GRID.centre(rng.integers(0, GRID.height, 30), rng.integers(0, GRID.width, 30))
    points = DecisionPoints(np.append(x, x[0] + 20.0), np.append(y, y[0] - 20.0))
    cache = Counting()
    terrain = terrain_on(config, hills(), points, cache)
    propagation = terrain if model == "terrain" else terrain.buffers
    whole = propagation.footprint(site, GRID)
    wanted = rng.random(GRID.shape) < 0.1
    for _ in range(2):
        some = propagation.footprint_on(site, GRID, wanted)
        at = np.zeros(GRID.shape, dtype=bool)
        at.ravel()[some.pixels] = True
        assert not (at & ~wanted).any()
        for k, service in enumerate(whole.services):
            assert some.services[k] == service
            score = np.full(GRID.shape, -np.inf, dtype=np.float32)
            sharpness = np.ones(GRID.shape, dtype=np.float32)
            score[whole.window], sharpness[whole.window] = whole.score[k], whole.sharpness[k]
            np.testing.assert_array_equal(some.score[k], score.ravel()[some.pixels])
            served = some.score[k] > -np.inf
            np.testing.assert_array_equal(some.sharpness[k][served], sharpness.ravel()[some.pixels][served])
            missed = wanted & ~at & (score > -np.inf)
            assert not missed.any()
        computed = cache.computed
    assert cache.computed == computed


@pytest.mark.long_without_jit
def test_villages_have_the_value_of_their_own_profile(config):
    site = mast()
    points = DecisionPoints(
        site.easting_m + np.array([-731.0, 410.0, 888.0]), site.northing_m + np.array([555.0, -950.0, 130.0])
    )
    terrain = terrain_on(config, hills(), points)
    footprint = terrain.footprint(mast(), GRID)
    _, exact = terrain.scores_at(mast(), points.easting_m, points.northing_m)
    row, col = GRID.index(points.easting_m, points.northing_m)
    kept = footprint.score[:, row - footprint.row, col - footprint.col]
    np.testing.assert_allclose(kept, np.where(np.isfinite(exact), exact.clip(-5.0, 5.0), exact), atol=1e-3)
