"""One record a site: keys that come later, visits, difficult sites, pauses, sources, old journals."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.field.journal import Difficulty, Event, SiteKeys, Visit, events_of, line_of
from siteplan.field.merge import MergeOptions, merge, undo
from siteplan.field.records import KeyIndex, records_of
from siteplan.field.status import replay
from siteplan.inputs.files.headers import match_headers
from siteplan.project.columns import columns_of
from siteplan.project.statuses import KeyKind, SiteStatus
from tests.field.test_merge import OPTIONS, PLACES, PUBLISHED, away, problems, row, verdicts

ORDER = "00012345678901234567"
"""A demand order's number: 20 digits, zeros in front."""


def taken(rows, events=(), options=OPTIONS):
    found = merge(rows, PUBLISHED, events, options)
    return (*events, *found.events)


def test_numbers_that_come_later_are_learnt_with_their_zeros_and_match_from_then_on():
    events = taken([row("X-1", keys=SiteKeys(order_no=ORDER)), row("X-2", keys=SiteKeys(site_no="340123"))])
    record = records_of(events)["X-1"]
    assert (record.keys.order_no, record.status) == (ORDER, SiteStatus.PROPOSED)
    index = KeyIndex(events)
    assert index.site_of(SiteKeys(order_no=ORDER)) == ("X-1",)
    assert index.site_of(SiteKeys(order_no=ORDER.lstrip("0"))) == ()
    assert index.site_of(SiteKeys(site_no="340123", tower_name="别的名字")) == ("X-2",)


def test_names_that_only_resemble_each_other_are_different_sites():
    names = {"X-1": "观澜天下", "X-2": "观澜天下北", "X-3": "观澜天下东南角"}
    events = taken([row(each, keys=SiteKeys(tower_name=name)) for each, name in names.items()])
    index = KeyIndex(events)
    assert {name: index.sites(KeyKind.NAME, name) for name in names.values()} == {
        name: (each,) for each, name in names.items()
    }
    assert index.sites(KeyKind.NAME, "观澜天下南") == ()


def test_a_number_of_another_site_waits_for_a_person():
    events = taken([row("X-1", keys=SiteKeys(order_no=ORDER))])
    found = merge([row("X-2", "SIGNED", keys=SiteKeys(order_no=ORDER))], PUBLISHED, events, OPTIONS)
    assert (verdicts(found), problems(found)) == (["held"], [["key_of_another"]])


@pytest.mark.parametrize("order", [1, -1])
def test_two_rows_that_claim_one_number_for_two_sites_both_wait(order):
    keys = SiteKeys(site_no="340123")
    rows = [row("X-1", "SIGNED", keys=keys), row("X-2", "AGREED", who="李工", keys=keys)][::order]
    found = merge(rows, PUBLISHED, (), OPTIONS)
    assert (verdicts(found), problems(found)) == (["held"] * 2, [["key_of_another"]] * 2)
    name = SiteKeys(tower_name="文化中心")
    shared = [row("X-1", keys=name), row("X-2", keys=name)]
    assert verdicts(merge(shared, PUBLISHED, (), OPTIONS)) == ["accepted"] * 2


def test_a_project_set_up_again_has_a_new_number_and_keeps_the_old_one():
    events = taken([row("X-1", "WITHDRAWN", reason="销项", keys=SiteKeys(project_no="26A1"))])
    events = taken(
        [row("X-1", "NEGOTIATING", day="2023-08-01", reason="重新立项", keys=SiteKeys(project_no="26A2"))],
        events,
    )
    record = records_of(events)["X-1"]
    assert (record.keys.project_no, record.former_keys) == ("26A2", ((KeyKind.PROJECT, "26A1"),))
    assert [step[2] for step in record.history] == ["WITHDRAWN", "NEGOTIATING"]
    index = KeyIndex(events)
    assert (
        index.site_of(SiteKeys(project_no="26A1")) == index.site_of(SiteKeys(project_no="26A2")) == ("X-1",)
    )


def test_the_site_stands_elsewhere_and_the_wanted_point_stays():
    events = taken([row("X-1", "SIGNED", at=away("X-1", 120))])
    record = records_of(events, PLACES)["X-1"]
    assert record.place.point == PLACES["X-1"].point
    assert record.site_point == away("X-1", 120)
    assert record.deviation_m == pytest.approx(120.0, abs=0.2)
    assert records_of(events, PLACES)["X-2"].deviation_m is None


