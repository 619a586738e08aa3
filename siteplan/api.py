"""What a notebook, a script and the command line call: a project, its inputs, its plans, its year.

What came back is in the journal before anything is planned with it, and a run folder appears whole or not at
all; so a process that is killed at any moment is simply started again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import cast, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.calibration import Judged
from siteplan.candidates.returned_places import with_on_air
from siteplan.core.errors import Fault, SiteplanError, attach_renderer
from siteplan.core.files import (
    append_lines,
    atomic_folder,
    clear_leftovers,
    project_lock,
    read_lines,
    read_registry,
    require_writable,
    sha256_of,
    write_registry,
)
from siteplan.core.progress import SILENT, Report, Stopwatch
from siteplan.core.stopwatch import peak_memory_mib
from siteplan.coverage.footprint_cache import FileCache
from siteplan.coverage.terrain import propagation_name
from siteplan.demo import write_demo
from siteplan.field.journal import JOURNAL, Event, events_of, line_of
from siteplan.field.merge import Merge, MergeOptions, merge, undo
from siteplan.field.published import PublishedList
from siteplan.field.returns import read_returns
from siteplan.field.status import FieldStatus, replay
from siteplan.inputs.load import Examination, Inputs
from siteplan.inputs.measurements import Measurements
from siteplan.outputs.audience import audience_of
from siteplan.outputs.calibration import write_calibration
from siteplan.outputs.calibration_facts import Facts
from siteplan.outputs.pages.health import verdict, write_health
from siteplan.outputs.templates import DEFAULT_CRS, new_project
from siteplan.outputs.wording import rendered
from siteplan.outputs.write import MapOrder, report_write_errors, write_all, write_diff, write_state_files
from siteplan.outputs.xlsx.progress import write_progress
from siteplan.outputs.xlsx.returned import write_checked
from siteplan.planning import pipeline
from siteplan.planning.compare import Diff, NamedPlan, compare_plans
from siteplan.planning.pipeline import AreaRequest
from siteplan.planning.progress import Progress, progress_of
from siteplan.planning.proposal import Proposal
from siteplan.planning.quota import build_ledger, on_air
from siteplan.planning.replan import ReplanContext
from siteplan.planning.run_record import RequestRecord, RunCosts, RunRecord
from siteplan.planning.state import ARRAYS, CONFIG, RECORD, TABLES, read_record, read_state
from siteplan.project.input_files import Datum, Input
from siteplan.project.project_file import load_config, read_calibration
from siteplan.project.schema import Config
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import LANGUAGES, Lang

__all__ = [
    "DEFAULT_CRS",
    "AreaInputs",
    "CalibrationResult",
    "CheckReport",
    "ExistingCoverage",
    "Plan",
    "PlanComparison",
    "ProgressReport",
    "Project",
    "ReturnsResult",
    "compare",
    "existing_coverage",
    "new_project",
    "open_project",
    "read_plan",
    "write_demo",
]

CACHE = Path(".cache") / "footprints.sqlite"
"""Footprints over terrain, kept in the project folder; deleting the file is always safe."""
REGISTRY = "candidate_ids.csv"
REPORTS, RETURNS, CHECKS = "progress", "returns", "checks"
"""Folders of the project that reports of progress, lists of returned rows and checks go to."""
THREADS = min(4, os.cpu_count() or 1)
LANGUAGE_VARIABLE = "SITEPLAN_LANG"


# --- a project -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Project:
    """A project folder with its checked project file.

    Attributes
    ----------
    folder
        Where ``project.toml``, journal, ids and runs lie.
    config
        The project file.
    data
        Folder the input paths are relative to.
    language
        Of outputs and messages.
    """

    folder: Path
    config: Config
    data: Path
    language: Lang

    def load(self, county: str | None = None) -> AreaInputs:
        """Read and check every input.

        Parameters
        ----------
        county
            Name or code of one county; None for all of them.

        Returns
        -------
        AreaInputs
            Checked tables and rasters, with what was wrong in ``faults``.

        Raises
        ------
        SiteplanError
            If something fatal stands in the way; all of it is named.

        Examples
        --------
        >>> project = open_project("data/shaoguan")  # doctest: +SKIP
        >>> project.load(county="乐昌市").villages.shape  # doctest: +SKIP
        (225, 12)
        """
        return AreaInputs(self.config, pipeline.load(self.data, self.config, county))

    def check(self, county: str | None = None) -> CheckReport:
        """Read and check every input, whatever comes of it.

        Parameters
        ----------
        county
            Name or code of one county; None for all of them.

        Returns
        -------
        CheckReport
            Everything that was found.
        """
        found = pipeline.examine(self.data, self.config, county)
        return CheckReport(self, replace(found, faults=(*found.faults, *self._ledger_faults(found))))

    def _ledger_faults(self, found: Examination) -> tuple[Fault, ...]:
        """What the year's targets have to say of inputs that can be planned."""
        if found.inputs is None:
            return ()
        inputs, config = found.inputs, self.config
        stations = on_air(inputs.stations, config)
        try:
            ledger = build_ledger(config, inputs.counties, inputs.area, stations, year=config.project.year)
        except SiteplanError as error:
            return (Fault("fatal", "project.toml", error.key, "quota_fix", error.values, table="quota"),)
        return ledger.faults

    def plan(
        self,
        *,
        county: str | None = None,
        year: int | None = None,
        quota: int | None = None,
        built: int | None = None,
        propagation: str | None = None,
        clutter: str | None = None,
        calibration: Path | str | None = None,
        threads: int = THREADS,
        report: Report = SILENT,
    ) -> Plan:
        """Plan an area: coverage, gaps, candidates, selection, ranks.

        Parameters
        ----------
        county
            One county; None for the city.
        year, quota, built
            Override the project's ledger for this area.
        propagation
            ``terrain`` or ``empirical``; None takes the project's own.
        clutter
            ``profile``, ``end_loss`` or ``none``; None takes the project's own.
        calibration
            A ``calibration.toml``; None takes the project's own, if it names one.
        threads
            Threads for propagation.
        report
            Is told of progress.

        Returns
        -------
        Plan
            Not written yet: see :meth:`Plan.write`.

        Raises
        ------
        SiteplanError
            For anything the user can put right.
        """
        record = RequestRecord(
            county=county,
            year=year,
            quota=quota,
            built=built,
            propagation=propagation,
            clutter=clutter,
            calibration=None if calibration is None else str(calibration),
        )
        config = with_propagation(self.config, propagation, clutter)
        if calibration is not None:
            config = read_calibration(config, Path(calibration))
        context = ReplanContext(self.field_status())
        return self._planned(config, record, context, None, threads, report)

    def replan(
        self,
        run: Path | str,
        *,
        change_penalty: float | None = None,
        max_changes: int | None = None,
        quota: int | None = None,
        built: int | None = None,
        propagation: str | None = None,
        threads: int = THREADS,
        report: Report = SILENT,
    ) -> Plan:
        """Plan again what a run planned, with what the journal holds, keeping the list that is out.

        Parameters
        ----------
        run
            Folder of the plan whose list is out.
        change_penalty
            Cost of changing a published place; None takes the project's.
        max_changes
            Most published places that may be given up; None leaves it to the penalty.
        quota, built, propagation
            As in :meth:`plan`; None asks for what the run was asked for.
        threads, report
            As in :meth:`plan`.

        Returns
        -------
        Plan
            With the run it replaces in ``previous``; the run's calibration holds for it too.

        Raises
        ------
        SiteplanError
            For anything the user can put right.
        """
        previous = read_plan(run)
        status, before = self.field_status(), previous.proposal
        overrides = {"quota": quota, "built": built, "propagation": propagation}
        asked = before.record.request.model_copy(
            update={name: value for name, value in overrides.items() if value is not None}
        )
        if asked.built is not None and built is None:
            asked = asked.model_copy(update={"built": asked.built + _built_since(status, before.record)})
        config = with_propagation(self.config, asked.propagation, asked.clutter)
        if asked.calibration is not None:
            config = config.model_copy(update={"fitted": before.config.fitted})
        published = before.record.published
        context = ReplanContext(status, published.places, published.run_id, change_penalty, max_changes)
        return self._planned(config, asked, context, previous.named, threads, report)

    def _planned(
        self,
        config: Config,
        record: RequestRecord,
        context: ReplanContext,
        previous: NamedPlan | None,
        threads: int,
        report: Report,
    ) -> Plan:
        """Plan under the project's lock; ids given to places are kept."""
        watch, config = Stopwatch(report), as_of(config, context.field_status)
        with watch.stage("load"):
            inputs = pipeline.load(self.data, config, record.county)
        registry = self.folder / REGISTRY
        with (
            project_lock(self.folder),
            ThreadPoolExecutor(threads) as pool,
            FileCache(self.folder / CACHE, config.coverage.cache_mib) as cache,
        ):
            require_writable(registry)
            request = AreaRequest(record.year, record.quota, record.built, read_registry(registry), record)
            proposal, ids = pipeline.run(
                inputs, config, request, context, cache=cache, map_fn=pool.map, report=watch
            )
            write_registry(registry, ids)
            computed = cache.added
        costs = RunCosts(
            seconds=watch.total(), peak_memory_mib=peak_memory_mib(), footprints_computed=computed
        )
        measured = replace(proposal, record=proposal.record.model_copy(update={"costs": costs}))
        return Plan(
            measured, "", self.language, previous, self.new_folder(config.outputs.directory, inputs.area_name)
        )

    def merge_returns(
        self,
        run: Path | str,
        files: Sequence[Path | str],
        *,
        reporter: str = "",
        take: Collection[str] = (),
    ) -> ReturnsResult:
        """Read returned files, write down what became of every row, and add what is certain to the journal.

        Parameters
        ----------
        run
            Folder of the plan the returns are about.
        files
            Forms, exports of the map, KMZ.
        reporter
            Who reports where rows do not say.
        take
            Keys of rows to be taken although they were held.

        Returns
        -------
        ReturnsResult
            What was taken, and what stands now.

        Raises
        ------
        SiteplanError
            If a file is no return form, the run or the journal cannot be read, or the project is locked.
        """
        published = _record_of(Path(run)).published
        with project_lock(self.folder):
            events = self.journal()
            if not files:
                return ReturnsResult(Merge((), ()), replay(events), None)
            paths = [Path(file) for file in files]
            result = _merged(published, events, paths, reporter, take)
            require_writable(self.folder / JOURNAL)
            append_lines(self.folder / JOURNAL, [line_of(event) for event in result.events])
            target = self.new_folder(RETURNS, "returns")
            with atomic_folder(target) as work, report_write_errors(target):
                write_checked(result, published, work, self.language)
        return ReturnsResult(result, replay((*events, *result.events)), target)

    def undo(self, event: str = "", reporter: str = "") -> tuple[Event, FieldStatus]:
        """Take an event of the journal back by adding one that says so.

        Parameters
        ----------
        event
            Beginning of its id; "" for the one recorded last.
        reporter
            Who takes it back.

        Returns
        -------
        tuple
            The event that was undone, and what stands now.

        Raises
        ------
        SiteplanError
            If no event, or more than one, is meant.
        """
        with project_lock(self.folder):
            events = self.journal()
            now = datetime.now().astimezone().isoformat(timespec="microseconds")
            added = undo(events, event, reporter, now)
            if added is None:
                raise SiteplanError("nothing_to_undo", file=JOURNAL, event=event)
            append_lines(self.folder / JOURNAL, [line_of(added)])
        undone = next(each for each in events if each.event_id == added.after)
        return undone, replay((*events, added))

    def progress(self, year: int | None = None) -> ProgressReport:
        """Count where a year's task stands.

        Parameters
        ----------
        year
            Of the quota; None for the project's.

        Returns
        -------
        ProgressReport
            By county and network.
        """
        status = self.field_status()
        config = as_of(self.config, status)
        inputs = with_on_air(pipeline.load(self.data, config), status, config)
        return ProgressReport(self, progress_of(inputs, status, config, year or config.project.year), config)

    def calibrate(
        self,
        measurements: Path | str,
        *,
        datum: str = "wgs84",
        columns: Mapping[str, str] | None = None,
        serving_only: bool | None = None,
        propagation: str | None = None,
        seed: int = 0,
    ) -> CalibrationResult:
        """Hold the model against measurements.

        Parameters
        ----------
        measurements
            Drive test or phone reports, CSV or XLSX.
        datum
            ``wgs84``, ``cgcs2000``, ``gcj02`` or ``bd09``.
        columns
            Header in the file by siteplan's name of the column.
        serving_only
            Whether rows are of serving cells only; None decides by the data.
        propagation
            As in :meth:`plan`.
        seed
            Of draws and of the groups of sites left out.

        Returns
        -------
        CalibrationResult
            The fit with its errors on sites left out.

        Raises
        ------
        SiteplanError
            If there are no stations, nothing matches, or there is too little data.
        """
        if datum not in get_args(Datum):
            choices = ", ".join(get_args(Datum))
            raise SiteplanError("unknown_choice", option="--datum", value=datum, choices=choices)
        path, config = Path(measurements), with_propagation(self.config, propagation)
        given = Input(path=str(path.absolute()), datum=cast(Datum, datum), columns=dict(columns or {}))
        inputs = pipeline.load(self.data, config)
        judged, rows, left_out = pipeline.measured(
            self.data, inputs, config, given, serving_only=serving_only, seed=seed
        )
        name = propagation_name(inputs, config)
        facts = Facts(
            path.name,
            sha256_of(path),
            rows.read,
            len(judged.sample),
            left_out,
            name,
            config.coverage.clutter if name == "terrain" else "",
            date.today().isoformat(),
            config.project.synthetic,
        )
        return CalibrationResult(self, judged, rows, facts)

    def journal(self) -> tuple[Event, ...]:
        """Events of the project's journal; none where nothing has come back yet."""
        return events_of(read_lines(self.folder / JOURNAL))

    def field_status(self) -> FieldStatus:
        """What the journal adds up to."""
        return replay(self.journal())

    def new_folder(self, directory: str, name: str) -> Path:
        """A free name in one of the project's folders, by name and time [Path]."""
        return free_folder(self.folder / directory, name)


