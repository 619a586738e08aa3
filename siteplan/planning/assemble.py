"""From results to a proposal: ranked rows, tables and the summary that becomes run.json.

One decision to know: everything a writer prints is made here, once, so that the workbook, the map and
the CSV cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from siteplan.core.errors import Fault
from siteplan.core.grid import Raster, lonlat
from siteplan.core.stopwatch import Stopwatch
from siteplan.coverage.indicators import RankEffect, changing_ranks, step_table
from siteplan.coverage.matrix import Upgrade, best_server
from siteplan.coverage.propagation import Mast, PropagationModel
from siteplan.inputs.load import Inputs
from siteplan.inputs.places.datum import gcj02_from_wgs84
from siteplan.planning.formulate import BuildOptions
from siteplan.planning.proposal import MACHINE_COLUMNS, PROPOSED_COLUMNS, Proposal
from siteplan.planning.replan import statuses_of
from siteplan.planning.run_record import Results, run_summary
from siteplan.project.columns import CANDIDATES
from siteplan.project.schema import Config
from siteplan.project.statuses import CandidateState, SourceType
from siteplan.selection import Selection
from siteplan.words.catalogue import Lang, say


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
    """What is built at each chosen place, all networks together, in rank order.

    Parameters
    ----------
    options, selection
        The problem's options and the choice.

    Returns
    -------
    tuple of Addition
        One a ranked place.
    """
    built = []
    for place in selection.places:
        chosen = selection.columns[options.place[selection.columns] == place]
        parts = [options.upgrades[column] for column in chosen]
        bands = tuple(sorted({band for part in parts for band in part.bands}))
        built.append(Upgrade(parts[0].mast, bands, parts[0].success_probability))
    return tuple(built)


def assemble(inputs: Inputs, config: Config, results: Results, lang: Lang, watch: Stopwatch) -> Proposal:
    """Everything writers need, in one frozen object.

    Parameters
    ----------
    inputs, config
        Of the run.
    results
        Of the stages.
    lang
        Language of reasons and rules.
    watch
        Stopwatch of the run.

    Returns
    -------
    Proposal
        The result.
    """
    places = _located(_named(_with_villages(results.places, inputs), lang), config)
    proposed = _proposed(places, inputs, config, results, lang)
    status = results.places["status"].to_numpy(dtype=object).copy()
    status[results.selection.places] = CandidateState.PROPOSED.value
    candidates = places.assign(status=status, rule=_rule_texts(places, lang))
    faults = (*inputs.faults, *results.ledger.faults, *_height_faults(inputs, results.refused))
    return Proposal(
        config=config,
        area_name=inputs.area_name,
        counties=inputs.area,
        inputs=inputs,
        grid=inputs.grid,
        coverage_before=_covered("coverage_before", results.outage_existing, inputs),
        coverage_after=_covered("coverage_after", results.outage_planned, inputs),
        coverage_empirical=None
        if results.outage_empirical is None
        else _covered("coverage_empirical", results.outage_empirical, inputs),
        terrain=results.terrain,
        villages=_located(_ranked(_doubted(_served(results), results), inputs, results), config),
        village_areas=inputs.village_areas,
        gaps=results.gaps,
        sites=_located(_sites(inputs, results), config),
        candidates=candidates,
        proposed=proposed,
        curve=_curve(results),
        layers=results.layers,
        county_table=_county_table(results),
        ledger=_ledger(results),
        radii=_radii(config, results.propagation),
        faults=faults,
        rejected=inputs.rejected,
        tiers=results.tiers,
        grades=results.grades,
        comparison=results.comparison if results.comparison is None else _located(results.comparison, config),
        steps=step_table(results.effects, inputs),
        ranks=changing_ranks(results.effects, inputs),
        footprints=tuple((e.row, e.col, e.alone) for e in results.effects),
        choices=results.choices,
        change_curve=results.replanned.curve,
        summary=run_summary(inputs, config, results, proposed, watch, lang),
    )


def _covered(name: str, outage: NDArray[np.float32], inputs: Inputs) -> Raster:
    """Probability of the first service inside the area."""
    inside = inputs.county_code > 0
    return Raster(np.where(inside, 1.0 - outage[0], np.nan).astype(np.float32), inputs.grid, name, "1")


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
    """Name the village each place lies in (or is nearest to), and its town where unknown."""
    villages = inputs.villages
    if villages is None or villages.empty or places.empty:
        return places.assign(village="")
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
    return places.assign(
        village=villages["village"].to_numpy(dtype=object)[nearest],
        town=np.where(town == "", towns[nearest], town),
    )


def _served(results: Results) -> gpd.GeoDataFrame:
    """Villages with the site that serves them best, before and after; ids of sites and candidates."""
    villages = results.villages
    x, y = villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy()
    old, old_best = best_server(results.masts, results.propagation, x, y)
    new, new_best = best_server([a.after() for a in results.upgrades], results.propagation, x, y)
    sites = np.array([*(mast.site_id for mast in results.masts), ""], dtype=object)
    ids = results.places["candidate_id"].to_numpy(dtype=object)[results.selection.places]
    candidates = np.append(ids, "")
    after = np.where(new_best > old_best, candidates[new], sites[old])
    return villages.assign(serving_site_before=sites[old], serving_site_after=after)


def _ranked(villages: gpd.GeoDataFrame, inputs: Inputs, results: Results) -> gpd.GeoDataFrame:
    """Villages with the rank that brings the first service to their point; 0 for none."""
    if inputs.villages is None or villages.empty:
        return villages.assign(reached_rank=0)
    ids = inputs.villages["village_id"].to_numpy(dtype=object)
    ranks = {ids[v]: rank for rank, effect in enumerate(results.effects, start=1) for v in effect.villages}
    return villages.assign(reached_rank=villages["village_id"].map(ranks).fillna(0).astype(int))


def _doubted(villages: gpd.GeoDataFrame, results: Results) -> gpd.GeoDataFrame:
    """Mark villages whose verdict hangs on a low band in deep shadow, with what ITM says beyond P.1812."""
    doubt = pd.Series(np.nan, index=villages["village_id"]) if len(villages) else pd.Series(dtype=float)
    if results.comparison is not None and len(results.comparison):
        rows = results.comparison[
            results.comparison["kind"].eq("village") & results.comparison["only_low_band"]
        ]
        doubt.loc[rows["id"].to_numpy()] = rows["difference_db"].to_numpy(dtype=float)
    return villages.assign(model_difference_db=doubt.to_numpy())


def _named(places: gpd.GeoDataFrame, lang: Lang) -> gpd.GeoDataFrame:
    """A new ground site has only its pixel; people know it by the village it lies in."""
    new = places["source_type"].eq(SourceType.NEW_GROUND.value)
    place = places["village"].where(places["village"].ne(""), places["source_id"])
    return places.assign(
        name=places["name"].where(~new, [say("new_site", lang, place=each) for each in place])
    )


def _rule_texts(places: gpd.GeoDataFrame, lang: Lang) -> list[str]:
    return ["" if rule is None else say(rule[0], lang, **rule[1]) for rule in places["rule"]]


def _sites(inputs: Inputs, results: Results) -> gpd.GeoDataFrame:
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
    masts = {mast.site_id: mast for mast in results.masts}
    if stations is None or not masts:
        return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=inputs.grid.crs)
    own = stations[stations["county_id"].isin(inputs.area["county_id"]) & stations["site_id"].isin(masts)]
    first = own.drop_duplicates("site_id").sort_values("site_id").reset_index(drop=True)
    band_network = {band.id: band.network for band in results.propagation.config.bands}
    bands = [masts[site_id].bands for site_id in first["site_id"]]
    table = first.assign(
        site_name=first["site_name"].fillna("") if "site_name" in first else "",
        networks=["、".join(dict.fromkeys(band_network[b] for b in each)) for each in bands],
        bands=["、".join(each) for each in bands],
        stations=[len(each) for each in bands],
        antenna_height_m=[masts[site_id].antenna_height_m for site_id in first["site_id"]],
        sectors=[_sector_text(masts[site_id]) for site_id in first["site_id"]],
        radius_limited=first["site_id"].isin(results.limited),
    )
    return table[[*columns, "geometry"]]


def _sector_text(mast: Mast) -> str:
    """Azimuths of a mast's sectors, each once: "0/120/240"; "" for an omnidirectional one."""
    azimuths = {round(sector.azimuth_deg) for _, each in mast.sectors for sector in each if sector.is_aimed}
    return "/".join(f"{azimuth}" for azimuth in sorted(azimuths))


