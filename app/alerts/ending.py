"""No alert ends unnoticed: some time before, and until somebody has chosen, the organizers are asked: all clear, longer, or let it end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select

from app.core.database import Transaction
from app.core.errors import Conflict
from app.records.alerts import TELLING, WENT_OUT, Alert, AlertType, alert, alert_reference
from app.records.events import record
from app.records.states import AlertState
from app.volunteers.tables import Volunteer

REMIND_BEFORE: Final = timedelta(minutes=20)
"""So long before its end an alert is brought before the organizers: time to look again, and for a second signature."""

ASKED_AFTER: Final = timedelta(hours=24)
"""So long after its end the board still asks about an alert for which nobody chose anything."""


async def due_reminders(work: Transaction) -> list[Alert]:
    """The alerts that end soon and that nobody was reminded of; from now on they count as reminded."""
    found = await work.find(
        Alert,
        select(alert)
        .where(_open_ended(), alert.c.state == AlertState.APPROVED.value, alert.c.reminded_at.is_(None))
        .where(alert.c.expires_at <= work.now + REMIND_BEFORE, alert.c.expires_at > work.now)
        .order_by(alert.c.expires_at)
        .with_for_update(skip_locked=True),
    )
    await work.execute(alert.update().where(alert.c.id.in_([one.id for one in found])).values(reminded_at=work.now))
    return found


async def undecided_ends(work: Transaction) -> Sequence[Alert]:
    """The alerts about whose end somebody has to choose: they end soon, or ended without a word."""
    return await work.find(
        Alert,
        select(alert)
        .where(_open_ended(), alert.c.expires_at <= work.now + REMIND_BEFORE, alert.c.expires_at > work.now - ASKED_AFTER)
        .order_by(alert.c.expires_at),
    )


async def let_end(work: Transaction, alert_id: UUID, by: Volunteer) -> Alert:
    """Somebody chose that an alert ends by itself, with no further word to those who got it. Raises Conflict where that was chosen."""
    ends = await work.get(Alert, alert.c.id == alert_id, lock=True)
    if ends is None or ends.type not in TELLING or ends.approved_at is None:
        raise Conflict("That alert does not exist.")
    if ends.let_end_by is not None:
        raise Conflict("Somebody chose already to let it end.")
    await work.execute(alert.update().where(alert.c.id == ends.id).values(let_end_by=by.id))
    await record(work, "alert.let_end", ends.id, actor_id=by.id, county=ends.county, code=ends.code)
    return ends


def _open_ended() -> ColumnElement[bool]:
    """Went out, says that something is there, and nothing that went out or waits for a signature updates, takes back or closes it."""
    later = alert.alias("later")
    followed = exists().where(
        alert_reference.c.earlier_id == alert.c.id,
        later.c.id == alert_reference.c.alert_id,
        or_(later.c.approved_at.is_not(None), later.c.state == AlertState.PROPOSED.value),
        later.c.type != AlertType.ALERT.value,
    )
    return (
        alert.c.type.in_(TELLING)
        & alert.c.state.in_(WENT_OUT)
        & alert.c.approved_at.is_not(None)
        & alert.c.let_end_by.is_(None)
        & ~followed
    )
