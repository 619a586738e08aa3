"""What comes back from the field: filled forms, the map's JSON and CSV, KMZ with moved pins.

Reading decides nothing. A row says what it says, with its file, sheet and row; what it
means for the plan is worked out in :mod:`siteplan.field.merge`. Only what cannot be read at all is a fault
here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
from lxml import etree
from pydantic.dataclasses import dataclass as validated
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, XmlError, ZipError

from siteplan.core.errors import Fault, InputFaults, Severity
from siteplan.core.files import sha256_of
from siteplan.field.journal import Difficulty, SiteKeys, Visit
from siteplan.field.records import KeyIndex
from siteplan.field.words import obstacle_of, probable_status, status_of
from siteplan.inputs.files import guard
from siteplan.inputs.files.cells import dates_of, is_tenth, text_of
from siteplan.inputs.files.headers import match_headers, normalise
from siteplan.inputs.files.raw_table import RawTable, Wanted
from siteplan.inputs.files.readers import read_table
from siteplan.inputs.tables.coordinates import degrees_of, split_pair
from siteplan.project.columns import columns_of
from siteplan.project.statuses import RECORD_COLUMNS, RETURN_COLUMNS, RETURNS_SCHEMA, KeyKind, Obstacle
from siteplan.words.catalogue import Key, Lang, translate

META = "_meta"
"""Hidden sheet of a form: what was issued."""
META_HEAD = 4
"""Rows of that sheet before its table: schema, run, hash, and an empty one."""
DATUMS: dict[str, str] = {
    "wgs84": "wgs84",
    "gps": "wgs84",
    "cgcs2000": "cgcs2000",
    "国家2000": "cgcs2000",
    "2000": "cgcs2000",
    "gcj02": "gcj02",
    "gcj-02": "gcj02",
    "高德": "gcj02",
    "腾讯": "gcj02",
    "微信": "gcj02",
    "火星": "gcj02",
    "bd09": "bd09",
    "bd-09": "bd09",
    "百度": "bd09",
}
"""Words people use for a datum."""
_PINS = {".kml", ".kmz"}
_BACKGROUND = frozenset(translate("kml_villages", lang) for lang in get_args(Lang))
"""Folders of a KMZ with what is only drawn around the pins."""
_EVENT_COLUMN = "schema"
"""Column that only exports of the map have: their rows are events, not the rows of a form."""


@dataclass(frozen=True)
class Edit:
    """A locked cell that is not as it was issued."""

    column: str
    issued: str
    found: str


@validated(frozen=True, config={"extra": "forbid"})
class ReturnRow:
    """One row that came back.

    Attributes
    ----------
    file, sha256, sheet, row
        Where it stands.
    candidate_id
        As written.
    status
        A :class:`SiteStatus`, ``MOVED``, or "" where the row says none.
    longitude, latitude
        As written, in ``datum`` [deg]; None where the row has none.
    datum
        ``wgs84, cgcs2000, gcj02, bd09``; "" where the row says none.
    reason, note, reported_by
        Texts.
    reported_at
        ISO 8601, "" where the row says none.
    run_id
        Plan the row is about, "" where it does not say.
    seen
        Status that was issued with the form; "" where that is not known.
    keys
        What other offices call the site; only what was not issued with the form.
    visit, difficulty
        A visit, and an entry in the file of a difficult site; None where the row has none.
    is_event
        Whether the row is an event of a log, of which one place may have several.
    is_hidden
        Whether its row is hidden in the file, so that who filled it in may never have seen it.
    is_adopted
        Whether a person ticked it in a sheet of rows that were held.
    doubts
        Cells that were understood with a guess: the row waits for a person.
    edits
        Locked cells that were changed.
    faults
        Cells that cannot be read.
    """

    file: str
    sha256: str
    sheet: str
    row: int
    candidate_id: str
    status: str = ""
    longitude: float | None = None
    latitude: float | None = None
    datum: str = ""
    reason: str = ""
    note: str = ""
    reported_by: str = ""
    reported_at: str = ""
    run_id: str = ""
    seen: str = ""
    keys: SiteKeys = field(default_factory=SiteKeys)
    visit: Visit | None = None
    difficulty: Difficulty | None = None
    is_event: bool = False
    is_hidden: bool = False
    is_adopted: bool = False
    doubts: tuple[Fault, ...] = ()
    edits: tuple[Edit, ...] = ()
    faults: tuple[Fault, ...] = field(default=())

    @property
    def has_records(self) -> bool:
        """Whether it says more than a status and a point."""
        return bool(self.keys.items() or self.visit or self.difficulty)

    @property
    def place(self) -> str:
        """Sheet and row, for people."""
        return f"{self.sheet} {self.row}".strip()

    def fault(
        self, problem: str, column: str = "", severity: Severity = "rejected", **values: object
    ) -> Fault:
        """A fault of this row."""
        told = {"candidate": self.candidate_id, **values}
        return Fault(
            severity, self.file, problem, f"{problem}_fix", told, self.sheet, self.row, column, "returns"
        )


@dataclass(frozen=True)
class _Issued:
    """What the hidden sheet of a form says of it."""

    run_id: str
    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]


def read_returns(
    path: Path,
    known: Collection[str],
    names: Mapping[str, str] | None = None,
    keys: KeyIndex | None = None,
) -> tuple[ReturnRow, ...]:
    """Read one returned file.

    Parameters
    ----------
    path
        A form (XLSX and what other spreadsheets make of it, CSV), the map's JSON or CSV, KML or KMZ.
    known
        Ids of candidates, to find them in the text of pins that lost their data.
    names
        Names of candidates by id, to match lists that have names only.
    keys
        Sites by what other offices call them, to match lists that have no candidate ids.

    Returns
    -------
    tuple of ReturnRow
        In the file's order; rows that say nothing are not among them.

    Raises
    ------
    InputFaults
        If the file is missing, unreadable, hostile or no return form.
    """
    if not guard.is_there(path):
        raise InputFaults([_file_fault(path, "missing_file")])
    suffix = path.suffix.lower()
    try:
        guard.inspect(path)
        if suffix == ".json":
            return _json_rows(path)
        if suffix in _PINS:
            return _pin_rows(path, known)
        issued = _issued(path)
    except guard.HostileFile as error:
        raise InputFaults([_file_fault(path, str(error))]) from error
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        zipfile.BadZipFile,
        etree.XMLSyntaxError,
        CalamineError,
        PasswordError,
        XmlError,
        ZipError,
    ) as error:
        raise InputFaults([_file_fault(path, "unreadable", detail=str(error)[:300])]) from error
    return _table_rows(path, issued, names or {}, keys or KeyIndex(()))


def issued_hash(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Hash of the issued part of a form."""
    text = json.dumps([list(columns), [list(row) for row in rows]], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _file_fault(path: Path, problem: str, **values: object) -> Fault:
    told = {"table": "returns", **values}
    return Fault("fatal", path.name, problem, f"{problem}_fix", told, table="returns")


# --- tables ------------------------------------------------------------------------------------------


def _issued(path: Path) -> _Issued | None:
    """The hidden sheet of a form, if there is one and nobody changed it."""
    if guard.kind_of(path) != "zip":
        return None
    with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
        if META not in book.sheet_names:
            return None
        cells = [[text_of(cell) for cell in row] for row in book.get_sheet_by_name(META).to_python()]
    facts = {row[0]: row[1] for row in cells[: META_HEAD - 1]}
    columns, rows = tuple(c for c in cells[META_HEAD] if c), [r for r in cells[META_HEAD + 1 :] if r[0]]
    rows = [row[: len(columns)] for row in rows]
    if facts["schema"] != RETURNS_SCHEMA or facts["sha256"] != issued_hash(columns, rows):
        return None
    table = {row[0]: dict(zip(columns, row, strict=True)) for row in rows}
    return _Issued(facts["run_id"], columns, table)


_SAYING = {"status", "longitude", *RECORD_COLUMNS}
"""Columns of which a table needs one to be a return."""


def _table_rows(
    path: Path, issued: _Issued | None, names: Mapping[str, str], keys: KeyIndex
) -> tuple[ReturnRow, ...]:
    raw = read_table(Wanted("returns"), path)
    taken = match_headers(raw.headers, columns_of("returns"), {}).taken
    raw, taken, by_name = _with_ids(raw, taken, names, keys)
    if "candidate_id" not in taken or not _SAYING & set(taken):
        raise InputFaults([_file_fault(path, "no_return_form", found=tuple(raw.headers[:20]))])
    texts = _in_two_cells(
        pd.DataFrame({name: raw.frame[header].map(text_of) for name, header in taken.items()})
    )
    adopted = _adopted(raw)
    degrees = {name: _degrees(texts[name], sides) for name, sides in _AXES if name in taken}
    days = dates_of(texts["reported_at"])[0] if "reported_at" in taken else None
    sha, rows = sha256_of(path), []
    unread = _unread(raw, taken)
    known = texts["candidate_id"].ne("") | pd.Series([int(record) in unread for record in raw.rows])
    for i in np.flatnonzero(known.to_numpy()):
        cells = {str(name): str(text) for name, text in texts.iloc[i].items()}
        at = {name: values[i] for name, values in degrees.items()}
        day = None if days is None or pd.isna(days.iloc[i]) else days.iloc[i].date().isoformat()
        sheet, number = raw.place_of(int(raw.rows[i]))
        row = ReturnRow(path.name, sha, sheet, number, cells["candidate_id"])
        row = _with_records(_typed(row, cells, taken, at, day), cells, raw, int(i), taken)
        row = _with_issued(row, raw, int(i), issued)
        row = _seen_as_shown(row, raw, int(i), unread, taken)
        if int(i) in by_name:
            row = replace(row, doubts=(*row.doubts, row.fault("matched_by_name", value=by_name[int(i)])))
        if adopted is not None:
            row = replace(row, is_adopted=True)
        if _says_something(row) and (adopted is None or adopted[i]):
            rows.append(row)
    return (*rows, *_missing_rows(path, sha, raw, texts, issued))


_NAME_HEADERS = frozenset(map(normalise, ("名称", "站址名称", "候选名称", "站名", "name", "site name")))
_TAKE_HEADERS = frozenset(map(normalise, ("采用", "take")))
_NO_TICK = frozenset(map(normalise, ("", "否", "不采用", "no", "n", "0", "x", "×")))


def _with_ids(
    raw: RawTable, taken: dict[str, str], names: Mapping[str, str], keys: KeyIndex
) -> tuple[RawTable, dict[str, str], dict[int, str]]:
    """A list with the ids its rows belong to, where it has none: by numbers of other offices, which are
    certain, else by names, as far as one name is one place.
    """
    numbered = [(kind, taken[kind.value]) for kind in KeyKind if kind.value in taken]
    name = next((each for each in raw.headers if normalise(each) in _NAME_HEADERS), None)
    has_ids = "candidate_id" in taken
    if not numbered and (has_ids or name is None or "status" not in taken):
        return raw, taken, {}
    by_name: dict[str, list[str]] = {}
    for candidate_id, text in names.items():
        by_name.setdefault(normalise(text), []).append(candidate_id)
    given = taken.get("candidate_id")
    ids: list[str] = []
    named: dict[int, str] = {}
    for i, cells in enumerate(raw.frame.to_dict("records")):
        own = text_of(cells[given]) if given else ""
        if not own:
            known = SiteKeys(**{kind.value: text_of(cells[header]) for kind, header in numbered})
            own, is_name = _id_of(known, text_of(cells[name]) if name else "", keys, by_name)
            if is_name:
                named[i] = text_of(cells[name])
        ids.append(own)
    column = given or "candidate_id"
    frame = raw.frame.assign(**{column: pd.Series(ids, dtype=object, index=raw.frame.index)})
    return replace(raw, frame=frame), {**taken, "candidate_id": column}, named


def _id_of(
    known: SiteKeys, name: str, keys: KeyIndex, by_name: Mapping[str, Sequence[str]]
) -> tuple[str, bool]:
    """Candidate id of a row without one, and whether only its name says so; else what people look up."""
    sites = keys.site_of(known)
    if len(sites) == 1:
        return sites[0], False
    meant = by_name.get(normalise(name), []) if name else []
    if len(meant) == 1 and not sites:
        return meant[0], True
    return name or next((text for _, text in known.items()), ""), False


def _in_two_cells(texts: pd.DataFrame) -> pd.DataFrame:
    """Coordinates that stand together in one cell, apart."""
    if not {"longitude", "latitude"} <= set(texts):
        return texts
    pairs = [split_pair(text) for text in texts["longitude"]]
    both = [pair != ("", "") and not other for pair, other in zip(pairs, texts["latitude"], strict=True)]
    split = pd.Series(both, index=texts.index)
    first, second = (pd.Series([pair[n] for pair in pairs], index=texts.index) for n in (0, 1))
    return texts.assign(
        longitude=texts["longitude"].where(~split, first), latitude=texts["latitude"].where(~split, second)
    )


def _adopted(raw: RawTable) -> np.ndarray | None:
    """Rows a person ticked in the sheet of rows that were held; None for any other table."""
    header = next((each for each in raw.headers if normalise(each) in _TAKE_HEADERS), None)
    if header is None:
        return None
    return np.array([normalise(text_of(cell)) not in _NO_TICK for cell in raw.frame[header]], dtype=bool)


def _missing_rows(
    path: Path, sha: str, raw: RawTable, texts: pd.DataFrame, issued: _Issued | None
) -> tuple[ReturnRow, ...]:
    """Rows of the issued list that are no longer in the file, where most of it is there."""
    if issued is None:
        return ()
    here = set(texts["candidate_id"])
    gone = [each for each in issued.rows if each not in here]
    if not gone or 2 * len(gone) > len(issued.rows):
        return ()
    rows = (ReturnRow(path.name, sha, "", 0, each) for each in gone)
    return tuple(replace(row, doubts=(row.fault("row_missing", "", "note"),)) for row in rows)


def _unread(raw: RawTable, taken: Mapping[str, str]) -> dict[int, list[tuple[str, str]]]:
    """Headers and texts of cells that were never computed, by record."""
    found: dict[int, list[tuple[str, str]]] = {}
    for (record, header), text in raw.unread.items():
        if header in taken.values():
            found.setdefault(record, []).append((header, text))
    return found


def _seen_as_shown(
    row: ReturnRow,
    raw: RawTable,
    position: int,
    unread: Mapping[int, Sequence[tuple[str, str]]],
    taken: Mapping[str, str],
) -> ReturnRow:
    """The row with what its reporter saw otherwise: values nobody computed, lines through it, a hidden row,
    a month that lost its zero.
    """
    record = int(raw.rows[position])
    faults = [
        row.fault("unread_cell", header, value=text[:80], table="returns")
        for header, text in unread.get(record, ())
    ]
    doubts = list(row.doubts)
    if raw.is_struck(position, taken.get("status", "")):
        doubts.append(row.fault("struck_row"))
    if "reported_at" in taken and is_tenth(cell := raw.frame[taken["reported_at"]].iloc[position]):
        doubts.append(row.fault("tenth_month_row", taken["reported_at"], value=text_of(cell)))
    return replace(row, is_hidden=record in raw.hidden, faults=(*row.faults, *faults), doubts=tuple(doubts))


_SAFE = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
)
_AXES = (("longitude", "EW"), ("latitude", "NS"))


