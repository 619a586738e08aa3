"""Link budgets by hand: EIRP, uplink, entry losses, formulas by name, tiers."""

import math

import numpy as np
import pytest
from worlds.budget_world import (
    ANTENNAS,
    GRID,
    UPLINK,
    budgets,
    computed,
    kinds_of,
    masts,
    project,
    propagation_of,
    served_at,
)
from worlds.refusals import refused

from siteplan.core.errors import ConfigError, RangeError
from siteplan.coverage.demand import Service, tier_layers
from siteplan.project.radio import Uplink
from siteplan.project.schema import clutter_kinds
from siteplan.radio import pathloss
from siteplan.radio.antenna import ELEMENT
from siteplan.radio.building_entry import building_entry_loss
from siteplan.radio.clutter import statistical_clutter_loss, terminal_clutter_loss
from siteplan.radio.linkbudget import indoor_loss_db, service_probability

# --- EIRP -----------------------------------------------------------------------------------------------

# W, blocks, antenna class, feeder dB, and P - 10 log10(12 N_RB) + G - L by hand: 240 W is 53.80 dBm and 160
# blocks are 1920 carriers, 32.83 dB, so 53.80 - 32.83 + 14.5 - 0.5 = 34.97. The last five are the figures of
# the project template, with the powers and gains its sources name.
EIRP = [
    (4 * 60.0, 160, "4T", 0.5, 35.0),
    (1.0, 1, "4T", 0.0, 33.7),
    (120.0, 160, "8T", 0.5, 34.5),
    (240.0, 273, "64T", 0.0, 42.6),
    (240.0, 273, "8T", 0.5, 35.1),
    (200.0, 273, "64T", 0.0, 41.9),
    (200.0, 273, "8T", 0.5, 34.4),
    (4 * 60.0, 216, "FDD", 0.5, 36.7),
]


@pytest.mark.parametrize(("power_w", "blocks", "antenna", "feeder_db", "by_hand"), EIRP)
def test_eirp_by_hand(power_w, blocks, antenna, feeder_db, by_hand):
    config = project(computed(power_w, blocks, antenna, feeder_db))
    assert budgets(config).eirp_dbm("high", "rural") == pytest.approx(by_hand, abs=0.06)


@pytest.mark.parametrize("eirp_dbm", [36.7, 41.9, -3.0])
def test_a_figure_is_taken_as_it_stands(eirp_dbm):
    """With an antenna too: a figure is the whole EIRP, the antenna gives the pattern alone."""
    for more in ({}, {"antenna": "64T", "feeder_loss_db": 2.0}):
        config = project({"eirp_per_re_dbm": eirp_dbm, **more})
        assert budgets(config).eirp_dbm("high", "rural") == eirp_dbm


def test_twice_the_power_is_three_decibels_and_twice_the_blocks_take_them():
    def eirp(*figures):
        return budgets(project(computed(*figures))).eirp_dbm("high", "rural")

    assert eirp(480.0, 160) - eirp(240.0, 160) == pytest.approx(3.0103, abs=1e-4)
    assert eirp(480.0, 320) == pytest.approx(eirp(240.0, 160))
    assert eirp(240.0, 160, "8T") - eirp(240.0, 160, "4T") == pytest.approx(2.5)
    assert eirp(240.0, 160, "4T", 0.0) - eirp(240.0, 160, "4T", 3.0) == pytest.approx(3.0)


@pytest.mark.parametrize(
    "left_out",
    [{"power_w"}, {"resource_blocks"}, {"antenna"}, set(computed())],
    ids=lambda keys: "+".join(sorted(keys)),
)
def test_without_a_figure_all_parts_of_it_are_needed(left_out):
    given = {key: value for key, value in computed().items() if key not in left_out}
    with refused(ConfigError, "eirp_per_re_dbm"):
        project(given)


def test_a_figure_and_its_parts_are_one_too_many():
    with refused(ConfigError, "eirp_per_re_dbm"):
        project({"eirp_per_re_dbm": 20.0, **computed()})


def test_an_antenna_nobody_defined_is_refused():
    with refused(ConfigError, "'9T' is not defined"):
        project(computed(antenna="9T"))


