"""台账.xlsx: every site from selection to completion, one sheet a stage, that can come back as a return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from siteplan.field.records import SiteRecord
from siteplan.field.returns import META, SEEN
from siteplan.outputs.schedule import calendar_text, site_row
from siteplan.outputs.sheets import plain
from siteplan.outputs.xlsx.cells import (
    A3,
    look_of,
    new_book,
    on_paper,
    row_height,
    with_footer,
    write_cell,
    write_head,
)
from siteplan.outputs.xlsx.issued import DATUM_WORDS, FormFormats, as_read, write_issued
from siteplan.planning.schedule import SiteSchedule
from siteplan.planning.year import Year
from siteplan.project.columns import columns_of
from siteplan.project.schema import Config
from siteplan.project.statuses import EXITS, KeyKind, Obstacle, SiteStatus
from siteplan.words.catalogue import Lang, translate

COLUMNS = columns_of("ledger_sites")
"""Columns of a stage; those without a source may be filled in."""
STAGES = (*(each for each in SiteStatus if each != SiteStatus.PAUSED), SiteStatus.PAUSED)
"""Stages in the order of the sheets; what is paused needs no reminder and stands last."""
_PRINTED = ("order_no", "project_no", "site_no", "tower_name", "obstacle", "solution")
"""Cells to fill in that show what is known: what nobody touched says nothing when it comes back."""
_LAST_PRINTED = "order_no"
"""Column after which the paper ends; the rest is for the screen."""
_HEAD_ROW = 3
_AT = {column.name: number for number, column in enumerate(COLUMNS)}


def write_ledger(year: Year, names: Mapping[str, str], config: Config, folder: Path, lang: Lang) -> str:
    """Write the workbook.

    Parameters
    ----------
    year
        Records and their schedule.
    names
        County names by id.
    config
        The project, as of the day of the ledger.
    folder
        Existing folder.
    lang
        Language of sheets and headers.

    Returns
    -------
    str
        Its name.
    """
    name = translate("file_ledger", lang)
    title = translate("ledger_title", lang, city=config.project.city, year=year.schedule.deadline.year)
    scheduled = {site.record.candidate_id: site for site in year.schedule.sites}
    rows = [_row(record, scheduled.get(each), names, config, lang) for each, record in year.records.items()]
    with new_book(folder / name, title, config.project.reference_date) as book:
        formats = FormFormats(book)
        overview = book.add_worksheet(translate("ledger_overview", lang))
        issued: list[list[str]] = []
        for status in STAGES:
            own = [row for row in rows if row["code"] == status.value]
            own.sort(key=lambda row: (str(row["order"]), str(row["candidate_id"])))
            if own:
                sheet = book.add_worksheet(translate(f"status_{status}", lang))
                issued += _stage(sheet, title, own, year, config, formats, lang)
        _overview(overview, title, rows, year, config, formats, lang)
        meta = book.add_worksheet(META)
        shown = [column.header(lang) for column in COLUMNS if column.source]
        columns = ["id", *shown, *(f"{SEEN}{each}" for each in _PRINTED), "seen"]
        write_issued(meta, year.lists[0] if year.lists else "", columns, issued)
        overview.activate()
    return name


def _row(
    record: SiteRecord, site: SiteSchedule | None, names: Mapping[str, str], config: Config, lang: Lang
) -> dict[str, object]:
    """One site as the ledger shows it; its status as a code, and its place in its sheet."""
    place, difficulty = record.place, record.difficulty
    bands = {config.band(each).network for each in place.bands}
    shown = site_row(site, names, lang) if site else dict.fromkeys(columns_in("schedule_sites"), "")
    if site is None and record.status not in EXITS | {SiteStatus.ON_AIR}:
        shown["light_reason"] = translate("light_unlisted", lang)
    lon, lat = record.site_point or ("", "")
    last = record.visits[-1] if record.visits else None
    return shown | {
        "code": record.status.value,
        "order": f"{site.slack_days + 100_000:07d}" if site else "",
        "county_id": place.county_id,
        "candidate_id": record.candidate_id,
        "name": place.name,
        "county": names.get(place.county_id, place.county_id),
        "source_type": translate(f"source_type_{place.source_type}", lang),
        "networks": translate("join_comma", lang).join(n.name for n in config.networks if n.id in bands),
        "stations": place.stations,
        "status": translate(f"status_{record.status}", lang),
        "since": record.state.since if record.state else "",
        "planned_longitude": place.longitude,
        "planned_latitude": place.latitude,
        "site_longitude": lon,
        "site_latitude": lat,
        "deviation_m": "" if record.deviation_m is None else round(record.deviation_m),
        **{kind.value: getattr(record.keys, kind.value) for kind in KeyKind},
        "obstacle": translate(f"obstacle_{difficulty.obstacle}", lang)
        if difficulty and difficulty.obstacle
        else "",
        "solution": difficulty.solution if difficulty else "",
        "visits": len(record.visits) or "",
        "last_visit": " ".join(filter(None, (last.date, last.whom, last.outcome))) if last else "",
        "difficulties": _weeks(record, lang),
        "former_keys": translate("join_comma", lang).join(text for _, text in record.former_keys),
        "history": _history(record, lang),
    }


def columns_in(table: str) -> list[str]:
    """Names of a table's columns."""
    return [column.name for column in columns_of(table)]


