"""Lists that are out: which runs of a project's folder a year is counted by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from siteplan.api.plan import record_of
from siteplan.field.published import PublishedLists
from siteplan.planning.run_record import RunRecord
from siteplan.planning.state import RECORD
from siteplan.planning.year import ListedPlace


def runs_of(folder: Path) -> list[Path]:
    """Run folders of a directory, by name [list of Path]."""
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if (each / RECORD).is_file())


def records_in(runs: Iterable[Path], year: int | None = None) -> list[RunRecord]:
    """Records of runs, the latest first: by the day they are of, then by the time they were written.

    Parameters
    ----------
    runs
        Run folders.
    year
        Of the quota; None for every year.
    """
    dated = [(record_of(run), (run / RECORD).stat().st_mtime, run.name) for run in runs]
    dated.sort(key=lambda each: (each[0].reference_date, each[1], each[2]), reverse=True)
    return [record for record, _, _ in dated if year is None or record.year == year]


def standing_lists(records: Sequence[RunRecord]) -> list[RunRecord]:
    """Lists that no other one follows, in the order given."""
    followed = {record.since.base_run_id for record in records if record.since.base_run_id != record.run_id}
    return [record for record in records if record.run_id not in followed]


def published_lists(records: Sequence[RunRecord]) -> PublishedLists:
    """Lists that are out as returns are held against them.

    Parameters
    ----------
    records
        All runs of the project, the latest first.

    Returns
    -------
    PublishedLists
        Places of the lists that stand, each with the status it was published with; others as former ones.
    """
    places, used = listed_places(standing_lists(records))
    everything = {each: place for r in reversed(records) for each, place in r.published.places.items()}
    statuses: dict[str, str] = {}
    for record in reversed(records):
        if record.run_id in used:
            statuses |= record.published.statuses
    unlisted = {each for record in records for each in record.published.unlisted}
    return PublishedLists(
        run_id=used[0] if used else "",
        places={each: one.place for each, one in places.items()},
        statuses={each: status for each, status in statuses.items() if each in places},
        unlisted=tuple(sorted(unlisted - everything.keys())),
        run_ids_all=used,
        former={each: place for each, place in everything.items() if each not in places},
    )


def listed_places(records: Sequence[RunRecord]) -> tuple[dict[str, ListedPlace], tuple[str, ...]]:
    """Places of lists that are out, and the lists they come from.

    Parameters
    ----------
    records
        The latest first.

    Returns
    -------
    tuple
        Places by candidate id, and run ids; a county is taken from the first list that is about it.
    """
    places: dict[str, ListedPlace] = {}
    used, counties, is_whole = [], set[str](), False
    for record in records:
        if is_whole or (record.county and record.county in counties):
            continue
        own = record.published.places
        known = {place.place.county_id for place in places.values()}
        fresh = {each: place for each, place in own.items() if place.county_id not in known}
        day = date.fromisoformat(record.reference_date)
        places |= {each: ListedPlace(place, day) for each, place in fresh.items()}
        used.append(record.run_id)
        counties.add(record.county)
        is_whole = not record.county
    return places, tuple(used)
