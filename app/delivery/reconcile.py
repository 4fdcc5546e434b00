"""Texts whose outcome nobody told us: after a while Twilio's own log is asked, and only what it proves absent may be sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import func, select

from app.core.database import Database, Transaction
from app.delivery.callbacks import hear_status
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery, outgoing_text
from app.records.states import DeliveryState
from app.telephony.rest import LoggedText, OutcomeUnknown, TextCarrier

log = structlog.get_logger(__name__)

GRACE: Final = timedelta(seconds=20)
"""How long an unknown outcome waits for its callback before the log is asked. Twilio's log may lag by some seconds."""

CLOCK_SLACK: Final = timedelta(minutes=2)
"""How far Twilio's clock and ours may differ when the log is searched."""

SENT_AGAIN: Final = frozenset({Lane.REPLY, Lane.DISPATCH, Lane.ALERT, Lane.CORRECTION})
"""Lanes in which a text that was proven absent is sent again. For the others a missing text does less harm than a doubled one."""

MOST_AT_ONCE: Final = 50

ASK_AGAIN: Final = timedelta(minutes=1)
STOP_ASKING: Final = timedelta(hours=4)
"""Twilio drops a text after its validity, four hours at most here; what it did not tell by then it will not."""


@dataclass(frozen=True)
class Doubtful:
    """A text that may or may not have been sent."""

    id: UUID
    lane: Lane
    number: str
    body: str
    claimed_at: datetime


async def find_doubtful(work: Transaction, grace: timedelta = GRACE) -> list[Doubtful]:
    """Turn claims whose lease ran out into unknown outcomes, and return those that waited long enough to be looked up."""
    await work.execute(
        delivery.update()
        .where(delivery.c.state == DeliveryState.SENDING.value, delivery.c.lease_until <= work.now)
        .values(state=DeliveryState.UNKNOWN.value)
    )
    rows = await work.all(
        select(
            delivery.c.id,
            delivery.c.lane,
            delivery.c.claimed_at,
            delivery.c.contact_id,
            contact.c.number_sealed,
            outgoing_text.c.id.label("text_id"),
            outgoing_text.c.body_sealed,
        )
        .join(contact, contact.c.id == delivery.c.contact_id)
        .join(
            outgoing_text,
            (outgoing_text.c.message_id == delivery.c.message_id) & (outgoing_text.c.language == delivery.c.language),
        )
        .where(
            delivery.c.state == DeliveryState.UNKNOWN.value,
            func.coalesce(delivery.c.lease_until, delivery.c.claimed_at) <= work.now - grace,
            contact.c.number_sealed.is_not(None),
        )
        .order_by(delivery.c.claimed_at)
        .limit(MOST_AT_ONCE)
    )
    return [
        Doubtful(
            row.id,
            Lane(row.lane),
            work.unseal(row.number_sealed, "contact", "number", row.contact_id),
            work.unseal(row.body_sealed, "outgoing_text", "body", row.text_id),
            row.claimed_at,
        )
        for row in rows
    ]


async def reconcile(database: Database, carrier: TextCarrier, grace: timedelta = GRACE) -> int:
    """Look up every doubtful text that is due. Returns how many were settled. No transaction is open while Twilio is asked."""
    async with database.transaction() as work:
        doubtful = await find_doubtful(work, grace)
    settled = 0
    for one in doubtful:
        try:
            logged = await carrier.log_of(one.number, one.claimed_at - CLOCK_SLACK)
        except OutcomeUnknown as error:
            log.warning("twilio_log_not_read", error=str(error))
            continue
        async with database.transaction() as work:
            await settle(work, one, logged)
        settled += 1
    return settled


async def ask_after(database: Database, carrier: TextCarrier, patience: timedelta = GRACE) -> int:
    """Ask Twilio about texts that it took and of whose end no callback told: callbacks get lost while we are away. Returns how many."""
    async with database.transaction() as work:
        rows = await work.execute(
            delivery.update()
            .where(
                delivery.c.id.in_(
                    select(delivery.c.id)
                    .where(
                        delivery.c.state == DeliveryState.SENT.value,
                        delivery.c.sid.is_not(None),
                        delivery.c.sent_at <= work.now - patience,
                        delivery.c.sent_at > work.now - STOP_ASKING,
                        (delivery.c.lease_until.is_(None)) | (delivery.c.lease_until <= work.now),
                    )
                    .order_by(delivery.c.sent_at)
                    .limit(MOST_AT_ONCE)
                    .with_for_update(skip_locked=True)
                )
            )
            .values(lease_until=work.now + ASK_AGAIN)
            .returning(delivery.c.id, delivery.c.sid)
        )
        unheard = rows.all()
    for row in unheard:
        try:
            status, code = await carrier.status_of(row.sid)
        except OutcomeUnknown as error:
            log.warning("twilio_log_not_read", error=str(error))
            continue
        async with database.transaction() as work:
            await hear_status(work, row.id, row.sid, status, code)
    return len(unheard)


async def settle(work: Transaction, one: Doubtful, logged: Sequence[LoggedText]) -> None:
    """Decide a doubtful text by what Twilio's log holds: adopt it, send it again, or give it up."""
    known = set((await work.execute(select(delivery.c.sid).where(delivery.c.sid.in_([t.sid for t in logged])))).scalars())
    match = next((t for t in logged if t.body == one.body and t.sid not in known), None)
    if match is not None:
        await hear_status(work, one.id, match.sid, match.status, match.error_code)
        log.info("delivery_found_in_log", delivery=str(one.id))
        return
    if one.lane in SENT_AGAIN:
        values: dict[str, object] = {"state": DeliveryState.PENDING.value, "lease_until": None}
        log.info("delivery_proven_absent", delivery=str(one.id))
    else:
        values = {"state": DeliveryState.FAILED.value, "done_at": work.now, "lease_until": None}
    await work.execute(
        delivery.update().where(delivery.c.id == one.id, delivery.c.state == DeliveryState.UNKNOWN.value).values(values)
    )
