"""Ground between a place and its village: which village, how far, and heights where the relief has them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point

from siteplan.core.grid import Grid, Raster
from siteplan.coverage.indicators import RankEffect
from siteplan.planning.sight_lines import SAMPLES, sight_lines

CRS = "EPSG:4547"
GRID = Grid(CRS, 0.0, 10_000.0, 100.0, 100, 100)
RIDGE = np.full(GRID.shape, 200.0)
RIDGE[:, 50] = 420.0
"""Level ground with a ridge from north to south, 100 m wide."""


def points(*places: tuple[float, float], **columns: list[object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[Point(*each) for each in places], crs=CRS)


def lines(villages: gpd.GeoDataFrame | None, *newly: tuple[int, ...], relief: Raster | None = None):
    places = points(*[(1_050.0, 5_050.0)] * len(newly))
    effects = [RankEffect({}, 0.0, 0.0, each) for each in newly]
    relief = Raster(RIDGE.copy(), GRID, "dem", "m") if relief is None else relief
    return sight_lines(places, villages, effects, relief, [758.0] * len(newly))


VILLAGES = points((2_050.0, 5_050.0), (9_050.0, 5_050.0), village=["near", "beyond the ridge"])


def test_a_line_goes_to_the_village_that_is_newly_served_before_the_nearest() -> None:
    table = lines(VILLAGES, (), (1,), (0, 1))
    assert table["village"].tolist() == ["near", "beyond the ridge", "near"]
    assert table["newly"].tolist() == [False, True, True]
    assert table["distance_m"].tolist() == [1_000.0, 8_000.0, 1_000.0]


def test_heights_are_those_of_the_ground_and_the_ridge_is_among_them() -> None:
    row = lines(VILLAGES, (1,)).iloc[0]
    assert len(row["heights_m"]) == SAMPLES
    assert set(row["heights_m"]) == {200, 420}
    where = np.linspace(1_050.0, 9_050.0, SAMPLES)
    assert [h == 420 for h in row["heights_m"]] == [5_000 <= x < 5_100 for x in where]


@pytest.mark.parametrize("villages", [None, VILLAGES.iloc[:0]])
def test_without_villages_there_is_no_line(villages: gpd.GeoDataFrame | None) -> None:
    assert lines(villages, ()).empty


def test_no_line_is_drawn_over_a_hole_or_beyond_what_a_place_is_there_for() -> None:
    hole = RIDGE.copy()
    hole[49, 60] = np.nan
    relief = Raster(hole, GRID, "dem", "m")
    assert lines(VILLAGES, (1,), relief=relief).empty
    assert len(lines(VILLAGES, (0,), relief=relief)) == 1
    far = points((30_000.0, 5_050.0), village=["far"])
    assert lines(far, ()).empty
