"""The plan in numbers: what ``run.json`` holds, with every assumption a reader must know to trust them."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from siteplan.core.version import VERSION
from siteplan.coverage.gaps import basic_services
from siteplan.coverage.model_comparison import comparison_summary
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.field.published import PublishedList
from siteplan.inputs.load import Inputs
from siteplan.planning.acceptance import alternates_by_county
from siteplan.planning.quota import Ledger
from siteplan.planning.replan import ReplanContext
from siteplan.planning.stages import Solved
from siteplan.project.schema import Config, clutter_kinds
from siteplan.project.statuses import CandidateState, SiteStatus
from siteplan.radio.diffraction import effective_earth_radius_km
from siteplan.radio.linkbudget import LinkBudgets
from siteplan.selection import CUT_SHORT

RUN_SCHEMA = "siteplan-run/2"
_MISSED = (
    "counties",
    "villages",
    "stations",
    "site_plan",
    "properties",
    "poles",
    "key_places",
    "area_classes",
    "exclusions",
    "population",
    "dem",
    "roads",
)
"""Inputs whose absence is said."""
_ASSUMPTIONS = {
    "empirical": ("assume_probability", "assume_shadowing", "assume_flat", "assume_floor", "assume_pixel"),
    "terrain": (
        "assume_probability",
        "assume_shadowing",
        "assume_terrain",
        "assume_near",
        "assume_mean",
        "assume_floor",
        "assume_point",
    ),
}
"""What each propagation model assumes, by the keys of the catalogue."""


class _Record(BaseModel):
    """A frozen part of the run record; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class InputRecord(_Record):
    """One input file as it was used."""

    name: str
    file: str
    sha256: str
    rows_read: int
    rows_rejected: int


class RequestRecord(_Record):
    """What the plan was asked for, beside its project: a re-plan asks for it again."""

    county: str | None = None
    year: int | None = None
    quota: int | None = None
    built: int | None = None
    propagation: str | None = None
    clutter: str | None = None
    calibration: str | None = None
    measurements: dict[str, Any] | None = None
    """Path, datum, CRS and headers of the file the map was conditioned on."""
    measurements_sha256: str | None = None
    years: int = 1
    """Years that are planned, the first one included."""
    switched_off: tuple[str, ...] = ()
    """Sites of the network that are taken to be off."""
    neighbours: tuple[str, ...] = ()
    """Folders of projects whose stations radiate here too."""
    as_one: bool = False
    """Whether quotas of counties are set aside, so that the quota is one task."""


class LaterSite(_Record):
    """A place a later year adds."""

    candidate_id: str
    name: str
    county: str
    source_type: str
    bands: tuple[str, ...]
    stations: int
    longitude: float
    latitude: float


class LaterYear(_Record):
    """A year after the first: what it adds to all before it."""

    year: int
    quota: int
    stations: int
    gain: float
    """Newly covered weight beyond the years before."""
    at_most_better: float
    """By what share of the weight of all years together another choice of this year could be better."""
    sites: tuple[LaterSite, ...]


class SinceRecord(_Record):
    """What happened since the last list, and what of it is kept."""

    base_run_id: str
    journal: str
    statuses: dict[str, int]
    moved: int
    conflicts: tuple[str, ...]
    published: int
    changed: int
    change_penalty: float | None


class TerrainRecord(_Record):
    """The relief diffraction was computed on, and what it takes away."""

    dem_pixel_m: float
    dem_void_share: float
    masts_without_terrain: int
    delta_n: float
    effective_earth_radius_km: float
    terrain_effect: dict[str, float]
    clutter: str
    clutter_shares: dict[str, float]
    surface_model: bool
    model_comparison: dict[str, float]


class ModelRecord(_Record):
    """How coverage was computed, and what was assumed."""

    propagation: Literal["terrain", "empirical"]
    calibrated: bool
    calibration: dict[str, object]
    terrain: TerrainRecord | None
    radius_limited_sites: int
    radius_limited_proposed: int
    sectored_sites: int
    effective_thresholds_dbm: dict[str, float]
    uplink_limited: tuple[str, ...]
    formulas_used: dict[str, int]
    """Tables of loss by formula: one a band, class and height of existing and proposed masts."""
    thresholds_dbm: dict[str, float]
    probability_floor: float
    shadowing_correlation: dict[str, float] = {}
    """Between masts of different places, by layer; empty in runs of versions that knew none."""
    measured: dict[str, Any] = {}
    """Places by network, and shares of people and villages measured; empty without measurements."""
    stations_without_formula: tuple[str, ...]
    assumptions: tuple[str, ...]
    """Keys of the catalogue."""


