"""Die at the n-th await: run a step again and again, and in each run let its process end one await later than in the run before.

    async for life in every_death():
        ...                                  # prepare; nothing can happen here
        async with life:                     # from here on it is mortal; where it dies, the block simply ends
            await some_step(other_process)
        ...                                  # start anew, as a new process would, and see what became of everything

What a process does to the world it does through three doors: psycopg, Redis and aiohttp. Each call through one of them can die twice:
before it, when nothing has happened, and after it, when it has happened and the process never learned so. Awaits between the doors change
nothing outside of the process, so a death there is the same as one before the next door. The doors are found by themselves: a step that
learns to do more dies more often, without a word here. The first life is whole and shows where one can die; then each kind of place has
its deaths, counted by itself, until a life dies no more there: what runs side by side in a step takes turns as it likes, and a count over
all places together would leap over some.

The dead do nothing: whatever still runs of a life finds every door shut, also its `except` and `finally`, and what it had open is closed
as an operating system would. With `really=True` the process itself is ended by SIGKILL: for a step that runs in a process of its own.

Only what is awaited inside the block, and the tasks that it starts, is mortal: servers that run beside it in the same loop live on. Give
the step a Database, a Redis client and an aiohttp session of its own, opened inside the block or unused before it.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

import aiohttp
import psycopg
from redis.asyncio import Redis

MOST_AWAITS: Final = 2000
"""A step that is still dying after so many lives never ends."""


class Killed(BaseException):
    """The process is no more. Nothing in the project may catch it."""


@dataclass
class Life:
    """One run of a step. It dies when it meets `point` ("after psycopg"; None: any) for the `dies_at`-th time, never at 0. `died` is the
    await at which it ended ("after psycopg 7"), None while it lives."""

    dies_at: int
    point: str | None = None
    really: bool = False
    met: Counter[str] = field(default_factory=Counter, init=False)
    died: str | None = field(default=None, init=False)
    _opened: dict[int, Any] = field(default_factory=dict, init=False, repr=False)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set, init=False, repr=False)
    _token: Token[Life | None] | None = field(default=None, init=False, repr=False)

    async def __aenter__(self) -> Life:
        asyncio.get_running_loop().set_task_factory(self._start)
        self._token = _life.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        assert self._token is not None
        asyncio.get_running_loop().set_task_factory(None)
        if self.died is not None:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        _life.reset(self._token)
        if self.died is not None:
            for opened in self._opened.values():
                if isinstance(opened, psycopg.AsyncConnection):
                    opened.pgconn.finish()
                elif isinstance(opened, aiohttp.ClientResponse):
                    opened.close()
                else:
                    await (opened.aclose() if isinstance(opened, Redis) else opened.close())
        return self.died is not None

    def meet(self, point: str) -> None:
        """Come by a place where the process may die. Raises Killed there, and ever after."""
        if self.died is not None:
            raise Killed(self.died)
        self.met[point] += 1
        times = self.met.total() if self.point is None else self.met[self.point]
        if self.point in {None, point} and times == self.dies_at:
            self.died = f"{point} {times}"
            if self.really:
                os.kill(os.getpid(), signal.SIGKILL)
            raise Killed(self.died)

    async def through(self, door: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Do a call that changes the world; it can die before and after. For doors that the device doesn't know by itself."""
        self.meet(f"before {door}")
        answer = await call()
        if isinstance(answer, aiohttp.ClientResponse):
            self.keep_hold_of(answer)
        self.meet(f"after {door}")
        return answer

    def _start(self, loop: asyncio.AbstractEventLoop, step: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(step, loop=loop, **options)
        if _life.get() is self:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task

    def keep_hold_of(self, opened: object) -> None:
        """Remember what would be closed if this life ended now."""
        self._opened[id(opened)] = opened


async def every_death() -> AsyncIterator[Life]:
    """A whole life; then, for each kind of place where that or a later one could die, lives that die there the first time, the second, and
    so on, up to one that doesn't."""
    whole = Life(0)
    yield whole
    assert whole.died is None
    points = list(whole.met)
    for point in points:
        for n in itertools.count(1):
            assert n <= MOST_AWAITS, "the step dies for ever"
            life = Life(n, point)
            yield life
            points += [new for new in life.met if new not in points]
            if life.died is None:
                break


_life: ContextVar[Life | None] = ContextVar("life", default=None)


def watched(door: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The method, mortal for whoever is awaited inside a life and as it was for everybody else."""

    @functools.wraps(method)
    async def through_door(owner: Any, *args: Any, **options: Any) -> Any:
        life = _life.get()
        if life is None:
            return await method(owner, *args, **options)
        life.keep_hold_of(owner)
        return await life.through(door, functools.partial(method, owner, *args, **options))

    return through_door


for _owner, _name, _door in (
    (psycopg.AsyncConnection, "wait", "psycopg"),
    (Redis, "execute_command", "redis"),
    (aiohttp.ClientSession, "_request", "aiohttp"),
):
    setattr(_owner, _name, watched(_door, getattr(_owner, _name)))
