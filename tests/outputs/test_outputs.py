"""Every export opened again with a reader that is not its writer, and compared with the Proposal.

Names that would run, break or vanish somewhere are planned like any other. They all come back as they were
typed, with two exceptions that are stated here: a CSV cell that a spreadsheet would run carries one
apostrophe more, and KML loses the characters XML 1.0 forbids (``FORBIDDEN_IN_XML``), nothing else.
"""

import csv
import hashlib
import html.parser
import io
import json
import math
import sqlite3
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import python_calamine
import rasterio
from pyproj import CRS, Geod
from worlds.two_counties import lonlat, write_project, write_sheet

from siteplan.cli import plan_area
from siteplan.inputs.places.datum import gcj02_from_wgs84
from siteplan.outputs.gis.kml import kml_text
from siteplan.outputs.sheets import candidates_csv, villages_csv
from siteplan.outputs.xlsx.workbook import write_workbook
from siteplan.planning.proposal import PROPOSED_COLUMNS

WORKBOOK = "规划明细.xlsx"
TABLES = ("candidates.csv", "refused.csv", "villages.csv", "rejected_rows.csv")
KML = {"k": "http://www.opengis.net/kml/2.2"}
FORBIDDEN_IN_XML = {*map(chr, range(0x20)), "\ufffe", "\uffff"} - {"\t", "\n", "\r"}
RUNS_IN_A_SPREADSHEET = tuple("=+-@\t\r\n＝＋－＠")
HOSTILE = {
    "formula": "=cmd|' /C calc'!A0",
    "at": "@SUM(A1)",
    "plus": "+1",
    "minus": "-2+3",
    "full-width": "＝1+1",
    "tag": "</name><script>alert(1)</script>",
    "cdata": "x]]>y",
    "entity": "&amp;&#x41;&lt;b&gt;",
    "control": "甲\x01乙\x0b丙",
    "long": "长" * 10_000,
    "emoji": "😀村👨‍👩‍👧",
    "right-to-left": "\u202e村\u200f委",
    "apostrophe": "'村",
    "excel-escape": "_x0041_",
    "line": "上\n下",
    "quotes": 'a,"b";c',
}
VILLAGE_NAMES = ("formula", "tag", "at", "cdata", "control", "right-to-left")
SHEETS = [
    "候选站址",
    "县区汇总",
    "信号等级",
    "地形影响",
    "指标台账",
    "业务层",
    "排名曲线",
    "行政村",
    "未采用点位",
    "低频深阴影",
    "传播半径",
    "剔除的输入行",
    "字段说明",
    "说明",
]
LISTS = SHEETS[:11]
"""Sheets with a title, filters and frozen panes; the others are two or three columns of text."""


@pytest.fixture(scope="module")
def plan(shared_world, tmp_path_factory):
    return plan_area(shared_world, output=tmp_path_factory.mktemp("outputs") / "run")


@pytest.fixture(scope="module")
def book(plan):
    return openpyxl.load_workbook(plan[1] / WORKBOOK)


