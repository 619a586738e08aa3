"""The whole story on one screen: the only place where the stages meet.

``run`` is pure: files are read before it (``load``) and written after it (``outputs``); ids already given to
places come in as an argument and go out with the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from siteplan.calibration import (
    JUDGED_DBM,
    MOST_POINTS,
    Judged,
    MapPlaces,
    MeasuredMap,
    Places,
    build_places,
    build_sample,
    calibrate,
    condition_outage,
    measured_map,
)
from siteplan.candidates.ladder import build_candidates
from siteplan.candidates.returned_places import with_on_air
from siteplan.core.engine import shared_folder
from siteplan.core.errors import Fault, InputFaults
from siteplan.core.grid import Grid
from siteplan.core.progress import SILENT, Report
from siteplan.coverage.demand import DemandGrid, build_demand, services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.footprint_cache import Cache, kept_array
from siteplan.coverage.gaps import gap_polygons, village_table
from siteplan.coverage.indicators import county_table, layer_table, rank_effects, terrain_table
from siteplan.coverage.kernels import are_compiled
from siteplan.coverage.masts import masts_of
from siteplan.coverage.matrix import outage_by_node, upgrade_shares
from siteplan.coverage.model_comparison import compare_models
from siteplan.coverage.propagation import MapFn, Mast, shadowing_of
from siteplan.coverage.signal_tiers import tier_rasters, tier_table
from siteplan.coverage.terrain import TerrainModel, propagation_for
from siteplan.inputs import load as loading
from siteplan.inputs.load import Examination, Inputs
from siteplan.inputs.measurements import Measurements, no_stations, read_measurements
from siteplan.inputs.project_reader import ProjectReader
from siteplan.planning.acceptance import acceptance_of, with_chances
from siteplan.planning.assemble import assemble, assign_ids, selected_upgrades
from siteplan.planning.explore import Explorer
from siteplan.planning.formulate import build_options, build_problem, village_choices
from siteplan.planning.later_years import later_years, ledgers_after
from siteplan.planning.proof.four_tests import continuity
from siteplan.planning.proof.prove import prove
from siteplan.planning.proof.summary import proof_record
from siteplan.planning.proposal import Proposal
from siteplan.planning.quota import build_ledger, on_air, without_sites
from siteplan.planning.replan import ReplanContext, choose, solver_of, with_fixed
from siteplan.planning.run_record import LaterYear, RequestRecord
from siteplan.planning.stages import Effects, Existing, Measured, Prepared, Solved
from siteplan.project.input_files import Input
from siteplan.project.schema import Config
from siteplan.project.statuses import CandidateState
from siteplan.selection import Selection, solved

_BUFFERS = "buffers-1"
"""Part of the key under which buffers are kept; raised whenever their numbers change."""
MOST_CONDITIONING = 2_000_000
"""About how many readings a map is conditioned on; of more, whole places are drawn."""


@dataclass(frozen=True)
class AreaRequest:
    """What a plan is asked for beside its inputs and project.

    Attributes
    ----------
    year, quota, built
        Override the project's year and ledger for this area.
    ids
        Candidate id by key, as given in earlier runs.
    record
        What is written down of the request.
    measurements
        Matched readings that the map is conditioned on; None for none.
    """

    year: int | None = None
    quota: int | None = None
    built: int | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    record: RequestRecord = field(default_factory=RequestRecord)
    measurements: Measurements | None = None


def load(folder: Path, config: Config, county: str | None = None, report: Report = SILENT) -> Inputs:
    """Read and check every input; see :func:`siteplan.inputs.load.load`."""
    return loading.load(folder, config, county, report)


def examine(folder: Path, config: Config, county: str | None = None, report: Report = SILENT) -> Examination:
    """Read and check every input, whatever comes of it; see :func:`siteplan.inputs.load.examine`."""
    return loading.examine(folder, config, county, report)


def load_ledger(folder: Path, config: Config, report: Report = SILENT) -> Inputs:
    """What a year's task is counted by; see :func:`siteplan.inputs.load.load_ledger`."""
    return loading.load_ledger(folder, config, report)


def load_measured(folder: Path, config: Config, report: Report = SILENT) -> tuple[Inputs, tuple[Fault, ...]]:
    """Inputs of a calibration: those of a plan, or where these are not whole, the network's own.

    Returns
    -------
    tuple
        Inputs, and the fatal faults that stood in the way of the others; none where they are whole.
    """
    try:
        return loading.load(folder, config, None, report), ()
    except InputFaults as error:
        fatal = tuple(fault for fault in error.faults if fault.severity == "fatal")
    return loading.load_network(folder, config, report), fatal


