"""Synthetic relief pinned to a real coarse one.

Valleys are the zero lines of smooth noise, heights run from the real minimum
of each control cell past its mean to the peaks, and a smooth correction brings the cell means back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.ndimage import map_coordinates, minimum_filter

from siteplan.core.grid import Grid
from siteplan.demo.noise import Field, child, grid_noise, stretch, warped_noise

DEM_M, BASE_M, WORK_M = 30, 90, 100
"""Pixel of the DEM, of the field it is made from, and of all later work [m]."""
_BLOCK_M = 900
"""Common multiple of the three pixels: their grids share their corners [m]."""
_OCTAVES = ((3600.0, 1.0), (1800.0, 0.8), (950.0, 0.75), (520.0, 0.58), (290.0, 0.3))
"""Lattice spacing [m] and amplitude of the billows, coarse to fine."""
_WARP_M = 400.0
_ROUNDS = 4


@dataclass(frozen=True)
class Cells:
    """Real relief per control cell, as arrays with the northernmost row first."""

    west_deg: float
    north_deg: float
    step_deg: float
    mean_m: Field
    min_m: Field
    max_m: Field


@dataclass(frozen=True)
class Terrain:
    """The DEM and what later rooms ask of it at the working resolution."""

    dem_grid: Grid
    dem_m: NDArray[np.int16]
    grid: Grid
    elevation_m: Field
    slope_deg: Field
    above_valley_m: Field
    pin_rmse_m: float


def control_cells(relief: pd.DataFrame) -> Cells:
    """Arrange the relief table.

    Parameters
    ----------
    relief
        Columns ``lon``, ``lat`` (cell centres [deg]), ``mean_m``, ``min_m``, ``max_m``.
    """
    ordered = relief.sort_values(["lat", "lon"], ascending=[False, True])
    shape = (relief["lat"].nunique(), relief["lon"].nunique())
    fields = [ordered[name].to_numpy(np.float32).reshape(shape) for name in ("mean_m", "min_m", "max_m")]
    step = float((relief["lon"].max() - relief["lon"].min()) / (shape[1] - 1))
    return Cells(float(relief["lon"].min()), float(relief["lat"].max()), step, *fields)


def make_terrain(
    relief: pd.DataFrame,
    bounds_m: tuple[float, float, float, float],
    basins_m: NDArray[np.float64],
    crs: str,
    seed: int,
) -> Terrain:
    """Draw the relief of the city.

    Parameters
    ----------
    relief
        Real coarse relief, one row per cell.
    bounds_m
        West, south, east, north to cover [m].
    basins_m
        Easting, northing and radius of places that lie in a valley [m], shape (n, 3).
    crs
        Projected CRS in metres.
    seed
        Seed of the demo.

    Returns
    -------
    Terrain
        DEM at 30 m and derived fields at 100 m.
    """
    frame = Grid.covering(bounds_m, _BLOCK_M, crs)
    dem_grid, base, work = (Grid.covering(frame.bounds, size, crs) for size in (DEM_M, BASE_M, WORK_M))
    cells = control_cells(relief)
    row, col = _cell_position(base, cells)
    shape = _shape_field(base, basins_m, child(seed, "terrain"))
    height = _pinned(shape, row, col, cells)
    rmse = float(np.sqrt(np.mean(_residual(height, row, col, cells)[0] ** 2)))
    rough = _interpolated(cells.max_m - cells.min_m, row, col) * np.float32(0.008) * shape
    dem = _fine(height, rough, dem_grid, child(seed, "detail"))
    elevation = _resampled(height, base, work)
    return Terrain(dem_grid, dem, work, elevation, slope_of(elevation, WORK_M), _above(elevation), rmse)


def slope_of(elevation_m: Field, pixel_m: float) -> Field:
    """Steepest slope by central differences [deg], of the shape of the input."""
    north, east = np.gradient(elevation_m, pixel_m)
    return np.degrees(np.arctan(np.hypot(north, east))).astype(np.float32)


def _above(elevation_m: Field) -> Field:
    """Height above the lowest ground within about 1 km [m]."""
    return elevation_m - minimum_filter(elevation_m, size=21)


def _cell_position(grid: Grid, cells: Cells) -> tuple[Field, Field]:
    """Row and column of every pixel in the array of control cells."""
    every = 20
    rows, cols = (np.arange(0, size + every, every, dtype=np.float64) for size in grid.shape)
    easting = grid.west_m + (cols + 0.5) * grid.resolution_m
    northing = grid.north_m - (rows + 0.5) * grid.resolution_m
    transformer = Transformer.from_crs(grid.crs, "EPSG:4490", always_xy=True)
    longitude, latitude = transformer.transform(*np.meshgrid(easting, northing))
    at = np.meshgrid(*(np.arange(size) / every for size in grid.shape), indexing="ij")
    coarse = (
        (cells.north_deg - latitude) / cells.step_deg,
        (longitude - cells.west_deg) / cells.step_deg,
    )
    row, col = (map_coordinates(each, at, output=np.float32, order=1) for each in coarse)
    return row, col


def _interpolated(values: Field, row: Field, col: Field, exact: bool = False) -> Field:
    """Control values between cell centres; ``exact`` passes through them."""
    where = np.stack([row, col])
    return map_coordinates(values, where, output=np.float32, order=3, prefilter=exact, mode="nearest")


def _shape_field(grid: Grid, basins_m: NDArray[np.float64], rng: np.random.Generator) -> Field:
    """Relative height in 0..1, evenly spread, with valleys where it is 0."""
    row, col = np.indices(grid.shape, dtype=np.float32)
    reach = _WARP_M / grid.resolution_m
    row += grid_noise(rng, grid.shape, 7 * reach) * np.float32(reach)
    col += grid_noise(rng, grid.shape, 7 * reach) * np.float32(reach)
    total = np.zeros(grid.shape, np.float32)
    for spacing_m, amplitude in _OCTAVES:
        billow = np.abs(warped_noise(rng, row, col, spacing_m / grid.resolution_m))
        damp = 1.0 if not total.any() else np.clip(total, 0.35, 1.2)
        total += np.float32(amplitude) * billow * damp
    total *= _basin_window(grid, basins_m)
    return _evened(total)


def _basin_window(grid: Grid, basins_m: NDArray[np.float64]) -> Field:
    """Factor that lowers the ground around given places."""
    window = np.ones(grid.shape, np.float32)
    for easting, northing, radius in basins_m:
        reach = int(3 * radius / grid.resolution_m)
        row = int((grid.north_m - northing) / grid.resolution_m)
        col = int((easting - grid.west_m) / grid.resolution_m)
        part = np.s_[max(0, row - reach) : row + reach, max(0, col - reach) : col + reach]
        rows, cols = np.ogrid[part]
        away = ((rows - row) ** 2 + (cols - col) ** 2) * (grid.resolution_m / radius) ** 2
        window[part] *= 1.0 - 0.95 * np.exp(-0.5 * away).astype(np.float32)
    return window


def _evened(field: Field) -> Field:
    """The field's rank: values spread evenly over 0..1, the lowest twentieth nearly flat."""
    quantiles = np.quantile(field[::7, ::7], np.linspace(0, 1, 257))
    even = np.interp(field, quantiles, np.linspace(0, 1, 257)).astype(np.float32)
    return np.sqrt(even**2 + np.float32(0.03**2)) - np.float32(0.03)


