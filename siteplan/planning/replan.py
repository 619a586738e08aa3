"""Re-planning with a list already out: fixed places, and what changing a published one must bring.

The cost of a change is a demand row of its own, one a published place, that only this
place covers. So the same search and the same proof answer the re-plan, and the bound holds for every plan
that keeps as much of the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.errors import Fault
from siteplan.core.progress import SILENT, Report, counted
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.footprint_cache import Cache
from siteplan.coverage.matrix import NodeOutage
from siteplan.field.journal import Place
from siteplan.field.status import FieldStatus
from siteplan.planning.formulate import BuildOptions
from siteplan.project.schema import Config
from siteplan.project.statuses import EXITS, FIXED, SiteStatus
from siteplan.selection import (
    CUT_SHORT,
    CertificateCheck,
    CoverProblem,
    Selection,
    Solver,
    StopCriteria,
    check,
    covered_shares,
    digest_of,
    objective_of,
    packed,
    quick,
    ranked,
    relative_gap,
    solved,
    stations_after,
    unpacked,
)

Ints = NDArray[np.int64]
CURVE = ["change_penalty", "changed", "kept", "gain", "people_covered", "upper_bound", "chosen"]
"""Columns of the curve of coverage against changed places."""


@dataclass(frozen=True)
class ReplanContext:
    """What a plan has to respect of the time before it.

    Attributes
    ----------
    field_status
        Of the journal.
    published
        The list that is out, by candidate id; empty where nothing is to be kept.
    base
        Run id of that list.
    change_penalty
        Cost of changing a published place; None takes the project's.
    max_changes
        Most published places that may be given up; None leaves it to the cost.
    """

    field_status: FieldStatus = field(default_factory=FieldStatus)
    published: Mapping[str, Place] = field(default_factory=dict)
    base: str = ""
    change_penalty: float | None = None
    max_changes: int | None = None

    @property
    def anchors(self) -> dict[str, tuple[Place, SiteStatus]]:
        """Published places still to be won, by key, with their status."""
        found = {}
        for candidate_id, place in self.published.items():
            state = self.field_status.states.get(candidate_id)
            status = state.status if state else SiteStatus.PROPOSED
            if status not in EXITS | FIXED | {SiteStatus.ON_AIR}:
                found[place.key] = place, status
        return found


@dataclass(frozen=True, eq=False)
class Anchors:
    """Published places that are still to be won.

    Attributes
    ----------
    columns
        Published columns of each, as far as they can still be built.
    factor
        How dear a change is, by status.
    unit
        Mean gain of a published place: what costs are counted in [weight].
    """

    columns: tuple[Ints, ...]
    factor: NDArray[np.float64]
    unit: float

    def kept(self, columns: Ints) -> NDArray[np.bool_]:
        """Which of them a choice keeps, with everything that was published there."""
        return np.array([bool(np.isin(each, columns).all()) for each in self.columns], dtype=bool)

    def weights(self, cost: float) -> tuple[Ints, NDArray[np.float64]]:
        """Published columns, ascending, and what keeping each is worth at a cost [weight]."""
        columns = np.concatenate(self.columns)
        worth = [
            cost * self.unit * f / len(c) for c, f in zip(self.columns, self.factor, strict=True) for _ in c
        ]
        order = np.argsort(columns)
        return columns[order], np.array(worth)[order]

    def worth(self, chosen: Ints, cost: float) -> float:
        """What a choice keeps [weight]."""
        columns, weight = self.weights(cost)
        return float(weight[np.isin(columns, chosen)].sum())


@dataclass(frozen=True, eq=False)
class Replanned:
    """A choice with what it keeps.

    Attributes
    ----------
    selection
        Objective, ranks and bounds are those of coverage alone.
    checked
        Of the proof, which includes what keeping is worth.
    curve
        Coverage against changed places, with the columns ``CURVE``; empty where nothing was published.
    changed, published
        Published places that were given up, and how many there were.
    """

    selection: Selection
    checked: CertificateCheck
    curve: pd.DataFrame
    changed: int = 0
    published: int = 0


def with_fixed(
    problem: CoverProblem, places: gpd.GeoDataFrame, options: BuildOptions, context: ReplanContext
) -> tuple[CoverProblem, tuple[Fault, ...]]:
    """The problem with signed places and those under construction chosen beforehand.

    Returns
    -------
    tuple
        The problem, and a warning for each quota that is smaller than what is fixed in it; the quota then
        gives way.
    """
    states = context.field_status.with_status(*FIXED)
    fixed = {state.place.key: state.place for state in states}
    locked = [c for each in _columns_of(fixed, places, options) for c in each]
    if not locked:
        return problem, ()
    columns = np.unique(np.array(locked, dtype=np.int64))
    caps, faults = [], []
    for cap in problem.caps:
        used = float(problem.sizes_in(cap)[np.isin(cap.members, columns)].sum())
        caps.append(replace(cap, limit=max(cap.limit, used)))
        if used > cap.limit:
            told: dict[str, object] = {"value": cap.name, "limit": round(cap.limit), "fixed": round(used)}
            faults.append(Fault("warning", "project.toml", "fixed_over_quota", "fixed_over_quota_fix", told))
    conflicts = open_conflicts(problem.conflicts, options.place[columns])
    group = _own_groups(problem.group, columns)
    fixed_problem = replace(problem, caps=tuple(caps), locked_in=columns, conflicts=conflicts, group=group)
    return fixed_problem, tuple(faults)


def open_conflicts(conflicts: Ints, built: Ints) -> Ints:
    """Pairs of places of which not both are built already, shape (n, 2)."""
    taken = set(built.tolist())
    apart = [pair for pair in conflicts.tolist() if not set(pair) <= taken]
    return np.array(apart, dtype=np.int64).reshape(-1, 2)


def _own_groups(group: Ints, columns: Ints) -> Ints:
    """Groups in which no two fixed columns meet: what was signed together at a mast without room stays."""
    _, first = np.unique(group[columns], return_index=True)
    further = np.setdiff1d(columns, columns[first])
    apart = group.copy()
    apart[further] = group.max(initial=0) + 1 + np.arange(len(further))
    return apart


def _columns_of(
    published: Mapping[str, Place], places: gpd.GeoDataFrame, options: BuildOptions
) -> list[Ints]:
    """Columns that build what was published at each place: of each network the one with most of its bands."""
    position = {key: i for i, key in enumerate(places["key"])}
    found = []
    for key, place in published.items():
        here = np.flatnonzero(options.place == position.get(key, -1))
        best: dict[str, tuple[int, int]] = {}
        for column in here:
            bands = set(options.upgrades[column].bands)
            shared = len(bands & set(place.bands))
            score = shared - len(bands - set(place.bands))
            if shared and score > best.get(options.network[column], (-99, 0))[0]:
                best[options.network[column]] = score, int(column)
        found.append(np.array(sorted(column for _, column in best.values()), dtype=np.int64))
    return found


def anchors_of(
    problem: CoverProblem,
    places: gpd.GeoDataFrame,
    options: BuildOptions,
    context: ReplanContext,
    config: Config,
) -> Anchors:
    """Published places that can still be built as they were.

    Returns
    -------
    Anchors
        Places that are not usable any more are not among them: giving them up is no choice.
    """
    known = context.anchors
    columns = _columns_of({key: place for key, (place, _) in known.items()}, places, options)
    alive = [(each, status) for each, (_, status) in zip(columns, known.values(), strict=True) if len(each)]
    factors = {str(name): factor for name, factor in config.replan.change_factor.items()}
    everything = np.unique(np.concatenate([problem.locked_in, *(each for each, _ in alive)]))
    unit = objective_of(problem, everything) / max(1, len(np.unique(options.place[everything])))
    factor = np.array([factors.get(status.value, 1.0) for _, status in alive])
    return Anchors(tuple(each for each, _ in alive), factor, unit)


def anchored(problem: CoverProblem, anchors: Anchors, cost: float) -> CoverProblem:
    """The problem with a row for each published place.

    Returns
    -------
    CoverProblem
        Its objective is coverage plus what is kept.
    """
    if cost <= 0.0 or not anchors.columns:
        return problem
    columns, weight = anchors.weights(cost)
    at = problem.indptr[columns + 1]
    extra = (len(problem.weight) + np.arange(len(columns))).astype(problem.rows.dtype)
    more = np.zeros(problem.columns, dtype=np.int64)
    more[columns] = 1
    return replace(
        problem,
        rows=np.insert(problem.rows, at, extra),
        values=np.insert(problem.values, at, np.float32(1.0)),
        indptr=problem.indptr + np.concatenate([[0], np.cumsum(more)]),
        weight=np.concatenate([problem.weight, weight]),
    )


def choose(
    problem: CoverProblem,
    places: gpd.GeoDataFrame,
    options: BuildOptions,
    demand: DemandGrid,
    outage: NodeOutage,
    context: ReplanContext,
    config: Config,
    report: Report = SILENT,
    cache: Cache | None = None,
) -> Replanned:
    """Choose within the quota, keeping of the published list what is not worth changing.

    Parameters
    ----------
    problem
        With fixed places chosen.
    places, options
        Who may be built.
    demand
        Rows, for the curve's people.
    outage
        What the existing network leaves.
    context
        What stands, what is published, and what a change costs.
    config
        The project.
    report
        Is told what is proven so far, and of points of the curve.
    cache
        Where selections of the very same task are kept; None solves every time.

    Returns
    -------
    Replanned
        A plain selection where nothing is published.
    """
    anchors = anchors_of(problem, places, options, context, config)
    if not anchors.columns:
        selection = select(problem, config, report, cache)
        return Replanned(selection, check(problem, selection), pd.DataFrame(columns=CURVE))
    asked = config.replan.change_penalty if context.change_penalty is None else context.change_penalty
    most, costs = context.max_changes, {*config.replan.curve} - {asked}
    tried = sorted(costs) if most is None else sorted({*costs, asked})  # what is asked for is solved in full
    curve = _curve(problem, anchors, demand, outage, config, counted(tried, len(tried), report, 1))
    for cost in [asked] if most is None else _costs_within(curve, most):
        request = anchored(problem, anchors, cost)
        found = select(request, config, report, cache)
        changed = int((~anchors.kept(found.columns)).sum())
        if most is None or changed <= most:
            break
    selection = _of_coverage(problem, found, anchors.worth(found.columns, cost))
    people = people_covered(problem, found.columns, demand, outage, config)
    kept = len(anchors.columns) - changed
    row = (cost, changed, kept, selection.objective, people, selection.upper_bound, True)
    curve = curve[curve["change_penalty"].ne(cost)]
    joined = pd.DataFrame([*curve.itertuples(index=False, name=None), row], columns=CURVE)
    joined = joined.sort_values("change_penalty", kind="stable").reset_index(drop=True)
    return Replanned(selection, check(request, found), joined, changed, len(anchors.columns))


def solver_of(problem: CoverProblem, config: Config) -> tuple[Solver, StopCriteria]:
    """A problem made ready, and when the project's rules end its search."""
    rules = config.selection
    seconds = rules.time_limit_s or float("inf")
    return (
        Solver(problem, rules.min_gain_per_station),
        StopCriteria(rules.gap, rules.work_limit, seconds, rules.seed),
    )


