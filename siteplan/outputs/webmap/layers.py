"""The drawn layers: each table of the proposal as columns, with its classes for drawing and legend.

A layer is plain data (a dictionary that becomes JSON); how it is drawn and what
its popup says stands in ``siteplan_map.js``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.outputs import palette
from siteplan.outputs.proof import class_name
from siteplan.outputs.webmap import style
from siteplan.outputs.webmap.encode import COARSE, DEGREES, column, coordinates, lonlat, plain, shapes
from siteplan.planning.proposal import Proposal
from siteplan.project.outputs import Audience, MapLayer
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

Spec = dict[str, Any]
"""A layer as data: key, name, show, kind, classes, n, columns."""

_FEW_GAPS = 25
_PROPOSED = (
    "rank",
    "candidate_id",
    "name",
    "county",
    "town",
    "village",
    "stations",
    "antenna_height_m",
    "ground_m",
    "longitude_gcj02",
    "latitude_gcj02",
    "gain",
    "people_newly_covered",
    "villages_newly_covered",
    "villages_newly_covered_names",
    "cell_radius_m",
    "search_radius_m",
    "location_grade",
    "location_radius_m",
    "owner",
    "due_date",
    "restriction",
    "cost",
    "power_distance_m",
    "backhaul_distance_m",
    "success_probability",
    "status",
    "benefit",
    "existing_nearby",
    "backhaul",
    "exposure",
    "stays",
    "reason",
)
_OTHERS = (
    "candidate_id",
    "name",
    "county",
    "town",
    "status",
    "rule",
    "location_grade",
    "location_radius_m",
)
_VILLAGES = (
    "village",
    "town",
    "county",
    "people",
    "settled_by",
    "evidence",
    "share_before",
    "share_after",
    "networks_before",
    "networks_after",
    "reached_rank",
    "serving_site_before",
    "serving_site_after",
    "model_difference_db",
)
_SITES = ("site_id", "site_name", "county", "stations", "antenna_height_m", "sectors")
_ZONES = ("zone", "layer", "level", "basis")
_PROPERTIES = (
    "property_id",
    "property_name",
    "kind",
    "owner",
    "address",
    "building_height_m",
    "county",
    "town",
)
_STRETCHES = ("county", "length_m")
_GAPS = ("gap_id", "county", "area_km2", "people")
_DIGITS = {"proposed": 6}
"""Decimals of longitude and latitude; five are a metre."""


def layer_specs(proposal: Proposal, audience: Audience, lang: Lang) -> list[Spec]:
    """Every vector layer an audience may see, bottom first.

    Parameters
    ----------
    proposal
        What to draw, already cut to the audience.
    audience
        Names its layers.
    lang
        Language of names and legends.

    Returns
    -------
    list of dict
        Empty tables give empty layers; a table that was not given gives none.
    """
    makers: dict[MapLayer, Callable[[Proposal, Lang], Spec | None]] = {
        "counties": county_spec,
        "zones": zone_spec,
        "gaps": gap_spec,
        "stretches": stretch_spec,
        "properties": property_spec,
        "others": other_spec,
        "sites": site_spec,
        "villages": village_spec,
        "proposed": proposed_spec,
    }
    specs = [maker(proposal, lang) for name, maker in makers.items() if name in audience.layers]
    return [spec for spec in specs if spec is not None]


def county_spec(proposal: Proposal, lang: Lang) -> Spec:
    """County outlines with their names."""
    return county_outlines(proposal.area.counties, proposal.area.grid.resolution_m, lang)


def county_outlines(table: gpd.GeoDataFrame, resolution_m: float, lang: Lang) -> Spec:
    """Outlines with names, simplified below half a pixel.

    Parameters
    ----------
    table
        Polygons with ``county``.
    resolution_m
        Pixel edge [m].
    lang
        Language of the layer's name.
    """
    outline = table.geometry.simplify_coverage(resolution_m / 2)
    inside = table.geometry.representative_point().to_crs("EPSG:4326")
    columns = {
        "county": table["county"],
        "x": inside.x,
        "y": inside.y,
    }
    classes = [{"label": translate("map.layer_counties", lang), **style.COUNTY}]
    return outline_spec("counties", translate("map.layer_counties", lang), outline, columns, classes) | {
        "show": True
    }


def gap_spec(proposal: Proposal, lang: Lang) -> Spec:
    """The largest coverage gaps, stairs of pixels smoothed by less than a pixel."""
    table = proposal.existing.gaps.iloc[: proposal.config.outputs.map_gaps]
    outline = table.geometry.simplify(0.75 * proposal.area.grid.resolution_m)
    names = {layer.id: layer.name for layer in proposal.config.layers}
    columns = _columns(table, _GAPS) | {
        "layer": [names.get(str(each), str(each)) for each in table["layer"]],
        "network": [_networks(each, proposal.config, lang) for each in table["network"]],
    }
    name = translate(
        "map.layer_gaps" if len(table) == len(proposal.existing.gaps) else "map.layer_gaps_largest", lang
    )
    classes = [{"label": translate("map.gap", lang), **style.GAP}]
    spec = outline_spec("gaps", name, outline, columns, classes, COARSE)
    return spec | {"show": len(table) <= _FEW_GAPS}


def stretch_spec(proposal: Proposal, lang: Lang) -> Spec | None:
    """The longest stretches of road without signal after the plan, as bands a pixel's part wide."""
    table = proposal.proof.stretches.iloc[: proposal.config.outputs.map_stretches]
    if table.empty:
        return None
    size = proposal.area.grid.resolution_m
    outline = table.geometry.simplify(size / 2).buffer(size / 5, cap_style="flat", join_style="bevel")
    columns = _columns(table, _STRETCHES) | {
        "line_class": [class_name(each, lang) for each in table["line_class"]]
    }
    classes = [{"label": translate("map.stretch", lang), **style.STRETCH}]
    return outline_spec(
        "stretches", translate("map.layer_stretches", lang), outline, columns, classes, COARSE
    )


