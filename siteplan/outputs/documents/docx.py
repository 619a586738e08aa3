"""A document as Word: siteplan's template, or the one an office has made of it."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from siteplan.core.errors import SiteplanError
from siteplan.inputs.places.gazetteer import nearest_names
from siteplan.outputs.documents.blocks import (
    Block,
    Bullets,
    Document,
    Figures,
    Grid,
    Heading,
    Paragraph,
    Picture,
)
from siteplan.outputs.documents.docx_template import (
    CELL,
    NOTE,
    SECTIONS,
    TEXT,
    WARNING,
    docx_template,
    without_times,
)

_HEAD_FILL = "E8EEF1"
_TONES = {"plain": TEXT, "note": NOTE, "warning": WARNING}


@dataclass(frozen=True)
class DocxResult:
    """A document in Word, and sections its template has no place for."""

    content: bytes
    left_out: tuple[str, ...]


def document_docx(document: Document, template: Path | None = None) -> DocxResult:
    """Write a document into a template.

    Parameters
    ----------
    document
        What to write.
    template
        An office's own; None for siteplan's.

    Returns
    -------
    DocxResult
        The same document and template give the same bytes.

    Raises
    ------
    SiteplanError
        If the template cannot be read, or asks for what there is not.
    """
    source = docx_template(document.kind, document.lang) if template is None else _content(template)
    name = "" if template is None else str(template)
    try:
        filled = DocxTemplate(io.BytesIO(source))
        filled.init_docx()
        asked = filled.get_undeclared_template_variables(_environment())
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise SiteplanError("template_unreadable", file=name, detail=str(error)) from error
    except TemplateError as error:
        raise SiteplanError("template_wrong", file=name, detail=str(error)) from error
    _refuse_unknown(asked, document, name)
    try:
        filled.render(_context(document, filled), _environment(), autoescape=True)
    except TemplateError as error:
        raise SiteplanError("template_wrong", file=name, detail=str(error)) from error
    left_out = tuple(
        section.heading for section in document.sections if section.blocks and section.name not in asked
    )
    return DocxResult(_saved(filled, document), left_out)


def _content(template: Path) -> bytes:
    try:
        return template.read_bytes()
    except OSError as error:
        raise SiteplanError("template_unreadable", file=str(template), detail=str(error)) from error


def _environment() -> SandboxedEnvironment:
    """Templates are data: they fill in, they do not run."""
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)


def _refuse_unknown(asked: set[str], document: Document, name: str) -> None:
    known = {*document.values, *SECTIONS[document.kind], "banners", "subtitle"}
    unknown = sorted(asked - known)
    if unknown:
        likest = nearest_names(unknown[0], sorted(known))
        raise SiteplanError("template_unknown", file=name, names=tuple(unknown), found=tuple(likest))


def _context(document: Document, template: Any) -> dict[str, Any]:
    """Everything a template may ask for; a section that is empty is nothing."""
    context: dict[str, Any] = dict.fromkeys(SECTIONS[document.kind], "")
    context |= dict(document.values)
    context |= {"banners": list(document.banners), "subtitle": document.subtitle}
    styles = {each.name: each.style_id for each in template.get_docx().styles}
    width = _text_width(template)
    for section in document.sections:
        part = template.new_subdoc()
        for block in section.blocks:
            _write(part, block, width, styles)
        context[section.name] = part
    return context


def _text_width(template: Any) -> int:
    """Room between the margins [EMU]."""
    section = template.get_docx().sections[0]
    return int(section.page_width - section.left_margin - section.right_margin)


_Styles = Mapping[str, str]
"""Ids of a template's styles by their names: python-docx looks each up anew, which takes longer."""


def _write(part: Any, block: Block, width: int, styles: _Styles) -> None:
    """One block below the others."""
    if isinstance(block, Heading):
        _paragraph(part, block.text, "Heading 2", styles)
    elif isinstance(block, Paragraph):
        _paragraph(part, block.text, _TONES[block.tone], styles)
    elif isinstance(block, Bullets):
        for item in block.items:
            _paragraph(part, item, "List Bullet", styles)
    elif isinstance(block, Figures):
        rows = tuple(zip(*block.items, strict=True))
        _table(part, Grid((), rows, (1.0,) * len(block.items)), width, styles)
    elif isinstance(block, Grid):
        _table(part, block, width, styles)
    elif isinstance(block, Picture):
        part.add_picture(io.BytesIO(block.png), width=round(width * block.width))
        if block.caption:
            _paragraph(part, block.caption, NOTE, styles)


def _paragraph(part: Any, text: str, style: str, styles: _Styles) -> None:
    """A paragraph in a style, or plain where an office's template lost that style."""
    part.add_paragraph(text)._p.style = styles.get(style)


def _table(part: Any, block: Grid, width: int, styles: _Styles) -> None:
    """A table with fixed widths, whose head comes again on every page."""
    header = (block.header,) if block.header else ()
    rows = [*header, *block.rows]
    table = part.add_table(rows=len(rows), cols=len(block.widths))
    table._tbl.tblStyle_val = styles.get("Table Grid")
    table.autofit = False
    _narrow_cells(table)
    wide = [round(width * each / sum(block.widths)) for each in block.widths]
    for column, each in zip(table.columns, wide, strict=True):
        column.width = each
    last = len(rows) - 1
    for number, (row, texts) in enumerate(zip(table.rows, rows, strict=True)):
        _keep_whole(row, is_head=bool(header) and number == 0)
        is_bold = (bool(header) and number == 0) or (block.total and number == last)
        for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            cell.width = wide[column]
            paragraph = cell.paragraphs[0]
            paragraph._p.style = styles.get(CELL)
            run = paragraph.add_run(text)
            run.bold = is_bold
            if column in block.numbers:
                paragraph.alignment = 2
            fill = _HEAD_FILL if header and number == 0 else block.colours.get((number - len(header), column))
            if fill:
                _fill(cell, fill)
    _paragraph(part, "", NOTE, styles)  # two tables that touch are one to Word


def _narrow_cells(table: Any) -> None:
    """A millimetre of room beside the text of a cell; numbers would break otherwise."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), "57")
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    table._tbl.tblPr.append(margins)


def _keep_whole(row: Any, *, is_head: bool) -> None:
    """A row that no page cuts; the head is printed again."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if is_head:
        properties.append(OxmlElement("w:tblHeader"))


def _fill(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), colour.lstrip("#").upper())
    cell._tc.get_or_add_tcPr().append(shade)


def _saved(filled: Any, document: Document) -> bytes:
    """The file, with the day of the document in place of the time of writing."""
    day = dt.datetime.fromisoformat(document.day)
    properties = filled.docx.core_properties
    properties.author, properties.title, properties.comments = "siteplan", document.title, ""
    properties.created = properties.modified = day
    properties.last_modified_by, properties.revision = "siteplan", 1
    raw = io.BytesIO()
    filled.save(raw)
    return without_times(raw.getvalue())
