"""Sectors from a cell of a table to a footprint: angles, patterns, masts, shares, caches."""

import tomllib
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point
from worlds.two_counties import CRS, PROJECT, SOUTH, WEST

from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.footprint_cache import MemoryCache
from siteplan.coverage.ground import ground_model
from siteplan.coverage.masts import masts_of, station_sectors
from siteplan.coverage.matrix import Upgrade, outage_probability, upgrade_footprint
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.inputs.tables.angles import angles_of, canonical_angles, downtilts_of
from siteplan.planning import pipeline
from siteplan.planning.quota import on_air
from siteplan.project.project_file import load_config, parse_config, with_calibration
from siteplan.radio.antenna import Pattern, attenuation_db
from siteplan.radio.linkbudget import LinkBudgets, SectorPattern
from siteplan.radio.sectors import Sector, sector_loss_db

NAN = float("nan")
PATTERN = Pattern(65.0, 8.0, 18.0, 25.0)
SHAPE = SectorPattern(PATTERN, downtilt_deg=6.0)


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

ANTENNA = {
    "id": "8T",
    "gain_dbi": 17.0,
    "vertical_beamwidth_deg": 8.0,
    "side_lobe_db": 18.0,
    "front_to_back_db": 25.0,
    "downtilt_deg": 6.0,
}


def project(
    antenna=True, eirp_dbm=36.7, clutter_m=12.0, radius_m=2_000.0, weights=None, propagation="empirical"
):
    data = tomllib.loads(PROJECT)
    data["antennas"] = [ANTENNA]
    given = {"antenna": "8T", "feeder_loss_db": 0.5} if antenna else {}
    for band in data["bands"]:
        band["classes"] = {"*": {"models": [{"formula": "rma_nlos"}], "eirp_per_re_dbm": eirp_dbm, **given}}
    for each in data["area_classes"]:
        each |= {"clutter_height_m": clutter_m, "max_radius_m": radius_m}
    config = parse_config(data)
    if weights is None:
        return config
    fitted = {
        "schema": "siteplan-calibration/1",
        "propagation": propagation,
        "bands": {"high": {"offset_db": 0.0}},
        "horizontal_weight": weights[0],
        "vertical_weight": weights[1],
    }
    return with_calibration(config, fitted)


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


# --- footprints -----------------------------------------------------------------------------------------

GRID = Grid(CRS, WEST, SOUTH + 4_100, 100.0, 41, 41)
DEM_GRID = Grid(CRS, WEST - 440, SOUTH + 4_540, 30.0, 166, 166)
"""The mast stands in the middle of a demand pixel and on a corner of the DEM's, so that no DEM pixel's centre
lies on the border of two demand pixels."""
AT = WEST + 2_050.0, SOUTH + 2_050.0
THREE = (Sector(0.0), Sector(120.0), Sector(240.0))


def propagation_of(name, config=None, cache=None, slope=0.0):
    config = config or project()
    if name == "empirical":
        return EmpiricalModel(config, services_of(config))
    x = np.broadcast_to((np.arange(DEM_GRID.width) - 82.5) * 30.0, DEM_GRID.shape)
    dem = Raster((300.0 + slope * x).astype(np.float32), DEM_GRID, "terrain", "m")
    return TerrainModel(config, services_of(config), ground_model(dem, None, config), None, cache)


def mast_with(*sectors, bands=("high",)):
    return Mast("T", *AT, "rural", 35.0, tuple(bands), (("high", tuple(sectors)),) if sectors else ())


def placed(footprint, k=0):
    full = np.zeros(GRID.shape)
    full[footprint.window] = footprint.probability[k]
    return full


def around(propagation, mast, distance_m, azimuths_deg):
    """Probability of the first service in these directions."""
    angle = np.radians(azimuths_deg)
    x, y = AT[0] + distance_m * np.sin(angle), AT[1] + distance_m * np.cos(angle)
    return propagation.at(mast, x, y)[1][0]


LEVELS = pytest.mark.parametrize("name", ["empirical", "terrain"])


