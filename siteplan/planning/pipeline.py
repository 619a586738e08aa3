"""The whole story on one screen: the only place where the stages meet.

One decision to know: ``run`` is pure. Files are read before it (``load``) and written after it
(``outputs``); ids already given to places come in as an argument and go out with the result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from siteplan.calibration import Judged, build_sample, calibrate
from siteplan.candidates.ladder import build_candidates
from siteplan.candidates.returned_places import with_on_air
from siteplan.core.errors import Fault, InputFaults
from siteplan.core.stopwatch import Stopwatch
from siteplan.coverage.demand import build_demand, services_of
from siteplan.coverage.footprint_cache import Cache
from siteplan.coverage.gaps import gap_polygons, village_table
from siteplan.coverage.indicators import county_table, layer_table, rank_effects, terrain_table
from siteplan.coverage.masts import masts_of
from siteplan.coverage.matrix import outage_probability, upgrade_footprint
from siteplan.coverage.model_comparison import compare_models
from siteplan.coverage.propagation import MapFn
from siteplan.coverage.signal_tiers import tier_rasters, tier_table
from siteplan.coverage.terrain import TerrainModel, propagation_for
from siteplan.inputs import load as loading
from siteplan.inputs.load import Examination, Inputs
from siteplan.inputs.measurements import Measurements, read_measurements
from siteplan.planning.assemble import assemble, assign_ids, selected_upgrades
from siteplan.planning.formulate import build_options, build_problem, village_choices
from siteplan.planning.proposal import Proposal
from siteplan.planning.quota import build_ledger, on_air
from siteplan.planning.replan import ReplanContext, choose, with_fixed
from siteplan.planning.run_record import Prepared, Results
from siteplan.project.input_files import Input
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang


def load(folder: Path, config: Config, county: str | None = None) -> Inputs:
    """Read and check every input; see :func:`siteplan.inputs.load.load`."""
    return loading.load(folder, config, county)


def examine(folder: Path, config: Config, county: str | None = None) -> Examination:
    """Read and check every input, whatever comes of it; see :func:`siteplan.inputs.load.examine`."""
    return loading.examine(folder, config, county)


def measured(
    folder: Path,
    inputs: Inputs,
    config: Config,
    given: Input,
    *,
    serving_only: bool | None = None,
    seed: int = 0,
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
    stations = on_air(inputs.stations, bare)
    if stations is None or stations.empty:
        fault = Fault("fatal", "project.toml", "no_stations_to_match", "no_stations_to_match_fix")
        raise InputFaults([fault])
    reader = loading.ProjectReader(folder, bare, inputs.counties)
    found = read_measurements(reader, given, stations, bare)
    propagation = propagation_for(inputs, bare, services_of(bare))
    sample, left = build_sample(found.points, found.stations, propagation, bare)
    reasons = Counter(fault.problem for fault in found.faults if fault.severity == "rejected")
    reasons.update(left["reason"])
    return calibrate(sample, serving_only=serving_only, seed=seed), found, dict(sorted(reasons.items()))


def prepare(  # noqa: PLR0913 - everything a plan depends on is an argument
    inputs: Inputs,
    config: Config,
    *,
    ids: Mapping[str, str] | None = None,
    year: int | None = None,
    quota: int | None = None,
    built: int | None = None,
    cache: Cache | None = None,
    map_fn: MapFn = map,
    watch: Stopwatch | None = None,
    context: ReplanContext | None = None,
) -> tuple[Prepared, dict[str, str]]:
    """Everything up to the covering problem; parameters as in :func:`run`.

    Stations the mandate says are on air are expected among the inputs.
    """
    context = context or ReplanContext()
    watch, year = watch or Stopwatch(), year or config.project.year
    existing = on_air(inputs.stations, config)
    ledger = build_ledger(config, inputs.counties, inputs.area, existing, year=year, quota=quota, built=built)
    with watch.stage("coverage"):
        demand = build_demand(inputs, config)
        propagation = propagation_for(inputs, config, services_of(config), cache)
        masts, refused = masts_of(existing, config, propagation)
        outage_existing = outage_probability(masts, propagation, inputs.grid, len(demand.services), map_fn)
        outage_empirical = None
        if isinstance(propagation, TerrainModel):
            outage_empirical = outage_probability(
                masts, propagation.buffers, inputs.grid, len(demand.services), map_fn
            )
    with watch.stage("gaps"):
        gaps = gap_polygons(inputs, demand, outage_existing, config)
    with watch.stage("candidates"):
        places = build_candidates(
            inputs, existing, demand, outage_existing, config, propagation, context
        ).table
        places, all_ids = assign_ids(places, dict(ids or {}), year)
    with watch.stage("matrix"):
        options = build_options(places, config, propagation)
        problem = build_problem(places, options, demand, outage_existing, ledger, config, propagation, map_fn)
        problem, faults = with_fixed(problem, places, options, context)
    ledger = replace(ledger, faults=(*ledger.faults, *faults))
    prepared = Prepared(
        demand,
        propagation,
        tuple(masts),
        tuple(refused),
        outage_existing,
        outage_empirical,
        gaps,
        places,
        options,
        problem,
        ledger,
    )
    return prepared, all_ids


def run(  # noqa: PLR0913 - everything a run depends on is an argument
    inputs: Inputs,
    config: Config,
    *,
    ids: Mapping[str, str] | None = None,
    year: int | None = None,
    quota: int | None = None,
    built: int | None = None,
    lang: Lang = "zh",
    cache: Cache | None = None,
    map_fn: MapFn = map,
    watch: Stopwatch | None = None,
    context: ReplanContext | None = None,
) -> tuple[Proposal, dict[str, str]]:
    """Plan an area: coverage, gaps, candidates, selection, ranks.

    Parameters
    ----------
    inputs
        Checked inputs of the area.
    config
        The project.
    ids
        Candidate id by key, as given in earlier runs.
    year, quota, built
        Override the project's year and ledger for this area.
    lang
        Language of reasons and rules.
    cache
        Where footprints over terrain are kept between runs; None keeps none.
    map_fn
        ``map``, or the ``map`` of a thread pool: kernels release the interpreter lock.
    watch
        Stopwatch to continue; None starts one.
    context
        What happened since the last list, and how dear it is to change that; None for nothing.

    Returns
    -------
    tuple
        The proposal, and all candidate ids including new ones.
    """
    watch, context = watch or Stopwatch(), context or ReplanContext()
    inputs = with_on_air(inputs, context.field_status, config)
    ready, all_ids = prepare(
        inputs,
        config,
        ids=ids,
        year=year,
        quota=quota,
        built=built,
        cache=cache,
        map_fn=map_fn,
        watch=watch,
        context=context,
    )
    with watch.stage("selection"):
        ready_for = ready.problem, ready.places, ready.options, ready.demand, ready.outage_existing
        replanned = choose(*ready_for, context, config)
        selection = replanned.selection
    with watch.stage("effects"):
        upgrades = selected_upgrades(ready.options, selection)
        shares = (upgrade_footprint(upgrade, ready.propagation, inputs.grid) for upgrade in upgrades)
        effects, outage_planned = rank_effects(ready.demand, ready.outage_existing, shares, config)
        choices = village_choices(
            ready.places,
            ready.options,
            ready.problem,
            ready.demand,
            ready.outage_existing,
            inputs.villages,
            config,
        )
        villages = village_table(inputs, ready.demand, ready.outage_existing, outage_planned, config)
        layers = layer_table(ready.demand, ready.outage_existing, outage_planned, config)
        counties = county_table(inputs, ready.demand, ready.outage_existing, outage_planned, villages, config)
        terrain = terrain_table(inputs, ready.demand, ready.outage_empirical, ready.outage_existing, config)
    with watch.stage("signal"):
        tiers = tier_rasters(ready.masts, upgrades, ready.propagation, inputs, config, map_fn)
        grades = tier_table(tiers, inputs, ready.demand, config)
        comparison = None
        if isinstance(ready.propagation, TerrainModel):
            comparison = compare_models(
                ready.masts, ready.propagation, inputs, ready.demand, villages, config
            )
    found = {
        "selection": selection,
        "checked": replanned.checked,
        "additions": upgrades,
        "effects": tuple(effects),
        "outage_planned": outage_planned,
        "villages": villages,
        "layers": layers,
        "counties": counties,
        "terrain": terrain,
        "tiers": tiers,
        "grades": grades,
        "comparison": comparison,
        "choices": choices,
        "mandate": context,
        "replanned": replanned,
    }
    results = Results(**vars(ready), **found)
    return assemble(inputs, config, results, lang, watch), all_ids
