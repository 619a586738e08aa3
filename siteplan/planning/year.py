"""The year as a whole: the ledger of many years, and what the schedule needs from inputs and journal."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.errors import SiteplanError
from siteplan.field.journal import Event, Place
from siteplan.field.records import SiteRecord, records_of
from siteplan.inputs.files.headers import normalise
from siteplan.inputs.load import Inputs
from siteplan.inputs.places.datum import in_china
from siteplan.planning.progress import Progress
from siteplan.planning.quota import build_ledger, on_air, unit_keys
from siteplan.planning.schedule import CountyTask, Schedule, schedule
from siteplan.planning.workdays import WorkCalendar
from siteplan.project.schema import Config
from siteplan.project.statuses import FIXED, SiteStatus

YEARS = [
    "year",
    "county_id",
    "county",
    "network",
    "quota",
    "built",
    "rate",
    "remaining",
    "carried_over",
    "excess",
]
"""Columns of the ledger of many years."""
_TOTAL = "*"
"""Stands for the whole area while lines are counted: a line for all counties is another one."""


@dataclass(frozen=True)
class ListedPlace:
    """A place of a list that is out, and the day the list is of."""

    place: Place
    issued: dt.date


@dataclass(frozen=True, eq=False)
class Year:
    """A year's task in time, beside the years before it.

    Attributes
    ----------
    records
        One a site, by candidate id: places of the lists that are out and of the journal.
    schedule
        From the day to the deadline.
    years
        Quota, built, remaining and carried over of every year with a target: the area's total with an empty
        county, then its lines; columns ``YEARS``.
    lists
        Run ids of the lists that are out.
    """

    records: Mapping[str, SiteRecord]
    schedule: Schedule
    years: pd.DataFrame
    lists: tuple[str, ...]


def year_of(
    inputs: Inputs,
    progress: Progress,
    events: Sequence[Event],
    listed: Mapping[str, ListedPlace],
    config: Config,
    *,
    day: dt.date,
    lists: tuple[str, ...] = (),
) -> Year:
    """Lay out the year.

    Parameters
    ----------
    inputs
        Of the city, with the stations the journal says are on air.
    progress
        Of the year.
    events
        The journal.
    listed
        Places of the lists that are out, by candidate id.
    config
        The project.
    day
        From when on.
    lists
        Run ids of those lists.
    """
    records = records_of(events, {each: one.place for each, one in listed.items()})
    rules = config.schedule
    deadline = rules.deadline or dt.date(progress.year, 12, 31)
    stations = _dated(on_air(inputs.stations, config), config)
    first = min([day, *(dt.date.fromisoformat(d) for r in records.values() for d in r.reached.values())])
    first = min([first, *(one.issued for one in listed.values())])
    calendar = WorkCalendar(
        dt.date(first.year - 2, 1, 1), dt.date(max(deadline, day).year + 4, 12, 31), _basis(inputs, config)
    )
    found = schedule(
        [record for record in records.values() if _is_expected(record, listed)],
        _tasks(progress, stations, inputs.counties, config, day),
        rules,
        calendar,
        day=day,
        deadline=deadline,
        issued={each: one.issued for each, one in listed.items()},
        on_air=_on_air_days(progress, stations, progress.year, min(day, deadline)),
        networks={each: _networks(record.place, config) for each, record in records.items()},
    )
    return Year(records, found, years_of(inputs, config), lists)


def _is_expected(record: SiteRecord, listed: Mapping[str, ListedPlace]) -> bool:
    """Whether a place is counted on: it is on a list that is out, is kept by every plan, or no list is out
    for its county; a place the latest list gave up is not.
    """
    if record.candidate_id in listed or record.status in FIXED | {SiteStatus.ON_AIR}:
        return True
    return all(one.place.county_id != record.place.county_id for one in listed.values())


def _basis(inputs: Inputs, config: Config) -> Literal["china", "weekdays"]:
    if config.schedule.calendar != "auto":
        return config.schedule.calendar
    middle = inputs.area.geometry.to_crs("EPSG:4326").union_all().centroid
    return "china" if in_china(np.array([middle.x]), np.array([middle.y]))[0] else "weekdays"


def _dated(stations: gpd.GeoDataFrame | None, config: Config) -> pd.DataFrame:
    """Stations in the quota's unit with the day the first of them came on air; those without a day are not
    among them.
    """
    columns = ["county_id", "network", "on_air_date"]
    if stations is None or "on_air_date" not in stations:
        return pd.DataFrame(columns=columns)
    known = pd.DataFrame(stations[stations["on_air_date"].notna()])
    keys = unit_keys(config.quota.unit)
    first = known.sort_values("on_air_date", kind="stable").drop_duplicates(keys)
    return first[columns].reset_index(drop=True)


def _on_air_days(
    progress: Progress, stations: pd.DataFrame, year: int, last: dt.date
) -> dict[str, dict[str, list[dt.date]]]:
    """Days of the year on which stations came on air, by county and network."""
    start, end = pd.Timestamp(year, 1, 1), pd.Timestamp(last)
    days: dict[str, dict[str, list[dt.date]]] = defaultdict(lambda: defaultdict(list))
    own = stations[stations["on_air_date"].between(start, end)]
    for row in own.itertuples():
        for county in ("", str(row.county_id)):
            for network in ("", str(row.network)):
                days[county][network].append(row.on_air_date.date())
    return {county: dict(days.get(county, {})) for county in progress.counties["county_id"]}


def require_known_capacity(config: Config, counties: gpd.GeoDataFrame) -> None:
    """Refuse a capacity of a county that is none.

    Parameters
    ----------
    config
        The project.
    counties
        Table of counties.

    Raises
    ------
    SiteplanError
        With the counties there are.
    """
    known = {normalise(str(each)) for name in ("county_id", "county") for each in counties[name]} | {""}
    for each in config.schedule.capacity:
        if normalise(each.county) not in known:
            values = {"county": each.county, "known": tuple(counties["county"])}
            raise SiteplanError("capacity_of_unknown_county", **values)


def _tasks(
    progress: Progress,
    stations: pd.DataFrame,
    counties: gpd.GeoDataFrame,
    config: Config,
    day: dt.date,
) -> list[CountyTask]:
    """What every county has to do, with what its crews can build a month."""
    require_known_capacity(config, counties)
    declared = {normalise(each.county): each.stations for each in config.schedule.capacity}
    tasks = []
    for row in progress.counties.sort_values("county_id").itertuples():
        names = (normalise(str(row.county_id)), normalise(str(row.county)), "")
        capacity = next((declared[name] for name in names if name in declared), None)
        origin = "none" if capacity is None else "declared"
        if capacity is None and (seen := _best_month(stations, str(row.county_id), config, day)):
            capacity, origin = seen, "observed"
        tasks.append(CountyTask(str(row.county_id), int(row.quota), int(row.built), capacity, origin))
    return tasks


def _best_month(stations: pd.DataFrame, county_id: str, config: Config, day: dt.date) -> int:
    """Most stations a county brought on air in a month of the past; 0 where none is known."""
    last = pd.Timestamp(day)
    first = last - pd.DateOffset(months=config.schedule.observed_months)
    chosen = stations["on_air_date"].gt(first) & stations["on_air_date"].le(last)
    if county_id:
        chosen &= stations["county_id"].eq(county_id)
    months = pd.to_datetime(stations.loc[chosen, "on_air_date"]).dt.to_period("M")
    return int(months.value_counts().max()) if len(months) else 0


def _networks(place: Place, config: Config) -> dict[str, int]:
    """Stations of a place by network, in the quota's unit; a place that is one station counts for each."""
    found: dict[str, int] = defaultdict(int)
    for band in place.bands:
        network = config.band(band).network
        found[network] = found[network] + 1 if config.quota.unit == "site_network_band" else 1
    return dict(found)


