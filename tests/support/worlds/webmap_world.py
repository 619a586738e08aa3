"""A drawn world with a plan in it: hills, two counties, round footprints, hostile names.

One decision to know: everything follows from its pixels, so sums by rank, by county and in all must agree
wherever they are shown. Every name is made up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry import LineString, Point, box

from siteplan import __version__
from siteplan.core.grid import Grid, Raster
from siteplan.outputs.wording import in_words
from siteplan.planning.assemble import published_list
from siteplan.planning.proof.proof import PlanProof
from siteplan.planning.proposal import (
    ASKED,
    MACHINE_COLUMNS,
    NEWLY_REACHED,
    NOT_REACHED,
    REACHED_TODAY,
    WORDED_COLUMNS,
    ExistingNetwork,
    PlanArea,
    PlanEffects,
    Proposal,
    RankedPlaces,
    ServiceReach,
)
from siteplan.planning.run_record import InputRecord, ModelRecord, RunRecord, SinceRecord, TerrainRecord
from siteplan.planning.sight_lines import COLUMNS as SIGHT_COLUMNS
from siteplan.project.columns import names_of
from siteplan.project.project_file import parse_config
from siteplan.project.schema import Config
from siteplan.radio.diffraction import effective_earth_radius_km
from siteplan.words.catalogue import Lang

CRS = "EPSG:4547"
WEST, NORTH = 450_000.0, 2_750_000.0
TARGET = 0.75
REACHED = 0.97
"""Probability a built place brings to a pixel that fell short."""
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
RUN = "2023-abcdef012345"
BUILT, SPARE = 10, 5
"""Stations of each county's quota that are built, and that are left beside the plan."""


def config(**project: Any) -> Config:
    """The project file of the drawn world."""
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


def cells(values: list[Any]) -> pd.Series:
    """A column whose cells are tuples or messages."""
    column = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        column[i] = value
    return pd.Series(column, dtype=object)


