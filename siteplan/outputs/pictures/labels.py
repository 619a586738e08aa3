"""Where labels stand on a printed map so that none hides another or a point (textalloc)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import textalloc
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from siteplan.outputs.pictures.fonts import look

_INCH_MM = 25.4
_DPI = 72.0
_CANDIDATES = 180


@dataclass(frozen=True)
class Label:
    """A text that belongs to a point [mm from the upper left; size in pt]."""

    x: float
    y: float
    text: str
    size: float


@dataclass(frozen=True)
class Placed:
    """Left and top, width and height of a label's box [mm]."""

    x: float
    y: float
    width: float
    height: float


def place_labels(
    labels: Sequence[Label],
    points: Sequence[tuple[float, float]],
    width_mm: float,
    height_mm: float,
    point_mm: float,
    taken: Sequence[Placed] = (),
    farthest: float = 0.11,
) -> list[Placed | None]:
    """Find room for labels, the first ones first.

    Parameters
    ----------
    labels
        In order of importance.
    points
        Points no label may hide [mm].
    width_mm, height_mm
        Of the map.
    point_mm
        Across a point.
    taken
        Boxes of labels that stand already.
    farthest
        Share of the map's size a label may lie from its point.

    Returns
    -------
    list of Placed or None
        One a label; None where there is no room near its point.
    """
    if not labels:
        return []
    figure = Figure(figsize=(width_mm / _INCH_MM, height_mm / _INCH_MM), dpi=_DPI)
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width_mm), ylim=(0, height_mm))
    obstacles: dict[str, Any] = {}
    if points:
        obstacles["x_scatter"] = [x for x, _ in points]
        obstacles["y_scatter"] = [height_mm - y for _, y in points]
        obstacles["scatter_sizes"] = [point_mm / _INCH_MM * _DPI] * len(points)
    if taken:
        obstacles["x_lines"] = [[b.x, b.x + b.width, b.x + b.width, b.x, b.x] for b in taken]
        obstacles["y_lines"] = [_outline_y(b, height_mm) for b in taken]
    with redirect_stdout(io.StringIO()):  # the library prints when there is no room for anything
        texts: list[Any] = textalloc.allocate(
            axes,
            [each.x for each in labels],
            [height_mm - each.y for each in labels],
            [each.text for each in labels],
            textsize=[each.size for each in labels],
            margin=0.002,
            min_distance=0.004,
            max_distance=farthest,
            nbr_candidates=_CANDIDATES,
            draw_lines=False,
            draw_all=False,
            avoid_label_lines_overlap=True,
            auto_ha=False,
            va="bottom",
            fontproperties=look(10.0)["fontproperties"],
            parse_math=False,
            **obstacles,
        )[2]
    renderer, scale = canvas.get_renderer(), _INCH_MM / _DPI
    boxes = [None if text is None else text.get_window_extent(renderer) for text in texts]
    return [
        None
        if box is None
        else Placed(box.x0 * scale, height_mm - box.y1 * scale, box.width * scale, box.height * scale)
        for box in boxes
    ]


def _outline_y(box: Placed, height_mm: float) -> list[float]:
    """Upward coordinates along the rim of a box [mm]."""
    top, bottom = height_mm - box.y, height_mm - box.y - box.height
    return [bottom, bottom, top, top, bottom]
