"""Demand is point x service layer: people, village points and key places on the demand grid.

Everything sits on the pixels of one grid; a village point or key place takes the
value of its pixel (at most 0.7 pixel away). A pixel belongs to the county of its centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from siteplan.core.errors import Fault, InputFaults
from siteplan.core.grid import Grid
from siteplan.inputs.load import Inputs
from siteplan.inputs.tables.networks import network_names, split_networks
from siteplan.inputs.zones import zone_raster
from siteplan.project.planning import Layer
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
    pixels = np.flatnonzero(((people > 0) | (villages > 0) | (points > 0)).ravel())
    if not pixels.size:
        raise InputFaults([Fault("fatal", "project.toml", "no_demand", "no_demand_fix")])
    services = services_of(config)
    weights = np.stack(
        [_weights(service, inputs, config, (people, villages), pixels) for service in services]
    )
    asked = weights > 0
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
    counts: tuple[NDArray[np.float64], NDArray[np.float64]],
    pixels: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Weight of each demand pixel in a service, shape (n,)."""
    layer = service.layer
    people, villages = (values.ravel()[pixels] for values in counts)
    weight = np.zeros(len(pixels))
    if "residents" in layer.targets:
        weight += people
    if "villages" in layer.targets:
        weight += layer.village_weight * villages
    if layer.area_classes:
        ids = [each.id for each in config.area_classes]
        wanted = [ids.index(name) for name in layer.area_classes]
        weight *= np.isin(inputs.class_code.ravel()[pixels], wanted)
    for target, default in (
        ("key_places", layer.key_place_weight),
        ("orders", layer.order_weight),
        ("weak_points", layer.weak_point_weight),
    ):
        if target in layer.targets:
            weight += _point_weight(getattr(inputs, target), default, service, inputs, config).ravel()[pixels]
    if "weak_points" in layer.targets and inputs.weak_raster is not None:
        weight += _weak_raster(inputs).ravel()[pixels]
    return weight * layer.weight


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
