"""A drawn world with a plan in it: hills, two counties, round footprints, hostile names.

One decision to know: everything follows from its pixels, so sums by rank, by county and in all must agree
wherever they are shown. Every name is made up.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point, box

from siteplan.core.grid import Grid, Raster
from siteplan.planning.proposal import Proposal
from siteplan.project.project_file import parse_config

CRS = "EPSG:4547"
WEST, NORTH = 450_000.0, 2_750_000.0
TARGET = 0.75
PEOPLE = 10.0
"""Residents of every pixel of the drawn world."""

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "\u202e右向左\u200f",
    "长" * 10_000,
    "{{ 7*7 }}{% raise %}__siteplan:villages__",
    "行\u2028段\u2029'\\`${1}",
)
MODEL = {"formula": "rma_nlos"}


def config(**project: Any) -> Any:
    networks = [{"id": "CMCC-CBN", "name": "移动广电"}, {"id": "CT-CU", "name": "电信联通"}]
    bands = [
        {
            "id": key,
            "network": network,
            "name": name,
            "frequency_mhz": 800,
            "classes": {"rural": {"models": [MODEL], "eirp_per_re_dbm": 35.0}},
        }
        for key, network, name in (("n28", "CMCC-CBN", "700M"), ("n1", "CT-CU", "2.1G"))
    ]
    return parse_config(
        {
            "schema": "siteplan-project/1",
            "project": {
                "city": "试验市",
                "crs": CRS,
                "reference_date": "2023-06-30",
                "year": 2023,
                "synthetic": "全部为合成数据",
                "attribution": "界线 https://example.org CC BY",
                **project,
            },
            "inputs": {"counties": {"path": "counties.gpkg"}},
            "networks": networks,
            "bands": bands,
            "area_classes": [{"id": "rural", "name": "农村"}],
            "exclusions": [
                {"layer": "自然保护区", "level": "restrict", "basis": "自然保护区条例"},
                {"layer": "军事", "level": "forbid", "basis": "军事设施保护法", "sensitive": True},
            ],
            "layers": [
                {"id": "L1", "name": "基本覆盖（任一网络）", "threshold_dbm": -105},
                {"id": "L2", "name": "基本覆盖（每个网络）", "threshold_dbm": -105, "scope": "each"},
            ],
        }
    )


def points(rng: np.random.Generator, n: int, size: float, **columns: Any) -> gpd.GeoDataFrame:
    x, y = WEST + rng.random(n) * size, NORTH - rng.random(n) * size
    geometry = gpd.GeoSeries([Point(*xy) for xy in zip(x, y, strict=True)], crs=CRS)
    degrees = geometry.to_crs("EPSG:4326")
    frame = pd.DataFrame(columns, index=range(n))
    frame["longitude"], frame["latitude"] = degrees.x.to_numpy(), degrees.y.to_numpy()
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=CRS)


def ids(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i:04d}" for i in range(1, n + 1)]


def pick(rng: np.random.Generator, values: list[Any], n: int) -> list[Any]:
    return [values[i] for i in rng.integers(0, len(values), n)]


def smooth(rng: np.random.Generator, pixels: int) -> np.ndarray[Any, Any]:
    """Hills: a few random waves, about 0 to 1."""
    y, x = np.mgrid[0:pixels, 0:pixels] / pixels
    waves = rng.uniform(-1, 1, (8, 3)) * [25, 25, np.pi]
    return 0.5 + 0.5 * np.mean([np.sin(a * x + b * y + c) for a, b, c in waves], axis=0) * 2


def proposed_table(rng: np.random.Generator, n: int, size: float, names: list[str]) -> gpd.GeoDataFrame:
    table = points(
        rng,
        n,
        size,
        rank=np.arange(1, n + 1),
        candidate_id=ids("C", n),
        name=names[:n],
        county="甲县",
        town=pick(rng, ["东镇", "西镇"], n),
        village="五里村",
        source_type=pick(rng, list("12345"), n),
        source_id="",
        stations=2,
        antenna_height_m=35.0,
        ground_m=212.0,
        gain=np.linspace(900, 10, n),
        people_newly_covered=np.arange(n, 0, -1) * 7,
        villages_newly_covered=1,
        cell_radius_m=1500.0,
        search_radius_m=400.0,
        due_date="",
        restriction="",
        cost=np.nan,
        power_distance_m=np.nan,
        backhaul_distance_m=np.nan,
        success_probability=np.nan,
        status="PROPOSED",
        reason=[f"理由{i}：新增覆盖居民{i * 7}人{names[i][:40]}" for i in range(n)],
    )
    table["networks"] = [("CMCC-CBN", "CT-CU")] * n
    table["bands"] = [("n28", "n1")] * n
    table["gain_by_layer"] = "L1 120.5; L2 33.0"
    table["alternates"] = "D0001 D0002"
    table["villages_newly_covered_names"] = "五里村"
    west = table.geometry.x < WEST + size / 2
    table["county"] = np.where(west, "甲县", HOSTILE[0])
    table["county_id"] = np.where(west, "1", "2")
    table["location_grade"] = ["B" if i % 10 == 3 else "" for i in range(n)]
    table["location_radius_m"] = [300.0 if i % 10 == 3 else np.nan for i in range(n)]
    table["source_id"] = ids("P", n)
    table["longitude_gcj02"] = table["longitude"] + 0.005
    table["latitude_gcj02"] = table["latitude"] - 0.003
    return table


def village_table(
    rng: np.random.Generator,
    n: int,
    size: float,
    names: list[str],
    before: np.ndarray[Any, Any],
    ranks: np.ndarray[Any, Any],
) -> gpd.GeoDataFrame:
    """Villages whose state follows from the pixel they stand on."""
    table = points(
        rng,
        n,
        size,
        village_id=ids("V", n),
        village=names[:n],
        town=pick(rng, ["东镇", "西镇"], n),
        people=rng.integers(100, 4000, n),
        share_before=rng.random(n),
        share_after=1.0,
        networks_before=1,
        networks_after=2,
        serving_site_before="S0001",
        serving_site_after="C0001",
    )
    col = ((table.geometry.x - WEST) // 100).astype(int)
    row = ((NORTH - table.geometry.y) // 100).astype(int)
    had = np.nan_to_num(before)[row, col] >= TARGET
    table["county"] = np.where(table.geometry.x < WEST + size / 2, "甲县", HOSTILE[0])
    table["county_id"] = np.where(table.geometry.x < WEST + size / 2, "1", "2")
    table["reached_rank"] = np.where(had, 0, ranks[row, col])
    table["state"] = np.select([had, table["reached_rank"] > 0], ["covered", "newly"], "uncovered")
    return table


def discs(
    table: gpd.GeoDataFrame, pixels: int, radius: int = 5
) -> list[tuple[int, int, np.ndarray[Any, Any]]]:
    """Round footprints, cut at the edge of the world."""
    found = []
    for x, y in zip(table.geometry.x, table.geometry.y, strict=True):
        col, row = int((x - WEST) // 100), int((NORTH - y) // 100)
        top, left = max(0, row - radius), max(0, col - radius)
        bottom, right = min(pixels, row + radius + 1), min(pixels, col + radius + 1)
        down, across = np.mgrid[top:bottom, left:right]
        found.append((top, left, (down - row) ** 2 + (across - col) ** 2 <= radius**2))
    return found


def built(
    before: np.ndarray[Any, Any], footprints: list[tuple[int, int, np.ndarray[Any, Any]]]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Coverage after the plan, and the rank at which a pixel newly reaches the target."""
    after, ranks = before.copy(), np.zeros(before.shape, np.int32)
    for rank, (row, col, mask) in enumerate(footprints, start=1):
        part = after[row : row + mask.shape[0], col : col + mask.shape[1]]
        newly = mask & (part < TARGET)
        ranks[row : row + mask.shape[0], col : col + mask.shape[1]][newly] = rank
        part[newly] = 0.97
    return after, ranks


