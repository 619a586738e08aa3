"""The drawn map as a file, and opened in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from worlds.visit import Visit
from worlds.webmap_world import SMALL, draw_proposal

from siteplan.outputs.webmap import map_html
from siteplan.planning.proposal import Proposal


@pytest.fixture(scope="package")
def proposal() -> Proposal:
    """The drawn plan, in words."""
    return draw_proposal(SMALL)


@pytest.fixture(scope="package")
def map_file(proposal: Proposal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its map for the office."""
    path = tmp_path_factory.mktemp("地图") / "地图.html"
    path.write_text(map_html(proposal), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any, map_file: Path) -> Iterator[Visit]:
    """The map in a browser; at the end it must have nothing to complain of."""
    opened = Visit(browser, map_file)
    yield opened
    assert opened.complaints == []
    opened.context.close()
