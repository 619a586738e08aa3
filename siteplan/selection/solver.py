"""The search for a choice and its proof: what is known so far, and the steps that improve it.

Every step counts its work in matrix entries touched, and steps follow each other by
what is known and by work done, never by the clock; so the same problem gives the same answer on any
machine and with any number of threads, unless time runs out.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from siteplan.core.errors import SiteplanError
from siteplan.selection.cases import Cases, cut, uncut
from siteplan.selection.configurations import PlaceConfigurations, configurations_of
from siteplan.selection.core import Core, Floats, Ints, column_sums, reduced
from siteplan.selection.exact import Clock
from siteplan.selection.feasible import feasible_columns
from siteplan.selection.improve import LANES, improve, join, kernel_of, rounded
from siteplan.selection.limits import ConstraintMatrix, constraint_matrix
from siteplan.selection.parts import reopened, solve_apart
from siteplan.selection.problem import Cap, CoverProblem, relative_gap, violations
from siteplan.selection.relax import EXACT, ROUNDED, Relaxed, bound_at, bound_of, relax, worth_of
from siteplan.selection.search import Field, SiteSearch, areas, search_constraints, without

CLOSED = 2e-6
"""Relative gap at which a selection counts as optimal: twice the tolerance of branch and bound."""
_CUTS = (3, 4, 5, 6, 8)
"""Most cuts of a row, by round."""
_ENTRIES = 40_000_000
"""Entries beyond which rows are not cut finer."""
_SHARE = 0.25
"""Share of all work that one stretch of neighbourhoods may take."""
_REOPEN = 1_000.0
"""Most work spent on one area or county that is chosen anew."""
_AREA, _SIZES = 16, 3
"""Chosen options of the smallest area that is chosen anew, and how many sizes there are."""
_PASSES = 10
"""Passes over the matrix before a program of branch and bound."""
_NEW_PRICES = (0.0, 0.3, 0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0)
"""Prices of a limit that binds anew, in those of the others."""
_TRIM = 1e-3
"""Share of demand whose smallest entries prices of large problems are sought without."""
_NEAR_PRICE = 0.1
"""Share of its price that an option may lack to belong to the kernel."""


@dataclass(frozen=True)
class StopCriteria:
    """When to stop: gap, work [million entries touched], clock [s]; and the seed.

    ``enough`` is a value that answers the question, ``hopeless`` a bound that does.
    """

    gap: float
    work: float
    seconds: float
    seed: int
    enough: float = np.inf
    hopeless: float = -np.inf

    def answered(self, value: float, bound: float) -> bool:
        """Whether the question is answered by what is known."""
        return value >= self.enough or bound < self.hopeless


@dataclass(frozen=True, eq=False)
class Answer:
    """Columns, what they newly cover, a proven bound, the gap between both, and the time taken [s]."""

    columns: Ints
    objective: float
    upper_bound: float
    optimality_gap: float
    seconds: float


class Solver:
    """A problem made ready; can be solved, and asked what if.

    Parameters
    ----------
    problem
        The problem.
    min_gain
        Newly covered weight per station below which nothing is chosen.

    Raises
    ------
    SiteplanError
        If no choice can keep the constraints.
    """

    def __init__(self, problem: CoverProblem, min_gain: float = 0.0, *, like: Solver | None = None) -> None:
        self.problem, self.min_gain = problem, min_gain
        alone = True
        if like is None:
            self.core: Core = reduced(problem.indptr, problem.rows, problem.values, problem.weight)
            self.options: PlaceConfigurations = configurations_of(problem)
            alone = self.options.count == problem.columns
            self.option_core = self.core if alone else self._reduced_options()
        else:
            self.core, self.options, self.option_core = like.core, like.options, like.option_core
            alone = self.option_core is self.core
        self.frame: ConstraintMatrix = constraint_matrix(problem, self.core)
        if like is not None and problem.caps is like.problem.caps and not len(problem.locked_in):
            closed = self.options.touching(problem.locked_out)[self.option_core.column]
            rules, stations = without(like.field.rules, closed), like.field.stations
        else:
            rules, stations = search_constraints(problem, self.options, self.option_core.column, min_gain)
        self.field: Field = Field(self.option_core, rules, stations)
        self.certain = alone and self.core.is_boolean
        self.work, self.turn, self.cuts = 0.0, 0, 0
        self.round_work, self.fruitful = 0.0, True
        self.converged = False
        self.tried: dict[str, float] = {}
        self.sweeps, self.idle = 0, 0
        self.rounded: Relaxed | None = None
        self.cases: Cases = uncut(self.core)
        self.best: Ints = np.zeros(0, dtype=np.int64)
        self.value = -np.inf
        self.relaxed: Relaxed | None = None
        self.proof: tuple[Cases, Relaxed] | None = None
        self.bound, self.source = np.inf, "prices"
        self.size: Floats = np.maximum(stations, 1e-12)
        self.pool: Ints = np.arange(self.option_core.columns)
        self.slack: Floats = np.zeros(self.frame.columns)

    def _reduced_options(self) -> Core:
        options = self.options
        return reduced(options.indptr, options.rows, options.values, self.problem.weight)

    def again(self, problem: CoverProblem) -> Solver:
        """The same matrix under other limits, begun with the prices known here.

        Parameters
        ----------
        problem
            Differs in limits only.

        Returns
        -------
        Solver
            Ready to search.
        """
        other = Solver(problem, self.min_gain, like=self)
        if self.proof is not None:
            other.cases, known = self.proof
            other.relaxed = bound_of(
                other.cases.core, other.frame, known.prices, np.zeros(len(other.frame.rows)), self._outward()
            )
            plan = np.zeros(other.frame.columns)
            plan[: self.core.columns] = known.fraction[: self.core.columns]
            other.relaxed = replace(other.relaxed, fraction=plan)
        return other

    # --- what is known ---------------------------------------------------------------------------------

    @property
    def gap(self) -> float:
        """(bound - value) / bound."""
        if not np.isfinite(self.bound) or not np.isfinite(self.value):
            return np.inf
        return 0.0 if self.bound <= 0 else max(0.0, (self.bound - self.value) / self.bound)

    def columns(self) -> Ints:
        """Columns of the best choice, ascending."""
        return np.sort(self.columns_of(self.best))

    def columns_of(self, options: Ints) -> Ints:
        """Columns of some options (numbers of the search), in their order."""
        return self.options.columns_of(self.option_core.column[options])

    def offer(self, options: Ints, value: float) -> bool:
        """Take a choice if it is better and keeps every floor."""
        if value <= self.value * (1.0 + 1e-12) and np.isfinite(self.value):
            return False
        if self.problem.minima:
            columns = self.columns_of(options)
            if violations(self.problem, columns):
                return False
        self.best, self.value = options.copy(), value
        return True

    def _lower(self, relaxed: Relaxed) -> None:
        self.relaxed = relaxed
        self.work += relaxed.work
        if relaxed.bound < self.bound:
            self.bound, self.source = relaxed.bound, "prices"
        if self.proof is None or relaxed.bound < self.proof[1].bound:
            self.proof = (self.cases, relaxed)

    # --- steps -----------------------------------------------------------------------------------------

    def begin(self, stop: Clock) -> None:
        """A first choice: greedy and swaps; where that cannot keep the constraints, one that does."""
        choice = SiteSearch(self.field)
        everyone = np.arange(self.option_core.columns)
        choice.fill(everyone, self.size)
        for _ in range(3):
            if not choice.swap(everyone):
                break
        self.work += choice.work
        columns = self.columns_of(choice.options)
        if violations(self.problem, columns):
            choice = self._mended(stop)
        self.offer(choice.options, choice.value())

    def _mended(self, stop: Clock) -> SiteSearch:
        """From any feasible choice, better ones that keep every constraint."""
        columns = feasible_columns(self.problem, stop)
        choice = SiteSearch(self.field)
        choice.become(self.options_holding(columns))
        found = choice.options
        choice.fill(np.arange(self.option_core.columns), self.size)
        broken = violations(self.problem, self.columns_of(choice.options))
        if broken:
            choice.become(found)
        return choice

    def options_holding(self, columns: Ints) -> Ints:
        """Options (numbers of the search) that together hold exactly some columns."""
        if self.options.count == self.problem.columns:
            return np.sort(self.option_core.position[columns])
        return np.flatnonzero(self.options.holding(columns)[self.option_core.column])

    def prove(self, limits: StopCriteria, stop: Clock, iterations: int) -> None:
        """Improve prices; where rows are probable, cut them finer first."""
        start = self._start()  # cuts rows anew
        found = relax(
            self.cases.core,
            self.frame,
            start,
            outward=self._outward(),
            best=self.value,
            gap=limits.gap,
            iterations=iterations,
            stop=stop,
            trim=0.0 if self.certain else _TRIM,
        )
        self.converged = self.certain and found.iterations < iterations
        self.cuts += not self.certain
        self._lower(found)

    def can_prove(self, limits: StopCriteria) -> bool:
        """Whether the work left pays for prices that are worth it: as many looks as the last ones took."""
        spent = 0.0 if self.relaxed is None else self.relaxed.work
        return self.work + spent <= limits.work

    def _outward(self) -> float:
        return EXACT if self.certain else ROUNDED

    def _start(self) -> Relaxed:
        """First prices: what the best choice leaves uncovered costs in full, what it covers twice nothing."""
        if self.relaxed is not None and self.certain:
            return self.relaxed
        score = self._chosen_score()
        if not self.certain:
            self._cut(score)
        core = self.cases.core
        covered = column_sums(core.row_ptr, core.cols, core.row_values, score)
        prices = core.weight * np.clip(1.8 - covered, 0.0, 1.0)
        rows = np.zeros(len(self.frame.rows)) if self.relaxed is None else self.relaxed.row_prices
        plan = np.zeros(self.frame.columns)
        plan[: core.columns] = score if self.relaxed is None else self.relaxed.fraction[: core.columns]
        first = bound_of(core, self.frame, prices, rows, self._outward())
        return replace(first, fraction=plan)

    def _chosen_score(self) -> Floats:
        """1 for chosen columns, in the order of the core."""
        score = np.zeros(self.problem.columns)
        score[self.columns()] = 1.0
        return score[self.core.column]

    def _cut(self, score: Floats) -> None:
        """Cut rows where chosen columns and those of the last plan meet."""
        if self.relaxed is not None:
            plan = self.relaxed.fraction[: self.core.columns]
            score = np.maximum(np.where(plan > 0.02, plan, 0.0), 0.4 * score)
        most = _CUTS[min(self.cuts, len(_CUTS) - 1)]
        while True:
            made = cut(self.core, self.problem.place[self.core.column], score, most)
            if len(made.core.rows) <= _ENTRIES or most <= 1:
                break
            most -= 1
        self.cases = made

    def round(self) -> None:
        """A choice from the relaxation's plan, and the kernel it points at."""
        relaxed = self.relaxed
        if relaxed is None or relaxed is self.rounded:
            return
        self.rounded = relaxed
        n = self.problem.columns
        charge, worth, plan = (
            self._by_column(figures) for figures in (relaxed.charge, relaxed.worth, relaxed.fraction)
        )
        order = self.option_core.column
        size = self.options.sums(charge)[order]
        typical = float(np.median(size[size > 0])) if (size > 0).any() else 1.0
        self.size = np.maximum(size, 1e-3 * typical)
        good = np.zeros(n)
        good[(plan > 1e-6) | (worth >= -_NEAR_PRICE * charge)] = 1.0
        whole = self.options.sums(good)[order] == np.diff(self.options.column_ptr)[order]
        fraction = np.zeros(0)
        if len(order):
            fraction = np.minimum.reduceat(plan[self.options.columns], self.options.column_ptr[:-1])[order]
        self.pool = np.flatnonzero(whole)
        choice = rounded(self.field, self.size, fraction, self.pool)
        self.work += choice.work
        if choice.unmet() <= 1e-9:
            self.offer(choice.options, choice.value())

    def _by_column(self, figures: Floats) -> Floats:
        found = np.zeros(self.problem.columns)
        found[self.core.column] = figures[: self.core.columns]
        return found

    def explore(self, limits: StopCriteria, stop: Clock, rounds: int, patience: int) -> None:
        """Both lanes on the kernel until nothing has got better for some rounds."""
        keep = np.union1d(self.pool, self.best)
        kernel = kernel_of(self.field, keep)
        now = np.flatnonzero(np.isin(kernel.core.column, self.best))
        size, stale, value = self.size[kernel.core.column], 0, self.value
        share = _SHARE if self.fruitful else _SHARE / 3.0
        most, first = min(limits.work, self.work + share * limits.work), self.value
        while stale < patience and not stop() and self.gap > limits.gap and self.work < most:
            stretch = self._affordable(rounds, most)
            if limits.answered(self.value, self.bound) or not stretch:
                return
            now, value, work = improve(kernel, now, size, stretch, limits.seed, self.turn)
            self.turn += 1
            self.work += work
            self.round_work = work / stretch
            before = self.value
            if not self.offer(np.sort(kernel.core.column[now]), value) and self.problem.minima:
                now = np.flatnonzero(np.isin(kernel.core.column, self.best))
            better = self.value > before * (1.0 + 1e-6)
            stale = 0 if better else stale + 1
        self.fruitful = self.value > first

    def _affordable(self, rounds: int, most: float) -> int:
        """Rounds of the next stretch: few until it is known what one costs; 0 where hardly any is left."""
        if not self.round_work:
            return max(rounds // 10, 1)
        left = int((most - self.work) / self.round_work)
        return min(rounds, left) if left >= rounds // 10 else 0

    def apart(self, limits: StopCriteria, stop: Clock) -> None:
        """Solve counties to the end under the best prices: a lower bound, and what helps the choice."""
        if self.proof is None or self.tried.get("apart") == self.value:
            return
        self.tried["apart"] = self.value
        self._set_up()
        cases, relaxed = self.proof
        inside = self._inside()
        answer = solve_apart(
            cases.core,
            self.frame,
            relaxed,
            inside,
            work=max(limits.work - self.work, 0.0),
            gap=max(limits.gap / 20, 1e-9),
            stop=stop,
        )
        self.work += answer.work
        if answer.bound < self.bound:
            self.bound, self.source = answer.bound, "branch and bound"
        self.slack = answer.slack
        self._adopt(answer.columns, inside)

    def _adopt(self, columns: Ints, since: NDArray[np.bool_]) -> None:
        """Take another set of columns (in the order of the core) as a whole, or what of it helps.

        ``since`` are the columns it was made from.
        """
        other = self._options_of(columns)
        if violations(self.problem, self.columns_of(other)):
            return
        choice = SiteSearch(self.field)
        choice.become(self.best)
        join(choice, self._options_of(np.flatnonzero(since)), other)
        self._polish(choice)
        choice.become(other)
        if choice.unmet() <= 1e-9:
            choice.fill(self.pool, self.size)
            self._polish(choice)
        self.work += choice.work

    def _options_of(self, columns: Ints) -> Ints:
        """Options that hold exactly some columns in the order of the core; villages' columns are left out."""
        return self.options_holding(np.sort(self.core.column[columns[columns < self.core.columns]]))

    def _polish(self, choice: SiteSearch) -> None:
        choice.settle(self.pool)
        self.offer(choice.options, choice.value())

    def reopen(self, limits: StopCriteria, stop: Clock) -> None:
        """Choose areas anew by branch and bound while all else stands, then whole counties."""
        if self.relaxed is None:
            return
        self.idle = self.idle + 1 if self.tried.get("reopen") == self.value else 0
        if self.idle >= _SIZES:
            return
        self._set_up()
        near = self.relaxed.worth + _NEAR_PRICE * self.relaxed.charge >= 0.0
        self._reopen_all(self._areas(), limits, stop)
        inside = self._inside()
        counties = [
            np.flatnonzero((self.frame.part == part) & (near | inside)) for part in range(self.frame.parts)
        ]
        if self.frame.parts > 1:
            self._reopen_all(counties, limits, stop)
        self.tried["reopen"] = self.value

    def _areas(self) -> list[Ints]:
        """Columns (in the order of the core) of neighbourhoods of the best choice."""
        choice = SiteSearch(self.field)
        choice.become(self.best)
        size = _AREA + _AREA // 2 * (self.sweeps % _SIZES)
        found = areas(choice, self.pool, size, self.sweeps * size // 2)
        self.sweeps += 1
        at = self.core.position
        return [np.unique(at[self.columns_of(each)]) for each in found]

    def _reopen_all(self, frees: list[Ints], limits: StopCriteria, stop: Clock) -> None:
        """Two at a time from the same choice; what helps is taken over one after the other."""
        core = self.core if self.certain else self.cases.core
        loose = (self.frame.high > 0) & (self.frame.low <= 0)
        for first in range(0, len(frees), LANES):
            left = limits.work - self.work
            if stop() or left <= 0 or self.gap <= limits.gap or limits.answered(self.value, self.bound):
                return
            inside = self._inside()

            def one(free: Ints, inside: NDArray[np.bool_] = inside, left: float = left) -> tuple[Ints, float]:
                found = reopened(
                    core, self.frame, inside, free[loose[free]], work=min(_REOPEN, left), gap=1e-7, stop=stop
                )
                return found[0], found[2]

            with ThreadPoolExecutor(LANES) as pool:
                answers = list(pool.map(one, frees[first : first + LANES]))
            for columns, work in answers:
                self.work += work
                if len(np.setxor1d(columns, np.flatnonzero(inside))):
                    self._adopt(columns, inside)

    def close(self, limits: StopCriteria, stop: Clock) -> bool:
        """Solve what the gap leaves open as one program; whether that was possible."""
        if self.proof is None or not np.isfinite(self.bound):
            return False
        self._set_up()
        cases, relaxed = self.proof
        slack = self.slack + (self.bound - self.value) + 1e-9 * abs(self.bound)
        inside = self._inside()
        free = np.flatnonzero(((relaxed.worth >= -slack) | inside) & (self.frame.high > 0))
        free = free[self.frame.low[free] <= 0]
        allowed = max(limits.work - self.work, 0.0)
        columns, bound, work, status = reopened(
            cases.core, self.frame, inside, free, work=allowed, gap=max(limits.gap, 1e-9), stop=stop
        )
        self.work += work
        if bound < self.bound:
            self.bound, self.source = max(bound, self.value), "branch and bound"
        self._adopt(columns, inside)
        return status == "optimal"

    def _set_up(self) -> None:
        """Count the passes over the matrix that come before a program of branch and bound."""
        self.work += 1e-6 * _PASSES * len(self.cases.core.rows)

    def _inside(self) -> NDArray[np.bool_]:
        """Chosen columns in the order of the core, shape (columns of the frame,)."""
        inside = np.zeros(self.frame.columns, dtype=bool)
        inside[: self.core.columns] = self._chosen_score() > 0
        return inside

    def what_if(
        self,
        *,
        locked_out: ArrayLike | None = None,
        locked_in: ArrayLike | None = None,
        caps: tuple[Cap, ...] | None = None,
    ) -> Answer:
        """The plan repaired when candidates are forbidden or required or limits differ, with a bound.

        Parameters
        ----------
        locked_out, locked_in
            Columns forbidden, and required, beside those of the problem.
        caps
            In place of the problem's, the same ones with other limits; None keeps them.

        Returns
        -------
        Answer
            From the best choice and the best prices of this solver, which stay as they are.

        Raises
        ------
        SiteplanError
            If nothing is solved yet, or the task cannot be kept near the plan.
        """
        started = time.perf_counter()
        if self.proof is None:
            raise ValueError("ask what if after solving")
        out = np.union1d(self.problem.locked_out, np.asarray(() if locked_out is None else locked_out, int))
        into = np.union1d(self.problem.locked_in, np.asarray(() if locked_in is None else locked_in, int))
        limits = self.problem.caps if caps is None else caps
        task = replace(
            self.problem, locked_out=out.astype(np.int64), locked_in=into.astype(np.int64), caps=limits
        )
        other = Solver(task, self.min_gain, like=self)
        cases, relaxed = self.proof
        bound = self._bound_under(other.frame, cases.core, relaxed)
        choice = SiteSearch(other.field)
        for option in self._most_useful_first():
            if not other.field.rules.closed[option] and choice.fits(int(option)):
                choice.add(int(option))
        pool = np.union1d(self.pool, self.best)
        choice.fill(pool, self.size)
        choice.fill(np.arange(len(self.size)), self.size)
        choice.settle(pool)
        columns = np.sort(self.columns_of(choice.options))
        broken = violations(task, columns)
        if broken:
            raise SiteplanError("plan_not_repairable", detail="; ".join(broken[:3]))
        value = choice.value()
        bound = max(bound, value)
        return Answer(columns, value, bound, relative_gap(value, bound), time.perf_counter() - started)

    def _bound_under(self, frame: ConstraintMatrix, core: Core, relaxed: Relaxed) -> float:
        """The bound of known prices under other limits; a limit that binds anew is tried at some prices."""
        asked, fresh = _carried(self.frame, relaxed.row_prices, frame)
        worth = worth_of(core, frame, relaxed.prices)
        paid = relaxed.part_prices[relaxed.part_prices > 0.0]
        typical = float(np.median(paid)) if paid.size else 0.0
        tried = []
        for share in _NEW_PRICES if fresh.any() and typical > 0.0 else (0.0,):
            asked[fresh] = share * typical
            tried.append(bound_at(worth, core, frame, relaxed.prices, asked, self._outward()).bound)
        return min(tried)

    def _most_useful_first(self) -> Ints:
        """Chosen options by what dropping each would lose a station: the least useful ones give way."""
        choice = SiteSearch(self.field)
        choice.become(self.best)
        lost = np.array([choice.loss(int(option)) for option in self.best])
        return self.best[np.argsort(-lost / np.maximum(self.field.stations[self.best], 1e-12), kind="stable")]

    # --- the end ---------------------------------------------------------------------------------------

    def prune(self) -> None:
        """Drop what is not worth a station."""
        choice = SiteSearch(self.field)
        choice.become(self.best)
        choice.prune()
        columns = self.columns_of(choice.options)
        if not violations(self.problem, columns):
            self.best, self.value = choice.options, choice.value()


def _carried(
    before: ConstraintMatrix, prices: Floats, after: ConstraintMatrix
) -> tuple[Floats, NDArray[np.bool_]]:
    """Prices of the same rows in another frame, 0 for new ones; and the widest limit without one."""
    known = {(row.kind, row.number): price for row, price in zip(before.rows, prices, strict=True)}
    found = np.array([known.get((row.kind, row.number), 0.0) for row in after.rows], dtype=np.float64)
    size = np.diff(after.row_ptr) * np.array([row.kind == "cap" for row in after.rows], dtype=np.int64)
    fresh = (size > 0) & (found <= 0.0)
    return found, fresh & (size == size[fresh].max(initial=0))
