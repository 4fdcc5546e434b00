"""One message is paused, goes on and is ended while a paced sender is in the midst of it: within a second, with exact counts."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.conservation import tally_of
from app.delivery.holding import end_message, hold_message, let_message_go
from app.delivery.pacing import Pacer
from app.delivery.sender import Sender
from tests.delivery.outgoing import DURHAM, PhoneCompany, people, plan_alert


class Watched(PhoneCompany):
    """Says when the first few texts have gone, and at what moment of the loop's clock each went."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.moments: list[float] = []
        self.some_went = asyncio.Event()

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        self.moments.append(asyncio.get_running_loop().time())
        if len(self.moments) >= 5:
            self.some_went.set()
        return await super().send(to, body, callback, validity_seconds, sender)


async def test_a_pause_in_the_midst_of_sending_holds_within_a_second_and_nobody_is_lost_or_told_twice(
    database: Database, redis: Redis, clock: ManualClock
) -> None:
    await people(database, DURHAM, 60)
    about, _ = await plan_alert(database)
    company = Watched(clock)
    sender = Sender(database, company, Pacer(redis, "line", 20.0), "http://localhost/s")
    async with asyncio.timeout(60):
        sending = asyncio.create_task(sender.drain())
        await company.some_went.wait()
        async with database.transaction() as work:
            assert await hold_message(work, about, "alert")
        held_at = asyncio.get_running_loop().time()
        await sending

    gone = len(company.log)
    assert 5 <= gone < 60
    assert max(company.moments) - held_at < 1.0
    async with database.transaction() as work:
        tally = await tally_of(work, about, "alert")
        assert (tally.sent, tally.pending) == (gone, 60 - gone)
        assert await let_message_go(work, about, "alert")
    unpaced = Sender(database, company, Pacer(redis, "other", None), "http://localhost/s")
    await unpaced.send_some()
    assert len({text.to for text in company.log}) == len(company.log) == 60


async def test_ending_it_counts_who_was_spared(database: Database, sender: Sender, company: PhoneCompany) -> None:
    await people(database, DURHAM, 6)
    about, _ = await plan_alert(database)
    async with database.transaction() as work:
        assert await end_message(work, about, "alert") == 6
        assert await end_message(work, about, "alert") is None
        assert not await let_message_go(work, about, "alert")
    assert await sender.send_some() == 0
    assert company.log == []
