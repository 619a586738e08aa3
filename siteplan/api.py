"""What planners do from month to month: plan, take returns in, plan again. Files are opened and closed here.

One decision to know: what came back is in the journal before anything is planned with it, and a run folder
appears whole or not at all; so a process that is killed at any moment is simply started again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from siteplan.candidates.returned_places import with_on_air
from siteplan.core.errors import Fault, SiteplanError
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
from siteplan.core.stopwatch import Stopwatch, peak_memory_mib
from siteplan.coverage.footprint_cache import FileCache
from siteplan.field.journal import JOURNAL, Event, events_of, line_of
from siteplan.field.merge import Merge, MergeOptions, merge, undo
from siteplan.field.published import PublishedList
from siteplan.field.returns import read_returns
from siteplan.field.status import FieldStatus, replay
from siteplan.outputs import (
    MapOrder,
    report_write_errors,
    write_all,
    write_changes,
    write_checked,
    write_diff,
    write_summary,
)
from siteplan.outputs.audience import audience_of
from siteplan.outputs.xlsx.progress import write_progress
from siteplan.planning import pipeline
from siteplan.planning.compare import compare_plans
from siteplan.planning.progress import Progress, progress_of
from siteplan.planning.proposal import Proposal
from siteplan.planning.replan import ReplanContext
from siteplan.planning.run_folder import Plan, published_list_of, read_plan
from siteplan.project.project_file import load_config, read_calibration
from siteplan.project.schema import Config
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import Key, Lang

CACHE = Path(".cache") / "footprints.sqlite"
"""Footprints over terrain, kept in the project folder; deleting the file is always safe."""
REGISTRY = "candidate_ids.csv"
REPORTS = "progress"
"""Folder of the project that reports of progress go to."""
RETURNS = "returns"
"""Folder of the project that lists of returned rows go to."""
THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True)
class PlanRequest:
    """What a plan is asked for.

    Attributes
    ----------
    county
        One county; None for the city.
    year, quota, built
        Override the project's ledger for this area.
    data
        Folder the input paths are relative to; None takes the project's own.
    propagation
        ``terrain`` or ``buffer``; None takes the project's own.
    clutter
        ``profile``, ``end_loss`` or ``none``; None takes the project's own.
    calibration
        A ``calibration.toml``; None takes the project's own, if it names one.
    output
        New folder; None names one under the project's run directory.
    threads
        Threads for propagation.
    lang
        Language of the outputs.
    audiences
        Ids of the audiences maps are written for; () for the project's own choice.
    recipient
        Whom maps with a watermark are made out to.
    online_tiles
        Whether the maps offer online base maps.
    """

    county: str | None = None
    year: int | None = None
    quota: int | None = None
    built: int | None = None
    data: Path | None = None
    propagation: str | None = None
    clutter: str | None = None
    calibration: Path | None = None
    output: Path | None = None
    threads: int = THREADS
    lang: Lang = "zh"
    audiences: tuple[str, ...] = ()
    recipient: str = ""
    online_tiles: bool = False

    @property
    def asked(self) -> dict[str, object]:
        """What a later re-plan asks for again."""
        return {name: getattr(self, name) for name in _ASKED}


_ASKED = ("county", "year", "quota", "built", "propagation", "clutter")


def plan_area(project: Path, **asked: Any) -> tuple[Proposal, Path]:
    """Plan and write one area; what the command and the scripts call.

    Parameters
    ----------
    project
        Project folder or file.
    **asked
        Fields of :class:`PlanRequest`.

    Returns
    -------
    tuple
        The proposal and the folder it was written to.

    Raises
    ------
    SiteplanError
        For anything the user can put right; nothing is left half-written.
    """
    folder, config = opened(project)
    context = ReplanContext(replay(read_journal(folder)))
    return _planned(folder, config, PlanRequest(**asked), context, None)


@dataclass(frozen=True, eq=False)
class ReturnsResult:
    """Returned files after they were taken in.

    Attributes
    ----------
    merge
        Verdicts and new events.
    field_status
        Of the journal afterwards.
    folder
        Where the list of rows lies; None where there was no file.
    """

    merge: Merge
    field_status: FieldStatus
    folder: Path | None


@dataclass(frozen=True)
class Returns:
    """Files that came back.

    Attributes
    ----------
    files
        Forms, exports of the map, KMZ.
    reporter
        Who reports where rows do not say.
    take
        Keys of rows to be taken although they were held.
    """

    files: tuple[Path, ...] = ()
    reporter: str = ""
    take: tuple[str, ...] = ()


def merge_returns(run: Path, project: Path | None, returns: Returns, lang: Lang = "zh") -> ReturnsResult:
    """Read returned files, write down what became of every row, and add what is certain to the journal.

    Parameters
    ----------
    run
        Folder of the plan the returns are about.
    project
        Project folder; None looks for it above the run.
    returns
        Files and who sent them.
    lang
        Language of the list.

    Returns
    -------
    ReturnsResult
        What was taken, and what stands now.

    Raises
    ------
    SiteplanError
        If a file is no return form, the run or the journal cannot be read, or the project is locked.
    """
    folder = project_of(run, project)
    published_list = published_list_of(read_plan(run))
    with project_lock(folder):
        events = read_journal(folder)
        if not returns.files:
            return ReturnsResult(Merge((), ()), replay(events), None)
        found = _merged(published_list, events, returns)
        require_writable(folder / JOURNAL)
        append_lines(folder / JOURNAL, [line_of(event) for event in found.events])
        target = run_folder(folder / RETURNS, "returns")
        with atomic_folder(target) as work, report_write_errors(target):
            write_checked(found, published_list, work, lang)
    return ReturnsResult(found, replay((*events, *found.events)), target)


def _merged(published_list: PublishedList, events: Sequence[Event], returns: Returns) -> Merge:
    """Verdicts on all rows; a row without a date is as old as its file."""
    ids = sorted(
        {*published_list.places, *published_list.unlisted, *(event.candidate_id for event in events)}
    )
    rows = [row for file in returns.files for row in read_returns(file, ids)]
    days = {sha256_of(f): datetime.fromtimestamp(f.stat().st_mtime).date().isoformat() for f in returns.files}
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return merge(rows, published_list, events, MergeOptions(now, returns.reporter, days, returns.take))


def replan_area(
    run: Path,
    project: Path | None = None,
    *,
    change_penalty: float | None = None,
    max_changes: int | None = None,
    **asked: Any,
) -> tuple[Proposal, Path]:
    """Plan again what a run planned, with what the journal holds, keeping the list that is out.

    Parameters
    ----------
    run
        Folder of the plan whose list is out.
    project
        Project folder; None looks for it above the run.
    change_penalty
        Cost of changing a published place; None takes the project's.
    max_changes
        Most published places that may be given up; None leaves it to the cost.
    **asked
        Fields of :class:`PlanRequest`; what the run was asked for counts where nothing is said.

    Returns
    -------
    tuple
        The proposal and the folder it was written to, which holds the comparison with the run as well.

    Raises
    ------
    SiteplanError
        For anything the user can put right; nothing is left half-written.
    """
    folder, config = opened(project_of(run, project))
    before = read_plan(run)
    published_list, field_status = published_list_of(before), replay(read_journal(folder))
    context = ReplanContext(
        field_status, published_list.places, published_list.run_id, change_penalty, max_changes
    )
    old = dict(before.summary.get("asked", {}))
    request = PlanRequest(**{**old, **{name: value for name, value in asked.items() if value is not None}})
    if request.built is not None and asked.get("built") is None:
        request = replace(request, built=request.built + _built_since(field_status, before))
    return _planned(folder, config, request, context, before)


def _built_since(field_status: FieldStatus, before: Plan) -> int:
    """Stations on air by the journal since the date of a run that was told how many were built."""
    day = str(before.summary["reference_date"])
    return sum(
        state.place.stations for state in field_status.with_status(SiteStatus.ON_AIR) if state.since > day
    )


def _planned(
    folder: Path, config: Config, request: PlanRequest, context: ReplanContext, before: Plan | None
) -> tuple[Proposal, Path]:
    """Plan, and write a run folder that appears whole."""
    watch = Stopwatch()
    config = _as_asked(config, request, context)
    with watch.stage("load"):
        inputs = pipeline.load(request.data or folder, config, request.county)
    for path in (request.data, request.output):
        if path is not None:
            require_plain(path)
    target = request.output or run_folder(folder / config.outputs.directory, inputs.area_name)
    with project_lock(folder), ThreadPoolExecutor(request.threads) as pool:
        clear_leftovers(target.parent)
        registry = folder / REGISTRY
        require_writable(registry)
        with (
            atomic_folder(target) as work,
            FileCache(folder / CACHE, config.coverage.cache_mib) as cache,
        ):
            proposal, ids = pipeline.run(
                inputs,
                config,
                ids=read_registry(registry),
                year=request.year,
                quota=request.quota,
                built=request.built,
                lang=request.lang,
                cache=cache,
                map_fn=pool.map,
                watch=watch,
                context=context,
            )
            proposal.summary["asked"] = request.asked
            with report_write_errors(target):
                _write(proposal, work, replace(request, output=target), watch, before, cache.added)
            write_registry(registry, ids)
    return proposal, target


def _write(
    proposal: Proposal, work: Path, request: PlanRequest, watch: Stopwatch, before: Plan | None, computed: int
) -> None:
    """Everything of a run folder; ``request.output`` is its final name."""
    order = MapOrder(request.audiences, request.recipient, date.today().isoformat(), request.online_tiles)
    with watch.stage("outputs"):
        write_all(proposal, work, request.lang, order)
    proposal.summary["footprints_computed"] = computed
    proposal.summary["seconds"] = watch.total()
    proposal.summary["peak_memory_mib"] = peak_memory_mib()
    write_summary(proposal, work)
    if before is None:
        return
    write_changes(proposal, work)
    after = replace(read_plan(work), name=(request.output or work).name)
    write_diff(compare_plans(before, after, request.lang), work, request.lang)


def _as_asked(config: Config, request: PlanRequest, context: ReplanContext) -> Config:
    """The project with what the task overrides, as of the last report."""
    config = with_propagation(config, request.propagation, request.clutter)
    if request.calibration is not None:
        config = read_calibration(config, request.calibration)
    for each in request.audiences:
        audience_of(config, each)
    return as_of(config, context.field_status)


def as_of(config: Config, field_status: FieldStatus) -> Config:
    """The project at the date of the last report, if that is later than its own.

    Parameters
    ----------
    config
        The project.
    field_status
        Of its journal.

    Returns
    -------
    Config
        With its ``reference_date``.
    """
    latest = date.fromisoformat(field_status.latest) if field_status.latest else config.project.reference_date
    if latest <= config.project.reference_date:
        return config
    project = config.project.model_copy(update={"reference_date": latest})
    return config.model_copy(update={"project": project})


def undo_event(project: Path, key: str, reporter: str) -> tuple[Event, FieldStatus]:
    """Undo an event of the journal by adding one that says so.

    Parameters
    ----------
    project
        Project folder.
    key
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
    folder, _ = opened(project)
    with project_lock(folder):
        events = read_journal(folder)
        now = datetime.now().astimezone().isoformat(timespec="microseconds")
        taken = undo(events, key, reporter, now)
        if taken is None:
            raise SiteplanError(
                f"{JOURNAL}: 没有可撤销的事件“{key}”，或多于一个；编号至少 6 位 / "
                f"no event {key!r} to take back, or more than one; give at least 6 characters of its id"
            )
        append_lines(folder / JOURNAL, [line_of(taken)])
    undone = next(event for event in events if event.event_id == taken.after)
    return undone, replay((*events, taken))


