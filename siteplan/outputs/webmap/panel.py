"""What the side panel says in words and numbers; taken from the proposal, nothing is worked out.

A number the run did not record is left out, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteplan.core.version import VERSION
from siteplan.outputs import palette
from siteplan.outputs.webmap.encode import plain
from siteplan.outputs.webmap.online import Tiles
from siteplan.outputs.webmap.rasters import coverage_codes
from siteplan.outputs.webmap.words import page_words
from siteplan.outputs.wording import (
    cut_short_text,
    fallbacks_text,
    findings_text,
    measured_text,
    missing_text,
)
from siteplan.planning.proposal import ASKED, Proposal
from siteplan.planning.run_record import ModelRecord
from siteplan.project.outputs import Audience
from siteplan.project.schema import Config
from siteplan.project.statuses import (
    EXITS,
    MOVED,
    RETURN_COLUMNS,
    RETURNS_SCHEMA,
    RING_MARGIN_M,
    RING_SHARE,
    SiteStatus,
)
from siteplan.words.catalogue import Lang, translate

_NAVIGATE = "https://uri.amap.com/marker?position={longitude},{latitude}&name={name}&coordinate=gaode"
"""Where a phone finds its way to a place, in GCJ-02; only followed when the reader presses it."""


@dataclass(frozen=True)
class Edition:
    """What sets one map of a plan apart from another.

    Attributes
    ----------
    audience
        Who will read it.
    recipient, issued
        Whom it is made out to, and when; "" for nobody.
    online
        Online base maps it offers.
    initials
        Characters by the first letters of their readings.
    """

    audience: Audience
    recipient: str
    issued: str
    online: tuple[Tiles, ...]
    initials: dict[str, str]


def settings(proposal: Proposal, edition: Edition, lang: Lang) -> dict[str, Any]:
    """Everything on the page that is not a layer.

    Parameters
    ----------
    proposal
        What to show, already cut to the audience.
    edition
        Of this map.
    lang
        Language of the page.

    Returns
    -------
    dict
        Title, warning, facts, notes, bounds, words, legends, what each rank adds, counties, and what the page
        may do.
    """
    west, south, east, north = proposal.area.counties.to_crs("EPSG:4326").total_bounds
    return {
        "lang": lang,
        "title": title(proposal, lang),
        "warning": warning(proposal, lang),
        "facts": facts(proposal, lang),
        "notes": notes(proposal, lang),
        "bounds": [[south, west], [north, east]],
        "words": page_words(lang),
        "run": {"id": proposal.record.run_id, "version": VERSION},
        "steps": _steps(proposal),
        "sightLines": _sight_lines(proposal),
        "receiver": proposal.config.coverage.receiver_height_m,
        "totals": _totals(proposal),
        "counties": _counties(proposal),
        "layerNames": [each.name for each in proposal.config.layers],
        "networks": [each.name for each in proposal.config.networks],
        "bands": [each.name for each in proposal.config.bands],
        "initials": edition.initials,
        **_legends(proposal, lang),
        **_abilities(edition, lang),
    }


def _legends(proposal: Proposal, lang: Lang) -> dict[str, Any]:
    """Legends of the pictures, and which pictures there are."""
    return {
        "tones": tones(breaks_of(proposal.config), lang),
        "questions": _questions(proposal),
        "hasTerrain": proposal.existing.coverage_empirical is not None,
        "hasFootprints": bool(proposal.places.footprints),
    }


def _questions(proposal: Proposal) -> list[dict[str, Any]]:
    """The services a map can show, each with the people who ask for it and who have it."""
    names = {layer.id: layer.name for layer in proposal.config.layers}
    networks = {network.id: network.name for network in proposal.config.networks}
    rows = []
    for each in proposal.effects.services:
        parts = [networks.get(each.network, ""), names[each.layer]]
        people = [round(n) for n in (each.people_asked, each.people_before, each.people_after)]
        rows.append({"name": " · ".join(part for part in parts if part), "people": people})
    return rows or [{"name": proposal.config.layers[0].name, "people": None}]


def _abilities(edition: Edition, lang: Lang) -> dict[str, Any]:
    """Whose page it is, and what it may do: returns, coordinates, online maps."""
    audience = edition.audience
    shown = ("key", "name", "url", "subdomains", "gcj02", "credit")
    return {
        "edition": {
            "name": audience.name if lang == "zh" else audience.name_en or audience.name,
            "watermark": watermark_of(audience, edition.recipient, edition.issued, lang),
            "returns": audience.returns and audience.snap_m == 0,
            "snapped": audience.snap_m,
        },
        "returns": {
            "schema": RETURNS_SCHEMA,
            "columns": RETURN_COLUMNS,
            "statuses": [each.value for each in SiteStatus],
            "moved": MOVED,
            "exits": sorted(EXITS),
            "ring": {"share": RING_SHARE, "margin": RING_MARGIN_M},
        },
        "online": [{name: getattr(each, name) for name in shown} for each in edition.online],
        "navigate": _NAVIGATE if not audience.snap_m else "",
    }


def watermark_of(audience: Audience, recipient: str, issued: str, lang: Lang) -> list[str]:
    """Lines across a map: who it is for and when it was given.

    Parameters
    ----------
    audience
        Who will read it.
    recipient, issued
        Whom it is made out to, and when; "" for nobody.
    lang
        Language.

    Returns
    -------
    list of str
        Empty for an audience without a watermark.
    """
    if not audience.watermark:
        return []
    words = (audience.name, audience.note) if lang == "zh" else (audience.name_en, audience.note_en)
    parts = [" ".join(each for each in words if each) or audience.name]
    if recipient or issued:
        parts.append(" ".join(part for part in (recipient, issued) if part))
    return parts


def _steps(proposal: Proposal) -> dict[str, Any]:
    """What each rank adds, as columns: county is a position among the counties."""
    steps, curve = proposal.places.steps, proposal.places.curve
    number = {each: k for k, each in enumerate(proposal.area.counties["county_id"])}
    known = steps[steps["county_id"].isin(number)] if len(steps) else steps
    share: list[Any] = []
    if len(curve):
        share = [
            round(gain / bound, 4) if bound > 0 else None
            for gain, bound in zip(curve["cumulative_gain"], curve["upper_bound"], strict=True)
        ]
    return {
        "rank": known["rank"].tolist() if len(known) else [],
        "county": [number[each] for each in known["county_id"]] if len(known) else [],
        "people": [round(each, 1) for each in known["people"]] if len(known) else [],
        "villages": known["villages"].tolist() if len(known) else [],
        "share": share,
    }


def _sight_lines(proposal: Proposal) -> dict[str, Any]:
    """Village, distance, frequency and ground of each rank's sight line; heights by steps [m]."""
    table = proposal.places.sight_lines
    return {
        str(row.rank): [
            row.village,
            int(row.newly),
            plain(row.distance_m),
            plain(row.frequency_mhz),
            np.diff(row.heights_m, prepend=0).tolist(),
        ]
        for row in table.itertuples()
    }


