"""Radio links between two masts: clear path and rain.

A path is clear when 60 % of the first Fresnel zone is free, for the usual bending of rays and for the little
bending of the worst hours; rain is that of ITU-R P.838 over the effective length of ITU-R P.530.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from siteplan.core.errors import RangeError

EARTH_RADIUS_M = 6_371_000.0
USUAL_K = 4.0 / 3.0
"""Effective earth radius factor of the median."""
FRESNEL_SHARE = 0.6
"""Share of the first Fresnel zone that is kept free."""
RAIN_GHZ = (1.0, 100.0)
"""Frequencies of the formula for the effective length [GHz]."""
Values = NDArray[np.float64]

_Terms = tuple[tuple[float, float, float], ...]
_K_V: _Terms = (
    (-3.80595, 0.56934, 0.81061),
    (-3.44965, -0.22911, 0.51059),
    (-0.39902, 0.73042, 0.11899),
    (0.50167, 1.07319, 0.27195),
)
_K_V_LINE = (-0.16398, 0.63297)
_ALPHA_V: _Terms = (
    (-0.07771, 2.33840, -0.76284),
    (0.56727, 0.95545, 0.54039),
    (-0.20238, 1.14520, 0.26809),
    (-48.2991, 0.791669, 0.116226),
    (48.5833, 0.791459, 0.116479),
)
_ALPHA_V_LINE = (-0.053739, 0.83433)
"""Tables 2 and 4 of ITU-R P.838-3: a, b, c of each term, and m, c of the line; vertical polarisation."""


def rain_coefficients(frequency_ghz: float) -> tuple[float, float]:
    """K and alpha of rain for vertical polarisation.

    Parameters
    ----------
    frequency_ghz
        Frequency, 1 to 1,000 GHz [GHz].

    Returns
    -------
    tuple of float
        Specific attenuation is k R^alpha [dB/km] with R the rain rate [mm/h].

    Raises
    ------
    RangeError
        Outside 1 to 1,000 GHz.

    References
    ----------
    .. [1] ITU-R P.838-3, equations (2) and (3), Tables 2 and 4.

    Examples
    --------
    >>> [round(each, 4) for each in rain_coefficients(15.0)]
    [0.0501, 1.044]
    """
    if not 1.0 <= frequency_ghz <= 1000.0:
        raise RangeError(f"rain coefficients hold from 1 to 1000 GHz, got {frequency_ghz}")
    return 10.0 ** _curve(frequency_ghz, _K_V, _K_V_LINE), _curve(frequency_ghz, _ALPHA_V, _ALPHA_V_LINE)


def _curve(frequency_ghz: float, terms: _Terms, line: tuple[float, float]) -> float:
    """Sum of bell curves and a line in log10 of the frequency."""
    x = math.log10(frequency_ghz)
    bells = sum(a * math.exp(-(((x - b) / c) ** 2)) for a, b, c in terms)
    return bells + line[0] * x + line[1]


def rain_attenuation(distance_km: float, frequency_ghz: float, rain_mm_h: float) -> float:
    """Rain attenuation of a path exceeded for 0.01 % of the year. [dB]

    Parameters
    ----------
    distance_km
        Length of the path, positive, to 60 km [km].
    frequency_ghz
        Frequency, 1 to 100 GHz [GHz].
    rain_mm_h
        Rain rate exceeded for 0.01 % of the year (ITU-R P.837), not negative [mm/h].

    Returns
    -------
    float
        Attenuation of the path's effective length [dB].

    Raises
    ------
    RangeError
        Outside these ranges.

    References
    ----------
    .. [1] ITU-R P.530-18, section 2.4.1, equations (32) and (33).
    """
    if not 0.0 < distance_km <= 60.0 or rain_mm_h < 0.0:
        raise RangeError(
            f"paths are up to 60 km, rain is not negative: got {distance_km} km, {rain_mm_h} mm/h"
        )
    if not RAIN_GHZ[0] <= frequency_ghz <= RAIN_GHZ[1]:
        raise RangeError(f"the effective length holds from 1 to 100 GHz, got {frequency_ghz}")
    if rain_mm_h == 0.0:
        return 0.0
    k, alpha = rain_coefficients(frequency_ghz)
    bottom = 0.477 * distance_km**0.633 * rain_mm_h ** (0.073 * alpha) * frequency_ghz**0.123
    bottom -= 10.579 * (1.0 - math.exp(-0.024 * distance_km))
    factor = 1.0 / max(bottom, 0.4)  # the factor is at most 2.5
    return k * rain_mm_h**alpha * distance_km * factor


def fresnel_clearance(
    distance_m: ArrayLike, heights_m: ArrayLike, ends_m: tuple[float, float], frequency_ghz: float, k: float
) -> Values:
    """How much room the path has above 60 % of the first Fresnel zone, sample by sample. [m]

    Parameters
    ----------
    distance_m
        From the first mast, ascending from 0, shape (n,) [m].
    heights_m
        Top of ground and what stands on it above sea level, shape (n,) [m].
    ends_m
        Height of both antennas above sea level [m].
    frequency_ghz
        Frequency, positive [GHz].
    k
        Effective earth radius factor, positive.

    Returns
    -------
    ndarray
        Of the samples between the ends, shape (n - 2,) [m]; negative where something is in the way.

    Raises
    ------
    RangeError
        For fewer than three samples, or a k or frequency that is not positive.

    References
    ----------
    .. [1] ITU-R P.530-18, section 2.2.1, equation (3): the first Fresnel zone; section 2.2.2.1: clearance at
       k = 4/3 and at the k of the worst month.
    """
    along, top = np.asarray(distance_m, dtype=np.float64), np.asarray(heights_m, dtype=np.float64)
    if len(along) < 3 or k <= 0.0 or frequency_ghz <= 0.0:
        raise RangeError(
            f"a path has three samples, k and f are positive: got {len(along)}, {k}, {frequency_ghz}"
        )
    left, right = along[1:-1], along[-1] - along[1:-1]
    ray = ends_m[0] + (ends_m[1] - ends_m[0]) * left / along[-1]
    bulge = left * right / (2.0 * k * EARTH_RADIUS_M)
    zone = np.sqrt(0.299792458 / frequency_ghz * left * right / along[-1])
    return ray - bulge - top[1:-1] - FRESNEL_SHARE * zone


def clear_probability(
    distance_m: ArrayLike,
    heights_m: ArrayLike,
    ends_m: tuple[float, float],
    frequency_ghz: float,
    *,
    low_k: float,
    height_error_m: float,
) -> float:
    """Probability that a path is clear, heights being known with an error.

    Parameters
    ----------
    distance_m, heights_m, ends_m, frequency_ghz
        As of :func:`fresnel_clearance`.
    low_k
        Effective earth radius factor of the worst hours.
    height_error_m
        Standard deviation of the heights, positive [m].

    Returns
    -------
    float
        Phi(least room / error): the worst sample decides, and errors along a path are taken as one [0-1].

    Raises
    ------
    RangeError
        As of :func:`fresnel_clearance`, or if the error is not positive.

    References
    ----------
    .. [1] ITU-R P.530-18, section 2.2.2.1.
    """
    if height_error_m <= 0.0:
        raise RangeError(f"the error of heights is positive, got {height_error_m}")
    room = [
        float(fresnel_clearance(distance_m, heights_m, ends_m, frequency_ghz, k).min())
        for k in (USUAL_K, low_k)
    ]
    return float(ndtr(min(room) / height_error_m))
