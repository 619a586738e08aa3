"""One page about a county or a town: what it gets, where, why, what stays open, whom to call."""

from __future__ import annotations

from siteplan.outputs.documents.blocks import (
    Block,
    Document,
    Figures,
    Picture,
    Section,
    bullets,
    paragraphs,
)
from siteplan.outputs.documents.parts import (
    contact_lines,
    head_figures,
    needs,
    outlook_lines,
    site_grid,
    uncovered_line,
    village_grid,
)
from siteplan.outputs.documents.report import document_of
from siteplan.outputs.documents.view import PlanView
from siteplan.outputs.pictures.area_map import Window, area_map
from siteplan.words.catalogue import translate

FIRST = 10
"""Places that are listed on the page of a county."""
_MOST_VILLAGES = 40
_STATES = ("newly", "uncovered", "people", "covered")


def county_page(view: PlanView) -> Document:
    """A county's page: its ten first sites with their reasons.

    Parameters
    ----------
    view
        Of the county: see :func:`siteplan.outputs.documents.view.county_view`.
    """
    lang = view.lang
    total = len(view.proposal.places.proposed)
    listed = translate("doc_first_places", lang, shown=min(FIRST, total), total=total)
    caption = translate("doc_map_caption", lang)
    parts: list[tuple[str, list[Block]]] = [
        ("summary", [Figures(head_figures(view)), *bullets(needs(view))]),
        ("map", [Picture(area_map(view.proposal, _county_window(view), lang), caption, 0.58)]),
        (
            "sites",
            [*paragraphs([listed], "note"), site_grid(view, FIRST, reasons=True)] if total else _none(view),
        ),
        ("schedule", bullets(outlook_lines(view))),
        ("villages", bullets(uncovered_line(view))),
        ("contacts", bullets(contact_lines(view))),
    ]
    return _page(view, "county", parts)


def town_page(view: PlanView) -> Document:
    """A town's page: its villages, its sites, whom to call.

    Parameters
    ----------
    view
        Of the town: see :func:`siteplan.outputs.documents.view.town_view`.
    """
    lang, villages = view.lang, view.proposal.effects.villages
    order = villages["state"].map({state: n for n, state in enumerate(_STATES)})
    table = villages.assign(_order=order).sort_values(["_order", "village_id"], kind="stable")
    states = villages["state"].value_counts()
    said = translate(
        "doc_town_villages",
        lang,
        total=len(villages),
        newly=int(states.get("newly", 0)),
        left=int(states.get("uncovered", 0)),
    )
    has_sites = len(view.proposal.places.proposed) > 0
    picture = area_map(view.proposal, _town_window(view), lang, villages=True)
    parts: list[tuple[str, list[Block]]] = [
        ("summary", paragraphs([said])),
        ("map", [Picture(picture, translate("doc_map_caption", lang), 0.72)]),
        ("sites", [site_grid(view, reasons=True)] if has_sites else _none(view)),
        ("villages", [village_grid(view, table.head(_MOST_VILLAGES))]),
        ("contacts", bullets(contact_lines(view))),
    ]
    return _page(view, "town", parts)


def _none(view: PlanView) -> list[Block]:
    return paragraphs([translate("doc_no_places", view.lang)], "note")


def _page(view: PlanView, kind: str, parts: list[tuple[str, list[Block]]]) -> Document:
    lang, record = view.lang, view.proposal.record
    title = translate("doc_page_title", lang, area=view.area_name, year=record.year)
    sections = tuple(
        Section(name, translate(f"doc_page_{name}", lang), tuple(blocks)) for name, blocks in parts if blocks
    )
    return document_of(view, kind, title, sections)


def _county_window(view: PlanView) -> Window:
    """The county's own extent."""
    table = view.proposal.area.counties
    west, south, east, north = table[table["county_id"].eq(view.county_id)].total_bounds
    return west, south, east, north


def _town_window(view: PlanView) -> Window:
    """The extent of the town's villages and places."""
    bounds = [view.proposal.effects.villages.total_bounds]
    if len(view.proposal.places.proposed):
        bounds.append(view.proposal.places.proposed.total_bounds)
    wests, souths, easts, norths = zip(*bounds, strict=True)
    return min(wests), min(souths), max(easts), max(norths)
