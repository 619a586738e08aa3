"""Roads and public buildings from an OpenStreetMap file: XML through osmnx, PBF through GDAL.

Only a local file is read; nothing here ever asks the network.
"""

from __future__ import annotations

import bz2
import copy
import gzip
import io
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
from lxml import etree

from siteplan.core.errors import Fault, InputFaults
from siteplan.inputs.files import guard
from siteplan.inputs.files.guard import HostileFile

PUBLIC_AMENITIES = (
    "school",
    "college",
    "university",
    "hospital",
    "clinic",
    "townhall",
    "community_centre",
    "library",
    "police",
    "fire_station",
    "bus_station",
    "post_office",
)
"""OSM ``amenity`` values read as key places."""
NOT_DRIVABLE = (
    "path",
    "footway",
    "steps",
    "cycleway",
    "bridleway",
    "pedestrian",
    "corridor",
    "via_ferrata",
    "construction",
    "proposed",
    "abandoned",
    "raceway",
    "platform",
)
"""OSM ``highway`` values no lorry drives on."""
RAILWAYS = ("rail", "light_rail", "subway", "narrow_gauge")
"""OSM ``railway`` values that trains run on."""
SETTLEMENTS = ("city", "town", "village", "hamlet", "suburb", "quarter", "neighbourhood", "isolated_dwelling")
"""OSM ``place`` values where people live."""


@dataclass(frozen=True, eq=False)
class OsmData:
    """What an OSM file gives.

    Attributes
    ----------
    roads
        Lines, EPSG:4326, column ``highway``.
    public
        Points, EPSG:4326, columns ``place_id, place, kind``.
    places
        Towns, villages and hamlets as points, EPSG:4326.
    railways
        Lines, EPSG:4326, column ``railway``.
    cut
        Ways and relations of which the file holds only a part.
    """

    roads: gpd.GeoDataFrame
    public: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    railways: gpd.GeoDataFrame
    cut: int = 0


def read_osm(path: Path) -> OsmData:
    """Read roads and public buildings.

    Parameters
    ----------
    path
        OSM XML (``.osm``, ``.osm.gz``, ``.osm.bz2``) or ``.pbf``.

    Raises
    ------
    InputFaults
        If the file is missing or not OSM XML.
    """
    if not guard.is_there(path):
        raise InputFaults([_fault(path, "missing_file")])
    try:
        guard.inspect(path)
        if path.suffix == ".pbf":
            return OsmData(_pbf_roads(path), _pbf_public(path), _pbf_places(path), _pbf_railways(path))
        with _whole(path) as (whole, cut):
            return OsmData(_roads(whole), _public(whole), _places(whole), _railways(whole), cut)
    except HostileFile as error:
        raise InputFaults([_fault(path, str(error))]) from error
    except (
        OSError,
        SyntaxError,
        EOFError,
        zlib.error,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        pyogrio.errors.DataSourceError,
    ) as error:
        raise InputFaults([_fault(path, "unreadable", detail=str(error))]) from error


def _fault(path: Path, problem: str, **values: object) -> Fault:
    return Fault("fatal", path.name, problem, f"{problem}_fix", dict(values), table="osm")


