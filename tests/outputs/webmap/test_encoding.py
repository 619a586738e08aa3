"""Tables and pictures as the page packs them: they come back as they were, where they were."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from shapely.geometry import box
from worlds.webmap_world import CRS, HOSTILE, NORTH, WEST
from worlds.written_forms import read_back

from siteplan.core.grid import Grid, Raster
from siteplan.outputs.webmap.encode import column, to_json
from siteplan.outputs.webmap.rasters import (
    INHABITED,
    codes_picture,
    coverage_codes,
    footprint_masks,
    ranks_picture,
    warp_of,
)
from siteplan.planning.background import relief_source

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


def test_json_keeps_its_content_through_the_escapes() -> None:
    data = {"names": list(HOSTILE), "missing": [float("nan"), None, np.float32("nan"), pd.NA]}
    text = to_json(data)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == {"names": list(HOSTILE), "missing": [None] * 4}


@pytest.mark.parametrize(
    "values",
    [
        ["440229-2023-0699", "440229-2023-0700", "440229-2023-0701", "440281-2023-0001"] * 4,
        ["S1", "S2", "S10", "S11", "S12", "S13", "S14", "S15", "S16"],
        ["甲", "甲", "甲", "乙"] * 3,
        ["", "", ""],
        ["a1", "b2", "c3"],
        ["x\n1", "x\n2", "x\n3", "x\n4"],
        [1.23456, None, float("nan"), 4],
        ["0000000000000001"] * 3,
        [],
    ],
)
def test_columns_come_back_as_they_were(values: list[Any]) -> None:
    packed = column(values)
    for row, value in enumerate(values):
        have = read_back(packed, row)
        if isinstance(value, str):
            assert (have or "") == value
        elif value is None or np.isnan(value):
            assert have is None
        else:
            assert have == pytest.approx(value, abs=1e-3)


def seen_pixels(uri: str) -> np.ndarray[Any, Any]:
    """An embedded picture as the browser reads it back."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"))


def test_coverage_lies_where_the_pixels_are() -> None:
    grid = Grid(CRS, WEST, NORTH, 100.0, 40, 30)
    values = np.full(grid.shape, np.nan, np.float32)
    values[5, 7] = 0.9
    raster = Raster(values, grid, "P", "1")
    warp = warp_of(grid)
    picture = codes_picture(coverage_codes(raster, raster, None, (0.1, 0.4, 0.75, 0.95), 0.75), warp)
    corners = gpd.GeoSeries([box(*grid.bounds)], crs=CRS).to_crs("EPSG:4326").total_bounds
    (south, west), (north, east) = picture.bounds
    np.testing.assert_allclose([west, south, east, north], corners, atol=0.002)
    pixels = seen_pixels(picture.uri)[..., 0]
    code = INHABITED + 18 * 4 + 3 * 4
    row, col = (int(each.mean()) for each in np.nonzero(pixels == code))
    assert set(np.unique(pixels)) == {0, code}
    height, width = pixels.shape
    longitude = west + (col + 0.5) / width * (east - west)
    latitude = north - (row + 0.5) / height * (north - south)
    centre = gpd.GeoSeries.from_xy([WEST + 750], [NORTH - 550], crs=CRS).to_crs("EPSG:4326")
    np.testing.assert_allclose([longitude, latitude], [centre.x[0], centre.y[0]], atol=0.0007)


def test_codes_hold_three_pictures_and_ranks_two_bytes() -> None:
    rng = np.random.default_rng(3)
    grid = Grid(CRS, WEST, NORTH, 100.0, 50, 40)
    before, after, flat = (
        Raster(rng.random(grid.shape).astype(np.float32), grid, "P", "1") for _ in range(3)
    )
    breaks = (0.1, 0.4, 0.75, 0.95)
    lived_in = rng.random(grid.shape) < 0.3
    codes = coverage_codes(before, after, flat, breaks, 0.75, lived_in)
    assert codes.max() < 256
    np.testing.assert_array_equal(codes >= INHABITED, lived_in)
    whole, codes = codes, codes % INHABITED
    np.testing.assert_array_equal(codes // 18, np.digitize(before.values, breaks) + 1)
    np.testing.assert_array_equal(codes // 3 % 6, np.digitize(after.values, breaks) + 1)
    np.testing.assert_array_equal(codes % 3 == 1, before.values >= 0.75)
    np.testing.assert_array_equal(codes % 3 == 2, (before.values < 0.75) & (flat.values >= 0.75))
    warp = warp_of(grid)
    pixels = seen_pixels(codes_picture(whole, warp).uri)[..., 0]
    np.testing.assert_array_equal(pixels, warp.seen(whole))
    ranks = Raster(rng.integers(0, 60_000, grid.shape).astype(np.int32), grid, "rank", "1")
    low, high, _ = np.moveaxis(seen_pixels(ranks_picture(ranks, warp).uri).astype(int), -1, 0)
    np.testing.assert_array_equal(low + 256 * high, warp.seen(np.asarray(ranks.values)))


def test_a_footprint_lies_over_the_pixels_it_covers() -> None:
    grid = Grid(CRS, WEST, NORTH, 100.0, 60, 60)
    mask = np.zeros((9, 7), bool)
    mask[2:8, 1:6] = True
    mask[4, 3] = False
    nothing = np.zeros((3, 3), bool)
    warp = warp_of(grid)
    found = footprint_masks([(20, 30, mask), (0, 0, nothing)], warp)
    assert found["mask"][1] == ""
    image = Image.open(io.BytesIO(base64.b64decode(found["mask"][0])))
    assert image.info["transparency"] == 0
    seen = np.asarray(image)
    whole = np.zeros(grid.shape, bool)
    whole[20:29, 30:37] = mask
    rows, cols = found["row"][0], found["col"][0]
    drawn = np.zeros(warp.index.shape, bool)
    drawn[rows : rows + seen.shape[0], cols : cols + seen.shape[1]] = seen == 1
    np.testing.assert_array_equal(drawn, warp.seen(whole))


def test_relief_is_cut_to_the_area_and_thinned() -> None:
    fine = Grid(CRS, WEST - 5000, NORTH + 5000, 25.0, 800, 800)
    area = Grid(CRS, WEST, NORTH, 100.0, 60, 40)
    wet = np.zeros(fine.shape, bool)
    wet[200:204] = True
    terrain = Raster(np.ones(fine.shape, np.float32), fine, "dem", "m")
    relief, water = relief_source(None, terrain, wet, area)
    assert relief is not None
    assert relief.grid == Grid(CRS, WEST, NORTH, 25.0, 240, 160)
    assert water is not None
    assert water.grid == relief.grid
    assert water.values[:4].all()
    assert not water.values[4:].any()
    assert relief_source(None, None, None, area) == (None, None)
