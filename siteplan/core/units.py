"""Arithmetic on decibels. A dB is a ratio, a dBm a power; two dBm are never added."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

LIGHT_SPEED_M_PER_S = 299_792_458.0
"""Speed of light in vacuum [m/s], exact by the SI definition of the metre."""


def milliwatt_from_dbm(power_dbm: ArrayLike) -> NDArray[np.float64]:
    """Power in milliwatt of a level in dBm.

    Parameters
    ----------
    power_dbm
        Level [dBm], any finite value.

    Returns
    -------
    ndarray
        Power [mW].

    Examples
    --------
    >>> float(milliwatt_from_dbm(30.0))
    1000.0
    """
    return np.power(10.0, np.asarray(power_dbm, dtype=np.float64) / 10.0)


def dbm_from_milliwatt(power_mw: ArrayLike) -> NDArray[np.float64]:
    """Level in dBm of a power in milliwatt.

    Parameters
    ----------
    power_mw
        Power [mW], positive.

    Returns
    -------
    ndarray
        Level [dBm].

    Examples
    --------
    >>> float(dbm_from_milliwatt(1000.0))
    30.0
    """
    return 10.0 * np.log10(np.asarray(power_mw, dtype=np.float64))
