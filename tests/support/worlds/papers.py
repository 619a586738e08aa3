"""What stands in a document, read back as its reader would: Word, PDF and HTML as plain text."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import docx
import lxml.html
import pypdf


def squeezed(text: str) -> str:
    """A text without any white space: a typesetter breaks lines and spaces letters as it likes."""
    return re.sub(r"\s+", "", text)


def word_text(path: Path) -> str:
    """Every paragraph and cell of a Word file, its footer among them."""
    file = docx.Document(str(path))
    parts = [paragraph.text for paragraph in file.paragraphs]
    parts += [cell.text for table in file.tables for row in table.rows for cell in row.cells]
    parts += [paragraph.text for section in file.sections for paragraph in section.footer.paragraphs]
    return "\n".join(parts)


def word_tables(path: Path) -> list[list[list[str]]]:
    """Tables of a Word file as rows of cells."""
    return [
        [[cell.text for cell in row.cells] for row in table.rows] for table in docx.Document(str(path)).tables
    ]


def raw_word(path: Path) -> str:
    """All parts of a Word file that hold text, as they stand in it; pictures are not searched."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith((".xml", ".rels"))]
        return "\n".join(archive.read(name).decode("utf-8") for name in names)


def pdf_pages(path: Path | bytes) -> list[str]:
    """Text of each page of a PDF."""
    source = io.BytesIO(path) if isinstance(path, bytes) else str(path)
    return [page.extract_text() for page in pypdf.PdfReader(source).pages]


def pdf_text(path: Path | bytes) -> str:
    """Text of a PDF."""
    return "\n".join(pdf_pages(path))


def html_text(path: Path) -> str:
    """What a page shows, without its style sheet."""
    tree = lxml.html.fromstring(path.read_text(encoding="utf-8"))
    for style in tree.xpath("//style"):
        style.drop_tree()
    return str(tree.text_content())


READERS = {".docx": word_text, ".pdf": pdf_text, ".html": html_text}
"""How each format is read."""


def text_of(path: Path) -> str:
    """Text of a document of any format, without white space."""
    return squeezed(READERS[path.suffix](path))
