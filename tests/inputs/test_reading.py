"""Files as counties have them: formats, encodings, layouts, headers, cells and coordinates."""

import zipfile
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from shapely.geometry import Point
from worlds.two_counties import STATIONS

from siteplan.core.errors import InputFaults
from siteplan.inputs.files.cells import dates_of, numbers_of
from siteplan.inputs.files.headers import TAKEN_FROM, match_headers
from siteplan.inputs.files.layout import lay_out
from siteplan.inputs.files.readers import Wanted, decode, read_table
from siteplan.inputs.tables.check import check_table
from siteplan.inputs.tables.coordinates import degrees_of, grid_of
from siteplan.planning import pipeline
from siteplan.project.columns import columns_of
from siteplan.project.input_files import Input
from siteplan.project.project_file import load_config

ROWS = [("坪石镇站", 113.05, 25.29), ("梅花镇站", 113.16, 25.18)]
HEAD = ["站址名称", "经度", "纬度"]


def specs(table):
    return columns_of(table)


def read(path, table="poles", **wanted):
    return read_table(Wanted(table, **wanted), path)


def checked(path, table="poles", **given):
    entry = Input(path=path.name, **given)
    return check_table(read(path, table, layer=entry.layer, columns=entry.columns), entry, table)


def notes(raw):
    return [(fault.problem, fault.sheet, fault.row) for fault in raw.notes]


def sheet(path, rows, merges=(), name="表", hidden=False, more=()):
    with xlsxwriter.Workbook(path) as book:
        for title, lines, joined, unseen in [(name, rows, merges, hidden), *more]:
            page = book.add_worksheet(title)
            for i, line in enumerate(lines):
                page.write_row(i, 0, line)
            for area in joined:
                page.merge_range(area, page_value(lines, area))
            if unseen:
                page.hide()
    return path


def page_value(lines, area):
    column, row = ord(area[0]) - 65, int("".join(filter(str.isdigit, area.split(":")[0]))) - 1
    return lines[row][column] if column < len(lines[row]) else ""


def text(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


def csv(rows, mark=","):
    return "\r\n".join(mark.join(str(cell) for cell in row) for row in rows) + "\r\n"


def frame():
    geometry = [Point(x, y) for _, x, y in ROWS]
    return gpd.GeoDataFrame({"站址名称": [name for name, _, _ in ROWS]}, geometry=geometry, crs=4326)


def ods(path, rows):
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>'
            for c in row
        )
        + "</table:table-row>"
        for row in rows
    )
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{space}office:1.0" '
        f'xmlns:table="{space}table:1.0" xmlns:text="{space}text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="表">{cells}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return path


def html_called_xls(path):
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in [HEAD, *ROWS])
    return text(path, f"<html><body><table>{rows}</table></body></html>", "gb18030")


# --- formats -----------------------------------------------------------------------------------------

