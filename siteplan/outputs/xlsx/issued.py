"""What forms that come back have in common: cells to fill in, and what was issued on a hidden sheet."""

from __future__ import annotations

from collections.abc import Sequence

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from siteplan.field.returns import issued_hash
from siteplan.inputs.files.cells import text_of
from siteplan.outputs.xlsx.cells import Formats, Look, fitting
from siteplan.project.statuses import RETURNS_SCHEMA, SiteStatus

DATUM_WORDS = ("WGS84", "CGCS2000", "GCJ-02", "BD-09")
_COLOURS: dict[SiteStatus, str] = {
    SiteStatus.NEGOTIATING: "#DDEBF7",
    SiteStatus.AGREED: "#BDD7EE",
    SiteStatus.SIGNED: "#D9C8EE",
    SiteStatus.BUILDING: "#FFE699",
    SiteStatus.ON_AIR: "#C6E0B4",
    SiteStatus.PAUSED: "#FCE4D6",
    SiteStatus.REFUSED: "#F4B6B0",
    SiteStatus.INFEASIBLE: "#D0CECE",
    SiteStatus.WITHDRAWN: "#E7E6E6",
}


class FormFormats(Formats):
    """Formats of the form: cells to fill in are yellow and open."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        super().__init__(book)
        self._make = book.add_format
        self._open: dict[str, Format] = {}
        self.status = {each: book.add_format({"bg_color": colour}) for each, colour in _COLOURS.items()}
        self.wrong = book.add_format({"bg_color": "#FF7C80", "bold": True})
        self._painted = {
            each: book.add_format({**self._line, "bg_color": colour}) for each, colour in _COLOURS.items()
        }

    def status_cell(self, status: SiteStatus) -> Format:
        """Format of a cell in a status's colour [Format]."""
        return self._painted.get(status) or self.cell("wrap")

    def open(self, look: Look) -> Format:
        """Format of a cell to fill in [Format]."""
        if look.kind not in self._open:
            number = {"degrees": "0.000000", "id": "@"}.get(look.kind, "General")
            cell = {**self._line, "bg_color": "#FFF9DB", "locked": False, "num_format": number}
            self._open[look.kind] = self._make({**cell, "text_wrap": look.kind == "wrap"})
        return self._open[look.kind]


def as_read(value: object) -> str:
    """A cell as it comes back when nobody touched it [str]."""
    return text_of(fitting(value) if isinstance(value, str) else value)


def write_issued(
    sheet: Worksheet, run_id: str, columns: Sequence[str], issued: Sequence[Sequence[str]]
) -> None:
    """Write what was issued, for the way back; hidden and locked.

    Parameters
    ----------
    sheet
        The hidden sheet.
    run_id
        Of the list.
    columns
        Headers of locked cells and names of what was printed, the first one the candidate id.
    issued
        One row a place, as text.
    """
    head: list[Sequence[str]] = [
        ("schema", RETURNS_SCHEMA),
        ("run_id", run_id),
        ("sha256", issued_hash(columns, issued)),
        (),
        columns,
    ]
    for line, row in enumerate([*head, *issued]):
        for number, text in enumerate(row):
            if text:
                sheet.write_string(line, number, text)
    sheet.protect()
    sheet.hide()
