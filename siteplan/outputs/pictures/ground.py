"""The ground of a drawn map: relief with what the plan changes multiplied into it, borders, roads, names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from siteplan.core.grid import Grid, Raster
from siteplan.outputs import palette
from siteplan.outputs.pictures.fonts import drawable, look, width_of
from siteplan.outputs.webmap.panel import breaks_of, codes_of, inhabited, tones
from siteplan.outputs.webmap.rasters import coverage_codes, shaded, tone_names
from siteplan.planning.proposal import Proposal

_FINEST = 900
"""Most blocks of pixels along the longer side of a picture."""
_MAIN_ROADS = ("motorway", "trunk", "primary")


def extent_of(grid: Grid) -> tuple[float, float, float, float]:
    """West, east, south, north [m]."""
    west, south, east, north = grid.bounds
    return west, east, south, north


@dataclass(frozen=True, eq=False)
class Ground:
    """A painted ground and where it lies.

    Attributes
    ----------
    picture
        Red, green and blue, shape (height, width, 3).
    extent
        West, east, south, north [m].
    """

    picture: NDArray[np.uint8]
    extent: tuple[float, float, float, float]


def ground(
    proposal: Proposal,
    codes: NDArray[np.uint8] | None = None,
    window: tuple[float, float, float, float] | None = None,
    *,
    finest: int = _FINEST,
) -> Ground:
    """Coverage in the colours of the map's first view, over muted relief, in the project's own CRS.

    A pixel much smaller than the picture's would be lost, so blocks of pixels show what matters most in them:
    what the plan brings to people, then where people go without.

    Parameters
    ----------
    proposal
        The plan.
    codes
        Classes by pixel; None for what the plan changes.
    window
        West, south, east, north [m] of a part; None for all of it.
    finest
        Most blocks of pixels along the longer side.
    """
    dem, grid = proposal.area.dem, proposal.area.grid
    rows, cols = _part(grid, window)
    codes = (codes_of(proposal) if codes is None else codes)[rows, cols]
    factor = max(1, math.ceil(max(codes.shape) / finest))
    blocks = generalised(codes, factor)
    light: NDArray[np.float64] = np.ones((*blocks.shape, 3))
    if dem is not None and dem.grid == grid:
        light = shaded(dem)[rows, cols][::factor, ::factor]
    tints = np.array([_tint(name, proposal) for name in tone_names(np.arange(256, dtype=np.uint8))])
    picture = light * tints[blocks]
    picture[blocks == 0] = to_rgb(palette.PAPER)
    size = factor * grid.resolution_m
    west, north = grid.west_m + cols.start * grid.resolution_m, grid.north_m - rows.start * grid.resolution_m
    east, south = west + blocks.shape[1] * size, north - blocks.shape[0] * size
    return Ground(np.asarray(np.rint(255.0 * picture), dtype=np.uint8), (west, east, south, north))


def state_codes(proposal: Proposal, coverage: Raster) -> NDArray[np.uint8]:
    """Classes of one state alone, today's or the planned one: nothing changes in them."""
    config = proposal.config
    target = config.coverage.edge_probability_target
    return coverage_codes(coverage, coverage, None, breaks_of(config), target, inhabited(proposal))


def _part(grid: Grid, window: tuple[float, float, float, float] | None) -> tuple[slice, slice]:
    """Rows and columns of a window, cut to the grid."""
    height, width = grid.height, grid.width
    if window is None:
        return slice(0, height), slice(0, width)
    west, south, east, north = window
    size = grid.resolution_m
    top, bottom = (grid.north_m - north) / size, (grid.north_m - south) / size
    left, right = (west - grid.west_m) / size, (east - grid.west_m) / size
    rows = slice(min(max(0, math.floor(top)), height - 1), max(1, min(height, math.ceil(bottom))))
    cols = slice(min(max(0, math.floor(left)), width - 1), max(1, min(width, math.ceil(right))))
    return rows, cols


