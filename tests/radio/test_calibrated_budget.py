"""What a calibration changes in link budgets and coverage, and what it leaves alone."""

import math

import numpy as np
import pytest
from scipy.special import ndtr
from worlds.budget_world import GRID, MAST_AT, budgets, kinds_of, masts, project, propagation_of, served_at
from worlds.refusals import refused
from worlds.two_counties import write_toml

from siteplan.core.errors import ConfigError
from siteplan.coverage.propagation import Mast
from siteplan.project.project_file import load_config, with_calibration
from siteplan.radio import pathloss

# --- calibration ----------------------------------------------------------------------------------------


def fitted(propagation, bands=None, **more):
    bands = {"high": {"offset_db": 0.0}} if bands is None else bands
    return {"schema": "siteplan-calibration/1", "propagation": propagation, "bands": bands, **more}


FAR = np.array([400.0, 1_000.0, 1_900.0])
MODELS = ["empirical", "terrain"]


@pytest.mark.parametrize("name", MODELS)
def test_an_offset_shifts_the_signal(name):
    """As if the EIRP were as much higher."""
    base = project(coverage={"probability_floor": 1e-6})
    shifted = with_calibration(base, fitted(name, {"high": {"offset_db": -4.0}}))
    weaker = project({"eirp_per_re_dbm": 32.7}, coverage={"probability_floor": 1e-6})
    np.testing.assert_allclose(served_at(shifted, name, FAR), served_at(weaker, name, FAR), atol=1e-4)
    assert (served_at(shifted, name, FAR) < served_at(base, name, FAR)).all()


@pytest.mark.parametrize("name", MODELS)
def test_a_slope_turns_the_loss_about_one_kilometre(name):
    base = project()
    steeper = with_calibration(base, fitted(name, {"high": {"offset_db": 0.0, "slope_db_per_decade": 5.0}}))
    if name == "empirical":
        one, two = (budgets(c, name).radial("high", "rural", 35.0).rsrp_dbm for c in (base, steeper))
        change = two - one
    else:
        one, two = (budgets(c, name).terrain("high", "rural", 35.0).loss_db[0] for c in (base, steeper))
        change = one - two
    assert change[[100, 300]] == pytest.approx([0.0, -5.0 * math.log10(3.0)])
    assert change[20] == pytest.approx(5.0 * math.log10(5.0))


@pytest.mark.parametrize("name", MODELS)
def test_a_fitted_spread_takes_the_formulas_place(name):
    base = project(coverage={"probability_floor": 1e-6})
    narrow = with_calibration(base, fitted(name, {"high": {"offset_db": 0.0, "sigma_db": 4.0}}))
    assert budgets(narrow, name).radial("high", "rural", 35.0).sigma_db == 4.0
    before, after = (served_at(c, name, FAR) for c in (base, narrow))
    likely = before > 0.5
    assert (after[likely & (before < 0.9999)] > before[likely & (before < 0.9999)]).all()
    assert (after[~likely] < before[~likely]).all()


@pytest.mark.parametrize("name", MODELS)
def test_clutter_terms_count_where_that_clutter_is(name):
    base = project(coverage={"probability_floor": 1e-6})
    trees, water = kinds_of(base)["trees"], kinds_of(base)["water"]
    changed = with_calibration(base, fitted(name, clutter_db={"trees": 6.0}))
    weaker = project({"eirp_per_re_dbm": 30.7}, coverage={"probability_floor": 1e-6})
    np.testing.assert_allclose(
        served_at(changed, name, FAR, clutter_code=trees),
        served_at(weaker, name, FAR, clutter_code=trees),
        atol=1e-3,
    )
    np.testing.assert_allclose(
        served_at(changed, name, FAR, clutter_code=water),
        served_at(base, name, FAR, clutter_code=water),
        atol=1e-3,
    )


@pytest.mark.parametrize("name", MODELS)
def test_clutter_terms_count_in_footprints_too(name):
    base = project()
    trees = kinds_of(base)["trees"]
    changed = with_calibration(base, fitted(name, clutter_db={"trees": 6.0}))
    before, after = (propagation_of(c, name, trees).footprint(masts(), GRID) for c in (base, changed))
    assert after.probability[0].sum() < 0.9 * before.probability[0].sum()


