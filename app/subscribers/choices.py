"""Smaller wishes than a stop: leaving one county or one topic, a week's pause, the hours. Each has its line in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.records.alerts import alert
from app.records.contacts import contact
from app.records.deliveries import Lane, Skipped, delivery, outgoing_message
from app.records.states import DeliveryState
from app.subscribers.consent import UNASKED_LANES
from app.subscribers.ledger import Consent, write_line
from app.subscribers.tables import ConsentKind, Topic, subscription

PAUSE: Final = timedelta(days=7)
"""How long a pause lasts; then everything goes on as before."""


WISHES: Final = """
    SELECT contact.paused_until, contact.stopped_at, held.county, held.topic, held.any_hour, held.zip_hash
    FROM contact LEFT JOIN subscription held ON held.contact_id = contact.id AND held.ended_at IS NULL
    WHERE contact.id = %(who)s
    ORDER BY held.county
"""


@dataclass(frozen=True)
class Wishes:
    """What a phone asked for: its counties (FIPS, in order), its topics beside alerts, its hours, until when it wants quiet, and the hash
    of the ZIP code if it gave one."""

    counties: tuple[str, ...]
    topics: tuple[Topic, ...]
    any_hour: bool
    paused_until: datetime | None
    stopped: bool
    zip_hash: bytes | None = None


async def wishes_of(work: Transaction, who: UUID) -> Wishes:
    """Everything that is held about what a phone wants."""
    rows = await work.query(WISHES, {"who": who})
    held, person = [row for row in rows if row["county"] is not None], rows[0] if rows else None
    paused = person["paused_until"] if person and person["paused_until"] and person["paused_until"] > work.now else None
    topics = {row["topic"] for row in held}
    return Wishes(
        counties=tuple(dict.fromkeys(row["county"] for row in held)),
        topics=tuple(topic for topic in Topic if topic.value in topics),
        any_hour=all(row["any_hour"] for row in held),
        paused_until=paused,
        stopped=person is not None and person["stopped_at"] is not None,
        zip_hash=next((bytes(row["zip_hash"]) for row in held if row["zip_hash"] is not None), None),
    )


async def leave(work: Transaction, consent: Consent, county: str | None = None, topic: Topic | None = None) -> bool:
    """End one county, or one topic, or one topic of one county; everything else stays. Returns whether there was anything to end."""
    who = consent.contact_id
    which = subscription.update().where(subscription.c.contact_id == who, subscription.c.ended_at.is_(None))
    if county is not None:
        which = which.where(subscription.c.county == county)
    if topic is not None:
        which = which.where(subscription.c.topic == topic.value)
    ended = (await work.execute(which.values(ended_at=work.now, zip_hash=None).returning(subscription.c.id))).all()
    if county is not None and topic in {None, Topic.ALERTS}:
        await _skip_alerts_of(work, who, county)
    if ended:
        write_line(work, consent, ConsentKind.LEAVE, county=county, topic=topic)
    return bool(ended)


async def pause(work: Transaction, consent: Consent) -> datetime:
    """Send nothing unasked for a week. Returns when it goes on."""
    who, until = consent.contact_id, work.now + PAUSE
    await work.execute(contact.update().where(contact.c.id == who).values(paused_until=until))
    await work.execute(
        delivery.update()
        .where(
            delivery.c.contact_id == who,
            delivery.c.lane.in_(UNASKED_LANES),
            delivery.c.state == DeliveryState.PENDING.value,
        )
        .values(state=DeliveryState.SKIPPED.value, reason=Skipped.PAUSED.value, done_at=work.now)
    )
    write_line(work, consent, ConsentKind.PAUSE)
    return until


async def choose_hours(work: Transaction, consent: Consent, *, any_hour: bool) -> bool:
    """Alerts at any hour, or by day only. Returns whether there is any subscription that it can be said of."""
    changed = await work.execute(
        subscription.update()
        .where(subscription.c.contact_id == consent.contact_id, subscription.c.ended_at.is_(None))
        .values(any_hour=any_hour)
        .returning(subscription.c.id)
    )
    some = bool(changed.all())
    if some:
        write_line(work, consent, ConsentKind.HOURS, any_hour=any_hour)
    return some


async def _skip_alerts_of(work: Transaction, who: UUID, county: str) -> None:
    """Alerts of a county that someone just left and that are not yet sent don't go to them any more."""
    about_it = (
        select(outgoing_message.c.id)
        .join(alert, alert.c.id == outgoing_message.c.about_id)
        .where(alert.c.county == county, outgoing_message.c.lane == int(Lane.ALERT))
    )
    await work.execute(
        delivery.update()
        .where(
            delivery.c.contact_id == who,
            delivery.c.message_id.in_(about_it),
            delivery.c.state == DeliveryState.PENDING.value,
        )
        .values(state=DeliveryState.SKIPPED.value, reason=Skipped.LEFT.value, done_at=work.now)
    )
