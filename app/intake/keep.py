"""Keep a text, once: the first thing that happens to it, in one statement and before any thought.

Whoever wrote is found or made, their row and their conversation's are locked (so that one phone's texts are handled one after another), and
the text is inserted unless its SID is already there. A replay finds the answer that the first copy got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from app.core.database import Transaction, row_as
from app.records.contacts import Conversation, contact
from app.records.inbound import forgotten_sid, inbound_call, inbound_message, sid_hash
from app.telephony.addresses import Channel, canonical_number
from app.telephony.forms import TextForm

KEEP: Final = """
    WITH who AS (
        INSERT INTO contact (id, number_hash, number_sealed, language_chosen, whatsapp_at, created_at)
        SELECT CAST(%(new_contact)s AS uuid), CAST(%(number_hash)s AS bytea), CAST(%(number_sealed)s AS bytea), false,
            CAST(%(whatsapp_at)s AS timestamptz), CAST(%(now)s AS timestamptz)
        WHERE NOT EXISTS (SELECT 1 FROM forgotten_sid WHERE sid_hash = %(sid_hash)s)
        ON CONFLICT (number_hash) DO UPDATE SET unreachable_at = NULL, whatsapp_at = EXCLUDED.whatsapp_at
        RETURNING id, number_sealed IS NULL AS erased, language, language_chosen, stopped_at
    ), talk AS (
        INSERT INTO conversation (contact_id, questions, home_counties)
        SELECT id, 0, '{}' FROM who
        ON CONFLICT (contact_id) DO UPDATE SET questions = conversation.questions
        RETURNING *
    ), kept AS (
        INSERT INTO inbound_message (id, sid, channel, contact_id, line, body_sealed, media_count, received_at)
        SELECT %(message)s, %(sid)s, %(channel)s, id, %(line)s, %(body_sealed)s, %(media_count)s, %(now)s FROM who
        ON CONFLICT (sid) DO NOTHING
        RETURNING id
    )
    SELECT who.id AS sender_id, who.erased, who.language, who.language_chosen, who.stopped_at, talk.*, kept.id AS kept_id,
        (SELECT v.id FROM volunteer v WHERE v.contact_id = who.id AND v.standing = 'active') AS volunteer_id,
        (SELECT t.id FROM masked_talk t WHERE t.contact_id = who.id AND t.ended_at IS NULL AND t.closes_at > %(now)s) AS talk_id
    FROM who CROSS JOIN talk LEFT JOIN kept ON true
"""


@dataclass(frozen=True)
class Sender:
    """Who wrote, as far as the hotline knows: never a name, and the number only sealed. `volunteer_id`: they are one of ours. `talk_id`:
    a dispatcher writes with them."""

    id: UUID
    number_hash: bytes
    language: str | None
    language_chosen: bool
    stopped_at: datetime | None
    volunteer_id: UUID | None = None
    talk_id: UUID | None = None


@dataclass(frozen=True)
class Kept:
    """A text that is on record. `replay` when it already was, with `reply` the answer it got then."""

    id: UUID
    sender: Sender
    conversation: Conversation
    replay: bool = False
    reply: str | None = None


async def keep_text(work: Transaction, form: TextForm) -> Kept:
    """Put the text on record and return what the hotline knows of its sender. Concurrent copies of it wait for each other here."""
    number = canonical_number(form.sender)
    number_hash = work.keys.fingerprint("phone", number)
    new_contact, message = work.new_id(), work.new_id()
    rows = await work.query(
        KEEP,
        {
            "new_contact": new_contact,
            "number_hash": number_hash,
            "number_sealed": work.seal(number, "contact", "number", new_contact),
            "message": message,
            "sid": form.sid,
            "sid_hash": sid_hash(work.keys, form.sid),
            "channel": form.channel.value,
            "whatsapp_at": work.now if form.channel is Channel.WHATSAPP else None,
            "line": canonical_number(form.line)[:64],
            "body_sealed": work.seal(form.body, "inbound_message", "body", message),
            "media_count": form.media_count,
            "now": work.now,
        },
    )
    if not rows:  # a replay of what was purged: nothing is learned of its sender either
        nobody = Sender(message, number_hash, None, language_chosen=False, stopped_at=None)
        return Kept(message, nobody, Conversation(contact_id=message), replay=True)
    found = rows[0]
    sender = Sender(
        found["sender_id"],
        number_hash,
        found["language"],
        found["language_chosen"],
        found["stopped_at"],
        found["volunteer_id"],
        found["talk_id"],
    )
    talk = row_as(Conversation, {column: found[column] for column in Conversation.model_fields})
    if found["kept_id"] is not None:
        if found["erased"]:
            await _remember_number_again(work, sender.id, number)
        return Kept(message, sender, talk)
    return await _first_copy(work, form.sid, sender, talk)


async def known_sids(work: Transaction, sids: Sequence[str]) -> set[str]:
    """Those of the SIDs, of texts and of calls, that are on record or were."""
    known: set[str] = set()
    for table in (inbound_message, inbound_call):
        known |= set((await work.execute(select(table.c.sid).where(table.c.sid == func.any(list(sids))))).scalars())
    by_hash = {sid_hash(work.keys, sid): sid for sid in sids if sid not in known}
    gone = await work.execute(select(forgotten_sid.c.sid_hash).where(forgotten_sid.c.sid_hash == func.any(list(by_hash))))
    return known | {by_hash[bytes(one)] for one in gone.scalars()}


async def _first_copy(work: Transaction, sid: str, sender: Sender, talk: Conversation) -> Kept:
    first = (await work.execute(inbound_message.select().where(inbound_message.c.sid == sid))).one()
    reply = work.unseal(first.reply_sealed, "inbound_message", "reply", first.id) if first.reply_sealed else None
    if sender.stopped_at is not None and sender.stopped_at > first.received_at:
        reply = None  # they said stop since
    return Kept(first.id, sender, talk, replay=True, reply=reply)


async def _remember_number_again(work: Transaction, contact_id: UUID, number: str) -> None:
    """Someone who had been erased writes again: they can be answered again."""
    await work.execute(
        contact.update()
        .where(contact.c.id == contact_id)
        .values(number_sealed=work.seal(number, "contact", "number", contact_id))
    )