def matched(
    folder: Path,
    inputs: Inputs,
    config: Config,
    given: Input,
    *,
    most: int = MOST_CONDITIONING,
    seed: int = 0,
    report: Report = SILENT,
) -> Measurements:
    """Read a file of measurements and match it to the stations on air; parameters as in the reader.

    Raises
    ------
    InputFaults
        If there are no stations, or the file names none.
    """
    stations = on_air(inputs.stations, config)
    if stations is None or stations.empty:
        raise no_stations()
    reader = ProjectReader(folder, config, inputs.counties, report)
    return read_measurements(reader, given, stations, config, most=most, seed=seed)


def measured(
    folder: Path,
    inputs: Inputs,
    config: Config,
    given: Input,
    *,
    serving_only: bool | None = None,
    seed: int = 0,
    report: Report = SILENT,
) -> tuple[Judged, Measurements, dict[str, int]]:
    """Hold the model against measurements.

    Parameters
    ----------
    folder
        Folder of the project's inputs.
    inputs
        Checked inputs; stations on air are matched.
    config
        The project; a calibration it names is left aside.
    given
        File of measurements, its datum and headers.
    serving_only
        Whether rows are of serving cells only; None decides by the data.
    seed
        Of draws and of the groups of sites left out.
    report
        Is told what is done.

    Returns
    -------
    tuple
        Calibration with its evidence, matched measurements, and rows left out by reason.

    Raises
    ------
    SiteplanError
        If there are no stations, nothing matches, or there is too little data.
    """
    bare = config.model_copy(update={"fitted": None})
    found = matched(folder, inputs, bare, given, most=MOST_POINTS, seed=seed, report=report)
    report.note("profiles_of_readings", rows=len(found.points))
    propagation = propagation_for(inputs, bare, services_of(bare))
    sample, left = build_sample(found.points, found.stations, propagation, bare)
    report.note("places_of_readings")
    places = build_places(found.points, on_air(inputs.stations, bare), propagation, bare, seed=seed)
    asked = None if places is None else _map_places(places, bare)
    reasons = Counter(fault.problem for fault in found.faults if fault.severity == "rejected")
    reasons.update(left["reason"])
    if len(found.points) < found.matched:
        reasons["not_drawn"] = found.matched - len(found.points)
    report.note("fitting")
    judged = calibrate(sample, asked, serving_only=serving_only, seed=seed)
    return judged, found, dict(sorted(reasons.items()))


def _map_places(places: Places, config: Config) -> MapPlaces:
    """Places, and the levels a calibration is judged at: the usual ones and the project's own."""
    own = {layer.threshold_dbm for layer in config.layers} | {tier.threshold_dbm for tier in config.tiers}
    levels = tuple(sorted({*own, *JUDGED_DBM}, reverse=True))
    rules = config.coverage
    return MapPlaces(
        places, levels, rules.probability_floor, rules.edge_probability_target, rules.shadowing_correlation
    )


def existing_network(
    inputs: Inputs,
    config: Config,
    *,
    measurements: Measurements | None = None,
    cache: Cache | None = None,
    map_fn: MapFn = map,
    report: Report = SILENT,
) -> tuple[DemandGrid, EmpiricalModel | TerrainModel, Existing]:
    """What is asked, how coverage is computed, and what the stations on air leave uncovered."""
    demand = build_demand(inputs, config)
    propagation = propagation_for(inputs, config, services_of(config), cache, shared_folder(map_fn))
    masts, refused = masts_of(on_air(inputs.stations, config), config, propagation)
    shadowing = shadowing_of(config, demand.services, propagation.budgets)
    outage = outage_by_node(masts, propagation, inputs.grid, shadowing, map_fn, report)
    by_buffers = None
    if isinstance(propagation, TerrainModel):
        by_buffers = _by_buffers(masts, propagation, inputs.grid, config, cache, map_fn)
    known = None
    if measurements is not None:
        known = Measured(_measured_map(measurements, inputs, config, propagation), outage.mean)
        outage = condition_outage(outage, demand.services, known.fields)
    gaps = gap_polygons(inputs, demand, outage.mean, config)
    existing = Existing(tuple(masts), tuple(refused), outage, by_buffers, gaps, known)
    return demand, propagation, existing


