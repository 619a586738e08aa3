"""Where in a polygon its people live, by the best evidence there is, and which evidence that was.

The middle of a village's land is often a mountain. People are where a population raster counts
them, else on built-up land, else at named places and public buildings, else where roads are, else on low
ground; only where nothing is known they stand on a point inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rasterio.features import rasterize

from siteplan.core.grid import Grid, Raster
from siteplan.inputs.zones import zone_raster

EVIDENCE = ("population", "built", "places", "roads", "low_ground")
"""Sorts of evidence, best first; ``interior`` where none speaks, ``table`` for coordinates of the table."""
SURE = ("table", "population", "built")
"""Sorts that say where houses are."""
_LOW_SHARE = 0.1
"""Share of a polygon's land that counts as its low ground."""
_AROUND_PX = 2
"""Pixels on each side that belong to the same cluster of houses."""


@dataclass(frozen=True, eq=False)
class Settled:
    """Where the people of each polygon are.

    Attributes
    ----------
    easting_m, northing_m
        Middle of the densest settlement, shape (n,).
    how
        Sort of evidence, shape (n,).
    share
        Share of its polygon's people on each pixel, shape of the grid; sums to 1 in each polygon that has
        evidence.
    code
        Number of the polygon of each pixel plus one, 0 for none, shape of the grid.
    """

    easting_m: NDArray[np.float64]
    northing_m: NDArray[np.float64]
    how: NDArray[np.object_]
    share: NDArray[np.float64]
    code: NDArray[np.int64]


def settle(areas: gpd.GeoSeries, grid: Grid, evidence: Mapping[str, NDArray[np.float64]]) -> Settled:
    """Settle every polygon by the first evidence that says something inside it.

    Parameters
    ----------
    areas
        Polygons in the grid's CRS, shape (n,).
    grid
        Grid of the evidence.
    evidence
        Weight of each pixel by sort, zero or positive, shape of the grid; sorts of :data:`EVIDENCE`.

    Returns
    -------
    Settled
        One place a polygon.
    """
    count = len(areas)
    code = zone_raster(areas, np.arange(1, count + 1), grid).astype(np.int64)
    flat = code.ravel()
    how = np.full(count, "interior", dtype=object)
    weight = np.zeros(flat.size)
    for name in EVIDENCE:
        if name not in evidence:
            continue
        values = evidence[name].ravel()
        total = np.bincount(flat, values, minlength=count + 1)[1:]
        mine = (how == "interior") & (total > 0)
        how[mine] = name
        own = np.concatenate([[False], mine])[flat]
        weight[own] = values[own] / np.concatenate([[1.0], np.where(mine, total, 1.0)])[flat[own]]
    inside = areas.representative_point()
    east, north = inside.x.to_numpy().copy(), inside.y.to_numpy().copy()
    settled = np.flatnonzero(how != "interior")
    pixel = _densest(weight.reshape(code.shape), code, count)[settled]
    east[settled], north[settled] = grid.centre(*np.divmod(pixel, grid.width))
    return Settled(east, north, how, weight.reshape(code.shape), code)


def _densest(weight: NDArray[np.float64], code: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Flat index of the settled pixel with most weight around it in each polygon, -1 without any."""
    around = box_sum(weight, _AROUND_PX) + box_sum(weight, 1)  # the middle of a cluster, not its corner
    pixels = np.flatnonzero(weight.ravel() > 0)
    table = pd.DataFrame(
        {"code": code.ravel()[pixels], "around": around.ravel()[pixels].round(12), "pixel": pixels}
    )
    best = table.sort_values(["code", "around", "pixel"], ascending=[True, False, True], kind="stable")
    first = best.drop_duplicates("code")
    found = np.full(count + 1, -1, dtype=np.int64)
    found[first["code"].to_numpy()] = first["pixel"].to_numpy()
    return found[1:]


def box_sum(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Sum over the square around each pixel."""
    padded = np.pad(values, ((reach + 1, reach), (reach + 1, reach)))
    sums = padded.cumsum(axis=0).cumsum(axis=1)
    size = 2 * reach + 1
    return sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]


def mask_of(shapes: gpd.GeoSeries | None, grid: Grid) -> NDArray[np.float64]:
    """1 on every pixel that lines or points touch."""
    pairs = (
        [] if shapes is None else [(shape, 1) for shape in shapes if shape is not None and not shape.is_empty]
    )
    if not pairs:
        return np.zeros(grid.shape)
    touched = rasterize(
        pairs, out_shape=grid.shape, transform=grid.transform, all_touched=True, dtype="uint8"
    )
    return np.asarray(touched, dtype=np.float64)


def low_ground(areas: gpd.GeoSeries, relief: Raster) -> NDArray[np.float64]:
    """1 on the lowest tenth of each polygon."""
    code = zone_raster(areas, np.arange(1, len(areas) + 1), relief.grid).ravel()
    heights = pd.Series(relief.values.ravel().astype(np.float64))
    limit = heights.groupby(code).quantile(_LOW_SHARE)
    low = (code > 0) & (heights.to_numpy() <= limit.reindex(code).to_numpy())
    return low.reshape(relief.grid.shape).astype(np.float64)


def built_up(kinds: Raster, built: frozenset[int], grid: Grid) -> NDArray[np.float64]:
    """1 where the land cover is built-up, on another grid."""
    row, col = np.indices(grid.shape)
    x, y = grid.centre(row.ravel(), col.ravel())
    r, c = kinds.grid.index(x, y)
    on = kinds.grid.inside(r, c)
    found = np.zeros(len(x))
    found[on] = np.isin(kinds.values[r[on], c[on]], list(built))
    return found.reshape(grid.shape)
