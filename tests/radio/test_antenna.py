"""The sector pattern against the figures of TR 38.901, Table 7.3-1, and its symmetries."""

import numpy as np
import pytest

from siteplan.core.errors import RangeError
from siteplan.radio.antenna import (
    ELEMENT,
    Pattern,
    attenuation_db,
    horizontal_attenuation_db,
    vertical_attenuation_db,
)

# Both cuts of the table: 65 degrees between the points of -3 dB, 30 dB at most.
# 12 (10 / 65)^2 = 0.284, 12 (32.5 / 65)^2 = 3, 12 (65 / 65)^2 = 12, 12 (100 / 65)^2 = 28.402, then the limit.
CUT = [(0, 0.0), (10, 0.284), (32.5, 3.0), (65, 12.0), (100, 28.402), (103, 30.0), (150, 30.0), (180, 30.0)]


@pytest.mark.parametrize("cut", [horizontal_attenuation_db, vertical_attenuation_db])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("offset_deg", "table_db"), CUT, ids=[f"TR38.901-7.3-1-{offset}deg" for offset, _ in CUT]
)
def test_cuts_of_the_table(cut, sign, offset_deg, table_db):
    assert float(cut(sign * offset_deg)) == pytest.approx(table_db, abs=1e-3)


def test_both_cuts_add_up_to_the_limit():
    assert float(attenuation_db(0, 0)) == 0.0
    assert float(attenuation_db(32.5, -32.5)) == pytest.approx(6.0)
    assert float(attenuation_db(65, 32.5)) == pytest.approx(15.0)
    assert float(attenuation_db(90, 90)) == 30.0
    assert float(attenuation_db(180, 0)) == 30.0
    assert float(attenuation_db(180, 90)) == 30.0


@pytest.mark.parametrize(
    ("one", "other"), [(350, -10), (190, -170), (-350, 10), (360, 0), (540, 180), (725, 5), (-180, 180)]
)
def test_azimuth_goes_round(one, other):
    assert float(horizontal_attenuation_db(one)) == pytest.approx(
        float(horizontal_attenuation_db(other)), abs=1e-9
    )


def test_symmetric_and_never_falling_away_from_boresight():
    offsets = np.linspace(0, 179.5, 360)
    for cut in (horizontal_attenuation_db, vertical_attenuation_db):
        assert np.array_equal(cut(offsets), cut(-offsets))
        assert np.all(np.diff(cut(offsets)) >= 0)
    both = attenuation_db(offsets[:, None], offsets)
    assert both.shape == (360, 360)
    assert both.min() == 0.0
    assert both.max() == 30.0


def test_a_narrow_beam_looking_down():
    """8 degrees high, tilted by 6: a path 10 degrees down is 4 off, half the width, 3 dB."""
    pattern = Pattern(vertical_beamwidth_deg=8, side_lobe_db=18, front_to_back_db=25)
    downward, tilt = np.array([6.0, 10.0, 2.0, 40.0]), 6.0
    assert attenuation_db(0, downward - tilt, pattern).tolist() == pytest.approx([0, 3, 3, 18])
    assert float(attenuation_db(180, 40 - tilt, pattern)) == 25.0
    assert Pattern() == ELEMENT


REFUSED = [
    ("no width", lambda: Pattern(horizontal_beamwidth_deg=0)),
    ("wider than round", lambda: Pattern(horizontal_beamwidth_deg=361)),
    ("no height", lambda: Pattern(vertical_beamwidth_deg=-1)),
    ("higher than a half circle", lambda: Pattern(vertical_beamwidth_deg=181)),
    ("side lobes louder than the beam", lambda: Pattern(side_lobe_db=0)),
    ("back louder than the front", lambda: Pattern(front_to_back_db=-3)),
    ("beamwidth not a number", lambda: Pattern(vertical_beamwidth_deg=float("nan"))),
    ("azimuth not a number", lambda: attenuation_db(float("nan"), 0)),
    ("elevation out of the circle", lambda: vertical_attenuation_db(181)),
]


@pytest.mark.parametrize("call", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_no_antenna_has_is_refused(call):
    with pytest.raises(RangeError):
        call()
