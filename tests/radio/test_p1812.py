"""ITU-R P.1812-8 against the result sheets of Study Group 3 (when they are there) and by its own laws."""

import csv
import dataclasses
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from siteplan.core.errors import RangeError
from siteplan.radio.diffraction import (
    Profile,
    SphericalPath,
    bullington_loss,
    bullington_nu,
    effective_earth_radius_km,
    knife_edge_loss,
    spherical_earth_loss,
)
from siteplan.radio.p1812 import P1812Result, path_loss_p1812

DATA = Path(__file__).with_name("data")
REFERENCE = "reference/radio/p1812"
PATHS = {
    "b2iseac": 3,
    "b2iseac_dense_urban_land_eqdist": 3,
    "b2iseac_eqdist": 3,
    "b2iseac_eqdist_vertical": 3,
    "b2iseac_rural_land_100km": 3,
    "b2iseac_rural_land_100km_eqdist": 3,
    "b2iseac_rural_land_10km": 3,
    "b2iseac_rural_land_1km": 3,
    "b2iseac_rural_land_1km_eqdist": 3,
    "rburg": 3,
    "rburg_rural_noclutter": 3,
    "rburg_rural_noclutter_los_subpath_diffraction": 3,
    "rburg_rural_with_clutter": 3,
    "rburg_urban_with_clutter_vertical": 6,
}
"""Profiles of the study group, and result sheets of each."""
LOGS = [(path, number) for path, count in PATHS.items() for number in range(count)]
INPUTS = [
    "Ptx",
    "Gtx",
    "Grx",
    "f",
    "p",
    "pL",
    "sigmaL",
    "phi_t",
    "phi_r",
    "lam_t",
    "lam_r",
    "htg",
    "hrg",
    "pol",
    "DN",
    "N0",
    "dct",
    "dcr",
    "R2",
    "Rn-1",
]


def read_log(path):
    values = defaultdict(list)
    with path.open(encoding="utf-8") as file:
        for row in csv.reader(file):
            if len(row) > 3 and row[3] not in {"", "Value"} and "w.r.t." not in row[0]:
                values[row[0].split("(")[0].strip()].append(float(row[3]))
    return values


def read_profile(path):
    lines = [line.rstrip(",") for line in path.read_text(encoding="latin-1").splitlines()]
    start = lines.index("{Begin of Profile}")
    count = int(lines[start + 1].split(",")[1])
    rows = [line.split(",")[:5] for line in lines[start + 2 : start + 2 + count]]
    return np.array(rows, dtype=float)[:, [0, 1, 3, 4]]


def compute(one, profile):
    """Loss of a profile (distance, ground, clutter, zone) for the inputs of one sheet."""
    return path_loss_p1812(
        one["f"],
        one["p"],
        profile[:, 0],
        profile[:, 1],
        profile[:, 2],
        profile[:, 3].astype(int),
        one["htg"],
        one["hrg"],
        polarization=int(one["pol"]),
        latitudes=(one["phi_t"], one["phi_r"]),
        longitudes=(one["lam_t"], one["lam_r"]),
        delta_n=one["DN"],
        n0=one["N0"],
        coast_distances_km=(one["dct"], one["dcr"]),
        location_percent=one["pL"],
        sigma_location_db=one["sigmaL"],
    )


def expected_values(log):
    """Result field -> value; a name the sheet prints twice is first the uncorrected value."""
    first_of_two = {"hst": "hst_85", "hsr": "hsr_86"}
    expected = {name: values[-1] for name, values in log.items() if name and name not in INPUTS}
    return expected | {field: log[name][0] for name, field in first_of_two.items()}


@pytest.mark.parametrize(("path", "number"), LOGS, ids=[f"{path}_{number}" for path, number in LOGS])
def test_every_value_of_the_reference_sheet(shared_file, path, number):
    folder = shared_file(REFERENCE)
    log = read_log(folder / "validation_results" / f"{path}_{number}_log.csv")
    profile = read_profile(folder / "validation_profiles" / f"{path}.csv")
    result = compute({name: values[0] for name, values in log.items()}, profile).as_dict()
    for name, value in expected_values(log).items():
        assert result[name] == pytest.approx(value, abs=1e-6), name


def test_the_reference_sheets_are_all_tried(shared_file):
    sheets = (shared_file(REFERENCE) / "validation_results").glob("*_log.csv")
    assert {sheet.stem for sheet in sheets} == {f"{path}_{number}_log" for path, number in LOGS}
    assert len(LOGS) == 45


def copied(name):
    """Rows of a table of ``data`` (see the README there)."""
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "row",
    copied("itu_p1812_losses.csv"),
    ids=lambda row: f"P.1812-8-SG3-{row['path']}-{row['p']}%",
)
def test_paths_of_the_study_group(row):
    """Three paths of 1, 10 and 235 km, over land and over sea: 47 values each, free space,
    diffraction, ducting, troposcatter and what they come to among them."""
    profile = np.array(
        [
            [float(point[name]) for name in ("distance_km", "ground_m", "clutter_m", "zone")]
            for point in copied("itu_p1812_profiles.csv")
            if point["path"] == row["path"]
        ]
    )
    given = {name: float(value) for name, value in row.items() if name != "path"}
    result = compute(given, profile).as_dict()
    printed = {name: value for name, value in given.items() if name not in INPUTS}
    assert {"Lbfs", "Ld50", "Ldp", "Lba", "Lbs", "Lbc", "Lb", "Ep"} <= set(printed)
    for name, value in printed.items():
        assert result[name] == pytest.approx(value, abs=1e-6), name


