"""A whole plan on a tiny world: rules, conservation, determinism, and files that appear whole or not."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner
from worlds.two_counties import write_sheet

from siteplan.cli import app, plan_area
from siteplan.core.files import read_registry
from siteplan.inputs.load import part_of
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config
from siteplan.selection import select
from siteplan.selection.problem import violations

OUTPUTS = {
    "candidates.csv",
    "候选站址.xlsx",
    "candidates.gpkg",
    "candidates.kmz",
    "villages.csv",
    "gaps.gpkg",
    "coverage_before.tif",
    "coverage_after.tif",
    "coverage_empirical.tif",
    "signal_tier_before.tif",
    "signal_tier_after.tif",
    "map.html",
    "map.png",
    "map_tower.html",
    "map_tower.png",
    "run.json",
    "refused.csv",
    "rejected_rows.csv",
    "config.json",
    "规划明细.xlsx",
    "candidates.geojson",
    "candidates.dxf",
    "candidates_ovital.txt",
    "shapefile",
    "mapinfo",
}
RUN_JSON = {
    "city",
    "county",
    "year",
    "quota",
    "quota_unit",
    "built",
    "remaining",
    "selected_stations",
    "selected_sites",
    "objective",
    "base_value",
    "upper_bound",
    "optimality_gap",
    "gain_by_layer",
    "edge_probability_target",
    "demand_resolution_m",
    "population_total",
    "population_covered_before",
    "population_covered_after",
    "population_expected_before",
    "population_expected_after",
    "villages_total",
    "villages_covered_before",
    "villages_covered_after",
    "model",
    "synthetic",
    "seconds",
    "peak_memory_mib",
    "inputs",
    "config_sha256",
    "version",
}


@pytest.fixture(scope="module")
def city(shared_world, tmp_path_factory):
    """The plan of both counties together, and its folder."""
    return plan_area(shared_world, output=tmp_path_factory.mktemp("runs") / "city", threads=2)


def table_of(folder, name="candidates.csv"):
    return pd.read_csv(folder / name, encoding="utf-8-sig", dtype=str, keep_default_na=False)


def test_every_promised_output_is_there(city):
    _, folder = city
    assert {path.name for path in folder.iterdir()} == OUTPUTS
    assert set(json.loads((folder / "run.json").read_text(encoding="utf-8"))) >= RUN_JSON


def test_quota_is_spent_but_never_exceeded(city):
    proposal, _ = city
    summary = proposal.record
    assert (summary["quota"], summary["built"], summary["remaining"]) == (9, 2, 7)
    assert summary["selected_stations"] <= summary["remaining"]
    assert (proposal.effects.ledger["selected"] <= proposal.effects.ledger["remaining"]).all()
    assert proposal.effects.ledger["selected"].sum() == summary["selected_stations"]


def test_built_counts_this_year_up_to_the_reference_date_only(city):
    """S2 (February) and S4 (April) count; S5 comes on air in September, the others before this year."""
    proposal, _ = city
    by_county = proposal.effects.ledger.groupby("county")["built"].sum()
    assert by_county.to_dict() == {"东县": 1, "西县": 1}
    assert "Z4" not in set(proposal.existing.sites["site_id"])


def test_ranked_gains_fall_and_add_up(city):
    proposal, _ = city
    assert proposal.places.proposed["gain"].sum() == pytest.approx(proposal.record.objective, rel=1e-4)
    assert (proposal.places.proposed["gain"] > 0).all()
    assert proposal.places.proposed["rank"].tolist() == list(range(1, len(proposal.places.proposed) + 1))


def test_objective_equals_what_the_layers_gained(city):
    summary = city[0].summary
    assert sum(summary["gain_by_layer"].values()) == pytest.approx(summary["objective"], rel=1e-4)
    assert summary["objective"] <= summary["upper_bound"]


def test_a_plan_never_takes_coverage_away(city):
    proposal, _ = city
    before, after = proposal.existing.coverage.values, proposal.effects.coverage.values
    inside = ~np.isnan(before)
    assert (after[inside] >= before[inside] - 1e-6).all()
    assert (np.isnan(after) == np.isnan(before)).all()


def test_people_are_conserved(city):
    """Counties sum to the city, villages to their counties, and the raster to both."""
    proposal, _ = city
    total = proposal.area.population.values.sum()
    assert proposal.record.population_total == pytest.approx(float(total))
    assert proposal.effects.villages["people"].sum() == pytest.approx(float(total))
    assert proposal.effects.counties["population_total"].sum() == pytest.approx(float(total))


TRUTH = [
    ("1:Z1", "EXCLUDED", "全部网络和频段"),
    ("1:Z2", "usable", ""),
    ("1:Z3", "usable", ""),
    ("2:P1", "usable", ""),
    ("2:P2", "EXCLUDED", "已建成"),
    ("2:P3", "EXCLUDED", "最小站距"),
    ("2:P4", "EXCLUDED", "北岭保护区"),
    ("2:P5", "usable", ""),
    ("3:1", "usable", ""),
    ("3:3", "usable", ""),
    ("3:4", "EXCLUDED", "低于下限"),
]


@pytest.mark.parametrize(("key", "status", "rule"), TRUTH, ids=[row[0] for row in TRUTH])
def test_who_may_be_a_site_and_why_not(city, key, status, rule):
    row = city[0].candidates.set_index("key").loc[key]
    if status == "usable":
        assert row["status"] in {"PROPOSED", "CANDIDATE"}
        assert row["rule"] == ""
    else:
        assert row["status"] == status
        assert rule in row["rule"]


def test_a_restricted_zone_is_noted_on_a_roof_but_refuses_a_new_mast(city):
    candidates = city[0].candidates.set_index("key")
    assert [note[0] for note in candidates.loc["3:3", "notes"]] == ["note_restrict"]
    ground = candidates[candidates["source_type"] == "5"]
    inside = ground.geometry.x.between(445_000, 446_000) & ground.geometry.y.between(2_748_500, 2_749_500)
    assert (ground.loc[inside, "status"] == "EXCLUDED").all()


def test_names_that_are_formulas_stay_text(city):
    _, folder = city
    both = pd.concat([table_of(folder), table_of(folder, "refused.csv")])
    names = set(both["name"])
    assert "'=cmd|' /C calc'!A0" in names


def test_the_same_input_gives_the_same_bytes_with_one_thread_or_two(city, shared_world, tmp_path):
    _, first = plan_area(shared_world, output=tmp_path / "one", threads=1)
    for name in (
        "candidates.csv",
        "refused.csv",
        "villages.csv",
        "candidates.kmz",
        "map.html",
        "候选站址.xlsx",
        "规划明细.xlsx",
    ):
        assert (first / name).read_bytes() == (city[1] / name).read_bytes(), name


def test_counties_add_up_to_the_city(city, shared_world, tmp_path):
    whole = city[0]
    parts = [plan_area(shared_world, county=name, output=tmp_path / name)[0] for name in ("西县", "东县")]
    for name in (
        "population_total",
        "population_covered_before",
        "villages_total",
        "villages_covered_before",
    ):
        assert sum(part.record[name] for part in parts) == whole.summary[name], name
    statuses = pd.concat([part.places.candidates for part in parts]).set_index("key")
    mine = whole.candidates.set_index("key")
    assert set(statuses.index) == set(mine.index)
    assert (statuses["candidate_id"] == mine["candidate_id"].reindex(statuses.index)).all()
    assert (
        (statuses["status"] == "EXCLUDED") == (mine["status"].reindex(statuses.index) == "EXCLUDED")
    ).all()


def test_a_county_run_sees_sites_beyond_its_border(city, shared_world, tmp_path):
    """The county's pixels hold the very values of the city run: the halo reaches across."""
    part = plan_area(shared_world, county="西县", output=tmp_path / "west")[0]
    whole = city[0]
    cut = part_of(whole.coverage_before.values, whole.grid, part.area.grid)
    inside = ~np.isnan(part.existing.coverage.values)
    np.testing.assert_array_equal(part.existing.coverage.values[inside], cut[inside])


