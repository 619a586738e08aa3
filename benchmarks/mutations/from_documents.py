"""Sorts of fault drawn up from the documents alone, before looking at any check of siteplan.

Each `Sort` plants one kind of strange but real datum in a copy of a project folder (or, for family
`return`, in a folder that holds a filled-in `form.xlsx`). `plant` returns what was spoilt and where,
or None when the project has no input of that kind. Read for it: DESIGN, DOMAIN, DATA, RADIO, the
README files of the cases, the public pages of siteplan, and the text of the issue.
"""

import csv
import datetime as dt
import io
import re
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import rasterio
import shapely
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine


@dataclass(frozen=True)
class Planted:
    """What was spoilt: the file, the column or entry in it, and the rows when only some are."""

    file: str
    field: str
    rows: tuple[int, ...] = ()


Plant = Callable[[Path, np.random.Generator], Planted | None]


@dataclass(frozen=True)
class Sort:
    """One kind of fault, where the idea comes from, and what a correct tool does with it."""

    name: str
    family: str
    source: str
    right: str
    plant: Plant


_SORTS: list[Sort] = []


def sort(name: str, family: str, source: str, right: str) -> Callable[[Plant], Plant]:
    """Register the decorated function as the planter of a sort."""

    def register(plant: Plant) -> Plant:
        _SORTS.append(Sort(name, family, source, right, plant))
        return plant

    return register


# ---------------------------------------------------------------------------------------------------
# The project file


def read_project(folder: Path) -> dict[str, Any]:
    """The project file of a folder as a dictionary."""
    return tomllib.loads((folder / "project.toml").read_text(encoding="utf-8"))


def declared(folder: Path, name: str) -> tuple[Path, dict[str, Any]] | None:
    """File and block of an input, or None when it is not declared or its file is not there."""
    block = read_project(folder).get("inputs", {}).get(name)
    if not isinstance(block, dict) or not isinstance(block.get("path"), str):
        return None
    path = folder / block["path"]
    return (path, block) if path.is_file() else None


_HEADER_LINE = re.compile(r"^\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")


def edit_entries(folder: Path, block: str, key: str, change: Callable[[str, int], str | None]) -> int:
    """Change single-line entries `key` in every block whose header matches; count the changed ones.

    `change` gets the value as written and its ordinal, and returns the new value or None to keep it.
    """
    path = folder / "project.toml"
    entry = re.compile(rf"^(\s*{re.escape(key)}\s*=\s*)(\"[^\"]*\"|[^#]*?)(\s*(?:#.*)?)$")
    lines, header, seen, changed = path.read_text(encoding="utf-8").splitlines(), "", 0, 0
    for at, line in enumerate(lines):
        if found := _HEADER_LINE.match(line):
            header = found[1]
        elif re.fullmatch(block, header) and (found := entry.match(line)):
            new = change(found[2], seen)
            seen += 1
            if new is not None and new != found[2]:
                lines[at], changed = f"{found[1]}{new}{found[3]}", changed + 1
    if changed:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return changed


def insert_entry(folder: Path, header: str, entry: str) -> bool:
    """Write one entry below the header line of a block; False when there is no such line."""
    path = folder / "project.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    for at, line in enumerate(lines):
        if (found := _HEADER_LINE.match(line)) and found[1] == header:
            lines.insert(at + 1, entry)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            return True
    return False


def append_targets(folder: Path, targets: Iterable[Mapping[str, Any]]) -> bool:
    """Write further quota targets behind the last one."""
    path = folder / "project.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    headers = [at for at, line in enumerate(lines) if _HEADER_LINE.match(line)]
    own = [at for at in headers if lines[at].strip().startswith("[[quota.targets]]")]
    if not own:
        return False
    end = next((at for at in headers if at > own[-1]), len(lines))
    new = [row for target in targets for row in ("[[quota.targets]]", *map(_toml_entry, target.items()), "")]
    lines[end:end] = new
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return True


def _toml_entry(item: tuple[str, Any]) -> str:
    key, value = item
    return f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"


# ---------------------------------------------------------------------------------------------------
# Tables: CSV, XLSX and the attributes of vector files, all seen as a header and rows

HEADERS: dict[str, tuple[str, ...]] = {
    "station_id": ("基站编号", "station id", "cell id"),
    "site_id": ("站址编码", "站址编号", "site id", "site"),
    "site_name": ("站址名称", "site name"),
    "network": ("网络", "运营商", "network", "operator"),
    "band": ("频段", "band"),
    "antenna_height_m": ("挂高", "天线挂高", "antenna height", "antenna height m", "height m", "height"),
    "azimuth_deg": ("方位角", "azimuth", "azimuth deg"),
    "downtilt_deg": ("下倾角", "downtilt", "downtilt deg", "tilt"),
    "on_air_date": ("开通日期", "入网日期", "启用日期", "on air date", "date on air", "on air"),
    "county": ("县区", "区县", "县名", "county", "municipality", "parish"),
    "built": ("建设状态", "是否已建", "built", "already built"),
    "weight": ("权重", "weight"),
    "population": ("人口", "常住人口", "户籍人口", "population", "residents"),
    "success_probability": ("成功概率", "success probability"),
    "longitude": ("经度", "longitude", "lon", "lng"),
    "latitude": ("纬度", "latitude", "lat"),
    "area_class": ("区域类型", "area class"),
    "layer": ("图层", "layer"),
    "zone": ("名称", "zone"),
}
DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".shp": "ESRI Shapefile"}


def plain(header: object) -> str:
    """A header in one notation: small letters, no unit in brackets, no blanks or underscores."""
    words = re.sub(r"[(（\[].*?[)）\]]", "", str(header or ""))
    return re.sub(r"[\s_\-﻿]+", "", words).lower()


_KNOWN = {plain(word) for words in HEADERS.values() for word in words}


@dataclass
class Table:
    """One input as header and rows; `write` puts it back into its file."""

    path: Path
    block: dict[str, Any]
    header: list[str]
    rows: list[list[Any]]
    header_row: int = 1
    text: dict[str, str] = field(default_factory=dict)  # encoding, delimiter, newline of a text file
    book: openpyxl.Workbook | None = None
    sheet: str = ""
    geometry: gpd.GeoSeries | None = None

    def column(self, key: str) -> int | None:
        """Position of a column by the project's own mapping, else by its usual headers."""
        mapped = self.block.get("columns", {}).get(key)
        names = [mapped] if isinstance(mapped, str) else [key, *HEADERS[key]]
        wanted = [plain(name) for name in names]
        at = {plain(name): position for position, name in reversed(list(enumerate(self.header)))}
        return next((at[name] for name in wanted if name in at), None)

    def row_numbers(self, positions: Iterable[int]) -> tuple[int, ...]:
        """Row numbers as a spreadsheet shows them."""
        return tuple(int(at) + self.header_row + 1 for at in positions)

    def planted(self, column: int | str, positions: Iterable[int] = ()) -> Planted:
        """Write the table and say what was spoilt."""
        write_table(self)
        name = column if isinstance(column, str) else self.header[column]
        return Planted(self.path.name, name, self.row_numbers(positions))

    def add_column(self, name: str, cells: Iterable[Any]) -> None:
        """Put one more column at the right."""
        self.header.append(name)
        for row, cell in zip(self.rows, cells, strict=True):
            row.append(self.cell(cell))

    def words(self, chinese: tuple[str, ...], english: tuple[str, ...]) -> tuple[str, ...]:
        """The words in the language of the headers."""
        return chinese if re.search("[一-龥]", "".join(self.header)) else english

    def cell(self, value: Any, digits: int = 6) -> Any:
        """A value as this kind of file holds it: text files hold text."""
        if not self.text:
            return round(float(value), digits) if isinstance(value, float) else value
        return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def open_table(folder: Path, name: str) -> Table | None:
    """The table of an input, or None when there is none that can be edited here."""
    found = declared(folder, name)
    if found is None:
        return None
    path, block = found
    suffix = path.suffix.lower()
    if suffix in {".csv", ".txt"}:
        return _open_text(path, block)
    if suffix == ".xlsx":
        return _open_book(path, block)
    return _open_vector(path, block) if suffix in DRIVERS else None


