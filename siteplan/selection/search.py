"""Choices of options and how they get better: greedy, swaps, large neighbourhoods.

The gain of every option is kept exact: gain_o = sum_i w_i left_i a_io with left_i = prod over chosen (1 -
a_io). Choosing or dropping an option changes the gains of all options that share a row with it, found by
row.

Rows covered for certain are counted, not multiplied, so that an option can be
dropped again without dividing by zero; ties go to the lower stable id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from siteplan.selection.configurations import PlaceConfigurations
from siteplan.selection.core import Core, Floats, Ints, Shorts, Singles, column_sums, picked
from siteplan.selection.problem import CoverProblem

CERTAIN = 1.0 - 1e-7
"""Share from which a row counts as covered for certain while searching."""
_NEAR = 40
"""Most rows of an option looked at when neighbours are sought."""
_LARGEST = 12
"""Options dropped at once stay below this."""
_ROOM = 1e-9


class CoverMatrix(NamedTuple):
    """The matrix both ways, and weights."""

    indptr: Ints
    rows: Shorts
    values: Singles
    row_ptr: Ints
    cols: Shorts
    row_values: Singles
    weight: Floats


class SearchConstraints(NamedTuple):
    """What a choice must keep: limits by option, minima inside limits, groups and their foes."""

    ptr: Ints
    limits: Ints
    sizes: Floats
    room: Floats
    least: Floats
    child_ptr: Ints
    children: Ints
    group: Ints
    place: Ints
    foe_ptr: Ints
    foes: Ints
    charge: Floats
    tie: Ints
    set_ptr: Ints
    set_columns: Ints
    fixed: NDArray[np.bool_]
    closed: NDArray[np.bool_]


class SearchState(NamedTuple):
    """What is chosen, what each row lacks, and what every option would add; changed in place."""

    sure: NDArray[np.int32]
    part: Floats
    gain: Floats
    inside: NDArray[np.bool_]
    used: Floats
    held: Ints
    stands: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Field:
    """Options as the search sees them.

    Attributes
    ----------
    core
        Reduced matrix over options.
    rules
        Limits over them.
    stations
        Of each option.
    """

    core: Core
    rules: SearchConstraints
    stations: Floats

    @property
    def body(self) -> CoverMatrix:
        """Arrays for the kernels."""
        core = self.core
        return CoverMatrix(
            core.indptr, core.rows, core.values, core.row_ptr, core.cols, core.row_values, core.weight
        )


def search_constraints(
    problem: CoverProblem, options: PlaceConfigurations, order: Ints, min_gain: float
) -> tuple[SearchConstraints, Floats]:
    """Limits over options in the order of a core, and the stations of each.

    Parameters
    ----------
    problem
        The problem.
    options
        Its options.
    order
        Option of each column of the core.
    min_gain
        Newly covered weight per station below which an option is not worth choosing.

    Returns
    -------
    tuple
        Rules, and stations.
    """
    lists = []
    for cap in problem.caps:
        of_columns = np.zeros(problem.columns)
        of_columns[cap.members] = problem.sizes_in(cap)
        lists.append(options.sums(of_columns)[order])
    sizes = np.array(lists).reshape(len(lists), len(order))
    limit, option = np.nonzero(sizes)
    by_option = np.lexsort((limit, option))
    ptr = np.searchsorted(option[by_option], np.arange(len(order) + 1)).astype(np.int64)
    stations = options.sums(problem.stations.astype(np.float64))[order]
    _, group = np.unique(_exclusive(problem, options), return_inverse=True)
    places, place = np.unique(options.place, return_inverse=True)
    child_ptr, children = _children(problem)
    set_ptr, sets = picked(options.column_ptr, order)
    fixed = options.holding(problem.locked_in)
    shut = options.touching(problem.locked_out) | _against_fixed(problem, options, fixed)
    limits = limit[by_option].astype(np.int64)
    rules = SearchConstraints(
        ptr,
        limits,
        sizes[limits, option[by_option]],
        np.array([cap.limit for cap in problem.caps], dtype=np.float64),
        np.array([cap.least for cap in problem.caps], dtype=np.float64),
        child_ptr,
        children,
        group[order],
        place[order],
        *_foes(problem, places),
        stations * min_gain,
        _ties(problem, options)[order],
        set_ptr,
        options.columns[sets],
        fixed[order],
        shut[order],
    )
    return rules, stations


def without(rules: SearchConstraints, options: NDArray[np.bool_]) -> SearchConstraints:
    """The same rules with some options closed, and nothing locked in.

    Parameters
    ----------
    rules
        Of a problem with the same limits.
    options
        Which options may not be chosen.

    Returns
    -------
    SearchConstraints
        For a task that only forbids.
    """
    return rules._replace(closed=options, fixed=np.zeros_like(rules.fixed))


def _exclusive(problem: CoverProblem, options: PlaceConfigurations) -> Ints:
    """Label of options of which at most one can be chosen: their place, or a group that spans places."""
    if options.count == problem.columns and len(np.unique(problem.place)) == problem.columns:
        return problem.group
    return options.place


def _ties(problem: CoverProblem, options: PlaceConfigurations) -> Ints:
    """Rank of an option: by the first of its columns in the order of ids, then by how many it has."""
    tie = problem.tie_order()
    if not options.count:
        return np.zeros(0, dtype=np.int64)
    first = np.minimum.reduceat(tie[options.columns], options.column_ptr[:-1])
    rank = np.empty(options.count, dtype=np.int64)
    rank[np.lexsort((np.arange(options.count), np.diff(options.column_ptr), first))] = np.arange(
        options.count
    )
    return rank


def _children(problem: CoverProblem) -> tuple[Ints, Ints]:
    """Caps with a minimum that lie inside each cap and count the same."""
    ptr, found = [0], []
    minima = [k for k, cap in enumerate(problem.caps) if cap.least > 0]
    for cap in problem.caps:
        found += [
            k
            for k in minima
            if problem.caps[k].sizes is cap.sizes and np.isin(problem.caps[k].members, cap.members).all()
        ]
        ptr.append(len(found))
    return np.array(ptr, dtype=np.int64), np.array(found, dtype=np.int64)


def _foes(problem: CoverProblem, places: Ints) -> tuple[Ints, Ints]:
    """Places that exclude each place."""
    at = {int(place): k for k, place in enumerate(places)}
    both = [(at[p], at[q]) for p, q in problem.conflicts.tolist() if p in at and q in at and p != q]
    both = sorted({*both, *((q, p) for p, q in both)})
    first = np.array([p for p, _ in both], dtype=np.int64)
    ptr = np.searchsorted(first, np.arange(len(places) + 1)).astype(np.int64)
    return ptr, np.array([q for _, q in both], dtype=np.int64)


def _against_fixed(
    problem: CoverProblem, options: PlaceConfigurations, fixed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Options of places with something locked in that do not hold all of it."""
    locked = np.zeros(problem.columns)
    locked[problem.locked_in] = 1.0
    target = dict(zip(options.place[fixed], options.sums(locked)[fixed], strict=True))
    need = np.array([target.get(place, 0.0) for place in options.place])
    return options.sums(locked) < need