def _totals(proposal: Proposal) -> dict[str, Any]:
    """People and villages before the plan, and of how many."""
    names = {
        "people": "population_total",
        "people_before": "population_covered_before",
        "villages": "villages_total",
        "villages_before": "villages_covered_before",
        "quota": "quota",
        "built": "built",
        "remaining": "remaining",
    }
    return {name: plain(getattr(proposal.record, key)) for name, key in names.items()}


def _counties(proposal: Proposal) -> list[dict[str, Any]]:
    """Each county with its numbers before the plan, and where it lies."""
    table = proposal.effects.counties
    have = table.set_index("county_id") if len(table) else table
    columns = {
        "quota": "quota",
        "built": "built",
        "people": "population_total",
        "people_before": "population_covered_before",
        "villages": "villages_total",
        "villages_before": "villages_covered_before",
    }
    bounds = proposal.area.counties.to_crs("EPSG:4326").bounds.round(5)
    rows = []
    for county_id, county, box in zip(
        proposal.area.counties["county_id"], proposal.area.counties["county"], bounds.to_numpy(), strict=True
    ):
        row: dict[str, Any] = {"county": county, "bounds": [[box[1], box[0]], [box[3], box[2]]]}
        if county_id in have.index:
            row |= {name: plain(have.at[county_id, key]) for name, key in columns.items() if key in have}
        rows.append(row)
    return rows