# --- ranked rows -----------------------------------------------------------------------------------


def _proposed(
    places: gpd.GeoDataFrame, inputs: Inputs, config: Config, results: Results, lang: Lang
) -> gpd.GeoDataFrame:
    order = results.selection.places
    table = places.iloc[order].reset_index(drop=True)
    own = table["order_radius_m"].to_numpy(dtype=float)
    radii = [
        round(own[i]) if own[i] > 0 else _search_radius_m(upgrade, config, results.propagation)
        for i, upgrade in enumerate(results.upgrades)
    ]
    unsure = table["location_radius_m"].fillna(0.0).to_numpy(dtype=float)
    radii = [max(radius, round(circle)) for radius, circle in zip(radii, unsure, strict=True)]
    notes = ["；".join(say(key, lang, **values) for key, values in row) for row in table["notes"]]
    effects, upgrades = results.effects, results.upgrades
    table = table.assign(
        rank=np.arange(1, len(table) + 1),
        networks=[_join(_networks_of(a, config), lang) for a in upgrades],
        bands=[_join([config.band(b).name for b in a.bands], lang) for a in upgrades],
        stations=_stations_per_place(results),
        ground_m=_ground(table, inputs),
        gain=np.round(results.selection.marginal_gains, 3),
        gain_per_station=np.round(results.selection.marginal_gains / _stations_per_place(results), 3),
        loss_if_dropped=np.round(results.selection.losses, 3),
        gain_by_layer=[_layer_text(effect) for effect in effects],
        people_newly_covered=[round(effect.people) for effect in effects],
        people_networks_newly_covered=[round(effect.people_networks) for effect in effects],
        villages_newly_covered=[len(effect.villages) for effect in effects],
        villages_newly_covered_names=[_village_names(effect, inputs, lang) for effect in effects],
        cell_radius_m=[_cell_radius_m(upgrade, config, results.propagation, max) for upgrade in upgrades],
        radius_limited=[results.propagation.radius_limited(upgrade.after()) for upgrade in upgrades],
        search_radius_m=radii,
        alternates=_alternates(places, order, radii),
        restriction=notes,
        status=[each.value for each in statuses_of(table, results.context)],
        band_ids=[" ".join(a.bands) for a in upgrades],
    )
    table["reason"] = [
        _reason(row, effect, config, lang) for row, effect in zip(table.itertuples(), effects, strict=True)
    ]
    return table[[*PROPOSED_COLUMNS, *MACHINE_COLUMNS, "geometry"]]