class _Said(_Record):
    """Key of the catalogue and what its braces take; lists of a file are tuples again."""

    key: str
    values: dict[str, object]

    @field_validator("values")
    @classmethod
    def _tuples(cls, values: dict[str, object]) -> dict[str, object]:
        return {name: tuple(each) if isinstance(each, list) else each for name, each in values.items()}


class Finding(_Said):
    """Something wrong or odd about a plan."""

    grade: Literal["wrong", "look"]


class Fallback(_Said):
    """Something a plan did without, and what was put in its place."""


class CoverageTestRecord(_Record):
    """One test of coverage for the whole area; null where the data cannot answer."""

    test: str
    part: str
    layer: str
    network: str
    unit: str
    total: float | None
    before: float | None
    after: float | None
    expected_before: float | None
    expected_after: float | None
    required: float | None
    measured_share: float | None
    unanswered: str | None
    """Key of the catalogue that says why."""


class IndicatorRecord(_Record):
    """One figure the city is judged by."""

    indicator: str
    value: float | None
    unit: str
    least: float
    met: bool | None
    short_by: float | None
    short_count: float | None
    date: str | None
    reached_on: str | None
    origin: str
    unanswered: str | None


class OddsRecord(_Record):
    """What draws of a plan came to."""

    draws: int
    seed: int
    by_luck: tuple[str, ...]
    """Places that stay in fewer draws than the project asks for."""
    people: dict[str, dict[str, float]]
    """People served today, with the plan and by it: 5, 50 and 95 % of the draws, and their mean."""


class ProofRecord(_Record):
    """What a plan proves, for the whole area; its tables stand in the sheets."""

    tests: tuple[CoverageTestRecord, ...] = ()
    indicators: tuple[IndicatorRecord, ...] = ()
    uncovered_stretches: int = 0
    conflicts: int = 0
    odds: OddsRecord | None = None


class ReliabilityRecord(_Record):
    """Forecasts of about the same height against what came."""

    forecast: float
    observed: float
    cases: int


class AcceptanceRecord(_Record):
    """How likely owners agree, learnt from the journal."""

    method: Literal["off", "rates", "model"] = "off"
    """Off: too few decided places; rates: by source type; model: of more features."""
    cases: int = 0
    accepted: int = 0
    counts_in_gain: bool = False
    brier: float | None = None
    """Mean squared error of forecasts for places left out."""
    brier_base: float | None = None
    """The same of always forecasting their mean."""
    reliability: tuple[ReliabilityRecord, ...] = ()
    chances: dict[str, float] = {}
    """Of proposed places, by candidate id."""
    confidence: float = 0.0
    alternates: dict[str, int | None] = {}
    """Places beside the list that make a county's task that likely, by county; null where none would do."""


class RunCosts(_Record):
    """What a run cost; measured, so no part of what makes two plans equal."""

    seconds: dict[str, float] = {}
    cpu_seconds: dict[str, float] = {}
    peak_memory_mib: float | None = None
    footprints_computed: int = 0


