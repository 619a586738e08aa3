"""The ``siteplan`` command: parse, call, exit code.

One decision to know: everything a user can put right ends in a message and exit code 1; anything else is
a bug and shows its traceback.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from rich.console import Console
from rich.table import Table

from siteplan import __version__
from siteplan.api import (
    THREADS,
    Returns,
    ReturnsResult,
    fork_faults,
    merge_returns,
    opened,
    plan_area,
    replan_area,
    report_progress,
    require_plain,
    run_folder,
    said_of,
    undo_event,
    with_propagation,
)
from siteplan.calibration import Judged
from siteplan.core.errors import SiteplanError, summarise
from siteplan.core.files import (
    atomic_folder,
    sha256_of,
)
from siteplan.coverage.terrain import propagation_name
from siteplan.demo import write_demo
from siteplan.outputs import DETAILS, WORKBOOK, write_diff
from siteplan.outputs.audience import audience_of, map_name
from siteplan.outputs.pages.calibration import Facts, write_calibration
from siteplan.outputs.pages.health import exit_code, text_map, verdict, write_health
from siteplan.outputs.templates import DEFAULT_CRS, new_project
from siteplan.outputs.webmap.words import word
from siteplan.outputs.xlsx.progress import PROGRESS
from siteplan.outputs.xlsx.returned import CHECKED
from siteplan.planning import pipeline
from siteplan.planning.compare import compare_plans
from siteplan.planning.progress import Progress
from siteplan.planning.proposal import Proposal
from siteplan.planning.quota import build_ledger, on_air
from siteplan.planning.run_folder import read_plan
from siteplan.project.input_files import Datum, Input
from siteplan.words.catalogue import Lang, either, say

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
out = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False, markup=False)

ProjectArg = Annotated[Path, typer.Argument(help="项目文件夹或 project.toml / project folder or file")]
LangOpt = Annotated[str, typer.Option("--lang", help="zh 或 en", metavar="zh|en")]
DataOpt = Annotated[
    Path | None, typer.Option("--data", help="数据所在文件夹（默认项目文件夹）/ where the inputs lie")
]
CountyOpt = Annotated[str | None, typer.Option("--county", help="只规划一个县 / one county only")]
YearOpt = Annotated[int | None, typer.Option("--year", help="指标年度 / year of the quota")]
QuotaOpt = Annotated[
    int | None, typer.Option("--quota", min=0, help="本区域指标（默认取台账）/ quota of this area")
]
BuiltOpt = Annotated[
    int | None, typer.Option("--built", min=0, help="本区域已建（默认取台账）/ already built in this area")
]
LevelOpt = Annotated[
    str | None,
    typer.Option(
        "--propagation",
        metavar="terrain|buffer",
        help="传播级别（默认按项目文件）/ propagation level, else the project's",
    ),
]
CHECKS = "checks"
"""Folder of the project that reports of checks go to."""


def main() -> None:
    """Entry point: UTF-8 out, so that a GBK console shows what it can and never crashes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()


