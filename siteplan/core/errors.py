"""Errors a user can meet. Each carries what is wrong and what to do, in both languages.

One decision to know: faults of an input are collected, then raised (or listed) together; a rejected
row is a fault with ``severity="rejected"`` and never disappears.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from siteplan.words.catalogue import Lang, say

Severity = Literal["fatal", "rejected", "warning", "note"]
"""A fatal fault stops the run, a rejected row is left out, a warning wants a look, a note only says what was
done (a total at the bottom of a sheet is no record)."""


class SiteplanError(Exception):
    """Anything the user can put right; the command line prints it and exits with 1."""

    def text(self, lang: Lang = "zh") -> str:
        """The message in one language [str]."""
        del lang
        return str(self)


class RangeError(SiteplanError, ValueError):
    """A formula was asked outside its published range."""


class CrsError(SiteplanError, ValueError):
    """A coordinate reference system is missing or unusable."""


class GridMismatchError(SiteplanError, ValueError):
    """Two rasters that must share a grid do not."""


class RunLockedError(SiteplanError):
    """Another run holds the project, or a file is open elsewhere."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input, and its remedy.

    ``problem`` and ``remedy`` are keys of :mod:`siteplan.words.catalogue`; ``row`` is the row number a
    spreadsheet shows (the header is row 1).
    """

    severity: Severity
    file: str
    problem: str
    remedy: str
    values: dict[str, object] = field(default_factory=dict)
    sheet: str = ""
    row: int | None = None
    column: str = ""
    table: str = ""
    record: int | None = None
    """Number of the record in its table, where ``row`` alone does not name it (several sheets)."""

    def place(self, lang: Lang = "zh") -> str:
        """Where the fault is: file, sheet, row and column, as far as they apply [str]."""
        words = ("工作表", "行", "列") if lang == "zh" else ("sheet", "row", "column")
        parts = [self.file]
        if self.sheet:
            parts.append(f"{words[0]} {self.sheet}")
        if self.row is not None:
            parts.append(f"{words[1]} {self.row}")
        if self.column:
            parts.append(f"{words[2]} {self.column}")
        return " · ".join(parts)

    def text(self, lang: Lang = "zh") -> str:
        """One line: place, problem and remedy [str]."""
        stop = "；" if lang == "zh" else "; "
        problem, remedy = (
            say(self.problem, lang, **self.values),
            say(self.remedy, lang, **self.values),
        )
        return f"{self.place(lang)}: {problem}{stop}{remedy}"


class InputFaults(SiteplanError):
    """Faults that make a plan meaningless; all of them, not the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(fault.text("en") for fault in faults))
        self.faults = tuple(faults)

    def text(self, lang: Lang = "zh") -> str:
        """One line a kind of fault, with how many more rows have it [str]."""
        return "\n".join(summarise(self.faults, lang))


def summarise(faults: Sequence[Fault], lang: Lang = "zh", *, notes: bool = False) -> list[str]:
    """Faults for a terminal: one line for all rows of a column with the same problem.

    Parameters
    ----------
    faults
        In order of discovery.
    lang
        Language of the lines.
    notes
        Whether to list what is only a note.

    Returns
    -------
    list of str
        The first fault of each kind, and how many more rows share it.
    """
    kinds: dict[tuple[object, ...], list[Fault]] = {}
    for number, fault in enumerate(faults):
        if fault.severity == "note" and not notes:
            continue
        alone = number if fault.row is None else None
        key = (fault.severity, fault.file, fault.sheet, fault.column, fault.problem, alone)
        kinds.setdefault(key, []).append(fault)
    lines = []
    for alike in kinds.values():
        more = len(alike) - 1
        tail = (f"（另有 {more} 行）" if lang == "zh" else f" (and {more} more rows)") if more else ""
        lines.append(alike[0].text(lang) + tail)
    return lines


class ConfigError(SiteplanError, ValueError):
    """The project file is wrong; the message lists every fault with its dotted path."""
