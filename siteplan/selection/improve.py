"""Better choices on the kernel: only options that some price makes interesting, merged once more.

On these few options rows merge again, which makes every step ten times faster. Two lanes look from the
same start with seeds of their own; changes that lie apart on the ground are then put together.

There are always two lanes, whatever the number of threads, so the result is the same.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numba import njit

from siteplan.selection.core import Floats, Ints, Shorts, gathered, picked, reduced
from siteplan.selection.search import Field, SiteSearch

LANES = 2
_HEATS = (0.0, 0.005, 0.01)
_DROP = 1e-9


def kernel_of(field: Field, keep: Ints) -> Field:
    """The field of some options only.

    Parameters
    ----------
    field
        Options and limits.
    keep
        Options to keep, ascending.

    Returns
    -------
    Field
        ``core.column`` holds numbers of options of ``field``.
    """
    core, rules = field.core, field.rules
    small = reduced(*gathered(core.indptr, core.rows, core.values, keep), core.weight)
    order = keep[small.column]
    ptr, entries = picked(rules.ptr, order)
    set_ptr, sets = picked(rules.set_ptr, order)
    narrowed = rules._replace(
        set_ptr=set_ptr,
        set_columns=rules.set_columns[sets],
        ptr=ptr,
        limits=rules.limits[entries],
        sizes=rules.sizes[entries],
        group=rules.group[order],
        place=rules.place[order],
        charge=rules.charge[order],
        tie=rules.tie[order],
        fixed=rules.fixed[order],
        closed=rules.closed[order],
    )
    return Field(replace(small, column=order), narrowed, field.stations[order])


def improve(
    field: Field, start: Ints, size: Floats, rounds: int, seed: int, turn: int
) -> tuple[Ints, float, float]:
    """One round of both lanes and their joint changes.

    Parameters
    ----------
    field
        A kernel.
    start
        Chosen options.
    size
        What an option is measured by.
    rounds
        Neighbourhoods a lane takes apart.
    seed, turn
        Seed of the run and number of this round.

    Returns
    -------
    tuple
        Options, their value, and the work done.
    """
    everyone = np.arange(field.core.columns)

    def lane(number: int) -> SiteSearch:
        choice = SiteSearch(field)
        choice.become(start)
        own = seed * 1_000_003 + turn * LANES + number
        choice.explore(everyone, size, rounds, own % 2**31, _HEATS[(turn + number) % len(_HEATS)])
        choice.settle(everyone)
        return choice

    with ThreadPoolExecutor(LANES) as pool:
        lanes = list(pool.map(lane, range(LANES)))
    work = sum(choice.work for choice in lanes)
    values = [choice.value() for choice in lanes]
    first = int(np.argmax(values))
    best = lanes[first]
    for number, other in enumerate(lanes):
        if number != first:
            join(best, start, other.options)
    return best.options, best.value(), work + best.work


def join(choice: SiteSearch, start: Ints, other: Ints) -> None:
    """Take over from another choice every change since a common start that helps and fits.

    Parameters
    ----------
    choice
        Changed in place; never gets worse.
    start
        The common start.
    other
        Options of the other choice.
    """
    out, into = np.setdiff1d(start, other), np.setdiff1d(other, start)
    changed = np.concatenate([out, into])
    if not len(changed):
        return
    body = choice.body
    label = _connected(changed, body.indptr, body.rows, len(body.weight), choice.rules.group)
    for each in np.unique(label):
        _take(choice, changed[label == each], set(out.tolist()))


def _take(choice: SiteSearch, changed: Ints, out: set[int]) -> None:
    """Try one connected change; undo it unless it helps."""
    before, unmet, done = choice.value(), choice.unmet(), []
    for option in changed.tolist():
        if option in out and choice.state.inside[option] and not choice.rules.fixed[option]:
            choice.remove(option)
            done.append(option)
    for option in changed.tolist():
        if option not in out and choice.state.held[choice.rules.group[option]] < 0 and choice.fits(option):
            choice.add(option)
            done.append(option)
    if choice.value() > before * (1.0 + 1e-12) and choice.unmet() <= unmet + _DROP:
        return
    for option in reversed(done):
        (choice.remove if choice.state.inside[option] else choice.add)(option)


@njit(cache=True, nogil=True)
def _connected(options: Ints, indptr: Ints, rows: Shorts, count: int, group: Ints) -> Ints:
    label = np.arange(len(options))
    first = np.full(count, -1, np.int64)
    for k in range(len(options)):
        for t in range(indptr[options[k]], indptr[options[k] + 1]):
            i = rows[t]
            if first[i] < 0:
                first[i] = k
            else:
                _unite(label, k, first[i])
        for other in range(k):
            if group[options[other]] == group[options[k]]:
                _unite(label, k, other)
    for k in range(len(options)):
        label[k] = _root(label, k)
    return label


@njit(cache=True, nogil=True)
def _root(label: Ints, k: int) -> int:
    while label[k] != k:
        label[k] = label[label[k]]
        k = label[k]
    return k


@njit(cache=True, nogil=True)
def _unite(label: Ints, a: int, b: int) -> None:
    ra, rb = _root(label, a), _root(label, b)
    label[max(ra, rb)] = min(ra, rb)


def rounded(field: Field, size: Floats, fraction: Floats, pool: Ints) -> SiteSearch:
    """A choice from a fractional plan: the large fractions first, then greedy in the pool and beyond.

    Parameters
    ----------
    field
        Options and limits.
    size
        What an option is measured by.
    fraction
        Of each option.
    pool
        Interesting options.

    Returns
    -------
    SiteSearch
        Swapped until nothing in the pool helps.
    """
    choice = SiteSearch(field)
    order = np.lexsort((field.rules.tie, -fraction))
    for option in order[: int((fraction > 0.5).sum())]:
        if choice.fits(int(option)):
            choice.add(int(option))
    choice.fill(pool, size)
    choice.fill(np.arange(field.core.columns), size)
    choice.settle(pool)
    return choice
