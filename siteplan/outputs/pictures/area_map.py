"""A map of a part of the area, for a page about it: numbered places, villages with names, borders, roads."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import drawable
from siteplan.outputs.pictures.ground import Room, draw_lines, ground, write_name, write_names
from siteplan.outputs.pictures.overview import draw_places, draw_scale, draw_villages, packed_png
from siteplan.planning.proposal import Proposal
from siteplan.words.catalogue import Lang

Window = tuple[float, float, float, float]
_DPI = 100


def area_map(
    proposal: Proposal,
    window: Window,
    lang: Lang,
    *,
    width_px: int = 1100,
    villages: bool = False,
) -> bytes:
    """Draw a window of a plan.

    Parameters
    ----------
    proposal
        What to draw, already cut to its reader; only its ranked places are numbered.
    window
        West, south, east, north [m].
    lang
        Language.
    width_px
        Of the picture; its height follows the window, at most three quarters of it.
    villages
        Whether villages are named; towns are otherwise.

    Returns
    -------
    bytes
        PNG.
    """
    west, south, east, north = _framed(window)
    height_px = round(width_px * (north - south) / (east - west))
    figure = Figure(figsize=(width_px / _DPI, height_px / _DPI), dpi=_DPI, facecolor=palette.PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    painted = ground(proposal, window=(west, south, east, north))
    axes.imshow(painted.picture, extent=painted.extent, interpolation="antialiased", zorder=0)
    draw_lines(axes, proposal)
    axes.set(xlim=(west, east), ylim=(south, north))
    room = Room((east - west) / width_px * _DPI / 72)
    _existing(axes, proposal)
    draw_villages(axes, proposal)
    draw_places(axes, proposal, room, 20.0)
    draw_scale(axes, (west, east, south, north), room, lang, size=14)
    if villages:
        _name_villages(axes, proposal, (west, south, east, north), room)
    else:
        write_names(axes, proposal, room, 15.0)
    return packed_png(figure)


def _framed(window: Window) -> Window:
    """A window with a margin, neither narrow nor flat, and never a point."""
    west, south, east, north = window
    width, height = max(east - west, 1000.0), max(north - south, 1000.0)
    margin = 0.06 * max(width, height)
    width, height = width + 2 * margin, height + 2 * margin
    width, height = max(width, 1.35 * height), max(height, 0.6 * width)
    x, y = 0.5 * (west + east), 0.5 * (south + north)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _existing(axes: Axes, proposal: Proposal) -> None:
    """Sites of the network."""
    sites = proposal.existing.sites
    if len(sites):
        axes.scatter(
            sites.geometry.x,
            sites.geometry.y,
            s=34,
            marker="^",
            color=palette.SHARED,
            edgecolors=palette.RIM,
            linewidths=0.6,
            zorder=3.5,
        )


def _name_villages(axes: Axes, proposal: Proposal, window: Window, room: Room) -> None:
    """Names of the villages in the window, those the plan is about first."""
    west, south, east, north = window
    table = proposal.effects.villages
    x, y = table.geometry.x, table.geometry.y
    inside = table[x.between(west, east) & y.between(south, north)]
    order = {"newly": 0, "uncovered": 1}
    keys = inside["state"].map(lambda state: order.get(state, 2))
    for row in inside.assign(_key=keys).sort_values(["_key", "village_id"], kind="stable").itertuples():
        colour = palette.VILLAGE_UNCOVERED if row.state == "uncovered" else "#2c343c"
        point, name = row.geometry, drawable(row.village, 12)
        write_name(axes, room, point.x, point.y - 9 * room.metres_per_point, name, 11.0, color=colour)
