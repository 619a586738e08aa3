"""What the door found, for the person who can put it right: fault list, one-page report, sheet of
doubtful addresses.

One decision to know: everything is written also when nothing can be planned, because that is when it is
needed
most.
"""

from __future__ import annotations

import datetime as dt
import html
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import tomli_w
import xlsxwriter
from numpy.typing import NDArray
from xlsxwriter.worksheet import Worksheet

from siteplan.core.errors import Fault, Severity, summarise
from siteplan.inputs.load import Examination, Inputs
from siteplan.inputs.places.georeferencing import DoubtfulAddress, evidence_text
from siteplan.outputs.pages.page import page_html, table_html
from siteplan.outputs.sheets import plain
from siteplan.project.columns import LOCATED, columns_of
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, either, say

FAULTS = "数据问题清单.xlsx"
REPORT = "数据体检.html"
COLUMNS = "列名对应.toml"
ADDRESSES = "待核地址.xlsx"
LEVELS: dict[Severity, tuple[str, str, str]] = {
    "fatal": ("致命", "fatal", "#F8CBAD"),
    "rejected": ("剔除", "rejected", "#FCE4D6"),
    "warning": ("警告", "warning", "#FFF2CC"),
    "note": ("提示", "note", "#EDEDED"),
}
"""Severity: Chinese, English, colour."""
TABLES = {
    "counties": "县界",
    "villages": "村庄",
    "stations": "现网基站",
    "site_plan": "站址规划",
    "properties": "公共物业",
    "poles": "社会杆塔",
    "key_places": "重点场所",
    "area_classes": "区域类型",
    "exclusions": "管控区",
    "orders": "需求单",
    "weak_points": "弱覆盖点",
    "weak_raster": "弱覆盖栅格",
    "roads": "道路",
    "population": "人口",
    "dem": "高程",
    "land_cover": "土地覆盖",
    "osm": "OSM 道路与公共建筑",
    "located": "待核地址",
    "measurements": "实测",
}
_FAULT_COLUMNS = (
    ("severity", "严重程度", 10),
    ("table", "表", 12),
    ("file", "文件", 26),
    ("sheet", "工作表", 14),
    ("row", "行", 8),
    ("column", "列", 16),
    ("value", "值", 30),
    ("problem", "问题", 64),
    ("remedy", "怎么改", 64),
)
_MOST_ROWS = 1_000_000
_MAP = (640, 460)
_TEXT_MAP = (64, 24)
_SHOWN = (
    ("villages", "#9aa5b1", "."),
    ("stations", "#1f6fb5", "s"),
    ("site_plan", "#b07aa1", "g"),
    ("properties", "#e6862e", "p"),
    ("poles", "#76b7b2", "t"),
    ("key_places", "#59a14f", "k"),
    ("orders", "#edc948", "o"),
)
"""Tables on the small map with their colour and letter; later ones lie on top."""


def write_health(found: Examination, config: Config, folder: Path, lang: Lang = "zh") -> list[str]:
    """Write the fault list, the report, the mapping of headers and, where there are some, doubtful addresses.

    Parameters
    ----------
    found
        What the door found.
    config
        The project.
    folder
        Existing folder, not yet visible to users.
    lang
        Language of texts.

    Returns
    -------
    list of str
        Names of the files.
    """
    write_faults(found, config, folder / FAULTS, lang)
    (folder / COLUMNS).write_text(columns_toml(found, config), encoding="utf-8", newline="\n")
    (folder / REPORT).write_text(report_html(found, config, lang), encoding="utf-8", newline="\n")
    names = [FAULTS, REPORT, COLUMNS]
    if found.doubts:
        write_addresses(found.doubts, folder / ADDRESSES, config)
        names.append(ADDRESSES)
    return names


def fault_rows(faults: Iterable[Fault], lang: Lang = "zh") -> pd.DataFrame:
    """Faults as a table, the gravest first, else in the order they were found.

    Parameters
    ----------
    faults
        Of an examination.
    lang
        Language of the texts.

    Returns
    -------
    DataFrame
        ``severity, table, file, sheet, row, column, value, problem, remedy``.
    """
    order = list(LEVELS)
    listed = sorted(faults, key=lambda fault: order.index(fault.severity))
    rows = [
        {
            "severity": LEVELS[fault.severity][0 if lang == "zh" else 1],
            "table": TABLES.get(fault.table, fault.table) if lang == "zh" else fault.table,
            "file": fault.file,
            "sheet": fault.sheet,
            "row": "" if fault.row is None else fault.row,
            "column": fault.column,
            "value": str(fault.values.get("value", "")),
            "problem": say(fault.problem, lang, **fault.values),
            "remedy": say(fault.remedy, lang, **fault.values),
        }
        for fault in listed
    ]
    return pd.DataFrame(rows, columns=[name for name, _, _ in _FAULT_COLUMNS])


