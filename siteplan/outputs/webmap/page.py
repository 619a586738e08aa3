"""The page as a whole: skeleton by folium, assets and data put in, network forbidden.

One decision to know: element ids are set before rendering, in order of appearance, so the same
proposal gives the same bytes.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import folium
from branca.element import Element, Figure
from folium.raster_layers import ImageOverlay

from siteplan.outputs.webmap.assets import inline_assets
from siteplan.outputs.webmap.elements import DataLayer, Finish, PictureSwitch, Program, fill, slot
from siteplan.outputs.webmap.encode import to_json
from siteplan.outputs.webmap.layers import layer_specs
from siteplan.outputs.webmap.panel import coverage_breaks, settings, title
from siteplan.outputs.webmap.rasters import Picture, coverage_picture, relief_picture, terrain_picture
from siteplan.outputs.webmap.words import word
from siteplan.proposal import Proposal
from siteplan.texts import Lang

CONTENT_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
"""What the browser may load: nothing from anywhere."""

_OPTIONS: dict[str, Any] = {"maxZoom": 18, "zoomSnap": 0.5}
"""Leaflet options that folium hands on as they are."""


def map_html(proposal: Proposal, *, lang: Lang = "zh") -> str:
    """The shared map as one HTML page that needs no network.

    Parameters
    ----------
    proposal
        Result of a run; drawn as it is.
    lang
        Language of the page.

    Returns
    -------
    str
        The page; writing it is the caller's business. The same proposal gives the same text.

    Raises
    ------
    SiteplanError
        If folium asks for an asset that is not packaged.
    """
    pictures = _pictures(proposal)
    specs = layer_specs(proposal, lang)
    data = {key: picture.uri for key, picture in pictures.items()}
    data |= {spec["key"]: to_json(spec) for spec in specs}
    data["settings"] = to_json(settings(proposal, lang))
    figure = _skeleton(pictures, [spec["key"] for spec in specs])
    figure.title = html.escape(title(proposal, lang))
    return fill(inline_assets(framed(rendered(figure), lang)), data)


def _pictures(proposal: Proposal) -> dict[str, Picture]:
    breaks = coverage_breaks(proposal)
    pictures = {}
    if proposal.inputs.dem is not None:
        pictures["relief"] = relief_picture(proposal.inputs.dem)
    pictures["coverage_before"] = coverage_picture(proposal.coverage_before, breaks)
    pictures["coverage_after"] = coverage_picture(proposal.coverage_after, breaks)
    if proposal.coverage_buffer is not None:
        target = proposal.config.coverage.edge_probability_target
        pictures["coverage_terrain"] = terrain_picture(
            proposal.coverage_buffer, proposal.coverage_before, target
        )
    return pictures


def _skeleton(pictures: dict[str, Picture], keys: list[str]) -> Figure:
    """The folium map with a slot for each piece of data."""
    chart = folium.Map(
        tiles=None,
        prefer_canvas=True,
        attribution_control=False,
        control_scale=False,
        zoom_control="topright",
        **_OPTIONS,
    )
    Program().add_to(chart)
    for level, (key, picture) in enumerate(pictures.items(), start=1):
        overlay = _overlay(key, picture, level)
        chart.add_child(overlay)
        PictureSwitch(key, overlay).add_to(chart)
    for key in keys:
        DataLayer(key).add_to(chart)
    Finish().add_to(chart)
    figure = chart.get_root()
    assert isinstance(figure, Figure)  # a folium map always sits in one
    return figure


def _overlay(key: str, picture: Picture, level: int) -> ImageOverlay:
    return ImageOverlay(
        image=f"data:,{slot(key)}",
        bounds=picture.bounds,
        name=key,
        pixelated=False,
        show=False,
        zindex=level,
        class_name=f"sp-image sp-{key}",
        alt="",
    )


def rendered(figure: Figure) -> str:
    """A folium page whose ids are numbers in order of appearance, so that the same map is the same text."""
    for number, element in enumerate(_elements(figure), start=1):
        element._id = f"{number:03d}"
    return str(figure.render())


def _elements(root: Element) -> Iterator[Element]:
    """The element and all below it, depth first."""
    yield root
    for child in root._children.values():
        yield from _elements(child)


def framed(page: str, lang: Lang, head: str = "", body: str = "") -> str:
    """Policy and language at the very start, and a line for readers without scripts.

    Parameters
    ----------
    page
        As folium renders it.
    lang
        Language of the page.
    head, body
        HTML of one's own, right after the policy and at the start of the body.

    Returns
    -------
    str
        The page.
    """
    code = "zh-CN" if lang == "zh" else "en"
    start = (
        f'<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">{head}'
    )
    notice = f"<body>\n<noscript>{html.escape(word('noscript', lang))}</noscript>{body}"
    page = page.replace("<html>\n<head>", start, 1)
    return page.replace("<body>", notice, 1)