def test_visits_are_listed_once_whoever_sends_them_again():
    visit = Visit("2023-06-20", "村支书", "要开会再议")
    events = taken([row("X-1", visit=visit)])
    again = merge([row("X-1", day="2023-07-08", visit=visit)], PUBLISHED, events, OPTIONS)
    assert verdicts(again) == ["unchanged"]
    both = [row("X-1", visit=visit, day="2023-07-02"), row("X-1", who="李工", visit=visit)]
    assert records_of(taken(both))["X-1"].visits == (visit,)


def test_a_visit_without_a_day_was_on_the_day_of_the_report_and_one_in_the_future_waits():
    events = taken([row("X-1", visit=Visit("", "房东", "不在家"))])
    assert records_of(events)["X-1"].visits[0].date == "2023-07-01"
    found = merge([row("X-1", visit=Visit("2024-07-01", "房东"))], PUBLISHED, (), OPTIONS)
    assert problems(found) == [["date_future"]]


def test_the_file_of_a_difficult_site_grows_week_by_week_and_keeps_what_is_left_open():
    first = Difficulty("coordination", "镇政府出面", "已约谈")
    events = taken([row("X-1", difficulty=first)])
    events = taken([row("X-1", day="2023-07-08", difficulty=Difficulty(progress="业主松口"))], events)
    record = records_of(events)["X-1"]
    assert [day for day, _ in record.difficulties] == ["2023-07-01", "2023-07-08"]
    assert record.difficulty == Difficulty("coordination", "镇政府出面", "业主松口")


def test_a_pause_keeps_how_far_the_work_had_come_and_the_work_goes_on_there():
    events = taken([row("X-1", "SIGNED")])
    events = taken([row("X-1", "PAUSED", day="2023-07-10")], events)
    state = replay(events).states["X-1"]
    assert (state.status, state.reached) == (SiteStatus.PAUSED, SiteStatus.SIGNED)
    back = merge([row("X-1", "NEGOTIATING", day="2023-08-01")], PUBLISHED, events, OPTIONS)
    assert problems(back) == [["back_without_reason"]]
    events = taken([row("X-1", "SIGNED", day="2023-08-01")], events)
    assert replay(events).states["X-1"].reached == SiteStatus.SIGNED
    assert records_of(events)["X-1"].reached[SiteStatus.SIGNED] == "2023-07-01"


def test_two_people_who_disagree_about_a_pause_wait_for_a_third():
    events = taken([row("X-1", "PAUSED")])
    found = merge([row("X-1", "SIGNED", who="李工", day="2023-07-05")], PUBLISHED, events, OPTIONS)
    assert (verdicts(found), problems(found)) == (["held"], [["journal_conflict"]])


SOURCES = replace(OPTIONS, sources=("监理", "铁塔"))


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_sources_that_contradict_each_other_the_first_one_counts(order):
    rows = [row("X-1", "SIGNED", who="铁塔王"), row("X-1", "REFUSED", who="监理李", reason="阻工")]
    found = merge(rows[::order], PUBLISHED, (), SOURCES)
    by_reporter = {each.row.reported_by: each.verdict for each in found.outcomes}
    assert by_reporter == {"监理李": "accepted", "铁塔王": "behind"}
    assert replay(found.events).states["X-1"].status == SiteStatus.REFUSED
    assert verdicts(merge(rows, PUBLISHED, (), OPTIONS)) == ["held", "held"]


def test_the_supervisor_overrules_what_stands_and_is_not_overruled():
    events = taken([row("X-1", "SIGNED", who="铁塔王")], options=SOURCES)
    refused = row("X-1", "REFUSED", who="监理李", day="2023-07-09", reason="阻工", seen="PROPOSED")
    events = taken([refused], events, SOURCES)
    assert replay(events).states["X-1"].status == SiteStatus.REFUSED
    later = row("X-1", "SIGNED", who="铁塔赵", day="2023-07-12", seen="PROPOSED")
    found = merge([later], PUBLISHED, events, SOURCES)
    assert (verdicts(found), problems(found)) == (["behind"], [["outranked"]])


