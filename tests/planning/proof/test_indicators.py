"""Indicators: the figures of the city's own reply, and what a table that is strange does."""

import numpy as np
import pandas as pd
import pytest
from worlds.two_counties import with_input, write_project

import siteplan
from siteplan.outputs.proof import indicator_rows
from siteplan.planning import pipeline
from siteplan.planning.proof.indicators import indicator_table
from siteplan.project.project_file import load_config

REPLY = [  # indicator, day, figure, number: the published reply of July 2023
    ("5G用户占比", "2023-03-31", 36.5, 1_109_000),
    ("10G-PON端口占比", "2023-03-31", 33.5, 25_000),
    ("500Mbps及以上用户占比", "2023-03-31", 19.4, 196_000),
    ("500Mbps及以上用户占比", "2023-05-31", 20.53, 205_600),
]


def table_of(rows):
    return pd.DataFrame(rows, columns=["指标", "日期", "数值", "数量"])


@pytest.fixture
def reply(tmp_path):
    folder = write_project(tmp_path / "two")
    with_input(folder, "indicators", table_of(REPLY))
    return folder


def indicators_of(folder):
    config = load_config(folder)
    inputs = pipeline.load(folder, config)
    tests = pd.DataFrame({"test": [], "level": [], "part": [], "total": []})
    return indicator_table(inputs, config, tests, 5_141, 2_855_000.0).set_index("indicator"), inputs


def test_the_reply_is_short_of_500_mbit_by_44_800_users(reply):
    table, _ = indicators_of(reply)
    row = table.loc["users_500m"]
    assert not row["met"]
    assert row["short_by"] == pytest.approx(4.47)
    assert row["short_count"] == pytest.approx(44_800, rel=2e-3)
    assert row["date"] == pd.Timestamp("2023-05-31")
    assert row["per_month"] == pytest.approx(1.13 / 2.004, rel=1e-3)
    assert f"{row['reached_on']:%Y-%m}" == "2024-01"


def test_the_others_of_the_reply_are_met(reply):
    table, _ = indicators_of(reply)
    met = table["met"].to_dict()
    assert met == {
        "stations_per_10k": True,
        "key_place_reach": None,
        "users_5g": True,
        "users_500m": False,
        "ports_10g_pon": True,
    }
    assert table.loc["stations_per_10k", "value"] == pytest.approx(18.0, abs=0.01)
    assert table.loc["users_5g", "owner"] == ""


def test_one_figure_has_no_pace(reply):
    table, _ = indicators_of(reply)
    assert np.isnan(table.loc["ports_10g_pon", "per_month"])
    assert pd.isna(table.loc["ports_10g_pon", "reached_on"])


def test_a_figure_that_falls_is_never_reached(tmp_path):
    folder = write_project(tmp_path / "two")
    rows = [(*REPLY[2][:2], 21.0, 1), REPLY[3]]
    with_input(folder, "indicators", table_of(rows))
    row = indicators_of(folder)[0].loc["users_500m"]
    assert row["per_month"] < 0
    assert pd.isna(row["reached_on"])


def test_what_is_not_in_the_table_is_not_answered(tmp_path):
    folder = write_project(tmp_path / "two")
    with_input(folder, "indicators", table_of(REPLY[:1]))
    row = indicators_of(folder)[0].loc["ports_10g_pon"]
    assert row["met"] is None
    assert row["unanswered"][0] == "unanswered_indicator"
    assert np.isnan(row["value"])


def test_an_indicator_nobody_defined_is_rejected_with_its_row(tmp_path):
    folder = write_project(tmp_path / "two")
    with_input(folder, "indicators", table_of([*REPLY, ("6G用户占比", "2023-05-31", 1.0, 1)]))
    _, inputs = indicators_of(folder)
    faults = [fault for fault in inputs.faults if fault.problem == "unknown_indicator"]
    assert [(fault.row, fault.severity) for fault in faults] == [(6, "rejected")]
    assert len(inputs.indicators) == 4


def test_a_plan_says_what_is_short_in_words(reply):
    plan = siteplan.open_project(reply).plan()
    rows = indicator_rows(plan.proposal, "en").set_index("indicator")
    said = rows.loc["share of users at 500 Mbit/s or more", "remark"]
    assert said.startswith("short by 4.47 percentage points, about 44,800 broadband users")
    assert said.endswith("reached in 2024-01")
    assert plan.indicators["indicator"].tolist() == [each.id for each in plan.proposal.config.indicators]
