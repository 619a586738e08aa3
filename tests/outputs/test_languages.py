"""One plan, one language: an English run says nothing in Chinese, a Chinese one uses few Latin words.

What people typed (names of places, files, bands, sites) is never translated; so the English run is of a project
whose data are ASCII, and words of the data are taken out before the Chinese one is searched.
"""

import re
import sqlite3
import zipfile

import openpyxl
import pyogrio
import pytest
from typer.testing import CliRunner
from worlds.ascii_counties import write_ascii_project
from worlds.opened import DETAILS, KML, LIST, opened_kml
from worlds.visit import Visit
from worlds.written_forms import unescaped, unpacked

from siteplan.cli.commands import app

CHINESE = re.compile("[\u2e80-\u2fff\u3001-\u9fff\uf900-\ufaff\uff00-\uffef]+")
"""Characters and the punctuation between them; a space as wide as a character is a space."""


# --- an English run ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    """The ASCII project checked, planned and counted by the commands, with all they printed."""
    folder = write_ascii_project(tmp_path_factory.mktemp("english") / "twin city")
    out = str(folder / "runs" / "city")
    audiences = [part for each in ("internal", "tower", "public") for part in ("--audience", each)]
    commands = (
        ["check", str(folder), "--lang", "en"],
        ["plan", str(folder), "--lang", "en", "--threads", "1", "--out", out, *audiences],
        ["progress", str(folder), "--lang", "en"],
    )
    said = ""
    for command in commands:
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        said += result.output
    return folder, said


def chinese_of(text):
    """What is Chinese in a text, each once."""
    return sorted(set(CHINESE.findall(text)))


def outputs_of(folder):
    """Files the commands wrote for people and programs; ``config.json`` is the project file again."""
    written = [path for name in ("runs", "checks", "progress") for path in (folder / name).rglob("*")]
    internal = {"config.json", "tables.json", "arrays.npz"}
    return [path for path in written if path.is_file() and path.name not in internal]


