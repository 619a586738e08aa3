"""Bullington diffraction from one mast to every pixel around it, in one sweep of rays.

Pixels are not on rays. Each ray keeps what its profile shows from the transmitter
(the steepest slope) and from the receiver (the vertex of the profile's upper hull it looks over), and a
pixel mixes the diffraction parameters of the two rays that pass it on either side. Each ray answers for a
receiver over its own ground, raised by what the pixel has more than the ground between the rays: on a
slope across the path, a pixel's own height on a ray's profile would stand in a hole or on a mast.

What the sweep keeps is free of frequency: nu times the square root of the wavelength. A band is then one
pass (:func:`diffraction_loss_db`). Distances along a ray are counted in steps of its major axis, in
which all slopes of the flattened Earth (ITU-R P.1812-8, section 4.3.1) stay plane geometry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.ndimage import binary_dilation

from siteplan.core.errors import RangeError
from siteplan.core.grid import Grid, Raster
from siteplan.radio.diffraction import effective_earth_radius_km

STANDARD_DELTA_N = 40.0
"""Lapse rate of refractivity of the standard atmosphere [N-units/km] (ITU-R P.310, "standard refractivity
vertical gradient"); the project's own comes from ITU-R P.453's maps."""
STREET_WIDTH_M = 27.0
"""Nominal width of a street: how far before a receiver its own clutter stands (ITU-R P.2108) [m]."""
NEAR_M = 250.0
"""Below this distance P.1812 does not hold; the bare knife edge is used there [m]."""
CLEAR = -1.0e3
"""nu sqrt(wavelength) of a pixel with nothing between it and the mast [sqrt m]."""
_RAYS_PER_PIXEL, _NEAR_RAYS_PER_PIXEL, _NEAR_RAYS, _LEAST_RAYS = 0.45, 1.0, 90, 60
"""Rays for each pixel of the rim: fewer where the radius is wide, because pixels there see the terrain
through more of it. Chosen so that the error stays below the DEM's own at more than half the speed of a
viewshed (benchmarks/terrain_accuracy.py, benchmarks/sweep.py)."""
_BLOCK = 64
"""Rays in flight at once; their lattice stays in the processor's second cache."""
_ONE = 1 << 32
"""1 in fixed point with 32 binary places."""
_FAR_BELOW = -1.0e9
_HAIR = 1.0e-6
_NO_SCREEN = -1.0e6

Values = NDArray[np.float32]
_kernel = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, eq=False)
class TerrainGeometry:
    """What the terrain does between one antenna and the pixels around it, for every frequency.

    Attributes
    ----------
    window
        Rows and columns on the grid of the DEM.
    nu_sqrt_wavelength
        Diffraction parameter of the Bullington point times the square root of the wavelength [sqrt m];
        NaN beyond the radius, shape (height, width).
    los
        Whether the antenna sees the receiver over the terrain, shape (height, width).
    distance_m
        Horizontal distance [m], shape (height, width).
    filled
        Whether the DEM has no value there and one was interpolated, shape (height, width).
    """

    window: tuple[slice, slice]
    nu_sqrt_wavelength: Values
    los: NDArray[np.bool_]
    distance_m: Values
    filled: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Site:
    """A mast in a window of heights: cells, metres over the sea, and the nearest pixel's place.

    ``surface`` is ``heights`` itself where nothing stands on the ground.
    """

    heights: Values
    surface: Values
    filled: NDArray[np.bool_]
    centre: int
    offset_row: float
    offset_col: float
    antenna_amsl_m: float


