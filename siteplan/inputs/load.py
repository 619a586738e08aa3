"""The door: every input of a project, read, checked and brought into the project's CRS.

Tables are loaded for the whole project even in a county run, so that sites
outside the county still cover inside it (the halo); only the grid is cut to the county.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.core.errors import Fault, InputFaults
from siteplan.core.grid import Grid, Raster, part_of
from siteplan.core.progress import SILENT, Report
from siteplan.inputs.files.headers import HeaderMap, normalise
from siteplan.inputs.measurements import no_stations
from siteplan.inputs.osm import OsmData
from siteplan.inputs.places.area import crs_doubts, stray_points
from siteplan.inputs.places.beside import relief_beside
from siteplan.inputs.places.crs import nothing_left
from siteplan.inputs.places.evidence import Evidence
from siteplan.inputs.places.extent import counties_without, roads_short
from siteplan.inputs.places.gazetteer import county_core, nearest_names
from siteplan.inputs.places.georeferencing import DoubtfulAddress
from siteplan.inputs.places.plausibility import Context, doubts, settlement_doubts
from siteplan.inputs.places.settlement import Settled, built_up, low_ground, mask_of, settle
from siteplan.inputs.project_rasters import ProjectRasters
from siteplan.inputs.project_reader import ProjectReader, Source
from siteplan.inputs.zones import sums_within, zone_raster
from siteplan.project.schema import Config, clutter_kinds

_POINT_TABLES = ("key_places", "site_plan", "properties", "poles", "orders", "weak_points", "hamlets")
"""In the order they are read: later ones are located by the names of earlier ones."""
MOST_PIXELS = 1e8
"""Demand pixels a run can hold: 1,000,000 km2 at 100 m."""
_FEWEST_PIXELS = 4
"""Pixels of a village from which an empty population raster says something."""
_LINES = ("railways", "corridors", "power_lines")
_ZONE_TABLES = ("area_classes", "exclusions")
_OF_THE_NETWORK = ("stations", "dem", "land_cover", "area_classes")
_OF_THE_LEDGER = ("counties", "villages", "key_places", "stations", "site_plan", "area_classes")
"""Tables a year's task is counted by, and those whose names they are located by."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything a run starts from, in the project CRS.

    Attributes
    ----------
    counties
        All county polygons: ``county_id, county``.
    area
        Those of this run.
    area_name
        The county's name, or the city's.
    grid
        Demand grid of the run.
    county_code, class_code
        Zone of each pixel's centre: position in ``counties`` plus one, position of the class in the
        project file; 0 and -1 outside the run's area.
    villages, stations, site_plan, properties, poles, key_places, area_classes, exclusions, roads,
    orders, weak_points, hamlets, railways, corridors, power_lines, indicators
        Checked tables, or None when not given.
    village_areas
        Village polygons by ``village_id``, or None.
    population, weak_raster, dem
        On the grid, or None.
    terrain
        Relief at its own resolution, or None: for diffraction.
    clutter
        Kind of clutter by pixel (position in :func:`siteplan.project.schema.clutter_kinds`), on the grid of
        ``terrain``, else on that of the whole project.
    faults
        Warnings and rejected rows.
    rejected
        The rejected rows with their content.
    sources
        Files with hash and row counts.
    """

    counties: gpd.GeoDataFrame
    area: gpd.GeoDataFrame
    area_name: str
    grid: Grid
    county_code: np.ndarray
    class_code: np.ndarray
    villages: gpd.GeoDataFrame | None
    village_areas: gpd.GeoDataFrame | None
    stations: gpd.GeoDataFrame | None
    site_plan: gpd.GeoDataFrame | None
    properties: gpd.GeoDataFrame | None
    poles: gpd.GeoDataFrame | None
    key_places: gpd.GeoDataFrame | None
    area_classes: gpd.GeoDataFrame | None
    exclusions: gpd.GeoDataFrame | None
    roads: gpd.GeoDataFrame | None
    orders: gpd.GeoDataFrame | None
    weak_points: gpd.GeoDataFrame | None
    hamlets: gpd.GeoDataFrame | None
    railways: gpd.GeoDataFrame | None
    corridors: gpd.GeoDataFrame | None
    power_lines: gpd.GeoDataFrame | None
    indicators: pd.DataFrame | None
    population: Raster | None
    weak_raster: Raster | None
    dem: Raster | None
    terrain: Raster | None
    clutter: Raster
    faults: tuple[Fault, ...]
    rejected: pd.DataFrame
    sources: tuple[Source, ...]

    def county_number(self, county_id: str) -> int:
        """Number of a county's pixels in ``county_code``."""
        return int(np.flatnonzero(self.counties["county_id"].eq(county_id))[0]) + 1

    def county_name(self, county_id: str) -> str:
        """Name of a county; "" for a code that is none."""
        return next(iter(self.counties.loc[self.counties["county_id"].eq(county_id), "county"]), "")


