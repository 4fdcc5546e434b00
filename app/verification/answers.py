"""What a field verifier's text means: yes, no, how soon, there now, or what they found, in either language, whatever the case, the spaces
and the words around it. Pure."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from app.records.verification import Outcome


class Answer(StrEnum):
    """An answer that is not yet an outcome."""

    YES = "yes"
    NO = "no"
    HERE = "here"  # they are at the place
    SAFE = "safe"  # they are well, as they were asked


WORDS: Final[dict[Answer | Outcome, frozenset[str]]] = {
    Answer.YES: frozenset(
        {"y", "yes", "yep", "yeah", "sure", "ok", "okay", "s", "si", "claro", "voy", "ya voy", "going", "on my way", "omw"}
        | {"en camino", "voy en camino", "i can go", "i can", "puedo ir", "si puedo", "yo voy", "im going", "i am going", "👍"}
    ),
    Answer.NO: frozenset(
        {
            "n",
            "no",
            "nope",
            "cant",
            "no puedo",
            "can not",
            "cannot",
            "i cant",
            "i cannot",
            "cant go",
            "i cant go",
            "no puedo ir",
        }
        | {"not now", "cant now", "cant right now", "ahora no", "ahora no puedo", "no puedo ahora", "no thanks", "no gracias"}
        | {
            "no thank you",
            "sorry no",
            "no sorry",
            "no perdon",
            "perdon no",
            "no lo siento",
            "lo siento no puedo",
            "sorry i cant",
        }
        | {"no i cant", "no no puedo", "cant make it", "👎"}
    ),
    Answer.HERE: frozenset(
        {"here", "im here", "i am here", "aqui", "aqui estoy", "estoy aqui", "ya estoy aqui", "ya llegue", "llegue", "arrived"}
        | {"i arrived", "ya estoy", "on site", "on scene", "there now", "im there", "i am there", "estoy ahi", "ya estoy ahi"}
    ),
    Answer.SAFE: frozenset(
        {"im ok", "i am ok", "im okay", "im fine", "i am fine", "im good", "all good", "all ok", "safe", "im safe", "i am safe"}
        | {
            "estoy bien",
            "todo bien",
            "bien",
            "estoy ok",
            "si estoy bien",
            "yes im ok",
            "yes im fine",
            "estamos bien",
            "were ok",
        }
    ),
    Outcome.CONFIRM: frozenset({"confirm", "confirmed", "confirmo", "confirmado", "confirmar", "confirmada", "i confirm"}),
    Outcome.POLICE: frozenset({"police", "policia", "policias", "cops", "sheriff", "local police", "policia local"}),
    Outcome.NOTHING: frozenset(
        {"nothing", "nada", "no hay nada", "nothing here", "nothing there", "clear", "all clear", "no hay nadie", "nobody here"}
    ),
    Outcome.GONE: frozenset(
        {
            "gone",
            "se fueron",
            "ya se fueron",
            "they left",
            "left",
            "already gone",
            "they are gone",
            "theyre gone",
            "ya no estan",
        }
    ),
    Outcome.UNABLE: frozenset(
        {"unable", "no pude", "no se pudo", "could not", "couldnt", "cant tell", "no pude ver", "no pude llegar", "cant see"}
    ),
}
"""The whole words of each answer. A text is matched whole first; then, for outcomes, by its first words."""

FILLERS: Final = frozenset(
    {"hi", "hello", "hola", "hey", "vigia", "its", "it", "is", "was", "just", "only", "solo", "es", "era", "fue", "son", "eran"}
    | {"la", "the", "ya", "pues", "here", "there", "aqui", "ahi", "we", "so", "well", "bueno", "update", "answer", "respuesta"}
)
"""Words before an answer that take nothing from it: "hola, aquí nada", "it was just police"."""

NEGATIONS: Final = frozenset(
    {"no", "not", "nor", "never", "none", "nobody", "nada", "nadie", "ningun", "ninguno", "ninguna", "isnt", "arent"}
    | {"but", "pero"}
)
"""Words after which a first word no longer means what it seems to: "confirmed no ICE here", "nothing yet but vans"."""

HEDGES: Final = frozenset(
    {"yet", "todavia", "aun", "maybe", "quizas", "quiza", "talvez", "probably", "creo", "think", "parece", "seems"}
)
"""Words of somebody who is still finding out."""

SIGHTINGS: Final = frozenset({"ice", "migra", "agents", "agentes", "federal", "feds", "inmigracion", "immigration"})
"""What somebody who saw nothing, or only the police, would not report in the same breath."""

LONGEST_WAY: Final = 180
"""Minutes. A larger number is no time to get there."""

_MINUTES: Final = re.compile(
    r"(?:(?:y|yes|ok|si|s|voy|going|on my way|omw|en camino|claro|eta|llego|there|alla)\s+)*(?:en|in|about|como|unos|eta)?\s*"
    r"(\d{1,3})\s*(?:m|min|mins|minute|minutes|minuto|minutos)?(?:\s+(?:eta|away|out|y llego|llego))?"
)


_HELP: Final = re.compile(r"\b(?:help|ayud\w*|auxilio|socorro)\b")


def read_minutes(text: str) -> int | None:
    """In how many minutes they can be there, if the text says nothing else: "15", "Y 15", "sí, en 20 minutos", "ETA 10 min". It is a yes.
    None where it says something else, or a number that is no time to get there (0, more than LONGEST_WAY)."""
    if "?" in text or "¿" in text:
        return None
    found = _MINUTES.fullmatch(_plain(text, digits=True))
    minutes = int(found[1]) if found else 0
    return minutes if 0 < minutes <= LONGEST_WAY else None


def read_answer(text: str, *, whole: bool = False) -> Answer | Outcome | None:
    """What the text answers, or None when it is no clear answer: it then goes to the dispatcher as a note, who asks.

    "CONFIRM", "confirmo, dos camionetas", " N ", "Sí, voy", "Si!", "hola, aquí nada" are answers. "No sé" is not a no, "Confirmed no ICE
    here" confirms nothing, and a question answers nothing. `whole`: only a text that is nothing but an answer counts, as when nothing is
    asked any more.
    """
    if "?" in text or "¿" in text:
        return None
    plain = _plain(text)
    if (said := _whole(plain)) is not None:
        return said
    if whole:
        return None
    if (said := _by_first_words(plain)) is not None and isinstance(said, Outcome):
        return said
    bare = plain.split()
    while bare and bare[0] in FILLERS:
        bare = bare[1:]
        rest = _whole(" ".join(bare)) or _by_first_words(" ".join(bare))
        if isinstance(rest, Outcome):
            return rest
    return said


def names_help(text: str) -> bool:
    """Whether a text names help, and is not only a question about the way."""
    return _HELP.search(_plain(text)) is not None


def says_more(text: str) -> bool:
    """Whether a text says more than one of the words that we wait for: then a person should read it, too."""
    return _whole(_plain(text)) is None and read_minutes(text) is None


def _whole(plain: str) -> Answer | Outcome | None:
    return next((answer for answer, words in WORDS.items() if plain in words), None)


def _by_first_words(plain: str) -> Answer | Outcome | None:
    for answer, words in WORDS.items():
        for word in sorted(words, key=len, reverse=True):
            if plain.startswith(f"{word} ") and _fits(answer, set(plain.removeprefix(word).split())):
                return answer
    return None


def _fits(answer: Answer | Outcome, rest: set[str]) -> bool:
    """Whether the words after an answer leave it standing."""
    if answer in {Answer.NO, Answer.SAFE}:
        return False  # "no sé", "no hay nada", "no, pero …", "all good but …": only the bare word is one
    if rest & NEGATIONS or (isinstance(answer, Outcome) and rest & HEDGES):
        return False
    others = {word for other, words in WORDS.items() if other is not answer for word in words if isinstance(other, Outcome)}
    if rest & others:
        return False
    return answer in {Answer.YES, Answer.HERE, Outcome.CONFIRM} or not rest & SIGHTINGS


def _plain(text: str, *, digits: bool = False) -> str:
    """Lower case, no accents, only letters (thumbs, and where asked digits) and single spaces."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    kept = r"[^a-z0-9\s👍👎]" if digits else r"[^a-z\s👍👎]"
    return " ".join(re.sub(kept, "", folded.replace("-", " ")).split())
