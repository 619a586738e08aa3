"""How likely owners agree, from what the journal holds; and how many alternates make a quota likely enough.

Rates by source type come first, held by a published figure while cases are few; a model of more features
takes their place only where it is better on cases it has not seen. Nothing is said before there is data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from siteplan.field.status import FieldStatus
from siteplan.project.statuses import CHAIN, SiteStatus
from siteplan.project.year import AcceptanceRules

if TYPE_CHECKING:
    from sklearn.calibration import CalibratedClassifierCV

Values = NDArray[np.float64]
Method = Literal["off", "rates", "model"]
WORDS, NUMBERS = ["source_type", "kind", "county_id", "town"], ["residents_m"]
"""Features of a place: what it is and where, and how far the nearest people live."""
RELIABILITY = ["forecast", "observed", "cases"]
_FOLDS, _BINS = 5, 5
_REFUSED = (SiteStatus.REFUSED, SiteStatus.INFEASIBLE)


_Table = TypeVar("_Table", bound=pd.DataFrame)


@dataclass(frozen=True, eq=False)
class Acceptance:
    """How likely each candidate's owner agrees.

    Attributes
    ----------
    method
        ``off`` (too few cases), ``rates`` by source type, or ``model``.
    probability
        Of each candidate, shape (candidates,); NaN when off. Signed places have 1, refused ones 0.
    cases, accepted
        Decided places of the journal that are among the candidates, and those agreed to.
    brier, brier_base
        Mean squared error of forecasts for cases left out, and of always forecasting their mean; NaN when
        off.
    reliability
        Forecasts for cases left out against what came, with the columns ``RELIABILITY``.
    """

    method: Method
    probability: Values
    cases: int
    accepted: int
    brier: float
    brier_base: float
    reliability: pd.DataFrame


def acceptance_of(
    candidates: pd.DataFrame, status: FieldStatus, residents: Values, rules: AcceptanceRules, seed: int
) -> Acceptance:
    """Learn from what is decided how likely the rest is.

    Parameters
    ----------
    candidates
        Every place considered: ``key, source_type, kind, county_id, town, easting_m, northing_m``.
    status
        Of the journal.
    residents
        Easting and northing of places where people live [m], shape (n, 2).
    rules
        Prior, and how many cases are enough.
    seed
        Of the folds.

    Returns
    -------
    Acceptance
        Off while there are fewer decided places than asked for, or hardly any of one kind.
    """
    outcome = _outcomes(candidates, status)
    known = np.flatnonzero(np.isfinite(outcome))
    agreed = outcome[known].astype(bool)
    fewer = int(min(agreed.sum(), (~agreed).sum())) if len(known) else 0
    if len(known) < rules.least_cases or fewer < rules.least_of_each:
        nothing = np.full(len(candidates), np.nan)
        empty = pd.DataFrame(columns=RELIABILITY)
        return Acceptance("off", nothing, len(known), int(agreed.sum()), np.nan, np.nan, empty)
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415 - a second that only this step waits for

    features = _features(candidates, residents)
    kinds = candidates["source_type"].to_numpy()
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    unseen = np.empty(len(known))
    for train, test in folds.split(known, agreed):
        unseen[test] = _rates(kinds[known[test]], kinds[known[train]], agreed[train], rules)
    method: Method = "rates"
    probability = _rates(kinds, kinds[known], agreed, rules)
    if len(known) >= rules.model_cases and fewer >= _FOLDS * 2:
        model = _model()
        theirs = cross_val_predict(model, features.iloc[known], agreed, cv=folds, method="predict_proba")[
            :, 1
        ]
        if _brier(theirs, agreed) < _brier(unseen, agreed):
            method, unseen = "model", theirs
            probability = model.fit(features.iloc[known], agreed).predict_proba(features)[:, 1]
    probability = np.where(np.isfinite(outcome), np.nan_to_num(outcome), probability)
    base = float(agreed.mean())
    return Acceptance(
        method,
        np.round(probability, 4),
        len(known),
        int(agreed.sum()),
        _brier(unseen, agreed),
        base * (1.0 - base),
        _reliability(unseen, agreed),
    )


def with_chances(candidates: _Table, acceptance: Acceptance, rules: AcceptanceRules) -> _Table:
    """Candidates whose probability of success is the one learnt, where none was given and it is to count.

    Parameters
    ----------
    candidates
        With the column ``success_probability``.
    acceptance
        What was learnt of them.
    rules
        Whether it counts.
    """
    if not rules.rank or acceptance.method == "off":
        return candidates
    given = candidates["success_probability"].to_numpy(dtype=float)
    chance = np.where(np.isfinite(given), given, acceptance.probability)
    return candidates.assign(success_probability=chance)


def _outcomes(candidates: pd.DataFrame, status: FieldStatus) -> Values:
    """1 for places whose owner agreed, 0 for refused ones and those that cannot be built, else NaN."""
    said: dict[str, float] = {}
    for state in status.states.values():
        if state.status in _REFUSED:
            said[state.place.key] = 0.0
        elif state.reached in CHAIN and CHAIN.index(state.reached) >= CHAIN.index(SiteStatus.AGREED):
            said[state.place.key] = 1.0
    return np.array([said.get(key, np.nan) for key in candidates["key"]], dtype=float)


def _features(candidates: pd.DataFrame, residents: Values) -> pd.DataFrame:
    """Features of every candidate."""
    xy = candidates[["easting_m", "northing_m"]].to_numpy(dtype=float)
    away = cKDTree(residents).query(xy)[0] if len(residents) else np.zeros(len(xy))
    words = {name: candidates[name].astype(str).to_numpy() for name in WORDS}
    return pd.DataFrame({**words, "residents_m": np.log1p(away)})


def _rates(
    asked: NDArray[np.object_], kinds: NDArray[np.object_], agreed: NDArray[np.bool_], rules: AcceptanceRules
) -> Values:
    """Share agreed to of each source type, held by the prior while cases are few."""
    rate = {}
    for kind in np.unique(np.concatenate([asked, kinds]).astype(str)):
        own = agreed[kinds == kind]
        rate[kind] = (rules.prior * rules.prior_cases + own.sum()) / (rules.prior_cases + len(own))
    return np.array([rate[kind] for kind in asked], dtype=float)


def _model() -> CalibratedClassifierCV:
    """Logistic regression of what a place is and where; its probabilities put right on folds left out."""
    from sklearn.calibration import CalibratedClassifierCV  # noqa: PLC0415 - as above
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415

    words = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5)
    columns = ColumnTransformer([("words", words, WORDS), ("numbers", StandardScaler(), NUMBERS)])
    steps = Pipeline([("features", columns), ("logistic", LogisticRegression(C=0.3, max_iter=1000))])
    return CalibratedClassifierCV(steps, method="sigmoid", cv=_FOLDS, ensemble=False)


def _brier(forecast: Values, agreed: NDArray[np.bool_]) -> float:
    return float(np.mean((forecast - agreed) ** 2))


def _reliability(forecast: Values, agreed: NDArray[np.bool_]) -> pd.DataFrame:
    """Mean forecast and share agreed to in groups of about equal size, lowest first."""
    order = np.argsort(forecast, kind="stable")
    rows = [
        (float(forecast[group].mean()), float(agreed[group].mean()), len(group))
        for group in np.array_split(order, min(_BINS, len(order)))
    ]
    return pd.DataFrame(rows, columns=RELIABILITY)


def alternates_needed(
    sizes: Sequence[int],
    probability: Sequence[float],
    goal: int,
    *,
    spare_probability: float,
    confidence: float,
    most: int = 500,
) -> int | None:
    """How many places of one station beside a list make it likely enough that a goal is met.

    The distribution of what is built is exact: places are independent of each other, each all or nothing.

    Parameters
    ----------
    sizes, probability
        Stations of each listed place, and how likely it is won.
    goal
        Stations to be built.
    spare_probability
        How likely an alternate is won.
    confidence
        Asked for, between 0 and 1.
    most
        Alternates that are tried.

    Returns
    -------
    int or None
        None where even so many are not enough.

    Examples
    --------
    >>> alternates_needed([1] * 10, [0.8] * 10, 8, spare_probability=0.8, confidence=0.9)
    2
    >>> alternates_needed([1], [0.5], 1, spare_probability=0.0, confidence=0.9) is None
    True
    """
    distribution = np.ones(1)
    for size, chance in zip(sizes, probability, strict=True):
        distribution = _with(distribution, size, chance)
    for count in range(most + 1):
        if distribution[goal:].sum() >= confidence - 1e-12:
            return count
        distribution = _with(distribution, 1, spare_probability)
    return None


def _with(distribution: Values, size: int, chance: float) -> Values:
    """Distribution of stations built with one place more."""
    longer = np.zeros(len(distribution) + size)
    longer[: len(distribution)] += (1.0 - chance) * distribution
    longer[size:] += chance * distribution
    return longer


def alternates_by_county(
    listed: pd.DataFrame, pool: pd.DataFrame, goals: Mapping[str, int], rules: AcceptanceRules
) -> dict[str, int | None]:
    """Alternates each county needs beside its list.

    Parameters
    ----------
    listed
        Proposed places: ``county_id, stations, chance``.
    pool
        Usable places that are not proposed: ``county_id, chance``; their median is what an alternate is
        worth, and where a county has none it is the published figure.
    goals
        Stations still to be built, by county id.
    rules
        With the confidence asked for.

    Returns
    -------
    dict
        By county id.
    """
    found: dict[str, int | None] = {}
    for county, goal in sorted(goals.items()):
        own = listed[listed["county_id"].eq(county)]
        spare = pool.loc[pool["county_id"].eq(county), "chance"]
        found[county] = alternates_needed(
            own["stations"].astype(int).tolist(),
            own["chance"].tolist(),
            min(goal, int(own["stations"].sum())),
            spare_probability=float(spare.median()) if len(spare) else rules.prior,
            confidence=rules.confidence,
        )
    return found
