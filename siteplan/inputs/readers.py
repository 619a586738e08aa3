"""Files into raw tables: spreadsheets, text and vector files.

One decision to know: values come out as text, number or date exactly as the file holds them, and each
row keeps the number a spreadsheet shows, so that every later message can name it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    WorksheetNotFound,
    ZipError,
)

from siteplan.errors import Fault, InputFaults, Level

_WORKBOOKS = {".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"}
_TEXT = {".csv", ".txt", ".tsv"}
_HANZI_IN_WORD = re.compile("[A-Za-z][\u4e00-\u9fff][a-z]")
TABLE_SUFFIXES = _WORKBOOKS | _TEXT | {".gpkg", ".geojson", ".json", ".shp", ".kml", ".kmz", ".fgb"}
"""Files that hold tables of points; anything else given as population is a raster."""


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as the file has it.

    Attributes
    ----------
    name, file, sheet
        siteplan's name of the table, and where it came from.
    frame
        Values, one column a header.
    rows
        Row number of each record as a spreadsheet shows it.
    geometry
        Geometry in the file's CRS, or None for tables without.
    """

    name: str
    file: str
    sheet: str
    frame: pd.DataFrame
    rows: np.ndarray
    geometry: gpd.GeoSeries | None = None

    def fault(
        self, level: Level, problem: str, row: int | None = None, column: str = "", **values: object
    ) -> Fault:
        """A fault of this table, with its file and sheet filled in."""
        values = {"table": self.name, "column": column, **values}
        return Fault(
            level,
            self.file,
            problem,
            f"{problem}_fix",
            values,
            self.sheet,
            row,
            column,
            self.name,
        )


def read_table(name: str, path: Path, layer: str = "", encoding: str = "") -> RawTable:
    """Read a spreadsheet, text or vector file.

    Parameters
    ----------
    name
        siteplan's name of the table, for messages.
    path
        The file.
    layer
        Sheet or layer; empty takes the first.
    encoding
        Of a text file; empty finds out.

    Returns
    -------
    RawTable
        All rows, unchecked.

    Raises
    ------
    InputFaults
        If the file is missing, unreadable or has no data row.
    """
    if not path.exists():
        raise InputFaults([_file_fault(name, path, "missing_file")])
    suffix = path.suffix.lower()
    try:
        if suffix in _WORKBOOKS:
            table = _read_workbook(name, path, layer)
        elif suffix in _TEXT:
            table = _read_text(name, path, encoding)
        else:
            table = _read_vector(name, path, layer)
    except (
        CalamineError, PasswordError, WorksheetNotFound, ZipError, OSError, UnicodeDecodeError,
        LookupError, csv.Error,
        pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError,
    ) as error:  # fmt: skip
        raise InputFaults([_file_fault(name, path, "unreadable", detail=str(error))]) from error
    if table.frame.empty:
        raise InputFaults([table.fault("fatal", "empty_sheet")])
    return table


def _file_fault(name: str, path: Path, problem: str, **values: object) -> Fault:
    return Fault("fatal", path.name, problem, f"{problem}_fix", dict(values), table=name)


def _read_workbook(name: str, path: Path, layer: str) -> RawTable:
    with CalamineWorkbook.from_path(str(path)) as book:
        sheet = layer or book.sheet_names[0]
        if sheet not in book.sheet_names:
            found = "、".join(book.sheet_names)
            fault = _file_fault(name, path, "no_layer", value=sheet, found=found, table=name)
            raise InputFaults([fault])
        cells = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return _table_of(name, path, sheet, cells)


def _read_text(name: str, path: Path, encoding: str) -> RawTable:
    content = path.read_bytes()
    text = content.decode(encoding) if encoding else _decode(content)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return _table_of(name, path, "", cells)


def _decode(content: bytes) -> str:
    """UTF-8 when it is, else GB18030, which Chinese Excel writes, unless that puts hanzi inside words."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    if _HANZI_IN_WORD.search(text) or "\ufffd" in text:
        return content.decode("cp1252", errors="replace")
    return text


def _table_of(name: str, path: Path, sheet: str, cells: Sequence[Sequence[object]]) -> RawTable:
    filled = [number for number, row in enumerate(cells) if any(_is_filled(cell) for cell in row)]
    if not filled:
        return RawTable(name, path.name, sheet, pd.DataFrame(), np.array([], dtype=np.int64))
    head, body = filled[0], filled[1:]
    headers = [str(cell).strip() for cell in cells[head]]
    width = len(headers)
    records = [(list(cells[number]) + [None] * width)[:width] for number in body]
    frame = pd.DataFrame(records, columns=headers, dtype=object)
    keep = [position for position, header in enumerate(headers) if header]
    return RawTable(name, path.name, sheet, frame.iloc[:, keep], np.array(body, dtype=np.int64) + 1)


def _is_filled(cell: object) -> bool:
    return cell is not None and str(cell).strip() != ""


def _read_vector(name: str, path: Path, layer: str) -> RawTable:
    layers = [str(each) for each in pyogrio.list_layers(path)[:, 0]]
    if layer and layer not in layers:
        raise InputFaults(
            [_file_fault(name, path, "no_layer", value=layer, found="、".join(layers), table=name)]
        )
    if not layer and len(layers) > 1:
        raise InputFaults([_file_fault(name, path, "several_layers", found="、".join(layers), table=name)])
    data = pyogrio.read_dataframe(path, layer=layer or None)
    rows = np.arange(len(data), dtype=np.int64) + 2
    if not isinstance(data, gpd.GeoDataFrame):
        return RawTable(name, path.name, layer, data.astype(object), rows)
    frame = pd.DataFrame(data.drop(columns=data.geometry.name)).astype(object)
    return RawTable(name, path.name, layer, frame, rows, data.geometry)
