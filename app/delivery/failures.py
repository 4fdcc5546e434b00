"""What a failure says of a person: an opt-out with the carrier is one here too, a dead number rests, a phone that is off gets three
chances."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, true

from app.core.database import Transaction
from app.records.contacts import contact
from app.records.deliveries import delivery
from app.records.states import DeliveryState
from app.subscribers.consent import Consent, stop
from app.subscribers.tables import ConsentKind, consent_event
from app.telephony.addresses import Channel
from app.telephony.error_codes import Action, error_code, error_codes

IN_A_ROW: Final = 3
"""So many failures that count against a number, with no delivery between them, rest it."""

REST: Final = timedelta(days=1)
"""For so long a number rests that might work again by itself. One that can't rests until its owner writes or subscribes."""

A_LITTLE_LATER: Final = timedelta(minutes=1)
CARRIERS_ZONE: Final = ZoneInfo("America/Los_Angeles")
"""Carriers' daily caps begin anew at midnight there."""

BY_TEXT: Final = (Channel.SMS.value, Channel.MMS.value, Channel.WHATSAPP.value)
"""Where a wish in the ledger came from that the person's own phone texted; a list or a web page lifts no block of Twilio's."""

COUNTING: Final = tuple(code for code, row in error_codes().items() if row.action is Action.COUNT)


def goes_again_at(action: Action, now: datetime) -> datetime:
    """When a text that was dropped for this reason may go again. What waits with the whole line has no time of its own."""
    if action is Action.LATER:
        return now + A_LITTLE_LATER
    if action is Action.TOMORROW:
        there = now.astimezone(CARRIERS_ZONE)
        return (there + timedelta(days=1)).replace(hour=0, minute=1, second=0, microsecond=0)
    return now


async def act_on_failure(work: Transaction, contact_id: UUID, code: int | None, claimed_at: datetime) -> None:
    """Draw the consequence for the person of a text that failed for good and was claimed at an instant."""
    match error_code(code).action:
        case Action.OPT_OUT:
            await _opt_out(work, contact_id, code, claimed_at)
        case Action.QUARANTINE:
            await _rest(work, contact_id, until=None)
        case Action.COUNT if await _failed_in_a_row(work, contact_id) >= IN_A_ROW:
            await _rest(work, contact_id, until=work.now + REST)


async def release(work: Transaction, contact_id: UUID) -> None:
    """A number that was thought dead got a text after all."""
    await work.execute(
        contact.update()
        .where(contact.c.id == contact_id, contact.c.unreachable_at.is_not(None))
        .values(unreachable_at=None, unreachable_until=None)
    )


async def _opt_out(work: Transaction, contact_id: UUID, code: int | None, claimed_at: datetime) -> None:
    """The ledger gets its line too, once: what a carrier knows is as good as what we heard.

    Twilio blocks the pair of a phone and one of our lines (or its Messaging Service). We stop every line: who says stop to a number of the
    hotline means the hotline, and texting them from another would be what carriers call snowshoeing. Only what they texted since the claim
    outweighs it: START or JOIN lifts the block of its line before it reaches us, so the refusal is of before. Were it of another line, the
    next text is refused again, and then it is the newer word."""
    person = await work.first(
        select(contact.c.number_hash, contact.c.stopped_at).where(contact.c.id == contact_id).with_for_update()
    )
    if person is None or person.stopped_at is not None:
        return
    asked_since = select(func.count()).where(
        consent_event.c.number_hash == person.number_hash,
        consent_event.c.kind.in_((ConsentKind.OPT_IN.value, ConsentKind.RESUME.value)),
        consent_event.c.source.in_(BY_TEXT),
        consent_event.c.at > claimed_at,
    )
    if not await work.scalar(asked_since):
        await stop(work, Consent(contact_id, person.number_hash, f"error {code}", "carrier.opt_out", "carrier"))


async def _rest(work: Transaction, contact_id: UUID, until: datetime | None) -> None:
    await work.execute(
        contact.update()
        .where(contact.c.id == contact_id, contact.c.unreachable_at.is_(None) | (contact.c.unreachable_until <= work.now))
        .values(unreachable_at=work.now, unreachable_until=until)
    )


async def _failed_in_a_row(work: Transaction, contact_id: UUID) -> int:
    theirs = delivery.c.contact_id == contact_id
    last_delivery = (
        select(func.max(delivery.c.done_at)).where(theirs, delivery.c.state == DeliveryState.DELIVERED.value).scalar_subquery()
    )
    return int(
        await work.scalar(
            select(func.count()).where(
                theirs,
                delivery.c.error_code.in_(COUNTING),
                func.coalesce(delivery.c.done_at > last_delivery, true()),
            )
        )
    )
