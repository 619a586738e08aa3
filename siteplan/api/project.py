"""A project: its inputs, its plans, its year."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import cast, get_args

import geopandas as gpd

from siteplan.api.inbox import (
    INBOX,
    InboxFile,
    InboxResult,
    files_in,
    read_new,
    receipt,
    received,
    with_verdicts,
)
from siteplan.api.language import LANGUAGE_VARIABLE, free_folder, require_plain, speak
from siteplan.api.lists import listed_places, published_lists, records_in, runs_of, standing_lists
from siteplan.api.plan import Plan, read_plan, record_of
from siteplan.api.results import (
    CACHE,
    REGISTRY,
    RETURNS,
    THREADS,
    AreaInputs,
    CalibrationResult,
    CheckReport,
    ProgressReport,
    ReturnsResult,
    SplitReport,
)
from siteplan.candidates.returned_places import with_on_air
from siteplan.core.engine import cluster, scheduler_of, threads_of
from siteplan.core.errors import Fault, SiteplanError
from siteplan.core.files import (
    append_lines,
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
from siteplan.coverage.propagation import MapFn
from siteplan.coverage.terrain import propagation_name
from siteplan.field.journal import JOURNAL, Event, events_of, line_of
from siteplan.field.merge import Merge, MergeOptions, merge, undo
from siteplan.field.published import PublishedList
from siteplan.field.records import KeyIndex
from siteplan.field.returns import ReturnRow, read_returns
from siteplan.field.status import FieldStatus, replay
from siteplan.inputs.load import Examination, Inputs
from siteplan.outputs.calibration_facts import Facts
from siteplan.outputs.write import output_folder
from siteplan.outputs.xlsx.returned import write_checked
from siteplan.planning import pipeline
from siteplan.planning.compare import NamedPlan
from siteplan.planning.explore import Explorer
from siteplan.planning.neighbours import with_neighbours
from siteplan.planning.pipeline import AreaRequest
from siteplan.planning.progress import progress_of
from siteplan.planning.quota import build_ledger, on_air
from siteplan.planning.replan import ReplanContext
from siteplan.planning.run_record import RequestRecord, RunCosts, RunRecord
from siteplan.planning.split import split_quota
from siteplan.planning.year import require_known_capacity, year_of
from siteplan.project.input_files import Datum, Input
from siteplan.project.project_file import load_config, read_calibration
from siteplan.project.schema import Config
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import Lang


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

    def check(self, county: str | None = None, report: Report = SILENT) -> CheckReport:
        """Read and check every input, whatever comes of it.

        Parameters
        ----------
        county
            Name or code of one county; None for all of them.
        report
            Is told what is read.

        Returns
        -------
        CheckReport
            Everything that was found.
        """
        with report.stage("load"):
            found = pipeline.examine(self.data, self.config, county, report)
        return CheckReport(self, replace(found, faults=(*found.faults, *self._ledger_faults(found))))

    def _ledger_faults(self, found: Examination) -> tuple[Fault, ...]:
        """What the year's targets have to say of inputs that can be planned."""
        if found.inputs is None:
            return ()
        inputs, config = found.inputs, self.config
        stations = on_air(inputs.stations, config)
        odd = _capacity_faults(config, inputs)
        try:
            ledger = build_ledger(config, inputs.counties, inputs.area, stations, year=config.project.year)
        except SiteplanError as error:
            wrong = Fault("fatal", "project.toml", error.key, "quota_fix", error.values, table="quota")
            return (wrong, *odd)
        return (*ledger.faults, *odd)

    def plan(  # noqa: PLR0913 - what a plan can be asked for
        self,
        *,
        county: str | None = None,
        year: int | None = None,
        quota: int | None = None,
        built: int | None = None,
        propagation: str | None = None,
        clutter: str | None = None,
        calibration: Path | str | None = None,
        measurements: Input | Path | str | None = None,
        years: int = 1,
        switched_off: Sequence[str] = (),
        neighbours: Sequence[Path | str] = (),
        as_one: bool = False,
        threads: int = THREADS,
        scheduler: str | None = None,
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
        measurements
            Drive test or phone reports the map is conditioned on; a path is one in WGS84 under headers
            siteplan knows.
        years
            How many years are planned: the list is the first one's, the others follow it within their own
            quotas.
        switched_off
            Sites of the network, by ``site_id``, that are taken to be off; the ledger still counts them.
        neighbours
            Projects of neighbouring cities, whose stations radiate here and count for nobody's task.
        as_one
            Whether quotas of counties are set aside, so that the quota is one task of the whole.
        threads
            Threads for propagation.
        scheduler
            ``local:N`` for N processes, or the address of a Dask scheduler; None takes the project's own. The
            result does not depend on it.
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
            measurements=None
            if measurements is None
            else _given(measurements).model_dump(exclude_defaults=True),
            years=years,
            switched_off=tuple(switched_off),
            neighbours=tuple(str(each) for each in neighbours),
            as_one=as_one,
        )
        config = with_propagation(self.config, propagation, clutter)
        if calibration is not None:
            config = read_calibration(config, Path(calibration))
        context = ReplanContext(self.field_status())
        return self._planned(config, record, context, None, threads, report, scheduler)

    def explore(
        self, *, county: str | None = None, threads: int = THREADS, report: Report = SILENT
    ) -> Explorer:
        """Solve an area and keep it in memory for questions that are answered at once.

        Parameters
        ----------
        county
            One county; None for the city.
        threads, report
            As in :meth:`plan`.

        Returns
        -------
        Explorer
            Takes as long as a plan without its outputs, and asks for about as much memory.

        Raises
        ------
        SiteplanError
            For anything the user can put right.

        Examples
        --------
        >>> explorer = open_project("data/shaoguan").explore(county="乐昌市")  # doctest: +SKIP
        >>> explorer.what_if(refused=["440281-2023-0001"]).people_covered  # doctest: +SKIP
        """
        status = self.field_status()
        config = as_of(self.config, status)
        watch = Stopwatch(report)
        with watch.stage("load"):
            inputs = pipeline.load(self.data, config, county, watch)
        with self.workplace(config, threads) as (map_fn, cache):
            request = AreaRequest(ids=read_registry(self.folder / REGISTRY))
            context = ReplanContext(status)
            return pipeline.explore(
                inputs, config, request, context, cache=cache, map_fn=map_fn, report=watch
            )

    @contextmanager
    def workplace(
        self, config: Config, threads: int, scheduler: str | None = None, report: Report = SILENT
    ) -> Iterator[tuple[MapFn, FileCache]]:
        """The project's lock, threads or a cluster for propagation, and the footprints of earlier runs."""
        rules = config.engine
        asked = rules.scheduler if scheduler is None else scheduler
        with ExitStack() as open_now:
            open_now.enter_context(project_lock(self.folder))
            own = open_now.enter_context(threads_of(threads))
            map_fn: MapFn = own
            if asked:
                shared = Path(rules.shared_folder or self.folder / CACHE.parent) / f"workers-{os.getpid()}"
                map_fn = open_now.enter_context(
                    cluster(
                        scheduler_of(asked),
                        shared.absolute(),
                        own,
                        worker_mib=rules.worker_memory_mib,
                        report=report,
                    )
                )
            cache = FileCache(self.folder / CACHE, config.coverage.cache_mib)
            yield map_fn, open_now.enter_context(cache)

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
        scheduler: str | None = None,
    ) -> Plan:
        """Plan under the project's lock; ids given to places are kept."""
        if scheduler:
            scheduler_of(scheduler)  # refused before minutes are spent
        watch, config = Stopwatch(report), as_of(config, context.field_status)
        with watch.stage("load"):
            inputs = pipeline.load(self.data, config, record.county, watch)
        inputs = replace(inputs, faults=(*_date_moved(self.config, config, inputs), *inputs.faults))
        if record.as_one:
            config = without_targets(config)
        if record.neighbours:
            with watch.stage("load"):
                inputs = with_neighbours(inputs, config, stations_of(record.neighbours, self.language, watch))
        readings = None
        if record.measurements is not None:
            given = Input(**record.measurements)
            with watch.stage("measurements"):
                readings = pipeline.matched(self.data, inputs, config, given, report=watch)
            record = record.model_copy(update={"measurements_sha256": sha256_of(Path(given.path))})
            inputs = replace(inputs, faults=(*inputs.faults, *readings.faults))
        registry = self.folder / REGISTRY
        with self.workplace(config, threads, scheduler, watch) as (map_fn, cache):
            require_writable(registry)
            ids_given = read_registry(registry)
            request = AreaRequest(record.year, record.quota, record.built, ids_given, record, readings)
            proposal, ids = pipeline.run(
                inputs, config, request, context, cache=cache, map_fn=map_fn, report=watch
            )
            write_registry(registry, ids)
            computed = cache.added
        costs = RunCosts(
            seconds=watch.total(),
            cpu_seconds=watch.cpu_seconds,
            peak_memory_mib=peak_memory_mib(),
            footprints_computed=computed,
        )
        measured = replace(proposal, record=proposal.record.model_copy(update={"costs": costs}))
        return Plan(
            measured, "", self.language, previous, self.new_folder(config.outputs.directory, inputs.area_name)
        )

    def split(
        self, stations: int, *, year: int | None = None, threads: int = THREADS, report: Report = SILENT
    ) -> SplitReport:
        """Share a quota out to the counties in several ways, each with what it would cover.

        Parameters
        ----------
        stations
            Quota of the whole area.
        year
            Of the quota; None for the project's.
        threads, report
            As in :meth:`plan`.

        Returns
        -------
        SplitReport
            Shares by county and method, and their effects.

        Raises
        ------
        SiteplanError
            For anything the user can put right.
        """
        status = self.field_status()
        config = as_of(self.config, status)
        chosen = year or config.project.year
        with report.stage("load"):
            inputs = with_on_air(pipeline.load(self.data, config, None, report), status, config)
        free = without_targets(config)
        with self.workplace(config, threads) as (map_fn, cache):
            request = AreaRequest(chosen, stations, 0, read_registry(self.folder / REGISTRY))
            ready, _ = pipeline.prepare(
                inputs, free, request, ReplanContext(status), cache=cache, map_fn=map_fn, report=report
            )
            with report.stage("split"):
                found = split_quota(inputs, ready, stations, chosen, config, report)
        return SplitReport(self, found, stations, chosen)

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
        record = record_of(Path(run))
        published = record.published
        with project_lock(self.folder):
            events = self.journal()
            if not files:
                return ReturnsResult(Merge((), ()), replay(events), None)
            paths = [Path(file) for file in files]
            now = datetime.now().astimezone().isoformat(timespec="seconds")
            options = MergeOptions(
                now, reporter, tuple(take), record.reference_date, self.config.returns.sources
            )
            result = _merged(published, events, paths, options)
            require_writable(self.folder / JOURNAL)
            append_lines(self.folder / JOURNAL, [line_of(event) for event in result.events])
            target = self.new_folder(RETURNS, "returns")
            with output_folder(target) as work:
                write_checked(result, published, work, self.language)
        return ReturnsResult(result, replay((*events, *result.events)), target)

    def inbox(self, folder: Path | str, *, reporter: str = "", take: Collection[str] = ()) -> InboxResult:
        """Take in every file of a folder that was not taken in before.

        Parameters
        ----------
        folder
            Where files from chat and mail are put.
        reporter
            Who reports where rows do not say.
        take
            Keys of rows to be taken although they were held.

        Returns
        -------
        InboxResult
            What became of every file and every row.

        Raises
        ------
        SiteplanError
            If there is no such folder, the journal cannot be read, or the project is locked.
        """
        if not Path(folder).is_dir():
            raise SiteplanError("no_inbox", path=str(folder))
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        runs = records_in(runs_of(self.folder / self.config.outputs.directory))
        published = published_lists(runs)
        with project_lock(self.folder):
            events = self.journal()
            ids = sorted({*published.places, *published.former, *published.unlisted, *_ids(events)})
            names = {each: place.name for each, place in published.places.items()}
            before = received(self.folder)
            # keys of held rows are looked for in files that were taken in before, too
            known = {} if take else before
            issued = runs[0].reference_date if runs else ""
            options = MergeOptions(now, reporter, tuple(take), issued, self.config.returns.sources)

            def merged(index: KeyIndex) -> tuple[list[InboxFile], dict[str, list[ReturnRow]], Merge]:
                files, rows = read_new(files_in(Path(folder)), known, ids, names, index)
                every = [row for own in rows.values() for row in own]
                return files, rows, merge(every, published, events, options)

            files, rows, found = merged(KeyIndex(events))
            if learnt := [event for event in found.events if event.kind == "keys"]:
                files, rows, found = merged(KeyIndex((*events, *learnt)))  # one file may name another's sites
            files = with_verdicts(files, list(rows), found.outcomes)
            target = None
            if rows:
                for path in (JOURNAL, INBOX):
                    require_writable(self.folder / path)
                append_lines(self.folder / JOURNAL, [line_of(event) for event in found.events])
                taken = (each for each in files if each.state == "taken")
                read = zip(taken, rows, strict=True)
                lines = [receipt(e, sha, now, found.outcomes) for e, sha in read if sha not in before]
                append_lines(self.folder / INBOX, lines)
                target = self.new_folder(RETURNS, "inbox")
                with output_folder(target) as work:
                    write_checked(found, published, work, self.language)
        return InboxResult(tuple(files), found, replay((*events, *found.events)), target)

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

    def progress(
        self,
        year: int | None = None,
        report: Report = SILENT,
        *,
        runs: Sequence[Path | str] = (),
        day: date | None = None,
    ) -> ProgressReport:
        """Count where a year's task stands, and lay out what is left of it in time.

        Parameters
        ----------
        year
            Of the quota; None for the project's.
        report
            Is told what is read.
        runs
            Plans whose lists are out; none takes the latest of each county in the project's folder of runs.
        day
            From when on; None takes the day of the last report, or the project's own.

        Returns
        -------
        ProgressReport
            By county and network, with the schedule and the years before.

        Raises
        ------
        SiteplanError
            If there is no quota for the year, or a run cannot be read.
        """
        events = self.journal()
        status = replay(events)
        config = as_of(self.config, status)
        if day is not None and day < config.project.reference_date:
            raise SiteplanError("day_before_report", date=str(day), found=str(config.project.reference_date))
        if day is not None:
            moved = config.project.model_copy(update={"reference_date": day})
            config = config.model_copy(update={"project": moved})
        chosen = year or config.project.year
        with report.stage("load"):
            inputs = with_on_air(pipeline.load_ledger(self.data, config, report), status, config)
        found = progress_of(inputs, status, config, chosen)
        with report.stage("schedule"):
            folders = [Path(each) for each in runs] or runs_of(self.folder / config.outputs.directory)
            listed, lists = listed_places(standing_lists(records_in(folders, chosen)))
            laid_out = year_of(
                inputs, found, events, listed, config, day=config.project.reference_date, lists=lists
            )
        return ProgressReport(self, found, config, laid_out)

    def calibrate(
        self,
        measurements: Path | str,
        *,
        datum: str = "wgs84",
        crs: str = "",
        columns: Mapping[str, str] | None = None,
        serving_only: bool | None = None,
        propagation: str | None = None,
        seed: int = 0,
        report: Report = SILENT,
    ) -> CalibrationResult:
        """Hold the model against measurements.

        Parameters
        ----------
        measurements
            Drive test or phone reports, CSV or XLSX.
        datum
            ``wgs84``, ``cgcs2000``, ``gcj02`` or ``bd09``.
        crs
            CRS of projected coordinates, such as ``EPSG:4547``; empty for longitude and latitude.
        columns
            Header in the file by siteplan's name of the column.
        serving_only
            Whether rows are of serving cells only; None decides by the data.
        propagation
            As in :meth:`plan`.
        seed
            Of draws and of the groups of sites left out.
        report
            Is told what is done.

        Returns
        -------
        CalibrationResult
            The fit with its errors on sites left out.

        Raises
        ------
        SiteplanError
            If there are no stations, nothing matches, or there is too little data.
        """
        path, config = Path(measurements), with_propagation(self.config, propagation)
        given = measurements_input(path, datum, crs, columns)
        with report.stage("load"):
            inputs, missing = pipeline.load_measured(self.data, config, report)
        with report.stage("calibration"):
            judged, rows, left_out = pipeline.measured(
                self.data, inputs, config, given, serving_only=serving_only, seed=seed, report=report
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
            missing,
        )
        return CalibrationResult(self, judged, rows, facts, _sites_of(inputs))

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


