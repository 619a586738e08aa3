"""Errors a user can meet, as keys and values: what is wrong and what to do is said in words where it is read.

Faults of an input are collected, then raised or listed together; a rejected row is a fault with
``severity="rejected"`` and never disappears.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["fatal", "rejected", "warning", "note"]
"""A fatal fault stops the run, a rejected row is left out, a warning wants a look, a note only says what was
done (a total at the bottom of a sheet is no record)."""

Renderer = Callable[[object], str]
"""Turns a fault or an error into a sentence."""
_renderers: list[Renderer] = []


def attach_renderer(renderer: Renderer) -> None:
    """Let faults and errors print themselves in words.

    Parameters
    ----------
    renderer
        Takes a :class:`Fault` or a :class:`SiteplanError`; it replaces the one attached before. Without one,
        their text is key and values.
    """
    _renderers[:] = [renderer]


def has_renderer() -> bool:
    """Whether faults and errors print themselves in words."""
    return bool(_renderers)


def _text(subject: object, key: str, values: dict[str, object]) -> str:
    if _renderers:
        return _renderers[0](subject)
    return f"{key}({', '.join(f'{name}={value!r}' for name, value in values.items())})"


class SiteplanError(Exception):
    """Anything the user can put right; the command line prints it and exits with 1.

    Parameters
    ----------
    key
        Entry of the catalogue.
    **values
        What its braces take.
    """

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def __str__(self) -> str:
        return _text(self, self.key, self.values)


class _PlainError(SiteplanError):
    """An error whose text is English: it speaks to who calls the function, not to who runs a plan."""

    def __init__(self, text: str) -> None:
        super().__init__("programming_error", detail=text)

    def __str__(self) -> str:
        return str(self.values["detail"])


class RangeError(_PlainError, ValueError):
    """A formula was asked outside its published range."""


class CrsError(_PlainError, ValueError):
    """A coordinate reference system is missing or unusable."""


class GridMismatchError(_PlainError, ValueError):
    """Two rasters that must share a grid do not."""


class RunLockedError(SiteplanError):
    """Another run holds the project, or a file is open elsewhere."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input, and its remedy.

    Attributes
    ----------
    severity
        How grave it is.
    file, sheet, row, column
        Where it is; ``row`` is the number a spreadsheet shows (the header is row 1).
    problem, remedy
        Keys of the catalogue.
    values
        What their braces take.
    table
        Input it belongs to.
    record
        Number of the record in its table, where ``row`` alone does not name it (several sheets).
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

    def __str__(self) -> str:
        return _text(self, self.problem, self.values)


class InputFaults(SiteplanError):
    """Faults that make a plan meaningless; all of them, not the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("input_faults", count=len(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class ConfigFault:
    """One thing wrong with the project file.

    Attributes
    ----------
    file
        Its name.
    path
        Dotted path of the entry, "" for the file as a whole.
    key, values
        Entry of the catalogue and what its braces take.
    """

    file: str
    path: str
    key: str
    values: dict[str, object] = field(default_factory=dict)


class ConfigError(SiteplanError, ValueError):
    """The project file is wrong: every fault with its dotted path."""

    def __init__(self, faults: Sequence[ConfigFault]) -> None:
        super().__init__("config_faults", count=len(faults))
        self.faults = tuple(faults)
