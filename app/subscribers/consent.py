"""Asking to be told, and asking not to be: each in the transaction that received it, each with a line in the ledger.

A stop takes effect at once and for everything (47 CFR 64.1200(a)(10): any reasonable words; we do it within the request instead of the ten
business days allowed). Reporting never subscribes or re-subscribes anyone. Leaving a county, a pause and the hours are in `choices.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.core.database import Transaction
from app.records.contacts import contact
from app.records.deliveries import Lane, Skipped, delivery, outgoing_message
from app.records.events import record
from app.records.states import DeliveryState
from app.subscribers.ledger import Consent, write_for_all, write_line
from app.subscribers.tables import ConsentKind, Topic, sign_up, subscription

__all__ = ["MOST_COUNTIES", "Consent", "record_erasure", "resume", "revoke_all", "stop", "subscribe"]

MOST_COUNTIES: Final = 5
"""How many counties one phone can have, all topics together."""

UNASKED_LANES: Final = (Lane.ALERT, Lane.RIGHTS, Lane.BROADCAST)
"""What people get because they are subscribed. A correction goes to whoever got the alert, and an answer to whoever asked."""


HELD: Final = """
    SELECT contact.stopped_at, held.county, held.topic, held.any_hour
    FROM contact LEFT JOIN subscription held ON held.contact_id = contact.id AND held.ended_at IS NULL
    WHERE contact.id = %(who)s
    FOR UPDATE OF contact
"""

END_ALL: Final = "UPDATE subscription SET ended_at = %(at)s, zip_hash = NULL WHERE contact_id = %(who)s AND ended_at IS NULL"

BEGIN_AGAIN: Final = """
    UPDATE contact SET stopped_at = NULL, unreachable_at = NULL, unreachable_until = NULL, paused_until = NULL
    WHERE id = %(who)s AND coalesce(stopped_at, unreachable_at, unreachable_until, paused_until) IS NOT NULL
"""

SUBSCRIBE: Final = """
    INSERT INTO subscription (id, contact_id, county, topic, any_hour, created_at, zip_hash)
    VALUES (%(id)s, %(who)s, %(county)s, %(topic)s, %(any_hour)s, %(now)s, (
        SELECT held.zip_hash FROM subscription held
        WHERE held.contact_id = %(who)s AND held.topic = CAST(%(topic)s AS varchar) AND held.zip_hash IS NOT NULL LIMIT 1))
    ON CONFLICT (contact_id, county, topic) DO UPDATE
        SET ended_at = NULL, created_at = excluded.created_at, any_hour = excluded.any_hour, zip_hash = excluded.zip_hash
