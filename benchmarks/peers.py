"""What other programs need for one transmitter over the same terrain, on one core of the same machine.

Every peer is a function of the same arguments, and ``PEERS`` has them all by name:

heights
    Terrain, rows north to south, at least ``radius_m // resolution_m`` cells on every side of the
    transmitter (pad it first), shape (rows, columns), float32 [m].
resolution_m
    Side of a cell [m].
cell
    Row and column of the transmitter.
antenna_height_m, receiver_height_m
    Above ground [m].
radius_m
    Receivers further away are not asked for [m].
earth_radius_m
    Effective Earth radius [m].
frequency_mhz
    Frequency [MHz].

Each returns a `PeerResult`, or None where the tool is not installed. Tools that read files get the window
round the transmitter written to a temporary folder, in a transverse Mercator grid centred on the mast.

Needed, each for its own peer: Debian's gdal-bin and splat; from PyPI xarray-spatial, pycraf and itmlogic.
"""

import importlib.metadata
import importlib.util
import math
import resource
import shutil
import subprocess
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject
from scipy.ndimage import map_coordinates

SEMI_MAJOR_M = 6_378_137.0
"""WGS84, the Earth that gdal_viewshed divides by."""
MEAN_RADIUS_M = 6_371_000.0
"""The Earth that P.452 and SPLAT! multiply."""
GRID_CRS = "+proj=tmerc +lat_0=0.5 +lon_0=-118.5 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
"""Middle of the one-degree tile 0 N, 119 W: its 1 arc-second cells measure 30.7 by 30.9 m."""
SAMPLE = 200
SEED = 1812


@dataclass(frozen=True, eq=False)
class PeerResult:
    """One peer, one transmitter.

    Attributes
    ----------
    name, version, model
        Tool, its version, and what it calculates.
    receivers
        Places the tool calculated in the time given.
    seconds
        CPU time, user and system, all threads [s].
    wall_seconds
        The same by the clock [s].
    threads
        Threads at work.
    note
        What the numbers leave out.
    los
        Cells in line of sight, shape (2 n + 1, 2 n + 1) with n = ``radius_m // resolution_m``, the
        transmitter in the middle, False beyond the radius; None where the tool does not tell.
    """

    name: str
    version: str
    model: str
    receivers: int
    seconds: float
    wall_seconds: float
    threads: int
    note: str
    los: np.ndarray | None

    @property
    def receivers_per_second(self):
        """Receivers per second of CPU time."""
        return self.receivers / self.seconds


def gdal_viewshed(
    heights,
    resolution_m,
    cell,
    antenna_height_m,
    receiver_height_m,
    radius_m,
    earth_radius_m,
    frequency_mhz,
):
    """Line of sight by GDAL's ``gdal_viewshed`` (Wang et al. 2000, edge mode).

    Time is what a run takes more than a run that looks no further than 2 cells, median of 31 pairs: start-up
    is out of it, reading the window (uncompressed) and writing the result are in it, 2 MB for 10 km. A run
    takes some 54 ms, of which this is 1 ms for 5 km (good to a quarter) and 6 ms for 10 km (to a tenth).

    GDAL lowers the ground by cc d² / (2 a) with a the semi-major axis of the raster's CRS, an effective
    Earth radius ae lowers it by d² / (2 ae): cc = a / ae. (GDAL's default, 6/7, is for light: 7441 km.)
    """
    if shutil.which("gdal_viewshed") is None:
        return None
    window, near = _window(heights, resolution_m, cell, radius_m)
    half = window.shape[0] * resolution_m / 2.0
    with tempfile.TemporaryDirectory() as folder:
        dem, out = Path(folder) / "dem.tif", Path(folder) / "los.tif"
        _write(dem, window, from_origin(-half, half, resolution_m, resolution_m))
        # GDAL 3.6 rounds the observer's column and row, later ones cut them off: a point in the
        # north-western quarter of the middle cell is right for both.
        aside = 0.25 * resolution_m
        observer = ["-ox", f"{-aside}", "-oy", f"{aside}", "-oz", f"{antenna_height_m}"]
        target = ["-tz", f"{receiver_height_m}", "-cc", f"{SEMI_MAJOR_M / earth_radius_m:.9f}"]
        command = ["gdal_viewshed", "-q", *observer, *target, "-om", "NORMAL", "-vv", "1", "-iv", "0"]
        seconds, wall = _net_of_start(
            [*command, "-ov", "0", "-md", f"{2 * resolution_m}", str(dem), str(out)],
            [*command, "-ov", "0", "-md", f"{radius_m}", str(dem), str(out)],
            31,
            folder,
        )
        with rasterio.open(out) as result:
            los = result.read(1) == 1
    said = subprocess.run(["gdal_viewshed", "--version"], capture_output=True, text=True, check=False)
    return PeerResult(
        name="gdal_viewshed",
        version=said.stdout.split(",")[0].removeprefix("GDAL "),
        model="line of sight",
        receivers=int(near.sum()),
        seconds=seconds,
        wall_seconds=wall,
        threads=max(1, round(seconds / wall)),
        note="no loss; less start-up, with reading and writing of the window",
        los=los & near,
    )


