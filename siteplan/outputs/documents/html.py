"""A document as one HTML file that opens anywhere, without a request."""

from __future__ import annotations

import base64

from siteplan.outputs.documents.blocks import Document
from siteplan.outputs.pages.page import render


def document_html(document: Document) -> str:
    """A document as a page; every text is escaped, pictures are inside [str]."""
    return render(
        "document.html", document.lang, title=document.title, document=document, kind=_kind, data=_data
    )


def _kind(block: object) -> str:
    return type(block).__name__.lower()


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
