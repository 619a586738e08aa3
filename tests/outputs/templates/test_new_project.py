"""A county that starts from nothing: the new folder, its sheets, and the first plans made from it."""

import datetime as dt
import re
import tomllib

import openpyxl
import pytest
import tomli_w
from pyproj import CRS
from typer.testing import CliRunner
from worlds.opened import csv_table
from worlds.two_counties import lonlat

import siteplan
from siteplan.cli.commands import app
from siteplan.core.errors import SiteplanError
from siteplan.inputs.files.headers import match_headers
from siteplan.inputs.load import load
from siteplan.outputs.templates import new_project
from siteplan.outputs.templates.sheets import template_sheets
from siteplan.outputs.wording import error_text, text_of
from siteplan.project.columns import columns_of, names_of
from siteplan.project.project_file import load_config

FIRST = ("villages", "stations", "properties")
ADDED_BY_HAND = {
    "mechanical_downtilt_deg": "机械下倾角",
    "electrical_downtilt_deg": "电子下倾角",
    "eirp_per_re_dbm": "每RE的EIRP",
    "rs_power_dbm": "参考信号功率",
    "pci": "PCI",
}
"""Columns of the stations that the empty sheet leaves out."""
BOOKS = {sheet.table: sheet.name for sheet in template_sheets("zh")}
TABLES = pytest.mark.parametrize("table", BOOKS)

VILLAGES = [  # name, east, north, people
    ("一村", 2_000, 2_000, 900),
    ("二村", 5_500, 9_000, 400),
    ("三村", 12_000, 12_500, 650),
]
FAR = (30_000, 30_000)
"""East and north of a place far from every village, so that only an order can ask for a mast there."""


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """An untouched new project."""
    folder = tmp_path_factory.mktemp("new") / "乐昌 新项目"
    new_project(folder, county="乐昌市", year=2023)
    return folder


def fill(folder, table, rows):
    """Type rows under the headers of a template, as a person would; keys are the headers."""
    path = folder / f"{BOOKS[table]}.xlsx"
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    place = {cell.value: cell.column for cell in page[1]}
    for number, row in enumerate(rows, start=page.max_row + 1):
        for header, value in row.items():
            page.cell(number, place[header], value)
    book.save(path)


def at(east, north):
    """Longitude and latitude columns of a place in metres from the world's corner."""
    lon, lat = lonlat(east, north)
    return {"经度": float(lon), "纬度": float(lat)}


def switch_on(folder, *tables):
    """Delete the # before the lines of an input, as the project file says."""
    path = folder / "project.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    on = False
    for number, line in enumerate(lines):
        if line.startswith("#["):
            on = any(line.startswith(f"#[inputs.{table}]") for table in tables)
        if not line.startswith("#") or line.startswith("# "):
            on = False
        lines[number] = line[1:] if on else line
    path.write_text("\n".join(lines), encoding="utf-8")


def first_sheets(folder):
    fill(
        folder,
        "villages",
        [
            {"村代码": f"44028110020{i}", "村名": name, "县区": "乐昌市", "人口": people, **at(x, y)}
            for i, (name, x, y, people) in enumerate(VILLAGES)
        ],
    )
    fill(
        folder,
        "stations",
        [
            {
                "基站编号": "S1",
                "站址编码": "440281908500000001",
                "网络": "移动广电",
                "频段": "700M",
                "挂高": 35,
                "开通日期": dt.date(2022, 3, 15),
                **at(2_200, 2_300),
            },
        ],
    )
    fill(
        folder,
        "properties",
        [
            {
                "物业编号": "W1",
                "物业名称": "二村村委会",
                "物业类型": "村委会",
                "建筑高度(米)": 9,
                **at(5_400, 9_100),
            },
            {
                "物业编号": "W2",
                "物业名称": "三村小学",
                "物业类型": "学校",
                "建筑高度(米)": 15,
                **at(11_900, 12_600),
            },
        ],
    )


@pytest.fixture
def filled(tmp_path):
    """A new project with the first three sheets filled in."""
    folder = tmp_path / "乐昌"
    new_project(folder, county="乐昌市", year=2023)
    first_sheets(folder)
    return folder


def planned(folder, name):
    plan = siteplan.open_project(folder).plan(threads=1)
    plan.write(folder / "runs" / name)
    return plan


# --- the folder ---------------------------------------------------------------------------------------


