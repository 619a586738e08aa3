"""Where the year's task stands: quota, built, under construction, signed, in negotiation, refused.

Built is what the ledger counts (the table of stations, with what the journal says is on
air); everything before that comes from the journal, in the quota's unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.field.status import FieldStatus
from siteplan.inputs.load import Inputs
from siteplan.planning.quota import build_ledger, count_units, on_air
from siteplan.project.schema import Config
from siteplan.project.statuses import SiteStatus

STAGES: dict[str, tuple[SiteStatus, ...]] = {
    "building": (SiteStatus.BUILDING,),
    "signed": (SiteStatus.SIGNED,),
    "talking": (SiteStatus.NEGOTIATING, SiteStatus.AGREED),
    "refused": (SiteStatus.REFUSED, SiteStatus.INFEASIBLE, SiteStatus.WITHDRAWN),
}
"""Columns of progress and the statuses they count."""
NUMBERS = ("quota", "built", *STAGES, "remaining", "excess")


@dataclass(frozen=True)
class Total:
    """Sums over the area; ``rate`` is built / quota, NaN without a quota."""

    quota: int
    built: int
    building: int
    signed: int
    talking: int
    refused: int
    remaining: int
    excess: int

    @property
    def rate(self) -> float:
        """Completion rate."""
        return self.built / self.quota if self.quota else float("nan")


@dataclass(frozen=True, eq=False)
class Progress:
    """Progress of a year.

    Attributes
    ----------
    year
        Of the quota.
    day
        As of.
    counties
        One row a county, best rate first: ``place, county_id, county`` and the numbers, ``rate``,
        ``planned_sites, planned_built`` (of the site plan).
    lines
        Finest lines: ``year, county_id, county, network`` and the numbers, ``rate``.
    total
        Of the area; quota and built are those of the ledger.
    months, monthly
        Months left in the year after ``day`` (the current one counts), and stations a month must bring.
    field_status
        Of the journal.
    """

    year: int
    day: str
    counties: pd.DataFrame
    lines: pd.DataFrame
    total: Total
    months: int
    monthly: int
    field_status: FieldStatus


def progress_of(inputs: Inputs, field_status: FieldStatus, config: Config, year: int) -> Progress:
    """Count where the year's task stands.

    Parameters
    ----------
    inputs
        Of the city, with the stations the journal says are on air.
    field_status
        Of the journal.
    config
        The project, as of its ``reference_date``.
    year
        Of the quota.

    Raises
    ------
    SiteplanError
        If there is no quota for the year.

    Examples
    --------
    >>> Total(200, 50, 0, 0, 0, 0, 150, 0).rate
    0.25
    """
    existing = on_air(inputs.stations, config)
    ledger = build_ledger(config, inputs.counties, inputs.area, existing, year=year)
    lines = _with_stages(ledger.table, field_status, config).assign(year=year)
    counties = lines.groupby(["county_id", "county"], as_index=False)[list(NUMBERS)].sum()
    counties = _with_site_plan(counties, inputs.site_plan)
    counties = _ranked(counties.assign(rate=_rates(counties)))
    sums = {name: int(lines[name].sum()) for name in NUMBERS}
    total = Total(**{**sums, "quota": ledger.quota, "built": ledger.built, "remaining": ledger.remaining})
    months = (
        max(0, 13 - config.project.reference_date.month) if config.project.reference_date.year == year else 0
    )
    months -= int(months > 0 and _is_month_over(config))
    monthly = -(-total.remaining // months) if months > 0 else 0
    columns = ["year", "county_id", "county", "network", *NUMBERS, "rate"]
    lines = lines.assign(rate=_rates(lines))[columns]
    return Progress(
        year, config.project.reference_date.isoformat(), counties, lines, total, months, monthly, field_status
    )


def _is_month_over(config: Config) -> bool:
    """Whether the date is the last of its month, which then brings nothing more."""
    return bool(pd.Timestamp(config.project.reference_date).is_month_end)


def _rates(table: pd.DataFrame) -> np.ndarray:
    quota = table["quota"].to_numpy(dtype=float)
    return np.divide(
        table["built"].to_numpy(dtype=float), quota, out=np.full(len(table), np.nan), where=quota > 0
    )


def _with_stages(table: pd.DataFrame, field_status: FieldStatus, config: Config) -> pd.DataFrame:
    """Ledger lines with the stations of the journal by stage."""
    stations = _stations_of(field_status, config)
    found: dict[str, list[int]] = {name: [] for name in STAGES}
    for row in table.itertuples():
        own = stations[stations["county_id"].eq(row.county_id)] if row.county_id else stations
        own = own[own["network"].eq(row.network)] if row.network else own
        for name, statuses in STAGES.items():
            found[name].append(count_units(own[own["status"].isin(statuses)], config.quota.unit))
    return table.assign(**found)


def _stations_of(field_status: FieldStatus, config: Config) -> pd.DataFrame:
    """Places of the journal as stations, one row a place and band, with their status."""
    rows = [
        (state.candidate_id, state.place.county_id, config.band(band).network, band, state.status)
        for state in field_status.states.values()
        for band in state.place.bands
    ]
    return pd.DataFrame(rows, columns=["site_id", "county_id", "network", "band", "status"])


def _with_site_plan(counties: pd.DataFrame, site_plan: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Entries of the site plan, and how many of them are built."""
    if site_plan is None or site_plan.empty:
        return counties.assign(planned_sites=0, planned_built=0)
    built = (
        site_plan["built"].astype(bool) if "built" in site_plan else pd.Series(False, index=site_plan.index)
    )
    sums = site_plan.assign(_built=built).groupby("county_id")["_built"].agg(["size", "sum"])
    sites, done = (counties["county_id"].map(sums[name]).fillna(0).astype(int) for name in ("size", "sum"))
    return counties.assign(planned_sites=sites, planned_built=done)


def _ranked(counties: pd.DataFrame) -> pd.DataFrame:
    """Best rate first, ties by what is on the way, then by code; counties without a quota last."""
    coming = counties["building"] + counties["signed"]
    keys = np.lexsort((counties["county_id"], -coming, -counties["rate"].fillna(-1.0)))
    table = counties.iloc[keys].reset_index(drop=True)
    return table.assign(place=np.arange(1, len(table) + 1))
