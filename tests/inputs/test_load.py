"""Tables and rasters as counties really have them, read into the project CRS."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from worlds.two_counties import (
    CRS,
    PROJECT,
    VILLAGES,
    edit_stations,
    lonlat,
    point,
    with_input,
    write_raster,
    write_toml,
)

import siteplan
from siteplan.core.errors import InputFaults
from siteplan.inputs.places.area import counties_around
from siteplan.inputs.tables.networks import split_networks
from siteplan.outputs.wording import error_text
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config


def loaded(folder):
    return pipeline.load(folder, load_config(folder))


def test_properties_in_gcj02_land_where_they_were_drawn(shared_world):
    inputs = loaded(shared_world)
    first = inputs.properties.set_index("property_id").geometry["1"]
    assert (first.x - 440_000, first.y - 2_740_000) == pytest.approx((2_450, 13_400), abs=0.1)


def test_chinese_dates_and_gb18030_are_read(shared_world):
    stations = loaded(shared_world).stations.set_index("station_id")
    assert str(stations.loc["S2", "on_air_date"].date()) == "2023-02-01"
    assert stations.loc["S1", "network"] == "A"
    assert stations.loc["S4", ["network", "band"]].tolist() == ["B", "high"]


def test_numbers_of_a_sheet_stay_ids(shared_world):
    inputs = loaded(shared_world)
    assert inputs.properties["property_id"].tolist() == ["1", "2", "3", "4"]


def test_village_points_and_areas_stay_in_step(shared_world):
    inputs = loaded(shared_world)
    assert inputs.villages["village_id"].tolist() == inputs.village_areas["village_id"].tolist()
    east = inputs.villages.geometry.x.to_numpy() - 440_000
    np.testing.assert_allclose(east, [row[3] for row in VILLAGES], atol=0.1)


def test_roads_and_schools_come_from_osm(shared_world):
    inputs = loaded(shared_world)
    assert inputs.roads.geometry.length.sum() == pytest.approx(30_000, rel=0.01)
    assert "岭下小学" in set(inputs.key_places["place"])


def test_population_on_another_grid_keeps_its_sum(two_counties):
    with rasterio.open(two_counties / "population.tif") as source:
        people = source.read(1)
    coarse = people.reshape(75, 2, 75, 2).sum(axis=(1, 3))
    write_raster(two_counties / "population.tif", coarse, 200.0)
    inputs = loaded(two_counties)
    assert np.nansum(inputs.population.values) == pytest.approx(people.sum(), rel=1e-3)


def test_points_only_villages_share_people_by_the_nearest_point(two_counties):
    names, counties, towns, east, north, _ = zip(*VILLAGES, strict=True)
    lon, lat = lonlat(east, north)
    frame = pd.DataFrame({"村名": names, "县区": counties, "乡镇": towns, "经度": lon, "纬度": lat})
    frame.to_csv(two_counties / "villages.csv", index=False, encoding="gbk")
    write_toml(two_counties, {"inputs.villages.path": "villages.csv"})
    plan = siteplan.open_project(two_counties).plan(threads=1)
    assert plan.villages["people"].sum() == pytest.approx(plan.record.population_total)


def test_polygons_in_longitude_and_latitude_are_projected(two_counties):
    counties = gpd.read_file(two_counties / "counties.gpkg").to_crs("EPSG:4490")
    (two_counties / "counties.gpkg").unlink()
    counties.to_file(two_counties / "counties.gpkg", layer="counties")
    area = loaded(two_counties).area
    assert area.crs == CRS
    assert area.geometry.area.sum() == pytest.approx(225e6, rel=1e-4)


def test_networks_named_in_one_cell():
    known = {"移动": "A", "电信": "B", "联通": "B"}
    assert split_networks("移动、电信/联通", known) == ("A", "B")
    assert split_networks(None, known) == ()


def test_population_may_be_points_of_a_census(two_counties):
    lon, lat = lonlat([2_050, 2_050, 10_450], [2_050, 2_080, 2_550])
    frame = pd.DataFrame({"人口": [100, 20, 300], "经度": lon, "纬度": lat})
    frame.to_csv(two_counties / "people.csv", index=False)
    write_toml(two_counties, {"inputs.population.path": "people.csv"})
    people = loaded(two_counties).population
    assert sorted(people.values[people.values > 0].tolist()) == [120.0, 300.0]


def test_projected_metres_are_read_with_a_crs_of_their_own(two_counties):
    edit_stations(
        two_counties, lambda frame: frame.assign(经度=["442300"] * len(frame), 纬度=["2742300"] * len(frame))
    )
    write_toml(two_counties, {"inputs.stations.crs": CRS})
    stations = loaded(two_counties).stations
    assert (stations.geometry.x.round(3) == 442_300).all()


def test_several_layers_are_a_question_not_a_guess(two_counties):
    villages = gpd.read_file(two_counties / "villages.gpkg")
    villages.to_file(two_counties / "villages.gpkg", layer="more")
    with pytest.raises(InputFaults) as caught:
        loaded(two_counties)
    assert "several layers: villages, more" in error_text(caught.value, "en")


def test_without_borders_the_land_around_villages_is_planned(two_counties):
    write_toml(two_counties, {"inputs.counties": None})
    inputs = loaded(two_counties)
    assert sorted(inputs.counties["county"]) == ["东县", "西县"]
    east = inputs.counties.set_index("county").geometry["东县"]
    assert 5e6 * np.pi < east.area < 3 * 25e6 * np.pi
    assert set(inputs.villages["county"]) == {"东县", "西县"}


def test_a_station_table_may_leave_out_site_network_and_band(two_counties):
    """One network with one band, one station a site: the columns say nothing new."""
    edit_stations(two_counties, lambda frame: frame.drop(columns=["站址编码", "网络", "频段"]))
    rollout = [{"network": "A", "bands": ["low"]}]
    targets = [{**each, "network": ""} for each in PROJECT["quota"]["targets"][::2]]
    changes = {
        "networks": PROJECT["networks"][:1],
        "bands": PROJECT["bands"][:1],
        "area_classes.0.rollout": rollout,
        "area_classes.1.rollout": rollout,
        "quota.targets": targets,
    }
    write_toml(two_counties, changes)
    stations = loaded(two_counties).stations
    assert stations["site_id"].tolist() == stations["station_id"].tolist()
    assert set(stations["network"]) == {"A"}
    assert set(stations["band"]) == {"low"}


def test_two_villages_side_by_side_still_have_land_around_them():
    """A circle of 5 km around each: about 81 km2 for two villages 300 m apart."""
    villages = gpd.GeoDataFrame({"county": ["甲", "乙"]}, geometry=[point(0, 0), point(300, 0)], crs=CRS)
    area = counties_around(villages, "城", "99")
    assert area.geometry.area.sum() / 1e6 == pytest.approx(81.5, rel=0.01)
    assert area["county_id"].tolist() == ["9901", "9902"]
    alone = counties_around(villages.iloc[:1], "城", "")
    assert alone.geometry.area.sum() / 1e6 == pytest.approx(25 * np.pi, rel=0.01)


def test_zones_given_as_points_need_a_radius_and_a_rule(two_counties):
    lon, lat = lonlat([5_500, 5_600, 4_000], [9_000, 9_100, 4_000])
    frame = pd.DataFrame(
        {
            "图层": ["自然保护区", "自然保护区", "古树"],
            "半径(米)": ["400", "", "50"],
            "经度": lon,
            "纬度": lat,
        }
    )
    with_input(two_counties, "exclusions", frame)
    inputs = loaded(two_counties)
    problems = {fault.problem: fault for fault in inputs.faults}
    assert problems["empty_cell"].row == 3
    assert problems["unknown_layer"].values["value"] == "古树"
    areas = inputs.exclusions.geometry.area
    assert sorted(round(area / np.pi) for area in areas) == pytest.approx([50**2, 400**2], rel=0.01)


MISTAKES = [
    ({"where": {"网络": "铁通"}}, "stations", ["铁通", "移动、电信"]),
    ({"where": {"网": "移动"}}, "stations", ["where", "“网”"]),
    ({"columns": {"band_idd": "频段"}}, "stations", ["band_idd", "antenna_height_m"]),
    ({"layer": "表9"}, "site_plan", ["表9", "数据"]),
    ({"layer": "points"}, "villages", ["points", "villages"]),
]


@pytest.mark.parametrize(
    ("entry", "table", "said"), MISTAKES, ids=["where", "where column", "key", "sheet", "layer"]
)
def test_a_mistake_in_an_input_block_is_told(two_counties, entry, table, said):
    write_toml(two_counties, {f"inputs.{table}.{key}": value for key, value in entry.items()})
    with pytest.raises(InputFaults) as caught:
        loaded(two_counties)
    text = error_text(caught.value, "zh")
    assert all(word in text for word in said), text


def test_counties_that_are_points_are_refused(two_counties):
    counties = gpd.read_file(two_counties / "counties.gpkg")
    counties["geometry"] = counties.geometry.centroid
    (two_counties / "counties.gpkg").unlink()
    counties.to_file(two_counties / "counties.gpkg", layer="counties")
    with pytest.raises(InputFaults) as caught:
        loaded(two_counties)
    assert "needs Polygon geometry, the file has Point" in error_text(caught.value, "en")


def test_decimal_commas_are_not_thousands(two_counties):
    edit_stations(two_counties, lambda frame: frame.assign(挂高=["32,5", "35", "32", "40", "40"]))
    stations = loaded(two_counties).stations
    assert stations["antenna_height_m"].tolist() == [32.5, 35.0, 32.0, 40.0, 40.0]


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1252", "Längenfeld"), ("gb18030", "坪石镇"), ("utf-16", "坪石镇")]
)
def test_text_files_of_other_encodings_keep_their_names(two_counties, encoding, name):
    edit_stations(two_counties, lambda frame: frame.assign(站址名称=name, 网络="A", 频段="low"))
    path = two_counties / "stations.csv"
    text = path.read_text(encoding="utf-8-sig")
    for chinese, plain in {
        "基站编号": "id",
        "站址编码": "site",
        "网络": "network",
        "频段": "band",
        "挂高": "height",
        "开通日期": "on_air",
        "经度": "lon",
        "纬度": "lat",
        "站址名称": "name",
        "2023年2月1日": "2023-02-01",
    }.items():
        text = text.replace(chinese, plain)
    path.write_text(text, encoding=encoding)
    if encoding == "utf-16":
        write_toml(two_counties, {"inputs.stations.encoding": "utf-16"})
    stations = loaded(two_counties).stations
    assert set(stations["site_name"]) == {name}


def test_where_takes_numbers_and_truth_values(two_counties):
    write_toml(two_counties, {"inputs.stations.where": {"挂高": [35, 32]}})
    assert len(loaded(two_counties).stations) == 3
