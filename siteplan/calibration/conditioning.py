"""What readings say beyond the model: residuals kriged from those near by.

A residual has a part of its place (common to all masts), a part of its site, a part of its cell, each with
its own correlation over distance, and a nugget: what two readings of one spot do not share. The parts are
told by pairs of readings (of one cell, of cells of one site, of different sites) at growing distances, as
non-negative weights of exponential covariances of fixed lengths, so that every fitted covariance is valid.
The nugget is set so that errors at readings left out are as large as they are said to be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.spatial import KDTree

LENGTHS_M = (30.0, 60.0, 120.0, 240.0, 480.0, 1e7)
"""Correlation lengths the parts are made of [m]; the last one is a constant."""
_EDGES_M = (0.0, 5.0, 10.0, 20.0, 35.0, 60.0, 100.0, 160.0, 250.0, 400.0, 700.0, 1000.0)
PAIRED, PARTNERS = 4_000, 800
"""Readings whose neighbours are paired, and most partners of each, drawn by the seed."""
POOL = 150_000
"""Readings pairs are drawn from."""
OWN, OTHERS = 24, 12
"""Nearest readings of the same cell, and of all cells, that tell a value."""
BLOCK_M = 10.0
"""Readings of one cell in a square of this edge are one, with less noise [m]."""
LEFT_OUT = 2_000
"""Readings left out to set the nugget."""
LEAST_READINGS = 500
"""Residuals below which nothing is said of conditioning."""
JUDGED, FEW = 4_000, 20
"""Readings left out to judge by, and most of a cell that are kept in the poorer case."""
NEAREST_M = (30.0, 100.0, 300.0)
"""Limits of the distance classes of the errors [m]."""
_FEWEST, _EVERY = 30, 5
_ROUNDS, _LEAST_NUGGET = 3, 0.1
_BATCH = 2_000
Values = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Covariance:
    """Covariance of residuals by what two readings have in common.

    Attributes
    ----------
    place, site, cell
        Variances by correlation length, for pairs anywhere, and what pairs of one site and of one cell share
        beyond that, each of the length of ``LENGTHS_M`` [dB2].
    nugget
        What no two readings share [dB2].
    """

    place: tuple[float, ...]
    site: tuple[float, ...]
    cell: tuple[float, ...]
    nugget: float

    @property
    def signal(self) -> float:
        """Variance without the nugget [dB2]."""
        return sum(self.place) + sum(self.site) + sum(self.cell)

    def between(
        self, distance_m: Values, same_site: NDArray[np.bool_], same_cell: NDArray[np.bool_]
    ) -> Values:
        """Covariance of pairs without the nugget, of the shape of the distances [dB2]."""
        total = np.zeros(np.shape(distance_m))
        for k, length in enumerate(LENGTHS_M):
            if not (self.place[k] or self.site[k] or self.cell[k]):
                continue
            weight = self.place[k] + self.site[k] * same_site + self.cell[k] * same_cell
            total = total + weight * np.exp(-distance_m / length)
        return total


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals of readings with their places, sites and cells.

    Attributes
    ----------
    xy
        Easting and northing, shape (n, 2) [m].
    value
        Measured less modelled, shape (n,) [dB].
    site, cell
        Numbers, shape (n,); a cell belongs to one site.
    count
        How many readings each is the mean of, shape (n,).
    """

    xy: Values
    value: Values
    site: Ints
    cell: Ints
    count: Values

    def __len__(self) -> int:
        return len(self.value)

    def take(self, rows: Ints | NDArray[np.bool_]) -> Residuals:
        """Some of them."""
        return Residuals(self.xy[rows], self.value[rows], self.site[rows], self.cell[rows], self.count[rows])

    def in_blocks(self) -> Residuals:
        """One mean a cell and block: dense drives keep their weight and lose their size."""
        block = np.floor(self.xy / BLOCK_M)
        table = pd.DataFrame({"cell": self.cell, "col": block[:, 0], "row": block[:, 1], "site": self.site})
        table = table.assign(x=self.xy[:, 0], y=self.xy[:, 1], value=self.value, count=self.count)
        for name in ("x", "y", "value"):
            table[name] *= table["count"]
        sums = table.groupby(["cell", "col", "row", "site"], as_index=False)[
            ["x", "y", "value", "count"]
        ].sum()
        count = sums["count"].to_numpy()
        mean = sums[["x", "y", "value"]].to_numpy() / count[:, None]
        return Residuals(mean[:, :2], mean[:, 2], sums["site"].to_numpy(), sums["cell"].to_numpy(), count)


