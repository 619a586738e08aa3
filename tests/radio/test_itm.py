"""The wrapper of the Irregular Terrain Model against NTIA's values (when they are there) and by its laws."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from siteplan.core.errors import RangeError
from siteplan.radio.itm import GroundConstants, Variability, itm_loss_db
from siteplan.radio.pathloss import free_space_loss

DATA = Path(__file__).with_name("data")
REFERENCE = "reference/radio/itm"
EXAMPLE_GROUND = GroundConstants(15.0, 0.005, vertical=True)
ACCIDENTAL = 1


def read_profiles(path):
    """Heights and spacing of each line: count of intervals, spacing, heights."""
    for line in path.read_text(encoding="utf-8").split():
        values = [float(value) for value in line.split(",")]
        assert len(values) == values[0] + 3
        yield np.array(values[2:]), values[1]


def copied(name):
    """Rows of a table of ``data`` (see the README there)."""
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def loss_of(given, heights, spacing):
    """Loss for one row of NTIA's table; time, location and situation are percentages."""
    given = {name: float(value) for name, value in given.items()}
    return itm_loss_db(
        heights,
        spacing,
        given["f__mhz"],
        given["h_tx__meter"],
        given["h_rx__meter"],
        n0=given["N_0"],
        climate=int(given["climate"]),
        ground=GroundConstants(given["epsilon"], given["sigma"], vertical=given["pol"] == 1),
        variability=Variability(given["time"], given["location"], given["situation"], int(given["mdvar"])),
    )


@pytest.mark.parametrize(
    ("given", "profile"),
    list(zip(copied("ntia_itm_losses.csv"), copied("ntia_itm_profiles.csv"), strict=True)),
    ids=[f"NTIA-itm-p2p.csv-row{row}-copied" for row in (2, 3, 4, 5)],
)
def test_paths_of_ntia(given, profile):
    """Four of the five rows of NTIA's own table, printed to 0.01 dB."""
    assert given["row"] == profile["row"]
    heights = np.array(profile["heights_m"].split(), dtype=float)
    assert loss_of(given, heights, float(profile["spacing_m"])) == pytest.approx(
        float(given["A__db"]), abs=0.015
    )


@pytest.mark.parametrize("row", range(5), ids=[f"NTIA-itm-p2p.csv-row{number}" for number in range(1, 6)])
def test_row_of_the_ntia_table(shared_file, row):
    """Row n of the table belongs to line n of the profiles; all five, printed to 0.01 dB.

    mdvar 12 is mobile without variability by location.
    """
    with (shared_file(REFERENCE) / "p2p.csv").open(encoding="utf-8") as file:
        given = list(csv.DictReader(file))[row]
    heights, spacing = list(read_profiles(shared_file(REFERENCE) / "pfls.csv"))[row]
    assert loss_of(given, heights, spacing) == pytest.approx(float(given["A__db"]), abs=0.015)


def command_example(profile, reliability, confidence):
    ((heights, spacing),) = read_profiles(profile)
    return itm_loss_db(
        heights,
        spacing,
        3500.0,
        15.0,
        3.0,
        n0=301.0,
        climate=5,
        ground=EXAMPLE_GROUND,
        variability=Variability(reliability, 50.0, confidence, ACCIDENTAL),
    )


@pytest.mark.parametrize(
    ("reliability", "confidence", "printed_db"),
    [
        (50, 50, 114.5),
        (10, 10, 110.9),
        (10, 60, 117.2),
        (10, 90, 129.1),
        (65, 10, 110.9),
        (65, 60, 117.4),
        (65, 90, 129.2),
        (90, 10, 110.9),
        (90, 60, 117.5),
        (90, 90, 129.3),
    ],
    ids=lambda value: f"{value}",
)
def test_command_line_example_of_ntia(shared_file, reliability, confidence, printed_db):
    """o_p2pcr.txt and o_p2pcr_tbl.txt, 3.635 km at 3.5 GHz, printed to 0.1 dB.

    NTIA's normal quantile is good to 4.5e-4; times a spread of 10 dB that is another 0.005 dB.
    """
    profile = shared_file(REFERENCE) / "cmd_examples" / "pfl.txt"
    assert command_example(profile, reliability, confidence) == pytest.approx(printed_db, abs=0.055)


def test_printed_example_names_the_same_values(shared_file):
    text = (shared_file(REFERENCE) / "cmd_examples" / "o_p2pcr.txt").read_text(encoding="utf-8")
    assert "Basic Transmission Loss  114.5" in text
    assert "Free Space               114.5" in text