def zone_spec(proposal: Proposal, lang: Lang) -> Spec | None:
    """Zones with a rule, by the level of the rule."""
    table = proposal.area.exclusions
    if table is None:
        return None
    outline = table.geometry.simplify(proposal.area.grid.resolution_m / 4)
    classes = [
        {"value": key, "label": translate(f"map.zone_{key}", lang), **look}
        for key, look in style.ZONES.items()
    ]
    spec = outline_spec(
        "zones", translate("map.layer_zones", lang), outline, _columns(table, _ZONES), classes
    )
    levels = list(style.ZONES)
    spec["columns"]["class"] = [levels.index(each) for each in table["level"]]
    return spec


def property_spec(proposal: Proposal, lang: Lang) -> Spec | None:
    """Public properties."""
    table = proposal.area.properties
    if table is None:
        return None
    classes = [{"value": "", "label": translate("map.property", lang), **style.PROPERTY}]
    columns = _columns(table, _PROPERTIES)
    name = translate("map.layer_properties", lang)
    return point_spec("properties", name, table, columns, classes, [""] * len(table))


def other_spec(proposal: Proposal, lang: Lang) -> Spec:
    """Candidates that were not chosen, with the rule that refuses them."""
    table = proposal.places.candidates[proposal.places.candidates["status"].isin(list(style.OTHERS))]
    columns = _columns(table, _OTHERS) | {
        "source_type": _source_types(table, lang),
        "uncertain": _uncertain(table),
    }
    classes = [
        {"value": key, "label": translate(f"status_{key}", lang), **look}
        for key, look in style.OTHERS.items()
    ]
    name = translate("map.layer_others", lang)
    return point_spec("others", name, table, columns, classes, _text(table["status"]))


def site_spec(proposal: Proposal, lang: Lang) -> Spec:
    """Existing sites by network."""
    table, config = proposal.existing.sites, proposal.config
    classes = [
        {"value": each.id, "label": each.name, "fill": palette.NETWORKS[i % len(palette.NETWORKS)]}
        for i, each in enumerate(config.networks)
    ]
    classes += [{"value": "", "label": translate("map.shared", lang), "fill": palette.SHARED}]
    look = {"line": "#ffffff", "size": 1.9, "width": 0.5}
    columns = _columns(table, _SITES) | {
        "network_bands": [
            _network_bands(n, b, config, lang) for n, b in zip(table["networks"], table["bands"], strict=True)
        ],
        **names_between(table, config),
    }
    kinds = [_only(_parts(each), config) for each in table["networks"]]
    name = translate("map.layer_sites", lang)
    spec = point_spec("sites", name, table, columns, [look | each for each in classes], kinds)
    return spec | {"show": True}


