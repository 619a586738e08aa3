"""Rasters as pictures in Web Mercator: relief and coverage, embedded as data URIs.

A picture laid between two latitudes is stretched evenly, which is up to 285 m
wrong for a city, so every raster is warped to EPSG:3857 before it is embedded.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image, ImageColor
from pyproj import Transformer
from rasterio.features import geometry_mask
from rasterio.transform import array_bounds
from rasterio.warp import Resampling, calculate_default_transform, reproject

from siteplan.core.grid import Grid, Raster
from siteplan.outputs import palette

_MERCATOR = "EPSG:3857"
_EXACT = {"lossless": True, "quality": 100, "method": 4}
_LOWLAND, _HIGHLAND = np.array([[253.0, 253.0, 250.0], [236.0, 236.0, 232.0]], dtype=np.float32)


@dataclass(frozen=True)
class Picture:
    """An embedded picture and where it lies.

    Attributes
    ----------
    uri
        Data URI.
    bounds
        ``[[south, west], [north, east]]`` [deg].
    """

    uri: str
    bounds: list[list[float]]


class Shared:
    """What several maps of one plan have in common, made once: by name and the object it is made of."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[object, Any]] = {}

    def once(self, name: str, source: object, make: Callable[[], Any]) -> Any:
        """What was made of this very object before, else made now."""
        kept = self._made.get(name)
        if kept is None or kept[0] is not source:
            kept = self._made[name] = source, make()
        return kept[1]


