"""A place that words of a text name, and how strongly it says where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from app.places.gazetteer import Place, PlaceKind


class Rank(IntEnum):
    """How strongly a mention says where. A lower one may narrow what a higher one says, and never overrides it."""

    LABEL = 0
    WEAK = 1
    ROAD = 2
    STREET = 3
    PLACE = 4
    EXACT = 5
    POINT = 6


@dataclass(frozen=True, slots=True)
class Mention:
    """A place that words of the text name. `counties` are all that fit; `places` the meanings; `weight` its evidence in log-odds."""

    first: int
    last: int
    rank: Rank
    counties: tuple[str, ...]
    places: tuple[Place, ...]
    words: str
    says: str
    weight: float
    as_city: bool = False
    aside: bool = False
    denied: bool = False
    cued: bool = True
    several: bool = False

    @property
    def kind(self) -> PlaceKind:
        """The kind of its first meaning."""
        return self.places[0].kind


def without_denied(mentions: Sequence[Mention]) -> list[Mention]:
    """The mentions that say where something is; where every one is only in passing ("rumbo a Durham"), those count after all."""
    kept = [mention for mention in mentions if not mention.denied]
    placed = [mention for mention in kept if mention.counties and mention.rank >= Rank.STREET]
    if any(not mention.aside for mention in placed):
        return [m for m in kept if not m.aside]
    return kept
