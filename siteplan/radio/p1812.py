"""Recommendation ITU-R P.1812-8 for one path: the truth the maps are measured against.

Symbols carry the Recommendation's names (in the spelling of ITU-R Study Group 3's
result sheets), so that a reader can follow the text equation by equation. Signal levels exceeded for
50 % of time and locations are what maps use; other percentages are here because the Recommendation has
them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteplan.core.errors import RangeError
from siteplan.radio.diffraction import (
    EARTH_RADIUS_KM,
    WAVELENGTH_M_GHZ,
    Profile,
    SphericalPath,
    delta_bullington,
    effective_earth_radius_km,
)

EDITION = "ITU-R P.1812-8 (09/2025)"
SEA_ZONE, COASTAL_ZONE, INLAND_ZONE = 1, 3, 4
"""Radio-meteorological zones of profile points."""
_BETA_RADIUS_KM = 3.0 * EARTH_RADIUS_KM
"""Effective Earth radius exceeded for beta_0 per cent of time, (7b) [km]."""


@dataclass(frozen=True)
class P1812Result:
    """Basic transmission loss and everything on the way to it.

    Attributes
    ----------
    d, dlt, dlr, dtm, dlm
        Path, horizon distances, longest land and inland stretch [km].
    th_t, th_r, th
        Horizon elevation angles and angular distance [mrad].
    hts, hrs, hst, hsr, hstd, hsrd, htc, hrc, hte, hre, hm
        Antennas above sea; smooth Earth at the ends for ducting (90a, b) and for diffraction (89);
        effective heights for diffraction (37a, b) and for ducting (92a, b); roughness (93) [m].
    hst_85, hsr_86
        Smooth Earth at the ends before any correction [m].
    w
        Share of the path over sea [0-1].
    phi
        Latitude of the middle of the path [deg].
    b0
        Time for which the refractive gradient exceeds 100 N-units/km [%].
    ae
        Median effective Earth radius [km].
    Fi, Fj, Fk
        Interpolation factors [0-1].
    Lbfs, Lb0p, Lb0b
        Free space; line of sight at p and at beta_0 [dB].
    Lbulla, Lbulls, Ldsph, Ld50, Ldb, Ldp, Lbd50, Lbd
        Diffraction: Bullington on the actual and the smooth profile and spherical Earth, all three at
        beta_0; totals at 50 %, beta_0 and p; with free space [dB]. ``Lbd`` is what the result sheets
        print under that name: where (61) takes over (Lminbap <= Lbd), its value Lbda.
    Lbd_43
        L_bd as equation (43) has it [dB].
    Lminb0p, Lba, Lminbap, Lbda, Lbam, Lbs, Lbc
        Combination, ducting and troposcatter [dB].
    Lb
        Basic transmission loss not exceeded for p % of time and pL % of locations [dB].
    Ep
        Field strength for 1 kW e.r.p. [dB(uV/m)].
    line_of_sight
        Whether the path is line of sight by section 4 of Attachment 1.
    """

    d: float
    dlt: float
    dlr: float
    th_t: float
    th_r: float
    th: float
    hts: float
    hrs: float
    w: float
    dtm: float
    dlm: float
    phi: float
    b0: float
    ae: float
    hst_85: float
    hsr_86: float
    hst: float
    hsr: float
    hstd: float
    hsrd: float
    htc: float
    hrc: float
    hte: float
    hre: float
    hm: float
    Fi: float
    Fj: float
    Fk: float
    Lbfs: float
    Lb0p: float
    Lb0b: float
    Lbulla: float
    Lbulls: float
    Ldsph: float
    Ld50: float
    Ldb: float
    Ldp: float
    Lbd50: float
    Lbd: float
    Lbd_43: float
    Lminb0p: float
    Lba: float
    Lminbap: float
    Lbda: float
    Lbam: float
    Lbs: float
    Lbc: float
    Lb: float
    Ep: float
    line_of_sight: bool

    def as_dict(self) -> dict[str, float]:
        """Every value by its name, in the order of the method."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, eq=False)
class _Path:
    """Checked input with the heights of section 4.3 above sea level."""

    f: float
    p: float
    profile: Profile
    ground: NDArray[np.float64]
    zone: NDArray[np.int64]
    htg: float
    hrg: float
    vertical: bool
    ae: float
    n0: float
    dct: float
    dcr: float

    @property
    def d(self) -> float:
        return self.profile.length_km

    @property
    def hts(self) -> float:
        return self.profile.tx_amsl_m

    @property
    def hrs(self) -> float:
        return self.profile.rx_amsl_m


