"""A process that compiles the kernels and one that loads them from numba's cache give the same bytes."""

import os
import subprocess
import sys

SCRIPT = """
import hashlib
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from scipy.ndimage import gaussian_filter
from siteplan.core.grid import Grid, Raster
from siteplan.radio.sweep import bullington_loss_db, terrain_geometry

side, pixel = 160, 30.0
noise = np.random.default_rng(7).normal(size=(side, side))
heights = (500.0 + 900.0 * gaussian_filter(noise, 4.0)).astype(np.float32)
dem = Raster(heights, Grid("EPSG:4547", 0.0, side * pixel, pixel, side, side), "dem", "m")
places = np.random.default_rng(11).uniform(600.0, side * pixel - 600.0, (24, 2))

def digest(place):
    geometry = terrain_geometry(dem, place[0], place[1], 25.0, 2_000.0)
    nu = geometry.nu_sqrt_wavelength
    loss = bullington_loss_db(nu, geometry.distance_m, 2600.0)
    return hashlib.sha256(nu.tobytes() + geometry.los.tobytes() + loss.tobytes())

with ThreadPoolExecutor(THREADS) as pool:
    print("".join(found.hexdigest() for found in pool.map(digest, places)))
"""


def footprints(cache, threads):
    """Hashes of 24 sweeps over drawn mountains, from a process of its own."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    script = SCRIPT.replace("THREADS", str(threads))
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return ended.stdout


def test_compiling_loading_and_two_threads_give_the_same_footprints(tmp_path):
    compiled = footprints(tmp_path, 1)
    assert any(tmp_path.rglob("*.nbi")), "nothing was compiled into the fresh cache"
    assert len(compiled.strip()) == 24 * 64
    assert footprints(tmp_path, 1) == compiled
    assert footprints(tmp_path, 2) == compiled
