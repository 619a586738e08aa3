"""Path loss against published values, ranges that raise, and link budgets."""

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
