"""One table checked: headers, kinds, ranges, ids; every bad cell becomes a fault.

A bad row is rejected and listed, a bad table stops the run. Nothing is repaired
in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.errors import Fault, InputFaults, Severity
from siteplan.inputs.files.cells import dates_of, is_tenth, is_told_blank, numbers_of, text_of
from siteplan.inputs.files.headers import (
    TAKEN_FROM,
    HeaderMap,
    coordinate_part,
    fit,
    match_headers,
    normalise,
)
from siteplan.inputs.files.raw_table import RawTable
from siteplan.inputs.tables.angles import canonical_angles
from siteplan.inputs.tables.coordinates import are_metres, assembled, degrees_of, is_of_coordinates
from siteplan.inputs.tables.habits import coarse_coordinates, pasted_twice
from siteplan.inputs.tables.units import STOREY_M, amount_of, header_unit, units_of
from siteplan.project.columns import Column, columns_of, failures
from siteplan.project.input_files import Input

_EXCEL_ID = re.compile(r"\d(\.\d+)?e\+\d{2}", re.IGNORECASE)
_MOST_DIGITS = 15
"""Digits a spreadsheet keeps of a number."""
_SERIALS = {"序号", "no", "no.", "编号", "#", "id"}
"""Headers of ids that start again on each sheet."""
_YES = {
    "是",
    "已通",
    "通",
    "已覆盖",
    "已建",
    "已建成",
    "建成",
    "已开通",
    "开通",
    "yes",
    "y",
    "true",
    "1",
    "built",
}
_NO = {"否", "未通", "未覆盖", "未建", "未建成", "规划", "在建", "no", "n", "false", "0", ""}
_COORDINATES = ("longitude", "latitude")
"""Columns that hold metres when the project file gives the table a CRS, or when their numbers are that
large.
"""
MOST_REJECTED = 0.5
"""Share of rejected rows above which a table is refused."""


@dataclass(frozen=True, eq=False)
class CheckedTable:
    """A table whose remaining rows can be trusted.

    Attributes
    ----------
    frame
        Columns of the schema, one row a good record; ids are text.
    rows
        Spreadsheet row of each record.
    geometry
        Geometry of each record in the file's CRS, or None.
    faults
        What was wrong; a row named in a ``rejected`` fault is not in ``frame``.
    read
        Rows in the file.
    headers
        Which header holds which column.
    """

    raw: RawTable
    frame: pd.DataFrame
    rows: np.ndarray
    geometry: gpd.GeoSeries | None
    faults: tuple[Fault, ...]
    read: int
    headers: HeaderMap

    def rejecting(self, bad: np.ndarray, faults: list[Fault]) -> CheckedTable:
        """The same table without some rows, and with the faults that say why."""
        keep = ~np.asarray(bad, dtype=bool)
        geometry = None if self.geometry is None else self.geometry[keep].reset_index(drop=True)
        frame = self.frame[keep].reset_index(drop=True)
        faults_now = (*self.faults, *faults)
        return replace(self, frame=frame, rows=self.rows[keep], geometry=geometry, faults=faults_now)

    def pieces(self, most: int) -> Iterator[CheckedTable]:
        """The rows in pieces of at most so many, without the faults; one piece where there are few."""
        for start in range(0, max(len(self.frame), 1), most):
            part = slice(start, start + most)
            geometry = None if self.geometry is None else self.geometry.iloc[part].reset_index(drop=True)
            frame = self.frame.iloc[part].reset_index(drop=True)
            yield replace(self, frame=frame, rows=self.rows[part], geometry=geometry, faults=())

    @property
    def rejected(self) -> int:
        """Rows of the file that are no longer here; a row that became several counts once."""
        return self.read - len(np.unique(self.rows))

    def require_most(self) -> CheckedTable:
        """Raise when so many rows are rejected that a plan would mean nothing."""
        rejected = self.rejected
        if rejected > MOST_REJECTED * self.read:
            table = self.raw.name
            last = self.raw.fault("fatal", "too_many_faults", rejected=rejected, read=self.read, table=table)
            raise InputFaults([*self.faults, last])
        return self


def check_table(raw: RawTable, given: Input, table: str) -> CheckedTable:
    """Map, convert and check one table.

    Parameters
    ----------
    raw
        As read.
    given
        The project file's entry.
    table
        Whose columns they are, by the registry's name.

    Raises
    ------
    InputFaults
        For a missing or ambiguous required column.
    """
    specs = columns_of(table)
    raw = _only_where(raw, given)
    if set(_COORDINATES) <= {spec.name for spec in specs}:
        raw = assembled(raw)
    headers = match_headers(raw.headers, specs, {**raw.made, **given.columns})
    fatal = _fatal_faults(raw, given, specs, headers)
    if fatal:
        raise InputFaults([*raw.notes, *fatal])
    frame, faults = _frame(raw, given, specs, headers.taken)
    faults = [*_unread_faults(raw, specs, headers.taken), *_hidden_faults(raw, headers.taken), *faults]
    faults += [*_unused_constants(raw, given, headers.taken), *_unused_headers(raw, headers)]
    faults = [*raw.notes, *_optional_questions(raw, headers), *_contradictions(raw, headers), *faults]
    unchecked = _COORDINATES if _in_metres(frame, given) else ()
    ids = {headers.taken[spec.name] for spec in specs if spec.unique and spec.name in headers.taken}
    faults += pasted_twice(raw, ids)
    if not unchecked and set(_COORDINATES) <= set(frame):
        faults += coarse_coordinates(raw, frame["longitude"], frame["latitude"])
    known = {fault.record for fault in faults if fault.severity == "rejected"}
    faults += _schema_faults(raw, failures(table, frame, unchecked), frame, headers.taken, known)
    if any(fault.severity == "fatal" for fault in faults):
        raise InputFaults(faults)
    bad = [fault.record for fault in faults if fault.severity == "rejected" and fault.record is not None]
    whole = CheckedTable(raw, frame, raw.rows, raw.geometry, (), len(frame), headers)
    return whole.rejecting(np.isin(raw.rows, np.array(bad, dtype=np.int64)), faults)


def _in_metres(frame: pd.DataFrame, given: Input) -> bool:
    if not set(_COORDINATES) <= set(frame):
        return bool(given.crs)
    return bool(given.crs) or are_metres(frame["longitude"], frame["latitude"])


def _is_essential(spec: Column) -> bool:
    """Whether a table means nothing, or something else, with the wrong header for this column."""
    return (spec.required and not spec.nullable) or spec.name in _COORDINATES or spec.unique


def _fatal_faults(raw: RawTable, given: Input, specs: tuple[Column, ...], headers: HeaderMap) -> list[Fault]:
    """Ambiguous headers, unknown keys of the project file, columns that must be there, and open questions."""
    by_name = {spec.name: spec for spec in specs}
    fatal = [
        fault
        for name, header in headers.taken.items()
        for fault in _questions(raw, given, by_name[name], header)
    ]
    fatal += [
        _ambiguous(raw, "fatal", name, found)
        for name, found in headers.ambiguous.items()
        if _is_essential(by_name[name])
    ]
    fatal += _second_pair(raw, given, by_name, headers)
    fatal += [
        raw.fault("fatal", "unknown_key", value=key, found=tuple(by_name))
        for key in sorted({*given.columns, *given.constants} - set(by_name))
    ]
    for spec in specs:
        found = spec.name in headers.taken or spec.name in given.constants or spec.name in headers.ambiguous
        mapped = spec.name in given.columns
        if not found and (mapped or (spec.required and not spec.nullable and not _is_id(spec))):
            near = headers.suggestions.get(spec.name)
            wanted = (given.columns[spec.name],) if mapped else ((near,) if near else ()) + spec.aliases
            fatal.append(missing_column(raw, spec.name, raw.headers, wanted))
    return fatal


def _contradictions(raw: RawTable, headers: HeaderMap) -> list[Fault]:
    """Coordinates that stand twice: a repeated block of columns, or a pair that is not what its
    columns say.
    """
    faults = []
    twice = [
        h for n in _COORDINATES if (h := f"{headers.taken.get(n)}2") in raw.headers and not _is_blank(raw, h)
    ]
    if len(twice) == 2:
        faults.append(raw.fault("warning", "repeated_columns", None, twice[0], found=tuple(twice)))
    for name, own in zip(_COORDINATES, ("经度", "纬度"), strict=True):
        made = raw.made.get(name)
        if made and own in raw.headers:
            one, other = (degrees_of(raw.frame[h].map(text_of))[0] for h in (made, own))
            for i in np.flatnonzero((abs(one - other) > 1e-4).to_numpy()):
                faults.append(raw.fault("warning", "two_coordinates", int(raw.rows[i]), own))
    return faults


def _optional_questions(raw: RawTable, headers: HeaderMap) -> list[Fault]:
    """Columns left out because two headers fit them equally well."""
    return [_ambiguous(raw, "warning", name, found) for name, found in headers.ambiguous.items()]


def _frame(
    raw: RawTable, given: Input, specs: tuple[Column, ...], taken: dict[str, str]
) -> tuple[pd.DataFrame, list[Fault]]:
    """Columns of the schema with their kinds, and the cells that could not be read."""
    columns: dict[str, pd.Series] = {}
    faults: list[Fault] = []
    for spec in specs:
        if spec.name in taken and not (_is_id(spec) and _is_blank(raw, taken[spec.name])):
            columns[spec.name], bad = _convert(raw, given, spec, taken[spec.name])
            faults += bad
        elif spec.name in given.constants:
            columns[spec.name] = _constant(raw, given, spec)
        elif _is_id(spec):
            columns[spec.name] = pd.Series([raw.label_of(row) for row in raw.rows], dtype=object)
    faults += _id_doubts(raw, specs[0], taken, columns)
    faults += _notation_doubts(raw, taken, columns)
    frame = pd.DataFrame(columns, index=range(len(raw.frame)))
    id_name = specs[0].name
    if _is_id(specs[0]) and given.prefix:
        frame[id_name] = given.prefix + frame[id_name].astype(str)
    return frame, faults


def _id_doubts(
    raw: RawTable, spec: Column, taken: dict[str, str], columns: dict[str, pd.Series]
) -> list[Fault]:
    """Ids a spreadsheet has spoilt; ids that start again on each sheet get the sheet's name before them."""
    if not _is_id(spec) or spec.name not in taken or _is_blank(raw, taken[spec.name]):
        return []
    header, ids = taken[spec.name], columns[spec.name]
    if len(raw.sheets) > 1 and normalise(header) in _SERIALS and ids.duplicated().any():
        sheets = [raw.place_of(row)[0] for row in raw.rows]
        columns[spec.name] = pd.Series(
            [None if pd.isna(text) else f"{sheet}-{text}" for sheet, text in zip(sheets, ids, strict=True)],
            dtype=object,
        )
    elif normalise(header) == "序号" and _starts_again(ids):
        columns[spec.name] = pd.Series([raw.label_of(row) for row in raw.rows], dtype=object)
    spoilt = ids.map(lambda text: bool(text) and bool(_EXCEL_ID.fullmatch(str(text))))
    long = raw.frame[header].map(lambda cell: isinstance(cell, float) and abs(cell) >= 10.0**_MOST_DIGITS)
    return [
        raw.fault("warning", problem, int(raw.rows[i]), header, value=str(ids.iloc[i]))
        for problem, mask in (("excel_id", spoilt), ("excel_digits", long))
        for i in np.flatnonzero(mask.to_numpy(dtype=bool))
    ]


