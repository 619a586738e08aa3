"""How good a calibration is on sites it has not seen, beside no calibration and one offset per band.

Every error printed is of points whose whole site was left out of the fit. Where there
are many sites several are left out at once; a site's own points never help to predict it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from siteplan.calibration.conditioning import Conditioned, judge_conditioning, residuals_of
from siteplan.calibration.fit import (
    MANY_SERVERS,
    MOST,
    MOST_PER_SITE,
    Fit,
    Terms,
    fit_terms,
    jackknife_error,
    thinned,
)
from siteplan.calibration.sample import Sample
from siteplan.calibration.service import MapPlaces, ServiceJudged, Spread, blocks_of, cells_of, judge_service
from siteplan.core.errors import SiteplanError

LEAST_SITES, LEAST_POINTS = 2, 100
"""Sites and points below which nothing is fitted."""
BAND_POINTS, BAND_SITES = 50, 2
PATTERN_POINTS, PATTERN_SITES, PATTERN_SPREAD_DB = 300, 6, 1.0
CLUTTER_POINTS, CLUTTER_SITES = 50, 4
SHADOW_DB, SHADOW_POINTS, SHADOW_SITES = 6.0, 100, 4
SLOPE_POINTS, SLOPE_SITES, SLOPE_DECADES = 300, 6, 0.5
"""What each term needs: points and sites, and enough variety to tell it from the rest. The whole sample
needs one site more, so that the term is still there when one is left out. On four transmitters in Recife
fitting the pattern made unseen sites worse by 3 dB."""
WORTH_DB = 0.5
"""By how much less a calibration must miss than no calibration to be worth applying [dB]."""
FOLDS = 10
"""Groups of sites left out in turn, when there are more sites than that."""
Values = NDArray[np.float64]


class TooLittleDataError(SiteplanError):
    """Fewer measurements than a calibration can be made from."""


@dataclass(frozen=True, eq=False)
class Judged:
    """A calibration and its evidence.

    Attributes
    ----------
    sample
        What it was made from.
    terms, fit
        What was fitted, to all sites.
    errors
        One row a model (``uncalibrated, offset_per_band, calibrated_median, calibrated``):
        ``model, points, sites, rmse_db, bias_db, mae_db, site_rmse_db``; all on sites left out.
    by_site
        ``site, points, distance_median_m``, and ``rmse_`` and ``bias_`` of each model [dB].
    standard_error
        Of each fitted number, by a jackknife over the groups of sites.
    predicted
        Prediction of each model at every point when its site was left out [dBm].
    sigma_db
        Robust spread of the calibrated residuals by band [dB]; empty where readings are of serving cells.
    groups
        How many groups of sites were left out in turn.
    service
        Spread of maps with its evidence; None where there are too few places.
    conditioned
        What readings near by add; None for too few readings.
    """

    sample: Sample
    terms: Terms
    fit: Fit
    errors: pd.DataFrame
    by_site: pd.DataFrame
    standard_error: dict[str, float]
    predicted: dict[str, Values]
    sigma_db: dict[str, float]
    groups: int
    service: ServiceJudged | None = None
    conditioned: Conditioned | None = None

    @property
    def is_worth_applying(self) -> bool:
        """Whether unseen sites are told better than without it, no worse than by one offset a band, and maps
        are not made worse.
        """
        rmse = self.errors.set_index("model")["rmse_db"]
        better = rmse["calibrated"] <= rmse["uncalibrated"] - WORTH_DB
        maps = self.service is None or self.service.is_worth_applying
        return bool(better and maps and rmse["calibrated"] <= rmse["offset_per_band"] + 1e-9)


def calibrate(
    sample: Sample, places: MapPlaces | None = None, *, serving_only: bool | None = None, seed: int = 0
) -> Judged:
    """Fit what the sample can tell, and judge it on sites left out.

    Parameters
    ----------
    sample
        Measurements matched to sites.
    places
        Places to which the spread of maps is fitted; None fits none.
    serving_only
        Whether every row is of the serving cell; None decides by how many sites a place names.
    seed
        Of draws and of the groups of sites.

    Raises
    ------
    TooLittleDataError
        Below ``LEAST_SITES`` sites or ``LEAST_POINTS`` points, or when no band has enough of both.
    """
    with threadpool_limits(1):  # thousands of tiny regressions: threads of a BLAS only wait for each other
        judged = _judged(sample, terms_of(sample, serving_only), seed)
        judged = replace(judged, conditioned=_conditioned(judged, seed))
        return judged if places is None else replace(judged, service=_service(judged, places, seed))


def _conditioned(judged: Judged, seed: int) -> Conditioned | None:
    """What readings near by add to the reading predicted without their site."""
    sample = judged.sample
    left = sample.rsrp_dbm - judged.predicted["calibrated"]
    residuals = residuals_of(sample.easting_m, sample.northing_m, left, sample.site, sample.cell)
    return judge_conditioning(residuals, blocks_of(sample.easting_m, sample.northing_m), seed=seed)


def _service(judged: Judged, asked: MapPlaces, seed: int) -> ServiceJudged:
    """Spread of maps, judged on blocks of land that no part of the fit has seen."""
    sample, terms = judged.sample, judged.terms
    cells = pd.MultiIndex.from_arrays(cells_of(sample.easting_m, sample.northing_m).T)

    def refitted(left_out: Values) -> Fit:
        known = sample.take(~cells.isin(pd.MultiIndex.from_arrays(left_out.T)))
        return fit_terms(known, _within(terms, _tells(known, terms.serving_only, spare=0)), seed=seed)

    given = Spread(0.0, float(sample.sigma_db.mean()), asked.correlation)
    return judge_service(asked, judged.fit, refitted, given, seed=seed)


def _judged(sample: Sample, terms: Terms, seed: int) -> Judged:
    """Fit to all sites, then to all but each group of them."""
    fit = fit_terms(sample, terms, seed=seed)
    predicted = {name: np.full(len(sample), np.nan) for name in _MODELS}
    predicted["uncalibrated"] = sample.model_dbm
    fits = []
    for train, test in _folds(sample, seed):
        known, unseen = sample.take(train), sample.take(test)
        their = _within(terms, _tells(known, terms.serving_only, spare=0))
        fold = fit_terms(known, their, seed=seed)
        fits.append(fold)
        predicted["offset_per_band"][test] = _by_offset(known, unseen, terms, seed)
        predicted["calibrated_median"][test] = fold.median_dbm(unseen)
        predicted["calibrated"][test] = fold.reading_dbm(unseen)
    return Judged(
        sample,
        terms,
        fit,
        _errors(sample, predicted),
        _by_site(sample, predicted),
        _jackknife(fit, fits),
        predicted,
        _spread(sample, predicted["calibrated"]) if _is_whole(fit) else {},
        len(fits),
    )


def _is_whole(fit: Fit) -> bool:
    """Whether the points are no selection, so that their spread is that of shadowing."""
    return fit.rival_dbm is None and not fit.strongest_only


_MODELS = ("uncalibrated", "offset_per_band", "calibrated_median", "calibrated")


def terms_of(sample: Sample, serving_only: bool | None = None) -> Terms:
    """Which terms a sample has enough points, sites and variety for.

    Raises
    ------
    TooLittleDataError
        See :func:`calibrate`.
    """
    if serving_only is None:
        serving_only = sample.servers_per_place < MANY_SERVERS
    everyone = np.ones(len(sample), dtype=np.bool_)
    terms = _tells(sample, serving_only, spare=1)
    if not (_enough(sample, everyone, LEAST_POINTS, LEAST_SITES) and terms.bands):
        raise _too_little(sample)
    return terms


def _tells(sample: Sample, serving_only: bool, spare: int) -> Terms:
    """Terms by what each needs, with so many sites to spare."""
    everyone = np.ones(len(sample), dtype=np.bool_)
    bands = [
        b for b in _ids(sample.band) if _enough(sample, sample.band == b, BAND_POINTS, BAND_SITES - 1 + spare)
    ]
    kinds = [
        k
        for k in _ids(sample.clutter)
        if _enough(sample, sample.clutter == k, CLUTTER_POINTS, CLUTTER_SITES + spare)
    ]
    return Terms(
        tuple(bands),
        _tells_pattern(sample, spare),
        _enough(sample, sample.diffraction_db >= SHADOW_DB, SHADOW_POINTS, SHADOW_SITES + spare),
        not serving_only and _tells_slope(sample, everyone, spare),
        tuple(kinds) if len(kinds) > 1 else (),
        serving_only,
    )


def _tells_pattern(sample: Sample, spare: int) -> bool:
    aimed = np.isfinite(sample.cap_db)
    varied = bool(aimed.any()) and sample.antenna_db[aimed].std() >= PATTERN_SPREAD_DB
    return varied and _enough(sample, aimed, PATTERN_POINTS, PATTERN_SITES + spare)


def _tells_slope(sample: Sample, everyone: NDArray[np.bool_], spare: int) -> bool:
    low, high = np.quantile(np.log10(sample.distance_m), [0.05, 0.95])
    return high - low >= SLOPE_DECADES and _enough(sample, everyone, SLOPE_POINTS, SLOPE_SITES + spare)


def _ids(values: NDArray[np.object_]) -> list[str]:
    return sorted(set(values.astype(str)))


def _enough(sample: Sample, mine: NDArray[np.bool_], points: int, sites: int) -> bool:
    return int(mine.sum()) >= points and len(set(sample.site[mine])) >= sites


def _too_little(sample: Sample) -> TooLittleDataError:
    sites, points = len(set(sample.site)), len(sample)
    return TooLittleDataError(
        "too_little_data",
        sites=sites,
        points=points,
        least_sites=LEAST_SITES,
        least_points=LEAST_POINTS,
        band_sites=BAND_SITES,
        band_points=BAND_POINTS,
    )


def _folds(sample: Sample, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Training and test rows; whole sites are left out."""
    from sklearn.model_selection import GroupKFold, LeaveOneGroupOut  # noqa: PLC0415 - a second that only this step waits for

    sites = sample.site.astype(str)
    count = len(np.unique(sites))
    many = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    splitter = LeaveOneGroupOut() if count <= FOLDS else many
    yield from splitter.split(np.zeros((len(sample), 1)), groups=sites)


