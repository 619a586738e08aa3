"""Which datum a table is in, tested against the names it speaks of; row group by row group where it is mixed.

Only names decide. A county border cannot tell shifts of some 600 m apart, so a
table that
names no town, village or known place gets an honest "cannot tell".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DATUMS = ("wgs84", "gcj02", "bd09")
"""Hypotheses; CGCS2000 and WGS84 agree within decimetres."""
FEWEST_NAMES = 5
"""Different villages or places named, below which nothing is said."""
_SURE_NATS = 5.0
"""Log of the odds from which a datum is believed."""
_DEVIATING_NATS = 8.0
_DEVIATING_NAMES = 8
_SWITCH_NATS = 9.0
_MOST_GROUPS = 15
_TAIL = 1.5
_STRANGE_M = 200.0
"""Offset left under the best datum from which none of the three is believed [m]."""
_FINE_M = 100.0
"""Spread below which a name is a place, not a village [m]."""
_LEAST_ERROR_M = 40.0
_FEWEST_OF_A_SORT = 3
TRIMMED = 0.15
"""Share of the offsets left out at either end: rows that name the wrong village."""
_CAUTION = 1.2
"""Factor on the standard error: villages next to each other are not quite independent."""

_NOTHING = (float("nan"), float("nan"), float("nan"))
Triple = tuple[float, float, float]
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """What the names say about one group of rows.

    Attributes
    ----------
    datum
        One of ``DATUMS``, "" for cannot tell.
    sureness
        0 to 0.999.
    rows
        Rows with a name that counts.
    names
        Different names among them.
    median_m
        Median distance to what is named under each datum, NaN where nothing is [m].
    offset_m
        How far the points as a whole lie off their names under each datum [m].
    why
        ``names`` or, without an answer, ``few`` (names), ``close`` (evidence too weak), ``offset`` (none
        of the
        three fits).
    """

    datum: str
    sureness: float
    rows: int
    names: int
    median_m: Triple
    offset_m: Triple
    why: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """The verdict on a table.

    Attributes
    ----------
    whole
        On all rows together.
    datum
        Of each row, "" for cannot tell; shape (n,).
    groups
        Rows that share a verdict, with its label: one entry unless the table is mixed.
    """

    whole: Verdict
    datum: NDArray[np.object_]
    groups: tuple[tuple[str, Verdict], ...]

    @property
    def is_mixed(self) -> bool:
        """Whether groups of rows are in different datums."""
        return len({verdict.datum for _, verdict in self.groups}) > 1


@dataclass(frozen=True, eq=False)
class Named:
    """What rows of a table name, and where they would lie.

    Attributes
    ----------
    entry
        What each row names,
        shape (n,); -1 for nothing. Rows of one village share whatever sets them off from it,
        so a name counts once however many rows have it.
    offset_m
        From the named village or place (of a town: from the nearest of its villages) to the row's point under
        each datum, shape (3, n, 2); NaN where a row names none [m].
    spread_m
        How far things of that name usually lie, shape (n,) [m].
    """

    entry: NDArray[np.int64]
    offset_m: NDArray[np.float64]
    spread_m: NDArray[np.float64]


def weigh(named: Named, columns: Mapping[str, Sequence[str]] | None = None) -> Evidence:
    """Find the datum of a table, of its blocks of rows, or of the groups a column makes.

    Parameters
    ----------
    named
        What its rows name.
    columns
        Text columns that may tell groups apart (sheet, source, county ...), by header.

    Returns
    -------
    Evidence
        A group deviates from the others only on stronger evidence than a whole table needs.
    """
    scores = _scores(named)
    everything = np.ones(scores.shape[1], dtype=bool)
    whole = _verdict(named, everything)
    best = np.full(len(everything), whole.datum, dtype=object)
    groups: tuple[tuple[str, Verdict], ...] = (("", whole),)
    gain = _SWITCH_NATS
    partitions = [_blocks(named, scores)]
    for header, values in (columns or {}).items():
        labels = np.array([f"{header}={value}" for value in values], dtype=object)
        if 2 <= len(set(labels)) <= _MOST_GROUPS:
            partitions.append(labels)
    for labels in partitions:
        found = _split(named, scores, labels)
        if found is not None and found[0] > gain:
            gain, best, groups = found
    return Evidence(whole, best, groups)


def _scores(named: Named) -> Scores:
    """Log likelihood of each row under each datum, up to a constant, in shares of the name it belongs to.

    The tails are far, so that a row that names the wrong village counts little.
    """
    distance = np.hypot(named.offset_m[..., 0], named.offset_m[..., 1])
    scores = np.zeros_like(distance)
    for rows in _sorts(named):
        near = distance[:, rows] / named.spread_m[rows]
        scale = max(float(np.median(near, axis=1).min()), 1e-3)
        scores[:, rows] = -_TAIL * np.log1p((near / scale) ** 2 / _TAIL)
    return scores / np.bincount(named.entry + 1)[named.entry + 1]


def _sorts(named: Named) -> list[NDArray[np.int64]]:
    """Rows that name a place, and rows that name a village: the former say far more."""
    known = np.isfinite(named.offset_m[0, :, 0])
    fine = named.spread_m < _FINE_M
    return [rows for rows in (np.flatnonzero(known & fine), np.flatnonzero(known & ~fine)) if rows.size]


def _verdict(
    named: Named, rows: NDArray[np.bool_], sure: float = _SURE_NATS, fewest: int = FEWEST_NAMES
) -> Verdict:
    """The datum under which points lie round their names, not all off to one side.

    A shift moves every point the same way, so the middle of all offsets tells it far better than the single
    distances do: its standard error falls with the number of names.
    """
    part = Named(named.entry[rows], named.offset_m[:, rows], named.spread_m[rows])
    sorts = _sorts(part)
    used = np.concatenate(sorts) if sorts else np.zeros(0, dtype=np.int64)
    names = len(set(part.entry[used].tolist()))
    if names < fewest:
        return Verdict("", 0.0, len(used), names, _NOTHING, _NOTHING, "few")
    distance = np.hypot(part.offset_m[..., 0], part.offset_m[..., 1])[:, used]
    middles = [_middles(part, each) for each in sorts]
    middles = [each for each in middles if each.shape[1] >= _FEWEST_OF_A_SORT] or middles
    total = np.sum([_log_likelihood(middle) for middle in middles], axis=0)
    off = np.hypot(*trimmed_mean(middles[0], axis=1).T)
    shown = (len(used), names, _three(np.median(distance, axis=1)), _three(off))
    order = np.argsort(-total, kind="stable")
    nats = float(total[order[0]] - total[order[1]])
    if nats < sure:
        return Verdict("", 0.0, *shown, "close")
    if _is_strange(middles[0][order[0]]):
        return Verdict("", 0.0, *shown, "offset")
    return Verdict(DATUMS[order[0]], min(0.999, 1.0 - float(np.exp(-nats))), *shown, "names")


def _three(values: NDArray[np.float64]) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])


def _middles(part: Named, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Offset of each name, the middle of its rows, under each datum; shape (3, names, 2)."""
    columns = {"entry": part.entry[rows]} | {
        f"{h}{axis}": part.offset_m[h, rows, axis] for h in range(3) for axis in range(2)
    }
    middle = pd.DataFrame(columns).groupby("entry").median().to_numpy()
    return middle.reshape(len(middle), 3, 2).transpose(1, 0, 2)


