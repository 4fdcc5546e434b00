"""Removing what was kept long enough. Of each text and call the keyed hash of its SID stays: Twilio's signature on it is good for ever, so
that somebody who has the request could have it taken in anew. Twilio's copies go by a job.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.core.jobs import defer
from app.records.inbound import forgotten_sid, inbound_call, inbound_message, sid_hash
from app.records.incidents import report

KEPT_FOR: Final = timedelta(days=30)
"""How long the words of texts and calls are kept. An incident is decided within hours; a month is time enough to look into a mistake
(docs/decisions/0015)."""

FORGET_TEXTS_AT_TWILIO: Final = "texts.forget_at_twilio"
"""The job that has Twilio delete its copies of texts that were purged; it takes their SIDs, with spaces."""

AT_ONCE: Final = 1000
ONE_JOB: Final = 50


async def purge_old(work: Transaction) -> int:
    """Remove what is older than KEPT_FOR: texts and calls, and the words of reports. Returns how many rows that were."""
    before = work.now - KEPT_FOR
    told = await work.execute(
        report.update()
        .where(report.c.received_at < before, report.c.text_sealed.is_not(None))
        .values(text_sealed=None, reading_sealed=None)
        .returning(report.c.id)
    )
    return len(told.all()) + await purge_texts(work, before) + await purge_calls(work, before)


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
    if table is inbound_message:
        for at in range(0, len(rows), ONE_JOB):
            await defer(work, FORGET_TEXTS_AT_TWILIO, sids=" ".join(row.sid for row in rows[at : at + ONE_JOB]))
    return len(rows)
