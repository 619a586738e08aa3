"""Numbers people ask for: by layer, by county, by rank.

One decision to know: two kinds of "covered" stand side by side. ``covered`` counts people where P
reaches the target, ``expected`` sums people times P.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.config import Config
from siteplan.coverage import Footprint, multiply
from siteplan.demand import Demand
from siteplan.gaps import basic_services, covered
from siteplan.inputs.door import Inputs

_TERRAIN_WHAT = ("population", "villages", "area_km2")


@dataclass(frozen=True, eq=False)
class RankEffect:
    """What one place adds when it is built at its rank.

    Attributes
    ----------
    gain_by_layer
        Newly covered weight by layer id.
    people
        People whose P reaches the target in the first layer.
    people_networks
        People x networks whose P reaches the target in the basic per-network services.
    villages
        Positions in ``Inputs.villages`` whose point is newly served by any network.
    """

    gain_by_layer: dict[str, float]
    people: float
    people_networks: float
    villages: tuple[int, ...]


def rank_effects(
    demand: Demand, uncovered: NDArray[np.float32], footprints: Iterable[Footprint | None], config: Config
) -> tuple[list[RankEffect], NDArray[np.float32]]:
    """Build places one after the other and note what each adds.

    Parameters
    ----------
    demand
        Rows.
    uncovered
        What the existing network leaves, shape (services, height, width); not changed.
    footprints
        Independent share of each place, in rank order.
    config
        The project.

    Returns
    -------
    tuple
        One effect a place, and what is left uncovered after all of them.
    """
    left = uncovered.copy()
    lookup, target = demand.lookup, config.coverage.edge_probability_target
    effects = []
    for footprint in footprints:
        if footprint is None:
            effects.append(RankEffect({}, 0.0, 0.0, ()))
            continue
        rows, cols = footprint.window
        before = left[:, rows, cols].copy()
        multiply(left, footprint)
        effects.append(_effect(demand, lookup[rows, cols], before, left[:, rows, cols], target))
    return effects, left


def _effect(
    demand: Demand,
    lookup: NDArray[np.int32],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    target: float,
) -> RankEffect:
    asked = lookup >= 0
    pixels = lookup[asked]
    was, now = before[:, asked], after[:, asked]
    newly = (1.0 - was < target) & (1.0 - now >= target)
    gains: dict[str, float] = {}
    for k, service in enumerate(demand.services):
        rows = demand.row_of[k, pixels]
        have = rows >= 0
        gain = float(demand.weight[rows[have]] @ (was[k, have] - now[k, have]).astype(np.float64))
        gains[service.layer.id] = gains.get(service.layer.id, 0.0) + gain
    people = demand.people[pixels]
    basic = basic_services(demand)
    fresh = pixels[newly[0]]
    villages = np.flatnonzero(np.isin(demand.village_pixel, fresh) & (demand.village_pixel >= 0))
    return RankEffect(
        gains,
        float(people[newly[0]].sum()),
        float(sum(people[newly[k]].sum() for k in basic)),
        tuple(int(v) for v in villages),
    )


def terrain_table(
    inputs: Inputs,
    demand: Demand,
    flat: NDArray[np.float32] | None,
    terrain: NDArray[np.float32],
    config: Config,
) -> pd.DataFrame:
    """What the buffers call covered and the terrain does not, by county, in the first service.

    Parameters
    ----------
    inputs
        Counties and their pixels.
    demand
        Pixels and people.
    flat, terrain
        What the existing network leaves uncovered by buffers and over terrain, shape (services, height,
        width); ``flat`` is None when the run has buffers only.
    config
        The project.

    Returns
    -------
    DataFrame
        One row a county: people, villages and square kilometres covered by both levels, and what was
        ``_taken_away`` (covered by buffers only); no rows for a run with buffers only.
    """
    columns = ["county_id", "county"]
    columns += [f"{what}_{name}" for what in _TERRAIN_WHAT for name in ("buffer", "terrain", "taken_away")]
    if flat is None:
        return pd.DataFrame({name: [] for name in columns})
    target = config.coverage.edge_probability_target
    reached = [1.0 - uncovered[0] >= target for uncovered in (flat, terrain)]
    people, villages = demand.people_on_grid(), np.zeros(inputs.grid.shape)
    own = demand.village_pixel[demand.village_pixel >= 0]
    np.add.at(villages.ravel(), demand.pixels[own], 1.0)
    area = np.full(inputs.grid.shape, (inputs.grid.resolution_m / 1000.0) ** 2)
    rows = []
    for county_id, county in zip(inputs.area["county_id"], inputs.area["county"], strict=True):
        mine = inputs.county_code == inputs.county_number(county_id)
        row: list[object] = [county_id, county]
        for values in (people, villages, area):
            each = [mine & reached[0], mine & reached[1], mine & reached[0] & ~reached[1]]
            row += [float(values[members].sum()) for members in each]
        rows.append(row)
    return pd.DataFrame(rows, columns=columns)


def layer_table(
    demand: Demand, before: NDArray[np.float32], after: NDArray[np.float32], config: Config
) -> pd.DataFrame:
    """What each layer had and what it gained.

    Parameters
    ----------
    demand
        Rows.
    before, after
        Uncovered probability, shape (services, height, width).
    config
        The project.

    Returns
    -------
    DataFrame
        ``layer, name, weight_total, base_value, gain, people_before, people_after``.
    """
    reached = [covered(demand, uncovered, config) for uncovered in (before, after)]
    rows = []
    for layer in config.layers:
        members = [k for k, service in enumerate(demand.services) if service.layer.id == layer.id]
        total = base = gain = 0.0
        people = [0.0, 0.0]
        for k in members:
            asked = demand.row_of[k] >= 0
            weight = demand.weight[demand.row_of[k, asked]]
            left = [
                u.reshape(len(u), -1)[k][demand.pixels[asked]].astype(np.float64) for u in (before, after)
            ]
            total += float(weight.sum())
            base += float(weight @ (1.0 - left[0]))
            gain += float(weight @ (left[0] - left[1]))
            for when in (0, 1):
                people[when] += float(demand.people[asked & reached[when][k]].sum())
        rows.append((layer.id, layer.name, total, base, gain, *people))
    columns = ["layer", "name", "weight_total", "base_value", "gain", "people_before", "people_after"]
    return pd.DataFrame(rows, columns=columns)


def county_table(
    inputs: Inputs,
    demand: Demand,
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    villages: pd.DataFrame,
    config: Config,
) -> pd.DataFrame:
    """People and villages by county, before and after.

    Parameters
    ----------
    inputs
        Counties.
    demand
        Pixels and people.
    before, after
        Uncovered probability, shape (services, height, width).
    villages
        The village table.
    config
        The project.

    Returns
    -------
    DataFrame
        One row a county of the run.
    """
    first = [covered(demand, uncovered, config)[0] for uncovered in (before, after)]
    probability = [1.0 - u[0].ravel()[demand.pixels].astype(np.float64) for u in (before, after)]
    rows = []
    for county_id, county in zip(inputs.area["county_id"], inputs.area["county"], strict=True):
        mine = demand.county_code == inputs.county_number(county_id)
        people = demand.people[mine]
        own = villages[villages["county_id"] == county_id]
        rows.append(
            {
                "county_id": county_id,
                "county": county,
                "population_total": float(people.sum()),
                "population_covered_before": float(people[first[0][mine]].sum()),
                "population_covered_after": float(people[first[1][mine]].sum()),
                "population_expected_before": float(people @ probability[0][mine]),
                "population_expected_after": float(people @ probability[1][mine]),
                "villages_total": len(own),
                "villages_covered_before": int(own["covered_before"].sum()),
                "villages_covered_after": int(own["covered_after"].sum()),
            }
        )
    return pd.DataFrame(rows)
