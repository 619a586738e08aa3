"""What commands print: results as lines, faults on the error stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from siteplan.api import (
    CalibrationResult,
    CheckReport,
    InboxResult,
    Plan,
    ProgressReport,
    ProvincePlan,
    ReturnsResult,
    SplitReport,
    fork_faults,
)
from siteplan.calibration import Judged
from siteplan.core.progress import Stopwatch
from siteplan.field.journal import Event
from siteplan.field.status import FieldStatus
from siteplan.outputs.audience import audience_of, map_name
from siteplan.outputs.proof import indicator_line, odds_line, test_lines
from siteplan.outputs.schedule import calendar_text, shortfall_text
from siteplan.outputs.wording import (
    acceptance_text,
    banners,
    city_line,
    fallbacks_text,
    fault_text,
    findings_text,
    joined,
    measured_text,
    missing_text,
    network_only_text,
    summarise,
)
from siteplan.outputs.xlsx.faults import table_name
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import Key, Lang, translate

if TYPE_CHECKING:
    from siteplan.api.documents import Written

_WIDTH = 200


def check_report(found: CheckReport, paths: Sequence[Path], out: Console, err: Console) -> None:
    """What was read as a table, faults, the verdict, and where the files lie, by name."""
    lang, examination = found.project.language, found.examination
    table = Table(box=None, pad_edge=False)
    for key in ("check_table", "check_file"):
        table.add_column(translate(key, lang))
    for key in ("check_rows", "check_rejected"):
        table.add_column(translate(key, lang), justify="right")
    for source in examination.sources:
        rows = (f"{source.read:,}", f"{source.rejected:,}") if source.read else ("–", "–")
        table.add_row(table_name(source.name, lang), source.file, *rows)
    out.print(table)
    for line in summarise(found.faults, lang):
        (err if examination.inputs is None else out).print(line)
    out.print(found.verdict)
    for path in paths:
        out.print(f"{path.stem}{translate('join_colon', lang)}{path}")


def plan_result(plan: Plan, folder: Path, audiences: Sequence[str], out: Console, err: Console) -> None:
    """Faults, what the plan reaches, and what to open next."""
    lang, record, config = plan.language, plan.record, plan.proposal.config
    for line in summarise(plan.faults, lang):
        err.print(line)
    _change_curve(plan, out)
    for line in banners(plan.proposal, lang):
        out.print(line, style="bold red")
    for line in findings_text(record, lang):
        err.print(line)
    people = f"{record.population_covered_before:,.0f} → {record.population_covered_after:,.0f}"
    villages = f"{record.villages_covered_before} → {record.villages_covered_after} / {record.villages_total}"
    lines = {
        "area": plan.proposal.area.name,
        "quota_built_remaining": f"{record.quota} / {record.built} / {record.remaining}",
        "stations_sites_proposed": f"{record.selected_stations} / {record.selected_sites}",
        "people_covered": people,
        "people_expected": _expected(plan),
        "villages_served": villages,
        **_proof_lines(plan),
        **_later_lines(plan),
        "gap_bound": translate("at_most_better", lang, gap=record.optimality_gap),
        "seconds": f"{record.costs.seconds.get('total', 0.0):.1f}",
        **_remarks(plan),
        "folder": str(folder),
        "list_return_form": str(folder / translate("file_list", lang)),
        "details": str(folder / translate("file_details", lang)),
    }
    for key, value in lines.items():
        out.print(f"{translate(key, lang)}: {value}")
    for each in audiences or config.outputs.maps:
        audience = audience_of(config, each)
        name = audience.name if lang == "zh" else audience.name_en or audience.name
        out.print(f"{translate('map_of', lang, name=name)}: {folder / map_name(config, audience)}")
    warnings = sum(fault.severity in ("warning", "rejected") for fault in plan.faults)
    if warnings:
        out.print(translate("warnings_counted", lang, count=warnings))


def province_result(plan: ProvincePlan, lang: Lang, out: Console, err: Console) -> None:
    """What became of every city, and how near the whole is to its bound."""
    for city in plan.cities:
        if city.record is None:
            err.print(translate("province_city_failed", lang, city=city.name, reason=city.failure))
            continue
        told = translate("warnings_counted", lang, count=city.warnings) if city.warnings else ""
        out.print(f"{city.name}: {city_line(city.record, lang)} {told}".rstrip())
        out.print(f"  {city.run}")
    if plan.close_pairs:
        err.print(translate("province_close_pairs", lang, count=len(plan.close_pairs)))
    if plan.synthetic:
        out.print(plan.synthetic, style="bold red")
    if plan.shared is not None:
        out.print(translate("province_gap", lang, gap=100.0 * plan.shared.gap))


def _later_lines(plan: Plan) -> dict[str, str]:
    """What the years after the first add."""
    lang = plan.language
    said = [
        translate(
            "later_year_adds",
            lang,
            year=each.year,
            stations=each.stations,
            sites=len(each.sites),
            quota=each.quota,
            gap=each.at_most_better,
        )
        for each in plan.record.later_years
    ]
    return {"terminal_later_years": joined(said, lang)} if said else {}


def _proof_lines(plan: Plan) -> dict[str, str]:
    """What the plan proves, one line each of tests, indicators and draws."""
    lang, whole = plan.language, plan.proposal
    lines = {
        "terminal_tests": joined(test_lines(whole, lang), lang),
        "terminal_indicators": indicator_line(whole, lang),
        "terminal_odds": odds_line(whole, lang),
        "terminal_acceptance": acceptance_text(whole.record, lang),
    }
    return {key: text for key, text in lines.items() if text}


def stages(watch: Stopwatch, lang: Lang, out: Console) -> None:
    """Seconds of every stage, by the clock and of all processors together."""
    grid = Table(box=None, pad_edge=False)
    grid.add_column("")
    for key in ("profile_wall", "profile_cpu"):
        grid.add_column(translate(key, lang), justify="right")
    for name, seconds in watch.seconds.items():
        grid.add_row(translate(f"stage_{name}", lang), f"{seconds:.1f}", f"{watch.cpu_seconds[name]:.1f}")
    wall, cpu = sum(watch.seconds.values()), sum(watch.cpu_seconds.values())
    grid.add_row(translate("total", lang), f"{wall:.1f}", f"{cpu:.1f}")
    out.print(grid)


def _expected(plan: Plan) -> str:
    """People times probability, and how many verdicts hang on a hair."""
    record, lang = plan.record, plan.language
    text = f"{record.population_expected_before:,.0f} → {record.population_expected_after:,.0f}"
    margin = f"{plan.proposal.config.sanity.marginal:g}"
    hair = translate("people_marginal", lang, people=f"{record.population_marginal:,.0f}", margin=margin)
    return f"{text}{translate('join_semicolon', lang)}{hair}" if record.population_marginal >= 1 else text


def _remarks(plan: Plan) -> dict[str, str]:
    """What was planned without, and why quota is left over."""
    lang, record, rows = plan.language, plan.record, {}
    if record.missing_inputs:
        stop = translate("join_semicolon", lang)
        rows["not_given"] = stop.join(missing_text(record.missing_inputs, lang))
    if record.fallbacks:
        rows["fall_title"] = translate("join_semicolon", lang).join(fallbacks_text(record, lang))
    if record.model.measured:
        rows["measured_line"] = measured_text(record.model, lang)
    unused = record.remaining - record.selected_stations
    if unused:
        least = plan.proposal.config.selection.min_gain_per_station
        rows["quota_unused"] = translate("no_allowed_place_adds_per", lang, unused=unused, least=least)
    return rows


def _change_curve(plan: Plan, out: Console) -> None:
    """Coverage against changed places; the plan's own line is marked."""
    curve, lang = plan.proposal.places.change_curve, plan.language
    if curve.empty:
        return
    out.print(translate("change_cost_changed_kept_newly", lang))
    for row in curve.itertuples():
        mark = translate("this_plan", lang) if row.chosen else ""
        values = (
            f"{row.change_penalty:g}  {row.changed}  {row.kept}  {row.gain:,.0f}  {row.people_covered:,.0f}"
        )
        out.print(values + mark)