def text_of_file(path):  # noqa: PLR0911 - one return a kind
    """Everything a file says, by its kind."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        cells = [str(cell.value or "") for sheet in book for row in sheet.iter_rows() for cell in row]
        notes = [
            cell.comment.text for sheet in book for row in sheet.iter_rows() for cell in row if cell.comment
        ]
        lists = [
            str(v.formula1) + str(v.error) + str(v.prompt)
            for sheet in book
            for v in sheet.data_validations.dataValidation
        ]
        feet = [str(sheet.oddFooter.left.text) for sheet in book]
        return "\n".join([*book.sheetnames, *cells, *notes, *lists, *feet, str(book.properties.title)])
    if path.suffix == ".kmz":
        with zipfile.ZipFile(path) as archive:
            return "\n".join(
                [
                    *archive.namelist(),
                    *(archive.read(n).decode() for n in archive.namelist() if n.endswith(".kml")),
                ]
            )
    if path.suffix == ".gpkg":
        with sqlite3.connect(path) as database:
            text = "\n".join(database.iterdump())
        database.close()
        return text
    if path.suffix in {".dbf", ".shp"}:
        return pyogrio.read_dataframe(path).drop(columns="geometry").to_csv()
    if path.suffix == ".html":
        page = path.read_text(encoding="utf-8")
        return page + unescaped(page) + unpacked(page)
    if path.suffix in {".png", ".tif", ".shx"}:
        return ""
    return path.read_bytes().decode("gb18030" if path.suffix in {".dxf", ".mif", ".mid"} else "utf-8-sig")


def test_what_an_english_run_prints_is_english(english):
    assert chinese_of(english[1]) == []
    assert "people covered" in english[1]


def test_every_kind_of_file_is_looked_into(english):
    kinds = {path.suffix for path in outputs_of(english[0])}
    assert kinds >= {".csv", ".xlsx", ".kmz", ".gpkg", ".html", ".json", ".dxf", ".dbf", ".geojson", ".txt"}


def test_no_file_of_an_english_run_says_anything_in_chinese(english):
    found = {}
    for path in outputs_of(english[0]):
        name = path.relative_to(english[0]).as_posix()
        found[name] = chinese_of(name) + chinese_of(text_of_file(path))
    assert {name: words[:20] for name, words in found.items() if words} == {}


# --- a Chinese run --------------------------------------------------------------------------------------

LATIN = re.compile(r"[A-Za-z][A-Za-z0-9_./+-]*")
STANDARDS = {
    "RSRP",
    "WGS84",
    "GCJ02",
    "GCJ-02",
    "BD-09",
    "CGCS2000",
    "WGS84/CGCS2000",
    "P.1812-8",
    "Bullington",
    "OSM",
    "GPS",
    "P.1812",
    "ITM",
    "ITU-R",
    "TR",
    "DEM",
    "EIRP",
    "RE",
    "5G",
    "GB",
    "10G-PON",
    "G-PON",
    "PON",
    "Mbps",
    "500Mbps",
    "KMZ",
    "P",
    "T",
    "k",
}
UNITS = {"dB", "dBm", "km", "m", "GHz", "MHz", "G"}
NAMES = {"A3", "CSV", "JSON", "E", "N", "siteplan", "low", "high"}
"""Paper and file formats, compass points of degrees, the program, and the band ids of the project."""
CODES = {"A", "B", "C", "okumura_hata_suburban", "rma_nlos", "probability_floor"}
"""Grades of addresses, ids of formulas and a setting, as the project file and its table of codes have them."""
DATA = re.compile(
    r"700M|2\.1G|=cmd\|' /C calc'!A0|b>某单位|\b[SZPVGDK]\d+(?:-\d+)?\b|\bL[123]\b|\bE\d{6}N\d{7}\b|\d{4}-[0-9a-f]{12}\b"
    r"|osm-\w+-\d+|[0-9a-f]{64}|\w+\.(?:gpkg|csv|xlsx|tif|osm)\b|siteplan-\w+/\d"
)
"""Words of the data: bands, names, ids of stations, places, pixels, villages, gaps and layers, run, hashes, files."""


def latin_of(text):
    """Latin words of a text that are neither data, nor units, nor names of standards, nor codes."""
    words = {word.strip("./-+") for word in LATIN.findall(DATA.sub(" ", text))}
    return sorted(words - STANDARDS - UNITS - NAMES - CODES - {""})


def visible_cells(path, *hidden_columns):
    """Cells of the sheets that show, without columns of the dictionary that hold machine names."""
    book = openpyxl.load_workbook(path)
    for sheet in book:
        if sheet.sheet_state != "visible":
            continue
        yield sheet.title
        header = [cell.value for cell in sheet[1]]
        skipped = {header.index(name) for name in hidden_columns if name in header}
        for row in sheet.iter_rows(values_only=True):
            for number, value in enumerate(row):
                if isinstance(value, str) and number not in skipped and not value.startswith("="):
                    yield value


def test_the_form_is_in_chinese(plan):
    assert latin_of("\n".join(visible_cells(plan[1] / LIST, "列名"))) == []


def test_the_details_are_in_chinese(plan):
    assert latin_of("\n".join(visible_cells(plan[1] / DETAILS, "列名"))) == []


def balloon_lines(mark):
    """Text of a balloon, each cell on a line of its own."""
    return re.sub(r"<[^>]+>", "\n", mark.findtext("k:description", namespaces=KML))


def test_the_kmz_is_in_chinese(plan):
    root = opened_kml(plan[1])
    marks = list(root.iter("{http://www.opengis.net/kml/2.2}Placemark"))
    shown = [
        balloon_lines(mark)
        for mark in marks
        if mark.find("{http://www.opengis.net/kml/2.2}description") is not None
    ]
    names = [each.text for each in root.iter("{http://www.opengis.net/kml/2.2}name")]
    titles = [each.text for each in root.iter("{http://www.opengis.net/kml/2.2}displayName")]
    assert latin_of("\n".join([*shown, *names, *titles])) == []


@pytest.mark.browser
def test_the_map_is_in_chinese(browser, plan):
    visit = Visit(browser, plan[1] / "map.html")
    for key in ("by_county", "filters", "returns"):
        visit.open_section(key)
    texts = [visit.page.locator("body").inner_text()]
    visit.page.locator(".sp-list .sp-row").first.click()
    texts.append(visit.popup().inner_text())
    for layer in ("villages", "sites", "others", "properties"):
        visit.script("key => siteplan.go(key, 0)", layer)
        texts.append(visit.popup().inner_text())
    visit.context.close()
    assert latin_of("\n".join(texts)) == []
