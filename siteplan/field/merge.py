"""What comes back from the field, held against the plan and the journal: which rows become events.

Three things are compared for every row, the status that was issued with the form, the
one that stands now and the one reported; only what follows from them without a guess is taken. Everything
else is held with its reason and a key by which a person can take it.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from pyproj import Geod

from siteplan.core.errors import Fault, Severity
from siteplan.field.journal import Event, Place, Point, SiteKeys
from siteplan.field.published import PublishedList
from siteplan.field.records import KeyIndex, SiteRecord, key_text, records_of
from siteplan.field.returns import ReturnRow
from siteplan.field.status import (
    FieldStatus,
    PlaceStatus,
    Relation,
    is_same_point,
    needs_reason,
    relation,
    replay,
)
from siteplan.field.words import stops
from siteplan.inputs.places.datum import in_china, to_wgs84
from siteplan.project.statuses import (
    EXITS,
    MOVED,
    RING_MARGIN_M,
    RING_SHARE,
    KeyKind,
    SiteStatus,
    SourceType,
)
from siteplan.words.catalogue import Key

Verdict = Literal["accepted", "known", "unchanged", "agrees", "behind", "held", "rejected"]
"""What became of a row: taken, taken before, nothing new, said by somebody else, older news, waits for a
person, cannot be taken."""


_GEOD = Geod(ellps="WGS84")


_DATUMS = ("wgs84", "gcj02", "bd09")


_SHIFTED_M = 250.0
"""Distance between two datums from which they can be told apart by the planned places [m]."""


_NEAR_PLAN_M = 30.0
"""A point this near the planned one in another datum was hardly put there by chance [m]."""


_MOST = 0.8
"""Share of a file's points that must fit another datum better."""


_FEW = 3
"""Points from which a file is judged as a whole."""


