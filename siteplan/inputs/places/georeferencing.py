"""Rows onto the map: degrees or metres, their datum, and rows that only have an address.

A datum that is not declared is tested row group by row group, and every step that
is not
plain reading (a grid found by trying, a datum found by names, a place found by its address) is said as a
fault
or a note of the row or the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from siteplan.core.errors import Fault, InputFaults
from siteplan.inputs.files.cells import text_of
from siteplan.inputs.places.addresses import Located, locate, table_of
from siteplan.inputs.places.datum import in_china, to_wgs84
from siteplan.inputs.places.evidence import DATUMS, Evidence, Named, columns_that_group, weigh
from siteplan.inputs.places.gazetteer import Gazetteer
from siteplan.inputs.tables.check import CheckedTable, missing_column
from siteplan.inputs.tables.coordinates import are_metres, grid_of, transformer
from siteplan.project.input_files import Input
from siteplan.project.schema import Config

OUTSIDE_M = 20_000.0
"""How far outside all counties a point may lie before it counts as a mistake [m]: no formula used here
reaches farther."""
LOCATABLE = ("properties", "site_plan", "poles", "orders", "key_places")
"""Tables whose rows may be placed by their address; others must have coordinates."""
_MOST_TESTED = 4000
_GUESSES = 3
LOCATION = ("location_grade", "location_radius_m", "location_how", "located_as")
"""Columns a located row carries: grade ``A`` to ``D`` ("" for coordinates of its own), radius [m], how it was
found and the name it was found by."""


@dataclass(frozen=True, eq=False)
class AddressChoice:
    """What a person decided about one row: WGS84 [deg], radius [m]."""

    longitude: float
    latitude: float
    radius_m: float
    grade: str


@dataclass(frozen=True, eq=False)
class DoubtfulAddress:
    """A row whose place a person should confirm, with up to three guesses (name, WGS84 [deg], radius [m])."""

    table: str
    source_id: str
    name: str
    address: str
    row: str
    grade: str
    how: str
    located_as: str
    radius_m: float
    guesses: tuple[tuple[str, float, float, float], ...]


@dataclass(frozen=True, eq=False)
class GeoreferencedRow:
    """A table with a point for every row that is left.

    Attributes
    ----------
    checked
        Rows left, with the columns ``LOCATION`` where any was located, and all faults.
    points
        In the project CRS.
    evidence
        What names said about the datum; None where it was not asked.
    doubts
        Located rows a person should look at.
    """

    checked: CheckedTable
    points: gpd.GeoSeries
    evidence: Evidence | None = None
    doubts: tuple[DoubtfulAddress, ...] = ()


@dataclass(frozen=True, eq=False)
class Georeferencer:
    """What places rows: the project, its counties and its names.

    Attributes
    ----------
    config, counties
        The project and its county polygons, empty while they are not known.
    gazetteer
        Makes the names known so far; called only when needed.
    choices
        Places chosen by a person, by table and id.
    """

    config: Config
    counties: gpd.GeoDataFrame
    gazetteer: Callable[[], Gazetteer]
    choices: Mapping[tuple[str, str], AddressChoice] | None = None

    def place(self, checked: CheckedTable, given: Input) -> GeoreferencedRow:
        """Give every row a point, or reject it with its reason.

        Parameters
        ----------
        checked
            A table without geometry, or with any geometry.
        given
            The project file's entry.

        Raises
        ------
        InputFaults
            If there is nothing to place rows by, or a grid cannot be told.
        """
        lonlat, is_geographic, notes = self._lonlat(checked, given)
        checked = replace(checked, faults=(*checked.faults, *notes))
        blank = np.asarray(~np.isfinite(lonlat).all(axis=1))
        wgs84, evidence, faults = self._in_wgs84(checked, given, lonlat, is_geographic)
        points = self._project(wgs84)
        checked, points, doubts = self._described(checked, points, blank)
        checked = replace(checked, faults=(*checked.faults, *faults))
        found, bad = self._misplaced(checked, points, given)
        return GeoreferencedRow(
            checked.rejecting(bad, found), points[~bad].reset_index(drop=True), evidence, doubts
        )

    def coordinates(self, checked: CheckedTable, given: Input) -> gpd.GeoSeries:
        """Points of a table's own coordinates in the project CRS, None where it has none; nothing is
        tested.
        """
        columns = (checked.frame["longitude"], checked.frame["latitude"])
        own = given if are_metres(*columns) else given.model_copy(update={"crs": ""})
        lonlat, _, _ = self._lonlat(checked, own)
        safe = np.where(np.abs(lonlat[:, [1]]) <= 90.0, lonlat, np.nan)
        return self._project(np.column_stack(to_wgs84(safe[:, 0], safe[:, 1], given.datum or "wgs84")))

    # --- coordinates ----------------------------------------------------------------------------------

    def _lonlat(self, checked: CheckedTable, given: Input) -> tuple[NDArray[np.float64], bool, list[Fault]]:
        """Longitude and latitude of each row in the file's datum, NaN where there are none."""
        if checked.geometry is not None:
            shapes = checked.geometry
            is_geographic = bool(shapes.crs and shapes.crs.is_geographic)
            finite = np.isfinite(shapes.bounds.to_numpy()).all(axis=1)
            points = shapes.where(finite, None).representative_point().to_crs(4326)
            lonlat = np.column_stack([points.x.to_numpy(), points.y.to_numpy()])
            return np.where(points.is_empty.to_numpy()[:, None], np.nan, lonlat), is_geographic, []
        frame, names = checked.frame, ("longitude", "latitude")
        missing = [name for name in names if name not in frame]
        if missing:
            if self._is_locatable(checked) and len(missing) == len(names):
                return np.full((len(frame), 2), np.nan), False, []
            raise InputFaults([*checked.faults, *_missing(checked, missing)])
        first, second = (frame[name].to_numpy(dtype=np.float64) for name in names)
        if given.crs:
            self._refuse_degrees(checked, given)
            return self._from_grid(first, second, given.crs), False, []
        if are_metres(frame["longitude"], frame["latitude"]):
            crs, is_turned = self._grid(checked, first, second)
            turned = (second, first) if is_turned else (first, second)
            note = checked.raw.fault("warning", "grid_found", None, "longitude/latitude", crs=crs)
            return self._from_grid(*turned, crs), False, [note]
        return np.column_stack([first, second]), True, []

    def _refuse_degrees(self, checked: CheckedTable, given: Input) -> None:
        """Degrees are no metres of the grid the project file names."""
        pair = (checked.frame["longitude"], checked.frame["latitude"])
        if pair[0].notna().any() and not are_metres(*pair) and CRS.from_user_input(given.crs).is_projected:
            count, fitting = len(checked.frame), "EPSG:4326"
            fault = checked.raw.fault(
                "fatal", "crs_impossible", crs=given.crs, count=count, found=(fitting,), first=fitting
            )
            raise InputFaults([*checked.faults, fault])

    def _from_grid(
        self, east: NDArray[np.float64], north: NDArray[np.float64], crs: str
    ) -> NDArray[np.float64]:
        lonlat = np.column_stack(transformer(crs, "EPSG:4326").transform(east, north))
        return np.where(np.isfinite(lonlat), lonlat, np.nan)

    def _grid(self, checked: CheckedTable, first: NDArray[Any], second: NDArray[Any]) -> tuple[str, bool]:
        """The grid of coordinates in metres."""
        box = self._box_deg()
        found = grid_of(first, second, self.config.project.crs, box) if box is not None else []
        if len(found) != 1:
            names = tuple(crs for crs, _ in found)
            raise InputFaults([*checked.faults, checked.raw.fault("fatal", "grid_unknown", found=names)])
        return found[0]

    def _box_deg(self) -> tuple[float, float, float, float] | None:
        if self.counties.empty:
            return None
        box = gpd.GeoSeries([self._box_m()], crs=self.config.project.crs).to_crs(4326).total_bounds
        west, south, east, north = (float(value) for value in box)
        return west, south, east, north

    def _box_m(self) -> shapely.Polygon:
        west, south, east, north = self.counties.total_bounds
        return shapely.box(west - OUTSIDE_M, south - OUTSIDE_M, east + OUTSIDE_M, north + OUTSIDE_M)

    def _project(self, wgs84: NDArray[np.float64]) -> gpd.GeoSeries:
        """Points in the project CRS; blank coordinates give an empty place."""
        crs = self.config.project.crs
        x, y = transformer("EPSG:4326", crs).transform(wgs84[:, 0], wgs84[:, 1])
        good = np.isfinite(x) & np.isfinite(y)
        points = np.where(good, shapely.points(np.where(good, x, 0), np.where(good, y, 0)), None)
        return gpd.GeoSeries(points, crs=crs)

    # --- datum ----------------------------------------------------------------------------------------

    def _in_wgs84(
        self, checked: CheckedTable, given: Input, lonlat: NDArray[np.float64], is_geographic: bool
    ) -> tuple[NDArray[np.float64], Evidence | None, list[Fault]]:
        """WGS84 of each row by the declared datum, else by the one its names speak for."""
        datum = np.full(len(lonlat), given.datum or "wgs84", dtype=object)
        evidence, faults = None, []
        impossible = ~(np.abs(lonlat[:, 1]) <= 90.0)
        safe = np.where(impossible[:, None], np.nan, lonlat)
        shifted = is_geographic and not given.crs and in_china(safe[:, 0], safe[:, 1]).any()
        if shifted and not self.counties.empty and checked.raw.name in TESTED and not given.datum_rows:
            evidence = self._evidence(checked, safe)
            faults = _datum_faults(checked, given, evidence)
            if not given.datum:
                datum = np.where(evidence.datum == "", "wgs84", evidence.datum).astype(object)
        for rows, own in given.datum_rows.items():
            datum[_rows_named(checked, rows)] = own
        wgs84 = np.full(lonlat.shape, np.nan)
        for each in dict.fromkeys(datum.tolist()):
            rows = datum == each
            wgs84[rows] = np.column_stack(to_wgs84(safe[rows, 0], safe[rows, 1], str(each)))
        return wgs84, evidence, faults

    def _evidence(self, checked: CheckedTable, lonlat: NDArray[np.float64]) -> Evidence:
        """Verdict of the names, on a sample of a long table unless the sample is mixed."""
        usable = np.flatnonzero(np.isfinite(lonlat).all(axis=1) & self._is_near(lonlat))
        sample = usable[:: max(1, -(-len(usable) // _MOST_TESTED))]
        evidence = self._weighed(checked, lonlat, sample)
        if evidence.is_mixed and len(sample) < len(usable):
            sample = usable
            evidence = self._weighed(checked, lonlat, sample)
        datum = np.full(len(lonlat), evidence.whole.datum, dtype=object)
        if evidence.is_mixed:
            datum = _spread(evidence.datum, sample, len(lonlat))
        return replace(evidence, datum=datum)

    def _is_near(self, lonlat: NDArray[np.float64]) -> NDArray[np.bool_]:
        points = self._project(np.where(np.isfinite(lonlat), lonlat, np.nan))
        return points.intersects(self._box_m()).to_numpy()

    def _weighed(
        self, checked: CheckedTable, lonlat: NDArray[np.float64], rows: NDArray[np.int64]
    ) -> Evidence:
        part = checked.frame.iloc[rows]
        gazetteer = self.gazetteer()
        texts, counties, towns = _descriptions(part, checked.raw.name)
        found = locate(texts, gazetteer, counties, towns)
        points = [
            self._project(np.column_stack(to_wgs84(lonlat[rows, 0], lonlat[rows, 1], datum)))
            for datum in DATUMS
        ]
        xy = np.array([np.column_stack([each.x, each.y]) for each in points])
        offset, entry, spread = _offsets(xy, found, gazetteer)
        frame = checked.raw.frame.iloc[np.flatnonzero(np.isin(checked.raw.rows, checked.rows[rows]))]
        columns = columns_that_group(frame)
        columns["sheet"] = [checked.raw.place_of(record)[0] for record in checked.rows[rows]]
        return weigh(Named(entry, offset, spread), columns)

    # --- addresses ------------------------------------------------------------------------------------

    def _is_locatable(self, checked: CheckedTable) -> bool:
        return checked.raw.name in LOCATABLE and bool({"address", _name_column(checked)} & set(checked.frame))

    def _described(
        self, checked: CheckedTable, points: gpd.GeoSeries, blank: NDArray[np.bool_]
    ) -> tuple[CheckedTable, gpd.GeoSeries, tuple[DoubtfulAddress, ...]]:
        """Rows without coordinates placed by their address; without an address they are rejected."""
        chosen = np.array(
            [self._choice(checked, key) is not None for key in checked.frame.iloc[:, 0]], dtype=bool
        )
        open_rows = blank | chosen
        if not open_rows.any():
            return checked, points, ()
        has_columns = {"longitude", "latitude"} <= set(checked.frame)
        if not self._is_locatable(checked) or (
            has_columns and "address" not in checked.frame and not chosen.any()
        ):
            column = "longitude/latitude" if checked.geometry is None else "geometry"
            kept = checked.rejecting(blank, _blank_faults(checked, blank, "no_coordinates", column))
            return kept, points[~blank].reset_index(drop=True), ()
        return self._located(checked, points, open_rows)

    def _choice(self, checked: CheckedTable, key: object) -> AddressChoice | None:
        return (self.choices or {}).get((checked.raw.name, str(key)))

    def _located(
        self, checked: CheckedTable, points: gpd.GeoSeries, rows: NDArray[np.bool_]
    ) -> tuple[CheckedTable, gpd.GeoSeries, tuple[DoubtfulAddress, ...]]:
        gazetteer, at = self.gazetteer(), np.flatnonzero(rows)
        texts, counties, towns = _descriptions(checked.frame.iloc[at], checked.raw.name)
        found = locate(texts, gazetteer, counties, towns)
        table = table_of(found, gazetteer)
        doubts = self._doubts(checked, at, found, table, gazetteer)
        table = self._with_choices(checked, at, table)
        lost = ~np.isfinite(table["x"].to_numpy())
        faults = _location_faults(checked, at, table, texts)
        moved = points.copy()
        good = at[~lost]
        moved.iloc[good] = shapely.points(table["x"].to_numpy()[~lost], table["y"].to_numpy()[~lost])
        columns = {
            "location_grade": ("grade", ""),
            "location_radius_m": ("radius_m", np.nan),
            "location_how": ("how", ""),
            "located_as": ("matched", ""),
        }
        frame = checked.frame.copy()
        for name, (source, empty) in columns.items():
            values = np.full(len(frame), empty, dtype=object)
            values[at] = table[source].to_numpy()
            frame[name] = values.astype(np.float64) if name == "location_radius_m" else values
        bad = np.zeros(len(frame), dtype=bool)
        bad[at[lost]] = True
        return (
            replace(checked, frame=frame).rejecting(bad, faults),
            moved[~bad].reset_index(drop=True),
            doubts,
        )

    def _with_choices(
        self, checked: CheckedTable, at: NDArray[np.int64], table: pd.DataFrame
    ) -> pd.DataFrame:
        """Places a person chose instead of those found."""
        table = table.copy()
        for i, row in enumerate(at):
            choice = self._choice(checked, checked.frame.iloc[row, 0])
            if choice is not None:
                point = self._project(np.array([[choice.longitude, choice.latitude]])).iloc[0]
                table.loc[i, ["grade", "how", "x", "y", "radius_m"]] = [
                    choice.grade,
                    "chosen",
                    point.x,
                    point.y,
                    choice.radius_m,
                ]
        return table

    def _doubts(
        self,
        checked: CheckedTable,
        at: NDArray[np.int64],
        found: list[Any],
        table: pd.DataFrame,
        gazetteer: Gazetteer,
    ) -> tuple[DoubtfulAddress, ...]:
        name, doubts = _name_column(checked), []
        back = transformer(self.config.project.crs, "EPSG:4326")
        for i, (row, each) in enumerate(zip(at, found, strict=True)):
            record = checked.frame.iloc[row]
            if not each.is_doubtful or self._choice(checked, record.iloc[0]) is not None:
                continue
            guesses = []
            for entry in each.guesses[:_GUESSES]:
                longitude, latitude = back.transform(gazetteer.x[entry], gazetteer.y[entry])
                title = " ".join(part for part in (gazetteer.town[entry], str(gazetteer.name[entry])) if part)
                guesses.append((title, longitude, latitude, float(gazetteer.radius_m[entry])))
            doubts.append(
                DoubtfulAddress(
                    checked.raw.name,
                    str(record.iloc[0]),
                    text_of(record.get(name)),
                    text_of(record.get("address")),
                    checked.raw.label_of(int(checked.rows[row])),
                    each.grade,
                    each.how,
                    table["matched"].iloc[i],
                    float(table["radius_m"].iloc[i]),
                    tuple(guesses),
                )
            )
        return tuple(doubts)

    # --- outside --------------------------------------------------------------------------------------

    def _misplaced(
        self, checked: CheckedTable, points: gpd.GeoSeries, given: Input
    ) -> tuple[list[Fault], NDArray[np.bool_]]:
        """Points outside all counties and their halo; a swap is recognised and said."""
        if self.counties.empty:
            return [], points.isna().to_numpy()
        box = self._box_m()
        bad = ~(points.within(box).to_numpy() & points.notna().to_numpy())
        if not bad.any():
            return [], bad
        swapped = bad & self._fits_turned(checked, box)
        faults = []
        for i in np.flatnonzero(bad):
            problem = "swapped_lonlat" if swapped[i] else "outside_area"
            faults.append(
                checked.raw.fault(
                    "rejected",
                    problem,
                    int(checked.rows[i]),
                    "longitude/latitude",
                    value=_coordinates(checked, points, int(i)),
                    halo_km=round(OUTSIDE_M / 1000),
                )
            )
        return faults, bad

    def _fits_turned(self, checked: CheckedTable, box: shapely.Polygon) -> NDArray[np.bool_]:
        """Whether longitude and latitude the other way round would fall into the area."""
        if checked.geometry is not None or not {"longitude", "latitude"} <= set(checked.frame):
            return np.zeros(len(checked.frame), dtype=bool)
        turned = checked.frame[["latitude", "longitude"]].to_numpy(dtype=np.float64)
        turned = np.where(np.abs(turned[:, [1]]) <= 90.0, turned, np.nan)
        return self._project(turned).within(box).to_numpy()


def _offsets(
    xy: NDArray[np.float64], found: list[Located], gazetteer: Gazetteer
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Offset of each point from what its row names, shape (3, n, 2) [m], what that is, and its spread [m]."""
    offset = np.full(xy.shape, np.nan)
    entry = np.array([each.entry if each.how == "exact" else -1 for each in found], dtype=np.int64)
    near = np.array([each.grade in ("A", "B") for each in found], dtype=bool) & (entry >= 0)
    town = np.array([each.grade == "C" for each in found], dtype=bool) & (entry >= 0)
    offset[:, near] = xy[:, near] - np.column_stack([gazetteer.x, gazetteer.y])[entry[near]]
    spread = np.where(near, gazetteer.radius_m[entry], 1000.0)
    for each in np.unique(entry[town]):
        rows = np.flatnonzero(town & (entry == each))
        villages = gazetteer.villages_of(int(each))
        if villages.size:
            points = np.column_stack([gazetteer.x, gazetteer.y])[villages]
            nearest = [
                shapely.STRtree(shapely.points(points)).nearest(shapely.points(xy[h, rows])) for h in range(3)
            ]
            offset[:, rows] = xy[:, rows] - points[np.array(nearest)]
            entry[rows] = villages[nearest[0]]
    entry[~np.isfinite(offset[0, :, 0])] = -1
    return offset, entry, spread


NAME_COLUMNS = {
    "stations": "site_name",
    "site_plan": "plan_name",
    "properties": "property_name",
    "poles": "pole_name",
    "key_places": "place",
    "orders": "order_name",
    "weak_points": "place",
    "hamlets": "hamlet",
}
"""Column that names a row's place."""
TESTED = tuple(NAME_COLUMNS)
"""Tables whose datum is tested."""


def _name_column(checked: CheckedTable) -> str:
    return NAME_COLUMNS.get(checked.raw.name, "")


def _descriptions(frame: pd.DataFrame, name: str) -> tuple[list[str], list[str], list[str]]:
    """What each row says about its place: address and name, county, town."""
    words = [column for column in ("address", NAME_COLUMNS.get(name, "")) if column in frame]
    texts = [
        "|".join(text for text in map(text_of, row) if text) for row in frame[words].itertuples(index=False)
    ]
    county, town = (
        [text_of(cell) for cell in frame[column]] if column in frame else [""] * len(frame)
        for column in ("county", "town")
    )
    return texts, county, town


def _missing(checked: CheckedTable, missing: list[str]) -> list[Fault]:
    aliases = {"longitude": ("经度", "lon"), "latitude": ("纬度", "lat")}
    return [missing_column(checked.raw, name, checked.raw.headers, aliases[name]) for name in missing]


def _blank_faults(checked: CheckedTable, blank: NDArray[np.bool_], problem: str, column: str) -> list[Fault]:
    return [
        checked.raw.fault("rejected", problem, int(checked.rows[i]), column) for i in np.flatnonzero(blank)
    ]


def _coordinates(checked: CheckedTable, points: gpd.GeoSeries, i: int) -> str:
    if checked.geometry is None and {"longitude", "latitude"} <= set(checked.frame):
        return f"{checked.frame['longitude'].iloc[i]:g}, {checked.frame['latitude'].iloc[i]:g}"
    point = points.iloc[i]
    return "—" if point is None else f"{point.x:.0f}, {point.y:.0f} m"


def _rows_named(checked: CheckedTable, rows: str) -> NDArray[np.bool_]:
    """Rows of an entry of ``datum_rows`` such as "2-120,300" or "Sheet!2-120"."""
    sheet, _, ranges = rows.rpartition("!")
    places = [checked.raw.place_of(int(record)) for record in checked.rows]
    inside = np.zeros(len(places), dtype=bool)
    for each in ranges.split(","):
        first, _, last = each.strip().partition("-")
        if not first.isdigit() or not (last or first).isdigit():
            raise InputFaults([checked.raw.fault("fatal", "datum_rows", value=rows)])
        low, high = int(first), int(last or first)
        inside |= [low <= row <= high and (not sheet or sheet == name) for name, row in places]
    return inside


def _spread(datum: NDArray[np.object_], rows: NDArray[np.int64], count: int) -> NDArray[np.object_]:
    """Datum of tested rows carried over to those between them."""
    at = np.searchsorted(rows, np.arange(count), side="right") - 1
    return datum[np.clip(at, 0, len(datum) - 1)] if len(datum) else np.full(count, "", dtype=object)


def _datum_faults(checked: CheckedTable, given: Input, evidence: Evidence) -> list[Fault]:
    """What the test of the datum found, as far as a person should know."""
    faults = []
    for label, verdict in evidence.groups:
        told: dict[str, object] = {
            "found": verdict.datum,
            "declared": given.datum,
            "sureness": f"{verdict.sureness:.1%}",
            "rows": verdict.rows,
            "group": label,
            "datum": given.datum or "wgs84",
            "evidence": evidence_text(verdict.median_m),
        }
        if evidence.is_mixed:
            told["group"] = _group_name(checked, label, evidence)
            problem, severity = ("datum_mixed" if verdict.datum else "datum_unknown"), "warning"
        elif given.datum:
            if not verdict.datum:
                continue
            same = verdict.datum == {"cgcs2000": "wgs84"}.get(given.datum, given.datum)
            problem, severity = ("datum_agrees", "note") if same else ("datum_contradicts", "warning")
        elif verdict.datum:
            problem, severity = "datum_found", ("note" if verdict.datum == "wgs84" else "warning")
        else:
            problem, severity = "datum_unknown", "warning"
        faults.append(checked.raw.fault(severity, problem, None, "datum", **told))  # type: ignore[arg-type]
    return faults


def _group_name(checked: CheckedTable, label: str, evidence: Evidence) -> str:
    """Rows of a block as a range; a column's value as it is."""
    if not label.isdigit():
        return label
    blocks = [name for name, _ in evidence.groups]
    change = np.flatnonzero(np.r_[True, evidence.datum[1:] != evidence.datum[:-1]])
    k = blocks.index(label)
    if k >= len(change):
        return label
    first = int(change[k])
    last = int(change[k + 1]) - 1 if k + 1 < len(change) else len(evidence.datum) - 1
    return f"{checked.raw.label_of(int(checked.rows[first]))}-{checked.raw.label_of(int(checked.rows[last]))}"


def evidence_text(median_m: tuple[float, ...]) -> str:
    """Distances under each datum, for a person [str].

    Examples
    --------
    >>> evidence_text((640.0, 120.0, 980.0))
    'wgs84 640 m, gcj02 120 m, bd09 980 m'
    """
    if not np.isfinite(median_m).all():
        return "—"
    return ", ".join(f"{name} {value:.0f} m" for name, value in zip(DATUMS, median_m, strict=True))


def _location_faults(
    checked: CheckedTable, at: NDArray[np.int64], table: pd.DataFrame, texts: list[str]
) -> list[Fault]:
    """A fault for each row placed by its address: sure ones are notes, doubtful ones warnings."""
    faults = []
    for row, text, each in zip(at.tolist(), texts, table.itertuples(), strict=True):
        if not np.isfinite(each.x):
            severity, problem = "rejected", "not_located"
        elif each.how in ("exact", "chosen") and each.grade in ("A", "B"):
            severity, problem = "note", "located"
        else:
            severity, problem = "warning", "located_coarse" if each.how == "exact" else f"located_{each.how}"
        radius = round(each.radius_m) if np.isfinite(each.radius_m) else 0
        values = {"value": text[:60], "found": each.matched, "grade": each.grade, "radius": radius}
        faults.append(checked.raw.fault(severity, problem, int(checked.rows[row]), "address", **values))  # type: ignore[arg-type]
    return faults