def test_the_folder_holds_the_project_seven_sheets_the_first_hour_and_word_templates(blank):
    names = {path.name for path in blank.iterdir()}
    assert names == {"project.toml", "先读我.txt", "templates", *(f"{name}.xlsx" for name in BOOKS.values())}
    word = {path.name for path in (blank / "templates").iterdir()}
    assert word == {f"{kind}_zh.docx" for kind in ("report", "county", "town", "brief")}
    assert list(BOOKS.values()) == [
        "村庄",
        "现网基站",
        "公共物业",
        "站址规划",
        "需求单",
        "弱覆盖点",
        "管控区",
    ]


def test_the_project_file_loads_as_written(blank):
    config = load_config(blank)
    assert config.project.city == "乐昌市"
    assert (config.project.crs, config.project.year) == ("EPSG:4547", 2023)
    assert config.project.reference_date == dt.date(2023, 12, 31)
    assert tuple(config.inputs.given()) == FIRST
    assert {band.id for band in config.bands} == {"n28", "n41", "n1", "n78"}
    assert {"orders", "weak_points"} <= {target for layer in config.layers for target in layer.targets}


def test_bands_and_classes_are_those_of_the_demo(blank):
    """The demo's numbers are the reviewed ones; the template repeats them as data."""
    demo = load_config(new_project.__globals__["files"]("siteplan.demo") / "shaoguan" / "project.toml")
    config = load_config(blank)
    assert config.bands == demo.bands
    assert config.area_classes == demo.area_classes
    assert config.antennas == demo.antennas
    assert config.tiers == demo.tiers
    assert config.land_cover == demo.land_cover
    assert config.coverage.clutter == demo.coverage.clutter
    assert config.networks == demo.networks
    assert config.layers[:3] == demo.layers


def test_every_switched_off_setting_loads_when_switched_on(blank, tmp_path):
    text = (blank / "project.toml").read_text(encoding="utf-8")
    whole = re.sub(r"^#(?=\S)", "", text, flags=re.M)
    assert len(re.findall(r"^#\[", text, flags=re.M)) == 31
    (tmp_path / "project.toml").write_text(whole, encoding="utf-8")
    calibration = 'schema = "siteplan-calibration/1"\npropagation = "terrain"\nbands = {}\n'
    (tmp_path / "calibration.toml").write_text(calibration, encoding="utf-8")
    config = load_config(tmp_path)
    assert config.fitted is not None
    assert config.land_cover == load_config(blank).land_cover
    assert set(config.inputs.given()) == set(type(config.inputs).model_fields)
    assert config.quota.targets[1].county == "乐昌市"


def test_the_table_of_central_meridians_is_right(blank):
    text = (blank / "project.toml").read_text(encoding="utf-8")
    pairs = re.findall(r"(\d+)°E (EPSG:\d+)", text)
    assert [int(degrees) for degrees, _ in pairs] == list(range(75, 136, 3))
    for degrees, code in pairs:
        operation = CRS(code).coordinate_operation
        assert {p.name: p.value for p in operation.params}["Longitude of natural origin"] == int(degrees)


def test_names_with_quotes_stay_text(tmp_path):
    new_project(tmp_path / "a", county='"]\n[x]', city="韶关", crs="EPSG:32649", year=2030)
    config = load_config(tmp_path / "a")
    assert config.project.city == '韶关"]\n[x]'
    assert (config.project.crs, config.project.year) == ("EPSG:32649", 2030)


def test_the_folder_name_stands_in_for_a_name(tmp_path):
    new_project(tmp_path / "仁化县")
    assert load_config(tmp_path / "仁化县").project.city == "仁化县"
    assert load_config(tmp_path / "仁化县").project.year == dt.date.today().year


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:999999", "四五四七"])
def test_a_crs_that_cannot_be_used_is_refused(tmp_path, crs):
    with pytest.raises(SiteplanError) as caught:
        new_project(tmp_path / "a", crs=crs)
    assert crs in error_text(caught.value, "zh")
    assert "EPSG:4547" in error_text(caught.value, "zh")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_refused_unless_empty(tmp_path, monkeypatch):
    target = tmp_path / "a"
    target.mkdir()
    new_project(target)
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    result = CliRunner().invoke(app, ["new", str(target)])
    assert result.exit_code == 1
    assert "不为空" in result.output
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(SiteplanError) as caught:
        new_project(tmp_path / "file")
    assert caught.value.key == "folder_not_empty"
    assert "not empty" in error_text(caught.value, "en")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(SiteplanError) as caught:
        new_project(tmp_path / "here")
    assert caught.value.key == "name_a_new_folder"
    assert "current" in error_text(caught.value, "en")


