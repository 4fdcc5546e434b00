"""When a broadcast goes out: by the clock on the wall of the people who read it, in winter and in summer. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.records.broadcasts import Broadcast, Repeats

EARLIEST: Final = time(8, 10)
LATEST: Final = time(20, 50)
"""Broadcasts are scheduled within the hours of `delivery/quiet_hours.py`, its margin of ten minutes included (the latest is not)."""

LATE: Final = timedelta(hours=12)
"""So long after its time a broadcast that could not go out still does; news of a meeting that is over does harm."""


@dataclass(frozen=True)
class Schedule:
    """The days and the hour: from `first_on`, at `at` in `zone` (an IANA name), up to and with `until` (for ever where it is absent)."""

    repeats: Repeats
    first_on: date
    at: time
    zone: str
    until: date | None = None

    def days(self) -> Iterator[date]:
        """Every day on which it goes out, in order. A monthly one that begins on the 31st goes out on the last day of shorter months."""
        number = 0
        while True:
            day = self._day(number)
            if day is None or (self.until is not None and day > self.until):
                return
            yield day
            number += 1

    def next_after(self, instant: datetime) -> datetime | None:
        """The first time after `instant` at which it goes out, in UTC; None where there is none."""
        return next((due for due in map(self.instant_of, self.days()) if due > instant), None)

    def instant_of(self, day: date) -> datetime:
        """What the clock on the wall calls `at` on that day, in UTC. On days when the clocks change it is still that hour."""
        return datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(UTC)

    def _day(self, number: int) -> date | None:
        try:
            match self.repeats:
                case Repeats.WEEKLY:
                    return self.first_on + timedelta(weeks=number)
                case Repeats.MONTHLY:
                    years, month = divmod(self.first_on.month - 1 + number, 12)
                    year = self.first_on.year + years
                    return date(year, month + 1, min(self.first_on.day, monthrange(year, month + 1)[1]))
                case _:
                    return self.first_on if number == 0 else None
        except (OverflowError, ValueError):  # the calendar ends in the year 9999
            return None


def schedule_of(told: Broadcast, zone: str) -> Schedule | None:
    """The schedule of a broadcast; None where it goes as soon as it may."""
    if told.first_on is None:
        return None
    return Schedule(Repeats(told.repeats), told.first_on, time.fromisoformat(told.at), zone, told.until)


def first_time(told: Broadcast, zone: str, now: datetime) -> datetime | None:
    """When an approved broadcast goes out first: now where it has no day or its hour is not long over, else at its next time. None where it
    is too late for all of them."""
    plan = schedule_of(told, zone)
    return now if plan is None else plan.next_after(now - LATE)


def may_be_at(at: time) -> bool:
    """Whether a broadcast may be scheduled for that hour of the day."""
    return EARLIEST <= at < LATEST
