"""What a mast with sectors serves: fronts and backs, tilts, shares, caches."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from worlds.sectored import NAN, project
from worlds.sky import nodes_of, on_grid, outage_nodes, share_nodes
from worlds.two_counties import CRS, SOUTH, WEST

from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.footprint_cache import MemoryCache
from siteplan.coverage.ground import ground_model
from siteplan.coverage.matrix import Upgrade
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.radio.sectors import Sector

# --- footprints -----------------------------------------------------------------------------------------

GRID = Grid(CRS, WEST, SOUTH + 4_100, 100.0, 41, 41)
DEM_GRID = Grid(CRS, WEST - 440, SOUTH + 4_540, 30.0, 166, 166)
"""The mast stands in the middle of a demand pixel and on a corner of the DEM's, so that no DEM pixel's centre
lies on the border of two demand pixels."""
AT = WEST + 2_050.0, SOUTH + 2_050.0
THREE = (Sector(0.0), Sector(120.0), Sector(240.0))


def propagation_of(name, config=None, cache=None, slope=0.0):
    config = config or project()
    if name == "empirical":
        return EmpiricalModel(config, services_of(config))
    x = np.broadcast_to((np.arange(DEM_GRID.width) - 82.5) * 30.0, DEM_GRID.shape)
    dem = Raster((300.0 + slope * x).astype(np.float32), DEM_GRID, "terrain", "m")
    return TerrainModel(config, services_of(config), ground_model(dem, None, config), None, cache)


def mast_with(*sectors, bands=("high",)):
    return Mast("T", *AT, "rural", 35.0, tuple(bands), (("high", tuple(sectors)),) if sectors else ())


def placed(footprint, k=0):
    full = np.zeros(GRID.shape)
    full[footprint.window] = footprint.probability[k]
    return full


def around(propagation, mast, distance_m, azimuths_deg):
    """Probability of the first service in these directions."""
    angle = np.radians(azimuths_deg)
    x, y = AT[0] + distance_m * np.sin(angle), AT[1] + distance_m * np.cos(angle)
    return propagation.at(mast, x, y)[1][0]


BOTH_MODELS = pytest.mark.parametrize("name", ["empirical", "terrain"])


@BOTH_MODELS
def test_the_front_is_never_worse_than_the_back(name):
    values = placed(propagation_of(name).footprint(mast_with(Sector(0.0)), GRID))
    front, back = values[:20][::-1], values[21:]
    assert (front >= back - 1e-6).all()
    assert front.sum() > 1.5 * back.sum()
    np.testing.assert_allclose(values, values[:, ::-1], atol=0.02)


@BOTH_MODELS
def test_an_omnidirectional_mast_is_nowhere_worse(name):
    propagation = propagation_of(name)
    omni = placed(propagation.footprint(mast_with(), GRID))
    for sectors in ((Sector(30.0),), THREE, (Sector(0.0, 2.0), Sector(180.0, 10.0))):
        values = placed(propagation.footprint(mast_with(*sectors), GRID))
        assert (values <= omni + 2e-3).all()
        assert 0.0 < values.sum() < omni.sum()


@BOTH_MODELS
def test_a_sector_without_an_azimuth_changes_nothing(name):
    propagation = propagation_of(name)
    omni, same = (placed(propagation.footprint(mast_with(*s), GRID)) for s in ((), (Sector(),)))
    np.testing.assert_allclose(same, omni, atol=4e-3 if name == "empirical" else 0.0)


@BOTH_MODELS
def test_three_equal_sectors_look_the_same_thrice(name):
    propagation, mast = propagation_of(name), mast_with(*THREE)
    for distance in (200.0, 800.0, 1_500.0):
        turns = [
            around(propagation, mast, distance, np.arange(0.0, 120.0, 7.5) + turn) for turn in (0, 120, 240)
        ]
        for turned in turns[1:]:
            np.testing.assert_allclose(turned, turns[0], atol=3e-3)
        np.testing.assert_allclose(turns[0][1:], turns[0][1:][::-1], atol=3e-3)
        assert turns[0][0] == turns[0].max()


@BOTH_MODELS
def test_turning_a_sector_turns_its_footprint(name):
    propagation = propagation_of(name)
    north, east = (placed(propagation.footprint(mast_with(Sector(a)), GRID)) for a in (0.0, 90.0))
    np.testing.assert_allclose(np.rot90(north, -1), east, atol=0.02)


@BOTH_MODELS
def test_a_louder_station_serves_more_and_farther(name):
    propagation = propagation_of(name, project(eirp_dbm=10.0))
    quiet, usual, loud = (
        placed(propagation.footprint(mast_with(Sector(NAN, NAN, extra)), GRID)) for extra in (-6.0, 0.0, 6.0)
    )
    assert (quiet <= usual).all()
    assert (usual <= loud).all()
    assert 0 < (quiet > 0.0).sum() < (usual > 0.0).sum() < (loud > 0.0).sum() < loud.size
    stronger = propagation_of(name, project(eirp_dbm=16.0))
    np.testing.assert_allclose(loud, placed(stronger.footprint(mast_with(), GRID)), atol=4e-3)


def test_a_footprint_of_buffers_is_what_stands_at_its_centres():
    propagation = propagation_of("empirical")
    for mast in (
        mast_with(*THREE),
        mast_with(Sector(77.0, 3.0, 2.0)),
        mast_with(Sector(0.0), bands=("high", "low")),
    ):
        footprint = propagation.footprint(mast, GRID)
        rows, cols = footprint.window
        x, y = GRID.centre(*(each.ravel() for each in np.mgrid[rows, cols]))
        services, values = propagation.at(mast, x, y)
        np.testing.assert_array_equal(services, footprint.services)
        shape = footprint.probability.shape
        np.testing.assert_allclose(values.reshape(shape), footprint.probability, atol=1e-6)


def test_a_terrain_footprint_is_the_mean_of_its_points():
    """Nine to sixteen DEM pixels in each demand pixel."""
    propagation, mast = propagation_of("terrain"), mast_with(Sector(60.0))
    values = placed(propagation.footprint(mast, GRID))
    x, y = DEM_GRID.centre(*(each.ravel() for each in np.mgrid[0 : DEM_GRID.height, 0 : DEM_GRID.width]))
    each = propagation.at(mast, x, y)[1][0]
    row, col = GRID.index(x, y)
    inside = GRID.inside(row, col)
    flat = row[inside] * GRID.width + col[inside]
    means = np.bincount(flat, each[inside], GRID.width * GRID.height) / np.bincount(flat)
    likely = (means > 0.2).reshape(GRID.shape)  # a point below the floor gives nothing
    distance = np.hypot(*(v - 20.0 for v in np.mgrid[0:41, 0:41])) * 100.0
    likely &= (distance > 300.0) & (distance < 1_800.0)
    assert likely.sum() > 150
    np.testing.assert_allclose(values[likely], means.reshape(GRID.shape)[likely], atol=0.02)


def test_up_a_slope_a_tilted_beam_looks_into_the_ground():
    """At 1,400 m a slope of 12 % is 168 m up or down: the beam passes 11.5 degrees below, or 2.2 above."""
    propagation, mast = propagation_of("terrain", slope=0.12), mast_with(Sector(90.0), Sector(270.0))
    ends = AT[0] + np.array([1_400.0, -1_400.0]), np.full(2, AT[1])
    omni, both = (
        propagation.loss_at(m, "high", propagation.geometry_at(m, *ends), *ends) for m in (mast_with(), mast)
    )
    rise = np.array([168.0, -168.0])
    down = np.degrees(np.arctan2(33.5 - rise, 1_400.0))
    np.testing.assert_allclose(both - omni, np.minimum(12.0 * ((down - 6.0) / 8.0) ** 2, 18.0), atol=0.15)
    assert (both - omni)[0] > 17.0


@BOTH_MODELS
def test_weights_of_a_calibration_reach_the_footprint(name):
    """Felt not at all, a pattern is that of an omnidirectional mast; half of it lies between."""
    mast = mast_with(Sector(0.0))
    sums = [
        placed(propagation_of(name, project(weights=w, propagation=name)).footprint(mast, GRID)).sum()
        for w in ((1.0, 1.0), (0.5, 0.5), (0.0, 0.0))
    ]
    omni = placed(propagation_of(name).footprint(mast_with(), GRID)).sum()
    assert sums[0] < sums[1] < sums[2]
    assert sums[2] == pytest.approx(omni, rel=2e-3)


@BOTH_MODELS
def test_bands_without_sectors_stay_round(name):
    """Network A's low band is omnidirectional beside B's sectors."""
    propagation = propagation_of(name)
    footprint = propagation.footprint(mast_with(Sector(0.0), bands=("high", "low")), GRID)
    keys = [propagation.services[k].key for k in footprint.services]
    low, high = (placed(footprint, keys.index(key)) for key in ("L2/A", "L2/B"))
    np.testing.assert_allclose(low, low[::-1], atol=0.02)
    assert high[:20].sum() > 1.5 * high[21:].sum()
    np.testing.assert_allclose(placed(footprint, keys.index("L1")), np.maximum(low, high), atol=1e-6)


@BOTH_MODELS
def test_what_is_added_to_a_sectored_mast_is_worth_what_it_adds(name):
    propagation = propagation_of(name)
    before = mast_with(*THREE)
    upgrade = Upgrade(before, ("low",))
    share = on_grid(share_nodes(upgrade, propagation, GRID), GRID)
    one, two = (nodes_of(each, propagation, GRID) for each in (before, upgrade.after()))
    np.testing.assert_allclose((1.0 - one) * (1.0 - share), 1.0 - np.maximum(one, two), atol=2e-6)


class Counting(MemoryCache):
    """A cache that counts what had to be computed."""

    def __init__(self):
        super().__init__()
        self.computed = 0

    def put(self, key, value):
        self.computed += 1
        super().put(key, value)


def test_another_azimuth_tilt_power_or_pattern_is_a_new_entry():
    cache, seen = Counting(), []
    changed = [
        (Sector(0.0),),
        (Sector(5.0),),
        (Sector(0.0, 3.0),),
        (Sector(0.0, NAN, 1.0),),
        (Sector(0.0), Sector(120.0)),
        (),
    ]
    for sectors in (*changed, *changed):
        propagation_of("terrain", cache=cache).footprint(mast_with(*sectors), GRID)
        seen.append(cache.computed)
    assert seen == [1, 2, 3, 4, 5, 6] + [6] * 6
    for config in (project(weights=(0.5, 1.0), propagation="terrain"), project(antenna=False)):
        propagation_of("terrain", config, cache).footprint(mast_with(Sector(0.0)), GRID)
        propagation_of("terrain", config, cache).footprint(mast_with(), GRID)
    assert cache.computed == 8  # patterns do not matter to an omnidirectional mast


@BOTH_MODELS
def test_a_mast_with_sectors_may_end_at_its_radius_too(name):
    """Three loud beams still serve where the mast is no longer followed, three quiet ones do not."""
    loud, quiet = (propagation_of(name, project(eirp_dbm=eirp)) for eirp in (75.0, 0.0))
    assert loud.radius_limited(mast_with(*THREE))
    assert not quiet.radius_limited(mast_with(*THREE))


@pytest.mark.parametrize("name", ["empirical", "terrain"])
def test_a_station_louder_than_its_class_may_be_the_one_that_ends_at_its_radius(name):
    propagation, end = (
        propagation_of(name, project(eirp_dbm=20.0)),
        4_990.0 if name == "empirical" else 1_990.0,
    )
    loud, usual = mast_with(Sector(NAN, NAN, 60.0)), mast_with()
    assert (
        around(propagation, loud, end, np.array([45.0]))[0]
        > 0.75
        > around(propagation, usual, end, np.array([45.0]))[0]
    )
    assert propagation.radius_limited(loud)
    assert not propagation.radius_limited(usual)


@pytest.mark.parametrize("name", ["empirical", "terrain"])
def test_beams_into_the_ground_do_not_serve_the_rim(name):
    """Omnidirectional, 66 or 46 dBm serve to the end; 18 dB less by the tilt they do not."""
    eirp, end = (66.0, 4_990.0) if name == "empirical" else (46.0, 1_990.0)
    propagation, tilted = (
        propagation_of(name, project(eirp_dbm=eirp)),
        mast_with(*(Sector(60.0 * k, 20.0) for k in range(6))),
    )
    assert propagation.radius_limited(mast_with())
    assert around(propagation, tilted, end, np.arange(0.0, 360.0, 15.0)).max() < 0.75
    assert not propagation.radius_limited(tilted)


def test_threads_change_nothing_of_sectors():
    masts = [mast_with(Sector(30.0 * k), Sector(30.0 * k + 180.0)) for k in range(6)]
    alone = outage_nodes(masts, propagation_of("terrain"), GRID)
    with ThreadPoolExecutor(2) as pool:
        together = outage_nodes(masts, propagation_of("terrain"), GRID, pool.map)
    np.testing.assert_array_equal(alone, together)