class RunRecord(_Record):
    """Content of ``run.json``; city sums are sums over counties, so that counties add up exactly."""

    schema_: Literal["siteplan-run/2"] = Field(default="siteplan-run/2", alias="schema")
    run_id: str
    city: str
    county: str
    year: int
    reference_date: str
    quota: int
    quota_unit: str
    quota_note: str
    built: int
    remaining: int
    excess: int
    selected_stations: int
    selected_sites: int
    objective: float
    base_value: float
    upper_bound: float
    optimality_gap: float
    selection_status: str
    bound_source: str
    certificate_bound: float
    certificate_holds: bool
    gain_by_layer: dict[str, float]
    edge_probability_target: float
    demand_resolution_m: float
    population_total: float
    population_covered_before: float
    population_covered_after: float
    population_expected_before: float
    population_expected_after: float
    villages_total: int
    villages_covered_before: int
    villages_covered_after: int
    existing_sites: int
    candidates: dict[str, int]
    gaps: int
    halo_m: float
    basic_services: tuple[str, ...]
    since: SinceRecord
    model: ModelRecord
    findings: tuple[Finding, ...] = ()
    """What the plan's check of itself came to, the wrong first."""
    fallbacks: tuple[Fallback, ...] = ()
    """What was done without, most harmful first."""
    proof: ProofRecord = ProofRecord()
    acceptance: AcceptanceRecord = AcceptanceRecord()
    later_years: tuple[LaterYear, ...] = ()
    population_marginal: float = 0.0
    """People whose probability lies so near the target that their verdict may flip."""
    missing_inputs: tuple[str, ...]
    """Names of inputs; what is done without them is in the catalogue."""
    synthetic: str
    synthetic_inputs: tuple[str, ...]
    attribution: str
    inputs: tuple[InputRecord, ...]
    config_sha256: str
    version: str
    request: RequestRecord = RequestRecord()
    published: PublishedList
    costs: RunCosts = Field(default=RunCosts(), exclude=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunRecord) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    @property
    def is_wrong(self) -> bool:
        """Whether the plan contradicts itself."""
        return any(finding.grade == "wrong" for finding in self.findings)

    @property
    def is_cut_short(self) -> bool:
        """Whether the clock or a person ended the search, so that another run gives another list."""
        return self.selection_status in CUT_SHORT

    def to_json(self) -> bytes:
        """Content of ``run.json``: UTF-8, readable by people [bytes]."""
        content = self.model_dump(mode="json", by_alias=True) | {"costs": self.costs.model_dump(mode="json")}
        return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def run_record(
    inputs: Inputs, config: Config, solved: Solved, published: PublishedList, request: RequestRecord
) -> RunRecord:
    """Sum a solved area up."""
    ready, ledger, selection = solved.ready, solved.ready.ledger, solved.replanned.selection
    counties, effects = solved.effects.counties, solved.effects
    names = [name for name in counties.columns if name.startswith(("population_", "villages_"))]
    sums = {name: sum(counties[name].tolist()) for name in names}
    return RunRecord(
        run_id=published.run_id,
        city=config.project.city,
        county="" if len(inputs.area) == len(inputs.counties) else inputs.area_name,
        year=ledger.year,
        reference_date=config.project.reference_date.isoformat(),
        quota=ledger.quota,
        quota_unit=config.quota.unit,
        quota_note=config.quota.note,
        built=ledger.built,
        remaining=ledger.remaining,
        excess=int(ledger.table["excess"].sum()),
        selected_stations=sum(place.stations for place in published.places.values()),
        selected_sites=len(published.places),
        objective=selection.objective,
        base_value=selection.base_value,
        upper_bound=selection.upper_bound,
        optimality_gap=selection.optimality_gap,
        selection_status=selection.status,
        bound_source=selection.bound_source,
        certificate_bound=solved.replanned.checked.bound,
        certificate_holds=bool(solved.replanned.checked.holds),
        gain_by_layer=dict(zip(effects.layers["layer"], effects.layers["gain"].tolist(), strict=True)),
        edge_probability_target=config.coverage.edge_probability_target,
        demand_resolution_m=config.coverage.demand_resolution_m,
        **sums,
        existing_sites=len({mast.site_id for mast in ready.existing.masts} & _area_sites(inputs)),
        candidates={
            str(k): int(v) for k, v in ready.candidates["status"].value_counts().sort_index().items()
        },
        gaps=len(ready.existing.gaps),
        halo_m=max((ready.propagation.reach_m(mast) for mast in ready.existing.masts), default=0.0),
        basic_services=tuple(ready.demand.services[k].key for k in basic_services(ready.demand)),
        since=_since(solved),
        model=_model(inputs, config, solved),
        population_marginal=_marginal(config, solved),
        acceptance=_acceptance(config, solved, published),
        missing_inputs=missing_inputs(inputs),
        synthetic=config.project.synthetic,
        synthetic_inputs=tuple(source.name for source in inputs.sources if source.synthetic),
        attribution=config.project.attribution,
        inputs=tuple(
            InputRecord(name=s.name, file=s.file, sha256=s.sha256, rows_read=s.read, rows_rejected=s.rejected)
            for s in inputs.sources
        ),
        config_sha256=config.sha256,
        version=VERSION,
        request=request,
        published=published,
    )


def run_id(
    inputs: Inputs, config: Config, ledger: Ledger, context: ReplanContext, request: RequestRecord
) -> str:
    """Name of a run by what went into it: the same inputs give the same id."""
    files = sorted((source.name, source.sha256) for source in inputs.sources)
    asked = (config.sha256, ledger.year, ledger.quota, ledger.built, inputs.area["county_id"].tolist())
    before = (context.field_status.digest, context.base, context.change_penalty, context.max_changes)
    measured, off = request.measurements_sha256, sorted(request.switched_off)
    more = [*([] if measured is None else [measured]), *([off] if off else [])]
    whole = [VERSION, files, asked, before, *more]
    text = json.dumps(whole, ensure_ascii=False)
    return f"{ledger.year}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _marginal(config: Config, solved: Solved) -> float:
    """People within ``sanity.marginal`` of the target after the plan, in the first service."""
    demand = solved.ready.demand
    probability = 1.0 - solved.effects.outage[0].ravel()[demand.pixels].astype(np.float64)
    near = np.abs(probability - config.coverage.edge_probability_target) <= config.sanity.marginal
    return float(demand.people[near].sum())


