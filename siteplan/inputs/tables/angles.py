"""Cells that hold the angles of a station's sectors, such as "0/120/240".

Only a word for "all round", or nothing, means an omnidirectional antenna; a 0 is an
azimuth of north.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from siteplan.inputs.files.headers import normalise
from siteplan.inputs.tables.networks import is_blank

_SPLIT = re.compile(r"[/、，,;；|\s]+")
_ALL_ROUND = {"全向", "全向天线", "omni", "omnidirectional", "无", "-", "—"}
LIMITS = {"azimuth_deg": (-360.0, 360.0)}
"""Angles a column may hold; every other column takes -90 to 90 [deg]."""


def angles_of(text: object) -> tuple[float, ...] | None:
    """Angles named in one cell.

    Parameters
    ----------
    text
        The cell: empty, a word for an omnidirectional antenna, or numbers.

    Returns
    -------
    tuple of float or None
        One a sector [deg], none for an omnidirectional antenna; None when the cell cannot be read.

    Examples
    --------
    >>> angles_of("0/120/240"), angles_of("全向"), angles_of("NE")
    ((0.0, 120.0, 240.0), (), None)
    """
    if is_blank(text) or normalise(text) in _ALL_ROUND:
        return ()
    plain = unicodedata.normalize("NFKC", str(text)).strip()
    parts = [part.rstrip("°度") for part in _SPLIT.split(plain) if part]
    try:
        return tuple(float(part) for part in parts)
    except ValueError:
        return None


def canonical_angles(cells: pd.Series, column: str) -> tuple[pd.Series, pd.Series]:
    """Cells as "0/120/240", and which of them cannot be read.

    Parameters
    ----------
    cells
        Text or None.
    column
        siteplan's name of the column; it decides which angles make sense.

    Returns
    -------
    tuple of Series
        Text, "" for omnidirectional; and True where a cell is not angles.
    """
    low, high = LIMITS.get(column, (-90.0, 90.0))
    read = [angles_of(cell) for cell in cells]
    bad = [each is None or any(not low <= angle <= high for angle in each) for each in read]
    text = ["" if wrong or each is None else joined(each) for each, wrong in zip(read, bad, strict=True)]
    return pd.Series(text, dtype=object), pd.Series(bad, dtype=bool)


def joined(angles: tuple[float, ...]) -> str:
    """Angles in the canonical form [str]."""
    return "/".join(f"{angle:g}" for angle in angles)


def downtilts_of(frame: pd.DataFrame) -> pd.Series:
    """Total downtilt of every row: as given, else mechanical and electrical together.

    Parameters
    ----------
    frame
        With ``downtilt_deg``, or ``mechanical_downtilt_deg`` and ``electrical_downtilt_deg``, canonical.

    Returns
    -------
    Series
        Canonical text, "" where nothing is said.
    """
    names = ("downtilt_deg", "mechanical_downtilt_deg", "electrical_downtilt_deg")
    rows = zip(*(_angles_in(frame, name) for name in names), strict=True)
    return pd.Series([joined(whole or _added(*parts)) for whole, *parts in rows], dtype=object)


def _angles_in(frame: pd.DataFrame, column: str) -> list[tuple[float, ...]]:
    """Angles of every row of a column; none where it is absent."""
    cells = frame[column] if column in frame else [""] * len(frame)
    return [angles_of(cell) or () for cell in cells]


def _added(first: tuple[float, ...], second: tuple[float, ...]) -> tuple[float, ...]:
    """Sums sector by sector; one value stands for all sectors, none for zero.

    Numbers that go neither way are put one after the other: the caller sees that they fit no azimuths.
    """
    if not first or not second:
        return first or second
    count = max(len(first), len(second))
    if {len(first), len(second)} - {1, count}:
        return (*first, *second)
    return tuple(np.broadcast_to(first, count) + np.broadcast_to(second, count))
