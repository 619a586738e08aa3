"""From places, coverage and ledger to a covering problem, and back to what was chosen.

An option is one band set of one network at one place. Options of one place share
shadowing; options of one network at one place exclude each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.candidates.rules import conflicts_of
from siteplan.core.progress import SILENT, Report
from siteplan.coverage.demand import DemandGrid
from siteplan.coverage.masts import served_bands
from siteplan.coverage.matrix import NodeOutage, Upgrade, coverage_matrix
from siteplan.coverage.propagation import MapFn, Mast, PropagationModel
from siteplan.planning.quota import Ledger, Limit
from siteplan.project.schema import Config
from siteplan.project.statuses import CandidateState
from siteplan.selection import Cap, CoverageMinimum, CoverProblem, Village

MOST_CHOICES = 6
"""Places listed for one village."""
NEGLIGIBLE = 1e-6
"""Share of all demand whose smallest rows the choice does not look at."""


@dataclass(frozen=True, eq=False)
class BuildOptions:
    """What may be built.

    Attributes
    ----------
    place
        Position of each option's place in the ladder, ascending, shape (n,).
    network
        Network id of each option; "" where one option serves all networks.
    stations
        In the quota's unit.
    upgrades
        Mast and bands.
    """

    place: NDArray[np.int64]
    network: tuple[str, ...]
    stations: NDArray[np.int64]
    upgrades: tuple[Upgrade, ...]


def build_options(places: gpd.GeoDataFrame, config: Config, propagation: PropagationModel) -> BuildOptions:
    """All band sets that may be added at usable places.

    Parameters
    ----------
    places
        The ladder's table.
    config
        The project.
    propagation
        Tells which bands a formula holds for at a mast's height.

    Returns
    -------
    BuildOptions
        By place, then network, then the order of the rollout.
    """
    place, network, stations, upgrades = [], [], [], []
    usable = places["status"].eq(CandidateState.CANDIDATE.value).to_numpy()
    for position, row in enumerate(places.itertuples()):
        if not usable[position]:
            continue
        chance = row.success_probability
        served = partial(served_bands, propagation, row.area_class, row.antenna_height_m)
        here = served(row.existing_bands)
        mast = Mast(row.key, row.easting_m, row.northing_m, row.area_class, row.antenna_height_m, here)
        for name, bands in _fitting(_band_sets(row, config, served), row.mast_room):
            place.append(position)
            network.append(name)
            stations.append(len(bands) if config.quota.unit == "site_network_band" else 1)
            upgrades.append(Upgrade(mast, bands, 1.0 if np.isnan(chance) else float(chance)))
    return BuildOptions(
        np.array(place, dtype=np.int64), tuple(network), np.array(stations, dtype=np.int64), tuple(upgrades)
    )


def _band_sets(
    row: object, config: Config, served_of: Callable[[set[str]], tuple[str, ...]]
) -> list[tuple[str, tuple[str, ...]]]:
    """Network and bands to be added, by the rollout of the place's class; each set once."""
    existing, found = set(row.existing_bands), []  # type: ignore[attr-defined]
    served = {config.band(band).network for band in existing}
    for rollout in config.area_class(row.area_class).rollout:  # type: ignore[attr-defined]
        bands = served_of(set(rollout.bands) - existing)
        if not bands or rollout.network not in row.networks:  # type: ignore[attr-defined]
            continue
        if config.quota.unit == "site_network" and rollout.network in served:
            continue
        found.append((rollout.network, bands))
    if config.quota.unit == "site":
        together = tuple(sorted({band for _, bands in found for band in bands}))
        return [("", together)] if together else []
    return list(dict.fromkeys(found))


def _fitting(sets: Sequence[tuple[str, tuple[str, ...]]], room: float) -> list[tuple[str, tuple[str, ...]]]:
    """Band sets for which a standing mast has room; a place that is kept although it is full has them all."""
    return [each for each in sets if not room >= 1.0 or len(each[1]) <= room]


