"""What happened to candidates between two plans: events, one a line of text, and what they add up to.

Nothing is ever changed or taken out; an undo is an event of its own. Lines may stand in
any order and twice, so that two people's journals are merged by putting one under the other; what stands is
the same whatever their order, and two stories that cannot both be true are a conflict, never a guess.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from siteplan.core.errors import SiteplanError
from siteplan.project.statuses import KeyKind, SiteStatus

JOURNAL = "journal.jsonl"
"""File of the project folder."""


SCHEMA = "siteplan-journal/1"


Point = tuple[float, float]
"""Longitude and latitude, WGS84 [deg]."""


SAME_DEG = 1e-5
"""Two points this near each other are one, about 1 m."""


_REPORTED = ("kind", "candidate_id", "after", "point", "reason", "note", "reported_by", "reported_at")
"""What makes a report the same when it comes in twice."""


_LATER = ("keys", "visit", "difficulty")
"""Fields younger than the first journals: they count in a hash only where they are filled, so that old lines
stay what they were."""


def hash_of(value: object) -> str:
    """SHA-256 of a value as JSON [str]."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, config={"extra": "forbid"})
class Place:
    """A candidate as the plan had it when something was reported of it.

    Attributes
    ----------
    key
        What its id was given to: source_type and source.
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
    def source_type(self) -> str:
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


@dataclass(frozen=True, config={"extra": "forbid"})
class SiteKeys:
    """What other offices call a site; "" where they have not said.

    Attributes
    ----------
    order_no, project_no, site_no
        Numbers of the demand order, the project and the site, as texts: zeros in front count.
    tower_name
        Name of the tower company.
    """

    order_no: str = ""
    project_no: str = ""
    site_no: str = ""
    tower_name: str = ""

    def items(self) -> tuple[tuple[KeyKind, str], ...]:
        """Keys that are known."""
        return tuple((kind, text) for kind in KeyKind if (text := getattr(self, kind.value)))


@dataclass(frozen=True, config={"extra": "forbid"})
class Visit:
    """Somebody went there: when (ISO 8601), to whom, and what came of it."""

    date: str
    whom: str = ""
    outcome: str = ""


@dataclass(frozen=True, config={"extra": "forbid"})
class Difficulty:
    """An entry in the file of a difficult site: its kind, the solution tried, this week's progress."""

    obstacle: str = ""
    solution: str = ""
    progress: str = ""


@dataclass(frozen=True, config={"extra": "forbid"})
class Event:
    """Something that happened.

    Attributes
    ----------
    kind
        ``status``, ``moved``, ``keys``, ``visit``, ``difficulty`` or ``undo``.
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
    keys, visit, difficulty
        Of an event of that kind.
    """

    kind: Literal["status", "moved", "keys", "visit", "difficulty", "undo"]
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
    keys: SiteKeys | None = None
    visit: Visit | None = None
    difficulty: Difficulty | None = None

    @cached_property
    def event_id(self) -> str:
        """Hash of what was reported, by whom and when: the same report in two files is one event."""
        later = [asdict(value) for name in _LATER if (value := getattr(self, name)) is not None]
        return hash_of([getattr(self, name) for name in _REPORTED] + later)[:16]

    @cached_property
    def check(self) -> str:
        """Hash of everything, so that a line changed by hand is found."""
        filled = asdict(self)
        return hash_of({k: v for k, v in filled.items() if k not in _LATER or v is not None})[:16]

    @property
    def order(self) -> tuple[str, str, str]:
        """Where it stands in time: wall clock of the reporter, then of the office, then its id."""
        return self.reported_at[:19], self.recorded_at, self.event_id


_EVENT = TypeAdapter(Event)


def event_schema() -> dict[str, Any]:
    """JSON Schema of an event, without the head of its line [dict]."""
    return _EVENT.json_schema()


def line_of(event: Event) -> str:
    """An event as one line of JSON.

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

    Raises
    ------
    SiteplanError
        If a line is no event, or was changed by hand: with its number and what to do.
    """
    found: dict[str, Event] = {}
    for number, line in enumerate(lines, start=1):
        event = _event_of(line, name, number)
        found.setdefault(event.event_id, event)
    return tuple(found.values())


def _event_of(line: str, name: str, number: int) -> Event:
    try:
        data: dict[str, Any] = json.loads(line)
        schema, given = data.pop("schema"), (data.pop("event"), data.pop("check"))
        if schema != SCHEMA:
            raise ValueError(f"schema {schema!r}")
        event = _EVENT.validate_python(data)
        if event.kind == "status":
            SiteStatus(event.before), SiteStatus(event.after)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SiteplanError("journal_no_event", file=name, row=number, detail=str(error)) from error
    if (event.event_id, event.check) != given:
        raise SiteplanError("journal_changed", file=name, row=number)
    return event
