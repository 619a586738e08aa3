"""Sentences from keys and values: the last step before a reader, in the reader's language."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.errors import ConfigError, ConfigFault, Fault, InputFaults, SiteplanError
from siteplan.planning.compare import Diff
from siteplan.planning.proof import links
from siteplan.planning.proposal import Proposal
from siteplan.planning.run_record import ModelRecord, RunRecord
from siteplan.project.planning import Layer
from siteplan.project.schema import Config
from siteplan.project.statuses import SourceType
from siteplan.words.catalogue import Key, Lang, Message, translate


def text_of(message: Message | None, lang: Lang) -> str:
    """A message in words.

    Parameters
    ----------
    message
        Key and values; a value may be a message, or a tuple of messages. None for nothing.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> text_of(("why_replaced", {"other": "A-1", "why": ("why_outdone", {})}), "en")
    'takes the place of A-1 (usable, but others bring more) inside its ring'
    """
    if message is None:
        return ""
    key, values = message
    return translate(key, lang, **_filled(values, lang))


def _filled(values: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    return {name: _value(value, lang) for name, value in values.items()}


def _value(value: Any, lang: Lang) -> Any:
    if _is_message(value):
        return text_of(value, lang)
    if isinstance(value, tuple) and value and all(_is_message(each) for each in value):
        return translate("join_semicolon", lang).join(text_of(each, lang) for each in value)
    if isinstance(value, tuple):
        return joined(value, lang) or "—"
    return value


def _is_message(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], dict)
    )


# --- faults and errors ---------------------------------------------------------------------------------


def fault_place(fault: Fault, lang: Lang) -> str:
    """Where a fault is: file, sheet, row and column, as far as they apply [str]."""
    parts = [fault.file]
    if fault.sheet:
        parts.append(translate("place_sheet", lang, value=fault.sheet))
    if fault.row is not None:
        parts.append(translate("place_row", lang, value=fault.row))
    if fault.column:
        parts.append(translate("place_column", lang, value=fault.column))
    return " · ".join(parts)


def problem_text(fault: Fault, lang: Lang) -> str:
    """What is wrong [str]."""
    return text_of((fault.problem, fault.values), lang)


def remedy_text(fault: Fault, lang: Lang) -> str:
    """What to do [str]."""
    return text_of((fault.remedy, fault.values), lang)


def measured_text(model: ModelRecord, lang: Lang) -> str:
    """How much of a map was measured; "" without measurements."""
    if not model.measured:
        return ""
    if not model.measured["places"]:
        return translate("measured_none", lang)
    figures = {"people": f"{model.measured['people']:.1%}", "villages": f"{model.measured['villages']:,}"}
    return translate("measured_text", lang, places=f"{model.measured['places']['any']:,}", **figures)


def network_only_text(missing: Sequence[Fault], lang: Lang) -> str:
    """That a calibration read the network's own inputs alone, and why."""
    first = fault_text(missing[0], lang)
    return translate("calibration_network_only", lang, count=len(missing), first=first)


def fault_text(fault: Fault, lang: Lang) -> str:
    """One line: place, problem and remedy [str]."""
    stop = translate("join_semicolon", lang)
    return f"{fault_place(fault, lang)}: {problem_text(fault, lang)}{stop}{remedy_text(fault, lang)}"


def error_text(error: SiteplanError, lang: Lang) -> str:
    """Everything an error has to say; one line a kind of fault [str]."""
    if isinstance(error, InputFaults):
        return "\n".join(summarise(error.faults, lang))
    if isinstance(error, ConfigError):
        return "\n".join(_config_line(fault, lang) for fault in error.faults)
    return text_of((error.key, error.values), lang)


def _config_line(fault: ConfigFault, lang: Lang) -> str:
    where = f"{fault.file}: {fault.path}" if fault.path else fault.file
    return f"{where}: {text_of((fault.key, fault.values), lang)}"


def rendered(subject: object, lang: Lang) -> str:
    """A fault or an error in words: what :func:`siteplan.core.errors.attach_renderer` is given [str]."""
    if isinstance(subject, Fault):
        return fault_text(subject, lang)
    if isinstance(subject, SiteplanError):
        return error_text(subject, lang)
    raise TypeError(f"no words for {type(subject).__name__}")