def test_the_gain_of_an_antenna_is_less_its_feeder():
    assert budgets(project(computed())).gain_dbi("high", "rural") == pytest.approx(14.0)
    assert budgets(project()).gain_dbi("high", "rural") is None


# --- uplink ---------------------------------------------------------------------------------------------

# noise: -174 + 10 log10(12 x 30,000 Hz x blocks) + 3.5; sensitivity: noise - 5 + 3; 23 dBm + G - 0.5 less it
# 4 blocks: 61.58 dB Hz, -108.92, -110.92; 23 + 14.5 - 0.5 + 110.92 = 147.92
MAPL = [
    ({"resource_blocks": 4, "gain_dbi": 14.5}, 147.92),
    ({"resource_blocks": 1, "gain_dbi": 14.5}, 153.94),
    ({"resource_blocks": 4, "gain_dbi": 24.0, "feeder_loss_db": 0.0}, 157.92),
    ({"resource_blocks": 4, "gain_dbi": 14.5, "scs_khz": 15.0}, 150.93),
    ({"resource_blocks": 4, "gain_dbi": 14.5, "ue_power_dbm": 26.0, "noise_figure_db": 2.0}, 152.42),
    (
        {"resource_blocks": 4, "gain_dbi": 14.5, "required_sinr_db": 0.0, "interference_margin_db": 1.0},
        144.92,
    ),
]


@pytest.mark.parametrize(("given", "by_hand"), MAPL)
def test_the_largest_uplink_loss_by_hand(given, by_hand):
    assert Uplink(**given).largest_loss_db == pytest.approx(by_hand, abs=0.01)


@pytest.mark.parametrize(
    ("eirp_dbm", "threshold_dbm", "needed_dbm"),
    [(35.0, -105.0, -105.0), (44.0, -105.0, -103.92), (50.0, -105.0, -97.92), (50.0, -90.0, -90.0)],
    ids=["downlink asks for more", "uplink a little", "uplink much", "strict layer"],
)
def test_the_threshold_is_the_stricter_of_both_ways(eirp_dbm, threshold_dbm, needed_dbm):
    """EIRP - 147.92 dB: where the phone is no longer heard, RSRP counts for nothing."""
    config = project(
        {"eirp_per_re_dbm": eirp_dbm, "uplink": UPLINK}, layers=[{"threshold_dbm": threshold_dbm}]
    )
    needed = budgets(config).threshold_dbm(config.layers[0], "high", "rural")
    assert needed == pytest.approx(needed_dbm, abs=0.01)


def test_without_an_uplink_the_downlink_decides():
    config = project({"eirp_per_re_dbm": 60.0})
    assert budgets(config).threshold_dbm(config.layers[0], "high", "rural") == -105.0


def test_indoors_the_wall_comes_on_top_of_both_ways():
    """L3 needs -100 dBm behind 16 dB."""
    for eirp, by_hand in ((35.0, -84.0), (50.0, -81.92)):
        config = project({"eirp_per_re_dbm": eirp, "uplink": UPLINK})
        needed = budgets(config).threshold_dbm(config.layers[2], "high", "rural")
        assert needed == pytest.approx(by_hand, abs=0.01)


def test_more_power_does_not_help_where_the_uplink_ends():
    """Beyond the balance a louder mast covers no more, and never less."""

    def radius(eirp_dbm):
        config = project({"eirp_per_re_dbm": eirp_dbm, "uplink": UPLINK})
        return budgets(config).radius_m("high", "rural", 35.0, config.layers[0], 0.75)

    balanced = 147.92 - 105.0
    assert radius(30.0) < radius(40.0) <= radius(balanced) == radius(50.0) == radius(60.0)


def test_both_propagation_models_ask_the_uplink():
    heard, unheard = ({"eirp_per_re_dbm": 50.0}, {"eirp_per_re_dbm": 50.0, "uplink": UPLINK})
    for propagation in ("empirical", "terrain"):
        far = [served_at(project(given), propagation, 1_500.0) for given in (heard, unheard)]
        assert far[0] > far[1] + 0.02


