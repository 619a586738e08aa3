"""From results to a plan: rows and tables made once, so that workbook, map and CSV cannot disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siteplan.core.errors import Fault
from siteplan.core.grid import Raster, lonlat
from siteplan.coverage.indicators import RankEffect, changing_ranks, step_table
from siteplan.coverage.matrix import Upgrade, best_server
from siteplan.coverage.propagation import Mast, PropagationModel
from siteplan.field.journal import Place
from siteplan.field.published import PublishedList
from siteplan.inputs.load import Inputs
from siteplan.inputs.places.datum import gcj02_from_wgs84
from siteplan.planning.background import relief_source, water_of
from siteplan.planning.fallbacks import fallbacks_of
from siteplan.planning.formulate import BuildOptions
from siteplan.planning.proposal import (
    ASKED,
    MACHINE_COLUMNS,
    NEWLY_REACHED,
    NOT_REACHED,
    REACHED_TODAY,
    WORDED_COLUMNS,
    ExistingNetwork,
    PlanArea,
    PlanEffects,
    Proposal,
    RankedPlaces,
    ServiceReach,
    main_layer,
)
from siteplan.planning.replan import statuses_of
from siteplan.planning.run_record import RequestRecord, RunRecord, run_id, run_record
from siteplan.planning.sanity import check_plan
from siteplan.planning.sight_lines import sight_lines
from siteplan.planning.stages import Prepared, Solved
from siteplan.project.columns import CANDIDATES, names_of
from siteplan.project.schema import Config
from siteplan.project.statuses import CandidateState, SourceType
from siteplan.selection import Selection
from siteplan.words.catalogue import Key, Message


def assign_ids(
    places: gpd.GeoDataFrame, ids: dict[str, str], year: int
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Give every place its id; an id once given stays with its key and is never used again.

    Parameters
    ----------
    places
        The ladder, sorted by county and key.
    ids
        Ids given before, by key.
    year
        Year written into new ids.

    Returns
    -------
    tuple
        Places with ``candidate_id``, and all ids.
    """
    last: dict[str, int] = {}
    for given in ids.values():
        head, _, number = given.rpartition("-")
        last[head] = max(last.get(head, 0), int(number))
    everyone = dict(ids)
    for row in places.itertuples():
        if row.key not in everyone:
            head = f"{row.county_id}-{year}"
            last[head] = last.get(head, 0) + 1
            everyone[str(row.key)] = f"{head}-{last[head]:04d}"
    labelled = places.assign(candidate_id=[everyone[key] for key in places["key"]])
    if len(labelled):
        CANDIDATES.validate(
            pd.DataFrame(labelled.drop(columns=["geometry", "rule"])).assign(rule=""), lazy=True
        )
    return labelled, everyone


def selected_upgrades(options: BuildOptions, selection: Selection) -> tuple[Upgrade, ...]:
    """What is built at each chosen place, all networks together, in rank order."""
    built = []
    for place in selection.places:
        chosen = selection.columns[options.place[selection.columns] == place]
        parts = [options.upgrades[column] for column in chosen]
        bands = tuple(sorted({band for part in parts for band in part.bands}))
        built.append(Upgrade(parts[0].mast, bands, parts[0].success_probability))
    return tuple(built)