class SiteSearch:
    """A choice with its exact gains.

    Parameters
    ----------
    field
        Options and limits.
    """

    def __init__(self, field: Field) -> None:
        core, rules = field.core, field.rules
        self.field, self.body, self.rules, self.work = field, field.body, rules, 0.0
        self.state = SearchState(
            np.zeros(len(core.weight), np.int32),
            np.ones(len(core.weight)),
            column_sums(core.indptr, core.rows, core.values, core.weight),
            np.zeros(core.columns, np.bool_),
            np.zeros(len(rules.room)),
            np.full(int(rules.group.max(initial=-1)) + 1, -1, np.int64),
            np.zeros(len(rules.foe_ptr) - 1, np.int32),
        )
        for option in np.flatnonzero(rules.fixed):
            self.add(int(option))

    @property
    def options(self) -> Ints:
        """Chosen options."""
        return np.flatnonzero(self.state.inside)

    def value(self) -> float:
        """Covered weight, from what each row lacks."""
        return float(self.body.weight @ (1.0 - self.left()))

    def left(self) -> Floats:
        """What each row lacks [0, 1]."""
        return np.where(self.state.sure > 0, 0.0, self.state.part)

    def unmet(self) -> float:
        """How much of the minima is missing."""
        return float(np.maximum(self.rules.least - self.state.used, 0.0).sum())

    def add(self, option: int) -> None:
        """Choose an option, in place of what it extends."""
        self.work += 1e-6 * _place(option, self.body, self.rules, self.state)[1]

    def remove(self, option: int) -> None:
        """Drop an option."""
        self.work += 1e-6 * _turn(option, False, self.body, self.rules, self.state)

    def fits(self, option: int) -> bool:
        """Whether limits, groups and conflicts allow an option now."""
        return bool(_fits(option, self.rules, self.state))

    def become(self, options: Ints) -> None:
        """Choose exactly these options."""
        wanted = np.zeros(len(self.state.inside), dtype=bool)
        wanted[options] = True
        for option in np.flatnonzero(self.state.inside & ~wanted):
            self.remove(int(option))
        for option in np.flatnonzero(wanted & ~self.state.inside):
            self.add(int(option))

    def fill(self, pool: Ints, size: Floats) -> None:
        """Greedy: best gain per size among the options of a pool that fit; then what minima still need."""
        self.work += 1e-6 * _fill(pool, size, self.body, self.rules, self.state)
        if self.unmet() > _ROOM:
            self.work += 1e-6 * _meet(size, self.body, self.rules, self.state)

    def swap(self, pool: Ints) -> int:
        """One pass: drop each chosen option for the best of the pool; how many changed."""
        changed, touched = _swap(pool, self.options, self.body, self.rules, self.state)
        self.work += 1e-6 * touched
        return int(changed)

    def settle(self, pool: Ints) -> None:
        """Swap until nothing in the pool helps; swaps between equals that only go round end it too."""
        worth, unmet = self.worth(), self.unmet()
        while self.swap(pool):
            now, short = self.worth(), self.unmet()
            if short >= unmet and now <= worth + _ROOM * max(abs(worth), 1.0):
                return
            worth, unmet = now, short

    def worth(self) -> float:
        """Covered weight less what the chosen options are charged."""
        return self.value() - float(self.rules.charge[self.options].sum())

    def explore(self, pool: Ints, size: Floats, rounds: int, seed: int, heat: float) -> float:
        """Take neighbourhoods apart and fill them again; what was gained."""
        ground = _ground(len(self.state.gain), pool)
        rng = np.random.default_rng(seed)
        best, touched = _explore(rounds, heat, rng, size, self.body, self.rules, self.state, ground)
        self.work += 1e-6 * touched
        return float(best)

    def prune(self) -> None:
        """Drop what adds less than the least gain per station, the weakest first, while minima allow."""
        while True:
            chosen = self.options[~self.rules.fixed[self.options]]
            losses = np.array([self.loss(int(option)) for option in chosen])
            weak = losses < self.rules.charge[chosen] - _ROOM
            weak |= losses <= _ROOM * max(self.value(), 1e-300)
            for option in chosen[np.argsort(np.where(weak, losses, np.inf), kind="stable")][
                : int(weak.sum())
            ]:
                before = self.unmet()
                self.remove(int(option))
                if self.unmet() <= before + _ROOM:
                    break
                self.add(int(option))
            else:
                return

    def loss(self, option: int) -> float:
        """What dropping a chosen option would lose."""
        return float(_loss(option, self.body, self.state))


