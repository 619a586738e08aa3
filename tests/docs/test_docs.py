"""Every command and block of code on a page of the documentation runs on a tiny project, or says why it does not.

A block that cannot run has a comment on the line before it: ``<!-- not-run: reason -->``. The last test prints them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
import typer
from typer.testing import CliRunner
from worlds.measured_world import simulated_drive
from worlds.two_counties import project_with

from siteplan.cli.commands import app
from siteplan.project.schema import Config
from siteplan.words.catalogue import translate

ROOT = Path(__file__).resolve().parents[2]
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
PAGES = (*READMES, *sorted((ROOT / "docs").rglob("*.md")))
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
PAIRS = [
    ("README.md", "README.zh-CN.md"),
    ("docs/first-day.md", "docs/first-day.zh.md"),
    ("docs/month.md", "docs/month.zh.md"),
]
PROJECT = "data/shaoguan"
"""Where pages have the demo; here the tiny project lies there, with its own name of a county."""
COUNTY = {"乐昌市": "西县", "九峰镇": "河西镇"}
MOST_WORDS = 900
CODE = {"console", "python", "toml"}
SHOWN = {"text"}
"""Kinds of blocks that are run, and those that show what was printed."""
NOT_RUN = re.compile(r"<!-- not-run: (.+) -->$")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; ``reason`` says why it is not run, "" for one that is."""

    page: str
    line: int
    kind: str
    text: str
    reason: str

    @property
    def commands(self) -> list[str]:
        """Commands after a prompt, comments dropped, Windows paths turned."""
        lines = [line[2:].replace("\\", "/") for line in self.text.splitlines()]
        return [shlex.join(shlex.split(line, comments=True)) for line in lines]


def blocks_of(name: str) -> list[Block]:
    """All fenced blocks of a page, in their order."""
    lines, found, start = (ROOT / name).read_text(encoding="utf-8").splitlines(), [], None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            start = number
            continue
        before = NOT_RUN.match(lines[start - 1]) if start else None
        text = "\n".join(lines[start + 1 : number])
        found.append(Block(name, start + 1, lines[start][3:].strip(), text, before[1] if before else ""))
        start = None
    assert start is None, f"{name}: a block does not end"
    return found


BLOCKS = {name: blocks_of(name) for name in NAMES}
EVERY = [block for blocks in BLOCKS.values() for block in blocks]


# Running what is shown


@pytest.fixture
def desk(shared_world, tmp_path):
    """A folder to type in, with the tiny project where pages have the demo."""
    project = shutil.copytree(shared_world, tmp_path / PROJECT)
    (project / ".cache").mkdir(exist_ok=True)
    return tmp_path


def type_command(command: str, folder: Path) -> tuple[int, str]:
    """Type a command in a folder; exit code and what it prints."""
    words = [COUNTY.get(word, word) for word in shlex.split(command)]
    assert words[0] == "siteplan", f"{command}: nothing here runs this; mark it not-run"
    bring_what_people_bring(words, folder)
    result = CliRunner().invoke(app, words[1:], catch_exceptions=False)
    return result.exit_code, result.output


def bring_what_people_bring(words: list[str], folder: Path) -> None:
    """The drive test and the filled form a command asks for, when they are not there yet."""
    drive, form = folder / "路测.csv", folder / "回执.xlsx"
    if drive.name in words and not drive.exists():
        simulated_drive(folder / PROJECT).to_csv(drive, index=False)
    if form.name in words and not form.exists():
        fill_in(folder / words[2] / translate("file_list", "zh"), form)
    if words[1] == "inbox" and not (folder / words[2]).exists():
        (folder / words[2]).mkdir()
        (run,) = (folder / PROJECT / "runs").iterdir()
        fill_in(run / translate("file_list", "zh"), folder / words[2] / form.name)


def fill_in(issued: Path, target: Path) -> None:
    """Report the first place of a form as signed and the second as in negotiation."""
    book = openpyxl.load_workbook(issued)
    answers = iter(["已签约", "谈点中"])
    for sheet in book.worksheets:
        heads = [cell.value for cell in sheet[4]] if sheet.max_row > 4 else []
        if "候选编号" not in heads or sheet.sheet_state != "visible":
            continue
        for line in range(5, sheet.max_row + 1):
            status = next(answers, None)
            if status is None or not sheet.cell(line, heads.index("候选编号") + 1).value:
                break
            for head, value in {"状态": status, "反馈人": "张工", "反馈日期": "2023-07-20"}.items():
                sheet.cell(line, heads.index(head) + 1).value = value
    book.save(target)