def _weeks(record: SiteRecord, lang: Lang) -> str:
    """The file of a difficult site, the latest entry first."""
    entries = [f"{day} {each.progress or each.solution}".strip() for day, each in record.difficulties]
    return translate("text", lang).join(reversed(entries))


def _history(record: SiteRecord, lang: Lang) -> str:
    """Every step with its day and reason."""
    steps = [
        " ".join(filter(None, (day, translate(f"status_{after}", lang), reason)))
        for day, _, after, reason, _ in record.history
    ]
    return translate("text", lang).join(steps)


def _stage(
    sheet: Worksheet,
    title: str,
    rows: Sequence[Mapping[str, object]],
    year: Year,
    config: Config,
    formats: FormFormats,
    lang: Lang,
) -> list[list[str]]:
    """One stage's sites; gives back what was issued, as text."""
    _top(sheet, f"{title} · {sheet.name}", year, config, formats, lang)
    sheet.write_string(2, 0, translate("ledger_fill", lang), formats.note)
    looks = [look_of(column) for column in COLUMNS]
    write_head(sheet, _HEAD_ROW, [column.header(lang) for column in COLUMNS], looks, formats)
    sheet.set_row(_HEAD_ROW, 34)
    issued = []
    for line, row in enumerate(rows, start=_HEAD_ROW + 1):
        shown = {c.name for c in COLUMNS if c.source} | {*_PRINTED, "status"}
        values = [plain(row[c.name]) if c.name in shown else "" for c in COLUMNS]
        sheet.set_row(line, max(24, row_height(values, looks)))
        for number, (column, value) in enumerate(zip(COLUMNS, values, strict=True)):
            style = formats.cell(column.cell_format) if column.source else formats.open(look_of(column))
            write_cell(sheet, line, number, value, style)
        locked = [as_read(value) for c, value in zip(COLUMNS, values, strict=True) if c.source]
        printed = [as_read(row[name]) for name in _PRINTED]
        issued.append([as_read(row["candidate_id"]), *locked, *printed, str(row["code"])])
    _rules(sheet, _HEAD_ROW + len(rows), formats, lang)
    sheet.autofilter(_HEAD_ROW, 0, _HEAD_ROW + len(rows), len(COLUMNS) - 1)
    sheet.freeze_panes(_HEAD_ROW + 1, 3)
    sheet.protect("", {"autofilter": True, "format_columns": True, "format_rows": True, "sort": True})
    on_paper(sheet, _HEAD_ROW, A3)
    sheet.print_area(0, 0, _HEAD_ROW + len(rows), _AT[_LAST_PRINTED])
    with_footer(sheet, f"{title} {year.schedule.day}")
    return issued


def _top(sheet: Worksheet, title: str, year: Year, config: Config, formats: FormFormats, lang: Lang) -> None:
    """Title, day, what kind of data this is, and how working days were counted."""
    synthetic = [translate("synthetic", lang)] if config.project.synthetic else []
    sheet.write_string(0, 0, title, formats.title)
    sheet.set_row(0, 26)
    said = [*synthetic, translate("as", lang, day=year.schedule.day), calendar_text(year.schedule, lang)]
    sheet.write_string(1, 0, " · ".join(said), formats.banner if synthetic else formats.note)