def _acceptance(config: Config, solved: Solved, published: PublishedList) -> AcceptanceRecord:
    """What was learnt of owners, and the alternates every county needs."""
    known, rules = solved.ready.acceptance, config.acceptance
    summary = AcceptanceRecord(method=known.method, cases=known.cases, accepted=known.accepted)
    if known.method == "off":
        return summary
    table = solved.ready.candidates.assign(chance=known.probability)
    chances = dict(zip(table["candidate_id"], table["chance"].tolist(), strict=True))
    listed = pd.DataFrame(
        [(p.county_id, p.stations, chances[each]) for each, p in published.places.items()],
        columns=["county_id", "stations", "chance"],
    )
    usable = table["status"].eq(CandidateState.CANDIDATE.value)
    pool = table[usable & ~table["candidate_id"].isin(list(published.places))]
    goals = listed.groupby("county_id")["stations"].sum()
    needed = alternates_by_county(
        listed, pd.DataFrame(pool), {str(c): int(n) for c, n in goals.items()}, rules
    )
    names = dict(zip(table["county_id"], table["county"], strict=True))
    return summary.model_copy(
        update={
            "counts_in_gain": rules.rank,
            "brier": known.brier,
            "brier_base": known.brier_base,
            "reliability": tuple(
                ReliabilityRecord(forecast=row.forecast, observed=row.observed, cases=int(row.cases))
                for row in known.reliability.itertuples()
            ),
            "chances": {each: chances[each] for each in published.places},
            "confidence": rules.confidence,
            "alternates": {names[county]: count for county, count in needed.items()},
        }
    )


def _since(solved: Solved) -> SinceRecord:
    context, replanned = solved.context, solved.replanned
    states = list(context.field_status.states.values())
    curve = replanned.curve
    chosen = curve[curve["chosen"].astype(bool)] if len(curve) else curve
    return SinceRecord(
        base_run_id=context.base,
        journal=context.field_status.digest,
        statuses={each.value: n for each in SiteStatus if (n := sum(s.status == each for s in states))},
        moved=sum(s.point is not None for s in states),
        conflicts=tuple(one.candidate_id for one, _ in context.field_status.conflicts),
        published=replanned.published,
        changed=replanned.changed,
        change_penalty=float(chosen["change_penalty"].iloc[0]) if len(chosen) else None,
    )


def _model(inputs: Inputs, config: Config, solved: Solved) -> ModelRecord:
    ready, upgrades = solved.ready, solved.effects.upgrades
    masts, propagation = ready.existing.masts, ready.propagation
    needed = _effective_thresholds(config, propagation.budgets)
    return ModelRecord(
        propagation="terrain" if isinstance(propagation, TerrainModel) else "empirical",
        calibrated=config.fitted is not None,
        calibration={} if config.fitted is None else config.fitted.evidence,
        terrain=_terrain(inputs, config, solved),
        radius_limited_sites=len(solved.radius_limited & _area_sites(inputs)),
        radius_limited_proposed=sum(propagation.radius_limited(upgrade.after()) for upgrade in upgrades),
        sectored_sites=len({m.site_id for m in masts if m.sectors} & _area_sites(inputs)),
        effective_thresholds_dbm=needed,
        uplink_limited=tuple(
            sorted(key for key, value in needed.items() if value > config.layers[0].threshold_dbm)
        ),
        formulas_used=_formulas([*masts, *(upgrade.after() for upgrade in upgrades)], propagation.budgets),
        thresholds_dbm={layer.id: layer.threshold_dbm for layer in config.layers},
        probability_floor=config.coverage.probability_floor,
        shadowing_correlation=_correlations(solved),
        measured=_measured(solved),
        stations_without_formula=ready.existing.refused,
        assumptions=_assumptions(config, propagation.name, propagation.budgets.correlation()),
    )


def _correlations(solved: Solved) -> dict[str, float]:
    """Correlation of shadowing between masts by layer: indoors the wall is shared too."""
    rho = solved.ready.existing.outage.shadowing.correlation
    services = solved.ready.demand.services
    return {each.layer.id: round(float(rho[k]), 3) for k, each in enumerate(services)}


