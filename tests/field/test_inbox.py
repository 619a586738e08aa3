"""Files that come back by chat: taken in once each; the ledger goes out and comes back."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

import siteplan
from siteplan.api.inbox import INBOX
from siteplan.cli.commands import app
from siteplan.core.errors import SiteplanError
from siteplan.field.journal import JOURNAL
from siteplan.field.records import records_of
from siteplan.project.statuses import SiteStatus
from tests.planning.test_replan import answer, filled, listed

ORDER = "00098765432109876543"


@pytest.fixture
def office(planned_city, tmp_path):
    folder = Path(shutil.copytree(planned_city, tmp_path / "项目"))
    (folder / "收件箱").mkdir()
    return folder


@pytest.fixture
def run(office):
    return office / "runs" / "city"


def records(office):
    return records_of(siteplan.open_project(office).journal())


def taken_in(office, **more):
    return siteplan.open_project(office).inbox(office / "收件箱", **more)


def states(result):
    return {file.name: file.state for file in result.files}


def test_every_file_of_a_folder_is_taken_in_once_whatever_it_is_called(office, run):
    box, site = office / "收件箱", listed(run).index[0]
    filled(run, box / "回执.xlsx", {site: answer("已签约")})
    shutil.copy(box / "回执.xlsx", box / "回执(1).xlsx")
    (box / "现场.jpg").write_bytes(b"\xff\xd8")
    (box / "~$回执.xlsx").write_bytes(b"lock")
    (box / "坏.xlsx").write_bytes(b"PK no workbook")
    first = taken_in(office)
    assert states(first) == {
        "回执(1).xlsx": "taken",
        "回执.xlsx": "before",
        "坏.xlsx": "unreadable",
        "现场.jpg": "other",
    }
    assert (first.merge.counts["accepted"], first.exit_code) == (1, 3)
    assert (first.folder / "回执核对.xlsx").exists()
    journal = (office / JOURNAL).read_bytes()
    again = taken_in(office)
    assert states(again) | {"回执(1).xlsx": "before"} == states(again)
    assert (office / JOURNAL).read_bytes() == journal
    assert again.folder is None
    assert again.files[0].since[:4].isdigit()


def test_two_files_that_contradict_each_other_are_seen_together_and_nothing_is_lost(office, run):
    box, site = office / "收件箱", listed(run).index[0]
    filled(run, box / "a.xlsx", {site: answer("已签约")})
    filled(run, box / "b.xlsx", {site: answer("业主拒绝", 反馈人="李工", 原因="怕辐射")})
    found = taken_in(office)
    assert (found.merge.counts["held"], found.merge.events) == (2, ())
    assert not (office / JOURNAL).exists() or (office / JOURNAL).read_text("utf-8") == ""
    assert len((office / INBOX).read_text("utf-8").splitlines()) == 2


def test_a_held_row_is_taken_by_its_key_from_a_file_that_was_taken_in_before(office, run):
    box, site = office / "收件箱", listed(run).index[0]
    filled(run, box / "a.xlsx", {site: answer("已签约")})
    filled(run, box / "b.xlsx", {site: answer("业主拒绝", 反馈人="李工", 原因="怕辐射")})
    keys = [o.key for o in taken_in(office).merge.outcomes if o.row.status == "SIGNED"]
    again = taken_in(office, take=keys)
    assert again.merge.counts["accepted"] == 1
    assert records(office)[site].status == SiteStatus.SIGNED
    assert len((office / INBOX).read_text("utf-8").splitlines()) == 2


def test_a_register_teaches_numbers_and_a_list_without_our_ids_is_matched_by_them(office, run):
    box = office / "收件箱"
    site, other = listed(run).index[:2]
    filled(run, box / "a.xlsx", {site: {"需求订单号": ORDER, "反馈人": "王工", "反馈日期": "2023-07-10"}})
    taken_in(office)
    assert records(office)[site].keys.order_no == ORDER
    book = openpyxl.Workbook()
    for line in (
        ["需求订单号", "进展", "日期", "反馈人"],
        [ORDER, "已签约", "2023-08-01", "监理"],
        ["123", "在建", "2023-08-01", "监理"],
    ):
        book.active.append(line)
    book.save(box / "监理.xlsx")
    found = taken_in(office)
    assert [(o.row.candidate_id, o.verdict) for o in found.merge.outcomes] == [
        (site, "accepted"),
        ("123", "rejected"),
    ]
    assert records(office)[site].status == SiteStatus.SIGNED
    assert other not in records(office)


def supervisors_sheet(path, number, status="已签约"):
    """A list of another office that knows sites by their order only."""
    book = openpyxl.Workbook()
    for line in (["需求订单号", "进展", "日期", "反馈人"], [number, status, "2023-08-01", "监理"]):
        book.active.append(line)
    book.save(path)


def test_a_list_and_the_register_that_explains_it_may_come_together_in_any_order(office, run):
    box, site = office / "收件箱", listed(run).index[0]
    supervisors_sheet(box / "a监理.xlsx", ORDER)
    filled(run, box / "b.xlsx", {site: {"需求订单号": ORDER, "反馈人": "王工", "反馈日期": "2023-07-10"}})
    found = taken_in(office)
    assert found.exit_code == 0
    assert (records(office)[site].status, records(office)[site].keys.order_no) == (SiteStatus.SIGNED, ORDER)


def test_a_list_nobody_could_place_is_tried_again_once_its_numbers_are_known(office, run):
    box, site = office / "收件箱", listed(run).index[0]
    supervisors_sheet(box / "监理.xlsx", ORDER)
    first = taken_in(office)
    assert (states(first), first.exit_code) == ({"监理.xlsx": "taken"}, 3)
    filled(run, box / "z.xlsx", {site: {"需求订单号": ORDER, "反馈人": "王工", "反馈日期": "2023-07-10"}})
    assert taken_in(office).exit_code == 0
    assert records(office)[site].status == SiteStatus.SIGNED
    assert set(states(taken_in(office)).values()) == {"before"}


def test_a_number_whose_digits_a_spreadsheet_lost_is_refused(office, run):
    site = listed(run).index[0]
    filled(run, office / "收件箱" / "a.xlsx", {site: {"需求订单号": 98765432109876543, "反馈人": "王工"}})
    outcomes = [o for o in taken_in(office).merge.outcomes if o.verdict != "unchanged"]
    assert [(o.verdict, o.faults[0].problem) for o in outcomes] == [("rejected", "digits_lost")]


def ledger_of(office, lang="zh"):
    report = siteplan.open_project(office, language=lang).progress()
    return report.write_ledger()


def rewritten(path, target, cells):
    """A ledger with cells changed, by candidate id and header."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets[1:]:
        heads = [cell.value for cell in sheet[4]] if sheet.sheet_state == "visible" else []
        for line in range(5, sheet.max_row + 1) if heads else ():
            for name, value in cells.get(sheet.cell(line, 2).value, {}).items():
                sheet.cell(line, heads.index(name) + 1).value = value
    book.save(target)


