"""Coverage against changed places, as a table and a picture."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from siteplan.core.files import csv_bytes
from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import look
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
        Language of the picture.
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
    words = {name: translate(f"curve_{name}", lang) for name in ("gain", "bound", "plan", "changed")}
    figure = Figure(figsize=(8.0, 4.8), layout="constrained")
    axes = figure.subplots()
    table = curve.sort_values("changed")
    axes.plot(table["changed"], table["gain"], marker="o", color=palette.NEW, label=words["gain"])
    axes.plot(table["changed"], table["upper_bound"], ":", color="#999999", label=words["bound"])
    chosen = table[table["chosen"].astype(bool)]
    axes.plot(chosen["changed"], chosen["gain"], "*", markersize=16, color=palette.GAP, label=words["plan"])
    for row in table.itertuples():
        text = translate("curve_penalty", lang, penalty=row.change_penalty)
        axes.annotate(text, (row.changed, row.gain), rotation=30, **look(7))
    axes.set_xlabel(words["changed"], **look(10))
    axes.set_ylabel(words["gain"], **look(10))
    if is_synthetic:
        axes.set_title(translate("synthetic", lang), **look(9, color="#9c2b00"))
    axes.legend(prop=look(8)["fontproperties"], loc="lower right")
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=120, metadata={"Software": None})
    return target.getvalue()
