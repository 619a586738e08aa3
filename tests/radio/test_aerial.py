"""Path loss to drones: worked figures of the report's formulas, and their range."""

import math

import numpy as np
import pytest

from siteplan.core.errors import RangeError
from siteplan.radio.aerial import FARTHEST_M, HEIGHT_M, aerial_path_loss, aerial_spread


def test_worked_figures_of_the_table():
    assert aerial_path_loss(1_000.0, 2_000.0, 100.0, "uma") == pytest.approx(28 + 66 + 20 * math.log10(2))
    rural = 20.3 * 3 + 20 * math.log10(40 * math.pi * 0.7 / 3)
    assert aerial_path_loss(1_000.0, 700.0, 100.0, "rma") == pytest.approx(rural, abs=0.01)
    high = 20.0 * 3 + 20 * math.log10(40 * math.pi * 0.7 / 3)
    assert aerial_path_loss(1_000.0, 700.0, 300.0, "rma") == pytest.approx(high)


def test_the_spread_falls_with_the_height():
    for scenario in ("rma", "uma"):
        spreads = [aerial_spread(height, scenario) for height in (50.0, 100.0, 200.0, 300.0)]
        assert spreads == sorted(spreads, reverse=True)
    assert aerial_spread(300.0, "uma") == pytest.approx(4.64 * math.exp(-1.98))


@pytest.mark.parametrize("scenario", ["rma", "uma"])
def test_no_path_loses_less_than_free_space_by_much(scenario):
    distance = np.geomspace(50.0, FARTHEST_M[scenario], 30)
    free = 20 * np.log10(distance) + 20 * math.log10(2.6e9) - 147.55
    assert (aerial_path_loss(distance, 2_600.0, 120.0, scenario) > free - 1.5).all()


@pytest.mark.parametrize(
    ("distance_m", "frequency_mhz", "height_m", "scenario"),
    [
        (5.0, 700.0, 100.0, "rma"),
        (10_001.0, 700.0, 100.0, "rma"),
        (4_001.0, 700.0, 100.0, "uma"),
        (1_000.0, 400.0, 100.0, "rma"),
        (1_000.0, 700.0, HEIGHT_M["rma"][0], "rma"),
        (1_000.0, 700.0, 22.5, "uma"),
        (1_000.0, 700.0, 301.0, "uma"),
    ],
)
def test_out_of_range_raises(distance_m, frequency_mhz, height_m, scenario):
    with pytest.raises(RangeError):
        aerial_path_loss(distance_m, frequency_mhz, height_m, scenario)
