"""Everything a plan proves, put together once the plan stands."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.progress import SILENT, Report
from siteplan.coverage.indicators import target_table
from siteplan.inputs.load import Inputs
from siteplan.inputs.measurements import Measurements
from siteplan.planning.proof.exposure import exposure_table
from siteplan.planning.proof.four_tests import Moment, run_tests
from siteplan.planning.proof.indicators import indicator_table
from siteplan.planning.proof.links import link_table
from siteplan.planning.proof.low_altitude import corridor_table
from siteplan.planning.proof.odds import Odds, make_drawing, odds_of
from siteplan.planning.proof.proof import PlanProof
from siteplan.planning.proof.readings import Readings, hit_rates, readings_of
from siteplan.planning.proof.sectors import sector_table
from siteplan.planning.quota import count_units, on_air
from siteplan.planning.stages import Solved
from siteplan.project.schema import Config


def prove(
    inputs: Inputs,
    config: Config,
    solved: Solved,
    proposed: gpd.GeoDataFrame,
    measurements: Measurements | None = None,
    report: Report = SILENT,
) -> PlanProof:
    """Tests, indicators, links, exposure, air routes and odds of a solved area.

    Parameters
    ----------
    inputs, config, solved
        The plan and what it was made from.
    proposed
        Its ranked rows.
    measurements
        Matched readings the map is conditioned on; None for none.
    report
        Is told what is done.
    """
    ready, effects = solved.ready, solved.effects
    demand, existing = ready.demand, ready.existing
    readings = readings_of(None if measurements is None else measurements.points, demand.services, config)
    moments = (
        Moment(existing.outage.mean, effects.continuity[0]),
        Moment(effects.outage, effects.continuity[1]),
    )
    field = ready.measured_field
    report.note("proving_tests")
    tests = run_tests(inputs, config, demand, moments, readings, None if field is None else field.is_measured)
    masts = [upgrade.after() for upgrade in effects.upgrades]
    report.note("proving_links")
    links = link_table(proposed, masts, existing.masts, ready.propagation, inputs, config, report)
    report.note("proving_air")
    corridors = corridor_table(existing.masts, masts, ready.propagation, inputs, config, report)
    odds = _odds(inputs, config, solved, proposed, report)
    people = float(demand.people.sum())
    return PlanProof(
        tests=tests.table,
        points=tests.points,
        stretches=tests.stretches,
        conflicts=tests.conflicts,
        hit_rates=_hit_rates(inputs, config, solved, readings),
        bought=target_table(demand, existing.outage.mean, effects.outage),
        indicators=indicator_table(inputs, config, tests.table, _stations_of(inputs, config), people),
        links=links,
        sectors=sector_table(proposed, solved, inputs.dem, config.coverage.receiver_height_m),
        exposure=exposure_table(proposed, masts, inputs, config),
        low_altitude=corridors,
        people=people_table(inputs, solved),
        odds_places=odds.places,
        odds_villages=odds.villages,
        odds_people=odds.people,
    )


def _odds(inputs: Inputs, config: Config, solved: Solved, proposed: gpd.GeoDataFrame, report: Report) -> Odds:
    """Odds where the project asks for draws; empty tables where not."""
    ready, selection = solved.ready, solved.replanned.selection
    if not config.odds.draws or not len(selection.columns):
        nothing = pd.DataFrame()
        return Odds(nothing, nothing, nothing)
    report.note("proving_odds")
    drawing = make_drawing(ready.problem, selection, ready.demand, ready.existing.outage, config.odds)
    ring_m = proposed["search_radius_m"].to_numpy(dtype=np.float64)
    return odds_of(drawing, selection, ready.options, ready.candidates, ring_m, inputs, report)


def _hit_rates(inputs: Inputs, config: Config, solved: Solved, readings: Readings | None) -> pd.DataFrame:
    """Prediction without readings against readings."""
    known = solved.ready.existing.measured
    predicted = solved.ready.existing.outage.mean if known is None else known.predicted
    counties = inputs.counties
    pairs = zip(counties["county_id"], counties["county"], strict=True)
    names = dict(enumerate(pairs, start=1))
    return hit_rates(readings, solved.ready.demand, predicted, inputs.county_code, names, config)


def _stations_of(inputs: Inputs, config: Config) -> int:
    """Stations on air in the area, in the quota's unit."""
    stations = on_air(inputs.stations, config)
    if stations is None or stations.empty:
        return 0
    own = stations[stations["county_id"].isin(inputs.area["county_id"])]
    return count_units(own, config.quota.unit)


def people_table(inputs: Inputs, solved: Solved) -> pd.DataFrame:
    """Residents by county: as used, as the raster or the points of people say, and as the village table says.

    Returns
    -------
    DataFrame
        ``county_id, county, used, raster, villages``; NaN for a source that was not given.
    """
    demand, villages = solved.ready.demand, inputs.villages
    rows = []
    has_totals = villages is not None and "population" in villages
    for county_id, county in zip(inputs.area["county_id"], inputs.area["county"], strict=True):
        code = inputs.county_number(county_id)
        used = float(demand.people[demand.county_code == code].sum())
        raster = used if any(source.name == "population" for source in inputs.sources) else np.nan
        table = np.nan
        if villages is not None and has_totals:
            table = float(villages.loc[villages["county_id"].eq(county_id), "population"].sum())
        rows.append((county_id, county, used, raster, table))
    return pd.DataFrame(rows, columns=["county_id", "county", "used", "raster", "villages"])
