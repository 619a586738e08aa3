"""Coordinates as people type them: decimal, degrees-minutes-seconds, both in one cell, metres of a
national grid.

Columns of parts are put together before headers are matched, so the rest of the reading
sees one text per coordinate; metres are recognised by size and placed by testing, never by assumption.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from siteplan.inputs.files.cells import is_told_blank, text_of
from siteplan.inputs.files.headers import PART_SIGN, coordinate_part, normalise
from siteplan.inputs.files.raw_table import RawTable

DEGREES_LIMIT = 1000.0
"""Numbers beyond this are metres."""
_AXIS = {"lon": "EW", "lat": "NS"}
_LETTERS = str.maketrans({"东": "E", "西": "W", "南": "S", "北": "N", "經": "", "经": "", "纬": "", "緯": ""})
_SIGNS = str.maketrans(
    {
        "°": " ",
        "º": " ",
        "˚": " ",
        "度": " ",
        "′": " ",
        "’": " ",
        "‘": " ",
        "'": " ",
        "分": " ",
        "″": " ",
        "”": " ",
        "“": " ",
        '"': " ",
        "秒": " ",
        ":": " ",
        "：": " ",
        "´": " ",
        "`": " ",
    }
)
_PARTS = re.compile(r"([-+]?)\s*(\d+(?:[.,]\d+)?)(?:[\s-]+(\d+(?:[.,]\d+)?))?(?:[\s-]+(\d+(?:[.,]\d+)?))?\s*")
_HEMISPHERE = re.compile(r"^\s*([EWNS])?\s*(.*?)\s*([EWNS])?\s*$", re.IGNORECASE)
_MIDDLE = re.compile(r"^(\d+)([EWNS])(\d.*)$", re.IGNORECASE)
_BOTH = {
    "经纬度",
    "坐标",
    "经纬度坐标",
    "地理坐标",
    "gps",
    "gps坐标",
    "位置坐标",
    "站点坐标",
    "站址坐标",
    "lonlat",
    "lnglat",
    "coordinates",
    "coordinate",
    "coord",
    "coordonnees",
    "coords",
    "lon,lat",
    "lng,lat",
    "经度,纬度",
    "经度/纬度",
    "经度、纬度",
    "point",
}
_BOTH_TURNED = {"latlon", "latlng", "lat,lon", "lat,lng", "纬经度", "纬度,经度", "纬度/经度", "纬度、经度"}
_ZONE_PREFIXES = {3: range(25, 46), 6: range(13, 24)}
_CGCS2000_BY_ZONE = {3: 4513 - 25, 6: 4491 - 13}
_CGCS2000_BY_MERIDIAN = {75 + 3 * n: 4534 + n for n in range(21)}
ON_SPOT = 0.9
"""Share of points that must fall into the area for a grid to be taken."""


def degrees_of(cells: pd.Series, sides: str = "EWNS") -> tuple[pd.Series, pd.Series]:
    """Degrees from text in any common notation.

    Returns
    -------
    tuple of Series
        float64 with NaN where blank (a 0 alone counts as blank), and a mask of the cells that are no
        coordinates.
        West and south are negative.

    Examples
    --------
    >>> texts = ["113.58", "113°35′12.5″", "E113.58", "20E15'30\\"", "西经70度39分", "113,58", "x"]
    >>> values, bad = degrees_of(pd.Series(texts))
    >>> values.round(4).tolist(), bad.tolist()[-2:]
    ([113.58, 113.5868, 113.58, 20.2583, -70.65, 113.58, nan], [False, True])
    """
    values = pd.to_numeric(cells, errors="coerce").astype("float64")
    values[~np.isfinite(values)] = np.nan
    odd = (values.isna() & cells.ne("")).to_numpy()
    if odd.any():
        read = {cell: _degrees(cell, sides) for cell in cells[odd].unique()}
        values[odd] = cells[odd].map(read).astype("float64")
    zero = values.eq(0.0).to_numpy()
    values[zero] = np.nan
    return values, pd.Series(values.isna().to_numpy() & odd & ~zero & ~cells.map(is_told_blank).to_numpy())


def _degrees(text: str, allowed: str = "EWNS") -> float:
    """One coordinate, NaN when it is none."""
    plain = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS).translate(_LETTERS)
    plain = plain.replace("−", "-").replace("–", "-").strip()
    if middle := _MIDDLE.match(plain.replace(" ", "-") if " " in plain else plain):
        plain = f"{middle[2]}{middle[1]} {middle[3].replace('-', ' ')}"
    sides = _HEMISPHERE.match(plain)
    side = ((sides and (sides[1] or sides[3])) or "").upper()
    found = _PARTS.fullmatch(sides[2] if sides else plain)
    if not found or (side and side not in allowed):
        return float("nan")
    whole, minutes, seconds = (float((part or "0").replace(",", ".")) for part in found.groups()[1:])
    if minutes >= 60.0 or seconds >= 60.0 or (found[3] and "." in found[2]) or (seconds and "." in found[3]):
        return float("nan")
    value = whole + minutes / 60.0 + seconds / 3600.0
    return -value if found[1] == "-" or side in ("W", "S") else value


def assembled(raw: RawTable) -> RawTable:
    """The table with coordinates in one column each, where the file has their parts or both in one cell.

    Returns
    -------
    RawTable
        With columns such as ``经度(度分秒)`` added; the file's own columns stay.
    """
    parts = _parts_by_header(raw.headers)
    columns: dict[str, list[str]] = {}
    made: dict[str, str] = {}
    for axis, name in (("lon", "经度"), ("lat", "纬度")):
        by_part = {part: header for header, (of, part) in parts.items() if of == axis}
        if {"deg", "min"} <= set(by_part):
            whole = next(
                (h for h in raw.headers if normalise(h) in (name, f"{axis}gitude", f"{axis}itude")), None
            )
            parts_of = _from_parts(raw.frame, by_part, axis)
            if whole is not None:
                parts_of = [
                    own or text_of(cell) for own, cell in zip(parts_of, raw.frame[whole], strict=True)
                ]
            columns[f"{name}(度分秒)"] = parts_of
            made[{"lon": "longitude", "lat": "latitude"}[axis]] = f"{name}(度分秒)"
    if not columns:
        columns = _from_both(raw)
        made = dict(zip(("longitude", "latitude"), columns, strict=False))
    if not columns:
        return raw
    frame = raw.frame.assign(**{name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
    return replace(raw, frame=frame, made=made)


def _parts_by_header(headers: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Parts of coordinates; a bare "分" or "秒" belongs to the axis on its left, and makes that one
    degrees.
    """
    found: dict[str, tuple[str, str]] = {}
    before, axis = "", None
    for header in headers:
        form = normalise(header).strip("()").rstrip("0123456789_").strip("()")
        part = coordinate_part(header)
        bare = {"分": "min", "′": "min", "秒": "sec", "′′": "sec"}.get(form)
        if part:
            found[header], axis = part, part[0]
        elif bare and axis:
            found.setdefault(before, (axis, "deg"))
            found[header] = (axis, bare)
        else:
            axis = "lon" if "经" in form else "lat" if "纬" in form else None
            axis = None if "经纬" in form or "纬经" in form else axis
        before = header
    return found


def _from_parts(frame: pd.DataFrame, by_part: dict[str, str], axis: str) -> list[str]:
    texts = {part: [_whole(cell) for cell in frame[header]] for part, header in by_part.items()}
    empty = [""] * len(frame)
    sides = texts.get("side", empty)
    rows = zip(texts["deg"], texts["min"], texts.get("sec", empty), sides, strict=True)
    return [_joined(*parts, axis) for parts in rows]


def _joined(degrees: str, minutes: str, seconds: str, side: str, axis: str) -> str:
    """Parts as one text; nothing when all parts say nothing, a text that fails when only the degrees do."""
    if not any(_says(part) for part in (degrees, minutes, seconds)):
        return ""
    minutes = minutes or ("?" if _says(seconds) else "0")
    return f"{degrees or '?'}°{minutes}′{seconds or 0}″{_side(side, axis)}"


def _whole(cell: object) -> str:
    """A part as text, 113.0 as 113; words for nothing are nothing."""
    text = re.sub(r"\.0+$", "", text_of(cell))
    return "" if is_told_blank(text) else text


def _says(part: str) -> bool:
    return part.strip("0.") != ""


def _side(text: str, axis: str) -> str:
    plain = text.translate(_LETTERS).strip().upper()
    letter = {"OST": "E", "OUEST": "W", "OESTE": "W", "O": "?"}.get(plain, plain[:1])
    return letter if letter and letter in _AXIS[axis] + "?" else ""


def _from_both(raw: RawTable) -> dict[str, list[str]]:
    """Columns from one that holds both coordinates."""
    for header in raw.headers:
        form = normalise(header).split(PART_SIGN)[-1]
        bare = re.sub(r"\(.*?\)", "", form)
        if {form, bare} & (_BOTH | _BOTH_TURNED) or bare.endswith(("经纬度", "坐标")):
            texts = [text_of(cell) for cell in raw.frame[header]]
            pairs = [split_pair(text) for text in texts]
            if any(pair != ("", "") for pair in pairs):
                turned = bool({form, bare} & _BOTH_TURNED)
                own = [_whole_column(raw, axis) for axis in ("经度", "纬度")]
                pairs = [
                    _ordered(pair, turned)
                    if pair != ("", "")
                    else (f"?{text}", f"?{text}")
                    if any(sign.isdigit() for sign in text)
                    else (column[0][i], column[1][i])
                    for i, (pair, text) in enumerate(zip(pairs, texts, strict=True))
                    for column in [own]
                ]
                return {"经度(拆分)": [a for a, _ in pairs], "纬度(拆分)": [b for _, b in pairs]}
    return {}


def is_of_coordinates(header: str) -> bool:
    """Whether a header holds a coordinate, a part of one or both [bool].

    Examples
    --------
    >>> [is_of_coordinates(header) for header in ("经度·度", "经纬度", "站点坐标", "挂高")]
    [True, True, True, False]
    """
    form = normalise(header).split(PART_SIGN)[-1]
    bare = re.sub(r"\(.*?\)", "", form)
    both = bool({form, bare} & (_BOTH | _BOTH_TURNED)) or bare.endswith(("经纬度", "坐标"))
    return both or coordinate_part(header) is not None


def _whole_column(raw: RawTable, name: str) -> list[str]:
    header = next((h for h in raw.headers if normalise(h) == name), None)
    return [""] * len(raw.frame) if header is None else [text_of(cell) for cell in raw.frame[header]]


def split_pair(text: str) -> tuple[str, str]:
    """Two coordinates of one cell as two texts, ("", "") when there are not two.

    Examples
    --------
    >>> split_pair("113.58，24.80"), split_pair("24°48′3″N 113°35′12″E"), split_pair("坪石")
    (('113.58', '24.80'), ('24°48′3″N', '113°35′12″E'), ('', ''))
    """
    plain = unicodedata.normalize("NFC", text).strip("()（）[] ")
    plain = re.sub(r"^POINT\s*\(", "", plain, flags=re.IGNORECASE).strip("() ")
    for sign in (
        r"\s*[,，;；/、|]\s*",
        r"(?<=[NSEW])(?=\d)",
        r"(?<=\S)(?=[NSEW北南东西])",
        r"(?<=[NSEW])\s+",
        r"\s+(?=[NSEW北南东西])",
        r"\s+",
    ):
        parts = [part for part in re.split(sign, plain) if part]
        if len(parts) == 2 and all(any(sign.isdigit() for sign in part) for part in parts):
            return parts[0], parts[1]
    return "", ""


def _ordered(pair: tuple[str, str], turned: bool) -> tuple[str, str]:
    """Longitude first: letters decide, then a latitude beyond 90, then the header's own order."""
    first, second = pair
    letters = [set(part.translate(_LETTERS).upper()) for part in pair]
    if letters[0] & set("NS") or letters[1] & set("EW"):
        return second, first
    if letters[0] & set("EW") or letters[1] & set("NS"):
        return first, second
    values = [abs(_degrees(part)) for part in pair]
    if values[0] <= 90.0 < values[1] < DEGREES_LIMIT:
        return second, first
    return (second, first) if turned and not values[0] > 90.0 else (first, second)


# --- metres ------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def transformer(source: str, target: str) -> Transformer:
    """Transformer between two CRS, longitude first [Transformer]; making one takes far longer than
    using it.
    """
    return Transformer.from_crs(source, target, always_xy=True)


def are_metres(first: pd.Series, second: pd.Series) -> bool:
    """Whether coordinates are metres of some grid: most of them are far beyond any degree [bool]."""
    size = np.maximum(first.abs().to_numpy(), second.abs().to_numpy())
    size = size[np.isfinite(size)]
    return bool(size.size and np.median(size) > DEGREES_LIMIT)


def grid_of(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    project_crs: str,
    box_deg: Sequence[float],
) -> list[tuple[str, bool]]:
    """Grids in which points in metres fall into an area, found by trying.

    Parameters
    ----------
    first, second
        Columns taken for longitude and latitude [m], shape (n,).
    project_crs
        Tried first.
    box_deg
        West, south, east, north of the area with its halo [deg].

    Returns
    -------
    list of tuple
        CRS and whether the columns are northing first; the best ones, usually one. Empty when none fits. A
        Chinese grid counts as CGCS2000: older datums lie within some 100 m and cannot be told apart here.
    """
    found: dict[tuple[str, bool], float] = {}
    for turned in (False, True):
        east, north = (second, first) if turned else (first, second)
        for crs in _candidate_grids(east, project_crs):
            found[crs, turned] = _share_inside(east, north, crs, box_deg)
    best = max(found.values(), default=0.0)
    if best < ON_SPOT:
        return []
    exact = [key for key, share in found.items() if share >= best - 0.02]
    own = [key for key in exact if CRS.from_user_input(key[0]) == CRS.from_user_input(project_crs)]
    return own[:1] or exact


def _candidate_grids(east: NDArray[np.float64], project_crs: str) -> Iterable[str]:
    yield project_crs
    middle = float(np.nanmedian(east))
    zone = int(middle // 1_000_000)
    for width, zones in _ZONE_PREFIXES.items():
        if zone in zones:
            yield f"EPSG:{_CGCS2000_BY_ZONE[width] + zone}"
    if 100_000 < middle < 900_000:
        yield from (f"EPSG:{code}" for code in _CGCS2000_BY_MERIDIAN.values())


def _share_inside(
    east: NDArray[np.float64], north: NDArray[np.float64], crs: str, box_deg: Sequence[float]
) -> float:
    longitude, latitude = transformer(crs, "EPSG:4326").transform(east, north)
    west, south, east_end, north_end = box_deg
    inside = (longitude >= west) & (longitude <= east_end) & (latitude >= south) & (latitude <= north_end)
    known = np.isfinite(east) & np.isfinite(north)
    return float(inside[known].mean()) if known.any() else 0.0
