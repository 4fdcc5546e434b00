"""Many pullers in processes of their own work a queue off while processes are killed and Redis is emptied.

    python -m tests.chaos.queue_under_kills --pullers 200 --tasks 10000

Each puller claims, and finishes in another transaction, like a dispatcher with a page open. Their clock runs faster than the world's, so
that the claim of one who was killed ends in seconds. What they did stands in two tables that only this test has.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis
from sqlalchemy import text

from app.core.clock import Clock, system_clock
from app.core.database import Database, is_away
from app.core.ids import new_id
from app.core.keys import Keys
from app.core.redis_client import connect_redis
from app.records.incidents import Incident
from app.verification.queue import TaskQueue
from app.verification.sweep import picture_of, sweep_tasks
from app.verification.tasks import LostClaim, check_claim, finish_task, open_task, pull_task
from app.volunteers.tables import Volunteer, volunteer

MODULE = "tests.chaos.queue_under_kills"
FASTER = 30
BEGAN = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
LONGEST = timedelta(minutes=20)


@dataclass(frozen=True)
class Score:
    """What became of the tasks: `finished` rows and tasks among them, claims of one task under one fence by two people, what is left, and
    whether queue and table agree in the end."""

    tasks: int
    finished: int
    distinct: int
    doubly_held: int
    left: int
    killed: int
    agree: bool

    @property
    def holds(self) -> bool:
        """Whether each was finished exactly once, none is lost, none was held by two."""
        return self.finished == self.distinct == self.tasks and not self.doubly_held and not self.left and self.agree


def fast_clock(started: float) -> Clock:
    """A clock that began at BEGAN when the world's stood at `started`, and runs FASTER."""
    return lambda: BEGAN + timedelta(seconds=(system_clock().timestamp() - started) * FASTER)


async def run(database_url: str, redis_url: str, ring: Sequence[str], *, pullers: int, tasks: int, processes: int) -> Score:
    """Fill the queue, let processes of pullers loose on it, kill a fifth of those on the way, and count."""
    started = system_clock().timestamp()
    database = Database(database_url, Keys(*ring), fast_clock(started), new_id, pool_size=4)
    redis = connect_redis(redis_url)
    queue = TaskQueue(redis)
    each = pullers // processes
    try:
        await _fill(database, queue, tasks, [f"V{n}" for n in range(pullers)])
        running = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", MODULE, "--from", str(n * each), "--pullers", str(each), "--started", str(started),
                env={**os.environ, "QUEUE_DATABASE": database_url, "QUEUE_REDIS": redis_url, "QUEUE_KEYS": " ".join(ring)},
            )
            for n in range(processes)
        ]  # fmt: skip
        try:
            killed = await _disturb(database, redis, running, tasks)
        finally:
            for process in running:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)
                await process.wait()
        return await _count(database, queue, tasks, killed * each)
    finally:
        await redis.aclose()
        await database.close()


