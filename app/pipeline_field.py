"""The main job, a page of its own for those who go and look: how a verifier is asked, and what each of their texts does.

`pipeline.py` calls it for every text of a volunteer. Whatever they write is an answer, a report of their own, or a note that the dispatcher
reads on the incident's page; nothing ends nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.plan import Message, already_told, plan_to
from app.hotline import Hotline, call_off, wake_all
from app.intake.answers import Asker
from app.intake.conversation import Answer, Heard, is_elsewhere
from app.intake.photos import attach_photos
from app.pipeline_shifts import answer_about_shifts
from app.pipeline_zones import answer_zone
from app.records.deliveries import Lane
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.reading import Command, Kind, Reading
from app.records.states import OfferState
from app.records.verification import Observation, Offer, Outcome, observation
from app.verification.answers import Answer as FieldAnswer
from app.verification.answers import names_help, read_answer, read_minutes, says_more
from app.verification.check_in import note_sign_of_life, raise_alarm, take_due, take_silent, whom_to_alarm
from app.verification.decisions import is_disputed
from app.verification.field_link import FIELD_PATH, give_link
from app.verification.offers import (
    LATE,
    MAY_ANSWER,
    OPEN_OFFERS,
    WENT,
    answer_offer,
    make_offer,
    note_arrival,
    open_offer_of,
    record_observation,
    turn_away,
)
from app.verification.tasks import check_claim
from app.verification.waves import ask_wave, due_search, is_enough, start_search
from app.verification.wording import detail_words, escalation_words, offer_words
from app.volunteers.on_call import nearest, who_is_next
from app.volunteers.orders import read_quiet_hours
from app.volunteers.roster import set_quiet_hours
from app.volunteers.tables import Role, Volunteer, volunteer

NOT_OF_ANOTHER_THING: Final = frozenset({Kind.OTHER, Kind.RUMOR, Kind.HELP})
"""Kinds as which a question about an offer is read ("which Walmart?"); a sighting, or a wish of the sender's own, is answered as that."""


@dataclass(frozen=True)
class Said:
    """What a verifier says of one offer, by text or on their page: the kept message and its words, in which language to answer, and what
    they mean (None where that is not clear). `minutes`: in how many they can be there."""

    hotline: Hotline
    made: Offer
    about: Incident
    message_id: UUID
    words: str
    language: str
    meaning: FieldAnswer | Outcome | None
    minutes: int | None = None
    needs_help: bool = False

    def say(self, key: str, **blanks: object) -> str:
        """A text of the pack about this incident, in their language."""
        return self.hotline.texts.say(key, self.language, code=self.about.code, **blanks)


NOT_UNDERSTOOD: Final = "volunteer.not_understood"


# ── Somebody is asked ────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def send_offer(
    work: Transaction, hotline: Hotline, about: Incident, verifier: Volunteer, by: Volunteer, fence: int
) -> Offer:
    """The dispatcher who holds an incident asks one verifier to go and look. Raises Conflict when they can't be asked."""
    await check_claim(work, about.id, fence, by.id)
    made = await make_offer(work, about, verifier, by.id)
    await _tell_asked(work, hotline, about, [made])
    return made


async def ask_nearest(work: Transaction, hotline: Hotline, about: Incident, by: Volunteer, fence: int) -> list[Offer]:
    """The dispatcher who holds an incident has the nearest asked, wave after wave, until somebody goes. Returns the first wave. Raises
    Conflict when that is on already."""
    await check_claim(work, about.id, fence, by.id)
    made = await start_search(work, about, by.id)
    await _tell_asked(work, hotline, about, made)
    return made


async def ask_next_wave(work: Transaction, hotline: Hotline) -> bool:
    """The wave that is due the longest goes out. Returns whether there was one: the worker then looks again, in another transaction."""
    due = await due_search(work)
    if due is None:
        return False
    about, running = due
    await _tell_asked(work, hotline, about, await ask_wave(work, about, running))
    return True


async def _tell_asked(work: Transaction, hotline: Hotline, about: Incident, made: Sequence[Offer]) -> None:
    """Each is texted on their own, so that an offer's text can be found by the offer."""
    texts = offer_words(hotline.texts, hotline.counties, about)
    for one in made:
        phone = await work.scalar(select(volunteer.c.contact_id).where(volunteer.c.id == one.volunteer_id))
        await plan_to(work, Message(Lane.DISPATCH, "offer", texts, one.id), [phone])
    wake_all(work, hotline)