def _capacity_faults(config: Config, inputs: Inputs) -> tuple[Fault, ...]:
    """A capacity of a county that is none: a plan does without it, progress will not."""
    try:
        require_known_capacity(config, inputs.counties)
    except SiteplanError as error:
        values = {**error.values, "table": "schedule"}
        return (Fault("warning", "project.toml", error.key, "capacity_fix", values, table="schedule"),)
    return ()


def _ids(events: Sequence[Event]) -> set[str]:
    """Ids the journal knows."""
    return {event.candidate_id for event in events}


def _merged(
    published: PublishedList, events: Sequence[Event], files: Sequence[Path], options: MergeOptions
) -> Merge:
    """Verdicts on all rows; a row without a date has that of the list."""
    ids = sorted({*published.places, *published.unlisted, *(event.candidate_id for event in events)})
    names = {candidate_id: place.name for candidate_id, place in published.places.items()}
    keys = KeyIndex(events)
    rows = [row for file in files for row in read_returns(file, ids, names, keys)]
    return merge(rows, published, events, options)


def _built_since(status: FieldStatus, before: RunRecord) -> int:
    """Stations on air by the journal since the date of a run that was given how many were built."""
    on_air_now = status.with_status(SiteStatus.ON_AIR)
    return sum(state.place.stations for state in on_air_now if state.since > before.reference_date)


