"""A call, kept once: each request of Twilio's is a step of it, answered in the transaction that keeps what was said.

The call's row is locked while a step is answered. Each question carries its number in its address, so that a replay (Twilio tries again
when an answer is late) is known by its number and gets the answer that was given, and nothing is heard twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from app.core.database import Transaction
from app.core.errors import Conflict
from app.core.languages import TEXT_LANGUAGES
from app.intake.call_flow import REPORTED, Caller, CallState, Heard, Next, Say, Step, Then, begin_call, go_on
from app.intake.keep import Kept, Sender
from app.packs.counties import Counties
from app.packs.texts import Texts
from app.records.contacts import Conversation
from app.records.inbound import inbound_call, sid_hash
from app.records.reading import Assessment, Kind, Location, Reading
from app.rights.topics import Rights
from app.subscribers.consent import Consent, stop
from app.telephony.addresses import Channel, can_be_texted, canonical_number
from app.telephony.forms import CallForm
from app.telephony.voice import Goodbye, Message, Question, Spoken, voice_answer

CALLS_PATH: Final = "/twilio/calls"
RECORDINGS_PATH: Final = "/twilio/recordings"

WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What stands in place of a number that the caller hides: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE as spelled on a keypad."""

ENDED: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled", "lost"})
"""Statuses after which nobody is on the line: Twilio's, and ours for a call of whose end we were never told."""

LOST_AFTER: Final = timedelta(minutes=15)
"""A call that was begun so long ago is over, whether or not Twilio's callback said so: forty short steps take less."""

UNKNOWN_LANGUAGE: Final = "und"
"""ISO 639-2 for "undetermined": a caller who chose none and left a message. Any volunteer may try it."""

KEEP = text("""
    WITH known AS (
        SELECT c.number_hash FROM inbound_call i JOIN contact c ON c.id = i.contact_id WHERE i.sid = :sid
    ), who AS (
        INSERT INTO contact (id, number_hash, number_sealed, language_chosen, created_at)
        SELECT CAST(:new_contact AS uuid), coalesce((SELECT number_hash FROM known), CAST(:number_hash AS bytea)),
            CAST(:number_sealed AS bytea), false, CAST(:now AS timestamptz)
        WHERE NOT EXISTS (SELECT 1 FROM forgotten_sid WHERE sid_hash = CAST(:sid_hash AS bytea))
        ON CONFLICT (number_hash) DO UPDATE SET language_chosen = contact.language_chosen
        RETURNING id, number_hash, language, language_chosen, stopped_at,
            number_sealed IS NOT NULL AND stopped_at IS NULL AND unreachable_at IS NULL AS can_be_told
    ), talk AS (
        INSERT INTO conversation (contact_id, questions, home_counties)
        SELECT id, 0, '{}' FROM who
        ON CONFLICT (contact_id) DO UPDATE SET questions = conversation.questions
        RETURNING *
    ), kept AS (
        INSERT INTO inbound_call (id, sid, contact_id, line, status, started_at)
        SELECT CAST(:new_call AS uuid), :sid, id, :line, coalesce(nullif(CAST(:status AS text), ''), 'ringing'),
            CAST(:now AS timestamptz)
        FROM who
        ON CONFLICT (sid) DO UPDATE SET status = CASE
            WHEN inbound_call.status = ANY(:ended) OR CAST(:status AS text) = '' THEN inbound_call.status ELSE excluded.status END
        RETURNING id AS call_id, status, language AS call_language, answers_sealed, heard_sealed, report_id AS call_report_id
    )
    SELECT who.id AS sender_id, who.number_hash, who.language, who.language_chosen, who.stopped_at, who.can_be_told, talk.*, kept.*
    FROM who CROSS JOIN talk CROSS JOIN kept
""")

FINISH = text("""
    WITH spoke AS (
        UPDATE contact SET language = CAST(:language AS text)
        WHERE id = :contact AND NOT language_chosen AND CAST(:language AS text) IS NOT NULL AND number_sealed IS NOT NULL
    ), attached AS (
        UPDATE recording SET report_id = CAST(:report AS uuid) WHERE call_id = :call AND report_id IS NULL
    ), talked AS (
        UPDATE conversation
        SET last_report_id = CAST(:report AS uuid), last_report_at = CAST(:now AS timestamptz),
            home_counties = CASE WHEN CAST(:county AS text) IS NULL OR CAST(:county AS text) = ANY(home_counties)
                THEN home_counties ELSE (ARRAY[CAST(:county AS text)] || home_counties)[1:5] END
        WHERE contact_id = :contact AND CAST(:report AS uuid) IS NOT NULL
    )
    UPDATE inbound_call
    SET language = CAST(:language AS text), county = CAST(:county AS text), report_id = CAST(:report AS uuid),
        answers_sealed = coalesce(CAST(:answers AS bytea), answers_sealed), heard_sealed = coalesce(CAST(:answer AS bytea), heard_sealed),
        heard_step = coalesce(CAST(:step AS text), heard_step)
    WHERE id = :call
""")