TABLES = {
    "list.xlsx": lambda p: sheet(p, [HEAD, *ROWS]),
    "list.csv": lambda p: text(p, csv([HEAD, *ROWS]), "gb18030"),
    "utf8.csv": lambda p: text(p, csv([HEAD, *ROWS])),
    "bom.csv": lambda p: text(p, csv([HEAD, *ROWS]), "utf-8-sig"),
    "unicode.txt": lambda p: text(p, csv([HEAD, *ROWS], "\t"), "utf-16"),
    "blanks.txt": lambda p: text(p, csv([HEAD, *ROWS], "   "), "gb18030"),
    "semicolon.csv": lambda p: text(p, csv([HEAD, *ROWS], ";")),
    "fullwidth.csv": lambda p: text(p, csv([HEAD, *ROWS], "，")),
    "tabs.xls": lambda p: text(p, csv([HEAD, *ROWS], "\t"), "gb18030"),
    "page.xls": html_called_xls,
    "list.ods": lambda p: ods(p, [HEAD, *ROWS]),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_format_says_the_same(name, tmp_path):
    table = checked(TABLES[name](tmp_path / name))
    assert table.frame["pole_name"].tolist() == [row[0] for row in ROWS]
    assert table.frame["longitude"].tolist() == [113.05, 113.16]
    assert table.frame["latitude"].tolist() == [25.29, 25.18]
    assert table.rows.tolist() == [2, 3]


def mif(path):
    body = 'Version 300\nCharset "WindowsSimpChinese"\nDelimiter ","\nCoordSys Earth Projection 1, 0\n'
    body += "Columns 1\n  站址名称 Char(20)\nData\n\n" + "".join(f"Point {x} {y}\n" for _, x, y in ROWS)
    path.with_suffix(".mid").write_bytes("".join(f'"{name}"\n' for name, _, _ in ROWS).encode("gb18030"))
    return text(path, body, "gb18030")


def shapefile(path, encoding, told=None):
    frame().to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if told:
        path.with_suffix(".cpg").write_text(told)
    return path


def zipped(path):
    frame().to_file(path.parent / "inner.shp", encoding="gb18030")
    with zipfile.ZipFile(path, "w") as archive:
        for part in path.parent.glob("inner.*"):
            archive.write(part, part.name)
    return path


def kml_of(names):
    marks = "".join(
        f"<Placemark><name>{name}</name><Point><coordinates>{x},{y},0</coordinates></Point></Placemark>"
        for name, x, y in names
    )
    return f"<Folder><name>{names[0][0]}夹</name>{marks}</Folder>"


def kmz(path):
    body = f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{kml_of(ROWS[:1])}{kml_of(ROWS[1:])}</Document></kml>'
    if path.suffix == ".kml":
        return text(path, body)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doc.kml", body)
    return path


def written(driver):
    def write(path):
        frame().to_file(path, driver=driver)
        return path

    return write


VECTORS = {
    "list.gpkg": written("GPKG"),
    "list.geojson": written("GeoJSON"),
    "list.fgb": written("FlatGeobuf"),
    "list.gdb": written("OpenFileGDB"),
    "right.shp": lambda p: shapefile(p, "gb18030", "GB18030"),
    "untold.shp": lambda p: shapefile(p, "gb18030"),
    "wrong.shp": lambda p: shapefile(p, "gb18030", "UTF-8"),
    "utf8.shp": lambda p: shapefile(p, "utf-8"),
    "utf8wrong.shp": lambda p: shapefile(p, "utf-8", "GBK"),
    "list.zip": zipped,
    "list.mif": mif,
    "list.kml": kmz,
    "list.kmz": kmz,
}


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_every_vector_format_says_the_same(name, tmp_path):
    table = checked(VECTORS[name](tmp_path / name))
    assert table.geometry is not None
    found = set(
        zip(table.frame["pole_name"], table.geometry.x.round(6), table.geometry.y.round(6), strict=True)
    )
    assert found == set(ROWS)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_western_names_of_a_shapefile_without_cpg_stay_western(tmp_path):
    places = frame().assign(name=["Sölden", "Längenfeld"]).drop(columns="站址名称")
    places.to_file(tmp_path / "at.shp", encoding="cp1252")
    (tmp_path / "at.cpg").unlink()
    assert checked(tmp_path / "at.shp").frame["pole_name"].tolist() == ["Sölden", "Längenfeld"]


def test_broken_bytes_are_named_cell_by_cell(tmp_path):
    content = csv([HEAD, *[(f"好的名字很多{n}", 113, 25) for n in range(40)]]).encode("gb18030")
    path = tmp_path / "broken.csv"
    path.write_bytes(content + "坏".encode("gb18030")[:1] + b"\xff,113.1,25.1\r\n")
    raw = read(path)
    assert [(fault.problem, fault.row, fault.severity) for fault in raw.notes] == [
        ("broken_text", 42, "warning")
    ]
    assert len(raw.frame) == 41


def test_nul_bytes_are_said(tmp_path):
    raw = read(text(tmp_path / "nul.csv", csv([HEAD, ("坪石\x00镇站", 113.05, 25.29)])))
    assert raw.frame["站址名称"].tolist() == ["坪石镇站"]
    assert notes(raw) == [("nul_bytes", "", None)]


def test_an_open_quotation_mark_is_told_with_its_line(tmp_path):
    lines = csv([HEAD, *ROWS, ('"坪石', 113.05, 25.29), *ROWS * 4])
    with pytest.raises(InputFaults) as caught:
        read(text(tmp_path / "quote.csv", lines))
    assert caught.value.faults[0].problem == "open_quote"
    assert caught.value.faults[0].values["row"] == 4


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-8-sig"])
def test_chinese_text_is_decoded_whatever_wrote_it(encoding):
    assert decode("韶关市乳源瑶族自治县".encode(encoding)) == "韶关市乳源瑶族自治县"


# --- layout ------------------------------------------------------------------------------------------

PROPERTIES = ["序号", "基站地址", "物业所属单位"]


def test_titles_totals_remarks_and_blank_numbers_are_no_records(tmp_path):
    lines = [
        ["清新区免费开放公共建筑目录(2017年)"],
        ["单位：个"],
        [],
        PROPERTIES,
        [1, "太和镇滨江路", "社保局"],
        ["武江区"],
        [2, "太和镇府前路", "镇政府"],
        PROPERTIES,
        [3, "山塘镇中心小学", "教育局"],
        [4],
        [5],
        ["合计", "", 3],
        ["注：以上均免费开放"],
        ["填表人：张三", "", ""],
    ]
    raw = read(sheet(tmp_path / "a.xlsx", lines, ["A1:C1"]), "properties")
    assert raw.frame["基站地址"].tolist() == ["太和镇滨江路", "太和镇府前路", "山塘镇中心小学"]
    assert raw.rows.tolist() == [5, 7, 9]
    assert raw.title == ("清新区免费开放公共建筑目录(2017年)", "单位：个")
    assert notes(raw) == [
        ("line_section", "表", 6),
        ("line_header", "表", 8),
        ("line_serial", "表", 10),
        ("line_serial", "表", 11),
        ("line_total", "表", 12),
        ("line_remark", "表", 13),
        ("line_remark", "表", 14),
    ]


TWO_LINES = [
    ["序号", "站址名称", "坐标", "", "挂高"],
    ["", "", "经度", "纬度", ""],
    [1, "坪石镇站", 113.05, 25.29, 35],
]


def test_a_header_of_two_lines_with_merged_cells(tmp_path):
    path = sheet(tmp_path / "a.xlsx", TWO_LINES, ["A1:A2", "B1:B2", "C1:D1", "E1:E2"])
    found = checked(path)
    assert found.headers.taken["longitude"] == "坐标·经度"
    assert found.frame[["longitude", "latitude", "antenna_height_m"]].iloc[0].tolist() == [
        113.05,
        25.29,
        35.0,
    ]
    assert found.rows.tolist() == [3]


def test_the_same_header_saved_as_csv_has_lost_its_merges(tmp_path):
    found = checked(text(tmp_path / "a.csv", csv(TWO_LINES), "gb18030"))
    assert found.frame[["longitude", "latitude", "antenna_height_m"]].iloc[0].tolist() == [
        113.05,
        25.29,
        35.0,
    ]


def test_a_merged_county_holds_for_every_row_it_spans(tmp_path):
    lines = [
        ["县区", *HEAD],
        ["乐昌市", "甲站", 113.1, 25.1],
        ["", "乙站", 113.2, 25.2],
        ["始兴县", "丙站", 114.1, 24.9],
    ]
    found = checked(sheet(tmp_path / "a.xlsx", lines, ["A2:A3"]))
    assert found.frame["county"].tolist() == ["乐昌市", "乐昌市", "始兴县"]


def test_one_sheet_a_county_is_one_table_and_serial_numbers_may_start_again(tmp_path):
    head = ["序号", "物业名称", "经度", "纬度"]
    other = [
        ("说明", [["填表说明"], ["请如实填写"]], [], False),
        ("旧表", [["年度", "金额"], [2020, 5]], [], False),
    ]
    hidden = ("草稿", [head, [1, "丁楼", 113.3, 25.3]], [], True)
    second = ("始兴县", [head, [1, "丙楼", 114.1, 24.9]], [], False)
    path = tmp_path / "a.xlsx"
    sheet(
        path,
        [head, [1, "甲楼", 113.1, 25.1], [2, "乙楼", 113.2, 25.2]],
        (),
        "乐昌市",
        more=[second, hidden, *other],
    )
    found = checked(path, "properties")
    assert found.raw.sheets == ("乐昌市", "始兴县")
    assert found.frame["property_id"].tolist() == ["乐昌市-1", "乐昌市-2", "始兴县-1"]
    assert [found.raw.place_of(row) for row in found.rows] == [("乐昌市", 2), ("乐昌市", 3), ("始兴县", 2)]
    assert {(f.problem, f.sheet) for f in found.faults} == {
        ("hidden_sheet", "草稿"),
        ("other_sheet", "说明"),
        ("other_sheet", "旧表"),
    }
    assert (
        found.raw.fault("rejected", "empty_cell", int(found.rows[2]), "x").place()
        == "a.xlsx · 工作表 始兴县 · 行 2 · 列 x"
    )


def test_a_hidden_sheet_is_read_when_it_is_named(tmp_path):
    path = sheet(tmp_path / "a.xlsx", [HEAD, *ROWS], more=[("藏", [HEAD, ROWS[0]], [], True)])
    assert len(read(path, layer="藏").frame) == 1


def test_a_column_without_header_keeps_its_content_under_its_letter():
    found = lay_out([["站址名称", "", "经度"], ["甲", "要紧", 113]], [], len)
    assert found.headers == ["站址名称", "列B", "经度"]


def test_headers_that_repeat_are_numbered():
    found = lay_out([["经度", "经度", "经度"], [1, 2, 3]], [], len)
    assert found.headers == ["经度", "经度2", "经度3"]


# --- headers -----------------------------------------------------------------------------------------

PUBLISHED = [
    (
        "properties",
        "序号 基站地址 物业所属单位",
        {"property_id": "序号", "address": "基站地址", "owner": "物业所属单位"},
    ),
    (
        "poles",
        "站址编码 铁塔站址名称 运营商 经度 纬度 详细地址 铁塔种类 铁塔高度(米) 机房类型",
        {
            "pole_id": "站址编码",
            "pole_name": "铁塔站址名称",
            "kind": "铁塔种类",
            "antenna_height_m": "铁塔高度(米)",
            "address": "详细地址",
            "longitude": "经度",
            "latitude": "纬度",
        },
    ),
    (
        "stations",
        "站址编码 铁塔站址名称 运营商 经度 纬度 详细地址 铁塔种类 铁塔高度(米) 机房类型",
        {
            "site_id": "站址编码",
            "site_name": "铁塔站址名称",
            "network": "运营商",
            "antenna_height_m": "铁塔高度(米)",
            "longitude": "经度",
            "latitude": "纬度",
        },
    ),
    (
        "poles",
        "站址编码 纬度 经度 站址名称 省份 地市 区县 备注 详细地址 站址备注 产权属性",
        {
            "pole_id": "站址编码",
            "pole_name": "站址名称",
            "county": "区县",
            "address": "详细地址",
            "longitude": "经度",
            "latitude": "纬度",
        },
    ),
    (
        "stations",
        "RRU标识 所属站址编码 所属站址名称 所属eNBID 所属eNBID名称 区/市/县/旗 乡/镇/街道 划小单元 片区 簇 网格 厂家 型号 "
        "额定功率(w) 双工模式 RRU经度 RRU纬度 RRU地址 RRU安装位置 共享属性 共享方式 入网日期 启用日期 备注 自定义1 自定义2",
        {
            "station_id": "RRU标识",
            "site_id": "所属站址编码",
            "site_name": "所属站址名称",
            "county": "区/市/县/旗",
            "longitude": "RRU经度",
            "latitude": "RRU纬度",
            "on_air_date": "入网日期",
        },
    ),
    (
        "poles",
        "账期月份 产品业务确认单编号 运营商 运营商地市 需求承接地市 站址所属地市 运营商区县 订单属性 产权属性 原产权方 站址名称 "
        "站址编码 需求确认单编号 业务属性 服务起始日期 产品类型 机房类型 对应实际最高天线挂高（米）1 期末铁塔共享用户数1 "
        "对应实际最高天线挂高（米）2 期末铁塔共享用户数2 对应实际最高天线挂高（米）3",
        {
            "pole_id": "站址编码",
            "pole_name": "站址名称",
            "antenna_height_m": "对应实际最高天线挂高（米）1",
            "county": "运营商区县",
        },
    ),
    (
        "poles",
        "省 市 区 站址运维ID 资源系统站址编码 站址名称",
        {"pole_name": "站址名称", "pole_id": "资源系统站址编码", "county": "区"},
    ),
    (
        "poles",
        "省份名称 地市名称 区县名称 站址id 站址编码 站址名称 所在地址",
        {"pole_id": "站址编码", "pole_name": "站址名称", "county": "区县名称", "address": "所在地址"},
    ),
]


@pytest.mark.parametrize(("table", "headers", "taken"), PUBLISHED)
def test_published_headers_need_no_configuration(table, headers, taken):
    found = match_headers(headers.split(), specs(table), {})
    assert found.taken == taken | {
        name: found.taken[name] for name in found.taken.keys() - taken.keys() - set(specs_of_interest(table))
    }
    assert not found.ambiguous


def specs_of_interest(table):
    return {"longitude", "latitude", "antenna_height_m", "network", "band", "county", "town", "address"} - (
        {"town"} if table == "stations" else set()
    )


def test_two_headers_for_one_essential_column_are_a_question(tmp_path):
    with pytest.raises(InputFaults) as caught:
        checked(
            sheet(tmp_path / "a.xlsx", [["站址名称", "中心经度", "边缘经度", "纬度"], ["甲", 113, 113.1, 25]])
        )
    fault = caught.value.faults[0]
    assert (fault.problem, fault.values["found"]) == ("ambiguous_column", "中心经度、边缘经度")


def test_two_headers_for_another_column_leave_it_out_with_a_warning(tmp_path):
    found = checked(
        sheet(tmp_path / "a.xlsx", [[*HEAD, "南侧天线挂高", "北侧天线挂高"], ["甲", 113.1, 25.1, 30, 40]])
    )
    assert "antenna_height_m" not in found.frame
    assert [(fault.severity, fault.problem) for fault in found.faults] == [("warning", "ambiguous_column")]


def test_the_project_file_has_the_last_word(tmp_path):
    path = sheet(tmp_path / "a.xlsx", [[*HEAD, "南侧天线挂高", "北侧天线挂高"], ["甲", 113.1, 25.1, 30, 40]])
    found = checked(path, columns={"antenna_height_m": "北侧天线挂高"})
    assert found.frame["antenna_height_m"].tolist() == [40.0]


SURENESS = ["经度", "经度(WGS84)", "坐标·经度", "jingdu", "RRU经度", "经度坐标值", "精度"]


def test_confidence_falls_from_the_same_word_to_a_slip_of_the_pen():
    found = [
        match_headers([header], specs("poles"), {}).confidence.get("longitude", 0.0) for header in SURENESS
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert all(value >= TAKEN_FROM for value in found[:6])
    assert found[6] == 0.0


def test_pinyin_headers_are_read():
    found = match_headers(["zhanzhimingcheng", "jingdu", "weidu", "xiangzhen"], specs("poles"), {}).taken
    assert found == {
        "pole_name": "zhanzhimingcheng",
        "longitude": "jingdu",
        "latitude": "weidu",
        "town": "xiangzhen",
    }


# --- cells -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("３５", 35),
        ("35米", 35),
        ("35 m", 35),
        ("1,234", 1234),
        ("1,234.5", 1234.5),
        ("32,7", 32.7),
        ("−5", -5),
        ("1.5e2", 150),
        ("  7 ", 7),
    ],
)
def test_numbers_are_read_as_typed(typed, value):
    values, bad = numbers_of(pd.Series([typed]))
    assert (values[0], bad[0]) == (value, False)


