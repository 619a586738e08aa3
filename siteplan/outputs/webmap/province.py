"""The overview of a province: borders, a bubble a county from afar, sites from near; one offline page."""

from __future__ import annotations

import html
from typing import Any

import folium
import numpy as np
import pandas as pd
from branca.element import MacroElement
from folium.template import Template
from shapely.geometry import mapping

from siteplan.outputs import palette
from siteplan.outputs.pages.page import render
from siteplan.outputs.webmap.assets import inline_assets
from siteplan.outputs.webmap.elements import CARD, fill, slot
from siteplan.outputs.webmap.encode import to_json
from siteplan.outputs.webmap.page import framed, rendered
from siteplan.outputs.webmap.residuals import MAP_HEAD
from siteplan.outputs.wording import city_line
from siteplan.planning.province import ProvincePlan
from siteplan.words.catalogue import Lang, translate

NEAR_ZOOM = 10
"""Zoom from which sites are drawn one by one."""
_DIGITS = 5
_COLOURS = palette.CITIES


class _Overview(MacroElement):
    """Borders on canvas; text is set as text, so a name is a name."""

    _template = Template(
        """{% macro script(this, kwargs) %}
(function (map, data) {
  const brush = L.canvas({padding: 0.3});
"""
        + CARD
        + """  function bind(layer, lines) {
    return layer.bindPopup(function () { return card(lines); }, {maxWidth: 300});
  }
  const all = L.featureGroup();
  data.cities.forEach(function (city) {
    const look = {color: city.colour, weight: 2, fillColor: city.colour, fillOpacity: 0.12, renderer: brush};
    all.addLayer(bind(L.geoJSON(city.border, {style: look}), city.lines));
  });
  all.addTo(map);
  const far = L.layerGroup(), near = L.layerGroup();
  data.counties.forEach(function (c) {
    const size = 10 + 2.2 * Math.sqrt(c[2]);
    const look = {radius: size, color: '#333', weight: 1, fillColor: data.colours[c[3]], fillOpacity: 0.85};
    far.addLayer(bind(L.circleMarker([c[0], c[1]], look), c[4]));
    const label = document.createElement('b');
    label.textContent = c[2];
    label.style.cssText = 'display:block;text-align:center;line-height:16px;color:#fff';
    far.addLayer(L.marker([c[0], c[1]], {interactive: false,
      icon: L.divIcon({className: 'count', html: label, iconSize: [40, 16]})}));
  });
  data.sites.forEach(function (s) {
    const look = {radius: 6, color: '#222', weight: 1, fillColor: data.colours[s[2]], fillOpacity: 0.95,
      renderer: brush};
    near.addLayer(bind(L.circleMarker([s[0], s[1]], look), s[3]));
  });
  function level() {
    const close = map.getZoom() >= data.near;
    (close ? near : far).addTo(map);
    (close ? far : near).remove();
  }
  map.fitBounds(all.getBounds(), {padding: [20, 20]});
  map.on('zoomend', level);
  level();
  window.provinceMap = {map: map, cities: data.cities.length, sites: data.sites.length};
})({{ this._parent.get_name() }}, {{ this.data }});
{% endmacro %}"""
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "ProvinceOverview"
        self.data = slot("overview")


def province_map(plan: ProvincePlan, lang: Lang) -> str:
    """Overview of a province as one page that needs no network.

    Parameters
    ----------
    plan
        With at least one city that was planned.
    lang
        Language of the page.

    Returns
    -------
    str
        HTML; detail comes with zoom, so that its size grows with sites, not with pixels.
    """
    chart = folium.Map(
        tiles=None, prefer_canvas=True, attribution_control=False, control_scale=True, max_zoom=16
    )
    _Overview().add_to(chart)
    root: Any = chart.get_root()
    root.title = html.escape(translate("province_title", lang, name=plan.name, year=plan.year))
    page = fill(inline_assets(rendered(root)), {"overview": to_json(_drawn(plan, lang))})
    return framed(page, lang, MAP_HEAD, _legend(plan, lang))


def _drawn(plan: ProvincePlan, lang: Lang) -> dict[str, Any]:
    """What the page draws."""
    colour = {city.name: k % len(_COLOURS) for k, city in enumerate(plan.cities)}
    cities = [
        {
            "border": _rounded(mapping(city.border)),
            "colour": _COLOURS[colour[city.name]],
            "lines": [city.name, city_line(city.record, lang)],
        }
        for city in plan.cities
        if city.border is not None and city.record is not None
    ]
    return {
        "near": NEAR_ZOOM,
        "colours": _COLOURS,
        "cities": cities,
        "counties": _counties(plan.sites, colour, lang),
        "sites": [
            [round(row.latitude, 6), round(row.longitude, 6), colour[row.city], _site_lines(row, lang)]
            for row in plan.sites.itertuples()
        ],
    }


def _site_lines(row: Any, lang: Lang) -> list[str]:
    place = " ".join(part for part in (row.city, row.county, row.town) if part)
    rank = translate("province_rank_line", lang, rank=row.province_rank, own=row.rank)
    return [row.name, place, rank, row.candidate_id]


def _counties(sites: pd.DataFrame, colour: dict[str, int], lang: Lang) -> list[list[Any]]:
    """A bubble a county: middle of its sites, stations, colour of its city, lines."""
    found = []
    for (city, county), rows in sites.groupby(["city", "county"], sort=True):
        stations = int(rows["stations"].sum())
        line = translate("province_county_line", lang, stations=stations, sites=len(rows))
        middle = [round(float(np.median(rows[axis])), 6) for axis in ("latitude", "longitude")]
        found.append([*middle, stations, colour[str(city)], [f"{city} {county}", line]])
    return found


def _rounded(geometry: Any) -> Any:
    """Coordinates to a metre."""
    if isinstance(geometry, dict):
        return {key: _rounded(value) for key, value in geometry.items()}
    if isinstance(geometry, (list, tuple)):
        return [_rounded(each) for each in geometry]
    return round(geometry, _DIGITS) if isinstance(geometry, float) else geometry


def _legend(plan: ProvincePlan, lang: Lang) -> str:
    """Colours of the cities, the bound of the whole, and what failed."""
    marks = [
        {"colour": _COLOURS[k % len(_COLOURS)], "label": city.name}
        for k, city in enumerate(plan.cities)
        if city.run is not None
    ]
    lines = [translate("province_failed", lang, city=city.name) for city in plan.failed]
    if plan.shared is not None:
        lines.insert(0, translate("province_gap", lang, gap=100.0 * plan.shared.gap))
    return render(
        "legend.html",
        lang,
        synthetic=plan.synthetic,
        title=translate("province_title", lang, name=plan.name, year=plan.year),
        hint=translate("province_hint", lang),
        marks=marks,
        site="",
        lines=lines,
    )
