"""Coordinates in any notation, in parts, in pairs, in metres."""

import numpy as np
import pandas as pd
import pytest
from worlds.lists import HEAD, ROWS, checked, csv, is_named, names, places, said, sheet, taken_of, text
from worlds.two_counties import STATIONS

from siteplan.inputs.files.headers import match_headers
from siteplan.inputs.tables.coordinates import degrees_of, grid_of
from siteplan.planning import pipeline
from siteplan.project.columns import columns_of
from siteplan.project.project_file import load_config

NOTATIONS = [
    "113.586806",
    "113.586806°",
    "E113.586806",
    "113.586806E",
    "东经113.586806",
    "113°35′12.5″",
    "113°35'12.5\"",
    "113-35-12.5",
    "113:35:12.5",
    "113 35 12.5",
    "113度35分12.5秒",
    "E113°35′12.5″",
    "113°35′12.5″E",
    "１１３．５８６８０６",
    "113°35.20833′",
    "113,586806",
    "东经113度35分12.5秒",
]


@pytest.mark.parametrize("typed", NOTATIONS)
def test_one_place_in_many_notations(typed):
    values, bad = degrees_of(pd.Series([typed]))
    assert not bad[0]
    assert values[0] == pytest.approx(113 + 35 / 60 + 12.5 / 3600, abs=2e-6)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("70°39′W", -70.65),
        ("西经70.65", -70.65),
        ("南纬33°30′", -33.5),
        ("-33.5", -33.5),
        ("20E15'30\"", 20 + 15 / 60 + 30 / 3600),
    ],
)
def test_west_and_south_are_negative(typed, value):
    assert degrees_of(pd.Series([typed]))[0][0] == pytest.approx(value)


@pytest.mark.parametrize("typed", ["113°75′12″", "113°35′72″", "约113.5", "见附图", "113.5.6", "113.5°35′"])
def test_impossible_coordinates_are_faults(typed):
    assert degrees_of(pd.Series([typed]))[1].tolist() == [True]


@pytest.mark.parametrize("typed", ["0", "0.0", "", "无"])
def test_a_zero_is_no_coordinate(typed):
    values, bad = degrees_of(pd.Series([typed]))
    assert np.isnan(values[0])
    assert not bad[0]


PARTS = [
    ("经度度 经度分 经度秒 纬度度 纬度分 纬度秒", [113, 35, 12.5, 24, 48, 3]),
    ("东经(度) 东经(分) 东经(秒) 北纬(度) 北纬(分) 北纬(秒)", [113, 35, 12.5, 24, 48, 3]),
    (
        "COR_NB_DG_LAT COR_NB_MN_LAT COR_NB_SC_LAT COR_CD_NS_LAT COR_NB_DG_LON COR_NB_MN_LON COR_NB_SC_LON COR_CD_EW_LON",
        [24, 48, 3, "N", 113, 35, 12.5, "E"],
    ),
    ("经纬度", ["113.586806,24.800833"]),
    ("坐标", ["N24°48′3″ E113°35′12.5″"]),
    ("坐标", ["24.800833, 113.586806"]),
    ("lat,lon", ["24.800833 113.586806"]),
    ("GPS坐标", ["POINT (113.586806 24.800833)"]),
]


@pytest.mark.parametrize(("headers", "cells"), PARTS, ids=[row[0] for row in PARTS])
def test_coordinates_in_parts_or_in_one_cell(headers, cells, tmp_path):
    names = [headers] if "," in headers else headers.split()
    found = checked(sheet(tmp_path / "a.xlsx", [["站址名称", *names], ["甲站", *cells]]))
    assert found.frame["longitude"].tolist() == pytest.approx([113.586806], abs=2e-6)
    assert found.frame["latitude"].tolist() == pytest.approx([24.800833], abs=2e-6)


def test_degrees_minutes_seconds_under_a_header_of_two_lines(tmp_path):
    lines = [
        ["站址名称", "东经", "", "", "北纬", "", ""],
        ["", "度", "分", "秒", "度", "分", "秒"],
        ["甲", 113, 35, 12.5, 24, 48, 3],
    ]
    found = checked(sheet(tmp_path / "a.xlsx", lines, ["A1:A2", "B1:D1", "E1:G1"]))
    assert found.frame["longitude"].tolist() == pytest.approx([113.586806], abs=2e-6)


BOX = (112.8, 23.8, 114.9, 25.6)
"""Shaoguan and a halo [deg]."""