@pytest.mark.parametrize("typed", ["约35", "35-40", "三十五", "1.2.3", "35米左右", "inf", "1e999"])
def test_what_is_no_number_is_a_fault(typed):
    assert numbers_of(pd.Series([typed]))[1].tolist() == [True]


@pytest.mark.parametrize("typed", ["", "/", "无", "暂无", "—", "N/A", "待定", "#N/A"])
def test_words_for_nothing_are_blank(typed):
    values, bad = numbers_of(pd.Series([typed]))
    assert np.isnan(values[0])
    assert not bad[0]
    assert not dates_of(pd.Series([typed]))[1][0]


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        ("2023年6月30日", "2023-06-30"),
        ("2023年6月", "2023-06-01"),
        ("2023.6.30", "2023-06-30"),
        ("2023/6/3", "2023-06-03"),
        ("20230630", "2023-06-30"),
        ("45107", "2023-06-30"),
        ("二〇二三年六月三十日", "2023-06-30"),
        ("二〇二三年十月", "2023-10-01"),
        ("2023-06-30 12:30:00", "2023-06-30"),
        ("２０２３年６月３０日", "2023-06-30"),
    ],
)
def test_dates_are_read_as_typed(typed, date):
    values, bad = dates_of(pd.Series([typed]))
    assert (str(values[0].date()), bad[0]) == (date, False)


@pytest.mark.parametrize("typed", ["06/05/2023", "2023-13-01", "2023年2月30日", "去年", "23.6.30"])
def test_what_is_no_date_or_two_dates_is_a_fault(typed):
    assert dates_of(pd.Series([typed]))[1].tolist() == [True]


def test_other_dates_of_a_column_tell_day_from_month():
    assert [str(day.date()) for day in dates_of(pd.Series(["30/06/2023", "06/05/2023"]))[0]] == [
        "2023-06-30",
        "2023-05-06",
    ]
    assert [str(day.date()) for day in dates_of(pd.Series(["06/30/2023", "06/05/2023"]))[0]] == [
        "2023-06-30",
        "2023-06-05",
    ]


def test_ids_stay_as_they_are_and_spoilt_ones_are_said(tmp_path):
    rows = [["站址编码", *HEAD], ["000123", *ROWS[0]], ["4.4E+11", *ROWS[1]], ["440203101001", *ROWS[0]]]
    found = checked(text(tmp_path / "a.csv", csv(rows)))
    assert found.frame["pole_id"].tolist() == ["000123", "4.4E+11", "440203101001"]
    assert [(fault.problem, fault.row) for fault in found.faults] == [("excel_id", 3)]


def test_numbers_of_twelve_and_eighteen_digits_in_a_workbook(tmp_path):
    rows = [["站址编码", *HEAD], [440203101001, *ROWS[0]], [440203199001011234, *ROWS[1]]]
    found = checked(sheet(tmp_path / "a.xlsx", rows))
    assert found.frame["pole_id"].iloc[0] == "440203101001"
    assert [(fault.problem, fault.row) for fault in found.faults] == [("excel_digits", 3)]


# --- coordinates -------------------------------------------------------------------------------------

NOTATIONS = [
    "113.586806",
    "113.586806°",
    "E113.586806",
    "113.586806E",
    "东经113.586806",
    "113°35′12.5″",
    "113°35'12.5\"",
    "113-35-12.5",
    "113:35:12.5",
    "113 35 12.5",
    "113度35分12.5秒",
    "E113°35′12.5″",
    "113°35′12.5″E",
    "１１３．５８６８０６",
    "113°35.20833′",
    "113,586806",
    "东经113度35分12.5秒",
]


@pytest.mark.parametrize("typed", NOTATIONS)
def test_one_place_in_many_notations(typed):
    values, bad = degrees_of(pd.Series([typed]))
    assert not bad[0]
    assert values[0] == pytest.approx(113 + 35 / 60 + 12.5 / 3600, abs=2e-6)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("70°39′W", -70.65),
        ("西经70.65", -70.65),
        ("南纬33°30′", -33.5),
        ("-33.5", -33.5),
        ("20E15'30\"", 20 + 15 / 60 + 30 / 3600),
    ],
)
def test_west_and_south_are_negative(typed, value):
    assert degrees_of(pd.Series([typed]))[0][0] == pytest.approx(value)


@pytest.mark.parametrize("typed", ["113°75′12″", "113°35′72″", "约113.5", "见附图", "113.5.6", "113.5°35′"])
def test_impossible_coordinates_are_faults(typed):
    assert degrees_of(pd.Series([typed]))[1].tolist() == [True]


@pytest.mark.parametrize("typed", ["0", "0.0", "", "无"])
def test_a_zero_is_no_coordinate(typed):
    values, bad = degrees_of(pd.Series([typed]))
    assert np.isnan(values[0])
    assert not bad[0]


PARTS = [
    ("经度度 经度分 经度秒 纬度度 纬度分 纬度秒", [113, 35, 12.5, 24, 48, 3]),
    ("东经(度) 东经(分) 东经(秒) 北纬(度) 北纬(分) 北纬(秒)", [113, 35, 12.5, 24, 48, 3]),
    (
        "COR_NB_DG_LAT COR_NB_MN_LAT COR_NB_SC_LAT COR_CD_NS_LAT COR_NB_DG_LON COR_NB_MN_LON COR_NB_SC_LON COR_CD_EW_LON",
        [24, 48, 3, "N", 113, 35, 12.5, "E"],
    ),
    ("经纬度", ["113.586806,24.800833"]),
    ("坐标", ["N24°48′3″ E113°35′12.5″"]),
    ("坐标", ["24.800833, 113.586806"]),
    ("lat,lon", ["24.800833 113.586806"]),
    ("GPS坐标", ["POINT (113.586806 24.800833)"]),
]


@pytest.mark.parametrize(("headers", "cells"), PARTS, ids=[row[0] for row in PARTS])
def test_coordinates_in_parts_or_in_one_cell(headers, cells, tmp_path):
    names = [headers] if "," in headers else headers.split()
    found = checked(sheet(tmp_path / "a.xlsx", [["站址名称", *names], ["甲站", *cells]]))
    assert found.frame["longitude"].tolist() == pytest.approx([113.586806], abs=2e-6)
    assert found.frame["latitude"].tolist() == pytest.approx([24.800833], abs=2e-6)


def test_degrees_minutes_seconds_under_a_header_of_two_lines(tmp_path):
    lines = [
        ["站址名称", "东经", "", "", "北纬", "", ""],
        ["", "度", "分", "秒", "度", "分", "秒"],
        ["甲", 113, 35, 12.5, 24, 48, 3],
    ]
    found = checked(sheet(tmp_path / "a.xlsx", lines, ["A1:A2", "B1:D1", "E1:G1"]))
    assert found.frame["longitude"].tolist() == pytest.approx([113.586806], abs=2e-6)


BOX = (112.8, 23.8, 114.9, 25.6)
"""Shaoguan and a halo [deg]."""


