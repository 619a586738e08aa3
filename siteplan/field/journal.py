"""What happened to candidates between two plans: events, one a line of text, and what they add up to.

One decision to know: nothing is ever changed or taken out; an undo is an event of its own. Lines may stand in
any order and twice, so that two people's journals are merged by putting one under the other; what stands is
the same whatever their order, and two stories that cannot both be true are a conflict, never a guess.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from siteplan.core.errors import SiteplanError
from siteplan.project.columns import CHAIN, EXITS, Returned

JOURNAL = "journal.jsonl"
"""File of the project folder."""
SCHEMA = "siteplan-journal/1"
Relation = Literal["unchanged", "agrees", "applies", "behind", "conflict"]
Point = tuple[float, float]
"""Longitude and latitude, WGS84 [deg]."""
_SAME_DEG = 1e-5
"""Two points this near each other are one, about 1 m."""
_REPORTED = ("kind", "candidate_id", "after", "point", "reason", "note", "reported_by", "reported_at")
"""What makes a report the same when it comes in twice."""


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Place:
    """A candidate as the plan had it when something was reported of it.

    Attributes
    ----------
    key
        What its id was given to: rung and source.
    county_id, name
        Where and what it is.
    bands
        Band ids to be built.
    stations
        In the quota's unit.
    longitude, latitude
        In the plan, WGS84 [deg].
    search_radius_m
        How far it may move [m].
    antenna_height_m
        Above ground [m].
    """

    key: str
    county_id: str
    name: str
    bands: tuple[str, ...]
    stations: int
    longitude: float
    latitude: float
    search_radius_m: float
    antenna_height_m: float

    @property
    def rung(self) -> str:
        """Step of the ladder."""
        return self.key.partition(":")[0]

    @property
    def source(self) -> str:
        """What the key names on that step: the site of an upgrade, a row of a table, a pixel."""
        return self.key.partition(":")[2]

    @property
    def point(self) -> Point:
        """Where it stands in the plan."""
        return self.longitude, self.latitude


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes
    ----------
    kind
        ``status``, ``moved`` or ``undo``.
    candidate_id
        Of the place.
    before, after
        Status the reporter saw, and the new one; "" for moves; ``after`` of an undo is the event undone.
    point_before, point
        Of a move.
    reason, note, reported_by, reported_at
        As reported; ISO 8601.
    run_id
        Plan the report is about.
    source_file, source_sha256, source_place
        Where it was reported: file, its hash, sheet and row.
    recorded_at
        When it was taken in; ISO 8601.
    place
        The place in the plan; None for an undo.
    """

    kind: Literal["status", "moved", "undo"]
    candidate_id: str
    before: str = ""
    after: str = ""
    point_before: Point | None = None
    point: Point | None = None
    reason: str = ""
    note: str = ""
    reported_by: str = ""
    reported_at: str = ""
    run_id: str = ""
    source_file: str = ""
    source_sha256: str = ""
    source_place: str = ""
    recorded_at: str = ""
    place: Place | None = None

    @cached_property
    def event_id(self) -> str:
        """Hash of what was reported, by whom and when: the same report in two files is one event."""
        return _hash([getattr(self, name) for name in _REPORTED])[:16]

    @cached_property
    def check(self) -> str:
        """Hash of everything, so that a line changed by hand is found."""
        return _hash(asdict(self))[:16]

    @property
    def order(self) -> tuple[str, str, str]:
        """Where it stands in time: wall clock of the reporter, then of the office, then its id."""
        return self.reported_at[:19], self.recorded_at, self.event_id


@dataclass(frozen=True)
class State:
    """What is known of one candidate.

    Attributes
    ----------
    candidate_id
        Of the place.
    place
        As its latest event had it.
    status
        Where the work stands.
    reason, since, reported_by
        Of the event that led there; ``since`` is a date.
    point
        Where it was moved to, or None.
    """

    candidate_id: str
    place: Place
    status: Returned = Returned.PROPOSED
    reason: str = ""
    since: str = ""
    reported_by: str = ""
    point: Point | None = None


