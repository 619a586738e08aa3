"""Documents of the tiny city's plan, written once."""

import pytest

from siteplan.api.documents import DocumentOrder, read_view, report


@pytest.fixture(scope="session")
def run(planned_city):
    """Run folder of the whole city, inside its project."""
    return planned_city / "runs" / "city"


@pytest.fixture(scope="session")
def view(run):
    """The plan as the office sees it."""
    return read_view(run, DocumentOrder())


@pytest.fixture(scope="session")
def reported(run, tmp_path_factory):
    """The office's report: its files by ending."""
    written = report(run, DocumentOrder(out=tmp_path_factory.mktemp("report") / "office"))
    return {path.suffix: path for path in written.paths}


@pytest.fixture(scope="session")
def public(run, tmp_path_factory):
    """The public's report: its files by ending."""
    order = DocumentOrder(audience="public", out=tmp_path_factory.mktemp("report") / "public")
    return {path.suffix: path for path in report(run, order).paths}