def xarray_spatial(
    heights,
    resolution_m,
    cell,
    antenna_height_m,
    receiver_height_m,
    radius_m,
    earth_radius_m,
    frequency_mhz,
):
    """Line of sight by xarray-spatial's ``viewshed`` (the sweep of GRASS r.viewshed, compiled by Numba).

    Time is one call on the whole square window after a call on a small one has compiled everything. It
    knows no curvature: the ground is lowered by d² / (2 ae) beforehand, outside the time.
    """
    library = _module("xrspatial")
    if library is None:
        return None
    xarray = importlib.import_module("xarray")
    window, near = _window(heights, resolution_m, cell, radius_m)
    n = len(window) // 2
    bulge = _distance(n, resolution_m) ** 2 / (2.0 * earth_radius_m)
    along = np.arange(-n, n + 1) * float(resolution_m)
    surface = xarray.DataArray(
        window.astype(np.float64) - bulge, coords={"y": -along, "x": along}, dims=("y", "x")
    )
    heights_above = {"observer_elev": float(antenna_height_m), "target_elev": float(receiver_height_m)}
    small = surface[n - 8 : n + 9, n - 8 : n + 9].copy()
    library.viewshed(small, x=0.0, y=0.0, **heights_above)
    seen, seconds, wall = _timed(lambda: library.viewshed(surface, x=0.0, y=0.0, **heights_above))
    return PeerResult(
        name="xarray-spatial",
        version=importlib.metadata.version("xarray-spatial"),
        model="line of sight",
        receivers=window.size,
        seconds=seconds,
        wall_seconds=wall,
        threads=1,
        note="no loss; calculates and counts the corners of the square too; curvature put in by us",
        los=(seen.to_numpy() >= 0.0) & near,
    )


def splat(
    heights,
    resolution_m,
    cell,
    antenna_height_m,
    receiver_height_m,
    radius_m,
    earth_radius_m,
    frequency_mhz,
):
    """Path loss by SPLAT! HD, Longley-Rice ITM (``-L``, ``-olditm``), 1 arc-second.

    Time is what a run takes more than a run with a radius of 100 m, median of 3 pairs: that takes out the
    tile, the picture, and the rays, which SPLAT! draws to the edge of the tile whatever the radius.
    Receivers are the lines of the table of another run, not timed. The window is warped to 1 arc-second
    and whole metres, as SPLAT! wants it; its surface refractivity is the one that has the Earth radius.
    """
    if shutil.which("splat-hd") is None or shutil.which("srtm2sdf-hd") is None:
        return None
    window, _ = _window(heights, resolution_m, cell, radius_m)
    with tempfile.TemporaryDirectory() as folder:
        _write_tile(Path(folder) / "N00W119.hgt", window, resolution_m)
        subprocess.run(["srtm2sdf-hd", "N00W119.hgt"], cwd=folder, capture_output=True, check=True)
        (Path(folder) / "tx.qth").write_text(f"tx\n0.5\n118.5\n{antenna_height_m}m\n")
        refractivity = _surface_refractivity(earth_radius_m)
        radio = (15.0, 0.005, f"{refractivity:.2f}", frequency_mhz, 5, 1, 0.5, 0.5, 0)
        (Path(folder) / "tx.lrp").write_text("".join(f"{value}\n" for value in radio))
        command = ["splat-hd", "-t", "tx.qth", "-L", f"{receiver_height_m}", "-metric", "-olditm", "-N"]
        command += ["-d", ".", "-m", f"{earth_radius_m / MEAN_RADIUS_M:.5f}", "-o", "map.ppm", "-R"]
        reach = f"{radius_m / 1000.0:.3f}"
        said = _cpu_run([*command, reach, "-ano", "loss.txt"], folder)[2]
        seconds, wall = _net_of_start([*command, "0.1"], [*command, reach], 3, folder)
        table = (Path(folder) / "loss.txt").read_text().splitlines()
    return PeerResult(
        name="SPLAT! HD",
        version=said.split(" v", 1)[1].split()[0],
        model="Longley-Rice ITM",
        receivers=sum(line.count(",") == 4 for line in table),
        seconds=seconds,
        wall_seconds=wall,
        threads=1,
        note="1 arc-second and whole metres; less start-up, tile, picture and the drawing of the rays",
        los=None,
    )


