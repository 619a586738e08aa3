"""The monthly brief: one page for the meeting, with what changed since the last and what is to be decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from siteplan.core.version import VERSION
from siteplan.outputs import palette
from siteplan.outputs.documents.blocks import (
    Block,
    Document,
    Figures,
    Grid,
    Section,
    bullets,
    grid,
    paragraphs,
)
from siteplan.outputs.documents.numbers import count, share
from siteplan.outputs.documents.view import YearSoFar
from siteplan.outputs.schedule import reason_text, shortfall_text
from siteplan.planning.schedule import SiteSchedule
from siteplan.project.schema import Config
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import Lang, translate

BRIEF = "brief.json"
"""What a brief leaves for the next one."""
DECISIONS = 5
"""Most decisions that are asked for."""
_LATE = 8
_LISTED_CHANGES = 6


class BriefState(BaseModel):
    """Numbers of a brief that the next one is held against."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["siteplan-brief/1"] = Field(default="siteplan-brief/1", alias="schema")
    day: str
    year: int
    built: int
    built_by_county: dict[str, int]
    red: int
    amber: int


@dataclass(frozen=True, eq=False)
class BriefFacts:
    """What a brief is made of.

    Attributes
    ----------
    so_far
        The year.
    since
        The brief before, or None for the first.
    since_day
        First day whose changes are told (ISO 8601).
    config, lang
        The project, and the language.
    """

    so_far: YearSoFar
    since: BriefState | None
    since_day: str
    config: Config
    lang: Lang


def brief_state(so_far: YearSoFar) -> BriefState:
    """What the next brief is held against."""
    progress, lights = so_far.progress, _lights(so_far.year.schedule.sites)
    built = zip(progress.counties["county_id"].astype(str), progress.counties["built"], strict=True)
    return BriefState(
        day=progress.day,
        year=progress.year,
        built=progress.total.built,
        built_by_county={county_id: int(n) for county_id, n in built},
        red=lights["red"],
        amber=lights["amber"],
    )


def _lights(sites: Sequence[SiteSchedule]) -> Counter[str]:
    return Counter(site.light for site in sites)


def brief(facts: BriefFacts) -> Document:
    """Write the brief.

    Parameters
    ----------
    facts
        Of the project.

    Returns
    -------
    Document
        Sections ``summary, counties, changes, decisions, late``.
    """
    lang, progress = facts.lang, facts.so_far.progress
    parts: dict[str, list[Block]] = {
        "summary": [_figures(facts), *paragraphs([_sentence(facts)])],
        "counties": [_county_grid(facts)],
        "changes": bullets(_changes(facts)),
        "decisions": bullets(_decisions(facts)),
        "late": _late(facts),
    }
    title = translate("doc_brief_title", lang, area=facts.config.project.city, year=progress.year)
    banners = (translate("synthetic", lang),) if facts.config.project.synthetic else ()
    footer = translate(
        "doc_brief_footer",
        lang,
        version=VERSION,
        day=progress.day,
        lists=", ".join(facts.so_far.year.lists) or "–",
    )
    since = facts.since.day if facts.since else facts.since_day
    sections = tuple(
        Section(name, translate(f"doc_brief_{name}", lang), tuple(blocks))
        for name, blocks in parts.items()
        if blocks
    )
    subtitle = translate("doc_brief_subtitle", lang, day=progress.day, since=since)
    return Document(
        "brief", title, subtitle, banners, footer, sections, _values(facts, title, footer), lang, progress.day
    )


def _values(facts: BriefFacts, title: str, footer: str) -> dict[str, str]:
    """Single figures an office's template may place anywhere."""
    progress, lights = facts.so_far.progress, _lights(facts.so_far.year.schedule.sites)
    return {
        "title": title,
        "city": facts.config.project.city,
        "year": str(progress.year),
        "day": progress.day,
        "since_day": facts.since_day,
        "quota": count(progress.total.quota),
        "built": count(progress.total.built),
        "completion_rate": share(progress.total.built, progress.total.quota),
        "remaining": count(progress.total.remaining),
        "red": count(lights["red"]),
        "amber": count(lights["amber"]),
        "footer": footer,
    }


