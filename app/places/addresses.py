"""House numbers and corners of a text, looked up among the imported streets: "2315 N Roxboro St", "esquina de Main y Elm"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.places.gazetteer import Gazetteer, Place, PlaceKind
from app.places.mention import Mention, Rank
from app.places.streets import Spot, StreetName, Streets, street_name
from app.places.surroundings import BREAKS, ROADS
from app.places.words import Word, word_set

LONGEST_STREET: Final = 3
"""Words of a street's name that are tried where no kind ("St", "Rd") ends it."""


def addresses_in(words: Sequence[Word], found: Sequence[Mention], gazetteer: Gazetteer) -> list[Mention]:
    """A mention for each address and corner that the imported streets hold.

    Where the streets of every county are imported, an address in one county says where by itself; otherwise it only narrows what the
    rest of the text allows, as the same street may stand in a county that nobody imported.
    """
    streets = gazetteer.streets
    if streets is None:
        return []
    rank = Rank.STREET if len(streets.counties) >= len(gazetteer.counties) else Rank.WEAK
    named = [
        (mention, street_name(mention.places[0].name)) for mention in found if mention.kind in ROADS and mention.first >= 0
    ]
    mentions = []
    for mention, name in named:
        number = _house_number(words, mention.first)
        if number is not None:
            spots = streets.address(name, number)
            mentions += _mention(rank, mention.first - 1, mention.last, spots, words, "an address among the imported streets")
    return mentions + _corners(words, named, streets, rank)


def _house_number(words: Sequence[Word], first: int) -> int | None:
    for position in (first - 1, first - 2):  # "1058 W Club Blvd": a direction may stand between
        if position < 0 or not BREAKS.isdisjoint(words[position + 1].gap):
            return None
        said = words[position].fold
        if said.isdigit():
            return int(said) if 1 <= len(said) <= 5 else None
        if said not in _BETWEEN:
            return None
    return None


def _corners(words: Sequence[Word], named: Sequence[tuple[Mention, StreetName]], streets: Streets, rank: Rank) -> list[Mention]:
    mentions: list[Mention] = []
    for at, word in enumerate(words):
        joins = word.fold in _JOINS or "&" in word.gap or "/" in word.gap
        if not joins or not at:
            continue
        behind = at + 1 if word.fold in _JOINS else at
        if behind < len(words) and words[behind].fold in _ARTICLES:
            behind += 1
        before = _ending(words, at - 1, named)
        after = _beginning(words, behind, named)
        if not any(known for _, _, known in before) and not any(known for _, _, known in after) and not _says_corner(words, at):
            continue
        mentions += _first_corner(words, before, after, streets, rank)
    return mentions


def _first_corner(
    words: Sequence[Word], before: Sequence[_Side], after: Sequence[_Side], streets: Streets, rank: Rank
) -> list[Mention]:
    for one, first, _ in before:
        for other, last, _ in after:
            spots = streets.corner(one, other)
            if spots:
                return _mention(rank, first, last, spots, words, "a corner among the imported streets")
    return []


_Side = tuple[StreetName, int, bool]
"""A street that may be one side of a corner, its outer word, and whether it was found to be a street already."""


def _ending(words: Sequence[Word], last: int, named: Sequence[tuple[Mention, StreetName]]) -> list[_Side]:
    known: list[_Side] = [(name, mention.first, True) for mention, name in named if mention.last == last]
    first = range(max(last - LONGEST_STREET + 1, 0), last + 1)
    return known + [(_said(words, start, last), start, False) for start in first]


def _beginning(words: Sequence[Word], first: int, named: Sequence[tuple[Mention, StreetName]]) -> list[_Side]:
    known: list[_Side] = [(name, mention.last, True) for mention, name in named if first <= mention.first <= first + 1]
    last = range(min(first + LONGEST_STREET, len(words)) - 1, first - 1, -1)
    return known + [(_said(words, first, end), end, False) for end in last]


def _said(words: Sequence[Word], first: int, last: int) -> StreetName:
    return street_name(" ".join(word.fold for word in words[first : last + 1]))


def _says_corner(words: Sequence[Word], at: int) -> bool:
    return any(word.fold in _CORNER for word in words[max(at - 6, 0) : at])


def _mention(rank: Rank, first: int, last: int, spots: Sequence[Spot], words: Sequence[Word], says: str) -> list[Mention]:
    if not spots:
        return []
    counties = tuple(dict.fromkeys(spot.county for spot in spots))
    places = tuple(Place(s.name, PlaceKind.STREET, (s.county,), "", s.latitude, s.longitude) for s in spots)
    said = " ".join(word.fold for word in words[max(first, 0) : last + 1])
    weight = 3.0 if rank is Rank.STREET else 1.0
    return [Mention(first, last, rank, counties, places, said, says, weight)]


_BETWEEN = word_set("n s e w north south east west")
_JOINS = word_set("y and con at e")
_ARTICLES = word_set("la the el")
_CORNER = word_set("esquina corner intersection cruce interseccion esq")
