"""What ``siteplan calibrate`` leaves behind: the file to apply, tables, a report and a map of residuals.

One decision to know: residuals are measured less predicted, of points whose whole site was left out of the
fit; a map of the fit's own residuals would flatter it.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pyproj import Transformer

from siteplan import __version__
from siteplan.calibration import Judged, Sample
from siteplan.config import Config, clutter_kinds
from siteplan.outputs.sheets import inert
from siteplan.outputs.webmap.assets import inline_assets
from siteplan.outputs.webmap.page import CONTENT_POLICY
from siteplan.store import csv_bytes, write_atomic
from siteplan.texts import Lang, say

FILE = "calibration.toml"
MOST_DRAWN = 4000
"""Points on the map of residuals; of more an even draw is shown."""
_LIMITS_DB = (-15.0, -9.0, -3.0, 3.0, 9.0, 15.0)
_COLOURS = ("#67001f", "#d6604d", "#f4a582", "#bdbdbd", "#92c5de", "#4393c3", "#053061")
"""Red: weaker than predicted; blue: stronger."""
_STYLE = (
    "body{font:15px/1.6 'Microsoft YaHei',sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;"
    "color:#222}table{border-collapse:collapse;margin:1em 0}"
    "td,th{border:1px solid #bbb;padding:.3em .7em;text-align:right}"
    "td:first-child,th:first-child{text-align:left}th{background:#eef3f8}img{max-width:100%}"
    ".warn{background:#fce4d6;color:#9c2b00;padding:.5em 1em;font-weight:bold}"
)


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
    level, clutter
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
    level: str
    clutter: str
    date: str
    synthetic: str


def write_calibration(judged: Judged, config: Config, facts: Facts, folder: Path, lang: Lang = "zh") -> None:
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
    """
    plots = residual_plots(judged)
    texts = {
        FILE: calibration_toml(calibration_data(judged, config, facts)),
        "calibration_report.html": report_html(judged, facts, plots, lang),
        "residual_map.html": residual_map(judged, config, facts, lang),
    }
    for name, text in texts.items():
        write_atomic(folder / name, text.encode("utf-8"))
    write_atomic(folder / "residuals.png", plots)
    write_atomic(folder / "calibration_points.csv", points_csv(judged, config))
    sites = judged.by_site.round(3)
    rows = [[inert(value) for value in row] for row in sites.astype(object).to_numpy().tolist()]
    write_atomic(folder / "calibration_sites.csv", csv_bytes(list(sites.columns), rows))


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
        What :class:`siteplan.config.Calibration` reads; clutter of the measurement file's own words cannot
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
        "level": facts.level,
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
        "sites": len(judged.by_site),
        "groups_left_out_in_turn": judged.groups,
        "serving_cells_only": judged.terms.serving_only,
        "worth_applying": judged.is_worth_applying,
        "rows_left_out": facts.left_out,
        "rmse_db": {name: _rounded(value) for name, value in errors["rmse_db"].items()},
        "bias_db": {name: _rounded(value) for name, value in errors["bias_db"].items()},
        "standard_error": {name: _rounded(value) for name, value in judged.standard_error.items()},
        "local_clutter_db": local,
    }


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
        "# 应用: 在 project.toml 的 [coverage] 写 calibration = 本文件路径，或 plan --calibration",
        "# to apply: name this file as calibration under [coverage] in project.toml, or plan --calibration",
        "",
    ]
    return "\n".join([*head, *_toml_lines(data, "")]) + "\n"


def _toml_lines(table: dict[str, Any], name: str) -> list[str]:
    """Plain values first, then one section a table."""
    plain = [f"{_key(key)} = {_toml_value(v)}" for key, v in table.items() if not isinstance(v, dict)]
    lines = ([f"[{name}]"] if name and plain else []) + plain + ([""] if plain else [])
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _toml_lines(value, f"{name}.{_key(key)}" if name else _key(key))
    return lines


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _toml_value(name)


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    signs = {"\\": "\\\\", '"': '\\"'}
    text = "".join(signs.get(c, c if c.isprintable() else f"\\u{ord(c):04x}") for c in str(value))
    return f'"{text}"'


# --- tables -----------------------------------------------------------------------------------------


