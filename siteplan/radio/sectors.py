"""What sectors take from the EIRP: the pattern of each one towards a pixel, the best one counts.

One decision to know: a sector without an azimuth radiates the same everywhere, and so does a mast whose
table names no sector; the pattern is that of :mod:`siteplan.radio.antenna`, compiled for windows of pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from siteplan.radio.linkbudget import SectorPattern

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Sector:
    """One antenna of a mast.

    Attributes
    ----------
    azimuth_deg
        Clockwise from north [deg]; NaN for an omnidirectional antenna.
    downtilt_deg
        Mechanical and electrical together [deg]; NaN takes the antenna class's.
    extra_db
        Its EIRP less that of its band and area class [dB].
    """

    azimuth_deg: float = math.nan
    downtilt_deg: float = math.nan
    extra_db: float = 0.0

    @property
    def is_aimed(self) -> bool:
        """Whether it has an azimuth."""
        return not math.isnan(self.azimuth_deg)


def sector_loss_db(
    sectors: Sequence[Sector],
    shape: SectorPattern,
    east_m: ArrayLike,
    north_m: ArrayLike,
    drop_m: ArrayLike,
) -> Values:
    """Attenuation of the best sector of a mast towards points. [dB]

    Parameters
    ----------
    sectors
        At least one.
    shape
        Pattern of the band's antenna.
    east_m, north_m
        Points from the mast, of one shape [m].
    drop_m
        Antenna above the receiver, over the sea, of a shape that goes with them [m].

    Returns
    -------
    ndarray
        float32 of the common shape; negative where a sector is stronger than its class.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.3-1.

    Examples
    --------
    >>> from siteplan.radio.antenna import Pattern
    >>> shape = SectorPattern(Pattern(), downtilt_deg=0.0)
    >>> north = [Sector(azimuth_deg=0.0)]
    >>> sector_loss_db(north, shape, [0.0, 1000.0], [1000.0, 0.0], 0.0).round(1).tolist()
    [0.0, 23.0]
    """
    east, north, drop = np.broadcast_arrays(
        np.asarray(east_m, dtype=np.float32), np.asarray(north_m, dtype=np.float32),
        np.asarray(drop_m, dtype=np.float32),
    )  # fmt: skip
    flat = [np.ascontiguousarray(each).ravel() for each in (east, north, drop)]
    loss = np.empty(flat[0].size, dtype=np.float32)
    _best(flat[0], flat[1], flat[2], _figures(sectors, shape), _limits(shape), loss)
    return loss.reshape(east.shape)


def _figures(sectors: Sequence[Sector], shape: SectorPattern) -> NDArray[np.float64]:
    """Azimuth, downtilt and extra EIRP, one row a sector; azimuth NaN where there is no pattern."""
    tilts = [shape.downtilt_deg if math.isnan(each.downtilt_deg) else each.downtilt_deg for each in sectors]
    rows = [(each.azimuth_deg, tilt, each.extra_db) for each, tilt in zip(sectors, tilts, strict=True)]
    return np.array(rows, dtype=np.float64)


def _limits(shape: SectorPattern) -> NDArray[np.float64]:
    pattern = shape.pattern
    return np.array(
        [
            pattern.horizontal_beamwidth_deg, pattern.vertical_beamwidth_deg, pattern.front_to_back_db,
            pattern.side_lobe_db, shape.horizontal_weight, shape.vertical_weight,
        ]
    )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _best(
    east: Values,
    north: Values,
    drop: Values,
    sectors: NDArray[np.float64],
    limits: NDArray[np.float64],
    loss: Values,
) -> None:
    """Loss of the sector that loses least, point by point."""
    degrees = 180.0 / math.pi
    for i in range(east.size):
        azimuth = math.atan2(east[i], north[i]) * degrees
        depression = math.atan2(drop[i], math.hypot(east[i], north[i])) * degrees
        best = 1.0e9
        for s in range(sectors.shape[0]):
            felt = 0.0
            if not math.isnan(sectors[s, 0]):
                off = (azimuth - sectors[s, 0] + 540.0) % 360.0 - 180.0
                across = min(12.0 * (off / limits[0]) ** 2, limits[2])
                down = min(12.0 * ((depression - sectors[s, 1]) / limits[1]) ** 2, limits[3])
                felt = min(limits[4] * across + limits[5] * down, limits[2])
            best = min(best, felt - sectors[s, 2])
        loss[i] = best
