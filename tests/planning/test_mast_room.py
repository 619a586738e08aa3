"""Room on standing masts: a full one is no upgrade, a tight one takes one network, the rest is free."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from worlds.two_counties import edit_stations

import siteplan
from siteplan.outputs.wording import text_of
from siteplan.planning.formulate import BuildOptions, _fitting, _groups
from siteplan.planning.replan import _own_groups

SITE = "Z2"


def with_room(folder, platforms, poles):
    """The project whose mast Z2 has so much room left."""

    def change(frame):
        mine = frame["站址编码"].eq(SITE)
        return frame.assign(剩余平台=np.where(mine, platforms, ""), 剩余抱杆=np.where(mine, poles, ""))

    edit_stations(folder, change)
    return siteplan.open_project(folder)


def place(plan):
    table = plan.candidates.set_index("key")
    return table.loc[f"1:{SITE}"]


@pytest.mark.parametrize(
    ("platforms", "poles", "bands"),
    [("0", "0", 0), ("0", "2", 0), ("", "2", 0), ("0", "3", 1), ("1", "", 1), ("1", "7", 3), ("", "", None)],
)
def test_room_is_platforms_and_full_sets_of_poles(two_counties, platforms, poles, bands):
    row = place(with_room(two_counties, platforms, poles).plan())
    if bands is None:
        assert np.isnan(row["mast_room"])
    else:
        assert row["mast_room"] == bands
    if bands == 0:
        assert (row["status"], row["rule"][0]) == ("EXCLUDED", "rule_no_room")
        assert "3" in text_of(row["rule"], "zh")
    else:
        assert row["status"] != "EXCLUDED"


def test_a_band_set_that_does_not_fit_is_no_option():
    sets = [("A", ("low",)), ("A", ("low", "mid")), ("B", ("high",))]
    assert _fitting(sets, 1.0) == [sets[0], sets[2]]
    for room in (2.0, np.nan, 0.0):  # nobody counted, or kept by a signature although it is full
        assert _fitting(sets, room) == sets


@pytest.mark.parametrize(
    ("room", "group"),
    [
        ((1.0, np.nan), [0, 0, 2, 3]),  # one network only: both options of the place are one group
        ((2.0, 1.0), [0, 1, 2, 2]),
        ((np.nan, np.nan), [0, 1, 2, 3]),
    ],
)
def test_two_networks_that_do_not_fit_together_are_one_choice(room, group):
    places = pd.DataFrame({"mast_room": room})
    upgrades = tuple(SimpleNamespace(bands=bands) for bands in (("low",), ("high",), ("low",), ("high",)))
    options = BuildOptions(np.array([0, 0, 1, 1]), ("A", "B", "A", "B"), np.ones(4, dtype=np.int64), upgrades)
    assert _groups(places, options, np.array([0, 1, 0, 1]), 2).tolist() == group


def test_what_was_signed_together_stays_although_there_is_no_room():
    group = np.array([0, 0, 2, 3])
    assert len(set(_own_groups(group, np.array([0, 1, 2])).tolist())) == 4
    assert _own_groups(group, np.array([0, 2])).tolist() == group.tolist()
