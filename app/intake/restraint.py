"""When not to answer: so that the hotline never talks to a machine for ever. Pure.

Only the answer is kept back; what was written is on record and a report is worked on like any other. What has to be remembered of a phone
stands in its row of `conversation`, which is locked and written for every text anyway: so it is shared by all web processes, costs no round
trip, needs no eviction, and is there when Redis is not.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from app.intake.conversation import Answer, Heard, Turn
from app.records.reading import Assessment, Kind

if TYPE_CHECKING:
    from app.records.contacts import Conversation

WINDOW: Final = timedelta(minutes=30)
"""So long answers that nobody asked for are counted together."""

MOST_UNASKED: Final = 5
"""How many answers a phone gets in that time to texts that ask for nothing and tell nothing (GoAlert's limit, there in memory)."""

SAME_WORDS_WINDOW: Final = timedelta(minutes=10)
MOST_SAME: Final = 2
"""How often the same words are answered in that time: once, and once more for who thinks that the first got lost."""

ALWAYS_ANSWERED: Final = frozenset({Kind.STOP, Kind.DELETE})
SIGHTINGS: Final = frozenset({Kind.REPORT, Kind.DETENTION})


class Silence(StrEnum):
    """Why a text gets no answer."""

    NO_PHONE = "no_phone"  # one of our own lines, a short code, a name: nobody reads an answer there
    MACHINE = "machine"  # it says itself that it is an automatic reply
    SAME_WORDS = "same_words"
    UNASKED = "unasked"


@dataclass(frozen=True)
class Memory:
    """What is remembered of a phone's texts: keyed hashes of the last words and the last reply, and the two counts with their starts."""

    last_words: bytes | None = None
    last_reply: bytes | None = None
    same_words: int = 0
    same_since: datetime | None = None
    unasked: int = 0
    unasked_since: datetime | None = None


@dataclass(frozen=True)
class Incoming:
    """A text as far as restraint looks at it: the keyed hash of its words, whether a phone can be answered there, whether it says itself
    that a machine wrote it, whether one of our volunteers sent it."""

    words: bytes
    is_phone: bool = True
    sounds_automatic: bool = False
    is_ours: bool = False


def memory_of(talk: Conversation) -> Memory:
    """What a conversation remembers."""
    return Memory(
        talk.last_words, talk.last_reply, talk.same_words or 0, talk.same_since, talk.unasked or 0, talk.unasked_since
    )


def restrain(
    before: Memory, text: Incoming, said: Assessment, heard: Heard, answer: Answer, now: datetime
) -> tuple[Answer, Memory, Silence | None]:
    """The answer, kept back where it must be; what to remember; and why it was kept back, if it was. `last_reply` of the memory is still
    that of before: the caller knows what goes out."""
    again = before.last_words == text.words and before.same_since is not None and now - before.same_since <= SAME_WORDS_WINDOW
    same, since = (before.same_words + 1, before.same_since) if again else (1, now)
    in_window = before.unasked_since is not None and now - before.unasked_since <= WINDOW
    unasked, unasked_since = (before.unasked, before.unasked_since) if in_window else (0, None)
    asked_for = said.command is not None or heard.turn is Turn.ANSWER or text.is_ours
    if asked_for:
        unasked, unasked_since = 0, None
    silence = None if answer.reply is None else _silence(text, said, heard, answer, same)
    if answer.reply is not None and silence is None and not asked_for and not _is_first_answer(heard, answer):
        if unasked >= MOST_UNASKED:
            silence = Silence.UNASKED
        else:
            unasked, unasked_since = unasked + 1, unasked_since or now
    memory = Memory(text.words, before.last_reply, same, since, unasked, unasked_since)
    return (replace(answer, reply=None) if silence else answer), memory, silence


def is_echo(before: Memory, words: bytes) -> bool:
    """Whether a text is our own last answer to that phone: it asks for nothing, also where our words tell how to stop."""
    return before.last_reply is not None and before.last_reply == words


def plain_words(text: str) -> str:
    """`text` as two copies of it compare: letters and digits alone, lower case, without accents."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    if not folded.isascii():
        folded = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(_WORD.findall(folded))


def sounds_automatic(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether a text says itself that a machine sent it. `phrases` are plain words."""
    return _any_of(phrases).search(f" {plain_words(text)} ") is not None


def _silence(text: Incoming, said: Assessment, heard: Heard, answer: Answer, same: int) -> Silence | None:
    if not text.is_phone:
        return Silence.NO_PHONE
    urgent_first = said.urgent and same == 1 and _is_first_answer(heard, answer)
    if said.kind in ALWAYS_ANSWERED or text.is_ours or urgent_first:
        return None
    if text.sounds_automatic and said.kind not in SIGHTINGS:
        return Silence.MACHINE
    if same > MOST_SAME and heard.turn is not Turn.ANSWER:
        return Silence.SAME_WORDS
    return None


def _is_first_answer(heard: Heard, answer: Answer) -> bool:
    """Whether it answers a report that was just made."""
    return answer.reported and heard.turn is Turn.NEW


@lru_cache(maxsize=8)
def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f" (?:{'|'.join(map(re.escape, phrases))}) " if phrases else r"(?!)")


_WORD: Final = re.compile(r"[^\W_]+")  # letters and digits of any script