# --- the sheets ---------------------------------------------------------------------------------------


@TABLES
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_header_maps_back_to_its_own_column(table, lang):
    sheet = next(each for each in template_sheets(lang) if each.table == table)
    headers = [column.header for column in sheet.columns]
    found = match_headers(headers, columns_of(table), {})
    assert not found.ambiguous
    assert found.taken == {column.spec.name: column.header for column in sheet.columns}


def shown(table):
    """Columns of a table that its empty sheet has."""
    return [each for each in columns_of(table) if each.name not in ADDED_BY_HAND]


@TABLES
def test_the_data_sheet_has_headers_only_and_notes(blank, table):
    page = openpyxl.load_workbook(blank / f"{BOOKS[table]}.xlsx").worksheets[0]
    assert page.title == BOOKS[table]
    assert (page.max_row, page.freeze_panes) == (1, "A2")
    assert len(page[1]) == len(shown(table))
    assert all(cell.comment and cell.comment.text.split("\n")[0] in {"必填", "可空"} for cell in page[1])


@TABLES
def test_the_dictionary_lists_every_column_of_the_schema(blank, table):
    page = openpyxl.load_workbook(blank / f"{BOOKS[table]}.xlsx")["字段说明"]
    rows = {row[4]: row for row in page.iter_rows(min_row=2, values_only=True)}
    assert list(rows) == list(names_of(table))
    for spec in columns_of(table):
        header, required, values, meaning, _, others = rows[spec.name]
        assert header == spec.header("zh")
        assert {header, *others.split(" | ")} >= {spec.name, *spec.aliases}
        assert values
        assert meaning == spec.about("zh") != ""
        assert required == "是" or spec.nullable


@TABLES
def test_text_columns_are_text_and_the_example_stands_apart(blank, table):
    book = openpyxl.load_workbook(blank / f"{BOOKS[table]}.xlsx")
    page, example = book.worksheets[:2]
    looks = list(page.column_dimensions.values())  # neighbours that look the same share one
    for cell, spec in zip(page[1], shown(table), strict=True):
        look = next(each for each in looks if each.min <= cell.column <= each.max)
        assert look.width >= 10
        if spec.kind in {"text", "angles"}:
            assert look.number_format == "@"
    assert "示例" in example["A1"].value
    assert [cell.value for cell in example[2]] == [cell.value for cell in page[1]]
    assert example.max_row == 3
    assert example["A3"].value


DROP_DOWNS = [
    ("stations", "网络", "移动广电,电信联通"),
    ("stations", "频段", "700M,2.6G,2.1G,3.5G"),
    ("properties", "物业类型", "党政机关,学校,医院"),
    ("site_plan", "建设状态", "已建,未建"),
    ("orders", "网络", "移动广电,电信联通,移动广电、电信联通"),
    ("weak_points", "网络", "移动广电,电信联通"),
    ("exclusions", "图层", "自然保护区,机场净空,文物保护,高速公路建筑控制区"),
]


@pytest.mark.parametrize(("table", "header", "words"), DROP_DOWNS)
def test_drop_downs_offer_what_the_project_defines(blank, table, header, words):
    page = openpyxl.load_workbook(blank / f"{BOOKS[table]}.xlsx").worksheets[0]
    letter = next(cell.column_letter for cell in page[1] if cell.value == header)
    rules = [rule for rule in page.data_validations.dataValidation if f"{letter}2" in rule.sqref]
    assert len(rules) == 1
    assert rules[0].type == "list"
    assert rules[0].formula1.strip('"').startswith(words)


def test_numbers_are_limited_as_the_schema_says(blank):
    page = openpyxl.load_workbook(blank / "站址规划.xlsx").worksheets[0]
    letters = {cell.value: cell.column_letter for cell in page[1]}
    rules = {str(rule.sqref)[0]: rule for rule in page.data_validations.dataValidation}
    height = rules[letters["挂高"]]
    assert (height.type, height.formula1, height.formula2) == ("decimal", "3", "300")


