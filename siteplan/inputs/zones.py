"""Polygons onto a grid, and sums of a raster within them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from rasterio.features import rasterize

from siteplan.core.grid import Grid, Raster


def zone_raster(shapes: gpd.GeoSeries, codes: np.ndarray, grid: Grid) -> np.ndarray:
    """Code of the zone that holds each pixel's centre; where zones overlap the first one wins.

    Parameters
    ----------
    shapes
        Polygons in the grid's CRS, shape (n,).
    codes
        Positive integers, shape (n,).
    grid
        Where to.
    """
    pairs = [(shape, int(code)) for shape, code in zip(shapes, codes, strict=True) if not shape.is_empty]
    if not pairs:
        return np.zeros(grid.shape, dtype=np.int32)
    return rasterize(pairs[::-1], out_shape=grid.shape, transform=grid.transform, dtype="int32")


def sums_within(shapes: gpd.GeoSeries, raster: Raster) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sum of a raster in each polygon, and the number of its pixels, shape (n,) each; NaN counts as 0."""
    inside = zone_raster(shapes, np.arange(1, len(shapes) + 1), raster.grid)
    values = np.nan_to_num(raster.values.astype(np.float64), nan=0.0)
    count = len(shapes) + 1
    total = np.bincount(inside.ravel(), values.ravel(), minlength=count)[1:].astype(np.float64)
    return total, np.bincount(inside.ravel(), minlength=count)[1:].astype(np.int64)
