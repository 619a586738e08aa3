"""Path loss against published values, ranges that raise, and link budgets."""

import math

import numpy as np
import pytest

from siteplan.core.errors import RangeError
from siteplan.radio import pathloss

# TR 38.901 at 5 GHz, receiver 1.5 m (the 16 values of the ns-3 test suite).
TR_38_901 = [
    (pathloss.rma_los_loss, 35, 10, 77.3784),
    (pathloss.rma_los_loss, 35, 100, 87.2965),
    (pathloss.rma_los_loss, 35, 1000, 108.5577),
    (pathloss.rma_los_loss, 35, 10000, 140.3896),
    (pathloss.rma_nlos_loss, 35, 10, 77.3784),
    (pathloss.rma_nlos_loss, 35, 100, 95.7718),
    (pathloss.rma_nlos_loss, 35, 1000, 133.5223),
    (pathloss.rma_nlos_loss, 35, 5000, 160.5169),
    (pathloss.uma_los_loss, 25, 10, 72.938),
    (pathloss.uma_los_loss, 25, 100, 86.2362),
    (pathloss.uma_los_loss, 25, 1000, 109.7252),
    (pathloss.uma_los_loss, 25, 5000, 137.6794),
    (pathloss.uma_nlos_loss, 25, 10, 82.5131),
    (pathloss.uma_nlos_loss, 25, 100, 106.1356),
    (pathloss.uma_nlos_loss, 25, 1000, 144.7641),
    (pathloss.uma_nlos_loss, 25, 5000, 172.0753),
]


@pytest.mark.parametrize(
    ("loss", "base_m", "distance_m", "published_db"),
    TR_38_901,
    ids=[f"TR38.901-7.4.1-1-{row[0].__name__}-{row[2]}m" for row in TR_38_901],
)
def test_tr_38_901_values(loss, base_m, distance_m, published_db):
    assert float(loss(distance_m, 5000, base_m)) == pytest.approx(published_db, abs=0.01)


@pytest.mark.parametrize(
    ("environment", "expected_db"),
    [("urban", 122.93), ("suburban", 113.62), ("open", 95.61)],
)
def test_hata_by_hand(environment, expected_db):
    """700 MHz, 35 m, 1 km, worked by hand from the paper's equations."""
    log_f = np.log10(700)
    a_hm = (1.1 * log_f - 0.7) * 1.5 - (1.56 * log_f - 0.8)
    urban = 69.55 + 26.16 * log_f - 13.82 * np.log10(35) - a_hm
    by_hand = {
        "urban": urban,
        "suburban": urban - 2 * np.log10(25) ** 2 - 5.4,
        "open": urban - 4.78 * log_f**2 + 18.33 * log_f - 40.94,
    }[environment]
    loss = float(pathloss.okumura_hata_loss(1, 700, 35, 1.5, environment))
    assert loss == pytest.approx(by_hand, abs=1e-9)
    assert loss == pytest.approx(expected_db, abs=1.0)


@pytest.mark.parametrize(
    ("environment", "by_hand_db"), [("urban", 146.943), ("suburban", 137.000), ("open", 118.437)]
)
def test_hata_at_five_kilometres_by_hand(environment, by_hand_db):
    """900 MHz, mast 50 m, mobile 1.5 m: log10 900 = 2.95424, log10 50 = 1.69897, log10 5 = 0.69897.

    a(h_m) = (1.1 * 2.95424 - 0.7) * 1.5 - (1.56 * 2.95424 - 0.8) = 3.82450 - 3.80862 = 0.01588
    urban: 69.55 + 77.28299 - 23.47977 - 0.01588 + (44.9 - 11.12825) * 0.69897 = 146.94278
    suburban: less 2 * 1.50709^2 + 5.4 = 9.94261
    open: less 4.78 * 8.72755 - 18.33 * 2.95424 + 40.94 = 28.50641
    """
    loss = float(pathloss.okumura_hata_loss(5, 900, 50, 1.5, environment))
    assert loss == pytest.approx(by_hand_db, abs=2e-3)


def test_free_space_by_hand():
    """20 log10(4 pi d f / c): at 1 km and 1 GHz 20 * (1.09921 + 3 + 9 - 8.47682) = 92.448 dB; P.1812-8, (8)
    has 92.4."""
    by_hand = 20.0 * (math.log10(4.0 * math.pi) + 3.0 + 9.0 - math.log10(299_792_458.0))
    assert by_hand == pytest.approx(92.448, abs=1e-3)
    assert float(pathloss.free_space_loss(1000.0, 1000.0)) == pytest.approx(by_hand, abs=0.05)
    assert float(pathloss.free_space_loss(1000.0, 1000.0)) == pytest.approx(92.4)
    one, two, ten = pathloss.free_space_loss(np.array([500.0, 1000.0, 5000.0]), 700.0)
    assert two - one == pytest.approx(20.0 * math.log10(2.0))
    assert ten - one == pytest.approx(20.0)


REFUSED = [
    ("hata above 1500 MHz", lambda: pathloss.okumura_hata_loss(5, 3500, 50)),
    ("hata below 1 km", lambda: pathloss.okumura_hata_loss(0.5, 700, 50)),
    ("hata beyond 20 km", lambda: pathloss.okumura_hata_loss(21, 700, 50)),
    ("hata mast below 30 m", lambda: pathloss.okumura_hata_loss(5, 700, 25)),
    ("hata unknown environment", lambda: pathloss.okumura_hata_loss(5, 700, 50, 1.5, "sea")),
    ("rma nlos beyond 5 km", lambda: pathloss.rma_nlos_loss(5001, 2600, 35)),
    ("rma los beyond 10 km", lambda: pathloss.rma_los_loss(10_001, 2600, 35)),
    ("rma mast below 10 m", lambda: pathloss.rma_nlos_loss(500, 2600, 9)),
    ("rma buildings of 60 m", lambda: pathloss.rma_nlos_loss(500, 2600, 35, 1.5, 60)),
    ("uma mast above 50 m", lambda: pathloss.uma_nlos_loss(500, 3500, 51)),
    ("uma below 500 MHz", lambda: pathloss.uma_nlos_loss(500, 450, 25)),
    ("uma receiver above 13 m", lambda: pathloss.uma_nlos_loss(500, 3500, 25, 14)),
]


@pytest.mark.parametrize("call", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_outside_the_range_a_formula_refuses(call):
    with pytest.raises(RangeError):
        call()


@pytest.mark.parametrize("loss", [pathloss.rma_nlos_loss, pathloss.uma_nlos_loss])
def test_arrays_equal_a_loop_and_loss_never_falls(loss):
    distance = np.arange(10.0, 5000.0, 37.0)
    vector = loss(distance, 2600, 30)
    assert vector.tolist() == [float(loss(d, 2600, 30)) for d in distance]
    assert np.all(np.diff(vector) > 0)
