"""Which answers were handed to Twilio, written down a second later for many texts at once.

A text whose answer is on record and was never noted here belongs to a web process that died between its commit and its answer, or in the
second after. `recovery.py` asks Twilio's log about those few, which costs the busy path nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.database import Database, is_away
from app.core.deadline import within

log = structlog.get_logger(__name__)

NOTE_EVERY_SECONDS: Final = 1.0
NOTE_SECONDS: Final = 5.0
"""So long writing them down may take."""

MOST_NOTED: Final = 50_000
"""Beyond this, while the database is away, answers are forgotten here and found in Twilio's log later."""

NOTE: Final = "UPDATE inbound_message SET answered_at = %(now)s WHERE sid = ANY(%(sids)s) AND answered_at IS NULL"


class Acknowledged:
    """The answers that one web process handed to Twilio and has not written down yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sids: list[str] = []

    async def note(self, sid: str) -> None:
        """The answer to this text has left."""
        if len(self._sids) < MOST_NOTED:
            self._sids.append(sid)

    async def run(self) -> None:
        """Write down until cancelled."""
        while True:
            try:
                await within(NOTE_SECONDS, self.write_down())
            except Exception as error:  # noqa: BLE001  # what could not be noted now is noted with the next
                (log.info if is_away(error) else log.error)("answers_not_noted", error=type(error).__name__)
            await asyncio.sleep(NOTE_EVERY_SECONDS)

    async def finish(self) -> None:
        """Write down the last of them, if the database takes them now."""
        with suppress(SQLAlchemyError, OSError, TimeoutError):
            await within(NOTE_SECONDS, self.write_down())

    async def write_down(self) -> None:
        """Put on record what was noted so far."""
        if not self._sids:
            return
        sids, self._sids = self._sids, []
        try:
            async with self._database.transaction() as work:
                await work.query(NOTE, {"sids": sids, "now": work.now})
        except BaseException:
            self._sids = (sids + self._sids)[:MOST_NOTED]
            raise
