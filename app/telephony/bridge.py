"""Joining two calls under our own number, as TwiML: neither side sees the other's (twilio.com, "TwiML Voice: <Dial>")."""

from __future__ import annotations

from dataclasses import dataclass

from twilio.twiml.voice_response import VoiceResponse

from app.telephony.voice import STEP_OVERRIDES, Spoken, say


@dataclass(frozen=True)
class Bridge:
    """Say something, then ring `number` showing `line`, for `ring_s` seconds. What that phone hears before it is joined is asked at
    `whisper`; what came of it is posted to `action`. The number stands in this document alone, which goes to Twilio."""

    said: Spoken
    number: str
    line: str
    whisper: str
    action: str
    ring_s: int = 25


def bridge_answer(what: Bridge) -> str:
    """The TwiML document that does it. The caller hears the ringing until somebody answers."""
    response = VoiceResponse()
    say(response, (what.said,))
    dial = response.dial(
        caller_id=what.line, timeout=what.ring_s, answer_on_bridge=True, action=f"{what.action}{STEP_OVERRIDES}"
    )
    dial.number(what.number, url=f"{what.whisper}{STEP_OVERRIDES}")
    return str(response)


def whisper_answer(said: Spoken) -> str:
    """What is said to who picked up, before the two are joined."""
    response = VoiceResponse()
    say(response, (said,))
    return str(response)