@contextmanager
def _whole(path: Path) -> Iterator[tuple[Path, int]]:
    """The file, or a copy without what a clip left in pieces, and the number of its pieces.

    A way is cut where its nodes are missing; each run of nodes that are there stays a way. A relation with a
    missing member is left out.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(_content(path), parser)
    odd = _without_odd(root)
    kinds = ("node", "way", "relation")
    here = {kind: {each.get("id") for each in root.iterchildren(kind)} for kind in kinds}
    cut = sum(_mend_way(way, here["node"], n) for n, way in enumerate(list(root.iterchildren("way"))))
    for relation in list(root.iterchildren("relation")):
        members = relation.iterchildren("member")
        if any(each.get("ref") not in here.get(each.get("type", ""), set()) for each in members):
            root.remove(relation)
            cut += 1
    cut += odd
    if not cut:
        yield path, 0
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.osm"
        etree.ElementTree(root).write(whole, encoding="utf-8", xml_declaration=True)
        yield whole, cut


def _without_odd(root: Any) -> int:
    """Leave out elements without a number for an id, and nodes without a place; how many there were."""
    odd = [
        each for each in root.iterchildren("node", "way", "relation") if not _is_number(each.get("id"), int)
    ]
    odd += [
        node
        for node in root.iterchildren("node")
        if not (_is_number(node.get("lon"), float) and _is_number(node.get("lat"), float))
    ]
    for each in dict.fromkeys(odd):
        root.remove(each)
    return len(dict.fromkeys(odd))


def _is_number(text: str | None, kind: Callable[[str], float]) -> bool:
    try:
        return abs(kind(text or "")) < 1e18
    except ValueError:
        return False


def _content(path: Path) -> bytes:
    """Bytes of a file, unpacked."""
    opened: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open}
    with opened.get(path.suffix, partial(Path.open, mode="rb"))(path) as file:
        content = bytes(file.read(guard.MOST_UNPACKED + 1))
    if len(content) > guard.MOST_UNPACKED:
        raise HostileFile("too_large")
    return content


def _mend_way(way: Any, nodes: Collection[str], number: int) -> bool:
    """Cut a way where nodes are missing; whether there was anything to cut."""
    refs = [each.get("ref") for each in way.iterchildren("nd")]
    if all(ref in nodes for ref in refs):
        return False
    runs: list[list[str]] = [[]]
    for ref in refs:
        if ref in nodes:
            runs[-1].append(ref)
        elif runs[-1]:
            runs.append([])
    for part, run in enumerate(run for run in runs if len(run) > 1):
        piece = copy.deepcopy(way)
        piece.set("id", str(-(1000 * (number + 1) + part)))
        for node in list(piece.iterchildren("nd")):
            piece.remove(node)
        piece[0:0] = [etree.Element("nd", ref=ref) for ref in run]
        way.addprevious(piece)
    way.getparent().remove(way)
    return True


def _roads(path: Path) -> gpd.GeoDataFrame:
    import osmnx  # noqa: PLC0415 - two seconds that only a project with OSM data waits for

    graph = osmnx.graph.graph_from_xml(path, bidirectional=False, simplify=False, retain_all=True)
    edges = osmnx.convert.graph_to_gdfs(graph, nodes=False, fill_edge_geometry=True).reset_index()
    edges = edges[edges["u"] < edges["v"]] if _is_doubled(edges) else edges
    return _drivable(edges[["highway", "geometry"]])


def _drivable(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Roads a lorry can use: a mast cannot be built from a footpath, a river or the outline of a house."""
    kinds = lines["highway"].map(lambda each: each[0] if isinstance(each, list) else each)
    return lines[kinds.notna() & ~kinds.isin(NOT_DRIVABLE)].reset_index(drop=True)


def _places(path: Path) -> gpd.GeoDataFrame:
    """Nodes that name a settlement."""
    points: list[tuple[float, float]] = []
    for _, node in _elements(path, "node"):
        if any(tag.get("k") == "place" and tag.get("v") in SETTLEMENTS for tag in node.iterchildren("tag")):
            points.append((float(node.get("lon")), float(node.get("lat"))))
    lon, lat = zip(*points, strict=True) if points else ((), ())
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)


def _railways(path: Path) -> gpd.GeoDataFrame:
    """Ways that are railways; a file without any is read once, not twice."""
    ways = _railway_ways(path)
    wanted = {ref for refs, _ in ways for ref in refs}
    points: dict[str, tuple[float, float]] = {}
    if wanted:
        for _, node in _elements(path, "node"):
            if node.get("id") in wanted:
                points[node.get("id")] = (float(node.get("lon")), float(node.get("lat")))
    lines = [shapely.LineString([points[ref] for ref in refs]) for refs, _ in ways]
    kinds = [kind for _, kind in ways]
    return gpd.GeoDataFrame({"railway": kinds}, geometry=gpd.GeoSeries(lines, crs=4326))


def _railway_ways(path: Path) -> list[tuple[list[str], str]]:
    """Nodes and kind of each railway."""
    ways = []
    for _, way in _elements(path, "way"):
        tags = {tag.get("k"): tag.get("v") for tag in way.iterchildren("tag")}
        refs = [each.get("ref") for each in way.iterchildren("nd")]
        if tags.get("railway") in RAILWAYS and len(refs) > 1:
            ways.append((refs, tags["railway"]))
    return ways