@pytest.fixture(scope="module")
def nothing(shared_world, tmp_path_factory):
    """A year whose quota is spent already: nothing is proposed."""
    return plan_area(shared_world, quota=0, built=0, output=tmp_path_factory.mktemp("outputs") / "none")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Properties and villages with hostile names, and one hostile row that is rejected."""
    folder = write_project(tmp_path_factory.mktemp("hostile") / "项目")
    villages = gpd.read_file(folder / "villages.gpkg")
    villages["village"] = [HOSTILE[name] for name in VILLAGE_NAMES]
    (folder / "villages.gpkg").unlink()
    villages.to_file(folder / "villages.gpkg", layer="villages")
    east = np.linspace(500, 14_500, len(HOSTILE))
    lon, lat = gcj02_from_wgs84(*lonlat(east, np.where(np.arange(len(HOSTILE)) % 2, 4_700, 8_900)))
    rows = {
        "序号": [f"H{n}" for n in range(len(HOSTILE))],
        "物业名称": list(HOSTILE.values()),
        "建筑高度(米)": 12,
        "经度": lon,
        "纬度": lat,
    }
    bad = {
        "序号": ["H99"],
        "物业名称": ["=1+1"],
        "建筑高度(米)": 12,
        "经度": ["=HYPERLINK(1)"],
        "纬度": ["24.8"],
    }
    frame = pd.concat([pd.DataFrame(rows).astype(object), pd.DataFrame(bad).astype(object)])
    write_sheet(folder / "properties.xlsx", frame.reset_index(drop=True))
    return plan_area(folder, output=tmp_path_factory.mktemp("hostile") / "run")


def csv_rows(content):
    """Rows of a CSV as dictionaries, read with the csv module."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def as_typed(cell):
    """CSV text without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") else cell


def differences(cells, values):
    """Pairs of a cell read back and the value it should hold, where they are not the same."""
    return [(cell, value) for cell, value in zip(cells, values, strict=True) if not same(cell, value)]


def same(cell, value):
    """Both empty, or numbers equal to 6 decimals, or the same text."""
    if is_empty(value) or is_empty(cell):
        return is_empty(value) and is_empty(cell)
    if isinstance(value, (bool, np.bool_, int, float, np.number)):
        return abs(float(cell) - float(value)) <= 5.1e-7
    return cell == value


def numbers_as_text(cells, values):
    """Cells of a workbook that hold a number as text, which no spreadsheet adds up."""
    pairs = zip(cells, values, strict=True)
    return [cell for cell, value in pairs if isinstance(cell, str) and not isinstance(value, str)]


def is_empty(value):
    return value is None or value is pd.NA or value == "" or (isinstance(value, float) and math.isnan(value))


def read_sheet(book, name):
    """Rows under the header of a list sheet, by header."""
    header, *rows = book[name].iter_rows(min_row=4, values_only=True)
    return pd.DataFrame(rows, columns=header, dtype=object)


def opened_kml(folder):
    with zipfile.ZipFile(folder / "candidates.kmz") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["doc.kml"]
        return ET.fromstring(archive.read("doc.kml"))


def pins(root):
    """Placemarks with a point, in file order."""
    return [mark for mark in root.iterfind(".//k:Placemark", KML) if mark.find("k:Point", KML) is not None]


def rings(root):
    return [mark for mark in root.iterfind(".//k:Placemark", KML) if mark.find("k:Polygon", KML) is not None]


def name_of(element):
    return element.findtext("k:name", namespaces=KML)


def lonlats(mark):
    text = mark.findtext(".//k:coordinates", namespaces=KML)
    return np.array([[float(part) for part in each.split(",")] for each in text.split()])


# --- tables as CSV ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_a_csv_is_what_a_chinese_excel_opens_right(hostile, name):
    """BOM, CRLF after every record, and as many cells in each record as in the header."""
    content = (hostile[1] / name).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    records = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(records) > 1
    assert {len(record) for record in records} == {len(records[0])}
    line_feeds_inside = sum(cell.count("\n") for record in records for cell in record)
    assert content.count(b"\r\n") == len(records)
    assert content.count(b"\n") == len(records) + line_feeds_inside


def test_candidates_csv_holds_the_ranked_rows_value_by_value(plan):
    proposal, folder = plan
    rows = csv_rows((folder / "candidates.csv").read_bytes())
    assert list(rows[0]) == list(PROPOSED_COLUMNS)
    assert len(rows) == len(proposal.places.proposed) > 3
    for column in PROPOSED_COLUMNS:
        cells = [as_typed(row[column]) for row in rows]
        assert differences(cells, proposal.places.proposed[column]) == [], column


def test_pandas_reads_the_same_types_from_candidates_csv(plan):
    proposal, folder = plan
    table = pd.read_csv(folder / "candidates.csv")
    assert table["candidate_id"].tolist() == proposal.places.proposed["candidate_id"].tolist()
    for column in ("rank", "stations", "people_newly_covered", "villages_newly_covered", "search_radius_m"):
        assert pd.api.types.is_integer_dtype(table[column]), column
    for column in ("longitude", "latitude", "gain", "antenna_height_m"):
        np.testing.assert_allclose(
            table[column], proposal.places.proposed[column].astype(float), atol=5.1e-7, rtol=0
        )


def test_the_point_of_a_row_is_the_same_place_in_every_column(plan):
    """WGS84 is the geometry unprojected; GCJ-02 is the same point seen by a Chinese phone map."""
    proposal, folder = plan
    table = pd.read_csv(folder / "candidates.csv")
    point = proposal.places.proposed.to_crs(4326).geometry
    np.testing.assert_allclose(table["longitude"], point.x, atol=6e-7, rtol=0)
    np.testing.assert_allclose(table["latitude"], point.y, atol=6e-7, rtol=0)
    shift = Geod(ellps="WGS84").inv(
        table["longitude"], table["latitude"], table["longitude_gcj02"], table["latitude_gcj02"]
    )[2]
    assert (np.abs(shift - 600) < 100).all()


def test_villages_csv_holds_every_village_before_and_after(plan):
    proposal, folder = plan
    rows = csv_rows((folder / "villages.csv").read_bytes())
    assert [row["village_id"] for row in rows] == proposal.effects.villages["village_id"].tolist()
    for column in rows[0]:
        cells = [as_typed(row[column]) for row in rows]
        assert differences(cells, proposal.effects.villages[column]) == [], column
    assert sum(float(row["people"]) for row in rows) == pytest.approx(proposal.record.population_total)
    for when in ("before", "after"):
        served = sum(row[f"covered_{when}"] == "1" for row in rows)
        assert served == proposal.record[f"villages_covered_{when}"]


def test_every_place_is_proposed_or_listed_with_the_rule_that_refused_it(plan):
    proposal, folder = plan
    rows = csv_rows((folder / "refused.csv").read_bytes())
    proposed = {row["candidate_id"] for row in csv_rows((folder / "candidates.csv").read_bytes())}
    others = [row["candidate_id"] for row in rows]
    assert len(others) == len(set(others))
    assert proposed.isdisjoint(others)
    assert proposed.union(others) == set(proposal.places.candidates["candidate_id"])
    assert len(proposed) + len(others) == len(proposal.places.candidates)
    assert {row["status"] for row in rows} == {"CANDIDATE", "EXCLUDED"}
    assert [row["candidate_id"] for row in rows if (row["status"] == "EXCLUDED") != (row["rule"] != "")] == []


def test_refused_csv_holds_the_places_value_by_value(plan):
    proposal, folder = plan
    rows = csv_rows((folder / "refused.csv").read_bytes())
    table = proposal.places.candidates.set_index("candidate_id", drop=False)
    table = table.loc[[row["candidate_id"] for row in rows]]
    for column in rows[0]:
        assert differences([as_typed(row[column]) for row in rows], table[column]) == [], column


def test_a_rejected_row_is_written_out_with_its_place_content_and_remedy(hostile):
    """The row is the 18th of the sheet: a header and 16 good rows stand before it."""
    rows = csv_rows((hostile[1] / "rejected_rows.csv").read_bytes())
    assert len(rows) == 1
    row = rows[0]
    assert (row["table"], row["file"], row["sheet"]) == ("properties", "properties.xlsx", "数据")
    assert (row["row"], row["column"], row["problem"]) == ("18", "经度", "not_coordinate")
    assert "=HYPERLINK(1)" in row["content"]
    assert "物业名称==1+1" in row["content"]
    assert "填写十进制度" in row["remedy"]
    assert hostile[0].summary["inputs"][4]["name"] == "properties"
    assert hostile[0].summary["inputs"][4]["rows_rejected"] == 1


def test_without_rejected_rows_the_list_has_its_header_only(plan):
    text = (plan[1] / "rejected_rows.csv").read_text(encoding="utf-8-sig")
    assert text == "table,file,sheet,row,column,problem,remedy,content\n"


# --- workbook -----------------------------------------------------------------------------------------


def test_the_workbook_has_one_sheet_a_question(book):
    assert book.sheetnames == SHEETS


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(hostile):
    book = openpyxl.load_workbook(hostile[1] / WORKBOOK)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert [cell.coordinate for cell in cells if cell.hyperlink is not None] == []
    with zipfile.ZipFile(hostile[1] / WORKBOOK) as archive:
        assert archive.testzip() is None
        parts = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
        assert not [name for name in archive.namelist() if "external" in name.lower()]
    assert [part for part in parts if b"<f>" in part or b"<f " in part] == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_says_what_it_is_and_can_be_filtered_frozen_and_printed(book, name):
    sheet = book[name]
    assert sheet["A1"].value == f"双县市 2023 年 5G 基站候选站址 · {name}"
    assert "合成数据" in sheet["A2"].value
    assert "未校准" in sheet["A2"].value
    header = [cell.value for cell in sheet[4]]
    assert all(header)
    assert len(header) == len(set(header))
    assert not [text for text in header if text.isascii()]
    first, last = sheet.auto_filter.ref.split(":")
    assert first == "A4"
    assert sheet[last].column == len(header)
    assert sheet.freeze_panes == ("D5" if name == "候选站址" else "B5")
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 8)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$4:$4"
    assert "合成数据" in sheet.oddFooter.left.text


def test_candidates_sheet_holds_the_ranked_rows_value_by_value(plan, book):
    proposal, _ = plan
    table = read_sheet(book, "候选站址")
    assert sorted(table.columns) == sorted(header for header, _ in PROPOSED_COLUMNS.values())
    for column, (header, _) in PROPOSED_COLUMNS.items():
        if column not in {"source_type", "status"}:
            assert differences(table[header], proposal.places.proposed[column]) == [], column
            assert numbers_as_text(table[header], proposal.places.proposed[column]) == [], column
    assert [text[0] for text in table["来源"]] == [
        "①②③④⑤"[int(source_type) - 1] for source_type in proposal.places.proposed["source_type"]
    ]
    assert set(table["状态"]) == {"建议"}


@pytest.mark.parametrize(
    ("sheet", "attribute", "columns"),
    [
        (
            "指标台账",
            "ledger",
            {
                "县区": "county",
                "年度指标": "quota",
                "已建": "built",
                "剩余": "remaining",
                "超建": "excess",
                "本方案基站数": "selected",
            },
        ),
        (
            "业务层",
            "layers",
            {
                "业务层": "layer",
                "名称": "name",
                "总权重": "weight_total",
                "现状已覆盖权重": "base_value",
                "本方案新增权重": "gain",
                "现状达标人次": "people_before",
                "规划后达标人次": "people_after",
            },
        ),
        (
            "排名曲线",
            "curve",
            {
                "排名": "rank",
                "累计基站数": "stations",
                "新增权重": "gain",
                "累计新增权重": "cumulative_gain",
                "上界": "upper_bound",
            },
        ),
        (
            "行政村",
            "villages",
            {
                "村代码": "village_id",
                "行政村": "village",
                "人口": "people",
                "现状村点概率": "probability_before",
                "规划后村点概率": "probability_after",
                "现状人口覆盖率": "share_before",
                "规划后人口覆盖率": "share_after",
                "经度WGS84": "longitude",
                "纬度WGS84": "latitude",
            },
        ),
        (
            "传播半径",
            "radii",
            {
                "挂高（米）": "antenna_height_m",
                "传播公式": "formula",
                "阴影标准差（dB）": "sigma_db",
                "覆盖半径（米）": "radius_m",
            },
        ),
    ],
)
def test_other_sheets_hold_their_tables_value_by_value(plan, book, sheet, attribute, columns):
    table, expected = read_sheet(book, sheet), getattr(plan[0], attribute)
    assert len(table) == len(expected) > 0
    for header, column in columns.items():
        assert differences(table[header], expected[column]) == [], header
        assert numbers_as_text(table[header], expected[column]) == [], header


def test_county_sheet_holds_the_counties_and_the_total_of_the_run(plan, book):
    proposal, _ = plan
    table = read_sheet(book, "县区汇总")
    assert table["县区"].tolist() == [*proposal.effects.counties["county"], "合计"]
    columns = {
        "年度指标": "quota",
        "剩余": "remaining",
        "本方案基站数": "selected",
        "常住人口": "population_total",
        "规划后覆盖人口": "population_covered_after",
        "规划后通5G村": "villages_covered_after",
    }
    for header, column in columns.items():
        assert differences(table[header][:-1], proposal.effects.counties[column]) == [], header
        assert table[header].iloc[-1] == pytest.approx(table[header][:-1].sum()), header
    last_filtered = book["县区汇总"].auto_filter.ref.split(":")[1]
    assert last_filtered.endswith(str(4 + len(proposal.effects.counties)))


def test_the_list_of_places_not_proposed_is_the_same_in_workbook_and_csv(plan, book):
    rows = csv_rows((plan[1] / "refused.csv").read_bytes())
    table = read_sheet(book, "未采用点位")
    assert table["候选编号"].tolist() == [row["candidate_id"] for row in rows]
    for header, column in {"名称": "name", "不采用的规则": "rule", "来源编号": "source_id"}.items():
        assert [text or "" for text in table[header]] == [as_typed(row[column]) for row in rows], column


def test_codes_are_said_in_words(plan, book):
    """A planner reads network names, states and yes or no, not ids."""
    villages, ledger, radii = (read_sheet(book, name) for name in ("行政村", "指标台账", "传播半径"))
    words = {"covered": "已通", "newly": "新通", "uncovered": "未通"}
    assert villages["状态"].tolist() == [words[state] for state in plan[0].villages["state"]]
    assert villages["现状已通"].tolist() == [
        "是" if flag else "否" for flag in plan[0].villages["covered_before"]
    ]
    assert set(ledger["网络"]) == set(radii["网络"]) == {"甲网", "乙网"}
    assert set(radii["区域类型"]) == {"镇区", "农村"}


def test_numbers_are_shown_as_people_write_them(plan, book):
    looks = {
        "新增覆盖居民": "#,##0",
        "新增加权覆盖": "#,##0.0",
        "经度WGS84": "0.000000",
        "纬度GCJ02": "0.000000",
    }
    sheet = book["候选站址"]
    headers = [cell.value for cell in sheet[4]]
    for header, number_format in looks.items():
        cell = sheet.cell(row=5, column=headers.index(header) + 1)
        assert (cell.data_type, cell.number_format) == ("n", number_format), header
    villages = book["行政村"]
    headers = [cell.value for cell in villages[4]]
    cell = villages.cell(row=5, column=headers.index("规划后人口覆盖率") + 1)
    assert (cell.data_type, cell.number_format) == ("n", "0.0%")


def test_the_first_sheet_prints_the_reading_columns_and_marks_the_first_ranks(plan, book):
    sheet = book["候选站址"]
    headers = [cell.value for cell in sheet[4]]
    last = sheet[sheet.print_area.replace("$", "").split("!")[-1].split(":")[1]]
    assert headers[last.column - 1] == "理由"
    assert last.row == 4 + len(plan[0].proposed)
    marked = [str(area.sqref) for area in sheet.conditional_formatting]
    rank, gain = (sheet.cell(row=5, column=headers.index(name) + 1) for name in ("排名", "新增加权覆盖"))
    assert marked == [f"{cell.coordinate}:{cell.column_letter}{last.row}" for cell in (rank, gain)]


def test_the_dictionary_explains_every_column_in_chinese(book):
    rows = list(book["字段说明"].iter_rows(min_row=2, values_only=True))
    explained = {name: meaning for name, _, meaning in rows}
    assert set(explained) == set(PROPOSED_COLUMNS)
    assert [name for name, meaning in explained.items() if not meaning or meaning.isascii()] == []


def test_about_names_every_input_with_its_hash(plan, book, shared_world):
    rows = list(book["说明"].iter_rows(min_row=2, values_only=True))
    told = {content.split(": ")[1]: digest for item, content, digest in rows if item == "输入"}
    on_disk = {name: hashlib.sha256((shared_world / name).read_bytes()).hexdigest() for name in told}
    assert told == on_disk
    assert len(told) == len(plan[0].summary["inputs"])
    facts = {item: content for item, content, _ in rows}
    assert facts["年度指标"] == plan[0].summary["quota"]
    assert facts["合成数据说明"] == plan[0].summary["synthetic"]


def test_the_english_workbook_has_english_headers(plan, tmp_path):
    write_workbook(plan[0], tmp_path / "en.xlsx", "en")
    book = openpyxl.load_workbook(tmp_path / "en.xlsx")
    texts = [str(cell.value) for name in book.sheetnames[:9] for cell in book[name][4]]
    assert [text for text in [*texts, *book.sheetnames] if not text.isascii()] == []


# --- KMZ ----------------------------------------------------------------------------------------------


def test_each_candidate_is_one_named_pin_where_the_table_has_it(plan):
    proposal, folder = plan
    marks = pins(opened_kml(folder))
    table = pd.read_csv(folder / "candidates.csv", dtype={"candidate_id": str}).set_index("rank")
    assert sorted(name_of(mark) for mark in marks) == sorted(
        f"{row.rank} {row.name}" for row in proposal.places.proposed.itertuples(index=False)
    )
    for mark in marks:
        data = {
            each.get("name"): each.findtext("k:value", namespaces=KML)
            for each in mark.iterfind("k:ExtendedData/k:Data", KML)
        }
        row = table.loc[int(data["rank"])]
        assert data["candidate_id"] == row["candidate_id"]
        lon, lat, _ = lonlats(mark)[0]
        assert (lon, lat) == (row["longitude"], row["latitude"])


def test_pins_lie_in_a_folder_of_their_county_in_rank_order(plan):
    proposal, folder = plan
    found = {
        (name_of(county), name_of(each)): [name_of(mark) for mark in each.iterfind("k:Placemark", KML)]
        for county in opened_kml(folder).iterfind("k:Document/k:Folder", KML)
        for each in county.iterfind("k:Folder", KML)
        if name_of(each) != "搜索半径（米）"
    }
    expected = {
        (county, "建议"): [f"{row.rank} {row.name}" for row in group.itertuples(index=False)]
        for county, group in proposal.places.proposed.sort_values("rank").groupby("county")
    }
    assert found == expected


def test_search_rings_are_closed_and_as_wide_as_the_table_says(plan):
    """Geodesic distance from the pin to each corner, measured on the ellipsoid, within 1 %."""
    proposal, folder = plan
    marks = rings(opened_kml(folder))
    assert len(marks) == len(proposal.places.proposed)
    table = proposal.places.proposed.set_index("rank")
    for mark in marks:
        row = table.loc[int(name_of(mark).split()[0])]
        corners = lonlats(mark)[:, :2]
        assert (corners[0] == corners[-1]).all()
        assert len(corners) > 30
        centre = np.broadcast_to([row["longitude"], row["latitude"]], corners.shape)
        distance = Geod(ellps="WGS84").inv(*centre.T, *corners.T)[2]
        np.testing.assert_allclose(distance, row["search_radius_m"], rtol=0.01)


def test_every_style_a_pin_asks_for_is_defined(plan):
    root = opened_kml(plan[1])
    defined = {f"#{style.get('id')}" for style in root.iterfind(".//k:Style", KML)}
    asked = {element.text for element in root.iterfind(".//k:styleUrl", KML)}
    assert asked <= defined
    assert len(asked) > 2


def test_the_kml_says_that_the_data_are_synthetic(plan):
    assert "合成数据" in opened_kml(plan[1]).findtext("k:Document/k:description", namespaces=KML)


OUR_TAGS = {"b", "p", "table", "tr", "td"}


class Tags(html.parser.HTMLParser):
    """Collects the tags and the text that a balloon would show."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def balloon(mark):
    """What Google Earth makes of a description: it reads it as HTML."""
    reader = Tags()
    reader.feed(mark.findtext("k:description", namespaces=KML))
    reader.close()
    return reader


