"""What a check finds in a ruined copy of a project: every sort of fault planted, found, and none invented.

Run: python benchmarks/health.py DEMO [folder to keep]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from rasterio.features import geometry_mask
from rasterio.warp import transform
from scipy.ndimage import minimum_filter

from siteplan.inputs.load import examine
from siteplan.inputs.places.datum import gcj02_from_wgs84, wgs84_from_gcj02
from siteplan.project.project_file import load_config

STATIONS, PLAN, PROPERTIES, KEY = (
    "stations.csv",
    "站址规划2020-2025.xlsx",
    "公共物业开放清单.xlsx",
    "key_places.csv",
)
Planted = list[tuple[str, str, int]]
"""Sort of fault, file, row as a spreadsheet shows it."""


class Ruin:
    """A copy of the demo whose tables are spoilt row by row; each row is spoilt once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.planted, self._used = folder, [], set()
        self.tables = {
            STATIONS: pd.read_csv(folder / STATIONS, dtype=str, keep_default_na=False, encoding="utf-8-sig"),
            KEY: pd.read_csv(folder / KEY, dtype=str, keep_default_na=False, encoding="utf-8-sig"),
            PLAN: pd.read_excel(folder / PLAN, dtype=str, keep_default_na=False, engine="calamine"),
            PROPERTIES: pd.read_excel(
                folder / PROPERTIES, dtype=str, keep_default_na=False, engine="calamine"
            ),
        }
        self.rng = np.random.default_rng(5)

    def rows(
        self, file: str, count: int, wanted: Callable[[pd.DataFrame], pd.Series] | None = None
    ) -> list[int]:
        """Rows not spoilt yet."""
        table = self.tables[file]
        if file == STATIONS and wanted is None:
            wanted = lone_sites_spared
        good = table.index if wanted is None else table.index[wanted(table)]
        free = [i for i in good if (file, i) not in self._used]
        chosen = sorted(int(i) for i in self.rng.choice(free, count, replace=False))
        self._used.update((file, i) for i in chosen)
        return chosen

    def plant(self, sort: str, file: str, rows: list[int]) -> None:
        """Note what was spoilt."""
        self.planted += [(sort, file, i + 2) for i in rows]

    def cell(self, sort: str, file: str, column: str, values: list[str]) -> None:
        """Put values into cells of a column, a row each."""
        rows = self.rows(file, len(values))
        self.tables[file].loc[rows, column] = values
        self.plant(sort, file, rows)

    def copy(
        self,
        sort: str,
        file: str,
        count: int,
        ids: str,
        change: Callable[[pd.Series], None],
        wanted: Callable[[pd.DataFrame], pd.Series] | None = None,
    ) -> None:
        """Rows added at the end that repeat others with a change."""
        table = self.tables[file]
        extra = table.loc[self.rows(file, count, wanted)].copy()
        extra[ids] = [f"{file[:2]}X{sort[:4]}{n}" for n in range(count)]
        rows = [change_row(row, change) for _, row in extra.iterrows()]
        self.tables[file] = pd.concat([table, pd.DataFrame(rows)], ignore_index=True)
        start = len(table)
        self._used.update((file, start + n) for n in range(count))
        self.plant(sort, file, list(range(start, start + count)))

    def write(self) -> None:
        """Write the tables back."""
        for file, table in self.tables.items():
            if file.endswith(".csv"):
                table.to_csv(self.folder / file, index=False, encoding="gb18030")
            else:
                with pd.ExcelWriter(self.folder / file, engine="xlsxwriter") as book:
                    table.to_excel(
                        book, sheet_name={PLAN: "站址规划", PROPERTIES: "公共物业"}[file], index=False
                    )


def lone_sites_spared(table: pd.DataFrame) -> pd.Series:
    """Stations of sites with others: spoiling the only one would make entries of the plan wrong as well."""
    return table.groupby("站址编码")["基站编号"].transform("size") >= 3


def change_row(row: pd.Series, change: Callable[[pd.Series], None]) -> pd.Series:
    row = row.copy()
    change(row)
    return row


def moved(row: pd.Series, east_m: float, north_m: float) -> None:
    row["经度"] = f"{float(row['经度']) + east_m / 101_000:.6f}"
    row["纬度"] = f"{float(row['纬度']) + north_m / 110_800:.6f}"


def elsewhere(row: pd.Series) -> None:
    """Another band of the same site, 900 m away."""
    moved(row, 900, 0)
    row["频段"] = "700M"


def without_700m(table: pd.DataFrame) -> pd.Series:
    """Stations of a network that has 700 MHz, at sites that do not."""
    has = table["频段"].eq("700M").groupby(table["站址编码"]).transform("any")
    return ~has & table["网络"].isin(table.loc[table["频段"].eq("700M"), "网络"])


