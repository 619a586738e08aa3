"""What all workbooks have in common: fonts, number formats, heights of rows, cells that stay text.

A value is written as what it is; text is never a formula, a link or too long.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from siteplan.outputs import palette
from siteplan.project.columns import CellFormat, Column

OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
"""Of every workbook."""
NUMBERS: dict[CellFormat, str] = {
    "count": "#,##0",
    "decimal": "#,##0.0",
    "share": "0.0%",
    "degrees": "0.000000",
    "general": "General",
}
BASE = {"font_name": "Microsoft YaHei", "font_size": 10}


class Look(NamedTuple):
    """Width [characters] and format of a column."""

    width: float
    kind: CellFormat


def look_of(column: Column) -> Look:
    """How a column of the registry looks [Look]."""
    return Look(column.width, column.cell_format)


_LINE_POINTS, _MOST_LINES = 15, 8
_CELL_UNITS = 32_000
"""Text a cell takes [UTF-16 units]; Excel's own limit is 32,767."""


def new_book(path: Path, title: str, day: dt.date) -> xlsxwriter.Workbook:
    """An empty workbook; use as a context manager.

    Parameters
    ----------
    path
        Where to; an existing file is replaced.
    title
        Of the file's properties.
    day
        Date it bears, so that the same plan gives the same bytes.

    Returns
    -------
    Workbook
        Text in it is never a formula or a link.
    """
    book = xlsxwriter.Workbook(str(path), OPTIONS)
    book.set_properties({"title": title, "created": dt.datetime(day.year, day.month, day.day)})
    return book


def write_head(
    sheet: Worksheet, line: int, heads: Sequence[str], looks: Sequence[Look], formats: Formats
) -> None:
    """Write a header and set the widths of its columns."""
    for number, (head, look) in enumerate(zip(heads, looks, strict=True)):
        sheet.write_string(line, number, head, formats.head)
        sheet.set_column(number, number, look.width)


def write_rows(
    sheet: Worksheet, first: int, rows: Iterable[Sequence[object]], looks: Sequence[Look], formats: Formats
) -> None:
    """Write rows of values, each as high as its wrapped text needs."""
    for line, values in enumerate(rows, start=first):
        sheet.set_row(line, row_height(values, looks))
        for number, (value, look) in enumerate(zip(values, looks, strict=True)):
            write_cell(sheet, line, number, value, formats.cell(look.kind))


A3, A4 = 8, 9
"""Sizes of paper, as Excel numbers them."""


def on_paper(sheet: Worksheet, head_row: int, size: int) -> None:
    """Print landscape on a size of paper, all columns on one page, the header on every page."""
    sheet.set_landscape()
    sheet.set_paper(size)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(head_row)


def with_footer(sheet: Worksheet, note: str) -> None:
    """Narrow margins, and a note, the sheet's name and page numbers at the foot."""
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    told = note[:150].replace("&", "&&")
    sheet.set_footer(f"&L&8{told}&C&8&A&R&8&P / &N")


class Formats:
    """Cell formats, made once each."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._cells: dict[tuple[CellFormat, bool], Format] = {}
        line = {**BASE, "border": 1, "border_color": "#C9CED6", "valign": "vcenter"}
        self._line = line
        white = {"bold": True, "bg_color": "#1F4E79", "font_color": "white"}
        self.title = book.add_format({**BASE, "bold": True, "font_size": 16})
        self.note = book.add_format({**BASE, "font_color": "#404040"})
        banner = {"bold": True, "font_color": "#9C2B00", "bg_color": "#FCE4D6", "valign": "vcenter"}
        self.banner = book.add_format({**BASE, **banner})
        self.head = book.add_format({**line, **white, "text_wrap": True, "align": "center"})
        self.first = book.add_format({"bold": True, "bg_color": "#C6E0B4"})
        self.luck = book.add_format({"bg_color": "#FCE4D6"})
        self.lights = {
            light: book.add_format({"bg_color": colour, "font_color": "#000000"})
            for light, colour in palette.LIGHTS.items()
        }

    def cell(self, kind: CellFormat, *, left: bool = False) -> Format:
        """Format of a kind of cell; ``left`` for a number that stands among texts [Format]."""
        if (kind, left) not in self._cells:
            look: dict[str, object] = {**self._line, "text_wrap": kind == "wrap"}
            if kind in NUMBERS:
                look["num_format"] = NUMBERS[kind]
            if left or kind in {"text", "wrap"}:
                look |= {"align": "left", "indent": 1}
            elif kind == "id":
                look["align"] = "center"
            self._cells[kind, left] = self._book.add_format(look)
        return self._cells[kind, left]


def row_height(values: Sequence[object], looks: Sequence[Look]) -> float:
    """Row height that shows wrapped text [points]; very long text shows its first lines."""
    lines = 1
    for look, value in zip(looks, values, strict=True):
        if look.kind == "wrap" and isinstance(value, str):
            lines = max(lines, math.ceil(1.05 * _cells_wide(value[:2_000]) / look.width))
    return _LINE_POINTS * min(lines, _MOST_LINES) + 3


def _cells_wide(text: str) -> int:
    """Columns of a fixed-width font; Chinese takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def write_cell(sheet: Worksheet, row: int, column: int, value: object, style: Format) -> None:
    """Write a value as a number, a text, or nothing."""
    if isinstance(value, (int, float)):
        sheet.write_number(row, column, value, style)
    elif value == "":
        sheet.write_blank(row, column, None, style)
    else:
        sheet.write_string(row, column, fitting(str(value)), style)


def fitting(text: str) -> str:
    """Text as far as a cell takes it; cut text ends in an ellipsis [str]."""
    units = text.encode("utf-16-le", errors="surrogatepass")
    if len(units) <= 2 * _CELL_UNITS:
        return text
    return units[: 2 * _CELL_UNITS].decode("utf-16-le", errors="ignore") + "…"