def returns_result(result: ReturnsResult, lang: Lang, out: Console, err: Console) -> None:
    """What became of the rows, what waits for a person, and what the journal cannot hold together."""
    for outcome in result.merge.outcomes:
        for fault in outcome.faults:
            if fault.severity != "note":
                key = f" [{outcome.key}]" if outcome.key else ""
                err.print(fault_text(fault, lang) + key)
    for fault in fork_faults(result.field_status):
        err.print(fault_text(fault, lang))
    if result.counts:
        words = [f"{translate(f'verdict_{name}', lang)} {count}" for name, count in result.counts.items()]
        out.print(translate("returned_rows", lang, words=translate("join_comma", lang).join(words)))
    if result.folder is not None:
        out.print(str(result.folder / translate("file_checked", lang)))


def inbox_result(result: InboxResult, lang: Lang, out: Console, err: Console) -> None:
    """What became of every file, then of the rows."""
    for file in result.files:
        words = [f"{translate(f'verdict_{name}', lang)} {count}" for name, count in file.verdicts.items()]
        rows = translate("join_comma", lang).join(words)
        values = {"file": file.name, "rows": rows or translate("inbox_no_rows", lang), "since": file.since}
        out.print(translate(f"inbox_{file.state}", lang, **values))
        for fault in file.faults:
            err.print(fault_text(fault, lang))
    if not result.files:
        out.print(translate("inbox_empty", lang))
    returns_result(ReturnsResult(result.merge, result.field_status, result.folder), lang, out, err)


