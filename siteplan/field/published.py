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

    @property
    def run_ids(self) -> frozenset[str]:
        """Plans whose rows are about this list."""
        return frozenset({self.run_id})

    def published(self, candidate_id: str) -> str:
        """Status a candidate was published with."""
        return self.statuses.get(candidate_id, SiteStatus.PROPOSED.value)

    def place_of(self, candidate_id: str) -> Place | None:
        """A place of the list; None where it is none."""
        return self.places.get(candidate_id)


class PublishedLists(PublishedList):
    """Several lists that are out at the same time, county by county, and what stood on older ones."""

    run_ids_all: tuple[str, ...] = ()
    """Of the lists that are out."""
    former: dict[str, Place] = {}
    """Places of lists that others followed, by candidate id."""

    @property
    def run_ids(self) -> frozenset[str]:
        """Plans whose rows are about these lists."""
        return frozenset(self.run_ids_all)

    def place_of(self, candidate_id: str) -> Place | None:
        """A place of a list that is out, or of one before it."""
        return self.places.get(candidate_id) or self.former.get(candidate_id)
