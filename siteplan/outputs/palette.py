"""The one palette of every output: map, pictures, KMZ, charts and lists take their colours from here.

Three tones carry the message: a quiet grey-blue for what is covered anyway, one strong green for what the
plan adds, a warm orange where people live without cover. The rest keeps back, or marks one thing only.
Colours of one legend stay apart for the colour-blind (a test looks at them through other eyes).
"""

from __future__ import annotations

PAPER = "#eceee9"
"""Ground where there is no base map."""
INK, QUIET_INK, RIM = "#1b1b1b", "#5b6671", "#ffffff"
"""Text, text that keeps back, and the rim around points."""
COUNTY_LINE = "#4a5058"
WATER = "#c9dde8"

COVERED = ("#ffffff", "#dce7f1", "#b9cee0", "#95b3cd", "#7198b8")
"""Five classes of probability in one hue, lowest first; the target lies below the fourth."""
COVERED_ALPHA = (0, 120, 140, 150, 160)
"""Opacity [0-255]; the lowest class is left clear."""
NEW, NEW_EMPTY = "#00795a", "#93cfb6"
"""What the plan brings to the target: where people live, and where nobody does."""
GAP, GAP_PART = "#e8833a", "#f7c88f"
"""People below the target: far below, and not far."""
LOST = "#b03a8c"
"""What falls below the target that was above it; only a comparison of two plans has it."""

TERRAIN_TAKEN = "#8e3a8e"
"""What the terrain takes away from the plain buffers."""
FOOTPRINT = "#5b2a86"
"""Where one place alone would reach the target."""
OVERLAP = ("#b9cfe0", "#c98f2c", "#8c2d04")
"""Reached by one, two, and three or more of the chosen places."""
DOUBT = ("#f2b134", "#5e4fa2")
"""Not far below the target, and not far above it."""

PURPOSES = ("#00573f", "#4b3fa7", "#b5387a", "#7a5c00", "#3f4650")
"""What a place is for, in the order of the project's layers."""
SOURCE_TYPES = {"1": "#0072b2", "2": "#e69f00", "3": "#cc79a7", "4": "#f0e442", "5": "#d55e00"}
"""Source types of candidates."""
SITES_OF_PIXELS = ("#66a61e", "#7570b3", "#d95f02", "#1b9e77", "#e7298a", "#a6761d", "#4575b4", "#e6ab02")
"""Neighbouring chosen places, in turn by rank."""

VILLAGE_COVERED, VILLAGE_PEOPLE, VILLAGE_UNCOVERED = "#ffffff", "#f2c14e", "#9c3a00"
"""Villages that have it, whose point alone is short, and that do without; ``NEW`` is for new ones."""
NETWORKS = ("#5b7ea8", "#8a7a66", "#6a8f6a", "#946f92")
"""Existing sites of one network, in the order of the project file."""
SHARED = "#3c4754"
"""Existing sites of several networks."""
PROPERTY = "#b3cde3"
EXCLUDED = "#8c8c8c"
ZONES = {"forbid": "#7a1f1f", "restrict": "#8a5a00", "notify": "#4b4b8f"}
CHANGES = {"kept": "#8c96a0", "moved": "#e69f00", "dropped": "#7a1f1f", "new": "#0072b2"}
"""What becomes of a place between two plans."""

CITIES = ("#1b6ca8", "#c25b12", "#2f7d4f", "#8a4fa3", "#b5852b", "#3b8a99", "#a63a50", "#6a6f2a")
"""Cities of a province, in the order of its file."""
LIGHTS = {"red": "#e8833a", "amber": "#f7dfa5", "green": "#b9dfce", "done": "#dce7f1"}
"""How a place stands in time; the words beside them say it too."""

STATUSES = {
    "PROPOSED": "#6b7680",
    "NEGOTIATING": "#f2b134",
    "AGREED": "#d98a1f",
    "SIGNED": "#5b8fc9",
    "BUILDING": "#1f5fa8",
    "ON_AIR": "#00795a",
    "PAUSED": "#b9a3c9",
    "REFUSED": "#9c2b00",
    "INFEASIBLE": "#9c2b00",
    "WITHDRAWN": "#9c2b00",
}
"""Where the work at a place stands; the ways out share a colour."""


def is_dark(colour: str) -> bool:
    """Whether white text reads better on a colour than black.

    Examples
    --------
    >>> is_dark("#00573f"), is_dark("#f0e442")
    (True, False)
    """
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.3 * red + 0.59 * green + 0.11 * blue <= 140
