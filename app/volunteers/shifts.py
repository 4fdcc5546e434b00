"""Planning when somebody is on duty: weekly shifts, single changes, and what follows from them for everybody at any time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotFound
from app.records.events import record
from app.volunteers.hours import LONGEST_MEMORY, MINUTES_A_DAY, Change, Span, Weekly, planned_spans
from app.volunteers.shift_tables import ShiftChange, WeeklyShift, noticed_gap, shift_change, swap, weekly_shift
from app.volunteers.tables import Volunteer

MOST_WEEKLY: Final = 21
"""So many weekly shifts one person may have: three a day."""

LONGEST_CHANGE: Final = timedelta(days=62)
"""So long one may be away with one word."""

LONGEST_EXTRA: Final = timedelta(hours=24)

REMEMBERED: Final = timedelta(days=30)
"""So long after its end a change of a shift is kept."""


async def add_weekly(work: Transaction, person: Volunteer, hours: Weekly, by: Volunteer) -> None:
    """Have a shift come again every week. Raises BadInput for hours that no day has, Conflict when it is there already or they have too
    many."""
    if not (0 <= hours.weekday < 7 and 0 <= hours.begins < MINUTES_A_DAY and 0 < hours.ends <= MINUTES_A_DAY):
        raise BadInput("That is not an hour of the day.")
    if hours.begins == hours.ends:
        raise BadInput("A shift can't end when it begins.")
    have = await weekly_of(work, person.id)
    if any((one.weekday, one.begins, one.ends) == (hours.weekday, hours.begins, hours.ends) for one in have):
        raise Conflict("This shift is there already.")
    if len(have) >= MOST_WEEKLY:
        raise Conflict("That is more shifts than a week can hold. Remove one first.")
    row = WeeklyShift(
        id=work.new_id(),
        volunteer_id=person.id,
        weekday=hours.weekday,
        begins=hours.begins,
        ends=hours.ends,
        created_at=work.now,
    )
    await work.add(row)
    await record(work, "shift.weekly_added", person.id, actor_id=by.id, alias=person.alias, hours=_said(row))


async def remove_weekly(work: Transaction, person: Volunteer, shift_id: UUID, by: Volunteer) -> None:
    """Have a weekly shift come no more. Raises NotFound."""
    row = await work.get(WeeklyShift, weekly_shift.c.id == shift_id, weekly_shift.c.volunteer_id == person.id, lock=True)
    if row is None:
        raise NotFound("This shift is not there any more.")
    await work.execute(weekly_shift.delete().where(weekly_shift.c.id == row.id))
    await record(work, "shift.weekly_removed", person.id, actor_id=by.id, alias=person.alias, hours=_said(row))


async def change_once(work: Transaction, person: Volunteer, span: Span, by: Volunteer, *, away: bool) -> None:
    """Be away in a span, or there in it, once; this word holds over earlier ones. Raises BadInput for a span that is over or too long."""
    if span.ends <= work.now:
        raise BadInput("That is over already.")
    if span.begins >= span.ends:
        raise BadInput("A shift can't end when it begins.")
    if span.ends - span.begins > (LONGEST_CHANGE if away else LONGEST_EXTRA):
        raise BadInput("That is too long. Say it in parts.")
    row = ShiftChange(
        id=work.new_id(),
        volunteer_id=person.id,
        away=away,
        begins_at=span.begins,
        ends_at=span.ends,
        created_at=work.now,
    )
    await work.add(row)
    verb = "shift.away" if away else "shift.extra"
    hours = f"{span.begins.isoformat()}/{span.ends.isoformat()}"
    await record(work, verb, person.id, actor_id=by.id, alias=person.alias, hours=hours)


async def weekly_of(work: Transaction, volunteer_id: UUID) -> list[WeeklyShift]:
    """Somebody's weekly shifts, in the order of the week."""
    return await work.find(
        WeeklyShift,
        select(weekly_shift)
        .where(weekly_shift.c.volunteer_id == volunteer_id)
        .order_by(weekly_shift.c.weekday, weekly_shift.c.begins, weekly_shift.c.ends),
    )


async def plans(work: Transaction, window: Span, zone: str, who: Iterable[UUID] | None = None) -> Mapping[UUID, Sequence[Span]]:
    """When people plan to be on duty, by person; those of `who`, or everybody. People without any plan in the window are not in it."""
    weekly, changes = select(weekly_shift), select(shift_change).where(shift_change.c.ends_at > window.begins - LONGEST_MEMORY)
    if who is not None:
        ids = list(who)
        weekly = weekly.where(weekly_shift.c.volunteer_id.in_(ids))
        changes = changes.where(shift_change.c.volunteer_id.in_(ids))
    by_person: dict[UUID, tuple[list[Weekly], list[Change]]] = {}
    for row in await work.all(weekly):
        by_person.setdefault(row.volunteer_id, ([], []))[0].append(Weekly(row.weekday, row.begins, row.ends))
    for row in await work.all(changes.order_by(shift_change.c.number)):
        said = Change(Span(row.begins_at, row.ends_at), row.away)
        by_person.setdefault(row.volunteer_id, ([], []))[1].append(said)
    planned = {person: planned_spans(*given, window, zone) for person, given in by_person.items()}
    return {person: spans for person, spans in planned.items() if spans}


async def forget_old_plans(work: Transaction) -> int:
    """Delete what changed shifts that are long over, who swapped them, and which gaps were noticed. Returns how many rows."""
    before = work.now - REMEMBERED
    gone = 0
    for old in (shift_change.c.ends_at, swap.c.ends_at, noticed_gap.c.ends_at):
        gone += len((await work.execute(old.table.delete().where(old < before).returning(old))).all())
    return gone


def _said(row: WeeklyShift) -> str:
    """Example: "4 1080-1320"."""
    return f"{row.weekday} {row.begins}-{row.ends}"
