"""The commands. Each parses, calls ``api``, and leaves printing to :mod:`siteplan.cli.printing`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from siteplan.cli.base import (
    AudienceOpt,
    DayOpt,
    OnlineOpt,
    RecipientOpt,
    RunsOpt,
    app,
    command,
    day_of,
    lang_of,
)
from siteplan.cli.options import (
    BuiltOpt,
    ClutterOpt,
    ColumnOpt,
    CountyOpt,
    CrsOpt,
    DataOpt,
    DatumOpt,
    LangOpt,
    OutOpt,
    ProjectArg,
    PropagationOpt,
    QuietOpt,
    QuotaOpt,
    RunArg,
    SchedulerOpt,
    StrictOpt,
    ThreadsOpt,
    YearOpt,
    ends_in_words,
    err,
    out,
    starts,
    text,
)
from siteplan.core.errors import SiteplanError
from siteplan.core.version import VERSION
from siteplan.words.catalogue import translate

__all__ = ["app"]


@command("demo")
@ends_in_words
def demo(
    target: Annotated[Path, typer.Argument(help=text("target"))],
    seed: Annotated[int, typer.Option(help=text("seed"))] = 2023,
    replace: Annotated[bool, typer.Option("--replace", help=text("replace"))] = False,
    cities: Annotated[int, typer.Option("--cities", min=1, max=10, help=text("demo_cities"))] = 1,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Write the demo project."""
    starts(quiet=quiet, lang=lang)
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415

    if cities > 1:
        with console_report(err, lang_of(lang), quiet=quiet).stage("demo"):
            names = api.write_cities(target, cities, seed=seed, replace_folder=replace)
        out.print(translate("demo_province_written", lang_of(lang), target=target, names="、".join(names)))
        return
    with console_report(err, lang_of(lang), quiet=quiet).stage("demo"):
        figures = api.write_demo(target, seed=seed, replace=replace)
    out.print(translate("demo_project_written", lang_of(lang), target=target))
    for name, value in figures.items():
        out.print(f"  {name}: {value}")


@command("new")
@ends_in_words
def new(
    target: Annotated[Path, typer.Argument(help=text("target"))],
    county: Annotated[str, typer.Option("--county", help=text("new_county"))] = "",
    city: Annotated[str, typer.Option("--city", help=text("city"))] = "",
    crs: Annotated[str, typer.Option("--crs", help=text("crs"))] = "EPSG:4547",
    year: YearOpt = None,
    lang: LangOpt = None,
) -> None:
    """Write an annotated project file and sheets to fill in."""
    from siteplan import api  # noqa: PLC0415

    names = api.new_project(target, county=county, city=city, crs=crs, year=year, lang=lang_of(lang))
    out.print(translate("new_project_written", lang_of(lang), target=target))
    for name in names:
        out.print(f"  {name}")
    out.print(f'{translate("fill_first_three_sheets_then", lang_of(lang))}: siteplan check "{target}"')


