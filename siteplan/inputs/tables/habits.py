"""Habits of lists that a single cell does not show: pasted twice, coordinates cut to a few decimals."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.errors import Fault
from siteplan.inputs.files.cells import text_of
from siteplan.inputs.files.raw_table import RawTable

_FEWEST_TWICE = 3
"""Rows of a list from which it is noticed that they stand twice."""
_MOST_LISTED = 300_000
"""Rows from which a table is no list of places but a log, of which nobody pastes a second copy by hand."""
_COARSE_DECIMALS = 2
"""Decimals of a degree that say no more than the next kilometre."""
_FEWEST_COARSE, _LEAST_COARSE = 5, 0.2
"""Rows, and share of a list, from which coarse coordinates are no chance."""


def pasted_twice(raw: RawTable, ids: Collection[str]) -> list[Fault]:
    """Whether the second half of a list is the first one under other ids."""
    half, rest = divmod(len(raw.frame), 2)
    kept = [header for header in raw.headers if header not in ids]
    if rest or half < _FEWEST_TWICE or not kept or raw.geometry is not None or len(raw.frame) > _MOST_LISTED:
        return []
    texts = pd.DataFrame({header: raw.frame[header].map(text_of) for header in kept})
    first, second = texts.iloc[:half].to_numpy(), texts.iloc[half:].to_numpy()
    if not (first == second).all() or len(texts.drop_duplicates()) < half:
        return []
    return [raw.fault("warning", "pasted_twice", int(raw.rows[half]), "", count=half)]


def coarse_coordinates(raw: RawTable, longitude: pd.Series, latitude: pd.Series) -> list[Fault]:
    """Coordinates in degrees of which both end after two decimals: about a kilometre."""
    coarse = _is_coarse(longitude) & _is_coarse(latitude)
    count = int(coarse.sum())
    if count < max(_FEWEST_COARSE, _LEAST_COARSE * len(coarse)):
        return []
    first = int(np.flatnonzero(coarse)[0])
    value = f"{longitude.iloc[first]:g}, {latitude.iloc[first]:g}"
    return [raw.fault("warning", "coordinates_coarse", int(raw.rows[first]), "", count=count, value=value)]


def _is_coarse(degrees: pd.Series) -> NDArray[np.bool_]:
    values = degrees.to_numpy(dtype=np.float64)
    return np.isfinite(values) & (np.abs(values - np.round(values, _COARSE_DECIMALS)) < 1e-9)
