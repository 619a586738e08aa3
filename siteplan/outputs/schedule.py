"""The year in words and tables: lights with their reasons, what can no longer be met and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from siteplan.planning.schedule import CountyTask, Reason, Schedule, Shortfall, SiteSchedule
from siteplan.planning.year import Year
from siteplan.project.schema import Config
from siteplan.words.catalogue import Key, Lang, translate


def reason_text(reason: Reason, lang: Lang) -> str:
    """Why a light is what it is [str]."""
    values = {n: Key(f"status_{v}") if n == "status" else v for n, v in reason.values.items()}
    return translate(reason.key, lang, **values)


def calendar_text(schedule: Schedule, lang: Lang) -> str:
    """Which days are working days, and years for which that is assumed [str]."""
    said = [translate(f"calendar_{schedule.calendar.basis}", lang)]
    if years := schedule.assumed_years:
        said.append(translate("calendar_assumed", lang, years="/".join(map(str, years))))
    return translate("text", lang).join(said)


def shortfall_text(short: Shortfall, lang: Lang) -> str:
    """What can no longer be met, why, and what would help [str]."""
    if short.has_list:
        said = [translate("task_short", lang, count=short.stations, month=f"{short.month:%Y-%m}")]
        counts = {name: getattr(short, name) for name in ("unlisted", "late", "crowded")}
        said += [translate(f"short_{name}", lang, count=n) for name, n in counts.items() if n]
    else:
        said = [translate("task_without_list", lang, count=short.stations)]
    if short.capacity is not None and short.crowded:
        said.append(translate("unless_capacity", lang, count=short.capacity))
    if short.start_by is not None and short.unlisted + short.late:
        count = short.unlisted + short.late
        said.append(translate("unless_listed", lang, date=str(short.start_by), count=count))
    return translate("text", lang).join(said)


def capacity_text(task: CountyTask, lang: Lang) -> str:
    """Stations a county builds a month, and how that is known [str]."""
    return translate(f"capacity_{task.capacity_origin}", lang, count=task.capacity)


def site_row(site: SiteSchedule, names: Mapping[str, str], lang: Lang) -> dict[str, Any]:
    """One place of the back-schedule [dict]."""
    record, step = site.record, site.next_status
    return {
        "light": translate(f"light_{site.light}", lang),
        "candidate_id": record.candidate_id,
        "name": record.place.name,
        "county": names.get(record.place.county_id, record.place.county_id),
        "source_type": translate(f"source_type_{record.place.source_type}", lang),
        "stations": record.place.stations,
        "status": translate(f"status_{record.status}", lang),
        "since": record.state.since if record.state else "",
        "next_status": translate(f"status_{step}", lang) if step else "",
        "latest": str(site.latest[step]) if step else "",
        "overdue_days": site.overdue_days or "",
        "expected_on_air": str(site.on_air) if step else "",
        "due": str(site.due) if step else "",
        "slack_days": site.slack_days if step else "",
        "light_reason": reason_text(site.reason, lang),
    }


def site_table(year: Year, names: Mapping[str, str], lang: Lang) -> pd.DataFrame:
    """The back-schedule, the reddest places first [DataFrame]."""
    return pd.DataFrame([site_row(site, names, lang) for site in year.schedule.sites])


def county_table(year: Year, names: Mapping[str, str], lang: Lang) -> pd.DataFrame:
    """What every county has to do, and whether it can [DataFrame]."""
    short = {each.county_id: each for each in year.schedule.shortfalls}
    rows = []
    for task in year.schedule.tasks:
        own = [s for s in year.schedule.sites if task.county_id in ("", s.record.place.county_id)]
        missing = short.get(task.county_id)
        said = "task_in_time" if task.remaining else "task_done"
        rows.append(
            {
                "county": names.get(task.county_id, ""),
                "quota": task.quota,
                "built": task.built,
                "remaining": task.remaining,
                "capacity": capacity_text(task, lang),
                **{light: sum(s.light == light for s in own) for light in ("red", "amber", "green")},
                "short": missing.stations if missing else "",
                "light_reason": shortfall_text(missing, lang) if missing else translate(said, lang),
            }
        )
    return pd.DataFrame(rows)


def month_table(year: Year, names: Mapping[str, str], config: Config) -> pd.DataFrame:
    """Actual, required and possible by month: all counties, then each with its networks [DataFrame]."""
    networks = {each.id: each.name for each in config.networks}
    rows = []
    for line in (year.schedule.whole, *year.schedule.months):
        for n, end in enumerate(line.ends):
            rows.append(
                {
                    "county": names.get(line.county_id, ""),
                    "network": networks.get(line.network, line.network),
                    "month": f"{end:%Y-%m}",
                    "actual": line.actual[n] if n < len(line.actual) else "",
                    "required": line.required[n],
                    "possible": line.possible[n],
                }
            )
    return pd.DataFrame(rows)


def year_table(year: Year, config: Config) -> pd.DataFrame:
    """The ledger of many years, networks by name [DataFrame]."""
    networks = {each.id: each.name for each in config.networks}
    return year.years.assign(network=[networks.get(each, each) for each in year.years["network"]])