def test_where_places_count_a_mast_without_bands_gives_nothing():
    base = project()
    changed = with_calibration(base, fitted("empirical", clutter_db={"trees": 6.0}))
    nothing = Mast("T", *MAST_AT, "rural", 35.0, ())
    assert propagation_of(changed, "empirical", 0).footprint(nothing, GRID) is None


def test_a_weight_of_diffraction_scales_it():
    base = project(area={"clutter_height_m": 15.0}, coverage={"probability_floor": 1e-6})
    losses = []
    for weight in (0.0, 0.5, 1.0):
        propagation = propagation_of(
            with_calibration(base, fitted("terrain", diffraction_weight=weight)), "terrain"
        )
        ends = MAST_AT[0] + FAR, np.full(3, MAST_AT[1])
        losses.append(propagation.loss_at(masts(), "high", propagation.geometry_at(masts(), *ends), *ends))
    np.testing.assert_allclose(losses[0], pathloss.free_space_loss(np.hypot(FAR, 33.5), 2140.0), atol=0.01)
    np.testing.assert_allclose(losses[1], (losses[0] + losses[2]) / 2.0)
    assert (losses[2] > losses[0] + 10.0).all()


@pytest.mark.parametrize("name", MODELS)
def test_a_calibration_of_the_other_model_changes_nothing(name):
    base = project()
    other = {"empirical": "terrain", "terrain": "empirical"}[name]
    given = fitted(
        other,
        {"high": {"offset_db": -9.0, "sigma_db": 3.0}},
        clutter_db={"rural": 9.0},
        diffraction_weight=0.2,
        horizontal_weight=0.1,
    )
    changed = with_calibration(base, given)
    np.testing.assert_array_equal(served_at(changed, name, FAR), served_at(base, name, FAR))
    assert budgets(changed, name).fitted is None


def test_bands_nobody_measured_keep_their_formula():
    base = project()
    changed = with_calibration(base, fitted("empirical", {"low": {"offset_db": -9.0}}))
    for band, same in (("high", True), ("low", False)):
        one, two = (budgets(c).radial(band, "rural", 35.0).rsrp_dbm for c in (base, changed))
        assert np.array_equal(one, two) == same


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (fitted("terrain", {"5G": {"offset_db": 1.0}}), "bands.5G"),
        (fitted("terrain", clutter_db={"jungle": 3.0}), "clutter_db.jungle"),
        (fitted("map"), "propagation"),
        (fitted("terrain", {"high": {}}), "offset_db"),
        (fitted("terrain", diffraction_weight=-1.0), "diffraction_weight"),
        (fitted("terrain", {"high": {"offset_db": 0.0, "sigma_db": 0.0}}), "sigma_db"),
        (fitted("terrain", wether="fine"), "wether"),
    ],
    ids=["band", "clutter", "propagation", "no offset", "weight", "sigma", "misspelt"],
)
def test_a_calibration_that_does_not_fit_the_project_is_refused(given, said):
    with refused(ConfigError, said, "cal.toml"):
        with_calibration(project(), given, "cal.toml")


def test_the_calibration_a_project_names_is_read_with_it(two_counties):
    write_toml(two_counties, {"coverage.calibration": "cal.toml"})
    with refused(ConfigError, "siteplan calibrate"):
        load_config(two_counties)
    lines = [
        'schema = "siteplan-calibration/1"',
        'propagation = "terrain"',
        "[bands.high]",
        "offset_db = -2.5",
    ]
    (two_counties / "cal.toml").write_text("\n".join(lines), encoding="utf-8")
    config = load_config(two_counties)
    assert config.fitted.bands["high"].offset_db == -2.5
    (two_counties / "cal.toml").write_text("offset = ", encoding="utf-8")
    with refused(ConfigError, "TOML"):
        load_config(two_counties)


def test_a_calibrated_project_has_a_hash_of_its_own():
    base = project()
    before = base.sha256
    assert with_calibration(base, fitted("terrain")).sha256 != before


def test_at_the_median_half_is_served():
    """P = Phi((EIRP - loss - T) / sigma) from end to end."""
    distance = np.array([1_234.0])
    loss = pathloss.rma_nlos_loss(distance, 2140.0, 35.0)
    expected = ndtr((36.7 - loss + 105.0) / 8.0)
    assert served_at(project(), "empirical", distance) == pytest.approx(expected[0], abs=1e-3)