def documents_written(written: Written, lang: Lang, out: Console, err: Console) -> None:
    """What a document does without, and where its files lie; of many pictures their folder."""
    if written.without_year:
        err.print(translate("doc_no_project", lang))
    if written.followed_by:
        err.print(translate("doc_superseded", lang, runs=", ".join(written.followed_by)))
    if written.left_out:
        err.print(translate("template_left_out", lang, names=joined(written.left_out, lang)))
    top = written.paths[0].parent
    for path in written.paths:
        if path.parent == top:
            out.print(str(path))
    below = Counter(path.parent for path in written.paths if path.parent != top)
    for folder, count in below.items():
        out.print(translate("pictures_in", lang, folder=folder, count=count))


def split_report(report: SplitReport, paths: Sequence[Path], out: Console) -> None:
    """Shares by county and method, then what each would cover."""
    found, lang = report.split, report.project.language
    methods = list(found.effects["method"])
    heads = [translate("county", lang), *(translate(f"split_{each}", lang) for each in methods)]
    grid = Table(*heads, box=None, pad_edge=False, show_edge=False)
    for row in found.counties.to_dict("records"):
        grid.add_row(str(row["county"]), *(str(row[each]) for each in methods))
    for name in ("stations", "people", "villages"):
        values = (f"{value:,}" for value in found.effects[name])
        grid.add_row(translate(f"split_{name}_effect", lang), *values)
    gaps = (f"{value:.1%}" for value in found.effects["at_most_better"])
    grid.add_row(translate("split_gap", lang), *gaps)
    if not out.is_terminal:
        out.width = _WIDTH
    out.print(grid)
    out.print(translate("split_next", lang, folder=paths[0].parent))


def ledger_report(report: ProgressReport, path: Path, out: Console) -> None:
    """How many sites stand in which stage, and where the workbook is."""
    lang = report.project.language
    stages = Counter(record.status for record in report.year.records.values())
    words = [f"{translate(f'status_{each}', lang)} {stages[each]}" for each in SiteStatus if stages[each]]
    out.print(translate("join_comma", lang).join(words) or translate("schedule_no_list", lang))
    out.print(str(path))


def undone_event(undone: Event, status: FieldStatus, lang: Lang, out: Console, err: Console) -> None:
    """The event that was taken back, and contradictions that remain."""
    word = Key(f"status_{'MOVED' if undone.kind == 'moved' else undone.after}")
    out.print(translate("undone", lang, candidate=undone.candidate_id, status=word, who=undone.reported_by))
    for fault in fork_faults(status):
        err.print(fault_text(fault, lang))


