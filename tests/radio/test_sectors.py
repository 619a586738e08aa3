"""Sectors from a cell of a table to a mast: angles, patterns, masts, projects."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point
from worlds.sectored import NAN, PATTERN, SHAPE, project
from worlds.two_counties import CRS, SOUTH, WEST, write_toml

from siteplan.coverage.demand import services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.masts import masts_of, station_sectors
from siteplan.coverage.matrix import Upgrade
from siteplan.inputs.tables.angles import angles_of, canonical_angles, downtilts_of
from siteplan.outputs.wording import fault_text
from siteplan.planning import pipeline
from siteplan.planning.quota import on_air
from siteplan.project.project_file import load_config
from siteplan.radio.antenna import Pattern, attenuation_db
from siteplan.radio.linkbudget import LinkBudgets, SectorPattern
from siteplan.radio.sectors import Sector, sector_loss_db

# --- cells ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "angles"),
    [
        ("0/120/240", (0.0, 120.0, 240.0)),
        ("0、120、240", (0.0, 120.0, 240.0)),
        ("0，120,240", (0.0, 120.0, 240.0)),
        ("0;120；240", (0.0, 120.0, 240.0)),
        (" 10 | 130 ", (10.0, 130.0)),
        ("0 120 240", (0.0, 120.0, 240.0)),
        ("0°/120°", (0.0, 120.0)),
        ("30度", (30.0,)),
        ("-10/110", (-10.0, 110.0)),
        ("2.5/3", (2.5, 3.0)),
        ("１２０", (120.0,)),
        (120.0, (120.0,)),
        (120, (120.0,)),
        ("120.0", (120.0,)),
        ("0", (0.0,)),
        (0, (0.0,)),
        ("0/0/0", (0.0, 0.0, 0.0)),
        ("全向", ()),
        ("全向天线", ()),
        (" Omni ", ()),
        ("无", ()),
        ("-", ()),
        ("", ()),
        ("  ", ()),
        (None, ()),
        (NAN, ()),
        ("NE", None),
        ("0/北", None),
        ("约120", None),
        ("0/120/全向", None),
        ("12O", None),
        ("0／120／240", (0.0, 120.0, 240.0)),
    ],
)
def test_angles_of_a_cell(cell, angles):
    assert angles_of(cell) == angles


@pytest.mark.parametrize(
    ("column", "cell", "text", "bad"),
    [
        ("azimuth_deg", "0、120、240", "0/120/240", False),
        ("azimuth_deg", "120.0", "120", False),
        ("azimuth_deg", "360", "360", False),
        ("azimuth_deg", "-30", "-30", False),
        ("azimuth_deg", "全向", "", False),
        ("azimuth_deg", "", "", False),
        ("azimuth_deg", "361", "", True),
        ("azimuth_deg", "0/120/1200", "", True),
        ("azimuth_deg", "NE", "", True),
        ("azimuth_deg", "nan", "", True),
        ("azimuth_deg", "inf", "", True),
        ("downtilt_deg", "6/6/4.5", "6/6/4.5", False),
        ("downtilt_deg", "-2", "-2", False),
        ("downtilt_deg", "91", "", True),
        ("electrical_downtilt_deg", "120", "", True),
    ],
)
def test_canonical_angles(column, cell, text, bad):
    cells, faults = canonical_angles(pd.Series([cell, "10"]), column)
    assert cells.tolist() == [text, "10"]
    assert faults.tolist() == [bad, False]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"downtilt_deg": "6"}, "6"),
        ({"mechanical_downtilt_deg": "2"}, "2"),
        ({"electrical_downtilt_deg": "4/5/6"}, "4/5/6"),
        ({"mechanical_downtilt_deg": "2", "electrical_downtilt_deg": "4/5/6"}, "6/7/8"),
        ({"mechanical_downtilt_deg": "1/2/3", "electrical_downtilt_deg": "4/5/6"}, "5/7/9"),
        ({"mechanical_downtilt_deg": "1/2/3", "electrical_downtilt_deg": ""}, "1/2/3"),
        ({"mechanical_downtilt_deg": "-2", "electrical_downtilt_deg": "6"}, "4"),
        ({"downtilt_deg": "7", "mechanical_downtilt_deg": "2", "electrical_downtilt_deg": "3"}, "7"),
        ({"downtilt_deg": "", "mechanical_downtilt_deg": "2", "electrical_downtilt_deg": "3"}, "5"),
        ({"downtilt_deg": "0", "mechanical_downtilt_deg": "2", "electrical_downtilt_deg": "3"}, "0"),
        ({"mechanical_downtilt_deg": "1/2", "electrical_downtilt_deg": "4/5/6"}, "1/2/4/5/6"),
        ({"mechanical_downtilt_deg": ""}, ""),
        ({}, ""),
    ],
    ids=str,
)
def test_total_downtilts(given, expected):
    frame = pd.DataFrame({"azimuth_deg": ["0/120/240"], **{name: [cell] for name, cell in given.items()}})
    assert downtilts_of(frame).tolist() == [expected]


# --- patterns -------------------------------------------------------------------------------------------


def drawn(count=400, seed=5):
    """Points all round a mast, near and far, above and below it."""
    rng = np.random.default_rng(seed)
    distance, azimuth = 10.0 ** rng.uniform(1.0, 4.0, count), rng.uniform(0.0, 2.0 * np.pi, count)
    return distance * np.sin(azimuth), distance * np.cos(azimuth), rng.uniform(-200.0, 300.0, count)


def by_the_table(sector, shape, east, north, drop):
    tilt = shape.downtilt_deg if np.isnan(sector.downtilt_deg) else sector.downtilt_deg
    azimuth = np.degrees(np.arctan2(east, north))
    down = np.degrees(np.arctan2(drop, np.hypot(east, north)))
    return attenuation_db(azimuth - sector.azimuth_deg, down - tilt, shape.pattern) - sector.extra_db


@pytest.mark.parametrize("tilt", [NAN, 0.0, 3.0, 12.0, -4.0])
@pytest.mark.parametrize("azimuth", [0.0, 45.0, 120.0, 240.0, 359.0, 360.0, -60.0])
@pytest.mark.parametrize("pattern", [Pattern(), PATTERN], ids=["element", "narrow"])
def test_one_sector_is_the_pattern_of_the_table(azimuth, tilt, pattern):
    sector, shape, points = Sector(azimuth, tilt), SectorPattern(pattern, 6.0), drawn()
    expected = by_the_table(sector, shape, *points)
    np.testing.assert_allclose(sector_loss_db([sector], shape, *points), expected, atol=2e-3)


def test_north_is_up_and_east_is_ninety():
    shape = SectorPattern(Pattern(), 0.0)
    east, north = np.array([0.0, 1.0, 0.0, -1.0]) * 1e3, np.array([1.0, 0.0, -1.0, 0.0]) * 1e3
    for k, azimuth in enumerate((0.0, 90.0, 180.0, 270.0)):
        loss = sector_loss_db([Sector(azimuth)], shape, east, north, 0.0)
        assert loss.argmin() == k
        assert loss[k] == pytest.approx(0.0, abs=1e-4)
        assert loss[(k + 2) % 4] == pytest.approx(30.0, abs=1e-4)


def test_a_tilted_beam_is_strongest_where_it_points():
    """A mast 35 m over the phone and 6 degrees down: 33.5 m / tan 6 = 319 m."""
    distance = np.arange(50.0, 3_000.0, 10.0)
    loss = sector_loss_db([Sector(90.0)], SHAPE, distance, np.zeros(distance.shape), 33.5)
    assert distance[loss.argmin()] == pytest.approx(319.0, abs=5.0)
    up_hill = sector_loss_db([Sector(90.0)], SHAPE, 319.0, 0.0, -33.5)
    assert up_hill > loss.min() + 12.0


def test_of_several_sectors_the_best_one_counts():
    points = drawn()
    sectors = [Sector(10.0, 3.0), Sector(130.0, NAN, -2.0), Sector(250.0, 8.0, 4.0)]
    best = np.min([by_the_table(each, SHAPE, *points) for each in sectors], axis=0)
    np.testing.assert_allclose(sector_loss_db(sectors, SHAPE, *points), best, atol=2e-3)
    backwards = sector_loss_db(sectors[::-1], SHAPE, *points)
    np.testing.assert_array_equal(backwards, sector_loss_db(sectors, SHAPE, *points))
    assert (backwards <= sector_loss_db(sectors[:2], SHAPE, *points)).all()


@pytest.mark.parametrize("extra_db", [0.0, 3.0, -5.5])
def test_without_an_azimuth_a_sector_is_omnidirectional(extra_db):
    points = drawn()
    np.testing.assert_array_equal(
        sector_loss_db([Sector(NAN, 4.0, extra_db)], SHAPE, *points), np.float32(-extra_db)
    )
    assert not Sector().is_aimed
    assert Sector(0.0).is_aimed


def test_weights_scale_each_cut_up_to_the_limit():
    points = drawn()
    azimuth = np.degrees(np.arctan2(points[0], points[1]))
    down = np.degrees(np.arctan2(points[2], np.hypot(points[0], points[1])))
    across = np.minimum(12.0 * (((azimuth - 30.0 + 180.0) % 360.0 - 180.0) / 65.0) ** 2, 25.0)
    tilted = np.minimum(12.0 * ((down - 6.0) / 8.0) ** 2, 18.0)
    for horizontal, vertical in ((1.0, 1.0), (0.5, 1.0), (1.0, 0.0), (0.0, 0.0), (0.7, 0.4)):
        shape = SectorPattern(PATTERN, 6.0, horizontal, vertical)
        expected = np.minimum(horizontal * across + vertical * tilted, 25.0)
        loss = sector_loss_db([Sector(30.0)], shape, *points)
        np.testing.assert_allclose(loss, expected, atol=2e-3)


def test_shapes_go_together():
    east, north = np.arange(5.0)[None, :] * 100.0, np.arange(4.0)[:, None] * 100.0
    loss = sector_loss_db([Sector(45.0)], SHAPE, east, north, np.full((4, 5), 30.0))
    assert (loss.shape, loss.dtype) == ((4, 5), np.float32)
    for row, col in ((1, 1), (3, 0), (0, 4)):
        alone = sector_loss_db([Sector(45.0)], SHAPE, east[0, col], north[row, 0], 30.0)
        assert loss[row, col] == alone


# --- masts ----------------------------------------------------------------------------------------------


def stations(*rows):
    """Rows of site, band and what else they say; all on one spot, in one class."""
    frame = pd.DataFrame([{"site_id": site, "band": band, **more} for site, band, more in rows])
    frame = frame.assign(station_id=[f"S{i}" for i in range(len(frame))], area_class="rural")
    if "antenna_height_m" not in frame:
        frame["antenna_height_m"] = 35.0
    for name in ("azimuth_deg", "downtilt_deg"):
        if name in frame:
            frame[name] = frame[name].fillna("")
    return gpd.GeoDataFrame(frame, geometry=[Point(WEST + 2_050.0, SOUTH + 2_050.0)] * len(frame), crs=CRS)


def mast_of(*rows, config=None):
    config = config or project()
    masts, refused = masts_of(stations(*rows), config, EmpiricalModel(config, services_of(config)))
    assert not refused
    (only,) = masts
    return only


def test_one_row_with_three_azimuths_is_three_sectors():
    mast = mast_of(("Z", "high", {"azimuth_deg": "0/120/240", "downtilt_deg": "4/5/6"}))
    assert mast.sectors == (("high", (Sector(0.0, 4.0), Sector(120.0, 5.0), Sector(240.0, 6.0))),)


def test_cells_of_one_site_are_one_mast_with_as_many_sectors():
    """A table by cell: the same site, band and network thrice, an azimuth each."""
    rows = [
        ("Z", "high", {"azimuth_deg": a, "downtilt_deg": t})
        for a, t in (("0", "4"), ("120", "5"), ("240", "6"))
    ]
    assert mast_of(*rows) == mast_of(("Z", "high", {"azimuth_deg": "0/120/240", "downtilt_deg": "4/5/6"}))


@pytest.mark.parametrize(
    ("tilts", "expected"), [("6", (6.0, 6.0)), ("4/8", (4.0, 8.0)), ("", None), ("1/2/3", (1.0, 1.0))]
)
def test_one_downtilt_serves_all_sectors_and_none_is_the_class(tilts, expected):
    sectors = mast_of(("Z", "high", {"azimuth_deg": "10/190", "downtilt_deg": tilts})).sectors_of("high")
    found = [sector.downtilt_deg for sector in sectors]
    if expected is None:
        assert np.isnan(found).all()
    else:
        assert tuple(found) == expected


def test_a_table_without_angles_makes_omnidirectional_masts():
    for more in ({}, {"azimuth_deg": ""}, {"azimuth_deg": "", "downtilt_deg": "6"}):
        mast = mast_of(("Z", "high", more))
        assert mast.sectors == ()
        assert mast.sectors_of("high") == ()


def test_every_band_has_its_own_sectors():
    mast = mast_of(("Z", "high", {"azimuth_deg": "0/180"}), ("Z", "low", {"azimuth_deg": ""}))
    assert [sector.azimuth_deg for sector in mast.sectors_of("high")] == [0.0, 180.0]
    assert mast.sectors_of("low") == ()
    assert mast.bands == ("high", "low")


def test_an_omnidirectional_station_beside_a_sector_still_radiates_all_round():
    mast = mast_of(("Z", "high", {"azimuth_deg": "0"}), ("Z", "high", {"azimuth_deg": ""}))
    assert any(not sector.is_aimed for sector in mast.sectors_of("high"))


@pytest.mark.parametrize(
    ("more", "extra_db"),
    [
        ({"eirp_per_re_dbm": 40.0}, 3.3),
        ({"eirp_per_re_dbm": 30.0}, -6.7),
        ({"eirp_per_re_dbm": 36.7}, 0.0),
        ({"rs_power_dbm": 18.0}, -2.2),  # 18 + 17 - 0.5 - 36.7
        ({"eirp_per_re_dbm": 40.0, "rs_power_dbm": 18.0}, 3.3),
        ({"eirp_per_re_dbm": NAN, "rs_power_dbm": NAN}, 0.0),
        ({}, 0.0),
    ],
    ids=str,
)
def test_a_station_with_its_own_power_is_as_much_stronger(more, extra_db):
    budgets = LinkBudgets(project())
    for azimuths in ("0/120", ""):
        (row,) = stations(("Z", "high", {"azimuth_deg": azimuths, **more})).itertuples()
        sectors = station_sectors(row, "high", budgets)
        if azimuths or extra_db:
            assert [sector.extra_db for sector in sectors] == pytest.approx([extra_db] * len(sectors))
            assert len(sectors) == (2 if azimuths else 1)
        else:
            assert sectors == []


def test_added_bands_are_omnidirectional_and_old_ones_keep_their_sectors():
    before = mast_of(("Z", "low", {"azimuth_deg": "0/120/240"}))
    after = Upgrade(before, ("high",)).after()
    assert after.bands == ("high", "low")
    assert after.sectors_of("low") == before.sectors_of("low")
    assert after.sectors_of("high") == ()
    assert (after.easting_m, after.antenna_height_m) == (before.easting_m, before.antenna_height_m)


# --- through the door -----------------------------------------------------------------------------------


def edit_stations(folder, **columns):
    frame = pd.read_csv(folder / "stations.csv", encoding="gb18030", dtype=str)
    frame.assign(**columns).to_csv(folder / "stations.csv", index=False, encoding="utf-8-sig")
    config = load_config(folder)
    return config, pipeline.load(folder, config)


def test_angles_of_a_table_reach_the_masts(two_counties):
    config, inputs = edit_stations(
        two_counties,
        方位角=["0/120/240", "全向", "0、180", "30.0", ""],
        机械下倾角=["2", "", "3", "", ""],
        电子下倾角=["4/5/6", "", "", "", ""],
    )
    assert not inputs.faults
    assert inputs.stations["azimuth_deg"].tolist() == ["0/120/240", "", "0/180", "30", ""]
    assert inputs.stations["downtilt_deg"].tolist() == ["6/7/8", "", "3", "", ""]
    propagation = EmpiricalModel(config, services_of(config))
    masts = {m.site_id: m for m in masts_of(on_air(inputs.stations, config), config, propagation)[0]}
    assert masts["Z1"].sectors_of("low") == (Sector(0.0, 6.0), Sector(120.0, 7.0), Sector(240.0, 8.0))
    assert masts["Z1"].sectors_of("high") == ()
    assert masts["Z2"].sectors_of("low") == (Sector(0.0, 3.0), Sector(180.0, 3.0))
    assert masts["Z3"].sectors_of("high")[0].azimuth_deg == 30.0


def test_a_cell_that_is_no_angle_is_a_rejected_row(two_counties):
    _, inputs = edit_stations(two_counties, 方位角=["东北", "0", "500", "", ""])
    faults = [(f.severity, f.problem, f.row, f.column) for f in inputs.faults]
    assert faults == [("rejected", "not_angles", 2, "方位角"), ("rejected", "not_angles", 4, "方位角")]
    assert "东北" in fault_text(inputs.faults[0], "zh")
    assert "东北" in fault_text(inputs.faults[0], "en")
    assert inputs.stations["station_id"].tolist() == ["S2", "S4", "S5"]


def test_downtilts_that_do_not_go_with_the_azimuths_are_left_out_with_a_word(two_counties):
    _, inputs = edit_stations(
        two_counties, 方位角=["0/120/240", "0/120", "0", "", "60"], 下倾角=["6/6", "4/5", "3/4/5", "7/8", "2"]
    )
    faults = [(f.severity, f.problem, f.row) for f in inputs.faults]
    assert faults == [("warning", "angles_differ", 2), ("warning", "angles_differ", 4)]
    assert inputs.faults[0].values["azimuths"] == 3
    assert inputs.faults[0].values["tilts"] == 2
    assert inputs.stations["downtilt_deg"].tolist() == ["", "4/5", "", "7/8", "2"]
    assert len(inputs.stations) == 5


def test_parts_of_a_downtilt_that_do_not_go_together_get_a_word(two_counties):
    _, inputs = edit_stations(
        two_counties,
        方位角=["0/120/240", "", "", "", ""],
        机械下倾角=["1/2", "", "", "", ""],
        电子下倾角=["4/5/6", "", "", "", ""],
    )
    assert inputs.stations["downtilt_deg"].iloc[0] == ""
    assert [(f.severity, f.problem, f.row) for f in inputs.faults] == [("warning", "angles_differ", 2)]


def test_cells_of_a_table_by_cell_are_one_mast(two_counties):
    frame = pd.read_csv(two_counties / "stations.csv", encoding="gb18030", dtype=str)
    thrice = pd.concat([frame.iloc[[2]]] * 3).assign(基站编号=["C1", "C2", "C3"], 方位角=["0", "120", "240"])
    whole = pd.concat([frame.drop(index=2).assign(方位角=""), thrice])
    whole.to_csv(two_counties / "stations.csv", index=False, encoding="utf-8-sig")
    config = load_config(two_counties)
    inputs = pipeline.load(two_counties, config)
    propagation = EmpiricalModel(config, services_of(config))
    masts = {m.site_id: m for m in masts_of(on_air(inputs.stations, config), config, propagation)[0]}
    assert [s.azimuth_deg for s in masts["Z2"].sectors_of("low")] == [0.0, 120.0, 240.0]


@pytest.mark.parametrize(
    "constant",
    [
        "0/120/240",
        "全向",
        120.0,
        120,
        "0、120、240",
    ],
)
def test_an_azimuth_for_all_stations_may_stand_in_the_project_file(two_counties, constant):
    write_toml(two_counties, {"inputs.stations.constants": {"azimuth_deg": constant}})
    config = load_config(two_counties)
    inputs = pipeline.load(two_counties, config)
    masts, _ = masts_of(on_air(inputs.stations, config), config, EmpiricalModel(config, services_of(config)))
    expected = angles_of(constant)
    assert tuple(s.azimuth_deg for s in masts[0].sectors_of("high")) == expected