def _groups(
    places: gpd.GeoDataFrame, options: BuildOptions, number: NDArray[np.int64], networks: int
) -> NDArray[np.int64]:
    """Options of which one can be built: those of a network at a place, or all at a mast where two networks
    together would not fit.
    """
    room = places["mast_room"].to_numpy(dtype=float)[options.place]
    size = np.array([len(upgrade.bands) for upgrade in options.upgrades], dtype=np.int64)
    most = pd.DataFrame({"place": options.place, "network": number, "size": size})
    most = most.groupby(["place", "network"])["size"].max().groupby("place").sum()
    tight = (room >= 1.0) & (most.reindex(options.place).to_numpy(dtype=float) > room)
    return options.place * max(networks, 1) + np.where(tight, 0, number)


def build_problem(
    places: gpd.GeoDataFrame,
    options: BuildOptions,
    demand: DemandGrid,
    outage: NodeOutage,
    ledger: Ledger,
    config: Config,
    propagation: PropagationModel,
    map_fn: MapFn = map,
    report: Report = SILENT,
) -> CoverProblem:
    """The covering problem of a run.

    Parameters
    ----------
    places, options
        Who may be built.
    demand
        Rows and their weights.
    outage
        What the existing network leaves.
    ledger
        Quota limits.
    config
        The project.
    propagation
        Propagation level.
    map_fn
        ``map`` or the ``map`` of a thread pool.
    report
        Is told how many options are done.

    Returns
    -------
    CoverProblem
        In the symbols of :mod:`siteplan.selection`. A demand row is one row a node of the shared shadowing,
        with the node's probability in its weight: the mean over nodes is again a covering problem.
    """
    left, weight = outage.rows(demand), demand.weight[:, None] * outage.shadowing.weight
    open_weight = _without_negligible((weight * left).ravel(), float(weight.sum()))
    matrix = coverage_matrix(
        options.upgrades, demand, propagation, outage.shadowing, open_weight > 0.0, map_fn, report
    )
    networks = {name: number for number, name in enumerate(dict.fromkeys(options.network))}
    number = np.array([networks[name] for name in options.network], dtype=np.int64)
    return CoverProblem(
        indptr=matrix.indptr,
        rows=matrix.rows,
        values=matrix.values,
        weight=open_weight,
        base_value=float((weight * (1.0 - left)).sum()),
        stations=options.stations,
        place=options.place,
        group=_groups(places, options, number, len(networks)),
        caps=caps_of(places, options, ledger.limits),
        conflicts=conflicts_of(places, config),
        minima=village_minima(demand, outage, open_weight, config),
    )


def village_minima(
    demand: DemandGrid, outage: NodeOutage, open_weight: NDArray[np.float64], config: Config
) -> tuple[CoverageMinimum, ...]:
    """Villages that must cross the target as the project asks; nothing where it asks for none.

    P after a plan is P before it and the mean over nodes of what is newly covered, so a village's step is a
    need for newly covered weight of its own rows.

    Parameters
    ----------
    demand, outage
        Rows and what the existing network leaves.
    open_weight
        Weight of each row of the problem that is not covered yet.
    config
        ``selection.least_villages`` and the target.
    """
    least, target = config.selection.least_villages, config.coverage.edge_probability_target
    if not least:
        return ()
    nodes = outage.shadowing.weight
    row = np.where(demand.village_pixel >= 0, demand.row_of[0, demand.village_pixel], -1)
    left = outage.rows(demand)[row] @ nodes
    short = np.flatnonzero((row >= 0) & (1.0 - left < target))
    villages = [
        Village(
            str(number),
            row[number] * len(nodes) + np.arange(len(nodes)),
            float(demand.weight[row[number]] * (target - (1.0 - left[number]))) * (1.0 + 1e-6),
        )
        for number in short
        if open_weight[row[number] * len(nodes) : (row[number] + 1) * len(nodes)].any()
    ]
    return (CoverageMinimum("villages", tuple(villages), least),)


