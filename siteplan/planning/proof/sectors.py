"""Where three sectors of a ranked place would look: by the weight it newly covers, tilted to reach it.

A hint for the order to the tower company: the choice itself counts the largest gain in every direction.
"""

from __future__ import annotations

import itertools
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.grid import Raster
from siteplan.coverage.demand import DemandGrid
from siteplan.planning.stages import Solved
from siteplan.radio.antenna import horizontal_attenuation_db

Values = NDArray[np.float64]
SECTORS = ["candidate_id", "azimuths", "downtilts", "pattern_share"]
"""Azimuths and downtilts as whole degrees, ``30/150/270``; share of the omnidirectional weight the three
patterns keep [0-1]."""
_STEP_DEG, _LEAST_APART_DEG, _MOST_TILT_DEG = 10, 60, 15.0


def sector_table(
    proposed: gpd.GeoDataFrame, solved: Solved, dem: Raster | None, receiver_height_m: float
) -> pd.DataFrame:
    """Azimuths and downtilts of three sectors for every ranked place that newly covers anything.

    Parameters
    ----------
    proposed
        Ranked rows in the project's CRS with ``candidate_id, antenna_height_m``.
    solved
        The plan.
    dem
        Relief; without it the ground is level.
    receiver_height_m
        Of the phone [m].

    Returns
    -------
    DataFrame
        Columns ``SECTORS``; bearings are those of the project's grid.
    """
    ready, chosen = solved.ready, solved.replanned.selection.columns
    position = {each: n for n, each in enumerate(ready.candidates["candidate_id"])}
    pixel_of_row = _pixel_of_row(ready.demand)
    x, y = ready.demand.centres()
    rows = []
    for place in proposed.itertuples():
        columns = chosen[ready.options.place[chosen] == position[place.candidate_id]]
        easting_m, northing_m = place.geometry.x, place.geometry.y
        pixels, weight = _weights(solved, columns, pixel_of_row)
        east, north = x[pixels] - easting_m, y[pixels] - northing_m
        away = np.hypot(east, north)
        far = away > 0.0
        if not weight[far].sum() > 0.0:
            continue
        bearing = np.degrees(np.arctan2(east, north))[far] % 360.0
        azimuths, share = best_azimuths(bearing, weight[far])
        drop = place.antenna_height_m - receiver_height_m + _ground(dem, easting_m, northing_m)[0]
        down = np.degrees(np.arctan2(drop - _ground(dem, x[pixels], y[pixels])[far], away[far]))
        tilts = downtilts(bearing, down, weight[far], azimuths)
        rows.append((place.candidate_id, _joined(azimuths), _joined(tilts), round(share, 4)))
    return pd.DataFrame(rows, columns=SECTORS)


