"""Up to where an open page knows what happened: a number that every new line of the event log makes larger."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select

from app.core.database import Transaction
from app.records.events import event

VIEWED: Final = "incident.viewed"
"""Somebody opened an incident's page."""

LOOKED: Final = "photo.viewed"
"""Somebody looked at a photo."""

NEWEST: Final = 64
"""So many of the newest lines make the mark. A line's number is given before its transaction commits, so the newest number alone would not
tell of a line with a lower one that came in after it; no more transactions than this are ever under way at once."""


async def board_mark(work: Transaction) -> int:
    """The sum of the newest lines' numbers; 0 when nothing happened yet. That somebody looked changes no page and does not count."""
    newest = (
        select(event.c.id).where(event.c.verb.not_in((VIEWED, LOOKED))).order_by(event.c.id.desc()).limit(NEWEST).subquery()
    )
    return int(await work.scalar(select(func.coalesce(func.sum(newest.c.id), 0))))
