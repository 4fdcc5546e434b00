"""The link in the text that a verifier gets after their yes: it opens a page, without an account, on which they answer (ADR 0016).

Its token is a keyed signature over the offer and the person, so that it is the same however often the text is written, and only its hash is
kept. What it opens is theirs alone, and for a time: it ends LIVES_ON after its offer, with a stand-down, and with their standing.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from app.core.database import Transaction
from app.core.errors import VigiaError
from app.core.keys import Keys
from app.records.contacts import Contact, contact
from app.records.incidents import Incident, incident
from app.records.states import IncidentState, OfferState
from app.records.verification import Offer, offer
from app.volunteers.tables import Standing, Volunteer, volunteer

FIELD_PATH: Final = "/console/field/"

LIVES_ON: Final = timedelta(hours=6)
"""So long after its offer's own end a link still opens: what was seen can be told when somebody is home again."""

SIGNATURE_BYTES: Final = 16
"""128 bits, which nobody guesses: 22 letters of the link, in a text where each letter costs."""

OVER: Final = "This link is over. Text us what you saw."

CALLED_OFF: Final = (OfferState.STOOD_DOWN.value, OfferState.DECLINED.value)


class LinkEnded(VigiaError):
    """A link that opens nothing, or no longer. Which of the two is not said."""

    code = "field_link_ended"
    status = HTTPStatus.GONE


@dataclass(frozen=True)
class Opened:
    """What a link opens. `language` is the one they text in, where that is known. `called_off`: they need not go, so the place is shown no
    more; what they saw is still heard."""

    made: Offer
    about: Incident
    verifier: Volunteer
    language: str | None

    @property
    def called_off(self) -> bool:
        """Whether they were told not to go, or said that they don't."""
        return self.made.state in CALLED_OFF or self.about.state == IncidentState.DISMISSED


async def give_link(work: Transaction, made: Offer) -> str:
    """The token of an offer's link, which works from now on. The same each time."""
    token = _token(work.keys, made)
    made.link_hash = hash_of(work.keys, token)
    await work.execute(offer.update().where(offer.c.id == made.id).values(link_hash=made.link_hash))
    return token


async def open_link(work: Transaction, token: str, *, lock: bool = False) -> Opened:
    """What a link opens. `lock`: to answer on it, the incident before its offer, as everywhere. Raises LinkEnded when it opens nothing, its
    time is over, or the verifier was suspended or erased."""
    found = await work.get(Offer, offer.c.link_hash == hash_of(work.keys, token))
    if found is None or found.expires_at + LIVES_ON <= work.now:
        raise LinkEnded(OVER)
    person = await work.get(Volunteer, volunteer.c.id == found.volunteer_id, volunteer.c.standing == Standing.ACTIVE.value)
    phone = await work.get(Contact, contact.c.id == person.contact_id) if person is not None else None
    about = await work.get(Incident, incident.c.id == found.incident_id, lock=lock)
    made = await work.get(Offer, offer.c.id == found.id, lock=lock)
    if person is None or phone is None or phone.number_sealed is None or about is None or made is None:
        raise LinkEnded(OVER)
    return Opened(made, about, person, phone.language)


def hash_of(keys: Keys, token: str) -> bytes:
    """Under what a link's token is kept. Pure."""
    return keys.fingerprint("token", token)


def _token(keys: Keys, made: Offer) -> str:
    signature = keys.fingerprint("field_link", f"{made.id}\x00{made.volunteer_id}")[:SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
