"""Numbers people ask for: by layer, by county, by rank.

Two kinds of "covered" stand side by side. ``covered`` counts people where P
reaches the target, ``expected`` sums people times P.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.grid import Raster
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.gaps import basic_services, covered
from siteplan.coverage.matrix import NodeOutage, NodeShares, multiply
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config

NOTICEABLE = 0.02
"""Rise of a probability that a map shows."""
_TERRAIN_WHAT = ("population", "villages", "area_km2")


def _no_pixels() -> NDArray[np.bool_]:
    return np.zeros((0, 0), dtype=bool)


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
    people_by_county
        ``people`` by the number of their county in ``Inputs.county_code``.
    row, col
        Upper-left pixel of the two masks on the grid.
    reached, raised
        Pixels, lived in or not, that reach the target in the first layer at this rank, and those whose
        probability rises noticeably (``NOTICEABLE``), shape (h, w).
    alone
        Pixels that would reach it by what is added alone, shape (h, w).
    """

    gain_by_layer: dict[str, float]
    people: float
    people_networks: float
    villages: tuple[int, ...]
    people_by_county: dict[int, float] = field(default_factory=dict)
    row: int = 0
    col: int = 0
    reached: NDArray[np.bool_] = field(default_factory=_no_pixels)
    raised: NDArray[np.bool_] = field(default_factory=_no_pixels)
    alone: NDArray[np.bool_] = field(default_factory=_no_pixels)


def rank_effects(
    demand: DemandGrid, outage: NodeOutage, additions: Iterable[NodeShares | None], config: Config
) -> tuple[list[RankEffect], NodeOutage]:
    """Build places one after the other and note what each adds.

    Parameters
    ----------
    demand
        Rows.
    outage
        What the existing network leaves; not changed.
    additions
        Independent share of each place, in rank order.
    config
        The project.

    Returns
    -------
    tuple
        One effect a place, and what is left uncovered after all of them.
    """
    shadowing, left = outage.shadowing, outage.by_node.copy()
    lookup, target = demand.lookup, config.coverage.edge_probability_target
    effects = []
    for shares in additions:
        if shares is None:
            effects.append(RankEffect({}, 0.0, 0.0, ()))
            continue
        rows, cols = shares.window
        outage_existing = shadowing.mean(left[:, :, rows, cols])
        multiply(left, shares)
        outage_planned = shadowing.mean(left[:, :, rows, cols])
        effect = _effect(demand, lookup[rows, cols], outage_existing, outage_planned, target)
        alone = shadowing.mean(shares.share[shares.services == 0])
        effects.append(_drawn(effect, shares, alone, (outage_existing[0], outage_planned[0]), target))
    return effects, NodeOutage(shadowing, left)


def _drawn(
    effect: RankEffect,
    shares: NodeShares,
    alone: NDArray[np.float32],
    outage: tuple[NDArray[np.float32], NDArray[np.float32]],
    target: float,
) -> RankEffect:
    """The effect with its masks of the first service: what is added alone, and left before and after."""
    before, after = outage
    reached = (1.0 - before < target) & (1.0 - after >= target)
    raised = before - after >= NOTICEABLE
    served = alone[0] >= target if len(alone) else np.zeros(before.shape, dtype=bool)
    return replace(effect, row=shares.row, col=shares.col, reached=reached, raised=raised, alone=served)


def _effect(
    demand: DemandGrid,
    lookup: NDArray[np.int32],
    outage_existing: NDArray[np.float32],
    outage_planned: NDArray[np.float32],
    target: float,
) -> RankEffect:
    asked = lookup >= 0
    pixels = lookup[asked]
    was, now = outage_existing[:, asked], outage_planned[:, asked]
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
    county = np.bincount(demand.county_code[fresh], weights=demand.people[fresh])
    return RankEffect(
        gains,
        float(people[newly[0]].sum()),
        float(sum(people[newly[k]].sum() for k in basic)),
        tuple(int(v) for v in villages),
        {int(code): float(county[code]) for code in np.flatnonzero(county)},
    )


def changing_ranks(effects: Sequence[RankEffect], inputs: Inputs) -> Raster:
    """Rank that matters most for each pixel of the area in the first layer.

    Returns
    -------
    Raster
        int32: where a pixel newly reaches the target, the rank at which it does; elsewhere the last rank that
        raises its probability noticeably; 0 for none.
    """
    ranks = np.zeros(inputs.grid.shape, dtype=np.int32)
    done = np.zeros(inputs.grid.shape, dtype=bool)
    for rank, effect in enumerate(effects, start=1):
        height, width = effect.reached.shape
        window = slice(effect.row, effect.row + height), slice(effect.col, effect.col + width)
        changed = (effect.raised | effect.reached) & ~done[window]
        ranks[window][changed] = rank
        done[window] |= effect.reached
    ranks[inputs.county_code == 0] = 0
    return Raster(ranks, inputs.grid, "changing_rank", "1")


