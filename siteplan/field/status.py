"""What the journal adds up to: the status of every place, whatever the order of the lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from siteplan.core.errors import SiteplanError
from siteplan.field.journal import JOURNAL, SAME_DEG, Event, Place, Point, hash_of
from siteplan.project.statuses import CHAIN, EXITS, SiteStatus

Relation = Literal["unchanged", "agrees", "applies", "behind", "conflict"]


@dataclass(frozen=True)
class PlaceStatus:
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
    resumes
        Of a paused place: the status it had, which is where it goes on.
    """

    candidate_id: str
    place: Place
    status: SiteStatus = SiteStatus.PROPOSED
    reason: str = ""
    since: str = ""
    reported_by: str = ""
    point: Point | None = None
    resumes: SiteStatus | None = None

    @property
    def reached(self) -> SiteStatus:
        """How far the work had come: a pause leaves that as it was."""
        return self.resumes or self.status

    @property
    def content(self) -> dict[str, object]:
        """Its fields; what old journals do not have is left out, so that their hash stays."""
        return {name: value for name, value in asdict(self).items() if name != "resumes" or value}


@dataclass(frozen=True)
class FieldStatus:
    """What a journal adds up to.

    Attributes
    ----------
    states
        By candidate id, in its order.
    conflicts
        Pairs of events that cannot both be true; neither counts until one is undone.
    """

    states: Mapping[str, PlaceStatus] = field(default_factory=dict)
    conflicts: tuple[tuple[Event, Event], ...] = ()

    def with_status(self, *statuses: SiteStatus) -> tuple[PlaceStatus, ...]:
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
        return hash_of([state.content for state in self.states.values()])


def relation(seen: str, current: str, new: str) -> Relation:
    """What a reported status means for the one that stands, given the one the reporter saw.

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
    return _parted(SiteStatus(seen), SiteStatus(current), SiteStatus(new))


def _parted(seen: SiteStatus, current: SiteStatus, new: SiteStatus) -> Relation:
    """What a report means where the site has gone on since its reporter saw it."""
    if {current, new} & EXITS:
        return "conflict"
    if new == SiteStatus.PAUSED:
        is_open = current != SiteStatus.ON_AIR and rank_of(current) > rank_of(seen)
        return "applies" if is_open else "conflict"
    if SiteStatus.PAUSED in (seen, current):
        return "conflict"
    if rank_of(new) > rank_of(current):
        return "applies"
    return "behind" if seen not in EXITS and rank_of(new) >= rank_of(seen) else "conflict"


def rank_of(status: str) -> int:
    """Place of a status in the order of the work; exits stand before its beginning [int]."""
    return CHAIN.index(SiteStatus(status)) if SiteStatus(status) in CHAIN else -1


def needs_reason(current: str, new: str) -> bool:
    """Whether a step must be explained: an end, or a step back [bool].

    Examples
    --------
    >>> needs_reason("SIGNED", "REFUSED"), needs_reason("REFUSED", "NEGOTIATING")
    (True, True)
    >>> needs_reason("PROPOSED", "SIGNED"), needs_reason("SIGNED", "AGREED")
    (False, True)
    """
    if new in (current, SiteStatus.PAUSED):
        return False
    return SiteStatus(new) in EXITS or SiteStatus(current) in EXITS or rank_of(new) < rank_of(current)


def is_same_point(one: Point | None, other: Point | None) -> bool:
    """Whether two points are one, to about a metre [bool]."""
    if one is None or other is None:
        return one is other
    return all(abs(a - b) <= SAME_DEG for a, b in zip(one, other, strict=True))


def replay(events: Iterable[Event]) -> FieldStatus:
    """Add up a journal.

    Parameters
    ----------
    events
        In any order; an event may be there twice.
    """
    left = [event for event in standing(events) if event.kind in ("status", "moved")]
    states: dict[str, PlaceStatus] = {}
    conflicts: list[tuple[Event, Event]] = []
    for candidate_id in sorted({event.candidate_id for event in left}):
        mine = [event for event in left if event.candidate_id == candidate_id]
        states[candidate_id] = _folded(candidate_id, mine, conflicts)
    return FieldStatus(states, tuple(conflicts))


def standing(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events that count, once each and in order of time: neither undos nor what they took back."""
    once = {event.event_id: event for event in sorted(events, key=lambda e: e.order, reverse=True)}
    undone = _undone(once)
    left = (e for i, e in once.items() if i not in undone and e.kind != "undo")
    return tuple(sorted(left, key=lambda e: e.order))


def _undone(events: Mapping[str, Event]) -> set[str]:
    """Events without effect; an undo that is undone itself has none."""
    undone: set[str] = set()
    undos = (event for event in events.values() if event.kind == "undo")
    for event in sorted(undos, key=lambda e: (e.recorded_at, e.event_id), reverse=True):
        if event.event_id not in undone:
            undone.add(event.after)
    return undone


def _folded(candidate_id: str, events: Sequence[Event], conflicts: list[tuple[Event, Event]]) -> PlaceStatus:
    """One candidate's story; at a fork it stands where both stories still agree."""
    first = events[0]
    if first.place is None:
        raise SiteplanError("journal_no_place", file=JOURNAL, event=first.event_id)
    state = PlaceStatus(candidate_id, first.place)
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


def _fork(state: PlaceStatus, event: Event) -> Relation:
    if event.kind == "status":
        return relation(event.before, state.status.value, event.after)
    if is_same_point(event.point, state.point):
        return "agrees"
    return "applies" if is_same_point(event.point_before, state.point) else "conflict"


def _applied(state: PlaceStatus, event: Event) -> PlaceStatus:
    if event.kind == "moved":
        return replace(state, point=event.point, since=max(state.since, event.reported_at[:10]))
    status = SiteStatus(event.after)
    return replace(
        state,
        status=status,
        resumes=state.reached if status == SiteStatus.PAUSED else None,
        reason=event.reason,
        since=event.reported_at[:10],
        reported_by=event.reported_by,
    )


def _back(state: PlaceStatus, event: Event, passed: Sequence[str]) -> PlaceStatus:
    """The state before two stories parted."""
    if event.kind == "moved":
        return replace(state, point=event.point_before)
    known = SiteStatus(event.before if event.before in passed else SiteStatus.PROPOSED.value)
    earlier = [each for each in passed if each != SiteStatus.PAUSED.value]
    resumes = SiteStatus(earlier[-1]) if known == SiteStatus.PAUSED else None
    return replace(state, status=known, reason="", reported_by="", resumes=resumes)
