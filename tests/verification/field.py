"""A hotline with people in the field: what neighbours and verifiers text, who is asked, and what went out to whom."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database
from app.pipeline import Hotline, receive_text
from app.pipeline_field import send_offer
from app.records.contacts import contact
from app.records.deliveries import OutgoingText, delivery, outgoing_message, outgoing_text
from app.records.events import event
from app.records.incidents import Incident, incident
from app.records.verification import Observation, Offer, observation, offer
from app.telephony.forms import TextForm, read_form
from app.verification.tasks import pull_task
from app.volunteers.roster import add_volunteer
from app.volunteers.tables import Volunteer, volunteer

ROSA, LINE = "+19195550110", "+19195550100"
SEEN = "La migra esta afuera de la Walmart de la Roxboro en Durham, traen chalecos"


@dataclass
class Field:
    """Everything that a test of the field needs. Ana is the dispatcher who holds the incident; verifiers are made by `enlist`."""

    database: Database
    hotline: Hotline
    clock: ManualClock
    ana: Volunteer
    about: Incident
    fence: int
    phones: dict[str, str] = field(default_factory=dict)
    sids: Iterator[int] = field(default_factory=lambda: itertools.count(100))

    async def enlist(self, *aliases: str, **facts: Any) -> None:
        """Put trained verifiers on the roster, on shift, each with a phone."""
        async with self.database.transaction() as work:
            for alias in aliases:
                number = f"+1919555{130 + len(self.phones):04d}"
                given: dict[str, Any] = {
                    "roles": ["verifier"],
                    "languages": ["en", "es"],
                    "counties": [],
                    "trained": True,
                } | facts
                await add_volunteer(work, alias, number=number, **given)
                self.phones[alias] = number

    async def ask(self, alias: str) -> None:
        """Ana asks one of them by name."""
        async with self.database.transaction() as work:
            person = await work.get(Volunteer, volunteer.c.alias == alias)
            assert person is not None
            about = await work.get(Incident, incident.c.id == self.about.id, lock=True)
            assert about is not None
            await send_offer(work, self.hotline, about, person, self.ana, self.fence)

    async def text(self, alias: str, words: str) -> str:
        """One of them texts; the reply, empty where there is none."""
        async with self.database.transaction() as work:
            return await receive_text(work, self.hotline, a_text(self.phones[alias], words, next(self.sids))) or ""

    async def set(self, alias: str, **facts: Any) -> None:
        """Change what the roster says of one of them."""
        async with self.database.transaction() as work:
            await work.execute(volunteer.update().where(volunteer.c.alias == alias).values(**facts))

    async def offers(self) -> dict[str, str]:
        """The state of every offer about the incident, by alias."""
        async with self.database.transaction() as work:
            rows = await work.all(
                select(volunteer.c.alias, offer.c.state)
                .join(offer, offer.c.volunteer_id == volunteer.c.id)
                .where(offer.c.incident_id == self.about.id)
                .order_by(offer.c.offered_at, volunteer.c.alias)
            )
        return {row.alias: row.state for row in rows}

    async def offer_of(self, alias: str) -> Offer:
        """The newest offer to one of them."""
        async with self.database.transaction() as work:
            chosen = select(volunteer.c.id).where(volunteer.c.alias == alias).scalar_subquery()
            statement = select(offer).where(offer.c.volunteer_id == chosen).order_by(offer.c.offered_at.desc()).limit(1)
            [made] = await work.find(Offer, statement)
        return made

    async def observations(self) -> list[Observation]:
        """What was found, the oldest first."""
        async with self.database.transaction() as work:
            return await work.find(Observation, select(observation).order_by(observation.c.observed_at, observation.c.id))

    async def verbs(self, prefix: str = "") -> list[str]:
        """What happened to the incident, in order."""
        async with self.database.transaction() as work:
            rows = await work.execute(select(event.c.verb).where(event.c.subject_id == self.about.id).order_by(event.c.id))
            return [verb for verb in rows.scalars() if verb.startswith(prefix)]

    async def sent(self, purpose: str) -> dict[str, list[str]]:
        """What the outbox has for whom, by alias (a number where it is no verifier's)."""
        async with self.database.transaction() as work:
            rows = await work.all(
                select(outgoing_text, contact.c.id.label("who"), contact.c.number_sealed)
                .join(outgoing_message, outgoing_message.c.id == outgoing_text.c.message_id)
                .join(delivery, delivery.c.message_id == outgoing_message.c.id)
                .join(contact, contact.c.id == delivery.c.contact_id)
                .where(outgoing_message.c.purpose == purpose, delivery.c.language == outgoing_text.c.language)
                .order_by(outgoing_message.c.created_at)
            )
            names = {number: alias for alias, number in self.phones.items()}
            found: dict[str, list[str]] = {}
            for row in rows:
                number = work.unseal(row.number_sealed, "contact", "number", row.who)
                body = OutgoingText(**{c.name: getattr(row, c.name) for c in outgoing_text.c})
                assert body.body_sealed is not None
                words = work.unseal(body.body_sealed, "outgoing_text", "body", body.id)
                found.setdefault(names.get(number, number), []).append(words)
        return found


async def open_field(database: Database, hotline: Hotline, clock: ManualClock, verifiers: Sequence[str] = ()) -> Field:
    """A neighbour reported something in Durham, and Ana holds it."""
    async with database.transaction() as work:
        ana = await add_volunteer(
            work,
            "Ana",
            roles=["dispatcher"],
            languages=["en", "es"],
            counties=[],
            trained=False,
            number="+19195550101",
        )
        await receive_text(work, hotline, a_text(ROSA, SEEN, 1))
    async with database.transaction() as work:
        held = await pull_task(work, hotline.queue, ana)
        assert held is not None
        about = await work.get(Incident, incident.c.id == held.incident_id)
        assert about is not None
    made = Field(database, hotline, clock, ana, about, held.fence, {"Ana": "+19195550101"})
    await made.enlist(*verifiers)
    return made


def a_text(sender: str, body: str, number: int) -> TextForm:
    """A text as Twilio would hand it over."""
    return read_form(TextForm, {"MessageSid": f"SM{number:032d}", "From": sender, "To": LINE, "Body": body})
