"""A table as its file has it, and what a reader looks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.errors import Fault, Severity
from siteplan.inputs.files.cells import text_of
from siteplan.inputs.files.headers import coordinate_part, match_headers, normalise
from siteplan.project.columns import Column, columns_of

BROKEN = "\ufffd"
"""What stands where a character could not be decoded."""
STRIDE = 1 << 32
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
    struck
        Headers of cells that are struck through, by record.
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
    struck: Mapping[int, frozenset[str]] = field(default_factory=dict)

    @property
    def headers(self) -> list[str]:
        """Headers in the order of the file."""
        return [str(name) for name in self.frame.columns]

    def place_of(self, record: int) -> tuple[str, int]:
        """Sheet and row of a record."""
        sheet, row = divmod(int(record), STRIDE)
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

    def is_struck(self, position: int, header: str = "") -> bool:
        """Whether this cell, or half of the filled cells of the record at a position, are struck through."""
        struck = self.struck.get(int(self.rows[position]), frozenset())
        if not struck or header in struck:
            return bool(struck)
        cells = self.frame.iloc[position]
        return 2 * len(struck) >= sum(bool(text_of(cell)) for cell in cells)

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


def file_fault(name: str, path: Path, problem: str, **values: object) -> Fault:
    """A fatal fault of a whole file."""
    return Fault("fatal", path.name, problem, f"{problem}_fix", {"table": name, **values}, table=name)


def broken_text(table: RawTable) -> list[Fault]:
    """Cells with characters that could not be decoded."""
    faults = []
    for header in table.headers:
        cells = table.frame[header]
        broken = cells.map(lambda cell: isinstance(cell, str) and BROKEN in cell)
        faults += [
            table.fault("warning", "broken_text", int(table.rows[i]), header, value=str(cells.iloc[i])[:60])
            for i in np.flatnonzero(broken.to_numpy(dtype=bool))
        ]
    return faults