def residuals_of(
    easting_m: Values,
    northing_m: Values,
    value_db: Values,
    site: NDArray[np.object_],
    cell: NDArray[np.object_],
) -> Residuals:
    """Residuals of single readings; sites and cells by their names."""
    sites, cells = (np.unique(each.astype(str), return_inverse=True)[1] for each in (site, cell))
    return Residuals(np.column_stack([easting_m, northing_m]), value_db, sites, cells, np.ones(len(value_db)))


def fit_covariance(residuals: Residuals, *, about_zero: bool = False, seed: int = 0) -> Covariance:
    """Covariance of residuals from pairs of them.

    Parameters
    ----------
    residuals
        Single readings.
    about_zero
        Whether residuals are taken about zero rather than their mean, so that what all of them share counts
        too, and fades with distance: no part is constant.
    seed
        Of the draw of pairs.

    Returns
    -------
    Covariance
        Non-negative least squares over distance classes, weighted by how many pairs each holds.

    References
    ----------
    .. [1] N. Cressie, "Fitting variogram models by weighted least squares", Mathematical Geology 17(5),
       563-586, 1985. DOI 10.1007/BF01032109
    """
    if len(residuals) > POOL:
        residuals = residuals.take(np.sort(np.random.default_rng(seed).choice(len(residuals), POOL, False)))
    mean_db = 0.0 if about_zero else float(residuals.value.mean())
    total, count, away = _pair_sums(residuals, mean_db, seed)
    level, cell = np.nonzero(count)
    n = count[level, cell]
    mean, distance = total[level, cell] / n, away[level, cell] / n
    lengths = np.array(LENGTHS_M)
    shape = np.exp(-distance[:, None] / lengths) * ~(about_zero & (lengths == LENGTHS_M[-1]))
    columns = np.hstack([shape, shape * (level >= 1)[:, None], shape * (level == 2)[:, None]])
    weight = np.sqrt(n)
    found, _ = nnls(columns * weight[:, None], mean * weight)
    place, site, own = (tuple(float(v) for v in part) for part in np.split(found, 3))
    variance = float(np.mean((residuals.value - mean_db) ** 2))
    signal = sum(place) + sum(site) + sum(own)
    scale = min(1.0, 0.98 * variance / signal) if signal > 0.0 else 1.0
    place, site, own = (tuple(scale * v for v in part) for part in (place, site, own))
    return Covariance(place, site, own, variance - scale * signal)


