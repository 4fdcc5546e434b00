"""Answers to texts that are not reports: signing up, stopping, help, rights, being forgotten. One function a kind, one transaction each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from babel.dates import format_date
from sqlalchemy import select

from app.core.clock import local_time
from app.core.database import Transaction
from app.intake.conversation import MOST_QUESTIONS, Answer, Heard, Question
from app.intake.follow_up import is_taken_back, next_question, read_still
from app.intake.keep import Kept
from app.packs.counties import Counties
from app.packs.texts import Texts
from app.privacy.erasure import erase_contact
from app.records.alerts import alert
from app.records.contacts import contact
from app.records.events import record
from app.records.incidents import Incident, Report
from app.records.reading import Assessment, Kind, Location
from app.records.states import DECIDED, AlertState, IncidentState
from app.rights.policies import JAIL_TOPICS, jail_policy
from app.rights.policy_records import current_policies
from app.rights.review import in_force
from app.rights.topics import Rights
from app.subscribers.choices import wishes_of
from app.subscribers.consent import resume, stop, subscribe
from app.subscribers.ledger import Consent
from app.subscribers.nearness import keep_zip, only_zip, zip_hash_of
from app.subscribers.tables import Topic
from app.telephony.addresses import Channel

TWILIO_ANSWERS: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"})
"""Whole SMS that Twilio confirms by itself (docs, "Support for opt-out keywords"): a second confirmation would be one too many."""

ASKS: Final = {Question.REPORT_SEEN: "report.ask_seen", Question.REPORT_STILL: "report.ask_still"}
"""The texts that thank and ask at once."""

MOST_OPTIONS: Final = 3
"""How many counties a question names; with more, the question is asked without naming any."""


@dataclass(frozen=True)
class Asker:
    """Who is being answered and with what: the kept text, its words, the language to use, and the words, counties and ZIP
    codes of the pack."""

    kept: Kept
    words: str
    language: str
    channel: str
    opt_out_type: str
    texts: Texts
    counties: Counties
    rights: Rights
    time_zone: str
    has_photos: bool = False
    zips: Collection[str] = ()

    def say(self, key: str, **blanks: object) -> str:
        """A text in the asker's language."""
        return self.texts.say(key, self.language, **blanks)

    def county(self, fips: str) -> str:
        """A county's name in the asker's language."""
        return self.counties.by_fips(fips).label(self.language)

    def consent(self, wording: str) -> Consent:
        """The proof of what the asker wants, answered with the text `wording`."""
        shown = self.texts.by_language[self.language][wording]
        sender = self.kept.sender
        return Consent(sender.id, sender.number_hash, self.words, wording, self.channel, self.language, shown)

    def names(self, counties: Sequence[str]) -> str:
        """Counties by name: one as "Durham County", several as "Durham, Wake"."""
        return self.county(counties[0]) if len(counties) == 1 else ", ".join(self.counties.by_fips(c).name for c in counties)


async def answer_stop(work: Transaction, asker: Asker) -> Answer:
    """Stop means now. One confirmation: none where Twilio gives it, and none to who had stopped already."""
    had_stopped = asker.kept.sender.stopped_at is not None
    await stop(work, asker.consent("subscribe.stopped"))
    by_keyword = asker.channel != Channel.WHATSAPP and asker.words.strip().upper() in TWILIO_ANSWERS
    twilio_confirms = asker.opt_out_type == "STOP" or by_keyword
    return Answer(None if twilio_confirms or had_stopped else asker.say("subscribe.stopped"))


async def answer_start(work: Transaction, asker: Asker) -> Answer:
    """Alerts on again, for the counties they were on for; else the question for which. Where Twilio said so already, only the question."""
    counties = await resume(work, asker.consent("subscribe.resumed"))
    if not counties:
        return Answer(asker.say("subscribe.ask_county"), Question.SUBSCRIBE_PLACE, 1)
    return Answer(None if asker.opt_out_type == "START" else asker.say("subscribe.resumed", county=asker.names(counties)))


