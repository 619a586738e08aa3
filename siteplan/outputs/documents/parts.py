"""Parts that several documents share: tables of counties, places, villages and time, and what is needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd

from siteplan.outputs import palette
from siteplan.outputs.documents.blocks import Block, Grid, grid
from siteplan.outputs.documents.numbers import change, count, share
from siteplan.outputs.documents.view import PlanView
from siteplan.outputs.schedule import shortfall_text
from siteplan.outputs.wording import joined
from siteplan.project.statuses import SourceType
from siteplan.words.catalogue import Lang, translate


def place_name(row: Any) -> str:
    """What a place is called where its reader may know it, else where it is about."""
    name = getattr(row, "name", "")
    return str(name) if isinstance(name, str) and name else f"{row.county} {row.town}".strip()


@dataclass(frozen=True)
class Task:
    """Quota and stations built of a county, or of the whole area; NaN where it has no quota of its own."""

    county: str
    quota: float
    built: float


def tasks(view: PlanView) -> list[Task]:
    """Tasks of the part by county, as of today where the year is known; one where no county has its own."""
    progress = view.progress_of_task()
    table = view.proposal.effects.ledger if progress is None else progress.counties
    sums = table.groupby("county_id", as_index=False)[["quota", "built"]].sum()
    names = view.county_names()
    found = [
        Task(names.get(str(row.county_id), view.proposal.area.name), float(row.quota), float(row.built))
        for row in sums.sort_values("county_id").itertuples()
        if str(row.county_id) in ({view.county_id} if view.county_id else {"", *names})
    ]
    if view.county_id and not found:
        return [Task(view.county, float("nan"), float("nan"))]
    return found


def sum_of_tasks(view: PlanView) -> tuple[float, float]:
    """Quota and stations built of the part; NaN where it has no quota of its own."""
    progress = view.progress_of_task()
    if view.county_id and (view.is_part or progress is not None):
        (own,) = tasks(view)
        return own.quota, own.built
    # what was asked for the whole area is not the sum of its lines
    of = view.proposal.record if progress is None else progress.total
    return float(of.quota), float(of.built)


def county_grid(view: PlanView) -> Grid:
    """Quota and coverage by county, with shares, and their sums."""
    lang, record = view.lang, view.proposal.record
    heads = (
        "county",
        "summary_quota",
        "summary_built",
        "doc_rate",
        "summary_this_plan",
        "summary_people_before",
        "summary_people_after",
        "summary_villages_before",
        "summary_villages_after",
    )
    rows = [_county_row(view, each.county, each) for each in view.proposal.effects.counties.itertuples()]
    total = len(rows) > 1
    if total:
        rows.append(_county_row(view, translate("total", lang), record))
    widths = (1.6, 0.9, 0.9, 1.0, 0.9, 1.1, 1.1, 1.1, 1.1)
    return grid([translate(each, lang) for each in heads], rows, widths, numbers=range(1, 9), total=total)


def _county_row(view: PlanView, name: str, of: Any) -> list[str]:
    """One county, or the record's sums; a county without a quota of its own has none to show."""
    people, villages = of.population_total, of.villages_total
    is_county = hasattr(of, "county_id")
    quota, built = (of.quota, of.built) if not is_county or has_own_quota(view) else (float("nan"),) * 2
    return [
        name,
        count(quota),
        count(built),
        share(built, quota),
        count(of.selected if is_county else of.selected_stations),
        share(of.population_covered_before, people),
        share(of.population_covered_after, people),
        share(of.villages_covered_before, villages),
        share(of.villages_covered_after, villages),
    ]


def has_own_quota(view: PlanView) -> bool:
    """Whether counties have quotas of their own, and not only the whole area one."""
    ledger = view.proposal.effects.ledger
    return "county_id" in ledger and bool(ledger["county_id"].ne("").any())


def site_grid(view: PlanView, most: int | None = None, *, reasons: bool = False) -> Grid:
    """Ranked places: what is built where, for what, and where it stands.

    Parameters
    ----------
    view
        Of the plan.
    most
        How many are listed; None for all.
    reasons
        Whether the sentence of the choice, which says what is built, stands in place of that and the benefit.
    """
    lang = view.lang
    table = view.proposal.places.proposed.sort_values("rank")
    table = table if most is None else table.head(most)
    has_reasons = reasons and "reason" in table
    sites = view.sites()
    rows, colours = [], {}
    for number, row in enumerate(table.itertuples()):
        status, due = view.standing(row)
        said = translate(f"status_{status}", lang)
        if due is not None:
            said = f"{said}\n{translate('doc_due', lang, month=f'{due:%Y-%m}')}"
            colours[number, 4 if has_reasons else 5] = palette.LIGHTS[sites[str(row.candidate_id)].light]
        where = row.town if view.county_id else " ".join(part for part in (row.county, row.town) if part)
        cells = [count(row.rank), _place(row, view, exact=not reasons), where]
        cells += [row.reason] if has_reasons else [_build(row, lang), row.benefit]
        rows.append([*cells, said])
    heads = ["doc_reason"] if has_reasons else ["doc_build", "doc_benefit"]
    widths = [0.55, 2.5, 0.9, 4.9, 1.5] if has_reasons else [0.55, 2.1, 1.2, 1.7, 1.8, 1.15]
    names = ("doc_rank", "doc_place", "doc_where", *heads, "doc_status")
    return grid([translate(each, lang) for each in names], rows, widths, numbers=(0,), colours=colours)


