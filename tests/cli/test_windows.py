"""What an office PC does to a plan, as far as Linux can show it: paths, GBK consoles, locked files, two runs."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner
from worlds.two_counties import write_project, write_toml

import siteplan
from siteplan.cli import main
from siteplan.cli.commands import app
from siteplan.core import files
from siteplan.core.errors import RunLockedError, SiteplanError
from siteplan.core.files import atomic_folder, project_lock, read_registry, write_atomic, write_registry
from siteplan.outputs.wording import error_text

LOCK = ".siteplan.lock"
REGISTRY = "candidate_ids.csv"
PATHS = ["用户 张三/我的 项目 (2)", "R&D 100%/it's [new]", "Ötztal 𠮷野/项目", "a;b,c=d^e"]
NOT_ON_WINDOWS = set('<>:"/\\|?*')


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def planned(folder, county=None):
    """Plan and write; the run folder."""
    return siteplan.open_project(folder).plan(county=county, threads=1).write()


def words(caught, lang="en"):
    """What the person at the keyboard reads."""
    return error_text(caught.value, lang)


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def denied(*_, **__):
    """What Windows says when Excel has the file."""
    raise PermissionError(errno.EACCES, "Permission denied")


# Paths


@pytest.mark.parametrize("name", PATHS)
def test_any_path_plans(name, tmp_path):
    project = write_project(tmp_path / name)
    result = invoke("plan", project)
    assert result.exit_code == 0, result.output
    (folder,) = (project / "runs").iterdir()
    assert str(folder / "map.html") in result.output
    assert openpyxl.load_workbook(folder / "规划明细.xlsx").sheetnames[:2] == ["汇总", "候选站址"]
    assert (project / REGISTRY).exists()


def test_output_names_are_allowed_on_windows(two_counties):
    folder = planned(two_counties)
    names = [folder.name, *(path.name for path in folder.iterdir())]
    assert not [name for name in names if set(name) & NOT_ON_WINDOWS or name.endswith((".", " "))]


def test_lists_for_excel_start_with_a_byte_order_mark_and_end_lines_as_windows_does(two_counties):
    folder = planned(two_counties)
    for path in (*folder.glob("*.csv"), two_counties / REGISTRY):
        data = path.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.count(b"\n") == data.count(b"\r\n") > 0


# Consoles


def typed(words, encoding, monkeypatch):
    """Run the command with output streams that refuse what the encoding has not; exit code, out and err."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    monkeypatch.setattr(sys, "argv", ["siteplan", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    for stream in streams:
        stream.flush()
    return stop.value.code, *(stream.buffer.getvalue().decode(encoding) for stream in streams)


def test_a_gbk_console_shows_the_whole_result(two_counties):
    environment = {**os.environ, "PYTHONIOENCODING": "gbk:strict", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "siteplan", "plan", str(two_counties)]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    printed = done.stdout.decode("gbk")
    assert done.returncode == 0, done.stderr.decode("gbk")
    assert "区域: 双县市" in printed
    assert "?" not in printed
    assert "→" in printed
    assert Path(printed.partition("地图: ")[2].strip()).exists()


def test_what_gbk_cannot_show_becomes_a_question_mark_and_the_rest_stays_readable(two_counties, monkeypatch):
    write_toml(two_counties, {"inputs.stations.path": "𠮷 Ötztal 😀.csv"})
    code, _, said = typed(["check", two_counties], "gbk", monkeypatch)
    assert code == 1
    assert "? ?tztal ?.csv: 找不到文件" in said


@pytest.mark.parametrize("encoding", ["gbk", "cp437", "cp1252", "ascii"])
@pytest.mark.parametrize("command", ["plan", "check", "progress", "demo", "new"])
def test_help_prints_on_any_console(command, encoding, monkeypatch):
    code, printed, _ = typed([command, "--help"], encoding, monkeypatch)
    assert code == 0
    assert "--lang" in printed


# Files open in Excel


@pytest.mark.parametrize("nth", [1, 2], ids=["the old folder", "the new folder"])
def test_a_folder_open_in_excel_is_said_and_left_as_it_was(nth, tmp_path, monkeypatch):
    target = tmp_path / "runs" / "city"
    with atomic_folder(target) as work:
        (work / "候选站址.xlsx").write_bytes(b"first")
    calls, rename = [], Path.rename

    def locked(path, other):
        calls.append(path)
        return denied() if len(calls) == nth else rename(path, other)

    monkeypatch.setattr(Path, "rename", locked)
    with pytest.raises(RunLockedError) as caught, atomic_folder(target, replace=True) as work:
        (work / "候选站址.xlsx").write_bytes(b"second")
    assert "open elsewhere, close it and retry" in words(caught)
    assert "Excel" in words(caught, "zh")
    assert contents(target) == {"候选站址.xlsx": b"first"}
    assert [path.name for path in target.parent.iterdir()] == ["city"]


def test_a_plan_that_cannot_take_its_name_says_so_and_leaves_earlier_runs(two_counties, monkeypatch):
    folder = planned(two_counties)
    kept = contents(folder)
    monkeypatch.setattr(Path, "rename", denied)
    result = invoke("plan", two_counties)
    assert result.exit_code == 1
    assert "请关闭后重试" in result.output
    assert [path.name for path in (two_counties / "runs").iterdir()] == [folder.name]
    assert contents(folder) == kept


