"""The main job, a page of its own for those who go and look: how a verifier is asked, and what each of their texts does.

`pipeline.py` calls it for every text of a volunteer. Whatever they write is an answer, a report of their own, or a note that the dispatcher
reads on the incident's page; nothing ends nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from app.core.database import Transaction
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.plan import Message, plan_to
from app.hotline import Hotline, call_off, wake_all
from app.intake.answers import Asker
from app.intake.conversation import Answer, Heard, is_elsewhere
from app.intake.photos import attach_photos
from app.records.deliveries import Lane
from app.records.events import record
from app.records.incidents import Incident, incident
from app.records.reading import Command, Kind, Reading
from app.records.states import OfferState
from app.records.verification import HandedOver, Offer, Outcome
from app.verification.answers import Answer as FieldAnswer
from app.verification.answers import read_answer, read_minutes, says_more
from app.verification.check_in import note_sign_of_life, raise_alarm, take_due, take_silent, whom_to_alarm
from app.verification.handover import end_claims
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
from app.verification.wording import detail_words, offer_words
from app.volunteers.orders import Order, read_order, read_quiet_hours
from app.volunteers.roster import set_quiet_hours, set_shift
from app.volunteers.tables import Volunteer, volunteer

NOT_OF_ANOTHER_THING: Final = frozenset({Kind.OTHER, Kind.RUMOR})
"""Kinds as which a question about an offer is read ("which Walmart?"); a sighting, or a wish of the sender's own, is answered as that."""


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
    order = read_order(asker.words)
    if order is not None:
        return await _obey(work, hotline, asker, volunteer_id, order)
    quiet = read_quiet_hours(asker.words)
    if quiet is not None:
        return await _leave_in_peace(work, hotline, asker, volunteer_id, quiet)
    needs_help = Command.HELP is reading.assessment.command or reading.assessment.kind is Kind.HELP
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
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    asked_if_safe = made.check_asked_at is not None
    if made.state == OfferState.ACCEPTED:
        if needs_help or (meaning is FieldAnswer.NO and asked_if_safe):
            return await _hear_a_call_for_help(work, hotline, asker, made, about)
        await note_sign_of_life(work, made, about)
        if asked_if_safe and meaning is FieldAnswer.YES:
            meaning = FieldAnswer.SAFE
    if isinstance(meaning, Outcome):
        saw = made.state in WENT or made.here_at is not None
        await record_observation(work, about, volunteer_id, meaning, on_site=saw, made=made, note=asker.words)
        return Answer(asker.say("offer.noted", code=about.code, outcome=asker.say(f"outcomes.{meaning.value}")))
    if meaning is None or (meaning is not FieldAnswer.SAFE and says_more(asker.words)):
        await record(work, "offer.note", about.id, actor_id=volunteer_id, county=about.county, message=str(asker.kept.id))
    if made.state not in MAY_ANSWER:
        return await _answer_late(work, asker, made, about, meaning)
    return await _answer_open(work, hotline, asker, made, about, meaning, minutes)


async def _answer_open(
    work: Transaction,
    hotline: Hotline,
    asker: Asker,
    made: Offer,
    about: Incident,
    meaning: FieldAnswer | None,
    minutes: int | None,
) -> Answer:
    """An answer to an offer that still stands. Whatever it is, the reply says what comes next."""
    was = made.state
    goes = meaning in {FieldAnswer.YES, FieldAnswer.HERE} and was != OfferState.ACCEPTED
    if goes and await is_enough(work, about.id):
        await turn_away(work, made, about)
        return Answer(asker.say("offer.enough"))
    reply = await _take_answer(work, hotline, asker, made, about, meaning, minutes)
    if goes and await is_enough(work, about.id):
        await call_off(work, hotline, about, (OfferState.OFFERED.value,))
        wake_all(work, hotline)
    return reply


async def _take_answer(
    work: Transaction,
    hotline: Hotline,
    asker: Asker,
    made: Offer,
    about: Incident,
    meaning: FieldAnswer | None,
    minutes: int | None,
) -> Answer:
    was = made.state
    match meaning:
        case FieldAnswer.YES:
            await answer_offer(work, made, about, accepted=True, minutes=minutes)
            await note_sign_of_life(work, made, about)
            details = detail_words(hotline.texts, hotline.counties, about, asker.language)
            return Answer(f"{details} {asker.say('offer.coming', minutes=minutes)}" if minutes else details)
        case FieldAnswer.NO:
            await answer_offer(work, made, about, accepted=False)
            return Answer(asker.say("offer.declined"))
        case FieldAnswer.HERE:
            await note_arrival(work, made, about)
            await note_sign_of_life(work, made, about)
            if was != OfferState.ACCEPTED:  # the rules and the place come with every yes
                return Answer(detail_words(hotline.texts, hotline.counties, about, asker.language))
            return Answer(asker.say("offer.here", code=about.code))
        case FieldAnswer.SAFE if was == OfferState.ACCEPTED:
            return Answer(asker.say("offer.safe", code=about.code))
        case _ if was == OfferState.OFFERED:
            return Answer(asker.say("offer.asked"))
        case _:
            return Answer(asker.say("offer.passed_on", code=about.code))


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


async def _hear_a_call_for_help(work: Transaction, hotline: Hotline, asker: Asker, made: Offer, about: Incident) -> Answer:
    """They are not OK: dispatchers hear it at once, and what they wrote stands on the incident's page."""
    await record(work, "offer.note", about.id, actor_id=made.volunteer_id, county=about.county, message=str(asker.kept.id))
    if await raise_alarm(work, made):
        await _alarm(work, hotline, made, "offer.help_wanted")
        wake_all(work, hotline)
    return Answer(asker.say("offer.help", code=about.code))


async def _alarm(work: Transaction, hotline: Hotline, made: Offer, verb: str) -> None:
    who = await work.scalar(select(volunteer.c.alias).where(volunteer.c.id == made.volunteer_id))
    await record(work, verb, made.incident_id, verifier=who)
    texts = hotline.texts.in_every_language(verb, code=await _code_of(work, made), who=who)
    await plan_to(work, Message(Lane.DISPATCH, "alarm", texts, made.id), await whom_to_alarm(work, made))


async def _code_of(work: Transaction, made: Offer) -> str:
    return str(await work.scalar(select(incident.c.code).where(incident.c.id == made.incident_id)))


# ── What the answers share ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _answer_late(work: Transaction, asker: Asker, made: Offer, about: Incident, meaning: FieldAnswer | None) -> Answer:
    """An answer to an offer that is over: kept all the same, so that the dispatcher knows of it."""
    if meaning in {FieldAnswer.YES, FieldAnswer.NO, FieldAnswer.HERE} and made.state in LATE:
        await record(work, "offer.late", about.id, actor_id=made.volunteer_id, county=about.county, said=str(meaning))
    if meaning in {None, FieldAnswer.HERE}:
        return Answer(asker.say("offer.late", code=about.code))
    return Answer(asker.say("offer.taken"))


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


async def _obey(work: Transaction, hotline: Hotline, asker: Asker, volunteer_id: UUID, order: Order) -> Answer:
    """ON and OFF begin and end a shift; SHIFT says which it is."""
    person = await work.get(Volunteer, volunteer.c.id == volunteer_id)
    assert person is not None  # as whoever wrote is on the roster
    if order is not Order.SHIFT:
        await set_shift(work, person, on=order is Order.ON)
        if order is Order.OFF:
            await end_claims(work, hotline.queue, person.id, HandedOver.SHIFT_ENDED, person.id)
        work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    return Answer(asker.say("shift.on" if person.on_shift else "shift.off"))
