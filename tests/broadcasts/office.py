"""An organizers' office without a network: people who write and sign, phones that listen, and what became of each text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import select

from app.broadcasts.runs import due_broadcasts
from app.broadcasts.writing import Draft, digest_of, get_broadcast, rewrite_broadcast, write_broadcast
from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline
from app.pipeline_broadcasts import approve, propose, send_due
from app.records.broadcasts import Broadcast, BroadcastKind, Repeats, broadcast, broadcast_run
from app.records.codes import unused_code
from app.records.contacts import contact
from app.records.deliveries import delivery, outgoing_message, outgoing_text
from app.volunteers.roster import add_volunteer
from app.volunteers.tables import Volunteer
from tests.subscribers.phones import DURHAM, Phone

WORDS = {
    "en": "Free training on Saturday at the library. Bring a friend.",
    "es": "Taller gratis el sábado en la biblioteca. Traiga a un amigo.",
}
MEETING = Draft(
    kind=BroadcastKind.ANNOUNCEMENT, title="Training", topic="events", counties=[DURHAM], languages=[], texts=WORDS, fallback=None,
    fallback_reason="", rights_topics=[], repeats=Repeats.ONCE, first_on=None, at="12:00", until=None,
)  # fmt: skip
SERIES = replace(
    MEETING, kind=BroadcastKind.SERIES, title="Rights", topic="rights", texts={}, rights_topics=["door", "car", "street"],
    repeats=Repeats.WEEKLY, first_on=date(2026, 3, 2), at="12:00",
)  # fmt: skip


@dataclass
class Office:
    """The office and its phones."""

    database: Database
    hotline: Hotline
    clock: ManualClock
    people: dict[str, Volunteer] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(101))

    async def open(self) -> Office:
        async with self.database.transaction() as work:
            for alias, role in {"Olga": "organizer", "Tomas": "organizer", "Ada": "admin", "Ana": "dispatcher"}.items():
                self.people[alias] = await add_volunteer(
                    work, alias, roles=[role], languages=["en"], counties=[], trained=False, number=None
                )
        return self

    async def phones(self, many: int, *wishes: str) -> list[Phone]:
        """Phones that text these wishes; without any, JOIN EVENTS Durham."""
        made = [Phone(self.database, self.hotline, f"+1919555{next(self.numbers):04}") for _ in range(many)]
        for phone in made:
            for wish in wishes or ("JOIN EVENTS Durham",):
                assert await phone.texts(wish)
        return made

    async def write(self, draft: Draft = MEETING, by: str = "Olga") -> str:
        async with self.database.transaction() as work:
            return (await write_broadcast(work, draft, await unused_code(work, broadcast.c.code), self.people[by])).code

    async def rewrite(self, code: str, draft: Draft, by: str = "Olga") -> None:
        async with self.database.transaction() as work:
            await rewrite_broadcast(work, code, draft, self.people[by])

    async def propose(self, code: str, by: str = "Olga") -> Broadcast:
        async with self.database.transaction() as work:
            await propose(work, self.hotline, code, self.people[by])
        return await self.get(code)

    async def approve(self, code: str, by: str = "Tomas", seen: str | None = None) -> Broadcast:
        seen = seen or digest_of(await self.get(code))
        async with self.database.transaction() as work:
            await approve(work, self.hotline, code, seen, self.people[by])
        return await self.get(code)

    async def send(self, draft: Draft = MEETING) -> str:
        """Write it, and get it through whomever it needs."""
        code = await self.write(draft)
        if (await self.propose(code)).state == "proposed":
            await self.approve(code)
        return code

    async def tick(self) -> int:
        """What the worker does of it every two seconds. Returns how many went out, or were to."""
        async with self.database.transaction() as work:
            due = await due_broadcasts(work)
        sent = 0
        for which in due:
            async with self.database.transaction() as work:
                sent += await send_due(work, self.hotline, which)
        return sent

    async def get(self, code: str) -> Broadcast:
        async with self.database.transaction() as work:
            return await get_broadcast(work, code)

    async def fates(self, code: str) -> Counter[str]:
        """How many texts of it are in each state, or were skipped for each reason."""
        async with self.database.transaction() as work:
            rows = await work.all(
                select(delivery.c.state, delivery.c.reason)
                .join(outgoing_message, outgoing_message.c.id == delivery.c.message_id)
                .join(broadcast_run, broadcast_run.c.id == outgoing_message.c.about_id)
                .join(broadcast, broadcast.c.id == broadcast_run.c.broadcast_id)
                .where(broadcast.c.code == code)
            )
        return Counter(row.reason or row.state for row in rows)

    async def texts_to(self, phone: Phone) -> Sequence[str]:
        """The words of every broadcast that was planned for a phone and not skipped, in order."""
        async with self.database.transaction() as work:
            rows = await work.all(
                select(outgoing_text.c.id, outgoing_text.c.body_sealed)
                .join(outgoing_message, outgoing_message.c.id == outgoing_text.c.message_id)
                .join(
                    delivery,
                    (delivery.c.message_id == outgoing_message.c.id) & (delivery.c.language == outgoing_text.c.language),
                )
                .join(contact, contact.c.id == delivery.c.contact_id)
                .where(contact.c.number_hash == work.keys.fingerprint("phone", phone.number))
                .where(outgoing_message.c.purpose == "broadcast", delivery.c.state != "skipped")
                .order_by(outgoing_message.c.created_at)
            )
            return [work.unseal(row.body_sealed, "outgoing_text", "body", row.id) for row in rows]
