"""Loss of a signal that enters a building (ITU-R P.2109-2).

The Recommendation gives a distribution over buildings and places inside them, not
one number; every call says which share of them it covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from siteplan.core.errors import RangeError

FREQUENCY_MHZ = (80.0, 100_000.0)
"""Lower and upper end of the frequency [MHz]."""
ELEVATION_DB_PER_DEG = 0.212
"""Growth of the median with the elevation angle at the facade [dB/deg], equation (4)."""
FLOOR_DB = -3.0
"""The constant C, third term of the sum of powers [dB]: standing waves can lift a level above the
outdoor one."""


@dataclass(frozen=True)
class BuildingType:
    """Coefficients of one type of building, Table 1, by the letters it uses.

    Attributes
    ----------
    median
        r, s, t: median of horizontal paths, a polynomial of log10 of the frequency in GHz [dB].
    spread
        u, v: standard deviation of the first distribution [dB].
    second_median
        w, x: mean of the second distribution [dB].
    second_spread
        y, z: standard deviation of the second distribution [dB].
    """

    median: tuple[float, float, float]
    spread: tuple[float, float]
    second_median: tuple[float, float]
    second_spread: tuple[float, float]


BUILDINGS: dict[str, BuildingType] = {
    "traditional": BuildingType((12.64, 3.72, 0.96), (9.6, 2.0), (9.1, -3.0), (4.5, -2.0)),
    "thermally_efficient": BuildingType((28.19, -3.0, 8.48), (13.5, 3.8), (27.8, -2.9), (9.4, -2.1)),
}
"""Table 1. A thermally efficient building has coated glass, metal foil or foil-backed panels."""


def building_entry_loss(
    frequency_mhz: float,
    probability: ArrayLike = 0.5,
    building: str = "traditional",
    elevation_deg: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Building entry loss not exceeded in a share of cases. [dB]

    Parameters
    ----------
    frequency_mhz
        Frequency [MHz], 80-100,000.
    probability
        Share of buildings and places in them, above 0 and below 1, any shape [1].
    building
        ``traditional`` or ``thermally_efficient``.
    elevation_deg
        Angle of the path at the facade above (or below) the horizon, -90 to 90, a shape that goes
        with ``probability`` [deg].

    Returns
    -------
    ndarray
        Loss against the level outside, of the common shape [dB]; negative for small shares.

    Raises
    ------
    RangeError
        Outside any range above, or for an unknown type.

    References
    ----------
    .. [1] ITU-R P.2109-2, Annex 1, section 3, equations (1) to (9) and Table 1.

    Examples
    --------
    >>> building_entry_loss(3500, [0.5, 0.9]).round(1)
    array([15.7, 28.7])
    """
    share, angle = np.asarray(probability, dtype=np.float64), np.asarray(elevation_deg, dtype=np.float64)
    kind = _building(building)
    _require(frequency_mhz, share, angle)
    log_f = float(np.log10(frequency_mhz / 1000.0))
    deviate = ndtri(share)
    first = _line(kind.spread, log_f) * deviate
    first = first + horizontal_median_db(frequency_mhz, building) + ELEVATION_DB_PER_DEG * np.abs(angle)
    second = _line(kind.second_spread, log_f) * deviate + _line(kind.second_median, log_f)
    powers = 10.0 ** (0.1 * first) + 10.0 ** (0.1 * second) + 10.0 ** (0.1 * FLOOR_DB)
    return 10.0 * np.log10(powers)


def horizontal_median_db(frequency_mhz: float, building: str = "traditional") -> float:
    """Median loss of horizontal paths, before the second distribution is added. [dB]

    Parameters
    ----------
    frequency_mhz
        Frequency [MHz], 80-100,000.
    building
        ``traditional`` or ``thermally_efficient``.

    Returns
    -------
    float
        L_h [dB].

    Raises
    ------
    RangeError
        Outside the range above, or for an unknown type.

    References
    ----------
    .. [1] ITU-R P.2109-2, Annex 1, section 3, equation (3).

    Examples
    --------
    >>> round(horizontal_median_db(1000, "traditional"), 2)
    12.64
    """
    kind = _building(building)
    _require(frequency_mhz, np.asarray(0.5), np.asarray(0.0))
    log_f = float(np.log10(frequency_mhz / 1000.0))
    r, s, t = kind.median
    return r + s * log_f + t * log_f**2


def _line(pair: tuple[float, float], log_f: float) -> float:
    return pair[0] + pair[1] * log_f


def _building(name: str) -> BuildingType:
    if name not in BUILDINGS:
        raise RangeError(f"building {name!r} is not traditional or thermally_efficient")
    return BUILDINGS[name]


def _require(frequency_mhz: float, share: NDArray[np.float64], angle: NDArray[np.float64]) -> None:
    low, high = FREQUENCY_MHZ
    if not low <= frequency_mhz <= high:
        raise RangeError(f"P.2109: {frequency_mhz:g} MHz is outside {low:g}-{high:g} MHz")
    if not np.all((share > 0.0) & (share < 1.0)):
        raise RangeError("P.2109: a probability must lie between 0 and 1, both excluded (not in percent)")
    if not np.all(np.abs(angle) <= 90.0):
        raise RangeError("P.2109: an elevation angle must lie between -90 and 90 degrees")
