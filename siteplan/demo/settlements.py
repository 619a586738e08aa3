"""Built-up areas, towns and villages: who lives where, before anybody is counted.

One label raster says which zone (seat, town centre, park) a pixel belongs to,
so zones never overlap and population, sites and properties agree on what is built up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from scipy.spatial import cKDTree

from siteplan.demo.ground import Land, Pixels, Points, draw_spread, jittered, lonlat, metres, ranked
from siteplan.demo.noise import child, grid_noise
from siteplan.demo.parameters import Parameters

_URBAN_WORDS = "居委会|社区|居民"
_TOWN_KM2 = (1.1, 3.4)
"""Built-up area of the smallest and largest town centre [km2]."""
_PARK_KM2 = (0.9, 2.4)
_SIMPLIFY_M = 120.0


@dataclass(frozen=True)
class Zones:
    """Built-up zones and their label raster."""

    table: pd.DataFrame
    """``zone``, ``area_class``, ``kind`` (seat, town, park), ``seat``, ``population``, ``easting_m``,
    ``northing_m``; the index is the label."""
    label: NDArray[np.int16]
    """Zone of each pixel of the working grid, -1 for none; flat."""


@dataclass(frozen=True)
class Settlements:
    """Zones, towns and villages of the city."""

    zones: Zones
    towns: pd.DataFrame
    """``town_id``, ``town``, ``county`` (index), ``easting_m``, ``northing_m``, ``villages``."""
    villages: pd.DataFrame
    """``village_id``, ``village``, ``town``, ``county_name``, ``county``, ``community``, ``town_index``,
    ``easting_m``, ``northing_m``, ``longitude``, ``latitude``."""

    def town_points(self) -> Points:
        """Town points [m], shape (n, 2)."""
        return self.towns[["easting_m", "northing_m"]].to_numpy()

    def village_points(self) -> Points:
        """Village points [m], shape (n, 2)."""
        return self.villages[["easting_m", "northing_m"]].to_numpy()


def seat_points(parameters: Parameters) -> Points:
    """Seats in metres, shape (n, 2)."""
    degrees = np.array([(seat.longitude, seat.latitude) for seat in parameters.seats])
    return metres(degrees, parameters.crs)


def known_town_points(parameters: Parameters) -> Points:
    """Town points of the table in metres; NaN where the table has none, shape (n, 2)."""
    degrees = parameters.towns[["lon", "lat"]].to_numpy(float)
    points = np.full(degrees.shape, np.nan)
    known = ~np.isnan(degrees[:, 0])
    points[known] = metres(degrees[known], parameters.crs)
    return points


def make_settlements(
    parameters: Parameters, land: Land, counties: gpd.GeoDataFrame, seed: int
) -> Settlements:
    """Draw built-up zones, missing towns and village points.

    Parameters
    ----------
    parameters
        The city.
    land
        Where things may stand.
    counties
        County polygons, in the order of the land's county index.
    seed
        Seed of the demo.
    """
    rng = child(seed, "settlements")
    index = {code: number for number, code in enumerate(counties["county_id"])}
    wrinkles = 0.26 * grid_noise(rng, land.grid.shape, 9) + 0.2 * grid_noise(rng, land.grid.shape, 4)
    roughness = np.exp(wrinkles).ravel()
    label = np.full(land.county.shape, -1, np.int16)
    rows = _seat_zones(parameters, land, label, roughness)
    towns = _towns(parameters, land, label, index, rng)
    rows += _town_zones(towns, land, label, roughness, len(rows))
    rows += _park_zones(parameters, land, label, roughness, len(rows), rng)
    zones = Zones(pd.DataFrame(rows), label)
    return Settlements(zones, towns, _villages(parameters, land, zones, towns, index, rng))


def _grow(
    land: Land, label: NDArray[np.int16], roughness: NDArray[Any], centre: Points, km2: float
) -> Pixels:
    """Free pixels cheapest to reach from a centre: an irregular built-up area."""
    reach = int(1000 * np.sqrt(km2) / land.grid.resolution_m) + 4
    row, col = np.divmod(land.pixels(centre[None])[0], land.grid.width)
    rows = np.arange(max(0, row - reach), min(land.grid.height, row + reach + 1))
    cols = np.arange(max(0, col - reach), min(land.grid.width, col + reach + 1))
    pixels = (rows[:, None] * land.grid.width + cols).ravel()
    pixels = pixels[land.inner[pixels] & (label[pixels] < 0)]
    away = np.hypot(*(land.points(pixels) - centre).T)
    cost = (away + 60) * roughness[pixels] * (1.6 - 0.6 * land.suitability[pixels] ** 0.25)
    count = round(km2 * 1e6 / land.grid.resolution_m**2)
    return pixels[np.argsort(cost, kind="stable")[:count]]


def _seat_zones(
    parameters: Parameters, land: Land, label: NDArray[np.int16], roughness: NDArray[Any]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number, (seat, point) in enumerate(zip(parameters.seats, seat_points(parameters), strict=True)):
        label[_grow(land, label, roughness, point, seat.built_up_km2)] = number
        name = seat.name if seat.area_class == "urban" else f"{seat.name}城区"
        rows.append(_zone(name, seat.area_class, "seat", seat.name, seat.population, point))
    return rows


def _zone(
    name: str, area_class: str, kind: str, seat: str, population: int, point: Points
) -> dict[str, object]:
    keys = ("zone", "area_class", "kind", "seat", "population", "easting_m", "northing_m")
    values = (name, area_class, kind, seat, population, float(point[0]), float(point[1]))
    return dict(zip(keys, values, strict=True))


def _towns(
    parameters: Parameters,
    land: Land,
    label: NDArray[np.int16],
    index: dict[str, int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The town table with a point for every town, inside its county."""
    table = parameters.towns
    points = known_town_points(parameters)
    county = table["areaCode"].map(index).to_numpy(np.int64)
    seats = {seat.name: number for number, seat in enumerate(parameters.seats)}
    for row in np.flatnonzero(np.isnan(points[:, 0])):
        seat = seats[parameters.county_seat[str(table["areaCode"].iloc[row])]]
        street = "街道" in str(table["name"].iloc[row])
        points[row] = _missing_town(land, label, county[row], seat if street else -1, points, rng)
    sizes = parameters.villages.groupby("streetCode").size()
    frame = table[["code", "name"]].set_axis(["town_id", "town"], axis=1)
    return frame.assign(
        county=county,
        easting_m=points[:, 0],
        northing_m=points[:, 1],
        villages=frame["town_id"].map(sizes).fillna(0).astype(int),
    )


