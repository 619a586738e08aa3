"""Who may be a site, on which source type of the ladder, and why not.

Rungs: 1 existing site to be upgraded, 2 site-plan entry not built, 3 opened public property, 4 shared
pole or tower, 5 new ground site in a gap.

Nobody disappears. A refused place stays in the table with the rule that refused
it; rules are keys of ``texts`` with their values, so the reason can be printed in either language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from siteplan.candidates.returned_places import class_at, kept, moved, points_of, returned
from siteplan.candidates.rules import (
    duplicates,
    heights,
    located,
    missing_bands,
    on_land,
    orders_first,
    refuse,
    roads_near,
    spacing,
    zones,
)
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.propagation import PropagationModel
from siteplan.field.journal import Place
from siteplan.field.status import FieldStatus, PlaceStatus
from siteplan.inputs.load import Inputs
from siteplan.inputs.tables.networks import network_names, split_networks
from siteplan.project.schema import Config
from siteplan.project.statuses import EXITS, FIXED, CandidateState, SiteStatus, SourceType

_CARRIED = ("cost", "power_distance_m", "backhaul_distance_m", "success_probability")


@dataclass(frozen=True, eq=False)
class CandidateSet:
    """Every place considered.

    Attributes
    ----------
    table
        One row a place: ``key, source_type, source_id, name, county_id, county, town, kind,
        antenna_height_m,
        area_class, easting_m, northing_m, networks, existing_bands, mast_room, status, rule, notes,
        location_grade, location_radius_m`` (how exactly a place without coordinates was found) and the
        carried
        columns; sorted by county and key.
    """

    table: gpd.GeoDataFrame


def build_candidates(
    inputs: Inputs,
    existing: gpd.GeoDataFrame | None,
    demand: DemandGrid,
    outage: np.ndarray,
    config: Config,
    propagation: PropagationModel,
    *,
    field_status: FieldStatus | None = None,
    published: Sequence[Place] = (),
) -> CandidateSet:
    """Collect places of all source types in the run's counties and apply the rules.

    Parameters
    ----------
    inputs
        Checked inputs.
    existing
        Stations on air.
    demand
        Demand rows.
    outage
        Probability that a pixel is not served, shape (services, height, width).
    config
        The project.
    propagation
        Tells which mast heights a formula holds for.
    field_status
        What the journal adds up to; None for nothing.
    published
        Published places still to be won.
    """
    known, field_status = network_names(config), field_status or FieldStatus()
    parts = [
        _upgrades(existing, config),
        _planned(inputs.site_plan, config, known),
        _ordered(inputs.orders, config, known),
        _properties(inputs.properties, config),
        _poles(inputs.poles, config),
        _new_sites(inputs, demand, outage, config),
    ]
    parts = [part for part in parts if len(part)]
    parts = _with_remembered(parts, field_status, published, inputs, config)
    if not parts:
        return CandidateSet(_empty(config))
    table = moved(pd.concat(parts, ignore_index=True), field_status, inputs, config)
    table = table[table["county_id"].isin(inputs.area["county_id"])]
    table = table.sort_values(["county_id", "key"], kind="stable").reset_index(drop=True)
    places = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["easting_m"], table["northing_m"]), crs=config.project.crs
    )
    places = returned(places, field_status, config)
    places = located(places, config)
    places = heights(places, config, propagation)
    places = zones(places, inputs.exclusions, config)
    places = on_land(places, inputs, config)
    places = roads_near(places, inputs.roads, config)
    places = spacing(places, existing, config)
    places = orders_first(places)
    places = duplicates(places, config)
    return CandidateSet(kept(places, field_status))


def _with_remembered(
    parts: list[pd.DataFrame],
    field_status: FieldStatus,
    published: Sequence[Place],
    inputs: Inputs,
    config: Config,
) -> list[pd.DataFrame]:
    """Rows as well for places no table has any more: fixed ones, and published new ground sites.

    A ground site is found anew in every run; the published one stays, and a fresh one beside it goes.
    """
    there = {key for part in parts for key in part["key"]}
    states = field_status.states.values()
    wanted = {s.place.key: s.place for s in states if s.status in FIXED | EXITS | {SiteStatus.ON_AIR}}
    wanted |= {p.key: p for p in published if p.source_type == SourceType.NEW_GROUND}
    missing = [place for key, place in sorted(wanted.items()) if key not in there]
    if not missing:
        return parts
    remembered = [_remembered(source_type, missing, inputs, config) for source_type in SourceType]
    added = [part for part in remembered if len(part)]
    ground = [part for part in added if part["source_type"].eq(SourceType.NEW_GROUND.value).all()]
    if ground:
        parts = [_apart_from(part, ground[0], config) for part in parts]
    return [*parts, *added]


def _remembered(
    source_type: SourceType, places: Sequence[Place], inputs: Inputs, config: Config
) -> pd.DataFrame:
    """Rows of one source type from what the journal or the published list says of them."""
    mine = [place for place in places if place.source_type == source_type]
    if not mine:
        return pd.DataFrame()
    xy = points_of([PlaceStatus(place.key, place) for place in mine], config.project.crs)
    table = gpd.GeoDataFrame(
        {
            "id": [place.source for place in mine],
            "county_id": [place.county_id for place in mine],
            "county": [inputs.county_name(place.county_id) for place in mine],
            "area_class": [class_at(inputs, config, x, y) for x, y in xy],
        },
        geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]),
        crs=config.project.crs,
    )
    heights = pd.Series([place.antenna_height_m for place in mine])
    return _rows(table, source_type, "id", pd.Series([place.name for place in mine]), heights, config)


def _apart_from(part: pd.DataFrame, ground: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Rows without the new ground sites that stand where a remembered one does."""
    xy, other = (t[["easting_m", "northing_m"]].to_numpy(dtype=float) for t in (part, ground))
    away = cdist(xy, other).min(axis=1)
    fresh = part["source_type"].eq(SourceType.NEW_GROUND.value).to_numpy()
    return part[~(fresh & (away <= config.candidates.duplicate_distance_m))]


