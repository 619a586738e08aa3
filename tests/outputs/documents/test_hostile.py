"""Names that are code elsewhere are names here: in Word, PDF, HTML, on the wall and on cards."""

import zipfile
from dataclasses import replace
from io import BytesIO

import lxml.etree
import pytest
from worlds.papers import pdf_text, squeezed

import siteplan
from siteplan.outputs.audience import audience_of
from siteplan.outputs.documents.blocks import MOST
from siteplan.outputs.documents.cards import site_cards
from siteplan.outputs.documents.docx import document_docx
from siteplan.outputs.documents.html import document_html
from siteplan.outputs.documents.pages import town_page
from siteplan.outputs.documents.pdf import document_pdf
from siteplan.outputs.documents.report import report
from siteplan.outputs.documents.view import town_view, view_of
from siteplan.outputs.documents.wallmap import wallmap_pdf

NAMES = {
    "jinja": "{{ 7*7 }}{% for x in y %}",
    "typst": '#panic("x")[*b*] $a$ #eval("1+1") @ref <l>',
    "script": "</td><script>alert(1)</script>",
    "word": "</w:t><w:br/>]]>&amp;",
    "control": "甲\x01乙\x0b丙",
    "turned": "\u202e村\u200f委",
    "formula": "=cmd|' /C calc'!A0",
    "backslash": "a\\b\\n\"c\"'d'",
}


@pytest.fixture(params=list(NAMES.values()), ids=list(NAMES), scope="module")
def named(request, run):
    """The plan with one hostile name for every place, village and town, and in every reason."""
    name = request.param
    plan = siteplan.read_plan(run).proposal
    count = len(plan.places.proposed)
    proposed = plan.places.proposed.assign(
        name=name, town=name, village=name, villages_newly_covered_names=[(name,)] * count
    )
    proposed["source_type"] = "2"
    places = replace(
        plan.places, proposed=proposed, candidates=plan.places.candidates.assign(name=name, town=name)
    )
    effects = replace(plan.effects, villages=plan.effects.villages.assign(village=name, town=name))
    hostile = replace(plan, places=places, effects=effects)
    return name, view_of(hostile, audience_of(plan.config, "internal"), "zh", None, name)


def plain(name):
    """A name as paper holds it, without white space."""
    return squeezed("".join(char for char in name if char.isprintable() and char not in "\u202e\u200f"))


def test_word_stays_well_formed_and_has_the_name_as_text(named):
    name, view = named
    content = document_docx(report(view)).content
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for part in archive.namelist():
            if part.endswith(".xml"):
                lxml.etree.fromstring(archive.read(part))
        body = lxml.etree.fromstring(archive.read("word/document.xml"))
    text = squeezed("".join(body.itertext()))
    assert plain(name) in text


def test_a_pdf_has_the_name_as_text(named):
    name, view = named
    assert plain(name) in squeezed(pdf_text(document_pdf(report(view))))


def test_a_page_has_no_element_of_a_name(named):
    name, view = named
    page = document_html(report(view))
    assert "<script" not in page
    assert plain(name) in squeezed("".join(lxml.etree.HTML(page).itertext()))


def test_a_town_of_that_name_has_a_page(named):
    name, view = named
    county = next(iter(view.county_names().values()))
    document = town_page(town_view(view, name, county))
    assert plain(name)[:24] in squeezed(document.title)
    assert document_pdf(document).startswith(b"%PDF")


def test_wall_map_and_cards_hold_the_beginning_of_the_name(named):
    name, view = named
    start = plain(name)[:12]
    assert start in squeezed(pdf_text(wallmap_pdf(view)))
    for sheaf in site_cards(view, pictures=False):
        assert start in squeezed(pdf_text(sheaf.pdf))


def test_an_endless_name_ends_in_an_ellipsis(run):
    plan = siteplan.read_plan(run).proposal
    proposed = plan.places.proposed.assign(name="长" * 10_000, source_type="2")
    endless = replace(plan, places=replace(plan.places, proposed=proposed))
    view = view_of(endless, audience_of(plan.config, "internal"), "zh", None)
    text = squeezed(pdf_text(document_pdf(report(view))))
    assert "长…" in text
    assert "长" * MOST not in text
