"""From a problem to a selection: search, proof, ranks.

The normal end is the gap or the work limit; time is a guard, and a selection says
when it was cut short.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from siteplan.core.progress import SILENT, Report
from siteplan.selection.exact import Clock
from siteplan.selection.feasible import ImpossibleError
from siteplan.selection.problem import (
    Certificate,
    CoverProblem,
    Floats,
    Selection,
    objective_of,
    relative_gap,
    violations,
)
from siteplan.selection.rank import curve_bounds, ranked
from siteplan.selection.solver import CLOSED, Answer, Solver, StopCriteria

WORK = 5_000.0
"""Work limit unless told otherwise [million matrix entries touched]."""
_FIRST, _MORE = 400, 800
_ROUNDS = 3_000
_PATIENCE = 2
_IDLE = 6
"""Turns after which nothing more is to be expected: all sizes of areas and six rounds of neighbourhoods."""


def select(
    problem: CoverProblem,
    *,
    gap: float = 1e-3,
    work_limit: float = WORK,
    time_limit_s: float = np.inf,
    seed: int = 0,
    min_gain: float = 0.0,
    report: Report = SILENT,
) -> Selection:
    """Choose columns within the quotas, rank their places, and prove how good the choice is.

    Parameters
    ----------
    problem
        The problem.
    gap
        Stop when (bound - objective) / bound is at most this; 0 asks for the optimum.
    work_limit
        Stop after so many million matrix entries touched.
    time_limit_s
        Guard [s]; a selection cut short by it says so and may differ between runs.
    seed
        Of the search.
    min_gain
        Newly covered weight per station below which nothing is chosen, leaving quota unused; the bound
        knows nothing of it.
    report
        Is told what is proven so far.

    Returns
    -------
    Selection
        The same for the same problem and seed, whatever the number of threads, unless status is
        ``time_limit`` or ``interrupted`` (Ctrl-C gives what is known so far).

    Raises
    ------
    SiteplanError
        If the constraints cannot hold together: which, by how much, and what to change.
    """
    return solved(Solver(problem, min_gain), StopCriteria(gap, work_limit, time_limit_s, seed), report)


def solved(solver: Solver, limits: StopCriteria, report: Report = SILENT) -> Selection:
    """Solve a problem made ready; see :func:`select`.

    Parameters
    ----------
    solver
        The problem.
    limits
        When to stop.
    report
        Is told what is proven so far.

    Returns
    -------
    Selection
        The answer.
    """
    started = time.perf_counter()
    stop = Clock(limits.seconds)
    interrupted = False
    try:
        search(solver, limits, stop, report)
    except KeyboardInterrupt:
        if not np.isfinite(solver.value):
            raise
        interrupted = True
    status = "interrupted" if interrupted else _status(solver, limits, stop)
    return finished(solver, limits, status, started)


def quick(problem: CoverProblem, work_limit: float, *, seed: int = 0, min_gain: float = 0.0) -> Answer:
    """A choice and its bound without ranks and certificate, for looking at several tasks.

    Parameters
    ----------
    problem
        The problem.
    work_limit, seed, min_gain
        As in :func:`select`.

    Returns
    -------
    Answer
        The answer.
    """
    started, solver = time.perf_counter(), Solver(problem, min_gain)
    search(solver, StopCriteria(0.0, work_limit, np.inf, seed), Clock(np.inf))
    if min_gain > 0:
        solver.prune()
    columns = solver.columns()
    value = objective_of(problem, columns)
    bound = max(solver.bound, value)
    return Answer(columns, value, bound, relative_gap(value, bound), time.perf_counter() - started)


def search(solver: Solver, limits: StopCriteria, stop: Clock, report: Report = SILENT) -> None:
    """Prices, rounding, neighbourhoods, then areas and counties, in turn while anything gets better.

    Parameters
    ----------
    solver
        Changed in place.
    limits
        When to stop.
    stop
        Says when time is over.
    report
        Is told what is proven so far.
    """
    if not np.isfinite(solver.value):
        solver.begin(stop)
    if solver.relaxed is None or solver.can_prove(limits):
        solver.prove(limits, stop, _FIRST)
    report.note("proven_so_far", gap=100.0 * solver.gap)
    turn = 0
    idle = 0
    while not _ended(solver, limits, stop) and idle < _IDLE:
        value, bound = solver.value, solver.bound
        for step in _steps(solver, limits, stop, turn):
            step()
            report.note("proven_so_far", gap=100.0 * solver.gap)
            if _ended(solver, limits, stop):
                return
        turn += 1
        idle = idle + 1 if (value, bound) == (solver.value, solver.bound) else 0
        if turn > 1 and value == solver.value and solver.close(limits, stop):
            return


def _steps(solver: Solver, limits: StopCriteria, stop: Clock, turn: int) -> list[Callable[[], None]]:
    """What is done in a turn: the first ends with more prices, the next ones with counties."""
    rounds = _ROUNDS * min(2**turn, 32)
    steps = [solver.round, lambda: solver.explore(limits, stop, rounds, _PATIENCE)]
    if turn:
        steps.append(lambda: solver.reopen(limits, stop))
    if not solver.converged:
        steps.append(lambda: _prove(solver, limits, stop))
    if turn:
        steps.append(lambda: solver.apart(limits, stop))
    return steps


def _prove(solver: Solver, limits: StopCriteria, stop: Clock) -> None:
    """More prices, where the work left pays for them."""
    if solver.can_prove(limits):
        solver.prove(limits, stop, _MORE if solver.certain else _FIRST)


def _ended(solver: Solver, limits: StopCriteria, stop: Clock) -> bool:
    done = solver.gap <= max(limits.gap, CLOSED) or limits.answered(solver.value, solver.bound)
    return done or solver.work >= limits.work or stop()


def _status(solver: Solver, limits: StopCriteria, stop: Clock) -> str:
    if solver.gap <= CLOSED:
        return "optimal"
    if solver.gap <= limits.gap:
        return "gap"
    return "time_limit" if stop() else "work_limit"


def finished(solver: Solver, limits: StopCriteria, status: str, started: float) -> Selection:
    """What a solver knows, as a selection.

    Parameters
    ----------
    solver
        After its search.
    limits
        Of the search.
    status
        How it ended.
    started
        ``time.perf_counter()`` at the beginning.

    Returns
    -------
    Selection
        With ranks, bounds of prefixes and certificate.

    Raises
    ------
    SiteplanError
        If nothing that keeps all constraints was met: the nearest that was known, and what it breaks.
    """
    if solver.min_gain > 0:
        solver.prune()
    columns = solver.columns()
    broken = violations(solver.problem, columns)
    if broken:
        raise ImpossibleError("no_choice_keeps", detail="; ".join(broken[:3]))
    objective = objective_of(solver.problem, columns)
    places, gains, losses, order = ranked(solver.problem, columns)
    certificate = certificate_of(solver)
    bound = max(min(solver.bound, certificate.bound), objective)
    curve = np.minimum(curve_bounds(solver, places, order), bound)
    return Selection(
        columns=order,
        places=places,
        marginal_gains=gains,
        losses=losses,
        objective=objective,
        base_value=solver.problem.base_value,
        upper_bound=bound,
        optimality_gap=relative_gap(objective, bound),
        curve_bounds=curve,
        status=status,
        seconds=time.perf_counter() - started,
        seed=limits.seed,
        certificate=certificate,
        bound_source="prices" if bound >= certificate.bound else solver.source,
    )


def certificate_of(solver: Solver) -> Certificate:
    """The best prices of a solver, in the terms of its problem.

    Parameters
    ----------
    solver
        After its search.

    Returns
    -------
    Certificate
        All zero (and the whole weight as its bound) where no price was ever looked for.
    """
    problem, frame = solver.problem, solver.frame
    if solver.proof is None:
        solver.prove(StopCriteria(0.0, np.inf, np.inf, 0), Clock(np.inf), 0)
    cases, relaxed = solver.proof or (solver.cases, solver.relaxed)
    if relaxed is None:
        raise AssertionError("no prices")
    caps, least = np.zeros(len(problem.caps)), np.zeros(len(problem.caps))
    caps[frame.part_cap] = relaxed.part_prices
    conflicts, minima = np.zeros(len(frame.conflict_sets)), np.zeros(len(problem.minima))
    asked = np.zeros(sum(len(floor.villages) for floor in problem.minima))
    into: dict[str, Floats] = {
        "cap": caps,
        "least": least,
        "conflict": conflicts,
        "floor": minima,
        "village": asked,
    }
    for row, price in zip(frame.rows, relaxed.row_prices, strict=True):
        into[row.kind][row.number] += price
    cuts = np.cumsum([len(floor.villages) for floor in problem.minima])[:-1]
    return Certificate(
        row_of=solver.core.row_of,
        cut_ptr=cases.cut_ptr,
        cut_columns=solver.core.column[cases.cut_columns],
        case_ptr=cases.case_ptr,
        prices=relaxed.prices,
        cap_prices=caps,
        least_prices=least,
        conflict_prices=conflicts,
        conflict_sets=frame.conflict_sets,
        floor_prices=minima,
        village_prices=tuple(np.split(asked, cuts)) if problem.minima else (),
        bound=relaxed.bound,
    )
