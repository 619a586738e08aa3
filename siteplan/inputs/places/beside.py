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
_ROUGH_M, _MOUNTAINS_M = 20.0, 100.0
"""Standard deviation of heights from which there are valleys within 2.5 km, and mountains in an area [m]."""
_FEWEST_ROADS = 50
_FEWEST_STATIONS = 5
_IN_VALLEYS = -0.3
"""Middle place over the land around it, in its standard deviations: down to this, people live in valleys.

Measured with the relief as it is and turned around: roads of Andorra -1.28 and -0.04 to 0.07, villages of two
Chinese landscapes -0.65 to -0.68 and -0.03 to -0.19, stations of the Oetztal -1.4 and -0.1.
"""


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
    file: str,
    relief: Raster,
    villages: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame | None,
    stations: gpd.GeoDataFrame | None = None,
) -> list[Fault]:
    """Whether roads, or else villages, lie no lower than the land around them although there are hills.

    Where there are neither, stations may confirm the relief but not contradict it, since some stand on
    summits; what nothing confirms is said.

    Parameters
    ----------
    file
        For messages.
    relief
        Heights [m].
    villages
        With ``settled_by``; those placed by the relief itself are left out. None where there are none.
    roads, stations
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
    if len(above) < _FEWEST_PLACED:
        return _unconfirmed(file, relief, points, stations)
    if not _contradicts(above, rough):
        return []
    values: dict[str, object] = {"count": len(above), "above": int((above > 0.0).sum()), "table": "dem"}
    return [Fault("warning", file, "relief_beside", "relief_beside_fix", values, table="dem")]


def _contradicts(above: NDArray[np.float64], rough: NDArray[np.float64]) -> bool:
    """Whether the middle place stands no deeper than anywhere else, where there are valleys to stand in."""
    return (
        float(np.median(rough)) >= _ROUGH_M and float(np.median(above / np.maximum(rough, 1.0))) > _IN_VALLEYS
    )


def _unconfirmed(
    file: str, relief: Raster, points: NDArray[np.float64], stations: gpd.GeoDataFrame | None
) -> list[Fault]:
    """Mountains of which not even the stations show that they lie where they should."""
    known = relief.values[np.isfinite(relief.values)]
    if not known.size or float(known.std()) < _MOUNTAINS_M:
        return []
    if stations is not None and len(stations):
        masts = np.column_stack([stations.geometry.x, stations.geometry.y])
        points = np.concatenate([points, np.unique(masts, axis=0)])
    above, rough = _above_around(relief, points)
    if len(above) >= _FEWEST_STATIONS and not _contradicts(above, rough):
        return []
    values: dict[str, object] = {"count": len(above), "below": int((above < 0.0).sum()), "table": "dem"}
    return [Fault("warning", file, "relief_unconfirmed", "relief_beside_fix", values, table="dem")]


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
