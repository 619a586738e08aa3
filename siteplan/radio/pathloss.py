"""Path loss over flat ground, one published formula a function.

Outside its published range a formula raises; nothing is extrapolated. Where a
caller needs a value nearer than the lower end, it takes the value at the lower end, which is an upper
bound of the loss (see :mod:`siteplan.radio.linkbudget`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteplan.core.errors import RangeError
from siteplan.core.units import LIGHT_SPEED_M_PER_S

Decibels = NDArray[np.float64]


@dataclass(frozen=True)
class FormulaRange:
    """Where a formula holds, and the spread of shadowing around its median.

    Attributes
    ----------
    frequency_mhz, base_height_m, receiver_height_m, distance_m
        Lower and upper end of each input.
    sigma_db
        Standard deviation of shadow fading [dB].
    source
        Where range and spread are published.
    """

    frequency_mhz: tuple[float, float]
    base_height_m: tuple[float, float]
    receiver_height_m: tuple[float, float]
    distance_m: tuple[float, float]
    sigma_db: float
    source: str

    def holds(self, frequency_mhz: float, base_height_m: float, receiver_height_m: float) -> bool:
        """Whether frequency and heights lie inside the range."""
        given = (frequency_mhz, base_height_m, receiver_height_m)
        limits = (self.frequency_mhz, self.base_height_m, self.receiver_height_m)
        return all(low <= value <= high for value, (low, high) in zip(given, limits, strict=True))


_HATA_RANGE = FormulaRange(
    (150, 1500),
    (30, 200),
    (1, 10),
    (1000, 20_000),
    8.0,
    "Hata 1980; sigma is a planning value, the paper gives none",
)
_COST231_RANGE = FormulaRange(
    (1500, 2000),
    (30, 200),
    (1, 10),
    (1000, 20_000),
    8.0,
    "COST 231 final report, section 4.4.1; sigma is a planning value, the report gives none",
)
_BELOW_13_M = math.nextafter(13.0, 0.0)
RANGES: dict[str, FormulaRange] = {
    "okumura_hata_urban": _HATA_RANGE,
    "okumura_hata_suburban": _HATA_RANGE,
    "okumura_hata_open": _HATA_RANGE,
    "rma_nlos": FormulaRange(
        (500, 30_000), (10, 150), (1, 10), (10, 5000), 8.0, "3GPP TR 38.901 Table 7.4.1-1 RMa NLOS"
    ),
    "uma_nlos": FormulaRange(
        (500, 100_000),
        (10, 50),
        (1.5, 22.5),
        (10, 5000),
        6.0,
        "3GPP TR 38.901 Table 7.4.1-1 UMa NLOS; its 25 m mast is an evaluation value, 10-50 m accepted",
    ),
    "umi_nlos": FormulaRange(
        (500, 100_000),
        (3, 25),
        (1.5, 22.5),
        (10, 5000),
        7.82,
        "3GPP TR 38.901 Table 7.4.1-1 UMi NLOS; its 10 m mast is an evaluation value, 3-25 m accepted",
    ),
    "rma": FormulaRange(
        (500, 30_000),
        (10, 150),
        (1, 10),
        (10, 5000),
        8.0,
        "3GPP TR 38.901 Tables 7.4.1-1 and 7.4.2-1 RMa; sigma of NLOS, the wider of 4, 6 and 8 dB",
    ),
    "uma": FormulaRange(
        (500, 100_000),
        (10, 50),
        (1.5, _BELOW_13_M),
        (10, 5000),
        6.0,
        "3GPP TR 38.901 Tables 7.4.1-1 and 7.4.2-1 UMa; sigma of NLOS, the wider of 4 and 6 dB",
    ),
    "umi": FormulaRange(
        (500, 100_000),
        (3, 25),
        (1.5, 22.5),
        (10, 5000),
        7.82,
        "3GPP TR 38.901 Tables 7.4.1-1 and 7.4.2-1 UMi; sigma of NLOS, the wider of 4 and 7.82 dB",
    ),
    "cost231_hata_medium": _COST231_RANGE,
    "cost231_hata_metropolitan": _COST231_RANGE,
}
"""Range of each formula by the name it has in the project file."""
_O2I_SIGMA_DB = {"low": 4.4, "high": 6.5}


def free_space_loss(distance_m: ArrayLike, frequency_mhz: float) -> Decibels:
    """Basic transmission loss in free space. [dB]

    Parameters
    ----------
    distance_m
        Distance [m], positive.
    frequency_mhz
        Frequency [MHz], positive.

    Returns
    -------
    ndarray
        Path loss between isotropic antennas [dB].

    Raises
    ------
    RangeError
        If a value is not positive.

    References
    ----------
    .. [1] ITU-R P.525; rounded as ITU-R P.1812-8, equation (8) has it.

    Examples
    --------
    >>> round(float(free_space_loss(1000.0, 1000.0)), 1)
    92.4
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    if frequency_mhz <= 0.0 or np.any(distance <= 0.0):
        raise RangeError("free space needs a positive frequency and distance")
    return 92.4 + 20.0 * np.log10(frequency_mhz / 1000.0) + 20.0 * np.log10(distance / 1000.0)


