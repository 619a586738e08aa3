"""How fast is the terrain sweep, against our own exact profiles and against every peer that is installed?

``python benchmarks/sweep.py [--dem PATH]``; one run, one DEM, the same masts, heights
and refraction for all. The DEM is mirrored at its edges so that every radius fits. Without a DEM the
reference one is taken if it is there, else seeded synthetic mountains of 30 m pixels.

Times are CPU seconds of one thread, medians of several runs, except those of two threads, which are by
the clock. "ours is" is receivers per second of the sweep over those of the row, both on the first mast.
"""

import argparse
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import rasterio
from peers import PEERS
from scipy.ndimage import gaussian_filter

from siteplan.core.grid import Grid, Raster
from siteplan.radio.diffraction import effective_earth_radius_km
from siteplan.radio.profile import point_geometry
from siteplan.radio.sweep import diffraction_loss_db, terrain_geometry

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "radio"
REFERENCE_DEM = REFERENCE / "bigtujunga_srtm30m_utm11.tif"
RADII_M = (3_000.0, 5_000.0, 10_000.0)
BANDS_MHZ = (700.0, 2600.0, 3500.0)
ANTENNA_M, RECEIVER_M, DELTA_N = 35.0, 1.5, 46.5
MASTS = 12
RUNS = 7
SEED = 1812


def read_dem(path):
    """A projected DEM with square pixels in metres; the grid's origin is its own."""
    with rasterio.open(path) as file:
        values = file.read(1, masked=True).astype(np.float32).filled(np.nan)
        grid = Grid(
            str(file.crs), file.transform.c, file.transform.f, file.transform.a, file.width, file.height
        )
    return Raster(values, grid, Path(path).stem, "m")


def synthetic_dem(side=1000, resolution_m=30.0):
    """Seeded mountains: hills of four sizes, each as steep as the next."""
    rng, heights = np.random.default_rng(SEED), np.full((side, side), 800.0)
    for size in (4, 8, 16, 32):
        hills = gaussian_filter(rng.normal(size=(side, side)), size, mode="wrap")
        heights += 8.0 * size * hills / hills.std()
    grid = Grid("EPSG:4547", 0.0, side * resolution_m, resolution_m, side, side)
    return Raster(heights.astype(np.float32), grid, "synthetic mountains", "m")


def mirrored(dem, margin_m):
    """The DEM with its edges mirrored outwards, and the pixels added on every side."""
    pixels = math.ceil(margin_m / dem.grid.resolution_m) + 3
    values = np.pad(dem.values, pixels, mode="reflect")
    grid, added = dem.grid, pixels * dem.grid.resolution_m
    larger = Grid(
        grid.crs,
        grid.west_m - added,
        grid.north_m + added,
        grid.resolution_m,
        values.shape[1],
        values.shape[0],
    )
    return Raster(values, larger, dem.name, dem.unit), pixels


def drawn_masts(dem):
    """Pixels of masts drawn over the DEM."""
    rng = np.random.default_rng(SEED)
    return [(int(rng.integers(dem.grid.height)), int(rng.integers(dem.grid.width))) for _ in range(MASTS)]


def median_time(call, runs=RUNS, clock=time.process_time):
    """Result of a call and its median time after one call that compiles [s]."""
    result, times = call(), []
    for _ in range(runs):
        start = clock()
        call()
        times.append(clock() - start)
    return result, float(np.median(times))


def swept(dem, cell, radius_m):
    east, north = dem.grid.centre(*cell)
    return terrain_geometry(
        dem, float(east), float(north), ANTENNA_M, radius_m, rx_height_m=RECEIVER_M, delta_n=DELTA_N
    )


def profiled(dem, cell, geometry, inside):
    """Every pixel of a disc on its own profile."""
    row, col = np.nonzero(inside)
    x, y = dem.grid.centre(row + geometry.window[0].start, col + geometry.window[1].start)
    east, north = dem.grid.centre(*cell)
    return point_geometry(
        dem, float(east), float(north), ANTENNA_M, x, y, rx_height_m=RECEIVER_M, delta_n=DELTA_N
    )


def over_masts(dem, cells, radius_m, threads):
    """Clock time for all masts by a pool of threads [s]."""
    with ThreadPoolExecutor(threads) as pool:
        return median_time(
            lambda: list(pool.map(lambda cell: swept(dem, cell, radius_m).los.any(), cells)),
            clock=time.perf_counter,
        )[1]


