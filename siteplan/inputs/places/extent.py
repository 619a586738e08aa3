"""How far a layer reaches that rules take for complete: beyond it "nothing there" is not known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from siteplan.core.errors import Fault

MOST_WITHOUT = 1 / 3
"""Share of counties without a zone up to which it is odd: where most have none, that is their nature."""
LEAST_SHARE = 0.01
"""Share of the area beyond a layer's extent from which it is said."""


def extent_of(lines: gpd.GeoDataFrame, margin_m: float) -> shapely.Geometry:
    """Land a layer of roads speaks of: the rectangle around it and a margin.

    Parameters
    ----------
    lines
        In a metric CRS, at least one.
    margin_m
        How far from a road something may stand to have one.
    """
    west, south, east, north = lines.total_bounds
    return shapely.box(west - margin_m, south - margin_m, east + margin_m, north + margin_m)


def roads_short(file: str, roads: gpd.GeoDataFrame, area: gpd.GeoDataFrame, margin_m: float) -> list[Fault]:
    """A warning where roads end before the area does; rules that need them are not applied there."""
    land = area.union_all()
    beyond = land.difference(extent_of(roads, margin_m)).area / max(land.area, 1e-9)
    if beyond < LEAST_SHARE:
        return []
    values: dict[str, object] = {"share": f"{beyond:.0%}", "table": "roads", "column": ""}
    return [Fault("warning", file, "roads_short", "roads_short_fix", values, table="roads")]


def counties_without(
    table: str, file: str, shapes: gpd.GeoDataFrame, counties: gpd.GeoDataFrame
) -> list[Fault]:
    """A warning that names counties in which a layer of zones has none, where others have some."""
    tree = shapely.STRtree(shapes.geometry.to_numpy())
    met = np.unique(tree.query(counties.geometry.to_numpy(), predicate="intersects")[0])
    missing = tuple(counties["county"].iloc[i] for i in range(len(counties)) if i not in set(met.tolist()))
    is_few = len(missing) <= MOST_WITHOUT * len(counties)
    if not missing or not (is_few or len(missing) == len(counties)):
        return []
    values: dict[str, object] = {"found": missing, "count": len(shapes), "table": table, "column": ""}
    problem = "zones_elsewhere" if len(missing) == len(counties) else "zones_in_part"
    return [Fault("warning", file, problem, f"{problem}_fix", values, table=table)]
