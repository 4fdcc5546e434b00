"""Are they OK? Whoever is on the way or there is asked after a while; who does not answer, or says no, is an alarm until they do.

No incident is locked here, so that a sweep waits for nobody: offers that others hold are looked at by the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from app.core.database import Transaction
from app.records.events import record
from app.records.incidents import Incident
from app.records.states import OfferState
from app.records.verification import Offer, offer
from app.volunteers.tables import Role, Standing, volunteer

ASK_AFTER: Final = timedelta(minutes=15)
"""So long after a yes, an arrival or a sign of life we ask (DESIGN section 5)."""

ANSWER_WITHIN: Final = timedelta(minutes=5)
"""So long the question waits for an answer before somebody is alarmed."""

MOST_AT_ONCE: Final = 50


async def take_due(work: Transaction) -> list[Offer]:
    """The offers whose verifier is to be asked now whether they are OK; from now on they are asked."""
    due = await work.find(Offer, _on_the_way(offer.c.check_at <= work.now, offer.c.check_asked_at.is_(None)))
    await _write([one.id for one in due], work, check_asked_at=work.now)
    return due


async def take_silent(work: Transaction) -> list[Offer]:
    """The offers whose verifier was asked and did not answer in time; from now on each is an alarm."""
    silent = await work.find(
        Offer, _on_the_way(offer.c.check_asked_at <= work.now - ANSWER_WITHIN, offer.c.alarmed_at.is_(None))
    )
    await _write([one.id for one in silent], work, alarmed_at=work.now)
    return silent


async def note_sign_of_life(work: Transaction, made: Offer, about: Incident) -> bool:
    """They wrote: the question is answered, an alarm is over, and the next question waits again. Returns whether they had been asked."""
    asked, alarmed = made.check_asked_at is not None, made.alarmed_at is not None
    made.check_at, made.check_asked_at, made.alarmed_at = work.now + ASK_AFTER, None, None
    await _write([made.id], work, check_at=made.check_at, check_asked_at=None, alarmed_at=None)
    if alarmed:
        await record(work, "offer.safe", about.id, actor_id=made.volunteer_id, county=about.county)
    return asked


async def raise_alarm(work: Transaction, made: Offer) -> bool:
    """They say that they are not OK. Returns whether that is news."""
    if made.alarmed_at is not None:
        return False
    await _write([made.id], work, check_asked_at=work.now, alarmed_at=work.now)
    made.check_asked_at = made.alarmed_at = work.now
    return True


async def whom_to_alarm(work: Transaction, made: Offer) -> Sequence[UUID]:
    """The phones of whoever asked them to go and of every dispatcher and lead on shift; never their own."""
    on_duty = volunteer.c.on_shift & volunteer.c.roles.overlap([Role.DISPATCHER.value, Role.LEAD.value])
    rows = await work.execute(
        select(volunteer.c.contact_id).where(
            volunteer.c.standing == Standing.ACTIVE.value,
            volunteer.c.contact_id.is_not(None),
            volunteer.c.id != made.volunteer_id,
            or_(volunteer.c.id == made.offered_by, on_duty),
        )
    )
    return rows.scalars().all()


def _on_the_way(*where: ColumnElement[bool]) -> Select[Offer]:
    return (
        select(offer)
        .where(offer.c.state == OfferState.ACCEPTED.value, *where)
        .order_by(offer.c.offered_at)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )


async def _write(ids: Sequence[UUID], work: Transaction, **facts: object) -> None:
    if ids:
        await work.execute(offer.update().where(offer.c.id.in_(ids)).values(**facts))