@pytest.mark.parametrize(
    ("first", "second", "crs", "turned"),
    [
        (459_554.6, 2_743_800.0, "EPSG:4547", False),
        (38_459_554.6, 2_743_800.0, "EPSG:4526", False),
        (2_743_800.0, 459_554.6, "EPSG:4547", True),
        (2_743_800.0, 38_459_554.6, "EPSG:4526", True),
    ],
)
def test_metres_are_placed_by_trying(first, second, crs, turned):
    """113.6 E 24.8 N; the Chinese X is the northing."""
    found = grid_of(np.full(5, first), np.full(5, second), "EPSG:4547", BOX)
    assert found == [(crs, turned)]


def test_metres_that_fit_nowhere_are_a_question():
    assert grid_of(np.full(5, 100.0), np.full(5, 200_000.0), "EPSG:4547", BOX) == []


# --- files as they are sent round ----------------------------------------------------------------------

SERIAL = ["序号", *HEAD]


def said(table, level):
    return [(fault.problem, fault.row) for fault in table.faults if fault.severity == level]


def names(table):
    return table.frame["pole_name"].tolist()


def places(table):
    return list(zip(table.frame["longitude"].round(6), table.frame["latitude"].round(6), strict=True))


def test_a_workbook_renamed_to_xls_is_still_a_workbook(tmp_path):
    sheet(tmp_path / "list.xlsx", [HEAD, *ROWS]).rename(tmp_path / "list.xls")
    assert names(checked(tmp_path / "list.xls")) == [row[0] for row in ROWS]


PAGE = "<table><tr><td>站址名称</td><td>经度</td><td>纬度</td></tr><tr><td>甲</td><td>113.1</td><td>25.1</td></tr></table>"
PAGES = {
    "meta": f'<html><head><meta charset="gb2312"></head><body>{PAGE}</body></html>',
    "declaration": f'<?xml version="1.0" encoding="gb2312"?><html><body>{PAGE}</body></html>',
    "comment": f"<!-- 导出 -->{PAGE}",
    "div": f"<div>{PAGE}</div>",
    "open cells": PAGE.replace("</td>", ""),
    "two tables": f"<table><tr><td>查询条件</td><td>全部</td></tr></table>{PAGE}",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_web_page_called_xls_is_read_however_it_begins(page, tmp_path):
    assert names(checked(text(tmp_path / "a.xls", PAGES[page], "gb18030"))) == ["甲"]


def test_a_cell_over_two_rows_of_a_web_page_does_not_shift_the_second(tmp_path):
    page = (
        "<table><tr><td>县区</td><td>站址名称</td><td>经度</td><td>纬度</td></tr>"
        "<tr><td rowspan=2>乐昌市</td><td>甲</td><td>113.1</td><td>25.1</td></tr>"
        "<tr><td>乙</td><td>113.2</td><td>25.2</td></tr></table>"
    )
    found = checked(text(tmp_path / "a.xls", page))
    assert names(found) == ["甲", "乙"]
    assert found.frame["county"].tolist() == ["乐昌市", "乐昌市"]
    assert places(found) == [(113.1, 25.1), (113.2, 25.2)]


def test_a_header_of_two_lines_of_a_web_page(tmp_path):
    page = (
        "<table><tr><td rowspan=2>站址名称</td><td colspan=2>坐标</td></tr><tr><td>经度</td><td>纬度</td></tr>"
        "<tr><td>甲</td><td>113.1</td><td>25.1</td></tr></table>"
    )
    found = checked(text(tmp_path / "a.xls", page))
    assert (names(found), places(found)) == (["甲"], [(113.1, 25.1)])


def marks(*placemarks):
    return "".join(
        f"<Placemark><name>{name}</name>{more}<Point><coordinates>{x},{y},0</coordinates></Point></Placemark>"
        for name, x, y, more in placemarks
    )


def kml_file(path, body):
    start = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    return text(path, f"{start}{body}</Document></kml>")


EXTENDED = '<ExtendedData><Data name="挂高"><value>35</value></Data></ExtendedData>'
FOLDERS = {
    "one folder": f"<Folder><name>站</name>{marks(('甲', 113.1, 25.1, ''), ('乙', 113.2, 25.2, ''))}</Folder>",
    "extended data": marks(("甲", 113.1, 25.1, EXTENDED), ("乙", 113.2, 25.2, EXTENDED)),
    "nested": "<Folder><name>韶关</name><Folder><name>乐昌</name>"
    + marks(("甲", 113.1, 25.1, ""), ("乙", 113.2, 25.2, ""))
    + "</Folder></Folder>",
    "two folders": f"<Folder><name>乐昌</name>{marks(('甲', 113.1, 25.1, ''))}</Folder>"
    f"<Folder><name>始兴</name>{marks(('乙', 114.1, 24.9, ''))}</Folder>",
    "same name": f"<Folder><name>站</name>{marks(('甲', 113.1, 25.1, ''))}</Folder>"
    f"<Folder><name>站</name>{marks(('乙', 114.1, 24.9, ''))}</Folder>",
    "two of two": f"<Folder><name>乐昌</name>{marks(('甲', 113.1, 25.1, ''))}</Folder>"
    f"<Folder><name>始兴</name>{marks(('乙', 114.1, 24.9, ''), ('丙', 114.2, 24.8, ''))}</Folder>",
}


@pytest.mark.parametrize("folders", FOLDERS)
def test_places_of_a_kml_have_ids_of_their_own_though_it_gives_none(folders, tmp_path):
    found = checked(kml_file(tmp_path / "a.kml", FOLDERS[folders]))
    assert names(found) == (["甲", "乙", "丙"] if folders == "two of two" else ["甲", "乙"])
    assert said(found, "rejected") == []
    ids = found.frame["pole_id"].astype(str)
    assert ids.is_unique
    assert not ids.str.contains("nan|None").any()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_zipped_shapefile_may_stand_in_a_folder(tmp_path):
    frame().to_file(tmp_path / "站址.shp", encoding="gb18030")
    with zipfile.ZipFile(tmp_path / "list.zip", "w") as archive:
        for part in tmp_path.glob("站址.*"):
            archive.write(part, f"数据/{part.name}")
    assert names(checked(tmp_path / "list.zip")) == [row[0] for row in ROWS]


# --- encodings, with what deceives a guess -------------------------------------------------------------

WESTERN = ["Hauptstraße", "Évian", "Baulé", "Forêt d'Orée", "Sölden", "Gschnaiß"]
LATIN_INSIDE = ["坪石A塔b站", "梅花镇x东a站", "甲栋b座", "联通", "5G扩容点b"]


@pytest.mark.parametrize("name", WESTERN)
def test_a_western_list_stays_western(name, tmp_path):
    content = f"name;lon;lat\r\n{name};11,0;46,9\r\nImst;10,7;47,2\r\n"
    assert names(checked(text(tmp_path / "a.csv", content, "cp1252"))) == [name, "Imst"]


@pytest.mark.parametrize("name", WESTERN)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_western_shapefile_without_cpg_stays_western(name, tmp_path):
    western = frame().assign(name=[name, "Imst"]).drop(columns="站址名称")
    western.to_file(tmp_path / "at.shp", encoding="cp1252")
    (tmp_path / "at.cpg").unlink()
    assert names(checked(tmp_path / "at.shp")) == [name, "Imst"]


@pytest.mark.parametrize("name", LATIN_INSIDE)
def test_a_chinese_list_with_letters_in_its_names_stays_chinese(name, tmp_path):
    found = checked(text(tmp_path / "a.csv", csv([HEAD, (name, 113.1, 25.1), *ROWS]), "gbk"))
    assert names(found) == [name, *[row[0] for row in ROWS]]


@pytest.mark.parametrize("name", LATIN_INSIDE)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_chinese_shapefile_with_letters_in_its_names_stays_chinese(name, tmp_path):
    frame().assign(站址名称=[name, "梅花镇站"]).to_file(tmp_path / "a.shp", encoding="gbk")
    (tmp_path / "a.cpg").unlink()
    assert names(checked(tmp_path / "a.shp")) == [name, "梅花镇站"]


def test_one_broken_character_does_not_spoil_a_short_utf8_list(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(csv([HEAD, *ROWS]).encode() + "坪".encode()[:2] + b",113.3,25.3\r\n")
    found = checked(path)
    assert names(found)[:2] == [row[0] for row in ROWS]
    assert said(found, "warning") == [("broken_text", 4)]


def test_an_id_a_system_wrote_as_a_formula_is_the_id(tmp_path):
    rows = [["站址编码", *HEAD], ['"=""000123"""', *ROWS[0]]]
    assert checked(text(tmp_path / "a.csv", csv(rows))).frame["pole_id"].tolist() == ["000123"]


# --- layout, with what deceives a guess ----------------------------------------------------------------

TWO = [[1, "甲", 113.1, 25.1], [2, "乙", 113.2, 25.2]]
TOTALS = [
    ["合计", "", "", 2],
    ["合计", "", 2, 2],
    ["总计", 2, 2, 2],
    ["合　计", "", 2, ""],
    ["", "合计", 2, 2],
    ["合计：", 2],
    ["乐昌市小计", "", 2, ""],
    ["本页小计", "", 2, ""],
]


@pytest.mark.parametrize("total", TOTALS, ids=lambda row: "|".join(map(str, row)))
def test_a_total_is_never_a_place(total, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, total]))
    assert (names(found), said(found, "rejected")) == (["甲", "乙"], [])
    assert said(found, "note") == [("line_total", 4)]


