"""Smooth random fields, and the sparse spline weights that evaluate them fast.

A field is a random lattice seen through cubic B-splines, so it is smooth at
every pixel size and costs two sparse products on a regular grid.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import map_coordinates

Field = NDArray[np.float32]

_MARGIN = 3
"""Lattice nodes kept outside the field on every side."""
_NOISE_RMS = 0.479
"""RMS of a unit white lattice seen through a cubic B-spline, per axis squared."""


def child(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for one part of the demo.

    Parameters
    ----------
    seed
        Seed of the whole demo.
    name
        Name of the part; another name gives an independent stream.
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def spline_weights(positions: NDArray[np.float64], nodes: int) -> sparse.csr_array:
    """Cubic B-spline weights of positions on a line of nodes.

    Parameters
    ----------
    positions
        Where to evaluate, in node spacings, shape (n,); the ends repeat the outermost node.
    nodes
        Number of nodes.

    Returns
    -------
    csr_array
        Shape (n, nodes), float32; every row sums to one.

    Examples
    --------
    >>> spline_weights(np.array([1.0]), 3).toarray().round(3).tolist()
    [[0.167, 0.667, 0.167]]
    """
    base = np.floor(positions).astype(np.int64)
    f = positions - base
    parts = [(1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3]
    values = np.stack(parts, axis=1) / 6.0
    columns = np.clip(base[:, None] + np.arange(-1, 3), 0, nodes - 1)
    rows = np.repeat(np.arange(len(positions)), 4)
    triplet = (values.ravel().astype(np.float32), (rows, columns.ravel()))
    return sparse.csr_array(triplet, shape=(len(positions), nodes))


def stretch(values: Field, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Field:
    """A grid of nodes seen through cubic B-splines at rows and columns of another grid.

    Parameters
    ----------
    values
        Nodes, shape (m, n).
    rows, columns
        Where to evaluate, in nodes, shapes (height,) and (width,).
    """
    tall = spline_weights(rows, values.shape[0]) @ values
    wide = spline_weights(columns, values.shape[1]) @ np.ascontiguousarray(tall.T)
    return np.ascontiguousarray(wide.T)


def grid_noise(rng: np.random.Generator, shape: tuple[int, int], spacing_px: float) -> Field:
    """Smooth noise on a regular grid, mean near 0 and standard deviation near 1.

    Parameters
    ----------
    rng
        Random stream.
    shape
        Rows and columns.
    spacing_px
        Distance of the lattice nodes [pixels]; hills are about two of them wide.
    """
    lattice = _lattice(rng, shape, spacing_px)
    rows, columns = (np.arange(size) / spacing_px + _MARGIN for size in shape)
    return stretch(lattice, rows, columns) / np.float32(_NOISE_RMS)


def warped_noise(rng: np.random.Generator, rows: Field, columns: Field, spacing_px: float) -> Field:
    """Smooth noise at displaced pixels on a lattice turned at random, so that no axis shows.

    Parameters
    ----------
    rng
        Random stream.
    rows, columns
        Displaced pixel positions [pixels], shape (height, width).
    spacing_px
        Distance of the lattice nodes [pixels].

    Returns
    -------
    ndarray
        float32, shape (height, width); mean near 0 and standard deviation near 1.
    """
    angle = rng.uniform(0, np.pi / 2)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    where = np.stack([cos * rows + sin * columns, cos * columns - sin * rows])
    where -= where.min(axis=(1, 2), keepdims=True)
    lattice = _lattice(rng, tuple(where.max(axis=(1, 2))), spacing_px)
    where = where / np.float32(spacing_px) + np.float32(_MARGIN)
    field = map_coordinates(lattice, where, output=np.float32, order=3, prefilter=False, mode="nearest")
    return field / np.float32(_NOISE_RMS)


def _lattice(rng: np.random.Generator, shape: tuple[float, ...], spacing_px: float) -> Field:
    nodes = [int(size / spacing_px) + 2 * _MARGIN + 2 for size in shape]
    return rng.standard_normal(nodes, dtype=np.float32)
