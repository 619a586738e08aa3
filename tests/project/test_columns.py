"""The one registry of columns: consistent in itself, and the only place where a column is described."""

import ast
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import get_args

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from worlds.lists import HEAD, checked, sheet
from worlds.opened import csv_table

import siteplan
from siteplan.inputs.files.headers import match_headers, normalise
from siteplan.project import columns
from siteplan.project.columns import (
    INPUT_TABLES,
    OTHER_TABLES,
    CellFormat,
    Kind,
    Reader,
    column_of,
    columns_of,
    failures,
    names_of,
    printed_first,
    readable,
    schema_of,
)

PACKAGE = Path(siteplan.__file__).parent
REGISTRY = tomllib.loads((PACKAGE / "project" / "columns.toml").read_text(encoding="utf-8"))
COMING = (*INPUT_TABLES, *OTHER_TABLES)
GOING = tuple(table for table in REGISTRY["order"] if table != "printed")
KEYS_IN = {
    "zh",
    "en",
    "about_zh",
    "about_en",
    "unit",
    "type",
    "required",
    "unique",
    "aliases",
    "at_least",
    "at_most",
    "above",
    "width",
    "format",
    "readers",
}
KEYS_OUT = {
    "zh",
    "en",
    "about_zh",
    "about_en",
    "unit",
    "width",
    "format",
    "readers",
    "short",
    "source",
    "type",
}
CHINESE = range(0x4E00, 0xA000)


def is_chinese(text):
    return any(ord(sign) in CHINESE for sign in text)


# --- consistent in itself --------------------------------------------------------------------------------


def test_every_table_is_one_that_comes_in_or_one_that_has_an_order():
    assert set(REGISTRY) == {*COMING, *GOING, "order", "shared"} & set(REGISTRY)
    assert set(COMING) <= set(REGISTRY)
    assert not set(COMING) & set(GOING)


@pytest.mark.parametrize("table", GOING)
def test_every_column_of_an_order_is_known_in_shared_and_stands_once(table):
    names = REGISTRY["order"][table]
    assert set(names) <= set(REGISTRY["shared"])
    assert len(names) == len(set(names))
    assert names_of(table) == tuple(names)


def test_every_shared_column_is_in_some_order():
    assert set(REGISTRY["shared"]) == set(chain.from_iterable(REGISTRY["order"][table] for table in GOING))


@pytest.mark.parametrize("table", GOING)
def test_a_table_overrides_only_columns_of_its_order(table):
    assert set(REGISTRY.get(table, {})) <= set(REGISTRY["order"][table])


@pytest.mark.parametrize("table", COMING)
def test_every_column_that_comes_in_is_explained_in_both_languages(table):
    assert not [column.name for column in columns_of(table) if not (column.about_zh and column.about_en)]


def test_what_goes_on_paper_are_columns_of_a_ranked_row():
    assert set(printed_first()) <= set(names_of("proposed"))
    assert len(printed_first()) == len(set(printed_first()))


@pytest.mark.parametrize("table", [*COMING, *GOING, "shared"])
def test_every_line_holds_only_what_the_head_of_the_file_explains(table):
    for name, entry in REGISTRY.get(table, {}).items():
        assert set(entry) <= (KEYS_IN if table in COMING else KEYS_OUT), name
        assert entry.get("type", "text") in get_args(Kind), name
        assert entry.get("format", "text") in get_args(CellFormat), name
        assert entry.get("readers", "office") in get_args(Reader), name


@pytest.mark.parametrize("table", [*COMING, *GOING])
def test_every_column_has_a_header_in_each_language_and_none_is_used_twice(table):
    for lang in ("zh", "en"):
        headers = [column.header(lang) for column in columns_of(table)]
        assert all(headers)
        assert len(headers) == len(set(headers)), Counter(headers).most_common(1)
    assert not [column.name for column in columns_of(table) if is_chinese(column.header_en)]
    assert not [column.name for column in columns_of(table) if is_chinese(column.about_en)]


