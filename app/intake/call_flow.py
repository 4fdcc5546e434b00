"""The path of a call: what the line says next, given where the call is and what the caller pressed or said. Pure.

    greeting ─▶ menu ─▶ 1 report:  place ─▶ read back, or which of these counties ─▶ what they see ─▶ thanks
                        2 rights:  the general text, then a topic by key
                        3 message: recorded, and it says so

Keys and words do the same everywhere. Whoever says at once what they see is taken at their word. Nothing that was said is lost by a wrong
key, by silence or by hanging up. The line never asks who is calling or what their status is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from app.core.languages import TEXT_LANGUAGES
from app.intake.call_words import LANGUAGE_WORDS, MENU_WORDS, OPTION_WORDS, RIGHTS_WORDS, SEEN_WORDS, YES_NO_WORDS, key_of
from app.records.reading import Kind, Location, Reading


class Step(StrEnum):
    """What the line waits for; also the last part of the address that hears it."""

    LANGUAGE = "language"
    MENU = "menu"
    PLACE = "place"
    COUNTY = "county"
    SEEN = "seen"
    RIGHTS = "rights"
    RECORDED = "recorded"


MOST_MISSES: Final = 2
"""How often in a row a question may go without an answer that fits before the line goes on without one."""

MOST_PLACES: Final = 3
"""How often the place is asked: once, and twice more. Then a person takes over."""

MOST_OPTIONS: Final = 4
"""How many counties are read out to choose from (High Point lies in four); with more, the place is asked again."""

MOST_TURNS: Final = 40
"""Answers after which a call ends, so that nothing that plays with the keys can hold the line."""

SENTENCE: Final = 3
"""Words from which on an answer at the menu is more than a choice."""

LONGEST_SPEECH: Final = 4000
"""Characters of one answer that are heard: Twilio listens for about a minute, which is less."""

OPTION_KEYS: Final = "12345678"
"""The keys of a list that is read out; 9 leads out of it."""

SEEN_KEYS: Final = {"1": "voice.key_taken", "2": "voice.key_door", "3": "voice.key_seen"}
"""What the keys of "what do you see?" mean, as texts of the pack."""

REPORTED: Final = frozenset({Kind.REPORT, Kind.DETENTION, Kind.RUMOR})
"""What a text must look like to be taken for an account of something seen or heard of."""


class CallState(BaseModel):
    """A call so far. `turn` is the number of the answer that is awaited, `misses` how often in a row none came that fits, `asked` how often
    the place was asked, `options` the counties that are read back, `denied` those that the caller said no to, `county` the one
    they agreed to. `place` and `seen` are the
    caller's own words, `saw` a text of the pack that they chose by key."""

    model_config = ConfigDict(frozen=True)

    at: Step = Step.LANGUAGE
    turn: int = 0
    misses: int = 0
    language: str | None = None
    asked: int = 0
    place: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    county: str | None = None
    saw: str | None = None
    seen: tuple[str, ...] = ()
    over: bool = False

    @property
    def told_something(self) -> bool:
        """Whether the caller said anything that a volunteer should know."""
        return bool(self.place or self.county or self.saw or self.seen)

    @property
    def told_what(self) -> bool:
        """Whether the caller said what they see."""
        return bool(self.saw or self.seen)


@dataclass(frozen=True)
class Heard:
    """One answer of the caller: keys, or words with what they say (`reading`) and where (`location`, read as an answer; a ZIP code by key
    too), the rights topic that they name; or a message that was `recorded`. All empty: silence."""

    digits: str = ""
    speech: str = ""
    reading: Reading | None = None
    location: Location = field(default_factory=Location)
    topic: str | None = None
    recorded: bool = False


@dataclass(frozen=True)
class Say:
    """A sentence to speak: a text of the pack, or (`key` empty) the rights text of `topic`. The others fill its blanks."""

    key: str
    county: str | None = None
    topic: str | None = None
    press: str | None = None


class Then(StrEnum):
    """What the line does after speaking."""

    ASK = "ask"
    RECORD = "record"
    HANG_UP = "hang_up"


@dataclass(frozen=True)
class Next:
    """What comes next: the call as it is now, what is said and then done, and whether the caller wants no more texts."""

    call: CallState
    said: tuple[Say, ...]
    then: Then = Then.ASK
    stop: bool = False


@dataclass(frozen=True)
class Caller:
    """What the path needs to know besides the call: whether this phone can be texted what becomes of it, and the rights topics by key."""

    can_be_told: bool = True
    topics: Sequence[str] = ()


def begin_call() -> Next:
    """Pick up: the greeting, in every language."""
    return _numbered(CallState(), _ask(CallState(), Step.LANGUAGE, Say("voice.greeting")))