def run_python(text: str, names: dict) -> str:
    """Run a block of Python in the names of its page; what it prints."""
    for demo, tiny in COUNTY.items():
        text = text.replace(demo, tiny)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "<page>", "exec"), names)
    return printed.getvalue()


def merged(into: dict, part: dict) -> dict:
    """A project file with a part of one put over it."""
    for key, value in part.items():
        into[key] = merged(into.get(key, {}), value) if isinstance(value, dict) else value
    return into


def labels_of(printed: str) -> set[str]:
    """What stands before a colon and a blank at the beginning of a line."""
    return set(re.findall(r"^([^\s:：\d][^:：\d\n]{0,40}): ", printed, flags=re.MULTILINE))


def run_page(name: str, folder: Path) -> list[tuple[Block, str]]:
    """Run a page from top to bottom; every block that shows output, with what was really printed before it."""
    shown, names, printed, ran = [], {"__name__": "page"}, "", False
    for block in BLOCKS[name]:
        if block.kind in SHOWN:
            if ran:
                shown.append((block, printed))
            continue
        ran = not block.reason
        if block.reason:
            continue
        where, printed = f"{name}:{block.line}", ""
        if block.kind == "console":
            for command in block.commands:
                code, output = type_command(command, folder)
                assert code == 0, f"{where}: {command}\n{output}"
                printed += output
        elif block.kind == "python":
            printed = run_python(block.text, names)
        else:
            assert Config.model_validate(merged(project_with(), tomllib.loads(block.text))), where
    return shown


@pytest.mark.parametrize("name", [name for name in NAMES if any(b.kind in CODE for b in BLOCKS[name])])
def test_page_runs_from_top_to_bottom(name, desk, monkeypatch):
    monkeypatch.chdir(desk)
    for block, printed in run_page(name, desk):
        missing = labels_of(block.text) - labels_of(printed)
        assert not missing, f"{name}:{block.line} shows lines that are not printed: {missing}\n{printed}"


def test_readmes_show_what_a_plan_of_the_city_prints(desk, monkeypatch):
    monkeypatch.chdir(desk)
    code, printed = type_command(f"siteplan plan {PROJECT}", desk)
    assert code == 0
    seldom = {translate("quota_unused", "zh")}  # the tiny quota is used up
    for page in READMES:
        (sample,) = [block for block in BLOCKS[page.name] if block.kind in SHOWN]
        assert len(labels_of(sample.text)) > 8
        assert labels_of(sample.text) <= labels_of(printed) | seldom


