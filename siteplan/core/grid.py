"""Where pixels lie. A :class:`Grid` holds no values, so two grids compare with ``==``.

Every grid is snapped to whole multiples of its resolution, so the pixels of a
county run are the pixels of the city run, and sums over counties are exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from siteplan.core.errors import CrsError, GridMismatchError


@dataclass(frozen=True)
class Grid:
    """A north-up raster geometry in a projected CRS, in metres.

    Attributes
    ----------
    crs
        Projected CRS as an authority string, such as ``"EPSG:4547"``.
    west_m, north_m
        Upper-left corner [m], whole multiples of ``resolution_m``.
    resolution_m
        Pixel edge [m], positive.
    width, height
        Number of columns and rows.
    """

    crs: str
    west_m: float
    north_m: float
    resolution_m: float
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.resolution_m <= 0 or self.width <= 0 or self.height <= 0:
            raise GridMismatchError(f"a grid needs positive sizes, got {self}")

    @classmethod
    def covering(cls, bounds: tuple[float, float, float, float], resolution_m: float, crs: str) -> Grid:
        """Smallest snapped grid that covers the bounds.

        Parameters
        ----------
        bounds
            West, south, east, north [m].
        resolution_m
            Pixel edge [m].
        crs
            Projected CRS with metre axes.

        Raises
        ------
        CrsError
            If the CRS is geographic or not in metres.

        Examples
        --------
        >>> Grid.covering((10, 20, 250, 180), 100, "EPSG:4547").shape
        (2, 3)
        """
        require_metric(crs)
        west, south, east, north = bounds
        col0, row0 = math.floor(west / resolution_m), math.ceil(north / resolution_m)
        width = max(1, math.ceil(east / resolution_m) - col0)
        height = max(1, row0 - math.floor(south / resolution_m))
        return cls(crs, col0 * resolution_m, row0 * resolution_m, resolution_m, width, height)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def transform(self) -> Affine:
        """Affine transform from (column, row) to (easting, northing)."""
        return Affine(self.resolution_m, 0.0, self.west_m, 0.0, -self.resolution_m, self.north_m)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m]."""
        east = self.west_m + self.width * self.resolution_m
        return self.west_m, self.north_m - self.height * self.resolution_m, east, self.north_m

    def index(
        self, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and column of points; they may lie outside the grid.

        Parameters
        ----------
        easting_m, northing_m
            Coordinates [m], shape (n,).
        """
        col = np.floor((np.asarray(easting_m) - self.west_m) / self.resolution_m)
        row = np.floor((self.north_m - np.asarray(northing_m)) / self.resolution_m)
        return row.astype(np.int64), col.astype(np.int64)

    def position(
        self, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Rows and columns of points between pixel centres, and whether they lie on the grid.

        Parameters
        ----------
        easting_m, northing_m
            Coordinates [m], shape (n,).

        Returns
        -------
        tuple of ndarray
            Rows and columns counted from the first centre, and the mask, its outer edge included; (n,).
        """
        row = (self.north_m - np.asarray(northing_m)) / self.resolution_m - 0.5
        col = (np.asarray(easting_m) - self.west_m) / self.resolution_m - 0.5
        rows_on = (row >= -0.5) & (row <= self.height - 0.5)
        return row, col, rows_on & (col >= -0.5) & (col <= self.width - 0.5)

    def inside(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether row and column lie on the grid, shape (n,)."""
        return (row >= 0) & (row < self.height) & (col >= 0) & (col < self.width)

    def centre(
        self, row: NDArray[np.int64], col: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Easting and northing of pixel centres [m], shape (n,)."""
        easting = self.west_m + (np.asarray(col, dtype=np.float64) + 0.5) * self.resolution_m
        northing = self.north_m - (np.asarray(row, dtype=np.float64) + 0.5) * self.resolution_m
        return easting, northing

    def require_same(self, other: Grid) -> None:
        """Raise :class:`GridMismatchError` unless both grids are the same."""
        if self != other:
            raise GridMismatchError(f"grids differ: {self} and {other}")


@dataclass(frozen=True, eq=False)
class Raster:
    """Values on a grid; read-only once made.

    Attributes
    ----------
    values
        Array of shape (height, width); NaN is nodata for floats.
    grid
        Where the pixels lie.
    name, unit
        What the numbers are.
    """

    values: NDArray[np.generic]
    grid: Grid
    name: str
    unit: str

    def __post_init__(self) -> None:
        if self.values.shape != self.grid.shape:
            raise GridMismatchError(f"{self.name}: {self.values.shape} on a {self.grid.shape} grid")
        self.values.setflags(write=False)


def part_of(values: NDArray[Any], whole: Grid, part: Grid) -> NDArray[Any]:
    """Cut a smaller grid out of a raster.

    Parameters
    ----------
    values
        On ``whole``.
    whole, part
        Grids of the same resolution; pixels of ``part`` outside ``whole`` are refused.

    Returns
    -------
    ndarray
        A copy on ``part``.

    Raises
    ------
    GridMismatchError
        If ``part`` is not a part of ``whole``.
    """
    row = round((whole.north_m - part.north_m) / whole.resolution_m)
    col = round((part.west_m - whole.west_m) / whole.resolution_m)
    if row < 0 or col < 0 or row + part.height > whole.height or col + part.width > whole.width:
        raise GridMismatchError(f"{part} is not a part of {whole}")
    return values[row : row + part.height, col : col + part.width].copy()


def require_metric(crs: str) -> None:
    """Raise :class:`CrsError` unless the CRS is projected with metre axes."""
    try:
        parsed = CRS.from_user_input(crs)
    except CRSError as error:
        raise CrsError(f"{crs!r} is not a coordinate reference system; use one such as EPSG:4547") from error
    if not parsed.is_projected or any(axis.unit_name != "metre" for axis in parsed.axis_info):
        raise CrsError(f"{crs} is not a projected CRS in metres; use one such as EPSG:4547")


def lonlat(
    crs: str, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude of points.

    Parameters
    ----------
    crs
        Projected CRS of the points.
    easting_m, northing_m
        Shape (n,) [m].

    Returns
    -------
    tuple of ndarray
        WGS84 [deg], shape (n,) each.
    """
    longitude, latitude = _to_lonlat(crs).transform(easting_m, northing_m)
    return np.asarray(longitude), np.asarray(latitude)


@lru_cache(maxsize=4)
def _to_lonlat(crs: str) -> Transformer:
    """Making a transformer takes longer than a thousand points through it."""
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
