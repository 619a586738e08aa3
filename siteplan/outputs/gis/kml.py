"""KMZ for Google Earth and Ovital: pins with their rank by county and status, rings, background; WGS84.

Built as a tree, because the GDAL drivers give placemarks no name. Characters XML forbids are dropped. Google
Earth shows a description as HTML, so it is built as HTML and put in as text. The pins' pictures and the
legend lie inside the file, in the colours of the map. Google Earth hides a feature by its own switch only, so
rings are switched off one by one.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import geopandas as gpd
import pandas as pd
from lxml import etree
from lxml.builder import E, ElementMaker

from siteplan.outputs import palette
from siteplan.outputs.pictures.overview import purposes
from siteplan.outputs.pictures.pins import legend_png, pin_png
from siteplan.outputs.sheets import plain, printable
from siteplan.outputs.webmap import style
from siteplan.outputs.wording import banners
from siteplan.planning.proposal import Proposal
from siteplan.project.columns import column_of
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import Lang, translate

_SHOWN = (
    "rank",
    "candidate_id",
    "status",
    "source_type",
    "networks",
    "bands",
    "stations",
    "antenna_height_m",
    "benefit",
    "reason",
    "people_newly_covered",
    "villages_newly_covered_names",
    "search_radius_m",
    "existing_nearby",
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
_LEGEND = "icons/legend.png"
_STATES = ("newly", "people", "uncovered")
"""Villages that are shown: those a plan is about."""
_BALLOON = "$[description]"
"""Only the description, whose text is escaped: without this Google Earth shows the raw data as HTML too."""


def kmz_bytes(proposal: Proposal, lang: Lang = "zh") -> bytes:
    """The ranked candidates as KMZ.

    Returns
    -------
    bytes
        A zip with ``doc.kml`` first, its pins and its legend; the same proposal gives the same bytes.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(proposal, lang).items():
            entry = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def _files(proposal: Proposal, lang: Lang) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = {"doc.kml": kml_text(proposal, lang)}
    colours = purposes(proposal)
    for row in proposal.places.proposed.sort_values("rank").itertuples():
        files[_icon(row.rank)] = pin_png(str(row.rank), colours[row.purpose])
    for state in _STATES:
        files[_icon(state)] = pin_png("", style.VILLAGES[state]["fill"], 20)
    entries = [(colour, name, True) for name, colour in colours.items()]
    entries += [
        (style.VILLAGES[each]["fill"], translate(f"map.state_{each}", lang), True) for each in _STATES
    ]
    files[_LEGEND] = legend_png(_title(proposal), entries, banners(proposal, lang))
    return files


def _icon(name: object) -> str:
    return f"icons/{name}.png"


def _title(proposal: Proposal) -> str:
    return f"{proposal.area.name} {proposal.record.year}"


def kml_text(proposal: Proposal, lang: Lang = "zh") -> str:
    """The KML inside the KMZ."""
    rings, run = _rings(proposal.places.proposed), str(proposal.record.run_id)
    folders = [
        _county_folder(str(county), group, rings, run, lang)
        for (_, county), group in proposal.places.proposed.groupby(["county_id", "county"], sort=True)
    ]
    note = " · ".join(banners(proposal, lang))
    document = _KML.Document(_text("name", _title(proposal)), _text("description", note))
    styles = [_style(rank) for rank in proposal.places.proposed["rank"]]
    document.extend([*styles, *(_village_style(each) for each in _STATES), *_line_styles(), _legend(lang)])
    document.extend([*folders, _borders(proposal, lang), _villages(proposal, lang)])
    tree: str = etree.tostring(_KML.kml(document), encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tree}\n'


def _text(tag: str, value: object) -> Any:
    """An element that holds a text, without the signs XML forbids."""
    return _KML(tag, printable(value))


def _line_styles() -> list[Any]:
    """Search rings and county borders."""
    styles = []
    for name, colour, width in (("ring", palette.INK, "1.5"), ("border", palette.COUNTY_LINE, "2")):
        line = _KML.LineStyle(_KML.color(_colour(colour)), _KML.width(width))
        styles.append(_KML.Style(line, _KML.PolyStyle(_KML.fill("0")), id=name))
    return styles


def _colour(colour: str) -> str:
    """A colour as KML writes it: opacity, blue, green, red."""
    return f"ff{colour[5:7]}{colour[3:5]}{colour[1:3]}"


def _style(rank: int) -> Any:
    return _KML.Style(
        _KML.IconStyle(_KML.scale("1.0"), _KML.Icon(_KML.href(_icon(rank)))),
        _KML.LabelStyle(_KML.scale("0.8")),
        _KML.BalloonStyle(_text("text", _BALLOON)),
        id=f"rank{rank}",
    )


def _village_style(state: str) -> Any:
    return _KML.Style(
        _KML.IconStyle(_KML.scale("0.5"), _KML.Icon(_KML.href(_icon(state)))),
        _KML.LabelStyle(_KML.scale("0.6")),
        _KML.BalloonStyle(_text("text", _BALLOON)),
        id=f"village_{state}",
    )


def _legend(lang: Lang) -> Any:
    """The legend in the upper left of the screen."""
    corner = {"x": "0", "y": "1", "xunits": "fraction", "yunits": "fraction"}
    return _KML.ScreenOverlay(
        _text("name", translate("kml_legend", lang)),
        _KML.Icon(_KML.href(_LEGEND)),
        _KML.overlayXY(**corner),
        _KML.screenXY(**corner),
        _KML.size(x="0", y="0", xunits="pixels", yunits="pixels"),
    )


def _borders(proposal: Proposal, lang: Lang) -> Any:
    """County borders as lines, which a click goes through."""
    table = proposal.area.counties.to_crs(4326)
    simple = table.geometry.simplify(0.0005)
    marks = []
    for name, shape in zip(table["county"], simple, strict=True):
        lines = [
            _KML.LineString(_KML.coordinates(" ".join(f"{x:.5f},{y:.5f},0" for x, y, *_ in part.coords)))
            for part in getattr(shape.boundary, "geoms", [shape.boundary])
        ]
        marks.append(
            _KML.Placemark(_text("name", name), _KML.styleUrl("#border"), _KML.MultiGeometry(*lines))
        )
    return _folder(translate("kml_borders", lang), marks)


def _villages(proposal: Proposal, lang: Lang) -> Any:
    """Villages the plan reaches, and those that still do without."""
    table = proposal.effects.villages
    folders = []
    for state in _STATES:
        rows = table[table["state"].eq(state)]
        marks = [
            _KML.Placemark(
                _text("name", row.village),
                _KML.styleUrl(f"#village_{state}"),
                _KML.Point(_KML.coordinates(f"{row.longitude},{row.latitude},0")),
            )
            for row in rows.itertuples()
        ]
        folders += [_folder(translate(f"map.state_{state}", lang), marks)] if marks else []
    return _folder(translate("kml_villages", lang), folders)


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
    return _folder(county, [*parts, _folder(word, [_KML.visibility("0"), *circles])])


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
        _KML.styleUrl(f"#rank{row.rank}"),
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
        _text("name", f"{row.rank} {row.name} {word} {row.search_radius_m}"),
        _KML.visibility("0"),
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
