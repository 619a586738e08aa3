"""What a project gives beside a plan: inputs, coverage, checks, progress, calibrations, returns."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.calibration import Judged
from siteplan.core.engine import threads_of
from siteplan.core.errors import Fault
from siteplan.field.journal import JOURNAL
from siteplan.field.merge import Merge
from siteplan.field.status import FieldStatus
from siteplan.inputs.load import Examination, Inputs
from siteplan.inputs.measurements import Measurements
from siteplan.outputs.calibration import write_calibration
from siteplan.outputs.calibration_facts import Facts
from siteplan.outputs.pages.health import verdict, write_health
from siteplan.outputs.split import write_split
from siteplan.outputs.write import output_folder
from siteplan.outputs.xlsx.ledger import write_ledger
from siteplan.outputs.xlsx.progress import write_progress
from siteplan.planning import pipeline
from siteplan.planning.progress import Progress
from siteplan.planning.split import QuotaSplit
from siteplan.planning.year import Year
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang

CACHE = Path(".cache") / "footprints.sqlite"
"""Footprints over terrain, kept in the project folder; deleting the file is always safe."""


REGISTRY = "candidate_ids.csv"


REPORTS, RETURNS, CHECKS = "progress", "returns", "checks"
"""Folders of the project that reports of progress, lists of returned rows and checks go to."""


THREADS = min(4, os.cpu_count() or 1)


class OpenProject(Protocol):
    """What a result asks of the project it belongs to."""

    @property
    def config(self) -> Config:
        """The project file."""

    @property
    def language(self) -> Lang:
        """Language of what is written."""

    def new_folder(self, directory: str, name: str) -> Path:
        """A free name in one of the project's folders."""


@dataclass(frozen=True, eq=False)
class AreaInputs:
    """Checked inputs of an area, in the project CRS.

    Attributes
    ----------
    config
        The project file.
    tables
        Every table and raster: see :class:`siteplan.inputs.load.Inputs`.
    """

    config: Config
    tables: Inputs

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Warnings and rejected rows; each prints itself in the project's language."""
        return self.tables.faults

    @property
    def rejected(self) -> pd.DataFrame:
        """Rows left out, with their content."""
        return self.tables.rejected

    @property
    def counties(self) -> gpd.GeoDataFrame:
        """County polygons of this area."""
        return self.tables.area

    @property
    def villages(self) -> gpd.GeoDataFrame | None:
        """Villages as points; None when not given."""
        return self.tables.villages

    @property
    def stations(self) -> gpd.GeoDataFrame | None:
        """Stations of the existing network and those planned; None when not given."""
        return self.tables.stations

    @property
    def properties(self) -> gpd.GeoDataFrame | None:
        """Opened public properties; None when not given."""
        return self.tables.properties

    @property
    def site_plan(self) -> gpd.GeoDataFrame | None:
        """Entries of the site plan; None when not given."""
        return self.tables.site_plan


@dataclass(frozen=True, eq=False)
class ExistingCoverage:
    """What the stations on air cover.

    Attributes
    ----------
    config
        The project file.
    services
        Keys of services, a layer or a layer of one network: ``"L1"``, ``"L2/CT-CU"``.
    outage
        Probability that nobody serves a pixel, float32, shape (services, height, width).
    """

    config: Config
    services: tuple[str, ...]
    outage: NDArray[np.float32]
    _gaps: gpd.GeoDataFrame = field(repr=False)

    def probability(self, service: str) -> NDArray[np.float32]:
        """Probability of being served.

        Parameters
        ----------
        service
            One of ``services``, or a layer's id for its first service.

        Returns
        -------
        ndarray
            P [0-1], float32, shape (height, width).

        Raises
        ------
        KeyError
            If there is no such service.
        """
        for position, key in enumerate(self.services):
            if service in (key, key.partition("/")[0]):
                return np.asarray(1.0 - self.outage[position], dtype=np.float32)
        raise KeyError(service)

    def gaps(self) -> gpd.GeoDataFrame:
        """Polygons where people fall short of the target.

        Returns
        -------
        GeoDataFrame
            ``gap_id, layer, network, county, area_km2, people``, largest first.
        """
        return self._gaps


def existing_coverage(inputs: AreaInputs, *, threads: int = THREADS) -> ExistingCoverage:
    """Compute what the stations on air cover.

    Parameters
    ----------
    inputs
        Of :meth:`Project.load`.
    threads
        Threads for propagation.

    Returns
    -------
    ExistingCoverage
        Probabilities by service, and gaps.
    """
    with threads_of(threads) as map_fn:
        demand, _, existing = pipeline.existing_network(inputs.tables, inputs.config, map_fn=map_fn)
    keys = tuple(service.key for service in demand.services)
    return ExistingCoverage(inputs.config, keys, existing.outage.mean, existing.gaps)


