"""The planning area: borders made from villages where none are given, and doubts about the CRS.

An area without borders is a stated stand-in (land near villages), not a guess at
the real border.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from siteplan.core.errors import Fault
from siteplan.inputs.places.crs import between
from siteplan.inputs.tables.coordinates import transformer

MARGIN_M = 5_000.0
"""Land around villages that counts as the area when no borders are given [m]."""


def counties_around(villages: gpd.GeoDataFrame, city: str, code: str) -> gpd.GeoDataFrame:
    """Land within ``MARGIN_M`` of a village, split by the nearest village's county.

    Parameters
    ----------
    villages
        Points, with ``county`` or without.
    city
        Name for villages that name no county.
    code
        Start of the county codes made here.

    Returns
    -------
    GeoDataFrame
        ``county_id, county``, one polygon a county.
    """
    names = villages["county"].fillna(city) if "county" in villages else pd.Series([city] * len(villages))
    near = villages.geometry.buffer(MARGIN_M).union_all()
    points = shapely.multipoints(villages.geometry.to_numpy())
    cells = list(shapely.voronoi_polygons(points, extend_to=shapely.envelope(near)).geoms) or [near]
    parts = gpd.GeoSeries(cells, crs=villages.crs)
    owner = villages.sindex.nearest(parts.representative_point(), return_all=False)[1]
    frame = {"county": names.to_numpy()[owner]}
    merged = gpd.GeoDataFrame(frame, geometry=parts.intersection(near), crs=villages.crs).dissolve("county")
    ids = [f"{code or 'C'}{number:02d}" for number in range(1, len(merged) + 1)]
    return merged.reset_index().assign(county_id=ids)[["county_id", "county", "geometry"]]


def crs_doubts(area: gpd.GeoDataFrame, crs: str) -> list[Fault]:
    """A warning when the area lies outside the land its CRS is meant for."""
    use = CRS.from_user_input(crs).area_of_use
    # one point of the land itself: bounds in degrees say nothing where an area crosses the antimeridian
    middle = area.union_all().representative_point()
    x, y = transformer(crs, "EPSG:4326").transform(middle.x, middle.y)
    if use is None or (between(x, use.west, use.east) and use.south <= y <= use.north):
        return []
    values: dict[str, object] = {"crs": crs, "zone": use.name, "centre": f"{x:.2f}, {y:.2f}"}
    return [
        Fault("warning", "project.toml", "crs_elsewhere", "crs_elsewhere_fix", values, column="project.crs")
    ]


def stray_points(name: str, file: str, table: gpd.GeoDataFrame | None) -> list[Fault]:
    """A warning that names points outside all counties, which take no part in the plan.

    Parameters
    ----------
    name, file
        Table and file, for the message.
    table
        Points with ``county_id`` ("" outside), or None.
    """
    if table is None:
        return []
    outside = np.flatnonzero(table["county_id"].eq("").to_numpy())
    if not outside.size:
        return []
    ids = tuple(table[table.columns[0]].astype(str).iloc[outside[:20]])
    values: dict[str, object] = {"count": len(outside), "ids": ids + ("…",) * (len(outside) > 20)}
    return [Fault("warning", file, "outside_counties", "outside_counties_fix", values, table=name)]