def spoil(ruin: Ruin) -> None:
    """Every sort of fault the check knows, some rows of each."""
    ruin.cell("not_coordinate", PROPERTIES, "经度", ["约113.5", "113°75′12″", "见附图"])
    ruin.cell("no_coordinates", STATIONS, "经度", ["0", "", "暂无"])
    ruin.cell("not_number", STATIONS, "挂高", ["约35", "三十五米左右"])
    ruin.cell("out_of_range", STATIONS, "挂高", ["-35", "3500"])
    ruin.cell("not_date", STATIONS, "开通日期", ["去年", "2023-13-45"])
    ruin.cell("unknown_network", STATIONS, "网络", ["某某网络", "星链"])
    ruin.cell("unknown_band", STATIONS, "频段", ["9.9G"])
    ruin.cell("not_flag", PLAN, "建设状态", ["大概", "待查"])
    ruin.cell("unknown_county", PROPERTIES, "县区", ["长安县", "南山区"])
    ruin.cell("height_doubt", PROPERTIES, "建筑高度(米)", ["260", "333"])
    for file, ids in ((STATIONS, "基站编号"), (PLAN, "规划编号"), (PROPERTIES, "序号"), (KEY, "场所编号")):
        rows = ruin.rows(file, 3)
        table = ruin.tables[file]
        table.loc[rows, ids] = table.loc[[i - 1 for i in rows], ids].to_numpy()
        ruin._used.update((file, i - 1) for i in rows)
        ruin.plant("duplicate_id", file, rows)
    for file in (PLAN, PROPERTIES):
        rows = ruin.rows(file, 3)
        table = ruin.tables[file]
        table.loc[rows, ["经度", "纬度"]] = table.loc[rows, ["纬度", "经度"]].to_numpy()
        ruin.plant("swapped_lonlat", file, rows)
    rows = ruin.rows(PLAN, 3)
    ruin.tables[PLAN].loc[rows, "经度"] = "120.123456"
    ruin.plant("outside_area", PLAN, rows)
    rows = ruin.rows(PROPERTIES, 4, lambda t: t["县区"].eq("乐昌市"))
    ruin.tables[PROPERTIES].loc[rows, "县区"] = "新丰县"
    ruin.plant("wrong_county", PROPERTIES, rows)
    rows = ruin.rows(PLAN, 3, lambda t: t["建设状态"].eq("已建"))
    ruin.tables[PLAN].loc[rows, "规划年份"] = "2025"
    ruin.plant("built_before_year", PLAN, rows)
    ruin.copy("near_duplicate", PROPERTIES, 4, "序号", lambda row: moved(row, 15, 10))
    ruin.copy(
        "two_names",
        PROPERTIES,
        4,
        "序号",
        lambda row: row.__setitem__("物业名称", row["物业名称"] + "北座甲号"),
    )
    ruin.copy("duplicate_station", STATIONS, 3, "基站编号", lambda row: None)
    ruin.copy("site_spread", STATIONS, 3, "基站编号", elsewhere, without_700m)
    _two_lists(ruin)
    _state(ruin)
    _water(ruin)
    _totals(ruin)


def _two_lists(ruin: Ruin) -> None:
    """Plan entries that are opened properties too: the same name at the same point (datums differ)."""
    properties, plan = ruin.tables[PROPERTIES], ruin.tables[PLAN]
    rows = ruin.rows(PROPERTIES, 3, lambda t: t["经度"].str.match(r"^11[34]\.\d+$"))
    lon, lat = wgs84_from_gcj02(
        properties.loc[rows, "经度"].astype(float), properties.loc[rows, "纬度"].astype(float)
    )
    extra = plan.loc[ruin.rows(PLAN, 3, lambda t: t["建设状态"].eq("未建"))].copy()
    extra["规划编号"] = ["GH双1", "GH双2", "GH双3"]
    extra["站址名称"] = properties.loc[rows, "物业名称"].to_numpy()
    extra["县区"] = properties.loc[rows, "县区"].to_numpy()
    extra["经度"], extra["纬度"] = [f"{x:.6f}" for x in lon], [f"{y:.6f}" for y in lat]
    ruin.tables[PLAN] = pd.concat([plan, extra], ignore_index=True)
    ruin._used.update((PLAN, len(plan) + n) for n in range(3))
    ruin.plant("two_lists", PROPERTIES, rows)


def _state(ruin: Ruin) -> None:
    """Built entries called unbuilt, and unbuilt ones in the wild called built."""
    plan, stations = ruin.tables[PLAN], ruin.tables[STATIONS]
    on_air = set(stations.loc[stations["开通日期"] <= "2023-06-30", "站址名称"])
    rows = ruin.rows(PLAN, 3, lambda t: t["建设状态"].eq("已建") & t["站址名称"].isin(on_air))
    plan.loc[rows, "建设状态"] = "未建"
    ruin.plant("already_on_air", PLAN, rows)
    sites = stations[["经度", "纬度"]].apply(pd.to_numeric, errors="coerce").dropna().to_numpy()
    points = plan[["经度", "纬度"]].apply(pd.to_numeric, errors="coerce").to_numpy()
    away = np.array([np.hypot(*((sites - point) * [101_000, 110_800]).T).min() for point in points])
    rows = ruin.rows(PLAN, 3, lambda t: t["建设状态"].eq("未建") & (away > 600))
    plan.loc[rows, "建设状态"] = "已建"
    plan.loc[rows, "规划年份"] = "2021"
    ruin.plant("built_not_found", PLAN, rows)


