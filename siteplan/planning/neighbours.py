"""Stations beyond a city's border: they radiate, and belong to nobody's task here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import geopandas as gpd
import pandas as pd

from siteplan.core.errors import Fault
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config

_IDS = ("site_id", "station_id")


def with_neighbours(inputs: Inputs, config: Config, stations: Mapping[str, gpd.GeoDataFrame]) -> Inputs:
    """Inputs whose stations hold those of neighbouring cities that can reach the run's land.

    Parameters
    ----------
    inputs
        Of the area.
    config
        Its project.
    stations
        By the neighbour's name, in whatever CRS they are; ids get the name before them.

    Returns
    -------
    Inputs
        With a warning that counts what was added, and what was left out for want of its band or network.
    """
    found, unknown = [], 0
    for name, table in stations.items():
        near = _within_reach(table.to_crs(config.project.crs), inputs, config)
        usable = near["band"].isin([band.id for band in config.bands])
        usable &= near["network"].isin([network.id for network in config.networks])
        unknown += int((~usable).sum())
        near = near[usable]
        found.append(near.assign(**{each: name + "/" + near[each].astype(str) for each in _IDS}))
    more = pd.concat([pd.DataFrame(each) for each in found], ignore_index=True) if found else pd.DataFrame()
    if more.empty and not unknown:
        return inputs
    values = {"table": "stations", "column": "", "count": len(more), "unknown": unknown}
    told = Fault("warning", "stations", "neighbours_added", "neighbours_added_fix", values, table="stations")
    inputs = replace(inputs, faults=(*inputs.faults, told))
    return inputs if more.empty else replace(inputs, stations=_joined(inputs, more, config))


def _within_reach(table: gpd.GeoDataFrame, inputs: Inputs, config: Config) -> gpd.GeoDataFrame:
    """Stations from which the farthest-reaching mast would still reach the grid."""
    reach = max(each.max_radius_m for each in config.area_classes)
    west, south, east, north = inputs.grid.bounds
    x, y = table.geometry.x, table.geometry.y
    inside = (x > west - reach) & (x < east + reach) & (y > south - reach) & (y < north + reach)
    return table[inside]


def _joined(inputs: Inputs, more: pd.DataFrame, config: Config) -> gpd.GeoDataFrame:
    """Both tables under the columns of the first; a class of land unknown here is the default one."""
    known = [each.id for each in config.area_classes]
    if "area_class" in more:
        more = more.assign(area_class=more["area_class"].where(more["area_class"].isin(known)))
        more["area_class"] = more["area_class"].fillna(config.default_area_class)
    own = inputs.stations
    if own is None:
        return gpd.GeoDataFrame(more, geometry="geometry", crs=config.project.crs)
    more = more[[column for column in more if column in own]]
    joined = pd.concat([pd.DataFrame(own), more], ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=own.crs)
