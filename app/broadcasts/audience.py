"""Whom a broadcast is for, and who has had enough of them this week.

Consent is for a programme: who asked for alerts alone did not ask for announcements, so a broadcast goes to those who asked for its topic.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, select

from app.broadcasts.wording import languages_of
from app.core.database import Transaction
from app.core.languages import TEXT_LANGUAGES
from app.records.broadcasts import Broadcast
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery
from app.records.states import DeliveryState
from app.subscribers.tables import Topic, subscription

TOPICS: Final = (Topic.EVENTS, Topic.RIGHTS)
"""What broadcasts are about. Alerts are alerts."""

WEEK: Final = timedelta(days=7)
MOST_A_WEEK: Final = 3
"""So many broadcasts and rights texts one person gets in any seven days; alerts don't count, and answers don't."""

COUNTED: Final = (Lane.RIGHTS, Lane.BROADCAST)


def listeners(told: Broadcast, now: datetime) -> Select[Any]:
    """The contacts who asked for its topic in one of its counties, read one of its languages, and do not pause: each once."""
    wish = exists().where(
        subscription.c.contact_id == contact.c.id, subscription.c.topic == told.topic, subscription.c.ended_at.is_(None)
    )
    if told.counties:
        wish = wish.where(subscription.c.county.in_(told.counties))
    people = select(contact).where(wish, contact.c.paused_until.is_(None) | (contact.c.paused_until <= now))
    return people.where(read_language().in_(languages_of(told))) if told.languages else people


def read_language() -> ColumnElement[str]:
    """The language that a contact is texted in, of those in which every text exists."""
    return case((contact.c.language.in_(TEXT_LANGUAGES), contact.c.language), else_="en")


async def count_listeners(work: Transaction, told: Broadcast) -> dict[str, int]:
    """How many people it would reach now, by the language they would read it in."""
    language = read_language().label("language")
    people = _reachable(listeners(told, work.now)).with_only_columns(language, func.count().label("people")).group_by(language)
    return {row.language: row.people for row in await work.all(people)}


async def count_capped(work: Transaction, told: Broadcast) -> int:
    """How many of them have had so many this week that they would be skipped."""
    who = _reachable(listeners(told, work.now)).with_only_columns(contact.c.id)
    return int(await work.scalar(select(func.count()).select_from(_had_enough(work.now, who).subquery())))


def capped(message_id: UUID, now: datetime) -> Select[tuple[UUID]]:
    """The contacts among those of a planned message who had enough without it."""
    who = select(delivery.c.contact_id).where(delivery.c.message_id == message_id)
    return _had_enough(now, who, beside=message_id)


def _had_enough(now: datetime, who: Select[Any], beside: UUID | None = None) -> Select[tuple[UUID]]:
    had = (
        select(delivery.c.contact_id)
        .where(delivery.c.contact_id.in_(who), delivery.c.lane.in_([int(lane) for lane in COUNTED]))
        .where(delivery.c.created_at > now - WEEK)
        .where(delivery.c.state.not_in((DeliveryState.SKIPPED.value, DeliveryState.FAILED.value)))
        .group_by(delivery.c.contact_id)
        .having(func.count() >= MOST_A_WEEK)
    )
    return had if beside is None else had.where(delivery.c.message_id != beside)


def _reachable(people: Select[Any]) -> Select[Any]:
    return people.where(
        contact.c.stopped_at.is_(None),
        contact.c.unreachable_at.is_(None) | contact.c.unreachable_until.is_not(None),
        contact.c.number_sealed.is_not(None),
    )
