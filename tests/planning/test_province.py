"""A province: two cities with projects of their own under one quota, drawn small enough to plan in seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from shapely.geometry import Point
from typer.testing import CliRunner
from worlds.two_counties import PROJECT, write_project, write_toml

import siteplan
from siteplan.api.project import stations_of
from siteplan.cli.commands import app
from siteplan.core.errors import ConfigError, SiteplanError
from siteplan.planning import pipeline
from siteplan.planning.neighbours import with_neighbours
from siteplan.planning.province import SITES, close_pairs
from siteplan.planning.quota import on_air
from siteplan.project.project_file import load_config, load_province

COUNTIES = {"city1": "西县", "city2": "东县"}


def write_city(folder: Path, county: str, city: str) -> None:
    """The drawn world with one county of its two; what lies in the other is beyond its border."""
    write_project(folder)
    targets = [{"year": 2023, "county": county, "network": "A", "stations": 3}]
    write_toml(folder, {"project": PROJECT["project"] | {"city": city}, "quota": {"targets": targets}})
    table = gpd.read_file(folder / "counties.gpkg")
    table[table["county"] == county].to_file(folder / "counties.gpkg", driver="GPKG", engine="pyogrio")


def write_province(folder: Path, stations: int, more: str = "", name: str = "双市省") -> Path:
    lines = ['schema = "siteplan-province/1"', "[province]", f'name = "{name}"', "year = 2023"]
    lines += [f"stations = {stations}", more]
    for key, county in COUNTIES.items():
        lines += ["[[cities]]", f'name = "{county}市"', f'project = "{key}"']
    (folder / "province.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("province")
    for key, county in COUNTIES.items():
        write_city(folder / key, county, f"{county}市")
    return write_province(folder, 6)


@pytest.fixture(scope="module")
def planned(province: Path):
    target = province / "runs" / "a"
    return siteplan.open_province(province).plan(threads=1, folder=target), target


def test_the_whole_quota_is_split_and_every_city_keeps_to_its_part(planned):
    plan, _ = planned
    built = [city.record.built for city in plan.cities]
    assert sum(plan.shared.stations) == 6 - sum(built)
    for city, part in zip(plan.cities, plan.shared.stations, strict=True):
        assert city.record.selected_stations <= part
        assert city.record.quota == part + city.record.built
        assert city.run.is_dir()
    assert sum(city.record.objective for city in plan.cities) == pytest.approx(plan.shared.value, rel=1e-6)
    assert plan.shared.value <= plan.shared.bound


def test_no_other_split_is_better_by_more_than_the_gap(planned, province):
    """Every split of the quota, planned city by city."""
    plan, _ = planned
    left = sum(plan.shared.stations)
    values = {}
    for number, city in enumerate(siteplan.open_province(province).rules.cities):
        others = [province / each for each in COUNTIES if each != city.project]
        project = siteplan.open_project(province / city.project)
        built = plan.cities[number].record.built
        for part in range(left + 1):
            found = project.plan(quota=part + built, as_one=True, neighbours=others, threads=1)
            values[number, part] = found.record.objective
    best = max(values[0, part] + values[1, left - part] for part in range(left + 1))
    assert plan.shared.value <= best * (1 + 1e-9) <= plan.shared.bound * (1 + 1e-6)
    assert plan.shared.value >= 0.95 * best


def test_stations_of_the_neighbour_radiate_and_count_for_nobody(planned):
    plan, _ = planned
    for city in plan.cities:
        found = siteplan.read_plan(city.run)
        told = [fault for fault in found.faults if fault.problem == "neighbours_added"]
        assert len(told) == 1
        assert told[0].values["count"] > 0
        assert found.record.request.neighbours
        alone = siteplan.open_project(city.run.parents[1]).plan(
            quota=city.record.quota, as_one=True, threads=1
        )
        assert alone.record.built == city.record.built
        assert alone.record.existing_sites <= found.record.existing_sites


def test_one_list_keeps_every_citys_order(planned):
    plan, _ = planned
    assert list(plan.sites.columns) == SITES
    assert plan.sites["province_rank"].tolist() == list(range(1, len(plan.sites) + 1))
    for _, rows in plan.sites.groupby("city"):
        assert rows["rank"].is_monotonic_increasing
    assert len(plan.sites) == sum(city.record.selected_sites for city in plan.cities)


def test_the_overview_is_whole_and_needs_no_network(planned):
    plan, target = planned
    record = json.loads((target / "province.json").read_text(encoding="utf-8"))
    assert record["gap"] == pytest.approx(plan.shared.gap)
    assert [city["stations"] for city in record["cities"]] == [
        city.record.selected_stations for city in plan.cities
    ]
    page = (target / "overview.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    assert "<script src" not in page
    assert "测试用合成数据" in page
    book = openpyxl.load_workbook(target / "全省总览.xlsx")
    rows = list(book["各市"].iter_rows(min_row=4, values_only=True))
    assert [row[3] for row in rows[:-1]] == [city.record.selected_stations for city in plan.cities]
    assert rows[-1][3] == sum(row[3] for row in rows[:-1])
    assert book["全省排序"].max_row == 3 + len(plan.sites)


def test_what_is_planned_again_is_the_same(planned, province):
    plan, _ = planned
    again = siteplan.open_province(province).plan(threads=1, folder=province / "runs" / "again")
    pd.testing.assert_frame_equal(plan.sites, again.sites)
    assert again.shared.stations == plan.shared.stations
    assert (province / "runs" / "a" / "overview.html").read_bytes() == (
        province / "runs" / "again" / "overview.html"
    ).read_bytes()


def test_a_fixed_part_stays(province, tmp_path):
    rules = siteplan.open_province(province)
    first, second = rules.rules.cities
    fixed = replace(
        rules,
        rules=rules.rules.model_copy(update={"cities": (first.model_copy(update={"stations": 4}), second)}),
    )
    plan = fixed.plan(threads=1, folder=tmp_path / "fixed")
    built = plan.cities[0].record.built
    assert plan.shared.stations[0] == max(0, 4 - built)


def test_a_city_that_cannot_be_planned_is_named_and_the_other_is_planned(tmp_path):
    for key, county in COUNTIES.items():
        write_city(tmp_path / key, county, f"{county}市")
    write_province(tmp_path, 4, name="<script>alert(1)</script>省")
    (tmp_path / "city1" / "villages.gpkg").write_bytes(b"broken")
    found = CliRunner().invoke(app, ["plan", str(tmp_path), "--out", str(tmp_path / "a"), "--threads", "1"])
    assert found.exit_code == 4, found.output
    record = json.loads((tmp_path / "a" / "province.json").read_text(encoding="utf-8"))
    broken, whole = record["cities"]
    assert broken["run"] is None
    assert "villages.gpkg" in broken["failure"]
    assert whole["stations"] > 0
    page = (tmp_path / "a" / "overview.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    assert "西县市" in page


def test_what_is_fixed_for_a_city_that_fails_is_given_to_nobody(tmp_path):
    for key, county in COUNTIES.items():
        write_city(tmp_path / key, county, f"{county}市")
    write_province(tmp_path, 6)
    (tmp_path / "city1" / "villages.gpkg").write_bytes(b"broken")
    province = siteplan.open_province(tmp_path)
    first, second = province.rules.cities
    fixed = province.rules.model_copy(update={"cities": (first.model_copy(update={"stations": 4}), second)})
    plan = replace(province, rules=fixed).plan(threads=1, folder=tmp_path / "a")
    assert plan.shared.stations == (max(0, 6 - 4 - plan.cities[1].record.built),)


@pytest.mark.parametrize("option", [["--quota", "3"], ["--county", "西县"], ["--strict"], ["--off", "X"]])
def test_an_option_a_province_would_pass_over_is_refused(province, option):
    found = CliRunner().invoke(app, ["plan", str(province), *option])
    assert found.exit_code == 1
    assert option[0] in found.output


def test_two_neighbours_of_one_name_are_both_heard(province):
    folders = [str(province / key) for key in COUNTIES]
    for folder in folders:
        assert len(stations_of((folder, folder), "zh")) == 2


def test_no_city_at_all_is_an_error_and_nothing_is_written(tmp_path):
    for key, county in COUNTIES.items():
        write_city(tmp_path / key, county, f"{county}市")
        (tmp_path / key / "counties.gpkg").unlink()
    write_province(tmp_path, 4)
    with pytest.raises(SiteplanError) as error:
        siteplan.open_province(tmp_path).plan(threads=1, folder=tmp_path / "a")
    assert error.value.key == "province_nothing"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (
            '[[cities]]\nname = "甲"\nproject = "a"\n[[cities]]\nname = "甲"\nproject = "b"',
            "config_city_twice",
        ),
        ('[[cities]]\nname = "甲"\nproject = "a"\nstations = 9', "config_fixed_too_many"),
        ('[[cities]]\nname = "甲"\nproject = "a"\nweigth = 2', "config_extra_forbidden"),
        ('[[cities]]\nname = "甲"\nproject = "a"\nweight = 0', "config_greater_than"),
    ],
)
def test_a_wrong_province_file_is_told_by_its_entry(tmp_path, text, key):
    head = 'schema = "siteplan-province/1"\n[province]\nname = "省"\nyear = 2023\nstations = 5\n'
    (tmp_path / "province.toml").write_text(head + text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_province(tmp_path)
    assert [fault.key for fault in error.value.faults] == [key]


def test_neighbours_are_taken_by_reach_band_and_crs(shared_world):
    config = load_config(shared_world)
    inputs = pipeline.load(shared_world, config)
    own = on_air(inputs.stations, config)
    reach = max(each.max_radius_m for each in config.area_classes)
    east = inputs.grid.bounds[2]
    north = inputs.grid.bounds[3] - 1_000.0
    rows = pd.concat([pd.DataFrame(own.iloc[:1])] * 3, ignore_index=True)
    rows["band"] = ["low", "low", "unheard of"]
    rows["network"] = "A"
    points = [Point(east + 0.5 * reach, north), Point(east + 2.0 * reach, north), Point(east + 100.0, north)]
    table = gpd.GeoDataFrame(rows, geometry=points, crs=config.project.crs).to_crs("EPSG:4326")
    found = with_neighbours(inputs, config, {"邻市": table})
    more = found.stations.iloc[len(inputs.stations) :]
    assert more["site_id"].tolist() == [f"邻市/{own['site_id'].iloc[0]}"]
    np.testing.assert_allclose(more.geometry.x, east + 0.5 * reach, atol=0.01)
    assert found.faults[-1].values["count"] == 1
    assert found.faults[-1].values["unknown"] == 1
    assert with_neighbours(inputs, config, {}) is inputs


def test_sites_of_two_cities_too_near_to_each_other_are_told():
    rows = [
        ("甲", "A1", 113.0, 25.0, 500.0),
        ("乙", "B1", 113.003, 25.0, 400.0),
        ("甲", "A2", 113.0031, 25.0, 500.0),
        ("乙", "B2", 113.1, 25.0, 0.0),
    ]
    sites = pd.DataFrame(rows, columns=["city", "candidate_id", "longitude", "latitude", "spacing_m"])
    pairs = close_pairs(sites)
    assert [pair[:2] for pair in pairs] == [("A1", "B1"), ("B1", "A2")]
    assert pairs[0][2] == pytest.approx(302.7, abs=1.0)
    assert close_pairs(sites.assign(spacing_m=0.0)) == ()
