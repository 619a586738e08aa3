"""Robust, regularised fit of the model's terms to a sample.

A phone reports the cell that serves it. Far from a mast only the lucky points are
still served by it, so serving-cell data fall off more slowly than the signal does; a distance slope fitted
to them would promise coverage that is not there. Such data therefore never move the slope. What their
reading exceeds the median by is modelled as the selection it is: a reading exists where the signal beats
the best other cell, at a level found from the data, with the published spread of shadowing. A scanner that
names the few strongest cells selects too, place by place; whether it does is again for the data to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_ndtr

from siteplan.calibration.sample import Sample

MANY_SERVERS = 1.5
"""Mean number of sites at one time and place from which a sample tells the slope."""
RIVAL_SPREAD_DB = 6.0
"""Spread of the best other cell's level about its typical value [dB]: our planning value."""
MOST_PER_SITE, MOST = 300, 30_000
"""Points of one site, and of all, that a fit looks at; more are drawn from."""
SEARCHED = 5_000
"""Points by which the rival's level is chosen."""
SELECTION_SITES = 6
"""Sites from which the level of rivals can be told from the offsets of the sites themselves."""
_PRIOR_DB, _POINTS_WORTH = 4.0, 5.0
"""A term moves the median by some 4 dB; a site is worth some 5 independent points, however many it has:
what all points of a site share (4 dB) against what each has for itself (8 dB)."""
_EPSILON = 1.35
_ROUNDS, _SETTLED = 12, 0.02
"""Most rounds of a fit, and the change of every number below which it has settled [dB]."""
_RIVAL_QUANTILES = (0.03, 0.08, 0.15, 0.25, 0.35, 0.5)
_FULL_SHARE = 0.3
"""Share of places naming the largest number of servers from which the list is taken to be cut there."""
_BELOW_WEAKEST_DB = 2.0
"""How far below the weakest server a place names the first one it does not name is taken to be [dB]."""
_LIGHT = 10.0
"""Columns of band offsets are this much longer, so that the ridge hardly holds them."""


