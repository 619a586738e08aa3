"""From a sweep to probabilities on coarser pixels: the last kernel before demand.

A demand pixel gets the mean of the probabilities of the DEM pixels whose centres lie
in it, not the probability of their mean loss: half a pixel in deep shade is half a pixel served.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtr

from siteplan.core.grid import Grid
from siteplan.radio.linkbudget import STEP_M, TerrainBudget
from siteplan.radio.sweep import TerrainGeometry, bullington_table, nu_scale, tabled_loss

STEPS = 255
"""Steps of a probability as it is kept."""
_SCORES_PER_UNIT, _SCORE_LIMIT = 128, 5
Bytes = NDArray[np.uint8]


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


def mean_probability(
    geometry: TerrainGeometry,
    dem_grid: Grid,
    frame: DemandWindow,
    budget: TerrainBudget,
    threshold_dbm: NDArray[np.float64],
    floor: float,
    reach_m: float,
    kind: Bytes,
    more_db: NDArray[np.float32] | None = None,
) -> Bytes:
    """Mean probability of service in each pixel of a frame.

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
    threshold_dbm
        One a layer, shape (layers,) [dBm].
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
    ndarray
        uint8 in steps of 1/255, shape (layers, height, width).
    """
    window, pixel_m = geometry.window, dem_grid.resolution_m
    south_m = dem_grid.north_m - window[0].start * pixel_m + frame.row * frame.resolution_m
    east_m = frame.col * frame.resolution_m - dem_grid.west_m - window[1].start * pixel_m
    rows = _members(south_m, frame.resolution_m, frame.height, pixel_m)
    cols = _members(east_m, frame.resolution_m, frame.width, pixel_m)
    out = np.zeros((len(threshold_dbm), frame.height, frame.width), dtype=np.uint8)
    losses = budget.loss_db.astype(np.float32)
    figures = np.array(
        [budget.eirp_per_re_dbm, budget.sigma_db, floor, reach_m, budget.diffraction_weight], dtype=np.float32
    )
    more = np.zeros((0, 0), dtype=np.float32) if more_db is None else more_db
    _reduce(
        (geometry.nu_sqrt_wavelength, geometry.distance_m, more),
        np.ascontiguousarray(kind),
        (rows, cols),
        (losses, bullington_table(), _PHI),
        nu_scale(budget.frequency_mhz),
        threshold_dbm.astype(np.float32),
        figures,
        out,
    )
    return out


def _members(start_m: float, step_m: float, count: int, pixel_m: float) -> NDArray[np.int64]:
    """First and last-but-one DEM pixel whose centre lies in each demand pixel, or the nearest; (count, 2)."""
    edges = (start_m + np.arange(count + 1) * step_m) / pixel_m
    first = np.ceil(edges - 0.5 - 1e-9).astype(np.int64)
    members = np.column_stack([first[:-1], first[1:]])
    empty = members[:, 0] >= members[:, 1]
    nearest = np.floor((edges[:-1] + edges[1:]) / 2.0).astype(np.int64)
    members[empty] = np.column_stack([nearest, nearest + 1])[empty]
    return members


_PHI = ndtr(
    np.arange(-_SCORE_LIMIT * _SCORES_PER_UNIT, _SCORE_LIMIT * _SCORES_PER_UNIT + 2) / _SCORES_PER_UNIT
).astype(np.float32)


@njit(cache=True, nogil=True, error_model="numpy")
def _reduce(
    geometry: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    kind: Bytes,
    members: tuple[NDArray[np.int64], NDArray[np.int64]],
    tables: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    scale: np.float32,
    thresholds: NDArray[np.float32],
    figures: NDArray[np.float32],
    out: Bytes,
) -> None:
    """Mean probability by layer in every demand pixel; below the floor it is 0."""
    nu, distance_m, more = geometry
    rows, cols = members
    losses, edge, phi = tables
    total = np.empty(thresholds.size, dtype=np.float32)
    for r in range(rows.shape[0]):
        for c in range(cols.shape[0]):
            total[:] = np.float32(0.0)
            count = (rows[r, 1] - rows[r, 0]) * (cols[c, 1] - cols[c, 0])
            for i in range(max(rows[r, 0], 0), min(rows[r, 1], nu.shape[0])):
                for j in range(max(cols[c, 0], 0), min(cols[c, 1], nu.shape[1])):
                    if distance_m[i, j] < figures[3]:
                        loss = _clear(distance_m[i, j], losses, kind[i, j])
                        loss += figures[4] * tabled_loss(nu[i, j] * scale, distance_m[i, j], edge)
                        if more.size:
                            loss += more[i, j]
                        _add(total, figures[0] - loss, thresholds, figures[1], phi)
            for k in range(thresholds.size):
                mean = total[k] / np.float32(count)
                if mean >= figures[2]:
                    out[k, r, c] = np.uint8(mean * np.float32(STEPS) + np.float32(0.5))


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
    sigma_db: np.float32,
    phi: NDArray[np.float32],
) -> None:
    """Add the probability of each layer at one pixel."""
    limit = np.float32(_SCORE_LIMIT)
    for k in range(thresholds.size):
        score = min(max((median_dbm - thresholds[k]) / sigma_db, -limit), limit)
        place = (score + limit) * np.float32(_SCORES_PER_UNIT)
        at = int(place)
        total[k] += phi[at] + (phi[at + 1] - phi[at]) * (place - np.float32(at))