def _told(function: Callable[..., None]) -> Callable[..., None]:
    """Turn what the user can put right into a message and exit code 1."""

    @functools.wraps(function)
    def told(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except SiteplanError as error:
            err.print(error.text(_lang(kwargs.get("lang", "zh"))))
            raise typer.Exit(1) from error

    return told


def _lang(text: str) -> Lang:
    return "en" if text == "en" else "zh"


@app.command()
@_told
def demo(
    target: Annotated[Path, typer.Argument(help="写到哪里 / where to")],
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 2023,
    replace: Annotated[bool, typer.Option("--replace", help="覆盖已有演示 / replace")] = False,
    lang: LangOpt = "zh",
) -> None:
    """写出演示项目（含合成数据）/ write the demo project (partly synthetic)."""
    facts = write_demo(target, seed=seed, replace=replace)
    out.print(either(f"演示项目已写入 {target}", f"demo project written to {target}", lang))
    for name, value in facts.items():
        out.print(f"  {name}: {value}")


@app.command()
@_told
def new(
    target: Annotated[Path, typer.Argument(help="写到哪里 / where to")],
    county: Annotated[str, typer.Option("--county", help="县（市、区）名 / county")] = "",
    city: Annotated[str, typer.Option("--city", help="市名 / city")] = "",
    crs: Annotated[
        str, typer.Option("--crs", help="投影坐标系（米） / projected CRS in metres")
    ] = DEFAULT_CRS,
    year: YearOpt = None,
    lang: LangOpt = "zh",
) -> None:
    """新建项目：带注释的项目文件和待填表 / a new project: annotated file and sheets to fill in."""
    names = new_project(target, county=county, city=city, crs=crs, year=year, lang=_lang(lang))
    out.print(either(f"新项目已写入 {target}", f"new project written to {target}", lang))
    for name in names:
        out.print(f"  {name}")
    first = either(
        "先填村庄、现网基站、公共物业三张表，再运行", "fill in the first three sheets, then run", lang
    )
    out.print(f'{first}: siteplan check "{target}"')


@app.command()
@_told
def check(
    project: ProjectArg,
    county: CountyOpt = None,
    data: DataOpt = None,
    output: Annotated[Path | None, typer.Option("--out", help="报告文件夹 / folder of the report")] = None,
    lang: LangOpt = "zh",
) -> None:
    """检查输入数据：问题清单、体检报告 / check the inputs: list of faults, health report."""
    folder, config = opened(project)
    found = pipeline.examine(data or folder, config, county)
    target = output or run_folder(folder / CHECKS, "check")
    with atomic_folder(target) as work:
        names = write_health(found, config, work, _lang(lang))
    for source in found.sources:
        rows = f"{source.read} / {source.rejected}" if source.read else "—"
        out.print(f"{source.name:<14}{source.file}  {either('读入/剔除', 'read/rejected', lang)} {rows}")
    if found.inputs is not None:
        for line in text_map(found.inputs):
            out.print(line)
    for line in summarise(found.faults, _lang(lang)):
        (err if found.inputs is None else out).print(line)
    out.print(verdict(found, _lang(lang)))
    for name in names:
        out.print(str(target / name))
    if found.inputs is not None:
        existing = on_air(found.inputs.stations, config)
        build_ledger(config, found.inputs.counties, found.inputs.area, existing, year=config.project.year)
    if exit_code(found.faults):
        raise typer.Exit(1)


@app.command()
@_told
def plan(  # noqa: PLR0913, PLR0917 - one argument an option
    project: ProjectArg,
    county: CountyOpt = None,
    year: YearOpt = None,
    quota: QuotaOpt = None,
    built: BuiltOpt = None,
    data: DataOpt = None,
    propagation: LevelOpt = None,
    clutter: Annotated[
        str | None,
        typer.Option(
            "--clutter",
            metavar="profile|end_loss|none",
            help="地物处理（默认按项目文件）/ treatment of clutter, else the project's",
        ),
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option("--calibration", help="校准文件 / calibration.toml to apply")
    ] = None,
    audience: Annotated[
        list[str] | None,
        typer.Option(
            "--audience", help="地图给谁看，可重复 / whom a map is for, repeatable: internal, tower, public"
        ),
    ] = None,
    recipient: Annotated[
        str, typer.Option("--recipient", help="水印上的接收单位 / recipient named in the watermark")
    ] = "",
    online_tiles: Annotated[
        bool,
        typer.Option("--online-tiles", help="地图可选用在线底图（默认不联网）/ offer online base maps"),
    ] = False,
    output: Annotated[Path | None, typer.Option("--out", help="输出文件夹 / output folder")] = None,
    threads: Annotated[int, typer.Option(min=1, help="线程数 / threads")] = THREADS,
    lang: LangOpt = "zh",
) -> None:
    """规划：覆盖、缺口、候选、排名、地图 / plan an area: coverage, gaps, ranked candidates, map."""
    proposal, folder = plan_area(
        project,
        county=county,
        year=year,
        quota=quota,
        built=built,
        data=data,
        propagation=propagation,
        clutter=clutter,
        calibration=calibration,
        output=output,
        threads=threads,
        lang=_lang(lang),
        audiences=tuple(audience or ()),
        recipient=recipient,
        online_tiles=online_tiles,
    )
    for line in summarise(proposal.faults, _lang(lang)):
        err.print(line)
    _say_result(proposal, folder, lang, tuple(audience or proposal.config.outputs.maps))


@app.command()
@_told
def calibrate(  # noqa: PLR0913, PLR0917 - one argument an option
    project: ProjectArg,
    measurements: Annotated[
        Path, typer.Option("--measurements", help="实测文件（csv、xlsx）/ drive test or phone reports")
    ],
    datum: Annotated[
        str, typer.Option("--datum", help="实测坐标系 / datum: wgs84, cgcs2000, gcj02, bd09")
    ] = "wgs84",
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="列名对应，如 rsrp_dbm=电平 / header of a column, repeatable"),
    ] = None,
    servers: Annotated[
        str,
        typer.Option(
            "--servers",
            metavar="auto|serving|several",
            help="每点只有主服务小区，还是多个 / serving cells only, or several a place",
        ),
    ] = "auto",
    data: DataOpt = None,
    propagation: LevelOpt = None,
    output: Annotated[Path | None, typer.Option("--out", help="输出文件夹 / output folder")] = None,
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 0,
    lang: LangOpt = "zh",
) -> None:
    """用实测校准模型：留一站检验、残差图、calibration.toml / fit the model to measurements."""
    folder, config = opened(project)
    config = with_propagation(config, propagation)
    given = _measurement_input(measurements, datum, column or [])
    serving = {"auto": None, "serving": True, "several": False}
    if servers not in serving:
        raise SiteplanError(f"--servers {servers}: auto, serving, several")
    inputs = pipeline.load(data or folder, config, None)
    judged, found, left_out = pipeline.measured(
        data or folder, inputs, config, given, serving_only=serving[servers], seed=seed
    )
    name = propagation_name(inputs, config)
    facts = Facts(
        measurements.name,
        sha256_of(measurements),
        found.read,
        len(judged.sample),
        left_out,
        name,
        config.coverage.clutter if name == "terrain" else "",
        datetime.now().date().isoformat(),
        config.project.synthetic,
    )
    target = output or run_folder(folder / config.outputs.directory, f"calibration-{measurements.stem}")
    with atomic_folder(target) as work:
        write_calibration(judged, config, facts, work, _lang(lang))
    for line in summarise(found.faults, _lang(lang)):
        err.print(line)
    _say_calibration(judged, facts, target, lang)


