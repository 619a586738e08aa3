"""TR 38.901 street canyon, mixed losses, lines of sight and walls, and COST 231 - Hata, by hand and by law."""

import csv
import math

import numpy as np
import pytest

from siteplan.core.errors import RangeError
from siteplan.radio import pathloss

LOSSES = {
    ("RMa", "1"): pathloss.rma_los_loss,
    ("RMa", "0"): pathloss.rma_nlos_loss,
    ("UMa", "1"): pathloss.uma_los_loss,
    ("UMa", "0"): pathloss.uma_nlos_loss,
}
SPEED = 299_792_458.0
PAIRS = [
    (pathloss.rma_los_loss, pathloss.rma_nlos_loss, pathloss.rma_loss, pathloss.rma_los_probability, 35),
    (pathloss.uma_los_loss, pathloss.uma_nlos_loss, pathloss.uma_loss, pathloss.uma_los_probability, 25),
    (pathloss.umi_los_loss, pathloss.umi_nlos_loss, pathloss.umi_loss, pathloss.umi_los_probability, 10),
]
PAIR_IDS = ["TR38.901-RMa", "TR38.901-UMa", "TR38.901-UMi"]


def test_every_row_of_the_ns3_table(shared_file):
    """The committed copy is in test_radio.py; here the file itself, with its own heights."""
    table = shared_file("reference/radio/tr38901/ns3_reference_pathloss.csv")
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 16
    for row in rows:
        loss = LOSSES[row["scenario"], row["los"]]
        ours = loss(
            float(row["d2d_m"]), float(row["fc_GHz"]) * 1000, float(row["h_bs_m"]), float(row["h_ut_m"])
        )
        assert float(ours) == pytest.approx(float(row["ref_pathloss_dB"]), abs=0.01), row


def test_rma_value_of_the_mathworks_manual():
    """nrPathLoss manual: 3.5 GHz, base at (0, 0, 30), receiver at (1000, 1000, 1.5), h = 7 m, W = 25 m."""
    loss = float(pathloss.rma_los_loss(math.hypot(1000, 1000), 3500, 30, 1.5, 7))
    assert loss == pytest.approx(110.1615, abs=1e-4)


@pytest.mark.parametrize(
    ("distance_m", "expected_db"),
    [
        # d_3D = sqrt(100^2 + 8.5^2) = 100.361 m, before the breakpoint of 4 * 9 * 0.5 * 3.5e9 / c = 210.1 m
        (100.0, 32.4 + 21 * math.log10(100.3606) + 20 * math.log10(3.5)),
        # d_3D = 1000.036 m, beyond it
        (
            1000.0,
            32.4 + 40 * math.log10(1000.0361) + 20 * math.log10(3.5) - 9.5 * math.log10(210.1454**2 + 8.5**2),
        ),
    ],
    ids=["TR38.901-7.4.1-1-UMi-LOS-100m", "TR38.901-7.4.1-1-UMi-LOS-1000m"],
)
def test_umi_line_of_sight_by_hand(distance_m, expected_db):
    assert float(pathloss.umi_los_loss(distance_m, 3500)) == pytest.approx(expected_db, abs=1e-3)


def test_umi_without_line_of_sight_by_hand():
    """2.6 GHz, 200 m, mast 10 m, receiver 1.5 m: 35.3 * 2.30142 + 22.4 + 21.3 * 0.41497 = 112.48 dB."""
    by_hand = 35.3 * math.log10(math.hypot(200, 8.5)) + 22.4 + 21.3 * math.log10(2.6)
    assert by_hand == pytest.approx(112.48, abs=0.01)
    assert float(pathloss.umi_nlos_loss(200, 2600)) == pytest.approx(by_hand, abs=1e-9)
    higher = float(pathloss.umi_nlos_loss(200, 2600, 10, 10))
    assert higher == pytest.approx(35.3 * math.log10(200) + 22.4 + 21.3 * math.log10(2.6) - 0.3 * 8.5)


def test_breakpoints_by_hand():
    assert pathloss.rma_breakpoint_m(700, 35, 1.5) == pytest.approx(2 * math.pi * 35 * 1.5 * 0.7e9 / SPEED)
    assert pathloss.uma_breakpoint_m(3500, 25, 1.5) == pytest.approx(4 * 24 * 0.5 * 3.5e9 / SPEED)
    assert pathloss.uma_breakpoint_m(3500, 10, 1.5) == pytest.approx(4 * 9 * 0.5 * 3.5e9 / SPEED)


BREAKS = [
    (pathloss.rma_los_loss, pathloss.rma_breakpoint_m, 35),
    (pathloss.uma_los_loss, pathloss.uma_breakpoint_m, 25),
    (pathloss.umi_los_loss, pathloss.uma_breakpoint_m, 10),
]


