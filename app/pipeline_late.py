"""The main job when something is away: what a text or a call is told while nothing can be looked up, and how what waited, or never reached
us, comes onto the line after all. `pipeline.py` is the page before this.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from app.core.database import Database, Transaction
from app.core.errors import BadInput
from app.core.languages import TEXT_LANGUAGES, text_language
from app.intake.answers import TWILIO_ANSWERS
from app.intake.call_flow import Step
from app.intake.calls import RECORDINGS_PATH
from app.intake.replay import Replay
from app.intake.spool import Request, Spooled
from app.intake.spool_folder import Spool
from app.intake.stop_marks import StopMarks
from app.pipeline import Hotline, recover_text
from app.pipeline_calls import hear_of_call, receive_call
from app.records.phone_book import contact_for
from app.records.reading import Command, Kind
from app.subscribers.consent import Consent, stop
from app.subscribers.waiting_stops import WaitingStops
from app.telephony.addresses import canonical_number
from app.telephony.forms import CallForm, TextForm, read_form
from app.telephony.voice import Goodbye, Message, Spoken, voice_answer
from app.triage.assess import assess

FOR_LESS: Final = {Command.LEAVE, Command.PAUSE}

KEPT_PATH = "/twilio/calls/kept"
"""Where the voicemail of a caller is posted who could not be asked anything."""


def answer_offline(hotline: Hotline, form: TextForm) -> str | None:
    """What a text is told that can only be put on disk: that we have it, in its own language as far as its words tell. A stop is confirmed
    as always (none of ours goes out before it has been taken in), and nothing is said where Twilio answers by itself."""
    said = assess(form.words, hotline.lexicon)
    language = text_language(said.language)
    if form.opt_out_type == "HELP":
        return None
    if _says_stop(hotline, form):
        twilio_confirms = form.opt_out_type == "STOP" or form.words.strip().upper() in TWILIO_ANSWERS
        return None if twilio_confirms else hotline.texts.say("subscribe.stopped", language)
    return hotline.texts.say("answers.kept", language)


def call_offline(hotline: Hotline) -> str:
    """What a caller hears who can't be asked anything now, as TwiML: in every language, that a message can be left. Twilio keeps it until
    we have heard of it, which needs no database of ours."""
    return voice_answer(
        Message(
            [*_spoken(hotline, "voice.away"), *_spoken(hotline, "voice.message_warning")],
            KEPT_PATH,
            RECORDINGS_PATH,
            _spoken(hotline, "voice.goodbye"),
        )
    )


def thank_caller(hotline: Hotline) -> str:
    """What they hear when they have left it."""
    return voice_answer(Goodbye(_spoken(hotline, "voice.message_kept")))


def replay_of(hotline: Hotline, spool: Spool, database: Database, marks: StopMarks) -> Replay:
    """What takes in again, by the ways of this page, what waits in a spool."""
    return Replay(spool, database, partial(take_in_late, hotline), partial(keep_stop, hotline), marks)


def marks_of(hotline: Hotline, stops: WaitingStops) -> StopMarks:
    """What marks the senders of stops that wait in a spool."""
    return StopMarks(stops, partial(who_stops, hotline))


def who_stops(hotline: Hotline, entry: Spooled) -> str | None:
    """The number of whoever asks by this request for no more texts, for fewer, or for none for a while. None for every other request, and
    for one that can't be read."""
    try:
        if entry.request is Request.TEXT:
            text = read_form(TextForm, entry.fields)
            said = assess(text.words, hotline.lexicon)
            wants_less = said.kind is Kind.DELETE or said.command in FOR_LESS or _says_stop(hotline, text)
            return canonical_number(text.sender) if wants_less else None
        call = read_form(CallForm, {name: value for name, value in entry.fields.items() if value})
        return canonical_number(call.caller) if call.speech and assess(call.speech, hotline.lexicon).opt_out else None
    except BadInput:
        return None


async def take_in_late(hotline: Hotline, work: Transaction, entry: Spooled) -> None:
    """A request that waited on disk, taken in as if it were the moment at which it came: a stop counts from when it was said. What a caller
    would hear is said to nobody. Raises BadInput for a form that can't be read."""
    work.now = entry.received_at
    if entry.request is Request.TEXT:
        await recover_text(work, hotline, read_form(TextForm, entry.fields), entry.received_at, entry.told)
        return
    form = read_form(CallForm, {name: value for name, value in entry.fields.items() if value})
    if entry.request is Request.CALL:
        await receive_call(work, hotline, form, Step(entry.step) if entry.step else None, entry.turn)
    else:
        await hear_of_call(work, hotline, form)


async def keep_stop(hotline: Hotline, work: Transaction, entry: Spooled) -> None:
    """The stop of a text that can't be taken in as a whole, if it is one: it must not wait until a person has found out why. Who wants to
    be forgotten is at least texted no more."""
    if entry.request is not Request.TEXT:
        return
    form = read_form(TextForm, entry.fields)
    if not _says_stop(hotline, form) and assess(form.words, hotline.lexicon).kind is not Kind.DELETE:
        return
    work.now = entry.received_at
    number = canonical_number(form.sender)
    who = await contact_for(work, number)
    await stop(work, Consent(who, work.keys.fingerprint("phone", number), form.words, "subscribe.stopped", form.channel.value))


def _says_stop(hotline: Hotline, form: TextForm) -> bool:
    said = assess(form.words, hotline.lexicon)
    return form.opt_out_type == "STOP" or said.opt_out or said.kind is Kind.STOP


def _spoken(hotline: Hotline, key: str) -> list[Spoken]:
    texts = hotline.texts
    return [Spoken(texts.by_language[one][key].format(name=texts.name), text_language(one)) for one in TEXT_LANGUAGES]