def _rules(sheet: Worksheet, last: int, formats: FormFormats, lang: Lang) -> None:
    """Drop-downs, the colour of lights and statuses, and an end that has no reason."""
    first = _HEAD_ROW + 1
    lists = {
        "status": [translate(f"status_{each}", lang) for each in SiteStatus],
        "datum": list(DATUM_WORDS),
        "obstacle": [translate(f"obstacle_{each}", lang) for each in Obstacle],
    }
    for name, words in lists.items():
        at = _AT[name]
        sheet.data_validation(first, at, last, at, {"validate": "list", "source": words})
    for light, style in formats.lights.items():
        word = translate(f"light_{light}", lang)
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": style}
        sheet.conditional_format(first, _AT["light"], last, _AT["light"], rule)
    status, reason = (f"${xl_col_to_name(_AT[name])}{first + 1}" for name in ("status", "reason"))
    ends = ",".join(f'{status}="{translate(f"status_{each}", lang)}"' for each in sorted(EXITS))
    wrong = {"type": "formula", "criteria": f'=AND(OR({ends}),{reason}="")', "format": formats.wrong}
    sheet.conditional_format(first, _AT["reason"], last, _AT["reason"], wrong)


def _overview(
    sheet: Worksheet,
    title: str,
    rows: Sequence[Mapping[str, object]],
    year: Year,
    config: Config,
    formats: FormFormats,
    lang: Lang,
) -> None:
    """Sites by county and stage, then by light; the difficult ones below, week by week."""
    _top(sheet, title, year, config, formats, lang)
    stages = [each for each in STAGES if any(row["code"] == each.value for row in rows)]
    lights = ("red", "amber", "green")
    heads = [translate("county", lang), translate("sites", lang), translate("stations", lang)]
    heads += [translate(f"status_{each}", lang) for each in stages]
    heads += [translate(f"light_{each}", lang) for each in lights]
    table = columns_of("schedule_counties")
    looks = [look_of(table[0])._replace(width=18), *[look_of(table[1])._replace(width=9)] * (len(heads) - 1)]
    write_head(sheet, _HEAD_ROW, heads, looks, formats)
    groups: dict[str, list[Mapping[str, object]]] = {}
    for row in rows:
        groups.setdefault(str(row["county"]), []).append(row)
    lines = [*groups.items(), (translate("total", lang), list(rows))]
    for line, (county, own) in enumerate(lines, start=_HEAD_ROW + 1):
        counts = [len(own), sum(int(str(row["stations"])) for row in own)]
        counts += [sum(row["code"] == each.value for row in own) for each in stages]
        counts += [sum(row["light"] == translate(f"light_{each}", lang) for row in own) for each in lights]
        for number, value in enumerate([county, *counts]):
            style = formats.cell("text" if number == 0 else "count")
            write_cell(sheet, line, number, value, formats.head if line > len(groups) + _HEAD_ROW else style)
    _difficult(sheet, _HEAD_ROW + len(lines) + 2, rows, formats, lang)
    sheet.freeze_panes(_HEAD_ROW + 1, 1)
    sheet.protect()
    on_paper(sheet, _HEAD_ROW, A3)
    with_footer(sheet, f"{title} {year.schedule.day}")


def _difficult(
    sheet: Worksheet, line: int, rows: Sequence[Mapping[str, object]], formats: FormFormats, lang: Lang
) -> None:
    """Difficult sites, a line each."""
    own = [row for row in rows if row["obstacle"] or row["difficulties"]]
    if not own:
        return
    sheet.write_string(line, 0, translate("ledger_difficult", lang, count=len(own)), formats.title)
    for number, row in enumerate(own, start=line + 1):
        parts = (row["obstacle"], row["solution"], row["difficulties"])
        said = " · ".join(str(each) for each in parts if each)
        write_cell(sheet, number, 0, str(row["county"]), formats.cell("text"))
        sheet.write_string(number, 1, f"{row['name']} {row['candidate_id']}: {said}", formats.note)