def _notation_doubts(raw: RawTable, taken: dict[str, str], columns: dict[str, pd.Series]) -> list[Fault]:
    """Ids that are one id in two notations: with and without leading zeros, in capitals, in full width."""
    faults = []
    for name, ids in columns.items():
        if not name.endswith("_id") or name not in taken:
            continue
        texts = ids[ids.notna()].astype(str)
        first: dict[str, str] = {}
        for i, text in texts.items():
            form = normalise(text)
            zeros = form.isdigit() and form.startswith("0")
            key = form.lstrip("0") or "0" if form.isdigit() else form
            other = first.setdefault(key, text)
            if other != text:
                record = int(raw.rows[int(str(i))])
                differs = zeros or (other.startswith("0") and form.isdigit())
                problem: tuple[Severity, str] = ("fatal", "id_zeros") if differs else ("warning", "ids_alike")
                faults.append(raw.fault(*problem, record, taken[name], value=text, other=other))
    return _first_of(faults)


def _first_of(faults: list[Fault]) -> list[Fault]:
    """Of many fatal faults of one sort the first ten; the sort is what has to be settled."""
    fatal = [fault for fault in faults if fault.severity == "fatal"]
    return fatal[:10] + [fault for fault in faults if fault.severity != "fatal"]


def _starts_again(ids: pd.Series) -> bool:
    """Whether serial numbers count from 1 several times, section by section."""
    numbers = pd.to_numeric(ids, errors="coerce")
    return int(numbers.eq(1).sum()) > 1 and bool(ids.duplicated().sum() > 1)


