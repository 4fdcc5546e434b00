"""The conversation: what the hotline asked, whether a text answers it, what to ask next. Pure; one question at a time, the place first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from app.intake.keep import Kept
from app.records.incidents import Report
from app.records.reading import NEEDS_ONE_COUNTY, Command, Kind, Location, Reading
from app.records.states import DECIDED, IncidentState

if TYPE_CHECKING:
    from app.intake.keep import Kept
    from app.records.contacts import Conversation
    from app.records.incidents import Report

ANSWER_TIME: Final = timedelta(hours=2)
"""How long a question stays open. Later, a bare "Durham" is a new text and not an answer."""

DETAIL_TIME: Final = timedelta(minutes=15)
"""How long what a person writes is the answer to what they see, or whether it is still happening."""

PROMPT_ANSWER: Final = timedelta(minutes=10)
"""Later than this a whole report with its own place is a new one, also while a place is asked for."""

SIGHTINGS: Final = frozenset({Kind.REPORT, Kind.DETENTION})

ASIDES: Final = frozenset({Kind.RIGHTS, Kind.HELP, Kind.VOLUNTEER})

FRAGMENT_TIME: Final = timedelta(seconds=90)
"""Texts of one person within this time are one report (DESIGN section 5)."""

PICTURE_TIME: Final = timedelta(minutes=30)
"""A photo or a pin without a word that follows a report within this time is of that report."""

MENU_TIME: Final = timedelta(minutes=30)
"""How long a bare "2" is the answer to the menu of rights."""

MOST_QUESTIONS: Final = 2
"""How often the place is asked before a person takes over: asking a frightened person again and again helps nobody."""


class Question(StrEnum):
    """What the hotline may have asked."""

    REPORT_PLACE = "report_place"
    REPORT_SEEN = "report_seen"
    REPORT_STILL = "report_still"
    SUBSCRIBE_PLACE = "subscribe_place"
    RIGHTS_TOPIC = "rights_topic"


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


@dataclass(frozen=True)
class Answer:
    """What the hotline says to a text, and what it will remember: the question it asked, about which report, the county it learned."""

    reply: str | None = None
    question: Question | None = None
    questions: int = 0
    report_id: UUID | None = None
    reported: bool = False
    county: str | None = None
    language: str | None = None


DETAILS: Final = frozenset({Question.REPORT_SEEN, Question.REPORT_STILL})
"""Questions about a report that is with its incident already: nothing waits for their answers."""

STANDS_ALONE: Final = frozenset({Kind.STOP, Kind.HELP, Kind.DELETE, Kind.RIGHTS, Kind.VOLUNTEER})
"""Kinds that are never taken for an answer: they mean themselves whatever was asked."""


def open_question(talk: Conversation, now: datetime) -> Question | None:
    """The question whose answer is still awaited, or None."""
    if talk.awaiting is None or talk.asked_at is None or now - talk.asked_at > ANSWER_TIME:
        return None
    question = Question(talk.awaiting)
    lasts = DETAIL_TIME if question in DETAILS else MENU_TIME if question is Question.RIGHTS_TOPIC else ANSWER_TIME
    return None if now - talk.asked_at > lasts else question


def hear(
    talk: Conversation,
    reading: Reading,
    read_as_answer: Callable[[], Location],
    now: datetime,
    *,
    without_words: bool = False,
    chooses_rights: bool = False,
) -> Heard:
    """Place a text in its conversation. `read_as_answer` gives where it says if read as the answer to "which city, county or ZIP code?";
    it is only called when that was asked. `without_words`: it is a photo or a pin alone. `chooses_rights`: it names a topic of the
    rights menu and says nothing else."""
    said, question = reading.assessment, open_question(talk, now)
    if question is Question.RIGHTS_TOPIC:
        if chooses_rights:
            return Heard(Turn.ANSWER, question, reading.location)
        question = None  # whoever writes of something else is not held to the menu
    means_itself = said.command is not None or said.kind in STANDS_ALONE
    more = said.kind in {Kind.REPORT, Kind.DETENTION, Kind.OTHER} or (said.kind is Kind.RUMOR and not reading.location.counties)
    if question in DETAILS and not means_itself:
        return Heard(Turn.ANSWER, question, reading.location) if more else Heard(Turn.NEW, None, reading.location)
    if question is not None and not means_itself:
        if _is_new_report(talk, reading, now):
            return Heard(Turn.NEW, None, reading.location)
        as_answer = read_as_answer()
        return Heard(Turn.ANSWER if as_answer.counties else Turn.UNCLEAR, question, as_answer)
    time_for_more = PICTURE_TIME if without_words else FRAGMENT_TIME
    just_reported = talk.last_report_at is not None and now - talk.last_report_at <= time_for_more
    if just_reported and not means_itself and more:
        return Heard(Turn.FRAGMENT, None, reading.location)
    return Heard(Turn.NEW, None, reading.location)


def is_another_event(told: Report, state: IncidentState | None, heard: Heard, reading: Reading) -> bool:
    """Whether a text that looks like more of a report is of another event: the first is decided, or this one is from elsewhere."""
    if reading.assessment.kind not in SIGHTINGS:
        return False
    if state is not None and (state in DECIDED or state is IncidentState.DISMISSED):
        return True
    return (heard.turn is Turn.FRAGMENT or heard.question in DETAILS) and is_elsewhere(told.county, told.place, reading)


def is_still_writing(talk: Conversation, heard: Heard, reading: Reading, now: datetime) -> bool:
    """Whether a text is more of a report whose place was asked for a moment ago, written before the question was read."""
    just_asked = talk.asked_at is not None and now - talk.asked_at <= FRAGMENT_TIME
    said = reading.assessment
    tells = said.kind in SIGHTINGS or bool(said.salute)
    return heard.turn is Turn.UNCLEAR and heard.question is Question.REPORT_PLACE and just_asked and tells


def is_overtaken(kept: Kept, reading: Reading, received_at: datetime | None, opt_out_type: str = "") -> bool:
    """Whether a text that came to us late asks for texts although its sender has said stop since. `opt_out_type`: as Twilio took it."""
    said, stopped = reading.assessment, kept.sender.stopped_at
    wants_texts = said.kind is Kind.SUBSCRIBE or said.command in {Command.JOIN, Command.START} or opt_out_type == "START"
    return wants_texts and received_at is not None and stopped is not None and stopped > received_at


def hush(kept: Kept, reading: Reading, answer: Answer) -> Answer:
    """Who said stop is heard and not answered, unless they ask for something by name."""
    said = reading.assessment
    asks = said.command is not None or said.kind in {Kind.SUBSCRIBE, Kind.RIGHTS, Kind.HELP, Kind.DELETE, Kind.STOP}
    return answer if kept.sender.stopped_at is None or asks else replace(answer, reply=None, question=None)


def keep_asking(kept: Kept, reading: Reading, heard: Heard, answer: Answer, now: datetime) -> Answer:
    """An open question stays open when the person asks something of their own in between: DERECHOS, AYUDA, ENGLISH."""
    question = open_question(kept.conversation, now)
    aside = reading.assessment.kind in ASIDES or reading.assessment.command in {Command.LANGUAGE, Command.CHECK}
    menu = Question.RIGHTS_TOPIC
    if question is None or heard.question is not None or answer.question not in {None, menu} or not aside:
        return answer
    if answer.question is menu and (question is menu or question in DETAILS):
        return answer  # no place waits for its answer
    return replace(answer, question=question, questions=kept.conversation.questions, report_id=kept.conversation.report_id)


def is_elsewhere(county: str | None, place: str | None, reading: Reading) -> bool:
    """Whether a text that came after a report is a report of its own, from another place: it says what is seen, and names another county,
    or a place that shares no word with the first one's but the town."""
    if reading.assessment.kind not in SIGHTINGS:
        return False
    where = reading.location
    if county is not None and where.county is not None and where.county != county:
        return True
    before, now = _place_words(place or ""), _place_words(where.label or "")
    return bool(before) and bool(now) and not before & now


def _place_words(label: str) -> set[str]:
    """The words of a place's public name without its last part, the town."""
    return {word for part in label.split(",")[:-1] for word in part.lower().split() if len(word) > 2}


def _is_new_report(talk: Conversation, reading: Reading, now: datetime) -> bool:
    """Something new comes first, and is no answer: while a sign-up's county is asked for; or long after a report's place was."""
    kind = reading.assessment.kind
    if talk.awaiting == Question.SUBSCRIBE_PLACE:
        return kind in NEEDS_ONE_COUNTY - {Kind.SUBSCRIBE}
    late = talk.asked_at is not None and now - talk.asked_at > PROMPT_ANSWER
    return late and kind in SIGHTINGS and reading.location.county is not None
