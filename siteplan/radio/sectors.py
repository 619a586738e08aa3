"""What sectors take from the EIRP: the pattern of each one towards a pixel, the best one counts.

A sector without an azimuth radiates the same everywhere, and so does a mast whose
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

    def tilt_deg(self, usual_deg: float) -> float:
        """Its downtilt, or the usual one of its antenna where it says nothing [deg]."""
        return usual_deg if math.isnan(self.downtilt_deg) else self.downtilt_deg


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
    return attenuation_db(sectors, shape, directions(east_m, north_m, drop_m))


@dataclass(frozen=True, eq=False)
class Directions:
    """Where points lie as a mast sees them; the same for all its bands and sectors.

    Attributes
    ----------
    azimuth_deg
        Clockwise from north, -180 to 180 [deg].
    depression_deg
        Below the horizon, of the same shape [deg].
    """

    azimuth_deg: Values
    depression_deg: Values


def directions(east_m: ArrayLike, north_m: ArrayLike, drop_m: ArrayLike) -> Directions:
    """Azimuth and depression of points.

    Parameters
    ----------
    east_m, north_m
        Points from the mast, of one shape [m].
    drop_m
        Antenna above the receiver, over the sea, of a shape that goes with them [m].

    Returns
    -------
    Directions
        float32, of the common shape.
    """
    east, north, drop = np.broadcast_arrays(
        np.asarray(east_m, dtype=np.float32),
        np.asarray(north_m, dtype=np.float32),
        np.asarray(drop_m, dtype=np.float32),
    )
    azimuth, depression = np.empty(east.shape, dtype=np.float32), np.empty(east.shape, dtype=np.float32)
    flat = [np.ascontiguousarray(each).ravel() for each in (east, north, drop)]
    _towards(flat[0], flat[1], flat[2], azimuth.ravel(), depression.ravel())
    return Directions(azimuth, depression)


def attenuation_db(sectors: Sequence[Sector], shape: SectorPattern, towards: Directions) -> Values:
    """Attenuation of the best sector of a mast in directions. [dB]

    Parameters
    ----------
    sectors, shape
        See :func:`sector_loss_db`.
    towards
        Of :func:`directions`.

    Returns
    -------
    ndarray
        float32, shape of the directions.
    """
    loss = np.empty(towards.azimuth_deg.shape, dtype=np.float32)
    figures, limits = _figures(sectors, shape).astype(np.float32), _limits(shape).astype(np.float32)
    _best(towards.azimuth_deg.ravel(), towards.depression_deg.ravel(), figures, limits, loss.ravel())
    return loss


def _figures(sectors: Sequence[Sector], shape: SectorPattern) -> NDArray[np.float64]:
    """Azimuth, downtilt and extra EIRP, one row a sector; azimuth NaN for an omnidirectional one."""
    rows = [
        ((each.azimuth_deg + 180.0) % 360.0 - 180.0, each.tilt_deg(shape.downtilt_deg), each.extra_db)
        for each in sectors
    ]
    return np.array(rows, dtype=np.float64)


def _limits(shape: SectorPattern) -> NDArray[np.float64]:
    pattern = shape.pattern
    return np.array(
        [
            pattern.horizontal_beamwidth_deg,
            pattern.vertical_beamwidth_deg,
            pattern.front_to_back_db,
            pattern.side_lobe_db,
            shape.horizontal_weight,
            shape.vertical_weight,
        ]
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _arctangent(over: np.float32, along: np.float32) -> np.float32:
    """Angle of a vector to within 0.001 degrees, without branches so that loops run in lanes [deg].

    A polynomial in the smaller over the larger side, fitted to the arctangent on 0 to 1.
    """
    y, x = abs(over), abs(along)
    low, high = (y if y < x else x), (x if y < x else y)
    t = low / (high if high > np.float32(0.0) else np.float32(1.0))
    u = t * t
    p = np.float32(0.05265332) + u * np.float32(-0.01172120)
    p = np.float32(0.19354346) + u * (np.float32(-0.11643287) + u * p)
    p = t * (np.float32(0.99997726) + u * (np.float32(-0.33262347) + u * p)) * np.float32(180.0 / math.pi)
    p = np.float32(90.0) - p if y > x else p
    p = np.float32(180.0) - p if along < np.float32(0.0) else p
    return -p if over < np.float32(0.0) else p


@njit(cache=True, nogil=True, error_model="numpy")
def _towards(east: Values, north: Values, drop: Values, azimuth: Values, depression: Values) -> None:
    for i in range(east.size):
        azimuth[i] = _arctangent(east[i], north[i])
        away = np.float32(math.sqrt(east[i] * east[i] + north[i] * north[i]))
        depression[i] = _arctangent(drop[i], away)


@njit(cache=True, nogil=True, error_model="numpy")
def _best(azimuth: Values, depression: Values, sectors: Values, limits: Values, loss: Values) -> None:
    """Loss of the sector that loses least, point by point."""
    whole, half, twelve = np.float32(360.0), np.float32(180.0), np.float32(12.0)
    loss[:] = np.float32(1.0e9)
    for s in range(sectors.shape[0]):
        aim, tilt, extra = sectors[s, 0], sectors[s, 1], sectors[s, 2]
        if math.isnan(aim):
            for i in range(loss.size):
                loss[i] = min(loss[i], -extra)
            continue
        for i in range(loss.size):
            off = abs(azimuth[i] - aim)
            off = off - whole if off > half else off
            across = min(twelve * (off / limits[0]) * (off / limits[0]), limits[2])
            below = (depression[i] - tilt) / limits[1]
            down = min(twelve * below * below, limits[3])
            felt = min(limits[4] * across + limits[5] * down, limits[2])
            loss[i] = min(loss[i], felt - extra)
