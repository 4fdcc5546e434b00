"""Removing what was kept long enough. Of each text and call the keyed hash of its SID stays: Twilio's signature on it is good for ever, so
that somebody who has the request could have it taken in anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.records.inbound import forgotten_sid, inbound_call, inbound_message, sid_hash

AT_ONCE: Final = 1000


async def purge_texts(work: Transaction, before: datetime) -> int:
    """Remove texts that came before an instant, at most AT_ONCE of them, and keep what tells their replays. Returns how many."""
    return await _purge(work, inbound_message, inbound_message.c.received_at < before)


async def purge_calls(work: Transaction, before: datetime) -> int:
    """The same for calls, with their voicemails."""
    return await _purge(work, inbound_call, inbound_call.c.started_at < before)


async def _purge(work: Transaction, table: Table, old: ColumnElement[bool]) -> int:
    rows = await work.all(select(table.c.id, table.c.sid).where(old).limit(AT_ONCE).with_for_update(skip_locked=True))
    if not rows:
        return 0
    hashes = [{"sid_hash": sid_hash(work.keys, row.sid), "forgotten_at": work.now} for row in rows]
    await work.execute(insert(forgotten_sid).values(hashes).on_conflict_do_nothing())
    await work.execute(table.delete().where(table.c.id.in_([row.id for row in rows])))
    return len(rows)