def test_the_balloon_starts_with_name_and_reason(plan):
    proposal, folder = plan
    reasons = {
        f"{row.rank} {row.name}": row.reason for row in proposal.places.proposed.itertuples(index=False)
    }
    for mark in pins(opened_kml(folder)):
        text = balloon(mark).text
        assert text.startswith(name_of(mark) + reasons[name_of(mark)])
        rank = int(name_of(mark).split()[0])
        assert f"候选编号{proposal.places.proposed.set_index('rank').loc[rank, 'candidate_id']}" in text


# --- GIS ------------------------------------------------------------------------------------------------


def layers_of(path):
    """Feature layers as the GeoPackage's own table of contents lists them."""
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = database.execute(
            "SELECT table_name FROM gpkg_contents WHERE data_type = 'features'"
        ).fetchall()
    database.close()
    return {name for (name,) in rows}


def test_geopackages_list_their_layers(plan):
    _, folder = plan
    assert layers_of(folder / "candidates.gpkg") == {
        "proposed",
        "not_proposed",
        "counties",
        "rings",
        "villages",
        "deep_shadow",
    }
    assert layers_of(folder / "gaps.gpkg") == {"gaps"}


@pytest.mark.parametrize(
    ("file", "layer", "kind"),
    [
        ("candidates.gpkg", "proposed", "Point"),
        ("candidates.gpkg", "not_proposed", "Point"),
        ("candidates.gpkg", "rings", "Polygon"),
        ("candidates.gpkg", "villages", "Point"),
        ("gaps.gpkg", "gaps", "Polygon"),
    ],
)
def test_a_layer_declares_its_geometry_and_the_crs_of_the_project(plan, file, layer, kind):
    info = pyogrio.read_info(plan[1] / file, layer=layer)
    assert info["geometry_type"] in {kind, f"Multi{kind}"}
    assert CRS(info["crs"]) == CRS("EPSG:4547")
    assert info["features"] > 0


