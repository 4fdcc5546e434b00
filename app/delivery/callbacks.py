"""What became of a text: Twilio's callbacks, in whatever order and number they come. Ranks only grow, so every order ends the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.delivery.failures import act_on_failure, goes_again_at, release
from app.delivery.outbox import MOST_ATTEMPTS
from app.delivery.switch import line_works, pause_line
from app.records.deliveries import delivery, parked_status
from app.records.states import DeliveryState
from app.telephony.error_codes import BACK_TO_THE_QUEUE, Action, error_code
from app.telephony.statuses import ON_ITS_WAY, Fate, rank_of

KEEP_PARKED: Final = timedelta(days=1)

HEAR = text("""
    WITH theirs AS (
        SELECT d.id, d.state AS before, d.attempts, m.expires_at, (SELECT pauses > 0 FROM outbound_switch) AS in_doubt
        FROM delivery d JOIN outgoing_message m ON m.id = d.message_id
        WHERE d.rank < :rank AND NOT EXISTS (SELECT FROM delivery o WHERE o.sid = :sid AND o.id <> d.id) AND (
            d.id = :id AND d.state <> 'skipped'
                AND (CAST(:fence AS int) IS NULL OR d.fence = :fence
                     OR (:fate = 'delivered' AND d.fence > :fence AND d.state IN ('pending', 'sending', 'unknown')))
                AND (d.sid IS NULL OR d.sid = :sid OR d.state IN ('pending', 'sending', 'unknown'))
            OR CAST(:id AS uuid) IS NULL AND d.sid = :sid AND d.state IN ('sent', 'failed', 'delivered'))
        FOR UPDATE OF d
    ), decided AS (
        SELECT *, CASE
            WHEN :fate = 'failed' AND :goes_again AND attempts < :most AND expires_at > :again_at THEN 'pending'
            WHEN :fate = 'sent' AND before = 'failed' THEN 'failed'
            ELSE :fate END AS state FROM theirs
    )
    UPDATE delivery d SET rank = :rank, sid = :sid, state = n.state,
        error_code = CASE WHEN :fate = 'failed' THEN CAST(:code AS int) END,
        attempts = d.attempts + CASE WHEN n.state = 'pending' AND :counts THEN 1 ELSE 0 END,
        not_before = CASE WHEN n.state = 'pending' THEN CAST(:again_at AS timestamptz) ELSE d.not_before END,
        sent_at = coalesce(d.sent_at, :now),
        done_at = CASE WHEN n.before = n.state THEN d.done_at WHEN n.state IN ('delivered', 'failed') THEN CAST(:now AS timestamptz) END,
        lease_until = NULL
    FROM decided n
    WHERE d.id = n.id
    RETURNING d.contact_id, d.state, d.claimed_at, n.before, n.in_doubt
""")
"""Our own id proves that Twilio has the text, also while it waits to be sent again because the log lagged; then only word of this try
counts (`fence`), unless it is that the person has it. A callback without our id is believed of a text whose last SID is this one."""


async def hear_status(
    work: Transaction, delivery_id: UUID | None, sid: str, status: str, code: int | None, fence: int | None = None
) -> bool:
    """Take in one callback. `delivery_id` and `fence` (ours, out of the callback's address) prove that Twilio took that try of the text
    even if its answer to the send never reached us. Returns False for what says nothing new; what is about a SID that nobody knows is
    parked."""
    rank, fate = rank_of(status)
    action = error_code(code).action
    row = (
        await work.execute(
            HEAR,
            {
                "id": delivery_id,
                "sid": sid,
                "fence": fence,
                "rank": rank,
                "fate": fate.value,
                "code": code,
                "goes_again": action in BACK_TO_THE_QUEUE,
                "counts": action is not Action.PAUSE,
                "again_at": goes_again_at(action if action is not Action.WAIT else Action.LATER, work.now),
                "most": MOST_ATTEMPTS,
                "now": work.now,
            },
        )
    ).first()
    if row is None:
        await _park(work, delivery_id, sid, status, rank, code)
        return False
    if fate is Fate.FAILED:
        if action is Action.PAUSE:
            await pause_line(work, code, row.claimed_at)
        elif row.state == DeliveryState.FAILED:
            await act_on_failure(work, row.contact_id, code, row.claimed_at)
    elif row.in_doubt and rank >= ON_ITS_WAY:
        await line_works(work, row.claimed_at)
    if fate is Fate.DELIVERED and row.before == DeliveryState.FAILED:
        await release(work, row.contact_id)
    return True


async def match_parked(work: Transaction) -> int:
    """Give the callbacks that came too early to the texts whose SIDs are known by now; forget those whose texts never came. Returns how
    many found theirs."""
    rows = await work.all(
        select(parked_status, delivery.c.id.label("delivery_id"))
        .join(delivery, delivery.c.sid == parked_status.c.sid)
        .with_for_update(of=parked_status, skip_locked=True)
    )
    for row in rows:
        await work.execute(delete(parked_status).where(parked_status.c.sid == row.sid))
        await hear_status(work, row.delivery_id, row.sid, row.status, row.error_code)
    await work.execute(delete(parked_status).where(parked_status.c.heard_at <= work.now - KEEP_PARKED))
    return len(rows)


async def _park(work: Transaction, delivery_id: UUID | None, sid: str, status: str, rank: int, code: int | None) -> None:
    known = delivery.c.sid == sid if delivery_id is None else (delivery.c.sid == sid) | (delivery.c.id == delivery_id)
    if await work.first(select(delivery.c.id).where(known)) is not None:
        return
    row = insert(parked_status).values(sid=sid, status=status[:32], rank=rank, error_code=code, heard_at=work.now)
    await work.execute(
        row.on_conflict_do_update(
            index_elements=["sid"],
            set_={"status": row.excluded.status, "rank": row.excluded.rank, "error_code": row.excluded.error_code},
            where=parked_status.c.rank < row.excluded.rank,
        )
    )