@dataclass(frozen=True, eq=False)
class Examination:
    """One look at the inputs, whatever it found.

    Attributes
    ----------
    inputs
        Checked inputs; None where a fatal fault stands in their way.
    faults, rejected, sources
        Everything that was wrong or noted, the rows left out, and the files that could be read.
    headers
        Which header was taken for which column, by table.
    evidence
        What names said about the datum, by table.
    doubts
        Rows placed by their address that a person should look at.
    """

    inputs: Inputs | None
    faults: tuple[Fault, ...]
    rejected: pd.DataFrame
    sources: tuple[Source, ...]
    headers: dict[str, HeaderMap]
    evidence: dict[str, Evidence]
    doubts: tuple[DoubtfulAddress, ...]


def examine(folder: Path, config: Config, county: str | None = None, report: Report = SILENT) -> Examination:
    """Read and check every input of a project, and keep what was found even when it cannot be planned.

    Parameters
    ----------
    folder
        Folder the paths of the project file are relative to.
    config
        The project.
    county
        Name or code of one county; None for the whole city.
    report
        Is told of what is read.

    Returns
    -------
    Examination
        With ``inputs`` unless a fault is fatal.
    """
    reader = ProjectReader(folder, config, report=report)
    inputs: Inputs | None = None
    faults: tuple[Fault, ...] = ()
    try:
        inputs = _load(reader, config, county)
        faults = inputs.faults
    except InputFaults as error:
        faults = error.faults
    return Examination(
        inputs,
        tuple(faults),
        reader.rejected_rows(),
        reader.listed_sources(),
        reader.headers,
        reader.evidence,
        tuple(reader.doubts),
    )


def load(folder: Path, config: Config, county: str | None = None, report: Report = SILENT) -> Inputs:
    """Read and check every input of a project.

    Parameters
    ----------
    folder
        Folder the paths of the project file are relative to.
    config
        The project.
    county
        Name or code of one county; None for the whole city.
    report
        Is told of what is read.

    Raises
    ------
    InputFaults
        With all faults that make a plan meaningless, of all tables together.
    SiteplanError
        If the county is not in the county table.
    """
    return _load(ProjectReader(folder, config, report=report), config, county)


def load_ledger(folder: Path, config: Config, report: Report = SILENT) -> Inputs:
    """Counties, stations and the site plan alone, which is all a year's task is counted by.

    Parameters
    ----------
    folder
        Folder of the inputs.
    config
        The project; relief, people, roads and what else a plan needs are left aside.
    report
        Is told of what is read.

    Returns
    -------
    Inputs
        Of the city, with the counties, stations and entries of the site plan that :func:`load` gives.

    Raises
    ------
    InputFaults
        If these inputs cannot be read.
    """
    return load(folder, _given_only(config, _OF_THE_LEDGER), None, report)


def load_network(folder: Path, config: Config, report: Report = SILENT) -> Inputs:
    """Stations, relief and land cover alone, which is all a calibration needs.

    Parameters
    ----------
    folder
        Folder of the inputs.
    config
        The project; its other inputs are left aside, and its area is where its stations stand.
    report
        Is told of what is read.

    Returns
    -------
    Inputs
        With one county, the land within reach of the stations.

    Raises
    ------
    InputFaults
        If these inputs cannot be read, or there is no station.
    """
    bare = _given_only(config, _OF_THE_NETWORK)
    first = ProjectReader(folder, bare, report=report)
    stations = first.attempt(first.stations)
    first.stop_if_fatal()
    if stations is None or stations.empty:
        raise no_stations()
    farthest = max(each.max_radius_m for each in config.area_classes)
    hull = shapely.convex_hull(shapely.multipoints(stations.geometry.to_numpy())).buffer(farthest)
    names = {"county_id": ["network"], "county": [config.project.city]}
    area = gpd.GeoDataFrame(names, geometry=[hull], crs=config.project.crs)
    return _load(ProjectReader(folder, bare, area, report), bare, None)


