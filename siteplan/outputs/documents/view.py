"""What a document is about: a plan cut to its reader, the year so far, and a part of the area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.core.errors import SiteplanError
from siteplan.field.records import SiteRecord
from siteplan.inputs.files.headers import normalise
from siteplan.inputs.places.gazetteer import nearest_names
from siteplan.outputs.audience import seen_by
from siteplan.outputs.documents.blocks import clean
from siteplan.outputs.proof import indicator_line, odds_line, test_lines
from siteplan.outputs.webmap.panel import watermark_of
from siteplan.outputs.wording import banners, in_words
from siteplan.planning.progress import Progress
from siteplan.planning.proposal import Proposal
from siteplan.planning.schedule import SiteSchedule
from siteplan.planning.year import Year
from siteplan.project.outputs import Audience, Contact
from siteplan.project.statuses import EXITS
from siteplan.words.catalogue import Lang, translate


@dataclass(frozen=True, eq=False)
class YearSoFar:
    """Where a year's task stands, and what is left of it in time."""

    progress: Progress
    year: Year


@dataclass(frozen=True)
class Proven:
    """Sums of the whole area that tell no place.

    Attributes
    ----------
    tests
        Lines of the tests of coverage, and what draws came to.
    indicators
        Which are short; "" for none.
    refused
        Key of the rule that refused a place, by candidate id.
    """

    tests: tuple[str, ...]
    indicators: str
    refused: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class PlanView:
    """A plan as one reader sees it.

    Attributes
    ----------
    proposal
        In words, cut to the audience; of a page about a county or a town only that part.
    audience, lang
        Whose, and in which language.
    so_far
        The year; None where the run lies in no project.
    proven
        What holds of the whole area, for every reader.
    recipient
        Whom it is made out to; "" for nobody.
    county_id, town
        What it is about; "" for all of the area.
    is_part
        Whether that is less than what was planned.
    followed_by
        Runs whose lists replace this one's.
    """

    proposal: Proposal
    audience: Audience
    lang: Lang
    so_far: YearSoFar | None
    proven: Proven
    recipient: str = ""
    county_id: str = ""
    town: str = ""
    is_part: bool = False
    followed_by: tuple[str, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether the reader may not know where places are."""
        return self.audience.reader == "public"

    @property
    def day(self) -> str:
        """What it is as of (ISO 8601)."""
        return self.so_far.progress.day if self.so_far else self.proposal.record.reference_date

    @property
    def area_name(self) -> str:
        """City, county or town."""
        if self.town:
            return clean(
                f"{self.county}{self.town}" if self.lang == "zh" else f"{self.town}, {self.county}", 40
            )
        return clean(self.county or self.proposal.area.name, 40)

    @property
    def county(self) -> str:
        """Name of the county of the part; "" for all of it."""
        table = self.proposal.area.counties
        return next(iter(table.loc[table["county_id"].eq(self.county_id), "county"]), "")

    def standing(self, row: Any) -> tuple[str, dt.date | None]:
        """Status of a ranked row by the journal or else the list, and when it must be on air if it is not."""
        candidate_id = str(row.candidate_id)
        record, site = self.records().get(candidate_id), self.sites().get(candidate_id)
        status = str(record.status if record else row.status)
        is_ahead = site is not None and site.next_status is not None and status not in EXITS
        return status, site.due if site is not None and is_ahead else None

    def county_names(self) -> dict[str, str]:
        """Names by county id."""
        table = self.proposal.area.counties
        return dict(zip(table["county_id"], table["county"], strict=True))

    @cached_property
    def _sites(self) -> Mapping[str, SiteSchedule]:
        if self.so_far is None or self.is_public:
            return {}
        return {each.record.candidate_id: each for each in self.so_far.year.schedule.sites}

    def sites(self) -> Mapping[str, SiteSchedule]:
        """Places in time, by candidate id; none for readers who may not know them."""
        return self._sites

    def records(self) -> Mapping[str, SiteRecord]:
        """What the field reported of places, by candidate id; none for readers who may not know them."""
        if self.so_far is None or self.is_public:
            return {}
        return self.so_far.year.records

    def progress_of_task(self) -> Progress | None:
        """Progress of the task the plan was made for; None outside a project, or where the plan was asked for
        another quota or another number built than the project's.
        """
        asked = self.proposal.record.request
        is_own = asked.quota is None and asked.built is None
        return self.so_far.progress if self.so_far is not None and is_own else None

    def banner_lines(self) -> tuple[str, ...]:
        """What every page says first."""
        mark = watermark_of(self.audience, self.recipient, "", self.lang)
        late = [translate("doc_superseded", self.lang, runs=", ".join(self.followed_by))]
        return (*banners(self.proposal, self.lang), *(late if self.followed_by else []), *mark)

    def footer(self) -> str:
        """Run, version, date and sources."""
        record, project = self.proposal.record, self.proposal.config.project
        return translate(
            "doc_footer",
            self.lang,
            run=record.run_id,
            version=record.version,
            day=self.day,
            sources=project.attribution or translate("doc_own_data", self.lang),
        )

    def contacts(self) -> tuple[Contact, ...]:
        """Whom to call about the part; none for the public."""
        if self.is_public:
            return ()
        county, town = normalise(self.county), normalise(self.town)
        return tuple(
            each
            for each in self.proposal.config.outputs.contacts
            if normalise(each.county) in ("", county) and normalise(each.town) in ("", town)
        )


def view_of(
    proposal: Proposal, audience: Audience, lang: Lang, so_far: YearSoFar | None, recipient: str = ""
) -> PlanView:
    """A whole plan as an audience sees it.

    Parameters
    ----------
    proposal
        As it was planned or read back.
    audience, lang, so_far, recipient
        As in :class:`PlanView`.
    """
    rules = zip(proposal.places.candidates["candidate_id"], proposal.places.candidates["rule"], strict=True)
    proven = Proven(
        (*test_lines(proposal, lang), *(line for line in [odds_line(proposal, lang)] if line)),
        indicator_line(proposal, lang),
        {str(candidate_id): rule[0] for candidate_id, rule in rules if rule},
    )
    seen = seen_by(in_words(proposal, lang), audience, lang)
    view = PlanView(seen, audience, lang, so_far, proven, recipient)
    if not proposal.record.county:
        return view
    # the plan of one county: the year it lies in is the whole city's
    county_id = str(proposal.effects.counties["county_id"].iloc[0])
    return replace(view, county_id=county_id, so_far=_of_county(so_far, county_id))


def _of_county(so_far: YearSoFar | None, county_id: str) -> YearSoFar | None:
    """The part of a year that is about one county; progress stays as it is, a line a county."""
    if so_far is None:
        return None
    whole = so_far.year.schedule
    schedule = replace(
        whole,
        tasks=tuple(each for each in whole.tasks if each.county_id == county_id),
        sites=tuple(each for each in whole.sites if each.record.place.county_id == county_id),
        months=tuple(each for each in whole.months if each.county_id == county_id),
        shortfalls=tuple(each for each in whole.shortfalls if each.county_id == county_id),
    )
    return replace(so_far, year=replace(so_far.year, schedule=schedule))


def county_view(view: PlanView, county: str) -> PlanView:
    """The part of a plan that is about one county.

    Parameters
    ----------
    view
        Of the whole plan.
    county
        Name or code.

    Raises
    ------
    SiteplanError
        If the plan has no such county.
    """
    table, asked = view.proposal.area.counties, normalise(county)
    known = zip(table["county_id"].astype(str), table["county"], strict=True)
    for county_id, name in known:
        if asked in (normalise(county_id), normalise(name)):
            return _part(view, county_id)
    raise SiteplanError("unknown_county", value=county, found=nearest_names(county, table["county"]))


def town_view(view: PlanView, town: str, county: str = "") -> PlanView:
    """The part of a plan that is about one town.

    Parameters
    ----------
    view
        Of the whole plan.
    town
        Its name.
    county
        Its county, where several have a town of that name.

    Raises
    ------
    SiteplanError
        If no village or several counties have it.
    """
    whole = county_view(view, county) if county else view
    villages = whole.proposal.effects.villages
    if "town" not in villages or villages.empty:
        raise SiteplanError("unknown_town", value=town, found=())
    own = villages[villages["town"].map(normalise).eq(normalise(town))]
    counties = sorted(set(own["county_id"].astype(str)))
    if not counties:
        raise SiteplanError("unknown_town", value=town, found=nearest_names(town, villages["town"]))
    if len(counties) > 1:
        names = tuple(view.county_names()[each] for each in counties)
        raise SiteplanError("town_in_several_counties", value=town, found=names)
    return _part(view, counties[0], str(own["town"].iloc[0]))


def _part(view: PlanView, county_id: str, town: str = "") -> PlanView:
    """A view whose tables hold one county or one town; rasters and borders stay, to be drawn in."""

    def cut(table: pd.DataFrame) -> pd.DataFrame:
        if table.empty or "county_id" not in table:
            return table
        own = table["county_id"].astype(str).eq(county_id)
        if town and "town" in table:
            own &= table["town"].eq(town)
        return table[own].reset_index(drop=True)

    def cut_points(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(cut(table), crs=table.crs) if len(table) else table

    whole = view.proposal
    villages = cut_points(whole.effects.villages)
    choices = whole.places.choices
    if len(choices):
        choices = choices[choices["village_id"].isin(villages["village_id"])].reset_index(drop=True)
    places = replace(
        whole.places,
        proposed=cut_points(whole.places.proposed),
        candidates=cut_points(whole.places.candidates),
        choices=choices,
    )
    effects = replace(whole.effects, villages=villages, counties=cut(whole.effects.counties))
    part = replace(whole, places=places, effects=effects)
    return replace(
        view,
        proposal=part,
        county_id=county_id,
        town=town,
        so_far=_of_county(view.so_far, county_id),
        is_part=True,
    )
