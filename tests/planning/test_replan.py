"""The round trip on a tiny world: forms filled, taken in, planned again; nothing is ever lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import kill_loop
import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

import siteplan
from siteplan.cli.commands import app
from siteplan.core.errors import RunLockedError
from siteplan.field.journal import JOURNAL
from siteplan.outputs import write as writing
from siteplan.outputs.wording import error_text, in_words, text_of
from siteplan.project.statuses import RETURNS_SCHEMA

KILLS = int(os.environ.get("SITEPLAN_KILLS", "40"))
FORM = "候选站址.xlsx"


@pytest.fixture
def office(planned_city, tmp_path):
    """A project with one published run, of its own for every test."""
    return Path(shutil.copytree(planned_city, tmp_path / "项目"))


@pytest.fixture
def run(office):
    """The run whose list is out."""
    return office / "runs" / "city"


@pytest.fixture
def project(office):
    return siteplan.open_project(office)


def filled(run, target, rows):
    """The run's form with cells filled in by candidate id."""
    book = openpyxl.load_workbook(run / FORM)
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
    return siteplan.read_plan(run).sites.set_index("candidate_id")


def of_type(run, source_type):
    """Ids of proposed places of one source type."""
    table = listed(run)
    return table[table["source_type"].eq(source_type)].index.tolist()


def reason_of(run, candidate_id):
    """Why a plan does not propose a place, as it is printed."""
    places = siteplan.read_plan(run).candidates.set_index("candidate_id")
    assert places.loc[candidate_id, "status"] != "PROPOSED"
    return text_of(places.loc[candidate_id, "rule"], "zh")


def test_signed_places_stay_refused_ones_go_with_their_reason(office, project, run, tmp_path):
    signed, refused = of_type(run, "1")[0], of_type(run, "3")[0]
    rows = {signed: answer("已签约"), refused: answer("业主拒绝", 原因="怕辐射")}
    result = project.merge_returns(run, [filled(run, tmp_path / "回执.xlsx", rows)])
    assert result.counts["accepted"] == 2
    assert (result.folder / "回执核对.xlsx").exists()
    target = project.replan(run).write(office / "runs" / "next")
    after = listed(target)
    assert after.loc[signed, ["rank", "status"]].tolist() == [1, "SIGNED"]
    assert refused not in after.index
    assert "怕辐射" in reason_of(target, refused)
    changes = (target / "changes.csv").read_text(encoding="utf-8-sig")
    assert "怕辐射" in changes
    assert "保留（已签约）" in changes
    assert (target / "change_curve.csv").exists()
    assert json.loads((target / "run.json").read_text("utf-8"))["certificate_holds"]


def test_what_is_on_air_counts_as_built_and_is_planned_no_more(office, project, run, tmp_path):
    built = of_type(run, "3")[0]
    stations = int(listed(run).loc[built, "stations"])
    before = project.progress().progress.total
    project.merge_returns(run, [filled(run, tmp_path / "f.xlsx", {built: answer("开通")})])
    after = project.progress().progress.total
    assert (after.built - before.built, before.remaining - after.remaining) == (stations, stations)
    plan = project.replan(run)
    target = plan.write(office / "runs" / "next")
    assert built not in listed(target).index
    assert "已开通" in reason_of(target, built)
    assert plan.record.built == before.built + stations
    assert built in set(plan.proposal.existing.sites["site_id"])
    assert project.replan(run).record.run_id == plan.record.run_id


def test_a_moved_place_stands_where_it_was_moved_to(office, project, run, tmp_path):
    moved = of_type(run, "3")[0]
    place = listed(run).loc[moved]
    point = {"实际经度": round(place.longitude + 0.0008, 6), "实际纬度": place.latitude, "坐标系": "WGS84"}
    project.merge_returns(run, [filled(run, tmp_path / "f.xlsx", {moved: answer("已签约", **point)})])
    plan = project.replan(run)
    now = in_words(plan.proposal, "zh").places.proposed.set_index("candidate_id").loc[moved]
    assert (now.longitude, now.latitude) == pytest.approx((point["实际经度"], point["实际纬度"]), abs=2e-6)
    assert "已按反馈改址" in now.restriction
    target = plan.write(office / "runs" / "next")
    assert "按反馈改址" in (target / "changes.csv").read_text(encoding="utf-8-sig")