def _says_something(row: ReturnRow) -> bool:
    said = row.status or row.longitude is not None or row.reason or row.note or row.has_records
    return bool(said or row.edits or row.faults or row.doubts)


def _degrees(cells: pd.Series, sides: str) -> list[float | None]:
    """Degrees with NaN where blank, None where they cannot be read."""
    values, bad = degrees_of(cells, sides)
    return [None if b else float(v) for v, b in zip(values, bad, strict=True)]


def _typed(
    row: ReturnRow,
    cells: Mapping[str, str],
    taken: Mapping[str, str],
    at: Mapping[str, float | None],
    day: str | None,
) -> ReturnRow:
    """A row with its cells understood, and a fault for each that is not."""
    when = _moment(cells.get("reported_at", ""), day)
    status, doubts = _status(row, cells.get("status", ""), taken)
    if when is None:
        said = cells.get("reported_at", "")[:60]
        doubts.append(row.fault("not_date", taken.get("reported_at", ""), value=said))
    understood = {
        "status": (status, "no_status"),
        "datum": (_datum_of(cells.get("datum", "")), "no_datum"),
        **{name: (value, "not_coordinate") for name, value in at.items()},
    }
    faults = [
        row.fault(problem, taken.get(name, name), value=cells.get(name, "")[:60])
        for name, (value, problem) in understood.items()
        if value is None
    ]
    point = [None if (value := at.get(name)) is None or np.isnan(value) else value for name, _ in _AXES]
    if not faults and (point[0] is None) != (point[1] is None):
        missing = "longitude" if point[0] is None else "latitude"
        faults.append(row.fault("half_a_point", taken.get(missing, "")))
    return replace(
        row,
        status=str(understood["status"][0] or ""),
        longitude=point[0],
        latitude=point[1],
        datum=str(understood["datum"][0] or ""),
        reported_at=when or "",
        faults=tuple(faults),
        doubts=tuple(doubts),
        is_event=_EVENT_COLUMN in taken,
        reason=cells.get("reason", ""),
        note=cells.get("note", ""),
        reported_by=cells.get("reported_by", ""),
        run_id=cells.get("run_id", ""),
    )


