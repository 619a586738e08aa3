"""The year's task: quota, what is built, what remains, by county and network.

A county that built more than its quota has nothing left, and its excess is
reported; the city's remainder is quota less built of the whole, so an excess is never planned twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.errors import Fault, SiteplanError
from siteplan.inputs.files.headers import normalise
from siteplan.inputs.load import Inputs
from siteplan.project.planning import QuotaTarget
from siteplan.project.schema import Config


@dataclass(frozen=True)
class Limit:
    """Remaining stations of one scope.

    Attributes
    ----------
    family
        ``city``, ``network``, ``county`` or ``county_network``.
    county_id, network
        Scope; "" for all.
    stations
        How many may still be built.
    """

    family: str
    county_id: str
    network: str
    stations: int


@dataclass(frozen=True, eq=False)
class Ledger:
    """Quota of a run's area.

    Attributes
    ----------
    year, quota, built, remaining
        Of the whole area [stations in the quota's unit].
    table
        Finest lines: ``county_id, county, network, quota, built, remaining, excess``.
    limits
        Constraints of the selection.
    faults
        Over-built lines.
    """

    year: int
    quota: int
    built: int
    remaining: int
    table: pd.DataFrame
    limits: tuple[Limit, ...]
    faults: tuple[Fault, ...]


def on_air(stations: gpd.GeoDataFrame | None, config: Config) -> gpd.GeoDataFrame | None:
    """Stations on air at the reference date; an unknown date counts as on air."""
    if stations is None or "on_air_date" not in stations:
        return stations
    day = pd.Timestamp(config.project.reference_date)
    return stations[stations["on_air_date"].isna() | (stations["on_air_date"] <= day)]


def without_sites(inputs: Inputs, site_ids: Sequence[str]) -> Inputs:
    """Inputs as if some sites of the network were switched off, with a warning that says so.

    Parameters
    ----------
    inputs
        Of the area.
    site_ids
        Sites of the table of stations.

    Raises
    ------
    SiteplanError
        If one of them is no site.
    """
    if not site_ids:
        return inputs
    known = set() if inputs.stations is None else set(inputs.stations["site_id"].astype(str))
    if unknown := sorted(set(site_ids) - known):
        raise SiteplanError("no_such_site", ids=", ".join(unknown[:5]))
    assert inputs.stations is not None
    off = inputs.stations["site_id"].astype(str).isin(list(site_ids))
    values: dict[str, object] = {"count": int(off.sum()), "value": ", ".join(sorted(site_ids)[:20])}
    fault = Fault("warning", "stations", "switched_off", "switched_off_fix", values, table="stations")
    left = inputs.stations[~off].reset_index(drop=True)
    return replace(inputs, stations=left, faults=(fault, *inputs.faults))


def build_ledger(
    config: Config,
    counties: gpd.GeoDataFrame,
    area: gpd.GeoDataFrame,
    existing: gpd.GeoDataFrame | None,
    *,
    year: int,
    quota: int | None = None,
    built: int | None = None,
) -> Ledger:
    """Quota, built and remaining for the area of a run.

    Parameters
    ----------
    config
        The project.
    counties, area
        All counties, and those of the run.
    existing
        Stations on air at the reference date, with ``county_id``.
    year
        Year of the task.
    quota, built
        Given for the run's area as a whole; None takes the project's own.

    Raises
    ------
    SiteplanError
        If a target names an unknown county, or there is no quota for the area.
    """
    lines = _lines(config, counties, area, year)
    whole = _city_line(config, counties, area, year)
    if not lines and whole is None and quota is None:
        raise SiteplanError("no_target", year=year)
    if lines and whole is None and quota is None:
        lines += _nothing_for_others(lines, area)
    table = _with_built(
        pd.DataFrame(lines or [_everything(whole or quota or 0)]), config, existing, area, year
    )
    if quota is not None:
        table["quota"] = largest_remainder(table["quota"].to_numpy(), quota)
    total = quota if quota is not None else (whole if whole is not None else int(table["quota"].sum()))
    done = built if built is not None else _built_in(config, existing, area, year)
    remaining = max(0, total - done)
    table["remaining"] = (table["quota"] - table["built"]).clip(lower=0)
    table["excess"] = (table["built"] - table["quota"]).clip(lower=0)
    if built is not None or table["remaining"].sum() < remaining:
        table["remaining"] = largest_remainder(table["remaining"].to_numpy(), remaining)
    names = dict(zip(counties["county_id"], counties["county"], strict=True))
    table["county"] = table["county_id"].map(names).fillna("")
    faults = tuple(_over_built(row, year) for row in table[table["excess"] > 0].itertuples())
    return Ledger(year, total, done, remaining, table, tuple(_limits(table, remaining)), faults)


def largest_remainder(shares: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to shares that sum to a total.

    Parameters
    ----------
    shares
        Not negative; all zero counts as equal.
    total
        Sum wanted.

    Returns
    -------
    ndarray
        int64; ties go to the earlier entry.

    Examples
    --------
    >>> largest_remainder(np.array([1, 1, 1]), 10).tolist()
    [4, 3, 3]
    """
    weights = np.asarray(shares, dtype=np.float64)
    weights = weights if weights.sum() > 0 else np.ones(len(weights))
    exact = weights / weights.sum() * total
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return whole


def count_units(stations: pd.DataFrame, unit: str) -> int:
    """Number of stations of a table in the quota's unit.

    Parameters
    ----------
    stations
        One row a station (site x network x band).
    unit
        ``site_network_band``, ``site_network`` or ``site``.
    """
    return len(stations[unit_keys(unit)].drop_duplicates())


def unit_keys(unit: str) -> list[str]:
    """Columns that tell two stations apart in a unit of the quota."""
    keys = {"site_network_band": ["site_id", "network", "band"], "site_network": ["site_id", "network"]}
    return keys.get(unit, ["site_id"])


def _nothing_for_others(lines: list[dict[str, object]], area: gpd.GeoDataFrame) -> list[dict[str, object]]:
    """Where targets go by county, a county without one has none."""
    named = {line["county_id"] for line in lines}
    if "" in named:
        return []
    return [
        {"county_id": county, "network": "", "quota": 0}
        for county in area["county_id"]
        if county not in named
    ]


def _everything(stations: int) -> dict[str, object]:
    return {"county_id": "", "network": "", "quota": stations}


def targets_of(config: Config, counties: gpd.GeoDataFrame, year: int) -> list[tuple[str, QuotaTarget]]:
    """Targets of a year with their county code ("" for the whole city)."""
    codes = {
        normalise(name): code for code, name in zip(counties["county_id"], counties["county"], strict=True)
    }
    codes |= {normalise(code): code for code in counties["county_id"]} | {"": ""}
    found = []
    for target in config.quota.targets:
        if normalise(target.county) not in codes:
            raise SiteplanError(
                "target_of_unknown_county", county=target.county, known=tuple(counties["county"])
            )
        if target.year == year:
            found.append((codes[normalise(target.county)], target))
    return found


def _lines(
    config: Config, counties: gpd.GeoDataFrame, area: gpd.GeoDataFrame, year: int
) -> list[dict[str, object]]:
    """Finest lines of the area; city-wide lines by network only in a run over the whole city."""
    targets = targets_of(config, counties, year)
    split = {code for code, target in targets if target.network and code}
    ids = set(area["county_id"])
    lines = [
        {"county_id": code, "network": target.network, "quota": target.stations}
        for code, target in targets
        if code in ids and not (code in split and not target.network)
    ]
    if not lines and len(area) == len(counties):
        lines = [
            {"county_id": "", "network": target.network, "quota": target.stations}
            for code, target in targets
            if not code and target.network
        ]
    return lines


def _city_line(config: Config, counties: gpd.GeoDataFrame, area: gpd.GeoDataFrame, year: int) -> int | None:
    """The area's own total when a target states it."""
    own = "" if len(area) == len(counties) else str(area["county_id"].iloc[0])
    totals = [
        target.stations
        for code, target in targets_of(config, counties, year)
        if code == own and not target.network
    ]
    return sum(totals) if totals else None


def _this_year(config: Config, existing: gpd.GeoDataFrame | None, year: int) -> gpd.GeoDataFrame | None:
    if existing is None or "on_air_date" not in existing:
        return None
    dates = existing["on_air_date"]
    last = min(pd.Timestamp(config.project.reference_date), pd.Timestamp(year, 12, 31))
    return existing[(dates >= pd.Timestamp(year, 1, 1)) & (dates <= last)]


def _built_in(
    config: Config,
    existing: gpd.GeoDataFrame | None,
    area: gpd.GeoDataFrame,
    year: int,
    county_id: str = "",
    network: str = "",
) -> int:
    new = _this_year(config, existing, year)
    if new is None:
        return 0
    chosen = new["county_id"].isin([county_id] if county_id else list(area["county_id"]))
    if network:
        chosen &= new["network"].eq(network)
    return count_units(new[chosen], config.quota.unit)


def _with_built(
    table: pd.DataFrame, config: Config, existing: gpd.GeoDataFrame | None, area: gpd.GeoDataFrame, year: int
) -> pd.DataFrame:
    built = [
        _built_in(config, existing, area, year, row.county_id, row.network) for row in table.itertuples()
    ]
    return table.assign(built=built)


def _over_built(row: object, year: int) -> Fault:
    county = f"{row.county} {row.network}".strip()  # type: ignore[attr-defined]
    values: dict[str, object] = {
        "county": county,
        "year": year,
        "built": row.built,  # type: ignore[attr-defined]
        "target": row.quota,  # type: ignore[attr-defined]
        "excess": row.excess,  # type: ignore[attr-defined]
    }
    return Fault("warning", "project.toml", "over_built", "over_built_fix", values, table="quota")


def _limits(table: pd.DataFrame, remaining: int) -> list[Limit]:
    limits = [Limit("city", "", "", remaining)]
    for row in table.itertuples():
        if row.county_id and row.network:
            limits.append(Limit("county_network", row.county_id, row.network, int(row.remaining)))
        elif row.network:
            limits.append(Limit("network", "", str(row.network), int(row.remaining)))
    for county_id, group in table[table["county_id"] != ""].groupby("county_id"):
        limits.append(Limit("county", str(county_id), "", int(group["remaining"].sum())))
    return limits
