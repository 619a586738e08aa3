"""The one table of statuses: source types, states of candidates, what the field reports, steps allowed."""

from __future__ import annotations

from enum import StrEnum


class SourceType(StrEnum):
    """Step of the candidate ladder; a lower number is preferred."""

    UPGRADE = "1"
    SITE_PLAN = "2"
    PROPERTY = "3"
    POLE = "4"
    NEW_GROUND = "5"


class CandidateState(StrEnum):
    """What a place is to this proposal."""

    PROPOSED = "PROPOSED"
    CANDIDATE = "CANDIDATE"
    EXCLUDED = "EXCLUDED"


class SiteStatus(StrEnum):
    """What the field says of a candidate, in the order of the work; a pause, then three that end it."""

    PROPOSED = "PROPOSED"
    NEGOTIATING = "NEGOTIATING"
    AGREED = "AGREED"
    SIGNED = "SIGNED"
    BUILDING = "BUILDING"
    ON_AIR = "ON_AIR"
    PAUSED = "PAUSED"
    REFUSED = "REFUSED"
    INFEASIBLE = "INFEASIBLE"
    WITHDRAWN = "WITHDRAWN"


CHAIN = (
    SiteStatus.PROPOSED,
    SiteStatus.NEGOTIATING,
    SiteStatus.AGREED,
    SiteStatus.SIGNED,
    SiteStatus.BUILDING,
    SiteStatus.ON_AIR,
)
"""Statuses in the order of the work."""


EXITS = frozenset({SiteStatus.REFUSED, SiteStatus.INFEASIBLE, SiteStatus.WITHDRAWN})
"""Statuses that end the work on a place; each needs a reason."""


RING_SHARE, RING_MARGIN_M = 1.01, 1.0
"""A move stays inside its search ring up to this share of the radius and these metres: the point is given to
six decimals, and people stand beside the mast.
"""


FIXED = frozenset({SiteStatus.SIGNED, SiteStatus.BUILDING, SiteStatus.PAUSED})
"""Statuses whose place a new plan keeps; a paused place keeps its own until somebody ends it."""


class KeyKind(StrEnum):
    """A number or name by which other offices know a site; it may come long after the site."""

    ORDER = "order_no"
    PROJECT = "project_no"
    SITE = "site_no"
    NAME = "tower_name"


class Obstacle(StrEnum):
    """Why a site is difficult."""

    COORDINATION = "coordination"
    CONSTRUCTION = "construction"
    OTHER = "other"


RETURNS_SCHEMA = "siteplan-returns/1"


MOVED = "MOVED"
"""Event of a return form beside the statuses: a new point inside the search ring."""


RECORD_COLUMNS = (
    *(each.value for each in KeyKind),
    "visited_on",
    "visited_whom",
    "visit_outcome",
    "obstacle",
    "solution",
    "weekly_progress",
)
"""Columns of a return beside its event: keys of other offices, a visit, the file of a difficult site."""


RETURN_COLUMNS = (
    "schema",
    "run_id",
    "candidate_id",
    "status",
    "longitude",
    "latitude",
    "datum",
    "reason",
    "note",
    "reported_by",
    "reported_at",
)
"""Columns of a return form, one row an event."""
