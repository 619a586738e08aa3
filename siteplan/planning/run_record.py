"""The run in numbers: what ``run.json`` holds.

One decision to know: every assumption a reader must know to trust a number is written beside it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan import __version__
from siteplan.core.grid import Raster
from siteplan.core.stopwatch import Stopwatch, peak_memory_mib
from siteplan.coverage.demand import Demand
from siteplan.coverage.gaps import basic_services
from siteplan.coverage.indicators import RankEffect
from siteplan.coverage.matrix import Upgrade
from siteplan.coverage.model_comparison import comparison_summary
from siteplan.coverage.propagation import Mast, PropagationModel
from siteplan.coverage.terrain import TerrainModel
from siteplan.inputs.load import Inputs
from siteplan.planning.formulate import BuildOptions
from siteplan.planning.quota import Ledger
from siteplan.planning.replan import ReplanContext, Replanned
from siteplan.project.schema import Config, clutter_kinds
from siteplan.project.statuses import SiteStatus
from siteplan.radio.diffraction import effective_earth_radius_km
from siteplan.selection import CertificateCheck, CoverProblem, Selection
from siteplan.words.catalogue import Lang, say

_SAID_WHEN_MISSING = (
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
"""What each propagation level assumes, by the keys of ``texts``."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """An area ready to be solved; the names are those of ``pipeline.prepare``."""

    demand: Demand
    propagation: PropagationModel
    masts: tuple[Mast, ...]
    refused: tuple[str, ...]
    outage_existing: NDArray[np.float32]
    outage_empirical: NDArray[np.float32] | None
    gaps: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    options: BuildOptions
    problem: CoverProblem
    ledger: Ledger


@dataclass(frozen=True, eq=False)
class Results(Prepared):
    """A solved area; the names are those of ``pipeline.run``."""

    selection: Selection
    checked: CertificateCheck
    upgrades: tuple[Upgrade, ...]
    effects: tuple[RankEffect, ...]
    outage_planned: NDArray[np.float32]
    villages: gpd.GeoDataFrame
    layers: pd.DataFrame
    counties: pd.DataFrame
    terrain: pd.DataFrame
    tiers: tuple[Raster, Raster] | None
    grades: pd.DataFrame
    comparison: gpd.GeoDataFrame | None
    choices: pd.DataFrame
    context: ReplanContext
    replanned: Replanned

    @cached_property
    def limited(self) -> frozenset[str]:
        """Ids of existing masts that still serve where they are no longer followed."""
        return frozenset(mast.site_id for mast in self.masts if self.propagation.radius_limited(mast))


def run_summary(
    inputs: Inputs,
    config: Config,
    results: Results,
    proposed: gpd.GeoDataFrame,
    watch: Stopwatch,
    lang: Lang,
) -> dict[str, Any]:
    """Content of run.json; city sums are sums over counties, so that counties add up exactly.

    Parameters
    ----------
    inputs, config, results, proposed
        Of the run.
    watch
        Its stopwatch.
    lang
        Language of texts.

    Returns
    -------
    dict
        JSON-ready values.
    """
    return {
        "run_id": run_id(inputs, config, results.ledger, results.context),
        **_task(inputs, config, results, proposed),
        **_outcome(inputs, config, results),
        "since": _since(results),
        "model": _model(inputs, config, results, proposed, lang),
        "missing_inputs": missing_inputs(inputs, lang),
        "synthetic": config.project.synthetic,
        "synthetic_inputs": [source.name for source in inputs.sources if source.synthetic],
        "attribution": config.project.attribution,
        "inputs": [
            {
                "name": s.name,
                "file": s.file,
                "sha256": s.sha256,
                "rows_read": s.read,
                "rows_rejected": s.rejected,
            }
            for s in inputs.sources
        ],
        "config_sha256": config.sha256,
        "version": __version__,
        "seconds": watch.total(),
        "peak_memory_mib": peak_memory_mib(),
    }


def run_id(inputs: Inputs, config: Config, ledger: Ledger, context: ReplanContext) -> str:
    """Name of a run by what went into it: the same inputs give the same id.

    Parameters
    ----------
    inputs, config, ledger, context
        Of the run.

    Returns
    -------
    str
        Year and twelve hexadecimal digits.
    """
    files = sorted((source.name, source.sha256) for source in inputs.sources)
    asked = (config.sha256, ledger.year, ledger.quota, ledger.built, inputs.area["county_id"].tolist())
    before = (context.field_status.digest, context.base, context.change_penalty, context.max_changes)
    text = json.dumps([__version__, files, asked, before], ensure_ascii=False)
    return f"{ledger.year}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _task(inputs: Inputs, config: Config, results: Results, proposed: gpd.GeoDataFrame) -> dict[str, Any]:
    """Area, quota and what the plan spends of it."""
    ledger = results.ledger
    return {
        "city": config.project.city,
        "county": "" if len(inputs.area) == len(inputs.counties) else inputs.area_name,
        "year": ledger.year,
        "reference_date": config.project.reference_date.isoformat(),
        "quota": ledger.quota,
        "quota_unit": config.quota.unit,
        "quota_note": config.quota.note,
        "built": ledger.built,
        "remaining": ledger.remaining,
        "excess": int(ledger.table["excess"].sum()),
        "selected_stations": int(proposed["stations"].sum()),
        "selected_sites": len(proposed),
    }


def _since(results: Results) -> dict[str, Any]:
    """What happened since the last list, and what of it is kept."""
    context, found = results.context, results.replanned
    states = list(context.field_status.states.values())
    chosen = found.curve[found.curve["chosen"].astype(bool)] if len(found.curve) else found.curve
    return {
        "base_run_id": context.base,
        "journal": context.field_status.digest,
        "statuses": {each.value: n for each in SiteStatus if (n := sum(s.status == each for s in states))},
        "moved": sum(s.point is not None for s in states),
        "conflicts": [one.candidate_id for one, _ in context.field_status.conflicts],
        "published": found.published,
        "changed": found.changed,
        "change_penalty": float(chosen["change_penalty"].iloc[0]) if len(chosen) else None,
    }


def _outcome(inputs: Inputs, config: Config, results: Results) -> dict[str, Any]:
    """What the choice is worth, and the sums over counties."""
    counties, selection = results.counties, results.selection
    names = [name for name in counties.columns if name.startswith(("population_", "villages_"))]
    return {
        "objective": selection.objective,
        "base_value": selection.base_value,
        "upper_bound": selection.upper_bound,
        "optimality_gap": selection.optimality_gap,
        "selection_status": selection.status,
        "bound_source": selection.bound_source,
        "certificate_bound": results.checked.bound,
        "certificate_holds": results.checked.holds,
        "gain_by_layer": dict(zip(results.layers["layer"], results.layers["gain"], strict=True)),
        "edge_probability_target": config.coverage.edge_probability_target,
        "demand_resolution_m": config.coverage.demand_resolution_m,
        **{name: sum(counties[name].tolist()) for name in names},
        "existing_sites": len({mast.site_id for mast in results.masts} & _area_sites(inputs)),
        "candidates": {k: int(v) for k, v in results.places["status"].value_counts().sort_index().items()},
        "gaps": len(results.gaps),
        "halo_m": max((results.propagation.reach_m(mast) for mast in results.masts), default=0.0),
        "basic_services": [results.demand.services[k].key for k in basic_services(results.demand)],
    }


def _model(
    inputs: Inputs, config: Config, results: Results, proposed: gpd.GeoDataFrame, lang: Lang
) -> dict[str, Any]:
    """How coverage was computed, and what was assumed."""
    return {
        "propagation": results.propagation.name,
        "calibrated": config.fitted is not None,
        "calibration": {} if config.fitted is None else config.fitted.evidence,
        **_terrain(inputs, config, results),
        "radius_limited_sites": len(results.limited & _area_sites(inputs)),
        "radius_limited_proposed": int(proposed["radius_limited"].sum()),
        "sectored_sites": len({m.site_id for m in results.masts if m.sectors} & _area_sites(inputs)),
        **_effective_thresholds(config, results),
        "formulas_used": results.propagation.budgets.formulas(),
        "thresholds_dbm": {layer.id: layer.threshold_dbm for layer in config.layers},
        "probability_floor": config.coverage.probability_floor,
        "stations_without_formula": list(results.refused),
        "assumptions": [say(key, lang) for key in _assumptions(config, results)],
    }


def _assumptions(config: Config, results: Results) -> list[str]:
    """Keys of what was assumed: by level, and on terrain by the treatment of clutter."""
    keys = list(_ASSUMPTIONS[results.propagation.name])
    if results.propagation.name == "terrain":
        keys.insert(keys.index("assume_terrain") + 1, f"assume_clutter_{config.coverage.clutter}")
    return [*keys, "assume_uplink", "assume_omni"]


def _effective_thresholds(config: Config, results: Results) -> dict[str, Any]:
    """Thresholds outdoors of the first layer by band and class, uplink included [dBm]."""
    budgets, layer = results.propagation.budgets, config.layers[0]
    needed = {
        f"{band.id}/{area_class.id}": round(budgets.threshold_dbm(layer, band.id, area_class.id), 2)
        for band in config.bands
        for area_class in config.area_classes
    }
    asked = layer.threshold_dbm
    return {
        "effective_thresholds_dbm": needed,
        "uplink_limited": sorted(key for key, value in needed.items() if value > asked),
    }


def _terrain(inputs: Inputs, config: Config, results: Results) -> dict[str, Any]:
    """The relief diffraction was computed on, and what it takes away; empty without."""
    if inputs.terrain is None or results.propagation.name != "terrain":
        return {}
    heights, table = inputs.terrain, results.terrain
    names = [name for name in table.columns if name.endswith(("_empirical", "_terrain", "_taken_away"))]
    return {
        "dem_pixel_m": heights.grid.resolution_m,
        "dem_void_share": float(np.isnan(heights.values).mean()),
        "masts_without_terrain": _blind_masts(results),
        "delta_n": config.coverage.delta_n,
        "effective_earth_radius_km": effective_earth_radius_km(config.coverage.delta_n),
        "terrain_effect": {name: float(table[name].sum()) for name in names},
        "clutter": config.coverage.clutter,
        "clutter_shares": _clutter_shares(inputs, config),
        "surface_model": bool(config.inputs.dem and config.inputs.dem.surface),
        "model_comparison": _comparison(config, results),
    }


def _clutter_shares(inputs: Inputs, config: Config) -> dict[str, float]:
    """Share of each kind of clutter on the grid it was read on [0-1]."""
    kinds = clutter_kinds(config)
    counts = np.bincount(inputs.clutter.values.ravel().astype(np.int64), minlength=len(kinds))
    return {kind.id: round(float(count) / counts.sum(), 4) for kind, count in zip(kinds, counts, strict=True)}


def _comparison(config: Config, results: Results) -> dict[str, float]:
    """How far a second model disagrees where low bands serve in deep shadow."""
    if results.comparison is None:
        return {}
    populated = int((results.demand.people > 0).sum())
    sampled = len(results.villages) + min(config.coverage.comparison_sample, populated)
    return comparison_summary(results.comparison, sampled)


def _blind_masts(results: Results) -> int:
    """Existing and proposed masts that keep their buffers because the DEM does not know their ground."""
    propagation = results.propagation
    if not isinstance(propagation, TerrainModel):
        return 0
    masts = [*results.masts, *(upgrade.mast for upgrade in results.upgrades)]
    return sum(not propagation.sees(mast) for mast in masts)


def missing_inputs(inputs: Inputs, lang: Lang = "zh") -> dict[str, str]:
    """What was not given, and what is done without it.

    Parameters
    ----------
    inputs
        Of the run.
    lang
        Language of the texts.

    Returns
    -------
    dict
        Text by input.
    """
    given = {source.name for source in inputs.sources}
    have = {
        name: name in given or (name in ("roads", "key_places") and getattr(inputs, name) is not None)
        for name in _SAID_WHEN_MISSING
    }
    return {name: say(f"missing_{name}", lang) for name in _SAID_WHEN_MISSING if not have[name]}


def _area_sites(inputs: Inputs) -> set[str]:
    if inputs.stations is None:
        return set()
    own = inputs.stations["county_id"].isin(inputs.area["county_id"])
    return set(inputs.stations["site_id"][own])


def run_json(summary: dict[str, Any]) -> bytes:
    """The summary as UTF-8 JSON, readable by people.

    Parameters
    ----------
    summary
        Of a proposal.

    Returns
    -------
    bytes
        Content of run.json.
    """
    return (json.dumps(summary, ensure_ascii=False, indent=2) + "\n").encode()
