"""Tables on standard output."""

from typer.testing import CliRunner

from siteplan.cli.commands import app


def test_a_table_is_not_cut_where_output_is_no_terminal(two_counties):
    result = CliRunner().invoke(app, ["progress", str(two_counties), "--lang", "en"])
    head = next(line for line in result.stdout.splitlines() if line.startswith("rank"))
    words = "rank county quota built building signed talking refused rate remaining excess"
    assert head.split() == words.split()
