"""When what has to be done: from the deadline backwards, and forwards from where every place stands.

Backwards gives the latest day of every step and what must be on air at the end of a month; forwards gives
what can still be on air if nothing more is lost. Where the second falls below the first the task can no
longer be met, and what would help is computed, not guessed. Planned days never become real ones: what was
reached comes from the journal alone.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from siteplan.field.records import SiteRecord
from siteplan.planning.workdays import WorkCalendar, month_ends
from siteplan.project.statuses import CHAIN, EXITS, SiteStatus, SourceType
from siteplan.project.year import LeadTimes, ScheduleRules

Light = Literal["done", "green", "amber", "red"]
STEPS: tuple[tuple[str, SiteStatus], ...] = (
    ("contact", SiteStatus.NEGOTIATING),
    ("consent", SiteStatus.AGREED),
    ("contract", SiteStatus.SIGNED),
    ("entry", SiteStatus.BUILDING),
    ("completion", SiteStatus.ON_AIR),
)
"""Steps of the work, each with the status it ends in."""
_NO_LIMIT = 10_000_000
"""Stations a month that stand for no limit."""


@dataclass(frozen=True)
class Reason:
    """Why a light is what it is: a key of the catalogue and its values."""

    key: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class SiteSchedule:
    """One place between the day and the deadline.

    Attributes
    ----------
    record
        What the journal says of it.
    latest
        Last day on which each status still to come may be reached, counted back from ``due``.
    expected
        First day on which each of them can be reached, counted from what was reached.
    due
        End of the month in which it must be on air, so that no month has more than the county can build.
    slack_days
        Working days from the expected completion to the deadline; negative when it can no longer be met.
    overdue_days
        Working days by which the running step is late; 0 when it is not.
    light, reason
        Red, amber or green, and why.
    """

    record: SiteRecord
    latest: Mapping[SiteStatus, dt.date]
    expected: Mapping[SiteStatus, dt.date]
    due: dt.date
    slack_days: int
    overdue_days: int
    light: Light
    reason: Reason

    @property
    def next_status(self) -> SiteStatus | None:
        """The status that comes next; None when it is on air."""
        return next(iter(self.latest), None)

    @property
    def on_air(self) -> dt.date:
        """Expected completion; of a place on air the day it was."""
        return self.expected.get(SiteStatus.ON_AIR, self.due)


@dataclass(frozen=True)
class CountyMonths:
    """One county, or one network of it, month by month: cumulated from the year's first day [stations].

    Attributes
    ----------
    county_id, network
        Whose; "" for all.
    ends
        Last days of the months.
    quota
        Of the year.
    actual
        On air at the end of the months that are over.
    required
        What must be on air at the end of a month, at the latest.
    possible
        What can be on air if nothing more is lost.
    """

    county_id: str
    network: str
    ends: tuple[dt.date, ...]
    quota: int
    actual: tuple[int, ...]
    required: tuple[int, ...]
    possible: tuple[int, ...]


@dataclass(frozen=True)
class Shortfall:
    """A task that can no longer be met as things stand.

    Attributes
    ----------
    county_id
        Whose.
    stations
        How many are missing at the deadline.
    month
        End of the month from which what is possible falls below what is required.
    unlisted, late, crowded
        Of them: no place on the list; places that cannot be finished any more; beyond the county's capacity.
    capacity
        Stations a month with which the crowded ones would be built; None where that does not help.
    start_by
        Last day to put as many upgrades of standing masts on the list; None when it has passed.
    has_list
        Whether any place of the county is on a list or in the journal.
    """

    county_id: str
    stations: int
    month: dt.date
    unlisted: int
    late: int
    crowded: int
    capacity: int | None
    start_by: dt.date | None
    has_list: bool


@dataclass(frozen=True)
class CountyTask:
    """What one county has to do.

    Attributes
    ----------
    county_id
        Whose.
    quota, built
        Of the year [stations].
    capacity
        Stations a month; None for no limit.
    capacity_origin
        ``declared``, ``observed`` or ``none``.
    """

    county_id: str
    quota: int
    built: int
    capacity: int | None
    capacity_origin: str

    @property
    def remaining(self) -> int:
        """Stations still to be built."""
        return max(0, self.quota - self.built)


@dataclass(frozen=True)
class Schedule:
    """A year's task from a day to its deadline.

    Attributes
    ----------
    day, deadline
        From when, until when.
    calendar
        Working days; its ``unpublished`` years count weekdays.
    tasks
        By county, in its order.
    sites
        Places of the lists that are out, the reddest first.
    months
        By county: first the county as a whole, then its networks.
    shortfalls
        Counties whose task can no longer be met.
    """

    day: dt.date
    deadline: dt.date
    calendar: WorkCalendar
    tasks: tuple[CountyTask, ...]
    sites: tuple[SiteSchedule, ...]
    months: tuple[CountyMonths, ...]
    shortfalls: tuple[Shortfall, ...]

    @property
    def assumed_years(self) -> tuple[int, ...]:
        """Years this reaches into whose calendar is not published."""
        last = max([self.deadline, *(site.on_air for site in self.sites)]).year
        return tuple(year for year in self.calendar.unpublished if self.day.year <= year <= last)

    @property
    def whole(self) -> CountyMonths:
        """All counties together, month by month."""
        own = [each for each in self.months if not each.network]
        sums = (
            tuple(sum(values) for values in zip(*(getattr(each, name) for each in own), strict=True))
            for name in ("actual", "required", "possible")
        )
        ends = own[0].ends if own else ()
        return CountyMonths("", "", ends, sum(each.quota for each in own), *sums)

    @property
    def lights(self) -> dict[str, int]:
        """Places by light."""
        counts = Counter(site.light for site in self.sites)
        return {light: counts[light] for light in ("red", "amber", "green", "done") if counts[light]}


def schedule(
    records: Iterable[SiteRecord],
    tasks: Sequence[CountyTask],
    rules: ScheduleRules,
    calendar: WorkCalendar,
    *,
    day: dt.date,
    deadline: dt.date,
    issued: Mapping[str, dt.date],
    on_air: Mapping[str, Mapping[str, Sequence[dt.date]]],
    networks: Mapping[str, Mapping[str, int]],
) -> Schedule:
    """Lay a year's task out in time.

    Parameters
    ----------
    records
        Places of the lists that are out and of the journal; those that came to nothing are left out.
    tasks
        What every county has to do.
    rules
        Lead times, and from when a place is amber.
    calendar
        Working days; its span holds a year more than the deadline.
    day, deadline
        From when, until when.
    issued
        Day a place came onto a list, by candidate id; ``day`` where it is not known.
    on_air
        Days on which stations came on air this year, by county id and network; "" for all networks.
    networks
        Stations of each place by candidate id and network.

    Returns
    -------
    Schedule
        With a light for every place and what can no longer be met.
    """
    open_sites = [each for each in records if each.status not in EXITS]
    sites: list[SiteSchedule] = []
    months, shortfalls = [], []
    for task in tasks:
        own = [
            _forward(each, rules, calendar, day, issued.get(each.candidate_id, day))
            for each in open_sites
            if task.county_id in ("", each.place.county_id)
        ]
        unlisted = _unlisted(own, task, day, deadline)
        own = _due(own, task, day, deadline, unlisted)
        own = [_lit(_backward(site, rules, calendar), rules, calendar, day, deadline) for site in own]
        sites += own
        counted = _months(own, task, day, deadline, on_air.get(task.county_id, {}), networks, unlisted)
        months += counted
        if short := _shortfall(own, task, counted[0], rules, calendar, day, deadline):
            shortfalls.append(short)
    order = {"red": 0, "amber": 1, "green": 2, "done": 3}
    ranked = sorted(sites, key=lambda s: (order[s.light], s.slack_days, s.record.candidate_id))
    return Schedule(day, deadline, calendar, tuple(tasks), tuple(ranked), tuple(months), tuple(shortfalls))


def _started(record: SiteRecord, issued: dt.date) -> tuple[SiteStatus, dt.date]:
    """How far a place has come and when it got there; a pause changes neither."""
    reached = record.state.reached if record.state else SiteStatus.PROPOSED
    text = record.reached.get(reached, "")
    return reached, dt.date.fromisoformat(text) if text else issued


def _forward(
    record: SiteRecord, rules: ScheduleRules, calendar: WorkCalendar, day: dt.date, issued: dt.date
) -> SiteSchedule:
    """Days on which what is still to come can be reached; a step that is late is done today at the best."""
    lead = rules.lead_time(record.place.source_type)
    reached, since = _started(record, issued)
    expected: dict[SiteStatus, dt.date] = {}
    overdue, at = 0, since
    for step, status in STEPS[CHAIN.index(reached) :]:
        end = _end_of(step, lead, calendar, at)
        if not expected and end < day:
            overdue = calendar.between(end, day)
        at = expected[status] = max(end, day)
    return SiteSchedule(record, {}, expected, since, 0, overdue, "done", Reason("light_done", {}))


def _end_of(step: str, lead: LeadTimes, calendar: WorkCalendar, start: dt.date) -> dt.date:
    """When a step ends; concrete hardens on holidays too, and nothing goes up before it has."""
    end = calendar.after(start, getattr(lead, step))
    if step != "completion":
        return end
    return max(end, start + dt.timedelta(days=lead.pouring + lead.curing))


def _unlisted(
    sites: Sequence[SiteSchedule], task: CountyTask, day: dt.date, deadline: dt.date
) -> Counter[dt.date]:
    """Stations that have no place yet: they take the last months, since nobody has begun with them."""
    listed = sum(site.record.place.stations for site in sites if site.expected)
    left, found = max(0, task.remaining - listed), Counter[dt.date]()
    for end, room in reversed(_room(task, day, deadline).items()):
        found[end] = min(left, room)
        left -= found[end]
    return found


def _due(
    sites: Sequence[SiteSchedule],
    task: CountyTask,
    day: dt.date,
    deadline: dt.date,
    unlisted: Counter[dt.date],
) -> list[SiteSchedule]:
    """Places with the latest month that has room for them; those that can be finished first come first."""
    room = {end: count - unlisted[end] for end, count in _room(task, day, deadline).items()}
    ends = list(room)
    late_first = sorted(sites, key=lambda s: (s.on_air, s.record.candidate_id), reverse=True)
    found = []
    for site in late_first:
        if not site.expected:
            found.append(site)
            continue
        size = site.record.place.stations
        due = next(
            (end for end in reversed(ends) if room[end] >= _need(size, task)), ends[0] if ends else deadline
        )
        if due in room:
            room[due] -= size
        found.append(replace(site, due=due))
    return found[::-1]


def _room(task: CountyTask, day: dt.date, deadline: dt.date) -> dict[dt.date, int]:
    """Stations each month can still bring after a day; of the month that has begun its rest."""
    ends = month_ends(day + dt.timedelta(days=1), deadline)
    if task.capacity is None:
        return dict.fromkeys(ends, _NO_LIMIT)
    room = dict.fromkeys(ends, task.capacity)
    if ends:
        whole = (ends[0].replace(day=1) + dt.timedelta(days=32)).replace(day=1) - ends[0].replace(day=1)
        room[ends[0]] = round(task.capacity * min(1.0, (ends[0] - day).days / whole.days))
    return room


def _need(size: int, task: CountyTask) -> int:
    """Room a place asks for: one with more stations than a month brings fills a month."""
    return size if task.capacity is None else min(size, max(1, task.capacity))


def _backward(site: SiteSchedule, rules: ScheduleRules, calendar: WorkCalendar) -> SiteSchedule:
    """The latest day of every step still to come."""
    lead = rules.lead_time(site.record.place.source_type)
    latest: dict[SiteStatus, dt.date] = {}
    at = site.due
    for step, status in reversed(STEPS):
        if status not in site.expected:
            break
        latest[status] = at
        start = calendar.before(at, getattr(lead, step))
        if step == "completion":
            start = min(start, at - dt.timedelta(days=lead.pouring + lead.curing))
        at = start
    return replace(site, latest=dict(reversed(latest.items())))


def _lit(
    site: SiteSchedule, rules: ScheduleRules, calendar: WorkCalendar, day: dt.date, deadline: dt.date
) -> SiteSchedule:
    """Red, amber or green, and why."""
    if not site.expected:
        return site
    slack = calendar.between(site.on_air, deadline)
    step = site.next_status or SiteStatus.ON_AIR
    values: dict[str, object] = {
        "date": str(site.latest[step]),
        "expected": str(site.on_air),
        "days": abs(slack),
        "overdue": site.overdue_days,
        "status": step.value,
    }
    light: Light = "green"
    if site.on_air > deadline:
        light, key = "red", "light_too_late"
    elif day > site.latest[step]:
        light, key = "amber", "light_month_missed"
    elif site.record.status == SiteStatus.PAUSED:
        light, key = "amber", "light_paused"
    elif site.overdue_days:
        light, key = "amber", "light_overdue"
    elif slack < rules.amber_days:
        light, key = "amber", "light_little_slack"
    else:
        key = "light_in_time"
    return replace(site, slack_days=slack, light=light, reason=Reason(key, values))


def _months(
    sites: Sequence[SiteSchedule],
    task: CountyTask,
    day: dt.date,
    deadline: dt.date,
    on_air: Mapping[str, Sequence[dt.date]],
    networks: Mapping[str, Mapping[str, int]],
    unlisted: Counter[dt.date],
) -> list[CountyMonths]:
    """Actual, required and possible at the end of every month: of the county, then of each network in it."""
    coming = [site for site in sites if site.expected]
    queue = _queue(coming, task, day, deadline)
    ends = month_ends(dt.date(deadline.year, 1, 1), deadline)
    names = sorted({*on_air, *(name for own in networks.values() for name in own)} - {""})
    found = []
    for network in ("", *names):
        due = Counter[dt.date]() if network else Counter(unlisted)
        possible = Counter[dt.date]()
        for site in coming:
            due[site.due] += _stations(site, network, networks)
        for site, end in queue:
            possible[end] += _stations(site, network, networks)
        days = on_air.get(network, ())
        own = task
        if network:
            own = replace(task, built=len(days), quota=len(days) + sum(due.values()))
        if not network or own.quota:
            found.append(_curve(own, network, ends, day, days, due, possible))
    return found


def _stations(site: SiteSchedule, network: str, networks: Mapping[str, Mapping[str, int]]) -> int:
    """Stations of a place: all of them, or those of a network."""
    place = site.record.place
    return networks.get(site.record.candidate_id, {}).get(network, 0) if network else place.stations


def _curve(
    task: CountyTask,
    network: str,
    ends: Sequence[dt.date],
    day: dt.date,
    days: Sequence[dt.date],
    due: Counter[dt.date],
    possible: Counter[dt.date],
) -> CountyMonths:
    """One line's months; where more is listed than remains, the last ones listed are not required."""
    actual = [sum(each <= end for each in days) for end in ends if end <= day]
    beyond = max(0, sum(due.values()) - task.remaining)
    required, can = [], []
    for end in (each for each in ends if each > day):
        listed = sum(count for when, count in due.items() if when <= end)
        required.append(task.built + max(0, min(task.remaining, listed - beyond)))
        can.append(task.built + sum(count for when, count in possible.items() if when <= end))
    if required:
        required[-1] = task.built + task.remaining
    past = [min(count, task.quota) for count in actual]
    return CountyMonths(
        task.county_id,
        network,
        tuple(ends),
        task.quota,
        tuple(actual),
        (*past, *required),
        (*actual, *can),
    )


