"""候选站址.xlsx: the list that goes out, as a form the tower company fills in and sends back.

What was issued stands once more on a hidden sheet, so that a row that comes back is
held against what its reader saw, whatever was planned since.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from siteplan.field.returns import META
from siteplan.outputs.sheets import plain
from siteplan.outputs.wording import acceptance_text, banners
from siteplan.outputs.xlsx.cells import (
    A4,
    Look,
    look_of,
    new_book,
    on_paper,
    row_height,
    with_footer,
    write_cell,
    write_head,
    write_rows,
)
from siteplan.outputs.xlsx.issued import DATUM_WORDS, FormFormats, as_read, write_issued
from siteplan.planning.proposal import Proposal
from siteplan.project.columns import Column, column_of, columns_of
from siteplan.project.statuses import EXITS, RING_MARGIN_M, RING_SHARE, SiteStatus
from siteplan.words.catalogue import Lang, translate

COLUMNS = columns_of("form")
"""Columns of the form; those without a source are filled in."""
_HEAD_ROW = 3
_AT = {column.name: number for number, column in enumerate(COLUMNS)}
_LAST_PRINTED = _AT["note"]
"""Column after which the paper ends, with status and note to write in; the rest is for the screen."""
_PAIRS = {
    "place_wgs84": ("longitude", "latitude"),
    "place_gcj02": ("longitude_gcj02", "latitude_gcj02"),
}
"""Columns with a pair of coordinates as one text, which a phone map's search takes."""
_METRES_A_DEGREE = 111_320
_SHEET_SIGNS = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_SHEET_NAME = 31
"""Longest name of a sheet."""


def write_form(proposal: Proposal, path: Path, lang: Lang = "zh") -> None:
    """Write the form.

    Parameters
    ----------
    proposal
        The result.
    path
        Where to; an existing file is replaced.
    lang
        Language of sheets, headers and statuses.
    """
    with new_book(path, _title(proposal, lang), proposal.config.project.reference_date) as book:
        formats = FormFormats(book)
        guide = book.add_worksheet(translate("how", lang))
        summary = book.add_worksheet(translate("summary", lang))
        taken = {guide.name.casefold(), summary.name.casefold(), META, "history"}
        issued, sheets = [], []
        for _, rows in proposal.places.proposed.groupby("county_id", sort=True):
            county = rows["county"].iloc[0]
            sheet = book.add_worksheet(_sheet_name(str(county), taken))
            issued += _fill(sheet, proposal, str(county), rows, formats, lang)
            sheets.append((str(county), sheet.name, rows))
        _guide(guide, proposal, formats, lang)
        _summary(summary, proposal, sheets, formats, lang)
        _dictionary(book.add_worksheet(translate("dictionary", lang)), formats, lang)
        _meta(book.add_worksheet(META), proposal, issued, lang)
        guide.activate()


def _title(proposal: Proposal, lang: Lang) -> str:
    year = proposal.record.year
    return translate("candidate_sites_return_form", lang, area_name=proposal.area.name, year=year)


def _version(proposal: Proposal, lang: Lang) -> str:
    run = proposal.record.run_id
    day = proposal.config.project.reference_date.isoformat()
    return translate("version_as", lang, run=run, day=day)


def _sheet_name(county: str, taken: set[str]) -> str:
    """A name for a sheet: no signs spreadsheets refuse, not too long, each once."""
    plain_name = _SHEET_SIGNS.sub("_", county).strip("'")[:_SHEET_NAME] or "-"
    name, number = plain_name, 2
    while name.casefold() in taken:
        tail = f" {number}"
        name, number = plain_name[: _SHEET_NAME - len(tail)] + tail, number + 1
    taken.add(name.casefold())
    return name


def _headers(lang: Lang) -> list[str]:
    return [column.header(lang) for column in COLUMNS]


# --- one county --------------------------------------------------------------------------------------


def _fill(
    sheet: Worksheet, proposal: Proposal, county: str, rows: pd.DataFrame, formats: FormFormats, lang: Lang
) -> list[list[str]]:
    """One county's form; gives back what was issued, as text."""
    _top(sheet, proposal, county, formats, lang)
    issued = []
    for line, row in enumerate(rows.to_dict("records"), start=_HEAD_ROW + 1):
        values = [_value(column, row, lang) for column in COLUMNS]
        printed = _LAST_PRINTED + 1
        looks = [look_of(column) for column in COLUMNS[:printed]]
        sheet.set_row(line, max(24, row_height(values[:printed], looks)))
        for number, (column, value) in enumerate(zip(COLUMNS, values, strict=True)):
            style = formats.cell(column.cell_format) if column.source else formats.open(look_of(column))
            write_cell(sheet, line, number, value, style)
        locked = [as_read(v) for c, v in zip(COLUMNS, values, strict=True) if c.source]
        issued.append([as_read(row["candidate_id"]), *locked, str(row["status"])])
    last = _HEAD_ROW + len(rows)
    _rules(sheet, last, formats, lang)
    sheet.autofilter(_HEAD_ROW, 0, last, len(COLUMNS) - 1)
    sheet.freeze_panes(_HEAD_ROW + 1, 3)
    sheet.protect("", {"autofilter": True, "format_columns": True, "format_rows": True, "sort": True})
    _page(sheet, proposal, (last, _LAST_PRINTED), lang)
    return issued


