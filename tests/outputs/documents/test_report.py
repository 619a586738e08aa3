"""The report says what the run says: numbers read back out of Word, PDF and HTML, for every reader."""

import json
import re
import shutil
from dataclasses import replace

import openpyxl
import pytest
from worlds.papers import pdf_pages, raw_word, squeezed, text_of, word_tables

import siteplan
from siteplan.api.documents import DocumentOrder, report
from siteplan.core.errors import SiteplanError
from siteplan.outputs.documents.docx_template import SECTIONS
from siteplan.outputs.documents.numbers import change, count, share
from siteplan.outputs.documents.pdf import document_pdf
from siteplan.outputs.documents.report import report as report_of
from siteplan.words.catalogue import texts, translate
from tests.planning.test_replan import answer, filled

FORMATS = pytest.mark.parametrize("ending", [".docx", ".pdf", ".html"])


def record_of(run):
    """``run.json`` as any program reads it."""
    return json.loads((run / "run.json").read_text("utf-8"))


@FORMATS
def test_the_summary_says_what_run_json_says(reported, run, ending):
    have, text = record_of(run), text_of(reported[ending])
    figures = [
        f"{count(have['quota'])} / {count(have['built'])}",
        share(have["built"], have["quota"]),
        count(have["selected_stations"]),
        change(have["population_covered_before"], have["population_covered_after"]),
        change(have["villages_covered_before"], have["villages_covered_after"]),
        share(have["population_covered_after"], have["population_total"]),
        f"{have['optimality_gap']:.2%}",
    ]
    for figure in figures:
        assert squeezed(figure) in text


def test_counties_in_word_are_those_of_the_workbook(reported, run):
    page = openpyxl.load_workbook(run / "规划明细.xlsx")[translate("summary", "zh")]
    rows = {row[0]: row for row in page.iter_rows(min_row=5, values_only=True) if row[0]}
    table = next(each for each in word_tables(reported[".docx"]) if each[0][0] == translate("county", "zh"))
    for name, quota, built, rate, selected, before, after, *_ in table[1:]:
        own = rows[name]
        assert [quota, built, selected] == [count(own[k]) for k in (1, 2, 3)]
        assert rate == share(own[2], own[1])
        assert [float(before[:-1]), float(after[:-1])] == pytest.approx(
            [100 * own[5], 100 * own[6]], abs=0.006
        )
    assert {row[0] for row in table[1:]} >= {"西县", "东县"}


def test_the_page_shows_what_the_map_shows(reported, run):
    page = (run / "map.html").read_text("utf-8")
    text = text_of(reported[".html"])
    have = record_of(run)
    pair = f"{have['population_covered_before']:,.0f} → {have['population_covered_after']:,.0f}"
    assert pair in page
    assert squeezed(pair) in text


@FORMATS
def test_every_place_of_the_list_stands_in_the_annex(reported, run, ending):
    text = text_of(reported[ending])
    sites = siteplan.read_plan(run).sites
    assert len(sites)
    for row in sites.itertuples():
        assert squeezed(str(row.candidate_id)) in text
        assert f"{row.longitude:.6f}" in text


@FORMATS
def test_sections_come_in_the_order_of_the_template(reported, ending):
    text = text_of(reported[ending])
    heads = [squeezed(translate(f"doc_report_{name}", "zh")) for name in SECTIONS["report"]]
    at = [text.index(head) for head in heads if head in text]
    assert len(at) >= 8
    assert at == sorted(at)


def test_villages_left_without_are_told_with_what_would_help(reported, run):
    villages = siteplan.read_plan(run).proposal.effects.villages
    left = villages[villages["state"].eq("uncovered")]
    text = text_of(reported[".pdf"])
    assert all(squeezed(name) in text for name in left["village"])
    expected = translate("doc_all_villages", "zh") if left.empty else count(len(left))
    assert squeezed(expected) in text


def test_the_summary_stands_on_one_page(reported):
    pages = pdf_pages(reported[".pdf"])
    assert squeezed(translate("doc_head_needs", "zh")) in squeezed(pages[0])
    assert squeezed(translate("doc_report_counties", "zh")) not in squeezed(pages[0])


def test_the_same_run_gives_the_same_bytes(reported, run, tmp_path):
    again = report(run, DocumentOrder(out=tmp_path / "again"))
    for path in again.paths:
        assert path.read_bytes() == reported[path.suffix].read_bytes()


