"""Whether numbers can be in the CRS their file says they are in, and which CRS would fit.

GeoJSON is WGS84 by definition, so that metres exported to it claim to be degrees; a project file may
say one CRS and the file another. Neither is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError

from siteplan.core.errors import Fault, InputFaults
from siteplan.inputs.tables.coordinates import transformer

MOST_DEGREES = 360.0
"""Longitudes beyond this are no degrees: some files count from 0 to 360."""
_FEW = 0.5
"""Share of numbers that must be impossible for the CRS, not the row, to be wrong."""
WEB_MERCATOR, WORLD_MERCATOR = "EPSG:3857", "EPSG:3395"
"""The grid of web maps, and the ellipsoidal one that Baidu's metres follow within 500 m."""
_CHINESE_GRIDS = tuple(f"EPSG:{code}" for code in (*range(4534, 4555), *range(4513, 4534)))


def impossible(bounds: NDArray[np.float64], crs: CRS) -> NDArray[np.bool_]:
    """Whether each shape's bounds cannot be in a CRS [bool], shape (n,).

    Parameters
    ----------
    bounds
        West, south, east, north of each shape, shape (n, 4); NaN is possible.
    crs
        As declared.
    """
    size = np.abs(bounds)
    if crs.is_geographic:
        return np.asarray((size[:, [0, 2]] > MOST_DEGREES).any(axis=1) | (size[:, [1, 3]] > 90.0).any(axis=1))
    return np.asarray((size[:, [0, 2]] <= 180.0).all(axis=1) & (size[:, [1, 3]] <= 90.0).all(axis=1))


def settled(shapes: gpd.GeoSeries, declared: str, project_crs: str) -> tuple[CRS, str, tuple[str, ...]]:
    """The CRS of shapes, and what speaks against it.

    Parameters
    ----------
    shapes
        As the file has them, with its own CRS or none.
    declared
        CRS of the project file's entry, "" for none.
    project_crs
        CRS of the project.

    Returns
    -------
    tuple
        The CRS; ``""``, or the key of a problem: ``crs_impossible`` (its numbers cannot be in it),
        ``crs_differs`` (file and project file disagree) or ``crs_overridden`` (only the declared one is
        possible); and the CRS that would fit.
    """
    own, said = shapes.crs, CRS.from_user_input(declared) if declared else None
    used = own or said
    if used is None:
        raise CRSError("neither the file nor the project file names a CRS")
    bounds = shapes.dropna().bounds.to_numpy()
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds) or impossible(bounds, used).mean() < _FEW:
        same = said is None or own is None or said.equals(own) or (said.is_geographic and own.is_geographic)
        return used, "" if same else "crs_differs", () if same else (str(declared), own.to_string())
    if own is not None and said is not None and impossible(bounds, said).mean() < _FEW:
        return said, "crs_overridden", (str(declared),)
    return used, "crs_impossible", tuple(_fitting(bounds, project_crs))


def _fitting(bounds: NDArray[np.float64], project_crs: str) -> Iterable[str]:
    """CRS in which the middle of the numbers lies where the project's own CRS is used."""
    middle = np.median(bounds[:, [0, 1]], axis=0)
    area = CRS.from_user_input(project_crs).area_of_use
    found = []
    for crs in dict.fromkeys(("EPSG:4326", project_crs, WEB_MERCATOR, *_CHINESE_GRIDS)):
        if impossible(bounds, CRS.from_user_input(crs)).mean() >= _FEW:
            continue
        try:
            x, y = transformer(crs, "EPSG:4326").transform(*middle)
        except ProjError:
            continue
        if area is None or (between(x, area.west, area.east) and area.south <= y <= area.north):
            found.append(crs)
    return found[:4]


def between(longitude: float, west: float, east: float) -> bool:
    """Whether a longitude lies in an area that may cross the antimeridian [bool]."""
    return west <= longitude <= east if west <= east else longitude >= west or longitude <= east


def nothing_left(table: str, file: str, count: int) -> InputFaults:
    """The fault of a table none of whose rows lies in the project's area."""
    values: dict[str, object] = {"count": count, "table": table, "column": ""}
    return InputFaults([Fault("fatal", file, "nothing_inside", "nothing_inside_fix", values, table=table)])
