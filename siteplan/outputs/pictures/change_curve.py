"""Coverage against changed places, as a table and a picture."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from siteplan.core.files import csv_bytes
from siteplan.outputs.pictures.overview import chinese_font
from siteplan.outputs.sheets import plain
from siteplan.planning.proposal import Proposal
from siteplan.planning.replan import CURVE
from siteplan.words.catalogue import Lang, translate


def write_changes(proposal: Proposal, folder: Path, lang: Lang) -> list[str]:
    """Write coverage against changed places as ``change_curve.csv`` and ``change_curve.png``.

    Parameters
    ----------
    proposal
        A re-plan; nothing is written where no list was out.
    folder
        Existing folder.
    lang
        Language of the picture; English where the machine has no font for Chinese.
    """
    curve = proposal.places.change_curve
    if curve.empty:
        return []
    rows = [[plain(value) for value in row] for row in curve[CURVE].itertuples(index=False)]
    (folder / "change_curve.csv").write_bytes(csv_bytes(CURVE, rows))
    (folder / "change_curve.png").write_bytes(
        _curve_png(curve, bool(proposal.config.project.synthetic), lang)
    )
    return ["change_curve.csv", "change_curve.png"]


def _curve_png(curve: pd.DataFrame, is_synthetic: bool, lang: Lang) -> bytes:
    """Covered weight against changed places, with the bound and the plan that was chosen."""
    font = chinese_font()
    lang, family = (lang, font or "DejaVu Sans") if font or lang == "en" else ("en", "DejaVu Sans")
    words = {name: translate(f"curve_{name}", lang) for name in ("gain", "bound", "plan", "changed")}
    figure = Figure(figsize=(8.0, 4.8), layout="constrained")
    axes = figure.subplots()
    table = curve.sort_values("changed")
    axes.plot(table["changed"], table["gain"], marker="o", color="#0072b2", label=words["gain"])
    axes.plot(table["changed"], table["upper_bound"], ":", color="#999999", label=words["bound"])
    chosen = table[table["chosen"].astype(bool)]
    axes.plot(chosen["changed"], chosen["gain"], "*", markersize=16, color="#d55e00", label=words["plan"])
    for row in table.itertuples():
        text = translate("curve_penalty", lang, penalty=row.change_penalty)
        axes.annotate(text, (row.changed, row.gain), fontsize=7, rotation=30, family=family)
    axes.set_xlabel(words["changed"], family=family)
    axes.set_ylabel(words["gain"], family=family)
    if is_synthetic:
        axes.set_title(translate("synthetic", lang), fontsize=9, color="#9c2b00", family=family)
    axes.legend(prop={"family": family, "size": 8}, loc="lower right")
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=120, metadata={"Software": None})
    return target.getvalue()
