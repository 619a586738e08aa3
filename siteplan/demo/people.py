"""The population raster: persons are placed household by household, so most of the mountains stay empty.

Counts are integers from the start, and they add up to the city total exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.demo.ground import Land, Pixels, Points
from siteplan.demo.noise import child, grid_noise
from siteplan.demo.parameters import Parameters
from siteplan.demo.settlements import Settlements, Zones

_TOWN_SHARE = 0.30
"""Share of a county's people outside its seat who live in town centres."""
_HOUSEHOLD = 4
_HAMLET_SPREAD_M = 95.0
_REACH_M = (300.0, 2500.0)
_TRIES = 80


@dataclass(frozen=True)
class People:
    """Persons per pixel and the hamlets they live in."""

    persons: NDArray[np.float32]
    """Flat, whole numbers."""
    hamlets_m: Points
    hamlet_village: NDArray[np.int64]
    """Row of the village table each hamlet belongs to."""


def largest_remainder(total: int, weights: NDArray[np.floating]) -> NDArray[np.int64]:
    """Split a whole number in proportion to weights.

    Parameters
    ----------
    total
        What is split.
    weights
        Not negative, shape (n,), with a positive sum.

    Returns
    -------
    ndarray
        Whole numbers that add up to ``total``, shape (n,).

    Examples
    --------
    >>> largest_remainder(10, np.array([1.0, 1.0, 1.0])).tolist()
    [4, 3, 3]
    """
    exact = np.asarray(weights, float) * (total / np.sum(weights))
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def make_people(parameters: Parameters, land: Land, settlements: Settlements, seed: int) -> People:
    """Count people in seats, town centres, villages and hamlets.

    Returns
    -------
    People
        Persons per pixel; their sum is the city's population.
    """
    rng = child(seed, "people")
    hamlets, village = _hamlets(land, settlements, rng)
    texture = np.exp(0.4 * grid_noise(rng, land.grid.shape, 2.2).ravel())
    rural = _scaled_rural(parameters)
    persons = _zone_people(settlements, rural, texture, land, rng)
    persons += _village_people(settlements, rural, hamlets, village, land, rng)
    return People(persons.astype(np.float32), hamlets, village)


def _scaled_rural(parameters: Parameters) -> NDArray[np.int64]:
    """People outside the seats by county, in code order, so that the whole sums exactly."""
    seats = sum(seat.population for seat in parameters.seats)
    wanted = np.array([people for _, people in sorted(parameters.rural_population.items())], float)
    return largest_remainder(int(parameters.city["population"]) - seats, wanted)


def _hamlets(
    land: Land, settlements: Settlements, rng: np.random.Generator
) -> tuple[Points, NDArray[np.int64]]:
    """Hamlets on good ground around every village that is not an urban community."""
    rows = np.flatnonzero(~settlements.villages["community"].to_numpy())
    centre = settlements.village_points()[rows]
    shape = (len(rows), _TRIES)
    radius, angle = rng.uniform(*_REACH_M, shape), rng.uniform(0, 2 * np.pi, shape)
    offset = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    points = centre[:, None] + offset
    pixels = land.pixels(points.reshape(-1, 2)).reshape(shape)
    same = land.county[pixels] == settlements.villages["county"].to_numpy()[rows][:, None]
    free = land.inner[pixels] & same & (settlements.zones.label[pixels] < 0)
    weights = np.where(free, land.suitability[pixels] * np.exp(-radius / 1800), 1e-12)
    order = np.argsort(-(np.log(weights) + rng.gumbel(size=shape)), axis=1, kind="stable")
    wanted = rng.integers(3, 10, len(rows))
    rank = np.argsort(order, axis=1, kind="stable")
    taken = (rank < wanted[:, None]) & free
    owner = np.broadcast_to(rows[:, None], shape)[taken]
    return np.concatenate([centre, points[taken]]), np.concatenate([rows, owner])