@pytest.mark.parametrize("name", ["docs/first-day.md", "docs/first-day.zh.md"])
def test_files_of_a_new_project_are_those_shown(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = next(b.commands[0] for b in BLOCKS[name] if b.kind == "console")
    assert type_command(command, tmp_path)[0] == 0
    sample = next(b.text for b in BLOCKS[name] if b.kind in SHOWN)
    listed = {line.strip() for line in sample.splitlines() if line.startswith("  ")}
    assert listed == {path.name for path in (tmp_path / shlex.split(command)[2]).iterdir()}


@pytest.mark.demo
def test_demo_command_writes_the_project_that_pages_plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert f"siteplan demo {PROJECT}" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert type_command(f"siteplan demo {PROJECT}", tmp_path)[0] == 0
    assert (tmp_path / PROJECT / "project.toml").exists()


# What every block must be


def test_every_block_is_run_shown_or_marked():
    strange = [f"{b.page}:{b.line}: {b.kind}" for b in EVERY if b.kind not in CODE | SHOWN]
    assert not strange


def test_every_line_of_commands_has_a_prompt_and_windows_commands_are_not_run():
    for block in EVERY:
        if block.kind == "console":
            prompts = {line[:2] for line in block.text.splitlines()}
            assert prompts <= ({"$ ", "> "} if block.reason else {"$ "}), f"{block.page}:{block.line}"


def test_not_run_stands_only_before_a_block():
    for name in NAMES:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        after = [lines[i + 1][:3] for i, line in enumerate(lines) if NOT_RUN.match(line)]
        assert set(after) <= {"```"}, name


def commands_shown() -> list[tuple[str, str]]:
    """Every command on a page, run or not, and those within a sentence."""
    found = [(b.page, each) for b in EVERY if b.kind == "console" for each in b.commands]
    for name in NAMES:
        text = re.sub(r"```.*?```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)
        found += [(name, each) for each in re.findall(r"`((?:siteplan|make|python|pytest) [^`]+)`", text)]
    return found


def options_of(command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


def test_subcommands_and_options_exist():
    known = typer.main.get_command(app).commands
    for page, command in commands_shown():
        words = re.sub(r"^uv run (--extra demo )?", "", command).split()
        if words[0] == "siteplan":
            assert words[1] in known, f"{page}: {command}"
            given = {word for word in words if word.startswith("--")}
            assert given <= options_of(known[words[1]]), f"{page}: {command}"


def test_options_in_sentences_exist():
    # options of python scripts and of mkdocs do not begin a quotation
    known = {option for each in typer.main.get_command(app).commands.values() for option in options_of(each)}
    for name in NAMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"`(--[a-z-]+)", text)) <= known, name


def test_scripts_tests_and_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page, command in commands_shown():
        words = command.split()
        if words[0] == "make":
            assert words[1] in targets, f"{page}: {command}"
        if words[0] in {"python", "pytest"} and words[1] != "-m":
            assert (ROOT / words[1]).exists(), f"{page}: {command}"


def test_paths_of_the_code_exist():
    planned = {"siteplan/core/engine.py"}  # docs/clusters.md says that it is not there
    for name in NAMES:
        text = (ROOT / name).read_text(encoding="utf-8")
        paths = set(re.findall(r"`((?:siteplan|tests|docs|scripts|data)/[\w./-]+)`", text)) - planned
        written = {"data/shaoguan", "dist/siteplan-bundle/"}
        assert not {path for path in paths - written if not (ROOT / path).exists()}, name


@pytest.mark.parametrize(("english", "chinese"), PAIRS)
def test_both_languages_show_the_same_commands(english, chinese):
    def subcommands(name):
        return [c.split()[:2] for b in BLOCKS[name] if b.kind == "console" for c in b.commands]

    assert subcommands(english) == subcommands(chinese)


# Words, links, tables


@pytest.mark.parametrize("name", NAMES)
def test_links_and_pictures_exist(name):
    page = ROOT / name
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [each.partition("#")[0] for each in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [each for each in targets if each and "://" not in each and not (page.parent / each).exists()]
    assert not missing


def test_pictures_are_small_and_used():
    used = {
        target
        for name in NAMES
        for target in re.findall(r"images/([\w.-]+)", (ROOT / name).read_text("utf-8"))
    }
    pictures = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").iterdir()}
    assert set(pictures) == used
    assert max(pictures.values()) < 300_000


def test_readme_is_short():
    assert len(READMES[0].read_text(encoding="utf-8").split()) <= MOST_WORDS


def first_column(page: Path, header: str) -> list[str]:
    """What stands in backticks in the first column of the table with that header, without brackets."""
    table = re.search(rf"\n\| (?:{header}) \|.*?\n\n", page.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    cells = [re.sub(r"\([^)]*\)", "", row.split("|")[1]) for row in table.strip().splitlines()]
    return [each for cell in cells for each in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
def test_files_listed_are_written(page, planned_city):
    run = planned_city / "runs" / "city"
    files = first_column(page, "file|文件")
    assert len(files) > 15
    assert [each for each in files if not (run / each).exists()] == []


def test_tables_of_the_inputs_are_up_to_date():
    spec = importlib.util.spec_from_file_location("make_tables", ROOT / "docs" / "make_tables.py")
    make_tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_tables)
    assert make_tables.stale() == []


def test_no_output_shown_names_a_folder_of_somebody_s_machine():
    absolute = re.compile(r"(?:^|\s)(?:/\w|[A-Z]:\\\w)", flags=re.MULTILINE)
    assert not [f"{b.page}:{b.line}" for b in EVERY if b.kind in SHOWN and absolute.search(b.text)]


def test_site_builds_strictly_and_asks_nobody(tmp_path):
    pytest.importorskip("material")
    pytest.importorskip("mkdocstrings")
    words = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-3000:]
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) > len(PAGES) - len(READMES)
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert not re.search(r"<(?:script|img|iframe)[^>]+src=\"?(?:https?:)?//", html), page.name
        assert not re.search(
            r"<link[^>]+rel=\"?(?:stylesheet|preconnect)\"?[^>]+href=\"?(?:https?:)?//", html
        ), page.name


def test_blocks_that_are_not_run_are_listed(capsys):
    left = [block for block in EVERY if block.reason]
    with capsys.disabled():
        sys.stdout.write(f"\nblocks of the documentation that are not run ({len(left)} of {len(EVERY)}):\n")
        sys.stdout.writelines(f"  {block.page}:{block.line}: {block.reason}\n" for block in left)
    assert all(block.kind in CODE for block in left)