def step_rows(ranks: np.ndarray[Any, Any], villages: gpd.GeoDataFrame, pixels: int) -> pd.DataFrame:
    """What each rank adds in each half of the world."""
    half, rows = pixels // 2, []
    for rank in range(1, int(ranks.max()) + 1):
        for county_id, part in (("1", ranks[:, :half]), ("2", ranks[:, half:])):
            new = villages["reached_rank"].eq(rank) & villages["county_id"].eq(county_id)
            rows.append((rank, county_id, float((part == rank).sum()) * PEOPLE, int(new.sum())))
    table = pd.DataFrame(rows, columns=["rank", "county_id", "people", "villages"])
    return table[table["people"].gt(0) | table["villages"].gt(0)]


def county_rows(before: np.ndarray[Any, Any], villages: gpd.GeoDataFrame, pixels: int) -> pd.DataFrame:
    half, rows = pixels // 2, []
    for county_id, part in (("1", before[:, :half]), ("2", before[:, half:])):
        own = villages[villages["county_id"].eq(county_id)]
        rows.append(
            {
                "county_id": county_id,
                "quota": 30,
                "built": 10,
                "population_total": np.isfinite(part).sum() * PEOPLE,
                "population_covered_before": (np.nan_to_num(part) >= TARGET).sum() * PEOPLE,
                "villages_total": len(own),
                "villages_covered_before": int(own["state"].eq("covered").sum()),
            }
        )
    return pd.DataFrame(rows)


