"""The main job when nobody comes and a phone rings for it: what such a call says, what pressing 1 does, how it ended.

Whoever answers may be a passer-by or a machine, so it says that something urgent waits, and never what or where.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from app.core.database import Transaction
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.delivery.ringing import CALLS
from app.hotline import Hotline
from app.packs.texts import Texts
from app.records.events import record
from app.records.states import RingState, TaskState, may_precede
from app.records.urgent_calls import UrgentCall, urgent_call
from app.records.verification import Task, task
from app.telephony.forms import CallForm
from app.telephony.voice import Goodbye, Question, Spoken, voice_answer

TAKES_IT: Final = "1"

MOST_TURNS: Final = 2
"""So often it is said: the second time is for voicemail, whose greeting may have been longer than the first."""

WAIT_SECONDS: Final = 6

HUSHED: Final = "canceled"
"""Twilio's word for a call that its caller ended before anybody answered: that is us, when somebody took the task."""


async def begin_urgent_call(work: Transaction, hotline: Hotline, call_id: UUID, form: CallForm) -> str:
    """Somebody answered: TwiML that says that something urgent waits, or that somebody has it already."""
    found = await _hear_of(work, call_id, form.sid, RingState.PLACED)
    if found is None:
        return _goodbye(hotline.texts, "en", "voice.goodbye")
    call, about = found
    if about.state != TaskState.WAITING:
        return _goodbye(hotline.texts, call.language, "voice.urgent_taken")
    return say_urgent(hotline.texts, call_id, call.language)


async def hear_key(work: Transaction, hotline: Hotline, call_id: UUID, form: CallForm, turn: int) -> str:
    """They pressed something, or nothing. Who presses 1 has heard of it, which is an act of theirs; the task is still for them to take."""
    if form.digits != TAKES_IT:
        found = await _hear_of(work, call_id, form.sid, RingState.PLACED)
        language = found[0].language if found is not None else "en"
        if turn < MOST_TURNS:
            return say_urgent(hotline.texts, call_id, language, turn + 1)
        return _goodbye(hotline.texts, language, "voice.urgent_goodbye")
    found = await _hear_of(work, call_id, form.sid, RingState.ACKNOWLEDGED)
    if found is None:
        return _goodbye(hotline.texts, "en", "voice.goodbye")
    call, about = found
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    mine = about.state == TaskState.WAITING
    return _goodbye(hotline.texts, call.language, "voice.urgent_yours" if mine else "voice.urgent_taken")


async def end_urgent_call(work: Transaction, call_id: UUID, form: CallForm) -> None:
    """Twilio tells how it ended; told twice it is written down once."""
    await _hear_of(work, call_id, form.sid, RingState.OVER, form.status)
    ended = urgent_call.update().where(urgent_call.c.id == call_id, urgent_call.c.ended_at.is_(None))
    await work.execute(ended.values(ended_at=work.now, ended_with=form.status or None))


def say_urgent(texts: Texts, call_id: UUID, language: str, turn: int = 1) -> str:
    """TwiML that says it and waits for a key. Also while the database is away. Pure."""
    action = f"{CALLS}/key?c={call_id}&t={turn}"
    said = Spoken(texts.say("voice.urgent", language), language)
    return voice_answer(Question((said,), action, language, wait_s=WAIT_SECONDS))


async def _hear_of(
    work: Transaction, call_id: UUID, sid: str, then: RingState, status: str = ""
) -> tuple[UrgentCall, Task] | None:
    """The call with what it is about, brought to the state that was told, where it may still go there; None where we know none."""
    call = await work.get(UrgentCall, urgent_call.c.id == call_id, lock=True)
    if call is None:
        return None
    about = await work.get(Task, task.c.id == call.task_id)
    assert about is not None  # as a call always has one
    if call.state in may_precede(then):
        facts = {"ended_with": status, "ended_at": work.now} if then is RingState.OVER else {}
        await work.execute(urgent_call.update().where(urgent_call.c.id == call_id).values(state=then.value, sid=sid, **facts))
        if then is RingState.ACKNOWLEDGED:
            await record(
                work, "call.acknowledged", about.incident_id, actor_id=call.volunteer_id, county=about.county, role=call.role
            )
        elif then is RingState.OVER:
            verb = "call.hushed" if status == HUSHED else "call.unanswered"
            await record(work, verb, about.incident_id, county=about.county, role=call.role, status=status)
    return call, about


def _goodbye(texts: Texts, language: str, key: str) -> str:
    return voice_answer(Goodbye((Spoken(texts.say(key, language), language),)))
