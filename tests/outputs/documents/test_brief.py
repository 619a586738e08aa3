"""The monthly brief: what changed since the last one, and what has to be decided, by the journal alone."""

import json
import shutil

import pytest
from worlds.papers import pdf_pages, squeezed, text_of

import siteplan
from siteplan.api.documents import DocumentOrder, brief
from siteplan.core.errors import SiteplanError
from siteplan.outputs.documents.numbers import count, share
from siteplan.words.catalogue import translate
from tests.planning.test_replan import answer, filled


@pytest.fixture
def office(planned_city, tmp_path):
    return shutil.copytree(planned_city, tmp_path / "项目")


def report_back(office, tmp_path, day, **statuses):
    """Returns of one day, by rank: status and what else was filled in."""
    run = office / "runs" / "city"
    ids = siteplan.read_plan(run).sites.sort_values("rank")["candidate_id"].tolist()
    rows = {
        ids[int(rank[1:])]: answer(*one[:1], **{"反馈日期": day, **one[1]}) for rank, one in statuses.items()
    }
    opened = siteplan.open_project(office)
    return opened.merge_returns(run, [filled(run, tmp_path / f"{day}.xlsx", rows)])


def texts(written):
    return {path.suffix: text_of(path) for path in written.paths if path.suffix in (".docx", ".pdf", ".html")}


def test_numbers_are_those_of_the_progress(office):
    total = siteplan.open_project(office).progress().progress.total
    for text in texts(brief(office, DocumentOrder())).values():
        assert squeezed(f"{count(total.quota)} / {count(total.built)}") in text
        assert share(total.built, total.quota) in text


def test_it_is_one_page_and_a_picture(office):
    files = {path.suffix: path for path in brief(office, DocumentOrder()).paths}
    assert len(pdf_pages(files[".pdf"])) == 1
    assert files[".png"].read_bytes().startswith(b"\x89PNG")


def test_the_first_tells_of_its_month_and_the_next_of_what_came_since(office, tmp_path):
    report_back(office, tmp_path, "2023-07-20", _0=("谈点中", {}))
    brief(office, DocumentOrder(out=office / "progress" / "brief-1"))
    report_back(office, tmp_path, "2023-08-15", _0=("在建", {}), _1=("业主拒绝", {"原因": "怕辐射"}))
    text = texts(brief(office, DocumentOrder()))[".pdf"]
    assert "2023-07-20" in text
    changes = text[text.index(squeezed(translate("doc_brief_changes", "zh"))) :]
    for status in ("BUILDING", "REFUSED"):
        said = translate("doc_brief_count", "zh", status=translate(f"status_{status}", "zh"), count=1)
        assert squeezed(said) in changes
    assert "怕辐射" in changes
    talking = translate("doc_brief_count", "zh", status=translate("status_NEGOTIATING", "zh"), count=1)
    assert squeezed(talking) not in changes


def test_what_came_on_air_since_the_last_is_counted_by_county(office, tmp_path):
    report_back(office, tmp_path, "2023-07-20", _0=("谈点中", {}))
    first = brief(office, DocumentOrder(out=office / "progress" / "brief-1"))
    before = json.loads(next(path for path in first.paths if path.name == "brief.json").read_text("utf-8"))
    report_back(office, tmp_path, "2023-08-15", _0=("开通", {}))
    second = brief(office, DocumentOrder())
    after = json.loads(next(path for path in second.paths if path.name == "brief.json").read_text("utf-8"))
    gained = after["built"] - before["built"]
    assert gained > 0
    assert squeezed(translate("doc_brief_more", "zh", count=f"{gained:+,}")) in texts(second)[".pdf"]


def test_two_reports_that_contradict_each_other_are_a_decision(office, tmp_path):
    report_back(office, tmp_path, "2023-08-01", _0=("业主拒绝", {"原因": "怕辐射", "反馈人": "甲"}))
    journal = (office / "journal.jsonl").read_text("utf-8")
    (office / "journal.jsonl").unlink()
    report_back(office, tmp_path, "2023-08-01", _0=("已签约", {"反馈人": "乙"}))
    with (office / "journal.jsonl").open("a", encoding="utf-8") as file:
        file.write(journal)
    status = siteplan.open_project(office).field_status()
    assert status.conflicts
    text = texts(brief(office, DocumentOrder()))[".pdf"]
    assert status.conflicts[0][0].event_id[:8] in text


def test_the_first_day_counts_and_the_day_of_the_last_brief_does_not_count_twice(office, tmp_path):
    report_back(office, tmp_path, "2023-08-01", _0=("谈点中", {}))
    first = texts(brief(office, DocumentOrder(out=office / "progress" / "brief-1")))[".pdf"]
    said = translate("doc_brief_count", "zh", status=translate("status_NEGOTIATING", "zh"), count=1)
    assert squeezed(said) in first
    report_back(office, tmp_path, "2023-08-02", _1=("在建", {}))
    second = texts(brief(office, DocumentOrder()))[".pdf"]
    assert squeezed(said) not in second
    assert (
        squeezed(translate("doc_brief_count", "zh", status=translate("status_BUILDING", "zh"), count=1))
        in second
    )


def test_since_overrides_the_last_brief(office, tmp_path):
    report_back(office, tmp_path, "2023-08-15", _0=("在建", {}))
    import datetime as dt  # noqa: PLC0415 - used here only

    text = texts(brief(office, DocumentOrder(), since=dt.date(2023, 8, 20)))[".pdf"]
    assert squeezed(translate("doc_brief_no_change", "zh", day="2023-08-20")) in text


@pytest.mark.parametrize("content", [b'{"day": 3}', b"", b"\xff\xfe{"])
def test_a_record_of_a_brief_that_was_changed_by_hand_is_named(office, content):
    (office / "progress" / "brief-0").mkdir(parents=True)
    (office / "progress" / "brief-0" / "brief.json").write_bytes(content)
    with pytest.raises(SiteplanError) as error:
        brief(office, DocumentOrder())
    assert error.value.key == "brief_unreadable"


def test_a_project_without_a_list_has_a_brief_that_says_what_is_missing(shared_world, tmp_path):
    office = shutil.copytree(shared_world, tmp_path / "项目")
    text = texts(brief(office, DocumentOrder()))[".pdf"]
    opened = siteplan.open_project(office).progress()
    assert squeezed(f"{count(opened.progress.total.quota)} / {count(opened.progress.total.built)}") in text
    decisions = text[text.index(squeezed(translate("doc_brief_decisions", "zh"))) :]
    assert squeezed(translate("task_without_list", "zh", count=1).partition("1")[0]) in decisions
