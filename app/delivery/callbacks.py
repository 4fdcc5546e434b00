"""What became of a text: Twilio's callbacks, in whatever order and number they come. Ranks only grow, so every order ends the same."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import case

from app.core.database import Transaction
from app.delivery.outbox import act_on_failure
from app.records.deliveries import delivery
from app.records.states import DeliveryState
from app.telephony.error_codes import error_code
from app.telephony.statuses import Fate, rank_of

LIVE = (DeliveryState.SENDING.value, DeliveryState.UNKNOWN.value, DeliveryState.SENT.value, DeliveryState.FAILED.value)


async def hear_status(work: Transaction, delivery_id: UUID | None, sid: str, status: str, code: int | None) -> bool:
    """Take in one callback. `delivery_id` (ours, out of the callback's address) proves that Twilio took the text even if its answer to the
    send never reached us. Returns False for a text that isn't ours or a status that says nothing new."""
    which = delivery.c.id == delivery_id if delivery_id is not None else delivery.c.sid == sid
    rank, fate = rank_of(status)
    # Our own id proves that Twilio has it, also while it waits to be sent again because its log lagged.
    live = (*LIVE, DeliveryState.PENDING.value) if delivery_id is not None else LIVE
    row = await work.first(
        delivery.update()
        .where(which, delivery.c.rank < rank, delivery.c.state.in_(live), (delivery.c.sid.is_(None)) | (delivery.c.sid == sid))
        .values(
            rank=rank,
            sid=sid,
            state=case((delivery.c.state == DeliveryState.FAILED.value, DeliveryState.FAILED.value), else_=fate.value)
            if fate is Fate.UNDER_WAY
            else fate.value,
            error_code=code if fate is Fate.FAILED else None,
            sent_at=case((delivery.c.sent_at.is_(None), work.now), else_=delivery.c.sent_at),
            done_at=None if fate is Fate.UNDER_WAY else work.now,
            lease_until=None,
        )
        .returning(delivery.c.contact_id)
    )
    if row is None:
        return False
    if fate is Fate.FAILED:
        await act_on_failure(work, row.contact_id, error_code(code).kind)
    return True
