"""What became of every row that came back, and what re-planning changed, as files.

Every row of every file is listed, those that were taken too; a held row has the key by
which it can be taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from siteplan.core.files import csv_bytes, inert
from siteplan.field.journal import Difficulty, Visit
from siteplan.field.merge import Merge, Outcome
from siteplan.field.published import PublishedList
from siteplan.field.returns import ReturnRow
from siteplan.outputs.sheets import plain
from siteplan.outputs.wording import problem_text, remedy_text
from siteplan.outputs.xlsx.cells import A3, OPTIONS, Formats, look_of, on_paper, write_head, write_rows
from siteplan.project.columns import columns_of, names_of
from siteplan.project.statuses import KeyKind
from siteplan.words.catalogue import Lang, translate

_COLUMNS = names_of("returned_rows")
_VERDICTS = ("held", "rejected", "behind", "accepted", "agrees", "known", "unchanged")
"""What a person must look at stands first."""


def write_checked(found: Merge, published_list: PublishedList, folder: Path, lang: Lang) -> list[str]:
    """Write the list of returned rows as a workbook and as ``returns.csv``."""
    order = sorted(range(len(found.outcomes)), key=lambda n: (_VERDICTS.index(found.outcomes[n].verdict), n))
    rows = [_row(each, published_list, lang) for each in found.outcomes]
    codes = [
        {**row, "verdict": each.verdict, "status": each.row.status}
        for row, each in zip(rows, found.outcomes, strict=True)
    ]
    cells = [[inert(plain(row[name])) for name in _COLUMNS] for row in codes]
    (folder / "returns.csv").write_bytes(csv_bytes(list(_COLUMNS), cells))
    name = translate("file_checked", lang)
    _workbook(folder / name, [rows[n] for n in order], found, lang)
    return [name, "returns.csv"]


def _row(each: Outcome, published_list: PublishedList, lang: Lang) -> dict[str, object]:
    """One row as it is listed."""
    row, stop = each.row, translate("text", lang)
    place = published_list.places.get(row.candidate_id)
    return {
        "take": "",
        "file": row.file,
        "sheet": row.sheet,
        "row": row.row,
        "candidate_id": row.candidate_id,
        "name": place.name if place else "",
        "verdict": translate(f"verdict_{each.verdict}", lang),
        "status": translate(f"status_{row.status}", lang) if row.status else "",
        "longitude": row.longitude,
        "latitude": row.latitude,
        "datum": row.datum.upper(),
        "reason": row.reason,
        "note": row.note,
        "reported_by": row.reported_by,
        "reported_at": row.reported_at,
        **{kind.value: getattr(row.keys, kind.value) for kind in KeyKind},
        **_records(row, lang),
        "problem": stop.join(problem_text(fault, lang) for fault in each.faults),
        "remedy": stop.join(remedy_text(fault, lang) for fault in each.faults),
        "key": each.key,
    }


def _records(row: ReturnRow, lang: Lang) -> dict[str, str]:
    """A visit and the file of a difficult site, as they can come back."""
    visit, difficulty = row.visit or Visit(""), row.difficulty or Difficulty()
    return {
        "visited_on": visit.date,
        "visited_whom": visit.whom,
        "visit_outcome": visit.outcome,
        "obstacle": translate(f"obstacle_{difficulty.obstacle}", lang) if difficulty.obstacle else "",
        "solution": difficulty.solution,
        "weekly_progress": difficulty.progress,
    }


def _workbook(path: Path, rows: Sequence[dict[str, object]], found: Merge, lang: Lang) -> None:
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        formats = Formats(book)
        sheet = book.add_worksheet(translate("returns", lang))
        counts = " · ".join(
            f"{translate(f'verdict_{verdict}', lang)} {n}" for verdict, n in found.counts.items()
        )
        sheet.write_string(0, 0, translate("returns_report_returned_rows", lang), formats.title)
        sheet.write_string(1, 0, counts, formats.note)
        looks = [look_of(column) for column in columns_of("returned_rows")]
        heads = [column.header(lang) for column in columns_of("returned_rows")]
        write_head(sheet, 2, heads, looks, formats)
        write_rows(sheet, 3, [[plain(row[name]) for name in _COLUMNS] for row in rows], looks, formats)
        held = [n for n, row in enumerate(rows) if row["key"]]
        tick = {"validate": "list", "source": [translate("tick", lang)], "ignore_blank": True}
        for n in held:
            sheet.data_validation(3 + n, 0, 3 + n, 0, tick)
            sheet.write_blank(3 + n, 0, None, formats.first)
        sheet.autofilter(2, 0, max(3, len(rows) + 2), len(looks) - 1)
        sheet.freeze_panes(3, 4)
        on_paper(sheet, 2, A3)
