"""The 2020-2025 site plan and the county split of the year's task.

Built entries are existing sites; unbuilt ones lie where a network is missing,
except a few placed beside an existing site on purpose, for the planner to refuse.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from siteplan.demo.ground import Land, Points, draw_spread, jittered, lonlat
from siteplan.demo.network import StationNetwork, nearest_village, place_name
from siteplan.demo.noise import child
from siteplan.demo.parameters import Parameters
from siteplan.demo.people import People, largest_remainder
from siteplan.demo.settlements import Settlements

_WANTED_M = {"village": 2000.0, "hamlet": 1500.0, "infill": 300.0}
_OWN_NAME = {"CMCC-CBN": "中国移动", "CT-CU": "中国电信"}
_JOIN = "、"


def make_site_plan(
    parameters: Parameters,
    land: Land,
    settlements: Settlements,
    people: People,
    network: StationNetwork,
    seed: int,
) -> pd.DataFrame:
    """Draw the site plan.

    Returns
    -------
    DataFrame
        Chinese headers, one row per entry, ordered by year.
    """
    rng = child(seed, "site plan")
    parts = [
        _built(parameters, network, rng),
        _unbuilt(parameters, land, settlements, people, network, rng),
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table.sort_values(["规划年份", "县区", "站址名称"], kind="stable", ignore_index=True)
    turn = table.groupby("规划年份").cumcount() + 1
    number = table["规划年份"].astype(str) + "-" + turn.astype(str).str.zfill(4)
    table.insert(0, "规划编号", "GH" + number)
    return table


def _built(parameters: Parameters, network: StationNetwork, rng: np.random.Generator) -> pd.DataFrame:
    """Entries whose site is on air."""
    stations = network.stations[network.stations["on_air_date"] <= parameters.reference_date]
    grouped = stations.groupby("site")
    every = pd.DataFrame({"first": grouped["on_air_date"].min(), "names": grouped["operator"].agg(_joined)})
    rows = np.sort(rng.choice(len(every), int(parameters.site_plan["built"]), replace=False))
    chosen = every.iloc[rows]
    sites = network.sites.loc[chosen.index]
    years = np.array([each.year for each in chosen["first"]])
    return _entries(sites, chosen["names"].to_numpy(), years, "已建")


def _joined(names: pd.Series) -> str:
    return _JOIN.join(sorted(set(names)))


def _entries(
    places: pd.DataFrame, networks: NDArray[Any], years: NDArray[np.int64], state: str
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "站址名称": places["site_name"].to_numpy(),
            "县区": places["county"].to_numpy(),
            "乡镇": places["town"].to_numpy(),
            "网络": networks,
            "规划年份": years,
            "建设状态": state,
            "挂高": places["height_m"].to_numpy(),
            "经度": places["longitude"].to_numpy(),
            "纬度": places["latitude"].to_numpy(),
        }
    )


def _unbuilt(
    parameters: Parameters,
    land: Land,
    settlements: Settlements,
    people: People,
    network: StationNetwork,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Entries not built: hamlets, town infill, places beside a site, and villages for the rest."""
    rules, date = parameters.site_plan, parameters.reference_date
    any_site = network.points_of("", date)
    hamlets = _far_hamlets(land, people, any_site, int(rules["hamlets"]), rng)
    infill = _infill(land, settlements, people, any_site, int(rules["infill"]), rng)
    beside = any_site[rng.choice(len(any_site), int(rules["near_existing"]), replace=False)]
    left = int(rules["unbuilt"]) - len(hamlets) - len(infill) - len(beside)
    villages = _short_villages(land, settlements, network, parameters, left, rng)
    points = np.concatenate([jittered(hamlets, 40, rng), jittered(infill, 40, rng), villages])
    points = np.concatenate([jittered(points, 20, rng), jittered(beside, 22, rng)])
    places = _places(parameters, land, settlements, points, rng)
    years = rng.choice(_years(parameters), len(points), p=_year_share(parameters))
    return _entries(places, _missing_networks(network, points, date, rng), years, "未建")


def _years(parameters: Parameters) -> NDArray[np.int64]:
    return np.arange(int(parameters.site_plan["first_year"]), int(parameters.site_plan["last_year"]) + 1)


def _year_share(parameters: Parameters) -> NDArray[np.float64]:
    """Unbuilt entries are mostly of the current year and later."""
    years, now = _years(parameters), int(parameters.quota["year"])
    weights = np.where(years >= now, 10.0, 10.0 ** (1 - 0.35 * (now - years)) / 4)
    return weights / weights.sum()


def _far_hamlets(land: Land, people: People, sites: Points, count: int, rng: np.random.Generator) -> Points:
    """Hamlets far from any site."""
    pixels = np.unique(land.pixels(people.hamlets_m))
    pixels = pixels[land.inner[pixels]]
    away = cKDTree(sites).query(land.points(pixels))[0]
    far = pixels[away > _WANTED_M["hamlet"]]
    chosen = draw_spread(land, far, np.sqrt(1 + people.persons[far]), count, 1200, rng)
    return land.points(chosen)


