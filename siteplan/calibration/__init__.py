"""The model held against measurements: samples, fit, and the error on sites it has not seen.

What is fitted are departures from the uncalibrated model, held near zero by a ridge
that weighs sites rather than points, so little data moves the model little.
"""

from siteplan.calibration.conditioning import Conditioned
from siteplan.calibration.fit import Fit, Terms, fit_terms
from siteplan.calibration.judgement import Judged, calibrate
from siteplan.calibration.measured_map import MeasuredMap, NetworkField, condition_outage, measured_map
from siteplan.calibration.sample import MOST_POINTS, Sample, build_sample
from siteplan.calibration.service import JUDGED_DBM, MapPlaces, Places, ServiceJudged, Spread, build_places

__all__ = [
    "JUDGED_DBM",
    "MOST_POINTS",
    "Conditioned",
    "Fit",
    "Judged",
    "MapPlaces",
    "MeasuredMap",
    "NetworkField",
    "Places",
    "Sample",
    "ServiceJudged",
    "Spread",
    "Terms",
    "build_places",
    "build_sample",
    "calibrate",
    "condition_outage",
    "fit_terms",
    "measured_map",
]
