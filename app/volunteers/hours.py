"""Hours on the wall and what they are in the world: weekly shifts and single changes become spans of time. Pure.

Wall clocks are those of one time zone. Where they jump forward, an hour that does not exist means the moment of the jump; where they are
set back, an hour that comes twice means the first. So shifts that touch on paper touch in the world, and none ends before it begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

MINUTES_A_DAY: Final = 1440
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)

LONGEST_MEMORY: Final = 2 * DAY
"""So far before a moment a shift that is still on may have begun: a night's shift with another that touches it."""


@dataclass(frozen=True, order=True)
class Span:
    """From one instant until before another, both in UTC."""

    begins: datetime
    ends: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.begins <= instant < self.ends

    def meets(self, other: Span) -> bool:
        """Whether the two share a moment."""
        return self.begins < other.ends and other.begins < self.ends


@dataclass(frozen=True)
class Weekly:
    """Every week on `weekday` (0 is Monday), from minute `begins` after midnight until minute `ends`; over midnight where that is no
    later."""

    weekday: int
    begins: int
    ends: int


@dataclass(frozen=True)
class Change:
    """What is different once: away in a span, or there in it."""

    span: Span
    away: bool


def instant_of(day: date, minute: int, zone: str) -> datetime:
    """When clocks in `zone` (an IANA name) show so many minutes after midnight of a day, 1440 being the next day's beginning; in UTC."""
    day, minute = day + DAY * (minute // MINUTES_A_DAY), minute % MINUTES_A_DAY
    wall = datetime.combine(day, time(minute // 60, minute % 60))
    there = ZoneInfo(zone)
    instant = wall.replace(tzinfo=there).astimezone(UTC)
    if instant.astimezone(there).replace(tzinfo=None) == wall:
        return instant
    before, after = wall.replace(tzinfo=there, fold=1).astimezone(UTC), instant  # the clocks jump between the two
    old = before.astimezone(there).utcoffset()
    while after - before > MINUTE:
        middle = before + (after - before) // 2
        before, after = (middle, after) if middle.astimezone(there).utcoffset() == old else (before, middle)
    return after.replace(second=0, microsecond=0)


def span_of(day: date, begins: int, ends: int, zone: str) -> Span:
    """The hours of one day, from minute to minute after midnight, over midnight where `ends` is no later than `begins`."""
    return Span(instant_of(day, begins, zone), instant_of(day, ends + (MINUTES_A_DAY if ends <= begins else 0), zone))


def planned_spans(weekly: Iterable[Weekly], changes: Sequence[Change], window: Span, zone: str) -> list[Span]:
    """When somebody plans to be on duty: the spans that share a moment with `window`, whole, apart and in order. `changes` in the order in
    which they were said, as the last word holds."""
    first = (window.begins - LONGEST_MEMORY).astimezone(ZoneInfo(zone)).date()
    last = window.ends.astimezone(ZoneInfo(zone)).date() + DAY  # whose first shift may touch one that is on
    days = [first + DAY * n for n in range((last - first).days + 1)]
    spans = unite(span_of(day, one.begins, one.ends, zone) for one in weekly for day in days if day.weekday() == one.weekday)
    for change in changes:
        spans = take_out(spans, change.span) if change.away else unite([*spans, change.span])
    return [span for span in spans if span.meets(window)]


def unite(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that are apart, in order; what touches becomes one."""
    united: list[Span] = []
    for span in sorted(span for span in spans if span.begins < span.ends):
        if united and span.begins <= united[-1].ends:
            united[-1] = Span(united[-1].begins, max(united[-1].ends, span.ends))
        else:
            united.append(span)
    return united


def take_out(spans: Iterable[Span], hole: Span) -> list[Span]:
    """What is left of spans without a hole."""
    left: list[Span] = []
    for span in spans:
        if not span.meets(hole):
            left.append(span)
            continue
        pieces = (Span(span.begins, hole.begins), Span(hole.ends, span.ends))
        left += [piece for piece in pieces if piece.begins < piece.ends]
    return left


def span_at(spans: Iterable[Span], instant: datetime) -> Span | None:
    """The span that an instant lies in."""
    return next((span for span in spans if instant in span), None)
