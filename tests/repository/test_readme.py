"""Every command shown in the two READMEs is run on a tiny world; names, options and links in them exist."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from test_calibration import simulated_drive
from typer.testing import CliRunner
from worlds.two_counties import write_project

from siteplan.cli import app
from siteplan.outputs import DETAILS, WORKBOOK
from siteplan.outputs.pages.health import ADDRESSES, FAULTS
from siteplan.outputs.xlsx.progress import PROGRESS
from siteplan.outputs.xlsx.returned import CHECKED
from siteplan.project.input_files import Input, InputFiles

WRITTEN = (WORKBOOK, DETAILS, CHECKED, PROGRESS, FAULTS, ADDRESSES)
ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
READMES = (ENGLISH, CHINESE)
TEXT = {name: (ROOT / name).read_text(encoding="utf-8") for name in READMES}
PROJECT = "data/shaoguan"
DEMO = f"siteplan demo {PROJECT}"
PLAN = f"siteplan plan {PROJECT}"
# conda is shown as a block in English and within a sentence in Chinese
ONLY_IN_ENGLISH_BLOCKS = {"conda env create -f environment.yml", "conda activate siteplan"}


def blocks(text, kind):
    return re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL)


def shown(name, prompt):
    """Commands after a prompt, comments dropped, Windows paths turned."""
    lines = [line for block in blocks(TEXT[name], "console") for line in block.splitlines()]
    assert all(line.startswith(("$ ", "> ")) for line in lines)
    commands = [line[2:].replace("\\", "/") for line in lines if line.startswith(prompt)]
    return list(dict.fromkeys(shlex.join(shlex.split(each, comments=True)) for each in commands))


EVERY = sorted({command for name in READMES for command in shown(name, "$ ")})
MAKE = [each for each in EVERY if each.startswith("make ")]
# what compares two runs comes after them
RUN = sorted(
    (each for each in EVERY if each.startswith(("siteplan ", "python ")) and each != DEMO),
    key=lambda command: (command.startswith(("siteplan compare", "siteplan replan")), command),
)


def run(command, folder):
    """Type a command in a folder, with a county of the tiny world; return the exit code and what it prints."""
    words = [{"乐昌市": "西县"}.get(word, word) for word in shlex.split(command)]
    with contextlib.chdir(folder):
        if words[0] == "siteplan":
            result = CliRunner().invoke(app, words[1:], catch_exceptions=False)
            return result.exit_code, result.output
        return run_script(words[1:])


def run_script(words):
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(sys, "argv", words)
        runpy.run_path(str(ROOT / words[0]), run_name="__main__")
    return 0, printed.getvalue()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder to type in, with the tiny world where the README has the demo."""
    folder = tmp_path_factory.mktemp("desk")
    project = write_project(folder / PROJECT)
    simulated_drive(project).to_csv(folder / "路测.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def planned(desk):
    """What the README's plain plan prints, and its folder."""
    code, printed = run(PLAN, desk)
    assert code == 0, printed
    return printed, desk / re.search(r"^文件夹: (.+)$", printed, flags=re.MULTILINE)[1]


def test_every_command_is_of_a_kind_tested_here():
    assert set(EVERY) == {*MAKE, *RUN, DEMO}
    assert {each.split()[1] for each in RUN if each.startswith("siteplan ")} >= {"check", "plan", "progress"}


def test_both_readmes_show_the_same_commands():
    assert shown(ENGLISH, "$ ") == shown(CHINESE, "$ ")
    difference = set(shown(ENGLISH, "> ")) ^ set(shown(CHINESE, "> "))
    assert difference == {*ONLY_IN_ENGLISH_BLOCKS, PLAN}
    sentence = TEXT[CHINESE].replace("\\", "/")
    assert all(f"`{command}`" in sentence for command in difference)


@pytest.mark.parametrize("command", RUN)
def test_command_runs(command, desk):
    code, printed = run(command, desk)
    faults = command.startswith("siteplan check") and "致命 0，剔除 0" not in printed
    assert code == int(faults), printed


@pytest.mark.demo
def test_demo_command_runs(tmp_path):
    assert run(DEMO, tmp_path)[0] == 0
    assert (tmp_path / PROJECT / "project.toml").exists()


@pytest.mark.parametrize("command", shown(ENGLISH, "> "))
def test_windows_command_is_one_that_is_tested(command):
    words = shlex.split(command)
    if words[0] == "conda":
        environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
        assert command in ONLY_IN_ENGLISH_BLOCKS
        assert "name: siteplan\n" in environment
        return
    rest = re.sub(r"^uv run (--extra demo )?", "", command)
    assert rest in EVERY


@pytest.mark.parametrize("name", READMES)
def test_make_targets_exist(name):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    assert targets >= set(re.findall(r"(?:`|^\$ )make ([a-z]+)", TEXT[name], flags=re.MULTILINE))


@pytest.mark.parametrize("name", READMES)
def test_scripts_and_links_exist(name):
    scripts = re.findall(r"python ((?:scripts|benchmarks|notebooks)/\S+\.py)", TEXT[name])
    links = re.findall(r"\]\(([^)#]+)", TEXT[name])
    missing = [each for each in (*scripts, *links) if "://" not in each and not (ROOT / each).exists()]
    assert not missing


@pytest.mark.parametrize("name", READMES)
def test_subcommands_and_options_exist(name):
    commands = typer.main.get_command(app).commands
    for command in re.findall(r"(?:`|^[$>] )siteplan ([a-z][^`\n#]*)", TEXT[name], flags=re.MULTILINE):
        subcommand, *words = command.split()
        assert {each for each in words if each.startswith("--")} <= option_names(commands[subcommand])
    every = {each for command in commands.values() for each in option_names(command)}
    assert set(re.findall(r"`(--[a-z-]+)", TEXT[name])) <= every


def option_names(command):
    return {name for parameter in command.params for name in parameter.opts}


def test_sample_output_has_the_labels_of_the_real_one(planned):
    (sample,) = [block for block in blocks(TEXT[ENGLISH], "text") if "指标/已建/剩余" in block]
    assert labels_of(sample) == labels_of(planned[0])


def labels_of(output):
    return [line.partition(": ")[0] for line in output.splitlines() if ": " in line]


@pytest.mark.parametrize("name", READMES)
def test_files_listed_are_written(name, planned):
    files = first_column(name, "file|文件")
    assert len(files) >= 8
    assert [each for each in files if not list(planned[1].glob(each))] == []
    assert (planned[1].parent.parent / "candidate_ids.csv").exists()


def first_column(name, header):
    """What stands in backticks in the first column of the table with that header."""
    table = re.search(rf"\n\| (?:{header}) \|.*?\n\n", TEXT[name], flags=re.DOTALL)[0]
    cells = [row.split("|")[1] for row in table.strip().splitlines()]
    return [each for cell in cells for each in re.findall(r"`([^`]+)`", cell)]


def test_inputs_listed_are_inputs_of_the_project_file():
    assert set(first_column(ENGLISH, "input")) <= set(InputFiles.model_fields)


@pytest.mark.parametrize("name", READMES)
def test_project_file_parts_are_valid(name):
    for block in blocks(TEXT[name], "toml"):
        for part in tomllib.loads(block)["inputs"].values():
            assert Input.model_validate(part).path


@pytest.mark.parametrize("name", READMES)
def test_sheets_to_fill_in_are_written(name, desk):
    folder = desk / f"新 {name}"
    assert run(shlex.join(["siteplan", "new", str(folder), "--county", "西县"]), desk)[0] == 0
    sheets = set(re.findall(r"[\u4e00-\u9fff]+\.xlsx", TEXT[name])) - {*WRITTEN, "回执.xlsx"}
    assert sheets <= {path.name for path in folder.iterdir()}
