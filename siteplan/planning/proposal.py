"""What a plan is: everything a writer needs in a few frozen parts, so that writers compute nothing.

Tables carry geometry in the project CRS and, where people read coordinates, ready-made longitude and latitude
(WGS84, and GCJ-02 beside it). Reasons, rules and notes are keys with values; words come last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.errors import Fault
from siteplan.core.grid import Grid, Raster
from siteplan.planning.proof.proof import PlanProof
from siteplan.planning.run_record import RunRecord
from siteplan.project.schema import Config

MACHINE_COLUMNS = ("key", "county_id", "area_class", "village_distance_m", "village_direction")
"""Columns of a ranked row for programs only: what its id was given to, county code, class, and where it lies
from its village's point [m, eighths of a turn from north], NaN where its name needs no telling apart."""


WORDED_COLUMNS = ("reason", "benefit", "backhaul", "exposure", "stays", "acceptance")
"""Columns of the registry's ranked row that are made when it is put into words."""


def main_layer(gain_by_layer: Mapping[str, float], config: Config) -> str:
    """Id of the layer a place adds most to; the first of equals."""
    return max((layer.id for layer in config.layers), key=lambda each: gain_by_layer.get(each, 0.0))


@dataclass(frozen=True, eq=False)
class PlanArea:
    """The ground of a plan, and what maps draw under it.

    Attributes
    ----------
    name
        City or county of this run.
    counties
        Polygons: ``county_id, county``.
    grid
        Demand grid.
    village_areas
        Polygons by ``village_id``, or None.
    properties, exclusions, roads
        Checked tables, or None when not given.
    dem
        Elevation on the grid, or None.
    relief, water
        Elevation as fine as a screen shows it, and where there is water on its grid; None when not given.
    """

    name: str
    counties: gpd.GeoDataFrame
    grid: Grid
    village_areas: gpd.GeoDataFrame | None
    properties: gpd.GeoDataFrame | None
    exclusions: gpd.GeoDataFrame | None
    roads: gpd.GeoDataFrame | None
    dem: Raster | None
    relief: Raster | None
    water: Raster | None


@dataclass(frozen=True, eq=False)
class ExistingNetwork:
    """The network as it is before the plan.

    Attributes
    ----------
    sites
        Points in the area: ``site_id, site_name, county_id, county, networks, bands, stations,
        antenna_height_m, sectors, radius_limited, longitude, latitude``.
    coverage
        P of the first layer on the grid [0-1], NaN outside the area.
    coverage_empirical
        The same by buffers alone, when the run saw the terrain; else None.
    terrain_effect
        What terrain takes away, by county: see :func:`siteplan.coverage.indicators.terrain_table`.
    gaps
        Polygons: ``gap_id, layer, network, county, area_km2, people``, largest first.
    radii
        Drawn buffers: ``band, network, area_class, formula, radius_m``.
    comparison
        Points a low band serves in deep shadow: see
        :func:`siteplan.coverage.model_comparison.compare_models`; None without terrain.
    coverage_predicted
        ``coverage`` without the measurements it was conditioned on; None without any.
    measured_share
        Share of the variance that measurements explain [0-1], likewise.
    """

    sites: gpd.GeoDataFrame
    coverage: Raster
    coverage_empirical: Raster | None
    terrain_effect: pd.DataFrame
    gaps: gpd.GeoDataFrame
    radii: pd.DataFrame
    comparison: gpd.GeoDataFrame | None
    coverage_predicted: Raster | None = None
    measured_share: Raster | None = None