@dataclass(frozen=True)
class KeptCall:
    """A call that is on record and locked: who calls and what is known of them (`kept`), what was said so far (None before the greeting),
    the last answer given, its report if there is one, whether the caller is gone, and whether a text could tell them what becomes of it."""

    kept: Kept
    call: CallState | None
    last_answer: str | None
    report_id: UUID | None
    is_over: bool
    can_be_told: bool

    def answer_to(self, turn: int) -> str | None:
        """The answer to give again to a request that is not the awaited one, a replay. None for one that is new."""
        return self.last_answer if self.call is not None and turn != self.call.turn else None


@dataclass(frozen=True)
class Prompts:
    """The words of the pack that are spoken."""

    texts: Texts
    counties: Counties
    rights: Rights

    @property
    def topics(self) -> tuple[str, ...]:
        """The rights topics that have a key of their own, in the order of the keys."""
        return tuple(name for name, topic in self.rights.topics.items() if topic.number)


@dataclass(frozen=True)
class CallAnswer:
    """The answer to one step: the document for Twilio, the call as it is now, whether what was said must become a report now, and the
    words with which the caller wanted no more texts, if they did."""

    twiml: str
    call: CallState
    report_due: bool
    stop_words: str | None = None


@dataclass(frozen=True)
class Told:
    """What a caller told: all their words with what they chose by key, the words for the place alone, the language they chose, the county
    that they agreed to, and the counties that they said no to."""

    words: str
    place: str
    language: str | None
    county: str | None
    denied: tuple[str, ...]

    def beyond(self, earlier: Told) -> str:
        """The words that were not there `earlier`."""
        return "\n".join(line for line in self.words.split("\n") if line not in earlier.words.split("\n"))


async def keep_call(work: Transaction, form: CallForm) -> KeptCall:
    """Put the call on record, or find it, in one statement; requests of one call wait for each other here.

    Raises Conflict for a replay of a call that was purged.

    A caller who hides their number is a contact of this call alone, without a number: two of them are two people, and neither is texted.
    """
    number = canonical_number(form.caller)
    hidden = number in WITHHELD or not can_be_texted(number)
    new_contact, new_call = work.new_id(), work.new_id()
    rows = await work.execute(
        KEEP,
        {
            "new_contact": new_contact,
            "number_hash": work.keys.fingerprint("call" if hidden else "phone", form.sid if hidden else number),
            "number_sealed": None if hidden else work.seal(number, "contact", "number", new_contact),
            "new_call": new_call,
            "sid": form.sid,
            "sid_hash": sid_hash(work.keys, form.sid),
            "line": canonical_number(form.line)[:64],
            "status": form.status[:16],
            "ended": list(ENDED),
            "now": work.now,
        },
    )
    found = rows.one_or_none()
    if found is None:
        raise Conflict("this call is over, and was forgotten")
    call_id = found.call_id
    sender = Sender(
        found.sender_id,
        found.number_hash,
        found.call_language or found.language,
        found.call_language is not None or found.language_chosen,
        found.stopped_at,
    )
    talk = Conversation(**{column: getattr(found, column) for column in Conversation.model_fields})
    answers = found.answers_sealed
    return KeptCall(
        Kept(call_id, sender, talk),
        CallState.model_validate_json(work.unseal(answers, "inbound_call", "answers", call_id)) if answers else None,
        work.unseal(found.heard_sealed, "inbound_call", "heard", call_id) if found.heard_sealed else None,
        found.call_report_id,
        found.status in ENDED,
        found.can_be_told,
    )


def answer_call(kept: KeptCall, heard: Heard, prompts: Prompts) -> CallAnswer:
    """The answer to a new step. Pure. A call of which nothing is on record (it begins, or it was erased meanwhile) is greeted."""
    caller = Caller(kept.can_be_told, prompts.topics)
    following = begin_call() if kept.call is None else go_on(kept.call, heard, caller)
    call = following.call
    due = heard.recorded or (call.told_something and (call.over or kept.is_over))
    return CallAnswer(_document(following, prompts), call, due, heard.speech if following.stop else None)