REMARKS = [
    ["注：坐标为WGS84"],
    ["说明：1、数据截至2023年6月"],
    ["备注:", "无"],
    ["填表人：张三", "", "审核人：李四"],
    ["填表人：张三", "审核人：李四", "日期：2023年6月30日", "联系电话：0751-8880000"],
    ["", "数据来源：铁塔公司"],
]


@pytest.mark.parametrize("remark", REMARKS, ids=lambda row: row[0] or row[1])
def test_a_remark_is_never_a_place(remark, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, remark]))
    assert (names(found), said(found, "rejected")) == (["甲", "乙"], [])
    assert [row for _, row in said(found, "note")] == [4]


@pytest.mark.parametrize(
    "name", ["附城镇政府", "注塑厂", "联系村委会", "附小", "注册局", "说明书印刷厂", "Sourcegarden"]
)
def test_a_place_whose_name_begins_like_a_remark_is_kept(name, tmp_path):
    lines = [["物业名称", "地址", "物业所属单位"], [name, "解放路1号"], ["审计局", "解放路2号"]]
    found = checked(sheet(tmp_path / "a.xlsx", lines), "properties")
    assert found.frame["property_name"].tolist() == [name, "审计局"]
    assert found.faults == ()


@pytest.mark.parametrize(
    "numbers", [[1, 2, 3, 4], ["①", "②", "③", "④"], ["（1）", "（2）", "（3）", "（4）"]]
)
def test_a_line_that_numbers_the_columns_is_no_place(numbers, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, numbers, *TWO]))
    assert (names(found), said(found, "rejected")) == (["甲", "乙"], [])
    assert [row for _, row in said(found, "note")] == [2]


def test_serial_numbers_may_start_again_in_each_section_of_a_sheet(tmp_path):
    lines = [SERIAL, ["武江区"], *TWO, ["浈江区"], [1, "丙", 113.5, 24.8], [2, "丁", 113.6, 24.9]]
    found = checked(sheet(tmp_path / "a.xlsx", lines, ["A2:D2", "A5:D5"]))
    assert names(found) == ["甲", "乙", "丙", "丁"]
    assert found.frame["pole_id"].is_unique
    assert (said(found, "rejected"), said(found, "note")) == ([], [("line_section", 2), ("line_section", 5)])


def test_sections_may_be_numbered_in_hanzi(tmp_path):
    lines = [SERIAL, ["一", "武江区"], TWO[0], ["二", "浈江区"], TWO[1]]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert (names(found), said(found, "note")) == (["甲", "乙"], [("line_section", 2), ("line_section", 4)])


def test_every_printed_page_repeats_title_and_header_of_two_lines(tmp_path):
    page = [["韶关市站址清单"], *TWO_LINES[:2]]
    lines = [*page, TWO_LINES[2], *page, [2, "梅花镇站", 113.16, 25.18, 30], ["第 2 页"]]
    found = checked(text(tmp_path / "a.csv", csv(lines), "gb18030"))
    assert (names(found), found.rows.tolist()) == (["坪石镇站", "梅花镇站"], [4, 8])
    assert [row for _, row in said(found, "note")] == [5, 6, 7, 9]


THREE_LINES = [
    ["序号", "站址信息", "", "", ""],
    ["", "名称", "坐标", "", "挂高"],
    ["", "", "经度", "纬度", ""],
    [1, "甲", 113.1, 25.1, 35],
]


@pytest.mark.parametrize("merges", [["A1:A3", "B1:E1", "B2:B3", "C2:D2", "E2:E3"], None], ids=["xlsx", "csv"])
def test_a_header_of_three_lines(merges, tmp_path):
    if merges:
        found = checked(sheet(tmp_path / "a.xlsx", THREE_LINES, merges))
    else:
        found = checked(text(tmp_path / "a.csv", csv(THREE_LINES), "gb18030"))
    assert (names(found), places(found), found.rows.tolist()) == (["甲"], [(113.1, 25.1)], [4])
    assert found.frame["antenna_height_m"].tolist() == [35.0]


def test_a_header_in_row_six(tmp_path):
    above = [["韶关市站址清单"], ["制表单位：某局"], ["日期：2023年6月30日"], ["单位：米"], []]
    found = checked(sheet(tmp_path / "a.xlsx", [*above, SERIAL, *TWO], ["A1:D1"]))
    assert (names(found), found.rows.tolist()) == (["甲", "乙"], [7, 8])


@pytest.mark.parametrize(
    "head", [["序号", "站址名称", "东经", "北纬"], ["序号", "站址名称", "经度(WGS84)", "纬度(WGS84)"]]
)
def test_sheets_of_counties_may_use_different_words_for_a_column(head, tmp_path):
    more = [("始兴县", [head, [1, "丙", 114.1, 24.9]], [], False)]
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO], (), "乐昌市", more=more))
    assert names(found) == ["甲", "乙", "丙"]
    assert places(found) == [(113.1, 25.1), (113.2, 25.2), (114.1, 24.9)]


def test_a_sheet_of_stations_beside_the_poles_is_left_out_and_noted(tmp_path):
    poles = [["站址编码", *HEAD, "铁塔种类"], ["A1", *ROWS[0], "角钢塔"], ["A2", *ROWS[1], "单管塔"]]
    stations = [["基站编号", *HEAD, "频段", "运营商"], ["S1", *ROWS[0], "700M", "移动"]]
    found = checked(sheet(tmp_path / "a.xlsx", poles, (), "铁塔", more=[("基站", stations, [], False)]))
    assert found.frame["pole_id"].tolist() == ["A1", "A2"]
    assert [(fault.severity, fault.problem, fault.sheet) for fault in found.faults] == [
        ("note", "other_sheet", "基站")
    ]


# --- cells and coordinates, with what deceives a guess -------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["二○二三年六月三十日", "2023 年 6 月 30 日", "30.06.2023", "45107.5", "2023-06-30T00:00:00Z"]
)
def test_more_ways_to_write_one_day(typed):
    values, bad = dates_of(pd.Series([typed]))
    assert (str(values[0])[:10], bad[0]) == ("2023-06-30", False)


def test_the_fifth_of_may_is_one_day_in_both_orders():
    values, bad = dates_of(pd.Series(["05/05/2023"]))
    assert (str(values[0])[:10], bad[0]) == ("2023-05-05", False)


def test_dates_of_a_workbook_are_dates_whatever_their_format(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["基站编号", "网络", "频段", "入网日期", "经度", "纬度"])
        for i, form in enumerate(["yyyy年m月d日", "yyyy/mm/dd", "dd.mm.yyyy", None], 1):
            page.write_row(i, 0, [f"S{i}", "移动", "700M", 45107, 113.1, 25.1])
            page.write_number(i, 3, 45107, form and book.add_format({"num_format": form}))
    dates = checked(tmp_path / "a.xlsx", "stations").frame["on_air_date"]
    assert [str(day)[:10] for day in dates] == ["2023-06-30"] * 4


@pytest.mark.parametrize(
    "typed", ["113°35´12.5´´", "经度：113.586806", "113° 35' 12.5''", "E 113°35′12.5″", "113º35’12.5”"]
)
def test_more_notations_of_one_place(typed):
    values, bad = degrees_of(pd.Series([typed]))
    assert not bad[0]
    assert values[0] == pytest.approx(113 + 35 / 60 + 12.5 / 3600, abs=2e-6)


@pytest.mark.parametrize("typed", ["1e400", "inf", "113°35.2′10″"])
def test_no_coordinate_is_a_fault_and_not_a_blank(typed):
    assert degrees_of(pd.Series([typed]))[1].tolist() == [True]


@pytest.mark.parametrize("typed", ["0°0′0″", "0,0", "0.000000", "00.00"])
def test_a_zero_in_any_notation_is_no_coordinate(typed):
    values, bad = degrees_of(pd.Series([typed]))
    assert np.isnan(values[0])
    assert not bad[0]


def split(path):
    return places(checked(path))


SIX = ["经度度", "经度分", "经度秒", "纬度度", "纬度分", "纬度秒"]
HERE = [113, 35, 12.5, 24, 48, 3]
SPOT = [(113.586806, 24.800833)]