def assemble(inputs: Inputs, config: Config, solved: Solved, request: RequestRecord) -> Proposal:
    """Everything writers need, in a few frozen parts.

    Returns
    -------
    Proposal
        The plan, without a word of any language.
    """
    ready, effects = solved.ready, solved.effects
    candidates = _located(_named(_with_villages(ready.candidates, inputs)), config)
    proposed = _proposed(candidates, inputs, config, solved)
    status = candidates["status"].to_numpy(dtype=object).copy()
    status[solved.replanned.selection.places] = CandidateState.PROPOSED.value
    candidates = candidates.assign(status=status)
    run = run_id(inputs, config, ready.ledger, solved.context, request)
    published = published_list(run, proposed, candidates)
    comparison = effects.comparison
    return Proposal(
        config=config,
        record=_self_checked(
            run_record(inputs, config, solved, published, request), inputs, config, solved, proposed
        ),
        area=_area(inputs, config),
        existing=ExistingNetwork(
            sites=_located(_sites(inputs, solved), config),
            coverage=_covered("coverage_before", ready.existing.outage.mean, inputs),
            coverage_empirical=None
            if ready.existing.outage_empirical is None
            else _covered("coverage_empirical", ready.existing.outage_empirical, inputs),
            terrain_effect=effects.terrain,
            gaps=ready.existing.gaps,
            radii=_radii(config, ready.propagation),
            comparison=comparison if comparison is None else _located(comparison, config),
            coverage_predicted=_predicted(ready, inputs),
            measured_share=_measured_share(ready, inputs),
        ),
        places=_ranked_places(candidates, proposed, inputs, config, solved),
        effects=PlanEffects(
            coverage=_covered("coverage_after", effects.outage, inputs),
            villages=_located(
                _reached(_doubted(_evident(_served(solved), solved), solved), inputs, solved), config
            ),
            layers=effects.layers,
            counties=_county_table(solved),
            ledger=_ledger(solved),
            grades=effects.grades,
            tiers=effects.tiers,
            services=_services(inputs, config, solved),
        ),
        faults=(
            *inputs.faults,
            *ready.ledger.faults,
            *_height_faults(inputs, ready.existing.refused),
        ),
        rejected=inputs.rejected,
    )


def _self_checked(
    record: RunRecord, inputs: Inputs, config: Config, solved: Solved, proposed: gpd.GeoDataFrame
) -> RunRecord:
    """The record with what the plan's check of itself came to, and what it did without."""
    findings = check_plan(inputs, config, solved, proposed)
    return record.model_copy(update={"findings": findings, "fallbacks": fallbacks_of(inputs, config, solved)})


def _area(inputs: Inputs, config: Config) -> PlanArea:
    wet = water_of(inputs.clutter, inputs.terrain, config)
    relief, water = relief_source(inputs.dem, inputs.terrain, wet, inputs.grid)
    return PlanArea(
        name=inputs.area_name,
        counties=inputs.area,
        grid=inputs.grid,
        village_areas=inputs.village_areas,
        properties=inputs.properties,
        exclusions=inputs.exclusions,
        roads=inputs.roads,
        dem=inputs.dem,
        relief=relief,
        water=water,
    )


def _ranked_places(
    candidates: gpd.GeoDataFrame,
    proposed: gpd.GeoDataFrame,
    inputs: Inputs,
    config: Config,
    solved: Solved,
) -> RankedPlaces:
    by_rank = solved.effects.by_rank
    return RankedPlaces(
        candidates=candidates,
        proposed=proposed,
        curve=_curve(solved),
        steps=step_table(by_rank, inputs),
        ranks=changing_ranks(by_rank, inputs),
        footprints=tuple((effect.row, effect.col, effect.alone) for effect in by_rank),
        choices=solved.effects.choices,
        change_curve=solved.replanned.curve,
        sight_lines=sight_lines(
            proposed,
            inputs.villages,
            by_rank,
            inputs.terrain if inputs.terrain is not None else inputs.dem,
            [min(config.band(band).frequency_mhz for band in bands) for bands in proposed["bands"]],
        ),
    )


def published_list(run: str, proposed: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame) -> PublishedList:
    """The ranked list as returns are held against it."""
    rows = proposed.to_dict("records")
    places = {
        str(row["candidate_id"]): Place(
            key=str(row["key"]),
            county_id=str(row["county_id"]),
            name=str(row["name"]),
            bands=row["bands"],
            stations=int(row["stations"]),
            longitude=float(row["longitude"]),
            latitude=float(row["latitude"]),
            search_radius_m=float(row["search_radius_m"]),
            antenna_height_m=float(row["antenna_height_m"]),
        )
        for row in rows
    }
    others = candidates.loc[candidates["status"].ne(CandidateState.PROPOSED.value), "candidate_id"]
    statuses = {str(row["candidate_id"]): str(row["status"]) for row in rows}
    return PublishedList(
        run_id=run, places=places, statuses=statuses, unlisted=tuple(sorted(others.astype(str)))
    )