def _measurement_input(path: Path, datum: str, columns: list[str]) -> Input:
    """Where and how the measurements lie."""
    if datum not in get_args(Datum):
        raise SiteplanError(f"--datum {datum}: {', '.join(get_args(Datum))}")
    pairs = dict(each.split("=", 1) for each in columns if "=" in each)
    if len(pairs) != len(columns):
        raise SiteplanError("--column: 写成 列=表头，如 rsrp_dbm=电平 / write name=header, each name once")
    return Input(path=str(path.absolute()), datum=cast(Datum, datum), columns=pairs)


def _say_calibration(judged: Judged, facts: Facts, folder: Path, lang: str) -> None:
    """Errors on sites left out, and how to apply the result."""
    sites = len(judged.by_site)
    out.print(
        either(
            f"读入 {facts.read} 行，匹配 {facts.matched} 行，{sites} 个站址；级别 {facts.propagation}",
            f"{facts.read} rows read, {facts.matched} matched, {sites} sites; level {facts.propagation}",
            lang,
        )
    )
    out.print(either("留站检验（dB）   RMSE   偏差", "sites left out [dB]   RMSE   bias", lang))
    for row in judged.errors.itertuples():
        out.print(f"  {say(f'judged_{row.model}', _lang(lang))}  {row.rmse_db:.2f}  {row.bias_db:+.2f}")
    if facts.synthetic:
        out.print(say("synthetic", _lang(lang)))
    if not judged.is_worth_applying:
        out.print(say("calibration_not_worth", _lang(lang)))
    file = folder / "calibration.toml"
    out.print(either(f"校准文件: {file}", f"calibration: {file}", lang))
    out.print(
        either(
            f'应用: siteplan plan 项目 --calibration "{file}"，或在 [coverage] 写 calibration',
            f'to apply: siteplan plan PROJECT --calibration "{file}", or name it under [coverage]',
            lang,
        )
    )


