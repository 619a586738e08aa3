"""Build a siteplan project of the Ötztal and its neighbours, or of two municipalities with ``--small``.

Run: python benchmarks/places/oetztal.py TARGET [--small]

The case has only ten GeoNames places, so hamlets are drawn besides: at masts of the register, and on the
valley floor at the lowest pixel of each 3 km square of the DEM.
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from common import (
    CASES,
    DEM,
    run,
    save_dem,
    save_layer,
    save_project,
    thin,
    village_layer,
    village_summary,
    voronoi,
)
from pyproj import Transformer

CASE = CASES / "oetztal"
PLACES = CASE / "at_oetztal.gpkg"
REGISTER = CASE / "sites_all_senderkataster_2023-03.csv"
CRS = "EPSG:31254"
"""MGI / Austria GK West, the grid of the Tyrol."""
ATTRIBUTION = "Statistik Austria / F. Perlot (CC BY 4.0), GeoNames (CC BY 4.0), RTR Senderkataster, SRTM"
SMALL = ("Kaunertal", "Sölden")
LEAST_SHARE = 0.25
"""Part of a municipality that must lie in the DEM for it to be planned."""
APART_M = 1_100.0
SQUARE_M = 3_000
LEAST_PIXELS = 600
"""Fewer pixels of a square mean that the DEM ends in it."""
VALLEY_M = (800, 1950)

INPUTS = """[inputs.counties]
path = "gemeinden.gpkg"
columns = { county_id = "GKZ", county = "Gemeinde" }

[inputs.villages]
path = "ortschaften.gpkg"
columns = { village_id = "Kennziffer", village = "Ortschaft", county = "Gemeinde", population = "Einwohner" }

[inputs.stations]
path = "senderkataster.csv"
datum = "wgs84"
columns = { station_id = "sender_id", longitude = "lon", latitude = "lat" }
constants = { network = "AT", band = "700M" }
where = { has_5g = ["True"] }
"""


class Seed(NamedTuple):
    """Where a village may grow, with name and people where they are known."""

    point: shapely.Point
    name: str | None = None
    people: int | None = None


def read_towns(small: bool) -> gpd.GeoDataFrame:
    """The municipalities that lie well inside the DEM, by number and in metres."""
    towns = gpd.read_file(PLACES, layer="municipalities_2021").to_crs(CRS)
    towns = towns[towns.frac_in_bbox >= LEAST_SHARE].sort_values("iso")
    if small:
        towns = towns[towns.name.isin(SMALL)]
    return towns.reset_index(drop=True)


def valley_points() -> list[shapely.Point]:
    """The lowest pixel of every square of the DEM that reaches down to a valley floor."""
    with rasterio.open(CASE / DEM) as dem:
        heights = dem.read(1).ravel()
        rows, cols = np.indices(dem.shape)
        lon, lat = rasterio.transform.xy(dem.transform, rows.ravel(), cols.ravel())
    to_grid = Transformer.from_crs(4326, CRS, always_xy=True)
    x, y = to_grid.transform(np.asarray(lon), np.asarray(lat))
    squares = np.floor(x / SQUARE_M).astype(int) * 100_000 + np.floor(y / SQUARE_M).astype(int)
    found = []
    for square in np.unique(squares):
        here = np.flatnonzero(squares == square)
        lowest = here[np.argmin(heights[here])]
        if here.size > LEAST_PIXELS and VALLEY_M[0] < heights[lowest] < VALLEY_M[1]:
            found.append(shapely.Point(round(x[lowest], 1), round(y[lowest], 1)))
    return found


def read_seeds() -> list[Seed]:
    """Named places first, then masts of the register, then the valley floor."""
    names = gpd.read_file(PLACES, layer="places_geonames").to_crs(CRS).sort_values("geonameid")
    masts = gpd.read_file(PLACES, layer="sites").to_crs(CRS).sort_values("sender_id")
    seeds = [Seed(place.geometry, place.name, place.population) for place in names.itertuples()]
    return seeds + [Seed(point) for point in (*masts.geometry, *valley_points())]


def villages_of(towns: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One village for each seed that is far enough from those before it: its Voronoi cell in the town."""
    seeds, rows = read_seeds(), []
    for town in towns.itertuples():
        inside = [seed for seed in seeds if seed.point.within(town.geometry)]
        inside = [inside[i] for i in thin([seed.point for seed in inside], APART_M)]
        cells = voronoi([seed.point for seed in inside], town.geometry)
        numbers = itertools.count(1)
        for seed, cell in zip(inside, cells, strict=True):
            name = seed.name or f"{town.name} Weiler {next(numbers)}"
            row = {"Ortschaft": name, "Gemeinde": town.name, "Einwohner": seed.people, "geometry": cell}
            rows.append(row)
    return village_layer(rows, CRS, "Kennziffer", "T", "Einwohner")


def build(target: Path, small: bool) -> str:
    """Write the project folder; returns what is in it."""
    towns = read_towns(small)
    villages = villages_of(towns)
    save_layer(villages, target / "ortschaften.gpkg")
    columns = {"GKZ": towns.iso.astype(str), "Gemeinde": towns.name}
    counties = gpd.GeoDataFrame(columns, geometry=towns.geometry, crs=CRS)
    save_layer(counties, target / "gemeinden.gpkg")
    shutil.copyfile(REGISTER, target / "senderkataster.csv")
    land = gpd.GeoSeries([towns.union_all()], crs=CRS)
    save_dem(CASE / DEM, target / "dem.tif", land if small else None)
    save_project(
        target,
        city="Ötztal klein" if small else "Ötztal und Nachbartäler",
        crs=CRS,
        attribution=ATTRIBUTION,
        inputs=INPUTS,
        operator="A1/Magenta/Drei",
        aliases=["AT"],
        small=small,
    )
    return f"{len(towns)} municipalities, {village_summary(villages.Einwohner)}"


if __name__ == "__main__":
    run(build, [PLACES, REGISTER, CASE / DEM])