def report_progress(
    project: Path,
    *,
    year: int | None = None,
    data: Path | None = None,
    output: Path | None = None,
    lang: Lang = "zh",
) -> tuple[Progress, Path]:
    """Count where a year's task stands, and write it down.

    Parameters
    ----------
    project
        Project folder or file.
    year
        Of the quota; None for the project's.
    data
        Folder the input paths are relative to; None for the project's own.
    output
        New folder; None names one in the project.
    lang
        Language of the workbook.

    Returns
    -------
    tuple
        The progress and the folder it was written to.
    """
    folder, config = opened(project)
    field_status = replay(read_journal(folder))
    config = as_of(config, field_status)
    inputs = with_on_air(pipeline.load(data or folder, config), field_status, config)
    found = progress_of(inputs, field_status, config, year or config.project.year)
    target = output or run_folder(folder / REPORTS, "progress")
    with atomic_folder(target) as work, report_write_errors(target):
        write_progress(found, config, work, lang)
    return found, target


def read_journal(folder: Path) -> tuple[Event, ...]:
    """Events of a project.

    Parameters
    ----------
    folder
        Project folder.

    Returns
    -------
    tuple of Event
        Empty where nothing has come back yet.
    """
    return events_of(read_lines(folder / JOURNAL))


def fork_faults(field_status: FieldStatus) -> list[Fault]:
    """Stories of the journal that contradict each other, as faults for people.

    Parameters
    ----------
    field_status
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
        for one, other in field_status.conflicts
    ]


def said_of(event: Event) -> Mapping[str, object]:
    """An event in words: values for texts, statuses to be looked up."""
    word = "MOVED" if event.kind == "moved" else event.after
    return {"candidate": event.candidate_id, "status": Key(f"status_{word}"), "who": event.reported_by}


# --- where things are ----------------------------------------------------------------------------------


def opened(project: Path) -> tuple[Path, Config]:
    """Folder and project file of a project.

    Parameters
    ----------
    project
        Its folder or file.

    Returns
    -------
    tuple
        The folder, and the checked project.
    """
    require_plain(project)
    config = load_config(project)
    return (project if project.is_dir() else project.parent), config


def project_of(run: Path, project: Path | None) -> Path:
    """Project a run belongs to: the one given, else the nearest above it.

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
        return project if project.is_dir() else project.parent
    for folder in run.absolute().parents:
        if (folder / "project.toml").is_file():
            return folder
    raise SiteplanError(
        f"{run}: 上级文件夹中没有 project.toml，请用 --project 指定项目 / "
        "no project.toml above it; name the project with --project"
    )


