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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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

from siteplan.core.errors import Fault, InputFaults
from siteplan.core.files import restored
from siteplan.inputs.files import guard
from siteplan.inputs.files.cards import card_of
from siteplan.inputs.files.containers import unpacked
from siteplan.inputs.files.encodings import decode, encoding_of_text
from siteplan.inputs.files.guard import HostileFile
from siteplan.inputs.files.headers import HeaderMap, match_headers, normalise
from siteplan.inputs.files.layout import Layout, Merge, Row, lay_out
from siteplan.inputs.files.marks import NO_MARKS, MarksUnreadable, SheetMarks, is_unread, marks_of, shown_as
from siteplan.inputs.files.raw_table import STRIDE, RawTable, Wanted, broken_text, file_fault
from siteplan.inputs.files.vectors import read_placemarks, read_vector
from siteplan.project.columns import INPUT_TABLES, columns_of

_WORKBOOKS = {".xlsx", ".xls", ".xlsm", ".ods", ".et"}
_TEXT = {".csv", ".txt", ".tsv"}
_PINS = {".kml", ".kmz"}
_KEPT_AS_TEXT = re.compile(r'^="(.*)"$', re.DOTALL)
"""How programs make a spreadsheet keep the zeros of an id."""
_EXAMPLES = {"示例", "样例", "范例", "填写示例", "example", "examples", "sample"}
"""Sheets that show how a list is filled in, as siteplan's own templates carry one."""
_DELIMITERS = ",;\t|，"
_SAMPLE_LINES = 60
_PIECE_ROWS = 500_000
_LIST_SCORE = 2.0
"""Fit of headers from which a sheet is a list."""
_SPILT = 3
"""Line ends in one cell of a text file from which a quotation mark was left open."""
TABLE_SUFFIXES = (
    _WORKBOOKS
    | _TEXT
    | {".gpkg", ".geojson", ".json", ".shp", ".kml", ".kmz", ".fgb", ".gdb", ".tab", ".mif", ".zip"}
)
"""Files that hold tables of points; anything else given as population is a raster."""


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
        raise InputFaults([file_fault(wanted.name, path, "missing_file")])
    try:
        guard.inspect(path)
        table = _reader_of(path)(wanted, path)
    except HostileFile as error:
        raise InputFaults([file_fault(wanted.name, path, str(error), found=error.found)]) from error
    except PasswordError as error:
        raise InputFaults([file_fault(wanted.name, path, "locked_workbook")]) from error
    except (
        CalamineError,
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
        raise InputFaults([file_fault(wanted.name, path, "unreadable", detail=str(error)[:300])]) from error
    if table.frame.empty:
        raise InputFaults([*table.notes, table.fault("fatal", "empty_sheet")])
    return table


def _reader_of(path: Path) -> Callable[[Wanted, Path], RawTable]:
    """Reader by what the file is; its suffix only decides between kinds of the same look."""
    suffix = path.suffix.lower()
    if path.is_file() and suffix in _PINS:
        return read_placemarks
    if path.is_file() and suffix == ".zip":
        return _read_archive
    if path.is_dir() or suffix not in _WORKBOOKS | _TEXT:
        return read_vector
    kind = guard.kind_of(path)
    if kind in ("zip", "xls"):
        return _read_workbook
    return _read_html if kind == "html" else _read_text


def _read_archive(wanted: Wanted, path: Path) -> RawTable:
    """The one table of a zip file, under the name of the archive."""
    with unpacked(path, wanted.layer) as inside:
        guard.inspect(inside)
        names = (inside.stem, inside.name)
        own = replace(wanted, layer="") if wanted.layer in names else wanted
        table = _reader_of(inside)(own, inside)
    notes = tuple(replace(note, file=path.name) for note in table.notes)
    return replace(table, file=path.name, notes=notes)


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
            raise InputFaults([file_fault(wanted.name, path, "no_layer", value=wanted.layer, found=found)])
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
    examples = [sheet for sheet in sheets if normalise(sheet.name) in _EXAMPLES and len(sheets) > 1]
    notes = [_left_out(empty, sheet, "example_sheet") for sheet in examples]
    sheets = [sheet for sheet in sheets if sheet not in examples]
    cards = _cards(wanted, path, sheets)
    if cards is not None:
        return replace(cards, notes=(*notes, *cards.notes))
    laid = [(sheet, _laid(wanted, sheet)) for sheet in sheets]
    maps = {sheet.name: _map_of(wanted, layout) for sheet, layout in laid if layout is not None}
    shown = [sheet.name for sheet, layout in laid if layout is not None and not sheet.hidden]
    if not shown:
        hidden = [_left_out(empty, sheet, "hidden_sheet") for sheet, layout in laid if layout is not None]
        hidden = [*notes, *hidden]
        return replace(empty, sheets=tuple(s.name for s in sheets[:1]) or ("",), notes=tuple(hidden))
    best = max(shown, key=lambda name: (maps[name].score, -shown.index(name)))
    chosen: list[tuple[_Sheet, Layout]] = []
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


def _cards(wanted: Wanted, path: Path, sheets: Sequence[_Sheet]) -> RawTable | None:
    """Forms of one site a sheet as one table; None where a sheet reads better as a list."""
    shown = [sheet for sheet in sheets if not sheet.hidden]
    cards = [(sheet, card_of(sheet.cells, wanted.words)) for sheet in shown]
    cards = [(sheet, card) for sheet, card in cards if card]
    if not cards:
        return None
    among = {sheet.name for sheet, _ in cards}
    lists = {
        sheet.name: wanted.score(layout.headers)
        for sheet in shown
        if (layout := _laid(wanted, sheet)) is not None and layout.records
    }
    others = max((score for name, score in lists.items() if name not in among), default=0.0)
    own = max((score for name, score in lists.items() if name in among), default=0.0)
    if others >= _LIST_SCORE or own >= max(len(card) for _, card in cards):
        return None  # a page of explanations beside a list looks like a form
    names = tuple(sheet.name for sheet, _ in cards)
    headers = list(dict.fromkeys(label for _, card in cards for label in card))
    values = [[card.get(label, (0, None))[1] for label in headers] for _, card in cards]
    rows = [min(row for row, _ in card.values()) + n * STRIDE for n, (_, card) in enumerate(cards)]
    table = RawTable(
        wanted.name,
        path.name,
        names,
        pd.DataFrame(values, columns=headers, dtype=object),
        np.array(rows, dtype=np.int64),
    )
    note = table.fault("note", "read_as_cards", None, count=len(cards))
    return replace(table, notes=(note,))


def _laid(wanted: Wanted, sheet: _Sheet) -> Layout | None:
    return lay_out(sheet.cells, sheet.merges, wanted.score, wanted.words)


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
    struck: dict[int, frozenset[str]] = {}
    for sheet, layout in parts:
        number = names.index(sheet.name)
        keep = [j for j, header in enumerate(layout.headers) if header]
        frame = pd.DataFrame(layout.records, columns=range(len(layout.headers)), dtype=object)[keep]
        same = _renamed(wanted, layout, parts[0][1])
        frame.columns = pd.Index([same.get(layout.headers[j], layout.headers[j]) for j in keep], dtype=object)
        records = np.array(layout.rows, dtype=np.int64) + number * STRIDE
        unread |= _taken_out(frame, records, keep, sheet.marks)
        hidden.update(int(each) for each in records if int(each) % STRIDE - 1 in sheet.marks.hidden_rows)
        struck |= _struck(frame, records, keep, sheet.marks)
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
        struck=struck,
    )
    lines = [
        table.fault("note", f"line_{line.why}", line.row + names.index(sheet.name) * STRIDE, value=line.text)
        for sheet, layout in parts
        for line in layout.skipped
    ]
    return replace(table, notes=(*notes, *lines))


