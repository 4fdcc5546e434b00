"""A phone that texts the hotline without a network: for tests of what people may ask about their own texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from uuid import UUID

from sqlalchemy import select

from app.core.database import Database
from app.delivery.plan import Message, Planned, plan_to_county
from app.pipeline import Hotline, receive_text
from app.records.contacts import contact
from app.records.deliveries import Lane, delivery
from app.subscribers.tables import ConsentEvent, Topic, consent_event
from app.telephony.forms import TextForm, read_form

LINE = "+19195550100"
DURHAM, WAKE, ORANGE = "37063", "37183", "37135"
_sids = count(1)


@dataclass
class Phone:
    """One phone; `texts` returns what the hotline answered."""

    database: Database
    hotline: Hotline
    number: str = "+19195550110"
    said: list[str] = field(default_factory=list)

    async def texts(self, body: str, **form: str) -> str | None:
        self.said.append(body)
        sid = f"SM{next(_sids):032d}"
        received = read_form(TextForm, {"MessageSid": sid, "From": self.number, "To": LINE, "Body": body, **form})
        async with self.database.transaction() as work:
            return await receive_text(work, self.hotline, received)

    async def ledger(self) -> list[ConsentEvent]:
        async with self.database.transaction() as work:
            mine = consent_event.c.number_hash == work.keys.fingerprint("phone", self.number)
            return await work.find(ConsentEvent, select(consent_event).where(mine).order_by(consent_event.c.id))

    async def contact_id(self) -> UUID | None:
        async with self.database.transaction() as work:
            found: UUID | None = await work.scalar(
                select(contact.c.id).where(contact.c.number_hash == work.keys.fingerprint("phone", self.number))
            )
            return found


async def tell(
    database: Database,
    county: str,
    lane: Lane = Lane.ALERT,
    topic: Topic = Topic.ALERTS,
    *,
    about: UUID | None = None,
    opens_at: datetime | None = None,
) -> Planned:
    """Plan a text to a county's subscribers."""
    async with database.transaction() as work:
        texts = {"en": "something happened", "es": "paso algo"}
        return await plan_to_county(work, Message(lane, "test", texts, about, opens_at=opens_at), county, topic)


async def languages(database: Database, planned: Planned) -> Sequence[str]:
    """The language of each delivery of a planned text."""
    async with database.transaction() as work:
        rows = await work.execute(select(delivery.c.language).where(delivery.c.message_id == planned.id))
        return sorted(rows.scalars())


async def fates(database: Database, planned: Planned) -> Sequence[tuple[str, str | None]]:
    """The state and reason of each delivery of a planned text."""
    async with database.transaction() as work:
        rows = await work.all(select(delivery.c.state, delivery.c.reason).where(delivery.c.message_id == planned.id))
        return sorted((row.state, row.reason) for row in rows)
