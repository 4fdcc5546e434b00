"""While a text goes out, and after: where every one of them is, how fast it goes, when the last leaves, what failed and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from app.core.database import Transaction
from app.delivery.conservation import WAITING, Tally, tally_of
from app.delivery.forecast import Audience, time_to_last_phone
from app.delivery.lines import Inventory
from app.records.deliveries import delivery, outgoing_message, outgoing_text
from app.records.states import DeliveryState
from app.telephony.error_codes import ErrorCode, error_code

RATE_OVER: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Failure:
    """Texts that failed for one reason: Twilio's code (0 where it gave none), what it means, and how many."""

    code: int
    means: ErrorCode
    texts: int


@dataclass(frozen=True)
class Progress:
    """How it goes. `rate` is texts a minute over the last minute, `left` the time until the last one leaves at the pace of our lines (None
    when nothing waits, or nothing goes), `later_at` when those wake who wait for the morning, `skipped` by reason."""

    tally: Tally
    rate: int
    left: timedelta | None
    later: int
    later_at: datetime | None
    failures: tuple[Failure, ...]
    skipped: Mapping[str, int]
    held: bool
    ended: bool


async def progress_of(work: Transaction, about_id: UUID, purpose: str, inventory: Inventory) -> Progress:
    """How the texts about a record are getting on."""
    messages = await work.all(
        select(outgoing_message.c.id, outgoing_message.c.paused_at, outgoing_message.c.withdrawn_at).where(
            outgoing_message.c.about_id == about_id, outgoing_message.c.purpose == purpose
        )
    )
    mine = delivery.c.message_id.in_([row.id for row in messages])
    tally = await tally_of(work, about_id, purpose)
    now = work.now
    waits = await work.all(
        select(outgoing_text.c.segments, (delivery.c.not_before > now).label("later"), func.count().label("texts"))
        .join(
            outgoing_text,
            (outgoing_text.c.message_id == delivery.c.message_id) & (outgoing_text.c.language == delivery.c.language),
        )
        .where(mine, delivery.c.state.in_([state.value for state in WAITING]))
        .group_by(outgoing_text.c.segments, "later")
    )
    soon: dict[int, int] = {}
    for row in waits:
        if not row.later:
            soon[row.segments] = soon.get(row.segments, 0) + row.texts
    later = sum(row.texts for row in waits if row.later)
    held = any(row.paused_at is not None and row.withdrawn_at is None for row in messages)
    left = time_to_last_phone(Audience(soon), inventory).lasts if soon and not held else None
    failures = await work.all(
        select(func.coalesce(delivery.c.error_code, 0).label("code"), func.count().label("texts"))
        .where(mine, delivery.c.state == DeliveryState.FAILED.value)
        .group_by("code")
        .order_by(func.count().desc(), "code")
    )
    skipped = await work.all(
        select(delivery.c.reason, func.count().label("texts"))
        .where(mine, delivery.c.state == DeliveryState.SKIPPED.value)
        .group_by(delivery.c.reason)
        .order_by(func.count().desc())
    )
    return Progress(
        tally,
        int(await work.scalar(select(func.count()).select_from(delivery).where(mine, delivery.c.sent_at > now - RATE_OVER))),
        left,
        later,
        await work.scalar(select(func.min(delivery.c.not_before)).where(mine, delivery.c.not_before > now)) if later else None,
        tuple(Failure(row.code, error_code(row.code), row.texts) for row in failures),
        {row.reason: row.texts for row in skipped},
        held,
        bool(messages) and all(row.withdrawn_at is not None for row in messages),
    )
