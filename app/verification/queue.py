"""The order of work, in Redis: one Lua script a verb, every key declared, all in one hash slot of a cluster.

The queue is a picture of the table `task`. When it is lost (a flush, a restart) it is drawn anew from there; when it can't be reached the
table itself is asked. It never decides who holds a task: PostgreSQL does, with a fence number.

    vigia:{tasks}:waiting   zset  id -> place in the queue
    vigia:{tasks}:leases    zset  id -> expiry of the lease, epoch seconds
    vigia:{tasks}:places    hash  id -> place in the queue, kept while leased
    vigia:{tasks}:traits    hash  id -> "county|language"
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from redis.asyncio import Redis

from app.core.redis_client import lua
from app.records.states import TaskState
from app.records.verification import Task
from app.verification.urgency import place_in_queue

KEYS: Final = tuple(f"vigia:{{tasks}}:{name}" for name in ("waiting", "leases", "places", "traits"))


class TaskQueue:
    """The queue's verbs. Every one raises redis.exceptions.RedisError when Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts = {
            name: redis.register_script(lua("verification", name))
            for name in ("offer", "pull", "renew", "finish", "expire", "rebuild")
        }

    async def offer(self, task: Task) -> None:
        """Put a task where it belongs in the queue, or move it."""
        await self._scripts["offer"](keys=KEYS, args=[str(task.id), _place(task), _traits(task)])

    async def pull(self, lease_until: datetime, counties: Sequence[str], languages: Sequence[str]) -> UUID | None:
        """Take the first task that fits out of the waiting ones; empty sequences fit everything. None when nothing fits."""
        found = await self._scripts["pull"](keys=KEYS, args=[lease_until.timestamp(), _listed(counties), _listed(languages)])
        return UUID(found) if found else None

    async def renew(self, task_id: UUID, lease_until: datetime) -> None:
        """Make a lease last until `lease_until`."""
        await self._scripts["renew"](keys=KEYS, args=[str(task_id), lease_until.timestamp()])

    async def finish(self, task_id: UUID) -> None:
        """Take a task out for good."""
        await self._scripts["finish"](keys=KEYS, args=[str(task_id)])

    async def expire(self, now: datetime) -> list[UUID]:
        """Put back every task whose lease is over, and say which."""
        return [UUID(found) for found in await self._scripts["expire"](keys=KEYS, args=[now.timestamp()])]

    async def rebuild(self, tasks: Iterable[Task]) -> int:
        """Draw the whole queue anew from the open rows of the table. Returns how many tasks it has."""
        facts: list[str] = []
        for task in tasks:
            leased = task.state == TaskState.LEASED and task.lease_until is not None
            until = str(task.lease_until.timestamp()) if leased and task.lease_until else ""
            facts += [str(task.id), str(_place(task)), _traits(task), until]
        return int(await self._scripts["rebuild"](keys=KEYS, args=facts))

    async def counts(self) -> tuple[int, int]:
        """How many tasks wait and how many are held."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for key in KEYS[:2]:
                await pipe.zcard(key)
            waiting, leased = await pipe.execute()
        return int(waiting), int(leased)


def _place(task: Task) -> float:
    return place_in_queue(task.created_at, task.head_start)


def _traits(task: Task) -> str:
    return f"{task.county or ''}|{task.language}"


def _listed(values: Sequence[str]) -> str:
    return f",{','.join(values)}," if values else ""