@pytest.mark.parametrize(
    ("first", "second", "crs", "turned"),
    [
        (459_554.6, 2_743_800.0, "EPSG:4547", False),
        (38_459_554.6, 2_743_800.0, "EPSG:4526", False),
        (2_743_800.0, 459_554.6, "EPSG:4547", True),
        (2_743_800.0, 38_459_554.6, "EPSG:4526", True),
    ],
)
def test_metres_are_placed_by_trying(first, second, crs, turned):
    """113.6 E 24.8 N; the Chinese X is the northing."""
    found = grid_of(np.full(5, first), np.full(5, second), "EPSG:4547", BOX)
    assert found == [(crs, turned)]


def test_metres_that_fit_nowhere_are_a_question():
    assert grid_of(np.full(5, 100.0), np.full(5, 200_000.0), "EPSG:4547", BOX) == []


@pytest.mark.parametrize(
    "typed", ["113°35´12.5´´", "经度：113.586806", "113° 35' 12.5''", "E 113°35′12.5″", "113º35’12.5”"]
)
def test_more_notations_of_one_place(typed):
    values, bad = degrees_of(pd.Series([typed]))
    assert not bad[0]
    assert values[0] == pytest.approx(113 + 35 / 60 + 12.5 / 3600, abs=2e-6)


@pytest.mark.parametrize("typed", ["1e400", "inf", "113°35.2′10″"])
def test_no_coordinate_is_a_fault_and_not_a_blank(typed):
    assert degrees_of(pd.Series([typed]))[1].tolist() == [True]


@pytest.mark.parametrize("typed", ["0°0′0″", "0,0", "0.000000", "00.00"])
def test_a_zero_in_any_notation_is_no_coordinate(typed):
    values, bad = degrees_of(pd.Series([typed]))
    assert np.isnan(values[0])
    assert not bad[0]


def split(path):
    return places(checked(path))


SIX = ["经度度", "经度分", "经度秒", "纬度度", "纬度分", "纬度秒"]

HERE = [113, 35, 12.5, 24, 48, 3]

SPOT = [(113.586806, 24.800833)]


@pytest.mark.parametrize(
    "headers",
    [
        "东经度 东经分 东经秒 北纬度 北纬分 北纬秒",
        "经度° 经度′ 经度″ 纬度° 纬度′ 纬度″",
        "lon_deg lon_min lon_sec lat_deg lat_min lat_sec",
        "经度-度 经度-分 经度-秒 纬度-度 纬度-分 纬度-秒",
        "经(度) 经(分) 经(秒) 纬(度) 纬(分) 纬(秒)",
    ],
)
def test_parts_of_coordinates_under_other_words(headers, tmp_path):
    assert split(sheet(tmp_path / "a.xlsx", [["站址名称", *headers.split()], ["甲", *HERE]])) == SPOT


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize(
    "top", [("东经", "北纬"), ("经度", "纬度"), ("东经（E）", "北纬（N）"), ("站址经度", "站址纬度")]
)
def test_parts_of_coordinates_under_two_lines(top, kind, tmp_path):
    lines = [["站址名称", top[0], "", "", top[1], "", ""], ["", *"度分秒度分秒"], ["甲", *HERE]]
    path = tmp_path / f"a.{kind}"
    assert (
        split(sheet(path, lines, ["A1:A2", "B1:D1", "E1:G1"]) if kind == "xlsx" else text(path, csv(lines)))
        == SPOT
    )


@pytest.mark.parametrize(
    "cells",
    [
        ["113°", "35′", "12.5″", "24°", "48′", "3″"],
        ["E113", 35, 12.5, "N24", 48, 3],
        ["东经113", 35, 12.5, "北纬24", 48, 3],
        ["113.0", "35.0", "12.5", "24.0", "48.0", "3.0"],
    ],
)
def test_parts_may_carry_signs_and_needless_decimals(cells, tmp_path):
    assert split(text(tmp_path / "a.csv", csv([["站址名称", *SIX], ["甲", *cells]]))) == SPOT


@pytest.mark.parametrize("cells", [["暂无"] * 6, [0] * 6, ["/"] * 6])
def test_parts_that_say_nothing_are_blank(cells, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [["站址名称", *SIX], ["甲", *HERE], ["乙", *cells]]))
    assert (names(found), said(found, "rejected")) == (["甲", "乙"], [])
    assert np.isnan(found.frame[["longitude", "latitude"]].iloc[1]).all()


