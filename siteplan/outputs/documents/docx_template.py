"""The Word templates of siteplan, made here so that their words come from the catalogue.

An office may edit a copy in Word: sections are placed by ``{{p name }}``, single figures by ``{{ name }}``.
Fonts are those of official Chinese documents, with names Word falls back to where a machine lacks them.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import docx as word
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from siteplan.words.catalogue import Lang, translate

SECTIONS: dict[str, tuple[str, ...]] = {
    "report": (
        "summary",
        "counties",
        "coverage",
        "ranking",
        "schedule",
        "villages",
        "refused",
        "method",
        "annex",
    ),
    "county": ("summary", "map", "sites", "schedule", "villages", "contacts"),
    "town": ("summary", "map", "sites", "villages", "contacts"),
    "brief": ("summary", "counties", "changes", "decisions", "late"),
}
"""Sections of each kind of document, in the order of siteplan's own template."""
NEW_PAGES = {"report": ("counties", "schedule", "villages", "annex")}
TEXT, NOTE, WARNING, CELL = "siteplan text", "siteplan note", "siteplan warning", "siteplan cell"
"""Styles that blocks are written in."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TITLE_FONT, _TEXT_FONT, _HEAD_FONT, _SUBHEAD_FONT = "方正小标宋简体", "仿宋", "黑体", "楷体"
_FALLBACKS = {"方正小标宋简体": "宋体", "仿宋": "仿宋_GB2312", "楷体": "楷体_GB2312", "黑体": "微软雅黑"}
"""What Word takes where it lacks a font."""


def docx_template(kind: str, lang: Lang) -> bytes:
    """A template an office can edit.

    Parameters
    ----------
    kind
        One of ``SECTIONS``.
    lang
        Language of its headings.

    Returns
    -------
    bytes
        DOCX with placeholders.
    """
    docx = word.Document()
    is_report = kind == "report"
    _page(docx, is_report=is_report)
    _styles(docx, is_report=is_report)
    docx.add_paragraph("{%p for banner in banners %}")
    docx.add_paragraph("{{ banner }}", style=WARNING)
    docx.add_paragraph("{%p endfor %}")
    docx.add_paragraph("{{ title }}", style="Title")
    docx.add_paragraph("{{ subtitle }}", style="Subtitle")
    prefix = "report" if is_report else "brief" if kind == "brief" else "page"
    for name in SECTIONS[kind]:
        docx.add_paragraph(f"{{%p if {name} %}}")
        heading = docx.add_paragraph(translate(f"doc_{prefix}_{name}", lang), style="Heading 1")
        heading.paragraph_format.page_break_before = name in NEW_PAGES.get(kind, ())
        docx.add_paragraph(f"{{{{p {name} }}}}")
        docx.add_paragraph("{%p endif %}")
    _footer(docx)
    _name_fallbacks(docx)
    target = io.BytesIO()
    docx.save(target)
    return without_times(target.getvalue())


def without_times(content: bytes) -> bytes:
    """A Word file whose parts carry no time of writing: the same content gives the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), source.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _page(docx: Any, *, is_report: bool) -> None:
    """A4 with the margins of official documents, or narrow ones for a single page."""
    section = docx.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    margins = (3.7, 3.5, 2.8, 2.6) if is_report else (1.8, 1.6, 1.8, 1.8)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = map(Cm, margins)


def _styles(docx: Any, *, is_report: bool) -> None:
    text = 11.5 if is_report else 9.5
    _font(docx.styles["Normal"], _TEXT_FONT, text)
    _font(docx.styles["Title"], _TITLE_FONT, 22 if is_report else 17, centred=True)
    _font(docx.styles["Subtitle"], _SUBHEAD_FONT, 11 if is_report else 10, centred=True)
    _font(docx.styles["Heading 1"], _HEAD_FONT, 15 if is_report else 12.5)
    _font(docx.styles["Heading 2"], _SUBHEAD_FONT, text)
    for name, size in (
        (TEXT, text),
        (NOTE, text - 2.5),
        (WARNING, text - 1.5),
        (CELL, 9 if is_report else 8),
    ):
        style = docx.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = docx.styles["Normal"]
        _font(style, _TEXT_FONT, size)
    docx.styles[WARNING].font.color.rgb = RGBColor(0x9C, 0x2B, 0x00)
    docx.styles[NOTE].font.color.rgb = RGBColor(0x5B, 0x66, 0x71)
    _font(docx.styles["List Bullet"], _TEXT_FONT, text)


def _font(style: Any, font: str, size: float, *, centred: bool = False) -> None:
    """Font of a style for Latin and Chinese letters, black, close-set."""
    style.font.name, style.font.size = font, Pt(size)
    style.font.color.rgb, style.font.italic = RGBColor(0x1B, 0x1B, 0x1B), False
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for which in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{which}"), None)
    for which in ("ascii", "hAnsi", "eastAsia"):
        fonts.set(qn(f"w:{which}"), font)
    style.paragraph_format.space_before = Pt(size * 0.3)
    style.paragraph_format.space_after = Pt(size * 0.3)
    for border in style.element.findall(f".//{qn('w:pBdr')}"):
        border.getparent().remove(border)
    if centred:
        style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _footer(docx: Any) -> None:
    """Run and sources, and the number of the page."""
    paragraph = docx.sections[0].footer.paragraphs[0]
    paragraph.style = NOTE
    paragraph.add_run("{{ footer }}  ")
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        if kind:
            field = OxmlElement("w:fldChar")
            field.set(qn("w:fldCharType"), kind)
        else:
            field = OxmlElement("w:instrText")
            field.text = text
        run._r.append(field)


def _name_fallbacks(docx: Any) -> None:
    """Other names under which Word looks for a font."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    entries = "".join(
        f'<w:font w:name="{font}"><w:altName w:val="{other}"/><w:charset w:val="86"/></w:font>'
        for font, other in _FALLBACKS.items()
    )
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {space}>{entries}</w:fonts>'
    for part in docx.part.package.iter_parts():
        if str(part.partname) == "/word/fontTable.xml":
            part._blob = xml.encode()
