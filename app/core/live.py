"""Waking others: a word over Redis says that the outbox or the board changed, so that nobody has to wait for the next look.

    vigia:live   pub/sub channel; the message is a topic

It carries no facts and may be lost: whoever listens also looks by itself every second or two.
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.database import Nudge

log = structlog.get_logger(__name__)

CHANNEL: Final = "vigia:live"
RETRY_SECONDS: Final = 1.0


class Topic(StrEnum):
    """What changed."""

    OUTBOX = "outbox"
    BOARD = "board"
    PLACES = "places"


def wake(redis: Redis, topic: Topic) -> Nudge:
    """A nudge that tells every listener of `topic`."""

    async def nudge() -> None:
        await redis.publish(CHANNEL, topic.value)

    return nudge


class Listener:
    """One subscription a process, shared by all who wait in it."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._events: dict[Topic, list[asyncio.Event]] = {topic: [] for topic in Topic}

    def on(self, topic: Topic) -> asyncio.Event:
        """An event that is set each time `topic` changes; the caller clears it, and hands it back with `off`."""
        event = asyncio.Event()
        self._events[topic].append(event)
        return event

    def off(self, topic: Topic, event: asyncio.Event) -> None:
        """Stop setting an event."""
        self._events[topic].remove(event)

    async def run(self) -> None:
        """Listen until cancelled; a Redis that went away is tried again."""
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANNEL)
                    while True:
                        message = await channel.get_message(timeout=RETRY_SECONDS)
                        if message is not None:
                            self._tell(message["data"])
            except (RedisError, OSError) as error:
                log.info("live_channel_away", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    def _tell(self, topic: str) -> None:
        for event in self._events.get(Topic(topic), []) if topic in set(Topic) else []:
            event.set()
