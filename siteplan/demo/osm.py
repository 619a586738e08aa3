"""The road network and public buildings as an OpenStreetMap XML file.

Ids are small positive numbers counted here, and every object says in a note that
it is synthetic, so the file can never be mistaken for OpenStreetMap data.
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

from siteplan.demo.ground import lonlat
from siteplan.demo.roads import Roads

_STAMP = 'version="1" timestamp="2023-07-01T00:00:00Z"'
_NOTE = "synthetic 合成"
_AMENITY = {"school": "school", "hospital": "clinic", "government": "townhall"}


def osm_xml(roads: Roads, key_places: pd.DataFrame, crs: str) -> str:
    """Write roads and public buildings as OSM XML.

    Parameters
    ----------
    roads
        The network, in metres.
    key_places
        ``key``, ``name``, ``longitude``, ``latitude`` [deg].
    crs
        Projected CRS of the roads.
    """
    used = np.unique(np.concatenate([way.nodes for way in roads.ways]))
    degrees = lonlat(roads.nodes_m[used], crs)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<osm version="0.6" generator="siteplan demo (synthetic)">',
        f"<note>{_NOTE}: not OpenStreetMap data</note>",
    ]
    lines += [_node(number, lon, lat, "") for number, (lon, lat) in enumerate(degrees.tolist(), 1)]
    public = key_places[key_places["key"].isin(list(_AMENITY))]
    for number, place in enumerate(public.itertuples(), len(used) + 1):
        tags = {"amenity": _AMENITY[str(place.key)], "name": str(place.name), "note": _NOTE}
        lines.append(_node(number, float(str(place.longitude)), float(str(place.latitude)), _tags(tags)))
    lines += _ways(roads, used)
    return "\n".join([*lines, "</osm>", ""])


def _node(number: int, longitude: float, latitude: float, tags: str) -> str:
    head = f'<node id="{number}" {_STAMP} lat="{latitude:.6f}" lon="{longitude:.6f}"'
    return f"{head}>{tags}</node>" if tags else f"{head}/>"


def _tags(values: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v={quoteattr(value)}/>' for key, value in values.items())


def _ways(roads: Roads, used: np.ndarray) -> list[str]:
    lines = []
    for number, way in enumerate(roads.ways, 1):
        refs = (np.searchsorted(used, way.nodes) + 1).tolist()
        nodes = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        tags = _tags({"highway": way.highway, "name": way.name, "note": _NOTE})
        lines.append(f'<way id="{number}" {_STAMP}>{nodes}{tags}</way>')
    return lines
