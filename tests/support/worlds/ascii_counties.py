"""The two counties with every name and header in ASCII: what an English run says of them is English or nothing."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import xlsxwriter

from siteplan.inputs.places.datum import gcj02_from_wgs84
from worlds.two_counties import PROPERTIES, SITE_PLAN, STATIONS, lonlat, osm_text, write_project

CHANGES = {
    "project.city": "Twin City",
    "project.synthetic": "all of it is synthetic test data",
    "quota.targets.0.county": "East",
    "quota.targets.1.county": "East",
    "quota.targets.2.county": "West",
    "quota.targets.3.county": "West",
    "networks.0.name": "First",
    "networks.0.aliases": ["Mobile"],
    "networks.1.name": "Second",
    "networks.1.aliases": ["Telecom", "Unicom"],
    "area_classes.0.name": "town",
    "area_classes.1.name": "country",
    "layers.0.name": "basic by any",
    "layers.1.name": "basic by each",
    "layers.2.name": "indoor",
    "exclusions.0.layer": "reserve",
    "exclusions.0.basis": "Reserves Act",
    "exclusions.1.layer": "heritage",
    "exclusions.1.basis": "Heritage Act",
    "tiers.0.name": "good",
    "tiers.1.name": "weak",
}
WORDS = {
    "西县": "West",
    "东县": "East",
    "西一村": "West One",
    "西二村": "West Two",
    "西三村": "West Three",
    "东一村": "East One",
    "东二村": "East Two",
    "东三村": "East Three",
    "河西镇": "Riverwest",
    "山口镇": "Pass",
    "河东镇": "Rivereast",
    "岭下镇": "Ridgefoot",
    "镇区": "town",
    "河西": "Riverwest",
    "河东": "Rivereast",
    "自然保护区": "reserve",
    "文物保护": "heritage",
    "北岭保护区": "North Ridge",
    "古塔": "Old Tower",
    "移动": "Mobile",
    "电信": "Telecom",
    "联通": "Unicom",
    "移动、电信": "Mobile, Telecom",
    "2023年2月1日": "2023-02-01",
    "西二村规划点": "West Two planned",
    "河西已建点": "Riverwest built",
    "贴近现网点": "beside a site",
    "保护区里的点": "inside the reserve",
    "东三村规划点": "East Three planned",
    "未建": "no",
    "已建": "yes",
    "西三村村委会": "West Three committee",
    "东一村小学": "East One school",
    "村委会": "committee",
    "学校": "school",
    "公共服务": "service",
    "市政公用": "municipal",
    "县教育局": "education office",
    "<b>某单位</b>": "<b>some office</b>",
    "低矮公厕": "low toilet",
    "县住建局": "housing office",
}
"""Every Chinese word of the drawn world, and what stands for it."""


def write_ascii_project(folder: Path) -> Path:
    """Write the project and return its folder."""
    write_project(folder, CHANGES)
    for name in ("counties", "villages", "area_classes", "exclusions"):
        path = folder / f"{name}.gpkg"
        table = gpd.read_file(path)
        for column in table.columns.drop("geometry"):
            table[column] = [WORDS.get(each, each) for each in table[column]]
        path.unlink()
        table.to_file(path, layer=name)
    stations = ["station_id", "site_id", "network", "band", "antenna_height_m", "on_air_date", "x", "y"]
    _frame(STATIONS, stations).to_csv(folder / "stations.csv", index=False)
    plan = ["plan_id", "plan_name", "built", "networks", "antenna_height_m", "x", "y"]
    _sheet(folder / "site_plan.xlsx", _frame(SITE_PLAN, plan))
    properties = ["property_id", "property_name", "kind", "owner", "building_height_m", "x", "y"]
    _sheet(folder / "properties.xlsx", _frame(PROPERTIES, properties, gcj02=True))
    lon, lat = lonlat([10_800], [2_900])
    keys = {"place_id": ["K1"], "place": ["hospital"], "kind": ["hospital"], "weight": [500]}
    pd.DataFrame({**keys, "longitude": lon, "latitude": lat}).to_csv(folder / "key_places.csv", index=False)
    (folder / "roads.osm").write_text(osm_text().replace("岭下小学", "Ridgefoot school"), encoding="utf-8")
    return folder


def _frame(rows: list[tuple], columns: list[str], *, gcj02: bool = False) -> pd.DataFrame:
    """Rows with their words in ASCII and their place in degrees."""
    frame = pd.DataFrame([[WORDS.get(cell, cell) for cell in row] for row in rows], columns=columns)
    place = lonlat(frame.pop("x"), frame.pop("y"))
    frame["longitude"], frame["latitude"] = gcj02_from_wgs84(*place) if gcj02 else place
    return frame


def _sheet(path: Path, frame: pd.DataFrame) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("data")
        for column, name in enumerate(frame.columns):
            sheet.write(0, column, name)
            for row, value in enumerate(frame[name], start=1):
                if value != "":
                    sheet.write(row, column, value)