def test_pins_of_the_kmz_and_rows_of_the_map_come_back(project, run, tmp_path):
    moved, signed = of_type(run, "3")[0], of_type(run, "1")[0]
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
        "run_id": siteplan.read_plan(run).record.run_id,
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
    result = project.merge_returns(run, [kml, page], reporter="王工")
    assert result.counts["accepted"] == 2
    assert {event.kind for event in project.journal()} == {"moved", "status"}


def test_fewer_changes_cost_coverage_and_the_limit_is_kept(project, run):
    free = project.replan(run, change_penalty=0.0)
    kept = project.replan(run, max_changes=0)
    assert kept.record.since.changed == 0
    assert kept.record.objective <= free.record.objective + 1e-6
    curve = kept.proposal.places.change_curve
    assert (curve["gain"] <= curve["upper_bound"] + 1e-6).all()
    assert curve["chosen"].sum() == 1


def test_what_a_change_costs_is_what_the_plan_follows(project, run, tmp_path):
    """With the refused place gone, every plan of the curve lies under the free one's bound."""
    refused = of_type(run, "3")[0]
    form = filled(run, tmp_path / "f.xlsx", {refused: answer("业主拒绝", 原因="无")})
    project.merge_returns(run, [form])
    curve = project.replan(run).proposal.places.change_curve
    free = curve.loc[curve["change_penalty"].eq(0.0), "upper_bound"].iloc[0]
    assert (curve["gain"] <= free + 1e-6).all()
    assert np.all(np.diff(curve["changed"]) <= 0)


def test_commands_take_returns_undo_and_tell_progress(office, run, tmp_path):
    signed = of_type(run, "1")[0]
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


def test_a_form_of_nothing_and_a_strange_file_are_told_and_leave_the_journal(office, run, tmp_path):
    strange = tmp_path / "a.json"
    strange.write_text("{}", "utf-8")
    for path in (strange, tmp_path / "missing.xlsx"):
        result = CliRunner().invoke(app, ["replan", str(run), "--returns", str(path)])
        assert result.exit_code == 1
        assert path.name in result.output
    assert not (office / JOURNAL).exists()


# --- nothing is lost ----------------------------------------------------------------------------------


def test_a_disk_that_is_full_is_told_and_leaves_everything(office, run, monkeypatch):
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "write_geopackages", full)
    with pytest.raises(RunLockedError) as told:
        siteplan.read_plan(run).write(office / "runs" / "next")
    assert "No space left" in error_text(told.value, "en")
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before
    assert sorted(p.name for p in (office / "runs").iterdir()) == ["city"]


LIMITED = """
import resource, signal, sys
import siteplan
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
project = siteplan.open_project(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    project.plan(threads=1).write(sys.argv[2])
except siteplan.SiteplanError as error:
    print("TOLD", error.key, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of the system")
@pytest.mark.parametrize("limit", [2_000, 60_000, 120_000])
def test_writes_that_fail_in_any_library_are_told(office, limit):
    """Files may not grow beyond a limit: CSV, GeoPackage, raster or workbook fail in their own ways."""
    target = office / "runs" / "next"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(office), str(target), str(limit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TOLD" in done.stdout, done.stdout + done.stderr[-2000:]
    assert sorted(p.name for p in (office / "runs").iterdir()) == ["city"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed")
def test_killed_at_any_moment_nothing_is_lost(office, run):
    run = run.rename(office / "runs" / "base")
    ids = listed(run).index.tolist()
    for n, status in enumerate(["谈点中", "业主同意", "已签约", "在建"]):
        row = answer(status, 反馈日期=f"2023-08-{n + 1:02d}")
        filled(run, office.parent / f"form{n}.xlsx", dict.fromkeys(ids, row))
    done = subprocess.run(
        [sys.executable, kill_loop.__file__, str(office), str(KILLS), "7"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "killed" in done.stdout
