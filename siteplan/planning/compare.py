"""What two plans have in common: kept, moved, dropped and new places.

One decision to know: a place given up for one inside its own search ring has moved; ids tell the rest.
Pairs are made nearest first, ties by id, each place once.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from shapely import Point

from siteplan.core.errors import SiteplanError
from siteplan.planning.run_folder import Plan
from siteplan.words.catalogue import Key, Lang, say

KEPT, MOVED, DROPPED, NEW = "kept", "moved", "dropped", "new"
CHANGES = (KEPT, MOVED, DROPPED, NEW)
_SAME_PLACE_M = 1.0


@dataclass(frozen=True, eq=False)
class Diff:
    """Two plans side by side.

    Attributes
    ----------
    before, after
        The plans.
    rows
        One row a place, by rank after, then rank before: ``change`` (kept, moved, dropped, new),
        ``candidate_id_before, candidate_id_after`` ("" in one for dropped and new), ``name, county, town,
        source_type, rank_before, rank_after`` (0 for none), ``stations_before, stations_after, distance_m`` (of a
        move, else 0), ``status`` (after, "" for dropped) and ``why`` (in words); points
        where the place is after, or was.
    """

    before: Plan
    after: Plan
    rows: gpd.GeoDataFrame

    @property
    def counts(self) -> dict[str, int]:
        """Places by change."""
        return {change: int(self.rows["change"].eq(change).sum()) for change in CHANGES}


def compare_plans(before: Plan, after: Plan, lang: Lang = "zh") -> Diff:
    """What becomes of every proposed place of one plan in another.

    Parameters
    ----------
    before, after
        Plans of the same project CRS.
    lang
        Language of ``why``.

    Returns
    -------
    Diff
        Every proposed place of either plan exactly once, moved ones as one row.

    Raises
    ------
    SiteplanError
        If the plans have different CRS.
    """
    crs = (before.config.project.crs, after.config.project.crs)
    if crs[0] != crs[1]:
        raise SiteplanError(f"两次运行的坐标系不同 / the runs have different CRS: {crs[0]}, {crs[1]}")
    pairs = _same_id(before.proposed, after.proposed)
    pairs += _replaced(before.proposed, after.proposed, pairs)
    rows = [_pair(before.proposed, after.proposed, i, j) for i, j in pairs]
    old, new = {i for i, _ in pairs}, {j for _, j in pairs}
    rows += [_single(before.proposed, i, DROPPED) for i in range(len(before.proposed)) if i not in old]
    rows += [_single(after.proposed, j, NEW) for j in range(len(after.proposed)) if j not in new]
    return Diff(before, after, _with_reasons(_table(rows, crs[0]), before, after, lang))


def _same_id(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> list[tuple[int, int]]:
    where = {each: j for j, each in enumerate(new["candidate_id"])}
    return [(i, where[each]) for i, each in enumerate(old["candidate_id"]) if each in where]


def _replaced(
    old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, pairs: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Dropped places with a new one inside their ring, nearest first."""
    gone = [i for i in range(len(old)) if i not in {pair[0] for pair in pairs}]
    fresh = [j for j in range(len(new)) if j not in {pair[1] for pair in pairs}]
    if not gone or not fresh:
        return []
    distance = cdist(_xy(old)[gone], _xy(new)[fresh])
    ring = old["search_radius_m"].to_numpy(dtype=float)[gone]
    ids = old["candidate_id"].tolist(), new["candidate_id"].tolist()
    near = [
        (round(float(distance[a, b]), 3), ids[0][gone[a]], ids[1][fresh[b]], gone[a], fresh[b])
        for a, b in np.argwhere(distance <= ring[:, None])
    ]
    found: list[tuple[int, int]] = []
    for _, _, _, i, j in sorted(near):
        if i not in {pair[0] for pair in found} and j not in {pair[1] for pair in found}:
            found.append((i, j))
    return found


def _xy(table: gpd.GeoDataFrame) -> NDArray[np.float64]:
    return np.column_stack([table.geometry.x, table.geometry.y])


