"""Masts from a table of stations: position, height, bands and sectors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.errors import RangeError
from siteplan.coverage.propagation import Mast, PropagationModel
from siteplan.inputs.tables.angles import angles_of
from siteplan.project.schema import Config
from siteplan.radio.linkbudget import LinkBudgets
from siteplan.radio.sectors import Sector

_COLUMNS: tuple[str, ...] = (
    "station_id",
    "band",
    "area_class",
    "antenna_height_m",
    "azimuth_deg",
    "downtilt_deg",
)
_COLUMNS += ("eirp_per_re_dbm", "rs_power_dbm")


def masts_of(
    stations: gpd.GeoDataFrame, config: Config, propagation: PropagationModel
) -> tuple[list[Mast], list[str]]:
    """One mast per site from its stations, in id order.

    Parameters
    ----------
    stations
        On-air stations with ``site_id, band, antenna_height_m, area_class``; None for no network.
    config
        The project.
    propagation
        Used to find masts whose height no formula holds for.

    Returns
    -------
    tuple
        Masts, and the ids of stations that no formula can serve.
    """
    masts: list[Mast] = []
    refused: list[str] = []
    if stations is None:
        return masts, refused
    rows = _rows_of(stations)
    for site_id, members in sorted(stations.groupby("site_id").indices.items()):
        group = [rows[i] for i in members]
        mast = _mast(str(site_id), group, config, propagation)
        refused += [row.station_id for row in group if row.band not in mast.bands]
        if mast.bands:
            masts.append(mast)
    return masts, refused


def mast_of(site_id: str, stations: gpd.GeoDataFrame, config: Config, propagation: PropagationModel) -> Mast:
    """The mast some stations of one site stand on.

    Returns
    -------
    Mast
        With the bands some formula holds for, which may be none.
    """
    return _mast(site_id, _rows_of(stations), config, propagation)


def _rows_of(stations: gpd.GeoDataFrame) -> list[Any]:
    """What a mast needs of its stations, row by row: made once, as tables are slow to cut by the thousand."""
    points = stations.geometry
    plain = pd.DataFrame({name: stations[name].to_numpy() for name in _COLUMNS if name in stations})
    plain = plain.assign(easting_m=points.x.to_numpy(), northing_m=points.y.to_numpy())
    return list(plain.itertuples(index=False))


def _mast(site_id: str, rows: Sequence[Any], config: Config, propagation: PropagationModel) -> Mast:
    first = rows[0]
    height = getattr(first, "antenna_height_m", math.nan)
    height = float(height) if np.isfinite(height) else config.area_class(first.area_class).antenna_height_m
    bands = served_bands(propagation, first.area_class, height, [row.band for row in rows])
    place = site_id, first.easting_m, first.northing_m, first.area_class, height, bands
    return Mast(*place, _sectors_by_band(rows, bands, propagation))


def _sectors_by_band(
    group: Sequence[Any], bands: Sequence[str], propagation: PropagationModel
) -> tuple[tuple[str, tuple[Sector, ...]], ...]:
    """Sectors of a site's stations; a band none of whose rows says anything has none."""
    found = []
    for band in bands:
        each = [station_sectors(row, band, propagation.budgets) for row in group if row.band == band]
        if any(each):  # beside sectors a row that names none is omnidirectional
            found.append((band, tuple(s for sectors in each for s in (sectors or [Sector()]))))
    return tuple(found)


def station_sectors(row: Any, band: str, budgets: LinkBudgets) -> list[Sector]:
    """Sectors of one station.

    Parameters
    ----------
    row
        ``area_class``, and what there is of ``azimuth_deg, downtilt_deg`` (such as "0/120/240"),
        ``eirp_per_re_dbm`` and ``rs_power_dbm``.
    band
        Its band.
    budgets
        EIRP of the class, and gain of its antenna.

    Returns
    -------
    list of Sector
        None for an omnidirectional station with its class's EIRP.
    """
    extra = _extra_db(row, band, budgets)
    azimuths, tilts = (angles_of(getattr(row, name, "")) or () for name in ("azimuth_deg", "downtilt_deg"))
    if not azimuths:
        return [Sector(extra_db=extra)] if extra else []
    if len(tilts) != len(azimuths):
        tilts = (tilts or (math.nan,))[:1] * len(azimuths)
    return [Sector(azimuth, tilt, extra) for azimuth, tilt in zip(azimuths, tilts, strict=True)]


def _extra_db(row: Any, band: str, budgets: LinkBudgets) -> float:
    """EIRP of a station less that of its class; 0 where its table says nothing [dB]."""
    usual = budgets.eirp_dbm(band, row.area_class)
    own, power = getattr(row, "eirp_per_re_dbm", math.nan), getattr(row, "rs_power_dbm", math.nan)
    if np.isfinite(own):
        return float(own - usual)
    gain = budgets.gain_dbi(band, row.area_class)
    return float(power + gain - usual) if np.isfinite(power) and gain is not None else 0.0


def served_bands(
    propagation: PropagationModel, area_class: str, antenna_height_m: float, bands: Iterable[str]
) -> tuple[str, ...]:
    """Bands whose formulas hold for a mast's class and height."""
    held = []
    for band in sorted(set(bands)):
        try:
            propagation.budgets.radial(band, area_class, antenna_height_m)
        except RangeError:
            continue
        held.append(band)
    return tuple(held)