def _empty(config: Config) -> gpd.GeoDataFrame:
    columns = [
        "key",
        "source_type",
        "source_id",
        "name",
        "county_id",
        "county",
        "town",
        "kind",
        "antenna_height_m",
        "area_class",
        "easting_m",
        "northing_m",
        "networks",
        "existing_bands",
        "mast_room",
        "status",
        "rule",
        "notes",
        "order_radius_m",
        "due_date",
        "location_grade",
        "location_radius_m",
        *_CARRIED,
    ]
    return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=config.project.crs)


# --- the source types -------------------------------------------------------------------------------------


def _rows(
    table: gpd.GeoDataFrame,
    source_type: SourceType,
    source: str,
    name: pd.Series,
    height_m: pd.Series,
    config: Config,
) -> pd.DataFrame:
    """Common columns of a source type; a missing height takes the class's own."""
    class_height = table["area_class"].map({each.id: each.antenna_height_m for each in config.area_classes})
    rows = pd.DataFrame(
        {
            "key": source_type.value + ":" + table[source].astype(str),
            "source_type": source_type.value,
            "source_id": table[source].astype(str),
            "name": name.where(name.notna(), table[source].astype(str)).astype(str),
            "county_id": table["county_id"],
            "county": table["county"],
            "town": table["town"].fillna("") if "town" in table else "",
            "kind": table["kind"].fillna("") if "kind" in table else "",
            "antenna_height_m": height_m.where(height_m.notna(), class_height).astype(float),
            "area_class": table["area_class"],
            "easting_m": table.geometry.x,
            "northing_m": table.geometry.y,
            "status": CandidateState.CANDIDATE.value,
        }
    )
    rows["networks"] = [tuple(n.id for n in config.networks)] * len(rows)
    rows["existing_bands"] = [()] * len(rows)
    rows["mast_room"] = np.nan
    rows["rule"] = None
    rows["notes"] = [()] * len(rows)
    rows["order_radius_m"] = np.nan
    rows["due_date"] = ""
    rows["location_grade"] = table["location_grade"].to_numpy() if "location_grade" in table else ""
    rows["location_radius_m"] = _number_of(table, "location_radius_m").to_numpy(dtype=float)
    for column in _CARRIED:
        rows[column] = table[column].to_numpy(dtype=float) if column in table else np.nan
    return rows


def _text_of(table: gpd.GeoDataFrame, column: str) -> pd.Series:
    return (
        table[column] if column in table else pd.Series([None] * len(table), index=table.index, dtype=object)
    )


def _number_of(table: gpd.GeoDataFrame, column: str) -> pd.Series:
    return table[column] if column in table else pd.Series(np.nan, index=table.index)


