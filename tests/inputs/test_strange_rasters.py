"""Rasters whose numbers do not mean what they seem to: read right, masked with a word, or refused."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from worlds.two_counties import CRS, write_toml

from siteplan.core.grid import Grid, Raster
from siteplan.inputs.load import examine
from siteplan.inputs.places.beside import people_beside, relief_beside
from siteplan.project.project_file import load_config


def rewrite(path, change, *, tags=None, **profile):
    """Write a raster again with other values, profile or tags (scales, offsets, units, descriptions)."""
    with rasterio.open(path) as source:
        values, known = source.read(1), source.profile
    changed = np.atleast_3d(change(values)).transpose(2, 0, 1)
    known |= {"count": len(changed), "dtype": changed.dtype.name, **profile}
    with rasterio.open(path, "w", **known) as target:
        target.write(changed)
        for name, value in (tags or {}).items():
            setattr(target, name, value)


def seen(folder, **changes):
    """Inputs, and the problems by severity of everything but notes."""
    if changes:
        write_toml(folder, {name.replace("__", "."): value for name, value in changes.items()})
    found = examine(folder, load_config(folder))
    problems = {fault.problem: fault.severity for fault in found.faults if fault.table in TABLES}
    return found.inputs, problems


TABLES = ("dem", "population", "land_cover")


def relief(inputs):
    return np.nanmin(inputs.terrain.values), np.nanmax(inputs.terrain.values)


def people(inputs):
    return float(np.nansum(inputs.population.values))


@pytest.mark.parametrize(
    ("dtype", "scale", "offset", "unit", "word"),
    [
        ("int16", 0.1, 0.0, "m", "raster_scaled"),
        ("int16", 0.1, 100.0, "m", "raster_scaled"),
        ("float32", 1.0, 0.0, "ft", "raster_converted"),
        ("float32", 1.0, 0.0, "dm", "raster_converted"),
        ("float64", 2.0, -50.0, "cm", "raster_converted"),
    ],
)
def test_scale_offset_and_unit_of_heights_are_applied_and_said(
    two_counties, dtype, scale, offset, unit, word
):
    before = relief(seen(two_counties)[0])
    metres = {"m": 1.0, "ft": 0.3048, "dm": 0.1, "cm": 0.01}[unit]
    tags = {"scales": (scale,), "offsets": (offset,), "units": (unit,)}
    rewrite(
        two_counties / "dem.tif",
        lambda a: np.round((a / metres - offset) / scale, 2).astype(dtype),
        tags=tags,
        nodata=None,
    )
    inputs, problems = seen(two_counties)
    assert relief(inputs) == pytest.approx(before, abs=0.3)
    assert word in problems


@pytest.mark.parametrize("void", [32767.0, -9999.0, -32768.0, 0.0, 8848.0, -3.4028235e38])
def test_an_undeclared_void_never_enters_a_mean(two_counties, void):
    before = relief(seen(two_counties)[0])

    def hole(a):
        a = a.copy()
        a[100:110, 200:215] = void
        return a

    rewrite(two_counties / "dem.tif", hole, nodata=None)
    inputs, problems = seen(two_counties)
    assert relief(inputs) == pytest.approx(before, abs=1e-3)
    assert np.nanmax(inputs.dem.values) <= before[1]
    assert {"masked_impossible", "masked_constant"} & set(problems)
    assert np.isnan(inputs.terrain.values).sum() == 150


def test_one_pixel_far_above_all_around_is_masked(two_counties):
    def spike(a):
        a = a.copy()
        a[50, 60] = a[50, 60] + 1500.0
        return a

    rewrite(two_counties / "dem.tif", spike)
    inputs, problems = seen(two_counties)
    assert "masked_spike" in problems or "masked_constant" in problems
    assert np.isnan(inputs.terrain.values).sum() == 1


def test_a_summit_and_a_flat_lake_are_ground(two_counties):
    def peak_and_lake(a):
        y, x = np.mgrid[0 : a.shape[0], 0 : a.shape[1]]
        peak = np.maximum(0.0, 900.0 - 25.0 * np.hypot(x - 300, y - 300))
        a = a + peak.astype(a.dtype)
        a[400:440, 100:160] = 200.0
        return a

    rewrite(two_counties / "dem.tif", peak_and_lake)
    inputs, problems = seen(two_counties)
    assert problems == {}
    assert np.isfinite(inputs.terrain.values).all()


def test_a_south_up_raster_is_the_same_relief(two_counties):
    before, _ = seen(two_counties)
    with rasterio.open(two_counties / "dem.tif") as source:
        t, height = source.transform, source.height
    upward = rasterio.Affine(t.a, 0, t.c, 0, -t.e, t.f + t.e * height)
    rewrite(two_counties / "dem.tif", np.flipud, transform=upward)
    after, problems = seen(two_counties)
    assert problems == {}
    assert after.terrain.grid == before.terrain.grid
    np.testing.assert_array_equal(after.terrain.values, before.terrain.values)


@pytest.mark.parametrize("bands", [1, 3])
def test_a_picture_of_relief_is_no_relief(two_counties, bands):
    rewrite(
        two_counties / "dem.tif",
        lambda a: np.dstack([(a % 250).astype(np.uint8)] * bands),
        nodata=None,
    )
    inputs, problems = seen(two_counties)
    assert inputs is None
    assert problems == {"raster_is_picture": "fatal"}


def test_small_numbers_in_bytes_are_heights_once_their_unit_is_declared(two_counties):
    rewrite(two_counties / "dem.tif", lambda a: (a / 10).astype(np.uint8), nodata=None)
    inputs, problems = seen(two_counties, inputs__dem__unit="m")
    assert problems == {}
    assert relief(inputs)[1] == 34.0


def test_heights_in_decimetres_without_a_word_are_too_steep(two_counties):
    y, x = np.mgrid[0:550, 0:550]
    hills = (300 + 120 * np.sin(x / 7.0) * np.cos(y / 8.0)).astype(np.float32)
    rewrite(two_counties / "dem.tif", lambda a: hills)
    assert seen(two_counties)[1] == {}
    rewrite(two_counties / "dem.tif", lambda a: hills * 10.0)
    assert seen(two_counties)[1]["heights_too_steep"] == "fatal"
    inputs, problems = seen(two_counties, inputs__dem__unit="dm")
    assert problems == {"raster_converted": "note"}
    assert relief(inputs)[1] == pytest.approx(hills.max(), abs=0.1)


def test_numbers_that_overflowed_break_the_relief(two_counties):
    rewrite(
        two_counties / "dem.tif",
        lambda a: (np.round(a * 150).astype(np.int64) & 0xFFFF).astype(np.uint16).view(np.int16),
        tags={"scales": (1 / 150,)},
        nodata=None,
    )
    assert seen(two_counties)[1].get("heights_jump") in ("fatal", "warning")


def test_of_several_bands_none_is_guessed(two_counties):
    rewrite(
        two_counties / "population.tif",
        lambda a: np.dstack([a, a * 2]),
        tags={"descriptions": ("2020", "2025")},
    )
    inputs, problems = seen(two_counties)
    assert inputs is None
    assert problems == {"several_bands": "fatal"}
    inputs, problems = seen(two_counties, inputs__population__layer="2025")
    assert people(inputs) == pytest.approx(2 * 3550, rel=0.02)
    assert problems == {}


@pytest.mark.parametrize("void", [-200.0, -99999.0, -3.4028235e38])
def test_negative_people_are_no_data(two_counties, void):
    before = people(seen(two_counties)[0])
    rewrite(two_counties / "population.tif", lambda a: np.where(a == 0, void, a), nodata=None)
    inputs, problems = seen(two_counties)
    assert people(inputs) == pytest.approx(before)
    assert problems == {"masked_negative": "warning"}


def test_the_largest_number_of_a_type_is_no_town(two_counties):
    before = people(seen(two_counties)[0])
    rewrite(
        two_counties / "population.tif", lambda a: np.where(a == 0, 65535, a).astype(np.uint16), nodata=None
    )
    inputs, problems = seen(two_counties)
    assert people(inputs) == pytest.approx(before)
    assert problems == {"masked_constant": "warning"}


def test_density_is_told_from_counts_by_its_unit(two_counties):
    before = people(seen(two_counties)[0])
    rewrite(two_counties / "population.tif", lambda a: a * 100.0, tags={"units": ("people/km2",)})
    inputs, problems = seen(two_counties)
    assert people(inputs) == pytest.approx(before, rel=1e-3)
    assert problems == {"raster_converted": "warning"}


def with_people_of_villages(folder, factor=1.0):
    villages = gpd.read_file(folder / "villages.gpkg")
    villages["人口"] = [round(n * factor) for n in (900, 400, 250, 1_200, 500, 300)]
    villages.to_file(folder / "villages.gpkg", layer="villages")


def test_density_is_told_from_counts_by_the_villages(two_counties):
    before = people(seen(two_counties)[0])
    with_people_of_villages(two_counties)
    assert seen(two_counties)[1] == {}
    rewrite(two_counties / "population.tif", lambda a: a * 100.0)
    inputs, problems = seen(two_counties)
    assert people(inputs) == pytest.approx(before, rel=1e-3)
    assert problems == {"people_per_km2": "warning"}


@pytest.mark.parametrize(("factor", "severity"), [(3.5, "warning"), (20.0, "fatal"), (0.001, "fatal")])
def test_sums_that_cannot_both_be_right_are_asked_about(two_counties, factor, severity):
    with_people_of_villages(two_counties)
    rewrite(two_counties / "population.tif", lambda a: a * factor)
    assert seen(two_counties)[1] == {"people_disagree": severity}
    confirmed = seen(two_counties, inputs__population__unit="people")[1]
    assert confirmed == {"people_disagree": "warning"}


def test_more_people_than_anywhere_are_refused(two_counties):
    rewrite(two_counties / "population.tif", lambda a: a * 1000.0)
    inputs, problems = seen(two_counties)
    assert inputs is None
    assert problems == {"people_impossible": "fatal"}


def test_an_empty_population_is_refused(two_counties):
    rewrite(two_counties / "population.tif", lambda a: a * 0.0)
    assert seen(two_counties)[1] == {"people_none": "fatal"}


def write_cover(folder, codes):
    """Land cover of 30 m: forest, with built-up land around each village."""
    trees, built = codes
    cover = np.full((500, 500), trees, dtype=np.uint8)
    for east, north in ((2_000, 2_000), (5_500, 9_000), (10_500, 2_500), (13_000, 8_500), (2_500, 13_500)):
        row, col = int((15_000 - north) // 30), int(east // 30)
        cover[row - 20 : row + 20, col - 20 : col + 20] = built
    transform = rasterio.transform.from_origin(440_000, 2_755_000, 30, 30)
    profile = {"driver": "GTiff", "height": 500, "width": 500, "count": 1, "dtype": "uint8"}
    with rasterio.open(folder / "cover.tif", "w", crs=CRS, transform=transform, **profile) as target:
        target.write(cover, 1)


COVER = {"inputs__land_cover": {"path": "cover.tif"}}


@pytest.mark.parametrize(
    ("product", "codes"),
    [("GlobeLand30", (20, 80)), ("CLCD", (2, 8)), ("ESRI", (2, 7)), ("GLC_FCS30", (51, 190))],
)
def test_another_products_legend_is_refused_by_name_and_read_by_name(two_counties, product, codes):
    write_cover(two_counties, (10, 50))
    right, problems = seen(two_counties, **COVER)
    assert problems == {}
    write_cover(two_counties, codes)
    inputs, problems = seen(two_counties, **COVER)
    assert inputs is None
    assert problems == {"cover_legend": "fatal"}
    named = {"inputs__land_cover": {"path": "cover.tif", "legend": product}}
    inputs, problems = seen(two_counties, **named)
    assert problems == {}
    np.testing.assert_array_equal(inputs.clutter.values, right.clutter.values)


def test_land_the_cover_does_not_reach_is_said_with_its_share(two_counties):
    write_cover(two_counties, (10, 50))
    with rasterio.open(two_counties / "cover.tif", "r+") as file:
        values = file.read(1)
        values[:, :250] = 0
        file.write(values, 1)
    found = examine_with_cover(two_counties)
    assert [fault.values["share"] for fault in found if fault.problem == "cover_partly"] == ["50.0%"]


def examine_with_cover(folder):
    write_toml(folder, {"inputs.land_cover": {"path": "cover.tif"}})
    return examine(folder, load_config(folder)).faults


def hamlets(count):
    """A county of 100 m pixels with people in hamlets north of its middle, and the hamlets."""
    grid = Grid(CRS, 0.0, 20_000.0, 100.0, 200, 200)
    rng = np.random.default_rng(3)
    rows, cols = rng.integers(10, 90, count), rng.integers(10, 190, count)
    values = np.zeros((200, 200), dtype=np.float32)
    for row, col in zip(rows, cols, strict=True):
        values[row - 2 : row + 3, col - 2 : col + 3] += 12.0
    points = gpd.points_from_xy(*grid.centre(rows, cols))
    return grid, values, gpd.GeoDataFrame(geometry=points, crs=CRS)


@pytest.mark.parametrize(
    ("turn", "asked"),
    [
        (lambda values: values, False),
        (lambda values: values[::-1], True),
        (lambda values: np.roll(values, 25, axis=1), True),
    ],
)
def test_people_are_densest_around_their_villages_or_it_is_asked(turn, asked):
    grid, values, villages = hamlets(30)
    people = Raster(np.ascontiguousarray(turn(values)), grid, "population", "people")
    assert [fault.problem for fault in people_beside("p.tif", people, villages)] == ["people_beside"] * asked


def test_few_villages_say_nothing_of_a_raster():
    grid, values, villages = hamlets(9)
    people = Raster(np.ascontiguousarray(values[::-1]), grid, "population", "people")
    assert people_beside("p.tif", people, villages) == []


def valleys():
    """A relief of parallel valleys 400 m deep, and places on their floors."""
    grid = Grid(CRS, 0.0, 20_000.0, 100.0, 200, 200)
    col = np.arange(200)
    heights = np.tile(200.0 + 200.0 * np.cos(col / 20 * np.pi), (200, 1)).astype(np.float32)
    floor = np.repeat(np.flatnonzero(heights[0] < 1.0), 4)
    points = gpd.points_from_xy(*grid.centre(np.arange(len(floor)) * 3 + 20, floor))
    return grid, heights, gpd.GeoDataFrame({"settled_by": ["table"] * len(floor)}, geometry=points, crs=CRS)


@pytest.mark.parametrize(
    ("turn", "asked"),
    [(lambda heights: heights, False), (lambda heights: 400.0 - heights, True), (lambda h: h / 20, False)],
)
def test_villages_that_stand_in_no_valley_are_asked_about(turn, asked):
    grid, heights, villages = valleys()
    relief = Raster(turn(heights), grid, "elevation", "m")
    assert len(villages) >= 10
    assert [fault.problem for fault in relief_beside("d.tif", relief, villages, None)] == [
        "relief_beside"
    ] * asked


@pytest.mark.parametrize(
    ("turn", "count", "asked"),
    [
        (lambda heights: heights, 5, False),
        (lambda heights: np.roll(heights, 10, axis=1), 5, True),
        (lambda heights: heights, 4, True),
        (lambda heights: heights / 20, 0, False),
    ],
    ids=["masts in the valleys", "half a valley beside", "too few masts to show it", "no mountains"],
)
def test_mountains_nothing_confirms_are_said_to_be_unconfirmed(turn, count, asked):
    grid, heights, villages = valleys()
    guessed = villages.assign(settled_by="low_ground")
    relief = Raster(turn(heights), grid, "elevation", "m")
    found = relief_beside("d.tif", relief, guessed, None, villages.iloc[:count])
    assert [fault.problem for fault in found] == ["relief_unconfirmed"] * asked
