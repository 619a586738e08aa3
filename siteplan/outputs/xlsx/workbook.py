"""规划明细.xlsx: what the office looks things up in: eight sheets a planner opens, and an appendix.

Values are written as values; nothing a user typed is ever a formula or a link. Columns nobody filled, and ids
of programs, are hidden: a spreadsheet shows them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from siteplan.outputs import palette, proof
from siteplan.outputs.sheets import later_rows, plain, records, unproposed
from siteplan.outputs.wording import banners, fallbacks_text, findings_text, measured_text
from siteplan.outputs.xlsx.cells import (
    A3,
    Formats,
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
from siteplan.outputs.xlsx.summary import SUMMARY_COLUMNS, write_summary
from siteplan.planning.proposal import Proposal
from siteplan.planning.run_record import RunRecord
from siteplan.project.columns import CellFormat, Column, columns_of, names_of, printed_first
from siteplan.words.catalogue import Key, Lang, translate

_TABS = {"result": "#00694E", "left": "#C55A11", "appendix": "#7F7F7F"}
"""Tab colour by kind of sheet: what a planner opens, what was left out, the appendix."""
_IDS = frozenset({"source_id", "village_id", "unit_id"})
"""Columns for programs, hidden."""
_HEAD_ROW = 3
_FIRST = 10
"""Ranks that are highlighted."""


class _Sheet(NamedTuple):
    """One sheet: name in the catalogue, tab colour, registry's table, rows, and sums under them if any."""

    name: str
    tab: str
    columns: str
    table: pd.DataFrame
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
        summary = book.add_worksheet(translate("sheet_summary", lang))
        for each in _sheets(proposal, lang):
            sheet = book.add_worksheet(_sheet_name(each, lang))
            _fill(sheet, proposal, each, formats, lang)
        _dictionary(book.add_worksheet(_appendix(translate("dictionary", lang), lang)), formats, lang)
        _about(book.add_worksheet(_appendix(translate("about", lang), lang)), proposal, formats, lang)
        _top(summary, proposal, SUMMARY_COLUMNS, formats, lang)
        summary.set_tab_color(_TABS["result"])
        write_summary(book, summary, proposal, formats, lang)
        with_footer(summary, _note(proposal, lang))


def _sheet_name(each: _Sheet, lang: Lang) -> str:
    name = translate(f"sheet_{each.name}", lang)
    return _appendix(name, lang) if each.tab == "appendix" else name


def _appendix(name: str, lang: Lang) -> str:
    return translate("sheet_appendix", lang, name=name)


def _title(proposal: Proposal, lang: Lang) -> str:
    year = proposal.record.year
    return translate("year_candidate_sites", lang, area_name=proposal.area.name, year=year)


def _sheets(proposal: Proposal, lang: Lang) -> list[_Sheet]:
    """All sheets but the summary in their order: four a planner opens, then the appendix; what a plan has no
    rows for is left out where it says nothing.
    """
    places, effects, existing = proposal.places, proposal.effects, proposal.existing
    sheets = [
        _Sheet("candidates", "result", "proposed", _in_words(places.proposed, lang)),
        _Sheet("villages", "result", "village_results", _village_rows(proposal, lang)),
        _Sheet("counties", "result", "county_results", effects.counties, _total(proposal, lang)),
        *_proof_sheets(proposal, lang, "result"),
        *_later_sheet(proposal, lang),
        _Sheet("not_proposed", "left", "not_proposed", _in_words(unproposed(proposal), lang)),
        _Sheet("rejected", "appendix", "rejected", proposal.rejected),
        _Sheet("ledger", "appendix", "ledger", _ledger_rows(proposal)),
    ]
    if len(effects.grades):
        sheets.append(_Sheet("signal", "appendix", "signal", _grade_rows(proposal, lang)))
    if len(existing.terrain_effect):
        total = _terrain_total(proposal, lang)
        sheets.append(_Sheet("terrain", "appendix", "terrain", existing.terrain_effect, total))
    if len(places.change_curve):
        rows = places.change_curve.assign(**_yes_no(places.change_curve, ("chosen",), lang))
        sheets.append(_Sheet("changes", "appendix", "change_curve", rows))
    sheets += [
        _Sheet("layers", "appendix", "layer_results", effects.layers),
        _Sheet("curve", "appendix", "curve", places.curve),
    ]
    if existing.comparison is not None and len(existing.comparison):
        sheets.append(_Sheet("deep_shadow", "appendix", "deep_shadow", _comparison_rows(proposal, lang)))
    sheets += _proof_sheets(proposal, lang, "appendix")
    return [*sheets, _Sheet("radii", "appendix", "radii", _radius_rows(proposal))]