def _within(whole: Terms, part: Terms) -> Terms:
    """Terms of the whole sample that a part of it can tell too."""
    return replace(
        whole,
        bands=part.bands,
        pattern=whole.pattern and part.pattern,
        diffraction=whole.diffraction and part.diffraction,
        slope=whole.slope and part.slope,
        clutter=tuple(kind for kind in whole.clutter if kind in part.clutter),
    )


def _by_offset(known: Sample, unseen: Sample, terms: Terms, seed: int) -> Values:
    """The plain alternative: the uncalibrated model and one median offset per band."""
    few = thinned(known, MOST_PER_SITE, MOST, seed)
    residual = few.rsrp_dbm - few.model_dbm
    predicted = unseen.model_dbm.copy()
    for band in terms.bands:
        mine = few.band == band
        if mine.any():
            predicted[unseen.band == band] += np.median(residual[mine])
    return predicted


def _errors(sample: Sample, predicted: dict[str, Values]) -> pd.DataFrame:
    rows = []
    for name in _MODELS:
        miss = predicted[name] - sample.rsrp_dbm
        square = pd.Series(miss**2).groupby(sample.site.astype(str)).mean()
        rows.append(
            (
                name,
                len(miss),
                len(square),
                float(np.sqrt((miss**2).mean())),
                float(miss.mean()),
                float(np.abs(miss).mean()),
                float(np.sqrt(square).mean()),
            )
        )
    columns = ["model", "points", "sites", "rmse_db", "bias_db", "mae_db", "site_rmse_db"]
    return pd.DataFrame(rows, columns=columns)


