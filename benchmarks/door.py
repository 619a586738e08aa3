"""Time to read, check and locate a big project: 100,000 sites and 50,000 addresses by default.

The peer, in the same run, is what a script would do: pandas reads the same files and does nothing else.
Run: python benchmarks/door.py DEMO [sites] [addresses]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from siteplan.core.stopwatch import peak_memory_mib
from siteplan.inputs.load import examine
from siteplan.project.project_file import load_config


def enlarge(demo: Path, folder: Path, sites: int, addresses: int) -> None:
    """A copy of the demo with many stations, and properties that have addresses only."""
    shutil.copytree(
        demo, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("runs", "checks", ".cache", "p[0-9]")
    )
    rng = np.random.default_rng(1)
    stations = pd.read_csv(demo / "stations.csv", dtype=str, encoding="utf-8-sig")
    some = stations.iloc[rng.integers(0, len(stations), sites)].reset_index(drop=True)
    number = pd.Series(np.arange(sites)).astype(str)
    moved = rng.normal(0, 0.003, (sites, 2))
    some["基站编号"], some["站址编码"], some["站址名称"] = (
        "JZ" + number,
        "ZZ" + number,
        some["站址名称"] + "甲" + number,
    )
    some["经度"] = (some["经度"].astype(float) + moved[:, 0]).map("{:.6f}".format)
    some["纬度"] = (some["纬度"].astype(float) + moved[:, 1]).map("{:.6f}".format)
    some.to_csv(folder / "stations.csv", index=False, encoding="gb18030")
    properties = pd.read_excel(demo / "公共物业开放清单.xlsx", dtype=str, engine="calamine")
    many = properties.iloc[rng.integers(0, len(properties), addresses)].reset_index(drop=True)
    many["序号"] = np.arange(1, addresses + 1)
    many["地址"] = (
        many["地址"].str.replace(r"\d+号$", "", regex=True)
        + pd.Series(np.arange(addresses)).astype(str)
        + "号"
    )
    many[["序号", "物业名称", "物业所属单位", "地址"]].to_excel(
        folder / "公共物业开放清单.xlsx", sheet_name="公共物业", index=False, engine="xlsxwriter"
    )


def main(demo: Path, sites: int, addresses: int) -> None:
    folder = Path(tempfile.mkdtemp())
    enlarge(demo, folder, sites, addresses)
    start = perf_counter()
    pd.read_csv(folder / "stations.csv", encoding="gb18030")
    pd.read_excel(folder / "公共物业开放清单.xlsx", engine="calamine")
    plain = perf_counter() - start
    start = perf_counter()
    small = examine(demo, load_config(demo))
    base = perf_counter() - start
    start = perf_counter()
    found = examine(folder, load_config(folder))
    seconds = perf_counter() - start
    placed = 0 if found.inputs is None or found.inputs.properties is None else len(found.inputs.properties)
    print(
        f"{sites:,} stations and {addresses:,} addresses: {seconds:.1f} s, peak {peak_memory_mib():,.0f} MiB"
    )
    print(f"the demo itself ({sum(s.read for s in small.sources):,} rows, rasters): {base:.1f} s")
    print(f"pandas reading the two files alone: {plain:.1f} s, ratio {(seconds - base) / plain:.1f}")
    print(f"located {placed:,} of {addresses:,}; faults {len(found.faults):,}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *(int(each) for each in sys.argv[2:]), *(100_000, 50_000)[len(sys.argv) - 2 :])
