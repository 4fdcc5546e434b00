"""Words over Redis: one always follows what it tells of, and a flood of changes is no flood of words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from app.core.live import CHANNEL, Topic, wake

LAST = "the last of this test"


@asynccontextmanager
async def listening(redis: Redis) -> AsyncIterator[PubSub]:
    async with redis.pubsub(ignore_subscribe_messages=True) as channel, asyncio.timeout(30):
        await channel.subscribe(CHANNEL)
        await redis.ping()
        yield channel


async def next_word(channel: PubSub) -> str:
    while (message := await channel.get_message(timeout=1)) is None:
        continue
    return str(message["data"])


async def test_a_change_right_after_another_is_told_too(redis: Redis) -> None:
    async with listening(redis) as channel:
        await wake(redis, Topic.BOARD)()
        await wake(redis, Topic.BOARD)()

        assert [await next_word(channel), await next_word(channel)] == [Topic.BOARD, Topic.BOARD]


async def test_a_thousand_changes_of_one_moment_are_not_a_thousand_words(redis: Redis) -> None:
    async with listening(redis) as channel:
        for _ in range(1000):
            await wake(redis, Topic.BOARD)()
        await redis.publish(CHANNEL, LAST)
        heard = 0
        while await next_word(channel) != LAST:
            heard += 1

        assert 1 <= heard < 1000


async def test_one_topic_does_not_put_off_another(redis: Redis) -> None:
    async with listening(redis) as channel:
        for topic in (Topic.BOARD, Topic.OUTBOX):
            await wake(redis, topic)()

        assert {await next_word(channel), await next_word(channel)} == {Topic.BOARD, Topic.OUTBOX}
