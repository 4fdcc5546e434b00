"""Stops that no database knows of yet: they wait on the disk of one machine, and the workers of the others must not text those people.

    vigia:{stops}:<keyed hash of the number>   string   somebody with this number said stop, and that waits on some machine's disk

A key is written when a stop goes to the disk and again for as long as it waits there, lives on for a moment when it is on record, and ends
by itself should its machine be dead. It decides nothing: whoever has one is told nothing until the stop has been read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import timedelta
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.keys import Keys
from app.core.metrics import STOPS_NOT_ASKED
from app.telephony.addresses import WHATSAPP_PREFIX

log = structlog.get_logger(__name__)

WhoWaitsToStop = Callable[[Sequence[str]], Awaitable[Collection[str]]]
"""Gives those of some numbers of whom a stop waits somewhere (`WaitingStops.among`)."""

KEY: Final = "vigia:{{stops}}:{}"

MARKED_FOR: Final = timedelta(hours=2)
"""How long a mark outlives its machine. Every hour Twilio's log is read as a whole, which takes in what that machine still holds."""

LINGERS: Final = timedelta(seconds=10)
"""How long a mark stays when its stop is on record: longer than between a worker's look at the database and its look at the marks, so that
it sees one or the other."""

MARK_SECONDS: Final = 0.4
"""So long Twilio is kept waiting for a mark. It stands in no promise to Twilio, and is written again by the replay."""


class WaitingStops:
    """The marks that all machines share. Numbers are canonical ones, by whichever channel. While Redis is away none can be set or seen,
    which is logged and counted."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def mark(self, numbers: Collection[str]) -> None:
        """Note that stops of these numbers wait on this machine's disk."""
        await self._let_live(numbers, MARKED_FOR, made=True)

    async def let_lapse(self, numbers: Collection[str]) -> None:
        """Note that the stops of these numbers are on record."""
        await self._let_live(numbers, LINGERS, made=False)

    async def among(self, numbers: Sequence[str]) -> set[str]:
        """Those of these numbers of whom a stop waits somewhere, in one command. None while Redis is away."""
        if not numbers:
            return set()
        try:
            marks = await self._redis.mget([self._key(number) for number in numbers])
        except (RedisError, OSError, TimeoutError) as error:
            STOPS_NOT_ASKED.inc()
            log.warning("waiting_stops_not_asked", error=type(error).__name__)
            return set()
        return {number for number, mark in zip(numbers, marks, strict=True) if mark is not None}

    async def _let_live(self, numbers: Iterable[str], life: timedelta, *, made: bool) -> None:
        keys = {self._key(number) for number in numbers}
        if not keys:
            return
        try:
            async with asyncio.timeout(MARK_SECONDS), self._redis.pipeline(transaction=False) as all_of_them:
                for key in keys:
                    all_of_them.set(key, 1, ex=life, xx=not made)
                await all_of_them.execute()
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("stop_not_marked", error=type(error).__name__)

    def _key(self, number: str) -> str:
        return KEY.format(self._keys.fingerprint("waiting stop", number.removeprefix(WHATSAPP_PREFIX)).hex()[:32])
