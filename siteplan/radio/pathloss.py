"""Path loss over flat ground, one published formula a function.

One decision to know: outside its published range a formula raises; nothing is extrapolated. Where a
caller needs a value nearer than the lower end, it takes the value at the lower end, which is an upper
bound of the loss (see :mod:`siteplan.radio.linkbudget`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteplan.errors import RangeError
from siteplan.units import LIGHT_SPEED_M_PER_S

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
    (150, 1500), (30, 200), (1, 10), (1000, 20_000), 8.0,
    "Hata 1980; sigma is a planning value, the paper gives none",
)  # fmt: skip
RANGES: dict[str, FormulaRange] = {
    "okumura_hata_urban": _HATA_RANGE,
    "okumura_hata_suburban": _HATA_RANGE,
    "okumura_hata_open": _HATA_RANGE,
    "rma_nlos": FormulaRange(
        (500, 30_000), (10, 150), (1, 10), (10, 5000), 8.0, "3GPP TR 38.901 Table 7.4.1-1 RMa NLOS"
    ),
    "uma_nlos": FormulaRange(
        (500, 100_000), (10, 50), (1.5, 22.5), (10, 5000), 6.0,
        "3GPP TR 38.901 Table 7.4.1-1 UMa NLOS; its 25 m mast is an evaluation value, 10-50 m accepted",
    ),
}  # fmt: skip
"""Range of each formula by the name it has in the project file."""


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
    break_m = 2 * np.pi * base_height_m * receiver_height_m * frequency_mhz * 1e6 / LIGHT_SPEED_M_PER_S
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
    heights = (base_height_m - 1.0) * (receiver_height_m - 1.0)
    break_m = 4.0 * heights * frequency_mhz * 1e6 / LIGHT_SPEED_M_PER_S
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
