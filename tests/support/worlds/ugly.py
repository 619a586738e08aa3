"""Files no list of places should look like: each a small generator that writes one into a project."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile

import numpy as np
import pandas as pd
import rasterio
import xlsxwriter
from rasterio.transform import from_origin

HEAD = "物业编号,物业名称,经度,纬度"
GOOD = f"{HEAD}\nP1,甲楼,113.45,24.85\nP2,乙楼,113.46,24.86\n"
SUFFIXES = (
    "xlsx",
    "xls",
    "ods",
    "csv",
    "txt",
    "tsv",
    "gpkg",
    "shp",
    "kml",
    "kmz",
    "geojson",
    "json",
    "fgb",
    "tab",
    "mif",
    "zip",
)


def _noise(size: int = 3000) -> bytes:
    return random.Random(1).randbytes(size)


def workbook(rows, sheets=("数据",)) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        for name in sheets:
            page = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    page.write(i, j, cell)
    return buffer.getvalue()


def good_rows():
    return [line.split(",") for line in GOOD.splitlines()]


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _bomb() -> bytes:
    """A sheet of more than a gigabyte of zeros; quick to pack."""
    buffer = io.BytesIO()
    packed = zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with packed as archive, archive.open("xl/worksheets/sheet1.xml", "w") as file:
        for _ in range(1025):
            file.write(bytes(1 << 20))
    return buffer.getvalue()


def _sheet_xml(cells: str, dimension: str = "A1:B2") -> bytes:
    return (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="{dimension}"/><sheetData>{cells}</sheetData></worksheet>'
    ).encode()


def _hand_xlsx(sheet: bytes | None) -> bytes:
    """A workbook by hand, so that its sheet can say what no program would write."""
    good = zipfile.ZipFile(io.BytesIO(workbook(good_rows())))
    entries = {name: good.read(name) for name in good.namelist()}
    if sheet is None:
        entries.pop("xl/worksheets/sheet1.xml")
    else:
        entries["xl/worksheets/sheet1.xml"] = sheet
    return _zip(entries)


def _kml(body: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'.encode()


def _placemark(name: str = "甲", point: str = "113.45,24.85") -> str:
    return f"<Placemark><name>{name}</name><Point><coordinates>{point}</coordinates></Point></Placemark>"


def _laughs() -> bytes:
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
    )
    return _kml(_placemark("&j;"), f"<!DOCTYPE kml [{entities}]>")


def _feature(geometry: object, name: object = "甲") -> dict[str, object]:
    return {"type": "Feature", "properties": {"物业名称": name}, "geometry": geometry}


def _geojson(*features: dict[str, object]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def _point(x: object = 113.45, y: object = 24.85) -> dict[str, object]:
    return {"type": "Point", "coordinates": [x, y]}


def _ods(repeat_columns: int, repeat_rows: int, value: str) -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    cell = f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeat_columns}"><text:p>{value}</text:p></table:table-cell>'
    body = f'<table:table table:name="s"><table:table-row table:number-rows-repeated="{repeat_rows}">{cell}</table:table-row></table:table>'
    content = f'<office:document-content xmlns:office="{space}office:1.0" xmlns:table="{space}table:1.0" xmlns:text="{space}text:1.0"><office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>'
    return _zip(
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()}
    )


def _pointer(source: str) -> bytes:
    layer = (
        f'<OGRVRTLayer name="other"><SrcDataSource relativeToVRT="1">{source}</SrcDataSource></OGRVRTLayer>'
    )
    return f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>".encode()


def _dbf(records: int) -> bytes:
    head = struct.pack("<BBBBIHH20x", 3, 23, 6, 30, records, 65, 11)
    return (
        head
        + b"NAME".ljust(11, b"\0")
        + b"C"
        + bytes(4)
        + bytes([10, 0])
        + bytes(14)
        + b"\r"
        + b" "
        + b"x" * 10
    )


def _cell(value: object, column: int = 1) -> bytes:
    rows = good_rows()
    rows[1][column] = str(value)
    buffer = io.StringIO()
    pd.DataFrame(rows[1:], columns=rows[0]).to_csv(buffer, index=False)
    return buffer.getvalue().encode("utf-8", errors="surrogatepass")


NAMES = {
    "long": "长" * 10_000,
    "script": "</script><img src=x onerror=alert(1)>",
    "svg": '"><svg/onload=alert(1)>',
    "rtl": "甲\u202e乙",
    "emoji": "楼🏢",
    "formula": "=cmd|' /C calc'!A0",
    "at": "@SUM(1+1)",
    "plus": "+1",
    "tab": "甲\t乙",
    "braces": "{value} {0} {",
    "percent": "%s %d %n",
    "quote": 'a"b',
    "newline": "甲\n乙",
    "path": "../../etc/passwd",
    "null": "NULL",
    "zero_width": "\u200b",
    "sql": "'); DROP TABLE x;--",
    "control": "a\x07b\x1bc",
    "bom": "\ufeff甲",
    "surrogate": "\ud800",
}
COORDINATES = (
    "NaN",
    "inf",
    "-inf",
    "1e308",
    "-1e308",
    "1e-320",
    "9" * 400,
    "113.45.1",
    "０",
    "--",
    "113°",
    "°",
    "E",
    "113,45,12",
    "0x71",
)

FILES: dict[str, tuple[str, bytes]] = {
    **{f"empty.{s}": (f"a.{s}", b"") for s in SUFFIXES},
    **{f"noise.{s}": (f"a.{s}", _noise()) for s in SUFFIXES},
    **{f"one_byte.{s}": (f"a.{s}", b"x") for s in ("xlsx", "csv", "gpkg", "kml", "zip")},
    **{f"name.{key}": ("a.csv", _cell(value)) for key, value in NAMES.items()},
    **{f"id.{key}": ("a.csv", _cell(value, 0)) for key, value in NAMES.items()},
    **{f"longitude.{value[:9]}": ("a.csv", _cell(value, 2)) for value in COORDINATES},
    "bom_only": ("a.csv", b"\xef\xbb\xbf"),
    "newlines": ("a.csv", b"\r\n" * 5000),
    "nul_bytes": ("a.csv", GOOD.encode().replace(b"P1", b"P\0\0")),
    "utf16_without_bom": ("a.csv", GOOD.encode("utf-16-le")),
    "old_mac_lines": ("a.csv", GOOD.replace("\n", "\r").encode()),
    "delimiters": ("a.csv", b",,,,,\n" * 50),
    "mixed_delimiters": ("a.csv", f"{HEAD}\nP1;甲\t113.45,24.85\n".encode()),
    "header_only": ("a.csv", HEAD.encode()),
    "no_header": ("a.csv", "P1,甲楼,113.45,24.85\nP2,乙楼,113.46,24.86\n".encode()),
    "header_again_and_again": ("a.csv", (f"{HEAD}\n" * 1000 + "P1,甲楼,113.45,24.85\n").encode()),
    "same_header_50_times": ("a.csv", ("经度," * 50 + "\n" + "113.45," * 50 + "\n").encode()),
    "totals_only": ("a.csv", (f"{HEAD}\n" + "合计,,,\n" * 20).encode()),
    "forty_titles": ("a.csv", ("某某清单\n" * 40 + GOOD).encode()),
    "open_quote": ("a.csv", (GOOD + '"P3,丙楼,113.4,24.8\n' + "P4,丁,113.4,24.8\n" * 30).encode()),
    "cell_of_10_mb": ("a.csv", f"{HEAD}\nP1,{'x' * 10_000_000},113.45,24.85\n".encode()),
    "million_columns": ("a.csv", b"a," * 1_000_000 + b"\n" + b"1," * 1_000_000),
    "million_short_lines": ("a.csv", b"a\n" * 1_000_000),
    "ragged": ("a.csv", f"{HEAD}\nP1\nP2,乙,113.4,24.8,多,余,的\n,,,\n".encode()),
    "quotes_only": ("a.csv", b'"' * 999),
    "text_called_xlsx": ("a.xlsx", GOOD.encode()),
    "xlsx_called_csv": ("a.csv", workbook(good_rows())),
    "truncated_xlsx": ("a.xlsx", workbook(good_rows())[:2000]),
    "no_sheet_in_xlsx": ("a.xlsx", _hand_xlsx(None)),
    "far_cell": (
        "a.xlsx",
        _hand_xlsx(
            _sheet_xml(
                '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
            )
        ),
    ),
    "lying_dimension": (
        "a.xlsx",
        _hand_xlsx(_sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>', "A1:XFD1048576")),
    ),
    "broken_sheet_xml": ("a.xlsx", _hand_xlsx(b"<worksheet><sheetData><row>")),
    "entities_in_sheet": (
        "a.xlsx",
        _hand_xlsx(
            b'<!DOCTYPE x [<!ENTITY a "ha">]>'
            + _sheet_xml('<row r="1"><c r="A1" t="str"><v>&a;</v></c></row>')
        ),
    ),
    "zip_bomb_xlsx": ("a.xlsx", _bomb()),
    "formulas": ("a.xlsx", workbook([*good_rows(), ["=1+1", "=HYPERLINK(1)", 113.45, 24.85]])),
    "odd_sheet_names": ("a.xlsx", workbook(good_rows(), ["it's", "a.b", "甲!乙"])),
    "locked_ole": ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)),
    "ods_of_repeats": ("a.ods", _ods(16_384, 1_048_576, "x")),
    "ods_without_manifest": ("a.ods", _ods(1, 1, "x")),
    "many_entries": ("a.zip", _zip({f"{n}.txt": b"" for n in range(30_000)})),
    "zip_of_text": ("a.zip", _zip({"readme.txt": b"hello"})),
    "billion_laughs": ("a.kml", _laughs()),
    "external_entity": (
        "a.kml",
        _kml(_placemark("&x;"), '<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    ),
    "external_entity_kmz": (
        "a.kmz",
        _zip({"doc.kml": _kml(_placemark("&x;"), '<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/passwd">]>')}),
    ),
    "path_in_kmz": ("a.kmz", _zip({"../../evil.kml": _kml(_placemark())})),
    "absolute_path_in_kmz": ("a.kmz", _zip({"/evil.kml": _kml(_placemark())})),
    "kml_without_places": ("a.kml", _kml("")),
    "kml_of_nonsense": ("a.kml", _kml(_placemark(point="abc,def"))),
    "kml_far_away": ("a.kml", _kml(_placemark(point="999,999"))),
    "kml_not_closed": ("a.kml", _kml(_placemark())[:-20]),
    "html_without_table": ("a.xls", b"<html><body>login please</body></html>"),
    "html_table_in_table": (
        "a.xls",
        f"<table><tr><td>{HEAD.replace(',', '</td><td>')}</td></tr><tr><td><table><tr><td>x</td></tr></table></td></tr></table>".encode(),
    ),
    "html_huge_span": ("a.xls", b'<table><tr><td colspan="999999999">x</td></tr></table>'),
    "dbf_of_a_billion": ("a.dbf", _dbf(1_000_000_000)),
    "shp_alone": ("a.shp", b"\x00\x00\x27\x0a" + bytes(96)),
    "geojson_deep": ("a.geojson", b"[" * 100_000),
    "geojson_null_geometry": ("a.geojson", _geojson(_feature(None), _feature(_point()))),
    "geojson_empty_point": ("a.geojson", _geojson(_feature({"type": "Point", "coordinates": []}))),
    "geojson_huge_numbers": ("a.geojson", _geojson(_feature(_point(1e308, -1e308)), _feature(_point()))),
    "geojson_nan": ("a.geojson", _geojson(_feature(_point(float("nan"), 24.8)), _feature(_point()))),
    "geojson_collection": (
        "a.geojson",
        _geojson(_feature({"type": "GeometryCollection", "geometries": [_point()]})),
    ),
    "geojson_mixed": (
        "a.geojson",
        _geojson(
            _feature(_point()),
            _feature({"type": "LineString", "coordinates": [[113.4, 24.8], [113.5, 24.9]]}),
        ),
    ),
    "geojson_surrogate": ("a.geojson", _geojson(_feature(_point())).replace(b"\\u7532", b"\\ud800")),
    "geojson_list_property": ("a.geojson", _geojson(_feature(_point(), ["a", {"b": 1}]))),
    "geojson_no_features": ("a.geojson", _geojson()),
    "json_of_something_else": ("a.json", b'{"a": [1, 2, 3]}'),
    "gpkg_is_sqlite_of_another": ("a.gpkg", b"SQLite format 3\0" + bytes(3000)),
    "mif_without_mid": (
        "a.mif",
        b'Version 300\nDelimiter ","\nColumns 1\n  a Char(5)\nData\n\nPoint 113 24\n',
    ),
    "points_to_a_file.gpkg": ("a.gpkg", _pointer("other.csv")),
    "points_to_a_file.json": ("a.json", _pointer("other.csv")),
    "points_to_a_server.kml": (
        "a.kml",
        b"<?xml version='1.0'?>\n<!-- x -->\n" + _pointer("/vsicurl/http://127.0.0.1:9/x"),
    ),
    "column_beyond_the_last": (
        "a.xlsx",
        _hand_xlsx(_sheet_xml('<row r="1"><c r="ZZZZZZ1"><v>1</v></c></row>')),
    ),
    "dates_of_all_times": ("a.csv", f"{HEAD},开通日期\nP1,甲,113.45,24.85,99999-99-99\n".encode()),
}
HOSTILE = (
    "zip_bomb_xlsx",
    "far_cell",
    "lying_dimension",
    "ods_of_repeats",
    "billion_laughs",
    "million_columns",
    "many_entries",
    "dbf_of_a_billion",
    "column_beyond_the_last",
    "points_to_a_file.gpkg",
    "geojson_deep",
    "cell_of_10_mb",
    "million_short_lines",
    "html_huge_span",
    "external_entity",
)
"""Those meant to fill the memory or to read what is not theirs."""


def huge_raster(path) -> None:
    """A raster that declares far more pixels than it holds."""
    profile = {
        "driver": "GTiff",
        "height": 60_000,
        "width": 60_000,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:4547",
        "transform": from_origin(440_000, 2_770_000, 0.5, 0.5),
        "sparse_ok": True,
        "tiled": True,
        "compress": "deflate",
    }
    with rasterio.open(path, "w", **profile):
        pass


def float_cover(path) -> None:
    """Land cover of real numbers, some of them not numbers at all."""
    values = np.full((200, 200), np.nan, np.float32)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=200,
        width=200,
        count=1,
        dtype="float32",
        crs="EPSG:4547",
        transform=from_origin(440_000, 2_760_000, 100, 100),
    ) as file:
        file.write(values, 1)