def _build(row: Any, lang: Lang) -> str:
    """What is built at a place."""
    return f"{translate(f'source_type_{row.source_type}', lang)}\n{row.networks} {row.bands}"


def _place(row: Any, view: PlanView, *, exact: bool) -> str:
    """A place by name and id, and where it is."""
    at = _coordinates(row, view) if exact else ""
    return "\n".join(part for part in (place_name(row), str(row.candidate_id), at) if part)


def _coordinates(row: Any, view: PlanView) -> str:
    """Longitude and latitude, only where the reader's places are exact."""
    if view.audience.snap_m or not hasattr(row, "longitude"):
        return ""
    return f"{row.longitude:.6f}, {row.latitude:.6f}"


def village_grid(view: PlanView, table: pd.DataFrame) -> Grid:
    """Villages with what each has, and what would help those that go without."""
    lang = view.lang
    fixes = _fixes(view)
    may_know = not view.is_public
    heads = ["doc_village", "doc_where", "doc_people", "doc_state", *(["doc_fix_head"] if may_know else [])]
    rows = []
    for row in table.itertuples():
        where = " ".join(part for part in (row.county, getattr(row, "town", "")) if part)
        state = translate(f"map.state_{row.state}", lang)
        cells = [row.village, where, count(row.people), state]
        if may_know:
            cells.append(_help(row, fixes, lang))
        rows.append(cells)
    widths = (1.4, 1.4, 0.7, 1.3, *([3.6] if may_know else []))
    return grid([translate(each, lang) for each in heads], rows, widths, numbers=(2,))


def _help(row: Any, fixes: dict[str, str], lang: Lang) -> str:
    """What reaches a village, or would."""
    if row.state == "newly":
        return translate("doc_reached_by", lang, rank=row.reached_rank)
    if row.state == "covered":
        return ""
    none = translate("doc_fix_none", lang) if row.state == "uncovered" else ""
    return fixes.get(row.village_id, none)


def _fixes(view: PlanView) -> dict[str, str]:
    """The best place for each village that falls short, and why it was not chosen."""
    choices, known = view.proposal.places.choices, view.proposal.places.candidates
    if choices.empty or known.empty:
        return {}
    own = known.drop_duplicates("candidate_id").set_index("candidate_id")
    found: dict[str, str] = {}
    for row in choices.drop_duplicates("village_id").itertuples():
        if row.candidate_id not in own.index:
            continue
        place = own.loc[row.candidate_id]
        rule = place.get("rule", "") or translate("doc_fix_outranked", view.lang)
        found[row.village_id] = translate(
            "doc_fix",
            view.lang,
            place=place.get("name", row.candidate_id),
            candidate=row.candidate_id,
            p=f"{row.probability:.0%}",
            rule=rule,
        )
    return found


def uncovered(view: PlanView) -> pd.DataFrame:
    """Villages the plan does not reach, those with most people first [DataFrame]."""
    table = view.proposal.effects.villages
    short = table[table["state"].eq("uncovered")]
    return short.sort_values(["people", "village_id"], ascending=[False, True], kind="stable")


def refused_grid(view: PlanView) -> Grid | None:
    """How many places each rule refused; None where the reader may not know them."""
    table = view.proposal.places.candidates
    if view.is_public or table.empty:
        return None
    own = table[table["status"].eq("EXCLUDED")]["candidate_id"].astype(str)
    counts = Counter(view.proven.refused[each] for each in own if each in view.proven.refused)
    if not counts:
        return None
    rows = [[translate(f"refused_{key}", view.lang), count(n)] for key, n in counts.most_common()]
    rows.append([translate("total", view.lang), count(sum(counts.values()))])
    heads = [translate("doc_rule", view.lang), translate("doc_places", view.lang)]
    return grid(heads, rows, (5.0, 1.0), numbers=(1,), total=True)


def month_grid(view: PlanView) -> Grid | None:
    """Required, possible and actual by month for the part; None outside a project."""
    if view.so_far is None:
        return None
    line = view.so_far.year.schedule.whole
    if not line.ends:
        return None
    rows = [
        [
            f"{end:%Y-%m}",
            count(line.required[n]),
            count(line.actual[n]) if n < len(line.actual) else "",
            count(line.possible[n]),
        ]
        for n, end in enumerate(line.ends)
    ]
    heads = ("doc_month", "curve_required", "curve_actual", "curve_possible")
    return grid([translate(each, view.lang) for each in heads], rows, (1, 1, 1, 1), numbers=(1, 2, 3))


@dataclass(frozen=True)
class Outlook:
    """One county in time: what is to build, its lights, what is said of it, and whether it falls short."""

    county: str
    remaining: int
    lights: tuple[int, int, int]
    text: str
    is_short: bool