def draw_proposal(sizes: dict[str, int], *, pixels: int = 60, **project: Any) -> Proposal:
    """A proposal of the given row counts with hostile names among them."""
    rng = np.random.default_rng(5)
    grid = Grid(CRS, WEST, NORTH, 100.0, pixels, pixels)
    size = pixels * 100.0
    hills = smooth(rng, pixels)
    before = np.clip(1.4 - 1.6 * hills, 0, 1).astype(np.float32)
    before[:, : pixels // 20] = np.nan
    names = [*HOSTILE, *(f"测试点{i}" for i in range(max(sizes.values())))]
    half = WEST + size / 2
    counties = gpd.GeoDataFrame(
        {"county_id": ["1", "2"], "county": ["甲县", HOSTILE[0]]},
        geometry=[box(WEST, NORTH - size, half, NORTH), box(half, NORTH - size, WEST + size, NORTH)],
        crs=CRS,
    )
    n = sizes["gaps"]
    gaps = points(
        rng, n, size, gap_id=ids("G", n), layer="L1", network="", county="甲县", area_km2=0.4, people=12.0
    ).drop(columns=["longitude", "latitude"])
    gaps["geometry"] = gaps.geometry.buffer(300, quad_segs=10)
    n = sizes["others"]
    candidates = points(
        rng,
        n,
        size,
        candidate_id=ids("D", n),
        source_type=pick(rng, list("12345"), n),
        source_id="",
        name=names[:n],
        county="甲县",
        town="东镇",
        village="",
        status=["EXCLUDED" if i % 3 else "CANDIDATE" for i in range(n)],
        antenna_height_m=30.0,
        rule=[f"距现网站址 S{i:04d} 仅 {i % 400} m，小于最小站距 500 m" if i % 3 else "" for i in range(n)],
    )
    candidates["county_id"] = "1"
    n = sizes["sites"]
    sites = points(
        rng,
        n,
        size,
        site_id=ids("S", n),
        site_name=names[:n],
        county="甲县",
        county_id="1",
        stations=2,
        antenna_height_m=35.0,
    )
    sites["networks"] = pick(rng, [("CMCC-CBN",), ("CT-CU",), ("CMCC-CBN", "CT-CU")], len(sites))
    sites["bands"] = [("n28",)] * len(sites)
    n = sizes["properties"]
    properties = points(
        rng,
        n,
        size,
        property_id=ids("P", n),
        property_name=names[:n],
        kind="学校",
        owner=[f"业主联系人{i}" for i in range(n)],
        address=[f"东镇路{i}号" for i in range(n)],
        building_height_m=12.0,
    )
    roads = gpd.GeoDataFrame(
        {"highway": ["primary", "tertiary"]},
        crs=CRS,
        geometry=[
            LineString([(WEST, NORTH - 500), (half, NORTH - 900)]),
            LineString([(half, NORTH), (half + 100, NORTH - size)]),
        ],
    )
    zones = gpd.GeoDataFrame(
        {"layer": ["自然保护区", "军事"], "zone": ["山地保护区甲", "秘密靶场乙"]},
        crs=CRS,
        geometry=[
            box(WEST + 900, NORTH - 1500, WEST + 1800, NORTH - 700),
            box(half, NORTH - 2000, half + 900, NORTH - 1200),
        ],
    )
    proposed = proposed_table(rng, sizes["proposed"], size, names)
    footprints = discs(proposed, pixels)
    after, ranks = built(before, footprints)
    villages = village_table(rng, sizes["villages"], size, names, before, ranks)
    steps = step_rows(ranks, villages, pixels)
    inside, reached = np.isfinite(before), np.nan_to_num(before) >= TARGET
    n = len(proposed)
    curve = pd.DataFrame(
        {
            "rank": range(1, n + 1),
            "stations": np.arange(2, 2 * n + 1, 2),
            "gain": 1.0,
            "cumulative_gain": np.arange(1.0, n + 1),
            "upper_bound": np.arange(1.0, n + 1) * 1.25,
        }
    )
    short = villages["state"].eq("uncovered")
    choices = pd.DataFrame(
        {"village_id": villages["village_id"][short], "candidate_id": "D0001", "probability": 0.81}
    )
    frame = pd.DataFrame()
    height = Raster((hills * 1200).astype(np.float32), grid, "dem", "m")
    return Proposal(
        config=config(**project),
        area_name="试验市",
        counties=counties,
        inputs=SimpleNamespace(  # type: ignore[arg-type]
            properties=properties,
            exclusions=zones,
            roads=roads,
            dem=height,
            terrain=None,
            clutter=None,
        ),
        grid=grid,
        coverage_before=Raster(before, grid, "P", "1"),
        coverage_after=Raster(after, grid, "P", "1"),
        coverage_empirical=Raster(np.clip(before + 0.1, 0, 1).astype(np.float32), grid, "P", "1"),
        terrain=frame,
        villages=villages,
        village_areas=None,
        gaps=gaps,
        sites=sites,
        candidates=candidates,
        proposed=proposed,
        curve=curve,
        layers=frame,
        county_table=county_rows(before, villages, pixels),
        ledger=frame,
        radii=frame,
        faults=(),
        rejected=frame,
        steps=steps,
        ranks=Raster(ranks, grid, "rank", "1"),
        footprints=tuple(footprints),
        choices=choices,
        summary={
            "run_id": "2023-abcdef012345",
            "city": "试验市",
            "year": 2023,
            "quota": 699,
            "built": 366,
            "remaining": 333,
            "selected_stations": 332,
            "selected_sites": 166,
            "population_covered_before": float(reached.sum() * PEOPLE),
            "population_covered_after": float((np.nan_to_num(after) >= TARGET).sum() * PEOPLE),
            "population_total": float(inside.sum() * PEOPLE),
            "villages_covered_before": int(villages["state"].eq("covered").sum()),
            "villages_covered_after": int(villages["state"].ne("uncovered").sum()),
            "villages_total": len(villages),
            "model": "buffer：TR 38.901 RMa NLOS",
        },
    )


SMALL: dict[str, int] = {
    "proposed": 30,
    "villages": 40,
    "sites": 25,
    "gaps": 30,
    "properties": 12,
    "others": 20,
}
CITY: dict[str, int] = {
    "proposed": 250,
    "villages": 1468,
    "sites": 2500,
    "gaps": 3000,
    "properties": 1107,
    "others": 4000,
}
