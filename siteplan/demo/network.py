"""Masts and stations on air, with their dates.

Every site x band has a score, the best one of each site is always built, and the
highest of the others fill up to the published number exactly.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from siteplan.demo.ground import Land, Points, draw_spread, jittered, lonlat
from siteplan.demo.noise import child, grid_noise
from siteplan.demo.parameters import Parameters
from siteplan.demo.people import People
from siteplan.demo.roads import Roads
from siteplan.demo.settlements import Settlements

_KIND_OF_ZONE = {"seat": "seat", "town": "town", "park": "industrial"}
_HILL_TRIES = 14
_HILL_M = (120.0, 650.0)
_VILLAGE_SHARE = 0.88
"""Share of villages with a mast of their own."""
_NEAR_M = 2500.0
"""Distance within which a village counts as served in the demo's own checks [m]."""


@dataclass(frozen=True)
class StationNetwork:
    """Sites and stations of the demo."""

    sites: pd.DataFrame
    """``site_id``, ``site_name``, ``kind``, ``county_id``, ``county``, ``town``, ``height_m``,
    ``easting_m``, ``northing_m``, ``longitude``, ``latitude``."""
    stations: pd.DataFrame
    """``station_id``, ``site`` (row of ``sites``), ``network``, ``operator``, ``band``, ``on_air_date``."""

    def site_points(self) -> Points:
        """Site points [m], shape (n, 2)."""
        return self.sites[["easting_m", "northing_m"]].to_numpy()

    def points_of(self, network: str, until: dt.date) -> Points:
        """Sites of a network (all when empty) with a station on air by a date [m]."""
        mine = self.stations["on_air_date"] <= until
        if network:
            mine &= self.stations["network"] == network
        return self.site_points()[np.unique(self.stations.loc[mine, "site"])]


def make_network(
    parameters: Parameters,
    land: Land,
    settlements: Settlements,
    people: People,
    roads: Roads,
    seed: int,
) -> StationNetwork:
    """Place the sites and equip them."""
    rng = child(seed, "network")
    points, kind = _placed(parameters, land, settlements, people, roads, rng)
    sites = _site_table(parameters, land, settlements, points, kind, rng)
    return StationNetwork(sites, make_stations(parameters, sites, child(seed, "stations")))


def _placed(
    parameters: Parameters,
    land: Land,
    settlements: Settlements,
    people: People,
    roads: Roads,
    rng: np.random.Generator,
) -> tuple[Points, NDArray[np.str_]]:
    """All sites: first in built-up zones, then at roads, the rest at villages."""
    points, kinds = _zone_sites(parameters, land, settlements, people, rng)
    count = int(parameters.stations["roadside_sites"])
    candidates = land.pixels(roads.points())
    free = (settlements.zones.label[candidates] < 0) & land.inner[candidates]
    candidates = np.unique(candidates[free])
    roadside = draw_spread(land, candidates, np.ones(len(candidates)), count, 2500, rng)
    left = int(parameters.stations["sites"]) - len(points) - count
    village = _village_sites(land, settlements, left, rng)
    every = np.concatenate([points, land.points(roadside), village])
    kind = np.array([*kinds, *["roadside"] * count, *["village"] * left])
    return jittered(every, 35, rng), kind


def _zone_sites(
    parameters: Parameters,
    land: Land,
    settlements: Settlements,
    people: People,
    rng: np.random.Generator,
) -> tuple[Points, list[str]]:
    """Sites in built-up zones, closer where more people live."""
    zones, rules = settlements.zones, parameters.site_kinds
    points, kinds = [], []
    for label, zone in enumerate(zones.table.itertuples()):
        kind = "urban" if zone.area_class == "urban" else _KIND_OF_ZONE[str(zone.kind)]
        pixels = np.flatnonzero(zones.label == label)
        km2 = len(pixels) * land.grid.resolution_m**2 / 1e6
        count = max(1, round(km2 * rules[kind].per_km2))
        weights = 30 + people.persons[pixels]
        spacing = 800 * np.sqrt(km2 / count)
        chosen = draw_spread(land, pixels, weights, count, spacing, rng)
        points.append(land.points(chosen))
        kinds += [kind] * len(chosen)
    return np.concatenate(points), kinds


