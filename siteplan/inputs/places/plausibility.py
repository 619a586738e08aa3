"""What is wrong between rows and between tables: doubles, namesakes, places where nothing can stand.

Nothing here rejects a row. Each doubt names one row,
its counterpart where there is one,
and what to do; a pair of rows is named once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siteplan.core.errors import Fault
from siteplan.core.grid import Raster
from siteplan.inputs.files.cells import text_of
from siteplan.inputs.files.raw_table import RawTable
from siteplan.inputs.places.gazetteer import county_core, plain
from siteplan.inputs.places.georeferencing import NAME_COLUMNS
from siteplan.project.schema import Config, clutter_kinds

SAME_NAME_M = 50.0
"""Two rows of one name nearer than this are one place [m]."""
SAME_POINT_M = 5.0
"""Two names nearer than this are one place [m]."""
SAME_SITE_M = 20.0
"""Rows of two lists nearer than this are one site [m]."""
SITE_SPREAD_M = 100.0
"""Stations of one site do not stand farther apart [m]."""
COUNTY_SLIP_M = 300.0
"""How far outside the county it states a point may lie: borders are no better [m]."""
BUILT_NEAR_M = 200.0
"""Within this distance of an entry said to be built a station must be on air [m]."""
TALLEST_M = {"building_height_m": 200.0, "antenna_height_m": 150.0}
"""Heights above which a value wants a second look [m]."""
HIGH_ABOVE_M = 500.0
"""A village point this far above the nearest road is hardly where people live [m]."""
OVERLAP_SHARE = 0.05
"""Share of the smaller polygon two villages may have in common: borders are drawn with a pen."""
FIRST_5G = pd.Timestamp(2018, 12, 1)
"""First commercial NR networks (South Korea): no station of the register is older."""
GUESSED = ("places", "roads", "low_ground", "interior")
"""Sorts of evidence that do not show houses."""
_ONCE = ("properties", "poles", "site_plan", "key_places", "orders")
_DRY = ("stations", "site_plan", "properties", "poles", "key_places")
_SHORTEST_ID = 4
_FEWEST_NAMED, _NAMED_SHARE = 5, 0.6
"""Cells of a column, and their share, that are names of counties before it is taken for one."""


@dataclass(frozen=True, eq=False)
class Context:
    """What doubts are raised from.

    Attributes
    ----------
    config, counties
        The project and its counties.
    tables
        Placed tables by name, each with ``record``.
    raws
        The same tables as read, for their row numbers.
    clutter
        Kind of clutter by pixel, or None.
    """

    config: Config
    counties: gpd.GeoDataFrame
    tables: Mapping[str, gpd.GeoDataFrame]
    raws: Mapping[str, RawTable]
    clutter: Raster | None = None

    def fault(self, table: str, row: int, problem: str, column: str = "", **values: object) -> Fault:
        """A doubt about a row, by its position in its placed table."""
        record = int(self.tables[table]["record"].iloc[row])
        return self.raws[table].fault("warning", problem, record, column, **values)

    def label(self, table: str, row: int) -> str:
        """Row number of a row, by its position in its placed table."""
        return self.raws[table].label_of(int(self.tables[table]["record"].iloc[row]))


def doubts(context: Context, villages: gpd.GeoDataFrame | None = None) -> list[Fault]:
    """Every doubt of a project.

    Parameters
    ----------
    context
        Placed tables.
    villages
        With ``residents`` where people are known, or None.
    """
    found: list[Fault] = []
    for name in _ONCE:
        if name in context.tables:
            found += _doubles(context, name)
    if "stations" in context.tables:
        found += _stations(context) + _not_yet(context) + _before_5g(context)
    for name in context.tables:
        found += _elsewhere(context, name) + _tall(context, name) + _years(context, name)
        found += _heavy(context, name)
    for name in _DRY:
        if name in context.tables:
            found += _in_water(context, name)
    found += _two_lists(context) + _site_plan(context) + _overdue(context)
    if villages is not None and "villages" in context.raws:
        found += _empty_villages(context, villages)
    return found


def _names(table: pd.DataFrame, name: str) -> NDArray[np.object_]:
    column = NAME_COLUMNS.get(name, "")
    if column not in table:
        return np.full(len(table), "", dtype=object)
    return np.array([plain(each) for each in table[column]], dtype=object)


def _exact(table: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Rows with coordinates of their own: what was found by an address shares its village's point."""
    if "location_grade" not in table:
        return np.ones(len(table), dtype=bool)
    return table["location_grade"].eq("").to_numpy()


