"""Hold the odds of a plan against fresh draws and against problems that are solved anew.

Prints the seconds of the draws beside those of the whole plan, the odds of villages against what comes true
in draws of another seed, and how often a site that is said to stay is on the list of the same draw solved
from scratch: the surrogate looks at exchanges of one site for another, the solver at everything.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from siteplan.planning import pipeline
from siteplan.planning.proof import prove as proving
from siteplan.planning.proof.odds import Drawing, draw, make_drawing
from siteplan.planning.replan import solver_of
from siteplan.planning.stages import Solved
from siteplan.project.project_file import load_config
from siteplan.selection import solved
from siteplan.selection.exchange import exchange_gains, leaving
from siteplan.selection.problem import covered_shares
from siteplan.selection.redraw import drawn_rows

BINS = np.array([0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0])


def planned(folder: Path, county: str | None) -> tuple[Any, Any, Solved, Any, float]:
    """Inputs, project, solved area and ranked rows of a plan, and the seconds it took without its proof."""
    config = load_config(folder)
    inputs = pipeline.load(folder, config, county)
    kept: dict[str, Any] = {}

    def keep(inputs: Any, config: Any, area: Solved, proposed: Any, *rest: Any) -> Any:
        kept.update(area=area, proposed=proposed, seconds=time.perf_counter() - started)
        return proving.prove(inputs, config, area, proposed, *rest)

    pipeline.prove = keep  # the plan's own parts, seen where they are handed over
    started = time.perf_counter()
    pipeline.run(inputs, config)
    return inputs, config, kept["area"], kept["proposed"], kept["seconds"]


def villages_come_true(drawing: Drawing, fresh: int) -> None:
    """Odds of villages by draws of one seed against outcomes of draws of another."""
    demand = drawing.demand
    pixel = demand.village_pixel[demand.village_pixel >= 0]
    row = demand.row_of[0, pixel]
    other = replace(drawing, rules=drawing.rules.model_copy(update={"seed": drawing.rules.seed + 1}))
    odds, came = np.zeros(len(row)), np.zeros(len(row))
    for number in range(drawing.rules.draws):
        each = draw(drawing, number)
        odds += 1.0 - each.left[row] * (1.0 - covered_shares(each.problem, drawing.chosen)[row])
    random = np.random.default_rng(99)
    for number in range(fresh):
        each = draw(other, number)
        p = 1.0 - each.left[row] * (1.0 - covered_shares(each.problem, drawing.chosen)[row])
        came += random.random(len(row)) < p
    odds, came = odds / drawing.rules.draws, came / fresh
    print("villages: odds said, came true, villages")
    for low, high in pairwise(BINS):
        own = (odds >= low) & ((odds < high) | (high == 1.0))
        if own.any():
            print(
                f"  {low:4.2f}-{high:4.2f}  {odds[own].mean():6.3f}  {came[own].mean():6.3f}  {own.sum():5d}"
            )


def solved_anew(drawing: Drawing, config: Any, area: Solved, runs: int) -> None:
    """Sites that stay in a draw by the surrogate, and on the list of the draw solved from scratch."""
    nodes = len(drawing.outage.shadowing.node)
    everything = replace(
        drawing,
        ready=drawn_rows(drawing.problem, np.arange(drawing.problem.columns), nodes),
        place_number=drawing.problem.place - drawing.problem.place.min(),
    )
    places = area.replanned.selection.places
    both = np.zeros((2, 2), dtype=int)
    for number in range(runs):
        whole = draw(everything, number)
        pool = replace(
            drawing, place_number=everything.place_number[drawing.ready.columns]
        )  # the same errors of the same places
        some = draw_like(pool, everything, number)
        gains = exchange_gains(some, drawing.chosen, drawing.exchanges)
        gone = leaving(drawing.exchanges, gains, some.place)
        stays = np.array([not np.isin(np.flatnonzero(some.place == each), gone).any() for each in places])
        found = solved(*solver_of(whole.problem, config))
        listed = np.isin(places, found.places)
        for a in (0, 1):
            for b in (0, 1):
                both[a, b] += int(((stays == a) & (listed == b)).sum())
    print(f"sites over {runs} draws solved anew: said to stay and listed {both[1, 1]}, not {both[1, 0]},")
    print(f"  said to leave and listed {both[0, 1]}, said and not {both[0, 0]}")
    print(f"  listed of those said to stay {both[1, 1] / max(both[1].sum(), 1):.0%}, to leave", end=" ")
    print(f"{both[0, 1] / max(both[0].sum(), 1):.0%}")


def draw_like(pool: Drawing, everything: Drawing, number: int) -> Any:
    """The problem of a draw over the columns of the pool, with the errors of the whole draw."""
    whole = draw(everything, number).problem
    kept = pool.ready.columns
    indptr, parts = [0], []
    for column in kept:
        at = np.arange(whole.indptr[column], whole.indptr[column + 1])
        parts.append(at)
        indptr.append(indptr[-1] + len(at))
    at = np.concatenate(parts)
    small = draw(pool, number).problem
    return replace(
        small, indptr=np.array(indptr), rows=whole.rows[at], values=whole.values[at], weight=whole.weight
    )


def main() -> None:
    """Plan, draw, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--county")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--runs", type=int, default=10)
    asked = parser.parse_args()
    _, config, area, _, seconds = planned(asked.project, asked.county)
    rules = config.odds.model_copy(update={"draws": asked.draws})
    ready = area.ready
    started = time.perf_counter()
    drawing = make_drawing(
        ready.problem, area.replanned.selection, ready.demand, ready.existing.outage, rules
    )
    for number in range(asked.draws):
        each = draw(drawing, number)
        exchange_gains(each.problem, drawing.chosen, drawing.exchanges)
    took = time.perf_counter() - started
    print(
        f"{asked.draws} draws {took:.1f} s, the plan before them {seconds:.1f} s: {took / seconds:.2f} of it"
    )
    villages_come_true(drawing, asked.draws)
    solved_anew(drawing, config, area, asked.runs)


if __name__ == "__main__":
    main()
