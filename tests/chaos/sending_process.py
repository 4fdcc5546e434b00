"""A worker's sending as a process of its own: what it opens, and a whole life of it that may end by SIGKILL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from app.core.clock import system_clock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.delivery.pacing import Pacer
from app.delivery.sender import Sender
from app.settings import Settings
from app.telephony.rest import TwilioRest
from tests.chaos.dying import Life


@asynccontextmanager
async def open_worker(
    settings: Settings, clock: Callable[[], datetime], line: str, segments_per_second: float = 500.0
) -> AsyncIterator[tuple[Database, TwilioRest, Sender]]:
    """A worker's own connections and its sender; `line` names its pace."""
    keys = Keys(settings.keys.get_secret_value(), settings.hash_key.get_secret_value())
    assert settings.database_url is not None and settings.redis_url is not None
    database = Database(settings.database_url, keys, clock, new_id, pool_size=3)
    secret = settings.api_key_secret.get_secret_value()
    carrier = TwilioRest(settings.account_sid, settings.api_key_sid, secret, settings.lines[0], api_url=settings.api_url)
    redis = connect_redis(settings.redis_url, connections=2)
    callback = f"{settings.public_url}/twilio/messages/status"
    try:
        yield database, carrier, Sender(database, carrier, Pacer(redis, line, segments_per_second), callback)
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
