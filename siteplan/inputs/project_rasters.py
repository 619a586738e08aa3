"""A project's rasters: people, relief and land cover on the grids a run computes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from siteplan.core.errors import Fault, InputFaults, Severity
from siteplan.core.grid import Grid, Raster
from siteplan.inputs.files.readers import TABLE_SUFFIXES
from siteplan.inputs.land_cover import CoverEvidence, cover_faults, translated
from siteplan.inputs.people import gather, homes_of, judge
from siteplan.inputs.places.beside import people_beside
from siteplan.inputs.project_reader import ProjectReader
from siteplan.inputs.rasters import footprint_of, pixel_km2, read_codes, read_raster, read_terrain
from siteplan.inputs.zones import sums_within
from siteplan.project.input_files import Input
from siteplan.project.schema import clutter_kinds

DEM_SHARE = 0.5
"""Share of the area a DEM must cover; what it leaves open has no ground height."""
_LEAST_OPEN = 0.01
"""Share of the area beyond a population raster from which it is said."""
_JUMP_M, _JUMP_SLOPE, _MOST_JUMPS = 300.0, 6.0, 1e-3
"""A step this high (whichever is more: metres, or times the pixel) is no cliff; share that breaks a DEM."""
_STEEP, _MOST_STEEP = 1.19, 0.25
"""Slope of 50 degrees, and the share of steps above it that no relief reaches: its unit is another."""


@dataclass(frozen=True, eq=False)
class ProjectRasters:
    """Reads the rasters of a project on the grid of the whole project.

    Attributes
    ----------
    reader
        Keeps faults and the books.
    city
        Grid of the whole project.
    zones
        County of each of its pixels, 0 outside all of them.
    codes
        Land cover as read, in WorldCover's codes, until it is checked.
    """

    reader: ProjectReader
    city: Grid
    zones: NDArray[np.integer]
    codes: list[Raster] = field(default_factory=list)

    def _given(self, name: str) -> tuple[Input, Path] | None:
        given = getattr(self.reader.config.inputs, name)
        return None if given is None else (given, self.reader.path_of(given))

    def _read(self, name: str, path: Path, unit: str, given: Input) -> Raster:
        raster, faults = read_raster(name, path, self.city, unit, given)
        self.reader.faults += faults
        return raster

    def people(
        self, counties: gpd.GeoDataFrame, villages: gpd.GeoDataFrame | None, areas: gpd.GeoDataFrame | None
    ) -> Raster | None:
        """Residents by pixel, once their sum has been held against what else is known of them."""
        entry = self._given("population")
        if entry is None:
            return None
        given, path = entry
        if path.suffix.lower() in TABLE_SUFFIXES:
            return self.reader.people_points(given, self.city)
        raster = self._read("population", path, "people", given)
        unit, faults = self._judged(raster, path, given, counties, villages, areas)
        self.reader.faults += [*faults, *self._partly(path, given)]
        if villages is not None and "settled_by" in villages:
            placed = villages[villages["settled_by"].eq("table") & villages.geometry.geom_type.eq("Point")]
            self.reader.faults += people_beside(path.name, raster, placed)
        if unit:
            raster, _ = read_raster(
                "population", path, self.city, "people", given.model_copy(update={"unit": unit})
            )
        self.reader.note("population", path, 0, 0, given)
        return raster

    def _judged(
        self,
        raster: Raster,
        path: Path,
        given: Input,
        counties: gpd.GeoDataFrame,
        villages: gpd.GeoDataFrame | None,
        areas: gpd.GeoDataFrame | None,
    ) -> tuple[str, list[Fault]]:
        inside = np.where(self.zones > 0, raster.values, 0.0)
        here = Raster(np.nan_to_num(inside, nan=0.0), self.city, "population", "people")
        in_counties, _ = sums_within(counties.geometry, here)
        in_villages = None if areas is None else sums_within(areas.geometry, here)[0]
        homes = homes_of(villages, counties, in_villages, in_counties)
        area_km2 = float((self.zones > 0).sum()) * (self.city.resolution_m / 1000.0) ** 2
        size = pixel_km2(path, self.city, given.crs)
        return judge(gather(path.name, given.unit, size, here, homes, area_km2))

    def _partly(self, path: Path, given: Input) -> list[Fault]:
        """How much of the area a population raster does not reach."""
        reach = footprint_of(path, self.city, given.crs)
        inside = np.column_stack(self.city.centre(*np.nonzero(self.zones > 0)))
        out = ~shapely.contains_xy(reach, inside[:, 0], inside[:, 1])
        if out.mean() <= _LEAST_OPEN:
            return []
        values: dict[str, object] = {"share": f"{out.mean():.0%}", "table": "population", "column": ""}
        return [Fault("warning", path.name, "people_partly", "people_partly_fix", values, table="population")]

    def weak(self) -> Raster | None:
        """Weight of weak spots by pixel."""
        entry = self._given("weak_raster")
        if entry is None:
            return None
        given, path = entry
        raster = self._read("weak_raster", path, "people", given)
        self.reader.note("weak_raster", path, 0, 0, given)
        return raster

    def dem(self, wanted: NDArray[np.bool_]) -> Raster | None:
        """Relief, which must cover the run's area but for some voids."""
        entry = self._given("dem")
        if entry is None:
            return None
        given, path = entry
        raster = self._read("dem", path, "m", given)
        self.reader.note("dem", path, 0, 0, given)
        share = float(np.isfinite(raster.values[wanted]).mean())
        if share < DEM_SHARE:
            values: dict[str, object] = {"share": f"{share:.1%}"}
            fatal = Fault("fatal", path.name, "dem_not_covering", "dem_not_covering_fix", values, table="dem")
            raise InputFaults([fatal])
        if share < 1.0:
            void: dict[str, object] = {"void": f"{1 - share:.2%}"}
            self.reader.faults.append(
                Fault("warning", path.name, "dem_voids", "dem_voids_fix", void, table="dem")
            )
        return raster

    def terrain(self) -> Raster | None:
        """Relief at its own resolution, once :meth:`dem` found nothing wrong with it."""
        entry = self._given("dem")
        if entry is None or self.reader.config.coverage.propagation == "empirical":
            return None
        given, path = entry
        raster = read_terrain(path, self.city, given)
        steep = steep_share(raster)
        self._warn_flat(path, raster)
        jumps = jump_count(raster)
        if jumps:
            self._warn_jumps(path, jumps, raster)
        if steep > _MOST_STEEP and not given.unit:
            values: dict[str, object] = {"share": f"{steep:.0%}", "table": "dem", "column": ""}
            raise InputFaults(
                [Fault("fatal", path.name, "heights_too_steep", "heights_too_steep_fix", values, table="dem")]
            )
        return raster

    def check_land_cover(self, places: NDArray[np.float64]) -> None:
        """Whether the legend that was read can be the file's.

        Parameters
        ----------
        places
            Eastings and northings of stations and villages [m], shape (n, 2): few of them stand in water.
        """
        entry = self._given("land_cover")
        if entry is None or not self.codes:
            return
        (read,), config = self.codes, self.reader.config
        inside = np.column_stack(self.city.centre(*np.nonzero(self.zones > 0)))
        found = CoverEvidence(np.asarray(read.values), read.grid, places, inside)
        self.reader.faults += cover_faults(found, config.land_cover, entry[1].name)

    def _warn_flat(self, path: Path, raster: Raster) -> None:
        """One height everywhere is no relief."""
        known = raster.values[np.isfinite(raster.values)]
        if known.size > 1 and float(np.ptp(known)) == 0.0:
            values: dict[str, object] = {"value": f"{known[0]:g}", "table": "dem", "column": ""}
            self.reader.faults.append(
                Fault("warning", path.name, "relief_constant", "relief_constant_fix", values, table="dem")
            )

    def _warn_jumps(self, path: Path, jumps: int, raster: Raster) -> None:
        """Steps of hundreds of metres; many of them mean that the numbers are broken."""
        share = jumps / max(raster.values.size, 1)
        severity: Severity = "fatal" if share > _MOST_JUMPS else "warning"
        values: dict[str, object] = {"count": jumps, "share": f"{share:.2%}", "table": "dem", "column": ""}
        fault = Fault(severity, path.name, "heights_jump", "heights_jump_fix", values, table="dem")
        if severity == "fatal":
            raise InputFaults([fault])
        self.reader.faults.append(fault)

    def land_cover(self, grid: Grid, built: NDArray[np.integer]) -> Raster:
        """Kind of clutter by pixel: the cover's own, and by area class where it is built-up or unknown.

        Parameters
        ----------
        grid
            Where to.
        built
            Position of each pixel's area class, which is its kind when built-up.
        """
        kinds, config = built.astype(np.uint8), self.reader.config
        entry = self._given("land_cover")
        if entry is None:
            return Raster(kinds, grid, "clutter", "kind")
        given, path = entry
        codes = translated(read_codes("land_cover", path, grid, given), given, path.name)
        self.codes.append(Raster(codes, grid, "land_cover", "code"))
        self.reader.note("land_cover", path, 0, 0, given)
        position = {kind.id: i for i, kind in enumerate(clutter_kinds(config))}
        kind_of: dict[int, int] = {}
        for cover in config.land_cover:
            if cover.height_m is not None:
                kind_of.update(dict.fromkeys(cover.codes, position[cover.id]))
        _lay(kinds, codes, kind_of)
        return Raster(kinds, grid, "clutter", "kind")


