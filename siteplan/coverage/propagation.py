"""What every propagation model promises: masts in, footprints of probability out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from siteplan.core.grid import Grid
from siteplan.coverage.demand import Service
from siteplan.project.schema import Config
from siteplan.radio.linkbudget import LinkBudgets
from siteplan.radio.sectors import Sector

MapFn = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Signature of the builtin ``map``; threads or a cluster may take its place."""


@dataclass(frozen=True)
class Mast:
    """A place with antennas, as propagation sees it.

    Attributes
    ----------
    site_id
        Stable id.
    easting_m, northing_m
        In the project CRS [m].
    area_class
        Class of the land it stands on; it picks the formula.
    antenna_height_m
        Above ground [m].
    bands
        Band ids on it, sorted.
    sectors
        Sectors of the bands that have any; a band without is omnidirectional.
    """

    site_id: str
    easting_m: float
    northing_m: float
    area_class: str
    antenna_height_m: float
    bands: tuple[str, ...]
    sectors: tuple[tuple[str, tuple[Sector, ...]], ...] = ()

    def sectors_of(self, band: str) -> tuple[Sector, ...]:
        """Sectors of one band; none for an omnidirectional one."""
        return dict(self.sectors).get(band, ())


@dataclass(frozen=True, eq=False)
class Footprint:
    """Probability of each service around one mast.

    Attributes
    ----------
    row, col
        Upper-left pixel of the window on the grid.
    services
        Positions of the services the mast can deliver, ascending, shape (k,).
    probability
        float32, shape (k, height, width); 0 below the project's floor.
    """

    row: int
    col: int
    services: NDArray[np.int64]
    probability: NDArray[np.float32]

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns on the grid."""
        height, width = self.probability.shape[1:]
        return slice(self.row, self.row + height), slice(self.col, self.col + width)


class PropagationModel(Protocol):
    """What a propagation model must do."""

    name: str
    config: Config
    budgets: LinkBudgets

    def footprint(self, mast: Mast, grid: Grid) -> Footprint | None:
        """Probability of each service around a mast, or None when it does not reach the grid."""

    def at(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions of the services a mast delivers, and their probability at points."""

    def reach_m(self, mast: Mast) -> float:
        """Distance beyond which a mast gives nothing [m]."""

    def radius_limited(self, mast: Mast) -> bool:
        """Whether a mast still serves where it is no longer followed."""

    def for_services(self, services: Sequence[Service]) -> PropagationModel:
        """The same propagation asked for other services."""
