"""One table through the door: headers, kinds, ranges, ids; every bad cell becomes a fault.

One decision to know: a bad row is rejected and listed, a bad table stops the run. Nothing is repaired
in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa

from siteplan.config import Input
from siteplan.errors import Fault, InputFaults
from siteplan.inputs.angles import canonical_angles
from siteplan.inputs.headers import match_headers, normalise
from siteplan.inputs.readers import RawTable
from siteplan.tables import ColumnSpec, columns_of, failures

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_YES = {"是", "已建", "已建成", "建成", "已开通", "开通", "yes", "y", "true", "1", "built"}
_NO = {"否", "未建", "未建成", "规划", "在建", "no", "n", "false", "0", ""}
_METRES = {"longitude", "latitude"}
"""Columns that hold metres, not degrees, when the project file gives the table a CRS of its own."""
MOST_REJECTED = 0.5
"""Share of rejected rows above which a table is refused."""


@dataclass(frozen=True, eq=False)
class Checked:
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
    """

    raw: RawTable
    frame: pd.DataFrame
    rows: np.ndarray
    geometry: gpd.GeoSeries | None
    faults: tuple[Fault, ...]
    read: int

    def rejecting(self, bad: np.ndarray, faults: list[Fault]) -> Checked:
        """The same table without some rows, and with the faults that say why."""
        keep = ~np.asarray(bad, dtype=bool)
        geometry = None if self.geometry is None else self.geometry[keep].reset_index(drop=True)
        frame = self.frame[keep].reset_index(drop=True)
        return Checked(self.raw, frame, self.rows[keep], geometry, (*self.faults, *faults), self.read)

    def require_most(self) -> Checked:
        """Raise when so many rows are rejected that a plan would mean nothing."""
        rejected = self.read - len(self.frame)
        if rejected > MOST_REJECTED * self.read:
            table = self.raw.name
            last = self.raw.fault("fatal", "too_many_faults", rejected=rejected, read=self.read, table=table)
            raise InputFaults([*self.faults, last])
        return self


def check_table(raw: RawTable, given: Input, schema: pa.DataFrameSchema) -> Checked:
    """Map, convert and check one table.

    Parameters
    ----------
    raw
        As read.
    given
        The project file's entry.
    schema
        One of :data:`siteplan.tables.SCHEMAS`.

    Returns
    -------
    Checked
        Good rows and all faults.

    Raises
    ------
    InputFaults
        For a missing or ambiguous required column.
    """
    raw = _only_where(raw, given)
    specs = columns_of(schema)
    headers = [str(name) for name in raw.frame.columns]
    taken, ambiguous = match_headers(headers, specs, given.columns)
    fatal = _fatal_faults(raw, given, specs, taken, ambiguous)
    if fatal:
        raise InputFaults(fatal)
    frame, faults = _frame(raw, given, specs, taken)
    checked = schema.remove_columns(sorted(_METRES & set(schema.columns))) if given.crs else schema
    faults += _schema_faults(raw, checked, frame, taken, {fault.row for fault in faults})
    bad_rows = [fault.row for fault in faults if fault.level == "rejected" and fault.row is not None]
    whole = Checked(raw, frame, raw.rows, raw.geometry, (), len(frame))
    return whole.rejecting(np.isin(raw.rows, np.array(bad_rows, dtype=np.int64)), faults)


def _fatal_faults(
    raw: RawTable,
    given: Input,
    specs: tuple[ColumnSpec, ...],
    taken: dict[str, str],
    ambiguous: dict[str, list[str]],
) -> list[Fault]:
    """Ambiguous headers, unknown keys of the project file, and columns that must be there."""
    names = [spec.name for spec in specs]
    fatal = [_ambiguous(raw, name, found) for name, found in ambiguous.items()]
    fatal += [
        raw.fault("fatal", "unknown_key", value=key, found="、".join(names))
        for key in sorted({*given.columns, *given.constants} - set(names))
    ]
    headers = [str(name) for name in raw.frame.columns]
    for spec in specs:
        found = spec.name in taken or spec.name in given.constants or spec.name in ambiguous
        mapped = spec.name in given.columns
        if not found and (mapped or (spec.required and not spec.nullable and not _is_id(spec))):
            wanted = (given.columns[spec.name],) if mapped else spec.aliases
            fatal.append(missing_column(raw, spec.name, headers, wanted))
    return fatal


def _frame(
    raw: RawTable, given: Input, specs: tuple[ColumnSpec, ...], taken: dict[str, str]
) -> tuple[pd.DataFrame, list[Fault]]:
    """Columns of the schema with their kinds, and the cells that could not be read."""
    columns: dict[str, pd.Series] = {}
    faults: list[Fault] = []
    for spec in specs:
        if spec.name in taken:
            columns[spec.name], bad = _convert(raw, spec, taken[spec.name])
            faults += bad
        elif spec.name in given.constants:
            cells = pd.Series([given.constants[spec.name]] * len(raw.frame), dtype=object)
            columns[spec.name] = _constant(raw, spec, cells)
        elif _is_id(spec):
            columns[spec.name] = pd.Series([f"{row}" for row in raw.rows], dtype=object)
    frame = pd.DataFrame(columns, index=range(len(raw.frame)))
    id_name = specs[0].name
    if _is_id(specs[0]) and given.prefix:
        frame[id_name] = given.prefix + frame[id_name].astype(str)
    return frame, faults


