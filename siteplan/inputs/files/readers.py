"""Files into raw tables: spreadsheets, text and vector files, whatever they call themselves.

Values come out as text, number or date exactly as the file holds them, and each
record keeps the sheet and the row number a spreadsheet shows, so that every later message can name it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from lxml import etree, html
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
    WorksheetNotFound,
    XmlError,
    ZipError,
)

from siteplan.core.errors import Fault, InputFaults, Severity
from siteplan.core.files import restored
from siteplan.inputs.files import guard
from siteplan.inputs.files.guard import HostileFile
from siteplan.inputs.files.headers import HeaderMap, coordinate_part, match_headers, normalise
from siteplan.inputs.files.layout import Layout, Merge, Row, lay_out
from siteplan.inputs.files.marks import NO_MARKS, MarksUnreadable, SheetMarks, is_unread, marks_of, shown_as
from siteplan.project.columns import INPUT_TABLES, Column, columns_of

_WORKBOOKS = {".xlsx", ".xls", ".xlsm", ".ods", ".et"}
_TEXT = {".csv", ".txt", ".tsv"}
_BYTES_AS_THEY_ARE = {".shp", ".dbf", ".tab", ".mif", ".zip"}
"""Vector files whose text may be in any encoding, whatever they say."""
_ALL_LAYERS = {".kml", ".kmz"}
"""Files whose layers are folders of one list."""
_HANZI_RUN = re.compile("([A-Za-z]?)([\u2e80-\U0003ffff]+)(?=([A-Za-z]?))")
_KEPT_AS_TEXT = re.compile(r'^="(.*)"$', re.DOTALL)
"""How programs make a spreadsheet keep the zeros of an id."""
_BROKEN = "\ufffd"
_DELIMITERS = ",;\t|，"
_FIELD_WIDTHS = {10, 16, 20, 24, 25, 30, 32, 40, 48, 50, 60, 64, 80, 100, 120, 128, 150, 200, 250, 254, 255}
"""Widths of text fields people give to tables of old formats; headers have 10 [bytes]."""
_SAMPLE_LINES = 60
_SPILT = 3
"""Line ends in one cell of a text file from which a quotation mark was left open."""
TABLE_SUFFIXES = (
    _WORKBOOKS
    | _TEXT
    | {".gpkg", ".geojson", ".json", ".shp", ".kml", ".kmz", ".fgb", ".gdb", ".tab", ".mif"}
)
"""Files that hold tables of points; anything else given as population is a raster."""
_STRIDE = 1 << 32
"""Records of the second sheet count from here, of the third from twice that, so that a number names both."""


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as the file has it.

    Attributes
    ----------
    name, file
        siteplan's name of the table, and where it came from.
    sheets
        Sheets or layers the records are from.
    frame
        Values, one column a header.
    rows
        Number of each record: the row a spreadsheet shows, plus a stride for each sheet after the first.
    geometry
        Geometry in the file's CRS, or None for tables without.
    title
        Text above the header.
    made
        Headers of columns put together from others, by siteplan's name.
    notes
        Lines and sheets that were left out, with their reason.
    unread
        Text of cells whose value is unknown (an error, a formula never computed), by record and header; they
        are blank in ``frame``.
    hidden
        Records of hidden rows.
    hidden_headers
        Headers of hidden columns.
    """

    name: str
    file: str
    sheets: tuple[str, ...]
    frame: pd.DataFrame
    rows: np.ndarray
    geometry: gpd.GeoSeries | None = None
    title: tuple[str, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Fault, ...] = ()
    unread: Mapping[tuple[int, str], str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    hidden_headers: tuple[str, ...] = ()

    @property
    def headers(self) -> list[str]:
        """Headers in the order of the file."""
        return [str(name) for name in self.frame.columns]

    def place_of(self, record: int) -> tuple[str, int]:
        """Sheet and row of a record."""
        sheet, row = divmod(int(record), _STRIDE)
        return (self.sheets[sheet] if self.sheets else ""), row

    def label_of(self, record: int) -> str:
        """Short name of a record: its row, with the sheet where there are several."""
        sheet, row = self.place_of(record)
        return f"{sheet}-{row}" if len(self.sheets) > 1 else f"{row}"

    def only(self, keep: np.ndarray) -> RawTable:
        """The same table with some of its records."""
        geometry = None if self.geometry is None else self.geometry[keep].reset_index(drop=True)
        frame = self.frame[keep].reset_index(drop=True)
        return replace(self, frame=frame, rows=self.rows[keep], geometry=geometry)

    def fault(
        self, severity: Severity, problem: str, record: int | None = None, column: str = "", **values: object
    ) -> Fault:
        """A fault of this table, with its file, sheet and row filled in."""
        values = {"table": self.name, "column": column, **values}
        sheet, row = ("、".join(self.sheets[:1]), None) if record is None else self.place_of(record)
        return Fault(
            severity, self.file, problem, f"{problem}_fix", values, sheet, row, column, self.name, record
        )


@dataclass(frozen=True)
class Wanted:
    """What a reader looks for.

    Attributes
    ----------
    name
        siteplan's name of the table.
    layer
        Sheet or layer; empty for all that hold the table.
    encoding
        Of a text file; empty finds out.
    columns
        The project file's mapping.
    """

    name: str
    layer: str = ""
    encoding: str = ""
    columns: Mapping[str, str] | None = None

    @property
    def specs(self) -> tuple[Column, ...]:
        """Columns of the table."""
        return columns_of(self.name)

    def score(self, headers: Sequence[str]) -> float:
        """How well headers fit the table; degrees, minutes and seconds of their own count as found."""
        parts = {coordinate_part(header) for header in headers}
        split = sum({(axis, "deg"), (axis, "min")} <= parts for axis in ("lon", "lat"))
        return match_headers(list(headers), self.specs, self.columns or {}).score + split

    @property
    def words(self) -> frozenset[str]:
        """Every header the table knows."""
        return frozenset(normalise(word) for spec in self.specs for word in (spec.name, *spec.aliases))


def read_table(wanted: Wanted, path: Path) -> RawTable:
    """Read a spreadsheet, text or vector file.

    Parameters
    ----------
    wanted
        Table, sheet and headers looked for.
    path
        The file, or the folder of a file geodatabase.

    Raises
    ------
    InputFaults
        If the file is missing, unreadable, hostile or has no data row.
    """
    if not guard.is_there(path):
        raise InputFaults([_file_fault(wanted.name, path, "missing_file")])
    try:
        guard.inspect(path)
        table = _reader_of(path)(wanted, path)
    except HostileFile as error:
        raise InputFaults([_file_fault(wanted.name, path, str(error))]) from error
    except (
        CalamineError,
        PasswordError,
        WorksheetNotFound,
        XmlError,
        ZipError,
        OSError,
        UnicodeError,
        LookupError,
        csv.Error,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        MemoryError,
        ValueError,
        etree.XMLSyntaxError,
        shapely.errors.ShapelyError,
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        pyogrio.errors.FieldError,
        pyogrio.errors.GeometryError,
        pyogrio.errors.CRSError,
    ) as error:
        raise InputFaults([_file_fault(wanted.name, path, "unreadable", detail=str(error)[:300])]) from error
    if table.frame.empty:
        raise InputFaults([*table.notes, table.fault("fatal", "empty_sheet")])
    return table


def _reader_of(path: Path) -> Callable[[Wanted, Path], RawTable]:
    """Reader by what the file is; its suffix only decides between kinds of the same look."""
    suffix = path.suffix.lower()
    if path.is_dir() or suffix not in _WORKBOOKS | _TEXT:
        return _read_vector
    kind = guard.kind_of(path)
    if kind in ("zip", "xls"):
        return _read_workbook
    return _read_html if kind == "html" else _read_text


def _file_fault(name: str, path: Path, problem: str, **values: object) -> Fault:
    return Fault("fatal", path.name, problem, f"{problem}_fix", {"table": name, **values}, table=name)


# --- spreadsheets ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sheet:
    name: str
    cells: Sequence[Row]
    merges: Sequence[Merge] = ()
    hidden: bool = False
    marks: SheetMarks = NO_MARKS


def _read_workbook(wanted: Wanted, path: Path) -> RawTable:
    with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
        names = list(book.sheet_names)
        if wanted.layer and wanted.layer not in names:
            found = tuple(names)
            raise InputFaults([_file_fault(wanted.name, path, "no_layer", value=wanted.layer, found=found)])
        marks, doubts = _marks(wanted, path)
        visible = {each.name: each.visible == SheetVisibleEnum.Visible for each in book.sheets_metadata}
        sheets = []
        for name in [wanted.layer] if wanted.layer else names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height * sheet.total_width > guard.MOST_CELLS:
                raise HostileFile("too_wide")
            own = marks.get(name, NO_MARKS)
            cells = _marked([list(row) for row in sheet.to_python(skip_empty_area=False)], own)
            hidden = not visible.get(name, True) and not wanted.layer
            sheets.append(_Sheet(name, cells, sheet.merged_cell_ranges or (), hidden, own))
    table = _table_of(wanted, path, sheets)
    return replace(table, notes=(*table.notes, *doubts))


def _marks(wanted: Wanted, path: Path) -> tuple[dict[str, SheetMarks], tuple[Fault, ...]]:
    """Marks of the sheets; a binary workbook whose marks cannot be read is said to be so."""
    try:
        return marks_of(path), ()
    except MarksUnreadable:
        values: dict[str, object] = {"table": wanted.name, "column": ""}
        fault = Fault("warning", path.name, "xls_unseen", "xls_unseen_fix", values, table=wanted.name)
        return {}, (fault,)


def _marked(cells: list[list[object]], marks: SheetMarks) -> list[list[object]]:
    """Cells with the text of what was never computed, and numbers with the zeros they are shown with."""
    for (row, column), text in marks.unread.items():
        if row < len(cells) and column < len(cells[row]):
            cells[row][column] = text
    for (row, column), code in marks.shown.items():
        if row < len(cells) and column < len(cells[row]):
            cells[row][column] = shown_as(cells[row][column], code)
    return cells


def _table_of(wanted: Wanted, path: Path, sheets: Sequence[_Sheet]) -> RawTable:
    """One table from the sheets that hold it: the best one, and every other with the same columns."""
    empty = RawTable(wanted.name, path.name, (wanted.layer,), pd.DataFrame(), np.array([], dtype=np.int64))
    laid = [(sheet, lay_out(sheet.cells, sheet.merges, wanted.score, wanted.words)) for sheet in sheets]
    maps = {sheet.name: _map_of(wanted, layout) for sheet, layout in laid if layout is not None}
    shown = [sheet.name for sheet, layout in laid if layout is not None and not sheet.hidden]
    if not shown:
        hidden = [_left_out(empty, sheet, "hidden_sheet") for sheet, layout in laid if layout is not None]
        return replace(empty, sheets=tuple(s.name for s in sheets[:1]) or ("",), notes=tuple(hidden))
    best = max(shown, key=lambda name: (maps[name].score, -shown.index(name)))
    chosen: list[tuple[_Sheet, Layout]] = []
    notes: list[Fault] = []
    for sheet, layout in laid:
        if layout is None:
            continue
        if sheet.hidden:
            notes.append(_left_out(empty, sheet, "hidden_sheet"))
        elif sheet.name == best or (
            layout.records and _same_table(wanted, layout, maps[sheet.name], maps[best])
        ):
            parts = layout.parts()
            chosen += [(sheet, part) for part in parts if part.records or part is parts[0]]
        else:
            notes.append(_left_out(empty, sheet, "other_sheet"))
    return _stacked(wanted, path, chosen, notes)


def _map_of(wanted: Wanted, layout: Layout) -> HeaderMap:
    return match_headers([name for name in layout.headers if name], wanted.specs, wanted.columns or {})


def _same_table(wanted: Wanted, layout: Layout, one: HeaderMap, best: HeaderMap) -> bool:
    """Whether a sheet holds more of the table: most columns of either are in the other, and no other
    table fits
    the sheet clearly better.
    """
    a, b = set(one.taken), set(best.taken)
    if a == b:
        return bool(a)
    headers = [name for name in layout.headers if name]
    others = [match_headers(headers, columns_of(table), {}).score for table in INPUT_TABLES]
    return 2 * len(a & b) > len(a | b) and max(others) < one.score + 1.0


def _left_out(table: RawTable, sheet: _Sheet, problem: str) -> Fault:
    values: dict[str, object] = {"value": sheet.name, "table": table.name}
    return Fault("note", table.file, problem, f"{problem}_fix", values, sheet.name, table=table.name)


def _stacked(
    wanted: Wanted, path: Path, parts: Sequence[tuple[_Sheet, Layout]], notes: Sequence[Fault]
) -> RawTable:
    """Records of all sheets under each other, by header."""
    names = tuple(dict.fromkeys(sheet.name for sheet, _ in parts))
    frames, rows = [], []
    unread: dict[tuple[int, str], str] = {}
    hidden: set[int] = set()
    hidden_headers: dict[str, None] = {}
    for sheet, layout in parts:
        number = names.index(sheet.name)
        keep = [j for j, header in enumerate(layout.headers) if header]
        frame = pd.DataFrame(layout.records, columns=range(len(layout.headers)), dtype=object)[keep]
        same = _renamed(wanted, layout, parts[0][1])
        frame.columns = pd.Index([same.get(layout.headers[j], layout.headers[j]) for j in keep], dtype=object)
        records = np.array(layout.rows, dtype=np.int64) + number * _STRIDE
        unread |= _taken_out(frame, records, keep, sheet.marks)
        hidden.update(int(each) for each in records if int(each) % _STRIDE - 1 in sheet.marks.hidden_rows)
        at = [n for n, j in enumerate(keep) if j in sheet.marks.hidden_columns]
        hidden_headers |= dict.fromkeys(str(frame.columns[n]) for n in at)
        frames.append(frame)
        rows.append(records)
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    title = tuple(text for _, layout in parts for text in layout.title)
    table = RawTable(
        wanted.name,
        path.name,
        names,
        frame.astype(object),
        np.concatenate(rows),
        title=title,
        unread=unread,
        hidden=frozenset(hidden),
        hidden_headers=tuple(hidden_headers),
    )
    lines = [
        table.fault("note", f"line_{line.why}", line.row + names.index(sheet.name) * _STRIDE, value=line.text)
        for sheet, layout in parts
        for line in layout.skipped
    ]
    return replace(table, notes=(*notes, *lines))


def _taken_out(
    frame: pd.DataFrame, records: np.ndarray, columns: Sequence[int], marks: SheetMarks
) -> dict[tuple[int, str], str]:
    """Cells without a known value by record and header; the frame is blank there afterwards."""
    found: dict[tuple[int, str], str] = {}
    by_row = {int(record) % _STRIDE - 1: i for i, record in enumerate(records)}
    by_column = {j: n for n, j in enumerate(columns)}
    at = {(by_row[r], by_column[c]) for r, c in marks.unread if r in by_row and c in by_column}
    for n in range(frame.shape[1]):
        cells = frame.iloc[:, n]
        odd = cells.map(
            lambda cell: isinstance(cell, str) and cell[:1] in ("#", "=", "E") and is_unread(cell)
        )
        at |= {(int(i), n) for i in np.flatnonzero(odd.to_numpy(dtype=bool))}
    for i, n in sorted(at):
        found[int(records[i]), str(frame.columns[n])] = str(frame.iloc[i, n])
        frame.iloc[i, n] = None
    return found


def _renamed(wanted: Wanted, layout: Layout, first: Layout) -> dict[str, str]:
    """Headers of a sheet by those the first sheet has for the same columns."""
    mine, theirs = _map_of(wanted, layout).taken, _map_of(wanted, first).taken
    names = {header: theirs[column] for column, header in mine.items() if column in theirs}
    return {} if set(names.values()) & (set(layout.headers) - set(names)) else names


# --- text --------------------------------------------------------------------------------------------


def _read_text(wanted: Wanted, path: Path) -> RawTable:
    if path.stat().st_size > guard.MOST_TEXT:
        raise HostileFile("too_large")
    content = path.read_bytes()
    text = content.decode(wanted.encoding, errors="replace") if wanted.encoding else decode(content)
    nul = text.count("\x00")
    cells = _split_lines(text.replace("\x00", ""), path.suffix.lower() == ".txt")
    cells = [
        [restored(_KEPT_AS_TEXT.sub(r"\1", str(cell))) for cell in row]
        if any(str(c).startswith(("=", "'")) for c in row)
        else row
        for row in cells
    ]
    if max(map(len, cells), default=0) > guard.MOST_COLUMNS:
        raise HostileFile("too_wide")
    _refuse_open_quotes(wanted, path, cells)
    table = _table_of(wanted, path, [_Sheet("", cells)])
    if nul:
        table = replace(table, notes=(*table.notes, table.fault("warning", "nul_bytes", count=nul)))
    return replace(table, notes=(*table.notes, *_broken_text(table)))


def _refuse_open_quotes(wanted: Wanted, path: Path, cells: Sequence[Row]) -> None:
    """A quotation mark that is never closed swallows the lines after it."""
    for number, row in enumerate(cells, 1):
        if any(str(cell).count("\n") >= _SPILT and str(cell).count(",") >= _SPILT for cell in row):
            raise InputFaults([_file_fault(wanted.name, path, "open_quote", row=number)])


def _split_lines(text: str, may_be_blanks: bool) -> list[list[object]]:
    if text.count("\n") + text.count("\r") > 2 * guard.MOST_LINES:
        raise HostileFile("too_large")
    lines = text.splitlines()
    delimiter = _delimiter([line for line in lines[:_SAMPLE_LINES] if line.strip()])
    if not delimiter and may_be_blanks and lines:
        return [list(line.split()) for line in lines]
    plain = text.replace("，", ",") if delimiter == "，" else text
    mark = "," if delimiter in ("，", "") else delimiter
    return [list(row) for row in csv.reader(io.StringIO(plain, newline=""), delimiter=mark)]


def _delimiter(lines: Sequence[str]) -> str:
    """The sign that stands equally often in the most lines; "" when none does."""
    best, found = (0, 0), ""
    for sign in _DELIMITERS:
        counts = [line.count(sign) for line in lines]
        usual = max(set(counts) - {0}, key=lambda count: (counts.count(count), count), default=0)
        rank = (counts.count(usual), usual) if usual else (0, 0)
        if rank > best:
            best, found = rank, sign
    return found


def decode(content: bytes) -> str:
    """Text of unknown encoding: UTF-16 or UTF-8 when it is, else GB18030, which Chinese Excel writes.

    Returns
    -------
    str
        Bytes that fit nowhere become U+FFFD. Windows-1252 is taken when GB18030 would put hanzi inside words.

    Examples
    --------
    >>> decode("坪石镇".encode("gb18030")), decode("Südtirol".encode("cp1252"))
    ('坪石镇', 'Südtirol')
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    for high, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        size = max(len(content) // 2, 1)
        if content[high::2].count(0) * 5 > size and content[1 - high :: 2].count(0) * 20 < size:
            return content.decode(name, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    chinese = content.decode("gb18030", errors="replace")
    unicode = content.decode("utf-8-sig", errors="replace")
    if unicode.count(_BROKEN) * 2 < sum(sign > "\u2fff" for sign in unicode):
        return unicode
    if _is_western(chinese) or chinese.count(_BROKEN) * 20 > sum(sign > "\u2fff" for sign in chinese):
        return content.decode("cp1252", errors="replace")
    return chinese


def _is_western(chinese: str) -> bool:
    """Whether hanzi come from accented letters read as Chinese: single ones that touch a Latin letter."""
    runs = _HANZI_RUN.findall(chinese)
    lone = sum(len(run) == 1 and bool(before.strip() or after.strip()) for before, run, after in runs)
    return bool(runs) and 2 * lone > len(runs)


def _broken_text(table: RawTable) -> list[Fault]:
    """Cells with characters that could not be decoded."""
    faults = []
    for header in table.headers:
        cells = table.frame[header]
        broken = cells.map(lambda cell: isinstance(cell, str) and _BROKEN in cell)
        faults += [
            table.fault("warning", "broken_text", int(table.rows[i]), header, value=str(cells.iloc[i])[:60])
            for i in np.flatnonzero(broken.to_numpy(dtype=bool))
        ]
    return faults


class _Tables:
    """Cells of a page's tables, row by row: many systems export a web page and call it .xls."""

    def __init__(self) -> None:
        self.rows: list[list[object]] = []
        self.merges: list[Merge] = []
        self._covered: dict[int, int] = {}

    def add_row(self, cells: Iterable[Any]) -> None:
        """Put the cells of a row after those that cells above reach down into."""
        self.rows.append([])
        self._covered = {column: left - 1 for column, left in self._covered.items() if left > 1}
        for cell in cells:
            self._add(cell)

    def _add(self, cell: Any) -> None:
        row, down, right = self.rows[-1], _span(cell.get("rowspan")), _span(cell.get("colspan"))
        while self._covered.get(len(row), 0):
            row.append("")
        top, left = len(self.rows) - 1, len(row)
        row += [str(cell.text_content()).strip(), *[""] * (right - 1)]
        if down > 1 or right > 1:
            self.merges.append(((top, left), (top + down - 1, left + right - 1)))
        if down > 1:
            self._covered |= dict.fromkeys(range(left, left + right), down)


def _span(text: str | None) -> int:
    return min(int(text), 200) if text and text.isdigit() and int(text) else 1


def _read_html(wanted: Wanted, path: Path) -> RawTable:
    if path.stat().st_size > guard.MOST_TEXT:
        raise HostileFile("too_large")
    page = _Tables()
    text = decode(path.read_bytes())
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    if text.strip():
        for row in html.document_fromstring(text.encode(), parser=parser).iter("tr"):
            page.add_row(row.xpath("./td | ./th"))
    return _table_of(wanted, path, [_Sheet("", page.rows, page.merges)])


# --- vector files ------------------------------------------------------------------------------------


def _inside(path: Path) -> str | Path:
    """The one vector file inside an archive, in whatever folder it lies."""
    if path.suffix.lower() != ".zip":
        return path
    with zipfile.ZipFile(path) as archive:
        found = [
            name for name in archive.namelist() if name.lower().endswith((".shp", ".tab", ".mif", ".gpkg"))
        ]
    return f"/vsizip/{path}/{found[0]}" if len(found) == 1 else path


def _read_vector(wanted: Wanted, path: Path) -> RawTable:
    layers = [str(each) for each in pyogrio.list_layers(_inside(path))[:, 0]]
    if wanted.layer and wanted.layer not in layers:
        found = tuple(layers)
        raise InputFaults([_file_fault(wanted.name, path, "no_layer", value=wanted.layer, found=found)])
    chosen = [wanted.layer] if wanted.layer else layers
    if len(chosen) > 1 and path.suffix.lower() not in _ALL_LAYERS:
        raise InputFaults([_file_fault(wanted.name, path, "several_layers", found=tuple(layers))])
    parts = [_layer(path, name) for name in chosen]
    filled = [(name, part) for name, part in zip(chosen, parts, strict=True) if len(part)]
    if not filled:
        empty = pd.DataFrame()
        return RawTable(wanted.name, path.name, tuple(chosen[:1]), empty, np.array([], dtype=np.int64))
    names = tuple(name for name, _ in filled)
    sheets = names if wanted.layer or len(names) > 1 else ("",)
    data = pd.concat([part for _, part in filled], ignore_index=True) if len(filled) > 1 else filled[0][1]
    rows = np.concatenate([np.arange(len(part)) + 2 + n * _STRIDE for n, (_, part) in enumerate(filled)])
    geometry = data.geometry if isinstance(data, gpd.GeoDataFrame) else None
    frame = pd.DataFrame(data if geometry is None else data.drop(columns=data.geometry.name)).astype(object)
    table = RawTable(wanted.name, path.name, sheets, frame, rows.astype(np.int64), geometry)
    return replace(table, notes=tuple(_broken_text(table)))


def _layer(path: Path, name: str) -> pd.DataFrame:
    """One layer; text of the old formats is decoded by what it holds, not by what the file says."""
    if path.suffix.lower() not in _BYTES_AS_THEY_ARE:
        return pyogrio.read_dataframe(path, layer=name)
    data = pyogrio.read_dataframe(_inside(path), layer=name, encoding="ISO-8859-1")
    words = [*map(str, data.columns), *_texts(data)]
    encoding = _encoding_of([word.encode("latin-1", errors="ignore") for word in words])
    for header in list(data.columns):
        if data[header].dtype == object or pd.api.types.is_string_dtype(data[header].dtype):
            data[header] = data[header].map(lambda cell: _again(cell, encoding)).astype(object)
    return data.rename(columns={name: _again(name, encoding) for name in data.columns})


def _texts(data: pd.DataFrame) -> Iterable[str]:
    """Text cells of the first records."""
    for header in data.columns:
        for cell in data[header].iloc[:2000]:
            if isinstance(cell, str):
                yield cell


def _encoding_of(words: Iterable[bytes]) -> str:
    """Encoding of short texts whose end may be cut inside a character."""
    odd = [word for word in words if not word.isascii()]
    if not odd:
        return "utf-8"
    fits = {name: sum(_fits(word, name) for word in odd) for name in ("utf-8", "gb18030")}
    if fits["utf-8"] * 10 >= 9 * len(odd):
        return "utf-8"
    joined = b" ".join(odd).decode("gb18030", errors="replace")
    return "cp1252" if _is_western(joined) or fits["gb18030"] * 10 < 9 * len(odd) else "gb18030"


def _fits(word: bytes, encoding: str) -> bool:
    """Whether a text decodes; half a character at the end is allowed only where it may fill its field."""
    most = 3 if encoding == "utf-8" else 2
    for cut in range(most if len(word) in _FIELD_WIDTHS else 1):
        try:
            word[: len(word) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _again(cell: object, encoding: str) -> object:
    """Text read as single bytes in its true encoding; half a character at the end is cut off."""
    if not isinstance(cell, str) or cell.isascii():
        return cell
    content = cell.encode("latin-1", errors="replace")
    for cut in range(4):
        try:
            return content[: len(content) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode(encoding, errors="replace")
