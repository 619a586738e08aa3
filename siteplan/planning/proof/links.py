"""How a new place may be connected: a radio link to a site on air, fibre along the road, power.

Hints for people who know better: only terrain, clutter heights and roads are known here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import KDTree

from siteplan.core.grid import Raster
from siteplan.core.progress import SILENT, Report, counted
from siteplan.coverage.lines import cut_lines
from siteplan.coverage.propagation import Mast, PropagationModel
from siteplan.coverage.terrain import TerrainModel
from siteplan.inputs.load import Inputs
from siteplan.project.proof import BackhaulRules
from siteplan.project.schema import Config
from siteplan.project.statuses import SourceType
from siteplan.radio.links import clear_probability, rain_attenuation
from siteplan.radio.profile import path_profile

COLUMNS = [
    "rank",
    "candidate_id",
    "link",
    "to_site_id",
    "link_m",
    "clear_probability",
    "frequency_ghz",
    "rain_db",
    "fibre_road_m",
    "road_m",
    "power_m",
    "link_cost",
    "fibre_cost",
]
EXISTING, POSSIBLE, RAIN, BLOCKED, NONE_NEAR, NO_RELIEF = (
    "existing",
    "possible",
    "rain",
    "blocked",
    "none_near",
    "no_relief",
)
"""What is said of a radio link."""
_LONGEST_EDGE_M = 250.0
_NEAREST_PATH_M = 30.0


@dataclass(frozen=True)
class Link:
    """A radio link that was tried."""

    verdict: str
    to_site_id: str = ""
    length_m: float = math.nan
    probability: float = math.nan
    frequency_ghz: float = math.nan
    rain_db: float = math.nan


def link_table(
    proposed: gpd.GeoDataFrame,
    masts: Sequence[Mast],
    existing: Sequence[Mast],
    propagation: PropagationModel,
    inputs: Inputs,
    config: Config,
    report: Report = SILENT,
) -> pd.DataFrame:
    """Links, roads and power of every ranked place.

    Parameters
    ----------
    proposed, masts
        Ranked rows, and the mast of each as it will stand.
    existing
        Masts on air: what a new place is connected to.
    propagation
        Its relief and what stands on it; buffers have none.
    inputs
        Roads and power lines.
    config
        Its ``backhaul``.
    report
        Is told how many places are done.

    Returns
    -------
    DataFrame
        ``COLUMNS``; an upgraded site is connected already.
    """
    if proposed.empty:
        return pd.DataFrame({name: [] for name in COLUMNS})
    upgraded = proposed["source_type"].eq(SourceType.UPGRADE.value).to_numpy()
    points = np.array([(mast.easting_m, mast.northing_m) for mast in masts])
    sites = list({mast.site_id: mast for mast in existing}.values())
    links = [
        Link(EXISTING) if own else best_link(mast, sites, propagation, config.backhaul)
        for mast, own in counted(zip(masts, upgraded, strict=True), len(masts), report)
    ]
    along, gap = road_distances(inputs.roads, points, np.array([(m.easting_m, m.northing_m) for m in sites]))
    power = _distance_to(inputs.power_lines, points)
    rules = config.backhaul
    table = pd.DataFrame(
        {
            "rank": proposed["rank"].to_numpy(),
            "candidate_id": proposed["candidate_id"].to_numpy(),
            "link": [each.verdict for each in links],
            "to_site_id": [each.to_site_id for each in links],
            "link_m": np.round([each.length_m for each in links]),
            "clear_probability": np.round([each.probability for each in links], 3),
            "frequency_ghz": [each.frequency_ghz for each in links],
            "rain_db": np.round([each.rain_db for each in links], 1),
            "fibre_road_m": np.round(np.where(upgraded, np.nan, along), -1),
            "road_m": np.round(gap),
            "power_m": np.round(power),
        }
    )
    possible = table["link"].eq(POSSIBLE)
    fibre = table["fibre_road_m"] / 1000.0
    return table.assign(
        link_cost=np.where(possible, np.nan if rules.link_cost is None else rules.link_cost, np.nan),
        fibre_cost=fibre * (np.nan if rules.fibre_per_km is None else rules.fibre_per_km),
    )


def best_link(mast: Mast, sites: Sequence[Mast], propagation: PropagationModel, rules: BackhaulRules) -> Link:
    """Link to the nearest site on air that a clear path leads to, else the best of those tried.

    Parameters
    ----------
    mast, sites
        The new mast, and masts on air.
    propagation
        Its relief.
    rules
        How many sites are tried, how far, and what counts as clear.
    """
    if not isinstance(propagation, TerrainModel) or not propagation.sees(mast):
        return Link(NO_RELIEF)
    away = np.array([math.hypot(s.easting_m - mast.easting_m, s.northing_m - mast.northing_m) for s in sites])
    near = np.flatnonzero((away <= rules.farthest_link_m) & (away >= _NEAREST_PATH_M)).tolist()
    tried: list[Link] = []
    for i in sorted(near, key=lambda i: (away[i], sites[i].site_id))[: rules.neighbours]:
        if not propagation.sees(sites[i]):
            continue
        tried.append(_tried(mast, sites[i], float(away[i]), propagation, rules))
        if tried[-1].verdict == POSSIBLE:
            return tried[-1]
    return max(tried, key=lambda each: (each.probability, -each.length_m), default=Link(NONE_NEAR))


def _tried(mast: Mast, site: Mast, length_m: float, propagation: TerrainModel, rules: BackhaulRules) -> Link:
    """One link by its profile, clutter on it, and rain."""
    ground, surface = propagation.dem, propagation.ground.surface
    top = ground if surface is None else Raster(surface, ground.grid, "surface", "m")
    ends = mast.easting_m, mast.northing_m, site.easting_m, site.northing_m
    distance_km, bare = path_profile(ground, *ends)
    heights = path_profile(top, *ends)[1]
    tips = [
        bare[at] + max(each.antenna_height_m - rules.dish_below_top_m, 1.0)
        for at, each in ((0, mast), (-1, site))
    ]
    frequency = rules.short_frequency_ghz if length_m <= rules.short_link_m else rules.frequency_ghz
    probability = clear_probability(
        1000.0 * distance_km,
        heights,
        (tips[0], tips[1]),
        frequency,
        low_k=rules.low_k,
        height_error_m=rules.dem_error_m,
    )
    rain = math.nan
    if rules.rain_mm_h is not None:
        rain = rain_attenuation(length_m / 1000.0, frequency, rules.rain_mm_h)
        if rain > rules.fade_margin_db and frequency == rules.short_frequency_ghz:
            frequency = rules.frequency_ghz  # a short link that rain breaks is built lower down
            rain = rain_attenuation(length_m / 1000.0, frequency, rules.rain_mm_h)
    verdict = POSSIBLE if probability >= rules.clear_probability else BLOCKED
    if verdict == POSSIBLE and rain > rules.fade_margin_db:
        verdict = RAIN
    return Link(verdict, site.site_id, length_m, probability, frequency, rain)


def road_distances(
    roads: gpd.GeoDataFrame | None, points: NDArray[np.float64], targets: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Way along roads from points to the nearest target, and the straight way to the road.

    Parameters
    ----------
    roads
        Lines that meet in common vertices; None for none.
    points, targets
        Shape (n, 2) and (m, 2) [m].

    Returns
    -------
    tuple of ndarray
        Way from the point to the road, along it, and to the target [m], infinite ways and those without roads
        NaN; and the first part alone, shape (n,).
    """
    nothing = np.full(len(points), np.nan)
    if roads is None or not (roads.length > 0).any():
        return nothing, nothing
    corners, edges, length = _network(roads)
    tree = KDTree(corners)
    gap, start = tree.query(points)
    if not len(targets):
        return nothing, gap
    offset, goal = tree.query(targets)
    count = len(corners)
    first = np.concatenate([edges[:, 0], np.full(len(goal), count)])
    second = np.concatenate([edges[:, 1], goal])
    weight = np.concatenate([length, np.maximum(offset, 1e-3)])
    kept = _shortest(first, second, weight)
    graph = coo_array((weight[kept], (first[kept], second[kept])), shape=(count + 1, count + 1)).tocsr()
    way = dijkstra(graph, directed=False, indices=count)[start] + gap
    return np.where(np.isfinite(way), way, np.nan), gap


def _shortest(
    first: NDArray[np.int64], second: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Of edges between the same two corners the shortest: a sparse matrix would add them up."""
    low, high = np.minimum(first, second), np.maximum(first, second)
    order = np.lexsort((weight, high, low))
    pairs = np.column_stack([low[order], high[order]])
    new = np.ones(len(order), dtype=bool)
    new[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return order[new]


def _network(
    roads: gpd.GeoDataFrame,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Corners of roads, edges between them, and their length [m]; corners within half a metre are one."""
    _, ends, length = cut_lines(roads.geometry, _LONGEST_EDGE_M)
    corners, number = np.unique(np.round(ends.reshape(-1, 2)), axis=0, return_inverse=True)
    edges = number.reshape(-1, 2)
    moved = edges[:, 0] != edges[:, 1]
    return corners, edges[moved], length[moved]


def _distance_to(lines: gpd.GeoDataFrame | None, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Straight way to the nearest line; NaN without lines [m]."""
    if lines is None or lines.empty:
        return np.full(len(points), np.nan)
    shapes, at = lines.geometry.to_numpy(), shapely.points(points)
    return shapely.distance(at, shapes[shapely.STRtree(shapes).nearest(at)])
