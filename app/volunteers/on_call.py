"""Who is called next: the order in which people are asked to take what is urgent and in nobody's hands.

First comes who is on duty, then who is off duty and awake, then who is away or in their own quiet hours. Within each, who chose the county
comes before who covers all of them. Trainees are never counted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from app.core.database import Transaction
from app.records.contacts import contact
from app.volunteers.shift_tables import shift_change
from app.volunteers.tables import Role, Standing, volunteer


class Nearness(IntEnum):
    """How good a moment it is to call somebody; the least comes first."""

    ON_DUTY = 0
    OFF_DUTY = 1
    AWAY = 2  # they said so, or it is their quiet hour


@dataclass(frozen=True)
class Called:
    """Somebody who can be called upon. `number` is their phone in E.164 form, never to be logged or shown; `languages` are what they speak,
    the first one best; `own_county`: they chose the county, and do not merely cover every one."""

    volunteer_id: UUID
    alias: str
    contact_id: UUID
    number: str = field(repr=False)
    languages: tuple[str, ...]
    nearness: Nearness
    own_county: bool


async def who_is_next(work: Transaction, role: Role, county: str | None, *, language: str | None = None) -> list[Called]:
    """Everybody with a role (PRIMARY is `Role.DISPATCHER`, then `Role.BACKUP`, then `Role.LEAD`) who covers a county, in the order in which
    they are to be called; with no county known, all who have the role. `language`: who speaks it comes first among equals."""
    statement = (
        select(volunteer, contact.c.number_sealed)
        .join(contact, contact.c.id == volunteer.c.contact_id)
        .where(
            volunteer.c.standing == Standing.ACTIVE.value,
            ~volunteer.c.trainee,
            volunteer.c.roles.contains([role.value]),
            contact.c.stopped_at.is_(None),
            contact.c.number_sealed.is_not(None),
        )
    )
    if county is not None:
        statement = statement.where(or_(func.cardinality(volunteer.c.counties) == 0, volunteer.c.counties.contains([county])))
    away = select(shift_change.c.volunteer_id).where(
        shift_change.c.away, shift_change.c.begins_at <= work.now, shift_change.c.ends_at > work.now
    )
    rows, gone = await work.all(statement), set((await work.execute(away)).scalars())
    people = [
        Called(
            row.id,
            row.alias,
            row.contact_id,
            work.unseal(row.number_sealed, "contact", "number", row.contact_id),
            tuple(row.languages),
            nearness(
                on_duty=row.on_shift,
                away=row.id in gone,
                quiet=(row.quiet_from, row.quiet_until),
                zone=row.quiet_zone,
                now=work.now,
            ),
            county is not None and county in row.counties,
        )
        for row in rows
    ]
    return in_order(people, language)


def in_order(people: Iterable[Called], language: str | None = None) -> list[Called]:
    """People in the order in which they are to be called. Pure."""
    return sorted(
        people,
        key=lambda one: (one.nearness, not one.own_county, language is not None and language not in one.languages, one.alias),
    )


def nearest(people: Sequence[Called]) -> list[Called]:
    """Those to whom all at once it can be said: everybody on duty; where nobody is, everybody who is off; else whoever there is. Pure."""
    return [one for one in people if one.nearness == min(other.nearness for other in people)]


def nearness(*, on_duty: bool, away: bool, quiet: tuple[int | None, int | None], zone: str | None, now: datetime) -> Nearness:
    """How good a moment `now` is: `quiet` are the hours of the day in `zone`, perhaps over midnight, in which they are not to be asked.
    Pure."""
    if on_duty:
        return Nearness.ON_DUTY
    begins, ends = quiet
    if begins is not None and ends is not None and zone is not None:
        hour = now.astimezone(ZoneInfo(zone)).hour
        away = away or (begins <= hour < ends if begins <= ends else hour >= begins or hour < ends)
    return Nearness.AWAY if away else Nearness.OFF_DUTY
