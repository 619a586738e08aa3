"""A list that is out: what returns are held against, and what a re-plan tries to keep."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from siteplan.field.journal import Place
from siteplan.project.statuses import SiteStatus


@dataclass(frozen=True)
class PublishedList:
    """A published list, as far as a return is held against it.

    Attributes
    ----------
    run_id
        Of the plan.
    places
        Candidates by id.
    seen
        Status each was published with.
    unlisted
        Ids the plan knows but did not propose.
    """

    run_id: str
    places: Mapping[str, Place]
    seen: Mapping[str, str] = field(default_factory=dict)
    unlisted: Collection[str] = ()

    def published(self, candidate_id: str) -> str:
        """Status a candidate was published with."""
        return self.seen.get(candidate_id, SiteStatus.PROPOSED.value)