def best_azimuths(bearing_deg: Values, weight: Values) -> tuple[Values, float]:
    """Three azimuths that keep most of a weight, with the pattern of 3GPP TR 38.901.

    Parameters
    ----------
    bearing_deg
        Direction of each weight, clockwise from north, 0 to 360 [deg], shape (n,).
    weight
        Not negative, shape (n,).

    Returns
    -------
    tuple
        Azimuths, ascending, multiples of 10 and at least 60 apart [deg], and the share of the weight that
        the strongest of their patterns keeps, in power [0-1]. Ties go to the smaller azimuths.

    Examples
    --------
    >>> azimuths, share = best_azimuths(np.array([0.0, 120.0, 240.0]), np.ones(3))
    >>> azimuths.tolist(), round(share, 3)
    ([0.0, 120.0, 240.0], 1.0)
    """
    bins = (np.round(bearing_deg / _STEP_DEG).astype(np.int64)) % (360 // _STEP_DEG)
    sums = np.bincount(bins, weights=weight, minlength=360 // _STEP_DEG)
    triples, kept = _patterns()
    best = int(np.argmax(np.round(kept @ sums / sums.sum(), 9)))
    return triples[best] * float(_STEP_DEG), float(kept[best] @ sums / sums.sum())


@cache
def _patterns() -> tuple[Values, Values]:
    """Every choice of three azimuths [steps], and the power it sends into each direction [0-1]."""
    count, apart = 360 // _STEP_DEG, _LEAST_APART_DEG // _STEP_DEG
    triples = np.array(
        [
            (a, b, c)
            for a, b, c in itertools.combinations(range(count), 3)
            if b - a >= apart and c - b >= apart and count - (c - a) >= apart
        ],
        dtype=np.float64,
    )
    steps = np.arange(count)[:, None] - np.arange(count)[None, :]
    power = 10.0 ** (-horizontal_attenuation_db(steps * float(_STEP_DEG)) / 10.0)
    return triples, power[triples.astype(np.int64)].max(axis=1)


def downtilts(bearing_deg: Values, down_deg: Values, weight: Values, azimuths_deg: Values) -> Values:
    """Downtilt of each sector: the weighted median of the angles down to what it looks at.

    Parameters
    ----------
    bearing_deg, down_deg, weight
        Direction, angle below the horizon [deg] and weight of each pixel, shape (n,).
    azimuths_deg
        Of the sectors [deg], shape (k,).

    Returns
    -------
    ndarray
        0 to 15 [deg], shape (k,); 0 for a sector that looks at nothing.

    Examples
    --------
    >>> angles = np.array([2.0, 4.0, 30.0])
    >>> downtilts(np.array([0.0, 5.0, 180.0]), angles, np.array([1.0, 3.0, 1.0]), np.array([0.0, 180.0]))
    array([ 4., 15.])
    """
    turn = np.abs((bearing_deg[:, None] - azimuths_deg[None, :] + 180.0) % 360.0 - 180.0)
    owner = turn.argmin(axis=1)
    found = np.zeros(len(azimuths_deg))
    for sector in range(len(azimuths_deg)):
        own = np.flatnonzero(owner == sector)
        if len(own) and weight[own].sum() > 0.0:
            order = own[np.argsort(down_deg[own], kind="stable")]
            half = np.searchsorted(np.cumsum(weight[order]), 0.5 * weight[order].sum())
            found[sector] = down_deg[order[half]]
    return np.clip(found, 0.0, _MOST_TILT_DEG)


def _pixel_of_row(demand: DemandGrid) -> NDArray[np.int64]:
    """Position in the demand's pixels of every row."""
    found = np.zeros(int(demand.row_of.max(initial=-1)) + 1, dtype=np.int64)
    for row_of in demand.row_of:
        asked = row_of >= 0
        found[row_of[asked]] = np.flatnonzero(asked)
    return found


def _weights(
    solved: Solved, columns: NDArray[np.int64], pixel_of_row: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Values]:
    """Pixels some columns newly cover, and the weight of each; a row stands once for every node."""
    problem = solved.ready.problem
    nodes = len(solved.ready.existing.outage.shadowing.weight)
    parts = [slice(problem.indptr[c], problem.indptr[c + 1]) for c in columns]
    rows = np.concatenate([np.asarray(problem.rows[part], dtype=np.int64) for part in parts])
    values = np.concatenate([problem.values[part].astype(np.float64) for part in parts])
    pixels, where = np.unique(pixel_of_row[rows // nodes], return_inverse=True)
    sums = np.bincount(where, weights=values * problem.weight[rows], minlength=len(pixels))
    return pixels.astype(np.int64), sums.astype(np.float64)


def _ground(dem: Raster | None, easting_m: Values | float, northing_m: Values | float) -> Values:
    """Height of the ground [m]; 0 where the relief does not say."""
    x, y = np.atleast_1d(np.asarray(easting_m, float)), np.atleast_1d(np.asarray(northing_m, float))
    if dem is None:
        return np.zeros(len(x))
    row, col = dem.grid.index(x, y)
    on = dem.grid.inside(row, col)
    found = np.zeros(len(x))
    found[on] = dem.values[row[on], col[on]].astype(np.float64)
    return np.nan_to_num(found)


def _joined(degrees: Values) -> str:
    return "/".join(f"{each:.0f}" for each in degrees)