def okumura_hata_loss(
    distance_km: ArrayLike,
    frequency_mhz: float,
    base_height_m: float,
    mobile_height_m: float = 1.5,
    environment: str = "urban",
) -> Decibels:
    """Median path loss over quasi-smooth terrain, small or medium city. [dB]

    Parameters
    ----------
    distance_km
        Distance [km], 1-20.
    frequency_mhz
        Frequency [MHz], 150-1500.
    base_height_m
        Height of the base antenna above ground [m], 30-200.
    mobile_height_m
        Height of the mobile antenna above ground [m], 1-10.
    environment
        ``urban``, ``suburban`` or ``open``.

    Returns
    -------
    ndarray
        Path loss between isotropic antennas [dB].

    Raises
    ------
    RangeError
        Outside any range above, or for an unknown environment.

    References
    ----------
    .. [1] M. Hata, "Empirical formula for propagation loss in land mobile radio services", IEEE
       Transactions on Vehicular Technology 29(3), 317-325, 1980. DOI 10.1109/T-VT.1980.23859

    Examples
    --------
    >>> round(float(okumura_hata_loss(5, 900, 50)), 1)
    146.9
    """
    distance = np.asarray(distance_km, dtype=np.float64)
    _require("okumura_hata_urban", distance * 1000, frequency_mhz, base_height_m, mobile_height_m)
    log_f, log_hb = np.log10(frequency_mhz), np.log10(base_height_m)
    correction = (1.1 * log_f - 0.7) * mobile_height_m - (1.56 * log_f - 0.8)
    slope = 44.9 - 6.55 * log_hb
    urban = 69.55 + 26.16 * log_f - 13.82 * log_hb - correction + slope * np.log10(distance)
    if environment == "urban":
        return urban
    if environment == "suburban":
        return urban - 2.0 * np.log10(frequency_mhz / 28.0) ** 2 - 5.4
    if environment == "open":
        return urban - 4.78 * log_f**2 + 18.33 * log_f - 40.94
    raise RangeError(f"environment {environment!r} is not urban, suburban or open")