def _figures(facts: BriefFacts) -> Figures:
    lang, progress = facts.lang, facts.so_far.progress
    total, lights = progress.total, _lights(facts.so_far.year.schedule.sites)
    more = (
        ""
        if facts.since is None
        else translate("doc_brief_more", lang, count=f"{total.built - facts.since.built:+,}")
    )
    running = total.building + total.signed + total.talking
    return Figures(
        (
            (translate("doc_quota_built", lang), f"{count(total.quota)} / {count(total.built)}", more),
            (translate("doc_rate", lang), share(total.built, total.quota), ""),
            (translate("doc_brief_running", lang), count(running), ""),
            (translate("doc_brief_lights", lang), f"{lights['red']} / {lights['amber']}", ""),
        )
    )


def _sentence(facts: BriefFacts) -> str:
    """What is left, and what a month must bring."""
    progress, lang = facts.so_far.progress, facts.lang
    if progress.total.remaining == 0:
        return translate("task_done", lang)
    return translate(
        "doc_brief_left",
        lang,
        remaining=count(progress.total.remaining),
        months=progress.months,
        monthly=progress.monthly,
    )


def _county_grid(facts: BriefFacts) -> Grid:
    """Counties by rate, with what is under way and their lights."""
    lang, schedule, names = facts.lang, facts.so_far.year.schedule, _names(facts)
    short = {each.county_id for each in schedule.shortfalls}
    stages = ("building", "signed", "talking", "refused")
    heads = [
        "county",
        "summary_quota",
        "summary_built",
        "doc_rate",
        *(f"doc_brief_{each}" for each in stages),
    ]
    heads += ["light_red", "light_amber", *(["doc_brief_since"] if facts.since else [])]
    rows: list[list[str]] = []
    colours: dict[tuple[int, int], str] = {}
    for n, row in enumerate(facts.so_far.progress.counties.itertuples()):
        own = _lights([s for s in schedule.sites if row.county_id in ("", s.record.place.county_id)])
        cells = [names[str(row.county_id)], count(row.quota), count(row.built), share(row.built, row.quota)]
        cells += [count(getattr(row, each)) for each in stages]
        cells += [count(own[each]) for each in ("red", "amber")]
        if facts.since is not None:
            cells.append(f"{row.built - facts.since.built_by_county.get(row.county_id, 0):+,}")
        rows.append(cells)
        colours |= {(n, 8 + k): palette.LIGHTS[each] for k, each in enumerate(("red", "amber")) if own[each]}
        if row.county_id in short:
            colours[n, 0] = palette.LIGHTS["red"]
    widths = (1.7, 1, 1, 1.2, 0.9, 0.9, 0.9, 0.9, 0.7, 0.7, 0.9)[: len(heads)]
    titles = [translate(each, lang) for each in heads]
    return grid(titles, rows, widths, numbers=range(1, len(heads)), colours=colours)


def _changes(facts: BriefFacts) -> list[str]:
    """What the journal says has changed since the last brief."""
    lang = facts.lang
    moved: Counter[str] = Counter()
    notable: list[tuple[str, str]] = []
    for record in facts.so_far.year.records.values():
        for day, before, after, reason, _ in record.history:
            if day >= facts.since_day and before != after:
                moved[after] += 1
                if reason and after in {
                    SiteStatus.REFUSED,
                    SiteStatus.INFEASIBLE,
                    SiteStatus.WITHDRAWN,
                    SiteStatus.PAUSED,
                }:
                    status = translate(f"status_{after}", lang)
                    text = translate(
                        "doc_brief_out", lang, place=record.place.name, status=status, reason=reason
                    )
                    notable.append((day, text))
    if not moved:
        return [translate("doc_brief_no_change", lang, day=facts.since_day)]
    order = [each.value for each in SiteStatus]
    counts = [
        translate("doc_brief_count", lang, status=translate(f"status_{each}", lang), count=moved[each])
        for each in order
        if moved[each]
    ]
    said = [translate("join_comma", lang).join(counts)]
    notable.sort(reverse=True)
    said += [text for _, text in notable[:_LISTED_CHANGES]]
    if len(notable) > _LISTED_CHANGES:
        said.append(translate("doc_brief_more_out", lang, count=len(notable) - _LISTED_CHANGES))
    return said


