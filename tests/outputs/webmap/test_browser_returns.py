"""The shared map in headless Chromium: statuses and moves that come out as a return form, and come back."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds.visit import Visit

from siteplan.planning.proposal import Proposal
from siteplan.project.statuses import RETURN_COLUMNS

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


def mark(visit: Visit, row: int, status: str, reason: str = "", who: str = "张三") -> str:
    """Fill the form of a ranked row; what the page said."""
    visit.page.locator(".sp-list .sp-row").nth(row).click()
    form = visit.popup().locator("form")
    form.locator("select").select_option(status)
    form.locator(".sp-mark-reason").fill(reason)
    form.locator(".sp-mark-who").fill(who)
    form.locator(".sp-mark-save").click()
    said = form.locator(".sp-mark-said")
    for _ in range(40):
        if said.inner_text():
            break
        visit.page.wait_for_timeout(50)
    return str(said.inner_text())


def exported(visit: Visit, kind: str) -> bytes:
    with visit.page.expect_download() as waiting:
        visit.page.locator(f".sp-export-{kind}").click()
    return Path(waiting.value.path()).read_bytes()


def test_statuses_are_kept_and_come_out_as_a_return_form(
    visit: Visit, proposal: Proposal, map_file: Path
) -> None:
    assert mark(visit, 0, "NEGOTIATING", who="") == "请先填写填报人"
    assert "谈点中" in mark(visit, 0, "NEGOTIATING")
    assert mark(visit, 1, "REFUSED") == "请填写原因"
    reason = '=HYPERLINK("http://x"), 业主,"拒绝"\n二'
    assert "业主拒绝" in mark(visit, 1, "REFUSED", reason.replace("\n", " "))
    assert "业主同意" in mark(visit, 0, "AGREED")
    assert mark(visit, 0, "PROPOSED") == "请填写原因"
    visit.open_section("returns")
    rows = json.loads(exported(visit, "json"))
    assert rows["schema"] == "siteplan-returns/1"
    assert rows["run_id"] == "2023-abcdef012345"
    assert [(r["candidate_id"], r["status"]) for r in rows["returns"]] == [
        ("C0001", "NEGOTIATING"),
        ("C0002", "REFUSED"),
        ("C0001", "AGREED"),
    ]
    assert all(tuple(r) == RETURN_COLUMNS for r in rows["returns"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", rows["returns"][0]["reported_at"])
    raw = exported(visit, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert tuple(table[0]) == RETURN_COLUMNS
    assert table[1]["reason"] == "'" + reason.replace("\n", " ")
    assert float(table[0]["longitude"]) == round(proposal.places.proposed["longitude"].iloc[0], 6)
    visit.open_section("filters")
    visit.page.locator(".sp-filter", has_text="状态").locator("select").select_option("REFUSED")
    assert visit.page.locator(".sp-list .sp-row").count() == 1
    visit.page.locator(".sp-undo").click()
    visit.page.locator(".sp-undo").click()
    assert visit.page.locator(".sp-list .sp-row").count() == 0
    visit.script("rows => siteplan.takeIn(JSON.stringify(rows))", rows)
    assert visit.page.locator(".sp-list .sp-row").count() == 1
    visit.page.reload()
    visit.wait()
    assert visit.script("siteplan.statusOf('C0001')") == "AGREED"
    visit.open_section("returns")
    for _ in range(3):
        visit.page.locator(".sp-undo").click()
    assert visit.script("siteplan.statusOf('C0001')") == "PROPOSED"


def test_a_form_comes_back_whole_and_strange_rows_are_named(visit: Visit, tmp_path: Path) -> None:
    mark(visit, 0, "SIGNED", who="-李四")
    mark(visit, 2, "REFUSED", '@SUM(1), "引号"')
    visit.open_section("returns")
    forms = {"csv": exported(visit, "csv"), "json": exported(visit, "json")}
    before = visit.script("siteplan.asJson()")
    for kind, content in forms.items():
        path = tmp_path / f"回执.{kind}"
        path.write_bytes(content)
        visit.page.locator(".sp-import").set_input_files(path)
        visit.page.get_by_text("导入 0 条；2 条已有").wait_for()
        for _ in range(2):
            visit.page.locator(".sp-undo").click()
        visit.page.locator(".sp-import").set_input_files(path)
        visit.page.get_by_text("导入 2 条；0 条已有").wait_for()
        assert visit.script("siteplan.asJson()") == before
    saved = forms["csv"].decode("utf-8-sig")
    other = io.StringIO()
    csv.writer(other, delimiter=";").writerows(csv.reader(io.StringIO(saved, newline="")))
    for text in (saved.encode("gb18030"), other.getvalue().encode()):
        path = tmp_path / "另存.csv"
        path.write_bytes(text)
        for _ in range(2):
            visit.page.locator(".sp-undo").click()
        visit.page.locator(".sp-import").set_input_files(path)
        visit.page.get_by_text("导入 2 条；0 条已有").wait_for()
        assert visit.script("siteplan.asJson()") == before
    data = json.loads(forms["json"])
    data["run_id"] = "other"
    data["returns"][0]["run_id"] = "另一次"
    data["returns"][1]["candidate_id"] = "</script>X9"
    path = tmp_path / "strange.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    visit.page.locator(".sp-import").set_input_files(path)
    visit.page.get_by_text("1 条编号不在本图：</script>X9").wait_for()
    assert "1 条来自另一次运行 另一次" in visit.page.locator(".sp-returns .sp-mark-said").inner_text()
    for text, said in (
        ("{}", "不是 siteplan-returns/1 格式"),
        ("a,b\n1,2\n", "不是 siteplan-returns/1"),
        ("{", "bad.json"),
    ):
        bad = tmp_path / "bad.json"
        bad.write_text(text, encoding="utf-8")
        visit.page.locator(".sp-import").set_input_files(bad)
        visit.page.locator(".sp-returns .sp-mark-said", has_text=said).wait_for()
    assert visit.script("siteplan.asJson()").count("candidate_id") == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reported_at": None}, "reported_at"),
        ({"reported_at": 45292.5}, "reported_at"),
        ({"reported_at": "2026年1月2日"}, "reported_at"),
        ({"status": "agreed"}, "status“agreed”"),
        ({"status": "MOVED", "longitude": None}, "longitude"),
        ({"status": "MOVED", "longitude": 0.0, "latitude": 0.0}, "longitude"),
        ({"longitude": "113,5"}, "longitude"),
        ({"datum": "gcj02"}, "datum“gcj02”"),
        ({"candidate_id": 7}, "candidate_id"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_nothing_is_taken(
    visit: Visit, proposal: Proposal, change: dict[str, Any], said: str
) -> None:
    place = proposal.places.proposed.iloc[5]
    row = {
        "schema": "siteplan-returns/1",
        "run_id": "2023-abcdef012345",
        "candidate_id": place["candidate_id"],
        "status": "AGREED",
        "longitude": place["longitude"],
        "latitude": place["latitude"],
        "datum": "wgs84",
        "reason": "",
        "note": "",
        "reported_by": "甲",
        "reported_at": "2026-01-02T10:00:00+08:00",
    }
    form = {"schema": "siteplan-returns/1", "run_id": row["run_id"], "returns": [row, row | change]}
    message = visit.script(
        "form => { try { siteplan.takeIn(JSON.stringify(form)); return ''; } catch (e) { return e.message; } }",
        form,
    )
    assert message.startswith("第 2 行")
    assert said in message
    assert json.loads(visit.script("siteplan.asJson()"))["returns"] == []
    form["returns"] = [row]
    assert visit.script("form => siteplan.takeIn(JSON.stringify(form)).n", form) == 1
    visit.script("localStorage.clear()")


def test_a_place_moves_inside_its_ring_only(visit: Visit, proposal: Proposal) -> None:
    visit.page.locator(".sp-list .sp-row").nth(4).click()
    form = visit.popup().locator("form")
    form.locator(".sp-mark-who").fill("王五")
    form.locator(".sp-mark-move").click()
    pin = visit.page.locator(".sp-pin")
    box = pin.bounding_box()
    x, y = box["x"] + 14, box["y"] + 14
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(x + 300, y + 40, steps=8)
    visit.page.mouse.up()
    assert "偏移 400 米" in visit.page.locator(".sp-move-bar").inner_text()
    visit.page.locator(".sp-move-save").click()
    moved = json.loads(visit.script("siteplan.asJson()"))["returns"][-1]
    row = proposal.places.proposed.iloc[4]
    assert (moved["candidate_id"], moved["status"], moved["datum"]) == (row["candidate_id"], "MOVED", "wgs84")
    east = (moved["longitude"] - row["longitude"]) * 111_195 * np.cos(np.radians(row["latitude"]))
    north = (moved["latitude"] - row["latitude"]) * 111_195
    assert 390 < np.hypot(east, north) <= row["search_radius_m"] * 1.002
    assert visit.says("改址")
    visit.script("localStorage.clear()")
