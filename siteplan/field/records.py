"""One record a site, from the first report to completion: what the journal says of it beside its status.

Numbers of other offices that came later, visits, the file of a difficult site, and when each step was really
reached. A record never decides anything: statuses are folded in :mod:`siteplan.field.status`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyproj import Geod

from siteplan.field.journal import Difficulty, Event, Place, Point, SiteKeys, Visit
from siteplan.field.status import FieldStatus, PlaceStatus, replay, standing
from siteplan.inputs.files.headers import normalise
from siteplan.project.statuses import KeyKind, SiteStatus

_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class SiteRecord:
    """What is known of one site.

    Attributes
    ----------
    candidate_id, place
        As the plan had it.
    state
        Where the work stands; None where nobody reported a status or a move.
    keys
        What other offices call it now.
    former_keys
        What they called it before, oldest first: a project that was cancelled and set up again.
    visits, difficulties
        In order of time; of a difficulty with the day it was reported.
    reached
        Day a status was first reached since the site last began anew, by status; ISO 8601.
    history
        Every change of status in order of time: day, before, after, reason, who.
    """

    candidate_id: str
    place: Place
    state: PlaceStatus | None = None
    keys: SiteKeys = field(default_factory=SiteKeys)
    former_keys: tuple[tuple[KeyKind, str], ...] = ()
    visits: tuple[Visit, ...] = ()
    difficulties: tuple[tuple[str, Difficulty], ...] = ()
    reached: Mapping[SiteStatus, str] = field(default_factory=dict)
    history: tuple[tuple[str, str, str, str, str], ...] = ()

    @property
    def status(self) -> SiteStatus:
        """Where the work stands."""
        return self.state.status if self.state else SiteStatus.PROPOSED

    @property
    def site_point(self) -> Point | None:
        """Where it really stands, WGS84 [deg]; None while that is the planned point."""
        return self.state.point if self.state else None

    @property
    def deviation_m(self) -> float | None:
        """How far it stands from where it was wanted [m]; None while it was not moved."""
        if self.site_point is None:
            return None
        return float(_GEOD.inv(*self.place.point, *self.site_point)[2])

    @property
    def difficulty(self) -> Difficulty | None:
        """Latest entry of its file as a difficult site: what a later one leaves open stands."""
        if not self.difficulties:
            return None
        entries = [entry for _, entry in self.difficulties]

        def latest(name: str) -> str:
            return next((text for each in reversed(entries) if (text := str(getattr(each, name)))), "")

        return Difficulty(latest("obstacle"), latest("solution"), latest("progress"))


def records_of(events: Iterable[Event], places: Mapping[str, Place] | None = None) -> dict[str, SiteRecord]:
    """One record a site.

    Parameters
    ----------
    events
        The journal, in any order.
    places
        Places of the list that is out, by candidate id: they have a record before anything is reported.

    Returns
    -------
    dict
        By candidate id, in its order.
    """
    events = tuple(events)
    status = replay(events)
    by_place: dict[str, list[Event]] = defaultdict(list)
    for event in standing(events):
        by_place[event.candidate_id].append(event)
    known = dict(places or {})
    for candidate_id, own in by_place.items():
        if latest := [event.place for event in own if event.place is not None]:
            known.setdefault(candidate_id, latest[-1])
    return {
        candidate_id: _record(candidate_id, known[candidate_id], by_place.get(candidate_id, ()), status)
        for candidate_id in sorted(known)
    }


def _record(candidate_id: str, place: Place, events: Sequence[Event], status: FieldStatus) -> SiteRecord:
    """One site from its events, in order of time."""
    keys, former = _keys(events)
    return SiteRecord(
        candidate_id,
        place,
        status.states.get(candidate_id),
        keys,
        former,
        tuple(dict.fromkeys(event.visit for event in events if event.visit is not None)),
        tuple((event.reported_at[:10], event.difficulty) for event in events if event.difficulty is not None),
        _reached(events),
        tuple(
            (event.reported_at[:10], event.before, event.after, event.reason, event.reported_by)
            for event in events
            if event.kind == "status"
        ),
    )


def _keys(events: Sequence[Event]) -> tuple[SiteKeys, tuple[tuple[KeyKind, str], ...]]:
    """Keys that stand, and those that stood before them."""
    now: dict[KeyKind, str] = {}
    former: list[tuple[KeyKind, str]] = []
    for event in events:
        for kind, text in event.keys.items() if event.keys else ():
            if kind in now and now[kind] != text:
                former.append((kind, now[kind]))
            now[kind] = text
    return SiteKeys(**{kind.value: text for kind, text in now.items()}), tuple(former)


def _reached(events: Sequence[Event]) -> dict[SiteStatus, str]:
    """Day each status was first reached; going back a step takes the later ones away."""
    days: dict[SiteStatus, str] = {}
    order = list(SiteStatus)
    for event in events:
        if event.kind != "status":
            continue
        status = SiteStatus(event.after)
        if status != SiteStatus.PAUSED:
            days = {each: day for each, day in days.items() if order.index(each) <= order.index(status)}
            days.setdefault(status, event.reported_at[:10])
        else:
            days[status] = event.reported_at[:10]
    return days


def key_text(text: str) -> str:
    """A key as it is compared: signs and case do not count, zeros in front and every other letter do."""
    return normalise(text)


class KeyIndex:
    """Sites by any key another office uses for them."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._sites: dict[tuple[KeyKind, str], set[str]] = defaultdict(set)
        for event in standing(events):
            for kind, text in event.keys.items() if event.keys else ():
                self._sites[kind, key_text(text)].add(event.candidate_id)

    def sites(self, kind: KeyKind, text: str) -> tuple[str, ...]:
        """Candidate ids with a key, in their order; more than one for a name two sites share [tuple]."""
        return tuple(sorted(self._sites.get((kind, key_text(text)), ())))

    def site_of(self, keys: SiteKeys) -> tuple[str, ...]:
        """Candidate ids that any number of these keys names; a name counts only where no number is known."""
        numbers = {
            site for kind, text in keys.items() if kind != KeyKind.NAME for site in self.sites(kind, text)
        }
        return tuple(sorted(numbers)) or self.sites(KeyKind.NAME, keys.tower_name)