# --- workbooks ---------------------------------------------------------------------------------------


def write_faults(found: Examination, config: Config, path: Path, lang: Lang = "zh") -> None:
    """Write the fault list as a workbook: faults, counts by table, headers taken, evidence of the datum.

    Parameters
    ----------
    found
        What the door found.
    config
        The project.
    path
        Where to.
    lang
        Language of texts.
    """
    with _book(path, config) as book:
        head = book.add_format(
            {"bold": True, "bg_color": "#1F4E79", "font_color": "white", "text_wrap": True}
        )
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        colours = {
            words[0 if lang == "zh" else 1]: book.add_format({"bg_color": words[2], "valign": "top"})
            for words in LEVELS.values()
        }
        page = book.add_worksheet(either("问题清单", "Faults", lang))
        _fault_page(page, fault_rows(found.faults, lang), head, wrap, colours, lang)
        for name, table in _side_tables(found, lang).items():
            _plain_page(book.add_worksheet(name), table, head, wrap)


def _book(path: Path, config: Config) -> xlsxwriter.Workbook:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    book = xlsxwriter.Workbook(str(path), options)
    day = config.project.reference_date
    book.set_properties({"created": dt.datetime(day.year, day.month, day.day)})
    return book


def _fault_page(page: Worksheet, table: pd.DataFrame, head, wrap, colours, lang: Lang) -> None:  # type: ignore[no-untyped-def]
    page.write_row(0, 0, [title if lang == "zh" else name for name, title, _ in _FAULT_COLUMNS], head)
    for j, (_, _, width) in enumerate(_FAULT_COLUMNS):
        page.set_column(j, j, width)
    for i, row in enumerate(table.head(_MOST_ROWS).itertuples(index=False), 1):
        for j, value in enumerate(row):
            style = colours[row[0]] if j == 0 else wrap
            if isinstance(value, int):
                page.write_number(i, j, value, style)
            else:
                page.write_string(i, j, str(value)[:32_000], style)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, max(len(table), 1), len(_FAULT_COLUMNS) - 1)
    page.set_landscape()
    page.set_paper(8)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _side_tables(found: Examination, lang: Lang) -> dict[str, pd.DataFrame]:
    return {
        either("汇总", "Summary", lang): summary_table(found, lang),
        either("列名对应", "Headers", lang): header_table(found, lang),
        either("坐标系检验", "Datum", lang): datum_table(found, lang),
    }


def _plain_page(page: Worksheet, table: pd.DataFrame, head, wrap) -> None:  # type: ignore[no-untyped-def]
    page.write_row(0, 0, list(table.columns), head)
    page.set_column(0, max(len(table.columns) - 1, 0), 24)
    for i, row in enumerate(table.itertuples(index=False), 1):
        for j, value in enumerate(row):
            shown = plain(value)
            if isinstance(shown, (int, float)):
                page.write_number(i, j, shown, wrap)
            else:
                page.write_string(i, j, str(shown)[:32_000], wrap)
    page.freeze_panes(1, 0)


def summary_table(found: Examination, lang: Lang = "zh") -> pd.DataFrame:
    """Rows read and left out, and faults by severity, table by table.

    Parameters
    ----------
    found
        What the door found.
    lang
        Language of the headers.

    Returns
    -------
    DataFrame
        One row a table that was read or has a fault.
    """
    counts = Counter((fault.table, fault.severity) for fault in found.faults)
    sources = {source.name: source for source in found.sources}
    names = list(dict.fromkeys([*sources, *(fault.table for fault in found.faults)]))
    rows = []
    for name in names:
        source = sources.get(name)
        rows.append(
            [
                TABLES.get(name, name or "project.toml") if lang == "zh" else name or "project.toml",
                source.file if source else "",
                source.read if source and source.read else "",
                source.rejected if source and source.read else "",
                *(counts[name, severity] for severity in LEVELS),
            ]
        )
    titles = either("表,文件,读入,剔除行", "table,file,read,rows left out", lang).split(",")
    words = [words[0 if lang == "zh" else 1] for words in LEVELS.values()]
    return pd.DataFrame(rows, columns=[*titles, *words])