def _covered(name: str, outage: NDArray[np.float32], inputs: Inputs) -> Raster:
    """Probability of the first service inside the area."""
    inside = inputs.county_code > 0
    return Raster(np.where(inside, 1.0 - outage[0], np.nan).astype(np.float32), inputs.grid, name, "1")


def _services(inputs: Inputs, config: Config, solved: Solved) -> tuple[ServiceReach, ...]:
    """Where each service reaches the target, today and with the plan."""
    demand, target = solved.ready.demand, config.coverage.edge_probability_target
    inside = inputs.county_code > 0
    services = []
    for s, service in enumerate(demand.services):
        # the same subtraction as for the coverage rasters: no pixel reaches the target in one of them only
        before, after = (
            inside & (1.0 - outage[s] >= np.float32(target))
            for outage in (solved.ready.existing.outage.mean, solved.effects.outage)
        )
        rows = demand.row_of[s] >= 0
        pixels, people = demand.pixels[rows], demand.people[rows]
        reach = np.where(before, REACHED_TODAY, np.where(after, NEWLY_REACHED, NOT_REACHED)).astype(np.uint8)
        counts = [float(people[each.ravel()[pixels]].sum()) for each in (before, before | after)]
        reach.ravel()[pixels] += np.uint8(ASKED)
        reach[~inside] = 0
        name = f"reach_{service.key}"
        services.append(
            ServiceReach(
                service.layer.id,
                service.network,
                Raster(reach, inputs.grid, name, "1"),
                float(people.sum()),
                *counts,
            )
        )
    return tuple(services)


def _predicted(ready: Prepared, inputs: Inputs) -> Raster | None:
    """Coverage without the measurements."""
    known = ready.existing.measured
    return None if known is None else _covered("coverage_predicted", known.predicted, inputs)


def _measured_share(ready: Prepared, inputs: Inputs) -> Raster | None:
    """How much of the first service's variance measurements explain."""
    field = ready.measured_field
    return None if field is None else _covered("measured_share", 1.0 - field.explained[None], inputs)


# --- places ----------------------------------------------------------------------------------------


