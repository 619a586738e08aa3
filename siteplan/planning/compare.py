"""What two plans have in common: kept, moved, dropped and new places.

A place given up for one inside its own search ring has moved; ids tell the rest.
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
from siteplan.planning.proposal import Proposal, RankedPlaces
from siteplan.project.statuses import CandidateState
from siteplan.words.catalogue import Key, Message

KEPT, MOVED, DROPPED, NEW = "kept", "moved", "dropped", "new"
CHANGES = (KEPT, MOVED, DROPPED, NEW)
_SAME_PLACE_M = 1.0
_NOT_THERE: Message = ("why_not_there", {})


@dataclass(frozen=True, eq=False)
class NamedPlan:
    """A plan with the name people know it by.

    Attributes
    ----------
    name
        Of its folder.
    plan
        The plan.
    """

    name: str
    plan: Proposal


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
        source_type, rank_before, rank_after`` (0 for none), ``stations_before, stations_after, distance_m``
        (of a move, else 0), ``status`` (after, "" for dropped) and ``why`` (key and values); points where
        the place is after, or was.
    """

    before: NamedPlan
    after: NamedPlan
    rows: gpd.GeoDataFrame

    @property
    def counts(self) -> dict[str, int]:
        """Places by change."""
        return {change: int(self.rows["change"].eq(change).sum()) for change in CHANGES}


def compare_plans(before: NamedPlan, after: NamedPlan) -> Diff:
    """What becomes of every proposed place of one plan in another.

    Returns
    -------
    Diff
        Every proposed place of either plan exactly once, moved ones as one row.

    Raises
    ------
    SiteplanError
        If the plans have different CRS.
    """
    crs = (before.plan.config.project.crs, after.plan.config.project.crs)
    if crs[0] != crs[1]:
        raise SiteplanError("other_crs", before=crs[0], after=crs[1])
    was, now = before.plan.places.proposed, after.plan.places.proposed
    pairs = _same_id(was, now)
    pairs += _replaced(was, now, pairs)
    rows = [_pair(was, now, i, j) for i, j in pairs]
    old, new = {i for i, _ in pairs}, {j for _, j in pairs}
    rows += [_single(was, i, DROPPED) for i in range(len(was)) if i not in old]
    rows += [_single(now, j, NEW) for j in range(len(now)) if j not in new]
    return Diff(before, after, _with_reasons(_table(rows, crs[0]), was, after.plan.places))


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


def _with_reasons(rows: gpd.GeoDataFrame, was: gpd.GeoDataFrame, after: RankedPlaces) -> gpd.GeoDataFrame:
    """Why each place is kept, moved, dropped or new."""
    status = dict(zip(after.proposed["candidate_id"], after.proposed["status"], strict=True))
    gone = _rules(after)
    given_up = rows[rows["change"].eq(DROPPED)]
    ends = dict(zip(was["candidate_id"], was["cell_radius_m"], strict=True))
    why: list[Message] = []
    for row in rows.itertuples():
        old, new = row.candidate_id_before, row.candidate_id_after
        if row.change == KEPT:
            why.append(("why_kept", {"status": Key(f"status_{status.get(new, 'PROPOSED')}")}))
        elif row.change == DROPPED:
            why.append(gone.get(old, _NOT_THERE))
        elif row.change == MOVED and old == new:
            why.append(("why_moved", {}))
        elif row.change == MOVED:
            why.append(("why_replaced", {"other": old, "why": gone.get(old, _NOT_THERE)}))
        else:
            why.append(_why_new(row.geometry, given_up, ends, gone))
    now = [status.get(each, "") for each in rows["candidate_id_after"]]
    cells = np.empty(len(why), dtype=object)
    for i, each in enumerate(why):
        cells[i] = each
    return rows.assign(status=now, why=cells)


def _rules(after: RankedPlaces) -> dict[str, Message]:
    """Why places of a plan were not proposed, by id."""
    table = after.candidates
    others = table[table["status"].ne(CandidateState.PROPOSED.value)]
    rows = zip(others["candidate_id"], others["rule"], strict=True)
    return {str(candidate_id): rule or ("why_outdone", {}) for candidate_id, rule in rows}


def _why_new(
    point: Point, given_up: gpd.GeoDataFrame, ends: dict[str, float], gone: dict[str, Message]
) -> Message:
    """The dropped place whose cell a new one stands in, nearest first, ties by id."""
    near = sorted(
        (round(point.distance(row.geometry)), row.candidate_id_before)
        for row in given_up.itertuples()
        if point.distance(row.geometry) <= ends[row.candidate_id_before]
    )
    if not near:
        return "why_new", {}
    distance, other = near[0]
    return "why_new_near", {"other": other, "distance": distance, "why": gone.get(other, _NOT_THERE)}


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
