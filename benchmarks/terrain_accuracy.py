"""How wrong is the terrain sweep? Its formula against full P.1812, its geometry against exact profiles.

``python benchmarks/terrain_accuracy.py [--dem PATH ...]``; without ``--dem`` the mountains of the reference
and case folders that are there: 30 m pixels, 3 arc-seconds warped to their own 90 m, and the same to 30 m
(both cubic). Every position is printed, then the median and the worst.

Formula: random paths with both ends anywhere on the DEM, free space and Bullington on a profile against
all of P.1812 on the same profile, 50 % of time and locations, inland, without clutter. Geometry: one mast
on each of 36 positions, chosen by how far they lie above or below the mean of 600 m around; pixels on the
DEM at 250 m and more; RMSE and mean of the loss in dB, overlap (intersection over union) of the area
covered at 135 and 142 dB with free space, and the share of pixels whose line of sight is labelled alike.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.warp import Resampling, reproject, transform_bounds
from scipy.ndimage import uniform_filter
from sweep import REFERENCE_DEM, read_dem, synthetic_dem

from siteplan.core.grid import Grid, Raster
from siteplan.radio.diffraction import Profile, bullington_loss, effective_earth_radius_km
from siteplan.radio.p1812 import path_loss_p1812
from siteplan.radio.profile import path_profile, point_geometry
from siteplan.radio.sweep import (
    NEAR_M,
    bullington_loss_db,
    diffraction_loss_db,
    fill_voids,
    terrain_geometry,
)

CASE_DEM = Path(__file__).resolve().parents[2] / "shared" / "cases" / "oetztal" / "dem_srtm_3arcsec.tif"
CASE_CRS = "EPSG:32632"
RADII_M = (3_000.0, 5_000.0, 10_000.0)
BANDS_MHZ = (700.0, 2600.0, 3500.0)
LIMITS_DB = (135.0, 142.0)
ANTENNA_M, RECEIVER_M, DELTA_N, N0 = 35.0, 1.5, 46.5, 354.7
PATHS = 2_000
LONGEST_M = 10_000.0
KINDS = {"ridge": (97.0, 100.0), "slope": (45.0, 55.0), "valley": (0.0, 3.0)}
"""Percentiles of the height above the mean of the neighbourhood."""
NEIGHBOURHOOD_M, APART_M, EACH = 600.0, 1_500.0, 12
SEED = 1812


@dataclass(frozen=True)
class Row:
    """One mast and radius.

    Attributes
    ----------
    kind
        Ridge, slope or valley.
    cell
        Row and column of the mast on the DEM.
    radius_m
        Radius [m].
    undefined
        Pixels within the radius without a value; 0 dB in the errors, as maps take them.
    figures
        Views alike [%]; then for each band RMSE and mean [dB] and overlap at 135 and 142 dB [%].
    """

    kind: str
    cell: tuple[int, int]
    radius_m: float
    undefined: int
    figures: tuple[float, ...]


# --- elevation models -----------------------------------------------------------------------------------


def warped(path, crs, resolution_m):
    """A geographic DEM on a metric grid, cubic; NaN where it ends."""
    with rasterio.open(path) as file:
        bounds = transform_bounds(file.crs, crs, *file.bounds)
        grid = Grid.covering(bounds, resolution_m, crs)
        values = np.full(grid.shape, np.nan, dtype=np.float32)
        reproject(
            file.read(1).astype(np.float32),
            values,
            src_transform=file.transform,
            src_crs=file.crs,
            dst_transform=grid.transform,
            dst_crs=crs,
            dst_nodata=np.nan,
            resampling=Resampling.cubic,
        )
    return Raster(values, grid, f"{path.parent.name} {path.stem} at {resolution_m:g} m, cubic", "m")


def mountains(given):
    """The DEMs asked for, else those that are there, else synthetic ones."""
    if given:
        return [read_dem(path) for path in given]
    found = [read_dem(REFERENCE_DEM)] if REFERENCE_DEM.exists() else []
    if CASE_DEM.exists():
        found += [warped(CASE_DEM, CASE_CRS, resolution_m) for resolution_m in (90.0, 30.0)]
    return found or [synthetic_dem()]


# --- formula --------------------------------------------------------------------------------------------


def drawn_paths(dem):
    """Distance [km] and ground [m] of paths of even length and bearing between places of the DEM."""
    rng, (west, south, east, north) = np.random.default_rng(SEED), dem.grid.bounds
    drawn = 0
    while drawn < PATHS:
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        length, bearing = rng.uniform(NEAR_M, LONGEST_M), rng.uniform(0.0, 2.0 * math.pi)
        to_x, to_y = x + length * math.sin(bearing), y + length * math.cos(bearing)
        if not (west < to_x < east and south < to_y < north and known(dem, (x, to_x), (y, to_y))):
            continue
        drawn += 1
        yield path_profile(dem, x, y, to_x, to_y)


def known(dem, x, y):
    row, col = dem.grid.index(np.array(x), np.array(y))
    return not np.isnan(dem.values[row, col]).any()


def formula_losses(distance_km, ground):
    """Free space and Bullington, and P.1812, by band, shape (bands, 2) [dB]."""
    losses = []
    for band in BANDS_MHZ:
        full = path_loss_p1812(
            band / 1000.0,
            50.0,
            distance_km,
            ground,
            np.zeros_like(ground),
            np.full(len(ground), 4),
            ANTENNA_M,
            RECEIVER_M,
            latitudes=(24.8, 24.8),
            longitudes=(113.6, 113.7),
            delta_n=DELTA_N,
            n0=N0,
        )
        path = Profile(distance_km, ground, ground[0] + ANTENNA_M, ground[-1] + RECEIVER_M)
        loss = bullington_loss(path, effective_earth_radius_km(DELTA_N), band / 1000.0)
        losses.append((float(free_space_db(1000.0 * distance_km[-1], band)) + loss, full.Lb))
    return losses


def print_formula(dem):
    losses = np.array([formula_losses(*path) for path in drawn_paths(dem)])
    lengths = f"{NEAR_M / 1000:g}-{LONGEST_M / 1000:g} km"
    print(f"formula, {PATHS} paths of {lengths}: free space + Bullington - P.1812")
    print("    MHz   RMSE dB   mean dB   largest dB   above 1 dB   covered alike at 135 and at 142 dB")
    for k, band in enumerate(BANDS_MHZ):
        ours, full = losses[:, k].T
        error = ours - full
        rmse, largest = np.sqrt(np.mean(error**2)), error[np.argmax(np.abs(error))]
        alike = "".join(f"{np.mean((ours <= limit) == (full <= limit)):10.2%}" for limit in LIMITS_DB)
        above = np.mean(np.abs(error) > 1.0)
        print(f"  {band:5.0f}  {rmse:8.3f}  {error.mean():8.3f}  {largest:11.2f}  {above:11.2%}  {alike}")


def free_space_db(distance_m, frequency_mhz):
    return 92.4 + 20.0 * np.log10(frequency_mhz / 1000.0) + 20.0 * np.log10(distance_m / 1000.0)


# --- geometry -------------------------------------------------------------------------------------------


def positions(dem):
    """Kind and pixel of masts: ridges, slopes and valleys, far apart."""
    whole = fill_voids(dem.values) if np.isnan(dem.values).any() else dem.values
    heights = whole.astype(np.float64)
    size = 2 * round(NEIGHBOURHOOD_M / dem.grid.resolution_m / 2.0) + 1
    above = heights - uniform_filter(heights, size)
    margin = size
    inner = np.zeros(heights.shape, dtype=bool)
    inner[margin:-margin, margin:-margin] = True
    inner &= np.isfinite(dem.values)
    chosen = []
    for k, (kind, percentiles) in enumerate(KINDS.items()):
        low, high = np.percentile(above[inner], percentiles)
        cells = np.argwhere(inner & (above >= low) & (above <= high))
        chosen += [(kind, cell) for cell in far_apart(cells, APART_M / dem.grid.resolution_m, SEED + k)]
    return chosen


def far_apart(cells, apart, seed):
    """The first cells of a seeded order that lie so far from each other."""
    taken = []
    for place in np.random.default_rng(seed).permutation(len(cells)):
        cell = cells[place]
        if all(np.hypot(*(cell - other)) >= apart for other in taken):
            taken.append(cell)
        if len(taken) == EACH:
            break
    return [(int(row), int(col)) for row, col in taken]


def swept(dem, cell, radius_m):
    east, north = dem.grid.centre(*cell)
    return terrain_geometry(
        dem, float(east), float(north), ANTENNA_M, radius_m, rx_height_m=RECEIVER_M, delta_n=DELTA_N
    )


def exact_disc(dem, cell):
    """Nu, view and distance of the widest disc by exact profiles, on all of the DEM; NaN elsewhere."""
    east, north = dem.grid.centre(*cell)
    row, col = np.mgrid[: dem.grid.height, : dem.grid.width]
    far = np.hypot(row - cell[0], col - cell[1]) * dem.grid.resolution_m
    counted = (far <= max(RADII_M)) & (far >= NEAR_M) & np.isfinite(dem.values)
    result = point_geometry(
        dem,
        float(east),
        float(north),
        ANTENNA_M,
        *dem.grid.centre(row[counted], col[counted]),
        rx_height_m=RECEIVER_M,
        delta_n=DELTA_N,
    )
    nu, los = np.full(dem.grid.shape, np.nan), np.zeros(dem.grid.shape, dtype=bool)
    nu[counted], los[counted] = result.nu_sqrt_wavelength, result.los
    return nu, los


def overlap(ours, theirs):
    either = (ours | theirs).sum()
    return 100.0 * (ours & theirs).sum() / either if either else math.nan


def band_figures(ours_db, theirs_db, open_db):
    error = ours_db - theirs_db
    covered = [overlap(open_db + ours_db <= limit, open_db + theirs_db <= limit) for limit in LIMITS_DB]
    return [float(np.sqrt(np.mean(error**2))), float(error.mean()), *covered]


def compared(dem, kind, cell, radius_m, exact):
    """A row: one sweep against the exact profiles of its pixels."""
    geometry = swept(dem, cell, radius_m)
    nu, los = (values[geometry.window] for values in exact)
    # float32 distances: a pixel on the rim itself may fall on either side of it
    counted = np.isfinite(nu) & (geometry.distance_m < radius_m - 0.01)
    distance = geometry.distance_m[counted].astype(np.float64)
    figures = [100.0 * float((geometry.los == los)[counted].mean())]
    for band in BANDS_MHZ:
        ours = np.nan_to_num(diffraction_loss_db(geometry, band)[counted].astype(np.float64))
        theirs = bullington_loss_db(nu[counted], distance, band).astype(np.float64)
        figures += band_figures(ours, theirs, free_space_db(distance, band))
    undefined = int(np.isnan(geometry.nu_sqrt_wavelength[counted]).sum())
    return Row(kind, cell, radius_m, undefined, tuple(figures))


def line(label, figures):
    bands = "".join(
        f" |{figures[k]:6.2f}{figures[k + 1]:6.2f}{figures[k + 2]:7.2f}{figures[k + 3]:7.2f}"
        for k in range(1, len(figures), 4)
    )
    return f"  {label:34s}{figures[0]:7.2f}{bands}"


def worst(figures):
    """Largest RMSE and mean of either sign, smallest shares."""
    results = [figures[:, 0].min()]
    for k in range(1, figures.shape[1], 4):
        mean = figures[:, k + 1]
        results += [
            figures[:, k].max(),
            mean[np.argmax(np.abs(mean))],
            *np.nanmin(figures[:, k + 2 : k + 4], axis=0),
        ]
    return results


def print_geometry(dem):
    rows = []
    print("geometry, sweep - exact profiles; rmse and mean dB, overlap % at 135 and 142 dB")
    bands = "".join(f" |{band:5.0f} rmse  mean   135    142" for band in BANDS_MHZ)
    print(f"  {'kind   row col   km   undefined':34s}{'views':>7s}{bands}")
    for kind, cell in positions(dem):
        exact = exact_disc(dem, cell)
        for radius_m in RADII_M:
            row = compared(dem, kind, cell, radius_m, exact)
            rows.append(row)
            where = f"{kind:6s} {cell[0]:4d} {cell[1]:4d} {radius_m / 1000:4g} {row.undefined:6d}"
            print(line(where, row.figures), flush=True)
    for radius_m in RADII_M:
        figures = np.array([row.figures for row in rows if row.radius_m == radius_m])
        print(line(f"median of {len(figures)} at {radius_m / 1000:g} km", np.nanmedian(figures, axis=0)))
        print(line(f"worst of {len(figures)} at {radius_m / 1000:g} km", worst(figures)))


def main():
    parser = argparse.ArgumentParser(description="Accuracy of the terrain sweep.")
    parser.add_argument("--dem", type=Path, nargs="+", default=[], help="projected DEMs, pixels in metres")
    for dem in mountains(parser.parse_args().dem):
        low, high = np.nanmin(dem.values), np.nanmax(dem.values)
        print(
            f"\n{dem.name}: {dem.grid.width} x {dem.grid.height} pixels of {dem.grid.resolution_m:g} m, "
            f"{low:.0f}-{high:.0f} m; antenna {ANTENNA_M:g} m, receiver {RECEIVER_M:g} m"
        )
        print_formula(dem)
        print_geometry(dem)


if __name__ == "__main__":
    main()
