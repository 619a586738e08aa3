"""Rules that refuse a place or put a note on it.

Rules run in a fixed order and the first that hits is the one that is said; a rule
is a key of ``texts`` with its values, so the reason can be printed in either language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.core.grid import Raster
from siteplan.coverage.masts import served_bands
from siteplan.coverage.propagation import PropagationModel
from siteplan.inputs.load import Inputs
from siteplan.inputs.places.extent import extent_of
from siteplan.project.schema import Config, clutter_kinds
from siteplan.project.statuses import CandidateState, SourceType

Rule = tuple[str, dict[str, object]]
"""Key of a text and the values it takes."""


def missing_bands(config: Config, area_class: str, existing: tuple[str, ...]) -> set[str]:
    """Bands rolled out in a class that a site does not have."""
    wanted = {band for rollout in config.area_class(area_class).rollout for band in rollout.bands}
    return wanted - set(existing)


def refuse(rows: pd.DataFrame, bad: np.ndarray, rule: Callable[[int], Rule]) -> pd.DataFrame:
    """Exclude rows that are still candidates; the first rule that hits is the one that is said.

    Parameters
    ----------
    rows
        Places with ``status`` and ``rule``.
    bad
        Which of them the rule hits.
    rule
        Text key and values of a row.
    """
    hit = np.asarray(bad, dtype=bool) & rows["status"].eq(CandidateState.CANDIDATE.value).to_numpy()
    if not hit.any():
        return rows
    status = rows["status"].to_numpy(dtype=object).copy()
    rules = rows["rule"].to_numpy(dtype=object).copy()
    for i in np.flatnonzero(hit):
        status[i] = CandidateState.EXCLUDED.value
        rules[i] = rule(int(i))
    return rows.assign(status=status, rule=rules)


def located(places: gpd.GeoDataFrame, config: Config) -> gpd.GeoDataFrame:
    """A place found by its address is ranked only where the circle it lies in is narrow enough.

    Parameters
    ----------
    places
        The ladder's table; ``location_grade`` is "" for places with coordinates.
    config
        The project.

    Returns
    -------
    GeoDataFrame
        The places, those of wide circles refused, the others noted with grade and radius.
    """
    grade = places["location_grade"].to_numpy(dtype=object)
    radius = places["location_radius_m"].to_numpy(dtype=float)
    widest = config.candidates.max_location_radius_m
    told = [
        {"grade": g, "radius": f"{r:.0f}", "widest": f"{widest:.0f}"}
        for g, r in zip(grade, radius, strict=True)
    ]
    notes = [
        (*row, ("note_located", values)) if values["grade"] else row
        for row, values in zip(places["notes"], told, strict=True)
    ]
    places = places.assign(notes=pd.Series(notes, index=places.index, dtype=object))
    return refuse(places, (grade != "") & ~(radius <= widest), lambda i: ("rule_located", told[i]))


def heights(places: gpd.GeoDataFrame, config: Config, level: PropagationModel) -> gpd.GeoDataFrame:
    """A mast must reach the lowest height and lie in the range of a formula; something must be buildable.

    Parameters
    ----------
    places
        The ladder's table.
    config
        The project.
    level
        Tells which heights a formula holds for.
    """
    lowest = config.candidates.min_antenna_height_m
    height = places["antenna_height_m"].to_numpy()
    new = ~places["source_type"].eq(SourceType.UPGRADE.value).to_numpy()
    places = refuse(
        places,
        new & (height < lowest),
        lambda i: ("rule_low", {"height": f"{height[i]:g}", "minimum": f"{lowest:g}"}),
    )
    missing = [missing_bands(config, row.area_class, row.existing_bands) for row in places.itertuples()]
    places = refuse(places, np.array([not each for each in missing]), lambda _: ("rule_no_rollout", {}))
    served = [
        bool(served_bands(level, row.area_class, row.antenna_height_m, each))
        for row, each in zip(places.itertuples(), missing, strict=True)
    ]
    return refuse(places, ~np.array(served), lambda i: ("rule_high", {"height": f"{height[i]:g}"}))


def zones(places: gpd.GeoDataFrame, exclusions: gpd.GeoDataFrame | None, config: Config) -> gpd.GeoDataFrame:
    """Forbidden zones refuse every new place, restricted ones a new ground site; the rest is noted.

    Returns
    -------
    GeoDataFrame
        The places, some of them refused or noted.
    """
    if exclusions is None:
        return places
    new = ~places["source_type"].eq(SourceType.UPGRADE.value).to_numpy()
    ground = places["source_type"].eq(SourceType.NEW_GROUND.value).to_numpy()
    notes = [list(each) for each in places["notes"]]
    for rule in config.exclusions:
        zone_of = _zone_of(places, exclusions[exclusions["layer"] == rule.layer], rule.buffer_m)
        inside = np.array([zone is not None for zone in zone_of])
        said = [{"zone": zone, "buffer": f"{rule.buffer_m:g}", "basis": rule.basis} for zone in zone_of]
        if rule.level == "forbid":
            places = refuse(places, inside & new, partial(_said, "rule_forbid", said))
        elif rule.level == "restrict":
            places = refuse(places, inside & ground, partial(_said, "rule_restrict", said))
        key = {"restrict": "note_restrict", "notify": "note_notify"}.get(rule.level)
        for i in np.flatnonzero(inside & new & (key is not None)):
            notes[i].append((key, said[i]))
    return places.assign(notes=pd.Series([tuple(each) for each in notes], index=places.index, dtype=object))


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


def on_land(places: gpd.GeoDataFrame, inputs: Inputs, config: Config) -> gpd.GeoDataFrame:
    """A new ground site stands on ground whose height is known, and not in water."""
    ground = places["source_type"].eq(SourceType.NEW_GROUND.value).to_numpy()
    x, y = places["easting_m"].to_numpy(), places["northing_m"].to_numpy()
    if inputs.dem is not None:
        heights = _under(inputs.dem, x, y)
        places = refuse(places, ground & ~np.isfinite(heights), lambda _: ("rule_no_ground", {}))
    kinds = [kind.id for kind in clutter_kinds(config)]
    if config.inputs.land_cover is not None and "water" in kinds:
        wet = _under(inputs.clutter, x, y) == kinds.index("water")
        places = refuse(places, ground & wet, lambda _: ("rule_water", {}))
    return places


def _under(raster: Raster, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Value of a raster under each point, NaN outside it."""
    row, col = raster.grid.index(x, y)
    on = raster.grid.inside(row, col)
    found = np.full(len(x), np.nan)
    found[on] = raster.values[row[on], col[on]]
    return found