def _measured(solved: Solved) -> dict[str, Any]:
    """How much of the first service's map was measured."""
    known, demand = solved.ready.existing.measured, solved.ready.demand
    if known is None:
        return {}
    field = solved.ready.measured_field
    if field is None:
        return {"places": {}, "people": 0.0, "villages": 0}
    is_measured = field.is_measured.ravel()[demand.pixels]
    villages = demand.village_pixel[demand.village_pixel >= 0]
    people = float(demand.people[is_measured].sum() / max(float(demand.people.sum()), 1e-9))
    places = {name or "any": each.places for name, each in known.fields.fields.items()}
    return {"places": places, "people": round(people, 4), "villages": int(is_measured[villages].sum())}


def _formulas(masts: list[Mast], budgets: LinkBudgets) -> dict[str, int]:
    """Tables of loss by formula, one a band, class and height."""
    tables = {(band, m.area_class, m.antenna_height_m) for m in masts for band in m.bands}
    names, counts = np.unique([budgets.radial(*each).formula for each in sorted(tables)], return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _assumptions(config: Config, propagation: str, correlation: float) -> tuple[str, ...]:
    """Keys of what was assumed: by model, and on terrain by the treatment of clutter."""
    keys = list(_ASSUMPTIONS[propagation])
    if not correlation:
        keys[keys.index("assume_shadowing")] = "assume_independent"
    if propagation == "terrain":
        keys.insert(keys.index("assume_terrain") + 1, f"assume_clutter_{config.coverage.clutter}")
    return (*keys, "assume_uplink", "assume_omni")


def _effective_thresholds(config: Config, budgets: LinkBudgets) -> dict[str, float]:
    """Thresholds outdoors of the first layer by band and class, uplink included [dBm]."""
    return {
        f"{band.id}/{area_class.id}": round(
            float(budgets.threshold_dbm(config.layers[0], band.id, area_class.id)), 2
        )
        for band in config.bands
        for area_class in config.area_classes
    }


def _terrain(inputs: Inputs, config: Config, solved: Solved) -> TerrainRecord | None:
    propagation = solved.ready.propagation
    if inputs.terrain is None or not isinstance(propagation, TerrainModel):
        return None
    heights, table = inputs.terrain, solved.effects.terrain
    masts = [*solved.ready.existing.masts, *(upgrade.mast for upgrade in solved.effects.upgrades)]
    names = [name for name in table.columns if name.endswith(("_empirical", "_terrain", "_taken_away"))]
    return TerrainRecord(
        dem_pixel_m=heights.grid.resolution_m,
        dem_void_share=float(np.isnan(heights.values.astype(float)).mean()),
        masts_without_terrain=sum(not propagation.sees(mast) for mast in masts),
        delta_n=config.coverage.delta_n,
        effective_earth_radius_km=effective_earth_radius_km(config.coverage.delta_n),
        terrain_effect={name: float(table[name].sum()) for name in names},
        clutter=config.coverage.clutter,
        clutter_shares=_clutter_shares(inputs, config),
        surface_model=bool(config.inputs.dem and config.inputs.dem.surface),
        model_comparison=_comparison(config, solved),
    )


def _clutter_shares(inputs: Inputs, config: Config) -> dict[str, float]:
    """Share of each kind of clutter on the grid it was read on [0-1]."""
    kinds = clutter_kinds(config)
    counts = np.bincount(inputs.clutter.values.ravel().astype(np.int64), minlength=len(kinds))
    return {kind.id: round(float(count) / counts.sum(), 4) for kind, count in zip(kinds, counts, strict=True)}


def _comparison(config: Config, solved: Solved) -> dict[str, float]:
    """How far a second model disagrees where low bands serve in deep shadow."""
    if solved.effects.comparison is None:
        return {}
    populated = int((solved.ready.demand.people > 0).sum())
    sampled = len(solved.effects.villages) + min(config.coverage.comparison_sample, populated)
    return comparison_summary(solved.effects.comparison, sampled)


def missing_inputs(inputs: Inputs) -> tuple[str, ...]:
    """Inputs that were not given and whose absence matters."""
    given = {source.name for source in inputs.sources}
    from_elsewhere = {"roads": inputs.roads, "key_places": inputs.key_places}
    return tuple(name for name in _MISSED if name not in given and from_elsewhere.get(name) is None)


def _area_sites(inputs: Inputs) -> set[str]:
    if inputs.stations is None:
        return set()
    own = inputs.stations["county_id"].isin(inputs.area["county_id"])
    return set(inputs.stations["site_id"][own])
