"""ITU-R P.2108-1 and P.2109-2 against other implementations' values, by hand and by their own laws."""

import csv
import math
from collections import defaultdict

import numpy as np
import pytest

from siteplan.core.errors import RangeError
from siteplan.radio import clutter
from siteplan.radio.building_entry import building_entry_loss, horizontal_median_db
from siteplan.radio.clutter import statistical_clutter_loss, terminal_clutter_loss

TYPES = {"1": "traditional", "2": "thermally_efficient"}

# MHz, probability, building, elevation [deg], loss [dB]: worked from the Recommendation with the standard
# library alone (statistics.NormalDist), apart from the module under test.
P2109 = [
    (80, 0.5, "traditional", 0, 14.3467),
    (80, 0.9, "traditional", 0, 23.1972),
    (80, 0.5, "thermally_efficient", 0, 42.0386),
    (80, 0.9, "thermally_efficient", 0, 54.3296),
    (700, 0.5, "traditional", 0, 14.1021),
    (700, 0.9, "traditional", 0, 24.6040),
    (700, 0.5, "thermally_efficient", 0, 31.5762),
    (700, 0.9, "thermally_efficient", 0, 46.6741),
    (2600, 0.5, "traditional", 0, 15.2923),
    (2600, 0.5, "thermally_efficient", 0, 30.6067),
    (3500, 0.05, "traditional", 0, 4.1158),
    (3500, 0.5, "traditional", 0, 15.7206),
    (3500, 0.5, "traditional", -30, 21.4993),
    (3500, 0.95, "traditional", 60, 45.2512),
    (3500, 0.05, "thermally_efficient", 0, 13.2398),
    (3500, 0.5, "thermally_efficient", 0, 30.8862),
    (3500, 0.5, "thermally_efficient", -30, 35.9210),
    (3500, 0.95, "thermally_efficient", 60, 67.4017),
    (28000, 0.5, "traditional", 0, 20.1819),
    (28000, 0.9, "traditional", 0, 36.0518),
    (28000, 0.5, "thermally_efficient", 0, 41.6763),
    (28000, 0.9, "thermally_efficient", 0, 65.9580),
    (100000, 0.5, "traditional", 0, 23.9646),
    (100000, 0.5, "thermally_efficient", 0, 56.1117),
]

# GHz, antenna [m], street [m], clutter [m], kind, loss [dB]: unit tests of NTIA/p2108 (U.S. public domain),
# published to 0.1 dB.
P2108_TERMINAL = [
    (1.5, 2, 27, 10, "water", 16.0),
    (1.5, 2, 27, 6, "water", 10.9),
    (1.5, 2, 27, 10, "open", 16.0),
    (1.5, 2, 27, 6, "open", 10.9),
    (1.5, 2, 27, 10, "suburban", 20.5),
    (1.5, 2, 27, 6, "suburban", 14.6),
    (1.5, 2, 27, 15, "urban", 24.5),
    (1.5, 2, 27, 6, "urban", 14.6),
    (1.5, 2, 27, 15, "forest", 24.5),
    (1.5, 2, 27, 6, "forest", 14.6),
    (1.5, 2, 27, 20, "dense_urban", 27.1),
    (1.5, 2, 27, 6, "dense_urban", 14.6),
    (3, 3, 15, 15, "dense_urban", 29.0),
    (0.9, 2.3, 30, 10, "open", 13.7),
    (1.5, 2.5, 25, 10, "suburban", 20.2),
    (0.03, 2.1, 24.5, 9.8, "suburban", 5.7),
    (1.7, 30, 24.5, 9.8, "suburban", 0.0),
    (1.7, 30, 24.5, 30, "suburban", 0.0),
]