def _missing_town(
    land: Land,
    label: NDArray[np.int16],
    county: int,
    seat: int,
    others: Points,
    rng: np.random.Generator,
) -> Points:
    """A point for a town without one: in the seat's built-up area, or in a remote valley."""
    inside = land.inner & (land.county == county)
    pixels = np.flatnonzero(inside & (label == seat)) if seat >= 0 else np.flatnonzero(inside)
    near = cKDTree(others[~np.isnan(others[:, 0])]).query(land.points(pixels))[0]
    wanted_m = 1200.0 if seat >= 0 else 7000.0
    weights = land.suitability[pixels] * np.minimum(1, near / wanted_m) ** 4
    return land.points(pixels[ranked(weights, rng)[:1]])[0]


def _town_zones(
    towns: pd.DataFrame, land: Land, label: NDArray[np.int16], roughness: NDArray[Any], first: int
) -> list[dict[str, object]]:
    """A centre for every town that is not part of a seat's built-up area."""
    rows: list[dict[str, object]] = []
    points = towns[["easting_m", "northing_m"]].to_numpy()
    inside = label[land.pixels(points)] >= 0
    size = (towns["villages"] / towns["villages"].max()).to_numpy()
    for town in np.flatnonzero(~inside):
        km2 = _TOWN_KM2[0] + (_TOWN_KM2[1] - _TOWN_KM2[0]) * size[town]
        label[_grow(land, label, roughness, points[town], km2)] = first + len(rows)
        name = f"{towns['town'].iloc[town]}镇区".replace("镇镇区", "镇区")
        rows.append(_zone(name, "town", "town", "", 0, points[town]))
    return rows