@njit(cache=True, nogil=True)
def _loss(j: int, body: CoverMatrix, state: SearchState) -> float:
    total = 0.0
    for k in range(body.indptr[j], body.indptr[j + 1]):
        i, a = body.rows[k], np.float64(body.values[k])
        if a >= CERTAIN:
            if state.sure[i] == 1:
                total += body.weight[i] * state.part[i]
        elif state.sure[i] == 0:
            total += body.weight[i] * state.part[i] * a / (1.0 - a)
    return total


@njit(cache=True, nogil=True)
def _turn(j: int, forward: bool, body: CoverMatrix, rules: SearchConstraints, state: SearchState) -> int:
    """Choose or drop an option: rows, gains, limits; how many entries were touched."""
    touched = 0
    for k in range(body.indptr[j], body.indptr[j + 1]):
        i, a = body.rows[k], np.float64(body.values[k])
        before = 0.0 if state.sure[i] > 0 else state.part[i]
        if a >= CERTAIN:
            state.sure[i] += 1 if forward else -1
        elif forward:
            state.part[i] *= 1.0 - a
        else:
            state.part[i] /= 1.0 - a
        change = ((0.0 if state.sure[i] > 0 else state.part[i]) - before) * body.weight[i]
        if change != 0.0:
            touched += body.row_ptr[i + 1] - body.row_ptr[i]
            for t in range(body.row_ptr[i], body.row_ptr[i + 1]):
                state.gain[body.cols[t]] += change * body.row_values[t]
    sign = 1.0 if forward else -1.0
    state.inside[j] = forward
    state.held[rules.group[j]] = j if forward else -1
    state.stands[rules.place[j]] += 1 if forward else -1
    for k in range(rules.ptr[j], rules.ptr[j + 1]):
        state.used[rules.limits[k]] += sign * rules.sizes[k]
    return touched + body.indptr[j + 1] - body.indptr[j]