def _given_only(config: Config, names: tuple[str, ...]) -> Config:
    """A project with some of its inputs."""
    kept = {name: each.model_dump() for name, each in config.inputs.given().items() if name in names}
    return config.model_copy(update={"inputs": type(config.inputs).model_validate(kept)})


@dataclass(frozen=True, eq=False)
class _Ground:
    """What says where people live: on the grid of the whole project, or in its CRS; None where not given."""

    people: Raster | None
    dem: Raster | None
    clutter: Raster | None
    roads: gpd.GeoDataFrame | None
    places: gpd.GeoDataFrame | None


def _load(reader: ProjectReader, config: Config, county: str | None) -> Inputs:
    """Read all inputs; raise when something fatal was among them.

    Villages are settled by rasters and roads before other tables are read, which are placed by their names.
    """
    counties = reader.attempt(reader.counties)
    if counties is not None:
        area, area_name = _area_of(
            counties, config, county
        )  # a wrong name is refused before all else is read
    villages, village_areas = reader.villages()
    zones = {name: reader.attempt(partial(reader.zones, name)) for name in _ZONE_TABLES}
    if counties is None:
        reader.attempt(reader.osm)
        reader.attempt(reader.roads)
        _tables(reader)
        raise InputFaults(reader.faults)
    crs, resolution_m = config.project.crs, config.coverage.demand_resolution_m
    _refuse_too_large(counties, resolution_m)
    city = Grid.covering(_bounds(counties), resolution_m, crs)
    grid = Grid.covering(_bounds(area), resolution_m, crs)
    county_city = zone_raster(counties.geometry, np.arange(1, len(counties) + 1), city)
    class_city = _class_raster(zones["area_classes"], config, city)
    homed = partial(_homed, counties=counties, config=config, grid=city, zones=(county_city, class_city))
    county_code, class_code = (part_of(each, city, grid) for each in (county_city, class_city))
    wanted = np.isin(county_code, _codes(counties, area))
    county_code, class_code = np.where(wanted, county_code, 0), np.where(wanted, class_code, -1)
    villages, village_areas = reader.inside_only(homed(villages), village_areas)
    rasters = ProjectRasters(reader, city, county_city)
    osm = reader.attempt(reader.osm)
    roads = _joined(None if osm is None else osm.roads, reader.attempt(reader.roads))
    people_city = reader.attempt(lambda: rasters.people(counties, villages, village_areas))
    weak_city = reader.attempt(rasters.weak)
    dem_city = reader.attempt(lambda: rasters.dem(np.isin(county_city, _codes(counties, area))))
    terrain = None if dem_city is None else reader.attempt(rasters.terrain)
    land = city if terrain is None else terrain.grid
    clutter = reader.attempt(
        lambda: rasters.land_cover(land, _class_raster(zones["area_classes"], config, land))
    )
    ground = _Ground(people_city, dem_city, clutter, roads, None if osm is None else osm.places)
    villages, people_city = _settled(villages, village_areas, ground, config, city, reader)
    villages = homed(villages)
    tables = {**_tables(reader), **zones, **_other_tables(reader, osm)}
    tables["key_places"] = _joined(tables["key_places"], None if osm is None else osm.public)
    tables |= {name: homed(tables[name]) for name in ("stations", *_POINT_TABLES)}
    reader.report.note("checking_tables")
    reader.faults += [*_doubts(config, counties, tables), *_empty_tables(config, tables)]
    if dem_city is not None and config.inputs.dem is not None:
        file = Path(config.inputs.dem.path).name
        reader.faults += relief_beside(file, dem_city, villages, roads, tables["stations"])
    reader.faults += _extents(config, counties, roads, zones)
    reader.attempt(lambda: rasters.check_land_cover(_places(tables["stations"], villages)))
    reader.stop_if_fatal()
    assert clutter is not None  # a reader that gave nothing left a fatal fault
    population, weak_raster, dem = (_cut(each, grid) for each in (people_city, weak_city, dem_city))
    people = _residents(villages, village_areas, population if config.inputs.population else None)
    reader.faults += doubts(Context(config, counties, _own_rows(tables), reader.raws, clutter), people)
    return Inputs(
        counties=counties,
        area=area,
        area_name=area_name,
        grid=grid,
        county_code=county_code,
        class_code=class_code,
        villages=villages,
        village_areas=village_areas,
        roads=roads,
        population=population,
        weak_raster=weak_raster,
        dem=dem,
        terrain=terrain,
        clutter=clutter,
        faults=tuple(reader.faults),
        rejected=reader.rejected_rows(),
        sources=reader.listed_sources(),
        **tables,
    )


