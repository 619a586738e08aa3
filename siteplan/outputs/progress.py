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

from siteplan.config import Config
from siteplan.outputs.cells import OPTIONS, Formats, write_cell
from siteplan.outputs.columns import Kind
from siteplan.outputs.sheets import plain
from siteplan.progress import NUMBERS, Progress
from siteplan.store import csv_bytes, inert
from siteplan.texts import Lang, either, say

PROGRESS = "进度.xlsx"
_HEADERS: dict[str, str] = {
    "place": "名次", "year": "年度", "county": "县区", "network": "网络", "quota": "年度指标",
    "built": "已建", "building": "在建", "signed": "已签约", "talking": "谈点中", "refused": "拒绝等",
    "remaining": "剩余", "excess": "超建", "rate": "完成率", "planned_sites": "规划站址",
    "planned_built": "规划已建",
}  # fmt: skip
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
    with xlsxwriter.Workbook(str(folder / PROGRESS), OPTIONS) as book:
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
    title = either(
        f"{config.project.city} {found.year} 年建设进度",
        f"{config.project.city}: progress {found.year}",
        lang,
    )
    sheet.write_string(0, 0, title, formats.title)
    note = either(f"截至 {found.day}", f"as of {found.day}", lang)
    if found.months:
        note += either(
            f" · 剩余 {found.total.remaining}，{found.months} 个月，每月 {found.monthly}",
            f" · {found.total.remaining} left, {found.months} months, {found.monthly} a month", lang,
        )  # fmt: skip
    synthetic = [say("synthetic", lang)] if config.project.synthetic else []
    sheet.write_string(1, 0, " · ".join([note, *synthetic]), formats.banner if synthetic else formats.note)
    rows = [*table[list(columns)].to_dict("records"), *([total] if total else [])]
    for number, name in enumerate(columns):
        sheet.write_string(_HEAD_ROW, number, _HEADERS[name] if lang == "zh" else name, formats.head)
        sheet.set_column(number, number, 18 if name in ("county", "network") else 11)
        for line, row in enumerate(rows, start=_HEAD_ROW + 1):
            write_cell(sheet, line, number, plain(row[name]), formats.cell(_kind(name)))
    sheet.freeze_panes(_HEAD_ROW + 1, 2)
    sheet.autofilter(_HEAD_ROW, 0, _HEAD_ROW + max(1, len(table)), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD_ROW)


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
                "name": [name, _HEAD_ROW, at], "categories": [name, first, 1, last, 1],
                "values": [name, first, at, last, at], "fill": {"color": colour},
            }
        )  # fmt: skip
    quota = book.add_chart({"type": "line"})
    at, red = _COUNTY.index("quota"), {"color": "#C00000"}
    quota.add_series(
        {
            "name": [name, _HEAD_ROW, at], "categories": [name, first, 1, last, 1],
            "values": [name, first, at, last, at], "line": {"none": True},
            "marker": {"type": "long_dash", "size": 14, "fill": red, "border": red},
        }
    )  # fmt: skip
    chart.combine(quota)
    chart.set_title({"name": either("建设进度与指标", "Progress against the quota", lang)})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 1100, "height": 420})
    sheet.insert_chart(_HEAD_ROW + count + 4, 0, chart)
