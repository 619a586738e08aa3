"""The demo's files: each table in the format and with the headers planners have.

Nothing is drawn here, and no file holds the time of writing where its format
lets that be avoided, so the same seed gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import xlsxwriter
from numpy.typing import NDArray

from siteplan.core.files import csv_bytes, write_atomic
from siteplan.core.grid import Grid
from siteplan.demo.network import StationNetwork

_CREATED = dt.datetime(2023, 7, 1)


def write_raster(path: Path, values: NDArray[np.generic], grid: Grid, nodata: float | None) -> None:
    """Write a tiled, compressed GeoTIFF."""
    profile = {
        "driver": "GTiff",
        "height": grid.height,
        "width": grid.width,
        "count": 1,
        "dtype": values.dtype.name,
        "crs": grid.crs,
        "transform": grid.transform,
        "nodata": nodata,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "zlevel": 6,
        "predictor": {"i": 2, "u": 1}.get(values.dtype.kind, 3),
        "num_threads": 2,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(values, 1)


def write_layer(path: Path, frame: gpd.GeoDataFrame, layer: str) -> None:
    """Write one GeoPackage layer."""
    frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a CSV that spreadsheet programs open right (UTF-8 with BOM)."""
    write_atomic(path, csv_bytes(list(table.columns), table.astype(object).to_numpy().tolist()))


def write_workbook(path: Path, table: pd.DataFrame, sheet: str, remarks: list[str]) -> None:
    """Write a workbook: the data sheet, then a sheet that says what it is."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": _CREATED, "comments": "synthetic demo data"})
        page, bold = book.add_worksheet(sheet), book.add_format({"bold": True, "bg_color": "#DDE8F5"})
        page.write_row(0, 0, list(table.columns), bold)
        for number, row in enumerate(table.astype(object).to_numpy().tolist(), 1):
            page.write_row(number, 0, row)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, len(table), len(table.columns) - 1)
        page.set_column(0, len(table.columns) - 1, 16)
        about = book.add_worksheet("说明")
        about.set_column(0, 0, 100)
        for number, line in enumerate(remarks):
            about.write_string(number, 0, line)


def station_table(network: StationNetwork, sectors: pd.DataFrame) -> pd.DataFrame:
    """The station list as planners have it: one row per station, WGS84.

    Parameters
    ----------
    network
        Sites and stations.
    sectors
        ``azimuth`` and ``downtilt`` of every site, "" where unknown.
    """
    aimed = sectors.iloc[network.stations["site"]].reset_index(drop=True)
    stations = network.stations
    sites = network.sites.iloc[stations["site"]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "基站编号": stations["station_id"],
            "站址编码": sites["site_id"],
            "站址名称": sites["site_name"],
            "县区": sites["county"],
            "网络": stations["operator"],
            "频段": stations["band"],
            "挂高": sites["height_m"],
            "方位角": aimed["azimuth"],
            "下倾角": aimed["downtilt"],
            "开通日期": [each.isoformat() for each in stations["on_air_date"]],
            "经度": sites["longitude"].map("{:.6f}".format),
            "纬度": sites["latitude"].map("{:.6f}".format),
        }
    )


def key_place_table(places: pd.DataFrame) -> pd.DataFrame:
    """The key places with Chinese headers, WGS84."""
    return pd.DataFrame(
        {
            "场所编号": [f"CS{number:04d}" for number in range(1, len(places) + 1)],
            "场所名称": places["name"],
            "场所类型": places["kind"],
            "权重": places["weight"],
            "经度": places["longitude"].map("{:.6f}".format),
            "纬度": places["latitude"].map("{:.6f}".format),
        }
    )


def project_text(template: str, targets: pd.DataFrame, year: int) -> str:
    """The project file with the year's targets filled in."""
    blocks = [
        f'[[quota.targets]]\nyear = {year}\ncounty = "{row.county}"\n'
        f'network = "{row.network}"\nstations = {row.stations}'
        for row in targets.itertuples()
    ]
    return template.replace("#TARGETS", "\n\n".join(blocks))