def with_propagation(config: Config, propagation: str | None, clutter: str | None = None) -> Config:
    """The project with another propagation level or treatment of clutter.

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
    """
    asked = {"propagation": propagation, "clutter": clutter}
    choices: dict[str, Collection[str]] = {
        "propagation": ("auto", "terrain", "empirical"),
        "clutter": ("profile", "end_loss", "none"),
    }
    for name, value in asked.items():
        if value is not None and value not in choices[name]:
            raise SiteplanError(f"--{name} {value}: 只能是 / must be one of {', '.join(choices[name])}")
    update = {name: value for name, value in asked.items() if value is not None}
    return config.model_copy(update={"coverage": config.coverage.model_copy(update=update)})


def require_plain(path: Path) -> None:
    """The GIS library reads "!" in a path as a file inside an archive."""
    if "!" in str(path.absolute()):
        raise SiteplanError(f"{path}: 文件夹名不能含 “!” / a folder name must not contain '!'")


def run_folder(directory: Path, area_name: str) -> Path:
    """A new name by area and time; a second run in the same second gets a number."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    safe = re.sub(r'[\\/:*?"<>|\s]+', "_", area_name)
    name, number = f"{safe}-{stamp}", 2
    target = directory / name
    while target.exists():
        target, number = directory / f"{name}-{number}", number + 1
    return target
