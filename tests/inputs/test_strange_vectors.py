"""Vector files in pieces, archives, KML in every dialect, and numbers that contradict their CRS."""

import json
import sqlite3
import zipfile

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from shapely.geometry import LineString, Point, Polygon, box
from worlds.two_counties import CRS, PROPERTIES, SOUTH, WEST, lonlat, osm_text, write_toml

from siteplan.core.errors import InputFaults
from siteplan.inputs.files.kml import read_kml
from siteplan.inputs.files.raw_table import Wanted
from siteplan.inputs.files.readers import read_table
from siteplan.inputs.load import examine
from siteplan.inputs.osm import read_osm
from siteplan.inputs.places.area import crs_doubts
from siteplan.project.project_file import load_config


def seen(folder, table, **changes):
    """Table as read, and the problems of it that are no notes, by severity."""
    if changes:
        write_toml(folder, {name.replace("__", "."): value for name, value in changes.items()})
    found = examine(folder, load_config(folder))
    faults = {f.problem: f.severity for f in found.faults if f.table == table and f.severity != "note"}
    return None if found.inputs is None else getattr(found.inputs, table), faults


def villages_of(folder):
    return gpd.read_file(folder / "villages.gpkg")


# --- containers ---------------------------------------------------------------------------------------


def zipped(path, files, top=""):
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, f"{top}{file.name}")


@pytest.mark.parametrize(
    ("name", "top"), [("村界.zip", "villages.gdb/"), ("成果.zip", "成果数据/villages.gdb/"), ("flat.zip", "")]
)
def test_a_geodatabase_in_any_zip_is_read(two_counties, tmp_path, name, top):
    pyogrio.write_dataframe(villages_of(two_counties), tmp_path / "v.gdb", layer="v", driver="OpenFileGDB")
    zipped(two_counties / name, sorted((tmp_path / "v.gdb").iterdir()), top)
    table, faults = seen(two_counties, "villages", inputs__villages={"path": name})
    assert len(table) == 6
    assert faults == {}


def test_a_zip_with_several_tables_asks_and_takes_the_named_one(two_counties):
    zipped(two_counties / "all.zip", [two_counties / "villages.gpkg", two_counties / "counties.gpkg"])
    table, faults = seen(two_counties, "villages", inputs__villages={"path": "all.zip"})
    assert (table, faults) == (None, {"archive_several": "fatal"})
    named = {"path": "all.zip", "layer": "villages"}
    assert len(seen(two_counties, "villages", inputs__villages=named)[0]) == 6


def test_a_zip_with_names_of_a_chinese_windows_and_a_workbook(two_counties):
    with zipfile.ZipFile(two_counties / "p.zip", "w") as archive:
        entry = zipfile.ZipInfo("物业清单.xlsx".encode("gb18030").decode("cp437"))
        archive.writestr(entry, (two_counties / "properties.xlsx").read_bytes())
    given = {"path": "p.zip", "datum": "gcj02"}
    assert len(seen(two_counties, "properties", inputs__properties=given)[0]) == 4


def test_a_zip_without_a_table_says_what_it_holds(two_counties):
    with zipfile.ZipFile(two_counties / "p.zip", "w") as archive:
        archive.writestr("说明.docx", "x")
    found = examine_with(two_counties, {"path": "p.zip"})
    assert [(f.problem, f.values["found"]) for f in found] == [("archive_empty", ("说明.docx",))]


def examine_with(folder, given):
    write_toml(folder, {"inputs.properties": given})
    faults = examine(folder, load_config(folder)).faults
    return [fault for fault in faults if fault.table == "properties"]


@pytest.mark.parametrize("part", [".shx", ".dbf"])
def test_a_shapefile_whose_parts_differ_in_number_is_refused(two_counties, tmp_path, part):
    villages = villages_of(two_counties)[["village_id", "village", "county", "geometry"]]
    villages.to_file(two_counties / "v.shp", encoding="utf-8")
    assert len(seen(two_counties, "villages", inputs__villages={"path": "v.shp"})[0]) == 6
    villages.iloc[:4].to_file(tmp_path / "few.shp", encoding="utf-8")
    (two_counties / "v").with_suffix(part).write_bytes((tmp_path / "few").with_suffix(part).read_bytes())
    table, faults = seen(two_counties, "villages")
    assert (table, faults) == (None, {"counts_differ": "fatal"})


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_headers_cut_to_one_name_are_a_question(two_counties):
    villages = villages_of(two_counties)
    long = {"village_id": "行政村代码", "village": "行政村名称", "county": "所属区县名称"}
    villages[[*long, "geometry"]].rename(columns=long).to_file(two_counties / "v.shp", encoding="utf-8")
    table, faults = seen(two_counties, "villages", inputs__villages={"path": "v.shp"})
    assert (table, faults) == (None, {"headers_cut": "fatal"})
    columns = {"village_id": "行政村_1", "village": "行政村_2"}
    named = {"path": "v.shp", "columns": columns}
    table, _ = seen(two_counties, "villages", inputs__villages=named)
    assert set(table["village"]) == set(villages["village"])


