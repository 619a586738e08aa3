"""进度.xlsx: where the year's task stands and what is left of it in time, with charts.

The charts are the spreadsheet's own, so that they can be copied into a report and follow the cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from siteplan.core.files import csv_bytes, inert
from siteplan.outputs.pictures.year_curve import MONTH_LINES, year_curve
from siteplan.outputs.schedule import (
    calendar_text,
    county_table,
    month_table,
    site_row,
    site_table,
    year_table,
)
from siteplan.outputs.sheets import plain
from siteplan.outputs.xlsx.cells import A3, Formats, look_of, new_book, on_paper, write_head, write_rows
from siteplan.planning.progress import NUMBERS, Progress
from siteplan.planning.schedule import SiteSchedule
from siteplan.planning.year import Year
from siteplan.project.columns import columns_of, names_of
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

_COUNTY, _LINE = "progress_counties", "progress_networks"
"""Tables of the registry."""
_BARS = (("built", "#548235"), ("building", "#FFC000"), ("signed", "#8E6BBF"), ("talking", "#9DC3E6"))
_HEAD_ROW = 3


def write_progress(found: Progress, year: Year, config: Config, folder: Path, lang: Lang = "zh") -> list[str]:
    """Write the workbook and the picture of its months, the finest lines as ``progress.csv``, the places as
    ``schedule.csv``.
    """
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
        _in_time(book, found, year, config, formats, lang)
    cells = [[inert(plain(value)) for value in row] for row in found.lines.itertuples(index=False, name=None)]
    (folder / "progress.csv").write_bytes(csv_bytes(list(found.lines.columns), cells))
    codes = [{**site_row(site, {}, lang), **_codes(site)} for site in year.schedule.sites]
    names_sites = names_of("schedule_sites")
    places = [[inert(plain(row[each])) for each in names_sites] for row in codes]
    (folder / "schedule.csv").write_bytes(csv_bytes(list(names_sites), places))
    picture = translate("file_year_curve", lang)
    counties = dict(zip(found.counties["county_id"], found.counties["county"], strict=True))
    (folder / picture).write_bytes(year_curve(year, counties, config, lang))
    return [name, "progress.csv", "schedule.csv", picture]


def _codes(site: SiteSchedule) -> dict[str, str]:
    """What stands as a code in a CSV."""
    step = site.next_status
    return {
        "light": site.light,
        "status": site.record.status.value,
        "next_status": step.value if step else "",
        "source_type": site.record.place.source_type,
        "county": site.record.place.county_id,
    }


def _in_time(
    book: xlsxwriter.Workbook, found: Progress, year: Year, config: Config, formats: Formats, lang: Lang
) -> None:
    """Sheets of what is left in time: counties, months with their curve, places, and the years before."""
    counties = dict(zip(found.counties["county_id"], found.counties["county"], strict=True))
    notes = [calendar_text(year.schedule, lang)]
    if year.lists:
        notes.append(translate("schedule_lists", lang, lists=", ".join(year.lists)))
    else:
        notes.append(translate("schedule_no_list", lang))
    tables = {
        "schedule_counties": county_table(year, counties, lang),
        "schedule_months": month_table(year, counties, config),
        "schedule_sites": site_table(year, counties, lang),
        "years": year_table(year, config),
    }
    for name, table in tables.items():
        sheet = book.add_worksheet(translate(name, lang))
        _fill(sheet, table, name, {}, found, config, formats, lang, notes)
        if name == "schedule_sites":
            _lights(sheet, len(table), formats, lang)
        if name == "schedule_months":
            _months_chart(book, sheet, len(year.schedule.whole.ends), lang)


def _lights(sheet: Worksheet, count: int, formats: Formats, lang: Lang) -> None:
    """The colour of every light."""
    for light, style in formats.lights.items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{translate(f"light_{light}", lang)}"'}
        sheet.conditional_format(_HEAD_ROW + 1, 0, _HEAD_ROW + max(1, count), 0, {**rule, "format": style})


def _months_chart(book: xlsxwriter.Workbook, sheet: Worksheet, months: int, lang: Lang) -> None:
    """Required, possible and actual of all counties together, which stand first."""
    if not months:
        return
    chart, names = book.add_chart({"type": "line"}), names_of("schedule_months")
    first, last = _HEAD_ROW + 1, _HEAD_ROW + months
    for column, (colour, dash) in MONTH_LINES.items():
        at = names.index(column)
        chart.add_series(
            {
                "name": [sheet.name, _HEAD_ROW, at],
                "categories": [sheet.name, first, names.index("month"), last, names.index("month")],
                "values": [sheet.name, first, at, last, at],
                "line": {"color": colour, "width": 2.25, "dash_type": dash},
            }
        )
    chart.set_title({"name": translate("stations_on_air_cumulated", lang)})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 900, "height": 420})
    sheet.insert_chart(_HEAD_ROW, len(names) + 1, chart)


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
    notes: Sequence[str] = (),
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
    sheet.write_string(
        1, 0, " · ".join([note, *notes, *synthetic]), formats.banner if synthetic else formats.note
    )
    columns, names = columns_of(name), names_of(name)
    rows = [*(table[list(names)].to_dict("records") if len(table) else []), *([total] if total else [])]
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