# --- into buildings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (16.0, 16.0),
        (0, 0.0),
        ("p2109_traditional", float(building_entry_loss(2140.0, 0.5))),
        ("p2109_efficient", float(building_entry_loss(2140.0, 0.5, "thermally_efficient"))),
        ("o2i_low", pathloss.o2i_loss(2140.0, "low")),
        ("o2i_high", pathloss.o2i_loss(2140.0, "high")),
    ],
)
def test_entry_losses_by_name(named, expected):
    config = project(band={"indoor_loss_db": named})
    assert indoor_loss_db(config.band("high")) == pytest.approx(expected)
    needed = [budgets(config).threshold_dbm(layer, "high", "rural") for layer in config.layers]
    assert needed == pytest.approx([-105.0, -105.0, -100.0 + expected])


def test_p2109_by_hand():
    """Traditional at 3.5 GHz: 12.64 + 3.72 log f + 0.96 log^2 f = 14.95 dB and the second distribution's
    9.1 - 3 log f = 7.47 dB and -3 dB, as powers 15.73 dB."""
    config = project(band={"indoor_loss_db": "p2109_traditional", "frequency_mhz": 3500})
    log_f = math.log10(3.5)
    powers = [12.64 + 3.72 * log_f + 0.96 * log_f**2, 9.1 - 3.0 * log_f, -3.0]
    by_hand = 10.0 * math.log10(sum(10.0 ** (0.1 * each) for each in powers))
    assert indoor_loss_db(config.band("high")) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(15.73, abs=0.02)


@pytest.mark.parametrize("named", ["p2109", "brick", -3.0])
def test_an_entry_loss_nobody_knows_is_refused(named):
    with refused(ConfigError, "indoor_loss_db"):
        project(band={"indoor_loss_db": named})


# --- formulas -------------------------------------------------------------------------------------------

FORMULAS = {
    "rma": (2140.0, 35.0, pathloss.rma_loss),
    "rma_nlos": (2140.0, 35.0, pathloss.rma_nlos_loss),
    "uma": (2140.0, 25.0, pathloss.uma_loss),
    "uma_nlos": (2140.0, 25.0, pathloss.uma_nlos_loss),
    "umi": (3500.0, 10.0, pathloss.umi_loss),
    "umi_nlos": (3500.0, 10.0, pathloss.umi_nlos_loss),
    "cost231_hata_medium": (
        1800.0,
        40.0,
        lambda d, f, h: pathloss.cost231_hata_loss(d / 1000.0, f, h, 1.5, "medium"),
    ),
    "cost231_hata_metropolitan": (
        1800.0,
        40.0,
        lambda d, f, h: pathloss.cost231_hata_loss(d / 1000.0, f, h, 1.5, "metropolitan"),
    ),
    "okumura_hata_urban": (
        773.0,
        40.0,
        lambda d, f, h: pathloss.okumura_hata_loss(d / 1000.0, f, h, 1.5, "urban"),
    ),
    "okumura_hata_suburban": (
        773.0,
        40.0,
        lambda d, f, h: pathloss.okumura_hata_loss(d / 1000.0, f, h, 1.5, "suburban"),
    ),
    "okumura_hata_open": (
        773.0,
        40.0,
        lambda d, f, h: pathloss.okumura_hata_loss(d / 1000.0, f, h, 1.5, "open"),
    ),
}


def with_formula(formula, frequency_mhz, **more):
    given = {"eirp_per_re_dbm": 36.7, "models": [{"formula": formula, **more}]}
    return project(given, band={"frequency_mhz": frequency_mhz})


def test_every_formula_is_tried():
    assert set(FORMULAS) == set(pathloss.RANGES)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_table_is_eirp_less_the_formula_of_its_name(formula):
    frequency, height, loss = FORMULAS[formula]
    table = budgets(with_formula(formula, frequency)).radial("high", "rural", height)
    limits = pathloss.RANGES[formula]
    assert (table.formula, table.sigma_db) == (formula, limits.sigma_db)
    distance = np.array([1_000.0, 1_500.0, 2_500.0, limits.distance_m[1]])
    np.testing.assert_allclose(
        table.rsrp_dbm[(distance / 10.0).astype(int)], 36.7 - loss(distance, frequency, height)
    )
    assert (np.diff(table.rsrp_dbm) <= 0.0).all()
    assert (len(table.rsrp_dbm) - 1) * 10.0 == limits.distance_m[1]
    nearest = int(limits.distance_m[0] / 10.0)
    assert len(set(table.rsrp_dbm[: nearest + 1])) == 1


