"""A plan's proof in the run record: the whole area in plain values."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from siteplan.planning.proof.proof import PlanProof
from siteplan.planning.run_record import CoverageTestRecord, IndicatorRecord, OddsRecord, ProofRecord
from siteplan.project.proof import OddsRules


def proof_record(proof: PlanProof, rules: OddsRules) -> ProofRecord:
    """What ``run.json`` holds of a proof.

    Parameters
    ----------
    proof
        The tables.
    rules
        Draws and their seed.
    """
    area = proof.tests[proof.tests["level"].eq("area")] if len(proof.tests) else proof.tests
    return ProofRecord(
        tests=tuple(_record(CoverageTestRecord, row) for row in area.to_dict("records")),
        indicators=tuple(_record(IndicatorRecord, row) for row in proof.indicators.to_dict("records")),
        uncovered_stretches=len(proof.stretches),
        conflicts=len(proof.conflicts),
        odds=_odds(proof, rules) if len(proof.odds_places) else None,
    )


def _record(kind: type[Any], row: dict[str, Any]) -> Any:
    """A row as a record: no NaN, days as text, of reasons their keys."""
    return kind(**{name: _plain(row[name]) for name in kind.model_fields})


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return value[0]
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def _odds(proof: PlanProof, rules: OddsRules) -> OddsRecord:
    luck = proof.odds_places[proof.odds_places["by_luck"].astype(bool)]
    people = proof.odds_people.set_index("when")
    return OddsRecord(
        draws=rules.draws,
        seed=rules.seed,
        by_luck=tuple(luck["candidate_id"].astype(str)),
        people={
            str(when): {str(k): round(float(v), 1) for k, v in row.items()} for when, row in people.iterrows()
        },
    )