def cost231_hata_loss(
    distance_km: ArrayLike,
    frequency_mhz: float,
    base_height_m: float,
    mobile_height_m: float = 1.5,
    environment: str = "medium",
) -> Decibels:
    """Median path loss of Hata's model carried on to 2 GHz. [dB]

    Parameters
    ----------
    distance_km
        Distance [km], 1-20.
    frequency_mhz
        Frequency [MHz], 1500-2000; 2600 and 3500 MHz lie outside.
    base_height_m
        Height of the base antenna above ground [m], 30-200, above the roofs around it.
    mobile_height_m
        Height of the mobile antenna above ground [m], 1-10.
    environment
        ``medium`` (medium city and suburban centre, C_m = 0 dB) or ``metropolitan`` (C_m = 3 dB).

    Returns
    -------
    ndarray
        Path loss between isotropic antennas [dB].

    Raises
    ------
    RangeError
        Outside any range above, or for an unknown environment.

    References
    ----------
    .. [1] COST Action 231, "Digital mobile radio towards future generation systems", final report,
       EUR 18957, 1999, section 4.4.1, equations (4.4.1) to (4.4.3).

    Examples
    --------
    >>> round(float(cost231_hata_loss(1, 1800, 30)), 1)
    136.2
    """
    distance = np.asarray(distance_km, dtype=np.float64)
    centre = {"medium": 0.0, "metropolitan": 3.0}
    if environment not in centre:
        raise RangeError(f"environment {environment!r} is not medium or metropolitan")
    _require("cost231_hata_medium", distance * 1000, frequency_mhz, base_height_m, mobile_height_m)
    log_f, log_hb = np.log10(frequency_mhz), np.log10(base_height_m)
    correction = (1.1 * log_f - 0.7) * mobile_height_m - (1.56 * log_f - 0.8)
    slope = 44.9 - 6.55 * log_hb
    loss = 46.3 + 33.9 * log_f - 13.82 * log_hb - correction + slope * np.log10(distance)
    return loss + centre[environment]


def rma_breakpoint_m(frequency_mhz: float, base_height_m: float, receiver_height_m: float) -> float:
    """Distance at which the rural line-of-sight loss steepens. [m]

    Parameters
    ----------
    frequency_mhz
        Frequency [MHz], positive.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], positive.

    Returns
    -------
    float
        d_BP, horizontal [m].

    Raises
    ------
    RangeError
        If a value is not positive.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.1-1, note 5.

    Examples
    --------
    >>> round(rma_breakpoint_m(700, 35, 1.5))
    770
    """
    if min(frequency_mhz, base_height_m, receiver_height_m) <= 0.0:
        raise RangeError("RMa: a breakpoint needs a positive frequency and positive heights")
    return 2 * np.pi * base_height_m * receiver_height_m * frequency_mhz * 1e6 / LIGHT_SPEED_M_PER_S


def uma_breakpoint_m(frequency_mhz: float, base_height_m: float, receiver_height_m: float) -> float:
    """Distance at which the urban line-of-sight loss steepens, macro cell and street canyon. [m]

    Parameters
    ----------
    frequency_mhz
        Frequency [MHz], positive.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], above the effective environment height of 1 m.

    Returns
    -------
    float
        d'_BP, horizontal [m].

    Raises
    ------
    RangeError
        If the frequency is not positive or a height not above 1 m.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.1-1, note 1.

    Examples
    --------
    >>> round(uma_breakpoint_m(3500, 25, 1.5))
    560
    """
    if frequency_mhz <= 0.0 or min(base_height_m, receiver_height_m) <= 1.0:
        raise RangeError("UMa, UMi: a breakpoint needs a positive frequency and heights above 1 m")
    heights = (base_height_m - 1.0) * (receiver_height_m - 1.0)
    return 4.0 * heights * frequency_mhz * 1e6 / LIGHT_SPEED_M_PER_S


