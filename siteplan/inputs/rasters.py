"""Population and relief onto the demand grid.

Population is extensive and moves by sum (nothing gained or lost), relief is
intensive and moves by mean.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
import rasterio.warp
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import calculate_default_transform, reproject, transform_bounds
from rasterio.windows import Window

from siteplan.core.errors import Fault, InputFaults
from siteplan.core.grid import Grid, Raster, part_of
from siteplan.inputs.files import guard
from siteplan.inputs.files.guard import HostileFile

MARGIN_M = 25_000.0
"""How far beyond the project relief is read: farther than any formula reaches [m]."""
FINEST_M = 20.0
"""Finest pixel diffraction is computed on [m]; finer relief costs time by the square and adds buildings."""
MOST_PIXELS = 6e8
"""Pixels of a raster inside the project's area: 10 m pixels of 60,000 km2."""
LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""Heights beyond these are voids nobody declared [m]."""


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
    with _opened(name, path, crs) as source:
        _refuse_too_fine(name, path, source, city, crs)
        values = _aligned(source, grid)
        if values is None:
            values = part_of(_warped(source, city, name, crs), city, grid)
    if np.isnan(values).all():
        raise InputFaults([_fault(name, path, "raster_not_covering", "dem_not_covering_fix")])
    return Raster(values, grid, name, unit)


def read_terrain(path: Path, city: Grid, crs: str = "") -> Raster:
    """A DEM at its own resolution, for diffraction.

    Parameters
    ----------
    path
        Any raster GDAL reads; its faults are those :func:`read_raster` finds first.
    city
        Grid of the whole project.
    crs
        CRS to assume when the file has none.

    Returns
    -------
    Raster
        float32 in the project CRS, NaN where the source says nothing; pixels finer than ``FINEST_M`` are
        brought to that size. In the project CRS already, heights are those of the file, unchanged.
    """
    west, south, east, north = city.bounds
    bounds = (west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M)
    with rasterio.open(path) as source:
        own_crs = source.crs or rasterio.CRS.from_user_input(crs)
        aligned = own_crs == rasterio.CRS.from_user_input(city.crs) and _square(source)
        if aligned and source.res[0] >= FINEST_M:
            return _cropped(source, bounds, city.crs)
        return _brought(source, bounds, city.crs, own_crs)


def read_codes(name: str, path: Path, grid: Grid, crs: str = "") -> np.ndarray:
    """Codes of classes on another grid: the commonest one of each pixel.

    Parameters
    ----------
    name
        Of the input, for messages.
    path
        Any raster GDAL reads, with codes from 0 to 255.
    grid
        Where to.
    crs
        CRS to assume when the file has none.

    Returns
    -------
    ndarray
        uint8, 0 where the source says nothing.

    Raises
    ------
    InputFaults
        If the file is missing, unreadable, without CRS or elsewhere.
    """
    codes = np.zeros(grid.shape, dtype=np.uint8)
    with _opened(name, path, crs) as source:
        _refuse_too_fine(name, path, source, grid, crs)
        own = source.crs or rasterio.CRS.from_user_input(crs)
        step, _, _ = calculate_default_transform(own, grid.crs, source.width, source.height, *source.bounds)
        finer = step.a < grid.resolution_m / 1.5
        reproject(
            rasterio.band(source, 1),
            codes,
            src_crs=own,
            src_nodata=source.nodata,
            dst_transform=grid.transform,
            dst_crs=grid.crs,
            dst_nodata=0,
            init_dest_nodata=True,
            resampling=Resampling.mode if finer else Resampling.nearest,
        )
    if not codes.any():
        raise InputFaults([_fault(name, path, "raster_not_covering", "dem_not_covering_fix")])
    return codes


def _square(source: rasterio.DatasetReader) -> bool:
    """North-up with square pixels."""
    t = source.transform
    return t.b == 0 and t.d == 0 and t.a > 0 and np.isclose(t.a, -t.e, rtol=1e-9)


def _cropped(source: rasterio.DatasetReader, bounds: tuple[float, float, float, float], crs: str) -> Raster:
    """The part of the file within the bounds, pixel for pixel."""
    pixel, t = source.transform.a, source.transform
    west, south, east, north = bounds
    col0, col1 = max(0, int((west - t.c) // pixel)), min(source.width, int(-((t.c - east) // pixel)))
    row0, row1 = max(0, int((t.f - north) // pixel)), min(source.height, int(-((south - t.f) // pixel)))
    window = Window(col0, row0, col1 - col0, row1 - row0)
    values = _heights(source.read(1, window=window, masked=True))
    grid = Grid(crs, t.c + col0 * pixel, t.f - row0 * pixel, pixel, col1 - col0, row1 - row0)
    return Raster(values, grid, "terrain", "m")


def _heights(band: np.ma.MaskedArray) -> np.ndarray:
    values = band.data.astype(np.float32)
    values[np.ma.getmaskarray(band)] = np.nan
    values[(values < LOWEST_M) | (values > HIGHEST_M)] = np.nan
    return values


def _brought(
    source: rasterio.DatasetReader, bounds: tuple[float, float, float, float], crs: str, own: rasterio.CRS
) -> Raster:
    """The file in the project CRS, bilinear, at its own resolution or at the finest one used."""
    west, south, east, north = rasterio.warp.transform_bounds(own, crs, *source.bounds)
    step, _, _ = calculate_default_transform(own, crs, source.width, source.height, *source.bounds)
    pixel = max(float(round(step.a, 1)), FINEST_M)
    part = max(west, bounds[0]), max(south, bounds[1]), min(east, bounds[2]), min(north, bounds[3])
    grid = Grid.covering(part, pixel, crs)
    values = np.full(grid.shape, np.nan, dtype=np.float32)
    reproject(
        rasterio.band(source, 1),
        values,
        src_crs=own,
        src_nodata=source.nodata,
        dst_transform=grid.transform,
        dst_crs=crs,
        dst_nodata=np.nan,
        init_dest_nodata=True,
        resampling=Resampling.average if step.a < FINEST_M / 2 else Resampling.bilinear,
    )
    values[(values < LOWEST_M) | (values > HIGHEST_M)] = np.nan
    return Raster(values, grid, "terrain", "m")


@contextmanager
def _opened(name: str, path: Path, crs: str) -> Iterator[rasterio.DatasetReader]:
    """A raster with a CRS of its own or a given one; whatever is wrong with the file is a fault."""
    if not guard.is_there(path):
        raise InputFaults([_fault(name, path, "missing_file")])
    try:
        guard.inspect(path)
        with rasterio.open(path) as source:
            if source.crs is None and not crs:
                raise InputFaults([_fault(name, path, "no_crs")])
            yield source
    except HostileFile as error:
        raise InputFaults([_fault(name, path, str(error))]) from error
    except (zipfile.BadZipFile, OSError, RasterioError, CRSError, CPLE_BaseError, ZeroDivisionError) as error:
        raise InputFaults([_fault(name, path, "unreadable", detail=str(error))]) from error


def _refuse_too_fine(name: str, path: Path, source: rasterio.DatasetReader, grid: Grid, crs: str) -> None:
    """Refuse a raster with more pixels inside the area than anybody needs (or than it truly holds)."""
    own = source.crs or rasterio.CRS.from_user_input(crs)
    west, south, east, north = transform_bounds(grid.crs, own, *grid.bounds)
    step_x, step_y = source.res
    wide, high = min((east - west) / step_x, source.width), min((north - south) / step_y, source.height)
    if wide * high > MOST_PIXELS:
        count = f"{wide * high / 1e6:,.0f}"
        raise InputFaults(
            [_fault(name, path, "raster_too_fine", count=count, most=f"{MOST_PIXELS / 1e6:,.0f}")]
        )


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
