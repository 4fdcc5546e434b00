"""The circuit breaker: when carriers begin to take a message for spam, or people to end their subscriptions over it, its lane stops by
itself, and only a person lets it go again (`resume_sending`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.core.metrics import LANES_STOPPED
from app.records.deliveries import Lane, delivery, lane_halt, outbound_switch
from app.records.events import record
from app.records.states import DeliveryState
from app.telephony.error_codes import error_code

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """What trips the breaker: at least so many texts of one message with an error, and at least this share of those that were tried."""

    texts: int
    share: float


WINDOW: Final = timedelta(minutes=10)

LIMITS: Final = {
    30007: Limit(10, 0.05),  # carriers filter; going on makes them filter everything from this number
    21610: Limit(10, 0.05),  # people who told their carrier to stop; "is endangering our ability to text" (Spoke issue 2184)
    30034: Limit(3, 0.0),  # not registered: no text to any long code gets through
}
"""By error code. The index `ix_delivery_watched` holds the rows with these codes."""

GUARDED: Final = (Lane.ALERT, Lane.RIGHTS, Lane.BROADCAST)
"""What goes to many. Answers, offers to verifiers, and corrections, which take back what may be false, are never stopped by it."""


async def check_lanes(work: Transaction) -> list[Lane]:
    """Stop each lane whose texts met too many of the watched errors lately. Returns the lanes that were stopped now."""
    stopped = []
    for lane, code, texts, tried in await _met(work):
        limit = LIMITS[code]
        if texts < limit.texts or texts < limit.share * tried:
            continue
        row = insert(lane_halt).values(lane=int(lane), error_code=code, texts=texts, since=work.now)
        made = await work.first(row.on_conflict_do_nothing(index_elements=["lane"]).returning(lane_halt.c.lane))
        if made is not None:
            stopped.append(lane)
            log.error("lane_stopped", lane=lane.name.lower(), code=code, texts=texts, tried=tried, why=error_code(code).en)
            await record(work, "lane.stopped", lane=lane.name.lower(), code=code, texts=texts, tried=tried)
    LANES_STOPPED.set(int(await work.scalar(select(func.count()).select_from(lane_halt))))
    return stopped


async def _met(work: Transaction) -> list[tuple[Lane, int, int, int]]:
    """For each message that watched errors met lately, since somebody last turned the switch: its lane, the code, how many texts, and how
    many of it were tried in all."""
    watched = (
        select(delivery.c.message_id, delivery.c.lane, delivery.c.error_code, func.count().label("texts"))
        .where(
            delivery.c.error_code.in_(LIMITS),
            delivery.c.claimed_at > func.greatest(work.now - WINDOW, select(outbound_switch.c.changed_at).scalar_subquery()),
            delivery.c.lane.in_([int(lane) for lane in GUARDED]),
        )
        .group_by(delivery.c.message_id, delivery.c.lane, delivery.c.error_code)
        .having(func.count() >= min(limit.texts for limit in LIMITS.values()))
    )
    met = []
    for row in await work.all(watched):
        tried = await work.scalar(
            select(func.count()).where(
                delivery.c.message_id == row.message_id,
                delivery.c.state.not_in((DeliveryState.PENDING.value, DeliveryState.SKIPPED.value)) | (delivery.c.fence > 0),
            )
        )
        met.append((Lane(row.lane), row.error_code, row.texts, int(tried)))
    return met
