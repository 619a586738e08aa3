"""KMZ for Google Earth and Ovital: named pins by county and status, descriptions, search rings; WGS84.

Built as a tree, because the GDAL drivers give placemarks no name. Characters XML forbids are dropped. Google
Earth shows a description as HTML, so it is built as HTML and put in as text.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import geopandas as gpd
import pandas as pd
from lxml import etree
from lxml.builder import E, ElementMaker

from siteplan.outputs.sheets import plain, printable
from siteplan.outputs.wording import banners
from siteplan.planning.proposal import Proposal
from siteplan.project.columns import column_of
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import Lang, translate

_COLOURS = {"1": "ff4d7f1b", "2": "ffb27200", "3": "ff009ee6", "4": "ffa779cc", "5": "ff005ed5"}
"""Pin colour by source_type (aabbggrr)."""
_SHOWN = (
    "rank",
    "candidate_id",
    "status",
    "source_type",
    "networks",
    "bands",
    "stations",
    "antenna_height_m",
    "reason",
    "people_newly_covered",
    "villages_newly_covered_names",
    "search_radius_m",
    "alternates",
    "restriction",
    "longitude",
    "latitude",
    "longitude_gcj02",
    "latitude_gcj02",
)
"""Data of a placemark; the description shows those that are filled, the reason first."""
_KML = ElementMaker(
    namespace="http://www.opengis.net/kml/2.2", nsmap={None: "http://www.opengis.net/kml/2.2"}
)
_BALLOON = "$[description]"
"""Only the description, whose text is escaped: without this Google Earth shows the raw data as HTML too."""


def kmz_bytes(proposal: Proposal, lang: Lang = "zh") -> bytes:
    """The ranked candidates as KMZ.

    Returns
    -------
    bytes
        A zip with ``doc.kml``; the same proposal gives the same bytes.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("doc.kml", date_time=(2020, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, kml_text(proposal, lang))
    return buffer.getvalue()


def kml_text(proposal: Proposal, lang: Lang = "zh") -> str:
    """The KML inside the KMZ."""
    rings, run = _rings(proposal.places.proposed), str(proposal.record.run_id)
    folders = [
        _county_folder(str(county), group, rings, run, lang)
        for county, group in proposal.places.proposed.groupby("county", sort=True)
    ]
    title = f"{proposal.area.name} {proposal.record.year}"
    note = " · ".join(banners(proposal, lang))
    document = _KML.Document(_text("name", title), _text("description", note))
    document.extend([*(_style(each) for each in _COLOURS), _ring_style(), *folders])
    tree: str = etree.tostring(_KML.kml(document), encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tree}\n'


def _text(tag: str, value: object) -> Any:
    """An element that holds a text, without the signs XML forbids."""
    return _KML(tag, printable(value))


def _ring_style() -> Any:
    return _KML.Style(
        _KML.LineStyle(_KML.color("ff3c3cff"), _KML.width("1.5")), _KML.PolyStyle(_KML.fill("0")), id="ring"
    )


def _style(source_type: str) -> Any:
    return _KML.Style(
        _KML.IconStyle(_KML.color(_COLOURS[source_type]), _KML.scale("1.0")),
        _KML.LabelStyle(_KML.scale("0.8")),
        _KML.BalloonStyle(_text("text", _BALLOON)),
        id=f"source_type{source_type}",
    )


def _folder(name: str, parts: list[Any]) -> Any:
    return _KML.Folder(_text("name", name), *parts)


def _county_folder(county: str, group: pd.DataFrame, rings: pd.Series, run: str, lang: Lang) -> Any:
    """Pins in rank order by status, and the rings in a folder of their own that can be switched off."""
    word = _header("search_radius_m", lang)
    parts = []
    for status in SiteStatus:
        pins = [_placemark(row, run, lang) for row in group[group["status"].eq(status.value)].itertuples()]
        parts += [_folder(translate(f"status_{status}", lang), pins)] if pins else []
    circles = [_ring(row, rings[row.Index], word) for row in group.itertuples()]
    return _folder(county, [*parts, _folder(word, circles)])


def _placemark(row: Any, run: str, lang: Lang) -> Any:
    name = f"{row.rank} {row.name}"
    values = {field: str(_value(row, field, lang)) for field in _SHOWN}
    data = [
        _KML.Data(_text("displayName", _header(field, lang)), _text("value", value), name=field)
        for field, value in values.items()
    ]
    return _KML.Placemark(
        _text("name", name),
        _text("description", _description(name, values, lang)),
        _KML.styleUrl(f"#source_type{row.source_type}"),
        _KML.ExtendedData(*data, _KML.Data(_text("value", run), name="run_id")),
        _KML.Point(_KML.coordinates(f"{row.longitude},{row.latitude},0")),
    )


def _description(name: str, values: dict[str, str], lang: Lang) -> str:
    """HTML of the balloon: name, reason, then a table of what is filled."""
    shown = [field for field in _SHOWN if field != "reason" and values[field] != ""]
    rows = [E.tr(E.td(_header(field, lang)), E.td(printable(values[field]))) for field in shown]
    parts = (E.b(printable(name)), E.p(printable(values["reason"])), E.table(*rows, border="1"))
    return "".join(etree.tostring(part, encoding="unicode", method="html") for part in parts)


def _ring(row: Any, ring: str, word: str) -> Any:
    line = _KML.LinearRing(_KML.coordinates(ring))
    return _KML.Placemark(
        _text("name", f"{row.rank} {word} {row.search_radius_m}"),
        _KML.styleUrl("#ring"),
        _KML.Polygon(_KML.outerBoundaryIs(line)),
    )


def _header(field: str, lang: Lang) -> str:
    return column_of("proposed", field).header(lang)


def _value(row: object, field: str, lang: Lang) -> object:
    value = getattr(row, field)
    return translate(f"{field}_{value}", lang) if field in ("source_type", "status") else plain(value)


def _rings(proposed: gpd.GeoDataFrame) -> pd.Series:
    """Search rings as coordinate text, by row."""
    if proposed.empty:
        return pd.Series([], dtype=object)
    rings = proposed.geometry.buffer(proposed["search_radius_m"].clip(lower=1)).to_crs(4326)
    return pd.Series(
        [" ".join(f"{x:.6f},{y:.6f},0" for x, y in ring.exterior.coords) for ring in rings],
        index=proposed.index,
    )