@dataclass(frozen=True)
class Standing:
    """What a journal adds up to.

    Attributes
    ----------
    states
        By candidate id, in its order.
    conflicts
        Pairs of events that cannot both be true; neither counts until one is undone.
    """

    states: Mapping[str, State] = field(default_factory=dict)
    conflicts: tuple[tuple[Event, Event], ...] = ()

    def with_status(self, *statuses: Returned) -> tuple[State, ...]:
        """States with one of these statuses, by candidate id."""
        return tuple(state for state in self.states.values() if state.status in statuses)

    @property
    def latest(self) -> str:
        """Date of the last report, "" for none."""
        return max((state.since for state in self.states.values()), default="")

    @property
    def digest(self) -> str:
        """Hash of what stands; "" when nothing does."""
        if not self.states:
            return ""
        return _hash([asdict(state) for state in self.states.values()])


def relation(seen: str, current: str, new: str) -> Relation:
    """What a reported status means for the one that stands, given the one the reporter saw.

    Parameters
    ----------
    seen, current, new
        Statuses.

    Returns
    -------
    str
        ``unchanged`` (nothing new was reported), ``agrees`` (it stands already), ``applies``, ``behind``
        (older news of the same road) or ``conflict``.

    Examples
    --------
    >>> relation("PROPOSED", "PROPOSED", "REFUSED"), relation("PROPOSED", "SIGNED", "NEGOTIATING")
    ('applies', 'behind')
    >>> relation("PROPOSED", "SIGNED", "REFUSED")
    'conflict'
    """
    if new == seen:
        return "unchanged"
    if new == current:
        return "agrees"
    if current == seen:
        return "applies"
    if {Returned(current), Returned(new)} & EXITS:
        return "conflict"
    if rank_of(new) > rank_of(current):
        return "applies"
    return "behind" if Returned(seen) not in EXITS and rank_of(new) >= rank_of(seen) else "conflict"


def rank_of(status: str) -> int:
    """Place of a status in the order of the work; exits stand before its beginning [int]."""
    return CHAIN.index(Returned(status)) if Returned(status) in CHAIN else -1


def needs_reason(current: str, new: str) -> bool:
    """Whether a step must be explained: an end, or a step back [bool].

    Examples
    --------
    >>> needs_reason("SIGNED", "REFUSED"), needs_reason("REFUSED", "NEGOTIATING")
    (True, True)
    >>> needs_reason("PROPOSED", "SIGNED"), needs_reason("SIGNED", "AGREED")
    (False, True)
    """
    if new == current:
        return False
    return Returned(new) in EXITS or Returned(current) in EXITS or rank_of(new) < rank_of(current)


def is_same_point(one: Point | None, other: Point | None) -> bool:
    """Whether two points are one, to about a metre [bool]."""
    if one is None or other is None:
        return one is other
    return all(abs(a - b) <= _SAME_DEG for a, b in zip(one, other, strict=True))


def standing_of(events: Iterable[Event]) -> Standing:
    """Add up a journal.

    Parameters
    ----------
    events
        In any order; an event may be there twice.

    Returns
    -------
    Standing
        The same for any order.
    """
    once = {event.event_id: event for event in sorted(events, key=lambda e: e.order, reverse=True)}
    undone = _undone(once)
    left = sorted((e for i, e in once.items() if i not in undone and e.kind != "undo"), key=lambda e: e.order)
    states: dict[str, State] = {}
    conflicts: list[tuple[Event, Event]] = []
    for candidate_id in sorted({event.candidate_id for event in left}):
        mine = [event for event in left if event.candidate_id == candidate_id]
        states[candidate_id] = _folded(candidate_id, mine, conflicts)
    return Standing(states, tuple(conflicts))


def _undone(events: Mapping[str, Event]) -> set[str]:
    """Events without effect; an undo that is undone itself has none."""
    undone: set[str] = set()
    undos = (event for event in events.values() if event.kind == "undo")
    for event in sorted(undos, key=lambda e: (e.recorded_at, e.event_id), reverse=True):
        if event.event_id not in undone:
            undone.add(event.after)
    return undone