def _pairs(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame, within_m: float) -> list[tuple[int, int]]:
    """Positions of points of two tables that lie near each other, in order; only exact points count."""
    mine, theirs = np.flatnonzero(_exact(one)), np.flatnonzero(_exact(other))
    tree = shapely.STRtree(other.geometry.to_numpy()[theirs])
    near = tree.query(one.geometry.to_numpy()[mine], predicate="dwithin", distance=within_m)
    return sorted(zip(mine[near[0]].tolist(), theirs[near[1]].tolist(), strict=True))


def _doubles(context: Context, name: str) -> list[Fault]:
    """One name twice within some metres, or one point under two names."""
    table = context.tables[name]
    names = _names(table, name)
    found = []
    for i, j in _pairs(table, table, SAME_NAME_M):
        if i >= j:
            continue
        other = context.label(name, i)
        distance = table.geometry.iloc[i].distance(table.geometry.iloc[j])
        if names[i] and names[i] == names[j]:
            found.append(
                context.fault(
                    name, j, "near_duplicate", value=names[j], other=other, distance=f"{distance:.0f}"
                )
            )
        elif names[i] and names[j] and distance <= SAME_POINT_M:
            found.append(context.fault(name, j, "two_names", value=names[j], found=names[i], other=other))
    return found


def _stations(context: Context) -> list[Fault]:
    """A station listed twice, a site in two places, two sites in one."""
    table = context.tables["stations"]
    found = []
    keys = table[["site_id", "network", "band"]].astype(str)
    if "pci" not in table and "azimuth_deg" not in table:
        keys = keys.iloc[:0]  # rows may be sectors
    elif "azimuth_deg" in table:
        keys = keys.assign(azimuth=table["azimuth_deg"].map(text_of))
    for j in np.flatnonzero(keys.duplicated().to_numpy()):
        value = tuple(keys.iloc[j].tolist()[:3])
        found.append(context.fault("stations", int(j), "duplicate_station", value=value))
    points = np.column_stack([table.geometry.x, table.geometry.y])
    first = pd.Series(np.arange(len(table))).groupby(table["site_id"].to_numpy()).transform("min").to_numpy()
    away = np.hypot(*(points - points[first]).T)
    found += [
        context.fault(
            "stations",
            int(j),
            "site_spread",
            value=table["site_id"].iloc[j],
            other=context.label("stations", int(first[j])),
            distance=f"{away[j]:.0f}",
        )
        for j in np.flatnonzero(away > SITE_SPREAD_M)
    ]
    return found + _site_heights(context, table) + _sites_in_one_place(context, table)


def _site_heights(context: Context, table: gpd.GeoDataFrame) -> list[Fault]:
    """Sites whose rows give different heights: one mast has one here, the first row's."""
    if "antenna_height_m" not in table:
        return []
    heights = table["antenna_height_m"].astype(float)
    by_site = heights.groupby(table["site_id"].to_numpy(), sort=True)
    differ = by_site.min() < by_site.max()
    rows_of, found = by_site.indices, []
    for site in differ.index[differ.to_numpy()]:
        rows = rows_of[site]
        known = heights.iloc[rows].dropna()
        values = tuple(f"{value:g}" for value in sorted(known.unique()))
        used = heights.iloc[rows[0]]
        used_text = "—" if np.isnan(used) else f"{used:g}"
        found.append(
            context.fault(
                "stations",
                int(rows[0]),
                "heights_differ",
                "antenna_height_m",
                value=site,
                found=values,
                used=used_text,
            )
        )
    return found


def _sites_in_one_place(context: Context, table: gpd.GeoDataFrame) -> list[Fault]:
    sites = table.drop_duplicates("site_id")
    at = sites.index.to_numpy()
    names, ids = _names(sites, "stations"), sites["site_id"].astype(str).to_numpy()
    found = []
    for i, j in _pairs(sites, sites, SAME_POINT_M):
        if i < j and names[i] != names[j]:
            found.append(
                context.fault(
                    "stations",
                    int(at[j]),
                    "two_names",
                    value=names[j] or ids[j],
                    found=names[i] or ids[i],
                    other=context.label("stations", int(at[i])),
                )
            )
    return found


def _shapes(context: Context) -> dict[str, shapely.Geometry]:
    """Counties by the core of their name and by id."""
    city, counties = context.config.project.city, context.counties
    shapes = {county_core(row.county, city): row.geometry for row in counties.itertuples()}
    return shapes | {plain(row.county_id): row.geometry for row in counties.itertuples()}