@dataclass(frozen=True)
class Terms:
    """What a sample may tell.

    Attributes
    ----------
    bands
        Bands that get an offset.
    pattern, diffraction, slope
        Whether those weights are fitted.
    clutter
        Kinds of clutter that get a term.
    serving_only
        Whether every place names its serving cell only.
    """

    bands: tuple[str, ...]
    pattern: bool = False
    diffraction: bool = False
    slope: bool = False
    clutter: tuple[str, ...] = ()
    serving_only: bool = True


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Attributes
    ----------
    offset_db
        By band, added to the median [dB].
    horizontal_weight, vertical_weight, diffraction_weight
        Shares of the parts that are felt.
    slope_db_per_decade
        Added to the path loss by log10(d / 1 km) [dB].
    clutter_db
        Added to the path loss by kind [dB].
    rival_dbm
        Level a reading has to beat: typically that of the best other cell, where readings are of serving
        cells, or of the weakest one a place names [dBm]; None for none.
    strongest_only
        Whether places were found to name their strongest servers only.
    """

    offset_db: dict[str, float] = field(default_factory=dict)
    horizontal_weight: float = 1.0
    vertical_weight: float = 1.0
    diffraction_weight: float = 1.0
    slope_db_per_decade: float = 0.0
    clutter_db: dict[str, float] = field(default_factory=dict)
    rival_dbm: float | None = None
    strongest_only: bool = False

    def median_dbm(self, sample: Sample) -> NDArray[np.float64]:
        """Median RSRP as the maps will say it, shape (n,) [dBm]."""
        felt = self.horizontal_weight * sample.horizontal_db + self.vertical_weight * sample.vertical_db
        median = sample.base_dbm - np.minimum(felt, sample.cap_db)
        median = median - self.diffraction_weight * sample.diffraction_db
        median = median - self.slope_db_per_decade * np.log10(sample.distance_m / 1000.0)
        return median + _by_key(sample.band, self.offset_db) - _by_key(sample.clutter, self.clutter_db)

    def reading_dbm(self, sample: Sample) -> NDArray[np.float64]:
        """What a phone on that cell reads: the median, or more where only lucky points are served [dBm]."""
        median = self.median_dbm(sample)
        if self.rival_dbm is None:
            return median
        shared = _by_key(sample.clutter, self.clutter_db)  # the rival loses it too
        return median + selection_gain_db(median + shared, self.rival_dbm, sample.sigma_db)

    def selected_dbm(self, sample: Sample) -> NDArray[np.float64]:
        """What such points read on average once they are known to have been read, shape (n,) [dBm]."""
        if not self.strongest_only:
            return self.reading_dbm(sample)
        median = self.median_dbm(sample)
        cut = sample.weakest_dbm - _BELOW_WEAKEST_DB
        return median + selection_gain_db(median, cut, sample.sigma_db, 0.0)

    def values(self) -> dict[str, float]:
        """Every fitted number by name."""
        return {
            **{f"offset {band}": value for band, value in self.offset_db.items()},
            "horizontal weight": self.horizontal_weight,
            "vertical weight": self.vertical_weight,
            "diffraction weight": self.diffraction_weight,
            "slope": self.slope_db_per_decade,
            **{f"clutter {kind}": value for kind, value in self.clutter_db.items()},
        }


def selection_gain_db(
    median_dbm: NDArray[np.float64],
    rival_dbm: NDArray[np.float64] | float,
    sigma_db: NDArray[np.float64] | float,
    rival_spread_db: float = RIVAL_SPREAD_DB,
) -> NDArray[np.float64]:
    """How much the mean reading exceeds the median when only points above a rival are seen. [dB]

    Parameters
    ----------
    median_dbm
        Median RSRP, shape (n,) [dBm].
    rival_dbm
        Level of the best other cell [dBm].
    sigma_db
        Spread of shadowing, positive [dB].
    rival_spread_db
        Spread of the rival about its level, not negative [dB].

    Returns
    -------
    ndarray
        E[e | m + e > rival + r] for independent normal e and r, shape (n,); falls as the median rises.

    References
    ----------
    .. [1] J. J. Heckman, "Sample selection bias as a specification error", Econometrica 47(1), 153-161,
       1979. DOI 10.2307/1912352

    Examples
    --------
    >>> selection_gain_db(np.array([-60.0, -100.0, -130.0]), -100.0, 8.0).round(1)
    array([ 0. ,  5.1, 21. ])
    """
    sigma = np.asarray(sigma_db, dtype=np.float64)
    both = np.hypot(sigma, rival_spread_db)
    short = (rival_dbm - median_dbm) / both
    hazard = np.exp(-0.5 * short**2 - log_ndtr(-short)) / np.sqrt(2.0 * np.pi)
    return sigma**2 / both * hazard


def fit_terms(sample: Sample, terms: Terms, *, seed: int = 0) -> Fit:
    """Fit the terms a sample may tell.

    Parameters
    ----------
    sample
        Measured and modelled.
    terms
        Which terms.
    seed
        Of the draw where there are too many points.

    Returns
    -------
    Fit
        Bands and kinds not in ``terms`` keep the uncalibrated model.
    """
    if not terms.serving_only and names_strongest_only(sample):
        whole = _whole_places(sample, MOST, seed)
        fit = _settled(whole, terms, Fit(strongest_only=True))
        weakest = whole.weakest_dbm - _BELOW_WEAKEST_DB
        return replace(fit, rival_dbm=float(np.median(weakest[np.isfinite(weakest)])))
    whole = thinned(sample, MOST_PER_SITE, MOST, seed)
    if not terms.serving_only:
        return _settled(whole, terms, Fit())
    few = thinned(sample, MOST_PER_SITE, SEARCHED, seed)
    levels = np.quantile(few.rsrp_dbm, _RIVAL_QUANTILES)
    tried = [Fit()]
    if _sites(few) >= SELECTION_SITES:
        tried += [Fit(rival_dbm=float(propagation)) for propagation in levels]
    errors = [robust_error(few.rsrp_dbm - _settled(few, terms, start).selected_dbm(few)) for start in tried]
    best = tried[int(np.argmin(errors))]
    return _settled(whole, terms, best)


def names_strongest_only(sample: Sample) -> bool:
    """Whether places stop at so many servers: many name exactly the largest number, and more than two.

    Returns
    -------
    bool
        False for scanners that name all they hear, whose numbers vary.
    """
    table = pd.DataFrame({"place": sample.place, "site": sample.site.astype(str)})
    count = table.groupby("place")["site"].nunique()
    return bool(count.max() > 2 and (count == count.max()).mean() >= _FULL_SHARE)


def _whole_places(sample: Sample, most: int, seed: int) -> Sample:
    """At most so many points, every place with all its servers: its weakest one is needed."""
    places, number = np.unique(sample.place, return_inverse=True)
    share = min(1.0, most / len(sample))
    drawn = np.random.default_rng(seed).random(len(places)) < share
    return sample.take(drawn[number])


def robust_error(residual_db: NDArray[np.float64]) -> float:
    """Mean Huber loss with the bend at 13 dB: large misses count, but not by their square [dB2]."""
    bend, size = 13.0, np.abs(residual_db)
    return float(np.mean(np.where(size <= bend, size**2, bend * (2.0 * size - bend))))


def thinned(sample: Sample, most_per_site: int, most: int, seed: int) -> Sample:
    """At most so many points of each site and of all, drawn by the seed, in the order of the file.

    Returns
    -------
    Sample
        No site loses all its points while another has more than its share.
    """
    codes = np.unique(sample.site.astype(str), return_inverse=True)[1]
    order = np.lexsort((np.random.default_rng(seed).random(len(sample)), codes))
    first = np.searchsorted(codes[order], codes[order])
    turn = np.arange(len(order)) - first
    limit = min(most_per_site, max(1, most // max(1, int(codes.max()) + 1)))
    return sample.take(np.sort(order[turn < limit]))


def _settled(sample: Sample, terms: Terms, selected: Fit) -> Fit:
    """Fit again and again until the selection of the readings and the pattern's limit agree with it."""
    fit = replace(selected, offset_db=_start(sample, terms))
    rounds = _ROUNDS if selected != Fit() or terms.pattern else 1
    for _ in range(rounds):
        before, fit = fit.values(), _step(sample, terms, fit)
        if max(abs(value - before.get(name, 0.0)) for name, value in fit.values().items()) < _SETTLED:
            break
    return fit


