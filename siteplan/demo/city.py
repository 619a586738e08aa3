"""The order in which a demo city is drawn and written.

Every part has its own random stream, so changing one leaves the others as they
were; the folder appears whole or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString

from siteplan.core.files import atomic_folder
from siteplan.demo import write
from siteplan.demo.cover import BUILT, CROP, TREES, Codes, make_cover
from siteplan.demo.ground import Land, Points, make_land
from siteplan.demo.network import StationNetwork, make_network, make_sectors, served_share
from siteplan.demo.osm import osm_xml
from siteplan.demo.parameters import Parameters, load_counties, load_parameters
from siteplan.demo.people import People, make_people, populated, urban_share
from siteplan.demo.places import make_exclusions, make_key_places, make_properties
from siteplan.demo.plan import make_site_plan, quota_targets
from siteplan.demo.readme import readme_text
from siteplan.demo.roads import Roads, make_roads
from siteplan.demo.settlements import (
    Settlements,
    known_town_points,
    make_settlements,
    seat_points,
    village_polygons,
    zone_polygons,
)
from siteplan.demo.terrain import Terrain, make_terrain, slope_of

_TOWN_BASIN_M = 800.0
_NODATA = -32768


@dataclass(frozen=True)
class City:
    """A drawn city, before it is written."""

    parameters: Parameters
    counties: gpd.GeoDataFrame
    terrain: Terrain
    land: Land
    settlements: Settlements
    people: People
    cover: Codes
    roads: Roads
    network: StationNetwork
    sectors: pd.DataFrame
    site_plan: pd.DataFrame
    properties: pd.DataFrame
    key_places: pd.DataFrame
    exclusions: gpd.GeoDataFrame
    targets: pd.DataFrame


def write_demo(target: Path, *, seed: int = 2023, replace: bool = False) -> dict[str, float]:
    """Write the demo project.

    Parameters
    ----------
    target
        Folder to make.
    seed
        Seed; the same one gives the same tables and rasters.
    replace
        Whether an existing folder gives way.

    Returns
    -------
    dict
        Figures of the demo, as they stand in its README.txt.

    Raises
    ------
    SiteplanError
        If the boundary package is not installed, or the folder cannot be written.
    """
    with atomic_folder(target, replace=replace) as folder:
        city = draw_city(seed)
        figures = figures_of(city)
        write_city(folder, city, figures, seed)
    return figures


def write_city(folder: Path, city: City, figures: dict[str, float], seed: int) -> None:
    """Write every file of a drawn city into an existing folder."""
    _write_vectors(folder, city)
    _write_rasters(folder, city)
    _write_tables(folder, city)
    _write_texts(folder, city, figures, seed)


def draw_city(seed: int) -> City:
    """Draw everything."""
    parameters = load_parameters()
    counties = load_counties(str(parameters.city["boundary_prefix"]))
    terrain = _terrain(parameters, counties, seed)
    land = make_land(terrain, counties)
    settlements = make_settlements(parameters, land, counties, seed)
    people = make_people(parameters, land, settlements, seed)
    roads = make_roads(land, settlements, seed)
    network = make_network(parameters, land, settlements, people, roads, seed)
    return City(
        parameters,
        counties,
        terrain,
        land,
        settlements,
        people,
        make_cover(terrain, land, settlements, people, seed),
        roads,
        network,
        make_sectors(network, seed),
        make_site_plan(parameters, land, settlements, people, network, seed),
        make_properties(parameters, land, settlements, people, seed),
        make_key_places(parameters, land, settlements, people, seed),
        make_exclusions(parameters, land, settlements, seed),
        quota_targets(parameters, settlements, people, land, network),
    )


def _terrain(parameters: Parameters, counties: gpd.GeoDataFrame, seed: int) -> Terrain:
    west, south, east, north = counties.to_crs(parameters.crs).total_bounds
    margin = float(parameters.city["margin_m"])
    bounds = (west - margin, south - margin, east + margin, north + margin)
    return make_terrain(parameters.relief, bounds, _basins(parameters), parameters.crs, seed)


def _basins(parameters: Parameters) -> Points:
    """Towns and seats lie in valleys: easting, northing and radius [m]."""
    towns = known_town_points(parameters)
    towns = towns[~np.isnan(towns[:, 0])]
    wide = [900 * np.sqrt(seat.built_up_km2 / np.pi) for seat in parameters.seats]
    small = np.column_stack([towns, np.full(len(towns), _TOWN_BASIN_M)])
    return np.concatenate([small, np.column_stack([seat_points(parameters), wide])])


def figures_of(city: City) -> dict[str, float]:
    """Figures that describe the demo.

    Returns
    -------
    dict
        Counts, shares in 0..1, slopes [deg] and errors [m].
    """
    return {**_network_figures(city), **_land_figures(city)}


def _network_figures(city: City) -> dict[str, float]:
    rules = city.parameters.stations
    date, year = city.network.stations["on_air_date"], int(city.parameters.quota["year"])
    stock = date <= rules["stock_date"]
    now = date <= rules["reference_date"]
    this_year = np.array([each.year == year for each in date])
    sites = city.network.stations.loc[stock, "site"].nunique()
    return {
        "stations_at_stock": int(stock.sum()),
        "stations_at_reference": int(now.sum()),
        "stations_later": int((~now).sum()),
        "sites_at_stock": int(sites),
        "stations_per_site": round(float(stock.sum() / sites), 3),
        "built_in_year": int((this_year & now).sum()),
        "built_in_year_by_stock": int((this_year & stock).sum()),
        "quota": int(city.targets["stations"].sum()),
        "remaining": int((city.targets["stations"] - city.targets["built"]).sum()),
        "site_plan": len(city.site_plan),
        "site_plan_unbuilt": int((city.site_plan["建设状态"] == "未建").sum()),
        "properties": len(city.properties),
        "key_places": len(city.key_places),
        **{
            f"villages_served{name and '_' + name}": round(
                served_share(city.parameters, city.network, city.settlements, name), 3
            )
            for name in ("", *sorted(set(city.network.stations["network"])))
        },
    }


def _land_figures(city: City) -> dict[str, float]:
    slope = slope_of(city.terrain.dem_m[::1].astype(np.float32), city.terrain.dem_grid.resolution_m)
    return {
        "counties": len(city.counties),
        "towns": len(city.settlements.towns),
        "villages": len(city.settlements.villages),
        "population": int(city.people.persons.sum()),
        "population_urban_share": round(urban_share(city.people, city.settlements.zones), 3),
        "populated_pixels": len(populated(city.people)),
        "slope_mean_deg": round(float(slope.mean()), 1),
        "slope_p90_deg": round(float(np.quantile(slope[::3, ::3], 0.9)), 1),
        "relief_rmse_m": round(city.terrain.pin_rmse_m, 1),
        "road_ways": len(city.roads.ways),
        **{
            f"cover_{name}_share": round(float((city.cover[::3, ::3] == code).mean()), 3)
            for name, code in (("trees", TREES), ("crop", CROP), ("built", BUILT))
        },
    }


def _write_vectors(folder: Path, city: City) -> None:
    zones = zone_polygons(city.settlements.zones, city.land)
    villages = village_polygons(city.settlements.villages, city.counties)
    write.write_layer(folder / "counties.gpkg", city.counties, "counties")
    write.write_layer(folder / "villages.gpkg", villages, "villages")
    write.write_layer(folder / "area_classes.gpkg", zones, "area_classes")
    write.write_layer(folder / "exclusions.gpkg", city.exclusions, "exclusions")
    write.write_layer(folder / "corridors.gpkg", corridor_lines(city.parameters), "corridors")


def corridor_lines(parameters: Parameters) -> gpd.GeoDataFrame:
    """Synthetic air routes: straight lines between seats."""
    places = dict(zip((seat.name for seat in parameters.seats), seat_points(parameters), strict=True))
    routes = parameters.corridors["routes"]
    lines = [LineString([places[one], places[other]]) for one, other in routes]
    names = [f"{one}—{other}（合成）" for one, other in routes]
    return gpd.GeoDataFrame({"corridor": names}, geometry=lines, crs=parameters.crs)


def _write_rasters(folder: Path, city: City) -> None:
    write.write_raster(folder / "dem.tif", city.terrain.dem_m, city.terrain.dem_grid, _NODATA)
    write.write_raster(folder / "land_cover.tif", city.cover, city.terrain.dem_grid, 0)
    persons = city.people.persons.reshape(city.land.grid.shape)
    write.write_raster(folder / "population.tif", persons, city.land.grid, None)


def _write_tables(folder: Path, city: City) -> None:
    write.write_csv(folder / "stations.csv", write.station_table(city.network, city.sectors))
    write.write_csv(folder / "key_places.csv", write.key_place_table(city.key_places))
    plan = ["合成数据，仅供演示 / synthetic", "坐标系：CGCS2000", "未建：未开工；已建：已有站址"]
    write.write_workbook(folder / "站址规划2020-2025.xlsx", city.site_plan, "站址规划", plan)
    listed = ["合成数据，仅供演示 / synthetic", "坐标系：GCJ-02（手机地图）", "总数为真实公布数"]
    write.write_workbook(folder / "公共物业开放清单.xlsx", city.properties, "公共物业", listed)


def _write_texts(folder: Path, city: City, figures: dict[str, float], seed: int) -> None:
    year = int(city.parameters.quota["year"])
    texts = {
        "roads.osm": osm_xml(city.roads, city.key_places, city.parameters.crs),
        "project.toml": write.project_text(city.parameters.project_template, city.targets, year),
        "README.txt": readme_text(figures, seed),
        "indicators.csv": f"\N{BYTE ORDER MARK}{city.parameters.indicators}",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
