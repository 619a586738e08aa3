"""How well addresses are found offline: the demo's opened properties located by their address alone.

Every variant writes the published address as some county office would; truth is the row's own coordinates.
Run: python benchmarks/addresses.py DEMO
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from pypinyin import lazy_pinyin

from siteplan.inputs.places.addresses import locate, table_of
from siteplan.inputs.places.gazetteer import VILLAGE, core_of, plain
from siteplan.inputs.project_reader import ProjectReader
from siteplan.project.project_file import load_config


def homophones(names: list[str]) -> dict[str, str]:
    """Another character of the same sound for those of village names, from the names themselves."""
    signs = sorted({sign for name in names for sign in core_of(plain(name), VILLAGE)})
    by_sound: dict[str, list[str]] = {}
    for sign in signs:
        by_sound.setdefault(lazy_pinyin(sign)[0], []).append(sign)
    return {sign: next((o for o in by_sound[lazy_pinyin(sign)[0]] if o != sign), sign) for sign in signs}


def variants(rows: pd.DataFrame, same: dict[str, str]) -> dict[str, Callable[[pd.Series], str]]:
    """Ways to write one address."""
    del rows

    def slip(row: pd.Series) -> str:
        rest = row["address"].split(row["town"], 1)[-1]
        wrong = same.get(rest[0], rest[0]) + rest[1:] if rest else rest
        return row["stated_county"] + row["town"] + wrong

    def short(row: pd.Series) -> str:
        county = row["stated_county"]
        return f"{core_of(plain(county), 0)}{'县' if county.endswith('县') else county[-1]}" + _after(
            row, "county"
        )

    return {
        "as published": lambda row: row["address"],
        "with the roof": lambda row: row["address"] + "办公楼楼顶",
        "no city, no county": lambda row: _after(row, "county"),
        "short county (乳源县)": short,
        "no town": lambda row: row["stated_county"] + _after(row, "town"),
        "no 村/社区": lambda row: row["address"].replace("社区", "").replace("村", ""),
        "another character, same sound": slip,
        "town only": lambda row: row["stated_county"] + row["town"] + "人民路12号",
        "county only": lambda row: row["stated_county"] + "人民路12号",
        "elsewhere (none should be found)": lambda row: "广州市天河区珠江新城花城大道85号",
    }


def _after(row: pd.Series, what: str) -> str:
    mark = row["stated_county"] if what == "county" else row["town"]
    return row["address"].split(mark, 1)[-1]


def main(demo: Path) -> None:
    reader = ProjectReader(demo, load_config(demo))
    reader.counties()
    villages, _ = reader.villages()
    reader.points("key_places")
    truth = reader.points("properties")
    assert villages is not None
    assert truth is not None
    gazetteer = reader.placer().gazetteer()
    same = homophones(villages["village"].tolist())
    print("addresses as             grade     n  share  exact%  median m   p90 m  inside radius  radius m")
    for name, write in variants(truth, same).items():
        texts = [write(row) for _, row in truth.iterrows()]
        start = perf_counter()
        found = locate(texts, gazetteer)
        table = table_of(found, gazetteer)
        seconds = perf_counter() - start
        table["error_m"] = np.hypot(table["x"] - truth.geometry.x, table["y"] - truth.geometry.y)
        for grade, part in table.groupby("grade"):
            error, radius = part["error_m"], part["radius_m"]
            print(
                f"{name:<34} {grade or '—':<2} {len(part):>5} {len(part) / len(table):>6.1%} "
                f"{part['how'].eq('exact').mean():>6.1%} {error.median():>8.0f} {error.quantile(0.9):>8.0f} "
                f"{(error <= radius).mean():>8.1%} {radius.median():>12.0f}"
            )
        print(f"{'':<34} {len(texts) / seconds:,.0f} addresses a second")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
