"""Chinese datums. GCJ-02 and BD-09 are shifts on WGS84 that PROJ does not know.

The forward shift is the public formula; the inverse is its fixed point, solved to
well under a millimetre. CGCS2000 and WGS84 agree within decimetres and are taken as equal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteplan.core.errors import RangeError

Degrees = NDArray[np.float64]

_SEMI_MAJOR_M = 6_378_245.0
"""Semi-major axis of the Krasovsky 1940 ellipsoid, which the shift is scaled by [m]."""
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943_23
_BD_ANGLE = np.pi * 3000.0 / 180.0
_INVERSE_STEPS = 12
_CHINA_DEG = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north of the box in which the shift is applied [deg]."""


def gcj02_from_wgs84(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Degrees, Degrees]:
    """Shift WGS84 to GCJ-02; points outside the box around China stay as they are.

    Parameters
    ----------
    longitude_deg, latitude_deg
        WGS84 [deg], shape (n,) or scalar.

    Returns
    -------
    tuple of ndarray
        GCJ-02 longitude and latitude [deg].

    Raises
    ------
    RangeError
        If a latitude is beyond +-90 degrees (longitude and latitude swapped).

    Examples
    --------
    >>> lon, lat = gcj02_from_wgs84(113.6, 24.8)
    >>> round(float(lon), 5), round(float(lat), 5)
    (113.60518, 24.79695)
    """
    longitude, latitude = _degrees(longitude_deg, latitude_deg)
    east, north = _shift_deg(longitude, latitude)
    inside = in_china(longitude, latitude)
    return np.where(inside, longitude + east, longitude), np.where(inside, latitude + north, latitude)


def wgs84_from_gcj02(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Degrees, Degrees]:
    """Undo :func:`gcj02_from_wgs84`; a round trip moves a point by less than a millimetre.

    Parameters
    ----------
    longitude_deg, latitude_deg
        GCJ-02 [deg], shape (n,) or scalar.

    Returns
    -------
    tuple of ndarray
        WGS84 longitude and latitude [deg].
    """
    longitude, latitude = _degrees(longitude_deg, latitude_deg)
    guess_longitude, guess_latitude = longitude, latitude
    for _ in range(_INVERSE_STEPS):
        shifted_longitude, shifted_latitude = gcj02_from_wgs84(guess_longitude, guess_latitude)
        guess_longitude = guess_longitude + (longitude - shifted_longitude)
        guess_latitude = guess_latitude + (latitude - shifted_latitude)
    return guess_longitude, guess_latitude


def bd09_from_gcj02(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Degrees, Degrees]:
    """Shift GCJ-02 to BD-09, the datum of Baidu maps.

    Parameters
    ----------
    longitude_deg, latitude_deg
        GCJ-02 [deg], shape (n,) or scalar.

    Returns
    -------
    tuple of ndarray
        BD-09 longitude and latitude [deg].
    """
    longitude, latitude = _degrees(longitude_deg, latitude_deg)
    radius = np.hypot(longitude, latitude) + 2e-5 * np.sin(latitude * _BD_ANGLE)
    angle = np.arctan2(latitude, longitude) + 3e-6 * np.cos(longitude * _BD_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def gcj02_from_bd09(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Degrees, Degrees]:
    """Undo :func:`bd09_from_gcj02` by fixed point, to well under a millimetre.

    Parameters
    ----------
    longitude_deg, latitude_deg
        BD-09 [deg], shape (n,) or scalar.

    Returns
    -------
    tuple of ndarray
        GCJ-02 longitude and latitude [deg].
    """
    longitude, latitude = _degrees(longitude_deg, latitude_deg)
    guess_longitude, guess_latitude = longitude - 0.0065, latitude - 0.006
    for _ in range(_INVERSE_STEPS):
        shifted_longitude, shifted_latitude = bd09_from_gcj02(guess_longitude, guess_latitude)
        guess_longitude = guess_longitude + (longitude - shifted_longitude)
        guess_latitude = guess_latitude + (latitude - shifted_latitude)
    return guess_longitude, guess_latitude


def to_wgs84(longitude_deg: ArrayLike, latitude_deg: ArrayLike, datum: str) -> tuple[Degrees, Degrees]:
    """Coordinates of a declared datum as WGS84.

    Parameters
    ----------
    longitude_deg, latitude_deg
        Coordinates [deg], shape (n,).
    datum
        ``wgs84``, ``cgcs2000``, ``gcj02`` or ``bd09``.

    Returns
    -------
    tuple of ndarray
        WGS84 longitude and latitude [deg].

    Raises
    ------
    RangeError
        If the datum is not one of the four.
    """
    if datum in ("wgs84", "cgcs2000"):
        return _degrees(longitude_deg, latitude_deg)
    if datum == "gcj02":
        return wgs84_from_gcj02(longitude_deg, latitude_deg)
    if datum == "bd09":
        return wgs84_from_gcj02(*gcj02_from_bd09(longitude_deg, latitude_deg))
    raise RangeError(f"datum {datum!r} is not one of wgs84, cgcs2000, gcj02, bd09")


def _degrees(longitude_deg: ArrayLike, latitude_deg: ArrayLike) -> tuple[Degrees, Degrees]:
    longitude = np.asarray(longitude_deg, dtype=np.float64)
    latitude = np.asarray(latitude_deg, dtype=np.float64)
    if np.any(np.abs(latitude) > 90.0):
        raise RangeError("a latitude is beyond 90 degrees: longitude and latitude may be swapped")
    return longitude, latitude


def in_china(longitude: Degrees, latitude: Degrees) -> NDArray[np.bool_]:
    """Whether points lie in the box around China in which GCJ-02 and BD-09 differ from WGS84.

    Parameters
    ----------
    longitude, latitude
        WGS84 [deg], shape (n,); NaN lies nowhere.
    """
    west, south, east, north = _CHINA_DEG
    return (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)


def _shift_deg(longitude: Degrees, latitude: Degrees) -> tuple[Degrees, Degrees]:
    """Shift from WGS84 to GCJ-02 [deg], by the public formula."""
    x, y = longitude - 105.0, latitude - 35.0
    root = np.sqrt(np.abs(x))
    common = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * root
    north += (common + 20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * root
    east += (common + 20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(latitude)
    magic = 1.0 - _ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian_m = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED) / magic**1.5
    normal_m = _SEMI_MAJOR_M / np.sqrt(magic) * np.cos(phi)
    return np.degrees(east / normal_m), np.degrees(north / meridian_m)