def _pinned(shape: Field, row: Field, col: Field, cells: Cells) -> Field:
    """Heights between the real extremes whose cell means are the real ones."""
    low = _interpolated(cells.min_m, row, col)
    span = np.maximum(cells.max_m - cells.min_m, 5)
    share = np.clip((cells.mean_m - cells.min_m) / span, 0.05, 0.75)
    gamma = _interpolated(np.clip(1 / share - 1, 0.7, 1.8), row, col)
    middle = np.maximum(_interpolated(cells.mean_m, row, col) - low, 3)
    height = low + middle * (1 + gamma) * shape**gamma
    for _ in range(_ROUNDS):
        residual = _residual(height, row, col, cells)[1]
        lift = _interpolated(residual, row, col, exact=True) * np.float32(0.9)
        height += np.maximum(lift, (low - 15 - height) * 0.5)
    return np.maximum(height, 2).astype(np.float32)


def _residual(height: Field, row: Field, col: Field, cells: Cells) -> tuple[Field, Field]:
    """Real minus drawn mean [m]: of the well-covered cells, and of all (0 where unknown)."""
    rows, cols = cells.mean_m.shape
    cell = np.rint(row).clip(0, rows - 1).astype(np.int32) * cols
    cell += np.rint(col).clip(0, cols - 1).astype(np.int32)
    count = np.bincount(cell.ravel(), minlength=rows * cols)
    total = np.bincount(cell.ravel(), weights=height.ravel(), minlength=rows * cols)
    known = count > 0.5 * count.max()
    residual = np.where(known, cells.mean_m.ravel() - total / np.maximum(count, 1), 0.0)
    return residual[known], residual.reshape(rows, cols).astype(np.float32)


def _resampled(values: Field, source: Grid, target: Grid) -> Field:
    """A field on another grid with the same corner."""
    ratio = target.resolution_m / source.resolution_m
    rows, cols = (_centres(size, ratio) for size in target.shape)
    return stretch(values, rows, cols)


def _centres(count: int, ratio: float) -> NDArray[np.float64]:
    """Pixel centres of a finer or coarser line, in pixels of the source."""
    return np.arange(count, dtype=np.float64) * ratio + 0.5 * ratio - 0.5


def _fine(height: Field, rough: Field, grid: Grid, rng: np.random.Generator) -> NDArray[np.int16]:
    """The DEM: the base field at 30 m with small detail where the ground is rough."""
    rows, cols = (_centres(size, DEM_M / BASE_M) for size in grid.shape)
    detail = grid_noise(rng, grid.shape, 180 / DEM_M)
    detail *= stretch(rough, rows, cols)
    detail += stretch(height, rows, cols)
    return np.rint(detail, out=detail).astype(np.int16)