def _by_buffers(
    masts: Sequence[Mast],
    propagation: TerrainModel,
    grid: Grid,
    config: Config,
    cache: Cache | None,
    map_fn: MapFn,
) -> NDArray[np.float32]:
    """What the buffers leave uncovered in the first service, which shows what terrain takes away."""
    first = propagation.services[:1]
    shadowing = shadowing_of(config, first, propagation.budgets)
    content = repr((_BUFFERS, masts, grid, shadowing.node.tolist(), shadowing.correlation.tolist()))
    return kept_array(
        cache,
        (content + config.model_dump_json()).encode(),
        (1, *grid.shape),
        lambda: outage_by_node(masts, propagation.buffers.for_services(first), grid, shadowing, map_fn).mean,
    )


def _measured_map(
    measurements: Measurements, inputs: Inputs, config: Config, propagation: EmpiricalModel | TerrainModel
) -> MeasuredMap:
    """What readings say beyond the model without any calibration; the project's is put on it inside."""
    if config.fitted is not None:
        bare = config.model_copy(update={"fitted": None})
        propagation = propagation_for(inputs, bare, services_of(bare))
    stations, seed = on_air(inputs.stations, config), config.selection.seed
    return measured_map(measurements.points, stations, propagation, inputs.grid, config, seed=seed)


def prepare(
    inputs: Inputs,
    config: Config,
    request: AreaRequest,
    context: ReplanContext,
    *,
    cache: Cache | None = None,
    map_fn: MapFn = map,
    report: Report = SILENT,
    counted: gpd.GeoDataFrame | None = None,
) -> tuple[Prepared, dict[str, str]]:
    """Everything up to the covering problem; parameters as in :func:`run`.

    Stations the context says are on air are expected among the inputs. ``counted`` are those the ledger
    counts where they are not the ones that radiate.
    """
    if not are_compiled():
        report.result("first_run")
    year = request.year or config.project.year
    stations = on_air(inputs.stations, config)
    ledger = build_ledger(
        config,
        inputs.counties,
        inputs.area,
        stations if counted is None else counted,
        year=year,
        quota=request.quota,
        built=request.built,
    )
    with report.stage("coverage"):
        demand, propagation, existing = existing_network(
            inputs, config, measurements=request.measurements, cache=cache, map_fn=map_fn, report=report
        )
    kept = 100.0 * cache.kept_share if cache is not None and isinstance(propagation, TerrainModel) else 0.0
    report.result("masts_done", count=len(existing.masts), kept=kept)
    with report.stage("candidates"):
        places = build_candidates(
            inputs,
            stations,
            demand,
            existing.outage.mean,
            config,
            propagation,
            field_status=context.field_status,
            published=[place for place, _ in context.anchors.values()],
        ).table
        places, ids = assign_ids(places, dict(request.ids), year)
        living = demand.pixels[demand.people > 0]
        residents = np.column_stack(demand.grid.centre(*np.divmod(living, demand.grid.width)))
        acceptance = acceptance_of(
            places, context.field_status, residents, config.acceptance, config.selection.seed
        )
        places = with_chances(places, acceptance, config.acceptance)
    usable = int(places["status"].eq(CandidateState.CANDIDATE.value).sum())
    report.result("candidates_done", count=usable, all=len(places))
    with report.stage("matrix"):
        options = build_options(places, config, propagation)
        problem = build_problem(
            places, options, demand, existing.outage, ledger, config, propagation, map_fn, report
        )
        problem, faults = with_fixed(problem, places, options, context)
    ledger = replace(ledger, faults=(*ledger.faults, *faults))
    ready = Prepared(demand, propagation, existing, places, options, problem, ledger, acceptance)
    return ready, ids


