"""Counts add up: for each message, recipients = sent + delivered + failed + skipped + pending. Checked every minute (promise 8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from app.core.database import Transaction
from app.records.deliveries import delivery, outgoing_message
from app.records.states import DeliveryState

WAITING = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)
"""States that a summary calls pending."""


AUDITED: Final = timedelta(days=3)
"""Older messages are over (none lives for two days) and are counted no more, so that the audit stays quick however many there were."""


@dataclass(frozen=True)
class Tally:
    """Where the texts of a message are. `pending` includes those being sent and those whose outcome is not known yet."""

    recipients: int
    pending: int
    sent: int
    delivered: int
    failed: int
    skipped: int

    @property
    def adds_up(self) -> bool:
        """Whether every recipient is somewhere."""
        return self.recipients == self.pending + self.sent + self.delivered + self.failed + self.skipped

    @property
    def done(self) -> int:
        """How many are settled one way or another."""
        return self.delivered + self.failed + self.skipped


async def tally_of(work: Transaction, about_id: UUID, purpose: str) -> Tally:
    """Where the texts about a record are."""
    messages = select(outgoing_message.c.id).where(
        outgoing_message.c.about_id == about_id, outgoing_message.c.purpose == purpose
    )
    recipients = await work.scalar(
        select(func.coalesce(func.sum(outgoing_message.c.recipients), 0)).where(outgoing_message.c.id.in_(messages))
    )
    rows = await work.all(
        select(delivery.c.state, func.count().label("texts"))
        .where(delivery.c.message_id.in_(messages))
        .group_by(delivery.c.state)
    )
    return _tally(int(recipients), {row.state: row.texts for row in rows})


async def find_differences(work: Transaction) -> dict[UUID, Tally]:
    """Every message of the last days whose counts don't add up. Empty is well."""
    rows = await work.all(
        select(outgoing_message.c.id, outgoing_message.c.recipients, delivery.c.state, func.count(delivery.c.id).label("texts"))
        .join(delivery, delivery.c.message_id == outgoing_message.c.id, isouter=True)
        .where(outgoing_message.c.created_at > work.now - AUDITED)
        .group_by(outgoing_message.c.id, outgoing_message.c.recipients, delivery.c.state)
    )
    counts: dict[UUID, dict[str, int]] = {}
    recipients: dict[UUID, int] = {}
    for row in rows:
        recipients[row.id] = row.recipients
        counts.setdefault(row.id, {})[row.state or ""] = row.texts
    tallies = {message: _tally(recipients[message], states) for message, states in counts.items()}
    return {message: tally for message, tally in tallies.items() if not tally.adds_up}


def _tally(recipients: int, states: dict[str, int]) -> Tally:
    return Tally(
        recipients,
        pending=sum(states.get(state.value, 0) for state in WAITING),
        sent=states.get(DeliveryState.SENT.value, 0),
        delivered=states.get(DeliveryState.DELIVERED.value, 0),
        failed=states.get(DeliveryState.FAILED.value, 0),
        skipped=states.get(DeliveryState.SKIPPED.value, 0),
    )