def summarise(faults: Sequence[Fault], lang: Lang, *, notes: bool = False) -> list[str]:
    """Faults for a terminal: one line for all rows of a column with the same problem.

    Parameters
    ----------
    faults
        In order of discovery.
    lang
        Language of the lines.
    notes
        Whether to list what is only a note.

    Returns
    -------
    list of str
        The first fault of each kind, and how many more rows share it.
    """
    kinds: dict[tuple[object, ...], list[Fault]] = {}
    for number, fault in enumerate(faults):
        if fault.severity == "note" and not notes:
            continue
        alone = number if fault.row is None else None
        key = (fault.severity, fault.file, fault.sheet, fault.column, fault.problem, alone)
        kinds.setdefault(key, []).append(fault)
    lines = []
    for alike in kinds.values():
        more = len(alike) - 1
        tail = translate("more_rows", lang, count=more) if more else ""
        lines.append(fault_text(alike[0], lang) + tail)
    return lines


# --- a plan in words -----------------------------------------------------------------------------------


def in_words(plan: Proposal, lang: Lang) -> Proposal:
    """A plan whose tables hold sentences where it has keys, and lists as texts.

    Returns
    -------
    Proposal
        What writers print; names of networks and bands in place of their ids, rules, notes and reasons as
        sentences.
    """
    config = plan.config
    places = replace(
        plan.places,
        candidates=_candidates(plan.places.candidates, lang),
        proposed=_with_hints(plan, _proposed(plan.places.proposed, config, lang), lang),
    )
    existing = replace(plan.existing, sites=_sites(plan.existing.sites, lang))
    return replace(
        plan, places=places, existing=existing, rejected=_messages(plan.rejected, ("problem", "remedy"), lang)
    )


def _messages(table: pd.DataFrame, names: Iterable[str], lang: Lang) -> pd.DataFrame:
    """A table whose messages in some columns are sentences."""
    texts = {name: [text_of(each, lang) for each in table[name]] for name in names if name in table}
    return table.assign(**texts)


def changes_in_words(diff: Diff, lang: Lang) -> Diff:
    """A comparison whose reasons are sentences."""
    rows = diff.rows.assign(
        why=[text_of(each, lang) for each in diff.rows["why"]],
        name=_place_names(diff.rows, lang),
        networks=[joined(each, lang) for each in diff.rows["networks"]],
        bands=[joined(each, lang) for each in diff.rows["bands"]],
    )
    return replace(diff, rows=rows)


def joined(words: Iterable[object], lang: Lang) -> str:
    """Words as a list in running text [str]."""
    return translate("join_list", lang).join(str(word) for word in words)


def _place_names(places: pd.DataFrame, lang: Lang) -> list[str]:
    """Names of places; a new ground site is known by the village it lies in, and where several would have the
    same name by where it lies from there.
    """
    none = pd.Series(np.nan, index=places.index)
    far, turn = places.get("village_distance_m", none), places.get("village_direction", none)
    names = []
    for name, kind, metres, eighth in zip(places["name"], places["source_type"], far, turn, strict=True):
        if kind != SourceType.NEW_GROUND.value:
            names.append(str(name))
        elif np.isnan(metres):
            names.append(translate("new_site", lang, place=name))
        else:
            direction = Key(f"direction_{int(eighth)}")
            names.append(
                translate("new_site_off", lang, place=name, direction=direction, metres=f"{metres:.0f}")
            )
    return names


def _candidates(table: gpd.GeoDataFrame, lang: Lang) -> gpd.GeoDataFrame:
    return table.assign(name=_place_names(table, lang), rule=[text_of(each, lang) for each in table["rule"]])


def _sites(table: gpd.GeoDataFrame, lang: Lang) -> gpd.GeoDataFrame:
    """Ids of networks and bands as text."""
    names = ("networks", "bands")
    return table.assign(**{name: [joined(each, lang) for each in table[name]] for name in names})


def _proposed(table: gpd.GeoDataFrame, config: Config, lang: Lang) -> gpd.GeoDataFrame:
    networks = {network.id: network.name for network in config.networks}
    bands = {band.id: band.name for band in config.bands}
    stop = translate("join_semicolon", lang)
    worded = table.assign(
        name=_place_names(table, lang),
        networks=[joined((networks[each] for each in ids), lang) for ids in table["networks"]],
        bands=[joined((bands[each] for each in ids), lang) for ids in table["bands"]],
        gain_by_layer=[
            "; ".join(f"{layer} {gain:.1f}" for layer, gain in gains) for gains in table["gain_by_layer"]
        ],
        villages_newly_covered_names=[joined(each, lang) for each in table["villages_newly_covered_names"]],
        alternates=[" ".join(each) for each in table["alternates"]],
        restriction=[stop.join(text_of(each, lang) for each in notes) for notes in table["restriction"]],
        band_ids=[" ".join(ids) for ids in table["bands"]],
    )
    gains = [dict(each) for each in table["gain_by_layer"]]
    rows = list(zip(worded.itertuples(), gains, strict=True))
    layers = {layer.id: layer.name for layer in config.layers}
    return worded.assign(
        purpose=[layers[each] for each in table["purpose"]],
        benefit=[_benefit(row, each, config, lang) for row, each in rows],
        existing_nearby=[text_of(each, lang) for each in table["existing_nearby"]],
        reason=[_reason(row, each, config, lang) for row, each in rows],
    )


