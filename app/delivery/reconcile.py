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
from app.core.keys import KeyProblem
from app.delivery.callbacks import hear_status, match_parked
from app.delivery.outbox import MOST_ATTEMPTS
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
"""Lanes in which a text that was proven absent is sent again: what someone waits for or must know, and what takes an alert back. For the
others, rights texts and broadcasts, a missing text does less harm than a doubled one."""

MOST_AT_ONCE: Final = 50

ASK_AGAIN: Final = timedelta(minutes=1)
STOP_ASKING: Final = timedelta(hours=4)
"""Twilio drops a text after its validity, four hours at most here; what it did not tell by then it will not."""


@dataclass(frozen=True)
class Doubtful:
    """A text that may or may not have been sent, by the try that `fence` numbers."""

    id: UUID
    fence: int
    attempts: int
    lane: Lane
    number: str
    body: str
    claimed_at: datetime


async def reconcile(database: Database, carrier: TextCarrier, grace: timedelta = GRACE) -> int:
    """Look up every doubtful text that is due. Returns how many were settled. No transaction is open while Twilio is asked."""
    async with database.transaction() as work:
        await match_parked(work)
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


async def find_doubtful(work: Transaction, grace: timedelta = GRACE) -> list[Doubtful]:
    """Turn claims whose lease ran out into unknown outcomes, and return those that waited long enough to be looked up."""
    await work.execute(
        delivery.update()
        .where(
            delivery.c.id.in_(
                select(delivery.c.id)
                .where(delivery.c.state == DeliveryState.SENDING.value, delivery.c.lease_until <= work.now)
                .with_for_update(
                    skip_locked=True
                )  # a worker that was suspended inside a transaction must not hold up the others
            )
        )
        .values(state=DeliveryState.UNKNOWN.value)
    )
    rows = await work.all(
        select(
            delivery.c.id,
            delivery.c.fence,
            delivery.c.attempts,
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
            isouter=True,
        )
        .where(
            delivery.c.state == DeliveryState.UNKNOWN.value,
            func.coalesce(delivery.c.lease_until, delivery.c.claimed_at) <= work.now - grace,
        )
        .order_by(delivery.c.lane, delivery.c.claimed_at)
        .limit(MOST_AT_ONCE)
    )
    doubtful = []
    for row in rows:
        if (
            row.number_sealed is None or row.body_sealed is None
        ):  # nobody can look for it any more, and nobody would send it again
            await _give_up(work, row.id, row.fence)
            continue
        try:
            number = work.unseal(row.number_sealed, "contact", "number", row.contact_id)
            body = work.unseal(row.body_sealed, "outgoing_text", "body", row.text_id)
        except KeyProblem:
            log.error("text_not_opened", delivery=str(row.id))
            await work.execute(delivery.update().where(delivery.c.id == row.id).values(lease_until=work.now + ASK_AGAIN))
            continue
        doubtful.append(Doubtful(row.id, row.fence, row.attempts, Lane(row.lane), number, body, row.claimed_at))
    return doubtful


async def settle(work: Transaction, one: Doubtful, logged: Sequence[LoggedText]) -> None:
    """Decide a doubtful text by what Twilio's log holds: adopt it, send it again, or give it up. If it moved on meanwhile, nothing."""
    known = set((await work.execute(select(delivery.c.sid).where(delivery.c.sid.in_([t.sid for t in logged])))).scalars())
    match = next((t for t in logged if t.body == one.body and t.sid not in known), None)
    if match is not None:
        await hear_status(work, one.id, match.sid, match.status, match.error_code, one.fence)
        log.info("delivery_found_in_log", delivery=str(one.id))
    elif one.lane in SENT_AGAIN and one.attempts < MOST_ATTEMPTS:
        log.info("delivery_proven_absent", delivery=str(one.id))
        await work.execute(
            delivery.update()
            .where(delivery.c.id == one.id, delivery.c.fence == one.fence, delivery.c.state == DeliveryState.UNKNOWN.value)
            .values(state=DeliveryState.PENDING.value, lease_until=None, attempts=delivery.c.attempts + 1)
        )
    else:
        await _give_up(work, one.id, one.fence)


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
                        delivery.c.done_at.is_(None),
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
            .returning(delivery.c.id, delivery.c.sid, delivery.c.fence)
        )
        unheard = rows.all()
    for row in unheard:
        try:
            told = await carrier.status_of(row.sid)
        except OutcomeUnknown as error:
            log.warning("twilio_log_not_read", error=str(error))
            continue
        async with database.transaction() as work:
            if told is None:  # Twilio has no such text any more: it was taken, and nobody will ever tell more
                await work.execute(
                    delivery.update()
                    .where(delivery.c.id == row.id, delivery.c.state == DeliveryState.SENT.value)
                    .values(done_at=work.now, lease_until=None)
                )
            else:
                await hear_status(work, row.id, row.sid, *told, row.fence)
    return len(unheard)


async def _give_up(work: Transaction, delivery_id: UUID, fence: int) -> None:
    await work.execute(
        delivery.update()
        .where(delivery.c.id == delivery_id, delivery.c.fence == fence, delivery.c.state == DeliveryState.UNKNOWN.value)
        .values(state=DeliveryState.FAILED.value, done_at=work.now, lease_until=None)
    )