def go_on(call: CallState, heard: Heard, caller: Caller) -> Next:
    """The call after one more answer."""
    if call.turn >= MOST_TURNS:
        return _numbered(call, _end(call, caller))
    return _numbered(call, _hear(call, heard, caller))


# ── What each step makes of an answer ────────────────────────────────────────────────────────────────────────────────────────────────


def _hear(call: CallState, heard: Heard, caller: Caller) -> Next:
    match call.at:
        case Step.LANGUAGE:
            return _hear_language(call, heard, caller)
        case Step.MENU:
            return _hear_menu(call, heard, caller)
        case Step.PLACE:
            return _hear_place(call, heard, caller)
        case Step.COUNTY:
            return _hear_county(call, heard, caller)
        case Step.SEEN:
            return _hear_seen(call, heard, caller)
        case Step.RIGHTS:
            return _hear_rights(call, heard, caller)
        case Step.RECORDED:
            return _hang_up(call, Say("voice.message_kept" if heard.recorded else "voice.goodbye"))


def _hear_language(call: CallState, heard: Heard, caller: Caller) -> Next:
    if _tells_details(heard):
        return _take_words(_with(call, language=_language_of(heard)), heard, caller)
    key = key_of(heard.digits, heard.speech, LANGUAGE_WORDS)
    if key in {"1", "2"}:
        return _ask(_with(call, language={"1": "en", "2": "es"}[key]), Step.MENU, Say("voice.menu"))
    if _opts_out(heard):
        return _stop(_with(call, language=_language_of(heard)))
    if call.misses + 1 < MOST_MISSES:
        return _repeat(call, Say("voice.greeting"))
    return _record(call)


def _hear_menu(call: CallState, heard: Heard, caller: Caller) -> Next:
    if _tells_details(heard):
        return _take_words(call, heard, caller)
    match key_of(heard.digits, heard.speech, MENU_WORDS):
        case "1":
            return _ask_place(call, caller)
        case "2":
            return _tell_rights(call, heard.topic, caller)
        case "3" | "0":
            return _record(call)
        case "9":
            return _ask(call, Step.MENU, Say("voice.menu"))
        case _:
            pass
    if heard.reading is not None and heard.reading.assessment.kind in REPORTED:
        return _take_words(call, heard, caller)
    if _opts_out(heard):
        return _stop(call)
    if heard.reading is not None and heard.reading.assessment.kind is Kind.RIGHTS:
        return _tell_rights(call, heard.topic, caller)
    if call.misses + 1 < MOST_MISSES:
        return _repeat(call, Say("voice.sorry"), Say("voice.menu"))
    return _record(call)


def _hear_place(call: CallState, heard: Heard, caller: Caller) -> Next:
    words = heard.speech or heard.digits
    if not words:
        return _ask_place(call, caller)
    return _settle_place(_with(call, place=(*call.place, words)), heard.location, caller)


def _hear_county(call: CallState, heard: Heard, caller: Caller) -> Next:
    one = len(call.options) == 1
    choices = {"1": call.options[0]} if one else dict(zip(OPTION_KEYS, call.options, strict=False))
    key = key_of(heard.digits, heard.speech, YES_NO_WORDS if one else OPTION_WORDS)
    named = [fips for fips in heard.location.counties if fips in call.options]
    in_a_word = bool(heard.digits) or len(heard.speech.split()) == 1 or not one
    if in_a_word and key in choices:
        return _agree(call, choices[key], caller)
    if len(named) == 1:
        return _agree(call, named[0], caller)
    if heard.location.counties and not named:
        return _settle_place(_with(call, place=(*call.place[:-1], heard.speech or heard.digits)), heard.location, caller)
    if key in choices:
        return _agree(call, choices[key], caller)
    if key == ("2" if one else "9"):
        return _ask_place(_with(call, place=call.place[:-1], denied=(*call.denied, *call.options)), caller)
    if call.misses + 1 < MOST_MISSES:
        return _repeat(call, Say("voice.sorry"), *_options(call))
    return _agree(call, call.options[0], caller) if one else _ask_seen(call, caller, Say("voice.place_unknown"))


def _hear_seen(call: CallState, heard: Heard, caller: Caller) -> Next:
    key = key_of(heard.digits, heard.speech, SEEN_WORDS)
    if key in SEEN_KEYS:
        return _end(_with(call, saw=SEEN_KEYS[key]), caller)
    if heard.speech:
        return _end(_with(call, seen=(*call.seen, heard.speech)), caller)
    if call.misses + 1 < MOST_MISSES:
        return _repeat(call, Say("voice.sorry"), Say("voice.ask_seen"))
    return _end(call, caller) if call.told_something else _record(call)


