"""A city's quota shared out to its counties, in several ways, each with what it would cover.

The shares follow what a county lacks, how large it is, or what it had last year; the sites are then chosen
within them, so that ways can be compared by people and villages and not by belief.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.progress import SILENT, Report, counted
from siteplan.coverage.gaps import village_table
from siteplan.coverage.indicators import county_table
from siteplan.inputs.load import Inputs
from siteplan.planning.quota import largest_remainder, targets_of
from siteplan.planning.replan import outage_after
from siteplan.planning.stages import Prepared
from siteplan.project.schema import Config
from siteplan.selection import Cap, CoverProblem, quick

Method = Literal["free", "people", "villages", "area", "last_year"]
METHODS: tuple[Method, ...] = get_args(Method)
"""Without shares; by uncovered people, uncovered villages, area, or last year's quota."""
EFFECTS = ["method", "stations", "people", "villages", "gain", "at_most_better"]


@dataclass(frozen=True, eq=False)
class QuotaSplit:
    """Ways to share a quota out.

    Attributes
    ----------
    counties
        One row a county: ``county_id, county``, what it has (``uncovered_people, uncovered_villages,
        area_km2, last_year``) and a column of stations a method; ``free`` is what a choice without shares
        comes to.
    effects
        One row a method with the columns ``EFFECTS``: stations that are worth building, people and villages
        newly at the target, newly covered weight, and by what share a better choice within the same shares
        could gain more.
    """

    counties: pd.DataFrame
    effects: pd.DataFrame


def split_quota(
    inputs: Inputs, ready: Prepared, stations: int, year: int, config: Config, report: Report = SILENT
) -> QuotaSplit:
    """Share a quota out in every way there are figures for.

    Parameters
    ----------
    inputs
        Of the city.
    ready
        The city's candidates as a covering problem, with the whole quota as its only limit.
    stations
        The quota.
    year
        Of the quota; last year's targets are those of the year before.
    config
        The project.
    report
        Is told how many ways are done.
    """
    counties = _figures(inputs, ready, year, config)
    owner = ready.candidates["county_id"].to_numpy(dtype=object)[ready.options.place]
    rows, work = [], config.replan.curve_work
    methods = [each for each in METHODS if each == "free" or counties[_FIGURE[each]].sum() > 0]
    for method in counted(methods, len(methods), report, 1):
        problem = ready.problem
        if method != "free":
            shares = largest_remainder(counties[_FIGURE[method]].to_numpy(), stations)
            counties[method] = shares
            problem = _within(problem, owner, dict(zip(counties["county_id"], shares.tolist(), strict=True)))
        answer = quick(
            problem, work, seed=config.selection.seed, min_gain=config.selection.min_gain_per_station
        )
        built = ready.options.stations[answer.columns]
        if method == "free":
            own = pd.Series(built).groupby(owner[answer.columns]).sum()
            counties[method] = counties["county_id"].map(own).fillna(0).astype(int)
        people, villages = _newly(ready, answer.columns, config)
        rows.append((method, int(built.sum()), people, villages, answer.objective, answer.optimality_gap))
    return QuotaSplit(counties, pd.DataFrame(rows, columns=EFFECTS))


_FIGURE: Mapping[Method, str] = {
    "people": "uncovered_people",
    "villages": "uncovered_villages",
    "area": "area_km2",
    "last_year": "last_year",
}


def _figures(inputs: Inputs, ready: Prepared, year: int, config: Config) -> pd.DataFrame:
    """What each county lacks, its area, and what it had the year before."""
    today = ready.existing.outage.mean
    villages = village_table(inputs, ready.demand, today, today, config)
    table = county_table(inputs, ready.demand, today, today, villages, config)
    targets = targets_of(config, inputs.counties, year - 1)
    last = {code: target.stations for code, target in targets if code and not target.network}
    area = dict(zip(inputs.area["county_id"], inputs.area.geometry.area / 1e6, strict=True))
    return pd.DataFrame(
        {
            "county_id": table["county_id"],
            "county": table["county"],
            "uncovered_people": table["population_total"] - table["population_covered_before"],
            "uncovered_villages": table["villages_total"] - table["villages_covered_before"],
            "area_km2": table["county_id"].map(area),
            "last_year": [last.get(code, 0) for code in table["county_id"]],
        }
    )


def _within(problem: CoverProblem, owner: NDArray[np.object_], shares: Mapping[str, int]) -> CoverProblem:
    """The problem with a limit for every county."""
    caps = [
        Cap(f"county {county}", "county", np.flatnonzero(owner == county), float(limit))
        for county, limit in shares.items()
    ]
    return replace(problem, caps=(*problem.caps, *(cap for cap in caps if len(cap.members))))


def _newly(ready: Prepared, columns: NDArray[np.int64], config: Config) -> tuple[int, int]:
    """People and villages whose P newly reaches the target in the first layer."""
    demand, outage = ready.demand, ready.existing.outage
    before = outage.mean[0].ravel()[demand.pixels].astype(float)
    after = outage_after(ready.problem, columns, demand, outage)
    target = config.coverage.edge_probability_target
    new = (1.0 - after >= target) & (1.0 - before < target)
    points = demand.village_pixel[demand.village_pixel >= 0]
    return round(float(demand.people[new].sum())), int(new[points].sum())