@dataclass(frozen=True)
class _Horizons:
    dlt: float
    dlr: float
    th_t: float
    th_r: float
    th: float
    line_of_sight: bool
    ilt: int
    ilr: int


@dataclass(frozen=True)
class _Smooth:
    hst_85: float
    hsr_86: float
    hst: float
    hsr: float
    hstd: float
    hsrd: float
    htc: float
    hrc: float
    hte: float
    hre: float
    hm: float


@dataclass(frozen=True)
class _Climate:
    w: float
    dtm: float
    dlm: float
    phi: float
    b0: float


def path_loss_p1812(  # noqa: PLR0913 - the Recommendation's own list of inputs
    frequency_ghz: float,
    time_percent: float,
    distance_km: ArrayLike,
    ground_m: ArrayLike,
    clutter_m: ArrayLike,
    zone: ArrayLike,
    tx_height_m: float,
    rx_height_m: float,
    *,
    polarization: str | int = "vertical",
    latitudes: Sequence[float],
    longitudes: Sequence[float],
    delta_n: float,
    n0: float,
    coast_distances_km: Sequence[float] = (500.0, 500.0),
    location_percent: float = 50.0,
    sigma_location_db: float = 0.0,
) -> P1812Result:
    """Basic transmission loss of one path by ITU-R P.1812-8. [dB]

    Parameters
    ----------
    frequency_ghz
        Frequency [GHz], 0.03-6.
    time_percent
        Time p for which the loss is not exceeded [%], 1-50.
    distance_km
        Distance of profile points from the transmitter, ascending from 0, shape (n,), n >= 3 [km];
        the path is 0.25-3000 km long.
    ground_m
        Ground above sea level, shape (n,) [m].
    clutter_m
        Representative clutter heights, shape (n,) [m], not negative; at both ends they are not used.
    zone
        1 sea, 3 coastal land, 4 inland, shape (n,).
    tx_height_m, rx_height_m
        Antennas above ground [m], 1-3000.
    polarization
        ``horizontal`` or ``vertical``, or the result sheets' 1 or 2.
    latitudes, longitudes
        Of transmitter and receiver [deg], WGS84.
    delta_n
        Average lapse rate of refractivity [N-units/km].
    n0
        Sea-level surface refractivity [N-units].
    coast_distances_km
        Distance over land from transmitter and receiver to the coast along the path [km]; 500 when far.
    location_percent
        Locations pL for which the loss is not exceeded [%], 1-99.
    sigma_location_db
        Standard deviation of location variability [dB], not negative; over sea there is none.

    Returns
    -------
    P1812Result
        The loss ``Lb`` and every intermediate value.

    Raises
    ------
    RangeError
        For any value outside the ranges above.

    References
    ----------
    .. [1] Recommendation ITU-R P.1812-8, "A path-specific propagation prediction method for
       point-to-area terrestrial services in the frequency range 30 MHz to 6 000 MHz", 2025.

    Examples
    --------
    >>> x = np.linspace(0, 4, 5)
    >>> result = path_loss_p1812(
    ...     2.6, 50, x, [100, 100, 180, 100, 100], np.zeros(5), np.full(5, 4), 35, 1.5,
    ...     latitudes=(24.8, 24.8), longitudes=(113.6, 113.64), delta_n=46.5, n0=354.7)
    >>> round(result.Lbfs, 1), round(result.Lb, 1)
    (112.7, 153.8)
    """
    _require_range(frequency_ghz, time_percent, tx_height_m, rx_height_m, location_percent, sigma_location_db)
    profile, ground, zones = _checked_profile(
        distance_km, ground_m, clutter_m, zone, tx_height_m, rx_height_m
    )
    path = _Path(
        f=float(frequency_ghz),
        p=float(time_percent),
        profile=profile,
        ground=ground,
        zone=zones,
        htg=float(tx_height_m),
        hrg=float(rx_height_m),
        vertical=_is_vertical(polarization),
        ae=effective_earth_radius_km(delta_n),
        n0=float(n0),
        dct=float(coast_distances_km[0]),
        dcr=float(coast_distances_km[1]),
    )
    climate = _climate(path, latitudes, longitudes)
    horizons = _horizons(path)
    smooth = _smooth_earth(path, horizons)
    values: dict[str, float] = {"d": path.d, "hts": path.hts, "hrs": path.hrs, "ae": path.ae}
    values |= _line_of_sight_loss(path, horizons, climate)
    values |= _diffraction(path, smooth, climate, values)
    values["Lbs"] = _troposcatter(path, horizons)
    values["Lba"] = _ducting(path, horizons, smooth, climate)
    values |= _combined(path, horizons, climate, values)
    over_sea = path.zone[-1] == SEA_ZONE
    location = 0.0 if over_sea else -_inverse_normal(location_percent / 100.0) * sigma_location_db
    values["Lb"] = max(values["Lb0p"], values["Lbc"] + location)
    values["Ep"] = 199.36 + 20.0 * math.log10(path.f) - values["Lb"]
    parts = vars(climate) | vars(horizons) | vars(smooth)
    for unnamed in ("ilt", "ilr"):
        del parts[unnamed]
    return P1812Result(**values, **parts)  # type: ignore[arg-type]


