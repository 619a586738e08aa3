"""A quota shared out: every way gives all of it, keeps to its shares, and no share beats having none."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import siteplan
from siteplan.cli.commands import app
from siteplan.project.planning import QuotaTarget

STATIONS = 5


@pytest.fixture(scope="module")
def office(planned_city, tmp_path_factory):
    return Path(shutil.copytree(planned_city, tmp_path_factory.mktemp("split") / "项目"))


@pytest.fixture(scope="module")
def project(office):
    """The project with targets of two counties the year before."""
    opened = siteplan.open_project(office)
    names = [target.county for target in opened.config.quota.targets if target.county] or ["东县", "西县"]
    year = opened.config.project.year
    targets = (
        *opened.config.quota.targets,
        *(
            QuotaTarget(year=year - 1, stations=n, county=c)
            for n, c in enumerate(sorted(set(names)), start=1)
        ),
    )
    quota = opened.config.quota.model_copy(update={"targets": targets})
    config = opened.config.model_copy(update={"quota": quota})
    return type(opened)(opened.folder, config, opened.data, opened.language)


@pytest.fixture(scope="module")
def report(project):
    return project.split(STATIONS)


def test_every_way_gives_the_whole_quota_and_no_choice_goes_beyond_its_shares(report):
    effects = report.split.effects.set_index("method")
    assert next(iter(effects.index)) == "free"
    assert {"area", "last_year"} <= set(effects.index)
    for method in effects.index.drop("free"):
        assert report.split.counties[method].sum() == STATIONS
        assert effects.loc[method, "stations"] <= STATIONS
    assert report.split.counties["free"].sum() == effects.loc["free", "stations"]


def test_shares_follow_their_figure(report):
    table = report.split.counties
    for method, figure in (("area", "area_km2"), ("last_year", "last_year")):
        exact = table[figure] / table[figure].sum() * STATIONS
        assert ((table[method] - exact).abs() < 1).all()


def test_no_share_beats_having_none_beyond_what_is_proven(report):
    effects = report.split.effects.set_index("method")
    free = effects.loc["free"]
    bound = free["gain"] * (1.0 + free["at_most_better"]) + 1e-6
    assert (effects["gain"] <= bound).all()
    assert (effects[["people", "villages", "gain"]] >= 0).all().all()


def test_lines_of_a_way_are_targets_of_the_project_file(report, tmp_path):
    paths = report.write(tmp_path / "s")
    assert {"split.csv", "split_effects.csv", "targets_area.toml"} <= {path.name for path in paths}
    text = (tmp_path / "s" / "targets_area.toml").read_text("utf-8")
    targets = [QuotaTarget.model_validate(each) for each in tomllib.loads(text)["quota"]["targets"]]
    assert sum(target.stations for target in targets) == STATIONS
    assert {target.county for target in targets} == set(report.split.counties["county"])


def test_the_command_prints_ways_side_by_side(office, tmp_path):
    words = ["split", str(office), "--stations", str(STATIONS), "--out", str(tmp_path / "s"), "--lang", "en"]
    found = CliRunner().invoke(app, words)
    assert (found.exit_code, "people newly covered" in found.stdout) == (0, True)
    assert CliRunner().invoke(app, words).exit_code == 1