def header_table(found: Examination, lang: Lang = "zh") -> pd.DataFrame:
    """Which header was taken for which column, and how surely.

    Parameters
    ----------
    found
        What the door found.
    lang
        Language of the headers.

    Returns
    -------
    DataFrame
        One row a column.
    """
    rows = [
        [
            TABLES.get(table, table) if lang == "zh" else table,
            column,
            headers.taken[column],
            headers.confidence[column],
        ]
        for table, headers in found.headers.items()
        for column in headers.taken
    ]
    titles = either("表,列,表头,把握", "table,column,header,confidence", lang).split(",")
    return pd.DataFrame(rows, columns=titles)


def datum_table(found: Examination, lang: Lang = "zh") -> pd.DataFrame:
    """The verdict on each table's datum with its evidence.

    Parameters
    ----------
    found
        What the door found.
    lang
        Language of the headers.

    Returns
    -------
    DataFrame
        One row a table, or a group of its rows where it is mixed.
    """
    rows = []
    for table, evidence in found.evidence.items():
        for label, verdict in evidence.groups:
            name = TABLES.get(table, table) if lang == "zh" else table
            answer = verdict.datum or either("无法判断", "cannot tell", lang)
            offset = ", ".join(f"{value:.0f}" for value in verdict.offset_m if np.isfinite(value))
            rows.append(
                [
                    name,
                    label,
                    answer,
                    verdict.sureness,
                    verdict.rows,
                    verdict.names,
                    evidence_text(verdict.median_m),
                    offset,
                ]
            )
    titles = either(
        "表,行组,检验结果,把握,有地名的行,不同地名,与地名的中位距离,整体偏移（米：wgs84/gcj02/bd09）",
        "table,group,verdict,sureness,rows with names,names,median distance,common offset [m: "
        "wgs84/gcj02/bd09]",
        lang,
    ).split(",")
    return pd.DataFrame(rows, columns=titles)


def write_addresses(doubts: Sequence[DoubtfulAddress], path: Path, config: Config) -> None:
    """Write the sheet in which a person chooses where doubtful addresses are; the next run reads it back.

    Parameters
    ----------
    doubts
        Rows with up to three guesses.
    path
        Where to.
    config
        The project.
    """
    specs = columns_of(LOCATED)
    asked = ("choice", "longitude", "latitude", "datum")
    with _book(path, config) as book:
        page = book.add_worksheet("待核地址")
        head = book.add_format(
            {"bold": True, "bg_color": "#1F4E79", "font_color": "white", "text_wrap": True}
        )
        fill = book.add_format({"bg_color": "#FFF2CC", "locked": False})
        page.write_row(0, 0, [spec.aliases[0] for spec in specs], head)
        for i, doubt in enumerate(doubts, 1):
            for j, value in enumerate(_address_row(doubt, [spec.name for spec in specs])):
                if isinstance(value, float):
                    page.write_number(i, j, value)
                elif value:
                    page.write_string(i, j, str(value)[:32_000])
                elif specs[j].name in asked:
                    page.write_blank(i, j, None, fill)
        names = [spec.name for spec in specs]
        for name, choices in (("choice", [1, 2, 3]), ("datum", ["wgs84", "cgcs2000", "gcj02", "bd09"])):
            at = names.index(name)
            page.data_validation(1, at, len(doubts), at, {"validate": "list", "source": choices})
        page.set_column(0, len(names) - 1, 14)
        page.set_column(names.index("address"), names.index("address"), 40)
        page.freeze_panes(1, 2)
        page.autofilter(0, 0, len(doubts), len(names) - 1)
        about = book.add_worksheet("说明")
        about.set_column(0, 0, 100)
        for i, line in enumerate(_HOW_TO_CHOOSE):
            about.write_string(i, 0, line)


_HOW_TO_CHOOSE = (
    "1. 黄色列由人填写：在“选择”中填 1、2 或 3，表示采用备选 1、2、3；都不对时填实际经度、实际纬度和坐标系。",
    "2. 不填的行保持自动定位的结果。",
    '3. 填好后存入项目文件夹，并在 project.toml 中写：[inputs.located] 换行 path = "待核地址.xlsx"，再运行。',
    "Fill in the yellow columns: 1, 2 or 3 takes that guess; or enter longitude, latitude and "
    "datum. Save the file "
    'in the project folder and name it under [inputs.located] path = "待核地址.xlsx".',
)