_LOST_FROM = 1e15
"""Number from which a spreadsheet no longer keeps every digit."""


def _with_records(
    row: ReturnRow, cells: Mapping[str, str], raw: RawTable, position: int, taken: Mapping[str, str]
) -> ReturnRow:
    """The row with keys of other offices, a visit and its file as a difficult site."""
    faults = [
        row.fault("digits_lost", taken[kind.value], value=cells[kind.value])
        for kind in KeyKind
        if kind.value in taken and _is_cut(raw.frame[taken[kind.value]].iloc[position])
    ]
    day, odd = _visit_day(cells.get("visited_on", ""))
    if odd:
        faults.append(row.fault("not_date", taken["visited_on"], value=cells["visited_on"][:60]))
    visit = Visit(day, cells.get("visited_whom", ""), cells.get("visit_outcome", ""))
    word, progress = cells.get("obstacle", ""), cells.get("weekly_progress", "")
    kind = obstacle_of(word)
    if kind == Obstacle.OTHER and normalise(word) not in _PLAIN_OTHER:
        progress = f"{word} {progress}".strip()
    difficulty = Difficulty(kind, cells.get("solution", ""), progress)
    return replace(
        row,
        faults=(*row.faults, *faults),
        keys=SiteKeys(**{kind.value: cells.get(kind.value, "") for kind in KeyKind}),
        visit=visit if visit != Visit("") else None,
        difficulty=difficulty if difficulty != Difficulty() else None,
    )