def _village_sites(land: Land, settlements: Settlements, count: int, rng: np.random.Generator) -> Points:
    """A hill beside the less remote villages; the large ones have two."""
    villages = settlements.villages
    rural = np.flatnonzero(~villages["community"].to_numpy())
    points = settlements.village_points()[rural]
    away = cKDTree(settlements.town_points()).query(points)[0]
    mood = grid_noise(rng, land.grid.shape, 45).ravel()[land.pixels(points)]
    score = 6000 - away + 2200 * mood + rng.normal(0, 1500, len(points))
    order = np.argsort(-score, kind="stable")
    first = order[: round(_VILLAGE_SHARE * len(order))]
    chosen = np.concatenate([first, first, first])[:count]
    return _on_hills(land, points[chosen], rng)


def _on_hills(land: Land, points_m: Points, rng: np.random.Generator) -> Points:
    """The highest of some places around each point, inside the same county."""
    shape = (len(points_m), _HILL_TRIES)
    radius, angle = rng.uniform(*_HILL_M, shape), rng.uniform(0, 2 * np.pi, shape)
    offset = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    tries = points_m[:, None] + offset
    pixels = land.pixels(tries.reshape(-1, 2)).reshape(shape)
    home = land.county[land.pixels(points_m)][:, None]
    allowed = land.inner[pixels] & (land.county[pixels] == home)
    height = np.where(allowed, land.elevation_m[pixels] - 0.05 * radius, -1e6)
    best = height.argmax(axis=1)
    picked = np.arange(len(points_m)), best
    moved = land.points(pixels[picked])
    return np.where(allowed[picked][:, None], moved, points_m)


def _site_table(
    parameters: Parameters,
    land: Land,
    settlements: Settlements,
    points: Points,
    kind: NDArray[np.str_],
    rng: np.random.Generator,
) -> pd.DataFrame:
    near = nearest_village(land, settlements, points)
    order = np.lexsort([points[:, 0], near["county"].to_numpy()])
    points, kind, near = points[order], kind[order], near.iloc[order].reset_index(drop=True)
    low, high = np.array([parameters.site_kinds[each].height_m for each in kind]).T
    degrees = lonlat(points, parameters.crs).round(6)
    within = near.groupby("county").cumcount() + 1
    turn = near.groupby("village_id").cumcount() + 1
    code = near["village_id"].str[:6]
    return pd.DataFrame(
        {
            "site_id": "ZZ" + code + "-" + within.astype(str).str.zfill(4),
            "site_name": near["town"] + place_name(near["village"]) + turn.astype(str) + "号站",
            "kind": kind,
            "county_id": code,
            "county": near["county_name"],
            "town": near["town"],
            "height_m": np.rint(rng.uniform(low, high)).astype(int),
            "easting_m": points[:, 0],
            "northing_m": points[:, 1],
            "longitude": degrees[:, 0],
            "latitude": degrees[:, 1],
        }
    )


def place_name(village: pd.Series) -> pd.Series:
    """Village names without the words for their committee."""
    committee = "村民委员会|居民委员会|村委会|居委会|居委|委员会|村委"
    words = f"(虚拟)?(居民区?)?(社区)?({committee})?$"
    return village.str.replace(words, "", n=1, regex=True)


def nearest_village(land: Land, settlements: Settlements, points: Points) -> pd.DataFrame:
    """Row of the nearest village in the same county for each point."""
    villages = settlements.villages
    county = land.county[land.pixels(points)]
    row = np.zeros(len(points), np.int64)
    for index in np.unique(county):
        mine, theirs = county == index, np.flatnonzero(villages["county"] == index)
        tree = cKDTree(settlements.village_points()[theirs])
        row[mine] = theirs[tree.query(points[mine])[1]]
    return villages.iloc[row].reset_index(drop=True)


