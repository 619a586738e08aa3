"""What a terminal and a pipe show while something goes on, and what Ctrl-C leaves behind."""

import io
import os

import pytest
from rich.console import Console
from typer.testing import CliRunner

import siteplan
from siteplan.cli.commands import app
from siteplan.cli.progress import ConsoleReport, console_report
from siteplan.core.progress import SILENT
from siteplan.outputs.wording import banners
from siteplan.planning import pipeline
from siteplan.selection.solver import Solver


@pytest.fixture
def opened_world(two_counties):
    """A small project of the test's own."""
    return siteplan.open_project(two_counties)


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes when told to."""
    now = [100.0]
    monkeypatch.setattr("siteplan.cli.progress.time.perf_counter", lambda: now[0])
    return now


def piped():
    return io.StringIO()


def test_a_pipe_gets_a_line_at_once_and_one_every_ten_seconds(clock):
    stream = piped()
    report = ConsoleReport(Console(file=stream, markup=False, soft_wrap=True), "en")
    with report.stage("coverage"):
        assert stream.getvalue().count("\n") == 1
        for done in range(1, 31):
            clock[0] += 1.0
            report.step(done, 40)
    lines = stream.getvalue().splitlines()
    assert [line.partition(" · ")[2] for line in lines[1:4]] == [
        "10 of 40, about 30 s left",
        "20 of 40, about 20 s left",
        "30 of 40, about 10 s left",
    ]
    assert "30.0" in lines[-1]
    assert len(lines) == 5


def test_the_rest_is_not_estimated_before_it_can_be(clock):
    stream = piped()
    report = ConsoleReport(Console(file=stream, force_terminal=True, width=120), "en")
    with report.stage("coverage"):
        clock[0] += 1.0
        report.step(1, 40)
        assert "left" not in report._status.status.plain
        clock[0] += 9.0
        report.step(10, 40)
        assert "about 30 s left" in report._status.status.plain


def test_a_file_name_with_brackets_is_shown_as_it_is(clock):
    for terminal in (False, True):
        stream = piped()
        report = ConsoleReport(Console(file=stream, force_terminal=terminal, markup=False, width=120), "en")
        with report.stage("load"):
            clock[0] += 11.0
            report.note("reading_file", file="[bold]站址[/bold].xlsx")
            shown = report._status.status.plain if terminal else stream.getvalue()
        assert "[bold]站址[/bold].xlsx" in shown


def test_quiet_says_nothing():
    assert console_report(Console(file=piped()), "en", quiet=True) is SILENT


class Listener(ConsoleReport):
    """Keeps notes and steps by stage."""

    def __init__(self):
        super().__init__(Console(file=piped()), "en")
        self.heard = {}

    def step(self, done, total):
        self.heard.setdefault(self._name, []).append((done, total))

    def note(self, key, /, **values):
        self.heard.setdefault(self._name, []).append((key, values))


def test_every_long_stage_of_a_plan_says_what_it_is_at(opened_world):
    listener = Listener()
    opened_world.plan(threads=1, report=listener)
    heard = {name: said for name, said in listener.heard.items() if said}
    assert {"reading and checking the inputs", "coverage of the existing network"} <= set(heard)
    read = {
        values["file"] for key, values in heard["reading and checking the inputs"] if key == "reading_file"
    }
    given = {os.path.basename(each.path) for each in opened_world.config.inputs.given().values()}
    assert read == given
    counted = [said[-1] for said in heard.values() if isinstance(said[-1][0], int)]
    assert counted
    assert all(done == total for done, total in counted)


def test_a_wrong_county_is_refused_when_only_the_counties_were_read(opened_world):
    listener = Listener()
    with pytest.raises(Exception, match="无此县"):
        opened_world.plan(county="无此县", report=listener)
    (said,) = listener.heard.values()
    given = opened_world.config.inputs.counties
    assert said == [("reading_file", {"file": os.path.basename(given.path)})]


def test_ctrl_c_while_reading_says_what_is_kept(shared_world, monkeypatch):
    def stopped(*_arguments, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "load", stopped)
    result = CliRunner().invoke(app, ["plan", str(shared_world), "--lang", "en"])
    assert result.exit_code == 130
    assert "Earlier results are untouched" in result.output


def test_ctrl_c_in_the_selection_ends_with_the_best_plan_so_far(opened_world, monkeypatch):
    def stopped(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(Solver, "round", stopped)
    monkeypatch.setattr(Solver, "gap", property(lambda solver: 1.0))
    plan = opened_world.plan(threads=1)
    record = plan.record
    assert any("cut short" in line for line in banners(plan.proposal, "en"))
    assert record.selection_status == "interrupted"
    assert record.certificate_holds
    assert record.selected_stations > 0
