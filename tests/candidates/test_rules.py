"""Who may be a site and why not: every place considered keeps the rule that refused it."""

import pytest

import siteplan
from siteplan.outputs.wording import text_of


@pytest.fixture(scope="module")
def candidates(planned_city):
    """Places of both counties by key."""
    return siteplan.read_plan(planned_city / "runs" / "city").candidates.set_index("key")


# key, status, rule, and words of its sentence
TRUTH = [
    ("1:Z1", "EXCLUDED", "rule_complete", "全部网络和频段"),
    ("1:Z2", "usable", None, ""),
    ("1:Z3", "usable", None, ""),
    ("2:P1", "usable", None, ""),
    ("2:P2", "EXCLUDED", "rule_built", "已建成"),
    ("2:P3", "EXCLUDED", "rule_spacing", "最小站距"),
    ("2:P4", "EXCLUDED", "rule_forbid", "北岭保护区"),
    ("2:P5", "usable", None, ""),
    ("3:1", "usable", None, ""),
    ("3:3", "usable", None, ""),
    ("3:4", "EXCLUDED", "rule_low", "低于下限"),
]


@pytest.mark.parametrize(("key", "status", "rule", "words"), TRUTH, ids=[row[0] for row in TRUTH])
def test_who_may_be_a_site_and_why_not(candidates, key, status, rule, words):
    row = candidates.loc[key]
    if status == "usable":
        assert row["status"] in {"PROPOSED", "CANDIDATE"}
        assert row["rule"] is None
    else:
        assert row["status"] == status
        assert row["rule"][0] == rule
        assert words in text_of(row["rule"], "zh")


def test_a_restricted_zone_is_noted_on_a_roof_but_refuses_a_new_mast(candidates):
    assert [note[0] for note in candidates.loc["3:3", "notes"]] == ["note_restrict"]
    ground = candidates[candidates["source_type"] == "5"]
    inside = ground.geometry.x.between(445_000, 446_000) & ground.geometry.y.between(2_748_500, 2_749_500)
    assert (ground.loc[inside, "status"] == "EXCLUDED").all()


def test_every_refused_place_has_a_rule_and_no_other_has(candidates):
    refused = candidates["status"].eq("EXCLUDED")
    assert refused.any()
    assert (candidates["rule"].notna() == refused).all()
