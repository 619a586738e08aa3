"""What the numbers of a raster's band mean: scale, offset, unit, and the pixels that hold no measurement.

A band is decoded before anything is resampled, so that a code for "nothing here" never enters a mean or a
sum. Whatever is applied or masked is said; what cannot be decided is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import Proj
from rasterio.enums import ColorInterp
from rasterio.windows import Window

from siteplan.core.errors import Fault, InputFaults, Severity
from siteplan.project.input_files import Input

LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""Heights beyond these were never measured: the Dead Sea's shore lies at -430, Everest at 8,849 [m]."""
CLIFF_M, CLIFF_SLOPE = 100.0, 2.5
"""A value that stands this far from all its neighbours (whichever is more: metres, or times the pixel) is no
ground: 2.5 is 68 degrees on all sides [m, -]."""
MOST_PEOPLE_PER_KM2 = 300_000.0
"""More than live on any hectare: the densest quarters of Hong Kong stay below 200,000 [1/km2]."""
_PICTURE_BANDS = 3
_STRIP_PIXELS = 2e7
"""Pixels decoded at a time."""
_KM_PER_DEGREE = 111.2
_HEIGHT_UNITS = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "米"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet", "英尺"), 0.3048),
    **dict.fromkeys(("us survey foot", "us-ft", "ftus"), 1200 / 3937),
    **dict.fromkeys(("dm", "decimetre", "decimeter", "分米"), 0.1),
    **dict.fromkeys(("cm", "centimetre", "centimeter", "厘米"), 0.01),
    **dict.fromkeys(("mm", "毫米"), 0.001),
}
_PEOPLE_UNITS = {
    **dict.fromkeys(("people", "persons", "person", "count", "people/pixel", "people per pixel", "人"), 1.0),
    **dict.fromkeys(("千人", "thousand people"), 1e3),
    **dict.fromkeys(("万人",), 1e4),
}
_PER_KM2 = {
    "people/km2",
    "people/km^2",
    "people/km²",
    "people per km2",
    "people per sq km",
    "people per sq. km",
    "persons/km2",
    "persons per square km",
    "inhabitants/km2",
    "人/平方公里",
    "人/平方千米",
    "人/km2",
}
_NO_UNIT = {"", "1", "unitless", "none", "-"}


@dataclass(frozen=True, eq=False)
class Band:
    """A decoded part of a band.

    Attributes
    ----------
    values
        float32 in the project's unit, NaN where nothing was measured, shape (height, width).
    transform, crs
        Where its pixels lie.
    faults
        What was applied or masked.
    """

    values: NDArray[np.float32]
    transform: Affine
    crs: rasterio.CRS | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, eq=False)
class BandQuestion:
    """A raster as it was asked for.

    Attributes
    ----------
    name
        ``dem`` (heights), else people or another weight per pixel.
    path
        The file.
    given
        The project file's entry: its ``unit`` decides before the file's own, its ``layer`` names the band.
    pixel_m
        Edge of a pixel [m], about.
    factor
        Pixels joined to one in each direction after masking: heights by mean, people by sum.
    """

    name: str
    path: Path
    given: Input
    pixel_m: float
    factor: int = 1

    @property
    def is_heights(self) -> bool:
        """Whether values are heights and not amounts."""
        return self.name == "dem"

    def fault(self, severity: Severity, problem: str, **values: object) -> Fault:
        """A fault of the whole raster."""
        values = {"table": self.name, "column": "", **values}
        return Fault(severity, self.path.name, problem, f"{problem}_fix", values, table=self.name)


@dataclass
class _Masked:
    """Pixels masked so far, by reason, with the values they held."""

    values: dict[str, Counter[float]] = field(default_factory=dict)

    def mask(
        self, values: NDArray[np.float32], raw: NDArray[np.float32], bad: NDArray[np.bool_], reason: str
    ) -> None:
        """Make pixels nodata and remember what the file held there."""
        if bad.any():
            held, counts = np.unique(raw[bad], return_counts=True)
            self.values.setdefault(reason, Counter()).update(
                {float(v): int(c) for v, c in zip(held, counts, strict=True)}
            )
            values[bad] = np.nan