@pytest.mark.parametrize(
    ("formula", "frequency", "height"),
    [
        ("cost231_hata_medium", 2600.0, 40.0),
        ("okumura_hata_urban", 1800.0, 40.0),
        ("uma", 2140.0, 60.0),
        ("umi", 3500.0, 30.0),
        ("rma", 2140.0, 5.0),
        ("cost231_hata_medium", 1800.0, 25.0),
    ],
)
def test_outside_its_range_no_formula_serves(formula, frequency, height):
    config = with_formula(formula, frequency)
    for name in ("empirical", "terrain"):
        with pytest.raises(RangeError, match="no given formula"):
            budgets(config, name).terrain("high", "rural", height)
    with pytest.raises(RangeError, match=f"{frequency:g} MHz"):
        budgets(config).radial("high", "rural", height)


def test_a_spread_given_by_the_project_counts():
    assert budgets(with_formula("uma", 2140.0, sigma_db=9.5)).radial("high", "rural", 25.0).sigma_db == 9.5


# --- probabilities --------------------------------------------------------------------------------------


def test_a_probability_falls_with_the_threshold_and_lies_between_0_and_1():
    rsrp = np.linspace(-160.0, -40.0, 241)
    rows = np.array([service_probability(rsrp, t, 8.0) for t in np.arange(-130.0, -60.0, 5.0)])
    assert ((rows >= 0.0) & (rows <= 1.0)).all()
    assert (np.diff(rows, axis=0) <= 0.0).all()
    assert (np.diff(rows, axis=1) >= 0.0).all()


def test_a_wider_spread_takes_from_the_likely_and_gives_to_the_unlikely():
    rsrp = np.linspace(-135.0, -75.0, 121)
    rows = np.array([service_probability(rsrp, -105.0, sigma) for sigma in (4.0, 6.0, 8.0, 12.0)])
    over, under = rsrp > -105.0, rsrp < -105.0
    assert (np.diff(rows[:, over], axis=0) < 0.0).all()
    assert (np.diff(rows[:, under], axis=0) > 0.0).all()
    np.testing.assert_array_equal(rows[:, rsrp == -105.0], 0.5)


@pytest.mark.parametrize("name", ["empirical", "terrain"])
def test_coverage_falls_with_the_threshold(name):
    distance, before = np.array([200.0, 600.0, 1_000.0, 1_800.0]), None
    for threshold in (-120.0, -110.0, -100.0, -90.0):
        config = project(layers=[{"threshold_dbm": threshold}])
        values = served_at(config, name, distance)
        assert ((values >= 0.0) & (values <= 1.0)).all()
        if before is not None:
            assert (values <= before).all()
        before = values


@pytest.mark.parametrize("treatment", ["profile", "end_loss", "none"])
def test_over_open_ground_coverage_rises_with_the_mast(treatment):
    """Beyond the steepest part of the path, where a longer slope costs more than the view is worth."""
    config = project(coverage={"clutter": treatment, "probability_floor": 1e-6})
    values = [served_at(config, "terrain", np.array([800.0, 1_800.0]), h) for h in (15.0, 30.0, 60.0)]
    assert (np.diff(values, axis=0) >= -2e-4).all()


# --- the terrain model's tables -------------------------------------------------------------------------


def test_terrain_tables_are_free_space_along_the_slope():
    config = project(area={"max_radius_m": 3_000})
    table = budgets(config, "terrain").terrain("high", "rural", 35.0)
    distance = np.arange(table.loss_db.shape[1]) * 10.0
    assert 3_000.0 <= distance[-1] <= 3_020.0
    expected = pathloss.free_space_loss(np.hypot(np.maximum(distance, 1.0), 33.5), 2140.0)
    np.testing.assert_allclose(table.loss_db, np.broadcast_to(expected, table.loss_db.shape))
    assert table.loss_db.shape[0] == len(clutter_kinds(config))
    assert (table.eirp_per_re_dbm, table.sigma_db, table.frequency_mhz) == (36.7, 8.0, 2140.0)
    assert table.diffraction_weight == 1.0


