"""A worker's sending as a process of its own: what it opens, and a whole life of it that SIGKILL may end or SIGSTOP interrupt."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import aiohttp
from sqlalchemy.exc import SQLAlchemyError

from app.core.clock import steady_seconds, system_clock
from app.core.database import IDLE_SECONDS, Database, is_away
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.delivery.pacing import Pacer
from app.delivery.sender import Sender
from app.settings import Settings
from app.telephony.rest import TwilioRest
from tests.chaos.dying import Life, watched

SLEPT: Final = timedelta(minutes=5)
"""For so long a process was suspended, as its clocks say."""

PUT_OUT_AFTER: Final = 1.0
"""So many seconds the server waits for a process that sleeps inside a transaction."""

NEVER_SLEPT: Final = 3
"""The exit code of a process that came to its end before it was to be suspended."""


@asynccontextmanager
async def open_worker(
    settings: Settings,
    clock: Callable[[], datetime],
    line: str,
    segments_per_second: float | None = 500.0,
    steady: Callable[[], float] = steady_seconds,
    idle_seconds: float = IDLE_SECONDS,
) -> AsyncIterator[tuple[Database, TwilioRest, Sender]]:
    """A worker's own connections and its sender; `line` names its pace."""
    keys = Keys(settings.keys.get_secret_value(), settings.hash_key.get_secret_value())
    assert settings.database_url is not None and settings.redis_url is not None
    database = Database(settings.database_url, keys, clock, new_id, pool_size=3, idle_seconds=idle_seconds)
    secret = settings.api_key_secret.get_secret_value()
    carrier = TwilioRest(settings.account_sid, settings.api_key_sid, secret, settings.lines[0], api_url=settings.api_url)
    redis = connect_redis(settings.redis_url, connections=2)
    callback = f"{settings.public_url}/twilio/messages/status"
    try:
        yield database, carrier, Sender(database, carrier, Pacer(redis, line, segments_per_second), callback, steady=steady)
    finally:
        await carrier.close()
        await redis.aclose()
        await database.close()


def live(settings: Settings, dies_at: int) -> None:
    """Send what is due, as a process that SIGKILL ends at its n-th await, if it gets there."""

    async def send() -> None:
        async with Life(dies_at, really=True), open_worker(settings, system_clock, "line") as (_, _, sender):
            await sender.drain()

    asyncio.run(send())


@dataclass
class Sleeper(Life):
    """A life that stands still at its n-th await until somebody sends SIGCONT, and ends by nothing."""

    awaits: int = field(default=0, init=False)
    slept: timedelta = field(default=timedelta(0), init=False)

    def meet(self, point: str) -> None:
        self.awaits += 1
        if self.awaits == self.dies_at:
            os.kill(os.getpid(), signal.SIGSTOP)
            self.slept = SLEPT


def live_with_a_sleep(settings: Settings, sleeps_at: int) -> None:
    """Send what is due, as a process that SIGSTOP suspends at its n-th await: also where it has just got its connection to Twilio."""
    sleeper = Sleeper(sleeps_at)
    connect = aiohttp.TCPConnector.connect
    setattr(aiohttp.TCPConnector, "connect", watched("connection", connect))  # noqa: B010  # in a process of its own

    async def send() -> None:
        def clock() -> datetime:
            return system_clock() + sleeper.slept

        def steady() -> float:
            return steady_seconds() + sleeper.slept.total_seconds()

        # Without a pace, which a process whose clock is five minutes ahead would reserve for all that come after it.
        async with sleeper, open_worker(settings, clock, "line", None, steady, PUT_OUT_AFTER) as (_, _, sender):
            try:
                await sender.drain()
            except SQLAlchemyError as error:
                if not sleeper.slept or not is_away(error):
                    raise  # else it slept inside a transaction, was put out, and a worker would begin anew

    asyncio.run(send())
    if not sleeper.slept:
        sys.exit(NEVER_SLEPT)