@pytest.mark.parametrize(
    "headers",
    [
        "东经度 东经分 东经秒 北纬度 北纬分 北纬秒",
        "经度° 经度′ 经度″ 纬度° 纬度′ 纬度″",
        "lon_deg lon_min lon_sec lat_deg lat_min lat_sec",
        "经度-度 经度-分 经度-秒 纬度-度 纬度-分 纬度-秒",
        "经(度) 经(分) 经(秒) 纬(度) 纬(分) 纬(秒)",
    ],
)
def test_parts_of_coordinates_under_other_words(headers, tmp_path):
    assert split(sheet(tmp_path / "a.xlsx", [["站址名称", *headers.split()], ["甲", *HERE]])) == SPOT


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize(
    "top", [("东经", "北纬"), ("经度", "纬度"), ("东经（E）", "北纬（N）"), ("站址经度", "站址纬度")]
)
def test_parts_of_coordinates_under_two_lines(top, kind, tmp_path):
    lines = [["站址名称", top[0], "", "", top[1], "", ""], ["", *"度分秒度分秒"], ["甲", *HERE]]
    path = tmp_path / f"a.{kind}"
    assert (
        split(sheet(path, lines, ["A1:A2", "B1:D1", "E1:G1"]) if kind == "xlsx" else text(path, csv(lines)))
        == SPOT
    )


@pytest.mark.parametrize(
    "cells",
    [
        ["113°", "35′", "12.5″", "24°", "48′", "3″"],
        ["E113", 35, 12.5, "N24", 48, 3],
        ["东经113", 35, 12.5, "北纬24", 48, 3],
        ["113.0", "35.0", "12.5", "24.0", "48.0", "3.0"],
    ],
)
def test_parts_may_carry_signs_and_needless_decimals(cells, tmp_path):
    assert split(text(tmp_path / "a.csv", csv([["站址名称", *SIX], ["甲", *cells]]))) == SPOT


@pytest.mark.parametrize("cells", [["暂无"] * 6, [0] * 6, ["/"] * 6])
def test_parts_that_say_nothing_are_blank(cells, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [["站址名称", *SIX], ["甲", *HERE], ["乙", *cells]]))
    assert (names(found), said(found, "rejected")) == (["甲", "乙"], [])
    assert np.isnan(found.frame[["longitude", "latitude"]].iloc[1]).all()


@pytest.mark.parametrize(
    "cells", [[113, 75, 0, 24, 48, 3], [113, 35, 60, 24, 48, 3], ["", 35, 12.5, 24, 48, 3]]
)
def test_impossible_parts_are_faults(cells, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [["站址名称", *SIX], ["甲", *HERE], ["乙", *cells]]))
    assert said(found, "rejected") == [("not_coordinate", 3)]


def test_south_and_west_of_anfr(tmp_path):
    parts = [f"COR_{form}_{axis}" for axis in ("LAT", "LON") for form in ("NB_DG", "NB_MN", "NB_SC")]
    head = ["name", *parts, "COR_CD_NS_LAT", "COR_CD_EW_LON"]
    lines = [head, ["a", 20, 53, 10, 55, 30, 5, "S", "E"], ["b", 48, 1, 2, 0, 2, 3, "N", "W"]]
    assert split(text(tmp_path / "a.csv", csv(lines, ";"))) == [
        (55.501389, -20.886111),
        (-0.034167, 48.017222),
    ]


def test_decimal_degrees_hold_where_the_parts_are_empty(tmp_path):
    lines = [[*HEAD, *SIX], ["甲", 113.586806, 24.800833, *HERE], ["乙", 113.2, 24.2]]
    assert split(sheet(tmp_path / "a.xlsx", lines)) == [*SPOT, (113.2, 24.2)]


PAIRS = [
    "E113.586806,N24.800833",
    "N24.800833,E113.586806",
    "北纬24.800833，东经113.586806",
    "东经113.586806北纬24.800833",
    "E113.586806N24.800833",
    "113.586806E24.800833N",
    "经度：113.586806 纬度：24.800833",
    "(113.586806, 24.800833)",
    "113.586806\n24.800833",
    "113.586806、24.800833",
    "24.800833/113.586806",
]


@pytest.mark.parametrize("pair", PAIRS)
def test_both_coordinates_in_one_cell(pair, tmp_path):
    assert split(sheet(tmp_path / "a.xlsx", [["站址名称", "经纬度"], ["甲", pair]])) == SPOT


@pytest.mark.parametrize("blank", ["", "暂无", "见附图"])
def test_a_column_of_pairs_may_be_half_empty(blank, tmp_path):
    lines = [
        ["序号", "站址名称", "经纬度"],
        [1, "甲", "113.586806,24.800833"],
        [2, "乙", blank],
        [3, "丙", blank],
    ]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert places(found)[:1] == SPOT


@pytest.mark.parametrize("header", ["站址经纬度", "物业坐标", "经纬度（WGS84）", "坐标（经度,纬度）"])
def test_a_column_of_pairs_under_a_longer_header(header, tmp_path):
    assert split(sheet(tmp_path / "a.xlsx", [["站址名称", header], ["甲", "113.586806,24.800833"]])) == SPOT


def test_a_header_of_both_coordinates_is_not_the_latitude():
    assert match_headers(["站址名称", "经纬度"], specs("poles"), {}).taken == {"pole_name": "站址名称"}


GRIDS = {
    "EPSG:4547": (459_554.6, 2_743_959.1),
    "EPSG:4526": (38_459_554.6, 2_743_959.1),
    "EPSG:4497": (19_762_952.4, 2_746_403.6),
}
"""113.6 E 24.8 N in CGCS2000: 3-degree zone without and with its number, 6-degree zone with it."""


@pytest.mark.parametrize("turned", [False, True], ids=["east first", "north first"])
@pytest.mark.parametrize("crs", GRIDS)
def test_a_grid_is_found_with_either_coordinate_first(crs, turned):
    first, second = GRIDS[crs][::-1] if turned else GRIDS[crs]
    assert grid_of(np.full(5, first), np.full(5, second), "EPSG:4547", BOX) == [(crs, turned)]


@pytest.mark.parametrize("shift", [0, 38_000_000], ids=["plain", "zone number"])
@pytest.mark.parametrize("turned", [False, True], ids=["east first", "north first"])
def test_stations_in_metres_land_where_they_stand(two_counties, shift, turned):
    """X is the northing in a Chinese list: the plan must not care."""
    path = two_counties / "stations.csv"
    table = pd.read_csv(path, encoding="gb18030", dtype=str).drop(columns=["经度", "纬度"])
    metres = [(440_000.0 + row[6] + shift, 2_740_000.0 + row[7]) for row in STATIONS]
    table["X坐标"], table["Y坐标"] = zip(*[pair[::-1] if turned else pair for pair in metres], strict=True)
    table.to_csv(path, index=False, encoding="gb18030")
    stations = (
        pipeline.load(two_counties, load_config(two_counties)).stations.set_index("station_id").geometry
    )
    expected = {row[0]: (440_000.0 + row[6], 2_740_000.0 + row[7]) for row in STATIONS}
    for name, geometry in stations.items():
        assert (geometry.x, geometry.y) == pytest.approx(expected[name], abs=0.1)


def test_headers_may_be_typed_with_wide_blanks():
    found = match_headers(["站址名称", "经　度", "纬　度"], specs("poles"), {}).taken
    assert found == {"pole_name": "站址名称", "longitude": "经　度", "latitude": "纬　度"}


def test_planned_and_true_coordinates_are_a_question_that_the_project_file_answers(tmp_path):
    head = ["站址名称", "规划经度", "规划纬度", "实际经度", "实际纬度"]
    path = sheet(tmp_path / "a.xlsx", [head, ["甲", 113.1, 25.1, 113.2, 25.2]])
    with pytest.raises(InputFaults) as caught:
        checked(path)
    assert [fault.values["found"] for fault in caught.value.faults] == [
        "规划经度、实际经度",
        "规划纬度、实际纬度",
    ]
    assert [fault.severity for fault in caught.value.faults] == ["fatal", "fatal"]
    assert places(checked(path, columns={"longitude": "实际经度", "latitude": "实际纬度"})) == [(113.2, 25.2)]


# --- what a list loses without a word ------------------------------------------------------------------


def lines_of(table):
    """Rows that were named, with their level."""
    return sorted((fault.row, fault.severity) for fault in table.faults if fault.row)


def is_named(table, row):
    """Whether a row is told of as wrong, not only as left out."""
    return any(fault.row == row and fault.severity in ("rejected", "warning") for fault in table.faults)


def taken_of(path, table, column, **given):
    """Values of a column, and whether anything was asked or refused about the file."""
    try:
        found = checked(path, table, **given)
    except InputFaults as error:
        return [], [fault.problem for fault in error.faults]
    values = found.frame[column].tolist() if column in found.frame else []
    return values, [fault.problem for fault in found.faults if fault.severity != "note"]


RARE = ["㙟仔塘站", "𠮷祥站", "坪石€站", "䶮村站"]
"""Signs that GBK lacks and GB18030 has, some with four bytes; place names of Guangdong have such hanzi."""


@pytest.mark.parametrize("name", RARE)
def test_rare_hanzi_of_gb18030_are_kept(name, tmp_path):
    path = text(tmp_path / "a.csv", csv([HEAD, (name, 113.1, 25.1), *ROWS]), "gb18030")
    assert names(checked(path)) == [name, *[row[0] for row in ROWS]]