def _located(table: gpd.GeoDataFrame, config: Config) -> gpd.GeoDataFrame:
    """Add longitude and latitude (WGS84) and the same in GCJ-02, to 6 decimals."""
    lon, lat = lonlat(config.project.crs, table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    gcj_lon, gcj_lat = gcj02_from_wgs84(lon, lat)
    return table.assign(
        longitude=np.round(lon, 6),
        latitude=np.round(lat, 6),
        longitude_gcj02=np.round(gcj_lon, 6),
        latitude_gcj02=np.round(gcj_lat, 6),
    )


def _with_villages(places: gpd.GeoDataFrame, inputs: Inputs) -> gpd.GeoDataFrame:
    """Name the village each place lies in (or is nearest to), its town where unknown, and where the place is
    from the village's point.
    """
    villages = inputs.villages
    if villages is None or villages.empty or places.empty:
        return places.assign(village="", village_distance_m=np.nan, village_direction=0)
    points = places.geometry.to_numpy()
    nearest = shapely.STRtree(villages.geometry.to_numpy()).nearest(points)
    if inputs.village_areas is not None:
        point, area = shapely.STRtree(inputs.village_areas.geometry.to_numpy()).query(
            points, predicate="intersects"
        )
        order = np.lexsort((area, point))[::-1]
        nearest[point[order]] = area[order]
    towns = (
        villages["town"].fillna("").to_numpy(dtype=object)
        if "town" in villages
        else np.full(len(villages), "")
    )
    town = places["town"].to_numpy(dtype=object)
    homes = villages.geometry.to_numpy()[nearest]
    east, north = shapely.get_x(points) - shapely.get_x(homes), shapely.get_y(points) - shapely.get_y(homes)
    return places.assign(
        village=villages["village"].to_numpy(dtype=object)[nearest],
        town=np.where(town == "", towns[nearest], town),
        village_distance_m=np.round(np.hypot(east, north), -1),
        village_direction=np.rint(np.arctan2(east, north) / (np.pi / 4)).astype(int) % 8,
    )


def _served(solved: Solved) -> gpd.GeoDataFrame:
    """Villages with the site that serves them best, before and after; ids of sites and candidates."""
    villages = solved.effects.villages
    x, y = villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy()
    old, old_best = best_server(solved.ready.existing.masts, solved.ready.propagation, x, y)
    new, new_best = best_server([a.after() for a in solved.effects.upgrades], solved.ready.propagation, x, y)
    sites = np.array([*(mast.site_id for mast in solved.ready.existing.masts), ""], dtype=object)
    ids = solved.ready.candidates["candidate_id"].to_numpy(dtype=object)[solved.replanned.selection.places]
    candidates = np.append(ids, "")
    after = np.where(new_best > old_best, candidates[new], sites[old])
    return villages.assign(serving_site_before=sites[old], serving_site_after=after)


def _reached(villages: gpd.GeoDataFrame, inputs: Inputs, solved: Solved) -> gpd.GeoDataFrame:
    """Villages with the rank that brings the first service to their point; 0 for none."""
    if inputs.villages is None or villages.empty:
        return villages.assign(reached_rank=0)
    ids = inputs.villages["village_id"].to_numpy(dtype=object)
    ranks = {
        ids[v]: rank for rank, effect in enumerate(solved.effects.by_rank, start=1) for v in effect.villages
    }
    return villages.assign(reached_rank=villages["village_id"].map(ranks).fillna(0).astype(int))


def _evident(villages: gpd.GeoDataFrame, solved: Solved) -> gpd.GeoDataFrame:
    """What the verdict on each village's point rests on: ``measured`` or ``predicted``.

    See :data:`siteplan.calibration.measured_map.MEASURED_SHARE` for what counts as measured.
    """
    field, grid = solved.ready.measured_field, solved.ready.demand.grid
    if field is None or villages.empty:
        return villages.assign(evidence="predicted")
    row, col = grid.index(villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy())
    mine = field.is_measured[row.clip(0, grid.height - 1), col.clip(0, grid.width - 1)]
    return villages.assign(evidence=np.where(mine, "measured", "predicted"))


def _doubted(villages: gpd.GeoDataFrame, solved: Solved) -> gpd.GeoDataFrame:
    """Mark villages whose verdict hangs on a low band in deep shadow, with what ITM says beyond P.1812."""
    doubt = pd.Series(np.nan, index=villages["village_id"]) if len(villages) else pd.Series(dtype=float)
    if solved.effects.comparison is not None and len(solved.effects.comparison):
        rows = solved.effects.comparison[
            solved.effects.comparison["kind"].eq("village") & solved.effects.comparison["only_low_band"]
        ]
        doubt.loc[rows["id"].to_numpy()] = rows["difference_db"].to_numpy(dtype=float)
    return villages.assign(model_difference_db=doubt.to_numpy())


def _named(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A new ground site has only its pixel; people know it by the village it lies in, and where several would
    have the same name by how far from the village, and in which of eight directions.
    """
    new = places["source_type"].eq(SourceType.NEW_GROUND.value)
    place = places["village"].where(places["village"].ne(""), places["source_id"])
    named = places.assign(name=places["name"].where(~new, place))
    shared = named.duplicated(["county_id", "town", "name"], keep=False) & new & places["village"].ne("")
    return named.assign(village_distance_m=named["village_distance_m"].where(shared))


def _sites(inputs: Inputs, solved: Solved) -> gpd.GeoDataFrame:
    """Existing sites inside the area: networks, bands and station count."""
    columns = [
        "site_id",
        "site_name",
        "county_id",
        "county",
        "networks",
        "bands",
        "stations",
        "antenna_height_m",
        "sectors",
        "radius_limited",
    ]
    stations = inputs.stations
    masts = {mast.site_id: mast for mast in solved.ready.existing.masts}
    if stations is None or not masts:
        return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=inputs.grid.crs)
    own = stations[stations["county_id"].isin(inputs.area["county_id"]) & stations["site_id"].isin(masts)]
    first = own.drop_duplicates("site_id").sort_values("site_id").reset_index(drop=True)
    band_network = {band.id: band.network for band in solved.ready.propagation.config.bands}
    bands = [masts[site_id].bands for site_id in first["site_id"]]
    table = first.assign(
        site_name=first["site_name"].fillna("") if "site_name" in first else "",
        networks=_cells([tuple(dict.fromkeys(band_network[b] for b in each)) for each in bands]),
        bands=_cells(bands),
        stations=[len(each) for each in bands],
        antenna_height_m=[masts[site_id].antenna_height_m for site_id in first["site_id"]],
        sectors=[_sector_text(masts[site_id]) for site_id in first["site_id"]],
        radius_limited=first["site_id"].isin(solved.radius_limited),
    )
    return table[[*columns, "geometry"]]


def _sector_text(mast: Mast) -> str:
    """Azimuths of a mast's sectors, each once: "0/120/240"; "" for an omnidirectional one."""
    azimuths = {round(sector.azimuth_deg) for _, each in mast.sectors for sector in each if sector.is_aimed}
    return "/".join(f"{azimuth}" for azimuth in sorted(azimuths))


# --- ranked rows -----------------------------------------------------------------------------------


def _proposed(
    candidates: gpd.GeoDataFrame, inputs: Inputs, config: Config, solved: Solved
) -> gpd.GeoDataFrame:
    """Ranked rows: the registry's columns but reason and benefit, which are words, and what programs need."""
    selection, propagation = solved.replanned.selection, solved.ready.propagation
    effects, upgrades = solved.effects.by_rank, solved.effects.upgrades
    table = candidates.iloc[selection.places].reset_index(drop=True)
    radii, stations = _search_radii(table, upgrades, config, propagation), _stations_per_place(solved)
    table = table.assign(
        rank=np.arange(1, len(table) + 1),
        networks=_cells([_networks_of(upgrade, config) for upgrade in upgrades]),
        bands=_cells([upgrade.bands for upgrade in upgrades]),
        stations=stations,
        ground_m=_ground(table, inputs),
        gain=np.round(selection.marginal_gains, 3),
        gain_per_station=np.round(selection.marginal_gains / stations, 3),
        loss_if_dropped=np.round(selection.losses, 3),
        gain_by_layer=_cells([tuple(effect.gain_by_layer.items()) for effect in effects]),
        purpose=[main_layer(effect.gain_by_layer, config) for effect in effects],
        people_newly_covered=[round(effect.people) for effect in effects],
        people_networks_newly_covered=[round(effect.people_networks) for effect in effects],
        villages_newly_covered=[len(effect.villages) for effect in effects],
        villages_newly_covered_names=_cells([_village_names(effect, inputs) for effect in effects]),
        cell_radius_m=[_cell_radius_m(upgrade, config, propagation, max) for upgrade in upgrades],
        radius_limited=[propagation.radius_limited(upgrade.after()) for upgrade in upgrades],
        search_radius_m=radii,
        alternates=_cells(_alternates(candidates, selection.places, radii)),
        address=_addresses(table, inputs),
        existing_nearby=_cells(_existing_nearby(candidates, selection.places, radii)),
        restriction=table["notes"],
        status=[each.value for each in statuses_of(table, solved.context)],
    )
    names = [name for name in names_of("proposed") if name not in WORDED_COLUMNS]
    return table[[*names, *MACHINE_COLUMNS, "geometry"]]


def _cells(values: Sequence[object]) -> pd.Series:
    """A column whose cells are tuples."""
    column = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        column[i] = value
    return pd.Series(column, dtype=object)


def _search_radii(
    table: gpd.GeoDataFrame, upgrades: Sequence[Upgrade], config: Config, propagation: PropagationModel
) -> list[int]:
    """How far each place may move: what its order says, else a share of its cell; never less than how exactly
    it is known [m].
    """
    own = table["order_radius_m"].to_numpy(dtype=float)
    unsure = table["location_radius_m"].fillna(0.0).to_numpy(dtype=float)
    return [
        max(round(own[i]) if own[i] > 0 else _search_radius_m(upgrade, config, propagation), round(unsure[i]))
        for i, upgrade in enumerate(upgrades)
    ]


def _village_names(effect: RankEffect, inputs: Inputs) -> tuple[str, ...]:
    if inputs.villages is None:
        return ()
    return tuple(str(inputs.villages["village"].iloc[v]) for v in effect.villages)


def _networks_of(upgrade: Upgrade, config: Config) -> tuple[str, ...]:
    """Ids of the networks an upgrade serves."""
    return tuple(dict.fromkeys(config.band(band).network for band in upgrade.bands))


def _stations_per_place(solved: Solved) -> NDArray[np.int64]:
    chosen = solved.replanned.selection.columns
    place, stations = solved.ready.options.place[chosen], solved.ready.options.stations[chosen]
    counts = [int(stations[place == each].sum()) for each in solved.replanned.selection.places]
    return np.array(counts, dtype=np.int64)


def _ground(table: gpd.GeoDataFrame, inputs: Inputs) -> np.ndarray:
    if inputs.dem is None:
        return np.full(len(table), np.nan)
    row, col = inputs.grid.index(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    return np.round(inputs.dem.values[row, col].astype(float), 0)


def _cell_radius_m(
    upgrade: Upgrade, config: Config, propagation: PropagationModel, pick: Callable[[list[float]], float]
) -> int:
    """Where the buffer of one of the new bands ends: the widest (``max``) or the narrowest (``min``) [m]."""
    mast, target = upgrade.mast, config.coverage.edge_probability_target
    radii = [
        propagation.budgets.radius_m(band, mast.area_class, mast.antenna_height_m, config.layers[0], target)
        for band in upgrade.bands
    ]
    return round(pick(radii))


def _search_radius_m(upgrade: Upgrade, config: Config, propagation: PropagationModel) -> int:
    """A share of the narrowest cell radius, so that a move inside the ring changes little [m]."""
    return round(_cell_radius_m(upgrade, config, propagation, min) * config.candidates.search_radius_share)


def _alternates(
    places: gpd.GeoDataFrame, order: NDArray[np.int64], radii: Sequence[int]
) -> list[tuple[str, ...]]:
    """Usable places that were not chosen, inside each ring, nearest first."""
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - a second that only this step waits for

    free = places["status"].eq(CandidateState.CANDIDATE.value).to_numpy().copy()
    free[order] = False
    others = np.flatnonzero(free)
    if not len(order) or not len(others):
        return [()] * len(order)
    xy = places[["easting_m", "northing_m"]].to_numpy(dtype=float)
    search = NearestNeighbors().fit(xy[others])
    found = []
    for place, radius in zip(order, radii, strict=True):
        distance, index = search.radius_neighbors(xy[[place]], radius=max(radius, 1))
        nearest = np.lexsort((index[0], distance[0].round(3)))
        ids = places["candidate_id"].to_numpy(dtype=object)[others[index[0][nearest]]]
        found.append(tuple(ids))
    return found


def _addresses(table: gpd.GeoDataFrame, inputs: Inputs) -> list[str]:
    """Address of the property or pole a place stands on; "" for none."""
    known: dict[tuple[str, str], str] = {}
    for kind, rows, key in (
        (SourceType.PROPERTY, inputs.properties, "property_id"),
        (SourceType.POLE, inputs.poles, "pole_id"),
    ):
        if rows is not None and "address" in rows:
            pairs = zip(rows[key], rows["address"].fillna(""), strict=True)
            known |= {(kind.value, str(each)): str(address) for each, address in pairs}
    pairs = zip(table["source_type"], table["source_id"], strict=True)
    return [known.get((str(kind), str(source)), "") for kind, source in pairs]


_STANDING = (SourceType.UPGRADE.value, SourceType.PROPERTY.value, SourceType.POLE.value)
"""Steps of the ladder that stand already."""


def _existing_nearby(
    places: gpd.GeoDataFrame, order: NDArray[np.int64], radii: Sequence[int]
) -> list[Message | None]:
    """For each ring the nearest place that stands already, and why it is not the one; None for a place that
    is itself a mast on air.
    """
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - a second that only this step waits for

    kinds = places["source_type"].to_numpy(dtype=object)
    free = np.isin(kinds, _STANDING)
    free[order] = False
    standing = np.flatnonzero(free)
    xy = places[["easting_m", "northing_m"]].to_numpy(dtype=float)
    tree = NearestNeighbors(n_neighbors=1).fit(xy[standing]) if len(standing) else None
    found: list[Message | None] = []
    for place, radius in zip(order, radii, strict=True):
        if kinds[place] == SourceType.UPGRADE.value:
            found.append(None)
            continue
        distance, nearest = tree.kneighbors(xy[[place]]) if tree else (np.array([[np.inf]]), None)
        if nearest is None or distance[0, 0] > radius:
            found.append(("nearby_none", {}))
            continue
        other = places.iloc[int(standing[nearest[0, 0]])]
        values = {"id": other.candidate_id, "name": other["name"], "distance": round(float(distance[0, 0]))}
        refused = isinstance(other.rule, tuple)
        values |= {"source_type": Key(f"source_type_{other.source_type}")}
        found.append(
            ("nearby_refused", values | {"why": other.rule}) if refused else ("nearby_usable", values)
        )
    return found


# --- tables ------------------------------------------------------------------------------------------


def _curve(solved: Solved) -> pd.DataFrame:
    gains = solved.replanned.selection.marginal_gains
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(gains) + 1),
            "stations": np.cumsum(_stations_per_place(solved)).astype(int),
            "gain": gains,
            "cumulative_gain": np.cumsum(gains),
            "upper_bound": solved.replanned.selection.curve_bounds,
        }
    )