def _later_sheet(proposal: Proposal, lang: Lang) -> list[_Sheet]:
    """Places of later years, where several were planned."""
    rows = later_rows(proposal, lang)
    return [_Sheet("later_years", "result", "later_years", rows)] if len(rows) else []


def _proof_sheets(proposal: Proposal, lang: Lang, tab: str) -> list[_Sheet]:
    """What the plan proves: the tests and indicators a planner opens, and what they rest on."""
    villages = proposal.proof.odds_villages
    sheets = {
        "result": [
            _Sheet("tests", "result", "tests", proof.test_rows(proposal, lang)),
            _Sheet("indicators", "result", "indicator_results", proof.indicator_rows(proposal, lang)),
            _Sheet("conditions", "result", "conditions", proof.condition_rows(proposal, lang)),
        ],
        "appendix": [
            _Sheet("points", "appendix", "points_tested", proof.point_rows(proposal, lang)),
            _Sheet("stretches", "appendix", "stretches", proof.stretch_rows(proposal, lang)),
            _Sheet("low_altitude", "appendix", "corridor_results", proof.corridor_rows(proposal, lang)),
            _Sheet("conflicts", "appendix", "conflicts", proof.conflict_rows(proposal, lang)),
            _Sheet("hit_rates", "appendix", "hit_rates", proof.hit_rows(proposal)),
            _Sheet("village_odds", "appendix", "village_odds", villages),
            _Sheet("people_odds", "appendix", "people_odds", proof.people_odds_rows(proposal, lang)),
            _Sheet("bought", "appendix", "bought", proof.bought_rows(proposal, lang)),
            _Sheet("people", "appendix", "people_sources", proof.people_rows(proposal)),
        ],
    }
    return [each for each in sheets[tab] if len(each.table)]


def _ledger_rows(proposal: Proposal) -> pd.DataFrame:
    names = {each.id: each.name for each in proposal.config.networks}
    ledger = proposal.effects.ledger
    return ledger.assign(network=_named(ledger["network"], names))


def _radius_rows(proposal: Proposal) -> pd.DataFrame:
    config, radii = proposal.config, proposal.existing.radii
    return radii.assign(
        network=_named(radii["network"], {each.id: each.name for each in config.networks}),
        area_class=_named(radii["area_class"], {each.id: each.name for each in config.area_classes}),
        band=_named(radii["band"], {each.id: each.name for each in config.bands}),
    )


def _grade_rows(proposal: Proposal, lang: Lang) -> pd.DataFrame:
    """People by grade, with tiers and classes in words."""
    tiers = {tier.id: f"{tier.name} ≥ {tier.threshold_dbm:g} dBm" for tier in proposal.config.tiers}
    classes = {each.id: each.name for each in proposal.config.area_classes}
    none = translate("none", lang)
    return proposal.effects.grades.assign(
        tier=[tiers.get(each, none) for each in proposal.effects.grades["tier"]],
        area_class=_named(proposal.effects.grades["area_class"], classes),
    )


def _comparison_rows(proposal: Proposal, lang: Lang) -> pd.DataFrame:
    """Points in deep shadow, with yes and no."""
    assert proposal.existing.comparison is not None
    flags = _yes_no(proposal.existing.comparison, ("only_low_band", "verdict_differs"), lang)
    kinds = {"village": translate("village", lang), "pixel": translate("pixel", lang)}
    table = pd.DataFrame(proposal.existing.comparison.drop(columns="geometry"))
    bands = {each.id: each.name for each in proposal.config.bands}
    return table.assign(kind=_named(table["kind"], kinds), band=_named(table["band"], bands), **flags)


def _columns(table: str) -> tuple[Column, ...]:
    """Columns of a sheet: of the ranked list those that go on paper first."""
    columns = columns_of(table)
    if table != "proposed":
        return columns
    first = printed_first()
    by_name = {column.name: column for column in columns}
    return (*(by_name[name] for name in first), *(each for each in columns if each.name not in first))


def _printed(table: str) -> int:
    """Columns that go on paper."""
    return len(printed_first()) if table == "proposed" else len(columns_of(table))


def _total(proposal: Proposal, lang: Lang) -> list[object]:
    """The area's own numbers under those of its counties."""
    facts = proposal.record.model_dump()
    facts |= {"selected": proposal.record.selected_stations, "county": translate("total", lang)}
    return [plain(facts[name]) for name in names_of("county_results")]


def _terrain_total(proposal: Proposal, lang: Lang) -> list[object]:
    sums = [round(float(proposal.existing.terrain_effect[name].sum()), 2) for name in names_of("terrain")[1:]]
    return [translate("total", lang), *sums]


