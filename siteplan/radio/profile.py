"""Exact terrain profiles: one straight path, sampled every half pixel, for the points that decide.

Heights between pixel centres are bilinear, samples lie half a pixel apart at most,
and arithmetic is double. One sample a pixel is not enough to be called exact: where a slope rises close to
the mast it misses the nearest crest (0.75 dB, and 6 % of the covered area at the worst of 18 places tried,
against 0.2 dB and 0.7 % for half a pixel). The formula is the sweep's: this is what the sweep is measured
against, and what village points and key places get.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from siteplan.core.errors import RangeError
from siteplan.core.grid import Raster
from siteplan.radio.diffraction import effective_earth_radius_km
from siteplan.radio.sweep import CLEAR, STANDARD_DELTA_N, STREET_WIDTH_M, fill_voids

_MARGIN_PX = 12
"""Pixels read around the paths, so that an end in a void finds the void's rim."""
Metres = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PointGeometry:
    """What the terrain does between one antenna and some points.

    Attributes
    ----------
    nu_sqrt_wavelength
        See :class:`siteplan.radio.sweep.TerrainGeometry`, shape (n,) [sqrt m].
    los
        Whether the antenna sees the receiver, shape (n,).
    distance_m
        Horizontal distance, shape (n,) [m].
    """

    nu_sqrt_wavelength: Metres
    los: NDArray[np.bool_]
    distance_m: Metres


def point_geometry(  # noqa: PLR0913 - both ends of the paths, and the ground between
    dem: Raster,
    easting_m: float,
    northing_m: float,
    antenna_height_m: float,
    receivers_easting_m: ArrayLike,
    receivers_northing_m: ArrayLike,
    *,
    rx_height_m: float = 1.5,
    delta_n: float = STANDARD_DELTA_N,
    surface: NDArray[np.float32] | None = None,
    street_width_m: float = STREET_WIDTH_M,
) -> PointGeometry:
    """Diffraction geometry of points, each on its own profile.

    Parameters
    ----------
    dem
        Ground above sea level [m]; NaN where unknown: interpolated.
    easting_m, northing_m, antenna_height_m
        The mast [m].
    receivers_easting_m, receivers_northing_m
        Points on the DEM, shape (n,) [m].
    rx_height_m
        Receiver above ground [m].
    delta_n
        Average lapse rate of refractivity [N-units/km].
    surface, street_width_m
        What stands on the ground; see :func:`siteplan.radio.sweep.terrain_geometry`.

    Returns
    -------
    PointGeometry
        One value a point.

    Raises
    ------
    RangeError
        If the mast or a point is not on the DEM.

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3.1, equations (13) to (20).
    """
    east = np.atleast_1d(np.asarray(receivers_easting_m, dtype=np.float64))
    north = np.atleast_1d(np.asarray(receivers_northing_m, dtype=np.float64))
    row, col = _cells(dem, np.append(north, northing_m), np.append(east, easting_m))
    heights, first_row, first_col = _part(dem.values, row, col)
    top = heights if surface is None else _part(surface, row, col)[0]
    row, col = row - first_row, col - first_col
    figures = np.array(
        [
            row[-1],
            col[-1],
            antenna_height_m,
            rx_height_m,
            dem.grid.resolution_m,
            1.0 / (2000.0 * effective_earth_radius_km(delta_n)),
            street_width_m,
        ]
    )
    nu, los, distance = np.empty(len(east)), np.empty(len(east), dtype=np.bool_), np.empty(len(east))
    _points(heights, top, surface is not None, figures, row[:-1], col[:-1], nu, los, distance)
    return PointGeometry(nu, los, distance)


def path_profile(
    dem: Raster, easting_m: float, northing_m: float, to_easting_m: float, to_northing_m: float
) -> tuple[Metres, Metres]:
    """Profile of one path, as :func:`siteplan.radio.p1812.path_loss_p1812` wants it.

    Parameters
    ----------
    dem
        Ground [m].
    easting_m, northing_m, to_easting_m, to_northing_m
        Both ends, on the DEM [m].

    Returns
    -------
    tuple of ndarray
        Distance [km] and ground [m], half a pixel apart at most, shape (n,).

    Raises
    ------
    RangeError
        If an end is not on the DEM.
    """
    row, col = _cells(dem, np.array([northing_m, to_northing_m]), np.array([easting_m, to_easting_m]))
    heights, first_row, first_col = _part(dem.values, row, col)
    row, col = row - first_row, col - first_col
    cells = math.hypot(row[1] - row[0], col[1] - col[0])
    count = max(2, math.ceil(2.0 * cells))
    along = np.linspace(0.0, 1.0, count + 1)
    ground = np.array(
        [_bilinear(heights, row[0] + t * (row[1] - row[0]), col[0] + t * (col[1] - col[0])) for t in along]
    )
    return along * cells * dem.grid.resolution_m / 1000.0, ground


