"""Signing in: links that are handed over in person, browsers that are signed in, and who stands behind one.

Only the keyed hash of a link's or a cookie's token is kept, so that nobody who reads the database can sign in with what it holds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, or_, select

from app.core.database import Transaction
from app.core.errors import NotAllowed
from app.core.ids import new_token
from app.records.events import record
from app.volunteers.tables import (
    ConsoleSession,
    LinkPurpose,
    SignInLink,
    Standing,
    Volunteer,
    console_session,
    sign_in_link,
    volunteer,
)

SEEN_EVERY: Final = timedelta(minutes=1)
"""How exact `seen_at` is: not every page view writes."""


class LinkRefused(NotAllowed):
    """A sign-in link that does not work, or no longer."""

    code = "link_refused"


async def create_sign_in_link(work: Transaction, volunteer_id: UUID, purpose: LinkPurpose, lifetime: timedelta) -> str:
    """A token with which a volunteer can sign in for `lifetime`. A new invitation replaces those that were not used."""
    if purpose is LinkPurpose.INVITE:
        await withdraw_links(work, volunteer_id)
    token = new_token()
    await work.add(
        SignInLink(
            token_hash=_hash(work, token),
            volunteer_id=volunteer_id,
            purpose=purpose.value,
            expires_at=work.now + lifetime,
        )
    )
    return token


async def read_link(work: Transaction, token: str) -> tuple[LinkPurpose, Volunteer]:
    """What a link is for and whose it is, without using it up. Raises LinkRefused."""
    link = await work.get(SignInLink, sign_in_link.c.token_hash == _hash(work, token), *_still_works(work))
    person = await _active(work, link.volunteer_id) if link is not None else None
    if link is None or person is None:
        raise LinkRefused("This sign-in link does not work any more. Ask an administrator for a new one.")
    return LinkPurpose(link.purpose), person


async def sign_in(work: Transaction, token: str, *, lasts: timedelta) -> tuple[str, Volunteer]:
    """Sign a browser in for `lasts`: an invitation works once, also when it is used twice in the same moment; a demo link as often as it is
    used. Returns the token of the session and the volunteer. Raises LinkRefused."""
    used = await work.first(
        sign_in_link.update()
        .where(sign_in_link.c.token_hash == _hash(work, token), *_still_works(work))
        .values(used_at=work.now)
        .returning(sign_in_link.c.volunteer_id, sign_in_link.c.purpose)
    )
    person = await _active(work, used.volunteer_id) if used is not None else None
    if used is None or person is None:
        raise LinkRefused("This sign-in link does not work any more. Ask an administrator for a new one.")
    session = new_token()
    await work.add(
        ConsoleSession(
            token_hash=_hash(work, session),
            volunteer_id=person.id,
            created_at=work.now,
            seen_at=work.now,
            expires_at=work.now + lasts,
        )
    )
    await record(work, "volunteer.signed_in", person.id, actor_id=person.id, by=used.purpose)
    return session, person


async def who_is(work: Transaction, session: str | None) -> Volunteer | None:
    """The active volunteer of a session's token, or None."""
    if not session:
        return None
    found = await work.get(ConsoleSession, console_session.c.token_hash == _hash(work, session))
    if found is None or found.expires_at <= work.now:
        return None
    person = await _active(work, found.volunteer_id)
    if person is not None and found.seen_at <= work.now - SEEN_EVERY:
        await work.execute(
            console_session.update().where(console_session.c.token_hash == found.token_hash).values(seen_at=work.now)
        )
    return person


async def sign_out(work: Transaction, session: str) -> None:
    """End one browser's session."""
    await work.execute(delete(console_session).where(console_session.c.token_hash == _hash(work, session)))


async def end_sessions(work: Transaction, volunteer_id: UUID) -> None:
    """Sign a volunteer out everywhere, and make every link of theirs worthless."""
    await work.execute(delete(console_session).where(console_session.c.volunteer_id == volunteer_id))
    await work.execute(delete(sign_in_link).where(sign_in_link.c.volunteer_id == volunteer_id))


async def withdraw_links(work: Transaction, volunteer_id: UUID) -> None:
    """Make a volunteer's unused invitations worthless."""
    await work.execute(
        delete(sign_in_link).where(
            sign_in_link.c.volunteer_id == volunteer_id,
            sign_in_link.c.purpose == LinkPurpose.INVITE.value,
            sign_in_link.c.used_at.is_(None),
        )
    )


async def forget_old_sessions(work: Transaction) -> None:
    """Delete sessions and links whose time is over."""
    await work.execute(delete(console_session).where(console_session.c.expires_at <= work.now))
    await work.execute(delete(sign_in_link).where(sign_in_link.c.expires_at <= work.now))


def _still_works(work: Transaction) -> tuple[ColumnElement[bool], ...]:
    return (
        sign_in_link.c.expires_at > work.now,
        or_(sign_in_link.c.purpose == LinkPurpose.DEMO.value, sign_in_link.c.used_at.is_(None)),
    )


async def _active(work: Transaction, volunteer_id: UUID) -> Volunteer | None:
    found = await work.find(
        Volunteer,
        select(volunteer).where(volunteer.c.id == volunteer_id, volunteer.c.standing == Standing.ACTIVE.value),
    )
    return found[0] if found else None


def _hash(work: Transaction, token: str) -> bytes:
    return work.keys.fingerprint("token", token)