# MHz, km, % of places, loss [dB]: computed with NTIA's library (proplib-p2108 1.1.0), whose normal quantile
# is an approximation good to 4.5e-4, so 6 dB x 4.5e-4 = 0.003 dB.
P2108_STATISTICAL = [
    (700, 0.25, 10, 10.4275),
    (700, 0.25, 50, 17.9467),
    (700, 0.25, 90, 25.4658),
    (700, 1, 10, 18.2425),
    (700, 1, 50, 23.4178),
    (700, 1, 90, 28.5784),
    (700, 10, 10, 18.3210),
    (700, 10, 50, 23.4497),
    (700, 10, 90, 28.5778),
    (3500, 0.25, 10, 12.5322),
    (3500, 0.25, 50, 20.2030),
    (3500, 0.25, 90, 27.8738),
    (3500, 1, 10, 24.5907),
    (3500, 1, 50, 30.1050),
    (3500, 1, 90, 35.5284),
    (3500, 10, 10, 25.2413),
    (3500, 10, 50, 30.3849),
    (3500, 10, 90, 35.5231),
    (26000, 0.25, 10, 15.1449),
    (26000, 0.25, 50, 22.8156),
    (26000, 0.25, 90, 30.4863),
    (26000, 1, 10, 27.1964),
    (26000, 1, 50, 32.7093),
    (26000, 1, 90, 38.1314),
    (26000, 10, 10, 27.8445),
    (26000, 10, 50, 32.9880),
    (26000, 10, 90, 38.1261),
]


@pytest.mark.parametrize(
    ("frequency_mhz", "share", "building", "elevation_deg", "expected_db"),
    P2109,
    ids=[f"P.2109-2-{row[0]}MHz-{row[1]}-{row[2]}-{row[3]}deg" for row in P2109],
)
def test_entry_loss_worked_apart(frequency_mhz, share, building, elevation_deg, expected_db):
    loss = float(building_entry_loss(frequency_mhz, share, building, elevation_deg))
    assert loss == pytest.approx(expected_db, abs=1e-3)


def test_entry_loss_by_hand():
    """1 GHz, half of the places, level path, traditional building: log f = 0, so only constants remain.

    A = 12.64 dB, B = 9.1 dB, C = -3 dB: 10 log10(18.365 + 8.128 + 0.501) = 14.313 dB.
    """
    assert 10 * math.log10(10**1.264 + 10**0.91 + 10**-0.3) == pytest.approx(14.313, abs=1e-3)
    assert float(building_entry_loss(1000)) == pytest.approx(14.313, abs=1e-3)
    # one decade up: 12.64 + 3.72 + 0.96 and 28.19 - 3.00 + 8.48
    assert horizontal_median_db(10_000) == pytest.approx(17.32)
    assert horizontal_median_db(10_000, "thermally_efficient") == pytest.approx(33.67)


def test_every_row_of_the_p2109_table(shared_file):
    """31,250 rows; the column is in percent: its middle value is 50, its last 99.999999."""
    rows = defaultdict(list)
    table = shared_file("reference/radio/p2109/p2109_validation_31250.csv")
    with table.open(encoding="utf-8") as file:
        for frequency, percent, kind, elevation, loss in list(csv.reader(file))[1:]:
            rows[float(frequency), kind].append((float(percent), float(elevation), float(loss)))
    assert sum(map(len, rows.values())) == 31_250
    for (frequency_ghz, kind), values in rows.items():
        percent, elevation, expected = np.array(values).T
        ours = building_entry_loss(frequency_ghz * 1000, percent / 100, TYPES[kind], elevation)
        assert np.abs(ours - expected).max() < 1e-6


@pytest.mark.parametrize("building", ["traditional", "thermally_efficient"])
def test_entry_loss_grows_with_share_and_elevation_alike_up_and_down(building):
    shares = np.linspace(0.001, 0.999, 200)
    assert np.all(np.diff(building_entry_loss(2600, shares, building)) > 0)
    angles = np.linspace(0, 90, 50)
    up, down = (building_entry_loss(2600, 0.5, building, sign * angles) for sign in (1, -1))
    assert np.all(np.diff(up) > 0)
    assert up.tolist() == down.tolist()
    assert building_entry_loss(2600, shares[:, None], building, angles).shape == (200, 50)


