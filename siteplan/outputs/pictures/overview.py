"""A still picture of the plan: upright for a phone, lying for an A4 sheet; its message is what changes.

The colours are those of the map's first view, and the font comes with siteplan: no machine lacks a glyph.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from PIL import Image, ImageColor

from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import drawable, look, shortened, width_of, wrapped
from siteplan.outputs.pictures.ground import (
    Room,
    bar_length_m,
    bar_text,
    draw_lines,
    extent_of,
    ground,
    write_names,
)
from siteplan.outputs.webmap import style
from siteplan.outputs.webmap.panel import breaks_of, facts, notes, title, tones, warning
from siteplan.outputs.webmap.rasters import Shared
from siteplan.planning.proposal import Proposal
from siteplan.words.catalogue import Lang, translate

Form = Literal["portrait", "landscape"]
_FIRST = 10
"""Places that are listed by name."""
_DPI = 100


@dataclass(frozen=True)
class Sheet:
    """Where things stand on a picture.

    Attributes
    ----------
    width, height
        Of the picture [px].
    map_box, text_box
        Left, top, width, height of the map and of the column of texts [px].
    size, pin
        Of running text, and across a ranked place [pt].
    """

    width: int
    height: int
    map_box: tuple[int, int, int, int]
    text_box: tuple[int, int, int, int]
    size: float
    pin: float


SHEETS: dict[Form, Sheet] = {
    "portrait": Sheet(1080, 1920, (10, 215, 1060, 900), (24, 1130, 1032, 760), 15.0, 17.0),
    "landscape": Sheet(2339, 1654, (20, 215, 1560, 1410), (1610, 120, 700, 1500), 18.0, 23.0),
}
"""Upright for WeChat, and A4 at 200 dots an inch."""


def overview_png(
    proposal: Proposal,
    lang: Lang = "zh",
    *,
    form: Form = "portrait",
    watermark: Sequence[str] = (),
    map_file: str = "",
    shared: Shared | None = None,
) -> bytes:
    """Draw a plan as one picture: what changes, ranked places, the first ten by name, legend and notes.

    Parameters
    ----------
    proposal
        What to draw, already cut to its reader.
    lang
        Language.
    form
        Upright or lying.
    watermark
        Lines across the picture, under everything that is to be read; () for none.
    map_file
        Name of the map the picture goes with; "" for none.
    shared
        Pictures made for other maps of the same plan; None for none.

    Returns
    -------
    bytes
        PNG; the same plan gives the same bytes.
    """
    sheet = SHEETS[form]
    figure = Figure(figsize=(sheet.width / _DPI, sheet.height / _DPI), dpi=_DPI, facecolor="white")
    _head(figure, sheet, proposal, lang)
    _map(figure, sheet, proposal, lang, watermark, shared or Shared())
    _texts(figure, sheet, proposal, lang, map_file)
    return packed_png(figure)


_EXACT = (
    palette.PAPER,
    palette.INK,
    palette.RIM,
    palette.NEW,
    palette.NEW_EMPTY,
    palette.GAP,
    palette.GAP_PART,
    palette.LOST,
    palette.VILLAGE_UNCOVERED,
    palette.COUNTY_LINE,
    *palette.COVERED,
    *palette.PURPOSES,
)
"""Colours a packed picture keeps as they are; the rest is near enough."""


def packed_png(figure: Figure) -> bytes:
    """PNG of 256 colours, those with a meaning among them: a quarter of the size."""
    canvas: Any = FigureCanvasAgg(figure)
    target = io.BytesIO()
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    others = picture.quantize(256 - len(_EXACT), Image.Quantize.MAXCOVERAGE).getpalette() or []
    exact = [part for colour in _EXACT for part in ImageColor.getrgb(colour)]
    chosen = Image.new("P", (1, 1))
    chosen.putpalette([*exact, *others[: 3 * (256 - len(_EXACT))]])
    packed = picture.quantize(palette=chosen, dither=Image.Dither.NONE)
    packed.save(target, "png", compress_level=7)
    return target.getvalue()


def thumbnail(png: bytes, width_px: int = 480) -> bytes:
    """A picture made smaller, as WebP, to stand in a page.

    Parameters
    ----------
    png
        The picture.
    width_px
        Its new width [px].
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    height_px = round(picture.height * width_px / picture.width)
    target = io.BytesIO()
    picture.resize((width_px, height_px), Image.Resampling.LANCZOS).save(target, "webp", quality=35, method=6)
    return target.getvalue()


