"""The spool is taken in again, oldest first, by the web processes and the worker of its machine, one of them at a time.

Each request has a transaction of its own and is removed from the disk after it. A kill between the two has it taken in again, which its
SID makes harmless. A database that is away ends the round. One request that fails while the database takes others holds back only what the
same person sent after it; it goes into quarantine when it is refused for what it is, or after TRIES_OF_ONE.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from app.core import metrics
from app.core.database import Database, Transaction, is_away
from app.core.deadline import within
from app.intake.spool import Spooled
from app.intake.spool_folder import Spool
from app.intake.stop_marks import StopMarks
from app.privacy.purge import KEPT_FOR

log = structlog.get_logger(__name__)

TakeIn = Callable[[Transaction, Spooled], Awaitable[None]]
"""What is done with a request that waited: what its webhook would have done, without an answer by TwiML."""

REPLAY_EVERY_SECONDS: Final = 1.0
REPLAY_SECONDS: Final = 10.0
"""So long one request may take to be taken in; then the database counts as away."""

TRIES_OF_ONE: Final = 30
"""So often one request is tried that fails while the database is there: half a minute of refusals, or five of standing still. Nothing is
sent meanwhile, since it may be a stop."""


@dataclass
class Replay:
    """Takes in what waits in a spool by `take_in`. A stop among what is put aside takes effect by `keep_stop`, which needs nothing but the
    wish itself to be written; `marks` keeps workers of other machines from texting who waits here to be stopped. `tries` counts, by file,
    what failed while the database was there."""

    spool: Spool
    database: Database
    take_in: TakeIn
    keep_stop: TakeIn
    marks: StopMarks
    tries: Counter[str] = field(default_factory=Counter)

    async def run(self) -> int:
        """Take in what waits, and what comes meanwhile and so waits behind it, unless another process does. Returns how many requests are
        on record now and off the disk."""
        if self.spool.is_empty():
            return 0
        done = 0
        with self.spool.replaying() as mine:
            while mine and (waiting := await asyncio.to_thread(self.spool.waiting)):
                await self.marks.renew([entry for _, entry in waiting])
                taken, again = await self._once(waiting)
                done += taken
                if not again:
                    break
        return done

    async def keep_running(self) -> None:
        """Replay until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.spool.forget, self.database.clock() - KEPT_FOR)
                await self.run()
            except Exception as error:  # noqa: BLE001  # a folder that can't be read now is looked at again; the gauges tell of it
                log.error("replay_failed", error=type(error).__name__)
            await asyncio.sleep(REPLAY_EVERY_SECONDS)

    async def _once(self, waiting: list[tuple[str, Spooled]]) -> tuple[int, bool]:
        """Each of these once. Returns how many are on record, and whether to look at once for more."""
        done, held = 0, set[str | None]()
        for place, (name, entry) in enumerate(waiting, start=1):
            sender = entry.fields.get("From")
            if sender in held:  # what one person wrote is read in the order in which they wrote it
                continue
            try:
                await within(REPLAY_SECONDS, self.database.run(partial(_take, self.take_in, entry)))
            except Exception as error:  # noqa: BLE001  # whatever is wrong with one must not keep the others waiting
                if not is_away(error):
                    await self._put_aside(name, entry, type(error).__name__)
                elif not await self._database_is_there():
                    log.info("replay_waits_for_database", error=type(error).__name__)
                    return done, False
                else:
                    held.add(sender)
                    await self._count_try(name, entry, type(error).__name__)
            else:
                await self.marks.lapse(entry, [later for _, later in waiting[place:]])
                await asyncio.to_thread(self.spool.remove, name)
                self.tries.pop(name, None)
                metrics.SPOOL_REPLAYED.inc()
                done += 1
        return done, not held

    async def _count_try(self, name: str, entry: Spooled, reason: str) -> None:
        self.tries[name] += 1
        log.warning("replay_fails", file=name, tries=self.tries[name], error=reason)
        if self.tries[name] >= TRIES_OF_ONE:
            await self._put_aside(name, entry, reason)

    async def _put_aside(self, name: str, entry: Spooled, reason: str) -> None:
        """Into quarantine, after the one thing in it that can't wait for a person."""
        try:
            await within(REPLAY_SECONDS, self.database.run(partial(_take, self.keep_stop, entry)))
        except Exception as error:  # noqa: BLE001  # said, and the request itself is kept in any case
            log.error("stop_not_kept", file=name, error=type(error).__name__)
        await asyncio.to_thread(self.spool.quarantine, name, reason)
        self.tries.pop(name, None)

    async def _database_is_there(self) -> bool:
        """Whether the database answers and takes something in."""
        try:
            await within(REPLAY_SECONDS, self.database.run(_write_something))
        except Exception as error:
            if is_away(error):
                return False
            raise
        return True


async def _take(take_in: TakeIn, entry: Spooled, work: Transaction) -> None:
    await take_in(work, entry)


async def _write_something(work: Transaction) -> None:
    """A row in a file of its own, gone with the transaction: a server that is full, read-only or too slow refuses it."""
    await work.query("CREATE TEMPORARY TABLE there ON COMMIT DROP AS SELECT pg_current_xact_id()", {})