def _park_zones(
    parameters: Parameters,
    land: Land,
    label: NDArray[np.int16],
    roughness: NDArray[Any],
    first: int,
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    """Synthetic industrial parks a few kilometres from the seats."""
    rows: list[dict[str, object]] = []
    for seat, point in zip(parameters.seats, seat_points(parameters), strict=True):
        edge = 1000 * np.sqrt(seat.built_up_km2 / np.pi)
        for number in range(seat.parks):
            pixels = np.flatnonzero(land.inner & (label < 0))
            away = np.hypot(*(land.points(pixels) - point).T)
            ring = np.exp(-(((away - edge - 2500) / 900) ** 2))
            centre = land.points(pixels[ranked(land.suitability[pixels] * ring, rng)[:1]])[0]
            pixels = _grow(land, label, roughness, centre, rng.uniform(*_PARK_KM2))
            label[pixels] = first + len(rows)
            name = f"{seat.name}工业园{number + 1}区（合成）"
            rows.append(_zone(name, "industrial", "park", seat.name, 0, centre))
    return rows


def _villages(
    parameters: Parameters,
    land: Land,
    zones: Zones,
    towns: pd.DataFrame,
    index: dict[str, int],
    rng: np.random.Generator,
) -> pd.DataFrame:
    source = parameters.villages
    number = pd.Series(np.arange(len(towns)), index=towns["town_id"])
    frame = pd.DataFrame(
        {
            "village_id": source["code"],
            "village": source["name"],
            "town": source["town"],
            "county_name": source["county"],
            "county": source["areaCode"].map(index),
            "community": source["name"].str.contains(_URBAN_WORDS),
            "town_index": source["streetCode"].map(number),
        }
    )
    points = jittered(_village_points(frame, land, zones, towns, rng), 40, rng)
    degrees = lonlat(points, land.grid.crs)
    frame[["easting_m", "northing_m"]] = points
    frame[["longitude", "latitude"]] = degrees
    return frame


def _village_points(
    villages: pd.DataFrame, land: Land, zones: Zones, towns: pd.DataFrame, rng: np.random.Generator
) -> Points:
    """Village points town by town: communities in the built-up area, villages in the valleys."""
    owner = _town_of_pixels(land, towns)
    points = np.full((len(villages), 2), np.nan)
    taken = np.zeros(land.county.shape, bool)
    for (town, community), group in villages.groupby(["town_index", "community"]):
        centre = towns[["easting_m", "northing_m"]].to_numpy()[int(str(town))]
        mine = np.flatnonzero((owner == town) & ~taken)
        near = np.hypot(*(land.points(mine) - centre).T)
        built = zones.label[mine] >= 0
        if bool(community):
            weights = np.where(built, 1.0, 1e-3) * np.exp(-near / 1500)
            spacing = 350.0
        else:
            weights = land.suitability[mine] * np.where(built, 0.02, 1.0) * np.exp(-near / 9000)
            spacing = 0.55 * np.sqrt(len(mine) * land.grid.resolution_m**2 / len(group))
        chosen = draw_spread(land, mine, weights, len(group), spacing, rng)
        taken[chosen] = True
        points[group.index] = land.points(chosen)
    return points


def _town_of_pixels(land: Land, towns: pd.DataFrame) -> NDArray[np.int16]:
    """Nearest town of the same county for every usable pixel, -1 elsewhere."""
    owner = np.full(land.county.shape, -1, np.int16)
    for county, group in towns.groupby("county"):
        pixels = np.flatnonzero(land.inner & (land.county == county))
        tree = cKDTree(group[["easting_m", "northing_m"]].to_numpy())
        owner[pixels] = group.index.to_numpy()[tree.query(land.points(pixels))[1]]
    return owner


def village_polygons(villages: pd.DataFrame, counties: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Voronoi cells of the village points, clipped to each county.

    Parameters
    ----------
    villages
        Villages with ``county`` (row of ``counties``), ``longitude`` and ``latitude``.
    counties
        County polygons in EPSG:4490.

    Returns
    -------
    GeoDataFrame
        ``village_id``, ``village``, ``town``, ``county``, ``longitude``, ``latitude``, EPSG:4490.
    """
    cells = np.empty(len(villages), object)
    squeeze = float(np.cos(np.radians(villages["latitude"].mean())))
    for county, group in villages.groupby("county"):
        outline = counties.geometry.iloc[int(str(county))]
        cells[group.index] = shapely.intersection(_voronoi(group, outline, squeeze), outline)
    names = {"county_name": "county"}
    columns = ["village_id", "village", "town", "county_name", "longitude", "latitude"]
    frame = villages[columns].rename(columns=names).round({"longitude": 6, "latitude": 6})
    return gpd.GeoDataFrame(frame, geometry=cells, crs="EPSG:4490")


def _voronoi(points: pd.DataFrame, outline: shapely.Geometry, squeeze: float) -> NDArray[np.object_]:
    """Cells in a plane where a degree is equally long both ways, back in degrees."""
    plane = np.column_stack([points["longitude"] * squeeze, points["latitude"]])
    frame = shapely.box(*shapely.bounds(shapely.transform(outline, lambda xy: xy * [squeeze, 1]))).buffer(0.2)
    cells = shapely.voronoi_polygons(shapely.multipoints(plane), extend_to=frame, ordered=True)
    return shapely.transform(shapely.get_parts(cells), lambda xy: xy / [squeeze, 1])


def zone_polygons(zones: Zones, land: Land) -> gpd.GeoDataFrame:
    """Area-class polygons of the label raster, smoothed without gaps or overlaps.

    Returns
    -------
    GeoDataFrame
        ``area_class``, ``zone``, EPSG:4490.
    """
    label = zones.label.reshape(land.grid.shape)
    parts = [
        (int(value), shapely.geometry.shape(outline))
        for outline, value in shapes(label, mask=label >= 0, transform=land.grid.transform)
    ]
    frame = gpd.GeoDataFrame(
        {"label": [value for value, _ in parts]}, geometry=[part for _, part in parts], crs=land.grid.crs
    ).dissolve("label", as_index=False)
    smooth = shapely.coverage_simplify(frame.geometry.to_numpy(), _SIMPLIFY_M)
    table = zones.table.loc[frame["label"], ["area_class", "zone"]].reset_index(drop=True)
    return gpd.GeoDataFrame(table, geometry=smooth, crs=land.grid.crs).to_crs("EPSG:4490")
