"""Two runs side by side: every place is told once, and moves are told from places given up."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace

import geopandas as gpd
import pytest
from typer.testing import CliRunner
from worlds.refusals import refused

import siteplan
from siteplan.cli.commands import app
from siteplan.core.errors import SiteplanError
from siteplan.outputs.webmap import diff_html
from siteplan.outputs.wording import changes_in_words
from siteplan.planning.compare import CHANGES, DROPPED, KEPT, MOVED, NEW, compare_plans


@pytest.fixture(scope="module")
def runs(planned_city, tmp_path_factory):
    """A run, and the same with two stations less."""
    project = shutil.copytree(planned_city, tmp_path_factory.mktemp("less") / "项目")
    less = siteplan.open_project(project).plan(quota=7).write(project / "runs" / "less")
    return planned_city / "runs" / "city", less


def named(folder):
    return siteplan.read_plan(folder).named


def test_a_run_is_named_by_what_went_into_it(runs, planned_city, tmp_path):
    project = siteplan.open_project(shutil.copytree(planned_city, tmp_path / "项目"))
    name, other = (siteplan.read_plan(each).record.run_id for each in runs)
    assert project.plan().record.run_id == name
    assert other != name
    assert name.startswith("2023-")


def test_every_place_of_either_run_is_told_once(runs):
    before, after = (named(each) for each in runs)
    diff = compare_plans(before, after)
    rows = diff.rows
    for each, name in ((before.plan, "before"), (after.plan, "after")):
        ids = rows[f"candidate_id_{name}"]
        assert sorted(ids[ids.ne("")]) == sorted(each.places.proposed["candidate_id"])
        assert rows[f"stations_{name}"].sum() == each.record.selected_stations
    assert set(rows["change"]) <= set(CHANGES)
    assert sum(diff.counts.values()) == len(rows)
    assert diff.counts[DROPPED] > 0
    same = compare_plans(before, before)
    assert same.counts == {KEPT: len(before.plan.places.proposed), MOVED: 0, DROPPED: 0, NEW: 0}


def with_places(plan, table):
    """The plan with another ranked list."""
    return replace(plan, plan=replace(plan.plan, places=replace(plan.plan.places, proposed=table)))


def test_a_place_replaced_inside_its_ring_has_moved(runs):
    """A truth table: same id and place, same id elsewhere, new id inside the ring, new id outside."""
    plan = named(runs[0])
    table = plan.plan.places.proposed.copy()
    table["search_radius_m"] = 300.0
    old = with_places(plan, table)
    other = table.copy()
    geometry = other.geometry.to_numpy().copy()
    geometry[1] = gpd.points_from_xy([geometry[1].x + 40], [geometry[1].y])[0]
    geometry[2] = gpd.points_from_xy([geometry[2].x + 250], [geometry[2].y])[0]
    geometry[3] = gpd.points_from_xy([geometry[3].x + 350], [geometry[3].y])[0]
    other["geometry"] = geometry
    other.loc[other.index[2:4], "candidate_id"] = ["N-1", "N-2"]
    ids = table["candidate_id"].tolist()
    rows = compare_plans(old, with_places(plan, other)).rows
    changes = {
        (r.candidate_id_before, r.candidate_id_after): (r.change, r.distance_m) for r in rows.itertuples()
    }
    assert changes[ids[0], ids[0]] == (KEPT, 0)
    assert changes[ids[1], ids[1]] == (MOVED, 40)
    assert changes[ids[2], "N-1"] == (MOVED, 250)
    assert changes[ids[3], ""] == (DROPPED, 0)
    assert changes["", "N-2"] == (NEW, 0)


def test_compare_writes_a_list_and_a_map(runs, tmp_path):
    target = tmp_path / "对比"
    result = CliRunner().invoke(app, ["compare", str(runs[0]), str(runs[1]), "--out", str(target)])
    assert result.exit_code == 0, result.output
    assert {each.name for each in target.iterdir()} == {"changes.csv", "changes.html"}
    diff = siteplan.compare(*runs)
    rows = list(csv.DictReader(io.StringIO((target / "changes.csv").read_text("utf-8-sig"))))
    assert [row["change"] for row in rows] == diff.rows["change"].tolist()
    assert f"去掉: {diff.counts[DROPPED]}" in result.output
    again = CliRunner().invoke(app, ["compare", str(runs[0]), str(runs[1]), "--out", str(target)])
    assert again.exit_code == 1


@pytest.mark.browser
def test_the_map_of_two_runs_draws_every_change(browser, runs, tmp_path):
    diff = compare_plans(*(named(each) for each in runs))
    for lang in ("zh", "en"):
        path = tmp_path / f"{lang}.html"
        path.write_text(diff_html(changes_in_words(diff, lang), lang=lang), encoding="utf-8")
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
        page.keyboard.press("Escape")
        page.locator("input[value=swipe]").check()
        assert page.locator(".sp-swipe").is_visible()
        assert complaints == []
        page.close()


def test_folders_that_are_no_runs_and_other_ground_are_told(runs, planned_city, tmp_path):
    with refused(SiteplanError, "siteplan plan"):
        siteplan.read_plan(tmp_path)
    broken = shutil.copytree(runs[0], tmp_path / "broken")
    (broken / "run.json").write_text("{", encoding="utf-8")
    with refused(SiteplanError, "broken"):
        siteplan.read_plan(broken)
    project = shutil.copytree(planned_city, tmp_path / "项目")
    east = siteplan.open_project(project).plan(county="东县")
    with refused(SiteplanError, "different ground"):
        diff_html(compare_plans(named(runs[0]), east.named))
    one = named(runs[0])
    config = one.plan.config
    elsewhere = config.model_copy(update={"project": config.project.model_copy(update={"crs": "EPSG:4546"})})
    with refused(SiteplanError, "EPSG:4546"):
        compare_plans(one, replace(one, plan=replace(one.plan, config=elsewhere)))