def rma_los_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float,
    receiver_height_m: float = 1.5,
    building_height_m: float = 5.0,
) -> Decibels:
    """Path loss of the rural macro cell in line of sight. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-10,000.
    frequency_mhz
        Frequency [MHz], 500-30,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 10-150 and 1-10.
    building_height_m
        Average building height h [m], 5-50.

    Returns
    -------
    ndarray
        Path loss [dB].

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.1-1 (RMa LOS, notes 5 and 6).
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    _require("rma_nlos", distance, frequency_mhz, base_height_m, receiver_height_m, farthest_m=10_000)
    _require_buildings(building_height_m, 20.0)
    break_m = rma_breakpoint_m(frequency_mhz, base_height_m, receiver_height_m)
    near = _rma_pl1(
        _slant(np.minimum(distance, break_m), base_height_m, receiver_height_m),
        frequency_mhz,
        building_height_m,
    )
    slant = _slant(distance, base_height_m, receiver_height_m)
    break_slant = _slant(np.asarray(break_m), base_height_m, receiver_height_m)
    return near + np.where(distance > break_m, 40.0 * np.log10(slant / break_slant), 0.0)


def rma_nlos_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float,
    receiver_height_m: float = 1.5,
    building_height_m: float = 5.0,
    street_width_m: float = 20.0,
) -> Decibels:
    """Path loss of the rural macro cell without line of sight. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-5,000.
    frequency_mhz
        Frequency [MHz], 500-30,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 10-150 and 1-10.
    building_height_m, street_width_m
        Average building height h and street width W [m], 5-50 each.

    Returns
    -------
    ndarray
        Path loss [dB]; never below line of sight.

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.1-1 (RMa NLOS).
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    _require("rma_nlos", distance, frequency_mhz, base_height_m, receiver_height_m)
    _require_buildings(building_height_m, street_width_m)
    log_d = np.log10(_slant(distance, base_height_m, receiver_height_m))
    log_h = np.log10(base_height_m)
    loss = 161.04 - 7.1 * np.log10(street_width_m) + 7.5 * np.log10(building_height_m)
    loss -= (24.37 - 3.7 * (building_height_m / base_height_m) ** 2) * log_h
    loss = loss + (43.42 - 3.1 * log_h) * (log_d - 3.0) + 20.0 * np.log10(frequency_mhz / 1000.0)
    loss -= 3.2 * np.log10(11.75 * receiver_height_m) ** 2 - 4.97
    line = rma_los_loss(distance, frequency_mhz, base_height_m, receiver_height_m, building_height_m)
    return np.maximum(line, loss)


def uma_los_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float,
    receiver_height_m: float = 1.5,
) -> Decibels:
    """Path loss of the urban macro cell in line of sight. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-5,000.
    frequency_mhz
        Frequency [MHz], 500-100,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 10-50 (25 in the report) and 1.5-13 (effective
        environment height 1 m, note 1).

    Returns
    -------
    ndarray
        Path loss [dB].

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.1-1 (UMa LOS, note 1).
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    _require("uma_nlos", distance, frequency_mhz, base_height_m, receiver_height_m)
    if receiver_height_m >= 13.0:
        raise RangeError("UMa: above 13 m the environment height is random (note 1); use below 13 m")
    break_m = uma_breakpoint_m(frequency_mhz, base_height_m, receiver_height_m)
    log_f = 20.0 * np.log10(frequency_mhz / 1000.0)
    log_d = np.log10(_slant(distance, base_height_m, receiver_height_m))
    near = 28.0 + 22.0 * log_d + log_f
    height_term = 9.0 * np.log10(break_m**2 + (base_height_m - receiver_height_m) ** 2)
    return np.where(distance <= break_m, near, 28.0 + 40.0 * log_d + log_f - height_term)


def uma_nlos_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float,
    receiver_height_m: float = 1.5,
) -> Decibels:
    """Path loss of the urban macro cell without line of sight. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-5,000.
    frequency_mhz
        Frequency [MHz], 500-100,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 10-50 (25 in the report) and 1.5-13.

    Returns
    -------
    ndarray
        Path loss [dB]; never below line of sight.

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.1-1 (UMa NLOS).
    """
    line = uma_los_loss(distance_m, frequency_mhz, base_height_m, receiver_height_m)
    slant = _slant(np.asarray(distance_m, dtype=np.float64), base_height_m, receiver_height_m)
    loss = 13.54 + 39.08 * np.log10(slant) + 20.0 * np.log10(frequency_mhz / 1000.0)
    return np.maximum(line, loss - 0.6 * (receiver_height_m - 1.5))


def umi_los_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float = 10.0,
    receiver_height_m: float = 1.5,
) -> Decibels:
    """Path loss of the street canyon in line of sight. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-5,000.
    frequency_mhz
        Frequency [MHz], 500-100,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 3-25 (10 in the report) and 1.5-22.5 (the effective
        environment height is 1 m for every receiver, note 1).

    Returns
    -------
    ndarray
        Path loss [dB].

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.1-1 (UMi - street canyon LOS, note 1).
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    _require("umi_nlos", distance, frequency_mhz, base_height_m, receiver_height_m)
    break_m = uma_breakpoint_m(frequency_mhz, base_height_m, receiver_height_m)
    log_f = 20.0 * np.log10(frequency_mhz / 1000.0)
    log_d = np.log10(_slant(distance, base_height_m, receiver_height_m))
    near = 32.4 + 21.0 * log_d + log_f
    height_term = 9.5 * np.log10(break_m**2 + (base_height_m - receiver_height_m) ** 2)
    return np.where(distance <= break_m, near, 32.4 + 40.0 * log_d + log_f - height_term)


