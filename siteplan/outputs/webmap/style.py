"""Colours and sizes, for the drawing and for the legend alike.

Coverage is pale, ochre below the target and blue above it, and things have the
strong colours of the Okabe-Ito set with a white rim; both pairs stay apart for the colour-blind.
"""

from __future__ import annotations

from typing import Any

BACKGROUND = "#e9ebe6"
"""Paper: where there is no base map."""

FOOTPRINT = "#8e44ad"
"""Where a place alone would reach the target."""
WATER = "#c3dcea"
"""Rivers and lakes of the land cover."""

COVERAGE = ("#ffffff", "#f6dfa4", "#e8b65a", "#c4dff0", "#8fbfe6")
"""Five classes of probability, lowest first: ochre below the target, blue at and above it."""
COVERAGE_ALPHA = (0, 190, 200, 200, 205)
"""The lowest class is left clear: bare ground reads as not covered."""

TERRAIN = ("#8fbfe6", "#b2328c")
"""Covered with terrain seen, and what the terrain takes away from the buffers."""
TERRAIN_ALPHA = (130, 215)

SOURCE_TYPES = {"1": "#0072b2", "2": "#e69f00", "3": "#cc79a7", "4": "#f0e442", "5": "#d55e00"}
"""CandidateSet of candidates."""

VILLAGES: dict[str, dict[str, Any]] = {
    "covered": {"fill": "#ffffff", "line": "#5c6670", "size": 2.4, "width": 1},
    "newly": {"fill": "#009e73", "line": "#ffffff", "size": 4.0, "width": 1.2},
    "uncovered": {"fill": "#1b1b1b", "line": "#ffffff", "size": 4.0, "width": 1.4},
}
NETWORKS = ("#5b7ea8", "#8a7a66", "#6a8f6a", "#946f92")
"""Existing sites of one network, in the order of the project file."""
SHARED = "#3c4754"
"""Existing sites of several networks."""
PROPERTY = {"fill": "#b3cde3", "line": "#3b5b7a", "size": 2.6, "width": 1}
OTHERS: dict[str, dict[str, Any]] = {
    "CANDIDATE": {"fill": "#ffffff", "line": "#7a3b00", "size": 2.0, "width": 1},
    "EXCLUDED": {"fill": "#8c8c8c", "line": "#4d4d4d", "size": 1.8, "width": 0.8},
}
GAP = {"fill": "#d55e00", "line": "#a33f00", "opacity": 0.28, "width": 1}
ZONES: dict[str, dict[str, Any]] = {
    "forbid": {"fill": "#7a1f1f", "line": "#7a1f1f", "opacity": 0.22, "width": 1.4},
    "restrict": {"fill": "#8a5a00", "line": "#8a5a00", "opacity": 0.16, "width": 1.2},
    "notify": {"fill": "#4b4b8f", "line": "#4b4b8f", "opacity": 0.10, "width": 1.2},
}
"""Zones with a rule, by what the rule does."""
CHANGES: dict[str, dict[str, Any]] = {
    "kept": {"fill": "#8c96a0"},
    "moved": {"fill": "#e69f00"},
    "dropped": {"fill": "#7a1f1f"},
    "new": {"fill": "#0072b2"},
}
"""What becomes of a place between two plans."""
DIFF_VILLAGES: dict[str, dict[str, Any]] = {
    "covered": VILLAGES["covered"],
    "uncovered": VILLAGES["uncovered"],
    "newly": VILLAGES["newly"],
    "lost": {"fill": "#cc79a7", "line": "#1b1b1b", "size": 4.4, "width": 1.6},
}
"""Villages of two plans."""
COUNTY = {"fill": "none", "line": "#4a5058", "opacity": 0, "width": 1.4}
