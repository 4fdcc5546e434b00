"""Gaps in what people planned: named exactly, by county and duty, also over midnight and when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.volunteers.coverage import (
    EVERY_COUNTY,
    Duty,
    Gap,
    Helper,
    after,
    covers,
    find_gaps,
    hours_in,
    on_duty,
    uncovered,
    wanted_spans,
)
from app.volunteers.hours import Span, span_of

ZONE = "America/New_York"
DURHAM, WAKE = "37063", "37183"
FRIDAY = date(2026, 3, 6)
FIRST = datetime(2026, 3, 6, 5, tzinfo=UTC)

moments = st.integers(0, 7 * 24 * 4).map(lambda quarters: FIRST + timedelta(minutes=15 * quarters))
spans = st.builds(lambda begins, quarters: Span(begins, begins + timedelta(minutes=15 * quarters)), moments, st.integers(1, 60))
helpers = st.builds(
    Helper,
    st.sampled_from(["Ana", "Beto", "Luz"]),
    st.frozensets(st.sampled_from(Duty), min_size=1),
    st.frozensets(st.sampled_from([DURHAM, WAKE])),
    st.lists(spans, max_size=4).map(tuple),
)
WANTED = wanted_spans(FRIDAY, 7, 7, 22, ZONE)  # the clocks jump on the Sunday


def at_desk(alias: str, *planned: Span, counties: tuple[str, ...] = ()) -> Helper:
    return Helper(alias, frozenset({Duty.DESK}), frozenset(counties), planned)


def test_an_evening_without_anybody_is_named_for_the_county_that_lacks_them() -> None:
    day, evening = span_of(FRIDAY, 420, 1080, ZONE), span_of(FRIDAY, 1080, 1320, ZONE)
    crew = [at_desk("Ana", day), at_desk("Beto", evening, counties=(DURHAM,))]
    assert find_gaps(crew, [DURHAM, WAKE], WANTED[:1], [Duty.DESK]) == [Gap(evening, Duty.DESK, (WAKE,))]
    assert find_gaps(crew, [EVERY_COUNTY], WANTED[:1], [Duty.DESK]) == [Gap(evening, Duty.DESK, (EVERY_COUNTY,))]


def test_counties_that_lack_the_same_people_are_named_together() -> None:
    assert find_gaps([], [DURHAM, WAKE], WANTED[:1]) == [
        Gap(WANTED[0], Duty.DESK, (DURHAM, WAKE)),
        Gap(WANTED[0], Duty.FIELD, (DURHAM, WAKE)),
    ]


def test_hours_around_the_clock_are_those_of_each_day_also_when_the_clocks_change() -> None:
    whole = wanted_spans(FRIDAY, 3, 0, 24, ZONE)
    assert [hours_in([day]) for day in whole] == [24, 24, 23]
    assert all(one.ends == other.begins for one, other in zip(whole, whole[1:], strict=False))  # noqa: RUF007  # three of them
    night = wanted_spans(FRIDAY, 1, 22, 6, ZONE)
    assert hours_in(night) == 8


@given(st.lists(helpers, max_size=5), moments, st.sampled_from([DURHAM, WAKE, EVERY_COUNTY]), st.sampled_from(Duty))
def test_a_moment_is_in_a_gap_exactly_when_it_is_wanted_and_nobody_is_there(
    crew: list[Helper], moment: datetime, county: str, duty: Duty
) -> None:
    gaps = uncovered(crew, duty, county, WANTED)
    there = any(covers(one, duty, county) and any(moment in span for span in one.spans) for one in crew)
    wanted = any(moment in span for span in WANTED)
    assert any(moment in gap for gap in gaps) is (wanted and not there)
    assert bool(on_duty(crew, duty, county, Span(moment, moment + timedelta(seconds=1)))) is there


@given(st.lists(helpers, max_size=5), helpers)
def test_another_helper_makes_no_gap_longer(crew: list[Helper], one_more: Helper) -> None:
    for duty in Duty:
        assert hours_in(uncovered([*crew, one_more], duty, WAKE, WANTED)) <= hours_in(uncovered(crew, duty, WAKE, WANTED))


@given(st.lists(helpers, max_size=5), moments)
def test_what_is_over_is_no_gap(crew: list[Helper], now: datetime) -> None:
    left = after(WANTED, now)
    assert all(now <= gap.span.begins < gap.span.ends for gap in find_gaps(crew, [DURHAM, WAKE], left))
