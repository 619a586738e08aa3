"""The folder for office PCs: its starter, its texts, and the check that finds what is missing."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "scripts" / "bundle"


def module_from(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_bundle = module_from(ROOT / "scripts" / "make_bundle.py")


# Texts


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    make_bundle.write_texts(folder)
    return folder


def test_texts_are_there_with_windows_line_ends(texts):
    names = {path.name for path in texts.iterdir() if path.is_file()}
    assert names == {"start.bat", "start.py", "说明.txt", "README.md", "README.zh-CN.md", "LICENSE"}
    for path in (*texts.glob("*.*"), *texts.glob("docs/*.md")):
        data = path.read_bytes()
        assert data.count(b"\n") == data.count(b"\r\n") > 0
        assert data.startswith(b"\xef\xbb\xbf") == (path.suffix == ".txt")


def test_the_batch_file_is_ascii_and_quotes_every_path(texts):
    text = (texts / "start.bat").read_bytes().decode("ascii")
    assert "chcp 65001" in text
    assert "DisableDelayedExpansion" in text  # else a ! in a path is eaten
    assert re.findall(r"%~dp0\S*", text) == ['%~dp0start.py"', '%~dp0*.txt")']
    assert all(text[found.start() - 1] == '"' for found in re.finditer("%~dp0", text))
    for target in re.findall(r"(?:goto|call) :?(\w+)", text):
        assert f"\r\n:{target}\r\n" in text


def test_only_one_text_file_is_typed_by_the_batch_file(texts):
    assert [path.name for path in texts.glob("*.txt")] == ["说明.txt"]


def test_the_manual_names_what_the_starter_and_siteplan_say():
    manual = (PARTS / "说明.txt").read_text(encoding="utf-8")
    said = [PARTS / "start.py", ROOT / "siteplan" / "words" / "zh.toml"]
    text = "".join(path.read_text(encoding="utf-8") for path in said)
    for phrase in ("安装没有完成", "文件可能正在被 Excel 等程序打开", "另一个规划正在写入"):
        assert phrase in manual
        assert phrase in text
    assert all(f"{version}" in manual for version in make_bundle.PYTHONS)


def test_no_address_is_kept():
    for path in (*PARTS.glob("*.*"), ROOT / "scripts" / "make_bundle.py"):
        assert "://" not in path.read_text(encoding="utf-8")


# Starter


@pytest.fixture
def start(tmp_path, monkeypatch):
    """The starter in a bundle with a Chinese name, which runs nothing but writes down what it would run."""
    folder = tmp_path / "我的 bundle & 100%"
    (folder / "wheelhouse").mkdir(parents=True)
    shutil.copy(PARTS / "start.py", folder)
    module = module_from(folder / "start.py")
    (folder / "wheelhouse" / f"requirements-{module.VERSION}.txt").write_text("siteplan==0.1.0\n")
    module.ran, module.codes = [], {}

    def pretend(command, check):
        assert not check
        module.ran.append(command)
        if "venv" in command:
            python = Path(command[-1]) / ("Scripts/python.exe" if module.WINDOWS else "bin/python")
            python.parent.mkdir(parents=True)
            python.touch()
        code = next((code for word, code in module.codes.items() if word in command), 0)
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(module.subprocess, "run", pretend)
    return module


def test_the_first_start_installs_and_the_second_does_not(start):
    project = str(start.HERE / "项目 一")
    assert start.main([project]) == 0
    venv, install, plan = start.ran
    assert venv == [sys.executable, "-m", "venv", "--clear", str(start.HERE / f"venv-{start.VERSION}")]
    assert {"--no-index", "--no-deps", "--require-hashes"} <= set(install)
    assert install[install.index("--find-links") + 1] == str(start.HERE / "wheelhouse")
    assert plan[1:] == ["-m", "siteplan", "plan", project]
    start.ran.clear()
    assert start.main([project]) == 0
    assert start.ran == [plan]


def test_a_changed_bundle_installs_again(start):
    start.installed()
    (start.HERE / "wheelhouse" / f"requirements-{start.VERSION}.txt").write_text("siteplan==0.2.0\n")
    start.ran.clear()
    shutil.rmtree(start.HERE / f"venv-{start.VERSION}" / "bin", ignore_errors=True)
    start.installed()
    assert len(start.ran) == 2


def test_a_failed_installation_says_so_and_is_tried_again(start, capsys):
    start.codes["pip"] = 1
    assert start.main([]) == 1
    assert "安装没有完成" in capsys.readouterr().out
    assert not (start.HERE / f"venv-{start.VERSION}" / ".ready").exists()


def test_a_folder_copied_in_part_is_said(start, capsys):
    shutil.rmtree(start.HERE / "wheelhouse")
    assert start.main([]) == 1
    assert "copy the whole folder again" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ['"D:\\我的 项目"', "D:\\我的 项目", "  'D:\\我的 项目' "])
def test_a_folder_dragged_in_is_understood(start, typed):
    assert start.project_of(typed) == Path("D:\\我的 项目")


def test_enter_is_the_demo_and_q_the_end(start, monkeypatch):
    answers = iter(["", '"D:\\x"', "Q"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    start.codes["D:\\x"] = 1
    assert start.main([]) == 1
    assert [command[-1] for command in start.ran[2:]] == [str(start.HERE / "demo"), "D:\\x"]


def test_a_closed_window_ends_quietly(start, monkeypatch):
    def closed(_):
        raise EOFError

    monkeypatch.setattr("builtins.input", closed)
    assert start.main([]) == 0


# Wheelhouse


def write_wheel(folder, name, tag="py3-none-any", requires=()):
    """A wheel without content, as far as pip and uv look at it."""
    info = f"{name}-0.1.0.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 0.1.0"]
    lines += [f"Requires-Dist: {each}" for each in requires] + ["Provides-Extra: demo", ""]
    path = folder / f"{name}-0.1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "\n".join(lines))
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        wheel.writestr(f"{info}/RECORD", "")
    return f"{name}==0.1.0 --hash=sha256:{make_bundle._sha256(path)}\n"


@pytest.fixture
def wheels(tmp_path):
    """A wheelhouse: siteplan needs one compiled package, one for Windows only, and one for the demo."""
    pytest.importorskip("pip")
    pytest.importorskip("uv")
    folder = tmp_path / "wheel house 中"
    folder.mkdir()
    needs = ("binary", "winonly; sys_platform == 'win32'", "fast; extra == 'demo'")
    listed = write_wheel(folder, "siteplan", requires=needs)
    listed += write_wheel(folder, "binary", tag="cp312-cp312-win_amd64")
    listed += write_wheel(folder, "winonly") + write_wheel(folder, "fast")
    (folder / "requirements-3.12.txt").write_text(listed, encoding="utf-8")
    return folder


def test_a_whole_wheelhouse_passes_on_any_machine(wheels):
    assert make_bundle.verify(wheels, "3.12") == 4


@pytest.mark.parametrize("name", ["siteplan", "binary", "winonly", "fast"])
def test_a_missing_wheel_is_found(name, wheels):
    next(wheels.glob(f"{name}-*.whl")).unlink()
    with pytest.raises(make_bundle.BundleError, match="failed"):
        make_bundle.verify(wheels, "3.12")


def test_a_wheel_for_another_python_is_found(wheels):
    wheel = next(wheels.glob("binary-*.whl"))
    wheel.rename(wheel.with_name("binary-0.1.0-cp311-cp311-win_amd64.whl"))
    with pytest.raises(make_bundle.BundleError, match="failed"):
        make_bundle.verify(wheels, "3.12")


@pytest.mark.parametrize("name", ["winonly", "fast"])
def test_a_wheel_that_is_not_listed_is_found(name, wheels):
    listed = wheels / "requirements-3.12.txt"
    lines = listed.read_text(encoding="utf-8").splitlines(keepends=True)
    listed.write_text("".join(line for line in lines if not line.startswith(name)), encoding="utf-8")
    with pytest.raises(make_bundle.BundleError, match=name):
        make_bundle.verify(wheels, "3.12")


def test_a_source_archive_is_refused(wheels):
    (wheels / "old-1.0.tar.gz").touch()
    with pytest.raises(make_bundle.BundleError, match="not wheels"):
        make_bundle.verify(wheels, "3.12")


def test_pins_are_read_with_extras_and_hashes():
    text = "a-b==1.0 \\\n    --hash=sha256:x\nSiteplan[demo]==0.1.0\n# c==1\n"
    assert make_bundle.pins(text) == {"a-b==1.0", "siteplan==0.1.0"}