def _join(words: list[str], lang: Lang) -> str:
    return say("reason_join", lang).join(words)


def _networks_of(upgrade: Upgrade, config: Config) -> list[str]:
    ids = dict.fromkeys(config.band(band).network for band in upgrade.bands)
    return [config.network(network_id).name for network_id in ids]


def _stations_per_place(results: Results) -> NDArray[np.int64]:
    chosen = results.selection.columns
    place, stations = results.options.place[chosen], results.options.stations[chosen]
    counts = [int(stations[place == each].sum()) for each in results.selection.places]
    return np.array(counts, dtype=np.int64)


def _ground(table: gpd.GeoDataFrame, inputs: Inputs) -> np.ndarray:
    if inputs.dem is None:
        return np.full(len(table), np.nan)
    row, col = inputs.grid.index(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    return np.round(inputs.dem.values[row, col].astype(float), 0)


def _layer_text(effect: RankEffect) -> str:
    return "; ".join(f"{layer} {gain:.1f}" for layer, gain in effect.gain_by_layer.items())


def _village_names(effect: RankEffect, inputs: Inputs, lang: Lang) -> str:
    if inputs.villages is None:
        return ""
    return _join([str(inputs.villages["village"].iloc[v]) for v in effect.villages], lang)


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


def _alternates(places: gpd.GeoDataFrame, order: NDArray[np.int64], radii: list[int]) -> list[str]:
    """Usable places that were not chosen, inside each ring, nearest first."""
    free = places["status"].eq(CandidateState.CANDIDATE.value).to_numpy().copy()
    free[order] = False
    others = np.flatnonzero(free)
    if not len(order) or not len(others):
        return [""] * len(order)
    xy = places[["easting_m", "northing_m"]].to_numpy(dtype=float)
    search = NearestNeighbors().fit(xy[others])
    found = []
    for place, radius in zip(order, radii, strict=True):
        distance, index = search.radius_neighbors(xy[[place]], radius=max(radius, 1))
        nearest = np.lexsort((index[0], distance[0].round(3)))
        ids = places["candidate_id"].to_numpy(dtype=object)[others[index[0][nearest]]]
        found.append(" ".join(ids))
    return found


def _reason(row: Any, effect: RankEffect, config: Config, lang: Lang) -> str:
    gains = []
    if round(effect.people):
        gains.append(say("reason_people", lang, people=f"{effect.people:,.0f}"))
    if round(effect.people_networks):
        gains.append(say("reason_network", lang, people=f"{effect.people_networks:,.0f}"))
    counted = {config.layers[0].id, *_basic_layer(config)}
    for layer in config.layers:
        equivalent = effect.gain_by_layer.get(layer.id, 0.0) / max(layer.weight, 1e-9)
        if layer.id not in counted and equivalent >= 0.5:
            gains.append(say("reason_layer", lang, name=layer.name, people=f"{equivalent:,.0f}"))
    if not gains:
        gains.append(say("reason_probability", lang, people=f"{row.gain:,.1f}"))
    villages = ""
    if effect.villages:
        names = row.villages_newly_covered_names
        villages = say("reason_villages", lang, count=len(effect.villages), names=names)
    notes = say("reason_note", lang, note=row.restriction) if row.restriction else ""
    return say(
        "reason",
        lang,
        source_type=say(f"rung_{row.source_type}", lang),
        network_bands=f"{row.networks} {row.bands}",
        height=row.antenna_height_m,
        gains=_join(gains, lang),
        villages=villages,
        notes=notes,
    )


def _basic_layer(config: Config) -> list[str]:
    return [layer.id for layer in config.layers if layer.scope == "each"][:1]


# --- tables ------------------------------------------------------------------------------------------


def _curve(results: Results) -> pd.DataFrame:
    gains = results.selection.marginal_gains
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(gains) + 1),
            "stations": np.cumsum(_stations_per_place(results)).astype(int),
            "gain": gains,
            "cumulative_gain": np.cumsum(gains),
            "upper_bound": results.selection.curve_bounds,
        }
    )


def _selected(results: Results) -> pd.DataFrame:
    """County, network and stations of each chosen option."""
    chosen = results.selection.columns
    places = results.options.place[chosen]
    return pd.DataFrame(
        {
            "county_id": results.places["county_id"].to_numpy(dtype=object)[places],
            "network": np.array(results.options.network, dtype=object)[chosen],
            "stations": results.options.stations[chosen],
        }
    )


def _ledger(results: Results) -> pd.DataFrame:
    chosen, table = _selected(results), results.ledger.table
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


def _county_table(results: Results) -> pd.DataFrame:
    by_county = _ledger(results).groupby("county_id")[["quota", "built", "remaining", "excess"]].sum()
    chosen = _selected(results).groupby("county_id")["stations"].sum()
    table = results.counties.join(by_county, on="county_id").join(chosen.rename("selected"), on="county_id")
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
