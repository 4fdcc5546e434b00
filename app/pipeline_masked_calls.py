"""The main job when a dispatcher wants to speak with somebody: their own phone rings first, they press 1, then the other's rings, and both
are joined. Each sees the hotline's number.

Who picks up the dispatcher's phone may be anybody, so nothing is said of what it is about, and nobody is rung before the key is pressed.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import structlog

from app.core.database import Database, Transaction
from app.core.live import Topic as LiveTopic
from app.core.live import wake
from app.hotline import Hotline
from app.packs.texts import Texts
from app.telephony.bridge import Bridge, bridge_answer, whisper_answer
from app.telephony.forms import CallForm
from app.telephony.rest import CallCarrier
from app.telephony.voice import CALLBACK_OVERRIDES, STEP_OVERRIDES, Goodbye, Question, Spoken, voice_answer
from app.verification.masked_calls import end_call, note_placed, take_calls, whom_to_join

log = structlog.get_logger(__name__)

CALLS: Final = "/twilio/calls/masked"
GOES_ON: Final = "1"
RING_SECONDS: Final = 25
WAIT_SECONDS: Final = 8


async def place_masked_calls(database: Database, carrier: CallCarrier, public_url: str) -> int:
    """Ring the dispatchers who asked for it, each once. Returns how many. Only the worker has what can place a call."""
    taken = await database.run(take_calls)
    for call_id, number, language in taken:
        address, placed = f"{public_url}{CALLS}", True
        try:
            begin = f"{address}/begin?c={call_id}&l={language}{STEP_OVERRIDES}"
            await carrier.call(number, begin, f"{address}/over?c={call_id}{CALLBACK_OVERRIDES}", RING_SECONDS)
        except Exception as error:  # noqa: BLE001  # whatever it was, it is not tried again: the dispatcher sees whether their phone rings
            log.warning("masked_call_not_placed", call=str(call_id), reason=type(error).__name__)
            placed = False
        async with database.transaction() as work:
            await note_placed(work, call_id, placed=placed)
    return len(taken)


def ask_for_key(texts: Texts, call_id: UUID, language: str) -> str:
    """What the dispatcher hears when they pick up: press 1 to be joined. Pure."""
    said = Spoken(texts.by_language[language]["voice.masked_begin"].format(name=texts.name), language)
    return voice_answer(Question((said,), f"{CALLS}/key?c={call_id}&l={language}", language, wait_s=WAIT_SECONDS))


async def join_masked_call(work: Transaction, hotline: Hotline, call_id: UUID, language: str, line: str, form: CallForm) -> str:
    """The dispatcher pressed a key: with 1 the other's phone rings. TwiML either way."""
    texts = hotline.texts
    if form.digits != GOES_ON:
        return _goodbye(texts, "voice.goodbye", language)
    joined = await whom_to_join(work, call_id)
    if joined is None:
        return _goodbye(texts, "voice.masked_not_now", language)
    _, number, theirs = joined
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    said = Spoken(texts.by_language[language]["voice.masked_rings"].format(name=texts.name), language)
    speaks = theirs if theirs in texts.by_language else "en"
    whisper, after = f"{CALLS}/whisper?l={speaks}", f"{CALLS}/after?c={call_id}&l={language}"
    return bridge_answer(Bridge(said, number, line, whisper, after))


def whisper_to_them(texts: Texts, language: str) -> str:
    """What the other hears before they are joined: who calls, and that they may hang up. Pure."""
    return whisper_answer(Spoken(texts.by_language[language]["voice.masked_whisper"].format(name=texts.name), language))


async def end_masked_call(work: Transaction, hotline: Hotline, call_id: UUID, language: str, status: str) -> str:
    """The second call is over: the dispatcher hears whether somebody answered."""
    await end_call(work, call_id, status)
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))
    return _goodbye(hotline.texts, "voice.masked_over" if status == "completed" else "voice.masked_no_answer", language)


async def hear_end(work: Transaction, hotline: Hotline, call_id: UUID) -> None:
    """The whole call is over, whatever came of it."""
    await end_call(work, call_id, "")
    work.after_commit.append(wake(hotline.redis, LiveTopic.BOARD))


def _goodbye(texts: Texts, key: str, language: str) -> str:
    return voice_answer(Goodbye((Spoken(texts.by_language[language][key].format(name=texts.name), language),)))
