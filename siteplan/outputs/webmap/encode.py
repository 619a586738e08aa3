"""Tables as compact text for the page: columns, whole-number rings, JSON that cannot end a script.

One decision to know: NaN becomes null, text that repeats is stored once, and ``<``, ``>`` and ``&``
are written as escapes, so that a name is a name wherever it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

DEGREES = 1e5
"""Vertices are whole numbers of 1/DEGREES degree, about one metre."""

_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def to_json(data: object) -> str:
    """JSON that is safe inside a script element.

    Parameters
    ----------
    data
        Numbers, text, lists and dictionaries; NaN becomes null.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> print(to_json({"name": "</script>", "share": float("nan")}))
    {"name":"\\u003c/script\\u003e","share":null}
    """
    text = json.dumps(plain(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPES)


def plain(value: Any) -> Any:
    """The value as JSON knows it.

    Parameters
    ----------
    value
        Scalar of Python, numpy or pandas, or a collection of them.

    Returns
    -------
    object
        None, bool, int, float, str, list or dict.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(each) for each in sorted(value)]
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(each) for each in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if not np.isfinite(value):
            return None
        return int(value) if value.is_integer() else value
    return value if isinstance(value, bool | int | str) else str(value)


def column(values: Iterable[Any], decimals: int = 3) -> Any:
    """One column; text that repeats is stored once.

    Parameters
    ----------
    values
        Scalars or lists.
    decimals
        Digits kept of numbers.

    Returns
    -------
    list or dict
        The values, or ``{"values": [...], "codes": [...]}``.

    Examples
    --------
    >>> column(["东镇", "东镇", "西镇", "东镇"])
    {'values': ['东镇', '西镇'], 'codes': [0, 0, 1, 0]}
    """
    cells = [_rounded(plain(value), decimals) for value in values]
    if not all(isinstance(cell, str) for cell in cells):
        return cells
    codes: dict[str, int] = {}
    numbers = [codes.setdefault(cell, len(codes)) for cell in cells]
    if 2 * len(codes) > len(cells):
        return cells
    return {"values": list(codes), "codes": numbers}


def _rounded(value: Any, decimals: int) -> Any:
    return _scalar(round(value, decimals)) if isinstance(value, float) else value


def lonlat(table: gpd.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude of points [deg].

    Parameters
    ----------
    table
        Points; ready-made ``longitude`` and ``latitude`` columns are taken as they are.

    Returns
    -------
    tuple of ndarray
        Shape (n,) each.
    """
    if "longitude" in table and "latitude" in table:
        return table["longitude"].to_numpy(float), table["latitude"].to_numpy(float)
    points = table.geometry.to_crs("EPSG:4326")
    return points.x.to_numpy(float), points.y.to_numpy(float)


def shapes(geometry: gpd.GeoSeries) -> list[list[list[list[int]]]]:
    """Polygons as whole numbers: first vertex, then steps.

    Parameters
    ----------
    geometry
        Polygons in any CRS.

    Returns
    -------
    list
        For each row its polygons, for each polygon its rings, for each ring ``[x, y, dx, dy, ...]``
        in 1/:data:`DEGREES` degree, not closed.
    """
    return [_polygons(each) for each in geometry.to_crs("EPSG:4326")]


def _polygons(geometry: Any) -> list[list[list[int]]]:
    if geometry is None or geometry.is_empty:
        return []
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return [[_ring(ring) for ring in (part.exterior, *part.interiors)] for part in parts]


def _ring(ring: Any) -> list[int]:
    whole = np.rint(shapely.get_coordinates(ring)[:-1] * DEGREES).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int64))
    keep = np.ones(len(steps), bool)
    keep[1:] = steps[1:].any(axis=1)
    return [int(value) for value in steps[keep].ravel()]