def generalised(codes: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """The code that matters most in every block of pixels.

    Parameters
    ----------
    codes
        As :func:`siteplan.outputs.webmap.rasters.coverage_codes` makes them.
    factor
        Edge of a block [px].

    Returns
    -------
    ndarray
        One code a block; the last blocks of a row or column may be smaller.
    """
    if factor == 1:
        return codes
    names = tone_names(np.arange(256, dtype=np.uint8))
    order = {name: k for k, name in enumerate(("", "new_empty", "gap_part", "gap", "lost", "new"))}
    weight = np.array([order.get(str(name), 0) for name in names], np.uint8) + (names != "")
    height, width = (-(-n // factor) for n in codes.shape)
    padded = np.zeros((height * factor, width * factor), np.uint8)
    padded[: codes.shape[0], : codes.shape[1]] = codes
    blocks = padded.reshape(height, factor, width, factor).swapaxes(1, 2).reshape(height, width, -1)
    best = weight[blocks].argmax(axis=2)
    return np.take_along_axis(blocks, best[..., None], axis=2)[..., 0]


def _tint(name: str, proposal: Proposal) -> NDArray[np.float64]:
    """What a tone leaves of the light below it."""
    known = tones(breaks_of(proposal.config), "en")
    known |= {f"covered{k}": each for k, each in enumerate(known["covered"], start=1)}
    if not name:
        return np.ones(3)
    colour, alpha = np.array(to_rgb(known[name]["fill"])), known[name]["alpha"]
    return np.asarray(1.0 - alpha + alpha * colour)


def draw_lines(axes: Axes, proposal: Proposal) -> None:
    """Main roads and county borders."""
    roads = proposal.area.roads
    if roads is not None and len(roads):
        main = roads[roads["highway"].isin(_MAIN_ROADS)]
        if len(main):
            main.plot(ax=axes, color="#c9a24a", linewidth=0.9, zorder=1.5)
    proposal.area.counties.boundary.plot(ax=axes, color=palette.COUNTY_LINE, linewidth=1.1, zorder=2)


def bar_length_m(widest_m: float) -> float:
    """Longest length of a scale bar that ends in 1, 2 or 5 [m].

    Examples
    --------
    >>> bar_length_m(870.0), bar_length_m(23_000.0)
    (500.0, 20000.0)
    """
    power = 10 ** np.floor(np.log10(widest_m))
    return float(power * max(step for step in (1, 2, 5) if step * power <= widest_m))


def bar_text(length_m: float) -> str:
    """Length of a scale bar as it is printed [str]."""
    return f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"


class Room:
    """Where on a map there is room for a name [m of the map], by boxes that are taken."""

    def __init__(self, metres_per_point: float) -> None:
        self.metres_per_point = metres_per_point
        self._taken = np.empty((0, 4))

    def take(self, x: float, y: float, width: float, height: float) -> None:
        """A box of so many points around a place of the map."""
        box = self._box(x, y, width, height)
        self._taken = np.vstack([self._taken, box])

    def is_free(self, x: float, y: float, width: float, height: float) -> bool:
        """Whether nothing stands in a box of so many points around a place."""
        west, south, east, north = self._box(x, y, width, height)
        t = self._taken
        return not bool(((t[:, 0] < east) & (t[:, 2] > west) & (t[:, 1] < north) & (t[:, 3] > south)).any())

    def _box(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        half_width, half_height = 0.5 * width * self.metres_per_point, 0.5 * height * self.metres_per_point
        return x - half_width, y - half_height, x + half_width, y + half_height


_AROUND = [
    (0.0, 0.0),
    *((r * np.cos(a), r * np.sin(a)) for r in (12, 24, 38, 54, 72, 92) for a in np.arange(0, 6.3, 0.52)),
]
"""Where a name may stand from its place [pt], nearest first."""


def write_name(axes: Axes, room: Room, x: float, y: float, text: str, size: float, **more: Any) -> bool:
    """Write a name at or near its place where there is room; otherwise leave it out.

    Returns
    -------
    bool
        Whether it stands.
    """
    width, height = width_of(text, size) + 4, size * 1.25
    for right, up in _AROUND:
        px, py = x + right * room.metres_per_point, y + up * room.metres_per_point
        if text and room.is_free(px, py, width, height):
            room.take(px, py, width, height)
            axes.text(px, py, text, ha="center", va="center", **look(size, halo=True, zorder=7, **more))
            return True
    return False


def write_names(axes: Axes, proposal: Proposal, room: Room, size: float) -> None:
    """Names of counties, then of towns where there is room."""
    for row in proposal.area.counties.itertuples():
        inside = row.geometry.representative_point()
        write_name(axes, room, inside.x, inside.y, drawable(row.county, 12), size, bold=True, color="#2c343c")
    for town, x, y in towns(proposal):
        write_name(axes, room, x, y, drawable(town, 10), 0.72 * size, color="#474d53")


def towns(proposal: Proposal) -> list[tuple[str, float, float]]:
    """Name of each town and the middle of its villages, those with most villages first."""
    villages = proposal.effects.villages
    if villages.empty or "town" not in villages:
        return []
    table = pd.DataFrame(
        {
            "county": villages["county"],
            "town": villages["town"],
            "x": villages.geometry.x,
            "y": villages.geometry.y,
        }
    )
    middle = (
        table[table["town"].ne("")]
        .groupby(["county", "town"], as_index=False)
        .agg(x=("x", "median"), y=("y", "median"), n=("x", "size"))
    )
    middle = middle.sort_values(["n", "county", "town"], ascending=[False, True, True])
    return list(zip(middle["town"], middle["x"], middle["y"], strict=True))