def pycraf(
    heights,
    resolution_m,
    cell,
    antenna_height_m,
    receiver_height_m,
    radius_m,
    earth_radius_m,
    frequency_mhz,
):
    """Path loss by pycraf's ``atten_map_fast``: P.452-16 with delta-Bullington, compiled by Cython.

    Time is that one call, one thread. The radial profiles it walks, which pycraf would make of SRTM tiles,
    are sampled from the array beforehand, outside the time, one point a cell (pycraf itself takes three).
    Receivers nearer than 4 points are not calculated; they are not counted, and are in sight.
    """
    pathprof = _module("pycraf.pathprof", "pycraf")
    if pathprof is None:
        return None
    units = importlib.import_module("astropy.units")
    window, near = _window(heights, resolution_m, cell, radius_m)
    maps = _pycraf_maps(pathprof.cyprop, window, near, resolution_m, earth_radius_m)
    pathprof.cyprop.set_num_threads(1)
    case = (
        frequency_mhz / 1000.0 * units.GHz,
        288.15 * units.K,
        1013.25 * units.hPa,
        antenna_height_m * units.m,
        receiver_height_m * units.m,
        50 * units.percent,
    )
    loss, seconds, wall = _timed(lambda: pathprof.atten_map_fast(*case, maps))
    return PeerResult(
        name="pycraf",
        version=importlib.metadata.version("pycraf"),
        model="P.452-16",
        receivers=int((maps["dist_end_idx_map"] >= 4).sum()),
        seconds=seconds,
        wall_seconds=wall,
        threads=1,
        note="profiles sampled beforehand, not in the time; with troposcatter and ducting",
        los=(loss["path_type"] == 0) & near,
    )


def itmlogic(
    heights,
    resolution_m,
    cell,
    antenna_height_m,
    receiver_height_m,
    radius_m,
    earth_radius_m,
    frequency_mhz,
):
    """Path loss by itmlogic, Longley-Rice ITM point to point in plain Python, on 200 drawn receivers.

    Time is the model alone on ready profiles, one point a cell; drawing and sampling them is outside it.
    """
    if _module("itmlogic") is None:
        return None
    prepare = importlib.import_module("itmlogic.preparatory_subroutines.qlrpfl").qlrpfl
    quantile = importlib.import_module("itmlogic.statistics.avar").avar
    window, near = _window(heights, resolution_m, cell, radius_m)
    profiles = _drawn_profiles(window, near, resolution_m)
    paths = [
        _itm_path(profile, step, (antenna_height_m, receiver_height_m), earth_radius_m, frequency_mhz)
        for profile, step in profiles
    ]

    def run():
        return [quantile(0, 0, 0, prepare(path))[0] for path in paths]

    _, seconds, wall = _timed(run)
    return PeerResult(
        name="itmlogic",
        version=importlib.metadata.version("itmlogic"),
        model="Longley-Rice ITM",
        receivers=len(paths),
        seconds=seconds,
        wall_seconds=wall,
        threads=1,
        note=f"{len(paths)} receivers drawn over the disc, profiles sampled beforehand",
        los=None,
    )


PEERS = {
    "gdal_viewshed": gdal_viewshed,
    "xarray-spatial": xarray_spatial,
    "SPLAT! HD": splat,
    "pycraf": pycraf,
    "itmlogic": itmlogic,
}


def _module(name, package=None):
    """Import a library, or None where its package is not installed; its deprecations are its own."""
    if importlib.util.find_spec(package or name) is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def _distance(n, resolution_m):
    """Distance from the middle of a square of 2 n + 1 cells [m]."""
    along = np.arange(-n, n + 1) * float(resolution_m)
    return np.hypot(along[:, None], along[None, :])


