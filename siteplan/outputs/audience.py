"""What a reader may see of a plan: the plan itself with everything else taken out.

Writers for people outside the office are given the reduced plan, not a list of what to
hide, so what a reader must not have cannot slip into a file, in whatever form.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siteplan.core.errors import SiteplanError
from siteplan.core.grid import lonlat
from siteplan.planning.proof.proof import PlanProof
from siteplan.planning.proposal import Proposal, ServiceReach
from siteplan.project.outputs import Audience, MapLayer
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

_NEEDED: dict[MapLayer, tuple[str, ...]] = {
    "counties": ("county_id", "county"),
    "zones": ("layer",),
    "gaps": ("gap_id",),
    "stretches": ("line_class", "length_m"),
    "properties": ("property_id",),
    "others": ("candidate_id", "county", "county_id", "source_type", "status"),
    "sites": ("networks", "bands", "stations", "county_id"),
    "villages": ("village_id", "county", "county_id", "state", "reached_rank"),
    "proposed": (
        "rank",
        "candidate_id",
        "county",
        "county_id",
        "source_type",
        "networks",
        "bands",
        "stations",
        "status",
    ),
}
"""Columns without which a layer cannot be drawn, filtered or counted."""
_POINTS: frozenset[MapLayer] = frozenset({"properties", "others", "sites", "villages", "proposed"})
_SNAPPED = _POINTS - {"villages"}
_TEXTS = ("restriction", "reason", "rule", "existing_nearby")


def audience_of(config: Config, audience_id: str) -> Audience:
    """The audience of this id.

    Raises
    ------
    SiteplanError
        If the project has none of this id.
    """
    known = {each.id: each for each in config.outputs.audiences}
    if audience_id not in known:
        raise SiteplanError(
            "unknown_choice", option="--audience", value=audience_id, choices=", ".join(known)
        )
    return known[audience_id]


def map_name(config: Config, audience: Audience) -> str:
    """File of an audience's map: ``map.html`` for the office, the first of the project's audiences."""
    return "map.html" if audience.id == config.outputs.audiences[0].id else f"map_{audience.id}.html"


def seen_by(proposal: Proposal, audience: Audience, lang: Lang = "zh") -> Proposal:
    """A plan without what an audience may not have.

    Parameters
    ----------
    proposal
        The whole plan.
    audience
        Who will read it.
    lang
        Language of what stands in place of words taken out.

    Returns
    -------
    Proposal
        Tables cut to the audience's layers and columns, coordinates snapped, sensitive zones without trace.
        Stations, site plan, faults and other inputs are left out altogether.
    """
    hidden = _hidden_words(proposal, audience)
    tables = {
        name: _said(_cut(table, name, audience), hidden, lang)
        for name, table in _tables(proposal, audience).items()
        if table is not None
    }
    is_ranked = "proposed" in audience.layers
    is_exact = audience.snap_m == 0 and is_ranked
    nothing = pd.DataFrame()
    others = {"serving_site_before": "sites", "serving_site_after": "proposed"}
    unseen = [column for column, layer in others.items() if layer not in audience.layers]
    villages = tables["villages"].drop(columns=unseen, errors="ignore")
    whole = proposal.places
    return replace(
        proposal,
        area=replace(proposal.area, properties=tables.get("properties"), exclusions=tables.get("zones")),
        existing=replace(proposal.existing, sites=tables["sites"], gaps=tables["gaps"], comparison=None),
        places=replace(
            whole,
            candidates=tables["others"],
            proposed=tables["proposed"],
            choices=_choices(proposal, audience),
            steps=whole.steps if is_ranked else nothing,
            curve=whole.curve if is_ranked else nothing,
            ranks=whole.ranks if is_exact else None,
            footprints=whole.footprints if is_exact else (),
            sight_lines=whole.sight_lines if is_exact else nothing,
        ),
        effects=replace(proposal.effects, villages=villages, services=_services(proposal, audience)),
        proof=PlanProof(stretches=tables["stretches"]),
        rejected=nothing,
        faults=(),
    )


def _services(proposal: Proposal, audience: Audience) -> tuple[ServiceReach, ...]:
    """Services whose reach a reader may see: the public the first only, which names no operator's network."""
    services = proposal.effects.services
    return services[:1] if audience.reader == "public" else services


def _tables(proposal: Proposal, audience: Audience) -> dict[MapLayer, gpd.GeoDataFrame | None]:
    """The plan's tables by layer; zones know the level of their rule."""
    return {
        "zones": _zones(proposal, audience),
        "gaps": proposal.existing.gaps,
        "stretches": proposal.proof.stretches,
        "properties": _own(proposal.area.properties, proposal),
        "others": proposal.places.candidates,
        "sites": proposal.existing.sites,
        "villages": proposal.effects.villages,
        "proposed": _with_owner(proposal),
    }