def roads_near(places: gpd.GeoDataFrame, roads: gpd.GeoDataFrame | None, config: Config) -> gpd.GeoDataFrame:
    """A new ground site needs a road within reach."""
    farthest = config.candidates.new_site_max_road_m
    ground = np.flatnonzero(places["source_type"].eq(SourceType.NEW_GROUND.value).to_numpy())
    if roads is None or roads.empty or not ground.size:
        return places
    points = places.geometry.to_numpy()[ground]
    lines = roads.geometry.to_numpy()
    nearest = shapely.STRtree(lines).nearest(points)
    distance = np.zeros(len(places))
    distance[ground] = shapely.distance(points, lines[nearest])
    beyond = ground[~shapely.covers(extent_of(roads, farthest), points)]
    distance[beyond] = 0.0  # no road is known there, which is not the same as no road
    notes = [list(each) for each in places["notes"]]
    for i in beyond:
        notes[i].append(("note_roads_unknown", {}))
    places = places.assign(notes=pd.Series([tuple(each) for each in notes], index=places.index, dtype=object))
    return refuse(
        places,
        distance > farthest,
        lambda i: ("rule_road", {"distance": round(distance[i]), "maximum": f"{farthest:g}"}),
    )


def spacing(places: gpd.GeoDataFrame, existing: gpd.GeoDataFrame | None, config: Config) -> gpd.GeoDataFrame:
    """A new place must keep its class's distance from every existing site."""
    if existing is None or existing.empty:
        return places
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - a second that only this step waits for

    sites = existing.drop_duplicates("site_id").sort_values("site_id")
    coordinates = np.column_stack([sites.geometry.x, sites.geometry.y])
    search = NearestNeighbors(n_neighbors=1).fit(coordinates)
    distance, index = search.kneighbors(places[["easting_m", "northing_m"]].to_numpy())
    minimum = _minimum_spacing(places, config)
    new = ~places["source_type"].eq(SourceType.UPGRADE.value).to_numpy()
    ids = sites["site_id"].to_numpy()[index[:, 0]]

    def said(i: int) -> Rule:
        values = {"other": ids[i], "distance": round(distance[i, 0]), "minimum": f"{minimum[i]:g}"}
        return "rule_spacing", values

    return refuse(places, new & (distance[:, 0] < minimum), said)