def _benefit(row: Any, gains_by_layer: Mapping[str, float], config: Config, lang: Lang) -> str:
    """The benefit that decided, in a few words; ``row.purpose`` is the id of the layer still."""
    layer = next(each for each in config.layers if each.id == row.purpose)
    counts = {
        "benefit_people": row.people_newly_covered if layer is config.layers[0] else 0,
        "benefit_network": row.people_networks_newly_covered if layer is _each_network(config) else 0,
    }
    key, people = next(((key, n) for key, n in counts.items() if n), ("benefit_layer", 0))
    if key == "benefit_layer":
        people = gains_by_layer.get(layer.id, 0.0) / max(layer.weight, 1e-9)
    short = re.split(r"[（(]", layer.name)[0].strip() or layer.name
    parts = [translate(key, lang, people=f"{people:,.0f}", name=short)]
    if row.villages_newly_covered:
        parts.append(translate("benefit_villages", lang, count=row.villages_newly_covered))
    return translate("reason_join", lang).join(parts)


def _each_network(config: Config) -> Layer | None:
    """The layer whose people are counted network by network."""
    return next((layer for layer in config.layers if layer.scope == "each"), None)


def _reason(row: Any, gains_by_layer: Mapping[str, float], config: Config, lang: Lang) -> str:
    """Why a place was chosen, in one sentence."""
    gains = []
    if row.people_newly_covered:
        gains.append(translate("reason_people", lang, people=f"{row.people_newly_covered:,.0f}"))
    if row.people_networks_newly_covered:
        gains.append(translate("reason_network", lang, people=f"{row.people_networks_newly_covered:,.0f}"))
    each = _each_network(config)
    counted = {config.layers[0].id, each.id if each else ""}
    for layer in config.layers:
        equivalent = gains_by_layer.get(layer.id, 0.0) / max(layer.weight, 1e-9)
        if layer.id not in counted and equivalent >= 0.5:
            gains.append(translate("reason_layer", lang, name=layer.name, people=f"{equivalent:,.0f}"))
    if not gains:
        gains.append(translate("reason_probability", lang, people=f"{row.gain:,.1f}"))
    villages = ""
    if row.villages_newly_covered:
        names = row.villages_newly_covered_names
        villages = translate("reason_villages", lang, count=row.villages_newly_covered, names=names)
    return translate(
        "reason",
        lang,
        source_type=Key(f"source_type_{row.source_type}"),
        network_bands=f"{row.networks} {row.bands}",
        height=row.antenna_height_m,
        gains=translate("reason_join", lang).join(gains),
        villages=villages,
        notes=translate("reason_note", lang, note=row.restriction) if row.restriction else "",
    )


def backhaul_text(row: Any, farthest_m: float, lang: Lang) -> str:
    """How a place may be connected, in a few words [str].

    Parameters
    ----------
    row
        Of the table of links.
    farthest_m
        How far a link was looked for [m].
    lang
        Language.
    """
    km = row.link_m / 1000.0 if row.link not in (links.NONE_NEAR, links.NO_RELIEF) else farthest_m / 1000.0
    parts = [
        translate(
            f"link_{row.link}",
            lang,
            site=row.to_site_id,
            km=f"{km:.1f}",
            p=f"{row.clear_probability:.2f}",
            rain=f"{row.rain_db:.0f}",
        )
    ]
    if not math.isnan(row.fibre_road_m):
        parts.append(translate("link_fibre", lang, km=f"{row.fibre_road_m / 1000.0:.1f}"))
    if not math.isnan(row.power_m):
        parts.append(translate("link_power", lang, m=f"{row.power_m:.0f}"))
    return translate("join_semicolon", lang).join(parts)