def _upgrades(existing: gpd.GeoDataFrame | None, config: Config) -> pd.DataFrame:
    """SourceType 1: sites that lack bands of their class; complete sites are refused with that reason."""
    if existing is None or existing.empty:
        return pd.DataFrame()
    sites = existing.drop_duplicates("site_id")
    rows = _rows(
        sites,
        SourceType.UPGRADE,
        "site_id",
        _text_of(sites, "site_name"),
        _number_of(sites, "antenna_height_m"),
        config,
    )
    rows["mast_room"] = _mast_room(existing, config).reindex(rows["source_id"]).to_numpy(dtype=float)
    bands = existing.groupby("site_id")["band"].agg(lambda names: tuple(sorted(set(names))))
    rows["existing_bands"] = [bands[site_id] for site_id in rows["source_id"]]
    missing = [bool(missing_bands(config, row.area_class, row.existing_bands)) for row in rows.itertuples()]
    refused = np.full(len(rows), config.quota.unit == "site")
    rows = refuse(rows, refused, lambda _: ("rule_unit", {}))
    rows = refuse(rows, ~np.array(missing), lambda _: ("rule_complete", {}))
    full = rows["mast_room"].eq(0.0).to_numpy()
    return refuse(rows, full, lambda _: ("rule_no_room", {"poles": config.candidates.poles_per_band}))


def _mast_room(existing: gpd.GeoDataFrame, config: Config) -> pd.Series:
    """Bands that still fit on each standing mast, by site id; NaN where nobody counted.

    A platform takes one band, and so does every full set of poles; of rows of a site that differ the
    smaller number counts.
    """
    by_site = existing.assign(site_id=existing["site_id"].astype(str)).groupby("site_id")
    free = {
        name: by_site[name].min() if name in existing else pd.Series(np.nan, index=by_site.size().index)
        for name in ("free_platforms", "free_poles")
    }
    bands = (
        free["free_platforms"].fillna(0.0)
        + free["free_poles"].fillna(0.0) // config.candidates.poles_per_band
    )
    return bands.where(free["free_platforms"].notna() | free["free_poles"].notna())


def _planned(site_plan: gpd.GeoDataFrame | None, config: Config, known: dict[str, str]) -> pd.DataFrame:
    """SourceType 2: entries of the site plan that are not built."""
    if site_plan is None or site_plan.empty:
        return pd.DataFrame()
    rows = _rows(
        site_plan,
        SourceType.SITE_PLAN,
        "plan_id",
        _text_of(site_plan, "plan_name"),
        _number_of(site_plan, "antenna_height_m"),
        config,
    )
    if "networks" in site_plan:
        everyone = tuple(network.id for network in config.networks)
        rows["networks"] = [split_networks(text, known) or everyone for text in site_plan["networks"]]
    built = (
        site_plan["built"].to_numpy(dtype=bool) if "built" in site_plan else np.zeros(len(rows), dtype=bool)
    )
    return refuse(rows, built, lambda _: ("rule_built", {}))


def _ordered(orders: gpd.GeoDataFrame | None, config: Config, known: dict[str, str]) -> pd.DataFrame:
    """SourceType 2 as well: places the operators asked for, with their ring and date."""
    if orders is None or orders.empty:
        return pd.DataFrame()
    height = _number_of(orders, "antenna_height_m")
    rows = _rows(orders, SourceType.SITE_PLAN, "order_id", _text_of(orders, "order_name"), height, config)
    everyone = tuple(network.id for network in config.networks)
    rows["key"] = SourceType.SITE_PLAN.value + ":order:" + rows["source_id"]
    rows["networks"] = [split_networks(text, known) or everyone for text in _text_of(orders, "networks")]
    radius = _number_of(orders, "search_radius_m")
    rows["order_radius_m"] = radius.fillna(config.candidates.order_radius_m).to_numpy(dtype=float)
    due = pd.to_datetime(_text_of(orders, "due_date"))
    rows["due_date"] = due.dt.strftime("%Y-%m-%d").fillna("").to_numpy()
    return rows


def _properties(properties: gpd.GeoDataFrame | None, config: Config) -> pd.DataFrame:
    """SourceType 3: roofs of opened public properties, with a mast on them."""
    if properties is None or properties.empty:
        return pd.DataFrame()
    building = _number_of(properties, "building_height_m").fillna(config.candidates.default_building_height_m)
    height = building + config.candidates.rooftop_mast_m
    return _rows(
        properties, SourceType.PROPERTY, "property_id", _text_of(properties, "property_name"), height, config
    )


def _poles(poles: gpd.GeoDataFrame | None, config: Config) -> pd.DataFrame:
    """SourceType 4: shared poles and towers."""
    if poles is None or poles.empty:
        return pd.DataFrame()
    height = _number_of(poles, "antenna_height_m")
    return _rows(poles, SourceType.POLE, "pole_id", _text_of(poles, "pole_name"), height, config)


