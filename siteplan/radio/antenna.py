"""Radiation pattern of a sector antenna (3GPP TR 38.901, Table 7.3-1), as attenuation against boresight.

The gain at boresight is no part of a pattern. It is in the EIRP already, and a
pattern takes from it; so an antenna of unknown azimuth is simply one whose attenuation is not taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteplan.core.errors import RangeError


@dataclass(frozen=True)
class Pattern:
    """Shape of the main lobe and depth of the rest; the defaults are the values of Table 7.3-1.

    Attributes
    ----------
    horizontal_beamwidth_deg, vertical_beamwidth_deg
        Full width between the points of -3 dB, above 0, up to 360 and 180 [deg].
    side_lobe_db
        Largest attenuation of the vertical cut, SLA_V, positive [dB].
    front_to_back_db
        Largest attenuation of the horizontal cut and of both together, A_max, positive [dB].

    Raises
    ------
    RangeError
        If a value lies outside.
    """

    horizontal_beamwidth_deg: float = 65.0
    vertical_beamwidth_deg: float = 65.0
    side_lobe_db: float = 30.0
    front_to_back_db: float = 30.0

    def __post_init__(self) -> None:
        if not 0.0 < self.horizontal_beamwidth_deg <= 360.0:
            raise RangeError(f"horizontal beamwidth {self.horizontal_beamwidth_deg:g} deg is outside 0-360")
        if not 0.0 < self.vertical_beamwidth_deg <= 180.0:
            raise RangeError(f"vertical beamwidth {self.vertical_beamwidth_deg:g} deg is outside 0-180")
        if not (self.side_lobe_db > 0.0 and self.front_to_back_db > 0.0):
            raise RangeError("side lobes and back of a pattern are attenuated by more than 0 dB")


ELEMENT = Pattern()
"""The single element of Table 7.3-1."""


def horizontal_attenuation_db(offset_deg: ArrayLike, pattern: Pattern = ELEMENT) -> NDArray[np.float64]:
    """Attenuation of the horizontal cut. [dB]

    Parameters
    ----------
    offset_deg
        Azimuth of the path less that of the antenna, any finite value; 350 is taken as -10 [deg].
    pattern
        The antenna.

    Returns
    -------
    ndarray
        0 at boresight to A_max, the shape of ``offset_deg`` [dB].

    Raises
    ------
    RangeError
        If an angle is not finite.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.3-1, horizontal cut.

    Examples
    --------
    >>> horizontal_attenuation_db([0, 32.5, -32.5, 180])
    array([ 0.,  3.,  3., 30.])
    """
    offset = (_finite(offset_deg) + 180.0) % 360.0 - 180.0
    return np.minimum(12.0 * (offset / pattern.horizontal_beamwidth_deg) ** 2, pattern.front_to_back_db)


def vertical_attenuation_db(offset_deg: ArrayLike, pattern: Pattern = ELEMENT) -> NDArray[np.float64]:
    """Attenuation of the vertical cut. [dB]

    Parameters
    ----------
    offset_deg
        Downward angle of the path less the downtilt, -180 to 180; the zenith angle of the report less 90
        less the tilt [deg].
    pattern
        The antenna.

    Returns
    -------
    ndarray
        0 at boresight to SLA_V, the shape of ``offset_deg`` [dB].

    Raises
    ------
    RangeError
        If an angle lies outside.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.3-1, vertical cut.

    Examples
    --------
    >>> vertical_attenuation_db([0, 32.5, 90]).round(1)
    array([ 0.,  3., 23.])
    """
    offset = _finite(offset_deg)
    if np.any(np.abs(offset) > 180.0):
        raise RangeError("an elevation offset must lie between -180 and 180 degrees")
    return np.minimum(12.0 * (offset / pattern.vertical_beamwidth_deg) ** 2, pattern.side_lobe_db)


def attenuation_db(
    azimuth_offset_deg: ArrayLike, elevation_offset_deg: ArrayLike, pattern: Pattern = ELEMENT
) -> NDArray[np.float64]:
    """Attenuation towards a direction, against boresight. [dB]

    Parameters
    ----------
    azimuth_offset_deg
        Azimuth of the path less that of the antenna, any finite value [deg].
    elevation_offset_deg
        Downward angle of the path less the downtilt, -180 to 180, a shape that goes with the former [deg].
    pattern
        The antenna.

    Returns
    -------
    ndarray
        0 at boresight to A_max, of the common shape [dB].

    Raises
    ------
    RangeError
        If an angle lies outside.

    References
    ----------
    .. [1] 3GPP TR 38.901 v19.1.0, Table 7.3-1, 3D pattern.

    Examples
    --------
    >>> attenuation_db([0, 32.5, 180], [32.5, 32.5, 90])
    array([ 3.,  6., 30.])
    """
    cuts = horizontal_attenuation_db(azimuth_offset_deg, pattern)
    cuts = cuts + vertical_attenuation_db(elevation_offset_deg, pattern)
    return np.minimum(cuts, pattern.front_to_back_db)


def _finite(angle_deg: ArrayLike) -> NDArray[np.float64]:
    angle = np.asarray(angle_deg, dtype=np.float64)
    if not np.all(np.isfinite(angle)):
        raise RangeError("an angle of a pattern must be finite")
    return angle