def test_a_thermally_efficient_building_costs_more():
    for frequency in (80, 700, 2600, 3500, 28_000, 100_000):
        assert building_entry_loss(frequency, 0.5, "thermally_efficient") > building_entry_loss(frequency)


@pytest.mark.parametrize(
    ("f_ghz", "height_m", "street_m", "clutter_m", "kind", "expected_db"),
    P2108_TERMINAL,
    ids=[f"P.2108-1-3.1-NTIA-{number}-{row[4]}" for number, row in enumerate(P2108_TERMINAL, 1)],
)
def test_terminal_loss_of_the_ntia_table(f_ghz, height_m, street_m, clutter_m, kind, expected_db):
    loss = float(terminal_clutter_loss(f_ghz * 1000, height_m, clutter_m, street_m, kind))
    assert loss == pytest.approx(expected_db, abs=0.0501)


def test_terminal_loss_by_hand():
    """2.6 GHz, phone at 1.5 m, street 27 m, houses of 10 m.

    h_dif = 8.5 m, theta = atan(8.5 / 27) = 17.4748 deg, nu = 0.342 * sqrt(2.6) * sqrt(8.5 * 17.4748) = 6.72095,
    J = 6.9 + 20 log10(sqrt(6.62095^2 + 1) + 6.62095) = 29.388, less 6.03 is 23.358 dB.
    Over open land with R = 10 m: (21.8 + 6.2 * 0.41497) * log10(10 / 1.5) = 24.3728 * 0.82391 = 20.081 dB.
    """
    nu = 0.342 * math.sqrt(2.6) * math.sqrt(8.5 * math.degrees(math.atan(8.5 / 27)))
    assert nu == pytest.approx(6.72095, abs=1e-4)
    edge = 6.9 + 20 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1) + nu - 0.1) - 6.03
    assert edge == pytest.approx(23.358, abs=2e-3)
    assert float(terminal_clutter_loss(2600, 1.5, 10)) == pytest.approx(edge, abs=1e-9)
    assert float(terminal_clutter_loss(2600, 1.5, 10, kind="open")) == pytest.approx(20.081, abs=1e-3)


@pytest.mark.parametrize("kind", clutter.KINDS)
def test_terminal_loss_laws(kind):
    tops = np.linspace(0.5, 30, 120)
    loss = terminal_clutter_loss(2600, 1.5, tops, kind=kind)
    assert np.all(loss[tops <= 1.5] == 0)
    assert np.all(np.diff(loss[tops > 1.5]) > 0)
    assert np.all(loss >= 0)
    assert np.all(
        np.diff([terminal_clutter_loss(f, 1.5, 15, kind=kind) for f in np.geomspace(30, 3000, 40)]) > 0
    )
    assert np.all(np.diff(terminal_clutter_loss(2600, np.linspace(1, 14, 40), 15, kind=kind)) < 0)
    assert loss.tolist() == [float(terminal_clutter_loss(2600, 1.5, top, kind=kind)) for top in tops]


def test_a_narrower_street_costs_more():
    losses = [float(terminal_clutter_loss(2600, 1.5, 15, street)) for street in (10, 20, 27, 60)]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize(
    ("frequency_mhz", "distance_km", "percent", "expected_db"),
    P2108_STATISTICAL,
    ids=[f"P.2108-1-3.2-NTIA-{row[0]}MHz-{row[1]}km-{row[2]}%" for row in P2108_STATISTICAL],
)
def test_statistical_loss_of_the_ntia_library(frequency_mhz, distance_km, percent, expected_db):
    loss = float(statistical_clutter_loss(distance_km, frequency_mhz, percent))
    assert loss == pytest.approx(expected_db, abs=1e-4 if percent == 50 else 0.003)


