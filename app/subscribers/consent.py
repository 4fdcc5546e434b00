"""Asking to be told, and asking not to be: each in the transaction that received it, each with a line in the ledger.

A stop takes effect at once and for everything (47 CFR 64.1200(a)(10): any reasonable words; we do it within the request instead of the ten
business days allowed). Reporting never subscribes or re-subscribes anyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.records.contacts import contact
from app.records.deliveries import Skipped, delivery
from app.records.states import DeliveryState
from app.subscribers.tables import ConsentEvent, ConsentKind, Topic, consent_event, subscription

MOST_COUNTIES: Final = 5
"""How many counties one phone can have alerts for."""


@dataclass(frozen=True)
class Consent:
    """The proof of one wish: whose (keyed hash), in what words, answered with which wording, by which channel."""

    contact_id: UUID
    number_hash: bytes
    words: str
    wording: str
    source: str


async def subscribe(work: Transaction, consent: Consent, county: str) -> bool | None:
    """Subscribe a phone to a county's alerts. True when it is new, False when it already was, None when that would be too many."""
    active = set((await work.execute(_active(consent.contact_id))).scalars())
    await work.execute(contact.update().where(contact.c.id == consent.contact_id).values(stopped_at=None, unreachable_at=None))
    if county in active:
        return False
    if len(active) >= MOST_COUNTIES:
        return None
    await work.execute(
        insert(subscription)
        .values(
            id=work.new_id(),
            contact_id=consent.contact_id,
            county=county,
            topic=Topic.ALERTS.value,
            any_hour=True,
            created_at=work.now,
        )
        .on_conflict_do_update(
            index_elements=["contact_id", "county", "topic"], set_={"ended_at": None, "created_at": work.now}
        )
    )
    await _write(work, consent, ConsentKind.OPT_IN, county)
    return True


async def stop(work: Transaction, consent: Consent) -> int:
    """End everything for a phone, and skip what is on its way to it but not yet sent. Returns how many texts that were."""
    await work.execute(
        contact.update().where(contact.c.id == consent.contact_id, contact.c.stopped_at.is_(None)).values(stopped_at=work.now)
    )
    await work.execute(
        subscription.update()
        .where(subscription.c.contact_id == consent.contact_id, subscription.c.ended_at.is_(None))
        .values(ended_at=work.now)
    )
    skipped = await work.execute(
        delivery.update()
        .where(delivery.c.contact_id == consent.contact_id, delivery.c.state == DeliveryState.PENDING.value)
        .values(state=DeliveryState.SKIPPED.value, reason=Skipped.STOPPED.value, done_at=work.now)
        .returning(delivery.c.id)
    )
    await _write(work, consent, ConsentKind.OPT_OUT)
    return len(skipped.all())


async def resume(work: Transaction, consent: Consent) -> Sequence[str]:
    """Bring back what the last stop ended. Returns the counties that are on again; empty when there never were any."""
    last_stop = (
        select(func.max(subscription.c.ended_at)).where(subscription.c.contact_id == consent.contact_id).scalar_subquery()
    )
    await work.execute(
        subscription.update()
        .where(subscription.c.contact_id == consent.contact_id, subscription.c.ended_at == last_stop)
        .values(ended_at=None)
    )
    await work.execute(contact.update().where(contact.c.id == consent.contact_id).values(stopped_at=None))
    await _write(work, consent, ConsentKind.RESUME)
    return (await work.execute(_active(consent.contact_id))).scalars().all()


async def record_erasure(work: Transaction, consent: Consent) -> None:
    """Write that the person had themselves erased; the ledger keeps only the hash and the time."""
    await _write(work, consent, ConsentKind.ERASE)


def _active(contact_id: UUID) -> Select[tuple[str]]:
    return (
        select(subscription.c.county)
        .where(subscription.c.contact_id == contact_id, subscription.c.ended_at.is_(None))
        .order_by(subscription.c.county)
    )


async def _write(work: Transaction, consent: Consent, kind: ConsentKind, county: str | None = None) -> None:
    line = work.new_id()
    keeps_words = kind is not ConsentKind.ERASE
    await work.add(
        ConsentEvent(
            id=line,
            number_hash=consent.number_hash,
            kind=kind.value,
            county=county,
            topic=Topic.ALERTS.value,
            words_sealed=work.seal(consent.words[:320], consent_event.name, "words", line) if keeps_words else None,
            wording=consent.wording,
            source=consent.source,
            at=work.now,
        )
    )
