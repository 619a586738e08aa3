"""KMZ for Google Earth and Ovital: named pins by county and status, descriptions, search rings; WGS84.

One decision to know: written by hand, because the GDAL drivers give placemarks no name. Characters XML
forbids are dropped. Google Earth shows a description as HTML, so its text is escaped as HTML first and
as XML then; names and data values, which are not HTML, are escaped once.
"""

from __future__ import annotations

import html
import io
import zipfile
from xml.sax.saxutils import escape

import geopandas as gpd
import pandas as pd

from siteplan.outputs.sheets import plain, printable
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
_BALLOON = "$[description]"
"""Only the description, whose text is escaped: without this Google Earth shows the raw data as HTML too."""


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
    rings, run = _rings(proposal.places.proposed), str(proposal.record.run_id)
    folders = [
        _county_folder(str(county), group, rings, run, lang)
        for county, group in proposal.places.proposed.groupby("county", sort=True)
    ]
    title = f"{proposal.area.name} {proposal.record.year}"
    note = translate("synthetic", lang) if proposal.config.project.synthetic else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<name>{xml(title)}</name><description>{xml(note)}</description>"
        f"{''.join(_style(source_type) for source_type in _COLOURS)}{_RING_STYLE}{''.join(folders)}</Document></kml>\n"
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
    return escape(printable(value))


_RING_STYLE = (
    '<Style id="ring"><LineStyle><color>ff3c3cff</color><width>1.5</width></LineStyle>'
    "<PolyStyle><fill>0</fill></PolyStyle></Style>"
)


def _style(source_type: str) -> str:
    return (
        f'<Style id="source_type{source_type}"><IconStyle><color>{_COLOURS[source_type]}</color><scale>1.0</scale></IconStyle>'
        f"<LabelStyle><scale>0.8</scale></LabelStyle><BalloonStyle><text>{xml(_BALLOON)}</text></BalloonStyle>"
        "</Style>"
    )


def _folder(name: str, parts: list[str]) -> str:
    return f"<Folder><name>{xml(name)}</name>{''.join(parts)}</Folder>"


def _county_folder(county: str, group: pd.DataFrame, rings: pd.Series, run: str, lang: Lang) -> str:
    """Pins in rank order by status, and the rings in a folder of their own that can be switched off."""
    word = _header("search_radius_m", lang)
    parts = []
    for status in SiteStatus:
        pins = [_placemark(row, run, lang) for row in group[group["status"].eq(status.value)].itertuples()]
        parts += [_folder(translate(f"status_{status}", lang), pins)] if pins else []
    circles = [_ring(row, rings[row.Index], word) for row in group.itertuples()]
    return _folder(county, [*parts, _folder(word, circles)])


def _placemark(row: object, run: str, lang: Lang) -> str:
    name = f"{row.rank} {row.name}"  # type: ignore[attr-defined]
    point = f"{row.longitude},{row.latitude},0"  # type: ignore[attr-defined]
    values = {field: str(_value(row, field, lang)) for field in _SHOWN}
    data = "".join(
        f'<Data name="{field}"><displayName>{xml(_header(field, lang))}</displayName>'
        f"<value>{xml(value)}</value></Data>"
        for field, value in values.items()
    )
    return (
        f"<Placemark><name>{xml(name)}</name>"
        f"<description>{xml(_description(name, values, lang))}</description>"
        f"<styleUrl>#source_type{row.source_type}</styleUrl>"  # type: ignore[attr-defined]
        f'<ExtendedData>{data}<Data name="run_id"><value>{xml(run)}</value></Data></ExtendedData>'
        f"<Point><coordinates>{point}</coordinates></Point></Placemark>"
    )


def _description(name: str, values: dict[str, str], lang: Lang) -> str:
    """A table for the balloon: name, reason, then what is filled; every text escaped as HTML."""
    shown = [field for field in _SHOWN if field != "reason" and values[field] != ""]
    rows = "".join(
        f"<tr><td>{_html(_header(field, lang))}</td><td>{_html(values[field])}</td></tr>" for field in shown
    )
    return f'<b>{_html(name)}</b><p>{_html(values["reason"])}</p><table border="1">{rows}</table>'


def _html(text: str) -> str:
    return html.escape(printable(text), quote=False)


def _ring(row: object, ring: str, word: str) -> str:
    name = f"{row.rank} {word} {row.search_radius_m}"  # type: ignore[attr-defined]
    return (
        f"<Placemark><name>{xml(name)}</name><styleUrl>#ring</styleUrl><Polygon><outerBoundaryIs><LinearRing>"
        f"<coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
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