def _is_blank(raw: RawTable, header: str) -> bool:
    """Whether a column holds nothing at all, such as the ids of a KML that has none."""
    return not any(text_of(cell) for cell in raw.frame[header]) and all(h != header for _, h in raw.unread)


def _unread_faults(raw: RawTable, specs: tuple[Column, ...], taken: dict[str, str]) -> list[Fault]:
    """Cells whose value nobody knows: they reject a row where it hangs on them, elsewhere they warn."""
    by_header = {header: name for name, header in taken.items()}
    grave = {spec.name for spec in specs if spec.required or spec.kind == "flag" or _is_essential(spec)}
    faults: list[Fault] = []
    lesser: dict[str, list[tuple[int, str]]] = {}
    rows = set(raw.rows.tolist())
    for (record, header), text in raw.unread.items():
        if record not in rows:
            continue
        if by_header.get(header) in grave or (header not in by_header and is_of_coordinates(header)):
            faults.append(raw.fault("rejected", "unread_cell", record, header, value=text[:80]))
        elif header in by_header:
            lesser.setdefault(header, []).append((record, text))
    for header, cells in lesser.items():
        places = tuple(raw.label_of(record) for record, _ in cells[:10])
        values = {"count": len(cells), "value": cells[0][1][:80], "found": places}
        faults.append(raw.fault("warning", "unread_column", cells[0][0], header, **values))
    return faults


