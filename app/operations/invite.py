"""`vigia invite`: the first administrator, who can then invite everybody else in the console."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from app.core.database import Transaction
from app.volunteers.access import create_sign_in_link
from app.volunteers.roster import add_volunteer
from app.volunteers.tables import LinkPurpose, Role, Volunteer, volunteer

INVITE_LIFETIME: Final = timedelta(days=3)


async def invite_administrator(work: Transaction, alias: str, public_url: str) -> str:
    """Make the administrator if there is none of that alias, and return what to tell them."""
    person = await work.get(Volunteer, volunteer.c.alias == alias)
    if person is None:
        roles = [Role.ADMIN.value, Role.ORGANIZER.value]
        person = await add_volunteer(work, alias, roles=roles, languages=["en", "es"], counties=[], trained=False, number=None)
    token = await create_sign_in_link(work, person.id, LinkPurpose.INVITE, INVITE_LIFETIME)
    return f"{alias} signs in once, within three days, at\n{public_url}/console/login/{token}"
