"""The ground as propagation sees it: bare relief, what stands on it, and what a phone can stand in.

Clutter is counted once. Heights in the profile and a loss at the phone's end exclude
each other, and a DEM that is a surface already has its canopy in it: there the ground is what remains below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import binary_dilation, distance_transform_edt

from siteplan.core.grid import Raster
from siteplan.project.schema import Config, clutter_kinds

RIM_PX = 10
"""How far into a void heights are interpolated between its rims [pixels]."""


@dataclass(frozen=True, eq=False)
class GroundModel:
    """Relief, surface and kinds of clutter on one grid.

    Attributes
    ----------
    bare
        Ground above sea level [m], NaN where unknown.
    solid
        The same with every void filled, for rays that cross one [m].
    surface
        Top of what stands on it where heights stand in the profile, of that shape [m]; None for bare
        ground.
    kind
        Position in :func:`siteplan.project.schema.clutter_kinds` of each pixel, uint8, of that shape.
    """

    bare: Raster
    solid: Raster
    surface: NDArray[np.float32] | None
    kind: NDArray[np.uint8]

    @cached_property
    def digest(self) -> bytes:
        """Hash of everything on it."""
        whole = blake2b(np.ascontiguousarray(self.bare.values).tobytes(), digest_size=16)
        whole.update(np.ascontiguousarray(self.kind).tobytes())
        if self.surface is not None:
            whole.update(np.ascontiguousarray(self.surface).tobytes())
        return whole.digest()


def ground_model(dem: Raster, clutter: Raster | None, config: Config) -> GroundModel:
    """Lay clutter on relief, or take it out of a surface.

    Parameters
    ----------
    dem
        Heights above sea level, NaN where unknown [m].
    clutter
        Kind of clutter on the same grid; None for that of the default area class everywhere.
    config
        Its ``inputs.dem.surface`` says whether ``dem`` is a surface, ``coverage.clutter`` the treatment.

    Returns
    -------
    GroundModel
        With a surface only where the treatment is ``profile`` and something stands on the ground.
    """
    kinds = clutter_kinds(config)
    if clutter is None:
        default = [kind.id for kind in kinds].index(config.default_area_class)
        codes = np.full(dem.values.shape, default, dtype=np.uint8)
    else:
        codes = clutter.values.astype(np.uint8)
    height = np.array([kind.height_m for kind in kinds], dtype=np.float32)[codes]
    heights = dem.values.astype(np.float32)
    in_profile = config.coverage.clutter == "profile" and bool(height.any())
    is_surface = config.inputs.dem is not None and config.inputs.dem.surface
    top = _filled(heights) + (np.float32(0.0) if is_surface else height)
    bare = Raster(heights - height if is_surface else heights, dem.grid, dem.name, dem.unit)
    solid = bare if not np.isnan(heights).any() else Raster(top - height, dem.grid, dem.name, dem.unit)
    return GroundModel(bare, solid, top if in_profile else None, codes)


def _filled(heights_m: NDArray[np.float32]) -> NDArray[np.float32]:
    """Heights without voids: linear across narrow ones and at the rims of wide ones, the nearest beyond.

    Done once for a project: every mast whose radius touches a void would do it again.
    """
    voids = np.isnan(heights_m)
    if not voids.any() or voids.all():
        return heights_m
    nearest = distance_transform_edt(voids, return_distances=False, return_indices=True)
    full = heights_m[tuple(nearest)]
    rim = np.argwhere(binary_dilation(voids, np.ones((3, 3))) & ~voids)
    holes = np.argwhere(voids & binary_dilation(~voids, iterations=RIM_PX))
    if np.linalg.matrix_rank(rim - rim[0]) == 2:  # not all on one line
        values = LinearNDInterpolator(rim, heights_m[tuple(rim.T)].astype(np.float64))(holes)
        inside = np.isfinite(values)
        full[tuple(holes[inside].T)] = values[inside]
    return full