def _possible(
    sites: Sequence[SiteSchedule], task: CountyTask, day: dt.date, deadline: dt.date
) -> Counter[dt.date]:
    """Stations that can come on air by the end of each month."""
    found = Counter[dt.date]()
    for site, end in _queue(sites, task, day, deadline):
        found[end] += site.record.place.stations
    return found


def _queue(
    sites: Sequence[SiteSchedule], task: CountyTask, day: dt.date, deadline: dt.date
) -> list[tuple[SiteSchedule, dt.date]]:
    """Places with the end of the month they can be on air in, the first that are ready first."""
    room = _room(task, day, deadline)
    found = []
    for site in sorted(sites, key=lambda s: (s.on_air, s.record.candidate_id)):
        size = site.record.place.stations
        fits = (end for end in room if end >= site.on_air and room[end] >= _need(size, task))
        end = next(fits, None)
        if end is not None:
            room[end] -= size
            found.append((site, end))
    return found


def _shortfall(
    sites: Sequence[SiteSchedule],
    task: CountyTask,
    months: CountyMonths,
    rules: ScheduleRules,
    calendar: WorkCalendar,
    day: dt.date,
    deadline: dt.date,
) -> Shortfall | None:
    """What can no longer be met, why, and what would help; None when nothing is missing."""
    coming = [site for site in sites if site.expected]
    able = sum(_possible(coming, task, day, deadline).values())
    missing = task.remaining - able
    if missing <= 0:
        return None
    listed = sum(site.record.place.stations for site in coming)
    free = replace(task, capacity=None)
    in_time = sum(_possible(coming, free, day, deadline).values())
    unlisted = max(0, task.remaining - listed)
    late = max(0, min(task.remaining, listed) - in_time)
    month = next(
        (
            end
            for end, required, can in zip(months.ends, months.required, months.possible, strict=True)
            if end > day and can < required
        ),
        deadline,
    )
    return Shortfall(
        task.county_id,
        missing,
        month,
        unlisted,
        late,
        missing - unlisted - late,
        _enough(coming, task, day, deadline),
        _last_start(rules, calendar, day, deadline),
        bool(sites),
    )


def _enough(sites: Sequence[SiteSchedule], task: CountyTask, day: dt.date, deadline: dt.date) -> int | None:
    """Least capacity with which everything that can be ready is built; None where none is missing for it."""
    if task.capacity is None:
        return None
    goal = min(task.remaining, sum(_possible(sites, replace(task, capacity=None), day, deadline).values()))
    low, high = task.capacity, max(task.capacity, goal)
    if sum(_possible(sites, task, day, deadline).values()) >= goal:
        return None
    while low < high:
        middle = (low + high) // 2
        able = sum(_possible(sites, replace(task, capacity=middle), day, deadline).values())
        low, high = (low, middle) if able >= goal else (middle + 1, high)
    return low


def _last_start(
    rules: ScheduleRules, calendar: WorkCalendar, day: dt.date, deadline: dt.date
) -> dt.date | None:
    """Last day on which an upgrade that is listed can still be finished."""
    lead = rules.lead_time(SourceType.UPGRADE)
    start = deadline
    for step, _ in reversed(STEPS):
        start = calendar.before(start, getattr(lead, step))
    return start if start >= day else None
