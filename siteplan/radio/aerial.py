"""Path loss to a drone: line of sight above rural and urban land (3GPP TR 36.777).

From 100 m on a drone sees its mast with certainty in the report's scenarios; hills are another matter, and
the caller adds what they take.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteplan.core.errors import RangeError

Scenario = Literal["rma", "uma"]
HEIGHT_M: dict[str, tuple[float, float]] = {"rma": (10.0, 300.0), "uma": (22.5, 300.0)}
"""Heights above ground of the formulas, lower end open [m]."""
FARTHEST_M: dict[str, float] = {"rma": 10_000.0, "uma": 4_000.0}
"""Longest path of the formulas [m]."""
FREQUENCY_GHZ = (0.5, 100.0)
Values = NDArray[np.float64]


def aerial_path_loss(
    distance_m: ArrayLike, frequency_mhz: float, height_m: float, scenario: Scenario
) -> Values:
    """Median loss in line of sight from a mast to a drone. [dB]

    Parameters
    ----------
    distance_m
        Straight distance between the antennas, 10 to 10,000 (rural) or 4,000 (urban), any shape [m].
    frequency_mhz
        Frequency, 500 MHz to 100 GHz [MHz].
    height_m
        Height of the drone above ground, over 10 (rural) or 22.5 (urban) to 300 [m].
    scenario
        ``"rma"`` or ``"uma"``.

    Returns
    -------
    ndarray
        Same shape [dB].

    Raises
    ------
    RangeError
        Outside these ranges.

    References
    ----------
    .. [1] 3GPP TR 36.777 V15.0.0, Table B-2: RMa-AV and UMa-AV, line of sight.

    Examples
    --------
    >>> aerial_path_loss(1000.0, 2600.0, 100.0, "uma").round(1).tolist()
    102.3
    """
    distance = np.asarray(distance_m, dtype=np.float64)
    ghz = frequency_mhz / 1000.0
    _require(distance, ghz, height_m, scenario)
    if scenario == "uma":
        return 28.0 + 22.0 * np.log10(distance) + 20.0 * math.log10(ghz)
    slope = max(23.9 - 1.8 * math.log10(height_m), 20.0)
    return slope * np.log10(distance) + 20.0 * math.log10(40.0 * math.pi * ghz / 3.0)


def aerial_spread(height_m: float, scenario: Scenario) -> float:
    """Standard deviation of shadowing in line of sight. [dB]

    Parameters
    ----------
    height_m, scenario
        As of :func:`aerial_path_loss`.

    Returns
    -------
    float
        It falls with the height [dB].

    Raises
    ------
    RangeError
        Outside the heights of the scenario.

    References
    ----------
    .. [1] 3GPP TR 36.777 V15.0.0, Table B-3.

    Examples
    --------
    >>> round(aerial_spread(100.0, "rma"), 2)
    2.65
    """
    _require(np.array([10.0]), FREQUENCY_GHZ[0], height_m, scenario)
    if scenario == "uma":
        return 4.64 * math.exp(-0.0066 * height_m)
    return 4.2 * math.exp(-0.0046 * height_m)


def _require(distance_m: Values, frequency_ghz: float, height_m: float, scenario: str) -> None:
    low, high = HEIGHT_M[scenario]
    if not low < height_m <= high:
        raise RangeError(f"{scenario} holds above {low} m to {high} m, got {height_m} m")
    if not FREQUENCY_GHZ[0] <= frequency_ghz <= FREQUENCY_GHZ[1]:
        raise RangeError(f"the formulas hold from 0.5 to 100 GHz, got {frequency_ghz} GHz")
    if (distance_m < 10.0).any() or (distance_m > FARTHEST_M[scenario]).any():
        raise RangeError(
            f"{scenario} holds from 10 m to {FARTHEST_M[scenario]} m, got {distance_m.min()} to "
            f"{distance_m.max()} m"
        )
