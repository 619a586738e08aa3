"""Diffraction by the bulge of the Earth and by what stands on it (ITU-R P.1812-8, section 4.3).

Every function takes the whole profile of one path, as the Recommendation does, in
double precision. Maps use the sweep (:mod:`siteplan.radio.sweep`), which solves the same Bullington
construction for all pixels at once and is measured against these functions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteplan.core.errors import RangeError

EARTH_RADIUS_KM = 6371.0
LAND = (22.0, 0.003)
"""Relative permittivity [1] and conductivity [S/m] of land (P.1812-8 section 4.3.3)."""
SEA = (80.0, 5.0)
"""The same of sea."""
WAVELENGTH_M_GHZ = 0.2998
"""Wavelength times frequency as the Recommendation rounds it [m GHz]."""


def effective_earth_radius_km(delta_n: float) -> float:
    """Median effective Earth radius. [km]

    Parameters
    ----------
    delta_n
        Average lapse rate of refractivity through the lowest kilometre [N-units/km], above 0, below 157.

    Returns
    -------
    float
        a_e [km].

    Raises
    ------
    RangeError
        Outside the range above.

    References
    ----------
    .. [1] ITU-R P.1812-8, section 3.7, equations (6) and (7a).

    Examples
    --------
    >>> round(effective_earth_radius_km(46.5))
    9052
    """
    if not 0.0 < delta_n < 157.0:
        raise RangeError(f"delta_n must lie between 0 and 157 N-units/km, got {delta_n}")
    return EARTH_RADIUS_KM * 157.0 / (157.0 - delta_n)


def knife_edge_loss(nu: float) -> float:
    """Loss of a single knife edge. [dB]

    Parameters
    ----------
    nu
        Diffraction parameter [1].

    Returns
    -------
    float
        J(nu), 0 below -0.78.

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3, equation (12).

    Examples
    --------
    >>> round(knife_edge_loss(0.0), 2)
    6.03
    """
    if nu <= -0.78:
        return 0.0
    return 6.9 + 20.0 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1)


@dataclass(frozen=True, eq=False)
class Profile:
    """What stands between two antennas.

    Attributes
    ----------
    distance_km
        From the transmitter, ascending from 0, shape (n,) [km].
    height_m
        Ground plus clutter above sea level; bare ground at both ends, shape (n,) [m].
    tx_amsl_m, rx_amsl_m
        Antennas above sea level [m].
    """

    distance_km: NDArray[np.float64]
    height_m: NDArray[np.float64]
    tx_amsl_m: float
    rx_amsl_m: float

    @property
    def length_km(self) -> float:
        """Length of the path [km]."""
        return float(self.distance_km[-1])


def bullington_nu(profile: Profile, radius_km: float, frequency_ghz: float) -> tuple[float, bool]:
    """Diffraction parameter of the Bullington point.

    Parameters
    ----------
    profile
        The path, at least one point between its ends.
    radius_km
        Effective Earth radius [km].
    frequency_ghz
        Frequency [GHz].

    Returns
    -------
    tuple
        nu [1], and whether the path is line of sight.

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3.1, equations (13) to (20).
    """
    d, wavelength = profile.length_km, WAVELENGTH_M_GHZ / frequency_ghz
    x, height = profile.distance_km[1:-1], profile.height_m[1:-1]
    hts, hrs = profile.tx_amsl_m, profile.rx_amsl_m
    bulged = height + 500.0 / radius_km * x * (d - x)
    slope_tx = float(np.max((bulged - hts) / x))
    direct = (hrs - hts) / d
    if slope_tx < direct:
        clearance = bulged - (hts * (d - x) + hrs * x) / d
        return float(np.max(clearance * np.sqrt(0.002 * d / (wavelength * x * (d - x))))), True
    slope_rx = float(np.max((bulged - hrs) / (d - x)))
    at = (hrs - hts + slope_rx * d) / (slope_tx + slope_rx)
    above = hts + slope_tx * at - (hts * (d - at) + hrs * at) / d
    return above * math.sqrt(0.002 * d / (wavelength * at * (d - at))), False


def bullington_loss(profile: Profile, radius_km: float, frequency_ghz: float) -> float:
    """Bullington part of the diffraction loss. [dB]

    Parameters
    ----------
    profile, radius_km, frequency_ghz
        See :func:`bullington_nu`.

    Returns
    -------
    float
        Loss not below 0 [dB].

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3.1, equation (21).

    Examples
    --------
    A 100 m wall half way along 10 km of flat ground:

    >>> x = np.array([0.0, 5.0, 10.0])
    >>> wall = Profile(x, np.array([0.0, 100.0, 0.0]), 30.0, 1.5)
    >>> round(bullington_loss(wall, 9000.0, 2.6), 1)
    40.0
    """
    nu, _ = bullington_nu(profile, radius_km, frequency_ghz)
    loss = knife_edge_loss(nu)
    return loss + (1.0 - math.exp(-loss / 6.0)) * (10.0 + 0.02 * profile.length_km)


@dataclass(frozen=True)
class SphericalPath:
    """A smooth path over the bulge.

    Attributes
    ----------
    length_km
        Length [km].
    tx_height_m, rx_height_m
        Antenna heights above the smooth surface [m].
    frequency_ghz
        Frequency [GHz].
    vertical
        Vertical polarization; else horizontal.
    sea_share
        Share of the path over sea [0-1].
    """

    length_km: float
    tx_height_m: float
    rx_height_m: float
    frequency_ghz: float
    vertical: bool
    sea_share: float


def spherical_earth_loss(path: SphericalPath, radius_km: float) -> float:
    """Diffraction loss over a smooth Earth. [dB]

    Parameters
    ----------
    path
        The smooth path.
    radius_km
        Effective Earth radius [km].

    Returns
    -------
    float
        Loss, 0 with enough clearance [dB].

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3.2, equations (22) to (27).
    """
    hte, hre, d = path.tx_height_m, path.rx_height_m, path.length_km
    horizon_km = math.sqrt(2.0 * radius_km) * (math.sqrt(0.001 * hte) + math.sqrt(0.001 * hre))
    if d >= horizon_km:
        return first_term_loss(path, radius_km)
    clearance_m, near_km = _smallest_clearance(path, radius_km)
    wavelength = WAVELENGTH_M_GHZ / path.frequency_ghz
    needed_m = 17.456 * math.sqrt(near_km * (d - near_km) * wavelength / d)
    if clearance_m > needed_m:
        return 0.0
    modified_km = 500.0 * (d / (math.sqrt(hte) + math.sqrt(hre))) ** 2
    loss = first_term_loss(path, modified_km)
    return 0.0 if loss < 0.0 else (1.0 - clearance_m / needed_m) * loss


def _smallest_clearance(path: SphericalPath, radius_km: float) -> tuple[float, float]:
    """Clearance between bulge and ray [m], and its distance from the transmitter [km], (23) to (25)."""
    hte, hre, d = path.tx_height_m, path.rx_height_m, path.length_km
    c = (hte - hre) / (hte + hre)
    m = 250.0 * d * d / (radius_km * (hte + hre))
    angle = math.acos(1.5 * c * math.sqrt(3.0 * m / (m + 1.0) ** 3)) / 3.0
    b = 2.0 * math.sqrt((m + 1.0) / (3.0 * m)) * math.cos(math.pi / 3.0 + angle)
    near = 0.5 * d * (1.0 + b)
    far = d - near
    drop_near, drop_far = 500.0 * near * near / radius_km, 500.0 * far * far / radius_km
    return ((hte - drop_near) * far + (hre - drop_far) * near) / d, near


def first_term_loss(path: SphericalPath, radius_km: float) -> float:
    """First term of the residue series, land and sea in their shares. [dB]

    Parameters
    ----------
    path, radius_km
        See :func:`spherical_earth_loss`.

    Returns
    -------
    float
        L_dft, may be negative [dB].

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3.3, equations (28) to (36).
    """
    land = _first_term(path, radius_km, *LAND)
    sea = _first_term(path, radius_km, *SEA)
    return path.sea_share * sea + (1.0 - path.sea_share) * land


def _first_term(path: SphericalPath, radius_km: float, permittivity: float, conductivity: float) -> float:
    f = path.frequency_ghz
    lossy = (18.0 * conductivity / f) ** 2
    k = 0.036 * (radius_km * f) ** (-1.0 / 3.0) * ((permittivity - 1.0) ** 2 + lossy) ** -0.25
    if path.vertical:
        k *= math.sqrt(permittivity**2 + lossy)
    beta = (1.0 + 1.6 * k**2 + 0.67 * k**4) / (1.0 + 4.5 * k**2 + 1.53 * k**4)
    x = 21.88 * beta * (f / radius_km**2) ** (1.0 / 3.0) * path.length_km
    y = 0.9575 * beta * (f * f / radius_km) ** (1.0 / 3.0)
    if x >= 1.6:
        distance_term = 11.0 + 10.0 * math.log10(x) - 17.6 * x
    else:
        distance_term = -20.0 * math.log10(x) - 5.6488 * x**1.425
    return (
        -distance_term
        - _height_gain(y * path.tx_height_m, beta, k)
        - _height_gain(y * path.rx_height_m, beta, k)
    )


def _height_gain(y: float, beta: float, k: float) -> float:
    b = beta * y
    if b > 2.0:
        gain = 17.6 * math.sqrt(b - 1.1) - 5.0 * math.log10(b - 1.1) - 8.0
    else:
        gain = 20.0 * math.log10(b + 0.1 * b**3)
    return max(gain, 2.0 + 20.0 * math.log10(k))


@dataclass(frozen=True)
class DeltaBullington:
    """Diffraction loss and its three parts [dB].

    Attributes
    ----------
    actual
        Bullington on the profile.
    smooth
        Bullington on the smooth profile of the same length.
    spherical
        Spherical Earth.
    """

    actual: float
    smooth: float
    spherical: float

    @property
    def loss(self) -> float:
        """L_d, equation (39) [dB]."""
        return self.actual + max(self.spherical - self.smooth, 0.0)


def delta_bullington(profile: Profile, path: SphericalPath, radius_km: float) -> DeltaBullington:
    """Delta-Bullington diffraction loss.

    Parameters
    ----------
    profile
        The path.
    path
        Its smooth counterpart: the same length, antenna heights above the smooth surface.
    radius_km
        Effective Earth radius [km].

    Returns
    -------
    DeltaBullington
        The loss and its parts.

    References
    ----------
    .. [1] ITU-R P.1812-8, section 4.3.4, equations (37) to (39).
    """
    flat = Profile(profile.distance_km, np.zeros_like(profile.height_m), path.tx_height_m, path.rx_height_m)
    return DeltaBullington(
        bullington_loss(profile, radius_km, path.frequency_ghz),
        bullington_loss(flat, radius_km, path.frequency_ghz),
        spherical_earth_loss(path, radius_km),
    )