@app.command()
@_told
def replan(  # noqa: PLR0913, PLR0917 - one argument an option
    run: Annotated[Path, typer.Argument(help="发出清单的结果文件夹 / run whose list is out")],
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="更多回执 / more returns")
    ] = None,
    returns: Annotated[
        list[Path] | None,
        typer.Option(
            "--returns", help="回执：表、地图导出、KMZ，可重复 / forms, map exports, KMZ, repeatable"
        ),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option("--project", help="项目（默认在结果文件夹上级找）/ project, else found above RUN"),
    ] = None,
    reporter: Annotated[
        str, typer.Option("--reporter", help="表中没写反馈人时用 / who reports where rows do not say")
    ] = "",
    take: Annotated[
        list[str] | None,
        typer.Option("--take", help="采用待确认的行 / take a held row by its key"),
    ] = None,
    merge_only: Annotated[
        bool, typer.Option("--merge-only", help="只登记回执，不重新规划 / take the returns in, do not plan")
    ] = False,
    change_penalty: Annotated[
        float | None,
        typer.Option(
            "--change-cost", min=0.0, help="改动一个已发布点的代价 / cost of changing a published place"
        ),
    ] = None,
    max_changes: Annotated[
        int | None,
        typer.Option("--max-changes", min=0, help="最多改动几个已发布点 / most published places changed"),
    ] = None,
    quota: QuotaOpt = None,
    built: BuiltOpt = None,
    data: DataOpt = None,
    propagation: LevelOpt = None,
    output: Annotated[Path | None, typer.Option("--out", help="输出文件夹 / output folder")] = None,
    threads: Annotated[int, typer.Option(min=1, help="线程数 / threads")] = THREADS,
    lang: LangOpt = "zh",
) -> None:
    """回执入库、重新规划：少改已发布的点 / take returns in, plan again with little churn."""
    files = Returns((*(returns or ()), *(more or ())), reporter, tuple(take or ()))
    taken = merge_returns(run, project, files, _lang(lang))
    _say_taken(taken, lang)
    if merge_only:
        return
    proposal, folder = replan_area(
        run,
        project,
        change_penalty=change_penalty,
        max_changes=max_changes,
        quota=quota,
        built=built,
        data=data,
        propagation=propagation,
        output=output,
        threads=threads,
        lang=_lang(lang),
    )
    for line in summarise(proposal.faults, _lang(lang)):
        err.print(line)
    _say_curve(proposal, lang)
    _say_result(proposal, folder, lang, proposal.config.outputs.maps)


def _say_taken(taken: ReturnsResult, lang: str) -> None:
    """What became of the rows, what waits for a person, and what the journal cannot hold together."""
    for outcome in taken.merge.outcomes:
        for fault in outcome.faults:
            if fault.severity != "note":
                key = f" [{outcome.key}]" if outcome.key else ""
                err.print(fault.text(_lang(lang)) + key)
    for fault in fork_faults(taken.field_status):
        err.print(fault.text(_lang(lang)))
    counts = taken.merge.counts
    if counts:
        words = "，".join(f"{say(f'verdict_{name}', _lang(lang))} {n}" for name, n in counts.items())
        out.print(either(f"回执: {words}", f"returned rows: {words.replace('，', ', ')}", lang))
    if taken.folder is not None:
        out.print(str(taken.folder / CHECKED))


def _say_curve(proposal: Proposal, lang: str) -> None:
    """Coverage against changed places; the plan's own line is marked."""
    if proposal.change_curve.empty:
        return
    out.print(
        either(
            "改动代价  改动点数  保留点数  新增权重  覆盖人口",
            "change cost  changed  kept  newly covered weight  people covered",
            lang,
        )
    )
    for row in proposal.change_curve.itertuples():
        mark = either("  ← 本方案", "  <- this plan", lang) if row.chosen else ""
        values = (
            f"{row.change_penalty:g}  {row.changed}  {row.kept}  {row.gain:,.0f}  {row.people_covered:,.0f}"
        )
        out.print(values + mark)


@app.command()
@_told
def undo(
    project: ProjectArg,
    event: Annotated[
        str,
        typer.Argument(help="事件编号前几位（默认最后一条）/ beginning of an event's id, else the last one"),
    ] = "",
    reporter: Annotated[str, typer.Option("--reporter", help="谁撤销 / who takes it back")] = "",
    lang: LangOpt = "zh",
) -> None:
    """撤销日志中的一条记录（记录本身保留）/ take back an event of the journal, which stays in it."""
    undone, field_status = undo_event(project, event, reporter)
    out.print(say("undone", _lang(lang), **said_of(undone)))
    for fault in fork_faults(field_status):
        err.print(fault.text(_lang(lang)))


@app.command()
@_told
def progress(
    project: ProjectArg,
    year: YearOpt = None,
    data: DataOpt = None,
    output: Annotated[Path | None, typer.Option("--out", help="报告文件夹 / folder of the report")] = None,
    lang: LangOpt = "zh",
) -> None:
    """进度：各县各网络指标、已建、在建、签约、谈点、拒绝、完成率 / progress by county and network."""
    found, target = report_progress(project, year=year, data=data, output=output, lang=_lang(lang))
    _say_progress(found, lang)
    out.print(str(target / PROGRESS))