def _elsewhere(context: Context, name: str) -> list[Fault]:
    """Points that do not lie in the county their row states."""
    table = context.tables[name]
    if context.counties.empty:
        return []
    if "stated_county" not in table:
        return _unread_counties(context, name)
    city, shapes = context.config.project.city, _shapes(context)
    stated = [plain(each) for each in table["stated_county"]]
    found = []
    for core in dict.fromkeys(stated):
        shape = shapes.get(county_core(core, city)) or shapes.get(core)
        rows = np.flatnonzero([each == core for each in stated])
        if not core or shape is None or not rows.size:
            continue
        away = shapely.distance(table.geometry.to_numpy()[rows], shape)
        for i in np.flatnonzero(away > COUNTY_SLIP_M):
            row = int(rows[i])
            real = text_of(table["county"].iloc[row]) or "—"
            found.append(
                context.fault(
                    name,
                    row,
                    "wrong_county",
                    "county",
                    value=table["stated_county"].iloc[row],
                    found=real,
                    distance=f"{away[i]:.0f}",
                )
            )
    return found


def _unread_counties(context: Context, name: str) -> list[Fault]:
    """A column nobody reads that holds names of counties, in which the points do not lie."""
    table, raw = context.tables[name], context.raws[name]
    position = dict(zip(raw.rows.tolist(), range(len(raw.rows)), strict=True))
    table = table[table["record"].isin(position)]
    if len(table) < _FEWEST_NAMED or len(context.counties) < 2:
        return []
    city, shapes = context.config.project.city, _shapes(context)
    points, records = table.geometry.to_numpy(), table["record"].to_numpy()
    found = []
    for header in raw.headers:
        cells = raw.frame[header].iloc[[position[record] for record in records]].map(text_of)
        stated = [shapes.get(county_core(cell, city)) if cell else None for cell in cells]
        known = np.array([shape is not None for shape in stated])
        if known.sum() < max(_FEWEST_NAMED, _NAMED_SHARE * len(table)):
            continue
        shape = np.array([each if each is not None else shapely.Point() for each in stated], dtype=object)
        away = np.where(known, shapely.distance(points, shape), 0.0)
        at = np.flatnonzero(away > COUNTY_SLIP_M)
        if at.size and (len(set(cells[known])) > 1 or 2 * at.size < known.sum()):
            first = int(at[0])
            values = {"count": len(at), "known": int(known.sum()), "value": cells.iloc[first]}
            values["distance"] = f"{away[first]:.0f}"
            found.append(raw.fault("warning", "unread_county", int(records[first]), header, **values))
    return found


def _tall(context: Context, name: str) -> list[Fault]:
    """Heights that are possible, but hardly."""
    table = context.tables[name]
    return [
        context.fault(
            name, int(i), "height_doubt", column, value=f"{table[column].iloc[i]:g}", limit=f"{limit:g}"
        )
        for column, limit in TALLEST_M.items()
        if column in table
        for i in np.flatnonzero(table[column].to_numpy(dtype=float) > limit)
    ]


_DAYS_AHEAD = 366
"""Days after the reference date from which a station on air is hardly a plan of openings."""
_HEAVY, _FEWEST_WEIGHTS = 20.0, 3
"""Times the median weight from which one is hardly meant, and weights that have a median."""


def _not_yet(context: Context) -> list[Fault]:
    """Stations said to go on air long after the reference date: they are no part of the network."""
    table = context.tables["stations"]
    if "on_air_date" not in table:
        return []
    limit = pd.Timestamp(context.config.project.reference_date) + pd.Timedelta(days=_DAYS_AHEAD)
    late = np.flatnonzero((table["on_air_date"] > limit).to_numpy())
    if not late.size:
        return []
    date = str(context.config.project.reference_date)
    first = str(table["on_air_date"].iloc[late[0]].date())
    values = {"count": len(late), "value": first, "date": date}
    return [context.fault("stations", int(late[0]), "stations_not_yet", "on_air_date", **values)]


def _before_5g(context: Context) -> list[Fault]:
    """Stations said to be on air before there was 5G: a date of the old mast, or a calendar that is off."""
    table = context.tables["stations"]
    if "on_air_date" not in table:
        return []
    early = np.flatnonzero((table["on_air_date"] < FIRST_5G).to_numpy())
    if not early.size:
        return []
    first = str(table["on_air_date"].iloc[early[0]].date())
    values = {"count": len(early), "value": first, "date": str(FIRST_5G.date())}
    return [context.fault("stations", int(early[0]), "stations_before_5g", "on_air_date", **values)]