def test_a_geopackage_copied_without_its_last_changes_is_refused(two_counties, tmp_path):
    source = two_counties / "villages.gpkg"
    with sqlite3.connect(source) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE extra (n INTEGER)")
        database.commit()
        lonely = tmp_path / "copy.gpkg"
        lonely.write_bytes(source.read_bytes())
    with pytest.raises(InputFaults) as caught:
        read_table(Wanted("villages"), lonely)
    assert [fault.problem for fault in caught.value.faults] == ["wal_missing"]


# --- KML ----------------------------------------------------------------------------------------------

HEAD = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'


def pin(row, how="data", shape=None):
    number, name, kind, _, height, east, north = row
    lon, lat = lonlat(east, north)
    cells = {"序号": number, "物业类型": kind, "建筑高度(米)": height}
    if how == "html":
        body = "".join(f"<tr><td>{k}</td><td>{v}</td></tr>" for k, v in cells.items())
        said = f"<description><![CDATA[<table>{body}</table>]]></description>"
    elif how == "schema":
        body = "".join(f'<SimpleData name="{k}">{v}</SimpleData>' for k, v in cells.items())
        said = f"<ExtendedData><SchemaData>{body}</SchemaData></ExtendedData>"
    else:
        body = "".join(f'<Data name="{k}"><value>{v}</value></Data>' for k, v in cells.items())
        said = f"<ExtendedData>{body}</ExtendedData>"
    where = shape or f"<Point><coordinates>{lon},{lat},12</coordinates></Point>"
    return f"<Placemark><name><![CDATA[{name}]]></name>{said}{where}</Placemark>"


PINS = {"inputs__properties": {"path": "p.kml", "datum": "wgs84"}}


@pytest.mark.parametrize("how", ["data", "schema", "html"])
def test_attributes_of_placemarks_are_columns(two_counties, how):
    text = HEAD + "".join(pin(row, how) for row in PROPERTIES) + "</Document></kml>"
    (two_counties / "p.kml").write_text(text, encoding="utf-8")
    table, faults = seen(two_counties, "properties", **PINS)
    assert table.set_index("property_id")["kind"].to_dict() == {row[0]: row[2] for row in PROPERTIES}
    assert table.set_index("property_id")["building_height_m"].to_dict() == {
        row[0]: row[4] for row in PROPERTIES
    }
    assert faults == {}


def test_tracks_and_areas_are_no_places(two_counties):
    lon, lat = lonlat(1_000, 1_000)
    corners = f"{lon},{lat} {lon + 0.01},{lat} {lon + 0.01},{lat + 0.01} {lon},{lat}"
    ring = f"<LinearRing><coordinates>{corners}</coordinates></LinearRing>"
    area = f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"
    line = f"<LineString><coordinates>{corners}</coordinates></LineString>"
    row = ("9", "巡检轨迹", "", "", 9, 0, 0)
    extra = pin(row, shape=line) + pin((*("8",), *row[1:]), shape=area)
    text = HEAD + "".join(map(pin, PROPERTIES)) + extra + "</Document></kml>"
    (two_counties / "p.kml").write_text(text, encoding="utf-8")
    table, faults = seen(two_counties, "properties", **PINS)
    assert set(table["property_id"]) == {row[0] for row in PROPERTIES}
    assert faults == {"wrong_shape": "rejected"}


def test_a_kmz_is_read_with_what_it_links_to_or_not_at_all(two_counties):
    link = "<NetworkLink><Link><href>more.kml</href></Link></NetworkLink>"
    first = f"{HEAD}{pin(PROPERTIES[0])}{pin(PROPERTIES[1])}{link}</Document></kml>"
    more = f"{HEAD}{pin(PROPERTIES[2])}{pin(PROPERTIES[3])}</Document></kml>"
    with zipfile.ZipFile(two_counties / "p.kmz", "w") as archive:
        archive.writestr("doc.kml", first)
    given = {"path": "p.kmz", "datum": "wgs84"}
    assert seen(two_counties, "properties", inputs__properties=given)[1] == {"linked_kml": "fatal"}
    with zipfile.ZipFile(two_counties / "p.kmz", "a") as archive:
        archive.writestr("more.kml", more)
    assert len(seen(two_counties, "properties", inputs__properties=given)[0]) == 4


def test_geometries_of_a_kml(tmp_path):
    track = "<gx:Track><gx:coord>113 24 0</gx:coord><gx:coord>114 24 0</gx:coord></gx:Track>"
    hole = (
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 9,0 9,9 0,9 0,0</coordinates></LinearRing>"
        "</outerBoundaryIs><innerBoundaryIs><LinearRing><coordinates>1,1 2,1 2,2 1,2 1,1</coordinates>"
        "</LinearRing></innerBoundaryIs></Polygon>"
    )
    shapes = ["<Point><coordinates> 113.5,24.5,3 </coordinates></Point>", track, hole, ""]
    pins = "".join(f"<Placemark>{shape}</Placemark>" for shape in shapes)
    head = HEAD.replace("<kml ", '<kml xmlns:gx="http://www.google.com/kml/ext/2.2" ')
    (tmp_path / "a.kml").write_text(f"{head}<Folder><name>甲</name>{pins}</Folder></Document></kml>", "utf-8")
    found = read_kml(tmp_path / "a.kml")
    assert [each.shape for each in found] == [
        Point(113.5, 24.5),
        LineString([(113, 24), (114, 24)]),
        Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(1, 1), (2, 1), (2, 2), (1, 2)]]),
        None,
    ]
    assert {each.folder[0] for each in found} == {"甲"}