def _decisions(facts: BriefFacts) -> list[str]:
    """What is to be decided, the largest first: tasks that fall short, contradicting reports, late places."""
    lang, schedule = facts.lang, facts.so_far.year.schedule
    colon, names = translate("join_colon", lang), _names(facts)
    shortfalls = sorted(schedule.shortfalls, key=lambda each: (-each.stations, each.county_id))
    said = [
        f"{names.get(each.county_id, facts.config.project.city)}{colon}{shortfall_text(each, lang)}"
        for each in shortfalls
    ]
    for one, other in facts.so_far.progress.field_status.conflicts:
        place = facts.so_far.year.records.get(one.candidate_id)
        name = place.place.name if place else one.candidate_id
        said.append(
            translate("doc_decide_fork", lang, place=name, one=one.event_id[:8], other=other.event_id[:8])
        )
    said += [_site_decision(site, names, lang) for site in schedule.sites if site.light == "red"]
    if not said:
        return [translate("doc_decide_none", lang)]
    more = len(said) - DECISIONS
    return [*said[:DECISIONS], *([translate("doc_decide_more", lang, count=more)] if more > 0 else [])]


def _site_decision(site: SiteSchedule, names: Mapping[str, str], lang: Lang) -> str:
    """One late place, with what stands in its way."""
    record = site.record
    known = record.difficulty
    obstacle = (
        ""
        if known is None
        else translate("join_comma", lang).join(part for part in (known.obstacle, known.solution) if part)
    )
    return translate(
        "doc_decide_site",
        lang,
        county=names.get(record.place.county_id, ""),
        place=record.place.name,
        status=translate(f"status_{record.status}", lang),
        reason=reason_text(site.reason, lang),
        obstacle=translate("doc_decide_obstacle", lang, text=obstacle) if obstacle else "",
    )


def _late(facts: BriefFacts) -> list[Block]:
    """Red and amber places as a table, the reddest first."""
    lang, names = facts.lang, _names(facts)
    late = [site for site in facts.so_far.year.schedule.sites if site.light in ("red", "amber")]
    if not late:
        return []
    rows, colours = [], {}
    for n, site in enumerate(late[:_LATE]):
        record, step = site.record, site.next_status
        status = translate(f"status_{step}", lang) if step else ""
        by = translate("doc_next_by", lang, status=status, day=site.latest[step]) if step else ""
        who = record.state.reported_by if record.state else ""
        county = names.get(record.place.county_id, "")
        rows.append(
            [
                record.place.name,
                county,
                translate(f"status_{record.status}", lang),
                by,
                reason_text(site.reason, lang),
                who,
            ]
        )
        colours[n, 2] = palette.LIGHTS[site.light]
    heads = ("doc_place", "county", "doc_status", "doc_next", "light_reason_head", "doc_reported_by")
    table = grid(
        [translate(each, lang) for each in heads], rows, (2.2, 0.9, 0.9, 1.7, 2.6, 0.9), colours=colours
    )
    more = [translate("doc_decide_more", lang, count=len(late) - _LATE)] if len(late) > _LATE else []
    return [table, *paragraphs(more, "note")]


def _names(facts: BriefFacts) -> dict[str, str]:
    """Names by county id; a task of the whole area has no county, and the city's name."""
    counties = facts.so_far.progress.counties
    names = zip(counties["county_id"].astype(str), counties["county"], strict=True)
    return {county_id: name or facts.config.project.city for county_id, name in names}