# ── They answer ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def hear_from_volunteer(
    work: Transaction, hotline: Hotline, asker: Asker, volunteer_id: UUID, reading: Reading, heard: Heard
) -> Answer | None:
    """A volunteer's text about their shift or about what they were asked. None when it is about neither: then it goes the ordinary way."""
    about_shifts = await answer_about_shifts(work, hotline, asker)
    if about_shifts is not None:
        return about_shifts
    quiet = read_quiet_hours(asker.words)
    if quiet is not None:
        return await _leave_in_peace(work, hotline, asker, volunteer_id, quiet)
    zone = await answer_zone(work, hotline, asker, volunteer_id, reading, heard)
    if zone is not None:
        return zone
    needs_help = Command.HELP is reading.assessment.command or (
        reading.assessment.kind is Kind.HELP
        and names_help(asker.words)  # "which entrance?" and "could not" are read as that kind, too
    )
    if reading.assessment.command is not None and not needs_help:
        return None
    found = await open_offer_of(work, volunteer_id)
    if found is None:
        return None
    made, about = found
    if needs_help and made.state != OfferState.ACCEPTED:
        return None
    if asker.has_photos and made.state != OfferState.OFFERED:
        await attach_photos(work, asker.kept.id, about.id)
    minutes = read_minutes(asker.words) if made.state in MAY_ANSWER and made.here_at is None else None
    is_open = made.state in OPEN_OFFERS or made.state in LATE
    meaning = FieldAnswer.YES if minutes else read_answer(asker.words, whole=not is_open)
    if meaning is None and (is_elsewhere(about.county, about.place, reading) or _is_of_another_thing(made, reading, heard)):
        return None  # verifiers see other things, too
    said = Said(hotline, made, about, asker.kept.id, asker.words, asker.language, meaning, minutes, needs_help)
    return Answer(await take_said(work, said))


async def leave_for_inbox(work: Transaction, asker: Asker) -> None:
    """What a volunteer wrote that nobody could make anything of: a dispatcher finds it in the inbox."""
    if asker.kept.sender.volunteer_id is not None:
        await record(work, NOT_UNDERSTOOD, asker.kept.sender.volunteer_id, message=str(asker.kept.id))


async def take_said(work: Transaction, said: Said) -> str:
    """What a verifier says of an offer does what it means, whichever way it came. Returns the reply, which says what comes next."""
    made, about = said.made, said.about
    work.after_commit.append(wake(said.hotline.redis, LiveTopic.BOARD))
    asked_if_safe = made.check_asked_at is not None
    if said.needs_help or (made.state == OfferState.ACCEPTED and said.meaning is FieldAnswer.NO and asked_if_safe):
        return await _hear_a_call_for_help(work, said)
    if made.state == OfferState.ACCEPTED:
        await note_sign_of_life(work, made, about)
        if asked_if_safe and said.meaning is FieldAnswer.YES:
            said = replace(said, meaning=FieldAnswer.SAFE)
    if isinstance(said.meaning, Outcome):
        saw = made.state in WENT or made.here_at is not None
        await record_observation(work, about, made.volunteer_id, said.meaning, on_site=saw, made=made, note=said.words)
        await _call_a_lead_if_disputed(work, said)
        return said.say("offer.noted", outcome=said.say(f"outcomes.{said.meaning.value}"))
    if said.words and (said.meaning is None or (said.meaning is not FieldAnswer.SAFE and says_more(said.words))):
        await record(
            work, "offer.note", about.id, actor_id=made.volunteer_id, county=about.county, message=str(said.message_id)
        )
    return await (_answer_open if made.state in MAY_ANSWER else _answer_late)(work, said)


async def _call_a_lead_if_disputed(work: Transaction, said: Said) -> None:
    """Two who were there tell of different things: leads hear of it once, and the incident's page says so; a person decides."""
    about = said.about
    seen = await work.find(Observation, select(observation).where(observation.c.incident_id == about.id))
    if not is_disputed(seen) or await already_told(work, about.id, "disputed"):
        return
    leads = [one.contact_id for one in nearest(await who_is_next(work, Role.LEAD, about.county))]
    if leads:
        texts = escalation_words(said.hotline.texts, said.hotline.counties, about, "disputed")
        await plan_to(work, Message(Lane.DISPATCH, "disputed", texts, about.id), leads)
        wake_all(work, said.hotline)
    await record(work, "incident.disputed", about.id, county=about.county, people=len(leads))


async def _answer_open(work: Transaction, said: Said) -> str:
    """An answer to an offer that still stands. Whatever it is, the reply says what comes next."""
    about = said.about
    goes = said.meaning in {FieldAnswer.YES, FieldAnswer.HERE} and said.made.state != OfferState.ACCEPTED
    if goes and await is_enough(work, about.id):
        await turn_away(work, said.made, about)
        return said.say("offer.enough")
    reply = await _take_answer(work, said)
    if goes and await is_enough(work, about.id):
        await call_off(work, said.hotline, about, (OfferState.OFFERED.value,))
        wake_all(work, said.hotline)
    return reply


