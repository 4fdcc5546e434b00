"""Whoever says stop while it can only be put on disk is marked for the workers of all machines, until the replay has taken it in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.intake.spool import Spooled
from app.subscribers.waiting_stops import WaitingStops


@dataclass
class StopMarks:
    """The marks of what waits in a spool. `who_stops` gives the number of whoever asks by a request to be told less, None for every other
    request."""

    stops: WaitingStops
    who_stops: Callable[[Spooled], str | None]
    _read: dict[UUID, str | None] = field(default_factory=dict, init=False, repr=False)

    async def put(self, entry: Spooled) -> None:
        """A request has gone to the disk: if it is a stop, mark its sender."""
        number = self.who_stops(entry)
        if number is not None:
            await self.stops.mark([number])

    async def renew(self, waiting: Sequence[Spooled]) -> None:
        """These wait still: mark the senders of their stops again, as Redis may have been emptied or away."""
        await self.stops.mark(await asyncio.to_thread(self._numbers, waiting))

    async def lapse(self, taken: Spooled, waiting: Sequence[Spooled]) -> None:
        """One request is on record; its mark goes unless another stop of the same person still waits."""
        number = self._number(taken)
        if number is not None and all(self._number(other) != number for other in waiting):
            await self.stops.let_lapse([number])

    def _numbers(self, waiting: Sequence[Spooled]) -> set[str]:
        read = {entry.order: self._number(entry) for entry in waiting}
        self._read = read
        return {number for number in read.values() if number is not None}

    def _number(self, entry: Spooled) -> str | None:
        """Each request is read once, as a thousand may wait for an hour."""
        return self._read[entry.order] if entry.order in self._read else self.who_stops(entry)
