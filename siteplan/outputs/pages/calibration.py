"""The report of a calibration on one page: errors on sites left out, what was fitted and what was not."""

from __future__ import annotations

import base64
import math

from siteplan.calibration import Judged
from siteplan.outputs.calibration_facts import Facts, unfitted
from siteplan.outputs.pages.page import Section, render
from siteplan.outputs.pictures.plots import reliability_plot
from siteplan.outputs.wording import network_only_text, text_of
from siteplan.words.catalogue import Lang, translate

MOST_SITES = 200
"""Sites in the report's table; all are in ``calibration_sites.csv``."""


def report_html(judged: Judged, facts: Facts, plots: bytes, lang: Lang) -> str:
    """The report as one page that needs no network."""
    warnings = [facts.synthetic] if facts.synthetic else []
    if facts.missing:
        warnings.append(network_only_text(facts.missing, lang))
    if not judged.is_worth_applying:
        warnings.append(translate("calibration_not_worth", lang))
    return render(
        "calibration.html",
        lang,
        title=translate("calibration_propagation_model", lang),
        warnings=warnings,
        source=_source(judged, facts, lang),
        sections=[
            _errors(judged, lang),
            *_maps(judged, lang),
            *_near_readings(judged, lang),
            _terms(judged, lang),
            _not_fitted(judged, lang),
            Section(
                translate("residuals_measured_predicted", lang),
                picture=base64.b64encode(plots).decode("ascii"),
            ),
            _sites(judged, lang),
        ],
        colon=translate("calibration_report_text", lang),
    )


def _source(judged: Judged, facts: Facts, lang: Lang) -> list[tuple[str, str]]:
    told = {reason: _reason(reason, lang) for reason in facts.left_out}
    left = translate("join_semicolon", lang).join(f"{told[k]} {n}" for k, n in facts.left_out.items()) or "—"
    how = translate("serving_cells_only", lang)
    if not judged.terms.serving_only:
        how = translate("several_cells_place", lang)
    return [
        (translate("measurements", lang), f"{facts.measurements} ({facts.sha256[:12]})"),
        (translate("date", lang), facts.date),
        (translate("rows_read_used", lang), f"{facts.read} / {facts.matched}"),
        (translate("rows_left_out", lang), left),
        (translate("sites", lang), f"{len(judged.by_site)}"),
        (translate("groups_sites_left_out_turn", lang), f"{judged.groups}"),
        (translate("level_clutter", lang), f"{facts.propagation} / {facts.clutter or '—'}"),
        (translate("kind_measurement", lang), how),
    ]


_REASONS = frozenset(
    {
        "too_near",
        "beyond_formula",
        "no_formula",
        "off_terrain",
        "measured_unknown",
        "measured_two_bands",
        "not_drawn",
    }
)


def _reason(key: str, lang: Lang) -> str:
    """Why rows were left out; a reason without words of its own is shown as it is."""
    return translate(f"left_out_{key}", lang) if key in _REASONS else key


def _errors(judged: Judged, lang: Lang) -> Section:
    header = (
        translate("model", lang),
        "RMSE dB",
        translate("bias_db_predicted_measured", lang),
        "MAE dB",
        translate("mean_sites_rmse_db", lang),
    )
    rows = [
        (
            _model_name(row.model, judged, lang),
            f"{row.rmse_db:.2f}",
            f"{row.bias_db:+.2f}",
            f"{row.mae_db:.2f}",
            f"{row.site_rmse_db:.2f}",
        )
        for row in judged.errors.itertuples()
    ]
    kind = "calibration_reading" if judged.terms.serving_only else "calibration_several"
    items = tuple(
        (_model_name(name, judged, lang), translate(f"explained_{name}", lang)) for name in _EXPLAINED
    )
    heading = translate("errors_on_sites_left_out", lang)
    return Section(heading, header, tuple(rows), items=items, after=translate(kind, lang))


def _model_name(model: str, judged: Judged, lang: Lang) -> str:
    """Name of a model; only serving-cell data make the reading that of a serving cell."""
    if model == "calibrated" and not judged.terms.serving_only:
        return translate("calibrated_reading", lang)
    return translate(f"judged_{model}", lang)


def _maps(judged: Judged, lang: Lang) -> list[Section]:
    """How the probabilities of a map come true where nothing was fitted."""
    heading = translate("maps_come_true", lang)
    if judged.service is None:
        return [Section(heading, before=translate("maps_not_judged", lang))]
    names = ("model", "threshold", "places", "observed_share", "mean_probability")
    header = tuple(
        translate(f"maps_{name}", lang) for name in (*names, "brier_skill", "missed", "hit", "false_alarm")
    )
    rows = [
        (
            translate(f"maps_{row.model}", lang),
            f"{row.threshold_dbm:g} dBm",
            f"{row.places}",
            f"{row.observed:.1%}",
            f"{row.mean_probability:.1%}",
            f"{row.skill:+.3f} ({row.skill_low:+.3f} … {row.skill_high:+.3f})",
            f"{row.calibration_error:.3f}",
            *("—" if math.isnan(rate) else f"{rate:.1%}" for rate in (row.hit, row.false_alarm)),
        )
        for row in judged.service.scores.itertuples()
    ]
    picture = base64.b64encode(reliability_plot(judged.service)).decode("ascii")
    return [
        Section(
            heading,
            header,
            tuple(rows),
            after=translate("maps_explained", lang),
            picture=picture,
        )
    ]