def _other_tables(reader: ProjectReader, osm: OsmData | None) -> dict[str, Any]:
    """Lines beside roads, and the table of indicators."""
    tables: dict[str, Any] = {name: reader.attempt(partial(reader.lines, name)) for name in _LINES}
    railways = _joined(None if osm is None else osm.railways, tables["railways"])
    return tables | {"railways": railways, "indicators": reader.attempt(reader.indicators)}


def _settled(
    villages: gpd.GeoDataFrame | None,
    areas: gpd.GeoDataFrame | None,
    ground: _Ground,
    config: Config,
    city: Grid,
    reader: ProjectReader,
) -> tuple[gpd.GeoDataFrame | None, Raster | None]:
    """Villages on their settlements, and people by pixel: of polygons without a raster, spread over them."""
    if villages is None or areas is None or not len(villages):
        return villages, ground.people
    found = settle(areas.geometry, city, _evidence(areas, ground, config, city))
    own = villages["settled_by"].eq("table").to_numpy()
    points = gpd.points_from_xy(found.easting_m, found.northing_m)
    how = np.where(own, "table", found.how)
    geometry = np.where(own, villages.geometry.to_numpy(), points)
    villages = villages.set_geometry(gpd.GeoSeries(geometry, crs=villages.crs)).assign(settled_by=how)
    reader.settled(villages, areas)
    file = Path(config.inputs.villages.path).name if config.inputs.villages else ""
    reader.faults += settlement_doubts(file, villages, ground.roads, ground.dem)
    if ground.people is not None or "population" not in villages:
        return villages, ground.people
    return villages, _spread(villages, found, city)


def _spread(villages: gpd.GeoDataFrame, found: Settled, city: Grid) -> Raster:
    """People of the table on the pixels of their settlement; where none is known, on the village's own."""
    people = villages["population"].fillna(0.0).to_numpy(dtype=np.float64)
    values = found.share * np.concatenate([[0.0], people])[found.code]
    left = people - np.bincount(found.code.ravel(), values.ravel(), minlength=len(people) + 1)[1:]
    row, col = city.index(villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy())
    on = city.inside(row, col) & (left > 1e-6)
    np.add.at(values, (row[on], col[on]), left[on])
    return Raster(values.astype(np.float32), city, "population", "people")


def _evidence(areas: gpd.GeoDataFrame, ground: _Ground, config: Config, city: Grid) -> dict[str, np.ndarray]:
    """Weight of each pixel by sort of evidence, as far as there is any."""
    evidence: dict[str, np.ndarray] = {}
    if ground.people is not None:
        evidence["population"] = np.nan_to_num(ground.people.values.astype(np.float64), nan=0.0)
    if ground.clutter is not None and config.inputs.land_cover is not None:
        built = frozenset(i for i, kind in enumerate(clutter_kinds(config)) if kind.built)
        evidence["built"] = built_up(ground.clutter, built, city)
    if ground.places is not None and len(ground.places):
        evidence["places"] = mask_of(ground.places.geometry, city)
    if ground.roads is not None and len(ground.roads):
        evidence["roads"] = mask_of(ground.roads.geometry, city)
    if ground.dem is not None:
        evidence["low_ground"] = low_ground(areas.geometry, ground.dem)
    return evidence


