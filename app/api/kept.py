"""What Twilio asked is kept before it is answered: in PostgreSQL, or on this machine's disk while that is away.

2xx means durable (promise 2). The time that a webhook may take is shared out here, and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from app.core.database import Database, Transaction, is_away
from app.core.deadline import within
from app.core.errors import Unavailable
from app.core.metrics import SPOOLED
from app.intake.spool import Spooled
from app.intake.spool_folder import Spool
from app.intake.stop_marks import StopMarks

log = structlog.get_logger(__name__)

BUDGET_SECONDS: Final = 5.0
"""Of Twilio's 15 s. Past it the answer is 503, which makes Twilio try again (our webhook addresses ask for it with #rc=5&rp=all)."""

DATABASE_SECONDS: Final = 2.5
"""How much of it PostgreSQL may take before the request goes to the disk."""

SPOOL_SECONDS: Final = 2.0
"""How much of it the disk may take. Together they leave half a second for everything else."""

DOUBTFUL_SECONDS: Final = 0.5
"""How long PostgreSQL is waited for while the disk holds requests, so that it was away a moment ago."""

TRIES: Final = 2
PAUSE_SECONDS: Final = 0.2
"""A connection that a restart broke is found broken once, and the next try gets a new one."""

Result = TypeVar("Result")
Step = Callable[[Transaction], Awaitable[Result]]


async def within_budget(database: Database, step: Step[Result]) -> Result:
    """Run `step` in a transaction, again while the database is away, until the budget is spent. Raises Unavailable then."""
    return await try_database(database, step, BUDGET_SECONDS, tries=None)


async def try_database(
    database: Database, step: Step[Result], seconds: float = DATABASE_SECONDS, tries: int | None = TRIES
) -> Result:
    """Run `step` in a transaction, again while the database is away, `tries` times in all (None: as often as time allows). Raises
    Unavailable when it stays away or is late. What is late may still be carried out, so what is put on disk instead must be known again
    by its SID."""
    try:
        return await within(seconds, _again_and_again(database, step, tries))
    except Exception as error:
        if not is_away(error):
            raise
        raise Unavailable("the database is away; try again") from error


async def put_on_disk(spool: Spool, name: str, entry: Spooled, marks: StopMarks) -> Spooled:
    """Keep a request on disk, and let the workers of other machines know if it is a stop. Returns what is there: the first copy's, when
    this is a second. Raises Unavailable when the disk is full or too slow."""
    try:
        kept = await within(SPOOL_SECONDS, asyncio.to_thread(spool.keep, name, entry))
    except (OSError, TimeoutError) as error:
        log.error("spool_refused", error=type(error).__name__)
        raise Unavailable("nothing can be kept now; try again") from error
    SPOOLED.labels(entry.request.value).inc()
    await marks.put(kept)
    if not spool.holds(name):  # it was taken in before its mark was there
        await marks.lapse(kept, [])
    return kept


async def _again_and_again(database: Database, step: Step[Result], tries: int | None) -> Result:
    while True:
        try:
            return await database.run(step)
        except Exception as error:
            tries = None if tries is None else tries - 1
            if not is_away(error) or tries == 0:
                raise
            log.warning("database_away", error=type(error).__name__)
        await asyncio.sleep(PAUSE_SECONDS)
