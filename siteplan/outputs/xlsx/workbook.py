"""规划明细.xlsx: what the office looks things up in, one sheet a question.

One decision to know: values are written as values; nothing a user typed is ever a formula or a link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from siteplan.outputs.columns import (
    FACT_KINDS,
    FACTS,
    LOOKS,
    MEANINGS,
    PLAIN,
    PRINTED,
    REJECTED_COLUMNS,
    STATES,
    Kind,
    Look,
)
from siteplan.outputs.sheets import REFUSED_COLUMNS, VILLAGE_COLUMNS, plain, records, unproposed
from siteplan.outputs.xlsx.cells import (
    Formats,
    new_book,
    on_a3,
    row_height,
    with_footer,
    write_cell,
    write_head,
    write_rows,
)
from siteplan.planning.proposal import PROPOSED_COLUMNS, Proposal
from siteplan.words.catalogue import Lang, either, say

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
_CHANGE_COLUMNS = {
    "change_penalty": "改动代价",
    "changed": "改动的已发布点",
    "kept": "保留的已发布点",
    "gain": "新增权重",
    "people_covered": "覆盖人口",
    "upper_bound": "同等保留下的上界",
    "chosen": "采用",
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
_TERRAIN_COLUMNS = {
    "county": "县区",
    "population_empirical": "缓冲区覆盖人口",
    "population_terrain": "计入地形覆盖人口",
    "population_taken_away": "被地形遮挡人口",
    "villages_empirical": "缓冲区覆盖村",
    "villages_terrain": "计入地形覆盖村",
    "villages_taken_away": "被地形遮挡村",
    "area_km2_empirical": "缓冲区覆盖面积（km²）",
    "area_km2_terrain": "计入地形覆盖面积（km²）",
    "area_km2_taken_away": "被地形遮挡面积（km²）",
}
_GRADE_COLUMNS = {
    "county": "县区",
    "area_class": "区域类型",
    "tier": "信号等级",
    "people_before": "现状人口",
    "people_after": "规划后人口",
    "area_km2_before": "现状面积（km²）",
    "area_km2_after": "规划后面积（km²）",
}
_SPREAD_COLUMNS = {
    "kind": "类型",
    "name": "名称",
    "county": "县区",
    "people": "人口",
    "site_id": "服务站址",
    "band": "频段",
    "distance_m": "距离（米）",
    "diffraction_db": "绕射损耗（dB）",
    "p1812_db": "P.1812 损耗（dB）",
    "itm_db": "ITM 损耗（dB）",
    "difference_db": "ITM 减 P.1812（dB）",
    "only_low_band": "仅靠低频达标",
    "verdict_differs": "结论因模型而异",
    "longitude": "经度WGS84",
    "latitude": "纬度WGS84",
}
_TABS = {"result": "#1F4E79", "account": "#548235", "left": "#C55A11", "about": "#7F7F7F"}
"""Tab colour by kind of sheet: what to build, the accounts, what was left out, how it was made."""
_HEAD_ROW = 3
_FIRST = 10
"""Ranks that are highlighted."""


class _Sheet(NamedTuple):
    """One sheet: tab colour, rows, headers by column, columns that go on paper, total row if any."""

    name: str
    tab: str
    table: pd.DataFrame
    columns: Mapping[str, str]
    printed: int
    total: Sequence[object] = ()


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
    with new_book(path, _title(proposal, lang), proposal.config.project.reference_date) as book:
        formats = Formats(book)
        for each in _sheets(proposal, lang):
            _fill(book.add_worksheet(each.name), proposal, each, formats, lang)
        _dictionary(book.add_worksheet(either("字段说明", "Dictionary", lang)), formats, lang)
        _about(book.add_worksheet(either("说明", "About", lang)), proposal, formats, lang)


def _title(proposal: Proposal, lang: Lang) -> str:
    year = proposal.summary["year"]
    return either(
        f"{proposal.area_name} {year} 年 5G 基站候选站址",
        f"{proposal.area_name} {year}: 5G candidate sites",
        lang,
    )


def _sheets(proposal: Proposal, lang: Lang) -> list[_Sheet]:
    chosen = {name: PROPOSED_COLUMNS[name][0] for name in PRINTED}
    chosen |= {name: header for name, (header, _) in PROPOSED_COLUMNS.items() if name not in PRINTED}
    names = {each.id: each.name for each in proposal.config.networks}
    classes = {each.id: each.name for each in proposal.config.area_classes}
    bands = {each.id: each.name for each in proposal.config.bands}
    ledger, radii = proposal.ledger.copy(), proposal.radii.copy()
    ledger["network"] = _named(ledger["network"], names)
    radii["network"], radii["area_class"] = (
        _named(radii["network"], names),
        _named(radii["area_class"], classes),
    )
    radii["band"] = _named(radii["band"], bands)
    ranked = _spoken(proposal.proposed, lang)
    others = _spoken(unproposed(proposal), lang)
    tables: list[tuple[str, str, str, pd.DataFrame, Mapping[str, str]]] = [
        ("候选站址", "Candidates", "result", ranked, chosen),
        ("县区汇总", "Counties", "account", proposal.county_table, _COUNTY_COLUMNS),
        ("指标台账", "Ledger", "account", ledger, _LEDGER_COLUMNS),
        ("业务层", "Layers", "account", proposal.layers, _LAYER_COLUMNS),
        ("排名曲线", "Curve", "account", proposal.curve, _CURVE_COLUMNS),
        ("行政村", "Villages", "result", _village_rows(proposal, lang), VILLAGE_COLUMNS),
        ("未采用点位", "Not proposed", "left", others, REFUSED_COLUMNS),
        ("传播半径", "Radii", "about", radii, _RADIUS_COLUMNS),
        ("剔除的输入行", "Rejected rows", "left", proposal.rejected, REJECTED_COLUMNS),
    ]
    totals = {either("县区汇总", "Counties", lang): _total(proposal, lang)}
    if len(proposal.terrain):
        tables.insert(2, ("地形影响", "Terrain", "account", proposal.terrain, _TERRAIN_COLUMNS))
        totals[either("地形影响", "Terrain", lang)] = _terrain_total(proposal, lang)
    if len(proposal.change_curve):
        rows = proposal.change_curve.assign(**_yes_no(proposal.change_curve, ("chosen",), lang))
        tables.insert(5, ("改动曲线", "Changes", "account", rows, _CHANGE_COLUMNS))
    if len(proposal.grades):
        rows = _grade_rows(proposal, lang)
        tables.insert(2, ("信号等级", "Signal", "account", rows, _GRADE_COLUMNS))
    if proposal.comparison is not None and len(proposal.comparison):
        rows = _comparison_rows(proposal, lang)
        tables.insert(-2, ("低频深阴影", "Deep shadow", "left", rows, _SPREAD_COLUMNS))
    named = [(either(chinese, english, lang), *rest) for chinese, english, *rest in tables]
    return [
        _Sheet(name, _TABS[tab], table, columns, _printed(columns), totals.get(name, ()))
        for name, tab, table, columns in named
    ]


def _grade_rows(proposal: Proposal, lang: Lang) -> pd.DataFrame:
    """People by grade, with tiers and classes in words."""
    tiers = {tier.id: f"{tier.name} ≥ {tier.threshold_dbm:g} dBm" for tier in proposal.config.tiers}
    classes = {each.id: each.name for each in proposal.config.area_classes}
    none = either("无信号", "none", lang)
    return proposal.grades.assign(
        tier=[tiers.get(each, none) for each in proposal.grades["tier"]],
        area_class=_named(proposal.grades["area_class"], classes),
    )


def _comparison_rows(proposal: Proposal, lang: Lang) -> pd.DataFrame:
    """Points in deep shadow, with yes and no."""
    assert proposal.comparison is not None
    flags = _yes_no(proposal.comparison, ("only_low_band", "verdict_differs"), lang)
    kinds = {"village": either("村点", "village", lang), "pixel": either("人口像元", "pixel", lang)}
    table = pd.DataFrame(proposal.comparison.drop(columns="geometry"))
    bands = {each.id: each.name for each in proposal.config.bands}
    return table.assign(kind=_named(table["kind"], kinds), band=_named(table["band"], bands), **flags)


def _printed(columns: Mapping[str, str]) -> int:
    return len(PRINTED) if "reason" in columns else len(columns)


def _total(proposal: Proposal, lang: Lang) -> list[object]:
    """The area's own numbers under those of its counties."""
    facts = {**proposal.summary, "selected": proposal.summary["selected_stations"]}
    facts["county"] = either("合计", "total", lang)
    return [plain(facts[name]) for name in _COUNTY_COLUMNS]


