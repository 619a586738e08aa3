"""Grades of signal and the disagreement of models: people are conserved, and what is marked is in the shade."""

import dataclasses

import numpy as np
import pytest
from worlds.sky import outage_nodes, sky_of
from worlds.two_counties import CRS, SOUTH, WEST

from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import build_demand, services_of, tier_layers
from siteplan.coverage.gaps import village_table
from siteplan.coverage.ground import ground_model
from siteplan.coverage.masts import masts_of
from siteplan.coverage.model_comparison import NEAREST_M, both_losses_db, compare_models, comparison_summary
from siteplan.coverage.propagation import Mast
from siteplan.coverage.signal_tiers import tier_rasters, tier_table
from siteplan.coverage.terrain import TerrainModel
from siteplan.planning import pipeline
from siteplan.planning.quota import on_air
from siteplan.project.project_file import load_config
from siteplan.project.radio import Tier
from siteplan.radio.itm import itm_loss_db
from siteplan.radio.pathloss import free_space_loss

TIERS = (
    Tier(id="good", name="好", threshold_dbm=-95),
    Tier(id="basic", name="基本", threshold_dbm=-105),
    Tier(id="weak", name="弱", threshold_dbm=-110),
)


@pytest.fixture(scope="module")
def world(shared_world):
    config = load_config(shared_world).model_copy(update={"tiers": TIERS})
    inputs = pipeline.load(shared_world, config)
    propagation = pipeline.propagation_for(inputs, config, services_of(config))
    masts, _ = masts_of(on_air(inputs.stations, config), config, propagation)
    return config, inputs, propagation, masts, build_demand(inputs, config)


# --- grades -----------------------------------------------------------------------------------------


def test_every_pixel_of_the_area_has_one_grade_and_no_other_has(world):
    config, inputs, propagation, masts, _ = world
    before, after = tier_rasters(masts, [], propagation, inputs, config)
    inside = inputs.county_code > 0
    assert set(np.unique(before.values[inside])) <= {1, 2, 3, 4}
    assert (before.values[~inside] == 0).all()
    np.testing.assert_array_equal(before.values, after.values)


def test_people_and_square_kilometres_add_up_to_the_area(world):
    config, inputs, propagation, masts, demand = world
    table = tier_table(tier_rasters(masts, [], propagation, inputs, config), inputs, demand, config)
    assert table["people_before"].sum() == pytest.approx(demand.people.sum())
    pixel_km2 = (inputs.grid.resolution_m / 1000.0) ** 2
    assert table["area_km2_before"].sum() == pytest.approx((inputs.county_code > 0).sum() * pixel_km2)


def test_a_grade_is_the_coverage_at_its_threshold(world):
    """Basic has the threshold and the scope of the first layer, so basic or better is covered."""
    config, inputs, propagation, masts, _ = world
    assert config.layers[0].threshold_dbm == -105
    before, _ = tier_rasters(masts, [], propagation, inputs, config)
    left = sky_of(propagation).mean(outage_nodes(masts, propagation, inputs.grid))
    covered = (1.0 - left[0] >= config.coverage.edge_probability_target) & (inputs.county_code > 0)
    graded = (before.values > 0) & (before.values <= 2)
    assert (covered != graded).mean() < 0.002  # villages' own profiles move a pixel or two


def test_a_stricter_threshold_in_one_class_only_lowers_grades_there(world):
    config, inputs, propagation, masts, _ = world
    strict = config.area_classes[0].id
    tiers = (TIERS[0].model_copy(update={"by_class": {strict: -80.0}}), *TIERS[1:])
    other = config.model_copy(update={"tiers": tiers})
    same = pipeline.propagation_for(inputs, other, services_of(other))
    usual, _ = tier_rasters(masts, [], propagation, inputs, config)
    asked, _ = tier_rasters(masts, [], same, inputs, other)
    mine = inputs.class_code == 0
    np.testing.assert_array_equal(usual.values[~mine], asked.values[~mine])
    assert (asked.values[mine] >= usual.values[mine]).all()


def test_without_tiers_there_are_no_grades(world):
    config, inputs, propagation, masts, demand = world
    bare = config.model_copy(update={"tiers": ()})
    assert tier_layers(bare) == ()
    assert tier_rasters(masts, [], propagation, inputs, bare) is None
    assert tier_table(None, inputs, demand, bare).empty


