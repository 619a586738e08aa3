"""Sites taken to be off: they cover nothing, the ledger still counts them, and the plan says what it is."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import siteplan
from siteplan.cli.commands import app
from siteplan.core.errors import SiteplanError


def test_a_site_that_is_off_covers_nobody_and_the_ledger_still_counts_it(two_counties):
    project = siteplan.open_project(two_counties)
    whole, off = project.plan().record, project.plan(switched_off=["Z1"]).record
    assert off.population_covered_before < whole.population_covered_before
    assert (off.built, off.remaining) == (whole.built, whole.remaining)
    assert off.existing_sites == whole.existing_sites - 1
    assert off.run_id != whole.run_id


def test_the_plan_says_that_it_is_a_what_if_and_reads_back(two_counties, tmp_path):
    plan = siteplan.open_project(two_counties).plan(switched_off=["Z1"])
    assert [fault.problem for fault in plan.faults].count("switched_off") == 1
    assert siteplan.read_plan(plan.write(tmp_path / "r")) == plan


def test_a_site_that_is_none_is_refused(two_counties):
    with pytest.raises(SiteplanError) as error:
        siteplan.open_project(two_counties).plan(switched_off=["Z1", "Z9"])
    assert (error.value.key, error.value.values["ids"]) == ("no_such_site", "Z9")


def test_the_command_prints_the_warning(two_counties, tmp_path):
    words = [
        "plan",
        str(two_counties),
        "--off",
        "Z1",
        "--out",
        str(tmp_path / "r"),
        "--lang",
        "en",
        "--quiet",
    ]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 0
    assert "taken to be off" in found.output
    strict = [*words[:5], str(tmp_path / "s"), "--strict", "--quiet"]
    assert CliRunner().invoke(app, strict).exit_code == 5