def ridge(height_m, points=101):
    heights = np.zeros(points)
    heights[points // 2 - 2 : points // 2 + 3] = height_m
    return heights


def test_level_ground_near_the_mast_is_free_space():
    """2 km of level ground, 100 m masts at 5 GHz: far from the horizon ITM keeps free space within 1 dB."""
    loss = itm_loss_db(np.zeros(67), 30.0, 5000.0, 100.0, 100.0)
    assert loss == pytest.approx(float(free_space_loss(66 * 30.0, 5000.0)), abs=1.0)


def test_a_ridge_costs_and_a_higher_one_more():
    losses = [itm_loss_db(ridge(height), 100.0, 700.0, 30.0, 1.5) for height in (0.0, 100.0, 200.0, 400.0)]
    assert losses == sorted(losses)
    assert losses[-1] - losses[0] > 20.0


def test_a_higher_mast_costs_less():
    losses = [itm_loss_db(ridge(150.0), 100.0, 700.0, mast, 1.5) for mast in (10.0, 30.0, 60.0, 120.0)]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("name", ["time_percent", "situation_percent"])
def test_a_greater_share_needs_a_greater_loss(name):
    losses = [
        itm_loss_db(ridge(200.0), 200.0, 2600.0, 30.0, 1.5, variability=Variability(**{name: share}))
        for share in (1.0, 10.0, 50.0, 90.0, 99.0)
    ]
    assert losses == sorted(losses)


def test_the_median_is_the_same_in_every_mode():
    losses = {
        round(itm_loss_db(ridge(80.0), 100.0, 700.0, 30.0, 1.5, variability=Variability(mode=mode)), 9)
        for mode in (0, 1, 2, 3, 12, 23, 33)
    }
    assert len(losses) == 1


@pytest.mark.parametrize("seed", range(12))
def test_rough_random_profiles_give_a_finite_loss_without_a_warning(seed):
    """pytest turns warnings into errors: none may come out of the package."""
    draw = np.random.default_rng(seed)
    heights = 300.0 + draw.normal(0.0, 1.0, int(draw.integers(40, 400))).cumsum() * draw.uniform(0, 20)
    frequency = float(10 ** draw.uniform(math.log10(20), math.log10(20_000)))
    loss = itm_loss_db(heights, 30.0, frequency, 35.0, 1.5, climate=2)
    assert math.isfinite(loss)
    assert loss > float(free_space_loss((len(heights) - 1) * 30.0, frequency)) - 10.0


LEVEL = np.zeros(101)
REFUSED = [
    ("below 20 MHz", lambda: itm_loss_db(LEVEL, 100, 19, 30, 1.5)),
    ("above 20 GHz", lambda: itm_loss_db(LEVEL, 100, 20_001, 30, 1.5)),
    ("shorter than 1 km", lambda: itm_loss_db(LEVEL, 9.9, 700, 30, 1.5)),
    ("longer than 2000 km", lambda: itm_loss_db(LEVEL, 20_001, 700, 30, 1.5)),
    ("antenna in the ground", lambda: itm_loss_db(LEVEL, 100, 700, 0.4, 1.5)),
    ("receiver on an aircraft", lambda: itm_loss_db(LEVEL, 100, 700, 30, 3001)),
    ("two points", lambda: itm_loss_db([0.0, 0.0], 2000, 700, 30, 1.5)),
    ("a gap in the profile", lambda: itm_loss_db(np.full(101, np.nan), 100, 700, 30, 1.5)),
    ("two profiles", lambda: itm_loss_db(np.zeros((2, 101)), 100, 700, 30, 1.5)),
    ("refractivity of 200", lambda: itm_loss_db(LEVEL, 100, 700, 30, 1.5, n0=200)),
    ("climate 8", lambda: itm_loss_db(LEVEL, 100, 700, 30, 1.5, climate=8)),
    ("ground of air", lambda: itm_loss_db(LEVEL, 100, 700, 30, 1.5, ground=GroundConstants(1.0))),
    ("share of 100 %", lambda: itm_loss_db(LEVEL, 100, 700, 30, 1.5, variability=Variability(100.0))),
    ("mode 4", lambda: itm_loss_db(LEVEL, 100, 700, 30, 1.5, variability=Variability(mode=4))),
    ("mode 40", lambda: itm_loss_db(LEVEL, 100, 700, 30, 1.5, variability=Variability(mode=40))),
    ("a path too high for its air", lambda: itm_loss_db(LEVEL + 4000, 100, 700, 30, 1.5)),
]


@pytest.mark.parametrize("call", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_outside_the_range_the_model_refuses(call):
    with pytest.raises(RangeError):
        call()
