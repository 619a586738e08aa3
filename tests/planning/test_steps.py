"""What each rank adds, who could help a village, and two runs side by side: sums must agree."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from siteplan.planning.run_folder import read_plan
from typer.testing import CliRunner

from siteplan.cli import app, plan_area
from siteplan.core.errors import SiteplanError
from siteplan.coverage.matrix import upgrade_footprint
from siteplan.outputs.webmap import diff_html
from siteplan.planning import pipeline
from siteplan.planning.compare import CHANGES, DROPPED, KEPT, MOVED, NEW, compare_plans
from siteplan.project.project_file import load_config


@pytest.fixture(scope="module")
def city(shared_world, tmp_path_factory):
    return plan_area(shared_world, output=tmp_path_factory.mktemp("runs") / "city", threads=2)


# --- ranks ------------------------------------------------------------------------------------------------


def test_steps_lead_from_before_to_after_in_every_county(city):
    proposal, _ = city
    added = proposal.places.steps.groupby("county_id")[["people", "villages"]].sum()
    table = proposal.effects.counties.set_index("county_id")
    for name, column in (("people", "population"), ("villages", "villages")):
        gain = table[f"{column}_covered_after"] - table[f"{column}_covered_before"]
        np.testing.assert_allclose(added[name].reindex(table.index).fillna(0), gain, atol=1e-6)
    people = proposal.places.steps.groupby("rank")["people"].sum()
    by_rank = proposal.places.proposed.set_index("rank")["people_newly_covered"]
    np.testing.assert_allclose(people.reindex(by_rank.index).fillna(0), by_rank, atol=0.51)


def test_the_changing_rank_of_a_pixel_is_the_one_that_brings_it_to_the_target(city):
    proposal, _ = city
    target = proposal.config.coverage.edge_probability_target
    before, after = (
        np.nan_to_num(each.values) for each in (proposal.existing.coverage, proposal.effects.coverage)
    )
    ranks = np.asarray(proposal.places.ranks.values)
    newly = (before < target) & (after >= target)
    assert newly.any()
    assert (ranks[newly] > 0).all()
    assert (ranks[np.isnan(proposal.existing.coverage.values)] == 0).all()
    assert ranks.max() <= len(proposal.places.proposed)
    row, col = proposal.area.grid.index(
        proposal.effects.villages.geometry.x.to_numpy(), proposal.effects.villages.geometry.y.to_numpy()
    )
    reached = proposal.effects.villages["reached_rank"].to_numpy()
    np.testing.assert_array_equal(reached[reached > 0], ranks[row, col][reached > 0])
    np.testing.assert_array_equal(reached > 0, proposal.effects.villages["state"].eq("newly"))


def test_a_footprint_is_what_the_place_alone_reaches(city):
    proposal, _ = city
    assert len(proposal.places.footprints) == len(proposal.places.proposed)
    target = proposal.config.coverage.edge_probability_target
    after = np.nan_to_num(proposal.effects.coverage.values)
    for row, col, mask in proposal.places.footprints:
        window = slice(row, row + mask.shape[0]), slice(col, col + mask.shape[1])
        inside = ~np.isnan(proposal.effects.coverage.values[window])
        assert (after[window][mask & inside] >= target - 1e-6).all()


def test_who_would_help_a_village_agrees_with_trying_everyone(shared_world):
    config = load_config(shared_world)
    inputs = pipeline.load(shared_world, config)
    ready, _ = pipeline.prepare(inputs, config)
    proposal, _ = pipeline.run(inputs, config)
    target = config.coverage.edge_probability_target
    ids = ready.places["candidate_id"].to_numpy(dtype=object)
    expected = {}
    for number, upgrade in enumerate(ready.options.upgrades):
        footprint = upgrade_footprint(upgrade, ready.propagation, inputs.grid)
        if footprint is None or 0 not in footprint.services:
            continue
        share = np.zeros(inputs.grid.shape, dtype=np.float32)
        share[footprint.window] = footprint.probability[list(footprint.services).index(0)]
        for v, village in enumerate(inputs.villages["village_id"]):
            pixel = ready.demand.village_pixel[v]
            if pixel < 0:
                continue
            left = float(ready.before[0].ravel()[ready.demand.pixels[pixel]])
            reached = 1 - left * (1 - float(share.ravel()[ready.demand.pixels[pixel]]))
            if 1 - left < target <= reached:
                key = village, ids[ready.options.place[number]]
                expected[key] = max(expected.get(key, 0.0), reached)
    have = {
        (row.village_id, row.candidate_id): row.probability for row in proposal.places.choices.itertuples()
    }
    assert expected
    assert set(have) <= set(expected)
    for key, probability in have.items():
        assert probability == pytest.approx(expected[key], abs=1e-3)
    for village in {village for village, _ in expected}:
        best = sorted((-p, c) for (v, c), p in expected.items() if v == village)[:6]
        assert [c for v, c in have if v == village] == [c for _, c in best]


def test_a_run_is_named_by_what_went_into_it(shared_world, city, tmp_path):
    name = city[0].summary["run_id"]
    again, _ = plan_area(shared_world, output=tmp_path / "again")
    other, _ = plan_area(shared_world, output=tmp_path / "other", quota=8)
    assert again.summary["run_id"] == name
    assert other.summary["run_id"] != name
    assert name.startswith("2023-")


# --- two runs ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(shared_world, city, tmp_path_factory):
    """A run, and the same with two stations less."""
    folder = tmp_path_factory.mktemp("less") / "less"
    plan_area(shared_world, output=folder, quota=7)
    return city[1], folder


def test_every_place_of_either_run_is_told_once(runs):
    before, after = (read_plan(each) for each in runs)
    diff = compare_plans(before, after)
    rows = diff.rows
    for plan, name in ((before, "before"), (after, "after")):
        ids = rows[f"candidate_id_{name}"]
        assert sorted(ids[ids.ne("")]) == sorted(plan.places.proposed["candidate_id"])
        assert rows[f"stations_{name}"].sum() == plan.record["selected_stations"]
    assert set(rows["change"]) <= set(CHANGES)
    assert sum(diff.counts.values()) == len(rows)
    assert diff.counts[DROPPED] > 0
    same = compare_plans(before, before)
    assert same.counts == {KEPT: len(before.proposed), MOVED: 0, DROPPED: 0, NEW: 0}


def changed_plan(plan, table):
    return replace(plan, proposed=table)


def test_a_place_replaced_inside_its_ring_has_moved(runs):
    """A truth table: same id and place, same id elsewhere, new id inside the ring, new id outside."""
    plan = read_plan(runs[0])
    table = plan.places.proposed.copy()
    table["search_radius_m"] = 300.0
    old = changed_plan(plan, table)
    other = table.copy()
    geometry = other.geometry.to_numpy().copy()
    geometry[1] = gpd.points_from_xy([geometry[1].x + 40], [geometry[1].y])[0]
    geometry[2] = gpd.points_from_xy([geometry[2].x + 250], [geometry[2].y])[0]
    geometry[3] = gpd.points_from_xy([geometry[3].x + 350], [geometry[3].y])[0]
    other["geometry"] = geometry
    other.loc[other.index[2:4], "candidate_id"] = ["N-1", "N-2"]
    ids = table["candidate_id"].tolist()
    rows = compare_plans(old, changed_plan(plan, other)).rows
    said = {
        (r.candidate_id_before, r.candidate_id_after): (r.change, r.distance_m) for r in rows.itertuples()
    }
    assert said[ids[0], ids[0]] == (KEPT, 0)
    assert said[ids[1], ids[1]] == (MOVED, 40)
    assert said[ids[2], "N-1"] == (MOVED, 250)
    assert said[ids[3], ""] == (DROPPED, 0)
    assert said["", "N-2"] == (NEW, 0)


def test_compare_writes_a_list_and_a_map(runs, tmp_path):
    target = tmp_path / "对比"
    result = CliRunner().invoke(app, ["compare", str(runs[0]), str(runs[1]), "--out", str(target)])
    assert result.exit_code == 0, result.output
    assert {each.name for each in target.iterdir()} == {"changes.csv", "changes.html"}
    diff = compare_plans(*(read_plan(each) for each in runs))
    rows = list(csv.DictReader(io.StringIO((target / "changes.csv").read_text("utf-8-sig"))))
    assert [row["change"] for row in rows] == diff.rows["change"].tolist()
    assert f"去掉: {diff.counts[DROPPED]}" in result.output
    again = CliRunner().invoke(app, ["compare", str(runs[0]), str(runs[1]), "--out", str(target)])
    assert again.exit_code == 1


@pytest.mark.browser
def test_the_map_of_two_runs_draws_every_change(browser, runs, tmp_path):
    diff = compare_plans(*(read_plan(each) for each in runs))
    for lang in ("zh", "en"):
        path = tmp_path / f"{lang}.html"
        path.write_text(diff_html(diff, lang=lang), encoding="utf-8")
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda m, found=complaints: found.append(m.text))
        page.on("pageerror", lambda e, found=complaints: found.append(str(e)))
        page.goto(path.as_uri())
        while not page.evaluate("Boolean(window.siteplan && window.siteplan.settled)"):
            page.wait_for_timeout(50)
        assert page.evaluate("siteplan.counts.proposed") == len(diff.rows)
        facts = page.locator(".sp-facts").inner_text()
        for change, count in diff.counts.items():
            assert f"\n{count}" in facts, change
        page.locator(".sp-list .sp-row").first.click()
        assert page.locator(".sp-reason").is_visible()
        page.locator("input[value=swipe]").check()
        assert page.locator(".sp-swipe").is_visible()
        assert complaints == []
        page.close()


def test_folders_that_are_no_runs_and_other_ground_are_told(runs, shared_world, tmp_path):
    with pytest.raises(SiteplanError, match="siteplan plan"):
        read_plan(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(runs[0], broken)
    (broken / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(SiteplanError, match="broken"):
        read_plan(broken)
    plan_area(shared_world, county="东县", output=tmp_path / "east")
    diff = compare_plans(read_plan(runs[0]), read_plan(tmp_path / "east"))
    with pytest.raises(SiteplanError, match="different ground"):
        diff_html(diff)
    one = read_plan(runs[0])
    config = one.config.model_copy(
        update={"project": one.config.project.model_copy(update={"crs": "EPSG:4546"})}
    )
    other = replace(one, config=config)
    with pytest.raises(SiteplanError, match="EPSG:4546"):
        compare_plans(one, other)


# --- readers --------------------------------------------------------------------------------------------


def test_a_plan_writes_one_map_and_one_picture_for_every_reader(shared_world, tmp_path):
    target = tmp_path / "out"
    asked = ["--audience", "tower", "--audience", "public", "--recipient", "某铁塔分公司"]
    result = CliRunner().invoke(app, ["plan", str(shared_world), *asked, "--out", str(target)])
    assert result.exit_code == 0, result.output
    maps = {each.name for each in target.iterdir() if each.name.startswith("map") and each.is_file()}
    assert maps == {"map_tower.html", "map_tower.png", "map_public.html", "map_public.png"}
    for name in ("map_tower.html", "map_public.html"):
        assert str(target / name) in result.output
        assert "某铁塔分公司" in (target / name).read_text(encoding="utf-8")
    public = (target / "map_public.html").read_text(encoding="utf-8")
    proposed = pyogrio.read_dataframe(target / "candidates.gpkg", layer="proposed")
    for value in pd.concat([proposed["longitude"], proposed["latitude"]]):
        assert f"{value:.6f}" not in public
    settings = json.loads(public.split('id="siteplan-settings">')[1].split("</script>")[0])
    assert settings["edition"]["returns"] is False


def test_an_unknown_reader_stops_before_anything_is_planned(shared_world, tmp_path):
    result = CliRunner().invoke(
        app, ["plan", str(shared_world), "--audience", "everyone", "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "internal, tower, public" in result.output
    assert not Path(tmp_path / "out").exists()
