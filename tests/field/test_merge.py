"""Returned rows against a list and a journal: what is taken, what is held, and why."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from pyproj import Geod

from siteplan.field.journal import Place
from siteplan.field.merge import MergeOptions, merge, undo
from siteplan.field.published import PublishedList
from siteplan.field.returns import ReturnRow
from siteplan.field.status import replay
from siteplan.inputs.places.datum import bd09_from_gcj02, gcj02_from_wgs84
from siteplan.project.statuses import SiteStatus

GEOD = Geod(ellps="WGS84")
PLACES = {
    f"X-{n}": Place(f"3:{n}", "440001", f"点{n}", ("low",), 1, 113.40 + n / 50, 24.80, 300.0, 25.0)
    for n in range(1, 7)
} | {"X-9": Place("1:Z1", "440001", "存量", ("low",), 1, 113.45, 24.85, 300.0, 25.0)}
PUBLISHED = PublishedList(run_id="2023-aa", places=PLACES, unlisted=("X-77",))
OPTIONS = MergeOptions("2023-12-01T08:00:00")


def row(candidate_id, status="", who="王工", day="2023-07-01", at=None, datum="", **more):
    lon, lat = at or (None, None)
    values = {"file": f"{who}.xlsx", "sha256": who, "sheet": "西县", "row": 5, **more}
    return ReturnRow(
        candidate_id=candidate_id,
        status=status,
        longitude=lon,
        latitude=lat,
        datum=datum,
        reported_by=who,
        reported_at=day,
        **values,
    )


def away(candidate_id, metres, azimuth=90.0):
    place = PLACES[candidate_id]
    lon, lat, _ = GEOD.fwd(place.longitude, place.latitude, azimuth, metres)
    return round(lon, 6), round(lat, 6)


def verdicts(found):
    return [each.verdict for each in found.outcomes]


def problems(found):
    return [[fault.problem for fault in each.faults] for each in found.outcomes]


def test_a_status_and_a_move_become_events_with_who_when_from_to_and_source():
    found = merge([row("X-1", "SIGNED", at=away("X-1", 200))], PUBLISHED, (), OPTIONS)
    assert verdicts(found) == ["accepted"]
    one, other = sorted(found.events, key=lambda e: e.kind, reverse=True)
    assert (one.before, one.after, one.reported_by, one.reported_at) == (
        "PROPOSED",
        "SIGNED",
        "王工",
        "2023-07-01",
    )
    assert (one.source_file, one.source_place, one.run_id) == ("王工.xlsx", "西县 5", "2023-aa")
    assert (other.kind, other.point_before, other.point) == ("moved", None, away("X-1", 200))
    state = replay(found.events).states["X-1"]
    assert (state.status, state.point) == (SiteStatus.SIGNED, away("X-1", 200))


@pytest.mark.parametrize(
    ("given", "verdict", "problem"),
    [
        (row("X-8", "SIGNED"), "rejected", "unknown_candidate"),
        (row("X-77", "SIGNED"), "rejected", "not_listed"),
        (row("X-1", "SIGNED", who=""), "rejected", "no_reporter"),
        (row("X-1", "REFUSED"), "rejected", "exit_without_reason"),
        (row("X-1", "MOVED"), "rejected", "moved_nowhere"),
        (row("X-1", at=away("X-1", 340)), "held", "outside_ring"),
        (row("X-9", at=away("X-9", 50)), "rejected", "upgrade_moved"),
    ],
)
def test_rows_that_cannot_be_taken_say_why(given, verdict, problem):
    found = merge([given], PUBLISHED, (), OPTIONS)
    assert (verdicts(found), problems(found)) == ([verdict], [[problem]])
    assert found.events == ()


def test_a_row_nobody_touched_is_nothing_new_even_without_a_name():
    found = merge([row("X-1", "PROPOSED", who="", seen="PROPOSED")], PUBLISHED, (), OPTIONS)
    assert verdicts(found) == ["unchanged"]


def test_the_same_file_again_changes_nothing():
    rows = [row("X-1", "SIGNED"), row("X-2", "REFUSED", reason="怕辐射")]
    first = merge(rows, PUBLISHED, (), OPTIONS)
    again = merge([replace(each, sha256="another copy") for each in rows], PUBLISHED, first.events, OPTIONS)
    assert verdicts(again) == ["known", "known"]
    assert again.events == ()


def test_a_step_back_needs_a_reason():
    first = merge([row("X-1", "SIGNED")], PUBLISHED, (), OPTIONS).events
    back = row("X-1", "NEGOTIATING", day="2023-08-01")
    assert problems(merge([back], PUBLISHED, first, OPTIONS)) == [["back_without_reason"]]
    found = merge([replace(back, reason="业主反悔")], PUBLISHED, first, OPTIONS)
    assert verdicts(found) == ["accepted"]
    assert replay((*first, *found.events)).states["X-1"].status == SiteStatus.NEGOTIATING


def test_two_people_who_contradict_each_other_are_both_held_whatever_the_order():
    rows = [
        row("X-1", "SIGNED"),
        row("X-1", "REFUSED", "李工", "2023-07-03", reason="怕辐射"),
        row("X-2", "AGREED"),
    ]
    for order in itertools.permutations(rows):
        found = merge(order, PUBLISHED, (), OPTIONS)
        by_row = dict(zip([(r.candidate_id, r.reported_by) for r in order], verdicts(found), strict=True))
        assert by_row == {("X-1", "王工"): "held", ("X-1", "李工"): "held", ("X-2", "王工"): "accepted"}


def test_a_held_row_can_be_taken_by_its_key_and_the_other_stays_held():
    rows = [row("X-1", "SIGNED"), row("X-1", "REFUSED", "李工", "2023-07-03", reason="怕辐射")]
    key = merge(rows, PUBLISHED, (), OPTIONS).outcomes[1].key
    found = merge(rows, PUBLISHED, (), replace(OPTIONS, take=(key,)))
    assert dict(zip(["王工", "李工"], verdicts(found), strict=True))["李工"] == "accepted"
    state = replay(found.events)
    assert (state.states["X-1"].status, state.conflicts) == (SiteStatus.REFUSED, ())


@pytest.mark.parametrize("which", [0, 1])
def test_of_two_reports_of_one_day_the_one_a_person_took_stands(which):
    rows = [row("X-1", "SIGNED"), row("X-1", "REFUSED", "李工", reason="怕辐射")]
    keys = [each.key for each in merge(rows, PUBLISHED, (), OPTIONS).outcomes]
    for order in (rows, rows[::-1]):
        found = merge(order, PUBLISHED, (), replace(OPTIONS, take=(keys[which],)))
        assert replay(found.events).states["X-1"].status == rows[which].status
        assert sorted(verdicts(found)) == ["accepted", "held"]


def test_two_people_on_the_same_road_are_merged():
    rows = [row("X-1", "NEGOTIATING"), row("X-1", "SIGNED", "李工", "2023-07-09")]
    for order in (rows, rows[::-1]):
        found = merge(order, PUBLISHED, (), OPTIONS)
        assert replay(found.events).states["X-1"].status == SiteStatus.SIGNED
        assert replay(found.events).conflicts == ()


def test_older_news_of_another_person_does_not_turn_the_clock_back():
    first = merge([row("X-1", "SIGNED")], PUBLISHED, (), OPTIONS).events
    found = merge([row("X-1", "NEGOTIATING", "李工", "2023-06-20")], PUBLISHED, first, OPTIONS)
    assert (verdicts(found), found.events) == (["behind"], ())


def test_a_report_against_what_somebody_else_put_into_the_journal_is_held():
    first = merge([row("X-1", "SIGNED")], PUBLISHED, (), OPTIONS).events
    refused = row("X-1", "REFUSED", "李工", "2023-08-01", reason="怕辐射")
    found = merge([refused], PUBLISHED, first, OPTIONS)
    assert (verdicts(found), problems(found)) == (["held"], [["journal_conflict"]])
    taken = merge([refused], PUBLISHED, first, replace(OPTIONS, take=(found.outcomes[0].key,)))
    field_status = replay((*first, *taken.events))
    assert (field_status.states["X-1"].status, field_status.conflicts) == (SiteStatus.REFUSED, ())


def test_two_rows_of_one_form_that_differ_are_held():
    found = merge([row("X-1", "SIGNED"), row("X-1", "AGREED", row=9)], PUBLISHED, (), OPTIONS)
    assert verdicts(found) == ["held", "held"]


@pytest.mark.parametrize("ring", [300.0, 1500.0])
@pytest.mark.parametrize("shift", ["gcj02", "bd09"])
def test_a_file_in_another_datum_is_found_and_held(shift, ring):
    """Real points up to 150 m from the plan, given in the map's datum and called WGS84."""
    places = {key: replace(place, search_radius_m=ring) for key, place in PLACES.items()}
    rows = []
    for n in range(1, 7):
        lon, lat = gcj02_from_wgs84(*away(f"X-{n}", 25.0 * n, 60.0 * n))
        if shift == "bd09":
            lon, lat = bd09_from_gcj02(lon, lat)
        rows.append(row(f"X-{n}", "AGREED", at=(float(lon), float(lat)), datum="wgs84", row=n))
    published_list = PUBLISHED.model_copy(update={"places": places})
    found = merge(rows, published_list, (), OPTIONS)
    assert verdicts(found) == ["held"] * 6
    assert {fault.problem for each in found.outcomes for fault in each.faults} == {"datum_suspect"}
    right = merge([replace(each, datum=shift) for each in rows], published_list, (), OPTIONS)
    assert verdicts(right) == ["accepted"] * 6
    for n in range(1, 7):
        point = replay(right.events).states[f"X-{n}"].point
        assert GEOD.inv(*point, *away(f"X-{n}", 25.0 * n, 60.0 * n))[2] < 1.0


def test_true_moves_are_not_taken_for_another_datum():
    rows = [row(f"X-{n}", "AGREED", at=away(f"X-{n}", 290, 50.0 * n), row=n) for n in range(1, 7)]
    assert verdicts(merge(rows, PUBLISHED, (), OPTIONS)) == ["accepted"] * 6


def test_undo_takes_the_last_event_back_or_the_one_that_is_named():
    events = merge(
        [row("X-1", "SIGNED"), row("X-2", "AGREED", day="2023-07-02")], PUBLISHED, (), OPTIONS
    ).events
    last = undo(events, "", "办", "2023-12-02")
    assert replay((*events, last)).states.keys() == {"X-1"}
    named = undo(events, events[0].event_id[:8], "办", "2023-12-02")
    assert replay((*events, named)).states.keys() == {"X-2"}
    assert undo(events, "ffffffff", "办", "2023-12-02") is None
    assert undo((), "", "办", "2023-12-02") is None