def _new_sites(inputs: Inputs, demand: DemandGrid, outage: np.ndarray, config: Config) -> pd.DataFrame:
    """SourceType 5: one mast for each cluster of uncovered demand, county by county."""
    if not config.candidates.new_sites:
        return pd.DataFrame()
    residual = _residual(demand, outage, config.coverage.edge_probability_target)
    easting, northing = demand.centres()
    found = []
    for code in np.unique(demand.county_code):
        members = np.flatnonzero((demand.county_code == code) & (residual > 0))
        if members.size:
            points = np.column_stack([easting[members], northing[members]])
            centres = _cluster_centres(points, residual[members], config)
            found += [(int(code), *_high_ground(centre, int(code), inputs, config)) for centre in centres]
    if not found:
        return pd.DataFrame()
    frame = pd.DataFrame(sorted(set(found)), columns=["code", "easting_m", "northing_m"])
    ids = [f"E{e:.0f}N{n:.0f}" for e, n in zip(frame["easting_m"], frame["northing_m"], strict=True)]
    counties = inputs.counties.iloc[frame["code"] - 1]
    row, col = inputs.grid.index(frame["easting_m"].to_numpy(), frame["northing_m"].to_numpy())
    classes = np.array([each.id for each in config.area_classes], dtype=object)
    table = gpd.GeoDataFrame(
        {
            "pixel": ids,
            "county_id": counties["county_id"].to_numpy(),
            "county": counties["county"].to_numpy(),
            "area_class": classes[inputs.class_code[row, col]],
        },
        geometry=gpd.points_from_xy(frame["easting_m"], frame["northing_m"]),
        crs=config.project.crs,
    )
    names = pd.Series(ids)
    return _rows(table, SourceType.NEW_GROUND, "pixel", names, pd.Series(np.nan, index=table.index), config)


def _residual(demand: DemandGrid, outage: np.ndarray, target: float) -> np.ndarray:
    """Weight of each demand pixel that falls short of the target, summed over services."""
    left = outage.reshape(len(outage), -1)[:, demand.pixels]
    total = np.zeros(len(demand.pixels))
    for service, rows in enumerate(demand.row_of):
        asked = rows >= 0
        short = asked & (1.0 - left[service] < target)
        total[short] += demand.weight[rows[short]] * left[service, short]
    return total


def _cluster_centres(points: np.ndarray, weight: np.ndarray, config: Config) -> list[tuple[float, float]]:
    """Weighted middles of clusters; a cluster wider than its neighbourhood is cut by a fixed lattice."""
    from sklearn.cluster import DBSCAN  # noqa: PLC0415 - a second that only this step waits for

    rules = config.candidates
    share = weight / max(rules.new_site_min_weight, 1e-9)
    search = DBSCAN(eps=rules.new_site_cluster_m, min_samples=1000)
    labels = search.fit_predict(points, sample_weight=1000.0 * share)
    cell_m = 3.0 * rules.new_site_cluster_m
    frame = pd.DataFrame(
        {
            "label": labels,
            "x": points[:, 0],
            "y": points[:, 1],
            "w": weight,
            "col": np.floor(points[:, 0] / cell_m),
            "row": np.floor(points[:, 1] / cell_m),
        }
    )
    frame = frame[frame["label"] >= 0]
    frame["wx"], frame["wy"] = frame["w"] * frame["x"], frame["w"] * frame["y"]
    sums = frame.groupby(["label", "col", "row"])[["w", "wx", "wy"]].sum()
    sums = sums[sums["w"] >= rules.new_site_min_weight]
    return [(float(s.wx / s.w), float(s.wy / s.w)) for s in sums.itertuples()]


def _high_ground(
    centre: tuple[float, float], code: int, inputs: Inputs, config: Config
) -> tuple[float, float]:
    """Highest pixel of the county near a point (the nearest one without relief), as its centre [m]."""
    grid, reach = inputs.grid, config.candidates.new_site_ground_search_m
    row, col = (int(v[0]) for v in grid.index(np.array([centre[0]]), np.array([centre[1]])))
    span = int(np.ceil(reach / grid.resolution_m))
    rows = np.arange(max(0, row - span), min(grid.height, row + span + 1))
    cols = np.arange(max(0, col - span), min(grid.width, col + span + 1))
    r, c = (part.ravel() for part in np.meshgrid(rows, cols, indexing="ij"))
    x, y = grid.centre(r, c)
    distance = np.hypot(x - centre[0], y - centre[1])
    usable = (inputs.county_code[r, c] == code) & (distance <= reach + grid.resolution_m)
    height = np.zeros(len(r)) if inputs.dem is None else np.nan_to_num(inputs.dem.values[r, c], nan=-9999.0)
    if not usable.any():
        usable = inputs.county_code[r, c] == code
    best = np.lexsort((r * grid.width + c, distance.round(3), -height, ~usable))[0]
    return float(x[best]), float(y[best])