def points_csv(judged: Judged, config: Config) -> bytes:
    """Every point with what was measured and predicted, its site left out.

    Parameters
    ----------
    judged
        Fit and evidence.
    config
        Its CRS.

    Returns
    -------
    bytes
        CSV, UTF-8 with a mark.
    """
    sample = judged.sample
    lon, lat = _lonlat(sample, config)
    names = list(judged.predicted)
    header = ["row", "site", "band", "clutter", "longitude", "latitude", "distance_m", "measured_dbm"]
    header += [f"{name}_dbm" for name in names] + ["residual_db"]
    columns: list[Any] = [
        sample.row.tolist(), [inert(s) for s in sample.site], sample.band.tolist(),
        [inert(c) for c in sample.clutter], lon.round(6).tolist(), lat.round(6).tolist(),
        sample.distance_m.round(1).tolist(), sample.rsrp_dbm.round(2).tolist(),
        *(judged.predicted[name].round(2).tolist() for name in names),
        (sample.rsrp_dbm - judged.predicted["calibrated"]).round(2).tolist(),
    ]  # fmt: skip
    return csv_bytes(header, [list(row) for row in zip(*columns, strict=True)])


def _lonlat(sample: Sample, config: Config) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    transformer = Transformer.from_crs(config.project.crs, "EPSG:4326", always_xy=True)
    lon, lat = transformer.transform(sample.easting_m, sample.northing_m)
    return np.asarray(lon), np.asarray(lat)


# --- pictures ---------------------------------------------------------------------------------------


def residual_plots(judged: Judged) -> bytes:
    """Residuals against distance, their spread before and after, and measured against predicted.

    Parameters
    ----------
    judged
        Fit and evidence.

    Returns
    -------
    bytes
        PNG; labels are English, for machines without a Chinese font.
    """
    sample, figure = judged.sample, Figure(figsize=(13, 4.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    residual = sample.rsrp_dbm - judged.predicted["calibrated"]
    shown = _drawn(len(sample))
    left.scatter(sample.distance_m[shown], residual[shown], s=3, alpha=0.3, color="#4393c3", linewidths=0)
    _binned(left, sample.distance_m, residual)
    left.set(xscale="log", xlabel="distance [m]", ylabel="measured - calibrated [dB]")
    bins = np.arange(-50.0, 51.0, 2.0)
    for name, colour in (
        ("uncalibrated", "#bdbdbd"),
        ("offset_per_band", "#f4a582"),
        ("calibrated", "#053061"),
    ):
        miss = sample.rsrp_dbm - judged.predicted[name]
        label = f"{name}: {np.sqrt((miss**2).mean()):.1f} dB"
        middle.hist(miss, bins, histtype="step", color=colour, label=label, linewidth=1.6)
    middle.set(xlabel="measured - predicted [dB], site left out", ylabel="points")
    middle.legend(fontsize=8)
    predicted = judged.predicted["calibrated"][shown]
    right.scatter(predicted, sample.rsrp_dbm[shown], s=3, alpha=0.3, color="#4393c3", linewidths=0)
    ends = [float(sample.rsrp_dbm.min()), float(sample.rsrp_dbm.max())]
    right.plot(ends, ends, color="#d6604d")
    right.set(xlabel="calibrated [dBm]", ylabel="measured [dBm]")
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110, metadata={"Software": None})
    return target.getvalue()


def _binned(axes: Any, distance_m: NDArray[np.float64], residual: NDArray[np.float64]) -> None:
    """Median of the residuals in bands of distance."""
    edges = np.geomspace(distance_m.min(), distance_m.max() * 1.001, 13)
    number = np.digitize(distance_m, edges)
    bins = [k for k in range(1, len(edges)) if (number == k).sum() >= 10]
    centres = [np.sqrt(edges[k - 1] * edges[k]) for k in bins]
    axes.plot(centres, [np.median(residual[number == k]) for k in bins], color="#d6604d", marker="o")
    axes.axhline(0.0, color="#444", linewidth=0.8)


def _drawn(count: int) -> NDArray[np.int64]:
    """Positions of the points drawn: all, or an even draw that is always the same."""
    if count <= MOST_DRAWN:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST_DRAWN, replace=False))


