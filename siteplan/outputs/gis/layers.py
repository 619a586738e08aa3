"""GeoPackage and GeoTIFF, for people with a GIS.

Layers keep the project CRS and English column names; the GeoPackage is the
canonical exchange format.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio

from siteplan.core.grid import Grid, Raster
from siteplan.planning.proposal import Proposal
from siteplan.project.columns import names_of

NODATA = -1.0
"""Value of pixels outside the area in the coverage rasters."""


def write_geopackages(proposal: Proposal, folder: Path) -> None:
    """Write ``candidates.gpkg`` (proposed, not proposed, rings, villages, counties) and ``gaps.gpkg``."""
    proposed = proposal.places.proposed
    rings = proposed[["rank", "candidate_id", "name", "search_radius_m", "geometry"]].copy()
    rings["geometry"] = proposed.geometry.buffer(proposed["search_radius_m"].clip(lower=1))
    others = proposal.places.candidates[proposal.places.candidates["status"] != "PROPOSED"]
    layers = {
        "proposed": proposed,
        "not_proposed": others[[*names_of("not_proposed"), "geometry"]],
        "rings": rings,
        "villages": proposal.effects.villages,
        "counties": proposal.area.counties,
    }
    if proposal.existing.comparison is not None:
        layers["deep_shadow"] = proposal.existing.comparison
    proof = {"points_tested": proposal.proof.points, "uncovered_stretches": proposal.proof.stretches}
    layers |= {name: table for name, table in proof.items() if len(table)}
    # GDAL writes the time of writing into a GeoPackage unless it is given one: equal plans give equal bytes
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{proposal.record.reference_date}T00:00:00.000Z"})
    try:
        for name, table in layers.items():
            _write(table, folder / "candidates.gpkg", name)
        _write(proposal.existing.gaps, folder / "gaps.gpkg", "gaps")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write(table: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    """Append a layer; an empty one is written with its columns and no rows."""
    kind = "Unknown" if table.empty else None
    pyogrio.write_dataframe(
        table.reset_index(drop=True),
        path,
        layer=layer,
        driver="GPKG",
        geometry_type=kind,
        append=path.exists(),
    )


def write_coverage(proposal: Proposal, folder: Path) -> None:
    """Write ``coverage_before.tif`` and ``coverage_after.tif``: P of the first layer.

    With terrain there is ``coverage_empirical.tif`` as well: today's network by buffers alone; with tiers
    ``signal_tier_before.tif`` and ``signal_tier_after.tif``; with measurements ``coverage_predicted.tif``
    (without them) and ``measured_share.tif`` (how much of the variance they explain).
    """
    propagation = proposal.record.model.propagation
    for raster in (proposal.existing.coverage, proposal.effects.coverage):
        _write_raster(raster, folder / f"{raster.name}.tif", proposal, propagation)
    for raster in proposal.effects.tiers or ():
        _write_tiers(raster, folder / f"{raster.name}.tif", proposal)
    for known in (proposal.existing.coverage_predicted, proposal.existing.measured_share):
        if known is not None:
            _write_raster(known, folder / f"{known.name}.tif", proposal, propagation)
    if proposal.existing.coverage_empirical is not None:
        _write_raster(
            proposal.existing.coverage_empirical, folder / "coverage_empirical.tif", proposal, "empirical"
        )


def _write_raster(raster: Raster, path: Path, proposal: Proposal, propagation: str) -> None:
    known = raster.values.astype(np.float32)
    values = np.where(np.isnan(known), np.float32(NODATA), np.round(known, 4))
    layer = proposal.config.layers[0]
    tags = {"THRESHOLD_DBM": str(layer.threshold_dbm)}
    what = f"P(RSRP >= T), layer {layer.id}"
    _write_pixels(values, raster.grid, path, NODATA, what, {**_origin(proposal, propagation), **tags})


def _write_tiers(raster: Raster, path: Path, proposal: Proposal) -> None:
    """Grades of signal as bytes; what each value means stands in the tags."""
    tiers = proposal.config.tiers
    values = [f"{k}={tier.id} >= {tier.threshold_dbm:g} dBm" for k, tier in enumerate(tiers, start=1)]
    tags = {"VALUES": "; ".join([*values, f"{len(tiers) + 1}=none"])}
    origin = _origin(proposal, proposal.record.model.propagation)
    codes = raster.values.astype(np.uint8)
    _write_pixels(codes, raster.grid, path, 0, "grade of signal", {**origin, **tags})


def _write_pixels(
    values: np.ndarray, grid: Grid, path: Path, nodata: float, what: str, tags: dict[str, str]
) -> None:
    """One band, tiled and compressed, with a word on what it is."""
    profile = {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": 1,
        "dtype": values.dtype.name,
        "crs": grid.crs,
        "transform": grid.transform,
        "nodata": nodata,
        "compress": "deflate",
        "predictor": 3 if values.dtype.kind == "f" else 1,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(values, 1)
        target.set_band_description(1, what)
        target.update_tags(**tags)


def _origin(proposal: Proposal, propagation: str) -> dict[str, str]:
    """Tags every raster has: the model, and what is synthetic."""
    return {
        "MODEL": f"{propagation}, {_calibrated(proposal)}",
        "SYNTHETIC": proposal.config.project.synthetic or "no",
        "SELF_CHECK": "wrong: do not build from it" if proposal.record.is_wrong else "passed",
    }


def _calibrated(proposal: Proposal) -> str:
    return "calibrated" if proposal.record.model.calibrated else "uncalibrated"