def _address_row(doubt: DoubtfulAddress, names: Sequence[str]) -> list[object]:
    values: dict[str, object] = {
        "table": doubt.table,
        "source_id": doubt.source_id,
        "place": doubt.name,
        "address": doubt.address,
        "row": doubt.row,
        "located_as": doubt.located_as,
        "grade": doubt.grade,
        "radius_m": round(doubt.radius_m, 0) if np.isfinite(doubt.radius_m) else "",
    }
    for n, (title, longitude, latitude, radius) in enumerate(doubt.guesses, 1):
        values |= {
            f"guess{n}": title,
            f"guess{n}_lon": round(longitude, 6),
            f"guess{n}_lat": round(latitude, 6),
            f"guess{n}_radius_m": float(round(radius)),
        }
    return [values.get(name, "") for name in names]


def columns_toml(found: Examination, config: Config) -> str:
    """Headers taken, as lines a user can paste into the project file.

    Parameters
    ----------
    found
        What the door found.
    config
        The project.

    Returns
    -------
    str
        TOML: an ``[inputs.<table>]`` block each with ``columns``.
    """
    blocks = []
    for table, headers in found.headers.items():
        given = getattr(config.inputs, table)
        text = tomli_w.dumps({"columns": dict(headers.taken)})
        unsure = [
            f"{name} {headers.confidence[name]:.2f}"
            for name in headers.taken
            if headers.confidence[name] < 0.9
        ]
        note = f"# 把握较低，请核对 / less sure: {', '.join(unsure)}\n" if unsure else ""
        body = text.replace("[columns]", f"[inputs.{table}.columns]", 1)
        blocks.append(f"# {given.path if given else ''}\n{note}{body}".replace("\r", " "))
    return "\n".join(blocks)


# --- the page ----------------------------------------------------------------------------------------


def report_html(found: Examination, config: Config, lang: Lang = "zh") -> str:
    """The report on one page, without any request.

    Parameters
    ----------
    found
        What the door found.
    config
        The project.
    lang
        Language of texts.

    Returns
    -------
    str
        HTML.
    """
    title = either(f"{config.project.city} 数据体检", f"{config.project.city}: health of the inputs", lang)
    parts = [f"<h1>{html.escape(title)}</h1>", _verdict_html(found, lang)]
    if config.project.synthetic:
        parts.append(f'<p class="warn">{html.escape(say("synthetic", lang))}</p>')
    if found.inputs is not None:
        parts.append(_map_html(found.inputs, lang))
    parts += [_heading("汇总", "Summary", lang), _table_html(summary_table(found, lang))]
    lines = summarise(found.faults, lang)
    if lines:
        items = "".join(f"<li>{html.escape(line)}</li>" for line in lines[:60])
        more = (
            ""
            if len(lines) <= 60
            else f"<p>… {len(lines) - 60} {either('项见清单', 'more in the list', lang)}</p>"
        )
        parts += [_heading("要处理的问题", "What to do", lang), f"<ol>{items}</ol>{more}"]
    if found.evidence:
        parts += [_heading("坐标系检验", "Datum, tested", lang), _table_html(datum_table(found, lang))]
    if found.doubts:
        text = either(
            f"{len(found.doubts)} 个地址需要人工确认，见 {ADDRESSES}。",
            f"{len(found.doubts)} addresses want a person's eye, see {ADDRESSES}.",
            lang,
        )
        parts += [_heading("待核地址", "Doubtful addresses", lang), f"<p>{html.escape(text)}</p>"]
    parts += [_heading("列名对应（可粘贴回项目文件）", "Headers, to be pasted back", lang)]
    parts.append(f"<pre>{html.escape(columns_toml(found, config))}</pre>")
    return page_html(title, "\n".join(parts), lang)


def _heading(chinese: str, english: str, lang: Lang) -> str:
    return f"<h2>{html.escape(either(chinese, english, lang))}</h2>"


def verdict(found: Examination, lang: Lang = "zh") -> str:
    """One sentence: can be planned or not, and how many faults of each severity.

    Parameters
    ----------
    found
        What the door found.
    lang
        Language.

    Returns
    -------
    str
        For the head of the page and the terminal.
    """
    counts = Counter(fault.severity for fault in found.faults)
    if found.inputs is None:
        head = either("不能规划：先处理致命问题", "cannot be planned: mend the fatal faults first", lang)
    elif counts["rejected"]:
        head = either("可以规划，但有数据被剔除", "can be planned, but rows are left out", lang)
    elif counts["warning"]:
        head = either("可以规划，有警告待核", "can be planned, with warnings to look at", lang)
    else:
        head = either("可以规划，未发现问题", "can be planned, no fault found", lang)
    words = [f"{words[0 if lang == 'zh' else 1]} {counts[severity]}" for severity, words in LEVELS.items()]
    stop = either("；", "; ", lang)
    return f"{head}{stop}{either('，', ', ', lang).join(words)}"


