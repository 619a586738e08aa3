"""One quota shared by several problems: split between them, and bounded as a whole.

Problems that have no rows in common are coupled by the quota alone. Let each keep its prices, without one for
its own quota; what it then says of itself is a constant, and the worth and size of each of its columns. For
any price of the shared quota the sum of these answers is an upper bound of everything (weak duality):

    sum f_c(S_c) <= limit * price + sum_c [constant_c + sum over groups of max(0, max_j worth_j - price s_j)].

Prices of several rounds are all valid: at every price of the quota the least answer of each problem counts.
The messages are a few numbers a column; no problem is needed to put them together, and nothing is assumed of
how a problem was solved. A row that columns of two problems reach may enter each of them in full: the bound
stays valid.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from siteplan.selection.certificate import priced
from siteplan.selection.problem import (
    Certificate,
    CoverProblem,
    Floats,
    Ints,
    Selection,
    objective_of,
    relative_gap,
)

QUOTA = "city"
"""Family of the cap that is shared."""
_UP = 1e-9
_ZOOMS, _LOOKS = 6, 17


@dataclass(frozen=True, eq=False)
class Offer:
    """What a problem says of itself at its prices.

    Attributes
    ----------
    constant
        Its bound without columns, rounded up.
    worth
        Of each column that may be chosen, no price of the quota taken off, shape (columns,).
    stations, group
        Of the same columns; of one group at most one counts.
    locked_worth, locked_stations
        Of what is chosen already, as sums.
    """

    constant: float
    worth: Floats
    stations: Ints
    group: Ints
    locked_worth: float = 0.0
    locked_stations: float = 0.0

    @property
    def dearest(self) -> float:
        """Price of a station at which nothing is taken."""
        return float((self.worth / self.stations).max(initial=0.0))

    def at(self, price: float) -> tuple[float, float]:
        """Bound at a price of the quota, the price not yet paid back, and the stations it would take."""
        net = self.worth - price * self.stations
        order = np.lexsort((net, self.group))
        last = np.flatnonzero(np.diff(self.group[order], append=-1))
        best = order[last]
        best = best[net[best] > 0.0]
        inner = float(net[best].sum()) + self.locked_worth - price * self.locked_stations
        return self.constant + inner, float(self.stations[best].sum()) + self.locked_stations


def offer_of(problem: CoverProblem, certificate: Certificate, weight: float = 1.0) -> Offer:
    """What a problem offers at a certificate's prices.

    Parameters
    ----------
    problem
        With one cap of the family ``city``, which is the quota that is shared.
    certificate
        Any prices; that of the quota is left out.
    weight
        What one unit of its objective counts in the whole.

    Returns
    -------
    Offer
        Valid for every part of the quota that the problem may get.
    """
    shared = np.array([cap.family == QUOTA for cap in problem.caps], dtype=bool)
    bare = replace(
        certificate,
        cap_prices=np.where(shared, 0.0, certificate.cap_prices),
        least_prices=np.where(shared, 0.0, certificate.least_prices),
    )
    total, size, worth = priced(problem, bare)
    constant = total + _UP * (size + float(np.abs(worth).sum())) + 1e-300
    open_ = np.ones(problem.columns, dtype=bool)
    open_[problem.locked_out] = False
    open_[np.isin(problem.group, problem.group[problem.locked_in])] = False
    return Offer(
        constant=weight * constant,
        worth=weight * worth[open_],
        stations=problem.stations[open_],
        group=problem.group[open_],
        locked_worth=weight * float(worth[problem.locked_in].sum()),
        locked_stations=float(problem.stations[problem.locked_in].sum()),
    )


@dataclass(frozen=True, eq=False)
class SharedBound:
    """What offers prove together.

    Attributes
    ----------
    bound
        No split of the quota and no choice within it is worth more.
    price
        Of one station of the quota, where the bound is least.
    stations
        What each problem would take at that price, shape (problems,); their sum meets the quota but for ties.
    """

    bound: float
    price: float
    stations: Floats


def shared_bound(offers: Sequence[Sequence[Offer]], limit: float) -> SharedBound:
    """The least bound of a shared quota that offers prove.

    Parameters
    ----------
    offers
        Of each problem at least one; of several the least counts at every price.
    limit
        Stations for all of them together.

    Examples
    --------
    >>> one = Offer(0.0, np.array([5.0, 3.0, 1.0]), np.array([1, 1, 1]), np.array([0, 1, 2]))
    >>> two = Offer(0.0, np.array([4.0, 2.0]), np.array([1, 1]), np.array([0, 1]))
    >>> found = shared_bound([[one], [two]], 3)
    >>> round(found.bound, 6), 2.0 <= found.price <= 3.0
    (12.0, True)
    """

    def at(price: float) -> SharedBound:
        answers = [min(offer.at(price) for offer in each) for each in offers]
        total = sum(bound for bound, _ in answers) + limit * price
        return SharedBound(total, price, np.array([taken for _, taken in answers]))

    dearest = max((offer.dearest for each in offers for offer in each), default=0.0)
    best = at(0.0)
    low, high = 0.0, dearest
    for _ in range(_ZOOMS):  # the least of several convex lines is not convex: look, then look closer
        prices = np.linspace(low, high, _LOOKS)
        found = [at(float(price)) for price in prices]
        least = int(np.argmin([each.bound for each in found]))
        best = min((best, found[least]), key=lambda each: each.bound)
        low, high = prices[max(least - 1, 0)], prices[min(least + 1, _LOOKS - 1)]
    return best


def split_by_gains(gains: Sequence[Floats], stations: Sequence[Ints], limit: int) -> list[int]:
    """Split a quota by what each next place brings a station, ranks kept in their order.

    Parameters
    ----------
    gains, stations
        Of each problem's places in rank order.
    limit
        Stations for all.

    Returns
    -------
    list of int
        Stations of each problem; a place that does not fit ends its problem's part.

    Examples
    --------
    >>> split_by_gains([np.array([5.0, 1.0]), np.array([4.0, 3.0])], [np.array([1, 1]), np.array([1, 1])], 3)
    [1, 2]
    """
    taken, left, ended = [0] * len(gains), limit, set()
    for problem, place in merged_ranks(gains, stations):
        size = int(stations[problem][place])
        if size > left:
            ended.add(problem)
        elif problem not in ended:
            taken[problem], left = taken[problem] + size, left - size
    return taken


def merged_ranks(gains: Sequence[Floats], stations: Sequence[Ints]) -> list[tuple[int, int]]:
    """One order of several ranked lists: the next place of the list whose next one brings most a station.

    Returns
    -------
    list of tuple
        Problem and rank in it; every list keeps its own order, ties go to the first.
    """
    heads: list[tuple[float, int, int]] = []
    for problem, each in enumerate(gains):
        if len(each):
            heads.append((-float(each[0]) / max(int(stations[problem][0]), 1), problem, 0))
    heapq.heapify(heads)
    order = []
    while heads:
        _, problem, place = heapq.heappop(heads)
        order.append((problem, place))
        if place + 1 < len(gains[problem]):
            worth = float(gains[problem][place + 1]) / max(int(stations[problem][place + 1]), 1)
            heapq.heappush(heads, (-worth, problem, place + 1))
    return order


@dataclass(frozen=True, eq=False)
class Part:
    """One problem of a shared quota.

    Attributes
    ----------
    weight
        What one unit of its objective counts in the whole.
    most
        Most stations it could use.
    fixed
        Stations it gets whatever the others do; None where its part is decided here.
    """

    weight: float
    most: int
    fixed: int | None = None


@dataclass(frozen=True, eq=False)
class SharedSelection:
    """A quota split between problems.

    Attributes
    ----------
    stations
        Of each problem.
    selections
        Of each problem at its stations.
    value, bound, gap
        Weighted sum of the objectives, what no split can exceed, and the share that lacks.
    price
        Of one station.
    rounds
        Price, stations asked for and bound of each round, the first one first.
    """

    stations: tuple[int, ...]
    selections: tuple[Selection, ...]
    value: float
    bound: float
    gap: float
    price: float
    rounds: tuple[tuple[float, int, float], ...]


@dataclass(frozen=True, eq=False)
class PartAnswer:
    """A problem solved at some stations.

    Attributes
    ----------
    selection
        What is chosen.
    offer
        What the problem says of itself at the prices of its certificate.
    by_place
        Stations of each chosen place, in rank order.
    """

    selection: Selection
    offer: Offer
    by_place: Ints

    @property
    def stations(self) -> int:
        """Stations of the choice."""
        return int(self.by_place.sum())


class Solve(Protocol):
    """Solves the problems of a quota; asked again for the same, it answers the same."""

    def within(self, part: int, stations: int) -> PartAnswer:
        """A problem within so many stations."""

    def at_price(self, part: int, price: float) -> PartAnswer:
        """A problem where every station costs so much, as many as are worth it; weighted like the offers."""


def answer_of(problem: CoverProblem, selection: Selection, weight: float) -> PartAnswer:
    """What the shared quota is told of a problem that was solved within a number of stations."""
    return PartAnswer(
        selection, offer_of(problem, selection.certificate, weight), _by_place(problem, selection)
    )


def _by_place(problem: CoverProblem, selection: Selection) -> Ints:
    places, sizes = problem.place[selection.columns], problem.stations[selection.columns]
    return np.array([sizes[places == place].sum() for place in selection.places], dtype=np.int64)


def priced_problem(problem: CoverProblem, price: float, most: int) -> CoverProblem:
    """The same problem where a station costs something: each one that is not used earns its price.

    Parameters
    ----------
    problem
        With one cap of the family ``city``.
    price
        Of a station, in the problem's own weight, positive.
    most
        Stations that can be used at most; so many columns of one station are added that reach a row of their
        own, worth the price.

    Returns
    -------
    CoverProblem
        Its best choice is that of the Lagrangian at this price.
    """
    rows, columns = len(problem.weight), problem.columns
    new = np.arange(most)
    caps = tuple(
        replace(
            cap,
            limit=float(most),
            members=np.concatenate([cap.members, columns + new]),
            sizes=None if cap.sizes is None else np.concatenate([cap.sizes, np.ones(most)]),
        )
        if cap.family == QUOTA
        else cap
        for cap in problem.caps
    )
    ids = None if problem.ids is None else (*problem.ids, *(f"\uffffunused {k}" for k in new))
    return replace(
        problem,
        indptr=np.concatenate([problem.indptr, problem.indptr[-1] + 1 + new]),
        rows=np.concatenate([problem.rows, (rows + new).astype(np.int32)]),
        values=np.concatenate([problem.values, np.ones(most, dtype=np.float32)]),
        weight=np.concatenate([problem.weight, np.full(most, price)]),
        stations=np.concatenate([problem.stations, np.ones(most, dtype=np.int64)]),
        place=np.concatenate([problem.place, problem.place.max(initial=-1) + 1 + new]),
        group=np.concatenate([problem.group, problem.group.max(initial=-1) + 1 + new]),
        caps=caps,
        cost=None if problem.cost is None else np.concatenate([problem.cost, np.zeros(most)]),
        ids=ids,
    )


def priced_answer(problem: CoverProblem, selection: Selection, weight: float) -> PartAnswer:
    """The answer of a problem from the selection of :func:`priced_problem`, unused stations left out."""
    certificate = replace(selection.certificate, row_of=selection.certificate.row_of[: len(problem.weight)])
    own = selection.columns[selection.columns < problem.columns]
    places = np.isin(selection.places, problem.place[own])
    kept = replace(
        selection,
        columns=own,
        places=selection.places[places],
        marginal_gains=selection.marginal_gains[places],
        losses=selection.losses[places],
        curve_bounds=selection.curve_bounds[places],
        objective=objective_of(problem, own),
        certificate=certificate,
    )
    return PartAnswer(kept, offer_of(problem, certificate, weight), _by_place(problem, kept))


def share(parts: Sequence[Part], limit: int, solve: Solve, *, gap: float, rounds: int = 4) -> SharedSelection:
    """Split a quota between problems and bound the whole.

    Each problem is solved once with more than it will get; the ranked places of all say what a station is
    worth. Then all are solved at that price, and the least bound of their offers gives the next price. At
    last each is solved within its part.

    Parameters
    ----------
    parts
        The problems.
    limit
        Stations for all together, fixed parts included.
    solve
        Solves one problem.
    gap
        No further price is asked for when (bound - value) / bound is at most this.
    rounds
        Most prices.

    Returns
    -------
    SharedSelection
        The best split met, under the least bound.
    """
    fixed = {k: part.fixed for k, part in enumerate(parts) if part.fixed is not None}
    free = [k for k in range(len(parts)) if k not in fixed]
    left = max(0, limit - sum(fixed.values()))
    own = {k: solve.within(k, count) for k, count in fixed.items()}
    split, shared, history = _split(parts, free, left, solve, gap, rounds)
    answers = {k: solve.within(k, count) for k, count in split.items()}
    answers = own | _exchanged(parts, answers, split, solve, shared.bound, gap, rounds)
    value = sum(parts[k].weight * answer.selection.objective for k, answer in answers.items())
    known = sum(parts[k].weight * answer.selection.upper_bound for k, answer in own.items())
    bound = max(shared.bound + known, value)
    return SharedSelection(
        stations=tuple({**fixed, **split}[k] for k in range(len(parts))),
        selections=tuple(answers[k].selection for k in range(len(parts))),
        value=value,
        bound=bound,
        gap=relative_gap(value, bound),
        price=shared.price,
        rounds=tuple((price, asked, least + known) for price, asked, least in history),
    )


def _split(
    parts: Sequence[Part], free: Sequence[int], left: int, solve: Solve, gap: float, rounds: int
) -> tuple[dict[int, int], SharedBound, list[tuple[float, int, float]]]:
    """Stations of each free problem, the least bound, and price, stations and bound of each round."""
    if not free:
        return {}, SharedBound(0.0, 0.0, np.zeros(0)), []
    even = -(-2 * left // len(free))
    first = {k: solve.within(k, min(even, left, parts[k].most)) for k in free}
    offers = {k: [answer.offer] for k, answer in first.items()}
    split, price = _by_ranks(parts, first, left)
    shared, history = shared_bound(list(offers.values()), left), []
    for _ in range(rounds if price > 0.0 else 0):
        priced_ = {k: solve.at_price(k, price) for k in free}
        for k, answer in priced_.items():
            offers[k].append(answer.offer)
        shared = shared_bound(list(offers.values()), left)
        asked = sum(answer.stations for answer in priced_.values())
        history.append((price, asked, shared.bound))
        value = sum(parts[k].weight * answer.selection.objective for k, answer in priced_.items())
        split = _evened(parts, priced_, first, left)
        if relative_gap(value + price * (left - asked), shared.bound) <= gap or shared.price <= 0.0:
            break
        price = shared.price
    return split, shared, history


def _by_ranks(
    parts: Sequence[Part], answers: Mapping[int, PartAnswer], left: int
) -> tuple[dict[int, int], float]:
    """Split by ranked places, and what the last station that found room brings."""
    gains = [parts[k].weight * answer.selection.marginal_gains for k, answer in answers.items()]
    sizes = [answer.by_place for answer in answers.values()]
    taken = split_by_gains(gains, sizes, left)
    split = dict(zip(answers, taken, strict=True))
    worth = [
        float(gain[place] / max(size[place], 1))
        for gain, size, count in zip(gains, sizes, taken, strict=True)
        if (place := int(np.searchsorted(np.cumsum(size), count, side="left"))) < len(size) and count > 0
    ]
    _fill_up(split, parts, left - sum(taken))
    return split, min(worth, default=0.0)


def _evened(
    parts: Sequence[Part], priced_: Mapping[int, PartAnswer], first: Mapping[int, PartAnswer], left: int
) -> dict[int, int]:
    """Stations at a price, cut back or filled up to the quota by what the last or the next one brings."""
    split = {k: answer.stations for k, answer in priced_.items()}
    if sum(split.values()) > left:
        gains = [parts[k].weight * answer.selection.marginal_gains for k, answer in priced_.items()]
        cut = split_by_gains(gains, [answer.by_place for answer in priced_.values()], left)
        split = dict(zip(priced_, cut, strict=True))
    while (room := left - sum(split.values())) > 0:
        worth = {}
        for k, answer in first.items():
            ends = np.cumsum(answer.by_place)
            place = int(np.searchsorted(ends, split[k], side="right"))
            if place < len(ends) and ends[place] - split[k] <= room:
                worth[k] = parts[k].weight * answer.selection.marginal_gains[place] / answer.by_place[place]
        if not worth:
            break
        k = max(worth, key=lambda k: (worth[k], -k))
        split[k] += 1
    _fill_up(split, parts, left - sum(split.values()))
    return split


def _exchanged(
    parts: Sequence[Part],
    answers: dict[int, PartAnswer],
    split: dict[int, int],
    solve: Solve,
    bound: float,
    gap: float,
    turns: int,
) -> dict[int, PartAnswer]:
    """Move a station from where it brings least to where one more brings most, while the whole gains; the
    split follows, in place.
    """

    def worth(k: int, answer: PartAnswer) -> float:
        return parts[k].weight * answer.selection.objective

    for _ in range(turns):
        value = sum(worth(k, answer) for k, answer in answers.items())
        if len(answers) < 2 or relative_gap(value, bound) <= gap:
            break
        fewer = {k: solve.within(k, count - 1) for k, count in split.items() if count > 0}
        more = {k: solve.within(k, count + 1) for k, count in split.items() if count < parts[k].most}
        moves = [
            (
                worth(to, more[to]) - worth(to, answers[to]) - worth(k, answers[k]) + worth(k, fewer[k]),
                -k,
                -to,
            )
            for k in fewer
            for to in more
            if k != to
        ]
        if not moves or max(moves)[0] <= 1e-9 * bound:
            break
        giver, taker = -max(moves)[1], -max(moves)[2]
        split[giver], split[taker] = split[giver] - 1, split[taker] + 1
        answers = answers | {giver: fewer[giver], taker: more[taker]}
    return answers


def _fill_up(split: dict[int, int], parts: Sequence[Part], left: int) -> None:
    """Give what nobody asked for to whoever can use it, the least served first, in place."""
    while left > 0 and (room := [k for k, count in split.items() if count < parts[k].most]):
        k = min(room, key=lambda k: (split[k] / max(parts[k].most, 1), k))
        split[k], left = split[k] + 1, left - 1
