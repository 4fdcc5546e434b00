"""What a field verifier's text means: yes, no, or what they found, in either language, whatever the case and spaces. Pure."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from app.records.verification import Outcome


class Answer(StrEnum):
    """An answer to an offer that is not yet an outcome."""

    YES = "yes"
    NO = "no"


WORDS: Final[dict[Answer | Outcome, frozenset[str]]] = {
    Answer.YES: frozenset({"y", "yes", "yep", "ok", "okay", "s", "si", "claro", "voy", "going"}),
    Answer.NO: frozenset({"n", "no", "nope", "cant", "no puedo", "can not", "cannot"}),
    Outcome.CONFIRM: frozenset({"confirm", "confirmed", "confirmo", "confirmado", "confirmar"}),
    Outcome.POLICE: frozenset({"police", "policia", "cops", "sheriff", "local police", "policia local"}),
    Outcome.NOTHING: frozenset({"nothing", "nada", "no hay nada", "nothing here", "nothing there", "clear"}),
    Outcome.GONE: frozenset({"gone", "se fueron", "ya se fueron", "they left", "left", "already gone", "they are gone"}),
    Outcome.UNABLE: frozenset({"unable", "no pude", "no se pudo", "could not", "couldnt", "cant tell", "no pude ver"}),
}
"""The whole words of each answer. A text is matched whole first; then, for outcomes, by its first words."""


NEGATIONS: Final = frozenset(
    {
        "no",
        "not",
        "nor",
        "never",
        "none",
        "nobody",
        "nada",
        "nadie",
        "ningun",
        "ninguno",
        "ninguna",
        "isnt",
        "arent",
        "but",
        "pero",
    }
)
"""Words after which a first word no longer means what it seems to: "confirmed no ICE here", "nothing yet but vans"."""

SIGHTINGS: Final = frozenset({"ice", "migra", "agents", "agentes", "federal", "feds", "inmigracion", "immigration"})
"""What somebody who saw nothing, or only the police, would not report in the same breath."""


def read_answer(text: str, *, whole: bool = False) -> Answer | Outcome | None:
    """What the text answers, or None when it is no clear answer: it then goes to the dispatcher as a note, who asks.

    "CONFIRM", "confirmo, dos camionetas", " N ", "Sí, voy", "Si!" are answers. "No sé" is not a no, "Confirmed no ICE here" confirms
    nothing, and a question answers nothing. `whole`: only a text that is nothing but an answer counts, as when nothing is asked any more.
    """
    plain = _plain(text)
    for answer, words in WORDS.items():
        if plain in words and "?" not in text:
            return answer
    if whole or "?" in text or "¿" in text:
        return None
    for answer, words in WORDS.items():
        for word in sorted(words, key=len, reverse=True):
            if plain.startswith(f"{word} ") and _fits(answer, set(plain.removeprefix(word).split())):
                return answer
    return None


def _fits(answer: Answer | Outcome, rest: set[str]) -> bool:
    """Whether the words after an answer leave it standing."""
    if answer is Answer.NO:
        return False  # "no sé", "no hay nada", "no, pero …": only a bare no is a no
    if rest & NEGATIONS:
        return False
    others = {word for other, words in WORDS.items() if other is not answer for word in words if isinstance(other, Outcome)}
    if rest & others:
        return False
    return answer in {Answer.YES, Outcome.CONFIRM} or not rest & SIGHTINGS


def _plain(text: str) -> str:
    """Lower case, no accents, only letters and single spaces."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^a-z\s]", "", folded.replace("-", " ")).split())
