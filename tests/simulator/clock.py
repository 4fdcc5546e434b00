"""A clock that only moves when the test says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class Clock:
    """Time and pauses for a simulator under test. It starts at the machine's time and stands still until `advance`."""

    def __init__(self) -> None:
        self._at = datetime.now(UTC)
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0
        self._changed = asyncio.Condition()

    def now(self) -> datetime:
        """The instant that it shows."""
        return self._at

    async def pause(self, seconds: float) -> None:
        """Return once the clock has moved on by `seconds`."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        sleeper = (self._at + timedelta(seconds=seconds), self._count, woken)
        self._sleepers.append(sleeper)
        async with self._changed:
            self._changed.notify_all()
        try:
            await woken
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    async def asleep(self, count: int = 1) -> None:
        """Return once `count` pauses are waiting at the same time."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._sleepers) >= count)

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, waking who sleeps until then in order, each at its own instant."""
        end = self._at + timedelta(seconds=seconds)
        while self._sleepers and min(self._sleepers)[0] <= end:
            first = min(self._sleepers)
            self._sleepers.remove(first)
            self._at = first[0]
            first[2].set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self._at = end
