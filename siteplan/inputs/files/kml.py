"""KML and KMZ: every placemark with what it says, in whatever way its program says it.

Attributes stand in ExtendedData, in SchemaData, or in a table of two columns in the description;
folders are the sheets of the list.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely
from lxml import etree, html
from shapely.geometry import LineString, MultiPoint, Point, Polygon

NAME, DESCRIPTION, ID = "Name", "description", "id"
"""Headers of what every placemark has."""
_SAFE = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    remove_comments=True,
    remove_pis=True,
    recover=False,
)
_MOST_FILES = 200


class LinkedElsewhere(ValueError):
    """A KML that only names another place; the argument says which."""


@dataclass(frozen=True, eq=False)
class Placemark:
    """One placemark.

    Attributes
    ----------
    folder
        Name of its innermost folder that has one, "" for none, and a number that tells folders apart.
    cells
        What it says, by header.
    shape
        In WGS84 [deg]; None without any.
    """

    folder: tuple[str, int]
    cells: dict[str, str]
    shape: shapely.Geometry | None


@dataclass
class _Walk:
    """Placemarks collected so far, and the number of folders met."""

    found: list[Placemark] = field(default_factory=list)
    folders: int = 0


def read_kml(path: Path) -> list[Placemark]:
    """Every placemark of a KML or KMZ and of the files it links to inside the archive, in their order.

    Raises
    ------
    LinkedElsewhere
        If it links to a server or to a file that is not there: its placemarks would be missing.
    etree.XMLSyntaxError, zipfile.BadZipFile
        For broken files.
    """
    walk = _Walk()
    for root in _roots(path):
        _collect(root, ("", walk.folders), walk)
    return walk.found


def _roots(path: Path) -> Iterator[Any]:
    """Documents of a file, the main one first, then those it links to."""
    with path.open("rb") as file:
        is_zip = file.read(2) == b"PK"
    if not is_zip:
        root = etree.fromstring(path.read_bytes(), _SAFE)
        links = [link for link in _links(root) if not (path.parent / link).is_file()]
        if links:
            raise LinkedElsewhere(links[0])
        yield root
        for link in _links(root):
            yield etree.fromstring((path.parent / link).read_bytes(), _SAFE)
        return
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".kml")]
        names.sort(key=lambda name: (name.lower() != "doc.kml", name.count("/"), name))
        for name in names[:_MOST_FILES]:
            root = etree.fromstring(archive.read(name), _SAFE)
            for link in _links(root):
                if (
                    posixpath.normpath(posixpath.join(posixpath.dirname(name), link))
                    not in archive.namelist()
                ):
                    raise LinkedElsewhere(link)
            yield root


def _links(root: Any) -> list[str]:
    """Targets of network links."""
    found = [each for link in root.iter("{*}NetworkLink") for each in link.iter("{*}href")]
    return [text for each in found if (text := (each.text or "").strip())]


def _collect(element: Any, folder: tuple[str, int], walk: _Walk) -> None:
    """Placemarks of an element and of the folders in it."""
    for child in element.iterchildren(tag=etree.Element):
        kind = etree.QName(child).localname
        if kind in ("Folder", "Document"):
            walk.folders += 1
            own = _text(child, "name")
            _collect(child, (own or folder[0] if kind == "Folder" else folder[0], walk.folders), walk)
        elif kind == "Placemark":
            walk.found.append(Placemark(folder, _cells(child), _shape(child)))


def _text(element: Any, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return "" if found is None else "".join(found.itertext()).strip()


def _cells(pin: Any) -> dict[str, str]:
    """What a placemark says, by header; ExtendedData win over the table of the description."""
    description = _text(pin, "description")
    cells = {NAME: _text(pin, "name"), DESCRIPTION: description}
    if pin.get("id"):
        cells[ID] = pin.get("id")
    cells |= _table(description)
    for each in pin.iter("{*}Data"):
        cells[each.get("name", "")] = _text(each, "value")
    for each in pin.iter("{*}SimpleData"):
        cells[each.get("name", "")] = "".join(each.itertext()).strip()
    return {header: text for header, text in cells.items() if header}


def _table(description: str) -> dict[str, str]:
    """Rows of two cells of the tables in a description."""
    if "<tr" not in description.lower():
        return {}
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    cells: dict[str, str] = {}
    for row in html.document_fromstring(description.encode(), parser=parser).iter("tr"):
        pair = [" ".join(str(cell.text_content()).split()) for cell in row.xpath("./td | ./th")]
        if len(pair) == 2 and pair[0]:
            cells.setdefault(pair[0].rstrip(":："), pair[1])
    return cells


def _shape(pin: Any) -> shapely.Geometry | None:
    """The geometry of a placemark; a track is a line, and several points are several."""
    points = [Point(p[0]) for each in pin.iter("{*}Point") if (p := _coordinates(each))]
    lines = [LineString(p) for each in pin.iter("{*}LineString") if len(p := _coordinates(each)) > 1]
    tracks = [LineString(p) for each in pin.iter("{*}Track") if len(p := _track(each)) > 1]
    areas = [area for each in pin.iter("{*}Polygon") if (area := _area(each)) is not None]
    if areas:
        return shapely.union_all(areas) if len(areas) > 1 else areas[0]
    if lines or tracks:
        every = [*lines, *tracks]
        return shapely.multilinestrings(every) if len(every) > 1 else every[0]
    return MultiPoint(points) if len(points) > 1 else next(iter(points), None)


def _coordinates(element: Any) -> list[tuple[float, float]]:
    found = element.find("{*}coordinates")
    text = "" if found is None else found.text or ""
    pairs = [part.split(",")[:2] for part in text.replace(", ", ",").split()]
    return [(float(pair[0]), float(pair[1])) for pair in pairs if len(pair) == 2]


def _track(element: Any) -> list[tuple[float, float]]:
    parts = [(each.text or "").split() for each in element.iter("{*}coord")]
    return [(float(part[0]), float(part[1])) for part in parts if len(part) >= 2]


def _area(element: Any) -> Polygon | None:
    """A polygon with its holes; None for a ring of fewer than three points."""
    rings = {
        kind: [
            _coordinates(ring) for side in element.iter(f"{{*}}{kind}") for ring in side.iter("{*}LinearRing")
        ]
        for kind in ("outerBoundaryIs", "innerBoundaryIs")
    }
    outer = next((ring for ring in rings["outerBoundaryIs"] if len(ring) >= 3), None)
    if outer is None:
        return None
    return Polygon(outer, [ring for ring in rings["innerBoundaryIs"] if len(ring) >= 3])
