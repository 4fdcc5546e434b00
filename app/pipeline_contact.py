"""The main job, a page of its own for a dispatcher who asks the person behind a report, through the hotline: neither sees a number.

`pipeline.py` calls `hear_in_talk` for every text of somebody with an open talk; the console calls the rest.
"""

from __future__ import annotations

from uuid import UUID

from app.core.database import Transaction
from app.core.errors import Conflict
from app.core.languages import TEXT_LANGUAGES
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.plan import Message, plan_to
from app.delivery.switch import switch_now
from app.hotline import Hotline, wake_all
from app.intake.answers import Asker
from app.intake.conversation import DETAILS, SIGHTINGS, STANDS_ALONE, Heard, Question, Turn, is_elsewhere
from app.intake.reports import get_report
from app.records.contacts import conversation
from app.records.deliveries import Lane
from app.records.events import record
from app.records.incidents import Incident
from app.records.masked import CONTACT, MaskedWords
from app.records.reading import Kind, Reading
from app.records.verification import offer
from app.verification.contact import LASTS, Whom, check_may_reach, note_answer, open_talk
from app.volunteers.tables import Volunteer

FORGETTING = frozenset({Kind.STOP, Kind.DELETE})
"""What is said to the hotline and never to a dispatcher."""

FOR_THE_DESK = frozenset({Kind.REPORT, Kind.DETENTION, Kind.RUMOR, Kind.OTHER, Kind.ABUSE})
"""Kinds that a person at the desk answers, and the machine does not, while a talk is open."""


def as_sent(hotline: Hotline, words: str) -> str:
    """A dispatcher's words as the phone gets them: with the hotline's name, so that people know who writes."""
    return hotline.texts.say("contact.text", "en", words=" ".join(words.split()))


async def write_to(work: Transaction, hotline: Hotline, about: Incident, whom: Whom, words: str, by: Volunteer) -> None:
    """A dispatcher writes to the person of a report or an offer; the answers come back into the talk. The words are taken as they are: who
    calls has looked at `problems_with`. Raises NotAllowed, or Conflict when nothing can be sent to them now."""
    await check_may_reach(work, about, by)
    if whom.barred is not None:
        raise Conflict("The hotline can't write to this person. The page says why.")
    if (await switch_now(work)).halted:
        raise Conflict("All sending is stopped, so this was not sent.")
    talk = await open_talk(work, whom, by)
    texts = dict.fromkeys(TEXT_LANGUAGES, as_sent(hotline, words))
    planned = await plan_to(work, Message(Lane.REPLY, CONTACT, texts, talk.id, work.now + LASTS / 2), [whom.contact_id])
    await work.add(MaskedWords(message_id=planned.id, talk_id=talk.id, written_by=by.id))
    await work.execute(  # a person asks now, so no question of the machine's stays open beside it
        conversation.update()
        .where(conversation.c.contact_id == whom.contact_id, conversation.c.awaiting.in_([one.value for one in DETAILS]))
        .values(awaiting=None, asked_at=None)
    )
    await record(
        work, "contact.written", about.id, actor_id=by.id, county=about.county, of="report" if whom.is_report else "offer"
    )
    wake_all(work, hotline)


async def hear_in_talk(work: Transaction, hotline: Hotline, asker: Asker, reading: Reading, heard: Heard) -> UUID | None:
    """A text of somebody whom a dispatcher writes with: it stands in their talk, whatever else it is. Returns the report it is about when
    the dispatcher is who answers it and nobody else needs to; None when it goes the ordinary way, too."""
    talk_id, said = asker.kept.sender.talk_id, reading.assessment
    if talk_id is None or said.kind in FORGETTING:
        return None
    talk = await note_answer(work, talk_id, asker.kept.id)
    if talk is None:
        return None
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    told = await get_report(work, talk.report_id, lock=False) if talk.report_id else None
    if told is None:
        made = await work.first(offer.select().where(offer.c.id == talk.offer_id))
        await record(work, "contact.answered", made.incident_id if made else None)
        return None  # a verifier's words have a meaning of their own
    await record(work, "contact.answered", told.incident_id, county=told.county)
    asks_machine = said.command is not None or said.kind in STANDS_ALONE or said.kind not in FOR_THE_DESK
    places = (
        heard.question in {Question.REPORT_PLACE, Question.SUBSCRIBE_PLACE, Question.RIGHTS_TOPIC} and heard.turn is Turn.ANSWER
    )
    of_another = said.kind in SIGHTINGS and is_elsewhere(told.county, told.place, reading)
    return None if asks_machine or places or of_another else told.id