def _elements(path: Path, kind: str) -> Iterator[tuple[str, Any]]:
    """Elements of one kind, each forgotten when the next is read."""
    for event, element in etree.iterparse(
        io.BytesIO(_content(path)), tag=kind, resolve_entities=False, no_network=True
    ):
        yield event, element
        element.clear()


def _is_doubled(edges: gpd.GeoDataFrame) -> bool:
    """Whether each street stands in the graph once for either direction."""
    pairs = pd.MultiIndex.from_frame(edges[["u", "v"]])
    return bool(pairs.isin(pairs.swaplevel()).mean() > 0.5)


def _public(path: Path) -> gpd.GeoDataFrame:
    import osmnx  # noqa: PLC0415 - as above

    try:
        found = osmnx.features.features_from_xml(path, tags={"amenity": list(PUBLIC_AMENITIES)})
    except osmnx._errors.InsufficientResponseError:
        empty: dict[str, list[str]] = {"place_id": [], "place": [], "kind": []}
        return gpd.GeoDataFrame(empty, geometry=gpd.GeoSeries([], crs=4326))
    found = found.reset_index()
    names = found["name"] if "name" in found else pd.Series([None] * len(found))
    data = {
        "place_id": "osm-" + found["element"].astype(str) + "-" + found["id"].astype(str),
        "place": names.where(names.notna(), found["amenity"]).astype(str),
        "kind": found["amenity"].astype(str),
    }
    points = found.geometry.to_crs(3857).centroid.to_crs(4326)
    return gpd.GeoDataFrame(data, geometry=points, crs=4326).sort_values("place_id").reset_index(drop=True)


def _pbf_roads(path: Path) -> gpd.GeoDataFrame:
    lines = pyogrio.read_dataframe(path, layer="lines", columns=["highway"], where="highway IS NOT NULL")
    return _drivable(lines[["highway", "geometry"]])


def _pbf_railways(path: Path) -> gpd.GeoDataFrame:
    """Lines whose ``railway`` (a column of their own, or a word among the other tags) trains run on."""
    fields = set(pyogrio.read_info(path, layer="lines")["fields"])
    if "railway" in fields:
        lines = pyogrio.read_dataframe(path, layer="lines", columns=["railway"], where="railway IS NOT NULL")
    else:
        lines = pyogrio.read_dataframe(
            path, layer="lines", columns=["other_tags"], where="other_tags LIKE '%\"railway\"=>%'"
        )
        lines["railway"] = (
            lines["other_tags"].astype("string").str.extract('"railway"=>"([^"]*)"', expand=False)
        )
    return lines[lines["railway"].isin(RAILWAYS)][["railway", "geometry"]].reset_index(drop=True)


def _pbf_places(path: Path) -> gpd.GeoDataFrame:
    """Nodes that name a settlement."""
    points = pyogrio.read_dataframe(path, layer="points", columns=["place"], where="place IS NOT NULL")
    return points[points["place"].isin(SETTLEMENTS)][["geometry"]].reset_index(drop=True)


def _pbf_public(path: Path) -> gpd.GeoDataFrame:
    """Amenities that are nodes (tag in ``other_tags``) or areas (a column of their own)."""
    nodes = pyogrio.read_dataframe(path, layer="points", columns=["osm_id", "name", "other_tags"])
    nodes["amenity"] = nodes["other_tags"].astype("string").str.extract('"amenity"=>"([^"]*)"', expand=False)
    wanted = ["osm_id", "osm_way_id", "name", "amenity"]
    areas = pyogrio.read_dataframe(path, layer="multipolygons", columns=wanted, where="amenity IS NOT NULL")
    areas["osm_id"] = areas["osm_id"].fillna(areas["osm_way_id"])
    areas["geometry"] = areas.geometry.representative_point()
    both = pd.concat([nodes, areas], ignore_index=True)[["osm_id", "name", "amenity", "geometry"]]
    both = both[both["amenity"].isin(PUBLIC_AMENITIES)].sort_values("osm_id").reset_index(drop=True)
    data = {
        "place_id": "osm-" + both["osm_id"].astype(str),
        "place": both["name"].where(both["name"].notna(), both["amenity"]).astype(str),
        "kind": both["amenity"].astype(str),
    }
    return gpd.GeoDataFrame(data, geometry=both["geometry"], crs=4326)
