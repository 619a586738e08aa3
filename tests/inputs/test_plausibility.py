"""What is not wrong but worth a word: a foreign CRS, stray points, unknown words, rows that contradict rows."""

import importlib.util
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from worlds.two_counties import CRS, lonlat, point, with_input

from siteplan.inputs.places.area import crs_doubts
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config


def loaded(folder):
    return pipeline.load(folder, load_config(folder))


def test_a_foreign_crs_is_doubted():
    area = gpd.GeoDataFrame(geometry=[point(0, 0).buffer(5_000)], crs=CRS)
    assert crs_doubts(area, CRS) == []
    far = area.to_crs("EPSG:4534")
    assert [fault.problem for fault in crs_doubts(far, "EPSG:4534")] == ["crs_elsewhere"]


def test_unknown_networks_of_an_order_are_said(two_counties):
    lon, lat = lonlat([5_000], [4_000])
    with_input(
        two_counties,
        "orders",
        pd.DataFrame({"需求编号": ["D1"], "网络": ["移动、铁通"], "经度": lon, "纬度": lat}),
    )
    inputs = loaded(two_counties)
    said = [fault for fault in inputs.faults if fault.problem == "unknown_network"]
    assert [(fault.row, fault.values["value"]) for fault in said] == [(2, ("铁通",))]


def test_an_order_outside_all_counties_is_named(two_counties):
    lon, lat = lonlat([-2_000, 5_000], [4_000, 4_000])
    with_input(two_counties, "orders", pd.DataFrame({"需求编号": ["D1", "D2"], "经度": lon, "纬度": lat}))
    inputs = loaded(two_counties)
    said = [fault for fault in inputs.faults if fault.problem == "outside_counties"]
    assert [fault.values["ids"] for fault in said] == [("D1",)]


@pytest.mark.demo
def test_every_planted_fault_of_the_demo_is_found_and_none_is_invented(demo, tmp_path):
    spec = importlib.util.spec_from_file_location(
        "health", Path(__file__).resolve().parents[2] / "benchmarks" / "health.py"
    )
    health = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(health)
    table = health.confusion(demo[0], health.ruined(demo[0], tmp_path / "ruined"))
    assert table["missed"].map(len).sum() == 0, table
    assert table["invented"].map(len).sum() == 0, table
    assert len(table) >= 24