async def _disturb(database: Database, redis: Redis, running: Sequence[asyncio.subprocess.Process], tasks: int) -> int:
    """Sweep, empty Redis twice and kill a fifth of the processes, until nothing is left. Returns how many were killed."""
    queue = TaskQueue(redis)
    doomed = list(running[: max(1, len(running) // 5)])
    killed, flushed = 0, 0
    until = system_clock() + LONGEST
    while system_clock() < until:
        async with database.transaction() as work:
            done = int(await work.scalar(text("SELECT count(*) FROM finished")))
            await sweep_tasks(work, queue)
        if done >= tasks:
            break
        if flushed < 2 and done > tasks * (flushed + 1) / 4:
            await redis.flushall()
            flushed += 1
        if doomed and done > tasks * (killed + 1) / (len(running) // 5 + 2):
            doomed.pop().send_signal(signal.SIGKILL)
            killed += 1
        await asyncio.sleep(0.2)
    return killed


async def _fill(database: Database, queue: TaskQueue, tasks: int, aliases: Sequence[str]) -> None:
    async with database.transaction() as work:
        await work.execute(text("CREATE TABLE finished (task_id uuid, fence int)"))
        await work.execute(text("CREATE TABLE claimed (task_id uuid, fence int, who uuid)"))
        for alias in aliases:
            await work.add(Volunteer(id=work.new_id(), alias=alias, roles=["dispatcher"], created_at=work.now))
    for start in range(0, tasks, 500):
        async with database.transaction() as work:
            for n in range(start, min(start + 500, tasks)):
                about = Incident(
                    id=work.new_id(),
                    code=f"K{n}",
                    kind="report",
                    county=("37063", "37183", None)[n % 3],
                    urgent=n % 5 == 0,
                    reports=1,
                    first_report_at=work.now,
                    last_report_at=work.now,
                )
                await work.add(about)
                await open_task(work, queue, about, ("en", "es", "")[n % 3], is_new=True)


async def _count(database: Database, queue: TaskQueue, tasks: int, killed: int) -> Score:
    async with database.transaction() as work:
        await sweep_tasks(work, queue)
    async with database.transaction() as work:
        finished = await work.first(text("SELECT count(*) AS rows, count(DISTINCT task_id) AS tasks FROM finished"))
        twice = await work.all(
            text("SELECT task_id, fence FROM claimed GROUP BY task_id, fence HAVING count(DISTINCT who) > 1 OR count(*) > 1")
        )
        left = int(await work.scalar(text("SELECT count(*) FROM task WHERE state <> 'done'")))
        seen, _ = await queue.look()
        agree = seen == await picture_of(work)
    assert finished is not None
    return Score(tasks, finished.rows, finished.tasks, len(twice), left, killed, agree)


async def _work(first: int, pullers: int, started: float) -> None:
    """The life of one process: so many pullers until nobody needs them."""
    ring = os.environ["QUEUE_KEYS"].split(" ")
    database = Database(os.environ["QUEUE_DATABASE"], Keys(*ring), fast_clock(started), new_id, pool_size=6)
    queue = TaskQueue(connect_redis(os.environ["QUEUE_REDIS"]))
    async with database.transaction() as work:
        aliases = [f"V{n}" for n in range(first, first + pullers)]
        people = await work.find(Volunteer, volunteer.select().where(volunteer.c.alias.in_(aliases)))
    await asyncio.gather(*(_pull_on(database, queue, person) for person in people))


async def _pull_on(database: Database, queue: TaskQueue, person: Volunteer) -> None:
    chance = random.Random(person.alias)  # noqa: S311  # repeatable idling
    while True:
        try:
            async with database.transaction() as work:
                held = await pull_task(work, queue, person)
                if held is not None:
                    claim = {"task": held.id, "fence": held.fence, "who": person.id}
                    await work.execute(
                        text("INSERT INTO claimed SELECT :task, :fence, :who WHERE NOT EXISTS"
                             " (SELECT FROM claimed WHERE task_id = :task AND fence = :fence AND who = :who)"),
                        claim,
                    )  # fmt: skip
            if held is None:
                await asyncio.sleep(0.2)
                continue
            await asyncio.sleep(chance.random() / 50)
            async with database.transaction() as work:
                await check_claim(work, held.incident_id, held.fence, person.id)
                await finish_task(work, queue, held.incident_id)
                await work.execute(text("INSERT INTO finished VALUES (:task, :fence)"), {"task": held.id, "fence": held.fence})
        except LostClaim:
            continue
        except Exception as error:
            if not is_away(error):
                raise
            await asyncio.sleep(0.1)


def main() -> int:
    """A whole run with servers of its own, or, with --from, one process of pullers."""
    asked = argparse.ArgumentParser(prog="python -m tests.chaos.queue_under_kills", description=__doc__)
    asked.add_argument("--pullers", type=int, default=200)
    asked.add_argument("--tasks", type=int, default=10_000)
    asked.add_argument("--processes", type=int, default=10)
    asked.add_argument("--from", dest="first", type=int, help=argparse.SUPPRESS)
    asked.add_argument("--started", type=float, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.first is not None:
        asyncio.run(_work(given.first, given.pullers, given.started))
        return 0
    from bench.servers import servers

    with servers() as environment:
        ring = (environment["VIGIA_KEYS"], environment["VIGIA_HASH_KEY"])
        urls = (environment["VIGIA_DATABASE_URL"], environment["VIGIA_REDIS_URL"])
        score = asyncio.run(run(*urls, ring, pullers=given.pullers, tasks=given.tasks, processes=given.processes))
    sys.stdout.write(f"{score}\n{'holds' if score.holds else 'BROKEN'}\n")
    return 0 if score.holds else 1


if __name__ == "__main__":
    sys.exit(main())