def _taken_out(
    frame: pd.DataFrame, records: np.ndarray, columns: Sequence[int], marks: SheetMarks
) -> dict[tuple[int, str], str]:
    """Cells without a known value by record and header; the frame is blank there afterwards."""
    found: dict[tuple[int, str], str] = {}
    by_row = {int(record) % STRIDE - 1: i for i, record in enumerate(records)}
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


def _struck(
    frame: pd.DataFrame, records: np.ndarray, columns: Sequence[int], marks: SheetMarks
) -> dict[int, frozenset[str]]:
    """Headers of cells that are struck through, by record."""
    names = {j: str(frame.columns[n]) for n, j in enumerate(columns)}
    by_row = {int(record) % STRIDE - 1: int(record) for record in records}
    found: dict[int, set[str]] = {}
    for row, column in marks.struck:
        if row in by_row and column in names:
            found.setdefault(by_row[row], set()).add(names[column])
    return {record: frozenset(headers) for record, headers in sorted(found.items())}


def _renamed(wanted: Wanted, layout: Layout, first: Layout) -> dict[str, str]:
    """Headers of a sheet by those the first sheet has for the same columns."""
    mine, theirs = _map_of(wanted, layout).taken, _map_of(wanted, first).taken
    names = {header: theirs[column] for column, header in mine.items() if column in theirs}
    return {} if set(names.values()) & (set(layout.headers) - set(names)) else names


