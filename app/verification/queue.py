"""The order of work, in Redis: one Lua script a verb, every key declared, all in one hash slot of a cluster (`lua/entry.lua` says what
each key holds).

The queue is a picture of the table `task`. When it is lost (a flush, a restart) it is drawn anew from there; when it can't be reached the
table itself is asked. It never decides who holds a task: PostgreSQL does, with a fence number, and news under an older fence than the queue
has heard of is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoScriptError

from app.core.redis_client import lua
from app.records.verification import Task
from app.verification.lanes import facts_of, sum_of_skip

NAMES: Final = ("waiting", "leases", "holders", "facts", "passed", "ledger")
KEYS: Final = tuple(f"vigia:{{tasks}}:{name}" for name in NAMES)
_KEYS: Final = tuple(key.encode() for key in KEYS)
VERBS: Final = ("offer", "pull", "renew", "transfer", "release", "skip", "finish", "expire", "rebuild", "look")

PART: Final = 2000
"""How many tasks one call of a rebuild carries: some milliseconds of the server's time."""


Held = tuple[UUID, UUID, datetime]
"""A task, who holds it, and until when."""


@dataclass(frozen=True)
class Picture:
    """What a queue holds: how many tasks, how many passes, the sum of both modulo 2^48, and who holds which task."""

    tasks: int
    passed: int
    sum: int
    holders: Mapping[UUID, UUID]


class TaskQueue:
    """The queue's verbs. Every one raises redis.exceptions.RedisError when Redis is away."""

    def __init__(self, redis: Redis | RedisCluster) -> None:
        self._redis = redis
        shared = lua("verification", "entry")
        self._scripts = {name: redis.register_script(f"{shared}\n{lua('verification', name)}") for name in VERBS}

    async def offer(self, task: Task) -> None:
        """Put a task where it belongs in the queue, or move it."""
        await self._run("offer", str(task.id), facts_of(task))

    async def pull(self, who: UUID, lease_until: datetime, lanes: Sequence[str]) -> UUID | None:
        """Take the first task of these lanes for somebody. None when nothing fits."""
        found = await self._run("pull", str(who), lease_until.timestamp(), ",".join(lanes))
        return UUID(found) if found else None

    async def renew(self, task: Task) -> None:
        """Have a task held as its row says: by whom and until when."""
        await self._run("renew", *_held(task))

    async def transfer(self, task: Task) -> UUID | None:
        """Have a task held by its row's new holder. Returns who held it before, as far as the queue knew."""
        before = await self._run("transfer", *_held(task))
        return UUID(before) if before else None

    async def release(self, task: Task) -> None:
        """Have a task wait again."""
        await self._run("release", str(task.id), facts_of(task))

    async def skip(self, task: Task, who: UUID) -> None:
        """Have a task wait again, for everyone but `who`."""
        await self._run("skip", str(task.id), facts_of(task), str(who), sum_of_skip(task.id, who))

    async def finish(self, task_id: UUID, fence: int) -> None:
        """Take a task out for good, as it was under `fence`."""
        await self._run("finish", str(task_id), fence)

    async def expire(self, now: datetime) -> list[UUID]:
        """Put back every task whose lease is over, and say which."""
        return [UUID(found) for found in await self._run("expire", now.timestamp())]

    async def rebuild(
        self, lines: Sequence[str], held: Sequence[Held] = (), skips: Sequence[str] = (), changes: str = ""
    ) -> int | None:
        """Draw the whole queue anew: the lines of the open tasks, those of them that are held, and the lines of who passed which on
        (`lanes.py`). With the `changes` that `look` told, only if nothing changed since. Returns how many tasks it has, None when it was
        left as it was."""
        staging = f"{{tasks}}:next:{uuid4().hex}"
        keys = [*KEYS, *(f"vigia:{staging}:{name}" for name in NAMES)]
        rest = [len(held), *(said for one in held for said in (str(one[0]), str(one[1]), one[2].timestamp())), *skips]
        drawn: Any = None
        for start in range(0, max(len(lines), 1), PART):
            part, last = lines[start : start + PART], start + PART >= len(lines)
            said = ["last" if last else "", changes, len(part), *part, *(rest if last else ())]
            drawn = await self._scripts["rebuild"](keys=keys, args=said)
        return None if drawn is None else int(drawn)

    async def look(self) -> tuple[Picture | None, str]:
        """What the queue holds (None when it contradicts itself, as after somebody else wrote into it), and its count of changes."""
        waiting, leases, facts, passed, total, changes, holders = await self._run("look")
        held = {UUID(held): UUID(who) for held, who in zip(holders[::2], holders[1::2], strict=True)}
        sound = leases == len(held) and waiting + leases == facts
        return Picture(facts, passed, int(total), held) if sound else None, changes

    async def counts(self) -> tuple[int, int]:
        """How many tasks wait and how many are held."""
        waiting, leases, *_ = await self._run("look")
        return int(waiting), int(leases)

    async def _run(self, verb: str, *said: str | float) -> Any:
        """Run a script that the server most likely knows, without the detours of the client's own way; else by that way, which loads it."""
        script = self._scripts[verb]
        try:
            return await self._redis.execute_command("EVALSHA", script.sha, len(_KEYS), *_KEYS, *said)
        except NoScriptError:
            return await script(keys=_KEYS, args=said)


def _held(task: Task) -> tuple[str, str, str, float]:
    assert task.lease_until is not None
    assert task.holder_id is not None
    return str(task.id), facts_of(task), str(task.holder_id), task.lease_until.timestamp()
