"""The ground as propagation sees it: bare relief, what stands on it, and what a phone can stand in.

One decision to know: clutter is counted once. Heights in the profile and a loss at the phone's end exclude
each other, and a DEM that is a surface already has its canopy in it: there the ground is what remains below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from siteplan.config import Config, clutter_kinds
from siteplan.grid import Raster


@dataclass(frozen=True, eq=False)
class Ground:
    """Relief, surface and kinds of clutter on one grid.

    Attributes
    ----------
    bare
        Ground above sea level [m], NaN where unknown.
    surface
        Top of what stands on it where heights stand in the profile, of that shape [m]; None for bare
        ground.
    kind
        Position in :func:`siteplan.config.clutter_kinds` of each pixel, uint8, of that shape.
    """

    bare: Raster
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


def ground_of(dem: Raster, clutter: Raster | None, config: Config) -> Ground:
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
    Ground
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
    if config.inputs.dem is not None and config.inputs.dem.surface:
        bare = Raster(heights - height, dem.grid, dem.name, dem.unit)
        return Ground(bare, heights if in_profile else None, codes)
    return Ground(
        Raster(heights, dem.grid, dem.name, dem.unit), heights + height if in_profile else None, codes
    )