def test_azimuth_and_downtilt_are_asked_for_and_rarer_columns_stand_in_the_dictionary(blank):
    book = openpyxl.load_workbook(blank / "现网基站.xlsx")
    headers = [cell.value for cell in book.worksheets[0][1]]
    assert {"方位角", "下倾角"} <= set(headers)
    assert not set(ADDED_BY_HAND.values()) & set(headers)
    rows = {row[4]: row for row in book["字段说明"].iter_rows(min_row=2, values_only=True)}
    assert {name: rows[name][0] for name in ADDED_BY_HAND} == ADDED_BY_HAND
    assert all("加列" in rows[name][1] for name in ADDED_BY_HAND)
    assert "0/120/240" in rows["azimuth_deg"][2]


def test_sectors_typed_into_the_sheet_come_through_the_door(filled):
    """Also a column the sheet leaves out, added by hand; an empty azimuth stays empty."""
    path = filled / "现网基站.xlsx"
    book = openpyxl.load_workbook(path)
    page = book.worksheets[0]
    added = page.max_column + 1
    page.cell(1, added, "PCI")
    page.cell(2, added, "11/12/13")
    book.save(path)
    place = {"网络": "移动广电", "频段": "700M", "挂高": 35, **at(5_200, 9_300)}
    fill(
        filled,
        "stations",
        [
            {"基站编号": "S2", "站址编码": "Z2", "方位角": "0/120/240", "下倾角": "6/6/4", **place},
            {"基站编号": "S3", "站址编码": "Z3", "方位角": 90, "下倾角": 5, **place},
        ],
    )
    config = load_config(filled)
    stations = load(filled, config).stations.set_index("station_id")
    assert stations["azimuth_deg"].tolist() == ["", "0/120/240", "90"]
    assert stations["downtilt_deg"].tolist() == ["", "6/6/4", "5"]
    assert stations.loc["S1", "pci"] == "11/12/13"


# --- the first hour -----------------------------------------------------------------------------------


def checked(folder):
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_check_names_the_empty_sheets(tmp_path):
    """Without borders the villages give the area, so theirs is the first sheet asked for."""
    folder = tmp_path / "a"
    assert CliRunner().invoke(app, ["new", str(folder), "--county", "乐昌市"]).exit_code == 0
    result = checked(folder)
    assert result.exit_code == 1
    assert "村庄.xlsx" in result.output
    assert "没有数据行" in result.output
    fill(folder, "villages", [{"村代码": "1", "村名": "一村", "人口": 900, **at(2_000, 2_000)}])
    result = checked(folder)
    assert result.exit_code == 1
    empty = "".join(line for line in result.output.splitlines() if "没有数据行" in line)
    assert [name in empty for name in ("村庄.xlsx", "现网基站.xlsx", "公共物业.xlsx")] == [False, True, True]


def test_three_sheets_make_a_plan(filled):
    assert checked(filled).exit_code == 0
    result = CliRunner().invoke(app, ["plan", str(filled), "--threads", "1"])
    assert result.exit_code == 0, result.output
    run = next((filled / "runs").iterdir())
    table = csv_table(run / "candidates.csv", dtype=str)
    assert len(table) > 0
    assert table["rank"].tolist() == [str(n) for n in range(1, len(table) + 1)]
    assert {"候选站址.xlsx", "candidates.kmz", "map.html", "run.json"} <= {
        path.name for path in run.iterdir()
    }


ORDER = {
    "需求编号": "X1",
    "需求名称": "山顶景区",
    "网络": "电信联通",
    "搜索半径(米)": 220,
    "挂高": 30,
    "截止日期": dt.date(2023, 12, 31),
    "权重": 50_000,
}


def with_order(folder, east, north):
    """A hamlet at the far place brings it into the area; its order outweighs everything else."""
    fill(folder, "villages", [{"村代码": "9", "村名": "远村", "县区": "乐昌市", "人口": 1, **at(*FAR)}])
    fill(folder, "orders", [ORDER | at(east, north)])
    switch_on(folder, "orders")


