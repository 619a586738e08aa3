"""The journal: what events add up to, in any order, twice, undone, torn apart."""

from __future__ import annotations

import json
import random

import pytest

from siteplan.core.errors import SiteplanError
from siteplan.core.files import append_lines, read_lines
from siteplan.field.journal import Event, Place, events_of, line_of
from siteplan.field.status import needs_reason, relation, replay
from siteplan.outputs.wording import error_text
from siteplan.planning.progress import Total
from siteplan.project.statuses import CHAIN, EXITS, SiteStatus

PLACE = Place("3:7", "440001", "村委会", ("low",), 1, 113.5, 24.8, 300.0, 25.0)


def status(before, after, day, who="王", **more):
    return Event(
        "status",
        "X-1",
        before=before,
        after=after,
        reported_by=who,
        reported_at=f"2023-{day}",
        recorded_at=f"2023-12-01T{day}",
        place=PLACE,
        **more,
    )


def move(before, point, day, who="王"):
    return Event(
        "moved",
        "X-1",
        point_before=before,
        point=point,
        reported_by=who,
        reported_at=f"2023-{day}",
        place=PLACE,
    )


def undo_of(event, at="2024-01-01"):
    return Event("undo", "X-1", after=event.event_id, reported_by="办", reported_at=at, recorded_at=at)


# seen by the reporter, standing now, reported, what follows
TRUTH = [
    ("PROPOSED", "PROPOSED", "SIGNED", "applies"),
    ("PROPOSED", "SIGNED", "PROPOSED", "unchanged"),
    ("PROPOSED", "SIGNED", "SIGNED", "agrees"),
    ("PROPOSED", "NEGOTIATING", "SIGNED", "applies"),
    ("PROPOSED", "SIGNED", "NEGOTIATING", "behind"),
    ("PROPOSED", "SIGNED", "REFUSED", "conflict"),
    ("PROPOSED", "REFUSED", "SIGNED", "conflict"),
    ("PROPOSED", "REFUSED", "INFEASIBLE", "conflict"),
    ("REFUSED", "REFUSED", "NEGOTIATING", "applies"),
    ("SIGNED", "BUILDING", "NEGOTIATING", "conflict"),
    ("NEGOTIATING", "NEGOTIATING", "PAUSED", "applies"),
    ("PROPOSED", "SIGNED", "PAUSED", "applies"),
    ("PROPOSED", "ON_AIR", "PAUSED", "conflict"),
    ("PROPOSED", "REFUSED", "PAUSED", "conflict"),
    ("PROPOSED", "PAUSED", "SIGNED", "conflict"),
    ("PAUSED", "PAUSED", "SIGNED", "applies"),
    ("PROPOSED", "PAUSED", "PAUSED", "agrees"),
]


@pytest.mark.parametrize(("seen", "current", "new", "expected"), TRUTH)
def test_three_statuses_say_what_a_report_means(seen, current, new, expected):
    assert relation(seen, current, new) == expected


def test_only_steps_forward_and_pauses_need_no_reason():
    steps = [each for each in SiteStatus if each != SiteStatus.PAUSED]
    for one in steps:
        for other in steps:
            forward = one in CHAIN and other in CHAIN and CHAIN.index(other) >= CHAIN.index(one)
            assert needs_reason(one.value, other.value) == (not forward and one != other)
        assert not needs_reason(one.value, "PAUSED")
        assert needs_reason("PAUSED", one.value) == (one in EXITS)
    assert {each for each in SiteStatus if needs_reason("PROPOSED", each.value)} == EXITS


def test_the_order_of_lines_and_repeats_change_nothing():
    events = [
        status("PROPOSED", "NEGOTIATING", "07-01"),
        status("NEGOTIATING", "SIGNED", "07-20"),
        move(None, (113.501, 24.8), "07-21"),
        status("SIGNED", "BUILDING", "08-01", "李"),
    ]
    expected = replay(events)
    assert expected.states["X-1"].status == SiteStatus.BUILDING
    assert expected.states["X-1"].point == (113.501, 24.8)
    for seed in range(20):
        mixed = events * 2
        random.Random(seed).shuffle(mixed)
        assert replay(mixed) == expected


def test_two_stories_are_a_conflict_and_neither_counts_until_one_is_undone():
    signed, refused = status("PROPOSED", "SIGNED", "07-01"), status("PROPOSED", "REFUSED", "07-05", "李")
    both = replay([signed, refused])
    assert [pair[0].candidate_id for pair in both.conflicts] == ["X-1"]
    assert both.states["X-1"].status == SiteStatus.PROPOSED
    after = replay([signed, refused, undo_of(refused)])
    assert (after.states["X-1"].status, after.conflicts) == (SiteStatus.SIGNED, ())


def test_two_moves_to_different_points_are_a_conflict():
    found = replay([move(None, (113.501, 24.8), "07-01"), move(None, (113.502, 24.8), "07-02", "李")])
    assert len(found.conflicts) == 1
    assert found.states["X-1"].point is None


def test_an_undo_can_be_undone():
    signed = status("PROPOSED", "SIGNED", "07-01")
    first = undo_of(signed)
    second = undo_of(first, "2024-01-02")
    assert replay([signed, first]).states == {}
    assert replay([signed, first, second]).states["X-1"].status == SiteStatus.SIGNED


def test_lines_come_back_as_they_were_written(tmp_path):
    events = (
        status("PROPOSED", "REFUSED", "07-01", reason='怕 "辐射"\n=1+1'),
        move(None, (113.5, 24.81), "07-02"),
    )
    path = tmp_path / "journal.jsonl"
    append_lines(path, [line_of(events[0])])
    before = path.read_bytes()
    append_lines(path, [line_of(events[1])])
    assert path.read_bytes().startswith(before)
    assert events_of(read_lines(path)) == events


def test_two_journals_are_merged_by_putting_one_under_the_other(tmp_path):
    one, other = status("PROPOSED", "SIGNED", "07-01"), move(None, (113.5, 24.81), "07-02")
    path = tmp_path / "journal.jsonl"
    lines = [line_of(other), line_of(one), line_of(other)]
    path.write_text("\r\n".join(lines), encoding="utf-8-sig")
    assert set(events_of(read_lines(path))) == {one, other}
    append_lines(path, [line_of(undo_of(one))])
    assert len(read_lines(path)) == 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line[:-20],
        lambda line: line.replace("SIGNED", "REFUSED"),
        lambda line: line.replace("王", "李"),
        lambda line: line.replace("440001", "440009"),
        lambda line: "<<<<<<< HEAD",
        lambda line: json.dumps({"schema": "other"}),
        lambda line: "[]",
    ],
)
def test_a_line_that_is_torn_or_changed_by_hand_is_named(spoil):
    lines = [
        line_of(move(None, (113.5, 24.81), "07-02")),
        spoil(line_of(status("PROPOSED", "SIGNED", "07-01"))),
    ]
    with pytest.raises(SiteplanError) as caught:
        events_of(lines)
    assert caught.value.values["row"] == 2
    assert "line 2" in error_text(caught.value, "en")
    assert "行 2" in error_text(caught.value, "zh")


def test_the_letter_s_rate_is_its_own():
    """366 of 699 by 30 June 2023: 52.36 %."""
    assert f"{Total(699, 366, 0, 0, 0, 0, 333, 0).rate:.2%}" == "52.36%"
