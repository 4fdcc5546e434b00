"""The outbox as a queue: claim with a lease and a fence, send outside any transaction, record. Each step is one statement.

A row that was claimed and never recorded (the worker was killed, the answer got lost) is not sent again: its outcome is unknown until a
callback or Twilio's own log tells it (`reconcile.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from app.core.database import Transaction
from app.records.contacts import contact
from app.records.deliveries import Skipped, delivery
from app.records.states import DeliveryState, may_precede
from app.telephony.error_codes import ErrorClass, error_code

LEASE: Final = timedelta(seconds=60)
"""How long a claimed text may take to be sent and recorded. Well above a second of pacing and the ten that a send may hang."""

LONGEST_WAIT: Final = timedelta(seconds=30)
MOST_ATTEMPTS: Final = 100
"""How often a text that was definitely not accepted (429, no connection) is tried before it counts as failed."""

CLAIM = text("""
    WITH due AS (
        SELECT d.id FROM delivery d
        WHERE d.state = 'pending' AND (d.not_before IS NULL OR d.not_before <= :now)
            AND NOT (SELECT halted FROM outbound_switch WHERE id = 1)
        ORDER BY d.lane, d.message_id, d.id
        LIMIT :most
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE delivery d
    SET state = 'sending', fence = d.fence + 1, attempts = d.attempts + 1, claimed_at = :now, lease_until = :lease_until
    FROM due, outgoing_text t, contact c
    WHERE d.id = due.id AND t.message_id = d.message_id AND t.language = d.language AND c.id = d.contact_id
    RETURNING d.id, d.fence, d.attempts, d.lane, d.message_id, d.contact_id, t.id AS text_id, t.body_sealed, t.segments, c.number_sealed
""")

DROP = text("""
    UPDATE delivery d SET state = 'skipped', done_at = :now, lease_until = NULL, reason = CASE
        WHEN c.stopped_at IS NOT NULL THEN 'stopped'
        WHEN c.number_sealed IS NULL THEN 'erased'
        WHEN c.unreachable_at IS NOT NULL THEN 'unreachable'
        WHEN m.withdrawn_at IS NOT NULL THEN 'withdrawn'
        ELSE 'expired' END
    FROM contact c, outgoing_message m
    WHERE d.id = ANY(:ids) AND d.state = 'sending' AND c.id = d.contact_id AND m.id = d.message_id
        AND (c.stopped_at IS NOT NULL OR c.number_sealed IS NULL OR c.unreachable_at IS NOT NULL
             OR m.withdrawn_at IS NOT NULL OR m.expires_at <= :now)
    RETURNING d.id
""")
"""Asked again right before sending: between the claim and now someone may have said stop."""

STILL_OURS = text("""
    UPDATE delivery d SET lease_until = :lease_until
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS int[])) AS claimed (id, fence)
    WHERE d.id = claimed.id AND d.fence = claimed.fence AND d.state = 'sending' AND d.lease_until > :now
    RETURNING d.id
""")
"""A worker that was suspended must find that its claim is over, and not send what another has sent since."""

RECORD_SENT = text("""
    UPDATE delivery d SET state = 'sent', sid = took.sid, sent_at = :now, lease_until = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS int[]), CAST(:sids AS text[])) AS took (id, fence, sid)
    WHERE d.id = took.id AND d.fence = took.fence AND d.state IN ('sending', 'unknown', 'pending')
