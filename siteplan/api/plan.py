"""A plan as people hold it: ranked sites with their bound, written, read back, compared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd

from siteplan.api.language import LANGUAGE_VARIABLE, require_plain, speak
from siteplan.core.errors import Fault, SiteplanError
from siteplan.core.files import (
    clear_leftovers,
)
from siteplan.core.progress import SILENT, Report
from siteplan.outputs.audience import audience_of
from siteplan.outputs.write import MapOrder, output_folder, write_all, write_diff, write_state_files
from siteplan.planning.compare import Diff, NamedPlan, compare_plans
from siteplan.planning.proof.proof import PlanProof
from siteplan.planning.proposal import Proposal
from siteplan.planning.run_record import RunRecord
from siteplan.planning.state import ARRAYS, CONFIG, RECORD, TABLES, read_record, read_state
from siteplan.words.catalogue import Lang


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan: ranked sites with their bound, and everything that is written of it.

    Attributes
    ----------
    proposal
        All parts: see :class:`siteplan.planning.proposal.Proposal`.
    name
        Of the folder it was read from, "" for one that was planned just now.
    language
        It is written in where nothing else is asked.
    previous
        The plan whose list was out, for a re-plan.
    folder
        Where :meth:`write` puts it when no folder is given.
    """

    proposal: Proposal
    name: str
    language: Lang
    previous: NamedPlan | None = None
    folder: Path | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.proposal == other.proposal

    __hash__ = None  # type: ignore[assignment]

    @property
    def named(self) -> NamedPlan:
        """The plan with the name people know it by."""
        return NamedPlan(self.name, self.proposal)

    @property
    def record(self) -> RunRecord:
        """The plan in numbers, as in ``run.json``."""
        return self.proposal.record

    @property
    def sites(self) -> gpd.GeoDataFrame:
        """Ranked rows; any first k of them are a good k."""
        return self.proposal.places.proposed

    @property
    def candidates(self) -> gpd.GeoDataFrame:
        """Every place considered, refused ones with the key of their rule."""
        return self.proposal.places.candidates

    @property
    def villages(self) -> gpd.GeoDataFrame:
        """Villages before and after."""
        return self.proposal.effects.villages

    @property
    def curve(self) -> pd.DataFrame:
        """Newly covered weight by rank, with the bound of every length."""
        return self.proposal.places.curve

    @property
    def bound(self) -> float:
        """No plan of this quota covers more newly covered weight than this."""
        return self.proposal.record.upper_bound

    @property
    def evidence(self) -> PlanProof:
        """What the plan proves.

        The four tests with their points, stretches and conflicts, hit rates, what each weight bought, links,
        exposure and air routes.
        """
        return self.proposal.proof

    @property
    def indicators(self) -> pd.DataFrame:
        """Figures the city is judged by, what is short, and when it is reached."""
        return self.proposal.proof.indicators

    @property
    def odds(self) -> pd.DataFrame:
        """Share of draws in which each ranked place stays; no rows without draws (``odds.draws``)."""
        return self.proposal.proof.odds_places

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything the inputs and the ledger had to say."""
        return self.proposal.faults

    def comparison(self) -> PlanComparison | None:
        """What became of the list that was out; None for a plan that is no re-plan."""
        if self.previous is None:
            return None
        after = NamedPlan(self.name or (self.folder.name if self.folder else ""), self.proposal)
        return PlanComparison(compare_plans(self.previous, after), self.language)

    def write(
        self,
        folder: Path | str | None = None,
        *,
        audiences: Sequence[str] = (),
        lang: str | None = None,
        recipient: str = "",
        online_tiles: bool = False,
        report: Report = SILENT,
    ) -> Path:
        """Write a run folder, whole or not at all.

        Parameters
        ----------
        folder
            New folder; None takes a free name under the project's run directory.
        audiences
            Ids of the audiences maps are written for; () for the project's own choice.
        lang
            ``"zh"`` or ``"en"``; None for the plan's own.
        recipient
            Whom maps with a watermark are made out to.
        online_tiles
            Whether maps offer online base maps.
        report
            Is told of progress.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        SiteplanError
            If the folder exists or cannot be written, or an audience is not in the project file.
        """
        target = Path(folder) if folder is not None else self.folder
        if target is None:
            raise SiteplanError("no_folder")
        require_plain(target)
        for each in audiences:
            audience_of(self.proposal.config, each)
        chosen = self.language if lang is None else speak(lang)
        order = MapOrder(tuple(audiences), recipient, date.today().isoformat(), online_tiles)
        clear_leftovers(target.parent)
        with report.stage("outputs"), output_folder(target) as work:
            write_all(self.proposal, work, chosen, order, report)
            write_state_files(self.proposal, work)
            if self.previous is not None:
                after = NamedPlan(target.name, self.proposal)
                write_diff(compare_plans(self.previous, after), work, chosen)
        return target


def read_plan(folder: Path | str) -> Plan:
    """Read a plan back from its run folder.

    Parameters
    ----------
    folder
        As :meth:`Plan.write` or ``siteplan plan`` wrote it.

    Returns
    -------
    Plan
        Equal to the one that was written.

    Raises
    ------
    SiteplanError
        If a file is missing or is not what this version writes.
    """
    path = Path(folder)
    files = {name: _content(path, name) for name in (RECORD, CONFIG, TABLES, ARRAYS)}
    proposal = read_state(files, path.name)
    return Plan(proposal, path.name, proposal.config.project.language)


def _content(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        missing = ("part_missing", {"name": name})
        raise SiteplanError("no_run_folder", path=str(folder), detail=missing) from error


def record_of(run: Path) -> RunRecord:
    """The record of a run folder, without its tables."""
    return read_record(_content(run, RECORD), str(run))


@dataclass(frozen=True, eq=False)
class PlanComparison:
    """Two plans side by side.

    Attributes
    ----------
    diff
        What becomes of every place: see :class:`siteplan.planning.compare.Diff`.
    language
        It is written in.
    """

    diff: Diff
    language: Lang

    @property
    def rows(self) -> gpd.GeoDataFrame:
        """One row a place: kept, moved, dropped or new."""
        return self.diff.rows

    @property
    def counts(self) -> dict[str, int]:
        """Places by what becomes of them."""
        return self.diff.counts

    def write(self, folder: Path | str) -> list[Path]:
        """Write the list and the map of changes into a new folder [list of Path]."""
        target = Path(folder)
        require_plain(target)
        with output_folder(target) as work:
            names = write_diff(self.diff, work, self.language)
        return [target / name for name in names]


def compare(before: Path | str, after: Path | str, *, language: str | None = None) -> PlanComparison:
    """Compare two runs.

    Parameters
    ----------
    before, after
        Their folders.
    language
        ``"zh"`` or ``"en"``; None takes SITEPLAN_LANG, else the later run's own.

    Returns
    -------
    PlanComparison
        Every proposed place of either run exactly once.

    Raises
    ------
    SiteplanError
        If a folder is no run, or the runs have different CRS.
    """
    old, new = read_plan(before), read_plan(after)
    chosen = speak(language or os.environ.get(LANGUAGE_VARIABLE) or new.language)
    return PlanComparison(compare_plans(old.named, new.named), chosen)