def progress_report(report: ProgressReport, paths: Sequence[Path], out: Console, err: Console) -> None:
    """One line a county by rank, the total, and what a month must bring."""
    found, lang = report.progress, report.project.language
    grid = Table(
        *translate("rank_county_quota_built_building", lang).split(),
        box=None,
        pad_edge=False,
        show_edge=False,
    )
    for row in found.counties.itertuples():
        grid.add_row(f"{row.place}", str(row.county), *_progress_cells(row))
    grid.add_row("", translate("total", lang), *_progress_cells(found.total))
    if not out.is_terminal:  # a file or a pipe has no width: nothing is cut there
        out.width = _WIDTH
    out.print(grid)
    if found.months:
        values = {
            "remaining": found.total.remaining,
            "months": found.months,
            "monthly": found.monthly,
        }
        out.print(translate("months_left", lang, **values))
    _year_lines(report, out, err)
    for fault in fork_faults(found.field_status):
        err.print(fault_text(fault, lang))
    for path in (*paths[:1], *paths[3:]):
        out.print(str(path))


def _year_lines(report: ProgressReport, out: Console, err: Console) -> None:
    """Lights, and every county whose task can no longer be met."""
    schedule, lang = report.year.schedule, report.project.language
    names = dict(zip(report.progress.counties["county_id"], report.progress.counties["county"], strict=True))
    lights = {light: schedule.lights.get(light, 0) for light in ("red", "amber", "green")}
    if not report.year.lists:
        err.print(translate("schedule_no_list", lang))
    out.print(f"{translate('schedule_lights', lang, **lights)} · {calendar_text(schedule, lang)}")
    for short in schedule.shortfalls:
        name = names.get(short.county_id) or translate("total", lang)
        out.print(f"{name}: {shortfall_text(short, lang)}")


def _progress_cells(row: Any) -> list[str]:
    numbers = (row.quota, row.built, row.building, row.signed, row.talking, row.refused)
    rate = f"{row.rate:.2%}" if row.quota else "—"
    return [*(f"{n}" for n in numbers), rate, f"{row.remaining}", f"{row.excess}"]


def _maps_lines(judged: Judged, lang: Lang, out: Console) -> None:
    """How the probabilities of a map came true where nothing was fitted."""
    if judged.service is None:
        out.print(translate("maps_not_judged", lang))
        return
    scores = judged.service.scores
    for row in scores[scores["model"] == "calibrated"].itertuples():
        figures = {"skill": f"{row.skill:+.3f}", "missed": f"{row.calibration_error:.3f}"}
        out.print(translate("maps_line", lang, threshold=f"{row.threshold_dbm:g}", **figures))


def calibration_result(result: CalibrationResult, folder: Path, out: Console, err: Console) -> None:
    """Errors on sites left out, and how to apply the result."""
    lang, facts, judged = result.project.language, result.facts, result.judged
    for line in summarise(result.measurements.faults, lang):
        err.print(line)
    out.print(
        translate(
            "rows_read_matched_sites_model",
            lang,
            read=facts.read,
            matched=facts.matched,
            sites=len(judged.by_site),
            propagation=translate(f"propagation_{facts.propagation}", lang),
        )
    )
    out.print(translate("sites_left_out_db_rmse", lang))
    for row in judged.errors.itertuples():
        out.print(f"  {translate(f'judged_{row.model}', lang)}  {row.rmse_db:.2f}  {row.bias_db:+.2f}")
    _maps_lines(judged, lang, out)
    if facts.missing:
        err.print(network_only_text(facts.missing, lang))
    if facts.synthetic:
        out.print(translate("synthetic", lang))
    if not judged.is_worth_applying:
        out.print(translate("calibration_not_worth", lang))
    file = folder / "calibration.toml"
    out.print(translate("calibration", lang, file=file))
    out.print(translate("apply_siteplan_plan_project_calibration", lang, file=file))
