"""Questions to a solved area: a place refused, places required, another quota, answered near the plan.

The plan in hand is repaired and not made anew, so an answer comes at once; its bound, from the prices already
known, says how much a new plan could be better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.errors import SiteplanError
from siteplan.planning.replan import people_covered
from siteplan.planning.stages import Prepared
from siteplan.project.schema import Config
from siteplan.project.statuses import CandidateState
from siteplan.selection import Cap, Solver

Ints = NDArray[np.int64]
CHANGES = ["candidate_id", "name", "county", "change", "stations", "network", "bands"]
"""Columns of the list of changes."""


@dataclass(frozen=True, eq=False)
class WhatIf:
    """The plan as it would be.

    Attributes
    ----------
    changes
        Places that come in (``new``) or go out (``dropped``), with the columns ``CHANGES``.
    stations, people_covered, gain
        Of the repaired plan: stations, people whose P reaches the target in the first layer, newly covered
        weight.
    people_before, gain_before
        Of the plan that was asked.
    at_most_better
        Share by which any other answer could gain more.
    seconds
        Time taken [s].
    """

    changes: pd.DataFrame
    stations: int
    people_covered: float
    people_before: float
    gain: float
    gain_before: float
    at_most_better: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Explorer:
    """A solved area that answers questions.

    Attributes
    ----------
    config
        The project.
    ready
        What was solved.
    solver
        With its best choice and its prices.
    """

    config: Config
    ready: Prepared
    solver: Solver

    def what_if(
        self, *, refused: Sequence[str] = (), required: Sequence[str] = (), quota: int | None = None
    ) -> WhatIf:
        """The plan repaired.

        Parameters
        ----------
        refused
            Candidate ids that may not be built.
        required
            Candidate ids that must be built, each with what brings most a station there.
        quota
            Stations of the whole area in place of those that remain; the shares of counties and networks
            then give way. None keeps all of them.

        Returns
        -------
        WhatIf
            The plan of this explorer stays as it is.

        Raises
        ------
        SiteplanError
            If an id is no usable candidate, or the plan cannot be repaired nearby.
        """
        options = self.ready.options
        out = np.flatnonzero(np.isin(options.place, self._places(refused)))
        into = np.array([self._best_of(place) for place in self._places(required)], dtype=np.int64)
        answer = self.solver.what_if(
            locked_out=out, locked_in=into, caps=None if quota is None else self._caps(quota)
        )
        before, after = self.solver.columns(), answer.columns
        return WhatIf(
            self._changes(before, after),
            int(options.stations[after].sum()),
            self._people(after),
            self._people(before),
            answer.objective,
            self.solver.value,
            answer.optimality_gap,
            answer.seconds,
        )

    def _places(self, ids: Iterable[str]) -> Ints:
        """Positions of candidates in the ladder; all of them must be usable."""
        table = self.ready.candidates
        at = dict(zip(table["candidate_id"], range(len(table)), strict=True))
        usable = table["status"].eq(CandidateState.CANDIDATE.value).to_numpy()
        unknown = [each for each in ids if each not in at or not usable[at[each]]]
        if unknown:
            raise SiteplanError("no_usable_candidate", ids=", ".join(unknown[:5]))
        return np.array([at[each] for each in ids], dtype=np.int64)

    def _best_of(self, place: int) -> int:
        """The column of a place that alone brings most a station."""
        problem, columns = self.ready.problem, np.flatnonzero(self.ready.options.place == place)
        worth = [
            float(problem.weight[problem.rows[part]] @ problem.values[part]) / problem.stations[column]
            for column in columns
            for part in [slice(problem.indptr[column], problem.indptr[column + 1])]
        ]
        return int(columns[int(np.argmax(worth))])

    def _caps(self, quota: int) -> tuple[Cap, ...]:
        """One limit for the whole area: another quota is not shared out among counties yet."""
        caps, everyone = self.ready.problem.caps, np.arange(self.ready.problem.columns)
        return tuple(
            replace(cap, limit=float(quota if len(cap.members) == len(everyone) else max(cap.limit, quota)))
            for cap in caps
        )

    def _changes(self, before: Ints, after: Ints) -> pd.DataFrame:
        """Places that differ."""
        options, table = self.ready.options, self.ready.candidates
        rows = []
        for change, columns in (
            ("dropped", np.setdiff1d(before, after)),
            ("new", np.setdiff1d(after, before)),
        ):
            for column in columns:
                place = table.iloc[options.place[column]]
                bands = "/".join(options.upgrades[column].bands)
                stations = int(options.stations[column])
                rows.append(
                    (
                        place["candidate_id"],
                        place["name"],
                        place["county"],
                        change,
                        stations,
                        options.network[column],
                        bands,
                    )
                )
        return pd.DataFrame(rows, columns=CHANGES)

    def _people(self, columns: Ints) -> float:
        ready = self.ready
        return people_covered(ready.problem, columns, ready.demand, ready.existing.outage, self.config)