def _log_likelihood(middles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of no common offset under each datum, by the trimmed mean offset and its standard error (the least of
    the three).
    """
    off = trimmed_mean(middles, axis=1)
    error = np.min([_error_m(each) for each in middles], axis=0)
    return -0.5 * ((off / error) ** 2).sum(axis=1)


def trimmed_mean(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Mean without a share at either end (as scipy.stats, which every command would wait a second for)."""
    count = values.shape[axis]
    cut = int(TRIMMED * count)
    middle: NDArray[np.float64] = np.sort(values, axis=axis).take(range(cut, count - cut), axis=axis)
    return np.asarray(middle.mean(axis=axis))


def winsorised(offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values with a share at either end drawn in to the nearest that stays, by column."""
    cut = int(TRIMMED * len(offset))
    order = np.sort(offset, axis=0)
    return np.clip(offset, order[cut], order[len(order) - 1 - cut])


def _error_m(offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard error of a trimmed mean by the winsorised deviation, per axis [m]."""
    error = winsorised(offset).std(axis=0, ddof=min(1, len(offset) - 1)) / (
        (1.0 - 2.0 * TRIMMED) * np.sqrt(len(offset))
    )
    return np.maximum(_CAUTION * error, _LEAST_ERROR_M)


def _is_strange(offset: NDArray[np.float64]) -> bool:
    """Whether points lie off their names all the same way, farther than chance would have it."""
    middle = trimmed_mean(offset, axis=0)
    return bool(np.hypot(*middle) > max(_STRANGE_M, 4.0 * np.hypot(*_error_m(offset))))


# --- mixed tables ------------------------------------------------------------------------------------


def _blocks(named: Named, scores: Scores) -> NDArray[np.object_]:
    """Number of the block each row belongs to; blocks without a sure datum join the one before (or after)."""
    state = _path(scores)
    while True:
        number = np.concatenate([[0], np.cumsum(np.diff(state) != 0)])[: len(state)] if len(state) else state
        last = int(number[-1]) if len(number) else 0
        weak = [k for k in range(last + 1) if not _deviates(named, number == k)]
        if not weak or last == 0:
            return number.astype(object)
        k = weak[0]
        state[number == k] = state[number == (k - 1 if k else 1)][0]


def _deviates(named: Named, rows: NDArray[np.bool_]) -> bool:
    return _verdict(named, rows, _DEVIATING_NATS, _DEVIATING_NAMES).datum != ""


def _path(scores: Scores) -> NDArray[np.int64]:
    """Best path of the rows through the datums when each change costs."""
    count = scores.shape[1]
    came_from = np.zeros((3, count), dtype=np.int64)
    value = scores[:, 0].copy() if count else np.zeros(3)
    for i in range(1, count):
        change = int(np.argmax(value))
        moves = value[change] - _SWITCH_NATS > value
        came_from[:, i] = np.where(moves, change, np.arange(3))
        value = np.where(moves, value[change] - _SWITCH_NATS, value) + scores[:, i]
    state = np.full(count, int(np.argmax(value)), dtype=np.int64)
    for i in range(count - 1, 0, -1):
        state[i - 1] = came_from[state[i], i]
    return state


def _split(
    named: Named, scores: Scores, labels: NDArray[np.object_]
) -> tuple[float, NDArray[np.object_], tuple[tuple[str, Verdict], ...]] | None:
    """What a grouping gains over one datum for all; None unless two groups surely differ."""
    found = []
    for name in dict.fromkeys(labels.tolist()):
        rows = labels == name
        found.append((name, rows, _verdict(named, rows, _DEVIATING_NATS, _DEVIATING_NAMES)))
    sure = {verdict.datum for _, _, verdict in found} - {""}
    if len(sure) < 2:
        return None
    datum = np.full(len(labels), "", dtype=object)
    for _, rows, verdict in found:
        datum[rows] = verdict.datum
    total = sum(scores[:, rows].sum(axis=1).max() for _, rows, _ in found)
    gain = float(total - scores.sum(axis=1).max()) - _SWITCH_NATS * (len(sure) - 2)
    return gain, datum, tuple((str(name), verdict) for name, _, verdict in found)


def columns_that_group(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Text columns with few values, which may tell rows of different origin apart."""
    found = {}
    for header in frame.columns:
        values = frame[header].map(str)
        if 2 <= values.nunique() <= _MOST_GROUPS:
            found[str(header)] = values.tolist()
    return found
