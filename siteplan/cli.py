"""The ``siteplan`` command: parse, call, exit code.

One decision to know: everything a user can put right ends in a message and exit code 1; anything else is
a bug and shows its traceback.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from rich.console import Console

from siteplan import __version__, pipeline
from siteplan.cache import FileCache
from siteplan.calibration import Judged
from siteplan.config import Config, Datum, Input, load_config, read_calibration
from siteplan.demo import write_demo
from siteplan.diff import compare_plans
from siteplan.errors import SiteplanError, summarise
from siteplan.inputs.runs import read_plan
from siteplan.ledger import build_ledger, on_air
from siteplan.meter import Stopwatch, peak_memory_mib
from siteplan.outputs import WORKBOOK, MapOrder, write_all, write_diff, write_summary
from siteplan.outputs.audience import audience_of, map_name
from siteplan.outputs.calibration import Facts, write_calibration
from siteplan.outputs.health import exit_code, text_map, verdict, write_health
from siteplan.outputs.templates import DEFAULT_CRS, new_project
from siteplan.outputs.webmap.words import word
from siteplan.proposal import Proposal
from siteplan.store import (
    atomic_folder,
    project_lock,
    read_registry,
    require_writable,
    sha256_of,
    write_registry,
)
from siteplan.terrain import level_name
from siteplan.texts import Lang, either, say

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
        "--level",
        metavar="terrain|buffer",
        help="传播级别（默认按项目文件）/ propagation level, else the project's",
    ),
]
CACHE = Path(".cache") / "footprints.sqlite"
"""Footprints over terrain, kept in the project folder; deleting the file is always safe."""
CHECKS = "checks"
"""Folder of the project that reports of checks go to."""
THREADS = min(4, os.cpu_count() or 1)


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
    folder, config = _opened(project)
    found = pipeline.examine(data or folder, config, county)
    target = output or _run_folder(folder / CHECKS, "check")
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
    level: LevelOpt = None,
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
        project, county=county, year=year, quota=quota, built=built, data=data, level=level,
        clutter=clutter, calibration=calibration, output=output, threads=threads, lang=_lang(lang),
        audiences=tuple(audience or ()), recipient=recipient, online_tiles=online_tiles,
    )  # fmt: skip
    for line in summarise(proposal.faults, _lang(lang)):
        err.print(line)
    _say_result(proposal, folder, lang, tuple(audience or proposal.config.outputs.maps))


def plan_area(  # noqa: PLR0913 - one argument an option
    project: Path,
    *,
    county: str | None = None,
    year: int | None = None,
    quota: int | None = None,
    built: int | None = None,
    data: Path | None = None,
    level: str | None = None,
    clutter: str | None = None,
    calibration: Path | None = None,
    output: Path | None = None,
    threads: int = THREADS,
    lang: Lang = "zh",
    audiences: tuple[str, ...] = (),
    recipient: str = "",
    online_tiles: bool = False,
) -> tuple[Proposal, Path]:
    """Plan and write one area; what the command and the scripts call.

    Parameters
    ----------
    project
        Project folder or file.
    county
        One county; None for the city.
    year, quota, built
        Override the project's ledger for this area.
    data
        Folder the input paths are relative to; None takes the project's own.
    level
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

    Returns
    -------
    tuple
        The proposal and the folder it was written to.

    Raises
    ------
    SiteplanError
        For anything the user can put right; nothing is left half-written.
    """
    watch = Stopwatch()
    folder, config = _opened(project)
    config = _at_level(config, level, clutter)
    if calibration is not None:
        config = read_calibration(config, calibration)
    for each in audiences:
        audience_of(config, each)
    order = MapOrder(audiences, recipient, datetime.now().date().isoformat(), online_tiles)
    with watch.stage("load"):
        inputs = pipeline.load(data or folder, config, county)
    for path in (data, output):
        if path is not None:
            _require_plain(path)
    target = output or _run_folder(folder / config.outputs.directory, inputs.area_name)
    with (
        project_lock(folder), ThreadPoolExecutor(threads) as pool, atomic_folder(target) as work,
        FileCache(folder / CACHE, config.coverage.cache_mib) as cache,
    ):  # fmt: skip
        registry = folder / "candidate_ids.csv"
        require_writable(registry)
        proposal, ids = pipeline.run(
            inputs, config, ids=read_registry(registry), year=year, quota=quota, built=built, lang=lang,
            cache=cache, map_fn=pool.map, watch=watch,
        )  # fmt: skip
        with watch.stage("outputs"):
            write_all(proposal, work, lang, order)
        proposal.summary["seconds"] = watch.total()
        proposal.summary["peak_memory_mib"] = peak_memory_mib()
        write_summary(proposal, work)
        write_registry(registry, ids)
    return proposal, target


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
    level: LevelOpt = None,
    output: Annotated[Path | None, typer.Option("--out", help="输出文件夹 / output folder")] = None,
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 0,
    lang: LangOpt = "zh",
) -> None:
    """用实测校准模型：留一站检验、残差图、calibration.toml / fit the model to measurements."""
    folder, config = _opened(project)
    config = _at_level(config, level)
    given = _measurement_input(measurements, datum, column or [])
    serving = {"auto": None, "serving": True, "several": False}
    if servers not in serving:
        raise SiteplanError(f"--servers {servers}: auto, serving, several")
    inputs = pipeline.load(data or folder, config, None)
    judged, found, left_out = pipeline.measured(
        data or folder, inputs, config, given, serving_only=serving[servers], seed=seed
    )
    name = level_name(inputs, config)
    facts = Facts(
        measurements.name, sha256_of(measurements), found.read, len(judged.sample), left_out, name,
        config.coverage.clutter if name == "terrain" else "", datetime.now().date().isoformat(),
        config.project.synthetic,
    )  # fmt: skip
    target = output or _run_folder(folder / config.outputs.directory, f"calibration-{measurements.stem}")
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
            f"读入 {facts.read} 行，匹配 {facts.matched} 行，{sites} 个站址；级别 {facts.level}",
            f"{facts.read} rows read, {facts.matched} matched, {sites} sites; level {facts.level}",
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
def progress(project: ProjectArg, year: YearOpt = None, data: DataOpt = None, lang: LangOpt = "zh") -> None:
    """指标台账：各县指标、已建、完成率、剩余 / quota ledger by county."""
    folder, config = _opened(project)
    inputs = pipeline.load(data or folder, config, None)
    ledger = build_ledger(
        config,
        inputs.counties,
        inputs.area,
        on_air(inputs.stations, config),
        year=year or config.project.year,
    )
    columns = ["quota", "built", "remaining", "excess"]
    table = ledger.table.groupby(["county_id", "county"], as_index=False)[columns].sum()
    out.print(
        either(
            "县区      指标  已建  完成率  剩余  超建",
            "county    quota  built  rate  remaining  excess",
            lang,
        )
    )
    for row in table.itertuples():
        rate = f"{row.built / row.quota:.2%}" if row.quota else "—"
        out.print(f"{row.county}  {row.quota}  {row.built}  {rate}  {row.remaining}  {row.excess}")
    rate = f"{ledger.built / ledger.quota:.2%}" if ledger.quota else "—"
    total = either("合计", "total", lang)
    out.print(f"{total}  {ledger.quota}  {ledger.built}  {rate}  {ledger.remaining}")


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
    found = compare_plans(read_plan(before), read_plan(after))
    target = output or _run_folder(after.absolute().parent, f"compare-{after.name}")
    _require_plain(target)
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


def _opened(project: Path) -> tuple[Path, Any]:
    _require_plain(project)
    config = load_config(project)
    return (project if project.is_dir() else project.parent), config


def _at_level(config: Config, level: str | None, clutter: str | None = None) -> Config:
    """The project with another propagation level or treatment of clutter."""
    asked = {"level": level, "clutter": clutter}
    choices = {"level": ("auto", "terrain", "buffer"), "clutter": ("profile", "end_loss", "none")}
    for name, value in asked.items():
        if value is not None and value not in choices[name]:
            raise SiteplanError(f"--{name} {value}: 只能是 / must be one of {', '.join(choices[name])}")
    update = {name: value for name, value in asked.items() if value is not None}
    return config.model_copy(update={"coverage": config.coverage.model_copy(update=update)})


def _require_plain(path: Path) -> None:
    """The GIS library reads "!" in a path as a file inside an archive."""
    if "!" in str(path.absolute()):
        raise SiteplanError(f"{path}: 文件夹名不能含 “!” / a folder name must not contain '!'")


def _run_folder(directory: Path, area_name: str) -> Path:
    """A new name by area and time; a second run in the same second gets a number."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    safe = re.sub(r'[\\/:*?"<>|\s]+', "_", area_name)
    name, number = f"{safe}-{stamp}", 2
    target = directory / name
    while target.exists():
        target, number = directory / f"{name}-{number}", number + 1
    return target


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
        (either("表格", "workbook", lang), str(folder / WORKBOOK)),
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