def _water(ruin: Ruin) -> None:
    """Properties in the middle of a lake or river, and villages nobody lives in any more."""
    with rasterio.open(ruin.folder / "land_cover.tif") as file:
        wet = minimum_filter(file.read(1) == 80, 5)
        spots = np.argwhere(wet)[:: max(1, int(wet.sum()) // 40)]
        x, y = file.xy(spots[:, 0], spots[:, 1])
        lon, lat = transform(file.crs, "EPSG:4326", x, y)
    counties = gpd.read_file(ruin.folder / "counties.gpkg").to_crs(4326)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326).sjoin(counties)
    chosen = points.iloc[:: max(1, len(points) // 3)].head(3)
    rows = ruin.rows(PROPERTIES, len(chosen))
    lon, lat = gcj02_from_wgs84(chosen.geometry.x.to_numpy(), chosen.geometry.y.to_numpy())
    table = ruin.tables[PROPERTIES]
    table.loc[rows, "经度"], table.loc[rows, "纬度"] = [f"{v:.6f}" for v in lon], [f"{v:.6f}" for v in lat]
    table.loc[rows, "县区"] = chosen["county"].to_numpy()
    ruin.plant("in_water", PROPERTIES, rows)
    villages = gpd.read_file(ruin.folder / "villages.gpkg", layer="villages")
    with rasterio.open(ruin.folder / "population.tif", "r+") as file:
        people = file.read(1)
        shapes = villages.to_crs(file.crs).geometry
        big = np.flatnonzero((shapes.area > 2e6).to_numpy())
        rows = [int(i) for i in ruin.rng.choice(big, 2, replace=False)]
        people[geometry_mask(shapes.iloc[rows].buffer(80), people.shape, file.transform, invert=True)] = 0
        file.write(people, 1)
    ruin.plant("village_empty", "villages.gpkg", rows)


def _totals(ruin: Ruin) -> None:
    """A total and a remark at the bottom."""
    for file, first in ((PROPERTIES, "序号"), (PLAN, "规划编号")):
        table = ruin.tables[file]
        lines = pd.DataFrame([{first: "合计", table.columns[3]: str(len(table))}, {first: "注：以现场为准"}])
        ruin.tables[file] = pd.concat([table, lines], ignore_index=True).fillna("")
        ruin.plant("line_total", file, [len(table)])
        ruin.plant("line_remark", file, [len(table) + 1])


def mixed_datum(ruin: Ruin) -> None:
    """The second half of the stations written by someone with a phone map."""
    table = ruin.tables[STATIONS]
    rows = [i for i in range(len(table) // 2, len(table)) if (STATIONS, i) not in ruin._used]
    lon, lat = gcj02_from_wgs84(table.loc[rows, "经度"].astype(float), table.loc[rows, "纬度"].astype(float))
    table.loc[rows, "经度"], table.loc[rows, "纬度"] = [f"{x:.6f}" for x in lon], [f"{y:.6f}" for y in lat]


def ruined(demo: Path, folder: Path) -> Ruin:
    """A copy of the demo with every fault planted."""
    shutil.copytree(
        demo, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("runs", ".cache", "p[0-9]")
    )
    ruin = Ruin(folder)
    spoil(ruin)
    ruin.write()
    return ruin


def confusion(demo: Path, ruin: Ruin) -> pd.DataFrame:
    """Planted, found, missed and invented faults by sort; what the demo itself has does not count."""
    before = Counter(_key(fault) for fault in examine(demo, load_config(demo)).faults)
    after = Counter(_key(fault) for fault in examine(ruin.folder, load_config(ruin.folder)).faults)
    new, rows = after - before, []
    for sort in dict.fromkeys([each for each, _, _ in ruin.planted] + [key[0] for key in new]):
        mine = {key for key in ruin.planted if key[0] == sort}
        missed = sorted(mine - set(after))
        invented = sorted(key for key in new if key[0] == sort and key not in mine)
        rows.append((sort, len(mine), len(mine) - len(missed), missed, invented))
    return pd.DataFrame(rows, columns=["sort", "planted", "found", "missed", "invented"])


def main(demo: Path, keep: Path | None) -> None:
    ruin = ruined(demo, keep or Path(tempfile.mkdtemp()))
    print("sort of fault        planted  found  missed  invented")
    for row in confusion(demo, ruin).itertuples():
        print(
            f"{row.sort:<20} {row.planted:>7}  {row.found:>5}  {len(row.missed):>6}  {len(row.invented):>8}"
        )
        for key in [*row.missed, *row.invented]:
            print("   ", key)
    mixed_datum(ruin)
    ruin.write()
    evidence = examine(ruin.folder, load_config(ruin.folder)).evidence["stations"]
    counts = dict(Counter(evidence.datum))
    print(f"half of the stations in gcj02, undeclared: {counts}, groups {len(evidence.groups)}")


def _key(fault) -> tuple[str, str, int]:  # type: ignore[no-untyped-def]
    return fault.problem, fault.file, fault.row or 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
