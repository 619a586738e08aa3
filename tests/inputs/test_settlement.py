"""Where the people of a polygon are put, what is not known beyond a layer's edge, and villages in pieces."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import box
from worlds.two_counties import CRS, SOUTH, WEST, lonlat, write_raster, write_toml

import siteplan
from siteplan.core.grid import Grid, Raster
from siteplan.inputs.load import examine
from siteplan.inputs.places.settlement import low_ground, mask_of, settle
from siteplan.project.project_file import load_config

GRID = Grid(CRS, 0.0, 1_000.0, 100.0, 20, 10)
AREAS = gpd.GeoSeries([box(0, 0, 1_000, 1_000), box(1_000, 0, 2_000, 1_000)], crs=CRS)


def weights(*pixels, value=1.0):
    found = np.zeros(GRID.shape)
    for row, col in pixels:
        found[row, col] = value
    return found


def test_the_first_evidence_that_speaks_inside_a_polygon_decides_there():
    people, roads = weights((2, 3), (2, 4), value=5.0), weights((8, 2), (9, 15))
    found = settle(AREAS, GRID, {"population": people, "roads": roads})
    assert found.how.tolist() == ["population", "roads"]
    assert (found.easting_m[1], found.northing_m[1]) == (1_550.0, 50.0)
    assert found.easting_m[0] in (350.0, 450.0)
    assert found.northing_m[0] == 750.0


def test_shares_of_a_polygon_add_up_to_one_and_stay_inside():
    rng = np.random.default_rng(7)
    found = settle(AREAS, GRID, {"built": rng.random(GRID.shape).round()})
    sums = np.bincount(found.code.ravel(), found.share.ravel())
    np.testing.assert_allclose(sums[1:], 1.0)
    assert sums[0] == 0.0


def test_the_denser_of_two_clusters_is_the_village():
    lone, cluster = [(1, 1), (1, 2)], [(r, c) for r in (6, 7, 8) for c in (6, 7, 8)]
    found = settle(AREAS, GRID, {"built": weights(*lone, *cluster)})
    assert (found.easting_m[0], found.northing_m[0]) == (750.0, 250.0)


def test_without_evidence_a_point_inside_is_said_to_be_that():
    found = settle(AREAS, GRID, {})
    assert found.how.tolist() == ["interior", "interior"]
    assert AREAS.contains(gpd.GeoSeries(gpd.points_from_xy(found.easting_m, found.northing_m), crs=CRS)).all()


def test_low_ground_is_the_lowest_tenth_of_each_polygon():
    slope = Raster(np.tile(np.arange(20.0), (10, 1)), GRID, "dem", "m")
    low = low_ground(AREAS, slope)
    assert sorted(set(np.nonzero(low)[1].tolist())) == [0, 10]


def test_lines_touch_every_pixel_they_cross():
    line = gpd.GeoSeries([shapely.LineString([(0, 50), (950, 50)])], crs=CRS)
    assert mask_of(line, GRID)[9, :10].tolist() == [1.0] * 10


# --- in a project -------------------------------------------------------------------------------------


def polygons_only(folder, people=True):
    """The villages as polygons with their people and no coordinates; no population raster."""
    villages = gpd.read_file(folder / "villages.gpkg").drop(columns=["longitude", "latitude"])
    if people:
        villages["population"] = [900, 400, 250, 1_200, 500, 300]
    villages.to_file(folder / "villages.gpkg", layer="villages")
    write_toml(folder, {"inputs.population": None})


def seen(folder):
    found = examine(folder, load_config(folder))
    assert found.inputs is not None, found.faults
    return found.inputs, {fault.problem for fault in found.faults if fault.severity != "note"}


def test_people_of_polygons_are_on_the_road_and_not_on_the_mountain(two_counties):
    polygons_only(two_counties)
    inputs, problems = seen(two_counties)
    assert set(inputs.villages["settled_by"]) <= {"places", "roads", "low_ground"}
    assert "villages_settled" in problems
    assert float(np.nansum(inputs.population.values)) == pytest.approx(3_550)
    by_road = inputs.villages["settled_by"].eq("roads")
    away = inputs.villages.geometry[by_road].distance(inputs.roads.union_all())
    assert (away <= 100.0).all()


def test_a_population_raster_moves_a_polygons_point_to_its_people(two_counties):
    polygons_only(two_counties, people=False)
    write_toml(two_counties)
    inputs, problems = seen(two_counties)
    assert set(inputs.villages["settled_by"]) == {"population"}
    assert "villages_settled" not in problems
    east = inputs.villages.geometry.x - WEST
    np.testing.assert_allclose(sorted(east), sorted([2_050, 5_550, 2_550, 10_550, 13_050, 10_250]), atol=100)


def test_villages_without_a_number_are_not_empty(two_counties):
    polygons_only(two_counties)
    villages = gpd.read_file(two_counties / "villages.gpkg")
    villages["population"] = villages["population"].astype("Float64")
    villages.loc[[1, 3], "population"] = pd.NA
    villages.to_file(two_counties / "villages.gpkg", layer="villages")
    _, problems = seen(two_counties)
    assert "villages_uncounted" in problems
    assert "village_empty" not in problems


def test_parts_of_one_village_are_one_village(two_counties):
    whole, _ = seen(two_counties)
    villages = gpd.read_file(two_counties / "villages.gpkg")
    first = villages.geometry.iloc[0]
    west, south, east, north = first.bounds
    middle = (west + east) / 2
    parts = [
        first.intersection(box(west, south, middle, north)),
        first.intersection(box(middle, south, east, north)),
    ]
    split = pd.concat([villages.iloc[[0]], villages], ignore_index=True)
    split = split.set_geometry(gpd.GeoSeries([*parts, *villages.geometry.iloc[1:]], crs=villages.crs))
    split.to_file(two_counties / "villages.gpkg", layer="villages")
    inputs, problems = seen(two_counties)
    assert len(inputs.villages) == 6
    np.testing.assert_allclose(inputs.village_areas.area, whole.village_areas.area)
    assert problems == set()


def test_villages_that_share_land_are_named(two_counties):
    villages = gpd.read_file(two_counties / "villages.gpkg")
    villages.loc[0, "geometry"] = villages.geometry.iloc[0].buffer(2_000)
    villages.to_file(two_counties / "villages.gpkg", layer="villages")
    assert "villages_overlap" in seen(two_counties)[1]


def test_a_point_far_outside_its_polygon_is_not_used(two_counties):
    villages = gpd.read_file(two_counties / "villages.gpkg")
    villages.loc[0, ["longitude", "latitude"]] = [float(v) for v in lonlat(13_000, 13_000)]
    villages.to_file(two_counties / "villages.gpkg", layer="villages")
    inputs, problems = seen(two_counties)
    assert "point_outside_area" in problems
    assert inputs.villages.set_index("village_id").loc["V1", "settled_by"] == "population"


def test_a_village_far_above_the_road_is_doubted(two_counties):
    y, x = np.mgrid[0:550, 0:550]
    peak = np.maximum(0.0, 1_400.0 - np.hypot((x - 450) * 30.0, (y - 236) * 30.0) * 0.6)
    write_raster(two_counties / "dem.tif", (200 + peak).astype(np.float32), 30.0, west=-500, north=15_500)
    assert "village_high" in seen(two_counties)[1]


# --- layers with an extent ----------------------------------------------------------------------------


def roads_file(folder, west, east):
    line = shapely.LineString([(WEST + west, SOUTH + 5_000), (WEST + east, SOUTH + 9_000)])
    roads = gpd.GeoDataFrame({"highway": ["primary"]}, geometry=[line], crs=CRS)
    roads.to_file(folder / "roads.gpkg")
    write_toml(folder, {"inputs.osm": None, "inputs.roads": {"path": "roads.gpkg"}})


def test_roads_of_the_next_town_refuse_nobody(two_counties):
    roads_file(two_counties, 500_000, 510_000)
    _, problems = seen(two_counties)
    assert "roads_short" in problems
    plan = siteplan.open_project(two_counties).plan(threads=1)
    rules = [rule[0] for rule in plan.proposal.places.candidates["rule"] if rule]
    assert "rule_road" not in rules
    ground = plan.proposal.places.candidates["source_type"].eq("5")
    notes = plan.proposal.places.candidates.loc[ground, "notes"]
    assert all("note_roads_unknown" in [key for key, _ in each] for each in notes)
    assert "fall_roads" in {each.key for each in plan.record.fallbacks}


def test_a_layer_of_zones_far_away_is_said(two_counties):
    zones = gpd.read_file(two_counties / "exclusions.gpkg")
    zones["geometry"] = zones.geometry.translate(200_000)
    zones.to_file(two_counties / "exclusions.gpkg", layer="exclusions")
    assert "zones_elsewhere" in seen(two_counties)[1]
