"""Removing what was kept long enough. Of each text and call the keyed hash of its SID stays: Twilio's signature on it is good for ever, so
that somebody who has the request could have it taken in anew. Twilio's copies go by a job.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.core.jobs import defer
from app.records.deliveries import delivery, outgoing_message, outgoing_text
from app.records.inbound import forgotten_sid, inbound_call, inbound_message, is_at_twilio, sid_hash
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


async def purge_sent(work: Transaction) -> int:
    """Remove the words of what we sent before KEPT_FOR, and have Twilio remove its copies, at most AT_ONCE of them. Identifiers are in the
    order of making, so the oldest come first. What an alert said stays with the alert, which is public. Returns how many texts."""
    before = work.now - KEPT_FOR
    oldest = (
        select(outgoing_text.c.message_id)
        .where(outgoing_text.c.body_sealed.is_not(None))
        .order_by(outgoing_text.c.message_id)
        .limit(AT_ONCE)
    )
    due = select(outgoing_message.c.id).where(outgoing_message.c.id.in_(oldest), outgoing_message.c.created_at < before)
    messages = list((await work.execute(due)).scalars())
    sent = await work.all(
        select(delivery.c.id, delivery.c.sid)
        .where(delivery.c.message_id.in_(messages), delivery.c.sid.is_not(None))
        .limit(AT_ONCE)
        .with_for_update()
    )
    await work.execute(delivery.update().where(delivery.c.id.in_([row.id for row in sent])).values(sid=None))
    await _forget_at_twilio(work, [row.sid for row in sent])
    if len(sent) < AT_ONCE:
        await work.execute(outgoing_text.update().where(outgoing_text.c.message_id.in_(messages)).values(body_sealed=None))
    return len(sent)


async def _forget_at_twilio(work: Transaction, sids: Sequence[str]) -> None:
    for at in range(0, len(sids), ONE_JOB):
        await defer(work, FORGET_TEXTS_AT_TWILIO, sids=" ".join(sids[at : at + ONE_JOB]))


async def _purge(work: Transaction, table: Table, old: ColumnElement[bool]) -> int:
    rows = await work.all(select(table.c.id, table.c.sid).where(old).limit(AT_ONCE).with_for_update(skip_locked=True))
    if not rows:
        return 0
    hashes = [{"sid_hash": sid_hash(work.keys, row.sid), "forgotten_at": work.now} for row in rows]
    await work.execute(insert(forgotten_sid).values(hashes).on_conflict_do_nothing())
    await work.execute(table.delete().where(table.c.id.in_([row.id for row in rows])))
    if table is inbound_message:
        await _forget_at_twilio(work, [row.sid for row in rows if is_at_twilio(row.sid)])
    return len(rows)
