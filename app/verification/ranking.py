"""Who is asked first of those who can be asked: the near before the far, and nobody so often that it is no longer fair. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final
from uuid import UUID

from app.core.earth import km_between

MOST_OF_FAIR_SHARE: Final = 2
"""Times the average of those who are as near that one person is asked, before the others of them come first."""

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Band(IntEnum):
    """How far somebody starts from where they are needed, nearest first."""

    NEAR = 0  # within 5 km, or they know the place
    TOWN = 1  # within 15 km
    COUNTY = 2  # within 40 km, or of the county, with no distance known
    FAR = 3


BANDS_KM: Final = ((5.0, Band.NEAR), (15.0, Band.TOWN), (40.0, Band.COUNTY))
"""The outer edge of each band, as the crow flies: about 10, 25 and 50 minutes of driving where streets are."""


@dataclass(frozen=True)
class Candidate:
    """What is known of one who can be asked. `home` and the incident's point are (latitude, longitude) or None. `asked` is how often they
    were asked lately."""

    id: UUID
    alias: str
    home: tuple[float, float] | None = None
    home_county: str | None = None
    chose_county: bool = False
    knows_place: bool = False
    reads_language: bool = False
    trainee: bool = False
    asked: int = 0
    last_asked: datetime | None = None


@dataclass(frozen=True)
class Ranked:
    """One who can be asked, and why they stand where they do. `km` is None where it isn't known; `had_share`: one time more
    would be more than is fair among those who are as near, so that these come first."""

    candidate: Candidate
    band: Band
    km: float | None
    had_share: bool

    @property
    def says(self) -> str:
        """The distance in a word: that of the band, "known" for who knows the place, "unknown" where nothing is known of it."""
        if self.candidate.knows_place:
            return "known"
        return "unknown" if self.km is None and self.band is Band.FAR else self.band.name.lower()


def rank(candidates: Sequence[Candidate], place: tuple[float, float] | None, county: str | None) -> list[Ranked]:
    """The candidates, whom to ask first first: trainees last; by band of distance; within a band those who had their share last, then by
    whether they read a language of the reports, and in rotation."""
    placed = [(one, *_band(one, place, county)) for one in candidates]
    asked: defaultdict[Band, list[int]] = defaultdict(list)
    for one, band, _ in placed:
        asked[band].append(one.asked)
    ranked = [
        Ranked(one, band, km, had_share=is_over_share(one.asked, sum(asked[band]), len(asked[band])))
        for one, band, km in placed
    ]
    return sorted(ranked, key=_order)


def is_over_share(asked: int, total: int, people: int) -> bool:
    """Whether who was `asked` so often, of `total` times that `people` were, would be asked more than is fair by one time more. Whoever was
    asked least never is."""
    return asked > 0 and (asked + 1) * people > MOST_OF_FAIR_SHARE * (total + 1)


def knows(zones: Sequence[str], place: str | None) -> bool:
    """Whether one of the places that somebody says they know is named in an incident's ("Walmart, N Roxboro St, Durham")."""
    named = {part.strip().casefold() for part in (place or "").split(",")}
    return any(zone.casefold() in named for zone in zones)


def _band(one: Candidate, place: tuple[float, float] | None, county: str | None) -> tuple[Band, float | None]:
    km = km_between(one.home, place) if one.home is not None and place is not None else None
    if one.knows_place:
        return Band.NEAR, km
    if km is not None:
        return next((band for edge, band in BANDS_KM if km <= edge), Band.FAR), km
    of_county = one.chose_county or (county is not None and one.home_county == county)
    return (Band.COUNTY if of_county else Band.FAR), None


def _order(ranked: Ranked) -> tuple[object, ...]:
    one = ranked.candidate
    return (
        one.trainee,
        ranked.band,
        ranked.had_share,
        not one.reads_language,
        one.asked,
        one.last_asked or LONG_AGO,
        one.alias,
    )
