"""Simulated cities with known shadowing: what maps say comes true, and the fit finds what was put in."""

import numpy as np
import pytest
from scipy.special import ndtr

from siteplan.calibration.service import (
    JUDGED_DBM,
    LEVELS_DBM,
    STRONGEST,
    Spread,
    fit_spread,
    probability_of_any,
    scored,
)

FLOOR = 0.1


def medians(places, seed):
    """Medians of the strongest masts of each place [dBm]: some places have many, some one, some weak ones."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(-112.0, -82.0, (places, 1))
    found = level - np.cumsum(rng.exponential(2.5, (places, STRONGEST)), axis=1)
    count = rng.integers(1, STRONGEST + 1, (places, 1))
    return np.where(np.arange(STRONGEST) < count, found, -np.inf)


def readings(medians_dbm, truth, seed):
    """Strongest reading of each place under a common and an own part of shadowing [dBm]."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(len(medians_dbm), 1))
    own = rng.normal(size=medians_dbm.shape)
    shadow = np.sqrt(truth.correlation) * common + np.sqrt(1.0 - truth.correlation) * own
    return (medians_dbm + truth.offset_db + truth.sigma_db * shadow).max(axis=1)


class City:
    """Places on a square of 12 km, as the scoring sees them."""

    def __init__(self, strongest_dbm, seed=0):
        rng = np.random.default_rng(seed)
        self.strongest_dbm = strongest_dbm
        self.cells = rng.integers(0, 36, len(strongest_dbm))

    def blocks(self):
        return self.cells


@pytest.mark.parametrize("truth", [Spread(0.0, 8.0, 0.5), Spread(-4.0, 11.0, 0.75), Spread(3.0, 6.0, 0.2)])
def test_the_fit_finds_the_shadowing_that_was_drawn(truth):
    given = medians(2_500, seed=1)
    found = fit_spread(given, readings(given, truth, seed=2), floor=1e-4)
    assert found.sigma_db == pytest.approx(truth.sigma_db, abs=0.8)
    assert found.offset_db == pytest.approx(truth.offset_db, abs=1.5)
    assert found.correlation == pytest.approx(truth.correlation, abs=0.15)


def test_fitted_probabilities_come_true_where_independent_ones_do_not():
    truth = Spread(0.0, 10.0, 0.7)
    given, unseen = medians(2_500, seed=3), medians(6_000, seed=4)
    fitted = fit_spread(given, readings(given, truth, seed=5), FLOOR)
    strongest = readings(unseen, truth, seed=6)
    predicted = {
        "uncalibrated": probability_of_any(unseen, JUDGED_DBM, Spread(0.0, 6.0, 0.0), FLOOR),
        "calibrated": probability_of_any(unseen, JUDGED_DBM, fitted, FLOOR),
    }
    base = (readings(given, truth, seed=5) >= np.array(JUDGED_DBM)[:, None]).mean(axis=1)
    base_rate = np.repeat(base[:, None], len(unseen), axis=1)
    scores, curve = scored(City(strongest), predicted, base_rate, JUDGED_DBM, 0.75, seed=0)
    by_model = scores.set_index(["model", "threshold_dbm"])
    for level in JUDGED_DBM:
        good, bad = by_model.loc[("calibrated", level)], by_model.loc[("uncalibrated", level)]
        assert good["skill"] > bad["skill"] > -1.0
        assert good["skill_low"] <= good["skill"] <= good["skill_high"]
        assert good["skill"] > 0.1
        assert good["calibration_error"] < 0.04
    assert bad["calibration_error"] > good["calibration_error"]
    mine = curve[curve["model"] == "calibrated"]
    assert np.abs(mine["probability"] - mine["observed"]).max() < 0.08
    assert mine.groupby("threshold_dbm")["places"].sum().eq(len(unseen)).all()


def test_probabilities_are_those_of_the_definition():
    """Drawn skies against the nodes: a million of them for one place."""
    place, truth = medians(3, seed=7), Spread(1.0, 9.0, 0.6)
    drawn = readings(np.repeat(place, 40_000, axis=0), truth, seed=8).reshape(3, -1)
    expected = (drawn[None] >= np.array(LEVELS_DBM)[:, None, None]).mean(axis=2)
    found = probability_of_any(place, LEVELS_DBM, truth, floor=1e-6)
    np.testing.assert_allclose(found, expected, atol=0.015)


def test_one_mast_keeps_its_marginal():
    alone = np.full((1, STRONGEST), -np.inf)
    alone[0, 0] = -100.0
    found = probability_of_any(alone, LEVELS_DBM, Spread(2.0, 8.0, 0.5), floor=1e-6)[:, 0]
    np.testing.assert_allclose(found, ndtr((-98.0 - np.array(LEVELS_DBM)) / 8.0), atol=0.012)


def test_a_perfect_forecast_of_the_base_rate_has_no_skill_and_no_error():
    strongest = np.where(np.arange(1_000) % 2, -80.0, -120.0)
    same = np.full((1, 1_000), 0.5)
    scores, _ = scored(City(strongest), {"calibrated": same}, same, (-95.0,), 0.75, seed=0)
    row = scores.iloc[0]
    assert row["skill"] == pytest.approx(0.0)
    assert row["calibration_error"] == pytest.approx(0.0, abs=0.01)
    assert row["observed"] == 0.5
    assert row["hit"] == 0.0
    assert np.isnan(row["false_alarm"])


def test_hits_and_false_alarms_are_counted_at_the_target():
    strongest = np.array([-80.0, -80.0, -120.0, -120.0] * 50)
    given = np.array([[0.9, 0.4, 0.8, 0.1] * 50])
    scores, _ = scored(City(strongest), {"calibrated": given}, given, (-95.0,), 0.75, seed=0)
    assert scores.loc[0, "hit"] == pytest.approx(0.5)
    assert scores.loc[0, "false_alarm"] == pytest.approx(0.5)
