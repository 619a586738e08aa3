"""Opened public properties, key places and exclusion zones.

All of them are synthetic, their names are made from real town and village names
and a kind, and zones say so in their name.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from siteplan.demo.ground import Land, Pixels, Points, draw_spread, jittered, lonlat
from siteplan.demo.network import nearest_village, place_name
from siteplan.demo.noise import child, grid_noise
from siteplan.demo.parameters import Parameters
from siteplan.demo.people import People
from siteplan.demo.settlements import Settlements, seat_points
from siteplan.inputs.places.datum import gcj02_from_wgs84

_PROPERTY_KINDS = {
    "政府机关办公": ("人民政府办公楼", 0.14, (12, 30)),
    "行政事业单位": ("事业单位业务楼", 0.20, (10, 28)),
    "市政公用": ("市政公用房", 0.10, (6, 15)),
    "公共服务": ("公共服务中心", 0.13, (8, 24)),
    "学校": ("学校教学楼", 0.18, (12, 24)),
    "医院": ("医院门诊楼", 0.08, (14, 40)),
    "公交场站": ("公交场站", 0.07, (6, 12)),
    "公园": ("公园管理房", 0.06, (6, 10)),
    "文体场馆": ("文体场馆", 0.04, (10, 22)),
}
"""Kind of property: ending of its name, share in towns and building heights [m]."""
_KEY_KINDS = {
    "hospital": ("医院", "医院", 400),
    "school": ("学校", "学校", 350),
    "scenic": ("景区", "景区", 250),
    "rail": ("交通枢纽", "火车站", 500),
    "government": ("政务服务中心", "政务服务中心", 300),
    "market": ("商业", "农贸市场", 250),
    "industrial_park": ("产业园区", "工业园", 500),
}
"""Key place: kind, ending of its name and weight [people]."""
_VILLAGE_KIND = "村委会"


def make_properties(
    parameters: Parameters, land: Land, settlements: Settlements, people: People, seed: int
) -> pd.DataFrame:
    """Draw the list of opened public properties.

    Parameters
    ----------
    parameters
        How many, and the share in villages.
    land, settlements, people
        What they are placed by.
    seed
        Seed of the demo.
    """
    rng = child(seed, "properties")
    count = int(parameters.city["properties"])
    in_villages = round(parameters.places["property_village_share"] * count)
    pixels = np.flatnonzero((settlements.zones.label >= 0) & (people.persons > 0))
    weights = np.sqrt(people.persons[pixels])
    town = draw_spread(land, pixels, weights, count - in_villages, 130, rng)
    rural = np.flatnonzero(~settlements.villages["community"].to_numpy())
    village = settlements.village_points()[np.sort(rng.choice(rural, in_villages, replace=False))]
    points = np.concatenate([jittered(land.points(town), 40, rng), jittered(village, 30, rng)])
    kinds = rng.choice(list(_PROPERTY_KINDS), len(town), p=[k[1] for k in _PROPERTY_KINDS.values()])
    every = np.concatenate([kinds, np.full(in_villages, _VILLAGE_KIND)])
    return _property_table(parameters, land, settlements, points, every, rng)


def _property_table(
    parameters: Parameters,
    land: Land,
    settlements: Settlements,
    points: Points,
    kinds: NDArray[Any],
    rng: np.random.Generator,
) -> pd.DataFrame:
    near = nearest_village(land, settlements, points)
    order = np.lexsort([points[:, 0], near["county"].to_numpy()])
    near, kinds = near.iloc[order].reset_index(drop=True), kinds[order]
    place = place_name(near["village"])
    longitude, latitude = gcj02_from_wgs84(*lonlat(points[order], parameters.crs).T)
    rules = {**_PROPERTY_KINDS, _VILLAGE_KIND: ("村委会办公楼", 0.0, (6, 12))}
    ending = pd.Series([rules[kind][0] for kind in kinds])
    low, high = np.array([rules[kind][2] for kind in kinds]).T
    turn = pd.DataFrame({"v": near["village_id"], "k": kinds}).groupby(["v", "k"]).cumcount()
    suffix = pd.Series(np.where(turn > 0, (turn + 1).astype(str) + "号", ""))
    owner = near["town"] + np.where(kinds == _VILLAGE_KIND, place + "村民委员会", "人民政府（合成）")
    number = pd.Series(rng.integers(1, 200, len(points))).astype(str)
    return pd.DataFrame(
        {
            "序号": np.arange(1, len(points) + 1),
            "物业名称": near["town"] + place + ending + suffix,
            "物业类型": kinds,
            "物业所属单位": owner,
            "地址": parameters.city["name"] + near["county_name"] + near["town"] + place + number + "号",
            "县区": near["county_name"],
            "乡镇": near["town"],
            "建筑高度(米)": np.rint(rng.uniform(low, high)).astype(int),
            "经度": longitude.round(6),
            "纬度": latitude.round(6),
        }
    )


def make_key_places(
    parameters: Parameters, land: Land, settlements: Settlements, people: People, seed: int
) -> pd.DataFrame:
    """Draw the key places.

    Returns
    -------
    DataFrame
        ``key`` (kind in the parameter file), ``kind``, ``name``, ``weight``, ``longitude``,
        ``latitude`` (WGS84).
    """
    rng = child(seed, "key places")
    parts = []
    for key, (kind, ending, weight) in _KEY_KINDS.items():
        points = _key_points(key, int(parameters.places[key]), land, settlements, people, rng)
        near = nearest_village(land, settlements, points)
        degrees = lonlat(points, parameters.crs).round(6)
        turn = near.groupby("village_id").cumcount()
        suffix = np.where(turn > 0, "第" + (turn + 1).astype(str), "")
        name = near["town"] + place_name(near["village"]) + suffix + ending + "（合成）"
        weights = np.rint(weight * rng.uniform(0.6, 1.5, len(points)) / 10).astype(int) * 10
        columns = {"key": key, "kind": kind, "name": name, "weight": weights}
        parts.append(pd.DataFrame(columns).assign(longitude=degrees[:, 0], latitude=degrees[:, 1]))
    return pd.concat(parts, ignore_index=True)


def _key_points(
    key: str,
    count: int,
    land: Land,
    settlements: Settlements,
    people: People,
    rng: np.random.Generator,
) -> Points:
    """Places of one kind: scenic spots in the hills, parks in parks, the rest where people live."""
    zones = settlements.zones
    if key == "scenic":
        pixels = np.flatnonzero(land.inner & (zones.label < 0) & (land.suitability < 0.2))[::7]
        weights, spacing = land.suitability[pixels] + 0.02, 4000.0
    elif key == "industrial_park":
        table = zones.table[zones.table["kind"] == "park"]
        return table[["easting_m", "northing_m"]].to_numpy()[:count]
    else:
        pixels = np.flatnonzero((zones.label >= 0) & (people.persons > 0))
        weights, spacing = people.persons[pixels].astype(float), 3000.0 if key == "rail" else 500.0
    chosen = draw_spread(land, pixels, weights, count, spacing, rng)
    return jittered(land.points(chosen), 35, rng)


def make_exclusions(
    parameters: Parameters, land: Land, settlements: Settlements, seed: int
) -> gpd.GeoDataFrame:
    """Draw the exclusion zones.

    Parameters
    ----------
    parameters
        How many, how large, beside which town.
    land, settlements
        What they are placed by.
    seed
        Seed of the demo.

    Returns
    -------
    GeoDataFrame
        ``layer``, ``zone``, EPSG:4490.
    """
    rng = child(seed, "exclusions")
    rows: list[tuple[str, str, shapely.Geometry]] = []
    for number, shape in enumerate(_reserves(parameters, land, rng), 1):
        rows.append(("自然保护区", f"山地自然保护区{number}（合成）", shape))
    rows.append(("机场净空", "机场净空区（合成）", _airport(parameters, settlements)))
    towns = settlements.town_points()
    picked = rng.choice(len(towns), int(parameters.exclusions["heritage"]), replace=False)
    for number, row in enumerate(np.sort(picked), 1):
        centre = towns[row] + rng.uniform(-900, 900, 2)
        rows.append(("文物保护", f"文物保护单位{number}（合成）", _patch(centre, rng)))
    for number, line in enumerate(_motorways(parameters), 1):
        name = f"高速公路{number}建筑控制区（合成）"
        rows.append(("高速公路建筑控制区", name, shapely.buffer(_meander(line, rng), 60)))
    layer, zone, shapes = zip(*rows, strict=True)
    columns = {"layer": list(layer), "zone": list(zone)}
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=parameters.crs).to_crs("EPSG:4490")


def _reserves(parameters: Parameters, land: Land, rng: np.random.Generator) -> list[shapely.Geometry]:
    """Irregular zones on the highest ground, far apart."""
    height = gaussian_filter(land.elevation_m.reshape(land.grid.shape), 25).ravel()
    pixels = np.flatnonzero(land.inner)[::31]
    weights = np.exp((height[pixels] - height[pixels].max()) / 60)
    count = int(parameters.exclusions["reserves"])
    centres = land.points(draw_spread(land, pixels, weights, count, 24000, rng))
    noise = 1 + 0.25 * grid_noise(rng, land.grid.shape, 18).ravel()
    area = float(parameters.exclusions["reserve_km2"])
    return [_blob(land, centre, area * rng.uniform(0.7, 1.3), noise) for centre in centres]


def _blob(land: Land, centre: Points, km2: float, noise: NDArray[Any]) -> shapely.Geometry:
    """Outline of the pixels nearest to a centre in a wrinkled distance."""
    pixels = _around(land, centre, 2.2 * np.sqrt(km2 / np.pi) * 1000)
    pixels = pixels[land.inner[pixels]]
    cost = np.hypot(*(land.points(pixels) - centre).T) * noise[pixels]
    chosen = pixels[np.argsort(cost, kind="stable")[: round(km2 * 1e6 / land.grid.resolution_m**2)]]
    half = land.grid.resolution_m / 2
    squares = shapely.box(*(land.points(chosen) - half).T, *(land.points(chosen) + half).T)
    whole = shapely.union_all(squares).buffer(300).buffer(-300).simplify(150)
    return max(shapely.get_parts(whole), key=lambda part: part.area)


def _around(land: Land, centre: Points, reach_m: float) -> Pixels:
    """Pixels in a square around a point."""
    reach = int(reach_m / land.grid.resolution_m)
    row, col = np.divmod(land.pixels(centre[None])[0], land.grid.width)
    rows = np.arange(max(0, row - reach), min(land.grid.height, row + reach + 1))
    cols = np.arange(max(0, col - reach), min(land.grid.width, col + reach + 1))
    return (rows[:, None] * land.grid.width + cols).ravel()


def _airport(parameters: Parameters, settlements: Settlements) -> shapely.Geometry:
    """A long oval beside a town."""
    towns = settlements.towns
    row = int(np.flatnonzero(towns["town_id"] == parameters.exclusions["airport_town"])[0])
    centre = settlements.town_points()[row] + [2500, -2500]
    angle = np.linspace(0, 2 * np.pi, 65)
    oval = np.column_stack([4500 * np.cos(angle), 1300 * np.sin(angle)])
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    return shapely.Polygon(oval @ turn.T + centre)


def _patch(centre: Points, rng: np.random.Generator) -> shapely.Geometry:
    """A small irregular polygon."""
    angle = np.linspace(0, 2 * np.pi, 13)[:-1]
    radius = rng.uniform(120, 300, len(angle))
    ring = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return shapely.Polygon(ring + centre)


def _motorways(parameters: Parameters) -> list[Points]:
    """End points of the synthetic motorways [m]."""
    points = seat_points(parameters)
    names = [seat.name for seat in parameters.seats]
    pairs = parameters.exclusions["motorways"]
    return [points[[names.index(first), names.index(last)]] for first, last in pairs]


def _meander(ends_m: Points, rng: np.random.Generator) -> shapely.LineString:
    """A gently bending line that passes beside its end towns."""
    along = np.linspace(0.08, 0.92, 60)
    line = ends_m[0] + along[:, None] * (ends_m[1] - ends_m[0])
    across = (ends_m[1] - ends_m[0]) @ np.array([[0, 1], [-1, 0]])
    across = across / np.hypot(*across)
    waves = sum(rng.uniform(300, 900) * np.sin(k * np.pi * along + rng.uniform(0, 6)) for k in (2, 3, 5))
    return shapely.LineString(line + np.asarray(waves)[:, None] * across)