@dataclass(frozen=True, eq=False)
class RankedPlaces:
    """Every place considered, and the ranked ones with what they bring.

    Attributes
    ----------
    candidates
        Every place: ``candidate_id, source_type, source_id, name, county, town, village, status, rule``
        (key and values of the reason of refusal, or None), ``antenna_height_m, longitude, latitude``.
    proposed
        Ranked rows, points: the columns of the registry's table ``proposed``.
    curve
        One row a rank: ``rank, stations, gain, cumulative_gain, upper_bound``.
    steps
        What each rank adds in each county: ``rank, county_id, people, villages``, first layer.
    ranks
        Rank at which a pixel newly reaches the target in the first layer; where it does not, the last rank
        that raises its probability noticeably, 0 for none. None for readers who may not see places.
    footprints
        For each rank: row and column on the grid, and the pixels that would reach the target by what is
        added alone.
    choices
        Places that would bring a village that falls short today to the target: ``village_id,
        candidate_id, probability``, the best first.
    change_curve
        Coverage against changed places: ``change_penalty, changed, kept, gain, people_covered, upper_bound,
        chosen``; empty where no list was out.
    sight_lines
        Ground between each place and a village it is there for: see
        :func:`siteplan.planning.sight_lines.sight_lines`.
    """

    candidates: gpd.GeoDataFrame
    proposed: gpd.GeoDataFrame
    curve: pd.DataFrame
    steps: pd.DataFrame
    ranks: Raster | None
    footprints: tuple[tuple[int, int, NDArray[np.bool_]], ...]
    choices: pd.DataFrame
    change_curve: pd.DataFrame
    sight_lines: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, eq=False)
class ServiceReach:
    """Where one service reaches its target, today and with the plan.

    Attributes
    ----------
    layer, network
        Ids; no network where any will do.
    reach
        ``NOT_REACHED``, ``NEWLY_REACHED`` or ``REACHED_TODAY``, ``ASKED`` more where somebody asks for it; 0
        outside the area.
    people_asked, people_before, people_after
        Residents of the pixels that ask for it, and of those that reach the target.
    """

    layer: str
    network: str
    reach: Raster
    people_asked: float
    people_before: float
    people_after: float


NOT_REACHED, NEWLY_REACHED, REACHED_TODAY, ASKED = 0, 1, 2, 3
"""What a pixel of :class:`ServiceReach` holds: one of three, and the last more where it is asked for."""


@dataclass(frozen=True, eq=False)
class PlanEffects:
    """What the plan brings.

    Attributes
    ----------
    coverage
        P of the first layer when the plan is built [0-1], NaN outside the area.
    villages
        Points, one row a village: the columns of the registry's table ``village_results``, and
        ``county_id, reached_rank`` (rank that newly serves it, or 0).
    layers
        One row a layer: ``layer, name, weight_total, base_value, gain, people_before, people_after``.
    counties
        One row a county: indicators and quota.
    ledger
        Quota by county and network: ``county, network, quota, built, remaining, excess, selected``.
    grades
        People by grade of signal: see :func:`siteplan.coverage.signal_tiers.tier_table`.
    tiers
        Grade of signal by pixel before and after; None without grades.
    services
        Where each service reaches its target; the first is the one ``coverage`` shows.
    """

    coverage: Raster
    villages: gpd.GeoDataFrame
    layers: pd.DataFrame
    counties: pd.DataFrame
    ledger: pd.DataFrame
    grades: pd.DataFrame
    tiers: tuple[Raster, Raster] | None
    services: tuple[ServiceReach, ...] = ()


@dataclass(frozen=True, eq=False)
class Proposal:
    """A plan; frozen, read by every writer, equal when all it holds is equal.

    Attributes
    ----------
    config
        Project file as used.
    record
        The plan in numbers: what ``run.json`` holds.
    area, existing, places, effects
        Its parts.
    faults
        Everything the inputs and the ledger had to say.
    rejected
        Rows left out: ``table, file, sheet, row, column, problem, remedy, content``.
    proof
        What it proves: tests of coverage, indicators, links, exposure, odds.
    """

    config: Config
    record: RunRecord
    area: PlanArea
    existing: ExistingNetwork
    places: RankedPlaces
    effects: PlanEffects
    faults: tuple[Fault, ...]
    rejected: pd.DataFrame
    proof: PlanProof = field(default_factory=PlanProof)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proposal) and is_same(self, other)

    __hash__ = None  # type: ignore[assignment]


def is_same(one: object, other: object) -> bool:
    """Whether two parts of a plan hold the same values, tables and rasters included.

    Parameters
    ----------
    one, other
        Parts, tables, rasters, arrays or plain values.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if isinstance(one, pd.DataFrame) and isinstance(other, pd.DataFrame):
        return one.equals(other) and list(one.dtypes) == list(other.dtypes)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(is_same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(
        one,
        (Proposal, PlanArea, ExistingNetwork, RankedPlaces, PlanEffects, PlanProof, ServiceReach, Raster),
    ):
        return all(is_same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return bool(one == other)
