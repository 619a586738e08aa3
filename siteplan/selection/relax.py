"""A bound and a fractional plan from prices on demand: a first-order method for the linear relaxation.

With prices 0 <= u_r <= w_r on rows and prices q >= 0 on limits, weak duality gives for every feasible
choice

    f(S) <= sum_r (w_r - u_r) + sum_g room_g q_g + sum_groups max(0, max_j (c_j - sum_g size_gj q_g)),
    c_j = sum_r a_rj u_r,

so any prices prove a bound. Good ones come from the saddle point of the relaxation by the primal-dual
hybrid gradient method (Chambolle and Pock 2011, doi 10.1007/s10851-010-0251-1) in the reflected Halpern
form with restarts (Lu and Yang 2024, arXiv 2407.16144), with diagonal steps (Pock and Chambolle 2011, doi
10.1109/ICCV.2011.6126441).

Columns that no price makes interesting are left out of the iterations; on the few
that remain rows merge again, which makes an iteration ten times cheaper. The bound is always evaluated on
all rows and columns, and columns that would break it are taken in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from siteplan.selection.core import (
    Core,
    Floats,
    Ints,
    Shorts,
    Singles,
    column_sums,
    gathered,
    reduced,
    threads_for,
)
from siteplan.selection.limits import ConstraintMatrix, part_prices

_CHECK = 40
"""Iterations between two looks at all columns."""
_INTERESTING = 0.85
"""Share of its price from which a column takes part in the iterations."""
_MATTERS = 2e-6
"""Share of the bound that columns left out may cost it."""
_STEP = 0.95
_LONGEST = 400
"""Iterations without a restart."""
_LARGE = 2_000_000
"""Entries from which a problem's smallest ones may be left out of the iterations."""
_BINS = 256
_PIECES = 64
"""Rows are summed in so many pieces, so that the sum does not depend on the number of threads."""
EXACT, ROUNDED = 1.0 + 1e-9, 1.0 + 2e-7
"""Bounds are rounded up by this: rows as given, and rows cut into cases (single precision)."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Result of the relaxation.

    Attributes
    ----------
    prices
        u_r of rows.
    row_prices
        q of the frame's rows.
    part_prices
        q of its caps lying apart.
    bound
        What they prove.
    fraction
        x_j, nearly feasible, shape (columns of the frame,).
    worth
        c_j less everything the limits charge.
    charge
        What the limits charge.
    iterations
        Done.
    work
        Entries touched, in millions.
    """

    prices: Floats
    row_prices: Floats
    part_prices: Floats
    bound: float
    fraction: Floats
    worth: Floats
    charge: Floats
    iterations: int
    work: float


def bound_of(
    core: Core, frame: ConstraintMatrix, prices: Floats, row_prices: Floats, outward: float
) -> Relaxed:
    """The bound that prices prove, with the best prices on caps that lie apart.

    Parameters
    ----------
    core, frame
        The problem.
    prices
        u_r in [0, w_r].
    row_prices
        q of the frame's rows.
    outward
        Factor by which the bound is rounded up.

    Returns
    -------
    Relaxed
        With an empty plan.
    """
    return bound_at(worth_of(core, frame, prices), core, frame, prices, row_prices, outward)


def worth_of(core: Core, frame: ConstraintMatrix, prices: Floats) -> Floats:
    """c_j = sum_r a_rj u_r of all columns of a frame, shape (columns,)."""
    values = np.zeros(frame.columns)
    values[: core.columns] = column_sums(core.indptr, core.rows, core.values, prices)
    return values


def bound_at(
    values: Floats,
    core: Core,
    frame: ConstraintMatrix,
    prices: Floats,
    row_prices: Floats,
    outward: float,
) -> Relaxed:
    """The same where the worth of the columns is known; see :func:`bound_of`."""
    asked = frame.charges(row_prices)
    on_parts, inner = part_prices(frame, values - asked)
    rooms = float(frame.row_room @ row_prices)
    whole = float((core.weight - prices).sum()) + inner + rooms
    bound = whole + (abs(whole) + abs(rooms)) * (outward - 1.0)
    charge = asked + frame.size * np.append(on_parts, 0.0)[frame.part]
    return Relaxed(
        prices, row_prices, on_parts, bound, np.zeros(frame.columns), values - charge, charge, 0, 0.0
    )


