"""Whether rasters and places lie over each other: people live around their villages, and in valleys.

A raster that is shifted, upside down or in another datum looks like any other; only other
data contradict it.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from siteplan.core.errors import Fault
from siteplan.core.grid import Raster
from siteplan.inputs.places.settlement import box_sum

_NEAR_M, _WIDE_M = 500.0, 2500.0
"""Half the sides of the squares around a village in which people are counted [m]."""
_LEAST_DENSER = 1.0
"""Density near the middle village over that further out: people live around their committees."""
_FEWEST_PLACED = 10
_ROUGH_M = 50.0
"""Standard deviation of heights within 2.5 km from which there are valleys [m]."""
_FEWEST_ROADS = 50


def people_beside(file: str, people: Raster, villages: gpd.GeoDataFrame) -> list[Fault]:
    """Whether people live around the villages, or as well anywhere else: one of the two lies wrong.

    Parameters
    ----------
    file
        For messages.
    people
        On the project's grid.
    villages
        Those with coordinates of their own, of which nothing follows from the raster.
    """
    grid = people.grid
    row, col = grid.index(villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy())
    on = grid.inside(row, col)
    if int(on.sum()) < _FEWEST_PLACED:
        return []
    values = np.nan_to_num(people.values.astype(np.float64), nan=0.0)
    near, wide = (
        _mean_around(values, max(1, round(reach / grid.resolution_m)))[row[on], col[on]]
        for reach in (_NEAR_M, _WIDE_M)
    )
    if float(np.median(near / np.where(wide > 0, wide, 1.0))) >= _LEAST_DENSER:
        return []
    values_said = {"villages": int(on.sum()), "table": "population", "column": ""}
    return [Fault("warning", file, "people_beside", "people_beside_fix", values_said, table="population")]


def _mean_around(values: np.ndarray, reach: int) -> np.ndarray:
    """Mean of the square around each pixel; nobody lives beyond the edge."""
    return box_sum(values, reach) / (2 * reach + 1) ** 2


def relief_beside(
    file: str, relief: Raster, villages: gpd.GeoDataFrame | None, roads: gpd.GeoDataFrame | None
) -> list[Fault]:
    """Whether roads, or else villages, lie above the land around them although there are mountains.

    Parameters
    ----------
    file
        For messages.
    relief
        Heights [m].
    villages
        With ``settled_by``; those placed by the relief itself are left out. None where there are none.
    roads
        None where there are none.
    """
    points = np.zeros((0, 2))
    if roads is not None and len(roads) >= _FEWEST_ROADS:
        middle = roads.geometry.interpolate(0.5, normalized=True)
        points = np.column_stack([middle.x, middle.y])
    elif villages is not None and "settled_by" in villages:
        known = villages[~villages["settled_by"].isin(("low_ground", "interior"))]
        points = np.column_stack([known.geometry.x, known.geometry.y])
    above, rough = _above_around(relief, points)
    if len(above) < _FEWEST_PLACED or float(np.median(rough)) < _ROUGH_M or float(np.median(above)) <= 0.0:
        return []
    values: dict[str, object] = {"count": len(above), "height": f"{np.median(above):.0f}", "table": "dem"}
    return [Fault("warning", file, "relief_beside", "relief_beside_fix", values, table="dem")]


def _above_around(
    relief: Raster, points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Height of points above the mean of the land around them, and that land's standard deviation [m]."""
    grid = relief.grid
    row, col = grid.index(points[:, 0], points[:, 1])
    on = grid.inside(row, col)
    row, col = row[on], col[on]
    values = np.asarray(relief.values, dtype=np.float64)
    known = np.isfinite(values)
    base = float(values[known].mean()) if known.any() else 0.0
    heights = np.where(known, values - base, 0.0)
    reach = max(1, round(_WIDE_M / grid.resolution_m))
    count, total, squares = (box_sum(each, reach) for each in (known.astype(float), heights, heights**2))
    n = np.maximum(count[row, col], 1.0)
    mean = total[row, col] / n
    rough = np.sqrt(np.maximum(squares[row, col] / n - mean**2, 0.0))
    fine = known[row, col]
    return (heights[row, col] - mean)[fine], rough[fine]