def terrain_geometry(
    dem: Raster,
    easting_m: float,
    northing_m: float,
    antenna_height_m: float,
    radius_m: float,
    *,
    rx_height_m: float = 1.5,
    delta_n: float = STANDARD_DELTA_N,
    spacing_px: float | None = None,
    surface: NDArray[np.float32] | None = None,
    street_width_m: float = STREET_WIDTH_M,
) -> TerrainGeometry:
    """Sweep the terrain around a mast, and what stands on it.

    The surface obstructs from one pixel beyond the antenna to one pixel before the receiver, as clutter
    heights stand in the profile of P.1812; the receiver's own clutter stands a street's width before it,
    whatever the size of a pixel.

    Parameters
    ----------
    dem
        Ground above sea level [m]; NaN where unknown: filled by interpolation and flagged.
    easting_m, northing_m
        The mast, on the DEM [m].
    antenna_height_m
        Above ground [m], positive.
    radius_m
        How far [m], at least two pixels.
    rx_height_m
        Receiver above ground [m], positive.
    delta_n
        Average lapse rate of refractivity [N-units/km].
    spacing_px
        Distance of the rays at the rim [pixels], positive; None picks 1 near masts to 2.2 far out.
    surface
        Top of what stands on the ground, above sea level, never below it, NaN where the DEM is, of the
        DEM's shape [m]; None for bare ground.
    street_width_m
        From the receiver to its own clutter [m], positive.

    Returns
    -------
    TerrainGeometry
        On the part of the DEM within the radius.

    Raises
    ------
    RangeError
        If the mast is not on the DEM, or a height or the radius is out of range.

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3.1, equations (13) to (20).

    Examples
    --------
    A wall of 60 m, 300 m east of a 20 m mast on a plain: shade lies behind it.

    >>> ground = np.zeros((21, 41), dtype=np.float32)
    >>> ground[:, 30] = 60.0
    >>> dem = Raster(ground, Grid("EPSG:4547", 0.0, 630.0, 30.0, 41, 21), "dem", "m")
    >>> seen = terrain_geometry(dem, 615.0, 315.0, 20.0, 590.0).los
    >>> "".join("#" if each else "." for each in seen[10, 22:38])
    '#########.......'
    """
    radius_px = radius_m / dem.grid.resolution_m
    good = antenna_height_m > 0.0 and rx_height_m > 0.0 and 2.0 <= radius_px < math.inf  # NaN is not
    if not good:
        raise RangeError("heights must be positive, and the radius two pixels at least")
    if spacing_px is not None and spacing_px <= 0.0:
        raise RangeError("the spacing of rays must be positive")
    reach = math.ceil(radius_px + 0.5)
    site = _site(dem, surface, easting_m, northing_m, antenna_height_m, reach)
    bulge = 1.0 / (2000.0 * effective_earth_radius_km(delta_n))
    size = 2 * reach + 1
    nu = np.full(size * size, np.nan, dtype=np.float32)
    los = np.zeros(size * size, dtype=np.bool_)
    nu[reach * size + reach], los[reach * size + reach] = CLEAR, True
    figures = np.array(
        [site.antenna_amsl_m, rx_height_m, dem.grid.resolution_m, bulge, radius_px, street_width_m],
        dtype=np.float64,
    )
    rays = _rays(reach, spacing_px)
    for sector in _sectors(site, size):
        _sweep_sector(
            site.heights.ravel(),
            site.surface.ravel(),
            surface is not None,
            nu,
            los,
            sector,
            figures,
            rays,
            reach + 1,
        )
    return _cut_out(nu.reshape(size, size), los.reshape(size, size), site, dem.grid, reach)


def _site(
    dem: Raster,
    surface: NDArray[np.float32] | None,
    easting_m: float,
    northing_m: float,
    antenna_height_m: float,
    reach: int,
) -> _Site:
    grid = dem.grid
    rows, cols, on = grid.position(np.array([easting_m]), np.array([northing_m]))
    if not on[0]:
        raise RangeError(f"the mast at {easting_m:.0f}, {northing_m:.0f} does not stand on the DEM")
    row, col = float(rows[0]), float(cols[0])
    row0 = min(max(math.floor(row + 0.5), 0), grid.height - 1)
    col0 = min(max(math.floor(col + 0.5), 0), grid.width - 1)
    heights, filled = _heights_around(dem.values, row0, col0, reach + 2)
    top = heights if surface is None else _heights_around(surface, row0, col0, reach + 2)[0]
    at_row, at_col = row - row0 + reach + 2, col - col0 + reach + 2
    ground = _bilinear(heights, at_row, at_col)
    amsl = ground + antenna_height_m
    return _Site(heights, top, filled, row0 * grid.width + col0, row - row0, col - col0, amsl)