def relax(
    core: Core,
    frame: ConstraintMatrix,
    start: Relaxed,
    *,
    outward: float,
    best: float,
    gap: float,
    iterations: int,
    stop: Callable[[], bool],
    trim: float = 0.0,
) -> Relaxed:
    """Improve prices until the bound meets a known value, stands still, or the work is done.

    Parameters
    ----------
    core, frame
        The problem.
    start
        First prices and plan.
    outward
        Factor by which bounds are rounded up.
    best
        Value of a feasible choice.
    gap
        Relative gap at which to stop.
    iterations
        Most iterations.
    stop
        Says when to give up (clock, interrupt).
    trim
        Share of what columns bring that the iterations of a large problem do without [0-1]: half of the
        entries hold a thousandth of it. Bounds are of all entries.

    Returns
    -------
    Relaxed
        The best bound found, with its prices and the last plan.
    """
    result = start
    run = _Run(core, frame, result, trim if len(core.rows) > _LARGE else 0.0)
    done, marks = 0, [result.bound]
    while done < iterations and not stop() and result.bound - best > gap * abs(result.bound):
        run.iterate(_CHECK)
        done += _CHECK
        seen = bound_of(core, frame, run.prices(), run.point.q_new.copy(), outward)
        if seen.bound < result.bound:
            result = seen
        run.refresh(seen)
        marks.append(result.bound)
        if done >= 10 * _CHECK and marks[-6] - marks[-1] < 2e-6 * abs(result.bound):
            break
    return _with_plan(result, run.plan() if done else start.fraction, done, run.work)


def _with_plan(found: Relaxed, plan: Floats, done: int, work: float) -> Relaxed:
    return Relaxed(
        found.prices,
        found.row_prices,
        found.part_prices,
        found.bound,
        plan,
        found.worth,
        found.charge,
        done,
        work,
    )


class _Rows(NamedTuple):
    """Interesting columns over rows merged once more, both ways, and steps."""

    ptr: Ints
    rows: Shorts
    values: Singles
    row_ptr: Ints
    cols: Shorts
    row_values: Singles
    weight: Floats
    scale: Floats
    total: Floats


class _Kept(NamedTuple):
    """Limits over the interesting columns."""

    part: Ints
    size: Floats
    room: Floats
    low: Floats
    high: Floats
    mate_ptr: Ints
    mates: Ints
    lone: NDArray[np.bool_]
    row_ptr: Ints
    members: Ints
    sizes: Floats
    row_room: Floats
    row_scale: Floats


class _Point(NamedTuple):
    """Iterate, anchor, and the point that is shown; all changed in place."""

    x: Floats
    u: Floats
    q: Floats
    x0: Floats
    u0: Floats
    q0: Floats
    x_new: Floats
    u_new: Floats
    q_new: Floats
    price: Floats


