"""One message among many is held back, goes on, or goes no further: each is one statement that the senders' next look obeys."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from app.core.database import Transaction
from app.delivery.plan import withdraw
from app.records.deliveries import outgoing_message


async def hold_message(work: Transaction, about_id: UUID, purpose: str) -> bool:
    """Let nothing more go of what is said about a record, until `let_message_go`. Returns whether anything was going. What is with Twilio
    already can't be called back."""
    held = await work.execute(
        outgoing_message.update()
        .where(
            outgoing_message.c.about_id == about_id,
            outgoing_message.c.purpose == purpose,
            outgoing_message.c.paused_at.is_(None),
            outgoing_message.c.withdrawn_at.is_(None),
            outgoing_message.c.expires_at > work.now,
        )
        .values(paused_at=work.now)
        .returning(outgoing_message.c.id)
    )
    return bool(held.all())


async def let_message_go(work: Transaction, about_id: UUID, purpose: str) -> bool:
    """Go on with what was held, in its old order. Returns whether anything was held."""
    freed = await work.execute(
        outgoing_message.update()
        .where(
            outgoing_message.c.about_id == about_id,
            outgoing_message.c.purpose == purpose,
            outgoing_message.c.paused_at.is_not(None),
            outgoing_message.c.withdrawn_at.is_(None),
        )
        .values(paused_at=None)
        .returning(outgoing_message.c.id)
    )
    return bool(freed.all())


async def end_message(work: Transaction, about_id: UUID, purpose: str) -> int | None:
    """Send nothing more of it, for good. Returns how many texts did not go; None when it was ended already."""
    going = await work.scalar(
        select(func.count())
        .select_from(outgoing_message)
        .where(
            outgoing_message.c.about_id == about_id,
            outgoing_message.c.purpose == purpose,
            outgoing_message.c.withdrawn_at.is_(None),
        )
    )
    return await withdraw(work, about_id, purpose) if going else None