def effects_of(
    inputs: Inputs,
    config: Config,
    ready: Prepared,
    selection: Selection,
    map_fn: MapFn,
    report: Report = SILENT,
) -> Effects:
    """What a selection brings."""
    demand, existing, propagation = ready.demand, ready.existing, ready.propagation
    upgrades = selected_upgrades(ready.options, selection)
    today, shadowing = existing.outage.mean, existing.outage.shadowing
    shares = (upgrade_shares(upgrade, propagation, inputs.grid, shadowing) for upgrade in upgrades)
    by_rank, planned = rank_effects(demand, existing.outage, shares, config)
    outage, count = planned.mean, 0 if inputs.villages is None else len(inputs.villages)
    asked = config.evidence.continuous_share
    continuous = [continuity(demand, each, count, asked) for each in (existing.outage, planned)]
    del planned  # by node it is as large as the whole network's
    villages = village_table(inputs, demand, today, outage, config)
    known = (
        None if existing.measured is None else partial(condition_outage, measured=existing.measured.fields)
    )
    tiers = tier_rasters(existing.masts, upgrades, propagation, inputs, config, map_fn, known, report)
    comparison = None
    if isinstance(propagation, TerrainModel):
        comparison = compare_models(existing.masts, propagation, inputs, demand, villages, config)
    return Effects(
        upgrades=upgrades,
        by_rank=tuple(by_rank),
        outage=outage,
        continuity=(continuous[0], continuous[1]),
        villages=villages,
        layers=layer_table(demand, today, outage, config),
        counties=county_table(inputs, demand, today, outage, villages, config),
        terrain=terrain_table(inputs, demand, existing.outage_empirical, today, config),
        choices=village_choices(
            ready.candidates, ready.options, ready.problem, demand, existing.outage, inputs.villages, config
        ),
        tiers=tiers,
        grades=tier_table(tiers, inputs, demand, config),
        comparison=comparison,
    )


def explore(
    inputs: Inputs,
    config: Config,
    request: AreaRequest,
    context: ReplanContext,
    *,
    cache: Cache | None = None,
    map_fn: MapFn = map,
    report: Report = SILENT,
) -> Explorer:
    """Solve an area and keep it in memory for questions; parameters as in :func:`run`.

    Published places are as free as all others: it is asked what is best, not what may still be changed.
    """
    inputs = with_on_air(inputs, context.field_status, config)
    ready, _ = prepare(inputs, config, request, context, cache=cache, map_fn=map_fn, report=report)
    with report.stage("selection"):
        solver, limits = solver_of(ready.problem, config)
        solved(solver, limits, report)
    return Explorer(config, ready, solver)


def run(
    inputs: Inputs,
    config: Config,
    request: AreaRequest | None = None,
    context: ReplanContext | None = None,
    *,
    cache: Cache | None = None,
    map_fn: MapFn = map,
    report: Report = SILENT,
) -> tuple[Proposal, dict[str, str]]:
    """Plan an area: coverage, gaps, candidates, selection, ranks.

    Parameters
    ----------
    inputs
        Checked inputs of the area.
    config
        The project.
    request
        Year, quota and built stations that override the project's, and ids given in earlier runs.
    context
        What happened since the last list, and how dear it is to change that; None for nothing.
    cache
        Where footprints over terrain are kept between runs; None keeps none.
    map_fn
        ``map``, threads (kernels release the interpreter lock) or a cluster: :mod:`siteplan.core.engine`.
    report
        Is told of stages as they begin and end.

    Returns
    -------
    tuple
        The plan, and all candidate ids including new ones.
    """
    request, context = request or AreaRequest(), context or ReplanContext()
    inputs = with_on_air(inputs, context.field_status, config)
    ledgers_after(inputs, config, request.year or config.project.year, request.record.years)  # fails early
    counted = on_air(inputs.stations, config)
    inputs = without_sites(inputs, request.record.switched_off)
    ready, ids = prepare(
        inputs, config, request, context, cache=cache, map_fn=map_fn, report=report, counted=counted
    )
    with report.stage("selection"):
        replanned = choose(
            ready.problem,
            ready.candidates,
            ready.options,
            ready.demand,
            ready.existing.outage,
            context,
            config,
            report,
            cache,
        )
    selection = replanned.selection
    report.result("selection_done", count=len(selection.places), gap=100.0 * selection.optimality_gap)
    later: tuple[LaterYear, ...] = ()
    if request.record.years > 1:
        with report.stage("later_years"):
            later = later_years(inputs, ready, selection, request.record.years, config, report, cache)
    with report.stage("effects"):
        effects = effects_of(inputs, config, ready, selection, map_fn, report)
        report.note("gathering")
        solved_area = Solved(ready, context, replanned, effects)
        proposal = assemble(inputs, config, solved_area, request.record)
    with report.stage("proof"):
        places = proposal.places.proposed
        proof = prove(inputs, config, solved_area, places, request.measurements, report)
        record = proposal.record.model_copy(
            update={"proof": proof_record(proof, config.odds), "later_years": later}
        )
    return replace(proposal, record=record, proof=proof), ids
