"""From a band and a mast to RSRP against distance, and to the probability of service.

No margin hides in the budget. The median RSRP falls with distance, and
P(RSRP >= T) = Phi((median - T) / sigma); a drawn buffer ends where P reaches the project's edge target.
The uplink enters as a threshold: where the phone is no longer heard, RSRP counts for nothing, so
T = max(T_downlink, EIRP - L_uplink).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from siteplan.core.errors import RangeError
from siteplan.project.area import ClutterKind
from siteplan.project.planning import Layer
from siteplan.project.radio import Band, BandClass, Calibration, PathModel
from siteplan.project.schema import Config, clutter_kinds
from siteplan.radio import pathloss
from siteplan.radio.antenna import ELEMENT, Pattern
from siteplan.radio.building_entry import building_entry_loss
from siteplan.radio.clutter import statistical_clutter_loss, terminal_clutter_loss

STEP_M = 10.0
"""Spacing of the radial tables [m]; linear in between."""
STATISTICAL_CLUTTER_FROM_M = 250.0
"""Shortest path of ITU-R P.2108's statistical clutter; nearer, its value there is used [m]."""


@dataclass(frozen=True, eq=False)
class RadialRsrp:
    """Median RSRP of one band from one mast over flat ground.

    Attributes
    ----------
    rsrp_dbm
        At distances 0, 10, 20 ... m, never rising; ends where the formula's range ends [dBm].
    sigma_db
        Standard deviation of shadowing [dB].
    formula
        Name of the formula used.
    nearest_m
        Lower end of the formula's range; nearer values are the value there [m].
    """

    rsrp_dbm: NDArray[np.float64]
    sigma_db: float
    formula: str
    nearest_m: float

    @property
    def farthest_m(self) -> float:
        """Upper end of the formula's range [m]."""
        return (len(self.rsrp_dbm) - 1) * STEP_M


@dataclass(frozen=True, eq=False)
class TerrainBudget:
    """What one band loses over distance, before diffraction over terrain and what stands on it.

    Attributes
    ----------
    eirp_per_re_dbm
        EIRP per resource element [dBm].
    sigma_db
        Standard deviation of shadowing [dB].
    loss_db
        Free space, and what is lost at the phone's end, by kind of clutter and every ``STEP_M``, shape
        (kinds, n) [dB].
    frequency_mhz
        Frequency [MHz].
    diffraction_weight
        Share of the diffraction loss that counts: 1 unless calibrated.
    """

    eirp_per_re_dbm: float
    sigma_db: float
    loss_db: NDArray[np.float64]
    frequency_mhz: float
    diffraction_weight: float = 1.0


@dataclass(frozen=True)
class SectorPattern:
    """An antenna's pattern as a band uses it.

    Attributes
    ----------
    pattern
        Beamwidths and largest attenuations.
    downtilt_deg
        Of a sector that says nothing.
    horizontal_weight, vertical_weight
        Shares of the attenuation that are felt: 1 unless calibrated.
    """

    pattern: Pattern
    downtilt_deg: float
    horizontal_weight: float = 1.0
    vertical_weight: float = 1.0