@LEVELS
def test_the_front_is_never_worse_than_the_back(name):
    values = placed(propagation_of(name).footprint(mast_with(Sector(0.0)), GRID))
    front, back = values[:20][::-1], values[21:]
    assert (front >= back - 1e-6).all()
    assert front.sum() > 1.5 * back.sum()
    np.testing.assert_allclose(values, values[:, ::-1], atol=0.02)


@LEVELS
def test_an_omnidirectional_mast_is_nowhere_worse(name):
    propagation = propagation_of(name)
    omni = placed(propagation.footprint(mast_with(), GRID))
    for sectors in ((Sector(30.0),), THREE, (Sector(0.0, 2.0), Sector(180.0, 10.0))):
        values = placed(propagation.footprint(mast_with(*sectors), GRID))
        assert (values <= omni + 2e-3).all()
        assert 0.0 < values.sum() < omni.sum()


@LEVELS
def test_a_sector_without_an_azimuth_changes_nothing(name):
    propagation = propagation_of(name)
    omni, same = (placed(propagation.footprint(mast_with(*s), GRID)) for s in ((), (Sector(),)))
    np.testing.assert_allclose(same, omni, atol=4e-3 if name == "empirical" else 0.0)


@LEVELS
def test_three_equal_sectors_look_the_same_thrice(name):
    propagation, mast = propagation_of(name), mast_with(*THREE)
    for distance in (200.0, 800.0, 1_500.0):
        turns = [
            around(propagation, mast, distance, np.arange(0.0, 120.0, 7.5) + turn) for turn in (0, 120, 240)
        ]
        for turned in turns[1:]:
            np.testing.assert_allclose(turned, turns[0], atol=3e-3)
        np.testing.assert_allclose(turns[0][1:], turns[0][1:][::-1], atol=3e-3)
        assert turns[0][0] == turns[0].max()


@LEVELS
def test_turning_a_sector_turns_its_footprint(name):
    propagation = propagation_of(name)
    north, east = (placed(propagation.footprint(mast_with(Sector(a)), GRID)) for a in (0.0, 90.0))
    np.testing.assert_allclose(np.rot90(north, -1), east, atol=0.02)


@LEVELS
def test_a_louder_station_serves_more_and_farther(name):
    propagation = propagation_of(name, project(eirp_dbm=10.0))
    quiet, usual, loud = (
        placed(propagation.footprint(mast_with(Sector(NAN, NAN, extra)), GRID)) for extra in (-6.0, 0.0, 6.0)
    )
    assert (quiet <= usual).all()
    assert (usual <= loud).all()
    assert 0 < (quiet > 0.0).sum() < (usual > 0.0).sum() < (loud > 0.0).sum() < loud.size
    stronger = propagation_of(name, project(eirp_dbm=16.0))
    np.testing.assert_allclose(loud, placed(stronger.footprint(mast_with(), GRID)), atol=4e-3)


def test_a_footprint_of_buffers_is_what_stands_at_its_centres():
    propagation = propagation_of("empirical")
    for mast in (
        mast_with(*THREE),
        mast_with(Sector(77.0, 3.0, 2.0)),
        mast_with(Sector(0.0), bands=("high", "low")),
    ):
        footprint = propagation.footprint(mast, GRID)
        rows, cols = footprint.window
        x, y = GRID.centre(*(each.ravel() for each in np.mgrid[rows, cols]))
        services, values = propagation.at(mast, x, y)
        np.testing.assert_array_equal(services, footprint.services)
        shape = footprint.probability.shape
        np.testing.assert_allclose(values.reshape(shape), footprint.probability, atol=1e-6)


def test_a_terrain_footprint_is_the_mean_of_its_points():
    """Nine to sixteen DEM pixels in each demand pixel."""
    propagation, mast = propagation_of("terrain"), mast_with(Sector(60.0))
    values = placed(propagation.footprint(mast, GRID))
    x, y = DEM_GRID.centre(*(each.ravel() for each in np.mgrid[0 : DEM_GRID.height, 0 : DEM_GRID.width]))
    each = propagation.at(mast, x, y)[1][0]
    row, col = GRID.index(x, y)
    inside = GRID.inside(row, col)
    flat = row[inside] * GRID.width + col[inside]
    means = np.bincount(flat, each[inside], GRID.width * GRID.height) / np.bincount(flat)
    likely = (means > 0.2).reshape(GRID.shape)  # a point below the floor gives nothing
    distance = np.hypot(*(v - 20.0 for v in np.mgrid[0:41, 0:41])) * 100.0
    likely &= (distance > 300.0) & (distance < 1_800.0)
    assert likely.sum() > 150
    np.testing.assert_allclose(values[likely], means.reshape(GRID.shape)[likely], atol=0.02)


