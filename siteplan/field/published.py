"""A list that is out: what returns are held against, and what a re-plan tries to keep."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from siteplan.field.journal import Place
from siteplan.project.statuses import SiteStatus


class PublishedList(BaseModel):
    """A published list, as far as a return is held against it; the run record embeds it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    """Of the plan."""
    places: dict[str, Place] = {}
    """Proposed places by candidate id."""
    statuses: dict[str, str] = {}
    """Status each was published with."""
    unlisted: tuple[str, ...] = ()
    """Ids the plan knows but did not propose."""

    def published(self, candidate_id: str) -> str:
        """Status a candidate was published with."""
        return self.statuses.get(candidate_id, SiteStatus.PROPOSED.value)