def test_ids_are_kept_when_the_inputs_change(two_counties, tmp_path):
    first, _ = plan_area(two_counties, output=tmp_path / "a")
    ids = read_registry(two_counties / "candidate_ids.csv")
    plan = pd.read_excel(two_counties / "site_plan.xlsx", engine="openpyxl", dtype=str, keep_default_na=False)
    write_sheet(two_counties / "site_plan.xlsx", plan[plan["规划编号"] != "P1"])
    second, _ = plan_area(two_counties, output=tmp_path / "b")
    later = read_registry(two_counties / "candidate_ids.csv")
    assert {key: later[key] for key in ids} == ids
    assert "2:P1" not in set(second.candidates["key"])
    assert len(set(later.values())) == len(later)
    assert set(first.candidates["candidate_id"]) <= set(ids.values())


def test_quota_and_built_of_the_command_line_refer_to_this_run(shared_world, tmp_path):
    proposal, _ = plan_area(shared_world, county="东县", quota=2, built=1, output=tmp_path / "q")
    assert proposal.record.remaining == 1
    assert proposal.record.selected_stations == 1


def test_a_county_that_built_too_much_has_nothing_left_and_says_so(two_counties, tmp_path):
    text = (two_counties / "project.toml").read_text(encoding="utf-8")
    (two_counties / "project.toml").write_text(
        text.replace(
            'network = "B"\nstations = 2\n[[quota.targets]]\nyear = 2023\ncounty = "西县"',
            'network = "B"\nstations = 0\n[[quota.targets]]\nyear = 2023\ncounty = "西县"',
        ),
        encoding="utf-8",
    )
    proposal, _ = plan_area(two_counties, output=tmp_path / "over")
    row = proposal.effects.ledger[
        (proposal.effects.ledger["county"] == "东县") & (proposal.effects.ledger["network"] == "B")
    ].iloc[0]
    assert (row["remaining"], row["excess"], row["selected"]) == (0, 1, 0)
    assert any(fault.problem == "over_built" for fault in proposal.faults)
    assert proposal.record.remaining == 5