def test_proposed_layer_holds_the_ranked_rows_value_by_value(plan):
    proposal, folder = plan
    table = pyogrio.read_dataframe(folder / "candidates.gpkg", layer="proposed")
    assert set(table.columns) == set(proposal.places.proposed.columns)
    for column in table.columns.drop("geometry"):
        assert differences(table[column], proposal.places.proposed[column]) == [], column
    assert table.geometry.geom_equals_exact(proposal.places.proposed.geometry, tolerance=1e-9).all()


def test_rings_layer_is_the_search_area_of_each_candidate(plan):
    proposal, folder = plan
    table = pyogrio.read_dataframe(folder / "candidates.gpkg", layer="rings")
    assert table["candidate_id"].tolist() == proposal.places.proposed["candidate_id"].tolist()
    circle = math.pi * proposal.places.proposed["search_radius_m"].astype(float) ** 2
    np.testing.assert_allclose(table.area, circle, rtol=0.01)
    assert table.centroid.distance(proposal.places.proposed.geometry).max() < 0.01


def test_not_proposed_layer_and_refused_csv_list_the_same_places(plan):
    table = pyogrio.read_dataframe(plan[1] / "candidates.gpkg", layer="not_proposed").set_index(
        "candidate_id"
    )
    rows = csv_rows((plan[1] / "refused.csv").read_bytes())
    assert set(table.index) == {row["candidate_id"] for row in rows}
    for row in rows:
        assert (table.loc[row["candidate_id"], "rule"] or "") == row["rule"]
        assert table.loc[row["candidate_id"], "status"] == row["status"]


