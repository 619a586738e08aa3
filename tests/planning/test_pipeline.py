"""A whole plan on a tiny world: quota, conservation, determinism, and files that appear whole or not."""

import dataclasses
import json
import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from typer.testing import CliRunner
from worlds.opened import csv_table
from worlds.two_counties import PROJECT, write_project, write_sheet, write_toml

import siteplan
from siteplan.cli.commands import app
from siteplan.core.files import read_registry
from siteplan.inputs.load import part_of
from siteplan.outputs.wording import in_words
from siteplan.outputs.write import write_all
from siteplan.planning import pipeline
from siteplan.planning.pipeline import AreaRequest
from siteplan.planning.proposal import ASKED, REACHED_TODAY
from siteplan.planning.replan import ReplanContext
from siteplan.planning.state import RECORD, TABLES, read_state, write_state
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
    "map_a4.png",
    "map_tower.html",
    "map_tower.png",
    "map_tower_a4.png",
    "run.json",
    "refused.csv",
    "rejected_rows.csv",
    "tests.csv",
    "config.json",
    "规划明细.xlsx",
    "candidates.geojson",
    "candidates.dxf",
    "candidates_ovital.txt",
    "shapefile",
    "mapinfo",
    "state",
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
    "costs",
    "inputs",
    "config_sha256",
    "version",
}


@pytest.fixture(scope="module")
def folder(planned_city):
    """Where the plan of both counties together lies."""
    return planned_city / "runs" / "city"


@pytest.fixture(scope="module")
def city(folder):
    """That plan."""
    return siteplan.read_plan(folder)


@pytest.fixture(scope="module")
def office(planned_city, tmp_path_factory):
    """A copy of its project, to plan in again."""
    return Path(shutil.copytree(planned_city, tmp_path_factory.mktemp("office") / "项目"))


def table_of(folder, name="candidates.csv"):
    return csv_table(folder / name, dtype=str, keep_default_na=False)


def content_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- quota, gains and people --------------------------------------------------------------------------


def test_quota_is_spent_but_never_exceeded(city):
    record, ledger = city.record, city.proposal.effects.ledger
    assert (record.quota, record.built, record.remaining) == (9, 2, 7)
    assert record.selected_stations <= record.remaining
    assert (ledger["selected"] <= ledger["remaining"]).all()
    assert ledger["selected"].sum() == record.selected_stations


def test_built_counts_this_year_up_to_the_reference_date_only(city):
    """S2 (February) and S4 (April) count; S5 comes on air in September, the others before this year."""
    by_county = city.proposal.effects.ledger.groupby("county")["built"].sum()
    assert by_county.to_dict() == {"东县": 1, "西县": 1}
    assert "Z4" not in set(city.proposal.existing.sites["site_id"])


def test_ranked_gains_fall_and_add_up(city):
    assert city.sites["gain"].sum() == pytest.approx(city.record.objective, rel=1e-4)
    assert (city.sites["gain"] > 0).all()
    assert city.sites["rank"].tolist() == list(range(1, len(city.sites) + 1))


def test_objective_equals_what_the_layers_gained(city):
    assert sum(city.record.gain_by_layer.values()) == pytest.approx(city.record.objective, rel=1e-4)
    assert city.record.objective <= city.bound


def test_a_plan_never_takes_coverage_away(city):
    before, after = city.proposal.existing.coverage.values, city.proposal.effects.coverage.values
    inside = ~np.isnan(before)
    assert (after[inside] >= before[inside] - 1e-6).all()
    assert (np.isnan(after) == np.isnan(before)).all()


def test_people_are_conserved(city, planned_city):
    """Counties sum to the city, villages to their counties, and the raster to both."""
    config = load_config(planned_city)
    total = float(np.nansum(pipeline.load(planned_city, config).population.values))
    assert total > 0
    assert city.record.population_total == pytest.approx(total)
    assert city.villages["people"].sum() == pytest.approx(total)
    assert city.proposal.effects.counties["population_total"].sum() == pytest.approx(total)


def test_the_ground_height_is_read_where_relief_is_given(city):
    assert city.sites["ground_m"].between(200, 350).all()


def test_names_that_are_formulas_stay_text(folder):
    both = pd.concat([table_of(folder), table_of(folder, "refused.csv")])
    assert "'=cmd|' /C calc'!A0" in set(both["name"])


def test_gap_polygons_hold_the_people_below_the_target(city, folder):
    gaps = gpd.read_file(folder / "gaps.gpkg")
    short = city.record.population_total - city.record.population_covered_before
    assert gaps[gaps["layer"] == "L1"]["people"].sum() == pytest.approx(short)
    assert gaps.geometry.is_valid.all()
    assert gaps.geometry.area.sum() / 1e6 == pytest.approx(gaps["area_km2"].sum())