@njit(cache=True, nogil=True)
def _size_in(j: int, g: int, rules: SearchConstraints) -> float:
    for k in range(rules.ptr[j], rules.ptr[j + 1]):
        if rules.limits[k] == g:
            return rules.sizes[k]
    return 0.0


@njit(cache=True, nogil=True)
def _fits(j: int, rules: SearchConstraints, state: SearchState) -> bool:
    """Whether an option may be chosen, room for unmet minima kept free."""
    old = state.held[rules.group[j]]
    if state.inside[j] or rules.closed[j] or (old >= 0 and not _extends(j, old, rules)):
        return False
    for k in range(rules.ptr[j], rules.ptr[j + 1]):
        g = rules.limits[k]
        needed = state.used[g] + rules.sizes[k] - (_size_in(old, g, rules) if old >= 0 else 0.0)
        for t in range(rules.child_ptr[g], rules.child_ptr[g + 1]):
            m = rules.children[t]
            missing = rules.least[m] - state.used[m]
            if missing > 0.0 and m != g:
                needed += max(missing - _size_in(j, m, rules), 0.0)
        if needed > rules.room[g] + _ROOM * max(1.0, rules.room[g]):
            return False
    if old >= 0:
        return True
    for t in range(rules.foe_ptr[rules.place[j]], rules.foe_ptr[rules.place[j] + 1]):
        if state.stands[rules.foes[t]] > 0:
            return False
    return True


@njit(cache=True, nogil=True)
def _extends(j: int, old: int, rules: SearchConstraints) -> bool:
    """Whether a set of columns holds all of another option of its place, and more."""
    if rules.set_ptr[j + 1] - rules.set_ptr[j] <= rules.set_ptr[old + 1] - rules.set_ptr[old]:
        return False
    for k in range(rules.set_ptr[old], rules.set_ptr[old + 1]):
        met = False
        for t in range(rules.set_ptr[j], rules.set_ptr[j + 1]):
            met = met or rules.set_columns[t] == rules.set_columns[k]
        if not met:
            return False
    return not rules.fixed[old]


@njit(cache=True, nogil=True)
def _gain(j: int, body: CoverMatrix, rules: SearchConstraints, state: SearchState) -> float:
    """What choosing an option adds, in place of a smaller set at its place if there is one."""
    old = state.held[rules.group[j]]
    if old < 0:
        return state.gain[j]
    total, t = 0.0, body.indptr[old]
    for k in range(body.indptr[j], body.indptr[j + 1]):
        i, a, b = body.rows[k], np.float64(body.values[k]), 0.0
        while t < body.indptr[old + 1] and body.rows[t] < i:
            t += 1
        if t < body.indptr[old + 1] and body.rows[t] == i:
            b = np.float64(body.values[t])
        certain = 1 if b >= CERTAIN else 0
        if state.sure[i] > certain or a <= b:
            continue
        total += body.weight[i] * state.part[i] * (a - b) / (1.0 if certain else 1.0 - b)
    return total