def _open_text(path: Path, block: dict[str, Any]) -> Table | None:
    data = path.read_bytes()
    encoding = block.get("encoding") or ("utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else _encoding(data))
    text = data.decode(encoding)
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if len(rows) < 2:
        return None
    form = {"encoding": encoding, "delimiter": delimiter, "newline": "\r\n" if "\r\n" in text else "\n"}
    return Table(path, block, rows[0], [row for row in rows[1:] if len(row) == len(rows[0])], text=form)


def _encoding(data: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "cp1252"


def _open_book(path: Path, block: dict[str, Any]) -> Table | None:
    book = openpyxl.load_workbook(path)
    layer = block.get("layer")
    sheets = [book[layer]] if layer in book.sheetnames else book.worksheets
    score, at, sheet = max(((*_header_row(sheet), sheet) for sheet in sheets), key=lambda found: found[0])
    if score < 2:
        return None
    rows = [list(row) for row in sheet.iter_rows(min_row=at, values_only=True)]
    header = [str(cell or "") for cell in rows[0]]
    return Table(path, block, header, rows[1:], header_row=at, book=book, sheet=sheet.title)


def _header_row(sheet: Worksheet) -> tuple[int, int]:
    """How many known headers the best of the first rows has, and which row that is."""
    rows = sheet.iter_rows(max_row=12, values_only=True)
    counts = [sum(plain(cell) in _KNOWN for cell in row) for row in rows] or [0]
    best = int(np.argmax(counts))
    return counts[best], best + 1


def _open_vector(path: Path, block: dict[str, Any]) -> Table | None:
    layer = block.get("layer")
    frame = gpd.read_file(path, layer=layer) if layer else gpd.read_file(path)
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None or frame.empty:
        return None
    values = frame.drop(columns=frame.geometry.name)
    return Table(
        path, block, list(values.columns), values.astype(object).values.tolist(), geometry=frame.geometry
    )


def write_table(table: Table) -> None:
    """Put header, rows and geometry back into the file they came from."""
    if table.book is not None:
        _write_book(table, table.book)
    elif table.geometry is not None:
        values = pd.DataFrame(table.rows, columns=table.header).infer_objects()
        shapes = gpd.GeoSeries(table.geometry.to_numpy(), crs=table.geometry.crs)
        write_vector(table.path, table.block, gpd.GeoDataFrame(values, geometry=shapes))
    else:
        out = io.StringIO(newline="")
        form = table.text
        csv.writer(out, delimiter=form["delimiter"], lineterminator=form["newline"]).writerows(
            [table.header, *table.rows]
        )
        table.path.write_bytes(out.getvalue().encode(form["encoding"], errors="replace"))


def _write_book(table: Table, book: openpyxl.Workbook) -> None:
    sheet = book[table.sheet]
    for down, row in enumerate([table.header, *table.rows]):
        for right, value in enumerate(row, start=1):
            cell = sheet.cell(row=table.header_row + down, column=right)
            if cell.value != value and type(cell).__name__ != "MergedCell":
                cell.value = value
    book.save(table.path)


def write_vector(path: Path, block: Mapping[str, Any], frame: gpd.GeoDataFrame) -> None:
    """Write one layer; other layers of a GeoPackage stay."""
    layer = block.get("layer") or path.stem
    driver = DRIVERS[path.suffix.lower()]
    options: dict[str, Any] = {"layer": layer} if driver == "GPKG" else {}
    if driver == "GPKG" and not block.get("layer"):
        options["layer"] = str(gpd.list_layers(path).name.iloc[0])
    frame.to_file(path, driver=driver, engine="pyogrio", **options)


def number(cell: Any) -> float:
    """The number in a cell, nan when there is none."""
    if isinstance(cell, int | float):
        return float(cell)
    try:
        return float(str(cell).strip().replace(",", "."))
    except ValueError:
        return float("nan")


def scale_column(table: Table, column: int, factor: float, digits: int, rows: Iterable[int]) -> list[int]:
    """Multiply the numbers of a column in some rows; the rows that held one."""
    done = []
    for at in rows:
        value = number(table.rows[at][column]) * factor
        if np.isfinite(value):
            table.rows[at][column] = table.cell(round(value) if digits == 0 else float(value), digits)
            done.append(int(at))
    return done


def some(rng: np.random.Generator, count: int, share: float) -> list[int]:
    """Positions of a random share of rows, at least one."""
    return sorted(int(at) for at in rng.choice(count, size=max(1, round(count * share)), replace=False))


def coordinates(table: Table) -> np.ndarray | None:
    """Longitude and latitude of the rows in degrees, from columns or from points; None without."""
    east, north = table.column("longitude"), table.column("latitude")
    if east is not None and north is not None:
        points = np.array([[number(row[east]), number(row[north])] for row in table.rows], dtype=float)
    elif table.geometry is not None and (table.geometry.geom_type == "Point").all():
        points = shapely.get_coordinates(table.geometry.to_crs(4326).to_numpy())
    else:
        return None
    inside = (np.abs(points[:, 0]) <= 180) & (np.abs(points[:, 1]) <= 90)
    return points if np.mean(inside) > 0.8 else None


def set_coordinates(table: Table, points: np.ndarray, digits: int = 6) -> str:
    """Put coordinates back where `coordinates` found them; the name of the field."""
    east, north = table.column("longitude"), table.column("latitude")
    if east is not None and north is not None:
        for row, (x, y) in zip(table.rows, points, strict=True):
            if np.isfinite(x) and np.isfinite(y):
                row[east], row[north] = table.cell(float(x), digits), table.cell(float(y), digits)
        return table.header[east]
    assert table.geometry is not None
    moved = gpd.GeoSeries(shapely.points(points), crs=4326)
    table.geometry = moved.to_crs(table.geometry.crs)
    return "geometry"


def open_placed(folder: Path, *names: str) -> tuple[Table, np.ndarray] | None:
    """The first of some inputs whose rows have coordinates in degrees, with them."""
    for name in names:
        table = open_table(folder, name)
        points = coordinates(table) if table is not None and len(table.rows) > 3 else None
        if table is not None and points is not None:
            return table, points
    return None


# ---------------------------------------------------------------------------------------------------
# Datum of Chinese maps (public formula)


def in_china(points: np.ndarray) -> bool:
    """True when the middle of the points lies where GCJ-02 is in use."""
    x, y = np.nanmedian(points, axis=0)
    return bool(73.5 < x < 135.1 and 18.0 < y < 53.6)


def to_gcj02(points: np.ndarray) -> np.ndarray:
    """WGS84 to GCJ-02."""
    x, y = points[:, 0] - 105.0, points[:, 1] - 35.0
    wave = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    root = np.sqrt(np.abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi * y / 3)) * 2 / 3
    north += (160 * np.sin(np.pi * y / 12) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi * x / 3)) * 2 / 3
    east += (150 * np.sin(np.pi * x / 12) + 300 * np.sin(np.pi * x / 30)) * 2 / 3
    phi, flat = np.radians(points[:, 1]), 0.00669342162296594323
    magic = 1 - flat * np.sin(phi) ** 2
    north = north * 180 / (6378245.0 * (1 - flat) / (magic * np.sqrt(magic)) * np.pi)
    east = east * 180 / (6378245.0 / np.sqrt(magic) * np.cos(phi) * np.pi)
    return np.column_stack([points[:, 0] + east, points[:, 1] + north])


def to_bd09(points: np.ndarray) -> np.ndarray:
    """WGS84 to BD-09."""
    x, y = to_gcj02(points).T
    turn = np.pi * 3000 / 180
    radius = np.hypot(x, y) + 2e-5 * np.sin(y * turn)
    angle = np.arctan2(y, x) + 3e-6 * np.cos(x * turn)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])


# ---------------------------------------------------------------------------------------------------
# Sheets