async def answer_subscribe(
    work: Transaction, asker: Asker, where: Location, asked: int = 0, topic: Topic = Topic.ALERTS
) -> Answer:
    """Sign a phone up for one county, or ask which. `asked` is how often it was asked already. Who named the county by their ZIP code hears
    first of what is near it, and reads so at once, with how to take it back."""
    if where.county is None:
        if asked > MOST_QUESTIONS:
            return Answer(asker.say("subscribe.ask_again"))
        if 1 < len(where.counties) <= MOST_OPTIONS:
            text = asker.say("subscribe.ask_which", options=options(asker, where.counties))
        else:
            text = asker.say("subscribe.ask_again" if asked else "subscribe.ask_county")
        return Answer(text, Question.SUBSCRIBE_PLACE, asked + 1)
    held = await wishes_of(work, asker.kept.sender.id)
    zip_code = _zip_of(asker, where) if topic is Topic.ALERTS else None
    wording = "subscribe.joined_topic"
    if topic is Topic.ALERTS:
        wording = joined(by_day=not held.any_hour and not held.stopped, near=zip_code is not None)
    new = await subscribe(work, asker.consent(wording), where.county, topic)
    if new is None:
        return Answer(asker.say("subscribe.full", counties=asker.names(held.counties)))
    if zip_code:
        await keep_zip(work, asker.kept.sender.id, zip_hash_of(work.keys, zip_code))
        if not new:
            return Answer(asker.say("subscribe.zip_kept", zip=zip_code), county=where.county)
    about = {"zip": zip_code} if zip_code else {} if topic is Topic.ALERTS else {"topic": asker.say(f"topics.{topic}")}
    key = wording if new else "subscribe.already" if topic is Topic.ALERTS else "subscribe.already_topic"
    return Answer(asker.say(key, county=asker.county(where.county), **about), county=where.county)


def joined(*, by_day: bool, near: bool) -> str:
    """The key of the text that says that the alerts are on."""
    return f"subscribe.joined{'_near' if near else ''}{'_day' if by_day else ''}"


async def answer_rights(work: Transaction, asker: Asker, said: Assessment, *, menu_open: bool = False) -> Answer:
    """A know-your-rights text for the situation they name, by number or in words; else the general one and the menu, which stays open for
    their choice. `menu_open`: it is the answer to the menu."""
    asked = asker.words if menu_open else said.argument
    situation = asker.rights.choice(asked) or asker.rights.situation(asked) or said.situation
    menu, rights = Question.RIGHTS_TOPIC, await in_force(work, asker.rights)
    if situation is None:
        return Answer(rights.menu(asker.language), menu, 1)
    told = f"{rights.answer(situation, said.language)}{await _jail_of_home(work, asker) if situation in JAIL_TOPICS else ''}"
    return Answer(told, menu if menu_open else None, 1 if menu_open else 0)


async def answer_help(asker: Asker) -> Answer:
    """What the hotline does and the words it knows."""
    return Answer(None if asker.opt_out_type == "HELP" else asker.say("answers.help"))


async def answer_other(asker: Asker) -> Answer:
    """What this line is for, politely, also to those who are not polite."""
    return Answer(asker.say("answers.other"))


async def answer_language(work: Transaction, asker: Asker, chosen: str) -> Answer:
    """Text them in this language from now on."""
    await work.execute(
        contact.update().where(contact.c.id == asker.kept.sender.id).values(language=chosen, language_chosen=True)
    )
    return Answer(asker.texts.say("answers.language", chosen), language=chosen)


async def answer_volunteer(work: Transaction, asker: Asker) -> Answer:
    """Somebody wants to help: the organizers see it among the messages."""
    await record(work, "contact.offered_help", asker.kept.id)
    return Answer(asker.say("answers.volunteer"))


async def answer_check(work: Transaction, asker: Asker, code: str) -> Answer:
    """Is an alert with this code ours?"""
    code = "".join(c for c in code.upper() if c.isalnum())[:12]
    found = await work.first(
        select(alert.c.county, alert.c.approved_at, alert.c.exercise).where(
            alert.c.code == code, alert.c.state.in_((AlertState.APPROVED.value, AlertState.EXPIRED.value))
        )
    )
    if found is None or found.approved_at is None:
        return Answer(asker.say("answers.check_unknown", code=code or "?"))
    time = local_time(found.approved_at, asker.time_zone, asker.language)
    known = "answers.check_exercise" if found.exercise else "answers.check_known"
    return Answer(asker.say(known, code=code, county=asker.county(found.county), time=time))