def test_english_has_no_chinese_but_names(run, tmp_path):
    written = report(run, DocumentOrder(lang="en", out=tmp_path / "en"))
    text = text_of(next(path for path in written.paths if path.suffix == ".pdf"))
    for name in SECTIONS["report"]:
        assert squeezed(translate(f"doc_report_{name}", "zh")) not in text
    assert squeezed(translate("doc_report_summary", "en")) in text
    siteplan.open_project(run.parent.parent)  # later tests speak Chinese again


@FORMATS
def test_the_public_has_no_place_nearer_than_its_square(public, run, ending):
    """Neither a coordinate nor the name of a place; its id and its town may be known."""
    plan = siteplan.read_plan(run)
    text = text_of(public[ending]) + (squeezed(raw_word(public[ending])) if ending == ".docx" else "")
    for row in plan.sites.itertuples():
        for value in (row.longitude, row.latitude, row.longitude_gcj02, row.latitude_gcj02):
            assert f"{value:.4f}" not in text
    properties = plan.proposal.area.properties
    named = plan.proposal.places.proposed
    names = set(properties["property_name"]) | {str(name) for name in named["name"]}
    villages = set(plan.proposal.effects.villages["village"])
    assert not [name for name in names - villages if squeezed(name) in text]
    assert not re.findall(r"1[01]\d\.\d{4,}", text)


def test_the_office_has_what_the_public_lacks(reported, run):
    """Without this, the search above would prove nothing."""
    text = text_of(reported[".pdf"])
    row = next(siteplan.read_plan(run).sites.itertuples())
    assert f"{row.longitude:.4f}" in text


def test_a_run_outside_a_project_says_that_its_progress_is_not_known(run, tmp_path):
    alone = shutil.copytree(run, tmp_path / "sent" / "city")
    written = report(alone, DocumentOrder(out=tmp_path / "out"))
    assert written.without_year
    text = text_of(next(path for path in written.paths if path.suffix == ".docx"))
    assert squeezed(translate("doc_no_project", "zh")) in text


def test_a_report_is_written_beside_its_run_and_never_over_another(run, tmp_path):
    project = shutil.copytree(run.parent.parent, tmp_path / "项目")
    written = report(project / "runs" / "city", DocumentOrder())
    assert written.paths[0].parent.parent == project / "runs"
    before = written.paths[0].read_bytes()
    with pytest.raises(SiteplanError) as error:
        report(project / "runs" / "city", DocumentOrder(out=written.paths[0].parent))
    assert error.value.key == "folder_exists"
    assert written.paths[0].read_bytes() == before


def test_synthetic_data_is_named_on_every_page(view):
    project = view.proposal.config.project.model_copy(update={"synthetic": "合成"})
    config = view.proposal.config.model_copy(update={"project": project})
    pages = pdf_pages(document_pdf(report_of(replace(view, proposal=replace(view.proposal, config=config)))))
    assert len(pages) > 2
    assert all(squeezed(translate("synthetic", "zh")) in squeezed(page) for page in pages)


def test_a_plan_for_another_quota_keeps_its_own_task(planned_city, tmp_path):
    project = shutil.copytree(planned_city, tmp_path / "项目")
    asked = siteplan.open_project(project).plan(quota=7, built=1, threads=1)
    folder = asked.write(project / "runs" / "what-if")
    written = report(folder, DocumentOrder(out=tmp_path / "out"))
    text = text_of(next(path for path in written.paths if path.suffix == ".pdf"))
    assert squeezed("7 / 1") in text


def test_a_list_that_another_one_follows_says_so_on_every_page(planned_city, tmp_path):
    project = shutil.copytree(planned_city, tmp_path / "项目")
    run, opened = project / "runs" / "city", siteplan.open_project(project)
    gone = siteplan.read_plan(run).sites["candidate_id"].iloc[0]
    rows = {gone: answer("业主拒绝", 原因="怕辐射")}
    opened.merge_returns(run, [filled(run, tmp_path / "f.xlsx", rows)])
    later = opened.replan(run, threads=1)
    later.write(project / "runs" / "again")
    written = report(run, DocumentOrder(out=tmp_path / "old"))
    assert written.followed_by == (later.record.run_id,)
    pages = pdf_pages(next(path for path in written.paths if path.suffix == ".pdf"))
    assert all(squeezed(later.record.run_id) in squeezed(page) for page in pages)
    assert report(project / "runs" / "again", DocumentOrder(out=tmp_path / "new")).followed_by == ()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_rule_that_refuses_has_a_short_name(lang):
    known = texts(lang)
    rules = {key for key in known if key.startswith("rule_")}
    assert len(rules) > 15
    assert not {key for key in rules if f"refused_{key}" not in known}
