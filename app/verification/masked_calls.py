"""Calls that join a dispatcher with somebody of an incident: asked for on a page, placed by the worker, joined under our number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Row, select

from app.core.database import Transaction, row_as
from app.core.errors import Conflict
from app.records.contacts import Contact, contact
from app.records.deliveries import outbound_switch
from app.records.events import record
from app.records.incidents import Incident, incident, report
from app.records.masked import CallState, MaskedCall, masked_call
from app.records.verification import offer
from app.verification.contact import Whom, check_may_reach, why_barred
from app.volunteers.tables import Volunteer, volunteer

FRESH: Final = timedelta(minutes=2)
"""A call that could not be placed, or joined, in this time is of no use: whoever asked for it has gone on."""

AT_ONCE: Final = 5
LIVE: Final = (CallState.WAITING.value, CallState.PLACING.value, CallState.RINGING.value)
"""States in which the two may still be joined."""


async def ask_for_call(work: Transaction, about: Incident, whom: Whom, by: Volunteer) -> MaskedCall:
    """Have a dispatcher's phone rung, and then the other's. Raises NotAllowed, or Conflict in words that say what is in the way."""
    await check_may_reach(work, about, by)
    if whom.barred is not None:
        raise Conflict("The hotline can't call this person. The page says why.")
    if by.contact_id is None:
        raise Conflict("The hotline does not know your phone, so it can't ring it. An administrator can add it.")
    if await work.scalar(select(outbound_switch.c.halted)):
        raise Conflict("All sending is stopped, so nobody is called.")
    waiting = await work.first(
        select(masked_call.c.id).where(
            masked_call.c.asked_by == by.id, masked_call.c.state.in_(LIVE), masked_call.c.asked_at > work.now - FRESH
        )
    )
    if waiting is not None:
        raise Conflict("Your phone is being rung already.")
    asked = MaskedCall(
        id=work.new_id(),
        contact_id=whom.contact_id,
        report_id=whom.which if whom.is_report else None,
        offer_id=None if whom.is_report else whom.which,
        asked_by=by.id,
        asked_at=work.now,
    )
    await work.add(asked)
    kind = "report" if whom.is_report else "offer"
    await record(work, "contact.called", about.id, actor_id=by.id, county=about.county, of=kind)
    return asked


async def take_calls(work: Transaction) -> list[tuple[UUID, str, str]]:
    """The calls to place now, each with the dispatcher's number (never to be logged) and language; none while the kill switch stands. What
    is too old is not placed any more."""
    await work.execute(
        masked_call.update()
        .where(masked_call.c.state == CallState.WAITING.value, masked_call.c.asked_at <= work.now - FRESH)
        .values(state=CallState.FAILED.value)
    )
    if await work.scalar(select(outbound_switch.c.halted)):
        return []
    rows = await work.all(
        select(masked_call.c.id, contact.c.id.label("contact_id"), contact.c.number_sealed, volunteer.c.interface_language)
        .join(volunteer, volunteer.c.id == masked_call.c.asked_by)
        .join(contact, contact.c.id == volunteer.c.contact_id)
        .where(masked_call.c.state == CallState.WAITING.value, contact.c.number_sealed.is_not(None))
        .order_by(masked_call.c.asked_at)
        .limit(AT_ONCE)
        .with_for_update(of=masked_call, skip_locked=True)
    )
    await _move(work, [row.id for row in rows], (CallState.WAITING,), CallState.PLACING)
    return [
        (row.id, work.unseal(row.number_sealed, "contact", "number", row.contact_id), row.interface_language) for row in rows
    ]


async def note_placed(work: Transaction, call_id: UUID, *, placed: bool) -> None:
    """Their phone rings, or the call was refused. A webhook that told more meanwhile stands."""
    await _move(work, [call_id], (CallState.PLACING,), CallState.RINGING if placed else CallState.FAILED)


async def whom_to_join(work: Transaction, call_id: UUID) -> tuple[Volunteer, str, str | None] | None:
    """Who asked for a call, the other's number (for Twilio alone) and the language to speak to them, looked up once more at the moment of
    joining. None when it may not go (any more): too late, they said stop, all is halted, or the incident is in other hands."""
    row = await work.first(
        select(masked_call, incident.c.id.label("incident_id"), incident.c.county)
        .join(report, report.c.id == masked_call.c.report_id, isouter=True)
        .join(offer, offer.c.id == masked_call.c.offer_id, isouter=True)
        .join(incident, (incident.c.id == report.c.incident_id) | (incident.c.id == offer.c.incident_id))
        .where(masked_call.c.id == call_id, masked_call.c.state.in_([*LIVE, CallState.JOINED.value]))
        .with_for_update(of=masked_call)
    )
    if row is None or row.asked_at <= work.now - FRESH or await work.scalar(select(outbound_switch.c.halted)):
        return None
    by = await work.get(Volunteer, volunteer.c.id == row.asked_by)
    person = await work.get(Contact, contact.c.id == row.contact_id)
    if by is None or person is None or person.number_sealed is None or why_barred(person) is not None:
        return None
    if row.state != CallState.JOINED:  # a step that Twilio asks for again is answered again
        await _move(work, [call_id], (*(CallState(state) for state in LIVE),), CallState.JOINED)
        await record(work, "contact.joined", row.incident_id, actor_id=by.id, county=row.county)
    return by, work.unseal(person.number_sealed, "contact", "number", person.id), person.language


async def end_call(work: Transaction, call_id: UUID, status: str) -> MaskedCall | None:
    """The call is over; `status` is Twilio's word for how the second leg ended, empty where there was none. None for one that we don't
    know."""
    said = {"ended_with": status[:32]} if status else {}
    row = await work.first(
        masked_call.update()
        .where(masked_call.c.id == call_id)
        .values(state=CallState.OVER.value, **said)
        .returning(masked_call)
    )
    return row_as(MaskedCall, dict(row._mapping)) if row is not None else None


async def calls_with(work: Transaction, whom: Whom) -> Sequence[Row[tuple[object, ...]]]:
    """The calls about a report or an offer, the oldest first: when, who asked for it (`alias`), its `state` and how it `ended_with`."""
    about = masked_call.c.report_id if whom.is_report else masked_call.c.offer_id
    return await work.all(
        select(masked_call.c.asked_at, masked_call.c.state, masked_call.c.ended_with, volunteer.c.alias)
        .join(volunteer, volunteer.c.id == masked_call.c.asked_by)
        .where(about == whom.which)
        .order_by(masked_call.c.asked_at)
    )


async def _move(work: Transaction, calls: Sequence[UUID], before: Sequence[CallState], then: CallState) -> None:
    await work.execute(
        masked_call.update()
        .where(masked_call.c.id.in_(calls), masked_call.c.state.in_([state.value for state in before]))
        .values(state=then.value)
    )