""")


@dataclass(frozen=True)
class Claimed:
    """A text that this worker may send now: to whom, what, and under which fence."""

    id: UUID
    fence: int
    attempts: int
    lane: int
    contact_id: UUID
    number: str
    body: str
    segments: int


async def claim(work: Transaction, most: int) -> list[Claimed]:
    """Claim the most pressing texts, lane before lane. None while the kill switch is on."""
    rows = await work.execute(CLAIM, {"now": work.now, "most": most, "lease_until": work.now + LEASE})
    bodies: dict[UUID, str] = {}
    claimed: list[Claimed] = []
    erased: list[UUID] = []
    for row in rows:
        if row.number_sealed is None:
            erased.append(row.id)
            continue
        if row.text_id not in bodies:
            bodies[row.text_id] = work.unseal(row.body_sealed, "outgoing_text", "body", row.text_id)
        number = work.unseal(row.number_sealed, "contact", "number", row.contact_id)
        claimed.append(
            Claimed(row.id, row.fence, row.attempts, row.lane, row.contact_id, number, bodies[row.text_id], row.segments)
        )
    if erased:
        await work.execute(
            delivery.update()
            .where(delivery.c.id.in_(erased))
            .values(state=DeliveryState.SKIPPED.value, reason=Skipped.ERASED.value, done_at=work.now)
        )
    return sorted(claimed, key=lambda c: (c.lane, c.id))


async def drop_what_no_longer_goes(work: Transaction, ids: Sequence[UUID]) -> None:
    """Skip those of the claimed texts that must not go any more, each with its reason."""
    await work.execute(DROP, {"ids": list(ids), "now": work.now})


async def keep_what_is_ours(work: Transaction, texts: Sequence[Claimed]) -> set[UUID]:
    """Renew the claims on these texts and say which are still ours: no others may be sent."""
    rows = await work.execute(
        STILL_OURS,
        {"ids": [t.id for t in texts], "fences": [t.fence for t in texts], "now": work.now, "lease_until": work.now + LEASE},
    )
    return set(rows.scalars())


async def is_halted(work: Transaction) -> bool:
    """Whether the kill switch is on."""
    return bool(await work.scalar(text("SELECT halted FROM outbound_switch WHERE id = 1")))


async def record_sent(work: Transaction, sent: Sequence[tuple[Claimed, str]]) -> None:
    """Twilio took these; each with its SID. A row that a callback already moved on stays where that put it."""
    if sent:
        await work.execute(
            RECORD_SENT,
            {
                "ids": [c.id for c, _ in sent],
                "fences": [c.fence for c, _ in sent],
                "sids": [sid for _, sid in sent],
                "now": work.now,
            },
        )


async def record_refused(work: Transaction, refused: Claimed, code: int | None, retry_after: float | None) -> None:
    """Twilio refused a text. What is documented as not processed waits and is tried again; the rest has failed."""
    kind = error_code(code).kind
    again = (retry_after is not None or kind is ErrorClass.RETRY_LATER) and refused.attempts < MOST_ATTEMPTS
    if again:
        wait = min(timedelta(seconds=(retry_after or 1.0) * 2 ** min(refused.attempts - 1, 10)), LONGEST_WAIT)
        await _move(work, refused, DeliveryState.PENDING, not_before=work.now + wait)
    else:
        await _move(work, refused, DeliveryState.FAILED, error_code=code, done_at=work.now)
        await act_on_failure(work, refused.contact_id, kind)


async def give_back(work: Transaction, unsent: Sequence[Claimed]) -> None:
    """Put claimed texts that were not touched back into the outbox: the worker is stopping, or the kill switch came on."""
    for one in unsent:
        await _move(work, one, DeliveryState.PENDING)


async def record_unknown(work: Transaction, lost: Claimed) -> None:
    """No answer came: perhaps it was sent. It waits for a callback, then Twilio's log is asked."""
    await _move(work, lost, DeliveryState.UNKNOWN, lease_until=work.now)


async def act_on_failure(work: Transaction, contact_id: UUID, kind: ErrorClass) -> None:
    """What a failure says of the person: a carrier's opt-out is an opt-out here too, and a dead number isn't tried again."""
    if kind is ErrorClass.OPTED_OUT:
        await work.execute(
            contact.update().where(contact.c.id == contact_id, contact.c.stopped_at.is_(None)).values(stopped_at=work.now)
        )
    elif kind is ErrorClass.BAD_NUMBER:
        await work.execute(
            contact.update()
            .where(contact.c.id == contact_id, contact.c.unreachable_at.is_(None))
            .values(unreachable_at=work.now)
        )


async def _move(work: Transaction, one: Claimed, then: DeliveryState, **values: Any) -> None:
    values.setdefault("lease_until", None)
    await work.execute(
        delivery.update()
        .where(delivery.c.id == one.id, delivery.c.fence == one.fence, delivery.c.state.in_(may_precede(then)))
        .values(state=then.value, **values)
    )
