"""What became of every row that came back, and what re-planning changed, as files.

One decision to know: every row of every file is listed, those that were taken too; a held row has the key by
which it can be taken.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import xlsxwriter
from matplotlib.figure import Figure

from siteplan.core.files import csv_bytes, inert
from siteplan.field.merge import Merge, Outcome
from siteplan.field.published import PublishedList
from siteplan.outputs.columns import Look
from siteplan.outputs.sheets import plain
from siteplan.outputs.xlsx.cells import OPTIONS, Formats, on_a3, write_head, write_rows
from siteplan.planning.proposal import Proposal
from siteplan.planning.replan import CURVE
from siteplan.words.catalogue import Lang, either, say

CHECKED = "回执核对.xlsx"
_COLUMNS: dict[str, tuple[str, Look]] = {
    "file": ("文件", Look(26, "wrap")),
    "sheet": ("工作表", Look(14, "wrap")),
    "row": ("行号", Look(7, "count")),
    "candidate_id": ("候选编号", Look(18, "id")),
    "name": ("名称", Look(24, "wrap")),
    "verdict": ("处理结果", Look(12, "id")),
    "status": ("反馈状态", Look(11, "id")),
    "longitude": ("实际经度", Look(12, "degrees")),
    "latitude": ("实际纬度", Look(11, "degrees")),
    "datum": ("坐标系", Look(10, "id")),
    "reason": ("原因", Look(24, "wrap")),
    "note": ("备注", Look(24, "wrap")),
    "reported_by": ("反馈人", Look(11, "text")),
    "reported_at": ("反馈日期", Look(20, "id")),
    "problem": ("问题", Look(50, "wrap")),
    "remedy": ("处理办法", Look(50, "wrap")),
    "key": ("采用代码", Look(11, "id")),
}
_VERDICTS = ("held", "rejected", "behind", "accepted", "agrees", "known", "unchanged")
"""What a person must look at stands first."""


def write_checked(found: Merge, published_list: PublishedList, folder: Path, lang: Lang = "zh") -> list[str]:
    """Write the list of returned rows as ``回执核对.xlsx`` and ``returns.csv``.

    Parameters
    ----------
    found
        Rows with their verdicts.
    published_list
        The published list.
    folder
        Existing folder.
    lang
        Language of the workbook.

    Returns
    -------
    list of str
        Files written.
    """
    order = sorted(range(len(found.outcomes)), key=lambda n: (_VERDICTS.index(found.outcomes[n].verdict), n))
    rows = [_row(each, published_list, lang) for each in found.outcomes]
    codes = [
        {**row, "verdict": each.verdict, "status": each.row.status}
        for row, each in zip(rows, found.outcomes, strict=True)
    ]
    cells = [[inert(plain(row[name])) for name in _COLUMNS] for row in codes]
    (folder / "returns.csv").write_bytes(csv_bytes(list(_COLUMNS), cells))
    _workbook(folder / CHECKED, [rows[n] for n in order], found, lang)
    return [CHECKED, "returns.csv"]


def _row(each: Outcome, published_list: PublishedList, lang: Lang) -> dict[str, object]:
    """One row as it is listed."""
    row, stop = each.row, either("；", "; ", lang)
    place = published_list.places.get(row.candidate_id)
    return {
        "file": row.file,
        "sheet": row.sheet,
        "row": row.row,
        "candidate_id": row.candidate_id,
        "name": place.name if place else "",
        "verdict": say(f"verdict_{each.verdict}", lang),
        "status": say(f"status_{row.status}", lang) if row.status else "",
        "longitude": row.longitude,
        "latitude": row.latitude,
        "datum": row.datum.upper(),
        "reason": row.reason,
        "note": row.note,
        "reported_by": row.reported_by,
        "reported_at": row.reported_at,
        "problem": stop.join(say(fault.problem, lang, **fault.values) for fault in each.faults),
        "remedy": stop.join(say(fault.remedy, lang, **fault.values) for fault in each.faults),
        "key": each.key,
    }


def _workbook(path: Path, rows: Sequence[dict[str, object]], found: Merge, lang: Lang) -> None:
    with xlsxwriter.Workbook(str(path), OPTIONS) as book:
        formats = Formats(book)
        sheet = book.add_worksheet(either("回执核对", "Returns", lang))
        counts = " · ".join(f"{say(f'verdict_{verdict}', lang)} {n}" for verdict, n in found.counts.items())
        sheet.write_string(0, 0, either("回执核对", "Returned rows", lang), formats.title)
        sheet.write_string(1, 0, counts, formats.note)
        looks = [look for _, look in _COLUMNS.values()]
        heads = [header if lang == "zh" else name for name, (header, _) in _COLUMNS.items()]
        write_head(sheet, 2, heads, looks, formats)
        write_rows(sheet, 3, [[plain(row[name]) for name in _COLUMNS] for row in rows], looks, formats)
        sheet.autofilter(2, 0, max(3, len(rows) + 2), len(looks) - 1)
        sheet.freeze_panes(3, 4)
        on_a3(sheet, 2)


def write_changes(proposal: Proposal, folder: Path) -> list[str]:
    """Write coverage against changed places as ``change_curve.csv`` and ``change_curve.png``.

    Labels of the picture are English: a machine may lack a font for others.

    Parameters
    ----------
    proposal
        A re-plan; nothing is written where no list was out.
    folder
        Existing folder.

    Returns
    -------
    list of str
        Files written.
    """
    curve = proposal.change_curve
    if curve.empty:
        return []
    rows = [[plain(value) for value in row] for row in curve[CURVE].itertuples(index=False)]
    (folder / "change_curve.csv").write_bytes(csv_bytes(CURVE, rows))
    (folder / "change_curve.png").write_bytes(_curve_png(curve, bool(proposal.config.project.synthetic)))
    return ["change_curve.csv", "change_curve.png"]


def _curve_png(curve: pd.DataFrame, is_synthetic: bool) -> bytes:
    """Covered weight against changed places, with the bound and the plan that was chosen."""
    figure = Figure(figsize=(8.0, 4.8), layout="constrained")
    axes = figure.subplots()
    table = curve.sort_values("changed")
    axes.plot(table["changed"], table["gain"], marker="o", color="#0072b2", label="newly covered weight")
    axes.plot(table["changed"], table["upper_bound"], ":", color="#999999", label="bound, as much kept")
    chosen = table[table["chosen"].astype(bool)]
    axes.plot(chosen["changed"], chosen["gain"], "*", markersize=16, color="#d55e00", label="this plan")
    for row in table.itertuples():
        axes.annotate(f"cost {row.change_penalty:g}", (row.changed, row.gain), fontsize=7, rotation=30)
    axes.set(xlabel="published places changed", ylabel="newly covered weight")
    if is_synthetic:
        axes.set_title("contains synthetic data", fontsize=9, color="#9c2b00")
    axes.legend(fontsize=8, loc="lower right")
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=120, metadata={"Software": None})
    return target.getvalue()
