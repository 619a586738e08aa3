"""The round trip on a tiny world: forms filled, taken in, planned again; nothing is ever lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from siteplan.planning.run_folder import read_plan
from typer.testing import CliRunner
from worlds.two_counties import write_project

from siteplan import outputs
from siteplan.api import Returns, merge_returns, plan_area, read_journal, replan_area, report_progress
from siteplan.cli import app
from siteplan.core.errors import RunLockedError
from siteplan.field.journal import JOURNAL
from siteplan.outputs import DETAILS, WORKBOOK
from siteplan.outputs.xlsx.returned import CHECKED
from siteplan.project.statuses import RETURNS_SCHEMA

KILLS = int(os.environ.get("SITEPLAN_KILLS", "40"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    project = write_project(tmp_path_factory.mktemp("office") / "项目")
    plan_area(project, output=project / "runs" / "base")
    return project


@pytest.fixture
def office(made, tmp_path):
    """A project with one published run, of its own for every test."""
    return Path(shutil.copytree(made, tmp_path / "项目"))


def filled(run, target, rows):
    """The run's form with cells filled in by candidate id."""
    book = openpyxl.load_workbook(run / WORKBOOK)
    for sheet in book.worksheets:
        heads = [cell.value for cell in sheet[4]] if sheet.max_row >= 4 else []
        if "候选编号" not in heads or sheet.sheet_state != "visible":
            continue
        for line in range(5, sheet.max_row + 1):
            for name, value in rows.get(sheet.cell(line, heads.index("候选编号") + 1).value, {}).items():
                sheet.cell(line, heads.index(name) + 1).value = value
    book.save(target)
    return target


def answer(status, **more):
    return {"状态": status, "反馈人": "王工", "反馈日期": "2023-08-01", **more}


def listed(run):
    return read_plan(run).proposed.set_index("candidate_id")


def by_rung(run, source_type):
    table = listed(run)
    return table[table["source_type"].eq(source_type)].index.tolist()


def test_signed_places_stay_refused_ones_go_with_their_reason(office, tmp_path):
    run = office / "runs" / "base"
    signed, refused = by_rung(run, "1")[0], by_rung(run, "3")[0]
    form = filled(
        run, tmp_path / "回执.xlsx", {signed: answer("已签约"), refused: answer("业主拒绝", 原因="怕辐射")}
    )
    taken = merge_returns(run, None, Returns((form,)))
    assert taken.merge.counts["accepted"] == 2
    assert (taken.folder / CHECKED).exists()
    _, target = replan_area(run, output=office / "runs" / "next")
    after = listed(target)
    assert after.loc[signed, ["rank", "status"]].tolist() == [1, "SIGNED"]
    assert refused not in after.index
    others = read_plan(target).others.set_index("candidate_id")
    assert "怕辐射" in others.loc[refused, "rule"]
    changes = (target / "changes.csv").read_text(encoding="utf-8-sig")
    assert "怕辐射" in changes
    assert "保留（已签约）" in changes
    assert (target / "change_curve.csv").exists()
    assert json.loads((target / "run.json").read_text("utf-8"))["certificate_holds"]


def test_what_is_on_air_counts_as_built_and_is_planned_no_more(office, tmp_path):
    run = office / "runs" / "base"
    built = by_rung(run, "3")[0]
    stations = int(listed(run).loc[built, "stations"])
    before = report_progress(office, output=tmp_path / "p1")[0].total
    merge_returns(run, None, Returns((filled(run, tmp_path / "f.xlsx", {built: answer("开通")}),)))
    after = report_progress(office, output=tmp_path / "p2")[0].total
    assert (after.built - before.built, before.remaining - after.remaining) == (stations, stations)
    proposal, target = replan_area(run, output=office / "runs" / "next")
    assert built not in listed(target).index
    assert "已开通" in read_plan(target).others.set_index("candidate_id").loc[built, "rule"]
    assert proposal.record.built == before.built + stations
    assert built in set(proposal.existing.sites["site_id"])
    again = replan_area(run, output=office / "runs" / "again")[0]
    assert again.summary["run_id"] == proposal.record.run_id


