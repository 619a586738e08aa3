"""How the list fares when what nobody knows is drawn anew.

Each draw takes one sky for every place (one error of the whole area, and what is alike over some hundred
metres), one error for every new mast, and other people in every village; P is what remains uncertain given
these, so nothing is counted twice: the mean over draws is the P of the map again. Nothing is swept or solved
anew. A site stays in a draw when no exchange for another of its kind, among the likeliest ones, would have
covered more.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.grid import Grid
from siteplan.core.progress import SILENT, Report, counted
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.matrix import NodeOutage
from siteplan.inputs.load import Inputs
from siteplan.planning.formulate import BuildOptions
from siteplan.project.proof import OddsRules
from siteplan.selection import CoverProblem, Selection
from siteplan.selection.exchange import Exchanges, exchange_gains, leaving, likely_exchanges
from siteplan.selection.problem import covered_shares
from siteplan.selection.redraw import DrawnRows, between_nodes, drawn_problem, drawn_rows, sky_position

QUANTILES = (0.05, 0.5, 0.95)
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Odds:
    """What draws say of a plan.

    Attributes
    ----------
    places
        ``rank, candidate_id, stays, stays_exactly, by_luck``: share of draws in which every station of a
        place stays, there or within its search ring, and in which it stays there.
    villages
        ``village_id, village, county_id, county, reached_before, reached_after``: mean over draws of the
        probability that the village's point is served, in the first service.
    people
        ``when, low, middle, high, mean``: people served in the first service, 5, 50 and 95 % of the draws.
    """

    places: pd.DataFrame
    villages: pd.DataFrame
    people: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Drawing:
    """Everything draws share.

    Attributes
    ----------
    demand, outage, rules
        Rows, what is left of them by node, and how unsure things are.
    problem, ready, chosen, exchanges
        The problem, the columns that are drawn, positions of the chosen ones among them, and who may be
        exchanged for whom (positions as well).
    row_pixel
        Position in ``demand.pixels`` of each demand row.
    node_left
        What the existing network leaves of each row by node.
    place_number
        Number of each drawn column's place among their places.
    """

    demand: DemandGrid
    outage: NodeOutage
    rules: OddsRules
    problem: CoverProblem
    ready: DrawnRows
    chosen: NDArray[np.int64]
    exchanges: Exchanges
    row_pixel: NDArray[np.int64]
    node_left: Values
    place_number: NDArray[np.int64]


def make_drawing(
    problem: CoverProblem, selection: Selection, demand: DemandGrid, outage: NodeOutage, rules: OddsRules
) -> Drawing:
    """What draws need, made once.

    Parameters
    ----------
    problem, selection
        The covering problem and the plan.
    demand, outage
        Rows and what is left of them.
    rules
        Errors that are drawn.
    """
    nodes = len(outage.shadowing.node)
    node_left = outage.rows(demand)
    everything = drawn_rows(problem, np.arange(problem.columns), nodes)
    middle = np.zeros(len(node_left))
    sky = sky_position(middle, outage.shadowing.node)
    left = between_nodes(node_left, *sky)
    usual = drawn_problem(everything, demand.weight * left, sky, np.zeros(problem.columns), 0.0)
    likely = likely_exchanges(usual, selection.columns)
    pool = np.unique(np.concatenate([likely.pool, selection.columns]))
    ready = drawn_rows(problem, pool, nodes)
    exchanges = Exchanges(np.searchsorted(pool, likely.leave), np.searchsorted(pool, likely.enter))
    pixel = np.empty(len(demand.weight), dtype=np.int64)
    for rows in demand.row_of:
        pixel[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
    _, place_number = np.unique(problem.place[pool], return_inverse=True)
    chosen = np.searchsorted(pool, selection.columns)
    return Drawing(
        demand,
        outage,
        rules,
        problem,
        ready,
        chosen,
        exchanges,
        pixel,
        node_left,
        place_number.astype(np.int64),
    )


@dataclass(frozen=True, eq=False)
class Draw:
    """One draw.

    Attributes
    ----------
    problem
        Its covering problem over the columns that are drawn.
    left
        What the existing network leaves of each row.
    people_factor
        Of each demand pixel.
    """

    problem: CoverProblem
    left: Values
    people_factor: Values


def draw(drawing: Drawing, number: int) -> Draw:
    """One draw by its number: the same for every plan of an area.

    Parameters
    ----------
    drawing
        What draws share.
    number
        Seeds the draw with the project's own seed.
    """
    rules, demand = drawing.rules, drawing.demand
    random = np.random.default_rng([rules.seed, number])
    local = sky_field(demand.grid, demand.pixels, rules.sky_length_m, random)
    whole = np.sqrt(rules.area_share) * random.standard_normal()
    sky = whole + np.sqrt(1.0 - rules.area_share) * local
    factor = _people_factor(demand, rules, random)
    error = random.standard_normal(int(drawing.place_number.max(initial=-1)) + 1)[drawing.place_number]
    position = sky_position(sky[drawing.row_pixel], drawing.outage.shadowing.node)
    left = between_nodes(drawing.node_left, *position)
    weight = demand.weight.copy()
    residents = demand.weight_by_target.get("residents")
    if residents is not None:
        weight += residents * (factor[drawing.row_pixel] - 1.0)
    problem = drawn_problem(drawing.ready, weight * left, position, error, rules.site_share)
    return Draw(problem, left, factor)


def sky_field(
    grid: Grid, pixels: NDArray[np.int64], length_m: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """Standard normal values at pixels, alike within a length.

    Parameters
    ----------
    grid, pixels
        Flat positions on the grid, shape (n,).
    length_m
        Edge of the squares between whose corners values are read [m].
    random
        Source of draws.

    Returns
    -------
    ndarray
        Shape (n,); variance 1 everywhere.
    """
    row, col = np.divmod(pixels, grid.width)
    step = max(length_m / grid.resolution_m, 1.0)
    height, width = int(grid.height / step) + 2, int(grid.width / step) + 2
    corners = random.standard_normal((height, width))
    y, x = row / step, col / step
    r, c = y.astype(np.int64), x.astype(np.int64)
    down, right = y - r, x - c
    parts = ((1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right)
    values = [corners[r, c], corners[r, c + 1], corners[r + 1, c], corners[r + 1, c + 1]]
    total = sum(p * v for p, v in zip(parts, values, strict=True))
    return np.asarray(total / np.sqrt(sum(p * p for p in parts)), dtype=np.float64)


def _people_factor(demand: DemandGrid, rules: OddsRules, random: np.random.Generator) -> Values:
    """People of each pixel as a share of those expected: one factor a village; counties keep their people."""
    spread = np.sqrt(np.log1p(rules.population_error**2))
    score = random.standard_normal(int(demand.village.max(initial=-1)) + 2)
    factor = np.exp(spread * score - spread**2 / 2.0)[demand.village]  # the last: pixels of no village
    code = demand.county_code
    total, drawn = (np.bincount(code, each) for each in (demand.people, demand.people * factor))
    return np.asarray(factor * (total / np.where(drawn > 0, drawn, 1.0))[code], dtype=np.float64)


def odds_of(
    drawing: Drawing,
    selection: Selection,
    options: BuildOptions,
    candidates: gpd.GeoDataFrame,
    ring_m: Values,
    inputs: Inputs,
    report: Report = SILENT,
) -> Odds:
    """Odds of a plan over the project's draws.

    Parameters
    ----------
    drawing
        What draws share.
    selection, options
        The plan.
    candidates
        Every place of the ladder: ``candidate_id`` and its point.
    ring_m
        Search radius of each ranked place [m].
    inputs
        Villages.
    report
        Is told how many draws are done.
    """
    count, demand = drawing.rules.draws, drawing.demand
    stays = np.zeros((2, len(drawing.chosen)))
    near = _within_rings(drawing, selection, candidates, ring_m)
    served = np.zeros((2, count))
    villages = np.zeros((2, int((demand.village_pixel >= 0).sum())))
    for number in counted(range(count), count, report, every=10):
        each = draw(drawing, number)
        gains = exchange_gains(each.problem, drawing.chosen, drawing.exchanges)
        for row, counted_gains in enumerate((np.where(near, -np.inf, gains), gains)):
            gone = leaving(drawing.exchanges, counted_gains, each.problem.place)
            stays[row] += ~np.isin(drawing.chosen, gone)
        p = _served(drawing, each)
        people = demand.people * each.people_factor
        served[:, number] = [float(people @ one) for one in p]
        villages += [one[demand.village_pixel[demand.village_pixel >= 0]] for one in p]
    return Odds(
        _place_odds(stays / max(count, 1), selection, options, candidates, drawing.rules),
        _village_odds(villages / max(count, 1), demand, inputs),
        _people_odds(served),
    )


def _served(drawing: Drawing, each: Draw) -> tuple[Values, Values]:
    """Probability of the first service at every demand pixel before and after, in one draw."""
    share = covered_shares(each.problem, drawing.chosen)
    rows = drawing.demand.row_of[0]
    asked = rows >= 0
    before, after = np.zeros(len(rows)), np.zeros(len(rows))
    before[asked] = 1.0 - each.left[rows[asked]]
    after[asked] = 1.0 - each.left[rows[asked]] * (1.0 - share[rows[asked]])
    return before, after


def _within_rings(
    drawing: Drawing, selection: Selection, candidates: gpd.GeoDataFrame, ring_m: Values
) -> NDArray[np.bool_]:
    """Exchanges for a place inside the search ring: the site has moved as it may, it has not left."""
    place = drawing.problem.place[drawing.ready.columns]
    ring = dict(zip(selection.places.tolist(), ring_m.tolist(), strict=True))
    one, other = place[drawing.exchanges.leave], place[drawing.exchanges.enter]
    x, y = candidates.geometry.x.to_numpy(), candidates.geometry.y.to_numpy()
    away = np.hypot(x[one] - x[other], y[one] - y[other])
    return away <= np.array([ring[int(each)] for each in one])


def _place_odds(
    stays: Values, selection: Selection, options: BuildOptions, candidates: gpd.GeoDataFrame, rules: OddsRules
) -> pd.DataFrame:
    """Share of draws in which each ranked place stays: that of its least sure station."""
    place = options.place[selection.columns]
    least = np.stack([stays[:, place == each].min(axis=1) for each in selection.places])
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(least) + 1),
            "candidate_id": candidates["candidate_id"].to_numpy(dtype=object)[selection.places],
            "stays": np.round(least[:, 0], 4),
            "stays_exactly": np.round(least[:, 1], 4),
            "by_luck": least[:, 0] < rules.by_luck,
        }
    )


def _village_odds(reached: Values, demand: DemandGrid, inputs: Inputs) -> pd.DataFrame:
    columns = ["village_id", "village", "county_id", "county"]
    if inputs.villages is None:
        return pd.DataFrame({name: [] for name in [*columns, "reached_before", "reached_after"]})
    own = inputs.villages[demand.village_pixel >= 0].reset_index(drop=True)
    table = pd.DataFrame({name: own[name].to_numpy(dtype=object) for name in columns})
    return table.assign(reached_before=np.round(reached[0], 4), reached_after=np.round(reached[1], 4))


def _people_odds(served: Values) -> pd.DataFrame:
    """People served before and after the plan, and by it, over the draws."""
    rows = []
    parts = (("before", served[0]), ("after", served[1]), ("gain", served[1] - served[0]))
    for when, values in parts:
        low, middle, high = np.quantile(values, QUANTILES)
        rows.append((when, float(low), float(middle), float(high), float(values.mean())))
    return pd.DataFrame(rows, columns=["when", "low", "middle", "high", "mean"])
