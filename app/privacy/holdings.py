"""What is held about a phone number: the answer to the person, and to a subpoena. Counts only; opening it is another act."""

from __future__ import annotations

from sqlalchemy import func, select

from app.core.database import Transaction
from app.privacy.erasure import erase_contact
from app.records.broadcasts import series_progress
from app.records.contacts import Contact, contact
from app.records.corrections import correction
from app.records.deliveries import delivery
from app.records.inbound import inbound_call, inbound_message
from app.records.incidents import report
from app.records.photos import photo
from app.records.states import PhotoState
from app.records.urgent_calls import urgent_call
from app.subscribers.consent import Consent
from app.subscribers.tables import consent_event, subscription
from app.telephony.addresses import canonical_number
from app.volunteers.tables import volunteer
from app.volunteers.zones import home_zone


async def holdings_of(work: Transaction, number: str) -> dict[str, int]:
    """How many records of each kind are held about a number, in plain words."""
    known_as = work.keys.fingerprint("phone", canonical_number(number))
    consents = await work.scalar(select(func.count()).where(consent_event.c.number_hash == known_as))
    who = await work.get(Contact, contact.c.number_hash == known_as)
    held = {"lines of the consent ledger (hash, time, words)": int(consents)}
    if who is None:
        return held
    held["the number itself, sealed"] = int(who.number_sealed is not None)
    for what, table in (
        ("texts received", inbound_message),
        ("calls received", inbound_call),
        ("reports", report),
        ("subscriptions", subscription),
        ("texts sent or planned", delivery),
        ("rights texts of a series that they had", series_progress),
    ):
        held[what] = int(await work.scalar(select(func.count()).where(table.c.contact_id == who.id)))
    zips = select(func.count()).where(subscription.c.contact_id == who.id, subscription.c.zip_hash.is_not(None))
    held["ZIP code for what is near, as a keyed hash"] = int(bool(await work.scalar(zips)))
    homes = home_zone.join(volunteer, volunteer.c.id == home_zone.c.volunteer_id)
    zones = select(func.count()).select_from(homes).where(volunteer.c.contact_id == who.id)
    rung = urgent_call.join(volunteer, volunteer.c.id == urgent_call.c.volunteer_id)
    calls = select(func.count()).select_from(rung).where(volunteer.c.contact_id == who.id)
    held["calls to them as a volunteer"] = int(await work.scalar(calls))
    held["zone that they start from as a volunteer"] = int(await work.scalar(zones))
    reports = select(report.c.id).where(report.c.contact_id == who.id)
    examples = select(func.count()).where(correction.c.report_id.in_(reports))
    held["reports kept as examples of how to read, sealed"] = int(await work.scalar(examples))
    theirs = photo.c.message_id.in_(select(inbound_message.c.id).where(inbound_message.c.contact_id == who.id))
    shown = photo.c.state == PhotoState.KEPT.value
    held["photos, sealed"] = int(await work.scalar(select(func.count()).select_from(photo).where(theirs, shown)))
    return held


async def erase_number(work: Transaction, number: str) -> bool:
    """Erase a person by their number. False when nothing was held."""
    known_as = work.keys.fingerprint("phone", canonical_number(number))
    who = await work.get(Contact, contact.c.number_hash == known_as, lock=True)
    if who is None:
        return False
    await erase_contact(work, Consent(who.id, known_as, "", "erased by an operator", "console"))
    return True
