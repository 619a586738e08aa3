"""Colours of maps, seen by people who lack one kind of cone (Machado, Oliveira and Fernandes 2009,
doi 10.1109/TVCG.2009.113, severity 1)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

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
    "source_types": list(style.SOURCE_TYPES.values()),
    "coverage": list(style.COVERAGE),
    "villages": [each["fill"] for each in style.VILLAGES.values()],
    "changes": [each["fill"] for each in style.CHANGES.values()],
    "terrain": list(style.TERRAIN),
}


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
