"""What a run produced: everything a writer needs, so that writers compute nothing.

One decision to know: tables carry geometry in the project CRS and, where people read coordinates,
ready-made longitude and latitude columns (WGS84, and GCJ-02 beside it).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.errors import Fault
from siteplan.core.grid import Grid, Raster
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config


@dataclass(frozen=True, eq=False)
class Proposal:
    """The result of a run; frozen, read by every writer.

    Attributes
    ----------
    config
        Project file as used.
    area_name
        City or county of this run.
    counties
        Polygons of the run's counties: ``county_id, county``.
    inputs
        What was loaded (halo included).
    grid
        Demand grid.
    coverage_before, coverage_after
        P of the first layer on the grid [0-1], NaN outside the area.
    coverage_empirical
        The same before the plan by buffers alone, when the run saw the terrain; else None.
    terrain
        What terrain takes away, by county: see :func:`siteplan.coverage.indicators.terrain_table`.
    villages
        Points, one row a village: ``village_id, village, town, county, people, probability_before,
        probability_after, covered_before, covered_after, share_before, share_after,
        networks_before, networks_after, model_difference_db, state`` (``covered``, ``newly``, ``uncovered``),
        ``serving_site_before, serving_site_after`` (site or candidate id), ``reached_rank`` (rank that newly
        serves it, or 0), ``longitude, latitude``.
    village_areas
        Polygons by ``village_id``, or None.
    gaps
        Polygons before the plan: ``gap_id, layer, network, county, area_km2, people``, largest first.
    sites
        Existing sites in the area, points: ``site_id, site_name, county, networks, bands, stations,
        antenna_height_m, sectors, radius_limited, longitude, latitude``.
    candidates
        Every place considered: ``candidate_id, source_type, source_id, name, county, town, village,
        status, rule`` (reason of refusal in Chinese, or empty), ``antenna_height_m, longitude,
        latitude``.
    proposed
        Ranked rows, points: see the data dictionary of the workbook.
    curve
        One row a rank: ``rank, stations, gain, cumulative_gain, upper_bound``.
    layers
        One row a layer: ``layer, name, weight_total, base_value, gain, people_before, people_after``.
    county_table
        One row a county: indicators and quota.
    ledger
        Quota by county and network: ``county, network, quota, built, remaining, excess,
        selected``.
    radii
        Drawn buffers: ``band, network, area_class, formula, radius_m``.
    faults
        Everything the door and the ledger had to say.
    rejected
        Rows left out: ``table, file, sheet, row, column, problem, remedy, content``.
    summary
        Content of run.json.
    tiers
        Grade of signal by pixel before and after: see :func:`siteplan.coverage.signal_tiers.tier_rasters`; None without.
    grades
        People by grade: see :func:`siteplan.coverage.signal_tiers.tier_table`.
    steps
        What each rank adds in each county: ``rank, county_id, people, villages``, first layer.
    ranks
        Rank at which a pixel newly reaches the target in the first layer; where it does not, the last rank
        that raises its probability noticeably, 0 for none. None without.
    footprints
        For each rank: row and column on the grid, and the pixels that would reach the target by what is
        added alone.
    choices
        Places that would bring a village that falls short today to the target: ``village_id,
        candidate_id, probability``, the best first.
    change_curve
        Coverage against changed places: ``change_penalty, changed, kept, gain, people_covered, upper_bound,
        chosen``; empty where no list was out.
    spread
        Points a low band serves in deep shadow: see :func:`siteplan.coverage.model_comparison.compare_models`; None without
        terrain.
    """

    config: Config
    area_name: str
    counties: gpd.GeoDataFrame
    inputs: Inputs
    grid: Grid
    coverage_before: Raster
    coverage_after: Raster
    coverage_empirical: Raster | None
    terrain: pd.DataFrame
    villages: gpd.GeoDataFrame
    village_areas: gpd.GeoDataFrame | None
    gaps: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    proposed: gpd.GeoDataFrame
    curve: pd.DataFrame
    layers: pd.DataFrame
    county_table: pd.DataFrame
    ledger: pd.DataFrame
    radii: pd.DataFrame
    faults: tuple[Fault, ...]
    rejected: pd.DataFrame
    summary: dict[str, Any]
    tiers: tuple[Raster, Raster] | None = None
    grades: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparison: gpd.GeoDataFrame | None = None
    steps: pd.DataFrame = field(default_factory=pd.DataFrame)
    ranks: Raster | None = None
    footprints: tuple[tuple[int, int, NDArray[np.bool_]], ...] = ()
    choices: pd.DataFrame = field(default_factory=pd.DataFrame)
    change_curve: pd.DataFrame = field(default_factory=pd.DataFrame)


PROPOSED_COLUMNS: dict[str, tuple[str, str]] = {
    "rank": ("排名", "order of building; any first k are a good k"),
    "candidate_id": ("候选编号", "stable id of the place; never reused"),
    "name": ("名称", "name of the place"),
    "county": ("县区", "county"),
    "town": ("乡镇", "town"),
    "village": ("行政村", "village whose area the place is in"),
    "source_type": ("来源", "step of the ladder, 1 upgrade to 5 new ground site"),
    "source_id": ("来源编号", "id in the source table"),
    "networks": ("网络", "networks to be built"),
    "bands": ("频段", "bands to be built"),
    "stations": ("基站数", "stations in the quota's unit"),
    "antenna_height_m": ("挂高（米）", "antenna height above ground [m]"),
    "ground_m": ("地面高程（米）", "ground elevation, mean of the demand pixel [m]"),
    "longitude": ("经度WGS84", "longitude, WGS84/CGCS2000 [deg]"),
    "latitude": ("纬度WGS84", "latitude, WGS84/CGCS2000 [deg]"),
    "longitude_gcj02": ("经度GCJ02", "longitude for Chinese phone maps [deg]"),
    "latitude_gcj02": ("纬度GCJ02", "latitude for Chinese phone maps [deg]"),
    "gain": ("新增加权覆盖", "newly covered weight at this rank"),
    "gain_per_station": ("每站新增", "gain per station: what the order follows"),
    "loss_if_dropped": ("缺建损失", "covered weight lost if this place alone is not built"),
    "gain_by_layer": ("分层新增", "newly covered weight by layer"),
    "people_newly_covered": ("新增覆盖居民", "people whose P reaches the target, first layer"),
    "people_networks_newly_covered": (
        "新增单网覆盖人次",
        "people x networks whose P reaches the target, per-network layers at the lowest threshold",
    ),
    "villages_newly_covered": ("新通村数", "village points newly served by any network"),
    "villages_newly_covered_names": ("新通村名", "their names"),
    "cell_radius_m": ("覆盖半径（米）", "the buffer of the widest new band ends here [m]"),
    "radius_limited": ("超出计算半径", "1: still serves where the mast is no longer followed"),
    "search_radius_m": ("搜索半径（米）", "the mast may move this far without a new plan [m]"),
    "location_grade": ("定位等级", "A to D where found by its address, empty where it has coordinates"),
    "location_radius_m": ("定位半径（米）", "circle in which a place found by its address lies [m]"),
    "due_date": ("要求完成日期", "date of the demand order"),
    "alternates": ("备选点", "other usable candidates inside the ring, nearest first"),
    "restriction": ("管控提示", "zones that need approval or notice"),
    "cost": ("造价", "as given"),
    "power_distance_m": ("电源距离（米）", "as given"),
    "backhaul_distance_m": ("传输距离（米）", "as given"),
    "success_probability": ("成功概率", "as given, used in the gain"),
    "status": ("状态", "PROPOSED, or what the journal says"),
    "reason": ("理由", "why this place, in one sentence"),
}
"""Columns of a ranked row: Chinese header and description."""
MACHINE_COLUMNS = ("key", "band_ids", "county_id", "area_class")
"""Columns of a ranked row for programs only: what its id was given to, band ids, county code, class."""
