"""Plots of a calibration, drawn through matplotlib's objects: no window, no global state.

Labels are English and plain ASCII. A machine may lack a font for anything else, and
a name out of a table may hold what matplotlib would read as a formula.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from siteplan.calibration import Judged, ServiceJudged

MOST_DRAWN = 4000
"""Points drawn on maps and plots; of more an even draw is shown."""
_BANDS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_OTHER_BAND = "#777777"
_LEAST_IN_BIN, _BINS = 10, 13
_MODELS = (("uncalibrated", "#9a9a9a"), ("offset_per_band", "#e69f00"), ("calibrated", "#053061"))
Values = NDArray[np.float64]


def drawn(count: int) -> NDArray[np.int64]:
    """Positions of the points drawn: all, or an even draw that is always the same.

    Returns
    -------
    ndarray
        Rising, at most ``MOST_DRAWN``.

    Examples
    --------
    >>> drawn(3).tolist(), len(drawn(10 * MOST_DRAWN)) == MOST_DRAWN
    ([0, 1, 2], True)
    """
    if count <= MOST_DRAWN:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, MOST_DRAWN, replace=False))


def residual_plots(judged: Judged, synthetic: str = "") -> bytes:
    """Residuals against distance by band, their spread before and after, and measured against predicted."""
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    if synthetic:
        figure.suptitle(_label(synthetic, "simulated or synthetic data"), color="#9c2b00", fontsize=10)
    left, middle, right = figure.subplots(1, 3)
    _against_distance(left, judged)
    _spreads(middle, judged)
    _measured_predicted(right, judged)
    return _png(figure)


def reliability_plot(service: ServiceJudged) -> bytes:
    """Observed share against probability in ten bins of equal count, by model, one panel a level."""
    levels = sorted(service.reliability["threshold_dbm"].unique(), reverse=True)
    figure = Figure(figsize=(3.4 * len(levels) + 0.6, 3.6), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(levels), sharey=True))
    for axes, level in zip(panels, levels, strict=True):
        axes.plot([0.0, 1.0], [0.0, 1.0], color="#888888", linewidth=0.8)
        for model, colour in (each for each in _MODELS if each[0] != "offset_per_band"):
            table = service.reliability
            mine = table[(table["model"] == model) & (table["threshold_dbm"] == level)]
            axes.plot(mine["probability"], mine["observed"], marker="o", color=colour, label=model)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability", title=f"{level:g} dBm")
    panels[0].set(ylabel="observed share")
    panels[0].legend(fontsize=8, loc="upper left")
    return _png(figure)


def _png(figure: Figure) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110, metadata={"Software": None})
    return target.getvalue()


def _label(text: str, instead: str) -> str:
    """A text any font draws and nobody parses, else another."""
    inside = text if text.isascii() and text.isprintable() else instead
    return inside.replace("$", r"\$")[:80]


def _against_distance(axes: Axes, judged: Judged) -> None:
    """Points and binned medians of each band, and the median the maps use."""
    sample, shown = judged.sample, drawn(len(judged.sample))
    residual = sample.rsrp_dbm - judged.predicted["calibrated"]
    bands = sorted(set(sample.band.astype(str)))
    for number, band in enumerate(bands):
        colour = _BANDS[number] if number < len(_BANDS) else _OTHER_BAND
        mine = sample.band == band
        few = shown[mine[shown]]
        axes.scatter(sample.distance_m[few], residual[few], s=3, alpha=0.25, color=colour, linewidths=0)
        name = f"median, {_label(band, f'band {number + 1}')}"
        _binned(axes, sample.distance_m[mine], residual[mine], color=colour, marker="o", label=name)
    median = sample.rsrp_dbm - judged.predicted["calibrated_median"]
    _binned(
        axes, sample.distance_m, median, color="#222222", linestyle="--", label="measured - median of maps"
    )
    axes.axhline(0.0, color="#444444", linewidth=0.8)
    axes.set(xscale="log", xlabel="distance [m]", ylabel="measured - calibrated [dB]")
    axes.legend(fontsize=7, loc="lower left")


def _binned(axes: Axes, distance_m: Values, residual: Values, **look: Any) -> None:
    """Median of the residuals in bins of distance that hold enough points."""
    edges = np.geomspace(distance_m.min(), distance_m.max() * 1.001, _BINS)
    number = np.digitize(distance_m, edges)
    bins = [k for k in range(1, len(edges)) if (number == k).sum() >= _LEAST_IN_BIN]
    if bins:
        centres = [np.sqrt(edges[k - 1] * edges[k]) for k in bins]
        axes.plot(centres, [np.median(residual[number == k]) for k in bins], markersize=4, **look)


def _spreads(axes: Axes, judged: Judged) -> None:
    bins = np.arange(-50.0, 51.0, 2.0).tolist()
    for name, colour in _MODELS:
        miss = judged.sample.rsrp_dbm - judged.predicted[name]
        label = f"{name.replace('_', ' ')}: RMSE {np.sqrt((miss**2).mean()):.1f} dB"
        axes.hist(miss, bins, histtype="step", color=colour, label=label, linewidth=1.6)
    axes.margins(y=0.28)  # room for the legend
    axes.set(xlabel="measured - predicted [dB], site left out", ylabel="points")
    axes.legend(fontsize=8, loc="upper right")


def _measured_predicted(axes: Axes, judged: Judged) -> None:
    shown = drawn(len(judged.sample))
    measured, predicted = judged.sample.rsrp_dbm, judged.predicted["calibrated"]
    axes.scatter(predicted[shown], measured[shown], s=3, alpha=0.3, color="#4393c3", linewidths=0)
    ends = [float(measured.min()), float(measured.max())]
    axes.plot(ends, ends, color="#d6604d", linewidth=1.2, label="equal")
    axes.set(xlabel="calibrated [dBm]", ylabel="measured [dBm]")
    axes.legend(fontsize=8, loc="upper left")
