"""Tables as compact text for the page: columns, whole-number rings, JSON that cannot end a script.

NaN becomes null, text that repeats is stored once, and ``<``, ``>`` and ``&``
are written as escapes, so that a name is a name wherever it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

DEGREES = 1e5
"""Vertices are whole numbers of 1/DEGREES degree, about one metre, unless said otherwise."""
COARSE = 1e4
"""The same for outlines that are no finer than a pixel, about ten metres."""

_AS_IS = frozenset({str, int, bool})
_NUMBERED = re.compile(r"(.*?)([0-9]{1,15})", re.DOTALL)
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def to_json(data: object) -> str:
    """JSON that is safe inside a script element.

    Parameters
    ----------
    data
        Numbers, text, lists and dictionaries; NaN becomes null.

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
    if type(value) in _AS_IS:  # nearly all there is, and asking pandas is slow
        return value
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
    """One column; text that repeats is stored once, ids that count up are stored as numbers.

    Returns
    -------
    list or dict or None
        The values; ``{"values": [...], "codes": [...]}``; ``{"heads": [...], "widths": [...],
        "numbers": [...], "codes": [...]}`` for a head and so many digits; with ``"runs": [code, count, ...]``
        in place of ``codes`` where that is shorter. None where there is nothing at all.

    Examples
    --------
    >>> column(["东镇", "东镇", "西镇", "东镇"])
    {'values': ['东镇', '西镇'], 'codes': [0, 0, 1, 0]}
    >>> column(["S07", "S08", "S09", "S10", "S11"])
    {'heads': ['S'], 'widths': [2], 'numbers': [7, 8, 9, 10, 11], 'runs': [0, 5]}
    >>> column([0, 0, 0, 0, 1, 1, 1])
    {'values': [0, 1], 'runs': [0, 4, 1, 3]}
    """
    cells = [_rounded(plain(value), decimals) for value in values]
    if cells and all(cell is None or cell == "" for cell in cells):
        return None
    if not all(isinstance(cell, str) for cell in cells):
        return _few(cells) or cells
    return _headed(cells) or _texts(cells)


def _texts(cells: list[str]) -> Any:
    """Texts once each with codes, ids as numbers, or one by one."""
    codes: dict[str, int] = {}
    numbers = [codes.setdefault(cell, len(codes)) for cell in cells]
    if 2 * len(codes) <= len(cells):
        return {"values": list(codes), **_coded(numbers)}
    return _counted(cells) or cells


def _headed(cells: list[str]) -> dict[str, Any] | None:
    """Texts that begin alike, as beginnings and rests; None where few do.

    Examples
    --------
    >>> _headed(["new, A", "new, B", "new, C", "new, D", "new, E", "new, F", "G"])
    {'starts': ['new,', ''], 'rests': [' A', ' B', ' C', ' D', ' E', ' F', 'G'], 'runs': [0, 6, 1, 1]}
    """
    found = [_BEGINNING.match(cell) for cell in cells]
    if 4 * sum(match is not None for match in found) < len(cells):
        return None
    starts: dict[str, int] = {}
    heads = [match.group(0) if match else "" for match in found]
    codes = [starts.setdefault(head, len(starts)) for head in heads]
    if 10 * len(starts) > len(cells) and len(starts) > 2:
        return None
    rests = [cell[len(head) :] for cell, head in zip(cells, heads, strict=True)]
    return {"starts": list(starts), "rests": _texts(rests), **_coded(codes)}


_BEGINNING = re.compile("[^·,]{1,12}[·,]")
"""A word that many names begin with, and the sign after it."""
_FEW = 16
"""Different numbers up to which a column is worth coding."""


def _few(cells: list[Any]) -> dict[str, Any] | None:
    """A few numbers that repeat in runs; None where that is no shorter, or other things are among them."""
    codes: dict[str, int] = {}
    try:
        numbers = [codes.setdefault(json.dumps(cell), len(codes)) for cell in cells]
    except TypeError:
        return None
    if not cells or len(codes) > _FEW:
        return None
    coded = _coded(numbers)
    return {"values": [json.loads(each) for each in codes], **coded} if "runs" in coded else None