@pytest.mark.parametrize(
    "cells", [[113, 75, 0, 24, 48, 3], [113, 35, 60, 24, 48, 3], ["", 35, 12.5, 24, 48, 3]]
)
def test_impossible_parts_are_faults(cells, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [["站址名称", *SIX], ["甲", *HERE], ["乙", *cells]]))
    assert said(found, "rejected") == [("not_coordinate", 3)]


def test_south_and_west_of_anfr(tmp_path):
    parts = [f"COR_{form}_{axis}" for axis in ("LAT", "LON") for form in ("NB_DG", "NB_MN", "NB_SC")]
    head = ["name", *parts, "COR_CD_NS_LAT", "COR_CD_EW_LON"]
    lines = [head, ["a", 20, 53, 10, 55, 30, 5, "S", "E"], ["b", 48, 1, 2, 0, 2, 3, "N", "W"]]
    assert split(text(tmp_path / "a.csv", csv(lines, ";"))) == [
        (55.501389, -20.886111),
        (-0.034167, 48.017222),
    ]


def test_decimal_degrees_hold_where_the_parts_are_empty(tmp_path):
    lines = [[*HEAD, *SIX], ["甲", 113.586806, 24.800833, *HERE], ["乙", 113.2, 24.2]]
    assert split(sheet(tmp_path / "a.xlsx", lines)) == [*SPOT, (113.2, 24.2)]


PAIRS = [
    "E113.586806,N24.800833",
    "N24.800833,E113.586806",
    "北纬24.800833，东经113.586806",
    "东经113.586806北纬24.800833",
    "E113.586806N24.800833",
    "113.586806E24.800833N",
    "经度：113.586806 纬度：24.800833",
    "(113.586806, 24.800833)",
    "113.586806\n24.800833",
    "113.586806、24.800833",
    "24.800833/113.586806",
]


@pytest.mark.parametrize("pair", PAIRS)
def test_both_coordinates_in_one_cell(pair, tmp_path):
    assert split(sheet(tmp_path / "a.xlsx", [["站址名称", "经纬度"], ["甲", pair]])) == SPOT


@pytest.mark.parametrize("blank", ["", "暂无", "见附图"])
def test_a_column_of_pairs_may_be_half_empty(blank, tmp_path):
    lines = [
        ["序号", "站址名称", "经纬度"],
        [1, "甲", "113.586806,24.800833"],
        [2, "乙", blank],
        [3, "丙", blank],
    ]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert places(found)[:1] == SPOT


@pytest.mark.parametrize("header", ["站址经纬度", "物业坐标", "经纬度（WGS84）", "坐标（经度,纬度）"])
def test_a_column_of_pairs_under_a_longer_header(header, tmp_path):
    assert split(sheet(tmp_path / "a.xlsx", [["站址名称", header], ["甲", "113.586806,24.800833"]])) == SPOT


GRIDS = {
    "EPSG:4547": (459_554.6, 2_743_959.1),
    "EPSG:4526": (38_459_554.6, 2_743_959.1),
    "EPSG:4497": (19_762_952.4, 2_746_403.6),
}
"""113.6 E 24.8 N in CGCS2000: 3-degree zone without and with its number, 6-degree zone with it."""


@pytest.mark.parametrize("turned", [False, True], ids=["east first", "north first"])
@pytest.mark.parametrize("crs", GRIDS)
def test_a_grid_is_found_with_either_coordinate_first(crs, turned):
    first, second = GRIDS[crs][::-1] if turned else GRIDS[crs]
    assert grid_of(np.full(5, first), np.full(5, second), "EPSG:4547", BOX) == [(crs, turned)]


@pytest.mark.parametrize("shift", [0, 38_000_000], ids=["plain", "zone number"])
@pytest.mark.parametrize("turned", [False, True], ids=["east first", "north first"])
def test_stations_in_metres_land_where_they_stand(two_counties, shift, turned):
    """X is the northing in a Chinese list: the plan must not care."""
    path = two_counties / "stations.csv"
    table = pd.read_csv(path, encoding="gb18030", dtype=str).drop(columns=["经度", "纬度"])
    metres = [(440_000.0 + row[6] + shift, 2_740_000.0 + row[7]) for row in STATIONS]
    table["X坐标"], table["Y坐标"] = zip(*[pair[::-1] if turned else pair for pair in metres], strict=True)
    table.to_csv(path, index=False, encoding="gb18030")
    stations = (
        pipeline.load(two_counties, load_config(two_counties)).stations.set_index("station_id").geometry
    )
    expected = {row[0]: (440_000.0 + row[6], 2_740_000.0 + row[7]) for row in STATIONS}
    for name, geometry in stations.items():
        assert (geometry.x, geometry.y) == pytest.approx(expected[name], abs=0.1)


