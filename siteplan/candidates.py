"""Who may be a site, on which rung of the ladder, and why not.

Rungs: 1 existing site to be upgraded, 2 site-plan entry not built, 3 opened public property, 4 shared
pole or tower, 5 new ground site in a gap.

One decision to know: nobody disappears. A refused place stays in the table with the rule that refused
it; rules are keys of ``texts`` with their values, so the reason can be printed in either language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sklearn.cluster import DBSCAN
from sklearn.neighbors import NearestNeighbors

from siteplan.config import Config
from siteplan.coverage import BufferLevel, Mast, is_served
from siteplan.demand import Demand
from siteplan.inputs.door import Inputs
from siteplan.inputs.headers import normalise
from siteplan.inputs.project_reader import split_networks
from siteplan.tables import Rung, Status

Rule = tuple[str, dict[str, object]]
"""Key of a text and the values it takes."""

_CARRIED = ("cost", "power_distance_m", "backhaul_distance_m", "success_probability")


@dataclass(frozen=True, eq=False)
class Ladder:
    """Every place considered.

    Attributes
    ----------
    table
        One row a place: ``key, rung, source_id, name, county_id, county, town, antenna_height_m,
        area_class, easting_m, northing_m, networks, existing_bands, status, rule, notes`` and the
        carried columns; sorted by county and key.
    """

    table: gpd.GeoDataFrame


def build_ladder(
    inputs: Inputs,
    existing: gpd.GeoDataFrame | None,
    demand: Demand,
    uncovered: np.ndarray,
    config: Config,
    level: BufferLevel,
) -> Ladder:
    """Collect places of all rungs in the run's counties and apply the rules.

    Parameters
    ----------
    inputs
        Checked inputs.
    existing
        Stations on air.
    demand
        Demand rows.
    uncovered
        Probability that a pixel is not served, shape (services, height, width).
    config
        The project.
    level
        Tells which mast heights a formula holds for.

    Returns
    -------
    Ladder
        Usable and refused places.
    """
    known = _network_names(config)
    parts = [
        _upgrades(existing, config),
        _planned(inputs.site_plan, config, known),
        _properties(inputs.properties, config),
        _poles(inputs.poles, config),
        _new_sites(inputs, demand, uncovered, config),
    ]
    parts = [part for part in parts if len(part)]
    if not parts:
        return Ladder(_empty(config))
    table = pd.concat(parts, ignore_index=True)
    table = table[table["county_id"].isin(inputs.area["county_id"])]
    table = table.sort_values(["county_id", "key"], kind="stable").reset_index(drop=True)
    places = gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["easting_m"], table["northing_m"]), crs=config.project.crs
    )
    for rule in (
        _heights(config, level),
        _zones(inputs.exclusions, config),
        _roads(inputs.roads, config),
        _spacing(existing, config),
        _duplicates(config),
    ):
        places = rule(places)
    return Ladder(places)


def _network_names(config: Config) -> dict[str, str]:
    pairs = [(name, n.id) for n in config.networks for name in (n.id, n.name, *n.aliases)]
    return {normalise(name): network_id for name, network_id in pairs}


def _empty(config: Config) -> gpd.GeoDataFrame:
    columns = [
        "key", "rung", "source_id", "name", "county_id", "county", "town", "antenna_height_m", "area_class",
        "easting_m", "northing_m", "networks", "existing_bands", "status", "rule", "notes", *_CARRIED,
    ]  # fmt: skip
    return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=config.project.crs)


# --- the rungs -------------------------------------------------------------------------------------


def _rows(
    table: gpd.GeoDataFrame, rung: Rung, source: str, name: pd.Series, height_m: pd.Series, config: Config
) -> pd.DataFrame:
    """Common columns of a rung; a missing height takes the class's own."""
    class_height = table["area_class"].map({each.id: each.antenna_height_m for each in config.area_classes})
    rows = pd.DataFrame(
        {
            "key": rung.value + ":" + table[source].astype(str),
            "rung": rung.value,
            "source_id": table[source].astype(str),
            "name": name.where(name.notna(), table[source].astype(str)).astype(str),
            "county_id": table["county_id"],
            "county": table["county"],
            "town": table["town"].fillna("") if "town" in table else "",
            "antenna_height_m": height_m.where(height_m.notna(), class_height).astype(float),
            "area_class": table["area_class"],
            "easting_m": table.geometry.x,
            "northing_m": table.geometry.y,
            "status": Status.CANDIDATE.value,
        }
    )
    rows["networks"] = [tuple(n.id for n in config.networks)] * len(rows)
    rows["existing_bands"] = [()] * len(rows)
    rows["rule"] = None
    rows["notes"] = [()] * len(rows)
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
    """Rung 1: sites that lack bands of their class; complete sites are refused with that reason."""
    if existing is None or existing.empty:
        return pd.DataFrame()
    sites = existing.drop_duplicates("site_id")
    rows = _rows(
        sites,
        Rung.UPGRADE,
        "site_id",
        _text_of(sites, "site_name"),
        _number_of(sites, "antenna_height_m"),
        config,
    )
    bands = existing.groupby("site_id")["band"].agg(lambda names: tuple(sorted(set(names))))
    rows["existing_bands"] = [bands[site_id] for site_id in rows["source_id"]]
    missing = [bool(missing_bands(config, row.area_class, row.existing_bands)) for row in rows.itertuples()]
    refused = np.full(len(rows), config.quota.unit == "site")
    rows = _refuse(rows, refused, lambda _: ("rule_unit", {}))
    return _refuse(rows, ~np.array(missing), lambda _: ("rule_complete", {}))


