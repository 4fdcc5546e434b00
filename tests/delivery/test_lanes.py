"""Who goes first: lanes, turns within an alert, lanes that have waited too long, and people who got enough for now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.outbox import AGES
from app.delivery.pacing import Pacer
from app.delivery.plan import Message, plan_to
from app.delivery.protection import LIMITS, PROTECTED
from app.delivery.sender import AGED_EVERY, Sender
from app.delivery.switch import halt
from app.delivery.waiting import WORDS, why_waiting
from app.records.deliveries import Lane, Waits, delivery
from app.records.states import DeliveryState
from app.subscribers.consent import subscribe
from tests.delivery.outgoing import DURHAM, WAKE, PhoneCompany, consent_of, people, plan_alert, states


async def tell(database: Database, lane: Lane, whom: Sequence[UUID], words: str, about: UUID | None = None) -> None:
    async with database.transaction() as work:
        await plan_to(work, Message(lane, "news", {"en": words, "es": words}, about), whom)


class OneByOne(Pacer):
    """No pace, but one text a claim, as on a slow line."""

    def batch_size(self, most: int) -> int:
        return 1


def one_by_one(database: Database, redis: Redis, company: PhoneCompany) -> Sender:
    return Sender(database, company, OneByOne(redis, "line", None), "http://localhost/s")


async def test_no_lane_starves_and_replies_stay_first(database: Database, redis: Redis, clock: ManualClock) -> None:
    """A flood of alerts lasts for hours; a broadcast text waits its time, then gets one claim in ten, and a reply still goes at once."""
    crowd, others = await people(database, DURHAM, 60), await people(database, WAKE, 3)
    company = PhoneCompany(clock)
    sender = one_by_one(database, redis, company)
    await tell(database, Lane.BROADCAST, others, "news")
    for n in range(3):
        await tell(database, Lane.ALERT, crowd, f"alert {n}")

    async def send(claims: int) -> list[str]:
        before = len(company.log)
        for _ in range(claims):
            await sender.send_some()
        return [text.body for text in company.log[before:]]

    assert "news" not in await send(2 * AGED_EVERY)
    clock.advance(AGES[Lane.BROADCAST])
    later = await send(3 * AGED_EVERY)
    await tell(database, Lane.REPLY, [crowd[0]], "reply")

    assert later.count("news") == 3
    assert await send(1) == ["reply"]


async def test_those_who_live_in_the_county_hear_before_neighbours(
    database: Database, redis: Redis, clock: ManualClock
) -> None:
    """Home is the county that somebody asked for first; within each half chance decides, not who signed up early."""
    neighbours = await people(database, WAKE, 12)
    clock.advance(timedelta(days=1))
    residents = await people(database, DURHAM, 12)
    async with database.transaction() as work:
        for n, who in enumerate(neighbours):
            await subscribe(work, consent_of(database, who, f"+17045550{100 + n}"), DURHAM)
    await plan_alert(database)
    company = PhoneCompany(clock)
    await one_by_one(database, redis, company).drain()
    heard = [text.to for text in company.log]

    assert len(heard) == len(residents) + len(neighbours)
    assert {number[:5] for number in heard[:12]} == {"+1919"}
    assert {number[:5] for number in heard[12:]} == {"+1704"}
    assert heard[:12] != sorted(heard[:12])


async def test_a_person_gets_one_broadcast_a_minute_and_alerts_without_limit(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    [who] = await people(database, DURHAM, 1)
    about = database.new_id()
    await tell(database, Lane.ALERT, [who], "alert 1")
    await tell(database, Lane.BROADCAST, [who], "news 1", about)
    await tell(database, Lane.RIGHTS, [who], "rights", about)
    await tell(database, Lane.ALERT, [who], "alert 2")
    await tell(database, Lane.REPLY, [who], "reply")
    await sender.drain()

    assert [text.body for text in company.log] == ["reply", "alert 1", "alert 2"]
    async with database.transaction() as work:
        [held] = await why_waiting(work, about, "news")
    assert (held.why, held.texts, held.until) == (Waits.PROTECTED, 2, clock() + timedelta(minutes=1))
    for _ in range(3):
        clock.advance(timedelta(minutes=1))
        await sender.drain()
    assert [text.body for text in company.log[3:]] == ["rights", "news 1"]


async def test_nobody_gets_more_than_the_limits_and_nothing_that_was_held_back_is_lost(
    database: Database, sender: Sender, company: PhoneCompany, clock: ManualClock
) -> None:
    [who] = await people(database, DURHAM, 1)
    for n in range(12):
        await tell(database, Lane.BROADCAST, [who], f"news {n}")
    gone = []
    for _ in range(60):
        before = len(company.log)
        await sender.drain()
        gone += [clock()] * (len(company.log) - before)
        clock.advance(timedelta(minutes=1))

    for most in LIMITS:
        assert all(sum(at <= other < at + most.within for other in gone) <= most.texts for at in gone)
    assert len(gone) == 10
    assert await states(database) == {"sent": 10, "pending": 2}
    clock.advance(timedelta(hours=13))
    await sender.drain()
    assert await states(database) == {"sent": 10, "pending": 2}
    clock.advance(timedelta(days=1))
    await sender.drain()
    assert await states(database) == {"sent": 10, "skipped": 2}, "by then it was too old to tell, and says so"


async def test_a_batch_of_people_who_are_not_to_get_it_does_not_end_the_sending(
    database: Database, sender: Sender, company: PhoneCompany
) -> None:
    crowd = await people(database, DURHAM, 30)
    await tell(database, Lane.ALERT, crowd, "alert")
    await tell(database, Lane.BROADCAST, crowd, "news")
    await tell(database, Lane.BROADCAST, await people(database, WAKE, 5), "news")
    await sender.drain()

    assert len(company.log) == 35


async def test_every_waiting_text_says_why(database: Database, sender: Sender, clock: ManualClock) -> None:
    crowd, about = await people(database, DURHAM, 3), database.new_id()
    await tell(database, Lane.BROADCAST, crowd, "news", about)

    async def why() -> list[Waits]:
        async with database.transaction() as work:
            return [one.why for one in await why_waiting(work, about, "news")]

    assert await why() == [Waits.PACE]
    await tell(database, Lane.ALERT, crowd, "alert")
    assert await why() == [Waits.BEHIND]
    async with database.transaction() as work:
        await work.execute(delivery.update().values(not_before=clock() + timedelta(hours=9)))
    assert await why() == [Waits.NIGHT]
    async with database.transaction() as work:
        await work.execute(delivery.update().values(attempts=1))
    assert await why() == [Waits.AGAIN]
    async with database.transaction() as work:
        await work.execute(delivery.update().values(state=DeliveryState.UNKNOWN.value))
    assert await why() == [Waits.ASKING]
    async with database.transaction() as work:
        await work.execute(delivery.update().values(state=DeliveryState.PENDING.value))
        await halt(work, "a test")
    assert await why() == [Waits.HALTED]
    async with database.transaction() as work:
        await work.execute(delivery.update().values(state=DeliveryState.SENT.value))
    assert await why() == []


def test_every_reason_to_wait_has_words_in_both_languages() -> None:
    assert set(WORDS) == set(Waits)
    assert all(english and spanish and english != spanish for english, spanish in WORDS.values())


def test_what_is_about_safety_is_never_held_back_for_a_person() -> None:
    assert not {Lane.REPLY, Lane.DISPATCH, Lane.ALERT, Lane.CORRECTION} & set(PROTECTED)


@pytest.mark.parametrize("lane", [Lane.REPLY, Lane.DISPATCH])
async def test_what_somebody_waits_for_goes_beside_a_batch_that_is_stuck(
    database: Database, redis: Redis, clock: ManualClock, lane: Lane
) -> None:
    """Twilio answers none of an alert's texts before a reply that was planned meanwhile has gone."""
    crowd = await people(database, DURHAM, 40)
    await tell(database, Lane.ALERT, crowd, "alert")

    class Stuck(PhoneCompany):
        planned, heard_urgent = False, asyncio.Event()

        async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
            if body == "alert":
                if not self.planned:
                    self.planned = True
                    await tell(database, lane, crowd[:1], "urgent")
                await self.heard_urgent.wait()
            elif body == "urgent":
                self.heard_urgent.set()
            return await super().send(to, body, callback, validity_seconds, sender)

    company = Stuck(clock)
    async with asyncio.timeout(20):
        await Sender(database, company, Pacer(redis, "line", None), "http://localhost/s").drain()

    assert company.log[0].body == "urgent"
    async with database.transaction() as work:
        assert len(await work.all(select(delivery.c.id).where(delivery.c.state == "sent"))) == 41
