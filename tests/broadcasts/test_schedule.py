"""When broadcasts go out: by the clock on the wall."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.broadcasts.schedule import EARLIEST, LATEST, Schedule, may_be_at
from app.delivery.quiet_hours import next_opening
from app.records.broadcasts import Repeats

ZONE = "America/New_York"
dates = st.dates(date(2026, 1, 1), date(2040, 12, 31))
hours = st.times(EARLIEST, LATEST).filter(may_be_at)


def test_a_weekly_one_keeps_its_hour_when_the_clocks_go_forward_and_back() -> None:
    spring = Schedule(Repeats.WEEKLY, date(2026, 3, 3), time(18, 0), ZONE)
    autumn = Schedule(Repeats.WEEKLY, date(2026, 10, 27), time(18, 0), ZONE)

    assert [spring.instant_of(day).hour for day in islice(spring.days(), 2)] == [23, 22]
    assert [autumn.instant_of(day).hour for day in islice(autumn.days(), 2)] == [22, 23]


def test_a_monthly_one_of_the_31st_is_on_the_last_day_of_short_months() -> None:
    monthly = Schedule(Repeats.MONTHLY, date(2027, 10, 31), time(12, 0), ZONE)
    days = [str(day) for day in islice(monthly.days(), 6)]

    assert days == ["2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]


def test_the_last_day_is_part_of_it_and_nothing_follows() -> None:
    weekly = Schedule(Repeats.WEEKLY, date(2026, 3, 2), time(12, 0), ZONE, date(2026, 3, 16))

    assert [day.day for day in weekly.days()] == [2, 9, 16]
    assert weekly.next_after(weekly.instant_of(date(2026, 3, 16))) is None


@pytest.mark.parametrize(
    ("at", "may"), [(time(8, 9), False), (time(8, 10), True), (time(20, 49), True), (time(20, 50), False), (time(2, 30), False)]
)
def test_nothing_is_scheduled_at_night(at: time, may: bool) -> None:
    assert may_be_at(at) is may


@given(first=dates, at=hours, repeats=st.sampled_from(Repeats), skip=st.integers(0, 60))
def test_every_time_is_that_hour_on_the_wall_by_day_and_later_than_the_one_before(
    first: date, at: time, repeats: Repeats, skip: int
) -> None:
    plan = Schedule(repeats, first, at, ZONE)
    times = [plan.instant_of(day) for day in islice(plan.days(), skip, skip + 3)]

    assert times == sorted(set(times))
    for due in times:
        there = due.astimezone(ZoneInfo(ZONE))
        assert there.time().replace(tzinfo=None) == at
        assert next_opening(due, ZONE) is None
        assert plan.next_after(due - timedelta(seconds=1)) == due


def test_a_calendar_that_ends_is_no_error() -> None:
    plan = Schedule(Repeats.WEEKLY, date(9999, 12, 30), time(12, 0), ZONE)
    assert plan.next_after(datetime(9999, 12, 31, 23, tzinfo=UTC)) is None