def _axes(figure: Figure, sheet: Sheet, box: tuple[int, int, int, int]) -> Axes:
    """Axes over a box of pixels, counted from the upper left."""
    left, top, width, height = box
    at = (
        left / sheet.width,
        1 - (top + height) / sheet.height,
        width / sheet.width,
        height / sheet.height,
    )
    axes = figure.add_axes(at)
    axes.set_axis_off()
    return axes


# --- head ----------------------------------------------------------------------------------------------


def _head(figure: Figure, sheet: Sheet, proposal: Proposal, lang: Lang) -> None:
    """Title, what is synthetic, and what the plan changes in large."""
    axes = _axes(figure, sheet, (0, 0, sheet.width, 210))
    axes.set(xlim=(0, sheet.width), ylim=(210, 0))
    axes.add_patch(Rectangle((0, 0), sheet.width, 66, color="#1f2a36"))
    axes.text(24, 34, drawable(title(proposal, lang), 40), va="center", **look(24, bold=True, color="white"))
    said = warning(proposal, lang)
    if said:
        axes.add_patch(Rectangle((0, 66), sheet.width, 34, color="#ffd34d"))
        lines = wrapped(drawable(" ".join(said), 200), 12, (sheet.width - 64) * 72 / _DPI)
        axes.text(
            24, 83, lines[0] + ("…" if len(lines) > 1 else ""), va="center", **look(12, color="#2b2200")
        )
    have = proposal.record
    people = have.population_covered_after - have.population_covered_before
    villages = have.villages_covered_after - have.villages_covered_before
    gains = [translate("map.gain_people", lang, n=f"{people:,.0f}")]
    gains.append(translate("map.gain_villages", lang, n=f"{villages:,}"))
    axes.text(24, 132, "   ".join(gains), va="center", **look(27, bold=True, color="#00694e"))
    rows = [f"{each['label']} {each['value']}" for each in facts(proposal, lang)]
    line = "   ".join(rows[3:] + rows[:1])
    axes.text(24, 180, drawable(line, 110), va="center", **look(13.5, color="#39434d"))


# --- map -----------------------------------------------------------------------------------------------


def _map(
    figure: Figure, sheet: Sheet, proposal: Proposal, lang: Lang, watermark: Sequence[str], shared: Shared
) -> None:
    axes, grid = _axes(figure, sheet, sheet.map_box), proposal.area.grid
    painted = shared.once("ground", proposal.effects.coverage, lambda: ground(proposal))
    axes.imshow(painted.picture, extent=painted.extent, interpolation="antialiased", zorder=0)
    draw_watermark(axes, [drawable(line, 40) for line in watermark])
    draw_lines(axes, proposal)
    west, east, south, north = extent_of(grid)
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", anchor="C")
    width_px, height_px = sheet.map_box[2:]
    scale = max((east - west) / width_px, (north - south) / height_px) * _DPI / 72
    room = Room(scale)
    draw_villages(axes, proposal)
    draw_places(axes, proposal, room, sheet.pin)
    draw_scale(axes, (west, east, south, north), room, lang)
    write_names(axes, proposal, room, sheet.size)


def draw_watermark(axes: Axes, lines: list[str]) -> None:
    """Whom the picture is made out to, under everything that is to be read."""
    for x, y in ((0.25, 0.25), (0.7, 0.25), (0.25, 0.7), (0.7, 0.7)) if lines else ():
        axes.text(
            x,
            y,
            "\n".join(lines),
            ha="center",
            va="center",
            rotation=24,
            transform=axes.transAxes,
            **look(20, color="#282e36", alpha=0.2, zorder=1),
        )


