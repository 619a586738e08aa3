"""Looks of the map's points and areas: sizes and lines here, colours from the one palette."""

from __future__ import annotations

from typing import Any

from siteplan.outputs import palette

VILLAGES: dict[str, dict[str, Any]] = {
    "covered": {"fill": palette.VILLAGE_COVERED, "line": palette.QUIET_INK, "size": 2.4, "width": 1},
    "people": {"fill": palette.VILLAGE_PEOPLE, "line": palette.VILLAGE_UNCOVERED, "size": 3.2, "width": 1.4},
    "newly": {"fill": palette.NEW, "line": palette.RIM, "size": 4.0, "width": 1.2},
    "uncovered": {"fill": palette.VILLAGE_UNCOVERED, "line": palette.RIM, "size": 4.0, "width": 1.4},
}
PROPERTY: dict[str, Any] = {"fill": palette.PROPERTY, "line": "#3b5b7a", "size": 2.6, "width": 1}
OTHERS: dict[str, dict[str, Any]] = {
    "CANDIDATE": {"fill": "#ffffff", "line": "#7a3b00", "size": 2.0, "width": 1},
    "EXCLUDED": {"fill": palette.EXCLUDED, "line": "#4d4d4d", "size": 1.8, "width": 0.8},
}
GAP: dict[str, Any] = {"fill": palette.GAP, "line": "#a33f00", "opacity": 0.22, "width": 1}
STRETCH: dict[str, Any] = {
    "fill": palette.VILLAGE_UNCOVERED,
    "line": palette.VILLAGE_UNCOVERED,
    "opacity": 0.8,
    "width": 1.6,
}
ZONES: dict[str, dict[str, Any]] = {
    key: {"fill": colour, "line": colour, "opacity": opacity, "width": width}
    for (key, colour), opacity, width in zip(
        palette.ZONES.items(), (0.22, 0.16, 0.10), (1.4, 1.2, 1.2), strict=True
    )
}
"""Zones with a rule, by what the rule does."""
CHANGES: dict[str, dict[str, Any]] = {key: {"fill": colour} for key, colour in palette.CHANGES.items()}
"""What becomes of a place between two plans."""
DIFF_VILLAGES: dict[str, dict[str, Any]] = {
    "covered": VILLAGES["covered"],
    "uncovered": VILLAGES["uncovered"],
    "newly": VILLAGES["newly"],
    "lost": {"fill": palette.LOST, "line": palette.INK, "size": 4.4, "width": 1.6},
}
"""Villages of two plans."""
COUNTY: dict[str, Any] = {"fill": "none", "line": palette.COUNTY_LINE, "opacity": 0, "width": 1.4}
