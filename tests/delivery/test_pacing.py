"""The pace: shared by all workers, kept without Redis, and no second holds more than the rate however late a sender wakes up."""

from __future__ import annotations

import random

import pytest
from redis.asyncio import Redis

from app.core.clock import ManualClock
from app.delivery.pacing import HEADROOM, Pacer


async def test_the_pace_holds_across_workers_and_without_redis(redis: Redis, clock: ManualClock) -> None:
    one, two = Pacer(redis, "line", 10.0), Pacer(redis, "line", 10.0)

    assert await one.delays([1, 2], clock()) == pytest.approx([0.0, 0.1 * HEADROOM], abs=1e-5)
    assert await two.delays([1], clock()) == pytest.approx([0.3 * HEADROOM], abs=1e-5)
    await redis.connection_pool.disconnect()
    await redis.flushall()
    assert await two.delays([1], clock()) == pytest.approx([0.0])


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
