"""Demand is point x service layer: people, village points and key places on the demand grid.

Everything sits on the pixels of one grid; a village point or key place takes the
value of its pixel (at most 0.7 pixel away). A pixel belongs to the county of its centre.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.errors import Fault, InputFaults
from siteplan.core.grid import Grid
from siteplan.coverage.lines import kilometres_on
from siteplan.inputs.load import Inputs
from siteplan.inputs.tables.networks import is_blank, network_names, split_networks
from siteplan.inputs.zones import zone_raster
from siteplan.project.planning import Layer, Target
from siteplan.project.schema import Config


@dataclass(frozen=True)
class Service:
    """A layer as one network, or any, delivers it.

    Attributes
    ----------
    layer
        The layer.
    network
        Network id, or "" where any network will do.
    """

    layer: Layer
    network: str

    @property
    def key(self) -> str:
        """Short name, such as ``L2/CT-CU``."""
        return f"{self.layer.id}/{self.network}" if self.network else self.layer.id


@dataclass(frozen=True, eq=False)
class DemandGrid:
    """Weighted demand rows, and the pixels they lie on.

    Attributes
    ----------
    grid
        Demand grid.
    services
        Services, in project order.
    pixels
        Flat index of each demand pixel, ascending, shape (n,).
    people
        Residents of each pixel, shape (n,).
    county_code
        Position of its county plus one, shape (n,).
    village
        Position of its village in ``Inputs.villages``, -1 for none, shape (n,).
    row_of
        Row of (service, pixel), -1 where there is no demand, shape (services, n).
    weight
        Weight of each row, shape (rows,).
    village_pixel
        Position in ``pixels`` of each village point; -1 outside the run's area.
    weight_by_target
        What each row's weight is made of, by target of its layer, shape (rows,) each.
    """

    grid: Grid
    services: tuple[Service, ...]
    pixels: NDArray[np.int64]
    people: NDArray[np.float64]
    county_code: NDArray[np.int64]
    village: NDArray[np.int64]
    row_of: NDArray[np.int32]
    weight: NDArray[np.float64]
    village_pixel: NDArray[np.int64]
    weight_by_target: Mapping[Target, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def lookup(self) -> NDArray[np.int32]:
        """Position in ``pixels`` of every grid pixel, -1 where nobody asks, shape of the grid."""
        table = np.full(self.grid.shape, -1, dtype=np.int32)
        table.ravel()[self.pixels] = np.arange(len(self.pixels), dtype=np.int32)
        return table

    def people_on_grid(self) -> NDArray[np.float64]:
        """Residents of every grid pixel, shape of the grid."""
        people = np.zeros(self.grid.shape)
        people.ravel()[self.pixels] = self.people
        return people

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Easting and northing of the demand pixels [m], shape (n,)."""
        return self.grid.centre(*np.divmod(self.pixels, self.grid.width))


def tier_layers(config: Config) -> tuple[Layer, ...]:
    """One weightless layer for every threshold the tiers name."""
    thresholds = {value for tier in config.tiers for value in (tier.threshold_dbm, *tier.by_class.values())}
    return tuple(
        Layer(id=f"tier {value:g}", name="", threshold_dbm=value, weight=0.0, targets=())
        for value in sorted(thresholds, reverse=True)
    )


def services_of(config: Config) -> tuple[Service, ...]:
    """Services of a project: layers of scope ``each`` once per network."""
    services: list[Service] = []
    for layer in config.layers:
        networks = [""] if layer.scope == "any" else [network.id for network in config.networks]
        services += [Service(layer, network) for network in networks]
    return tuple(services)


