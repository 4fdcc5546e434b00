"""Signing up on the web: anyone can type any number, so nothing begins before the phone itself has answered YES.

A number is asked once a day at most and never when it has said stop; what nobody confirms within a day is forgotten, number and all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.core.errors import VigiaError
from app.records.contacts import contact
from app.records.inbound import inbound_call, inbound_message
from app.records.phone_book import contact_for
from app.subscribers.nearness import zip_hash_of
from app.subscribers.tables import SignUp, Topic, sign_up, subscription
from app.telephony.addresses import can_be_texted, canonical_number

LASTS: Final = timedelta(days=1)
"""How long the question on the phone can be answered, and how long the same number isn't asked again."""

WEB: Final = "web"
IMPORTED: Final = "import"
"""Where a wish that must be confirmed came from."""

MOST_AN_HOUR: Final = 60
"""How many unanswered questions an hour may make: a page that anyone can fill in must not become a way to text strangers."""


class BadNumber(VigiaError):
    """Not a number of this country that a text can reach."""

    code = "bad_number"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TooManySignUps(VigiaError):
    """More questions are open than people would ask."""

    code = "too_many_sign_ups"
    status = HTTPStatus.TOO_MANY_REQUESTS


@dataclass(frozen=True)
class Asked:
    """What somebody typed on the page; `zip_code` is empty where they left it out."""

    number: str
    county: str
    any_hour: bool
    language: str
    zip_code: str = ""


async def ask_to_confirm(work: Transaction, asked: Asked) -> UUID | None:
    """Note a wish that its phone must confirm. Returns the contact to ask, or None where it must not be asked; the page says the same in
    both cases. Raises BadNumber or TooManySignUps."""
    number = canonical_number(asked.number)
    if not number.startswith("+1") or not can_be_texted(number):
        raise BadNumber("not a number that can be texted")
    await work.lock("sign_up", "")
    recent = select(func.count()).select_from(sign_up).where(sign_up.c.asked_at > work.now - timedelta(hours=1))
    recent = recent.where(sign_up.c.source == WEB)
    if int(await work.scalar(recent)) >= MOST_AN_HOUR:
        raise TooManySignUps("too many unanswered questions in this hour")
    known_as = work.keys.fingerprint("phone", number)
    stopped = await work.scalar(select(contact.c.stopped_at).where(contact.c.number_hash == known_as))
    if stopped is not None:
        return None
    who = await contact_for(work, number, asked.language)
    wish = {"county": asked.county, "any_hour": asked.any_hour, "language": asked.language, "asked_at": work.now}
    wish |= {"ends_at": work.now + LASTS, "topics": [Topic.ALERTS.value], "source": WEB}
    wish["zip_hash"] = zip_hash_of(work.keys, asked.zip_code) if asked.zip_code else None
    added = await work.execute(
        insert(sign_up)
        .values(contact_id=who, **wish)
        .on_conflict_do_update(index_elements=["contact_id"], set_=wish, where=sign_up.c.ends_at <= work.now)
        .returning(sign_up.c.contact_id)
    )
    return who if added.first() is not None else None


async def take_sign_up(work: Transaction, who: UUID, spoke_since: datetime | None = None) -> SignUp | None:
    """The open question to a phone, which is answered now; None where there is none, or where the hotline and the phone have spoken of
    something else since (the last time at `spoke_since`): then a yes is not one to this."""
    is_open = (sign_up.c.ends_at >= work.now) & (
        sign_up.c.asked_at <= work.now
    )  # a yes from disk answers nothing that was asked later
    if spoke_since is not None:
        is_open &= sign_up.c.asked_at >= spoke_since
    open_one = await work.get(SignUp, sign_up.c.contact_id == who, is_open, lock=True)
    if open_one is not None:
        await work.execute(sign_up.delete().where(sign_up.c.contact_id == who))
    return open_one


async def forget_lapsed(work: Transaction, known: Select[tuple[UUID]]) -> int:
    """Drop what nobody confirmed in its time, and the numbers of phones that never wrote to us and are not among the `known` contacts (of
    volunteers). Returns how many were dropped."""
    lapsed = await work.execute(sign_up.delete().where(sign_up.c.ends_at <= work.now).returning(sign_up.c.contact_id))
    who = list(lapsed.scalars())
    if who:
        strangers = contact.update().where(contact.c.id.in_(who), contact.c.id.not_in(known))
        for table in (inbound_message, inbound_call, subscription):
            strangers = strangers.where(contact.c.id.not_in(select(table.c.contact_id).where(table.c.contact_id.in_(who))))
        await work.execute(strangers.values(number_sealed=None))
    return len(who)
