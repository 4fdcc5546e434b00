# ruff: noqa: A005  # always imported as bench.queue
"""Queue: pulls beside a bare script of two commands on the same server, with few and with many tasks waiting, and the whole queue drawn
anew from the table."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from redis.asyncio import Redis

from app.core.clock import system_clock
from app.core.database import Database
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.records.incidents import Incident, incident
from app.records.verification import Task, task
from app.verification.lanes import lanes_of, line_of
from app.verification.queue import TaskQueue
from app.verification.sweep import heal
from bench.rows import Row
from bench.servers import servers

FEW, MANY = 100, 100_000
ROUNDS = 7
PULLS = 1000
COUNTIES = [f"37{n:03d}" for n in range(1, 200, 2)]
LANES = lanes_of([], ["en", "es"], [])
"""Those of the usual dispatcher: any county, two languages, any work."""

TWO_COMMANDS = "redis.call('INCR', KEYS[1]) return redis.call('INCR', KEYS[2])"
LEASE = timedelta(minutes=5)


def measure() -> list[Row]:
    """Pulls a second beside the bare script; a slow pull with many waiting beside one with few; seconds to draw many anew."""
    with servers() as environment:
        return asyncio.run(_measure(environment))


async def _measure(environment: dict[str, str]) -> list[Row]:
    keys = Keys(environment["VIGIA_KEYS"], environment["VIGIA_HASH_KEY"])
    database = Database(environment["VIGIA_DATABASE_URL"], keys, system_clock, new_id)
    redis = connect_redis(environment["VIGIA_REDIS_URL"])
    queue = TaskQueue(redis)
    chance = random.Random(5)  # noqa: S311
    try:
        await _fill(database, MANY, chance)
        drawn = [await _draw_anew(database, queue, redis) for _ in range(3)]
        async with database.transaction() as work:
            tasks = await work.find(Task, task.select())
        slow: dict[int, list[float]] = {FEW: [], MANY: []}
        rates: list[float] = []
        bare: list[float] = []
        for _ in range(ROUNDS):
            for waiting, into in slow.items():
                await queue.rebuild([line_of(one) for one in tasks[:waiting]])
                into.append(await _slow_pull(queue, {one.id: one for one in tasks[:waiting]}))
            bare.append(await _rate(_two_commands(redis)))
            rates.append(await _rate(_pull(queue)))  # the queue holds MANY
            bare.append(await _rate(_two_commands(redis)))
    finally:
        await redis.aclose()
        await database.close()
    few, many = statistics.median(slow[FEW]), statistics.median(slow[MANY])
    rate, baseline = statistics.median(rates), statistics.median(bare)
    return [
        Row(
            "queue pulls", rate, baseline, rate / baseline, 0.5, "pulls/s", f"{MANY:,} waiting; a bare EVALSHA of two commands"
        ),
        Row("queue pull p99", many * 1e3, few * 1e3, many / few, 2, "ms", f"{MANY:,} waiting against {FEW}", at_most=True),
        Row("queue drawn anew", statistics.median(drawn), None, None, 5, "s", f"{MANY:,} tasks, from the table", at_most=True),
    ]


async def _fill(database: Database, many: int, chance: random.Random) -> None:
    """So many open incidents, each with its task."""
    for start in range(0, many, 5000):
        async with database.transaction() as work:
            seen, todo = [], []
            for n in range(start, min(start + 5000, many)):
                at = work.now - timedelta(seconds=chance.randrange(7200))
                about = Incident(
                    id=new_id(),
                    code=f"B{n}",
                    kind="report",
                    county=chance.choice(COUNTIES),
                    urgent=chance.random() < 0.2,
                    reports=1,
                    first_report_at=at,
                    last_report_at=at,
                )
                seen.append(about.model_dump())
                todo.append(
                    Task(
                        id=new_id(),
                        incident_id=about.id,
                        county=about.county,
                        language=chance.choice(("en", "es", "")),
                        skill="urgent" if about.urgent else "",
                        head_start=7200 if about.urgent else 1800,
                        created_at=at,
                    ).model_dump()
                )
            await work.execute(incident.insert(), seen)
            await work.execute(task.insert(), todo)


async def _draw_anew(database: Database, queue: TaskQueue, redis: Redis) -> float:
    await redis.flushall()
    async with database.transaction() as work:
        began = time.perf_counter()
        assert await heal(work, queue)
        return time.perf_counter() - began


async def _slow_pull(queue: TaskQueue, tasks: dict[UUID, Task]) -> float:
    """Seconds under which 99 of 100 pulls stay; each task goes back, so that as many wait each time."""
    took = []
    for _ in range(PULLS):
        who, until = new_id(), system_clock() + LEASE
        began = time.perf_counter()
        found = await queue.pull(who, until, LANES)
        took.append(time.perf_counter() - began)
        assert found is not None
        await queue.release(tasks[found])
    return sorted(took)[int(PULLS * 0.99)]


async def _rate(step: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    for _ in range(PULLS):
        await step()
    return PULLS / (time.perf_counter() - began)


def _two_commands(redis: Redis) -> Callable[[], Awaitable[object]]:
    script = redis.register_script(TWO_COMMANDS)
    return lambda: script(keys=["{bench}:a", "{bench}:b"])


def _pull(queue: TaskQueue) -> Callable[[], Awaitable[object]]:
    who, until = new_id(), system_clock() + LEASE
    return lambda: queue.pull(who, until, LANES)
