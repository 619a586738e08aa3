"""Roads, railways and air routes cut into pieces that lie on one pixel each."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from siteplan.core.grid import Grid


@dataclass(frozen=True, eq=False)
class Pieces:
    """Short pieces of lines, in the order of the lines.

    Attributes
    ----------
    line
        Position of the line each piece is of, shape (n,).
    ends_m
        Both ends, shape (n, 2, 2) [m].
    length_m
        Shape (n,) [m].
    pixel
        Flat index of the pixel its middle lies on, shape (n,).
    """

    line: NDArray[np.int64]
    ends_m: NDArray[np.float64]
    length_m: NDArray[np.float64]
    pixel: NDArray[np.int64]

    def kept(self, members: NDArray[np.bool_]) -> Pieces:
        """Some of the pieces."""
        return Pieces(self.line[members], self.ends_m[members], self.length_m[members], self.pixel[members])


def cut_lines(
    lines: gpd.GeoSeries, longest_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Straight pieces of lines, none longer than asked for; lines without a length have none.

    Parameters
    ----------
    lines
        In metres.
    longest_m
        Longest piece [m].

    Returns
    -------
    tuple of ndarray
        Position of the line each piece is of, both ends (n, 2, 2) [m] and lengths [m], in that order.
    """
    parts, line = shapely.get_parts(shapely.force_2d(lines.to_numpy()), return_index=True)
    real = shapely.length(parts) > 0
    points, part = shapely.get_coordinates(shapely.segmentize(parts[real], longest_m), return_index=True)
    same = part[1:] == part[:-1]
    ends = np.stack([points[:-1][same], points[1:][same]], axis=1)
    length = np.hypot(*(ends[:, 1] - ends[:, 0]).T)
    moved = length > 0
    return line[real][part[1:][same]][moved], ends[moved], length[moved]


def pieces_on(lines: gpd.GeoSeries, grid: Grid, longest_m: float | None = None) -> Pieces:
    """Cut lines into pieces; those beyond the grid are left out.

    Parameters
    ----------
    lines
        In the grid's CRS.
    grid
        Pixels.
    longest_m
        Longest piece [m]; None for half a pixel.

    Returns
    -------
    Pieces
        Their lengths sum to what of the lines lies on the grid.
    """
    line, ends, length = cut_lines(lines, grid.resolution_m / 2.0 if longest_m is None else longest_m)
    middle = ends.mean(axis=1)
    row, col = grid.index(middle[:, 0], middle[:, 1])
    return Pieces(line, ends, length, row * grid.width + col).kept(grid.inside(row, col))


def kilometres_on(lines: gpd.GeoSeries, grid: Grid) -> NDArray[np.float64]:
    """Length of lines on every pixel, shape of the grid [km]."""
    pieces = pieces_on(lines, grid)
    total = np.bincount(pieces.pixel, pieces.length_m, minlength=grid.width * grid.height)
    return total.reshape(grid.shape) / 1000.0
