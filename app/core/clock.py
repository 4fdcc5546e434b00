"""The time, passed in: nothing else in the project asks the machine what time it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

Clock = Callable[[], datetime]
"""Returns the present instant, aware, in UTC."""


def system_clock() -> datetime:
    """The machine's own time."""
    return datetime.now(UTC)


def steady_seconds() -> float:
    """Seconds since some moment, by a clock that nobody sets and that goes on while this process, or the machine, sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ManualClock:
    """A clock that moves only when told to, for tests and drills."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> datetime:
        """Move the time on by `step` and return the new instant."""
        self.now += step
        return self.now


def local_day(instant: datetime, zone: str, language: str) -> str:
    """The date in `zone`, as people say it: "March 9", in Spanish "9 de marzo"."""
    there = instant.astimezone(ZoneInfo(zone)).date()
    return format_date(there, "d 'de' MMMM" if language == "es" else "MMMM d", locale=language)


def local_time(instant: datetime, zone: str, language: str) -> str:
    """The hour that people in `zone` (an IANA name) read on their clocks: "3:40 PM", in Spanish "3:40 pm"."""
    there = instant.astimezone(ZoneInfo(zone))
    half = "AM" if there.hour < 12 else "PM"
    return f"{there.hour % 12 or 12}:{there.minute:02} {half.lower() if language == 'es' else half}"