def _extents(
    config: Config,
    counties: gpd.GeoDataFrame,
    roads: gpd.GeoDataFrame | None,
    zones: dict[str, gpd.GeoDataFrame | None],
) -> list[Fault]:
    """Layers that end before the area does."""
    given, faults = config.inputs.given(), []
    if roads is not None and len(roads):
        file = Path(given["roads" if "roads" in given else "osm"].path).name
        faults += roads_short(file, roads, counties, config.candidates.new_site_max_road_m)
    for name, shapes in zones.items():
        if shapes is not None and len(shapes):
            faults += counties_without(name, Path(given[name].path).name, shapes, counties)
    return faults


def _cut(raster: Raster | None, grid: Grid) -> Raster | None:
    """The part of a raster on a smaller grid."""
    if raster is None:
        return None
    return Raster(part_of(raster.values, raster.grid, grid), grid, raster.name, raster.unit)


def _places(*tables: gpd.GeoDataFrame | None) -> np.ndarray:
    """Eastings and northings of the points of tables [m], shape (n, 2)."""
    given = [table for table in tables if table is not None and len(table)]
    points = [np.column_stack([table.geometry.x, table.geometry.y]) for table in given]
    return np.concatenate(points) if points else np.zeros((0, 2))


def _refuse_too_large(counties: gpd.GeoDataFrame, resolution_m: float) -> None:
    """Refuse an area whose grid would fill the memory: borders in the wrong CRS, most likely."""
    west, south, east, north = _bounds(counties)
    count = (east - west) * (north - south) / resolution_m**2
    if not count < MOST_PIXELS:
        values: dict[str, object] = {"count": f"{count / 1e6:,.0f}", "resolution": f"{resolution_m:g}"}
        raise InputFaults(
            [Fault("fatal", "counties", "area_too_large", "area_too_large_fix", values, table="counties")]
        )


def _own_rows(tables: dict[str, gpd.GeoDataFrame | None]) -> dict[str, gpd.GeoDataFrame]:
    """Rows that come from a table of the project, not from OSM."""
    given = {name: table for name, table in tables.items() if table is not None and "record" in table}
    return {name: table[table["record"].notna()].reset_index(drop=True) for name, table in given.items()}


def _residents(
    villages: gpd.GeoDataFrame | None,
    areas: gpd.GeoDataFrame | None,
    population: Raster | None,
) -> gpd.GeoDataFrame | None:
    """Villages with ``residents``: of their area on the population raster, else as the table says."""
    if villages is None:
        return None
    if population is not None and areas is not None:
        total, pixels = sums_within(areas.geometry, population)
        known = pixels >= _FEWEST_PIXELS
        return villages.assign(residents=np.where(known, total, 1.0))
    if population is None and "population" in villages:
        return villages.assign(residents=villages["population"])
    return villages


def _tables(reader: ProjectReader) -> dict[str, gpd.GeoDataFrame | None]:
    """All tables of points but villages; the faults of each are kept for the end."""
    return {
        "stations": reader.attempt(reader.stations),
        **{name: reader.attempt(partial(reader.points, name)) for name in _POINT_TABLES},
    }


def _doubts(
    config: Config, counties: gpd.GeoDataFrame, tables: dict[str, gpd.GeoDataFrame | None]
) -> list[Fault]:
    """What is not wrong but worth a word: CRS, stray points, zones no rule speaks of."""
    faults = [*crs_doubts(counties, config.project.crs), *_date_doubts(config)]
    given = config.inputs.given()
    for name in _POINT_TABLES:
        if name in given and name != "key_places":
            faults += stray_points(name, Path(given[name].path).name, tables[name])
    zones = tables["exclusions"]
    if zones is not None:
        ruled = {rule.layer for rule in config.exclusions}
        for layer in sorted(set(zones["layer"]) - ruled):
            values: dict[str, object] = {"value": layer, "found": tuple(sorted(ruled))}
            file = Path(given["exclusions"].path).name
            faults.append(Fault("warning", file, "unknown_layer", "unknown_layer_fix", values))
    return faults


_FEW_ROWS = 3
"""Rows of a table of which none in the area may be chance."""


def _empty_tables(config: Config, tables: dict[str, gpd.GeoDataFrame | None]) -> list[Fault]:
    """Tables none of whose rows lies in a county: their coordinates or their CRS are wrong."""
    given = config.inputs.given()
    faults: list[Fault] = []
    for name in ("stations", *_POINT_TABLES):
        table = tables[name]
        if name not in given or table is None or len(table) < _FEW_ROWS:
            continue
        own = table[table["record"].notna()] if "record" in table else table
        if len(own) >= _FEW_ROWS and own["county_id"].eq("").all():
            faults += nothing_left(name, Path(given[name].path).name, len(own)).faults
    return faults