def _require_range(f: float, p: float, htg: float, hrg: float, location: float, sigma: float) -> None:
    limits = (
        ("frequency_ghz", f, 0.03, 6.0),
        ("time_percent", p, 1.0, 50.0),
        ("tx_height_m", htg, 1.0, 3000.0),
        ("rx_height_m", hrg, 1.0, 3000.0),
        ("location_percent", location, 1.0, 99.0),
        ("sigma_location_db", sigma, 0.0, math.inf),
    )
    for name, value, low, high in limits:
        if not low <= value <= high:
            raise RangeError(f"P.1812: {name} must lie in {low:g} to {high:g}, got {value}")


def _checked_profile(
    distance_km: ArrayLike, ground_m: ArrayLike, clutter_m: ArrayLike, zone: ArrayLike, htg: float, hrg: float
) -> tuple[Profile, NDArray[np.float64], NDArray[np.int64]]:
    x, ground, clutter = (np.asarray(each, dtype=np.float64) for each in (distance_km, ground_m, clutter_m))
    zones = np.asarray(zone)
    if x.ndim != 1 or len(x) < 3 or not x.shape == ground.shape == clutter.shape == zones.shape:
        raise RangeError("P.1812: a profile needs at least 3 points, and as many of each kind")
    if not np.isfinite([x, ground, clutter]).all():
        raise RangeError("P.1812: distances, ground and clutter must be numbers; fill voids first")
    if x[0] != 0.0 or np.any(np.diff(x) <= 0.0):
        raise RangeError("P.1812: distances must start at 0 and ascend")
    if not 0.25 <= x[-1] <= 3000.0:
        raise RangeError(f"P.1812: a path must be 0.25 to 3000 km long, got {x[-1]:g} km")
    if clutter.min() < 0.0:
        raise RangeError("P.1812: clutter heights must not be negative")
    if not np.isin(zones, (SEA_ZONE, COASTAL_ZONE, INLAND_ZONE)).all():
        raise RangeError("P.1812: zones are 1 (sea), 3 (coastal land) or 4 (inland)")
    surface = ground + clutter
    surface[[0, -1]] = ground[[0, -1]]
    profile = Profile(x, surface, float(ground[0] + htg), float(ground[-1] + hrg))
    return profile, ground, zones.astype(np.int64)


def _is_vertical(polarization: str | int) -> bool:
    known = {"horizontal": False, "vertical": True, 1: False, 2: True}
    if polarization not in known:
        raise RangeError(f"P.1812: polarization is horizontal (1) or vertical (2), got {polarization!r}")
    return known[polarization]


def _climate(path: _Path, latitudes: Sequence[float], longitudes: Sequence[float]) -> _Climate:
    """Section 3.6, equations (1) to (5): how often the gradient is strong."""
    x = path.profile.distance_km
    dtm = _longest(x, path.zone >= COASTAL_ZONE)
    dlm = _longest(x, path.zone == INLAND_ZONE)
    tau = _tau(dlm)
    mu1 = (10.0 ** (-dtm / (16.0 - 6.6 * tau)) + 10.0 ** (-5.0 * (0.496 + 0.354 * tau))) ** 0.2
    mu1 = min(mu1, 1.0)
    phi = _middle_latitude(latitudes, longitudes, path.d)
    if abs(phi) <= 70.0:
        mu4 = 10.0 ** ((-0.935 + 0.0176 * abs(phi)) * math.log10(mu1))
        b0 = 10.0 ** (-0.015 * abs(phi) + 1.67) * mu1 * mu4
    else:
        b0 = 4.17 * mu1 * 10.0 ** (0.3 * math.log10(mu1))
    return _Climate(_sea_share(x, path.zone), dtm, dlm, phi, b0)


