"""Who covers which county at which hour, and where nobody will be: the plans of everybody laid over each other. Pure.

A gap is a time that should be covered in which nobody who is counted on has planned to be on duty. Trainees are not counted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from app.volunteers.hours import DAY, Span, span_of, take_out, unite

EVERY_COUNTY: Final = ""
"""Stands for the whole state, where no county is looked at by itself."""


class Duty(StrEnum):
    """What somebody is counted on for."""

    DESK = "desk"  # dispatchers
    FIELD = "field"  # trained verifiers
    BACKUP = "backup"
    LEAD = "lead"


WARNED_OF: Final = (Duty.DESK, Duty.FIELD)
"""Duties whose gaps are named and told to leads."""


@dataclass(frozen=True)
class Helper:
    """Somebody who is counted on: for what, in which counties (FIPS codes, empty for every one), and when."""

    alias: str
    duties: frozenset[Duty]
    counties: frozenset[str]
    spans: tuple[Span, ...]


@dataclass(frozen=True, order=True)
class Gap:
    """A time in which nobody covers some counties."""

    span: Span
    duty: Duty
    counties: tuple[str, ...]


def covers(helper: Helper, duty: Duty, county: str) -> bool:
    """Whether somebody is counted on for a duty in a county."""
    return duty in helper.duties and (not helper.counties or county in helper.counties)


def on_duty(helpers: Iterable[Helper], duty: Duty, county: str, within: Span) -> list[str]:
    """The aliases of those who will be there for some of a time, in order."""
    there = [
        helper.alias for helper in helpers if covers(helper, duty, county) and any(one.meets(within) for one in helper.spans)
    ]
    return sorted(there)


def uncovered(helpers: Iterable[Helper], duty: Duty, county: str, wanted: Iterable[Span]) -> list[Span]:
    """The parts of the wanted times in which nobody will be there; each within one of them, in order."""
    there = unite(span for helper in helpers if covers(helper, duty, county) for span in helper.spans)
    left = list(wanted)
    for span in there:
        left = take_out(left, span)
    return left


def find_gaps(
    helpers: Sequence[Helper], counties: Iterable[str], wanted: Sequence[Span], duties: Iterable[Duty] = WARNED_OF
) -> list[Gap]:
    """Every gap in time, counties that lack the same people at the same time together."""
    together: dict[tuple[Span, Duty], list[str]] = {}
    for county in counties:
        for duty in duties:
            for span in uncovered(helpers, duty, county, wanted):
                together.setdefault((span, duty), []).append(county)
    return sorted(Gap(span, duty, tuple(found)) for (span, duty), found in together.items())


def wanted_spans(first: date, days: int, begins: int, ends: int, zone: str) -> list[Span]:
    """The hours that should be covered (`begins` to `ends` on the clocks of `zone`, 0 to 24) on so many days from `first` on."""
    return [span_of(first + DAY * n, begins * 60, ends * 60, zone) for n in range(days)]


def hours_in(spans: Iterable[Span]) -> float:
    """How many hours spans are, together."""
    return sum((span.ends - span.begins for span in spans), timedelta()) / timedelta(hours=1)


def after(spans: Iterable[Span], moment: datetime) -> list[Span]:
    """What is still to come of spans."""
    return [Span(max(span.begins, moment), span.ends) for span in spans if span.ends > moment]