def test_the_ledger_shows_every_site_in_its_stage_and_can_be_sent_out_again(office, run):
    sites = list(listed(run).index)
    cells = {
        sites[0]: answer("已签约", 需求订单号=ORDER),
        sites[1]: answer("业主拒绝", 原因="怕辐射"),
        sites[2]: answer("暂缓"),
    }
    filled(run, office / "收件箱" / "a.xlsx", cells)
    taken_in(office)
    path = ledger_of(office)
    book = openpyxl.load_workbook(path)
    sheets = {sheet.title: sheet for sheet in book.worksheets if sheet.sheet_state == "visible"}
    assert list(sheets) == ["总览", "建议", "已签约", "业主拒绝", "暂缓"]
    rows = {
        sheet.cell(line, 2).value: title
        for title, sheet in list(sheets.items())[1:]
        for line in range(5, sheet.max_row + 1)
    }
    assert rows == dict.fromkeys(sites, "建议") | {
        sites[0]: "已签约",
        sites[1]: "业主拒绝",
        sites[2]: "暂缓",
    }
    for title in list(sheets)[1:]:
        sheet = sheets[title]
        assert (sheet.freeze_panes, sheet.print_title_rows) == ("D5", "$4:$4")
        assert sheet.auto_filter.ref
    heads = [cell.value for cell in sheets["已签约"][4]]
    assert sheets["已签约"].cell(5, heads.index("需求订单号") + 1).value == ORDER


