"""From a sweep to scores on coarser pixels: the last kernel before demand.

A demand pixel gets the mean of the probabilities of the DEM pixels whose centres lie
in it, not the probability of their mean loss: half a pixel in deep shade is half a pixel served. It is kept
as two numbers: the score whose probability that mean is, and how sharply the mean answers when the whole
pixel gains or loses, which tells the spread inside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtri

from siteplan.core.grid import Grid
from siteplan.radio.linkbudget import STEP_M, TerrainBudget
from siteplan.radio.shadowing import NORMAL, SCORES_PER_UNIT, TABLE_LIMIT, between_steps
from siteplan.radio.sweep import TerrainGeometry, bullington_table, nu_scale, tabled_loss

SCORE_STEPS = 4096
"""Steps of a unit of score as it is kept."""
SHARPNESS_STEPS = 255
NO_SCORE = -32768
"""Score of a pixel that gets nothing."""
_SCORE_LIMIT = TABLE_LIMIT - 1
"""Score that is not told from a better one: the table holds one unit more."""
Bytes = NDArray[np.uint8]
Scores = NDArray[np.int16]


@dataclass(frozen=True)
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
    """

    row: int
    col: int
    height: int
    width: int
    resolution_m: float


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
        (losses, bullington_table(), NORMAL),
        nu_scale(budget.frequency_mhz),
        (needs.threshold_dbm.astype(np.float32), (1.0 / needs.sigma_db).astype(np.float32)),
        figures,
        mean,
    )
    return _scored(mean)


def _scored(mean: NDArray[np.float32]) -> tuple[Scores, Bytes]:
    """Score and sharpness of pixels from their mean probability as it is, and one unit worse and better.

    Of scores spread like N(z / u, 1 / u^2 - 1) the three are Phi(z), Phi(z - u) and Phi(z + u).
    """
    score = np.full((mean.shape[0], *mean.shape[2:]), NO_SCORE, dtype=np.int16)
    sharpness = np.zeros(score.shape, dtype=np.uint8)
    at = np.nonzero(mean[:, 0])
    here, worse, better = (ndtri(mean[:, each][at].astype(np.float64)) for each in range(3))
    limited = np.clip(here, -_SCORE_LIMIT, _SCORE_LIMIT)
    score[at] = np.round(limited * SCORE_STEPS).astype(np.int16)
    known = np.isfinite(worse) & np.isfinite(better) & (better < _SCORE_LIMIT - 1)
    both = np.where(known, better, 0.0) - np.where(known, worse, 0.0)
    share = np.where(known, np.clip(both / 2.0, 1.0 / SHARPNESS_STEPS, 1.0), 1.0)
    sharpness[at] = np.round(share * SHARPNESS_STEPS).astype(np.uint8)
    return score, sharpness


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
    tables: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    scale: np.float32,
    needs: tuple[NDArray[np.float32], NDArray[np.float32]],
    figures: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Mean probability by layer in every pixel, as it is, a unit worse and better; 0 below the floor."""
    nu, distance_m, more = geometry
    rows, cols = members
    losses, edge, phi = tables
    thresholds, per_sigma = needs
    total = np.empty((thresholds.size, 3), dtype=np.float32)
    for r in range(rows.shape[0]):
        for c in range(cols.shape[0]):
            total[:] = np.float32(0.0)
            count = np.float32((rows[r, 1] - rows[r, 0]) * (cols[c, 1] - cols[c, 0]))
            for i in range(max(rows[r, 0], 0), min(rows[r, 1], nu.shape[0])):
                for j in range(max(cols[c, 0], 0), min(cols[c, 1], nu.shape[1])):
                    if distance_m[i, j] < figures[2]:
                        loss = _clear(distance_m[i, j], losses, kind[i, j])
                        loss += figures[3] * tabled_loss(nu[i, j] * scale, distance_m[i, j], edge)
                        if more.size:
                            loss += more[i, j]
                        _add(total, figures[0] - loss, thresholds, per_sigma, phi)
            for k in range(thresholds.size):
                if total[k, 0] >= figures[1] * count:
                    for which in range(3):
                        out[k, which, r, c] = total[k, which] / count


@njit(cache=True, nogil=True, error_model="numpy")
def _clear(distance_m: np.float32, losses: NDArray[np.float32], kind: np.uint8) -> np.float32:
    """Loss without diffraction at a distance, linear between steps [dB]."""
    place = distance_m * np.float32(1.0 / STEP_M)
    k = min(int(place), losses.shape[1] - 2)
    share = place - np.float32(k)
    return losses[kind, k] + (losses[kind, k + 1] - losses[kind, k]) * share


@njit(cache=True, nogil=True, error_model="numpy")
def _add(
    total: NDArray[np.float32],
    median_dbm: np.float32,
    thresholds: NDArray[np.float32],
    per_sigma: NDArray[np.float32],
    phi: NDArray[np.float32],
) -> None:
    """Add the probability of each layer at one pixel: as it is, one unit of score worse, and better."""
    limit = np.float32(_SCORE_LIMIT)
    for k in range(thresholds.size):
        score = min(max((median_dbm - thresholds[k]) * per_sigma[k], -limit), limit)
        place = (score + limit) * np.float32(SCORES_PER_UNIT)
        worse = int(place)
        share = place - np.float32(worse)
        at, better = worse + SCORES_PER_UNIT, worse + 2 * SCORES_PER_UNIT
        total[k, 0] += between_steps(phi, at, share)
        total[k, 1] += between_steps(phi, worse, share)
        total[k, 2] += between_steps(phi, better, share)
