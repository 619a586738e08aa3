"""The ground as propagation sees it: bare relief, what stands on it, and what a phone can stand in.

Clutter is counted once. Heights in the profile and a loss at the phone's end exclude
each other, and a DEM that is a surface already has its canopy in it: there the ground is what remains below.
"""

from __future__ import annotations

import io
import mmap
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import binary_dilation, distance_transform_edt

from siteplan.core.files import write_atomic
from siteplan.core.grid import Grid, Raster
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
    stored
        Where the same lies on disk for other processes; None while nobody else needs it.
    """

    bare: Raster
    solid: Raster
    surface: NDArray[np.float32] | None
    kind: NDArray[np.uint8]
    stored: StoredGround | None = None

    @cached_property
    def digest(self) -> bytes:
        """Hash of everything on it."""
        if self.stored is not None:
            return self.stored.digest
        whole = blake2b(np.ascontiguousarray(self.bare.values).tobytes(), digest_size=16)
        whole.update(np.ascontiguousarray(self.kind).tobytes())
        if self.surface is not None:
            whole.update(np.ascontiguousarray(self.surface).tobytes())
        return whole.digest()


@dataclass(frozen=True)
class StoredGround:
    """A ground on disk, read where somebody looks: no process holds the whole.

    Attributes
    ----------
    folder
        Has an array a file.
    grid
        Where its pixels lie.
    name, unit
        Of the relief.
    digest
        Hash of everything on it.
    solid, surface
        Whether a filled relief and a surface lie there too.
    """

    folder: Path
    grid: Grid
    name: str
    unit: str
    digest: bytes
    solid: bool
    surface: bool

    def open(self) -> GroundModel:
        """The ground with every array mapped from its file."""
        bare = Raster(self._mapped("bare"), self.grid, self.name, self.unit)
        solid = Raster(self._mapped("solid"), self.grid, self.name, self.unit) if self.solid else bare
        surface = self._mapped("surface") if self.surface else None
        return GroundModel(bare, solid, surface, self._mapped("kind"), self)

    def _mapped(self, name: str) -> NDArray[Any]:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")


def stored_ground(ground: GroundModel, folder: Path) -> GroundModel:
    """The same ground, laid on disk for other processes.

    Parameters
    ----------
    ground
        The ground.
    folder
        A folder every process sees; what it holds of the same ground is used again.

    Returns
    -------
    GroundModel
        With ``stored``.
    """
    own = folder / ground.digest.hex()
    solid, surface = ground.solid is not ground.bare, ground.surface
    arrays = {"bare": ground.bare.values, "kind": ground.kind}
    arrays |= {"solid": ground.solid.values} if solid else {}
    arrays |= {} if surface is None else {"surface": surface}
    own.mkdir(parents=True, exist_ok=True)
    for name, values in arrays.items():
        if not (own / f"{name}.npy").exists():
            stream = io.BytesIO()
            np.save(stream, np.ascontiguousarray(values))
            write_atomic(own / f"{name}.npy", stream.getvalue())
    relief = ground.bare
    stored = StoredGround(
        own, relief.grid, relief.name, relief.unit, ground.digest, solid, surface is not None
    )
    return replace(ground, stored=stored)


def forget_pages(values: NDArray[Any]) -> None:
    """Give back the pages of a file that were read through an array, so that a process stays small."""
    owner: Any = values
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # Windows trims by itself
        owner.madvise(mmap.MADV_DONTNEED)


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
