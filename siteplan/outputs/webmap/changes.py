"""Two plans on one map: what is kept, moved, dropped and new, and what that does to coverage.

It is the page of a plan with other data: left of the swipe is the old plan, right of it
the new one, and the ranked list is the list of changes.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from siteplan.core.errors import SiteplanError
from siteplan.core.grid import lonlat
from siteplan.core.version import VERSION
from siteplan.outputs.webmap import style
from siteplan.outputs.webmap.encode import DEGREES, lines
from siteplan.outputs.webmap.layers import Spec, county_outlines, names_between, point_spec
from siteplan.outputs.webmap.page import assembled, initials_of_specs
from siteplan.outputs.webmap.panel import breaks_of, inhabited, tones, warning
from siteplan.outputs.webmap.rasters import codes_picture, coverage_codes, warp_of
from siteplan.outputs.webmap.words import page_words
from siteplan.planning.compare import CHANGES, DROPPED, KEPT, MOVED, NEW, Diff, NamedPlan
from siteplan.words.catalogue import Lang, translate

_SIGNS = {KEPT: "=", MOVED: "→", DROPPED: "×", NEW: "+"}


def diff_html(diff: Diff, *, lang: Lang = "zh") -> str:
    """The map of two plans as one HTML page that needs no network.

    Parameters
    ----------
    diff
        The plans and what becomes of every place.
    lang
        Language of the page.

    Raises
    ------
    SiteplanError
        If the plans cover different ground, so that their coverage cannot lie side by side.
    """
    if diff.before.plan.area.grid != diff.after.plan.area.grid:
        raise SiteplanError("other_ground", before=diff.before.name, after=diff.after.name)
    plan = diff.after.plan
    specs = [
        county_outlines(plan.area.counties, plan.area.grid.resolution_m, lang),
        _villages(diff, lang),
        _changes(diff, lang),
    ]
    settings = _settings(diff, lang) | {"initials": initials_of_specs(specs)}
    base = {
        "lines": {"moved": _moves(diff)},
        "per_degree": {"moved": DEGREES},
        "labels": {"n": 0, "columns": {}},
    }
    return assembled(html.escape(_title(diff, lang)), specs, settings, base, _pictures(diff), lang)


def _title(diff: Diff, lang: Lang) -> str:
    return translate("map.diff_title", lang, before=diff.before.name, after=diff.after.name)


def _villages(diff: Diff, lang: Lang) -> Spec:
    """Villages by what both plans make of them; those that change lie on top."""
    was = diff.before.plan.effects.villages.set_index("village_id")["covered_after"].astype(bool)
    table = diff.after.plan.effects.villages
    now = table["covered_after"].astype(bool)
    old = table["village_id"].map(was).fillna(False).astype(bool)
    state = np.select([old & now, ~old & now, old & ~now], ["covered", "newly", "lost"], "uncovered")
    order = list(style.DIFF_VILLAGES)
    table = table.assign(state=state, _order=[order.index(each) for each in state])
    table = table.sort_values("_order", kind="stable")
    classes = [
        {"value": key, "label": translate(f"map.diff_{key}", lang), **look}
        for key, look in style.DIFF_VILLAGES.items()
    ]
    columns = {name: table[name] for name in ("village", "town", "county", "people") if name in table}
    name = translate("map.layer_villages", lang)
    return point_spec("villages", name, table, columns, classes, table["state"].tolist()) | {"show": True}


def _changes(diff: Diff, lang: Lang) -> Spec:
    """Every place with its change; the first of the list lies on top."""
    rows = diff.rows.assign(rank=range(1, len(diff.rows) + 1)).sort_values("rank", ascending=False)
    longitude, latitude = lonlat(str(rows.crs), rows.geometry.x.to_numpy(), rows.geometry.y.to_numpy())
    rows = rows.assign(longitude=np.round(longitude, 6), latitude=np.round(latitude, 6))
    ids = rows["candidate_id_after"].where(rows["candidate_id_after"].ne(""), rows["candidate_id_before"])
    columns = {name: rows[name] for name in ("rank", "name", "county", "town")} | {
        "candidate_id": ids,
        "stations": rows["stations_after"].where(rows["stations_after"].gt(0), rows["stations_before"]),
        "source_type": [translate(f"map.diff_{change}", lang) for change in rows["change"]],
        "network_bands": rows["networks"].astype(str) + " · " + rows["bands"].astype(str),
        **names_between(rows, diff.after.plan.config),
        "reason": [_said(row, lang) for row in rows.itertuples()],
        "mark": [_SIGNS[change] for change in rows["change"]],
    }
    classes = [
        {
            "value": key,
            "label": translate(f"map.diff_{key}", lang),
            "line": "#ffffff",
            "size": 7.0,
            "width": 1.6,
            **look,
        }
        for key, look in style.CHANGES.items()
    ]
    spec = point_spec(
        "proposed", translate("map.diff_changes", lang), rows, columns, classes, rows["change"].tolist()
    )
    return spec | {"show": True}


def _said(row: Any, lang: Lang) -> str:
    """What became of a place, in one sentence."""
    return translate(
        "map." + f"diff_said_{row.change}",
        lang,
        before=row.rank_before,
        after=row.rank_after,
        old=row.candidate_id_before,
        new=row.candidate_id_after,
        distance=f"{row.distance_m:,.0f}",
        stations_before=row.stations_before,
        stations_after=row.stations_after,
    )


def _moves(diff: Diff) -> list[list[int]]:
    """A line from the old place to the new one of everything that moved."""
    rows = diff.rows[diff.rows["change"].eq(MOVED)]
    tracks = [
        shapely.LineString([start, end]) for start, end in zip(rows["from"], rows.geometry, strict=True)
    ]
    return lines(gpd.GeoSeries(tracks, crs=diff.rows.crs)) if tracks else []


def _pictures(diff: Diff) -> dict[str, Any]:
    target = diff.after.plan.config.coverage.edge_probability_target
    codes = coverage_codes(
        diff.before.plan.effects.coverage,
        diff.after.plan.effects.coverage,
        None,
        breaks_of(diff.after.plan.config),
        target,
        inhabited(diff.after.plan),
    )
    return {"coverage": vars(codes_picture(codes, warp_of(diff.after.plan.area.grid)))}


def _facts(diff: Diff, lang: Lang) -> list[dict[str, str]]:
    """Places by change, and what both plans reach."""
    rows = [(f"diff_{change}", f"{diff.counts[change]:,}") for change in CHANGES]
    old, new = diff.before.plan.record, diff.after.plan.record
    for key, name in (
        ("people_covered", "population_covered_after"),
        ("villages_covered", "villages_covered_after"),
        ("selected", "selected_stations"),
    ):
        rows.append((key, f"{getattr(old, name):,.0f} → {getattr(new, name):,.0f}"))
    return [
        {"key": key, "label": translate("map." + key, lang), "value": value, "note": ""}
        for key, value in rows
    ]


def _notes(plans: Sequence[NamedPlan], lang: Lang) -> list[str]:
    lines_ = [
        translate(
            "map.diff_run",
            lang,
            name=each.name,
            run=each.plan.record.run_id,
            year=each.plan.record.year,
        )
        for each in plans
    ]
    attribution = plans[-1].plan.config.project.attribution
    return [*lines_, translate("map.sources", lang, text=attribution)] if attribution else lines_


def _settings(diff: Diff, lang: Lang) -> dict[str, Any]:
    """The page without steps, counties, returns and online maps."""
    config = diff.after.plan.config
    west, south, east, north = diff.after.plan.area.counties.to_crs("EPSG:4326").total_bounds
    words = page_words(lang)
    other = {
        "moment_today": "diff_before",
        "moment_plan": "diff_after",
        "swipe_left": "diff_before",
        "swipe_right": "diff_after",
        "swipe": "diff_swipe",
        "filter_source_type": "diff_change",
        "source_type": "diff_change",
        "ranked": "diff_changes",
    }
    return {
        "lang": lang,
        "title": _title(diff, lang),
        "warning": warning(diff.after.plan, lang),
        "facts": _facts(diff, lang),
        "notes": _notes((diff.before, diff.after), lang),
        "bounds": [[south, west], [north, east]],
        "words": words | {key: words[value] for key, value in other.items()},
        "tones": tones(breaks_of(config), lang),
        "questions": [{"name": config.layers[0].name, "people": None}],
        "hasTerrain": False,
        "hasFootprints": False,
        "run": {"id": diff.after.plan.record.run_id, "version": VERSION},
        "edition": {
            "name": translate("map.diff_edition", lang),
            "watermark": [],
            "returns": False,
            "snapped": 0,
        },
        "steps": {"rank": [], "county": [], "people": [], "villages": [], "share": []},
        "totals": {},
        "sightLines": {},
        "counties": [],
        "layerNames": [each.name for each in config.layers],
        "networks": [each.name for each in config.networks],
        "bands": [each.name for each in config.bands],
        "returns": {"schema": "", "columns": [], "statuses": [], "moved": "", "exits": [], "ring": {}},
        "online": [],
        "navigate": "",
    }
