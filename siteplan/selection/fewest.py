"""The problem turned round: how few stations, or how little money, reach a share of the people.

With a budget B the relaxation proves f <= bound + p (B' - B) for every other budget B', p being the price
of the budget. Turned round: to cover a target one must spend at least B + (target - bound) / p. Budgets
are tried until the dearest that cannot do and the cheapest that does meet.

At 100 % every row must be covered, whatever it weighs; there rows count alike.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from siteplan.core.errors import SiteplanError
from siteplan.selection.exact import Clock
from siteplan.selection.feasible import ImpossibleError
from siteplan.selection.problem import Cap, CoverProblem, Floats, Ints, Selection, objective_of
from siteplan.selection.search import SiteSearch
from siteplan.selection.solve import WORK, finished, search
from siteplan.selection.solver import Solver, StopCriteria

_WHOLE = 1.0 - 1e-12
_TRIES = 24


@dataclass(frozen=True, eq=False)
class Curve:
    """Covered weight against stations.

    Attributes
    ----------
    stations
        Numbers of stations, ascending.
    covered
        Newly covered weight of the best choice found for each.
    bound
        No choice with so many stations covers more.
    """

    stations: Floats
    covered: Floats
    bound: Floats


def select_fewest(
    problem: CoverProblem,
    target_share: float,
    *,
    gap: float = 0.0,
    work_limit: float = WORK,
    time_limit_s: float = np.inf,
    seed: int = 0,
) -> Selection:
    """Fewest stations (least cost, where the problem has costs) that cover a share of all weight.

    Parameters
    ----------
    problem
        The problem; all its constraints are kept.
    target_share
        Share of the whole weight, what is covered already included [0, 1]; at 1 every row must be covered
        (for probabilities: as well as all candidates together could).
    gap
        Stop when (spent - least_spent) / spent is at most this.
    work_limit, time_limit_s, seed
        As in :func:`siteplan.selection.select`.

    Returns
    -------
    Selection
        With ``spent`` and the proven ``least_spent``; its own bound and gap are those of coverage for
        that money.

    Raises
    ------
    SiteplanError
        If the target cannot be reached: how much can be.
    """
    if not 0.0 <= target_share <= 1.0:
        raise ValueError(f"target_share is {target_share:g}, expected 0 ... 1")
    started = time.perf_counter()
    limits = StopCriteria(0.0, work_limit, time_limit_s, seed)
    task = _counting_alike(problem) if target_share >= _WHOLE else problem
    need = _need(task, target_share)
    hunt = _Hunt(task, need, limits, gap)
    hunt.run()
    return _as_selection(problem, hunt, limits, started)


def coverage_curve(
    problem: CoverProblem,
    stations: Sequence[int],
    *,
    work_limit: float = WORK,
    time_limit_s: float = np.inf,
    seed: int = 0,
) -> Curve:
    """Covered weight, and the most that could be, for several numbers of stations.

    Parameters
    ----------
    problem
        The problem; its minima and floors are left out, its upper limits kept.
    stations
        Numbers of stations.
    work_limit, time_limit_s, seed
        As in :func:`siteplan.selection.select`; shared evenly among the numbers.

    Returns
    -------
    Curve
        Never falling in stations.
    """
    stop, counts = Clock(time_limit_s), np.unique(np.asarray(stations, dtype=np.float64))
    bare = problem.without_minima()
    first = Solver(bare)
    covered, bounds, lines = [], [], []
    for count in counts:
        solver = first.again(_with_budget(bare, np.ones(0), float(count)))
        limits = StopCriteria(1e-3, work_limit / max(len(counts), 1), time_limit_s, seed)
        search(solver, limits, stop)
        covered.append(solver.value)
        bounds.append(solver.bound)
        lines += _line(solver)
        first = solver
    least = np.min([bound + price * (counts - at) for at, bound, price in lines], axis=0)
    bound = np.maximum.accumulate(np.minimum(least, np.array(bounds)))
    return Curve(counts, np.maximum.accumulate(np.array(covered)), bound)


def _need(problem: CoverProblem, share: float) -> float:
    """Newly covered weight needed; refused where not even all candidates together reach it."""
    whole = problem.base_value + float(problem.weight.sum())
    need = share * whole - problem.base_value
    everyone = np.setdiff1d(np.arange(problem.columns), problem.locked_out)
    reachable = objective_of(problem, everyone)
    if share >= _WHOLE:
        return reachable * (1.0 - 1e-12)
    if need > reachable * (1.0 + 1e-9):
        most = (problem.base_value + reachable) / whole
        raise SiteplanError("target_out_of_reach", share=share, most=most)
    return max(need, 0.0)


def _counting_alike(problem: CoverProblem) -> CoverProblem:
    """Every row that still lacks something counts the same."""
    return replace(problem, weight=(problem.weight > 0).astype(np.float64))


def _costs(problem: CoverProblem) -> Floats:
    return problem.stations.astype(np.float64) if problem.cost is None else problem.cost


def _with_budget(problem: CoverProblem, costs: Floats, limit: float) -> CoverProblem:
    everyone = np.arange(problem.columns)
    cap = Cap("spent", "spent", everyone, limit, 0.0, costs if len(costs) else None)
    return replace(problem, caps=(*problem.caps, cap))


def _line(solver: Solver) -> list[tuple[float, float, float]]:
    """Budget, bound at it, and price of one more: of the last cap of a solver."""
    if solver.proof is None:
        return []
    number, frame = len(solver.problem.caps) - 1, solver.frame
    relaxed, limit = solver.proof[1], solver.problem.caps[-1].limit
    at = np.flatnonzero(frame.part_cap == number)
    price = float(relaxed.part_prices[at[0]]) if len(at) else 0.0
    for row, each in zip(frame.rows, relaxed.row_prices, strict=True):
        price += float(each) if row.kind == "cap" and row.number == number else 0.0
    return [(limit, relaxed.bound, price)]


class _Hunt:
    """The cheapest choice that does, the dearest budget that cannot, and the tries between."""

    def __init__(self, problem: CoverProblem, need: float, limits: StopCriteria, gap: float) -> None:
        self.problem, self.need, self.limits, self.gap = problem, need, limits, gap
        self.costs = _costs(problem)
        self.whole = bool((self.costs == np.round(self.costs)).all())
        self.stop = Clock(limits.seconds)
        self.first = Solver(problem)
        self.best: Ints = np.zeros(0, dtype=np.int64)
        self.spent, self.least, self.work = np.inf, 0.0, 0.0
        self.solver = self.first

    def run(self) -> None:
        """First the whole, then budgets between what cannot do and what does."""
        self.first.begin(self.stop)
        if self.first.value < self.need:
            search(self.first, replace(self.limits, enough=self.need), self.stop)
        if self.first.value < self.need:
            raise SiteplanError("target_not_reached")
        self._take(self.first)
        self.work = self.first.work
        tried = 0.0
        for _ in range(_TRIES):
            budget = self._next(tried)
            if self._done() or budget is None:
                return
            tried = budget
            self._try(budget)

    @property
    def closed(self) -> bool:
        """Whether reached and proven are within the gap asked for."""
        return self.spent - self.least <= max(self.gap * self.spent, 1e-9 * max(self.spent, 1.0))

    def _done(self) -> bool:
        return self.closed or self.work >= self.limits.work or self.stop()

    def _next(self, tried: float) -> float | None:
        """The next budget: between the proven and the reached, above what was tried in vain."""
        low = max(self.least, tried) if tried < self.spent else self.least
        if self.whole:
            budget = float(np.floor(0.5 * (low + self.spent)))
            budget = min(max(budget, np.ceil(self.least - 1e-9)), self.spent - 1.0)
            return budget if budget > tried or tried >= self.spent else None
        return 0.5 * (low + self.spent) if self.spent - low > 1e-4 * self.spent else None

    def _try(self, budget: float) -> None:
        task = _with_budget(self.problem, self.costs, budget)
        solver = self.solver.again(task)
        limits = replace(
            self.limits, work=0.35 * (self.limits.work - self.work), enough=self.need, hopeless=self.need
        )
        try:
            search(solver, limits, self.stop)
        except ImpossibleError:  # what must be built costs more than the budget
            self._raise_least(budget + (1.0 if self.whole else 0.0))
            return
        self.work += solver.work
        for at, bound, price in _line(solver):
            if price > 0:
                self._raise_least(at + (self.need - bound) / price)
        if solver.bound < self.need:
            self._raise_least(budget + (1.0 if self.whole else 0.0))
        if solver.value >= self.need:
            self._take(solver)
        self.solver = solver

    def _raise_least(self, least: float) -> None:
        least = np.ceil(least - 1e-6) if self.whole else least
        self.least = min(max(self.least, float(least)), self.spent)

    def _take(self, solver: Solver) -> None:
        """Drop what the target does not need, and keep the choice if it is cheaper."""
        choice = SiteSearch(solver.field)
        choice.become(solver.best)
        self._trim(solver, choice)
        columns = np.sort(solver.columns_of(choice.options))
        spent = float(self.costs[columns].sum())
        if spent < self.spent:
            self.best, self.spent = columns, spent

    def _trim(self, solver: Solver, choice: SiteSearch) -> None:
        costs = solver.options.sums(self.costs)[solver.option_core.column]
        while True:
            loose = choice.options[~choice.rules.fixed[choice.options]]
            spare = choice.value() - self.need
            losses = np.array([choice.loss(int(option)) for option in loose])
            order = np.lexsort((choice.rules.tie[loose], losses / np.maximum(costs[loose], 1e-12)))
            for k in order:
                if losses[k] <= spare + 1e-12 * abs(self.need):
                    before = choice.unmet()
                    choice.remove(int(loose[k]))
                    if choice.unmet() <= before + 1e-9:
                        break
                    choice.add(int(loose[k]))
            else:
                return


def _as_selection(problem: CoverProblem, hunt: _Hunt, limits: StopCriteria, started: float) -> Selection:
    """The choice as a selection of the problem for exactly that money."""
    task = _with_budget(problem, hunt.costs, hunt.spent)
    solver = Solver(task)
    choice = SiteSearch(solver.field)
    choice.become(solver.options_holding(hunt.best))
    solver.offer(choice.options, choice.value())
    status = ("optimal" if hunt.spent <= hunt.least * (1 + 1e-9) else "gap") if hunt.closed else "work_limit"
    if not hunt.closed and hunt.stop():
        status = "time_limit"
    solver.prove(limits, hunt.stop, 200)
    found = finished(solver, limits, status, started)
    return replace(found, spent=hunt.spent, least_spent=hunt.least)
