"""The spool is taken in again, oldest first, by the web processes and the worker of its machine, one of them at a time.

Each request has a transaction of its own and is removed from the disk after it. A kill between the two has it taken in again, which its
SID makes harmless. One that is refused for what it is goes into quarantine; a database that is away ends the round.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

import structlog

from app.core import metrics
from app.core.database import Database, Transaction, is_away
from app.core.deadline import within
from app.intake.spool import Spooled
from app.intake.spool_folder import Spool

log = structlog.get_logger(__name__)

TakeIn = Callable[[Transaction, Spooled], Awaitable[None]]
"""What is done with a request that waited: what its webhook would have done, without an answer by TwiML."""

REPLAY_EVERY_SECONDS: Final = 1.0
REPLAY_SECONDS: Final = 10.0
"""So long one request may take to be taken in; then the database counts as away."""


async def replay(spool: Spool, database: Database, take_in: TakeIn) -> int:
    """Take in what waits, and what comes meanwhile and so waits behind it, unless another process does. Returns how many requests are on
    record now and off the disk."""
    if spool.is_empty():
        return 0
    done = 0
    with spool.replaying() as mine:
        while mine and (waiting := await asyncio.to_thread(spool.waiting)):
            for name, entry in waiting:
                try:
                    await within(REPLAY_SECONDS, database.run(partial(_take, take_in, entry)))
                except Exception as error:  # noqa: BLE001  # whatever is wrong with one must not keep the others waiting
                    if is_away(error):
                        log.info("replay_waits_for_database", error=type(error).__name__)
                        return done
                    await asyncio.to_thread(spool.quarantine, name, type(error).__name__)
                else:
                    await asyncio.to_thread(spool.remove, name)
                    metrics.SPOOL_REPLAYED.inc()
                    done += 1
    return done


async def keep_replaying(spool: Spool, database: Database, take_in: TakeIn) -> None:
    """Replay until cancelled."""
    while True:
        try:
            await replay(spool, database, take_in)
        except Exception as error:  # noqa: BLE001  # a folder that can't be read now is looked at again; the gauges tell of it
            log.error("replay_failed", error=type(error).__name__)
        await asyncio.sleep(REPLAY_EVERY_SECONDS)


async def _take(take_in: TakeIn, entry: Spooled, work: Transaction) -> None:
    await take_in(work, entry)