def read_band(source: rasterio.DatasetReader, window: Window, asked: BandQuestion) -> Band:
    """Decode a window of a raster.

    Parameters
    ----------
    source
        The file, open.
    window
        What to read [pixels].
    asked
        What it is read as.

    Raises
    ------
    InputFaults
        If the band or the unit must be asked for.
    """
    number = band_number(source, asked)
    unit, per_km2, faults = _unit_of(source, number, asked)
    scale, offset = source.scales[number - 1], source.offsets[number - 1]
    if (scale, offset) != (1.0, 0.0):
        faults.append(asked.fault("note", "raster_scaled", scale=f"{scale:g}", offset=f"{offset:g}"))
    mask = _mask_heights if asked.is_heights else _mask_amounts
    masked, parts = _Masked(), []
    _refuse_clipped(source, number, window, asked)
    for strip in _strips(window, asked.factor):
        raw = source.read(number, window=strip, masked=True)
        plain = raw.data.astype(np.float32)
        if raw.mask is not np.ma.nomask:
            plain[raw.mask] = np.nan
        values = plain.copy()
        if (scale, offset, unit) != (1.0, 0.0, 1.0):
            values = (plain * np.float32(scale) + np.float32(offset)) * np.float32(unit)
        if per_km2:
            values *= _areas_km2(source, strip)[:, None].astype(np.float32)
        mask(values, plain, asked.pixel_m, masked)
        parts.append(_joined(values, asked.factor, np.nanmean if asked.is_heights else np.nansum))
    values = np.concatenate(parts)
    faults += _masked_faults(asked, masked, int(window.width) * int(window.height))
    transform = source.window_transform(window) @ Affine.scale(asked.factor)
    return _north_up(Band(values, transform, source.crs, tuple(faults)))


_MOST_CLIPPED = 0.001


def _refuse_clipped(source: rasterio.DatasetReader, number: int, window: Window, asked: BandQuestion) -> None:
    """Refuse amounts in bytes that end at 255 again and again: grey tones, or a code for nothing."""
    if asked.is_heights or source.dtypes[number - 1] != "uint8":
        return
    values = source.read(number, window=window, masked=True)
    full = values.filled(0) == 255
    if full.mean() > _MOST_CLIPPED:
        share = f"{full.mean():.1%}"
        raise InputFaults([asked.fault("fatal", "bytes_clipped", count=int(full.sum()), share=share)])


def _north_up(band: Band) -> Band:
    """The band with its first row in the north and its first column in the west."""
    values, t = band.values, band.transform
    if t.e > 0:
        values, t = values[::-1], t @ Affine(1, 0, 0, 0, -1, values.shape[0])
    if t.a < 0:
        values, t = values[:, ::-1], t @ Affine(-1, 0, values.shape[1], 0, 1, 0)
    return replace(band, values=np.ascontiguousarray(values), transform=t)


def band_number(source: rasterio.DatasetReader, asked: BandQuestion) -> int:
    """The band to read; of several none is guessed, and a picture is none."""
    data = [n for n, what in enumerate(source.colorinterp, 1) if what != ColorInterp.alpha]
    if asked.given.layer:
        names = {str(n): n for n in data}
        names |= {text: n for n in data if (text := source.descriptions[n - 1])}
        if asked.given.layer not in names:
            raise InputFaults([asked.fault("fatal", "no_layer", value=asked.given.layer, found=tuple(names))])
        return names[asked.given.layer]
    is_byte = source.dtypes[0] in ("uint8", "int8")
    if is_byte and (len(data) >= _PICTURE_BANDS or (asked.is_heights and not asked.given.unit)):
        raise InputFaults([asked.fault("fatal", "raster_is_picture", bands=len(data))])
    if len(data) > 1:
        found = tuple(source.descriptions[n - 1] or str(n) for n in data[:20])
        raise InputFaults(
            [asked.fault("fatal", "several_bands", count=len(data), found=found, first=found[0])]
        )
    return data[0] if data else 1


