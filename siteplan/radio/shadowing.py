"""Shadowing that the masts of a place share, and the probability of service under it.

A phone behind a hill or inside a house loses the signal of every mast at once. For service s, mast m and
place x the standard score of shadowing is

    u_m(x) = sqrt(rho_s) c(x) + sqrt(1 - rho_s) e_m(x),

one c a place and one e a mast, both standard normal; bands, sectors and networks of a mast share e. Given c
masts are independent, so what nobody serves is the mean over c of a product. The mean is taken at a few
nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from siteplan.core.errors import RangeError

NODES = 5
"""Nodes of the shared part: up to a correlation of 0.7 the mean over them is within 0.02 of 64 nodes."""
LARGEST_CORRELATION = 0.95
_PER_UNIT, _LIMIT = 128, 6
"""Steps of a unit of :data:`_NORMAL`, and the score at which it ends on both sides."""
Singles = NDArray[np.float32]

_NORMAL = ndtr(np.arange(-_LIMIT * _PER_UNIT, _LIMIT * _PER_UNIT + 2) / _PER_UNIT).astype(np.float32)
"""Normal distribution by score; :func:`_at_node` reads between its steps."""


@dataclass(frozen=True, eq=False)
class SharedShadowing:
    """The shared part of shadowing at its nodes.

    Attributes
    ----------
    correlation
        rho of each service between masts of different places, shape (services,) [0-1].
    node
        Values of c, ascending, shape (nodes,) [standard deviations].
    weight
        Their probabilities, shape (nodes,); sum 1.
    shift
        Added to the scores of masts to come, where measurements tell what all masts share, shape (services,
        height, width); None for nothing.
    """

    correlation: NDArray[np.float64]
    node: NDArray[np.float64]
    weight: NDArray[np.float64]
    shift: Singles | None = None

    def mean(self, by_node: Singles) -> Singles:
        """Mean over the nodes of an array of shape (services, nodes, ...), shape (services, ...)."""
        total = np.zeros((by_node.shape[0], *by_node.shape[2:]), dtype=np.float32)
        for position, weight in enumerate(self.weight.astype(np.float32)):
            total += weight * by_node[:, position]
        return total


def shared_shadowing(correlation: ArrayLike, nodes: int = NODES) -> SharedShadowing:
    """Nodes of the shared part: Gauss-Legendre over the probability of c, so that every node counts.

    Parameters
    ----------
    correlation
        rho of each service, shape (services,) [0-0.95].
    nodes
        How many; where nothing is shared, one.

    Returns
    -------
    SharedShadowing
        c = Phi^-1(v) at the nodes v of [0, 1].

    Raises
    ------
    RangeError
        If a correlation lies outside 0 to 0.95.

    Examples
    --------
    >>> shared_shadowing([0.5, 0.5]).node.round(2)
    array([-1.68, -0.74,  0.  ,  0.74,  1.68])
    """
    rho = np.atleast_1d(np.asarray(correlation, dtype=np.float64))
    if not ((rho >= 0.0) & (rho <= LARGEST_CORRELATION)).all():
        raise RangeError(f"the correlation of shadowing lies in 0 to {LARGEST_CORRELATION}, got {rho}")
    place, weight = np.polynomial.legendre.leggauss(nodes if rho.any() else 1)
    return SharedShadowing(rho, ndtri((place + 1.0) / 2.0), weight / 2.0)


def indoor_correlation(correlation: float, sigma_db: float, entry_sigma_db: float) -> float:
    """Correlation of shadowing between masts for a phone indoors: one wall stands before all of them.

    Parameters
    ----------
    correlation
        rho outdoors [0-0.95].
    sigma_db
        Spread outdoors, positive [dB].
    entry_sigma_db
        Spread of the loss into buildings, not negative [dB].

    Returns
    -------
    float
        (rho sigma^2 + sigma_entry^2) / (sigma^2 + sigma_entry^2), at most 0.95.

    Examples
    --------
    >>> round(indoor_correlation(0.5, 8.0, 4.4), 3)
    0.616
    """
    outdoors, entry = sigma_db**2, entry_sigma_db**2
    return min((correlation * outdoors + entry) / (outdoors + entry), LARGEST_CORRELATION)


def conditional_probability(
    score: Singles, sharpness: Singles, correlation: NDArray[np.float64], node: NDArray[np.float64]
) -> Singles:
    """Probability of service at each node of the shared part.

    Parameters
    ----------
    score
        z with Phi(z) the probability over all shadowing; -inf where a mast gives nothing, shape (k, h, w).
    sharpness
        1 / sqrt(1 + tau^2) with tau the spread of scores inside a pixel [standard deviations], shape
        (k, h, w) [0-1].
    correlation
        rho of each of the k services.
    node
        Values of c, shape (nodes,).

    Returns
    -------
    ndarray
        Phi((z + sqrt(rho) u c) / sqrt(1 - rho u^2)) with u the sharpness, float32, shape (k, nodes, h, w).
    """
    out = np.zeros((score.shape[0], len(node), *score.shape[1:]), dtype=np.float32)
    root = np.sqrt(correlation).astype(np.float32)
    given, sharp = np.ascontiguousarray(score), np.ascontiguousarray(sharpness)
    _condition(given, sharp, root, node.astype(np.float32), _NORMAL, out)
    return out


def take_probability(
    outage: Singles,
    services: NDArray[np.int64],
    window: tuple[slice, slice],
    score: Singles,
    sharpness: Singles,
    correlation: NDArray[np.float64],
    node: NDArray[np.float64],
) -> None:
    """Multiply what is still uncovered by what one mast leaves, at each node, in place.

    Parameters
    ----------
    outage
        float32, shape (services, nodes, height, width).
    services
        Positions of the k services in it.
    window
        Rows and columns of the scores in it.
    score, sharpness, correlation, node
        As of :func:`conditional_probability`, whose complement is multiplied in.
    """
    root = np.sqrt(correlation).astype(np.float32)
    given, sharp = np.ascontiguousarray(score), np.ascontiguousarray(sharpness)
    corner = window[0].start, window[1].start
    _take(outage, services, corner, given, sharp, root, node.astype(np.float32), _NORMAL)


@njit(cache=True, nogil=True, error_model="numpy")
def _at_node(
    z: np.float32, loading: np.float32, scale: np.float32, node: np.float32, phi: Singles
) -> np.float32:
    """Phi((z + loading c) scale), from the table."""
    place = (z + loading * node) * scale + np.float32(_LIMIT)
    place *= np.float32(_PER_UNIT)
    place = min(max(place, np.float32(0.0)), np.float32(2 * _LIMIT * _PER_UNIT))
    at = int(place)
    return phi[at] + (phi[at + 1] - phi[at]) * (place - np.float32(at))


@njit(cache=True, nogil=True, error_model="numpy")
def _scale(loading: np.float32) -> np.float32:
    return np.float32(1.0) / np.float32(math.sqrt(np.float32(1.0) - loading * loading))


@njit(cache=True, nogil=True, error_model="numpy")
def _condition(
    score: Singles, sharpness: Singles, root: Singles, node: Singles, phi: Singles, out: Singles
) -> None:
    for k in range(score.shape[0]):
        for r in range(score.shape[1]):
            for c in range(score.shape[2]):
                z = score[k, r, c]
                if z < np.float32(-_LIMIT):
                    continue
                loading = root[k] * sharpness[k, r, c]
                scale = _scale(loading)
                for q in range(node.size):
                    out[k, q, r, c] = _at_node(z, loading, scale, node[q], phi)


@njit(cache=True, nogil=True, error_model="numpy")
def _take(
    outage: Singles,
    services: NDArray[np.int64],
    corner: tuple[int, int],
    score: Singles,
    sharpness: Singles,
    root: Singles,
    node: Singles,
    phi: Singles,
) -> None:
    top, left = corner
    for k in range(score.shape[0]):
        s = services[k]
        for r in range(score.shape[1]):
            for c in range(score.shape[2]):
                z = score[k, r, c]
                if z < np.float32(-_LIMIT):
                    continue
                loading = root[k] * sharpness[k, r, c]
                scale = _scale(loading)
                for q in range(node.size):
                    share = _at_node(z, loading, scale, node[q], phi)
                    outage[s, q, top + r, left + c] *= np.float32(1.0) - share