def test_villages_layer_holds_the_villages_value_by_value(plan):
    proposal, folder = plan
    table = pyogrio.read_dataframe(folder / "candidates.gpkg", layer="villages")
    assert set(table.columns) == set(proposal.effects.villages.columns)
    for column in table.columns.drop("geometry"):
        assert differences(table[column], proposal.effects.villages[column]) == [], column


def test_gaps_layer_holds_the_gaps_value_by_value(plan):
    proposal, folder = plan
    table = pyogrio.read_dataframe(folder / "gaps.gpkg")
    assert set(table.columns) == set(proposal.existing.gaps.columns)
    for column in table.columns.drop("geometry"):
        assert differences(table[column], proposal.existing.gaps[column]) == [], column
    assert table.geometry.geom_equals(proposal.existing.gaps.geometry).all()
    assert table["gap_id"].is_unique


@pytest.mark.parametrize("when", ["before", "after"])
def test_coverage_raster_is_the_probability_on_the_demand_grid(plan, when):
    proposal, folder = plan
    expected = getattr(proposal, f"coverage_{when}").values
    with rasterio.open(folder / f"coverage_{when}.tif") as raster:
        assert CRS(raster.crs.to_wkt()) == CRS("EPSG:4547")
        assert raster.transform == proposal.area.grid.transform
        assert (raster.width, raster.height, raster.count) == (
            proposal.area.grid.width,
            proposal.area.grid.height,
            1,
        )
        assert (raster.dtypes, raster.nodata) == (("float32",), -1.0)
        values, tags = raster.read(1, masked=True), raster.tags()
        description = raster.descriptions[0]
    assert (np.ma.getmaskarray(values) == np.isnan(expected)).all()
    assert 0 <= values.min() < values.max() <= 1
    np.testing.assert_allclose(values.compressed(), expected[~np.isnan(expected)], atol=5.1e-5)
    assert (tags["MODEL"], tags["THRESHOLD_DBM"]) == ("terrain, uncalibrated", "-105.0")
    assert tags["SYNTHETIC"] == proposal.config.project.synthetic
    assert description == "P(RSRP >= T), layer L1"


