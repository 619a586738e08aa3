"""Two counties, drawn: a whole project on disk, small enough to plan in a second."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import tomli_w
import xlsxwriter
from pyproj import Transformer
from rasterio.transform import from_origin
from shapely.geometry import Point, box

from siteplan.inputs.places.datum import gcj02_from_wgs84

CRS = "EPSG:4547"
WEST, SOUTH = 440_000.0, 2_740_000.0
TO_LONLAT = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)

PROJECT: dict[str, Any] = {
    "schema": "siteplan-project/1",
    "project": {
        "city": "双县市",
        "crs": "EPSG:4547",
        "reference_date": dt.date(2023, 6, 30),
        "year": 2023,
        "synthetic": "全部为测试用合成数据",
    },
    "quota": {
        "targets": [
            {"year": 2023, "county": "东县", "network": "A", "stations": 3},
            {"year": 2023, "county": "东县", "network": "B", "stations": 2},
            {"year": 2023, "county": "西县", "network": "A", "stations": 2},
            {"year": 2023, "county": "西县", "network": "B", "stations": 2},
        ]
    },
    "inputs": {
        "counties": {"path": "counties.gpkg"},
        "villages": {"path": "villages.gpkg"},
        "stations": {"path": "stations.csv", "datum": "wgs84"},
        "site_plan": {"path": "site_plan.xlsx", "datum": "wgs84"},
        "properties": {"path": "properties.xlsx", "datum": "gcj02"},
        "key_places": {"path": "key_places.csv", "datum": "wgs84"},
        "area_classes": {"path": "area_classes.gpkg"},
        "exclusions": {"path": "exclusions.gpkg"},
        "population": {"path": "population.tif"},
        "dem": {"path": "dem.tif"},
        "osm": {"path": "roads.osm"},
    },
    "networks": [
        {"id": "A", "name": "甲网", "aliases": ["移动"]},
        {"id": "B", "name": "乙网", "aliases": ["电信", "联通"]},
    ],
    "bands": [
        {
            "id": "low",
            "network": "A",
            "name": "700M",
            "frequency_mhz": 773,
            "classes": {
                "*": {
                    "models": [{"formula": "okumura_hata_suburban"}, {"formula": "rma_nlos"}],
                    "eirp_per_re_dbm": 20,
                }
            },
        },
        {
            "id": "high",
            "network": "B",
            "name": "2.1G",
            "frequency_mhz": 2140,
            "indoor_loss_db": 16,
            "classes": {"*": {"models": [{"formula": "rma_nlos"}], "eirp_per_re_dbm": 36.7}},
        },
    ],
    "area_classes": [
        {
            "id": "town",
            "name": "镇区",
            "antenna_height_m": 32,
            "min_inter_site_distance_m": 300,
            "rollout": [{"network": "A", "bands": ["low"]}, {"network": "B", "bands": ["high"]}],
        },
        {
            "id": "rural",
            "name": "农村",
            "antenna_height_m": 35,
            "min_inter_site_distance_m": 500,
            "rollout": [{"network": "A", "bands": ["low"]}, {"network": "B", "bands": ["high"]}],
        },
    ],
    "layers": [
        {"id": "L1", "name": "基本（任一网络）", "threshold_dbm": -105, "village_weight": 50},
        {
            "id": "L2",
            "name": "基本（每个网络）",
            "threshold_dbm": -105,
            "scope": "each",
            "weight": 0.5,
            "village_weight": 20,
        },
        {
            "id": "L3",
            "name": "室内",
            "threshold_dbm": -100,
            "scope": "each",
            "indoor": True,
            "area_classes": ["town"],
            "targets": ["residents", "key_places"],
            "weight": 0.2,
        },
    ],
    "exclusions": [
        {"layer": "自然保护区", "level": "forbid", "buffer_m": 100, "basis": "保护区条例"},
        {"layer": "文物保护", "level": "restrict", "basis": "文物保护法"},
    ],
    "tiers": [
        {"id": "good", "name": "好", "threshold_dbm": -95},
        {"id": "weak", "name": "弱", "threshold_dbm": -110},
    ],
    "selection": {"work_limit": 20},
}
"""The project file as data; :func:`project_with` changes a copy of it."""


def lonlat(easting_m, northing_m):
    """WGS84 of a point given in metres from the south-west corner of the world."""
    lon, lat = TO_LONLAT.transform(WEST + np.asarray(easting_m), SOUTH + np.asarray(northing_m))
    return np.round(lon, 7), np.round(lat, 7)


VILLAGES = [  # name, county, town, east, north, people
    ("西一村", "西县", "河西镇", 2_000, 2_000, 900),
    ("西二村", "西县", "河西镇", 5_500, 9_000, 400),
    ("西三村", "西县", "山口镇", 2_500, 13_500, 250),
    ("东一村", "东县", "河东镇", 10_500, 2_500, 1_200),
    ("东二村", "东县", "河东镇", 13_000, 8_500, 500),
    ("东三村", "东县", "岭下镇", 10_200, 13_600, 300),
]
STATIONS = [  # station, site, network word, band word, height, date, east, north
    ("S1", "Z1", "移动", "700M", 35, "2022-05-01", 2_300, 2_300),
    ("S2", "Z1", "电信", "2.1G", 35, "2023年2月1日", 2_300, 2_300),
    ("S3", "Z2", "移动", "700M", 32, "2021-03-01", 10_300, 2_300),
    ("S4", "Z3", "联通", "2.1G", 40, "2023-04-10", 13_200, 8_300),
    ("S5", "Z4", "移动", "700M", 40, "2023-09-01", 2_500, 13_000),
]
SITE_PLAN = [  # id, name, built, networks, height, east, north
    ("P1", "西二村规划点", "未建", "移动、电信", 35, 5_400, 8_800),
    ("P2", "河西已建点", "已建", "移动", 35, 2_300, 2_300),
    ("P3", "贴近现网点", "未建", "", 35, 2_500, 2_400),
    ("P4", "保护区里的点", "未建", "", 35, 7_000, 12_000),
    ("P5", "东三村规划点", "未建", "移动", "", 10_000, 13_300),
]
PROPERTIES = [  # id, name, kind, owner, height, east, north
    ("1", "西三村村委会", "村委会", "西三村", 9, 2_450, 13_400),
    ("2", "东一村小学", "学校", "县教育局", 15, 11_000, 3_000),
    ("3", "=cmd|' /C calc'!A0", "公共服务", "<b>某单位</b>", 12, 5_600, 9_100),
    ("4", "低矮公厕", "市政公用", "县住建局", 3, 12_800, 5_000),
]


def project_with(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A copy of the project file with values at dotted paths (numbers are places in lists) put in; None
    takes a key out.
    """
    project = copy.deepcopy(PROJECT)
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        node: Any = project
        for each in parents:
            node = node[int(each)] if isinstance(node, list) else node.setdefault(each, {})
        if value is None:
            del node[last]
        elif isinstance(node, list):
            node[int(last)] = value
        else:
            node[last] = value
    return project


