"""Kernels compiled and as plain Python give the same numbers."""

import os
import subprocess
import sys

import numpy as np
from worlds.drawn_ground import PX, compiled, covered, patches, raster, rough

from siteplan.radio.sweep import (
    terrain_geometry,
)

# --- compiled or not ------------------------------------------------------------------------------------


ALONE = """
import sys
import numpy as np
from siteplan.core.grid import Grid, Raster
from siteplan.radio.sweep import terrain_geometry
heights = np.load(sys.argv[1])
dem = Raster(heights, Grid("EPSG:4547", 0.0, 1350.0, 30.0, 45, 45), "dem", "m")
result = terrain_geometry(dem, 684.0, 671.0, 20.0, 600.0)
np.save(sys.argv[2], np.stack([result.nu_sqrt_wavelength, result.los, result.distance_m]))
"""


@compiled
def test_compiled_and_plain_python_agree(tmp_path):
    dem = raster(rough(12))
    heights, out = tmp_path / "heights.npy", tmp_path / "out.npy"
    np.save(heights, dem.values)
    subprocess.run(
        [sys.executable, "-c", ALONE, str(heights), str(out)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=tmp_path,
        check=True,
    )
    ours = terrain_geometry(dem, 684.0, 671.0, 20.0, 600.0)
    nu, los, distance = np.load(out)
    seen = ours.distance_m > PX
    np.testing.assert_allclose(ours.nu_sqrt_wavelength[seen], nu[seen], atol=1e-3)
    np.testing.assert_array_equal(ours.los, los.astype(bool))
    np.testing.assert_allclose(ours.distance_m, distance, atol=1e-3)


ALONE_AMONG_CLUTTER = ALONE.replace(
    "heights = np.load(sys.argv[1])", "heights, surface = np.load(sys.argv[1])"
).replace("600.0)", "600.0, surface=surface)")


@compiled
def test_compiled_and_plain_python_agree_among_clutter(tmp_path):
    dem = raster(rough(12))
    surface = covered(dem, patches(12))
    worlds, out = tmp_path / "worlds.npy", tmp_path / "out.npy"
    np.save(worlds, np.stack([dem.values, surface]))
    subprocess.run(
        [sys.executable, "-c", ALONE_AMONG_CLUTTER, str(worlds), str(out)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=tmp_path,
        check=True,
    )
    ours = terrain_geometry(dem, 684.0, 671.0, 20.0, 600.0, surface=surface)
    nu, los, _ = np.load(out)
    seen = ours.distance_m > PX
    np.testing.assert_allclose(ours.nu_sqrt_wavelength[seen], nu[seen], rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(ours.los, los.astype(bool))
    bare = terrain_geometry(dem, 684.0, 671.0, 20.0, 600.0)
    assert (nu[seen] > bare.nu_sqrt_wavelength[seen] + 1.0).mean() > 0.3
