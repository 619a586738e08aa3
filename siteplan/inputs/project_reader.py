"""Reads a project's files one by one and collects what is wrong, so that all faults show at once.

A county name written in a row is checked against the county table, but where the
row has a position the position decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.core.errors import Fault, InputFaults, Severity
from siteplan.core.files import sha256_of
from siteplan.core.grid import Grid, Raster
from siteplan.core.progress import SILENT, Report
from siteplan.inputs.files.cells import text_of
from siteplan.inputs.files.headers import HeaderMap, match_headers, normalise
from siteplan.inputs.files.raw_table import RawTable, Wanted
from siteplan.inputs.files.readers import read_table
from siteplan.inputs.osm import OsmData, read_osm
from siteplan.inputs.places.area import counties_around
from siteplan.inputs.places.choices import read_choices
from siteplan.inputs.places.crs import nothing_left, settled
from siteplan.inputs.places.datum import to_wgs84
from siteplan.inputs.places.evidence import Evidence
from siteplan.inputs.places.gazetteer import (
    Gazetteer,
    Names,
    county_core,
    county_names,
    gazetteer_of,
    nearest_names,
    place_names,
    village_names,
)
from siteplan.inputs.places.georeferencing import NAME_COLUMNS, AddressChoice, DoubtfulAddress, Georeferencer
from siteplan.inputs.places.plausibility import overlaps
from siteplan.inputs.tables.angles import angles_of, downtilts_of
from siteplan.inputs.tables.azimuths import with_true_azimuths
from siteplan.inputs.tables.check import CheckedTable, check_table, missing_column
from siteplan.inputs.tables.networks import is_blank, network_names, network_words
from siteplan.inputs.tables.station_bands import with_bands
from siteplan.project.columns import columns_of
from siteplan.project.input_files import Input
from siteplan.project.schema import Config

T = TypeVar("T")

_SHAPE_KINDS = {
    "counties": "Polygon",
    "area_classes": "Polygon",
    "exclusions": "Polygon",
    "roads": "LineString",
    "railways": "LineString",
    "corridors": "LineString",
    "power_lines": "LineString",
}
"""Geometry a table must have to mean anything."""


@dataclass(frozen=True)
class Source:
    """One input file as it was used.

    Attributes
    ----------
    name, file, sha256
        siteplan's name, file name and content hash.
    read, rejected
        Rows; 0 for rasters.
    synthetic
        Whether the project file says it is synthetic.
    """

    name: str
    file: str
    sha256: str
    read: int
    rejected: int
    synthetic: bool


MANY_OUTSIDE = 0.1
"""Share of villages in no county from which borders are missing."""
FAR_FROM_AREA_M = 1000.0
"""A village's own point this far outside its polygon belongs to another one [m]."""