def _verdict_html(found: Examination, lang: Lang) -> str:
    good = found.inputs is not None and not any(fault.severity == "rejected" for fault in found.faults)
    return f'<p class="{"good" if good else "bad"}">{html.escape(verdict(found, lang))}</p>'


def _table_html(table: pd.DataFrame) -> str:
    return table_html(list(table.columns), table.itertuples(index=False), "words")


# --- small maps --------------------------------------------------------------------------------------


def _points(inputs: Inputs, name: str) -> NDArray[np.float64]:
    table: gpd.GeoDataFrame | None = getattr(inputs, name)
    if table is None or table.empty:
        return np.zeros((0, 2))
    return np.column_stack([table.geometry.x, table.geometry.y])


def _map_html(inputs: Inputs, lang: Lang) -> str:
    """County outlines and the points of each table, as one small drawing."""
    west, south, east, north = inputs.counties.total_bounds
    scale = min((_MAP[0] - 20) / (east - west), (_MAP[1] - 20) / (north - south))

    def at(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([10 + (xy[:, 0] - west) * scale, 10 + (north - xy[:, 1]) * scale]).round(1)

    height = round((north - south) * scale + 20)
    parts = [f'<svg width="{_MAP[0]}" viewBox="0 0 {_MAP[0]} {height}" role="img">']
    for shape in inputs.counties.geometry.simplify(1.0 / scale):
        for ring in (part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"):
            path = "L".join(f"{x:g} {y:g}" for x, y in at(np.asarray(ring.exterior.coords)[:, :2]))
            parts.append(f'<path d="M{path}Z" fill="#f6f8fa" stroke="#5b6776"/>')
    keys = []
    for name, colour, _ in _SHOWN:
        points = _points(inputs, name)
        if len(points):
            dots = "".join(f"M{x:g} {y:g}h0" for x, y in np.unique(at(points), axis=0))
            parts.append(
                f'<path d="{dots}" stroke="{colour}" stroke-width="2" stroke-linecap="round" fill="none"/>'
            )
            title = TABLES[name] if lang == "zh" else name
            keys.append(f'<span style="color:{colour}">● {html.escape(title)} {len(points)}</span>')
    return "".join(parts) + f'</svg><p class="key">{"".join(keys)}</p>'


def text_map(inputs: Inputs) -> list[str]:
    """A small map in letters for a terminal: where the rows of each table lie.

    Parameters
    ----------
    inputs
        Checked inputs.

    Returns
    -------
    list of str
        Lines; ``,`` is land of the counties, letters are tables (the last line says which).
    """
    west, south, east, north = inputs.counties.total_bounds
    width = _TEXT_MAP[0]
    step = max((east - west) / width, (north - south) / (2 * _TEXT_MAP[1]), 1.0)
    rows, columns = int(np.ceil((north - south) / (2 * step))) or 1, int(np.ceil((east - west) / step)) or 1
    picture = np.full((rows, columns), " ", dtype="<U1")
    y, x = np.meshgrid(
        north - (np.arange(rows) + 0.5) * 2 * step, west + (np.arange(columns) + 0.5) * step, indexing="ij"
    )
    centres = gpd.GeoSeries(gpd.points_from_xy(x.ravel(), y.ravel()), crs=inputs.counties.crs)
    inside = np.unique(inputs.counties.sindex.query(centres.to_numpy(), predicate="intersects")[0])
    picture.ravel()[inside] = ","
    keys = []
    for name, _, letter in _SHOWN:
        points = _points(inputs, name)
        if not len(points):
            continue
        keys.append(f"{letter} {name}")
        row = np.floor((north - points[:, 1]) / (2 * step)).astype(int)
        column = np.floor((points[:, 0] - west) / step).astype(int)
        on = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        picture[row[on], column[on]] = letter
    return [*("".join(line).rstrip() for line in picture), "  ".join(keys)]


def exit_code(faults: Iterable[Fault]) -> int:
    """1 when a fault matters (fatal, or a row left out), 0 with warnings and notes only [int]."""
    return int(any(fault.severity in ("fatal", "rejected") for fault in faults))