def years_of(inputs: Inputs, config: Config) -> pd.DataFrame:
    """The ledger of every year with a target.

    What a year left open is carried over until it is built; a year that built more than its quota takes from
    what was left open before it.

    Parameters
    ----------
    inputs
        Of the city.
    config
        The project.

    Returns
    -------
    DataFrame
        Columns ``YEARS``: of each year the total first.
    """
    existing = on_air(inputs.stations, config)
    rows: list[dict[str, object]] = []
    open_before: dict[tuple[str, str], int] = defaultdict(int)
    for year in sorted({target.year for target in config.quota.targets}):
        ledger = build_ledger(config, inputs.counties, inputs.area, existing, year=year)
        excess = max(0, ledger.built - ledger.quota)
        total = (_TOTAL, "", "", ledger.quota, ledger.built, ledger.remaining, excess)
        lines = ledger.table[["county_id", "county", "network", "quota", "built", "remaining", "excess"]]
        for county_id, county, network, quota, built, left, over in (total, *lines.itertuples(index=False)):
            key = str(county_id), str(network)
            rate = built / quota if quota else float("nan")
            values = (year, county_id, county, network, quota, built, rate, left, open_before[key], over)
            rows.append(dict(zip(YEARS, values, strict=True)))
            open_before[key] = max(0, open_before[key] + int(left) - int(over))
    table = pd.DataFrame(rows, columns=YEARS)
    return table.assign(county_id=table["county_id"].replace(_TOTAL, ""))
