"""Where things may stand: the city's land at 100 m, and drawing places from it.

Places are drawn from pixels two pixels inside their county, so a point never
falls into the neighbour's county or out of the city.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.features import rasterize
from scipy.ndimage import binary_erosion

from siteplan.core.grid import Grid
from siteplan.demo.noise import Field
from siteplan.demo.terrain import Terrain

Points = NDArray[np.float64]
"""Easting and northing [m], shape (n, 2)."""
Pixels = NDArray[np.int64]
"""Flat pixel numbers of the working grid, shape (n,)."""

_STEEP_DEG, _HIGH_M = 8.0, 35.0


@dataclass(frozen=True)
class Land:
    """The working grid with its counties and how good each pixel is to settle on."""

    grid: Grid
    county: NDArray[np.int16]
    """Index of the county, -1 outside the city; flat."""
    inner: NDArray[np.bool_]
    """Whether a place may stand here; flat."""
    suitability: Field
    """0..1, high on gentle valley ground; flat."""
    elevation_m: Field
    """Flat."""

    def points(self, pixels: Pixels) -> Points:
        """Centres of pixels [m], shape (n, 2)."""
        row, col = np.divmod(pixels, self.grid.width)
        return np.column_stack(self.grid.centre(row, col))

    def pixels(self, points_m: Points) -> Pixels:
        """Pixel of each point, moved onto the grid where it is off."""
        row, col = self.grid.index(points_m[:, 0], points_m[:, 1])
        row = row.clip(0, self.grid.height - 1)
        return row * self.grid.width + col.clip(0, self.grid.width - 1)


def make_land(terrain: Terrain, counties: gpd.GeoDataFrame) -> Land:
    """Lay the counties over the relief."""
    grid = terrain.grid
    shapes = zip(counties.to_crs(grid.crs).geometry, range(len(counties)), strict=True)
    county = rasterize(shapes, grid.shape, fill=-1, transform=grid.transform, dtype="int16")
    inner = np.zeros(grid.shape, bool)
    for index in range(len(counties)):
        inner |= binary_erosion(county == index, iterations=2)
    gentle = np.exp(-((terrain.slope_deg / _STEEP_DEG) ** 2))
    suitability = gentle * np.exp(-terrain.above_valley_m / _HIGH_M) + np.float32(1e-6)
    return Land(grid, county.ravel(), inner.ravel(), suitability.ravel(), terrain.elevation_m.ravel())


def jittered(points_m: Points, reach_m: float, rng: np.random.Generator) -> Points:
    """Points moved at random within a square of half-width ``reach_m`` [m]."""
    return points_m + rng.uniform(-reach_m, reach_m, points_m.shape)


def draw_spread(
    land: Land,
    candidates: Pixels,
    weights: NDArray[np.floating],
    count: int,
    spacing_m: float,
    rng: np.random.Generator,
) -> Pixels:
    """Weighted draw of pixels that keep a distance; the distance shrinks until enough fit.

    Parameters
    ----------
    land
        The land.
    candidates
        Pixels to draw from.
    weights
        Weight of each, not negative.
    count
        How many to draw.
    spacing_m
        Wanted distance [m].
    rng
        Random stream.
    """
    order = ranked(weights, rng)[: max(40 * count, 400)]
    points = land.points(candidates[order])
    count = min(count, len(order))
    chosen = _apart(points, count, spacing_m)
    while len(chosen) < count:
        spacing_m = spacing_m * 0.8 if spacing_m > 60 else 0.0
        chosen = _apart(points, count, spacing_m)
    return candidates[order[chosen]]


def ranked(weights: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.int64]:
    """Random order in which heavy items come early (Gumbel keys), shape (n,)."""
    keys = np.log(np.maximum(weights, 1e-12)) + rng.gumbel(size=len(weights))
    return np.argsort(-keys, kind="stable")


def _apart(points_m: Points, count: int, spacing_m: float) -> NDArray[np.int64]:
    """First points of the list that keep the distance from those before."""
    kept = np.zeros(len(points_m), np.int64)
    free = np.ones(len(points_m), bool)
    number = 0
    for index in range(len(points_m)):
        if not free[index]:
            continue
        kept[number] = index
        number += 1
        if number == count:
            break
        away = points_m - points_m[index]
        free &= (away**2).sum(axis=1) >= spacing_m**2
        free[: index + 1] = False
    return kept[:number]


def lonlat(points_m: Points, crs: str) -> Points:
    """Longitude and latitude (CGCS2000, taken as WGS84) of points [deg], shape (n, 2)."""
    transformer = Transformer.from_crs(crs, "EPSG:4490", always_xy=True)
    return np.column_stack(transformer.transform(points_m[:, 0], points_m[:, 1]))


def metres(lonlat_deg: Points, crs: str) -> Points:
    """Easting and northing of geographic points [m], shape (n, 2)."""
    transformer = Transformer.from_crs("EPSG:4490", crs, always_xy=True)
    return np.column_stack(transformer.transform(lonlat_deg[:, 0], lonlat_deg[:, 1]))
