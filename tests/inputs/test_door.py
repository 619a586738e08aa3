"""The door: ten broken inputs, each with one clear message, and files as counties really have them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from typer.testing import CliRunner
from worlds.two_counties import CRS, VILLAGES, lonlat, point, write_raster, write_sheet

from siteplan.cli import app
from siteplan.core.errors import ConfigError, InputFaults
from siteplan.inputs.places.area import counties_around, crs_doubts
from siteplan.inputs.tables.networks import split_networks
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config

RUNNER = CliRunner()


def edit_stations(folder, change):
    path = folder / "stations.csv"
    frame = pd.read_csv(path, encoding="gb18030", dtype=str)
    change(frame).to_csv(path, index=False, encoding="utf-8-sig")


def drop_column(folder):
    edit_stations(folder, lambda frame: frame.drop(columns="网络"))


def text_in_coordinate(folder):
    edit_stations(
        folder, lambda frame: frame.assign(经度=[*frame["经度"][:1], "约113.5", *frame["经度"][2:]])
    )


def swap_lonlat(folder):
    edit_stations(folder, lambda frame: frame.rename(columns={"经度": "纬度", "纬度": "经度"}))


def duplicate_id(folder):
    edit_stations(folder, lambda frame: frame.assign(基站编号=["S1", "S1", *frame["基站编号"][2:]]))


def empty_sheet(folder):
    write_sheet(folder / "site_plan.xlsx", pd.DataFrame({"规划编号": [], "经度": [], "纬度": []}))


def unknown_county(folder):
    text = (folder / "project.toml").read_text(encoding="utf-8")
    (folder / "project.toml").write_text(text.replace('county = "东县"', 'county = "南县"'), encoding="utf-8")


def no_crs(folder):
    villages = gpd.read_file(folder / "villages.gpkg")
    (folder / "villages.gpkg").unlink()
    villages.to_file(folder / "villages.shp", encoding="gb18030")
    (folder / "villages.prj").unlink()
    text = (folder / "project.toml").read_text(encoding="utf-8").replace("villages.gpkg", "villages.shp")
    (folder / "project.toml").write_text(text, encoding="utf-8")


def dem_elsewhere(folder):
    write_raster(folder / "dem.tif", np.full((100, 100), 300, np.float32), 30.0)


def built_above_quota(folder):
    text = (folder / "project.toml").read_text(encoding="utf-8")
    (folder / "project.toml").write_text(text.replace("stations = 2", "stations = 0"), encoding="utf-8")


def negative_height(folder):
    edit_stations(folder, lambda frame: frame.assign(挂高=["-35", *frame["挂高"][1:]]))


BROKEN = [
    (drop_column, 1, ["stations.csv", "network", "project.toml"]),
    (text_in_coordinate, 0, ["stations.csv", "行 3", "经度", "约113.5"]),
    (swap_lonlat, 1, ["stations.csv", "行 2", "颠倒"]),
    (duplicate_id, 0, ["stations.csv", "行 3", "基站编号", "S1", "重复"]),
    (empty_sheet, 1, ["site_plan.xlsx", "数据", "没有数据行"]),
    (unknown_county, 1, ["南县", "西县、东县"]),
    (no_crs, 1, ["villages.shp", "CRS"]),
    (dem_elsewhere, 1, ["dem.tif", "覆盖"]),
    (built_above_quota, 0, ["project.toml", "超出", "西县"]),
    (negative_height, 0, ["stations.csv", "行 2", "挂高", "-35"]),
]


@pytest.mark.parametrize(("breakage", "code", "said"), BROKEN, ids=[row[0].__name__ for row in BROKEN])
def test_a_broken_input_gets_one_clear_message(two_counties, tmp_path, breakage, code, said):
    breakage(two_counties)
    result = RUNNER.invoke(app, ["plan", str(two_counties), "--out", str(tmp_path / "out" / "run")])
    assert result.exit_code == code, result.output
    line = next((line for line in result.output.splitlines() if all(word in line for word in said)), None)
    assert line is not None, result.output
    whole = {path.name for path in (tmp_path / "out").glob("*")}
    assert whole == ({"run"} if code == 0 else set())


def test_a_rejected_row_is_written_out_with_its_content(two_counties, tmp_path):
    negative_height(two_counties)
    RUNNER.invoke(app, ["plan", str(two_counties), "--out", str(tmp_path / "run")])
    rows = pd.read_csv(tmp_path / "run" / "rejected_rows.csv", encoding="utf-8-sig", dtype=str)
    assert rows[["table", "row", "column"]].to_numpy().tolist() == [["stations", "2", "挂高"]]
    assert "基站编号=S1" in rows["content"].iloc[0]


def test_faults_of_all_tables_are_shown_together(two_counties):
    drop_column(two_counties)
    empty_sheet(two_counties)
    with pytest.raises(InputFaults) as caught:
        pipeline.load(two_counties, load_config(two_counties))
    fatal = [fault for fault in caught.value.faults if fault.severity == "fatal"]
    assert {fault.file for fault in fatal} == {"stations.csv", "site_plan.xlsx"}
    assert "is missing" in caught.value.text("en")


def test_check_lists_faults_and_exits_1(two_counties):
    assert RUNNER.invoke(app, ["check", str(two_counties)]).exit_code == 0
    negative_height(two_counties)
    result = RUNNER.invoke(app, ["check", str(two_counties), "--lang", "en"])
    assert result.exit_code == 1
    assert "row 2" in result.output


def test_an_unknown_county_on_the_command_line_names_the_known_ones(two_counties):
    result = RUNNER.invoke(app, ["plan", str(two_counties), "--county", "北县"])
    assert result.exit_code == 1
    assert "西县、东县" in result.output


def test_properties_in_gcj02_land_where_they_were_drawn(shared_world):
    inputs = pipeline.load(shared_world, load_config(shared_world))
    first = inputs.properties.set_index("property_id").geometry["1"]
    assert (first.x - 440_000, first.y - 2_740_000) == pytest.approx((2_450, 13_400), abs=0.1)


def test_chinese_dates_and_gb18030_are_read(shared_world):
    stations = pipeline.load(shared_world, load_config(shared_world)).stations.set_index("station_id")
    assert str(stations.loc["S2", "on_air_date"].date()) == "2023-02-01"
    assert stations.loc["S1", "network"] == "A"
    assert stations.loc["S4", ["network", "band"]].tolist() == ["B", "high"]


def test_numbers_of_a_sheet_stay_ids(shared_world):
    inputs = pipeline.load(shared_world, load_config(shared_world))
    assert inputs.properties["property_id"].tolist() == ["1", "2", "3", "4"]


def test_village_points_and_areas_stay_in_step(shared_world):
    inputs = pipeline.load(shared_world, load_config(shared_world))
    assert inputs.villages["village_id"].tolist() == inputs.village_areas["village_id"].tolist()
    east = inputs.villages.geometry.x.to_numpy() - 440_000
    np.testing.assert_allclose(east, [row[3] for row in VILLAGES], atol=0.1)


def test_roads_and_schools_come_from_osm(shared_world):
    inputs = pipeline.load(shared_world, load_config(shared_world))
    assert inputs.roads.geometry.length.sum() == pytest.approx(30_000, rel=0.01)
    assert "岭下小学" in set(inputs.key_places["place"])


def test_population_on_another_grid_keeps_its_sum(two_counties):
    with rasterio.open(two_counties / "population.tif") as source:
        people = source.read(1)
    coarse = people.reshape(75, 2, 75, 2).sum(axis=(1, 3))
    write_raster(two_counties / "population.tif", coarse, 200.0)
    inputs = pipeline.load(two_counties, load_config(two_counties))
    assert np.nansum(inputs.population.values) == pytest.approx(people.sum(), rel=1e-3)


def test_points_only_villages_share_people_by_the_nearest_point(two_counties):
    names, counties, towns, east, north, _ = zip(*VILLAGES, strict=True)
    lon, lat = lonlat(east, north)
    frame = pd.DataFrame({"村名": names, "县区": counties, "乡镇": towns, "经度": lon, "纬度": lat})
    frame.to_csv(two_counties / "villages.csv", index=False, encoding="gbk")
    text = (two_counties / "project.toml").read_text(encoding="utf-8")
    (two_counties / "project.toml").write_text(
        text.replace("villages.gpkg", "villages.csv"), encoding="utf-8"
    )
    proposal, _ = pipeline.run(
        pipeline.load(two_counties, load_config(two_counties)), load_config(two_counties)
    )
    assert proposal.effects.villages["people"].sum() == pytest.approx(proposal.record.population_total)


def test_polygons_in_longitude_and_latitude_are_projected(two_counties):
    counties = gpd.read_file(two_counties / "counties.gpkg").to_crs("EPSG:4490")
    (two_counties / "counties.gpkg").unlink()
    counties.to_file(two_counties / "counties.gpkg", layer="counties")
    area = pipeline.load(two_counties, load_config(two_counties)).area
    assert area.crs == CRS
    assert area.geometry.area.sum() == pytest.approx(225e6, rel=1e-4)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("threshold_dbm = -105", "treshold_dbm = -105", "layers.0.treshold_dbm"),
        ("year = 2023\nsynthetic", 'year = "next"\nsynthetic', "project.year"),
        ('network = "B"\nname = "2.1G"', 'network = "C"\nname = "2.1G"', "bands.high.network"),
        ('crs = "EPSG:4547"', 'crs = "EPSG:4490"', "project.crs"),
        ('level = "forbid"', 'level = "ban"', "exclusions.0.level"),
        ("edge", "edge", None),
    ],
)
def test_a_wrong_project_file_is_told_with_its_dotted_path(two_counties, old, new, path):
    file = two_counties / "project.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    if path is None:
        assert load_config(two_counties).project.city == "双县市"
        return
    with pytest.raises(ConfigError, match=path):
        load_config(two_counties)


def test_every_fault_of_a_project_file_is_listed_at_once(two_counties):
    file = two_counties / "project.toml"
    text = (
        file.read_text(encoding="utf-8")
        .replace('city = "双县市"\n', "")
        .replace("buffer_m = 100", "buffer_m = -1")
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(two_counties)
    assert "project.city" in str(caught.value)
    assert "exclusions.0.buffer_m" in str(caught.value)


def test_networks_named_in_one_cell():
    known = {"移动": "A", "电信": "B", "联通": "B"}
    assert split_networks("移动、电信/联通", known) == ("A", "B")
    assert split_networks(None, known) == ()


def test_population_may_be_points_of_a_census(two_counties):
    lon, lat = lonlat([2_050, 2_050, 10_450], [2_050, 2_080, 2_550])
    frame = pd.DataFrame({"人口": [100, 20, 300], "经度": lon, "纬度": lat})
    frame.to_csv(two_counties / "people.csv", index=False)
    file = two_counties / "project.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("population.tif", "people.csv"), encoding="utf-8"
    )
    people = pipeline.load(two_counties, load_config(two_counties)).population
    assert sorted(people.values[people.values > 0].tolist()) == [120.0, 300.0]


def test_projected_metres_are_read_with_a_crs_of_their_own(two_counties):
    edit_stations(
        two_counties, lambda frame: frame.assign(经度=["442300"] * len(frame), 纬度=["2742300"] * len(frame))
    )
    file = two_counties / "project.toml"
    text = file.read_text(encoding="utf-8").replace(
        'path = "stations.csv"', f'path = "stations.csv"\ncrs = "{CRS}"'
    )
    file.write_text(text, encoding="utf-8")
    stations = pipeline.load(two_counties, load_config(two_counties)).stations
    assert (stations.geometry.x.round(3) == 442_300).all()


def test_several_layers_are_a_question_not_a_guess(two_counties):
    villages = gpd.read_file(two_counties / "villages.gpkg")
    villages.to_file(two_counties / "villages.gpkg", layer="more")
    with pytest.raises(InputFaults, match="several layers: villages、more"):
        pipeline.load(two_counties, load_config(two_counties))


def test_without_borders_the_land_around_villages_is_planned(two_counties):
    file = two_counties / "project.toml"
    text = file.read_text(encoding="utf-8").replace('[inputs.counties]\npath = "counties.gpkg"\n', "")
    file.write_text(text, encoding="utf-8")
    inputs = pipeline.load(two_counties, load_config(two_counties))
    assert sorted(inputs.counties["county"]) == ["东县", "西县"]
    east = inputs.counties.set_index("county").geometry["东县"]
    assert 5e6 * np.pi < east.area < 3 * 25e6 * np.pi
    assert set(inputs.villages["county"]) == {"东县", "西县"}


def test_a_station_table_may_leave_out_site_network_and_band(two_counties):
    """One network with one band, one station a site: the columns say nothing new."""
    edit_stations(two_counties, lambda frame: frame.drop(columns=["站址编码", "网络", "频段"]))
    file = two_counties / "project.toml"
    text = file.read_text(encoding="utf-8")
    start, end = text.index('[[networks]]\nid = "B"'), text.index('[[bands]]\nid = "low"')
    text = text[:start] + text[end:]
    start, end = text.index('[[bands]]\nid = "high"'), text.index("[[area_classes]]")
    text = text[:start] + text[end:]
    text = text.replace(', { network = "B", bands = ["high"] }', "").replace('network = "B"\n', "")
    file.write_text(text, encoding="utf-8")
    stations = pipeline.load(two_counties, load_config(two_counties)).stations
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


def test_a_foreign_crs_is_doubted():
    area = gpd.GeoDataFrame(geometry=[point(0, 0).buffer(5_000)], crs=CRS)
    assert crs_doubts(area, CRS) == []
    far = area.to_crs("EPSG:4534")
    assert [fault.problem for fault in crs_doubts(far, "EPSG:4534")] == ["crs_elsewhere"]


def test_a_crs_that_does_not_exist_is_told_not_traced(two_counties):
    file = two_counties / "project.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("EPSG:4547", "EPSG:999999"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"project\.crs"):
        load_config(two_counties)


def with_input(folder, name, frame, extra=""):
    frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig")
    file = folder / "project.toml"
    block = f'[inputs.{name}]\npath = "{name}.csv"\n{extra}'
    text = file.read_text(encoding="utf-8").replace("[inputs.population]", f"{block}\n[inputs.population]")
    file.write_text(text, encoding="utf-8")


def test_unknown_networks_of_an_order_are_said(two_counties):
    lon, lat = lonlat([5_000], [4_000])
    with_input(
        two_counties,
        "orders",
        pd.DataFrame({"需求编号": ["D1"], "网络": ["移动、铁通"], "经度": lon, "纬度": lat}),
    )
    inputs = pipeline.load(two_counties, load_config(two_counties))
    said = [fault for fault in inputs.faults if fault.problem == "unknown_network"]
    assert [(fault.row, fault.values["value"]) for fault in said] == [(2, "铁通")]


def test_an_order_outside_all_counties_is_named(two_counties):
    lon, lat = lonlat([-2_000, 5_000], [4_000, 4_000])
    with_input(two_counties, "orders", pd.DataFrame({"需求编号": ["D1", "D2"], "经度": lon, "纬度": lat}))
    inputs = pipeline.load(two_counties, load_config(two_counties))
    said = [fault for fault in inputs.faults if fault.problem == "outside_counties"]
    assert [fault.values["ids"] for fault in said] == ["D1"]


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
    text = (two_counties / "project.toml").read_text(encoding="utf-8")
    text = text.replace('[inputs.exclusions]\npath = "exclusions.gpkg"\n', "")
    (two_counties / "project.toml").write_text(text, encoding="utf-8")
    with_input(two_counties, "exclusions", frame)
    inputs = pipeline.load(two_counties, load_config(two_counties))
    problems = {fault.problem: fault for fault in inputs.faults}
    assert problems["empty_cell"].row == 3
    assert problems["unknown_layer"].values["value"] == "古树"
    areas = inputs.exclusions.geometry.area
    assert sorted(round(area / np.pi) for area in areas) == pytest.approx([50**2, 400**2], rel=0.01)


def edit_project(folder, old, new):
    file = folder / "project.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


MISTAKES = [
    ('path = "stations.csv"', 'path = "stations.csv"\nwhere = { "网络" = "铁通" }', ["铁通", "移动、电信"]),
    ('path = "stations.csv"', 'path = "stations.csv"\nwhere = { "网" = "移动" }', ["where", "“网”"]),
    (
        'path = "stations.csv"',
        'path = "stations.csv"\ncolumns = { band_idd = "频段" }',
        ["band_idd", "antenna_height_m"],
    ),
    ('path = "site_plan.xlsx"', 'path = "site_plan.xlsx"\nlayer = "表9"', ["表9", "数据"]),
    ('path = "villages.gpkg"', 'path = "villages.gpkg"\nlayer = "points"', ["points", "villages"]),
]


@pytest.mark.parametrize(
    ("old", "new", "said"), MISTAKES, ids=["where", "where column", "key", "sheet", "layer"]
)
def test_a_mistake_in_an_input_block_is_told(two_counties, old, new, said):
    edit_project(two_counties, old, new)
    with pytest.raises(InputFaults) as caught:
        pipeline.load(two_counties, load_config(two_counties))
    text = caught.value.text("zh")
    assert all(word in text for word in said), text


def test_counties_that_are_points_are_refused_at_the_door(two_counties):
    counties = gpd.read_file(two_counties / "counties.gpkg")
    counties["geometry"] = counties.geometry.centroid
    (two_counties / "counties.gpkg").unlink()
    counties.to_file(two_counties / "counties.gpkg", layer="counties")
    with pytest.raises(InputFaults, match="needs Polygon geometry, the file has Point"):
        pipeline.load(two_counties, load_config(two_counties))


def test_decimal_commas_are_not_thousands(two_counties):
    edit_stations(two_counties, lambda frame: frame.assign(挂高=["32,5", "35", "32", "40", "40"]))
    stations = pipeline.load(two_counties, load_config(two_counties)).stations
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
        edit_project(two_counties, 'path = "stations.csv"', 'path = "stations.csv"\nencoding = "utf-16"')
    stations = pipeline.load(two_counties, load_config(two_counties)).stations
    assert set(stations["site_name"]) == {name}


def test_where_takes_numbers_and_truth_values(two_counties):
    edit_project(
        two_counties, 'path = "stations.csv"', 'path = "stations.csv"\nwhere = { "挂高" = [35, 32] }'
    )
    assert len(pipeline.load(two_counties, load_config(two_counties)).stations) == 3


def test_a_list_is_not_called_short_when_its_members_are_wrong(two_counties):
    edit_project(two_counties, 'name = "甲网"', 'nam = "甲网"')
    with pytest.raises(ConfigError) as caught:
        load_config(two_counties)
    assert "networks.0.nam" in str(caught.value)
    assert "too" not in str(caught.value).lower()
