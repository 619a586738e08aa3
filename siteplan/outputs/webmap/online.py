"""Online base maps, for builds that are allowed them: off until the reader switches one on.

The page's policy lists exactly these hosts; a build without online tiles holds no
address of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

CONTENT_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
"""What the browser may load: nothing from anywhere."""
_TIANDITU = tuple(f"https://t{number}.tianditu.gov.cn" for number in range(8))
_AMAP = tuple(f"https://webrd0{number}.is.autonavi.com" for number in range(1, 5))
_OSM = ("https://tile.openstreetmap.org",)


@dataclass(frozen=True)
class Tiles:
    """One online base map.

    Attributes
    ----------
    key
        Its name in the page.
    name
        For people.
    url
        Address with ``{s}`` (subdomain), ``{x}``, ``{y}`` and ``{z}``.
    subdomains
        Characters that take the place of ``{s}``.
    gcj02
        Whether the tiles are shifted by GCJ-02.
    credit
        Who must be named.
    hosts
        Origins the page must be allowed to reach.
    """

    key: str
    name: str
    url: str
    subdomains: str
    gcj02: bool
    credit: str
    hosts: tuple[str, ...]


def online_tiles(config: Config, lang: Lang) -> tuple[Tiles, ...]:
    """Online base maps a project can offer; Tianditu only with the project's key.

    Returns
    -------
    tuple of Tiles
        In the order in which they are offered.
    """
    found = []
    key = config.outputs.tianditu_key
    if key:
        query = (
            "SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles"
            f"&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
        )
        found.append(
            Tiles(
                "tianditu",
                translate("tianditu", lang),
                f"https://t{{s}}.tianditu.gov.cn/vec_w/wmts?{query}",
                "01234567",
                False,
                translate("tianditu", lang),
                _TIANDITU,
            )
        )
    found += [
        Tiles(
            "amap",
            translate("amap", lang),
            "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",
            "1234",
            True,
            translate("autonavi", lang),
            _AMAP,
        ),
        Tiles(
            "osm",
            "OpenStreetMap",
            "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
            "",
            False,
            "© OpenStreetMap contributors",
            _OSM,
        ),
    ]
    return tuple(found)


def online_policy(policy: str, tiles: tuple[Tiles, ...]) -> str:
    """A policy that lets pictures come from the hosts of these base maps, and from nowhere else.

    Parameters
    ----------
    policy
        Of an offline page; its last rule is the one of pictures.
    tiles
        Base maps of the build.

    Returns
    -------
    str
        The policy as it was when there are none.

    Examples
    --------
    >>> online_policy("img-src data:", ())
    'img-src data:'
    """
    return " ".join([policy, *(host for each in tiles for host in each.hosts)])
