"""What the side panel says in words and numbers; taken from the proposal, nothing is worked out.

One decision to know: a number the run did not record is left out, never guessed.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from siteplan.outputs.webmap import style
from siteplan.outputs.webmap.encode import plain
from siteplan.outputs.webmap.words import page_words, word
from siteplan.proposal import Proposal
from siteplan.texts import Lang, say


def settings(proposal: Proposal, lang: Lang) -> dict[str, Any]:
    """Everything on the page that is not a layer.

    Parameters
    ----------
    proposal
        What to show.
    lang
        Language of the page.

    Returns
    -------
    dict
        Title, warning, facts, notes, bounds, words and the legend of coverage.
    """
    west, south, east, north = proposal.counties.to_crs("EPSG:4326").total_bounds
    return {
        "lang": lang,
        "title": title(proposal, lang),
        "warning": warning(proposal, lang),
        "facts": facts(proposal, lang),
        "notes": notes(proposal, lang),
        "bounds": [[south, west], [north, east]],
        "words": page_words(lang),
        "coverage": coverage_legend(proposal, lang),
        "terrain": terrain_legend(lang),
    }


def title(proposal: Proposal, lang: Lang) -> str:
    """City or county with the year [str]."""
    project = proposal.config.project
    place = proposal.area_name or project.city
    if place != project.city:
        place = f"{project.city} {place}"
    return word("title", lang, city=place, year=proposal.summary.get("year", project.year))


def warning(proposal: Proposal, lang: Lang) -> list[str]:
    """What is synthetic, in large letters; empty when nothing is."""
    said = proposal.config.project.synthetic
    return [say("synthetic", lang), said] if said else []


def facts(proposal: Proposal, lang: Lang) -> list[dict[str, str]]:
    """The plan's numbers as label, value and small print."""
    have = proposal.summary
    rows = [
        ("selected", _pair(have, "selected_stations", "remaining", " / ", lang), ""),
        ("built_quota", _pair(have, "built", "quota", " / ", lang), ""),
        ("selected_sites", _number(have.get("selected_sites")), ""),
        (
            "people_covered",
            _pair(have, "population_covered_before", "population_covered_after", " → ", lang),
            _of_total(have.get("population_total"), lang),
        ),
        (
            "villages_covered",
            _pair(have, "villages_covered_before", "villages_covered_after", " → ", lang),
            _of_total(have.get("villages_total"), lang),
        ),
    ]
    return [
        {"key": key, "label": word(key, lang), "value": value, "note": note}
        for key, value, note in rows
        if value
    ]


def notes(proposal: Proposal, lang: Lang) -> list[str]:
    """Model, threshold, calibration, date and sources, one line each."""
    config = proposal.config
    layer, have = config.layers[0], proposal.summary
    model = have.get("model")
    lines = [f"{word('model', lang)}: {_model_text(model, lang)}"] if model else []
    target = config.coverage.edge_probability_target
    lines += [
        word("threshold", lang, layer=layer.name, threshold=layer.threshold_dbm, target=target),
        word("calibrated" if isinstance(model, dict) and model.get("calibrated") else "uncalibrated", lang),
        word("date", lang, date=config.project.reference_date.isoformat()),
    ]
    if config.quota.note:
        lines.append(f"{word('quota_note', lang)}: {config.quota.note}")
    missing = have.get("missing_inputs") or {}
    if missing:
        lines.append(word("missing", lang) + "；".join(missing.values()))
    if config.project.attribution:
        lines.append(word("sources", lang, text=config.project.attribution))
    return lines


def _model_text(model: object, lang: Lang) -> str:
    """Level, and the formulas of buffers or what terrain does with clutter; the rest stays in run.json."""
    if not isinstance(model, dict):
        return str(model)
    level = word(f"level_{model['level']}", lang)
    if model["level"] == "terrain":
        return f"{level} · {word('clutter', lang)}: {word('clutter_' + model['clutter'], lang)}"
    return f"{level} ({', '.join(model.get('formulas_used', {}))})"


def coverage_breaks(proposal: Proposal) -> tuple[float, ...]:
    """Limits of the five classes: the floor, half-way, the target, and near certainty."""
    rules = proposal.config.coverage
    floor, target = rules.probability_floor, rules.edge_probability_target
    floor = min(floor, target / 2)
    middle = round((floor + target) * 10) / 20
    if not floor < middle < target:
        middle = (floor + target) / 2
    return floor, middle, target, 1 - (1 - target) / 5


def coverage_legend(proposal: Proposal, lang: Lang) -> list[dict[str, Any]]:
    """Label, colour and opacity of the five classes, lowest first."""
    shown = [f"{round(each * 100)}%" for each in coverage_breaks(proposal)]
    labels = [word("below", lang, high=shown[0])]
    labels += [word("between", lang, low=low, high=high) for low, high in pairwise(shown)]
    labels.append(word("above", lang, low=shown[-1]))
    looks = zip(labels, style.COVERAGE, style.COVERAGE_ALPHA, strict=True)
    return [{"label": label, "fill": fill, "alpha": round(alpha / 255, 2)} for label, fill, alpha in looks]


def terrain_legend(lang: Lang) -> list[dict[str, Any]]:
    """Label, colour and opacity of the picture that shows what terrain takes away."""
    labels = (word("terrain_both", lang), word("terrain_taken", lang))
    looks = zip(labels, style.TERRAIN, style.TERRAIN_ALPHA, strict=True)
    return [{"label": label, "fill": fill, "alpha": round(alpha / 255, 2)} for label, fill, alpha in looks]


def _pair(have: dict[str, Any], first: str, second: str, between: str, lang: Lang) -> str:
    if first not in have:
        return ""
    other = _number(have.get(second)) or word("none", lang)
    return f"{_number(have[first]) or '–'}{between}{other}"


def _number(value: Any) -> str:
    """A count with separators, a share as per cent, empty for nothing."""
    value = plain(value)
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, float) and 0 < value < 1:
        return f"{value:.1%}"
    return f"{value:,.0f}"


def _of_total(value: Any, lang: Lang) -> str:
    return word("of_total", lang, total=_number(value)) if plain(value) else ""
