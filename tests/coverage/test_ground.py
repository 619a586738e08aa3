"""What stands on the ground: counted once on relief, taken out of a surface, read from land cover."""

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from worlds.refusals import refused
from worlds.two_counties import CRS, SOUTH, WEST, project_with, write_toml

from siteplan.core.errors import ConfigError, InputFaults
from siteplan.core.grid import Grid, Raster
from siteplan.coverage.ground import ground_model
from siteplan.outputs.wording import error_text, fault_text
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config, parse_config
from siteplan.project.schema import clutter_kinds

GRID = Grid(CRS, 0.0, 120.0, 30.0, 5, 4)
RELIEF = Raster((100.0 + np.arange(20.0).reshape(4, 5)).astype(np.float32), GRID, "terrain", "m")
OTHERS = ["end_loss", "none"]


def project(treatment="profile", surface=False, heights=(20.0, 8.0), cover=None):
    data = project_with()
    data["coverage"] = {"clutter": treatment}
    data["inputs"]["dem"]["surface"] = surface
    for each, height in zip(data["area_classes"], heights, strict=True):
        each["clutter_height_m"] = height
    if cover is not None:
        data["land_cover"] = cover
    return parse_config(data)


def code_of(config, name):
    return [kind.id for kind in clutter_kinds(config)].index(name)


def mixed(config):
    """Woods in the first row, houses of a town in the second, open land in the rest."""
    codes = np.full(GRID.shape, code_of(config, "open"), dtype=np.uint8)
    codes[0], codes[1] = code_of(config, "trees"), code_of(config, "town")
    return Raster(codes, GRID, "clutter", "kind")


HEIGHTS = np.repeat([[15.0], [20.0], [0.0], [0.0]], 5, axis=1)


# --- kinds ----------------------------------------------------------------------------------------------


def test_kinds_are_built_land_by_class_then_cover_with_a_height():
    kinds = clutter_kinds(project())
    assert [(kind.id, kind.height_m, kind.built) for kind in kinds] == [
        ("town", 20.0, True),
        ("rural", 8.0, True),
        ("trees", 15.0, False),
        ("shrub", 3.0, False),
        ("open", 0.0, False),
        ("water", 0.0, False),
    ]


# --- relief ---------------------------------------------------------------------------------------------


def test_on_relief_clutter_is_added_and_the_ground_stays():
    config = project()
    ground = ground_model(RELIEF, mixed(config), config)
    np.testing.assert_array_equal(ground.bare.values, RELIEF.values)
    np.testing.assert_array_equal(ground.surface, RELIEF.values + HEIGHTS)
    np.testing.assert_array_equal(ground.kind, mixed(config).values)
    assert (ground.bare.grid, ground.bare.unit) == (GRID, "m")


@pytest.mark.parametrize("treatment", OTHERS)
def test_on_relief_other_treatments_put_nothing_in_the_profile(treatment):
    config = project(treatment)
    ground = ground_model(RELIEF, mixed(config), config)
    np.testing.assert_array_equal(ground.bare.values, RELIEF.values)
    assert ground.surface is None
    np.testing.assert_array_equal(ground.kind, mixed(config).values)


def test_where_nothing_stands_there_is_no_surface():
    config = project()
    meadow = Raster(np.full(GRID.shape, code_of(config, "open"), dtype=np.uint8), GRID, "clutter", "kind")
    assert ground_model(RELIEF, meadow, config).surface is None


def test_without_land_cover_all_land_is_built_up_as_in_the_default_class():
    config = project()
    ground = ground_model(RELIEF, None, config)
    assert config.default_area_class == "rural"
    np.testing.assert_array_equal(ground.surface, RELIEF.values + 8.0)
    assert set(ground.kind.ravel()) == {code_of(config, "rural")}


# --- a surface ------------------------------------------------------------------------------------------


def test_a_surface_keeps_its_canopy_and_the_ground_lies_below_it():
    config = project(surface=True)
    ground = ground_model(RELIEF, mixed(config), config)
    np.testing.assert_array_equal(ground.surface, RELIEF.values)
    np.testing.assert_array_equal(ground.bare.values, RELIEF.values - HEIGHTS)


@pytest.mark.parametrize("treatment", OTHERS)
def test_other_treatments_strip_a_surface_and_add_nothing(treatment):
    config = project(treatment, surface=True)
    ground = ground_model(RELIEF, mixed(config), config)
    np.testing.assert_array_equal(ground.bare.values, RELIEF.values - HEIGHTS)
    assert ground.surface is None


def test_clutter_stands_as_high_on_relief_as_in_a_surface():
    """The same land given either way is the same ground."""
    config, of_surface = project(), project(surface=True)
    clutter = mixed(config)
    canopy = Raster((RELIEF.values + HEIGHTS).astype(np.float32), GRID, "terrain", "m")
    one, other = ground_model(RELIEF, clutter, config), ground_model(canopy, clutter, of_surface)
    np.testing.assert_allclose(one.bare.values, other.bare.values)
    np.testing.assert_allclose(one.surface, other.surface)


