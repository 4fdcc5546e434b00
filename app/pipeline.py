"""The main job, told once, top to bottom: from a text on a phone to a county that knows.

    text or call → intake → triage → places → incidents → verification → alerts → delivery → phones
                   kept     what     where    one event   volunteers     two      one text
                   once     it says  it is    one record  find out       people   a person

This is the page to read first; `pipeline_alerts.py` is the second (stages 6 and 7), `pipeline_calls.py` tells of calls on the same line,
`pipeline_incidents.py` of what people correct, `pipeline_field.py` of those who go and look.
Each stage is a folder; none imports another; only these pages call them one after another, each step inside the one transaction of its
request. `STAGES` says what each is given and gives, which states it may bring about, and how long it may take.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import select

from app.core.database import Transaction
from app.core.keys import KeyProblem
from app.core.languages import TEXT_LANGUAGES, text_language
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.plan import LIFETIME, Message, plan_to, withdraw
from app.hotline import Hotline as Hotline
from app.hotline import call_off, send_rights, tell_outcome
from app.hotline import wake_all as wake_all
from app.incidents.join import incident_state, join_incident, learn_place, refresh_urgency
from app.incidents.known import answer_by_known
from app.intake import answers, wishes
from app.intake.answers import Asker
from app.intake.conversation import (
    DETAILS,
    FRAGMENT_TIME,
    MOST_QUESTIONS,
    SIGHTINGS,
    Answer,
    Heard,
    Question,
    Turn,
    hear,
    hush,
    is_another_event,
    is_overtaken,
    is_still_writing,
    keep_asking,
)
from app.intake.follow_up import is_only_thanks
from app.intake.keep import Kept, keep_text
from app.intake.photos import keep_photos
from app.intake.reports import (
    add_to_report,
    answer_otherwise,
    find_silent,
    finish_text,
    get_report,
    loose_words,
    words_of,
    write_report,
)
from app.pipeline_contact import hear_in_talk
from app.pipeline_field import hear_from_volunteer, leave_for_inbox
from app.pipeline_reading import read
from app.pipeline_subscribers import answer_sign_up, answer_wish, hold_back, is_our_echo
from app.places.locate import locate
from app.records.alerts import Alert, alert
from app.records.deliveries import Lane
from app.records.incidents import Incident, Report
from app.records.reading import Assessment, Command, Kind, Reading
from app.records.states import DECIDED, ReportState
from app.records.verification import Outcome
from app.telephony.addresses import Channel
from app.telephony.forms import TextForm
from app.triage.assess import assess
from app.verification.decisions import decide
from app.verification.grounds import NONE_GIVEN, Grounds
from app.verification.tasks import ANY_LANGUAGE, check_claim, finish_task, open_task
from app.volunteers.tables import Volunteer


@dataclass(frozen=True)
class Stage:
    """One stage: its folder, what it is given and gives, the states it may bring about, how many milliseconds it may take."""

    room: str
    given: str
    gives: str
    may: tuple[str, ...]
    budget: int


STAGES: Final = (
    Stage("intake", "a signed form of Twilio's", "Kept: on record once, and who wrote", ("report.asking",), 50),
    Stage("triage", "the words", "Assessment: kind, urgency, language, evidence", (), 5),
    Stage("places", "the words", "Location: every county that fits, the place", (), 5),
    Stage("incidents", "a report with its place", "Joined: the one event it is of", ("report.joined", "incident.open"), 50),
    Stage(
        "verification",
        "an incident",
        "what people found, and a decision",
        ("incident.verifying", "incident.<outcome>"),
        2000,
    ),
    Stage("alerts", "a confirmed incident", "an alert that two people signed", ("alert.proposed", "alert.approved"), 2000),
    Stage("delivery", "an alert and an audience", "one text a person, and its fate", ("delivery.*",), 1_800_000),
)


log = structlog.get_logger(__name__)

SILENCE: Final = timedelta(minutes=3)
"""So long a report waits for the answer to "where is it?" before volunteers get it without."""


# ── 1 to 5: a text arrives ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def receive_text(work: Transaction, hotline: Hotline, form: TextForm) -> str | None:
    """A text: kept once, read, placed, answered. Returns the reply; a replay gets the reply that the first copy got."""
    _, reply = await _take_in(work, hotline, form)
    return reply


async def recover_text(
    work: Transaction, hotline: Hotline, form: TextForm, received_at: datetime, told: str | None = None
) -> bool:
    """A text that came at `received_at` and is taken in only now: it waited on disk, answered with `told`, or its webhook never reached us
    and Twilio's log has it. What there is to say beyond `told` goes out by the outbox; should the webhook come after all, it hears `told`.
    Returns whether the text was new."""
    kept, reply = await _take_in(work, hotline, form, received_at)
    if kept.replay:
        return False
    if reply is not None and reply != told:
        late = Message(Lane.REPLY, "answer", dict.fromkeys(TEXT_LANGUAGES, reply), kept.id, received_at + LIFETIME[Lane.REPLY])
        await plan_to(work, late, [kept.sender.id])
    await answer_otherwise(work, kept, told)
    wake_all(work, hotline)
    return True


async def _take_in(
    work: Transaction, hotline: Hotline, form: TextForm, received_at: datetime | None = None
) -> tuple[Kept, str | None]:
    kept = await keep_text(work, form)
    if kept.replay:
        return kept, kept.reply
    home = kept.conversation.home_counties
    reading = read(hotline.lexicon, hotline.gazetteer, form.body, remembered=kept.sender.language, home=home)
    if form.words != form.body:  # the names of a pin are a place and no language
        reading = replace(reading, location=locate(form.words, hotline.gazetteer, home_counties=home))
    if form.media:
        await keep_photos(work, kept, form)
    unclear = reading.assessment.kind is Kind.OTHER
    if form.is_picture_or_pin or (
        form.media and unclear
    ):  # nobody sends a hotline a photo or a place without having seen something
        reading = replace(reading, assessment=replace(reading.assessment, kind=Kind.REPORT))
    as_answer = partial(locate, form.words, hotline.gazetteer, home_counties=home, answering=True)
    choice = hotline.rights.choice(form.words) is not None
    heard = hear(kept.conversation, reading, as_answer, work.now, without_words=form.is_picture_or_pin, chooses_rights=choice)
    if heard.question and kept.sender.language:  # a place's name says nothing of the language that the person writes in
        reading = replace(reading, assessment=replace(reading.assessment, language=kept.sender.language))
    if is_overtaken(kept, reading, received_at, form.opt_out_type) or is_our_echo(work, kept, form.words):
        answer = Answer()  # they said stop after they wrote this; or they wrote nothing, and our own answer came back
    else:
        answer = await _answer(work, hotline, form, kept, reading, heard)
    answer = keep_asking(kept, reading, heard, hush(kept, reading, answer), work.now)
    answer, memory = hold_back(work, hotline.answering, form, kept, reading, heard, answer)
    finish_text(work, kept, reading.assessment, answer, memory)
    return kept, answer.reply


async def _answer(work: Transaction, hotline: Hotline, form: TextForm, kept: Kept, reading: Reading, heard: Heard) -> Answer:
    """Who answers: a stop comes before everything, then a verifier's word from the field, then the dispatcher
    who talks with them, then the open question, then the kind."""
    said = reading.assessment
    asker = _asker(hotline, form, kept, said.language)
    if form.opt_out_type == "STOP" or said.opt_out or said.kind is Kind.STOP:
        return await answers.answer_stop(work, asker)
    about = await hear_in_talk(work, hotline, asker, reading, heard)
    if kept.sender.volunteer_id is not None:
        from_field = await hear_from_volunteer(work, hotline, asker, kept.sender.volunteer_id, reading, heard)
        if from_field is not None:
            return from_field
    if about is not None:  # a dispatcher is talking with them
        return Answer(report_id=about)
    confirmed = await answer_sign_up(work, asker)
    if confirmed is not None:
        return confirmed
    if heard.question is Question.SUBSCRIBE_PLACE:
        return await answers.answer_subscribe(work, asker, heard.location, kept.conversation.questions)
    if heard.question is Question.RIGHTS_TOPIC:
        return await answers.answer_rights(work, asker, said, menu_open=True)
    if heard.question is not None or heard.turn is Turn.FRAGMENT:
        return await _go_on_with_report(work, hotline, asker, reading, heard)
    if (
        form.opt_out_type == "START" and kept.sender.stopped_at is not None
    ):  # a word that the account's own settings have for it
        return await answers.answer_start(work, asker)
    wish = await answer_wish(work, asker, reading, hotline.lexicon)
    if wish is not None:
        return wish
    if said.command is Command.CHECK:
        return await answers.answer_check(work, asker, said.argument)
    return await _answer_kind(work, hotline, asker, reading)


async def _answer_kind(work: Transaction, hotline: Hotline, asker: Asker, reading: Reading) -> Answer:
    """A text that answers nothing and is no bare command, by what it is for."""
    match reading.assessment.kind:
        case Kind.REPORT | Kind.DETENTION | Kind.RUMOR:
            return await _take_report(work, hotline, asker, reading)
        case Kind.SUBSCRIBE:
            return await answers.answer_subscribe(work, asker, reading.location)
        case Kind.RIGHTS:
            return await answers.answer_rights(work, asker, reading.assessment)
        case Kind.HELP:
            return await answers.answer_help(asker)
        case Kind.DELETE:
            return await answers.answer_delete(work, asker)
        case Kind.VOLUNTEER:
            return await answers.answer_volunteer(work, asker)
        case Kind.OTHER | Kind.ABUSE:
            return await _read_together(work, hotline, asker, reading)
        case _:
            return await answers.answer_other(asker)


async def _read_together(work: Transaction, hotline: Hotline, asker: Asker, alone: Reading) -> Answer:
    """A text that means nothing by itself: with what its sender wrote a moment ago it may be a report, word by word; or their ZIP code."""
    words = "\n".join([*await loose_words(work, asker.kept, FRAGMENT_TIME), asker.words])
    if words != asker.words:
        home = asker.kept.conversation.home_counties
        reading = read(hotline.lexicon, hotline.gazetteer, words, remembered=asker.language, home=home)
        if reading.assessment.kind in SIGHTINGS:
            return await _take_report(work, hotline, replace(asker, words=words), reading)
    if (noted := await wishes.answer_zip(work, asker, alone.location)) is not None:
        return noted
    await leave_for_inbox(work, asker)
    return await answers.answer_other(asker)


async def _take_report(work: Transaction, hotline: Hotline, asker: Asker, reading: Reading) -> Answer:
    """A new report: into its incident if its county is known, else the one question. What is urgent is worked on meanwhile."""
    channel = Channel(asker.channel)
    told = write_report(work, asker.kept, channel, asker.words, reading, reading.location)
    silent = asker.kept.sender.stopped_at is not None  # who said stop is heard and not answered
    if told.county is not None:
        return await _join(work, hotline, asker, told, reading.assessment, silent=silent)
    if told.urgent or silent:
        await open_report(work, hotline, told, asker.words)
    if silent:
        return Answer(None, report_id=told.id, reported=True)
    return Answer(answers.ask_place(asker, reading.location, 0), Question.REPORT_PLACE, 1, told.id, reported=True)


async def _go_on_with_report(work: Transaction, hotline: Hotline, asker: Asker, reading: Reading, heard: Heard) -> Answer:
    """More of a report: the answer to where it is, or a fragment that came within a minute or so."""
    talk = asker.kept.conversation
    which = talk.report_id if heard.question else talk.last_report_id
    told = await get_report(work, which, lock=False) if which else None
    if told is None or is_another_event(told, await incident_state(work, told), heard, reading):
        return await _answer_kind(work, hotline, asker, reading)  # holding no report, as it may wait for its county
    told = await get_report(work, told.id) or told
    if is_only_thanks(asker.words):
        return answers.answer_thanks(asker, heard)
    unplaced = told.county is None
    together = f"{words_of(work, told)}\n{asker.words}"
    said = assess(together, hotline.lexicon, remembered_language=asker.language)
    again = Reading(answers.with_time(asker, said, heard.question), heard.location)
    told = await add_to_report(work, told, asker.words, again, heard.location)
    if told.county is not None and (unplaced or told.state == ReportState.ASKING):
        return await _join(work, hotline, asker, told, again.assessment, silent=False, words=together, asked=talk.questions)
    if heard.turn is Turn.FRAGMENT or not unplaced:  # somebody learned the place before its sender answered
        if told.incident_id is not None:
            await refresh_urgency(work, told)
        await send_rights(work, hotline, asker.kept.sender.id, told, again.assessment)
        answered = heard.question if heard.question in DETAILS else None
        return answers.note_detail(asker, told, again.assessment, answered, talk.questions)
    if is_still_writing(talk, heard, reading, work.now):
        return Answer(asker.say("report.then_place"), Question.REPORT_PLACE, talk.questions, told.id)
    if talk.questions >= MOST_QUESTIONS:
        if told.incident_id is None:
            await open_report(work, hotline, told, together)
        return Answer(asker.say("report.passed_on"), report_id=told.id)
    return Answer(answers.ask_place(asker, heard.location, talk.questions), Question.REPORT_PLACE, talk.questions + 1, told.id)


async def _join(
    work: Transaction,
    hotline: Hotline,
    asker: Asker,
    told: Report,
    said: Assessment,
    *,
    silent: bool,
    words: str = "",
    asked: int = 0,
) -> Answer:
    about = await open_report(work, hotline, told, words or asker.words)
    if silent:
        return Answer(None, report_id=told.id, reported=True, county=told.county)
    await send_rights(work, hotline, asker.kept.sender.id, told, said)
    return answers.thank(asker, told, about, said, asked)


async def open_report(work: Transaction, hotline: Hotline, told: Report, words: str) -> Incident:
    """Stages 4 and 5 of a report: the incident it is of, and a task for the volunteers while that is undecided."""
    joined = await (join_incident if told.incident_id is None else learn_place)(work, told, words)
    joined = await answer_by_known(work, told, joined)
    if joined.left is not None:
        await finish_task(work, hotline.queue, joined.left)
    if joined.incident.state not in DECIDED:
        language = told.language if told.language in TEXT_LANGUAGES else ANY_LANGUAGE
        await open_task(work, hotline.queue, joined.incident, language, is_new=joined.is_new)
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    return joined.incident


async def open_silent_reports(work: Transaction, hotline: Hotline) -> int:
    """Reports whose sender was asked for the place and went silent: a volunteer reads them all the same. Returns how many."""
    opened = 0
    for told in await find_silent(work, SILENCE):
        try:
            await open_report(work, hotline, told, words_of(work, told))
        except KeyProblem as problem:  # a key is missing from the ring; the others' reports go on
            log.error("report_not_opened", report=str(told.id), problem=str(problem))
        else:
            opened += 1
    return opened


# ── 5: people find out ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def decide_incident(
    work: Transaction,
    hotline: Hotline,
    about: Incident,
    outcome: Outcome,
    by: Volunteer,
    fence: int,
    grounds: Grounds = NONE_GIVEN,
) -> Incident:
    """A person decides what an incident was; everyone who reported it hears, whoever was on the way need not go, and an alert that is no
    longer true stops going out."""
    if about.state not in DECIDED:
        await check_claim(work, about.id, fence, by.id)
    about = await decide(work, about, outcome, by.id, grounds)
    await finish_task(work, hotline.queue, about.id)
    await call_off(work, hotline, about)
    for purpose in ("outcome", "undone"):  # what was said of it earlier and is still on its way is overtaken by this
        await withdraw(work, about.id, purpose)
    await tell_outcome(work, hotline, about)
    if outcome is not Outcome.CONFIRM:
        for sent in await work.find(Alert, select(alert).where(alert.c.incident_id == about.id)):
            await withdraw(work, sent.id, sent.type)
    wake_all(work, hotline)
    return about


# ── What the steps above share ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _asker(hotline: Hotline, form: TextForm, kept: Kept, language: str) -> Asker:
    pack = (hotline.texts, hotline.counties, hotline.rights, hotline.time_zone)
    zips, has_photos = hotline.gazetteer.zips, bool(form.media)
    return Asker(kept, form.words, text_language(language), form.channel.value, form.opt_out_type, *pack, has_photos, zips)