def _near_readings(judged: Judged, lang: Lang) -> list[Section]:
    """What readings near by add to the model."""
    if judged.conditioned is None:
        return []
    rows = [
        (
            translate(f"near_{row.kept}", lang),
            "—" if row.nearest_m == math.inf else f"< {row.nearest_m:g} m",
            f"{row.points}",
            f"{row.rmse_db:.2f}",
            f"{row.standardised:.2f}",
        )
        for row in judged.conditioned.errors.itertuples()
    ]
    names = ("kept", "nearest", "points", "rmse", "standardised")
    header = tuple(translate(f"near_{name}", lang) for name in names)
    found = judged.conditioned.covariance
    parts = {
        "place": sum(found.place),
        "site": sum(found.site),
        "cell": sum(found.cell),
        "nugget": found.nugget,
    }
    shared = sum(found.place) / max(found.signal, 1e-9)
    spreads = {name: f"{math.sqrt(variance):.1f}" for name, variance in parts.items()}
    after = translate("near_explained", lang, shared=f"{shared:.0%}", **spreads)
    return [Section(translate("near_readings", lang), header, tuple(rows), after=after)]


_EXPLAINED = ("uncalibrated", "offset_per_band", "calibrated_median", "calibrated")


def _term(name: str, lang: Lang) -> str:
    """A term in words: ``offset n28`` or ``vertical weight``."""
    first, _, rest = name.partition(" ")
    if first == "horizontal" and "," in rest:
        return translate("weights_pattern_horizontal_vertical", lang)
    return translate(f"term_{first}", lang, id=rest)


def _is_fitted(name: str, judged: Judged) -> bool:
    pattern, terms = judged.terms.pattern, judged.terms
    plain = {"horizontal weight": pattern, "vertical weight": pattern, "slope": terms.slope}
    return (plain | {"diffraction weight": terms.diffraction}).get(name, True)


def _terms(judged: Judged, lang: Lang) -> Section:
    header = (translate("term", lang), translate("value", lang), translate("standard_error", lang))
    error = judged.standard_error
    rows = [
        (_term(name, lang), f"{value:.2f}", f"± {error[name]:.2f}" if name in error else "—")
        for name, value in judged.fit.values().items()
        if _is_fitted(name, judged)
    ]
    if judged.fit.rival_dbm is not None:
        name = translate("level_rival_cell_dbm", lang)
        rows.append((name, f"{judged.fit.rival_dbm:.1f}", "—"))
    rows += _spread_rows(judged, lang)
    rows += [
        (translate("spread_shadowing_db", lang, band=band), f"{sigma:.2f}", "—")
        for band, sigma in judged.sigma_db.items()
    ]
    note = translate("standard_errors_come_from_leaving", lang)
    return Section(translate("what_was_fitted", lang), header, tuple(rows), after=note)


def _spread_rows(judged: Judged, lang: Lang) -> list[tuple[str, str, str]]:
    """Level, spread and common part that maps use."""
    if judged.service is None:
        return []
    error, spread = judged.service.standard_error, judged.service.spread
    return [
        (translate(f"maps_{name}", lang), f"{getattr(spread, name):.2f}", f"± {error[name]:.2f}")
        for name in ("offset_db", "sigma_db", "correlation")
    ]


def _not_fitted(judged: Judged, lang: Lang) -> Section:
    heading = translate("what_was_not_fitted_why", lang)
    rows = tuple((_term(name, lang), text_of(why, lang)) for name, why in unfitted(judged))
    key = "these_terms_keep_model_s" if rows else "nothing_every_term_was_fitted"
    return Section(heading, rows=rows, before=translate(key, lang), kind="words")


def _sites(judged: Judged, lang: Lang) -> Section:
    header = (
        translate("site", lang),
        translate("points", lang),
        translate("median_distance_m", lang),
        translate("uncalibrated_rmse", lang),
        translate("calibrated_rmse", lang),
        translate("calibrated_bias_predicted_measured", lang),
    )
    worst = judged.by_site.sort_values("rmse_calibrated", ascending=False, kind="stable").head(MOST_SITES)
    rows = [
        (
            row.site,
            f"{row.points}",
            f"{row.distance_median_m:.0f}",
            f"{row.rmse_uncalibrated:.1f}",
            f"{row.rmse_calibrated:.1f}",
            f"{row.bias_calibrated:+.1f}",
        )
        for row in worst.itertuples()
    ]
    note = translate("largest_errors_first_shown_all", lang, worst=len(worst), by_site=len(judged.by_site))
    return Section(translate("calibration_report_sites", lang), header, tuple(rows), before=note)
