"""Measured points beside what the uncalibrated model says of each, part by part.

The parts are kept apart (distance, antenna, diffraction, clutter), so that a fit can
weigh them; put together with weights of one they are the model of the maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.masts import mast_of
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.project.schema import Config
from siteplan.radio.antenna import horizontal_attenuation_db, vertical_attenuation_db
from siteplan.radio.linkbudget import STEP_M
from siteplan.radio.sectors import directions

NEAREST_M = 30.0
"""Points nearer to the mast are left out: there a metre of position is a decibel [m]."""
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sample:
    """Measurements matched to sites.

    Attributes
    ----------
    rsrp_dbm
        Measured, shape (n,) [dBm].
    base_dbm
        EIRP less the loss over distance, without antenna, diffraction and fitted clutter, shape (n,) [dBm].
    horizontal_db, vertical_db, cap_db
        Attenuation of the sector's pattern, both cuts and their common limit, shape (n,) [dB].
    diffraction_db
        Bullington loss, 0 on the level of buffers, shape (n,) [dB].
    distance_m
        From the mast, shape (n,) [m].
    band, site, cell, clutter
        Ids, shape (n,); a cell is a station, or a band of a site where no more is known.
    place
        Number of the time and place of measurement: several rows of one number are several servers.
    sigma_db
        Published spread of shadowing, shape (n,) [dB].
    easting_m, northing_m
        Shape (n,) [m].
    row
        Row of the file, shape (n,).
    """

    rsrp_dbm: Values
    base_dbm: Values
    horizontal_db: Values
    vertical_db: Values
    cap_db: Values
    diffraction_db: Values
    distance_m: Values
    band: NDArray[np.object_]
    site: NDArray[np.object_]
    cell: NDArray[np.object_]
    clutter: NDArray[np.object_]
    place: NDArray[np.int64]
    sigma_db: Values
    easting_m: Values
    northing_m: Values
    row: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rsrp_dbm)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Sample:
        """Some of the points, in the order given."""
        return Sample(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def antenna_db(self) -> Values:
        """Attenuation of the pattern as the maps use it [dB]."""
        return np.minimum(self.horizontal_db + self.vertical_db, self.cap_db)

    @property
    def model_dbm(self) -> Values:
        """Median RSRP of the uncalibrated model [dBm]."""
        return self.base_dbm - self.antenna_db - self.diffraction_db

    @cached_property
    def weakest_dbm(self) -> Values:
        """Weakest server each point's place names; -inf where it names one site only, shape (n,) [dBm]."""
        table = pd.DataFrame({"place": self.place, "rsrp": self.rsrp_dbm, "site": self.site.astype(str)})
        grouped = table.groupby("place")
        several = grouped["site"].transform("nunique").to_numpy() > 1
        return np.where(several, grouped["rsrp"].transform("min").to_numpy(), -np.inf)

    @property
    def servers_per_place(self) -> float:
        """Mean number of sites seen at one time and place."""
        seen = pd.DataFrame({"place": self.place, "site": self.site}).drop_duplicates()
        return len(seen) / max(seen["place"].nunique(), 1)


MOST_POINTS = 400_000
"""About how many rows a calibration looks at; of more, whole places are drawn."""


def build_sample(
    points: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame,
    propagation: EmpiricalModel | TerrainModel,
    config: Config,
) -> tuple[Sample, pd.DataFrame]:
    """Model every measured point as its site would serve it.

    Parameters
    ----------
    points
        ``rsrp_dbm, site_id, band, station_id`` ("" where not known), ``clutter`` ("" likewise), ``place,
        row`` and geometry.
    stations
        On air: ``station_id, site_id, band, area_class, antenna_height_m`` and sectors.
    propagation
        Propagation without a calibration.
    config
        The project.

    Returns
    -------
    tuple
        The sample in the order of ``row``, and rows left out: ``row, reason`` (``too_near``,
        ``beyond_formula``, ``no_formula``, ``off_terrain``).
    """
    parts: list[dict[str, NDArray[np.generic]]] = []
    left = [pd.DataFrame({"row": [], "reason": []})]
    by_site = dict(tuple(stations.groupby("site_id", sort=True)))
    for (site_id, band, station_id), group in points.groupby(["site_id", "band", "station_id"], sort=True):
        rows = by_site[site_id]
        rows = rows[rows["band"] == band]
        if station_id:
            rows = rows[rows["station_id"] == station_id]
        mast = mast_of(str(site_id), rows, config, propagation)
        kept, reasons = _modelled(group, mast, str(band), propagation, config)
        cell = np.full(len(kept["row"]), station_id or f"{site_id} {band}", dtype=object)
        parts.append({**kept, "cell": cell})
        left.append(reasons)
    if not parts:
        parts = [{name: np.zeros(0, dtype=object) for name in Sample.__dataclass_fields__}]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in Sample.__dataclass_fields__}
    order = np.argsort(columns["row"], kind="stable")
    dropped = pd.concat(left, ignore_index=True)
    return Sample(**{name: values[order] for name, values in columns.items()}), dropped