def build_demand(inputs: Inputs, config: Config) -> DemandGrid:
    """Put all demand of a run on its grid.

    Raises
    ------
    InputFaults
        If there is no demand at all.
    """
    grid, inside = inputs.grid, inputs.county_code > 0
    people = _people(inputs, inside)
    villages = _counts(inputs.villages, grid, inside)
    points = sum(
        (_counts(table, grid, inside) for table in (inputs.key_places, inputs.orders, inputs.weak_points)),
        _weak_raster(inputs),
    )
    lines = _road_km(inputs, config)
    asked_lines = sum(lines.values(), np.zeros(grid.shape))
    pixels = np.flatnonzero(((people > 0) | (villages > 0) | (points > 0) | (asked_lines > 0)).ravel())
    if not pixels.size:
        raise InputFaults([Fault("fatal", "project.toml", "no_demand", "no_demand_fix")])
    services = services_of(config)
    parts = [_weights(service, inputs, config, (people, villages, lines), pixels) for service in services]
    weights = np.stack(
        [
            sum(each.values(), np.zeros(len(pixels))) * service.layer.weight
            for service, each in zip(services, parts, strict=True)
        ]
    )
    asked = weights > 0
    targets = tuple(dict.fromkeys(target for each in parts for target in each))
    nothing = np.zeros(len(pixels))
    row_of = np.where(asked, np.cumsum(asked.ravel()).reshape(asked.shape) - 1, -1).astype(np.int32)
    village_pixel = _positions(inputs.villages, grid, inside, pixels)
    return DemandGrid(
        grid=grid,
        services=services,
        pixels=pixels,
        people=people.ravel()[pixels],
        county_code=inputs.county_code.ravel()[pixels].astype(np.int64),
        village=_village_of(inputs, grid, pixels),
        row_of=row_of,
        weight=weights[asked],
        village_pixel=village_pixel,
        weight_by_target={
            target: np.stack(
                [
                    each.get(target, nothing) * service.layer.weight
                    for service, each in zip(services, parts, strict=True)
                ]
            )[asked]
            for target in targets
        },
    )