def _constant(raw: RawTable, spec: ColumnSpec, cells: pd.Series) -> pd.Series:
    """A column of the project file's own; angles there must be angles too."""
    if spec.kind != "angles":
        return cells
    angles, bad = canonical_angles(cells.map(_text), spec.name)
    if bad.any():
        value = {"value": cells.iloc[0], "table": raw.name}
        raise InputFaults([raw.fault("fatal", "not_angles", None, spec.name, **value)])
    return angles


def _is_id(spec: ColumnSpec) -> bool:
    """An id may be absent from a file: the row number stands for it."""
    return spec.unique


def _only_where(raw: RawTable, given: Input) -> RawTable:
    """Rows that a ``where`` keeps; keeping none is a mistake and says which values there are."""
    keep = np.ones(len(raw.frame), dtype=bool)
    for header, values in given.where.items():
        headers = [str(name) for name in raw.frame.columns]
        if header not in headers:
            raise InputFaults(
                [raw.fault("fatal", "where_column", value=header, found="、".join(headers[:20]))]
            )
        wanted = {_text(value) for value in (values if isinstance(values, list) else [values])}
        cells = raw.frame[header].map(_text)
        keep &= cells.isin(wanted).to_numpy(dtype=bool)
        if not keep.any():
            found = "、".join(list(dict.fromkeys(cells))[:12])
            value = f"{header} = {'、'.join(sorted(wanted))}"
            raise InputFaults([raw.fault("fatal", "where_empty", value=value, found=found)])
    if keep.all():
        return raw
    geometry = None if raw.geometry is None else raw.geometry[keep].reset_index(drop=True)
    frame = raw.frame[keep].reset_index(drop=True)
    return RawTable(raw.name, raw.file, raw.sheet, frame, raw.rows[keep], geometry)


def missing_column(raw: RawTable, column: str, headers: list[str], aliases: tuple[str, ...] = ()) -> Fault:
    """Fault of a required column that no header fits, with headers that would."""
    names = "、".join(aliases[:3]) or column
    return raw.fault("fatal", "missing_column", column=column, names=names, found="、".join(headers[:20]))


def _ambiguous(raw: RawTable, column: str, found: list[str]) -> Fault:
    values: dict[str, object] = {"column": column, "found": "、".join(found), "table": raw.name}
    return Fault(
        "fatal",
        raw.file,
        "ambiguous_column",
        "missing_column_fix",
        values,
        raw.sheet,
        table=raw.name,
    )


def _convert(raw: RawTable, spec: ColumnSpec, header: str) -> tuple[pd.Series, list[Fault]]:
    cells = raw.frame[header].map(_text)
    blank = cells == ""
    if spec.kind == "number":
        values: pd.Series = pd.to_numeric(cells.map(_plain_number), errors="coerce")
        values = values.astype("float64")
        bad = values.isna() & ~blank
        return values, _cell_faults(raw, header, cells, bad, "not_number")
    if spec.kind == "date":
        values = pd.to_datetime(_dates(cells), errors="coerce", format="mixed")
        return values, _cell_faults(raw, header, cells, values.isna() & ~blank, "not_date")
    if spec.kind == "flag":
        forms = cells.map(normalise)
        bad = ~forms.isin(_YES | _NO)
        return forms.isin(_YES), _cell_faults(raw, header, cells, bad, "not_flag")
    if spec.kind == "angles":
        angles, bad = canonical_angles(cells, spec.name)
        return angles, _cell_faults(raw, header, cells, bad, "not_angles")
    return cells.where(~blank, None), []


def _text(cell: object) -> str:
    """A cell as a person reads it; 12.0 from a spreadsheet is 12."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)) or cell is pd.NaT:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e16:
        return str(int(cell))
    return str(cell).strip()


def _plain_number(text: str) -> str:
    """Number text without separators: 1,234.5 has thousands, 12,5 has a decimal comma."""
    if _THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def _dates(cells: pd.Series) -> pd.Series:
    """Chinese dates such as 2023年6月30日 in a form pandas reads."""
    plain = cells.str.replace(r"[年月/.]", "-", regex=True).str.replace("日", "", regex=False)
    return plain.str.strip("-").where(cells != "", None)


def _cell_faults(raw: RawTable, header: str, cells: pd.Series, bad: pd.Series, problem: str) -> list[Fault]:
    return [
        raw.fault("rejected", problem, int(raw.rows[i]), header, value=cells.iloc[i][:60])
        for i in np.flatnonzero(bad.to_numpy())
    ]


def _schema_faults(
    raw: RawTable,
    schema: pa.DataFrameSchema,
    frame: pd.DataFrame,
    taken: dict[str, str],
    known: set[int | None],
) -> list[Fault]:
    """Faults of the schema's own checks; rows already rejected are not named twice."""
    faults = []
    seen_ids: set[object] = set()
    for case in failures(schema, frame).itertuples():
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
