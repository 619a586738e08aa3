"""The drawn layers: each table of the proposal as columns, with its classes for drawing and legend.

One decision to know: a layer is plain data (a dictionary that becomes JSON); how it is drawn and what
its popup says stands in ``siteplan_map.js``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.config import Config
from siteplan.outputs.webmap import style
from siteplan.outputs.webmap.encode import column, lonlat, plain, shapes
from siteplan.outputs.webmap.words import word
from siteplan.proposal import Proposal
from siteplan.texts import Lang, say

Spec = dict[str, Any]
"""A layer as data: key, name, show, kind, classes, n, columns."""

_FEW_GAPS = 25
_PROPOSED = (
    "rank", "candidate_id", "name", "county", "town", "village", "stations", "antenna_height_m",
    "ground_m", "longitude_gcj02", "latitude_gcj02", "gain", "people_newly_covered",
    "villages_newly_covered", "villages_newly_covered_names", "cell_radius_m", "search_radius_m",
    "due_date", "restriction",
    "cost", "power_distance_m", "backhaul_distance_m", "success_probability", "status", "reason",
)  # fmt: skip
_OTHERS = ("candidate_id", "name", "county", "town", "status", "rule", "antenna_height_m")
_VILLAGES = (
    "village", "town", "county", "people", "share_before", "share_after", "networks_before",
    "networks_after",
)  # fmt: skip
_SITES = ("site_id", "site_name", "county", "stations", "antenna_height_m")
_PROPERTIES = (
    "property_id", "property_name", "kind", "owner", "address", "building_height_m", "county", "town",
)  # fmt: skip
_GAPS = ("gap_id", "county", "area_km2", "people")
_TEXTS = {"villages_newly_covered_names", "restriction", "alternates"}


def layer_specs(proposal: Proposal, lang: Lang) -> list[Spec]:
    """Every vector layer, bottom first.

    Parameters
    ----------
    proposal
        What to draw.
    lang
        Language of names and legends.

    Returns
    -------
    list of dict
        Empty tables give empty layers; a missing property table gives none.
    """
    specs = [county_spec(proposal, lang), gap_spec(proposal, lang)]
    if proposal.inputs.properties is not None:
        specs.append(property_spec(proposal.inputs.properties, lang))
    specs += [
        other_spec(proposal, lang),
        site_spec(proposal, lang),
        village_spec(proposal, lang),
        proposed_spec(proposal, lang),
    ]
    return specs


def county_spec(proposal: Proposal, lang: Lang) -> Spec:
    """County outlines with their names, simplified below half a pixel."""
    table = proposal.counties
    outline = table.geometry.simplify_coverage(proposal.grid.resolution_m / 2)
    inside = table.geometry.representative_point().to_crs("EPSG:4326")
    columns = {
        "county": table["county"],
        "x": inside.x,
        "y": inside.y,
    }
    classes = [{"label": word("layer_counties", lang), **style.COUNTY}]
    return _polygons("counties", word("layer_counties", lang), outline, columns, classes) | {"show": True}


def gap_spec(proposal: Proposal, lang: Lang) -> Spec:
    """The largest coverage gaps, stairs of pixels smoothed by less than a pixel."""
    table = proposal.gaps.iloc[: proposal.config.outputs.map_gaps]
    outline = table.geometry.simplify(0.75 * proposal.grid.resolution_m)
    names = {layer.id: layer.name for layer in proposal.config.layers}
    columns = _columns(table, _GAPS) | {
        "layer": [names.get(str(each), str(each)) for each in table["layer"]],
        "network": [_networks(each, proposal.config) for each in table["network"]],
    }
    name = word("layer_gaps" if len(table) == len(proposal.gaps) else "layer_gaps_largest", lang)
    classes = [{"label": word("gap", lang), **style.GAP}]
    spec = _polygons("gaps", name, outline, columns, classes)
    return spec | {"show": len(table) <= _FEW_GAPS}


def property_spec(table: gpd.GeoDataFrame, lang: Lang) -> Spec:
    """Public properties."""
    classes = [{"value": "", "label": word("property", lang), **style.PROPERTY}]
    columns = _columns(table, _PROPERTIES)
    name = word("layer_properties", lang)
    return _points("properties", name, table, columns, classes, [""] * len(table))


def other_spec(proposal: Proposal, lang: Lang) -> Spec:
    """Candidates that were not chosen, with the rule that refuses them."""
    table = proposal.candidates[proposal.candidates["status"].isin(list(style.OTHERS))]
    columns = _columns(table, _OTHERS) | {"rung": _rungs(table, lang)}
    classes = [
        {"value": key, "label": say(f"status_{key}", lang), **look} for key, look in style.OTHERS.items()
    ]
    name = word("layer_others", lang)
    return _points("others", name, table, columns, classes, _text(table["status"]))


def site_spec(proposal: Proposal, lang: Lang) -> Spec:
    """Existing sites by network."""
    table, config = proposal.sites, proposal.config
    classes = [
        {"value": each.id, "label": each.name, "fill": style.NETWORKS[i % len(style.NETWORKS)]}
        for i, each in enumerate(config.networks)
    ]
    classes += [{"value": "", "label": word("shared", lang), "fill": style.SHARED}]
    look = {"line": "#ffffff", "size": 1.9, "width": 0.5}
    columns = _columns(table, _SITES) | {
        "network_bands": [
            _network_bands(n, b, config) for n, b in zip(table["networks"], table["bands"], strict=True)
        ]
    }
    kinds = [_only(_parts(each), config) for each in table["networks"]]
    name = word("layer_sites", lang)
    spec = _points("sites", name, table, columns, [look | each for each in classes], kinds)
    return spec | {"show": True}


def village_spec(proposal: Proposal, lang: Lang) -> Spec:
    """Villages by state; those in need are drawn on top."""
    order = list(style.VILLAGES)
    table = proposal.villages.assign(_order=proposal.villages["state"].map(order.index))
    table = table.sort_values("_order", kind="stable")
    classes = [
        {"value": key, "label": word(f"state_{key}", lang), **look} for key, look in style.VILLAGES.items()
    ]
    columns = _columns(table, _VILLAGES)
    for key in ("networks_before", "networks_after"):
        if key in columns:
            columns[key] = [_networks(each, proposal.config) for each in columns[key]]
    name = word("layer_villages", lang)
    spec = _points("villages", name, table, columns, classes, _text(table["state"]))
    return spec | {"show": True}


def proposed_spec(proposal: Proposal, lang: Lang) -> Spec:
    """Ranked candidates, the first rank last so that it lies on top."""
    table, config = proposal.proposed.sort_values("rank", ascending=False), proposal.config
    names = {layer.id: layer.name for layer in config.layers}
    columns = _columns(table, _PROPOSED) | {
        "rung": _rungs(table, lang),
        "network_bands": [
            _network_bands(n, b, config) for n, b in zip(table["networks"], table["bands"], strict=True)
        ],
        "gain_by_layer": [_gains(each, names) for each in table["gain_by_layer"]],
        "alternates": [_parts(each) for each in table["alternates"]],
    }
    classes = [
        {"value": key, "label": say(f"rung_{key}", lang), "fill": fill} for key, fill in style.RUNGS.items()
    ]
    look = {"line": "#ffffff", "size": 7.0, "width": 1.6}
    kinds = [str(plain(each)) for each in table["rung"]]
    name = word("layer_proposed", lang)
    spec = _points("proposed", name, table, columns, [look | each for each in classes], kinds)
    return spec | {"show": True}


def _points(
    key: str,
    name: str,
    table: gpd.GeoDataFrame,
    columns: Mapping[str, Iterable[Any]],
    classes: list[dict[str, Any]],
    kinds: list[str],
) -> Spec:
    longitude, latitude = lonlat(table)
    index = {each["value"]: number for number, each in enumerate(classes)}
    data = {"lon": column(longitude, 6), "lat": column(latitude, 6)}
    data |= {name: column(values, 6 if "itude" in name else 3) for name, values in columns.items()}
    data["class"] = [index.get(kind, len(classes) - 1) for kind in kinds]
    return {
        "key": key, "name": name, "show": False, "kind": "points", "n": len(table),
        "classes": classes, "columns": data,
    }  # fmt: skip


def _polygons(
    key: str,
    name: str,
    outline: gpd.GeoSeries,
    columns: Mapping[str, Iterable[Any]],
    classes: list[dict[str, Any]],
) -> Spec:
    data = {name: column(values, 5 if name in "xy" else 3) for name, values in columns.items()}
    data["class"] = [0] * len(outline)
    return {
        "key": key, "name": name, "show": False, "kind": "polygons", "n": len(outline),
        "classes": classes, "columns": data, "shapes": shapes(outline),
    }  # fmt: skip


def _columns(table: pd.DataFrame, names: Iterable[str]) -> dict[str, Any]:
    """The columns that are there; lists become text."""
    return {
        name: [_joined(each) for each in table[name]] if name in _TEXTS else table[name].tolist()
        for name in names
        if name in table
    }


def _text(values: Iterable[Any]) -> list[str]:
    return [str(plain(each)) for each in values]


def _rungs(table: pd.DataFrame, lang: Lang) -> list[str]:
    return [say(f"rung_{rung}", lang) if rung in style.RUNGS else rung for rung in _text(table["rung"])]


def _parts(value: Any) -> list[str]:
    """A list, or text with separators, as a list of text."""
    value = plain(value)
    if value is None:
        return []
    if isinstance(value, list):
        return [str(each) for each in value]
    text = str(value)
    for separator in "、，,；;+/|":
        text = text.replace(separator, "\n")
    return [part.strip() for part in text.split("\n") if part.strip()]


def _joined(value: Any) -> Any:
    value = plain(value)
    return "、".join(map(str, value)) if isinstance(value, list) else value


def _networks(value: Any, config: Config) -> Any:
    if isinstance(plain(value), int | float):
        return plain(value)
    names = {network.id: network.name for network in config.networks}
    return "、".join(names.get(part, part) for part in _parts(value))


def _network_bands(networks: Any, bands: Any, config: Config) -> str:
    names = {band.id: f"{band.name} ({band.id})" for band in config.bands}
    shown = "、".join(names.get(part, part) for part in _parts(bands))
    return " · ".join(part for part in (str(_networks(networks, config)), shown) if part)


def _only(networks: list[str], config: Config) -> str:
    """The one network of a site by id, or empty when there are several."""
    ids = {network.name: network.id for network in config.networks}
    found = {ids.get(each, each) for each in networks}
    return found.pop() if len(found) == 1 else ""


def _gains(value: Any, names: Mapping[str, str]) -> Any:
    """Gain by layer as ``[[name, number], ...]``, or the text it came as."""
    value = plain(value)
    if not isinstance(value, dict):
        return value
    return [
        [names.get(key, key), round(number, 1) if isinstance(number, float) else number]
        for key, number in value.items()
    ]