def _start(sample: Sample, terms: Terms) -> dict[str, float]:
    residual = sample.rsrp_dbm - sample.model_dbm
    return {band: float(np.median(residual[sample.band == band])) for band in terms.bands}


def _step(sample: Sample, terms: Terms, fit: Fit) -> Fit:
    """One regression of what is left of the readings on the terms' columns."""
    gain = fit.selected_dbm(sample) - fit.median_dbm(sample)
    names, columns = _columns(sample, terms, fit)
    left = sample.rsrp_dbm - gain - _without_terms(sample, terms)
    prior = np.array([1.0 if name in ("horizontal", "vertical", "diffraction") else 0.0 for name in names])
    target = left - columns @ prior
    sigma = float(np.mean(sample.sigma_db))
    found = prior + _regressed(columns, target, _scales(columns, names), sigma, _sites(sample))
    return _named(names, found, terms, fit)


def _columns(sample: Sample, terms: Terms, fit: Fit) -> tuple[list[str], NDArray[np.float64]]:
    """Names and columns of the terms, signed so that a coefficient times its column is added to RSRP."""
    columns = {f"offset {band}": (sample.band == band).astype(np.float64) for band in terms.bands}
    if terms.pattern:
        felt = fit.horizontal_weight * sample.horizontal_db + fit.vertical_weight * sample.vertical_db
        share = np.minimum(1.0, sample.cap_db / np.maximum(felt, 1e-9))
        columns["horizontal"] = -share * sample.horizontal_db
        columns["vertical"] = -share * sample.vertical_db
    if terms.diffraction:
        columns["diffraction"] = -sample.diffraction_db
    if terms.slope:
        columns["slope"] = -np.log10(sample.distance_m / 1000.0)
    columns |= {f"clutter {kind}": -(sample.clutter == kind).astype(np.float64) for kind in terms.clutter}
    return list(columns), np.column_stack(list(columns.values()))


def _without_terms(sample: Sample, terms: Terms) -> NDArray[np.float64]:
    """The model's median without the parts that columns stand for; parts not fitted stay in [dBm]."""
    rest = sample.base_dbm if terms.pattern else sample.base_dbm - sample.antenna_db
    return rest if terms.diffraction else rest - sample.diffraction_db


def _scales(columns: NDArray[np.float64], names: list[str]) -> NDArray[np.float64]:
    spread = columns.std(axis=0)
    spread[spread < 1e-9] = 1.0
    return np.array(
        [1.0 / _LIGHT if n.startswith("offset") else s for n, s in zip(names, spread, strict=True)]
    )


def _sites(sample: Sample) -> int:
    return len(np.unique(sample.site.astype(str)))


def _regressed(
    columns: NDArray[np.float64],
    target: NDArray[np.float64],
    scale: NDArray[np.float64],
    sigma_db: float,
    sites: int,
) -> NDArray[np.float64]:
    """Huber regression with a ridge that weighs sites, in the columns' own units."""
    from sklearn.linear_model import HuberRegressor  # noqa: PLC0415 - a second that only this step waits for

    alpha = sigma_db / _PRIOR_DB**2 * max(1.0, len(target) / (_POINTS_WORTH * sites))
    model = HuberRegressor(epsilon=_EPSILON, alpha=alpha, max_iter=2000, tol=1e-4, fit_intercept=False)
    return model.fit(columns / scale, target).coef_ / scale


def _named(names: list[str], found: NDArray[np.float64], terms: Terms, before: Fit) -> Fit:
    value = dict(zip(names, found.tolist(), strict=True))
    return Fit(
        {band: value[f"offset {band}"] for band in terms.bands},
        max(value.get("horizontal", 1.0), 0.0),
        max(value.get("vertical", 1.0), 0.0),
        max(value.get("diffraction", 1.0), 0.0),
        value.get("slope", 0.0),
        {kind: value[f"clutter {kind}"] for kind in terms.clutter},
        before.rival_dbm,
        before.strongest_only,
    )


def jackknife_error(values: NDArray[np.float64]) -> float:
    """Standard error of a fitted number from how it moves when groups are left out in turn, shape (k,)."""
    k = len(values)
    return float(np.sqrt((k - 1) / k * ((values - values.mean()) ** 2).sum()))


def _by_key(keys: NDArray[np.object_], values: dict[str, float]) -> NDArray[np.float64]:
    result = np.zeros(len(keys))
    for key, value in values.items():
        result[keys == key] = value
    return result
