"""How often the datum test is right, and how often it answers: tables of a project shifted on purpose.

Draws tables of 30 to 300 rows from a project's own lists, writes their coordinates in a known datum, and asks
the test without declaring it. Run: python benchmarks/datum.py PROJECT [trials]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from siteplan.inputs.files.raw_table import RawTable
from siteplan.inputs.places.datum import bd09_from_gcj02, gcj02_from_wgs84
from siteplan.inputs.places.evidence import DATUMS
from siteplan.inputs.places.georeferencing import NAME_COLUMNS, Georeferencer
from siteplan.inputs.project_reader import ProjectReader
from siteplan.inputs.tables.check import check_table
from siteplan.project.input_files import Input
from siteplan.project.project_file import load_config
from siteplan.project.schema import Config

SIZES = (30, 60, 120, 300)
SORTS = {
    "village names": ("name", "address", "town", "county"),
    "town names only": ("town", "county"),
    "county only": ("county",),
    "nothing": (),
}


def shifted(lon: np.ndarray, lat: np.ndarray, datum: str) -> tuple[np.ndarray, np.ndarray]:
    if datum == "wgs84":
        return lon, lat
    gcj = gcj02_from_wgs84(lon, lat)
    return gcj if datum == "gcj02" else bd09_from_gcj02(*gcj)


def sources(reader: ProjectReader) -> dict[str, pd.DataFrame]:
    """Tables of the project with true WGS84 coordinates, without what their neighbours could give away."""
    found = {}
    for name in ("stations", "site_plan", "properties"):
        table = reader.stations() if name == "stations" else reader.points(name)
        if table is None:
            continue
        back = table.geometry.to_crs(4326)
        frame = pd.DataFrame(table.drop(columns="geometry")).assign(longitude=back.x, latitude=back.y)
        found[name] = frame.rename(columns={NAME_COLUMNS[name]: "name"})
    return found


def one_table(name: str, rows: pd.DataFrame, datums: np.ndarray, columns: tuple[str, ...]) -> RawTable:
    lon, lat = rows["longitude"].to_numpy(float), rows["latitude"].to_numpy(float)
    pairs = {datum: shifted(lon, lat, datum) for datum in DATUMS}
    frame = rows[[column for column in columns if column in rows]].rename(
        columns={"name": NAME_COLUMNS[name]}
    )
    frame = frame.assign(
        longitude=[pairs[datum][0][i] for i, datum in enumerate(datums)],
        latitude=[pairs[datum][1][i] for i, datum in enumerate(datums)],
    )
    if name == "stations":
        frame = frame.assign(network="x", band="x")
    numbers = np.arange(2, len(frame) + 2)
    return RawTable(name, "table.csv", ("",), frame.astype(object).reset_index(drop=True), numbers)


def ask(placer: Georeferencer, raw: RawTable) -> np.ndarray:
    given = Input(path="table.csv")
    placed = placer.place(check_table(raw, given, raw.name), given)
    return placed.evidence.datum if placed.evidence is not None else np.full(len(raw.frame), "", dtype=object)


def main(folder: Path, trials: int) -> None:
    config: Config = load_config(folder)
    reader = ProjectReader(folder, config)
    reader.counties()
    reader.villages()
    tables = sources(reader)
    reader._places.clear()  # only villages and towns are known: the harder case
    reader._gazetteer = None
    placer, rng = reader.placer(), np.random.default_rng(2023)
    print("rows with          rows/table  answered  right of the answers")
    for sort in SORTS:
        for size in SIZES:
            print(f"{sort:<18} {size:>10}  " + _rates(placer, tables, sort, size, trials, rng))
    print("\nmixed: the first rows in one datum, the rest in another (rows right, rows wrong)")
    for size in (120, 300):
        print(f"{'village names':<18} {size:>10}  " + _mixed(placer, tables, size, trials, rng))


def _rates(placer, tables, sort, size, trials, rng) -> str:  # type: ignore[no-untyped-def]
    answered = right = 0
    for trial in range(trials):
        names = [name for name in sorted(tables) if sort != "town names only" or "town" in tables[name]]
        name = names[trial % len(names)]
        datum = DATUMS[trial // len(names) % len(DATUMS)]
        rows = tables[name].sample(size, random_state=rng)
        found = set(ask(placer, one_table(name, rows, np.full(size, datum, dtype=object), SORTS[sort])))
        answered += found != {""}
        right += found == {datum}
    return f"{answered / trials:>8.1%}  " + (f"{right / answered:>8.1%}" if answered else "       —")


def _mixed(placer, tables, size, trials, rng) -> str:  # type: ignore[no-untyped-def]
    right = wrong = total = 0
    for trial in range(trials):
        name = sorted(tables)[trial % len(tables)]
        first, second = rng.choice(DATUMS, 2, replace=False)
        rows = tables[name].sample(size, random_state=rng)
        cut = int(size * rng.uniform(0.3, 0.7))
        datums = np.array([first] * cut + [second] * (size - cut), dtype=object)
        found = ask(placer, one_table(name, rows, datums, SORTS["village names"]))
        right += int((found == datums).sum())
        wrong += int(((found != datums) & (found != "")).sum())
        total += size
    return f"{right / total:>8.1%}  {wrong / total:>8.1%}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 180)