def test_an_order_is_a_candidate_with_its_ring_date_network_and_weight(filled):
    """4.5 km from the hamlet, in the middle of its pixel; 50,000 people on one order."""
    with_order(filled, FAR[0] + 4_550, FAR[1] + 50)
    plan = planned(filled, "run")
    order = plan.candidates.set_index("key").loc["2:order:X1"]
    assert (order["status"], order["name"]) == ("PROPOSED", "山顶景区")
    assert (order["order_radius_m"], order["due_date"]) == (220, "2023-12-31")
    assert (order["networks"], order["antenna_height_m"]) == (("CT-CU",), 30)
    first = plan.sites.set_index("rank").loc[1]
    assert (first["name"], first["networks"], first["bands"]) == ("山顶景区", ("CT-CU",), ("n1",))
    assert first["gain"] == pytest.approx(50_000, rel=0.02)


def test_orders_switched_off_are_not_there(filled):
    fill(filled, "orders", [ORDER | at(5_000, 5_000)])
    assert not planned(filled, "run").candidates["key"].str.startswith("2:order").any()


def test_no_new_ground_site_takes_the_place_of_an_order(filled):
    with_order(filled, FAR[0] + 4_500, FAR[1])
    assert planned(filled, "run").candidates.set_index("key").loc["2:order:X1", "status"] == "PROPOSED"


def test_weak_points_raise_the_weight_of_their_own_network_only(filled):
    rows = [
        {"编号": f"T{n}", "类型": "投诉", "网络": "移动广电", "权重": 400, **at(8_000 + 100 * n, 9_000)}
        for n in range(3)
    ]
    fill(filled, "weak_points", rows)
    before = planned(filled, "before")
    switch_on(filled, "weak_points")
    after = planned(filled, "after")
    weight, old = (
        each.proposal.effects.layers.set_index("layer")["weight_total"] for each in (after, before)
    )
    assert (old["L4"], weight["L4"]) == (0, pytest.approx(3 * 400))  # for any network it were twice that
    assert weight[["L1", "L2", "L3"]].tolist() == old[["L1", "L2", "L3"]].tolist()
    assert after.record.gain_by_layer["L4"] > 0
    assert after.record.objective > before.record.objective


def test_all_further_sheets_together(filled):
    """Site plan and zones: a built entry and one inside a heritage ring are refused by name."""
    fill(
        filled,
        "site_plan",
        [
            {
                "规划编号": "G1",
                "站址名称": "三村规划点",
                "建设状态": "未建",
                "网络": "移动、电信",
                **at(12_300, 12_200),
            },
            {"规划编号": "G2", "站址名称": "一村已建点", "建设状态": "已建", **at(3_200, 2_000)},
            {"规划编号": "G3", "站址名称": "保护区里", "建设状态": "未建", **at(6_500, 9_500)},
        ],
    )
    fill(filled, "exclusions", [{"图层": "自然保护区", "名称": "北岭", "半径(米)": 300, **at(6_600, 9_500)}])
    switch_on(filled, "site_plan", "exclusions")
    places = planned(filled, "all").candidates.set_index("key")
    assert places.loc["2:G1", "networks"] == ("CMCC-CBN", "CT-CU")
    assert "已建成" in text_of(places.loc["2:G2", "rule"], "zh")
    assert "北岭" in text_of(places.loc["2:G3", "rule"], "zh")


def test_english_sheets_make_a_plan_too(tmp_path):
    folder = tmp_path / "valley"
    new_project(folder, city="Valley", year=2023, lang="en")
    book = openpyxl.load_workbook(folder / "villages.xlsx")
    lon, lat = lonlat(2_000, 2_000)
    book["villages"].append(["1", "Upper", "", "", 900, float(lon), float(lat)])
    book.save(folder / "villages.xlsx")
    project = tomllib.loads((folder / "project.toml").read_text(encoding="utf-8"))
    project["inputs"] = {"villages": project["inputs"]["villages"]}
    (folder / "project.toml").write_text(tomli_w.dumps(project), encoding="utf-8")
    assert tuple(load_config(folder).inputs.given()) == ("villages",)
    assert len(planned(folder, "one").sites) > 0


def test_the_example_is_not_read_where_the_project_file_names_no_sheet(filled):
    path = filled / "project.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'^layer = "(村庄|现网基站|公共物业)"\n', "", text, flags=re.M), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    report = siteplan.open_project(filled).check()
    assert list(report.examination.inputs.villages.village) == ["一村", "二村", "三村"]
    assert [fault.values["value"] for fault in report.faults if fault.problem == "example_sheet"] == [
        "示例"
    ] * 3
