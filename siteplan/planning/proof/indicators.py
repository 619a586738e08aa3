"""Figures the city is judged by against the least they must be, and the month today's pace reaches it.

Every figure comes from a small table of the office, or follows from the plan's own inputs; one that neither
gives is not answered.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from siteplan.inputs.load import Inputs
from siteplan.planning.proof.four_tests import PLACES
from siteplan.project.proof import IndicatorRule
from siteplan.project.schema import Config
from siteplan.words.catalogue import Message

COLUMNS = [
    "indicator",
    "value",
    "unit",
    "least",
    "met",
    "short_by",
    "short_count",
    "date",
    "per_month",
    "reached_on",
    "owner",
    "origin",
    "unanswered",
]
_DAYS_A_MONTH = 365.25 / 12.0
_FARTHEST_MONTHS = 1200.0


@dataclass(frozen=True)
class _Known:
    """What is known of one indicator."""

    value: float
    count: float
    date: pd.Timestamp | None
    per_month: float
    owner: str
    origin: str


def indicator_table(
    inputs: Inputs, config: Config, tests: pd.DataFrame, stations: int, people: float
) -> pd.DataFrame:
    """Every indicator of the project with its gap and its pace.

    Parameters
    ----------
    inputs
        Their ``indicators``: figures by date.
    config
        Its ``indicators``: least values and owners.
    tests
        Results of the tests of coverage: the reach of key places follows from them.
    stations
        Stations on air; with ``people`` they give the stations per 10,000 people.
    people
        Residents of the area.

    Returns
    -------
    DataFrame
        ``COLUMNS``; ``short_by`` in the indicator's unit, ``short_count`` in what its share counts (users,
        ports), ``per_month`` the change a month between the first and the last figure, ``reached_on`` the day
        this pace reaches the least value (NaT where it never does or is reached already).
    """
    rows = []
    for rule in config.indicators:
        known = _from_table(inputs.indicators, rule) or _from_plan(rule, tests, stations, people, config)
        if isinstance(known, _Known):
            rows.append(_row(rule, known))
        else:
            rows.append(_blank(rule, known))
    return pd.DataFrame(rows, columns=COLUMNS).astype(
        {"date": "datetime64[ns]", "reached_on": "datetime64[ns]"}
    )


def _from_table(table: pd.DataFrame | None, rule: IndicatorRule) -> _Known | None:
    """Latest figure of the office's table, and the pace since its first."""
    if table is None:
        return None
    own = table[table["indicator"].eq(rule.id)].sort_values("date", kind="stable")
    if own.empty:
        return None
    first, last = own.iloc[0], own.iloc[-1]
    months = (last["date"] - first["date"]).days / _DAYS_A_MONTH
    pace = (last["value"] - first["value"]) / months if months > 0 else math.nan
    count = float(last["count"]) if "count" in own else math.nan
    owner = str(last["owner"]) if "owner" in own and pd.notna(last["owner"]) else rule.owner
    return _Known(float(last["value"]), count, last["date"], float(pace), owner, "table")


def _from_plan(
    rule: IndicatorRule, tests: pd.DataFrame, stations: int, people: float, config: Config
) -> _Known | Message:
    """A figure that follows from the plan's inputs, or why there is none."""
    day = pd.Timestamp(config.project.reference_date)
    if rule.id == "stations_per_10k":
        if not stations or people <= 0:
            return ("unanswered_stations", {})
        return _Known(stations / people * 10_000.0, float(stations), day, math.nan, rule.owner, "plan")
    if rule.id == "key_place_reach":
        whole = tests[tests["test"].eq(PLACES) & tests["level"].eq("area") & tests["part"].eq("")]
        if whole.empty or whole["total"].isna().all():
            return ("unanswered_places", {})
        first = whole.iloc[0]
        share, count = 100.0 * first["share_before"], float(first["before"])
        return _Known(float(share), count, day, math.nan, rule.owner, "plan")
    return ("unanswered_indicator", {})


def _row(rule: IndicatorRule, known: _Known) -> tuple[object, ...]:
    short = max(rule.least - known.value, 0.0)
    base = known.count / known.value if known.value > 0 else math.nan
    return (
        rule.id,
        known.value,
        rule.unit,
        rule.least,
        known.value >= rule.least,
        short,
        short * base,
        known.date,
        known.per_month,
        _reached_on(short, known),
        known.owner,
        known.origin,
        None,
    )


def _reached_on(short: float, known: _Known) -> pd.Timestamp:
    """Day on which a steady pace makes up for what is short."""
    if short <= 0 or known.date is None or not known.per_month > 0:
        return pd.NaT
    months = short / known.per_month
    if months > _FARTHEST_MONTHS:
        return pd.NaT
    return (known.date + pd.Timedelta(days=round(months * _DAYS_A_MONTH))).normalize()


def _blank(rule: IndicatorRule, why: Message) -> tuple[object, ...]:
    nothing = np.nan
    head = (rule.id, nothing, rule.unit, rule.least, None, nothing, nothing, pd.NaT, nothing, pd.NaT)
    return (*head, rule.owner, "", why)