def test_a_ledger_nobody_touched_says_nothing_and_what_is_filled_in_is_taken(office, run):
    box, site = office / "收件箱", listed(run).index[0]
    filled(run, box / "a.xlsx", {site: answer("谈点中", 需求订单号=ORDER)})
    taken_in(office)
    path = ledger_of(office)
    shutil.copy(path, box / "台账.xlsx")
    assert taken_in(office).merge.counts in ({}, {"unchanged": len(listed(run))})
    cells = {
        "状态": "已签约",
        "反馈人": "王工",
        "反馈日期": "2023-08-20",
        "走访日期": "2023-08-18",
        "走访对象": "村主任",
        "走访结果": "同意",
        "困难类别": "协调问题",
        "解决措施": "镇里出面",
        "本周进展": "已约谈",
    }
    rewritten(path, box / "台账2.xlsx", {site: cells})
    found = taken_in(office)
    assert found.merge.counts["accepted"] == 1
    record = records(office)[site]
    assert (record.status, record.keys.order_no) == (SiteStatus.SIGNED, ORDER)
    assert [(v.date, v.whom, v.outcome) for v in record.visits] == [("2023-08-18", "村主任", "同意")]
    assert (record.difficulty.obstacle, record.difficulty.progress) == ("coordination", "已约谈")


def test_an_old_ledger_does_not_bring_back_a_number_that_was_changed_since(office, run):
    box, site = office / "收件箱", listed(run).index[0]
    filled(run, box / "a.xlsx", {site: answer("谈点中", 项目编码="26A1")})
    taken_in(office)
    old = ledger_of(office)
    filled(run, box / "b.xlsx", {site: {"项目编码": "26A2", "反馈人": "李工", "反馈日期": "2023-08-05"}})
    taken_in(office)
    rewritten(old, box / "旧台账.xlsx", {site: {"备注": "见面", "反馈人": "王工", "反馈日期": "2023-08-09"}})
    taken_in(office)
    assert records(office)[site].keys.project_no == "26A2"


def test_the_english_ledger_comes_back_too(office, run):
    box, site = office / "收件箱", listed(run).index[0]
    path = ledger_of(office, "en")
    cells = {"status": "paused", "reported by": "Wang", "reported at": "2023-08-20", "visited_whom": "owner"}
    rewritten(path, box / "ledger.xlsx", {site: cells})
    assert taken_in(office).merge.counts["accepted"] == 1
    record = records(office)[site]
    assert (record.status, record.visits[0].whom) == (SiteStatus.PAUSED, "owner")


def test_the_commands_say_what_each_file_did_and_end_with_3_while_something_waits(office, run):
    filled(run, office / "收件箱" / "a.xlsx", {listed(run).index[0]: answer("已签约")})
    cli = CliRunner()
    first = cli.invoke(app, ["inbox", str(office / "收件箱")])
    assert first.exit_code == 0
    assert re.search(r"a.xlsx: 已收入，.*已采用 1", first.stdout.replace("\n", ""))
    (office / "收件箱" / "b.xlsx").write_bytes(b"PK")
    second = cli.invoke(app, ["inbox", str(office / "收件箱")])
    assert second.exit_code == 3
    assert "b.xlsx: 读不了" in second.stdout
    assert cli.invoke(app, ["inbox", str(office / "没有")]).exit_code == 1
    ledger = cli.invoke(app, ["ledger", str(office), "--out", str(office / "L")])
    assert (ledger.exit_code, (office / "L" / "台账.xlsx").exists()) == (0, True)
    assert "已签约 1" in ledger.stdout


def test_receipts_name_the_file_its_content_and_its_rows(office, run):
    filled(run, office / "收件箱" / "a.xlsx", {listed(run).index[0]: answer("已签约")})
    taken_in(office)
    (line,) = (office / INBOX).read_text("utf-8").splitlines()
    entry = json.loads(line)
    assert (entry["schema"], entry["file"], entry["rows"]) == (
        "siteplan-inbox/1",
        "a.xlsx",
        {"accepted": 1, "unchanged": 5},
    )


@pytest.mark.parametrize("line", ["{not json", '{"sha256": "a"}', "[]"])
def test_a_line_of_receipts_changed_by_hand_is_named(office, line):
    (office / INBOX).write_text(line + "\n", "utf-8")
    with pytest.raises(SiteplanError) as error:
        taken_in(office)
    assert (error.value.values["file"], error.value.values["row"]) == (INBOX, 1)
