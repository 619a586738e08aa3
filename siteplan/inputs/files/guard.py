"""Looks at a file before anything opens it: what it really is, and whether it would fill the memory.

A file is refused by what it declares or holds, before a library unpacks it; limits are
far above any real list of a province.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

MOST_UNPACKED = 1 << 30
"""Largest unpacked size of an archive [bytes]."""
MOST_TEXT = 1 << 28
"""Largest page of a web export [bytes]."""
BIG_TEXT = 1 << 25
"""Text files beyond this are read in pieces [bytes]."""
SAMPLE_BYTES = 1 << 20
"""How much of a long text file is looked at to understand it [bytes]."""
MOST_ROWS = 30_000_000
"""Rows of a long text file."""
MOST_CELLS = 20_000_000
"""Largest rectangle of cells a sheet may span."""
MOST_LINES = 5_000_000
"""Most lines of a text file."""
MOST_COLUMNS = 16_384
MOST_ENTRIES = 20_000
_CHUNK = 1 << 20
_TAIL = 512
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream that holds a workbook with a password to open."""
_ENTITY = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"([A-Z]+)(\d+)\"")
_REPEATED = re.compile(
    rb"<table:table-cell(?=[^>]*value-type)[^>]*number-columns-repeated=\"\d{4,}\""
    rb"|<table:table-row[^>]*number-rows-repeated=\"\d{4,}\"[^>]*>\s*<table:table-cell[^>]*value-type"
)
_ELSEWHERE = (
    b"<ogrvrt",
    b"<ogrwfs",
    b"<vrtdataset",
    b"<gdal_wms",
    b"<wms_",
    b"<gdaltileindex",
    b"<wcs_gdal",
    b"<wmts",
)
"""Starts of files that only name other files or servers: whatever their suffix, GDAL would open those."""
_XML_SUFFIXES = {".kml", ".gml", ".gpx", ".xml"}


class HostileFile(ValueError):
    """A file that no list of places looks like.

    Parameters
    ----------
    key
        Entry of the catalogue.
    found
        What was met instead, for the message.
    """

    def __init__(self, key: str, found: tuple[str, ...] = ()) -> None:
        super().__init__(key)
        self.found = found


def kind_of(path: Path) -> str:
    """What a file is by its first bytes: ``zip, xls, html, text, other``.

    Returns
    -------
    str
        ``zip`` for .xlsx, .ods and .kmz alike; ``text`` for anything without NUL bytes.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(b"PK"):
        return "zip"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    plain = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if plain.startswith(b"<") and (b"<table" in plain or b"<html" in plain):
        return "html"
    return "text"


def is_there(path: Path) -> bool:
    """Whether a path leads anywhere; one too long for the system does not [bool]."""
    try:
        return path.exists()
    except OSError:
        return False


def inspect(path: Path) -> None:
    """Refuse what would fill the memory or is meant to.

    Parameters
    ----------
    path
        A file; folders (.gdb) are left to GDAL.

    Raises
    ------
    HostileFile
        With the key of its message.
    zipfile.BadZipFile
        For a broken archive.
    """
    if path.is_dir():
        return
    if not path.is_file():
        raise HostileFile("not_a_file")
    with path.open("rb") as file:
        start = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n\x00").lower()
    start = re.sub(rb"^(<\?xml.*?\?>|<!--.*?-->|\s)+", b"", start, flags=re.DOTALL)
    if start.startswith(_ELSEWHERE):
        raise HostileFile("points_elsewhere")
    for table in {path, path.with_suffix(".dbf")}:
        if table.suffix.lower() == ".dbf" and table.is_file():
            _refuse_cut_short(table)
    if kind_of(path) == "xls" and _is_encrypted(path):
        raise HostileFile("locked_workbook")
    if kind_of(path) == "zip":
        _inspect_archive(path)
    elif path.suffix.lower() in _XML_SUFFIXES:
        with path.open("rb") as file:
            _refuse_entities(file)


def _is_encrypted(path: Path) -> bool:
    """Whether a compound file only wraps an encrypted workbook: it has a password to open."""
    with path.open("rb") as file:
        return any(_ENCRYPTED in chunk for chunk in _chunks(file))


def _refuse_cut_short(path: Path) -> None:
    """Refuse a table whose header promises records that are not there: room for them would be made."""
    with path.open("rb") as file:
        head = file.read(12)
    if len(head) == 12:
        records, start, width = struct.unpack("<4xIHH", head)
        if start + records * width > path.stat().st_size + width:
            raise HostileFile("cut_short")


def _inspect_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
            raise HostileFile("too_large")
        for entry in entries:
            name = entry.filename.replace("\\", "/")
            if name.startswith("/") or ".." in name.split("/") or ":" in name:
                raise HostileFile("path_in_archive")
            if entry.flag_bits & 1:
                raise HostileFile("locked_archive")
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                _refuse_wide_sheet(archive, entry)
            elif name == "content.xml":
                _refuse_repeats(archive, entry)
            elif name.endswith(".kml"):
                with archive.open(entry) as file:
                    _refuse_entities(file)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Pieces of a stream, each with the end of the one before it."""
    tail, read = b"", 0
    while piece := file.read(_CHUNK):
        read += len(piece)
        if read > MOST_UNPACKED:
            raise HostileFile("too_large")
        yield tail + piece
        tail = piece[-_TAIL:]


def _refuse_entities(file: IO[bytes]) -> None:
    if any(_ENTITY.search(chunk) for chunk in _chunks(file)):
        raise HostileFile("xml_entities")


def _refuse_wide_sheet(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Refuse a sheet whose farthest cells span a rectangle that would not fit."""
    last_row = last_column = 0
    with archive.open(entry) as file:
        for chunk in _chunks(file):
            found = _CELL.findall(chunk)
            letters = {pair[0] for pair in found}
            last_row = max([last_row, *(int(row) for _, row in found)])
            last_column = max([last_column, *map(_number, letters)])
    if last_row * last_column > MOST_CELLS or last_column > MOST_COLUMNS or last_row > 1 << 20:
        raise HostileFile("too_wide")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _refuse_repeats(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with archive.open(entry) as file:
        if any(_REPEATED.search(chunk) for chunk in _chunks(file)):
            raise HostileFile("too_wide")
