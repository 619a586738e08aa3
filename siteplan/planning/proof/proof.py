"""What a plan proves, in a few frozen tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd


def _no_shapes() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"geometry": []}, geometry="geometry")


@dataclass(frozen=True, eq=False)
class PlanProof:
    """Evidence of a plan; tables are empty for runs of versions that had none.

    Attributes
    ----------
    tests, points, stretches, conflicts
        Results of the four tests: see :class:`siteplan.planning.proof.four_tests.FourTests`.
    hit_rates
        Prediction against readings: see :func:`siteplan.planning.proof.readings.hit_rates`.
    bought
        What each weight bought: see :func:`siteplan.coverage.indicators.target_table`.
    indicators
        See :func:`siteplan.planning.proof.indicators.indicator_table`.
    links
        How each ranked place may be connected: see :func:`siteplan.planning.proof.links.link_table`.
    sectors
        Where three sectors of each place would look: see
        :func:`siteplan.planning.proof.sectors.sector_table`.
    exposure
        Compliance distances: see :func:`siteplan.planning.proof.exposure.exposure_table`.
    low_altitude
        Cover of air routes: see :func:`siteplan.planning.proof.low_altitude.corridor_table`.
    people
        Residents by county from every source that tells them.
    odds_places, odds_villages, odds_people
        What happens to the list when things are drawn anew: see :class:`siteplan.planning.proof.odds.Odds`.
    """

    tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    points: gpd.GeoDataFrame = field(default_factory=_no_shapes)
    stretches: gpd.GeoDataFrame = field(default_factory=_no_shapes)
    conflicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    hit_rates: pd.DataFrame = field(default_factory=pd.DataFrame)
    bought: pd.DataFrame = field(default_factory=pd.DataFrame)
    indicators: pd.DataFrame = field(default_factory=pd.DataFrame)
    links: pd.DataFrame = field(default_factory=pd.DataFrame)
    sectors: pd.DataFrame = field(default_factory=pd.DataFrame)
    exposure: pd.DataFrame = field(default_factory=pd.DataFrame)
    low_altitude: pd.DataFrame = field(default_factory=pd.DataFrame)
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    odds_places: pd.DataFrame = field(default_factory=pd.DataFrame)
    odds_villages: pd.DataFrame = field(default_factory=pd.DataFrame)
    odds_people: pd.DataFrame = field(default_factory=pd.DataFrame)
