"""Readings as evidence: drawn fields with known parts, and what kriging must do at its limits."""

import numpy as np
import pytest

from siteplan.calibration.conditioning import (
    LENGTHS_M,
    Covariance,
    Residuals,
    fit_covariance,
    judge_conditioning,
    krige,
    with_honest_nugget,
)

ZERO = (0.0,) * len(LENGTHS_M)


def only(length_m, variance):
    return tuple(variance if each == length_m else 0.0 for each in LENGTHS_M)


TRUTH = Covariance(only(120.0, 20.0), only(240.0, 10.0), only(60.0, 40.0), 9.0)


def drawn(truth, count=1_500, seed=0, cells=8, edge_m=900.0):
    """Residuals of some cells, two a site, drawn from their covariance."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0.0, edge_m, (count, 2))
    cell = rng.integers(0, cells, count)
    site = cell // 2
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=2)
    matrix = truth.between(apart, site[:, None] == site, cell[:, None] == cell)
    matrix[np.diag_indices(count)] += truth.nugget
    value = np.linalg.cholesky(matrix + 1e-9 * np.eye(count)) @ rng.normal(size=count)
    return Residuals(xy, value, site, cell, np.ones(count))


def alone(xy, site=0, cell=0):
    return Residuals(np.array([xy]), np.zeros(1), np.array([site]), np.array([cell]), np.ones(1))


def test_one_reading_weighs_as_the_closed_form_says():
    """Mean k / (s + n) times the value and variance s - k^2 / (s + n), for one reading 60 m away."""
    known = Residuals(np.array([[60.0, 0.0]]), np.array([10.0]), np.array([0]), np.array([0]), np.ones(1))
    found = krige(known, TRUTH, alone((0.0, 0.0)))
    shared = 20.0 * np.exp(-0.5) + 10.0 * np.exp(-0.25) + 40.0 * np.exp(-1.0)
    assert found.mean[0] == pytest.approx(10.0 * shared / 79.0)
    assert found.variance[0] == pytest.approx(70.0 - shared**2 / 79.0)
    assert found.nearest_m[0] == pytest.approx(60.0)


@pytest.mark.parametrize(("site", "cell", "shared"), [(0, 1, 30.0), (1, 2, 20.0)])
def test_another_cell_or_site_shares_only_its_parts(site, cell, shared):
    known = Residuals(np.zeros((1, 2)), np.array([10.0]), np.array([0]), np.array([0]), np.ones(1))
    found = krige(known, TRUTH, alone((0.0, 0.0), site, cell))
    assert found.mean[0] == pytest.approx(10.0 * shared / 79.0)
    assert np.isinf(found.nearest_m[0])


def test_far_from_every_reading_the_model_stands():
    found = krige(drawn(TRUTH, 50), TRUTH, alone((1e6, 1e6), 99, 99))
    assert found.mean[0] == pytest.approx(0.0, abs=1e-9)
    assert found.variance[0] == pytest.approx(TRUTH.signal)


def test_without_noise_a_reading_stands_for_its_place():
    exact = Covariance(TRUTH.place, TRUTH.site, TRUTH.cell, 1e-9)
    known = drawn(TRUTH, 200)
    found = krige(known, exact, known)
    np.testing.assert_allclose(found.mean, known.value, atol=1e-3)
    np.testing.assert_allclose(found.variance, 0.0, atol=1e-3)


def test_a_mean_of_readings_is_worth_more_than_one():
    one = Residuals(np.zeros((1, 2)), np.array([10.0]), np.array([0]), np.array([0]), np.ones(1))
    many = Residuals(one.xy, one.value, one.site, one.cell, np.full(1, 9.0))
    few, more = (krige(each, TRUTH, alone((0.0, 0.0))) for each in (one, many))
    assert more.mean[0] > few.mean[0]
    assert more.variance[0] < few.variance[0]


def test_blocks_keep_the_mean_and_the_number_of_readings():
    known = drawn(TRUTH, 600, edge_m=60.0)
    blocks = known.in_blocks()
    assert len(blocks) < len(known)
    assert blocks.count.sum() == len(known)
    for cell in range(8):
        mine, theirs = known.cell == cell, blocks.cell == cell
        weighed = (blocks.value[theirs] * blocks.count[theirs]).sum() / mine.sum()
        assert weighed == pytest.approx(known.value[mine].mean())


def test_the_parts_drawn_are_found():
    """Sums of variances and correlation at 30 m; single lengths are not told apart by so few points."""
    found = with_honest_nugget(fit_covariance(sample := drawn(TRUTH, seed=4)), sample)
    near, whole = np.array(30.0), np.array(True)
    for other in (whole, ~whole):
        expected = TRUTH.between(near, other, other)
        assert found.between(near, other, other) == pytest.approx(expected, rel=0.45)
    assert found.nugget == pytest.approx(TRUTH.nugget, rel=0.5)


def test_errors_are_as_large_as_they_are_said_to_be():
    sample = drawn(TRUTH, 2_500, seed=5)
    blocks = (sample.xy[:, 0] // 150.0).astype(np.int64)
    judged = judge_conditioning(sample, blocks, seed=1)
    errors = judged.errors.set_index(["kept", "nearest_m"])
    assert errors.loc[("all", np.inf), "standardised"] == pytest.approx(1.0, abs=0.1)
    assert errors.loc[("all", 30.0), "rmse_db"] < errors.loc[("all", 100.0), "rmse_db"]
    assert errors.loc[("all", np.inf), "rmse_db"] < errors.loc[("few", np.inf), "rmse_db"]
    assert errors.loc[("few", np.inf), "rmse_db"] < sample.value.std()


def test_too_few_readings_say_nothing():
    assert judge_conditioning(drawn(TRUTH, 100), np.zeros(100, dtype=np.int64)) is None