class _Run:
    """State of the iteration: anchor, iterate, interesting columns."""

    def __init__(self, core: Core, frame: ConstraintMatrix, first: Relaxed, trim: float) -> None:
        self.core, self.frame, self.trim, self.work = core, frame, trim, 0.0
        total = np.zeros(frame.columns)
        total[: core.columns] = column_sums(core.indptr, core.rows, core.values, core.weight)
        self.unit = max(float(np.median(total[total > 0])) if (total > 0).any() else 1.0, 1e-9)
        self.total = np.maximum(total, 1e-9 * self.unit)
        of = _row_weights(frame)[frame.entry_row]
        self.total += self.unit * np.bincount(
            frame.row_members, weights=of * np.abs(frame.row_sizes), minlength=frame.columns
        )
        self.x, self.u, self.q = first.fraction.copy(), first.prices.copy(), first.row_prices.copy()
        self.omega, self.k, self.first_residual = 1.0, 0, np.inf
        self.price = np.append(first.part_prices, 0.0)
        self.chosen = self.x > 0
        self.chosen[core.columns :] = True
        self.shown = self.x.copy()
        self._take_in(first)

    def prices(self) -> Floats:
        """Prices of all rows: merged ones share theirs; what no interesting column reaches costs in full."""
        weight, row_of = self.core.weight, self.row_of
        ratio = np.clip(self.point.u_new / np.maximum(self.arrays.weight, 1e-300), 0.0, 1.0)
        return np.where(row_of >= 0, weight * np.append(ratio, 1.0)[row_of], weight)

    def refresh(self, seen: Relaxed) -> None:
        """Take in columns that have become interesting, once one of them matters to the bound."""
        lost = seen.worth[(seen.worth > 0.0) & (self.frame.high > 0) & ~self.chosen].sum()
        if lost > _MATTERS * abs(seen.bound):
            self.u, self.q = seen.prices, seen.row_prices.copy()
            self._take_in(seen)

    def _take_in(self, seen: Relaxed) -> None:
        near = seen.worth + (1.0 - _INTERESTING) * seen.charge >= 0.0
        self.chosen |= (near & (self.frame.high > 0)) | (self.frame.low > 0)
        active = np.flatnonzero(self.chosen)
        own = active[active < self.core.columns]
        entries = gathered(self.core.indptr, self.core.rows, self.core.values, own)
        if self.trim > 0.0:
            entries = _trimmed(*entries, self.core.weight, self.trim)
        small = reduced(*entries, self.core.weight)
        self.active = np.concatenate([own[small.column], active[len(own) :]])
        self.row_of = small.row_of
        self.arrays, self.kept = self._rows_of(small), _kept(self.frame, self.active, self.unit)
        reached = self.row_of >= 0
        sums = np.bincount(self.row_of[reached], weights=self.u[reached], minlength=len(small.weight))
        u: Floats = np.minimum(sums, small.weight)
        x, q = self.x[self.active].astype(np.float64), self.q
        self.point = _Point(x, u, q, x.copy(), u.copy(), q.copy(), x.copy(), u.copy(), q.copy(), self.price)
        self.k, self.first_residual = 0, np.inf

    def _rows_of(self, small: Core) -> _Rows:
        ptr = np.append(small.indptr, np.full(len(self.active) - small.columns, small.indptr[-1]))
        degree = np.bincount(small.rows, weights=small.values, minlength=len(small.weight))
        scale = small.weight / np.maximum(degree, 1.0)
        return _Rows(
            ptr,
            small.rows,
            small.values,
            small.row_ptr,
            small.cols,
            small.row_values,
            small.weight,
            scale,
            self.total[self.active],
        )

    def plan(self) -> Floats:
        """x_j of all columns."""
        return self.shown

    def iterate(self, count: int) -> None:
        """Reflected Halpern steps with restarts."""
        done = 0
        with threads_for(len(self.arrays.rows)):
            while done < count:
                steps, first, residual, before = _halpern(
                    count - done, self.k, self.first_residual, self.omega, self.arrays, self.kept, self.point
                )
                done, self.k, self.first_residual = done + steps, self.k + steps, first
                if _is_stale(residual, before, first, self.k):
                    self._restart()
        self.work += 2e-6 * (count * len(self.arrays.rows) + len(self.core.rows))
        self.x[self.active] = self.point.x
        self.shown = np.zeros(self.frame.columns)
        self.shown[self.active] = self.point.x_new

    def _restart(self) -> None:
        """Go on from the point shown, and balance both steps by how far both sides moved."""
        point, kept = self.point, self.kept
        dx = point.x_new - point.x0
        moved_x = np.sqrt(float((dx * dx * self.arrays.total).sum()))
        moved = _weighted(point.u_new - point.u0, self.arrays.scale)
        moved += _weighted(point.q_new - point.q0, kept.row_scale)
        moved_u = np.sqrt(moved)
        if moved_x > 1e-12 * self.unit and moved_u > 1e-12 * self.unit:
            self.omega = float(np.exp(0.5 * np.log(moved_u / moved_x) + 0.5 * np.log(self.omega)))
        for shown, now, anchor in (
            (point.x_new, point.x, point.x0),
            (point.u_new, point.u, point.u0),
            (point.q_new, point.q, point.q0),
        ):
            now[:] = shown
            anchor[:] = shown
        self.k, self.first_residual = 0, np.inf


