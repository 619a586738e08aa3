"""Rasters as pictures in Web Mercator: relief and coverage, embedded as data URIs.

One decision to know: a picture laid between two latitudes is stretched evenly, which is up to 285 m
wrong for a city, so every raster is warped to EPSG:3857 before it is embedded.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor
from pyproj import Transformer
from rasterio.transform import array_bounds
from rasterio.warp import Resampling, calculate_default_transform, reproject

from siteplan.grid import Grid, Raster
from siteplan.outputs.webmap import style

_MERCATOR = "EPSG:3857"
_LOWLAND, _HIGHLAND = np.array([250.0, 249.0, 240.0]), np.array([226.0, 224.0, 217.0])


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


def coverage_picture(coverage: Raster, breaks: tuple[float, ...]) -> Picture:
    """Probability of coverage as a palette PNG of five classes.

    Parameters
    ----------
    coverage
        Probability [0-1], NaN outside the area.
    breaks
        Four rising limits between the classes.

    Returns
    -------
    Picture
        Transparent outside the area and in the lowest class.
    """
    values = np.asarray(coverage.values, np.float32)
    inside = np.isfinite(values)
    classes = np.digitize(np.where(inside, values, 0.0), breaks).astype(np.uint8) + np.uint8(1)
    warped, bounds = _warp(np.where(inside, classes, 0).astype(np.uint8), coverage.grid, "nearest")
    return Picture(
        _uri(_indexed(warped), "png", bits=4, transparency=bytes((0, *style.COVERAGE_ALPHA))), bounds
    )


def terrain_picture(flat: Raster, terrain: Raster, target: float) -> Picture:
    """What is covered today, and what the buffers call covered and the terrain takes away.

    Parameters
    ----------
    flat, terrain
        Probability by buffers and over terrain [0-1], NaN outside the area.
    target
        Probability at which a pixel counts as covered [0-1].

    Returns
    -------
    Picture
        Transparent elsewhere.
    """
    by_buffer, by_terrain = (np.nan_to_num(each.values) >= target for each in (flat, terrain))
    codes = np.where(by_terrain, 1, np.where(by_buffer, 2, 0)).astype(np.uint8)
    warped, bounds = _warp(codes, flat.grid, "nearest")
    image = _indexed(warped, style.TERRAIN)
    return Picture(_uri(image, "png", bits=2, transparency=bytes((0, *style.TERRAIN_ALPHA))), bounds)


def _indexed(codes: NDArray[np.uint8], palette: Sequence[str] = style.COVERAGE) -> Image.Image:
    height, width = codes.shape
    image = Image.frombytes("P", (width, height), codes.tobytes())
    colours = [(0, 0, 0), *(ImageColor.getrgb(colour) for colour in palette)]
    image.putpalette([part for colour in colours for part in colour[:3]])
    return image


def relief_picture(dem: Raster) -> Picture:
    """Muted relief, lit from the north-west.

    Parameters
    ----------
    dem
        Elevation [m], NaN as nodata.

    Returns
    -------
    Picture
        WebP in paper colours; nodata has the colour of the page.
    """
    shade = _relief(np.asarray(dem.values, np.float32), dem.grid.resolution_m)
    warped, bounds = _warp(shade, dem.grid, "bilinear")
    paper = np.array(ImageColor.getrgb(style.BACKGROUND), np.uint8)
    rgb = np.where((warped[0] == 0)[..., None], paper, np.moveaxis(warped, 0, -1))
    return Picture(_uri(Image.fromarray(rgb.astype(np.uint8)), "webp", quality=55, method=4), bounds)


def _relief(elevation: NDArray[np.float32], resolution_m: float) -> NDArray[np.uint8]:
    """Three bands, 1-255, 0 where there is no elevation."""
    known = np.isfinite(elevation)
    filled = np.where(known, elevation, elevation[known].mean() if known.any() else 0.0)
    light = _hillshade(filled, resolution_m)
    low, high = np.percentile(elevation[known], (2, 98)) if known.any() else (0.0, 1.0)
    height = np.clip((filled - low) / max(high - low, 1.0), 0, 1)[..., None]
    tint = _LOWLAND + (_HIGHLAND - _LOWLAND) * height
    rgb = np.clip(tint * (0.76 + 0.32 * light[..., None]), 1, 255) * known[..., None]
    return np.moveaxis(rgb, -1, 0).astype(np.uint8)


def _hillshade(elevation: NDArray[Any], resolution_m: float) -> NDArray[Any]:
    """Lambert light from azimuth 315 and altitude 45, heights twice their size [0-1]."""
    down, right = np.gradient(2.0 * elevation, resolution_m)
    cosine = (1.0 + (right + down) * np.sqrt(0.5)) / np.sqrt(1.0 + right**2 + down**2)
    return np.clip(np.sqrt(0.5) * cosine, 0, 1)


def _warp(values: NDArray[np.uint8], grid: Grid, method: str) -> tuple[NDArray[np.uint8], list[list[float]]]:
    """Values in Web Mercator with 0 as nodata, and their bounds."""
    transform, width, height = calculate_default_transform(
        grid.crs, _MERCATOR, grid.width, grid.height, *grid.bounds
    )
    warped = np.zeros((*values.shape[:-2], height, width), np.uint8)
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
    west, south, east, north = array_bounds(height, width, transform)
    to_degrees = Transformer.from_crs(_MERCATOR, "EPSG:4326", always_xy=True)
    (left, right), (bottom, top) = to_degrees.transform([west, east], [south, north])
    return warped, [[round(bottom, 7), round(left, 7)], [round(top, 7), round(right, 7)]]


def _uri(image: Image.Image, kind: str, **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
