"""Names that a phone wrote down from speech cut them apart: "lumber ton", "henderson bill", "fay ette ville".

Dictation knows few small towns and writes the words that it knows instead. Two or three words in a row that make a name when they are
joined, letter by letter or by their sound, are taken for it; the words around decide as ever whether it is a place.
"""

from __future__ import annotations

from app.places import cues
from app.places.gazetteer import Gazetteer, PlaceKind
from app.places.words import Word, word_set

MOST_PIECES = 3
SURE_JOINED = 7
"""Letters. Words that make a shorter name are taken for it only behind a place word: "en con cor"."""
SHORTEST_JOINED = 6

ENDINGS = word_set("""
    vil vill ville bil bill bille bile vile view boro borro burro burrow bureau borough burg berg bird ton tun tone ten town tan son
    sun field fil ford for fort mont mount mouth port land lan bury berry
""")
"""How the common endings of towns are written by a phone that heard them in Spanish or in a hurry."""

_TOWNS = frozenset({PlaceKind.CITY, PlaceKind.COUNTY})


def joined_name(words: list[Word], at: int, gazetteer: Gazetteer) -> tuple[int, str] | None:
    """The position of the last word and the name (as the gazetteer keeps it) that the words from `at` on make together, or None."""
    if at + 1 >= len(words) or words[at + 1].gap != " ":
        return None
    if words[at].fold not in gazetteer.near.beginnings and not any(
        word.fold in ENDINGS or len(word.fold) == 1 for word in words[at + 1 : at + MOST_PIECES]
    ):
        return None
    expected = None
    for last in range(min(at + MOST_PIECES, len(words)) - 1, at, -1):
        if last > at + 1 and words[last].gap != " ":
            continue
        joined = "".join(word.fold for word in words[at : last + 1])
        if len(joined) < SHORTEST_JOINED or joined in gazetteer.ordinary:
            continue
        spaced = " ".join(word.fold for word in words[at : last + 1])
        if spaced in gazetteer.names:
            return None
        alike = (joined, *gazetteer.near.by_letters.get(joined, ()))
        ends_like_a_town = len(joined) > SURE_JOINED and (words[last].fold in ENDINGS or len(words[last].fold) == 1)
        if len(alike) == 1 and not ends_like_a_town and joined not in gazetteer.names:
            continue
        if expected is None:
            expected = cues.place_word_before(words, at) or cues.county_word_around(words, at, last) is not None
        for name in alike:
            if name.replace(" ", "") == joined and _is_town(name, gazetteer) and (expected or len(joined) >= SURE_JOINED):
                return last, name
        if expected and ends_like_a_town:
            for name in gazetteer.near.names_like(joined, expected=True):
                if _is_town(name, gazetteer):
                    return last, name
    return None


def _is_town(name: str, gazetteer: Gazetteer) -> bool:
    meanings = gazetteer.names.get(name)
    return meanings is not None and meanings[0].place.kind in _TOWNS
