"""What the stages of a plan hand on: an area ready to be solved, and the solved area."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.calibration import MeasuredMap, NetworkField
from siteplan.core.grid import Raster
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.indicators import RankEffect
from siteplan.coverage.matrix import NodeOutage, Upgrade
from siteplan.coverage.propagation import Mast, PropagationModel
from siteplan.planning.acceptance import Acceptance
from siteplan.planning.formulate import BuildOptions
from siteplan.planning.quota import Ledger
from siteplan.planning.replan import ReplanContext, Replanned
from siteplan.selection import CoverProblem


@dataclass(frozen=True, eq=False)
class Measured:
    """Measurements a plan was conditioned on.

    Attributes
    ----------
    fields
        What they say of the pixels.
    predicted
        What the stations on air leave without them, shape (services, height, width).
    """

    fields: MeasuredMap
    predicted: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Existing:
    """The network as it is.

    Attributes
    ----------
    masts
        Of stations on air.
    refused
        Stations no formula holds for.
    outage
        Probability that nobody serves a pixel, by node of the shared shadowing.
    outage_empirical
        Its mean by buffers alone, shape (services, height, width), when the run sees the terrain; else None.
    gaps
        Where people fall short: see :func:`siteplan.coverage.gaps.gap_polygons`.
    measured
        What measurements say, and what was predicted without them; None without measurements.
    """

    masts: tuple[Mast, ...]
    refused: tuple[str, ...]
    outage: NodeOutage
    outage_empirical: NDArray[np.float32] | None
    gaps: gpd.GeoDataFrame
    measured: Measured | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """An area ready to be solved.

    Attributes
    ----------
    demand, propagation, existing
        What is asked, how coverage is computed, and what is there.
    candidates
        Every place considered, with its id.
    options, problem, ledger
        What may be built, as a covering problem, within the quota.
    acceptance
        How likely each candidate's owner agrees.
    """

    demand: DemandGrid
    propagation: PropagationModel
    existing: Existing
    candidates: gpd.GeoDataFrame
    options: BuildOptions
    problem: CoverProblem
    ledger: Ledger
    acceptance: Acceptance

    @property
    def measured_field(self) -> NetworkField | None:
        """What readings say of the first service; None without any."""
        known = self.existing.measured
        return None if known is None else known.fields.of(self.demand.services[0])


@dataclass(frozen=True, eq=False)
class Effects:
    """What the selection brings.

    Attributes
    ----------
    upgrades, by_rank
        What is built at each ranked place, and what it adds.
    outage
        Probability that nobody serves a pixel once all is built, shape (services, height, width).
    continuity
        Today and then: P that the share of each village's residents asked for is served, shape (services,
        villages).
    villages, layers, counties, terrain
        Tables of the indicators.
    choices
        Places that would bring a village to the target.
    tiers, grades
        Grade of signal by pixel before and after, and people by grade.
    comparison
        Where a second model disagrees; None without terrain.
    """

    upgrades: tuple[Upgrade, ...]
    by_rank: tuple[RankEffect, ...]
    outage: NDArray[np.float32]
    continuity: tuple[NDArray[np.float64], NDArray[np.float64]]
    villages: gpd.GeoDataFrame
    layers: pd.DataFrame
    counties: pd.DataFrame
    terrain: pd.DataFrame
    choices: pd.DataFrame
    tiers: tuple[Raster, Raster] | None
    grades: pd.DataFrame
    comparison: gpd.GeoDataFrame | None


@dataclass(frozen=True, eq=False)
class Solved:
    """A solved area.

    Attributes
    ----------
    ready
        What was solved.
    context
        What the plan had to respect of the time before it.
    replanned
        The selection, its certificate, and what it keeps.
    effects
        What it brings.
    """

    ready: Prepared
    context: ReplanContext
    replanned: Replanned
    effects: Effects

    @cached_property
    def radius_limited(self) -> frozenset[str]:
        """Ids of existing masts on the run's land that still serve where they are no longer followed."""
        limited, masts, grid = (
            self.ready.propagation.radius_limited,
            self.ready.existing.masts,
            self.ready.demand.grid,
        )
        x, y = (np.array([getattr(mast, name) for mast in masts]) for name in ("easting_m", "northing_m"))
        own = grid.inside(*grid.index(x, y))
        return frozenset(
            mast.site_id for mast, here in zip(masts, own, strict=True) if here and limited(mast)
        )