_PLAIN_OTHER = {normalise(translate("obstacle_other", lang)) for lang in get_args(Lang)} | {"other"}
"""Words that say no more than "other"."""


def _is_cut(cell: object) -> bool:
    """Whether a number is so long that its last digits were lost, or stands in powers of ten."""
    return isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) >= _LOST_FROM


def _visit_day(text: str) -> tuple[str, bool]:
    """Day of a visit as ISO 8601, "" for none, and whether it cannot be read."""
    day = _day(text) if text else ""
    return day or "", day is None


def _status(row: ReturnRow, word: str, taken: Mapping[str, str]) -> tuple[str | None, list[Fault]]:
    """A status, or the one a word probably means with the question whether it does."""
    status = status_of(word)
    if status is not None or not (probable := probable_status(word)):
        return status, []
    meant = Key(f"status_{probable}")
    return probable, [row.fault("did_you_mean", taken.get("status", ""), value=word[:60], found=meant)]


def _datum_of(word: str) -> str | None:
    form = normalise(word)
    if not form:
        return ""
    return next((datum for name, datum in DATUMS.items() if normalise(name) in form), None)


def _moment(text: str, day: str | None) -> str | None:
    """A moment as ISO 8601: with its time where the cell has one, else its day; None if it is neither."""
    if not text:
        return ""
    try:
        return dt.datetime.fromisoformat(text).isoformat(timespec="seconds") if "T" in text else day
    except ValueError:
        return None