def select(problem: CoverProblem, config: Config, report: Report, cache: Cache | None) -> Selection:
    """The selection of a problem: solved, or kept from when the very same one was solved to its end."""
    key = digest_of(problem, config.selection.model_dump_json())
    kept = None if cache is None else cache.get(key)
    if kept is not None:
        report.note("selection_kept")
        return unpacked(kept)
    found = solved(*solver_of(problem, config), report)
    if problem.minima:
        free = solved(*solver_of(problem.without_minima(), config), report)
        found = with_free_bound(problem, found, free)
    if cache is not None and found.status not in CUT_SHORT:
        cache.put(key, packed(found))
    return found


def with_free_bound(problem: CoverProblem, found: Selection, free: Selection) -> Selection:
    """A selection that keeps minima, with the bound of the problem without them where that is lower.

    What no plan can cover, no plan that also keeps minima can: prices of the one prove the other, with
    nothing asked for the minima.

    Parameters
    ----------
    problem
        With its minima.
    found, free
        Selections with and without them.
    """
    if free.upper_bound >= found.upper_bound:
        return found
    nothing = tuple(np.zeros(len(each.villages)) for each in problem.minima)
    proof = replace(free.certificate, floor_prices=np.zeros(len(problem.minima)), village_prices=nothing)
    bound = max(free.upper_bound, found.objective)
    return replace(
        found,
        upper_bound=bound,
        optimality_gap=relative_gap(found.objective, bound),
        curve_bounds=np.minimum(found.curve_bounds, np.maximum(bound, np.cumsum(found.marginal_gains))),
        certificate=proof,
        bound_source=free.bound_source,
    )


