"""Compliance distance against worked figures and its own laws."""

import pytest

from siteplan.core.errors import RangeError
from siteplan.radio.exposure import compliance_distance, power_density_limit


@pytest.mark.parametrize(
    ("frequency_mhz", "limit"),
    [(30.0, 0.4), (700.0, 0.4), (3_000.0, 0.4), (3_500.0, 0.46667), (15_000.0, 2.0), (80_000.0, 2.0)],
)
def test_limits_are_those_of_the_standards_table(frequency_mhz, limit):
    assert power_density_limit(frequency_mhz) == pytest.approx(limit, rel=1e-4)


@pytest.mark.parametrize(
    ("duty", "share", "at_3500", "at_700"),
    [(1.0, 1.0, 93.0, 31.7), (1.0, 0.2, 207.0, 70.9), (0.25, 1.0, 46.3, 15.9), (0.25, 0.2, 103.5, 35.5)],
)
def test_worked_figures(duty, share, at_3500, at_700):
    """200 W with 24 dBi at 3.5 GHz, 160 W with 15 dBi at 700 MHz."""
    assert compliance_distance([200], [24], [3_500], duty=duty, share=share) == pytest.approx(
        at_3500, rel=6e-3
    )
    assert compliance_distance([160], [15], [700], duty=duty, share=share) == pytest.approx(at_700, rel=6e-3)


def test_bands_add_up_as_shares_of_their_limits():
    one, other = compliance_distance([200], [24], [3_500]), compliance_distance([160], [15], [700])
    assert compliance_distance([200, 160], [24, 15], [3_500, 700]) == pytest.approx(
        (one**2 + other**2) ** 0.5
    )
    assert compliance_distance([], [], []) == 0.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: power_density_limit(29.0),
        lambda: power_density_limit(3.1e5),
        lambda: compliance_distance([1], [0], [700], duty=0.0),
        lambda: compliance_distance([1], [0], [700], share=1.1),
        lambda: compliance_distance([-1], [0], [700]),
    ],
)
def test_out_of_range_raises(call):
    with pytest.raises(RangeError):
        call()