def test_the_ground_height_is_read_where_relief_is_given(city):
    assert city[0].proposed["ground_m"].between(200, 350).all()


def test_success_probability_is_used(two_counties, tmp_path):
    """A property that can hardly be had is worth hardly anything."""
    sheet = pd.read_excel(two_counties / "properties.xlsx", engine="openpyxl", dtype={"序号": str})
    write_sheet(two_counties / "properties.xlsx", sheet.assign(成功概率=[0.001, 1, 1, 1]))
    poor, _ = plan_area(two_counties, output=tmp_path / "poor")
    mine = poor.proposed[(poor.proposed["source_type"] == "3") & (poor.proposed["source_id"] == "1")]
    assert mine.empty or mine["gain"].iloc[0] < 0.01 * poor.proposed["gain"].max()


def test_without_any_optional_input_the_plan_still_says_what_is_missing(two_counties, tmp_path):
    text = (two_counties / "project.toml").read_text(encoding="utf-8")
    kept = ("counties", "villages")
    lines, skip = [], False
    for line in text.splitlines():
        if line.startswith("["):
            skip = line.startswith("[inputs.") and not any(f"[inputs.{name}]" == line for name in kept)
        if not skip:
            lines.append(line)
    (two_counties / "project.toml").write_text("\n".join(lines), encoding="utf-8")
    proposal, folder = plan_area(two_counties, output=tmp_path / "bare")
    assert list(proposal.record.missing_inputs) == [
        "stations",
        "site_plan",
        "properties",
        "poles",
        "key_places",
        "area_classes",
        "exclusions",
        "population",
        "dem",
        "roads",
    ]
    assert "按无任何覆盖规划" in (folder / "map.html").read_text(encoding="utf-8")
    assert proposal.record.villages_covered_before == 0
    assert proposal.record.villages_covered_after > 0
    assert set(proposal.places.proposed["source_type"]) == {"5"}
    assert (folder / "map.html").stat().st_size > 10_000