@pytest.mark.parametrize("frequency_mhz", [700, 2600, 3500])
@pytest.mark.parametrize(("loss", "breakpoint_m", "base_m"), BREAKS, ids=PAIR_IDS)
def test_losses_join_at_the_breakpoint_and_steepen(loss, breakpoint_m, base_m, frequency_mhz):
    at = breakpoint_m(frequency_mhz, base_m, 1.5)
    before, after = loss(np.array([at, at + 1e-6]), frequency_mhz, base_m)
    assert after - before == pytest.approx(0.0, abs=1e-5)
    near, here, far = (float(loss(at * k, frequency_mhz, base_m)) for k in (0.8, 1.0, 1.25))
    assert far - here > 1.2 * (here - near) > 0


@pytest.mark.parametrize(("line", "blocked", "mixed", "probability", "base_m"), PAIRS, ids=PAIR_IDS)
def test_mixed_loss_lies_between_both_states_and_is_their_weighted_mean(
    line, blocked, mixed, probability, base_m
):
    distance = np.linspace(10.0, 5000.0, 500)
    clear, hidden = line(distance, 2600, base_m), blocked(distance, 2600, base_m)
    both, p = mixed(distance, 2600, base_m), probability(distance)
    assert np.all(hidden >= clear)
    assert np.all(both >= clear - 1e-9)
    assert np.all(both <= hidden + 1e-9)
    assert both.tolist() == [float(mixed(d, 2600, base_m)) for d in distance]
    assert both == pytest.approx(p * clear + (1 - p) * hidden)
    assert float(mixed(10.0, 2600, base_m)) == float(line(10.0, 2600, base_m))


@pytest.mark.parametrize(
    "probability",
    [
        pathloss.rma_los_probability,
        pathloss.uma_los_probability,
        lambda d: pathloss.uma_los_probability(d, 13.0),
        lambda d: pathloss.uma_los_probability(d, 23.0),
        pathloss.umi_los_probability,
    ],
    ids=["TR38.901-7.4.2-1-" + name for name in ("RMa", "UMa-1.5m", "UMa-13m", "UMa-23m", "UMi")],
)
def test_line_of_sight_is_a_probability_that_falls(probability):
    p = probability(np.concatenate([[0.0, 10.0], np.geomspace(10.5, 20_000, 4000)]))
    assert p[:2].tolist() == [1.0, 1.0]
    assert np.all((p >= 0) & (p <= 1))
    assert np.all(np.diff(p) <= 0)


def test_line_of_sight_by_hand():
    assert float(pathloss.rma_los_probability(510)) == pytest.approx(math.exp(-0.5))
    base = 0.18 + math.exp(-100 / 63) * 0.82
    assert float(pathloss.uma_los_probability(100, 13)) == pytest.approx(base)
    # C'(23 m) = ((23 - 13) / 10)^1.5 = 1, so the gain is 1 + 5/4 * 1^3 * exp(-100/150)
    assert float(pathloss.uma_los_probability(100, 23)) == pytest.approx(base * (1 + 1.25 * math.exp(-2 / 3)))
    assert float(pathloss.umi_los_probability(36)) == pytest.approx(0.5 + math.exp(-1) * 0.5)


@pytest.mark.parametrize(("environment", "centre_db"), [("medium", 0.0), ("metropolitan", 3.0)])
def test_cost231_by_hand(environment, centre_db):
    """1800 MHz, mast 30 m, mobile 1.5 m: log10 1800 = 3.25527, log10 30 = 1.47712.

    a(h_m) = (1.1 * 3.25527 - 0.7) * 1.5 - (1.56 * 3.25527 - 0.8) = 4.32120 - 4.27822 = 0.04298
    at 1 km: 46.3 + 33.9 * 3.25527 - 13.82 * 1.47712 - 0.04298 = 136.19689
    at 5 km: + (44.9 - 6.55 * 1.47712) * 0.69897 = 24.62114
    """
    near = 46.3 + 110.35372 - 20.41381 - 0.04298 + centre_db
    losses = pathloss.cost231_hata_loss([1.0, 5.0], 1800, 30, 1.5, environment)
    assert losses.tolist() == pytest.approx([near, near + 24.62114], abs=1e-3)


def test_cost231_continues_hata_at_1500_mhz():
    hata = float(pathloss.okumura_hata_loss(5, 1500, 50))
    assert float(pathloss.cost231_hata_loss(5, 1500, 50)) == pytest.approx(hata, abs=1.5)


