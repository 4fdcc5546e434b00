"""Jobs: work that may wait, written in the transaction that wants it, done by the worker (procrastinate).

A job takes ids and nothing else, is named noun.verb, and does no harm when it is done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import procrastinate
from procrastinate.jobs import Job
from sqlalchemy import text

from app.core.database import Transaction

MOST_ATTEMPTS: Final = 20
FIRST_WAIT_SECONDS: Final = 3
LONGEST_WAIT_SECONDS: Final = 600
"""Waits grow threefold up to this: whoever is away is asked again within ten minutes of coming back, and not after years."""

OVERDUE: Final = timedelta(minutes=5)
"""What waits so long for its job has perhaps lost it, and a sweep asks `defer_lost`."""

ON_THE_WAY: Final = text("""
    SELECT args ->> :argument FROM procrastinate_jobs
    WHERE task_name = :job AND status IN ('todo', 'doing') AND args ->> :argument = ANY(:ids)
""")

_NAMES_ONLY = procrastinate.App(connector=procrastinate.PsycopgConnector())
"""Writes jobs over the caller's connection; it is never opened and holds none of its own."""


class Patience(procrastinate.BaseRetryStrategy):
    """When a job that failed is tried again: after 3, 9, 27 … seconds, at most LONGEST_WAIT_SECONDS, and MOST_ATTEMPTS times in all."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> procrastinate.RetryDecision | None:
        """See procrastinate. `job.attempts` counts the tries before this one."""
        if job.attempts >= MOST_ATTEMPTS:
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": wait_after(job.attempts)})


def wait_after(attempts: int) -> int:
    """Seconds to wait after a try that `attempts` others came before."""
    return int(min(FIRST_WAIT_SECONDS ** (min(attempts, MOST_ATTEMPTS) + 1), LONGEST_WAIT_SECONDS))


async def defer(work: Transaction, job: str, *, priority: int = 0, **ids: str) -> None:
    """Have `job` done after this transaction has committed; if it rolls back, there never was a job. Of those that wait, the one with the
    highest `priority` is done first."""
    await _NAMES_ONLY.configure_task(job, connection=work.driver, priority=priority).defer_async(**ids)


async def defer_lost(work: Transaction, job: str, argument: str, ids: Sequence[UUID]) -> int:
    """`job` for each of the ids for which none waits or is being done, however it got lost. Returns how many were deferred."""
    if not ids:
        return 0
    rows = await work.execute(ON_THE_WAY, {"job": job, "argument": argument, "ids": [str(one) for one in ids]})
    on_the_way = set(rows.scalars())
    lost = [str(one) for one in ids if str(one) not in on_the_way]
    for one in lost:
        await defer(work, job, priority=0, **{argument: one})
    return len(lost)