def _selected(solved: Solved) -> pd.DataFrame:
    """County, network and stations of each chosen option."""
    chosen = solved.replanned.selection.columns
    places = solved.ready.options.place[chosen]
    return pd.DataFrame(
        {
            "county_id": solved.ready.candidates["county_id"].to_numpy(dtype=object)[places],
            "network": np.array(solved.ready.options.network, dtype=object)[chosen],
            "stations": solved.ready.options.stations[chosen],
        }
    )


def _ledger(solved: Solved) -> pd.DataFrame:
    chosen, table = _selected(solved), solved.ready.ledger.table
    selected = []
    for row in table.itertuples():
        hit = np.ones(len(chosen), dtype=bool)
        if row.county_id:
            hit &= chosen["county_id"].eq(row.county_id).to_numpy()
        if row.network:
            hit &= chosen["network"].eq(row.network).to_numpy()
        selected.append(int(chosen["stations"][hit].sum()))
    columns = ["county_id", "county", "network", "quota", "built", "remaining", "excess"]
    return table[columns].assign(selected=selected)


def _county_table(solved: Solved) -> pd.DataFrame:
    by_county = _ledger(solved).groupby("county_id")[["quota", "built", "remaining", "excess"]].sum()
    chosen = _selected(solved).groupby("county_id")["stations"].sum()
    table = solved.effects.counties.join(by_county, on="county_id").join(
        chosen.rename("selected"), on="county_id"
    )
    names = [*by_county.columns, "selected"]
    return table.assign(**{name: table[name].fillna(0).astype(int) for name in names})


def _radii(config: Config, propagation: PropagationModel) -> pd.DataFrame:
    """Where the drawn buffer of each band ends, for the class's own mast height."""
    layer = config.layers[0]
    rows = []
    for band in config.bands:
        for each in config.area_classes:
            height = each.antenna_height_m
            table = propagation.budgets.radial(band.id, each.id, height)
            radius = propagation.budgets.radius_m(
                band.id, each.id, height, layer, config.coverage.edge_probability_target
            )
            rows.append((band.id, band.network, each.id, height, table.formula, table.sigma_db, radius))
    columns = ["band", "network", "area_class", "antenna_height_m", "formula", "sigma_db", "radius_m"]
    return pd.DataFrame(rows, columns=columns)


def _height_faults(inputs: Inputs, refused: tuple[str, ...]) -> list[Fault]:
    stations = inputs.stations
    if stations is None or not refused:
        return []
    file = next((source.file for source in inputs.sources if source.name == "stations"), "")
    heights = stations.set_index("station_id")["antenna_height_m"]
    return [
        Fault(
            "warning",
            f"{file} {station}",
            "height_out_of_formula",
            "height_out_of_formula_fix",
            {"value": f"{heights[station]:g}"},
            table="stations",
        )
        for station in refused
    ]
