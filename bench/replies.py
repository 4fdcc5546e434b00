"""Replies that are planned while an alert goes out, and how long each waits until the phone company has it. A process of its own, so that
what measures does not slow down what is measured: `python -m bench.replies URL SECONDS` says "ready", plans one every so often until a line
comes in, and prints the waits."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import urllib.request
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import select

from app.core.database import Database
from app.core.live import Topic, wake
from app.core.redis_client import connect_redis
from app.delivery.plan import Message, plan_to
from app.records.contacts import contact
from app.records.deliveries import Lane
from bench.audience import open_database

PATIENCE = 10.0
"""Seconds after which a reply that has not come counts as having waited until then."""


async def _reply(url: str, every: float) -> None:
    database, redis = open_database(os.environ, 2), connect_redis(os.environ["VIGIA_REDIS_URL"])
    planned: dict[str, float] = {}
    async with database.transaction() as work:
        whom = await work.scalar(select(contact.c.id).limit(1))
    await _plan_one(database, redis, whom, "Reply-0")
    until = time.monotonic() + PATIENCE
    while "Reply-0" not in _arrived(url) and time.monotonic() < until:  # noqa: ASYNC110  # another process's
        await asyncio.sleep(0.1)
    print("ready", flush=True)
    enough = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    while not enough.done():
        words = f"Reply-{time.monotonic_ns()}"
        await _plan_one(database, redis, whom, words)
        planned[words] = time.monotonic()
        await asyncio.sleep(every)
    until = time.monotonic() + PATIENCE
    arrived: dict[str, float] = {}
    while time.monotonic() < until and not planned.keys() <= arrived.keys():
        arrived = _arrived(url)
        await asyncio.sleep(0.1)
    await redis.aclose()
    await database.close()
    print(json.dumps([arrived.get(words, time.monotonic()) - at for words, at in planned.items()]))


async def _plan_one(database: Database, redis: Redis, whom: UUID, words: str) -> None:
    async with database.transaction() as work:
        await plan_to(work, Message(Lane.REPLY, "answer", dict.fromkeys(("en", "es"), words)), [whom])
        work.after_commit.append(wake(redis, Topic.OUTBOX))


def _arrived(url: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{url}/replies") as answer:  # noqa: S310  # loopback
        arrived: dict[str, float] = json.load(answer)
    return arrived


if __name__ == "__main__":
    asyncio.run(_reply(sys.argv[1], float(sys.argv[2])))
