"""What a document is made of: sections of a few plain blocks, the same for Word, PDF and HTML.

Texts are texts: no writer reads markup in them. Numbers are formatted before they come here, so that every
format shows the same digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from siteplan.outputs.sheets import printable
from siteplan.words.catalogue import Lang

MOST = 600
"""Characters of one text; what is longer ends in an ellipsis, and stands whole in the workbook."""
_TURNS = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def clean(text: object, most: int = MOST) -> str:
    """A text as paper holds it: no control, no mark that turns the direction of writing, no endless name.

    Examples
    --------
    >>> clean("a\x01b\u202ec"), clean("x" * 9, 5)
    ('abc', 'xxxx…')
    """
    plain = _TURNS.sub("", printable(text))
    return plain if len(plain) <= most else plain[: most - 1] + "…"


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; a warning stands out, a note keeps back."""

    text: str
    tone: Literal["plain", "note", "warning"] = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """Numbers in large: label, value, small print."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes
    ----------
    header, rows
        Texts.
    widths
        Relative widths of the columns.
    numbers
        Positions of columns set to the right.
    total
        Whether the last row sums the others up.
    colours
        Fill of a cell by row and column, ``#rrggbb``.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    numbers: frozenset[int] = frozenset()
    total: bool = False
    colours: Mapping[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A picture over the width of the text, or a share of it."""

    png: bytes
    caption: str
    width: float = 1.0


Block = Heading | Paragraph | Bullets | Figures | Grid | Picture


@dataclass(frozen=True)
class Section:
    """A part of a document that a template can place by its name.

    Attributes
    ----------
    name
        Of the placeholder.
    heading
        "" for none.
    blocks
        What it holds.
    new_page
        Whether it starts one.
    """

    name: str
    heading: str
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True)
class Document:
    """Everything a writer needs.

    Attributes
    ----------
    kind
        Which template it goes into.
    title, subtitle
        Its head.
    banners
        What every page says first: synthetic data, a plan that contradicts itself, whom it is made out to.
    footer
        Run, version and sources.
    sections
        In the order of siteplan's own template.
    values
        Single figures an office's template may place anywhere.
    lang, day
        Language, and the day it is of (ISO 8601).
    """

    kind: str
    title: str
    subtitle: str
    banners: tuple[str, ...]
    footer: str
    sections: tuple[Section, ...]
    values: Mapping[str, str]
    lang: Lang
    day: str


def grid(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    widths: Sequence[float],
    *,
    numbers: Iterable[int] = (),
    total: bool = False,
    colours: Mapping[tuple[int, int], str] | None = None,
) -> Grid:
    """A table of anything that prints itself.

    Raises
    ------
    ValueError
        If a row or the widths do not fit the header.

    Examples
    --------
    >>> grid(["a", "b"], [[1, "x\\x01"]], [1, 2]).rows
    (('1', 'x'),)
    """
    texts = tuple(tuple(clean(cell) for cell in row) for row in rows)
    if len(widths) != len(header) or any(len(row) != len(header) for row in texts):
        raise ValueError("rows and widths must fit the header")
    return Grid(
        tuple(clean(each) for each in header),
        texts,
        tuple(widths),
        frozenset(numbers),
        total,
        dict(colours or {}),
    )


def paragraphs(texts: Iterable[str], tone: Literal["plain", "note", "warning"] = "plain") -> list[Block]:
    """Paragraphs of one tone; empty texts are left out."""
    return [Paragraph(clean(text), tone) for text in texts if text]


def bullets(texts: Iterable[str]) -> list[Block]:
    """A list, or nothing where there is nothing to list."""
    items = tuple(clean(text) for text in texts if text)
    return [Bullets(items)] if items else []