@njit(cache=True, nogil=True)
def _place(j: int, body: CoverMatrix, rules: SearchConstraints, state: SearchState) -> tuple[int, int]:
    """Choose an option, in place of what it extends: that option or -1, and entries touched."""
    old, touched = state.held[rules.group[j]], 0
    if old >= 0:
        touched += _turn(old, False, body, rules, state)
    return old, touched + _turn(j, True, body, rules, state)


@njit(cache=True, nogil=True)
def _unmet(rules: SearchConstraints, state: SearchState) -> float:
    total = 0.0
    for g in range(len(rules.least)):
        total += max(rules.least[g] - state.used[g], 0.0)
    return total


@njit(cache=True, nogil=True)
def _mends(j: int, rules: SearchConstraints, state: SearchState) -> float:
    """How much of the unmet minima an option would meet."""
    total = 0.0
    for k in range(rules.ptr[j], rules.ptr[j + 1]):
        g = rules.limits[k]
        total += min(max(rules.least[g] - state.used[g], 0.0), rules.sizes[k])
    return total


@njit(cache=True, nogil=True)
def _fill(pool: Ints, size: Floats, body: CoverMatrix, rules: SearchConstraints, state: SearchState) -> int:
    touched = 0
    while True:
        best, most = -1, 0.0
        for j in pool:
            old = state.held[rules.group[j]]
            own = size[j] - (size[old] if old >= 0 else 0.0)
            if state.gain[j] < most * own or state.gain[j] <= 1e-12 or not _fits(j, rules, state):
                continue
            gain = _gain(j, body, rules, state)
            charge = rules.charge[j] - (rules.charge[old] if old >= 0 else 0.0)
            ratio = gain / max(own, 1e-12)
            if gain <= max(charge, 1e-12) or ratio < most:
                continue
            if ratio > most or (best >= 0 and rules.tie[j] < rules.tie[best]):
                best, most = j, ratio
        if best < 0:
            return touched
        touched += _place(best, body, rules, state)[1]


@njit(cache=True, nogil=True)
def _meet(size: Floats, body: CoverMatrix, rules: SearchConstraints, state: SearchState) -> int:
    """Choose by gain, then by id, among options that meet something of the unmet minima."""
    touched = 0
    while True:
        best, most = -1, -1.0
        for j in range(len(state.gain)):
            ratio = max(state.gain[j], 0.0) / size[j]
            if ratio < most or _mends(j, rules, state) <= 0.0:
                continue
            if ratio == most and rules.tie[j] > rules.tie[best]:
                continue
            if _fits(j, rules, state):
                best, most = j, ratio
        if best < 0:
            return touched
        touched += _place(best, body, rules, state)[1]


@njit(cache=True, nogil=True)
def _swap(
    pool: Ints, chosen: Ints, body: CoverMatrix, rules: SearchConstraints, state: SearchState
) -> tuple[int, int]:
    changed, touched = 0, 0
    for j in chosen:
        if rules.fixed[j] or not state.inside[j]:  # an earlier swap of the pass may have extended it
            continue
        before = _unmet(rules, state)
        touched += _turn(j, False, body, rules, state)
        missing = _unmet(rules, state)
        best, most = j, state.gain[j] * (1.0 + 1e-12)
        for k in pool:
            if state.gain[k] < most or state.gain[k] <= rules.charge[k]:
                continue
            if state.gain[k] == most and (best == j or rules.tie[k] > rules.tie[best]):
                continue
            if missing > before and missing - _mends(k, rules, state) > before + _ROOM:
                continue
            if not _fits(k, rules, state):
                continue
            gain = _gain(k, body, rules, state)
            if gain > most or (gain == most and best != j):
                best, most = k, gain
        changed += best != j
        touched += _place(best, body, rules, state)[1]
    return changed, touched