@pytest.mark.parametrize(
    ("model", "by_hand_db"),
    [
        # 3.5 GHz: glass 2 + 0.2 * 3.5 = 2.7 dB, concrete 5 + 4 * 3.5 = 19 dB, coated 25.4 + 0.11 * 3.5 = 25.785 dB
        ("low", 5 - 10 * math.log10(0.3 * 10**-0.27 + 0.7 * 10**-1.9)),
        ("high", 5 - 10 * math.log10(0.7 * 10**-2.5785 + 0.3 * 10**-1.9)),
    ],
    ids=["TR38.901-7.4.3-2-low", "TR38.901-7.4.3-2-high"],
)
def test_wall_loss_by_hand(model, by_hand_db):
    assert pathloss.o2i_loss(3500, model) == pytest.approx(by_hand_db, abs=1e-9)
    assert by_hand_db == pytest.approx({"low": 12.698, "high": 27.499}[model], abs=1e-3)
    frequencies = np.geomspace(500, 100_000, 60)
    assert np.all(np.diff([pathloss.o2i_loss(f, model) for f in frequencies]) > 0)


def test_coated_glass_costs_more_and_spreads_wider():
    assert all(pathloss.o2i_loss(f, "high") > pathloss.o2i_loss(f, "low") for f in (700, 2600, 28_000))
    assert (pathloss.o2i_sigma_db("low"), pathloss.o2i_sigma_db("high")) == (4.4, 6.5)


@pytest.mark.parametrize(
    ("name", "sigma_db"),
    [
        ("umi_nlos", 7.82),
        ("umi", 7.82),
        ("uma", 6.0),
        ("rma", 8.0),
        ("cost231_hata_medium", 8.0),
        ("cost231_hata_metropolitan", 8.0),
    ],
)
def test_ranges_say_their_source_and_formulas_hold_at_their_ends(name, sigma_db):
    limits = pathloss.RANGES[name]
    assert limits.sigma_db == sigma_db
    assert limits.source
    for end in (0, 1):
        call = (
            limits.distance_m[end],
            limits.frequency_mhz[end],
            limits.base_height_m[end],
            limits.receiver_height_m[end],
        )
        assert limits.holds(*call[1:])
        loss = getattr(pathloss, name.split("_")[0] + ("_nlos_loss" if "nlos" in name else "_loss"), None)
        if loss is None:
            environment = name.removeprefix("cost231_hata_")
            assert math.isfinite(pathloss.cost231_hata_loss(call[0] / 1000, *call[1:], environment))
        else:
            assert math.isfinite(loss(*call))


REFUSED = [
    ("COST 231 at 2600 MHz", lambda: pathloss.cost231_hata_loss(5, 2600, 50)),
    ("COST 231 at 900 MHz", lambda: pathloss.cost231_hata_loss(5, 900, 50)),
    ("COST 231 below 1 km", lambda: pathloss.cost231_hata_loss(0.9, 1800, 50)),
    ("COST 231 beyond 20 km", lambda: pathloss.cost231_hata_loss(20.1, 1800, 50)),
    ("COST 231 mast below 30 m", lambda: pathloss.cost231_hata_loss(5, 1800, 29)),
    ("COST 231 mobile above 10 m", lambda: pathloss.cost231_hata_loss(5, 1800, 50, 11)),
    ("COST 231 in the open", lambda: pathloss.cost231_hata_loss(5, 1800, 50, 1.5, "open")),
    ("UMi mast of 2 m", lambda: pathloss.umi_los_loss(100, 3500, 2)),
    ("UMi mast of 26 m", lambda: pathloss.umi_nlos_loss(100, 3500, 26)),
    ("UMi beyond 5 km", lambda: pathloss.umi_nlos_loss(5001, 3500)),
    ("UMi nearer than 10 m", lambda: pathloss.umi_los_loss(9, 3500)),
    ("UMi receiver above 22.5 m", lambda: pathloss.umi_loss(100, 3500, 10, 23)),
    ("UMi below 500 MHz", lambda: pathloss.umi_loss(100, 450)),
    ("UMa mixed, receiver of 13 m", lambda: pathloss.uma_loss(100, 3500, 25, 13)),
    ("RMa mixed beyond 5 km", lambda: pathloss.rma_loss(5001, 700, 35)),
    ("UMa probability above 23 m", lambda: pathloss.uma_los_probability(100, 23.5)),
    ("probability at -1 m", lambda: pathloss.umi_los_probability(-1)),
    ("breakpoint below 1 m", lambda: pathloss.uma_breakpoint_m(3500, 25, 1.0)),
    ("breakpoint at 0 MHz", lambda: pathloss.rma_breakpoint_m(0, 35, 1.5)),
    ("wall at 400 MHz", lambda: pathloss.o2i_loss(400)),
    ("wall at 101 GHz", lambda: pathloss.o2i_loss(101_000, "high")),
    ("wall of straw", lambda: pathloss.o2i_loss(3500, "straw")),
]


@pytest.mark.parametrize("call", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_outside_the_range_a_formula_refuses(call):
    with pytest.raises(RangeError):
        call()


def test_uma_range_stops_where_the_environment_height_turns_random():
    assert not pathloss.RANGES["uma"].holds(3500, 25, 13.0)
    assert pathloss.RANGES["uma"].holds(3500, 25, 12.9)