def umi_nlos_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float = 10.0,
    receiver_height_m: float = 1.5,
) -> Decibels:
    """Path loss of the street canyon without line of sight. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-5,000.
    frequency_mhz
        Frequency [MHz], 500-100,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 3-25 (10 in the report) and 1.5-22.5.

    Returns
    -------
    ndarray
        Path loss [dB]; never below line of sight.

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.1-1 (UMi - street canyon NLOS).
    """
    line = umi_los_loss(distance_m, frequency_mhz, base_height_m, receiver_height_m)
    slant = _slant(np.asarray(distance_m, dtype=np.float64), base_height_m, receiver_height_m)
    loss = 22.4 + 35.3 * np.log10(slant) + 21.3 * np.log10(frequency_mhz / 1000.0)
    return np.maximum(line, loss - 0.3 * (receiver_height_m - 1.5))


def rma_los_probability(distance_m: ArrayLike) -> NDArray[np.float64]:
    """Probability of line of sight in the rural macro cell. [0-1]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 0 or more.

    Returns
    -------
    ndarray
        Probability, 1 up to 10 m.

    Raises
    ------
    RangeError
        For a negative distance.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.2-1 (RMa).

    Examples
    --------
    >>> round(float(rma_los_probability(1010)), 3)
    0.368
    """
    return np.exp(-np.maximum(_not_negative(distance_m) - 10.0, 0.0) / 1000.0)


def uma_los_probability(distance_m: ArrayLike, receiver_height_m: float = 1.5) -> NDArray[np.float64]:
    """Probability of line of sight in the urban macro cell. [0-1]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 0 or more.
    receiver_height_m
        Height of the receiver above ground [m], 1.5-23; above 13 m the probability grows with it.

    Returns
    -------
    ndarray
        Probability, 1 up to 18 m. Just beyond 18 m the printed product passes 1 for high receivers
        and is cut there.

    Raises
    ------
    RangeError
        For a negative distance or a height outside the range.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.2-1 (UMa).

    Examples
    --------
    >>> uma_los_probability([18, 100], 1.5).round(3)
    array([1.   , 0.348])
    """
    distance = _not_negative(distance_m)
    if not 1.5 <= receiver_height_m <= 23.0:
        raise RangeError(f"UMa: receiver {receiver_height_m:g} m; line of sight is given for 1.5-23 m")
    high = (max(receiver_height_m - 13.0, 0.0) / 10.0) ** 1.5
    gain = 1.0 + high * 1.25 * (distance / 100.0) ** 3 * np.exp(-distance / 150.0)
    return np.minimum(_street_los_probability(distance, 63.0) * gain, 1.0)


