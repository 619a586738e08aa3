"""Files of several parts: archives, shapefiles, geodatabases, GeoPackages; whether the parts belong together.

A part that is missing or left behind gives an older or shorter table without a word, so that
it is looked for before anything is read.
"""

from __future__ import annotations

import struct
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from siteplan.inputs.files.guard import HostileFile

_TABLES = (".gpkg", ".shp", ".tab", ".mif", ".geojson", ".json", ".fgb", ".kml", ".kmz")
_SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".et", ".csv", ".txt", ".tsv")
_UTF8_NAME = 0x800
_WAL = 2


def refuse_torn(path: Path) -> None:
    """Refuse a file whose parts do not fit each other.

    Parameters
    ----------
    path
        A shapefile or a GeoPackage; others pass.

    Raises
    ------
    HostileFile
        With the key of its message: ``counts_differ`` or ``wal_missing``.
    """
    suffix = path.suffix.lower()
    if suffix == ".shp":
        shapes, rows = _shape_count(path), _row_count(path)
        if shapes is not None and rows is not None and shapes != rows:
            raise HostileFile("counts_differ")
    elif suffix == ".gpkg" and path.is_file() and _waits_for_wal(path):
        raise HostileFile("wal_missing")


def _beside(path: Path, suffix: str) -> Path | None:
    """The part of a shapefile with another ending, in small or capital letters."""
    return next(
        (p for p in (path.with_suffix(suffix), path.with_suffix(suffix.upper())) if p.is_file()), None
    )


def _shape_count(path: Path) -> int | None:
    index = _beside(path, ".shx")
    return None if index is None else max(0, (index.stat().st_size - 100) // 8)


def _row_count(path: Path) -> int | None:
    table = _beside(path, ".dbf")
    if table is None or table.stat().st_size < 8:
        return None
    with table.open("rb") as file:
        return int(struct.unpack("<4xI", file.read(8))[0])


def _waits_for_wal(path: Path) -> bool:
    """Whether a database was copied without the file that holds its last changes."""
    with path.open("rb") as file:
        head = file.read(20)
    is_wal = len(head) == 20 and head.startswith(b"SQLite format 3") and _WAL in (head[18], head[19])
    return is_wal and not Path(f"{path}-wal").exists()


@contextmanager
def unpacked(path: Path, layer: str = "") -> Iterator[Path]:
    """The one table of an archive as a file of its own, while it is needed.

    Parameters
    ----------
    path
        A zip file; names in GBK are understood.
    layer
        Name of the table, with or without its ending, where the archive holds several.

    Raises
    ------
    HostileFile
        With the key of its message: ``archive_empty`` or ``archive_several``, then what it holds.
    """
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        names = {entry.filename: _name_of(entry) for entry in archive.infolist() if not entry.is_dir()}
        if _is_geodatabase(names.values()):
            names = {original: f"archive.gdb/{PurePosixPath(name).name}" for original, name in names.items()}
        found = _tables_in(list(names.values()))
        if layer:
            found = [
                name for name in found if layer in (PurePosixPath(name).stem, PurePosixPath(name).name)
            ] or found
        if len(found) != 1:
            held = found or sorted(names.values())
            raise HostileFile("archive_several" if found else "archive_empty", tuple(held[:20]))
        for original, name in names.items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(original))
        yield Path(folder) / found[0]


def _name_of(entry: zipfile.ZipInfo) -> str:
    """Name of an entry; names that are not said to be UTF-8 are those of a Chinese Windows where they fit."""
    if entry.flag_bits & _UTF8_NAME or entry.filename.isascii():
        return entry.filename.replace("\\", "/")
    raw = entry.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding).replace("\\", "/")
        except UnicodeDecodeError:
            continue
    return entry.filename.replace("\\", "/")


def _is_geodatabase(names: Iterable[str]) -> bool:
    """Whether an archive holds the files of a geodatabase without the folder that should hold them."""
    return any(name.lower().endswith(".gdbtable") and ".gdb/" not in name.lower() for name in names)


def _tables_in(names: list[str]) -> list[str]:
    """Tables among the files of an archive: a geodatabase is a folder, or the archive itself."""
    bases = {part for name in names for part in _geodatabases(name)}
    inside = [n for n in names if not any(n.startswith(f"{base}/") for base in bases)]
    visible = [
        n for n in inside if not PurePosixPath(n).name.startswith((".", "~$", "._")) and "__MACOSX" not in n
    ]
    vectors = [n for n in visible if PurePosixPath(n).suffix.lower() in _TABLES]
    sheets = [n for n in visible if PurePosixPath(n).suffix.lower() in _SHEETS]
    return sorted({*bases, *vectors}) or sorted(sheets)


def _geodatabases(name: str) -> Iterator[str]:
    parts = PurePosixPath(name).parts
    for i, part in enumerate(parts[:-1]):
        if part.lower().endswith(".gdb"):
            yield "/".join(parts[: i + 1])
            return
