"""The main job for places: what organizers teach the hotline is known in every process while it runs. `pipeline.py` is the page before.

A change in one process reaches the others by a word over Redis (`core.live`), or at the latest with the next look a minute later.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.database import Database, Transaction
from app.core.live import Listener, Topic
from app.places.atlas import Atlas
from app.records.landmarks import landmarks_stamp, list_landmarks

log = structlog.get_logger(__name__)

LOOK_EVERY: Final = timedelta(minutes=1)


async def follow_landmarks(atlas: Atlas, database: Database, listener: Listener) -> None:
    """Keep up with the landmarks until cancelled; a database that is away is waited for."""
    changed = listener.on(Topic.PLACES)
    try:
        while True:
            changed.clear()
            try:
                if await database.run(partial(read_landmarks, atlas)):
                    log.info("landmarks_read")
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("landmarks_not_read", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                    await changed.wait()
    finally:
        listener.off(Topic.PLACES, changed)


async def read_landmarks(atlas: Atlas, work: Transaction) -> bool:
    """Read the landmarks anew where any changed. Returns whether texts are read with others now."""
    stamp = await landmarks_stamp(work)
    if stamp == atlas.stamp:
        return False
    atlas.put_in(await list_landmarks(work), stamp)
    return True
