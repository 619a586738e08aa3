"""The ground under a map: relief and water, thinned to what a screen can show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteplan.core.grid import Grid, Raster
from siteplan.project.schema import Config, clutter_kinds

_WIDEST = 2200
"""Most pixels of the relief along its longer side."""


def water_of(clutter: Raster | None, terrain: Raster | None, config: Config) -> NDArray[np.bool_] | None:
    """Where the land cover has water, on the grid of the terrain.

    Parameters
    ----------
    clutter
        Kind of clutter by pixel, or None.
    terrain
        Elevation at its own resolution, or None.
    config
        The project.

    Returns
    -------
    ndarray or None
        Shape of the terrain's grid; None without land cover or terrain, or where the two grids differ.
    """
    kinds = [kind.id for kind in clutter_kinds(config)]
    if clutter is None or terrain is None or config.inputs.land_cover is None or "water" not in kinds:
        return None
    if clutter.grid != terrain.grid:
        return None
    return np.asarray(clutter.values) == kinds.index("water")


def relief_source(
    dem: Raster | None, terrain: Raster | None, wet: NDArray[np.bool_] | None, area: Grid
) -> tuple[Raster | None, Raster | None]:
    """The relief to be drawn: the finest that is given, cut to the area, thinned to the size of a screen.

    Parameters
    ----------
    dem
        Elevation on the demand grid, or None.
    terrain
        Elevation at its own resolution, or None.
    wet
        Water on the grid of ``terrain``, or None.
    area
        Demand grid of the run.

    Returns
    -------
    tuple
        Elevation and water on one grid; None for what is not known.
    """
    if terrain is None:
        return dem, None
    rows, cols = _cut(terrain.grid, area)
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return dem, None
    step = max(1, math.ceil(max(rows.stop - rows.start, cols.stop - cols.start) / _WIDEST))
    values = np.asarray(_blocks(np.asarray(terrain.values[rows, cols], np.float32), step).mean(axis=(1, 3)))
    size = terrain.grid.resolution_m
    height, width = values.shape
    west, north = terrain.grid.west_m + cols.start * size, terrain.grid.north_m - rows.start * size
    grid = Grid(terrain.grid.crs, west, north, size * step, width, height)
    # a river that crosses a block is drawn, however narrow
    water = None
    if wet is not None:
        covered = np.asarray(_blocks(wet[rows, cols], step).any(axis=(1, 3)), np.bool_)
        water = Raster(covered, grid, "water", "")
    return Raster(values, grid, "relief", "m"), water


def _cut(grid: Grid, area: Grid) -> tuple[slice, slice]:
    """Rows and columns of a grid that lie over an area."""
    west, south, east, north = area.bounds
    row0, row1 = (round((grid.north_m - each) / grid.resolution_m) for each in (north, south))
    col0, col1 = (round((each - grid.west_m) / grid.resolution_m) for each in (west, east))
    return (
        slice(max(0, row0), min(grid.height, row1)),
        slice(max(0, col0), min(grid.width, col1)),
    )


def _blocks(values: NDArray[Any], step: int) -> NDArray[Any]:
    """Square blocks of pixels, shape (rows, step, columns, step); what does not fill a block is cut."""
    height, width = (length // step for length in values.shape)
    return values[: height * step, : width * step].reshape(height, step, width, step)
