"""Drive tests and reports of phones, matched to the stations they measured.

A row names its station, else its site and band, else a PCI, and of stations that share
a PCI the nearest is meant. A row that matches nothing is left out and listed, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siteplan.core.errors import Fault, InputFaults
from siteplan.inputs.files.headers import normalise
from siteplan.inputs.project_reader import ProjectReader
from siteplan.inputs.tables.check import CheckedTable
from siteplan.inputs.tables.networks import is_blank, names_of
from siteplan.project.input_files import Input
from siteplan.project.schema import Config, clutter_kinds

FARTHEST_PCI_M = 10_000.0
"""A station that bears the PCI and lies farther is another one's namesake [m]."""


PIECE_ROWS = 1_000_000
"""Rows that are placed and matched at a time."""


def no_stations() -> InputFaults:
    """What ends a calibration without a station to hold readings against."""
    return InputFaults([Fault("fatal", "project.toml", "no_stations_to_match", "no_stations_to_match_fix")])


@dataclass(frozen=True, eq=False)
class Measurements:
    """Measured points that belong to stations.

    Attributes
    ----------
    points
        ``rsrp_dbm, site_id, band, station_id, clutter, place, row`` and geometry in the project CRS;
        ``station_id`` is "" where only the site is known.
    stations
        Stations, and after them the single sectors of those whose PCIs tell them apart
        (``sector_of`` holds the station's id, "" for whole stations).
    faults
        Rows left out.
    read
        Rows of the file.
    matched
        Rows that belong to stations: more than ``points`` where these were drawn from.
    """

    points: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    faults: tuple[Fault, ...]
    read: int
    matched: int = 0


def read_measurements(
    reader: ProjectReader,
    given: Input,
    stations: gpd.GeoDataFrame,
    config: Config,
    *,
    most: int | None = None,
    seed: int = 0,
) -> Measurements:
    """Read a file of measurements and match it.

    Parameters
    ----------
    reader
        Reader of the project that knows its counties.
    given
        File, datum and headers.
    stations
        On air, with ``area_class``.
    config
        The project.
    most
        About how many points are kept; of more, whole places are drawn. None keeps all.
    seed
        Of the draw.

    Raises
    ------
    InputFaults
        If the file cannot be read, or names neither stations nor sites nor PCIs.
    """
    checked = reader.measurements(given)
    if not {"station_id", "site_id", "pci"} & set(checked.frame.columns):
        raise InputFaults([checked.raw.fault("fatal", "measured_nothing")])
    cells, share = with_sectors(stations), 1.0 if most is None else most / max(len(checked.frame), 1)
    parts, faults, matched, places = [], list(checked.faults), 0, 0
    for number, piece in enumerate(checked.pieces(PIECE_ROWS)):
        table, misplaced = reader.measured_points(piece, given)
        points, left = _matched_points(table, cells, checked, config)
        points["place"] += places
        reader.report.note("readings_matched", rows=min((number + 1) * PIECE_ROWS, len(checked.frame)))
        places += len(table)
        matched += len(points)
        faults += [each for each in (*misplaced, *left) if each.severity == "rejected" or each not in faults]
        parts.append(_drawn(points, share, [seed, number]))
    kept = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=config.project.crs)
    return Measurements(kept, cells, tuple(faults), checked.read, matched)


def _matched_points(
    table: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, checked: CheckedTable, config: Config
) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """Points of a piece that belong to stations, and a fault for each of the others."""
    table = table.assign(band=_bands(table, config), clutter=_clutter(table, config), place=_places(table))
    found = _matched(table, cells)
    good = found["problem"].eq("").to_numpy()
    points = table[["rsrp_dbm", "clutter", "place", "row", "geometry"]].assign(
        site_id=found["site_id"], band=found["band"], station_id=found["station_id"]
    )
    return points[good].reset_index(drop=True), _unmatched(found, table, cells, checked)


