"""A project whose masts have sector antennas."""

from __future__ import annotations

from siteplan.project.project_file import parse_config, with_calibration
from siteplan.radio.antenna import Pattern
from siteplan.radio.linkbudget import SectorPattern
from worlds.two_counties import project_with

NAN = float("nan")
PATTERN = Pattern(65.0, 8.0, 18.0, 25.0)
SHAPE = SectorPattern(PATTERN, downtilt_deg=6.0)


ANTENNA = {
    "id": "8T",
    "gain_dbi": 17.0,
    "vertical_beamwidth_deg": 8.0,
    "side_lobe_db": 18.0,
    "front_to_back_db": 25.0,
    "downtilt_deg": 6.0,
}


def project(
    antenna=True, eirp_dbm=36.7, clutter_m=12.0, radius_m=2_000.0, weights=None, propagation="empirical"
):
    data = project_with()
    data["antennas"] = [ANTENNA]
    given = {"antenna": "8T", "feeder_loss_db": 0.5} if antenna else {}
    for band in data["bands"]:
        band["classes"] = {"*": {"models": [{"formula": "rma_nlos"}], "eirp_per_re_dbm": eirp_dbm, **given}}
    for each in data["area_classes"]:
        each |= {"clutter_height_m": clutter_m, "max_radius_m": radius_m}
    config = parse_config(data)
    if weights is None:
        return config
    fitted = {
        "schema": "siteplan-calibration/1",
        "propagation": propagation,
        "bands": {"high": {"offset_db": 0.0}},
        "horizontal_weight": weights[0],
        "vertical_weight": weights[1],
    }
    return with_calibration(config, fitted)