def _pair(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, i: int, j: int) -> dict[str, object]:
    was, now = old.iloc[i], new.iloc[j]
    distance = float(was.geometry.distance(now.geometry))
    same = was["candidate_id"] == now["candidate_id"] and distance <= _SAME_PLACE_M
    return _facts(now) | {
        "change": KEPT if same else MOVED,
        "candidate_id_before": was["candidate_id"],
        "rank_before": int(was["rank"]),
        "stations_before": int(was["stations"]),
        "candidate_id_after": now["candidate_id"],
        "rank_after": int(now["rank"]),
        "stations_after": int(now["stations"]),
        "distance_m": 0.0 if same else round(distance, 1),
        "from": was.geometry,
    }


def _single(table: gpd.GeoDataFrame, i: int, change: str) -> dict[str, object]:
    row = table.iloc[i]
    mine, other = ("before", "after") if change == DROPPED else ("after", "before")
    return _facts(row) | {
        "change": change,
        f"candidate_id_{mine}": row["candidate_id"],
        f"rank_{mine}": int(row["rank"]),
        f"stations_{mine}": int(row["stations"]),
        f"candidate_id_{other}": "",
        f"rank_{other}": 0,
        f"stations_{other}": 0,
        "distance_m": 0.0,
        "from": row.geometry,
    }


def _with_reasons(rows: gpd.GeoDataFrame, before: Plan, after: Plan, lang: Lang) -> gpd.GeoDataFrame:
    """Why each place is kept, moved, dropped or new."""
    status = dict(zip(after.proposed["candidate_id"], after.proposed["status"], strict=True))
    gone = _rules(after, lang)
    given_up = rows[rows["change"].eq(DROPPED)]
    ends = dict(zip(before.proposed["candidate_id"], before.proposed["cell_radius_m"], strict=True))
    why = []
    for row in rows.itertuples():
        old, new = row.candidate_id_before, row.candidate_id_after
        if row.change == KEPT:
            why.append(say("why_kept", lang, status=Key(f"status_{status.get(new, 'PROPOSED')}")))
        elif row.change == DROPPED:
            why.append(gone.get(old, say("why_not_there", lang)))
        elif row.change == MOVED and old == new:
            why.append(say("why_moved", lang))
        elif row.change == MOVED:
            told = gone.get(old, say("why_not_there", lang))
            why.append(say("why_replaced", lang, other=old, why=told))
        else:
            why.append(_why_new(row.geometry, given_up, ends, gone, lang))
    now = [status.get(each, "") for each in rows["candidate_id_after"]]
    return rows.assign(status=now, why=why)


def _rules(after: Plan, lang: Lang) -> dict[str, str]:
    """Why places of a plan were not proposed, by id."""
    usable = say("why_outdone", lang)
    rows = zip(after.others["candidate_id"], after.others["rule"].fillna(""), strict=True)
    return {str(candidate_id): str(rule) or usable for candidate_id, rule in rows}


def _why_new(
    point: Point, given_up: gpd.GeoDataFrame, ends: dict[str, float], gone: dict[str, str], lang: Lang
) -> str:
    """The dropped place whose cell a new one stands in, nearest first, ties by id."""
    near = sorted(
        (round(point.distance(row.geometry)), row.candidate_id_before)
        for row in given_up.itertuples()
        if point.distance(row.geometry) <= ends[row.candidate_id_before]
    )
    if not near:
        return say("why_new", lang)
    distance, other = near[0]
    told = gone.get(other, say("why_not_there", lang))
    return say("why_new_near", lang, other=other, distance=distance, why=told)


def _facts(row: pd.Series) -> dict[str, object]:
    names = ("name", "county", "town", "source_type", "networks", "bands")
    return {name: row[name] for name in names} | {"geometry": row.geometry}


def _table(rows: list[dict[str, object]], crs: str) -> gpd.GeoDataFrame:
    columns = [
        "change",
        "candidate_id_before",
        "candidate_id_after",
        "name",
        "county",
        "town",
        "source_type",
        "networks",
        "bands",
        "rank_before",
        "rank_after",
        "stations_before",
        "stations_after",
        "distance_m",
        "from",
        "geometry",
    ]
    table = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=crs)
    last = table["rank_after"].max() + 1 if len(table) else 1
    order = table["rank_after"].where(table["rank_after"] > 0, last)
    return (
        table.assign(_order=order)
        .sort_values(["_order", "rank_before"], kind="stable")
        .drop(columns="_order")
        .reset_index(drop=True)
    )
