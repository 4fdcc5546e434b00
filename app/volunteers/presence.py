"""Who is on duty now. Presence follows the plan: it begins and ends with each planned shift, unless its owner says otherwise, and what was
begun by hand ends by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, exists, or_, select

from app.core.database import Transaction, row_as
from app.records.events import record
from app.records.states import TaskState
from app.records.verification import task
from app.volunteers.hours import Span, span_at
from app.volunteers.shift_tables import weekly_shift
from app.volunteers.shifts import plans
from app.volunteers.tables import Standing, Volunteer, volunteer

LONGEST: Final = timedelta(hours=12)
"""So long presence that was begun by hand lasts: the longest shifts that networks have (field research, CORRN)."""

END_NOTICE: Final = timedelta(minutes=15)
"""So long before a shift ends whoever holds an incident hears of it: time to decide, or to write what the next person should know."""

MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Followed:
    """What following the plans brought about: whose shift began, and until when; whose ended."""

    begun: Sequence[tuple[Volunteer, datetime]]
    ended: Sequence[Volunteer]


async def begin_shift(work: Transaction, person: Volunteer, zone: str) -> datetime:
    """Somebody says that they are on duty: until their planned shift ends, if it is on, else for as long as a shift lasts. Returns until
    when."""
    planned = await planned_now(work, person, zone)
    until = planned.ends if planned else work.now + LONGEST
    await _write(work, person, on_shift=True, on_shift_until=until, verb="volunteer.shift_begun", by=person)
    return until


async def end_shift(work: Transaction, person: Volunteer, zone: str, by: Volunteer | None = None) -> None:
    """Somebody says that they are off duty, or another says so of them: the planned shift that is on, if one is, does not bring them
    back."""
    planned = await planned_now(work, person, zone)
    if planned is not None and (person.followed_at is None or person.followed_at < planned.begins):
        await work.execute(volunteer.update().where(volunteer.c.id == person.id).values(followed_at=planned.begins))
    await _write(work, person, on_shift=False, on_shift_until=None, verb="volunteer.shift_ended", by=by or person)


async def follow_plans(work: Transaction, zone: str) -> Followed:
    """Begin and end presence as planned. Each planned shift is followed once, so that who says OFF in it stays off."""
    planned = await plans(work, Span(work.now, work.now + MOMENT), zone)
    has_plan = exists().where(weekly_shift.c.volunteer_id == volunteer.c.id)
    concerned = await work.find(
        Volunteer,
        select(volunteer)
        .where(
            volunteer.c.standing == Standing.ACTIVE.value,
            or_(
                volunteer.c.id.in_(list(planned)),
                volunteer.c.on_shift_until.is_not(None),
                and_(volunteer.c.on_shift, has_plan),
            ),
        )
        .order_by(volunteer.c.id)
        .with_for_update(skip_locked=True, key_share=True),
    )
    begun: list[tuple[Volunteer, datetime]] = []
    ended: list[Volunteer] = []
    for person in concerned:
        now_on = span_at(planned.get(person.id, ()), work.now)
        if now_on is not None and (person.followed_at is None or person.followed_at < now_on.begins):
            was_on = person.on_shift
            await work.execute(volunteer.update().where(volunteer.c.id == person.id).values(followed_at=now_on.begins))
            await _write(work, person, on_shift=True, on_shift_until=now_on.ends, verb="volunteer.shift_begun")
            if not was_on:
                begun.append((person, now_on.ends))
        elif now_on is not None and person.on_shift:
            if person.on_shift_until != now_on.ends:  # the plan became longer or shorter
                await _write(work, person, on_shift=True, on_shift_until=now_on.ends)
        elif person.on_shift and person.on_shift_until is None:  # was there before they had a plan
            await _write(work, person, on_shift=True, on_shift_until=work.now + LONGEST)
        elif person.on_shift_until is not None and person.on_shift_until <= work.now:
            await _write(work, person, on_shift=False, on_shift_until=None, verb="volunteer.shift_ended")
            ended.append(person)
    return Followed(begun, ended)


async def note_ends(work: Transaction) -> list[Volunteer]:
    """Those whose shift ends soon while they hold an incident, each once an end, also where several look at once."""
    holds = exists().where(
        task.c.holder_id == volunteer.c.id, task.c.state == TaskState.LEASED.value, task.c.lease_until > work.now
    )
    ending = and_(volunteer.c.on_shift_until > work.now, volunteer.c.on_shift_until <= work.now + END_NOTICE)
    rows = await work.execute(
        volunteer.update()
        .where(
            volunteer.c.standing == Standing.ACTIVE.value,
            volunteer.c.on_shift,
            ending,
            volunteer.c.told_of_end.is_distinct_from(volunteer.c.on_shift_until),
            holds,
        )
        .values(told_of_end=volunteer.c.on_shift_until)
        .returning(volunteer)
    )
    return [row_as(Volunteer, dict(row._mapping)) for row in rows.all()]


async def planned_now(work: Transaction, person: Volunteer, zone: str) -> Span | None:
    """The planned shift of somebody that is on now."""
    planned = await plans(work, Span(work.now, work.now + MOMENT), zone, [person.id])
    return span_at(planned.get(person.id, ()), work.now)


async def _write(
    work: Transaction,
    person: Volunteer,
    *,
    on_shift: bool,
    on_shift_until: datetime | None,
    verb: str = "",
    by: Volunteer | None = None,
) -> None:
    changes = person.on_shift != on_shift
    await work.execute(
        volunteer.update().where(volunteer.c.id == person.id).values(on_shift=on_shift, on_shift_until=on_shift_until)
    )
    person.on_shift, person.on_shift_until = on_shift, on_shift_until
    if changes and verb:
        await record(work, verb, person.id, actor_id=by.id if by else None)