def _unused_constants(raw: RawTable, given: Input, taken: dict[str, str]) -> list[Fault]:
    """Constants of the project file for columns the file has itself: the file's cells count."""
    return [
        raw.fault("warning", "constant_unused", None, taken[name], value=str(given.constants[name]))
        for name in given.constants
        if name in taken
    ]


_STATES = {
    "退网", "已退网", "停用", "已停用", "拆除", "已拆除", "拆站", "报废", "关停", "已关停", "退服",
    "注销", "下电",
    "decommissioned", "retired", "dismantled", "inactive", "off", "cancelled",
}  # fmt: skip
"""Words for a station that is no longer there."""
_OLDER = {
    "lte",
    "4g",
    "fdd-lte",
    "td-lte",
    "fddlte",
    "tdlte",
    "gsm",
    "2g",
    "3g",
    "umts",
    "wcdma",
    "cdma",
    "nb-iot",
}
"""Words for technologies before 5G."""


def _unused_headers(raw: RawTable, headers: HeaderMap) -> list[Fault]:
    """Columns nobody reads; of stations, those that say some are gone or are no 5G are named."""
    asked = {header for several in headers.ambiguous.values() for header in several}
    known = asked | set(headers.taken.values()) | set(raw.made.values())
    free = [
        header
        for header in raw.headers
        if header not in known and not header.startswith("列") and normalise(header) not in _SERIALS
    ]
    faults = []
    if raw.name == "stations":
        for header in free:
            cells = raw.frame[header].map(text_of).map(normalise)
            for words, problem in ((_STATES, "stations_gone"), (_OLDER, "stations_older")):
                at = np.flatnonzero(cells.isin(words).to_numpy(dtype=bool))
                if at.size:
                    value = text_of(raw.frame[header].iloc[at[0]])
                    told = {"count": len(at), "value": value}
                    faults.append(raw.fault("warning", problem, int(raw.rows[at[0]]), header, **told))
    if free:
        found = tuple(free[:20]) + ("…",) * (len(free) > 20)
        faults.append(raw.fault("note", "unread_headers", None, found=found))
    return faults


