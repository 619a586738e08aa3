"""A small part of a project: what lies in a box, as a project of its own that plans in seconds.

Run: python benchmarks/cutout.py PROJECT TARGET [WEST SOUTH EAST NORTH]
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import rasterio
import shapely
from rasterio.windows import from_bounds

BOX = (438_500.0, 2_745_100.0, 456_500.0, 2_763_100.0)
"""Parts of three counties of the demo, 18 km, in its own CRS [m]."""
QUOTA = 30
_LON, _LAT = ("经度", "longitude"), ("纬度", "latitude")


def cut(project: Path, target: Path, box: tuple[float, float, float, float] = BOX) -> None:
    """Write the part of a project inside a box; inputs that are not points, areas or rasters stay away."""
    target.mkdir(parents=True)
    text = (project / "project.toml").read_text(encoding="utf-8")
    config = tomllib.loads(text)
    crs, area = config["project"]["crs"], shapely.box(*box)
    kept = {}
    for name, given in config["inputs"].items():
        path = project / given["path"]
        if path.suffix == ".tif":
            _cut_raster(path, target / path.name, box, 3_000.0 if name == "dem" else 0.0)
        elif path.suffix == ".gpkg":
            clip = name == "counties"
            if not _cut_shapes(path, given.get("layer"), target / path.name, crs, area, clip=clip):
                continue
        elif path.suffix in {".csv", ".xlsx"}:
            _cut_table(path, target / path.name, crs, area)
        else:
            continue
        kept[name] = given
    (target / "project.toml").write_text(_text(text, config, kept), encoding="utf-8")


def _cut_raster(path: Path, target: Path, box: tuple[float, float, float, float], margin_m: float) -> None:
    west, south, east, north = box
    with rasterio.open(path) as source:
        window = from_bounds(
            west - margin_m, south - margin_m, east + margin_m, north + margin_m, source.transform
        )
        window = window.round_offsets().round_lengths()
        profile = source.profile | {
            "width": int(window.width),
            "height": int(window.height),
            "transform": source.window_transform(window),
            "tiled": False,
        }
        for key in ("blockxsize", "blockysize"):
            profile.pop(key, None)
        with rasterio.open(target, "w", **profile) as written:
            written.write(source.read(window=window))


def _cut_shapes(
    path: Path, layer: str | None, target: Path, crs: str, area: shapely.Polygon, *, clip: bool
) -> bool:
    """Whether anything of a layer lies in the box and was written."""
    shapes = gpd.read_file(path, layer=layer) if layer else gpd.read_file(path)
    own = shapes.crs
    shapes = shapes.to_crs(crs)
    if clip:
        shapes = shapes.assign(geometry=shapes.intersection(area).buffer(0))
        shapes = shapes[shapes.area > 5e6]
    else:
        shapes = shapes[shapes.within(area.buffer(-100.0))]
    if not len(shapes):
        return False
    shapes.to_crs(own).to_file(target, layer=layer or path.stem)
    return True


def _cut_table(path: Path, target: Path, crs: str, area: shapely.Polygon) -> None:
    is_book = path.suffix == ".xlsx"
    sheets = pd.read_excel(path, sheet_name=None, dtype=str, engine="calamine") if is_book else {}
    sheet, frame = next(iter(sheets.items())) if is_book else ("", pd.read_csv(path, dtype=str))
    lon, lat = (
        next(name for name in frame if name in names or name.startswith(names[0])) for names in (_LON, _LAT)
    )
    x, y = (pd.to_numeric(frame[name], errors="coerce") for name in (lon, lat))
    points = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=4326).to_crs(crs)
    part = frame[points.within(area.buffer(-800.0)).to_numpy()]
    for name in (lon, lat):
        part = part.assign(**{name: pd.to_numeric(part[name], errors="coerce")})
    if is_book:
        part.to_excel(target, sheet_name=sheet, index=False)
    else:
        part.to_csv(target, index=False, encoding="utf-8-sig")


def _text(text: str, config: dict, kept: dict) -> str:  # type: ignore[type-arg]
    """The project file with the inputs that were kept and a small quota of its own."""
    tail = text[text.index("[[networks]]") :]
    head = text[: text.index("[quota]")]
    lines = [head.rstrip(), "", "[quota]", f'unit = "{config["quota"].get("unit", "site")}"', ""]
    for network in config["networks"]:
        lines += [
            "[[quota.targets]]",
            f"year = {config['project']['year']}",
            f'network = "{network["id"]}"',
            f"stations = {QUOTA}",
            "",
        ]
    for name, given in kept.items():
        lines += [f"[inputs.{name}]", *(f"{key} = {_value(value)}" for key, value in given.items()), ""]
    tail = re.sub(r"\[\[exclusions\]\].*?(?=\n\[(?!\[exclusions)|\Z)", "", tail, flags=re.DOTALL)
    return "\n".join(lines) + tail


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


if __name__ == "__main__":
    shutil.rmtree(sys.argv[2], ignore_errors=True)
    cut(Path(sys.argv[1]), Path(sys.argv[2]), tuple(map(float, sys.argv[3:7])) if sys.argv[3:] else BOX)  # type: ignore[arg-type]