@dataclass(frozen=True)
class Outcome:
    """What became of one row.

    Attributes
    ----------
    row
        As it was read.
    verdict
        See :data:`Verdict`.
    faults
        Why, and what to look at.
    events
        What it says, as events; in the journal if the verdict is ``accepted``.
    """

    row: ReturnRow
    verdict: Verdict
    faults: tuple[Fault, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def key(self) -> str:
        """Key by which a person takes a row that is held; "" for others."""
        return self.events[0].event_id[:8] if self.verdict == "held" and self.events else ""


@dataclass(frozen=True)
class Merge:
    """Returned files against a journal.

    Attributes
    ----------
    outcomes
        One a row, in the order of files and rows.
    events
        To be added to the journal, in order of time.
    """

    outcomes: tuple[Outcome, ...]
    events: tuple[Event, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by verdict; those that do not occur are left out."""
        found: dict[str, int] = {}
        for each in self.outcomes:
            found[each.verdict] = found.get(each.verdict, 0) + 1
        return found


@dataclass(frozen=True)
class MergeOptions:
    """What the office says of the files: who reports where rows do not say, when they came in, the keys of
    rows that are taken although they were held, the date of the list, which is that of rows without one, and
    whose word counts for more: words of a reporter or a file's name, the first one most.
    """

    recorded_at: str
    reporter: str = ""
    take: Collection[str] = ()
    issued_on: str = ""
    sources: Sequence[str] = ()

    def priority(self, reported_by: str, file: str) -> int:
        """Place of a reporter among the sources, 0 for the one that counts most [int]."""
        names = enumerate(self.sources)
        return next((i for i, each in names if each in reported_by or each in file), len(self.sources))

    def takes(self, event: Event) -> bool:
        """Whether a person takes this event."""
        return any(event.event_id.startswith(key) for key in self.take if len(key) >= 6)


def merge(
    rows: Sequence[ReturnRow], published_list: PublishedList, events: Sequence[Event], options: MergeOptions
) -> Merge:
    """Work out what returned rows mean.

    Returns
    -------
    Merge
        A verdict for every row, and the new events; the same for any order of the files.
    """
    outcomes: dict[int, Outcome] = {}
    drafts: dict[int, _Draft] = {}
    records = records_of(events)
    known = {each.candidate_id: each.place for each in records.values()}
    for number, row in enumerate(rows):
        made = _draft(row, published_list, known, options)
        if isinstance(made, Outcome):
            outcomes[number] = made
        else:
            drafts[number] = made
    suspects = _suspects(drafts)
    for number, fault in [*_odd_dates(drafts, events, options).items(), *_filled_down(drafts).items()]:
        row = drafts[number].row
        drafts[number] = replace(drafts[number], row=replace(row, doubts=(*row.doubts, fault)))
    merger = _Merger(published_list, events, options, records, [draft.row for draft in drafts.values()])
    by_place: dict[str, list[int]] = defaultdict(list)
    for number, draft in drafts.items():
        by_place[draft.row.candidate_id].append(number)
    for candidate_id in sorted(by_place):
        numbers = sorted(
            by_place[candidate_id], key=lambda n: (drafts[n].row.reported_at[:19], _content(drafts[n].row), n)
        )
        outcomes |= merger.one(candidate_id, {n: drafts[n] for n in numbers}, suspects)
    found = tuple(outcomes[number] for number in range(len(rows)))
    new = {event.event_id: event for each in found if each.verdict == "accepted" for event in each.events}
    old = {event.event_id for event in events}
    fresh = (event for key, event in new.items() if key not in old)
    return Merge(found, tuple(sorted(fresh, key=lambda e: e.order)))


@dataclass(frozen=True)
class _Draft:
    """A row of a known place: the status its reporter saw, its point in WGS84 and how far that is from the
    plan.
    """

    row: ReturnRow
    place: Place
    seen: str
    point: Point | None
    away_m: float
    faults: tuple[Fault, ...]


def _draft(
    row: ReturnRow, published_list: PublishedList, known: Mapping[str, Place], options: MergeOptions
) -> _Draft | Outcome:
    """A row that can be weighed, or why it cannot."""
    if row.faults:
        return Outcome(row, "rejected", row.faults)
    if row.row == 0 and row.doubts and not row.status:
        return Outcome(row, "unchanged", row.doubts)
    place = published_list.place_of(row.candidate_id) or known.get(row.candidate_id)
    if place is None:
        problem = "not_listed" if row.candidate_id in published_list.unlisted else "unknown_candidate"
        return Outcome(row, "rejected", (row.fault(problem),))
    row, faults = _completed(row, place, published_list, options)
    if any(fault.severity == "rejected" for fault in faults):
        return Outcome(row, "rejected", tuple(faults))
    seen = row.seen or published_list.published(row.candidate_id)
    point = None
    if row.longitude is not None and row.latitude is not None:
        lon, lat = to_wgs84(row.longitude, row.latitude, row.datum or "wgs84")
        point = (round(float(lon), 6), round(float(lat), 6))
    away = _distance_m(place.point, point) if point else 0.0
    draft = _Draft(row, place, seen, None if point and away <= 1.0 else point, away, tuple(faults))
    is_still = draft.point is None and not row.reason and not row.has_records
    if is_still and not row.is_event and row.status in ("", seen):
        return Outcome(row, "unchanged", draft.faults)
    return draft if row.reported_by else Outcome(row, "rejected", (*draft.faults, row.fault("no_reporter")))


def _completed(
    row: ReturnRow, place: Place, published_list: PublishedList, options: MergeOptions
) -> tuple[ReturnRow, list[Fault]]:
    """A row with what the office says of its file, and what a person should know of it."""
    is_undated = not row.reported_at and bool(row.status or row.longitude is not None or row.has_records)
    row = replace(
        _turned(row, place),
        reported_by=row.reported_by or options.reporter,
        reported_at=row.reported_at or options.issued_on or options.recorded_at[:10],
        run_id=row.run_id or published_list.run_id,
    )
    faults = [
        row.fault("locked_cell", e.column, "warning", issued=e.issued, value=e.found) for e in row.edits
    ]
    if is_undated and row.status != row.seen:
        faults.append(row.fault("date_assumed", "", "note", value=row.reported_at))
    if row.run_id not in published_list.run_ids:
        faults.append(row.fault("other_run", "", "warning", value=row.run_id, found=published_list.run_id))
    if row.candidate_id not in published_list.places:
        faults.append(row.fault("no_longer_listed", "", "warning"))
    if row.latitude is not None and abs(row.latitude) > 90.0:
        faults.append(row.fault("not_coordinate", "", value=f"{row.latitude:g}"))
    return row, faults


_FAR_M = 100_000.0
"""A point this far from its place is not where anybody went [m]."""


def _turned(row: ReturnRow, place: Place) -> ReturnRow:
    """A row whose longitude and latitude stand the other way round, turned and doubted."""
    if row.longitude is None or row.latitude is None or abs(row.longitude) > 90.0:
        return row
    here = (row.longitude, row.latitude)
    away = _distance_m(place.point, here) if abs(row.latitude) <= 90.0 else np.inf
    if away < _FAR_M or _distance_m(place.point, (row.latitude, row.longitude)) >= _FAR_M:
        return row
    value = f"{row.longitude:g}, {row.latitude:g}"
    doubt = row.fault("turned_lonlat", "", value=value)
    return replace(row, longitude=row.latitude, latitude=row.longitude, doubts=(*row.doubts, doubt))


_LATE_DAYS, _EARLY_DAYS, _LONG_DAYS = 60, 365, 400
"""Days after every other date, and before and after the list's own, from which a date looks mistyped."""
_FEWEST_FILLED = 5
"""Places of one county that hardly all go on air at once."""
_GOING_ON = frozenset(
    status.value
    for status in (
        SiteStatus.NEGOTIATING,
        SiteStatus.AGREED,
        SiteStatus.SIGNED,
        SiteStatus.BUILDING,
        SiteStatus.ON_AIR,
    )
)
"""Statuses of a place that is under way."""


def _odd_dates(
    drafts: Mapping[int, _Draft], events: Sequence[Event], options: MergeOptions
) -> dict[int, Fault]:
    """Dates after today, long after every other one, or long before the list was issued."""
    today = _day(options.recorded_at)
    days = {number: _day(draft.row.reported_at) for number, draft in drafts.items()}
    issued = [_day(options.issued_on)] if options.issued_on else []
    known = [*issued, *(_day(event.reported_at) for event in events)]
    past = sorted(each for each in (*known, *days.values()) if each <= today)
    found: dict[int, Fault] = {}
    for number, day in days.items():
        row = drafts[number].row
        others = past[-2:-1] if past[-1:] == [day] else past[-1:]
        if day > today:
            found[number] = row.fault("date_future", "", value=str(day), found=str(today))
        elif others and (day - others[0]).days > _LATE_DAYS:
            found[number] = row.fault("date_late", "", value=str(day), found=str(others[0]))
        elif issued and (issued[0] - day).days > _EARLY_DAYS:
            found[number] = row.fault("date_early", "", value=str(day), found=options.issued_on)
        elif issued and (day - issued[0]).days > _LONG_DAYS:
            found[number] = row.fault("date_long_after", "", value=str(day), found=options.issued_on)
    return found


def _filled_down(drafts: Mapping[int, _Draft]) -> dict[int, Fault]:
    """Rows of a form on which every place of a county goes from proposed to on air on one day."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, draft in drafts.items():
        if not draft.row.is_event:
            groups[draft.row.sha256, draft.place.county_id].append(number)
    found: dict[int, Fault] = {}
    for (_, county_id), numbers in groups.items():
        said = {(drafts[n].seen, drafts[n].row.status, drafts[n].row.reported_at) for n in numbers}
        is_jump = {status[:2] for status in said} == {(SiteStatus.PROPOSED.value, SiteStatus.ON_AIR.value)}
        if len(numbers) >= _FEWEST_FILLED and len(said) == 1 and is_jump:
            rows = {n: drafts[n].row for n in numbers}
            found |= {
                n: row.fault("filled_down", "", count=len(numbers), value=row.sheet or county_id)
                for n, row in rows.items()
            }
    return found


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text[:10])


def _content(row: ReturnRow) -> tuple[str, ...]:
    """What a row says, for an order that does not depend on the order of files."""
    words = (row.reported_by, row.status, row.reason, row.note, row.longitude, row.latitude)
    return tuple(str(each) for each in (*words, row.file, row.row))


def _distance_m(one: Point, other: Point) -> float:
    return float(_GEOD.inv(*one, *other)[2])


def _suspects(drafts: Mapping[int, _Draft]) -> dict[int, Fault]:
    """Points that look as if they were in another datum, file by file."""
    found: dict[int, Fault] = {}
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, draft in drafts.items():
        if draft.row.longitude is not None and _is_chinese(draft):
            groups[draft.row.sha256, draft.row.datum].append(number)
    for numbers in groups.values():
        distances = {datum: np.array([_away(drafts[n], datum) for n in numbers]) for datum in _DATUMS}
        rings = np.array([drafts[n].place.search_radius_m for n in numbers])
        declared = drafts[numbers[0]].row.datum or "wgs84"
        declared = "wgs84" if declared == "cgcs2000" else declared
        other = _better(distances, declared)
        if other is None:
            continue
        mine, theirs = distances[declared], distances[other]
        whole = len(numbers) >= _FEW and _fits_better(mine, theirs)
        single = (mine >= _SHIFTED_M) & ((theirs <= _NEAR_PLAN_M) | ((mine > rings) & (theirs <= rings)))
        for n, is_single in zip(numbers, single, strict=True):
            if whole or is_single:
                found[n] = _suspicion(drafts[n], declared, other, mine, theirs)
    return found


def _is_chinese(draft: _Draft) -> bool:
    at = (np.array([each]) for each in draft.place.point)
    return bool(in_china(*at)[0])


def _away(draft: _Draft, datum: str) -> float:
    lon, lat = to_wgs84(draft.row.longitude or 0.0, draft.row.latitude or 0.0, datum)
    return _distance_m(draft.place.point, (float(lon), float(lat)))


def _better(distances: Mapping[str, np.ndarray], declared: str) -> str | None:
    """The datum in which a file's points lie nearest to the plan, if it is not the declared one."""
    best = min(_DATUMS, key=lambda datum: (float(np.median(distances[datum])), datum != declared))
    return None if best == declared else best


def _fits_better(mine: np.ndarray, theirs: np.ndarray) -> bool:
    far = float(np.median(mine)) >= _SHIFTED_M and float(np.median(theirs)) < 0.5 * float(np.median(mine))
    return far and float(np.mean(theirs < mine)) >= _MOST


def _suspicion(draft: _Draft, declared: str, other: str, mine: np.ndarray, theirs: np.ndarray) -> Fault:
    return draft.row.fault(
        "datum_suspect",
        "",
        "rejected",
        value=declared.upper(),
        found=other.upper(),
        distance=round(float(np.median(mine))),
        nearer=round(float(np.median(theirs))),
        count=len(mine),
    )


_VERDICTS: dict[Relation, tuple[Verdict, str]] = {
    "unchanged": ("unchanged", ""),
    "agrees": ("agrees", ""),
    "behind": ("behind", "older_news"),
    "applies": ("accepted", ""),
    "conflict": ("held", "journal_conflict"),
}


class _Merger:
    """Weighs what is reported of one place after the other."""

    def __init__(
        self,
        published_list: PublishedList,
        events: Sequence[Event],
        options: MergeOptions,
        records: Mapping[str, SiteRecord],
        rows: Sequence[ReturnRow],
    ) -> None:
        self.published_list, self.options = published_list, options
        self.known = {event.event_id for event in events}
        self.of: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            self.of[event.candidate_id].append(event)
        self.undos = [event for event in events if event.kind == "undo"]
        self.keys, self.records = KeyIndex(events), records
        self.claims: dict[tuple[KeyKind, str], set[str]] = defaultdict(set)
        for row in rows:
            for kind, text in row.keys.items():
                self.claims[kind, key_text(text)].add(row.candidate_id)

    def one(
        self, candidate_id: str, drafts: Mapping[int, _Draft], suspects: Mapping[int, Fault]
    ) -> dict[int, Outcome]:
        """Verdicts on all rows of one place, given in order of time."""
        alone = {n: self._alone(draft, suspects.get(n)) for n, draft in drafts.items()}
        clashes, outranked = self._clashes(drafts, alone)
        story = [*self.of[candidate_id], *self.undos]
        outcomes: dict[int, Outcome] = {}
        said: set[str] = set()
        for n, draft in drafts.items():
            events, problem = alone[n]
            if problem is None and n in clashes:
                problem = draft.row.fault("returns_conflict", "", "rejected", **clashes[n])
            if problem is None and n in outranked:
                note = draft.row.fault("outranked", "", "note", **outranked[n])
                outcomes[n] = Outcome(draft.row, "behind", (*draft.faults, note), events)
                continue
            is_taken = problem is not None and bool(events)
            is_taken = is_taken and (draft.row.is_adopted or self.options.takes(events[0]))
            options = (
                (*draft.faults, replace(problem, severity="warning"))
                if problem and is_taken
                else draft.faults
            )
            if problem is not None and not is_taken:
                outcomes[n] = Outcome(
                    draft.row, "held" if events else "rejected", (*options, problem), events
                )
                continue
            outcomes[n] = self._weighed(replace(draft, faults=options), replay(story), said)
            story += outcomes[n].events if outcomes[n].verdict == "accepted" else ()
            said |= {event.event_id for event in outcomes[n].events}
        return outcomes

    def _alone(self, draft: _Draft, suspect: Fault | None) -> tuple[tuple[Event, ...], Fault | None]:
        """What a row says taken by itself, and what speaks against it."""
        row = draft.row
        events = self._events(draft, draft.seen)
        problem = None
        if row.status == MOVED and draft.point is None and row.longitude is None:
            problem = row.fault("moved_nowhere")
            events = ()
        elif draft.point is not None and draft.place.source_type == SourceType.UPGRADE:
            problem, events = row.fault("upgrade_moved"), ()
        elif row.is_hidden:
            problem = row.fault("hidden_row")
        elif row.doubts:
            problem = row.doubts[0]
        elif row.visit is not None and row.visit.date > self.options.recorded_at[:10]:
            today = self.options.recorded_at[:10]
            problem = row.fault("date_future", "", value=row.visit.date, found=today)
        elif other := self._owner_of(row):
            problem = row.fault("key_of_another", "", "rejected", value=other[0], other=other[1])
        elif row.status in _GOING_ON and (stops(row.reason) or stops(row.note)):
            problem = row.fault("reason_against_status", "", value=(row.reason or row.note)[:60])
        elif suspect is not None and draft.point is not None:
            problem = suspect
        elif (
            draft.point is not None
            and draft.away_m > draft.place.search_radius_m * RING_SHARE + RING_MARGIN_M
        ):
            options = {"distance": round(draft.away_m), "ring": round(draft.place.search_radius_m)}
            problem = row.fault("outside_ring", "", "rejected", **options)
        return events, problem

    def _events(self, draft: _Draft, seen: str) -> tuple[Event, ...]:
        """Status and move of a row as events; a status that was seen is none."""
        row = draft.row
        start = Event(
            "status",
            row.candidate_id,
            reason=row.reason,
            note=row.note,
            reported_by=row.reported_by,
            reported_at=row.reported_at,
            run_id=row.run_id,
            source_file=row.file,
            source_sha256=row.sha256,
            source_place=row.place,
            recorded_at=self.options.recorded_at,
            place=draft.place,
        )
        events = []
        if row.status not in ("", MOVED) and row.status != seen:
            events.append(replace(start, before=seen, after=row.status))
        if draft.point is not None:
            events.append(replace(start, kind="moved", point=draft.point))
        return (*events, *self._record_events(draft, start))

    def _record_events(self, draft: _Draft, start: Event) -> list[Event]:
        """What a row says beside its status, as far as it is new: keys, a visit, the difficult site."""
        row, record = draft.row, self.records.get(draft.row.candidate_id)
        start = replace(start, reason="", note="")
        known = dict(record.keys.items()) if record else {}
        fresh = {kind.value: text for kind, text in row.keys.items() if known.get(kind) != text}
        events = [replace(start, kind="keys", keys=SiteKeys(**fresh))] if fresh else []
        visit = row.visit and replace(row.visit, date=row.visit.date or row.reported_at[:10])
        if visit is not None and (record is None or visit not in record.visits):
            events.append(replace(start, kind="visit", visit=visit))
        if row.difficulty is not None and (record is None or row.difficulty != record.difficulty):
            events.append(replace(start, kind="difficulty", difficulty=row.difficulty))
        return events

    def _owner_of(self, row: ReturnRow) -> tuple[str, str] | None:
        """A number of a row that is another site's, and that site; names may be shared."""
        for kind, text in row.keys.items():
            owners = {*self.keys.sites(kind, text), *self.claims[kind, key_text(text)]}
            others = sorted(owners - {row.candidate_id})
            if kind != KeyKind.NAME and others and row.candidate_id not in self.keys.sites(kind, text):
                return text, others[0]
        return None

    def _clashes(
        self,
        drafts: Mapping[int, _Draft],
        alone: Mapping[int, tuple[tuple[Event, ...], Fault | None]],
    ) -> tuple[dict[int, dict[str, object]], dict[int, dict[str, object]]]:
        """Rows of different people that cannot both be true, each with another one's names: those nobody can
        decide between, and those whose source counts for less.
        """
        clashes = _twice_on_a_form(drafts)
        outranked: dict[int, dict[str, object]] = {}
        last: dict[str, dict[str, tuple[int, Event]]] = {"status": {}, "moved": {}}
        for n, draft in drafts.items():
            events, problem = alone[n]
            for event in events:
                if problem is None and event.kind in last and event.event_id not in self.known:
                    last[event.kind][draft.row.reported_by] = (n, event)
        for kind in ("status", "moved"):
            for (n, one), (m, other) in itertools.combinations(last[kind].values(), 2):
                is_taken = self.options.takes(one), self.options.takes(other)
                if not _contradict(one, other) or all(is_taken):
                    continue
                if any(is_taken):  # what a person took stands; the other one waits
                    weak, strong = (m, n) if is_taken[0] else (n, m)
                    clashes.setdefault(weak, _names(drafts[strong].row))
                    continue
                ranks = [self.options.priority(e.reported_by, e.source_file) for e in (one, other)]
                if ranks[0] != ranks[1]:
                    weak, strong = (m, n) if ranks[0] < ranks[1] else (n, m)
                    outranked.setdefault(weak, _names(drafts[strong].row))
                else:
                    clashes.setdefault(n, _names(drafts[m].row))
                    clashes.setdefault(m, _names(drafts[n].row))
        spoilt = {drafts[n].row.reported_by for n in clashes}
        first = {drafts[n].row.reported_by: options for n, options in clashes.items()}
        spoiled = {n: first[d.row.reported_by] for n, d in drafts.items() if d.row.reported_by in spoilt}
        return spoiled, outranked

    def _weighed(self, draft: _Draft, field_status: FieldStatus, said: set[str]) -> Outcome:
        """A row that nothing speaks against, held against what stands."""
        row = draft.row
        state = field_status.states.get(row.candidate_id)
        current = state.status.value if state else self.published_list.published(row.candidate_id)
        is_own = state is not None and state.reported_by == row.reported_by
        seen = current if is_own else draft.seen
        events = self._events(draft, "")
        if events and all(event.event_id in self.known | said for event in events):
            return Outcome(row, "known", draft.faults, events)
        kept, verdicts, faults = [], [], list(draft.faults)
        for event in events:
            verdict, fault = self._judged(event, draft, seen, current, state)
            verdicts.append(verdict)
            faults += [fault] if fault else []
            if event.kind == "status":
                kept.append(replace(event, before=current))
            elif event.kind != "moved":
                kept.append(event)
            else:
                kept.append(replace(event, point_before=state.point if state else None))
        kept = [each for each, verdict in zip(kept, verdicts, strict=True) if verdict == "accepted"]
        first: tuple[Verdict, ...] = ("rejected", "held", "accepted", "behind", "agrees", "unchanged")
        verdict = next((v for v in first if v in verdicts), "unchanged")
        return Outcome(row, verdict, tuple(faults), tuple(kept if verdict == "accepted" else events))

    def _judged(
        self, event: Event, draft: _Draft, seen: str, current: str, state: PlaceStatus | None
    ) -> tuple[Verdict, Fault | None]:
        """One event of a row."""
        row = draft.row
        if event.event_id in self.known:
            return "known", None
        if event.kind in ("keys", "visit", "difficulty"):
            return "accepted", None
        if event.kind == "moved":
            at = (state.point if state else None) or draft.place.point
            return ("agrees" if is_same_point(event.point, at) else "accepted"), None
        found = relation(seen, current, event.after)
        options: dict[str, object] = {"other": state.reported_by if state else ""}
        options |= {"value": Key(f"status_{current}"), "found": Key(f"status_{event.after}")}
        verdict, problem = _VERDICTS[found]
        if found == "conflict" and (row.is_adopted or self.options.takes(event)):
            verdict, problem = "accepted", ""
        if found == "conflict" and (outranks := self._outranks(event, current)) is not None:
            verdict, problem = ("accepted", "") if outranks else ("behind", "outranked")
        reached = state.reached.value if state else current
        if verdict == "accepted" and needs_reason(reached, event.after) and not row.reason:
            is_end = SiteStatus(event.after) in EXITS
            verdict, problem = "rejected", "exit_without_reason" if is_end else "back_without_reason"
        severity: Severity = "note" if verdict == "behind" else "rejected"
        return verdict, row.fault(problem, "", severity, **options) if problem else None

    def _outranks(self, event: Event, current: str) -> bool | None:
        """Whether an event's source counts for more than that of the status that stands; None for as much."""
        past = [e for e in self.of[event.candidate_id] if e.kind == "status" and e.after == current]
        if not past:
            return None
        last = max(past, key=lambda e: e.order)
        ranks = [self.options.priority(e.reported_by, e.source_file) for e in (event, last)]
        return None if ranks[0] == ranks[1] else ranks[0] < ranks[1]


def _twice_on_a_form(drafts: Mapping[int, _Draft]) -> dict[int, dict[str, object]]:
    """Rows of one form that say different things of one place."""
    forms: dict[str, list[int]] = defaultdict(list)
    for n, draft in drafts.items():
        if not draft.row.is_event:
            forms[draft.row.sha256].append(n)
    found: dict[int, dict[str, object]] = {}
    for numbers in forms.values():
        for n, m in itertools.permutations(numbers, 2):
            if _content(drafts[n].row)[:6] != _content(drafts[m].row)[:6]:
                found[n] = _names(drafts[m].row)
    return found


def _contradict(one: Event, other: Event) -> bool:
    if one.kind == "moved":
        return not is_same_point(one.point, other.point)
    return relation(one.before, other.after, one.after) == "conflict" and one.after != other.after


def _names(row: ReturnRow) -> dict[str, object]:
    word = Key(f"status_{row.status or MOVED}")
    return {"other": row.reported_by, "value": word, "where": f"{row.file} {row.place}".strip()}


def undo(events: Iterable[Event], key: str, reporter: str, recorded_at: str) -> Event | None:
    """The event that takes another one back.

    Parameters
    ----------
    events
        The journal.
    key
        Beginning of the id of an event, at least 6 characters; "" for the one recorded last.
    reporter, recorded_at
        Who takes it back, and when.

    Returns
    -------
    Event or None
        None where no event, or more than one, is meant.
    """
    everything = tuple(events)
    gone = {event.after for event in everything if event.kind == "undo"}
    left = [e for e in everything if e.event_id not in gone and (e.kind != "undo" or key)]
    if key:
        meant = [e for e in left if len(key) >= 6 and e.event_id.startswith(key)]
    else:
        meant = sorted(left, key=lambda e: (e.recorded_at, e.reported_at, e.event_id))[-1:]
    if len(meant) != 1:
        return None
    return Event(
        "undo",
        meant[0].candidate_id,
        after=meant[0].event_id,
        reported_by=reporter,
        reported_at=recorded_at,
        recorded_at=recorded_at,
    )
