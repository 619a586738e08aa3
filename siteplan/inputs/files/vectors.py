"""Vector files into raw tables; text of the old formats is decoded by what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from siteplan.core.errors import InputFaults
from siteplan.inputs.files.containers import refuse_torn
from siteplan.inputs.files.encodings import is_western
from siteplan.inputs.files.kml import LinkedElsewhere, Placemark, read_kml
from siteplan.inputs.files.raw_table import STRIDE, RawTable, Wanted, broken_text, file_fault

_FIELD_WIDTHS = {10, 16, 20, 24, 25, 30, 32, 40, 48, 50, 60, 64, 80, 100, 120, 128, 150, 200, 250, 254, 255}
"""Widths of text fields people give to tables of old formats; headers have 10 [bytes]."""
_HEADER_BYTES = 10
_BYTES_AS_THEY_ARE = {".shp", ".dbf", ".tab", ".mif"}
"""Vector files whose text may be in any encoding, whatever they say."""


def read_vector(wanted: Wanted, path: Path) -> RawTable:
    """One layer of a vector file.

    Parameters
    ----------
    wanted
        Table and layer looked for.
    path
        Any file GDAL reads.

    Raises
    ------
    InputFaults
        If the layer is not there, or not named where there are several, or headers cannot be told apart.
    """
    refuse_torn(path)
    layers = [str(each) for each in pyogrio.list_layers(path)[:, 0]]
    name = _chosen(wanted, path, layers)
    data = _layer(wanted, path, name)
    if not len(data):
        return _empty(wanted, path, name)
    geometry = data.geometry if isinstance(data, gpd.GeoDataFrame) else None
    frame = pd.DataFrame(data if geometry is None else data.drop(columns=data.geometry.name)).astype(object)
    sheets = (name,) if wanted.layer else ("",)
    rows = np.arange(2, len(frame) + 2, dtype=np.int64)
    table = RawTable(wanted.name, path.name, sheets, frame, rows, geometry)
    return replace(table, notes=tuple(broken_text(table)))


def _empty(wanted: Wanted, path: Path, name: str) -> RawTable:
    return RawTable(wanted.name, path.name, (name,), pd.DataFrame(), np.array([], dtype=np.int64))


def _chosen(wanted: Wanted, path: Path, names: list[str]) -> str:
    """The layer that is meant."""
    if wanted.layer and wanted.layer not in names:
        found = tuple(names)
        raise InputFaults([file_fault(wanted.name, path, "no_layer", value=wanted.layer, found=found)])
    if not wanted.layer and len(names) > 1:
        raise InputFaults([file_fault(wanted.name, path, "several_layers", found=tuple(names))])
    return wanted.layer or names[0]


def read_placemarks(wanted: Wanted, path: Path) -> RawTable:
    """Placemarks of a KML or KMZ, folder by folder; ``layer`` names one folder.

    Raises
    ------
    InputFaults
        If the folder is not there, or placemarks stand in a file that is not.
    """
    try:
        pins = read_kml(path)
    except LinkedElsewhere as error:
        raise InputFaults([file_fault(wanted.name, path, "linked_kml", value=str(error))]) from error
    folders = _folder_names(pins)
    if wanted.layer:
        if wanted.layer not in folders.values():
            found = tuple(folders.values())
            raise InputFaults([file_fault(wanted.name, path, "no_layer", value=wanted.layer, found=found)])
        pins = [pin for pin in pins if folders[pin.folder] == wanted.layer]
    if not pins:
        return _empty(wanted, path, wanted.layer)
    names = tuple(dict.fromkeys(folders[pin.folder] for pin in pins))
    headers = list(dict.fromkeys(header for pin in pins for header in pin.cells))
    frame = pd.DataFrame([[pin.cells.get(h) for h in headers] for pin in pins], columns=headers, dtype=object)
    rows, counts = [], dict.fromkeys(names, 0)
    for pin in pins:
        name = folders[pin.folder]
        rows.append(counts[name] + 2 + names.index(name) * STRIDE)
        counts[name] += 1
    order = np.argsort(np.array(rows), kind="stable")
    geometry = gpd.GeoSeries([pins[i].shape for i in order], crs=4326)
    sheets = names if wanted.layer or len(names) > 1 else ("",)
    return RawTable(
        wanted.name,
        path.name,
        sheets,
        frame.iloc[order].reset_index(drop=True),
        np.array(rows, dtype=np.int64)[order],
        geometry,
    )


def _folder_names(pins: list[Placemark]) -> dict[tuple[str, int], str]:
    """A name of its own for every folder."""
    names: dict[tuple[str, int], str] = {}
    for pin in pins:
        if pin.folder in names:
            continue
        plain, number = pin.folder[0] or f"Layer{len(names)}", 2
        name = plain
        while name in names.values():
            name, number = f"{plain} (#{number})", number + 1
        names[pin.folder] = name
    return names


def _layer(wanted: Wanted, path: Path, name: str) -> pd.DataFrame:
    """One layer; text of the old formats is decoded by what it holds, not by what the file says."""
    if path.suffix.lower() not in _BYTES_AS_THEY_ARE:
        return pyogrio.read_dataframe(path, layer=name)
    data = pyogrio.read_dataframe(path, layer=name, encoding="ISO-8859-1")
    words = [*map(str, data.columns), *_texts(data)]
    encoding = _encoding_of([word.encode("latin-1", errors="ignore") for word in words])
    for header in list(data.columns):
        if data[header].dtype == object or pd.api.types.is_string_dtype(data[header].dtype):
            data[header] = data[header].map(lambda cell: _again(cell, encoding)).astype(object)
    return data.rename(columns=_told_apart(wanted, path, list(data.columns), encoding))


def _told_apart(wanted: Wanted, path: Path, headers: list[str], encoding: str) -> dict[str, str]:
    """Decoded headers; two that were cut to one name are a question unless the project file names them."""
    names = {header: str(_again(header, encoding)) for header in headers}
    groups: dict[str, list[str]] = {}
    for header, name in names.items():
        is_full = len(header.encode("latin-1", errors="replace")) >= _HEADER_BYTES - 1
        groups.setdefault(re.sub(r"_\d$", "", name) if is_full else name, []).append(header)
    alike = []
    for name, group in groups.items():
        if len(group) > 1:
            names |= {header: f"{name}_{number}" for number, header in enumerate(group, 1)}
            alike += [names[header] for header in group]
    if alike and not set((wanted.columns or {}).values()) & set(alike):
        raise InputFaults([file_fault(wanted.name, path, "headers_cut", found=tuple(alike), first=alike[0])])
    return names


def _texts(data: pd.DataFrame) -> Iterable[str]:
    """Text cells of the first records."""
    for header in data.columns:
        for cell in data[header].iloc[:2000]:
            if isinstance(cell, str):
                yield cell


def _encoding_of(words: Iterable[bytes]) -> str:
    """Encoding of short texts whose end may be cut inside a character."""
    odd = [word for word in words if not word.isascii()]
    if not odd:
        return "utf-8"
    fits = {name: sum(_fits(word, name) for word in odd) for name in ("utf-8", "gb18030")}
    if fits["utf-8"] * 10 >= 9 * len(odd):
        return "utf-8"
    joined = b" ".join(odd).decode("gb18030", errors="replace")
    return "cp1252" if is_western(joined) or fits["gb18030"] * 10 < 9 * len(odd) else "gb18030"


def _fits(word: bytes, encoding: str) -> bool:
    """Whether a text decodes; half a character at the end is allowed only where it may fill its field."""
    most = 3 if encoding == "utf-8" else 2
    for cut in range(most if len(word) in _FIELD_WIDTHS else 1):
        try:
            word[: len(word) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _again(cell: object, encoding: str) -> object:
    """Text read as single bytes in its true encoding; half a character at the end is cut off."""
    if not isinstance(cell, str) or cell.isascii():
        return cell
    content = cell.encode("latin-1", errors="replace")
    for cut in range(4):
        try:
            return content[: len(content) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode(encoding, errors="replace")