class LinkBudgets:
    """Radial tables of a project, made once per band, class and mast height.

    Parameters
    ----------
    config
        The project.
    propagation
        Name of the propagation level; a calibration made on another one does not count.
    """

    def __init__(self, config: Config, propagation: str = "empirical") -> None:
        self._config = config
        self.kinds: tuple[ClutterKind, ...] = clutter_kinds(config)
        fitted = config.fitted
        self.fitted: Calibration | None = (
            fitted if fitted is not None and fitted.propagation == propagation else None
        )
        self._tables: dict[tuple[str, str, float], RadialRsrp] = {}

    def radial(self, band_id: str, area_class: str, antenna_height_m: float) -> RadialRsrp:
        """Median RSRP against distance.

        Parameters
        ----------
        band_id, area_class
            Ids of the project file.
        antenna_height_m
            Above ground [m].

        Returns
        -------
        RadialRsrp
            The table.

        Raises
        ------
        RangeError
            If no formula given for the band and class holds at this height.
        """
        key = (band_id, area_class, float(antenna_height_m))
        if key not in self._tables:
            self._tables[key] = self._make(*key)
        return self._tables[key]

    def _make(self, band_id: str, area_class: str, antenna_height_m: float) -> RadialRsrp:
        band = self._config.band(band_id)
        receiver_m = self._config.coverage.receiver_height_m
        model = _first_in_range(band, area_class, antenna_height_m, receiver_m)
        limits = pathloss.RANGES[model.formula]
        distance = np.arange(0.0, limits.distance_m[1] + STEP_M / 2, STEP_M)
        counted = np.maximum(distance, limits.distance_m[0])
        loss = _loss(model, counted, band, antenna_height_m, receiver_m) + self._fitted_loss(band_id, counted)
        sigma = self._sigma_db(band_id, model.sigma_db or limits.sigma_db)
        rsrp = np.minimum.accumulate(self.eirp_dbm(band_id, area_class) - loss)
        return RadialRsrp(rsrp, sigma, model.formula, max(limits.distance_m[0], STEP_M))

    def eirp_dbm(self, band_id: str, area_class: str) -> float:
        """EIRP per resource element [dBm]."""
        return eirp_per_re_dbm(self._config.band(band_id).in_class(area_class), self._config)

    def gain_dbi(self, band_id: str, area_class: str) -> float | None:
        """Gain of a band's antenna less its feeder [dBi]; None where the project names no antenna."""
        given = self._config.band(band_id).in_class(area_class)
        antenna = self._config.antenna(given.antenna)
        return None if antenna is None else antenna.gain_dbi - given.feeder_loss_db

    def _fitted_loss(self, band_id: str, distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a calibration adds to the path loss of a band, by distance [dB]."""
        if self.fitted is None or band_id not in self.fitted.bands:
            return np.zeros_like(distance_m)
        fit = self.fitted.bands[band_id]
        decades = np.log10(np.maximum(distance_m, STEP_M) / 1000.0)
        return fit.slope_db_per_decade * decades - (fit.offset_db + self.fitted.map_offset_db)

    def correlation(self) -> float:
        """Correlation of shadowing between masts of different places: fitted, else the project's [0-0.95]."""
        fitted = self.fitted.shadowing_correlation if self.fitted else None
        return self._config.coverage.shadowing_correlation if fitted is None else fitted

    def _sigma_db(self, band_id: str, published_db: float) -> float:
        fit = self.fitted.bands.get(band_id) if self.fitted else None
        return fit.sigma_db if fit is not None and fit.sigma_db else published_db

    def clutter_terms_db(self) -> NDArray[np.float64]:
        """What a calibration adds to the path loss by kind of clutter, shape (kinds,) [dB]."""
        terms = self.fitted.clutter_db if self.fitted else {}
        return np.array([terms.get(kind.id, 0.0) for kind in self.kinds])

    def terrain(self, band_id: str, area_class: str, antenna_height_m: float) -> TerrainBudget:
        """Losses against distance for the terrain level.

        Parameters
        ----------
        band_id, area_class, antenna_height_m
            See :meth:`radial`.

        Returns
        -------
        TerrainBudget
            Free space as far as a mast of the class is followed, and the loss at the phone's end.

        Raises
        ------
        RangeError
            If no formula given for the band and class holds at this height, or the end loss does not
            hold at the band's frequency.
        """
        table = self.radial(band_id, area_class, antenna_height_m)
        config, frequency = self._config, self._config.band(band_id).frequency_mhz
        farthest = config.area_class(area_class).max_radius_m
        distance = np.arange(0.0, farthest + 1.5 * STEP_M, STEP_M)
        drop = antenna_height_m - config.coverage.receiver_height_m
        free_space = pathloss.free_space_loss(np.hypot(np.maximum(distance, 1.0), drop), frequency)
        free_space = free_space + self._fitted_loss(band_id, distance)
        ends = np.array([self._end_loss(kind, frequency, distance) for kind in self.kinds])
        weight = self.fitted.diffraction_weight if self.fitted else 1.0
        return TerrainBudget(
            self.eirp_dbm(band_id, area_class),
            table.sigma_db,
            free_space + ends + self.clutter_terms_db()[:, None],
            frequency,
            weight,
        )

    def _end_loss(
        self, kind: ClutterKind, frequency_mhz: float, distance_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Loss of a phone among clutter where its height does not stand in the profile."""
        coverage = self._config.coverage
        none = np.zeros_like(distance_m)
        if coverage.clutter != "end_loss" or kind.height_m <= coverage.receiver_height_m:
            return none
        if kind.built:
            path_km = np.maximum(distance_m, STATISTICAL_CLUTTER_FROM_M) / 1000.0
            return statistical_clutter_loss(path_km, frequency_mhz)
        width = coverage.street_width_m
        loss = terminal_clutter_loss(
            frequency_mhz, coverage.receiver_height_m, kind.height_m, width, "forest"
        )
        return none + loss

    def pattern(self, band_id: str, area_class: str) -> SectorPattern:
        """Pattern of a band's sectors; where the project names no antenna, that of the Table's element.

        Parameters
        ----------
        band_id, area_class
            Ids of the project file.

        Returns
        -------
        SectorPattern
            With the calibration's weights, if there is one.
        """
        antenna = self._config.antenna(self._config.band(band_id).in_class(area_class).antenna)
        weights = (self.fitted.horizontal_weight, self.fitted.vertical_weight) if self.fitted else (1.0, 1.0)
        if antenna is None:
            return SectorPattern(ELEMENT, 0.0, *weights)
        shape = Pattern(
            antenna.horizontal_beamwidth_deg,
            antenna.vertical_beamwidth_deg,
            antenna.side_lobe_db,
            antenna.front_to_back_db,
        )
        return SectorPattern(shape, antenna.downtilt_deg, *weights)

    def threshold_dbm(self, layer: Layer, band_id: str, area_class: str) -> float:
        """RSRP outdoors that a layer needs on a band of a class [dBm].

        Parameters
        ----------
        layer
            Its threshold is the downlink's.
        band_id, area_class
            The uplink of this class may ask for more; indoors the entry loss is added.

        Returns
        -------
        float
            T = max(T_downlink, EIRP per RE - largest uplink loss), and the entry loss indoors.
        """
        band = self._config.band(band_id)
        uplink, needed = band.in_class(area_class).uplink, layer.threshold_dbm
        if uplink is not None:
            needed = max(needed, self.eirp_dbm(band_id, area_class) - uplink.largest_loss_db)
        return needed + (indoor_loss_db(band) if layer.indoor else 0.0)

    def spread_db(self, layer: Layer, band_id: str, area_class: str, antenna_height_m: float) -> float:
        """Standard deviation of shadowing of a layer: indoors with that of the loss into buildings [dB].

        Parameters
        ----------
        layer, band_id, area_class, antenna_height_m
            See :meth:`margin`.

        Returns
        -------
        float
            sqrt(sigma^2 + sigma_entry^2) indoors [dB].
        """
        outdoors = self.radial(band_id, area_class, antenna_height_m).sigma_db
        return math.hypot(outdoors, entry_sigma_db(self._config.band(band_id))) if layer.indoor else outdoors

    def margin(
        self, band_id: str, area_class: str, antenna_height_m: float, layer: Layer
    ) -> NDArray[np.float64]:
        """Standard score (median - T) / sigma against distance, table spacing ``STEP_M``.

        Parameters
        ----------
        band_id, area_class, antenna_height_m
            See :meth:`radial`.
        layer
            Its threshold counts; indoors the band's entry loss is added to it.

        Returns
        -------
        ndarray
            Standard scores [1].
        """
        table = self.radial(band_id, area_class, antenna_height_m)
        threshold = self.threshold_dbm(layer, band_id, area_class)
        return (table.rsrp_dbm - threshold) / self.spread_db(layer, band_id, area_class, antenna_height_m)

    def radius_m(
        self,
        band_id: str,
        area_class: str,
        antenna_height_m: float,
        layer: Layer,
        probability: float,
    ) -> float:
        """Distance at which the probability of service falls to a value.

        Parameters
        ----------
        band_id, area_class, antenna_height_m, layer
            See :meth:`margin`.
        probability
            0-1.

        Returns
        -------
        float
            Radius [m]; 0 when even the mast's foot is below, the formula's range at most.
        """
        score = self.margin(band_id, area_class, antenna_height_m, layer)
        reached = np.flatnonzero(score >= ndtri(probability))
        return float(reached[-1] * STEP_M) if reached.size else 0.0


def eirp_per_re_dbm(given: BandClass, config: Config) -> float:
    """EIRP per resource element of the reference signal. [dBm]

    Parameters
    ----------
    given
        A figure, or power, resource blocks and antenna class: P - 10 log10(12 N_RB) + G - L.
    config
        Where the antenna classes stand.

    Returns
    -------
    float
        EIRP [dBm].
    """
    if given.eirp_per_re_dbm is not None:
        return given.eirp_per_re_dbm
    antenna = config.antenna(given.antenna)
    power_w, blocks = given.power_w or 0.0, given.resource_blocks or 0  # given, if no figure is: checked
    assert antenna is not None
    return 10.0 * math.log10(1000.0 * power_w / (12.0 * blocks)) + antenna.gain_dbi - given.feeder_loss_db


def indoor_loss_db(band: Band) -> float:
    """Median loss into buildings: as given, or by the model the project names. [dB]

    Parameters
    ----------
    band
        Its ``indoor_loss_db`` is a number, ``p2109_traditional``, ``p2109_efficient``, ``o2i_low`` or
        ``o2i_high``.

    Returns
    -------
    float
        Loss not exceeded in half of the buildings and places, horizontal path [dB].
    """
    named = band.indoor_loss_db
    if named == "p2109_traditional":
        return float(building_entry_loss(band.frequency_mhz))
    if named == "p2109_efficient":
        return float(building_entry_loss(band.frequency_mhz, building="thermally_efficient"))
    if named in ("o2i_low", "o2i_high"):
        return pathloss.o2i_loss(band.frequency_mhz, str(named).removeprefix("o2i_"))
    return float(named)


_O2I_SIGMA_DB = {"o2i_low": 4.4, "o2i_high": 6.5}
_ONE_SIGMA = 0.8413


def entry_sigma_db(band: Band) -> float:
    """Spread of the loss into buildings: as given, or of the model the project names. [dB]

    Parameters
    ----------
    band
        With ``indoor_loss_db`` and ``indoor_loss_sigma_db``.

    Returns
    -------
    float
        Of ITU-R P.2109 what 84 % do not exceed less the median; TR 38.901, Table 7.4.3-2: 4.4 dB (low loss)
        and 6.5 dB (high loss); 4.4 dB for a loss given as a number, 0 for none [dB].
    """
    named = band.indoor_loss_db
    if band.indoor_loss_sigma_db is not None:
        return band.indoor_loss_sigma_db
    if named in ("p2109_traditional", "p2109_efficient"):
        building = "traditional" if named == "p2109_traditional" else "thermally_efficient"
        half, most = building_entry_loss(band.frequency_mhz, np.array([0.5, _ONE_SIGMA]), building=building)
        return float(most - half)
    if isinstance(named, str):
        return _O2I_SIGMA_DB[named]
    return _O2I_SIGMA_DB["o2i_low"] if named > 0.0 else 0.0


def service_probability(
    rsrp_dbm: NDArray[np.float64], threshold: float, sigma_db: float
) -> NDArray[np.float64]:
    """P(RSRP >= T) under normal shadowing [0-1].

    Parameters
    ----------
    rsrp_dbm
        Median RSRP [dBm].
    threshold
        T [dBm].
    sigma_db
        Standard deviation [dB], positive.

    Returns
    -------
    ndarray
        Probability, 0.5 where the median meets the threshold.

    Examples
    --------
    >>> service_probability(np.array([-105.0, -97.0]), -105.0, 8.0).round(3)
    array([0.5  , 0.841])
    """
    return ndtr((rsrp_dbm - threshold) / sigma_db)


def _first_in_range(band: Band, area_class: str, antenna_height_m: float, receiver_m: float) -> PathModel:
    for model in band.in_class(area_class).models:
        if pathloss.RANGES[model.formula].holds(band.frequency_mhz, antenna_height_m, receiver_m):
            return model
    raise RangeError(
        f"band {band.id}, class {area_class}: no given formula holds for a mast of "
        f"{antenna_height_m:g} m at {band.frequency_mhz:g} MHz"
    )


def _loss(
    model: PathModel,
    distance_m: NDArray[np.float64],
    band: Band,
    height_m: float,
    receiver_m: float,
) -> NDArray[np.float64]:
    frequency, heights = band.frequency_mhz, (height_m, receiver_m)
    if model.formula in _RURAL:
        buildings = (model.building_height_m, model.street_width_m)
        return _RURAL[model.formula](distance_m, frequency, *heights, *buildings)
    if model.formula in _URBAN:
        return _URBAN[model.formula](distance_m, frequency, *heights)
    family, _, environment = model.formula.rpartition("_")
    return _HATA[family](distance_m / 1000.0, frequency, *heights, environment)


_HATA = {"cost231_hata": pathloss.cost231_hata_loss, "okumura_hata": pathloss.okumura_hata_loss}
_RURAL = {"rma_nlos": pathloss.rma_nlos_loss, "rma": pathloss.rma_loss}
_URBAN = {
    "uma_nlos": pathloss.uma_nlos_loss,
    "uma": pathloss.uma_loss,
    "umi_nlos": pathloss.umi_nlos_loss,
    "umi": pathloss.umi_loss,
}
