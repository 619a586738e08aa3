"""The project file's part on the year: deadline, calendar, lead times, capacity."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, field_validator

from siteplan.project.part import Positive, ProjectPart, Share
from siteplan.project.statuses import SourceType

Days = Annotated[int, Field(ge=0, le=400)]


class LeadTimes(ProjectPart):
    """How long the steps of one kind of place take.

    Tower companies count 48 working days from approval to completion of a mast on the ground, entry within
    seven days of it, pouring at most three days later and 28 days of curing (20 with early-strength
    concrete). The other defaults are assumptions to be replaced by what an office sees.
    """

    contact: Days = 5
    """From the list to the first talk [working days]."""
    consent: Days = 20
    """From there to the owner's agreement [working days]."""
    contract: Days = 10
    """From there to the signature, which approves the project [working days]."""
    entry: Days = 5
    """From there until the crew is on the ground [working days]; seven days of the calendar."""
    completion: Days = 43
    """From there until it is on air [working days]."""
    pouring: Days = 3
    """From entry until the foundation is poured [days]; 0 for places that need none."""
    curing: Days = 28
    """For which it hardens [days]."""


GROUND = LeadTimes()
LEAD_TIMES: dict[SourceType, LeadTimes] = {
    SourceType.UPGRADE: LeadTimes(
        contact=3, consent=5, contract=5, entry=5, completion=15, pouring=0, curing=0
    ),
    SourceType.SITE_PLAN: GROUND,
    SourceType.PROPERTY: LeadTimes(consent=15, completion=25, pouring=0, curing=0),
    SourceType.POLE: LeadTimes(consent=10, completion=20, pouring=0, curing=0),
    SourceType.NEW_GROUND: GROUND,
}


class Capacity(ProjectPart):
    """Stations a county's crews can bring on air in a month."""

    stations: Annotated[int, Field(ge=0)]
    county: str = ""
    """County name or code; empty for every county that is not named."""


class ScheduleRules(ProjectPart):
    """When what has to be done for the year's task (倒排工期)."""

    deadline: dt.date | None = None
    """Last day of the task; empty for the last day of its year."""
    calendar: Literal["auto", "china", "weekdays"] = "auto"
    """Working days: mainland China's published calendar, or Monday to Friday; auto takes the first where
    the project lies in China."""
    lead_times: dict[Literal["1", "2", "3", "4", "5"], LeadTimes] = {
        each.value: times for each, times in LEAD_TIMES.items()
    }
    """By source type; one that is not named has the default of that type."""
    capacity: tuple[Capacity, ...] = ()
    """Where none is declared, the best month seen in the table of stations counts, and it is said."""
    observed_months: Annotated[int, Field(ge=0, le=120)] = 24
    """Months before the plan's date in which that best month is looked for; 0 sets no limit."""
    amber_days: Days = 10
    """Slack below which a place is amber [working days]."""

    @field_validator("lead_times", mode="before")
    @classmethod
    def _on_top_of_defaults(cls, given: object) -> object:
        """A kind of place of which only some steps are given has its own defaults for the others."""
        if not isinstance(given, dict):
            return given
        own = {each.value: times.model_dump() for each, times in LEAD_TIMES.items()}
        return {
            kind: own.get(str(kind), {}) | times if isinstance(times, dict) else times
            for kind, times in given.items()
        }

    def lead_time(self, source_type: str) -> LeadTimes:
        """Of one kind of place."""
        kind = SourceType(source_type)
        return self.lead_times.get(kind.value, LEAD_TIMES[kind])


class AcceptanceRules(ProjectPart):
    """How likely owners agree, learnt from the journal."""

    rank: bool = False
    """Whether it counts in the gain, so that places are chosen and ranked by what they are expected to bring;
    a probability given in an input table counts in any case."""
    least_cases: Annotated[int, Field(ge=10)] = 30
    """Decided places below which nothing is said."""
    least_of_each: Annotated[int, Field(ge=2)] = 5
    """Agreed and refused places below which nothing is said."""
    model_cases: Annotated[int, Field(ge=50)] = 100
    """Decided places from which more than the source type is looked at."""
    prior: Share = 0.81
    """Share of owners who agree, before anything is known: of 36 places the tower company of Shanghai had in
    hand in 2015, 7 were blocked or had to go."""
    prior_cases: Positive = 10.0
    """How many cases of each source type that figure counts for."""
    confidence: Share = 0.9
    """With which alternates are to make the year's quota."""