def _infill(
    land: Land,
    settlements: Settlements,
    people: People,
    sites: Points,
    count: int,
    rng: np.random.Generator,
) -> Points:
    """Built-up places with the next site some way off."""
    pixels = np.flatnonzero((settlements.zones.label >= 0) & (people.persons > 0))
    away = cKDTree(sites).query(land.points(pixels))[0]
    far = pixels[away > _WANTED_M["infill"]]
    return land.points(draw_spread(land, far, people.persons[far], count, 300, rng))


def _short_villages(
    land: Land,
    settlements: Settlements,
    network: StationNetwork,
    parameters: Parameters,
    count: int,
    rng: np.random.Generator,
) -> Points:
    """Ground near the villages that are farthest from a site of one network or the other."""
    points = settlements.village_points()
    away = np.max(
        [cKDTree(network.points_of(each, parameters.reference_date)).query(points)[0] for each in _OWN_NAME],
        axis=0,
    )
    order = np.argsort(-away, kind="stable")
    chosen = points[np.resize(order[: max(count * 3 // 4, 1)], count)]
    moved = jittered(chosen, 450, rng)
    county, inner = land.county, land.inner
    good = inner[land.pixels(moved)] & (county[land.pixels(moved)] == county[land.pixels(chosen)])
    return np.where(good[:, None], moved, chosen)


def _places(
    parameters: Parameters,
    land: Land,
    settlements: Settlements,
    points: Points,
    rng: np.random.Generator,
) -> pd.DataFrame:
    near = nearest_village(land, settlements, points)
    degrees = lonlat(points, parameters.crs).round(6)
    turn = near.groupby("village_id").cumcount() + 1
    return pd.DataFrame(
        {
            "site_name": near["town"] + place_name(near["village"]) + "规划" + turn.astype(str),
            "county": near["county_name"],
            "town": near["town"],
            "height_m": rng.integers(28, 46, len(points)),
            "longitude": degrees[:, 0],
            "latitude": degrees[:, 1],
        }
    )


def _missing_networks(
    network: StationNetwork, points: Points, date: object, rng: np.random.Generator
) -> NDArray[np.object_]:
    """Networks without a site near each point; one at random where both are there."""
    names = list(_OWN_NAME)
    trees = [cKDTree(network.points_of(each, date)) for each in names]  # type: ignore[arg-type]
    lacking = np.column_stack([tree.query(points)[0] > _WANTED_M["village"] for tree in trees])
    spare = rng.integers(0, len(names), len(points))
    lacking[np.arange(len(points)), spare] |= ~lacking.any(axis=1)
    labels = np.array([_OWN_NAME[each] for each in names], dtype=object)
    return np.array([_JOIN.join(labels[row]) for row in lacking], dtype=object)


def quota_targets(
    parameters: Parameters, settlements: Settlements, people: People, land: Land, network: StationNetwork
) -> pd.DataFrame:
    """Split the year's task by county and network; what is built already is never above its target.

    Parameters
    ----------
    parameters
        The task and what is built.
    settlements, people, land, network
        What the split follows: villages a network lacks, and people.

    Returns
    -------
    DataFrame
        ``county``, ``network``, ``built``, ``stations`` (the target); sums are the published ones.
    """
    date, year = parameters.reference_date, int(parameters.quota["year"])
    stations = network.stations
    now = np.array([each.year == year and each <= date for each in stations["on_air_date"]])
    county = network.sites["county"].to_numpy()[stations["site"]]
    built = pd.crosstab(county[now], stations["network"].to_numpy()[now])
    names = settlements.villages.groupby("county")["county_name"].first()
    built = built.reindex(index=names.to_numpy(), fill_value=0)
    weights = _need(parameters, settlements, people, land, network, list(built.columns))
    rest = int(parameters.quota["stations"]) - int(built.to_numpy().sum())
    remaining = largest_remainder(rest, weights.ravel()).reshape(weights.shape)
    pairs = pd.MultiIndex.from_product([built.index, built.columns], names=["county", "network"])
    done = built.to_numpy().ravel()
    columns = {"built": done, "stations": done + remaining.ravel()}
    return pd.DataFrame(columns, index=pairs).reset_index()


def _need(
    parameters: Parameters,
    settlements: Settlements,
    people: People,
    land: Land,
    network: StationNetwork,
    names: list[str],
) -> NDArray[np.float64]:
    """Need per county and network: villages without the network, and a little for people."""
    county = settlements.villages["county"].to_numpy()
    inside = land.county >= 0
    persons = np.bincount(land.county[inside], weights=people.persons[inside])
    columns = []
    for name in names:
        sites = cKDTree(network.points_of(name, parameters.reference_date))
        lacking = sites.query(settlements.village_points())[0] > _WANTED_M["village"]
        columns.append(np.bincount(county, weights=lacking, minlength=len(persons)) + persons / 3e4)
    return np.column_stack(columns)