def missing_bands(config: Config, area_class: str, existing: tuple[str, ...]) -> set[str]:
    """Bands rolled out in a class that a site does not have.

    Parameters
    ----------
    config
        The project.
    area_class
        Class id.
    existing
        Band ids on the site.

    Returns
    -------
    set of str
        Band ids.
    """
    wanted = {band for rollout in config.area_class(area_class).rollout for band in rollout.bands}
    return wanted - set(existing)


def _planned(site_plan: gpd.GeoDataFrame | None, config: Config, known: dict[str, str]) -> pd.DataFrame:
    """Rung 2: entries of the site plan that are not built."""
    if site_plan is None or site_plan.empty:
        return pd.DataFrame()
    rows = _rows(
        site_plan, Rung.SITE_PLAN, "plan_id", _text_of(site_plan, "plan_name"),
        _number_of(site_plan, "antenna_height_m"), config,
    )  # fmt: skip
    if "networks" in site_plan:
        everyone = tuple(network.id for network in config.networks)
        rows["networks"] = [split_networks(text, known) or everyone for text in site_plan["networks"]]
    built = (
        site_plan["built"].to_numpy(dtype=bool) if "built" in site_plan else np.zeros(len(rows), dtype=bool)
    )
    return _refuse(rows, built, lambda _: ("rule_built", {}))


def _properties(properties: gpd.GeoDataFrame | None, config: Config) -> pd.DataFrame:
    """Rung 3: roofs of opened public properties, with a mast on them."""
    if properties is None or properties.empty:
        return pd.DataFrame()
    building = _number_of(properties, "building_height_m").fillna(config.candidates.default_building_height_m)
    height = building + config.candidates.rooftop_mast_m
    return _rows(
        properties, Rung.PROPERTY, "property_id", _text_of(properties, "property_name"), height, config
    )


def _poles(poles: gpd.GeoDataFrame | None, config: Config) -> pd.DataFrame:
    """Rung 4: shared poles and towers."""
    if poles is None or poles.empty:
        return pd.DataFrame()
    height = _number_of(poles, "antenna_height_m")
    return _rows(poles, Rung.POLE, "pole_id", _text_of(poles, "pole_name"), height, config)


def _new_sites(inputs: Inputs, demand: Demand, uncovered: np.ndarray, config: Config) -> pd.DataFrame:
    """Rung 5: one mast for each cluster of uncovered demand, county by county."""
    if not config.candidates.new_sites:
        return pd.DataFrame()
    residual = _residual(demand, uncovered, config.coverage.edge_probability_target)
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
    names = pd.Series([f"新址 {name}" for name in ids])
    return _rows(table, Rung.NEW_GROUND, "pixel", names, pd.Series(np.nan, index=table.index), config)


def _residual(demand: Demand, uncovered: np.ndarray, target: float) -> np.ndarray:
    """Weight of each demand pixel that falls short of the target, summed over services."""
    left = uncovered.reshape(len(uncovered), -1)[:, demand.pixels]
    total = np.zeros(len(demand.pixels))
    for service, rows in enumerate(demand.row_of):
        asked = rows >= 0
        short = asked & (1.0 - left[service] < target)
        total[short] += demand.weight[rows[short]] * left[service, short]
    return total


def _cluster_centres(points: np.ndarray, weight: np.ndarray, config: Config) -> list[tuple[float, float]]:
    """Weighted middles of clusters; a cluster wider than its neighbourhood is cut by a fixed lattice."""
    rules = config.candidates
    share = weight / max(rules.new_site_min_weight, 1e-9)
    search = DBSCAN(eps=rules.new_site_cluster_m, min_samples=1000)
    labels = search.fit_predict(points, sample_weight=1000.0 * share)
    cell_m = 3.0 * rules.new_site_cluster_m
    frame = pd.DataFrame(
        {"label": labels, "x": points[:, 0], "y": points[:, 1], "w": weight,
         "col": np.floor(points[:, 0] / cell_m), "row": np.floor(points[:, 1] / cell_m)}
    )  # fmt: skip
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


