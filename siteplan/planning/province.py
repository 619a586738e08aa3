"""Cities that share a quota: each is a problem, prices are the messages between them."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from siteplan.core.files import write_atomic
from siteplan.core.progress import Report
from siteplan.coverage.footprint_cache import FileCache
from siteplan.planning.proposal import Proposal
from siteplan.planning.replan import select
from siteplan.planning.run_record import RunRecord
from siteplan.project.schema import Config
from siteplan.project.statuses import SourceType
from siteplan.selection import (
    CoverProblem,
    PartAnswer,
    SharedSelection,
    answer_of,
    merged_ranks,
    priced_answer,
    priced_problem,
)

_SITES = ["candidate_id", "name", "county", "town", "stations", "gain", "people_newly_covered"]
_SITES += ["longitude", "latitude", "status"]
SITES = ["province_rank", "city", "rank", *_SITES, "spacing_m"]
"""Columns of the list of a province."""
_EARTH_M = 111_320.0
"""Length of a degree of latitude [m]."""
_FINER = 3.0
_BORDER_M = 200.0
"""How rough borders are drawn [m]."""


@dataclass(frozen=True, eq=False)
class PreparedCity:
    """A city ready to be solved; its problem lies on disk, so that no process holds the province.

    Attributes
    ----------
    name, config
        The city and its project.
    weight
        What its newly covered weight counts.
    built
        What it has built of the year's task.
    most
        Stations its candidates could take.
    problem
        File of the problem.
    cache
        File where its selections are kept.
    """

    name: str
    config: Config
    weight: float
    built: int
    most: int
    problem: Path
    cache: Path


def left_on_disk(problem: CoverProblem, file: Path) -> Path:
    """Write a problem for later; the file is read by this package alone, in this run."""
    write_atomic(file, pickle.dumps(problem, protocol=5))
    return file


def stations_at_most(problem: CoverProblem) -> int:
    """Stations of a choice that takes the largest column of every group [int]."""
    best = np.zeros(int(problem.group.max(initial=-1)) + 1, dtype=np.int64)
    np.maximum.at(best, problem.group, problem.stations)
    return int(best.sum())


class CitySolver:
    """Solves cities for a shared quota, one problem in memory at a time; answers are kept.

    Parameters
    ----------
    cities
        The problems.
    limit
        Stations for all of them.
    report
        Is told which city is solved.
    """

    def __init__(self, cities: Sequence[PreparedCity], limit: int, report: Report) -> None:
        self._cities, self._limit, self._report = cities, limit, report
        self._answers: dict[tuple[int, str, float], PartAnswer] = {}

    def within(self, part: int, stations: int) -> PartAnswer:
        """A city within so many stations; see :class:`siteplan.selection.Solve`."""
        return self._answered(part, "stations", stations)

    def at_price(self, part: int, price: float) -> PartAnswer:
        """A city where a station costs so much."""
        return self._answered(part, "price", price)

    def _answered(self, part: int, kind: str, value: float) -> PartAnswer:
        key = (part, kind, value)
        if key not in self._answers:
            city = self._cities[part]
            self._report.note("solving_city", city=city.name)
            problem: CoverProblem = pickle.loads(city.problem.read_bytes())
            with FileCache(city.cache, city.config.coverage.cache_mib) as cache:
                if kind == "stations":
                    task = within(problem, int(value))
                    answer = answer_of(task, select(task, city.config, self._report, cache), city.weight)
                else:
                    task = priced_problem(problem, value / city.weight, min(city.most, self._limit))
                    found = select(task, _closer(city.config), self._report, cache)
                    answer = priced_answer(problem, found, city.weight)
            self._answers[key] = answer
        return self._answers[key]


def _closer(config: Config) -> Config:
    """A finer gap: at a price, what stations earn that are not used is part of the whole it is a share of."""
    rules = config.selection.model_copy(update={"gap": config.selection.gap / _FINER})
    return config.model_copy(update={"selection": rules})


def within(problem: CoverProblem, stations: int) -> CoverProblem:
    """The same problem with another quota of the whole."""
    caps = tuple(replace(cap, limit=stations) if cap.family == "city" else cap for cap in problem.caps)
    return replace(problem, caps=caps)


@dataclass(frozen=True, eq=False)
class CityPlan:
    """What became of a city.

    Attributes
    ----------
    name
        Of the city.
    run
        Folder of its plan; None where there is none.
    record, sites
        Of its plan.
    border
        Of its land, in degrees.
    failure
        Why there is no plan, "" where there is one.
    warnings
        Warnings and rejected rows of its plan.
    """

    name: str
    run: Path | None
    record: RunRecord | None
    sites: pd.DataFrame
    border: BaseGeometry | None
    failure: str = ""
    warnings: int = 0


@dataclass(frozen=True, eq=False)
class ProvincePlan:
    """A quota split between cities, with a plan for each.

    Attributes
    ----------
    name, year, stations
        What was asked for.
    shared
        The split and its bound; None where no city could be planned.
    weights
        Of the cities that were planned, by name.
    cities
        All of them, in the order of the file.
    sites
        One ranked list of all, with the columns ``SITES``.
    close_pairs
        New sites of different cities that lie nearer than the spacing of both asks for.
    synthetic
        What in the cities' projects is synthetic.
    """

    name: str
    year: int
    stations: int
    shared: SharedSelection | None
    weights: Mapping[str, float]
    cities: tuple[CityPlan, ...]
    sites: pd.DataFrame
    close_pairs: tuple[tuple[str, str, float], ...]
    synthetic: str

    @property
    def failed(self) -> tuple[CityPlan, ...]:
        """Cities without a plan."""
        return tuple(city for city in self.cities if city.run is None)


def city_plan(name: str, run: Path, plan: Proposal) -> CityPlan:
    """What the province keeps of a city's plan."""
    counties, sites = plan.area.counties, plan.places.proposed
    rough = counties.geometry.simplify(_BORDER_M).union_all()
    border = gpd.GeoSeries([rough], crs=counties.crs).to_crs("EPSG:4326").iloc[0]
    spacing = {each.id: each.min_inter_site_distance_m for each in plan.config.area_classes}
    kept = pd.DataFrame(sites[["rank", *_SITES]]).reset_index(drop=True)
    own = sites["area_class"].map(spacing).where(sites["source_type"].ne(SourceType.UPGRADE.value), 0.0)
    warnings = sum(fault.severity in ("warning", "rejected") for fault in plan.faults)
    kept = kept.assign(spacing_m=own.to_numpy(dtype=float))
    return CityPlan(name, run, plan.record, kept, border, warnings=warnings)