@dataclass(frozen=True, eq=False)
class Warp:
    """A grid seen in Web Mercator.

    Attributes
    ----------
    grid
        The grid.
    index
        Flat pixel of the grid that each picture pixel shows, -1 outside, shape (height, width).
    transform
        From picture column and row to Web Mercator.
    bounds
        ``[[south, west], [north, east]]`` [deg].
    """

    grid: Grid
    index: NDArray[np.int32]
    transform: Affine
    bounds: list[list[float]]

    def seen(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of a raster on the grid at the picture's pixels, 0 outside."""
        return np.where(self.index >= 0, values.ravel()[self.index], np.zeros((), values.dtype))

    def window(self, row: int, col: int, height: int, width: int) -> tuple[slice, slice]:
        """Picture rows and columns that can show a window of the grid."""
        size, grid = self.grid.resolution_m, self.grid
        west, north = grid.west_m + col * size, grid.north_m - row * size
        left, bottom, right, top = _to_mercator(grid.crs).transform_bounds(
            west, north - height * size, west + width * size, north
        )
        to = self.transform
        col0, col1 = (left - to.c) / to.a, (right - to.c) / to.a
        row0, row1 = (top - to.f) / to.e, (bottom - to.f) / to.e
        return (
            slice(max(0, math.floor(row0) - 1), max(0, math.ceil(row1) + 1)),
            slice(max(0, math.floor(col0) - 1), max(0, math.ceil(col1) + 1)),
        )


def warp_of(grid: Grid) -> Warp:
    """Where the pixels of a grid lie in Web Mercator, by nearest neighbour.

    Returns
    -------
    Warp
        One for all rasters of the grid, so that they lie upon each other exactly.
    """
    index = np.arange(grid.width * grid.height, dtype=np.int32).reshape(grid.shape) + 1
    warped, transform = _warp(index, grid, "nearest")
    return Warp(grid, warped - 1, transform, _degrees(warped.shape, transform))


@lru_cache(maxsize=4)
def _to_mercator(crs: str) -> Transformer:
    return Transformer.from_crs(crs, _MERCATOR, always_xy=True)


INHABITED = 128
"""Added to the code of a pixel where somebody asks for the service."""


def coverage_codes(
    before: Raster,
    after: Raster,
    flat: Raster | None,
    breaks: tuple[float, ...],
    target: float,
    inhabited: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Class before and after, what terrain takes away, and whether people live there, in one number a pixel.

    Parameters
    ----------
    before, after
        Probability of coverage [0-1], NaN outside the area.
    flat
        The same before the plan by buffers alone; None without.
    breaks
        Four rising limits between the five classes.
    target
        Probability at which a pixel counts as covered [0-1].
    inhabited
        Where somebody asks for the service; None for everywhere.

    Returns
    -------
    ndarray
        ``18 before + 3 after + terrain`` with classes 1-5, 0 outside, ``INHABITED`` more where people are;
        terrain is 1 where both levels reach the target today, 2 where only the buffers do.
    """
    classes = []
    for raster in (before, after):
        values = np.asarray(raster.values, np.float32)
        inside = np.isfinite(values)
        found = np.digitize(np.where(inside, values, 0.0), breaks) + 1
        classes.append(np.where(inside, found, 0))
    terrain: Any = 0
    if flat is not None:
        by_empirical, by_terrain = (np.nan_to_num(each.values) >= target for each in (flat, before))
        terrain = np.where(by_terrain, 1, np.where(by_empirical, 2, 0))
    codes = 18 * classes[0] + 3 * classes[1] + terrain
    lived_in = codes > 0 if inhabited is None else inhabited & (codes > 0)
    return (codes + INHABITED * lived_in).astype(np.uint8)


def tone_names(codes: NDArray[np.uint8], needed: int = 4) -> NDArray[np.object_]:
    """Which tone a pixel has where what changes is shown, by code: the table the page makes for itself.

    Parameters
    ----------
    codes
        All codes, or some of them.
    needed
        First class that reaches the target.

    Returns
    -------
    ndarray of str
        ``new``, ``new_empty``, ``lost``, ``gap``, ``gap_part``, ``covered1`` to ``covered5``, "" outside.
    """
    lived_in, code = codes >= INHABITED, codes & (INHABITED - 1)
    was, now = code // 18, code // 3 % 6
    reached, had = now >= needed, was >= needed
    cases = [
        (now == 0, ""),
        (reached & ~had & lived_in, "new"),
        (reached & ~had, "new_empty"),
        (~reached & had, "lost"),
        (~reached & lived_in & (now < needed - 1), "gap"),
        (~reached & lived_in, "gap_part"),
    ]
    covered = np.array(["", *(f"covered{k}" for k in range(1, 6))], dtype=object)
    return np.select([case for case, _ in cases], [np.array(name, object) for _, name in cases], covered[now])


def codes_picture(codes: NDArray[np.uint8], warp: Warp) -> Picture:
    """Codes as grey levels; no transparency, so that the page reads them back exactly."""
    return Picture(_uri(Image.fromarray(warp.seen(codes)).convert("RGB"), "webp", **_EXACT), warp.bounds)


def ranks_picture(ranks: Raster, warp: Warp) -> Picture:
    """Rank at which a pixel reaches the target, low byte in red and high byte in green."""
    seen = warp.seen(np.asarray(ranks.values)).astype(np.uint32)
    rgb = np.stack([seen & 255, seen >> 8 & 255, np.zeros_like(seen)], axis=-1).astype(np.uint8)
    return Picture(_uri(Image.fromarray(rgb), "webp", **_EXACT), warp.bounds)


def footprint_masks(
    footprints: Sequence[tuple[int, int, NDArray[np.bool_]]], warp: Warp
) -> dict[str, list[Any]]:
    """Where each ranked place alone would reach the target, as small pictures of one bit a pixel.

    Parameters
    ----------
    footprints
        Row, column and mask of each rank.
    warp
        Of the grid.

    Returns
    -------
    dict
        ``row``, ``col`` of the upper-left picture pixel and ``mask`` (PNG as base64 text) by rank; no text
        where there is nothing.
    """
    rows: dict[str, list[Any]] = {"row": [], "col": [], "mask": []}
    for row, col, mask in footprints:
        for name, value in zip(rows, _mask(row, col, mask, warp), strict=True):
            rows[name].append(value)
    return rows


def _mask(row: int, col: int, mask: NDArray[np.bool_], warp: Warp) -> tuple[int, int, str]:
    """Upper-left picture pixel and picture of one mask, cut to what is set."""
    if not mask.any():
        return 0, 0, ""
    rows, cols = warp.window(row, col, *mask.shape)
    index = warp.index[rows, cols]
    own_row, own_col = np.divmod(index, warp.grid.width)
    own_row, own_col = own_row - row, own_col - col
    inside = (index >= 0) & (own_row >= 0) & (own_row < mask.shape[0])
    inside &= (own_col >= 0) & (own_col < mask.shape[1])
    seen = np.zeros(index.shape, bool)
    seen[inside] = mask[own_row[inside], own_col[inside]]
    if not seen.any():
        return 0, 0, ""
    down, right = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    cut = seen[down[0] : down[-1] + 1, right[0] : right[-1] + 1]
    uri = _uri(_indexed(cut.astype(np.uint8), [palette.FOOTPRINT]), "png", bits=1, transparency=0)
    return rows.start + int(down[0]), cols.start + int(right[0]), uri.partition(",")[2]


def _on_paper(bands: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours with the page's own where nothing is known."""
    paper = np.array(ImageColor.getrgb(palette.PAPER), np.uint8)
    return np.where(bands[..., :1] == 0, paper, bands)


def shaded(relief: Raster, water: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """The muted relief as colours, for pictures in the project's own CRS.

    Parameters
    ----------
    relief
        Elevation [m], NaN as nodata.
    water
        Where there is water, on the same grid; None without.

    Returns
    -------
    ndarray
        Red, green and blue [0-1], shape (height, width, 3); paper where nothing is known.
    """
    bands = np.moveaxis(_relief(np.asarray(relief.values, np.float32), relief.grid.resolution_m), 0, -1)
    if water is not None:
        bands[water] = ImageColor.getrgb(palette.WATER)
    return _on_paper(bands) / 255.0


def relief_picture(
    relief: Raster, water: NDArray[np.bool_] | None = None, area: gpd.GeoSeries | None = None
) -> Picture:
    """Muted relief of the area, lit from the north-west, with water.

    Parameters
    ----------
    relief
        Elevation [m], NaN as nodata.
    water
        Where there is water, on the same grid; None without.
    area
        Polygons in the grid's CRS beyond which nothing is drawn; None for no limit.

    Returns
    -------
    Picture
        WebP in paper colours; nodata and what lies outside have the colour of the page.
    """
    grid = relief.grid
    shade = _relief(np.asarray(relief.values, np.float32), grid.resolution_m)
    if water is not None:
        shade[:, water] = np.array(ImageColor.getrgb(palette.WATER), np.uint8)[:, None]
    if area is not None:
        shade[:, geometry_mask(area, grid.shape, grid.transform)] = 0
    warped, transform = _warp(shade, relief.grid, "bilinear")
    image = Image.fromarray(_on_paper(np.moveaxis(warped, 0, -1)))
    return Picture(_uri(image, "webp", quality=28, method=6), _degrees(warped.shape[1:], transform))


def _indexed(codes: NDArray[np.uint8], palette: Sequence[str]) -> Image.Image:
    """Codes from 1 on in the palette's colours; 0 is black, to be made transparent."""
    height, width = codes.shape
    image = Image.frombytes("P", (width, height), codes.tobytes())
    colours = [(0, 0, 0), *(ImageColor.getrgb(colour) for colour in palette)]
    image.putpalette([part for colour in colours for part in colour[:3]])
    return image


def _relief(elevation: NDArray[np.float32], resolution_m: float) -> NDArray[np.uint8]:
    """Three bands, 1-255, 0 where there is no elevation."""
    known = np.isfinite(elevation)
    filled = np.where(known, elevation, np.float32(elevation[known].mean() if known.any() else 0.0))
    light = np.float32(0.82) + np.float32(0.24) * _hillshade(filled, resolution_m)
    low, high = np.percentile(elevation[known], (2, 98)) if known.any() else (0.0, 1.0)
    height = np.clip((filled - np.float32(low)) / np.float32(max(high - low, 1.0)), 0, 1)
    bands = np.empty((3, *elevation.shape), dtype=np.uint8)
    for band, lowland, highland in zip(bands, _LOWLAND, _HIGHLAND, strict=True):
        band[:] = np.clip((lowland + (highland - lowland) * height) * light, 1, 255) * known
    return bands


def _hillshade(elevation: NDArray[Any], resolution_m: float) -> NDArray[Any]:
    """Lambert light from azimuth 315 and altitude 45, heights twice their size [0-1]."""
    half = np.float32(math.sqrt(0.5))
    down, right = np.gradient(np.float32(2.0) * elevation, resolution_m)
    cosine = (1.0 + (right + down) * half) / np.sqrt(1.0 + right**2 + down**2)
    return np.clip(half * cosine, 0, 1)


def _warp(values: NDArray[Any], grid: Grid, method: str) -> tuple[NDArray[Any], Affine]:
    """Values in Web Mercator with 0 as nodata, and the picture's transform."""
    transform, width, height = calculate_default_transform(
        grid.crs, _MERCATOR, grid.width, grid.height, *grid.bounds
    )
    warped = np.zeros((*values.shape[:-2], height, width), values.dtype)
    reproject(
        values,
        warped,
        src_transform=grid.transform,
        src_crs=grid.crs,
        dst_transform=transform,
        dst_crs=_MERCATOR,
        src_nodata=0,
        dst_nodata=0,
        resampling=Resampling[method],
    )
    return warped, transform


def _degrees(shape: tuple[int, ...], transform: Affine) -> list[list[float]]:
    west, south, east, north = array_bounds(*shape, transform)
    to_degrees = Transformer.from_crs(_MERCATOR, "EPSG:4326", always_xy=True)
    (left, right), (bottom, top) = to_degrees.transform([west, east], [south, north])
    return [[round(bottom, 7), round(left, 7)], [round(top, 7), round(right, 7)]]


def _uri(image: Image.Image, kind: str, **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