def umi_los_probability(distance_m: ArrayLike) -> NDArray[np.float64]:
    """Probability of line of sight in the street canyon. [0-1]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 0 or more.

    Returns
    -------
    ndarray
        Probability, 1 up to 18 m.

    Raises
    ------
    RangeError
        For a negative distance.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.2-1 (UMi - street canyon).

    Examples
    --------
    >>> umi_los_probability([18, 100]).round(3)
    array([1.   , 0.231])
    """
    return _street_los_probability(_not_negative(distance_m), 36.0)


def rma_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float,
    receiver_height_m: float = 1.5,
    building_height_m: float = 5.0,
    street_width_m: float = 20.0,
) -> Decibels:
    """Expected path loss of the rural macro cell. [dB]

    The mean of the decibels of both states, weighted with the probability of line of sight; neither
    the median of the mixture nor the loss of its mean power.

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-5,000 (the range of NLOS).
    frequency_mhz
        Frequency [MHz], 500-30,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 10-150 and 1-10.
    building_height_m, street_width_m
        Average building height h and street width W [m], 5-50 each.

    Returns
    -------
    ndarray
        Expected path loss [dB], between line of sight and none.

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Tables 7.4.1-1 and 7.4.2-1 (RMa).
    """
    heights = (base_height_m, receiver_height_m)
    blocked = rma_nlos_loss(distance_m, frequency_mhz, *heights, building_height_m, street_width_m)
    line = rma_los_loss(distance_m, frequency_mhz, *heights, building_height_m)
    return _expected(rma_los_probability(distance_m), line, blocked)


def uma_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float,
    receiver_height_m: float = 1.5,
) -> Decibels:
    """Expected path loss of the urban macro cell; a mean of decibels, see :func:`rma_loss`. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-5,000.
    frequency_mhz
        Frequency [MHz], 500-100,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 10-50 (25 in the report) and 1.5 to below 13.

    Returns
    -------
    ndarray
        Expected path loss [dB], between line of sight and none.

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Tables 7.4.1-1 and 7.4.2-1 (UMa).
    """
    line = uma_los_loss(distance_m, frequency_mhz, base_height_m, receiver_height_m)
    blocked = uma_nlos_loss(distance_m, frequency_mhz, base_height_m, receiver_height_m)
    return _expected(uma_los_probability(distance_m, receiver_height_m), line, blocked)


def umi_loss(
    distance_m: ArrayLike,
    frequency_mhz: float,
    base_height_m: float = 10.0,
    receiver_height_m: float = 1.5,
) -> Decibels:
    """Expected path loss of the street canyon; a mean of decibels, see :func:`rma_loss`. [dB]

    Parameters
    ----------
    distance_m
        Horizontal distance [m], 10-5,000.
    frequency_mhz
        Frequency [MHz], 500-100,000.
    base_height_m, receiver_height_m
        Antenna heights above ground [m], 3-25 (10 in the report) and 1.5-22.5.

    Returns
    -------
    ndarray
        Expected path loss [dB], between line of sight and none.

    Raises
    ------
    RangeError
        Outside any range above.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Tables 7.4.1-1 and 7.4.2-1 (UMi - street canyon).
    """
    line = umi_los_loss(distance_m, frequency_mhz, base_height_m, receiver_height_m)
    blocked = umi_nlos_loss(distance_m, frequency_mhz, base_height_m, receiver_height_m)
    return _expected(umi_los_probability(distance_m), line, blocked)