def test_a_line_of_an_old_journal_is_still_what_it_was():
    event = Event(
        "status",
        "X-1",
        "PROPOSED",
        "SIGNED",
        reported_by="王",
        reported_at="2023-07-01",
        recorded_at="2023-07-02",
    )
    assert (event.event_id, event.check) == ("77bb60c2e23b02be", "d67b4db086d9b680")
    assert not {"keys", "visit", "difficulty"} & json.loads(line_of(event)).keys()


def test_lines_with_keys_visits_and_difficulties_are_read_back():
    rows = [
        row("X-1", keys=SiteKeys(order_no=ORDER), visit=Visit("2023-06-20", "村支书", "同意")),
        row("X-2", difficulty=Difficulty("other", "换点", "")),
    ]
    events = taken(rows)
    assert events_of([line_of(each) for each in events]) == events


def test_an_undone_key_is_forgotten():
    events = taken([row("X-1", keys=SiteKeys(order_no=ORDER))])
    events = (*events, undo(events, "", "办", "2023-12-02T08:00:00"))
    assert KeyIndex(events).site_of(SiteKeys(order_no=ORDER)) == ()
    assert records_of(events, PLACES)["X-1"].keys == SiteKeys()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("table", ["form", "returned_rows", "ledger_sites"])
def test_every_cell_that_may_be_filled_in_is_read_in_either_language(lang, table):
    columns = columns_of(table)
    headers = [column.header(lang) for column in columns]
    matched = match_headers(headers, columns_of("returns"), {}).taken
    readable = {column.name for column in columns_of("returns")}
    mine = {column.name: column.header(lang) for column in columns if column.name in readable}
    assert {name: matched.get(name) for name in mine} == mine


CHOICES = st.lists(
    st.tuples(
        st.sampled_from(["X-1", "X-2"]),
        st.sampled_from(["", *(each.value for each in SiteStatus)]),
        st.sampled_from(["", "A1", "B2"]),
        st.sampled_from([None, Visit("2023-06-01", "甲"), Visit("2023-06-02", "乙", "同意")]),
        st.integers(1, 28),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(CHOICES, st.randoms())
def test_no_event_is_lost_and_neither_order_nor_repeats_of_the_journal_matter(reports, random):
    events, reported = (), {"X-1": set(), "X-2": set()}
    for number, (site, status, key, visit, day) in enumerate(reports):
        given_row = row(
            site,
            status,
            who="王工",
            day=f"2023-07-{day:02}",
            reason="原因",
            keys=SiteKeys(order_no=key and f"{site}{key}"),
            visit=visit,
            sha256=f"{number}",
        )
        found = merge([given_row], PUBLISHED, events, MergeOptions(f"2023-12-01T08:00:{number:02}"))
        events = (*events, *found.events)
        if visit is not None and found.outcomes[0].verdict not in ("held", "rejected"):
            reported[site].add(visit)  # a row that waits for a person waits whole, and is listed
    lines = [line_of(each) for each in events]
    shuffled = [*lines, *lines]
    random.shuffle(shuffled)
    again = events_of(shuffled)
    assert records_of(again, PLACES) == records_of(events, PLACES)
    assert {each.event_id for each in again} == {each.event_id for each in events}
    records = records_of(events, PLACES)
    for site in ("X-1", "X-2"):
        assert set(records[site].visits) == reported[site]


def test_a_row_that_waits_for_a_person_waits_with_its_visit():
    """Nothing of it is in the journal, and all of it is in the list of rows to be looked at."""
    events = ()
    for number, (status, visit, day) in enumerate(
        [
            ("PAUSED", None, 1),
            ("NEGOTIATING", None, 2),
            ("PROPOSED", None, 1),
            ("NEGOTIATING", Visit("2023-06-01", "甲"), 1),
        ]
    ):
        one = row(
            "X-1", status, who="王工", day=f"2023-07-{day:02}", reason="原因", visit=visit, sha256=f"{number}"
        )
        found = merge([one], PUBLISHED, events, MergeOptions(f"2023-12-01T08:00:{number:02}"))
        events = (*events, *found.events)
    assert [each.verdict for each in found.outcomes] == ["held"]
    assert found.outcomes[0].row.visit == Visit("2023-06-01", "甲")
    assert records_of(events, PLACES)["X-1"].visits == ()
