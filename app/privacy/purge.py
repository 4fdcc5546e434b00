"""Removing what was kept long enough. Of each text the keyed hash of its SID stays: Twilio's signature on it is good for ever, so that
somebody who has the request could have it taken in anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.records.inbound import forgotten_sid, inbound_message, sid_hash

AT_ONCE: Final = 1000


async def purge_texts(work: Transaction, before: datetime) -> int:
    """Remove texts that came before an instant, at most AT_ONCE of them, and keep what tells their replays. Returns how many."""
    old = await work.all(
        select(inbound_message.c.id, inbound_message.c.sid)
        .where(inbound_message.c.received_at < before)
        .order_by(inbound_message.c.received_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    if not old:
        return 0
    hashes = [{"sid_hash": sid_hash(work.keys, row.sid), "forgotten_at": work.now} for row in old]
    await work.execute(insert(forgotten_sid).values(hashes).on_conflict_do_nothing())
    await work.execute(inbound_message.delete().where(inbound_message.c.id.in_([row.id for row in old])))
    return len(old)
