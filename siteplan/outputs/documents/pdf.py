"""A document as PDF, or as a picture for a phone."""

from __future__ import annotations

from typing import Any, Literal

from siteplan.outputs.documents.blocks import Block, Document, Grid, Picture
from siteplan.outputs.documents.typeset import typeset

_COMPACT = ("county", "town", "brief")
_SIZES = (1.0, 0.93, 0.86, 0.8)
"""Sizes of the text that are tried until a page about one thing is one page."""
_PHONE_PPI = 1080 / 8.27
"""Dots an inch at which an A4 page is 1,080 px wide."""


def document_pdf(document: Document) -> bytes:
    """Set a document in A4, fonts embedded [bytes]."""
    return _set(document, "pdf")[0]


def document_pictures(document: Document) -> list[bytes]:
    """Each page as a PNG 1,080 px wide [list of bytes]."""
    return _set(document, "png")


def _set(document: Document, form: Literal["pdf", "png"]) -> list[bytes]:
    pictures: dict[str, bytes] = {}
    data: dict[str, Any] = {
        "title": document.title,
        "subtitle": document.subtitle,
        "banners": list(document.banners),
        "footer": document.footer,
        "lang": document.lang,
        "compact": document.kind in _COMPACT,
        "sections": [
            {
                "heading": section.heading,
                "new_page": section.new_page,
                "blocks": [_plain(each, pictures) for each in section.blocks],
            }
            for section in document.sections
        ],
    }
    data["size"] = _size_for_one_page(data, pictures, document.day) if data["compact"] else 1.0
    return typeset("document.typ", data, pictures, document.day, form=form, ppi=_PHONE_PPI)


def _size_for_one_page(data: dict[str, Any], pictures: dict[str, bytes], day: str) -> float:
    """The largest size at which everything stands on one page; the full one where none does."""
    for size in _SIZES:
        if len(typeset("document.typ", {**data, "size": size}, pictures, day, form="png", ppi=8.0)) == 1:
            return size
    return _SIZES[0]


def _plain(block: Block, pictures: dict[str, bytes]) -> dict[str, Any]:
    """A block as the template reads it; its picture becomes a file."""
    name = type(block).__name__.lower()
    if isinstance(block, Picture):
        file = f"picture{len(pictures)}.png"
        pictures[file] = block.png
        return {"type": name, "file": file, "caption": block.caption, "width": block.width}
    if isinstance(block, Grid):
        colours = {f"{row}/{column}": colour for (row, column), colour in block.colours.items()}
        plain = {"header": block.header, "rows": block.rows, "widths": block.widths, "total": block.total}
        return {"type": name, **plain, "numbers": sorted(block.numbers), "colours": colours}
    return {"type": name, **vars(block)}
