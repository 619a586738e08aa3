"""A province of synthetic cities: the demo's counties cut into neighbours of different size and relief."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np

from siteplan.core.errors import SiteplanError
from siteplan.core.files import atomic_folder
from siteplan.core.grid import Grid, part_of
from siteplan.demo.city import City, draw_city, figures_of, write_city
from siteplan.demo.cover import Codes
from siteplan.demo.terrain import Terrain

_SIGNS = "甲乙丙丁戊己庚辛壬癸"
_UNEVEN = 0.6
"""Share of the counties the first half of a cut gets, so that cities differ in size."""
_MARGIN_M = 12_000.0


def write_cities(target: Path, count: int, *, seed: int = 2023, replace_folder: bool = False) -> list[str]:
    """Write a province: a folder a city, and the file that names them.

    Parameters
    ----------
    target
        Folder to make.
    count
        Cities, from 2 to as many as there are counties.
    seed
        Of the demo they are cut from.
    replace_folder
        Whether an existing folder gives way.

    Returns
    -------
    list of str
        Names of the cities.

    Raises
    ------
    SiteplanError
        If there are fewer counties than cities, or the folder cannot be written.
    """
    whole = draw_city(seed)
    if not 2 <= count <= len(whole.counties):
        raise SiteplanError("demo_cities", count=count, most=len(whole.counties))
    groups = grouped(whole.counties.to_crs(whole.parameters.crs), count)
    names = [f"演示{sign}市" for sign in _SIGNS[:count]]
    with atomic_folder(target, replace=replace_folder) as folder:
        for number, (name, counties) in enumerate(zip(names, groups, strict=True), start=1):
            city = cut(whole, name, counties)
            (folder / f"city{number}").mkdir()
            write_city(folder / f"city{number}", city, figures_of(city), seed)
        (folder / "province.toml").write_text(_province(whole, names), encoding="utf-8", newline="\n")
    return names


def grouped(counties: gpd.GeoDataFrame, count: int) -> list[list[str]]:
    """Counties in so many groups of neighbours, by cutting along the longer side again and again.

    Returns
    -------
    list of list of str
        Names; every county is in one group.
    """
    if count == 1:
        return [counties["county"].tolist()]
    middles = counties.geometry.representative_point()
    sides = [middles.x, middles.y]
    axis = int(np.ptp(sides[1]) > np.ptp(sides[0]))
    ordered = counties.iloc[np.argsort(sides[axis].to_numpy(), kind="stable")]
    first = -(-count // 2)
    at = round(
        len(ordered) * _UNEVEN * 2 * first / (first * 2 * _UNEVEN + (count - first) * 2 * (1 - _UNEVEN))
    )
    at = min(max(at, first), len(ordered) - (count - first))
    return grouped(ordered.iloc[:at], first) + grouped(ordered.iloc[at:], count - first)


def cut(whole: City, name: str, names: list[str]) -> City:
    """The part of a drawn city that lies in some counties, as a city of its own."""
    counties = whole.counties[whole.counties["county"].isin(names)].reset_index(drop=True)
    ground = counties.to_crs(whole.parameters.crs).union_all()
    kept = whole.network.sites["county"].isin(names).to_numpy()
    number = np.cumsum(kept) - 1
    stations = whole.network.stations[kept[whole.network.stations["site"].to_numpy()]]
    stations = stations.assign(site=number[stations["site"].to_numpy()]).reset_index(drop=True)
    network = replace(
        whole.network, sites=whole.network.sites[kept].reset_index(drop=True), stations=stations
    )
    villages = whole.settlements.villages
    villages = villages[villages["county_name"].isin(names)].reset_index(drop=True)
    position = {county: k for k, county in enumerate(counties["county"])}
    villages = villages.assign(county=villages["county_name"].map(position))
    places = gpd.points_from_xy(whole.key_places["longitude"], whole.key_places["latitude"], crs="EPSG:4490")
    here = gpd.GeoSeries(places).to_crs(whole.parameters.crs).within(ground).to_numpy()
    text = re.sub(r'(?m)^city = ".*"$', f'city = "{name}"', whole.parameters.project_template)
    terrain, cover = _cropped(whole, ground.bounds)
    ways = [way for way in whole.roads.ways if _touches(whole.roads.nodes_m[list(way.nodes)], ground.bounds)]
    return replace(
        whole,
        parameters=replace(whole.parameters, project_template=text),
        counties=counties,
        terrain=terrain,
        cover=cover,
        settlements=replace(whole.settlements, villages=villages),
        roads=replace(whole.roads, ways=tuple(ways)),
        network=network,
        sectors=whole.sectors[kept].reset_index(drop=True),
        site_plan=whole.site_plan[whole.site_plan["县区"].isin(names)],
        properties=whole.properties[whole.properties["县区"].isin(names)],
        key_places=whole.key_places[here].reset_index(drop=True),
        targets=whole.targets[whole.targets["county"].isin(names)].reset_index(drop=True),
    )


def _cropped(whole: City, bounds: tuple[float, float, float, float]) -> tuple[Terrain, Codes]:
    """Relief and cover within some bounds and what masts there can reach."""
    grid = whole.terrain.dem_grid
    west, south, east, north = bounds
    all_west, all_south, all_east, all_north = grid.bounds
    part = Grid.covering(
        (
            max(west - _MARGIN_M, all_west),
            max(south - _MARGIN_M, all_south),
            min(east + _MARGIN_M, all_east),
            min(north + _MARGIN_M, all_north),
        ),
        grid.resolution_m,
        grid.crs,
    )
    terrain = replace(whole.terrain, dem_grid=part, dem_m=part_of(whole.terrain.dem_m, grid, part))
    return terrain, part_of(whole.cover, grid, part)


def _touches(nodes_m: np.ndarray, bounds: tuple[float, float, float, float]) -> bool:
    west, south, east, north = bounds
    x, y = nodes_m[:, 0], nodes_m[:, 1]
    return bool(((x > west) & (x < east) & (y > south) & (y < north)).any())


def _province(whole: City, names: list[str]) -> str:
    """The file of the province: the demo's own quota, shared."""
    year, stations = int(whole.parameters.quota["year"]), int(whole.targets["stations"].sum())
    lines = [
        "# 演示用的合成省份：各市由演示数据切分而成 / a synthetic province cut from the demo's counties",
        'schema = "siteplan-province/1"',
        "",
        "[province]",
        'name = "演示省（合成）"',
        f"year = {year}",
        f"stations = {stations}",
        "",
    ]
    for number, name in enumerate(names, start=1):
        lines += ["[[cities]]", f'name = "{name}"', f'project = "city{number}"', ""]
    return "\n".join(lines)