def _heavy(context: Context, name: str) -> list[Fault]:
    """Weights far above all others of their table."""
    table = context.tables[name]
    weights = table["weight"].astype(float) if "weight" in table else pd.Series(dtype=float)
    known = weights[weights > 0]
    if len(known) < _FEWEST_WEIGHTS:
        return []
    median = float(known.median())
    heavy = np.flatnonzero((weights > _HEAVY * median).to_numpy())
    return [
        context.fault(
            name, int(i), "weight_doubt", "weight", value=f"{weights.iloc[i]:g}", found=f"{median:g}"
        )
        for i in heavy
    ]


_EARLIEST_YEAR, _YEARS_AHEAD = 1990, 10


def _years(context: Context, name: str) -> list[Fault]:
    """Dates and years before mobile radio, or farther ahead than anybody plans."""
    table, latest = context.tables[name], context.config.project.reference_date.year + _YEARS_AHEAD
    found = []
    for column in ("on_air_date", "due_date", "year"):
        if column not in table:
            continue
        years = table[column] if column == "year" else pd.to_datetime(table[column]).dt.year
        years = years.astype(float).to_numpy()
        for i in np.flatnonzero((years < _EARLIEST_YEAR) | (years > latest)):
            found.append(context.fault(name, int(i), "year_doubt", column, value=f"{years[i]:.0f}"))
    return found


