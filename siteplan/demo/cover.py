"""Synthetic land cover in the codes of ESA WorldCover: woods, fields, water, and where people live.

It follows from relief and people, not the other way round, so that the rest of the
demo is what it was without it. Edges are frayed pixel by pixel; nothing in it is measured.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from siteplan.demo.ground import Land
from siteplan.demo.noise import child, grid_noise
from siteplan.demo.people import People
from siteplan.demo.settlements import Settlements
from siteplan.demo.terrain import Terrain

TREES, SHRUB, GRASS, CROP, BUILT, WATER = 10, 20, 30, 40, 50, 80
"""Codes of ESA WorldCover 2021."""
BUILT_FROM_PEOPLE = 5.0
"""Residents of a hectare from which it counts as built-up."""
_FIELD_SUITABILITY, _FIELD_SLOPE_DEG = 0.12, 9.0
_RIVER_HALF_WIDTH, _RIVER_ABOVE_VALLEY_M = 0.012, 12.0
_HIGH_M, _STEEP_DEG = 1250.0, 28.0
Codes = NDArray[np.uint8]


def make_cover(terrain: Terrain, land: Land, settlements: Settlements, people: People, seed: int) -> Codes:
    """Draw the land cover on the grid of the DEM."""
    rng = child(seed, "land cover")
    coarse = _coarse(terrain, land, settlements, people, rng)
    return _frayed(coarse, terrain, rng)


def _coarse(
    terrain: Terrain, land: Land, settlements: Settlements, people: People, rng: np.random.Generator
) -> Codes:
    """One code a pixel of the working grid; what is named later stands over what is named before."""
    shape = land.grid.shape
    patches, river = grid_noise(rng, shape, 12.0), grid_noise(rng, shape, 90.0)
    suitability = land.suitability.reshape(shape)
    gentle = (suitability > _FIELD_SUITABILITY) & (terrain.slope_deg < _FIELD_SLOPE_DEG)
    high = (terrain.elevation_m > _HIGH_M) | (terrain.slope_deg > _STEEP_DEG)
    codes = np.full(shape, TREES, dtype=np.uint8)
    codes[high & (patches > 0.6)] = SHRUB
    codes[(terrain.elevation_m > _HIGH_M) & (patches > 1.2)] = GRASS
    codes[gentle & (patches > -1.0)] = CROP
    codes[(np.abs(river) < _RIVER_HALF_WIDTH) & (terrain.above_valley_m < _RIVER_ABOVE_VALLEY_M)] = WATER
    lived_in = people.persons.reshape(shape) >= BUILT_FROM_PEOPLE
    codes[lived_in | (settlements.zones.label.reshape(shape) >= 0)] = BUILT
    return codes


def _frayed(coarse: Codes, terrain: Terrain, rng: np.random.Generator) -> Codes:
    """The coarse codes on the DEM's pixels, each looked up a random half step aside."""
    fine, work = terrain.dem_grid, terrain.grid
    share = fine.resolution_m / work.resolution_m
    first_row = (work.north_m - fine.north_m) / work.resolution_m
    first_col = (fine.west_m - work.west_m) / work.resolution_m
    row = (np.arange(fine.height) + 0.5) * share + first_row
    col = (np.arange(fine.width) + 0.5) * share + first_col
    result = np.empty(fine.shape, dtype=np.uint8)
    for r, at in enumerate(row):  # a row at a time: the whole would take a gigabyte
        aside = rng.random((2, fine.width), dtype=np.float32) - np.float32(0.5)
        rows = np.clip((at + aside[0]).astype(np.intp), 0, work.height - 1)
        cols = np.clip((col + aside[1]).astype(np.intp), 0, work.width - 1)
        result[r] = coarse[rows, cols]
    return result