def test_the_choice_is_feasible_for_the_problem_itself(shared_world):
    """Solve the prepared problem and ask the independent checker."""
    config = load_config(shared_world)
    inputs = pipeline.load(shared_world, config)
    prepared, _ = pipeline.prepare(inputs, config, AreaRequest(), ReplanContext())
    selection = select(prepared.problem, work_limit=20.0)
    assert violations(prepared.problem, selection.columns) == []
    assert selection.columns.size > 0


# --- the same, by parts and again ---------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes_with_one_thread_or_two(city, folder, office, tmp_path):
    """And every promised output is there where nobody asks for other readers."""
    again = siteplan.open_project(office).plan(threads=2)
    assert again == city
    target = again.write(tmp_path / "two")
    assert {path.name for path in target.iterdir()} == OUTPUTS
    assert set(json.loads((target / "run.json").read_text(encoding="utf-8"))) >= RUN_JSON
    first, second = content_of(folder), content_of(target)
    assert set(second) <= set(first)
    measured = {Path("run.json")}  # holds what the run cost
    differ = [name for name in second if name not in measured and first[name] != second[name]]
    assert differ == []


def test_counties_add_up_to_the_city(city, office):
    project = siteplan.open_project(office)
    parts = [project.plan(county=name) for name in ("西县", "东县")]
    for name in (
        "population_total",
        "population_covered_before",
        "villages_total",
        "villages_covered_before",
    ):
        assert sum(getattr(part.record, name) for part in parts) == getattr(city.record, name), name
    there = pd.concat([part.candidates for part in parts]).set_index("key")
    mine = city.candidates.set_index("key")
    assert set(there.index) == set(mine.index)
    assert (there["candidate_id"] == mine["candidate_id"].reindex(there.index)).all()
    assert ((there["status"] == "EXCLUDED") == (mine["status"].reindex(there.index) == "EXCLUDED")).all()
    # a county's pixels hold the very values of the city: the halo reaches across its border
    for part in parts:
        own = part.proposal.existing.coverage.values
        whole = city.proposal.existing.coverage.values
        cut = part_of(whole, city.proposal.area.grid, part.proposal.area.grid)
        inside = ~np.isnan(own)
        assert inside.any()
        np.testing.assert_array_equal(own[inside], cut[inside])


def test_ids_are_kept_when_the_inputs_change(two_counties):
    project = siteplan.open_project(two_counties)
    first = project.plan()
    ids = read_registry(two_counties / "candidate_ids.csv")
    plan = pd.read_excel(two_counties / "site_plan.xlsx", engine="openpyxl", dtype=str, keep_default_na=False)
    write_sheet(two_counties / "site_plan.xlsx", plan[plan["规划编号"] != "P1"])
    second = project.plan()
    later = read_registry(two_counties / "candidate_ids.csv")
    assert {key: later[key] for key in ids} == ids
    assert "2:P1" not in set(second.candidates["key"])
    assert len(set(later.values())) == len(later)
    assert set(first.candidates["candidate_id"]) <= set(ids.values())


# --- what a plan is asked for -------------------------------------------------------------------------


def test_quota_and_built_of_the_command_line_refer_to_this_run(office, tmp_path):
    asked = ["--county", "东县", "--quota", "2", "--built", "1", "--out", str(tmp_path / "q")]
    result = CliRunner().invoke(app, ["plan", str(office), *asked])
    assert result.exit_code == 0, result.output
    plan = siteplan.read_plan(tmp_path / "q")
    assert (plan.record.quota, plan.record.built) == (2, 1)
    assert plan.record.remaining == 1
    assert plan.record.selected_stations == 1


def test_a_county_that_built_too_much_has_nothing_left_and_says_so(two_counties):
    assert PROJECT["quota"]["targets"][1]["county"] == "东县"
    write_toml(two_counties, {"quota.targets.1.stations": 0})
    plan = siteplan.open_project(two_counties).plan()
    ledger = plan.proposal.effects.ledger
    row = ledger[(ledger["county"] == "东县") & (ledger["network"] == "B")].iloc[0]
    assert (row["remaining"], row["excess"], row["selected"]) == (0, 1, 0)
    assert any(fault.problem == "over_built" for fault in plan.faults)
    assert plan.record.remaining == 5


def test_success_probability_is_used(two_counties):
    """A property that can hardly be had is worth hardly anything."""
    sheet = pd.read_excel(two_counties / "properties.xlsx", engine="openpyxl", dtype={"序号": str})
    write_sheet(two_counties / "properties.xlsx", sheet.assign(成功概率=[0.001, 1, 1, 1]))
    sites = siteplan.open_project(two_counties).plan().sites
    mine = sites[(sites["source_type"] == "3") & (sites["source_id"] == "1")]
    assert mine.empty or mine["gain"].iloc[0] < 0.01 * sites["gain"].max()


