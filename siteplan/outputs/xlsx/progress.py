"""进度.xlsx: where the year's task stands, with a chart.

The chart is the spreadsheet's own, so that it can be copied into a report and follows
the cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from siteplan.core.files import csv_bytes, inert
from siteplan.outputs.sheets import plain
from siteplan.outputs.xlsx.cells import A3, Formats, look_of, new_book, on_paper, write_head, write_rows
from siteplan.planning.progress import NUMBERS, Progress
from siteplan.project.columns import columns_of, names_of
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

_COUNTY, _LINE = "progress_counties", "progress_networks"
"""Tables of the registry."""
_BARS = (("built", "#548235"), ("building", "#FFC000"), ("signed", "#8E6BBF"), ("talking", "#9DC3E6"))
_HEAD_ROW = 3


def write_progress(found: Progress, config: Config, folder: Path, lang: Lang = "zh") -> list[str]:
    """Write the workbook, and the finest lines as ``progress.csv``."""
    names = {each.id: each.name for each in config.networks}
    lines = found.lines.assign(network=[names.get(each, each) for each in found.lines["network"]])
    day = config.project.reference_date
    name = translate("file_progress", lang)
    with new_book(folder / name, _title(found, config, lang), day) as book:
        formats = Formats(book)
        sheet = book.add_worksheet(translate("counties", lang))
        total = _total(found, lang)
        _fill(sheet, found.counties, _COUNTY, total, found, config, formats, lang)
        _chart(book, sheet, len(found.counties), lang)
        detail = book.add_worksheet(translate("networks", lang))
        _fill(detail, lines, _LINE, {}, found, config, formats, lang)
    cells = [[inert(plain(value)) for value in row] for row in found.lines.itertuples(index=False, name=None)]
    (folder / "progress.csv").write_bytes(csv_bytes(list(found.lines.columns), cells))
    return [name, "progress.csv"]


def _title(found: Progress, config: Config, lang: Lang) -> str:
    city, year = config.project.city, found.year
    return translate("progress", lang, city=city, year=year)


def _total(found: Progress, lang: Lang) -> Mapping[str, object]:
    numbers = {name: getattr(found.total, name) for name in NUMBERS}
    plan = {name: int(found.counties[name].sum()) for name in ("planned_sites", "planned_built")}
    return {"place": "", "county": translate("total", lang), **numbers, "rate": found.total.rate, **plan}


def _fill(
    sheet: Worksheet,
    table: pd.DataFrame,
    name: str,
    total: Mapping[str, object],
    found: Progress,
    config: Config,
    formats: Formats,
    lang: Lang,
) -> None:
    """Title, date, header, rows and the total."""
    sheet.write_string(0, 0, _title(found, config, lang), formats.title)
    note = translate("as", lang, day=found.day)
    if found.months:
        note += translate(
            "left_months_month",
            lang,
            remaining=found.total.remaining,
            months=found.months,
            monthly=found.monthly,
        )
    synthetic = [translate("synthetic", lang)] if config.project.synthetic else []
    sheet.write_string(1, 0, " · ".join([note, *synthetic]), formats.banner if synthetic else formats.note)
    columns, names = columns_of(name), names_of(name)
    rows = [*table[list(names)].to_dict("records"), *([total] if total else [])]
    looks = [look_of(column) for column in columns]
    write_head(sheet, _HEAD_ROW, [column.header(lang) for column in columns], looks, formats)
    write_rows(sheet, _HEAD_ROW + 1, [[plain(row[each]) for each in names] for row in rows], looks, formats)
    sheet.freeze_panes(_HEAD_ROW + 1, 2)
    sheet.autofilter(_HEAD_ROW, 0, _HEAD_ROW + max(1, len(table)), len(columns) - 1)
    on_paper(sheet, _HEAD_ROW, A3)


def _chart(book: xlsxwriter.Workbook, sheet: Worksheet, count: int, lang: Lang) -> None:
    """What is built and on its way, county by county, against the quota."""
    if not count:
        return
    first, last, name = _HEAD_ROW + 1, _HEAD_ROW + count, sheet.name
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for column, colour in _BARS:
        at = names_of(_COUNTY).index(column)
        chart.add_series(
            {
                "name": [name, _HEAD_ROW, at],
                "categories": [name, first, 1, last, 1],
                "values": [name, first, at, last, at],
                "fill": {"color": colour},
            }
        )
    quota = book.add_chart({"type": "line"})
    at, red = names_of(_COUNTY).index("quota"), {"color": "#C00000"}
    quota.add_series(
        {
            "name": [name, _HEAD_ROW, at],
            "categories": [name, first, 1, last, 1],
            "values": [name, first, at, last, at],
            "line": {"none": True},
            "marker": {"type": "long_dash", "size": 14, "fill": red, "border": red},
        }
    )
    chart.combine(quota)
    chart.set_title({"name": translate("progress_against_quota", lang)})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 1100, "height": 420})
    sheet.insert_chart(_HEAD_ROW + count + 4, 0, chart)
