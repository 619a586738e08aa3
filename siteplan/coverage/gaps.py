"""Coverage gaps: people and villages that fall short, and the polygons they live in.

A gap is made of populated pixels whose probability of service is below the
project's edge target; empty mountains are not a gap.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy.ndimage import label
from shapely.geometry import shape

from siteplan.coverage.demand import DemandGrid
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config

_DIAGONAL_TOO = np.ones((3, 3), dtype=int)


def covered(demand: DemandGrid, outage: NDArray[np.float32], config: Config) -> NDArray[np.bool_]:
    """Whether each demand pixel reaches the target."""
    left = outage.reshape(len(outage), -1)[:, demand.pixels]
    return (1.0 - left) >= config.coverage.edge_probability_target


def gap_polygons(
    inputs: Inputs, demand: DemandGrid, outage: NDArray[np.float32], config: Config
) -> gpd.GeoDataFrame:
    """Connected populated land below the target, by service and county.

    Returns
    -------
    GeoDataFrame
        ``gap_id, layer, network, county_id, county, area_km2, people``; most people first.
    """
    reached = covered(demand, outage, config)
    parts = [
        _of_service(inputs, demand, ~reached[position] & (demand.row_of[position] >= 0), position)
        for position in range(len(demand.services))
    ]
    columns = ["layer", "network", "county_id", "county", "area_km2", "people", "geometry"]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    table = table.sort_values(["people", "area_km2"], ascending=False, kind="stable").reset_index(drop=True)
    table.insert(0, "gap_id", [f"G{number:06d}" for number in range(1, len(table) + 1)])
    return gpd.GeoDataFrame(table, geometry="geometry", crs=inputs.grid.crs)


def _of_service(
    inputs: Inputs, demand: DemandGrid, short: NDArray[np.bool_], position: int
) -> gpd.GeoDataFrame:
    grid, service = demand.grid, demand.services[position]
    labels = np.zeros(grid.shape, dtype=np.int32)
    offset = 0
    for code in np.unique(demand.county_code[short]):
        mask = np.zeros(grid.shape, dtype=bool)
        mask.ravel()[demand.pixels[short & (demand.county_code == code)]] = True
        found, count = label(mask, structure=_DIAGONAL_TOO)
        labels = np.where(mask, found + offset, labels).astype(np.int32)
        offset += count
    outage_empirical = labels.ravel()[demand.pixels]
    people = np.bincount(outage_empirical, weights=demand.people, minlength=offset + 1)[1:]
    pixels = np.bincount(outage_empirical, minlength=offset + 1)[1:]
    county = np.zeros(offset + 1, dtype=np.int64)
    county[outage_empirical] = demand.county_code
    geometry = _outlines(labels, inputs)
    order = np.arange(1, offset + 1)
    counties = inputs.counties.iloc[county[1:] - 1]
    return gpd.GeoDataFrame(
        {
            "layer": service.layer.id,
            "network": service.network,
            "county_id": counties["county_id"].to_numpy(),
            "county": counties["county"].to_numpy(),
            "area_km2": pixels * (grid.resolution_m / 1000.0) ** 2,
            "people": people,
        },
        geometry=[geometry[int(number)] for number in order],
        crs=grid.crs,
    )


def _outlines(labels: NDArray[np.int32], inputs: Inputs) -> dict[int, object]:
    pairs = shapes(labels, mask=labels > 0, connectivity=8, transform=inputs.grid.transform)
    found = [(int(value), shape(outline)) for outline, value in pairs]
    whole = shapely.make_valid(np.array([outline for _, outline in found], dtype=object))
    return {value: outline for (value, _), outline in zip(found, whole, strict=True)}


_MOST_PEOPLE = 0.5
"""Share of a village's people covered today from which only its point is short."""


def village_table(
    inputs: Inputs,
    demand: DemandGrid,
    outage_existing: NDArray[np.float32],
    outage_planned: NDArray[np.float32],
    config: Config,
) -> gpd.GeoDataFrame:
    """One row a village of the run: point test, share of residents, networks.

    Parameters
    ----------
    inputs
        Villages.
    demand
        Pixels and people.
    outage_existing, outage_planned
        Uncovered probability before and after the plan, shape (services, height, width).
    config
        The project.

    Returns
    -------
    GeoDataFrame
        See :class:`siteplan.planning.proposal.Proposal`; empty without a village table.
    """
    if inputs.villages is None:
        return _no_villages(inputs)
    mine = demand.village_pixel >= 0
    villages = inputs.villages[mine].reset_index(drop=True)
    pixel, number = demand.village_pixel[mine], np.flatnonzero(mine)
    table = villages[["village_id", "village", "county_id", "county", "geometry"]].copy()
    table.insert(2, "town", villages["town"].fillna("") if "town" in villages else "")
    home = demand.village
    own = home >= 0
    people = np.bincount(home[own], weights=demand.people[own], minlength=len(inputs.villages))
    table["people"] = people[number]
    each = basic_services(demand)
    for name, outage in (("before", outage_existing), ("after", outage_planned)):
        reached = covered(demand, outage, config)
        probability = 1.0 - outage.reshape(len(outage), -1)[0][demand.pixels]
        served = np.bincount(home[own], weights=(demand.people * reached[0])[own], minlength=len(people))
        share = np.divide(served, people, out=np.full(len(people), np.nan), where=people > 0)
        table[f"probability_{name}"] = probability[pixel].astype(float)
        table[f"covered_{name}"] = reached[0][pixel]
        table[f"share_{name}"] = share[number]
        table[f"networks_{name}"] = reached[each][:, pixel].sum(axis=0) if each else 0
    table["settled_by"] = villages["settled_by"].to_numpy() if "settled_by" in villages else "table"
    most = table["share_before"].fillna(0.0) >= _MOST_PEOPLE
    cases = [table["covered_before"], table["covered_after"], most]
    table["state"] = np.select(cases, ["covered", "newly", "people"], default="uncovered")
    return gpd.GeoDataFrame(table, geometry="geometry", crs=inputs.grid.crs)


def basic_services(demand: DemandGrid) -> list[int]:
    """Positions of the basic per-network services: those of the first layer of scope ``each``.

    Returns
    -------
    list of int
        Empty when no layer counts networks apart.
    """
    apart = [service.layer.id for service in demand.services if service.network]
    return [k for k, service in enumerate(demand.services) if apart and service.layer.id == apart[0]]


def _no_villages(inputs: Inputs) -> gpd.GeoDataFrame:
    columns = ["village_id", "village", "town", "county_id", "county", "people", "settled_by", "state"]
    for name in ("before", "after"):
        columns += [f"probability_{name}", f"covered_{name}", f"share_{name}", f"networks_{name}"]
    return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=inputs.grid.crs)