def test_up_a_slope_a_tilted_beam_looks_into_the_ground():
    """At 1,400 m a slope of 12 % is 168 m up or down: the beam passes 11.5 degrees below, or 2.2 above."""
    propagation, mast = propagation_of("terrain", slope=0.12), mast_with(Sector(90.0), Sector(270.0))
    ends = AT[0] + np.array([1_400.0, -1_400.0]), np.full(2, AT[1])
    omni, both = (
        propagation.loss_at(m, "high", propagation.geometry_at(m, *ends), *ends) for m in (mast_with(), mast)
    )
    rise = np.array([168.0, -168.0])
    down = np.degrees(np.arctan2(33.5 - rise, 1_400.0))
    np.testing.assert_allclose(both - omni, np.minimum(12.0 * ((down - 6.0) / 8.0) ** 2, 18.0), atol=0.15)
    assert (both - omni)[0] > 17.0


@LEVELS
def test_weights_of_a_calibration_reach_the_footprint(name):
    """Felt not at all, a pattern is that of an omnidirectional mast; half of it lies between."""
    mast = mast_with(Sector(0.0))
    sums = [
        placed(propagation_of(name, project(weights=w, propagation=name)).footprint(mast, GRID)).sum()
        for w in ((1.0, 1.0), (0.5, 0.5), (0.0, 0.0))
    ]
    omni = placed(propagation_of(name).footprint(mast_with(), GRID)).sum()
    assert sums[0] < sums[1] < sums[2]
    assert sums[2] == pytest.approx(omni, rel=2e-3)


@LEVELS
def test_bands_without_sectors_stay_round(name):
    """Network A's low band is omnidirectional beside B's sectors."""
    propagation = propagation_of(name)
    footprint = propagation.footprint(mast_with(Sector(0.0), bands=("high", "low")), GRID)
    keys = [propagation.services[k].key for k in footprint.services]
    low, high = (placed(footprint, keys.index(key)) for key in ("L2/A", "L2/B"))
    np.testing.assert_allclose(low, low[::-1], atol=0.02)
    assert high[:20].sum() > 1.5 * high[21:].sum()
    np.testing.assert_allclose(placed(footprint, keys.index("L1")), np.maximum(low, high), atol=1e-6)


@LEVELS
def test_what_is_added_to_a_sectored_mast_is_worth_what_it_adds(name):
    propagation = propagation_of(name)
    before = mast_with(*THREE)
    upgrade = Upgrade(before, ("low",))
    share = placed(upgrade_footprint(upgrade, propagation, GRID))
    one, two = (placed(propagation.footprint(m, GRID)) for m in (before, upgrade.after()))
    np.testing.assert_allclose((1.0 - one) * (1.0 - share), 1.0 - two, atol=2e-6)


class Counting(MemoryCache):
    """A cache that counts what had to be computed."""

    def __init__(self):
        super().__init__()
        self.computed = 0

    def put(self, key, value):
        self.computed += 1
        super().put(key, value)


def test_another_azimuth_tilt_power_or_pattern_is_a_new_entry():
    cache, seen = Counting(), []
    changed = [
        (Sector(0.0),),
        (Sector(5.0),),
        (Sector(0.0, 3.0),),
        (Sector(0.0, NAN, 1.0),),
        (Sector(0.0), Sector(120.0)),
        (),
    ]
    for sectors in (*changed, *changed):
        propagation_of("terrain", cache=cache).footprint(mast_with(*sectors), GRID)
        seen.append(cache.computed)
    assert seen == [1, 2, 3, 4, 5, 6] + [6] * 6
    for config in (project(weights=(0.5, 1.0), propagation="terrain"), project(antenna=False)):
        propagation_of("terrain", config, cache).footprint(mast_with(Sector(0.0)), GRID)
        propagation_of("terrain", config, cache).footprint(mast_with(), GRID)
    assert cache.computed == 8  # patterns do not matter to an omnidirectional mast


