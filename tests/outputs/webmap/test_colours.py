"""Colours of maps, seen by people who lack one kind of cone (Machado, Oliveira and Fernandes 2009,
doi 10.1109/TVCG.2009.113, severity 1)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from siteplan.outputs import palette
from siteplan.outputs.webmap import style

EYES = {
    "all": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
NOTICED = 10.0
"""CIE 1976 colour difference; 2.3 is just noticeable side by side."""


def lab(colour: str, eye: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colour as an eye sees it, in CIE L*a*b*."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = TO_XYZ @ np.clip(eye @ linear, 0, 1) / WHITE
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


SETS = {
    "source_types": list(palette.SOURCE_TYPES.values()),
    "covered": list(palette.COVERED),
    "change": [
        palette.NEW,
        palette.NEW_EMPTY,
        palette.GAP,
        palette.GAP_PART,
        palette.LOST,
        palette.COVERED[4],
    ],
    "purposes": list(palette.PURPOSES),
    "doubt": [*palette.DOUBT, palette.COVERED[4]],
    "overlap": list(palette.OVERLAP),
    "terrain": [palette.TERRAIN_TAKEN, palette.COVERED[4]],
    "villages": [each["fill"] for each in style.VILLAGES.values()],
    "changes": [each["fill"] for each in style.CHANGES.values()],
}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("colour", [*palette.PURPOSES, *palette.SOURCE_TYPES.values()])
def test_a_number_on_a_pin_can_be_read(colour: str) -> None:
    """WCAG 2.1 asks 4.5 of text, 3 of large or bold text; ranks are bold."""
    ink = palette.RIM if palette.is_dark(colour) else palette.INK
    light, dark = sorted((luminance(colour), luminance(ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3.0


def test_what_changes_is_the_strongest_colour_on_quiet_ground() -> None:
    """New cover stands out from covered ground more than any two classes of covered ground from each other."""
    eye = EYES["all"]
    shown = [0.63 * lab(colour, eye) + 0.37 * lab("#ffffff", eye) for colour in palette.COVERED[1:]]
    new = lab(palette.NEW, eye)
    apart = max(float(np.linalg.norm(a - b)) for a, b in combinations(shown, 2))
    assert min(float(np.linalg.norm(new - each)) for each in shown) > apart


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", SETS)
def test_colours_of_one_legend_stay_apart(name: str, eye: str) -> None:
    for first, second in combinations(SETS[name], 2):
        difference = float(np.linalg.norm(lab(first, EYES[eye]) - lab(second, EYES[eye])))
        assert difference > NOTICED, (first, second, round(difference, 1))


def test_the_measure_knows_red_from_green_only_with_all_cones() -> None:
    red, green = "#b04020", "#6a7a1c"
    far = {eye: float(np.linalg.norm(lab(red, m) - lab(green, m))) for eye, m in EYES.items()}
    assert far["all"] > 4 * far["deuteranopia"]