def test_the_id_list_open_in_excel_stops_the_run_before_anything_appears(two_counties, monkeypatch):
    planned(two_counties, county="西县")
    kept = (two_counties / REGISTRY).read_bytes()
    monkeypatch.setattr(Path, "replace", denied)
    result = invoke("plan", two_counties)
    assert result.exit_code == 1
    assert REGISTRY in result.output
    assert (two_counties / REGISTRY).read_bytes() == kept
    assert len(list((two_counties / "runs").iterdir())) == 1


def test_one_file_open_in_excel_is_told_to_be_closed(tmp_path, monkeypatch):
    write_atomic(tmp_path / REGISTRY, b"first")
    monkeypatch.setattr(Path, "replace", denied)
    with pytest.raises(RunLockedError) as caught:
        write_atomic(tmp_path / REGISTRY, b"second")
    assert "Excel" in words(caught)
    assert contents(tmp_path) == {REGISTRY: b"first"}


def test_a_read_only_place_is_said(two_counties, monkeypatch):
    monkeypatch.setattr(files.tempfile, "mkdtemp", denied)
    result = invoke("plan", two_counties, "--out", two_counties / "out")
    assert result.exit_code == 1
    assert "无法写入" in result.output
    assert not (two_counties / "out").exists()


def test_a_read_only_project_is_said(two_counties, monkeypatch):
    opened = os.open
    monkeypatch.setattr(
        files.os, "open", lambda path, *rest: denied() if Path(path).name == LOCK else opened(path, *rest)
    )
    result = invoke("plan", two_counties)
    assert result.exit_code == 1
    assert "无法写入" in result.output
    assert not (two_counties / "runs").exists()


# Ids and inputs a spreadsheet program has touched


def test_ids_saved_by_excel_in_gbk_are_kept_or_refused_with_a_message(two_counties):
    planned(two_counties, county="西县")
    text = (two_counties / REGISTRY).read_text(encoding="utf-8-sig")
    (two_counties / REGISTRY).write_text(text.replace("1:Z1", "1:韶关市老站"), encoding="gbk")
    result = invoke("plan", two_counties)
    assert result.exit_code == 0 or REGISTRY in result.output


def test_ids_without_their_header_are_refused_with_a_message(two_counties):
    (two_counties / REGISTRY).write_text("a,b\r\n1,2\r\n", encoding="utf-8")
    result = invoke("plan", two_counties)
    assert result.exit_code == 1
    assert REGISTRY in result.output


# Two runs at once


def test_a_second_run_waits_for_nobody_and_says_why(two_counties):
    with project_lock(two_counties):
        result = invoke("plan", two_counties)
        assert (two_counties / LOCK).exists()
    assert result.exit_code == 1
    assert "另一个规划正在写入" in result.output
    assert LOCK in result.output
    assert not (two_counties / "runs").exists()
    assert invoke("plan", two_counties).exit_code == 0


@pytest.mark.parametrize("text", ["", "0", "another-pc:17", "not a number"])
def test_a_lock_file_left_by_a_killed_process_stops_nobody(text, tmp_path):
    """The system holds the lock, not the file: it ends with its process, whatever the file says."""
    (tmp_path / LOCK).write_text(text, encoding="utf-8")
    with project_lock(tmp_path):
        write_atomic(tmp_path / "done", b"1")
    assert (tmp_path / "done").read_bytes() == b"1"


HOLD = """
import sys, pathlib
from siteplan.core.files import project_lock
with project_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_the_lock_of_a_living_process_holds_and_goes_with_it(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout.readline().strip() == b"held"
    with pytest.raises(RunLockedError) as caught, project_lock(tmp_path):
        pass
    assert "another run" in words(caught)
    child.kill()
    child.communicate()
    with project_lock(tmp_path):
        pass


def test_what_a_killed_run_left_is_cleared_and_what_it_replaced_comes_back(tmp_path):
    (tmp_path / ".demo.abc.part").mkdir()
    (tmp_path / ".journal.jsonl.xyz.part").write_text("half")
    (tmp_path / ".city.old").mkdir()
    (tmp_path / ".city.old" / "map.html").write_text("before")
    with project_lock(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {LOCK, "city"}
    assert (tmp_path / "city" / "map.html").read_text() == "before"


def test_ids_survive_a_spreadsheet(tmp_path):
    """Keys such as 3:1 would become times; the file marks them, and a file without its BOM is refused."""
    path = tmp_path / "candidate_ids.csv"
    write_registry(path, {"3:1": "440001-2023-0001"})
    assert "R3:1" in path.read_text(encoding="utf-8-sig")
    assert read_registry(path) == {"3:1": "440001-2023-0001"}
    path.write_text(path.read_text(encoding="utf-8-sig"), encoding="utf-8")
    with pytest.raises(SiteplanError) as caught:
        read_registry(path)
    assert "damaged" in words(caught)


def test_a_folder_name_the_gis_library_misreads_is_told(two_counties):
    odd = two_counties.rename(two_counties.with_name("项目!"))
    result = invoke("plan", odd)
    assert result.exit_code == 1
    assert "!" in result.output


def test_a_failed_run_gives_the_lock_back(tmp_path):
    with pytest.raises(ZeroDivisionError), project_lock(tmp_path):
        raise ZeroDivisionError
    with project_lock(tmp_path):
        pass
