"""The ranked list for other programs: Shapefile, MapInfo, GeoJSON, DXF and Ovital's text.

Old formats keep ten ASCII letters of a name and 254 bytes of a text, so the columns
have short names of their own, told in a table beside the file; what had to be cut is told there as well.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from siteplan.core.files import csv_bytes, inert
from siteplan.outputs.sheets import plain, printable
from siteplan.planning.proposal import Proposal
from siteplan.project.columns import Column, column_of, readable
from siteplan.words.catalogue import Lang, translate

if TYPE_CHECKING:
    from ezdxf.document import Drawing

_TEXT_BYTES = 254
_LABEL_M = 40.0
"""Height of labels in a drawing [m]."""
_DOTS = "…"


def write_exchange(proposal: Proposal, folder: Path, lang: Lang = "zh") -> None:
    """Write the list in every format that other programs take.

    Parameters
    ----------
    proposal
        The result.
    folder
        Existing folder; gets ``candidates.geojson``, ``candidates.dxf``, ``candidates_ovital.txt`` and the
        folders ``shapefile`` and ``mapinfo``.
    lang
        Language of labels in drawings.
    """
    for name in ("shapefile", "mapinfo"):
        (folder / name).mkdir()
        write_old(proposal, folder / name, name, lang)
    _write_geojson(proposal, folder / "candidates.geojson")
    (folder / "candidates.dxf").write_bytes(dxf_bytes(proposal))
    (folder / "candidates_ovital.txt").write_bytes(ovital_bytes(proposal, lang))


def _columns() -> tuple[Column, ...]:
    """Columns the tower company may see, for whom these files are."""
    return tuple(column_of("proposed", name) for name in readable("proposed", "tower"))


def write_old(proposal: Proposal, folder: Path, kind: str, lang: Lang = "zh") -> None:
    """Write a Shapefile, or a MapInfo interchange file, with its table of names.

    Text is in GBK, as programs in China expect; where a sign is not in GBK, all text is in UTF-8. The
    ``.cpg`` (or the file's own charset) says which. MapInfo has no unknown number, so a column with unknown
    ones is text there.
    """
    table = proposal.places.proposed[[*readable("proposed", "tower"), "geometry"]].copy()
    encoding = _encoding(table)
    cut: dict[str, int] = {}
    for name in readable("proposed", "tower"):
        if table[name].dtype == bool:
            table[name] = table[name].astype(int)
        elif not pd.api.types.is_numeric_dtype(table[name]) or (
            kind == "mapinfo" and table[name].isna().any()
        ):
            table[name], cut[name] = _short(table[name], encoding)
    table = gpd.GeoDataFrame(
        table.rename(columns={each.name: each.short for each in _columns()}),
        geometry="geometry",
        crs=proposal.places.proposed.crs,
    )
    if kind == "shapefile":
        _write(
            table,
            folder / "candidates.shp",
            "ESRI Shapefile",
            # a table written tomorrow from the same plan has the same bytes
            layer_options={"DBF_DATE_LAST_UPDATE": str(proposal.record.reference_date)},
            encoding=encoding,
        )
    else:
        table = table.to_crs(4326)  # MapInfo has no name for many datums, CGCS2000 among them
        charset = {"GBK": "CP936", "UTF-8": "UTF-8"}[encoding]
        _write(
            table,
            folder / "candidates.mif",
            "MapInfo File",
            layer_options={"ENCODING": charset},
            FORMAT="MIF",
        )
    (folder / translate("file_fields", lang)).write_bytes(_names(cut, encoding, lang))


def _write(table: gpd.GeoDataFrame, path: Path, driver: str, **options: object) -> None:
    """Write with GDAL; an empty table keeps its columns."""
    kind = "Point" if table.empty else None
    pyogrio.write_dataframe(table, path, driver=driver, geometry_type=kind, **options)


def _encoding(table: pd.DataFrame) -> str:
    """GBK where it holds every sign of the table, else UTF-8."""
    texts = [each for name in readable("proposed", "tower") for each in table[name] if isinstance(each, str)]
    try:
        printable("".join(texts)).encode("gbk")
    except UnicodeEncodeError:
        return "UTF-8"
    return "GBK"


def _short(cells: pd.Series, encoding: str) -> tuple[pd.Series, int]:
    """Texts as far as they fit, whole signs only, and how many were cut."""
    texts = cells.map(lambda cell: printable(plain(cell)))
    short = texts.map(lambda text: _fitting(text, encoding))
    return short, int((short != texts).sum())


def _fitting(text: str, encoding: str) -> str:
    if len(text.encode(encoding)) <= _TEXT_BYTES:
        return text
    room = _TEXT_BYTES - len(_DOTS.encode(encoding))
    return text.encode(encoding)[:room].decode(encoding, errors="ignore") + _DOTS


def _names(cut: Mapping[str, int], encoding: str, lang: Lang) -> bytes:
    """Short name, full name, header, meaning and number of texts that were cut."""
    rows = [
        [each.short, each.name, each.header(lang), each.about(lang), cut.get(each.name, 0), encoding]
        for each in _columns()
    ]
    header = [
        translate(f"fields_{each}", lang) for each in ("short", "name", "header", "about", "cut", "encoding")
    ]
    return csv_bytes(header, [[inert(cell) for cell in row] for row in rows])


def _write_geojson(proposal: Proposal, path: Path) -> None:
    """RFC 7946: WGS84, columns by their English names, nothing for what is not known."""
    table = proposal.places.proposed[list(readable("proposed", "tower"))].copy()
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].map(lambda cell: printable(plain(cell)))
    points = gpd.points_from_xy(table["longitude"], table["latitude"])
    frame = gpd.GeoDataFrame(table, geometry=points, crs=4326)
    options = {"RFC7946": "YES", "COORDINATE_PRECISION": "6", "WRITE_BBOX": "NO"}
    _write(frame, path, "GeoJSON", layer_options=options)


def ovital_bytes(proposal: Proposal, lang: Lang = "zh") -> bytes:
    """The list as Ovital imports text: name, longitude, latitude, remark, one space between.

    Returns
    -------
    bytes
        UTF-8 with BOM; coordinates are WGS84/CGCS2000, which Ovital takes where a line has no mark. Spaces
        inside a name are full-width, because a space ends it.
    """
    text = io.StringIO()
    for row in proposal.places.proposed.itertuples():
        status = translate(f"status_{row.status}", lang)
        words = (f"{row.rank}_{row.name}", f"{row.candidate_id}_{status}_{row.networks}_{row.bands}")
        name, remark = ("\u3000".join(printable(word).split()) for word in words)
        text.write(f"{name} {row.longitude:.6f} {row.latitude:.6f} {remark}\r\n")
    return text.getvalue().encode("utf-8-sig")


def dxf_bytes(proposal: Proposal) -> bytes:
    """A drawing in the project's metres: points, search rings, names; the same list gives the same bytes.

    Returns
    -------
    bytes
        DXF R2000 in GBK, which Chinese CAD and GIS read alike; signs GBK has not are escaped as DXF does.
    """
    import ezdxf  # noqa: PLC0415 - half a second that only a plan with a drawing waits for

    fixed = ezdxf.options.write_fixed_meta_data_for_testing
    ezdxf.options.write_fixed_meta_data_for_testing = True
    try:
        drawing = _drawing(proposal)
        stream = io.StringIO()
        drawing.write(stream)
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = fixed
    return stream.getvalue().replace("\n", "\r\n").encode("gbk", errors="dxfreplace")


def _drawing(proposal: Proposal) -> Drawing:
    import ezdxf  # noqa: PLC0415 - as above
    from ezdxf.enums import TextEntityAlignment  # noqa: PLC0415

    drawing = ezdxf.new("R2000", units=ezdxf.units.M)
    drawing.encoding = "gbk"
    drawing.header.custom_vars.append("CRS", str(proposal.config.project.crs))
    drawing.header.custom_vars.append("RUN", str(proposal.record.run_id))
    drawing.styles.new("SITEPLAN", dxfattribs={"font": "simsun.ttf"})
    for layer, colour in (("SITE_POINT", 1), ("SITE_NAME", 7), ("SITE_ID", 8), ("SEARCH_RING", 5)):
        drawing.layers.add(layer, color=colour)
    space = drawing.modelspace()
    for row in proposal.places.proposed.itertuples():
        at = np.array([row.geometry.x, row.geometry.y])
        space.add_point(tuple(at), dxfattribs={"layer": "SITE_POINT"})
        space.add_circle(tuple(at), max(float(row.search_radius_m), 1.0), dxfattribs={"layer": "SEARCH_RING"})
        for layer, text, line in (
            ("SITE_NAME", f"{row.rank} {row.name}", 0.6),
            ("SITE_ID", row.candidate_id, -0.8),
        ):
            look = {"layer": layer, "style": "SITEPLAN"}
            label = space.add_text(_one_line(text), height=_LABEL_M, dxfattribs=look)
            label.set_placement((at[0] + _LABEL_M, at[1] + line * _LABEL_M), align=TextEntityAlignment.LEFT)
    return drawing


def _one_line(text: str) -> str:
    """A label: one line, and no sign that a drawing program reads as a code."""
    return " ".join(printable(text).split()).replace("%%", "%\u200b%").replace("\\", "/").replace("^", "ˆ")
