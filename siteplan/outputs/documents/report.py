"""The report of a plan: a page of summary, then tables, maps, curves, doubts and the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from siteplan.outputs.documents.blocks import (
    Block,
    Document,
    Figures,
    Heading,
    Picture,
    Section,
    bullets,
    paragraphs,
)
from siteplan.outputs.documents.numbers import count, share
from siteplan.outputs.documents.parts import (
    county_grid,
    head_figures,
    lights_grid,
    month_grid,
    needs,
    optional,
    refused_grid,
    site_grid,
    uncovered,
    village_grid,
)
from siteplan.outputs.documents.view import PlanView
from siteplan.outputs.pictures.coverage_states import coverage_states
from siteplan.outputs.pictures.rank_curve import rank_curve
from siteplan.outputs.pictures.year_curve import year_curve
from siteplan.outputs.schedule import calendar_text, shortfall_text
from siteplan.outputs.webmap.panel import notes
from siteplan.outputs.wording import fallbacks_text, findings_text, joined, missing_text, text_of
from siteplan.words.catalogue import translate

MOST_VILLAGES = 60
"""Villages without cover that are listed; villages.csv has all."""


def report(view: PlanView) -> Document:
    """Write a plan as a report.

    Parameters
    ----------
    view
        Of the whole plan.

    Returns
    -------
    Document
        Sections ``summary, counties, coverage, ranking, schedule, villages, refused, method, annex``.
    """
    lang, record = view.lang, view.proposal.record
    parts: list[tuple[str, Callable[[PlanView], list[Block]], bool]] = [
        ("summary", _summary, False),
        ("counties", _counties, True),
        ("coverage", _coverage, False),
        ("ranking", _ranking, False),
        ("schedule", _schedule, True),
        ("villages", _villages, True),
        ("refused", _refused, False),
        ("method", _method, False),
        ("annex", _annex, True),
    ]
    sections = tuple(
        Section(name, translate(f"doc_report_{name}", lang), tuple(blocks), new_page)
        for name, make, new_page in parts
        if (blocks := make(view))
    )
    title = translate("doc_report_title", lang, area=view.area_name, year=record.year)
    return document_of(view, "report", title, sections)


def document_of(view: PlanView, kind: str, title: str, sections: tuple[Section, ...]) -> Document:
    """A document about a plan, with its head and foot.

    Parameters
    ----------
    view
        Of the plan or of a part of it.
    kind, title, sections
        Which template it goes into, and what it says.
    """
    return Document(
        kind,
        title,
        _subtitle(view),
        view.banner_lines(),
        view.footer(),
        sections,
        _values(view, title),
        view.lang,
        view.day,
    )


def _subtitle(view: PlanView) -> str:
    """The plan and its day, and the day of its progress."""
    record = view.proposal.record
    parts = [translate("doc_report_subtitle", view.lang, day=record.reference_date, run=record.run_id)]
    if view.day != record.reference_date:
        parts.append(translate("doc_progress_as_of", view.lang, day=view.day))
    return " · ".join(parts)


def _values(view: PlanView, title: str) -> dict[str, str]:
    """Single figures an office's template may place anywhere."""
    record = view.proposal.record
    return {
        "title": title,
        "area": view.area_name,
        "city": record.city,
        "year": str(record.year),
        "day": view.day,
        "run_id": record.run_id,
        "quota": count(record.quota),
        "built": count(record.built),
        "completion_rate": share(record.built, record.quota),
        "remaining": count(record.remaining),
        "selected_stations": count(record.selected_stations),
        "selected_sites": count(record.selected_sites),
        "people_total": count(record.population_total),
        "people_before": count(record.population_covered_before),
        "people_after": count(record.population_covered_after),
        "villages_total": count(record.villages_total),
        "villages_before": count(record.villages_covered_before),
        "villages_after": count(record.villages_covered_after),
        "audience": view.audience.name if view.lang == "zh" else view.audience.name_en or view.audience.name,
        "recipient": view.recipient,
        "footer": view.footer(),
    }


def _summary(view: PlanView) -> list[Block]:
    """On one page: what was asked, what is built, what the plan reaches, what it cannot, what it needs."""
    lang, record = view.lang, view.proposal.record
    asked = translate(
        "doc_asked",
        lang,
        year=record.year,
        quota=count(record.quota),
        built=count(record.built),
        rate=share(record.built, record.quota),
        remaining=count(record.remaining),
    )
    reaches = translate(
        "doc_reaches",
        lang,
        stations=count(record.selected_stations),
        sites=count(record.selected_sites),
        people=count(record.population_covered_after - record.population_covered_before),
        people_share=share(record.population_covered_after, record.population_total),
        villages=count(record.villages_covered_after - record.villages_covered_before),
        village_share=share(record.villages_covered_after, record.villages_total),
        gap=f"{record.optimality_gap:.2%}",
    )
    note = [_since_then(view), record.quota_note]
    return [
        Figures(head_figures(view)),
        Heading(translate("doc_head_asked", lang)),
        *paragraphs([asked, *note]),
        Heading(translate("doc_head_reaches", lang)),
        *paragraphs([reaches]),
        *bullets([translate("join_semicolon", lang).join(view.proven.tests)]),
        Heading(translate("doc_head_cannot", lang)),
        *bullets(_cannot(view)),
        Heading(translate("doc_head_needs", lang)),
        *bullets(needs(view)),
    ]


