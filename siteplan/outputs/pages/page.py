"""Pages of text and tables that open without any request, from templates that escape every text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from siteplan.outputs.sheets import plain
from siteplan.outputs.webmap.online import CONTENT_POLICY
from siteplan.words.catalogue import Lang

Rows = tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Section:
    """One section of a page; what is empty is left out.

    Attributes
    ----------
    heading
        Its title.
    header, rows
        A table.
    before, after, text
        Paragraphs.
    lines
        A numbered list.
    items
        A list of terms, each with a text.
    code
        Text as it is, to be pasted.
    picture
        PNG in base64.
    kind
        CSS class of the table; ``words`` puts text to the left.
    """

    heading: str
    header: tuple[str, ...] = ()
    rows: Rows = ()
    before: str = ""
    after: str = ""
    text: str = ""
    lines: tuple[str, ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    code: str = ""
    picture: str = ""
    kind: str = ""


def rows_of(table: Iterable[Iterable[object]]) -> Rows:
    """Rows of plain values [tuple]."""
    return tuple(tuple(plain(cell) for cell in row) for row in table)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def render(template: str, lang: Lang, **context: object) -> str:
    """Fill a template.

    Parameters
    ----------
    template
        File of ``templates/``.
    lang
        Language of the page.
    **context
        What the template takes; every text is escaped.

    Returns
    -------
    str
        HTML, with a policy that forbids the network.
    """
    code = "zh-CN" if lang == "zh" else "en"
    return _environment().get_template(template).render(code=code, policy=CONTENT_POLICY, **context)