def without_targets(config: Config) -> Config:
    """The project with no quota of its own: one is given for the whole."""
    return config.model_copy(update={"quota": config.quota.model_copy(update={"targets": ()})})


def stations_of(
    projects: Sequence[str], language: Lang, report: Report = SILENT
) -> dict[str, gpd.GeoDataFrame]:
    """Stations on air of other projects, by the name of their city; each in its own CRS.

    Messages go on in ``language``, and a second city of one name gets a number behind it.
    """
    found: dict[str, gpd.GeoDataFrame] = {}
    for folder in projects:
        other = open_project(folder, language=language)
        status = other.field_status()
        config = as_of(other.config, status)
        inputs = with_on_air(pipeline.load_ledger(other.data, config, report), status, config)
        stations = on_air(inputs.stations, config)
        if stations is not None:
            name = config.project.city
            found[f"{name}-{len(found) + 1}" if name in found else name] = stations
    return found


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


def _date_moved(before: Config, after: Config, inputs: Inputs) -> list[Fault]:
    """That reports have moved the plan's date, and what the later date alone makes count."""
    old, new = before.project.reference_date, after.project.reference_date
    if old == new:
        return []
    count = 0
    if inputs.stations is not None and "on_air_date" in inputs.stations:
        dates = inputs.stations["on_air_date"]
        count = int(((dates > str(old)) & (dates <= str(new))).sum())
    values: dict[str, object] = {"date": str(old), "found": str(new), "count": count, "table": "returns"}
    return [Fault("warning", JOURNAL, "date_moved", "date_moved_fix", values, table="returns")]


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
                "unknown_choice", option=f"--{name}", value=value, choices=tuple(choices[name])
            )
    return config.model_copy(update={"coverage": config.coverage.model_copy(update=update)})


