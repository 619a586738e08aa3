"""Outputs opened again by readers that are not their writers, and names that would break something somewhere."""

from __future__ import annotations

import csv
import html.parser
import io
import itertools
import math
import sqlite3
import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import pandas as pd

from siteplan.outputs.sheets import plain
from siteplan.project.columns import columns_of
from siteplan.words.catalogue import translate

DETAILS = translate("file_details", "zh")
LIST = translate("file_list", "zh")
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


TABLES_OF_CSV = ("proposed", "not_proposed", "village_results", "rejected")
"""Tables of the registry that are written as CSV."""


def machine_names(headers):
    """Names of columns in code, by the headers people read."""
    for table, lang in itertools.product(TABLES_OF_CSV, ("zh", "en")):
        names = {column.header(lang): column.name for column in columns_of(table)}
        if list(names) == list(headers):
            return list(names.values())
    return list(headers)


def csv_rows(content):
    """Rows of a CSV as dictionaries by the names of columns in code, read with the csv module."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    names = machine_names(next(rows))
    return [dict(zip(names, row, strict=True)) for row in rows]


def csv_table(path, **how):
    """A CSV as pandas reads it, with the names of columns in code."""
    table = pd.read_csv(path, encoding="utf-8-sig")
    names = machine_names(table.columns)
    kinds = how.pop("dtype", None)
    if isinstance(kinds, dict):
        headers = dict(zip(names, table.columns, strict=True))
        kinds = {headers[name]: kind for name, kind in kinds.items()}
    return pd.read_csv(path, encoding="utf-8-sig", dtype=kinds, **how).set_axis(names, axis=1)


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
        assert archive.namelist()[0] == "doc.kml"
        return ET.fromstring(archive.read("doc.kml"))


def pins(root):
    """Placemarks of ranked places, in file order; villages of the background carry no data."""
    return [
        mark
        for mark in root.iterfind(".//k:Placemark", KML)
        if mark.find("k:Point", KML) is not None and mark.find("k:ExtendedData", KML) is not None
    ]


def rings(root):
    return [mark for mark in root.iterfind(".//k:Placemark", KML) if mark.find("k:Polygon", KML) is not None]


def name_of(element):
    return element.findtext("k:name", namespaces=KML)


def lonlats(mark):
    text = mark.findtext(".//k:coordinates", namespaces=KML)
    return np.array([[float(part) for part in each.split(",")] for each in text.split()])


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


def layers_of(path):
    """Feature layers as the GeoPackage's own table of contents lists them."""
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = database.execute(
            "SELECT table_name FROM gpkg_contents WHERE data_type = 'features'"
        ).fetchall()
    database.close()
    return {name for (name,) in rows}


def without_forbidden(value):
    """A value as the plan has it, with what no XML takes dropped."""
    value = plain(value)
    return value.replace("\x07", "") if isinstance(value, str) else value


def holds(found, value):
    """Whether a cell read back holds a plain value."""
    if isinstance(value, (int, float)):
        return found is not None and found != "" and np.isclose(float(found), value, rtol=0, atol=1e-6)
    return ("" if found is None else str(found)) == value
