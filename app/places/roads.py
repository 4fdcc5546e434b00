"""Interstates and highways: which counties they cross, and in which county an exit lies.

Exits of North Carolina are numbered by mile, so a county is a range of exits. Where two interstates share a road the signs count by
the other one, which is why I-40 between Greensboro and Hillsborough is asked of I-85 as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from app.places.words import Word, word_set


@dataclass(frozen=True, slots=True)
class Roads:
    """`stretches` maps an interstate's number to (county, first exit, last exit); `highways` maps other numbers to counties."""

    stretches: Mapping[str, tuple[tuple[str, int, int], ...]]
    highways: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, rows: Mapping[str, Any], fips: Mapping[str, str]) -> Self:
        """From the pack's `roads.json`; `fips` maps a county's name to its code."""
        return cls(
            {road: tuple((fips[c], low, high) for c, low, high in parts) for road, parts in rows["interstates"].items()},
            {road: tuple(fips[c] for c in counties) for road, counties in rows["highways"].items()},
        )

    def counties(self, number: str, exit_number: int | None = None, interstate: bool | None = None) -> tuple[str, ...]:
        """The counties of a road, or of one exit of it; empty where the road is not known.

        `interstate` says which is meant where a number is both: True, False, or None for either.
        """
        stretches = () if interstate is False else self.stretches.get(number, ())
        if exit_number is not None and stretches:
            shared = self.stretches.get("85", ()) if number == "40" and exit_number in SHARED_EXITS else ()
            own = stretches if not shared or exit_number in OWN_EXITS else ()
            fits = [county for county, low, high in (*own, *shared) if low <= exit_number <= high]
            if fits:
                return tuple(dict.fromkeys(fits))
        counties = [county for county, _, _ in stretches]
        if interstate is not True:
            counties += self.highways.get(number, ())
        return tuple(dict.fromkeys(counties))


SHARED_EXITS = frozenset({132, 135, 138, 140, 141, 143, 145, 147, 148, 150, 152, 153, 154, 157, 160, 161, 163})
"""Exits of I-85 between Greensboro and Hillsborough, which drivers also call exits of I-40: the two share the road there."""

OWN_EXITS = frozenset({132, 135, 138, 141, 148, 150, 152, 153, 154})
"""Those of them whose number I-40 has itself, too, between Hickory and Statesville."""


class RoadMention(NamedTuple):
    """A road found in a text: the first and last word, its public name and its counties."""

    first: int
    last: int
    label: str
    counties: tuple[str, ...]
    at_exit: bool


def roads_in(words: list[Word], roads: Roads) -> list[RoadMention]:
    """Every interstate or highway named in the words: "I-85 exit 177", "la 77", "salida 36", "US 74", "hwy 54"."""
    found: list[RoadMention] = []
    position = 0
    while position < len(words):
        mention = _road_at(words, position, roads, bool(found) and _joins(words, found[-1].last, position))
        if mention:
            found.append(mention)
            position = mention.last + 1
        else:
            position += 1
    return found


def _road_at(words: list[Word], at: int, roads: Roads, joined: bool) -> RoadMention | None:
    word = words[at].fold
    number, last, sign = "", at, ""
    if word.isdigit():
        before = words[at - 1].fold if at else ""
        sign = _SIGNS.get(before, "")
        if not sign and before in _ARTICLES and _is_bare_road(words, at):
            sign = "?"
        if not sign and (joined or (word in roads.stretches and at + 1 < len(words) and words[at + 1].fold in _EXITS)):
            sign = "?"
        number = word
        if number == "15" and at + 1 < len(words) and words[at + 1].fold == "501":
            number, last, sign = "15501", at + 1, sign or "US"
    elif len(word) > 1 and word[0] == "i" and word[1:].isdigit():
        number, sign = word[1:], "I"
    elif len(word) > 2 and word[:2] in {"us", "nc"} and word[2:].isdigit():
        number, sign = word[2:], word[:2].upper()
    if not number or not sign:
        return None
    interstate = True if sign == "I" else False if sign in {"US", "NC"} else None
    if sign == "?" and number not in roads.stretches and number not in _SPOKEN_BARE and not 100 < int(number) < 1_000:
        return None
    exit_number, exit_word = _exit_near(words, at, last)
    counties = roads.counties(number, exit_number, interstate)
    if not counties:
        return None
    is_interstate = number in roads.stretches and (interstate is True or (interstate is None and number not in roads.highways))
    label = f"I-{number}" if is_interstate else f"{sign if sign in {'US', 'NC'} else 'Hwy'} {_shown(number)}"
    if exit_number is not None and is_interstate:
        by_mile = words[exit_word - 1].fold in _MILES
        label = f"{label} {'mile' if by_mile else 'exit'} {exit_number}"
    first = at - 1 if at and words[at - 1].fold in _SIGNS else at
    if exit_number is not None:
        first, last = min(first, exit_word - 1), max(last, exit_word)
    return RoadMention(first, last, label, counties, exit_number is not None and is_interstate)


def _joins(words: list[Word], road: int, at: int) -> bool:
    """Whether a number goes on from a road: "US 64 & 421", "la 85 y 40"."""
    if at == road + 1:
        return any(mark in words[at].gap for mark in "&/")
    return at == road + 2 and words[at - 1].fold in {"y", "and"}


def _is_bare_road(words: list[Word], at: int) -> bool:
    """Whether a number after "la" or "on" stands alone, so that it is no count, hour or house number: "la 77", not "la 77 vez"."""
    if at + 1 >= len(words) or words[at + 1].gap.strip():
        return True
    return words[at + 1].fold not in _COUNTED


def _exit_near(words: list[Word], first: int, last: int) -> tuple[int | None, int]:
    """The number after "exit" or "salida" within four words of the road, and where it stands."""
    for position in (*range(last + 1, min(last + 5, len(words))), *range(max(first - 6, 0), first)):
        if words[position].fold in _EXITS and position + 1 < len(words):
            for step in (1, 2):
                if position + step < len(words):
                    digits = words[position + step].fold.rstrip("abcd")
                    if digits.isdigit() and len(digits) <= 3 and not first <= position + step <= last:
                        return int(digits), position + step
    return None, -1


def _shown(number: str) -> str:
    return "15-501" if number == "15501" else number


_SIGNS = {
    word: sign
    for sign, words in {
        "I": "i interstate interestatal autopista interestate",
        "US": "us",
        "NC": "nc",
        "H": "hwy highway jaiwey haiway jaiwei route ruta rt carretera freeway friwey hiway higway",
    }.items()
    for word in words.split()
}
_ARTICLES = frozenset({"la", "on", "off", "the", "x"})
_MILES = frozenset({"mile", "milla", "marker", "mm"})
_EXITS = frozenset({"exit", "salida", "exits", "salidas", "exut"}) | _MILES
_SPOKEN_BARE = word_set("""
    74 70 64 54 421 321 401 220 601 117 147 49 16 73 87 210 158 501 29 52 17
""")
_COUNTED = word_set("""
    st nd rd th am pm de anos carros people personas agentes cars vez street calle oclock y minutes minutos horas hours dolares
""")
