"""What T-Mobile takes from a brand in a day, counted in PostgreSQL, so that what can wait leaves room for what can't.

Nobody tells us which carrier a phone has, so T-Mobile's part is estimated from its share of all phones. An estimate never holds back what
is about somebody's safety: those who have other carriers would lose it too. What T-Mobile itself refuses (30027) waits for its next day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.delivery.failures import CARRIERS_ZONE
from app.delivery.lines import Inventory, carriers
from app.records.deliveries import brand_day, delivery, outgoing_text

FOR_WHAT_CAN_WAIT: Final = 0.8
"""Rights texts and broadcasts may use this part of a day's allowance; the rest is kept for alerts, corrections, offers and replies."""


def carriers_day(now: datetime) -> date:
    """The day of the carriers' clock, which ends at midnight Pacific."""
    return now.astimezone(CARRIERS_ZONE).date()


async def count_sent(work: Transaction, brand: str, segments: int) -> None:
    """Add what Twilio took just now from a brand's lines."""
    if segments:
        row = insert(brand_day).values(brand=brand, day=carriers_day(work.now), segments=segments)
        more = brand_day.c.segments + row.excluded.segments
        await work.execute(row.on_conflict_do_update(index_elements=["brand", "day"], set_={"segments": more}))


async def sent_today(work: Transaction) -> Mapping[str, int]:
    """How many segments each brand has sent today."""
    rows = await work.all(select(brand_day.c.brand, brand_day.c.segments).where(brand_day.c.day == carriers_day(work.now)))
    return {row.brand: row.segments for row in rows}


async def is_for_safety_only(work: Transaction, brand: str, allowance: int) -> bool:
    """Whether what can wait has to, as the brand has used its part of today's allowance."""
    sent = (await sent_today(work)).get(brand, 0)
    return sent * carriers().shares["tmobile"] >= FOR_WHAT_CAN_WAIT * allowance


async def count_again(work: Transaction, inventory: Inventory) -> Mapping[str, int]:
    """Count today anew from the deliveries themselves. Returns the segments by brand."""
    midnight = datetime.combine(carriers_day(work.now), time(), CARRIERS_ZONE)
    rows = await work.all(
        select(delivery.c.line, func.sum(outgoing_text.c.segments).label("segments"))
        .join(
            outgoing_text,
            (outgoing_text.c.message_id == delivery.c.message_id) & (outgoing_text.c.language == delivery.c.language),
        )
        .where(delivery.c.sent_at >= midnight)
        .group_by(delivery.c.line)
    )
    names = {line.name: line.name if len(inventory.lines) > 1 else "" for line in inventory.lines}
    by_line = {names[line.name]: one.brand for line in inventory.lines if (one := inventory.campaign_of(line)) is not None}
    counted: dict[str, int] = {}
    for row in rows:
        if row.line in by_line:
            counted[by_line[row.line]] = counted.get(by_line[row.line], 0) + int(row.segments)
    await work.execute(brand_day.delete().where(brand_day.c.day == carriers_day(work.now)))
    for brand, segments in counted.items():
        await count_sent(work, brand, segments)
    return counted
