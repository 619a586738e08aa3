"""The project file's part on outputs: audiences and maps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from siteplan.project.part import NotNegative, Part

MapLayer = Literal["counties", "zones", "gaps", "properties", "others", "sites", "villages", "proposed"]
"""Layers of tables on the map; base map and coverage belong to every reader."""


class Audience(Part):
    """Who a map is for, and what it may hold: what is not named here is not in the file."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    name: str
    name_en: str = ""
    layers: tuple[MapLayer, ...]
    columns: dict[MapLayer, tuple[str, ...]] = {}
    """Columns by layer, beside those a layer cannot be drawn without; a layer not named here has them all."""
    snap_m: NotNegative = 0.0
    """Coordinates of sites, properties and candidates are moved to the middle of squares of this size [m]; 0
    leaves them. Search rings, footprints and ranks of pixels, which tell a place, are then left out."""
    sensitive: bool = False
    """Whether zones of rules marked sensitive are drawn and named."""
    returns: bool = True
    """Whether the page takes down statuses for a return form."""
    watermark: bool = True
    """Whether name, note, recipient and date stand across the map."""
    note: str = ""
    note_en: str = ""


_TOWER_COLUMNS: dict[MapLayer, tuple[str, ...]] = {
    "counties": (),
    "zones": ("zone", "layer", "level", "basis"),
    "gaps": ("county", "area_km2", "people", "layer", "network"),
    "properties": ("property_id", "property_name", "kind", "building_height_m", "county", "town"),
    "others": ("name", "town", "rule", "antenna_height_m"),
    "sites": ("site_id", "site_name", "county", "antenna_height_m"),
    "villages": (
        "village",
        "town",
        "county",
        "people",
        "share_before",
        "share_after",
        "networks_before",
        "networks_after",
        "serving_site_before",
        "serving_site_after",
        "choices",
    ),
    "proposed": (
        "name",
        "town",
        "village",
        "antenna_height_m",
        "ground_m",
        "longitude_gcj02",
        "latitude_gcj02",
        "people_newly_covered",
        "villages_newly_covered",
        "villages_newly_covered_names",
        "cell_radius_m",
        "search_radius_m",
        "due_date",
        "restriction",
        "alternates",
        "location_grade",
        "location_radius_m",
        "power_distance_m",
        "backhaul_distance_m",
        "reason",
    ),
}


_PUBLIC_COLUMNS: dict[MapLayer, tuple[str, ...]] = {
    "counties": (),
    "villages": ("village", "town", "county", "people", "share_before", "share_after"),
    "proposed": ("town", "village", "people_newly_covered", "villages_newly_covered"),
}


AUDIENCES = (
    Audience(
        id="internal",
        name="内部版",
        name_en="internal",
        sensitive=True,
        watermark=False,
        layers=("counties", "zones", "gaps", "properties", "others", "sites", "villages", "proposed"),
    ),
    Audience(
        id="tower",
        name="铁塔公司版",
        name_en="tower company",
        columns=_TOWER_COLUMNS,
        note="仅供内部研究",
        note_en="for internal study only",
        layers=("counties", "zones", "gaps", "properties", "others", "sites", "villages", "proposed"),
    ),
    Audience(
        id="public",
        name="公开版",
        name_en="public",
        note="位置示意",
        note_en="places are approximate",
        columns=_PUBLIC_COLUMNS,
        snap_m=500.0,
        returns=False,
        layers=("counties", "villages", "proposed"),
    ),
)
"""Readers a project has when it names none: the office, the tower company without owners and their addresses,
and everybody without sites, places and coordinates."""


class Outputs(Part):
    """What is written where."""

    directory: str = "runs"
    map_gaps: Annotated[int, Field(ge=0)] = 3000
    """Largest gaps drawn on the map; all are in gaps.gpkg."""
    map_road_vertices: Annotated[int, Field(ge=0)] = 60_000
    """Vertices of roads drawn on the map: classes are taken from the largest down until they are used up."""
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1)] = AUDIENCES
    maps: tuple[str, ...] = ("internal", "tower")
    """Audiences a plan writes a map for when it is not told: ``map.html`` for the first of ``audiences`` (the
    office), ``map_ID.html`` for others."""
    tianditu_key: str = ""
    """Key of the reader's online base map (Tianditu); only used by maps built with online tiles."""
