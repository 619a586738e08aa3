"""Compliance distance of antennas: how far in front of them people must stay by the limits of GB 8702-2014.

In the far field the mean power density on the axis of the beam is S = EIRP / (4 pi d^2); several bands add
up as shares of their own limits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from siteplan.core.errors import RangeError

FREQUENCY_MHZ = (30.0, 300_000.0)
"""Lower and upper end of the limits given here [MHz]."""


def power_density_limit(frequency_mhz: float) -> float:
    """Limit of the public's exposure to the equivalent plane wave power density. [W/m2]

    Parameters
    ----------
    frequency_mhz
        Frequency, 30 MHz to 300 GHz [MHz].

    Returns
    -------
    float
        0.4 to 3 GHz, f/7500 to 15 GHz, 2 above [W/m2].

    Raises
    ------
    RangeError
        Outside 30 MHz to 300 GHz.

    References
    ----------
    .. [1] GB 8702-2014, Controlling limits for electromagnetic environment, Table 1.

    Examples
    --------
    >>> round(power_density_limit(3500.0), 3)
    0.467
    """
    if not FREQUENCY_MHZ[0] <= frequency_mhz <= FREQUENCY_MHZ[1]:
        raise RangeError(f"the limits hold from 30 MHz to 300 GHz, got {frequency_mhz} MHz")
    if frequency_mhz <= 3000.0:
        return 0.4
    return frequency_mhz / 7500.0 if frequency_mhz <= 15_000.0 else 2.0


def compliance_distance(
    power_w: Sequence[float],
    gain_dbi: Sequence[float],
    frequency_mhz: Sequence[float],
    *,
    duty: float = 1.0,
    share: float = 1.0,
) -> float:
    """Distance on the axis of the beams beyond which all bands together keep to the limit. [m]

    Parameters
    ----------
    power_w
        Power into the antenna of one sector by band, not negative [W].
    gain_dbi
        Gain of the antenna by band [dBi].
    frequency_mhz
        Frequency by band [MHz].
    duty
        Mean power over the averaging time as a share of the greatest (0-1].
    share
        Share of the limit that may be used (0-1].

    Returns
    -------
    float
        d with sum of EIRP duty / (4 pi d^2 limit share) = 1 [m].

    Raises
    ------
    RangeError
        If duty or share leave (0, 1], a power is negative, or a frequency lies outside the limits.

    References
    ----------
    .. [1] IEC 62232:2022, the far field's spherical formula.
    .. [2] GB 8702-2014, 4.2: several frequencies add up as shares of their limits.

    Examples
    --------
    >>> round(compliance_distance([200.0], [24.0], [3500.0]))
    93
    """
    if not (0.0 < duty <= 1.0 and 0.0 < share <= 1.0):
        raise RangeError(f"duty and share lie in (0, 1], got {duty} and {share}")
    total = 0.0
    for power, gain, frequency in zip(power_w, gain_dbi, frequency_mhz, strict=True):
        if power < 0.0:
            raise RangeError(f"a power is not negative, got {power} W")
        total += power * 10.0 ** (gain / 10.0) / power_density_limit(frequency)
    return math.sqrt(total * duty / (4.0 * math.pi * share))
