"""Tables as CSV that Excel opens right.

One decision to know: text that a spreadsheet would run as a formula gets a leading apostrophe, and
loses exactly that apostrophe when it is read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from siteplan.core.files import csv_bytes, inert
from siteplan.planning.compare import Diff
from siteplan.planning.proposal import PROPOSED_COLUMNS, Proposal

VILLAGE_COLUMNS: dict[str, str] = {
    "village_id": "村代码",
    "village": "行政村",
    "town": "乡镇",
    "county": "县区",
    "people": "人口",
    "state": "状态",
    "probability_before": "现状村点概率",
    "probability_after": "规划后村点概率",
    "covered_before": "现状已通",
    "covered_after": "规划后已通",
    "share_before": "现状人口覆盖率",
    "share_after": "规划后人口覆盖率",
    "networks_before": "现状达标网络数",
    "networks_after": "规划后达标网络数",
    "serving_site_before": "现状主服务站址",
    "serving_site_after": "规划后主服务站址",
    "model_difference_db": "低频深阴影模型差（dB）",
    "longitude": "经度WGS84",
    "latitude": "纬度WGS84",
}
"""Columns of the village table and their Chinese headers."""
REFUSED_COLUMNS: dict[str, str] = {
    "candidate_id": "候选编号",
    "status": "状态",
    "source_type": "来源",
    "source_id": "来源编号",
    "name": "名称",
    "county": "县区",
    "town": "乡镇",
    "village": "行政村",
    "antenna_height_m": "挂高（米）",
    "longitude": "经度WGS84",
    "latitude": "纬度WGS84",
    "rule": "不采用的规则",
}
"""Columns of the list of places that were not proposed."""


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printable(text: object) -> str:
    """Text without the signs XML forbids [str].

    Examples
    --------
    >>> printable("a\x01b"), printable(3)
    ('ab', '3')
    """
    return _FORBIDDEN.sub("", str(text))


def plain(value: object) -> object:
    """A value as a table for people holds it: no NaN, no numpy type, no endless decimals."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else _short(float(value))
    if isinstance(value, np.integer):
        return int(value)
    return value


def _short(value: float) -> float | int:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def records(table: pd.DataFrame, columns: Iterable[str]) -> list[list[object]]:
    """Rows of plain values.

    Parameters
    ----------
    table
        Any table.
    columns
        Which, in which order.

    Returns
    -------
    list of list
        One list a row.
    """
    names = list(columns)
    return [[plain(value) for value in row] for row in table[names].itertuples(index=False, name=None)]


def _csv(table: pd.DataFrame, columns: Iterable[str]) -> bytes:
    names = list(columns)
    rows = [[inert(value) for value in row] for row in records(table, names)]
    return csv_bytes(names, rows)


def candidates_csv(proposal: Proposal) -> bytes:
    """The ranked list [bytes]."""
    return _csv(proposal.proposed, PROPOSED_COLUMNS)


def unproposed(proposal: Proposal) -> pd.DataFrame:
    """Places considered but not proposed, by status and id [DataFrame]."""
    table = proposal.candidates
    others = table[table["status"] != "PROPOSED"]
    return pd.DataFrame(others.sort_values(["status", "candidate_id"], kind="stable"))


def refused_csv(proposal: Proposal) -> bytes:
    """Every place that is not proposed, with the rule that refused it [bytes]."""
    return _csv(unproposed(proposal), REFUSED_COLUMNS)


def villages_csv(proposal: Proposal) -> bytes:
    """Villages before and after [bytes]."""
    return _csv(proposal.villages, VILLAGE_COLUMNS)


def rejected_csv(proposal: Proposal) -> bytes:
    """Input rows left out, with content, problem and remedy [bytes]."""
    return _csv(proposal.rejected, proposal.rejected.columns)


def changes_csv(diff: Diff) -> bytes:
    """What becomes of every place between two plans [bytes]."""
    return _csv(
        pd.DataFrame(diff.rows), [name for name in diff.rows.columns if name not in ("from", "geometry")]
    )
