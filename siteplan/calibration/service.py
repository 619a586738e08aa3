"""Spread and common part of shadowing, fitted so that the probabilities of a map come true.

A map shows the probability that any mast serves. Residuals of single readings do not tell it: readings are
of the cells that won, and what a model gets wrong at a place it gets wrong for all masts there. So the level,
the spread and the common part are fitted to the thing itself: at one place a pixel, how strong is the
strongest reading, against the probability of that level by all masts in reach. The score is the mean squared
error of probabilities over many levels (the continuous ranked probability score), which no wrong probability
improves.

The common part found is effective: it holds shadowing that masts share, errors of the model that they share,
and the selection of places that were read at all. Places without a reading are unknown, not uncovered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import ndtri

from siteplan.calibration.fit import Fit, jackknife_error
from siteplan.calibration.sample import Sample, build_sample
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.terrain import TerrainModel
from siteplan.project.schema import Config
from siteplan.radio.shadowing import LARGEST_CORRELATION, conditional_probability, shared_shadowing

LEAST_PLACES, LEAST_BLOCKS = 200, 6
"""Places, and blocks of land, below which nothing is fitted."""
MOST_PLACES, FITTED_PLACES = 10_000, 2_500
"""Places that judge, and that a fit looks at; more are drawn from."""
BLOCK_M = 2_000.0
"""Edge of the blocks of land that are left out together [m]."""
FOLDS = 5
STRONGEST = 16
"""Masts of a place that are looked at: the strongest ones by the fitted medians."""
LEVELS_DBM = (-115.0, -110.0, -105.0, -100.0, -95.0, -90.0, -85.0, -80.0, -75.0)
"""Levels the fit scores."""
JUDGED_DBM = (-85.0, -95.0, -105.0)
"""Levels every calibration is judged at, beside the project's own."""
BINS, DRAWS = 10, 200
"""Bins of equal count of a reliability curve, and draws of blocks for an interval."""
_LOGIT_LIMIT = 5.0
Values = NDArray[np.float64]


def cells_of(easting_m: Values, northing_m: Values) -> Values:
    """Column and row of the block of land of points, shape (n, 2)."""
    return np.floor(np.column_stack([easting_m, northing_m]) / BLOCK_M)


