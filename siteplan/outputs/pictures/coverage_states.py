"""Today, planned, and what changes: one place three times, side by side, in the colours of the map."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import drawable, look, width_of
from siteplan.outputs.pictures.ground import Ground, Room, draw_lines, extent_of, ground, state_codes
from siteplan.outputs.pictures.overview import draw_places, draw_villages, packed_png
from siteplan.outputs.webmap.panel import breaks_of, tones
from siteplan.planning.proposal import Proposal
from siteplan.words.catalogue import Lang, translate

_DPI = 100
_WIDTH, _HEAD, _FOOT = 2000, 64, 140
"""Of the picture, of the line above the maps and of the legend below them [px]."""


def coverage_states(proposal: Proposal, lang: Lang) -> bytes:
    """Draw the three maps.

    Parameters
    ----------
    proposal
        What to draw, already cut to its reader.
    lang
        Language.

    Returns
    -------
    bytes
        PNG.
    """
    west, east, south, north = extent_of(proposal.area.grid)
    each = _WIDTH // 3
    height = round(min(1.6 * each, each * (north - south) / (east - west)))
    total = _HEAD + height + _FOOT
    figure = Figure(figsize=(_WIDTH / _DPI, total / _DPI), dpi=_DPI, facecolor="white")
    states: list[tuple[str, Ground]] = [
        ("state_today", ground(proposal, state_codes(proposal, proposal.existing.coverage))),
        ("state_planned", ground(proposal, state_codes(proposal, proposal.effects.coverage))),
        ("state_change", ground(proposal)),
    ]
    for number, (key, painted) in enumerate(states):
        box = (number / 3 + 0.003, _FOOT / total, 1 / 3 - 0.006, height / total)
        axes = figure.add_axes(box)
        axes.set_axis_off()
        axes.imshow(painted.picture, extent=painted.extent, interpolation="antialiased", zorder=0)
        draw_lines(axes, proposal)
        axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", anchor="C")
        _points(axes, proposal, key, (east - west) / each * _DPI / 72)
        at = (number / 3 + 1 / 6, 1 - 0.5 * _HEAD / total)
        figure.text(*at, translate(key, lang), ha="center", va="center", **look(26, bold=True))
    _legend(figure, proposal, lang, total)
    return packed_png(figure)


def _points(axes: Axes, proposal: Proposal, key: str, metres_per_point: float) -> None:
    """What stands today; what is planned and the villages it reaches."""
    if key == "state_today":
        sites = proposal.existing.sites
        if len(sites):
            x, y = sites.geometry.x, sites.geometry.y
            axes.scatter(x, y, s=3, color=palette.SHARED, linewidths=0, zorder=3)
    if key == "state_planned":
        draw_places(axes, proposal, Room(metres_per_point), 9.0)
    if key == "state_change":
        draw_villages(axes, proposal)


def _legend(figure: Figure, proposal: Proposal, lang: Lang, total: int) -> None:
    """What the colours and points mean, in as many lines as it takes."""
    known = tones(breaks_of(proposal.config), lang)
    covered = known["covered"][4]
    entries = [(known[key]["fill"], known[key]["label"]) for key in ("new", "new_empty", "gap", "gap_part")]
    entries.append((covered["fill"], translate("map.probability", lang, share=covered["label"])))
    if len(proposal.existing.sites):
        entries.append((palette.SHARED, translate("legend_existing", lang)))
    axes = figure.add_axes((0.01, 0.0, 0.98, _FOOT / total))
    axes.set_axis_off()
    width = 0.98 * _WIDTH
    axes.set(xlim=(0, width), ylim=(_FOOT, 0))
    x, y, size = 10.0, 30.0, 21.0
    for fill, label in entries:
        text = drawable(label)
        wide = 50 + width_of(text, size) * _DPI / 72 + 26
        if x > 10.0 and x + wide > width:
            x, y = 10.0, y + 44
        axes.add_patch(Rectangle((x, y - 13), 36, 26, facecolor=fill, edgecolor="#777777", linewidth=0.6))
        axes.text(x + 46, y, text, va="center", **look(size))
        x += wide
