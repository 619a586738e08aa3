"""A still picture of the plan, for phones that cannot open the page.

Chinese needs a Chinese font on the machine that draws; where there is none the picture
speaks English and leaves names out, and says so, because boxes in place of names help nobody.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import matplotlib.patheffects as effects
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image

from siteplan.core.grid import Grid
from siteplan.outputs.webmap import style
from siteplan.outputs.webmap.panel import breaks_of, facts, legend_of, notes, title, warning
from siteplan.outputs.webmap.rasters import Shared, shaded
from siteplan.planning.proposal import Proposal
from siteplan.words.catalogue import Lang, translate

_FONTS = (
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK JP",
    "SimSun",
    "Noto Serif CJK SC",
)
_DPI = 110
_LABELLED = 60
"""Ranks whose number is written, where there is room."""
_LINE = 60
"""Width of a line of notes, in Latin characters."""
_LONGEST = 60
"""Characters of a line of text."""
_LATIN = re.compile("[\\x20-\\x7e\\u00a0-\\u017f\\u2013\\u2014\\u2026\\u2192\\u2264\\u2265]")
"""What every machine's font draws: Latin letters, dashes, arrows, at least and at most."""
_CHINESE = re.compile(
    _LATIN.pattern[:-1]
    + "\\u2010-\\u2027\\u2460-\\u2473\\u3000-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uff01-\\uff5e]"
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@cache
def chinese_font() -> str:
    """Family of a Chinese font on this machine, "" if there is none."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _FONTS if name in known), "")


def overview_png(
    proposal: Proposal,
    lang: Lang = "zh",
    *,
    watermark: Sequence[str] = (),
    width_px: int = 2200,
    shared: Shared | None = None,
) -> bytes:
    """Draw a plan as one picture: relief, coverage when built, sites, ranks, legend, numbers and notes.

    Parameters
    ----------
    proposal
        What to draw, already cut to its reader.
    lang
        Language; English where the machine has no Chinese font.
    watermark
        Lines across the picture; () for none.
    width_px
        Width [px].
    shared
        Pictures made for other maps of the same plan; None for none.

    Returns
    -------
    bytes
        PNG; the same plan on the same machine gives the same bytes.
    """
    font = chinese_font()
    lang = lang if font else "en"
    figure = Figure(figsize=(width_px / _DPI, 0.68 * width_px / _DPI), dpi=_DPI, facecolor="white")
    map_axes = figure.add_axes((0.01, 0.02, 0.72, 0.86))
    side = figure.add_axes((0.74, 0.02, 0.25, 0.86))
    side.set_axis_off()
    _head(figure, proposal, lang, font)
    after = proposal.effects.coverage
    ground = (shared or Shared()).once("ground", after, lambda: _ground(proposal))
    extent = _extent(proposal.area.grid)
    map_axes.imshow(ground, extent=extent, interpolation="antialiased", zorder=0)
    _things(map_axes, proposal, font)
    _frame(map_axes, proposal.area.grid, lang, font)
    _side(side, proposal, lang, font)
    _marked(figure, [_text(line, font, 40) for line in watermark], font)
    return _packed(figure)


def _marked(figure: Figure, lines: list[str], font: str) -> None:
    for x, y in ((0.2, 0.25), (0.55, 0.25), (0.2, 0.65), (0.55, 0.65)) if lines else ():
        figure.text(
            x,
            y,
            "\n".join(lines),
            ha="center",
            va="center",
            rotation=24,
            color="#282e36",
            alpha=0.17,
            **_look(font, 22, weight="bold"),
        )


def _packed(figure: Figure) -> bytes:
    """PNG of 256 colours that cover the whole range: a quarter of the size, legend colours stay exact."""
    canvas: Any = FigureCanvasAgg(figure)
    target = io.BytesIO()
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
        target, "png", compress_level=7
    )
    return target.getvalue()


def _text(text: object, font: str, most: int = _LONGEST) -> str:
    """Text the font can draw: marks and controls dropped, long texts cut, other scripts left out."""
    drawable = _CHINESE if font else _LATIN
    plain = "".join(char for char in _CONTROLS.sub("", str(text)) if drawable.match(char))
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def _look(font: str, size: float, **more: Any) -> dict[str, Any]:
    """How a text is written; a dollar sign is a dollar sign."""
    return {"family": font or "DejaVu Sans", "fontsize": size, "parse_math": False, **more}


def _head(figure: Figure, proposal: Proposal, lang: Lang, font: str) -> None:
    figure.text(0.012, 0.955, _text(title(proposal, lang), font), **_look(font, 24, weight="bold"))
    numbers = "   ".join(
        f"{each['label']} {each['value']} {each['note']}".strip() for each in facts(proposal, lang)
    )
    figure.text(0.012, 0.925, _text(numbers, font, 160), **_look(font, 13))
    said = warning(proposal, lang)
    if said:
        box = {"facecolor": "#ffd34d", "edgecolor": "none", "pad": 5}
        figure.text(0.012, 0.895, _text(" ".join(said), font, 150), bbox=box, **_look(font, 12))


def _extent(grid: Grid) -> tuple[float, float, float, float]:
    west, south, east, north = grid.bounds
    return west, east, south, north


def _ground(proposal: Proposal) -> NDArray[np.uint8]:
    """Relief with coverage multiplied into it, in the project's own CRS."""
    dem = proposal.area.dem
    light: NDArray[np.float64] = np.ones((*proposal.area.grid.shape, 3))
    if dem is not None and dem.grid == proposal.area.grid:
        light = shaded(dem)
    classes = np.digitize(np.nan_to_num(proposal.effects.coverage.values), breaks_of(proposal.config))
    colours = np.array([to_rgb(each) for each in style.COVERAGE])
    alpha = np.array(style.COVERAGE_ALPHA)[:, None] / 255
    tints = 1 - alpha + alpha * colours
    inside = np.isfinite(proposal.effects.coverage.values)
    tint = np.where(inside[..., None], tints[classes], 1.0)
    return np.asarray(np.rint(255.0 * light * tint), dtype=np.uint8)


def _things(axes: Axes, proposal: Proposal, font: str) -> None:
    """Boundaries, sites, villages and ranked places."""
    proposal.area.counties.boundary.plot(ax=axes, color=style.COUNTY["line"], linewidth=1.0, zorder=2)
    sites = proposal.existing.sites
    if len(sites):
        axes.scatter(sites.geometry.x, sites.geometry.y, s=3, color=style.SHARED, linewidths=0, zorder=3)
    for state in ("newly", "uncovered"):
        rows = proposal.effects.villages[proposal.effects.villages["state"].eq(state)]
        if len(rows):
            look = style.VILLAGES[state]
            axes.scatter(
                rows.geometry.x,
                rows.geometry.y,
                s=22,
                color=look["fill"],
                edgecolors=look["line"],
                linewidths=0.7,
                zorder=4,
            )
    _ranks(axes, proposal)
    for row in proposal.area.counties.itertuples():
        inside = row.geometry.representative_point()
        name = _text(row.county, font, 12)
        if name:
            _halo(
                axes.text(inside.x, inside.y, name, ha="center", **_look(font, 14, weight="bold", zorder=7))
            )


def _halo(text: Any) -> None:
    text.set_path_effects([effects.withStroke(linewidth=3, foreground="white")])


def _ranks(axes: Axes, proposal: Proposal) -> None:
    """Ranked places, the first on top, with numbers where they do not hide each other."""
    table = proposal.places.proposed.sort_values("rank", ascending=False)
    if table.empty:
        return
    x, y = table.geometry.x.to_numpy(), table.geometry.y.to_numpy()
    colours = [style.SOURCE_TYPES.get(str(each), style.SHARED) for each in table["source_type"]]
    shown = _numbered(proposal)
    sizes = [190 if rank in shown else 55 for rank in table["rank"]]
    axes.scatter(x, y, s=sizes, c=colours, edgecolors="white", linewidths=1.1, zorder=5)
    for rank, px, py, colour in zip(table["rank"], x, y, colours, strict=True):
        if rank in shown:
            ink = "#1b1b1b" if np.dot(to_rgb(colour), (0.3, 0.59, 0.11)) > 0.55 else "white"
            axes.text(
                px,
                py,
                str(rank),
                color=ink,
                ha="center",
                va="center_baseline",
                **_look("", 8 if rank < 100 else 7, weight="bold", zorder=6),
            )


def _numbered(proposal: Proposal) -> set[int]:
    """Ranks whose number has room: no earlier number within two hundredths of the picture."""
    table = proposal.places.proposed.sort_values("rank")
    grid = proposal.area.grid
    apart = 0.02 * max(grid.width, grid.height) * grid.resolution_m
    shown: dict[int, tuple[float, float]] = {}
    for rank, point in zip(table["rank"].iloc[:_LABELLED], table.geometry.iloc[:_LABELLED], strict=True):
        if all(np.hypot(point.x - x, point.y - y) > apart for x, y in shown.values()):
            shown[int(rank)] = (point.x, point.y)
    return set(shown)


def _frame(axes: Axes, grid: Grid, lang: Lang, font: str) -> None:
    """North arrow and a metric scale, which ends in 1, 2 or 5."""
    west, east, south, north = _extent(grid)
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal", anchor="W", xlabel="", ylabel="")
    axes.set_xticks([])
    axes.set_yticks([])
    width = east - west
    power = 10 ** np.floor(np.log10(width / 5))
    length = float(power * max(step for step in (1, 2, 5) if step * power <= width / 5))
    x, y = west + 0.03 * width, south + 0.03 * (north - south)
    axes.plot([x, x + length], [y, y], color="#1b1b1b", linewidth=3, zorder=8)
    said = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    _halo(axes.text(x, y + 0.008 * (north - south), said, **_look(font, 12, zorder=8)))
    top = axes.annotate(
        translate("map.north", lang),
        xy=(0.965, 0.97),
        xytext=(0.965, 0.90),
        xycoords="axes fraction",
        ha="center",
        arrowprops={"arrowstyle": "-|>", "lw": 2, "color": "#1b1b1b"},
        **_look(font, 13, weight="bold", zorder=8),
    )
    _halo(top)


def _dot(colour: str, label: str, font: str, edge: str = "white") -> Line2D:
    return Line2D(
        [],
        [],
        marker="o",
        linestyle="",
        markersize=10,
        markerfacecolor=colour,
        markeredgecolor=edge,
        label=_text(label, font),
    )


def _side(axes: Axes, proposal: Proposal, lang: Lang, font: str) -> None:
    """Legend and notes."""
    source_types = [
        _dot(colour, translate(f"source_type_{key}", lang), font)
        for key, colour in style.SOURCE_TYPES.items()
    ]
    villages = [
        _dot(style.VILLAGES[key]["fill"], translate(f"map.state_{key}", lang), font)
        for key in ("newly", "uncovered")
    ]
    sites = [_dot(style.SHARED, translate("map.layer_sites", lang), font)]
    areas = [
        Patch(facecolor=each["fill"], edgecolor="#999999", label=_text(each["label"], font))
        for each in legend_of(breaks_of(proposal.config), lang)
    ]
    family = font or "DejaVu Sans"
    heads: list[tuple[str, list[Any]]] = [
        (translate("map.layer_proposed", lang), source_types),
        (translate("map.layer_villages", lang), villages),
        ("", sites),
        (f"{translate('map.coverage', lang)} ({translate('map.coverage_after', lang)})", areas),
    ]
    top = 1.0
    for head, handles in heads:
        legend = axes.legend(
            handles=handles,
            title=_text(head, font),
            loc="upper left",
            bbox_to_anchor=(0, top),
            alignment="left",
            borderpad=0.1,
            labelspacing=0.35,
            frameon=False,
            prop={"family": family, "size": 12},
            title_fontproperties={"family": family, "size": 13, "weight": "bold"},
        )
        axes.add_artist(legend)
        top -= 0.026 * len(handles) + (0.045 if head else 0.016)
    lines = notes(proposal, lang)
    if not font:
        lines.append(translate("no_chinese_font_on_this", lang))
    said = "\n".join(part for line in lines for part in _wrapped(_text(line, font, 200), bool(font)))
    axes.text(
        0,
        0,
        said,
        va="bottom",
        linespacing=1.3,
        **_look(font, 10.5, color="#39434d", transform=axes.transAxes),
    )


def _wrapped(text: str, wide: bool) -> list[str]:
    """Lines no wider than the margin; a Chinese character counts twice, and other words stay whole."""
    lines, line, length = [], "", 0
    for part in re.findall(r"[\u2e80-\uffef]|[^\u2e80-\uffef ]+ ?| ", text):
        size = len(part) + sum(wide and char > "\u2e7f" for char in part)
        if line and length + size > _LINE:
            lines.append(line)
            line, length = "", 0
        line, length = line + part, length + size
    return [*lines, line]
