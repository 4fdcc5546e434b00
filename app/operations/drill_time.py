"""Time in a drill: it stands still while somebody acts, and leaps to the next moment at which anything happens.

Each part is a coroutine that acts and then sleeps in simulated time. One acts at a time, in the order of their moments, so that a drill is
the same each time it is played with the same seed.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import ManualClock


class Timeline:
    """The clock of a drill and who wakes when."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.failures: list[BaseException] = []
        self.is_over = False
        self._moments: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._turns = itertools.count()
        self._parked = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def now(self) -> datetime:
        """The present instant of the drill."""
        return self.clock.now

    def begin(self, part: Coroutine[Any, Any, None], after: timedelta = timedelta(0)) -> None:
        """Have a part begin in a while."""
        moment = self._moment(after)

        async def life() -> None:
            try:
                await moment
                await part
            except asyncio.CancelledError:
                part.close()
                raise
            except Exception as error:  # noqa: BLE001  # what fails is told in the score card, and the others go on
                self.failures.append(error)
            finally:
                self._parked.set()

        task = asyncio.create_task(life())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def sleep(self, seconds: float) -> None:
        """Let so much simulated time pass."""
        moment = self._moment(timedelta(seconds=seconds))
        self._parked.set()
        await moment

    async def run(self, until: datetime) -> None:
        """Play until an instant, or until somebody says that it `is_over`; whoever still sleeps then is sent home."""
        await asyncio.sleep(0)
        while self._moments and self._moments[0][0] <= until and not self.is_over:
            at, _, moment = heapq.heappop(self._moments)
            self.clock.now = max(self.clock.now, at)
            self._parked.clear()
            moment.set_result(None)
            await self._parked.wait()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _moment(self, after: timedelta) -> asyncio.Future[None]:
        moment: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._moments, (self.now + after, next(self._turns), moment))
        return moment
