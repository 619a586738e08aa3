"""What the projects of real places share: command line, map layers, workbook, relief and project file.

Nothing is fetched: each place reads one folder of the shared cases, which lie beside the repository and are
no part of it. The same data gives the same bytes every time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import rasterio
import shapely
from openpyxl import Workbook
from rasterio.windows import Window, from_bounds

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
DEM = "dem_srtm_3arcsec.tif"
DAY = "2026-11-30"
"""Reference date of the projects, and the date in every file that carries one."""
QUOTA, SMALL_QUOTA = 12, 4
DEM_MARGIN_M = 4_000.0
FRAME_MARGIN_M = 5_000.0

os.environ["OGR_CURRENT_DATE"] = f"{DAY}T00:00:00.000Z"

HEAD = """schema = "siteplan-project/1"

[project]
city = "{city}"
crs = "{crs}"
reference_date = {day}
year = 2026
attribution = "{attribution}"
language = "en"

[quota]
unit = "site"

[[quota.targets]]
year = 2026
stations = {quota}

"""
NETWORK = """
[inputs.dem]
path = "dem.tif"
surface = true

[[networks]]
id = "AT"
name = "{operator}"
aliases = {aliases}

"""
RADIO = """[[antennas]]
id = "8T"
gain_dbi = 17
horizontal_beamwidth_deg = 65
vertical_beamwidth_deg = 8
side_lobe_db = 18
front_to_back_db = 25
downtilt_deg = 5
source = "template"

[[antennas]]
id = "4T-700"
gain_dbi = 14.5
horizontal_beamwidth_deg = 65
vertical_beamwidth_deg = 14
side_lobe_db = 18
front_to_back_db = 25
downtilt_deg = 4
source = "template"

[[bands]]
id = "n28"
network = "AT"
name = "700M"
frequency_mhz = 773
indoor_loss_db = 12
aliases = ["700M", "700MHz", "N28"]
source = "template: 4x60 W, 160 RB, 14.5 dBi"
[bands.classes.rural]
models = [{ formula = "okumura_hata_suburban" }, { formula = "rma_nlos" }]
power_w = 240
resource_blocks = 160
antenna = "4T-700"
feeder_loss_db = 0.5
uplink = { resource_blocks = 12, scs_khz = 15, noise_figure_db = 3, required_sinr_db = -3.5, gain_dbi = 14.5 }

[[bands]]
id = "n78"
network = "AT"
name = "3.5G"
frequency_mhz = 3500
indoor_loss_db = 20
aliases = ["3.5G", "3500MHz", "N78"]
source = "template: 200 W, 273 RB, 8T"
[bands.classes.rural]
models = [{ formula = "rma_nlos" }]
power_w = 200
resource_blocks = 273
antenna = "8T"
feeder_loss_db = 0.5
uplink = { resource_blocks = 50, required_sinr_db = -7, gain_dbi = 17 }

[[area_classes]]
id = "rural"
name = "mountain valley"
antenna_height_m = 35
clutter_height_m = 6
max_radius_m = 8000
min_inter_site_distance_m = 500
rollout = [{ network = "AT", bands = ["n28"] }, { network = "AT", bands = ["n28", "n78"] }]

[[layers]]
id = "L1"
name = "basic coverage"
threshold_dbm = -105
scope = "any"
targets = ["residents", "villages"]
weight = 1.0
village_weight = 200