def village_spec(proposal: Proposal, lang: Lang) -> Spec:
    """Villages by state; those in need are drawn on top."""
    order = list(style.VILLAGES)
    table = proposal.effects.villages.assign(_order=proposal.effects.villages["state"].map(order.index))
    table = table.sort_values("_order", kind="stable")
    classes = [
        {"value": key, "label": translate(f"map.state_{key}", lang), **look}
        for key, look in style.VILLAGES.items()
    ]
    columns = _columns(table, _VILLAGES)
    for key in ("networks_before", "networks_after"):
        if key in columns:
            columns[key] = [_networks(each, proposal.config, lang) for each in columns[key]]
    choices = _choices(proposal)
    if choices:
        columns["choices"] = [choices.get(each) for each in table["village_id"]]
    name = translate("map.layer_villages", lang)
    spec = point_spec("villages", name, table, columns, classes, _text(table["state"]))
    return spec | {"show": True}


def proposed_spec(proposal: Proposal, lang: Lang) -> Spec:
    """Ranked candidates, the first rank last so that it lies on top."""
    table, config = proposal.places.proposed.sort_values("rank", ascending=False), proposal.config
    ids = [layer.id for layer in config.layers]
    columns = _columns(table, _PROPOSED) | {
        "source_type": _source_types(table, lang),
        "network_bands": [
            _network_bands(n, b, config, lang) for n, b in zip(table["networks"], table["bands"], strict=True)
        ],
        "uncertain": _uncertain(table),
        "county_number": _county_numbers(table, proposal),
        "purpose_of": _text(table["purpose"]),
        **names_between(table, config),
    }
    if "gain_by_layer" in table:
        columns["gain_by_layer"] = [_gains(each, ids) for each in table["gain_by_layer"]]
    if "alternates" in table:
        columns["alternates"] = [str(plain(each) or "").split() for each in table["alternates"]]
    look = {"line": palette.RIM, "size": 7.0, "width": 1.6}
    purposes = [
        look | {"value": layer.name, "label": layer.name, "fill": palette.PURPOSES[i % len(palette.PURPOSES)]}
        for i, layer in enumerate(config.layers)
    ]
    source_types = [
        look | {"value": key, "label": translate(f"source_type_{key}", lang), "fill": fill}
        for key, fill in palette.SOURCE_TYPES.items()
    ]
    name = translate("map.layer_proposed", lang)
    kinds = [str(plain(each)) for each in table["source_type"]]
    spec = point_spec("proposed", name, table, columns, purposes, _text(table["purpose"]))
    spec["columns"]["source_class"] = [list(palette.SOURCE_TYPES).index(each) for each in kinds]
    return spec | {"show": True, "source_classes": source_types}


def point_spec(
    key: str,
    name: str,
    table: gpd.GeoDataFrame,
    columns: Mapping[str, Iterable[Any]],
    classes: list[dict[str, Any]],
    kinds: list[str],
) -> Spec:
    """A layer of points.

    Parameters
    ----------
    key, name
        Of the layer.
    table
        Points.
    columns
        What the page knows of them.
    classes
        Looks, each with a ``value``.
    kinds
        Value of each row's class; an unknown one takes the last class.

    Returns
    -------
    dict
        Hidden until ``show`` is set.
    """
    longitude, latitude = lonlat(table)
    index = {each["value"]: number for number, each in enumerate(classes)}
    digits = _DIGITS.get(key, 5)
    data: dict[str, Any] = {"lon": coordinates(longitude, digits), "lat": coordinates(latitude, digits)}
    data |= {name: column(values, 6 if "itude" in name else 3) for name, values in columns.items()}
    data["class"] = column([index.get(kind, len(classes) - 1) for kind in kinds]) or []
    return {
        "key": key,
        "name": name,
        "show": False,
        "kind": "points",
        "n": len(table),
        "classes": classes,
        "columns": data,
    }


