"""The points that decide: those of villages, of natural villages and of key places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siteplan.core.grid import Grid
from siteplan.inputs.load import Inputs
from siteplan.inputs.tables.networks import is_blank
from siteplan.project.schema import Config

COMMITTEE = "village_point"
"""Kind of a village's own point."""


@dataclass(frozen=True, eq=False)
class DecidingPoints:
    """Points of units, each of which passes by its points.

    Attributes
    ----------
    units
        One row a unit: ``unit_id, name, part, town, county_id, county``.
    unit
        Unit of each point, ascending, none left out, shape (n,).
    kind
        Kind of each point, shape (n,).
    easting_m, northing_m
        Shape (n,) [m].
    pixel
        Flat index of its pixel, shape (n,).
    all_points
        Whether all points of a unit must pass, or one of them.
    """

    units: pd.DataFrame
    unit: NDArray[np.int64]
    kind: NDArray[np.object_]
    easting_m: NDArray[np.float64]
    northing_m: NDArray[np.float64]
    pixel: NDArray[np.int64]
    all_points: bool = True

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """First point of each unit, shape (units,)."""
        return np.searchsorted(self.unit, np.arange(len(self.units)))

    def by_unit(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """A value of each unit from those of its points: the least, or the greatest; shape (..., units)."""
        worst = np.minimum if self.all_points else np.maximum
        return np.asarray(worst.reduceat(values, self.first, axis=-1), dtype=np.float64)


def _points(
    units: pd.DataFrame, parts: list[tuple[Any, Any, Any, Any]], grid: Grid, all_points: bool
) -> DecidingPoints:
    """Points in the order of their units."""
    unit, kind, x, y = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(unit, kind="stable")
    row, col = grid.index(x[order], y[order])
    return DecidingPoints(
        units.reset_index(drop=True),
        unit[order].astype(np.int64),
        kind[order].astype(object),
        x[order].astype(np.float64),
        y[order].astype(np.float64),
        row * grid.width + col,
        all_points,
    )


def _in_area(table: gpd.GeoDataFrame | None, inputs: Inputs) -> gpd.GeoDataFrame:
    """Rows whose pixel lies in the run's area."""
    if table is None:
        return gpd.GeoDataFrame(geometry=[], crs=inputs.grid.crs)
    row, col = inputs.grid.index(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    on = inputs.grid.inside(row, col)
    on[on] = inputs.county_code[row[on], col[on]] > 0
    return table[on].reset_index(drop=True)


def _texts(table: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """A column as text, "" where empty or absent."""
    if column not in table:
        return np.full(len(table), "", dtype=object)
    return np.array(["" if is_blank(each) else str(each) for each in table[column]], dtype=object)


def village_points(inputs: Inputs, config: Config) -> DecidingPoints | None:
    """Own point of each village, and the key places of its kinds that lie in it; None without villages.

    Parameters
    ----------
    inputs, config
        Villages, their areas and key places; ``config.evidence`` names the kinds.
    """
    villages = _in_area(inputs.villages, inputs)
    if villages.empty:
        return None
    own = np.arange(len(villages))
    parts = [(own, np.full(len(own), COMMITTEE, dtype=object), villages.geometry.x, villages.geometry.y)]
    places = _in_area(inputs.key_places, inputs)
    kinds = _texts(places, "kind")
    words = [word.casefold() for word in config.evidence.village_kinds]
    wanted = np.array([any(word in kind.casefold() for word in words) for kind in kinds], dtype=bool)
    places, kinds = places[wanted], kinds[wanted]
    home = _home_of(places, villages, inputs, config)
    known = home >= 0
    parts.append((home[known], kinds[known], places.geometry.x[known], places.geometry.y[known]))
    units = pd.DataFrame(
        {
            "unit_id": _texts(villages, "village_id"),
            "name": _texts(villages, "village"),
            "part": "",
            "town": _texts(villages, "town"),
            "county_id": _texts(villages, "county_id"),
            "county": _texts(villages, "county"),
        }
    )
    return _points(units, parts, inputs.grid, config.evidence.village_rule == "all")


def _home_of(
    places: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, inputs: Inputs, config: Config
) -> NDArray[np.int64]:
    """Village each place lies in, by area, else the nearest within reach; -1 for none."""
    home = np.full(len(places), -1, dtype=np.int64)
    if places.empty:
        return home
    points = places.geometry.to_numpy()
    if inputs.village_areas is not None:
        position = {each: i for i, each in enumerate(villages["village_id"])}
        at, area = shapely.STRtree(inputs.village_areas.geometry.to_numpy()).query(points, predicate="within")
        ids = inputs.village_areas["village_id"].to_numpy()[area]
        home[at[::-1]] = np.array([position.get(each, -1) for each in ids], dtype=np.int64)[::-1]
        return home
    tree = shapely.STRtree(villages.geometry.to_numpy())
    at, near = tree.query_nearest(points, max_distance=config.evidence.village_reach_m, all_matches=False)
    home[at] = near
    return home


def hamlet_points(inputs: Inputs, config: Config) -> DecidingPoints | None:
    """Natural villages with enough households; None without a list or without any household in it."""
    hamlets = _in_area(inputs.hamlets, inputs)
    if hamlets.empty or "households" not in hamlets:
        return None
    hamlets = hamlets[hamlets["households"].fillna(0) >= config.evidence.fewest_households]
    if hamlets.empty:
        return None
    units = pd.DataFrame(
        {
            "unit_id": _texts(hamlets, "hamlet_id"),
            "name": _texts(hamlets, "hamlet"),
            "part": "",
            "town": _texts(hamlets, "town"),
            "county_id": _texts(hamlets, "county_id"),
            "county": _texts(hamlets, "county"),
        }
    )
    kind = np.full(len(units), "hamlet", dtype=object)
    part = (np.arange(len(units)), kind, hamlets.geometry.x, hamlets.geometry.y)
    return _points(units, [part], inputs.grid, True)


def place_points(inputs: Inputs) -> DecidingPoints | None:
    """Key places: rows of one name, kind and county are points of one place; None without any."""
    places = _in_area(inputs.key_places, inputs)
    if places.empty:
        return None
    table = pd.DataFrame(
        {
            "unit_id": _texts(places, "place_id"),
            "name": _texts(places, "place"),
            "part": _texts(places, "kind"),
            "town": _texts(places, "town"),
            "county_id": _texts(places, "county_id"),
            "county": _texts(places, "county"),
        }
    )
    alone = table["name"].eq("")
    key = table["name"].where(~alone, table["unit_id"])
    unit = pd.DataFrame({"key": key, "alone": alone, "part": table["part"], "county": table["county_id"]})
    number = unit.groupby(["key", "alone", "part", "county"], sort=False).ngroup().to_numpy()
    units = table.groupby(number, sort=True).first()
    part = (number, table["part"].to_numpy(dtype=object), places.geometry.x, places.geometry.y)
    return _points(units, [part], inputs.grid, True)