def _curve(
    problem: CoverProblem,
    anchors: Anchors,
    demand: DemandGrid,
    outage: NodeOutage,
    config: Config,
    costs: Iterable[float],
) -> pd.DataFrame:
    """Coverage against changed places, cost by cost."""
    rules, rows = config.replan, []
    for cost in costs:
        answer = quick(
            anchored(problem, anchors, cost),
            rules.curve_work,
            seed=config.selection.seed,
            min_gain=config.selection.min_gain_per_station,
        )
        kept = int(anchors.kept(answer.columns).sum())
        people = people_covered(problem, answer.columns, demand, outage, config)
        gain = objective_of(problem, answer.columns)
        bound = max(answer.upper_bound - anchors.worth(answer.columns, cost), gain)
        rows.append((cost, len(anchors.columns) - kept, kept, gain, people, bound, False))
    return pd.DataFrame(rows, columns=CURVE)


def _costs_within(curve: pd.DataFrame, most: int) -> list[float]:
    """Costs to be tried: from the lowest that kept to the limit up to the highest."""
    fits = curve.loc[curve["changed"].le(most), "change_penalty"]
    start = float(fits.min()) if len(fits) else float(curve["change_penalty"].max())
    return [float(cost) for cost in curve["change_penalty"] if cost >= start]


