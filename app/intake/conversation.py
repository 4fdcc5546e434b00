"""The conversation: what the hotline asked, whether a text answers it, what to ask next. Pure; one question at a time, the place first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.records.contacts import Conversation
from app.records.reading import NEEDS_ONE_COUNTY, Kind, Location, Reading

ANSWER_TIME: Final = timedelta(hours=2)
"""How long a question stays open. Later, a bare "Durham" is a new text and not an answer."""

FRAGMENT_TIME: Final = timedelta(seconds=90)
"""Texts of one person within this time are one report (DESIGN section 5)."""

MOST_QUESTIONS: Final = 2
"""How often the place is asked before a person takes over: asking a frightened person again and again helps nobody."""


class Question(StrEnum):
    """What the hotline may have asked."""

    REPORT_PLACE = "report_place"
    SUBSCRIBE_PLACE = "subscribe_place"


class Turn(StrEnum):
    """What a text is in its conversation."""

    ANSWER = "answer"  # it answers the open question
    UNCLEAR = "unclear"  # it should, but no place can be found in it
    FRAGMENT = "fragment"  # more of the report that was just made
    NEW = "new"


@dataclass(frozen=True)
class Heard:
    """A text in its conversation: its turn, and where it says (read as an answer where it is one)."""

    turn: Turn
    question: Question | None
    location: Location


STANDS_ALONE: Final = frozenset({Kind.STOP, Kind.HELP, Kind.DELETE, Kind.RIGHTS, Kind.VOLUNTEER})
"""Kinds that are never taken for an answer: they mean themselves whatever was asked."""


def open_question(talk: Conversation, now: datetime) -> Question | None:
    """The question whose answer is still awaited, or None."""
    if talk.awaiting is None or talk.asked_at is None or now - talk.asked_at > ANSWER_TIME:
        return None
    return Question(talk.awaiting)


def hear(talk: Conversation, reading: Reading, as_answer: Location, now: datetime) -> Heard:
    """Place a text in its conversation. `as_answer` is where it says if read as the answer to "which city, county or ZIP code?"."""
    said, question = reading.assessment, open_question(talk, now)
    means_itself = said.command is not None or said.kind in STANDS_ALONE
    if question is not None and not means_itself:
        if _is_new_report(talk, reading):
            return Heard(Turn.NEW, None, reading.location)
        return Heard(Turn.ANSWER if as_answer.counties else Turn.UNCLEAR, question, as_answer)
    just_reported = talk.last_report_at is not None and now - talk.last_report_at <= FRAGMENT_TIME
    if just_reported and not means_itself and said.kind in {Kind.REPORT, Kind.DETENTION, Kind.OTHER}:
        return Heard(Turn.FRAGMENT, None, reading.location)
    return Heard(Turn.NEW, None, reading.location)


def is_elsewhere(told_place: str | None, reading: Reading) -> bool:
    """Whether a text that came right after a report is a report of its own, from another place: it says what is seen, and names a place
    that shares no word with the first one's but the town."""
    if told_place is None or reading.location.label is None or reading.assessment.kind not in {Kind.REPORT, Kind.DETENTION}:
        return False
    before, now = _place_words(told_place), _place_words(reading.location.label)
    return bool(before) and bool(now) and not before & now


def _place_words(label: str) -> set[str]:
    """The words of a place's public name without its last part, the town."""
    return {word for part in label.split(",")[:-1] for word in part.lower().split() if len(word) > 2}


def _is_new_report(talk: Conversation, reading: Reading) -> bool:
    """While a sign-up's county is asked for, someone may see something: that comes first, and is no answer."""
    return talk.awaiting == Question.SUBSCRIBE_PLACE and reading.assessment.kind in NEEDS_ONE_COUNTY - {Kind.SUBSCRIBE}