def _heights_around(values: NDArray[Any], row: int, col: int, reach: int) -> tuple[Values, NDArray[np.bool_]]:
    """Heights of a square window and where they are filled; beyond the DEM its edge goes on."""
    rows = np.arange(row - reach, row + reach + 1)
    cols = np.arange(col - reach, col + reach + 1)
    inside = np.s_[max(rows[0], 0) : rows[-1] + 1, max(cols[0], 0) : cols[-1] + 1]
    part = values[inside].astype(np.float32)  # a copy: kernels would be compiled again for read-only ones
    voids = np.isnan(part)
    if voids.any():
        part = fill_voids(part)
    before = max(-int(rows[0]), 0), max(-int(cols[0]), 0)
    after = max(int(rows[-1]) + 1 - values.shape[0], 0), max(int(cols[-1]) + 1 - values.shape[1], 0)
    margins = ((before[0], after[0]), (before[1], after[1]))
    if not any(before + after):
        return part, voids
    return np.pad(part, margins, mode="edge"), np.pad(voids, margins, constant_values=True)


def fill_voids(heights_m: Values) -> Values:
    """Interpolate a DEM across its voids, linearly from their rims.

    Parameters
    ----------
    heights_m
        Heights, NaN in voids, at least one known, shape (height, width) [m].

    Returns
    -------
    ndarray
        Without NaN; voids open to the edge take the nearest height.

    Raises
    ------
    RangeError
        If no height is known.
    """
    voids = np.isnan(heights_m)
    if voids.all():
        raise RangeError("the DEM knows no height here")
    rim = np.argwhere(binary_dilation(voids, np.ones((3, 3))) & ~voids)
    holes = np.argwhere(voids)
    known = heights_m[tuple(rim.T)].astype(np.float64)
    values = np.full(len(holes), np.nan)
    if np.linalg.matrix_rank(rim - rim[0]) == 2:  # not all on one line
        values = LinearNDInterpolator(rim, known)(holes)
    open_ended = np.isnan(values)
    if open_ended.any():
        values[open_ended] = NearestNDInterpolator(rim, known)(holes[open_ended])
    full = heights_m.copy()
    full[voids] = values
    return full


def _bilinear(heights: Values, row: float, col: float) -> float:
    r, c = int(row), int(col)
    y, x = row - r, col - c
    upper = heights[r, c] * (1.0 - x) + heights[r, c + 1] * x
    lower = heights[r + 1, c] * (1.0 - x) + heights[r + 1, c + 1] * x
    return float(upper * (1.0 - y) + lower * y)


def _rays(reach: int, spacing_px: float | None) -> int:
    """Rays in half a sector."""
    if spacing_px is not None:
        return max(math.ceil(reach / spacing_px), 2)
    near = min(math.ceil(_NEAR_RAYS_PER_PIXEL * reach), _NEAR_RAYS)
    return max(math.ceil(_RAYS_PER_PIXEL * reach), near, min(4 * reach, _LEAST_RAYS))