def _cells(dem: Raster, northing_m: Metres, easting_m: Metres) -> tuple[Metres, Metres]:
    """Places in pixels from the first centre; the outer half pixel takes the edge's heights."""
    grid = dem.grid
    row, col, on = grid.position(easting_m, northing_m)
    if not on.all():
        raise RangeError(f"{int((~on).sum())} of {len(on)} points do not lie on the DEM")
    return row.clip(0.0, grid.height - 1.0), col.clip(0.0, grid.width - 1.0)


def _part(values: NDArray[Any], row: Metres, col: Metres) -> tuple[NDArray[np.float32], int, int]:
    """Heights around all paths without voids, and where they begin."""
    first_row, first_col = max(int(row.min()) - _MARGIN_PX, 0), max(int(col.min()) - _MARGIN_PX, 0)
    rows = slice(first_row, int(row.max()) + 2 + _MARGIN_PX)
    part = values[rows, first_col : int(col.max()) + 2 + _MARGIN_PX].astype(np.float32)
    if np.isnan(part).any():
        part = fill_voids(part)
    return part, first_row, first_col


@njit(cache=True, nogil=True, error_model="numpy")
def _bilinear(heights: NDArray[np.float32], row: float, col: float) -> float:
    r = min(int(row), heights.shape[0] - 2) if heights.shape[0] > 1 else 0
    c = min(int(col), heights.shape[1] - 2) if heights.shape[1] > 1 else 0
    down, right = min(r + 1, heights.shape[0] - 1), min(c + 1, heights.shape[1] - 1)
    y, x = row - r, col - c
    upper = heights[r, c] * (1.0 - x) + heights[r, right] * x
    lower = heights[down, c] * (1.0 - x) + heights[down, right] * x
    return upper * (1.0 - y) + lower * y


@njit(cache=True, nogil=True, error_model="numpy")
def _points(
    heights: NDArray[np.float32],
    surface: NDArray[np.float32],
    covered: bool,
    figures: Metres,
    rows: Metres,
    cols: Metres,
    nu: Metres,
    los: NDArray[np.bool_],
    distance_m: Metres,
) -> None:
    """Walk every point's profile twice at most: towards it for the horizon, then for its own view.

    What stands on the ground counts between the pixels next to both ends; the receiver's own clutter
    stands a street's width before it.
    """
    row, col, antenna, receiver, pixel, bulge, street = figures
    longest = 2 * int(math.hypot(heights.shape[0], heights.shape[1])) + 8
    at, height = np.empty(longest), np.empty(longest)
    amsl = _bilinear(heights, row, col) + antenna
    for i in range(rows.size):
        down, right = rows[i] - row, cols[i] - col
        cells = math.hypot(down, right)
        d = cells * pixel
        distance_m[i] = d
        if cells < 0.5:
            nu[i], los[i] = CLEAR, True
            continue
        count = max(2, math.ceil(2.0 * cells))
        for k in range(1, count):
            t = k / count
            at[k] = d * t
            apart = min(t, 1.0 - t) * cells >= 1.0 - 1e-9
            top = surface if apart else heights
            height[k] = _bilinear(top, row + down * t, col + right * t) - bulge * at[k] * at[k]
        ground = _bilinear(heights, rows[i], cols[i]) - bulge * d * d
        r, c = int(rows[i] + 0.5), int(cols[i] + 0.5)
        clutter = surface[r, c] - heights[r, c]
        for end in (1.0, cells - 1.0):  # the nearest canopy counts wherever the samples happen to lie
            if covered and 1.0 <= end <= cells - 1.0:
                t = end / cells
                canopy = _bilinear(surface, row + down * t, col + right * t)
                if canopy > _bilinear(heights, row + down * t, col + right * t):
                    count = _stand_before(at, height, count, d * t, canopy - bulge * (d * t) ** 2)
        if clutter > receiver and d > 2.0 * street:
            count = _stand_before(at, height, count, d - street, ground + clutter)
        nu[i], los[i] = _bullington(at, height, count, amsl, d, ground + receiver)


@njit(cache=True, nogil=True, error_model="numpy")
def _stand_before(at: Metres, height: Metres, count: int, where: float, top: float) -> int:
    """Put one more point into a profile, in order; the new count."""
    k = count
    while k > 1 and at[k - 1] > where:
        at[k], height[k] = at[k - 1], height[k - 1]
        k -= 1
    at[k], height[k] = where, top
    return count + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _bullington(
    at: Metres, height: Metres, count: int, amsl: float, d: float, end: float
) -> tuple[float, bool]:
    """Nu times the square root of the wavelength over points 1 to count - 1, and line of sight."""
    direct = (end - amsl) / d
    steepest = -np.inf
    for k in range(1, count):
        steepest = max(steepest, (height[k] - amsl) / at[k])
    if steepest < direct:
        best = -np.inf
        for k in range(1, count):
            above = height[k] - amsl - direct * at[k]
            best = max(best, above * math.sqrt(2.0 * d / (at[k] * (d - at[k]))))
        return best, True
    back = -np.inf
    for k in range(1, count):
        back = max(back, (height[k] - end) / (d - at[k]))
    cross = (end - amsl + back * d) / (steepest + back)
    return (steepest - direct) * cross * math.sqrt(2.0 * d / (cross * (d - cross))), False