def test_people_covered_can_be_counted_again_from_the_raster(plan, shared_world):
    """The number in run.json is what a GIS user gets from the two rasters."""
    proposal, folder = plan
    with rasterio.open(shared_world / "population.tif") as source:
        people = source.read(1)
    with rasterio.open(folder / "coverage_after.tif") as source:
        probability = source.read(1)
    covered = people[probability >= proposal.config.coverage.edge_probability_target].sum()
    assert covered == pytest.approx(proposal.record.population_covered_after)
    expected = (people * probability).sum()
    assert expected == pytest.approx(proposal.record.population_expected_after, rel=1e-3)


# --- run.json -------------------------------------------------------------------------------------------


def no_constant(name):
    raise AssertionError(f"{name} is not JSON")


def test_run_json_is_strict_json_and_says_what_the_tables_say(plan, shared_world):
    proposal, folder = plan
    content = (folder / "run.json").read_bytes()
    run = json.loads(content.decode("utf-8"), parse_constant=no_constant)
    assert run == json.loads(json.dumps(proposal.record))
    rows = csv_rows((folder / "candidates.csv").read_bytes())
    assert run["selected_sites"] == len(rows)
    assert run["selected_stations"] == sum(int(row["stations"]) for row in rows)
    assert run["objective"] == pytest.approx(sum(float(row["gain"]) for row in rows), rel=1e-4)
    assert run["upper_bound"] >= run["objective"]
    for each in run["inputs"]:
        assert each["sha256"] == hashlib.sha256((shared_world / each["file"]).read_bytes()).hexdigest()


