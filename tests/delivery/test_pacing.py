"""The pace: shared by all workers, kept without Redis, and no second holds more than the rate however late a sender wakes up."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.core.clock import ManualClock
from app.core.database import Database
from app.delivery.pacing import DEBT_SECONDS, DEBT_SEGMENTS, HEADROOM, CampaignPace, Pacer
from app.delivery.sender import SLICE_SECONDS, Sender
from tests.delivery.outgoing import DURHAM, PhoneCompany, people, plan_alert, states


async def test_the_pace_holds_across_workers_and_without_redis(redis: Redis, clock: ManualClock) -> None:
    one, two = Pacer(redis, "line", 10.0), Pacer(redis, "line", 10.0)

    assert await one.delays([1, 2], clock()) == pytest.approx([DEBT_SECONDS, DEBT_SECONDS + 0.1 * HEADROOM], abs=1e-5)
    assert await two.delays([1], clock()) == pytest.approx([DEBT_SECONDS + 0.3 * HEADROOM], abs=1e-5)
    await redis.connection_pool.disconnect()
    await redis.flushall()
    assert await two.delays([1], clock()) == pytest.approx([DEBT_SECONDS + 0.4 * HEADROOM], abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rate", [1.0, 10.0, 75.0])
async def test_an_emptied_or_restored_redis_makes_no_burst(redis: Redis, clock: ManualClock, rate: float, seed: int) -> None:
    """Three workers reserve as they go; at some moment Redis loses everything, or comes back as it was a while ago."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    workers, gone = [Pacer(redis, "line", rate) for _ in range(3)], []
    kept: object = None
    for step in range(60):
        now = clock().timestamp()
        worker = chance.choice(workers)
        if await worker.ahead(clock()) <= SLICE_SECONDS:
            delays = await worker.delays([1] * worker.batch_size(100), clock())
            gone += [now + delay for delay in delays]
        if step == 15:
            kept = await redis.get("vigia:{pace}:line")
        elif step == 30:
            await redis.flushall()
        elif step == 45 and kept is not None:
            await redis.set("vigia:{pace}:line", str(kept))
        clock.advance(timedelta(seconds=0.05 + chance.random() * 0.3))

    gone.sort()
    most = max(sum(at <= other < at + 1.0 for other in gone[first:]) for first, at in enumerate(gone))
    batch = workers[0].batch_size(100)
    assert most <= rate + (len(workers) - 1) * batch, "what others had reserved when it came back old, and no more"


@pytest.mark.parametrize("rate", [4.0, 40.0])
async def test_lines_of_one_campaign_keep_its_pace_together_and_others_their_own(
    redis: Redis, clock: ManualClock, rate: float
) -> None:
    campaign = CampaignPace("campaign-a", rate)
    lines = [Pacer(redis, f"line{n}", rate, campaign) for n in range(3)]
    alone = Pacer(redis, "alone", rate)
    gone = sorted([delay for line in lines for delay in await line.delays([1, 2, 1], clock())])

    assert gone[-1] - gone[0] >= HEADROOM * (3 * 4 - 2) / rate
    assert (await alone.delays([1], clock()))[0] == pytest.approx(max(DEBT_SECONDS, DEBT_SEGMENTS * HEADROOM / rate))


@pytest.mark.parametrize(("rate", "segments"), [(1.0, 1), (3.0, 1), (40.0, 1), (100.0, 2), (75.0, 3)])
@pytest.mark.parametrize("seed", range(4))
async def test_no_second_holds_more_than_the_rate_however_late_a_sender_wakes(
    redis: Redis, clock: ManualClock, rate: float, segments: int, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # late wake-ups, no secret
    pacer = Pacer(redis, f"line {rate} {segments} {seed}", rate)
    texts = max(12, round(12 * rate / segments))
    dues = await pacer.delays([segments] * texts, clock())
    gone, now = [], 0.0
    for due in dues:
        now = max(now, due + chance.choice([0.0, 0.001, 0.004, 0.3]))
        while wait := pacer.take(segments, now):
            now += wait
        gone.append(now)

    for first, at in enumerate(gone):
        assert segments * sum(at <= other < at + 1.0 for other in gone[first:]) <= max(rate, segments)
    assert segments * (texts - 1) / (gone[-1] - gone[0]) == pytest.approx(rate, rel=0.05)


class Slow(PhoneCompany):
    """A phone company that answers nobody before it has heard from enough."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.heard = 0
        self.enough = asyncio.Event()

    async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
        self.heard += 1
        if self.heard == 25:
            self.enough.set()
        await self.enough.wait()
        return await super().send(to, body, callback, validity_seconds, sender)


async def test_slow_answers_do_not_slow_the_pace(database: Database, redis: Redis, clock: ManualClock) -> None:
    await people(database, DURHAM, 40)
    await plan_alert(database)
    company = Slow(clock)
    async with asyncio.timeout(30):
        assert await Sender(database, company, Pacer(redis, "line", 100.0), "http://localhost/s").drain() == 40

    assert await states(database) == {"sent": 40}


async def test_a_sender_that_is_told_to_stop_hands_back_what_it_has_not_sent(
    database: Database, redis: Redis, clock: ManualClock
) -> None:
    await people(database, DURHAM, 40)
    await plan_alert(database)
    stopping = asyncio.Event()

    class Stopping(PhoneCompany):
        async def send(self, to: str, body: str, callback: str, validity_seconds: int, sender: str | None = None) -> str:
            stopping.set()
            return await super().send(to, body, callback, validity_seconds, sender)

    company = Stopping(clock)
    await Sender(database, company, Pacer(redis, "line", 40.0), "http://localhost/s").drain(stopping)

    assert 0 < len(company.log) < 40
    assert await states(database) == {"sent": len(company.log), "pending": 40 - len(company.log)}