def test_statistical_loss_by_hand():
    """1 GHz at 1 km, half of the places: the deviate is 0, so the sigmas drop out.

    L_l = -2 log10(10^-12.5 + 10^-16.5) = 24.99991 dB, L_s = 32.98 dB,
    L_ctt = -5 log10(10^-4.999982 + 10^-6.596) = 24.94555 dB.
    At 84.1345 % the deviate is 1: sigma^2 = (16 * 10^-5 + 36 * 10^-6.596) / (10^-5 + 10^-6.596) = 16.4945,
    so 4.0613 dB more; but never more than at 2 km, which the next line is.
    """
    long_db = -2 * math.log10(10**-12.5 + 10**-16.5)
    by_hand = -5 * math.log10(10 ** (-0.2 * long_db) + 10**-6.596)
    assert by_hand == pytest.approx(24.94555, abs=2e-4)
    assert float(statistical_clutter_loss(1, 1000)) == pytest.approx(by_hand, abs=1e-9)
    spread = math.sqrt(
        (16 * 10 ** (-0.2 * long_db) + 36 * 10**-6.596) / (10 ** (-0.2 * long_db) + 10**-6.596)
    )
    most = float(statistical_clutter_loss(2, 1000, 84.13447461))
    assert float(statistical_clutter_loss(1, 1000, 84.13447461)) == pytest.approx(
        min(by_hand + spread, most), abs=1e-6
    )


def test_statistical_loss_laws():
    percents = np.linspace(0.5, 99.5, 100)
    for km in (0.25, 1.0, 5.0):
        assert np.all(np.diff([statistical_clutter_loss(km, 3500, p) for p in percents]) > 0)
        assert np.all(np.diff([statistical_clutter_loss(km, f) for f in np.geomspace(500, 67_000, 80)]) > 0)
    near = statistical_clutter_loss(np.linspace(0.25, 2, 50), 3500)
    assert np.all(np.diff(near) > 0)
    far = statistical_clutter_loss([2.0, 5.0, 20.0], 3500)
    assert far.tolist() == [far[0]] * 3


REFUSED = [
    ("P.2109 below 80 MHz", lambda: building_entry_loss(79)),
    ("P.2109 above 100 GHz", lambda: horizontal_median_db(100_001)),
    ("P.2109 certain", lambda: building_entry_loss(700, 1.0)),
    ("P.2109 never", lambda: building_entry_loss(700, [0.0, 0.5])),
    ("P.2109 percent", lambda: building_entry_loss(700, 50)),
    ("P.2109 elevation 91", lambda: building_entry_loss(700, 0.5, "traditional", 91)),
    ("P.2109 not a number", lambda: building_entry_loss(700, 0.5, "traditional", math.nan)),
    ("P.2109 tent", lambda: building_entry_loss(700, 0.5, "tent")),
    ("P.2108 3.1 above 3 GHz", lambda: terminal_clutter_loss(3500, 1.5, 10)),
    ("P.2108 3.1 below 30 MHz", lambda: terminal_clutter_loss(29, 1.5, 10)),
    ("P.2108 3.1 antenna at 0", lambda: terminal_clutter_loss(700, 0, 10)),
    ("P.2108 3.1 clutter of 0", lambda: terminal_clutter_loss(700, 1.5, [0, 10])),
    ("P.2108 3.1 no street", lambda: terminal_clutter_loss(700, 1.5, 10, 0)),
    ("P.2108 3.1 unknown kind", lambda: terminal_clutter_loss(700, 1.5, 10, kind="moon")),
    ("P.2108 3.2 below 500 MHz", lambda: statistical_clutter_loss(1, 450)),
    ("P.2108 3.2 above 67 GHz", lambda: statistical_clutter_loss(1, 67_001)),
    ("P.2108 3.2 below 250 m", lambda: statistical_clutter_loss([0.2, 1], 3500)),
    ("P.2108 3.2 all places", lambda: statistical_clutter_loss(1, 3500, 100)),
    ("P.2108 3.2 no place", lambda: statistical_clutter_loss(1, 3500, 0)),
]


@pytest.mark.parametrize("call", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_outside_the_range_a_formula_refuses(call):
    with pytest.raises(RangeError):
        call()
