"""Lists of sites as files: small writers for each format, and short words for what was read from them."""

import geopandas as gpd
import xlsxwriter
from shapely.geometry import Point

from siteplan.core.errors import InputFaults
from siteplan.inputs.files.raw_table import Wanted
from siteplan.inputs.files.readers import read_table
from siteplan.inputs.tables.check import check_table
from siteplan.project.input_files import Input

ROWS = [("坪石镇站", 113.05, 25.29), ("梅花镇站", 113.16, 25.18)]

HEAD = ["站址名称", "经度", "纬度"]


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


def shapefile(path, encoding, told=None):
    frame().to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if told:
        path.with_suffix(".cpg").write_text(told)
    return path


def kml_of(names):
    marks = "".join(
        f"<Placemark><name>{name}</name><Point><coordinates>{x},{y},0</coordinates></Point></Placemark>"
        for name, x, y in names
    )
    return f"<Folder><name>{names[0][0]}夹</name>{marks}</Folder>"


TWO_LINES = [
    ["序号", "站址名称", "坐标", "", "挂高"],
    ["", "", "经度", "纬度", ""],
    [1, "坪石镇站", 113.05, 25.29, 35],
]

SERIAL = ["序号", *HEAD]


def said(table, severity):
    return [(fault.problem, fault.row) for fault in table.faults if fault.severity == severity]


def names(table):
    return table.frame["pole_name"].tolist()


def places(table):
    return list(zip(table.frame["longitude"].round(6), table.frame["latitude"].round(6), strict=True))


TWO = [[1, "甲", 113.1, 25.1], [2, "乙", 113.2, 25.2]]


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
