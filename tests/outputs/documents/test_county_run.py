"""The plan of one county in a project of several: its task, its months, its places, not the city's."""

import shutil

import pytest
from worlds.papers import pdf_text, squeezed, text_of

import siteplan
from siteplan.api.documents import DocumentOrder, read_view, report
from siteplan.outputs.documents.numbers import count
from siteplan.outputs.documents.wallmap import wallmap_pdf


@pytest.fixture(scope="module")
def county(planned_city, tmp_path_factory):
    """Run folder of a plan of the eastern county, and its row of the progress."""
    project = shutil.copytree(planned_city, tmp_path_factory.mktemp("county") / "项目")
    shutil.rmtree(project / "runs")
    opened = siteplan.open_project(project)
    folder = opened.plan(county="东县", threads=1).write(project / "runs" / "east")
    table = opened.progress().progress.counties.set_index("county")
    return folder, table.loc["东县"], table.loc["西县"]


def test_the_report_has_the_task_of_the_county(county, tmp_path):
    folder, own, _ = county
    written = report(folder, DocumentOrder(out=tmp_path / "out"))
    text = text_of(next(path for path in written.paths if path.suffix == ".pdf"))
    assert squeezed(f"{count(own.quota)} / {count(own.built)}") in text
    assert "西县" not in text


def test_its_schedule_is_that_of_the_county(county):
    folder, own, _ = county
    schedule = read_view(folder).so_far.year.schedule
    assert [each.county_id for each in schedule.tasks] == [own.county_id]
    assert schedule.whole.quota == own.quota
    assert {each.record.place.county_id for each in schedule.sites} == {own.county_id}


def test_its_wall_map_has_its_numbers(county):
    folder, own, other = county
    text = squeezed(pdf_text(wallmap_pdf(read_view(folder))))
    assert own.quota != other.quota
    assert squeezed(f"指标 {count(own.quota)}") in text