def o2i_loss(frequency_mhz: float, model: str = "low") -> float:
    """Median loss through an outer wall. [dB]

    The part behind the wall, 0.5 dB a metre, is not in it.

    Parameters
    ----------
    frequency_mhz
        Frequency [MHz], 500-100,000.
    model
        ``low`` (30 % glass in concrete) or ``high`` (70 % coated glass in concrete).

    Returns
    -------
    float
        PL_tw [dB].

    Raises
    ------
    RangeError
        Outside the range above, or for an unknown model.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, section 7.4.3.1, Tables 7.4.3-1 and 7.4.3-2.

    Examples
    --------
    >>> round(o2i_loss(3500, "low"), 1), round(o2i_loss(3500, "high"), 1)
    (12.7, 27.5)
    """
    o2i_sigma_db(model)  # refuses an unknown model
    if not 500.0 <= frequency_mhz <= 100_000.0:
        raise RangeError(f"wall loss: {frequency_mhz:g} MHz is outside 500-100,000 MHz")
    f = frequency_mhz / 1000.0
    concrete, glass, coated_glass = 5.0 + 4.0 * f, 2.0 + 0.2 * f, 25.4 + 0.11 * f
    parts = ((0.3, glass), (0.7, concrete)) if model == "low" else ((0.7, coated_glass), (0.3, concrete))
    return 5.0 - 10.0 * math.log10(sum(share * 10.0 ** (-loss / 10.0) for share, loss in parts))


def o2i_sigma_db(model: str = "low") -> float:
    """Spread of the loss through an outer wall. [dB]

    Parameters
    ----------
    model
        ``low`` or ``high``.

    Returns
    -------
    float
        Standard deviation [dB].

    Raises
    ------
    RangeError
        For an unknown model.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.4.3-2.
    """
    if model not in _O2I_SIGMA_DB:
        raise RangeError(f"wall loss model {model!r} is not low or high")
    return _O2I_SIGMA_DB[model]


def _street_los_probability(distance_m: Decibels, decay_m: float) -> NDArray[np.float64]:
    sure = 18.0 / np.maximum(distance_m, 18.0)
    return sure + np.exp(-distance_m / decay_m) * (1.0 - sure)


def _expected(probability: NDArray[np.float64], line_db: Decibels, blocked_db: Decibels) -> Decibels:
    return probability * line_db + (1.0 - probability) * blocked_db


def _not_negative(distance_m: ArrayLike) -> NDArray[np.float64]:
    distance = np.asarray(distance_m, dtype=np.float64)
    if np.any(distance < 0.0):
        raise RangeError("the probability of line of sight needs a distance of 0 or more")
    return distance


def _slant(distance_m: Decibels, base_height_m: float, receiver_height_m: float) -> Decibels:
    return np.hypot(distance_m, base_height_m - receiver_height_m)


def _rma_pl1(slant_m: Decibels, frequency_mhz: float, building_height_m: float) -> Decibels:
    rough = building_height_m**1.72
    loss = 20.0 * np.log10(40.0 * np.pi * slant_m * frequency_mhz / 1000.0 / 3.0)
    loss += min(0.03 * rough, 10.0) * np.log10(slant_m) - min(0.044 * rough, 14.77)
    return loss + 0.002 * np.log10(building_height_m) * slant_m


def _require_buildings(building_height_m: float, street_width_m: float) -> None:
    for name, value in (("building height", building_height_m), ("street width", street_width_m)):
        if not 5.0 <= value <= 50.0:
            raise RangeError(f"RMa: {name} {value:g} m is outside 5-50 m")


def _require(
    formula: str,
    distance_m: Decibels,
    frequency_mhz: float,
    base_height_m: float,
    receiver_height_m: float,
    farthest_m: float | None = None,
) -> None:
    limits = RANGES[formula]
    near, far = limits.distance_m[0], farthest_m or limits.distance_m[1]
    if not limits.holds(frequency_mhz, base_height_m, receiver_height_m):
        raise RangeError(
            f"{formula}: {frequency_mhz:g} MHz, mast {base_height_m:g} m, receiver "
            f"{receiver_height_m:g} m; the formula holds for {limits.frequency_mhz} MHz, "
            f"{limits.base_height_m} m, {limits.receiver_height_m} m"
        )
    if distance_m.size and (distance_m.min() < near - 1e-6 or distance_m.max() > far + 1e-6):
        raise RangeError(
            f"{formula}: distances {distance_m.min():g}-{distance_m.max():g} m; "
            f"the formula holds for {near:g}-{far:g} m"
        )
