"""Links, roads and power of drawn places."""

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString
from worlds.terrain_world import plain, walled
from worlds.two_counties import CRS, SOUTH, WEST, write_project

from siteplan.coverage.demand import services_of
from siteplan.coverage.ground import ground_model
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.planning.proof.links import best_link, road_distances
from siteplan.project.project_file import load_config


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return load_config(write_project(tmp_path_factory.mktemp("links") / "two"))


def model(config, dem):
    return TerrainModel(config, services_of(config), ground_model(dem, None, config))


def mast(site_id, east, north=3_000.0, height_m=35.0):
    return Mast(site_id, WEST + east, SOUTH + north, "rural", height_m, ("low",))


def rules(config, **changed):
    return config.backhaul.model_copy(update=changed)


def test_over_a_plain_the_nearest_site_is_linked(config):
    propagation = model(config, plain())
    sites = [mast("far", 5_500.0), mast("near", 3_500.0)]
    link = best_link(mast("new", 1_000.0), sites, propagation, rules(config))
    assert (link.verdict, link.to_site_id) == ("possible", "near")
    assert link.length_m == pytest.approx(2_500.0)
    assert link.probability > 0.99


def test_behind_a_wall_the_next_site_is_tried(config):
    """The wall stands between the new mast and the nearer site."""
    propagation = model(config, walled(3_600.0))
    sites = [mast("behind", 4_200.0), mast("free", 500.0)]
    link = best_link(mast("new", 3_000.0), sites, propagation, rules(config))
    assert (link.verdict, link.to_site_id) == ("possible", "free")
    only = best_link(mast("new", 3_000.0), sites[:1], propagation, rules(config))
    assert (only.verdict, only.to_site_id) == ("blocked", "behind")
    assert only.probability < 1e-6


@pytest.mark.parametrize(("rain", "verdict"), [(None, "possible"), (20.0, "possible"), (200.0, "rain")])
def test_rain_beyond_the_margin_is_said(config, rain, verdict):
    asked = rules(config, rain_mm_h=rain, fade_margin_db=20.0)
    link = best_link(mast("new", 1_000.0), [mast("near", 5_500.0)], model(config, plain()), asked)
    assert link.verdict == verdict
    assert np.isnan(link.rain_db) == (rain is None)


def test_a_short_link_that_rain_breaks_is_built_lower_down(config):
    asked = rules(config, rain_mm_h=100.0)
    link = best_link(mast("new", 1_000.0), [mast("near", 2_800.0)], model(config, plain()), asked)
    assert (link.verdict, link.frequency_ghz) == ("possible", 15.0)
    dry = rules(config, rain_mm_h=1.0)
    assert (
        best_link(mast("new", 1_000.0), [mast("n", 2_800.0)], model(config, plain()), dry).frequency_ghz
        == 80.0
    )


def test_too_far_and_no_relief_are_no_answer_of_no(config):
    propagation = model(config, plain())
    near = rules(config, farthest_link_m=1_000.0)
    assert best_link(mast("new", 1_000.0), [mast("x", 5_000.0)], propagation, near).verdict == "none_near"
    assert best_link(mast("new", 1_000.0), [], propagation, near).verdict == "none_near"
    assert best_link(mast("off", 90_000.0), [mast("x", 5_000.0)], propagation, near).verdict == "no_relief"
    assert best_link(mast("new", 1_000.0), [], propagation.buffers, near).verdict == "no_relief"


def test_the_way_follows_the_roads():
    """An L of two roads and one that leads nowhere: the way is along the L, not across."""
    lines = [
        LineString([(0, 0), (3_000, 0)]),
        LineString([(3_000, 0), (3_000, 4_000)]),
        LineString([(9_000, 0), (9_000, 1_000)]),
    ]
    roads = gpd.GeoDataFrame(geometry=lines, crs=CRS)
    points = np.array([(0.0, 100.0), (9_100.0, 500.0)])
    way, gap = road_distances(roads, points, np.array([(3_050.0, 4_000.0)]))
    assert way[0] == pytest.approx(100.0 + 3_000.0 + 4_000.0 + 50.0)
    assert np.isnan(way[1])
    assert gap.tolist() == pytest.approx([100.0, 100.0])


def test_of_two_roads_between_the_same_corners_the_shorter_counts():
    lines = [LineString([(0, 0), (200, 0)]), LineString([(0, 0), (100, 100), (200, 0)])]
    roads = gpd.GeoDataFrame(geometry=lines, crs=CRS)
    way, _ = road_distances(roads, np.array([(0.0, 0.0)]), np.array([(200.0, 0.0)]))
    assert way[0] == pytest.approx(200.0, abs=0.01)


@pytest.mark.parametrize("roads", [None, gpd.GeoDataFrame(geometry=[LineString([(0, 0), (0, 0)])], crs=CRS)])
def test_without_roads_there_is_no_way(roads):
    way, gap = road_distances(roads, np.zeros((1, 2)), np.ones((1, 2)))
    assert np.isnan(way).all()
    assert np.isnan(gap).all()
