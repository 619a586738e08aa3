"""Do the ranks mean something? Covered weight of each prefix against random choice and largest gap first.

``python benchmarks/ranking.py [project folder]``; one run, one problem, the same quotas for all.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from siteplan.planning import pipeline
from siteplan.planning.pipeline import AreaRequest
from siteplan.planning.replan import ReplanContext
from siteplan.project.project_file import load_config
from siteplan.selection import select
from siteplan.selection.problem import objective_of

SHARES = (0.10, 0.25, 0.50, 1.00)
DRAWS = 5


def taken(problem, order):
    """Columns of an order as far as quotas, groups and conflicts allow."""
    chosen, places, groups = [], set(), set()
    used = [0.0] * len(problem.caps)
    sizes = [dict(zip(cap.members.tolist(), problem.sizes_in(cap), strict=True)) for cap in problem.caps]
    foes = {}
    for p, q in problem.conflicts.tolist():
        foes.setdefault(p, set()).add(q)
        foes.setdefault(q, set()).add(p)
    for column in map(int, order):
        place, group = int(problem.place[column]), int(problem.group[column])
        asked = [each.get(column, 0.0) for each in sizes]
        full = any(u + a > cap.limit for u, a, cap in zip(used, asked, problem.caps, strict=True))
        if full or group in groups or foes.get(place, set()) & places:
            continue
        chosen.append(column)
        places.add(place)
        groups.add(group)
        used = [u + a for u, a in zip(used, asked, strict=True)]
    return np.array(chosen, dtype=np.int64)


def prefix(problem, columns, stations):
    """Longest prefix within a number of stations."""
    used = np.cumsum(problem.stations[columns])
    return columns[: int(np.searchsorted(used, stations, side="right"))]


def largest_gap_first(problem, prepared):
    """For each gap from the most people down: the columns nearest to it, then the next gap."""
    middle = prepared.existing.gaps.geometry.representative_point()
    places = prepared.candidates.geometry.to_numpy()[problem.place]
    x, y = np.array([p.x for p in places]), np.array([p.y for p in places])
    order = []
    for gap in middle:
        distance = np.hypot(x - gap.x, y - gap.y)
        order += np.argpartition(distance, 3)[:3][
            np.argsort(distance[np.argpartition(distance, 3)[:3]])
        ].tolist()
    return list(dict.fromkeys([*order, *range(problem.columns)]))


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "data/shaoguan")
    config = load_config(folder)
    inputs = pipeline.load(folder, config)
    with ThreadPoolExecutor(2) as pool:
        prepared, _ = pipeline.prepare(inputs, config, AreaRequest(), ReplanContext(), map_fn=pool.map)
    problem = prepared.problem
    rules = config.selection
    best = select(problem, gap=rules.gap, work_limit=rules.work_limit)
    gap_order = taken(problem, largest_gap_first(problem, prepared))
    draws = [
        taken(problem, np.random.default_rng(seed).permutation(problem.columns)) for seed in range(DRAWS)
    ]
    total = int(problem.stations[best.columns].sum())
    used = np.cumsum(
        [problem.stations[best.columns[problem.place[best.columns] == p]].sum() for p in best.places]
    )
    print(
        f"{problem.columns} options, {len(problem.values)} non-zeros, {total} stations, {best.seconds:.1f} s"
    )
    print("share  stations  siteplan  largest gap  random (median of 5)      bound  siteplan/bound")
    for share in SHARES:
        k = round(share * total)
        ours = objective_of(problem, prefix(problem, best.columns, k))
        gap = objective_of(problem, prefix(problem, gap_order, k))
        drawn = float(np.median([objective_of(problem, prefix(problem, draw, k)) for draw in draws]))
        reached = int(np.searchsorted(used, k, side="right")) - 1
        bound = best.curve_bounds[max(reached, 0)]
        row = f"{share:5.0%}  {k:8d}  {ours:8.0f}  {gap:11.0f}  {drawn:20.0f}"
        print(f"{row}  {bound:9.0f}  {ours / bound:14.1%}")


if __name__ == "__main__":
    main()
