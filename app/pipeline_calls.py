"""The main job for a call: the same line as a text's, taken up step by step while somebody speaks. `pipeline.py` is the page before this.

A call becomes a report when the caller has told what they came to tell, leaves a voicemail, or hangs up after saying something; from there
on it is a report like any other.
"""

from __future__ import annotations

from uuid import UUID

from app.core.database import Transaction
from app.incidents.join import refresh_urgency
from app.intake.call_flow import LONGEST_SPEECH, CallState, Heard, Step
from app.intake.calls import (
    KeptCall,
    Prompts,
    answer_call,
    find_lost_calls,
    finish_call,
    keep_call,
    reading_of,
    what_was_told,
)
from app.intake.recordings import has_recording, keep_recording
from app.intake.reports import add_to_report, get_report, write_report
from app.pipeline import Hotline, open_report
from app.pipeline_reading import read
from app.places.locate import locate
from app.rights.review import in_force
from app.telephony.addresses import Channel
from app.telephony.forms import CallForm
from app.triage.assess import assess


async def receive_call(work: Transaction, hotline: Hotline, form: CallForm, step: Step | None, turn: int) -> str:
    """A call, or a step of it: kept once, understood, answered. Returns TwiML; a replay of a step gets what the first copy got."""
    kept = await keep_call(work, form)
    if has_recording(form):
        await keep_recording(work, kept, form)
    again = kept.answer_to(turn)
    if again is not None:
        return again
    prompts = Prompts(hotline.texts, hotline.counties, await in_force(work, hotline.rights))
    answer = answer_call(kept, _hear(hotline, kept, form), prompts)
    report_id = await _report(work, hotline, kept, answer.call) if answer.report_due else None
    await finish_call(work, kept, report_id, step=step, answer=answer)
    return answer.twiml


async def hear_of_call(work: Transaction, hotline: Hotline, form: CallForm) -> None:
    """The end of a call, or a voicemail that is ready. Whoever hung up after saying something has reported it all the same."""
    kept = await keep_call(work, form)
    left_message = has_recording(form)
    if left_message:
        await keep_recording(work, kept, form)
    told_something = kept.call is not None and kept.call.told_something
    if left_message or (kept.is_over and told_something and kept.report_id is None):
        await finish_call(work, kept, await _report(work, hotline, kept, kept.call))


async def end_lost_calls(work: Transaction, hotline: Hotline) -> int:
    """Calls of whose end we were never told are over too, and what was said in them is not lost. Returns how many."""
    lost = await find_lost_calls(work)
    for sid in lost:
        await hear_of_call(work, hotline, CallForm.model_validate({"CallSid": sid, "CallStatus": "lost"}))
    return len(lost)


async def _report(work: Transaction, hotline: Hotline, kept: KeptCall, call: CallState | None) -> UUID | None:
    """The report that a call is: made the first time, added to afterwards; from here on as if it had come by text."""
    prompts = _prompts(hotline)
    told, before = what_was_told(call, prompts), what_was_told(kept.call, prompts)
    said = assess(told.words, hotline.lexicon, remembered_language=told.language)
    home = (told.county,) if told.county else kept.kept.conversation.home_counties
    found = locate(told.place or told.words, hotline.gazetteer, home_counties=home, answering=bool(told.place))
    reading = reading_of(told, said, found)
    known = await get_report(work, kept.report_id) if kept.report_id else None
    if known is None:
        made = write_report(work, kept.kept, Channel.VOICE, told.words, reading, reading.location)
        await open_report(work, hotline, made, told.words)
        return made.id
    more = told.beyond(before)
    if more:
        had_county = known.county is not None
        known = await add_to_report(work, known, more, reading, reading.location)
        if not had_county and known.county is not None:
            await open_report(work, hotline, known, told.words)
        else:
            await refresh_urgency(work, known)
    return known.id


def _hear(hotline: Hotline, kept: KeptCall, form: CallForm) -> Heard:
    """One answer of the caller, with what it says and where: a ZIP code by key is a place as much as a spoken town."""
    speech = form.speech[:LONGEST_SPEECH].strip()
    home = kept.kept.conversation.home_counties
    where = locate(speech or form.digits, hotline.gazetteer, home_counties=home, answering=True)
    chosen = kept.kept.sender.language if kept.kept.sender.language_chosen else None
    reading = read(hotline.lexicon, hotline.gazetteer, speech, remembered=chosen, home=home) if speech else None
    return Heard(form.digits, speech, reading, where, hotline.rights.situation(speech), has_recording(form))


def _prompts(hotline: Hotline) -> Prompts:
    return Prompts(hotline.texts, hotline.counties, hotline.rights)