def _with_issued(row: ReturnRow, raw: RawTable, i: int, issued: _Issued | None) -> ReturnRow:
    """The row with what was issued: run, status that was printed, and locked cells that were changed."""
    if issued is None or row.candidate_id not in issued.rows:
        return row
    was = issued.rows[row.candidate_id]
    edits = tuple(
        Edit(name, was[name], found)
        for name in issued.columns
        if name in raw.headers and (found := text_of(raw.frame[name].iloc[i])) != was[name]
    )
    doubts = row.doubts
    if len(edits) > 1:
        others = [each for each in issued.rows if each != row.candidate_id]
        fits = [each for each in others if all(issued.rows[each][e.column] == e.found for e in edits)]
        problem = "row_of_another" if len(fits) == 1 else "row_changed"
        other = fits[0] if len(fits) == 1 else ""
        doubt = row.fault(problem, "", count=len(edits), found=other, value=edits[0].found[:60])
        doubts = (*doubts, doubt)
    seen, run_id = was.get("seen", ""), row.run_id or issued.run_id
    row = replace(row, run_id=run_id, seen=seen, edits=edits, doubts=doubts)
    return _without_issued_records(row, was)


SEEN = "seen:"
"""Before the name of a record column on the hidden sheet: what was printed in a cell that may be changed."""