def blocks_of(easting_m: Values, northing_m: Values) -> NDArray[np.int64]:
    """Number of the block of land of points, shape (n,)."""
    cells = cells_of(easting_m, northing_m)
    return np.unique(cells, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


@dataclass(frozen=True)
class Spread:
    """How signals spread about their medians on a map.

    Attributes
    ----------
    offset_db
        Added to every median [dB].
    sigma_db
        Standard deviation of shadowing, marginal [dB].
    correlation
        Effective share of its variance common to all masts [0-0.95].
    """

    offset_db: float
    sigma_db: float
    correlation: float


@dataclass(frozen=True, eq=False)
class Places:
    """One measured place a pixel, and every mast in reach of it.

    Attributes
    ----------
    easting_m, northing_m, strongest_dbm
        Place and its strongest reading, shape (n,) [m, m, dBm].
    servers
        One row a mast and band within reach of a place; ``place`` holds the place's number.
    """

    easting_m: Values
    northing_m: Values
    strongest_dbm: Values
    servers: Sample

    def __len__(self) -> int:
        return len(self.strongest_dbm)

    def cells(self) -> Values:
        """Column and row of the block of land each place lies in, shape (n, 2)."""
        return cells_of(self.easting_m, self.northing_m)

    def blocks(self) -> NDArray[np.int64]:
        """The same as a number, shape (n,)."""
        return blocks_of(self.easting_m, self.northing_m)

    def medians_dbm(self, fit: Fit) -> Values:
        """Medians of the strongest masts of each place, -inf where there are fewer, shape (n, STRONGEST)."""
        table = pd.DataFrame({"place": self.servers.place, "site": self.servers.site.astype(str)})
        table["median"] = fit.median_dbm(self.servers)
        best = table.groupby(["place", "site"], as_index=False)["median"].max()
        best = best.sort_values(["place", "median", "site"], ascending=[True, False, True], kind="stable")
        rank = best.groupby("place").cumcount().to_numpy()
        kept = rank < STRONGEST
        found = np.full((len(self), STRONGEST), -np.inf)
        found[best["place"].to_numpy()[kept], rank[kept]] = best["median"].to_numpy()[kept]
        return found


@dataclass(frozen=True, eq=False)
class MapPlaces:
    """Places the spread of maps is fitted to, and what the project says of maps.

    Attributes
    ----------
    places
        Measured places with all masts in reach.
    levels_dbm
        Levels to judge at [dBm].
    floor
        Probability below which a mast gives nothing [0-1].
    target
        Probability at which a place counts as covered [0-1].
    correlation
        Between masts, uncalibrated [0-0.95].
    """

    places: Places
    levels_dbm: tuple[float, ...]
    floor: float
    target: float
    correlation: float


@dataclass(frozen=True, eq=False)
class ServiceJudged:
    """How well the probabilities of a map come true at places whose block was left out.

    Attributes
    ----------
    spread
        Fitted to all places.
    standard_error
        Of ``offset_db, sigma_db, correlation``, by a jackknife over the groups of blocks.
    scores
        ``model`` (``uncalibrated, calibrated``), ``threshold_dbm, places, observed, mean_probability, skill,
        skill_low, skill_high, calibration_error, hit, false_alarm``: Brier skill against the base rate of the
        other blocks, with an interval of 95 % over blocks; of the places that reach the level the share whose
        probability meets the project's target, and of those that meet it the share that does not reach it
        (NaN where there are none).
    reliability
        ``model, threshold_dbm, probability, observed, places``: ten bins of equal count.
    """

    spread: Spread
    standard_error: dict[str, float]
    scores: pd.DataFrame
    reliability: pd.DataFrame

    @property
    def is_worth_applying(self) -> bool:
        """Whether the calibrated probabilities do no worse than the base rate and the uncalibrated ones."""
        mean = self.scores.groupby("model")["skill"].mean()
        return bool(mean["calibrated"] >= max(mean["uncalibrated"], 0.0))


def build_places(
    points: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame,
    propagation: EmpiricalModel | TerrainModel,
    config: Config,
    *,
    most: int = MOST_PLACES,
    seed: int = 0,
) -> Places | None:
    """Draw one place a pixel and model all masts in reach of it.

    Parameters
    ----------
    points
        ``rsrp_dbm, place`` and geometry: rows of one ``place`` are several servers.
    stations
        On air: every mast counts, heard or not.
    propagation
        Propagation without a calibration.
    config
        The project.
    most
        Most places; more are drawn from.
    seed
        Of the draw.

    Returns
    -------
    Places or None
        None where there are too few.
    """
    strongest = points.sort_values(["place", "rsrp_dbm"], ascending=[True, False], kind="stable")
    strongest = strongest.drop_duplicates("place")
    x, y = strongest.geometry.x.to_numpy(), strongest.geometry.y.to_numpy()
    pixel = np.floor(np.column_stack([x, y]) / config.coverage.demand_resolution_m)
    order = np.random.default_rng(seed).permutation(len(strongest))
    first = np.sort(order[np.unique(pixel[order], axis=0, return_index=True)[1]])
    if len(first) > most:
        first = np.sort(np.random.default_rng(seed).choice(first, most, replace=False))
    if len(first) < LEAST_PLACES:
        return None
    chosen = strongest.iloc[first]
    servers = _servers(x[first], y[first], stations, propagation, config)
    held = np.unique(servers.place)
    places = Places(x[first], y[first], chosen["rsrp_dbm"].to_numpy(dtype=np.float64), servers)
    few = len(held) < LEAST_PLACES or len(np.unique(places.blocks())) < LEAST_BLOCKS
    return None if few else places


def _servers(
    easting_m: Values,
    northing_m: Values,
    stations: gpd.GeoDataFrame,
    propagation: EmpiricalModel | TerrainModel,
    config: Config,
) -> Sample:
    """Every band of every site at the places within its class's radius."""
    parts = []
    for (site, band), rows in stations.groupby(["site_id", "band"], sort=True):
        own = rows.geometry.iloc[0]
        reach = config.area_class(str(rows["area_class"].iloc[0])).max_radius_m
        near = np.flatnonzero(np.hypot(easting_m - own.x, northing_m - own.y) < reach)
        table = {"site_id": site, "band": band, "station_id": "", "clutter": "", "rsrp_dbm": 0.0}
        parts.append(pd.DataFrame({**table, "place": near, "row": near}))
    pairs = pd.concat(parts, ignore_index=True)
    at = pairs["place"].to_numpy()
    points = gpd.GeoDataFrame(
        pairs, geometry=gpd.points_from_xy(easting_m[at], northing_m[at]), crs=stations.crs
    )
    return build_sample(points, stations, propagation, config)[0]


def probability_of_any(medians_dbm: Values, level_dbm: ArrayLike, spread: Spread, floor: float) -> Values:
    """Probability that the strongest of some masts reaches a level.

    Parameters
    ----------
    medians_dbm
        Of the masts of each place, -inf for none, shape (n, masts) [dBm].
    level_dbm
        Levels, shape (k,), or one a place, shape (k, n) [dBm].
    spread
        About the medians.
    floor
        Probability below which a mast gives nothing [0-1].

    Returns
    -------
    ndarray
        Shape (k, n) [0-1].
    """
    levels = np.asarray(level_dbm, dtype=np.float64)
    levels = levels[:, None, None] if levels.ndim == 1 else levels[:, :, None]
    score = (medians_dbm[None] + spread.offset_db - levels) / spread.sigma_db
    score = np.where(score >= ndtri(floor), score, -np.inf)
    sky = shared_shadowing([spread.correlation])
    rho = np.full(len(score), sky.correlation[0])
    given = score.astype(np.float32)
    share = conditional_probability(given, np.ones_like(given), rho, sky.node)
    left = np.prod(1.0 - share.astype(np.float64), axis=3)
    return 1.0 - np.einsum("q,kqn->kn", sky.weight, left)


def fit_spread(medians_dbm: Values, strongest_dbm: Values, floor: float) -> Spread:
    """Level, spread and common part with the best probabilities over all levels.

    Parameters
    ----------
    medians_dbm
        Of the masts of each place, shape (n, masts) [dBm].
    strongest_dbm
        Strongest reading of each place, shape (n,) [dBm].
    floor
        Probability below which a mast gives nothing [0-1].

    Returns
    -------
    Spread
        By a simplex search that starts the same every time.

    References
    ----------
    .. [1] T. Gneiting, A. E. Raftery, "Strictly proper scoring rules, prediction, and estimation", Journal of
       the American Statistical Association 102(477), 359-378, 2007. DOI 10.1198/016214506000001437
    """
    reached = strongest_dbm[None] >= np.array(LEVELS_DBM)[:, None]

    def error(values: Values) -> float:
        found = probability_of_any(medians_dbm, LEVELS_DBM, _spread_of(values), floor)
        return float(np.mean((found - reached) ** 2))

    start = np.array([[-2.0, 2.1, 0.0], [3.0, 2.1, 0.0], [-2.0, 2.5, 0.0], [-2.0, 2.1, 1.5]])
    options = {"initial_simplex": start, "xatol": 0.01, "fatol": 1e-7, "maxiter": 300}
    return _spread_of(minimize(error, start[0], method="Nelder-Mead", options=options).x)


def _spread_of(values: Values) -> Spread:
    """Numbers of a search, none of which can leave its range."""
    common = LARGEST_CORRELATION / (1.0 + np.exp(-np.clip(values[2], -_LOGIT_LIMIT, _LOGIT_LIMIT)))
    return Spread(float(values[0]), float(np.exp(np.clip(values[1], 1.0, 3.2))), float(common))


def thinned_places(places: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """At most so many places of a fit, in their order [indices]."""
    if len(places) <= FITTED_PLACES:
        return places
    return np.sort(np.random.default_rng(seed).choice(places, FITTED_PLACES, replace=False))


def folds_of(places: Places, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Places to fit to and to judge by; whole blocks of land are left out."""
    from sklearn.model_selection import GroupKFold  # noqa: PLC0415 - a second that only this step waits for

    blocks = places.blocks()
    count = min(FOLDS, len(np.unique(blocks)))
    splitter = GroupKFold(count, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros((len(places), 1)), groups=blocks))


def judge_service(
    asked: MapPlaces, fit: Fit, refitted: Callable[[Values], Fit], given: Spread, *, seed: int = 0
) -> ServiceJudged:
    """Fit the spread to all places, and judge it on blocks of land left out of every fit.

    Parameters
    ----------
    asked
        Measured places, and what the project says of maps.
    fit
        Terms of the median, fitted to all measurements.
    refitted
        The same without the measurements of some blocks (their cells, shape (k, 2)).
    given
        Spread of the uncalibrated model.
    seed
        Of draws and of the groups of blocks.

    Returns
    -------
    ServiceJudged
        With the spread of all places.
    """
    places, levels_dbm, floor = asked.places, asked.levels_dbm, asked.floor
    everyone, strongest, cells = np.arange(len(places)), places.strongest_dbm, places.cells()
    whole = places.medians_dbm(fit)
    chosen = thinned_places(everyone, seed)
    spread = fit_spread(whole[chosen], strongest[chosen], floor)
    predicted = {
        "uncalibrated": probability_of_any(places.medians_dbm(Fit()), levels_dbm, given, floor),
        "calibrated": np.zeros((len(levels_dbm), len(places))),
    }
    base_rate, spreads = np.zeros_like(predicted["calibrated"]), []
    for train, test in folds_of(places, seed):
        medians = places.medians_dbm(refitted(np.unique(cells[test], axis=0)))
        known = thinned_places(train, seed)
        spreads.append(fit_spread(medians[known], strongest[known], floor))
        found = probability_of_any(medians[test], levels_dbm, spreads[-1], floor)
        predicted["calibrated"][:, test] = found
        base_rate[:, test] = (strongest[train] >= np.array(levels_dbm)[:, None]).mean(axis=1)[:, None]
    return ServiceJudged(
        spread, _jackknife(spreads), *scored(places, predicted, base_rate, levels_dbm, asked.target, seed)
    )


def _jackknife(spreads: list[Spread]) -> dict[str, float]:
    """Standard errors from how the numbers move when groups of blocks are left out."""
    names = ("offset_db", "sigma_db", "correlation")
    return {name: jackknife_error(np.array([getattr(each, name) for each in spreads])) for name in names}


def scored(
    places: Places,
    predicted: dict[str, Values],
    base_rate: Values,
    levels_dbm: Sequence[float],
    target: float,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and reliability of probabilities at places that were left out.

    Parameters
    ----------
    places
        Judged.
    predicted
        Probabilities by model, shape (levels, n).
    base_rate
        Observed share in the other blocks, shape (levels, n).
    levels_dbm
        Levels [dBm].
    target
        Probability at which a place counts as covered [0-1].
    seed
        Of the draws of blocks.

    Returns
    -------
    tuple of DataFrame
        See :class:`ServiceJudged`.
    """
    scores, curves, blocks = [], [], places.blocks()
    for model, values in predicted.items():
        for k, level in enumerate(levels_dbm):
            reached = (places.strongest_dbm >= level).astype(np.float64)
            error, against = (values[k] - reached) ** 2, (base_rate[k] - reached) ** 2
            low, high = _interval(error, against, blocks, seed)
            bins = _bins(values[k], reached)
            curves += [(model, level, *each) for each in bins]
            missed = sum(count * abs(mean - share) for mean, share, count in bins) / len(reached)
            row = (model, level, len(reached), reached.mean(), values[k].mean())
            rates = _rates(values[k] >= target, reached > 0.0)
            scores.append((*row, _skill(error.sum(), against.sum()), low, high, missed, *rates))
    head = ["model", "threshold_dbm", "places", "observed", "mean_probability"]
    head += ["skill", "skill_low", "skill_high", "calibration_error", "hit", "false_alarm"]
    names = ["model", "threshold_dbm", "probability", "observed", "places"]
    return pd.DataFrame(scores, columns=head), pd.DataFrame(curves, columns=names)


def _skill(error: float, against: float) -> float:
    """Brier skill; 0 where the base rate makes no error either."""
    return 1.0 - error / against if against > 0.0 else 0.0


def _rates(covered: NDArray[np.bool_], reached: NDArray[np.bool_]) -> tuple[float, float]:
    """Share of reached places called covered, and of places called covered that are not reached."""
    both = float((covered & reached).sum())
    hit = both / reached.sum() if reached.any() else np.nan
    return hit, 1.0 - both / covered.sum() if covered.any() else np.nan


def _interval(error: Values, against: Values, blocks: NDArray[np.int64], seed: int) -> tuple[float, float]:
    """Of the skill, 95 %, by drawing whole blocks with replacement."""
    sums = np.column_stack([np.bincount(blocks, each) for each in (error, against)])
    drawn = np.random.default_rng(seed).integers(0, len(sums), (DRAWS, len(sums)))
    found = [_skill(*sums[each].sum(axis=0)) for each in drawn]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _bins(probability: Values, reached: Values) -> list[tuple[float, float, int]]:
    """Mean probability, observed share and number of places of bins of equal count."""
    parts = np.array_split(np.argsort(probability, kind="stable"), BINS)
    return [(float(probability[p].mean()), float(reached[p].mean()), len(p)) for p in parts if len(p)]
