"""What every propagation model promises: masts in, footprints of scores out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from siteplan.core.errors import RangeError
from siteplan.core.grid import Grid
from siteplan.coverage.demand import Service
from siteplan.coverage.footprint_cache import Entries
from siteplan.project.schema import Config
from siteplan.radio.linkbudget import LinkBudgets, entry_sigma_db
from siteplan.radio.sectors import Sector
from siteplan.radio.shadowing import SharedShadowing, indoor_correlation, shared_shadowing

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


NOTHING = np.float32(-np.inf)
"""Score of a service where a mast gives nothing."""


@dataclass(frozen=True, eq=False)
class Footprint:
    """Score of each service around one mast.

    Attributes
    ----------
    row, col
        Upper-left pixel of the window on the grid.
    services
        Positions of the services the mast can deliver, ascending, shape (k,).
    score
        float32, z with Phi(z) the probability of service, shape (k, height, width); ``NOTHING`` below the
        project's floor.
    sharpness
        float32, 1 / sqrt(1 + tau^2) with tau the spread of scores inside a pixel, shape (k, height, width).
    """

    row: int
    col: int
    services: NDArray[np.int64]
    score: NDArray[np.float32]
    sharpness: NDArray[np.float32]

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns on the grid."""
        height, width = self.score.shape[1:]
        return slice(self.row, self.row + height), slice(self.col, self.col + width)

    @cached_property
    def probability(self) -> NDArray[np.float32]:
        """Probability of service over all shadowing; 0 below the floor, shape (k, height, width)."""
        return ndtr(self.score)


@dataclass(frozen=True, eq=False)
class PixelFootprint:
    """Score of each service at some pixels around one mast.

    Attributes
    ----------
    services
        Positions of the services the mast can deliver, ascending, shape (k,).
    pixels
        Flat positions on the grid, ascending, shape (n,).
    score, sharpness
        As of a :class:`Footprint`, shape (k, n).
    """

    services: NDArray[np.int64]
    pixels: NDArray[np.int64]
    score: NDArray[np.float32]
    sharpness: NDArray[np.float32]


def shadowing_of(config: Config, services: Sequence[Service], budgets: LinkBudgets) -> SharedShadowing:
    """What masts share of the shadowing, service by service.

    Parameters
    ----------
    config
        Bands and classes.
    services
        Indoors the wall is shared too.
    budgets
        Correlation between sites, and spread outdoors by band and class.

    Returns
    -------
    SharedShadowing
        One node where nothing is shared.
    """
    rho = budgets.correlation()
    indoors = _indoor_correlation(config, budgets, rho) if any(s.layer.indoor for s in services) else rho
    return shared_shadowing([indoors if service.layer.indoor else rho for service in services])


def _indoor_correlation(config: Config, budgets: LinkBudgets, rho: float) -> float:
    """Indoor correlation of the middle band and class: it belongs to the service, not to a band."""
    pairs = []
    for band in config.bands:
        for each in config.area_classes:
            try:
                sigma = budgets.radial(band.id, each.id, each.antenna_height_m).sigma_db
            except RangeError:  # such a mast is refused where it is met
                continue
            pairs.append((sigma, entry_sigma_db(band)))
    if not pairs:
        return rho
    outdoors, entry = np.sqrt(np.mean(np.square(pairs), axis=0))
    return indoor_correlation(rho, float(outdoors), float(entry))


class PropagationModel(Protocol):
    """What a propagation model must do."""

    name: str
    config: Config
    budgets: LinkBudgets

    def footprint(self, mast: Mast, grid: Grid) -> Footprint | None:
        """Score of each service around a mast, or None when it does not reach the grid."""

    def footprint_on(self, mast: Mast, grid: Grid, wanted: NDArray[np.bool_]) -> PixelFootprint | None:
        """The values of :meth:`footprint` at wanted pixels alone, shape of the grid."""
        whole = self.footprint(mast, grid)
        if whole is None:
            return None
        row, col = np.nonzero(wanted[whole.window])
        pixels = (row + whole.row) * grid.width + col + whole.col
        return PixelFootprint(whole.services, pixels, whole.score[:, row, col], whole.sharpness[:, row, col])

    def scores_at(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions of the services a mast delivers, and their scores at points."""

    def at(
        self, mast: Mast, easting_m: NDArray[np.float64], northing_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The same with their probability over all shadowing."""
        services, scores = self.scores_at(mast, easting_m, northing_m)
        return services, ndtr(scores)

    def reach_m(self, mast: Mast) -> float:
        """Distance beyond which a mast gives nothing [m]."""

    def radius_limited(self, mast: Mast) -> bool:
        """Whether a mast still serves where it is no longer followed."""

    def is_kept(self, mast: Mast, grid: Grid, wanted: NDArray[np.bool_] | None = None) -> bool:
        """Whether an earlier run kept what :meth:`footprint` needs, or with ``wanted`` what
        :meth:`footprint_on` needs; a model that keeps nothing never did.
        """
        del mast, grid, wanted
        return False

    def new_entries(self) -> Entries:
        """What this process computed since it was last asked, where another one keeps it."""
        return ()

    def keep(self, entries: Entries) -> None:
        """Keep what another process computed; a model that keeps nothing lets it go."""
        del entries

    def for_services(self, services: Sequence[Service]) -> PropagationModel:
        """The same propagation asked for other services."""