def _window(heights, resolution_m, cell, radius_m):
    """Square of cells round the transmitter, and which of them are within the radius."""
    n, (row, column) = int(radius_m // resolution_m), cell
    if min(row, column, heights.shape[0] - 1 - row, heights.shape[1] - 1 - column) < n:
        raise ValueError(f"{n} cells are needed on every side of {cell}, the array is {heights.shape}")
    window = heights[row - n : row + n + 1, column - n : column + n + 1]
    return np.ascontiguousarray(window), _distance(n, resolution_m) <= radius_m


def _timed(call):
    """Result, CPU time and wall time of a call [s]."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def _cpu_run(command, folder):
    """CPU time and wall time of a program [s], and what it said."""
    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=True)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, wall, done.stdout


def _net_of_start(start, whole, times, folder):
    """CPU and wall time that ``whole`` takes more than ``start`` before it, median of pairs [s]."""
    pairs = [[_cpu_run(command, folder)[:2] for command in (start, whole)] for _ in range(times)]
    return tuple(np.median(np.diff(pairs, axis=1)[:, 0], axis=0).tolist())


def _write(path, window, transform):
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=len(window),
        width=len(window[0]),
        count=1,
        dtype="float32",
        crs=GRID_CRS,
        transform=transform,
    ) as raster:
        raster.write(window.astype(np.float32), 1)


def _write_tile(path, window, resolution_m):
    """The window in the middle of a 1 arc-second SRTM tile, sea round it."""
    half, second = window.shape[0] * resolution_m / 2.0, 1.0 / 3600.0
    tile = np.zeros((3601, 3601), dtype=np.float32)
    reproject(
        window.astype(np.float32),
        tile,
        src_transform=from_origin(-half, half, resolution_m, resolution_m),
        src_crs=GRID_CRS,
        dst_transform=from_origin(-119.0 - second / 2.0, 1.0 + second / 2.0, second, second),
        dst_crs="EPSG:4326",
        resampling=Resampling.bilinear,
        init_dest_nodata=False,
    )
    np.rint(tile).astype(">i2").tofile(path)


def _surface_refractivity(earth_radius_m):
    """Surface refractivity whose effective Earth radius this is, ITM's relation [N-units]."""
    return 179.3 * math.log((1.0 - 1.0 / (157e-9 * earth_radius_m)) / 0.04665)


def _pycraf_maps(cyprop, window, near, resolution_m, earth_radius_m):
    """What pycraf's ``height_map_data`` returns, from an array: radials, and which of them ends at a cell."""
    n, step = len(window) // 2, float(resolution_m)
    radials, reach = round(4.0 * math.pi * n), math.ceil(n * math.sqrt(2.0)) + 1
    bearing = np.arange(radials) * 2.0 * np.pi / radials
    out = np.arange(reach)
    rows, columns = n - np.outer(np.cos(bearing), out), n + np.outer(np.sin(bearing), out)
    profiles = map_coordinates(window.astype(np.float64), [rows, columns], order=1, mode="nearest")
    south, east = np.mgrid[-n : n + 1, -n : n + 1]
    nearest = np.rint(np.arctan2(east, -south) / (2.0 * np.pi) * radials).astype(np.int32) % radials
    last = np.where(near, np.rint(np.hypot(south, east)), 0).astype(np.int32)
    distance = last * step / 1000.0
    delta_n = 157.0 * (1.0 - MEAN_RADIUS_M / earth_radius_m)
    beta0 = cyprop.beta_from_DN_N0(34.0, delta_n, 325.0, distance.max(), distance.max())
    maps = {
        name: np.full(near.shape, value)
        for name, value in (
            ("delta_N_map", delta_n),
            ("beta0_map", beta0),
            ("N0_map", 325.0),
            ("d_ct_map", 5e4),
            ("d_cr_map", 5e4),
            ("omega_map", 0.0),
            ("zone_t_map", np.int32(-1)),
            ("zone_r_map", np.int32(-1)),
        )
    }
    return maps | {
        "lon_t": 0.0,
        "lat_t": 34.0,
        "hprof_step": step,
        "xcoords": np.arange(-n, n + 1) * 1e-4,
        "ycoords": 34.0 + np.arange(-n, n + 1) * 1e-4,
        "dist_prof": out * step / 1000.0,
        "height_profs": profiles,
        "zheight_prof": np.zeros(reach),
        "path_idx_map": nearest,
        "dist_end_idx_map": last,
        "dist_map": distance,
        "d_tm_map": distance,
        "d_lm_map": distance,
    }


def _drawn_profiles(window, near, resolution_m):
    """Profiles to receivers drawn over the disc, 5 cells away and more, and their steps [m]."""
    n = len(window) // 2
    rows, columns = np.nonzero(near & (_distance(n, resolution_m) >= 5 * resolution_m))
    profiles = []
    for pick in np.random.default_rng(SEED).choice(len(rows), min(SAMPLE, len(rows)), replace=False):
        cells = math.hypot(rows[pick] - n, columns[pick] - n)
        points = math.ceil(cells) + 1
        at = [np.linspace(n, rows[pick], points), np.linspace(n, columns[pick], points)]
        profile = map_coordinates(window.astype(np.float64), at, order=1)
        profiles.append((profile, cells * resolution_m / (points - 1)))
    return profiles


def _itm_path(profile, step_m, antennas_m, earth_radius_m, frequency_mhz):
    """Input of itmlogic for a profile: average ground, continental temperate, vertical polarization."""
    wave = frequency_mhz / 47.7
    ground = complex(15.0, 376.62 * 0.005 / wave)
    return {
        "hg": list(antennas_m),
        "pfl": [len(profile) - 1, step_m, *profile.tolist()],
        "wn": wave,
        "zgnd": (ground - 1.0) ** 0.5 / ground,
        "ens": _surface_refractivity(earth_radius_m),
        "gme": 1.0 / earth_radius_m,
        "kwx": 0,
        "lvar": 5,
        "klim": 5,
        "klimx": 0,
        "mdvarx": 11,
    }