def _by_site(sample: Sample, predicted: dict[str, Values]) -> pd.DataFrame:
    misses = {name: predicted[name] - sample.rsrp_dbm for name in _MODELS}
    table = pd.DataFrame({"site": sample.site.astype(str), "distance_m": sample.distance_m, **misses})
    grouped = table.groupby("site", sort=True)
    result = grouped["distance_m"].agg(["size", "median"]).reset_index()
    result.columns = ["site", "points", "distance_median_m"]
    for name in _MODELS:
        result[f"rmse_{name}"] = np.sqrt((table[name] ** 2).groupby(table["site"]).mean()).to_numpy()
        result[f"bias_{name}"] = grouped[name].mean().to_numpy()
    return result


def _jackknife(fit: Fit, fits: list[Fit]) -> dict[str, float]:
    """Standard errors from how the numbers move when groups of sites are left out."""
    values = {name: [each.values().get(name) for each in fits] for name in fit.values()}
    result = {}
    for name, found in values.items():
        known = np.array([value for value in found if value is not None])
        if len(known) > 1 and np.ptp(known) > 0.0:
            result[name] = jackknife_error(known)
    return result


def _spread(sample: Sample, predicted: Values) -> dict[str, float]:
    """Robust standard deviation of the residuals by band [dB]."""
    miss = sample.rsrp_dbm - predicted
    found = {}
    for band in _ids(sample.band):
        mine = miss[sample.band == band]
        found[band] = float(1.4826 * np.median(np.abs(mine - np.median(mine))))
    return found
