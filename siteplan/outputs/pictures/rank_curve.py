"""What the first so many places reach together, beside what no other choice of as many could exceed."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import look
from siteplan.planning.proposal import Proposal
from siteplan.words.catalogue import Lang, translate


def rank_curve(proposal: Proposal, lang: Lang) -> bytes:
    """Draw the curve of ranks with its proven bound.

    Parameters
    ----------
    proposal
        With its curve.
    lang
        Language.

    Returns
    -------
    bytes
        PNG.
    """
    curve = proposal.places.curve
    figure = Figure(figsize=(10.0, 4.2), layout="constrained")
    axes = figure.add_subplot()
    ranks = [0, *curve["rank"].tolist()]
    gain, bound = [0.0, *curve["cumulative_gain"].tolist()], [0.0, *curve["upper_bound"].tolist()]
    axes.fill_between(ranks, gain, bound, color=palette.GAP_PART, alpha=0.7, linewidth=0)
    axes.plot(ranks, bound, "--", color=palette.GAP, linewidth=1.4, label=translate("rank_curve_bound", lang))
    axes.plot(ranks, gain, color=palette.NEW, linewidth=2.4, label=translate("rank_curve_plan", lang))
    axes.set_xlim(0, max(ranks))
    axes.set_ylim(0, None)
    axes.set_xlabel(translate("curve_rank", lang), **look(11))
    axes.set_ylabel(translate("curve_weight", lang), **look(11))
    axes.ticklabel_format(axis="y", style="plain")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(prop=look(11)["fontproperties"], loc="lower right", frameon=False)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=130, metadata={"Software": None})
    return target.getvalue()
