"""The base map that needs no network: roads, boundaries of towns and villages, and names.

A boundary between two villages is one line, drawn once; roads are taken from the
largest class down until the map's budget of vertices is used up.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from siteplan.outputs.webmap.encode import COARSE, DEGREES, column, lines, lonlat
from siteplan.planning.proposal import Proposal

_ROADS = (
    ("motorway", "trunk", "primary", "motorway_link", "trunk_link"),
    ("secondary", "primary_link"),
    ("tertiary", "secondary_link", "tertiary_link"),
)
"""Classes of OpenStreetMap by how they are drawn; whatever else is a small road."""
_SMALL = len(_ROADS)


def base_spec(proposal: Proposal) -> dict[str, Any]:
    """Lines and labels of the base map.

    Returns
    -------
    dict
        ``lines``: encoded lines by kind; ``labels``: columns of towns.
    """
    tolerance = proposal.area.grid.resolution_m / 2
    areas = _areas(proposal)
    kinds: dict[str, Any] = {}
    if areas is not None:
        kinds["village"] = _boundaries(areas.geometry, 2 * tolerance)
        kinds["town"] = _boundaries(_towns(areas).geometry, tolerance)
    roads = proposal.area.roads
    if roads is not None and len(roads):
        kinds |= _roads(_near(roads, proposal), tolerance / 2, proposal.config.outputs.map_road_vertices)
    return {
        "lines": {name: each for name, each in kinds.items() if each},
        "per_degree": {name: COARSE if name in ("village", "town") else DEGREES for name in kinds},
        "labels": _labels(proposal),
    }


def _areas(proposal: Proposal) -> gpd.GeoDataFrame | None:
    """Village polygons of the run with their town."""
    areas, villages = proposal.area.village_areas, proposal.effects.villages
    if areas is None or villages.empty or "town" not in villages:
        return None
    towns = villages[["village_id", "town", "county"]]
    found = areas.merge(towns, on="village_id")
    return found if len(found) else None


def _towns(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return areas[areas["town"].ne("")].dissolve(["county", "town"], as_index=False)


def _boundaries(polygons: gpd.GeoSeries, tolerance_m: float) -> list[list[int]]:
    """Every boundary once."""
    if polygons.empty:
        return []
    outline = shapely.line_merge(shapely.union_all(shapely.boundary(polygons.to_numpy())))
    return lines(gpd.GeoSeries([shapely.simplify(outline, tolerance_m)], crs=polygons.crs), COARSE)


def _near(roads: gpd.GeoDataFrame, proposal: Proposal) -> gpd.GeoDataFrame:
    west, south, east, north = proposal.area.grid.bounds
    return roads.cx[west:east, south:north]


def _roads(roads: gpd.GeoDataFrame, tolerance_m: float, most: int) -> dict[str, list[list[int]]]:
    """Roads by class, merged and simplified, within the budget of vertices."""
    level = {name: number for number, names in enumerate(_ROADS) for name in names}
    classes = roads["highway"].map(level).fillna(_SMALL).astype(int)
    found: dict[str, list[list[int]]] = {}
    left = most
    for number in range(_SMALL + 1):
        each = roads.geometry[classes.eq(number)].to_numpy()
        if not len(each):
            continue
        merged = shapely.simplify(shapely.line_merge(shapely.union_all(each)), tolerance_m)
        left -= int(shapely.get_num_coordinates(merged))
        if left < 0:
            break
        found[f"road{number}"] = lines(gpd.GeoSeries([merged], crs=roads.crs))
    return found


def _labels(proposal: Proposal) -> dict[str, Any]:
    """Names of towns in the middle of their villages."""
    villages = proposal.effects.villages
    if villages.empty or "town" not in villages:
        return {"n": 0, "columns": {}}
    longitude, latitude = lonlat(villages)
    table = pd.DataFrame(
        {"county": villages["county"], "town": villages["town"], "lon": longitude, "lat": latitude}
    )
    middle = table[table["town"].ne("")].groupby(["county", "town"], as_index=False).median()
    columns = {
        "lon": column(middle["lon"], 5),
        "lat": column(middle["lat"], 5),
        "county": column(middle["county"]),
        "town": column(middle["town"]),
    }
    return {"n": len(middle), "columns": columns}