def coordinates(values: Iterable[float], decimals: int) -> dict[str, Any]:
    """Coordinates as whole numbers: the first, then steps.

    Parameters
    ----------
    values
        Longitudes or latitudes [deg].
    decimals
        Decimals that are kept.

    Examples
    --------
    >>> coordinates([113.5, 113.50012, 113.4], 5)
    {'per': 100000, 'steps': [11350000, 12, -10012]}
    """
    per = 10**decimals
    whole = np.rint(np.asarray(list(values), float) * per).astype(np.int64)
    return {"per": per, "steps": np.diff(whole, prepend=0).tolist()}


def _coded(codes: list[int]) -> dict[str, list[int]]:
    """Codes one by one, or as runs where that is shorter."""
    starts = [k for k, code in enumerate(codes) if k == 0 or code != codes[k - 1]]
    if 3 * len(starts) >= len(codes):
        return {"codes": codes}
    ends = [*starts[1:], len(codes)]
    return {
        "runs": [
            part for start, end in zip(starts, ends, strict=True) for part in (codes[start], end - start)
        ]
    }


def _counted(cells: list[str]) -> dict[str, Any] | None:
    """Ids as a head and a number of so many digits; None where they are not made like that."""
    found = [_NUMBERED.fullmatch(cell) for cell in cells]
    if not cells or not all(found):
        return None
    pairs = [(match.group(1), len(match.group(2))) for match in found if match]
    heads: dict[tuple[str, int], int] = {}
    codes = [heads.setdefault(pair, len(heads)) for pair in pairs]
    if 4 * len(heads) > len(cells):
        return None
    numbers = [int(match.group(2)) for match in found if match]
    return {
        "heads": [head for head, _ in heads],
        "widths": [width for _, width in heads],
        "numbers": numbers,
        **_coded(codes),
    }


def _rounded(value: Any, decimals: int) -> Any:
    return _scalar(round(value, decimals)) if isinstance(value, float) else value


def lonlat(table: gpd.GeoDataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitude and latitude of points [deg].

    Parameters
    ----------
    table
        Points; ready-made ``longitude`` and ``latitude`` columns are taken as they are.
    """
    if "longitude" in table and "latitude" in table:
        return table["longitude"].to_numpy(float), table["latitude"].to_numpy(float)
    points = table.geometry.to_crs("EPSG:4326")
    return points.x.to_numpy(float), points.y.to_numpy(float)


def shapes(geometry: gpd.GeoSeries, per_degree: float = DEGREES) -> list[list[list[list[int]]]]:
    """Polygons as whole numbers: first vertex, then steps.

    Returns
    -------
    list
        For each row its polygons, for each polygon its rings, for each ring ``[x, y, dx, dy, ...]``
        in 1/``per_degree`` degree, not closed.
    """
    return [_polygons(each, per_degree) for each in geometry.to_crs("EPSG:4326")]


def lines(geometry: gpd.GeoSeries, per_degree: float = DEGREES) -> list[list[int]]:
    """Lines as whole numbers: first vertex, then steps.

    Returns
    -------
    list
        For each line ``[x, y, dx, dy, ...]`` in 1/``per_degree`` degree.
    """
    parts = shapely.get_parts(geometry.to_crs("EPSG:4326").to_numpy())
    return [
        _steps(shapely.get_coordinates(part), per_degree) for part in parts if part.geom_type == "LineString"
    ]


def _polygons(geometry: Any, per_degree: float) -> list[list[list[int]]]:
    if geometry is None or geometry.is_empty:
        return []
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    return [
        [_steps(shapely.get_coordinates(ring)[:-1], per_degree) for ring in (part.exterior, *part.interiors)]
        for part in parts
    ]


def _steps(coordinates: NDArray[np.float64], per_degree: float) -> list[int]:
    whole = np.rint(coordinates * per_degree).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), np.int64))
    keep = np.ones(len(steps), bool)
    keep[1:] = steps[1:].any(axis=1)
    return list(steps[keep].ravel().tolist())
