"""Rows onto the map: datum by names, addresses by names."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.stats import trim_mean
from scipy.stats.mstats import winsorize
from shapely.geometry import Point, box
from worlds.opened import csv_table
from worlds.two_counties import write_sheet, write_toml

import siteplan
from siteplan.inputs.places.addresses import locate, table_of
from siteplan.inputs.places.datum import bd09_from_gcj02, gcj02_from_wgs84
from siteplan.inputs.places.evidence import DATUMS, TRIMMED, Named, trimmed_mean, weigh, winsorised
from siteplan.inputs.places.gazetteer import county_names, gazetteer_of, place_names, village_names
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config

CRS = "EPSG:4547"


COUNTIES = gpd.GeoDataFrame(
    {"county_id": ["440232", "440281"], "county": ["乳源瑶族自治县", "乐昌市"]},
    geometry=[box(0, 0, 20_000, 20_000), box(20_000, 0, 40_000, 20_000)],
    crs=CRS,
)


VILLAGES = gpd.GeoDataFrame(
    [
        ("1", "江湾社区居民委员会", "桂头镇", 2_000, 2_000),
        ("2", "江湾村民委员会", "桂头镇", 5_000, 2_000),
        ("3", "胡屋村委会", "桂头镇", 8_000, 2_000),
        ("4", "大坪头村委会", "必背镇", 5_000, 15_000),
        ("5", "新村村委会", "必背镇", 8_000, 15_000),
        ("6", "新村村委会", "坪石镇", 30_000, 5_000),
        ("7", "三溪村委会", "坪石镇", 33_000, 5_000),
    ],
    columns=["village_id", "village", "town", "x", "y"],
)


VILLAGES = VILLAGES.set_geometry(gpd.points_from_xy(VILLAGES["x"], VILLAGES["y"]), crs=CRS)


PLACES = gpd.GeoDataFrame(
    {"place": ["坪石镇中心小学", "中心小学"]}, geometry=[Point(31_000, 5_500), Point(2_500, 2_500)], crs=CRS
)


@pytest.fixture(scope="module")
def names():
    villages, towns = village_names(VILLAGES, None, COUNTIES)
    places = place_names(PLACES, "place", COUNTIES)
    return gazetteer_of([county_names(COUNTIES), towns, villages, places], "韶关市")


ADDRESSED = [
    ("韶关市乳源瑶族自治县桂头镇胡屋村12号", "B", "exact", "胡屋村委会"),
    ("广东省韶关市乳源县桂头镇胡屋村委会旁", "B", "exact", "胡屋村委会"),
    ("乳源桂头胡屋", "B", "exact", "胡屋村委会"),
    ("桂头镇虎屋村12号", "B", "sound", "胡屋村委会"),
    ("必背镇大平头村", "B", "sound", "大坪头村委会"),
    ("必背镇大坪垴村", "B", "similar", "大坪头村委会"),
    ("桂头镇江湾社区3号", "B", "exact", "江湾社区居民委员会"),
    ("桂头镇江湾村3号", "B", "exact", "江湾村民委员会"),
    ("桂头镇江湾3号", "C", "tied", "江湾社区居民委员会、江湾村民委员会"),
    ("乐昌市新村5号", "B", "exact", "新村村委会"),
    ("新村5号", "", "tied", None),
    ("必背镇新村5号", "B", "exact", "新村村委会"),
    ("坪石镇胡屋村5号", "B", "conflict", "胡屋村委会"),
    ("坪石镇人民路5号", "C", "exact", "坪石镇"),
    ("乐昌市人民路5号", "D", "exact", "乐昌市"),
    ("乐昌市坪石镇中心小学教学楼楼顶", "A", "exact", "坪石镇中心小学"),
    ("广州市天河区新村", "", "elsewhere", ""),
    ("湖南省郴州市宜章县新村", "", "elsewhere", ""),
    ("人民路5号", "", "exact", ""),
    ("", "", "exact", ""),
]


@pytest.mark.parametrize(("text", "grade", "how", "matched"), ADDRESSED)
def test_an_address_is_found_as_finely_as_its_words_agree(text, grade, how, matched, names):
    (found,) = locate([text], names)
    assert (found.grade, found.how) == (grade, how)
    if matched is not None:
        assert table_of([found], names)["matched"].iloc[0] == matched


def test_what_the_row_states_beside_its_address_counts(names):
    (found,) = locate(["新村5号"], names, ["乳源县"], [""])
    assert (found.grade, names.town[found.entry]) == ("B", "必背镇")
    (found,) = locate(["新村5号"], names, [""], ["坪石镇"])
    assert names.county[found.entry] == 1


def test_several_places_of_one_name_stand_in_their_middle_with_a_radius_that_reaches_all(names):
    table = table_of(locate(["桂头镇江湾3号"], names), names)
    assert table[["x", "y"]].to_numpy().tolist() == [[3_500.0, 2_000.0]]
    assert table["radius_m"].iloc[0] == pytest.approx(1_500 + 1_500)


def test_every_known_name_finds_itself(names):
    for entry in np.flatnonzero(names.level == 2):
        (found,) = locate(
            [f"{COUNTIES['county'][names.county[entry]]}{names.town[entry]}{names.name[entry]}"], names
        )
        assert (found.grade, found.entry) == ("B", entry)


def shifts(datum):
    """Shift a place near Shaoguan suffers when its coordinates of a datum are read as another one [m]."""
    lon, lat = 113.6, 24.8
    gcj = gcj02_from_wgs84(lon, lat)
    written = {"wgs84": (lon, lat), "gcj02": gcj, "bd09": bd09_from_gcj02(*gcj)}
    east, north = (np.array([float(written[name][axis]) for name in DATUMS]) for axis in (0, 1))
    mine = DATUMS.index(datum)
    return np.column_stack([(east[mine] - east) * 101_000, (north[mine] - north) * 110_800])


def named(datum, rows, rng, spread=700.0, copies=1):
    """Offsets of rows from the villages they name, when the table is truly in a datum."""
    base = np.repeat(rng.normal(0, spread, (rows, 2)), copies, axis=0)
    entry = np.repeat(np.arange(rows), copies)
    return Named(entry, base[None] + shifts(datum)[:, None], np.full(len(entry), 1000.0))


@pytest.mark.parametrize("datum", DATUMS)
@pytest.mark.parametrize(("rows", "spread"), [(30, 500.0), (60, 800.0), (100, 1000.0)])
def test_names_tell_the_datum(datum, rows, spread):
    rng = np.random.default_rng(rows)
    answers = [weigh(named(datum, rows, rng, spread)).whole.datum for _ in range(40)]
    assert set(answers) <= {datum, ""}
    assert answers.count(datum) >= 36


@pytest.mark.parametrize("names", [2, 3, 6, 7, 13, 14, 40])
def test_trimming_is_the_textbooks(names):
    offset = np.random.default_rng(names).normal(size=(names, 2))
    drawn_in = np.column_stack([winsorize(offset[:, axis], (TRIMMED, TRIMMED)) for axis in range(2)])
    np.testing.assert_allclose(trimmed_mean(offset, axis=0), trim_mean(offset, TRIMMED, axis=0))
    np.testing.assert_allclose(winsorised(offset), drawn_in)


def test_few_names_say_nothing_however_many_rows_repeat_them():
    verdict = weigh(named("gcj02", 3, np.random.default_rng(0), copies=200)).whole
    assert (verdict.datum, verdict.why, verdict.names) == ("", "few", 3)


def test_a_shift_that_no_datum_explains_is_not_explained_away():
    part = named("wgs84", 60, np.random.default_rng(0), spread=100.0)
    strange = Named(part.entry, part.offset_m + np.array([-900.0, 900.0]), part.spread_m)
    assert weigh(strange).whole.why == "offset"


def test_rows_without_names_get_no_answer():
    nothing = Named(np.full(50, -1), np.full((3, 50, 2), np.nan), np.ones(50))
    assert weigh(nothing).whole.why == "few"


def joined(parts):
    entry = np.concatenate([part.entry + 1000 * n for n, part in enumerate(parts)])
    return Named(
        entry,
        np.concatenate([p.offset_m for p in parts], axis=1),
        np.concatenate([p.spread_m for p in parts]),
    )


def test_blocks_of_rows_in_different_datums_are_told_apart():
    rng = np.random.default_rng(4)
    found = weigh(joined([named("wgs84", 80, rng, 400.0), named("gcj02", 60, rng, 400.0)]))
    assert found.is_mixed
    truth = np.array(["wgs84"] * 80 + ["gcj02"] * 60)
    assert (found.datum == truth).mean() > 0.97


def test_groups_of_a_column_in_different_datums_are_told_apart():
    rng = np.random.default_rng(5)
    whole = joined([named("wgs84", 60, rng, 300.0), named("bd09", 60, rng, 300.0)])
    order = rng.permutation(120)
    mixed = Named(whole.entry[order], whole.offset_m[:, order], whole.spread_m[order])
    source = np.array(["移动"] * 60 + ["联通"] * 60)[order]
    found = weigh(mixed, {"来源": source.tolist()})
    assert (found.datum == np.where(source == "移动", "wgs84", "bd09")).all()


@pytest.mark.parametrize("datum", DATUMS)
def test_one_datum_is_not_taken_apart(datum):
    rng = np.random.default_rng(6)
    assert not any(weigh(named(datum, 150, rng)).is_mixed for _ in range(20))


def loaded(folder):
    return pipeline.load(folder, load_config(folder))


def addressed(folder, rows):
    """The tiny project with opened properties that have addresses only."""
    write_sheet(folder / "properties.xlsx", pd.DataFrame(rows, columns=["序号", "基站地址", "物业所属单位"]))
    return folder


LISTED = [(1, "西县一村10号", "甲"), (2, "东县某路5号", "乙"), (3, "外省某处", "丙")]


def village_address(folder):
    inputs = loaded(folder)
    first = inputs.villages.iloc[0]
    return first, f"{first['county']}{first['village']}10号"


def test_a_published_list_without_coordinates_is_planned_with(two_counties, tmp_path):
    village, address = village_address(two_counties)
    addressed(two_counties, [(1, address, "甲"), (2, "东县某路5号", "乙"), (3, "广州市天河区", "丙")])
    inputs = loaded(two_counties)
    table = inputs.properties.set_index("property_id")
    assert table["location_grade"].to_dict() == {"1": "B", "2": "D"}
    assert table.geometry["1"].distance(village.geometry) < 1.0
    assert {(f.problem, f.row) for f in inputs.faults if f.table == "properties" and f.row} == {
        ("located", 2),
        ("located_coarse", 3),
        ("not_located", 4),
    }
    out = siteplan.open_project(two_counties).plan(threads=1).write(tmp_path / "run")
    refused = csv_table(out / "refused.csv", dtype=str, keep_default_na=False)
    refused = refused[refused["source_id"].eq("2")]
    assert refused["rule"].str.contains("D 级").all()
    assert len(refused) == 1


def test_a_located_place_is_ranked_with_its_circle_as_search_ring(two_counties):
    _, address = village_address(two_counties)
    addressed(two_counties, [(1, address, "甲")])
    write_toml(two_counties, {"candidates.max_location_radius_m": 9000})
    plan = siteplan.open_project(two_counties).plan(threads=1)
    row = plan.candidates[plan.candidates["source_type"].eq("3")].iloc[0]
    assert row["location_grade"] == "B"
    shown = plan.sites[plan.sites["source_type"].eq("3")]
    assert all(shown["search_radius_m"] >= shown["location_radius_m"].round())


def test_declared_rows_have_their_own_datum(two_counties):
    before = loaded(two_counties).stations.set_index("station_id")
    write_toml(two_counties, {"inputs.stations.datum_rows": {"3-4": "gcj02"}})
    after = loaded(two_counties).stations.set_index("station_id")
    moved = before.geometry.distance(after.geometry.reindex(before.index))
    assert sorted(moved.round(-1).gt(400)) == [False] * (len(before) - 2) + [True] * 2
