"""Codes of land cover into kinds of clutter, and whether they are the codes the project thinks they are.

Products number their classes differently, and a wrong legend puts towns into lakes without a word. Known
legends are offered by name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siteplan.core.errors import Fault, InputFaults, Severity
from siteplan.core.grid import Grid
from siteplan.project.area import CoverClass
from siteplan.project.input_files import Input

_CROP, _TREE, _GRASS, _SHRUB, _WET, _WATER, _BUILT, _BARE, _ICE, _MOSS = (
    40,
    10,
    30,
    20,
    90,
    80,
    50,
    60,
    70,
    100,
)
_TENS = {
    10: _CROP, 20: _TREE, 30: _GRASS, 40: _SHRUB, 50: _WET,
    60: _WATER, 70: _MOSS, 80: _BUILT, 90: _BARE, 100: _ICE,
}  # fmt: skip
_FCS30_TREES = (51, 52, 61, 62, 71, 72, 81, 82, 91, 92)
LEGENDS: dict[str, dict[int, int]] = {
    "WorldCover": {code: code for code in (10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100)},
    "GlobeLand30": _TENS,
    "FROM-GLC": _TENS,
    "CLCD": {
        1: _CROP, 2: _TREE, 3: _SHRUB, 4: _GRASS, 5: _WATER, 6: _ICE, 7: _BARE, 8: _BUILT, 9: _WET,
    },
    "ESRI": {
        1: _WATER, 2: _TREE, 3: _GRASS, 4: _WET, 5: _CROP, 6: _SHRUB, 7: _BUILT, 8: _BARE, 9: _ICE,
        11: _GRASS,
    },
    "GLC_FCS30": {
        **dict.fromkeys((10, 11, 12, 20), _CROP), **dict.fromkeys(_FCS30_TREES, _TREE),
        **dict.fromkeys((120, 121, 122), _SHRUB), 130: _GRASS, 140: _MOSS,
        **dict.fromkeys((150, 152, 153, 200, 201, 202), _BARE),
        180: _WET, 190: _BUILT, 210: _WATER, 220: _ICE,
    },
}  # fmt: skip
"""Codes of known products in those of ESA WorldCover, which the default ``[[land_cover]]`` speaks."""
MOST_UNKNOWN = 0.2
"""Share of pixels with a code of no class above which the legend is not the file's."""
MOST_WET = 0.1
"""Share of stations and villages in water above which the legend is not the file's."""
_FEWEST_PLACES = 10
_NOTHING = (0, 255)


@dataclass(frozen=True, eq=False)
class CoverEvidence:
    """Codes of a raster and where people and masts are in it.

    Attributes
    ----------
    codes
        On ``grid``, 0 where the file says nothing.
    grid
        Where the pixels lie.
    places
        Eastings and northings of stations and villages [m], shape (n, 2).
    inside
        Those of pixels of the planning area [m], shape (m, 2).
    """

    codes: NDArray[np.integer]
    grid: Grid
    places: NDArray[np.float64]
    inside: NDArray[np.float64]

    def at(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """Code under each point, 0 outside the grid."""
        row, col = self.grid.index(points[:, 0], points[:, 1])
        on = self.grid.inside(row, col)
        found = np.zeros(len(points), dtype=np.int64)
        found[on] = self.codes[row[on], col[on]]
        return found


def translated(codes: NDArray[np.integer], given: Input, file: str) -> NDArray[np.integer]:
    """Codes of a named legend in those of WorldCover; unchanged without a name."""
    if not given.legend:
        return codes
    by_form = {name.casefold(): legend for name, legend in LEGENDS.items()}
    legend = by_form.get(given.legend.casefold())
    if legend is None:
        values: dict[str, object] = {
            "value": given.legend,
            "found": tuple(LEGENDS),
            "table": "land_cover",
            "column": "",
        }
        raise InputFaults(
            [Fault("fatal", file, "unknown_legend", "unknown_legend_fix", values, table="land_cover")]
        )
    table = np.arange(int(codes.max()) + 1, dtype=codes.dtype)
    table[:] = [legend.get(code, code if code in _NOTHING else 254) for code in table.tolist()]
    return table[codes]


def cover_faults(found: CoverEvidence, classes: tuple[CoverClass, ...], file: str) -> list[Fault]:
    """Whether the legend can be right, how much of the area it leaves open, and codes of no class."""
    known = {code for cover in classes for code in cover.codes}
    here, how_often = np.unique(found.at(found.inside), return_counts=True)
    said = ~np.isin(here, _NOTHING)
    some, often = here[said], how_often[said]
    unknown = float(often[~np.isin(some, list(known))].sum() / max(often.sum(), 1))
    strange = sorted(_different(found.codes) - known - set(_NOTHING))
    wet = _wet_share(found, {code for cover in classes if cover.id == "water" for code in cover.codes})
    faults: list[Fault] = []
    if unknown > MOST_UNKNOWN or wet > MOST_WET:
        values = {
            "codes": tuple(map(str, some[:30])),
            "unknown": f"{unknown:.0%}",
            "wet": f"{wet:.0%}",
            "guess": _best_legend(found, some, often),
            "found": tuple(LEGENDS),
        }
        faults.append(_fault("fatal", "cover_legend", file, **values))
    elif strange:
        faults.append(_fault("warning", "unknown_cover", file, codes=tuple(map(str, strange))))
    open_share = float(how_often[~said].sum() / max(how_often.sum(), 1))
    if open_share > 0.001:
        faults.append(_fault("warning", "cover_partly", file, share=f"{open_share:.1%}"))
    return faults


def _wet_share(found: CoverEvidence, water: set[int]) -> float:
    """Share of stations and villages that stand in water; 0 where there are too few."""
    at = found.at(found.places)
    at = at[~np.isin(at, _NOTHING)]
    return float(np.isin(at, list(water)).mean()) if at.size >= _FEWEST_PLACES and water else 0.0


def _different(codes: NDArray[np.integer]) -> set[int]:
    """Different codes of a raster, which are few: counted where they are small."""
    if codes.dtype == np.uint8:
        return {int(code) for code in np.flatnonzero(np.bincount(codes.ravel(), minlength=256))}
    return {int(code) for code in np.unique(codes)}


def _best_legend(found: CoverEvidence, some: NDArray[np.int64], often: NDArray[np.int64]) -> str:
    """The product whose classes fit best: every code known, places dry and many of them built-up."""
    at = found.at(found.places)
    best, name = 0.0, "?"
    for each, legend in LEGENDS.items():
        known = float(often[np.isin(some, list(legend))].sum() / max(often.sum(), 1))
        kinds = np.array([legend.get(int(code), 0) for code in at])
        fit = (
            known - 2.0 * float((kinds == _WATER).mean()) + 0.5 * float((kinds == _BUILT).mean())
            if at.size
            else known
        )
        if fit > best + 1e-9:
            best, name = fit, each
    return name


def _fault(severity: Severity, problem: str, file: str, **values: object) -> Fault:
    values = {"table": "land_cover", "column": "", **values}
    return Fault(severity, file, problem, f"{problem}_fix", values, table="land_cover")