def what_was_told(call: CallState | None, prompts: Prompts) -> Told:
    """What the caller told so far."""
    if call is None:
        return Told("", "", None, None, ())
    chosen = [prompts.texts.by_language[call.language or "en"][call.saw]] if call.saw else []
    words = "\n".join((*call.place, *chosen, *call.seen))
    return Told(words, "\n".join(call.place), call.language, call.county, call.denied)


def reading_of(told: Told, said: Assessment, found: Location) -> Reading:
    """What a call says and where it is: what was read in its words (`said`, `found`), held to what the caller chose by key. It is a report
    whatever the words look like; it is in the county that they agreed to and in none that they said no to."""
    if told.county is not None and found.county != told.county:
        found = Location(counties=(told.county,), evidence=found.evidence)
    elif told.county is None and set(found.counties) & set(told.denied):
        found = Location(counties=tuple(fips for fips in found.counties if fips not in told.denied), evidence=found.evidence)
    kind = said.kind if said.kind in REPORTED else Kind.REPORT
    language = said.language if told.words else told.language or UNKNOWN_LANGUAGE
    return Reading(replace(said, kind=kind, language=language), found)


async def finish_call(
    work: Transaction, kept: KeptCall, report_id: UUID | None, *, step: Step | None = None, answer: CallAnswer | None = None
) -> None:
    """Put the answer to a step, and the report that the call has become, on record. A caller who said stop gets no more texts."""
    call = answer.call if answer else kept.call
    if answer is not None and answer.stop_words is not None:
        who = kept.kept.sender
        await stop(work, Consent(who.id, who.number_hash, answer.stop_words, "voice.stopped", Channel.VOICE.value))
    row = kept.kept.id
    await work.execute(
        FINISH,
        {
            "call": row,
            "contact": kept.kept.sender.id,
            "language": call.language if call else None,
            "county": call.county if call else None,
            "report": report_id or kept.report_id,
            "answers": work.seal(answer.call.model_dump_json(), "inbound_call", "answers", row) if answer else None,
            "answer": work.seal(answer.twiml, "inbound_call", "heard", row) if answer else None,
            "step": f"{answer.call.turn - 1} {step or 'start'}" if answer else None,
            "now": work.now,
        },
    )


async def find_lost_calls(work: Transaction) -> list[str]:
    """The SIDs of calls of whose end we were never told, now marked as over."""
    rows = await work.execute(
        inbound_call.update()
        .where(
            inbound_call.c.id.in_(
                select(inbound_call.c.id)
                .where(inbound_call.c.status.not_in(ENDED), inbound_call.c.started_at <= work.now - LOST_AFTER)
                .limit(100)
                .with_for_update(skip_locked=True)
            )
        )
        .values(status="lost")
        .returning(inbound_call.c.sid)
    )
    return list(rows.scalars())


def _document(following: Next, prompts: Prompts) -> str:
    call = following.call
    said = [part for say in following.said for part in _spoken(say, call.language, prompts)]
    action = f"{CALLS_PATH}/{call.at.value}?n={call.turn}"
    match following.then:
        case Then.RECORD:
            goodbye = _spoken(Say("voice.goodbye"), call.language, prompts)
            return voice_answer(Message(said, action, RECORDINGS_PATH, goodbye))
        case Then.HANG_UP:
            return voice_answer(Goodbye(said))
        case Then.ASK:
            return voice_answer(_question(call, said, action, prompts))


def _question(call: CallState, said: list[Spoken], action: str, prompts: Prompts) -> Question:
    language = call.language or "en"
    match call.at:
        case Step.PLACE:
            likely = [county.name for county in prompts.counties]
            return Question(said, action, language, keys=5, wait_s=8, pause_s=2, likely=likely)
        case Step.SEEN:
            return Question(said, action, language, wait_s=8, pause_s=3)
        case _:
            return Question(said, action, language)


def _spoken(say: Say, language: str | None, prompts: Prompts) -> list[Spoken]:
    """A sentence in the caller's language; in every language while they have chosen none."""
    return [Spoken(_words(say, one, prompts), one) for one in ([language] if language else TEXT_LANGUAGES)]


def _words(say: Say, language: str, prompts: Prompts) -> str:
    """The words as they are spoken: not spelled to fit a text, since a voice needs its accents."""
    if not say.key:
        return prompts.rights.spoken(say.topic, language)
    return prompts.texts.by_language[language][say.key].format(
        name=prompts.texts.name,
        county=prompts.counties.by_fips(say.county).label(language) if say.county else "",
        topic=prompts.rights.topics[say.topic].title.get(language, say.topic) if say.topic else "",
        key=say.press or "",
    )
