"""KMZ for Google Earth and Ovital: named pins by county, description tables, search rings; WGS84.

One decision to know: written by hand, because the GDAL drivers give placemarks no name; every text is
escaped and characters XML forbids are dropped.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.sax.saxutils import escape

import geopandas as gpd
import pandas as pd

from siteplan.outputs.sheets import plain
from siteplan.proposal import PROPOSED_COLUMNS, Proposal
from siteplan.texts import Lang, say

_COLOURS = {"1": "ff4d7f1b", "2": "ffb27200", "3": "ff009ee6", "4": "ffa779cc", "5": "ff005ed5"}
"""Pin colour by rung (aabbggrr)."""
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SHOWN = ("rank", "candidate_id", "rung", "networks", "bands", "stations", "antenna_height_m", "reason",
          "people_newly_covered", "villages_newly_covered_names", "search_radius_m", "alternates",
          "restriction", "longitude", "latitude", "longitude_gcj02", "latitude_gcj02")  # fmt: skip


def kmz_bytes(proposal: Proposal, lang: Lang = "zh") -> bytes:
    """The ranked candidates as KMZ.

    Parameters
    ----------
    proposal
        The result.
    lang
        Language of labels.

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
    """The KML inside the KMZ.

    Parameters
    ----------
    proposal
        The result.
    lang
        Language of labels.

    Returns
    -------
    str
        UTF-8 XML.
    """
    rings = _rings(proposal.proposed)
    folders = [
        _folder(str(county), [_placemark(row, rings[row.Index], lang) for row in group.itertuples()])
        for county, group in proposal.proposed.groupby("county", sort=True)
    ]
    title = f"{proposal.area_name} {proposal.summary['year']}"
    note = say("synthetic", lang) if proposal.config.project.synthetic else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>{xml(title)}</name><description>{xml(note)}</description>"
        f"{''.join(_style(rung) for rung in _COLOURS)}{_RING_STYLE}{''.join(folders)}</Document></kml>\n"
    )


def xml(value: object) -> str:
    """Text for an XML element, with what XML forbids dropped.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    str
        Escaped text.

    Examples
    --------
    >>> xml("a<b & c")
    'a&lt;b &amp; c'
    """
    return escape(_FORBIDDEN.sub("", str(value)))


_RING_STYLE = (
    '<Style id="ring"><LineStyle><color>ff3c3cff</color><width>1.5</width></LineStyle>'
    "<PolyStyle><fill>0</fill></PolyStyle></Style>"
)


def _style(rung: str) -> str:
    return (
        f'<Style id="rung{rung}"><IconStyle><color>{_COLOURS[rung]}</color><scale>1.0</scale></IconStyle>'
        "<LabelStyle><scale>0.8</scale></LabelStyle></Style>"
    )


def _folder(name: str, parts: list[str]) -> str:
    return f"<Folder><name>{xml(name)}</name>{''.join(parts)}</Folder>"


def _placemark(row: object, ring: str, lang: Lang) -> str:
    name = f"{row.rank} {row.name}"  # type: ignore[attr-defined]
    point = f"{row.longitude},{row.latitude},0"  # type: ignore[attr-defined]
    data = "".join(
        f'<Data name="{field}"><displayName>{xml(_header(field, lang))}</displayName>'
        f"<value>{xml(_value(row, field, lang))}</value></Data>"
        for field in _SHOWN
    )
    ring_name = xml(f"{row.rank} {say('rung_' + row.rung, lang)} {row.search_radius_m} m")  # type: ignore[attr-defined]
    return (
        f"<Placemark><name>{xml(name)}</name><styleUrl>#rung{row.rung}</styleUrl>"  # type: ignore[attr-defined]
        f"<description>{xml(row.reason)}</description><ExtendedData>{data}</ExtendedData>"  # type: ignore[attr-defined]
        f"<Point><coordinates>{point}</coordinates></Point></Placemark>"
        f"<Placemark><name>{ring_name}</name><styleUrl>#ring</styleUrl><Polygon><outerBoundaryIs><LinearRing>"
        f"<coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    )


def _header(field: str, lang: Lang) -> str:
    return PROPOSED_COLUMNS[field][0] if lang == "zh" else field


def _value(row: object, field: str, lang: Lang) -> object:
    value = getattr(row, field)
    return say(f"rung_{value}", lang) if field == "rung" else plain(value)


def _rings(proposed: gpd.GeoDataFrame) -> pd.Series:
    """Search rings as coordinate text, by row."""
    if proposed.empty:
        return pd.Series([], dtype=object)
    rings = proposed.geometry.buffer(proposed["search_radius_m"].clip(lower=1)).to_crs(4326)
    return pd.Series(
        [" ".join(f"{x:.6f},{y:.6f},0" for x, y in ring.exterior.coords) for ring in rings],
        index=proposed.index,
    )
