"""The two example projects on real places, when their data is there (SITEPLAN_CASES or ../shared/cases)."""

import os
from pathlib import Path

import geopandas as gpd
import pytest

from siteplan.cli import plan_area
from siteplan.inputs.osm import PUBLIC_AMENITIES, read_osm
from siteplan.project.project_file import load_config

ROOT = Path(__file__).parent.parent
CASES = Path(os.environ.get("SITEPLAN_CASES", ROOT.parent / "shared" / "cases"))


@pytest.mark.parametrize("name", ["andorra", "oetztal"])
def test_an_example_project_is_valid(name):
    config = load_config(ROOT / "data" / "examples" / name)
    assert config.project.city


@pytest.mark.parametrize("name", ["andorra", "oetztal"])
def test_a_real_place_is_planned_without_code_for_it(name, tmp_path):
    if not (CASES / name).is_dir():
        pytest.skip(f"no data for {name}")
    project = tmp_path / name
    project.mkdir()
    toml = ROOT / "data" / "examples" / name / "project.toml"
    (project / "project.toml").write_bytes(toml.read_bytes())
    proposal, folder = plan_area(project, data=CASES / name)
    summary = proposal.record
    assert 0 < summary["selected_stations"] <= summary["remaining"]
    assert summary["population_covered_after"] > summary["population_covered_before"]
    assert "population" in summary["missing_inputs"]
    assert summary["synthetic"] == ""
    text = (folder / "map.html").read_text(encoding="utf-8")
    assert "无人口栅格" in text
    assert {"4", "5", "3"} & set(proposal.places.proposed["source_type"])


def test_dem_voids_are_said_and_do_not_stop_a_plan(tmp_path):
    if not (CASES / "andorra").is_dir():
        pytest.skip("no data for andorra")
    toml = ROOT / "data" / "examples" / "andorra" / "project.toml"
    (tmp_path / "project.toml").write_bytes(toml.read_bytes())
    proposal, _ = plan_area(tmp_path, data=CASES / "andorra", output=tmp_path / "run")
    assert "dem_voids" in [fault.problem for fault in proposal.faults]
    assert all(fault.severity == "warning" for fault in proposal.faults)


def test_a_pbf_gives_roads_and_public_buildings():
    path = CASES / "osm" / "liechtenstein.osm.pbf"
    if not path.exists():
        pytest.skip("no OSM data")
    data = read_osm(path)
    assert len(data.roads) > 4_000
    assert set(data.public["kind"]) <= set(PUBLIC_AMENITIES)
    assert data.public["kind"].eq("school").sum() > 10
    assert isinstance(data.roads, gpd.GeoDataFrame)
