"""Every list that goes out, opened again by a reader of its own and compared value by value."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import python_calamine
import shapefile
import shapely

from siteplan.core.files import restored
from siteplan.field.returns import META, read_returns
from siteplan.outputs import WORKBOOK, write_all
from siteplan.outputs.gis.exchange import NAMES, SHORT
from siteplan.outputs.sheets import plain
from siteplan.outputs.xlsx.form import COLUMNS
from siteplan.planning import pipeline
from siteplan.planning.proposal import PROPOSED_COLUMNS
from siteplan.project.project_file import load_config
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import translate

HOSTILE = "=cmd|' /C calc'!A0", "@SUM(1,2)", "+1", "-1+2", "'单引", '<b>&"]]>', "甲乙\x07丙", "镇\u3000村 é😀"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from worlds.two_counties import write_project  # noqa: PLC0415

    folder = write_project(tmp_path_factory.mktemp("world") / "项目")
    config = load_config(folder)
    proposal, _ = pipeline.run(pipeline.load(folder, config), config)
    table = proposal.places.proposed.copy()
    table["name"] = [*HOSTILE[: len(table)], *table["name"][len(HOSTILE) :]]
    table["reason"] = [*HOSTILE[::-1][: len(table)], *table["reason"][len(HOSTILE) :]]
    proposal = replace(proposal, proposed=table)
    target = tmp_path_factory.mktemp("run")
    write_all(proposal, target)
    return proposal, target


def told(value):
    """A value as the plan has it, with what no XML takes dropped."""
    value = plain(value)
    return value.replace("\x07", "") if isinstance(value, str) else value


def same(found, value):
    if isinstance(value, (int, float)):
        return found is not None and found != "" and np.isclose(float(found), value, rtol=0, atol=1e-6)
    return ("" if found is None else str(found)) == value


def test_csv_opens_with_every_value(run):
    proposal, folder = run
    content = (folder / "candidates.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    for row, (_, want) in zip(rows, proposal.places.proposed.iterrows(), strict=True):
        assert [n for n in PROPOSED_COLUMNS if not same(restored(row[n]), plain(want[n]))] == []
        assert not any(
            cell.startswith(("=", "+", "-", "@")) for n, cell in row.items() if n in ("name", "reason")
        )


def test_geopackage_opens_with_every_value(run):
    """Read with SQLite alone."""
    proposal, folder = run
    with sqlite3.connect(folder / "candidates.gpkg") as base:
        base.row_factory = sqlite3.Row
        rows = base.execute("SELECT * FROM proposed ORDER BY rank").fetchall()
    for row, (_, want) in zip(rows, proposal.places.proposed.iterrows(), strict=True):
        assert [n for n in PROPOSED_COLUMNS if not same(row[n], plain(want[n]))] == []


def test_shapefile_opens_with_every_value(run):
    """Read with pyshp; a sign that GBK has not makes all text UTF-8, and the .cpg says so."""
    proposal, folder = run
    code = (folder / "shapefile" / "candidates.cpg").read_text()
    assert code == "UTF-8"
    with shapefile.Reader(str(folder / "shapefile" / "candidates.shp"), encoding=code) as reader:
        names = [each[0] for each in reader.fields[1:]]
        records, points = reader.records(), [shape.points[0] for shape in reader.shapes()]
    assert names == [SHORT[name] for name in PROPOSED_COLUMNS]
    for record, point, (_, want) in zip(records, points, proposal.places.proposed.iterrows(), strict=True):
        assert [n for n in PROPOSED_COLUMNS if not same(record[SHORT[n]], told(want[n]))] == []
        assert np.allclose(point, [want.geometry.x, want.geometry.y])


def test_text_of_china_is_in_gbk_and_long_text_is_cut_between_signs(run, tmp_path):
    from siteplan.outputs.gis.exchange import write_old  # noqa: PLC0415

    proposal, _ = run
    table = proposal.places.proposed.assign(name="坪石镇", reason="很长的理由" * 40)
    write_old(replace(proposal, proposed=table), tmp_path, "shapefile")
    assert (tmp_path / "candidates.cpg").read_text() == "GBK"
    with shapefile.Reader(str(tmp_path / "candidates.shp"), encoding="gbk") as reader:
        text = reader.records()[0]["REASON"]
    assert text == ("很长的理由" * 40)[:126] + "…"
    rows = list(csv.DictReader(io.StringIO((tmp_path / NAMES).read_bytes().decode("utf-8-sig"))))
    assert {row["字段"]: int(row["截断的文本数"]) for row in rows}["REASON"] == len(table)


def test_short_names_are_ten_ascii_letters_and_differ():
    assert set(SHORT) == set(PROPOSED_COLUMNS)
    assert len(set(SHORT.values())) == len(SHORT)
    assert all(name.isascii() and len(name) <= 10 for name in SHORT.values())


def test_mapinfo_opens_with_every_value(run):
    proposal, folder = run
    table = pyogrio.read_dataframe(folder / "mapinfo" / "candidates.mif")
    assert table.crs is not None
    for (_, row), (_, want) in zip(table.iterrows(), proposal.places.proposed.iterrows(), strict=True):
        assert [n for n in PROPOSED_COLUMNS if not same(row[SHORT[n]], told(want[n]))] == []


def test_geojson_opens_with_every_value(run):
    proposal, folder = run
    data = json.loads((folder / "candidates.geojson").read_text(encoding="utf-8"))
    for feature, (_, want) in zip(data["features"], proposal.places.proposed.iterrows(), strict=True):
        properties = {key: "" if value is None else value for key, value in feature["properties"].items()}
        assert [n for n in PROPOSED_COLUMNS if not same(properties[n], told(want[n]))] == []
        assert np.allclose(feature["geometry"]["coordinates"][:2], [want.longitude, want.latitude], atol=1e-6)


def test_kmz_opens_with_names_statuses_and_rings(run):
    """Read with GDAL and as plain XML."""
    proposal, folder = run
    with zipfile.ZipFile(folder / "candidates.kmz") as archive:
        root = ET.fromstring(archive.read("doc.kml"))
    mark = "{http://www.opengis.net/kml/2.2}"
    data = [
        {each.get("name"): each.findtext(f"{mark}value") for each in pin.iter(f"{mark}Data")}
        for pin in root.iter(f"{mark}Placemark")
        if pin.find(f"{mark}Point") is not None
    ]
    by_id = {each["candidate_id"]: each for each in data}
    assert set(by_id) == set(proposal.places.proposed["candidate_id"])
    for row in proposal.places.proposed.itertuples():
        assert by_id[row.candidate_id]["reason"] == told(row.reason)
        assert by_id[row.candidate_id]["status"] == translate(f"status_{row.status}")
        assert by_id[row.candidate_id]["run_id"] == proposal.record.run_id
    layers = pyogrio.list_layers(folder / "candidates.kmz")[:, 0]
    shapes = [pyogrio.read_dataframe(folder / "candidates.kmz", layer=layer) for layer in layers]
    rings = sum(int(table.geometry.geom_type.isin(["Polygon"]).sum()) for table in shapes)
    assert rings == len(proposal.places.proposed)


def test_ovital_text_has_name_longitude_latitude_and_remark(run):
    proposal, folder = run
    lines = (folder / "candidates_ovital.txt").read_bytes().decode("utf-8-sig").split("\r\n")[:-1]
    for line, row in zip(lines, proposal.places.proposed.itertuples(), strict=True):
        name, lon, lat, remark = line.split(" ")
        assert name == f"{row.rank}_{told(row.name)}".replace(" ", "\u3000")
        assert (float(lon), float(lat)) == (row.longitude, row.latitude)
        assert remark.startswith(f"{row.candidate_id}_建议_")


def test_dxf_opens_with_points_rings_and_readable_text(run):
    """Read with GDAL: metres of the project, Chinese as it is."""
    proposal, folder = run
    table = gpd.GeoDataFrame(pyogrio.read_dataframe(folder / "candidates.dxf"))
    points = table[table["Layer"].eq("SITE_POINT")].geometry
    for point, want in zip(points, proposal.places.proposed.geometry, strict=True):
        assert np.allclose(shapely.get_coordinates(point), shapely.get_coordinates(want), atol=0.01)
    ids = table.loc[table["Layer"].eq("SITE_ID"), "Text"].tolist()
    assert ids == proposal.places.proposed["candidate_id"].tolist()
    names = table.loc[table["Layer"].eq("SITE_NAME"), "Text"].tolist()
    assert names[0].startswith("1 ")
    assert any("单引" in name for name in names)
    widths = table[table["Layer"].eq("SEARCH_RING")].geometry.bounds
    assert np.allclose(
        widths["maxx"] - widths["minx"], 2.0 * proposal.places.proposed["search_radius_m"], rtol=0.01
    )


# --- the form --------------------------------------------------------------------------------------------


@pytest.fixture
def book(run):
    return openpyxl.load_workbook(run[1] / WORKBOOK)


def test_the_form_has_a_sheet_a_county_and_a_hidden_one(run, book):
    counties = sorted(run[0].proposed["county"].unique())
    assert book.sheetnames == ["填报说明", "汇总", *counties, "字段说明", META]
    assert book[META].sheet_state == "hidden"


def test_the_form_holds_every_value_locked_and_opens_only_what_is_filled_in(run, book):
    proposal, _ = run
    for county, rows in proposal.places.proposed.groupby("county"):
        sheet = book[county]
        assert sheet.protection.sheet
        assert sheet.freeze_panes == "D5"
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 8)
        assert sheet.auto_filter.ref
        for line, row in enumerate(rows.to_dict("records"), start=5):
            for number, column in enumerate(COLUMNS, start=1):
                cell = sheet.cell(line, number)
                assert cell.protection.locked == bool(column.source)
                assert cell.data_type != "f"
                if column.source and column.name not in ("source_type", "name", "why"):
                    assert same(cell.value, plain(row[column.source])), column.name


def test_the_form_offers_statuses_and_datums(run, book):
    sheet = book[sorted(run[0].proposed["county"].unique())[0]]
    lists = {v.formula1 for v in sheet.data_validations.dataValidation if v.type == "list"}
    assert f'"{",".join(translate(f"status_{each}") for each in SiteStatus)}"' in lists
    assert any("GCJ-02" in each for each in lists)


def test_names_come_back_from_the_form_as_they_are(run):
    """Read with calamine, which undoes the escapes of control characters."""
    proposal, folder = run
    book = python_calamine.CalamineWorkbook.from_path(str(folder / WORKBOOK))
    for county, rows in proposal.places.proposed.groupby("county"):
        header, *lines = book.get_sheet_by_name(county).to_python(skip_empty_area=False)[3:]
        assert [line[header.index("名称")] for line in lines[: len(rows)]] == rows["name"].tolist()


def test_a_form_nobody_touched_says_nothing_and_no_cell_looks_edited(run):
    proposal, folder = run
    rows = read_returns(folder / WORKBOOK, [])
    assert {row.candidate_id for row in rows} == set(proposal.places.proposed["candidate_id"])
    assert [row.edits for row in rows if row.edits] == []
    assert {row.status for row in rows} == {row.seen for row in rows} == {"PROPOSED"}


def test_a_locked_cell_that_was_changed_is_told_with_both_values(run, tmp_path):
    proposal, folder = run
    county = sorted(proposal.places.proposed["county"].unique())[0]
    book = openpyxl.load_workbook(folder / WORKBOOK)
    at = [cell.value for cell in book[county][4]].index("规划经度WGS84") + 1
    was = book[county].cell(5, at).value
    book[county].cell(5, at).value = 113.0
    book.save(tmp_path / "form.xlsx")
    (edit,) = [edit for row in read_returns(tmp_path / "form.xlsx", []) for edit in row.edits]
    assert (edit.column, edit.issued, edit.found) == (
        "规划经度WGS84",
        f"{was:g}" if False else str(was),
        "113",
    )