class Neighbourhood(NamedTuple):
    """Where a neighbourhood is noted while it is taken apart; changed in place."""

    mark: Ints
    queue: Ints
    local: Ints
    found: Ints
    into: Ints
    instead: Ints
    wanted: NDArray[np.bool_]


def areas(choice: SiteSearch, pool: Ints, size: int, shift: int) -> list[Ints]:
    """Neighbourhoods that together hold every chosen option, each overlapping the next.

    Parameters
    ----------
    choice
        A choice.
    pool
        Options that may be chosen instead.
    size
        Chosen options of one neighbourhood.
    shift
        Where to begin, so that another sweep cuts elsewhere.

    Returns
    -------
    list of ndarray
        Options of each neighbourhood, chosen and not, ascending; none where one would hold everything.
    """
    ground = _ground(len(choice.state.gain), pool, size)
    chosen, found = choice.options, []
    done = np.zeros(len(choice.state.gain), dtype=bool)
    for turn, option in enumerate(np.roll(chosen, -shift)):
        if done[option]:
            continue
        out, met = _neighbours(int(option), size, turn, choice.body, choice.state, ground)
        if out == len(chosen):  # an area as large as the whole is no area
            return []
        done[ground.found[: max(2 * out // 3, 1)]] = True
        found.append(np.unique(ground.local[:met]))
    return found


def _ground(options: int, pool: Ints, largest: int = _LARGEST) -> Neighbourhood:
    wanted = np.zeros(options, dtype=bool)
    wanted[pool] = True
    return Neighbourhood(
        np.full(options, -1, np.int64),
        np.empty(4096, np.int64),
        np.empty(2048, np.int64),
        np.empty(largest, np.int64),
        np.empty(4 * largest, np.int64),
        np.empty(4 * largest, np.int64),
        wanted,
    )


@njit(cache=True, nogil=True)
def _neighbours(
    j: int, count: int, stamp: int, body: CoverMatrix, state: SearchState, ground: Neighbourhood
) -> tuple[int, int]:
    """Chosen options near one, nearest first (``found``), and options wanted there (``local``)."""
    found, local, queue, mark = ground.found, ground.local, ground.queue, ground.mark
    found[0], queue[0], mark[j] = j, j, stamp
    filled, at, ends, met = 1, 0, 1, 0
    while at < ends and filled < count:
        c = queue[at]
        at += 1
        step = max(1, (body.indptr[c + 1] - body.indptr[c]) // _NEAR)
        for k in range(body.indptr[c], body.indptr[c + 1], step):
            for t in range(body.row_ptr[body.rows[k]], body.row_ptr[body.rows[k] + 1]):
                o = body.cols[t]
                if mark[o] == stamp:
                    continue
                mark[o] = stamp
                if state.inside[o] and filled < count:
                    found[filled] = o
                    filled += 1
                elif not state.inside[o] and ground.wanted[o] and met < len(local):
                    local[met] = o
                    met += 1
                if ends < len(queue):
                    queue[ends] = o
                    ends += 1
    own = min(filled, len(local) - met)
    local[met : met + own] = found[:own]
    return filled, met + own


@njit(cache=True, nogil=True)
def _refill(
    met: int,
    most_new: int,
    noise: float,
    rng: np.random.Generator,
    size: Floats,
    body: CoverMatrix,
    rules: SearchConstraints,
    state: SearchState,
    ground: Neighbourhood,
) -> tuple[int, float, int]:
    """Greedy with noise among near options: how many were chosen, what they gained, entries touched.

    ``ground.instead`` takes what each of them extends, or -1.
    """
    filled, change, touched, won = 0, 0.0, 0, 0.0
    while filled < most_new:
        pick, most = -1, 0.0
        for at in range(met):
            j = ground.local[at]
            old = state.held[rules.group[j]]
            own = size[j] - (size[old] if old >= 0 else 0.0)
            if state.gain[j] * (1.0 + noise) <= most * own or state.gain[j] <= 1e-12:
                continue
            draw = 1.0 + noise * rng.random()
            if state.gain[j] * draw <= most * own or not _fits(j, rules, state):
                continue
            charge = rules.charge[j] - (rules.charge[old] if old >= 0 else 0.0)
            gain = _gain(j, body, rules, state)
            if gain > max(charge, 1e-12) and gain * draw > most * own:
                pick, most, won = j, gain * draw / max(own, 1e-12), gain
        if pick < 0:
            break
        change += won
        ground.into[filled] = pick
        ground.instead[filled], more = _place(pick, body, rules, state)
        filled += 1
        touched += more
    return filled, change, touched


@njit(cache=True, nogil=True)
def _typical_loss(chosen: Ints, body: CoverMatrix, state: SearchState) -> float:
    total = 0.0
    for j in chosen:
        total += _loss(j, body, state)
    return total / max(len(chosen), 1)


@njit(cache=True, nogil=True)
def _clear(
    out: int, body: CoverMatrix, rules: SearchConstraints, state: SearchState, ground: Neighbourhood
) -> tuple[int, float, int]:
    """Drop the options found: how many could be dropped, what that changed, entries touched."""
    dropped, change, touched = 0, 0.0, 0
    for k in range(out):
        j = ground.found[k]
        if not rules.fixed[j]:
            ground.found[dropped] = j
            touched += _turn(j, False, body, rules, state)
            change -= state.gain[j]
            dropped += 1
    return dropped, change, touched


@njit(cache=True, nogil=True)
def _undo(
    filled: int,
    dropped: int,
    body: CoverMatrix,
    rules: SearchConstraints,
    state: SearchState,
    ground: Neighbourhood,
) -> int:
    """Back to before a neighbourhood was taken apart; entries touched."""
    touched = 0
    for k in range(filled - 1, -1, -1):
        touched += _turn(ground.into[k], False, body, rules, state)
        if ground.instead[k] >= 0:
            touched += _turn(ground.instead[k], True, body, rules, state)
    for k in range(dropped - 1, -1, -1):
        touched += _turn(ground.found[k], True, body, rules, state)
    return touched


@njit(cache=True, nogil=True)
def _explore(
    rounds: int,
    heat: float,
    rng: np.random.Generator,
    size: Floats,
    body: CoverMatrix,
    rules: SearchConstraints,
    state: SearchState,
    ground: Neighbourhood,
) -> tuple[float, int]:
    """Destroy and repair with a falling threshold: a neighbourhood is dropped and filled again.

    A repair that loses less than the threshold is kept; the best choice met is restored at the end.
    """
    loose = np.flatnonzero(state.inside & ~rules.fixed)
    best_set, best, now, touched = loose.copy(), 0.0, 0.0, 0
    typical = _typical_loss(loose, body, state)
    for turn in range(rounds):
        if len(loose) == 0:
            break
        count = int(rng.integers(2, _LARGEST))
        noise = 0.15 * rng.random() if rng.random() < 0.7 else 0.0
        threshold = heat * typical * (1.0 - turn / rounds) ** 2
        out, met = _neighbours(loose[rng.integers(0, len(loose))], count, turn, body, state, ground)
        unmet = _unmet(rules, state)
        dropped, lost, cleared = _clear(out, body, rules, state, ground)
        filled, won, more = _refill(met, 4 * count, noise, rng, size, body, rules, state, ground)
        touched += cleared + more
        if _unmet(rules, state) > unmet + _ROOM or lost + won < -threshold * rng.random():
            touched += _undo(filled, dropped, body, rules, state, ground)
            continue
        now += lost + won
        loose = np.flatnonzero(state.inside & ~rules.fixed)
        if now > best + 1e-9 * typical:
            best, best_set = now, loose.copy()
    _restore(best_set, body, rules, state)
    return best, touched


@njit(cache=True, nogil=True)
def _restore(options: Ints, body: CoverMatrix, rules: SearchConstraints, state: SearchState) -> None:
    """Back to a choice met before."""
    keep = np.zeros(len(state.gain), np.bool_)
    keep[options] = True
    for j in np.flatnonzero(state.inside & ~keep & ~rules.fixed):
        _turn(int(j), False, body, rules, state)
    for j in options:
        if not state.inside[j]:
            _turn(j, True, body, rules, state)