def _named(ids: pd.Series, names: Mapping[str, str]) -> list[str]:
    return [names.get(each, each) for each in ids]


def _in_words(table: pd.DataFrame, lang: Lang) -> pd.DataFrame:
    """Source types and statuses in words."""
    return pd.DataFrame(table.drop(columns="geometry")).assign(
        source_type=[translate(f"source_type_{source_type}", lang) for source_type in table["source_type"]],
        status=[translate(f"status_{status}", lang) for status in table["status"]],
    )


def _yes_no(table: pd.DataFrame, names: Sequence[str], lang: Lang) -> dict[str, list[str]]:
    """Flags in words, by column."""
    yes, no = translate("yes", lang), translate("no", lang)
    return {name: [yes if flag else no for flag in table[name]] for name in names}


def _village_rows(proposal: Proposal, lang: Lang) -> pd.DataFrame:
    """Villages with yes and no, and the state in words."""
    villages = pd.DataFrame(proposal.effects.villages.drop(columns="geometry"))
    if "evidence" not in villages:  # a run of a version that told none
        villages = villages.assign(evidence="predicted")
    flags = _yes_no(villages, ("covered_before", "covered_after"), lang)
    words = {
        "state": [translate(f"village_{each}", lang) for each in villages["state"]],
        "settled_by": [translate(f"map.settled_{each}", lang) for each in villages["settled_by"]],
        "evidence": [translate(f"map.evidence_{each}", lang) for each in villages["evidence"]],
    }
    return villages.assign(**words, **flags)


def _fill(sheet: Worksheet, proposal: Proposal, each: _Sheet, formats: Formats, lang: Lang) -> None:
    """Title, banner, header and rows; filters, frozen panes and print setup."""
    columns, printed = _columns(each.columns), _printed(each.columns)
    names, looks = [column.name for column in columns], [look_of(column) for column in columns]
    _top(sheet, proposal, printed, formats, lang)
    write_head(sheet, _HEAD_ROW, [column.header(lang) for column in columns], looks, formats)
    sheet.set_row(_HEAD_ROW, 34 if lang == "zh" else 48)
    rows = records(each.table, names)
    shown = [*rows, each.total] if each.total else rows
    write_rows(sheet, _HEAD_ROW + 1, shown, looks, formats)
    if not shown:
        sheet.write_string(_HEAD_ROW + 1, 0, translate("workbook_none", lang), formats.note)
    for number in _hidden(names, rows):
        sheet.set_column(number, number, looks[number].width, None, {"hidden": True})
    last = _HEAD_ROW + max(1, len(rows))
    sheet.autofilter(_HEAD_ROW, 0, last, len(names) - 1)
    sheet.freeze_panes(_HEAD_ROW + 1, 3 if "reason" in names else 1)
    if "reason" in names:
        _highlight(sheet, names, last, formats)
    if "stays" in names and each.table["stays"].notna().any():
        _mark_luck(sheet, names.index("stays"), last, proposal.config.odds.by_luck, formats)
    sheet.set_tab_color(_TABS[each.tab])
    sheet.print_area(0, 0, _HEAD_ROW + max(1, len(shown)), printed - 1)
    on_paper(sheet, _HEAD_ROW, A3)
    with_footer(sheet, _note(proposal, lang))


def _hidden(names: Sequence[str], rows: Sequence[Sequence[object]]) -> list[int]:
    """Columns that nobody filled, and ids of programs."""
    return [
        number
        for number, name in enumerate(names)
        if name in _IDS or (rows and all(row[number] == "" for row in rows))
    ]


def _top(sheet: Worksheet, proposal: Proposal, printed: int, formats: Formats, lang: Lang) -> None:
    """Title, what kind of data this is, and the plan in one line."""
    sheet.write_string(0, 0, f"{_title(proposal, lang)} · {sheet.name}", formats.title)
    sheet.set_row(0, 26)
    style = formats.banner if banners(proposal, lang) else formats.note
    for number in range(printed):
        sheet.write_blank(1, number, None, style)
    sheet.write_string(1, 0, _note(proposal, lang), style)
    sheet.write_string(2, 0, _result(proposal, lang), formats.note)
    sheet.set_row(1, 18)
    sheet.set_row(2, 18)


def _highlight(sheet: Worksheet, names: Sequence[str], last: int, formats: Formats) -> None:
    """The first ranks stand out, and each gain shows as a bar."""
    first, top = names.index("rank"), _HEAD_ROW + 1
    rule = {"type": "cell", "criteria": "between", "minimum": 1, "maximum": _FIRST, "format": formats.first}
    sheet.conditional_format(top, first, last, first, rule)
    gain = names.index("gain")
    bar = {"type": "data_bar", "bar_color": palette.NEW_EMPTY, "min_type": "num", "min_value": 0}
    sheet.conditional_format(top, gain, last, gain, bar)