def same_view(geometry, cell, peer, inside):
    """Share of pixels of the disc that the sweep and a peer label alike."""
    n = len(peer.los) // 2
    first = cell[0] - n - geometry.window[0].start, cell[1] - n - geometry.window[1].start
    part = np.s_[first[0] : first[0] + 2 * n + 1, first[1] : first[1] + 2 * n + 1]
    return float((geometry.los[part] == peer.los)[inside[part]].mean())


def print_row(name, what, receivers, seconds, ours=None, note=""):
    speed, ms = receivers / seconds, 1000.0 * seconds
    ratio = f"{ours / speed:9.1f} x" if ours else " " * 11
    print(f"  {name:24s} {what:22s} {receivers:9d} {ms:10.2f} {speed / 1e6:10.3f} {ratio}  {note}")


def print_ours(dem, cells, radius_m):
    """Rows of our own; returns geometry, disc and speed of the first mast."""
    first = cells[0]
    geometry, seconds = median_time(lambda: swept(dem, first, radius_m), 4 * RUNS)
    inside = np.isfinite(geometry.nu_sqrt_wavelength)
    receivers = int(inside.sum())
    speed = receivers / seconds
    print_row("terrain_geometry", "Bullington geometry", receivers, seconds)
    _, loss = median_time(lambda: diffraction_loss_db(geometry, BANDS_MHZ[1]), 4 * RUNS)
    print_row("diffraction_loss_db", "one band", receivers, loss, speed)

    def moved():
        moved_to = swept(dem, first, radius_m)
        return [diffraction_loss_db(moved_to, band) for band in BANDS_MHZ]

    _, whole = median_time(moved, 4 * RUNS)
    print_row("one moved mast", "geometry + 3 bands", receivers, whole, speed)
    _, exact = median_time(lambda: profiled(dem, first, geometry, inside), 1 if radius_m > 5_000 else 3)
    print_row("point_geometry", "exact, every pixel", receivers, exact, speed)
    one, two = (over_masts(dem, cells, radius_m, threads) for threads in (1, 2))
    note = f"{one / two:.2f} times the speed of 1 thread, by the clock"
    print_row(f"{len(cells)} masts, 1 thread", "Bullington geometry", receivers * len(cells), one, speed)
    print_row(
        f"{len(cells)} masts, 2 threads", "Bullington geometry", receivers * len(cells), two, speed, note
    )
    return geometry, inside, speed


def print_peers(dem, cell, radius_m, geometry, inside, speed):
    for name, peer in PEERS.items():
        result = peer(
            dem.values,
            dem.grid.resolution_m,
            cell,
            ANTENNA_M,
            RECEIVER_M,
            radius_m,
            1000.0 * effective_earth_radius_km(DELTA_N),
            BANDS_MHZ[1],
        )
        if result is None:
            print(f"  {name:24s} not installed")
            continue
        agree = "" if result.los is None else f"views alike {same_view(geometry, cell, result, inside):.2%}; "
        label = f"{name} {result.version}"
        print_row(label, result.model, result.receivers, result.seconds, speed, agree + result.note)


def main():
    parser = argparse.ArgumentParser(description="Speed of the terrain sweep and of its peers.")
    parser.add_argument("--dem", type=Path, help="projected DEM with square pixels in metres")
    given = parser.parse_args().dem or (REFERENCE_DEM if REFERENCE_DEM.exists() else None)
    if given is None:
        print("no DEM given and no reference folder: seeded synthetic mountains")
    original = read_dem(given) if given else synthetic_dem()
    dem, added = mirrored(original, max(RADII_M))
    cells = [(row + added, col + added) for row, col in drawn_masts(original)]
    grid, low, high = original.grid, np.nanmin(original.values), np.nanmax(original.values)
    print(
        f"{original.name}: {grid.width} x {grid.height} pixels of {grid.resolution_m:g} m, "
        f"{low:.0f}-{high:.0f} m, mirrored by {added}; antenna {ANTENNA_M:g} m, receiver {RECEIVER_M:g} m, "
        f"Earth {effective_earth_radius_km(DELTA_N):.0f} km"
    )
    for radius_m in RADII_M:
        print(f"\nR = {radius_m / 1000:g} km")
        print(f"  {'':24s} {'what':22s} {'receivers':>9s} {'ms':>10s} {'M rec/s':>10s} {'ours is':>11s}")
        geometry, inside, speed = print_ours(dem, cells, radius_m)
        print_peers(dem, cells[0], radius_m, geometry, inside, speed)


if __name__ == "__main__":
    main()
