"""What ``siteplan calibrate`` leaves behind: the file to apply, tables, a report and a map of residuals.

One decision to know: residuals are measured less predicted, of points whose whole site was left out of the
fit; a map of the fit's own residuals would flatter it.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import folium
import numpy as np
import tomli_w
from branca.element import MacroElement
from folium.template import Template
from numpy.typing import NDArray

from siteplan import __version__
from siteplan.calibration import Judged, Sample, judgement
from siteplan.core.files import csv_bytes, inert, write_atomic
from siteplan.core.grid import lonlat
from siteplan.outputs.pages.page import page_html, table_html
from siteplan.outputs.pictures.plots import drawn, residual_plots
from siteplan.outputs.webmap.assets import inline_assets
from siteplan.outputs.webmap.elements import fill, slot
from siteplan.outputs.webmap.encode import to_json
from siteplan.outputs.webmap.page import framed, rendered
from siteplan.project.schema import Config, clutter_kinds
from siteplan.words.catalogue import Lang, either, say

FILE = "calibration.toml"
_LIMITS_DB = (-15.0, -9.0, -3.0, 3.0, 9.0, 15.0)
_COLOURS = ("#67001f", "#d6604d", "#f4a582", "#f7f7f7", "#92c5de", "#4393c3", "#053061")
"""Red: weaker than predicted; blue: stronger."""
MOST_SITES = 200
"""Sites in the report's table; all are in ``calibration_sites.csv``."""


@dataclass(frozen=True)
class Facts:
    """Where a calibration comes from.

    Attributes
    ----------
    measurements, sha256
        File and its hash.
    read, matched
        Rows of the file, and those the fit saw.
    left_out
        Rows left out by reason.
    propagation, clutter
        Propagation level, and treatment of clutter on terrain ("" on buffers).
    date
        Day of the calibration, ISO.
    synthetic
        What is synthetic, "" for nothing.
    """

    measurements: str
    sha256: str
    read: int
    matched: int
    left_out: dict[str, int]
    propagation: str
    clutter: str
    date: str
    synthetic: str


