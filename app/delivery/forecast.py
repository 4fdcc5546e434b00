"""How long an alert takes to its last phone, what it costs, and which lines would make it as quick as one wants. Pure.

Carriers, and not we, decide how fast a county hears: each line sends so many segments a second, and lines of one campaign share its pace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from app.delivery.lines import Carriers, Inventory, Kind, carriers


@dataclass(frozen=True)
class Audience:
    """How many people get a text of how many segments."""

    people_by_segments: Mapping[int, int]

    @property
    def people(self) -> int:
        """How many people get a text."""
        return sum(self.people_by_segments.values())

    @property
    def segments(self) -> int:
        """What carriers count."""
        return sum(segments * people for segments, people in self.people_by_segments.items())


@dataclass(frozen=True)
class LineForecast:
    """What one line does of it."""

    name: str
    kind: Kind
    segments_per_second: float
    segments: int


@dataclass(frozen=True)
class Forecast:
    """What telling an audience takes. `lasts` is the time to the last phone, `dollars` what texts and carriers' fees cost, `not_today` how
    many people, about, have T-Mobile and would not get it before midnight Pacific, as a brand's allowance for the day is used up."""

    audience: Audience
    lasts: timedelta
    dollars: float
    not_today: int
    lines: tuple[LineForecast, ...]


@dataclass(frozen=True)
class Purchase:
    """One way to be as quick as wanted: so many numbers of a kind in so many campaigns of a class, their rent a month, and in how many
    weeks they can be had."""

    kind: Kind
    numbers: int
    campaigns: int
    campaign_class: str | None
    segments_per_second: float
    dollars_a_month: float
    weeks: str
    not_today: int


def time_to_last_phone(
    audience: Audience, inventory: Inventory, *, sent_today: Mapping[str, int] | None = None, facts: Carriers | None = None
) -> Forecast:
    """What it takes to tell an audience with these lines, nothing else being sent. `sent_today` is how many segments a brand has sent since
    midnight Pacific."""
    facts = facts or carriers()
    return Forecast(
        audience,
        timedelta(seconds=audience.segments / inventory.pace),
        audience.segments * facts.dollars_a_segment,
        sum(
            _not_today(audience, round(part * audience.segments), allowed, (sent_today or {}).get(brand, 0), facts)
            for brand, allowed, part in inventory.brands()
        ),
        tuple(
            LineForecast(line.name, line.kind, pace, round(audience.segments * pace / inventory.pace))
            for line in inventory.lines
            if (pace := inventory.pace_of(line))
        ),
    )


def what_to_buy(audience: Audience, within: timedelta, facts: Carriers | None = None) -> Sequence[Purchase]:
    """Ways to reach the last phone in time, each by itself, the one that can be had soonest first. Several campaigns of one brand add up
    with AT&T and share one allowance with T-Mobile."""
    facts = facts or carriers()
    needed = audience.segments / within.total_seconds()
    found = []
    for kind in (Kind.TOLL_FREE, Kind.LONG_CODE, Kind.SHORT_CODE):
        known = facts.kinds[kind]
        numbers = ceil(needed / known.segments_per_second)
        rate, campaigns, campaign_class, late = numbers * known.segments_per_second, 0, None, 0
        if kind is Kind.LONG_CODE:
            campaign_class = _cheapest_class(needed, facts)
            allowed = facts.classes[campaign_class]
            campaigns = ceil(needed / (allowed.att_per_minute / 60))
            late = _not_today(audience, audience.segments, allowed.tmobile_per_day, 0, facts)
        rent = numbers * known.dollars_a_month
        found.append(Purchase(kind, numbers, campaigns, campaign_class, rate, rent, known.weeks, late))
    return found


def _not_today(audience: Audience, segments: int, allowed: int, sent: int, facts: Carriers) -> int:
    """About how many people on T-Mobile a day's allowance leaves out, when so many segments go out from the brand."""
    if not audience.segments:
        return 0
    over = facts.shares["tmobile"] * (segments + sent) - allowed
    return max(0, min(round(over * audience.people / audience.segments), round(facts.shares["tmobile"] * audience.people)))


def _cheapest_class(needed: float, facts: Carriers) -> str:
    """The lowest class of which one campaign is quick enough, else the highest."""
    by_pace = sorted(facts.classes, key=lambda name: facts.classes[name].att_per_minute)
    return next((name for name in by_pace if facts.classes[name].att_per_minute / 60 >= needed), by_pace[-1])
