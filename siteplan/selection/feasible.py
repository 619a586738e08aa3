"""Can the constraints hold together? If so one choice that keeps them, else which one fails and by how much.

The question is asked with every quota, minimum and floor allowed to give way at a
price, so the answer names the constraints that must give, and by how much they must at least.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from scipy import sparse

from siteplan.core.errors import SiteplanError
from siteplan.selection.exact import Clock, program, quiet_solver
from siteplan.selection.limits import cliques_of
from siteplan.selection.problem import CoverageMinimum, CoverProblem, Floats, Ints, Village


class ImpossibleError(SiteplanError):
    """No choice keeps all constraints."""


@dataclass(frozen=True)
class _Soft:
    """A constraint that may give way: sizes of columns, at most ``room`` plus what it gives."""

    kind: str
    name: str
    members: Ints
    sizes: Floats
    room: float


def feasible_columns(problem: CoverProblem, stop: Clock) -> Ints:
    """Columns that keep every constraint, not chosen for what they cover.

    Parameters
    ----------
    problem
        The problem.
    stop
        Says when to give up.

    Returns
    -------
    ndarray
        Columns, ascending.

    Raises
    ------
    SiteplanError
        If no choice keeps all constraints: which, by how much, and what to change; or if it is not known
        in time.
    """
    needed = [floor for floor in problem.minima if floor.least > 0]
    villages = [village for floor in needed for village in floor.villages]
    rows, blocks = _coverage(problem, villages)
    soft = _soft(problem, needed, problem.columns + len(rows))
    matrix, high = _hard(problem, rows, villages, blocks)
    size = problem.columns + len(rows) + len(villages)
    x, given = _solve(problem, matrix, high, soft, size, stop)
    _explain(soft, given)
    return np.flatnonzero(x[: problem.columns] > 0.5)


def _coverage(problem: CoverProblem, villages: list[Village]) -> tuple[Ints, sparse.csr_array]:
    """Rows of the villages, and the shares of columns in them."""
    rows = np.unique(np.concatenate([v.rows for v in villages] or [np.zeros(0, np.int64)])).astype(np.int64)
    whole = sparse.csc_array(
        (problem.values.astype(np.float64), problem.rows, problem.indptr),
        shape=(len(problem.weight), problem.columns),
    )
    return rows, whole.tocsr()[rows]


def _soft(problem: CoverProblem, minima: list[CoverageMinimum], first: int) -> list[_Soft]:
    found = []
    for cap in problem.caps:
        sizes = problem.sizes_in(cap)
        if np.isfinite(cap.limit):
            found.append(_Soft("limit", cap.name, cap.members, sizes, cap.limit))
        if cap.least > 0:
            found.append(_Soft("least", cap.name, cap.members, -sizes, -cap.least))
    for floor in minima:
        members = np.arange(first, first + len(floor.villages))
        first += len(floor.villages)
        found.append(_Soft("floor", floor.name, members, -np.ones(len(members)), -float(floor.least)))
    return found


def _hard(
    problem: CoverProblem, rows: Ints, villages: list[Village], shares: sparse.csr_array
) -> tuple[sparse.csr_array, Floats]:
    """Groups, conflicts, coverage of rows and villages over (x, y, z): at most ``high``."""
    n, m, v = problem.columns, len(rows), len(villages)
    groups = np.unique(problem.group, return_inverse=True)[1]
    apart = sparse.csr_array((np.ones(n), (groups, np.arange(n))))
    cliques = [np.flatnonzero(np.isin(problem.place, each)) for each in cliques_of(problem.conflicts)]
    pairs = [
        (a, b)
        for members in cliques
        for k, a in enumerate(members)
        for b in members[k + 1 :]
        if problem.place[a] != problem.place[b]
    ]
    at = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    foes = sparse.csr_array(
        (np.ones(2 * len(at)), (np.repeat(np.arange(len(at)), 2), at.ravel())), shape=(len(at), n)
    )
    needs = sparse.lil_array((v, m))
    for k, village in enumerate(villages):
        needs[[k], np.searchsorted(rows, village.rows)] = -problem.weight[village.rows]
    blocks = [
        sparse.hstack([apart, sparse.csr_array((apart.shape[0], m + v))]),
        sparse.hstack([foes, sparse.csr_array((len(at), m + v))]),
        sparse.hstack([-shares, sparse.identity(m), sparse.csr_array((m, v))]),
        sparse.hstack([sparse.csr_array((v, n)), needs, sparse.diags_array([x.need for x in villages])])
        if v
        else sparse.csr_array((0, n + m + v)),
    ]
    matrix = sparse.csr_array(sparse.vstack(blocks))
    high = np.concatenate([np.ones(apart.shape[0] + len(at)), np.zeros(m + v)])
    return matrix, high


def _solve(
    problem: CoverProblem,
    matrix: sparse.csr_array,
    high: Floats,
    soft: list[_Soft],
    size: int,
    stop: Clock,
) -> tuple[Floats, Floats]:
    """Least sum of what gives way, each measured against its size."""
    lines = sparse.lil_array((len(soft), size + len(soft)))
    for k, each in enumerate(soft):
        lines[[k], each.members] = each.sizes
        lines[k, size + k] = -1.0
    wide = sparse.hstack([matrix, sparse.csr_array((matrix.shape[0], len(soft)))])
    whole = sparse.csc_array(sparse.vstack([wide, lines]))
    columns = size + len(soft)
    lower, upper = np.zeros(columns), np.ones(columns)
    upper[size:] = np.inf
    lower[problem.locked_in], upper[problem.locked_out] = 1.0, 0.0
    gain = np.bincount(
        np.repeat(np.arange(problem.columns), np.diff(problem.indptr)),
        weights=problem.weight[problem.rows] * problem.values,
        minlength=problem.columns,
    )
    cost = np.zeros(columns)
    cost[: problem.columns] = -1e-6 * gain / max(gain.sum(), 1e-300)
    cost[size:] = 1.0
    villages = sum(len(floor.villages) for floor in problem.minima if floor.least > 0)
    at = np.arange(columns)
    integral = (at < problem.columns) | ((at >= size - villages) & (at < size))
    room = np.concatenate([high, [each.room for each in soft]])
    return _run(program(whole, cost, lower, upper, room, integral), size, stop)


def _run(lp: highspy.HighsLp, size: int, stop: Clock) -> tuple[Floats, Floats]:
    solver = quiet_solver(1e-4)
    solver.setOptionValue("time_limit", stop.left())
    solver.passModel(lp)
    solver.cbMipInterrupt += lambda event: event.interrupt() if stop() else None
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        raise ImpossibleError("locked_places_conflict")
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise SiteplanError("no_choice_in_time")
    values = np.array(solver.getSolution().col_value)
    return values[:size], values[size:]


def _explain(soft: list[_Soft], given: Floats) -> None:
    """Raise if anything had to give way, naming all of it."""
    conflicts = []
    for each, amount in zip(soft, given, strict=True):
        if amount <= 1e-6:
            continue
        wanted = abs(each.room)
        reached = wanted + amount if each.kind == "limit" else wanted - amount
        values = {
            "name": each.name,
            "wanted": float(wanted),
            "reached": float(reached),
            "amount": float(amount),
        }
        conflicts.append((f"conflict_{each.kind}", values))
    if conflicts:
        raise ImpossibleError("constraints_conflict", conflicts=tuple(conflicts))