def _lay(kinds: NDArray[np.uint8], codes: NDArray[np.integer], kind_of: dict[int, int]) -> None:
    """Put the kind of each code in place of what is there, in place; one pass where codes are bytes."""
    if codes.dtype != np.uint8:
        for code, kind in kind_of.items():
            kinds[codes == code] = kind
        return
    table, own = np.zeros(256, dtype=np.uint8), np.zeros(256, dtype=bool)
    for code, kind in kind_of.items():
        if 0 <= code < len(table):
            table[code], own[code] = kind, True
    np.copyto(kinds, table[codes], where=own[codes])


def jump_count(relief: Raster) -> int:
    """Steps between neighbouring pixels that no cliff reaches."""
    limit = max(_JUMP_M, _JUMP_SLOPE * relief.grid.resolution_m)
    return sum(int((np.abs(np.diff(relief.values, axis=axis)) > limit).sum()) for axis in (0, 1))


def steep_share(relief: Raster) -> float:
    """Share of steps between neighbouring pixels steeper than 50 degrees; 0 for a flat or empty relief."""
    values = relief.values.astype(np.float32)
    steps = np.abs(np.diff(values, axis=1))
    known = np.isfinite(steps)
    count = int(known.sum())
    return float((steps[known] > _STEEP * relief.grid.resolution_m).sum() / count) if count else 0.0
