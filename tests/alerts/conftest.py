"""A confirmed incident in Durham with three subscribers, and the people who may tell the county."""

from __future__ import annotations

import pytest

from app.core.database import Database
from app.pipeline import Hotline, decide_incident
from app.pipeline_alerts import approve, propose
from app.records.alerts import Alert
from app.records.incidents import Incident, incident
from app.records.phone_book import contact_for
from app.records.verification import Outcome
from app.subscribers.consent import Consent, subscribe
from app.verification.offers import record_observation
from app.verification.tasks import open_task, pull_task
from app.volunteers.tables import Volunteer

DURHAM = "37063"


async def person(database: Database, alias: str, *roles: str, trained: bool = False) -> Volunteer:
    async with database.transaction() as work:
        made = Volunteer(id=work.new_id(), alias=alias, roles=list(roles), trained=trained, created_at=work.now)
        await work.add(made)
    return made


async def confirmed(database: Database, hotline: Hotline, verifier: Volunteer, dispatcher: Volunteer) -> Incident:
    async with database.transaction() as work:
        about = Incident(
            id=work.new_id(), code="KD4821", kind="report", county=DURHAM, place="Walmart, Durham", reports=1,
            first_report_at=work.now, last_report_at=work.now,
        )  # fmt: skip
        await work.add(about)
        await open_task(work, hotline.queue, about, "en")
        for n in range(3):
            number = f"+1919555012{n}"
            who = await contact_for(work, number, "es" if n % 2 else "en")
            await subscribe(
                work, Consent(who, work.keys.fingerprint("phone", number), "JOIN", "subscribe.joined", "sms"), DURHAM
            )
    async with database.transaction() as work:
        held = await pull_task(work, hotline.queue, dispatcher)
        assert held is not None
        await record_observation(work, about, verifier.id, Outcome.CONFIRM, on_site=True)
    async with database.transaction() as work:
        found = await work.get(Incident, incident.c.id == about.id)
        assert found is not None
        return await decide_incident(work, hotline, found, Outcome.CONFIRM, dispatcher, held.fence)


@pytest.fixture
async def scene(database: Database, hotline: Hotline) -> tuple[Incident, Volunteer, Volunteer, Volunteer]:
    ana, luz = await person(database, "Ana", "dispatcher"), await person(database, "Luz", "verifier", "organizer", trained=True)
    olga, tom = await person(database, "Olga", "organizer"), await person(database, "Tom", "organizer")
    return await confirmed(database, hotline, luz, ana), olga, tom, luz


Scene = tuple[Incident, Volunteer, Volunteer, Volunteer]


async def proposed(database: Database, hotline: Hotline, about: Incident, author: Volunteer) -> Alert:
    async with database.transaction() as work:
        return await propose(work, hotline, about, author)


async def sent(database: Database, hotline: Hotline, about: Incident, author: Volunteer, approver: Volunteer) -> Alert:
    """An alert that two people signed."""
    waiting = await proposed(database, hotline, about, author)
    async with database.transaction() as work:
        signed, _ = await approve(work, hotline, waiting.id, approver)
    return signed
