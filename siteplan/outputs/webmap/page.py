"""The page as a whole: skeleton by folium, assets and data put in, network forbidden.

Element ids are set before rendering, in order of appearance, so the same
proposal gives the same bytes.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator
from typing import Any

import folium
import numpy as np
from branca.element import Element, Figure

from siteplan.inputs.places.gazetteer import initials_of
from siteplan.outputs.audience import seen_by
from siteplan.outputs.webmap.assets import inline_assets
from siteplan.outputs.webmap.base import base_spec
from siteplan.outputs.webmap.elements import Call, Program, fill, slot
from siteplan.outputs.webmap.encode import to_json
from siteplan.outputs.webmap.layers import layer_specs
from siteplan.outputs.webmap.online import CONTENT_POLICY, online_policy, online_tiles
from siteplan.outputs.webmap.panel import Edition, codes_of, settings, title, warning
from siteplan.outputs.webmap.rasters import (
    Shared,
    Warp,
    codes_picture,
    footprint_masks,
    ranks_picture,
    relief_picture,
    warp_of,
)
from siteplan.planning.proposal import Proposal, ServiceReach
from siteplan.project.outputs import Audience
from siteplan.words.catalogue import Lang, translate

_OPTIONS: dict[str, Any] = {"maxZoom": 18, "zoomSnap": 0.25, "fadeAnimation": False}
"""Leaflet options that folium hands on as they are."""
_SEARCHED = ("name", "town", "village", "county", "property_name", "site_name")


def map_html(
    proposal: Proposal,
    *,
    lang: Lang = "zh",
    audience: Audience | None = None,
    recipient: str = "",
    issued: str = "",
    online: bool = False,
    shared: Shared | None = None,
    still: bytes = b"",
) -> str:
    """The shared map as one HTML page that needs no network.

    Parameters
    ----------
    proposal
        Result of a run; what the audience may not have is taken out first.
    lang
        Language of the page.
    audience
        Who will read it; None for the first of the project's audiences, the office.
    recipient, issued
        Whom the map is made out to and when; printed across maps with a watermark.
    online
        Offer online base maps, off until the reader switches one on; without, the page's policy forbids the
        network altogether.
    shared
        Pictures made for other maps of the same plan; None for none.
    still
        Picture of the plan, as WebP, that readers without scripts see above the list; b"" for none.

    Returns
    -------
    str
        The page; writing it is the caller's business. The same arguments give the same text.

    Raises
    ------
    SiteplanError
        If folium asks for an asset that is not packaged.
    """
    audience = audience or proposal.config.outputs.audiences[0]
    seen = seen_by(proposal, audience, lang)
    specs = layer_specs(seen, audience, lang)
    edition = Edition(
        audience,
        recipient,
        issued,
        online_tiles(proposal.config, lang) if online else (),
        initials_of_specs(specs),
    )
    policy = online_policy(CONTENT_POLICY, edition.online)
    return assembled(
        html.escape(title(proposal, lang)),
        specs,
        settings(seen, edition, lang),
        base_spec(seen),
        _pictures(seen, shared or Shared()),
        lang,
        policy,
        without_scripts(seen, still, lang),
    )


def without_scripts(proposal: Proposal, still: bytes, lang: Lang) -> str:
    """What a preview that runs no script shows: how to open the page, the still picture, and the ranked list.

    Parameters
    ----------
    proposal
        The plan, already cut to its reader.
    still
        Picture as WebP; b"" for none.
    lang
        Language of the texts.

    Returns
    -------
    str
        HTML in which every text is escaped.
    """
    parts = [f"<p>{html.escape(translate('map.noscript_map', lang))}</p>"]
    parts += [f"<p>{html.escape(line)}</p>" for line in warning(proposal, lang)]
    if still:
        uri = f"data:image/webp;base64,{base64.b64encode(still).decode('ascii')}"
        parts.append(f'<p><img alt="" style="max-width:100%" src="{uri}"></p>')
    rows = []
    for row in proposal.places.proposed.sort_values("rank").itertuples():
        name = getattr(row, "name", row.candidate_id)
        where = " ".join(str(getattr(row, each, "")) for each in ("county", "town"))
        cells = (row.rank, name, where, getattr(row, "benefit", ""))
        rows.append("<tr>" + "".join(f"<td>{html.escape(str(cell))}" for cell in cells))
    table = f"<table>{''.join(rows)}</table>" if rows else ""
    return f'<div style="overflow:auto;height:100vh;padding:12px">{"".join(parts)}{table}</div>'


def assembled(
    title_html: str,
    specs: list[dict[str, Any]],
    page_settings: dict[str, Any],
    base: dict[str, Any],
    pictures: dict[str, Any],
    lang: Lang,
    policy: str = CONTENT_POLICY,
    plain_html: str = "",
) -> str:
    """A page from its data.

    Parameters
    ----------
    title_html
        Title, escaped.
    specs
        Layers, bottom first.
    page_settings, base, pictures
        Everything else on the page, its base map, and its pictures.
    lang
        Language of the page.
    policy
        What the browser may load.
    plain_html
        What a reader without scripts sees; "" for a line that says the page needs a browser.
    """
    data = {spec["key"]: to_json(spec) for spec in specs}
    data |= {"base": to_json(base), "pictures": to_json(pictures), "settings": to_json(page_settings)}
    data["plain"] = plain_html
    figure = _skeleton([spec["key"] for spec in specs])
    figure.title = title_html
    return fill(
        inline_assets(
            framed(rendered(figure), lang, policy=policy, plain_html=slot("plain") if plain_html else "")
        ),
        data,
    )


def _pictures(proposal: Proposal, shared: Shared) -> dict[str, Any]:
    """Relief, coverage, ranks and footprints, each with where it lies."""
    area, places, after = proposal.area, proposal.places, proposal.effects.coverage
    warp = shared.once("warp", area.grid, lambda: warp_of(area.grid))
    found = {
        "coverage": shared.once("coverage", after, lambda: vars(codes_picture(codes_of(proposal), warp)))
    }
    if (relief := area.relief) is not None:
        water = None if area.water is None else np.asarray(area.water.values, np.bool_)
        ground = area.counties.geometry
        found["relief"] = shared.once("relief", relief, lambda: vars(relief_picture(relief, water, ground)))
    if len(proposal.effects.services) > 1:
        services = proposal.effects.services
        found["services"] = shared.once("services", services, lambda: _service_pictures(services, warp))
    if (ranks := places.ranks) is not None:
        found["ranks"] = shared.once("ranks", ranks, lambda: vars(ranks_picture(ranks, warp)))
        found["footprints"] = shared.once(
            "footprints", places.footprints, lambda: footprint_masks(places.footprints, warp)
        )
    return found


def _service_pictures(services: tuple[ServiceReach, ...], warp: Warp) -> list[str]:
    """A picture for each service but the first, which the picture of coverage shows by probability."""
    codes = [np.asarray(each.reach.values, np.uint8) for each in services[1:]]
    return ["", *(codes_picture(each, warp).uri for each in codes)]


def initials_of_specs(specs: list[dict[str, Any]]) -> dict[str, str]:
    """First letters of the readings of every character that can be searched for."""
    texts: set[str] = set()
    for spec in specs:
        for name in _SEARCHED:
            texts |= _characters(spec["columns"].get(name))
    found: dict[str, list[str]] = {}
    for character, letters in initials_of(texts).items():
        found.setdefault(letters, []).append(character)
    return {letters: "".join(characters) for letters, characters in sorted(found.items())}


def _characters(packed: Any) -> set[str]:
    """Every character of a column, however it is packed."""
    if isinstance(packed, dict):
        parts = [packed.get(part) for part in ("values", "heads", "starts", "rests")]
        return set().union(*(_characters(part) for part in parts))
    return set().union(*(set(str(value or "")) for value in packed or ()))


def _skeleton(keys: list[str]) -> Figure:
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
    Call("baseMap", "base").add_to(chart)
    for key in keys:
        Call("layer", key).add_to(chart)
    Call("pictures", "pictures").add_to(chart)
    Call("finish").add_to(chart)
    figure = chart.get_root()
    assert isinstance(figure, Figure)  # a folium map always sits in one
    return figure


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


def framed(
    page: str,
    lang: Lang,
    head: str = "",
    body: str = "",
    policy: str = CONTENT_POLICY,
    plain_html: str = "",
) -> str:
    """Policy and language at the very start, and a line for readers without scripts.

    Parameters
    ----------
    page
        As folium renders it.
    lang
        Language of the page.
    head, body
        HTML of one's own, right after the policy and at the start of the body.
    policy
        What the browser may load.
    plain_html
        What a reader without scripts sees; "" for a line that says the page needs a browser.
    """
    code = "zh-CN" if lang == "zh" else "en"
    start = (
        f'<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">{head}'
    )
    plain_html = plain_html or html.escape(translate("map.noscript", lang))
    notice = f"<body>\n<noscript>{plain_html}</noscript>{body}"
    page = page.replace("<html>\n<head>", start, 1)
    return page.replace("<body>", notice, 1)
