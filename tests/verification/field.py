"""A hotline with people in the field: what neighbours and verifiers text, who is asked, and what went out to whom."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import select

from app.core.clock import ManualClock
from app.core.database import Database, without_driver
from app.core.ids import new_id
from app.core.keys import Keys
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
from tests.conftest import NOON, TEMPLATE, in_database

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

    async def until_the_dead_let_go(self) -> None:
        """Wait for the locks of a process that died: PostgreSQL notices its end a moment later, and a sweep steps over what is locked."""
        async with self.database.transaction() as work:
            for table in (incident, offer):
                await work.execute(select(table.c.id).with_for_update())

    async def set(self, alias: str, **facts: Any) -> None:
        """Change what the roster says of one of them."""
        async with self.database.transaction() as work:
            await work.execute(volunteer.update().where(volunteer.c.alias == alias).values(**facts))

    async def asked_elsewhere(self, alias: str, ago: timedelta) -> None:
        """One of them was asked about another incident, so long ago, and said no."""
        [person] = await self.people(alias)
        async with self.database.transaction() as work:
            at, code = work.now - ago, str(work.new_id())[-12:]
            times: dict[str, Any] = {"first_report_at": at, "last_report_at": at}
            other = Incident(id=work.new_id(), code=code, kind="report", state="nothing", reports=1, **times)
            await work.add(other)
            times = {"offered_at": at, "answered_at": at, "expires_at": at}
            await work.add(Offer(id=work.new_id(), incident_id=other.id, volunteer_id=person.id, state="declined", **times))

    async def people(self, *aliases: str) -> list[Volunteer]:
        """Those on the roster."""
        async with self.database.transaction() as work:
            return await work.find(Volunteer, select(volunteer).where(volunteer.c.alias.in_(aliases)))

    async def states(self) -> list[tuple[str, str]]:
        """Every offer about the incident: whose, and its state."""
        async with self.database.transaction() as work:
            rows = await work.all(
                select(volunteer.c.alias, offer.c.state)
                .join(offer, offer.c.volunteer_id == volunteer.c.id)
                .where(offer.c.incident_id == self.about.id)
                .order_by(offer.c.offered_at, volunteer.c.alias)
            )
        return [(row.alias, row.state) for row in rows]

    async def offers(self) -> dict[str, str]:
        """The state of every offer about the incident, by alias."""
        return dict(await self.states())

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


@asynccontextmanager
async def fresh_field(hotline: Hotline, keys: Keys, verifiers: Sequence[str]) -> AsyncIterator[tuple[Field, str]]:
    """A field in a database of its own, for tests that need many; with the database's URL."""
    cluster, name, clock = os.environ["VIGIA_TEST_CLUSTER"], f"t_{uuid4().hex}", ManualClock(NOON)
    with psycopg.connect(without_driver(cluster), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    database = Database(in_database(cluster, name), keys, clock, new_id, pool_size=5)
    yield await open_field(database, hotline, clock, verifiers), in_database(cluster, name)
    await database.close()
    with psycopg.connect(without_driver(cluster), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
