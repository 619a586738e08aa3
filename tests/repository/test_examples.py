"""The two example projects on real places, where the reference data holds their files."""

from pathlib import Path

import geopandas as gpd
import pytest

import siteplan
from siteplan.inputs.osm import NOT_DRIVABLE, PUBLIC_AMENITIES, read_osm
from siteplan.project.project_file import load_config

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "examples"


def example(name, folder):
    """A copy of an example's project file in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.toml").write_bytes((EXAMPLES / name / "project.toml").read_bytes())
    return folder


@pytest.mark.parametrize("name", ["andorra", "oetztal"])
def test_an_example_project_is_valid(name):
    config = load_config(EXAMPLES / name)
    assert config.project.city


@pytest.mark.parametrize("name", ["andorra", "oetztal"])
def test_a_real_place_is_planned_without_code_for_it(name, tmp_path, shared_file):
    data = shared_file(f"cases/{name}")
    plan = siteplan.open_project(example(name, tmp_path / name), data=data).plan()
    folder = plan.write()
    record = plan.record
    assert 0 < record.selected_stations <= record.remaining
    assert record.population_covered_after > record.population_covered_before
    assert "population" in record.missing_inputs
    assert record.synthetic == ""
    text = (folder / "map.html").read_text(encoding="utf-8")
    assert "无人口栅格" in text
    assert {"4", "5", "3"} & set(plan.sites["source_type"])


def test_dem_voids_are_said_and_do_not_stop_a_plan(tmp_path, shared_file):
    data = shared_file("cases/andorra")
    plan = siteplan.open_project(example("andorra", tmp_path), data=data).plan()
    plan.write(tmp_path / "run")
    assert "dem_voids" in [fault.problem for fault in plan.faults]
    assert all(fault.severity in ("warning", "note") for fault in plan.faults)


def test_a_pbf_gives_roads_and_public_buildings(shared_file):
    data = read_osm(shared_file("cases/osm/liechtenstein.osm.pbf"))
    assert len(data.roads) > 3_000
    assert not set(data.roads["highway"]) & set(NOT_DRIVABLE)
    assert len(data.places) > 10
    assert set(data.public["kind"]) <= set(PUBLIC_AMENITIES)
    assert data.public["kind"].eq("school").sum() > 10
    assert isinstance(data.roads, gpd.GeoDataFrame)