def mountain(**changes):
    x = np.linspace(0.0, 6.0, 121)
    ground = 200.0 + 250.0 * np.exp(-(((x - 3.5) / 0.5) ** 2)) + 30.0 * np.sin(7.0 * x)
    given = {
        "frequency_ghz": 2.6,
        "time_percent": 50.0,
        "distance_km": x,
        "ground_m": ground,
        "clutter_m": np.zeros_like(x),
        "zone": np.full(len(x), 4),
        "tx_height_m": 35.0,
        "rx_height_m": 1.5,
        "latitudes": (24.8, 24.8),
        "longitudes": (113.6, 113.66),
        "delta_n": 46.5,
        "n0": 354.7,
    }
    return path_loss_p1812(**(given | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"frequency_ghz": 6.1},
        {"frequency_ghz": 0.02},
        {"time_percent": 51.0},
        {"time_percent": 0.5},
        {"tx_height_m": 0.5},
        {"rx_height_m": 3001.0},
        {"location_percent": 99.5},
        {"sigma_location_db": -1.0},
        {"polarization": "circular"},
        {"polarization": 3},
        {"delta_n": 157.0},
        {"delta_n": 0.0},
        {"distance_km": np.linspace(0.0, 0.24, 121)},
        {"distance_km": np.linspace(0.0, 3001.0, 121)},
        {"distance_km": np.linspace(0.1, 6.0, 121)},
        {"distance_km": np.zeros(121)},
        {"ground_m": np.full(121, np.nan)},
        {"clutter_m": np.full(121, -1.0)},
        {"zone": np.full(121, 2)},
        {"zone": np.full(120, 4)},
    ],
    ids="-".join,
)
def test_outside_its_range_it_raises(changes):
    with pytest.raises(RangeError):
        mountain(**changes)


def test_result_is_frozen_and_complete():
    result = mountain()
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.Lb = 0.0
    assert list(result.as_dict()) == [field.name for field in dataclasses.fields(P1812Result)]
    assert all(math.isfinite(value) for value in result.as_dict().values())


def test_location_variability_is_normal_around_the_median():
    median = mountain(sigma_location_db=8.0).Lb
    assert mountain(location_percent=84.13, sigma_location_db=8.0).Lb == pytest.approx(median + 8.0, abs=0.01)
    assert mountain(location_percent=15.87, sigma_location_db=8.0).Lb == pytest.approx(median - 8.0, abs=0.01)
    at_sea = np.full(121, 4)
    at_sea[-1] = 1
    assert mountain(zone=at_sea, location_percent=90, sigma_location_db=8.0).Lb == pytest.approx(
        mountain(zone=at_sea).Lb
    )


def test_loss_never_falls_with_the_share_of_time():
    losses = [mountain(time_percent=p).Lb for p in (1, 5, 10, 20, 50)]
    assert losses == sorted(losses)


def test_equal_heights_make_the_path_reciprocal():
    x = np.linspace(0.0, 6.0, 121)
    ground = 200.0 + 250.0 * np.exp(-(((x - 2.0) / 0.5) ** 2)) + 30.0 * np.sin(7.0 * x)
    there = mountain(ground_m=ground, tx_height_m=10.0, rx_height_m=10.0)
    back = mountain(
        ground_m=ground[::-1],
        tx_height_m=10.0,
        rx_height_m=10.0,
        latitudes=(24.8, 24.8),
        longitudes=(113.66, 113.6),
    )
    assert there.Lb == pytest.approx(back.Lb, abs=1e-9)
    assert (there.th_t, there.dlt) == pytest.approx((back.th_r, back.dlr))


def test_knife_edge_is_six_decibels_at_grazing_and_grows():
    nu = np.linspace(-2.0, 20.0, 200)
    losses = [knife_edge_loss(value) for value in nu]
    assert losses == sorted(losses)
    assert losses[0] == 0.0
    assert knife_edge_loss(0.0) == pytest.approx(6.9 + 20 * math.log10(math.sqrt(1.01) - 0.1))


def test_one_wall_is_the_knife_edge_of_its_own_geometry():
    """On a flat Earth with one obstacle the Bullington point is the obstacle."""
    wall = Profile(np.array([0.0, 2.0, 5.0]), np.array([0.0, 80.0, 0.0]), 30.0, 10.0)
    nu, line_of_sight = bullington_nu(wall, 1e12, 2.6)
    rise = 80.0 - (30.0 * 3.0 + 10.0 * 2.0) / 5.0
    wavelength = 0.2998 / 2.6
    assert not line_of_sight
    assert nu == pytest.approx(rise * math.sqrt(2.0 * 5000.0 / (wavelength * 2000.0 * 3000.0)), rel=1e-9)
    loss = knife_edge_loss(nu)
    assert bullington_loss(wall, 1e12, 2.6) == pytest.approx(loss + (1 - math.exp(-loss / 6)) * 10.1)


def test_smooth_earth_loses_nothing_with_clearance_and_more_behind_the_horizon():
    radius = effective_earth_radius_km(45.0)
    near, far = (SphericalPath(d, 200.0, 200.0, 1.0, True, 0.0) for d in (20.0, 150.0))
    assert spherical_earth_loss(near, radius) == 0.0
    assert spherical_earth_loss(far, radius) > 20.0
    at_sea = dataclasses.replace(far, sea_share=1.0)
    assert spherical_earth_loss(at_sea, radius) <= spherical_earth_loss(far, radius)