@pytest.mark.parametrize("table", COMING)
def test_a_header_is_an_alias_of_one_column_of_its_table(table):
    words = Counter(
        word
        for column in columns_of(table)
        for word in {
            normalise(each) for each in (column.name, column.header_zh, column.header_en, *column.aliases)
        }
    )
    assert [word for word, count in words.items() if count > 1] == []
    for column in columns_of(table):
        assert len(column.aliases) == len(set(column.aliases)), column.name


@pytest.mark.parametrize("table", INPUT_TABLES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_headers_of_the_template_are_recognised_as_their_own_columns(table, lang):
    headers = [column.header(lang) for column in columns_of(table)]
    found = match_headers(headers, columns_of(table), {})
    assert found.taken == dict(zip(names_of(table), headers, strict=True))


@pytest.mark.parametrize("table", [*COMING, *GOING])
def test_limits_are_of_numbers_and_in_order(table):
    for column in columns_of(table):
        low, high = column.limits
        if column.kind != "number":
            assert (low, high) == (None, None), column.name
        assert column.at_least is None or column.above is None, column.name
        assert low is None or high is None or low < high, column.name
        assert column.width > 0


def test_short_names_fit_formats_of_ten_letters_and_are_unique():
    short = [column.short for column in columns_of("proposed")]
    assert all(name.isascii() and 0 < len(name) <= 10 for name in short)
    assert len(short) == len(set(short))


def test_the_form_shows_only_what_the_tower_company_may_read():
    shown = {column.source for column in columns_of("form")} - {""}
    assert shown <= set(readable("proposed", "tower"))


def test_the_form_shows_columns_of_the_plan_and_leaves_the_others_to_fill_in():
    shown = {column.source for column in columns_of("form")} - {""}
    assert shown <= set(names_of("proposed"))
    filled = {column.name for column in columns_of("form") if not column.source}
    assert filled <= set(names_of("returns"))


def test_a_column_is_looked_up_by_its_name_and_an_unknown_table_is_an_error():
    assert column_of("curve", "stations").header("zh") == "累计基站数"
    assert column_of("proposed", "stations").header("zh") == "基站数"
    with pytest.raises(KeyError):
        columns_of("nothing")


# --- who may see what ------------------------------------------------------------------------------------


SHOWN = (*GOING, "properties")
"""Tables that go out, and the one that is drawn as it came in."""


@pytest.mark.parametrize("table", SHOWN)
def test_the_office_sees_all_the_tower_company_less_the_public_least(table):
    office, tower, public = (set(readable(table, reader)) for reader in ("office", "tower", "public"))
    assert public <= tower <= office == set(names_of(table))


def test_a_column_nobody_allowed_is_for_the_office_only(monkeypatch):
    with_line(monkeypatch, "shared", "rent", {"zh": "租金", "en": "rent"}, order="proposed")
    assert "rent" in readable("proposed", "office")
    assert "rent" not in readable("proposed", "tower")
    assert "rent" not in readable("proposed", "public")


@pytest.mark.parametrize("table", SHOWN)
def test_nobody_outside_the_office_sees_owners_and_the_public_neither_addresses_nor_coordinates(table):
    assert not {"owner", "content"} & set(readable(table, "tower"))
    told = {"address", "longitude", "latitude", "longitude_gcj02", "latitude_gcj02", "name", "alternates"}
    assert not told & set(readable(table, "public"))


# --- schemas ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", COMING)
def test_the_schema_of_a_table_is_made_of_its_lines(table):
    schema = schema_of(table)
    assert tuple(schema.columns) == names_of(table)
    for column in columns_of(table):
        made = schema.columns[column.name]
        assert (made.required, made.nullable, made.unique) == (
            column.required,
            not column.required,
            column.unique,
        )


def test_every_cell_outside_its_limits_is_named():
    frame = pd.DataFrame({"station_id": ["a", "b", "b"], "antenna_height_m": [35.0, 2.0, 301.0]})
    found = failures("stations", frame)
    cells = {(row.column, row.index) for row in found.itertuples(index=False)}
    assert cells == {
        ("antenna_height_m", 1),
        ("antenna_height_m", 2),
        ("station_id", 1),
        ("station_id", 2),
    }
    assert failures("stations", frame, ["antenna_height_m", "station_id"]).empty


# --- a new column is one line ----------------------------------------------------------------------------


def with_line(monkeypatch, table, name, entry, order=""):
    """The registry with one more line, for the time of a test."""
    changed = REGISTRY | {table: REGISTRY[table] | {name: entry}}
    if order:
        changed["order"] = REGISTRY["order"] | {order: [*REGISTRY["order"][order], name]}
    monkeypatch.setattr(columns, "_registry", lambda: changed)
    for cached in (columns_of, schema_of):
        monkeypatch.setattr(columns, cached.__name__, cached)
        cached.cache_clear()


@pytest.fixture(autouse=True)
def registry_as_it_is():
    """What a changed registry left in the caches goes with its test."""
    yield
    columns_of.cache_clear()
    schema_of.cache_clear()


def test_a_new_column_of_an_input_is_in_the_template_recognised_read_and_checked(monkeypatch, tmp_path):
    entry = {
        "type": "number",
        "at_least": 0,
        "at_most": 9,
        "zh": "层数",
        "en": "floors",
        "aliases": ["层数", "楼层"],
    }
    with_line(monkeypatch, "poles", "floors", entry)
    for n, header in enumerate(["层数", "楼层", "floors"]):
        path = sheet(
            tmp_path / f"{n}.xlsx", [[*HEAD, header], ["甲", 113.1, 25.1, 3], ["乙", 113.2, 25.2, 12]]
        )
        found = checked(path)
        assert found.frame["floors"].tolist() == [3.0]
        assert [(fault.problem, fault.row) for fault in found.faults] == [("out_of_range", 3)]


def test_a_new_column_of_an_input_stands_in_the_sheet_to_fill_in(monkeypatch, tmp_path):
    with_line(monkeypatch, "properties", "floors", {"type": "number", "zh": "层数", "en": "floors"})
    for lang, header in (("zh", "层数"), ("en", "floors")):
        names = siteplan.new_project(tmp_path / lang, city="城", lang=lang)
        books = [openpyxl.load_workbook(tmp_path / lang / name) for name in names if name.endswith(".xlsx")]
        cells = {cell.value for book in books for page in book for row in page.iter_rows() for cell in row}
        assert header in cells


def test_a_new_column_of_villages_is_in_every_file_that_holds_villages(monkeypatch, planned_city, tmp_path):
    plan = siteplan.read_plan(planned_city / "runs" / "city")
    assert "reached_rank" in plan.villages
    assert "reached_rank" not in names_of("village_results")
    entry = {"zh": "达标名次", "en": "reached at rank", "width": 9, "format": "count", "readers": "public"}
    with_line(monkeypatch, "shared", "reached_rank", entry, order="village_results")
    folder = plan.write(tmp_path / "run", lang="zh", audiences=["internal"])
    listed = csv_table(folder / "villages.csv")
    assert listed["reached_rank"].tolist() == plan.villages["reached_rank"].tolist()
    assert "reached_rank" in gpd.read_file(folder / "candidates.gpkg", layer="villages")
    book = openpyxl.load_workbook(folder / "规划明细.xlsx")
    cells = {cell.value for page in book for row in page.iter_rows() for cell in row}
    assert "达标名次" in cells


def test_no_header_and_no_meaning_of_a_column_is_written_in_code():
    """Words of the registry that stand in a module again would have to be changed in two places."""
    words = {
        text
        for table in GOING
        for column in columns_of(table)
        for text in (column.header_zh, column.about_zh, column.about_en)
        if len(text) >= 8
    }
    again = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "demo" in path.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in words:
                again.append((path.name, node.lineno, node.value))
    assert again == []