def _hidden_faults(raw: RawTable, taken: dict[str, str]) -> list[Fault]:
    """Rows and columns that are read though nobody sees them, or though a line goes through them."""
    faults = []
    hidden = sorted(raw.hidden & set(raw.rows.tolist()))
    if hidden:
        places = tuple(raw.label_of(record) for record in hidden[:20]) + ("…",) * (len(hidden) > 20)
        faults.append(raw.fault("warning", "hidden_rows", hidden[0], count=len(hidden), found=places))
    at = np.flatnonzero(np.isin(raw.rows, [*raw.struck]))
    struck = [int(raw.rows[i]) for i in at if raw.is_struck(int(i))]
    if struck:
        places = tuple(raw.label_of(record) for record in struck[:20]) + ("…",) * (len(struck) > 20)
        faults.append(raw.fault("warning", "struck_rows", struck[0], count=len(struck), found=places))
    columns = tuple(header for header in raw.hidden_headers if header in taken.values())
    if columns:
        faults.append(raw.fault("warning", "hidden_columns", None, columns[0], found=columns))
    return faults


def _constant(raw: RawTable, given: Input, spec: Column) -> pd.Series:
    """A column of the project file's own, read like a cell."""
    text = text_of(given.constants[spec.name])
    if isinstance(given.constants[spec.name], bool):
        text = "yes" if given.constants[spec.name] else "no"
    if spec.kind == "angles":
        column, bad = canonical_angles(pd.Series([text], dtype=object), spec.name)
        problem = "not_angles" if bad.any() else ""
    else:
        one = replace(raw, frame=raw.frame.iloc[:1].assign(**{spec.name: text}), rows=raw.rows[:1])
        column, faults = _converted(one, given, spec, spec.name, pd.Series([text], dtype=object))
        problem = next((fault.problem for fault in faults if fault.severity == "rejected"), "")
    if problem:
        raise InputFaults([raw.fault("fatal", problem, None, spec.name, value=text)])
    return pd.Series([column.iloc[0]] * len(raw.frame), dtype=column.dtype)


def _is_id(spec: Column) -> bool:
    """An id may be absent from a file: the row number stands for it."""
    return spec.unique


def _only_where(raw: RawTable, given: Input) -> RawTable:
    """Rows that a ``where`` keeps; keeping none is a mistake and says which values there are."""
    keep = np.ones(len(raw.frame), dtype=bool)
    for header, values in given.where.items():
        if header not in raw.headers:
            found = tuple(raw.headers[:20])
            raise InputFaults([raw.fault("fatal", "where_column", value=header, found=found)])
        wanted = {text_of(value) for value in (values if isinstance(values, list) else [values])}
        cells = raw.frame[header].map(text_of)
        keep &= cells.isin(wanted).to_numpy(dtype=bool)
        if not keep.any():
            found = tuple(dict.fromkeys(cells))[:12]
            value = f"{header} = {' / '.join(sorted(wanted))}"
            raise InputFaults([raw.fault("fatal", "where_empty", value=value, found=found)])
    if keep.all():
        return raw
    return raw.only(keep)


def missing_column(raw: RawTable, column: str, headers: list[str], aliases: tuple[str, ...] = ()) -> Fault:
    """Fault of a required column that no header fits, with headers that would."""
    names = tuple(aliases[:3]) or (column,)
    return raw.fault("fatal", "missing_column", column=column, names=names, found=tuple(headers[:20]))


def _ambiguous(raw: RawTable, severity: Severity, column: str, found: list[str]) -> Fault:
    return raw.fault(severity, "ambiguous_column", column=column, found=tuple(found), first=found[0])


_FEWEST_COUNTED, _MOST_FRACTION = 3, 20.0
"""Villages whose people are looked at, and the median below which fractions are no counts of people."""


def _are_fractions(people: np.ndarray) -> bool:
    """Whether most numbers are small and not whole: counts in another unit."""
    return float(np.median(people)) < _MOST_FRACTION and float(np.mean(people % 1.0 > 0)) > 0.5