"""
"""A further county knows the ZIP code that a first one does."""


async def subscribe(work: Transaction, consent: Consent, county: str, topic: Topic = Topic.ALERTS) -> bool | None:
    """Subscribe a phone to a county. True when it is new, False when it already was, None when that would be too many counties."""
    who = consent.contact_id
    rows = await work.query(HELD, {"who": who})
    stopped_at = rows[0]["stopped_at"]
    _begin_again(work, who, stopped_at)
    held = [] if stopped_at is not None else [row for row in rows if row["county"] is not None]
    if (county, topic.value) in {(row["county"], row["topic"]) for row in held}:
        return False
    counties = {row["county"] for row in held}
    if county not in counties and len(counties) >= MOST_COUNTIES:
        return None
    any_hour = all(row["any_hour"] for row in held)
    work.execute_later(
        SUBSCRIBE,
        {"id": work.new_id(), "who": who, "county": county, "topic": topic.value, "any_hour": any_hour, "now": work.now},
    )
    if stopped_at is not None:
        write_line(work, consent, ConsentKind.RESUME)
    write_line(work, consent, ConsentKind.OPT_IN, county=county, topic=topic, any_hour=any_hour)
    return True


async def stop(work: Transaction, consent: Consent) -> int:
    """End everything for a phone, and skip what is on its way to it but not yet sent. Returns how many texts that were."""
    who = consent.contact_id
    await work.execute(
        contact.update()
        .where(contact.c.id == who, contact.c.stopped_at.is_(None))
        .values(stopped_at=work.now, paused_until=None)
    )
    await work.execute(subscription.update().where(_is_active(who)).values(ended_at=_stopped_at(who), zip_hash=None))
    await work.execute(sign_up.delete().where(sign_up.c.contact_id == who))
    skipped = await work.execute(
        delivery.update()
        .where(delivery.c.contact_id == who, delivery.c.state == DeliveryState.PENDING.value)
        .values(state=DeliveryState.SKIPPED.value, reason=Skipped.STOPPED.value, done_at=work.now)
        .returning(delivery.c.id)
    )
    write_line(work, consent, ConsentKind.OPT_OUT)
    return len(skipped.all())


async def resume(work: Transaction, consent: Consent) -> Sequence[str]:
    """Bring back what the stop ended, and end a pause. Returns the counties that are on again; empty when there never were any."""
    who = consent.contact_id
    await work.execute(
        subscription.update()
        .where(subscription.c.contact_id == who, subscription.c.ended_at == _stopped_at(who))
        .values(ended_at=None)
    )
    await work.execute(contact.update().where(contact.c.id == who).values(stopped_at=None, paused_until=None))
    write_line(work, consent, ConsentKind.RESUME)
    counties = select(subscription.c.county).where(_is_active(who)).distinct().order_by(subscription.c.county)
    return (await work.execute(counties)).scalars().all()


async def revoke_all(work: Transaction, reason: str) -> int:
    """End every subscription at once and skip what waits for subscribers: the list may have fallen into wrong hands, or the hotline ends.
    Nobody here can undo it: whoever wants alerts asks again. Returns how many people were subscribed."""
    is_on = subscription.c.ended_at.is_(None)
    people = int(await work.scalar(select(func.count(subscription.c.contact_id.distinct())).where(is_on)))
    await work.execute(subscription.update().where(is_on).values(ended_at=work.now, zip_hash=None))
    # Whoever had stopped gets nothing back by START either: their earlier wish is as revoked as the others'.
    await work.execute(
        subscription.update()
        .where(subscription.c.contact_id == contact.c.id, subscription.c.ended_at == contact.c.stopped_at)
        .values(ended_at=work.now)
    )
    skipped = await work.execute(
        delivery.update()
        .where(delivery.c.lane.in_(UNASKED_LANES), delivery.c.state == DeliveryState.PENDING.value)
        .values(state=DeliveryState.SKIPPED.value, reason=Skipped.REVOKED.value, done_at=work.now)
        .returning(delivery.c.id)
    )
    await work.execute(  # also what is being sent or in doubt now, should it come back to be sent again
        outgoing_message.update()
        .where(outgoing_message.c.lane.in_(UNASKED_LANES), outgoing_message.c.expires_at > work.now)
        .where(outgoing_message.c.withdrawn_at.is_(None))
        .values(withdrawn_at=work.now)
    )
    revoked = select(subscription.c.contact_id).where(subscription.c.ended_at == work.now)
    await write_for_all(work, revoked, ConsentKind.REVOKE, reason)
    await record(work, "consent.revoked_all", people=people, texts_skipped=len(skipped.all()), reason=reason[:200])
    return people


async def record_erasure(work: Transaction, consent: Consent) -> None:
    """Write that the person had themselves erased; the ledger keeps only the hash and the time."""
    write_line(work, consent, ConsentKind.ERASE)


def _begin_again(work: Transaction, who: UUID, stopped_at: datetime | None) -> None:
    """Let a phone be texted again because its owner just asked. Where it had been stopped, by a word or by the carrier, nothing of before
    comes back with it."""
    if stopped_at is not None:
        work.execute_later(END_ALL, {"who": who, "at": stopped_at})
    work.execute_later(BEGIN_AGAIN, {"who": who})


def _is_active(who: UUID) -> ColumnElement[bool]:
    return (subscription.c.contact_id == who) & subscription.c.ended_at.is_(None)


def _stopped_at(who: UUID) -> Any:
    return select(func.max(contact.c.stopped_at)).where(contact.c.id == who).scalar_subquery()