_YEARS_APART = 2
"""Years between the reference date and the planned year from which one of them is mistyped."""


def _date_doubts(config: Config) -> list[Fault]:
    """A reference date far from the year that is planned, and targets of a year far from it."""
    date, year = config.project.reference_date, config.project.year
    faults = []
    if abs(date.year - year) > _YEARS_APART:
        values: dict[str, object] = {"date": str(date), "value": year}
        faults.append(
            Fault("warning", "project.toml", "date_far", "date_far_fix", values, column="project.year")
        )
    years = [target.year for target in config.quota.targets]
    odd = sorted({each for each in years if abs(each - year) > 3 * _YEARS_APART})
    if odd:
        count = sum(each in odd for each in years)
        values = {"found": tuple(map(str, odd)), "count": count, "value": year}
        faults.append(
            Fault("warning", "project.toml", "targets_far", "targets_far_fix", values, column="quota.targets")
        )
    return faults


def _area_of(counties: gpd.GeoDataFrame, config: Config, county: str | None) -> tuple[gpd.GeoDataFrame, str]:
    if county is None:
        return counties, config.project.city
    wanted, city = normalise(county), config.project.city
    hit = counties[counties["county"].map(normalise).eq(wanted) | counties["county_id"].eq(county)]
    if hit.empty:
        core = county_core(county, city)
        hit = counties[counties["county"].map(lambda name: county_core(name, city)).eq(core)]
        hit = hit if len(hit) == 1 else hit.iloc[:0]
    if hit.empty:
        fault = Fault(
            "fatal",
            "--county",
            "unknown_county",
            "unknown_county_fix",
            {"value": county, "found": nearest_names(county, counties["county"])},
        )
        raise InputFaults([fault])
    return hit.reset_index(drop=True), str(hit["county"].iloc[0])


def _joined(first: gpd.GeoDataFrame | None, second: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    parts = [part for part in (first, second) if part is not None and len(part)]
    if not parts:
        return None
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=parts[0].crs)


def _bounds(shapes: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    west, south, east, north = (float(value) for value in shapes.total_bounds)
    return west, south, east, north


def _codes(counties: gpd.GeoDataFrame, area: gpd.GeoDataFrame) -> np.ndarray:
    return np.flatnonzero(counties["county_id"].isin(area["county_id"]).to_numpy()) + 1


def _class_raster(zones: gpd.GeoDataFrame | None, config: Config, grid: Grid) -> np.ndarray:
    """Position of each pixel's area class in the project file; classes listed first win."""
    ids = [each.id for each in config.area_classes]
    default = ids.index(config.default_area_class)
    if zones is None:
        return np.full(grid.shape, default, dtype=np.int32)
    codes = zones["area_class"].map(ids.index).to_numpy() + 1
    order = np.argsort(codes, kind="stable")
    raster = zone_raster(zones.geometry.iloc[order], codes[order], grid)
    return np.where(raster > 0, raster - 1, default).astype(np.int32)


def _homed(
    table: gpd.GeoDataFrame | None,
    counties: gpd.GeoDataFrame,
    config: Config,
    grid: Grid,
    zones: tuple[np.ndarray, np.ndarray],
) -> gpd.GeoDataFrame | None:
    """Add ``county_id`` ("" outside all counties), ``county`` and ``area_class`` by pixel."""
    if table is None:
        return None
    row, col = grid.index(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    on = grid.inside(row, col)
    code = np.zeros(len(table), dtype=np.int64)
    code[on] = zones[0][row[on], col[on]]
    classes = np.full(len(table), [each.id for each in config.area_classes].index(config.default_area_class))
    classes[on] = zones[1][row[on], col[on]]
    ids = np.array(["", *counties["county_id"]], dtype=object)
    names = np.array(["", *counties["county"]], dtype=object)
    class_ids = np.array([each.id for each in config.area_classes], dtype=object)
    return table.assign(county_id=ids[code], county=names[code], area_class=class_ids[classes])
