"""Filling an empty demo: volunteers, subscribers with their consent, and a sign-in link for each volunteer."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from app.core.database import Database, Transaction
from app.operations.people_of_the_demo import SUBSCRIBERS, VOLUNTEERS, DemoVolunteer
from app.records.phone_book import contact_for
from app.subscribers.consent import Consent, subscribe
from app.volunteers.access import create_sign_in_link
from app.volunteers.roster import add_volunteer, get_volunteer, list_volunteers
from app.volunteers.shifts import add_weekly
from app.volunteers.tables import LinkPurpose, volunteer

LINK_LIFETIME: Final = timedelta(days=30)


async def seed_demo(database: Database, *, with_shifts: bool = False) -> dict[str, str]:
    """Make the demo's people where they are missing, and a fresh sign-in link for each volunteer who has a page. Returns the links' paths
    by alias. `with_shifts`: who is new plans their week too, so that presence comes and goes and leads hear of the gap."""
    async with database.transaction() as work:
        known = {person.alias for person in await list_volunteers(work)}
        for person in VOLUNTEERS:
            if person.alias not in known:
                await _add(work, person, with_shifts=with_shifts)
        if not known:
            await _subscribe_all(work)
        links: dict[str, str] = {}
        for person in VOLUNTEERS:
            if person.page:
                row = await get_volunteer(work, person.alias)
                token = await create_sign_in_link(work, row.id, LinkPurpose.DEMO, LINK_LIFETIME)
                links[person.alias] = f"/console/login/{token}"
    return links


async def _add(work: Transaction, person: DemoVolunteer, *, with_shifts: bool) -> None:
    added = await add_volunteer(
        work,
        person.alias,
        roles=list(person.roles),
        languages=list(person.languages),
        counties=list(person.counties),
        trained=person.trained,
        number=person.number,
    )
    if person.week:  # on duty when it is their shift, and not before
        await work.execute(volunteer.update().where(volunteer.c.id == added.id).values(on_shift=False))
    if with_shifts:
        for hours in person.week:
            await add_weekly(work, added, hours, added)


async def _subscribe_all(work: Transaction) -> None:
    for phone in SUBSCRIBERS:
        assert phone.county is not None  # each of them subscribes
        who = await contact_for(work, phone.number, phone.language)
        words = "JUNTAR" if phone.language == "es" else "JOIN"
        consent = Consent(who, work.keys.fingerprint("phone", phone.number), words, "subscribe.joined", "sms")
        await subscribe(work, consent, phone.county)
