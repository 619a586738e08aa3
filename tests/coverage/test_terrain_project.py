"""Terrain in a project: which propagation model a run takes, how its DEM is read, what a run says of it."""

import dataclasses

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from worlds.refusals import refused
from worlds.terrain_world import (
    DEM_GRID,
    GRID,
    MIDDLE,
    fitted,
    following,
    hills,
    mast,
    placed,
    plain,
    terrain_on,
    treating,
)
from worlds.two_counties import CRS, SOUTH, WEST, write_raster

from siteplan.core.errors import RangeError, SiteplanError
from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.terrain import propagation_for
from siteplan.inputs.rasters import FINEST_M, MARGIN_M, read_terrain
from siteplan.planning import pipeline
from siteplan.project.input_files import Input
from siteplan.project.project_file import load_config, with_calibration

DEM = Input(path="dem.tif")


@pytest.fixture(scope="module")
def config(shared_world):
    return following(load_config(shared_world))


# --- where there is no terrain ----------------------------------------------------------------------


def test_a_mast_off_the_dem_keeps_its_buffers(config):
    small = Raster(
        np.full((40, 40), 200, dtype=np.float32), Grid(CRS, WEST, SOUTH + 1_200, 30.0, 40, 40), "terrain", "m"
    )
    propagation = terrain_on(config, small)
    assert not propagation.sees(mast())
    buffers = EmpiricalModel(config, services_of(config))
    np.testing.assert_array_equal(
        propagation.footprint(mast(), GRID).probability, buffers.footprint(mast(), GRID).probability
    )
    x, y = np.array([WEST + 3_500.0]), np.array([SOUTH + 3_500.0])
    np.testing.assert_array_equal(propagation.at(mast(), x, y)[1], buffers.at(mast(), x, y)[1])


@pytest.mark.long_without_jit
def test_a_void_is_filled_when_small_and_leaves_the_buffers_when_wide(config):
    holed = hills()
    values = holed.values.copy()
    row, col = (int(v[0]) for v in DEM_GRID.index(np.array([WEST + MIDDLE]), np.array([SOUTH + MIDDLE])))
    values[row - 2 : row + 3, col - 2 : col + 3] = np.nan
    small = terrain_on(config, Raster(values.copy(), DEM_GRID, "terrain", "m"))
    values[row - 15 : row + 16, col - 15 : col + 16] = np.nan
    wide = terrain_on(config, Raster(values, DEM_GRID, "terrain", "m"))
    assert small.sees(mast())
    assert not wide.sees(mast())
    whole = placed(terrain_on(config, holed).footprint(mast(), GRID))
    assert np.abs(placed(small.footprint(mast(), GRID)) - whole).mean() < 0.03


def test_the_propagation_model_follows_the_project_file_and_the_dem(shared_world, config):
    inputs = pipeline.load(shared_world, config)
    services = services_of(config)
    assert propagation_for(inputs, config, services).name == "terrain"

    def wanting(propagation):
        return treating(config, propagation=propagation)

    assert propagation_for(inputs, wanting("empirical"), services).name == "empirical"
    without = dataclasses.replace(inputs, terrain=None)
    assert propagation_for(without, config, services).name == "empirical"
    with refused(SiteplanError, "inputs.dem"):
        propagation_for(without, wanting("terrain"), services)
    coarse = Raster(np.zeros((20, 20), dtype=np.float32), Grid(CRS, 0.0, 0.0, 900.0, 20, 20), "terrain", "m")
    everywhere = Raster(np.zeros((20, 20), dtype=np.uint8), coarse.grid, "clutter", "kind")
    inputs = dataclasses.replace(inputs, terrain=coarse, clutter=everywhere)
    assert propagation_for(inputs, config, services).name == "empirical"
    assert propagation_for(inputs, wanting("terrain"), services).name == "terrain"


def test_a_calibration_of_another_model_is_refused(shared_world, config):
    inputs, services = pipeline.load(shared_world, config), services_of(config)
    on_terrain, on_buffers = (
        with_calibration(config, fitted(propagation)) for propagation in ("terrain", "empirical")
    )
    assert propagation_for(inputs, on_terrain, services).name == "terrain"
    assert (
        propagation_for(inputs, treating(on_buffers, propagation="empirical"), services).name == "empirical"
    )
    with refused(SiteplanError, "calibrat"):
        propagation_for(inputs, on_buffers, services)
    with refused(SiteplanError, "calibrat"):
        propagation_for(inputs, treating(on_terrain, propagation="empirical"), services)
    with refused(SiteplanError, "calibrat"):
        propagation_for(dataclasses.replace(inputs, terrain=None), on_terrain, services)