def proposed_table(rng: np.random.Generator, n: int, size: float, names: list[str]) -> gpd.GeoDataFrame:
    """Ranked rows as a plan holds them: ids and numbers, no sentence."""
    gain = np.linspace(900, 10, n)
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
        source_id=ids("P", n),
        stations=2,
        antenna_height_m=35.0,
        ground_m=212.0,
        gain=gain,
        gain_per_station=gain / 2,
        loss_if_dropped=gain * 0.9,
        people_newly_covered=np.arange(n, 0, -1) * 7,
        people_networks_newly_covered=np.arange(n, 0, -1) * 11,
        purpose=["L1" if i % 3 else "L2" for i in range(n)],
        existing_nearby=cells([("nearby_none", {})] * n),
        address=[f"东镇路{i}号" if i % 4 == 0 else "" for i in range(n)],
        village_distance_m=np.nan,
        village_direction=0,
        villages_newly_covered=1,
        cell_radius_m=1500.0,
        radius_limited=False,
        search_radius_m=400.0,
        due_date="",
        cost=np.nan,
        power_distance_m=np.nan,
        backhaul_distance_m=np.nan,
        success_probability=np.nan,
        status="PROPOSED",
        area_class="rural",
    )
    table["networks"] = cells([("CMCC-CBN", "CT-CU")] * n)
    table["bands"] = cells([("n28", "n1")] * n)
    table["gain_by_layer"] = cells([(("L1", 120.5), ("L2", 33.0))] * n)
    table["alternates"] = cells([("D0001", "D0002")] * n)
    table["restriction"] = cells([()] * n)
    table["villages_newly_covered_names"] = cells([("五里村",)] * n)
    west = table.geometry.x < WEST + size / 2
    table["county"] = np.where(west, "甲县", HOSTILE[0])
    table["county_id"] = np.where(west, "1", "2")
    table["location_grade"] = ["B" if i % 10 == 3 else "" for i in range(n)]
    table["location_radius_m"] = [300.0 if i % 10 == 3 else np.nan for i in range(n)]
    table["key"] = [
        f"{kind}:{own}" for kind, own in zip(table["source_type"], table["source_id"], strict=True)
    ]
    table["longitude_gcj02"] = table["longitude"] + 0.005
    table["latitude_gcj02"] = table["latitude"] - 0.003
    names_in_order = [name for name in names_of("proposed") if name not in WORDED_COLUMNS]
    return table[[*names_in_order, *MACHINE_COLUMNS, "geometry"]]


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
        model_difference_db=np.nan,
    )
    col = ((table.geometry.x - WEST) // 100).astype(int)
    row = ((NORTH - table.geometry.y) // 100).astype(int)
    had = np.nan_to_num(before)[row, col] >= TARGET
    table["county"] = np.where(table.geometry.x < WEST + size / 2, "甲县", HOSTILE[0])
    table["county_id"] = np.where(table.geometry.x < WEST + size / 2, "1", "2")
    table["reached_rank"] = np.where(had, 0, ranks[row, col])
    table["state"] = np.select([had, table["reached_rank"] > 0], ["covered", "newly"], "uncovered")
    table["covered_before"], table["covered_after"] = had, table["state"].ne("uncovered")
    table["probability_before"] = np.nan_to_num(before)[row, col]
    table["probability_after"] = np.where(table["reached_rank"] > 0, REACHED, table["probability_before"])
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
        part[newly] = REACHED
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


def county_rows(
    before: np.ndarray[Any, Any],
    after: np.ndarray[Any, Any],
    villages: gpd.GeoDataFrame,
    proposed: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Indicators and quota of both halves of the world, counted on pixels, villages and ranked rows."""
    half, rows = before.shape[1] // 2, []
    for county_id, county, part in (("1", "甲县", slice(0, half)), ("2", HOSTILE[0], slice(half, None))):
        own, old, new = villages[villages["county_id"].eq(county_id)], before[:, part], after[:, part]
        selected = int(proposed["stations"][proposed["county_id"].eq(county_id)].sum())
        rows.append(
            {
                "county_id": county_id,
                "county": county,
                "population_total": np.isfinite(old).sum() * PEOPLE,
                "population_covered_before": (np.nan_to_num(old) >= TARGET).sum() * PEOPLE,
                "population_covered_after": (np.nan_to_num(new) >= TARGET).sum() * PEOPLE,
                "population_expected_before": float(np.nansum(old)) * PEOPLE,
                "population_expected_after": float(np.nansum(new)) * PEOPLE,
                "villages_total": len(own),
                "villages_covered_before": int(own["covered_before"].sum()),
                "villages_covered_after": int(own["covered_after"].sum()),
                "quota": BUILT + selected + SPARE,
                "built": BUILT,
                "remaining": selected + SPARE,
                "excess": 0,
                "selected": selected,
            }
        )
    return pd.DataFrame(rows)


def honest_record(
    drawn: Config, parts: tuple[ExistingNetwork, RankedPlaces, PlanEffects], dem: Raster
) -> RunRecord:
    """The drawn plan in numbers: every one of them is counted on its tables."""
    existing, places, effects = parts
    counted = effects.counties.drop(columns=["county_id", "county", "selected"])
    sums = {name: counted[name].sum().item() for name in counted}
    chosen, curve, layers = places.proposed, places.curve, effects.layers
    objective = float(curve["cumulative_gain"].iloc[-1])
    bound = float(curve["upper_bound"].iloc[-1])
    others = places.candidates[places.candidates["status"].ne("PROPOSED")]
    flat, seen = existing.coverage_empirical, existing.coverage
    assert flat is not None
    reached = {
        how: float((np.nan_to_num(raster.values) >= TARGET).sum()) * PEOPLE
        for how, raster in (("empirical", flat), ("terrain", seen))
    }
    threshold = {layer.id: layer.threshold_dbm for layer in drawn.layers}
    return RunRecord(
        run_id=RUN,
        city=drawn.project.city,
        county="",
        year=drawn.project.year,
        reference_date=drawn.project.reference_date.isoformat(),
        quota_unit=drawn.quota.unit,
        quota_note=drawn.quota.note,
        selected_stations=int(chosen["stations"].sum()),
        selected_sites=len(chosen),
        objective=objective,
        base_value=float(layers["base_value"].sum()),
        upper_bound=bound,
        optimality_gap=bound / objective - 1.0,
        selection_status="work_limit",
        bound_source="prices",
        certificate_bound=bound,
        certificate_holds=True,
        gain_by_layer=dict(zip(layers["layer"], layers["gain"].tolist(), strict=True)),
        edge_probability_target=drawn.coverage.edge_probability_target,
        demand_resolution_m=existing.coverage.grid.resolution_m,
        existing_sites=len(existing.sites),
        candidates={str(key): int(n) for key, n in others["status"].value_counts().sort_index().items()},
        gaps=len(existing.gaps),
        halo_m=10_000.0,
        basic_services=("L1",),
        since=SinceRecord(
            base_run_id="",
            journal="",
            statuses={},
            moved=0,
            conflicts=(),
            published=0,
            changed=0,
            change_penalty=None,
        ),
        model=ModelRecord(
            propagation="terrain",
            calibrated=False,
            calibration={},
            terrain=TerrainRecord(
                dem_pixel_m=dem.grid.resolution_m,
                dem_void_share=float(np.isnan(dem.values).mean()),
                masts_without_terrain=0,
                delta_n=drawn.coverage.delta_n,
                effective_earth_radius_km=effective_earth_radius_km(drawn.coverage.delta_n),
                terrain_effect={
                    "population_empirical": reached["empirical"],
                    "population_terrain": reached["terrain"],
                    "population_taken_away": reached["empirical"] - reached["terrain"],
                },
                clutter="none",
                clutter_shares={},
                surface_model=False,
                model_comparison={},
            ),
            radius_limited_sites=0,
            radius_limited_proposed=0,
            sectored_sites=0,
            effective_thresholds_dbm={f"{band.id}/rural": threshold["L1"] for band in drawn.bands},
            uplink_limited=(),
            formulas_used={"rma_nlos": len(drawn.bands)},
            thresholds_dbm=threshold,
            probability_floor=drawn.coverage.probability_floor,
            shadowing_correlation={layer.id: 0.5 for layer in drawn.layers},
            stations_without_formula=(),
            assumptions=("assume_probability", "assume_terrain", "assume_clutter_none", "assume_omni"),
        ),
        missing_inputs=("poles", "key_places"),
        synthetic=drawn.project.synthetic,
        synthetic_inputs=("counties",),
        attribution=drawn.project.attribution,
        inputs=(
            InputRecord(name="counties", file="counties.gpkg", sha256="0" * 64, rows_read=2, rows_rejected=0),
        ),
        config_sha256=drawn.sha256,
        version=__version__,
        published=published_list(RUN, chosen, places.candidates),
        **sums,
    )


def drawn_area(counties: gpd.GeoDataFrame, height: Raster, n: int, size: float, names: list[str]) -> PlanArea:
    """Ground, roads, properties with owners, and zones, one of them sensitive."""
    rng, half = np.random.default_rng(7), WEST + size / 2
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
    return PlanArea(
        name="试验市",
        counties=counties,
        grid=height.grid,
        village_areas=None,
        properties=properties,
        exclusions=zones,
        roads=roads,
        dem=height,
        relief=height,
        water=None,
    )


def candidate_table(
    rng: np.random.Generator, n: int, size: float, names: list[str], proposed: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Ranked places, and places beside them of which two in three are refused."""
    table = points(
        rng,
        n,
        size,
        candidate_id=ids("D", n),
        source_type=pick(rng, list("12345"), n),
        source_id="",
        name=names[:n],
        county="甲县",
        county_id="1",
        town="东镇",
        village="",
        status=["EXCLUDED" if i % 3 else "CANDIDATE" for i in range(n)],
        antenna_height_m=30.0,
    )
    table["rule"] = cells(
        [
            ("rule_spacing", {"other": f"S{i:04d}", "distance": i % 400, "minimum": 500}) if i % 3 else None
            for i in range(n)
        ]
    )
    ranked = proposed[[name for name in table.columns if name != "rule"]].assign(
        rule=cells([None] * len(proposed))
    )
    return gpd.GeoDataFrame(pd.concat([table, ranked], ignore_index=True), geometry="geometry", crs=CRS)


def site_table(rng: np.random.Generator, n: int, size: float, names: list[str]) -> gpd.GeoDataFrame:
    """Existing sites of one network or both."""
    table = points(
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
    table["networks"] = cells(pick(rng, [("CMCC-CBN",), ("CT-CU",), ("CMCC-CBN", "CT-CU")], n))
    table["bands"] = cells([("n28",)] * n)
    return table


def gap_table(rng: np.random.Generator, n: int, size: float) -> gpd.GeoDataFrame:
    """Round gaps of the first layer."""
    gaps = points(
        rng, n, size, gap_id=ids("G", n), layer="L1", network="", county="甲县", area_km2=0.4, people=12.0
    ).drop(columns=["longitude", "latitude"])
    gaps["geometry"] = gaps.geometry.buffer(300, quad_segs=10)
    return gaps


def service_rows(before: np.ndarray[Any, Any], after: np.ndarray[Any, Any], grid: Grid) -> list[ServiceReach]:
    """Any network everywhere; the first network as well; the second one reaches what the plan adds, and only the
    western half asks for it.
    """
    had, has = (np.nan_to_num(each) >= TARGET for each in (before, after))
    inside = np.isfinite(before)
    first = np.where(had, REACHED_TODAY, np.where(has, NEWLY_REACHED, NOT_REACHED))
    second = np.where(has & ~had, NEWLY_REACHED, NOT_REACHED)
    west = inside & (np.arange(grid.width) < grid.width // 2)
    rows = []
    for layer, network, reach, asked in (
        ("L1", "", first, inside),
        ("L2", "CMCC-CBN", first, inside),
        ("L2", "CT-CU", second, west),
    ):
        codes = np.where(inside, reach + ASKED * asked, 0).astype(np.uint8)
        counts = [
            float(cells_.sum()) * PEOPLE for cells_ in (asked, asked & (reach == 2), asked & (reach > 0))
        ]
        rows.append(
            ServiceReach(layer, network, Raster(codes, grid, f"reach_{layer}{network}", "1"), *counts)
        )
    return rows


def drawn_lines(n: int) -> pd.DataFrame:
    """Sight lines of 6 km: flat for odd ranks, over a hill of 200 m in the middle for even ones."""
    flat, hill = [300] * 25, [300] * 12 + [500] + [300] * 12
    rows = [
        (rank, "五里村", True, 6000.0, 758.0, tuple(flat if rank % 2 else hill)) for rank in range(1, n + 1)
    ]
    return pd.DataFrame(rows, columns=list(SIGHT_COLUMNS))


def curve_table(proposed: gpd.GeoDataFrame) -> pd.DataFrame:
    """Newly covered weight along the ranks, with a bound a quarter above it."""
    total = proposed["gain"].cumsum()
    return pd.DataFrame(
        {
            "rank": proposed["rank"],
            "stations": proposed["stations"].cumsum(),
            "gain": proposed["gain"],
            "cumulative_gain": total,
            "upper_bound": total * 1.25,
        }
    )


def layer_table(drawn: Config, counties: pd.DataFrame) -> pd.DataFrame:
    """Both layers, with people counted on the pixels."""
    total = counties[["population_total", "population_covered_before", "population_covered_after"]].sum()
    rows = [
        (each.id, each.name, total.iloc[0], total.iloc[1], total.iloc[2] - total.iloc[1], *total.iloc[1:])
        for each in drawn.layers
    ]
    names = ["layer", "name", "weight_total", "base_value", "gain", "people_before", "people_after"]
    return pd.DataFrame(rows, columns=names)


def draw_plan(sizes: dict[str, int], *, pixels: int = 60, **project: Any) -> Proposal:
    """A plan of the given row counts with hostile names among them, without a word of any language."""
    rng, drawn = np.random.default_rng(5), config(**project)
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
    gaps, sites = gap_table(rng, sizes["gaps"], size), site_table(rng, sizes["sites"], size, names)
    proposed = proposed_table(rng, sizes["proposed"], size, names)
    candidates = candidate_table(rng, sizes["others"], size, names, proposed)
    footprints = discs(proposed, pixels)
    after, ranks = built(before, footprints)
    villages = village_table(rng, sizes["villages"], size, names, before, ranks)
    height = Raster((hills * 1200).astype(np.float32), grid, "dem", "m")
    flat = np.clip(before + 0.1, 0, 1).astype(np.float32)
    short = villages["state"].eq("uncovered")
    choices = pd.DataFrame(
        {"village_id": villages["village_id"][short], "candidate_id": "D0001", "probability": 0.81}
    ).reset_index(drop=True)
    county_table, nothing = county_rows(before, after, villages, proposed), pd.DataFrame()
    existing = ExistingNetwork(
        sites=sites,
        coverage=Raster(before, grid, "coverage_before", "1"),
        coverage_empirical=Raster(flat, grid, "coverage_empirical", "1"),
        terrain_effect=nothing,
        gaps=gaps,
        radii=nothing,
        comparison=None,
    )
    places = RankedPlaces(
        candidates=candidates,
        proposed=proposed,
        curve=curve_table(proposed),
        steps=step_rows(ranks, villages, pixels),
        ranks=Raster(ranks, grid, "rank", "1"),
        footprints=tuple(footprints),
        choices=choices,
        change_curve=nothing,
        sight_lines=drawn_lines(len(proposed)),
    )
    effects = PlanEffects(
        coverage=Raster(after, grid, "coverage_after", "1"),
        villages=villages,
        layers=layer_table(drawn, county_table),
        counties=county_table,
        ledger=nothing,
        grades=nothing,
        tiers=None,
        services=tuple(service_rows(before, after, grid)),
    )
    return Proposal(
        config=drawn,
        record=honest_record(drawn, (existing, places, effects), height),
        area=drawn_area(counties, height, sizes["properties"], size, names),
        existing=existing,
        places=places,
        effects=effects,
        faults=(),
        rejected=nothing,
        proof=PlanProof(stretches=stretch_table(size)),
    )


def stretch_table(size: float) -> gpd.GeoDataFrame:
    """Two stretches of road without signal, the longer first, of a class that somebody typed."""
    line = shapely.LineString([(WEST + size / 9, NORTH - size / 9), (WEST + size / 3, NORTH - size / 5)])
    short = shapely.LineString([(WEST + size / 2, NORTH - size / 2), (WEST + size / 2, NORTH - size / 1.8)])
    return gpd.GeoDataFrame(
        {
            "line_class": [HOSTILE[0], "primary"],
            "county": ["甲县", HOSTILE[0]],
            "length_m": [line.length, short.length],
        },
        geometry=[line, short],
        crs=CRS,
    )


def draw_proposal(sizes: dict[str, int], *, pixels: int = 60, lang: Lang = "zh", **project: Any) -> Proposal:
    """The drawn plan as writers take it, in words; every reason tells its row and repeats its name."""
    worded = in_words(draw_plan(sizes, pixels=pixels, **project), lang)
    rows = worded.places.proposed
    reasons = [f"理由{i}：新增覆盖居民{i * 7}人{name[:40]}" for i, name in enumerate(rows["name"])]
    return with_places(worded, proposed=rows.assign(reason=reasons))


def with_places(proposal: Proposal, **tables: Any) -> Proposal:
    """The proposal with other tables of places."""
    return replace(proposal, places=replace(proposal.places, **tables))


def without_ground(proposal: Proposal) -> Proposal:
    """The proposal of a project without relief, roads, properties and zones."""
    area = replace(proposal.area, properties=None, exclusions=None, roads=None, dem=None, relief=None)
    return replace(proposal, area=area)


def without_rows(proposal: Proposal) -> Proposal:
    """The proposal with empty tables of places, sites, gaps and villages."""
    none, places, existing, effects = pd.DataFrame(), proposal.places, proposal.existing, proposal.effects
    return replace(
        proposal,
        places=replace(
            places,
            candidates=places.candidates.iloc[:0],
            proposed=places.proposed.iloc[:0],
            footprints=(),
            steps=none,
            curve=none,
            choices=none,
        ),
        existing=replace(existing, sites=existing.sites.iloc[:0], gaps=existing.gaps.iloc[:0]),
        effects=replace(effects, villages=effects.villages.iloc[:0]),
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