UNICODE = {
    "little end with mark": (b"\xff\xfe", "utf-16-le"),
    "big end with mark": (b"\xfe\xff", "utf-16-be"),
    "little end without": (b"", "utf-16-le"),
    "big end without": (b"", "utf-16-be"),
}


@pytest.mark.parametrize("suffix", ["txt", "xls"])
@pytest.mark.parametrize("kind", UNICODE)
def test_unicode_text_of_a_spreadsheet_is_read_with_and_without_its_mark(kind, suffix, tmp_path):
    mark, encoding = UNICODE[kind]
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(mark + csv([HEAD, *ROWS], "\t").encode(encoding))
    found = checked(path)
    assert (found.frame.get("pole_name", pd.Series()).tolist(), found.faults) == ([r[0] for r in ROWS], ())


def test_broken_bytes_of_several_rows_are_named_row_by_row(tmp_path):
    lines = [f"好的名字很多很多{n}".encode("gb18030") for n in range(12)]
    lines[3], lines[7] = lines[3] + b"\xff", b"\xff" + lines[7]
    path = tmp_path / "a.csv"
    body = b"".join(line + b",113.1,25.1\r\n" for line in lines)
    path.write_bytes(csv([HEAD]).encode("gb18030") + body)
    found = checked(path)
    assert len(found.frame) == 12
    assert said(found, "warning") == [("broken_text", 5), ("broken_text", 9)]


TEXTS = {
    "old Mac lines": csv([HEAD, *ROWS]).replace("\r\n", "\r"),
    "told delimiter": "sep=;\r\n" + csv([HEAD, *ROWS], ";"),
    "delimiter at the end": csv([[*row, ""] for row in [HEAD, *ROWS]]),
    "end mark of DOS": csv([HEAD, *ROWS]) + "\x1a",
    "every cell quoted": csv([[f'"{cell}"' for cell in row] for row in [HEAD, *ROWS]]),
    "blank lines": csv([[], HEAD, [], ROWS[0], [], ROWS[1], [], []]),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_files_of_odd_programs_say_the_same(kind, tmp_path):
    found = checked(text(tmp_path / "A.CSV", TEXTS[kind], "gb18030"))
    assert names(found) == [row[0] for row in ROWS]
    assert places(found) == [(113.05, 25.29), (113.16, 25.18)]
    assert said(found, "rejected") == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_a_mapinfo_table_and_capital_suffixes(tmp_path):
    frame().rename(columns={"站址名称": "name"}).to_file(
        tmp_path / "a.tab", driver="MapInfo File", encoding="CP936"
    )
    assert names(checked(tmp_path / "a.tab")) == [row[0] for row in ROWS]
    shapefile(tmp_path / "b.shp", "gbk")
    for part in list(tmp_path.glob("b.*")):
        part.rename(tmp_path / part.name.upper())
    assert names(checked(tmp_path / "B.SHP")) == [row[0] for row in ROWS]


@pytest.mark.parametrize("name", ["a.geojson", "a.kml"])
def test_vector_text_that_its_format_forbids_is_refused_and_never_garbled(name, tmp_path):
    start = '<?xml version="1.0" encoding="GB2312"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    kml = f"{start}{kml_of(ROWS)}</Document></kml>"
    content = kml if name.endswith("kml") else frame().to_json(ensure_ascii=False)
    with pytest.raises(InputFaults) as caught:
        checked(text(tmp_path / name, content, "gb18030"))
    assert [fault.problem for fault in caught.value.faults] == ["unreadable"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_geodatabase_of_two_layers_is_a_question(tmp_path):
    path = tmp_path / "a.gdb"
    frame().to_file(path, driver="OpenFileGDB", layer="站址")
    frame().head(1).to_file(path, driver="OpenFileGDB", layer="旧站址")
    with pytest.raises(InputFaults) as caught:
        checked(path)
    assert [fault.problem for fault in caught.value.faults] == ["several_layers"]
    assert names(checked(path, layer="站址")) == [row[0] for row in ROWS]


def test_a_chart_and_an_empty_sheet_do_not_hurt(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page, chart = book.add_worksheet("表"), book.add_chart({"type": "column"})
        for i, line in enumerate([HEAD, *ROWS]):
            page.write_row(i, 0, line)
        chart.add_series({"values": "=表!$B$2:$B$3"})
        book.add_chartsheet("图").set_chart(chart)
        book.add_worksheet("空")
    assert names(checked(tmp_path / "a.xlsx")) == [row[0] for row in ROWS]


def test_a_table_may_begin_in_the_middle_of_its_sheet(tmp_path):
    lines = [[], [], *[["", *row[1:]] for row in TWO_LINES]]
    found = checked(sheet(tmp_path / "a.xlsx", lines, ["B3:B4", "C3:D3", "E3:E4"]))
    assert (names(found), places(found), found.rows.tolist()) == (["坪石镇站"], [(113.05, 25.29)], [5])


# --- lines: what is a record, and what is none ---------------------------------------------------------

SHARED = [
    (
        ["县区", "乡镇", "物业名称", "物业所属单位"],
        [["乐昌市", "坪石镇", "甲楼", "镇政府"], ["", "", "乙楼", ""], ["", "", "丙楼", ""]],
        ["A2:A4", "B2:B4", "D2:D4"],
        "property_name",
        ["甲楼", "乙楼", "丙楼"],
    ),
    (
        ["县区", "基站地址", "物业所属单位"],
        [["清新区", "太和镇1号", "镇政府"], ["", "太和镇2号", ""]],
        ["A2:A3", "C2:C3"],
        "address",
        ["太和镇1号", "太和镇2号"],
    ),
]


@pytest.mark.parametrize(
    ("head", "body", "merges", "column", "kept"), SHARED, ids=["county and town", "owner"]
)
def test_a_row_of_merged_cells_with_one_cell_of_its_own_is_a_record(
    head, body, merges, column, kept, tmp_path
):
    found = checked(sheet(tmp_path / "a.xlsx", [head, *body], merges), "properties")
    assert found.frame[column].tolist() == kept
    assert len(set(found.frame["owner"])) == 1
    assert lines_of(found) == []


@pytest.mark.parametrize("units", [["", "度", "度", "米"], ["", "(°)", "(°)", "(m)"], ["—", "°", "°", "m"]])
def test_a_line_of_units_under_the_header_is_no_place(units, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [[*HEAD, "挂高"], units, ["甲", 113.1, 25.1, 35]]))
    assert (names(found), places(found)) == (["甲"], [(113.1, 25.1)])
    assert said(found, "rejected") == []


def test_a_header_in_two_languages(tmp_path):
    lines = [HEAD, ["name", "longitude", "latitude"], *ROWS]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert (names(found), said(found, "note")) == ([row[0] for row in ROWS], [("line_header", 2)])


@pytest.mark.parametrize("word", ["合计(个)", "合计（处）", "总和", "累计", "共计：", "全市合计"])
def test_more_words_for_a_total(word, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, [word, "", "", 2]]))
    assert (names(found), said(found, "note")) == (["甲", "乙"], [("line_total", 4)])


@pytest.mark.parametrize("word", ["平均值", "平均", "最大值"])
def test_a_mean_of_coordinates_is_no_place(word, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, [word, "", 113.15, 25.15]]))
    assert names(found) == ["甲", "乙"]
    assert [row for row, _ in lines_of(found)] == [4]


def test_sums_of_coordinates_are_never_places(tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, ["合计", "", 226.3, 50.3]]))
    assert names(found) == ["甲", "乙"]
    assert [row for row, _ in lines_of(found)] == [4]


@pytest.mark.parametrize(
    "line", [["制表人", "张三"], ["打印时间", "2023-06-30"], ["第1页", "共3页"], ["注", "坐标为WGS84"]]
)
def test_a_remark_in_two_cells_is_no_place(line, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, line]))
    assert (names(found), lines_of(found)) == (["甲", "乙"], [(4, "note")])


def test_a_list_printed_in_two_halves_side_by_side_does_not_lose_the_right_one(tmp_path):
    lines = [[*SERIAL, *SERIAL], [*TWO[0], 3, "丙", 113.3, 25.3], [*TWO[1], 4, "丁", 113.4, 25.4]]
    values, problems = taken_of(sheet(tmp_path / "a.xlsx", lines), "poles", "pole_name")
    assert sorted(values) == sorted("甲乙丙丁") or problems


# --- headers: what they say about a column -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("top", ["经纬度", "经纬度坐标", "站点经纬度"])
def test_longitude_and_latitude_under_one_heading_of_both(top, kind, tmp_path):
    lines = [["站址名称", top, "", "挂高"], ["", "经度", "纬度", ""], ["甲", 113.1, 25.1, 35]]
    path = tmp_path / f"a.{kind}"
    found = checked(
        sheet(path, lines, ["A1:A2", "B1:C1", "D1:D2"]) if kind == "xlsx" else text(path, csv(lines))
    )
    assert (found.frame.get("pole_name", pd.Series()).tolist(), places(found)) == (["甲"], [(113.1, 25.1)])
    assert found.frame.get("antenna_height_m", pd.Series()).tolist() == [35.0]