def with_honest_nugget(covariance: Covariance, residuals: Residuals, *, seed: int = 0) -> Covariance:
    """The same with the nugget that readings left out ask for: standardised errors have a variance of 1.

    Parameters
    ----------
    covariance
        Of :func:`fit_covariance`.
    residuals
        Single readings.
    seed
        Of the draw of those left out.
    """
    order = np.random.default_rng(seed).permutation(len(residuals))
    count = min(LEFT_OUT, len(residuals) // 5)
    asked, known = residuals.take(np.sort(order[:count])), residuals.take(np.sort(order[count:])).in_blocks()
    for _ in range(_ROUNDS):
        found = krige(known, covariance, asked)
        excess = float(np.mean((asked.value - found.mean) ** 2 - found.variance))
        covariance = replace(covariance, nugget=max(excess, _LEAST_NUGGET))
    return covariance


def _pair_sums(residuals: Residuals, mean_db: float, seed: int) -> tuple[Values, Values, Values]:
    """Products, pairs and distances summed by level (other sites, one site, one cell) and distance class."""
    rng, value = np.random.default_rng(seed), residuals.value - mean_db
    first = np.sort(rng.choice(len(residuals), min(PAIRED, len(residuals)), replace=False))
    near = KDTree(residuals.xy).query_ball_point(residuals.xy[first], _EDGES_M[-1], return_sorted=True)
    sums = np.zeros((3, 3, len(_EDGES_M) - 1))
    for i, partners in zip(first, near, strict=True):
        others = np.array([p for p in partners if p != i], dtype=np.int64)
        if len(others) > PARTNERS:
            others = rng.choice(others, PARTNERS, replace=False)
        distance = np.hypot(*(residuals.xy[others] - residuals.xy[i]).T)
        at = np.clip(np.digitize(distance, _EDGES_M) - 1, 0, len(_EDGES_M) - 2)
        level = (residuals.site[others] == residuals.site[i]).astype(int)
        level += residuals.cell[others] == residuals.cell[i]
        for which, amount in enumerate((value[others] * value[i], np.ones(len(others)), distance)):
            np.add.at(sums[which], (level, at), amount)
    return sums[0], sums[1], sums[2]


@dataclass(frozen=True, eq=False)
class Kriged:
    """What readings near by say of places.

    Attributes
    ----------
    mean
        Expected residual, shape (n,) [dB].
    variance
        Of the residual without the nugget, shape (n,) [dB2].
    nearest_m
        Distance to the nearest reading of the same cell, shape (n,) [m]; infinite for none.
    """

    mean: Values
    variance: Values
    nearest_m: Values


def krige(evidence: Residuals, covariance: Covariance, asked: Residuals) -> Kriged:
    """Simple kriging of residuals from the nearest readings of the same cell and of all cells.

    Parameters
    ----------
    evidence
        Readings, best in blocks.
    covariance
        Of single readings.
    asked
        Places with their site and cell; their values are not looked at.

    Returns
    -------
    Kriged
        Far from every reading the model's own value and spread.

    References
    ----------
    .. [1] J.-P. Chiles, P. Delfiner, "Geostatistics: Modeling Spatial Uncertainty", 2nd ed., Wiley, 2012,
       chapter 3. DOI 10.1002/9781118136188
    """
    mean, variance = np.zeros(len(asked)), np.full(len(asked), covariance.signal)
    neighbours, nearest = _neighbours(evidence, asked)
    for start in range(0, len(asked), _BATCH):
        part = slice(start, min(start + _BATCH, len(asked)))
        found = _solved(evidence, covariance, asked.take(np.arange(part.start, part.stop)), neighbours[part])
        mean[part], variance[part] = found
    return Kriged(mean, np.maximum(variance, 0.0), nearest)


def _neighbours(evidence: Residuals, asked: Residuals) -> tuple[Ints, Values]:
    """Readings looked at for each place (-1 for none, each once), and the distance to the nearest own one."""
    own = np.full((len(asked), OWN), -1, dtype=np.int64)
    nearest = np.full(len(asked), np.inf)
    order = np.argsort(evidence.cell, kind="stable")
    bounds = np.searchsorted(evidence.cell[order], np.arange(int(asked.cell.max(initial=0)) + 2))
    for cell in np.unique(asked.cell):
        theirs, places = order[bounds[cell] : bounds[cell + 1]], np.flatnonzero(asked.cell == cell)
        if len(theirs):
            k = min(OWN, len(theirs))
            distance, at = KDTree(evidence.xy[theirs]).query(asked.xy[places], k=np.arange(1, k + 1))
            own[places, :k], nearest[places] = theirs[at], distance[:, 0]
    k = min(OTHERS, len(evidence))
    every = KDTree(evidence.xy).query(asked.xy, k=np.arange(1, k + 1))[1] if k else own[:, :0]
    every = np.where((every[:, :, None] == own[:, None, :]).any(axis=2), -1, every)
    return np.hstack([own, every]), nearest


def _solved(
    evidence: Residuals, covariance: Covariance, asked: Residuals, neighbours: Ints
) -> tuple[Values, Values]:
    """Kriging weights applied, place by place; a missing neighbour has no covariance with anything."""
    known, at = neighbours >= 0, np.maximum(neighbours, 0)
    xy, site, cell = evidence.xy[at], evidence.site[at], evidence.cell[at]
    apart = np.linalg.norm(xy[:, :, None] - xy[:, None, :], axis=3)
    both = known[:, :, None] & known[:, None, :]
    matrix = covariance.between(
        apart, site[:, :, None] == site[:, None, :], cell[:, :, None] == cell[:, None, :]
    )
    matrix = np.where(both, matrix, 0.0)
    noise = np.where(known, covariance.nugget / evidence.count[at], 1.0)
    matrix[:, np.arange(at.shape[1]), np.arange(at.shape[1])] += noise
    away = np.linalg.norm(xy - asked.xy[:, None, :], axis=2)
    towards = covariance.between(away, site == asked.site[:, None], cell == asked.cell[:, None])
    towards = np.where(known, towards, 0.0)
    weight = np.linalg.solve(matrix, towards[:, :, None])[:, :, 0]
    value = np.where(known, evidence.value[at], 0.0)
    return (weight * value).sum(axis=1), covariance.signal - (weight * towards).sum(axis=1)


@dataclass(frozen=True, eq=False)
class Conditioned:
    """Readings as evidence of readings.

    Attributes
    ----------
    covariance
        Of all residuals.
    errors
        ``kept, nearest_m, points, rmse_db, standardised``: error at readings left out, by what was kept
        (``all`` the others, ``few`` at most 20 of a cell, ``far`` none within the block of land) and by the
        distance to the nearest kept reading of the same cell (infinite for any); standardised errors have a
        spread of 1 where the error stated is honest.
    """

    covariance: Covariance
    errors: pd.DataFrame


def judge_conditioning(residuals: Residuals, blocks: Ints, *, seed: int = 0) -> Conditioned | None:
    """How much readings near by improve on the model, at readings left out.

    Parameters
    ----------
    residuals
        Single readings against the model.
    blocks
        Block of land of each, shape (n,).
    seed
        Of draws.

    Returns
    -------
    Conditioned or None
        None for fewer than ``LEAST_READINGS``.
    """
    if len(residuals) < LEAST_READINGS:
        return None
    order = np.random.default_rng(seed).permutation(len(residuals))
    judged = min(JUDGED, len(residuals) // 5)
    asked, rest = np.sort(order[:judged]), order[judged:]
    known = residuals.take(np.sort(rest))
    covariance = with_honest_nugget(fit_covariance(known, seed=seed), known, seed=seed)
    rows = _errors("all", known, residuals.take(asked), covariance)
    turn = pd.Series(rest).groupby(residuals.cell[rest]).cumcount().to_numpy()
    rows += _errors("few", residuals.take(np.sort(rest[turn < FEW])), residuals.take(asked), covariance)
    away = np.isin(blocks, np.unique(blocks)[::_EVERY])
    far = asked[away[asked]]
    if len(far) and (~away).any():
        rows += _errors("far", residuals.take(np.flatnonzero(~away)), residuals.take(far), covariance)
    names = ["kept", "nearest_m", "points", "rmse_db", "standardised"]
    return Conditioned(covariance, pd.DataFrame(rows, columns=names))


def _errors(
    kept: str, known: Residuals, asked: Residuals, covariance: Covariance
) -> list[tuple[str, float, int, float, float]]:
    """Errors by distance to the nearest kept reading of the same cell, and over all distances (infinite)."""
    found = krige(known.in_blocks(), covariance, asked)
    error = asked.value - found.mean
    standard = error / np.sqrt(found.variance + covariance.nugget)
    rows = []
    for low, high in (*zip((0.0, *NEAREST_M), NEAREST_M, strict=False), (0.0, np.inf)):
        mine = (found.nearest_m >= low) & ((found.nearest_m < high) | (high == np.inf))
        if int(mine.sum()) >= _FEWEST:
            rmse, spread = (float(np.sqrt((each[mine] ** 2).mean())) for each in (error, standard))
            rows.append((kept, high, int(mine.sum()), rmse, spread))
    return rows
