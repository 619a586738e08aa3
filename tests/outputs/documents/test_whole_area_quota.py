"""A quota of the whole area, which no county has a share of: said as that, not as zeros of counties."""

import shutil

import pytest
from worlds.papers import pdf_text, squeezed

import siteplan
from siteplan.outputs.audience import audience_of
from siteplan.outputs.documents.brief import BriefFacts, brief
from siteplan.outputs.documents.pages import county_page
from siteplan.outputs.documents.pdf import document_pdf
from siteplan.outputs.documents.report import report
from siteplan.outputs.documents.view import YearSoFar, county_view, view_of
from siteplan.outputs.documents.wallmap import wallmap_pdf
from siteplan.project.planning import QuotaTarget
from siteplan.words.catalogue import translate
from tests.planning.test_year import with_targets


@pytest.fixture(scope="module")
def whole(planned_city, tmp_path_factory):
    """A plan and its year under one target of the whole city that no list can meet."""
    office = shutil.copytree(planned_city, tmp_path_factory.mktemp("whole") / "项目")
    shutil.rmtree(office / "runs")
    year = siteplan.open_project(office).config.project.year
    project = with_targets(office, QuotaTarget(year=year, stations=40))
    plan = project.plan(threads=1)
    plan.write(office / "runs" / "whole")
    found = project.progress()
    so_far = YearSoFar(found.progress, found.year)
    config = plan.proposal.config
    view = view_of(plan.proposal, audience_of(config, "internal"), "zh", so_far)
    return view, BriefFacts(so_far, None, "2023-07-01", config, "zh")


def test_the_wall_map_has_the_one_task(whole):
    text = squeezed(pdf_text(wallmap_pdf(whole[0])))
    table = text[text.index(squeezed(translate("doc_wall_counties", "zh"))) :]
    assert table.index("双县市") < table.index("40")


def test_a_county_shows_no_quota_it_does_not_have(whole):
    text = squeezed(pdf_text(document_pdf(county_page(county_view(whole[0], "西县")))))
    assert "–/–" in text
    assert "0/0" not in text
    assert squeezed(pdf_text(wallmap_pdf(county_view(whole[0], "西县")))).count("–")


def test_what_cannot_be_met_has_a_name(whole):
    text = squeezed(pdf_text(document_pdf(report(whole[0]))))
    assert whole[0].so_far.year.schedule.shortfalls
    colon = translate("join_colon", "zh").strip()
    assert f"·{colon}" not in text
    assert f"双县市{colon}" in text
    assert f"双县市{colon}" in squeezed(pdf_text(document_pdf(brief(whole[1]))))
