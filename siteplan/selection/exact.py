"""Parts of a problem solved to the end by branch and bound (HiGHS, doi 10.1007/s12532-017-0130-5).

A part is a set of free columns; all others stand as they are, or are priced. Binary x, continuous
coverage y:

    max sum_r w_r y_r + sum_j l_j x_j,   y_r <= held_r + sum_j a_rj x_j,   y_r <= 1,   limits on x.

Rows reached by one free column only become part of its gain, equal rows are merged.

Work is limited by how often HiGHS, on one thread, lets itself be looked at, which
follows its own progress and not the clock; so the same problem gives the same answer.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from siteplan.selection.core import Floats, Ints, reduced

_LOOSE = 1e-6
"""HiGHS accepts rows broken by this much, so its bounds are raised by this share."""


class Clock:
    """Asked whether time is over, and how much is left.

    Parameters
    ----------
    seconds
        Allowed from now on.
    """

    def __init__(self, seconds: float) -> None:
        self.end = time.perf_counter() + seconds

    def __call__(self) -> bool:
        """Whether time is over."""
        return time.perf_counter() > self.end

    def left(self) -> float:
        """Seconds left, not negative."""
        return max(self.end - time.perf_counter(), 0.0)


@dataclass(frozen=True, eq=False)
class Part:
    """A part to be solved.

    Attributes
    ----------
    indptr, rows, values
        Shares a_rj of the free columns.
    weight
        w_r; rows of weight zero are left out.
    held
        Coverage of each row by what stands already [0, 1].
    linear
        l_j.
    limits
        Rows of limits over free columns, shape (limits, free).
    room
        What each may hold at most.
    constant
        What is won in any case.
    """

    indptr: Ints
    rows: NDArray[np.int32]
    values: NDArray[np.float32]
    weight: Floats
    held: Floats
    linear: Floats
    limits: sparse.csr_array
    room: Floats
    constant: float = 0.0


@dataclass(frozen=True)
class Solved:
    """Answer to a part: what is chosen, its value, no choice is better than ``bound``, and how it ended."""

    chosen: NDArray[np.bool_]
    value: float
    bound: float
    status: str
    looks: int


def solve_part(part: Part, start: NDArray[np.bool_] | None, *, gap: float, looks: int, stop: Clock) -> Solved:
    """Solve a part.

    Parameters
    ----------
    part
        The part.
    start
        A choice of free columns to begin with; None for none.
    gap
        Relative gap at which to stop.
    looks
        How often branch and bound may be looked at before it is interrupted; it is looked at by its own
        progress.
    stop
        Says when to give up.

    Returns
    -------
    Solved
        ``status`` is ``optimal``, ``infeasible``, ``work_limit`` or ``stopped``; without a feasible
        choice the value is minus infinity.
    """
    model, offset, matrix = _model(part)
    solver = quiet_solver(gap)
    solver.setOptionValue("time_limit", stop.left())  # a long root is not looked at
    solver.passModel(model)
    if start is not None:
        _begin(solver, start, part, matrix)
    ended = _watch(solver, looks, stop)
    solver.run()
    return _answer(solver, len(part.linear), offset, ended)


@contextmanager
def _quiet() -> Iterator[None]:
    """HiGHS greets on standard output when first made, before it can be told not to."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


with _quiet():
    highspy.Highs()


def quiet_solver(gap: float) -> highspy.Highs:
    """HiGHS on one thread, silent, the same on every run.

    Parameters
    ----------
    gap
        Relative gap at which to stop.

    Returns
    -------
    Highs
        Ready to take a model.
    """
    solver = highspy.Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("mip_rel_gap", gap),
        ("mip_abs_gap", 1e-9),
        ("random_seed", 0),
    ):
        solver.setOptionValue(name, value)
    return solver


def program(
    matrix: sparse.csc_array,
    cost: Floats,
    lower: Floats,
    upper: Floats,
    high: Floats,
    whole: NDArray[np.bool_],
) -> highspy.HighsLp:
    """A program to be minimised: every row at most its right-hand side.

    Parameters
    ----------
    matrix
        Rows x columns.
    cost, lower, upper
        Of each column.
    high
        Right-hand sides.
    whole
        Which columns are whole numbers.

    Returns
    -------
    HighsLp
        As HiGHS takes it.
    """
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
    lp.row_lower_, lp.row_upper_ = np.full(len(high), -highspy.kHighsInf), high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[each] for each in whole.astype(int)]
    return lp


