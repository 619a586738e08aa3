"""Where a calibration comes from, and which terms could not be fitted, for the file and the report alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteplan.calibration import Judged, Sample, judgement
from siteplan.core.errors import Fault
from siteplan.words.catalogue import Message


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
    missing
        Faults for which the network's own inputs alone were read.
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
    missing: tuple[Fault, ...] = ()


def unfitted(judged: Judged) -> list[tuple[str, Message]]:
    """Terms that keep the model's own value, and why.

    Returns
    -------
    list of tuple
        Name as in the file's evidence, and the reason as key and values.
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
        _, values = _too_few(sample, shade, judgement.SHADOW_POINTS, judgement.SHADOW_SITES + 1)
        few = ("too_few_shadowed", {**values, "db": judgement.SHADOW_DB})
        rows.append(("diffraction weight", few))
    if not terms.slope:
        rows.append(("slope", _why_no_slope(sample, terms.serving_only)))
    return rows + _unfitted_clutter(judged) + _unfitted_sigma(judged)


def _too_few(sample: Sample, mine: NDArray[np.bool_], points: int, sites: int) -> Message:
    """How many there are, and how many it takes."""
    have, at = int(mine.sum()), len(set(sample.site[mine]))
    return "too_few_points", {"have": have, "at": at, "points": points, "sites": sites}


def _why_no_pattern(sample: Sample) -> Message:
    aimed = np.isfinite(sample.cap_db)
    if not aimed.any():
        return "why_no_azimuths", {}
    if sample.antenna_db[aimed].std() < judgement.PATTERN_SPREAD_DB:
        return "why_flat_pattern", {}
    return _too_few(sample, aimed, judgement.PATTERN_POINTS, judgement.PATTERN_SITES + 1)


def _why_no_slope(sample: Sample, serving_only: bool) -> Message:
    if serving_only:
        return "why_serving_only", {}
    low, high = np.quantile(np.log10(sample.distance_m), [0.05, 0.95])
    if high - low < judgement.SLOPE_DECADES:
        return "why_same_distance", {}
    return _too_few(
        sample, np.ones(len(sample), dtype=np.bool_), judgement.SLOPE_POINTS, judgement.SLOPE_SITES + 1
    )


def _unfitted_clutter(judged: Judged) -> list[tuple[str, Message]]:
    sample, rows = judged.sample, []
    for kind in sorted(set(sample.clutter.astype(str)) - set(judged.terms.clutter)):
        mine = sample.clutter == kind
        few = _too_few(sample, mine, judgement.CLUTTER_POINTS, judgement.CLUTTER_SITES + 1)
        enough = (
            mine.sum() >= judgement.CLUTTER_POINTS and len(set(sample.site[mine])) > judgement.CLUTTER_SITES
        )
        alone: Message = ("alone_of_its_kind", {})
        rows.append((f"clutter {kind}", alone if enough else few))
    return rows


def _unfitted_sigma(judged: Judged) -> list[tuple[str, Message]]:
    if judged.sigma_db or judged.service is not None:
        return []
    return [("sigma", ("why_selected", {}))]
