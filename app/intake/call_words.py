"""The key that a caller's words stand for: "report" is 1 at the menu, "sí" is 1 when something is read back. Pure; the words are data.

Words of every language count at once, as a caller who chose one may fall into the other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

LANGUAGE_WORDS: Final = {"english": "1", "ingles": "1", "espanol": "2", "spanish": "2"}
MENU_WORDS: Final = {
    "report": "1", "reporting": "1", "reportar": "1", "reporte": "1", "denunciar": "1",
    "rights": "2", "derechos": "2",
    "message": "3", "voicemail": "3", "person": "3", "someone": "3", "operator": "3",
    "mensaje": "3", "recado": "3", "persona": "3", "alguien": "3", "operadora": "3",
    "again": "9", "repeat": "9", "repetir": "9", "repita": "9",
}  # fmt: skip
YES_NO_WORDS: Final = {
    "yes": "1", "yeah": "1", "yep": "1", "right": "1", "correct": "1", "si": "1", "correcto": "1", "claro": "1", "exacto": "1",
    "no": "2", "nope": "2", "not": "2", "isn": "2", "wrong": "2", "incorrect": "2", "incorrecto": "2",
}  # fmt: skip
OPTION_WORDS: Final = {"another": "9", "other": "9", "none": "9", "otro": "9", "otra": "9", "ninguno": "9", "ninguna": "9"}
RIGHTS_WORDS: Final = {"menu": "9", "main": "9", "principal": "9"}
SEEN_WORDS: Final[Mapping[str, str]] = {}
"""What they see is kept as they say it: only a bare number is a key there."""

NUMBER_WORDS: Final = {
    **{key: key for key in "0123456789"},
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "cero": "0", "uno": "1", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "seis": "6", "siete": "7", "ocho": "8", "nueve": "9",
    "first": "1", "second": "2", "third": "3", "fourth": "4",
    "primero": "1", "primera": "1", "segundo": "2", "segunda": "2", "tercero": "3", "tercera": "3", "cuarto": "4", "cuarta": "4",
}  # fmt: skip
AROUND_A_NUMBER: Final = frozenset(
    [
        "press",
        "number",
        "the",
        "option",
        "uh",
        "um",
        "please",
        "oprima",
        "marque",
        "numero",
        "el",
        "la",
        "opcion",
        "eh",
        "por",
        "favor",
    ]
)

NO: Final = "2"


def key_of(digits: str, speech: str, words: Mapping[str, str]) -> str | None:
    """The key that an answer means: what was pressed, else what its words stand for in `words` or as a bare number. None where they stand
    for nothing or for several keys, except that a no beside a yes is a no ("that's not right")."""
    if digits:
        return digits
    said = fold(speech).split()
    counted = [word for word in said if word not in AROUND_A_NUMBER]
    if counted and all(word in NUMBER_WORDS for word in counted):  # "two", "press 2"; "two agents" counts what they see
        found = {NUMBER_WORDS[word] for word in counted}
    else:
        found = {words[word] for word in said if word in words}
    if words is YES_NO_WORDS and NO in found:
        return NO
    return found.pop() if len(found) == 1 else None


def fold(speech: str) -> str:
    """In lower case, without accents and marks."""
    plain = "".join(c for c in unicodedata.normalize("NFD", speech.casefold()) if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in plain)