# --- the rules ---------------------------------------------------------------------------------------


def _refuse(rows: pd.DataFrame, bad: np.ndarray, rule: Callable[[int], Rule]) -> pd.DataFrame:
    """Exclude rows that are still candidates; the first rule that hits is the one that is said."""
    hit = np.asarray(bad, dtype=bool) & rows["status"].eq(Status.CANDIDATE.value).to_numpy()
    if not hit.any():
        return rows
    status = rows["status"].to_numpy(dtype=object).copy()
    rules = rows["rule"].to_numpy(dtype=object).copy()
    for i in np.flatnonzero(hit):
        status[i] = Status.EXCLUDED.value
        rules[i] = rule(int(i))
    return rows.assign(status=status, rule=rules)


PlaceRule = Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]


def _heights(config: Config, level: BufferLevel) -> PlaceRule:
    lowest = config.candidates.min_antenna_height_m

    def apply(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        height = places["antenna_height_m"].to_numpy()
        new = ~places["rung"].eq(Rung.UPGRADE.value).to_numpy()
        places = _refuse(
            places, new & (height < lowest),
            lambda i: ("rule_low", {"height": f"{height[i]:g}", "minimum": f"{lowest:g}"}),
        )  # fmt: skip
        bands = [
            missing_bands(config, row.area_class, row.existing_bands) | set(row.existing_bands)
            for row in places.itertuples()
        ]
        places = _refuse(places, np.array([not each for each in bands]), lambda _: ("rule_no_rollout", {}))
        served = [
            is_served(Mast("", 0.0, 0.0, row.area_class, row.antenna_height_m, tuple(sorted(each))), level)
            for row, each in zip(places.itertuples(), bands, strict=True)
        ]
        return _refuse(places, ~np.array(served), lambda i: ("rule_high", {"height": f"{height[i]:g}"}))

    return apply


def _zones(exclusions: gpd.GeoDataFrame | None, config: Config) -> PlaceRule:
    """Forbidden zones refuse every new place, restricted ones a new ground site; the rest is noted."""

    def apply(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        if exclusions is None:
            return places
        new = ~places["rung"].eq(Rung.UPGRADE.value).to_numpy()
        ground = places["rung"].eq(Rung.NEW_GROUND.value).to_numpy()
        notes = [list(each) for each in places["notes"]]
        for rule in config.exclusions:
            zone_of = _zone_of(places, exclusions[exclusions["layer"] == rule.layer], rule.buffer_m)
            inside = np.array([zone is not None for zone in zone_of])
            said = [{"zone": zone, "buffer": f"{rule.buffer_m:g}", "basis": rule.basis} for zone in zone_of]
            if rule.level == "forbid":
                places = _refuse(places, inside & new, partial(_said, "rule_forbid", said))
            elif rule.level == "restrict":
                places = _refuse(places, inside & ground, partial(_said, "rule_restrict", said))
            key = {"restrict": "note_restrict", "notify": "note_notify"}.get(rule.level)
            for i in np.flatnonzero(inside & new & (key is not None)):
                notes[i].append((key, said[i]))
        return places.assign(
            notes=pd.Series([tuple(each) for each in notes], index=places.index, dtype=object)
        )

    return apply


def _said(key: str, values: Sequence[Mapping[str, object]], i: int) -> Rule:
    return key, dict(values[i])


def _zone_of(places: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, buffer_m: float) -> list[str | None]:
    """Name of the first zone each place lies in, buffer included."""
    names: list[str | None] = [None] * len(places)
    if zones.empty:
        return names
    labels = zones["zone"] if "zone" in zones else zones["layer"]
    shapes = zones.geometry.buffer(buffer_m) if buffer_m else zones.geometry
    tree = shapely.STRtree(shapes.to_numpy())
    point, zone = tree.query(places.geometry.to_numpy(), predicate="intersects")
    for p, z in sorted(zip(point.tolist(), zone.tolist(), strict=True), reverse=True):
        names[p] = str(labels.iloc[z] if labels.iloc[z] is not None else zones["layer"].iloc[z])
    return names


def _roads(roads: gpd.GeoDataFrame | None, config: Config) -> PlaceRule:
    """A new ground site needs a road within reach."""
    farthest = config.candidates.new_site_max_road_m

    def apply(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        ground = np.flatnonzero(places["rung"].eq(Rung.NEW_GROUND.value).to_numpy())
        if roads is None or roads.empty or not ground.size:
            return places
        points = places.geometry.to_numpy()[ground]
        lines = roads.geometry.to_numpy()
        nearest = shapely.STRtree(lines).nearest(points)
        distance = np.zeros(len(places))
        distance[ground] = shapely.distance(points, lines[nearest])
        return _refuse(
            places, distance > farthest,
            lambda i: ("rule_road", {"distance": round(distance[i]), "maximum": f"{farthest:g}"}),
        )  # fmt: skip

    return apply


def _spacing(existing: gpd.GeoDataFrame | None, config: Config) -> PlaceRule:
    """A new place must keep its class's distance from every existing site."""

    def apply(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        if existing is None or existing.empty:
            return places
        sites = existing.drop_duplicates("site_id").sort_values("site_id")
        coordinates = np.column_stack([sites.geometry.x, sites.geometry.y])
        search = NearestNeighbors(n_neighbors=1).fit(coordinates)
        distance, index = search.kneighbors(places[["easting_m", "northing_m"]].to_numpy())
        minimum = _minimum_spacing(places, config)
        new = ~places["rung"].eq(Rung.UPGRADE.value).to_numpy()
        ids = sites["site_id"].to_numpy()[index[:, 0]]

        def said(i: int) -> Rule:
            values = {"other": ids[i], "distance": round(distance[i, 0]), "minimum": f"{minimum[i]:g}"}
            return "rule_spacing", values

        return _refuse(places, new & (distance[:, 0] < minimum), said)

    return apply


def _minimum_spacing(places: gpd.GeoDataFrame, config: Config) -> np.ndarray:
    distances = {each.id: each.min_inter_site_distance_m for each in config.area_classes}
    return places["area_class"].map(distances).to_numpy(dtype=float)


def _duplicates(config: Config) -> PlaceRule:
    """Of two places at one spot the higher rung stays, then the lower key.

    Within a county only, so that a county run and the city run refuse the same places; across a border
    the spacing conflict of the selection keeps them apart.
    """
    reach = config.candidates.duplicate_distance_m

    def apply(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        usable = np.flatnonzero(places["status"].eq(Status.CANDIDATE.value).to_numpy())
        if len(usable) < 2 or reach <= 0:
            return places
        coordinates = places[["easting_m", "northing_m"]].to_numpy()[usable]
        order = np.lexsort(
            (places["key"].to_numpy(dtype=str)[usable], places["rung"].to_numpy(dtype=str)[usable])
        )
        near = (
            NearestNeighbors(radius=reach)
            .fit(coordinates)
            .radius_neighbors(coordinates, return_distance=False)
        )
        county = places["county_id"].to_numpy()[usable]
        kept_by: dict[int, int] = {}
        for i in order:
            if i not in kept_by:
                same = [int(j) for j in near[i] if j != i and county[j] == county[i]]
                kept_by |= {j: int(i) for j in same if j not in kept_by}
        position = {int(usable[j]): int(usable[i]) for j, i in kept_by.items() if i not in kept_by}
        bad = np.zeros(len(places), dtype=bool)
        bad[list(position)] = True
        xy = places[["easting_m", "northing_m"]].to_numpy()

        def said(i: int) -> Rule:
            other = position[i]
            distance = round(float(np.hypot(*(xy[i] - xy[other]))))
            return "rule_duplicate", {"other": places["name"].iloc[other], "distance": distance}

        return _refuse(places, bad, said)

    return apply


def conflicts_of(places: gpd.GeoDataFrame, config: Config) -> np.ndarray:
    """Pairs of usable new places that stand too near each other.

    Parameters
    ----------
    places
        The ladder's table.
    config
        The project.

    Returns
    -------
    ndarray
        Positions in ``places``, shape (m, 2), first below second.
    """
    new = places["status"].eq(Status.CANDIDATE.value) & places["rung"].ne(Rung.UPGRADE.value)
    usable = np.flatnonzero(new.to_numpy())
    minimum = _minimum_spacing(places, config)
    if len(usable) < 2 or minimum[usable].max() <= 0:
        return np.zeros((0, 2), dtype=np.int64)
    coordinates = places[["easting_m", "northing_m"]].to_numpy()[usable]
    search = NearestNeighbors(radius=float(minimum[usable].max())).fit(coordinates)
    distances, neighbours = search.radius_neighbors(coordinates)
    pairs = [
        (int(usable[i]), int(usable[j]))
        for i, (ds, js) in enumerate(zip(distances, neighbours, strict=True))
        for d, j in zip(ds, js, strict=True)
        if i < j and d < max(minimum[usable[i]], minimum[usable[j]])
    ]
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
