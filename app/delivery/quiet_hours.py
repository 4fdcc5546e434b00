"""Quiet hours: what is not urgent is sent between eight in the morning and nine in the evening of the people's own clocks.

The hours are those of 47 CFR 64.1200(c)(1), which bind telephone solicitations and not us; `docs/decisions` says why we keep them.
Ten minutes at each end are left free, so that a text which waits a little in a queue still arrives within them.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.core.database import Transaction
from app.records.deliveries import Lane, delivery
from app.records.states import DeliveryState
from app.subscribers.tables import subscription

MARGIN: Final = timedelta(minutes=10)
OPENS: Final = time(8, 0)
CLOSES: Final = time(21, 0)

QUIET_LANES: Final = (Lane.RIGHTS, Lane.BROADCAST)
"""What never goes out at night. Alerts do, but to those who want them by day only."""


def next_opening(now: datetime, zone: str) -> datetime | None:
    """When the night ends in `zone` (an IANA name), in UTC; None by day. On the day the clocks change it is the hour on the wall."""
    there = now.astimezone(ZoneInfo(zone))
    opens = datetime.combine(there.date(), OPENS, there.tzinfo) + MARGIN
    closes = datetime.combine(there.date(), CLOSES, there.tzinfo) - MARGIN
    if opens <= there < closes:
        return None
    if there >= closes:
        opens = datetime.combine(there.date() + timedelta(days=1), OPENS, there.tzinfo) + MARGIN
    return opens.astimezone(now.tzinfo)


async def hold_for_the_night(work: Transaction, zone: str) -> int:
    """What was planned by day and is still unsent when the night begins waits for the morning. Returns how many texts were held."""
    opens = next_opening(work.now, zone)
    if opens is None:
        return 0
    is_due = delivery.c.not_before.is_(None) | (delivery.c.not_before < opens)
    by_day_only = (
        subscription.select()
        .with_only_columns(subscription.c.contact_id)
        .where(subscription.c.ended_at.is_(None), subscription.c.any_hour.is_(False))
    )
    alerts_by_day = (delivery.c.lane == int(Lane.ALERT)) & delivery.c.contact_id.in_(by_day_only)
    held = await work.execute(
        delivery.update()
        .where(delivery.c.state == DeliveryState.PENDING.value, is_due, delivery.c.lane.in_(QUIET_LANES) | alerts_by_day)
        .values(not_before=opens)
        .returning(delivery.c.id)
    )
    return len(held.all())
