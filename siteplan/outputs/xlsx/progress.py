"""进度.xlsx: where the year's task stands, with a chart.

One decision to know: the chart is the spreadsheet's own, so that it can be copied into a report and follows
the cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from siteplan.core.files import csv_bytes, inert
from siteplan.outputs.columns import Kind, Look
from siteplan.outputs.sheets import plain
from siteplan.outputs.xlsx.cells import Formats, new_book, on_a3, write_head, write_rows
from siteplan.planning.progress import NUMBERS, Progress
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, either, say

PROGRESS = "进度.xlsx"
_HEADERS: dict[str, str] = {
    "place": "名次",
    "year": "年度",
    "county": "县区",
    "network": "网络",
    "quota": "年度指标",
    "built": "已建",
    "building": "在建",
    "signed": "已签约",
    "talking": "谈点中",
    "refused": "拒绝等",
    "remaining": "剩余",
    "excess": "超建",
    "rate": "完成率",
    "planned_sites": "规划站址",
    "planned_built": "规划已建",
}
_COUNTY = ("place", "county", *NUMBERS, "rate", "planned_sites", "planned_built")
_LINE = ("year", "county", "network", *NUMBERS, "rate")
_BARS = (("built", "#548235"), ("building", "#FFC000"), ("signed", "#8E6BBF"), ("talking", "#9DC3E6"))
_HEAD_ROW = 3


def write_progress(found: Progress, config: Config, folder: Path, lang: Lang = "zh") -> list[str]:
    """Write the workbook, and the finest lines as ``progress.csv``.

    Parameters
    ----------
    found
        Progress of a year.
    config
        The project.
    folder
        Existing folder.
    lang
        Language of the workbook.

    Returns
    -------
    list of str
        Files written.
    """
    names = {each.id: each.name for each in config.networks}
    lines = found.lines.assign(network=[names.get(each, each) for each in found.lines["network"]])
    day = config.project.reference_date
    with new_book(folder / PROGRESS, _title(found, config, lang), day) as book:
        formats = Formats(book)
        sheet = book.add_worksheet(either("县区进度", "Counties", lang))
        total = _total(found, lang)
        _fill(sheet, found.counties, _COUNTY, total, found, config, formats, lang)
        _chart(book, sheet, len(found.counties), lang)
        detail = book.add_worksheet(either("分网络", "Networks", lang))
        _fill(detail, lines, _LINE, {}, found, config, formats, lang)
    cells = [[inert(plain(value)) for value in row] for row in found.lines.itertuples(index=False, name=None)]
    (folder / "progress.csv").write_bytes(csv_bytes(list(found.lines.columns), cells))
    return [PROGRESS, "progress.csv"]


def _title(found: Progress, config: Config, lang: Lang) -> str:
    city, year = config.project.city, found.year
    return either(f"{city} {year} 年建设进度", f"{city}: progress {year}", lang)


def _total(found: Progress, lang: Lang) -> Mapping[str, object]:
    numbers = {name: getattr(found.total, name) for name in NUMBERS}
    plan = {name: int(found.counties[name].sum()) for name in ("planned_sites", "planned_built")}
    return {"place": "", "county": either("合计", "total", lang), **numbers, "rate": found.total.rate, **plan}


def _fill(
    sheet: Worksheet,
    table: pd.DataFrame,
    columns: tuple[str, ...],
    total: Mapping[str, object],
    found: Progress,
    config: Config,
    formats: Formats,
    lang: Lang,
) -> None:
    """Title, date, header, rows and the total."""
    sheet.write_string(0, 0, _title(found, config, lang), formats.title)
    note = either(f"截至 {found.day}", f"as of {found.day}", lang)
    if found.months:
        note += either(
            f" · 剩余 {found.total.remaining}，{found.months} 个月，每月 {found.monthly}",
            f" · {found.total.remaining} left, {found.months} months, {found.monthly} a month",
            lang,
        )
    synthetic = [say("synthetic", lang)] if config.project.synthetic else []
    sheet.write_string(1, 0, " · ".join([note, *synthetic]), formats.banner if synthetic else formats.note)
    rows = [*table[list(columns)].to_dict("records"), *([total] if total else [])]
    looks = [Look(18 if name in ("county", "network") else 11, _kind(name)) for name in columns]
    write_head(sheet, _HEAD_ROW, [_HEADERS[n] if lang == "zh" else n for n in columns], looks, formats)
    write_rows(sheet, _HEAD_ROW + 1, [[plain(row[name]) for name in columns] for row in rows], looks, formats)
    sheet.freeze_panes(_HEAD_ROW + 1, 2)
    sheet.autofilter(_HEAD_ROW, 0, _HEAD_ROW + max(1, len(table)), len(columns) - 1)
    on_a3(sheet, _HEAD_ROW)


def _kind(name: str) -> Kind:
    if name in ("county", "network"):
        return "text"
    return {"rate": "share", "year": "id", "place": "id"}.get(name, "count")  # type: ignore[return-value]


def _chart(book: xlsxwriter.Workbook, sheet: Worksheet, count: int, lang: Lang) -> None:
    """What is built and on its way, county by county, against the quota."""
    if not count:
        return
    first, last, name = _HEAD_ROW + 1, _HEAD_ROW + count, sheet.name
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for column, colour in _BARS:
        at = _COUNTY.index(column)
        chart.add_series(
            {
                "name": [name, _HEAD_ROW, at],
                "categories": [name, first, 1, last, 1],
                "values": [name, first, at, last, at],
                "fill": {"color": colour},
            }
        )
    quota = book.add_chart({"type": "line"})
    at, red = _COUNTY.index("quota"), {"color": "#C00000"}
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
    chart.set_title({"name": either("建设进度与指标", "Progress against the quota", lang)})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 1100, "height": 420})
    sheet.insert_chart(_HEAD_ROW + count + 4, 0, chart)
