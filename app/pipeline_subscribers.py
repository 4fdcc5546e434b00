"""The main job, a page of its own for what people ask about their own texts. `pipeline.py` calls it for a text that is such an order."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from app.core.database import Transaction
from app.core.languages import TEXT_LANGUAGES
from app.delivery.plan import Message, plan_to
from app.intake import answers, wishes
from app.intake.answers import Asker
from app.intake.conversation import Answer, Heard
from app.intake.keep import Kept
from app.intake.restraint import Incoming, Memory, is_echo, memory_of, plain_words, restrain, sounds_automatic
from app.packs import pack_file
from app.packs.counties import Counties
from app.packs.texts import Texts
from app.records.deliveries import Lane
from app.records.events import record_later
from app.records.reading import Assessment, Command, Reading
from app.subscribers.choices import choose_hours, wishes_of
from app.subscribers.consent import subscribe
from app.subscribers.nearness import keep_zip, zip_behind
from app.subscribers.sign_up import WEB, Asked, ask_to_confirm, forget_lapsed, take_sign_up
from app.subscribers.tables import Topic
from app.telephony.addresses import can_be_texted, canonical_number
from app.telephony.forms import TextForm
from app.triage.commands import split_topic
from app.triage.lexicon import Lexicon
from app.verification.answers import Answer as FieldAnswer
from app.verification.answers import read_answer
from app.volunteers.tables import volunteer

ASKING: Final = timedelta(hours=1)
"""A question that a web page caused is not sent later than this."""


@dataclass(frozen=True)
class Answering:
    """Whom not to answer: our own lines (canonical numbers), and sentences by which a machine says that it wrote (plain words)."""

    lines: frozenset[str] = frozenset()
    machine_phrases: tuple[str, ...] = ()

    @classmethod
    def of(cls, pack: str, lines: Iterable[str]) -> Answering:
        """The sentences of a pack. Raises FileNotFoundError where it has no `machines.toml`."""
        phrases = tomllib.loads(pack_file(pack, "machines.toml").read_text(encoding="utf-8"))["phrases"]
        return cls(frozenset(map(canonical_number, lines)), tuple(map(plain_words, phrases)))


async def answer_wish(work: Transaction, asker: Asker, reading: Reading, lexicon: Lexicon) -> Answer | None:
    """The answer to an order about the sender's own texts, or None where it is another order or none."""
    said = reading.assessment
    match said.command:
        case Command.START:
            return await answers.answer_start(work, asker)
        case Command.JOIN:
            topic = _topic(said, lexicon)
            if topic is not None and not reading.location.counties:
                return await wishes.answer_topic(work, asker, topic)
            return await answers.answer_subscribe(work, asker, reading.location, topic=topic or Topic.ALERTS)
        case Command.LEAVE:
            return await wishes.answer_leave(work, asker, reading.location, _topic(said, lexicon))
        case Command.PAUSE:
            return await wishes.answer_pause(work, asker)
        case Command.ANYTIME | Command.DAYTIME:
            return await wishes.answer_hours(work, asker, any_hour=said.command is Command.ANYTIME)
        case Command.COUNTIES:
            return await wishes.answer_counties(work, asker)
        case Command.LANGUAGE:
            return await answers.answer_language(work, asker, said.language)
        case _:
            return None


async def ask_phone_to_confirm(work: Transaction, texts: Texts, counties: Counties, asked: Asked) -> bool:
    """Somebody typed a number on the web: its phone is asked whether it wants this. Returns whether a question goes
    out. Raises BadNumber or TooManySignUps."""
    who = await ask_to_confirm(work, asked)
    if who is None:
        return False
    county, when = counties.by_fips(asked.county), "any" if asked.any_hour else "day"
    question = {
        language: texts.say(
            "subscribe.confirm", language, county=county.label(language), hours=texts.say(f"subscribe.hours_{when}", language)
        )
        for language in TEXT_LANGUAGES
    }
    await plan_to(work, Message(Lane.REPLY, "sign_up", question, expires_at=work.now + ASKING), [who])
    return True


async def forget_sign_ups(work: Transaction) -> int:
    """What somebody typed on the web and no phone confirmed is forgotten. Returns how many."""
    return await forget_lapsed(work, select(volunteer.c.contact_id).where(volunteer.c.contact_id.is_not(None)))


async def answer_sign_up(work: Transaction, asker: Asker) -> Answer | None:
    """YES to the question that the web page had us ask; None where it is no yes, nothing was asked, or something else was since: "OK" to
    what was asked of a report is no consent."""
    if read_answer(asker.words, whole=True) is not FieldAnswer.YES:
        return None
    talk = asker.kept.conversation
    spoke = [at for at in (talk.asked_at, talk.last_report_at) if at is not None]
    wish = await take_sign_up(work, asker.kept.sender.id, max(spoke, default=None))
    if wish is None:
        return None
    consent = replace(asker.consent("subscribe.confirm"), source=wish.source)
    held = await wishes_of(work, asker.kept.sender.id)
    new = [await subscribe(work, consent, wish.county, Topic(topic)) for topic in wish.topics]
    if any(new) and not wish.any_hour and (wish.source == WEB or not held.counties):  # a list changes nobody's own hours
        await choose_hours(work, consent, any_hour=False)
    if None in new:
        return Answer(asker.say("subscribe.full", counties=asker.names((await wishes_of(work, asker.kept.sender.id)).counties)))
    if wish.zip_hash is not None:
        await keep_zip(work, asker.kept.sender.id, wish.zip_hash)
    near = zip_behind(work.keys, wish.zip_hash, asker.zips) if wish.zip_hash is not None else None
    key = answers.joined(by_day=not wish.any_hour, near=near is not None) if any(new) else "subscribe.already"
    about = {"zip": near} if near is not None and any(new) else {}
    return Answer(asker.say(key, county=asker.county(wish.county), **about), county=wish.county)


def hold_back(
    work: Transaction, answering: Answering, form: TextForm, kept: Kept, reading: Reading, heard: Heard, answer: Answer
) -> tuple[Answer, Memory]:
    """The answer, kept back where a machine would get it (recorded once), and what to remember of this text and its answer."""
    sender = canonical_number(form.sender)
    incoming = Incoming(
        words=_hash_of(work, form.words),
        is_phone=can_be_texted(sender) and sender not in answering.lines,
        sounds_automatic=sounds_automatic(form.body, answering.machine_phrases),
        is_ours=kept.sender.volunteer_id is not None,
    )
    before = memory_of(kept.conversation)
    answer, memory, silence = restrain(before, incoming, reading.assessment, heard, answer, work.now)
    if silence is not None and (before.last_reply is not None or before.last_words is None):  # the first, and not each after it
        record_later(work, "contact.not_answered", kept.id, reason=silence.value)
    return answer, replace(memory, last_reply=_hash_of(work, answer.reply) if answer.reply else None)


def is_our_echo(work: Transaction, kept: Kept, words: str) -> bool:
    """Whether a text is our own last answer to that phone."""
    before = memory_of(kept.conversation)
    return before.last_reply is not None and is_echo(before, _hash_of(work, words))


def _hash_of(work: Transaction, text: str) -> bytes:
    return work.keys.fingerprint("words", plain_words(text) or text)


def _topic(said: Assessment, lexicon: Lexicon) -> Topic | None:
    name, _ = split_topic(said.argument, lexicon)
    return Topic(name) if name else None
