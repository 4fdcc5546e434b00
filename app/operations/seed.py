"""Filling an empty demo: volunteers, subscribers with their consent, and a sign-in link for each volunteer."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from app.core.database import Database, Transaction
from app.operations.people_of_the_demo import SUBSCRIBERS, VOLUNTEERS
from app.records.phone_book import contact_for
from app.subscribers.consent import Consent, subscribe
from app.volunteers.access import create_sign_in_link
from app.volunteers.roster import add_volunteer
from app.volunteers.tables import LinkPurpose, volunteer

LINK_LIFETIME: Final = timedelta(days=30)


async def seed_demo(database: Database) -> dict[str, str]:
    """Make the demo's people where they are missing, and a fresh sign-in link for each volunteer. Returns the links' paths by alias."""
    async with database.transaction() as work:
        if await work.first(select(volunteer.c.id).limit(1)) is None:
            await _make_people(work)
        links: dict[str, str] = {}
        for person in VOLUNTEERS:
            row = await work.first(select(volunteer.c.id).where(volunteer.c.alias == person.alias))
            if row is not None:
                token = await create_sign_in_link(work, row.id, LinkPurpose.DEMO, LINK_LIFETIME)
                links[person.alias] = f"/console/login/{token}"
    return links


async def _make_people(work: Transaction) -> None:
    for person in VOLUNTEERS:
        await add_volunteer(
            work,
            person.alias,
            roles=list(person.roles),
            languages=list(person.languages),
            counties=list(person.counties),
            trained=person.trained,
            number=person.number,
        )
    for phone in SUBSCRIBERS:
        assert phone.county is not None  # each of them subscribes
        who = await contact_for(work, phone.number, phone.language)
        words = "JUNTAR" if phone.language == "es" else "JOIN"
        consent = Consent(who, work.keys.fingerprint("phone", phone.number), words, "subscribe.joined", "sms")
        await subscribe(work, consent, phone.county)
