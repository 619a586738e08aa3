"""The map of a calibration: measured less predicted at every point, as one page that needs no network."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import folium
import numpy as np
from branca.element import MacroElement
from folium.template import Template

from siteplan.calibration import Judged
from siteplan.core.grid import lonlat
from siteplan.outputs.calibration_facts import Facts
from siteplan.outputs.pages.page import render
from siteplan.outputs.pictures.plots import drawn
from siteplan.outputs.webmap.assets import inline_assets
from siteplan.outputs.webmap.elements import CARD, fill, slot
from siteplan.outputs.webmap.encode import to_json
from siteplan.outputs.webmap.page import framed, rendered
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

_LIMITS_DB = (-15.0, -9.0, -3.0, 3.0, 9.0, 15.0)
_COLOURS = ("#67001f", "#d6604d", "#f4a582", "#f7f7f7", "#92c5de", "#4393c3", "#053061")
"""Red: weaker than predicted; blue: stronger."""


class _Dots(MacroElement):
    """Points and sites on canvas; popups are built as text, so a name is a name."""

    _template = Template(
        """{% macro script(this, kwargs) %}
(function (map, data) {
  const brush = L.canvas({padding: 0.3});
"""
        + CARD
        + """  function dot(at, look, lines) {
    L.circleMarker(at, Object.assign({renderer: brush}, look))
      .bindPopup(function () { return card(lines()); }, {maxWidth: 280}).addTo(map);
  }
  data.points.forEach(function (p) {
    const look = {radius: 4, weight: 0.7, color: '#555', fillColor: data.colours[p[2]], fillOpacity: 0.9};
    dot([p[0], p[1]], look, function () {
      return [data.sites[p[3]], data.bands[p[4]]].concat(
        data.words.map(function (word, i) { return word.replace('#', p[5 + i].toFixed(1)); }));
    });
  });
  data.masts.forEach(function (m) {
    dot([m[0], m[1]], {radius: 6, weight: 2.5, color: '#111', fillColor: '#ffe14d', fillOpacity: 1},
      function () { return m[2]; });
  });
  map.fitBounds(data.bounds, {padding: [20, 20]});
  window.residualMap = {map: map, points: data.points.length, masts: data.masts.length};
})({{ this._parent.get_name() }}, {{ this.data }});
{% endmacro %}"""
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "ResidualDots"
        self.data = slot("dots")


def residual_map(
    judged: Judged,
    config: Config,
    facts: Facts,
    lang: Lang,
    places: Mapping[str, tuple[float, float]] | None = None,
) -> str:
    """Map of measured less calibrated, as one page that needs no network."""
    data = _dots(judged, config, lang, places or {})
    chart = folium.Map(tiles=None, prefer_canvas=True, attribution_control=False, control_scale=False)
    _Dots().add_to(chart)
    root: Any = chart.get_root()
    root.title = html.escape(translate("map_residuals", lang))
    legend = _legend(judged, facts, len(data["masts"]), lang)
    page = fill(inline_assets(rendered(root)), {"dots": to_json(data)})
    return framed(page, lang, MAP_HEAD, legend)  # last: the legend holds names, and no slot or asset


def _dots(
    judged: Judged, config: Config, lang: Lang, places: Mapping[str, tuple[float, float]]
) -> dict[str, Any]:
    """What the page draws: points by position in the lists of sites and bands."""
    sample, shown = judged.sample, drawn(len(judged.sample))
    lon, lat = lonlat(config.project.crs, sample.easting_m, sample.northing_m)
    sites, site = np.unique(sample.site.astype(str), return_inverse=True)
    bands, band = np.unique(sample.band.astype(str), return_inverse=True)
    predicted = judged.predicted["calibrated"]
    residual = sample.rsrp_dbm - predicted
    numbers = np.column_stack([sample.distance_m, sample.rsrp_dbm, predicted, residual]).round(1)
    points = [
        [
            round(float(lat[i]), 6),
            round(float(lon[i]), 6),
            int(np.searchsorted(_LIMITS_DB, residual[i])),
            int(site[i]),
            int(band[i]),
            *numbers[i].tolist(),
        ]
        for i in shown
    ]
    words = [
        translate("distance_m", lang),
        translate("measured_dbm", lang),
        translate("calibrated_reading_dbm", lang),
        translate("measured_calibrated_db", lang),
    ]
    masts = _masts(judged, config, lang, places)
    reached = [[lat.min(), lon.min()], [lat.max(), lon.max()]]
    return {
        "points": points,
        "sites": sites.tolist(),
        "bands": bands.tolist(),
        "words": words,
        "masts": masts,
        "colours": _COLOURS,
        "bounds": reached,
    }


def _masts(
    judged: Judged, config: Config, lang: Lang, places: Mapping[str, tuple[float, float]]
) -> list[list[Any]]:
    """Latitude, longitude and the lines of the popup of each site whose place is known."""
    known = [row for row in judged.by_site.itertuples() if row.site in places]
    if not known:
        return []
    east, north = np.array([places[row.site] for row in known], dtype=np.float64).T
    lon, lat = lonlat(config.project.crs, east, north)
    return [
        [
            round(float(lat[i]), 6),
            round(float(lon[i]), 6),
            [
                row.site,
                translate("calibration_report_points", lang, points=row.points),
                f"RMSE {row.rmse_calibrated:.1f} dB",
                translate("measured_calibrated_mean_db", lang, bias_calibrated=-row.bias_calibrated),
            ],
        ]
        for i, row in enumerate(known)
    ]


def _legend(judged: Judged, facts: Facts, masts: int, lang: Lang) -> str:
    """What colours mean, how many points are drawn, and what is synthetic."""
    ends = ["< −15", "−15 … −9", "−9 … −3", "−3 … +3", "+3 … +9", "+9 … +15", "> +15"]
    count = len(judged.sample)
    return render(
        "legend.html",
        lang,
        synthetic=facts.synthetic,
        title=translate("measured_calibrated_site_left_out", lang),
        hint=translate("red_weaker_than_predicted_blue", lang),
        marks=[{"colour": colour, "label": f"{end} dB"} for colour, end in zip(_COLOURS, ends, strict=True)],
        site=translate("site", lang) if masts else "",
        lines=[
            translate("points_shown", lang, shown=len(drawn(count)), count=count),
            f"{facts.measurements} · {translate(f'propagation_{facts.propagation}', lang)}",
        ],
    )


MAP_HEAD = (
    '\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<style>html,body,.folium-map{width:100%;height:100%;margin:0}#legend{position:fixed;"
    "z-index:999;right:10px;bottom:16px;background:#fff;padding:8px 12px;max-width:240px;"
    "font:13px/1.5 'Microsoft YaHei',sans-serif;overflow-wrap:anywhere;border:1px solid #999}"
    "#legend span{display:inline-block;width:12px;height:12px;border:1px solid #555;border-radius:7px;"
    "vertical-align:-2px}#legend .mast{background:#ffe14d;border:2px solid #111;width:10px;height:10px}"
    "#legend .warn{background:#fce4d6;color:#9c2b00;font-weight:bold;padding:2px 6px;margin-bottom:4px}"
    ".leaflet-container{background:#dcdcd8}</style>"
)
"""Size of the map and look of the legend."""