def _zone_people(
    settlements: Settlements,
    rural: NDArray[np.int64],
    texture: NDArray[Any],
    land: Land,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """People of seats and town centres, densest in the middle."""
    zones = settlements.zones
    persons = np.zeros(land.county.shape, np.int64)
    population = _zone_population(zones, land, rural)
    for label, people in enumerate(population):
        pixels = np.flatnonzero(zones.label == label)
        if people == 0 or len(pixels) == 0:
            continue
        centre = zones.table.loc[label, ["easting_m", "northing_m"]].to_numpy(float)
        away = np.hypot(*(land.points(pixels) - centre).T)
        radius = np.sqrt(len(pixels) / np.pi) * land.grid.resolution_m
        weights = np.exp(-1.6 * away / radius) * texture[pixels]
        persons[pixels] += rng.multinomial(people, weights / weights.sum())
    return persons


def _zone_population(zones: Zones, land: Land, rural: NDArray[np.int64]) -> NDArray[np.int64]:
    """People per zone: seats as given, town centres share their county's part by area."""
    table = zones.table
    population = table["population"].to_numpy(np.int64).copy()
    area = np.bincount(zones.label[zones.label >= 0], minlength=len(table))
    county = land.county[land.pixels(table[["easting_m", "northing_m"]].to_numpy())]
    town = (table["kind"] == "town").to_numpy()
    for index, people in enumerate(rural):
        mine = np.flatnonzero(town & (county == index))
        if len(mine):
            share = largest_remainder(round(_TOWN_SHARE * people), area[mine] ** 1.3)
            population[mine] += share
    return population


def _village_people(
    settlements: Settlements,
    rural: NDArray[np.int64],
    hamlets_m: Points,
    village: NDArray[np.int64],
    land: Land,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """People of villages and hamlets, household by household around the hamlet."""
    zones_population = _zone_population(settlements.zones, land, rural)
    in_towns = zones_population - settlements.zones.table["population"].to_numpy()
    zone_points = settlements.zones.table[["easting_m", "northing_m"]].to_numpy()
    zone_county = land.county[land.pixels(zone_points)]
    size = rng.lognormal(0, 0.5, len(settlements.villages))[village] * rng.lognormal(0, 0.6, len(village))
    size[: int((~settlements.villages["community"]).sum())] *= 2.5
    county = settlements.villages["county"].to_numpy()[village]
    persons = np.zeros(land.county.shape, np.int64)
    for index, people in enumerate(rural):
        mine = np.flatnonzero(county == index)
        left = int(people - in_towns[zone_county == index].sum())
        _settle(persons, land, hamlets_m[mine], largest_remainder(left, size[mine]), rng)
    return persons


def _settle(
    persons: NDArray[np.int64],
    land: Land,
    hamlets_m: Points,
    people: NDArray[np.int64],
    rng: np.random.Generator,
) -> None:
    """Add households around hamlets; a household off the land joins the hamlet's own pixel."""
    households = -(-people // _HOUSEHOLD)
    home = np.repeat(np.arange(len(people)), households)
    size = np.full(len(home), _HOUSEHOLD)
    last = np.cumsum(households) - 1
    size[last[households > 0]] -= (households * _HOUSEHOLD - people)[households > 0]
    points = hamlets_m[home] + rng.normal(0, _HAMLET_SPREAD_M, (len(home), 2))
    pixel, fallback = land.pixels(points), land.pixels(hamlets_m)[home]
    pixel = np.where(land.county[pixel] == land.county[fallback], pixel, fallback)
    np.add.at(persons, pixel, size)


def urban_share(people: People, zones: Zones) -> float:
    """Share of people in the built-up areas of the seats, 0..1."""
    seats = pd.Index(zones.table.index[zones.table["kind"] == "seat"])
    return float(people.persons[np.isin(zones.label, seats)].sum() / people.persons.sum())


def populated(people: People) -> Pixels:
    """Pixels with people."""
    return np.flatnonzero(people.persons > 0)
