"""What a text says: language, kind, urgency, order, opt-out and details, each with the words that led to it.

`assess` is pure: the same text and lexicon give the same answer, and no text makes it raise.
"""

from __future__ import annotations

import re
from typing import TypedDict

from app.records.reading import Assessment, Command, Evidence, Kind
from app.triage.commands import read_command
from app.triage.concepts import Understood, sentences_of, understand
from app.triage.details import salute_of, situation_of
from app.triage.kinds import CAN_BE_URGENT, Scores, score, weigh
from app.triage.language import language_of
from app.triage.lexicon import Lexicon
from app.triage.optout import CLEAR_REQUEST, opts_out

BRIEF_WORDS = 4
"""A text of at most so many words is brief: "ayuda" and "help please" ask what we are, a longer cry tells what happens."""
OF_OUR_MATTERS = frozenset({
    "AGENCY", "HIELO", "AGENTS", "POLICE", "LOCAL_ONLY", "VEHICLES", "SUSPICIOUS", "CHECKPOINT", "ENFORCE", "GEAR", "DOOR_NOW", "KNOCK",
    "TAKEN", "HELD", "FIND", "GONE", "NOT_THERE", "HEARD", "ASK_TRUE", "ASK_THERE", "RIGHTS_ASK", "HYPO", "SUBSCRIBE", "VOLUNTEER",
    "DELETE", "HELP_ASK", "STATUS_ASK", "HOSTILE", "SPAM", "SCAM", "PRANK", "STOP_MESSAGES", "STOP_WEAK", "STOP_WORD",
})  # fmt: skip
"""A text that names none of these is about something else, far more often than not."""
KIND_OF_COMMAND = {
    Command.JOIN: Kind.SUBSCRIBE,
    Command.START: Kind.SUBSCRIBE,
    Command.STOP: Kind.STOP,
    Command.HELP: Kind.HELP,
    Command.RIGHTS: Kind.RIGHTS,
    Command.DELETE: Kind.DELETE,
    Command.LANGUAGE: Kind.OTHER,
    Command.REPORT: Kind.REPORT,
    Command.RUMOR: Kind.RUMOR,
    Command.CHECK: Kind.RUMOR,
    Command.VOLUNTEER: Kind.VOLUNTEER,
    Command.LEAVE: Kind.SUBSCRIBE,
    Command.PAUSE: Kind.OTHER,
    Command.ANYTIME: Kind.OTHER,
    Command.DAYTIME: Kind.OTHER,
    Command.COUNTIES: Kind.OTHER,
}
_CERTAIN = 8.0
"""The weight shown for an order or an opt-out, which no other evidence may outweigh."""


def assess(text: str, lexicon: Lexicon, *, remembered_language: str | None = None) -> Assessment:
    """Read one text. `remembered_language` (ISO 639-1) is what the sender chose or wrote before; it wins where words leave doubt."""
    said = understand(text, lexicon)
    language = language_of(said, remembered_language)
    situation = situation_of(said, lexicon)
    scores = score(said, marks_of(said), lexicon, lexicon.wording)
    opt_out = _opts_out(said, scores, lexicon)
    order = read_command(said, lexicon)
    if order is not None and (opt_out == (order[0] is Command.STOP) or (order[0] is Command.LEAVE and order[1])):
        command, argument = order
        urgent = False
        kind = KIND_OF_COMMAND[command]
        evidence: tuple[Evidence, ...] = (Evidence(text[:80], f"the order {command}", _CERTAIN),)
        if argument and kind in CAN_BE_URGENT:
            weighed = weigh(said, scores, lexicon)
            kind = weighed.kind if weighed.kind in CAN_BE_URGENT else kind
            urgent, evidence = weighed.urgent, (*evidence, *weighed.evidence)
        return Assessment(
            kind=kind,
            language=language,
            urgent=urgent,
            command=command,
            argument=argument,
            opt_out=opt_out,
            situation=situation if kind in _HAVE_A_SITUATION else None,
            **_details(said, lexicon, kind),
            evidence=evidence,
        )
    if opt_out:
        words = said.words_of("STOP_MESSAGES") or said.words_of("STOP_WORD") or text[:80]
        return Assessment(
            Kind.STOP, language, opt_out=True, evidence=(Evidence(words, lexicon.rules.says["STOP_MESSAGES"], _CERTAIN),)
        )
    weighed = weigh(said, scores, lexicon)
    return Assessment(
        kind=weighed.kind,
        language=language,
        urgent=weighed.urgent,
        situation=situation if weighed.kind in _HAVE_A_SITUATION else None,
        **_details(said, lexicon, weighed.kind),
        confidence=weighed.confidence,
        evidence=weighed.evidence,
    )


def _opts_out(said: Understood, scores: Scores, lexicon: Lexicon) -> bool:
    """Whether the text asks for an end, as a whole or in one sentence of it: "who is this? stop texting me" asks two things."""
    if opts_out(said, scores.chance(Kind.STOP), scores.chance(Kind.DELETE)):
        return True
    if "STOP_MESSAGES" not in said.concepts or "STOP_NOT" in said.concepts:
        return False
    sentences = sentences_of(said)
    if len(sentences) == 1:
        return False
    for sentence in sentences:
        part = understand(sentence, lexicon)
        if (
            "STOP_MESSAGES" in part.concepts
            and score(part, marks_of(part), lexicon, lexicon.wording).chance(Kind.STOP) >= CLEAR_REQUEST
        ):
            return True
    return False


def marks_of(said: Understood) -> frozenset[str]:
    """What the shape of the text says without words."""
    text = said.text
    marks = set()
    if "?" in text or "¿" in text or "？" in text or "؟" in text:
        marks.add("QUESTION")
    if _LINK.search(text) and not _MAP_LINK.search(text):
        marks.add("LINK")
    if _MONEY.search(text):
        marks.add("MONEY")
    if len(said.spoken) <= BRIEF_WORDS:
        marks.add("BRIEF")
    if said.concepts.isdisjoint(OF_OUR_MATTERS):
        marks.add("NO_MATTER")
    return frozenset(marks)


def _details(said: Understood, lexicon: Lexicon, kind: Kind) -> _Details:
    details = salute_of(said, lexicon) if kind in _HAVE_DETAILS else {}
    return {
        "salute": {field: detail.words for field, detail in details.items()},
        "salute_confidence": {field: detail.confidence for field, detail in details.items()},
    }


class _Details(TypedDict):
    salute: dict[str, str]
    salute_confidence: dict[str, float]


_HAVE_DETAILS = CAN_BE_URGENT | {Kind.RUMOR}
_HAVE_A_SITUATION = CAN_BE_URGENT | {Kind.RIGHTS}
_LINK = re.compile(
    r"https?://|www\.|\b[a-z0-9-]+\.(?:com|net|org|info|xyz|ly|top|click|shop|biz|link|site|online)\b", re.IGNORECASE
)
_MAP_LINK = re.compile(r"maps\.|goo\.gl|google\.[a-z]+/maps|geo:", re.IGNORECASE)
_MONEY = re.compile(r"\$\s?\d|\d\s?(?:\$|dolares|dollars|dlls|usd|bucks)\b", re.IGNORECASE)
