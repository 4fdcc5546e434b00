"""How the hours of a shift are said: "Fri Nov 27, 18:00-22:00", in Spanish "vie 27 nov, 18:00-22:00". Pure.

On a clock of 24 hours, as that is how shifts are texted, and what nobody takes for the morning instead of the evening.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date

from app.volunteers.hours import MINUTES_A_DAY, Span

A_MONDAY: Final = date(2026, 1, 5)


def say_span(span: Span, zone: str, language: str) -> str:
    """The day and the hours of a span on the clocks of `zone`; with both days where it is longer than one."""
    begins, ends = span.begins.astimezone(ZoneInfo(zone)), span.ends.astimezone(ZoneInfo(zone))
    if span.ends - span.begins > timedelta(hours=24):
        return f"{say_day(begins.date(), language)}, {begins:%H:%M} - {say_day(ends.date(), language)}, {ends:%H:%M}"
    return f"{say_day(begins.date(), language)}, {say_hours(span, zone)}"


def say_hours(span: Span, zone: str) -> str:
    """The hours alone; midnight at their end is 24:00."""
    begins, ends = span.begins.astimezone(ZoneInfo(zone)), span.ends.astimezone(ZoneInfo(zone))
    return f"{begins:%H:%M}-{say_end(ends)}"


def say_day(day: date, language: str) -> str:
    """A day: "Fri Nov 27", "vie 27 nov"."""
    return format_date(day, "EEE d MMM" if language == "es" else "EEE MMM d", locale=language).replace(".", "")


def say_weekday(weekday: int, language: str, *, short: bool = True) -> str:
    """The name of a weekday (0 is Monday)."""
    return format_date(A_MONDAY + timedelta(days=weekday), "EEE" if short else "EEEE", locale=language).replace(".", "")


def say_minutes(begins: int, ends: int) -> str:
    """Hours in minutes after midnight: "18:00-22:00"."""
    return f"{begins // 60:02}:{begins % 60:02}-{ends // 60:02}:{ends % 60:02}"


def say_end(there: datetime) -> str:
    """An hour at which something ends, on a local clock."""
    minute = there.hour * 60 + there.minute or MINUTES_A_DAY
    return f"{minute // 60:02}:{minute % 60:02}"
