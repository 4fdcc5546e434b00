"""Jobs: work that may wait, written in the transaction that wants it, done by the worker (procrastinate).

A job takes ids and nothing else, is named noun.verb, and does no harm when it is done twice.
"""

from __future__ import annotations

import procrastinate

from app.core.database import Transaction

_NAMES_ONLY = procrastinate.App(connector=procrastinate.PsycopgConnector())
"""Writes jobs over the caller's connection; it is never opened and holds none of its own."""


async def defer(work: Transaction, job: str, **ids: str) -> None:
    """Have `job` done after this transaction has committed; if it rolls back, there never was a job."""
    raw = await work.connection.get_raw_connection()
    await _NAMES_ONLY.configure_task(job, connection=raw.driver_connection).defer_async(**ids)
