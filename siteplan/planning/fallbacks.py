"""What a plan did without: data that was missing, and what was put in their place.

One short list, most harmful first. An effect is given only where the same was scored both ways in this
run; elsewhere its size is unknown, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from siteplan.coverage.terrain import TerrainModel
from siteplan.inputs.load import Inputs
from siteplan.inputs.places.extent import LEAST_SHARE, extent_of
from siteplan.inputs.places.settlement import SURE
from siteplan.planning.run_record import Fallback
from siteplan.planning.stages import Solved
from siteplan.project.schema import Config

_MANY = 0.05
"""Share of people or stations from which a fallback is worth a line."""


def fallbacks_of(inputs: Inputs, config: Config, solved: Solved) -> tuple[Fallback, ...]:
    """Fallbacks of a run, most harmful first.

    Parameters
    ----------
    inputs, config, solved
        What the plan was made from.
    """
    sources = (_relief, _masts, _people, _villages, _cover, _heights, _roads, _second_model)
    return tuple(each for source in sources for each in source(inputs, config, solved))


def _relief(inputs: Inputs, config: Config, solved: Solved) -> Iterator[Fallback]:
    """Coverage over flat ground."""
    if not isinstance(solved.ready.propagation, TerrainModel):
        key = "fall_no_dem" if config.inputs.dem is None else "fall_dem_unused"
        yield Fallback(key=key, values={})


def _masts(inputs: Inputs, config: Config, solved: Solved) -> Iterator[Fallback]:
    """Masts beyond the relief, and stations no formula holds for."""
    propagation = solved.ready.propagation
    if isinstance(propagation, TerrainModel):
        masts = [*solved.ready.existing.masts, *(each.after() for each in solved.effects.upgrades)]
        blind = sum(not propagation.sees(mast) for mast in masts)
        if blind:
            yield Fallback(key="fall_masts_blind", values={"count": blind, "total": len(masts)})
    refused = len(solved.ready.existing.refused)
    if refused:
        yield Fallback(key="fall_no_formula", values={"count": refused})


def _second_model(inputs: Inputs, config: Config, solved: Solved) -> Iterator[Fallback]:
    """Deep shadows the second model has no opinion on."""
    found = solved.effects.comparison
    if found is None:
        return
    silent = int(found["difference_db"].isna().sum())
    if silent:
        yield Fallback(key="fall_second_model", values={"count": silent, "total": len(found)})


def _people(inputs: Inputs, config: Config, solved: Solved) -> Iterator[Fallback]:
    """Whole towns in one pixel."""
    demand = solved.ready.demand
    area_km2 = (demand.grid.resolution_m / 1000.0) ** 2
    total = float(demand.people.sum())
    crowded = float(demand.people[demand.people > config.sanity.crowded_per_km2 * area_km2].sum())
    if total > 0 and crowded > _MANY * total:
        values = {"people": f"{crowded:,.0f}", "share": f"{crowded / total:.0%}"}
        yield Fallback(key="fall_crowded", values=values)


def _villages(inputs: Inputs, config: Config, solved: Solved) -> Iterator[Fallback]:
    """Villages whose houses were guessed."""
    villages = inputs.villages
    if villages is None or "settled_by" not in villages or villages.empty:
        return
    guessed = int((~villages["settled_by"].isin(SURE)).sum())
    if guessed:
        yield Fallback(key="fall_settled", values={"count": guessed, "total": len(villages)})


def _cover(inputs: Inputs, config: Config, solved: Solved) -> Iterator[Fallback]:
    """No land cover: every pixel is built-up land of its area class."""
    is_terrain = isinstance(solved.ready.propagation, TerrainModel) and config.coverage.clutter != "none"
    if is_terrain and config.inputs.land_cover is None:
        yield Fallback(key="fall_no_cover", values={})


def _heights(inputs: Inputs, config: Config, solved: Solved) -> Iterator[Fallback]:
    """Stations whose height or azimuth nobody knows."""
    stations = inputs.stations
    if stations is None or stations.empty:
        return
    for column, key in (("antenna_height_m", "fall_default_height"), ("azimuth_deg", "fall_omni")):
        known = stations.get(column)
        blank = len(stations) if known is None else int((known.isna() | known.astype(str).eq("")).sum())
        if blank > _MANY * len(stations):
            yield Fallback(key=key, values={"count": blank, "total": len(stations)})


def _roads(inputs: Inputs, config: Config, solved: Solved) -> Iterator[Fallback]:
    """Land whose roads are not known."""
    if inputs.roads is None or inputs.roads.empty:
        return
    land = inputs.area.union_all()
    known = extent_of(inputs.roads, config.candidates.new_site_max_road_m)
    beyond = land.difference(known).area / max(land.area, 1e-9)
    if beyond >= LEAST_SHARE:
        yield Fallback(key="fall_roads", values={"share": f"{beyond:.0%}"})