def _tau(dlm: float) -> float:
    """How much the longest inland stretch counts, (3)."""
    return 1.0 - math.exp(-4.12e-4 * dlm**2.41)


def _spans(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stretch of the path each point stands for: half way to its neighbours [km]."""
    edges = np.concatenate([x[:1], 0.5 * (x[1:] + x[:-1]), x[-1:]])
    return np.diff(edges)


def _sea_share(x: NDArray[np.float64], zone: NDArray[np.int64]) -> float:
    return float(_spans(x)[zone == SEA_ZONE].sum() / x[-1])


def _longest(x: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    """Longest unbroken stretch of points inside [km]."""
    spans, longest, run = _spans(x), 0.0, 0.0
    for span, member in zip(spans, inside, strict=True):
        run = run + float(span) if member else 0.0
        longest = max(longest, run)
    return longest


def _middle_latitude(latitudes: Sequence[float], longitudes: Sequence[float], length_km: float) -> float:
    """Latitude half the path's length along the great circle from the transmitter [deg], (4)."""
    lat_t, lat_r = (math.radians(value) for value in latitudes)
    delta = math.radians(longitudes[1] - longitudes[0])
    bearing = math.atan2(
        math.sin(delta) * math.cos(lat_r),
        math.cos(lat_t) * math.sin(lat_r) - math.sin(lat_t) * math.cos(lat_r) * math.cos(delta),
    )
    arc = 0.5 * length_km / EARTH_RADIUS_KM
    sine = math.sin(lat_t) * math.cos(arc) + math.cos(lat_t) * math.sin(arc) * math.cos(bearing)
    return math.degrees(math.asin(sine))


def _horizons(path: _Path) -> _Horizons:
    """Attachment 1, section 4: horizon angles and distances, equations (74) to (82)."""
    d, ae, hts, hrs = path.d, path.ae, path.hts, path.hrs
    x, height = path.profile.distance_km[1:-1], path.ground[1:-1]
    seen_tx = 1000.0 * np.arctan((height - hts) / (1000.0 * x) - x / (2.0 * ae))
    direct = 1000.0 * math.atan((hrs - hts) / (1000.0 * d) - d / (2.0 * ae))
    at_tx = int(np.argmax(seen_tx))
    if seen_tx[at_tx] > direct:
        back = d - x
        seen_rx = 1000.0 * np.arctan((height - hrs) / (1000.0 * back) - back / (2.0 * ae))
        at_rx = len(x) - 1 - int(np.argmax(seen_rx[::-1]))
        dlr = float(back[at_rx])
        th_t, th_r, line_of_sight = float(seen_tx[at_tx]), float(seen_rx[at_rx]), False
    else:
        wavelength = WAVELENGTH_M_GHZ / path.f
        clearance = height + 500.0 * x * (d - x) / ae - (hts * (d - x) + hrs * x) / d
        nu = clearance * np.sqrt(0.002 * d / (wavelength * x * (d - x)))
        at_tx = at_rx = int(np.argmax(nu))
        dlr, th_t, line_of_sight = d - float(x[at_tx]), direct, True
        th_r = 1000.0 * math.atan((hts - hrs) / (1000.0 * d) - d / (2.0 * ae))
    th = 1000.0 * d / ae + th_t + th_r
    return _Horizons(float(x[at_tx]), dlr, th_t, th_r, th, line_of_sight, at_tx + 1, at_rx + 1)


def _smooth_earth(path: _Path, horizons: _Horizons) -> _Smooth:
    """Attachment 1, section 5: the smooth surface under the path, equations (83) to (93)."""
    d, x, height = path.d, path.profile.distance_km, path.ground
    step, h0, h1 = np.diff(x), height[:-1], height[1:]
    v1 = float(np.sum(step * (h1 + h0)))
    v2 = float(np.sum(step * (h1 * (2.0 * x[1:] + x[:-1]) + h0 * (x[1:] + 2.0 * x[:-1]))))
    hst_85 = (2.0 * v1 * d - v2) / d**2
    hsr_86 = (v2 - v1 * d) / d**2
    lowered_t, lowered_r = _below_obstacles(path, hst_85, hsr_86)
    first, last = float(height[0]), float(height[-1])
    hstd, hsrd = min(lowered_t, first), min(lowered_r, last)
    hst, hsr = min(hst_85, first), min(hsr_86, last)
    slope = (hsr - hst) / d
    between = slice(horizons.ilt, horizons.ilr + 1)
    hm = float(np.max((height - (hst + slope * x))[between], initial=-math.inf))
    return _Smooth(
        hst_85=hst_85,
        hsr_86=hsr_86,
        hst=hst,
        hsr=hsr,
        hstd=hstd,
        hsrd=hsrd,
        htc=path.hts - hstd,
        hrc=path.hrs - hsrd,
        hte=path.htg + first - hst,
        hre=path.hrg + last - hsr,
        hm=hm,
    )


def _below_obstacles(path: _Path, hst: float, hsr: float) -> tuple[float, float]:
    """Smooth Earth lowered by what rises above the direct line, (87) and (88)."""
    d, x, height = path.d, path.profile.distance_km[1:-1], path.ground[1:-1]
    above = height - (path.hts * (d - x) + path.hrs * x) / d
    highest = float(above.max())
    if highest <= 0.0:
        return hst, hsr
    from_t, from_r = float(np.max(above / x)), float(np.max(above / (d - x)))
    share = from_t / (from_t + from_r)
    return hst - highest * share, hsr - highest * (1.0 - share)


def _line_of_sight_loss(path: _Path, horizons: _Horizons, climate: _Climate) -> dict[str, float]:
    """Section 4.2: free space with multipath and focusing, equations (8) to (11)."""
    direct_km = math.hypot(path.d, (path.hts - path.hrs) / 1000.0)
    lbfs = 92.4 + 20.0 * math.log10(path.f) + 20.0 * math.log10(direct_km)
    focus = 2.6 * (1.0 - math.exp(-0.1 * (horizons.dlt + horizons.dlr)))
    return {
        "Lbfs": lbfs,
        "Lb0p": lbfs + focus * math.log10(path.p / 50.0),
        "Lb0b": lbfs + focus * math.log10(climate.b0 / 50.0),
    }


def _diffraction(
    path: _Path, smooth: _Smooth, climate: _Climate, values: dict[str, float]
) -> dict[str, float]:
    """Section 4.3: delta-Bullington at 50 % and beta_0, equations (12) to (43)."""
    round_earth = SphericalPath(path.d, smooth.htc, smooth.hrc, path.f, path.vertical, climate.w)
    median = delta_bullington(path.profile, round_earth, path.ae)
    strong = delta_bullington(path.profile, round_earth, _BETA_RADIUS_KM)
    fi = _time_share(path.p, climate.b0)
    ldp = median.loss + fi * (strong.loss - median.loss)
    return {
        "Fi": fi,
        "Lbulla": strong.actual,
        "Lbulls": strong.smooth,
        "Ldsph": strong.spherical,
        "Ld50": median.loss,
        "Ldb": strong.loss,
        "Ldp": ldp,
        "Lbd50": values["Lbfs"] + median.loss,
        "Lbd_43": values["Lb0p"] + ldp,
    }


def _time_share(p: float, b0: float) -> float:
    """F_i: where p lies between 50 % and beta_0 on the normal scale, (40)."""
    return 1.0 if p <= b0 else _inverse_normal(p / 100.0) / _inverse_normal(b0 / 100.0)


def _inverse_normal(share: float) -> float:
    """I(x) of Attachment 2, equations (95) and (96): exceeded with probability x [1]."""
    tail = min(share, 1.0 - share)
    t = math.sqrt(-2.0 * math.log(tail))
    rational = ((0.010328 * t + 0.802853) * t + 2.515516698) / (
        ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    )
    return t - rational if share <= 0.5 else rational - t


def _troposcatter(path: _Path, horizons: _Horizons) -> float:
    """Section 4.4, equations (44) and (45)."""
    log_f = math.log10(path.f / 2.0)
    frequency_term = 25.0 * math.log10(path.f) - 2.5 * log_f**2
    return (
        190.1
        + frequency_term
        + 20.0 * math.log10(path.d)
        + 0.573 * horizons.th
        - 0.15 * path.n0
        - 10.125 * math.log10(50.0 / path.p) ** 0.7
    )


def _ducting(path: _Path, horizons: _Horizons, smooth: _Smooth, climate: _Climate) -> float:
    """Section 4.5: ducting and layer reflection, equations (46) to (56)."""
    f, dlt, dlr = path.f, horizons.dlt, horizons.dlr
    low_band = 45.375 - 137.0 * f + 92.5 * f * f if f < 0.5 else 0.0
    fixed = 102.45 + 20.0 * math.log10(f) + 20.0 * math.log10(dlt + dlr) + low_band
    fixed += _site_shielding(horizons.th_t, dlt, f) + _site_shielding(horizons.th_r, dlr, f)
    fixed += _over_sea_coupling(path.dct, dlt, path.hts, climate.w)
    fixed += _over_sea_coupling(path.dcr, dlr, path.hrs, climate.w)
    angle = min(horizons.th_t, 0.1 * dlt) + min(horizons.th_r, 0.1 * dlr) + 1000.0 * path.d / path.ae
    specific = 5e-5 * path.ae * f ** (1.0 / 3.0)
    return fixed + specific * angle + _ducting_time(path, horizons, smooth, climate)


def _site_shielding(theta: float, horizon_km: float, f: float) -> float:
    """A_st, A_sr of (48) [dB]."""
    excess = theta - 0.1 * horizon_km
    if excess <= 0.0:
        return 0.0
    return 20.0 * math.log10(1.0 + 0.361 * excess * math.sqrt(f * horizon_km)) + 0.264 * excess * f ** (
        1.0 / 3.0
    )


def _over_sea_coupling(coast_km: float, horizon_km: float, height_m: float, sea_share: float) -> float:
    """A_ct, A_cr of (49) [dB]."""
    if sea_share < 0.75 or coast_km > horizon_km or coast_km > 5.0:
        return 0.0
    return -3.0 * math.exp(-0.25 * coast_km**2) * (1.0 + math.tanh(0.07 * (50.0 - height_m)))


def _ducting_time(path: _Path, horizons: _Horizons, smooth: _Smooth, climate: _Climate) -> float:
    """A(p) of (53), with the corrections of beta for geometry and roughness, (54) to (56)."""
    d, p = path.d, path.p
    tau = _tau(climate.dlm)
    alpha = max(-0.6 - 3.5e-9 * d**3.1 * tau, -3.4)
    spread = (math.sqrt(smooth.hte) + math.sqrt(smooth.hre)) ** 2
    mu2 = min((500.0 / path.ae * d * d / spread) ** alpha, 1.0)
    between = min(d - horizons.dlt - horizons.dlr, 40.0)
    mu3 = 1.0 if smooth.hm <= 10.0 else math.exp(-4.6e-5 * (smooth.hm - 10.0) * (43.0 + 6.0 * between))
    beta = climate.b0 * mu2 * mu3
    log_beta = math.log10(beta)
    decay = (9.51 - 4.8 * log_beta + 0.198 * log_beta**2) * 1e-6 * d**1.13
    gamma = 1.076 / (2.0058 - log_beta) ** 1.012 * math.exp(-decay)
    return -12.0 + (1.2 + 3.7e-3 * d) * math.log10(p / beta) + 12.0 * (p / beta) ** gamma


def _combined(
    path: _Path, horizons: _Horizons, climate: _Climate, values: dict[str, float]
) -> dict[str, float]:
    """Section 4.6: one loss from all mechanisms, equations (57) to (63)."""
    fj = 1.0 - 0.5 * (1.0 + math.tanh(3.0 * 0.8 * (horizons.th - 0.3) / 0.3))
    fk = 1.0 - 0.5 * (1.0 + math.tanh(3.0 * 0.5 * (path.d - 20.0) / 20.0))
    land = (1.0 - climate.w) * values["Ldp"]
    lminb0p = values["Lb0p"] + land
    if path.p >= climate.b0:
        lminb0p = values["Lbd50"] + (values["Lb0b"] + land - values["Lbd50"]) * values["Fi"]
    eta = 2.5
    lminbap = eta * float(np.logaddexp(values["Lba"] / eta, values["Lb0p"] / eta))
    lbda = values["Lbd_43"]
    if lminbap <= lbda:
        lbda = lminbap + (lbda - lminbap) * fk
    lbam = lbda + (lminb0p - lbda) * fj
    sheet_lbd = lbda if lminbap <= values["Lbd_43"] else values["Lbd_43"]
    lbc = -5.0 * math.log10(10.0 ** (-0.2 * values["Lbs"]) + 10.0 ** (-0.2 * lbam))
    return {
        "Fj": fj,
        "Fk": fk,
        "Lminb0p": lminb0p,
        "Lminbap": lminbap,
        "Lbd": sheet_lbd,
        "Lbda": lbda,
        "Lbam": lbam,
        "Lbc": lbc,
    }
