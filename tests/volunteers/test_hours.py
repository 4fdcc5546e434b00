"""Hours on the wall become time in the world, also on the days on which the clocks change, over midnight, and where shifts overlap."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.volunteers.hours import (
    Change,
    Span,
    Weekly,
    instant_of,
    planned_spans,
    span_at,
    span_of,
    take_out,
    unite,
)

ZONE = "America/New_York"
JUMPS_FORWARD, FALLS_BACK = date(2026, 3, 8), date(2026, 11, 1)

days = st.dates(date(2026, 1, 1), date(2027, 12, 31)) | st.sampled_from([JUMPS_FORWARD, FALLS_BACK])
minutes = st.integers(0, 1439)
weeklies = st.lists(
    st.builds(Weekly, st.integers(0, 6), minutes, st.integers(1, 1440)).filter(lambda one: one.begins != one.ends), max_size=5
)
moments = st.integers(0, 14 * 24 * 60 - 1)
FIRST = datetime(2026, 10, 25, tzinfo=UTC)
spans = st.builds(
    lambda begins, length: Span(FIRST + timedelta(minutes=begins), FIRST + timedelta(minutes=begins + length)),
    moments,
    st.integers(1, 3000),
)
changes = st.lists(st.builds(Change, spans, st.booleans()), max_size=5)
FORTNIGHT = Span(FIRST, FIRST + timedelta(days=14))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year, month, day and so on


def test_an_evening_is_the_same_hours_on_the_wall_in_winter_and_in_summer() -> None:
    assert span_of(date(2026, 1, 9), 18 * 60, 22 * 60, ZONE) == Span(utc(2026, 1, 9, 23), utc(2026, 1, 10, 3))
    assert span_of(date(2026, 7, 10), 18 * 60, 22 * 60, ZONE) == Span(utc(2026, 7, 10, 22), utc(2026, 7, 11, 2))


def test_a_night_is_an_hour_shorter_or_longer_when_the_clocks_change() -> None:
    for day, hours in ((date(2026, 3, 6), 8), (date(2026, 3, 7), 7), (date(2026, 10, 31), 9)):
        night = span_of(day, 22 * 60, 6 * 60, ZONE)
        assert night.ends - night.begins == timedelta(hours=hours)


def test_an_hour_that_the_clocks_skip_is_the_moment_of_the_jump() -> None:
    assert instant_of(JUMPS_FORWARD, 2 * 60 + 30, ZONE) == utc(2026, 3, 8, 7)
    assert instant_of(JUMPS_FORWARD, 3 * 60, ZONE) == utc(2026, 3, 8, 7)
    assert span_of(JUMPS_FORWARD, 2 * 60 + 30, 3 * 60 + 15, ZONE) == Span(utc(2026, 3, 8, 7), utc(2026, 3, 8, 7, 15))


def test_an_hour_that_comes_twice_is_the_first() -> None:
    assert instant_of(FALLS_BACK, 90, ZONE) == utc(2026, 11, 1, 5, 30)


@given(days, st.integers(0, 2880), st.integers(0, 2880))
def test_no_later_hour_comes_before_an_earlier_one(day: date, one: int, other: int) -> None:
    earlier, later = sorted((one, other))
    assert instant_of(day, earlier, ZONE) <= instant_of(day, later, ZONE)


@given(days, minutes)
def test_where_a_clock_shows_an_hour_it_is_that_hour(day: date, minute: int) -> None:
    there = instant_of(day, minute, ZONE).astimezone(ZoneInfo(ZONE))
    skipped = day in {JUMPS_FORWARD, date(2027, 3, 14)} and 120 <= minute < 180
    assert (there.hour * 60 + there.minute, there.date()) == (180 if skipped else minute, day)


@given(days, minutes, minutes, minutes)
def test_shifts_that_touch_on_paper_leave_no_gap_in_the_world(day: date, a: int, b: int, c: int) -> None:
    first, second = span_of(day, a, b, ZONE), None
    begins_next = day + timedelta(days=1) if b <= a else day
    second = span_of(begins_next, b, c, ZONE)
    assert first.ends == second.begins


@given(weeklies, changes)
def test_planned_spans_are_apart_in_order_and_whole(weekly: list[Weekly], said: list[Change]) -> None:
    planned = planned_spans(weekly, said, FORTNIGHT, ZONE)
    assert all(one.begins < one.ends for one in planned)
    assert all(one.ends < other.begins for one, other in pairwise(planned))


@given(weeklies, changes, moments)
def test_the_last_word_about_a_moment_holds_and_else_the_week(weekly: list[Weekly], said: list[Change], minute: int) -> None:
    moment = FIRST + timedelta(minutes=minute)
    spoken = [change for change in said if moment in change.span]
    there = moment.astimezone(ZoneInfo(ZONE)).date()
    by_week = any(
        moment in span_of(day, one.begins, one.ends, ZONE)
        for one in weekly
        for day in (there - timedelta(days=1), there)
        if day.weekday() == one.weekday
    )
    expected = not spoken[-1].away if spoken else by_week
    assert (span_at(planned_spans(weekly, said, FORTNIGHT, ZONE), moment) is not None) is expected


@given(weeklies, changes, moments)
def test_a_narrow_look_sees_what_a_wide_one_sees(weekly: list[Weekly], said: list[Change], minute: int) -> None:
    moment = FIRST + timedelta(minutes=minute)
    narrow = planned_spans(weekly, said, Span(moment, moment + timedelta(minutes=1)), ZONE)
    wide = planned_spans(weekly, said, FORTNIGHT, ZONE)
    assert (span_at(narrow, moment) is None) == (span_at(wide, moment) is None)


@given(st.lists(spans, max_size=6), spans)
def test_what_is_taken_out_is_gone_and_nothing_else(some: list[Span], hole: Span) -> None:
    left = take_out(unite(some), hole)
    edges = {edge for span in (*some, hole) for edge in (span.begins, span.ends)}
    for moment in edges:
        was = any(moment in span for span in some)
        assert any(moment in span for span in left) is (was and moment not in hole)
