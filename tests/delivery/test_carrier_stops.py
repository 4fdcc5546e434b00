"""A stop that a carrier knows of: it ends the texts from every line of ours, and only the person's own later word outweighs it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery import outbox
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to
from app.delivery.sender import From, Sender
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery
from app.subscribers.consent import resume
from app.telephony.rest import Refused
from tests.delivery.outgoing import DURHAM, TEXTS, PhoneCompany, consent_of, people, plan_alert, states


async def has_stopped(database: Database, who: UUID) -> bool:
    async with database.transaction() as work:
        return await work.scalar(select(contact.c.stopped_at).where(contact.c.id == who)) is not None


async def test_a_stop_to_one_line_ends_the_texts_from_all(database: Database, redis: Redis, company: PhoneCompany) -> None:
    """Twilio blocks one line for a person; who says stop to a number of the hotline means the hotline."""
    [who] = await people(database, DURHAM, 1)
    async with database.transaction() as work:
        for line in ("a", "b"):
            planned = await plan_to(work, Message(Lane.ALERT, "alert", TEXTS), [who])
            await work.execute(delivery.update().where(delivery.c.message_id == planned.id).values(line=line))
    company.answers = [Refused(21610, 400)]
    for line in ("a", "b"):
        await Sender(database, company, Pacer(redis, line, None), "http://l/s", sends_from=From(line)).drain()

    assert await has_stopped(database, who)
    assert await states(database) == {"failed": 1, "skipped": 1}
    assert len(company.asked) == 1


@pytest.mark.parametrize(
    ("since", "stops"), [(None, True), ("sms", False), ("whatsapp", False), ("web", True), ("import", True)]
)
async def test_a_refusal_of_before_the_persons_own_word_ends_nothing(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock, since: str | None, stops: bool
) -> None:
    """START lifts the carrier's block, so that a 21610 for a text that was under way before says nothing new; the next one does."""
    [who] = await people(database, DURHAM, 1)
    await plan_alert(database)
    async with database.transaction() as work:
        [text] = await outbox.claim(work, 10)
    clock.advance(timedelta(seconds=5))
    if since is not None:
        async with database.transaction() as work:
            await resume(work, replace(consent_of(database, who, "+19195550100"), source=since))
    async with database.transaction() as work:
        await outbox.record_refused(work, text, Refused(21610, 400))

    assert await has_stopped(database, who) is stops
    if not stops:
        await plan_alert(database)
        company.answers = [Refused(21610, 400)]
        clock.advance(timedelta(seconds=5))
        await sender.drain()
        assert await has_stopped(database, who)