def draw_villages(axes: Axes, proposal: Proposal) -> None:
    """Villages the plan reaches, and those that still do without."""
    for state in ("newly", "uncovered"):
        rows = proposal.effects.villages[proposal.effects.villages["state"].eq(state)]
        if len(rows):
            fill, line = style.VILLAGES[state]["fill"], style.VILLAGES[state]["line"]
            x, y = rows.geometry.x, rows.geometry.y
            axes.scatter(x, y, s=14, color=fill, edgecolors=line, linewidths=0.6, zorder=4)


def draw_places(axes: Axes, proposal: Proposal, room: Room, size: float) -> None:
    """Ranked places by what they are for: a number where it hides no better one, a dot elsewhere."""
    table, colours = proposal.places.proposed.sort_values("rank"), purposes(proposal)
    dots: list[tuple[float, float, str]] = []
    pins: list[tuple[float, float, str]] = []
    for rank, purpose, point in zip(table["rank"], table["purpose"], table.geometry, strict=True):
        colour = colours.get(str(purpose), palette.SHARED)
        if not room.is_free(point.x, point.y, size, size):
            dots.append((point.x, point.y, colour))
            continue
        room.take(point.x, point.y, size, size)
        pins.append((point.x, point.y, colour))
        ink = palette.RIM if palette.is_dark(colour) else palette.INK
        font = look(size * (0.53 if rank < 100 else 0.44), color=ink, zorder=6.5)
        axes.text(point.x, point.y, str(rank), ha="center", va="center_baseline", **font)
    for places, share, rim, zorder in ((dots, 0.07, 0.6, 5), (pins, 0.73, 1.1, 6)):
        if places:
            x, y, fills = zip(*places, strict=True)
            axes.scatter(
                x, y, s=share * size**2, c=fills, edgecolors=palette.RIM, linewidths=rim, zorder=zorder
            )


def purposes(proposal: Proposal) -> dict[str, str]:
    """Colour of what a place is for, by the layer's name."""
    layers = enumerate(proposal.config.layers)
    return {layer.name: palette.PURPOSES[k % len(palette.PURPOSES)] for k, layer in layers}


def draw_scale(
    axes: Axes, extent: tuple[float, float, float, float], room: Room, lang: Lang, *, size: float = 12
) -> None:
    """North arrow and a metric scale, which ends in 1, 2 or 5.

    Parameters
    ----------
    axes, extent
        The map, and its west, east, south and north [m].
    room
        Of the map's names.
    lang
        Language.
    size
        Of the words [pt].
    """
    west, east, south, north = extent
    width = east - west
    length = bar_length_m(width / 5)
    x, y = west + 0.03 * width, south + 0.03 * (north - south)
    axes.plot([x, x + length], [y, y], color=palette.INK, linewidth=3, zorder=8)
    axes.text(x, y + 0.008 * (north - south), bar_text(length), **look(size, halo=True, zorder=8))
    axes.annotate(
        translate("map.north", lang),
        xy=(0.965, 0.97),
        xytext=(0.965, 0.90),
        xycoords="axes fraction",
        ha="center",
        arrowprops={"arrowstyle": "-|>", "lw": 2, "color": palette.INK},
        **look(size + 1, halo=True, zorder=8),
    )
    room.take(east - 0.035 * width, north - 0.06 * (north - south), 40, 70)


# --- texts ---------------------------------------------------------------------------------------------


class _Column:
    """A column of text and signs that is written from the top down [px]."""

    def __init__(self, axes: Axes, width: int, height: int, size: float) -> None:
        self.axes, self.width, self.height, self.size = axes, width, height, size
        self.y = 0.0
        axes.set(xlim=(0, width), ylim=(height, 0))

    @property
    def line(self) -> float:
        """Height of a line of running text [px]."""
        return self.size * 1.5 * _DPI / 72

    def has_room(self, lines: float = 1.0) -> bool:
        return self.y + lines * self.line <= self.height

    def head(self, text: str) -> None:
        self.y += 0.3 * self.line
        self.axes.text(0, self.y + self.line / 2, text, va="center", **look(self.size * 1.05, bold=True))
        self.y += self.line

    def write(self, text: str, size: float, indent: float = 0.0, color: str = "#39434d") -> None:
        for part in wrapped(text, size, (self.width - indent) * 72 / _DPI):
            step = size * 1.4 * _DPI / 72
            if self.y + step > self.height:
                return
            self.axes.text(indent, self.y + step / 2, part, va="center", **look(size, color=color))
            self.y += step


