"""The project file's part on land: area classes, land cover, exclusion zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from siteplan.project.part import NotNegative, ProjectPart


class Rollout(ProjectPart):
    """What a network builds at a new place of an area class."""

    network: str
    bands: Annotated[tuple[str, ...], Field(min_length=1)]


class AreaClass(ProjectPart):
    """Urban, town, rural ...: what is built there and how."""

    id: str
    name: str
    antenna_height_m: Annotated[float, Field(ge=3, le=300)] = 35.0
    """Height of a new mast, or of one whose height is unknown [m]."""
    min_inter_site_distance_m: Annotated[float, Field(ge=0, le=20_000)] = 0.0
    clutter_height_m: Annotated[float, Field(ge=0, le=60)] = 10.0
    """Height of what is built there [m]; where no land cover is given, of the whole class. The default is
    ITU-R P.1812's for suburbs."""
    max_radius_m: Annotated[float, Field(ge=100, le=50_000)] = 10_000.0
    """How far a mast is followed over terrain [m]; masts still serving there are flagged."""
    rollout: tuple[Rollout, ...] = ()


class CoverClass(ProjectPart):
    """A class of land cover."""

    id: str
    name: str
    name_en: str = ""
    codes: Annotated[tuple[int, ...], Field(min_length=1)]
    """Codes of the raster."""
    height_m: Annotated[float, Field(ge=0, le=60)] | None = None
    """Height over the ground [m]; None: built-up, the area class says."""


class Exclusion(ProjectPart):
    """A rule about zones of one kind."""

    layer: str
    level: Literal["forbid", "restrict", "notify"]
    buffer_m: NotNegative = 0.0
    basis: str
    sensitive: bool = False
    """Whether zones of this kind must not be drawn or named outside the office."""


WORLD_COVER = (
    CoverClass(id="trees", name="林地", name_en="tree cover", codes=(10, 95), height_m=15.0),
    CoverClass(id="shrub", name="灌木", name_en="shrubland", codes=(20,), height_m=3.0),
    CoverClass(id="open", name="开阔地", name_en="open land", codes=(30, 40, 60, 70, 90, 100), height_m=0.0),
    CoverClass(id="built", name="建成区", name_en="built-up", codes=(50,), height_m=None),
    CoverClass(id="water", name="水体", name_en="water", codes=(80,), height_m=0.0),
)
"""Codes of ESA WorldCover with the heights of ITU-R P.1812, Table 2; 3 m for shrubs is our planning value."""


@dataclass(frozen=True)
class ClutterKind:
    """What a phone can stand in: a class of land cover, or what is built in an area class.

    Attributes
    ----------
    id
        Of the cover or area class.
    name, name_en
        For people.
    height_m
        Over the ground [m].
    built
        Whether it is built-up land.
    """

    id: str
    name: str
    name_en: str
    height_m: float
    built: bool
