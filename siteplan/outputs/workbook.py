"""候选站址.xlsx: the list planners work with, one sheet a question.

One decision to know: values are written as values; nothing a user typed is ever a formula or a link.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from siteplan.outputs.sheets import REFUSED_COLUMNS, VILLAGE_COLUMNS, records, unproposed
from siteplan.proposal import PROPOSED_COLUMNS, Proposal
from siteplan.texts import Lang, say

_COUNTY_COLUMNS = {
    "county": "县区",
    "quota": "年度指标",
    "built": "已建",
    "remaining": "剩余",
    "excess": "超建",
    "selected": "本方案基站数",
    "population_total": "常住人口",
    "population_covered_before": "现状覆盖人口",
    "population_covered_after": "规划后覆盖人口",
    "population_expected_before": "现状期望覆盖人口",
    "population_expected_after": "规划后期望覆盖人口",
    "villages_total": "行政村（社区）",
    "villages_covered_before": "现状通5G村",
    "villages_covered_after": "规划后通5G村",
}
_LEDGER_COLUMNS = {
    "county": "县区",
    "network": "网络",
    "quota": "年度指标",
    "built": "已建",
    "remaining": "剩余",
    "excess": "超建",
    "selected": "本方案基站数",
}
_LAYER_COLUMNS = {
    "layer": "业务层",
    "name": "名称",
    "weight_total": "总权重",
    "base_value": "现状已覆盖权重",
    "gain": "本方案新增权重",
    "people_before": "现状达标人次",
    "people_after": "规划后达标人次",
}
_CURVE_COLUMNS = {
    "rank": "排名",
    "stations": "累计基站数",
    "gain": "新增权重",
    "cumulative_gain": "累计新增权重",
    "upper_bound": "上界",
}
_RADIUS_COLUMNS = {
    "band": "频段",
    "network": "网络",
    "area_class": "区域类型",
    "antenna_height_m": "挂高（米）",
    "formula": "传播公式",
    "sigma_db": "阴影标准差（dB）",
    "radius_m": "覆盖半径（米）",
}
_WIDE = {"reason": 70, "gain_by_layer": 34, "name": 26, "villages_newly_covered_names": 24, "rule": 60,
         "alternates": 40, "content": 60, "remedy": 60, "restriction": 30, "candidate_id": 18}  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Formats:
    title: Format
    note: Format
    head: Format
    cell: Format
    wrap: Format


def write_workbook(proposal: Proposal, path: Path, lang: Lang = "zh") -> None:
    """Write the workbook.

    Parameters
    ----------
    proposal
        The result.
    path
        Where to; an existing file is replaced.
    lang
        Language of sheet names and headers.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        day = proposal.config.project.reference_date
        book.set_properties(
            {"title": _title(proposal, lang), "created": dt.datetime(day.year, day.month, day.day)}
        )
        formats = _formats(book)
        for name, table, columns in _sheets(proposal, lang):
            sheet = book.add_worksheet(name)
            _fill(sheet, proposal, table, columns, formats, lang)
        _dictionary(book.add_worksheet(_word("字段说明", "Dictionary", lang)), formats, lang)
        _about(book.add_worksheet(_word("说明", "About", lang)), proposal, formats, lang)


def _word(chinese: str, english: str, lang: Lang) -> str:
    return chinese if lang == "zh" else english


def _title(proposal: Proposal, lang: Lang) -> str:
    year = proposal.summary["year"]
    return _word(
        f"{proposal.area_name} {year} 年 5G 基站候选站址",
        f"{proposal.area_name} {year}: 5G candidate sites",
        lang,
    )


def _formats(book: xlsxwriter.Workbook) -> _Formats:
    grid = {"border": 1, "border_color": "#C9CED6", "valign": "vcenter"}
    head = {
        **grid,
        "bold": True,
        "bg_color": "#1F4E79",
        "font_color": "white",
        "text_wrap": True,
        "align": "center",
    }
    return _Formats(
        title=book.add_format({"bold": True, "font_size": 16}),
        note=book.add_format({"font_color": "#9C2B00", "italic": True}),
        head=book.add_format(head),
        cell=book.add_format(grid),
        wrap=book.add_format({**grid, "text_wrap": True}),
    )