# --- CRS ----------------------------------------------------------------------------------------------


def geojson(folder, name, crs=None):
    """A layer in metres that says (by default or by name) what it likes."""
    data = json.loads(gpd.read_file(folder / f"{name}.gpkg").to_crs(CRS).to_json(drop_id=True))
    data.pop("crs", None)
    if crs:
        data["crs"] = {"type": "name", "properties": {"name": crs}}
    (folder / "x.geojson").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize("table", ["counties", "villages"])
@pytest.mark.parametrize("crs", [None, "EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84"])
def test_metres_that_claim_to_be_degrees_name_the_crs_that_fits(two_counties, table, crs):
    geojson(two_counties, table, crs)
    write_toml(two_counties, {f"inputs.{table}": {"path": "x.geojson"}})
    found = examine(two_counties, load_config(two_counties))
    (fault,) = (each for each in found.faults if each.problem == "crs_impossible")
    assert (fault.severity, fault.table, fault.values["first"]) == ("fatal", table, CRS)
    write_toml(two_counties, {f"inputs.{table}": {"path": "x.geojson", "crs": CRS}})
    found = examine(two_counties, load_config(two_counties))
    assert found.inputs is not None
    assert "crs_overridden" in {fault.problem for fault in found.faults if fault.table == table}


def test_degrees_that_claim_to_be_metres_are_refused(two_counties):
    villages = villages_of(two_counties).to_crs(4326).set_crs(CRS, allow_override=True)
    villages.to_file(two_counties / "v.gpkg")
    table, faults = seen(two_counties, "villages", inputs__villages={"path": "v.gpkg"})
    assert (table, faults) == (None, {"crs_impossible": "fatal"})


def test_a_declared_crs_that_contradicts_the_files_own_is_a_question(two_counties):
    given = {"path": "villages.gpkg", "crs": "EPSG:4526"}
    table, faults = seen(two_counties, "villages", inputs__villages=given)
    assert (table, faults) == (None, {"crs_differs": "fatal"})
    same = {"path": "villages.gpkg", "crs": "EPSG:4547"}
    assert seen(two_counties, "villages", inputs__villages=same)[1] == {}


@pytest.mark.parametrize("table", ["villages", "properties"])
def test_a_table_none_of_whose_rows_is_inside_is_fatal(two_counties, table):
    counties = gpd.read_file(two_counties / "counties.gpkg")
    far = counties.assign(geometry=[box(WEST + x, SOUTH - 9_000, WEST + x + 400, SOUTH) for x in (0, 500)])
    far.to_file(two_counties / "counties.gpkg", layer="counties")
    found = examine(two_counties, load_config(two_counties))
    assert found.inputs is None
    assert (table, "nothing_inside") in {(fault.table, fault.problem) for fault in found.faults}


def test_an_area_across_the_antimeridian_is_no_doubt():
    fiji = gpd.GeoDataFrame(geometry=[box(1_950_000, 3_800_000, 2_150_000, 3_950_000)], crs="EPSG:3460")
    assert pyproj.CRS("EPSG:3460").area_of_use.west > pyproj.CRS("EPSG:3460").area_of_use.east
    assert crs_doubts(fiji, "EPSG:3460") == []
    assert len(crs_doubts(fiji.set_crs("EPSG:4547", allow_override=True), "EPSG:4547")) == 1


# --- OSM ----------------------------------------------------------------------------------------------


def test_a_clipped_way_keeps_the_runs_it_has(tmp_path):
    nodes = "".join(f"<node id='{n}' lon='113.{n}' lat='24.5' version='1'/>" for n in (1, 2, 4, 5, 6))
    refs = "".join(f"<nd ref='{n}'/>" for n in range(1, 8))
    way = f"<way id='9' version='1'>{refs}<tag k='highway' v='primary'/></way>"
    member = "<relation id='3' version='1'><member type='way' ref='77' role=''/></relation>"
    (tmp_path / "a.osm").write_text(f"<osm version='0.6'>{nodes}{way}{member}</osm>", encoding="utf-8")
    found = read_osm(tmp_path / "a.osm")
    assert found.cut == 2
    assert sorted(shapely.length(found.roads.geometry.to_numpy())) == pytest.approx([0.1, 0.1, 0.1])


def test_a_whole_file_is_read_as_it_is(tmp_path):
    (tmp_path / "a.osm").write_text(osm_text(), encoding="utf-8")
    found = read_osm(tmp_path / "a.osm")
    assert found.cut == 0
    assert np.isclose(len(found.roads), 2)
