"""Answers to a call: what is said in which language, and whether the line then asks, records or hangs up, as TwiML.

Keys and speech are equal everywhere, since speech fails in noise and keys fail in a moving hand; an answer that never comes is posted too
(`actionOnEmptyResult`), so that the next step and not Twilio decides what silence means. Attributes follow twilio.com, "TwiML for
Programmable Voice".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from twilio.twiml.voice_response import Gather, VoiceResponse

from app.core.languages import text_language

LOCALES: Final = {"en": "en-US", "es": "es-US"}
"""The regional language in which each of our languages is spoken and understood on a US phone line."""

VOICES: Final = {"en": "Polly.Joanna-Neural", "es": "Polly.Lupe-Neural"}
"""The voice of each language: it must be one that speaks its locale, or Twilio drops the sentence."""

STEP_OVERRIDES: Final = "#ct=2000&rt=6000&rc=2&rp=all"
"""What we ask of Twilio for the steps of a call: try twice more, whatever went wrong (twilio.com, "Webhook connection overrides"). A caller
waits meanwhile, so less patiently than for a text."""

CALLBACK_OVERRIDES: Final = "#ct=2000&rt=10000&rc=5&rp=all"
"""The same for news that nobody waits for."""


@dataclass(frozen=True)
class Spoken:
    """Words and the language to speak them in."""

    words: str
    language: str


@dataclass(frozen=True)
class Question:
    """Say something, then hear keys or words and post them to `action`. `keys` is how many keys make an answer, `language` the one to
    understand, `wait_s` how long to wait for an answer to begin, `pause_s` how long a pause ends what is being said, and `likely` are
    words to expect."""

    said: Sequence[Spoken]
    action: str
    language: str
    keys: int = 1
    wait_s: int = 6
    pause_s: int = 2
    likely: Sequence[str] = ()


@dataclass(frozen=True)
class Message:
    """Say something, then record a message after a beep until # or hanging up, at most `longest_s` seconds. It is posted to `action`
    when the caller is done and to `callback` when Twilio has it; when nothing was recorded, `otherwise` is said and the call ends."""

    said: Sequence[Spoken]
    action: str
    callback: str
    otherwise: Sequence[Spoken]
    longest_s: int = 120


@dataclass(frozen=True)
class Goodbye:
    """Say something and hang up."""

    said: Sequence[Spoken]


def voice_answer(what: Question | Message | Goodbye) -> str:
    """The TwiML document that does it."""
    response = VoiceResponse()
    match what:
        case Question():
            response.append(_gather(what))
        case Message():
            say(response, what.said)
            response.record(
                action=f"{what.action}{STEP_OVERRIDES}",
                max_length=what.longest_s,
                play_beep=True,
                finish_on_key="#",
                recording_status_callback=f"{what.callback}{CALLBACK_OVERRIDES}",
            )
            say(response, what.otherwise)
            response.hangup()
        case Goodbye():
            say(response, what.said)
            response.hangup()
    return str(response)


def say(parent: VoiceResponse | Gather, said: Sequence[Spoken]) -> None:
    """Add words, each in its own language and voice."""
    for part in said:
        language = text_language(part.language)
        parent.say(part.words, language=LOCALES[language], voice=VOICES[language])


def _gather(what: Question) -> Gather:
    more = {"hints": ", ".join(what.likely)} if what.likely else {}
    gather = Gather(
        input="dtmf speech",
        action=f"{what.action}{STEP_OVERRIDES}",
        num_digits=what.keys,
        finish_on_key="#",
        timeout=what.wait_s,
        speech_timeout=what.pause_s,
        language=LOCALES[text_language(what.language)],
        action_on_empty_result=True,
        profanity_filter=False,  # a witness's words are kept as they were said
        **more,
    )
    say(gather, what.said)
    return gather
