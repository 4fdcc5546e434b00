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


def read_answer(text: str) -> Answer | Outcome | None:
    """What the text answers, or None when it is no answer (it then goes to the dispatcher as a note).

    "CONFIRM", "confirmo, dos camionetas", " N ", "Sí!" are answers. "No sé" is not a no, and a word in mid-sentence is no outcome.
    """
    plain = _plain(text)
    for answer, words in WORDS.items():
        if plain in words:
            return answer
    for answer, words in WORDS.items():
        if isinstance(answer, Outcome) and any(plain.startswith(f"{word} ") for word in words if len(word) > 3):
            return answer
    return None


def _plain(text: str) -> str:
    """Lower case, no accents, only letters and single spaces."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^a-z\s]", "", folded.replace("-", " ")).split())
