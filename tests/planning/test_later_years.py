"""Plans over several years: the first is the plan itself, later ones stand on it, quotas are kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner
from worlds.two_counties import write_toml

import siteplan
from siteplan.cli.commands import app
from siteplan.core.errors import SiteplanError
from siteplan.project.planning import QuotaTarget


def with_years(folder, *stations):
    """The project with quotas of its own year and those after it, for the city as a whole."""
    project = siteplan.open_project(folder)
    year = project.config.project.year
    targets = tuple(QuotaTarget(year=year + n, stations=count) for n, count in enumerate(stations))
    quota = project.config.quota.model_copy(update={"targets": targets})
    return type(project)(
        project.folder,
        project.config.model_copy(update={"quota": quota}),
        project.data,
        project.language,
    )


@pytest.fixture(scope="module")
def office(planned_city, tmp_path_factory):
    return Path(shutil.copytree(planned_city, tmp_path_factory.mktemp("later") / "项目"))


@pytest.fixture(scope="module")
def plans(office):
    """One year, and three of them."""
    project = with_years(office, 2, 2, 1)
    return project.plan(built=0), project.plan(built=0, years=3)


def test_the_first_year_of_several_is_the_plan_of_one(plans):
    one, several = plans
    assert list(several.sites["candidate_id"]) == list(one.sites["candidate_id"])
    assert several.bound == one.bound


def test_every_year_adds_to_what_stands_and_keeps_its_quota(plans):
    _, several = plans
    first = {
        (each, band)
        for each, bands in several.sites.set_index("candidate_id")["bands"].items()
        for band in bands
    }
    for year, quota in zip(several.record.later_years, (2, 1), strict=True):
        assert year.stations <= quota
        assert year.gain >= 0.0
        assert 0.0 <= year.at_most_better <= 1.0
        added = {(site.candidate_id, band) for site in year.sites for band in site.bands}
        assert not added & first
        first |= added
    assert any(year.sites for year in several.record.later_years)


def test_all_years_together_gain_no_more_than_one_year_with_the_whole_quota_could(office, plans):
    _, several = plans
    whole = with_years(office, 5).plan(built=0)
    together = several.record.objective + sum(year.gain for year in several.record.later_years)
    assert together <= whole.record.upper_bound * (1 + 1e-6)


def test_later_years_are_written_and_read_back(plans, tmp_path):
    _, several = plans
    folder = several.write(tmp_path / "run")
    assert siteplan.read_plan(folder) == several
    lines = (folder / "later_years.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + sum(len(year.sites) for year in several.record.later_years)


def test_a_year_without_a_target_is_said_before_minutes_are_spent(office):
    with pytest.raises(SiteplanError) as error:
        siteplan.open_project(office).plan(years=2)
    assert error.value.key == "no_target"


def test_the_command_says_what_later_years_add(two_counties, tmp_path):
    year = siteplan.open_project(two_counties).config.project.year
    targets = siteplan.open_project(two_counties).config.quota.targets
    lines = [target.model_dump() for target in targets] + [{"year": year + 1, "stations": 2}]
    write_toml(two_counties, {"quota.targets": lines})
    words = [
        "plan",
        str(two_counties),
        "--years",
        "2",
        "--out",
        str(tmp_path / "r"),
        "--lang",
        "en",
        "--quiet",
    ]
    found = CliRunner().invoke(app, words)
    assert (found.exit_code, f"later years: {year + 1}: " in found.stdout) == (0, True)
