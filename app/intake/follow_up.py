"""What is asked once the place is known: what they see, then whether it is still happening; and what a yes or a no means. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from app.intake.conversation import Question
from app.records.reading import Assessment, Kind

MOST_OF_ALL: Final = 3
"""How many questions one report gets, the place included: a frightened person has other things to do."""

SEEN: Final = frozenset({"size", "activity", "uniform", "equipment"})
"""SALUTE fields any of which says what is seen."""

YES: Final = re.compile(
    r"(y|yes|yeah|yep|s|si|claro|aun|todavia|still)\b|.*\b(siguen?|todavia (esta|estan|hay)|aun (esta|estan|hay)|still (here|there|going)"
    r"|(esta|estan) (aqui|ahi))\b"
)
NOT_GONE: Final = re.compile(r".*\b(no (se )?(han|ha) (salido|ido)|no se van|(have not|havent|has not|hasnt|not) left)\b")
NO: Final = re.compile(
    r"(n|no|nope|nah|not any ?more|ya no)\b|.*\b(ya no|se fueron|se fue|se han ido|(they|he|she) left|(are|is) gone|gone"
    r"|no longer|nobody (here|there)|no hay nadie|ya paso|termino|already left)\b"
)
UNSURE: Final = re.compile(r".*\b(no se|no estoy segur\w|not sure|(do not|dont|idk) ?(know)?|quien sabe|creo|maybe|tal vez)\b")


TAKEN_BACK: Final = re.compile(
    r"\b(me equivoque|equivocad[oa]|fue un error|no era (la migra|inmigracion|ice)|era (la )?policia|(my|a) mistake|was wrong|false alarm"
    r"|(was|is)(nt| not) ice|just (the )?(police|cops|sheriff)|falsa alarma)\b"
)
THANKS: Final = frozenset({
    "gracias", "muchas", "mil", "muy", "amable", "ok", "okay", "okey", "vale", "bueno", "esta", "bien", "perfecto", "listo",
    "thanks", "thank", "you", "thx", "ty", "so", "much", "very", "great", "good", "got", "it",
})  # fmt: skip
THE_DOOR: Final = "door"
"""Who has them at the door is told their rights and asked nothing."""


def next_question(kind: str, said: Assessment, asked: int, after: Question | None = None) -> Question | None:
    """What to ask of a report whose place is known, or None. `said` is all its words together, `asked` how many questions it got so far,
    `after` the one that was just answered. Who lost somebody is not questioned: people call them."""
    if kind != Kind.REPORT or asked >= MOST_OF_ALL or said.situation == THE_DOOR:
        return None
    details = after in {Question.REPORT_SEEN, Question.REPORT_STILL}
    if not details and not SEEN & said.salute.keys():
        return Question.REPORT_SEEN
    return Question.REPORT_STILL if after is not Question.REPORT_STILL and "time" not in said.salute else None


def read_still(words: str) -> bool | None:
    """Whether it is still happening, by the answer to that question; None when that can't be told."""
    plain = _plain(words)
    if UNSURE.match(plain):
        return None
    if NOT_GONE.match(plain):
        return True
    if NO.match(plain):
        return False
    return True if YES.match(plain) else None


def is_taken_back(words: str) -> bool:
    """Whether somebody says that it was a mistake, or not immigration: then there is nothing more to ask."""
    return TAKEN_BACK.search(_plain(words)) is not None


def is_only_thanks(words: str) -> bool:
    """Whether a text says no more than thanks, or is a thumb: it adds nothing to a report."""
    letters = [c for c in unicodedata.normalize("NFKD", words) if c.isalnum()]
    return bool(words.strip()) and all(c.isascii() and c.isalpha() for c in letters) and set(_plain(words).split()) <= THANKS


def _plain(words: str) -> str:
    folded = "".join(c for c in unicodedata.normalize("NFKD", words.lower()) if not unicodedata.combining(c) and c not in "'’")
    return " ".join(re.findall(r"[a-z]+", folded))
