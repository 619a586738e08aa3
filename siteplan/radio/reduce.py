"""From a sweep to scores on coarser pixels: the last kernel before demand.

A demand pixel gets the mean of the probabilities of the DEM pixels whose centres lie
in it, not the probability of their mean loss: half a pixel in deep shade is half a pixel served. It is kept
as two numbers: the score whose probability that mean is, and how sharply the mean answers when the whole
pixel gains or loses, which tells the spread inside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteplan.core.grid import Grid
from siteplan.radio.linkbudget import STEP_M, TerrainBudget
from siteplan.radio.sweep import TerrainGeometry, bullington_table, nu_scale, tabled_loss

SCORE_STEPS = 4096
"""Steps of a unit of score as it is kept."""
SHARPNESS_STEPS = 255
NO_SCORE = -32768
"""Score of a pixel that gets nothing."""
SCORE_LIMIT = 5
"""Score that is not told from a better one."""
_ALL = 1.0 - 1e-7
_NOWHERE_DBM = -999.0
Bytes = NDArray[np.uint8]
Scores = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class DemandWindow:
    """Demand pixels around a mast, counted from the origin of the CRS.

    Attributes
    ----------
    row, col
        Of the upper-left pixel; rows count southward.
    height, width
        Size.
    resolution_m
        Pixel edge [m].
    wanted
        Which of them are asked for, shape (height, width); None for all.
    """

    row: int
    col: int
    height: int
    width: int
    resolution_m: float
    wanted: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Needs:
    """What layers ask of a band.

    Attributes
    ----------
    threshold_dbm, sigma_db
        Level, and spread of shadowing about it, shape (layers,) [dBm, dB].
    """

    threshold_dbm: NDArray[np.float64]
    sigma_db: NDArray[np.float64]


def mean_score(
    geometry: TerrainGeometry,
    dem_grid: Grid,
    frame: DemandWindow,
    budget: TerrainBudget,
    needs: Needs,
    floor: float,
    reach_m: float,
    kind: Bytes,
    more_db: NDArray[np.float32] | None = None,
) -> tuple[Scores, Bytes]:
    """Score of service in each pixel of a frame, and its sharpness.

    Parameters
    ----------
    geometry
        Sweep around the mast.
    dem_grid
        Grid of its DEM.
    frame
        Pixels asked for.
    budget
        Losses of the band.
    needs
        Thresholds of the layers, and spreads about them.
    floor
        Probability below which a pixel gets nothing [0-1].
    reach_m
        Distance beyond which nothing counts [m].
    kind
        Kind of clutter of every pixel of the sweep's window: a row of ``budget.loss_db``.
    more_db
        Further loss of those pixels, such as that of the antenna's pattern [dB]; None for none.

    Returns
    -------
    tuple of ndarray
        int16, z in steps of 1/4096 with Phi(z) the mean probability, ``NO_SCORE`` below the floor; and uint8,
        u = 1 / sqrt(1 + tau^2) in steps of 1/255 with tau the spread of the scores inside the pixel; both of
        shape (layers, height, width).
    """
    window, pixel_m = geometry.window, dem_grid.resolution_m
    south_m = dem_grid.north_m - window[0].start * pixel_m + frame.row * frame.resolution_m
    east_m = frame.col * frame.resolution_m - dem_grid.west_m - window[1].start * pixel_m
    rows = _members(south_m, frame.resolution_m, frame.height, pixel_m)
    cols = _members(east_m, frame.resolution_m, frame.width, pixel_m)
    mean = np.zeros((len(needs.threshold_dbm), 3, frame.height, frame.width), dtype=np.float32)
    losses = budget.loss_db.astype(np.float32)
    figures = np.array([budget.eirp_per_re_dbm, floor, reach_m, budget.diffraction_weight], dtype=np.float32)
    more = np.zeros((0, 0), dtype=np.float32) if more_db is None else more_db
    _reduce(
        (geometry.nu_sqrt_wavelength, geometry.distance_m, more),
        np.ascontiguousarray(kind),
        (rows, cols),
        (losses, bullington_table()),
        nu_scale(budget.frequency_mhz),
        (needs.threshold_dbm.astype(np.float32), (1.0 / needs.sigma_db).astype(np.float32)),
        figures,
        np.ones((frame.height, frame.width), dtype=np.bool_) if frame.wanted is None else frame.wanted,
        mean,
    )
    return _scored(mean)


def _scored(mean: NDArray[np.float32]) -> tuple[Scores, Bytes]:
    """Score and sharpness of pixels from their mean probability as it is, and one unit worse and better.

    Of scores spread like N(z / u, 1 / u^2 - 1) the three are Phi(z), Phi(z - u) and Phi(z + u).
    """
    score = np.full((mean.shape[0], *mean.shape[2:]), NO_SCORE, dtype=np.int16)
    sharpness = np.zeros(score.shape, dtype=np.uint8)
    _score_all(mean, score, sharpness)
    return score, sharpness


@njit(cache=True, nogil=True, error_model="numpy")
def _score_all(mean: NDArray[np.float32], score: Scores, sharpness: Bytes) -> None:
    for k in range(mean.shape[0]):
        for r in range(mean.shape[2]):
            for c in range(mean.shape[3]):
                if mean[k, 0, r, c] <= np.float32(0.0):
                    continue
                here = normal_quantile(min(np.float64(mean[k, 0, r, c]), _ALL))
                here = min(max(here, -SCORE_LIMIT), SCORE_LIMIT)
                score[k, r, c] = round(here * SCORE_STEPS)
                worse, better = mean[k, 1, r, c], mean[k, 2, r, c]
                share = 1.0
                if worse > 0.0 and better < _ALL:
                    high = normal_quantile(better)
                    if high < SCORE_LIMIT - 1:
                        share = min(max((high - normal_quantile(worse)) / 2.0, 1.0 / SHARPNESS_STEPS), 1.0)
                sharpness[k, r, c] = round(share * SHARPNESS_STEPS)


@njit(cache=True, nogil=True, error_model="numpy")
def normal_quantile(probability: float) -> float:
    """The z with Phi(z) a probability between 0 and 1, to seven digits.

    References
    ----------
    .. [1] M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
       Statistics 37 (1988), routine PPND7, doi 10.2307/2347330.
    """
    q = probability - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        return q * top / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0)
    r = math.sqrt(-math.log(probability if q < 0.0 else 1.0 - probability))
    if r <= 5.0:
        r -= 1.6
        z = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        z /= (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r -= 5.0
        z = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        z /= (0.012258202635 * r + 0.24197894225) * r + 1.0
    return -z if q < 0.0 else z


def _members(start_m: float, step_m: float, count: int, pixel_m: float) -> NDArray[np.int64]:
    """First and last-but-one DEM pixel whose centre lies in each demand pixel, or the nearest; (count, 2)."""
    edges = (start_m + np.arange(count + 1) * step_m) / pixel_m
    first = np.ceil(edges - 0.5 - 1e-9).astype(np.int64)
    members = np.column_stack([first[:-1], first[1:]])
    empty = members[:, 0] >= members[:, 1]
    nearest = np.floor((edges[:-1] + edges[1:]) / 2.0).astype(np.int64)
    members[empty] = np.column_stack([nearest, nearest + 1])[empty]
    return members


@njit(cache=True, nogil=True, error_model="numpy")
def _reduce(
    geometry: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    kind: Bytes,
    members: tuple[NDArray[np.int64], NDArray[np.int64]],
    tables: tuple[NDArray[np.float32], NDArray[np.float32]],
    scale: np.float32,
    needs: tuple[NDArray[np.float32], NDArray[np.float32]],
    figures: NDArray[np.float32],
    wanted: NDArray[np.bool_],
    out: NDArray[np.float32],
) -> None:
    """Mean probability by layer in every pixel, as it is, a unit worse and better; 0 below the floor.

    Line by line, the DEM's pixels of those wanted side by side, so that the processor takes many at once.
    """
    rows, cols = members
    distance_m, width = geometry[1], geometry[0].shape[1]
    thresholds, per_sigma = needs
    at, end = np.empty(width + cols.shape[0], dtype=np.int64), np.empty(cols.shape[0], dtype=np.int64)
    median = np.empty(at.size, dtype=np.float32)
    total = np.empty((thresholds.size, 3, at.size), dtype=np.float32)
    for r in range(rows.shape[0]):
        top, bottom = max(rows[r, 0], 0), min(rows[r, 1], distance_m.shape[0])
        n = 0
        for c in range(cols.shape[0]):
            if wanted[r, c]:
                n = _listed(distance_m, top, bottom, cols[c], figures[2], at, n)
            end[c] = n
        if n == 0:
            continue
        total[:, :, :n] = np.float32(0.0)
        for i in range(top, bottom):
            _medians(geometry, kind, i, at, n, tables, scale, figures, median)
            for k in range(thresholds.size):
                _add_normal(median, n, thresholds[k], per_sigma[k], total[k])
        _mean(total, end, members, r, figures[1], out)


@njit(cache=True, nogil=True, error_model="numpy")
def _listed(
    distance_m: NDArray[np.float32],
    top: int,
    bottom: int,
    span: NDArray[np.int64],
    reach_m: np.float32,
    at: NDArray[np.int64],
    n: int,
) -> int:
    """Append the columns of one demand pixel, if any of it lies within reach; how many there are now."""
    first, last = max(span[0], 0), min(span[1], distance_m.shape[1])
    near = False
    for i in range(top, bottom):
        for j in range(first, last):
            near = near or distance_m[i, j] < reach_m
    if near:
        for j in range(first, last):
            at[n] = j
            n += 1
    return n


@njit(cache=True, nogil=True, error_model="numpy")
def _medians(
    geometry: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    kind: Bytes,
    i: int,
    at: NDArray[np.int64],
    n: int,
    tables: tuple[NDArray[np.float32], NDArray[np.float32]],
    scale: np.float32,
    figures: NDArray[np.float32],
    median: NDArray[np.float32],
) -> None:
    """Median level of some pixels of a line [dBm]; nothing beyond the reach."""
    nu, distance_m, more = geometry
    losses, edge = tables
    for t in range(n):
        j = at[t]
        away = distance_m[i, j]
        if away < figures[2]:
            loss = _clear(away, losses, kind[i, j]) + figures[3] * tabled_loss(nu[i, j] * scale, away, edge)
            median[t] = figures[0] - (loss + more[i, j] if more.size else loss)
        else:
            median[t] = np.float32(_NOWHERE_DBM)


@njit(cache=True, nogil=True, error_model="numpy")
def _mean(
    total: NDArray[np.float32],
    end: NDArray[np.int64],
    members: tuple[NDArray[np.int64], NDArray[np.int64]],
    r: int,
    floor: np.float32,
    out: NDArray[np.float32],
) -> None:
    """Means of a line of demand pixels over all DEM pixels they have, those beyond the DEM as nothing."""
    rows, cols = members
    for c in range(cols.shape[0]):
        start = end[c - 1] if c else 0
        if end[c] == start:
            continue
        count = np.float32((rows[r, 1] - rows[r, 0]) * (cols[c, 1] - cols[c, 0]))
        for k in range(total.shape[0]):
            for which in range(3):
                held = np.float32(0.0)
                for t in range(start, end[c]):
                    held += total[k, which, t]
                out[k, which, r, c] = held / count
            if out[k, 0, r, c] < floor:
                out[k, :, r, c] = np.float32(0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _clear(distance_m: np.float32, losses: NDArray[np.float32], kind: np.uint8) -> np.float32:
    """Loss without diffraction at a distance, linear between steps [dB]."""
    place = distance_m * np.float32(1.0 / STEP_M)
    k = min(int(place), losses.shape[1] - 2)
    share = place - np.float32(k)
    return losses[kind, k] + (losses[kind, k + 1] - losses[kind, k]) * share


@njit(cache=True, nogil=True, error_model="numpy")
def _add_normal(
    median_dbm: NDArray[np.float32],
    n: int,
    threshold_dbm: np.float32,
    per_sigma: np.float32,
    total: NDArray[np.float32],
) -> None:
    """Add the probability of a layer at some pixels: as it is, one unit of score worse, and better.

    The normal distribution by the error function of Abramowitz and Stegun, 7.1.28, to 1e-6: no table, so
    that the loop runs in lanes.
    """
    limit = np.float32(SCORE_LIMIT)
    for t in range(n):
        score = (median_dbm[t] - threshold_dbm) * per_sigma
        score = -limit if score < -limit else score
        score = limit if score > limit else score
        for which in range(3):
            z = score if which == 0 else (score - np.float32(1.0) if which == 1 else score + np.float32(1.0))
            x = abs(z) * np.float32(0.70710678)
            q = np.float32(0.0002765672) + x * np.float32(0.0000430638)
            q = np.float32(0.0092705272) + x * (np.float32(0.0001520143) + x * q)
            q = np.float32(1.0) + x * (np.float32(0.0705230784) + x * (np.float32(0.0422820123) + x * q))
            q *= q
            q *= q
            q *= q
            q *= q
            tail = np.float32(0.5) / q
            total[which, t] += np.float32(1.0) - tail if z > np.float32(0.0) else tail