def test_a_moved_place_stands_where_it_was_moved_to(office, tmp_path):
    run = office / "runs" / "base"
    moved = by_rung(run, "3")[0]
    place = listed(run).loc[moved]
    point = {"实际经度": round(place.longitude + 0.0008, 6), "实际纬度": place.latitude, "坐标系": "WGS84"}
    merge_returns(run, None, Returns((filled(run, tmp_path / "f.xlsx", {moved: answer("已签约", **point)}),)))
    _, target = replan_area(run, output=office / "runs" / "next")
    now = listed(target).loc[moved]
    assert (now.longitude, now.latitude) == pytest.approx((point["实际经度"], point["实际纬度"]), abs=2e-6)
    assert "已按反馈改址" in now.restriction
    assert "按反馈改址" in (target / "changes.csv").read_text(encoding="utf-8-sig")


def test_pins_of_the_kmz_and_rows_of_the_map_come_back(office, tmp_path):
    run = office / "runs" / "base"
    moved, signed = by_rung(run, "3")[0], by_rung(run, "1")[0]
    place = listed(run).loc[moved]
    with zipfile.ZipFile(run / "candidates.kmz") as archive:
        text = archive.read("doc.kml").decode()
    old = f"<coordinates>{place.longitude},{place.latitude},0</coordinates>"
    assert text.count(old) == 1
    kml = tmp_path / "pins.kml"
    kml.write_text(
        text.replace(old, f"<coordinates>{place.longitude + 0.0008},{place.latitude},0</coordinates>"),
        "utf-8",
    )
    row = {
        "schema": RETURNS_SCHEMA,
        "run_id": read_plan(run).summary["run_id"],
        "candidate_id": signed,
        "status": "SIGNED",
        "longitude": None,
        "latitude": None,
        "datum": "wgs84",
        "reason": "",
        "note": "=1+1",
        "reported_by": "李工",
        "reported_at": "2023-08-02T09:00:00+08:00",
    }
    page = tmp_path / "returns.json"
    page.write_text(
        json.dumps({"schema": RETURNS_SCHEMA, "run_id": row["run_id"], "returns": [row]}), "utf-8"
    )
    taken = merge_returns(run, None, Returns((kml, page), reporter="王工"))
    assert taken.merge.counts["accepted"] == 2
    assert {event.kind for event in read_journal(office)} == {"moved", "status"}


def test_fewer_changes_cost_coverage_and_the_limit_is_kept(office):
    run = office / "runs" / "base"
    free = replan_area(run, output=office / "runs" / "free", change_penalty=0.0)[0]
    kept = replan_area(run, output=office / "runs" / "kept", max_changes=0)[0]
    assert kept.summary["since"]["changed"] == 0
    assert kept.summary["objective"] <= free.summary["objective"] + 1e-6
    curve = kept.change_curve
    assert (curve["gain"] <= curve["upper_bound"] + 1e-6).all()
    assert curve["chosen"].sum() == 1


def test_what_a_change_costs_is_what_the_plan_follows(office, tmp_path):
    """With the refused place gone, every plan of the curve lies under the free one's bound."""
    run = office / "runs" / "base"
    refused = by_rung(run, "3")[0]
    merge_returns(
        run, None, Returns((filled(run, tmp_path / "f.xlsx", {refused: answer("业主拒绝", 原因="无")}),))
    )
    curve = replan_area(run, output=office / "runs" / "next")[0].change_curve
    free = curve.loc[curve["change_penalty"].eq(0.0), "upper_bound"].iloc[0]
    assert (curve["gain"] <= free + 1e-6).all()
    assert np.all(np.diff(curve["changed"]) <= 0)