def _mark_luck(sheet: Worksheet, column: int, last: int, least: float, formats: Formats) -> None:
    """Places that are on the list by luck stand out; an empty cell is none of them."""
    span = (_HEAD_ROW + 1, column, last, column)
    sheet.conditional_format(*span, {"type": "blanks", "format": None, "stop_if_true": True})
    rule = {"type": "cell", "criteria": "<", "value": least, "format": formats.luck}
    sheet.conditional_format(*span, rule)


def _note(proposal: Proposal, lang: Lang) -> str:
    parts = banners(proposal, lang)
    model = proposal.record.model
    calibrated = Key("model_calibrated" if model.calibrated else "model_uncalibrated")
    text = translate(f"model_{model.propagation}", lang, calibrated=calibrated)
    target = proposal.config.coverage.edge_probability_target
    parts.append(f"{text}; P ≥ {target:g}; WGS84 / GCJ-02")
    return " · ".join(parts)


def _result(proposal: Proposal, lang: Lang) -> str:
    """Quota and result in one line."""
    names = ("quota", "built", "remaining", "selected_stations", "selected_sites")
    return translate("result_line", lang, **{name: getattr(proposal.record, name) for name in names})


def _dictionary(sheet: Worksheet, formats: Formats, lang: Lang) -> None:
    header = (translate("column", lang), translate("header", lang), translate("description", lang))
    rows = [(each.name, each.header(lang), each.about(lang)) for each in columns_of("proposed")]
    _plain_rows(sheet, [header, *rows], formats)


def _about(sheet: Worksheet, proposal: Proposal, formats: Formats, lang: Lang) -> None:
    """Where the numbers come from: model, inputs with hashes, versions."""
    record = proposal.record
    rows: list[Sequence[object]] = [(translate("item", lang), translate("content", lang), "")]
    kinds: dict[int, CellFormat] = {}
    for column in columns_of("facts"):
        kinds[len(rows)] = column.cell_format
        rows.append((column.header(lang), _fact(record, column.name, lang), ""))
    checks = [(translate("self_check", lang), each, "") for each in findings_text(record, lang)]
    without = [(translate("fall_title", lang), each, "") for each in fallbacks_text(record, lang)]
    kinds = {line + len(checks) + len(without): kind for line, kind in kinds.items()}
    rows[1:1] = [*checks, *without]
    rows += [(translate("assumption", lang), translate(key, lang), "") for key in record.model.assumptions]
    shared = ", ".join(f"{name} {rho:g}" for name, rho in record.model.shadowing_correlation.items())
    rows.append((translate("shadowing_correlation", lang), shared, ""))
    if record.model.measured:
        rows.append((translate("measured_line", lang), measured_text(record.model, lang), ""))
    rows += [
        (translate("input", lang), f"{translate(f'table_{each.name}', lang)}: {each.file}", each.sha256)
        for each in record.inputs
    ]
    _plain_rows(sheet, rows, formats, kinds)


def _fact(record: RunRecord, name: str, lang: Lang) -> object:
    """A fact of the run; codes in words."""
    value = plain(getattr(record, name))
    if name == "quota_unit":
        return translate(f"quota_unit_{value}", lang)
    if name == "selection_status":
        return translate(f"selection_status_{value}", lang)
    if name == "bound_source":
        return translate(f"bound_source_{str(value).replace(' ', '_')}", lang)
    return value


def _plain_rows(
    sheet: Worksheet,
    rows: Sequence[Sequence[object]],
    formats: Formats,
    kinds: Mapping[int, CellFormat] | None = None,
) -> None:
    """A short sheet of texts; ``kinds`` says how the numbers of a row look."""
    looks = [Look(30, "wrap"), Look(76, "wrap"), Look(76, "wrap")]
    for number, look in enumerate(looks):
        sheet.set_column(number, number, look.width)
    for line, values in enumerate(rows):
        sheet.set_row(line, row_height(values, looks))
        for number, value in enumerate(values):
            is_number = isinstance(value, (int, float))
            kind: CellFormat = (kinds or {}).get(line, "general") if is_number else "wrap"
            style = formats.cell(kind, left=True)
            write_cell(sheet, line, number, value, formats.head if line == 0 else style)
    sheet.freeze_panes(1, 0)
    sheet.set_tab_color(_TABS["appendix"])
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