class ProjectReader:
    """One reading of one project; ``faults``, ``sources`` and rejected rows grow with each table.

    ``counties`` are those of an earlier reading, in the project's CRS.
    """

    def __init__(
        self,
        folder: Path,
        config: Config,
        counties: gpd.GeoDataFrame | None = None,
        report: Report = SILENT,
    ) -> None:
        self.folder, self.config, self.report = folder, config, report
        self.faults: list[Fault] = []
        self.sources: list[Source] = []
        self.headers: dict[str, HeaderMap] = {}
        self.raws: dict[str, RawTable] = {}
        self.evidence: dict[str, Evidence] = {}
        self.doubts: list[DoubtfulAddress] = []
        self._rejected: list[pd.DataFrame] = []
        self._counties = gpd.GeoDataFrame() if counties is None else counties
        self._villages_known: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None] | None = None
        self._places: list[Names] = []
        self._gazetteer: Gazetteer | None = None
        self._choices: dict[tuple[str, str], AddressChoice] | None = None

    def attempt(self, read: Callable[[], T]) -> T | None:
        """Run one reader; its fatal faults are kept for the end."""
        try:
            return read()
        except InputFaults as error:
            # villages are read for themselves and where counties are drawn from them: a fault is said once
            self.faults += [each for each in error.faults if each not in self.faults]
            return None

    def path_of(self, given: Input) -> Path:
        """Where an input lies that is read now, which is reported."""
        path = self.folder / given.path
        self.report.note("reading_file", file=path.name)
        return path

    def stop_if_fatal(self) -> None:
        """Raise all faults together when one of them is fatal."""
        if any(fault.severity == "fatal" for fault in self.faults):
            raise InputFaults(self.faults)

    def listed_sources(self) -> tuple[Source, ...]:
        """Files read, in the order of the project file's model."""
        order = list(type(self.config.inputs).model_fields)
        return tuple(sorted(self.sources, key=lambda source: order.index(source.name)))

    def rejected_rows(self) -> pd.DataFrame:
        """Every row left out, with what it held and why."""
        columns = ["table", "file", "sheet", "row", "column", "code", "problem", "remedy", "content"]
        if not self._rejected:
            return pd.DataFrame(columns=columns)
        return pd.concat(self._rejected, ignore_index=True)[columns]

    # --- polygons ----------------------------------------------------------------------------------

    def counties(self) -> gpd.GeoDataFrame:
        """County polygons; without them nothing can be placed, so their faults raise at once."""
        if len(self._counties):
            return self._counties
        given = self.config.inputs.counties
        if given is None:
            self._counties = self._counties_around_villages()
            return self._counties
        checked = self._checked("counties", given)
        table = self._with_shapes(checked, given)
        self._keep(checked)
        self._counties = table.sort_values("county_id").reset_index(drop=True)
        return self._counties

    def _counties_around_villages(self) -> gpd.GeoDataFrame:
        """Without borders: land within ``MARGIN_M`` of a village, split by the nearest village's county."""
        given = self.config.inputs.villages
        if given is None:
            raise InputFaults([Fault("fatal", "project.toml", "no_area", "no_area_fix")])
        checked = self._checked("villages", given)
        table = self._placed(checked, given) if checked.geometry is None else self._villages(given)[0]
        self.faults.clear()
        self.sources.clear()
        self._rejected.clear()
        return counties_around(table, self.config.project.city, self.config.project.code)

    def villages(self) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
        """Village points and, when the file has polygons, village areas."""
        given = self.config.inputs.villages
        read = None if given is None else self.attempt(lambda: self._villages(given))
        self._villages_known = read
        return read or (None, None)

    def _villages(self, given: Input) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame | None]:
        raw = _joined_parts(self._read("villages", given), given)
        checked = _with_sound_shapes(check_table(raw, given, "villages")).require_most()
        polygons = checked.geometry is not None and checked.geometry.geom_type.str.contains("Polygon").any()
        if not polygons:
            return self._placed(checked, given), None
        table = self._with_shapes(checked, given).assign(record=checked.rows)
        areas = table[["village_id", "geometry"]].copy()
        points = table.geometry.representative_point()
        table = table.assign(settled_by="interior")
        if "county" in checked.frame:
            table = table.assign(stated_county=checked.frame["county"].to_numpy(dtype=object))
        if {"longitude", "latitude"} <= set(checked.frame.columns):
            plain_table = replace(checked, geometry=None)
            given_points = self._own_points(checked, self.placer().coordinates(plain_table, given), table)
            points = points.where(given_points.isna().to_numpy(), given_points.to_numpy())
            table = table.assign(settled_by=np.where(given_points.isna(), "interior", "table"))
        table = table.set_geometry(gpd.GeoSeries(points, crs=self.config.project.crs))
        self._keep(checked)
        self.faults += overlaps(checked.raw.file, table["village"], areas.geometry)
        order = table.sort_values("village_id").index
        return table.loc[order].reset_index(drop=True), areas.loc[order].reset_index(drop=True)

    def _own_points(
        self, checked: CheckedTable, points: gpd.GeoSeries, areas: gpd.GeoDataFrame
    ) -> gpd.GeoSeries:
        """Coordinates of the table that lie in or near their polygon; the others are doubted and left."""
        away = shapely.distance(points.to_numpy(), areas.geometry.to_numpy())
        far = np.flatnonzero(np.nan_to_num(away, nan=0.0) > FAR_FROM_AREA_M)
        names = areas["village"].astype(str).to_numpy()
        self.faults += [
            checked.raw.fault(
                "warning",
                "point_outside_area",
                int(checked.rows[i]),
                "longitude/latitude",
                value=names[i],
                distance=f"{away[i] / 1000:.1f}",
            )
            for i in far
        ]
        kept = points.to_numpy().copy()
        kept[far] = None
        return gpd.GeoSeries(kept, crs=points.crs)

    def _other_county(self, villages: gpd.GeoDataFrame, file: str) -> list[Fault]:
        """Villages that lie in another county than their row states."""
        if "stated_county" not in villages:
            return []
        city = self.config.project.city
        stated = villages["stated_county"].map(lambda name: county_core(name, city))
        real = villages["county"].map(lambda name: county_core(name, city))
        known = {county_core(name, city) for name in self._counties["county"]}
        wrong = villages[stated.isin(known) & stated.ne(real)]
        if wrong.empty:
            return []
        names = tuple(wrong["village"].astype(str).iloc[:10]) + ("…",) * (len(wrong) > 10)
        values: dict[str, object] = {"count": len(wrong), "found": names, "table": "villages", "column": ""}
        return [
            Fault("warning", file, "villages_elsewhere", "villages_elsewhere_fix", values, table="villages")
        ]

    def settled(self, villages: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None) -> None:
        """Villages as they were settled: names of other tables are held against these places."""
        self._villages_known = (villages, areas)
        self._gazetteer = None

    def inside_only(
        self, villages: gpd.GeoDataFrame | None, areas: gpd.GeoDataFrame | None
    ) -> tuple[gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
        """Villages whose pixel lies in a county; the others are named, not dropped in silence."""
        if villages is None:
            return None, areas
        outside = villages["county_id"].eq("").to_numpy()
        file = Path(self.config.inputs.villages.path).name if self.config.inputs.villages else ""
        for i in np.flatnonzero(outside):
            point = villages.geometry.iloc[i]
            values: dict[str, object] = {
                "value": f"{villages['village'].iloc[i]} ({point.x:.0f}, {point.y:.0f} m)"
            }
            fault = Fault("warning", file, "village_outside", "village_outside_fix", values, table="villages")
            self.faults.append(fault)
        self.faults += self._other_county(villages[~outside], file)
        if len(villages) >= 5 and outside.mean() > MANY_OUTSIDE and self.config.inputs.counties is not None:
            values = {"count": int(outside.sum()), "total": len(villages), "table": "counties", "column": ""}
            border = Path(self.config.inputs.counties.path).name
            self.faults.append(
                Fault("warning", border, "counties_short", "counties_short_fix", values, table="counties")
            )
        kept = villages[~outside].reset_index(drop=True)
        if kept.empty and len(villages):
            self.faults += nothing_left("villages", file, len(villages)).faults
        return kept, None if areas is None else areas[~outside].reset_index(drop=True)

    def zones(self, name: str) -> gpd.GeoDataFrame | None:
        """Area classes or exclusion zones."""
        given = getattr(self.config.inputs, name)
        if given is None:
            return None
        checked = self._checked(name, given)
        if name == "exclusions" and checked.geometry is None:
            table = self._placed(self._with_radius(checked), given)
            return table.set_geometry(table.geometry.buffer(table["radius_m"]))
        if name == "area_classes":
            known = {each.id: each.id for each in self.config.area_classes}
            known |= {normalise(each.name): each.id for each in self.config.area_classes}
            checked = self._translated(checked, "area_class", known, "unknown_class")
        table = self._with_shapes(checked, given)
        self._keep(checked)
        return table

    def _with_radius(self, checked: CheckedTable) -> CheckedTable:
        """A zone given as a point needs a radius; without one it would forbid nothing."""
        if "radius_m" not in checked.frame:
            headers = [str(name) for name in checked.raw.frame.columns]
            raise InputFaults([missing_column(checked.raw, "radius_m", headers, ("半径(米)", "radius"))])
        return _rejecting_blank(checked, "radius_m", checked.frame["radius_m"].isna())

    def _with_shapes(self, checked: CheckedTable, given: Input) -> gpd.GeoDataFrame:
        if checked.geometry is None:
            raise InputFaults([checked.raw.fault("fatal", "no_geometry")])
        wanted = _SHAPE_KINDS.get(checked.raw.name)
        kinds = set(checked.geometry.dropna().geom_type)
        if wanted and not any(wanted in kind for kind in kinds):
            found = tuple(sorted(kinds))
            raise InputFaults([checked.raw.fault("fatal", "wrong_shape", value=wanted, found=found)])
        shapes, notes = self._in_crs(checked, given)
        self.faults += notes
        if given.datum in ("gcj02", "bd09"):
            shapes = _shifted(shapes, given.datum)
        shapes = shapes.to_crs(self.config.project.crs)
        lost = ~np.isfinite(shapes.bounds.to_numpy()).all(axis=1) & shapes.notna().to_numpy()
        if lost.any():
            raise InputFaults([*checked.faults, _lost_fault(checked, lost)])
        invalid = np.flatnonzero(~shapes.is_valid.to_numpy() & shapes.notna().to_numpy())
        if invalid.size:
            rows = tuple(checked.raw.label_of(int(checked.rows[i])) for i in invalid[:10])
            record = int(checked.rows[invalid[0]])
            self.faults.append(
                checked.raw.fault("warning", "shapes_mended", record, count=len(invalid), found=rows)
            )
        shapes = shapes.make_valid()
        if wanted == "Polygon":
            shapes = gpd.GeoSeries([_polygons_of(shape) for shape in shapes], crs=self.config.project.crs)
        return gpd.GeoDataFrame(checked.frame, geometry=shapes, crs=self.config.project.crs)

    # --- points ------------------------------------------------------------------------------------

    def points(self, name: str) -> gpd.GeoDataFrame | None:
        """A table of places with coordinates."""
        given = getattr(self.config.inputs, name)
        if given is None:
            return None
        table = self._placed(self._checked(name, given), given)
        self.knows(name, table)
        return table

    def knows(self, name: str, table: gpd.GeoDataFrame) -> None:
        """Let later tables be tested and located by the names of this one."""
        column = NAME_COLUMNS.get(name, "")
        if column in table and not self._counties.empty:
            own = table[table["location_grade"].eq("")] if "location_grade" in table else table
            self._places.append(place_names(own, column, self._counties))
            self._gazetteer = None

    def stations(self) -> gpd.GeoDataFrame | None:
        """Stations with network and band as ids of the project file."""
        given = self.config.inputs.stations
        if given is None:
            return None
        raw = self._read("stations", given)
        completed = self._with_only_choice(raw, given)
        checked = check_table(raw, completed, "stations").require_most()
        frame = checked.frame
        if "site_id" not in frame:
            frame = frame.assign(site_id=frame["station_id"])
        frame = frame.assign(site_id=frame["site_id"].fillna(frame["station_id"]))
        checked = with_true_azimuths(self._with_downtilts(replace(checked, frame=frame)))
        checked = with_bands(checked, self.config)
        self._check_rs_power(checked)
        table = self._placed(checked, given)
        self.knows("stations", table.drop_duplicates("site_id"))
        return table

    def _check_rs_power(self, checked: CheckedTable) -> None:
        """RS power counts only where the band's antenna gives a gain to add."""
        if "rs_power_dbm" not in checked.frame:
            return
        with_power = set(checked.frame.loc[checked.frame["rs_power_dbm"].notna(), "band"])
        for band in self.config.bands:
            if band.id in with_power and not all(each.antenna for each in band.classes.values()):
                self.faults.append(
                    checked.raw.fault("warning", "no_antenna_gain", None, "rs_power_dbm", band=band.id)
                )

    def _with_downtilts(self, checked: CheckedTable) -> CheckedTable:
        """One downtilt for every azimuth; where their numbers differ the downtilts are left out."""
        if "azimuth_deg" not in checked.frame:
            return checked
        tilts = downtilts_of(checked.frame)
        counts = [
            [len(angles_of(cell) or ()) for cell in cells] for cells in (checked.frame["azimuth_deg"], tilts)
        ]
        odd = [i for i, (a, t) in enumerate(zip(*counts, strict=True)) if a and t not in (0, 1, a)]
        faults = [
            checked.raw.fault(
                "warning",
                "angles_differ",
                int(checked.rows[i]),
                "downtilt_deg",
                azimuths=counts[0][i],
                tilts=counts[1][i],
            )
            for i in odd
        ]
        tilts.iloc[odd] = ""
        frame = checked.frame.assign(downtilt_deg=tilts.to_numpy())
        return replace(checked, frame=frame, faults=(*checked.faults, *faults))

    def _with_only_choice(self, raw: RawTable, given: Input) -> Input:
        """Where the project has one network or band only, a table need not name it."""
        found = match_headers(raw.headers, columns_of("stations"), given.columns)
        taken, ambiguous = found.taken, found.ambiguous
        constants = dict(given.constants)
        for column, choices in (("network", self.config.networks), ("band", self.config.bands)):
            named = column in taken or column in ambiguous or column in given.columns
            if len(choices) == 1 and not named:
                constants.setdefault(column, choices[0].id)
        return given.model_copy(update={"constants": constants})

    def _translated(
        self, checked: CheckedTable, column: str, known: dict[str, str], problem: str
    ) -> CheckedTable:
        forms = checked.frame[column].map(normalise)
        ids = forms.map(known)
        header = column
        found = tuple(dict.fromkeys(known.values()))
        faults = [
            checked.raw.fault(
                "rejected",
                problem,
                int(checked.rows[i]),
                header,
                value=checked.frame[column].iloc[i],
                found=found,
            )
            for i in np.flatnonzero(ids.isna().to_numpy())
        ]
        whole = replace(checked, frame=checked.frame.assign(**{column: ids}))
        return whole.rejecting(ids.isna().to_numpy(), faults)

    def _placed(self, checked: CheckedTable, given: Input) -> gpd.GeoDataFrame:
        """Give every record a point in the project CRS, or reject it; the table is kept in the books."""
        placed = self.placer().place(self._pointed(_points_only(checked), given), given)
        checked, points = placed.checked.require_most(), placed.points
        if placed.evidence is not None:
            self.evidence[checked.raw.name] = placed.evidence
        self.doubts += placed.doubts
        self._keep(checked)
        told = {"record": checked.rows}
        if "county" in checked.frame:
            told["stated_county"] = checked.frame["county"].to_numpy(dtype=object)
        frame = checked.frame.assign(**told)
        table = gpd.GeoDataFrame(frame, geometry=points, crs=self.config.project.crs)
        self._check_county_names(checked)
        self._check_networks(checked)
        id_name = str(table.columns[0])
        return table.sort_values(id_name, kind="stable").reset_index(drop=True)

    def measurements(self, given: Input) -> CheckedTable:
        """Rows of measurements in the order of the file; counties must be known.

        Measurements are no input of a plan: they may stand anywhere and are not in its books.
        """
        wanted = Wanted("measurements", given.layer, given.encoding, given.columns)
        raw = read_table(wanted, Path(given.path))
        return self._pointed(check_table(raw, given, "measurements"), given)

    def measured_points(
        self, checked: CheckedTable, given: Input
    ) -> tuple[gpd.GeoDataFrame, tuple[Fault, ...]]:
        """Points of such rows, or of a piece of them, with ``row``; and what was wrong with the others."""
        placed = self.placer().place(checked, given)
        frame = placed.checked.frame.assign(row=placed.checked.rows)
        table = gpd.GeoDataFrame(frame, geometry=placed.points, crs=self.config.project.crs)
        return table, placed.checked.faults

    def _pointed(self, checked: CheckedTable, given: Input) -> CheckedTable:
        """The table with its geometry in a known CRS, if it has any."""
        if checked.geometry is None:
            return checked
        shapes, notes = self._in_crs(checked, given)
        return replace(checked, geometry=shapes, faults=(*checked.faults, *notes))

    def _in_crs(self, checked: CheckedTable, given: Input) -> tuple[gpd.GeoSeries, list[Fault]]:
        """Geometry in a CRS its numbers can be in."""
        assert checked.geometry is not None
        if not (checked.geometry.crs or given.crs):
            raise InputFaults([*checked.faults, checked.raw.fault("fatal", "no_crs")])
        crs, problem, fitting = settled(checked.geometry, given.crs, self.config.project.crs)
        shapes = checked.geometry.set_crs(crs, allow_override=True)
        if not problem:
            return shapes, []
        found = fitting or ("—",)
        severity: Severity = "warning" if problem == "crs_overridden" else "fatal"
        fault = checked.raw.fault(
            severity, problem, crs=crs.to_string(), count=len(shapes), found=found, first=found[0]
        )
        if severity == "fatal":
            raise InputFaults([*checked.faults, fault])
        return shapes, [fault]

    def placer(self) -> Georeferencer:
        """What places rows by what is known so far."""
        if self._choices is None:
            self._choices = {}
            given = self.config.inputs.located
            if given is not None:
                path = self.folder / given.path
                self._choices, faults = read_choices(path, given)
                self.faults += faults
                self.note("located", path, len(self._choices), 0, given)
        return Georeferencer(self.config, self._counties, self._names, self._choices)

    def _names(self) -> Gazetteer:
        """Every name known so far."""
        if self._gazetteer is None:
            parts = [] if self._counties.empty else [county_names(self._counties)]
            if self._villages_known is not None and not self._counties.empty:
                villages, towns = village_names(*self._villages_known, self._counties)
                parts += [towns, villages]
            self._gazetteer = gazetteer_of([*parts, *self._places], self.config.project.city)
        return self._gazetteer

    def _check_networks(self, checked: CheckedTable) -> None:
        """Words in a cell of networks that the project does not know; they would count for nobody."""
        column = next((name for name in ("networks", "network") if name in checked.frame), None)
        if column is None or checked.raw.name == "stations":
            return
        known = network_names(self.config)
        found = tuple(network.id for network in self.config.networks)
        for row, text in zip(checked.rows, checked.frame[column], strict=True):
            words = [] if is_blank(text) else network_words(text)
            unknown = tuple(word for word in words if normalise(word) not in known)
            if unknown:
                fault = checked.raw.fault(
                    "warning", "unknown_network", int(row), column, value=unknown, found=found
                )
                self.faults.append(fault)

    def _check_county_names(self, checked: CheckedTable) -> None:
        if "county" not in checked.frame or self._counties.empty:
            return
        city = self.config.project.city
        known = {county_core(each, city) for each in self._counties["county"]} | set(
            self._counties["county_id"]
        )
        names = checked.frame["county"]
        unknown = (
            names.notna() & ~names.map(lambda name: county_core(name, city)).isin(known) & ~names.isin(known)
        )
        self.faults += [
            checked.raw.fault(
                "warning",
                "unknown_county",
                int(checked.rows[i]),
                "county",
                value=names.iloc[i],
                found=nearest_names(str(names.iloc[i]), self._counties["county"]),
            )
            for i in np.flatnonzero(unknown.to_numpy())
        ]

    # --- roads and points of people ------------------------------------------------------------------

    def roads(self) -> gpd.GeoDataFrame | None:
        """Road lines of a vector file."""
        return self.lines("roads")

    def lines(self, name: str) -> gpd.GeoDataFrame | None:
        """Lines of a vector file."""
        given = getattr(self.config.inputs, name)
        if given is None:
            return None
        checked = self._checked(name, given)
        table = self._with_shapes(checked, given)
        self._keep(checked)
        return table

    def indicators(self) -> pd.DataFrame | None:
        """Figures the city is judged by, in the order of the file, by ids of the project file."""
        given = self.config.inputs.indicators
        if given is None:
            return None
        known = {normalise(word): each.id for each in self.config.indicators for word in (each.id, each.name)}
        checked = self._translated(
            self._checked("indicators", given), "indicator", known, "unknown_indicator"
        )
        self._keep(checked)
        return checked.frame.reset_index(drop=True)

    def osm(self) -> OsmData | None:
        """Roads, public buildings and places of the OSM file, in the project CRS."""
        given = self.config.inputs.osm
        if given is None:
            return None
        path = self.path_of(given)
        data = read_osm(path)
        self.note("osm", path, len(data.roads) + len(data.public), 0, given)
        if data.cut:
            values: dict[str, object] = {"count": data.cut, "table": "osm"}
            self.faults.append(Fault("warning", path.name, "osm_cut", "osm_cut_fix", values, table="osm"))
        crs = self.config.project.crs
        return OsmData(
            data.roads.to_crs(crs),
            data.public.to_crs(crs),
            data.places.to_crs(crs),
            data.railways.to_crs(crs),
            data.cut,
        )

    def people_points(self, given: Input, grid: Grid) -> Raster:
        """Population given as points, such as the hectares of a census."""
        table = self._placed(self._checked("population", given), given)
        row, col = grid.index(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
        on = grid.inside(row, col)
        values = np.zeros(grid.shape, dtype=np.float32)
        np.add.at(values, (row[on], col[on]), table["people"].to_numpy(dtype=np.float32)[on])
        return Raster(values, grid, "population", "people")

    # --- bookkeeping -----------------------------------------------------------------------------------

    def _checked(self, name: str, given: Input) -> CheckedTable:
        checked = check_table(self._read(name, given), given, name)
        if name in _SHAPE_KINDS or name == "villages":
            checked = _with_sound_shapes(checked)
        return checked.require_most()

    def _read(self, name: str, given: Input) -> RawTable:
        raw = read_table(Wanted(name, given.layer, given.encoding, given.columns), self.path_of(given))
        return self._with_county_of_sheet(raw, given)

    def _with_county_of_sheet(self, raw: RawTable, given: Input) -> RawTable:
        """One sheet a county: the sheet's name is the county of its rows, unless the table has its own."""
        specs = columns_of(raw.name)
        if len(raw.sheets) < 2 or self._counties.empty or "county" not in {spec.name for spec in specs}:
            return raw
        known = {normalise(name) for name in self._counties["county"]}
        has_own = "county" in match_headers(raw.headers, specs, given.columns).taken
        if has_own or not {normalise(name) for name in raw.sheets} <= known:
            return raw
        names = [raw.place_of(record)[0] for record in raw.rows]
        return replace(raw, frame=raw.frame.assign(county=pd.Series(names, dtype=object)))

    def _keep(self, checked: CheckedTable) -> None:
        """Record faults, rejected rows and the source of a finished table."""
        self.faults += checked.faults
        name = checked.raw.name
        self.headers[name], self.raws[name] = checked.headers, checked.raw
        given = getattr(self.config.inputs, name)
        rejected = checked.rejected
        self.note(name, self.folder / given.path, checked.read, rejected, given)
        by_row = {int(row): i for i, row in enumerate(checked.raw.rows)}
        rows = [
            {
                "table": name,
                "file": fault.file,
                "sheet": fault.sheet,
                "row": fault.row,
                "column": fault.column,
                "code": fault.problem,
                "problem": (fault.problem, fault.values),
                "remedy": (fault.remedy, fault.values),
                "content": _content(checked.raw, by_row[fault.record]),
            }
            for fault in checked.faults
            if fault.severity == "rejected" and fault.record in by_row
        ]
        if rows:
            self._rejected.append(pd.DataFrame(rows))

    def note(self, name: str, path: Path, read: int, rejected: int, given: Input) -> None:
        """Put a file that was read into the books."""
        try:
            digest = sha256_of(path)
        except OSError as error:
            values: dict[str, object] = {"detail": str(error)}
            raise InputFaults(
                [Fault("fatal", path.name, "unreadable", "unreadable_fix", values, table=name)]
            ) from error
        self.sources.append(Source(name, path.name, digest, read, rejected, given.synthetic))


def _joined_parts(raw: RawTable, given: Input) -> RawTable:
    """Parts of one village (the same code and name, each with its own polygon) as one record."""
    taken = match_headers(raw.headers, columns_of("villages"), given.columns).taken
    if raw.geometry is None or not {"village_id", "village"} <= set(taken):
        return raw
    kinds = raw.geometry.geom_type.fillna("")
    keys = raw.frame[[taken["village_id"], taken["village"]]].map(text_of)
    parts = keys.duplicated(keep=False) & keys.ne("").all(axis=1) & kinds.str.contains("Polygon").to_numpy()
    if not parts.any():
        return raw
    groups = keys[parts].groupby(list(keys.columns), sort=False).indices
    where = np.flatnonzero(parts.to_numpy())
    geometry, keep, notes = raw.geometry.copy(), np.ones(len(keys), dtype=bool), []
    for name, members in groups.items():
        rows = where[members]
        geometry.iloc[rows[0]] = shapely.union_all(shapely.make_valid(geometry.iloc[rows].to_numpy()))
        keep[rows[1:]] = False
        notes.append(
            raw.fault("note", "parts_joined", int(raw.rows[rows[0]]), value=name[1], count=len(rows))
        )
    whole = replace(raw, geometry=geometry).only(keep)
    return replace(whole, notes=(*raw.notes, *notes))


def _points_only(checked: CheckedTable) -> CheckedTable:
    """Rows that can be one place: tracks never are, areas are not where their file marks places by pins."""
    if checked.geometry is None:
        return checked
    kinds = checked.geometry.geom_type.fillna("")
    bad = kinds.str.contains("Line").to_numpy(dtype=bool).copy()
    if checked.raw.file.lower().endswith((".kml", ".kmz")) and kinds.str.contains("Point").any():
        bad |= kinds.str.contains("Polygon").to_numpy(dtype=bool)
    faults = [
        checked.raw.fault("rejected", "wrong_shape", int(checked.rows[i]), value="Point", found=kinds.iloc[i])
        for i in np.flatnonzero(bad)
    ]
    return checked.rejecting(bad, faults)


def _rejecting_blank(checked: CheckedTable, column: str, blank: pd.Series) -> CheckedTable:
    faults = [
        checked.raw.fault("rejected", "empty_cell", int(checked.rows[i]), column)
        for i in np.flatnonzero(blank.to_numpy())
    ]
    return checked.rejecting(blank.to_numpy(), faults)


def _with_sound_shapes(checked: CheckedTable) -> CheckedTable:
    """Records whose shape is there, finite and of the right kind; the others are rejected."""
    if checked.geometry is None:
        return checked
    shapes, wanted = checked.geometry, _SHAPE_KINDS.get(checked.raw.name, "")
    finite = np.isfinite(shapes.bounds.to_numpy()).all(axis=1)
    missing = (shapes.isna() | shapes.is_empty).to_numpy() | ~finite
    kinds = shapes.geom_type.fillna("")
    other = ~kinds.str.contains(wanted).to_numpy() & ~missing
    if other.all() or not wanted:
        other[:] = False  # not one of the right kind: the whole file is wrong, which is said elsewhere
    faults = [
        checked.raw.fault("rejected", "no_geometry", int(checked.rows[i])) for i in np.flatnonzero(missing)
    ]
    faults += [
        checked.raw.fault("rejected", "wrong_shape", int(checked.rows[i]), value=wanted, found=kinds.iloc[i])
        for i in np.flatnonzero(other)
    ]
    return checked.rejecting(missing | other, faults)


def _lost_fault(checked: CheckedTable, lost: np.ndarray) -> Fault:
    """Shapes that the project's CRS cannot hold."""
    at = np.flatnonzero(lost)
    rows = tuple(checked.raw.label_of(int(checked.rows[i])) for i in at[:10])
    return checked.raw.fault("fatal", "shapes_lost", int(checked.rows[at[0]]), count=len(at), found=rows)


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry:
    """What is left of a mended polygon without the lines and points the mending leaves."""
    if shape is None or shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [part for part in getattr(shape, "geoms", []) if "Polygon" in part.geom_type]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _shifted(shapes: gpd.GeoSeries, datum: str) -> gpd.GeoSeries:
    def shift(coordinates: np.ndarray) -> np.ndarray:
        return np.column_stack(to_wgs84(coordinates[:, 0], coordinates[:, 1], datum))

    geographic = shapes.to_crs(4326)
    return gpd.GeoSeries(shapely.transform(geographic.to_numpy(), shift), crs=4326)


def _content(raw: RawTable, i: int) -> str:
    """Every cell of a record as its file has it, cells without a known value too."""
    record = int(raw.rows[i])
    cells = {name: raw.unread.get((record, str(name)), value) for name, value in raw.frame.iloc[i].items()}
    return " | ".join(f"{name}={value}" for name, value in cells.items() if value is not None)[:500]