def test_the_effective_project_file_is_written_beside_the_outputs(plan):
    text = (plan[1] / "config.json").read_text(encoding="utf-8")
    config = json.loads(text, parse_constant=no_constant)
    assert config["project"]["city"] == "双县市"
    assert [layer["id"] for layer in config["layers"]] == ["L1", "L2", "L3"]
    assert config["coverage"]["demand_resolution_m"] == 100


# --- nothing to propose ---------------------------------------------------------------------------------


def test_a_plan_without_candidates_still_opens_everywhere(nothing):
    proposal, folder = nothing
    assert len(proposal.places.proposed) == 0
    assert (folder / "candidates.csv").read_bytes().decode("utf-8-sig") == ",".join(PROPOSED_COLUMNS) + "\r\n"
    assert list(opened_kml(folder).iterfind(".//k:Placemark", KML)) == []
    assert layers_of(folder / "candidates.gpkg") == {
        "proposed",
        "not_proposed",
        "counties",
        "rings",
        "villages",
        "deep_shadow",
    }
    assert pyogrio.read_info(folder / "candidates.gpkg", layer="proposed")["features"] == 0
    sheet = openpyxl.load_workbook(folder / WORKBOOK)["候选站址"]
    assert sheet["A5"].value == "（无）"
    with (
        rasterio.open(folder / "coverage_before.tif") as before,
        rasterio.open(folder / "coverage_after.tif") as after,
    ):
        np.testing.assert_array_equal(before.read(1), after.read(1))


# --- hostile names --------------------------------------------------------------------------------------


def test_every_hostile_property_comes_back_from_the_csv_as_it_was_typed(hostile):
    names = [
        as_typed(row["name"])
        for file in ("candidates.csv", "refused.csv")
        for row in csv_rows((hostile[1] / file).read_bytes())
    ]
    assert [name for name in HOSTILE.values() if names.count(name) != 1] == []


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_of_a_csv_starts_with_what_a_spreadsheet_runs(hostile, name):
    records = list(csv.reader(io.StringIO((hostile[1] / name).read_bytes().decode("utf-8-sig"), newline="")))
    cells = [cell for record in records for cell in record]
    assert [cell for cell in cells if cell.startswith(RUNS_IN_A_SPREADSHEET)] == []