def _people(inputs: Inputs, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Residents per pixel: the raster, else the villages' own numbers at their points."""
    if inputs.population is not None:
        values = np.nan_to_num(inputs.population.values.astype(np.float64), nan=0.0)
        return np.where(inside, np.maximum(values, 0.0), 0.0)
    villages = inputs.villages
    if villages is None or "population" not in villages:
        return np.zeros(inputs.grid.shape)
    return _counts(villages, inputs.grid, inside, villages["population"].fillna(0).to_numpy(dtype=np.float64))


def _counts(
    table: gpd.GeoDataFrame | None,
    grid: Grid,
    inside: NDArray[np.bool_],
    values: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Sum of values (or number) of the points in each pixel inside the area."""
    total = np.zeros(grid.shape)
    if table is None or table.empty:
        return total
    row, col = grid.index(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    on = grid.inside(row, col)
    amount = np.ones(len(table)) if values is None else values
    np.add.at(total, (row[on], col[on]), amount[on])
    return np.where(inside, total, 0.0)


def _weights(
    service: Service,
    inputs: Inputs,
    config: Config,
    counts: tuple[NDArray[np.float64], NDArray[np.float64], Mapping[tuple[str, ...], NDArray[np.float64]]],
    pixels: NDArray[np.int64],
) -> dict[Target, NDArray[np.float64]]:
    """Weight of each demand pixel by target, before that of the layer, shape (n,) each."""
    layer = service.layer
    people, villages = (values.ravel()[pixels] for values in counts[:2])
    ids = [each.id for each in config.area_classes]
    wanted = [ids.index(name) for name in layer.area_classes or ids]
    in_class = np.isin(inputs.class_code.ravel()[pixels], wanted)
    parts: dict[Target, NDArray[np.float64]] = {}
    if "residents" in layer.targets:
        parts["residents"] = people * in_class
    if "villages" in layer.targets:
        parts["villages"] = layer.village_weight * villages * in_class
    if "roads" in layer.targets:
        parts["roads"] = layer.road_weight * counts[2][layer.road_classes].ravel()[pixels] * in_class
    defaults: tuple[tuple[Target, float], ...] = (
        ("key_places", layer.key_place_weight),
        ("orders", layer.order_weight),
        ("weak_points", layer.weak_point_weight),
    )
    for target, default in defaults:
        if target in layer.targets:
            table = getattr(inputs, target)
            parts[target] = _point_weight(table, default, service, inputs, config).ravel()[pixels]
    if "weak_points" in parts and inputs.weak_raster is not None:
        parts["weak_points"] = parts["weak_points"] + _weak_raster(inputs).ravel()[pixels]
    return parts


def lines_of(inputs: Inputs, classes: Sequence[str] = ()) -> gpd.GeoDataFrame:
    """Roads and railways with their class, of some classes or of all.

    Returns
    -------
    GeoDataFrame
        ``line_class`` ("" where the file has none) and geometry; no rows where neither was given.
    """
    parts = [
        gpd.GeoDataFrame(
            {"line_class": _classes_of(table, column)},
            geometry=table.geometry.to_numpy(),
            crs=inputs.grid.crs,
        )
        for table, column in ((inputs.roads, "highway"), (inputs.railways, "railway"))
        if table is not None and len(table)
    ]
    none = gpd.GeoDataFrame({"line_class": []}, geometry=[], crs=inputs.grid.crs)
    lines = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=inputs.grid.crs) if parts else none
    return lines[lines["line_class"].isin(classes)].reset_index(drop=True) if classes else lines


def _classes_of(table: gpd.GeoDataFrame, column: str) -> list[str]:
    """Class of each line; of several the first."""
    cells = table[column] if column in table else [""] * len(table)
    first = (each[0] if isinstance(each, list) else each for each in cells)
    return ["" if is_blank(each) else str(each) for each in first]


def _road_km(inputs: Inputs, config: Config) -> dict[tuple[str, ...], NDArray[np.float64]]:
    """Kilometres of each pixel inside the area by the classes some layer asks for; empty where none does."""
    asked = {layer.road_classes for layer in config.layers if "roads" in layer.targets}
    inside = inputs.county_code > 0
    return {
        classes: np.where(inside, kilometres_on(lines_of(inputs, classes).geometry, inputs.grid), 0.0)
        for classes in sorted(asked)
    }


def _point_weight(
    table: gpd.GeoDataFrame | None, default: float, service: Service, inputs: Inputs, config: Config
) -> NDArray[np.float64]:
    """Sum of the points' weights in each pixel; a point that names networks counts for those only."""
    if table is None or table.empty:
        return np.zeros(inputs.grid.shape)
    given = table["weight"] if "weight" in table else np.full(len(table), np.nan)
    values = np.nan_to_num(np.asarray(given, dtype=np.float64), nan=default)
    column = next((name for name in ("networks", "network") if name in table), None)
    if service.network and column:
        known = network_names(config)
        named = [split_networks(text, known) for text in table[column]]
        values = values * np.array([not each or service.network in each for each in named])
    return _counts(table, inputs.grid, inputs.county_code > 0, values)


def _weak_raster(inputs: Inputs) -> NDArray[np.float64]:
    if inputs.weak_raster is None:
        return np.zeros(inputs.grid.shape)
    values = np.nan_to_num(inputs.weak_raster.values.astype(np.float64), nan=0.0)
    return np.where(inputs.county_code > 0, np.maximum(values, 0.0), 0.0)


def _positions(
    table: gpd.GeoDataFrame | None, grid: Grid, inside: NDArray[np.bool_], pixels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Position in ``pixels`` of each point, -1 outside the area."""
    if table is None:
        return np.zeros(0, dtype=np.int64)
    row, col = grid.index(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    on = grid.inside(row, col)
    on[on] = inside[row[on], col[on]]
    flat = np.where(on, row * grid.width + col, -1)
    return np.where(on, np.searchsorted(pixels, flat), -1)


def _village_of(inputs: Inputs, grid: Grid, pixels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Village of each demand pixel: by area where areas are given, else the nearest point."""
    if inputs.villages is None or inputs.villages.empty:
        return np.full(len(pixels), -1, dtype=np.int64)
    if inputs.village_areas is not None:
        codes = np.arange(1, len(inputs.village_areas) + 1)
        areas = zone_raster(inputs.village_areas.geometry, codes, grid)
        return areas.ravel()[pixels].astype(np.int64) - 1
    x, y = grid.centre(*np.divmod(pixels, grid.width))
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=inputs.villages.crs)
    pairs = inputs.villages.sindex.nearest(points, return_all=False)
    village = np.full(len(pixels), -1, dtype=np.int64)
    village[pairs[0]] = pairs[1]
    return village