def _since_then(view: PlanView) -> str:
    """Where the task stands today, when that is another day than the plan's; "" otherwise."""
    progress = view.progress_of_task()
    if progress is None or view.day == view.proposal.record.reference_date:
        return ""
    total: Any = progress.total
    if view.county_id:
        own = progress.counties[progress.counties["county_id"].astype(str).eq(view.county_id)]
        if own.empty:
            return ""
        total = next(own.itertuples())
    return translate(
        "doc_since_then",
        view.lang,
        day=view.day,
        built=count(total.built),
        rate=share(total.built, total.quota),
        building=count(total.building),
        signed=count(total.signed),
        talking=count(total.talking),
    )


def _cannot(view: PlanView) -> list[str]:
    """What stays open although everything is built."""
    lang, record = view.lang, view.proposal.record
    missing = record.remaining - record.selected_stations
    said = [translate("doc_quota_open", lang, count=count(missing))] if missing > 0 else []
    said.append(
        translate(
            "doc_left_without",
            lang,
            people=count(record.population_total - record.population_covered_after),
            villages=count(record.villages_total - record.villages_covered_after),
        )
    )
    said.append(view.proven.indicators)
    said += _late(view)
    return [*said, *findings_text(record, lang)]


def _late(view: PlanView) -> list[str]:
    """Where the year falls short: one task in full, many by county and number, to fit the page."""
    if view.so_far is None:
        return []
    lang, names = view.lang, view.county_names()
    short = sorted(view.so_far.year.schedule.shortfalls, key=lambda each: (-each.stations, each.county_id))
    if len(short) <= 1:
        colon = translate("join_colon", lang)
        named = ((names.get(one.county_id, view.area_name), one) for one in short)
        return [f"{name}{colon}{shortfall_text(one, lang)}" for name, one in named]
    each = joined((f"{names.get(one.county_id, view.area_name)} {one.stations}" for one in short), lang)
    total = count(sum(one.stations for one in short))
    return [translate("doc_short_counties", lang, counties=len(short), stations=total, each=each)]


def _counties(view: PlanView) -> list[Block]:
    return [county_grid(view)]


def _coverage(view: PlanView) -> list[Block]:
    lang, proposal = view.lang, view.proposal
    shown = translate("doc_first_service", lang, service=proposal.config.layers[0].name)
    return [
        Picture(coverage_states(proposal, lang), translate("doc_states_caption", lang)),
        *paragraphs([shown], "note"),
    ]


def _ranking(view: PlanView) -> list[Block]:
    """The curve of ranks, for readers who may see it."""
    lang, record = view.lang, view.proposal.record
    if view.proposal.places.curve.empty:
        return []
    said = translate("doc_ranking", lang, gap=f"{record.optimality_gap:.2%}")
    return [
        *paragraphs([said]),
        Picture(rank_curve(view.proposal, lang), translate("doc_curve_caption", lang), 0.88),
    ]


def _schedule(view: PlanView) -> list[Block]:
    """Quota and back-schedule, or that the run lies in no project."""
    lang = view.lang
    if view.so_far is None:
        return paragraphs([translate("doc_no_project", lang)], "note")
    year, config = view.so_far.year, view.proposal.config
    names = view.county_names()
    lists = translate("schedule_lists", lang, lists=", ".join(year.lists)) if year.lists else ""
    blocks: list[Block] = [
        *paragraphs([translate("doc_as_of", lang, day=view.day, deadline=year.schedule.deadline)]),
        *optional(lights_grid(view)),
        *optional(month_grid(view)),
    ]
    if year.schedule.months:
        picture = year_curve(year, names, config, lang, area=view.area_name)
        blocks.append(Picture(picture, translate("doc_year_caption", lang)))
    return [*blocks, *paragraphs([calendar_text(year.schedule, lang), lists], "note")]


def _villages(view: PlanView) -> list[Block]:
    """Villages not reached, and what would help each; those short at their point alone are counted."""
    lang, table = view.lang, uncovered(view)
    points = int(view.proposal.effects.villages["state"].eq("people").sum())
    beside = paragraphs(
        [translate("doc_villages_points", lang, count=count(points))] if points else [], "note"
    )
    if table.empty:
        return [*paragraphs([translate("doc_all_villages", lang)] if not points else []), *beside]
    said = translate("doc_villages_left", lang, count=count(len(table)), people=count(table["people"].sum()))
    more = len(table) - MOST_VILLAGES
    rest = [translate("doc_villages_more", lang, count=count(more))] if more > 0 else []
    listed = village_grid(view, table.head(MOST_VILLAGES))
    return [*paragraphs([said]), *beside, listed, *paragraphs(rest, "note")]


def _refused(view: PlanView) -> list[Block]:
    return optional(refused_grid(view))


def _method(view: PlanView) -> list[Block]:
    """How it was computed, what was assumed, done without and is in doubt, in plain words."""
    lang, record = view.lang, view.proposal.record
    assumed = [text_of((key, {}), lang) for key in record.model.assumptions]
    blocks: list[Block] = [*bullets(notes(view.proposal, lang))]
    parts = {
        "doc_head_assumed": assumed,
        "doc_head_without": [*fallbacks_text(record, lang), *missing_text(record.missing_inputs, lang)],
    }
    for head, texts in parts.items():
        if texts:
            blocks += [Heading(translate(head, lang)), *bullets(texts)]
    doubtful = translate("doc_marginal", lang, people=count(record.population_marginal))
    return [*blocks, *(paragraphs([doubtful], "note") if record.population_marginal else [])]


def _annex(view: PlanView) -> list[Block]:
    """The ranked list."""
    if view.proposal.places.proposed.empty:
        return paragraphs([translate("doc_no_places", view.lang)], "note")
    snapped = (
        [translate("doc_snapped", view.lang, metres=f"{view.audience.snap_m:g}")]
        if view.audience.snap_m
        else []
    )
    return [*paragraphs(snapped, "note"), site_grid(view)]
