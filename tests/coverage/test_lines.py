"""Pieces of lines: nothing is lost, nothing is counted twice, and each lies on the pixel it says."""

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, MultiLineString

from siteplan.core.grid import Grid
from siteplan.coverage.lines import kilometres_on, pieces_on

GRID = Grid("EPSG:4547", 0.0, 1_000.0, 100.0, 10, 10)


def series(*lines):
    return gpd.GeoSeries(lines, crs="EPSG:4547")


def test_lengths_add_up_to_what_lies_on_the_grid():
    lines = series(LineString([(-500, 450), (500, 450)]), LineString([(50, 50), (950, 950)]))
    pieces = pieces_on(lines, GRID)
    by_line = np.bincount(pieces.line, pieces.length_m)
    assert by_line == pytest.approx([500.0, 900.0 * 2**0.5])
    assert kilometres_on(lines, GRID).sum() == pytest.approx(pieces.length_m.sum() / 1_000.0)


def test_every_piece_lies_on_its_pixel():
    pieces = pieces_on(series(LineString([(50, 950), (950, 950), (950, 50)])), GRID)
    middle = pieces.ends_m.mean(axis=1)
    row, col = GRID.index(middle[:, 0], middle[:, 1])
    assert (row * 10 + col).tolist() == pieces.pixel.tolist()
    assert pieces.length_m.max() <= 50.0 + 1e-9


def test_parts_of_a_line_are_not_joined():
    broken = series(MultiLineString([[(50, 450), (150, 450)], [(850, 450), (950, 450)]]))
    assert pieces_on(broken, GRID).length_m.sum() == pytest.approx(200.0)
    assert kilometres_on(broken, GRID)[5].round(3).tolist() == [0.05, 0.05, 0, 0, 0, 0, 0, 0, 0.05, 0.05]


def test_lines_beyond_the_grid_and_points_of_lines_give_nothing():
    assert len(pieces_on(series(LineString([(5_000, 0), (6_000, 0)])), GRID).line) == 0
    assert len(pieces_on(series(LineString([(50, 50), (50, 50)])), GRID).line) == 0