def write_calibration(
    judged: Judged,
    config: Config,
    facts: Facts,
    folder: Path,
    lang: Lang = "zh",
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
    plots = residual_plots(judged, facts.synthetic)
    texts = {
        FILE: calibration_toml(calibration_data(judged, config, facts)),
        "calibration_report.html": report_html(judged, facts, plots, lang),
        "residual_map.html": residual_map(judged, config, facts, lang, places),
    }
    for name, text in texts.items():
        write_atomic(folder / name, text.encode("utf-8"))
    write_atomic(folder / "residuals.png", plots)
    write_atomic(folder / "calibration_points.csv", points_csv(judged, config, facts.synthetic))
    write_atomic(folder / "calibration_sites.csv", sites_csv(judged, facts.synthetic))


# --- the file to apply ------------------------------------------------------------------------------


def calibration_data(judged: Judged, config: Config, facts: Facts) -> dict[str, Any]:
    """Content of ``calibration.toml``.

    Parameters
    ----------
    judged, config, facts
        As in :func:`write_calibration`.

    Returns
    -------
    dict
        What :class:`siteplan.project.radio.Calibration` reads; clutter of the measurement file's own words cannot
        be mapped and stands in the evidence.
    """
    fit, known = judged.fit, {kind.id for kind in clutter_kinds(config)}
    bands = {
        band: {
            "offset_db": _rounded(offset),
            "slope_db_per_decade": _rounded(fit.slope_db_per_decade),
            **({"sigma_db": _rounded(judged.sigma_db[band])} if band in judged.sigma_db else {}),
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
        "evidence": _evidence(judged, facts, {k: v for k, v in clutter.items() if k not in known}),
    }


def _evidence(judged: Judged, facts: Facts, local: dict[str, float]) -> dict[str, Any]:
    errors = judged.errors.set_index("model")
    return {
        "measurements": facts.measurements,
        "sha256": facts.sha256,
        "date": facts.date,
        "synthetic": facts.synthetic,
        "version": __version__,
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
        "not_fitted": {name: _both(why) for name, why in unfitted(judged)},
        "local_clutter_db": local,
        "local_clutter_mean_db": _rounded(_mean_local(judged.sample, local)),
    }


def _mean_local(sample: Sample, local: dict[str, float]) -> float:
    """What the maps leave out at an average point, because they do not know these kinds [dB]."""
    return float(sum(value * (sample.clutter == kind).mean() for kind, value in local.items()))


_Pair = tuple[str, str]


def _both(pair: _Pair) -> str:
    return " / ".join(pair)


def unfitted(judged: Judged) -> list[tuple[str, _Pair]]:
    """Terms that keep the model's own value, and why.

    Parameters
    ----------
    judged
        Fit and evidence.

    Returns
    -------
    list of tuple
        Name as in the file's evidence, and the reason in Chinese and English.
    """
    sample, terms = judged.sample, judged.terms
    rows = [
        (f"offset {band}", _too_few(sample, sample.band == band, judgement.BAND_POINTS, judgement.BAND_SITES))
        for band in sorted(set(sample.band.astype(str)) - set(terms.bands))
    ]
    if not terms.pattern:
        rows.append(("horizontal weight, vertical weight", _why_no_pattern(sample)))
    if not terms.diffraction:
        shade = sample.diffraction_db >= judgement.SHADOW_DB
        why = _too_few(sample, shade, judgement.SHADOW_POINTS, judgement.SHADOW_SITES + 1)
        lead = (
            f"绕射 ≥ {judgement.SHADOW_DB:g} dB 的点：",
            f"points with {judgement.SHADOW_DB:g} dB of diffraction: ",
        )
        rows.append(("diffraction weight", (lead[0] + why[0], lead[1] + why[1])))
    if not terms.slope:
        rows.append(("slope", _why_no_slope(sample, terms.serving_only)))
    return rows + _unfitted_clutter(judged) + _unfitted_sigma(judged)


def _too_few(sample: Sample, mine: NDArray[np.bool_], points: int, sites: int) -> _Pair:
    """How many there are, and how many it takes."""
    have, at = int(mine.sum()), len(set(sample.site[mine]))
    return (
        f"{have} 点、{at} 个站址，需要 {points} 点、{sites} 个站址",
        f"{have} points at {at} sites, {points} points at {sites} sites are needed",
    )


def _why_no_pattern(sample: Sample) -> _Pair:
    aimed = np.isfinite(sample.cap_db)
    if not aimed.any():
        return "工参没有方位角，按全向计", "the stations give no azimuths: radiated all round"
    if sample.antenna_db[aimed].std() < judgement.PATTERN_SPREAD_DB:
        return "各点的天线衰减几乎相同", "the antenna's attenuation hardly varies between the points"
    return _too_few(sample, aimed, judgement.PATTERN_POINTS, judgement.PATTERN_SITES + 1)


def _why_no_slope(sample: Sample, serving_only: bool) -> _Pair:
    if serving_only:
        return (
            "只有主服务小区：这类数据随距离下降偏慢，不用于拟合斜率",
            "serving cells only: such data fall off too slowly with distance, and never move the slope",
        )
    low, high = np.quantile(np.log10(sample.distance_m), [0.05, 0.95])
    if high - low < judgement.SLOPE_DECADES:
        return "各点的距离相差太小", "the points' distances vary too little"
    return _too_few(
        sample, np.ones(len(sample), dtype=np.bool_), judgement.SLOPE_POINTS, judgement.SLOPE_SITES + 1
    )


def _unfitted_clutter(judged: Judged) -> list[tuple[str, _Pair]]:
    sample, rows = judged.sample, []
    for kind in sorted(set(sample.clutter.astype(str)) - set(judged.terms.clutter)):
        mine = sample.clutter == kind
        few = _too_few(sample, mine, judgement.CLUTTER_POINTS, judgement.CLUTTER_SITES + 1)
        enough = (
            mine.sum() >= judgement.CLUTTER_POINTS and len(set(sample.site[mine])) > judgement.CLUTTER_SITES
        )
        alone = "只有这一类地物数据足够，无从比较", "no other kind has enough data to compare it with"
        rows.append((f"clutter {kind}", alone if enough else few))
    return rows


def _unfitted_sigma(judged: Judged) -> list[tuple[str, _Pair]]:
    if judged.sigma_db:
        return []
    why = (
        "读数是筛选后的（主服务或最强小区），其离散小于阴影，沿用公式值",
        "the readings are a selection (serving or strongest cells) and vary less than shadowing does: "
        "the formula's value stays",
    )
    return [("sigma", why)]


def _rounded(value: float) -> float:
    return round(float(value), 3)


def calibration_toml(data: dict[str, Any]) -> str:
    """The file as text, with a word on how to apply it.

    Parameters
    ----------
    data
        Of :func:`calibration_data`.

    Returns
    -------
    str
        TOML.
    """
    head = [
        "# 传播模型校准结果 / calibration of the propagation model",
        "# 应用: 将本文件放在 project.toml 旁，在其 [coverage] 下写下面一行；或用 plan --calibration",
        "# to apply: put this file beside project.toml and the line below under its [coverage],",
        "# or name it with plan --calibration",
        f'#   calibration = "{FILE}"',
    ]
    if not data.get("evidence", {}).get("worth_applying", True):
        head += [f"# {say('calibration_not_worth', each)}" for each in get_args(Lang)]
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
    """Every site with the errors of each model; bias is predicted less measured.

    Parameters
    ----------
    judged, synthetic
        As in :func:`points_csv`.

    Returns
    -------
    bytes
        CSV, UTF-8 with a mark.
    """
    sites = judged.by_site.round(3)
    rows = [[inert(value) for value in row] for row in sites.astype(object).to_numpy().tolist()]
    return _labelled(list(sites.columns), rows, synthetic)


def _labelled(header: list[str], rows: list[list[object]], synthetic: str) -> bytes:
    """CSV, with a column that says what is synthetic where something is."""
    if not synthetic:
        return csv_bytes(header, rows)
    return csv_bytes([*header, "synthetic"], [[*row, inert(synthetic)] for row in rows])


# --- pages ------------------------------------------------------------------------------------------


def report_html(judged: Judged, facts: Facts, plots: bytes, lang: Lang = "zh") -> str:
    """The report as one page that needs no network.

    Parameters
    ----------
    judged, facts
        As in :func:`write_calibration`.
    plots
        PNG of :func:`residual_plots`.
    lang
        Language.

    Returns
    -------
    str
        HTML.
    """
    title = either("传播模型校准报告", "Calibration of the propagation model", lang)
    picture = base64.b64encode(plots).decode("ascii")
    kind = "calibration_reading" if judged.terms.serving_only else "calibration_several"
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="warn">{html.escape(facts.synthetic)}</p>' if facts.synthetic else "",
        "" if judged.is_worth_applying else f'<p class="warn">{say("calibration_not_worth", lang)}</p>',
        _source_html(judged, facts, lang),
        f"<h2>{either('误差（所在站址不参与拟合）', 'Errors on sites left out of the fit', lang)}</h2>",
        _errors_html(judged, lang),
        _explained_html(judged, lang),
        f"<p>{html.escape(say(kind, lang))}</p>",
        f"<h2>{either('拟合结果', 'What was fitted', lang)}</h2>",
        _terms_html(judged, lang),
        f"<h2>{either('未拟合的项及原因', 'What was not fitted, and why', lang)}</h2>",
        _unfitted_html(judged, lang),
        f"<h2>{either('残差（实测 − 预测）', 'Residuals (measured − predicted)', lang)}</h2>",
        f'<img alt="residuals" src="data:image/png;base64,{picture}">',
        f"<h2>{either('各站址', 'Sites', lang)}</h2>",
        _sites_html(judged, lang),
    ]
    return page_html(title, "\n".join(parts), lang)


def _source_html(judged: Judged, facts: Facts, lang: Lang) -> str:
    told = {reason: _reason(reason, lang) for reason in facts.left_out}
    left = either("；", "; ", lang).join(f"{told[k]} {n}" for k, n in facts.left_out.items()) or "—"
    how = either("仅主服务小区", "serving cells only", lang)
    if not judged.terms.serving_only:
        how = either("每点多个小区", "several cells a place", lang)
    rows = [
        (either("实测文件", "measurements", lang), f"{facts.measurements} ({facts.sha256[:12]})"),
        (either("日期", "date", lang), facts.date),
        (either("读入 / 使用", "rows read / used", lang), f"{facts.read} / {facts.matched}"),
        (either("未用的行", "rows left out", lang), left),
        (either("站址", "sites", lang), f"{len(judged.by_site)}"),
        (either("逐次留出的站址组", "groups of sites left out in turn", lang), f"{judged.groups}"),
        (either("传播级别 / 地物", "level / clutter", lang), f"{facts.propagation} / {facts.clutter or '—'}"),
        (either("测量方式", "kind of measurement", lang), how),
    ]
    return table_html([], rows, "words")


_REASONS: dict[str, _Pair] = {
    "too_near": ("离站太近", "too near to the mast"),
    "beyond_formula": ("超出公式适用距离", "beyond the formula's distance"),
    "no_formula": ("没有适用的公式", "no formula holds"),
    "off_terrain": ("在地形数据之外", "outside the terrain"),
    "measured_unknown": ("不能匹配到站址", "no such station"),
    "measured_two_bands": ("站址有多个频段而行未写明", "site of several bands, none named"),
}


def _reason(key: str, lang: Lang) -> str:
    """Why rows were left out; a reason without words of its own is shown as it is."""
    return either(*_REASONS[key], lang) if key in _REASONS else key


def _errors_html(judged: Judged, lang: Lang) -> str:
    header = [
        either("模型", "model", lang),
        "RMSE dB",
        either("偏差 dB（预测 − 实测）", "bias dB (predicted − measured)", lang),
        "MAE dB",
        either("各站 RMSE 的均值 dB", "mean of the sites' RMSE dB", lang),
    ]
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
    return table_html(header, rows)


def _model_name(model: str, judged: Judged, lang: Lang) -> str:
    """Name of a model; only serving-cell data make the reading that of a serving cell."""
    if model == "calibrated" and not judged.terms.serving_only:
        return either("校准后读数", "calibrated reading", lang)
    return say(f"judged_{model}", lang)


_EXPLAINED: dict[str, _Pair] = {
    "uncalibrated": ("模型原样，不用任何实测。", "the model as it is, without any measurement."),
    "offset_per_band": (
        "每个频段整体加减一个数；校准至少应做到这样。",
        "one number added to each band; a calibration should do at least as well.",
    ),
    "calibrated_median": (
        "地图所用的中值：一半地点高于它。筛选过的读数（主服务或最强小区）平均高于它，因此这里的误差不是地图的误差。",
        "the median the maps use: half of all places are above it. Readings that are a selection (serving or "
        "strongest cells) are above it on average, so its error here is not the error of the maps.",
    ),
    "calibrated": (
        "手机在该小区上读到的值：中值加上筛选带来的部分。与实测比较应看这一行。",
        "what a phone on that cell reads: the median and what selection adds. Compare this row with the "
        "measurements.",
    ),
}


def _explained_html(judged: Judged, lang: Lang) -> str:
    """A sentence a model, in plain words."""
    items = [
        f"<li><b>{html.escape(_model_name(name, judged, lang))}</b>"
        f"{either('：', ': ', lang)}{html.escape(either(*text, lang))}</li>"
        for name, text in _EXPLAINED.items()
    ]
    return f"<ul>{''.join(items)}</ul>"


_TERMS: dict[str, _Pair] = {
    "offset": ("频段偏移 {id}（加到 RSRP，dB）", "offset of band {id} (added to RSRP, dB)"),
    "horizontal": ("水平方向图权重（模型为 1）", "weight of the horizontal pattern (model: 1)"),
    "vertical": ("垂直方向图权重（模型为 1）", "weight of the vertical pattern (model: 1)"),
    "diffraction": ("绕射权重（模型为 1）", "weight of diffraction (model: 1)"),
    "slope": ("距离斜率（加到损耗，dB/十倍距离）", "slope (added to the loss, dB per decade)"),
    "clutter": ("地物 {id}（加到损耗，dB）", "clutter {id} (added to the loss, dB)"),
    "sigma": ("阴影标准差", "spread of shadowing"),
}


def _term(name: str, lang: Lang) -> str:
    """A term in words: ``offset n28`` or ``vertical weight``."""
    first, _, rest = name.partition(" ")
    if first == "horizontal" and "," in rest:
        return either("方向图权重（水平、垂直）", "weights of the pattern, horizontal and vertical", lang)
    return either(*_TERMS[first], lang).replace("{id}", rest)


def _is_fitted(name: str, judged: Judged) -> bool:
    pattern, terms = judged.terms.pattern, judged.terms
    plain = {"horizontal weight": pattern, "vertical weight": pattern, "slope": terms.slope}
    return (plain | {"diffraction weight": terms.diffraction}).get(name, True)


def _terms_html(judged: Judged, lang: Lang) -> str:
    header = [
        either("项", "term", lang),
        either("数值", "value", lang),
        either("标准误差", "standard error", lang),
    ]
    error = judged.standard_error
    rows = [
        (_term(name, lang), f"{value:.2f}", f"± {error[name]:.2f}" if name in error else "—")
        for name, value in judged.fit.values().items()
        if _is_fitted(name, judged)
    ]
    if judged.fit.rival_dbm is not None:
        name = either("竞争小区电平（dBm）", "level of the rival cell (dBm)", lang)
        rows.append((name, f"{judged.fit.rival_dbm:.1f}", "—"))
    rows += [
        (either(f"阴影标准差 {band}（dB）", f"spread of shadowing, {band} (dB)", lang), f"{sigma:.2f}", "—")
        for band, sigma in judged.sigma_db.items()
    ]
    note = either(
        "标准误差由逐组留出站址得到（刀切法）；“—”表示没有。文件自有名称的地物（file:…）地图不认识，"
        "其数值不会用于地图，地图在这些地方与上面的中值相差该数值。",
        "Standard errors come from leaving groups of sites out (jackknife); — means none. Clutter in the "
        "file's own words (file:…) is unknown to the maps and is not applied: there the maps differ from "
        "the fitted median by that number.",
        lang,
    )
    return table_html(header, rows) + f"<p>{html.escape(note)}</p>"


def _unfitted_html(judged: Judged, lang: Lang) -> str:
    rows = [(_term(name, lang), either(*why, lang)) for name, why in unfitted(judged)]
    if not rows:
        return f"<p>{either('无：各项都已拟合。', 'Nothing: every term was fitted.', lang)}</p>"
    note = either("这些项保持模型原值。", "These terms keep the model's own value.", lang)
    return f"<p>{note}</p>" + table_html([], rows, "words")


def _sites_html(judged: Judged, lang: Lang) -> str:
    header = [
        either("站址", "site", lang),
        either("点数", "points", lang),
        either("距离中位 m", "median distance m", lang),
        either("未校准 RMSE", "uncalibrated RMSE", lang),
        either("校准 RMSE", "calibrated RMSE", lang),
        either("校准偏差（预测 − 实测）", "calibrated bias (predicted − measured)", lang),
    ]
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
    note = either(
        f"误差最大的在前，列出 {len(worst)} / {len(judged.by_site)} 个；全部见 calibration_sites.csv。",
        f"Largest errors first; {len(worst)} of {len(judged.by_site)} shown, all in calibration_sites.csv.",
        lang,
    )
    return f"<p>{note}</p>" + table_html(header, rows)


class _Dots(MacroElement):
    """Points and sites on canvas; popups are built as text, so a name is a name."""

    _template = Template(
        """{% macro script(this, kwargs) %}
(function (map, data) {
  const brush = L.canvas({padding: 0.3});
  function card(lines) {
    const node = document.createElement('div');
    lines.forEach(function (line) {
      node.appendChild(document.createElement('div')).textContent = line;
    });
    return node;
  }
  function dot(at, look, lines) {
    L.circleMarker(at, Object.assign({renderer: brush}, look))
      .bindPopup(function () { return card(lines()); }, {maxWidth: 280}).addTo(map);
  }
  data.points.forEach(function (p) {
    const look = {radius: 4, weight: 0.7, color: '#555', fillColor: data.colours[p[2]], fillOpacity: 0.9};
    dot([p[0], p[1]], look, function () {
      return [data.sites[p[3]], data.bands[p[4]]].concat(
        data.words.map(function (word, i) { return word.replace('#', p[5 + i].toFixed(1)); }));
    });
  });
  data.masts.forEach(function (m) {
    dot([m[0], m[1]], {radius: 6, weight: 2.5, color: '#111', fillColor: '#ffe14d', fillOpacity: 1},
      function () { return m[2]; });
  });
  map.fitBounds(data.bounds, {padding: [20, 20]});
  window.residualMap = {map: map, points: data.points.length, masts: data.masts.length};
})({{ this._parent.get_name() }}, {{ this.data }});
{% endmacro %}"""
    )

    def __init__(self) -> None:
        super().__init__()
        self._name = "ResidualDots"
        self.data = slot("dots")


def residual_map(
    judged: Judged,
    config: Config,
    facts: Facts,
    lang: Lang = "zh",
    places: Mapping[str, tuple[float, float]] | None = None,
) -> str:
    """Map of measured less calibrated, as one page that needs no network.

    Parameters
    ----------
    judged, config, facts, lang, places
        As in :func:`write_calibration`.

    Returns
    -------
    str
        HTML.
    """
    data = _dots(judged, config, lang, places or {})
    chart = folium.Map(tiles=None, prefer_canvas=True, attribution_control=False, control_scale=False)
    _Dots().add_to(chart)
    root: Any = chart.get_root()
    root.title = html.escape(either("校准残差图", "Map of residuals", lang))
    legend = _legend(judged, facts, len(data["masts"]), lang)
    page = fill(inline_assets(rendered(root)), {"dots": to_json(data)})
    return framed(page, lang, _MAP_HEAD, legend)  # last: the legend holds names, and no slot or asset


def _dots(
    judged: Judged, config: Config, lang: Lang, places: Mapping[str, tuple[float, float]]
) -> dict[str, Any]:
    """What the page draws: points by position in the lists of sites and bands."""
    sample, shown = judged.sample, drawn(len(judged.sample))
    lon, lat = lonlat(config.project.crs, sample.easting_m, sample.northing_m)
    sites, site = np.unique(sample.site.astype(str), return_inverse=True)
    bands, band = np.unique(sample.band.astype(str), return_inverse=True)
    predicted = judged.predicted["calibrated"]
    residual = sample.rsrp_dbm - predicted
    numbers = np.column_stack([sample.distance_m, sample.rsrp_dbm, predicted, residual]).round(1)
    points = [
        [
            round(float(lat[i]), 6),
            round(float(lon[i]), 6),
            int(np.searchsorted(_LIMITS_DB, residual[i])),
            int(site[i]),
            int(band[i]),
            *numbers[i].tolist(),
        ]
        for i in shown
    ]
    words = [
        either("距离 # 米", "distance # m", lang),
        either("实测 # dBm", "measured # dBm", lang),
        either("校准后读数 # dBm", "calibrated reading # dBm", lang),
        either("实测 − 校准 # dB", "measured − calibrated # dB", lang),
    ]
    masts = _masts(judged, config, lang, places)
    reached = [[lat.min(), lon.min()], [lat.max(), lon.max()]]
    return {
        "points": points,
        "sites": sites.tolist(),
        "bands": bands.tolist(),
        "words": words,
        "masts": masts,
        "colours": _COLOURS,
        "bounds": reached,
    }


def _masts(
    judged: Judged, config: Config, lang: Lang, places: Mapping[str, tuple[float, float]]
) -> list[list[Any]]:
    """Latitude, longitude and the lines of the popup of each site whose place is known."""
    known = [row for row in judged.by_site.itertuples() if row.site in places]
    if not known:
        return []
    east, north = np.array([places[row.site] for row in known], dtype=np.float64).T
    lon, lat = lonlat(config.project.crs, east, north)
    return [
        [
            round(float(lat[i]), 6),
            round(float(lon[i]), 6),
            [
                row.site,
                either(f"{row.points} 点", f"{row.points} points", lang),
                f"RMSE {row.rmse_calibrated:.1f} dB",
                either(
                    f"实测 − 校准 平均 {-row.bias_calibrated:+.1f} dB",
                    f"measured − calibrated, mean {-row.bias_calibrated:+.1f} dB",
                    lang,
                ),
            ],
        ]
        for i, row in enumerate(known)
    ]


def _legend(judged: Judged, facts: Facts, masts: int, lang: Lang) -> str:
    """What colours mean, how many points are drawn, and what is synthetic."""
    ends = ["< −15", "−15 … −9", "−9 … −3", "−3 … +3", "+3 … +9", "+9 … +15", "> +15"]
    marks = "".join(
        f'<div><span style="background:{colour}"></span> {end} dB</div>'
        for colour, end in zip(_COLOURS, ends, strict=True)
    )
    count = len(judged.sample)
    shown = len(drawn(count))
    title = either("实测 − 校准（站址未参与拟合）", "measured − calibrated (site left out)", lang)
    hint = either("红：比预测弱；蓝：比预测强", "red: weaker than predicted; blue: stronger", lang)
    lines = [either(f"显示 {shown} / {count} 点", f"{shown} of {count} points shown", lang)]
    lines.append(f"{facts.measurements} · {facts.propagation}")
    mast = either("站址", "site", lang)
    site = f'<div><span class="mast"></span> {mast}</div>' if masts else ""
    synthetic = f'<div class="warn">{html.escape(facts.synthetic)}</div>' if facts.synthetic else ""
    small = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
    return f'<div id="legend">{synthetic}<b>{title}</b><div>{hint}</div>{marks}{site}{small}</div>'


_MAP_HEAD = (
    '\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<style>html,body,.folium-map{width:100%;height:100%;margin:0}#legend{position:fixed;"
    "z-index:999;right:10px;bottom:16px;background:#fff;padding:8px 12px;max-width:240px;"
    "font:13px/1.5 'Microsoft YaHei',sans-serif;overflow-wrap:anywhere;border:1px solid #999}"
    "#legend span{display:inline-block;width:12px;height:12px;border:1px solid #555;border-radius:7px;"
    "vertical-align:-2px}#legend .mast{background:#ffe14d;border:2px solid #111;width:10px;height:10px}"
    "#legend .warn{background:#fce4d6;color:#9c2b00;font-weight:bold;padding:2px 6px;margin-bottom:4px}"
    ".leaflet-container{background:#dcdcd8}</style>"
)
"""Size of the map and look of the legend."""
