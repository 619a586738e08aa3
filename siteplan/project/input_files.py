"""The project file's part on inputs: one entry a file."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from siteplan.project.part import ProjectPart

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]


Cell = str | bool | int | float


class Input(ProjectPart):
    """One input file."""

    path: str
    layer: str = ""
    """Sheet of a workbook, layer of a vector file, number or name of a raster's band; empty: the only one."""
    unit: str = ""
    """Of a raster: what its numbers are, such as "ft" or "people/km2"; empty believes the file."""
    legend: str = ""
    """Of land cover: the product its codes are of, such as "CLCD"; empty: those of [[land_cover]]."""
    datum: Datum | Literal[""] = ""
    """Empty: points in China are tested against the names of their rows; elsewhere, and where names say
    nothing, they are taken as WGS84."""
    datum_rows: dict[str, Datum] = {}
    """Rows in another datum: ``"2-120" = "gcj02"``, on a sheet of several ``"Sheet!2-120"``."""
    crs: str = ""
    """CRS when the file has none, or the grid of its metres; empty finds the grid by trying."""
    columns: dict[str, str] = {}
    """siteplan's column name = the header in the file."""
    constants: dict[str, Cell | dt.date] = {}
    """Values for columns the file does not have."""
    where: dict[str, Cell | list[Cell]] = {}
    """Keep only rows whose column (header in the file) has one of these values."""
    encoding: str = ""
    """Of a text file; empty takes UTF-8, else GB18030 (or Windows-1252 when the text is plainly Latin)."""
    storey_height_m: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Metres a storey counts where heights are given in storeys; 0 takes 3 m and says so."""
    tenth_month: Literal["", "january", "october"] = ""
    """What a number such as 2023.1 means, which a spreadsheet shows for 2023.10 too; empty asks."""
    prefix: str = ""
    """Written before ids, so that ids of two files do not collide."""
    surface: bool = False
    """Of a DEM: its heights are those of canopy and roofs, not of the ground."""
    synthetic: bool = False


class InputFiles(ProjectPart):
    """The files of the project. Counties or villages must be there; everything else may be absent."""

    counties: Input | None = None
    villages: Input | None = None
    stations: Input | None = None
    site_plan: Input | None = None
    properties: Input | None = None
    poles: Input | None = None
    key_places: Input | None = None
    area_classes: Input | None = None
    exclusions: Input | None = None
    orders: Input | None = None
    weak_points: Input | None = None
    weak_raster: Input | None = None
    roads: Input | None = None
    railways: Input | None = None
    corridors: Input | None = None
    power_lines: Input | None = None
    hamlets: Input | None = None
    indicators: Input | None = None
    population: Input | None = None
    dem: Input | None = None
    land_cover: Input | None = None
    osm: Input | None = None
    located: Input | None = None
    """Places of doubtful addresses as a person chose them: the sheet ``siteplan check`` writes, filled in."""

    def given(self) -> dict[str, Input]:
        """The inputs that are present, by name, in declaration order."""
        pairs = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: value for name, value in pairs if value is not None}