def _modelled(
    group: gpd.GeoDataFrame, mast: Mast, band: str, propagation: EmpiricalModel | TerrainModel, config: Config
) -> tuple[dict[str, NDArray[np.generic]], pd.DataFrame]:
    """Parts of the model at the points of one server, and the points it does not hold for."""
    x, y = group.geometry.x.to_numpy(), group.geometry.y.to_numpy()
    distance = np.hypot(x - mast.easting_m, y - mast.northing_m)
    reason = _reasons(mast, band, x, y, distance, propagation)
    good = np.flatnonzero(reason == "")
    table = group.iloc[good]
    parts = _parts(mast, band, x[good], y[good], propagation, config) if good.size else _NO_PARTS
    named = table["clutter"].to_numpy(dtype=object)
    parts = {**parts, "clutter": np.where(named == "", parts["clutter"], named)}
    columns: dict[str, NDArray[np.generic]] = {
        **parts,
        "rsrp_dbm": table["rsrp_dbm"].to_numpy(dtype=np.float64),
        "distance_m": distance[good],
        "band": np.full(len(good), band, dtype=object),
        "site": np.full(len(good), mast.site_id, dtype=object),
        "place": table["place"].to_numpy(dtype=np.int64),
        "easting_m": x[good],
        "northing_m": y[good],
        "row": table["row"].to_numpy(dtype=np.int64),
    }
    bad = reason != ""
    return columns, pd.DataFrame({"row": group["row"].to_numpy()[bad], "reason": reason[bad]})


def _reasons(
    mast: Mast,
    band: str,
    easting_m: Values,
    northing_m: Values,
    distance_m: Values,
    propagation: EmpiricalModel | TerrainModel,
) -> NDArray[np.str_]:
    """Why the model does not hold at points; "" where it does."""
    if band not in mast.bands:
        return np.full(len(distance_m), "no_formula")
    reason = np.where(distance_m < NEAREST_M, "too_near", "").astype("U16")
    if isinstance(propagation, TerrainModel):
        reason[(reason == "") & ~(propagation.holds(easting_m, northing_m) & propagation.sees(mast))] = (
            "off_terrain"
        )
        farthest = propagation.reach_m(mast)
    else:
        farthest = propagation.budgets.radial(band, mast.area_class, mast.antenna_height_m).farthest_m
    reason[(reason == "") & (distance_m > farthest)] = "beyond_formula"
    return reason


_PARTS = ("base_dbm", "horizontal_db", "vertical_db", "cap_db", "diffraction_db", "clutter", "sigma_db")
_NO_PARTS: dict[str, NDArray[np.generic]] = {name: np.zeros(0) for name in _PARTS}


def _parts(
    mast: Mast,
    band: str,
    easting_m: Values,
    northing_m: Values,
    propagation: EmpiricalModel | TerrainModel,
    config: Config,
) -> dict[str, NDArray[np.generic]]:
    """Base, antenna, diffraction and kind of clutter at points."""
    table = propagation.budgets.radial(band, mast.area_class, mast.antenna_height_m)
    if isinstance(propagation, TerrainModel):
        geometry = propagation.geometry_at(mast, easting_m, northing_m)
        clear, diffraction = propagation.parts_at(mast, band, geometry, easting_m, northing_m)
        base = propagation.budgets.eirp_dbm(band, mast.area_class) - clear
        drop = propagation.drop_m(mast, easting_m, northing_m)
    else:
        steps = np.hypot(easting_m - mast.easting_m, northing_m - mast.northing_m) / STEP_M
        base = np.interp(steps, np.arange(len(table.rsrp_dbm)), table.rsrp_dbm)
        diffraction = np.zeros(len(base))
        drop = np.full(len(base), mast.antenna_height_m - config.coverage.receiver_height_m)
    antenna = _antenna(mast, band, easting_m, northing_m, drop, propagation)
    kinds = np.array([each.id for each in propagation.budgets.kinds], dtype=object)
    return {
        "base_dbm": base + antenna[3],
        "horizontal_db": antenna[0],
        "vertical_db": antenna[1],
        "cap_db": antenna[2],
        "diffraction_db": diffraction,
        "clutter": kinds[propagation.kind_at(easting_m, northing_m)],
        "sigma_db": np.full(len(base), table.sigma_db),
    }


def _antenna(
    mast: Mast,
    band: str,
    easting_m: Values,
    northing_m: Values,
    drop_m: Values,
    propagation: EmpiricalModel | TerrainModel,
) -> tuple[Values, Values, Values, Values]:
    """Horizontal and vertical attenuation, their limit, and extra EIRP of the sector that counts."""
    none = np.zeros(len(easting_m))
    best: tuple[Values, Values, Values, Values] = none, none, np.full(len(none), np.inf), none
    least = np.full(len(none), np.inf)
    for each in _each_sector(mast, band, easting_m, northing_m, drop_m, propagation):
        felt = np.minimum(each[0] + each[1], each[2]) - each[3]
        better = felt < least
        least = np.where(better, felt, least)
        first, second, third, fourth = (np.where(better, n, o) for n, o in zip(each, best, strict=True))
        best = first, second, third, fourth
    return best


def _each_sector(
    mast: Mast,
    band: str,
    easting_m: Values,
    northing_m: Values,
    drop_m: Values,
    propagation: EmpiricalModel | TerrainModel,
) -> Iterator[tuple[Values, Values, Values, Values]]:
    towards = directions(easting_m - mast.easting_m, northing_m - mast.northing_m, drop_m)
    shape, none = propagation.budgets.pattern(band, mast.area_class), np.zeros(len(easting_m))
    for sector in mast.sectors_of(band):
        extra = none + sector.extra_db
        if not sector.is_aimed:
            yield none, none, none + np.inf, extra
            continue
        below = towards.depression_deg - sector.tilt_deg(shape.downtilt_deg)
        yield (
            horizontal_attenuation_db(towards.azimuth_deg - sector.azimuth_deg, shape.pattern),
            vertical_attenuation_db(below, shape.pattern),
            none + shape.pattern.front_to_back_db,
            extra,
        )
