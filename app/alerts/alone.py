"""Break-glass: one person sends an alert alone, where an administrator allowed that for a county and a while; a second looks afterwards.

Two people is the rule, and it stays the rule where nobody turned this on. Whoever turned it on may not use it, so that two people are in it
even then; PostgreSQL holds that, the county and the time as well (migration `alone`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotAllowed
from app.records.alerts import Alert, BreakGlass, alert, break_glass
from app.records.events import record
from app.volunteers.tables import Role, Volunteer

LONGEST: Final = timedelta(hours=24)
"""So long at most a county stays open to one person."""

LEAST_REASON: Final = 15
"""Characters of a written reason; "urgent" is none."""


async def allow_alone(work: Transaction, county: str, lasts: timedelta, reason: str, by: Volunteer) -> BreakGlass:
    """Let alerts to a county be sent by one person for a while. Raises NotAllowed, BadInput, Conflict where that is so already."""
    if Role.ADMIN not in by.roles:
        raise NotAllowed("Only administrators let one person send alone.")
    if not timedelta(0) < lasts <= LONGEST:
        raise BadInput("At most a day.")
    _check(reason)
    await work.lock("break_glass", county)
    if await allowed_now(work, county) is not None:
        raise Conflict("That county is open already. End that first.")
    made = BreakGlass(
        id=work.new_id(), county=county, reason=reason, enabled_by=by.id, enabled_at=work.now, expires_at=work.now + lasts
    )
    await work.add(made)
    await record(
        work, "break_glass.allowed", made.id, actor_id=by.id, county=county, reason=reason, until=made.expires_at.isoformat()
    )
    return made


async def end_allowance(work: Transaction, glass_id: UUID, by: Volunteer) -> None:
    """Back to two people. Raises NotAllowed, or Conflict where it is over already."""
    if Role.ADMIN not in by.roles:
        raise NotAllowed("Only administrators let one person send alone.")
    ended = await work.first(
        break_glass.update()
        .where(break_glass.c.id == glass_id, break_glass.c.ended_at.is_(None), break_glass.c.expires_at > work.now)
        .values(ended_at=work.now)
        .returning(break_glass.c.county)
    )
    if ended is None:
        raise Conflict("That is over already.")
    await record(work, "break_glass.ended", glass_id, actor_id=by.id, county=ended.county)


async def allowed_now(work: Transaction, county: str | None = None) -> BreakGlass | None:
    """What lets one person send to a county (or to any) now, or None, as it is by default."""
    statement = select(break_glass).where(break_glass.c.ended_at.is_(None), break_glass.c.expires_at > work.now)
    if county is not None:
        statement = statement.where(break_glass.c.county == county)
    found = await work.find(BreakGlass, statement.order_by(break_glass.c.expires_at))
    return found[0] if found else None


async def check_alone(work: Transaction, one: Alert, by: Volunteer, reason: str) -> BreakGlass:
    """What allows this person to send an alert that they wrote. Raises NotAllowed or BadInput."""
    glass = await allowed_now(work, one.county)
    if glass is None:
        raise NotAllowed("You wrote this alert; someone else must approve it.")
    if glass.enabled_by == by.id:
        raise NotAllowed("You let this county be told by one person, so that person can't be you.")
    _check(reason)
    return glass


async def review_alone(work: Transaction, alert_id: UUID, reviewer: Volunteer, note: str) -> Alert:
    """A second person looks afterwards at what one sent alone. Raises NotAllowed or Conflict."""
    looked = await work.get(Alert, alert.c.id == alert_id, lock=True)
    if looked is None or looked.break_glass_id is None:
        raise Conflict("Two people signed this alert; there is nothing to review.")
    if not {Role.ORGANIZER, Role.ADMIN} & set(reviewer.roles) or looked.approver_id == reviewer.id:
        raise NotAllowed("Someone else, an organizer or administrator, must review what one person sent alone.")
    if looked.reviewed_by is not None:
        raise Conflict("Somebody reviewed this already.")
    change = {"reviewed_by": reviewer.id, "reviewed_at": work.now, "review_note": note[:400]}
    await work.execute(alert.update().where(alert.c.id == looked.id).values(change))
    await record(
        work, "alert.reviewed", looked.id, actor_id=reviewer.id, county=looked.county, code=looked.code, note=note[:400]
    )
    return looked


async def unreviewed(work: Transaction) -> Sequence[Alert]:
    """What one person sent alone and nobody has looked at, the oldest first."""
    alone = select(alert).where(alert.c.break_glass_id.is_not(None), alert.c.reviewed_by.is_(None))
    return await work.find(Alert, alone.order_by(alert.c.approved_at))


def _check(reason: str) -> None:
    if len(reason.strip()) < LEAST_REASON:
        raise BadInput("Write the reason in a sentence.")