def _own(properties: gpd.GeoDataFrame | None, proposal: Proposal) -> gpd.GeoDataFrame | None:
    """Properties of the run's counties; a county's map is not the city's."""
    if properties is None or "county_id" not in properties:
        return properties
    return properties[properties["county_id"].isin(proposal.area.counties["county_id"])].reset_index(
        drop=True
    )


def _with_owner(proposal: Proposal) -> gpd.GeoDataFrame:
    """Ranked rows with the owner of the property they stand on."""
    table, properties = proposal.places.proposed, proposal.area.properties
    if properties is None or "owner" not in properties or "source_id" not in table:
        return table
    owners = properties.drop_duplicates("property_id").set_index("property_id")["owner"]
    mine = table["source_type"].astype(str).eq("3")
    return table.assign(owner=table["source_id"].map(owners).where(mine).fillna(""))


def _zones(proposal: Proposal, audience: Audience) -> gpd.GeoDataFrame | None:
    """Zones with a rule, its level and legal basis; without the sensitive ones unless they may be seen."""
    table = proposal.area.exclusions
    if table is None:
        return None
    rules = {rule.layer: rule for rule in proposal.config.exclusions}
    shown = [each in rules and (audience.sensitive or not rules[each].sensitive) for each in table["layer"]]
    table = table[shown].reset_index(drop=True)
    return table.assign(
        level=[rules[each].level for each in table["layer"]],
        basis=[rules[each].basis for each in table["layer"]],
    )


def _cut(table: gpd.GeoDataFrame, name: MapLayer, audience: Audience) -> gpd.GeoDataFrame:
    """The rows and columns of a layer that its audience may have."""
    if name not in audience.layers:
        table = table.iloc[:0]
    seen = audience.sees(name)
    if seen is not None:
        asked = {*_NEEDED[name], *seen, "geometry"}
        if name in _POINTS:
            asked |= {"longitude", "latitude"}
        table = table[[column for column in table.columns if column in asked]]
    if audience.snap_m and name in _SNAPPED:
        table = _snapped(table, audience.snap_m)
    return table


def _snapped(table: gpd.GeoDataFrame, size_m: float) -> gpd.GeoDataFrame:
    """Points in the middle of the squares they lie in; other coordinates of theirs are dropped."""
    points = shapely.get_coordinates(table.geometry.to_numpy())
    middle = (np.floor(points / size_m) + 0.5) * size_m
    longitude, latitude = lonlat(str(table.crs), middle[:, 0], middle[:, 1])
    moved = table.drop(
        columns=[name for name in table.columns if name.endswith(("_gcj02", "easting_m", "northing_m"))]
    )
    return moved.set_geometry(gpd.GeoSeries(shapely.points(middle), index=table.index, crs=table.crs)).assign(
        longitude=np.round(longitude, 6), latitude=np.round(latitude, 6)
    )


def redact_for_partners(proposal: Proposal, lang: Lang = "zh") -> Proposal:
    """A plan whose ranked list does not name sensitive zones: what lists that leave the office are made of.

    Parameters
    ----------
    proposal
        The whole plan.
    lang
        Language of what stands in place of the names.

    Returns
    -------
    Proposal
        The same but for texts of ``proposed``.
    """
    reader = proposal.config.outputs.audiences[0].model_copy(update={"sensitive": False})
    hidden = _hidden_words(proposal, reader)
    if not hidden:
        return proposal
    proposed = _said(proposal.places.proposed, hidden, lang)
    return replace(proposal, places=replace(proposal.places, proposed=proposed))


def _hidden_words(proposal: Proposal, audience: Audience) -> list[str]:
    """Names, kinds and legal bases of sensitive zones, the longest first."""
    rules = [rule for rule in proposal.config.exclusions if rule.sensitive]
    table = proposal.area.exclusions
    if audience.sensitive or not rules:
        return []
    words = {rule.layer for rule in rules} | {rule.basis for rule in rules}
    if table is not None and "zone" in table:
        words |= set(table["zone"][table["layer"].isin([rule.layer for rule in rules])].dropna())
    return sorted((word for word in words if word), key=lambda word: (-len(word), word))


def _said(table: gpd.GeoDataFrame, hidden: list[str], lang: Lang) -> gpd.GeoDataFrame:
    """Texts without the words of sensitive zones."""
    if not hidden:
        return table
    instead = translate("sensitive_zone", lang)
    changed = {
        name: [_replaced(text, hidden, instead) for text in table[name]] for name in _TEXTS if name in table
    }
    return table.assign(**changed)


def _replaced(text: Any, hidden: list[str], instead: str) -> Any:
    if isinstance(text, str):
        for word in hidden:
            text = text.replace(word, instead)
    return text


def _choices(proposal: Proposal, audience: Audience) -> pd.DataFrame:
    """Places that would help a village, for readers who may see places."""
    may_see = audience.reader != "public" and "others" in audience.layers
    return proposal.places.choices if may_see else pd.DataFrame()