async def _take_answer(work: Transaction, said: Said) -> str:
    made, about, was = said.made, said.about, said.made.state
    match said.meaning:
        case FieldAnswer.YES:
            await answer_offer(work, made, about, accepted=True, minutes=said.minutes)
            await note_sign_of_life(work, made, about)
            details = await _tell_details(work, said)
            return f"{details} {said.say('offer.coming', minutes=said.minutes)}" if said.minutes else details
        case FieldAnswer.NO:
            await answer_offer(work, made, about, accepted=False)
            return said.say("offer.declined")
        case FieldAnswer.HERE:
            await note_arrival(work, made, about)
            await note_sign_of_life(work, made, about)
            if was != OfferState.ACCEPTED:  # the rules and the place come with every yes
                return await _tell_details(work, said)
            return said.say("offer.here")
        case FieldAnswer.SAFE if was == OfferState.ACCEPTED:
            return said.say("offer.safe")
        case _ if was == OfferState.OFFERED:
            return said.say("offer.asked")
        case _:
            return said.say("offer.passed_on")


async def _tell_details(work: Transaction, said: Said) -> str:
    """The place and the rules, with the link to the page on which they can answer as well (docs/decisions)."""
    link = f"{said.hotline.public_url}{FIELD_PATH}{await give_link(work, said.made)}"
    details = detail_words(said.hotline.texts, said.hotline.counties, said.about, said.language)
    return f"{details} {said.say('offer.link', link=link)}"


async def _answer_late(work: Transaction, said: Said) -> str:
    """An answer to an offer that is over: kept all the same, so that the dispatcher knows of it."""
    made, about = said.made, said.about
    if said.meaning in {FieldAnswer.YES, FieldAnswer.NO, FieldAnswer.HERE} and made.state in LATE:
        await record(work, "offer.late", about.id, actor_id=made.volunteer_id, county=about.county, said=str(said.meaning))
    return said.say("offer.late" if said.meaning in {None, FieldAnswer.HERE} else "offer.taken")


# ── Are they OK? ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def ask_if_safe(work: Transaction, hotline: Hotline) -> int:
    """Whoever went a while ago is asked whether they are OK; who did not answer in time is an alarm. Returns how many of both."""
    due, silent = await take_due(work), await take_silent(work)
    for made in due:
        code = await _code_of(work, made)
        phone = await work.scalar(select(volunteer.c.contact_id).where(volunteer.c.id == made.volunteer_id))
        texts = hotline.texts.in_every_language("offer.check", code=code)
        await plan_to(work, Message(Lane.DISPATCH, "check", texts, made.id), [phone])
        await record(work, "offer.check", made.incident_id)
    for made in silent:
        await _alarm(work, hotline, made, "offer.silent")
    if due or silent:
        wake_all(work, hotline)
    return len(due) + len(silent)


async def _hear_a_call_for_help(work: Transaction, said: Said) -> str:
    """They are not OK: dispatchers hear it at once, and what they wrote stands on the incident's page."""
    made, about = said.made, said.about
    await record(work, "offer.note", about.id, actor_id=made.volunteer_id, county=about.county, message=str(said.message_id))
    if await raise_alarm(work, made):
        await _alarm(work, said.hotline, made, "offer.help_wanted")
        wake_all(work, said.hotline)
    return said.say("offer.help")


async def _alarm(work: Transaction, hotline: Hotline, made: Offer, verb: str) -> None:
    who = await work.scalar(select(volunteer.c.alias).where(volunteer.c.id == made.volunteer_id))
    await record(work, verb, made.incident_id, verifier=who)
    texts = hotline.texts.in_every_language(verb, code=await _code_of(work, made), who=who)
    await plan_to(work, Message(Lane.DISPATCH, "alarm", texts, made.id), await whom_to_alarm(work, made))


async def _code_of(work: Transaction, made: Offer) -> str:
    return str(await work.scalar(select(incident.c.code).where(incident.c.id == made.incident_id)))


# ── What the answers share ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _is_of_another_thing(made: Offer, reading: Reading, heard: Heard) -> bool:
    """Whether a text that is no answer is rather a report, an answer to another question, or a wish of the sender's own. Who is on the way
    writes about what they were sent to."""
    if made.state == OfferState.ACCEPTED:
        return False
    kinds = NOT_OF_ANOTHER_THING if made.state == OfferState.OFFERED else {Kind.OTHER}
    return heard.question is not None or reading.assessment.kind not in kinds


async def _leave_in_peace(
    work: Transaction, hotline: Hotline, asker: Asker, volunteer_id: UUID, hours: tuple[int, int]
) -> Answer:
    """QUIET 22-7: they are not asked in these hours of the day."""
    person = await work.get(Volunteer, volunteer.c.id == volunteer_id)
    assert person is not None  # as whoever wrote is on the roster
    await set_quiet_hours(work, person, hours, hotline.time_zone)
    if hours[0] == hours[1]:
        return Answer(asker.say("shift.no_quiet"))
    return Answer(asker.say("shift.quiet", begins=f"{hours[0]}:00", ends=f"{hours[1]}:00"))