def test_without_any_optional_input_the_plan_still_says_what_is_missing(two_counties, tmp_path):
    needed = {"counties", "villages"}
    write_toml(two_counties, {f"inputs.{name}": None for name in PROJECT["inputs"] if name not in needed})
    plan = siteplan.open_project(two_counties).plan()
    assert list(plan.record.missing_inputs) == [
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
    assert plan.record.villages_covered_before == 0
    assert plan.record.villages_covered_after > 0
    assert set(plan.sites["source_type"]) == {"5"}
    folder = plan.write(tmp_path / "bare")
    assert "按无任何覆盖规划" in (folder / "map.html").read_text(encoding="utf-8")
    assert (folder / "map.html").stat().st_size > 10_000


@pytest.mark.parametrize("unit", ["site_network_band", "site_network", "site"])
def test_every_quota_unit_plans(two_counties, unit):
    changes = {"quota.unit": unit}
    if unit == "site":
        targets = {each["county"]: each for each in PROJECT["quota"]["targets"]}
        changes["quota.targets"] = [
            {key: value for key, value in each.items() if key != "network"} for each in targets.values()
        ]
    write_toml(two_counties, changes)
    plan = siteplan.open_project(two_counties).plan()
    assert 0 < plan.record.selected_stations <= plan.record.remaining
    if unit == "site":
        assert plan.record.selected_sites == plan.record.selected_stations
        assert "1" not in set(plan.sites["source_type"])


def test_a_quota_of_one_county_is_not_spent_in_another(two_counties):
    east = [each for each in PROJECT["quota"]["targets"] if each["county"] == "东县"]
    write_toml(two_counties, {"quota.targets": east})
    assert set(siteplan.open_project(two_counties).plan().sites["county"]) == {"东县"}


def test_a_station_that_adds_next_to_nothing_is_not_proposed(two_counties):
    targets = [each | {"stations": each["stations"] * 100} for each in PROJECT["quota"]["targets"]]
    write_toml(two_counties, {"quota.targets": targets, "selection.min_gain_per_station": 5})
    plan = siteplan.open_project(two_counties).plan()
    assert plan.record.selected_stations < plan.record.remaining
    assert (plan.sites["gain_per_station"] > 0).all()
    assert plan.sites["gain_per_station"].head(1).iloc[0] >= 5


# --- whole or not at all ------------------------------------------------------------------------------


def test_a_failed_run_leaves_earlier_outputs_alone(planned_city, tmp_path):
    project = Path(shutil.copytree(planned_city, tmp_path / "项目"))
    folder = project / "runs" / "city"
    kept, registry = content_of(folder), (project / "candidate_ids.csv").read_bytes()
    (project / "stations.csv").write_text("基站编号,站址编码\n1,2\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["plan", str(project), "--out", str(project / "runs" / "bad")])
    assert result.exit_code == 1
    assert [path.name for path in (project / "runs").iterdir()] == ["city"]
    assert content_of(folder) == kept
    assert (project / "candidate_ids.csv").read_bytes() == registry


def test_an_existing_folder_is_not_overwritten(two_counties, city, tmp_path):
    (tmp_path / "there").mkdir()
    result = CliRunner().invoke(app, ["plan", str(two_counties), "--out", str(tmp_path / "there")])
    assert result.exit_code == 1
    with pytest.raises(siteplan.SiteplanError) as refused:
        city.write(tmp_path / "there")
    assert refused.value.key == "folder_exists"
    assert list((tmp_path / "there").iterdir()) == []


# --- readers ------------------------------------------------------------------------------------------


def test_english_is_a_switch(city, tmp_path):
    folder = city.write(tmp_path / "en", lang="en")
    assert in_words(city.proposal, "en").places.proposed["reason"].str.contains("antenna").all()
    assert "Candidates" in pd.ExcelFile(folder / "details.xlsx", engine="openpyxl").sheet_names


def test_lists_that_leave_the_office_do_not_name_sensitive_zones(tmp_path):
    assert PROJECT["exclusions"][1]["layer"] == "文物保护"
    project = write_project(tmp_path / "项目", {"exclusions.1.sensitive": True})
    folder = siteplan.open_project(project).plan().write(tmp_path / "run")

    def holds(name, word):
        with zipfile.ZipFile(folder / name) as archive:
            return any(word in archive.read(each).decode("utf-8", "replace") for each in archive.namelist())

    assert holds("规划明细.xlsx", "古塔")
    assert not holds("候选站址.xlsx", "古塔")
    assert not holds("candidates.kmz", "古塔")


def test_a_plan_writes_one_map_and_its_pictures_for_every_reader(office, tmp_path):
    target = tmp_path / "out"
    asked = ["--audience", "tower", "--audience", "public", "--recipient", "某铁塔分公司"]
    result = CliRunner().invoke(app, ["plan", str(office), *asked, "--out", str(target)])
    assert result.exit_code == 0, result.output
    maps = {each.name for each in target.iterdir() if each.name.startswith("map") and each.is_file()}
    endings = (".html", ".png", "_a4.png")
    assert maps == {f"map_{each}{ending}" for each in ("tower", "public") for ending in endings}
    for name in ("map_tower.html", "map_public.html"):
        assert str(target / name) in result.output.replace("\n", "")
        assert "某铁塔分公司" in (target / name).read_text(encoding="utf-8")
    public = (target / "map_public.html").read_text(encoding="utf-8")
    proposed = pyogrio.read_dataframe(target / "candidates.gpkg", layer="proposed")
    for value in pd.concat([proposed["longitude"], proposed["latitude"]]):
        assert f"{value:.6f}" not in public
    settings = json.loads(public.split('id="siteplan-settings">')[1].split("</script>")[0])
    assert settings["edition"]["returns"] is False


def test_an_unknown_reader_stops_before_anything_is_planned(office, tmp_path):
    result = CliRunner().invoke(
        app, ["plan", str(office), "--audience", "everyone", "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "internal, tower, public" in result.output
    assert not (tmp_path / "out").exists()


# --- services by themselves ----------------------------------------------------------------------------


def test_where_services_reach_agrees_with_rasters_record_and_layers(city):
    """The first service is the one the rasters show; people of services of a layer add up to the layer's."""
    plan = city.proposal
    target = plan.config.coverage.edge_probability_target
    first = plan.effects.services[0]
    reach = np.asarray(first.reach.values) % ASKED
    before, after = (
        np.nan_to_num(np.asarray(each.values)) >= np.float32(target)
        for each in (plan.existing.coverage, plan.effects.coverage)
    )
    np.testing.assert_array_equal(reach == REACHED_TODAY, before)
    np.testing.assert_array_equal(reach > 0, before | after)
    assert first.people_before == pytest.approx(plan.record.population_covered_before)
    assert first.people_after == pytest.approx(plan.record.population_covered_after)
    for row in plan.effects.layers.itertuples():
        mine = [each for each in plan.effects.services if each.layer == row.layer]
        assert mine
        assert sum(each.people_after for each in mine) == pytest.approx(row.people_after, rel=1e-6)
    for each in plan.effects.services:
        assert each.people_before <= each.people_after <= each.people_asked


def test_a_purpose_is_the_layer_that_gains_most_and_standing_places_are_named(city):
    plan = city.proposal
    for row in plan.places.proposed.itertuples():
        gains = dict(row.gain_by_layer)
        assert gains[row.purpose] == max(gains.values())
        key = row.existing_nearby[0] if row.existing_nearby else None
        assert (key is None) == (row.source_type == "1")
        assert key in {None, "nearby_none", "nearby_refused", "nearby_usable"}


def test_a_run_written_before_rows_knew_their_purpose_is_read_and_written_again(city, tmp_path):
    """A list that went out last month is planned again from its folder."""
    plan = city.proposal
    later = ["purpose", "existing_nearby", "address", "village_distance_m", "village_direction"]
    places = dataclasses.replace(
        plan.places, proposed=plan.places.proposed.drop(columns=later), sight_lines=pd.DataFrame()
    )
    effects = dataclasses.replace(plan.effects, services=())
    earlier = dataclasses.replace(plan, places=places, effects=effects)
    read = read_state(write_state(earlier), "earlier")
    assert read.places.proposed["purpose"].tolist() == plan.places.proposed["purpose"].tolist()
    write_all(read, tmp_path, "zh")
    assert {"map.html", "map.png", "candidates.kmz", "candidates.csv"} <= {
        path.name for path in tmp_path.iterdir()
    }


def test_a_run_written_before_there_was_a_proof_is_read_and_written_again(city, tmp_path):
    """Its tables have no part of that name; everything else is as it was."""
    files = write_state(city.proposal)
    tree = json.loads(files[TABLES])
    del tree["proof"]
    record = json.loads(files[RECORD])
    del record["proof"]
    older = {**files, TABLES: json.dumps(tree).encode(), RECORD: json.dumps(record).encode()}
    read = read_state(older, "older")
    assert read.proof.tests.empty
    assert read.record.proof.tests == ()
    write_all(read, tmp_path, "zh")
    assert len((tmp_path / "tests.csv").read_text("utf-8-sig").splitlines()) == 1