def open_project(path: Path | str, *, data: Path | str | None = None, language: str | None = None) -> Project:
    """Open a project.

    Parameters
    ----------
    path
        Its folder, or its ``project.toml``.
    data
        Folder the input paths are relative to; None takes the project's own.
    language
        ``"zh"`` or ``"en"``; None takes SITEPLAN_LANG, else the project's own.

    Returns
    -------
    Project
        With its checked project file. Faults and errors print themselves in its language from now on.

    Raises
    ------
    SiteplanError
        If the project file is missing or wrong; every fault is named with its dotted path.

    Examples
    --------
    >>> open_project("no/such/folder")
    Traceback (most recent call last):
        ...
    siteplan.core.errors.ConfigError: no/such/folder: 找不到项目文件
    """
    path = Path(path)
    speak(language or os.environ.get(LANGUAGE_VARIABLE) or "zh")
    require_plain(path)
    config = load_config(path)
    chosen = speak(language or os.environ.get(LANGUAGE_VARIABLE) or config.project.language)
    folder = path if path.is_dir() else path.parent
    if data is not None:
        require_plain(Path(data))
    return Project(folder, config, folder if data is None else Path(data), chosen)


def project_of(run: Path | str, project: Path | str | None = None) -> Path:
    """Folder of the project a run belongs to: the one given, else the nearest above it.

    Parameters
    ----------
    run
        Run folder.
    project
        Project folder or file, or None.

    Returns
    -------
    Path
        Its folder.

    Raises
    ------
    SiteplanError
        If there is none.
    """
    if project is not None:
        path = Path(project)
        return path if path.is_dir() else path.parent
    for folder in Path(run).absolute().parents:
        if (folder / "project.toml").is_file():
            return folder
    raise SiteplanError("no_project_above", path=str(run))