def outlooks(view: PlanView) -> list[Outlook]:
    """Counties of the part in time; none outside a project."""
    if view.so_far is None:
        return []
    lang, schedule, names = view.lang, view.so_far.year.schedule, view.county_names()
    short = {each.county_id: each for each in schedule.shortfalls}
    found = []
    for task in schedule.tasks:
        own = [s for s in schedule.sites if task.county_id in ("", s.record.place.county_id)]
        tally = Counter(site.light for site in own)
        missing = short.get(task.county_id)
        said = translate("task_in_time" if task.remaining else "task_done", lang)
        text = said if missing is None else shortfall_text(missing, lang)
        lights = (tally["red"], tally["amber"], tally["green"])
        county = names.get(task.county_id, view.proposal.area.name)
        found.append(Outlook(county, task.remaining, lights, text, missing is not None))
    return found


def lights_grid(view: PlanView) -> Grid | None:
    """Counties in time: lights counted, what is short and what would help; None outside a project."""
    known = outlooks(view)
    if not known:
        return None
    rows = [[each.county, count(each.remaining), *map(count, each.lights), each.text] for each in known]
    colours = {(n, 0): palette.LIGHTS["red"] for n, each in enumerate(known) if each.is_short}
    heads = ("county", "doc_remaining", "light_red", "light_amber", "light_green", "doc_outlook")
    titles = [translate(each, view.lang) for each in heads]
    widths = (1.1, 0.8, 0.6, 0.6, 0.6, 5.0)
    return grid(titles, rows, widths, numbers=(1, 2, 3, 4), colours=colours)


def outlook_lines(view: PlanView) -> list[str]:
    """The same in one sentence a county."""
    return [
        translate(
            "doc_outlook_line",
            view.lang,
            remaining=count(each.remaining),
            red=each.lights[0],
            amber=each.lights[1],
            green=each.lights[2],
            outlook=each.text,
        )
        for each in outlooks(view)
    ]


def uncovered_line(view: PlanView, most: int = 12) -> list[str]:
    """Names of the villages the plan does not reach, in one sentence."""
    table = uncovered(view)
    if table.empty:
        return [translate("doc_all_villages", view.lang)]
    names = joined(table["village"].head(most), view.lang)
    if len(table) > most:
        names = translate("doc_and_more", view.lang, names=names)
    return [translate("doc_villages_names", view.lang, count=count(len(table)), names=names)]


def needs(view: PlanView) -> list[str]:
    """What is needed from whom: one sentence an office."""
    lang, table = view.lang, view.proposal.places.proposed
    kinds = Counter(table["source_type"].astype(str))
    said = []
    tower = kinds[SourceType.UPGRADE.value], kinds[SourceType.NEW_GROUND.value]
    if any(tower):
        said.append(translate("doc_need_tower", lang, upgrades=tower[0], ground=tower[1]))
    for kind, key in (
        (SourceType.SITE_PLAN, "doc_need_planned"),
        (SourceType.PROPERTY, "doc_need_property"),
        (SourceType.POLE, "doc_need_pole"),
    ):
        if kinds[kind.value]:
            said.append(translate(key, lang, count=kinds[kind.value]))
    ledger = view.proposal.effects.ledger
    if len(ledger) and "network" in ledger and ledger["network"].ne("").any():
        names = {each.id: each.name for each in view.proposal.config.networks}
        own = ledger[ledger["county_id"].eq(view.county_id)] if view.county_id else ledger
        sums = own.groupby("network")["selected"].sum()
        each = [f"{names.get(key, key)} {int(n)}" for key, n in sums.items() if key and n]
        if each:
            said.append(translate("doc_need_networks", lang, networks=joined(each, lang)))
    return said


def head_figures(view: PlanView) -> tuple[tuple[str, str, str], ...]:
    """The numbers of the part in large."""
    lang = view.lang
    of: Any = view.proposal.record
    selected, (quota, built) = of.selected_stations, sum_of_tasks(view)
    if view.county_id:
        of = next(view.proposal.effects.counties.itertuples())
        selected = of.selected
    people = share(of.population_covered_after, of.population_total)
    villages = share(of.villages_covered_after, of.villages_total)
    return (
        (
            translate("doc_quota_built", lang),
            f"{count(quota)} / {count(built)}",
            share(built, quota),
        ),
        (translate("doc_proposed", lang), count(selected), ""),
        (
            translate("doc_people_covered", lang),
            change(of.population_covered_before, of.population_covered_after),
            people,
        ),
        (
            translate("doc_villages_covered", lang),
            change(of.villages_covered_before, of.villages_covered_after),
            villages,
        ),
    )


def contact_lines(view: PlanView) -> list[str]:
    """Whom to call, or where that is written down."""
    known = view.contacts()
    if known:
        return [" ".join(part for part in (each.who, each.phone) if part) for each in known]
    return [] if view.is_public else [translate("doc_no_contact", view.lang)]


def optional(block: Block | None) -> list[Block]:
    """A block as a list, empty for none."""
    return [] if block is None else [block]