def _without_negligible(weight: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Weights without the smallest ones, which together are under a millionth of all demand.

    Where the network already serves a place under most skies the rest of it is next to nothing, and half of
    the rows are such.
    """
    order = np.argsort(weight, kind="stable")
    count = int(np.searchsorted(np.cumsum(weight[order]), NEGLIGIBLE * total))
    kept = weight.copy()
    kept[order[:count]] = 0.0
    return kept


def village_choices(
    places: gpd.GeoDataFrame,
    options: BuildOptions,
    problem: CoverProblem,
    demand: DemandGrid,
    outage: NodeOutage,
    villages: gpd.GeoDataFrame | None,
    config: Config,
) -> pd.DataFrame:
    """Which single place would bring a village that falls short today to the target in the first layer.

    Parameters
    ----------
    places, options, problem
        Who may be built, and what each option covers.
    demand
        Rows.
    outage
        What the existing network leaves.
    villages
        ``Inputs.villages``.
    config
        The project.

    Returns
    -------
    DataFrame
        ``village_id, candidate_id, probability``, the best place of a village first, at most
        ``MOST_CHOICES`` a village.
    """
    columns = ["village_id", "candidate_id", "probability"]
    if villages is None or not len(options.place):
        return pd.DataFrame(columns=columns)
    row = np.where(demand.village_pixel >= 0, demand.row_of[0, demand.village_pixel], -1)
    target, number = config.coverage.edge_probability_target, np.flatnonzero(row >= 0)
    by_node, weight = outage.rows(demand), outage.shadowing.weight
    left = by_node[row[number]] @ weight
    short = pd.DataFrame({"row": row[number], "village": number, "left": left})
    short = short[1.0 - short["left"] < target]
    entry = np.flatnonzero(np.isin(problem.rows // len(weight), short["row"].to_numpy()))
    column = np.searchsorted(problem.indptr, entry, side="right") - 1
    served, node = np.divmod(problem.rows[entry], len(weight))
    pairs = pd.DataFrame({"row": served, "column": column, "place": options.place[column]})
    pairs["taken"] = by_node[served, node] * weight[node] * problem.values[entry]
    pairs = pairs.groupby(["row", "column", "place"], as_index=False)["taken"].sum().merge(short, on="row")
    pairs["probability"] = 1.0 - pairs["left"] + pairs["taken"]
    pairs = pairs[pairs["probability"] >= target]
    pairs["village_id"] = villages["village_id"].to_numpy(dtype=object)[pairs["village"]]
    pairs["candidate_id"] = places["candidate_id"].to_numpy(dtype=object)[pairs["place"]]
    best = pairs.groupby(["village_id", "candidate_id"], as_index=False)["probability"].max()
    best = best.sort_values(["village_id", "probability", "candidate_id"], ascending=[True, False, True])
    return best.groupby("village_id").head(MOST_CHOICES).reset_index(drop=True)[columns]


def caps_of(places: gpd.GeoDataFrame, options: BuildOptions, limits: Sequence[Limit]) -> tuple[Cap, ...]:
    """Limits of a ledger as limits of columns."""
    county = places["county_id"].to_numpy(dtype=object)[options.place] if len(options.place) else np.array([])
    network = np.array(options.network, dtype=object)
    return tuple(_cap(limit, county, network) for limit in limits)


def _cap(limit: Limit, county: np.ndarray, network: np.ndarray) -> Cap:
    members = np.ones(len(county), dtype=bool)
    if limit.county_id:
        members &= county == limit.county_id
    if limit.network:
        members &= network == limit.network
    name = " ".join(part for part in (limit.family, limit.county_id, limit.network) if part)
    return Cap(name, limit.family, np.flatnonzero(members), limit.stations)
