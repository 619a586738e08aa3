"""What `siteplan calibrate` writes: a file that applies, tables that agree, pages that need no network."""

import csv
import dataclasses
import io
import json
import re
import tomllib

import numpy as np
import pytest
from typer.testing import CliRunner
from worlds.measured_world import sample_of, serving, simulated_drive
from worlds.two_counties import write_project

import siteplan
from siteplan.calibration import calibrate
from siteplan.cli.commands import app
from siteplan.outputs.calibration import calibration_data, calibration_toml, points_csv, write_calibration
from siteplan.outputs.calibration_facts import Facts
from siteplan.outputs.pages.calibration import report_html
from siteplan.outputs.pictures.plots import residual_plots
from siteplan.outputs.webmap.panel import notes
from siteplan.outputs.webmap.residuals import residual_map
from siteplan.project.project_file import load_config, with_calibration

FACTS = Facts(
    "路测.csv", "ab" * 32, 900, 880, {"too_near": 20}, "empirical", "", "2026-01-31", "模拟数据 / simulated"
)
HOSTILE = "</script><b>{{ 7 * 7 }}`${x}`"


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return load_config(write_project(tmp_path_factory.mktemp("applied")))


@pytest.fixture(scope="module")
def judged(config):
    """A simulated sample, in the words of the project: its bands, one of its kinds of clutter."""
    sample = sample_of(serving, sites=9, points=900)
    band, kind = config.bands[0].id, config.area_classes[0].id
    clutter = np.where(sample.clutter == "dense", kind, "file:=hostile").astype(object)
    site = np.where(sample.site == "S003", HOSTILE, sample.site).astype(object)
    words = {"band": np.full(len(sample), band, dtype=object), "clutter": clutter, "site": site}
    return calibrate(dataclasses.replace(sample, **words))


def test_the_file_reads_back_as_the_fit(judged, config):
    text = calibration_toml(calibration_data(judged, config, FACTS, "zh"), "zh")
    fitted = with_calibration(config, tomllib.loads(text)).fitted
    band = config.bands[0].id
    assert fitted.bands[band].offset_db == pytest.approx(judged.fit.offset_db[band], abs=5e-4)
    assert fitted.horizontal_weight == pytest.approx(judged.fit.horizontal_weight, abs=5e-4)
    assert fitted.evidence["synthetic"] == FACTS.synthetic
    assert fitted.evidence["rows_left_out"] == {"too_near": 20}


def test_clutter_of_the_files_own_words_is_evidence_not_map(judged, config):
    data = calibration_data(judged, config, FACTS, "zh")
    assert set(data["clutter_db"]) <= {config.area_classes[0].id}
    assert set(data["evidence"]["local_clutter_db"]) <= {"file:=hostile"}


def test_strings_survive_toml(config, judged):
    odd = dataclasses.replace(FACTS, measurements='a"b\\c\nd\t东.csv')
    text = calibration_toml(calibration_data(judged, config, odd, "zh"), "zh")
    assert tomllib.loads(text)["evidence"]["measurements"] == odd.measurements


def test_the_points_are_the_sample(judged, config):
    rows = list(csv.DictReader(io.StringIO(points_csv(judged, config).decode("utf-8-sig"))))
    assert len(rows) == len(judged.sample)
    measured = np.array([float(row["measured_dbm"]) for row in rows])
    np.testing.assert_allclose(measured, judged.sample.rsrp_dbm, atol=0.006)
    residual = np.array([float(row["residual_db"]) for row in rows])
    np.testing.assert_allclose(residual, judged.sample.rsrp_dbm - judged.predicted["calibrated"], atol=0.006)
    assert not [row for row in rows if row["clutter"].startswith("=")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_ask_for_nothing_and_hold_no_foreign_markup(judged, config, lang):
    pages = [
        report_html(judged, FACTS, residual_plots(judged), lang),
        residual_map(judged, config, FACTS, lang),
    ]
    for page in pages:
        assert "Content-Security-Policy" in page
        asked = set(re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)([^"'#][^"']*)["']""", page))
        assert asked <= {"https://leafletjs.com"}  # a string inside Leaflet, whose attribution is off
        assert HOSTILE not in page
        assert "<b>{{" not in page
        assert "模拟数据" in page


def test_the_report_prints_the_errors_it_was_given(judged):
    page = report_html(judged, FACTS, b"", "en")
    for value in judged.errors["rmse_db"]:
        assert f"<td>{value:.2f}</td>" in page


def test_the_same_fit_gives_the_same_bytes(judged, config, tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        write_calibration(judged, config, FACTS, tmp_path / name, "zh")
    names = {each.name for each in (tmp_path / "first").iterdir()}
    assert {"calibration.toml", "calibration_points.csv", "residual_map.html", "residuals.png"} <= names
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_what_the_command_writes_can_be_planned_with_and_is_said(tmp_path):
    """Readings simulated 7 dB below the buffers: the plan made with the file covers fewer people."""
    folder = write_project(tmp_path / "world")
    simulated_drive(folder, -7.0).to_csv(tmp_path / "drive.csv", index=False)
    common = [str(folder), "--propagation", "empirical", "--out"]
    options = ["--measurements", str(tmp_path / "drive.csv"), "--servers", "several"]
    fitted = CliRunner().invoke(app, ["calibrate", *common, str(tmp_path / "fit"), *options])
    assert fitted.exit_code == 0, fitted.output
    file = str(tmp_path / "fit" / "calibration.toml")
    plain = CliRunner().invoke(app, ["plan", *common, str(tmp_path / "plain")])
    applied = CliRunner().invoke(app, ["plan", *common, str(tmp_path / "applied"), "--calibration", file])
    assert (plain.exit_code, applied.exit_code) == (0, 0), applied.output
    runs = [
        json.loads((tmp_path / name / "run.json").read_text(encoding="utf-8"))
        for name in ("plain", "applied")
    ]
    assert [run["model"]["calibrated"] for run in runs] == [False, True]
    assert runs[1]["model"]["calibration"]["rows_used"] > 100
    assert runs[1]["population_covered_before"] < runs[0]["population_covered_before"]
    again = siteplan.read_plan(tmp_path / "applied").proposal
    assert "模型已校准" in notes(again, "zh")
    assert "模型未经本地路测校准" not in notes(again, "zh")
    on_terrain = CliRunner().invoke(
        app, ["plan", str(folder), "--propagation", "terrain", "--calibration", file]
    )
    assert on_terrain.exit_code == 1
    assert "校准是在“传播缓冲区”级别上做的" in on_terrain.output


def test_the_command_refuses_too_little_and_leaves_nothing(tmp_path):
    folder = write_project(tmp_path / "world")
    drive = tmp_path / "drive.csv"
    drive.write_text("RSRP,经度,纬度,基站编号\n-90,113.4,24.8,S1\n", encoding="utf-8")
    result = CliRunner().invoke(
        app, ["calibrate", str(folder), "--measurements", str(drive), "--propagation", "empirical"]
    )
    assert result.exit_code == 1
    assert "实测太少" in result.output or "没有" in result.output
    assert not list(folder.glob("runs/*"))
