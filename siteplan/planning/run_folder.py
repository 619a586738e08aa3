"""Reading a run back: what a plan wrote, as far as another plan can be compared with it.

One decision to know: the GeoPackage is the canonical list, so nothing is read from the sheets people edit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio
from pyogrio.errors import DataLayerError, DataSourceError
from rasterio.errors import RasterioIOError

from siteplan.core.errors import SiteplanError
from siteplan.core.grid import Grid, Raster
from siteplan.field.journal import Place
from siteplan.field.published import PublishedList
from siteplan.project.project_file import parse_config
from siteplan.project.schema import Config


@dataclass(frozen=True, eq=False)
class Plan:
    """A plan as its run folder holds it.

    Attributes
    ----------
    name
        Of the folder.
    config
        Effective project file.
    summary
        Content of ``run.json``.
    counties, proposed, others, villages
        Layers of ``candidates.gpkg``; ``others`` are the places that were not proposed.
    coverage
        P of the first layer when the plan is built, NaN outside the area.
    """

    name: str
    config: Config
    summary: dict[str, Any]
    counties: gpd.GeoDataFrame
    proposed: gpd.GeoDataFrame
    others: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    coverage: Raster


def read_plan(folder: Path) -> Plan:
    """Read a run folder.

    Parameters
    ----------
    folder
        As ``siteplan plan`` wrote it.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    SiteplanError
        If a file is missing or is not what a plan writes.
    """
    try:
        config = parse_config(json.loads((folder / "config.json").read_text("utf-8")), "config.json")
        summary = json.loads((folder / "run.json").read_text("utf-8"))
        tables = folder / "candidates.gpkg"
        counties, proposed = _layer(tables, "counties"), _layer(tables, "proposed")
        others, villages = _layer(tables, "not_proposed"), _layer(tables, "villages")
        coverage = _coverage(folder / "coverage_after.tif")
    except (OSError, ValueError, DataSourceError, DataLayerError, RasterioIOError) as error:
        raise SiteplanError(
            f"{folder}: 不是 siteplan plan 的结果文件夹，或由旧版本写出 / not a folder that siteplan plan "
            f"wrote, or an old one: {error}"
        ) from error
    return Plan(folder.name, config, summary, counties, proposed, others, villages, coverage)


def _layer(path: Path, name: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pyogrio.read_dataframe(path, layer=name))


def _coverage(path: Path) -> Raster:
    with rasterio.open(path) as source:
        values = source.read(1).astype(np.float32)
        values[values == source.nodata] = np.nan
        to = source.transform
        grid = Grid(str(source.crs), to.c, to.f, to.a, source.width, source.height)
    return Raster(values, grid, "coverage_after", "1")


def published_list_of(plan: Plan) -> PublishedList:
    """A published list as returns are held against it.

    Parameters
    ----------
    plan
        As its run folder holds it.

    Returns
    -------
    PublishedList
        Its candidates.

    Raises
    ------
    SiteplanError
        If the run was written before lists could come back.
    """
    table = plan.proposed
    missing = {"key", "band_ids", "search_radius_m"} - set(table.columns)
    if missing or "run_id" not in plan.summary:
        raise SiteplanError(
            f"{plan.name}: 由旧版本写出，请重新运行 siteplan plan / "
            "written by an older version; run siteplan plan again"
        )
    rows = table.to_dict("records")
    places = {
        str(row["candidate_id"]): Place(
            key=str(row["key"]),
            county_id=str(row["county_id"]),
            name=str(row["name"]),
            bands=tuple(str(row["band_ids"]).split()),
            stations=int(row["stations"]),
            longitude=float(row["longitude"]),
            latitude=float(row["latitude"]),
            search_radius_m=float(row["search_radius_m"]),
            antenna_height_m=float(row["antenna_height_m"]),
        )
        for row in rows
    }
    seen = {str(row["candidate_id"]): str(row["status"]) for row in rows}
    unlisted = frozenset(plan.others["candidate_id"].astype(str))
    return PublishedList(str(plan.summary["run_id"]), places, seen, unlisted)