def _terrain_total(proposal: Proposal, lang: Lang) -> list[object]:
    sums = [round(float(proposal.terrain[name].sum()), 2) for name in list(_TERRAIN_COLUMNS)[1:]]
    return [either("合计", "total", lang), *sums]


def _named(ids: pd.Series, names: Mapping[str, str]) -> list[str]:
    return [names.get(each, each) for each in ids]


def _spoken(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Rungs and statuses in words."""
    return pd.DataFrame(table.drop(columns="geometry")).assign(
        source_type=[say(f"rung_{source_type}", lang) for source_type in table["source_type"]],
        status=[say(f"status_{status}", lang) for status in table["status"]],
    )


def _yes_no(table: pd.DataFrame, names: Sequence[str], lang: Lang) -> dict[str, list[str]]:
    """Flags in words, by column."""
    yes, no = either("是", "yes", lang), either("否", "no", lang)
    return {name: [yes if flag else no for flag in table[name]] for name in names}


def _village_rows(proposal: Proposal, lang: Lang) -> pd.DataFrame:
    """Villages with yes and no, and the state in words."""
    villages = pd.DataFrame(proposal.villages.drop(columns="geometry"))
    flags = _yes_no(villages, ("covered_before", "covered_after"), lang)
    return villages.assign(state=[either(*STATES[each], lang) for each in villages["state"]], **flags)


def _fill(sheet: Worksheet, proposal: Proposal, each: _Sheet, formats: Formats, lang: Lang) -> None:
    """Title, banner, header and rows; filters, frozen panes and print setup."""
    names = list(each.columns)
    _top(sheet, proposal, each, formats, lang)
    rows = records(each.table, names)
    looks = [LOOKS.get(name, PLAIN) for name in names]
    shown = [*rows, each.total] if each.total else rows
    write_rows(sheet, _HEAD_ROW + 1, shown, looks, formats)
    if not shown:
        sheet.write_string(_HEAD_ROW + 1, 0, either("（无）", "(none)", lang), formats.note)
    last = _HEAD_ROW + max(1, len(rows))
    sheet.autofilter(_HEAD_ROW, 0, last, len(names) - 1)
    sheet.freeze_panes(_HEAD_ROW + 1, 3 if "reason" in names else 1)
    if "reason" in names:
        _highlight(sheet, names, last, formats)
    sheet.set_tab_color(each.tab)
    sheet.print_area(0, 0, _HEAD_ROW + max(1, len(shown)), each.printed - 1)
    on_a3(sheet, _HEAD_ROW)
    with_footer(sheet, _note(proposal, lang))


def _top(sheet: Worksheet, proposal: Proposal, each: _Sheet, formats: Formats, lang: Lang) -> None:
    """Title, what kind of data this is, the plan in one line, and the header."""
    sheet.write_string(0, 0, f"{_title(proposal, lang)} · {each.name}", formats.title)
    sheet.set_row(0, 26)
    style = formats.banner if proposal.config.project.synthetic else formats.note
    for number in range(each.printed):
        sheet.write_blank(1, number, None, style)
    sheet.write_string(1, 0, _note(proposal, lang), style)
    sheet.write_string(2, 0, _result(proposal, lang), formats.note)
    sheet.set_row(1, 18)
    sheet.set_row(2, 18)
    heads = list(each.columns.values() if lang == "zh" else each.columns)
    write_head(sheet, _HEAD_ROW, heads, [LOOKS.get(name, PLAIN) for name in each.columns], formats)
    sheet.set_row(_HEAD_ROW, 34 if lang == "zh" else 48)


def _highlight(sheet: Worksheet, names: Sequence[str], last: int, formats: Formats) -> None:
    """The first ranks stand out, and each gain shows as a bar."""
    first, top = names.index("rank"), _HEAD_ROW + 1
    rule = {"type": "cell", "criteria": "between", "minimum": 1, "maximum": _FIRST, "format": formats.first}
    sheet.conditional_format(top, first, last, first, rule)
    gain = names.index("gain")
    bar = {"type": "data_bar", "bar_color": "#9DC3E6", "min_type": "num", "min_value": 0}
    sheet.conditional_format(top, gain, last, gain, bar)


def _note(proposal: Proposal, lang: Lang) -> str:
    parts = [say("synthetic", lang)] if proposal.config.project.synthetic else []
    found = proposal.summary["model"]
    calibrated = say("model_calibrated" if found["calibrated"] else "model_uncalibrated", lang)
    model = say(f"model_{found['propagation']}", lang, calibrated=calibrated)
    target = proposal.config.coverage.edge_probability_target
    parts.append(f"{model}; P ≥ {target:g}; WGS84 / GCJ-02")
    return " · ".join(parts)


def _result(proposal: Proposal, lang: Lang) -> str:
    """Quota and result in one line."""
    found = proposal.summary
    chinese = (
        f"指标 {found['quota']:,} · 已建 {found['built']:,} · 剩余 {found['remaining']:,} · 建议基站 "
        f"{found['selected_stations']:,}（{found['selected_sites']:,} 个站址）"
    )
    english = (
        f"quota {found['quota']:,} · built {found['built']:,} · remaining {found['remaining']:,} · proposed "
        f"stations {found['selected_stations']:,} on {found['selected_sites']:,} sites"
    )
    return either(chinese, english, lang)


def _dictionary(sheet: Worksheet, formats: Formats, lang: Lang) -> None:
    header = (
        either("列名", "column", lang),
        either("表头", "header", lang),
        either("说明", "description", lang),
    )
    rows = [
        (name, chinese, MEANINGS.get(name, text) if lang == "zh" else text)
        for name, (chinese, text) in PROPOSED_COLUMNS.items()
    ]
    _plain_rows(sheet, [header, *rows], formats)


def _about(sheet: Worksheet, proposal: Proposal, formats: Formats, lang: Lang) -> None:
    """Where the numbers come from: model, inputs with hashes, versions."""
    summary = proposal.summary
    rows: list[Sequence[object]] = [(either("项目", "item", lang), either("内容", "content", lang), "")]
    kinds: dict[int, Kind] = {}
    for key, value in summary.items():
        if not isinstance(value, (dict, list)) and key != "peak_memory_mib":
            kinds[len(rows)] = FACT_KINDS.get(key, "count")
            rows.append((FACTS.get(key, key) if lang == "zh" else key, plain(value), ""))
    rows += [(either("模型假定", "assumption", lang), text, "") for text in summary["model"]["assumptions"]]
    rows += [
        (either("输入", "input", lang), f"{each['name']}: {each['file']}", each["sha256"])
        for each in summary["inputs"]
    ]
    _plain_rows(sheet, rows, formats, kinds)


def _plain_rows(
    sheet: Worksheet,
    rows: Sequence[Sequence[object]],
    formats: Formats,
    kinds: Mapping[int, Kind] | None = None,
) -> None:
    """A short sheet of texts; ``kinds`` says how the numbers of a row look."""
    looks = [Look(30, "wrap"), Look(76, "wrap"), Look(76, "wrap")]
    for number, look in enumerate(looks):
        sheet.set_column(number, number, look.width)
    for line, values in enumerate(rows):
        sheet.set_row(line, row_height(values, looks))
        for number, value in enumerate(values):
            is_number = isinstance(value, (int, float))
            kind: Kind = (kinds or {}).get(line, "general") if is_number else "wrap"
            style = formats.cell(kind, left=True)
            write_cell(sheet, line, number, value, formats.head if line == 0 else style)
    sheet.freeze_panes(1, 0)
    sheet.set_tab_color(_TABS["about"])
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