@sort(
    "heights_in_decimetres",
    "sheet",
    "own thought: network-management exports keep antenna heights as whole decimetres (DATA E1, RRU tables)",
    "Refuses or asks: no antenna hangs 220 to 450 m above ground; offers a division by ten.",
)
def heights_in_decimetres(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Antenna heights ten times too large under the old header."""
    table = open_table(folder, "stations")
    column = table.column("antenna_height_m") if table else None
    if table is None or column is None:
        return None
    done = scale_column(table, column, 10, 0, range(len(table.rows)))
    return table.planted(column) if done else None


@sort(
    "heights_in_feet_by_header",
    "sheet",
    "issue A3: units in headers",
    "Reads feet as feet (a third of the numbers, in metres) and says so.",
)
def heights_in_feet_by_header(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Antenna heights in feet, and the header says feet."""
    table = open_table(folder, "stations")
    column = table.column("antenna_height_m") if table else None
    if table is None or column is None or "antenna_height_m" in table.block.get("columns", {}):
        return None
    scale_column(table, column, 1 / 0.3048, 0, range(len(table.rows)))
    (table.header[column],) = table.words(("挂高(英尺)",), ("antenna height (ft)",))
    return table.planted(column)


@sort(
    "heights_above_sea_level",
    "sheet",
    "own thought: surveyors note the antenna's altitude; ANFR and LoRa tables carry both (DATA C, RADIO 5)",
    "Asks: heights follow the relief and reach hundreds of metres; they are altitudes, subtract the ground.",
)
def heights_above_sea_level(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Antenna heights to which the height of the ground was added."""
    placed = open_placed(folder, "stations")
    column = placed[0].column("antenna_height_m") if placed else None
    if placed is None or column is None:
        return None
    table, points = placed
    ground = _ground(folder, points, rng)
    for row, base in zip(table.rows, ground, strict=True):
        if np.isfinite(number(row[column])):
            row[column] = table.cell(round(number(row[column]) + float(base)))
    return table.planted(column)


def _ground(folder: Path, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Height of the ground at points: from the DEM where there is one, else drawn."""
    drawn = rng.uniform(120, 900, len(points)).round()
    found = declared(folder, "dem")
    if found is None:
        return drawn
    with rasterio.open(found[0]) as raster:
        where = gpd.GeoSeries(shapely.points(np.nan_to_num(points)), crs=4326).to_crs(raster.crs)
        cells = raster.sample(zip(where.x, where.y, strict=True))
        taken = np.array([cell[0] for cell in cells], dtype=float)
    return np.where((taken > 0) & (taken < 9000), taken, drawn)


@sort(
    "height_and_tilt_exchanged",
    "sheet",
    "own thought: columns re-ordered by hand under an old header row (DATA E1.3, E1.4)",
    "Refuses or asks: downtilts of 22 to 45 degrees on masts 1 to 9 m high mean two exchanged columns.",
)
def height_and_tilt_exchanged(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The headers of antenna height and downtilt changed places."""
    table = open_table(folder, "stations")
    if table is None:
        return None
    high, tilt = table.column("antenna_height_m"), table.column("downtilt_deg")
    if high is None or tilt is None:
        return None
    table.header[high], table.header[tilt] = table.header[tilt], table.header[high]
    return table.planted(tilt)


@sort(
    "azimuths_by_default",
    "sheet",
    "own thought: unsurveyed sectors are exported as 0 (cases/chengdu: zeros 'as found'; DATA E1.2 "
    "drops zeros)",
    "Warns: three sectors of one mast in the same direction are no survey; taken as unknown, with the count.",
)
def azimuths_by_default(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Most rows have 0/0/0 as azimuths."""
    table = open_table(folder, "stations")
    column = table.column("azimuth_deg") if table else None
    if table is None or column is None:
        return None
    rows = some(rng, len(table.rows), 0.7)
    for at in rows:
        table.rows[at][column] = "0/0/0"
    return table.planted(column, rows)


DATE_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y")


def date_form(cell: Any) -> str | None:
    """The form in which a text holds a date, or None."""
    for form in DATE_FORMS:
        try:
            dt.datetime.strptime(str(cell).strip(), form)
        except ValueError:
            continue
        return form
    return None


def read_date(cell: Any) -> dt.date | None:
    """The date of a cell, or None."""
    if isinstance(cell, dt.date):
        return cell.date() if isinstance(cell, dt.datetime) else cell
    form = date_form(cell)
    return dt.datetime.strptime(str(cell).strip(), form).date() if form else None


def change_date(cell: Any, change: Callable[[dt.date], dt.date]) -> Any:
    """A date cell with its date changed, in the form it had; None when it holds no date."""
    day = read_date(cell)
    if day is None:
        return None
    if isinstance(cell, dt.datetime):
        return dt.datetime.combine(change(day), cell.time())
    return change(day) if isinstance(cell, dt.date) else change(day).strftime(date_form(cell) or "%Y-%m-%d")


def _change_dates(table: Table, column: int, change: Callable[[dt.date], dt.date]) -> list[int]:
    """Change every date of a column; the rows where it changed."""
    done = []
    for at, row in enumerate(table.rows):
        new = change_date(row[column], change)
        if new is not None and new != row[column]:
            row[column] = new
            done.append(at)
    return done


@sort(
    "dates_of_the_1904_calendar",
    "sheet",
    "own thought: a workbook from a Mac pasted into one from Windows loses 1,462 days (DOMAIN 1.3: "
    "the ledger)",
    "Warns: 5G stations on air before June 2019 are impossible; the count of the year is not trusted.",
)
def dates_of_the_1904_calendar(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Every date on air is four years and a day too early."""
    table = open_table(folder, "stations")
    column = table.column("on_air_date") if table else None
    if table is None or column is None:
        return None
    done = _change_dates(table, column, lambda day: day - dt.timedelta(days=1462))
    return table.planted(column) if done else None


@sort(
    "years_of_the_next_decade",
    "sheet",
    "issue A3 and C1: a mistyped year; here one year found and replaced",
    "Warns: many stations go on air years after the reference date; not silently left out of the network.",
)
def years_of_the_next_decade(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The commonest year on air became the same year ten years later."""
    table = open_table(folder, "stations")
    column = table.column("on_air_date") if table else None
    if table is None or column is None:
        return None
    years = Counter(day.year for row in table.rows if (day := read_date(row[column])))
    if not years:
        return None
    common = years.most_common(1)[0][0]
    later = lambda day: day + dt.timedelta(days=3652) if day.year == common else day  # noqa: E731
    return table.planted(column, _change_dates(table, column, later))


@sort(
    "second_export_renumbered",
    "sheet",
    "own thought: two monthly exports pasted below each other, running numbers drawn anew (DOMAIN 0.1, 1.3)",
    "Warns or rejects: same site, network and band twice under other station ids; counted once in "
    "the ledger.",
)
def second_export_renumbered(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """All stations a second time, with new station ids."""
    table = open_table(folder, "stations")
    column = table.column("station_id") if table else None
    if table is None or column is None:
        return None
    count = len(table.rows)
    again = [list(row) for row in table.rows]
    for at, row in enumerate(again):
        row[column] = f"R{count + at + 1:06d}"
    table.rows += again
    if table.geometry is not None:
        table.geometry = pd.concat([table.geometry, table.geometry], ignore_index=True)
    return table.planted(column, range(count, 2 * count))


@sort(
    "one_operator_in_gcj02",
    "sheet",
    "DOMAIN 0.4 and DATA E2: one sheet in the wrong datum; here one operator's rows",
    "Asks or refuses: these rows fit their places only as GCJ-02; offers datum_rows, plans nothing on them.",
)
def one_operator_in_gcj02(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Rows of every second network name (else the lower half) are in GCJ-02."""
    placed = open_placed(folder, "stations", "site_plan", "key_places")
    if placed is None or not in_china(placed[1]) or placed[0].block.get("datum") in {"gcj02", "bd09"}:
        return None
    table, points = placed
    column = table.column("network")
    names = sorted({str(row[column]) for row in table.rows}) if column is not None else []
    chosen = np.arange(len(points)) >= len(points) // 2
    if column is not None and len(names) > 1:
        chosen = np.array([str(row[column]) in names[1::2] for row in table.rows])
    points[chosen] = to_gcj02(points[chosen])
    return table.planted(set_coordinates(table, points), np.flatnonzero(chosen))


@sort(
    "minutes_written_as_decimals",
    "sheet",
    "own thought: 113°34'12\" typed as 113.3412 (DATA E1.6: degrees, minutes and seconds are common)",
    "Refuses or asks: no minute above 59 in any row, and rows miss their counties and towns; offers D.MMSS.",
)
def minutes_written_as_decimals(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Degrees, minutes and seconds packed behind the decimal point."""
    placed = open_placed(folder, "stations", "properties", "site_plan", "key_places", "villages")
    if placed is None:
        return None
    table, points = placed
    seconds = np.round(np.abs(points) * 3600)
    degrees, minutes = seconds // 3600, seconds // 60 % 60
    packed = np.sign(points) * (degrees + minutes / 100 + seconds % 60 / 10000)
    return table.planted(set_coordinates(table, packed, digits=4))


@sort(
    "longitude_sorted_alone",
    "sheet",
    "own thought: one column marked and sorted in a spreadsheet, the others left as they were",
    "Refuses: positions contradict the counties, towns and names of their rows; the table is not used.",
)
def longitude_sorted_alone(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Longitudes in ascending order, every other column as before."""
    placed = open_placed(folder, "site_plan", "properties", "stations", "key_places")
    if placed is None:
        return None
    table, points = placed
    points[:, 0] = np.sort(points[:, 0])
    return table.planted(set_coordinates(table, points))


@sort(
    "two_decimals_kept",
    "sheet",
    "own thought: a CSV saved from cells formatted 0.00 keeps what was shown (DATA A3: stations on "
    "a 0.01 grid)",
    "Warns: coordinates end after two decimals (about 1 km); sites stack on a lattice, too coarse for masts.",
)
def two_decimals_kept(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Coordinates rounded to a hundredth of a degree."""
    placed = open_placed(folder, "stations", "villages", "properties")
    if placed is None:
        return None
    table, points = placed
    return table.planted(set_coordinates(table, np.round(points, 2), digits=2))


@sort(
    "one_point_filled_down",
    "sheet",
    "own thought: coordinates dragged down with the fill handle over a block of rows",
    "Warns: many different places on one very point; they are held or asked, not ranked as candidates there.",
)
def one_point_filled_down(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A third of the table, in blocks of forty rows, has the coordinates of the block's first row."""
    placed = open_placed(folder, "properties", "site_plan", "stations", "key_places")
    if placed is None:
        return None
    table, points = placed
    size = min(40, max(3, len(points) // 3))
    starts = range(0, len(points), size)
    blocks = [starts[at] for at in some(rng, len(starts), 1 / 3)]
    rows = [at for start in blocks for at in range(start + 1, min(start + size, len(points)))]
    for start in blocks:
        points[start : start + size] = points[start]
    return table.planted(set_coordinates(table, points), rows) if rows else None


@sort(
    "latitude_first_in_some_rows",
    "sheet",
    "DATA E1.3: an import template that has the latitude first",
    "Reads the pairs the right way round where only one way is possible, or rejects these rows by number.",
)
def latitude_first_in_some_rows(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Longitude and latitude exchanged in three rows of ten."""
    placed = open_placed(folder, "stations", "properties", "key_places")
    if placed is None or placed[0].column("longitude") is None:
        return None
    table, points = placed
    rows = some(rng, len(points), 0.3)
    points[rows] = points[rows][:, ::-1]
    return table.planted(set_coordinates(table, points), rows)


@sort(
    "retired_stations_kept",
    "sheet",
    "own thought: registers keep what was taken down (DOMAIN 1.3: statuses; DOMAIN additions: cancelled)",
    "Asks or warns: a column says that these stations are off; they do not count as coverage unseen.",
)
def retired_stations_kept(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A state column says that four of ten stations have left the network."""
    table = open_table(folder, "stations")
    if table is None or len(table.rows) < 5:
        return None
    rows = some(rng, len(table.rows), 0.4)
    off = set(rows)
    name, gone, there = table.words(("运行状态", "已退网", "在网"), ("state", "decommissioned", "in service"))
    table.add_column(name, [gone if at in off else there for at in range(len(table.rows))])
    return table.planted(name, rows)


@sort(
    "lte_rows_among_5g",
    "sheet",
    "own thought: 2.1 GHz and 700 MHz carry 4G and 5G; exports mix both (DOMAIN 1.1: 24,136 of "
    "which 21.3 % 5G)",
    "Asks or warns: a column names another technology; 4G rows count neither as 5G coverage nor as built.",
)
def lte_rows_among_5g(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A technology column says that four of ten rows are LTE."""
    table = open_table(folder, "stations")
    if table is None or len(table.rows) < 5:
        return None
    rows = some(rng, len(table.rows), 0.4)
    old = set(rows)
    (name,) = table.words(("制式",), ("technology",))
    table.add_column(name, ["LTE" if at in old else "NR" for at in range(len(table.rows))])
    return table.planted(name, rows)


@sort(
    "question_turned_round",
    "sheet",
    "own thought: the same sheet asks 'not built yet?' one year and 'built?' the next",
    "Reads yes as not built, or asks; never takes the yes of a negated header for built.",
)
def question_turned_round(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The column of built sites became 是否未建 with 是 and 否."""
    table = open_table(folder, "site_plan")
    column = table.column("built") if table else None
    if table is None or column is None or "built" in table.block.get("columns", {}):
        return None
    table.header[column], yes, no = table.words(("是否未建", "是", "否"), ("not built", "yes", "no"))
    built = {"已建", "是", "yes", "built", "true", "1"}
    for row in table.rows:
        row[column] = no if str(row[column]).strip().lower() in built else yes
    return table.planted(column)


@sort(
    "lookup_errors_in_state",
    "sheet",
    "issue A1: error cells; here a VLOOKUP into a workbook that was not sent",
    "Names the cells with #N/A and rejects or asks about these rows; they are not taken as not built.",
)
def lookup_errors_in_state(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Half of the states of the site plan are #N/A."""
    table = open_table(folder, "site_plan")
    column = table.column("built") if table else None
    if table is None or column is None:
        return None
    rows = some(rng, len(table.rows), 0.5)
    for at in rows:
        table.rows[at][column] = "#N/A"
    return table.planted(column, rows)


@sort(
    "site_ids_in_scientific_notation",
    "sheet",
    "own thought: 18-digit site codes opened once in a spreadsheet (DOMAIN additions: ids of 20 digits)",
    "Refuses or asks: ids lost their digits, hundreds of places share one id; sites are not merged.",
)
def site_ids_in_scientific_notation(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Site ids became numbers such as 4.40203E+17, the same for a whole county."""
    table = open_table(folder, "stations")
    column = table.column("site_id") if table else None
    if table is None or column is None:
        return None
    for at, row in enumerate(table.rows):
        digits = re.sub(r"\D", "", str(row[column]))
        lead = digits[:6] if len(digits) >= 8 else f"{910000 + at // 40:06d}"
        row[column] = f"{lead[0]}.{lead[1:]}E+17"
    return table.planted(column)


@sort(
    "operators_exchanged",
    "sheet",
    "own thought: a code list of operators (1, 2, 3) resolved in another order (DOMAIN 1.2: who "
    "owns which band)",
    "Rejects or asks: these bands belong to the other network; no station is moved to a network in silence.",
)
def operators_exchanged(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Names of the first two networks are exchanged in all rows."""
    table = open_table(folder, "stations")
    column = table.column("network") if table else None
    networks = read_project(folder).get("networks", [])
    if table is None or column is None or len(networks) < 2:
        return None
    spoken = [{net.get("id"), net.get("name"), *net.get("aliases", [])} for net in networks[:2]]
    used = [sorted({str(row[column]) for row in table.rows} & names) for names in spoken]
    if not all(used):
        return None
    swap = {a: used[1][at % len(used[1])] for at, a in enumerate(used[0])}
    swap |= {b: used[0][at % len(used[0])] for at, b in enumerate(used[1])}
    for row in table.rows:
        row[column] = swap.get(str(row[column]), row[column])
    return table.planted(column)


@sort(
    "weights_with_three_zeros",
    "sheet",
    "own thought: a weight in people typed with a thousands point, 1.250 against 1250 (DATA C: "
    "decimal commas)",
    "Warns: single places weigh more than all the people of the area; named by row.",
)
def weights_with_three_zeros(folder: Path, rng: np.random.Generator) -> Planted | None:
    """One key place in twelve weighs a thousand times as much."""
    table = open_table(folder, "key_places") or open_table(folder, "orders")
    column = table.column("weight") if table else None
    if table is None or column is None:
        return None
    done = scale_column(table, column, 1000, 0, some(rng, len(table.rows), 1 / 12))
    return table.planted(column, done) if done else None


@sort(
    "two_scales_of_probability",
    "sheet",
    "own thought: one office writes 0.6, another 60 (DOMAIN 1.6: success probability of acquisition)",
    "Refuses or asks about values above 1 row by row; 1 is not taken for certain next to 60.",
)
def two_scales_of_probability(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A column of success probabilities, half of it in per cent."""
    table = open_table(folder, "properties") or open_table(folder, "site_plan")
    if table is None or len(table.rows) < 4 or table.column("success_probability") is not None:
        return None
    share = rng.integers(20, 95, len(table.rows))
    rows = some(rng, len(table.rows), 0.5)
    percent = set(rows)
    cells = [int(value) if at in percent else float(value) / 100 for at, value in enumerate(share)]
    (name,) = table.words(("成功概率",), ("success probability",))
    table.add_column(name, cells)
    return table.planted(name, rows)


@sort(
    "people_in_ten_thousands",
    "sheet",
    "DOMAIN 1.1: official tables count in 万; issue A3 has it with a header",
    "Refuses or asks: villages of less than one inhabitant; offers 万人, since the header does not say it.",
)
def people_in_ten_thousands(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Residents of villages divided by 10,000 under the old header."""
    table = open_table(folder, "villages")
    column = table.column("population") if table else None
    if table is None or column is None:
        return None
    done = scale_column(table, column, 1e-4, 4, range(len(table.rows)))
    return table.planted(column) if done else None


# ---------------------------------------------------------------------------------------------------
# Vectors


def polygons(folder: Path, name: str) -> Table | None:
    """An input that is a vector file, or None."""
    table = open_table(folder, name)
    return table if table is not None and table.geometry is not None else None


def bend(shapes: gpd.GeoSeries, change: Callable[[np.ndarray], np.ndarray]) -> gpd.GeoSeries:
    """Shapes with every vertex changed in longitude and latitude."""
    degrees = shapes.to_crs(4326)
    bent = gpd.GeoSeries(shapely.transform(degrees.to_numpy(), change), crs=4326)
    return bent.to_crs(shapes.crs)


@sort(
    "zones_of_the_next_prefecture",
    "vector",
    "own thought: the folder of the next city was sent; a layer that forbids is missed by nobody "
    "(issue A7, B2)",
    "Refuses or warns by name: no zone of this layer touches the area, so nothing is forbidden by it.",
)
def zones_of_the_next_prefecture(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Zones lie two and a half degrees further east."""
    for name in ("exclusions", "area_classes"):
        table = polygons(folder, name)
        if table is not None and table.geometry is not None:
            table.geometry = bend(table.geometry, lambda xy: xy + np.array([2.5, 0.0]))
            return table.planted("geometry")
    return None


@sort(
    "metres_of_the_neighbour_zone",
    "vector",
    "DATA E2: zones of 3 degrees side by side; own thought: the zone chosen from a list is one too far east",
    "Refuses: all shapes lie outside the area, and the same numbers fit the next zone; that CRS is offered.",
)
def metres_of_the_neighbour_zone(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Villages in metres of the right zone, with the CRS of the next zone written in the file."""
    table = polygons(folder, "villages") or polygons(folder, "area_classes")
    here = CRS.from_user_input(read_project(folder)["project"].get("crs", "EPSG:4326"))
    code = here.to_epsg()
    if table is None or table.geometry is None or code is None or not here.is_projected:
        return None
    try:
        there = CRS.from_epsg(code + 1)
    except CRSError:
        return None
    if not there.is_projected:
        return None
    table.geometry = table.geometry.to_crs(here).set_crs(there, allow_override=True)
    return table.planted("crs")


@sort(
    "attributes_against_shapes",
    "vector",
    "own thought: the dbf of a layer sorted in a spreadsheet, the shapes not (issue A4: parts that disagree)",
    "Refuses: names, counties and own coordinates of most rows contradict the shapes they stand beside.",
)
def attributes_against_shapes(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Each shape carries the attributes of a row a third of the table away."""
    table = polygons(folder, "villages") or polygons(folder, "counties")
    if table is None or len(table.rows) < 3:
        return None
    shift = max(1, len(table.rows) // 3)
    table.rows = table.rows[shift:] + table.rows[:shift]
    return table.planted("geometry")


@sort(
    "villages_doubled_by_a_join",
    "vector",
    "DATA C: a spatial join counts features twice where borders overlap",
    "Warns by name: the same village stands here more than once; it is counted once.",
)
def villages_doubled_by_a_join(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A third of the villages twice, with a new id behind the old one."""
    table = polygons(folder, "villages")
    if table is None or table.geometry is None or len(table.rows) < 3:
        return None
    count, again = len(table.rows), some(rng, len(table.rows), 1 / 3)
    ids = _id_column(table)
    for at in again:
        row = list(table.rows[at])
        if ids is not None:
            row[ids] = f"{row[ids]}_1" if isinstance(row[ids], str) else row[ids]
        table.rows.append(row)
    table.geometry = pd.concat([table.geometry, table.geometry.iloc[again]], ignore_index=True)
    return table.planted("geometry" if ids is None else ids, range(count, count + len(again)))


def _id_column(table: Table) -> int | None:
    wanted = {"villageid", "村代码", "id", "geonameid", "osmid"}
    return next((at for at, name in enumerate(table.header) if plain(name) in wanted), None)


@sort(
    "counties_missing",
    "vector",
    "own thought: a selection was active when the layer was exported (DATA A1: ten units, two "
    "merged in some)",
    "Refuses or warns by name: villages and quota of counties without a border; not planned as wilderness.",
)
def counties_missing(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A third of the counties is not in the layer."""
    table = polygons(folder, "counties")
    if table is None or table.geometry is None or len(table.rows) < 2:
        return None
    gone = set(some(rng, len(table.rows), 1 / 3))
    keep = [at for at in range(len(table.rows)) if at not in gone]
    table.rows = [table.rows[at] for at in keep]
    table.geometry = table.geometry.iloc[keep].reset_index(drop=True)
    name = table.column("county")
    return table.planted("geometry" if name is None else name)


@sort(
    "villages_from_an_amap_package",
    "vector",
    "DATA A1: packages whose borders are GCJ-02 and say so nowhere",
    "Asks or warns: villages agree with borders, people and stations only after a shift of 600 m (GCJ-02).",
)
def villages_from_an_amap_package(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Shapes and own coordinates of the villages are in GCJ-02."""
    table = polygons(folder, "villages")
    if table is None or table.geometry is None or table.block.get("datum") in {"gcj02", "bd09"}:
        return None
    middle = shapely.get_coordinates(table.geometry.to_crs(4326).to_numpy())
    if not in_china(middle):
        return None
    points = coordinates(table)
    if points is not None:
        set_coordinates(table, to_gcj02(points))
    table.geometry = bend(table.geometry, to_gcj02)
    return table.planted("geometry")


@sort(
    "classes_in_the_offices_words",
    "vector",
    "own thought: planners write 中心城区 and 集镇 (DOMAIN 1.2: 太原's words)",
    "Asks about each unknown class with its share of the area; does not fall back to rural in silence.",
)
def classes_in_the_offices_words(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Area classes are the words of a zoning plan that the project does not list."""
    table = polygons(folder, "area_classes")
    column = table.column("area_class") if table else None
    if table is None or column is None:
        return None
    words = ("密集区", "一般区", "边缘区", "限建区")
    kinds = {kind: words[at % 4] for at, kind in enumerate(sorted({str(row[column]) for row in table.rows}))}
    for row in table.rows:
        row[column] = kinds[str(row[column])]
    return table.planted(column)


@sort(
    "map_frame_among_the_zones",
    "vector",
    "own thought: layers taken from a drawing bring the frame of the map sheet along as one more polygon",
    "Warns by name: one zone covers nearly the whole area; asks before it forbids every new site.",
)
def map_frame_among_the_zones(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """One more zone of a forbidding layer: the frame round everything."""
    table = polygons(folder, "exclusions")
    around = polygons(folder, "counties") or polygons(folder, "villages") or table
    column = table.column("layer") if table else None
    if table is None or table.geometry is None or around is None or around.geometry is None or column is None:
        return None
    rules = read_project(folder).get("exclusions", [])
    forbidding = {rule.get("layer") for rule in rules if rule.get("level") == "forbid"}
    like = next((row for row in table.rows if row[column] in forbidding), table.rows[0])
    frame = gpd.GeoSeries([shapely.box(*around.geometry.total_bounds)], crs=around.geometry.crs)
    new, name = list(like), table.column("zone")
    if name is not None:
        new[name] = "图廓"
    table.rows.append(new)
    table.geometry = pd.concat([table.geometry, frame.to_crs(table.geometry.crs)], ignore_index=True)
    return table.planted("geometry", [len(table.rows) - 1])


@sort(
    "zone_layers_renamed",
    "vector",
    "own thought: layers of an agency carry the edition in their name, 自然保护区（2023年版）",
    "Refuses or warns by name: this layer has no rule in the project, and this rule has no zone.",
)
def zone_layers_renamed(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Every layer name of the zones got an edition, so that no rule fits."""
    table = polygons(folder, "exclusions")
    column = table.column("layer") if table else None
    if table is None or column is None:
        return None
    for row in table.rows:
        row[column] = f"{row[column]}（2023年版）"
    return table.planted(column)


@sort(
    "roads_of_the_western_half",
    "vector",
    "issue B2: negative layers have an extent; here an extract cut in the middle of the area",
    "Says which share of the area has unknown roads; no place there is refused for being far from a road.",
)
def roads_of_the_western_half(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Roads and buildings east of the middle are gone."""
    table = polygons(folder, "roads")
    if table is not None and table.geometry is not None:
        west = table.geometry.to_crs(4326).bounds["minx"].to_numpy()
        keep = np.flatnonzero(west < np.median(west))
        table.rows = [table.rows[at] for at in keep]
        table.geometry = table.geometry.iloc[keep].reset_index(drop=True)
        return table.planted("geometry")
    found = declared(folder, "osm")
    return _cut_osm(found[0]) if found and found[0].suffix == ".osm" else None


def _cut_osm(path: Path) -> Planted | None:
    tree = ElementTree.parse(path)
    root = tree.getroot()
    east = {node.get("id"): float(node.get("lon", "0")) for node in root.iter("node")}
    if not east:
        return None
    middle = (min(east.values()) + max(east.values())) / 2
    for way in root.findall("way"):
        if any(east.get(nd.get("ref"), 999.0) > middle for nd in way.findall("nd")):
            root.remove(way)
    for node in root.findall("node"):
        if float(node.get("lon", "0")) > middle:
            root.remove(node)
    tree.write(path, encoding="utf-8", xml_declaration=True)
    return Planted(path.name, "way")


# ---------------------------------------------------------------------------------------------------
# Rasters

Change = Callable[[np.ndarray, np.ndarray], np.ndarray]


def edit_raster(folder: Path, name: str, change: Change, **profile: Any) -> Planted | None:
    """Change the first band of a raster; `change` gets the values and where they are valid.

    What it returns is written: two dimensions for one band, three for several. Further arguments
    replace entries of the profile; `unit` becomes the unit of the bands.
    """
    found = declared(folder, name)
    if found is None or found[0].suffix.lower() not in {".tif", ".tiff"}:
        return None
    path, unit = found[0], profile.pop("unit", "")
    with rasterio.open(path) as raster:
        old = dict(raster.profile)
        values = change(raster.read(1), raster.read_masks(1) > 0)
    old.update(profile)
    bands = values if values.ndim == 3 else values[None]
    old.update(driver="GTiff", dtype=bands.dtype.name, count=len(bands), compress="deflate", predictor=1)
    _write_raster(path, old, bands, unit)
    return Planted(path.name, "")


def _write_raster(path: Path, profile: dict[str, Any], bands: np.ndarray, unit: str) -> None:
    part = path.with_name(f"{path.stem}.part.tif")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(part, "w", **profile) as out:
            out.write(bands)
            if len(bands) == 3:
                out.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
            if unit:
                out.units = (unit,) * len(bands)
    part.replace(path)


def pixel_km2(folder: Path, name: str) -> np.ndarray | float | None:
    """Area of the pixels of a raster in km2: one number, or one a line when it is in degrees."""
    found = declared(folder, name)
    if found is None:
        return None
    with rasterio.open(found[0]) as raster:
        step, lines, geographic = raster.transform, raster.height, raster.crs and raster.crs.is_geographic
    if not geographic:
        return float(abs(step.a * step.e) / 1e6)
    latitude = np.radians(step.f + step.e * (np.arange(lines) + 0.5))
    return np.asarray(abs(step.a * step.e) * 111.32**2 * np.cos(latitude))[:, None]


def fits(path_and_block: tuple[Path, dict[str, Any]] | None) -> bool:
    """True when an input is a raster file that can be edited here."""
    return path_and_block is not None and path_and_block[0].suffix.lower() in {".tif", ".tiff"}


@sort(
    "relief_in_decimetres",
    "raster",
    "issue A8: units of rasters; DATA A4: int16 products",
    "Refuses or asks: heights above 9,000 m; offers a scale of 0.1.",
)
def relief_in_decimetres(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Heights times ten as whole numbers, without scale or unit."""
    change = lambda v, ok: np.where(ok, np.round(v.astype("f4") * 10), -99999).astype("i4")  # noqa: E731
    return edit_raster(folder, "dem", change, nodata=-99999)


@sort(
    "relief_in_feet_by_tag",
    "raster",
    "issue A8: units; own thought: the unit stands only in the band's unit tag",
    "Reads the unit tag and converts feet to metres, and says so.",
)
def relief_in_feet_by_tag(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Heights in feet; the band says ft."""
    change = lambda v, ok: np.where(ok, np.round(v.astype("f4") / 0.3048), -99999).astype("i4")  # noqa: E731
    return edit_raster(folder, "dem", change, nodata=-99999, unit="ft")


@sort(
    "hillshade_for_heights",
    "raster",
    "own thought: the shaded picture of the relief was sent under the name of the relief (DOMAIN 3.3)",
    "Refuses: eight bits from 0 to 255 with slopes everywhere are a picture of relief, no heights in metres.",
)
def hillshade_for_heights(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The DEM replaced by its hillshade in eight bits."""
    return edit_raster(folder, "dem", lambda v, ok: _hillshade(np.where(ok, v, 0).astype("f4")), nodata=None)


def _hillshade(heights: np.ndarray, step: float = 30.0) -> np.ndarray:
    south, east = np.gradient(heights, np.float32(step))
    light = (1 + 0.7 * east - 0.7 * south) / np.sqrt(1 + east**2 + south**2) / np.sqrt(1.98)
    return np.asarray(np.clip(np.round(255 * light), 1, 255), dtype="u1")


@sort(
    "voids_smeared_by_resampling",
    "raster",
    "own thought: a DEM warped without its nodata value blends -32768 into its neighbours (issue "
    "A8: masks first)",
    "Masks heights below -500 m and the slopes of kilometres beside them, with a warning and their share.",
)
def voids_smeared_by_resampling(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Pits that fall from the ground towards -32,768 over seven pixels, a twentieth of the area."""
    reach = np.hypot(*np.mgrid[-10:11, -10:11])
    depth = np.clip(1 - (reach - 3) / 7, 0, 0.999)

    def change(values: np.ndarray, _valid: np.ndarray) -> np.ndarray:
        out = values.astype("f4")
        count = max(3, out.size // 8_000)
        for y, x in zip(*(rng.integers(0, max(1, n - 21), count) for n in out.shape), strict=True):
            patch = out[y : y + 21, x : x + 21]
            cut = depth[: patch.shape[0], : patch.shape[1]]
            patch[:] = patch * (1 - cut) - 32767 * cut
        return np.clip(np.round(out), -32767, 32767).astype("i2")

    return edit_raster(folder, "dem", change, nodata=-32768)


@sort(
    "voids_filled_with_sea_level",
    "raster",
    "own thought: voids of a radar DEM set to 0 (DATA B: tiles with 721 and 802 voids)",
    "Masks plateaus of exactly 0 m amid higher ground with a warning, or asks; no mast is judged on them.",
)
def voids_filled_with_sea_level(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A sixth of the relief in square holes of exactly 0 m."""

    def change(values: np.ndarray, _valid: np.ndarray) -> np.ndarray:
        out, side = values.copy(), max(3, min(values.shape) // 40)
        for y, x in zip(*(rng.integers(0, max(1, n - side), 290) for n in out.shape), strict=True):
            out[y : y + side, x : x + side] = 0
        return out

    return edit_raster(folder, "dem", change)


@sort(
    "relief_upside_down",
    "raster",
    "own thought: a grid whose rows run from south to north written as if from north to south (DATA A4: .nc)",
    "Refuses or asks: settlements and roads lie on heights that fit only the grid turned upside down.",
)
def relief_upside_down(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Lines of the DEM in reverse order under the old georeference."""
    return edit_raster(folder, "dem", lambda values, _ok: np.ascontiguousarray(values[::-1]))


@sort(
    "tile_named_by_the_wrong_corner",
    "raster",
    "own thought: tiles are named after their lower left corner, and someone took the upper one "
    "(DATA B: N24E113)",
    "Refuses or warns: most of the area and its masts lie outside the DEM; says which share has no relief.",
)
def tile_named_by_the_wrong_corner(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The DEM stands one degree too far north."""
    found = declared(folder, "dem")
    if found is None or not fits(found):
        return None
    with rasterio.open(found[0]) as raster:
        north = 1.0 if raster.crs and raster.crs.is_geographic else 110_800.0
        moved = Affine.translation(0, north) * raster.transform
    return edit_raster(folder, "dem", lambda values, _ok: values, transform=moved)


@sort(
    "void_of_65535_people",
    "raster",
    "own thought: uint16 grids mark water with 65535; the tag is lost in conversion",
    "Masks or refuses the constant extreme: 65,535 people in a pixel of a hectare are impossible.",
)
def void_of_65535_people(folder: Path, rng: np.random.Generator) -> Planted | None:
    """One empty pixel in a hundred has 65,535 people; no nodata value is declared."""

    def change(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
        out = np.where(valid, values, 0).astype("f4")
        out[(out <= 0) & (rng.random(out.shape) < 0.01)] = 65535
        return out

    return edit_raster(folder, "population", change, nodata=None)


@sort(
    "people_per_square_kilometre",
    "raster",
    "issue A8: counts or density",
    "Decides by evidence or asks: the sum is a hundred times the people of the villages; says density.",
)
def people_per_square_kilometre(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Counts of people replaced by people per km2."""
    area = pixel_km2(folder, "population")
    if area is None:
        return None
    change = lambda v, ok: np.where(ok, v.astype("f4") / area, 0).astype("f4")  # noqa: E731
    return edit_raster(folder, "population", change, nodata=None)


@sort(
    "kilometre_counts_on_finer_pixels",
    "raster",
    "own thought: 1 km counts resampled to 100 m by nearest neighbour: each small pixel keeps the "
    "large count",
    "Refuses: blocks of equal values and a sum many times the census; offers the division by pixels a block.",
)
def kilometre_counts_on_finer_pixels(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Every pixel has the people of its block of ten by ten pixels."""
    if (area := pixel_km2(folder, "population")) is None or float(np.max(area)) > 0.3:
        return None
    return edit_raster(folder, "population", lambda v, ok: _block_sums(np.where(ok, v, 0), 10), nodata=None)


def _block_sums(values: np.ndarray, size: int) -> np.ndarray:
    high, wide = values.shape
    full = np.zeros((-(-high // size) * size, -(-wide // size) * size), dtype="f8")
    full[:high, :wide] = values
    sums = full.reshape(full.shape[0] // size, size, -1, size).sum(axis=(1, 3))
    return np.kron(sums, np.ones((size, size)))[:high, :wide].astype("f4")


@sort(
    "people_in_thousands",
    "raster",
    "DOMAIN 1.1: official totals in units of 万 and 千; own thought for grids",
    "Refuses or asks: two people a village; the sum contradicts villages, stations or any census.",
)
def people_in_thousands(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """People divided by a thousand."""
    change = lambda v, ok: np.where(ok, v.astype("f4") / 1000, 0).astype("f4")  # noqa: E731
    return edit_raster(folder, "population", change, nodata=None)


@sort(
    "people_as_shown_on_the_screen",
    "raster",
    "own thought: 'export as displayed' writes the stretch of the screen, 0 to 255, clipped at the top",
    "Asks or refuses: eight bits with many pixels at exactly 255 are grey tones, not counts.",
)
def people_as_shown_on_the_screen(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """People stretched to grey tones; the upper fifth of the populated pixels is 255."""

    def change(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
        people = np.where(valid, values, 0).astype("f4")
        top = float(np.quantile(people[people > 0], 0.8)) if (people > 0).any() else 1.0
        return np.clip(np.round(255 * people / top), 0, 255).astype("u1")

    return edit_raster(folder, "population", change, nodata=None)


@sort(
    "people_upside_down",
    "raster",
    "own thought: as relief_upside_down, after a conversion from netCDF",
    "Refuses or asks: people outside the counties and villages without people; fits turned upside down.",
)
def people_upside_down(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Lines of the population in reverse order under the old georeference."""
    return edit_raster(folder, "population", lambda values, _ok: np.ascontiguousarray(values[::-1]))


@sort(
    "people_of_a_map_company",
    "raster",
    "own thought: heat maps of phones come in BD-09 and are tagged CGCS2000 (DOMAIN 0.4: 565 to 626 "
    "m for GCJ)",
    "Asks or warns: people, villages and built-up land agree only after a shift of about a kilometre.",
)
def people_of_a_map_company(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The population raster shifted by the offset of BD-09."""
    found = declared(folder, "population")
    if found is None or not fits(found):
        return None
    with rasterio.open(found[0]) as raster:
        corner = gpd.GeoSeries([shapely.Point(raster.transform.c, raster.transform.f)], crs=raster.crs)
        here = shapely.get_coordinates(corner.to_crs(4326).to_numpy())
        there = gpd.GeoSeries(shapely.points(to_bd09(here)), crs=4326).to_crs(raster.crs)
        shift = there.x.iloc[0] - corner.x.iloc[0], there.y.iloc[0] - corner.y.iloc[0]
        moved = Affine.translation(*shift) * raster.transform
    if not in_china(here):
        return None
    return edit_raster(folder, "population", lambda values, _ok: values, transform=moved)


WORLDCOVER_TO_CLCD = {10: 2, 20: 3, 30: 4, 40: 1, 50: 8, 60: 7, 70: 6, 80: 5, 90: 9, 95: 9, 100: 4}


@sort(
    "land_cover_of_wuhan",
    "raster",
    "issue A8: legends; here the codes of CLCD (Wuhan University), 1 to 9",
    "Refuses by name or asks: the codes are not those of the declared legend; offers CLCD.",
)
def land_cover_of_wuhan(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Codes of WorldCover replaced by those of CLCD."""
    return _recode(folder, lambda values, _ok: _look_up(values, WORLDCOVER_TO_CLCD))


WORLDCOVER_COLOURS = {
    10: (0, 100, 0), 20: (255, 187, 34), 30: (255, 255, 76), 40: (240, 150, 255), 50: (250, 0, 0),
    60: (180, 180, 180), 70: (240, 240, 240), 80: (0, 100, 200), 90: (0, 150, 160), 95: (0, 207, 117),
}  # fmt: skip


@sort(
    "picture_of_the_land_cover",
    "raster",
    "own thought: 'rendered image' chosen in the export window of a GIS: three bands of colour for "
    "one of codes",
    "Refuses: three bands are a picture; the red of a colour is not taken for a class.",
)
def picture_of_the_land_cover(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The land cover as red, green and blue."""
    bands = [{code: tone[at] for code, tone in WORLDCOVER_COLOURS.items()} for at in range(3)]
    change = lambda values, _ok: np.stack([_look_up(values, band) for band in bands])  # noqa: E731
    return _recode(folder, change, nodata=None)


def _recode(folder: Path, change: Change, **profile: Any) -> Planted | None:
    """Change a land cover that has the codes of WorldCover."""
    found = declared(folder, "land_cover")
    if found is None or not fits(found):
        return None
    with rasterio.open(found[0]) as raster:
        thin = raster.read(1, out_shape=(min(raster.height, 500), min(raster.width, 500)))
    if not set(np.unique(thin).tolist()) <= {0, *WORLDCOVER_TO_CLCD}:
        return None
    return edit_raster(folder, "land_cover", change, **profile)


def _look_up(values: np.ndarray, codes: Mapping[int, int]) -> np.ndarray:
    table = np.zeros(256, dtype="u1")
    table[list(codes)] = list(codes.values())
    return np.asarray(table[values.astype("u1")])


# ---------------------------------------------------------------------------------------------------
# The project file


def toml_planted(name: str) -> Planted:
    """What an edit of the project file spoilt."""
    return Planted("project.toml", name)


@sort(
    "targets_entered_twice",
    "toml",
    "own thought: the quota of a county pasted from two notices (DOMAIN 1.3)",
    "Refuses: the same county, network and year twice; quotas are not added up in silence.",
)
def targets_entered_twice(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A third of the quota targets a second time."""
    targets = read_project(folder).get("quota", {}).get("targets", [])
    if not targets:
        return None
    again = [targets[at] for at in some(rng, len(targets), 1 / 3)]
    return toml_planted("quota.targets") if append_targets(folder, again) else None


@sort(
    "total_of_another_notice",
    "toml",
    "own thought: the city's total from one notice, the counties' from another",
    "Asks: the parts do not add up to the total; the total is not added to them.",
)
def total_of_another_notice(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """One more target without county: 40 % above the sum of the parts."""
    targets = read_project(folder).get("quota", {}).get("targets", [])
    if len(targets) < 2 or not all("county" in target for target in targets):
        return None
    total = {"year": targets[0]["year"], "stations": round(1.4 * sum(t["stations"] for t in targets))}
    return toml_planted("quota.targets") if append_targets(folder, [total]) else None


def _other_year(year: int) -> int:
    """The year with its last two digits exchanged, or ten years on when they are the same."""
    tens, ones = year // 10 % 10, year % 10
    return year // 100 * 100 + ones * 10 + tens if tens != ones else year + 10


@sort(
    "year_of_some_targets_mistyped",
    "toml",
    "issue C: one mistyped year; own thought: 2032 for 2023 in the quota",
    "Refuses or warns by entry: targets of a year that is not the project's do not count; the sum is said.",
)
def year_of_some_targets_mistyped(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The last two digits of the year exchanged in every second target."""
    change = lambda value, at: str(_other_year(int(value))) if at % 2 == 0 else None  # noqa: E731
    done = edit_entries(folder, r"quota\.targets", "year", change)
    return toml_planted("quota.targets.year") if done else None


@sort(
    "reference_date_ten_years_early",
    "toml",
    "own thought: 2013 for 2023 (DOMAIN 1.3: as-of dates decide the ledger)",
    "Refuses or warns: no station is on air on the reference date, and it is before the year of the quota.",
)
def reference_date_ten_years_early(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The date as of which the network is counted lies ten years back."""
    change = lambda value, _at: f"{int(value[:4]) - 10}{value[4:]}" if value[:2] == "20" else None  # noqa: E731
    done = edit_entries(folder, "project", "reference_date", change)
    return toml_planted("project.reference_date") if done else None


@sort(
    "frequency_in_gigahertz",
    "toml",
    "own thought: data sheets write 3.5 GHz (RADIO 4: formulas have ranges)",
    "Refuses: 2.565 MHz is no band of 5G; offers megahertz.",
)
def frequency_in_gigahertz(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Frequencies in GHz where MHz is meant."""
    change = lambda value, _at: f"{float(value) / 1000:g}"  # noqa: E731
    done = edit_entries(folder, "bands", "frequency_mhz", change)
    return toml_planted("bands.frequency_mhz") if done else None


@sort(
    "power_in_milliwatts",
    "toml",
    "own thought: data sheets give milliwatts or dBm per port (RADIO 7: 160 to 240 W)",
    "Refuses or asks: 240,000 W of a base station are impossible.",
)
def power_in_milliwatts(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Power of all bands a thousand times too large."""
    change = lambda value, _at: f"{float(value) * 1000:g}"  # noqa: E731
    done = edit_entries(folder, r"bands(\.classes\.\w+)?", "power_w", change)
    return toml_planted("bands.power_w") if done else None


@sort(
    "radius_in_kilometres",
    "toml",
    "own thought: cell radii are spoken of in kilometres (RADIO 7: table in km)",
    "Refuses or asks: a mast followed for 8 m serves nobody; offers metres.",
)
def radius_in_kilometres(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Largest radius of the area classes in km where metres are meant."""
    change = lambda value, _at: f"{float(value.replace('_', '')) / 1000:g}"  # noqa: E731
    done = edit_entries(folder, "area_classes", "max_radius_m", change)
    return toml_planted("area_classes.max_radius_m") if done else None


@sort(
    "two_paths_exchanged",
    "toml",
    "own thought: two lines of file names pasted in the wrong order",
    "Refuses: billions of people; the file named as population holds heights.",
)
def two_paths_exchanged(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """The relief is declared as population and the population as relief."""
    relief, people = declared(folder, "dem"), declared(folder, "population")
    if relief is None or people is None or not (fits(relief) and fits(people)):
        return None
    first = edit_entries(folder, r"inputs\.dem", "path", lambda _value, _at: f'"{people[1]["path"]}"')
    second = edit_entries(folder, r"inputs\.population", "path", lambda _value, _at: f'"{relief[1]["path"]}"')
    return toml_planted("inputs.population.path") if first and second else None


@sort(
    "datum_declared_wrongly",
    "toml",
    "DOMAIN 0.4: the datum is a required field; own thought: a block copied",
    "Asks or refuses: names, borders and people contradict the declared datum by about a kilometre.",
)
def datum_declared_wrongly(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Stations in WGS84 are declared as Baidu coordinates."""
    placed = open_placed(folder, "stations")
    if placed is None or not in_china(placed[1]) or placed[0].block.get("datum") in {"gcj02", "bd09"}:
        return None
    block = "inputs.stations"
    if "datum" in placed[0].block:
        done = bool(edit_entries(folder, re.escape(block), "datum", lambda _value, _at: '"bd09"'))
    else:
        done = insert_entry(folder, block, 'datum = "bd09"')
    return toml_planted(f"{block}.datum") if done else None


# ---------------------------------------------------------------------------------------------------
# Returned forms

FORM_HEADERS: dict[str, tuple[str, ...]] = {
    "id": ("候选编号", "candidateid"),
    "planned_x": ("规划经度", "plannedlongitude"),
    "planned_y": ("规划纬度", "plannedlatitude"),
    "status": ("状态", "status"),
    "x": ("实际经度", "longitude"),
    "y": ("实际纬度", "latitude"),
    "datum": ("坐标系", "datum"),
    "reason": ("原因", "reason"),
    "date": ("反馈日期", "日期", "reportdate", "reportedat", "date"),
}
WORDS = {
    "talks": ("谈点中", "negotiating"), "agreed": ("业主同意", "agreed"), "signed": ("已签约", "signed"),
    "on_air": ("开通", "on air"), "refused": ("业主拒绝", "refused"),
}  # fmt: skip


@dataclass
class Form:
    """The largest sheet of a returned form: where its columns and rows are."""

    path: Path
    book: openpyxl.Workbook
    sheet: Worksheet
    columns: dict[str, int]
    rows: list[int]
    issued: dt.date

    def word(self, status: str) -> str:
        """A status in the language of the form."""
        header = str(self.sheet.cell(self.rows[0] - 1, self.columns["id"]).value)
        return WORDS[status][0 if "编号" in header else 1]

    def put(self, row: int, key: str, value: Any) -> None:
        """Write one cell, when the form has the column."""
        if key in self.columns:
            self.sheet.cell(row, self.columns[key]).value = value

    def get(self, row: int, key: str) -> Any:
        """Value of one cell."""
        return self.sheet.cell(row, self.columns[key]).value

    def report(self, row: int, status: str, days: int, reason: str = "") -> None:
        """Fill in one row as field staff do."""
        self.put(row, "status", self.word(status))
        self.put(row, "date", self.issued + dt.timedelta(days=days))
        if reason:
            self.put(row, "reason", reason)

    def planted(self, key: str, rows: Iterable[int]) -> Planted:
        """Save the form and say what was spoilt."""
        self.book.save(self.path)
        header = self.sheet.cell(self.rows[0] - 1, self.columns[key]).value
        return Planted(self.path.name, str(header), tuple(rows))


def open_form(folder: Path) -> Form | None:
    """The form in a folder, or None when there is none with three rows or more."""
    path = folder / "form.xlsx"
    if not path.is_file():
        return None
    book = openpyxl.load_workbook(path)
    best: Form | None = None
    for sheet in book.worksheets:
        form = None if sheet.sheet_state != "visible" else _read_form(path, book, sheet)
        if form is not None and (best is None or len(form.rows) > len(best.rows)):
            best = form
    return best


def _read_form(path: Path, book: openpyxl.Workbook, sheet: Worksheet) -> Form | None:
    for at in range(1, 9):
        heads = {plain(cell.value): int(cell.column) for cell in sheet[at] if cell.value}
        columns = {key: col for key, words in FORM_HEADERS.items() if (col := _starting(heads, words))}
        if {"id", "status"} <= set(columns):
            rows = [r for r in range(at + 1, sheet.max_row + 1) if sheet.cell(r, columns["id"]).value]
            issued = _issue_date(sheet, at)
            return Form(path, book, sheet, columns, rows, issued) if len(rows) >= 3 else None
    return None


def _starting(heads: Mapping[str, int], words: Iterable[str]) -> int | None:
    return next((col for word in words for head, col in heads.items() if head.startswith(word)), None)


def _issue_date(sheet: Worksheet, header_row: int) -> dt.date:
    """The last date in the title lines; today when there is none."""
    text = " ".join(str(cell.value or "") for row in sheet.iter_rows(max_row=header_row - 1) for cell in row)
    found = re.findall(r"(20\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})", text)
    return dt.date(*map(int, found[-1])) if found else dt.datetime.now(tz=dt.UTC).date()


def chosen(form: Form, rng: np.random.Generator, share: float) -> list[int]:
    """Some rows of the form; a third of the others get an honest report."""
    spoilt = [form.rows[at] for at in some(rng, len(form.rows), share)]
    for row in form.rows[::3]:
        if row not in spoilt:
            form.report(row, "talks", int(rng.integers(3, 25)))
    return spoilt


@sort(
    "report_of_2032",
    "return",
    "issue C1: dates that move the day of the plan; own thought: 2032 typed for 2023",
    "Holds these rows: reported for a day that has not come; the reference date of the plan does not move.",
)
def report_of_2032(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Two on-air reports nine years or more after the form went out."""
    form = open_form(folder)
    if form is None or "date" not in form.columns:
        return None
    rows = chosen(form, rng, 2 / len(form.rows))
    for row in rows:
        form.report(row, "on_air", 12)
        day = form.issued + dt.timedelta(days=12)
        later = _other_year(day.year)
        form.put(row, "date", day.replace(year=later if later > day.year + 5 else day.year + 10))
    return form.planted("date", rows)


@sort(
    "amap_point_called_wgs84",
    "return",
    "DOMAIN 4: the GCJ signature; own thought: still inside the search ring",
    "Holds the rows: moved by exactly the offset of GCJ-02 from the planned point; nothing has moved.",
)
def amap_point_called_wgs84(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Places reported where a phone map shows the planned point, with WGS84 as datum."""
    form = open_form(folder)
    if form is None or not {"planned_x", "planned_y", "x", "y"} <= set(form.columns):
        return None
    planned = [(form.get(row, "planned_x"), form.get(row, "planned_y")) for row in form.rows]
    points = np.array([[number(x), number(y)] for x, y in planned])
    if not in_china(points):
        return None
    rows, moved = chosen(form, rng, 0.3), dict(zip(form.rows, to_gcj02(points), strict=True))
    for row in rows:
        form.report(row, "agreed", 15)
        form.put(row, "x", round(float(moved[row][0]), 6))
        form.put(row, "y", round(float(moved[row][1]), 6))
        form.put(row, "datum", "WGS84")
    return form.planted("x", rows)


@sort(
    "ids_sorted_alone",
    "return",
    "own thought: protection taken off, and one column sorted by itself",
    "Holds the rows whose id does not belong to the name and point beside it; no status goes to "
    "another place.",
)
def ids_sorted_alone(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Candidate ids in another order than the rows they stood in."""
    form = open_form(folder)
    if form is None:
        return None
    rows = chosen(form, rng, 0.4)
    for row in rows:
        form.report(row, "signed", 20)
    ids = [form.get(row, "id") for row in form.rows]
    ordered = sorted(ids, key=str)
    ordered = ordered[::-1] if ordered == ids else ordered
    for row, new in zip(form.rows, ordered, strict=True):
        form.put(row, "id", new)
    pairs = zip(form.rows, ids, ordered, strict=True)
    return form.planted("id", [row for row, old, new in pairs if old != new])


@sort(
    "all_on_air_by_fill_handle",
    "return",
    "own thought: the first status dragged down over the whole county",
    "Asks before taking it: every place of a county went from proposed to on air on one day.",
)
def all_on_air_by_fill_handle(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Every row of a county is on air, all on the same day."""
    form = open_form(folder)
    if form is None:
        return None
    for row in form.rows:
        form.report(row, "on_air", 10)
    return form.planted("status", form.rows)


@sort(
    "reason_against_status",
    "return",
    "own thought: the list was scrolled past the right status, the reason is true",
    "Holds the rows: the reason says that the owner refused and work stopped, the status says on air.",
)
def reason_against_status(folder: Path, rng: np.random.Generator) -> Planted | None:
    """On air by status, refused by the words beside it."""
    form = open_form(folder)
    if form is None or "reason" not in form.columns:
        return None
    rows = chosen(form, rng, 0.3)
    words = "业主不同意，村民阻工，已停" if form.word("on_air") == "开通" else "owner refused, work stopped"
    for row in rows:
        form.report(row, "on_air", 14, words)
    return form.planted("status", rows)


@sort(
    "sheet_kept_in_two_versions",
    "return",
    "own thought: '乐昌市 (2)', a copy of the sheet kept for another version",
    "Holds the rows: two sheets of one file contradict each other; neither is taken because it comes later.",
)
def sheet_kept_in_two_versions(folder: Path, rng: np.random.Generator) -> Planted | None:
    """A county twice in one file: on air in one sheet, refused in its copy."""
    form = open_form(folder)
    if form is None:
        return None
    rows = chosen(form, rng, 0.3)
    for row in rows:
        form.report(row, "refused", 16, "租金过高")
    twin = form.book.copy_worksheet(form.sheet)
    twin.title = f"{form.sheet.title[:26]} (2)"
    for row in rows:
        form.report(row, "on_air", 16, "")
        form.put(row, "reason", None)
    return form.planted("status", rows)


@sort(
    "rows_struck_through",
    "return",
    "own thought: offices cross out what no longer holds and leave the words",
    "Holds these rows and says that their cells are struck through; the status under the line is not taken.",
)
def rows_struck_through(folder: Path, rng: np.random.Generator) -> Planted | None:
    """Signed and on-air rows that somebody has struck through."""
    form = open_form(folder)
    if form is None:
        return None
    rows = chosen(form, rng, 0.3)
    for at, row in enumerate(rows):
        form.report(row, "on_air" if at % 2 else "signed", 18)
        for cell in form.sheet[row]:
            font = copy(cell.font)
            cell.font = Font(name=font.name, size=font.size, bold=font.bold, strike=True, color="FF808080")
    return form.planted("status", rows)


@sort(
    "one_status_over_merged_rows",
    "return",
    "own thought: cells of one column merged over a block, written once",
    "Reads the status for every merged row, or holds them all by number; rows two to six are not "
    "'no change'.",
)
def one_status_over_merged_rows(folder: Path, _rng: np.random.Generator) -> Planted | None:
    """Status and date of half of the rows in one merged cell each."""
    form = open_form(folder)
    if form is None:
        return None
    first, last = form.rows[0], form.rows[max(1, len(form.rows) // 2)]
    form.report(first, "on_air", 21)
    for key in ("status", "date"):
        if key in form.columns:
            column = form.columns[key]
            form.sheet.merge_cells(start_row=first, end_row=last, start_column=column, end_column=column)
    return form.planted("status", [row for row in form.rows if first <= row <= last])


SORTS: tuple[Sort, ...] = tuple(_SORTS)
