"""Coverage, a page of its own: who will be there for whom in the coming week, and gaps that leads hear of before they hurt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.delivery.plan import Message, plan_to
from app.delivery.quiet_hours import next_opening
from app.hotline import Hotline, wake_all
from app.records.deliveries import Lane
from app.records.events import record
from app.subscribers.tables import Topic, subscription
from app.volunteers.coverage import EVERY_COUNTY, Duty, Gap, Helper, after, find_gaps, wanted_spans
from app.volunteers.hours import DAY, Span
from app.volunteers.on_call import Nearness, who_is_next
from app.volunteers.shift_tables import noticed_gap
from app.volunteers.shifts import plans
from app.volunteers.spoken import say_span
from app.volunteers.tables import Role, Standing, Volunteer, volunteer

DAYS: Final = 7
"""So many days ahead one looks."""

WARNED_AHEAD: Final = timedelta(hours=24)
"""So long before a gap the leads hear of it."""

FEWEST_SUBSCRIBERS: Final = 5
"""From so many subscribers on a county is looked at, also where no volunteer named it; of fewer no page tells."""


@dataclass(frozen=True)
class Cover:
    """The coming week: its days, the counties that are looked at (FIPS codes; EVERY_COUNTY alone where none is named), who is counted on,
    the hours of each day that should be covered, and what nobody covers of what is still to come."""

    days: tuple[date, ...]
    counties: tuple[str, ...]
    helpers: tuple[Helper, ...]
    wanted: tuple[Span, ...]
    gaps: tuple[Gap, ...]


async def read_cover(work: Transaction, hotline: Hotline, hours: tuple[int, int]) -> Cover:
    """The coming week, with today. `hours` are those of the day, 0 to 24, between which somebody should be there."""
    today = work.now.astimezone(ZoneInfo(hotline.time_zone)).date()
    wanted = wanted_spans(today, DAYS, *hours, hotline.time_zone)
    whole = wanted_spans(today, DAYS, 0, 24, hotline.time_zone)
    people = await work.find(
        Volunteer, select(volunteer).where(volunteer.c.standing == Standing.ACTIVE.value, ~volunteer.c.trainee)
    )
    planned = await plans(work, Span(whole[0].begins, whole[-1].ends), hotline.time_zone, [person.id for person in people])
    helpers = [
        Helper(person.alias, _duties(person), frozenset(person.counties), tuple(planned.get(person.id, ())))
        for person in people
    ]
    counties = await _watched(work, hotline, helpers)
    gaps = find_gaps(helpers, counties, after(wanted, work.now))
    return Cover(tuple(today + DAY * n for n in range(DAYS)), counties, tuple(helpers), tuple(wanted), tuple(gaps))


async def warn_of_gaps(work: Transaction, hotline: Hotline, hours: tuple[int, int]) -> int:
    """By day, leads are told of each gap once that begins within a day. Returns of how many. Nobody is told where nobody plans shifts."""
    if next_opening(work.now, hotline.time_zone) is not None:
        return 0
    seen = await read_cover(work, hotline, hours)
    if not any(helper.spans for helper in seen.helpers):
        return 0
    fresh = [
        (gap, county)
        for gap in seen.gaps
        if gap.span.begins <= work.now + WARNED_AHEAD
        for county in gap.counties
        if await _is_news(work, gap, county)
    ]
    by_lead: dict[UUID, list[tuple[Gap, str]]] = {}
    for gap, county in fresh:
        leads = await who_is_next(work, Role.LEAD, county or None)
        awake = [lead for lead in leads if lead.nearness is not Nearness.AWAY] or leads
        for lead in awake:
            by_lead.setdefault(lead.contact_id, []).append((gap, county))
        begins = gap.span.begins.isoformat()
        await record(work, "coverage.gap", county=county or None, duty=gap.duty.value, begins=begins, leads=len(awake))
    for phone, found in by_lead.items():
        await _tell(work, hotline, phone, found)
    if by_lead:
        wake_all(work, hotline)
    return len(fresh)


async def _tell(work: Transaction, hotline: Hotline, lead: UUID, found: Sequence[tuple[Gap, str]]) -> None:
    """One text, about the first gap, and how many more there are."""
    gap, county = found[0]
    blanks = {
        "county": {language: _county(hotline, county, language) for language in hotline.texts.by_language},
        "when": {language: say_span(gap.span, hotline.time_zone, language) for language in hotline.texts.by_language},
    }
    part = gap.duty.value if len(found) == 1 else f"{gap.duty.value}_more"
    more = {} if len(found) == 1 else {"count": len(found) - 1}
    texts = hotline.texts.in_every_language(f"coverage.{part}", **blanks, **more)
    ends = max(gap.span.ends for gap, _ in found)
    await plan_to(work, Message(Lane.BROADCAST, "gap", texts, expires_at=ends), [lead])


async def _is_news(work: Transaction, gap: Gap, county: str) -> bool:
    """Whether nobody was told of a gap yet. A gap that has begun is the one that was told of before it did."""
    told = await work.first(
        select(noticed_gap.c.begins_at).where(
            noticed_gap.c.duty == gap.duty.value,
            noticed_gap.c.county == county,
            noticed_gap.c.begins_at <= gap.span.begins,
            noticed_gap.c.ends_at >= gap.span.ends,
        )
    )
    if told is not None:
        return False
    row = {"duty": gap.duty.value, "county": county, "begins_at": gap.span.begins, "ends_at": gap.span.ends}
    known = insert(noticed_gap).values(**row, noticed_at=work.now)
    longer = {"ends_at": known.excluded.ends_at, "noticed_at": work.now}
    await work.execute(known.on_conflict_do_update(index_elements=["duty", "county", "begins_at"], set_=longer))
    return True


async def _watched(work: Transaction, hotline: Hotline, helpers: Sequence[Helper]) -> tuple[str, ...]:
    """The counties that volunteers named, and those in which people count on us."""
    rows = await work.execute(
        select(subscription.c.county)
        .where(subscription.c.topic == Topic.ALERTS.value, subscription.c.ended_at.is_(None))
        .group_by(subscription.c.county)
        .having(func.count() >= FEWEST_SUBSCRIBERS)
    )
    named = {*rows.scalars(), *(county for helper in helpers for county in helper.counties)}
    known = [county.fips for county in hotline.counties if county.fips in named]
    return tuple(known) or (EVERY_COUNTY,)


def _duties(person: Volunteer) -> frozenset[Duty]:
    has = {
        Duty.DESK: Role.DISPATCHER in person.roles,
        Duty.FIELD: Role.VERIFIER in person.roles and person.trained,
        Duty.BACKUP: Role.BACKUP in person.roles,
        Duty.LEAD: Role.LEAD in person.roles,
    }
    return frozenset(duty for duty, is_so in has.items() if is_so)


def _county(hotline: Hotline, fips: str, language: str) -> str:
    return hotline.counties.by_fips(fips).label(language) if fips else hotline.texts.say("coverage.anywhere", language)
