"""A plan's check of itself: what contradicts itself is wrong, what is odd is looked at, a plain plan is neither."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner
from worlds.two_counties import write_raster, write_toml

import siteplan
from siteplan.cli.commands import app
from siteplan.outputs.wording import banners, fallbacks_text, findings_text
from siteplan.planning import assemble
from siteplan.planning.run_record import Fallback, Finding


def plan_of(folder, **changes):
    write_toml(folder, {name.replace("__", "."): value for name, value in changes.items()})
    return siteplan.open_project(folder).plan(threads=1)


def keys(plan, grade):
    return [each.key for each in plan.record.findings if each.grade == grade]


def test_a_plain_plan_is_not_wrong(two_counties):
    plan = plan_of(two_counties)
    assert keys(plan, "wrong") == []
    assert not plan.record.is_wrong
    assert banners(plan.proposal, "zh") == ["演示数据：含合成数据，不代表真实情况"]


def test_findings_and_fallbacks_come_back_from_disk(two_counties, tmp_path):
    plan = plan_of(two_counties)
    folder = plan.write(tmp_path / "run")
    assert siteplan.read_plan(folder) == plan
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert [each["key"] for each in record["findings"]] == [each.key for each in plan.record.findings]


@pytest.mark.parametrize(
    ("column", "value", "key"),
    [
        ("ground_m", np.nan, "sane_ground"),
        ("candidate_id", "same", "sane_ids"),
        ("stations", 99, "sane_quota"),
    ],
)
def test_what_cannot_be_is_wrong_and_ends_with_4(two_counties, tmp_path, monkeypatch, column, value, key):
    """The plan's own numbers are spoilt on their way, as an error of ours would."""
    check = assemble.check_plan

    def spoilt(inputs, config, solved, proposed):
        return check(inputs, config, solved, proposed.assign(**{column: value}))

    monkeypatch.setattr(assemble, "check_plan", spoilt)
    found = CliRunner().invoke(app, ["plan", str(two_counties), "--out", str(tmp_path / "run"), "--quiet"])
    assert found.exit_code == 4
    assert "方案自检不通过" in found.output
    plan = siteplan.read_plan(tmp_path / "run")
    assert key in keys(plan, "wrong")
    page = (tmp_path / "run" / "map.html").read_text(encoding="utf-8")
    assert "方案自检不通过" in page


def test_totals_that_contradict_each_other_are_wrong(two_counties, monkeypatch):
    check = assemble.check_plan

    def spoilt(inputs, config, solved, proposed):
        counties = solved.effects.counties.assign(population_covered_after=1e9)
        effects = replace(solved.effects, counties=counties)
        return check(inputs, config, replace(solved, effects=effects), proposed)

    monkeypatch.setattr(assemble, "check_plan", spoilt)
    assert keys(plan_of(two_counties), "wrong") == ["sane_totals"]


def test_one_place_for_everybody_wants_a_look(two_counties):
    plan = plan_of(
        two_counties, inputs__stations=None, sanity__fewest_sites=2, sanity__most_share_per_site=0.05
    )
    assert "sane_share" in keys(plan, "look")
    assert keys(plan, "wrong") == []


def test_quota_nobody_can_use_is_said_with_its_reason(two_counties):
    plan = plan_of(two_counties, selection={"work_limit": 20, "min_gain_per_station": 5_000})
    assert any(key.startswith("sane_unused") for key in keys(plan, "look"))


def test_a_network_that_serves_nobody_is_odd(two_counties):
    plan = plan_of(two_counties, sanity__many_stations=1, sanity__least_served_share=0.99)
    assert "sane_useless" in keys(plan, "look")


def test_new_ground_needs_a_known_height(two_counties):
    values = np.full((550, 550), 250, np.float32)
    values[:, 350:] = -1
    write_raster(two_counties / "dem.tif", values, 30.0, west=-500, north=15_500)
    plan = plan_of(two_counties)
    candidates = plan.proposal.places.candidates
    refused = [rule and rule[0] for rule in candidates["rule"]]
    assert "rule_no_ground" in refused
    assert "fall_masts_blind" in {each.key for each in plan.record.fallbacks}


def test_every_finding_and_fallback_has_words_in_both_languages(two_counties):
    plan = plan_of(two_counties)
    texts = dict.fromkeys(("limit", "share", "people", "usable", "least"), "1")
    values = {"count": 1, "total": 2, "found": ("A",), **texts}
    record = plan.record.model_copy(
        update={
            "findings": tuple(Finding(grade="look", key=key, values=values) for key in FINDINGS),
            "fallbacks": tuple(Fallback(key=key, values=values) for key in FALLBACKS),
        }
    )
    for lang in ("zh", "en"):
        lines = findings_text(record, lang) + fallbacks_text(record, lang)
        assert len(lines) == len(FINDINGS) + len(FALLBACKS)
        assert not [line for line in lines if "{" in line]


FINDINGS = (
    "sane_ids",
    "sane_ground",
    "sane_water",
    "sane_totals",
    "sane_quota",
    "sane_certificate",
    "sane_high",
    "sane_road",
    "sane_share",
    "sane_unused_places",
    "sane_unused_gain",
    "sane_useless",
)
FALLBACKS = (
    "fall_no_dem",
    "fall_dem_unused",
    "fall_masts_blind",
    "fall_no_formula",
    "fall_crowded",
    "fall_settled",
    "fall_no_cover",
    "fall_default_height",
    "fall_omni",
    "fall_roads",
    "fall_second_model",
)