def speak(language: str) -> Lang:
    """Let faults and errors print themselves in a language.

    Parameters
    ----------
    language
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        The language.

    Raises
    ------
    SiteplanError
        If it is neither.
    """
    if language not in LANGUAGES:
        attach_renderer(lambda subject: rendered(subject, "en"))
        raise SiteplanError("unknown_language", value=language, choices=", ".join(LANGUAGES))
    attach_renderer(lambda subject: rendered(subject, language))
    return language


# --- what a project gives --------------------------------------------------------------------------------


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
        Keys of services, a layer or a layer of one network: ``"L1"``, ``"L2:CT-CU"``.
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
            if service in (key, key.partition(":")[0]):
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
    with ThreadPoolExecutor(threads) as pool:
        demand, _, existing = pipeline.existing_network(inputs.tables, inputs.config, map_fn=pool.map)
    keys = tuple(service.key for service in demand.services)
    return ExistingCoverage(inputs.config, keys, existing.outage, existing.gaps)


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan: ranked sites with their bound, and everything that is written of it.

    Attributes
    ----------
    proposal
        All parts: see :class:`siteplan.planning.proposal.Proposal`.
    name
        Of the folder it was read from, "" for one that was planned just now.
    language
        It is written in where nothing else is asked.
    previous
        The plan whose list was out, for a re-plan.
    folder
        Where :meth:`write` puts it when no folder is given.
    """

    proposal: Proposal
    name: str
    language: Lang
    previous: NamedPlan | None = None
    folder: Path | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.proposal == other.proposal

    __hash__ = None  # type: ignore[assignment]

    @property
    def named(self) -> NamedPlan:
        """The plan with the name people know it by."""
        return NamedPlan(self.name, self.proposal)

    @property
    def record(self) -> RunRecord:
        """The plan in numbers, as in ``run.json``."""
        return self.proposal.record

    @property
    def sites(self) -> gpd.GeoDataFrame:
        """Ranked rows; any first k of them are a good k."""
        return self.proposal.places.proposed

    @property
    def candidates(self) -> gpd.GeoDataFrame:
        """Every place considered, refused ones with the key of their rule."""
        return self.proposal.places.candidates

    @property
    def villages(self) -> gpd.GeoDataFrame:
        """Villages before and after."""
        return self.proposal.effects.villages

    @property
    def curve(self) -> pd.DataFrame:
        """Newly covered weight by rank, with the bound of every length."""
        return self.proposal.places.curve

    @property
    def bound(self) -> float:
        """No plan of this quota covers more newly covered weight than this."""
        return self.proposal.record.upper_bound

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything the inputs and the ledger had to say."""
        return self.proposal.faults

    def comparison(self) -> PlanComparison | None:
        """What became of the list that was out; None for a plan that is no re-plan."""
        if self.previous is None:
            return None
        after = NamedPlan(self.name or (self.folder.name if self.folder else ""), self.proposal)
        return PlanComparison(compare_plans(self.previous, after), self.language)

    def write(
        self,
        folder: Path | str | None = None,
        *,
        audiences: Sequence[str] = (),
        lang: str | None = None,
        recipient: str = "",
        online_tiles: bool = False,
        report: Report = SILENT,
    ) -> Path:
        """Write a run folder, whole or not at all.

        Parameters
        ----------
        folder
            New folder; None takes a free name under the project's run directory.
        audiences
            Ids of the audiences maps are written for; () for the project's own choice.
        lang
            ``"zh"`` or ``"en"``; None for the plan's own.
        recipient
            Whom maps with a watermark are made out to.
        online_tiles
            Whether maps offer online base maps.
        report
            Is told of progress.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        SiteplanError
            If the folder exists or cannot be written, or an audience is not in the project file.
        """
        target = Path(folder) if folder is not None else self.folder
        if target is None:
            raise SiteplanError("no_folder")
        require_plain(target)
        for each in audiences:
            audience_of(self.proposal.config, each)
        chosen = self.language if lang is None else speak(lang)
        order = MapOrder(tuple(audiences), recipient, date.today().isoformat(), online_tiles)
        clear_leftovers(target.parent)
        with report.stage("outputs"), atomic_folder(target) as work, report_write_errors(target):
            write_all(self.proposal, work, chosen, order)
            write_state_files(self.proposal, work)
            if self.previous is not None:
                after = NamedPlan(target.name, self.proposal)
                write_diff(compare_plans(self.previous, after), work, chosen)
        return target