def test_every_hostile_property_comes_back_from_the_workbook_as_it_was_typed(hostile):
    """Read with calamine, which undoes Excel's own escapes of control characters."""
    book = python_calamine.CalamineWorkbook.from_path(str(hostile[1] / WORKBOOK))
    names = []
    for name in ("候选站址", "未采用点位"):
        header, *rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)[3:]
        names += [row[header.index("名称")] for row in rows]
    assert [name for name in HOSTILE.values() if names.count(name) != 1] == []


def test_every_hostile_property_comes_back_from_the_geopackage_as_it_was_typed(hostile):
    with sqlite3.connect(hostile[1] / "candidates.gpkg") as database:
        names = [
            name
            for layer in ("proposed", "not_proposed")
            for (name,) in database.execute(f"SELECT name FROM {layer}")
        ]
    database.close()
    assert [name for name in HOSTILE.values() if names.count(name) != 1] == []


def test_a_hostile_village_name_is_the_same_in_csv_and_geopackage(hostile):
    rows = csv_rows((hostile[1] / "villages.csv").read_bytes())
    layer = pyogrio.read_dataframe(hostile[1] / "candidates.gpkg", layer="villages")
    typed = [HOSTILE[name] for name in VILLAGE_NAMES]
    assert [as_typed(row["village"]) for row in rows] == typed
    assert layer["village"].tolist() == typed


def test_a_hostile_project_gives_a_kml_without_a_tag_of_its_own(hostile):
    proposal, folder = hostile
    marks = pins(opened_kml(folder))
    assert len(marks) == len(proposal.places.proposed) > 0
    assert any("<script>" in reason for reason in proposal.places.proposed["reason"])
    assert any("<script>" in balloon(mark).text for mark in marks)
    assert [mark for mark in marks if set(balloon(mark).tags) - OUR_TAGS] == []


@pytest.fixture
def with_name(plan):
    """The plan with the first candidate, its village and its reason renamed."""

    def renamed(name):
        proposal, _ = plan
        table = proposal.places.proposed.copy()
        for column in ("name", "village", "town", "reason", "villages_newly_covered_names"):
            table[column] = [name, *table[column].iloc[1:]]
        villages = proposal.effects.villages.copy()
        villages["village"] = [name, *villages["village"].iloc[1:]]
        return replace(proposal, proposed=table, villages=villages)

    return renamed


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_kml_loses_exactly_the_characters_xml_forbids(with_name, name):
    kept = "".join(sign for sign in name if sign not in FORBIDDEN_IN_XML)
    root = ET.fromstring(kml_text(with_name(name)))
    mark = next(mark for mark in pins(root) if name_of(mark).startswith("1 "))
    assert name_of(mark) == f"1 {kept}"
    values = {
        each.get("name"): each.findtext("k:value", namespaces=KML) for each in mark.iterfind(".//k:Data", KML)
    }
    assert values["reason"] == values["villages_newly_covered_names"] == kept
    shown = balloon(mark)
    assert set(shown.tags) <= OUR_TAGS
    assert shown.text.startswith(f"1 {kept}{kept}")


def test_only_the_escaped_description_is_shown_in_a_balloon(plan):
    """Without a template Google Earth would show the data values, which are not escaped as HTML."""
    templates = [each.text for each in opened_kml(plan[1]).iterfind(".//k:BalloonStyle/k:text", KML)]
    assert len(templates) == 5
    assert {template.count("$[") for template in templates} == {1}
    assert all("$[description]" in template for template in templates)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_csv_adds_an_apostrophe_where_needed_and_nothing_else(with_name, name):
    proposal = with_name(name)
    guarded = name.startswith((*RUNS_IN_A_SPREADSHEET, "'"))
    cells = [
        csv_rows(candidates_csv(proposal))[0]["name"],
        csv_rows(candidates_csv(proposal))[0]["reason"],
        csv_rows(villages_csv(proposal))[0]["village"],
    ]
    assert cells == [f"'{name}" if guarded else name] * 3


def test_a_text_longer_than_a_cell_is_cut_and_says_so(with_name, tmp_path):
    """Excel counts UTF-16 units, 32,767 at most; an emoji is two."""
    write_workbook(with_name("😀" * 20_000), tmp_path / "long.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "long.xlsx")["候选站址"]["C5"].value
    assert cell == "😀" * 16_000 + "…"
    assert len(cell.encode("utf-16-le")) // 2 <= 32_767