async def answer_delete(work: Transaction, asker: Asker) -> Answer:
    """Forget the person: here in this transaction, at Twilio by a job."""
    await erase_contact(work, asker.consent("subscribe.erased"))
    return Answer(asker.say("subscribe.erased"))


def options(asker: Asker, counties: Sequence[str]) -> str:
    """The counties to choose from, by name alone: "Vance / Henderson"."""
    return " / ".join(asker.counties.by_fips(fips).name for fips in counties)


def ask_place(asker: Asker, where: Location, asked: int) -> str:
    """The question for the place of a report: which of these counties, or which place at all."""
    if 1 < len(where.counties) <= MOST_OPTIONS:
        return asker.say("report.ask_which", options=options(asker, where.counties))
    return asker.say("report.ask_again" if asked else "report.ask_place")


def thank(asker: Asker, told: Report, about: Incident, said: Assessment, asked: int) -> Answer:
    """The answer to a report that has come to its incident: thanks, or what is known already, and the next question if one is left."""
    question = None if about.state in DECIDED else next_question(told.kind, said, asked)
    reply = (
        acknowledge(asker, told, about)
        if question is None
        else asker.say(ASKS[question], county=asker.county(told.county or ""))
    )
    return Answer(reply, question, asked + 1 if question else 0, told.id, reported=True, county=told.county)


def note_detail(asker: Asker, told: Report, said: Assessment, answered: Question | None, asked: int) -> Answer:
    """The answer to more of a report: it is kept, and the next question if one was answered and another is left."""
    question = next_question(told.kind, said, asked, answered) if answered and not is_taken_back(asker.words) else None
    if question is not None:
        return Answer(asker.say("report.then_still"), question, asked + 1, told.id, reported=True)
    over = answered is Question.REPORT_STILL and read_still(asker.words) is False
    return Answer(asker.say("report.over" if over else "report.added"), report_id=told.id, reported=True)


def answer_thanks(asker: Asker, heard: Heard) -> Answer:
    """The answer to thanks. What was asked stays asked."""
    talk = asker.kept.conversation
    return Answer(asker.say("answers.welcome"), heard.question, talk.questions if heard.question else 0, talk.report_id)


def with_time(asker: Asker, said: Assessment, answered: Question | None) -> Assessment:
    """What a report says, the answer to "is it still happening?" being when it is."""
    still = read_still(asker.words) if answered is Question.REPORT_STILL else None
    if still is None:
        return said
    return replace(said, salute=said.salute | {"time": asker.say("still.yes" if still else "still.no")})


def acknowledge(asker: Asker, told: Report, about: Incident) -> str:
    """The answer to a report or a rumor whose county is known: what is known already, or that people go and look."""
    county = asker.county(about.county or "") if about.county else ""
    state = IncidentState(about.state)
    if state in DECIDED and about.decided_at is not None:
        part = "rumor" if told.kind == Kind.RUMOR else "outcome"
        time = local_time(about.decided_at, asker.time_zone, asker.language)
        place = about.place or asker.say("alert.no_place")
        return asker.say(f"{part}.{state.value}", county=county, time=time, place=place)
    nothing_known = told.kind == Kind.RUMOR and about.reports <= 1 and state is IncidentState.OPEN
    return asker.say("rumor.unknown" if nothing_known else thanks_for(told), county=county)


def thanks_for(told: Report) -> str:
    """The key of the text that thanks for a report whose county is known and of which nobody knows more yet."""
    return {Kind.RUMOR: "rumor.checking", Kind.DETENTION: "report.detention"}.get(Kind(told.kind), "report.thanks")


def _zip_of(asker: Asker, where: Location) -> str | None:
    """The one ZIP code by which they named the place, or None."""
    code = only_zip(asker.words)
    return code if code in asker.zips and any(one.kind == "zip" for one in where.candidates) else None


async def _jail_of_home(work: Transaction, asker: Asker) -> str:
    """What is known today of the jail in the asker's county, as one more sentence; empty where nothing is, or nothing new enough."""
    home = asker.kept.conversation.home_counties
    facts = jail_policy(await current_policies(work, asker.rights.policies), home[0], work.now.date()) if home else None
    if facts is None:
        return ""
    day = format_date(facts.as_of, "long", locale=asker.language)
    return " " + asker.say(f"policy.{facts.model.value}", county=asker.county(facts.fips), day=day)
