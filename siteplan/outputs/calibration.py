"""The files of a calibration: the one to apply, its report and map, every point and every site."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from siteplan.calibration import Judged, Sample
from siteplan.core.files import csv_bytes, inert, write_atomic
from siteplan.core.grid import lonlat
from siteplan.core.version import VERSION
from siteplan.outputs.calibration_facts import Facts, unfitted
from siteplan.outputs.pages.calibration import report_html
from siteplan.outputs.wording import text_of
from siteplan.project.schema import Config, clutter_kinds
from siteplan.words.catalogue import Lang, translate

FILE = "calibration.toml"


def write_calibration(
    judged: Judged,
    config: Config,
    facts: Facts,
    folder: Path,
    lang: Lang,
    places: Mapping[str, tuple[float, float]] | None = None,
) -> None:
    """Write every output of a calibration.

    Parameters
    ----------
    judged
        Fit and evidence.
    config
        The project.
    facts
        Where it comes from.
    folder
        Existing folder, not yet visible to users.
    lang
        Language of report and map.
    places
        Easting and northing of sites [m], for the map; None draws no sites.
    """
    from siteplan.outputs.pictures.plots import residual_plots  # noqa: PLC0415 - a second to import
    from siteplan.outputs.webmap.residuals import residual_map  # noqa: PLC0415

    plots = residual_plots(judged, facts.synthetic)
    texts = {
        FILE: calibration_toml(calibration_data(judged, config, facts, lang), lang),
        "calibration_report.html": report_html(judged, facts, plots, lang),
        "residual_map.html": residual_map(judged, config, facts, lang, places),
    }
    for name, text in texts.items():
        write_atomic(folder / name, text.encode("utf-8"))
    write_atomic(folder / "residuals.png", plots)
    write_atomic(folder / "calibration_points.csv", points_csv(judged, config, facts.synthetic))
    write_atomic(folder / "calibration_sites.csv", sites_csv(judged, facts.synthetic))


# --- the file to apply ------------------------------------------------------------------------------


def calibration_data(judged: Judged, config: Config, facts: Facts, lang: Lang) -> dict[str, Any]:
    """Content of ``calibration.toml``.

    Returns
    -------
    dict
        What :class:`siteplan.project.radio.Calibration` reads; clutter of the measurement file's own words
        cannot be mapped and stands in the evidence.
    """
    fit, known = judged.fit, {kind.id for kind in clutter_kinds(config)}
    sigma, spread = _sigma_db(judged), None if judged.service is None else judged.service.spread
    bands = {
        band: {
            "offset_db": _rounded(offset),
            "slope_db_per_decade": _rounded(fit.slope_db_per_decade),
            **({"sigma_db": _rounded(sigma[band])} if band in sigma else {}),
        }
        for band, offset in sorted(fit.offset_db.items())
    }
    clutter = {kind: _rounded(value) for kind, value in sorted(fit.clutter_db.items())}
    return {
        "schema": "siteplan-calibration/1",
        "propagation": facts.propagation,
        "clutter": facts.clutter,
        "horizontal_weight": _rounded(fit.horizontal_weight),
        "vertical_weight": _rounded(fit.vertical_weight),
        "diffraction_weight": _rounded(fit.diffraction_weight),
        "clutter_db": {kind: value for kind, value in clutter.items() if kind in known},
        "bands": bands,
        **({} if spread is None else {"map_offset_db": _rounded(spread.offset_db)}),
        **({} if spread is None else {"shadowing_correlation": _rounded(spread.correlation)}),
        "evidence": _evidence(judged, facts, lang, {k: v for k, v in clutter.items() if k not in known}),
    }


def _sigma_db(judged: Judged) -> dict[str, float]:
    """Spread by band: of maps where it was fitted, else of readings that are no selection."""
    if judged.service is None:
        return judged.sigma_db
    return dict.fromkeys(judged.fit.offset_db, judged.service.spread.sigma_db)


def _evidence(judged: Judged, facts: Facts, lang: Lang, local: dict[str, float]) -> dict[str, Any]:
    errors = judged.errors.set_index("model")
    return {
        "measurements": facts.measurements,
        "sha256": facts.sha256,
        "date": facts.date,
        "synthetic": facts.synthetic,
        "version": VERSION,
        "rows_read": facts.read,
        "rows_used": facts.matched,
        "points": len(judged.sample),
        "sites": len(judged.by_site),
        "groups_left_out_in_turn": judged.groups,
        "serving_cells_only": judged.terms.serving_only,
        "worth_applying": judged.is_worth_applying,
        "rows_left_out": facts.left_out,
        "rmse_db": {name: _rounded(value) for name, value in errors["rmse_db"].items()},
        "bias_db": {name: _rounded(value) for name, value in errors["bias_db"].items()},
        "standard_error": {name: _rounded(value) for name, value in judged.standard_error.items()},
        "maps": _maps(judged),
        "near_readings": _near(judged),
        "not_fitted": {name: text_of(why, lang) for name, why in unfitted(judged)},
        "local_clutter_db": local,
        "local_clutter_mean_db": _rounded(_mean_local(judged.sample, local)),
    }


def _maps(judged: Judged) -> dict[str, Any]:
    """How the probabilities of a map come true in blocks of land left out; empty where not fitted."""
    if judged.service is None:
        return {}
    scores = judged.service.scores
    mine = scores[scores["model"] == "calibrated"]
    return {
        "places": int(mine["places"].iloc[0]),
        "standard_error": {name: _rounded(value) for name, value in judged.service.standard_error.items()},
        "skill": {f"{row.threshold_dbm:g}": _rounded(row.skill) for row in mine.itertuples()},
        "calibration_error": {
            f"{row.threshold_dbm:g}": _rounded(row.calibration_error) for row in mine.itertuples()
        },
    }


def _near(judged: Judged) -> dict[str, Any]:
    """Parts of the spread of readings [dB2], and errors at readings left out; empty for too few."""
    if judged.conditioned is None:
        return {}
    found, errors = judged.conditioned.covariance, judged.conditioned.errors
    parts = {"place": found.place, "site": found.site, "cell": found.cell, "nugget": (found.nugget,)}
    return {
        "variance_db2": {name: _rounded(sum(values)) for name, values in parts.items()},
        "rmse_db": {
            f"{row.kept} {row.nearest_m:g} m": _rounded(row.rmse_db)
            for row in errors[errors["nearest_m"].lt(math.inf)].itertuples()
        },
    }


def _mean_local(sample: Sample, local: dict[str, float]) -> float:
    """What the maps leave out at an average point, because they do not know these kinds [dB]."""
    return float(sum(value * (sample.clutter == kind).mean() for kind, value in local.items()))


def _rounded(value: float) -> float:
    return round(float(value), 3)


def calibration_toml(data: dict[str, Any], lang: Lang) -> str:
    """The file as text, with a word on how to apply it."""
    head = [f"# {translate(key, lang)}" for key in ("calibration_file_head", "calibration_file_apply")]
    head.append(f'#   calibration = "{FILE}"')
    if not data.get("evidence", {}).get("worth_applying", True):
        head.append(f"# {translate('calibration_not_worth', lang)}")
    text = tomli_w.dumps(data)
    # half a surrogate pair, as a file name may hold, is no character
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "\n".join([*head, "", text])


# --- tables -----------------------------------------------------------------------------------------


def points_csv(judged: Judged, config: Config, synthetic: str = "") -> bytes:
    """Every point with what was measured and predicted, its site left out.

    Parameters
    ----------
    judged
        Fit and evidence.
    config
        Its CRS.
    synthetic
        What is synthetic, written into a column of its own; "" for nothing.

    Returns
    -------
    bytes
        CSV, UTF-8 with a mark; the residual is measured less calibrated.
    """
    sample = judged.sample
    lon, lat = lonlat(config.project.crs, sample.easting_m, sample.northing_m)
    names = list(judged.predicted)
    header = ["row", "site", "band", "clutter", "longitude", "latitude", "distance_m", "measured_dbm"]
    header += [f"{name}_dbm" for name in names] + ["residual_db"]
    columns: list[Any] = [
        sample.row.tolist(),
        [inert(s) for s in sample.site],
        [inert(b) for b in sample.band],
        [inert(c) for c in sample.clutter],
        lon.round(6).tolist(),
        lat.round(6).tolist(),
        sample.distance_m.round(1).tolist(),
        sample.rsrp_dbm.round(2).tolist(),
        *(judged.predicted[name].round(2).tolist() for name in names),
        (sample.rsrp_dbm - judged.predicted["calibrated"]).round(2).tolist(),
    ]
    return _labelled(header, [list(row) for row in zip(*columns, strict=True)], synthetic)


def sites_csv(judged: Judged, synthetic: str = "") -> bytes:
    """Every site with the errors of each model; bias is predicted less measured."""
    sites = judged.by_site.round(3)
    rows = [[inert(value) for value in row] for row in sites.astype(object).to_numpy().tolist()]
    return _labelled(list(sites.columns), rows, synthetic)


def _labelled(header: list[str], rows: list[list[object]], synthetic: str) -> bytes:
    """CSV, with a column that says what is synthetic where something is."""
    if not synthetic:
        return csv_bytes(header, rows)
    return csv_bytes([*header, "synthetic"], [[*row, inert(synthetic)] for row in rows])