# --- pages ------------------------------------------------------------------------------------------


def _word(chinese: str, english: str, lang: Lang) -> str:
    return chinese if lang == "zh" else english


def _page(title: str, body: str, lang: Lang) -> str:
    code = "zh-CN" if lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


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
    title = _word("传播模型校准报告", "Calibration of the propagation model", lang)
    picture = base64.b64encode(plots).decode("ascii")
    kind = "calibration_reading" if judged.terms.serving_only else "calibration_several"
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="warn">{html.escape(facts.synthetic)}</p>' if facts.synthetic else "",
        "" if judged.is_worth_applying else f'<p class="warn">{say("calibration_not_worth", lang)}</p>',
        _source_html(judged, facts, lang),
        f"<h2>{_word('误差（所在站址不参与拟合）', 'Errors on sites left out of the fit', lang)}</h2>",
        _errors_html(judged, lang),
        f"<p>{html.escape(say(kind, lang))}</p>",
        f"<h2>{_word('拟合结果', 'What was fitted', lang)}</h2>",
        _terms_html(judged, lang),
        f"<h2>{_word('残差', 'Residuals', lang)}</h2>",
        f'<img alt="residuals" src="data:image/png;base64,{picture}">',
        f"<h2>{_word('各站址', 'Sites', lang)}</h2>",
        _sites_html(judged, lang),
    ]
    return _page(title, "\n".join(parts), lang)


def _source_html(judged: Judged, facts: Facts, lang: Lang) -> str:
    left = "; ".join(f"{reason} {count}" for reason, count in facts.left_out.items()) or "—"
    how = _word("仅主服务小区", "serving cells only", lang)
    if not judged.terms.serving_only:
        how = _word("每点多个小区", "several cells a place", lang)
    rows = [
        (_word("实测文件", "measurements", lang), f"{facts.measurements} ({facts.sha256[:12]})"),
        (_word("日期", "date", lang), facts.date),
        (_word("读入 / 使用", "rows read / used", lang), f"{facts.read} / {facts.matched}"),
        (_word("未用的行", "rows left out", lang), left),
        (_word("站址", "sites", lang), f"{len(judged.by_site)}"),
        (_word("逐次留出的站址组", "groups of sites left out in turn", lang), f"{judged.groups}"),
        (_word("传播级别 / 地物", "level / clutter", lang), f"{facts.level} / {facts.clutter or '—'}"),
        (_word("测量方式", "kind of measurement", lang), how),
    ]
    return _table([], rows)


def _errors_html(judged: Judged, lang: Lang) -> str:
    header = [_word("模型", "model", lang), "RMSE dB", _word("偏差 dB", "bias dB", lang), "MAE dB"]
    header.append(_word("各站 RMSE 均值 dB", "RMSE of the mean site dB", lang))
    rows = [
        (say(f"judged_{row.model}", lang), f"{row.rmse_db:.2f}", f"{row.bias_db:+.2f}", f"{row.mae_db:.2f}",
         f"{row.site_rmse_db:.2f}")
        for row in judged.errors.itertuples()
    ]  # fmt: skip
    return _table(header, rows)


def _terms_html(judged: Judged, lang: Lang) -> str:
    header = [
        _word("项", "term", lang),
        _word("数值", "value", lang),
        _word("标准误差", "standard error", lang),
    ]
    rows = [
        (
            name,
            f"{value:.2f}",
            f"± {judged.standard_error[name]:.2f}" if name in judged.standard_error else "—",
        )
        for name, value in judged.fit.values().items()
    ]
    if judged.fit.rival_dbm is not None:
        name = _word("竞争小区电平 dBm", "level of the rival cell dBm", lang)
        rows.append((name, f"{judged.fit.rival_dbm:.1f}", "—"))
    note = html.escape(say("calibration_unfitted", lang))
    return _table(header, rows) + f"<p>{note}</p>"