@pytest.mark.parametrize(
    ("table", "header", "column"),
    [
        ("villages", "人口密度", "population"),
        ("poles", "经度误差", "longitude"),
        ("poles", "IP地址", "address"),
        ("stations", "是否共享网络", "network"),
        ("stations", "频段带宽", "band"),
    ],
)
def test_a_longer_word_of_another_meaning_is_not_the_column(table, header, column):
    assert match_headers([header], specs(table), {}).taken.get(column) != header


@pytest.mark.parametrize(
    ("header", "column"),
    [("常住人口数", "population"), ("户籍人口(人)", "population"), ("中心经度", "longitude")],
)
def test_a_longer_word_of_the_same_meaning_is_the_column(header, column):
    assert match_headers([header], specs("villages"), {}).taken.get(column) == header


@pytest.mark.parametrize(
    ("table", "header", "column", "value", "whole"),
    [
        ("poles", "引电距离(公里)", "power_distance_m", 1.5, 1_500.0),
        ("poles", "光缆距离（km）", "backhaul_distance_m", 0.8, 800.0),
        ("orders", "搜索半径(千米)", "search_radius_m", 0.3, 300.0),
        ("poles", "挂高(英尺)", "antenna_height_m", 100, 30.48),
        ("villages", "常住人口（万人）", "population", 1.2, 12_000.0),
    ],
)
def test_a_unit_in_a_header_is_obeyed_or_asked_about(table, header, column, value, whole, tmp_path):
    path = sheet(tmp_path / "a.xlsx", [["名称", "经度", "纬度", header], ["甲", 113.1, 25.1, value]])
    values, problems = taken_of(path, table, column)
    assert values == pytest.approx([whole]) or problems


@pytest.mark.parametrize("typed", ["1.5公里", "1.5km", "1.5 KM", "１.５公里"])
def test_a_unit_in_a_cell_is_obeyed_or_refused(typed, tmp_path):
    path = sheet(
        tmp_path / "a.xlsx", [[*HEAD, "引电距离"], ["甲", 113.1, 25.1, typed], ["乙", 113.2, 25.2, "800米"]]
    )
    values, problems = taken_of(path, "poles", "power_distance_m")
    assert values == [1_500.0, 800.0] or (values == [800.0] and problems)


def test_confidences_fall_in_steps_and_bound_what_is_taken():
    sure = [
        match_headers([header], specs("poles"), {}).confidence["longitude"]
        for header in ["经度", "经度(WGS84)", "经度2", "jingdu", "RRU经度", "经度坐标值"]
    ]
    assert all(high > low for high, low in pairwise(sure))
    assert (sure[0], sure[3], sure[4], sure[5]) == (1.0, 0.85, 0.75, 0.7)


@pytest.mark.parametrize(
    "datums",
    ["经度_WGS84 纬度_WGS84 经度_GCJ02 纬度_GCJ02", "经度(WGS84) 纬度(WGS84) 经度(GCJ02) 纬度(GCJ02)"],
)
def test_coordinates_of_two_datums_are_a_question_never_a_guess(datums, tmp_path):
    path = sheet(tmp_path / "a.xlsx", [["站址名称", *datums.split()], ["甲", 113.1, 25.1, 113.105, 25.097]])
    with pytest.raises(InputFaults) as caught:
        checked(path)
    east, north = datums.split()[::2], datums.split()[1::2]
    assert [fault.values["found"] for fault in caught.value.faults] == ["、".join(east), "、".join(north)]


def test_two_headers_for_the_id_are_a_question_with_both_names(tmp_path):
    path = sheet(tmp_path / "a.xlsx", [["旧站址编码", "新站址编码", *HEAD], ["A", "B", *ROWS[0]]])
    with pytest.raises(InputFaults) as caught:
        checked(path)
    assert [(f.severity, f.values["found"]) for f in caught.value.faults] == [
        ("fatal", "旧站址编码、新站址编码")
    ]
    assert checked(path, columns={"pole_id": "新站址编码"}).frame["pole_id"].tolist() == ["B"]


# --- cells and coordinates that may mean two things ----------------------------------------------------


@pytest.mark.parametrize("typed", ["440203101001.0", "000123.0"])
def test_an_id_that_went_through_a_number_is_mended_or_said(typed, tmp_path):
    found = checked(text(tmp_path / "a.csv", csv([["站址编码", *HEAD], [typed, *ROWS[0]]])))
    assert found.frame["pole_id"].tolist() == [typed.removesuffix(".0")] or is_named(found, 2)


@pytest.mark.parametrize("typed", ["2023年6月30日 12:30", "2023年6月30号", "202306"])
def test_days_as_chinese_spreadsheets_print_them(typed):
    values, bad = dates_of(pd.Series([typed]))
    assert (str(values[0])[:7], bad[0]) == ("2023-06", False)


@pytest.mark.parametrize("typed", ["11°04′O", "O 10°57'", "11.07O", "24.8O", "113.58O"])
def test_an_o_is_east_in_german_west_in_french_and_a_nought_in_haste(typed):
    """Ost, ouest, oeste, or 24.80: three readings make a fault."""
    assert degrees_of(pd.Series([typed]))[1].tolist() == [True]


@pytest.mark.parametrize(
    ("side", "sign"), [("E", 1), ("W", -1), ("东", 1), ("西经", -1), ("Ouest", -1), ("Ost", 1)]
)
def test_a_side_in_a_column_of_its_own(side, sign, tmp_path):
    head = [f"{axis}_{part}" for axis in ("lon", "lat") for part in ("deg", "min", "sec", "dir")]
    path = text(tmp_path / "a.csv", csv([["name", *head], ["a", 10, 57, 30, side, 46, 58, 0, "N"]], ";"))
    found = checked(path)
    east = found.frame["longitude"].tolist()
    assert east == pytest.approx([sign * (10 + 57.5 / 60)]) or (not east and is_named(found, 2))


@pytest.mark.parametrize(("east", "north"), [("25.2N", "24.2N"), ("113.1E", "113.1E"), ("北纬25.2", "25.1")])
def test_a_letter_of_the_other_axis_is_a_fault(east, north, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [HEAD, *ROWS, ["乙", east, north]]))
    assert names(found) == [row[0] for row in ROWS]
    assert is_named(found, 4)


@pytest.mark.parametrize(
    "headers",
    [
        "东经度 分 秒 北纬度 分 秒",
        "经度(度) 分 秒 纬度(度) 分 秒",
        "经度 分 秒 纬度 分 秒",
        "东经 ′ ″ 北纬 ′ ″",
    ],
)
def test_minutes_named_by_their_neighbour_are_never_dropped(headers, tmp_path):
    """Whole degrees alone would move the mast by up to 100 km."""
    path = sheet(tmp_path / "a.xlsx", [["站址名称", *headers.split()], ["甲", *HERE]])
    values, problems = taken_of(path, "poles", "longitude")
    assert values == pytest.approx([SPOT[0][0]], abs=2e-6) or problems


def test_decimal_degrees_under_a_header_that_names_the_unit(tmp_path):
    path = sheet(tmp_path / "a.xlsx", [["站址名称", "经度(度)", "纬度（度）"], ["甲", 113.1, 25.1]])
    assert split(path) == [(113.1, 25.1)]


def test_seconds_without_minutes_are_a_fault(tmp_path):
    lines = [["站址名称", *SIX], ["甲", *HERE], ["乙", 113, "", 12.5, 24, 48, 3]]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert (names(found), said(found, "rejected")) == (["甲"], [("not_coordinate", 3)])


UNREADABLE_PAIRS = [
    "113.586806",
    "113.586806,",
    "113.586806,24.800833,120",
    "113,586806;24,800833",
    "POINT Z (113.586806 24.800833 0)",
    "113.58.1",
]


@pytest.mark.parametrize("pair", UNREADABLE_PAIRS)
def test_a_pair_is_read_or_named_but_never_blanked(pair, tmp_path):
    lines = [["站址名称", "经纬度"], ["甲", pair], ["乙", "113.2,25.2"]]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert places(found)[0] == SPOT[0] or is_named(found, 2)
    assert places(found)[-1] == (113.2, 25.2)


def test_columns_of_their_own_hold_where_the_pair_is_empty(tmp_path):
    lines = [[*HEAD, "经纬度"], ["甲", 113.1, 25.1, "113.1,25.1"], ["乙", 113.2, 25.2, ""]]
    assert split(sheet(tmp_path / "a.xlsx", lines)) == [(113.1, 25.1), (113.2, 25.2)]


def test_a_pair_that_contradicts_the_columns_is_said(tmp_path):
    lines = [[*HEAD, "经纬度"], ["甲", 113.1, 25.1, "113.1,25.1"], ["乙", 113.2, 25.2, "114.2,24.2"]]
    _, problems = taken_of(sheet(tmp_path / "a.xlsx", lines), "poles", "longitude")
    assert problems
