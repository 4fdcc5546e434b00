"""`vigia plan`: how long telling so many people takes with our lines, what it costs, and what would make it quicker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from app.core.database import Transaction
from app.core.errors import BadInput
from app.delivery.forecast import Audience, Forecast, Purchase, time_to_last_phone, what_to_buy
from app.delivery.lines import Inventory, Kind, carriers
from app.delivery.plan import count_audience
from app.packs.counties import load_counties

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

KINDS: Final = {
    Kind.LONG_CODE: "long code (10DLC)",
    Kind.TOLL_FREE: "toll-free number",
    Kind.SHORT_CODE: "short code",
    Kind.PLAIN: "number of VIGIA_LINES",
}


@dataclass(frozen=True)
class SendingPlan:
    """What `vigia plan` says. `in_time` is how many people hear while an alert still holds; `ways` reach everybody within `within`."""

    segments: int
    pace: float
    forecast: Forecast
    holds: timedelta
    in_time: int
    within: timedelta
    ways: Sequence[Purchase]


def make_plan(people: int, segments: int, inventory: Inventory, *, holds: timedelta, within: timedelta) -> SendingPlan:
    """The plan for so many people and a text of so many segments. `holds` is how long an alert lives."""
    forecast = time_to_last_phone(Audience({segments: people}), inventory)
    in_time = min(people, int(holds.total_seconds() * inventory.pace / segments))
    ways = what_to_buy(forecast.audience, within)
    return SendingPlan(segments, inventory.pace, forecast, holds, in_time, within, ways)


async def count_people(work: Transaction, pack: str, counties: Sequence[str]) -> int:
    """How many texts an alert to these counties would be now: subscribers who can be reached. Raises BadInput."""
    if not counties:
        raise BadInput("Say how many: --subscribers 10000, or --county Durham for those who are subscribed there.")
    people = 0
    for said in counties:
        known = [
            one for one in load_counties(pack) if said.lower().removesuffix(" county").strip() in {one.name.lower(), one.fips}
        ]
        if not known:
            raise BadInput(f"There is no county {said}.")
        people += sum((await count_audience(work, known[0].fips)).values())
    return people


def plan_as_json(plan: SendingPlan) -> dict[str, Any]:
    """The plan for programs; times in seconds, money in US dollars."""
    forecast = plan.forecast
    return {
        "people": forecast.audience.people,
        "segments_each": plan.segments,
        "segments": forecast.audience.segments,
        "segments_per_second": round(plan.pace, 3),
        "seconds_to_last_phone": round(forecast.lasts.total_seconds(), 1),
        "dollars": round(forecast.dollars, 2),
        "not_today": forecast.not_today,
        "alert_holds_seconds": plan.holds.total_seconds(),
        "people_while_it_holds": plan.in_time,
        "lines": [asdict(line) for line in forecast.lines],
        "within_seconds": plan.within.total_seconds(),
        "ways": [asdict(way) for way in plan.ways],
    }


def plan_in_words(plan: SendingPlan) -> str:
    """The plan for people: sentences and two tables."""
    forecast, people = plan.forecast, plan.forecast.audience.people
    each = f"{plan.segments} segment{'s' if plan.segments > 1 else ''} each"
    words = [
        f"{people:,} people, {each}: {forecast.audience.segments:,} segments, about ${forecast.dollars:,.2f} with carriers' fees.",
        f"These lines send {plan.pace:,.4g} segments a second, so the last phone hears after {_time(forecast.lasts)}.",
    ]
    if plan.in_time < people:
        words.append(
            f"An alert holds for {_time(plan.holds)}: {plan.in_time:,} people would hear in that time, {people - plan.in_time:,} would not."
        )
    if forecast.not_today:
        words.append(
            f"About {forecast.not_today:,} people with T-Mobile would not get it today: T-Mobile takes only so much a day from one brand."
        )
    rows = [
        [line.name, KINDS[line.kind], f"{line.segments_per_second:,.4g}", f"{line.segments // plan.segments:,}"]
        for line in forecast.lines
    ]
    words += ["", _table(["line", "what it is", "segments/s", "people"], rows), ""]
    needed = forecast.audience.segments / plan.within.total_seconds()
    if plan.pace >= needed:
        words.append(f"That is within {_time(plan.within)}.")
    else:
        words.append(f"For everybody within {_time(plan.within)} you need {needed:,.4g} segments a second. Any one of:")
        words += [
            "",
            _table(["buy", "segments/s", "rent a month", "weeks until you have it", "but"], [_way(w) for w in plan.ways]),
        ]
    if plan.segments > 1:
        words += ["", "A text of one segment takes a part of that time and of that money: 160 plain letters, no á, í, ó, ú."]
    return "\n".join(words)


def duration(said: str) -> timedelta:
    """15m, 2h, 90s or 1d as a duration. Raises BadInput."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", said.strip().lower())
    if found is None or not int(found[1]):
        raise BadInput("Write a time such as 90s, 15m, 2h or 1d.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _way(way: Purchase) -> list[str]:
    what = f"{way.numbers:,} {KINDS[way.kind]}{'s' if way.numbers > 1 and way.kind is not Kind.LONG_CODE else ''}"
    but = ""
    if way.campaign_class is not None:
        vetting = carriers().classes[way.campaign_class].vetting
        campaigns = "1 campaign" if way.campaigns == 1 else f"{way.campaigns:,} campaigns"
        what += f", {campaigns} of class {way.campaign_class}"
        but = f"vetting score {vetting}"
        if way.not_today:
            but += f"; about {way.not_today:,} people with T-Mobile not today"
    elif way.kind is Kind.TOLL_FREE and way.numbers > 1:
        but = "carriers raise a toll-free number's pace on request; that needs fewer"
    return [what, f"{way.segments_per_second:,.4g}", f"${way.dollars_a_month:,.2f}", way.weeks, but]


def _time(time: timedelta) -> str:
    """A time as people say it, in its two largest units."""
    seconds = max(1, round(time.total_seconds()))
    parts = []
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " ".join(parts[:2])


def _table(head: list[str], rows: Sequence[list[str]]) -> str:
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    return "\n".join(
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [head, *rows]
    )