# --- text --------------------------------------------------------------------------------------------


def _read_text(wanted: Wanted, path: Path) -> RawTable:
    if path.stat().st_size > guard.BIG_TEXT:
        return _read_big_text(wanted, path)
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
    return replace(table, notes=(*table.notes, *broken_text(table)))


def _read_big_text(wanted: Wanted, path: Path) -> RawTable:
    """A long list in pieces: columns the table knows, numbers as numbers; the header stands at the top."""
    with path.open("rb") as file:
        start = file.read(guard.SAMPLE_BYTES)
    encoding = wanted.encoding or encoding_of_text(start)
    lines = start.decode(encoding, errors="replace").splitlines()[:_SAMPLE_LINES]
    mark = _delimiter([line for line in lines if line.strip()]) or ","
    cells = [list(row) for row in csv.reader(lines, delimiter=mark)]
    layout = lay_out(cells, (), wanted.score, wanted.words)
    if layout is None:
        raise HostileFile("too_large", _limits())
    taken = set(_map_of(wanted, layout).taken.values()) | set((wanted.columns or {}).values())
    names = [header or f"_{j}" for j, header in enumerate(layout.headers)]
    pieces = pd.read_csv(
        path,
        sep=mark,
        encoding=encoding,
        encoding_errors="replace",
        header=None,
        names=names,
        usecols=[name for name in names if name in taken],
        skiprows=layout.header_row,
        dtype=str,
        keep_default_na=False,
        chunksize=_PIECE_ROWS,
        on_bad_lines="error",
    )
    frame = pd.concat([piece.apply(_as_numbers) for piece in pieces], ignore_index=True)
    if len(frame) > guard.MOST_ROWS:
        raise HostileFile("too_large", _limits())
    rows = np.arange(len(frame), dtype=np.int64) + layout.header_row + 1
    table = RawTable(wanted.name, path.name, ("",), frame, rows, title=layout.title)
    return replace(table, notes=(table.fault("note", "read_in_pieces", None, count=len(frame)),))


def _as_numbers(cells: pd.Series) -> pd.Series:
    """A column of a piece as numbers where every cell is one; else equal texts are one object, not many."""
    values = pd.to_numeric(cells, errors="coerce")
    if values.notna().all():
        return values
    codes, texts = pd.factorize(cells)
    return pd.Series(texts.to_numpy(dtype=object)[codes], index=cells.index, dtype=object)


def _limits() -> tuple[str, ...]:
    """Largest files that are read, for people."""
    return (f"{guard.MOST_UNPACKED >> 20:,} MiB", f"{guard.MOST_ROWS:,}", f"{guard.MOST_CELLS:,}")


def _refuse_open_quotes(wanted: Wanted, path: Path, cells: Sequence[Row]) -> None:
    """A quotation mark that is never closed swallows the lines after it."""
    for number, row in enumerate(cells, 1):
        if any(str(cell).count("\n") >= _SPILT and str(cell).count(",") >= _SPILT for cell in row):
            raise InputFaults([file_fault(wanted.name, path, "open_quote", row=number)])


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
