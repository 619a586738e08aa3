"""Shadowing that masts share: closed forms, many nodes, and what it does to coverage."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from siteplan.core.errors import RangeError
from siteplan.radio.shadowing import (
    conditional_probability,
    indoor_correlation,
    shared_shadowing,
)

FLOOR = ndtri(0.1)


def covered(scores, rho, nodes=5):
    """Probability that any of some masts serves, scores of shape (places, masts)."""
    sky = shared_shadowing([rho], nodes)
    score = np.asarray(scores, dtype=np.float32)
    left = np.ones((len(sky.node), len(score)))
    for mast in score.T:
        share = conditional_probability(
            mast[None, None], np.ones((1, 1, len(mast)), np.float32), sky.correlation, sky.node
        )
        left *= 1.0 - share[0, :, 0]
    return 1.0 - sky.weight @ left


def exactly(scores, rho, nodes=64):
    """The same straight from the definition, without tables, by Gauss-Hermite nodes."""
    place, weight = np.polynomial.hermite_e.hermegauss(nodes)
    given = (scores[None] + math.sqrt(rho) * place[:, None, None]) / math.sqrt(1.0 - rho)
    return 1.0 - weight / weight.sum() @ np.prod(1.0 - ndtr(given), axis=2)


@pytest.fixture(scope="module")
def places():
    """Places with one to forty masts in reach, from hopeless to certain; below the floor a mast is nothing."""
    rng = np.random.default_rng(20)
    drawn = []
    for masts in (1, 2, 3, 5, 8, 12, 20, 40):
        score = np.full((500, 40), -np.inf)
        score[:, :masts] = rng.uniform(-2.5, 2.5, (500, 1)) + rng.normal(size=(500, masts))
        drawn.append(np.where(score >= FLOOR, score, -np.inf))
    return np.concatenate(drawn)


@pytest.mark.parametrize("rho", [0.1, 0.3, 0.5, 0.7])
def test_five_nodes_are_as_good_as_sixty_four(places, rho):
    error = np.abs(covered(places, rho) - exactly(places, rho))
    assert error.mean() <= 0.005
    assert error.max() <= 0.02


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.8])
def test_two_masts_at_their_edge_fail_together_as_the_orthant_says(rho):
    """P(u1 < 0, u2 < 0) = 1/4 + asin(rho) / (2 pi) (Sheppard 1899)."""
    both_fail = 0.25 + math.asin(rho) / (2.0 * math.pi)
    assert covered(np.zeros((1, 2)), rho, nodes=40)[0] == pytest.approx(1.0 - both_fail, abs=2e-3)


def test_one_mast_alone_keeps_its_probability():
    score = np.linspace(FLOOR, 3.0, 60)[:, None]
    for rho in (0.0, 0.3, 0.5, 0.7):
        np.testing.assert_allclose(covered(score, rho), ndtr(score[:, 0]), atol=0.012)


def test_nothing_shared_is_a_product(places):
    few = places[:200]
    np.testing.assert_allclose(covered(few, 0.0), 1.0 - np.prod(1.0 - ndtr(few), axis=1), atol=1e-5)


def test_the_more_is_shared_the_less_a_second_mast_helps():
    twice = np.zeros((1, 2))
    values = [covered(twice, rho)[0] for rho in (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)]
    assert all(a > b for a, b in pairwise(values))
    assert values[0] == pytest.approx(0.75, abs=1e-5)
    assert 0.5 < values[-1] < 0.6


def test_one_more_mast_never_harms(places):
    fewer = places.copy()
    fewer[:, 0] = -np.inf
    for rho in (0.0, 0.5, 0.7):
        assert (covered(places, rho) >= covered(fewer, rho) - 1e-6).all()


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 2.0])
def test_scores_spread_inside_a_pixel_are_averaged_under_every_sky(tau):
    """Sub-pixels with scores N(mu, tau^2): mean of their conditional probabilities, by a million draws."""
    sky, mu = shared_shadowing([0.5]), 0.4
    inside = mu + tau * ndtri((np.arange(100_000) + 0.5) / 100_000)
    sharpness = 1.0 / math.sqrt(1.0 + tau**2)
    one = np.ones((1, 1, 1), dtype=np.float32)
    share = conditional_probability(
        one * np.float32(mu * sharpness), one * np.float32(sharpness), sky.correlation, sky.node
    )
    expected = [ndtr((inside + math.sqrt(0.5) * c) / math.sqrt(0.5)).mean() for c in sky.node]
    np.testing.assert_allclose(share[0, :, 0, 0], expected, atol=2e-4)


def test_a_mast_that_gives_nothing_gives_nothing_under_any_sky():
    nothing = np.full((1, 2, 3), -np.inf, dtype=np.float32)
    sky = shared_shadowing([0.5])
    assert not conditional_probability(nothing, np.ones_like(nothing), sky.correlation, sky.node).any()


def test_a_wall_is_shared_by_all_masts():
    assert indoor_correlation(0.5, 8.0, 0.0) == 0.5
    assert indoor_correlation(0.0, 6.0, 6.0) == 0.5
    assert indoor_correlation(0.5, 8.0, 4.4) == pytest.approx((32.0 + 19.36) / (64.0 + 19.36))
    assert indoor_correlation(0.9, 4.0, 30.0) == 0.95


@pytest.mark.parametrize("rho", [-0.1, 0.96, np.nan])
def test_a_correlation_out_of_range_is_refused(rho):
    with pytest.raises(RangeError):
        shared_shadowing([0.5, rho])