def _without_issued_records(row: ReturnRow, was: Mapping[str, str]) -> ReturnRow:
    """The row without what was printed in it and nobody touched."""
    keys = {kind.value: text for kind, text in row.keys.items() if was.get(f"{SEEN}{kind.value}") != text}
    difficulty = row.difficulty
    if difficulty is not None:
        old = Difficulty(obstacle_of(was.get(f"{SEEN}obstacle", "")), was.get(f"{SEEN}solution", ""))
        difficulty = None if difficulty == old else difficulty
    return replace(row, keys=SiteKeys(**keys), difficulty=difficulty)


# --- the map's JSON ----------------------------------------------------------------------------------


def _json_rows(path: Path) -> tuple[ReturnRow, ...]:
    data = json.loads(path.read_text(encoding="utf-8-sig"))
    if not isinstance(data, dict) or data.get("schema") != RETURNS_SCHEMA:
        raise InputFaults([_file_fault(path, "no_return_form", found=RETURNS_SCHEMA)])
    sha = sha256_of(path)
    rows = []
    for number, each in enumerate(list(data["returns"]), start=1):
        if not isinstance(each, dict):
            row = ReturnRow(path.name, sha, "", number, "")
            rows.append(replace(row, faults=(row.fault("odd_entry", value=str(each)[:60]),)))
            continue
        cells = {str(name): "" if value is None else str(value) for name, value in each.items()}
        row = ReturnRow(path.name, sha, "", number, cells.get("candidate_id", ""))
        at = {name: _number(cells.get(name, "")) for name, _ in _AXES}
        day = _day(cells.get("reported_at", ""))
        row = _typed(row, cells, {name: name for name in RETURN_COLUMNS}, at, day)
        rows.append(replace(row, run_id=row.run_id or str(data.get("run_id", ""))))
    return tuple(rows)


def _day(text: str) -> str | None:
    day = dates_of(pd.Series([text]))[0].iloc[0]
    return None if pd.isna(day) else str(day.date().isoformat())


def _number(text: str) -> float | None:
    try:
        return float(text or "nan")
    except ValueError:
        return None


# --- pins --------------------------------------------------------------------------------------------