def _value(column: Column, row: Mapping[str, Any], lang: Lang) -> object:
    """Content of a cell: the plan's field, the status that stands, or nothing."""
    if column.name == "status":
        return translate(f"status_{row['status']}", lang)
    if column.name in _PAIRS:
        return ", ".join(f"{row[each]:.6f}" for each in _PAIRS[column.name])
    if not column.source:
        return ""
    value = plain(row[column.source])
    return translate(f"source_type_{value}", lang) if column.name == "source_type" else value


def _top(sheet: Worksheet, proposal: Proposal, county: str, formats: FormFormats, lang: Lang) -> None:
    """Title, version and what kind of data this is, legend, header."""
    said = banners(proposal, lang)
    sheet.write_string(0, 0, f"{_title(proposal, lang)} · {county}", formats.title)
    sheet.set_row(0, 26)
    line = " · ".join([*said[:-1], _version(proposal, lang), *said[-1:]])
    sheet.write_string(1, 0, line, formats.banner if said else formats.note)
    legend = translate("fill_yellow_cells_others_are", lang)
    sheet.write_string(2, 0, legend, formats.note)
    write_head(sheet, _HEAD_ROW, _headers(lang), [look_of(column) for column in COLUMNS], formats)
    sheet.set_row(_HEAD_ROW, 34)


def _letter(name: str) -> str:
    return str(xl_col_to_name(_AT[name]))


def _rules(sheet: Worksheet, last: int, formats: FormFormats, lang: Lang) -> None:
    """Drop-downs, limits, and colours for statuses and for what is missing or cannot be."""
    first = _HEAD_ROW + 1
    names = ("status", "longitude", "latitude", "datum", "reason")
    status, lon, lat, datum, reason = (_AT[name] for name in names)
    words = [translate(f"status_{each}", lang) for each in SiteStatus]
    sheet.data_validation(first, status, last, status, {"validate": "list", "source": words})
    sheet.data_validation(first, datum, last, datum, {"validate": "list", "source": list(DATUM_WORDS)})
    for column, limit in ((lon, 180), (lat, 90)):
        rule = {"validate": "decimal", "criteria": "between", "minimum": -limit, "maximum": limit}
        sheet.data_validation(first, column, last, column, rule)
    at = {name: f"${_letter(name)}{first + 1}" for name in _AT}
    ends = ",".join(f'{at["status"]}="{translate(f"status_{each}", lang)}"' for each in sorted(EXITS))
    _colour(sheet, (first, reason, last, reason), f'=AND(OR({ends}),{at["reason"]}="")', formats.wrong)
    _colour(sheet, (first, lon, last, lat), _outside(at), formats.wrong)
    for each, style in formats.status.items():
        said = f'={at["status"]}="{translate(f"status_{each}", lang)}"'
        _colour(sheet, (first, 0, last, status), said, style)


def _outside(at: Mapping[str, str]) -> str:
    """Formula: a coordinate is alone, or the point lies outside the search ring."""
    east = f"({at['longitude']}-{at['planned_longitude']})*COS(RADIANS({at['planned_latitude']}))"
    north = f"({at['latitude']}-{at['planned_latitude']})"
    away = f"SQRT(({east})^2+({north})^2)*{_METRES_A_DEGREE}"
    both = f"AND(ISNUMBER({at['longitude']}),ISNUMBER({at['latitude']}))"
    plain_datum = f'OR({at["datum"]}="",{at["datum"]}="WGS84",{at["datum"]}="CGCS2000")'
    alone = f"ISBLANK({at['longitude']})<>ISBLANK({at['latitude']})"
    limit = f"{at['search_radius_m']}*{RING_SHARE:g}+{RING_MARGIN_M:g}"
    return f"=OR({alone},IF({both},AND({plain_datum},{away}>{limit}),FALSE))"


def _colour(sheet: Worksheet, area: tuple[int, int, int, int], formula: str, style: Format) -> None:
    sheet.conditional_format(*area, {"type": "formula", "criteria": formula, "format": style})


def _page(sheet: Worksheet, proposal: Proposal, last: tuple[int, int], lang: Lang) -> None:
    """A4 with the version at the foot, up to a last row and column."""
    on_paper(sheet, _HEAD_ROW, A4)
    with_footer(sheet, _version(proposal, lang))
    sheet.print_area(0, 0, *last)
    sheet.set_tab_color("#1F4E79")


# --- the other sheets ----------------------------------------------------------------------------------