def write_toml(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    """Write the project file, changed where asked, and return its path."""
    file = folder / "project.toml"
    file.write_text(tomli_w.dumps(project_with(changes)), encoding="utf-8")
    return file


def write_project(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    """Write the project of ``two_counties`` and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_toml(folder, changes)
    _zones(folder)
    _villages(folder)
    _tables(folder)
    _rasters(folder)
    (folder / "roads.osm").write_text(osm_text(), encoding="utf-8")
    return folder


def _save(folder, name, data, geometry):
    gpd.GeoDataFrame(data, geometry=geometry, crs=CRS).to_file(folder / f"{name}.gpkg", layer=name)


def _square(west, south, east, north):
    return box(WEST + west, SOUTH + south, WEST + east, SOUTH + north)


def _zones(folder):
    counties = {"county_id": ["440001", "440002"], "county": ["西县", "东县"]}
    _save(folder, "counties", counties, [_square(0, 0, 8_000, 15_000), _square(8_000, 0, 15_000, 15_000)])
    classes = {"area_class": ["town", "镇区"], "zone": ["河西", "河东"]}
    shapes = [_square(1_200, 1_200, 3_000, 3_000), _square(9_600, 1_600, 11_600, 3_600)]
    _save(folder, "area_classes", classes, shapes)
    zones = {"layer": ["自然保护区", "文物保护"], "zone": ["北岭保护区", "古塔"]}
    shapes = [_square(6_500, 11_500, 7_600, 12_600), _square(5_000, 8_500, 6_000, 9_500)]
    _save(folder, "exclusions", zones, shapes)


def _villages(folder):
    names, counties, towns, east, north, _ = zip(*VILLAGES, strict=True)
    lon, lat = lonlat(east, north)
    halves = [(0, 0, 8_000, 5_500), (0, 5_500, 8_000, 11_000), (0, 11_000, 8_000, 15_000)]
    halves += [(8_000, 0, 15_000, 5_500), (8_000, 5_500, 15_000, 11_000), (8_000, 11_000, 15_000, 15_000)]
    data = {
        "village_id": [f"V{i}" for i in range(1, 7)],
        "village": names,
        "town": towns,
        "county": counties,
        "longitude": lon,
        "latitude": lat,
    }
    _save(folder, "villages", data, [_square(*half) for half in halves])


def _tables(folder):
    frame = pd.DataFrame(
        STATIONS, columns=["基站编号", "站址编码", "网络", "频段", "挂高", "开通日期", "x", "y"]
    )
    frame["经度"], frame["纬度"] = lonlat(frame.pop("x"), frame.pop("y"))
    frame.to_csv(folder / "stations.csv", index=False, encoding="gb18030")
    plan = pd.DataFrame(SITE_PLAN, columns=["规划编号", "站址名称", "建设状态", "网络", "挂高", "x", "y"])
    plan["经度"], plan["纬度"] = lonlat(plan.pop("x"), plan.pop("y"))
    write_sheet(folder / "site_plan.xlsx", plan)
    places = pd.DataFrame(
        PROPERTIES, columns=["序号", "物业名称", "物业类型", "物业所属单位", "建筑高度(米)", "x", "y"]
    )
    places["经度"], places["纬度"] = gcj02_from_wgs84(*lonlat(places.pop("x"), places.pop("y")))
    write_sheet(folder / "properties.xlsx", places)
    keys = pd.DataFrame({"编号": ["K1"], "名称": ["县医院"], "类型": ["医院"], "权重": [500]})
    keys["经度"], keys["纬度"] = lonlat([10_800], [2_900])
    keys.to_csv(folder / "key_places.csv", index=False, encoding="utf-8-sig")


def edit_stations(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """The list of stations with a change, as a spreadsheet program saves it."""
    path = folder / "stations.csv"
    frame = pd.read_csv(path, encoding="gb18030", dtype=str)
    change(frame).to_csv(path, index=False, encoding="utf-8-sig")


def with_input(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """The project with one more table, or with another in its place."""
    frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig")
    write_toml(folder, {f"inputs.{name}": {"path": f"{name}.csv"}})


def write_sheet(path: Path, frame: pd.DataFrame) -> None:
    """A workbook with one sheet and the frame in it."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("数据")
        for column, name in enumerate(frame.columns):
            sheet.write(0, column, name)
            for row, value in enumerate(frame[name], start=1):
                if value != "":
                    sheet.write(row, column, value)


def _rasters(folder):
    people = np.zeros((150, 150), dtype=np.float32)
    for _, _, _, east, north, total in VILLAGES:
        row, col = int((15_000 - north) // 100), int(east // 100)
        cloud = np.add.outer(np.arange(-4, 5) ** 2, np.arange(-4, 5) ** 2)
        share = np.round(total * np.exp(-cloud / 6.0) / np.exp(-cloud / 6.0).sum())
        people[row - 4 : row + 5, col - 4 : col + 5] += share
    write_raster(folder / "population.tif", people, 100.0)
    y, x = np.mgrid[0:550, 0:550]
    relief = 200 + 150 * np.abs(np.sin(x / 60.0)) * np.abs(np.cos(y / 75.0))
    write_raster(folder / "dem.tif", relief.astype(np.float32), 30.0, west=-500, north=15_500)


def write_raster(path: Path, values, resolution_m: float, west: float = 0, north: float = 15_000) -> None:
    """A GeoTIFF whose corner is given in metres from the south-west corner of the world."""
    transform = from_origin(WEST + west, SOUTH + north, resolution_m, resolution_m)
    profile = {"driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1}
    with rasterio.open(
        path, "w", dtype="float32", crs=CRS, transform=transform, nodata=-1, **profile
    ) as target:
        target.write(values, 1)


def osm_text() -> str:
    """Two roads through both counties and a school, as OSM XML."""
    nodes = [(1, 0, 5_000), (2, 15_000, 5_000), (3, 4_000, 0), (4, 4_000, 15_000), (5, 12_000, 14_500)]
    lines = ["<?xml version='1.0' encoding='UTF-8'?><osm version='0.6' generator='test'>"]
    for number, east, north in nodes:
        lon, lat = lonlat(east, north)
        tags = "<tag k='amenity' v='school'/><tag k='name' v='岭下小学'/>" if number == 5 else ""
        lines.append(
            f"<node id='{number}' version='1' timestamp='2023-01-01T00:00:00Z' lon='{lon}' lat='{lat}'>"
            f"{tags}</node>"
        )
    for number, (a, b) in enumerate([(1, 2), (3, 4)], start=10):
        lines.append(
            f"<way id='{number}' version='1' timestamp='2023-01-01T00:00:00Z'><nd ref='{a}'/><nd ref='{b}'/>"
            "<tag k='highway' v='primary'/></way>"
        )
    return "\n".join([*lines, "</osm>"])


def point(east, north) -> Point:
    """A point in the project CRS."""
    return Point(WEST + east, SOUTH + north)
