"""The first sheet of the detail workbook: the plan in numbers by county, with charts of its own cells."""

from __future__ import annotations

from typing import Any, NamedTuple

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from siteplan.outputs import palette
from siteplan.outputs.wording import fallbacks_text, findings_text
from siteplan.outputs.xlsx.cells import A4, Formats, Look, on_paper, write_cell, write_head
from siteplan.planning.proposal import Proposal
from siteplan.words.catalogue import Lang, translate

_HEAD_ROW = 3
_COLUMNS: tuple[tuple[str, Look], ...] = (
    ("county", Look(20, "text")),
    ("summary_quota", Look(8, "count")),
    ("summary_built", Look(8, "count")),
    ("summary_this_plan", Look(9, "count")),
    ("summary_people", Look(12, "count")),
    ("summary_people_before", Look(11, "share")),
    ("summary_people_after", Look(11, "share")),
    ("summary_people_gain", Look(12, "count")),
    ("summary_villages", Look(9, "count")),
    ("summary_villages_before", Look(11, "share")),
    ("summary_villages_after", Look(11, "share")),
    ("summary_villages_gain", Look(9, "count")),
)
SUMMARY_COLUMNS = len(_COLUMNS)
"""How many columns the sheet has."""
_AT = {name: number for number, (name, _) in enumerate(_COLUMNS)}


class _Row(NamedTuple):
    """Numbers of one county, or of all."""

    name: str
    quota: float
    built: float
    selected: float
    people: float
    people_before: float
    people_after: float
    villages: float
    villages_before: float
    villages_after: float

    def cells(self) -> list[object]:
        """In the order of the sheet's columns; no share of nothing."""
        return [
            self.name,
            self.quota,
            self.built,
            self.selected,
            self.people,
            _share(self.people_before, self.people),
            _share(self.people_after, self.people),
            self.people_after - self.people_before,
            self.villages,
            _share(self.villages_before, self.villages),
            _share(self.villages_after, self.villages),
            self.villages_after - self.villages_before,
        ]


def _share(part: float, whole: float) -> object:
    return part / whole if whole else ""


def write_summary(book: Workbook, sheet: Worksheet, proposal: Proposal, formats: Formats, lang: Lang) -> None:
    """Fill the sheet below its title: counties with percentages, what to look at first, charts.

    Parameters
    ----------
    book, sheet
        Workbook and sheet, whose title is written already.
    proposal
        The plan, in words.
    formats
        Of the workbook.
    lang
        Language.
    """
    heads = [translate(name, lang) for name, _ in _COLUMNS]
    write_head(sheet, _HEAD_ROW, heads, [look for _, look in _COLUMNS], formats)
    sheet.set_row(_HEAD_ROW, 48)
    rows = _rows(proposal, lang)
    for line, row in enumerate(rows, start=_HEAD_ROW + 1):
        for number, ((_, look), value) in enumerate(zip(_COLUMNS, row.cells(), strict=True)):
            write_cell(sheet, line, number, value, formats.cell(look.kind))
    last = _HEAD_ROW + len(rows)
    sheet.freeze_panes(_HEAD_ROW + 1, 1)
    below = _notes(sheet, proposal, last + 2, formats, lang)
    if len(rows) > 1:
        _charts(book, sheet, (_HEAD_ROW + 1, last - 1), below + 1, lang)
    on_paper(sheet, _HEAD_ROW, A4)
    sheet.fit_to_pages(1, 1)


def _rows(proposal: Proposal, lang: Lang) -> list[_Row]:
    """One row a county, and the area's own numbers below."""
    rows = [
        _Row(
            str(each.county),
            each.quota,
            each.built,
            each.selected,
            each.population_total,
            each.population_covered_before,
            each.population_covered_after,
            each.villages_total,
            each.villages_covered_before,
            each.villages_covered_after,
        )
        for each in proposal.effects.counties.itertuples()
    ]
    have = proposal.record
    total = _Row(
        translate("total", lang),
        have.quota,
        have.built,
        have.selected_stations,
        have.population_total,
        have.population_covered_before,
        have.population_covered_after,
        have.villages_total,
        have.villages_covered_before,
        have.villages_covered_after,
    )
    return [*rows, total]


def _notes(sheet: Worksheet, proposal: Proposal, line: int, formats: Formats, lang: Lang) -> int:
    """How good the plan is proven to be, and what to look at first; gives back the line after."""
    have = proposal.record
    said = [translate("at_most_better", lang, gap=have.optimality_gap)]
    said += [*findings_text(have, lang), *fallbacks_text(have, lang)]
    for text in said:
        sheet.write_string(line, 0, text, formats.note)
        line += 1
    return line


def _charts(book: Workbook, sheet: Worksheet, rows: tuple[int, int], line: int, lang: Lang) -> None:
    """Shares of people and of villages by county, before and after, beside each other."""
    for number, what in enumerate(("people", "villages")):
        chart = book.add_chart({"type": "bar"})
        colours = (palette.COVERED[3], palette.NEW)
        for when, colour in zip(("before", "after"), colours, strict=True):
            chart.add_series(_series(sheet.name, rows, f"summary_{what}_{when}", colour))
        chart.set_title({"name": translate(f"summary_chart_{what}", lang), "name_font": {"size": 12}})
        chart.set_x_axis(
            {
                "num_format": "0%",
                "min": 0,
                "max": 1,
                "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}},
            }
        )
        chart.set_y_axis({"reverse": True})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 560, "height": 110 + 34 * (rows[1] - rows[0] + 1)})
        sheet.insert_chart(line, 0 if number == 0 else 6, chart)


def _series(name: str, rows: tuple[int, int], column: str, colour: str) -> dict[str, Any]:
    first, last = rows
    at = _AT[column]
    return {
        "name": [name, _HEAD_ROW, at],
        "categories": [name, first, 0, last, 0],
        "values": [name, first, at, last, at],
        "fill": {"color": colour},
        "gap": 60,
    }