def _folded(candidate_id: str, events: Sequence[Event], conflicts: list[tuple[Event, Event]]) -> State:
    """One candidate's story; at a fork it stands where both stories still agree."""
    first = events[0]
    if first.place is None:
        raise SiteplanError(f"{JOURNAL}: {first.event_id}: place")
    state = State(candidate_id, first.place)
    passed: list[str] = [state.status.value]
    last: dict[str, Event] = {}
    for event in events:
        state = replace(state, place=event.place or state.place)
        kind = _fork(state, event)
        if kind == "conflict":
            conflicts.append((last.get(event.kind, first), event))
            state = _back(state, event, passed)
        elif kind == "applies":
            last[event.kind] = event
            state = _applied(state, event)
            passed.append(state.status.value)
    return state


def _fork(state: State, event: Event) -> Relation:
    if event.kind == "status":
        return relation(event.before, state.status.value, event.after)
    if is_same_point(event.point, state.point):
        return "agrees"
    return "applies" if is_same_point(event.point_before, state.point) else "conflict"


def _applied(state: State, event: Event) -> State:
    if event.kind == "moved":
        return replace(state, point=event.point, since=max(state.since, event.reported_at[:10]))
    return replace(
        state, status=Returned(event.after), reason=event.reason, since=event.reported_at[:10],
        reported_by=event.reported_by,
    )  # fmt: skip


def _back(state: State, event: Event, passed: Sequence[str]) -> State:
    """The state before two stories parted."""
    if event.kind == "moved":
        return replace(state, point=event.point_before)
    known = event.before if event.before in passed else Returned.PROPOSED.value
    return replace(state, status=Returned(known), reason="", reported_by="")


# --- lines -------------------------------------------------------------------------------------------


def line_of(event: Event) -> str:
    """An event as one line of JSON.

    Parameters
    ----------
    event
        The event.

    Returns
    -------
    str
        With its id; no line end inside.
    """
    head = {"schema": SCHEMA, "event": event.event_id, "check": event.check}
    filled = {name: value for name, value in asdict(event).items() if value not in ("", None)}
    return json.dumps({**head, **filled}, ensure_ascii=False)


def events_of(lines: Sequence[str], name: str = JOURNAL) -> tuple[Event, ...]:
    """Events of a journal.

    Parameters
    ----------
    lines
        As :func:`line_of` wrote them.
    name
        File name for messages.

    Returns
    -------
    tuple of Event
        In the file's order, each once.

    Raises
    ------
    SiteplanError
        If a line is no event, or was changed by hand: with its number and what to do.
    """
    found: dict[str, Event] = {}
    for number, line in enumerate(lines, start=1):
        event = _event_of(line, f"{name} · 行 / line {number}")
        found.setdefault(event.event_id, event)
    return tuple(found.values())


def _event_of(line: str, where: str) -> Event:
    try:
        data: dict[str, Any] = json.loads(line)
        schema, given = data.pop("schema"), (data.pop("event"), data.pop("check"))
        if schema != SCHEMA:
            raise ValueError(f"schema {schema!r}")
        place = data.pop("place", None)
        known = None if place is None else Place(**{**place, "bands": tuple(place["bands"])})
        data |= {name: tuple(data[name]) for name in ("point", "point_before") if name in data}
        event = Event(**data, place=known)
        if event.kind == "status":
            Returned(event.before), Returned(event.after)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SiteplanError(
            f"{where}: 不是日志事件（{error}）；请从备份恢复该行，或整行删除 / "
            f"no event of the journal ({error}); restore the line from a backup, or delete it as a whole"
        ) from error
    if (event.event_id, event.check) != given:
        raise SiteplanError(
            f"{where}: 内容被改动过，与校验值不符；请从备份恢复该行，撤销请用 siteplan undo / "
            "its content was changed and no longer fits its check value; restore the line from a backup, and "
            "use siteplan undo to take an event back"
        )
    return event