def people_covered(
    problem: CoverProblem, columns: Ints, demand: DemandGrid, outage: NodeOutage, config: Config
) -> float:
    """People whose P reaches the target in the first layer."""
    left = outage_after(problem, columns, demand, outage)
    return float(demand.people[1.0 - left >= config.coverage.edge_probability_target].sum())


def outage_after(
    problem: CoverProblem, columns: Ints, demand: DemandGrid, outage: NodeOutage
) -> NDArray[np.float64]:
    """Probability that nobody serves each demand pixel in the first layer once columns are built.

    Returns
    -------
    ndarray
        float64, shape of ``demand.pixels``.
    """
    by_node = outage.rows(demand)
    shares = covered_shares(problem, columns)[: by_node.size].reshape(by_node.shape)
    left = (by_node * (1.0 - shares)) @ outage.shadowing.weight
    flat = np.asarray(outage.mean[0].ravel()[demand.pixels], dtype=np.float64)
    asked = demand.row_of[0] >= 0
    flat[asked] = left[demand.row_of[0, asked]]
    return flat


def _of_coverage(problem: CoverProblem, found: Selection, bonus: float) -> Selection:
    """A choice made on the anchored problem, told in coverage alone.

    No plan that keeps as much of the list covers more than the bound less what is kept.
    """
    places, gains, losses, order = ranked(problem, found.columns)
    objective = objective_of(problem, found.columns)
    bound = max(found.upper_bound - bonus, objective)
    stations = stations_after(problem, places, order)
    theirs = stations_after(problem, found.places, found.columns)
    curve = found.curve_bounds[np.minimum(np.searchsorted(theirs, stations), len(theirs) - 1)]
    curve[-1:] = np.minimum(curve[-1:], bound)
    return replace(
        found,
        columns=order,
        places=places,
        marginal_gains=gains,
        losses=losses,
        objective=objective,
        upper_bound=bound,
        optimality_gap=relative_gap(objective, bound),
        curve_bounds=np.maximum(curve, np.cumsum(gains)),
    )


def statuses_of(places: gpd.GeoDataFrame, context: ReplanContext) -> list[SiteStatus]:
    """Status of each place in the journal; PROPOSED where it is not named."""
    known = {state.place.key: state.status for state in context.field_status.states.values()}
    return [known.get(key, SiteStatus.PROPOSED) for key in places["key"]]