def _drawn(points: gpd.GeoDataFrame, share: float, seed: list[int]) -> gpd.GeoDataFrame:
    """A share of the places of a piece, each with all its rows; all where the share is 1 or more."""
    if share >= 1.0 or points.empty:
        return points
    place = points["place"].to_numpy()
    chance = np.random.default_rng(seed).random(int(place.max() - place.min()) + 1)
    return points[chance[place - place.min()] < share].reset_index(drop=True)


def with_sectors(stations: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Stations, and a row for each sector of those that list as many PCIs as azimuths.

    Parameters
    ----------
    stations
        With ``azimuth_deg, downtilt_deg, pci`` as far as given.

    Returns
    -------
    GeoDataFrame
        With ``sector_of``; sectors are named ``station#1`` and so on.
    """
    whole = stations.assign(sector_of="").reset_index(drop=True)
    if not {"pci", "azimuth_deg"} <= set(whole.columns):
        return whole
    rows = []
    for row in whole.to_dict("records"):
        azimuths, codes = str(row["azimuth_deg"]).split("/"), str(row["pci"]).split("/")
        if len(azimuths) < 2 or len(azimuths) != len(codes):
            continue
        tilts = str(row.get("downtilt_deg", "")).split("/")
        tilts = tilts if len(tilts) == len(azimuths) else tilts[:1] * len(azimuths)
        rows += [
            {
                **row,
                "station_id": f"{row['station_id']}#{k}",
                "sector_of": row["station_id"],
                "azimuth_deg": azimuth,
                "pci": code,
                "downtilt_deg": tilt,
            }
            for k, (azimuth, code, tilt) in enumerate(zip(azimuths, codes, tilts, strict=True), start=1)
        ]
    if not rows:
        return whole
    return gpd.GeoDataFrame(pd.concat([whole, pd.DataFrame(rows)], ignore_index=True), crs=stations.crs)


def _words(table: pd.DataFrame, column: str) -> pd.Series:
    """Text of a column, "" where empty or absent."""
    if column not in table:
        return pd.Series("", index=table.index, dtype=object)
    return table[column].map(lambda cell: "" if is_blank(cell) else str(cell)).astype(object)


def _bands(table: pd.DataFrame, config: Config) -> pd.Series:
    known = names_of([(each.id, each.name, *each.aliases) for each in config.bands])
    return _words(table, "band").map(lambda word: known.get(normalise(word), ""))


def _clutter(table: pd.DataFrame, config: Config) -> pd.Series:
    """Kind of clutter by the file's word: a kind's id where it is its name or code, else the word, marked."""
    codes = {str(code): each.id for each in config.land_cover for code in each.codes}
    known = codes | names_of([(kind.id, kind.name, kind.name_en) for kind in clutter_kinds(config)])
    words = _words(table, "clutter")
    return words.map(lambda word: known.get(normalise(word), f"file:{word}") if word else "")


def _places(table: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Number of each time and place; without times every row is one of its own."""
    if "time" not in table:
        return np.arange(len(table))
    x, y = table.geometry.x.round(0), table.geometry.y.round(0)
    keys = pd.DataFrame({"time": _words(table, "time"), "x": x, "y": y})
    return keys.groupby(["time", "x", "y"]).ngroup().to_numpy()


def _matched(table: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """``site_id, band, station_id, problem`` of every row."""
    found = pd.DataFrame(dict.fromkeys(("site_id", "band", "station_id"), ""), index=table.index)
    found = found.astype(object).assign(problem="measured_unknown")
    for match in (_by_station, _by_site, _by_pci):
        open_rows = found["problem"].ne("")
        if open_rows.any():
            _take(found, match, table[open_rows], cells)
    return found


_Match = Callable[[gpd.GeoDataFrame, gpd.GeoDataFrame], pd.DataFrame]


def _take(found: pd.DataFrame, match: _Match, rows: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> None:
    """Put what a matcher finds into the table; what it does not know stays as it was."""
    new = match(rows, cells)
    found.loc[new.index, list(new.columns)] = new


def _by_station(rows: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Rows whose station id (or whose site id, which some tables mean) is a station's."""
    known = _keyed(cells, "station_id")
    hit = _hits(rows, known.index, "station_id", "site_id")
    return _as_found(known.loc[hit], hit.index)


def _by_site(rows: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Rows whose site is known: by their band, or the only band there."""
    whole = cells[cells["sector_of"].eq("")]
    bands = whole.groupby(whole["site_id"].map(normalise))["band"].agg(lambda each: sorted(set(each)))
    names = _keyed(whole, "site_id")
    hit = _hits(rows, names.index, "site_id", "station_id")
    told = rows.loc[hit.index, "band"]
    chosen = np.array(
        [_one_band(band, bands[site]) for site, band in zip(hit, told, strict=True)], dtype=object
    )
    lost = np.where(told.eq("").to_numpy(), "measured_two_bands", "measured_unknown")
    return pd.DataFrame(
        {
            "site_id": names.loc[hit, "site_id"].to_numpy(),
            "band": chosen,
            "station_id": "",
            "problem": np.where(chosen == "", lost, ""),
        },
        index=hit.index,
        dtype=object,
    )


def _hits(rows: gpd.GeoDataFrame, known: pd.Index, first: str, second: str) -> pd.Series:
    """Normalised ids of the rows one of whose two columns names a known one; the first column goes first."""
    ids = _words(rows, first).map(normalise)
    ids = ids.where(ids.isin(known), _words(rows, second).map(normalise))
    return ids[ids.isin(known) & ids.ne("")]


def _one_band(told: str, bands: list[str]) -> str:
    """The band meant, "" where that is not known."""
    if told:
        return told if told in bands else ""
    return bands[0] if len(bands) == 1 else ""


def _keyed(cells: gpd.GeoDataFrame, column: str) -> pd.DataFrame:
    """Rows by a column's normalised text; of equal ones the first."""
    keys = cells[column].map(normalise)
    return pd.DataFrame(cells).assign(key=keys).drop_duplicates("key").set_index("key")


def _by_pci(rows: gpd.GeoDataFrame, cells: gpd.GeoDataFrame) -> pd.DataFrame:
    """Rows whose PCI some station bears: the nearest one of the row's band."""
    parts = [_as_found(cells.iloc[:0], rows.index[:0])]
    if "pci" not in cells or "pci" not in rows:
        return parts[0]
    code, borne = (_words(table, "pci").map(normalise) for table in (rows, cells))
    for (pci, band), group in rows.groupby([code, rows["band"]], sort=True):
        bearers = cells[borne.eq(pci) & (cells["band"].eq(band) | (band == ""))]
        if not pci or bearers.empty:
            continue
        at, distance = shapely.STRtree(bearers.geometry.to_numpy()).query_nearest(
            group.geometry.to_numpy(), return_distance=True, all_matches=False
        )
        near = distance <= FARTHEST_PCI_M
        parts.append(_as_found(bearers.iloc[at[1][near]], group.index[at[0][near]]))
    return pd.concat(parts)


def _as_found(stations: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    names = ("site_id", "band", "station_id")
    columns = {name: stations[name].to_numpy(dtype=object) for name in names}
    return pd.DataFrame({**columns, "problem": ""}, index=index, dtype=object)


def _unmatched(
    found: pd.DataFrame, table: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, checked: CheckedTable
) -> list[Fault]:
    """One fault for every row left out."""
    faults = []
    names = [name for name in ("station_id", "site_id", "pci", "band") if name in table]
    bands = cells.groupby("site_id")["band"].agg(lambda each: "、".join(sorted(set(each)))).to_dict()
    bad = found["problem"].ne("").to_numpy()
    said, left = table.loc[bad, names].to_numpy(dtype=object), found[bad]
    rows = zip(said, left["problem"], left["site_id"].astype(str), table.loc[bad, "row"], strict=True)
    for cells_of_row, problem, site_id, row in rows:
        both = zip(names, cells_of_row, strict=True)
        value = "、".join(f"{name} {cell}" for name, cell in both if not is_blank(cell) and cell)
        shown = site_id if problem == "measured_two_bands" else value or "—"
        known = bands.get(site_id, "")
        faults.append(checked.raw.fault("rejected", problem, int(row), names[0], value=shown, found=known))
    return faults