def step_table(effects: Sequence[RankEffect], inputs: Inputs) -> pd.DataFrame:
    """What each rank adds in each county, in the first layer: sums over ranks are after minus before.

    Returns
    -------
    DataFrame
        ``rank, county_id, people, villages``; rows where something is added.
    """
    ids = inputs.counties["county_id"].tolist()
    homes = None if inputs.villages is None else inputs.villages["county_id"].to_numpy(dtype=object)
    rows = []
    for rank, effect in enumerate(effects, start=1):
        people = {ids[code - 1]: number for code, number in effect.people_by_county.items() if code}
        villages = Counter(homes[v] for v in effect.villages) if homes is not None else Counter()
        rows += [
            (rank, each, people.get(each, 0.0), villages.get(each, 0))
            for each in ids
            if each in people or each in villages
        ]
    return pd.DataFrame(rows, columns=["rank", "county_id", "people", "villages"])


def terrain_table(
    inputs: Inputs,
    demand: DemandGrid,
    outage_empirical: NDArray[np.float32] | None,
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
    outage_empirical, terrain
        What the existing network leaves uncovered by buffers and over terrain, shape (services, height,
        width); ``outage_empirical`` is None when the run has buffers only.
    config
        The project.

    Returns
    -------
    DataFrame
        One row a county: people, villages and square kilometres covered by both levels, and what was
        ``_taken_away`` (covered by buffers only); no rows for a run with buffers only.
    """
    columns = ["county_id", "county"]
    columns += [f"{what}_{name}" for what in _TERRAIN_WHAT for name in ("empirical", "terrain", "taken_away")]
    if outage_empirical is None:
        return pd.DataFrame({name: [] for name in columns})
    target = config.coverage.edge_probability_target
    reached = [1.0 - outage[0] >= target for outage in (outage_empirical, terrain)]
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
    demand: DemandGrid,
    outage_existing: NDArray[np.float32],
    outage_planned: NDArray[np.float32],
    config: Config,
) -> pd.DataFrame:
    """What each layer had and what it gained.

    Returns
    -------
    DataFrame
        ``layer, name, weight_total, base_value, gain, people_before, people_after``.
    """
    reached = [covered(demand, outage, config) for outage in (outage_existing, outage_planned)]
    rows = []
    for layer in config.layers:
        members = [k for k, service in enumerate(demand.services) if service.layer.id == layer.id]
        total = base = gain = 0.0
        people = [0.0, 0.0]
        for k in members:
            asked = demand.row_of[k] >= 0
            weight = demand.weight[demand.row_of[k, asked]]
            left = [
                u.reshape(len(u), -1)[k][demand.pixels[asked]].astype(np.float64)
                for u in (outage_existing, outage_planned)
            ]
            total += float(weight.sum())
            base += float(weight @ (1.0 - left[0]))
            gain += float(weight @ (left[0] - left[1]))
            for when in (0, 1):
                people[when] += float(demand.people[asked & reached[when][k]].sum())
        rows.append((layer.id, layer.name, total, base, gain, *people))
    columns = ["layer", "name", "weight_total", "base_value", "gain", "people_before", "people_after"]
    return pd.DataFrame(rows, columns=columns)


def target_table(
    demand: DemandGrid, outage_existing: NDArray[np.float32], outage_planned: NDArray[np.float32]
) -> pd.DataFrame:
    """What the weight of each target bought, layer by layer.

    Returns
    -------
    DataFrame
        ``layer, target, weight_total, base_value, gain`` [people's worth]; the gains sum to the plan's own.
    """
    rows = []
    for layer in dict.fromkeys(service.layer.id for service in demand.services):
        members = [k for k, service in enumerate(demand.services) if service.layer.id == layer]
        for target, weight in demand.weight_by_target.items():
            sums = np.zeros(3)
            for k in members:
                asked = demand.row_of[k] >= 0
                own = weight[demand.row_of[k, asked]]
                left = [u[k].ravel()[demand.pixels[asked]] for u in (outage_existing, outage_planned)]
                before, after = (each.astype(np.float64) for each in left)
                sums += [own.sum(), own @ (1.0 - before), own @ (before - after)]
            if sums[0] > 0:
                rows.append((layer, target, *sums.tolist()))
    return pd.DataFrame(rows, columns=["layer", "target", "weight_total", "base_value", "gain"])


def county_table(
    inputs: Inputs,
    demand: DemandGrid,
    outage_existing: NDArray[np.float32],
    outage_planned: NDArray[np.float32],
    villages: pd.DataFrame,
    config: Config,
) -> pd.DataFrame:
    """People and villages by county, before and after.

    Returns
    -------
    DataFrame
        One row a county of the run.
    """
    first = [covered(demand, outage, config)[0] for outage in (outage_existing, outage_planned)]
    probability = [
        1.0 - u[0].ravel()[demand.pixels].astype(np.float64) for u in (outage_existing, outage_planned)
    ]
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
