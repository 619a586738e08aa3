"""Inputs of the proof: railways, natural villages, what operators report, roads as demand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString
from worlds.two_counties import CRS, SOUTH, WEST, lonlat, osm_text, with_input, write_project, write_toml

from siteplan.core.errors import InputFaults
from siteplan.coverage.demand import build_demand, lines_of
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config


def inputs_of(folder):
    config = load_config(folder)
    return pipeline.load(folder, config), config


def with_railways(folder, *kinds):
    """Ways of these kinds put into the OSM file, from node 1 to 2."""
    ways = "".join(
        f"<way id='{90 + k}' version='1' timestamp='2023-01-01T00:00:00Z'><nd ref='1'/><nd ref='2'/>"
        f"<tag k='railway' v='{kind}'/></way>"
        for k, kind in enumerate(kinds)
    )
    (folder / "roads.osm").write_text(osm_text().replace("</osm>", f"{ways}</osm>"), encoding="utf-8")


def test_trains_run_on_rails_and_not_on_what_was_or_will_be(two_counties):
    with_railways(two_counties, "rail", "abandoned", "subway", "platform")
    inputs, _ = inputs_of(two_counties)
    assert sorted(inputs.railways["railway"]) == ["rail", "subway"]
    assert inputs.railways.length.round(-2).unique().tolist() == [15_000.0]
    assert len(inputs.roads) == 2


def test_what_is_no_road_is_none(two_counties):
    """An extract holds houses, rivers and borders beside roads; each of them is a way."""
    way = "<way id='99' version='1' timestamp='2023-01-01T00:00:00Z'><nd ref='3'/><nd ref='2'/>"
    extra = f"{way}<tag k='waterway' v='river'/></way>"
    (two_counties / "roads.osm").write_text(osm_text().replace("</osm>", f"{extra}</osm>"), encoding="utf-8")
    assert inputs_of(two_counties)[0].roads["highway"].tolist() == ["primary", "primary"]


def test_railways_of_a_file_join_those_of_osm(two_counties):
    with_railways(two_counties, "rail")
    line = LineString([(WEST + 100, SOUTH + 100), (WEST + 100, SOUTH + 9_100)])
    gpd.GeoDataFrame({"类型": ["高铁"]}, geometry=[line], crs=CRS).to_file(two_counties / "rail.gpkg")
    write_toml(two_counties, {"inputs.railways": {"path": "rail.gpkg"}})
    inputs, _ = inputs_of(two_counties)
    assert sorted(inputs.railways["railway"]) == ["rail", "高铁"]
    assert sorted(lines_of(inputs)["line_class"]) == ["primary", "primary", "rail", "高铁"]
    assert lines_of(inputs, ("高铁",)).length.round().tolist() == [9_000.0]


def test_a_world_without_railways_has_none(shared_world):
    assert inputs_of(shared_world)[0].railways is None


def test_a_report_that_is_open_or_odd_costs_no_village(two_counties):
    villages = gpd.read_file(two_counties / "villages.gpkg")
    villages["是否通5G"] = ["是", "否", None, "大概", "已通", "未通"]
    villages.to_file(two_counties / "villages.gpkg", layer="villages")
    inputs, _ = inputs_of(two_counties)
    told = dict(zip(inputs.villages["village"], inputs.villages["reported_covered"], strict=True))
    assert [told[name] for name in ("西一村", "西二村", "东二村", "东三村")] == [1.0, 0.0, 1.0, 0.0]
    assert np.isnan(told["西三村"])
    assert np.isnan(told["东一村"])
    odd = [fault for fault in inputs.faults if fault.problem == "not_flag"]
    assert [(fault.severity, fault.values["value"]) for fault in odd] == [("warning", "大概")]


def test_natural_villages_are_placed_like_other_points(tmp_path):
    folder = write_project(tmp_path / "two")
    lon, lat = lonlat([2_000, 12_000], [3_000, 3_000])
    with_input(
        folder,
        "hamlets",
        pd.DataFrame({"编号": ["1", "2"], "自然村": ["甲", "乙"], "户数": [25, 8], "经度": lon, "纬度": lat}),
    )
    hamlets = inputs_of(folder)[0].hamlets
    assert hamlets[["hamlet", "households", "county"]].to_numpy().tolist() == [
        ["甲", 25.0, "西县"],
        ["乙", 8.0, "东县"],
    ]


def test_a_line_input_that_holds_points_is_refused(tmp_path):
    folder = write_project(tmp_path / "two", {"inputs.power_lines": {"path": "villages.gpkg"}})
    with pytest.raises(InputFaults) as found:
        inputs_of(folder)
    assert "wrong_shape" in {fault.problem for fault in found.value.faults}


# --- roads as demand -----------------------------------------------------------------------------------------


def test_a_kilometre_of_road_weighs_what_the_layer_says(tmp_path):
    folder = write_project(
        tmp_path / "two",
        {"layers.0.targets": ["residents", "villages", "roads"], "layers.0.road_weight": 40.0},
    )
    inputs, config = inputs_of(folder)
    demand = build_demand(inputs, config)
    by_target = demand.weight_by_target
    assert by_target["roads"].sum() == pytest.approx(40.0 * 30.0, rel=0.01)
    assert sum(by_target.values()) == pytest.approx(demand.weight)
    plain, _ = inputs_of(write_project(tmp_path / "plain"))
    assert len(build_demand(plain, load_config(tmp_path / "plain")).pixels) < len(demand.pixels)


def test_only_classes_that_are_asked_for_weigh(tmp_path):
    changes = {"layers.0.targets": ["roads"], "layers.0.road_classes": ["motorway"]}
    inputs, config = inputs_of(write_project(tmp_path / "two", changes))
    demand = build_demand(inputs, config)
    assert demand.weight_by_target["roads"].sum() == 0.0


def test_weights_by_target_add_up_in_every_project(shared_world):
    inputs, config = inputs_of(shared_world)
    demand = build_demand(inputs, config)
    assert set(demand.weight_by_target) == {"residents", "villages", "key_places"}
    assert sum(demand.weight_by_target.values()) == pytest.approx(demand.weight)
