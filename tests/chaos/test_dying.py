"""The device that lets a step die at every await: it finds them all, and the dead do nothing more."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis
from sqlalchemy import text

from app.core.clock import ManualClock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from tests.chaos.dying import every_death


async def test_a_transaction_that_dies_anywhere_is_there_whole_or_not_at_all(
    database: Database, database_url: str, keys: Keys, clock: ManualClock
) -> None:
    async with database.transaction() as work:
        await work.execute(text("CREATE TABLE mark (run int)"))
    seen: dict[int, str | None] = {}
    runs = 0
    async for life in every_death():
        runs += 1
        async with life:
            process = Database(database_url, keys, clock, new_id)
            async with process.transaction() as work:
                for _ in range(2):
                    await work.execute(text("INSERT INTO mark VALUES (:run)"), {"run": runs})
            await process.close()
        async with database.transaction() as work:
            marks = await work.scalar(text(f"SELECT count(*) FROM mark WHERE run = {runs}"))  # noqa: S608  # a number of ours
        seen[marks] = life.died
        assert marks in {0, 2}, life.died

    assert runs > 8
    assert set(seen) == {0, 2}
    assert seen[2] is None


async def test_the_dead_do_nothing_more(redis: Redis, redis_url: str) -> None:
    async def stubborn(client: Redis) -> None:
        try:
            await client.incr("first")
        finally:
            await client.incr("cleaned up")

    deaths = 0
    async for life in every_death():
        await redis.flushall()
        async with life:
            client = connect_redis(redis_url)
            await asyncio.gather(stubborn(client), stubborn(client), return_exceptions=True)
            await client.aclose()
        deaths += life.died is not None
        first, cleaned = [int(await redis.get(key) or 0) for key in ("first", "cleaned up")]
        assert cleaned <= first <= 2, life.died
        if life.died is None:
            assert (first, cleaned) == (2, 2)

    assert deaths == 8  # two calls by each of two, before and after