def measurements_input(
    path: Path | str, datum: str = "wgs84", crs: str = "", columns: Mapping[str, str] | None = None
) -> Input:
    """A file of measurements as :meth:`Project.plan` takes it.

    Parameters
    ----------
    path
        Drive test or phone reports, CSV or XLSX.
    datum
        ``wgs84``, ``cgcs2000``, ``gcj02`` or ``bd09``.
    crs
        CRS of projected coordinates, such as ``EPSG:4547``; empty for longitude and latitude.
    columns
        Header in the file by siteplan's name of the column.

    Returns
    -------
    Input
        With the file's place on this machine.

    Raises
    ------
    SiteplanError
        For a datum that is none.
    """
    if datum not in get_args(Datum):
        raise SiteplanError("unknown_choice", option="--datum", value=datum, choices=get_args(Datum))
    whole = str(Path(path).absolute())
    return Input(path=whole, datum=cast(Datum, datum), crs=crs, columns=dict(columns or {}))


def _given(measurements: Input | Path | str) -> Input:
    """A file of measurements with its place on this machine."""
    if isinstance(measurements, Input):
        return measurements.model_copy(update={"path": str(Path(measurements.path).absolute())})
    return measurements_input(measurements)


def _sites_of(inputs: Inputs) -> dict[str, tuple[float, float]]:
    """Easting and northing of each site of the network [m]."""
    stations = inputs.stations
    if stations is None:
        return {}
    first = stations.drop_duplicates("site_id")
    return dict(zip(first["site_id"], zip(first.geometry.x, first.geometry.y, strict=True), strict=True))
