"""The sheets of a new project as XLSX: data sheet, example, data dictionary.

The data sheet holds headers and nothing else, so an untouched template can never be
planned as if it were data; the example stands on a sheet of its own that the project file does not name.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from siteplan.outputs.templates.sheets import TemplateColumn, TemplateSheet, choices_of, kind_words
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

_LAST_ROW = 1_048_575
_FONT = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "vcenter"}
_NUMBER_FORMATS = {
    "text": "@",
    "flag": "@",
    "answer": "@",
    "angles": "@",
    "date": "yyyy-mm-dd",
    "number": "General",
}
_DEGREES = "0.000000"
_DICTIONARY = {"header": 18, "required": 12, "values": 44, "meaning": 60, "column": 22, "aliases": 75}
"""Columns of the dictionary and their widths [characters]."""


class _Formats:
    """Cell formats of one workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        line = {**_FONT, "border": 1, "border_color": "#C9CED6"}
        head = {**line, "bold": True, "align": "center"}
        self.required = book.add_format({**head, "bg_color": "#1F4E79", "font_color": "white"})
        self.optional = book.add_format({**head, "bg_color": "#DDEBF7"})
        self.wrap = book.add_format({**line, "text_wrap": True, "num_format": "@"})
        warning = {"bold": True, "font_color": "#9C2B00", "bg_color": "#FCE4D6", "text_wrap": True}
        self.banner = book.add_format({**_FONT, **warning})
        self._values: dict[str, Format] = {}

    def head(self, column: TemplateColumn) -> Format:
        """Dark for required columns [Format]."""
        return self.required if column.required else self.optional

    def value(self, column: TemplateColumn) -> Format:
        """Text stays text, so that Excel never shortens an id to 4.4E+11 or dates 3/5/7 [Format]."""
        kind = column.spec.kind
        degrees = kind == "number" and column.spec.unit == "deg"
        code = _DEGREES if degrees else _NUMBER_FORMATS[kind]
        if code not in self._values:
            self._values[code] = self._book.add_format({**_FONT, "num_format": code})
        return self._values[code]


def write_template(sheet: TemplateSheet, config: Config, path: Path, lang: Lang = "zh") -> None:
    """Write one workbook to fill in.

    Parameters
    ----------
    sheet
        Its columns.
    config
        The project, for drop-downs and the date.
    path
        Where to; an existing file is replaced.
    lang
        Language of notes and of the sheets beside the data.
    """
    day = config.project.reference_date
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": sheet.name, "created": dt.datetime(day.year, day.month, day.day)})
        formats = _Formats(book)
        _data(_page(book, sheet.name, "#1F4E79"), sheet, config, formats, lang)
        _example(_page(book, translate("example", lang), "#C55A11"), sheet, formats, lang)
        words = _page(book, translate("dictionary", lang), "#7F7F7F")
        _dictionary(words, sheet, config, formats, lang)


def _page(book: xlsxwriter.Workbook, name: str, tab: str) -> Worksheet:
    """A sheet that prints on A4, all columns on one page."""
    page = book.add_worksheet(name)
    page.set_tab_color(tab)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    return page


def _data(page: Worksheet, sheet: TemplateSheet, config: Config, formats: _Formats, lang: Lang) -> None:
    """Headers with notes; every column ready to be typed into."""
    page.freeze_panes(1, 0)
    page.set_comments_author("siteplan")
    page.ignore_errors({"number_stored_as_text": f"A2:AZ{_LAST_ROW + 1}"})
    for number, column in enumerate(sheet.shown):
        page.set_column(number, number, _width(column), formats.value(column))
        page.write_string(0, number, column.header, formats.head(column))
        page.write_comment(0, number, _note(column, config, lang), {"x_scale": 1.8, "y_scale": 1.4})
        if rule := _rule(column, config, lang):
            page.data_validation(1, number, _LAST_ROW, number, rule)


def _width(column: TemplateColumn) -> float:
    return min(40, max(10, _units(column.header) + 4, _units(str(column.example or "")) + 2))


def _units(text: str) -> int:
    """Width of a text in Latin characters."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _note(column: TemplateColumn, config: Config, lang: Lang) -> str:
    must = translate("required", lang) if column.required else translate("may_stay_empty", lang)
    values = kind_words(column, config, lang)
    label = translate("unit_values", lang)
    return f"{must}\n{column.meaning}\n{label}{values}"


def _rule(column: TemplateColumn, config: Config, lang: Lang) -> dict[str, Any]:
    """Drop-down or limits; a drop-down only warns, because further names are recognised."""
    if choices := choices_of(column, config):
        return {
            "validate": "list",
            "source": list(choices),
            "error_type": "warning",
            "error_title": translate("not_list", lang),
            "error_message": translate("known_only_as_alias", lang),
        }
    if column.spec.kind == "date":
        first = {"validate": "date", "criteria": ">=", "value": dt.date(1990, 1, 1)}
        return first | {"error_type": "warning", **_error(column, config, lang)}
    if column.spec.kind == "number":
        return {"validate": "decimal", **_criteria(column), **_error(column, config, lang)}
    return {}


def _criteria(column: TemplateColumn) -> dict[str, Any]:
    low, high = column.spec.limits
    if low is None:
        return {"criteria": "between", "minimum": -1e15, "maximum": 1e15}
    if high is None:
        return {"criteria": ">=" if column.spec.above is None else ">", "value": low}
    return {"criteria": "between", "minimum": low, "maximum": high}


def _error(column: TemplateColumn, config: Config, lang: Lang) -> dict[str, str]:
    title = translate("please_check", lang)
    return {"error_title": title, "error_message": kind_words(column, config, lang)}


def _example(page: Worksheet, sheet: TemplateSheet, formats: _Formats, lang: Lang) -> None:
    """One row as it might look; the project file never names this sheet."""
    text = translate("example_never_read_fill_sheet", lang, name=sheet.name)
    page.set_row(0, 34)
    page.merge_range(0, 0, 0, len(sheet.shown) - 1, text, formats.banner)
    for number, column in enumerate(sheet.shown):
        page.set_column(number, number, _width(column))
        page.write_string(1, number, column.header, formats.head(column))
        if column.example is not None:
            page.write(2, number, column.example, formats.value(column))


def _dictionary(page: Worksheet, sheet: TemplateSheet, config: Config, formats: _Formats, lang: Lang) -> None:
    """Every column of the schema: header, whether required, values, meaning, aliases."""
    page.freeze_panes(1, 0)
    for number, (name, width) in enumerate(_DICTIONARY.items()):
        page.set_column(number, number, width)
        page.write_string(0, number, translate(f"dictionary_{name}", lang), formats.required)
    for row, column in enumerate(sheet.columns, start=1):
        for number, text in enumerate(_explained(column, config, lang)):
            page.write_string(row, number, text, formats.wrap)


def _explained(column: TemplateColumn, config: Config, lang: Lang) -> tuple[str, ...]:
    may = translate("no", lang) if column.shown else translate("no_add_column", lang)
    must = translate("yes", lang) if column.required else may
    known = dict.fromkeys((column.spec.name, *column.spec.aliases))
    others = [name for name in known if name != column.header and (lang == "zh" or name.isascii())]
    values = kind_words(column, config, lang)
    return column.header, must, values, column.meaning, column.spec.name, " | ".join(others)