def test_commands_take_returns_undo_and_tell_progress(office, tmp_path):
    run = office / "runs" / "base"
    signed = by_rung(run, "1")[0]
    form = filled(run, tmp_path / "回执.xlsx", {signed: answer("已签约")})
    invoke = CliRunner().invoke
    result = invoke(app, ["replan", str(run), "--returns", str(form), "--merge-only"])
    assert (result.exit_code, "已采用 1" in result.output) == (0, True), result.output
    assert "1" in invoke(app, ["progress", str(office), "--out", str(tmp_path / "p")]).output
    result = invoke(app, ["undo", str(office), "--reporter", "办公室"])
    assert (result.exit_code, "已撤销" in result.output) == (0, True), result.output
    lines = (office / JOURNAL).read_text("utf-8").splitlines()
    assert len(lines) == 2
    assert invoke(app, ["undo", str(office)]).exit_code == 1
    assert (tmp_path / "p" / "进度.xlsx").exists()


def test_a_form_of_nothing_and_a_strange_file_are_told_and_leave_the_journal(office, tmp_path):
    run = office / "runs" / "base"
    strange = tmp_path / "a.json"
    strange.write_text("{}", "utf-8")
    for path in (strange, tmp_path / "missing.xlsx"):
        result = CliRunner().invoke(app, ["replan", str(run), "--returns", str(path)])
        assert result.exit_code == 1
        assert path.name in result.output
    assert not (office / JOURNAL).exists()


def test_a_disk_that_is_full_is_told_and_leaves_everything(office, monkeypatch):
    run = office / "runs" / "base"
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs, "write_geopackages", full)
    with pytest.raises(RunLockedError, match="No space left"):
        plan_area(office, output=office / "runs" / "next")
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before
    assert sorted(p.name for p in (office / "runs").iterdir()) == ["base"]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from siteplan.core.errors import SiteplanError
from siteplan.api import plan_area
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    plan_area(Path(sys.argv[1]), output=Path(sys.argv[1]) / "runs" / "next", threads=1)
except SiteplanError as error:
    print("TOLD", error.text("en"))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of the system")
@pytest.mark.parametrize("limit", [2_000, 60_000, 120_000])
def test_writes_that_fail_in_any_library_are_told(office, limit):
    """Files may not grow beyond a limit: CSV, GeoPackage, raster or workbook fail in their own ways."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(office), str(limit)], capture_output=True, text=True, check=False
    )
    assert "TOLD" in done.stdout, done.stdout + done.stderr[-2000:]
    assert sorted(p.name for p in (office / "runs").iterdir()) == ["base"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed")
def test_killed_at_any_moment_nothing_is_lost(office, tmp_path):
    run = office / "runs" / "base"
    ids = listed(run).index.tolist()
    for n, status in enumerate(["谈点中", "业主同意", "已签约", "在建"]):
        row = answer(status, 反馈日期=f"2023-08-{n + 1:02d}")
        filled(run, office.parent / f"form{n}.xlsx", dict.fromkeys(ids, row))
    script = str(Path(__file__).parent / "kill_loop.py")
    done = subprocess.run(
        [sys.executable, script, str(office), str(KILLS), "7"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "killed" in done.stdout


def test_lists_that_leave_the_office_do_not_name_sensitive_zones(tmp_path):
    project = write_project(tmp_path / "项目")
    file = project / "project.toml"
    text = file.read_text("utf-8").replace('layer = "文物保护"', 'layer = "文物保护"\nsensitive = true')
    file.write_text(text, "utf-8")
    plan_area(project, output=tmp_path / "run")

    def holds(name, word):
        with zipfile.ZipFile(tmp_path / "run" / name) as archive:
            return any(word in archive.read(each).decode("utf-8", "replace") for each in archive.namelist())

    assert holds(DETAILS, "古塔")
    assert not holds(WORKBOOK, "古塔")
    assert not holds("candidates.kmz", "古塔")