def test_headers_may_be_typed_with_wide_blanks():
    found = match_headers(["站址名称", "经　度", "纬　度"], columns_of("poles"), {}).taken
    assert found == {"pole_name": "站址名称", "longitude": "经　度", "latitude": "纬　度"}


@pytest.mark.parametrize("typed", ["11°04′O", "O 10°57'", "11.07O", "24.8O", "113.58O"])
def test_an_o_is_east_in_german_west_in_french_and_a_nought_in_haste(typed):
    """Ost, ouest, oeste, or 24.80: three readings make a fault."""
    assert degrees_of(pd.Series([typed]))[1].tolist() == [True]


@pytest.mark.parametrize(
    ("side", "sign"), [("E", 1), ("W", -1), ("东", 1), ("西经", -1), ("Ouest", -1), ("Ost", 1)]
)
def test_a_side_in_a_column_of_its_own(side, sign, tmp_path):
    head = [f"{axis}_{part}" for axis in ("lon", "lat") for part in ("deg", "min", "sec", "dir")]
    path = text(tmp_path / "a.csv", csv([["name", *head], ["a", 10, 57, 30, side, 46, 58, 0, "N"]], ";"))
    found = checked(path)
    east = found.frame["longitude"].tolist()
    assert east == pytest.approx([sign * (10 + 57.5 / 60)]) or (not east and is_named(found, 2))


@pytest.mark.parametrize(("east", "north"), [("25.2N", "24.2N"), ("113.1E", "113.1E"), ("北纬25.2", "25.1")])
def test_a_letter_of_the_other_axis_is_a_fault(east, north, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [HEAD, *ROWS, ["乙", east, north]]))
    assert names(found) == [row[0] for row in ROWS]
    assert is_named(found, 4)


@pytest.mark.parametrize(
    "headers",
    [
        "东经度 分 秒 北纬度 分 秒",
        "经度(度) 分 秒 纬度(度) 分 秒",
        "经度 分 秒 纬度 分 秒",
        "东经 ′ ″ 北纬 ′ ″",
    ],
)
def test_minutes_named_by_their_neighbour_are_never_dropped(headers, tmp_path):
    """Whole degrees alone would move the mast by up to 100 km."""
    path = sheet(tmp_path / "a.xlsx", [["站址名称", *headers.split()], ["甲", *HERE]])
    values, problems = taken_of(path, "poles", "longitude")
    assert values == pytest.approx([SPOT[0][0]], abs=2e-6) or problems


def test_decimal_degrees_under_a_header_that_names_the_unit(tmp_path):
    path = sheet(tmp_path / "a.xlsx", [["站址名称", "经度(度)", "纬度（度）"], ["甲", 113.1, 25.1]])
    assert split(path) == [(113.1, 25.1)]


def test_seconds_without_minutes_are_a_fault(tmp_path):
    lines = [["站址名称", *SIX], ["甲", *HERE], ["乙", 113, "", 12.5, 24, 48, 3]]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert (names(found), said(found, "rejected")) == (["甲"], [("not_coordinate", 3)])


UNREADABLE_PAIRS = [
    "113.586806",
    "113.586806,",
    "113.586806,24.800833,120",
    "113,586806;24,800833",
    "POINT Z (113.586806 24.800833 0)",
    "113.58.1",
]


@pytest.mark.parametrize("pair", UNREADABLE_PAIRS)
def test_a_pair_is_read_or_named_but_never_blanked(pair, tmp_path):
    lines = [["站址名称", "经纬度"], ["甲", pair], ["乙", "113.2,25.2"]]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert places(found)[0] == SPOT[0] or is_named(found, 2)
    assert places(found)[-1] == (113.2, 25.2)


def test_columns_of_their_own_hold_where_the_pair_is_empty(tmp_path):
    lines = [[*HEAD, "经纬度"], ["甲", 113.1, 25.1, "113.1,25.1"], ["乙", 113.2, 25.2, ""]]
    assert split(sheet(tmp_path / "a.xlsx", lines)) == [(113.1, 25.1), (113.2, 25.2)]


def test_a_pair_that_contradicts_the_columns_is_said(tmp_path):
    lines = [[*HEAD, "经纬度"], ["甲", 113.1, 25.1, "113.1,25.1"], ["乙", 113.2, 25.2, "114.2,24.2"]]
    _, problems = taken_of(sheet(tmp_path / "a.xlsx", lines), "poles", "longitude")
    assert problems