@dataclass(frozen=True, eq=False)
class CheckReport:
    """What a check of the inputs found.

    Attributes
    ----------
    project
        The project.
    examination
        Inputs, faults, headers, evidence of the datum, doubtful addresses.
    """

    project: OpenProject
    examination: Examination

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that was wrong or noted; each prints itself in the project's language."""
        return self.examination.faults

    @property
    def verdict(self) -> str:
        """One sentence: can be planned or not, and how many faults of each severity."""
        return verdict(self.examination, self.project.language)

    @property
    def exit_code(self) -> int:
        """0 for warnings and notes, 1 when nothing can be planned, 3 when rows are left out."""
        severities = {fault.severity for fault in self.faults}
        return 1 if "fatal" in severities else 3 if "rejected" in severities else 0

    def write(self, folder: Path | str | None = None) -> list[Path]:
        """Write fault list, report and headers into a new folder [list of Path]."""
        target = Path(folder) if folder is not None else self.project.new_folder(CHECKS, "check")
        with output_folder(target) as work:
            names = write_health(self.examination, self.project.config, work, self.project.language)
        return [target / name for name in names]


@dataclass(frozen=True, eq=False)
class ProgressReport:
    """Where a year's task stands.

    Attributes
    ----------
    project
        The project.
    progress
        By county and network.
    config
        The project as of the last report.
    year
        What is left of the task in time, and the years before it.
    """

    project: OpenProject
    progress: Progress
    config: Config
    year: Year

    def write(self, folder: Path | str | None = None) -> list[Path]:
        """Write the workbook and the finest lines into a new folder [list of Path]."""
        target = Path(folder) if folder is not None else self.project.new_folder(REPORTS, "progress")
        with output_folder(target) as work:
            names = write_progress(self.progress, self.year, self.config, work, self.project.language)
        return [target / name for name in names]

    def write_ledger(self, folder: Path | str | None = None) -> Path:
        """Write the workbook of every site into a new folder [Path]."""
        target = Path(folder) if folder is not None else self.project.new_folder(REPORTS, "ledger")
        counties = self.progress.counties
        names = dict(zip(counties["county_id"], counties["county"], strict=True))
        with output_folder(target) as work:
            name = write_ledger(self.year, names, self.config, work, self.project.language)
        return target / name


@dataclass(frozen=True, eq=False)
class SplitReport:
    """A quota shared out.

    Attributes
    ----------
    project
        The project.
    split
        Shares and effects.
    stations, year
        The quota, and its year.
    """

    project: OpenProject
    split: QuotaSplit
    stations: int
    year: int

    def targets(self, method: str) -> str:
        """Lines for ``project.toml`` that make one way the year's targets [str].

        Parameters
        ----------
        method
            One of the methods of the split.
        """
        shares = zip(self.split.counties["county"], self.split.counties[method], strict=True)
        lines = (
            f"[[quota.targets]]\nyear = {self.year}\ncounty = {json.dumps(name, ensure_ascii=False)}\n"
            f"stations = {int(count)}\n"
            for name, count in shares
        )
        return "\n".join(lines)

    def write(self, folder: Path | str | None = None) -> list[Path]:
        """Write shares, effects and the lines of every way into a new folder [list of Path]."""
        target = Path(folder) if folder is not None else self.project.new_folder(REPORTS, "split")
        with output_folder(target) as work:
            names = write_split(self.split, self.targets, work)
        return [target / name for name in names]


@dataclass(frozen=True, eq=False)
class CalibrationResult:
    """A calibration with its evidence.

    Attributes
    ----------
    project
        The project.
    judged
        Fit, and errors on sites left out.
    measurements
        Matched rows and what was wrong with others.
    facts
        Where it comes from.
    sites
        Easting and northing of each site [m], for the map of residuals.
    """

    project: OpenProject
    judged: Judged
    measurements: Measurements
    facts: Facts
    sites: Mapping[str, tuple[float, float]]

    def write(self, folder: Path | str | None = None) -> Path:
        """Write ``calibration.toml``, report, map and tables into a new folder [Path]."""
        stem = Path(self.facts.measurements).stem
        directory = self.project.config.outputs.directory
        target = (
            Path(folder) if folder is not None else self.project.new_folder(directory, f"calibration-{stem}")
        )
        with output_folder(target) as work:
            write_calibration(
                self.judged, self.project.config, self.facts, work, self.project.language, self.sites
            )
        return target


@dataclass(frozen=True, eq=False)
class ReturnsResult:
    """Returned files after they were taken in.

    Attributes
    ----------
    merge
        Verdicts and new events.
    field_status
        What the journal adds up to afterwards.
    folder
        Where the list of rows lies; None where there was no file.
    """

    merge: Merge
    field_status: FieldStatus
    folder: Path | None

    @property
    def counts(self) -> dict[str, int]:
        """Rows by verdict."""
        return self.merge.counts

    @property
    def exit_code(self) -> int:
        """3 when rows are held or rejected, else 0."""
        return 3 if {"held", "rejected"} & set(self.counts) else 0


def fork_faults(status: FieldStatus) -> list[Fault]:
    """Stories of the journal that contradict each other, as faults.

    Parameters
    ----------
    status
        Of the journal.

    Returns
    -------
    list of Fault
        One a pair.
    """
    return [
        Fault(
            "warning",
            JOURNAL,
            "journal_fork",
            "journal_fork_fix",
            {"candidate": one.candidate_id, "one": one.event_id[:8], "other": other.event_id[:8]},
        )
        for one, other in status.conflicts
    ]