# --- two models -------------------------------------------------------------------------------------


GRID = Grid(CRS, WEST - 300.0, SOUTH + 15_300.0, 30.0, 520, 520)


def walled_level(config, wall_m=250.0):
    """A plain with a wall from north to south, 6 km east of the corner."""
    heights = np.full(GRID.shape, 100.0, dtype=np.float32)
    first = int((6_300.0) / 30.0)
    heights[:, first : first + 3] += np.float32(wall_m)
    dem = Raster(heights, GRID, "terrain", "m")
    return TerrainModel(config, services_of(config), ground_model(dem, None, config))


def low_mast(config, east=4_000.0, north=7_500.0):
    low = min(config.bands, key=lambda band: band.frequency_mhz)
    assert low.frequency_mhz < config.coverage.comparison_below_mhz
    return Mast("Z9", WEST + east, SOUTH + north, config.area_classes[-1].id, 35.0, (low.id,))


def test_on_a_plain_in_sight_both_models_are_near_free_space(world):
    config = world[0]
    propagation, mast = walled_level(config, 0.0), low_mast(world[0])
    p1812, itm = both_losses_db(propagation, mast, mast.easting_m + 1_500.0, mast.northing_m, 773.0)
    free = float(free_space_loss(1_500.0, 773.0))
    assert free - 3.0 < p1812 < free + 12.0
    assert free - 3.0 < itm < free + 12.0


def test_itm_gets_the_profile_of_the_path(world):
    config = world[0]
    propagation, mast = walled_level(config), low_mast(world[0])
    _, itm = both_losses_db(propagation, mast, mast.easting_m + 3_000.0, mast.northing_m, 773.0)
    along = np.linspace(0.0, 3_000.0, 201)
    ground = np.interp(along, [1_985.0, 2_015.0, 2_075.0, 2_105.0], [100.0, 350.0, 350.0, 100.0])
    drawn = itm_loss_db(
        ground,
        15.0,
        773.0,
        35.0,
        config.coverage.receiver_height_m,
        n0=config.coverage.n0,
        climate=config.coverage.climate,
    )
    assert itm == pytest.approx(drawn, abs=4.0)


@pytest.fixture(scope="module")
def spread(world):
    config, inputs, _, _, demand = world
    propagation = walled_level(config)
    left = np.ones((len(demand.services), *inputs.grid.shape), dtype=np.float32)
    villages = village_table(inputs, demand, left, left, config)
    masts = (low_mast(config),)
    return compare_models(masts, propagation, inputs, demand, villages, config), masts[0], config


def test_only_points_behind_the_wall_and_a_kilometre_off_are_marked(spread):
    table, mast, config = spread
    assert len(table)
    assert (table.geometry.x > WEST + 6_000.0).all()
    assert (table["distance_m"] >= NEAREST_M).all()
    assert (table["diffraction_db"] >= config.coverage.comparison_shadow_db).all()
    np.testing.assert_allclose(table["difference_db"], table["itm_db"] - table["p1812_db"], atol=0.011)
    assert set(table["site_id"]) == {mast.site_id}


def test_a_verdict_differs_only_where_a_low_band_alone_decides(spread):
    table = spread[0]
    assert (~table["verdict_differs"] | table["only_low_band"]).all()


def test_points_another_band_serves_hang_on_no_model(world, spread):
    config, inputs, _, _, demand = world
    propagation = walled_level(config)
    table, mast, _ = spread
    high = max(config.bands, key=lambda band: band.frequency_mhz).id
    beside = [
        dataclasses.replace(
            mast, site_id=f"H{i}", easting_m=point.x - 200.0, northing_m=point.y, bands=(high,)
        )
        for i, point in enumerate(table.geometry)
    ]
    left = np.ones((len(demand.services), *inputs.grid.shape), dtype=np.float32)
    villages = village_table(inputs, demand, left, left, config)
    both = compare_models((mast, *beside), propagation, inputs, demand, villages, config)
    assert not both["only_low_band"].any()


def test_the_summary_counts_what_the_table_says(spread):
    table = spread[0]
    summary = comparison_summary(table, 99)
    assert summary["points"] == 99
    assert summary["deep_shadow"] == len(table)
    assert summary["only_low_band"] == table["only_low_band"].sum()
    assert comparison_summary(table.iloc[:0], 5)["difference_mean_db"] == 0.0