def _questions(raw: RawTable, given: Input, spec: Column, header: str) -> list[Fault]:
    """What a column's numbers leave open and nobody may guess."""
    if spec.kind == "number" and spec.name not in _COORDINATES:
        unit = header_unit(header, spec)
        if unit is not None and unit.factor is None:
            values = {"value": unit.word, "found": tuple(units_of(spec))}
            return [raw.fault("fatal", "unknown_unit", None, header, **values)]
    if spec.name == "population" and header_unit(header, spec) is None:
        values, bad = numbers_of(raw.frame[header].map(text_of))
        known = values[~bad & values.gt(0)].to_numpy(dtype=np.float64)
        if len(known) >= _FEWEST_COUNTED and _are_fractions(known):
            return [raw.fault("fatal", "people_fraction", None, header, value=f"{known[0]:g}")]
    if spec.kind == "date" and not given.tenth_month:
        tenths = np.flatnonzero(raw.frame[header].map(is_tenth).to_numpy(dtype=bool))
        if tenths.size:
            rows = tuple(raw.label_of(int(raw.rows[i])) for i in tenths[:10])
            cell = text_of(raw.frame[header].iloc[tenths[0]])
            record = int(raw.rows[tenths[0]])
            return [
                raw.fault("fatal", "tenth_month", record, header, value=cell, count=len(tenths), found=rows)
            ]
    return []


_FARTHEST_DEG = 1e-4
"""Two coordinates of one place may differ by this much: rounding to four decimals [deg]."""


def _second_pair(raw: RawTable, given: Input, specs: Mapping[str, Column], headers: HeaderMap) -> list[Fault]:
    """Another pair of coordinate columns that says something else: nobody knows which is meant."""
    if not set(_COORDINATES) <= set(headers.taken) or set(_COORDINATES) & {*given.columns, *raw.made}:
        return []
    pair = [headers.taken[name] for name in _COORDINATES]
    repeated = {f"{header}2" for header in pair}  # a list in two blocks side by side: other rows, not these
    free = [h for h in raw.headers if h not in pair and h not in repeated and coordinate_part(h) is None]
    others = [[h for h in free if fit(h, specs[name]) >= TAKEN_FROM] for name in _COORDINATES]
    if not all(others):
        return []
    first = [degrees_of(raw.frame[header].map(text_of))[0].to_numpy() for header in pair]
    for second in zip(*others, strict=False):
        values = [degrees_of(raw.frame[header].map(text_of))[0].to_numpy() for header in second]
        away = np.maximum(*(np.abs(one - two) for one, two in zip(first, values, strict=True)))
        comparable = np.isfinite(away) & (np.abs(values[0]) <= 360.0) & (np.abs(first[0]) <= 360.0)
        rows = np.flatnonzero(comparable & (away > _FARTHEST_DEG))
        if rows.size:
            hidden = tuple(header for header in (*pair, *second) if header in raw.hidden_headers)
            found = (f"{pair[0]}、{pair[1]}", f"{second[0]}、{second[1]}")
            said = {"count": len(rows), "found": found, "hidden": hidden or ("—",)}
            said |= {"first": pair[0], "second": pair[1]}
            return [raw.fault("fatal", "two_pairs", int(raw.rows[rows[0]]), pair[0], **said)]
    return []


def _read_numbers(
    raw: RawTable, given: Input, spec: Column, header: str, cells: pd.Series
) -> tuple[pd.Series, list[Fault]]:
    """Numbers in the registry's unit: a cell's own unit first, then the header's."""
    storey_m = given.storey_height_m or STOREY_M
    amounts = {cell: amount_of(cell, spec, storey_m) for cell in cells.unique() if cell}
    own = cells.map(lambda cell: amounts.get(cell) is not None)
    values, bad = numbers_of(cells.where(~own, ""))
    unit = header_unit(header, spec)
    factor = 1.0 if unit is None else (storey_m if unit.storeys else unit.factor or 1.0)
    values = values * factor
    values[own] = [amounts[cell][0] for cell in cells[own]]  # type: ignore[index]
    storeys = own & cells.map(lambda cell: bool(amounts.get(cell) and amounts[cell][1]))  # type: ignore[index]
    counted = int(storeys.sum()) + (int(values.notna().sum()) if unit and unit.storeys else 0)
    faults = _cell_faults(raw, header, cells, bad, "not_number")
    if counted:
        severity: Severity = "note" if given.storey_height_m else "warning"
        values_said = {"count": counted, "value": f"{storey_m:g}"}
        faults.append(raw.fault(severity, "storeys_assumed", None, header, **values_said))
    elif unit and factor != 1.0:
        faults.append(raw.fault("note", "unit_converted", None, header, value=unit.word))
    return values, faults