def _pin_rows(path: Path, known: Collection[str]) -> tuple[ReturnRow, ...]:
    """Pins with the id they carry, or that their text names; a folder named like a status gives it.

    Villages that stand in the file as its background are no pins.
    """
    root = etree.fromstring(_kml_bytes(path), _SAFE)
    sha, rows = sha256_of(path), []
    for number, (pin, folders) in enumerate(_pins(root, ()), start=1):
        data = _data(pin)
        words = " ".join([*data.values(), _text(pin, "name"), _text(pin, "description")])
        meant = [data["candidate_id"]] if data.get("candidate_id") else _ids_in(words, known)
        start = ReturnRow(path.name, sha, "/".join(folders), number, meant[0] if meant else "")
        name, point = _text(pin, "name")[:60], _text(pin, "Point/coordinates")
        lon, lat = _lonlat(point)
        problem = "" if len(meant) == 1 else "pin_with_ids" if meant else "pin_without_id"
        if problem:
            fault = start.fault(problem, "", value=name, found=tuple(meant))
            rows.append(replace(start, faults=(fault,)))
            continue
        if lon is None:
            rows.append(replace(start, faults=(start.fault("not_coordinate", "", value=point[:60]),)))
            continue
        seen = status_of(data.get("status", "")) or ""
        status, doubts = _status_of_folders(start, folders)
        rows.append(
            replace(
                start,
                status=status,
                doubts=doubts,
                longitude=lon,
                latitude=lat,
                datum="wgs84",
                seen=seen,
                run_id=data.get("run_id", ""),
            )
        )
    return tuple(rows)


def _ids_in(words: str, known: Collection[str]) -> list[str]:
    """Ids a text names; one that is only a part of another is not named."""
    named = sorted((each for each in known if each in words), key=lambda each: (-len(each), each))
    found: list[str] = []
    for each in named:
        if each in words:
            found.append(each)
            words = words.replace(each, " ")
    return sorted(found)


def _lonlat(text: str) -> tuple[float | None, float | None]:
    """Longitude and latitude of a pin; None each where they are no numbers."""
    parts = [_number(part.strip()) for part in text.split(",")[:2]]
    if len(parts) < 2 or any(part is None or not np.isfinite(part) for part in parts):
        return None, None
    return parts[0], parts[1]


def _status_of_folders(row: ReturnRow, folders: tuple[str, ...]) -> tuple[str, tuple[Fault, ...]]:
    """The status the innermost folder is named like, with a question where it is only like one."""
    for name in reversed(folders):
        if status := status_of(name):
            return status, ()
        if probable := probable_status(name, exactly=True):
            meant = Key(f"status_{probable}")
            return probable, (row.fault("did_you_mean", value=name[:60], found=meant),)
    return "", ()


def _kml_bytes(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".kml")]
        if not names:
            raise ValueError("no .kml")
        return archive.read("doc.kml" if "doc.kml" in names else names[0])


def _pins(node: Any, folders: tuple[str, ...]) -> list[tuple[Any, tuple[str, ...]]]:
    found = []
    for child in node:
        tag = child.tag.rpartition("}")[2]
        if tag in ("Folder", "Document"):
            name = _text(child, "name") if tag == "Folder" else ""
            if name in _BACKGROUND:
                continue
            found += _pins(child, (*folders, name) if name else folders)
        elif tag == "Placemark" and _find(child, "Point") is not None:
            found.append((child, folders))
    return found


def _data(pin: Any) -> dict[str, str]:
    return {
        each.get("name", ""): (each.text or "" if len(each) == 0 else _text(each, "value")).strip()
        for each in pin.iter()
        if each.tag.rpartition("}")[2] in ("Data", "SimpleData")
    }


def _find(node: Any, name: str) -> Any:
    return next((child for child in node if child.tag.rpartition("}")[2] == name), None)


def _text(node: Any, path: str) -> str:
    found: Any = node
    for name in path.split("/"):
        found = None if found is None else _find(found, name)
    return "" if found is None else (found.text or "").strip()