def _unit_of(
    source: rasterio.DatasetReader, number: int, asked: BandQuestion
) -> tuple[float, bool, list[Fault]]:
    """Factor to metres or people, whether values are per square kilometre, and what is said about it."""
    declared, own = asked.given.unit.strip().lower(), (source.units[number - 1] or "").strip().lower()
    word, known = declared or own, _HEIGHT_UNITS if asked.is_heights else _PEOPLE_UNITS
    if word in _NO_UNIT:
        return 1.0, False, []
    per_km2 = not asked.is_heights and word in _PER_KM2
    if not per_km2 and word not in known:
        unit = {"unit": word, "found": tuple(known) + (() if asked.is_heights else ("people/km2",))}
        raise InputFaults([asked.fault("fatal", "raster_unit", **unit)])
    factor = 1.0 if per_km2 else known[word]
    changes = per_km2 or factor != 1.0
    severity: Severity = "note" if declared else "warning"
    return factor, per_km2, [asked.fault(severity, "raster_converted", unit=word)] if changes else []


def _strips(window: Window, factor: int) -> Iterator[Window]:
    """The window in strips of whole joined pixels."""
    rows = max(factor, int(_STRIP_PIXELS / max(window.width, 1)) // factor * factor)
    for start in range(0, int(window.height), rows):
        height = min(rows, int(window.height) - start)
        yield Window(window.col_off, window.row_off + start, window.width, height)


def _areas_km2(source: rasterio.DatasetReader, strip: Window) -> NDArray[np.float64]:
    """Area of a pixel in each row of a strip [km2], shape (height,)."""
    t = source.transform
    size = abs(t.a * t.e - t.b * t.d)
    if source.crs is None or not source.crs.is_geographic:
        unit = source.crs.linear_units_factor[1] if source.crs else 1.0
        return size * unit**2 / 1e6 / _areal_scale(source, strip)
    latitude = t.f + t.e * (strip.row_off + np.arange(int(strip.height)) + 0.5)
    return size * _KM_PER_DEGREE**2 * np.cos(np.radians(latitude))


def _areal_scale(source: rasterio.DatasetReader, strip: Window) -> NDArray[np.float64]:
    """How much larger areas are in the raster's grid than on the ground, by row: web maps stretch them."""
    rows = np.arange(int(strip.height)) + strip.row_off + 0.5
    middle = strip.col_off + strip.width / 2.0
    if source.crs is None:
        return np.ones(len(rows))
    x, y = source.transform @ (np.full(len(rows), middle), rows)
    projection = Proj(source.crs.to_wkt())
    longitude, latitude = projection(x, y, inverse=True)
    scale = np.asarray(projection.get_factors(longitude, latitude).areal_scale, dtype=np.float64)
    return np.where(np.isfinite(scale) & (scale > 0), scale, 1.0)


def _joined(
    values: NDArray[np.float32], factor: int, how: Callable[..., NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Blocks of pixels as one, those without a value left out; a rest at the edge makes a block too."""
    if factor == 1:
        return values
    height, width = (-(-size // factor) * factor for size in values.shape)
    whole = np.full((height, width), np.nan, dtype=np.float32)
    whole[: values.shape[0], : values.shape[1]] = values
    blocks = whole.reshape(height // factor, factor, width // factor, factor)
    some = np.isfinite(blocks).any(axis=(1, 3))
    joined = np.full(some.shape, np.nan, dtype=np.float32)
    joined[some] = how(blocks.transpose(0, 2, 1, 3)[some], axis=(1, 2))
    return joined


def _mask_heights(
    values: NDArray[np.float32], raw: NDArray[np.float32], pixel_m: float, masked: _Masked
) -> None:
    """Heights that are no ground: impossible, a constant in the place of voids, or one pixel alone."""
    masked.mask(values, raw, (values < LOWEST_M) | (values > HIGHEST_M), "masked_impossible")
    cliff = max(CLIFF_M, CLIFF_SLOPE * pixel_m)
    for _ in range(4):
        found = [v for v in _extremes(values) if _stands_apart(values, v, cliff)]
        for value in found:
            masked.mask(values, raw, values == np.float32(value), "masked_constant")
        if not found:
            break
    masked.mask(values, raw, _lonely(values, cliff), "masked_spike")


def _extremes(values: NDArray[np.float32]) -> tuple[float, ...]:
    """Values that stand for voids more often than any other: the lowest, the highest, and 0."""
    if not np.isfinite(values).any():
        return ()
    return tuple(dict.fromkeys((float(np.nanmin(values)), float(np.nanmax(values)), 0.0)))


def _stands_apart(values: NDArray[np.float32], value: float, cliff: float) -> bool:
    """Whether pixels of a value end in a cliff nearly everywhere."""
    row, col = np.nonzero(values == np.float32(value))
    if not row.size:
        return False
    jumps = []
    for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        r, c = row + down, col + right
        on = (r >= 0) & (r < values.shape[0]) & (c >= 0) & (c < values.shape[1])
        other = values[r[on], c[on]]
        jumps.append(np.abs(other[np.isfinite(other) & (other != np.float32(value))] - value))
    all_jumps = np.concatenate(jumps)
    # the sea has gentle shores beside its cliffs, a void has none
    return bool(all_jumps.size and np.median(all_jumps) > cliff and np.quantile(all_jumps, 0.2) > cliff / 4)


def _lonely(values: NDArray[np.float32], cliff: float) -> NDArray[np.bool_]:
    """Pixels beyond all four neighbours by a cliff, shape of ``values``; only those beside one are tried."""
    beside = np.zeros(values.shape, dtype=bool)
    for axis in (0, 1):
        steep = np.abs(np.diff(values, axis=axis)) > cliff
        first, last = (np.s_[:-1], np.s_[1:]) if axis == 0 else (np.s_[:, :-1], np.s_[:, 1:])
        beside[first] |= steep
        beside[last] |= steep
    row, col = np.nonzero(beside)
    around = np.pad(values, 1, constant_values=np.nan) if row.size else values
    above, below = np.ones(row.size, dtype=bool), np.ones(row.size, dtype=bool)
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        side = around[row + down, col + right]
        step = values[row, col] - side
        above &= (step > cliff) | ~np.isfinite(side)
        below &= (step < -cliff) | ~np.isfinite(side)
    lonely = above | below
    beside[:] = False
    beside[row[lonely], col[lonely]] = True
    return beside


def _mask_amounts(
    values: NDArray[np.float32], raw: NDArray[np.float32], pixel_m: float, masked: _Masked
) -> None:
    """Amounts that are none: negative or endless ones, and one largest value far from all others."""
    masked.mask(values, raw, (values < 0) | np.isinf(values), "masked_negative")
    most = MOST_PEOPLE_PER_KM2 * pixel_m**2 / 1e6
    for _ in range(2):
        if not np.isfinite(values).any() or not np.nanmax(values) > most:
            return
        top = values == np.nanmax(values)
        rest = values[~top & np.isfinite(values)]
        if rest.size and np.nanmax(rest) * 10.0 > np.nanmax(values):
            return  # the values run on: their unit is wrong, not one code
        masked.mask(values, raw, top, "masked_constant")


def _masked_faults(asked: BandQuestion, masked: _Masked, pixels: int) -> list[Fault]:
    """One warning a reason, with the commonest value."""
    faults = []
    for reason, held in masked.values.items():
        value, _ = max(held.items(), key=lambda item: (item[1], -item[0]))
        count = sum(held.values())
        values = {"count": count, "value": f"{value:g}", "share": f"{count / max(pixels, 1):.2%}"}
        faults.append(asked.fault("warning", reason, **values))
    return faults
