"""Readings that decide in place of a prediction, where there are enough of them.

The rule follows the FCC's mobile challenge process: at least so many readings, from different spots, around
the point (its test of different hours is left out: a plan asks about a place, not an hour). The verdict is
that of the share of readings at or above the threshold, held against the project's own target.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import KDTree

from siteplan.core.grid import Grid
from siteplan.coverage.demand import DemandGrid, Service
from siteplan.project.schema import Config

UNKNOWN, FAILED, PASSED = -1, 0, 1
"""What readings say of a point."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Strongest reading of each time and place, by service.

    Attributes
    ----------
    easting_m, northing_m
        By service: where they were taken [m].
    rsrp_dbm
        By service: the strongest of the service's networks there [dBm].
    """

    easting_m: tuple[NDArray[np.float64], ...]
    northing_m: tuple[NDArray[np.float64], ...]
    rsrp_dbm: tuple[NDArray[np.float64], ...]


def readings_of(
    points: gpd.GeoDataFrame | None, services: tuple[Service, ...], config: Config
) -> Readings | None:
    """Readings by service; indoor services have none, for a reading does not say where the phone was.

    Parameters
    ----------
    points
        Matched measurements: ``rsrp_dbm, band, place`` and geometry; None without any.
    services, config
        What is asked, and the networks of the bands.
    """
    if points is None or points.empty:
        return None
    network = points["band"].map({band.id: band.network for band in config.bands})
    table = pd.DataFrame(
        {
            "x": points.geometry.x.to_numpy(),
            "y": points.geometry.y.to_numpy(),
            "rsrp": points["rsrp_dbm"].to_numpy(dtype=float),
            "place": points["place"].to_numpy(),
            "network": network.to_numpy(dtype=object),
        }
    )
    parts = [_strongest(table, service) for service in services]
    x, y, rsrp = ([part[name].to_numpy() for part in parts] for name in ("x", "y", "rsrp"))
    return Readings(tuple(x), tuple(y), tuple(rsrp))


def _strongest(table: pd.DataFrame, service: Service) -> pd.DataFrame:
    """One row a time and place, of the service's network."""
    if service.layer.indoor:
        return table.iloc[:0]
    own = table[table["network"].eq(service.network)] if service.network else table
    return own.groupby("place", as_index=False).agg(x=("x", "first"), y=("y", "first"), rsrp=("rsrp", "max"))


def verdicts_at(
    readings: Readings | None,
    services: tuple[Service, ...],
    easting_m: NDArray[np.float64],
    northing_m: NDArray[np.float64],
    config: Config,
) -> NDArray[np.int8]:
    """What readings say of points.

    Parameters
    ----------
    readings
        By service; None for none.
    services
        Their thresholds count.
    easting_m, northing_m
        Points [m], shape (n,).
    config
        Its ``evidence`` says how many readings decide and from how far, its ``coverage`` the target.

    Returns
    -------
    ndarray
        ``PASSED``, ``FAILED`` or ``UNKNOWN``, int8, shape (services, n).
    """
    verdict = np.full((len(services), len(easting_m)), UNKNOWN, dtype=np.int8)
    if readings is None or not len(easting_m):
        return verdict
    rules, target = config.evidence, config.coverage.edge_probability_target
    asked = np.column_stack([easting_m, northing_m])
    for k, service in enumerate(services):
        x, y = readings.easting_m[k], readings.northing_m[k]
        if not len(x):
            continue
        near = KDTree(np.column_stack([x, y])).query_ball_point(asked, rules.reading_radius_m)
        good = readings.rsrp_dbm[k] >= service.layer.threshold_dbm
        spot = np.floor(np.column_stack([x, y]) / rules.spot_m).astype(np.int64)
        for i, members in enumerate(near):
            if len(members) < rules.fewest_readings:
                continue
            if len(np.unique(spot[members], axis=0)) >= rules.fewest_spots:
                verdict[k, i] = PASSED if good[members].mean() >= target else FAILED
    return verdict


def hit_rates(
    readings: Readings | None,
    demand: DemandGrid,
    outage_predicted: NDArray[np.float32],
    county_code: NDArray[np.int32],
    names: dict[int, tuple[str, str]],
    config: Config,
) -> pd.DataFrame:
    """How often the prediction without readings and the readings agree, by service and county.

    Parameters
    ----------
    readings
        By service; None for none.
    demand
        Its grid and services.
    outage_predicted
        What the network leaves by the model alone, shape (services, height, width).
    county_code, names
        County of each pixel, and id and name of each code.
    config
        Its rules.

    Returns
    -------
    DataFrame
        ``layer, network, county_id, county, both, predicted_only, measured_only, neither, hit_rate``, in
        pixels with enough readings; no rows without readings.
    """
    columns = [
        "layer",
        "network",
        "county_id",
        "county",
        "both",
        "predicted_only",
        "measured_only",
        "neither",
    ]
    rows: list[tuple[object, ...]] = []
    for k, service in enumerate(demand.services if readings is not None else ()):
        assert readings is not None
        pixel, passed = _by_pixel(readings, k, demand.grid, service, config)
        predicted = 1.0 - outage_predicted[k].ravel()[pixel] >= config.coverage.edge_probability_target
        county = county_code.ravel()[pixel]
        for code in np.unique(county[county > 0]):
            own = county == code
            pairs = ((True, True), (True, False), (False, True), (False, False))
            counts = [int((own & (predicted == p) & (passed == m)).sum()) for p, m in pairs]
            rows.append((service.layer.id, service.network, *names[int(code)], *counts))
    table = pd.DataFrame(rows, columns=columns)
    total = table[columns[4:]].sum(axis=1).astype(float)
    return table.assign(hit_rate=(table["both"] + table["neither"]) / total.where(total > 0))


def _by_pixel(
    readings: Readings, k: int, grid: Grid, service: Service, config: Config
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Pixels with enough readings, and whether these pass."""
    row, col = grid.index(readings.easting_m[k], readings.northing_m[k])
    on = grid.inside(row, col)
    good = readings.rsrp_dbm[k][on] >= service.layer.threshold_dbm
    pixel, at, count = np.unique(row[on] * grid.width + col[on], return_inverse=True, return_counts=True)
    share = np.bincount(at, good, minlength=len(pixel)) / np.maximum(count, 1)
    enough = count >= config.evidence.fewest_readings
    return pixel[enough], share[enough] >= config.coverage.edge_probability_target
