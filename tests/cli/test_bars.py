"""Bars for notebooks: one a stage, with what came out and the seconds left behind."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from worlds.two_counties import write_project

import siteplan
from siteplan.cli.bars import BarReport
from siteplan.core.progress import counted


def drawn(**how: bool) -> tuple[Console, io.StringIO]:
    target = io.StringIO()
    return Console(file=target, width=120, **how), target


def test_a_stage_leaves_its_name_and_seconds_and_what_came_out() -> None:
    console, target = drawn()
    report = BarReport("en", console)
    with report.stage("coverage"):
        report.note("reading_file", file="[bold]a.csv")
        assert list(counted(range(120), 120, report)) == list(range(120))
        report.result("readings_matched", rows=1234)
    text = target.getvalue()
    assert "coverage of the existing network" in text
    assert "1,234" in text


def test_a_step_outside_a_stage_and_an_error_inside_one_do_no_harm() -> None:
    console, target = drawn(force_terminal=True)
    report = BarReport("zh", console)
    report.step(1, 2)
    report.note("checking_tables")
    with pytest.raises(KeyError), report.stage("load"):
        raise KeyError("x")
    with report.stage("load"):
        report.step(1, 2)
    assert "读入和检查数据" in target.getvalue()


def test_a_plan_reports_to_bars(tmp_path) -> None:
    console, target = drawn()
    project = siteplan.open_project(write_project(tmp_path / "项目"), language="en")
    plan = project.plan(threads=1, report=BarReport("en", console))
    assert plan.record.selected_sites > 0
    for stage in ("reading and checking the inputs", "coverage of the existing network"):
        assert stage in target.getvalue()
