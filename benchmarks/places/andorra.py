"""Build a siteplan project of Andorra (seven parishes), or of two parishes with ``--small``.

Run: python benchmarks/places/andorra.py TARGET [--small]
"""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import shapely
from common import (
    CASES,
    DEM,
    run,
    save_dem,
    save_layer,
    save_project,
    save_xlsx,
    thin,
    village_layer,
    village_summary,
    voronoi,
)

CASE = CASES / "andorra"
OSM = CASE / "andorra_osm.gpkg"
CRS = "EPSG:25831"
"""ETRS89 / UTM zone 31N."""
ATTRIBUTION = "OpenStreetMap contributors (ODbL), GeoNames (CC BY 4.0), SRTM"
SMALL = ("La Massana", "Ordino")
RANKS = {"town": 0, "village": 1, "hamlet": 2}
APART_M = 450.0
SAME_PLACE_M = 1_500.0
AROUND_M = 2_000.0

INPUTS = """[inputs.counties]
path = "parishes.gpkg"
datum = "wgs84"

[inputs.villages]
path = "villages.gpkg"
datum = "wgs84"

[inputs.properties]
path = "properties.xlsx"
datum = "wgs84"

[inputs.roads]
path = "roads.gpkg"
"""
POLES = """
[inputs.poles]
path = "masts.csv"
datum = "wgs84"
"""


def read_parishes(small: bool) -> gpd.GeoDataFrame:
    """The parishes by name, in metres."""
    areas = gpd.read_file(OSM, layer="admin")
    parishes = areas[areas.admin_level.astype(str) == "7"].sort_values("name").to_crs(CRS)
    if small:
        parishes = parishes[parishes.name.isin(SMALL)]
    return parishes.reset_index(drop=True)


def seeds_of(parishes: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Places of every parish that become its villages: the larger first, none close to another."""
    places = gpd.read_file(OSM, layer="places").to_crs(CRS)
    places = places[places.place.isin(RANKS)].assign(rank=lambda rows: rows.place.map(RANKS))
    places = places.sort_values(["rank", "osm_id"])
    seeds = {}
    for parish in parishes.itertuples():
        inside = places[places.within(parish.geometry)]
        seeds[parish.name] = inside.iloc[thin(list(inside.geometry), APART_M)]
    return seeds


def villages_of(parishes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One village for each place: its Voronoi cell in the parish and the people GeoNames knows there."""
    seeds = seeds_of(parishes)
    known = {name.casefold() for inside in seeds.values() for name in inside.name}
    names = gpd.read_file(OSM, layer="places_geonames").to_crs(CRS)
    names["plain"] = names.name.str.casefold()
    rows = []
    for parish in parishes.itertuples():
        inside = seeds[parish.name]
        cells = voronoi(list(inside.geometry), parish.geometry)
        for seed, cell in zip(inside.itertuples(), cells, strict=True):
            people = people_of(names, known, seed.name, seed.geometry, cell)
            row = {"village": seed.name, "county": parish.name, "population": people, "geometry": cell}
            rows.append(row)
    return village_layer(rows, CRS, "village_id", "AD", "population")


def people_of(
    names: gpd.GeoDataFrame, known: set[str], name: str, point: shapely.Point, cell: shapely.Geometry
) -> int | None:
    """People of the GeoNames place of the same name, and of places in the cell that OSM has no name for."""
    same = (names.plain == name.casefold()) & (names.distance(point) < SAME_PLACE_M)
    unknown = names.within(cell) & ~names.plain.isin(known)
    return int(names[same | unknown].population.sum()) or None


def save_roads(path: Path, land: shapely.Geometry) -> None:
    """Write the roads on the land and close around it."""
    roads = gpd.read_file(OSM, layer="roads")
    save_layer(roads[roads.to_crs(CRS).intersects(land.buffer(AROUND_M))], path)


def save_properties(path: Path, land: shapely.Geometry) -> int:
    """Write the public facilities on the land; returns how many."""
    public = gpd.read_file(OSM, layer="public_facilities")
    public = public[public.to_crs(CRS).within(land)].sort_values("osm_id")
    rows = [
        [
            f"P{place.osm_id}",
            place.name if isinstance(place.name, str) else None,
            place.kind,
            round(place.geometry.x, 6),
            round(place.geometry.y, 6),
        ]
        for place in public.itertuples(index=False)
    ]
    save_xlsx(path, ["property id", "property name", "kind", "longitude", "latitude"], rows)
    return len(rows)


def save_masts(path: Path, land: shapely.Geometry) -> int:
    """Write the masts on the land and close around it; returns how many."""
    masts = gpd.read_file(OSM, layer="masts")
    masts = masts[masts.to_crs(CRS).within(land.buffer(AROUND_M))].sort_values("osm_id")
    lines = ["pole_id,pole_name,kind,longitude,latitude\n"]
    for mast in masts.itertuples():
        tags = json.loads(mast.tags)
        name, point = tags.get("name", "").replace(",", " "), mast.geometry
        lines.append(f"M{mast.osm_id},{name},{tags['man_made']},{point.x:.6f},{point.y:.6f}\n")
    path.write_text("".join(lines), encoding="utf-8-sig", newline="\n")
    return len(masts)


def build(target: Path, small: bool) -> str:
    """Write the project folder; returns what is in it."""
    parishes = read_parishes(small)
    land = parishes.union_all()
    villages = villages_of(parishes)
    save_layer(villages.to_crs(4326), target / "villages.gpkg")
    columns = {"county_id": parishes.osm_id.astype(str), "county": parishes.name}
    counties = gpd.GeoDataFrame(columns, geometry=parishes.geometry, crs=CRS)
    save_layer(counties.to_crs(4326), target / "parishes.gpkg")
    save_roads(target / "roads.gpkg", land)
    properties = save_properties(target / "properties.xlsx", land)
    masts = save_masts(target / "masts.csv", land)
    has_masts = bool(gpd.read_file(OSM, layer="masts").to_crs(CRS).within(land).any())
    save_dem(CASE / DEM, target / "dem.tif", gpd.GeoSeries([land], crs=CRS) if small else None)
    save_project(
        target,
        city="Andorra north-west" if small else "Andorra",
        crs=CRS,
        attribution=ATTRIBUTION,
        inputs=INPUTS + POLES * has_masts,
        operator="Andorra Telecom",
        aliases=["Andorra Telecom", "AT"],
        small=small,
    )
    summary = village_summary(villages.population)
    return f"{len(parishes)} parishes, {summary}, {properties} properties, {masts} masts"


if __name__ == "__main__":
    run(build, [OSM, CASE / DEM])