def outline_spec(
    key: str,
    name: str,
    outline: gpd.GeoSeries,
    columns: Mapping[str, Iterable[Any]],
    classes: list[dict[str, Any]],
    per_degree: float = DEGREES,
) -> Spec:
    """A layer of polygons.

    Returns
    -------
    dict
        Hidden until ``show`` is set.
    """
    data = {name: column(values, 5 if name in "xy" else 3) for name, values in columns.items()}
    data["class"] = [0] * len(outline)
    return {
        "key": key,
        "name": name,
        "show": False,
        "kind": "polygons",
        "n": len(outline),
        "classes": classes,
        "columns": data,
        "shapes": shapes(outline, per_degree),
        "per_degree": per_degree,
    }


def _columns(table: pd.DataFrame, names: Iterable[str]) -> dict[str, Any]:
    """The columns that are there."""
    return {name: table[name].tolist() for name in names if name in table}


def _county_numbers(table: pd.DataFrame, proposal: Proposal) -> list[int]:
    """Position of each row's county among those of the run; -1 for none."""
    number = {each: k for k, each in enumerate(proposal.area.counties["county_id"])}
    return [number.get(each, -1) for each in table["county_id"]]


def names_between(table: pd.DataFrame, config: Config) -> dict[str, list[str]]:
    """Names of networks and bands, for filters.

    Returns
    -------
    dict
        ``networks_of`` and ``bands_of``: names between line feeds, so that a name is never part of another.
    """
    names = {each.id: each.name for each in config.networks} | {each.id: each.name for each in config.bands}
    return {
        f"{name}_of": [
            "\n".join(["", *(names.get(part, part) for part in _parts(each)), ""]) for each in table[name]
        ]
        for name in ("networks", "bands")
    }


def _uncertain(table: pd.DataFrame) -> list[int]:
    """1 for places that were found by their address and not by coordinates."""
    if "location_grade" not in table:
        return [0] * len(table)
    return [int(str(plain(each) or "") != "") for each in table["location_grade"]]


def _choices(proposal: Proposal) -> dict[str, list[list[Any]]]:
    """Candidate and probability of what would help a village, by village."""
    found: dict[str, list[list[Any]]] = {}
    if proposal.places.choices.empty:
        return found
    for row in proposal.places.choices.itertuples():
        found.setdefault(str(row.village_id), []).append([row.candidate_id, round(float(row.probability), 2)])
    return found


def _text(values: Iterable[Any]) -> list[str]:
    return [str(plain(each)) for each in values]


def _source_types(table: pd.DataFrame, lang: Lang) -> list[str]:
    return [
        translate(f"source_type_{source_type}", lang) if source_type in palette.SOURCE_TYPES else source_type
        for source_type in _text(table["source_type"])
    ]


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


def _networks(value: Any, config: Config, lang: Lang) -> Any:
    if isinstance(plain(value), int | float):
        return plain(value)
    names = {network.id: network.name for network in config.networks}
    return translate("join_list", lang).join(names.get(part, part) for part in _parts(value))


def _network_bands(networks: Any, bands: Any, config: Config, lang: Lang) -> str:
    names = {band.id: f"{band.name} ({band.id})" for band in config.bands}
    shown = translate("join_list", lang).join(names.get(part, part) for part in _parts(bands))
    return " · ".join(part for part in (str(_networks(networks, config, lang)), shown) if part)


def _only(networks: list[str], config: Config) -> str:
    """The one network of a site by id, or empty when there are several."""
    ids = {network.name: network.id for network in config.networks}
    found = {ids.get(each, each) for each in networks}
    return found.pop() if len(found) == 1 else ""


def _gains(value: Any, ids: list[str]) -> list[list[float]]:
    """Gain by layer, ``"L1 2.5; L2 1.0"``, as position of the layer and number."""
    parts = [part.rpartition(" ") for part in str(plain(value) or "").split("; ")]
    return [[ids.index(key), float(number)] for key, _, number in parts if key in ids]
