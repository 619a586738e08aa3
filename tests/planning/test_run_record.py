"""What a plan keeps of itself: read back it is equal, writes the same bytes, and says how it was made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from worlds.refusals import refused

import siteplan
from siteplan.core.errors import SiteplanError
from siteplan.planning import pipeline
from siteplan.planning.pipeline import AreaRequest
from siteplan.planning.replan import ReplanContext, choose
from siteplan.planning.run_record import RUN_SCHEMA, RequestRecord, run_record
from siteplan.planning.stages import Solved
from siteplan.project.project_file import load_config


@pytest.fixture(scope="module")
def office(planned_city, tmp_path_factory):
    """A copy of the project of the planned city, to plan in again."""
    return Path(shutil.copytree(planned_city, tmp_path_factory.mktemp("office") / "项目"))


@pytest.fixture(scope="module")
def plan(office):
    """The city, just planned."""
    return siteplan.open_project(office).plan()


@pytest.fixture
def run(office, tmp_path):
    """A copy of a run folder, to be tampered with."""
    return Path(shutil.copytree(office / "runs" / "city", tmp_path / "city"))


def content_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- read back ----------------------------------------------------------------------------------------


def test_a_plan_that_was_read_is_the_plan_that_was_written(plan, tmp_path):
    folder = plan.write(tmp_path / "run")
    again = siteplan.read_plan(folder)
    assert again == plan
    assert again.record.costs == plan.record.costs
    assert again.name == "run"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_plan_that_was_read_writes_the_same_bytes_as_the_one_from_memory(plan, tmp_path, lang):
    audiences = ["internal", "tower", "public"]
    first = plan.write(tmp_path / "memory", audiences=audiences, lang=lang, recipient="某公司")
    read = siteplan.read_plan(first)
    second = read.write(tmp_path / "read", audiences=audiences, lang=lang, recipient="某公司")
    one, two = content_of(first), content_of(second)
    assert set(one) == set(two)
    assert [str(name) for name in one if one[name] != two[name]] == []


def test_a_plan_of_other_inputs_is_another_plan(plan, office):
    other = siteplan.open_project(office).plan(quota=8)
    assert other != plan
    assert plan != "a plan"


def test_what_a_run_costs_is_no_part_of_what_it_is(plan):
    dear = plan.record.costs.model_copy(update={"peak_memory_mib": 1e6})
    assert plan.record.model_copy(update={"costs": dear}) == plan.record
    assert plan.record.model_copy(update={"objective": plan.record.objective + 1.0}) != plan.record


# --- what is refused ----------------------------------------------------------------------------------


def changed_record(run, path, value):
    """The run's ``run.json`` with a value at a dotted path."""
    file = run / "run.json"
    record = json.loads(file.read_text(encoding="utf-8"))
    *parents, last = path.split(".")
    node = record
    for each in parents:
        node = node[each]
    node[last] = value
    file.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")


@pytest.mark.parametrize(
    "path", ["surprise", "model.surprise", "since.surprise", "request.surprise", "published.surprise"]
)
def test_keys_nobody_knows_are_refused(run, path):
    changed_record(run, path, 1)
    with refused(SiteplanError, "city", "surprise"):
        siteplan.read_plan(run)


def test_the_record_carries_its_schema_and_another_is_refused(run):
    content = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert content["schema"] == RUN_SCHEMA
    assert next(iter(content)) == "schema"
    for other in ("siteplan-run/1", "siteplan-run/3", None):
        changed_record(run, "schema", other)
        with refused(SiteplanError, "city", "schema"):
            siteplan.read_plan(run)


@pytest.mark.parametrize("name", ["run.json", "config.json", "state/tables.json", "state/arrays.npz"])
def test_a_folder_without_one_of_its_parts_is_no_run(run, name):
    (run / name).unlink()
    with refused(SiteplanError, str(run), Path(name).name):
        siteplan.read_plan(run)


@pytest.mark.parametrize("name", ["run.json", "config.json", "state/tables.json", "state/arrays.npz"])
def test_a_part_cut_short_is_no_plan(run, name):
    content = (run / name).read_bytes()
    (run / name).write_bytes(content[: len(content) // 2])
    with refused(SiteplanError, "city"):
        siteplan.read_plan(run)


# --- how it was made ----------------------------------------------------------------------------------


def test_a_replan_takes_the_calibration_its_plan_was_made_with(office, plan, tmp_path):
    """Given on the command line, it is in no project file; the file itself may be gone by then."""
    file = tmp_path / "calibration.toml"
    fitted = {
        "schema": "siteplan-calibration/1",
        "propagation": "terrain",
        "clutter": "profile",
        "bands": {"low": {"offset_db": -6.0}, "high": {"offset_db": -4.0}},
    }
    file.write_text(tomli_w.dumps(fitted), encoding="utf-8")
    project = siteplan.open_project(office)
    calibrated = project.plan(calibration=file)
    assert calibrated.record.model.calibrated
    assert calibrated.record.request.calibration == str(file)
    assert calibrated.record.population_covered_before < plan.record.population_covered_before
    run = calibrated.write(office / "runs" / "calibrated")
    file.unlink()
    again = project.replan(run)
    assert again.record.request == calibrated.record.request
    assert again.proposal.config.fitted == calibrated.proposal.config.fitted
    np.testing.assert_array_equal(
        again.proposal.existing.coverage.values, calibrated.proposal.existing.coverage.values
    )
    assert not project.replan(office / "runs" / "city").record.model.calibrated


def test_the_formulas_of_a_record_are_those_of_its_masts_whatever_tables_were_asked_for(plan, office):
    """One table a band, class and height of existing and proposed masts."""
    config = load_config(office)
    inputs = pipeline.load(office, config)
    context = ReplanContext()
    ready, _ = pipeline.prepare(inputs, config, AreaRequest(), context)
    replanned = choose(
        ready.problem, ready.candidates, ready.options, ready.demand, ready.existing.outage, context, config
    )
    effects = pipeline.effects_of(inputs, config, ready, replanned.selection, map)
    solved = Solved(ready, context, replanned, effects)
    published = plan.record.published

    def formulas():
        record = run_record(inputs, config, solved, published, RequestRecord())
        return record.model.formulas_used

    before = formulas()
    for band, area_class, height in (("low", "town", 61.0), ("high", "rural", 17.0), ("high", "town", 48.0)):
        ready.propagation.budgets.radial(band, area_class, height)
    assert formulas() == before == plan.record.model.formulas_used
    masts = [*ready.existing.masts, *(upgrade.after() for upgrade in effects.upgrades)]
    tables = {(band, mast.area_class, mast.antenna_height_m) for mast in masts for band in mast.bands}
    assert sum(before.values()) == len(tables)