def _in_water(context: Context, name: str) -> list[Fault]:
    """Places in the middle of water; the shore may be off by a pixel."""
    kinds = [kind.id for kind in clutter_kinds(context.config)]
    if context.clutter is None or "water" not in kinds or context.config.inputs.land_cover is None:
        return []
    table, grid = context.tables[name], context.clutter.grid
    row, col = grid.index(table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    wet = np.ones(len(table), dtype=bool)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            on = grid.inside(row + down, col + right)
            kind = context.clutter.values[np.where(on, row + down, 0), np.where(on, col + right, 0)]
            wet &= on & (kind == kinds.index("water"))
    wet &= _exact(table)
    return [context.fault(name, int(i), "in_water", "longitude/latitude") for i in np.flatnonzero(wet)]


def _two_lists(context: Context) -> list[Fault]:
    """One site in two lists: the same name near by, or the same id."""
    found = []
    names = [name for name in ("site_plan", "properties", "poles") if name in context.tables]
    for first, second in combinations(names, 2):
        one, other = context.tables[first], context.tables[second]
        of_one, of_other = _names(one, first), _names(other, second)
        pairs = {(i, j) for i, j in _pairs(one, other, SAME_SITE_M) if of_one[i] and of_one[i] == of_other[j]}
        ids = {
            text_of(each): i for i, each in enumerate(one.iloc[:, 0]) if len(text_of(each)) >= _SHORTEST_ID
        }
        pairs |= {(ids[text_of(each)], j) for j, each in enumerate(other.iloc[:, 0]) if text_of(each) in ids}
        found += [
            context.fault(
                second,
                j,
                "two_lists",
                value=of_other[j] or text_of(other.iloc[j, 0]),
                found=context.raws[first].file,
                other=context.label(first, i),
            )
            for i, j in sorted(pairs)
        ]
    return found


def _site_plan(context: Context) -> list[Fault]:
    """Entries whose state does not fit their year or the stations on air."""
    table = context.tables.get("site_plan")
    if table is None:
        return []
    date = context.config.project.reference_date
    built = table["built"].to_numpy(dtype=bool) if "built" in table else np.zeros(len(table), dtype=bool)
    year = table["year"].to_numpy(dtype=float) if "year" in table else np.full(len(table), np.nan)
    found = [
        context.fault(
            "site_plan", int(i), "built_before_year", "built", value=f"{year[i]:.0f}", date=str(date)
        )
        for i in np.flatnonzero(built & (year > date.year))
    ]
    stations = context.tables.get("stations")
    if stations is None or "built" not in table:
        return found
    on_air = _on_air(stations, date)
    tree = shapely.STRtree(on_air.geometry.to_numpy())
    near = np.unique(tree.query(table.geometry.to_numpy(), predicate="dwithin", distance=BUILT_NEAR_M)[0])
    alone = built & ~np.isin(np.arange(len(table)), near) & _exact(table)
    found += [context.fault("site_plan", int(i), "built_not_found", "built") for i in np.flatnonzero(alone)]
    names, of_station = _names(table, "site_plan"), _names(on_air, "stations")
    for i, j in _pairs(table, on_air, SAME_NAME_M):
        if not built[i] and names[i] and names[i] == of_station[j]:
            site = text_of(on_air["site_id"].iloc[j])
            found.append(context.fault("site_plan", i, "already_on_air", "built", value=names[i], other=site))
    return list({(fault.record, fault.problem): fault for fault in found}.values())


def _on_air(stations: gpd.GeoDataFrame, date: dt.date) -> gpd.GeoDataFrame:
    sites = stations
    if "on_air_date" in stations:
        sites = stations[~(stations["on_air_date"] > pd.Timestamp(date))]
    return sites.drop_duplicates("site_id").reset_index(drop=True)


def _overdue(context: Context) -> list[Fault]:
    """Orders whose date has passed."""
    table = context.tables.get("orders")
    if table is None or "due_date" not in table:
        return []
    date = pd.Timestamp(context.config.project.reference_date)
    late = np.flatnonzero((table["due_date"] < date).to_numpy())
    return [
        context.fault("orders", int(i), "overdue", "due_date", value=str(table["due_date"].iloc[i].date()))
        for i in late
    ]


def _empty_villages(context: Context, villages: gpd.GeoDataFrame) -> list[Fault]:
    """Villages in which nobody lives, and those of which nobody says how many do."""
    raw = context.raws["villages"]
    if "residents" not in villages:
        return []
    faults = [
        raw.fault("warning", "village_empty", int(row.record), "population", value=str(row.village))
        for row in villages[villages["residents"] <= 0.0].itertuples()
    ]
    unknown = villages[villages["residents"].isna()]
    if len(unknown):
        names = tuple(unknown["village"].astype(str).iloc[:10]) + ("…",) * (len(unknown) > 10)
        values = {"count": len(unknown), "total": len(villages), "found": names}
        first = int(unknown["record"].iloc[0])
        faults.append(raw.fault("warning", "villages_uncounted", first, "population", **values))
    return faults


def overlaps(file: str, names: pd.Series, areas: gpd.GeoSeries) -> list[Fault]:
    """Village polygons that share land: people there would be counted for the first of them.

    Parameters
    ----------
    file
        Of the villages.
    names, areas
        One a village, in a metric CRS.
    """
    shapes = areas.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    smaller = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    much = np.flatnonzero(shared > OVERLAP_SHARE * np.maximum(smaller, 1.0))
    if not much.size:
        return []
    told = tuple(f"{names.iloc[one[k]]} / {names.iloc[other[k]]}" for k in much[:10])
    values = {"count": len(much), "found": told + ("…",) * (len(much) > 10)}
    return [_of_villages(file, "villages_overlap", values)]


def settlement_doubts(
    file: str, villages: gpd.GeoDataFrame, roads: gpd.GeoDataFrame | None, dem: Raster | None
) -> list[Fault]:
    """Villages whose houses nobody knows, and points far above the nearest road.

    Parameters
    ----------
    file
        Of the villages.
    villages
        Settled, with ``settled_by``.
    roads, dem
        None where not given.
    """
    counts = villages["settled_by"].value_counts()
    guessed = {how: int(counts[how]) for how in GUESSED if how in counts}
    faults = []
    if guessed:
        words = tuple((f"settled_{how}", {"count": count}) for how, count in guessed.items())
        told = {"count": sum(guessed.values()), "total": len(villages), "found": words}
        faults.append(_of_villages(file, "villages_settled", told))
    if dem is None or roads is None or roads.empty:
        return faults
    points, lines = villages.geometry.to_numpy(), roads.geometry.to_numpy()
    nearest = lines[shapely.STRtree(lines).nearest(points)]
    feet = shapely.get_point(shapely.shortest_line(points, nearest), 1)
    above = _heights(dem, points) - _heights(dem, feet)
    names = villages["village"].astype(str).to_numpy()
    return faults + [
        _of_villages(file, "village_high", {"value": names[i], "height": f"{above[i]:.0f}"})
        for i in np.flatnonzero(above > HIGH_ABOVE_M)
    ]


def _of_villages(file: str, problem: str, values: Mapping[str, object]) -> Fault:
    return Fault(
        "warning",
        file,
        problem,
        f"{problem}_fix",
        {"table": "villages", "column": "", **values},
        table="villages",
    )


def _heights(dem: Raster, points: NDArray[np.object_]) -> NDArray[np.float64]:
    """Height under each point, NaN where it is not known [m]."""
    row, col = dem.grid.index(shapely.get_x(points), shapely.get_y(points))
    on = dem.grid.inside(row, col)
    found = np.full(len(points), np.nan)
    found[on] = dem.values[row[on], col[on]]
    return found