def exposure_text(row: Any, lang: Lang) -> str:
    """Compliance distance, and what lies within it [str]."""
    if isinstance(row.unanswered, tuple):
        return translate("unanswered", lang, why=text_of(row.unanswered, lang))
    values = {
        "distance": f"{row.compliance_distance_m:.0f}",
        "nearest": f"{row.nearest_m:.0f}",
        "name": row.nearest,
    }
    return translate("exposure_within" if row.needs_assessment else "exposure_clear", lang, **values)


def _with_hints(plan: Proposal, proposed: gpd.GeoDataFrame, lang: Lang) -> gpd.GeoDataFrame:
    """Ranked rows with hints of connection, exposure where there is one to be assessed, and odds.

    Parameters
    ----------
    plan
        The plan.
    proposed
        Its ranked rows.
    lang
        Language.
    """
    farthest = plan.config.backhaul.farthest_link_m
    links_of = {row.candidate_id: backhaul_text(row, farthest, lang) for row in plan.proof.links.itertuples()}
    flagged = plan.proof.exposure
    flagged = flagged[flagged["needs_assessment"].astype(bool)] if len(flagged) else flagged
    exposure = {row.candidate_id: exposure_text(row, lang) for row in flagged.itertuples()}
    stays = {row.candidate_id: row.stays for row in plan.proof.odds_places.itertuples()}
    ids = proposed["candidate_id"]
    return proposed.assign(
        backhaul=[links_of.get(each, "") for each in ids],
        exposure=[exposure.get(each, "") for each in ids],
        stays=[stays.get(each, float("nan")) for each in ids],
        acceptance=[plan.record.acceptance.chances.get(each, float("nan")) for each in ids],
    )


def acceptance_text(record: RunRecord, lang: Lang) -> str:
    """How likely owners agree and how many alternates that asks for; "" while too few places are decided."""
    known = record.acceptance
    if known.method == "off":
        return ""
    values = {"cases": known.cases, "accepted": known.accepted, "method": Key(f"method_{known.method}")}
    said = [translate("acceptance_learnt", lang, **values)]
    if known.brier is not None and known.brier_base is not None:
        errors = {"brier": known.brier, "base": known.brier_base}
        better = "acceptance_better" if known.brier < known.brier_base else "acceptance_no_better"
        said.append(translate(better, lang, **errors))
    counts = translate("join_comma", lang).join(
        f"{county} {translate('acceptance_never', lang) if count is None else count}"
        for county, count in known.alternates.items()
    )
    said.append(translate("alternates_needed", lang, confidence=known.confidence, counts=counts))
    return translate("text", lang).join(said)


def banners(plan: Proposal, lang: Lang) -> list[str]:
    """What every output says first: that the plan contradicts itself or its search was cut short, and what is
    synthetic; often nothing.
    """
    lines = [translate("sane_wrong", lang)] if plan.record.is_wrong else []
    lines += cut_short_text(plan.record, lang)
    return lines + ([translate("synthetic", lang)] if plan.config.project.synthetic else [])


def cut_short_text(record: RunRecord, lang: Lang) -> list[str]:
    """That the search was cut short, and what that may cost; often nothing."""
    if not record.is_cut_short:
        return []
    return [translate("search_cut_short", lang, gap=100.0 * record.optimality_gap)]


def findings_text(record: RunRecord, lang: Lang) -> list[str]:
    """What the plan's check of itself came to, one line each, the wrong first."""
    heads = {"wrong": "sane_wrong", "look": "sane_look"}
    colon = translate("join_colon", lang)
    return [
        f"{translate(heads[each.grade], lang)}{colon}{text_of((each.key, each.values), lang)}"
        for each in record.findings
    ]


def fallbacks_text(record: RunRecord, lang: Lang) -> list[str]:
    """What was done without, one line each; where the size of its effect was not computed, that is said."""
    stop, unknown = translate("join_semicolon", lang), translate("fall_unknown", lang)
    return [f"{text_of((each.key, each.values), lang)}{stop}{unknown}" for each in record.fallbacks]


def missing_text(names: Iterable[str], lang: Lang) -> list[str]:
    """What was not given and what is done without it, one sentence an input."""
    return [translate(f"missing_{name}", lang) for name in names]


def city_line(record: RunRecord, lang: Lang) -> str:
    """What a city's plan builds and whom it reaches, in one line [str]."""
    return translate(
        "province_city_line",
        lang,
        stations=record.selected_stations,
        sites=record.selected_sites,
        before=record.population_covered_before,
        after=record.population_covered_after,
    )
