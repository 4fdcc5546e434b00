"""Several workers, one truth: each that is added adds to what is under way at a time, until the pace binds."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from app.core.clock import ManualClock, system_clock
from app.core.database import Database
from app.delivery.pacing import HEADROOM, Pacer
from app.delivery.sender import MOST_UNDER_WAY, Sender
from app.records.phone_book import contact_for
from app.subscribers.consent import subscribe
from tests.delivery.outgoing import DURHAM, PhoneCompany, consent_of, plan_alert, states

MORE = 60


class Slow(PhoneCompany):
    """A phone company that takes its time: it answers nobody before it has heard from `enough` people."""

    def __init__(self, clock: ManualClock, enough: int) -> None:
        super().__init__(clock)
        self.enough, self.heard, self.reached = enough, 0, asyncio.Condition()

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        async with self.reached:
            self.heard += 1
            self.reached.notify_all()
            await self.reached.wait_for(lambda: self.heard >= self.enough)
        return await super().send(to, body, callback, validity_seconds, sender)

    async def until(self, heard: int) -> None:
        async with self.reached:
            await self.reached.wait_for(lambda: self.heard >= heard)


async def test_a_second_worker_takes_what_the_first_has_no_hands_for(
    database: Database, redis: Redis, clock: ManualClock
) -> None:
    await crowd(database, MOST_UNDER_WAY + MORE)
    await plan_alert(database)
    company = Slow(clock, MOST_UNDER_WAY + MORE)
    one, two = (Sender(database, company, Pacer(redis, "line", None), "http://l/s") for _ in range(2))
    async with asyncio.timeout(60):
        first = asyncio.create_task(one.drain())
        await company.until(MOST_UNDER_WAY)
        assert company.heard == MOST_UNDER_WAY, "the first has its hands full and gets no answer"
        taken_by_second = await two.drain()
        taken_by_first = await first

    assert (taken_by_first, taken_by_second) == (MOST_UNDER_WAY, MORE)
    assert len({text.to for text in company.log}) == len(company.log) == MOST_UNDER_WAY + MORE


async def test_the_pace_binds_however_many_workers_there_are(database: Database, redis: Redis, clock: ManualClock) -> None:
    await crowd(database, 60)
    gone: list[float] = []

    class Watched(PhoneCompany):
        async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
            gone.append(asyncio.get_running_loop().time())
            return await super().send(to, body, callback, validity_seconds, sender)

    company, rate = Watched(clock), 40.0
    url = database.engine.url.render_as_string(hide_password=False)
    workers = [Database(url, database.keys, system_clock, database.new_id, pool_size=2) for _ in range(4)]
    await plan_alert(workers[0])
    await asyncio.gather(*(Sender(one, company, Pacer(redis, "line", rate), "http://l/s").drain() for one in workers))
    for one in workers:
        await one.close()

    assert len(gone) == 60
    assert gone[-1] - gone[0] >= 0.9 * HEADROOM * 59 / rate, "a busy machine sends the first ones late"
    assert await states(database) == {"sent": 60}


async def crowd(database: Database, n: int) -> None:
    """More phones than one exchange of fictional numbers has."""
    async with database.transaction() as work:
        for i in range(n):
            number = f"+1{200 + i // 100}55501{i % 100:02d}"
            who = await contact_for(work, number, "en")
            await subscribe(work, consent_of(database, who, number), DURHAM)