@pytest.mark.parametrize("unit", ["site_network_band", "site_network", "site"])
def test_every_quota_unit_plans(two_counties, tmp_path, unit):
    text = (two_counties / "project.toml").read_text(encoding="utf-8")
    text = text.replace("[quota]\n", f'[quota]\nunit = "{unit}"\n')
    if unit == "site":
        text = text.replace('network = "A"\nstations', "stations").replace(
            'network = "B"\nstations', "stations"
        )
    (two_counties / "project.toml").write_text(text, encoding="utf-8")
    proposal, _ = plan_area(two_counties, output=tmp_path / unit)
    assert 0 < proposal.record.selected_stations <= proposal.record.remaining
    if unit == "site":
        assert proposal.record.selected_sites == proposal.record.selected_stations
        assert "1" not in set(proposal.places.proposed["source_type"])


def test_a_failed_run_leaves_earlier_outputs_alone(two_counties, tmp_path):
    _, folder = plan_area(two_counties, output=tmp_path / "runs" / "good")
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    registry = (two_counties / "candidate_ids.csv").read_bytes()
    (two_counties / "stations.csv").write_text("基站编号,站址编码\n1,2\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["plan", str(two_counties), "--out", str(tmp_path / "runs" / "bad")])
    assert result.exit_code == 1
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["good"]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == kept
    assert (two_counties / "candidate_ids.csv").read_bytes() == registry


def test_an_existing_folder_is_not_overwritten(two_counties, tmp_path):
    (tmp_path / "taken").mkdir()
    result = CliRunner().invoke(app, ["plan", str(two_counties), "--out", str(tmp_path / "taken")])
    assert result.exit_code == 1
    assert list((tmp_path / "taken").iterdir()) == []


def test_english_is_a_switch(two_counties, tmp_path):
    proposal, folder = plan_area(two_counties, output=tmp_path / "en", lang="en")
    assert proposal.places.proposed["reason"].str.contains("antenna").all()
    assert "Candidates" in pd.ExcelFile(folder / "规划明细.xlsx", engine="openpyxl").sheet_names


def test_gap_polygons_hold_the_people_below_the_target(city):
    proposal, folder = city
    gaps = gpd.read_file(folder / "gaps.gpkg")
    short = proposal.record.population_total - proposal.record.population_covered_before
    assert gaps[gaps["layer"] == "L1"]["people"].sum() == pytest.approx(short)
    assert gaps.geometry.is_valid.all()
    assert gaps.geometry.area.sum() / 1e6 == pytest.approx(gaps["area_km2"].sum())


def test_the_choice_is_feasible_for_the_problem_itself(shared_world):
    """Solve the prepared problem and ask the independent checker."""
    config = load_config(shared_world)
    prepared, _ = pipeline.prepare(pipeline.load(shared_world, config), config)
    selection = select(prepared.problem, work_limit=20.0)
    assert violations(prepared.problem, selection.columns) == []
    assert selection.columns.size > 0


def test_a_quota_of_one_county_is_not_spent_in_another(two_counties, tmp_path):
    text = (two_counties / "project.toml").read_text(encoding="utf-8")
    west = text.index('[[quota.targets]]\nyear = 2023\ncounty = "西县"')
    text = text[:west] + text[text.index("[inputs.counties]") :]
    (two_counties / "project.toml").write_text(text, encoding="utf-8")
    proposal, _ = plan_area(two_counties, output=tmp_path / "east")
    assert set(proposal.places.proposed["county"]) == {"东县"}


def test_a_station_that_adds_next_to_nothing_is_not_proposed(two_counties, tmp_path):
    text = (two_counties / "project.toml").read_text(encoding="utf-8")
    text = text.replace("stations = 3", "stations = 300").replace("stations = 2", "stations = 200")
    text = text.replace("work_limit = 20", "work_limit = 20\nmin_gain_per_station = 5")
    (two_counties / "project.toml").write_text(text, encoding="utf-8")
    proposal, _ = plan_area(two_counties, output=tmp_path / "much")
    assert proposal.record.selected_stations < proposal.record.remaining
    assert (proposal.places.proposed["gain_per_station"] > 0).all()
    assert proposal.places.proposed["gain_per_station"].head(1).iloc[0] >= 5
