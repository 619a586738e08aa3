"""Compliance distance of every ranked place, and what lies within it: a flag, never an exclusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.coverage.propagation import Mast
from siteplan.inputs.load import Inputs
from siteplan.project.radio import BandClass
from siteplan.project.schema import Config
from siteplan.radio.exposure import compliance_distance
from siteplan.words.catalogue import Message

COLUMNS = [
    "rank",
    "candidate_id",
    "compliance_distance_m",
    "nearest_m",
    "nearest",
    "needs_assessment",
    "unanswered",
]
_NAMES = (("properties", "property_name"), ("key_places", "place"), ("villages", "village"))


@dataclass(frozen=True)
class Transmitter:
    """One band as it radiates from one sector.

    Attributes
    ----------
    power_w
        Into the antenna [W].
    gain_dbi
        Of the antenna [dBi].
    frequency_mhz
        [MHz].
    """

    power_w: float
    gain_dbi: float
    frequency_mhz: float


def transmitter_of(band_id: str, area_class: str, config: Config) -> Transmitter | None:
    """How a band radiates in a class; None where its power does not follow from the project.

    The power is that of all resource elements: given, or the EIRP of one of them times their number.
    """
    band = config.band(band_id)
    given: BandClass = band.in_class(area_class)
    antenna = config.antenna(given.antenna)
    if given.power_w is not None and antenna is not None:
        gain = antenna.gain_dbi - given.feeder_loss_db
        return Transmitter(given.power_w, gain, band.frequency_mhz)
    if given.eirp_per_re_dbm is None or given.resource_blocks is None:
        return None
    eirp_w = 10.0 ** (given.eirp_per_re_dbm / 10.0 - 3.0) * 12.0 * given.resource_blocks
    return Transmitter(eirp_w, 0.0, band.frequency_mhz)


def exposure_table(
    proposed: gpd.GeoDataFrame, masts: Sequence[Mast], inputs: Inputs, config: Config
) -> pd.DataFrame:
    """Compliance distance by ranked place, everything on the mast once built added up.

    Parameters
    ----------
    proposed
        Ranked rows with ``rank, candidate_id, source_id``.
    masts
        The mast of each row as it will stand, in their order.
    inputs
        Properties, key places and villages that may lie near.
    config
        Its ``exposure`` has the duty and the share of the limit.

    Returns
    -------
    DataFrame
        ``COLUMNS``; ``nearest`` is the nearest named place but the row's own, ``needs_assessment`` that it
        lies within the distance.
    """
    if proposed.empty:
        return pd.DataFrame({name: [] for name in COLUMNS})
    names, ids, points = _neighbours(inputs)
    rows = []
    for row, mast in zip(proposed.itertuples(), masts, strict=True):
        distance, why = _distance(mast, config)
        away = np.hypot(points[:, 0] - mast.easting_m, points[:, 1] - mast.northing_m)
        away[ids == str(row.source_id)] = np.inf
        at = int(np.argmin(away)) if len(away) else -1
        nearest = float(away[at]) if at >= 0 and np.isfinite(away[at]) else np.nan
        name = names[at] if np.isfinite(nearest) else ""
        needed = bool(nearest < distance)
        rows.append((row.rank, row.candidate_id, round(distance, 1), round(nearest, 1), name, needed, why))
    return pd.DataFrame(rows, columns=COLUMNS)


def _distance(mast: Mast, config: Config) -> tuple[float, Message | None]:
    """Compliance distance [m], or NaN and why there is none."""
    parts = {band: transmitter_of(band, mast.area_class, config) for band in mast.bands}
    unknown = tuple(band for band, part in parts.items() if part is None)
    if unknown or not parts:
        return float("nan"), ("unanswered_power", {"bands": unknown})
    known = [part for part in parts.values() if part is not None]
    distance = compliance_distance(
        [each.power_w for each in known],
        [each.gain_dbi for each in known],
        [each.frequency_mhz for each in known],
        duty=config.exposure.duty,
        share=config.exposure.management_share,
    )
    return distance, None


def _neighbours(inputs: Inputs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Names, ids and points of everything with a name that may lie near a mast."""
    names, ids, points = [], [], [np.zeros((0, 2))]
    for table_name, column in _NAMES:
        table = getattr(inputs, table_name)
        if table is None or table.empty:
            continue
        names += [str(each) for each in table[column].fillna("")] if column in table else [""] * len(table)
        ids += [str(each) for each in table.iloc[:, 0]]
        points.append(shapely.get_coordinates(table.geometry.to_numpy()))
    return np.array(names, dtype=object), np.array(ids, dtype=object), np.concatenate(points)
