"""Population and relief onto the demand grid.

One decision to know: population is extensive and moves by sum (nothing gained or lost), relief is
intensive and moves by mean.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.warp import reproject
from rasterio.windows import Window

from siteplan.errors import Fault, InputFaults
from siteplan.grid import Grid, Raster, part_of


def read_raster(name: str, path: Path, grid: Grid, city: Grid, unit: str, crs: str = "") -> Raster:
    """A raster on another grid.

    Parameters
    ----------
    name
        ``dem`` (moved by mean), else something extensive such as ``population`` (moved by sum).
    path
        Any raster GDAL reads.
    grid
        Where to.
    city
        Grid of the whole project; reprojection happens on it, so that a county run sees the very values
        of the city run.
    unit
        Of the values.
    crs
        CRS to assume when the file has none.

    Returns
    -------
    Raster
        float32, NaN where the source says nothing.

    Raises
    ------
    InputFaults
        If the file is missing, unreadable, without CRS or elsewhere.
    """
    if not path.exists():
        raise InputFaults([_fault(name, path, "missing_file")])
    try:
        with rasterio.open(path) as source:
            if source.crs is None and not crs:
                raise InputFaults([_fault(name, path, "no_crs")])
            values = _aligned(source, grid)
            if values is None:
                values = part_of(_warped(source, city, name, crs), city, grid)
    except RasterioIOError as error:
        raise InputFaults([_fault(name, path, "unreadable", detail=str(error))]) from error
    if np.isnan(values).all():
        raise InputFaults([_fault(name, path, "raster_not_covering", "dem_not_covering_fix")])
    return Raster(values, grid, name, unit)


def _fault(name: str, path: Path, problem: str, remedy: str = "", **values: object) -> Fault:
    values = {"table": name, **values}
    return Fault("fatal", path.name, problem, remedy or f"{problem}_fix", values, table=name)


def _aligned(source: rasterio.DatasetReader, grid: Grid) -> np.ndarray | None:
    """Plain window read when the pixels coincide, so that no value changes."""
    transform = source.transform
    if source.crs is None or source.crs != rasterio.CRS.from_user_input(grid.crs):
        return None
    if (transform.a, transform.e) != (grid.resolution_m, -grid.resolution_m):
        return None
    col = (grid.west_m - transform.c) / grid.resolution_m
    row = (transform.f - grid.north_m) / grid.resolution_m
    if col != round(col) or row != round(row):
        return None
    window = Window(round(col), round(row), grid.width, grid.height)
    band = source.read(1, window=window, boundless=True, masked=True, fill_value=source.nodata)
    outside = _outside(source, round(col), round(row), grid)
    return np.where(np.ma.getmaskarray(band) | outside, np.nan, band.data).astype(np.float32)


def _outside(source: rasterio.DatasetReader, col: int, row: int, grid: Grid) -> np.ndarray:
    rows, cols = np.arange(row, row + grid.height), np.arange(col, col + grid.width)
    outside_rows = (rows < 0) | (rows >= source.height)
    outside_cols = (cols < 0) | (cols >= source.width)
    return outside_rows[:, None] | outside_cols[None, :]


def _warped(source: rasterio.DatasetReader, grid: Grid, name: str, crs: str) -> np.ndarray:
    values = np.full(grid.shape, np.nan, dtype=np.float32)
    reproject(
        rasterio.band(source, 1),
        values,
        src_crs=source.crs or crs,
        src_nodata=source.nodata,
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        dst_nodata=np.nan,
        init_dest_nodata=True,
        resampling=Resampling.average if name == "dem" else Resampling.sum,
    )
    return values