def _trimmed(
    indptr: Ints, rows: Shorts, values: Singles, weight: Floats, share: float
) -> tuple[Ints, Shorts, Singles]:
    """Columns without their smallest entries (by weight), which together hold a share of all."""
    brought = (weight[rows] * values).astype(np.float32)
    size = np.log(np.maximum(brought, 1e-30))
    held, edges = np.histogram(size, _BINS, weights=brought)
    least = edges[int(np.searchsorted(np.cumsum(held, dtype=np.float64), share * held.sum()))]
    kept = size >= least
    before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    return before[indptr], rows[kept], values[kept]


@njit(cache=True, nogil=True)
def _is_stale(residual: float, before: float, first: float, k: int) -> bool:
    """Whether it is time to start again from here."""
    return residual <= 0.2 * first or (residual <= 0.8 * first and residual > before) or k >= _LONGEST


def _row_weights(frame: ConstraintMatrix) -> Floats:
    """One over the mean size of each row."""
    count = np.maximum(np.diff(frame.row_ptr), 1)
    sums = np.bincount(frame.entry_row, weights=np.abs(frame.row_sizes), minlength=len(frame.rows))
    return np.asarray(count / np.maximum(sums, 1e-12))


def _kept(frame: ConstraintMatrix, active: Ints, unit: float) -> _Kept:
    """Limits over some columns, with groups of several and steps of rows."""
    at = np.full(frame.columns, -1, dtype=np.int64)
    at[active] = np.arange(len(active))
    order = frame.group_order
    label = frame.group_of[order]
    inside = at[order] >= 0
    mates, label = at[order[inside]], label[inside]
    starts = np.flatnonzero(np.diff(label, prepend=-1))
    lengths = np.diff(np.append(starts, len(label)))
    lone = np.ones(len(active), dtype=bool)
    many = np.repeat(lengths > 1, lengths)
    lone[mates[many]] = False
    mate_ptr = np.concatenate([[0], np.cumsum(lengths[lengths > 1])]).astype(np.int64)
    members = at[frame.row_members]
    of = frame.entry_row[members >= 0]
    sizes, members = frame.row_sizes[members >= 0], members[members >= 0]
    row_ptr = np.searchsorted(of, np.arange(len(frame.rows) + 1)).astype(np.int64)
    sums = np.bincount(of, weights=np.abs(sizes), minlength=len(frame.rows))
    scale = unit * _row_weights(frame) / np.maximum(sums, 1e-12)
    return _Kept(
        frame.part[active],
        frame.size[active],
        frame.part_room,
        frame.low[active],
        frame.high[active],
        mate_ptr,
        mates[many],
        lone,
        row_ptr,
        members,
        sizes,
        frame.row_room,
        scale,
    )