def read_plan(folder: Path | str) -> Plan:
    """Read a plan back from its run folder.

    Parameters
    ----------
    folder
        As :meth:`Plan.write` or ``siteplan plan`` wrote it.

    Returns
    -------
    Plan
        Equal to the one that was written.

    Raises
    ------
    SiteplanError
        If a file is missing or is not what this version writes.
    """
    path = Path(folder)
    files = {name: _content(path, name) for name in (RECORD, CONFIG, TABLES, ARRAYS)}
    proposal = read_state(files, path.name)
    return Plan(proposal, path.name, proposal.config.project.language)


def _content(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise SiteplanError("no_run_folder", path=str(folder), detail=str(error)) from error


def _record_of(run: Path) -> RunRecord:
    return read_record(_content(run, RECORD), str(run))


@dataclass(frozen=True, eq=False)
class PlanComparison:
    """Two plans side by side.

    Attributes
    ----------
    diff
        What becomes of every place: see :class:`siteplan.planning.compare.Diff`.
    language
        It is written in.
    """

    diff: Diff
    language: Lang

    @property
    def rows(self) -> gpd.GeoDataFrame:
        """One row a place: kept, moved, dropped or new."""
        return self.diff.rows

    @property
    def counts(self) -> dict[str, int]:
        """Places by what becomes of them."""
        return self.diff.counts

    def write(self, folder: Path | str) -> list[Path]:
        """Write the list and the map of changes into a new folder [list of Path]."""
        target = Path(folder)
        require_plain(target)
        with atomic_folder(target) as work, report_write_errors(target):
            names = write_diff(self.diff, work, self.language)
        return [target / name for name in names]


def compare(before: Path | str, after: Path | str, *, language: str | None = None) -> PlanComparison:
    """Compare two runs.

    Parameters
    ----------
    before, after
        Their folders.
    language
        ``"zh"`` or ``"en"``; None takes SITEPLAN_LANG, else the later run's own.

    Returns
    -------
    PlanComparison
        Every proposed place of either run exactly once.

    Raises
    ------
    SiteplanError
        If a folder is no run, or the runs have different CRS.
    """
    old, new = read_plan(before), read_plan(after)
    chosen = speak(language or os.environ.get(LANGUAGE_VARIABLE) or new.language)
    return PlanComparison(compare_plans(old.named, new.named), chosen)


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

    project: Project
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
        with atomic_folder(target) as work, report_write_errors(target):
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
    """

    project: Project
    progress: Progress
    config: Config

    def write(self, folder: Path | str | None = None) -> list[Path]:
        """Write the workbook and the finest lines into a new folder [list of Path]."""
        target = Path(folder) if folder is not None else self.project.new_folder(REPORTS, "progress")
        with atomic_folder(target) as work, report_write_errors(target):
            names = write_progress(self.progress, self.config, work, self.project.language)
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
    """

    project: Project
    judged: Judged
    measurements: Measurements
    facts: Facts

    def write(self, folder: Path | str | None = None) -> Path:
        """Write ``calibration.toml``, report, map and tables into a new folder [Path]."""
        stem = Path(self.facts.measurements).stem
        directory = self.project.config.outputs.directory
        target = (
            Path(folder) if folder is not None else self.project.new_folder(directory, f"calibration-{stem}")
        )
        with atomic_folder(target) as work, report_write_errors(target):
            write_calibration(self.judged, self.project.config, self.facts, work, self.project.language)
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


# --- helpers -----------------------------------------------------------------------------------------------


def _merged(
    published: PublishedList,
    events: Sequence[Event],
    files: Sequence[Path],
    reporter: str,
    take: Collection[str],
) -> Merge:
    """Verdicts on all rows; a row without a date is as old as its file."""
    ids = sorted({*published.places, *published.unlisted, *(event.candidate_id for event in events)})
    rows = [row for file in files for row in read_returns(file, ids)]
    days = {sha256_of(f): datetime.fromtimestamp(f.stat().st_mtime).date().isoformat() for f in files}
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return merge(rows, published, events, MergeOptions(now, reporter, days, tuple(take)))


def _built_since(status: FieldStatus, before: RunRecord) -> int:
    """Stations on air by the journal since the date of a run that was given how many were built."""
    on_air_now = status.with_status(SiteStatus.ON_AIR)
    return sum(state.place.stations for state in on_air_now if state.since > before.reference_date)


def as_of(config: Config, status: FieldStatus) -> Config:
    """The project at the date of the last report, if that is later than its own.

    Parameters
    ----------
    config
        The project.
    status
        Of its journal.

    Returns
    -------
    Config
        With its ``reference_date``.
    """
    latest = date.fromisoformat(status.latest) if status.latest else config.project.reference_date
    if latest <= config.project.reference_date:
        return config
    project = config.project.model_copy(update={"reference_date": latest})
    return config.model_copy(update={"project": project})


def with_propagation(config: Config, propagation: str | None, clutter: str | None = None) -> Config:
    """The project with another propagation model or treatment of clutter.

    Parameters
    ----------
    config
        The project.
    propagation, clutter
        None leaves the project's own.

    Returns
    -------
    Config
        A copy.

    Raises
    ------
    SiteplanError
        If there is no such model or treatment.
    """
    choices: dict[str, Collection[str]] = {
        "propagation": ("auto", "terrain", "empirical"),
        "clutter": ("profile", "end_loss", "none"),
    }
    update = {
        name: value
        for name, value in (("propagation", propagation), ("clutter", clutter))
        if value is not None
    }
    for name, value in update.items():
        if value not in choices[name]:
            raise SiteplanError(
                "unknown_choice", option=f"--{name}", value=value, choices=", ".join(choices[name])
            )
    return config.model_copy(update={"coverage": config.coverage.model_copy(update=update)})


def require_plain(path: Path) -> None:
    """The GIS library reads "!" in a path as a file inside an archive."""
    if "!" in str(path.absolute()):
        raise SiteplanError("plain_path", path=str(path))


def free_folder(directory: Path, name: str) -> Path:
    """A new name by area and time; a second run in the same second gets a number [Path]."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    safe = re.sub(r'[\\/:*?"<>|\s]+', "_", name)
    stem, number = f"{safe}-{stamp}", 2
    target = directory / stem
    while target.exists():
        target, number = directory / f"{stem}-{number}", number + 1
    return target