def _minimum_spacing(places: gpd.GeoDataFrame, config: Config) -> np.ndarray:
    distances = {each.id: each.min_inter_site_distance_m for each in config.area_classes}
    return places["area_class"].map(distances).to_numpy(dtype=float)


def orders_first(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A new ground site gives way to a usable demand order whose ring it stands in."""
    usable = places["status"].eq(CandidateState.CANDIDATE.value) & places["order_radius_m"].gt(0)
    orders = places[usable].sort_values("key")
    ground = np.flatnonzero(places["source_type"].eq(SourceType.NEW_GROUND.value).to_numpy())
    if orders.empty or not ground.size:
        return places
    rings = shapely.STRtree(orders.geometry.buffer(orders["order_radius_m"]).to_numpy())
    point, ring = rings.query(places.geometry.to_numpy()[ground], predicate="intersects")
    owner: dict[int, str] = {}
    for p, r in sorted(zip(point.tolist(), ring.tolist(), strict=True), reverse=True):
        owner[int(ground[p])] = str(orders["name"].iloc[r])
    bad = np.zeros(len(places), dtype=bool)
    bad[list(owner)] = True
    return refuse(places, bad, lambda i: ("rule_order", {"other": owner[i]}))


def duplicates(places: gpd.GeoDataFrame, config: Config) -> gpd.GeoDataFrame:
    """Of two places at one spot the higher source type stays, then the lower key.

    Within a county only, so that a county run and the city run refuse the same places; across a border
    the spacing conflict of the selection keeps them apart.
    """
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - a second that only this step waits for

    reach = config.candidates.duplicate_distance_m
    exact = places["location_grade"].eq("").to_numpy()  # what an address found shares its village's point
    usable = np.flatnonzero(places["status"].eq(CandidateState.CANDIDATE.value).to_numpy() & exact)
    if len(usable) < 2 or reach <= 0:
        return places
    coordinates = places[["easting_m", "northing_m"]].to_numpy()[usable]
    order = np.lexsort(
        (places["key"].to_numpy(dtype=str)[usable], places["source_type"].to_numpy(dtype=str)[usable])
    )
    near = (
        NearestNeighbors(radius=reach).fit(coordinates).radius_neighbors(coordinates, return_distance=False)
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

    return refuse(places, bad, said)


def conflicts_of(places: gpd.GeoDataFrame, config: Config) -> np.ndarray:
    """Pairs of usable new places that stand too near each other.

    Returns
    -------
    ndarray
        Positions in ``places``, shape (m, 2), first below second.
    """
    from sklearn.neighbors import NearestNeighbors  # noqa: PLC0415 - a second that only this step waits for

    new = places["status"].eq(CandidateState.CANDIDATE.value) & places["source_type"].ne(
        SourceType.UPGRADE.value
    )
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