def _merged(part: Part) -> tuple[sparse.csr_array, Floats, Floats]:
    """Rows still to be won, equal ones as one: shares, weights, and what each is held by."""
    keep = (part.weight > 0) & (part.held < 1.0)
    weight = np.where(keep, part.weight, 0.0)
    n = len(part.indptr) - 1
    shown = np.append(part.indptr, part.indptr[-1] + keep.sum())
    rows = np.concatenate([part.rows, np.flatnonzero(keep).astype(np.int32)])
    values = np.concatenate([part.values, part.held[keep].astype(np.float32)])
    core = reduced(shown.astype(np.int64), rows, values, weight)
    matrix = sparse.csr_array(
        (core.row_values.astype(np.float64), core.column[core.cols], core.row_ptr),
        shape=(len(core.weight), n + 1),
    )
    matrix.sort_indices()
    return matrix[:, :n].tocsr(), core.weight, matrix[:, [n]].toarray().ravel()


def _model(part: Part) -> tuple[highspy.HighsLp, float, sparse.csr_array]:
    """The program, what it does not count, and the rows that have a y."""
    shares, weight, held = _merged(part)
    offset = float(weight @ held) + part.constant
    alone = np.diff(shares.indptr) == 1
    single = shares[alone]
    gain = weight[alone] * np.minimum(single.data, 1.0 - held[alone])
    cost = part.linear + np.bincount(single.indices, weights=gain, minlength=len(part.linear))
    several = (np.diff(shares.indptr) > 1) & ~alone
    block, own = shares[several].tocsr(), weight[several]
    rest = 1.0 - held[several]
    n, m = len(part.linear), block.shape[0]
    covers = sparse.hstack([-block, sparse.identity(m, format="csr")])
    limits = sparse.hstack([part.limits, sparse.csr_array((part.limits.shape[0], m))])
    matrix = sparse.csc_array(sparse.vstack([covers, limits]))
    lp = program(
        matrix,
        np.concatenate([cost, own]),
        np.zeros(n + m),
        np.concatenate([np.ones(n), rest]),
        np.concatenate([np.zeros(m), part.room]),
        np.arange(n + m) < n,
    )
    lp.sense_ = highspy.ObjSense.kMaximize
    return lp, offset, sparse.csr_array(sparse.hstack([block, sparse.csr_array(rest[:, None])]))


def _begin(solver: highspy.Highs, start: NDArray[np.bool_], part: Part, rows: sparse.csr_array) -> None:
    x = start.astype(np.float64)
    n = len(part.linear)
    rest = rows[:, [n]].toarray().ravel()
    y = np.minimum(rows[:, :n] @ x, rest)
    solution = highspy.HighsSolution()
    solution.col_value = np.concatenate([x, y]).tolist()
    solver.setSolution(solution)


def _watch(solver: highspy.Highs, looks: int, stop: Clock) -> list[str]:
    """Interrupt when the work is done or time is over; the list takes every look, and the reason last."""
    ended: list[str] = []

    def look(event: highspy.HighsCallbackEvent) -> None:
        ended.append("look")
        if len(ended) > looks:
            ended.append("work_limit")
            event.interrupt()
        elif stop():
            ended.append("stopped")
            event.interrupt()

    solver.cbMipInterrupt += look
    return ended


def _answer(solver: highspy.Highs, columns: int, offset: float, ended: list[str]) -> Solved:
    info, status = solver.getInfo(), solver.getModelStatus()
    names = {
        highspy.HighsModelStatus.kOptimal: "optimal",
        highspy.HighsModelStatus.kInfeasible: "infeasible",
        highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    }
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    chosen = np.zeros(columns, dtype=bool)
    if found:
        chosen = np.array(solver.getSolution().col_value[:columns]) > 0.5
    value = info.objective_function_value + offset if found else -np.inf
    bound = info.mip_dual_bound + offset if np.isfinite(info.mip_dual_bound) else np.inf
    bound += _LOOSE * abs(bound) if np.isfinite(bound) else 0.0
    reason = ended[-1] if ended and ended[-1] != "look" else "stopped"
    word = names.get(status, reason)
    return Solved(chosen, value, bound, word, len(ended))