def title(proposal: Proposal, lang: Lang) -> str:
    """City or county with the year [str]."""
    project = proposal.config.project
    place = proposal.area.name or project.city
    if place != project.city:
        place = f"{project.city} {place}"
    return translate("map.title", lang, city=place, year=proposal.record.year)


def warning(proposal: Proposal, lang: Lang) -> list[str]:
    """That the plan contradicts itself or was cut short, and what is synthetic, in large letters."""
    said, record = proposal.config.project.synthetic, proposal.record
    wrong = findings_text(record, lang)[: sum(each.grade == "wrong" for each in record.findings)]
    return [*wrong, *cut_short_text(record, lang), *([translate("synthetic", lang), said] if said else [])]


def facts(proposal: Proposal, lang: Lang) -> list[dict[str, str]]:
    """The plan's numbers as label, value and small print."""
    have = proposal.record
    rows = [
        ("selected", _pair(have.selected_stations, " / ", have.remaining), ""),
        ("built_quota", _pair(have.built, " / ", have.quota), ""),
        ("selected_sites", _number(have.selected_sites), ""),
        (
            "people_covered",
            _pair(have.population_covered_before, " → ", have.population_covered_after),
            _of_total(have.population_total, lang),
        ),
        (
            "villages_covered",
            _pair(have.villages_covered_before, " → ", have.villages_covered_after),
            _of_total(have.villages_total, lang),
        ),
    ]
    return [
        {"key": key, "label": translate(f"map.{key}", lang), "value": value, "note": note}
        for key, value, note in rows
    ]


def notes(proposal: Proposal, lang: Lang) -> list[str]:
    """Model, threshold, calibration, date and sources, one line each."""
    config, have = proposal.config, proposal.record
    layer, target = config.layers[0], config.coverage.edge_probability_target
    calibrated = "calibrated" if have.model.calibrated else "uncalibrated"
    lines = [
        f"{translate('map.model', lang)}: {_model_text(have.model, lang)}",
        translate("map.threshold", lang, layer=layer.name, threshold=layer.threshold_dbm, target=target),
        translate(f"map.{calibrated}", lang),
        translate("map.date", lang, date=config.project.reference_date.isoformat()),
    ]
    if have.model.measured:
        stop = translate("join_colon", lang)
        lines.insert(3, f"{translate('measured_line', lang)}{stop}{measured_text(have.model, lang)}")
    looks = sum(each.grade == "wrong" for each in have.findings)
    lines += findings_text(have, lang)[looks:]
    if have.fallbacks:
        without = translate("join_semicolon", lang).join(fallbacks_text(have, lang))
        lines.append(f"{translate('fall_title', lang)}{translate('join_colon', lang)}{without}")
    if config.quota.note:
        lines.append(f"{translate('map.quota_note', lang)}: {config.quota.note}")
    if have.missing_inputs:
        missing = translate("join_semicolon", lang).join(missing_text(have.missing_inputs, lang))
        lines.append(translate("map.missing", lang) + missing)
    if config.project.attribution:
        lines.append(translate("map.sources", lang, text=config.project.attribution))
    return lines