def _sheets(proposal: Proposal, lang: Lang) -> list[tuple[str, pd.DataFrame, Mapping[str, str]]]:
    proposed = pd.DataFrame(proposal.proposed.drop(columns="geometry"))
    proposed["rung"] = [say(f"rung_{rung}", lang) for rung in proposed["rung"]]
    proposed["status"] = [say(f"status_{status}", lang) for status in proposed["status"]]
    others = unproposed(proposal)
    others["rung"] = [say(f"rung_{rung}", lang) for rung in others["rung"]]
    others["status"] = [say(f"status_{status}", lang) for status in others["status"]]
    rejected = {str(name): str(name) for name in proposal.rejected.columns}
    chosen = {name: header for name, (header, _) in PROPOSED_COLUMNS.items()}
    return [
        (_word("候选站址", "Candidates", lang), proposed, chosen),
        (_word("县区汇总", "Counties", lang), proposal.county_table, _COUNTY_COLUMNS),
        (_word("指标台账", "Ledger", lang), proposal.ledger, _LEDGER_COLUMNS),
        (_word("业务层", "Layers", lang), proposal.layers, _LAYER_COLUMNS),
        (_word("排名曲线", "Curve", lang), proposal.curve, _CURVE_COLUMNS),
        (_word("行政村", "Villages", lang), pd.DataFrame(proposal.villages), VILLAGE_COLUMNS),
        (_word("未采用点位", "Not proposed", lang), others, REFUSED_COLUMNS),
        (_word("传播半径", "Radii", lang), proposal.radii, _RADIUS_COLUMNS),
        (_word("剔除的输入行", "Rejected rows", lang), proposal.rejected, rejected),
    ]


def _fill(
    sheet: Worksheet,
    proposal: Proposal,
    table: pd.DataFrame,
    columns: Mapping[str, str],
    formats: _Formats,
    lang: Lang,
) -> None:
    """Title, note, header and rows; filters, frozen panes and print setup."""
    names = list(columns)
    sheet.write_string(0, 0, f"{_title(proposal, lang)} · {sheet.get_name()}", formats.title)
    sheet.write_string(1, 0, _note(proposal, lang), formats.note)
    for number, name in enumerate(names):
        sheet.write_string(3, number, columns[name] if lang == "zh" else name, formats.head)
        width = _WIDE.get(name, 12)
        sheet.set_column(number, number, width)
    for line, values in enumerate(records(table, names), start=4):
        for number, value in enumerate(values):
            style = formats.wrap if names[number] in _WIDE else formats.cell
            _write(sheet, line, number, value, style)
    last = max(4, 3 + len(table))
    sheet.autofilter(3, 0, last, len(names) - 1)
    sheet.freeze_panes(4, 3 if "rank" in names else 1)
    sheet.set_landscape()
    sheet.set_paper(8)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(3)


def _write(sheet: Worksheet, row: int, column: int, value: object, style: Format) -> None:
    if isinstance(value, (int, float)):
        sheet.write_number(row, column, value, style)
    elif value == "":
        sheet.write_blank(row, column, None, style)
    else:
        sheet.write_string(row, column, str(value)[:32_000], style)


def _note(proposal: Proposal, lang: Lang) -> str:
    parts = [say("synthetic", lang)] if proposal.config.project.synthetic else []
    model = _word("传播缓冲区模型，未校准", "propagation buffers, uncalibrated", lang)
    target = proposal.config.coverage.edge_probability_target
    parts.append(f"{model}; P ≥ {target:g}; WGS84 / GCJ-02")
    return " · ".join(parts)


def _dictionary(sheet: Worksheet, formats: _Formats, lang: Lang) -> None:
    header = (
        _word("列名", "column", lang),
        _word("表头", "header", lang),
        _word("说明", "description", lang),
    )
    rows = [(name, chinese, text) for name, (chinese, text) in PROPOSED_COLUMNS.items()]
    _plain_rows(sheet, [header, *rows], formats)


def _about(sheet: Worksheet, proposal: Proposal, formats: _Formats, lang: Lang) -> None:
    """Where the numbers come from: model, inputs with hashes, versions."""
    summary = proposal.summary
    rows: list[Sequence[object]] = [(_word("项目", "item", lang), _word("内容", "content", lang), "")]
    shown = {key: value for key, value in summary.items() if not isinstance(value, (dict, list))}
    rows += [(key, value, "") for key, value in shown.items() if key != "peak_memory_mib"]
    rows += [("assumption", text, "") for text in summary["model"]["assumptions"]]
    rows += [("input", f"{each['name']}: {each['file']}", each["sha256"]) for each in summary["inputs"]]
    _plain_rows(sheet, rows, formats)


def _plain_rows(sheet: Worksheet, rows: Sequence[Sequence[object]], formats: _Formats) -> None:
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 2, 70)
    for line, values in enumerate(rows):
        for number, value in enumerate(values):
            _write(sheet, line, number, value, formats.head if line == 0 else formats.wrap)
