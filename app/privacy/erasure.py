"""Forgetting a person: their number, their words, their calls, their photos, here at once and at Twilio by a job.

What remains: the keyed hash of the number, marked stopped, so that nobody texts them again; the public facts of incidents they reported;
and the counts of deliveries.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.core.jobs import defer
from app.records.broadcasts import series_progress
from app.records.contacts import contact, conversation
from app.records.corrections import forget_examples_of
from app.records.deliveries import Skipped, delivery, outgoing_text
from app.records.inbound import inbound_call, inbound_message, is_at_twilio, recording
from app.records.incidents import report
from app.records.masked import masked_talk, masked_words
from app.records.photos import forget_photos, photo
from app.records.states import DeliveryState
from app.subscribers.consent import Consent, record_erasure, stop
from app.subscribers.tables import subscription
from app.volunteers.tables import volunteer
from app.volunteers.zones import home_zone

FORGET_AT_TWILIO = "contact.forget_at_twilio"
"""The job that has Twilio delete its copies; it takes the contact's id."""


async def erase_contact(work: Transaction, consent: Consent) -> None:
    """Erase a person in this transaction, and have Twilio's copies erased after it."""
    who = consent.contact_id
    await stop(work, consent)
    calls = select(inbound_call.c.id).where(inbound_call.c.contact_id == who)
    theirs = select(volunteer.c.id).where(volunteer.c.contact_id == who)
    talks = select(masked_talk.c.id).where(masked_talk.c.contact_id == who)
    written = select(masked_words.c.message_id).where(masked_words.c.talk_id.in_(talks))
    for statement in (
        delivery.update()
        .where(delivery.c.contact_id == who, delivery.c.state == DeliveryState.PENDING.value)
        .values(state=DeliveryState.SKIPPED.value, reason=Skipped.ERASED.value, done_at=work.now),
        inbound_message.update().where(inbound_message.c.contact_id == who).values(body_sealed=None, reply_sealed=None),
        recording.update().where(recording.c.call_id.in_(calls)).values(audio_sealed=None, url_sealed=None),
        inbound_call.update().where(inbound_call.c.contact_id == who).values(answers_sealed=None, heard_sealed=None),
        report.update().where(report.c.contact_id == who).values(text_sealed=None, reading_sealed=None),
        outgoing_text.update().where(outgoing_text.c.message_id.in_(written)).values(body_sealed=None),
        masked_talk.update().where(masked_talk.c.contact_id == who, masked_talk.c.ended_at.is_(None)).values(ended_at=work.now),
        subscription.delete().where(subscription.c.contact_id == who),
        home_zone.delete().where(home_zone.c.volunteer_id.in_(theirs)),
        series_progress.delete().where(series_progress.c.contact_id == who),
        conversation.update()
        .where(conversation.c.contact_id == who)
        .values(awaiting=None, report_id=None, last_report_id=None, last_report_at=None, home_counties=[])
        .values(last_words=None, last_reply=None, same_words=None, same_since=None, unasked=None, unasked_since=None),
        contact.update()
        .where(contact.c.id == who)
        .values(number_sealed=None, language=None, language_chosen=False, whatsapp_at=None),
    ):
        await work.execute(statement)
    await forget_photos(work, photo.c.message_id.in_(select(inbound_message.c.id).where(inbound_message.c.contact_id == who)))
    await forget_examples_of(work, who)
    await record_erasure(work, consent)
    await defer(work, FORGET_AT_TWILIO, contact_id=str(who))


async def copies_at_twilio(work: Transaction, contact_id: UUID) -> tuple[list[str], list[str]]:
    """The SIDs of the texts and of the recordings that Twilio may still hold of a person."""
    inbound = await work.execute(select(inbound_message.c.sid).where(inbound_message.c.contact_id == contact_id))
    outbound = await work.execute(
        select(delivery.c.sid).where(delivery.c.contact_id == contact_id, delivery.c.sid.is_not(None))
    )
    calls = select(inbound_call.c.id).where(inbound_call.c.contact_id == contact_id)
    voice = await work.execute(select(recording.c.sid).where(recording.c.call_id.in_(calls)))
    return [*filter(is_at_twilio, inbound.scalars()), *outbound.scalars()], list(voice.scalars())