def test_voids_stay_voids_and_are_filled_for_the_rays():
    config = project()
    holed = RELIEF.values.copy()
    holed[1, 2] = np.nan
    for changed in (config, project(surface=True)):
        ground = ground_model(Raster(holed, GRID, "terrain", "m"), mixed(config), changed)
        np.testing.assert_array_equal(np.isnan(ground.bare.values), np.isnan(holed))
        np.testing.assert_allclose(
            ground.solid.values[~np.isnan(holed)], ground.bare.values[~np.isnan(holed)]
        )
        assert np.isfinite(ground.solid.values).all()
        assert np.isfinite(ground.surface).all()


def test_a_hole_in_a_plane_is_filled_with_the_plane_and_a_void_to_the_edge_with_the_nearest():
    config = project()
    row, col = np.mgrid[0:40, 0:40].astype(np.float32)
    plane = 100.0 + 2.0 * row + 3.0 * col
    grid = Grid(CRS, 0.0, 1_200.0, 30.0, 40, 40)
    holed = plane.copy()
    holed[10:14, 20:25] = np.nan
    holed[:, 36:] = np.nan
    solid = ground_model(Raster(holed, grid, "terrain", "m"), None, config).solid.values
    np.testing.assert_allclose(solid[:, :36], plane[:, :36], atol=1e-3)
    np.testing.assert_allclose(solid[:, 36:], np.repeat(plane[:, 35:36], 4, axis=1), atol=1e-3)


def test_the_digest_tells_ground_surface_and_kinds_apart():
    config = project()
    other = mixed(config).values.copy()
    other[3, 3] = code_of(config, "water")  # as high as open land
    higher = Raster(RELIEF.values + 1.0, GRID, "terrain", "m")
    grounds = [
        ground_model(RELIEF, mixed(config), config),
        ground_model(RELIEF, mixed(config), project("none")),
        ground_model(RELIEF, mixed(config), project(heights=(21.0, 8.0))),
        ground_model(RELIEF, Raster(other, GRID, "clutter", "kind"), config),
        ground_model(higher, mixed(config), config),
    ]
    assert len({ground.digest for ground in grounds}) == len(grounds)
    assert ground_model(RELIEF, mixed(config), config).digest == grounds[0].digest


# --- through the door -----------------------------------------------------------------------------------


def write_codes(path, codes, resolution_m, west=-500.0, north=15_500.0, crs=CRS, dtype="uint8"):
    profile = {
        "driver": "GTiff",
        "height": codes.shape[0],
        "width": codes.shape[1],
        "count": 1,
        "dtype": dtype,
        "transform": from_origin(WEST + west, SOUTH + north, resolution_m, resolution_m),
        "nodata": 0,
    }
    if crs:
        profile["crs"] = crs
    with rasterio.open(path, "w", **profile) as target:
        target.write(codes.astype(dtype), 1)


def with_cover(folder, codes=None, resolution_m=30.0, changes=None, **more):
    write_toml(folder, {"inputs.land_cover.path": "cover.tif"} | (changes or {}))
    if codes is not None:
        write_codes(folder / "cover.tif", codes, resolution_m, **more)
    return folder


def load(folder):
    config = load_config(folder)
    return config, pipeline.load(folder, config)


def names_at(config, inputs, places):
    """Kinds of clutter at places, in metres from the corner of the world."""
    kinds, grid = clutter_kinds(config), inputs.clutter.grid
    x, y = np.array(places, dtype=float).T
    row, col = grid.index(WEST + x, SOUTH + y)
    return [kinds[code].id for code in inputs.clutter.values[row, col]]


IN_TOWN, IN_COUNTRY = (2_000.0, 2_000.0), (5_000.0, 9_000.0)


def test_without_a_land_cover_kinds_follow_the_area_classes(shared_world):
    config, inputs = load(shared_world)
    assert inputs.clutter.grid == inputs.terrain.grid
    assert names_at(config, inputs, [IN_TOWN, IN_COUNTRY]) == ["town", "rural"]


def test_codes_become_kinds_and_built_up_land_is_of_its_class(two_counties):
    """Quarters from west to east: woods, built-up, water, not mapped."""
    codes = np.repeat(np.array([[10, 50, 80, 0]], dtype=np.uint8), 550, axis=0)
    codes = np.repeat(codes, [100, 200, 100, 150], axis=1)  # ends at 2.5, 8.5, 11.5 and 16 km
    codes[350:, 300:400] = 50  # the town of the east is dry: only a hamlet stands in the lake
    config, inputs = load(with_cover(two_counties, codes))
    places = [(500.0, 9_000.0), (2_700.0, 2_000.0), (5_000.0, 9_000.0), (9_500.0, 9_000.0)]
    assert names_at(config, inputs, places) == ["trees", "town", "rural", "water"]
    assert names_at(config, inputs, [(14_000.0, 9_000.0)]) == ["rural"]
    assert {fault.problem for fault in inputs.faults} == {"cover_partly", "in_water"}
    assert "land_cover" in {source.name for source in inputs.sources}


