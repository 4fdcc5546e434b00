"""Waking others: a word over Redis says that the outbox or the board changed, so that nobody has to wait for the next look.

    vigia:live   pub/sub channel; the message is a topic

It carries no facts and may be lost: whoever listens also looks by itself every second or two. A word of a topic that follows another
closely is put off a moment and told once for all that came meanwhile, so that a flood of texts is no flood of words.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from weakref import WeakKeyDictionary

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.database import Nudge

log = structlog.get_logger(__name__)

CHANNEL: Final = "vigia:live"
RETRY_SECONDS: Final = 1.0

BETWEEN_WORDS_SECONDS: Final = 0.05
"""A process tells a topic no oftener than this: nobody reads a board twenty times a second."""


class Topic(StrEnum):
    """What changed."""

    OUTBOX = "outbox"
    BOARD = "board"
    PLACES = "places"


def wake(redis: Redis, topic: Topic) -> Nudge:
    """A nudge that tells every listener of `topic`, now or, where this process told them a moment ago, in a moment."""

    async def nudge() -> None:
        pace = _paces.setdefault(redis, {}).setdefault(topic, _Pace())
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now < pace.due:
            return  # the word that is put off until then comes after what this nudge is about, too
        if now < pace.told + BETWEEN_WORDS_SECONDS:
            pace.due = pace.told + BETWEEN_WORDS_SECONDS
            loop.call_at(pace.due, _tell_now, redis, topic, pace)
            return
        pace.told = now
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


@dataclass
class _Pace:
    """When a topic was told last, and until when the next word of it is put off; in seconds of the event loop's clock."""

    told: float = -math.inf
    due: float = -math.inf


_paces: WeakKeyDictionary[Redis, dict[Topic, _Pace]] = WeakKeyDictionary()
_telling: set[asyncio.Task[None]] = set()
"""Held here, as the event loop holds tasks only weakly."""


def _tell_now(redis: Redis, topic: Topic, pace: _Pace) -> None:
    pace.told = asyncio.get_running_loop().time()
    task = asyncio.create_task(_tell(redis, topic))
    _telling.add(task)
    task.add_done_callback(_telling.discard)


async def _tell(redis: Redis, topic: Topic) -> None:
    try:
        await redis.publish(CHANNEL, topic.value)
    except (RedisError, OSError) as error:
        log.warning("nudge_lost", error=type(error).__name__)
