"""What programs read in a run folder, and a run that proposes nothing."""

import hashlib
import json

import numpy as np
import openpyxl
import pyogrio
import pytest
import rasterio
from worlds.opened import (
    DETAILS,
    csv_rows,
    layers_of,
    opened_kml,
    pins,
)

from siteplan.project.columns import columns_of


def no_constant(name):
    raise AssertionError(f"{name} is not JSON")


def test_run_json_is_strict_json_and_says_what_the_tables_say(plan, planned_city):
    proposal, folder = plan
    content = (folder / "run.json").read_bytes()
    run = json.loads(content.decode("utf-8"), parse_constant=no_constant)
    assert run == json.loads(proposal.record.to_json())
    rows = csv_rows((folder / "candidates.csv").read_bytes())
    assert run["selected_sites"] == len(rows)
    assert run["selected_stations"] == sum(int(row["stations"]) for row in rows)
    assert run["objective"] == pytest.approx(sum(float(row["gain"]) for row in rows), rel=1e-4)
    assert run["upper_bound"] >= run["objective"]
    for each in run["inputs"]:
        assert each["sha256"] == hashlib.sha256((planned_city / each["file"]).read_bytes()).hexdigest()


def test_the_effective_project_file_is_written_beside_the_outputs(plan):
    text = (plan[1] / "config.json").read_text(encoding="utf-8")
    config = json.loads(text, parse_constant=no_constant)
    assert config["project"]["city"] == "双县市"
    assert [layer["id"] for layer in config["layers"]] == ["L1", "L2", "L3"]
    assert config["coverage"]["demand_resolution_m"] == 100


def test_a_plan_without_candidates_still_opens_everywhere(nothing):
    proposal, folder = nothing
    assert len(proposal.places.proposed) == 0
    assert (folder / "candidates.csv").read_bytes().decode("utf-8-sig") == ",".join(
        column.header("zh") for column in columns_of("proposed")
    ) + "\r\n"
    assert pins(opened_kml(folder)) == []
    assert layers_of(folder / "candidates.gpkg") == {
        "proposed",
        "not_proposed",
        "counties",
        "rings",
        "villages",
        "deep_shadow",
        "points_tested",
        "uncovered_stretches",
    }
    assert pyogrio.read_info(folder / "candidates.gpkg", layer="proposed")["features"] == 0
    sheet = openpyxl.load_workbook(folder / DETAILS)["候选站址"]
    assert sheet["A5"].value == "（无）"
    with (
        rasterio.open(folder / "coverage_before.tif") as before,
        rasterio.open(folder / "coverage_after.tif") as after,
    ):
        np.testing.assert_array_equal(before.read(1), after.read(1))
