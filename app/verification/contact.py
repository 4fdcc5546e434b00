"""Masked contact: whom of an incident a dispatcher may write to, until when an answer belongs to the talk, and what was said.

Nothing here shows a number but `reveal_number`, which wants a reason and is an act in the audit chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select, union_all
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Transaction
from app.core.errors import BadInput, Conflict, NotAllowed, NotFound
from app.records.contacts import Contact, contact
from app.records.deliveries import delivery, outgoing_message, outgoing_text
from app.records.events import event, record
from app.records.inbound import inbound_message
from app.records.incidents import Incident, incident, report
from app.records.masked import MaskedTalk, masked_answer, masked_talk, masked_words
from app.records.states import TaskState
from app.records.unfit import unfit_codes
from app.records.verification import offer, task
from app.telephony.segments import size_of
from app.volunteers.tables import Role, Volunteer, volunteer

LASTS: Final = timedelta(hours=1)
"""So long after the last text, of either side, an answer still belongs to the talk; later it is a text like any other."""

MOST_SEGMENTS: Final = 3
LEAST_REASON: Final = 10
"""Characters: "why" is not a reason."""

SHOWN_SECONDS: Final = 60
"""So long a revealed number stands on the page."""

REVEALED: Final = "contact.revealed"


@dataclass(frozen=True)
class Whom:
    """Somebody of an incident as a dispatcher sees them: by a report of theirs, or by an offer to them (then with their alias). Never their
    number. `barred`: why the hotline can't write to them, None when it can."""

    which: UUID
    contact_id: UUID
    is_report: bool
    language: str | None
    channel: str
    alias: str | None
    barred: str | None


@dataclass(frozen=True)
class Line:
    """One text of a talk: when, its words (None: forgotten), who of ours wrote it (None: it came back), and what became of it."""

    at: datetime
    words: str | None
    alias: str | None
    state: str | None = None


async def find_whom(work: Transaction, about: Incident, which: UUID) -> Whom:
    """The person of a report or an offer of this incident. Raises NotFound."""
    told = await work.first(
        select(contact, report.c.channel, report.c.language.label("wrote"))
        .join(report, report.c.contact_id == contact.c.id)
        .where(report.c.id == which, report.c.incident_id == about.id)
    )
    if told is not None:
        return Whom(which, told.id, True, told.language or told.wrote, told.channel, None, why_barred(_as_contact(told)))
    asked = await work.first(
        select(contact, volunteer.c.alias)
        .join(volunteer, volunteer.c.contact_id == contact.c.id)
        .join(offer, offer.c.volunteer_id == volunteer.c.id)
        .where(offer.c.id == which, offer.c.incident_id == about.id)
    )
    if asked is None:
        raise NotFound("Nobody of this incident is known by that.")
    return Whom(which, asked.id, False, asked.language, "sms", asked.alias, why_barred(_as_contact(asked)))


def why_barred(person: Contact) -> str | None:
    """Why the hotline can't write to a phone: a code that the console explains; None when it can. Pure."""
    if person.number_sealed is None:
        return "no_number"
    if person.stopped_at is not None:
        return "stopped"
    if person.unreachable_at is not None and person.unreachable_until is None:
        return "unreachable"
    return None


async def may_reach(work: Transaction, about: Incident, by: Volunteer) -> bool:
    """Whether a volunteer may write to the people of an incident: they hold its task, or are a lead."""
    if Role.LEAD.value in by.roles:
        return True
    held = await work.first(
        select(task.c.id).where(
            task.c.incident_id == about.id,
            task.c.state == TaskState.LEASED.value,
            task.c.holder_id == by.id,
            task.c.lease_until > work.now,
        )
    )
    return held is not None


async def check_may_reach(work: Transaction, about: Incident, by: Volunteer) -> None:
    """Raises NotAllowed, in words that say who may."""
    if not await may_reach(work, about, by):
        raise NotAllowed("Only who holds this incident, or a lead, may write to or call its people. Take it first.")


def problems_with(words: str, sent_as: str, code: str) -> list[str]:
    """Why a dispatcher's words must not go out as they are: codes that the console explains. `sent_as` is the whole text, `code` the
    incident's. Pure."""
    found = [] if words.strip() else ["missing"]
    if size_of(sent_as).segments > MOST_SEGMENTS:
        found.append("too_long")
    return found + unfit_codes(words, {code})


async def open_talk(work: Transaction, whom: Whom, by: Volunteer) -> MaskedTalk:
    """The talk with somebody, opened if there is none, and open for LASTS from now. Raises Conflict while another incident has one with the
    same phone."""
    await work.execute(
        masked_talk.update()
        .where(
            masked_talk.c.contact_id == whom.contact_id, masked_talk.c.ended_at.is_(None), masked_talk.c.closes_at <= work.now
        )
        .values(ended_at=masked_talk.c.closes_at)
    )
    new = MaskedTalk(
        id=work.new_id(),
        contact_id=whom.contact_id,
        report_id=whom.which if whom.is_report else None,
        offer_id=None if whom.is_report else whom.which,
        opened_by=by.id,
        opened_at=work.now,
        closes_at=work.now + LASTS,
    )
    await work.execute(
        insert(masked_talk)
        .values(new.model_dump())
        .on_conflict_do_nothing(index_elements=["contact_id"], index_where=masked_talk.c.ended_at.is_(None))
    )
    found = await work.get(MaskedTalk, masked_talk.c.contact_id == whom.contact_id, masked_talk.c.ended_at.is_(None), lock=True)
    assert found is not None  # as it was inserted or there
    if whom.which not in {found.report_id, found.offer_id}:
        raise Conflict("Somebody writes to this phone about something else right now. Try again when that talk is over.")
    await work.execute(masked_talk.update().where(masked_talk.c.id == found.id).values(closes_at=work.now + LASTS))
    return found


