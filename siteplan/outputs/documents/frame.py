"""Where a printed map lies on its sheet and in the world, and the lines and pictures cut to it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import shapely
from PIL import Image

from siteplan.outputs import palette
from siteplan.planning.proposal import Proposal

Paper = Literal["A0", "A1"]
_ROADS = {"motorway": 1.4, "trunk": 1.1, "primary": 0.8, "secondary": 0.45}
"""Classes of roads that are drawn, and how wide [mm]."""


@dataclass(frozen=True)
class Frame:
    """Where the map lies on the sheet and in the world.

    Attributes
    ----------
    paper
        Size of the sheet.
    width, height
        Of the sheet [mm].
    map_width, map_height
        Of the map [mm].
    west, north
        Of its upper left corner [m].
    metres
        On the ground for a millimetre.
    listed
        Places the list below the map has room for.
    """

    paper: Paper
    width: float
    height: float
    map_width: float
    map_height: float
    west: float
    north: float
    metres: float
    listed: int = 0

    def at(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Millimetres right and down of the map's corner."""
        return (x - self.west) / self.metres, (self.north - y) / self.metres


def cropped(
    picture: Image.Image,
    corner: tuple[float, float],
    pixel_m: float,
    frame: Frame,
    per_mm: float,
    resample: Image.Resampling,
) -> Image.Image:
    """The part of a picture that lies under a map.

    Parameters
    ----------
    picture
        Of some area, north up.
    corner
        West and north of its upper left corner [m].
    pixel_m
        Edge of a pixel [m].
    frame
        Of the map.
    per_mm
        Pixels of the result a millimetre.
    resample
        How pixels are taken.

    Returns
    -------
    Image
        In the colour of paper where the picture does not reach.
    """
    size = round(frame.map_width * per_mm), round(frame.map_height * per_mm)
    step = frame.metres / per_mm / pixel_m
    left, top = (frame.west - corner[0]) / pixel_m, (corner[1] - frame.north) / pixel_m
    affine = (step, 0.0, left, 0.0, step, top)
    return picture.transform(size, Image.Transform.AFFINE, affine, resample=resample, fillcolor=palette.PAPER)


def packed(picture: Image.Image, form: Literal["jpeg", "png"], colours: int = 160) -> bytes:
    """A picture as a small file: a photograph as JPEG, flat colours as PNG of a few.

    Parameters
    ----------
    picture
        Red, green and blue.
    form
        Kind of the file.
    colours
        Of a PNG.
    """
    target = io.BytesIO()
    if form == "jpeg":
        picture.save(target, "jpeg", quality=82, optimize=True)
    else:
        picture.quantize(colours, Image.Quantize.FASTOCTREE).save(target, "png", compress_level=6)
    return target.getvalue()


def svg_lines(
    proposal: Proposal, frame: Frame, county_id: str = "", *, scale: float = 1.0, minor: bool = False
) -> bytes:
    """Roads and borders as vectors over a frame.

    Parameters
    ----------
    proposal
        Whose area it is.
    frame
        Where the map lies.
    county_id
        County whose border is drawn strongly; "" for none.
    scale
        Widths of the lines are multiplied by it.
    minor
        Whether roads of every class are drawn.
    """
    width, height = frame.map_width, frame.map_height
    east, south = frame.west + width * frame.metres, frame.north - height * frame.metres
    parts, counties = [], proposal.area.counties
    roads = proposal.area.roads
    if roads is not None and len(roads):
        near = roads.cx[frame.west : east, south : frame.north]
        if minor:
            others = near.loc[~near["highway"].isin(list(_ROADS)), "geometry"]
            parts.append(_path(others, frame, "#d9c48e", 0.5 * scale))
        for kind, wide in _ROADS.items():
            parts.append(
                _path(near.loc[near["highway"].eq(kind), "geometry"], frame, "#c9a24a", wide * scale)
            )
    parts.append(_path(counties.boundary, frame, palette.COUNTY_LINE, 0.7 * scale))
    if county_id:
        own = counties[counties["county_id"].eq(county_id)]
        parts.append(_path(own.boundary, frame, palette.COUNTY_LINE, 1.8 * scale))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" '
        f'viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    ).encode()


def _path(shapes: gpd.GeoSeries, frame: Frame, colour: str, wide: float) -> str:
    """Lines in millimetres of the map; what the sheet does not show is left out."""
    box = shapely.box(0, 0, frame.map_width, frame.map_height)
    if shapes.empty:
        return ""
    moved = shapes.affine_transform(
        [1 / frame.metres, 0, 0, -1 / frame.metres, -frame.west / frame.metres, frame.north / frame.metres]
    )
    cut = moved.simplify(0.15).intersection(box).explode(index_parts=False)
    drawn = []
    for line in cut[cut.geom_type.eq("LineString")]:
        drawn.append("M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in line.coords))
    look = f'fill="none" stroke="{colour}" stroke-width="{wide}" stroke-linejoin="round"'
    return f'<path d="{"".join(drawn)}" {look}/>'
