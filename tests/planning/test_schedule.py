"""The year laid out in time: working days, latest and first days, lights, what can no longer be met."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteplan.core.errors import SiteplanError
from siteplan.field.journal import Event, Place
from siteplan.field.records import records_of
from siteplan.planning.schedule import STEPS, CountyTask, schedule
from siteplan.planning.workdays import WorkCalendar, month_ends
from siteplan.project.statuses import SiteStatus
from siteplan.project.year import LEAD_TIMES, ScheduleRules

DAY, DEADLINE = dt.date(2023, 6, 30), dt.date(2023, 12, 31)
CHINA = WorkCalendar(dt.date(2022, 1, 1), dt.date(2025, 12, 31), "china")
RULES = ScheduleRules()


def place(number, kind="3", county="A", stations=1):
    return Place(f"{kind}:{number}", county, f"点{number}", ("low",), stations, 113.4, 24.8, 300.0, 25.0)


def report(number, before, after, day, **more):
    return Event(
        "status",
        f"X-{number}",
        before,
        after,
        reported_by="王",
        reported_at=day,
        recorded_at=day,
        place=place(number, **more),
    )


def laid_out(places, events=(), quota=None, built=0, capacity=None, day=DAY, on_air=(), rules=RULES):
    tasks = [CountyTask("A", built + len(places) if quota is None else quota, built, capacity, "declared")]
    return schedule(
        records_of(events, places).values(),
        tasks,
        rules,
        CHINA,
        day=day,
        deadline=DEADLINE,
        issued=dict.fromkeys(places, day),
        on_air={"A": {"": on_air, "N1": on_air}},
        networks={each: {"N1": place.stations} for each, place in places.items()},
    )


def places(*kinds):
    return {f"X-{n}": place(n, kind) for n, kind in enumerate(kinds, start=1)}


# --- working days ---------------------------------------------------------------------------------------


def test_the_golden_week_of_2023_is_no_work_and_its_saturday_is():
    assert CHINA.after(dt.date(2023, 9, 28), 1) == dt.date(2023, 10, 7)
    assert CHINA.after(dt.date(2023, 9, 28), 2) == dt.date(2023, 10, 8)
    weekdays = replace(CHINA, basis="weekdays")
    assert weekdays.after(dt.date(2023, 9, 28), 2) == dt.date(2023, 10, 2)


def test_years_without_a_published_calendar_count_weekdays_and_are_named():
    later = WorkCalendar(dt.date(2026, 1, 1), dt.date(2031, 12, 31), "china")
    assert set(later.unpublished) >= {2030, 2031}
    assert 2026 not in later.unpublished
    assert later.after(dt.date(2030, 10, 1), 1) == dt.date(2030, 10, 2)  # a Tuesday in the golden week
    assert WorkCalendar(dt.date(2026, 1, 1), dt.date(2031, 12, 31)).unpublished == ()


@settings(max_examples=80, deadline=None)
@given(st.integers(200, 1200), st.integers(0, 120))
def test_back_and_forth_by_working_days_agree_with_counting_them(start, count):
    day = CHINA.first + dt.timedelta(days=start)
    later, earlier = CHINA.after(day, count), CHINA.before(day, count)
    assert CHINA.between(day, later) == count
    assert CHINA.between(earlier, day) == count
    assert CHINA.after(earlier, count) <= day
    assert CHINA.between(earlier + dt.timedelta(days=1), day) < count or count == 0


def test_days_beyond_the_calendar_are_an_error():
    for beyond in (
        lambda: CHINA.after(dt.date(2025, 12, 1), 60),
        lambda: CHINA.before(dt.date(2022, 1, 20), 60),
    ):
        with pytest.raises(SiteplanError) as error:
            beyond()
        assert error.value.key == "beyond_calendar"


def test_months_end_on_their_last_day_and_the_last_one_on_the_deadline():
    ends = month_ends(dt.date(2024, 1, 31), dt.date(2024, 3, 15))
    assert ends == [dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2024, 3, 15)]


# --- one place ------------------------------------------------------------------------------------------


def test_a_mast_on_the_ground_takes_48_working_days_from_its_signature():
    lead = LEAD_TIMES["5"]
    assert (lead.entry + lead.completion, lead.pouring, lead.curing) == (48, 3, 28)
    events = [report(1, "PROPOSED", "SIGNED", "2023-06-30", kind="5")]
    (site,) = laid_out(places("5"), events).sites
    assert CHINA.between(DAY, site.on_air) == 48
    assert site.expected.keys() == {SiteStatus.BUILDING, SiteStatus.ON_AIR}


def test_nothing_goes_up_before_the_concrete_has_hardened():
    short = LEAD_TIMES["5"].model_copy(update={"completion": 5})
    rules = RULES.model_copy(update={"lead_times": {"5": short}})
    events = [report(1, "SIGNED", "BUILDING", "2023-06-30", kind="5")]
    events = [report(1, "PROPOSED", "SIGNED", "2023-06-29", kind="5"), *events]
    (site,) = laid_out(places("5"), events, rules=rules).sites
    assert site.on_air == DAY + dt.timedelta(days=31)
    early = short.model_copy(update={"curing": 20})
    rules = RULES.model_copy(update={"lead_times": {"5": early}})
    (site,) = laid_out(places("5"), events, rules=rules).sites
    assert site.on_air == DAY + dt.timedelta(days=23)


def test_a_kind_of_place_of_which_some_steps_are_given_keeps_its_own_defaults():
    rules = ScheduleRules.model_validate({"lead_times": {"3": {"completion": 7}}})
    assert rules.lead_time("3") == LEAD_TIMES["3"].model_copy(update={"completion": 7})
    assert rules.lead_time("5") == LEAD_TIMES["5"]


def test_the_latest_days_lead_back_from_the_deadline_step_by_step():
    (site,) = laid_out(places("3")).sites
    lead = LEAD_TIMES["3"]
    assert list(site.latest) == [status for _, status in STEPS]
    assert site.latest[SiteStatus.ON_AIR] == DEADLINE
    days = [site.latest[status] for _, status in STEPS]
    steps = [getattr(lead, step) for step, _ in STEPS[1:]]
    assert [CHINA.between(a, b) for a, b in itertools.pairwise(days)] == steps


def test_a_pause_does_not_stop_the_clock():
    signed = report(1, "PROPOSED", "SIGNED", "2023-05-04", kind="5")
    paused = report(1, "SIGNED", "PAUSED", "2023-05-20", kind="5")
    (running,) = laid_out(places("5"), [signed]).sites
    (site,) = laid_out(places("5"), [signed, paused]).sites
    assert (site.on_air, site.overdue_days) == (running.on_air, running.overdue_days)
    assert (site.light, site.reason.key) == ("amber", "light_paused")


def test_a_late_step_is_late_by_itself_and_planned_days_never_become_real_ones():
    events = [report(1, "PROPOSED", "NEGOTIATING", "2023-04-03")]
    (site,) = laid_out(places("3"), events).sites
    assert site.overdue_days == CHINA.between(CHINA.after(dt.date(2023, 4, 3), 15), DAY)
    assert (site.light, site.reason.key, site.next_status) == ("amber", "light_overdue", SiteStatus.AGREED)
    assert set(site.record.reached) == {SiteStatus.NEGOTIATING}
    assert all(day >= DAY for day in site.expected.values())


@pytest.mark.parametrize(
    ("day", "light", "key"),
    [
        (dt.date(2023, 7, 3), "green", "light_in_time"),
        (dt.date(2023, 9, 25), "amber", "light_little_slack"),
        (dt.date(2023, 11, 1), "red", "light_too_late"),
    ],
)
def test_a_place_goes_from_green_over_amber_to_red(day, light, key):
    (site,) = laid_out(places("3"), day=day).sites
    assert (site.light, site.reason.key) == (light, key)
    assert (site.slack_days < 0) == (light == "red")


def test_a_place_on_air_is_done_and_one_that_came_to_nothing_is_gone():
    events = [report(1, "PROPOSED", "ON_AIR", "2023-05-04"), report(2, "PROPOSED", "REFUSED", "2023-05-04")]
    found = laid_out(places("3", "3", "3"), events, quota=3, built=1)
    assert {site.record.candidate_id: site.light for site in found.sites} == {"X-1": "done", "X-3": "green"}
    assert found.lights == {"green": 1, "done": 1}


# --- the county -----------------------------------------------------------------------------------------


def test_a_task_that_can_be_met_has_no_shortfall_and_its_curves_meet_at_the_quota():
    found = laid_out(places(*"1111"), built=2, on_air=[dt.date(2023, 2, 1), dt.date(2023, 6, 30)])
    months, _ = found.months
    assert found.shortfalls == ()
    assert months.actual == (0, 1, 1, 1, 1, 2)
    assert (months.required[-1], months.possible[-1], months.quota) == (6, 6, 6)
    assert list(months.required) == sorted(months.required)
    assert replace(months, network="N1") == found.months[1]
    assert replace(months, county_id="") == found.whole


def test_without_places_enough_what_is_missing_is_named_with_the_last_day_to_find_others():
    (short,) = laid_out(places("3"), quota=4).shortfalls
    assert (short.stations, short.unlisted, short.late, short.crowded) == (3, 3, 0, 0)
    lead = LEAD_TIMES["1"]
    total = lead.contact + lead.consent + lead.contract + lead.entry + lead.completion
    assert CHINA.between(short.start_by, DEADLINE) == total
    assert short.month == DEADLINE
    late = laid_out(places("3"), quota=4, day=dt.date(2023, 12, 20)).shortfalls
    assert late[0].start_by is None


def test_places_that_cannot_be_finished_any_more_are_counted_as_late():
    (short,) = laid_out(places(*"5515"), day=dt.date(2023, 10, 20)).shortfalls
    assert (short.stations, short.unlisted, short.late) == (3, 0, 3)


def test_a_county_that_builds_two_a_month_says_from_when_it_falls_behind_and_what_would_help():
    found = laid_out(places(*"1" * 20), capacity=2)
    (short,) = found.shortfalls
    # An upgrade listed on 30 June is on air on 14 August at the earliest: five months of two.
    assert (short.stations, short.crowded, short.unlisted, short.late) == (10, 10, 0, 0)
    assert short.month == dt.date(2023, 7, 31)
    assert short.capacity == 4
    enough = laid_out(places(*"1" * 20), capacity=short.capacity)
    assert enough.shortfalls == ()
    assert laid_out(places(*"1" * 20), capacity=short.capacity - 1).shortfalls != ()


def test_stations_without_a_place_take_the_last_months_and_no_month_is_asked_too_much():
    found = laid_out(places(*"111"), quota=9, capacity=3)
    assert sorted(site.due for site in found.sites) == [dt.date(2023, 10, 31)] * 3
    months = found.months[0]
    assert months.required[-4:] == (0, 3, 6, 9)
    assert [short.month for short in found.shortfalls] == [dt.date(2023, 11, 30)]


def test_no_month_is_due_more_than_the_county_can_build():
    found = laid_out(places(*"1" * 8), capacity=2)
    due = sorted(site.due for site in found.sites)
    assert due == [end for end in month_ends(dt.date(2023, 9, 1), DEADLINE) for _ in range(2)]
    assert found.shortfalls == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from("12345"), max_size=12),
    st.integers(0, 15),
    st.one_of(st.none(), st.integers(1, 4)),
    st.integers(0, 170),
)
def test_what_is_missing_is_what_cannot_be_built_and_every_reason_counts_once(kinds, quota, capacity, days):
    day = DAY + dt.timedelta(days=days)
    found = laid_out(places(*kinds), quota=quota, capacity=capacity, day=day)
    months = found.months[0]
    able = months.possible[-1]
    missing = sum(each.stations for each in found.shortfalls)
    assert missing == max(0, quota - able)
    for each in found.shortfalls:
        assert each.unlisted + each.late + each.crowded == each.stations
        assert min(each.unlisted, each.late, each.crowded) >= 0
    assert all(a <= b for a, b in itertools.pairwise(months.possible))
    assert len(found.sites) == len(kinds)
