"""Years after the first: what is built then stands on what was built before, so the lists are nested.

The first year's list is the plan itself, within its own quota; each later year adds places within the sum of
the quotas so far, with everything before it fixed, and has a bound of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from siteplan.core.progress import SILENT, Report
from siteplan.coverage.footprint_cache import Cache
from siteplan.inputs.load import Inputs
from siteplan.planning.formulate import caps_of
from siteplan.planning.quota import Ledger, Limit, build_ledger
from siteplan.planning.replan import open_conflicts, select
from siteplan.planning.run_record import LaterSite, LaterYear
from siteplan.planning.stages import Prepared
from siteplan.project.schema import Config
from siteplan.selection import Cap, Selection

Ints = NDArray[np.int64]
Scope = tuple[str, str, str]
"""Family, county and network of a limit."""


def later_years(
    inputs: Inputs,
    ready: Prepared,
    first: Selection,
    years: int,
    config: Config,
    report: Report = SILENT,
    cache: Cache | None = None,
) -> tuple[LaterYear, ...]:
    """Choose what follows the first year.

    Parameters
    ----------
    inputs
        Of the area.
    ready
        The first year's problem.
    first
        Its selection.
    years
        How many years there are in all.
    config
        The project, with targets for each of them.
    report
        Is told of the year being chosen.
    cache
        Where selections are kept; None solves every time.

    Returns
    -------
    tuple of LaterYear
        One a year after the first.

    Raises
    ------
    SiteplanError
        If there is no target for one of the years.
    """
    limits = _by_scope(ready.ledger.limits)
    selection, found = first, []
    for ledger in ledgers_after(inputs, config, ready.ledger.year, years):
        report.note("later_year", year=ledger.year)
        own = _by_scope(ledger.limits)
        limits = {scope: limits[scope] + own[scope] for scope in limits if scope in own}
        sums = [Limit(*scope, stations) for scope, stations in limits.items()]
        caps = caps_of(ready.candidates, ready.options, sums)
        problem = replace(
            ready.problem.without_minima(),
            caps=tuple(_with_room_for(cap, ready.options.stations, selection.columns) for cap in caps),
            locked_in=np.sort(selection.columns),
            conflicts=open_conflicts(ready.problem.conflicts, ready.options.place[selection.columns]),
        )
        chosen = select(problem, config, report, cache)
        sites = _sites(ready, chosen, selection.columns)
        found.append(
            LaterYear(
                year=ledger.year,
                quota=ledger.quota,
                stations=sum(site.stations for site in sites),
                gain=chosen.objective - selection.objective,
                at_most_better=chosen.optimality_gap,
                sites=sites,
            )
        )
        selection = chosen
    return tuple(found)


def ledgers_after(inputs: Inputs, config: Config, year: int, years: int) -> list[Ledger]:
    """Ledgers of the years after one.

    Parameters
    ----------
    inputs
        Of the area.
    config
        The project.
    year
        The first one.
    years
        How many there are in all.

    Raises
    ------
    SiteplanError
        If there is no target for one of them.
    """
    following = range(year + 1, year + years)
    return [build_ledger(config, inputs.counties, inputs.area, None, year=each) for each in following]


def _with_room_for(cap: Cap, stations: Ints, built: Ints) -> Cap:
    """A limit that what stands already keeps: places that were signed may be more than their quota."""
    used = float(stations[built[np.isin(built, cap.members)]].sum())
    return replace(cap, limit=max(cap.limit, used))


def _by_scope(limits: Sequence[Limit]) -> Mapping[Scope, int]:
    return {(limit.family, limit.county_id, limit.network): limit.stations for limit in limits}


def _sites(ready: Prepared, chosen: Selection, before: Ints) -> tuple[LaterSite, ...]:
    """What a year adds, in the order of the ranks."""
    table, options = ready.candidates, ready.options
    new = chosen.columns[~np.isin(chosen.columns, before)]
    lonlat = table.geometry.to_crs("EPSG:4326")
    found = []
    for place in chosen.places:
        columns = new[options.place[new] == place]
        if not len(columns):
            continue
        row, point = table.iloc[place], lonlat.iloc[place]
        found.append(
            LaterSite(
                candidate_id=row["candidate_id"],
                name=row["name"],
                county=row["county"],
                source_type=row["source_type"],
                bands=tuple(band for column in columns for band in options.upgrades[column].bands),
                stations=int(options.stations[columns].sum()),
                longitude=round(float(point.x), 6),
                latitude=round(float(point.y), 6),
            )
        )
    return tuple(found)
