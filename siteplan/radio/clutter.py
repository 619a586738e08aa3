"""Loss by what stands around an antenna, and how high that is (ITU-R P.2108-1, sections 3.1 and 3.2).

The two methods answer different questions and are never added. Section 3.1 knows
the height of the obstacle before one antenna, section 3.2 only that the antenna is lost among buildings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from siteplan.core.errors import RangeError

HEIGHT_GAIN_MHZ = (30.0, 3000.0)
"""Frequency of section 3.1 [MHz]."""
STATISTICAL_MHZ = (500.0, 67_000.0)
"""Frequency of section 3.2 [MHz]."""
KINDS = ("suburban", "urban", "forest", "dense_urban", "water", "open")
"""Categories of section 3.1; the heights a project gives them stand in the project file."""
_OVER_OPEN_GROUND = frozenset({"water", "open"})


def terminal_clutter_loss(
    frequency_mhz: float,
    antenna_height_m: ArrayLike,
    clutter_height_m: ArrayLike,
    street_width_m: float = 27.0,
    kind: str = "urban",
) -> NDArray[np.float64]:
    """Median loss of an antenna below the clutter around it. [dB]

    Parameters
    ----------
    frequency_mhz
        Frequency [MHz], 30-3000.
    antenna_height_m
        Height h of the antenna above ground, positive [m].
    clutter_height_m
        Representative height R of the clutter, positive, a shape that goes with the former [m].
    street_width_m
        Width w_s of the street, positive [m]; 27 m where nothing is known.
    kind
        ``suburban``, ``urban``, ``forest`` and ``dense_urban`` are edges that diffract; ``water`` and
        ``open`` have height gain only.

    Returns
    -------
    ndarray
        A_h of the common shape [dB]; 0 where the antenna is not below the clutter.

    Raises
    ------
    RangeError
        Outside any range above, or for an unknown kind.

    References
    ----------
    .. [1] ITU-R P.2108-1, Annex 1, section 3.1, equations (1) to (2g).

    Examples
    --------
    >>> terminal_clutter_loss(2600, 1.5, [10, 15]).round(1)
    array([23.4, 27.2])
    """
    height, top = np.broadcast_arrays(
        np.asarray(antenna_height_m, dtype=np.float64), np.asarray(clutter_height_m, dtype=np.float64)
    )
    _require_terminal(frequency_mhz, height, top, street_width_m, kind)
    below = np.minimum(height, top)
    if kind in _OVER_OPEN_GROUND:
        slope = 21.8 + 6.2 * np.log10(frequency_mhz / 1000.0)
        return slope * np.log10(top / below)
    rise = top - below
    angle_deg = np.degrees(np.arctan(rise / street_width_m))
    nu = 0.342 * np.sqrt(frequency_mhz / 1000.0) * np.sqrt(rise * angle_deg)
    return np.where(rise > 0.0, _edge_loss(nu) - 6.03, 0.0)


def statistical_clutter_loss(
    distance_km: ArrayLike, frequency_mhz: float, location_percent: float = 50.0
) -> NDArray[np.float64]:
    """Loss of one antenna among buildings, not exceeded at a share of places. [dB]

    Parameters
    ----------
    distance_km
        Length of the path [km], at least 0.25; at least 1 where the loss is added at both ends. The loss
        is never more than that of 2 km.
    frequency_mhz
        Frequency [MHz], 500-67,000.
    location_percent
        Share of places [%], above 0 and below 100.

    Returns
    -------
    ndarray
        L_ctt, the shape of ``distance_km`` [dB].

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] ITU-R P.2108-1, Annex 1, section 3.2, equations (3) to (6).

    Examples
    --------
    >>> statistical_clutter_loss([0.5, 2, 20], 3500).round(1)
    array([26.9, 30.4, 30.4])
    """
    distance = np.asarray(distance_km, dtype=np.float64)
    _require_statistical(distance, frequency_mhz, location_percent)
    deviate = float(ndtri(location_percent / 100.0))
    # equation (6): beyond 2 km the measurements behind the method show no further growth
    here, most = (_statistical(d, frequency_mhz, deviate) for d in (distance, np.asarray(2.0)))
    return np.minimum(here, most)


def _statistical(
    distance_km: NDArray[np.float64], frequency_mhz: float, deviate: float
) -> NDArray[np.float64]:
    log_f = np.log10(frequency_mhz / 1000.0)
    long_db = -2.0 * np.log10(10.0 ** (-5.0 * log_f - 12.5) + 10.0**-16.5)
    short_db = 32.98 + 23.9 * np.log10(distance_km) + 3.0 * log_f
    long_part, short_part = 10.0 ** (-0.2 * long_db), 10.0 ** (-0.2 * short_db)
    both = long_part + short_part
    sigma = np.sqrt((4.0**2 * long_part + 6.0**2 * short_part) / both)
    return -5.0 * np.log10(both) + sigma * deviate


def _edge_loss(nu: NDArray[np.float64]) -> NDArray[np.float64]:
    return 6.9 + 20.0 * np.log10(np.hypot(nu - 0.1, 1.0) + nu - 0.1)


def _require_terminal(
    frequency_mhz: float,
    height_m: NDArray[np.float64],
    top_m: NDArray[np.float64],
    street_width_m: float,
    kind: str,
) -> None:
    low, high = HEIGHT_GAIN_MHZ
    if kind not in KINDS:
        raise RangeError(f"clutter {kind!r} is not one of {', '.join(KINDS)}")
    if not low <= frequency_mhz <= high:
        raise RangeError(f"P.2108 section 3.1: {frequency_mhz:g} MHz is outside {low:g}-{high:g} MHz")
    if street_width_m <= 0.0 or not (np.all(height_m > 0.0) and np.all(top_m > 0.0)):
        raise RangeError("P.2108 section 3.1: heights and street width must be positive")


def _require_statistical(
    distance_km: NDArray[np.float64], frequency_mhz: float, location_percent: float
) -> None:
    low, high = STATISTICAL_MHZ
    if not low <= frequency_mhz <= high:
        raise RangeError(f"P.2108 section 3.2: {frequency_mhz:g} MHz is outside {low:g}-{high:g} MHz")
    if not np.all(distance_km >= 0.25):
        raise RangeError("P.2108 section 3.2: a path must be 0.25 km or longer")
    if not 0.0 < location_percent < 100.0:
        raise RangeError("P.2108 section 3.2: a share of places must lie between 0 and 100 %, both excluded")