def _sites_html(judged: Judged, lang: Lang) -> str:
    header = [
        _word("站址", "site", lang), _word("点数", "points", lang),
        _word("距离中位 m", "median distance m", lang),
        _word("未校准 RMSE", "uncalibrated RMSE", lang), _word("校准 RMSE", "calibrated RMSE", lang),
        _word("校准偏差", "calibrated bias", lang),
    ]  # fmt: skip
    worst = judged.by_site.sort_values("rmse_calibrated", ascending=False, kind="stable").head(200)
    rows = [
        (row.site, f"{row.points}", f"{row.distance_median_m:.0f}", f"{row.rmse_uncalibrated:.1f}",
         f"{row.rmse_calibrated:.1f}", f"{row.bias_calibrated:+.1f}")
        for row in worst.itertuples()
    ]  # fmt: skip
    return _table(header, rows)


def _table(header: list[str], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{html.escape(each)}</th>" for each in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(c))}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table>{f'<tr>{head}</tr>' if header else ''}{body}</table>"


def residual_map(judged: Judged, config: Config, facts: Facts, lang: Lang = "zh") -> str:
    """Map of measured less calibrated, as one page that needs no network.

    Parameters
    ----------
    judged, config, facts
        As in :func:`write_calibration`.
    lang
        Language.

    Returns
    -------
    str
        HTML.
    """
    sample = judged.sample
    shown = _drawn(len(sample))
    lon, lat = _lonlat(sample, config)
    residual = sample.rsrp_dbm - judged.predicted["calibrated"]
    chart = folium.Map(tiles=None, prefer_canvas=True, attribution_control=False, control_scale=True)
    for i in shown:
        colour = _COLOURS[int(np.searchsorted(_LIMITS_DB, residual[i]))]
        text = f"{sample.site[i]} · {sample.band[i]} · {sample.rsrp_dbm[i]:.1f} dBm · {residual[i]:+.1f} dB"
        folium.CircleMarker(
            (float(lat[i]), float(lon[i])), radius=4, color=colour, fill=True, fill_opacity=0.85, weight=0,
            tooltip=folium.Tooltip(html.escape(_untemplated(text))),
        ).add_to(chart)  # fmt: skip
    chart.fit_bounds([[float(lat.min()), float(lon.min())], [float(lat.max()), float(lon.max())]])
    root = chart.get_root()
    for number, element in enumerate(_all_elements(root), start=1):
        element._id = f"{number:05d}"
    page = inline_assets(str(root.render()))
    return _finished(page, _legend(facts, len(shown), len(sample), lang), lang)


def _untemplated(text: str) -> str:
    """Text without the braces a template would run."""
    return text.replace("{", "(").replace("}", ")").replace("`", "'").replace("\\", "/")


def _all_elements(root: Any) -> list[Any]:
    return [root, *(below for child in root._children.values() for below in _all_elements(child))]


def _legend(facts: Facts, shown: int, count: int, lang: Lang) -> str:
    """What colours mean, how many points are drawn, and what is synthetic."""
    ends = ["< -15", "-15…-9", "-9…-3", "-3…+3", "+3…+9", "+9…+15", "> +15"]
    marks = "".join(
        f'<div><span style="background:{colour}"></span> {end} dB</div>'
        for colour, end in zip(_COLOURS, ends, strict=True)
    )
    title = _word("实测 − 校准（站址未参与拟合）", "measured - calibrated (site left out)", lang)
    drawn = _word(f"显示 {shown} / {count} 点", f"{shown} of {count} points shown", lang)
    synthetic = f"<b>{html.escape(facts.synthetic)}</b>" if facts.synthetic else ""
    source = html.escape(f"{facts.measurements} · {facts.level}")
    return f'<div id="legend"><b>{title}</b>{marks}<div>{drawn}</div><div>{source}</div>{synthetic}</div>'


def _finished(page: str, legend: str, lang: Lang) -> str:
    """Policy, language, legend and the size of the map, around what folium renders."""
    code = "zh-CN" if lang == "zh" else "en"
    head = (
        f'<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        "<style>html,body,.folium-map{width:100%;height:100%;margin:0}#legend{position:fixed;"
        "z-index:999;right:10px;bottom:24px;background:#fff;padding:8px 12px;max-width:280px;"
        "font:13px/1.5 'Microsoft YaHei',sans-serif;"
        "border:1px solid #999}#legend span{display:inline-block;width:14px;height:14px}</style>"
    )
    return page.replace("<html>\n<head>", head, 1).replace("<body>", f"<body>{legend}", 1)