def _model_text(model: ModelRecord, lang: Lang) -> str:
    """Model, and the formulas of buffers or what terrain does with clutter; the rest stays in run.json."""
    name = translate(f"map.propagation_{model.propagation}", lang)
    if model.terrain is not None:
        clutter = translate(f"map.clutter_{model.terrain.clutter}", lang)
        return f"{name} · {translate('map.clutter', lang)}: {clutter}"
    return f"{name} ({', '.join(model.formulas_used)})"


def breaks_of(config: Config) -> tuple[float, ...]:
    """Limits of the five classes: the floor, half-way, the target, and near certainty."""
    rules = config.coverage
    floor, target = rules.probability_floor, rules.edge_probability_target
    floor = min(floor, target / 2)
    middle = round((floor + target) * 10) / 20
    if not floor < middle < target:
        middle = (floor + target) / 2
    return floor, middle, target, 1 - (1 - target) / 5


def legend_of(breaks: tuple[float, ...], lang: Lang) -> list[dict[str, Any]]:
    """Label, colour and opacity of the five classes, lowest first."""
    shown = [f"{round(each * 100)}%" for each in breaks]
    labels = [translate("map.below", lang, high=shown[0])]
    labels += [translate("map.between", lang, low=low, high=high) for low, high in pairwise(shown)]
    labels.append(translate("map.above", lang, low=shown[-1]))
    looks = zip(labels, palette.COVERED, palette.COVERED_ALPHA, strict=True)
    return [{"label": label, "fill": fill, "alpha": round(alpha / 255, 2)} for label, fill, alpha in looks]


def tones(breaks: tuple[float, ...], lang: Lang) -> dict[str, Any]:
    """Every colour a picture is painted with, by what it means, with its label.

    Parameters
    ----------
    breaks
        Limits of the five classes of probability.
    lang
        Language of the labels.
    """
    middle = f"{round(breaks[1] * 100)}%"
    single = {
        "new": (palette.NEW, 0.92),
        "new_empty": (palette.NEW_EMPTY, 0.85),
        "gap": (palette.GAP, 0.85),
        "gap_part": (palette.GAP_PART, 0.85),
        "lost": (palette.LOST, 0.9),
        "terrain_taken": (palette.TERRAIN_TAKEN, 0.85),
        "doubt_below": (palette.DOUBT[0], 0.85),
        "doubt_above": (palette.DOUBT[1], 0.75),
        "footprint": (palette.FOOTPRINT, 0.26),
    }
    many = {"overlap": palette.OVERLAP, "by_site": palette.SITES_OF_PIXELS}
    found: dict[str, Any] = {
        key: {"label": translate(f"map.tone_{key}", lang, middle=middle), "fill": fill, "alpha": alpha}
        for key, (fill, alpha) in single.items()
    }
    found |= {
        key: [
            {"label": translate(f"map.tone_{key}", lang, n=n), "fill": fill, "alpha": 0.85}
            for n, fill in enumerate(fills, start=1)
        ]
        for key, fills in many.items()
    }
    return found | {"covered": legend_of(breaks, lang), "pixel": translate("map.tone_covered", lang)}


def _pair(first: float, between: str, second: float) -> str:
    return f"{_number(first)}{between}{_number(second)}"


def _number(value: float) -> str:
    """A count with separators [str]."""
    return f"{value:,.0f}"


def _of_total(value: float, lang: Lang) -> str:
    return translate("map.of_total", lang, total=_number(value)) if value else ""


def inhabited(proposal: Proposal) -> NDArray[np.bool_] | None:
    """Where somebody asks for the first service; None for a plan that does not know."""
    services = proposal.effects.services
    return np.asarray(services[0].reach.values) >= ASKED if services else None


def codes_of(proposal: Proposal) -> NDArray[np.uint8]:
    """Class of coverage before and after, what terrain takes away, and where people live, by pixel."""
    existing, config = proposal.existing, proposal.config
    return coverage_codes(
        existing.coverage,
        proposal.effects.coverage,
        existing.coverage_empirical,
        breaks_of(config),
        config.coverage.edge_probability_target,
        inhabited(proposal),
    )