@LEVELS
def test_a_mast_with_sectors_may_end_at_its_radius_too(name):
    """Three loud beams still serve where the mast is no longer followed, three quiet ones do not."""
    loud, quiet = (propagation_of(name, project(eirp_dbm=eirp)) for eirp in (75.0, 0.0))
    assert loud.radius_limited(mast_with(*THREE))
    assert not quiet.radius_limited(mast_with(*THREE))


@pytest.mark.parametrize("name", ["empirical", "terrain"])
def test_a_station_louder_than_its_class_may_be_the_one_that_ends_at_its_radius(name):
    propagation, end = (
        propagation_of(name, project(eirp_dbm=20.0)),
        4_990.0 if name == "empirical" else 1_990.0,
    )
    loud, usual = mast_with(Sector(NAN, NAN, 60.0)), mast_with()
    assert (
        around(propagation, loud, end, np.array([45.0]))[0]
        > 0.75
        > around(propagation, usual, end, np.array([45.0]))[0]
    )
    assert propagation.radius_limited(loud)
    assert not propagation.radius_limited(usual)


@pytest.mark.parametrize("name", ["empirical", "terrain"])
def test_beams_into_the_ground_do_not_serve_the_rim(name):
    """Omnidirectional, 66 or 46 dBm serve to the end; 18 dB less by the tilt they do not."""
    eirp, end = (66.0, 4_990.0) if name == "empirical" else (46.0, 1_990.0)
    propagation, tilted = (
        propagation_of(name, project(eirp_dbm=eirp)),
        mast_with(*(Sector(60.0 * k, 20.0) for k in range(6))),
    )
    assert propagation.radius_limited(mast_with())
    assert around(propagation, tilted, end, np.arange(0.0, 360.0, 15.0)).max() < 0.75
    assert not propagation.radius_limited(tilted)


def test_threads_change_nothing_of_sectors():
    masts = [mast_with(Sector(30.0 * k), Sector(30.0 * k + 180.0)) for k in range(6)]
    alone = outage_probability(masts, propagation_of("terrain"), GRID, 5)
    with ThreadPoolExecutor(2) as pool:
        together = outage_probability(masts, propagation_of("terrain"), GRID, 5, pool.map)
    np.testing.assert_array_equal(alone, together)


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
    faults = [(f.propagation, f.problem, f.row, f.column) for f in inputs.faults]
    assert faults == [("rejected", "not_angles", 2, "方位角"), ("rejected", "not_angles", 4, "方位角")]
    assert "东北" in inputs.faults[0].text("zh")
    assert "东北" in inputs.faults[0].text("en")
    assert inputs.stations["station_id"].tolist() == ["S2", "S4", "S5"]


def test_downtilts_that_do_not_go_with_the_azimuths_are_left_out_with_a_word(two_counties):
    _, inputs = edit_stations(
        two_counties, 方位角=["0/120/240", "0/120", "0", "", "60"], 下倾角=["6/6", "4/5", "3/4/5", "7/8", "2"]
    )
    faults = [(f.propagation, f.problem, f.row) for f in inputs.faults]
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
    assert [(f.propagation, f.problem, f.row) for f in inputs.faults] == [("warning", "angles_differ", 2)]


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
        '"0/120/240"',
        '"全向"',
        "120.0",
        "120",
        '"0、120、240"',
    ],
)
def test_an_azimuth_for_all_stations_may_stand_in_the_project_file(two_counties, constant):
    text = (two_counties / "project.toml").read_text(encoding="utf-8")
    text = text.replace(
        'path = "stations.csv"', f'path = "stations.csv"\nconstants = {{ azimuth_deg = {constant} }}'
    )
    (two_counties / "project.toml").write_text(text, encoding="utf-8")
    config = load_config(two_counties)
    inputs = pipeline.load(two_counties, config)
    masts, _ = masts_of(on_air(inputs.stations, config), config, EmpiricalModel(config, services_of(config)))
    expected = angles_of(constant.strip('"'))
    assert tuple(s.azimuth_deg for s in masts[0].sectors_of("high")) == expected
