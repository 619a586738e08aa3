"""The ground between each proposed place and a village it is there for, to be drawn with its clearance."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.grid import Raster
from siteplan.coverage.indicators import RankEffect

COLUMNS = ("rank", "village", "newly", "distance_m", "frequency_mhz", "heights_m")
SAMPLES = 25
"""Heights of ground along a line, both ends among them."""
_FARTHEST_M = 15_000.0
"""Beyond this no village is what a place is there for."""


def sight_lines(
    proposed: gpd.GeoDataFrame,
    villages: gpd.GeoDataFrame | None,
    effects: Sequence[RankEffect],
    relief: Raster | None,
    frequencies_mhz: Sequence[float],
) -> pd.DataFrame:
    """Ground heights from each place to the nearest village it newly serves, else to the nearest one.

    Parameters
    ----------
    proposed
        Ranked places, points.
    villages
        Villages, points with ``village``, in the order the effects count them; None for none.
    effects
        What each rank adds.
    relief
        Elevation [m], NaN as nodata; None for none.
    frequencies_mhz
        Lowest frequency at each place.

    Returns
    -------
    DataFrame
        ``COLUMNS``; a place has no row where no village lies within 15 km, or where the relief has a hole.
    """
    rows: list[tuple[object, ...]] = []
    if villages is None or villages.empty or relief is None:
        return pd.DataFrame(rows, columns=list(COLUMNS))
    x, y = villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy()
    names = villages["village"].to_numpy(dtype=object)
    for rank, (point, effect, mhz) in enumerate(
        zip(proposed.geometry, effects, frequencies_mhz, strict=True), start=1
    ):
        far = np.hypot(x - point.x, y - point.y)
        among = np.array(effect.villages, dtype=np.int64) if effect.villages else np.arange(len(far))
        village = int(among[far[among].argmin()])
        if far[village] > _FARTHEST_M:
            continue
        heights = _heights_m(relief, (point.x, point.y), (x[village], y[village]))
        if np.isfinite(heights).all():
            whole = tuple(int(each) for each in np.rint(heights))
            rows.append((rank, names[village], bool(effect.villages), round(float(far[village])), mhz, whole))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _heights_m(relief: Raster, start: tuple[float, float], end: tuple[float, float]) -> NDArray[np.float64]:
    """Elevation at even steps between two points, of the pixel each step lies in; NaN outside."""
    share = np.linspace(0.0, 1.0, SAMPLES)
    row, col = relief.grid.index(
        start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
    )
    inside = (row >= 0) & (row < relief.grid.height) & (col >= 0) & (col < relief.grid.width)
    found = np.full(SAMPLES, np.nan)
    found[inside] = relief.values[row[inside], col[inside]]
    return found
