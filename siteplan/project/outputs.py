"""The project file's part on outputs: audiences and maps."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field

from siteplan.project.columns import Reader, readable
from siteplan.project.part import NotNegative, ProjectPart

MapLayer = Literal[
    "counties", "zones", "gaps", "stretches", "properties", "others", "sites", "villages", "proposed"
]
"""Layers of tables on the map; base map and coverage belong to every reader."""


LAYER_TABLES: dict[MapLayer, str] = {
    "zones": "zones",
    "gaps": "gaps",
    "stretches": "stretches",
    "properties": "properties",
    "others": "not_proposed",
    "sites": "sites",
    "villages": "village_results",
    "proposed": "proposed",
}
"""Table of the registry of columns behind each layer; counties have names only."""


class Audience(ProjectPart):
    """Who a map is for, and what it may hold: what is not named here is not in the file."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    name: str
    name_en: str = ""
    layers: tuple[MapLayer, ...]
    reader: Reader = "public"
    """Which allow-list of the registry of columns binds it; the office sees everything."""
    columns: dict[MapLayer, tuple[str, ...]] = {}
    """Columns by layer in place of the allow-list, beside those a layer cannot be drawn without."""
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

    def sees(self, layer: MapLayer) -> tuple[str, ...] | None:
        """Columns of a layer it may have, beside those it cannot be drawn without; None for all of them."""
        if layer in self.columns:
            return self.columns[layer]
        if self.reader == "office":
            return None
        return readable(LAYER_TABLES[layer], self.reader) if layer in LAYER_TABLES else ()


AUDIENCES = (
    Audience(
        id="internal",
        name="内部版",
        name_en="internal",
        reader="office",
        sensitive=True,
        watermark=False,
        layers=get_args(MapLayer),
    ),
    Audience(
        id="tower",
        name="铁塔公司版",
        name_en="tower company",
        reader="tower",
        note="仅供内部研究",
        note_en="for internal study only",
        layers=get_args(MapLayer),
    ),
    Audience(
        id="public",
        name="公开版",
        name_en="public",
        note="位置示意",
        note_en="places are approximate",
        reader="public",
        snap_m=500.0,
        returns=False,
        layers=("counties", "villages", "proposed"),
    ),
)
"""Readers a project has when it names none: the office, the tower company without owners,
and everybody without sites, places and coordinates."""


class Contact(ProjectPart):
    """Whom to call about sites; on the pages of a county or town, for every reader but the public."""

    who: str
    phone: str = ""
    county: str = ""
    """Name or code; empty for every county."""
    town: str = ""
    """Name; empty for every town."""


class Outputs(ProjectPart):
    """What is written where."""

    directory: str = "runs"
    map_gaps: Annotated[int, Field(ge=0)] = 110
    """Largest gaps that can be clicked on the map; its picture shows all, and gaps.gpkg holds them."""
    map_stretches: Annotated[int, Field(ge=0)] = 30
    """Longest uncovered stretches of roads on the map; candidates.gpkg holds all that are listed."""
    map_road_vertices: Annotated[int, Field(ge=0)] = 60_000
    """Vertices of roads drawn on the map: classes are taken from the largest down until they are used up."""
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1)] = AUDIENCES
    maps: tuple[str, ...] = ("internal", "tower")
    """Audiences a plan writes a map for when it is not told: ``map.html`` for the first of ``audiences`` (the
    office), ``map_ID.html`` for others."""
    contacts: tuple[Contact, ...] = ()
    """Whom to call, by county and town."""
    tianditu_key: str = ""
    """Key of the reader's online base map (Tianditu); only used by maps built with online tiles."""