async def end_talk(work: Transaction, about: Incident, whom: Whom, by: Volunteer) -> None:
    """What they text from now on is a text like any other."""
    ended = await work.execute(
        masked_talk.update()
        .where(_about(whom), masked_talk.c.ended_at.is_(None), masked_talk.c.closes_at > work.now)
        .values(ended_at=work.now)
        .returning(masked_talk.c.id)
    )
    if ended.first() is not None:
        await record(work, "contact.ended", about.id, actor_id=by.id, county=about.county)


async def note_answer(work: Transaction, talk_id: UUID, message_id: UUID) -> MaskedTalk | None:
    """A text came back into a talk, which stays open for LASTS from now. None when it was ended in this moment."""
    row = await work.first(
        masked_talk.update()
        .where(masked_talk.c.id == talk_id, masked_talk.c.ended_at.is_(None))
        .values(closes_at=work.now + LASTS)
        .returning(masked_talk)
    )
    if row is None:
        return None
    await work.execute(masked_answer.insert().values(message_id=message_id, talk_id=talk_id))
    return MaskedTalk(**dict(row._mapping))


async def talk_until(work: Transaction, whom: Whom) -> datetime | None:
    """Until when their answers come into the talk, None when none is open."""
    until = await work.scalar(
        select(masked_talk.c.closes_at).where(
            _about(whom), masked_talk.c.ended_at.is_(None), masked_talk.c.closes_at > work.now
        )
    )
    return until if isinstance(until, datetime) else None


async def lines_of(work: Transaction, whom: Whom) -> list[Line]:
    """Everything that was said in talks about this report or offer, the oldest first."""
    ours = await work.all(
        select(outgoing_text, outgoing_message.c.created_at, volunteer.c.alias, delivery.c.state, delivery.c.reason)
        .join(outgoing_message, outgoing_message.c.id == outgoing_text.c.message_id)
        .join(masked_words, masked_words.c.message_id == outgoing_message.c.id)
        .join(masked_talk, masked_talk.c.id == masked_words.c.talk_id)
        .join(volunteer, volunteer.c.id == masked_words.c.written_by)
        .join(delivery, delivery.c.message_id == outgoing_message.c.id)
        .where(_about(whom), outgoing_text.c.language == delivery.c.language)
    )
    theirs = await work.all(
        select(inbound_message.c.id, inbound_message.c.body_sealed, inbound_message.c.received_at)
        .join(masked_answer, masked_answer.c.message_id == inbound_message.c.id)
        .join(masked_talk, masked_talk.c.id == masked_answer.c.talk_id)
        .where(_about(whom))
    )
    said = [Line(row.created_at, _opened(work, row.body_sealed, "outgoing_text", row.id), row.alias, row.state) for row in ours]
    said += [Line(row.received_at, _opened(work, row.body_sealed, "inbound_message", row.id), None) for row in theirs]
    return sorted(said, key=lambda line: line.at)


async def with_talks(work: Transaction, about: Incident) -> set[UUID]:
    """The reports and offers of an incident about which something was written to or by their people."""
    of_reports = select(masked_talk.c.report_id.label("which")).join(report, report.c.id == masked_talk.c.report_id)
    of_offers = select(masked_talk.c.offer_id.label("which")).join(offer, offer.c.id == masked_talk.c.offer_id)
    both = union_all(of_reports.where(report.c.incident_id == about.id), of_offers.where(offer.c.incident_id == about.id))
    return set((await work.execute(both)).scalars())


async def reveal_number(work: Transaction, about: Incident, whom: Whom, by: Volunteer, reason: str) -> str:
    """Their number, for a reason that stands in the audit chain from then on. Raises BadInput without one, or with what does not belong
    into the chain; Conflict when there is no number; NotAllowed."""
    await check_may_reach(work, about, by)
    why = " ".join(reason.split())
    if len(why) < LEAST_REASON:
        raise BadInput("Say in a few words why the number is needed. It is written down with your name.")
    if {"number", "plate", "status"} & set(unfit_codes(why, {about.code})):
        raise BadInput("The reason is kept for good: leave out numbers, plates and anybody's status.")
    person = await work.get(Contact, contact.c.id == whom.contact_id)
    if person is None or person.number_sealed is None:
        raise Conflict("Their number is not known to the hotline, or was erased.")
    kind = "report" if whom.is_report else "offer"
    await record(
        work, REVEALED, about.id, actor_id=by.id, county=about.county, reason=why[:300], of=kind, which=str(whom.which)
    )
    return work.unseal(person.number_sealed, "contact", "number", person.id)


async def reveals(work: Transaction, limit: int = 100) -> Sequence[Row[Any]]:
    """The newest reveals with who did it (`alias`) and the incident's `code`."""
    return await work.all(
        select(event, volunteer.c.alias, incident.c.code)
        .join(volunteer, volunteer.c.id == event.c.actor_id)
        .join(incident, incident.c.id == event.c.subject_id)
        .where(event.c.verb == REVEALED)
        .order_by(event.c.id.desc())
        .limit(limit)
    )


def _about(whom: Whom) -> ColumnElement[bool]:
    return (masked_talk.c.report_id if whom.is_report else masked_talk.c.offer_id) == whom.which


def _opened(work: Transaction, sealed: bytes | None, table: str, row: UUID) -> str | None:
    return None if sealed is None else work.unseal(sealed, table, "body", row)


def _as_contact(row: Row[Any]) -> Contact:
    return Contact(**{name: getattr(row, name) for name in Contact.model_fields})