def _hear_rights(call: CallState, heard: Heard, caller: Caller) -> Next:
    key = key_of(heard.digits, heard.speech, RIGHTS_WORDS)
    if key == "9":
        return _ask(call, Step.MENU, Say("voice.menu"))
    topics = dict(zip(OPTION_KEYS, caller.topics, strict=False))
    topic = heard.topic or topics.get(key or "")
    if topic is not None:
        return _tell_rights(call, topic, caller)
    if call.misses + 1 < MOST_MISSES:
        return _repeat(call, Say("voice.sorry"), *_topics(caller))
    return _end(call, caller)


# ── The ways on ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _take_words(call: CallState, heard: Heard, caller: Caller) -> Next:
    """They told at once what they see: keep it, and ask only for what is missing."""
    assert heard.reading is not None
    call = _with(call, seen=(*call.seen, heard.speech))
    return _settle_place(call, heard.reading.location, caller)


def _ask_place(call: CallState, caller: Caller) -> Next:
    if call.asked >= MOST_PLACES:
        return _ask_seen(call, caller, Say("voice.place_unknown"))
    key = "voice.ask_place_again" if call.asked else "voice.ask_place"
    return _ask(_with(call, asked=call.asked + 1, options=()), Step.PLACE, Say(key))


def _settle_place(call: CallState, where: Location, caller: Caller) -> Next:
    """Read back what was understood of the place; where nothing was, or too much, ask again."""
    if 1 <= len(where.counties) <= MOST_OPTIONS:
        call = _with(call, options=where.counties)
        return _ask(call, Step.COUNTY, *_options(call))
    return _ask_place(call, caller)


def _options(call: CallState) -> tuple[Say, ...]:
    if len(call.options) == 1:
        return (Say("voice.read_back", county=call.options[0]),)
    each = [Say("voice.county_key", county=fips, press=OPTION_KEYS[i]) for i, fips in enumerate(call.options)]
    return (Say("voice.which_county"), *each, Say("voice.other_place"))


def _agree(call: CallState, county: str, caller: Caller) -> Next:
    return _ask_seen(_with(call, county=county), caller)


def _ask_seen(call: CallState, caller: Caller, *before: Say) -> Next:
    if call.told_what:
        return _end(call, caller)
    return _ask(call, Step.SEEN, *before, Say("voice.ask_seen"))


def _tell_rights(call: CallState, topic: str | None, caller: Caller) -> Next:
    return _ask(call, Step.RIGHTS, Say("", topic=topic or ""), *_topics(caller))


def _topics(caller: Caller) -> tuple[Say, ...]:
    each = [Say("voice.topic_key", topic=topic, press=key) for key, topic in zip(OPTION_KEYS, caller.topics, strict=False)]
    return (*each, Say("voice.menu_key"))


def _record(call: CallState) -> Next:
    return Next(_with(call, at=Step.RECORDED, misses=0), (Say("voice.message_warning"),), Then.RECORD)


def _stop(call: CallState) -> Next:
    return Next(_with(call, over=True), (Say("voice.stopped"),), Then.HANG_UP, stop=True)


def _end(call: CallState, caller: Caller) -> Next:
    if not call.told_something:
        return _hang_up(call, Say("voice.goodbye"))
    return _hang_up(call, Say("voice.thanks" if caller.can_be_told else "voice.thanks_no_text"))


def _hang_up(call: CallState, *said: Say) -> Next:
    return Next(_with(call, over=True), said, Then.HANG_UP)


def _ask(call: CallState, step: Step, *said: Say) -> Next:
    return Next(_with(call, at=step, misses=0), said)


def _repeat(call: CallState, *said: Say) -> Next:
    return Next(_with(call, misses=call.misses + 1), said)


def _numbered(before: CallState, following: Next) -> Next:
    return Next(_with(following.call, turn=before.turn + 1), following.said, following.then, following.stop)


def _with(call: CallState, **changes: Any) -> CallState:
    return call.model_copy(update=changes)


# ── What keys and words mean ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _tells_details(heard: Heard) -> bool:
    """Whether words say what is seen or where, and not only that somebody wants to report. Whoever names a place in a sentence and wants
    nothing else that we know is telling something."""
    if heard.reading is None:
        return False
    said, where = heard.reading.assessment, heard.reading.location
    if said.kind in REPORTED:
        return bool(said.salute or where.counties)
    return said.kind is Kind.OTHER and bool(where.counties) and len(heard.speech.split()) >= SENTENCE


def _opts_out(heard: Heard) -> bool:
    return heard.reading is not None and heard.reading.assessment.opt_out


def _language_of(heard: Heard) -> str:
    spoken = heard.reading.assessment.language if heard.reading is not None else "en"
    return spoken if spoken in TEXT_LANGUAGES else "en"