@command("check")
@ends_in_words
def check(
    project: ProjectArg,
    county: CountyOpt = None,
    data: DataOpt = None,
    output: OutOpt = None,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Check the inputs: list of faults, health report."""
    starts(quiet=quiet, lang=lang)
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415

    opened = api.open_project(project, data=data, language=lang)
    found = opened.check(county, console_report(err, opened.language, quiet=quiet))
    printing.check_report(found, found.write(output), out, err)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


@command("plan")
@ends_in_words
def plan(  # noqa: PLR0913, PLR0917 - one argument an option
    project: ProjectArg,
    county: CountyOpt = None,
    year: YearOpt = None,
    quota: QuotaOpt = None,
    built: BuiltOpt = None,
    data: DataOpt = None,
    propagation: PropagationOpt = None,
    clutter: ClutterOpt = None,
    calibration: Annotated[Path | None, typer.Option("--calibration", help=text("calibration"))] = None,
    measurements: Annotated[
        Path | None, typer.Option("--measurements", help=text("plan_measurements"))
    ] = None,
    datum: DatumOpt = "wgs84",
    crs: CrsOpt = "",
    column: ColumnOpt = None,
    years: Annotated[int, typer.Option("--years", min=1, max=10, help=text("plan_years"))] = 1,
    off: Annotated[list[str] | None, typer.Option("--off", metavar="SITE", help=text("plan_off"))] = None,
    neighbour: Annotated[
        list[Path] | None, typer.Option("--neighbour", metavar="PROJECT", help=text("plan_neighbour"))
    ] = None,
    audience: AudienceOpt = None,
    recipient: RecipientOpt = "",
    online_tiles: OnlineOpt = False,
    output: OutOpt = None,
    threads: ThreadsOpt = None,
    scheduler: SchedulerOpt = None,
    strict: StrictOpt = False,
    profile: Annotated[bool, typer.Option("--profile", help=text("profile"))] = False,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Plan an area: coverage, gaps, ranked candidates, map."""
    starts(quiet=quiet, lang=lang)
    from siteplan import api  # noqa: PLC0415
    from siteplan.project.project_file import is_province  # noqa: PLC0415

    if is_province(project):
        _require_none(
            {
                "--county": county,
                "--year": year,
                "--quota": quota,
                "--built": built,
                "--data": data,
                "--propagation": propagation,
                "--clutter": clutter,
                "--calibration": calibration,
                "--measurements": measurements,
                "--years": years > 1,
                "--off": off,
                "--neighbour": neighbour,
                "--audience": audience,
                "--recipient": recipient,
                "--online-tiles": online_tiles,
                "--strict": strict,
                "--profile": profile,
            }
        )
        _plan_province(project, output, threads=threads, scheduler=scheduler, quiet=quiet, lang=lang)
        return
    opened = api.open_project(project, data=data, language=lang)
    _require_free(output)
    request: dict[str, Any] = {
        "neighbours": tuple(neighbour or ()),
        "county": county,
        "year": year,
        "quota": quota,
        "built": built,
        "propagation": propagation,
        "clutter": clutter,
        "calibration": calibration,
        "years": years,
        "switched_off": tuple(off or ()),
        "scheduler": scheduler,
    }
    if measurements is not None:
        request["measurements"] = api.measurements_input(measurements, datum, crs, _pairs(column or []))
    options = {"audiences": tuple(audience or ()), "recipient": recipient, "online_tiles": online_tiles}
    _plan_and_print(
        opened,
        opened.plan,
        request,
        output,
        options,
        threads=threads,
        strict=strict,
        quiet=quiet,
        profile=profile,
    )


def _require_none(options: dict[str, object]) -> None:
    """Refuse options that a province would pass over in silence."""
    given = [
        name for name, value in options.items() if value is not None and value is not False and value != ""
    ]
    if given:
        raise SiteplanError("not_for_a_province", options=", ".join(given))


def _plan_province(
    folder: Path,
    output: Path | None,
    *,
    threads: int | None,
    scheduler: str | None,
    quiet: bool,
    lang: str | None,
) -> None:
    """Plan a province; exit 4: a city could not be planned, or a city's plan contradicts itself."""
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415

    province = api.open_province(folder, lang_of(lang))
    report = console_report(err, province.language, quiet=quiet)
    planned = province.plan(threads=threads or api.THREADS, scheduler=scheduler, folder=output, report=report)
    printing.province_result(planned, province.language, out, err)
    if planned.failed or any(city.record is not None and city.record.is_wrong for city in planned.cities):
        raise typer.Exit(4)


def _require_free(output: Path | None) -> None:
    """Refuse a folder that exists before minutes are spent."""
    if output is not None and output.exists():
        raise SiteplanError("folder_exists", path=str(output))


def _plan_and_print(
    opened: Any,
    call: Any,
    request: dict[str, Any],
    output: Path | None,
    options: dict[str, Any],
    *,
    threads: int | None,
    strict: bool,
    quiet: bool,
    profile: bool = False,
) -> None:
    """Plan, write, print; exit 4: the plan contradicts itself, 5: ``--strict`` met a warning."""
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415
    from siteplan.core.progress import Stopwatch  # noqa: PLC0415
    from siteplan.outputs.audience import audience_of  # noqa: PLC0415

    for each in options.get("audiences", ()):
        audience_of(opened.config, each)
    report = Stopwatch(console_report(err, opened.language, quiet=quiet))
    planned = call(**request, threads=threads or api.THREADS, report=report)
    folder = planned.write(output, report=report, **options)
    printing.plan_result(planned, folder, options.get("audiences", ()), out, err)
    if profile:
        printing.stages(report, opened.language, out)
    if planned.record.is_wrong:
        raise typer.Exit(4)
    if strict and any(fault.severity in ("warning", "rejected") for fault in planned.faults):
        raise typer.Exit(5)


@command("calibrate")
@ends_in_words
def calibrate(  # noqa: PLR0913, PLR0917 - one argument an option
    project: ProjectArg,
    measurements: Annotated[Path, typer.Option("--measurements", help=text("measurements"))],
    datum: DatumOpt = "wgs84",
    crs: CrsOpt = "",
    column: ColumnOpt = None,
    servers: Annotated[
        str, typer.Option("--servers", metavar="auto|serving|several", help=text("servers"))
    ] = "auto",
    data: DataOpt = None,
    propagation: PropagationOpt = None,
    output: OutOpt = None,
    seed: Annotated[int, typer.Option(help=text("seed"))] = 0,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Fit the model to measurements."""
    starts(quiet=quiet, lang=lang)
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415

    opened = api.open_project(project, data=data, language=lang)
    serving = {"auto": None, "serving": True, "several": False}
    if servers not in serving:
        raise SiteplanError("unknown_choice", option="--servers", value=servers, choices=tuple(serving))
    result = opened.calibrate(
        measurements,
        datum=datum,
        crs=crs,
        columns=_pairs(column or []),
        serving_only=serving[servers],
        propagation=propagation,
        seed=seed,
        report=console_report(err, opened.language, quiet=quiet),
    )
    printing.calibration_result(result, result.write(output), out, err)


def _pairs(columns: list[str]) -> dict[str, str]:
    """Headers by column name."""
    pairs = dict(each.split("=", 1) for each in columns if "=" in each)
    if len(pairs) != len(columns):
        raise SiteplanError("column_pairs")
    return pairs


@command("replan")
@ends_in_words
def replan(  # noqa: PLR0913, PLR0917 - one argument an option
    run: RunArg,
    more: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help=text("more_returns"))] = None,
    returns: Annotated[list[Path] | None, typer.Option("--returns", help=text("returns"))] = None,
    project: Annotated[Path | None, typer.Option("--project", help=text("project_above"))] = None,
    reporter: Annotated[str, typer.Option("--reporter", help=text("reporter"))] = "",
    take: Annotated[list[str] | None, typer.Option("--take", help=text("take"))] = None,
    merge_only: Annotated[bool, typer.Option("--merge-only", help=text("merge_only"))] = False,
    change_penalty: Annotated[
        float | None, typer.Option("--change-penalty", min=0.0, help=text("change_penalty"))
    ] = None,
    max_changes: Annotated[int | None, typer.Option("--max-changes", min=0, help=text("max_changes"))] = None,
    quota: QuotaOpt = None,
    built: BuiltOpt = None,
    data: DataOpt = None,
    propagation: PropagationOpt = None,
    output: OutOpt = None,
    threads: ThreadsOpt = None,
    strict: StrictOpt = False,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Take returns in and plan again with few changes."""
    starts(quiet=quiet, lang=lang)
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415

    opened = api.open_project(api.project_of(run, project), data=data, language=lang)
    files = (*(returns or ()), *(more or ()))
    merged = opened.merge_returns(run, files, reporter=reporter, take=tuple(take or ()))
    printing.returns_result(merged, opened.language, out, err)
    if not merge_only:
        _require_free(output)
        request = {
            "run": run,
            "change_penalty": change_penalty,
            "max_changes": max_changes,
            "quota": quota,
            "built": built,
            "propagation": propagation,
        }
        _plan_and_print(
            opened, opened.replan, request, output, {}, threads=threads, strict=strict, quiet=quiet
        )
    if merged.exit_code:
        raise typer.Exit(merged.exit_code)


@command("undo")
@ends_in_words
def undo(
    project: ProjectArg,
    event: Annotated[str, typer.Argument(help=text("event"))] = "",
    reporter: Annotated[str, typer.Option("--reporter", help=text("undo_reporter"))] = "",
    lang: LangOpt = None,
) -> None:
    """Take back an event of the journal, which stays in it."""
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415

    opened = api.open_project(project, language=lang)
    undone, status = opened.undo(event, reporter)
    printing.undone_event(undone, status, opened.language, out, err)


@command("progress")
@ends_in_words
def progress(
    project: ProjectArg,
    year: YearOpt = None,
    run: RunsOpt = None,
    day: DayOpt = None,
    data: DataOpt = None,
    output: OutOpt = None,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Show where the year's task stands and what is left of it in time, by county and network."""
    starts(quiet=quiet, lang=lang)
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415

    opened = api.open_project(project, data=data, language=lang)
    report = opened.progress(
        year, console_report(err, opened.language, quiet=quiet), runs=run or (), day=day_of(day)
    )
    printing.progress_report(report, report.write(output), out, err)


@command("ledger")
@ends_in_words
def ledger(
    project: ProjectArg,
    year: YearOpt = None,
    run: RunsOpt = None,
    day: DayOpt = None,
    data: DataOpt = None,
    output: OutOpt = None,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Write the workbook of every site, one sheet a stage, which can come back filled in."""
    starts(quiet=quiet, lang=lang)
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415

    opened = api.open_project(project, data=data, language=lang)
    report = opened.progress(
        year, console_report(err, opened.language, quiet=quiet), runs=run or (), day=day_of(day)
    )
    printing.ledger_report(report, report.write_ledger(output), out)


@command("split")
@ends_in_words
def split(
    project: ProjectArg,
    stations: Annotated[int, typer.Option("--stations", min=1, help=text("split_stations"))],
    year: YearOpt = None,
    data: DataOpt = None,
    output: OutOpt = None,
    threads: ThreadsOpt = None,
    quiet: QuietOpt = False,
    lang: LangOpt = None,
) -> None:
    """Share a quota out to the counties in several ways, each with what it would cover."""
    starts(quiet=quiet, lang=lang)
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415
    from siteplan.cli.progress import console_report  # noqa: PLC0415

    opened = api.open_project(project, data=data, language=lang)
    _require_free(output)
    report = console_report(err, opened.language, quiet=quiet)
    found = opened.split(stations, year=year, threads=threads or api.THREADS, report=report)
    printing.split_report(found, found.write(output), out)


@command("inbox")
@ends_in_words
def inbox(
    folder: Annotated[Path, typer.Argument(help=text("inbox_folder"))],
    project: Annotated[Path | None, typer.Option("--project", help=text("project_above"))] = None,
    reporter: Annotated[str, typer.Option("--reporter", help=text("reporter"))] = "",
    take: Annotated[list[str] | None, typer.Option("--take", help=text("take"))] = None,
    lang: LangOpt = None,
) -> None:
    """Take in every file of a folder once, and say what it did."""
    from siteplan import api  # noqa: PLC0415
    from siteplan.cli import printing  # noqa: PLC0415

    opened = api.open_project(api.project_of(folder / "-", project), language=lang)
    found = opened.inbox(folder, reporter=reporter, take=tuple(take or ()))
    printing.inbox_result(found, opened.language, out, err)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


@command("compare")
@ends_in_words
def compare(
    before: Annotated[Path, typer.Argument(help=text("before"))],
    after: Annotated[Path, typer.Argument(help=text("after"))],
    output: Annotated[Path | None, typer.Option("--out", help=text("compare_out"))] = None,
    lang: LangOpt = None,
) -> None:
    """Compare two runs: kept, moved, dropped, new."""
    from siteplan import api  # noqa: PLC0415

    found = api.compare(before, after, language=lang)
    target = output or api.free_folder(after.absolute().parent, f"compare-{after.name}")
    paths = found.write(target)
    for change, count in found.counts.items():
        out.print(f"{translate(f'map.diff_{change}', found.language)}: {count}")
    for path in paths:
        out.print(str(path))


@command("schema")
@ends_in_words
def schema(
    name: Annotated[str, typer.Argument(help=text("schema_name"))] = "project",
    lang: LangOpt = None,
) -> None:
    """Print the JSON Schema of a file, for editors."""
    del lang
    import json  # noqa: PLC0415

    from siteplan.field.journal import event_schema  # noqa: PLC0415
    from siteplan.planning.run_record import RunRecord  # noqa: PLC0415
    from siteplan.project.schema import Config  # noqa: PLC0415

    models = {
        "project": Config.model_json_schema,
        "run": RunRecord.model_json_schema,
        "event": event_schema,
    }
    if name not in models:
        raise SiteplanError("unknown_choice", option="schema", value=name, choices=tuple(models))
    out.print(json.dumps(models[name](), ensure_ascii=False, indent=2))


@command("version")
def version() -> None:
    """Print the version."""
    out.print(VERSION)


import siteplan.cli.documents  # noqa: E402, F401 - its commands belong to the app, after these