def test_above_six_gigahertz_terrain_refuses(config):
    high = config.bands[1].model_copy(update={"frequency_mhz": 26_000.0})
    changed = config.model_copy(update={"bands": (config.bands[0], high)})
    with pytest.raises(RangeError, match="6000"):
        terrain_on(changed, plain())


# --- the DEM's way in -------------------------------------------------------------------------------


def test_a_dem_in_the_project_crs_keeps_its_own_pixels(tmp_path):
    values = np.arange(50 * 40, dtype=np.float32).reshape(50, 40) / 10
    values[3, 4] = -1
    write_raster(tmp_path / "dem.tif", values, 30.0, west=17, north=1_500)
    city = Grid(CRS, WEST, SOUTH, 100.0, 10, 10)
    dem = read_terrain(tmp_path / "dem.tif", city, DEM)
    assert dem.grid == Grid(CRS, WEST + 17, SOUTH + 1_500, 30.0, 40, 50)
    assert np.isnan(dem.values[3, 4])
    np.testing.assert_array_equal(np.nan_to_num(dem.values, nan=-1), values)


def test_a_wide_dem_is_read_as_far_as_it_can_matter(tmp_path):
    write_raster(tmp_path / "dem.tif", np.full((900, 900), 5, np.float32), 100.0, west=-45_000, north=45_000)
    city = Grid(CRS, WEST, SOUTH + 1_000, 100.0, 10, 10)
    west, south, east, north = read_terrain(tmp_path / "dem.tif", city, DEM).grid.bounds
    assert (west, north) == (WEST - MARGIN_M, SOUTH + 1_000 + MARGIN_M)
    assert (east, south) == (WEST + 1_000 + MARGIN_M, SOUTH - MARGIN_M)


def test_a_dem_in_degrees_comes_at_its_own_resolution(tmp_path):
    """One arc second at 25 degrees north is about 29 m."""
    second = 1 / 3600
    profile = {
        "driver": "GTiff",
        "height": 200,
        "width": 200,
        "count": 1,
        "dtype": "int16",
        "crs": "EPSG:4326",
        "transform": from_origin(113.5, 24.8, second, second),
        "nodata": -32768,
    }
    with rasterio.open(tmp_path / "dem.tif", "w", **profile) as target:
        target.write(np.full((200, 200), 321, np.int16), 1)
    city = Grid.covering((448_000, 2_739_000, 455_000, 2_743_000), 100.0, CRS)
    dem = read_terrain(tmp_path / "dem.tif", city, DEM)
    assert 27.0 < dem.grid.resolution_m < 31.0
    assert set(np.unique(dem.values[np.isfinite(dem.values)])) == {321.0}


def test_a_very_fine_dem_is_averaged(tmp_path):
    values = np.kron(np.array([[0, 40], [80, 120]], np.float32), np.ones((100, 100), np.float32))
    write_raster(tmp_path / "dem.tif", values, 2.0, west=0, north=400)
    dem = read_terrain(tmp_path / "dem.tif", Grid(CRS, WEST, SOUTH + 400, 100.0, 4, 4), DEM)
    assert dem.grid.resolution_m == FINEST_M
    assert np.nanmean(dem.values) == pytest.approx(60.0, abs=0.5)


# --- a whole run ------------------------------------------------------------------------------------


@pytest.mark.long_without_jit
def test_what_terrain_takes_away_adds_up(shared_world, config):
    inputs = pipeline.load(shared_world, config)
    proposal, _ = pipeline.run(inputs, config)
    table, model = proposal.existing.terrain_effect, proposal.record.model
    assert model.propagation == "terrain"
    assert (model.terrain.dem_pixel_m, model.terrain.delta_n) == (30.0, config.coverage.delta_n)
    assert model.terrain.terrain_effect["population_taken_away"] == table["population_taken_away"].sum()
    for what in ("population", "villages", "area_km2"):
        assert (table[f"{what}_taken_away"] <= table[f"{what}_empirical"]).all()
        left = table[f"{what}_empirical"] - table[f"{what}_taken_away"]
        assert (left <= table[f"{what}_terrain"] + 1e-9).all()
    assert (
        table["population_terrain"].tolist()
        == proposal.effects.counties["population_covered_before"].tolist()
    )
    assert proposal.existing.coverage_empirical.grid == proposal.existing.coverage.grid


@pytest.mark.long_without_jit
def test_a_run_with_buffers_says_so(shared_world, config):
    changed = config.model_copy(
        update={"coverage": config.coverage.model_copy(update={"propagation": "empirical"})}
    )
    proposal, _ = pipeline.run(pipeline.load(shared_world, changed), changed)
    assert proposal.record.model.propagation == "empirical"
    assert proposal.record.model.terrain is None
    assert proposal.existing.coverage_empirical is None
    assert proposal.existing.terrain_effect.empty
