"""Population and relief onto the demand grid.

Population is extensive and moves by sum (nothing gained or lost), relief is
intensive and moves by mean.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
import rasterio.warp
import shapely
from rasterio._err import CPLE_BaseError
from rasterio.enums import Resampling
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import calculate_default_transform, reproject, transform_bounds
from rasterio.windows import Window

from siteplan.core.errors import Fault, InputFaults
from siteplan.core.grid import Grid, Raster
from siteplan.inputs.bands import Band, BandQuestion, band_number, read_band
from siteplan.inputs.files import guard
from siteplan.inputs.files.guard import HostileFile
from siteplan.project.input_files import Input

MARGIN_M = 25_000.0
"""How far beyond the project relief is read: farther than any formula reaches [m]."""
FINEST_M = 20.0
"""Finest pixel diffraction is computed on [m]; finer relief costs time by the square and adds buildings."""
MOST_PIXELS = 6e8
"""Pixels of a raster inside the project's area: 10 m pixels of 60,000 km2."""
Bounds = tuple[float, float, float, float]


def read_raster(
    name: str, path: Path, city: Grid, unit: str, given: Input
) -> tuple[Raster, tuple[Fault, ...]]:
    """A raster on the project's grid.

    Parameters
    ----------
    name
        ``dem`` (moved by mean), else something extensive such as ``population`` (moved by sum).
    path
        Any raster GDAL reads.
    city
        Grid of the whole project: a county run cuts its part out, and so sees the very values of a city run.
    unit
        Of the values on the grid.
    given
        The project file's entry.

    Returns
    -------
    tuple
        float32 raster, NaN where the source says nothing, and what was applied or masked.

    Raises
    ------
    InputFaults
        If the file is missing, unreadable, without CRS or elsewhere, or its band or unit must be asked for.
    """
    asked = BandQuestion(name, path, given, 0.0)
    with _opened(name, path, given.crs) as source:
        band, own = _band(source, asked, city.crs, city.bounds, city.resolution_m / 2)
    values = _aligned(band, own, city)
    if values is None:
        how = Resampling.average if asked.is_heights else Resampling.sum
        values = _warped(band, own, city, how)
    if np.isnan(values).all():
        raise InputFaults([_fault(name, path, "raster_not_covering", "dem_not_covering_fix")])
    return Raster(values, city, name, unit), band.faults


def read_terrain(path: Path, city: Grid, given: Input) -> Raster:
    """A DEM at its own resolution, for diffraction.

    Parameters
    ----------
    path
        Any raster GDAL reads; its faults are those :func:`read_raster` finds first.
    city
        Grid of the whole project.
    given
        The project file's entry.

    Returns
    -------
    Raster
        float32 in the project CRS, NaN where the source says nothing; pixels finer than ``FINEST_M`` are
        brought to that size. In the project CRS already, heights are those of the file, unchanged.
    """
    west, south, east, north = city.bounds
    bounds = (west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M)
    asked = BandQuestion("dem", path, given, 0.0)
    with _opened("dem", path, given.crs) as source:
        band, own = _band(source, asked, city.crs, bounds, FINEST_M)
    height, width = band.values.shape
    box = rasterio.transform.array_bounds(height, width, band.transform)
    if own == rasterio.CRS.from_user_input(city.crs) and _is_square(band) and band.transform.a >= FINEST_M:
        grid = Grid(city.crs, box[0], box[3], band.transform.a, width, height)
        return Raster(band.values, grid, "terrain", "m")
    west, south, east, north = rasterio.warp.transform_bounds(own, city.crs, *box)
    step, _, _ = calculate_default_transform(own, city.crs, width, height, *box)
    part = max(west, bounds[0]), max(south, bounds[1]), min(east, bounds[2]), min(north, bounds[3])
    grid = Grid.covering(part, max(float(round(step.a, 1)), FINEST_M), city.crs)
    finer = step.a < FINEST_M / 2
    return Raster(
        _warped(band, own, grid, Resampling.average if finer else Resampling.bilinear), grid, "terrain", "m"
    )


def footprint_of(path: Path, city: Grid, crs: str = "") -> shapely.Polygon:
    """Outline of a raster in the project's CRS."""
    with _opened("population", path, crs) as source:
        own = source.crs or rasterio.CRS.from_user_input(crs)
        height, width = source.shape
        corners = [(0, 0), (width, 0), (width, height), (0, height)]
        xy = [source.transform @ corner for corner in corners]
        x, y = rasterio.warp.transform(own, city.crs, *map(list, zip(*xy, strict=True)))
    return shapely.Polygon(zip(x, y, strict=True)).buffer(city.resolution_m)


def pixel_km2(path: Path, city: Grid, crs: str = "") -> float:
    """Area of a raster's pixel [km2], about."""
    with _opened("population", path, crs) as source:
        return (_pixel_m(source, city.crs, crs) / 1000.0) ** 2