@njit(cache=True, nogil=True)
def _halpern(
    count: int, k: int, first: float, omega: float, body: _Rows, kept: _Kept, at: _Point
) -> tuple[int, float, float, float]:
    """Steps until the count is reached or a restart is due: how many, first, last, last residual but one."""
    n = len(at.x)
    target, middle, asked = np.empty(n), np.empty(n), np.zeros(n)
    moved = np.zeros(_PIECES)
    before, residual = np.inf, np.inf
    for turn in range(count):
        _ask(kept, at.q, asked)
        _aim(omega, asked, at.x, at.u, body.ptr, body.rows, body.values, body.total, target)
        _project(target, omega, body.total, kept, at.price, at.x_new)
        moved_x = 0.0
        for c in range(n):
            moved_x += (at.x_new[c] - at.x[c]) ** 2 * body.total[c]
            middle[c] = 2.0 * at.x_new[c] - at.x[c]
        keep = (k + turn + 1.0) / (k + turn + 2.0)
        _move_demand(
            omega,
            keep,
            middle,
            body.row_ptr,
            body.cols,
            body.row_values,
            body.weight,
            body.scale,
            at.u,
            at.u0,
            at.u_new,
            moved,
        )
        moved_u = _move_rows(kept, omega, middle, keep, at) + moved.sum()
        for c in range(n):
            at.x[c] = keep * middle[c] + (1.0 - keep) * at.x0[c]
        residual = np.sqrt(moved_x * omega + moved_u / omega)
        if k + turn == 0:
            first = residual
        if k + turn > 0 and _is_stale(residual, before, first, k + turn + 1):
            return turn + 1, first, residual, before
        if turn < count - 1:
            before = residual
    return count, first, residual, before


@njit(cache=True, nogil=True, parallel=True)
def _aim(
    omega: float,
    asked: Floats,
    x: Floats,
    u: Floats,
    ptr: Ints,
    rows: Shorts,
    values: Singles,
    total: Floats,
    target: Floats,
) -> None:
    """Step of the columns along what they are worth, before it is projected."""
    for c in prange(len(x)):
        worth = -asked[c]
        for t in range(ptr[c], ptr[c + 1]):
            worth += values[t] * u[rows[t]]
        target[c] = x[c] + _STEP / (omega * total[c]) * worth