[coverage]
clutter = "profile"
default_area_class = "rural"
"""


def run(build: Callable[[Path, bool], str], needed: Iterable[Path]) -> None:
    """Build the project the command line asks for, once its data is known to be there."""
    parser = argparse.ArgumentParser(description="Build a siteplan project of a real place.")
    parser.add_argument("target", type=Path, help="project folder to write; must not exist yet")
    parser.add_argument("--small", action="store_true", help="two municipalities only")
    args = parser.parse_args()
    missing = [path for path in needed if not path.is_file()]
    if missing:
        sys.exit(f"shared data is missing, nothing was built: {missing[0]}")
    if args.target.exists():
        sys.exit(f"target exists already, nothing was built: {args.target}")
    args.target.mkdir(parents=True)
    print(f"{args.target}: {build(args.target, args.small)}")


def thin(points: Sequence[shapely.Point], distance_m: float) -> list[int]:
    """Indices of the points that lie no nearer than a distance to one kept before."""
    kept: list[int] = []
    for i, point in enumerate(points):
        if all(point.distance(points[k]) >= distance_m for k in kept):
            kept.append(i)
    return kept


def voronoi(seeds: Sequence[shapely.Point], border: shapely.Geometry) -> list[shapely.Geometry]:
    """One Voronoi cell for each seed, clipped to the border."""
    if len(seeds) == 1:
        return [border]
    frame = border.envelope.buffer(FRAME_MARGIN_M)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(seeds), extend_to=frame))
    tree = shapely.STRtree(cells)
    return [shapely.make_valid(cells[tree.query(s, "within")[0]].intersection(border)) for s in seeds]


def village_layer(
    rows: list[dict[str, object]], crs: str, number: str, prefix: str, people: str
) -> gpd.GeoDataFrame:
    """Villages with a number of their own and whole people, in the given columns."""
    villages = gpd.GeoDataFrame(rows, crs=crs)
    villages.insert(0, number, [f"{prefix}{i:03d}" for i in range(1, len(villages) + 1)])
    villages[people] = villages[people].astype("Int64")
    return villages


def village_summary(people: pd.Series) -> str:
    """How many villages there are, and what is known of their population."""
    return f"{len(people)} villages ({people.notna().sum()} with population, {people.sum()} people)"


def save_layer(shapes: gpd.GeoDataFrame, path: Path) -> None:
    """Write a GeoPackage whose one layer bears the name of the file."""
    shapes.to_file(path, layer=path.stem, engine="pyogrio")


def save_xlsx(path: Path, header: list[str], rows: Iterable[list[object]]) -> None:
    """Write a workbook whose bytes do not depend on the clock."""
    book = Workbook()
    sheet = book.active
    sheet.title = path.stem
    for row in (header, *rows):
        sheet.append(row)
    draft = path.with_suffix(".tmp")
    book.save(draft)
    _copy_undated(draft, path)
    draft.unlink()


def _copy_undated(source: Path, target: Path) -> None:
    """Copy a workbook with every time in it set to the reference date."""
    year, month, day = map(int, DAY.split("-"))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", f"{DAY}T00:00:00Z".encode(), data)
            entry = zipfile.ZipInfo(name, (year, month, day, 0, 0, 0))
            new.writestr(entry, data, zipfile.ZIP_DEFLATED)


def save_dem(source: Path, target: Path, land: gpd.GeoSeries | None = None) -> None:
    """Copy a DEM whole, or only the part around some land."""
    if land is None:
        shutil.copyfile(source, target)
        return
    bounds = land.buffer(DEM_MARGIN_M).to_crs(4326).total_bounds
    with rasterio.open(source) as dem:
        window = from_bounds(*bounds, dem.transform).round_offsets().round_lengths()
        window = window.intersection(Window(0, 0, dem.width, dem.height))
        profile = {
            "driver": "GTiff",
            "dtype": "int16",
            "nodata": dem.nodata,
            "count": 1,
            "crs": dem.crs,
            "compress": "deflate",
            "width": int(window.width),
            "height": int(window.height),
            "transform": dem.window_transform(window),
        }
        with rasterio.open(target, "w", **profile) as written:
            written.write(dem.read(window=window))


def save_project(
    target: Path,
    *,
    city: str,
    crs: str,
    attribution: str,
    inputs: str,
    operator: str,
    aliases: list[str],
    small: bool,
) -> None:
    """Write the project file around the inputs of a place."""
    quota = SMALL_QUOTA if small else QUOTA
    head = HEAD.format(city=city, crs=crs, day=DAY, attribution=attribution, quota=quota)
    network = NETWORK.format(operator=operator, aliases=json.dumps(aliases))
    (target / "project.toml").write_text(head + inputs + network + RADIO, encoding="utf-8")