def _texts(figure: Figure, sheet: Sheet, proposal: Proposal, lang: Lang, map_file: str) -> None:
    """Legend, the first ten, notes."""
    left, top, width, height = sheet.text_box
    column = _Column(_axes(figure, sheet, (left, top, width, height)), width, height, sheet.size)
    _legend(column, proposal, lang, 3 if width > 900 else 1)
    _first_ten(column, proposal, lang)
    if map_file:
        column.y += 0.3 * column.line
        column.write(translate("map.picture_of", lang, file=drawable(map_file, 60)), sheet.size * 0.85)
    for line in notes(proposal, lang):
        column.write(drawable(line, 240), sheet.size * 0.72)


def _legend(column: _Column, proposal: Proposal, lang: Lang, columns: int) -> None:
    """What the colours mean: areas, villages, ranked places."""
    known = tones(breaks_of(proposal.config), lang)
    covered = known["covered"][3:]
    reached = [each | {"label": translate("map.probability", lang, share=each["label"])} for each in covered]
    areas = [known[key] for key in ("new", "new_empty", "gap", "gap_part")] + reached
    entries: list[tuple[str, str, bool]] = [(each["fill"], each["label"], False) for each in areas]
    entries += [
        (style.VILLAGES[state]["fill"], translate(f"map.state_{state}", lang), True)
        for state in ("newly", "uncovered")
    ]
    entries += [(colour, name, True) for name, colour in purposes(proposal).items()]
    entries.append((palette.RIM, translate("map.numbered", lang), True))
    size = column.size * 0.8
    widest = max(width_of(label, size) for _, label, _ in entries) * _DPI / 72 + 40
    columns = max(1, min(columns, int(column.width // widest)))
    step = column.width / columns
    for k, (fill, label, is_round) in enumerate(entries):
        x, y = (k % columns) * step, column.y + (k // columns + 0.5) * column.line * 0.95
        shape = Circle((x + 11, y), 9) if is_round else Rectangle((x, y - 8), 22, 16)
        shape.set(facecolor=fill, edgecolor="#777777", linewidth=0.6)
        column.axes.add_patch(shape)
        text = shortened(drawable(label), size, (step - 34) * 72 / _DPI)
        column.axes.text(x + 30, y, text, va="center", **look(size))
    column.y += -(-len(entries) // columns) * column.line * 0.95


def _first_ten(column: _Column, proposal: Proposal, lang: Lang) -> None:
    """The places to build first: rank, name, where, and the benefit that decided."""
    table, colours = proposal.places.proposed.sort_values("rank").head(_FIRST), purposes(proposal)
    if table.empty:
        return
    column.head(translate("map.first_sites", lang, n=len(table)))
    for row in table.itertuples():
        if not column.has_room(1.2):
            return
        colour = colours.get(str(row.purpose), palette.SHARED)
        y = column.y + column.line / 2
        column.axes.add_patch(Circle((14, y), 14, facecolor=colour, edgecolor="white"))
        ink = "white" if palette.is_dark(colour) else palette.INK
        column.axes.text(14, y, str(row.rank), ha="center", va="center_baseline", **look(10, color=ink))
        size = column.size * 0.95
        name = shortened(
            drawable(getattr(row, "name", row.candidate_id)), size, 0.42 * column.width * 72 / _DPI
        )
        column.axes.text(38, y, name, va="center", **look(size, bold=True))
        at = 38 + width_of(name, size) * _DPI / 72 + 16
        rest = drawable(f"{row.county} {row.town}  {row.benefit}", 90)
        room = (column.width - at) * 72 / _DPI
        if room > width_of(rest, column.size * 0.78):
            column.axes.text(at, y, rest, va="center", **look(column.size * 0.78, color="#39434d"))
            column.y += column.line
        else:
            column.y += column.line
            column.write(rest, column.size * 0.74, indent=38)