def make_stations(parameters: Parameters, sites: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Equip sites with bands and dates so that the published totals come out.

    Parameters
    ----------
    parameters
        Totals, bands and their shares by kind of site.
    sites
        Sites with ``kind``.
    rng
        Random stream.

    Returns
    -------
    DataFrame
        One row per station, ordered by site and band.
    """
    rules, bands = parameters.site_kinds, parameters.bands
    share = np.array([rules[kind].share for kind in sites["kind"]])
    score = share - rng.random(share.shape)
    score[np.arange(len(sites)), score.argmax(axis=1)] += 10
    total = _station_total(parameters)
    chosen = np.sort(np.argsort(-score.ravel(), kind="stable")[:total])
    site, band = np.divmod(chosen, len(bands))
    rank = np.array([each.delay for each in bands])[band] + rng.normal(0, 0.5, total)
    rank += np.where(np.isin(sites["kind"].to_numpy()[site], ["village", "roadside"]), 0.35, 0.0)
    network = np.array([each.network for each in bands])[band]
    return pd.DataFrame(
        {
            "station_id": [f"JZ{number:06d}" for number in range(1, total + 1)],
            "site": site,
            "network": network,
            "operator": _operators(parameters, network, rng),
            "band": np.array([each.name for each in bands])[band],
            "on_air_date": _dates(parameters, rank, rng),
        }
    )


def _station_total(parameters: Parameters) -> int:
    rules = parameters.stations
    later = int(parameters.quota["built_in_year"]) - int(rules["built_by_stock"])
    return int(rules["at_stock"]) + later + int(rules["future"])


def _operators(
    parameters: Parameters, network: NDArray[np.str_], rng: np.random.Generator
) -> NDArray[np.str_]:
    """The operator each station is booked under."""
    names = np.full(len(network), "", dtype="<U8")
    for each, shares in parameters.stations["operators"].items():
        mine = network == each
        names[mine] = rng.choice(list(shares), size=int(mine.sum()), p=list(shares.values()))
    return names


def _dates(parameters: Parameters, rank: NDArray[Any], rng: np.random.Generator) -> NDArray[np.object_]:
    """Dates in order of rank: so many in each year, quarter and after the reference date."""
    rules, year = parameters.stations, int(parameters.quota["year"])
    stock, reference = rules["stock_date"], parameters.reference_date
    spans = [(dt.date(int(y), 1, 1), dt.date(int(y), 12, 31), n) for y, n in rules["years"].items()]
    built = int(rules["built_by_stock"])
    day = dt.timedelta(days=1)
    spans.append((dt.date(year, 1, 1), stock, built))
    spans.append((stock + day, reference, int(parameters.quota["built_in_year"]) - built))
    spans.append((reference + 7 * day, dt.date(year, 12, 31), int(rules["future"])))
    dates: list[dt.date] = []
    for first, last, count in spans:
        days = np.sort(rng.integers(0, (last - first).days + 1, count))
        dates += [first + int(each) * day for each in days]
    result = np.empty(len(rank), object)
    result[np.argsort(rank, kind="stable")] = dates
    return result


def served_share(
    parameters: Parameters, network: StationNetwork, settlements: Settlements, name: str
) -> float:
    """Share of villages with a site of a network (any when empty) near them, 0..1."""
    sites = network.points_of(name, parameters.reference_date)
    return float((cKDTree(sites).query(settlements.village_points())[0] <= _NEAR_M).mean())


_SECTORLESS_SHARE = 0.04
_DOWNTILT_DEG = {"urban": (4, 9), "seat": (4, 8), "town": (3, 7), "industrial": (3, 7)}
_RURAL_DOWNTILT_DEG = (1, 5)


def make_sectors(network: StationNetwork, seed: int) -> pd.DataFrame:
    """Three sectors a site, turned at random in steps of ten degrees; of a few sites nothing is known.

    Returns
    -------
    DataFrame
        ``azimuth`` such as "20/140/260" and ``downtilt`` such as "5", one row a site.
    """
    rng, count = child(seed, "sectors"), len(network.sites)
    first = 10 * rng.integers(0, 12, count)
    turned = (first[:, None] + np.array([0, 120, 240]) + 10 * rng.integers(-1, 2, (count, 3))) % 360
    low, high = np.array([_DOWNTILT_DEG.get(k, _RURAL_DOWNTILT_DEG) for k in network.sites["kind"]]).T
    tilt = rng.integers(low, high + 1)
    known = rng.random(count) >= _SECTORLESS_SHARE
    azimuth = ["/".join(map(str, sorted(row))) if k else "" for row, k in zip(turned, known, strict=True)]
    downtilt = [str(each) if k else "" for each, k in zip(tilt, known, strict=True)]
    return pd.DataFrame({"azimuth": azimuth, "downtilt": downtilt})
