"""How broadcasts stand: the list of them, and what became of the texts of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from app.core.database import Transaction
from app.records.broadcasts import broadcast, broadcast_run
from app.records.deliveries import delivery, outgoing_message
from app.records.states import BroadcastState, DeliveryState
from app.volunteers.tables import volunteer

A_PAGE = 100


async def list_broadcasts(work: Transaction) -> Sequence[Row[Any]]:
    """The newest broadcasts, each with the alias of its author; those that wait for a second person come first."""
    waits = broadcast.c.state == BroadcastState.PROPOSED.value
    return await work.all(
        select(broadcast, volunteer.c.alias.label("author"))
        .join(volunteer, volunteer.c.id == broadcast.c.author_id)
        .order_by(waits.desc(), broadcast.c.written_at.desc())
        .limit(A_PAGE)
    )


async def skipped_because(work: Transaction, told: UUID) -> dict[str, int]:
    """How many texts of a broadcast were skipped, by reason, the most frequent first."""
    rows = await work.all(
        select(delivery.c.reason, func.count().label("texts"))
        .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
        .join(broadcast_run, broadcast_run.c.id == outgoing_message.c.about_id)
        .where(broadcast_run.c.broadcast_id == told, delivery.c.state == DeliveryState.SKIPPED.value)
        .group_by(delivery.c.reason)
        .order_by(func.count().desc())
    )
    return {row.reason: row.texts for row in rows}
