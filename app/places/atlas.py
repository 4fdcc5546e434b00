"""The gazetteer that a process reads with right now: the pack's places and the landmarks that organizers added.

`app/pipeline_places.py` keeps it up to date.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from app.core.errors import BadInput
from app.places.gazetteer import Caution, Gazetteer, Name, Place, PlaceKind
from app.places.polygons import county_at
from app.places.words import phrase
from app.records.landmarks import LONGEST_NAME, SHORTEST_NAME, Landmark, LandmarkFacts

SURE_LETTERS: Final = 8
"""Letters. A landmark's name of one word that is shorter needs a place word before it."""


class Atlas:
    """Holds the gazetteer in use; the pack's alone until landmarks are put in. `stamp` says which state of the landmarks it holds."""

    def __init__(self, pack: Gazetteer) -> None:
        self._pack = pack
        self.gazetteer = pack
        self.stamp: tuple[Any, ...] | None = None

    def put_in(self, landmarks: Sequence[Landmark], stamp: tuple[Any, ...]) -> None:
        """From now on texts are read with exactly these landmarks."""
        self.gazetteer = with_landmarks(self._pack, landmarks)
        self.stamp = stamp


def with_landmarks(pack: Gazetteer, landmarks: Sequence[Landmark]) -> Gazetteer:
    """The pack's gazetteer with these landmarks in it, each found under all of its names. Pure; the pack's own is left as it is."""
    names, longest = dict(pack.names), dict(pack.longest)
    alike: list[str] = []
    for held in landmarks:
        place = Place(held.name, PlaceKind(held.kind), (held.county,), held.town, held.latitude, held.longitude)
        for key in _keys_of(held):
            words = key.split(" ")
            sure = len(words) > 1 or len(key) >= SURE_LETTERS
            meanings = [name for name in names.get(key, ()) if name.place.counties != place.counties]
            names[key] = (*meanings, Name(place, Caution.NONE if sure else Caution.SOME))
            longest[words[0]] = max(longest.get(words[0], 0), len(words))
            if sure and len(key) >= SURE_LETTERS:
                alike.append(key)
    return replace(pack, names=names, longest=longest, near=pack.near.with_names(alike))


def check_facts(facts: LandmarkFacts, gazetteer: Gazetteer) -> None:
    """Raises BadInput, in words for the organizer, where the facts would make texts be misread or contradict each other. Pure."""
    if facts.county not in gazetteer.counties:
        raise BadInput("Choose a county of the list.")
    for name in (facts.name, *facts.aliases):
        key = phrase(name)
        if len(name) > LONGEST_NAME or sum(map(str.isalpha, key)) < SHORTEST_NAME:
            raise BadInput("Each name needs four letters or more, and sixty at most.")
        if key in gazetteer.ordinary or any(known.place.kind in _TAKEN for known in gazetteer.names.get(key, ())):
            raise BadInput(
                "One of the names is an ordinary word, a town, a county or a chain of stores. Texts that mean those would be misread."
            )
    if (facts.latitude is None) != (facts.longitude is None):
        raise BadInput("A point needs both numbers, or none.")
    if facts.latitude is None or facts.longitude is None:
        return
    if county_at(gazetteer, facts.latitude, facts.longitude) != facts.county:
        raise BadInput("The point lies in another county than the one you chose.")


def _keys_of(held: Landmark) -> list[str]:
    """All names of a landmark, folded; a long one counts without its article, too."""
    keys = [phrase(said) for said in (held.name, *held.aliases)]
    bare = [rest for key in keys if (rest := _ARTICLE.sub("", key)) != key and len(rest) >= SURE_LETTERS]
    return list(dict.fromkeys((*keys, *bare)))


_ARTICLE = re.compile(r"^(?:el|la|los|las|the) ")
_TAKEN: Final = frozenset({PlaceKind.CITY, PlaceKind.COUNTY, PlaceKind.BRAND, PlaceKind.ELSEWHERE})
