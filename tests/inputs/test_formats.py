"""Every format a list comes in says the same: workbooks, text, web pages, vector files."""

import zipfile

import pytest
import xlsxwriter
from worlds.lists import (
    HEAD,
    ROWS,
    TWO_LINES,
    checked,
    csv,
    frame,
    kml_of,
    names,
    places,
    said,
    shapefile,
    sheet,
    text,
)

from siteplan.core.errors import InputFaults


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


def zipped(path):
    frame().to_file(path.parent / "inner.shp", encoding="gb18030")
    with zipfile.ZipFile(path, "w") as archive:
        for part in path.parent.glob("inner.*"):
            archive.write(part, part.name)
    return path


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
