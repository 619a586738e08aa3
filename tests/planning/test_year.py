"""The year of a tiny city: many years in one table, months that agree with the ledger, lists that are out."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import openpyxl
import pytest

import siteplan
from siteplan.api.lists import listed_places, records_in, runs_of, standing_lists
from siteplan.core.errors import SiteplanError
from siteplan.planning import pipeline
from siteplan.planning.year import ListedPlace, year_of
from siteplan.project.planning import QuotaTarget
from siteplan.project.year import ScheduleRules
from tests.planning.test_replan import answer, filled, listed


@pytest.fixture
def office(planned_city, tmp_path):
    return Path(shutil.copytree(planned_city, tmp_path / "项目"))


@pytest.fixture
def report(office):
    return siteplan.open_project(office).progress()


def with_targets(office, *targets):
    """The project with other targets."""
    project = siteplan.open_project(office)
    quota = project.config.quota.model_copy(update={"targets": tuple(targets)})
    return type(project)(
        project.folder,
        project.config.model_copy(update={"quota": quota}),
        project.data,
        project.language,
    )


def test_a_year_is_counted_by_the_same_tables_as_a_plan(office):
    project = siteplan.open_project(office)
    whole = pipeline.load(project.data, project.config)
    quick = pipeline.load_ledger(project.data, project.config)
    assert set(quick.sources) < set(whole.sources)
    for name in ("counties", "stations", "site_plan"):
        table = getattr(whole, name)
        assert table is None or (len(table) and table.equals(getattr(quick, name)))
    assert (quick.class_code == whole.class_code).all()


def test_months_of_all_counties_and_networks_agree_with_the_ledger(report):
    schedule, total = report.year.schedule, report.progress.total
    whole = schedule.whole
    assert (whole.quota, whole.required[-1]) == (total.quota, total.built + total.remaining)
    assert whole.actual[-1] == total.built
    for county in schedule.tasks:
        lines = [each for each in schedule.months if each.county_id == county.county_id]
        networks = [each for each in lines if each.network]
        for n in range(len(lines[0].actual)):
            assert lines[0].actual[n] == sum(each.actual[n] for each in networks)
        assert lines[0].possible[-1] == sum(each.possible[-1] for each in networks)


def test_places_of_the_latest_list_are_scheduled_once_each(office, report):
    sites = listed(office / "runs" / "city")
    assert {site.record.candidate_id for site in report.year.schedule.sites} == set(sites.index)
    assert report.year.lists == (siteplan.read_plan(office / "runs" / "city").record.run_id,)


def test_a_list_that_another_one_follows_no_longer_counts(office, tmp_path):
    project, run = siteplan.open_project(office), office / "runs" / "city"
    gone = listed(run).index[0]
    rows = {gone: answer("业主拒绝", 原因="怕辐射")}
    project.merge_returns(run, [filled(run, tmp_path / "f.xlsx", rows)])
    project.replan(run).write(office / "runs" / "again")
    records = records_in(runs_of(office / "runs"), project.config.project.year)
    places, lists = listed_places(standing_lists(records))
    assert lists == (siteplan.read_plan(office / "runs" / "again").record.run_id,)
    assert gone not in places
    sites = {site.record.candidate_id for site in project.progress().year.schedule.sites}
    assert sites == set(listed(office / "runs" / "again").index)


def test_a_place_the_latest_list_gave_up_is_not_counted_on_unless_it_is_signed(office, tmp_path):
    project, run = siteplan.open_project(office), office / "runs" / "city"
    places = siteplan.read_plan(run).record.published.places
    talking, signed = list(places)[:2]
    rows = {talking: answer("谈点中"), signed: answer("已签约")}
    project.merge_returns(run, [filled(run, tmp_path / "f.xlsx", rows)])
    report = project.progress()
    rest = {
        each: ListedPlace(place, dt.date(2023, 6, 30))
        for each, place in places.items()
        if each not in (talking, signed)
    }
    inputs = project.load().tables
    day = report.config.project.reference_date
    year = year_of(inputs, report.progress, project.journal(), rest, report.config, day=day)
    sites = {site.record.candidate_id for site in year.schedule.sites}
    assert sites == set(places) - {talking}
    assert set(year.records) == set(places)
    alone = year_of(inputs, report.progress, project.journal(), {}, report.config, day=day)
    assert {site.record.candidate_id for site in alone.schedule.sites} == {talking, signed}


def test_a_later_day_moves_the_schedule_and_places_turn_red(office):
    project = siteplan.open_project(office)
    late = project.progress(day=dt.date(project.config.project.year, 12, 20)).year.schedule
    assert late.day == dt.date(project.config.project.year, 12, 20)
    assert set(late.lights) == {"red"}
    assert late.shortfalls
    with pytest.raises(SiteplanError) as error:
        project.progress(day=dt.date(2000, 1, 1))
    assert error.value.key == "day_before_report"


def test_what_a_year_left_open_is_carried_over_until_it_is_built(office):
    year = siteplan.open_project(office).config.project.year
    built = siteplan.open_project(office).progress().progress.total.built
    targets = [QuotaTarget(year=year - 2, stations=5), QuotaTarget(year=year - 1, stations=3)]
    project = with_targets(office, *targets, QuotaTarget(year=year, stations=built + 4))
    table = project.progress().year.years
    totals = table[table["county_id"].eq("") & table["network"].eq("")].drop_duplicates("year")
    before = {row.year: row for row in totals.itertuples()}
    assert list(before) == [year - 2, year - 1, year]
    assert before[year - 2].carried_over == 0
    left = before[year - 2].remaining - before[year - 2].excess
    assert before[year - 1].carried_over == max(0, left)
    left = max(0, before[year - 1].carried_over + before[year - 1].remaining - before[year - 1].excess)
    assert before[year].carried_over == left
    assert (before[year].built, before[year].remaining) == (built, 4)
    assert before[year].rate == pytest.approx(built / (built + 4))


def with_capacity(office, *lines):
    """The project with what counties can build a month."""
    project = siteplan.open_project(office)
    schedule = ScheduleRules.model_validate({"capacity": lines})
    config = project.config.model_copy(update={"schedule": schedule})
    return type(project)(project.folder, config, project.data, project.language)


def test_a_declared_capacity_counts_by_name_or_code_and_the_general_one_for_the_others(office):
    lines = ({"county": "西县", "stations": 7}, {"stations": 3})
    tasks = with_capacity(office, *lines).progress().year.schedule.tasks
    counties = siteplan.open_project(office).load().counties
    names = dict(zip(counties["county_id"], counties["county"], strict=True))
    found = {names[task.county_id]: (task.capacity, task.capacity_origin) for task in tasks}
    assert found == {"西县": (7, "declared"), "东县": (3, "declared")}


def test_a_capacity_of_a_county_nobody_knows_is_an_error(office):
    with pytest.raises(SiteplanError) as error:
        with_capacity(office, {"county": "西具", "stations": 7}).progress()
    assert (error.value.key, error.value.values["county"]) == ("capacity_of_unknown_county", "西具")


def test_a_check_says_it_before_anybody_waits_for_progress(office):
    found = with_capacity(office, {"county": "西具", "stations": 7}).check()
    (fault,) = [each for each in found.faults if each.problem == "capacity_of_unknown_county"]
    assert fault.severity == "warning"
    assert not [
        each
        for each in with_capacity(office, {"county": "西县", "stations": 7}).check().faults
        if each.problem == "capacity_of_unknown_county"
    ]


def test_a_year_without_a_target_is_an_error(office):
    with pytest.raises(SiteplanError) as error:
        siteplan.open_project(office).progress(1999)
    assert error.value.key == "no_target"


def test_the_workbook_has_the_months_with_their_curve_and_the_places(report, tmp_path):
    paths = report.write(tmp_path / "p")
    assert [path.name for path in paths] == ["进度.xlsx", "progress.csv", "schedule.csv", "进度曲线.png"]
    book = openpyxl.load_workbook(paths[0])
    assert book.sheetnames[2:] == ["能否完成", "月度进度", "倒排工期", "历年"]
    months = book["月度进度"]
    assert len(months._charts) == 1
    assert months.cell(5, 3).value == f"{report.progress.year}-01"
    assert book["倒排工期"].max_row == 4 + len(report.year.schedule.sites)
    lines = paths[2].read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(report.year.schedule.sites)
    assert paths[3].read_bytes()[:4] == b"\x89PNG"


def test_the_same_day_gives_the_same_bytes(office, tmp_path):
    for name in ("a", "b"):
        report = siteplan.open_project(office).progress()
        report.write(tmp_path / name)
        report.write_ledger(tmp_path / f"{name}l")
    for one in (*(tmp_path / "a").iterdir(), *(tmp_path / "al").iterdir()):
        other = tmp_path / one.parent.name.replace("a", "b") / one.name
        assert one.read_bytes() == other.read_bytes(), one.name