def _say_progress(found: Progress, lang: str) -> None:
    """One line a county by rank, the total, and what a month must bring."""
    names = either(
        "名次 县区 指标 已建 在建 已签约 谈点 拒绝 完成率 剩余 超建",
        "rank county quota built building signed talking refused rate remaining excess",
        lang,
    ).split()
    grid = Table(*names, box=None, pad_edge=False, show_edge=False)
    for row in found.counties.itertuples():
        grid.add_row(f"{row.place}", str(row.county), *_cells(row))
    grid.add_row("", either("合计", "total", lang), *_cells(found.total))
    out.print(grid)
    if found.months:
        text = f"倒排：剩余 {found.total.remaining} 个，到年底 {found.months} 个月，每月 {found.monthly}"
        english = (
            f"{found.total.remaining} left in {found.months} months of the year, {found.monthly} a month"
        )
        out.print(either(text, english, lang))
    for fault in fork_faults(found.field_status):
        err.print(fault.text(_lang(lang)))


def _cells(row: Any) -> list[str]:
    numbers = (row.quota, row.built, row.building, row.signed, row.talking, row.refused)
    rate = f"{row.rate:.2%}" if row.quota else "—"
    return [*(f"{n}" for n in numbers), rate, f"{row.remaining}", f"{row.excess}"]


@app.command()
@_told
def compare(
    before: Annotated[Path, typer.Argument(help="原结果文件夹 / folder of the old run")],
    after: Annotated[Path, typer.Argument(help="新结果文件夹 / folder of the new run")],
    output: Annotated[
        Path | None, typer.Option("--out", help="对比文件夹（默认新结果旁）/ folder of the comparison")
    ] = None,
    lang: LangOpt = "zh",
) -> None:
    """两次结果对比：保留、改址、去掉、新增，清单和地图 / compare two runs: kept, moved, dropped, new."""
    found = compare_plans(read_plan(before), read_plan(after), _lang(lang))
    target = output or run_folder(after.absolute().parent, f"compare-{after.name}")
    require_plain(target)
    with atomic_folder(target) as work:
        names = write_diff(found, work, _lang(lang))
    for change, count in found.counts.items():
        out.print(f"{word(f'diff_{change}', _lang(lang))}: {count}")
    for name in names:
        out.print(str(target / name))


@app.command()
def version() -> None:
    """版本 / version."""
    out.print(__version__)


def _say_result(proposal: Proposal, folder: Path, lang: str, audiences: tuple[str, ...]) -> None:
    s, config = proposal.summary, proposal.config
    maps = [audience_of(config, each) for each in audiences]
    rows = [
        (either("区域", "area", lang), proposal.area_name),
        (
            either("指标/已建/剩余", "quota/built/remaining", lang),
            f"{s['quota']} / {s['built']} / {s['remaining']}",
        ),
        (
            either("建议基站/站址", "stations/sites proposed", lang),
            f"{s['selected_stations']} / {s['selected_sites']}",
        ),
        (
            either("覆盖人口", "people covered", lang),
            f"{s['population_covered_before']:,.0f} → {s['population_covered_after']:,.0f}",
        ),
        (
            either("通5G村", "villages served", lang),
            f"{s['villages_covered_before']} → {s['villages_covered_after']} / {s['villages_total']}",
        ),
        (either("距上界", "gap to the bound", lang), f"{s['optimality_gap']:.2%}"),
        (either("用时", "seconds", lang), f"{s['seconds']['total']:.1f}"),
        *_remarks(proposal, lang),
        (either("文件夹", "folder", lang), str(folder)),
        (either("清单（反馈表）", "list (return form)", lang), str(folder / WORKBOOK)),
        (either("明细", "details", lang), str(folder / DETAILS)),
        *(
            (
                either(f"地图（{each.name}）", f"map ({each.name_en or each.name})", lang),
                str(folder / map_name(config, each)),
            )
            for each in maps
        ),
    ]
    if proposal.config.project.synthetic:
        out.print(say("synthetic", _lang(lang)))
    for name, value in rows:
        out.print(f"{name}: {value}")


def _remarks(proposal: Proposal, lang: str) -> list[tuple[str, str]]:
    """What was planned without, and why quota is left over."""
    s, rows = proposal.summary, []
    if s["missing_inputs"]:
        rows.append((either("缺少输入", "not given", lang), "；".join(s["missing_inputs"].values())))
    unused = s["remaining"] - s["selected_stations"]
    if unused:
        least = proposal.config.selection.min_gain_per_station
        why = either(
            f"{unused} 个；没有每站新增权重达到 {least:g} 且不受限的点",
            f"{unused}; no allowed place adds {least:g} per station",
            lang,
        )
        rows.append((either("未用指标", "quota unused", lang), why))
    return rows