def test_unknown_codes_are_named_and_count_as_built_up(two_counties):
    codes = np.full((550, 550), 30, dtype=np.uint8)
    codes[:, 20:60], codes[:, 100:120] = 77, 13
    config, inputs = load(with_cover(two_counties, codes))
    (fault,) = [fault for fault in inputs.faults if fault.problem == "unknown_cover"]
    assert (fault.severity, fault.file, fault.table) == ("warning", "cover.tif", "land_cover")
    assert "13、77" in fault_text(fault, "zh")
    assert "13" in fault_text(fault, "en")
    assert "77" in fault_text(fault, "en")
    places = [(1_210.0, 2_000.0), (1_000.0, 9_000.0), (5_000.0, 9_000.0)]
    assert names_at(config, inputs, places) == ["town", "rural", "open"]


def test_a_finer_land_cover_counts_by_its_commonest_class(two_counties):
    """Of nine pixels of 10 m in one of 30 m, five are shrubs, four woods."""
    block = np.array([[20, 10, 20], [10, 20, 10], [20, 10, 20]], dtype=np.uint8)
    config, inputs = load(with_cover(two_counties, np.tile(block, (550, 550)), 10.0))
    assert names_at(config, inputs, [IN_COUNTRY, IN_TOWN]) == ["shrub", "shrub"]
    assert set(np.unique(inputs.clutter.values)) == {code_of(config, "shrub")}


def test_a_coarser_land_cover_keeps_its_codes(two_counties):
    """No class is ever between two others."""
    codes = np.where(np.indices((60, 60)).sum(axis=0) % 2, 10, 20).astype(np.uint8)
    config, inputs = load(with_cover(two_counties, codes, 300.0, north=16_000.0))
    found = {clutter_kinds(config)[code].id for code in np.unique(inputs.clutter.values)}
    assert found == {"trees", "shrub"}


def test_a_project_may_name_its_own_classes(two_counties):
    tea = {"id": "tea", "name": "茶园", "codes": [7], "height_m": 1}
    codes = np.full((550, 550), 7, dtype=np.uint8)
    folder = with_cover(two_counties, codes, changes={"land_cover": [tea]})
    config, inputs = load(folder)
    assert names_at(config, inputs, [IN_COUNTRY, IN_TOWN]) == ["tea", "tea"]
    assert not inputs.faults


def test_without_a_dem_the_cover_lies_on_the_demand_grid(two_counties):
    codes = np.full((550, 550), 10, dtype=np.uint8)
    folder = with_cover(two_counties, codes, changes={"inputs.dem": None})
    config, inputs = load(folder)
    assert inputs.terrain is None
    assert inputs.clutter.grid.resolution_m == config.coverage.demand_resolution_m
    assert names_at(config, inputs, [IN_COUNTRY]) == ["trees"]


def missing(folder):
    with_cover(folder)


def no_crs(folder):
    with_cover(folder, np.full((550, 550), 10, dtype=np.uint8), crs=None)


def elsewhere(folder):
    with_cover(folder, np.full((100, 100), 10, dtype=np.uint8), west=60_000.0)


def on_another_continent(folder):
    """In degrees, near Lima."""
    with_cover(folder)
    profile = {
        "driver": "GTiff",
        "height": 100,
        "width": 100,
        "count": 1,
        "dtype": "uint8",
        "crs": "EPSG:4326",
        "transform": from_origin(-77.0, -12.0, 1 / 3600, 1 / 3600),
        "nodata": 0,
    }
    with rasterio.open(folder / "cover.tif", "w", **profile) as target:
        target.write(np.full((100, 100), 10, np.uint8), 1)


def no_raster(folder):
    with_cover(folder)
    (folder / "cover.tif").write_text("this is a letter", encoding="utf-8")


@pytest.mark.parametrize(
    ("breakage", "problem"),
    [
        (missing, "missing_file"),
        (no_crs, "no_crs"),
        (elsewhere, "raster_not_covering"),
        (on_another_continent, "raster_not_covering"),
        (no_raster, "unreadable"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_land_cover_that_cannot_be_used_is_named(two_counties, breakage, problem):
    breakage(two_counties)
    with pytest.raises(InputFaults) as caught:
        load(two_counties)
    assert [(f.severity, f.file, f.problem, f.table) for f in caught.value.faults] == [
        ("fatal", "cover.tif", problem, "land_cover")
    ]
    assert "cover.tif" in error_text(caught.value, "zh")


def test_a_crs_given_by_the_project_serves_a_file_without(two_counties):
    codes = np.full((550, 550), 20, dtype=np.uint8)
    config, inputs = load(with_cover(two_counties, codes, crs=None, changes={"inputs.land_cover.crs": CRS}))
    assert names_at(config, inputs, [IN_COUNTRY]) == ["shrub"]


@pytest.mark.parametrize(
    "cover",
    [
        [{"id": "a", "name": "a", "codes": [1]}, {"id": "a", "name": "b", "codes": [2]}],
        [{"id": "a", "name": "a", "codes": [1, 2]}, {"id": "b", "name": "b", "codes": [2]}],
    ],
    ids=["id twice", "code twice"],
)
def test_a_code_or_class_stands_once(cover):
    with refused(ConfigError, "twice"):
        project(cover=cover)