def ranked_sites(cities: Sequence[CityPlan], weights: Mapping[str, float]) -> pd.DataFrame:
    """One list of all cities' sites: the next site of the city whose next one brings most a station.

    Every city's own order stays as it is, so any first k of the list hold a first part of each city's list.
    """
    planned = [city for city in cities if len(city.sites)]
    gains = [weights[city.name] * city.sites["gain"].to_numpy(dtype=float) for city in planned]
    sizes = [city.sites["stations"].to_numpy(dtype=np.int64) for city in planned]
    order = merged_ranks(gains, sizes)
    rows = [planned[c].sites.iloc[place].to_dict() | {"city": planned[c].name} for c, place in order]
    table = pd.DataFrame(rows, columns=[column for column in SITES if column != "province_rank"])
    table.insert(0, "province_rank", np.arange(1, len(table) + 1))
    return table[SITES]


def close_pairs(sites: pd.DataFrame) -> tuple[tuple[str, str, float], ...]:
    """New sites of different cities nearer to each other than the spacing of both: ids, and distance [m]."""
    spacing = sites["spacing_m"].to_numpy(dtype=float)
    if len(sites) < 2 or spacing.max() <= 0:
        return ()
    latitude = sites["latitude"].to_numpy(dtype=float)
    x = sites["longitude"].to_numpy(dtype=float) * np.cos(np.radians(latitude.mean())) * _EARTH_M
    points = np.column_stack([x, latitude * _EARTH_M])
    city, ids = sites["city"].to_numpy(), sites["candidate_id"].to_numpy()
    found = []
    for p, q in sorted(cKDTree(points).query_pairs(float(spacing.max()))):
        distance = float(np.hypot(*(points[p] - points[q])))
        if city[p] != city[q] and distance < min(spacing[p], spacing[q]):
            found.append((str(ids[p]), str(ids[q]), round(distance, 1)))
    return tuple(found)