def test_end_losses_by_kind():
    """Buildings: P.2108 3.2, flat up to 250 m; trees: 3.1; what is not over the phone's head: nothing."""
    config = project(coverage={"clutter": "end_loss"}, area={"clutter_height_m": 1.5})
    table = budgets(config, "terrain").terrain("high", "rural", 35.0)
    bare = budgets(project(coverage={"clutter": "none"}), "terrain").terrain("high", "rural", 35.0)
    distance = np.arange(table.loss_db.shape[1]) * 10.0
    ends, kinds = table.loss_db - bare.loss_db, kinds_of(config)
    built = statistical_clutter_loss(np.maximum(distance, 250.0) / 1000.0, 2140.0)
    np.testing.assert_allclose(ends[kinds["town"]], built, atol=1e-9)
    for name, height in (("trees", 15.0), ("shrub", 3.0)):
        expected = float(terminal_clutter_loss(2140.0, 1.5, height, 27.0, "forest"))
        np.testing.assert_allclose(ends[kinds[name]], expected, atol=1e-9)
    for name in ("rural", "open", "water"):
        np.testing.assert_allclose(ends[kinds[name]], 0.0, atol=1e-9)


def test_a_pattern_is_that_of_the_antenna_class():
    given = computed() | {"antenna": "8T"}
    config = project(
        given,
        antennas=[
            *ANTENNAS[:1],
            {"id": "8T", "gain_dbi": 16.0, "vertical_beamwidth_deg": 8.0, "downtilt_deg": 4.0},
        ],
    )
    pattern = budgets(config).pattern("high", "rural")
    assert (pattern.pattern.vertical_beamwidth_deg, pattern.downtilt_deg) == (8.0, 4.0)
    assert (pattern.horizontal_weight, pattern.vertical_weight) == (1.0, 1.0)
    without = budgets(project()).pattern("high", "rural")
    assert (without.pattern, without.downtilt_deg) == (ELEMENT, 0.0)


# --- tiers ----------------------------------------------------------------------------------------------

TIERS = [
    {"id": "good", "name": "好", "threshold_dbm": -95, "by_class": {"town": -90}},
    {"id": "basic", "name": "中", "threshold_dbm": -105, "by_class": {"town": -95}},
    {"id": "weak", "name": "弱", "threshold_dbm": -115},
]


def test_tiers_ask_for_each_threshold_once_and_weigh_nothing():
    layers = tier_layers(project(tiers=TIERS))
    assert [layer.threshold_dbm for layer in layers] == [-90.0, -95.0, -105.0, -115.0]
    assert len({layer.id for layer in layers}) == 4
    assert {(layer.weight, layer.targets, layer.scope, layer.indoor) for layer in layers} == {
        (0.0, (), "any", False)
    }
    assert tier_layers(project(tiers=[])) == ()


@pytest.mark.parametrize("name", ["empirical", "terrain"])
def test_a_propagation_model_answers_for_tiers(name):
    """Nested thresholds give nested coverage; a layer's threshold gives that layer's."""
    config = project(tiers=TIERS)
    propagation = propagation_of(config, name)
    asked = propagation.for_services([Service(layer, "") for layer in tier_layers(config)])
    grades = asked.footprint(masts(), GRID).probability
    assert (np.diff(grades, axis=0) >= 0.0).all()
    whole = propagation.footprint(masts(), GRID)
    first = np.zeros(GRID.shape, dtype=np.float32)
    first[whole.window] = whole.probability[0]
    third = np.zeros(GRID.shape, dtype=np.float32)
    third[asked.footprint(masts(), GRID).window] = grades[2]
    np.testing.assert_allclose(third, first, atol=1e-6)


def test_a_tier_of_a_class_nobody_defined_is_refused():
    with refused(ConfigError, "'city' is not defined"):
        project(tiers=[{"id": "good", "name": "好", "threshold_dbm": -95, "by_class": {"city": -90}}])