def _sectors(site: _Site, size: int) -> list[tuple[float, ...]]:
    """East, west, south, north: steps in the heights and in the result, offsets of the mast [pixels]."""
    width = site.heights.shape[1]
    middle = (width // 2) * (width + 1)
    centre = (size // 2) * (size + 1)
    ways = [
        (1, width, 1, size, site.offset_col, site.offset_row),
        (-1, width, -1, size, -site.offset_col, site.offset_row),
        (width, 1, size, 1, site.offset_row, site.offset_col),
        (-width, 1, -size, 1, -site.offset_row, site.offset_col),
    ]
    return [_sector(middle, centre, *way) for way in ways]


def _sector(
    middle: int,
    centre: int,
    major: int,
    minor: int,
    out_major: int,
    out_minor: int,
    ahead: float,
    across: float,
) -> tuple[float, ...]:
    """One sector from the last line of pixels behind the mast, so that none ahead of it is passed over."""
    if abs(ahead) < _HAIR:
        ahead = 0.0
    if ahead < 0.0:
        middle, centre, ahead = middle - major, centre - out_major, ahead + 1.0
    return middle, major, minor, centre, out_major, out_minor, ahead, across


def _cut_out(nu: Values, los: NDArray[np.bool_], site: _Site, grid: Grid, reach: int) -> TerrainGeometry:
    row, col = divmod(site.centre, grid.width)
    rows = slice(max(row - reach, 0), min(row + reach + 1, grid.height))
    cols = slice(max(col - reach, 0), min(col + reach + 1, grid.width))
    part = np.s_[
        rows.start - row + reach : rows.stop - row + reach, cols.start - col + reach : cols.stop - col + reach
    ]
    distance = np.empty((rows.stop - rows.start, cols.stop - cols.start), dtype=np.float32)
    first = rows.start - row - site.offset_row, cols.start - col - site.offset_col
    _distances(first[0], first[1], grid.resolution_m, distance)
    filled = site.filled[2:-2, 2:-2][part]
    return TerrainGeometry((rows, cols), nu[part], los[part], distance, filled)


@_kernel
def _distances(north: float, west: float, resolution_m: float, distance_m: Values) -> None:
    """Distance of every pixel from the mast, which lies so many pixels from the first one."""
    ramp = (np.arange(distance_m.shape[1]) + west).astype(np.float32)
    for r in range(distance_m.shape[0]):
        down = np.float32(north + r)
        for c in range(distance_m.shape[1]):
            distance_m[r, c] = math.sqrt(down * down + ramp[c] * ramp[c]) * np.float32(resolution_m)


def diffraction_loss_db(geometry: TerrainGeometry, frequency_mhz: float) -> Values:
    """Diffraction loss over the terrain at one frequency. [dB]

    Parameters
    ----------
    geometry
        Result of :func:`terrain_geometry`.
    frequency_mhz
        Frequency [MHz], 30-6000.

    Returns
    -------
    ndarray
        Bullington loss, nearer than 250 m the bare knife edge; NaN beyond the radius, float32,
        shape (height, width).

    Raises
    ------
    RangeError
        Outside the frequency range.

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3.1, equations (12) and (21).
    """
    return bullington_loss_db(geometry.nu_sqrt_wavelength, geometry.distance_m, frequency_mhz)


def bullington_loss_db(nu_sqrt_wavelength: ArrayLike, distance_m: ArrayLike, frequency_mhz: float) -> Values:
    """Diffraction loss of Bullington points at one frequency. [dB]

    Parameters
    ----------
    nu_sqrt_wavelength
        Of a sweep or of points [sqrt m]; NaN gives NaN.
    distance_m
        Length of the paths, of the same shape [m].
    frequency_mhz
        Frequency [MHz], 30-6000.

    Returns
    -------
    ndarray
        float32, of that shape; nearer than 250 m the bare knife edge.

    Raises
    ------
    RangeError
        Outside the frequency range.

    Examples
    --------
    >>> grazing = np.zeros(1, dtype=np.float32)
    >>> bullington_loss_db(grazing, np.full(1, 2000.0), 2600.0).round(1).tolist()
    [12.4]
    """
    require_frequency(frequency_mhz)
    nu = np.ascontiguousarray(nu_sqrt_wavelength, dtype=np.float32)
    distance = np.ascontiguousarray(distance_m, dtype=np.float32)
    loss = np.empty(nu.shape, dtype=np.float32)
    _loss_pass(nu.ravel(), distance.ravel(), nu_scale(frequency_mhz), loss.ravel())
    return loss


def require_frequency(frequency_mhz: float) -> None:
    """Raise :class:`RangeError` unless P.1812 holds at this frequency [MHz]."""
    if not 30.0 <= frequency_mhz <= 6000.0:
        raise RangeError(f"P.1812 holds for 30 to 6000 MHz, got {frequency_mhz}")


def nu_scale(frequency_mhz: float) -> np.float32:
    """One over the square root of the wavelength, with P.1812's speed of light [1/sqrt m]."""
    return np.float32(math.sqrt(frequency_mhz / 299.8))


@njit(cache=True, nogil=True, error_model="numpy")
def bullington_db(nu: np.float32, distance_m: np.float32) -> np.float32:
    """Loss of a Bullington point [dB]; NaN for NaN."""
    if nu <= np.float32(-0.78):
        return np.float32(0.0)
    shifted = nu - np.float32(0.1)
    root = math.sqrt(shifted * shifted + np.float32(1.0)) + shifted
    edge = np.float32(6.9) + np.float32(8.685889638) * np.float32(math.log(root))
    if distance_m < np.float32(NEAR_M):
        return edge
    more = np.float32(10.0) + np.float32(2e-5) * distance_m
    return edge + (np.float32(1.0) - np.float32(math.exp(-edge / np.float32(6.0)))) * more


_TABLE_STEP, _TABLE_END = 0.02, 64.0


@cache
def bullington_table() -> Values:
    """Knife edge loss [dB] and 1 - exp(-loss / 6) against the square root of nu + 0.78, shape (n, 2).

    Roots come in steps of 0.02 up to nu of about 4,000; :func:`tabled_loss` reads it.
    """
    root = np.arange(0.0, _TABLE_END + 2 * _TABLE_STEP, _TABLE_STEP)
    shifted = root * root - 0.88
    edge = 6.9 + 20.0 * np.log10(np.sqrt(shifted * shifted + 1.0) + shifted)
    edge = np.maximum(edge, 0.0)
    return np.column_stack([edge, 1.0 - np.exp(-edge / 6.0)]).astype(np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def tabled_loss(nu: np.float32, distance_m: np.float32, table: Values) -> np.float32:
    """Loss of a Bullington point from :func:`bullington_table` [dB]; beyond any budget for NaN."""
    above = nu + np.float32(0.78)
    if above <= np.float32(0.0):
        return np.float32(0.0)
    if math.isnan(above):
        return np.float32(999.0)
    place = min(np.float32(math.sqrt(above)), np.float32(_TABLE_END)) * np.float32(1.0 / _TABLE_STEP)
    k = int(place)
    share = place - np.float32(k)
    edge = table[k, 0] + (table[k + 1, 0] - table[k, 0]) * share
    if distance_m < np.float32(NEAR_M):
        return edge
    more = table[k, 1] + (table[k + 1, 1] - table[k, 1]) * share
    return edge + more * (np.float32(10.0) + np.float32(2e-5) * distance_m)


@njit(cache=True, nogil=True, error_model="numpy")
def _loss_pass(nu: Values, distance_m: Values, scale: np.float32, loss: Values) -> None:
    for i in range(nu.size):
        loss[i] = bullington_db(nu[i] * scale, distance_m[i])


@_kernel
def _sweep_sector(
    heights: Values,
    surface: Values,
    covered: bool,
    nu: Values,
    los: NDArray[np.bool_],
    sector: tuple[float, ...],
    figures: NDArray[np.float64],
    rays: int,
    reach: int,
) -> None:
    """All rays of one sector, block by block, and the pixels between them."""
    offset = sector[6]
    steps = np.arange(reach + 2) - offset
    steps[0] = 1.0  # the line behind the mast is never asked for
    squares, inverse = (steps * steps).astype(np.float32), (1.0 / steps).astype(np.float32)
    whole = np.zeros(reach + 2, dtype=np.float32)
    for m in range(1, reach + 2):
        whole[m] = 1.0 / m
    profile = np.empty((3, reach + 2), dtype=np.float32)
    grounds = profile[2] if covered else profile[0]
    hull_at, hull_height = np.empty(reach + 2, dtype=np.uint64), np.empty(reach + 2, dtype=np.float32)
    lattice = np.empty((5, reach + 1, _BLOCK + 1), dtype=np.float32)
    row = np.empty((15, 2 * _BLOCK * (reach // rays + 1) + 8), dtype=np.float32)
    ramp = np.arange(row.shape[1]).astype(np.float32)
    for first in range(-rays, rays, _BLOCK):
        count = min(_BLOCK, rays - first)
        start = 0
        if first > -rays:
            lattice[:, :, 0] = lattice[:, :, _BLOCK]
            start = 1
        for k in range(start, count + 1):
            slope = (first + k) / rays
            stretch = math.sqrt(1.0 + slope * slope)
            last = min(reach, int((figures[4] + 3.0) / stretch) + 1)
            _sample(surface, sector, figures, slope, last, squares, inverse, profile, 0)
            if covered:
                _sample(heights, sector, figures, slope, last, squares, inverse, profile, 2)
            _look_back(
                profile[0],
                profile[1],
                grounds,
                figures[1],
                offset,
                last,
                whole,
                inverse,
                hull_at,
                hull_height,
                lattice[0],
                lattice[1],
                lattice[2],
                lattice[3],
                lattice[4],
                k,
            )
        _pixels(heights, surface, nu, los, sector, figures, rays, reach, first, count, lattice, row, ramp)


@_kernel
def _sample(
    heights: Values,
    sector: tuple[float, ...],
    figures: NDArray[np.float64],
    slope: float,
    last: int,
    squares: Values,
    inverse: Values,
    profile: Values,
    into: int,
) -> None:
    """Heights along a ray over the flattened Earth, less the antenna, and their slopes from it (row 1)."""
    major, minor, offset = int(sector[1]), int(sector[2]), sector[6]
    place = int((sector[7] + (1.0 - offset) * slope) * _ONE)
    step, beside = int(slope * _ONE), np.uint64(minor)
    at = int(sector[0]) + major
    for m in range(1, last + 1):
        share = np.float32(np.int32((place & (_ONE - 1)) >> 8)) * np.float32(2.0**-24)
        cell = np.uint64(at + (place >> 32) * minor)
        low = heights[cell]
        profile[into, m] = low + (heights[cell + beside] - low) * share
        place += step
        at += major
    bulge = np.float32(figures[2] * figures[2] * (1.0 + slope * slope) * figures[3])
    antenna = np.float32(figures[0])
    for m in range(1, last + 1):
        profile[into, m] -= bulge * squares[m] + antenna
    if into == 0:
        for m in range(1, last + 1):
            profile[1, m] = profile[0, m] * inverse[m]


@_kernel
def _nearest_to_the_ray(
    hull_at: NDArray[np.uint64],
    hull_height: Values,
    vertex: np.uint64,
    end: np.uint64,
    horizon: np.uint64,
    direct: np.float32,
    shift: np.float32,
    whole: Values,
    m: np.uint64,
) -> np.uint64:
    """Vertex of the hull that comes nearest to a line of sight, from one vertex to the antenna's horizon."""
    best, at = np.float32(-1.0e30), vertex
    while at < end and hull_at[at] <= horizon:
        distance = np.float32(hull_at[at]) - shift
        clearance = hull_height[at] - direct * distance
        score = -clearance * clearance * whole[m - hull_at[at]] / distance
        if score > best:
            best, vertex = score, at
        at += np.uint64(1)
    return vertex


@_kernel
def _look_back(
    heights: Values,
    slopes: Values,
    grounds: Values,
    receiver_m: float,
    offset: float,
    last: int,
    whole: Values,
    inverse: Values,
    hull_at: NDArray[np.uint64],
    hull_height: Values,
    steepest_of: Values,
    vertex_at: Values,
    vertex_height: Values,
    horizon_at: Values,
    ground_of: Values,
    column: int,
) -> None:
    """Antenna's horizon, vertex seen from the receiver, and ground, at every step of a ray.

    The upper hull of the profile so far is a stack. A point of it takes off what lies below its own
    tangent; a receiver above that point looks at the same vertex or over one further back, a receiver below
    it (among trees, say) may look at any. In line of
    sight the vertex nearest to the ray counts, between that one and the antenna's horizon, those the
    ground has just taken off among them. Indices are unsigned because numba tests every signed one for
    being negative.
    """
    receiver, shift = np.float32(receiver_m), np.float32(offset)
    one, zero, two = np.uint64(1), np.uint64(0), np.uint64(2)
    col, end = np.uint64(column), np.uint64(last)
    steepest, horizon, top = slopes[1], one, one
    hull_at[0], hull_height[0] = 1, heights[1]
    steepest_of[1, column], ground_of[1, column] = np.float32(_FAR_BELOW), grounds[1]
    vertex_at[1, column] = horizon_at[1, column] = np.float32(0.5) * (np.float32(1.0) - shift)
    vertex_height[1, column] = np.float32(-1.0e6)
    m = two
    while m <= end:
        block, ground = heights[m], grounds[m]
        vertex, whole_hull = top - one, top
        slope = (hull_height[vertex] - block) * whole[m - hull_at[vertex]]
        while vertex > zero:
            before = vertex - one
            further = (hull_height[before] - block) * whole[m - hull_at[before]]
            if further < slope:
                break
            slope = further
            vertex = before
        top = vertex + one
        raised = ground + receiver
        if raised < block:
            vertex = whole_hull - one
        slope = (hull_height[vertex] - raised) * whole[m - hull_at[vertex]]
        while vertex > zero:
            before = vertex - one
            further = (hull_height[before] - raised) * whole[m - hull_at[before]]
            if further < slope:
                break
            slope = further
            vertex = before
        direct = raised * inverse[m]
        if direct > steepest and hull_at[vertex] < horizon:
            vertex = _nearest_to_the_ray(
                hull_at, hull_height, vertex, whole_hull, horizon, direct, shift, whole, m
            )
        steepest_of[m, col], ground_of[m, col] = steepest, ground
        vertex_at[m, col] = np.float32(hull_at[vertex]) - shift
        horizon_at[m, col] = np.float32(horizon) - shift
        vertex_height[m, col] = hull_height[vertex]
        if slopes[m] > steepest:
            steepest, horizon = slopes[m], m
        hull_at[top], hull_height[top] = m, block
        top += one
        m += one


@_kernel
def _pixels(
    heights: Values,
    surface: Values,
    nu: Values,
    los: NDArray[np.bool_],
    sector: tuple[float, ...],
    figures: NDArray[np.float64],
    rays: int,
    reach: int,
    first: int,
    count: int,
    lattice: Values,
    row: Values,
    ramp: Values,
) -> None:
    """Pixels between the rays of a block, line by line away from the mast."""
    major, minor = int(sector[1]), int(sector[2])
    out_major, out_minor = int(sector[4]), int(sector[5])
    offset, across = sector[6], sector[7]
    radius2 = figures[4] * figures[4]
    for m in range(1, reach + 1):
        u = m - offset
        chord2 = radius2 - u * u
        if chord2 < 0.0 or u < _HAIR:
            continue
        chord, density = math.sqrt(chord2), rays / u
        # a hair wider than the block: a pixel on a diagonal belongs to both sectors, never to none
        lowest = max(math.ceil(first / density + across - _HAIR), math.ceil(across - chord))
        highest = min((first + count) / density + across + _HAIR, across + chord)
        n0, length = int(lowest), math.floor(highest) - int(lowest) + 1
        if length <= 0:
            continue
        _between(
            heights,
            surface,
            int(sector[0]) + m * major + n0 * minor,
            minor,
            lattice,
            m,
            row,
            length,
            max((n0 - across) * density - first, 0.0),
            density,
            count,
        )
        _evaluate(row, ramp, u, n0 - across, figures, length)
        at = int(sector[3]) + m * out_major + n0 * out_minor
        place, beside = np.uint64(at), np.uint64(out_minor)
        for j in range(length):
            nu[place] = row[12, j]
            los[place] = row[13, j] > np.float32(0.0)
            place += beside


@_kernel
def _between(
    heights: Values,
    surface: Values,
    cell: int,
    minor: int,
    lattice: Values,
    m: int,
    row: Values,
    length: int,
    place: float,
    density: float,
    count: int,
) -> None:
    """Bring the two rays beside each pixel of a line, its height and its clutter, side by side."""
    position, step = np.uint64(place * _ONE), np.uint64(density * _ONE)
    at, beside = np.uint64(cell), np.uint64(minor)
    steepest, vertex, height = lattice[0, m], lattice[1, m], lattice[2, m]
    horizon, ground = lattice[3, m], lattice[4, m]
    bits, one, last = np.uint64(32), np.uint64(1), np.uint64(count - 1)
    for j in range(length):
        ray = min(position >> bits, last)
        row[10, j] = np.float32(np.int64((position - (ray << bits)) >> np.uint64(8))) * np.float32(2.0**-24)
        row[0, j], row[5, j] = steepest[ray], steepest[ray + one]
        row[1, j], row[6, j] = vertex[ray], vertex[ray + one]
        row[2, j], row[7, j] = height[ray], height[ray + one]
        row[3, j], row[8, j] = horizon[ray], horizon[ray + one]
        row[4, j], row[9, j] = ground[ray], ground[ray + one]
        row[11, j] = heights[at]
        row[14, j] = surface[at] - heights[at]
        position += step
        at += beside


@_kernel
def _evaluate(
    row: Values, ramp: Values, u: float, across: float, figures: NDArray[np.float64], length: int
) -> None:
    """Diffraction parameter (nu sqrt(wavelength)) of a line of pixels from both rays, mixed.

    Row 13 is positive in sight.
    """
    along, start = np.float32(u), np.float32(across)
    square, inverse = along * along, np.float32(1.0) / along
    cell2, bulge = np.float32(figures[2] * figures[2]), np.float32(figures[3])
    receiver, antenna = np.float32(figures[1]), np.float32(figures[0])
    steep, at, top, horizon, ground = row[0], row[1], row[2], row[3], row[4]
    steep2, at2, top2, horizon2, ground2 = row[5], row[6], row[7], row[8], row[9]
    share, own, mixed, sight, clutter = row[10], row[11], row[12], row[13], row[14]
    street = np.float32(figures[5])
    for j in range(length):
        side = start + ramp[j]
        distance2 = (square + side * side) * cell2
        height = own[j] - distance2 * bulge - antenna
        more = height - (ground[j] + (ground2[j] - ground[j]) * share[j]) + receiver
        distance = math.sqrt(distance2)
        fresnel = np.float32(2.0) * square / distance
        width = street * along / distance
        over = clutter[j] - receiver
        if over <= np.float32(0.0) or width + width >= along:
            over, width = np.float32(_NO_SCREEN), np.float32(0.5) * along
        one = _nu(steep[j], at[j], top[j], horizon[j], along, inverse, ground[j] + more, fresnel, over, width)
        two = _nu(
            steep2[j], at2[j], top2[j], horizon2[j], along, inverse, ground2[j] + more, fresnel, over, width
        )
        mixed[j] = one + (two - one) * share[j]
        direct = (height + receiver) * inverse
        screen = (height + receiver + over) / (along - width)
        sight[j] = direct - max(steep[j] + (steep2[j] - steep[j]) * share[j], screen)


@_kernel
def _nu(
    steepest: np.float32,
    at: np.float32,
    top: np.float32,
    horizon: np.float32,
    along: np.float32,
    inverse: np.float32,
    height: np.float32,
    fresnel: np.float32,
    over: np.float32,
    width: np.float32,
) -> np.float32:
    """Diffraction parameter of the vertex in line of sight, else of the Bullington point.

    A receiver raised over its ground may look over the antenna's horizon instead of the vertex. With the
    steeper of the two, both lines meet above the path. Its own clutter is one more point of the profile,
    ``over`` metres above the receiver and ``width`` steps before it.
    """
    direct = height * inverse
    screen_at, screen = along - width, height + over
    screen_slope, screen_back = screen / screen_at, over / width
    back = max((top - height) / (along - at), (steepest * horizon - height) / (along - horizon))
    back = max(back, screen_back)
    last = screen_at if screen_slope > steepest else horizon
    steepest = max(steepest, screen_slope)
    crossing = (height + back * along) / max(steepest + back, np.float32(1.0e-9))
    crossing = min(max(crossing, last), along * np.float32(1.0 - 1.0e-6))  # grazing: single precision
    seen = direct >= steepest
    where = at if seen else crossing
    above = top - direct * at if seen else (steepest - direct) * crossing
    vertex = above * math.sqrt(fresnel / (where * (along - where)))
    beside = (screen - direct * screen_at) * math.sqrt(fresnel / (screen_at * width))
    return max(vertex, beside) if seen else vertex