def read_codes(name: str, path: Path, grid: Grid, given: Input) -> np.ndarray:
    """Codes of classes on another grid: the commonest one of each pixel.

    Parameters
    ----------
    name
        Of the input, for messages.
    path
        Any raster GDAL reads, with codes from 0 to 65,535.
    grid
        Where to.
    given
        The project file's entry.

    Returns
    -------
    ndarray
        uint16, 0 where the source says nothing.

    Raises
    ------
    InputFaults
        If the file is missing, unreadable, without CRS or elsewhere.
    """
    codes = np.zeros(grid.shape, dtype=np.uint16)
    asked = BandQuestion(name, path, given, 0.0)
    with _opened(name, path, given.crs) as source:
        _refuse_too_fine(name, path, source, grid, given.crs)
        own = source.crs or rasterio.CRS.from_user_input(given.crs)
        finer = _pixel_m(source, grid.crs, given.crs) < grid.resolution_m / 1.5
        reproject(
            rasterio.band(source, band_number(source, asked)),
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


def _band(
    source: rasterio.DatasetReader, asked: BandQuestion, crs: str, bounds: Bounds, finest_m: float
) -> tuple[Band, rasterio.CRS]:
    """The part of a file within bounds of the project's CRS, decoded, and its CRS.

    Pixels finer than ``finest_m`` are joined once voids are masked.
    """
    own = source.crs or rasterio.CRS.from_user_input(asked.given.crs)
    window = _window(source, transform_bounds(crs, own, *bounds))
    if window is None:
        raise InputFaults([_fault(asked.name, asked.path, "raster_not_covering", "dem_not_covering_fix")])
    _refuse_too_many(asked.name, asked.path, window.width * window.height)
    pixel_m = _pixel_m(source, crs, asked.given.crs)
    factor = max(1, int(finest_m / pixel_m * (1 + 1e-9)))
    return read_band(source, window, replace(asked, pixel_m=pixel_m, factor=factor)), own


def _pixel_m(source: rasterio.DatasetReader, crs: str, assumed: str) -> float:
    """Edge of a raster's pixel in the project's CRS [m], about."""
    own = source.crs or rasterio.CRS.from_user_input(assumed)
    west, south, east, north = source.bounds
    box = min(west, east), min(south, north), max(west, east), max(south, north)
    step, _, _ = calculate_default_transform(own, crs, source.width, source.height, *box)
    return float(step.a)


def _window(source: rasterio.DatasetReader, bounds: Bounds) -> Window | None:
    """Pixels that bounds in the raster's CRS touch; None where they touch none."""
    west, south, east, north = bounds
    if west > east:  # over the antimeridian
        west, east = source.bounds.left, source.bounds.right
    corners = [
        ~source.transform @ corner for corner in ((west, south), (west, north), (east, south), (east, north))
    ]
    cols, rows = zip(*corners, strict=True)
    col0, col1 = max(0, _floor(min(cols))), min(source.width, -_floor(-max(cols)))
    row0, row1 = max(0, _floor(min(rows))), min(source.height, -_floor(-max(rows)))
    return Window(col0, row0, col1 - col0, row1 - row0) if col0 < col1 and row0 < row1 else None


def _floor(value: float) -> int:
    """The whole number below, or the one a rounding error away."""
    return int(np.floor(value + 1e-6))


def _is_square(band: Band) -> bool:
    """North-up with square pixels."""
    t = band.transform
    return t.b == 0 and t.d == 0 and t.a > 0 and bool(np.isclose(t.a, -t.e, rtol=1e-9))


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
    """Refuse a raster of codes with more pixels inside the area than anybody needs."""
    own = source.crs or rasterio.CRS.from_user_input(crs)
    west, south, east, north = transform_bounds(grid.crs, own, *grid.bounds)
    step_x, step_y = source.res
    wide, high = min((east - west) / step_x, source.width), min((north - south) / step_y, source.height)
    _refuse_too_many(name, path, wide * high)


def _refuse_too_many(name: str, path: Path, pixels: float) -> None:
    if pixels > MOST_PIXELS:
        count = f"{pixels / 1e6:,.0f}"
        raise InputFaults(
            [_fault(name, path, "raster_too_fine", count=count, most=f"{MOST_PIXELS / 1e6:,.0f}")]
        )


def _fault(name: str, path: Path, problem: str, remedy: str = "", **values: object) -> Fault:
    values = {"table": name, **values}
    return Fault("fatal", path.name, problem, remedy or f"{problem}_fix", values, table=name)


def _aligned(band: Band, own: rasterio.CRS, grid: Grid) -> np.ndarray | None:
    """The band's pixels as they are where they coincide with the grid's, so that no value changes."""
    t = band.transform
    if own != rasterio.CRS.from_user_input(grid.crs) or (t.a, t.e) != (grid.resolution_m, -grid.resolution_m):
        return None
    col, row = (t.c - grid.west_m) / grid.resolution_m, (grid.north_m - t.f) / grid.resolution_m
    if col != round(col) or row != round(row):
        return None
    left, top = round(col), round(row)
    height, width = band.values.shape
    rows, cols = (
        slice(max(top, 0), min(top + height, grid.height)),
        slice(max(left, 0), min(left + width, grid.width)),
    )
    values = np.full(grid.shape, np.nan, dtype=np.float32)
    values[rows, cols] = band.values[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
    return values


def _warped(band: Band, own: rasterio.CRS, grid: Grid, how: Resampling) -> np.ndarray:
    values = np.full(grid.shape, np.nan, dtype=np.float32)
    reproject(
        band.values,
        values,
        src_transform=band.transform,
        src_crs=own,
        src_nodata=np.nan,
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        dst_nodata=np.nan,
        init_dest_nodata=True,
        resampling=how,
    )
    return values