def _convert(raw: RawTable, given: Input, spec: Column, header: str) -> tuple[pd.Series, list[Fault]]:
    cells = raw.frame[header]
    if spec.kind == "number" and cells.dtype.kind in "fi":  # a long list, read as numbers already
        values = cells.astype("float64").where(np.isfinite(cells))
        unit = header_unit(header, spec) if spec.name not in _COORDINATES else None
        factor = 1.0 if unit is None or unit.storeys else unit.factor or 1.0
        return (values.where(values != 0.0) if spec.name in _COORDINATES else values * factor), []
    return _converted(raw, given, spec, header, cells.map(text_of))


def _read_answers(
    raw: RawTable, spec: Column, header: str, cells: pd.Series
) -> tuple[pd.Series, list[Fault]]:
    """Yes and no; an answer may be left open, and an odd one costs the row nothing but the answer."""
    forms = cells.map(normalise)
    bad = ~forms.isin(_YES | _NO)
    faults = _cell_faults(raw, header, cells, bad, "not_flag")
    if spec.kind == "flag":
        return forms.isin(_YES), faults
    answers = forms.isin(_YES).astype(float).where(~bad & cells.ne(""))
    return answers, [replace(fault, severity="warning") for fault in faults]


def _converted(
    raw: RawTable, given: Input, spec: Column, header: str, cells: pd.Series
) -> tuple[pd.Series, list[Fault]]:
    """Texts of a column as what its kind holds, and the cells that are none."""
    blank = cells == ""
    if spec.name in _COORDINATES:
        values, bad = degrees_of(cells, "EW" if spec.name == "longitude" else "NS")
        return values, _cell_faults(raw, header, cells, bad, "not_coordinate")
    if spec.kind == "number":
        return _read_numbers(raw, given, spec, header, cells)
    if spec.kind == "date":
        if given.tenth_month == "october":
            cells = cells.where(~raw.frame[header].map(is_tenth), cells + "0")
        values, bad = dates_of(cells)
        return values, _cell_faults(raw, header, cells, bad, "not_date")
    if spec.kind in ("flag", "answer"):
        return _read_answers(raw, spec, header, cells)
    if spec.kind == "angles":
        angles, bad = canonical_angles(cells, spec.name)
        return angles, _cell_faults(raw, header, cells, bad, "not_angles")
    if spec.name.endswith("_id"):
        cells = cells.str.replace(r"^(\d{6,})\.0$", r"\1", regex=True).str.removeprefix("'")
    if spec.nullable:
        blank |= cells.isin([cell for cell in cells.unique() if is_told_blank(cell)])
    return cells.where(~blank, None), []


def _cell_faults(raw: RawTable, header: str, cells: pd.Series, bad: pd.Series, problem: str) -> list[Fault]:
    return [
        raw.fault("rejected", problem, int(raw.rows[i]), header, value=cells.iloc[i][:60])
        for i in np.flatnonzero(bad.to_numpy())
    ]


def _schema_faults(
    raw: RawTable,
    cases: pd.DataFrame,
    frame: pd.DataFrame,
    taken: dict[str, str],
    known: set[int | None],
) -> list[Fault]:
    """Faults of the schema's own checks; rows already rejected are not named twice."""
    faults = []
    seen_ids: set[object] = set()
    for case in cases.itertuples():
        row = int(raw.rows[int(case.index)])
        header = taken.get(str(case.column), str(case.column))
        if case.check == "field_uniqueness":
            first = case.failure_case not in seen_ids
            seen_ids.add(case.failure_case)
            if not first:
                faults.append(raw.fault("rejected", "duplicate_id", row, header, value=case.failure_case))
        elif row in known:
            continue
        elif case.check == "not_nullable":
            faults.append(raw.fault("rejected", "empty_cell", row, header))
        elif case.column == "latitude" and _turned(frame, int(case.index)):
            pair = f"{frame['longitude'].iloc[int(case.index)]:g}, {case.failure_case:g}"
            faults.append(raw.fault("rejected", "swapped_lonlat", row, header, value=pair))
        else:
            faults.append(
                raw.fault(
                    "rejected",
                    "out_of_range",
                    row,
                    header,
                    value=case.failure_case,
                    check=case.check,
                )
            )
    return faults


def _turned(frame: pd.DataFrame, i: int) -> bool:
    """Whether an impossible latitude would make sense the other way round."""
    return "longitude" in frame and abs(frame["longitude"].iloc[i]) <= 90.0