def _guide(sheet: Worksheet, proposal: Proposal, formats: FormFormats, lang: Lang) -> None:
    """Title, version, what to do, and the statuses with their colours."""
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 96)
    sheet.write_string(0, 0, _title(proposal, lang), formats.title)
    sheet.write_string(1, 0, _version(proposal, lang), formats.note)
    if said := banners(proposal, lang):
        sheet.write_string(2, 0, " · ".join(said), formats.banner)
    if alternates := acceptance_text(proposal.record, lang):
        sheet.write_string(3, 0, alternates, formats.note)
    steps = [(_headers(lang)[i], c.about(lang)) for i, c in enumerate(COLUMNS) if not c.source]
    line = 4
    for header, text in steps:
        sheet.write_string(line, 0, header, formats.open(Look(22, "wrap")))
        sheet.write_string(line, 1, text, formats.cell("wrap"))
        line += 1
    sheet.write_string(line, 0, translate("guide_sort", lang), formats.cell("wrap"))
    sheet.write_string(line, 1, translate("guide_sort_how", lang), formats.cell("wrap"))
    sheet.set_row(line, 32)
    line += 2
    for each in SiteStatus:
        style = formats.status_cell(each)
        sheet.write_string(line, 0, translate(f"status_{each}", lang), style)
        sheet.write_string(line, 1, translate(f"means_{each}", lang), formats.cell("wrap"))
        line += 1
    sheet.protect()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)
    sheet.set_landscape()


def _summary(
    sheet: Worksheet,
    proposal: Proposal,
    sheets: Sequence[tuple[str, str, pd.DataFrame]],
    formats: FormFormats,
    lang: Lang,
) -> None:
    """Places, stations and statuses by county, counted again while the form is filled."""
    heads = [translate("county", lang), translate("sites", lang), translate("stations", lang)]
    heads += [translate(f"status_{each}", lang) for each in SiteStatus]
    sheet.write_string(0, 0, f"{_title(proposal, lang)} · {sheet.name}", formats.title)
    sheet.write_string(1, 0, _version(proposal, lang), formats.note)
    looks = [Look(18, "text"), *[Look(11, "count")] * (len(heads) - 1)]
    write_head(sheet, _HEAD_ROW, heads, looks, formats)
    letter = _letter("status")
    for line, (county, name, rows) in enumerate(sheets, start=_HEAD_ROW + 1):
        write_cell(sheet, line, 0, county, formats.cell("text"))
        write_cell(sheet, line, 1, len(rows), formats.cell("count"))
        write_cell(sheet, line, 2, int(rows["stations"].sum()), formats.cell("count"))
        quoted = name.replace("'", "''")
        area = f"'{quoted}'!${letter}${_HEAD_ROW + 2}:${letter}${_HEAD_ROW + 1 + len(rows)}"
        for number, each in enumerate(SiteStatus, start=3):
            count = int(rows["status"].eq(each.value).sum())
            formula = f'=COUNTIF({area},"{translate(f"status_{each}", lang)}")'
            sheet.write_formula(line, number, formula, formats.cell("count"), count)
    _sums(sheet, sheets, len(heads), formats, lang)
    sheet.freeze_panes(_HEAD_ROW + 1, 1)
    sheet.protect()
    _page(sheet, proposal, (_HEAD_ROW + 1 + len(sheets), len(heads) - 1), lang)


def _sums(
    sheet: Worksheet,
    sheets: Sequence[tuple[str, str, pd.DataFrame]],
    columns: int,
    formats: FormFormats,
    lang: Lang,
) -> None:
    """The row of totals."""
    rows = [each for _, _, each in sheets]
    known = [sum(len(r) for r in rows), sum(int(r["stations"].sum()) for r in rows)]
    known += [sum(int(r["status"].eq(each.value).sum()) for r in rows) for each in SiteStatus]
    line = _HEAD_ROW + 1 + len(sheets)
    write_cell(sheet, line, 0, translate("total", lang), formats.head)
    for number, count in zip(range(1, columns), known, strict=True):
        letter = xl_col_to_name(number)
        first, last = f"{letter}{_HEAD_ROW + 2}", f"{letter}{max(line, _HEAD_ROW + 2)}"
        formula = f"=SUM({first}:{last})" if sheets else "=0"
        sheet.write_formula(line, number, formula, formats.cell("count"), count)


def _dictionary(sheet: Worksheet, formats: FormFormats, lang: Lang) -> None:
    """Header, name and meaning of every column, and whether it is filled in."""
    heads = (
        translate("header", lang),
        translate("column", lang),
        translate("fill", lang),
        translate("meaning", lang),
    )
    looks = [Look(18, "text"), Look(20, "text"), Look(8, "id"), Look(90, "wrap")]
    write_head(sheet, 0, heads, looks, formats)
    rows = [
        [header, column.name, "" if column.source else "✓", _meaning(column, lang)]
        for column, header in zip(COLUMNS, _headers(lang), strict=True)
    ]
    write_rows(sheet, 1, rows, looks, formats)
    sheet.freeze_panes(1, 0)
    sheet.protect()
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _meaning(column: Column, lang: Lang) -> str:
    return column.about(lang) or column_of("proposed", column.source).about(lang)


def _meta(sheet: Worksheet, proposal: Proposal, issued: Sequence[Sequence[str]], lang: Lang) -> None:
    """What was issued, for the way back; hidden and locked."""
    shown = [header for column, header in zip(COLUMNS, _headers(lang), strict=True) if column.source]
    columns = ["id", *shown, "seen"]
    write_issued(sheet, str(proposal.record.run_id), columns, issued)
