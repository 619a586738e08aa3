"""What was found in the inputs, as workbooks: the list of faults, and the sheet of doubtful addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from siteplan.core.errors import Fault, Severity
from siteplan.inputs.places.georeferencing import DoubtfulAddress
from siteplan.outputs.sheets import plain
from siteplan.outputs.wording import problem_text, remedy_text
from siteplan.outputs.xlsx.cells import new_book, write_cell
from siteplan.project.columns import columns_of, names_of
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

SEVERITIES: dict[Severity, str] = {
    "fatal": "#F8CBAD",
    "rejected": "#FCE4D6",
    "warning": "#FFF2CC",
    "note": "#EDEDED",
}
"""Severities, the gravest first, with their colour."""
_MOST_ROWS = 1_000_000
_HEAD = {"bold": True, "bg_color": "#1F4E79", "font_color": "white", "text_wrap": True}
_DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
_FILLED_IN = ("choice", "longitude", "latitude", "datum")


def table_name(table: str, lang: Lang) -> str:
    """Name of an input for people; the project file where none is meant [str]."""
    return translate(f"table_{table}", lang) if table and table != "quota" else "project.toml"


def fault_rows(faults: Iterable[Fault], lang: Lang) -> pd.DataFrame:
    """Faults as a table, the gravest first, else in the order they were found.

    Returns
    -------
    DataFrame
        The columns of the registry's table ``faults``.
    """
    order = list(SEVERITIES)
    rows = [
        {
            "severity": translate(f"severity_{fault.severity}", lang),
            "table": table_name(fault.table, lang),
            "file": fault.file,
            "sheet": fault.sheet,
            "row": "" if fault.row is None else fault.row,
            "column": fault.column,
            "value": str(fault.values.get("value", "")),
            "problem": problem_text(fault, lang),
            "remedy": remedy_text(fault, lang),
        }
        for fault in sorted(faults, key=lambda fault: order.index(fault.severity))
    ]
    return pd.DataFrame(rows, columns=names_of("faults"))


def write_faults(
    faults: Iterable[Fault], side_tables: dict[str, pd.DataFrame], config: Config, path: Path, lang: Lang
) -> None:
    """Write the fault list as a workbook, with further tables on sheets of their own.

    Parameters
    ----------
    faults
        What was found.
    side_tables
        Tables by the name of their sheet.
    config
        The project.
    path
        Where to.
    lang
        Language of texts.
    """
    title = translate("faults", lang)
    with new_book(path, title, config.project.reference_date) as book:
        head, wrap = book.add_format(_HEAD), book.add_format({"text_wrap": True, "valign": "top"})
        _fault_page(book, fault_rows(faults, lang), head, wrap, lang)
        for name, table in side_tables.items():
            _plain_page(book.add_worksheet(name), table, head, wrap)


def _fault_page(
    book: xlsxwriter.Workbook, table: pd.DataFrame, head: Format, wrap: Format, lang: Lang
) -> None:
    page, columns = book.add_worksheet(translate("faults", lang)), columns_of("faults")
    colours = {
        translate(f"severity_{severity}", lang): book.add_format({"bg_color": colour, "valign": "top"})
        for severity, colour in SEVERITIES.items()
    }
    page.write_row(0, 0, [column.header(lang) for column in columns], head)
    for number, column in enumerate(columns):
        page.set_column(number, number, column.width)
    for line, row in enumerate(table.head(_MOST_ROWS).itertuples(index=False), 1):
        for number, value in enumerate(row):
            write_cell(page, line, number, plain(value), colours[row[0]] if number == 0 else wrap)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(len(table), 1), len(columns) - 1)
    page.set_landscape()
    page.set_paper(8)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _plain_page(page: Worksheet, table: pd.DataFrame, head: Format, wrap: Format) -> None:
    page.write_row(0, 0, list(table.columns), head)
    page.set_column(0, max(len(table.columns) - 1, 0), 24)
    for line, row in enumerate(table.itertuples(index=False), 1):
        for number, value in enumerate(row):
            write_cell(page, line, number, plain(value), wrap)
    page.freeze_panes(1, 0)


def write_addresses(doubtful: Sequence[DoubtfulAddress], path: Path, config: Config, lang: Lang) -> None:
    """Write the sheet in which a person chooses where doubtful addresses are; the next run reads it back."""
    columns, title = columns_of("located"), translate("heading_addresses", lang)
    names = names_of("located")
    with new_book(path, title, config.project.reference_date) as book:
        page, fill = book.add_worksheet(title), book.add_format({"bg_color": "#FFF2CC", "locked": False})
        plain_cell = book.add_format()
        page.write_row(0, 0, [column.header(lang) for column in columns], book.add_format(_HEAD))
        for line, each in enumerate(doubtful, 1):
            for number, value in enumerate(_address_row(each, names)):
                style = fill if value == "" and names[number] in _FILLED_IN else plain_cell
                write_cell(page, line, number, value, style)
        _address_choices(page, names, len(doubtful))
        about = book.add_worksheet(translate("about", lang))
        about.set_column(0, 0, 100)
        for line, key in enumerate(("choose_fill", "choose_leave", "choose_save")):
            file = translate("file_addresses", lang)
            about.write_string(line, 0, translate(key, lang, file=file))


def _address_choices(page: Worksheet, names: Sequence[str], last: int) -> None:
    """Drop-downs, widths and filters."""
    for name, source in (("choice", [1, 2, 3]), ("datum", list(_DATUMS))):
        at = names.index(name)
        page.data_validation(1, at, last, at, {"validate": "list", "source": source})
    page.set_column(0, len(names) - 1, 14)
    page.set_column(names.index("address"), names.index("address"), 40)
    page.freeze_panes(1, 2)
    page.autofilter(0, 0, last, len(names) - 1)


def _address_row(doubtful: DoubtfulAddress, names: Sequence[str]) -> list[object]:
    values: dict[str, object] = {
        "table": doubtful.table,
        "source_id": doubtful.source_id,
        "place": doubtful.name,
        "address": doubtful.address,
        "row": str(doubtful.row),
        "located_as": doubtful.located_as,
        "grade": doubtful.grade,
        "radius_m": round(doubtful.radius_m, 0) if np.isfinite(doubtful.radius_m) else "",
    }
    for number, (title, longitude, latitude, radius) in enumerate(doubtful.guesses, 1):
        values |= {
            f"guess{number}": title,
            f"guess{number}_lon": round(longitude, 6),
            f"guess{number}_lat": round(latitude, 6),
            f"guess{number}_radius_m": float(round(radius)),
        }
    return [values.get(name, "") for name in names]