@njit(cache=True, nogil=True, parallel=True)
def _move_demand(
    omega: float,
    keep: float,
    middle: Floats,
    row_ptr: Ints,
    cols: Shorts,
    values: Singles,
    weight: Floats,
    scale: Floats,
    u: Floats,
    u0: Floats,
    u_new: Floats,
    moved: Floats,
) -> None:
    """Step of the prices of demand; ``moved`` takes how far, piece by piece."""
    m = len(u)
    for p in prange(_PIECES):
        far = 0.0
        for i in range(m * p // _PIECES, m * (p + 1) // _PIECES):
            covered = 0.0
            for t in range(row_ptr[i], row_ptr[i + 1]):
                covered += values[t] * middle[cols[t]]
            new = min(max(u[i] - _STEP * omega * scale[i] * (covered - 1.0), 0.0), weight[i])
            far += (new - u[i]) ** 2 / scale[i]
            u_new[i] = new
            u[i] = keep * (2.0 * new - u[i]) + (1.0 - keep) * u0[i]
        moved[p] = far


@njit(cache=True, nogil=True)
def _ask(kept: _Kept, q: Floats, asked: Floats) -> None:
    """What the rows' prices ask of each column."""
    asked[:] = 0.0
    for g in range(len(q)):
        if q[g] != 0.0:
            for t in range(kept.row_ptr[g], kept.row_ptr[g + 1]):
                asked[kept.members[t]] += kept.sizes[t] * q[g]


@njit(cache=True, nogil=True)
def _move_rows(kept: _Kept, omega: float, middle: Floats, keep: float, at: _Point) -> float:
    """Step of the prices of rows; how far they moved."""
    moved = 0.0
    for g in range(len(at.q)):
        used = -kept.row_room[g]
        for t in range(kept.row_ptr[g], kept.row_ptr[g + 1]):
            used += kept.sizes[t] * middle[kept.members[t]]
        new = max(at.q[g] + _STEP * omega * kept.row_scale[g] * used, 0.0)
        moved += (new - at.q[g]) ** 2 / kept.row_scale[g]
        at.q_new[g] = new
        at.q[g] = keep * (2.0 * new - at.q[g]) + (1.0 - keep) * at.q0[g]
    return moved


@njit(cache=True, nogil=True)
def _weighted(du: Floats, scale: Floats) -> float:
    total = 0.0
    for i in range(len(du)):
        if du[i] != 0.0:
            total += du[i] * du[i] / scale[i]
    return total


@njit(cache=True, nogil=True)
def _project(y: Floats, omega: float, total: Floats, kept: _Kept, price: Floats, x: Floats) -> None:
    """Nearest point that keeps parts, groups and what is fixed, in the metric of the steps.

    ``price`` holds the last multipliers of parts, to start from, and takes the new ones.
    """
    n, parts = len(y), len(kept.room)
    low, high = np.zeros(parts + 1), np.full(parts + 1, np.inf)
    used, slope = np.zeros(parts + 1), np.zeros(parts + 1)
    for _ in range(60):
        used[:] = 0.0
        slope[:] = 0.0
        for j in range(n):
            if not kept.lone[j]:
                continue
            g, step = kept.part[j], _STEP / (omega * total[j])
            at = y[j] - step * kept.size[j] * (price[g] if g < parts else 0.0)
            x[j] = min(max(at, kept.low[j]), kept.high[j])
            used[g] += kept.size[j] * x[j]
            if kept.low[j] < at < kept.high[j]:
                slope[g] += kept.size[j] * kept.size[j] * step
        _project_groups(y, omega, total, kept, price, x, used, slope)
        if not _tighten(used, slope, kept.room, price, low, high):
            break


@njit(cache=True, nogil=True)
def _tighten(used: Floats, slope: Floats, room: Floats, price: Floats, low: Floats, high: Floats) -> bool:
    """Newton steps on the multipliers of parts, kept between bounds; whether any part is still off."""
    off = False
    for g in range(len(room)):
        over, exact = used[g] - room[g], 1e-9 * max(room[g], 1.0)
        if over > exact:
            low[g] = price[g]
        elif price[g] > 0.0 and over < -exact:
            high[g] = price[g]
        else:
            continue
        if high[g] - low[g] < 1e-13 * max(1.0, high[g]):
            continue
        off = True
        moved = price[g] + over / slope[g] if slope[g] > 0.0 else -1.0
        if not low[g] <= moved <= high[g] or moved == price[g]:
            moved = 0.5 * (low[g] + high[g]) if high[g] < np.inf else 2.0 * max(low[g], 1e-6)
        price[g] = max(moved, 0.0)
    return off


@njit(cache=True, nogil=True)
def _project_groups(
    y: Floats, omega: float, total: Floats, kept: _Kept, price: Floats, x: Floats, used: Floats, slope: Floats
) -> None:
    """Groups of several columns: their sum is at most one; all members are of one part."""
    parts = len(kept.room)
    for k in range(len(kept.mate_ptr) - 1):
        start, end = kept.mate_ptr[k], kept.mate_ptr[k + 1]
        g = kept.part[kept.mates[start]]
        fee = price[g] if g < parts else 0.0
        extra = 0.0
        for _ in range(end - start + 1):
            over, steps = -1.0, 0.0
            for t in range(start, end):
                j = kept.mates[t]
                step = _STEP / (omega * total[j])
                at = (y[j] - step * (kept.size[j] * fee + extra)) if kept.high[j] > 0.0 else 0.0
                if at > 0.0:
                    over += at
                    steps += step
            if over <= 1e-12 or steps <= 0.0:
                break
            extra += over / steps
        mean, steps = 0.0, 0.0
        for t in range(start, end):
            j = kept.mates[t]
            step = _STEP / (omega * total[j])
            x[j] = max(y[j] - step * (kept.size[j] * fee + extra), 0.0) if kept.high[j] > 0.0 else 0.0
            used[g] += kept.size[j] * x[j]
            if x[j] > 0.0:
                mean += step * kept.size[j]
                steps += step
        for t in range(start, end):
            j = kept.mates[t]
            if x[j] > 0.0:
                held = mean / steps if extra > 0.0 else 0.0
                slope[g] += kept.size[j] * _STEP / (omega * total[j]) * (kept.size[j] - held)
