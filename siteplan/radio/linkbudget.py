"""From a band and a mast to RSRP against distance, and to the probability of service.

One decision to know: no margin hides in the budget. The median RSRP falls with distance, and
P(RSRP >= T) = Phi((median - T) / sigma); a drawn buffer ends where P reaches the project's edge target.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from siteplan.config import Band, Config, Layer, PathModel
from siteplan.errors import RangeError
from siteplan.radio import pathloss

STEP_M = 10.0
"""Spacing of the radial tables [m]; linear in between."""
_CLUTTER_REFERENCE_M = 1000.0
"""Where a formula's excess over free space is taken for the loss around the receiver [m]: nearer than the
distances that decide, and Hata's own reference."""


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


@dataclass(frozen=True, eq=False)
class TerrainBudget:
    """What one band loses over distance, before the terrain has its say.

    The median loss at a point is the greater of ``formula_db`` and ``open_db`` plus diffraction.

    Attributes
    ----------
    eirp_per_re_dbm
        EIRP per resource element [dBm].
    sigma_db
        Standard deviation of shadowing [dB].
    formula_db
        The class's formula over flat ground, every ``STEP_M``, shape (n,) [dB].
    open_db
        Free space and the loss of the receiver's surroundings, never more than the formula: near the
        mast the formula has less clutter in it, shape (n,) [dB].
    frequency_mhz
        Frequency [MHz].
    """

    eirp_per_re_dbm: float
    sigma_db: float
    formula_db: NDArray[np.float64]
    open_db: NDArray[np.float64]
    frequency_mhz: float


class LinkBudgets:
    """Radial tables of a project, made once per band, class and mast height.

    Parameters
    ----------
    config
        The project.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
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
        loss = _loss(model, np.maximum(distance, limits.distance_m[0]), band, antenna_height_m, receiver_m)
        rsrp = band.in_class(area_class).eirp_per_re_dbm - loss
        sigma = model.sigma_db or limits.sigma_db
        return RadialRsrp(rsrp, sigma, model.formula, max(limits.distance_m[0], STEP_M))

    def terrain(self, band_id: str, area_class: str, antenna_height_m: float) -> TerrainBudget:
        """Losses against distance for the terrain level.

        Parameters
        ----------
        band_id, area_class, antenna_height_m
            See :meth:`radial`.

        Returns
        -------
        TerrainBudget
            Formula, and free space with the class's clutter.

        Raises
        ------
        RangeError
            If no formula given for the band and class holds at this height.
        """
        table = self.radial(band_id, area_class, antenna_height_m)
        band = self._config.band(band_id)
        given = band.in_class(area_class)
        formula = given.eirp_per_re_dbm - table.rsrp_dbm
        distance = np.maximum(np.arange(len(formula)) * STEP_M, table.nearest_m)
        free_space = pathloss.free_space_loss(distance, band.frequency_mhz)
        clutter = given.clutter_loss_db
        if clutter is None:
            reference = min(round(_CLUTTER_REFERENCE_M / STEP_M), len(formula) - 1)
            clutter = max(float(formula[reference] - free_space[reference]), 0.0)
        return TerrainBudget(
            given.eirp_per_re_dbm, table.sigma_db, formula, np.minimum(free_space + clutter, formula),
            band.frequency_mhz,
        )  # fmt: skip

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
        threshold = threshold_dbm(layer, self._config.band(band_id))
        return (table.rsrp_dbm - threshold) / table.sigma_db

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

    def formulas(self) -> dict[str, int]:
        """How many masts' tables each formula served [count by name]."""
        names, counts = np.unique([table.formula for table in self._tables.values()], return_counts=True)
        return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def threshold_dbm(layer: Layer, band: Band) -> float:
    """RSRP outdoors that a layer needs on a band [dBm]."""
    return layer.threshold_dbm + (band.indoor_loss_db if layer.indoor else 0.0)


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
    frequency = band.frequency_mhz
    if model.formula == "rma_nlos":
        return pathloss.rma_nlos_loss(
            distance_m,
            frequency,
            height_m,
            receiver_m,
            model.building_height_m,
            model.street_width_m,
        )
    if model.formula == "uma_nlos":
        return pathloss.uma_nlos_loss(distance_m, frequency, height_m, receiver_m)
    environment = model.formula.removeprefix("okumura_hata_")
    return pathloss.okumura_hata_loss(distance_m / 1000.0, frequency, height_m, receiver_m, environment)
