"""How much two reports sound like one event: by place, time and words, in either language, each part with its reason.

Points are log-odds, so that they add up and can be shown; the score is their probability. Reports of different counties are never
alike, and a report whose county is unknown is never alike enough to be merged by a machine.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from app.incidents.wording import Wording, wording_of

SUGGEST: Final = 0.35
"""From this score on a dispatcher is shown the other incident."""

MERGE: Final = 0.60
"""From this score on a report joins the incident by itself. Always reversible."""

TOO_LATE: Final = 180.0
"""Minutes without a report after which the same place is another event."""

BEGIN: Final = -1.2
"""Log-odds that two reports of one county are about one event, before anything else is known of them."""

TIME_POINTS: Final = ((5, 0.9), (15, 0.7), (30, 0.5), (60, 0.2), (90, -0.4), (120, -0.8), (TOO_LATE, -1.6), (math.inf, -6.0))
SAME_ROAD, OTHER_ROAD = 2.2, -3.0
SAME_SIGHT, OTHER_SIGHT = 2.0, -2.6
SAME_AREA, OTHER_AREA = 1.0, -1.2
ROAD_AND_SIGHT = -0.3
VAGUE_AND_EXACT = 0.6
BOTH_VAGUE = 0.9
NO_TOWN = 0.3
OTHER_TOWN = -3.5
SAME_POINT, NEAR_POINT, FAR_POINT = 3.0, 1.5, -3.0
SAME_WORDS = 2.0
COPY = 1.5
COPY_FROM = 88.0
SAME_NAME = 0.7
OTHER_COLOR, OTHER_SETTING, OTHER_DAY = -0.5, -1.4, -3.0
SAME_SETTING = 0.6
SAME_SENDER = 0.8
LARGEST_UNSURE = MERGE - 0.01


@dataclass(frozen=True)
class Account:
    """One person's report as it is compared: county FIPS or None, minute on any one clock, the public place label, a point in degrees.

    What is made of its words and its place is made once: a report is compared with each of the dozens that follow it.
    """

    report_id: str
    county: str | None
    minute: float
    text: str
    place: str | None
    point: tuple[float, float] | None
    kind: str
    salute: Mapping[str, str]
    source: str | None
    language: str

    @cached_property
    def wording(self) -> Wording:
        """What its words are about."""
        return wording_of(self.text)

    @cached_property
    def marks(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """The times, colors and surroundings that it names."""
        wording = self.wording
        return wording.of_group("times"), wording.of_group("colors") - _LOOSE, wording.of_group("settings") - _LOOSE

    @cached_property
    def weight(self) -> float:
        """How much its concepts say."""
        return _weight(self.wording.concepts)

    @cached_property
    def is_pin(self) -> bool:
        """Whether the point is one that was sent, not the middle of a town: then the label is only the county's name."""
        return self.point is not None and (self.place is None or ("," not in self.place and _is_county(self.place)))


Reason = tuple[str, frozenset[str]]
"""A reason: what is said, and the words that it names, if any. It is put together when somebody asks for it: of the dozens that a report
is compared with, only one is told of."""


class Likeness(NamedTuple):
    """`score` is between 0 and 1. `same_place` is True or False where both name a place exactly enough to tell, else None. `gap` is in
    minutes, None where it tells nothing."""

    score: float
    same_place: bool | None
    place: str
    gap: float | None = None
    why: Sequence[Reason] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks for and against it, in words for a dispatcher."""
        gap = () if self.gap is None else (f"{self.gap:.0f} min apart",)
        return (self.place, *gap, *(_told(*reason) for reason in self.why))


def likeness(a: Account, b: Account) -> Likeness:
    """How much two accounts sound like one event, with the reasons a dispatcher is shown."""
    if a.county and b.county and a.county != b.county:
        return Likeness(0.0, False, "different counties")
    gap = abs(a.minute - b.minute)
    place_points, place, same_place = _place(a, b)
    why: list[Reason] = []
    points = _words(a, b, BEGIN + TIME_POINTS[bisect_left(_LIMITS, gap)][1] + place_points, why)
    if gap <= 30 and a.source and a.source == b.source:
        points += SAME_SENDER
        why.append(("same sender", _NONE))
    score = 1 / (1 + math.exp(-points))
    if a.county is None or b.county is None:
        score = min(score, LARGEST_UNSURE)
        why.append(("county unknown", _NONE))
    return Likeness(round(score, 3), same_place, place, gap, why)


BOTH_SAY: Final = "both say"
BOTH_NAME: Final = "both name"

_NONE: Final[frozenset[str]] = frozenset()

_LIMITS = [limit for limit, _ in TIME_POINTS]


class _Part(Enum):
    ROAD = "road"
    SIGHT = "sight"
    AREA = "area"


@dataclass(frozen=True, slots=True)
class _Label:
    """A public label taken apart: "Walmart, N Roxboro St, Durham" has a sight, a road and a town."""

    roads: frozenset[str]
    sights: frozenset[str]
    town: str | None

    @property
    def is_exact(self) -> bool:
        return bool(self.roads or self.sights)


def _place(a: Account, b: Account) -> tuple[float, str, bool | None]:
    if a.is_pin and b.is_pin:
        km = _km(a.point, b.point)
        if km <= 0.4:
            return SAME_POINT, f"{km * 1000:.0f} m apart", True
        return (NEAR_POINT, f"{km:.1f} km apart", None) if km <= 1.2 else (FAR_POINT, f"{km:.1f} km apart", False)
    return _labels(a.place, b.place)


@lru_cache(maxsize=4_096)
def _labels(first: str | None, second: str | None) -> tuple[float, str, bool | None]:
    one, two = _label(first), _label(second)
    if one.town and two.town and _are_two_towns(one.town, two.town):
        return OTHER_TOWN, f"{one.town} and {two.town}", False
    roads, sights = one.roads & two.roads, one.sights & two.sights
    if roads:
        return SAME_ROAD + (0.5 if sights else 0.0), f"same road: {', '.join(sorted(roads))}", True
    if sights:
        if one.roads and two.roads:
            return OTHER_ROAD + 0.5, "different roads", False
        return SAME_SIGHT, f"same place: {', '.join(sorted(sights))}", True
    if one.roads and two.roads:
        return OTHER_ROAD, "different roads", False
    if one.sights and two.sights:
        return OTHER_SIGHT, "different places", False
    if one.is_exact and two.is_exact:
        return ROAD_AND_SIGHT, "a road and a place", None
    if one.is_exact or two.is_exact:
        return VAGUE_AND_EXACT, "same town, one names the place", None
    if one.town and one.town == two.town and not _is_county(one.town):
        return BOTH_VAGUE, f"both in {one.town}", None
    return NO_TOWN, "same county", None


def _words(a: Account, b: Account, points: float, why: list[Reason]) -> float:
    """`points` with what the words add; the reasons go into `why`."""
    one, two = a.wording, b.wording
    shared = one.concepts & two.concepts
    if shared:
        smaller = a if len(one.concepts) <= len(two.concepts) else b
        share = _weight(shared) / max(smaller.weight, 1.0)
        points += SAME_WORDS * share * min(1.0, 0.4 + 0.2 * len(shared))
        why.append((BOTH_SAY, shared))
    names = one.names & two.names
    if names:
        names -= _words_of(a.place) | _words_of(b.place)
    if names:
        points += min(SAME_NAME * len(names), 2 * SAME_NAME)
        why.append((BOTH_NAME, names))
    times, colors, settings = a.marks
    other_times, other_colors, other_settings = b.marks
    same_day = times == other_times
    if same_day and min(len(one.plain), len(two.plain)) > 25 and fuzz.ratio(one.plain, two.plain, score_cutoff=COPY_FROM):
        points += COPY
        why.append(("nearly the same text", _NONE))
    if colors and other_colors and not colors & other_colors:
        points += OTHER_COLOR
        why.append(("different colors", _NONE))
    if settings and other_settings:
        if settings & other_settings:
            points += SAME_SETTING
            why.append(("same surroundings", _NONE))
        else:
            points += OTHER_SETTING
            why.append(("different surroundings", _NONE))
    if not same_day:
        points += OTHER_DAY
        why.append(("one is about an earlier day", _NONE))
    return points


def _told(said: str, named: frozenset[str]) -> str:
    if said == BOTH_SAY:
        return f"{said}: {', '.join(sorted(concept.split(':')[1] for concept in named))}"
    return f"{said}: {', '.join(sorted(named)[:3])}" if named else said


def _weight(concepts: frozenset[str]) -> float:
    """Words that nearly every report has say less about which event it is."""
    common = len(concepts & _COMMON)
    return len(concepts) - common + 0.4 * common


@lru_cache(maxsize=4_096)
def _words_of(place: str | None) -> frozenset[str]:
    return frozenset(wording_of(place or "").plain.split())


@lru_cache(maxsize=4_096)
def _label(place: str | None) -> _Label:
    parts = [part.strip() for part in (place or "").split(",") if part.strip()]
    if not parts:
        return _Label(frozenset(), frozenset(), None)
    town = parts.pop() if len(parts) > 1 or not _is_road(parts[0]) else None
    if town and town.isdigit() and parts:
        town = parts.pop()
    roads = frozenset(road for part in parts if _is_road(part) for road in part.split(" & "))
    sights = frozenset(part for part in parts if not _is_road(part) and not part.isdigit()) - _GENERIC
    return _Label(roads, sights, town)


def _is_road(part: str) -> bool:
    return part.endswith(_ROAD_ENDS) or part.startswith(("I-", "US ", "NC ", "Hwy ")) or " & " in part


def _are_two_towns(one: str, two: str) -> bool:
    """Whether two labels end in different towns; "Uptown Charlotte" is in Charlotte, and a county holds all of its towns."""
    return not (one.endswith(two) or two.endswith(one) or _is_county(one) or _is_county(two))


def _is_county(town: str) -> bool:
    return town.endswith(" County")


def _km(a: tuple[float, float] | None, b: tuple[float, float] | None) -> float:
    if a is None or b is None:
        return math.inf
    north = (a[0] - b[0]) * 111.2
    east = (a[1] - b[1]) * 111.2 * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)


_ROAD_ENDS = (
    " St",
    " Rd",
    " Ave",
    " Blvd",
    " Dr",
    " Ln",
    " Pkwy",
    " Hwy",
    " Ct",
    " Cir",
    " Trl",
    " Freeway",
    " Way",
    "Plaza Rd",
)
_GENERIC = frozenset(
    {
        "School",
        "Church",
        "Apartments",
        "Park",
        "Gas station",
        "Trailer park",
        "Laundromat",
        "Clinic",
        "Hospital",
        "Jail",
        "Courthouse",
    }
    | {"DMV", "Taqueria", "Panaderia", "Tienda mexicana", "Flea market"}
)
"""Kinds of places that a label may begin with: the settings of the text say the same and are compared there."""
_COMMON = frozenset(
    {"agents:immigration", "agents:agents", "activity:waiting", "settings:house", "settings:parking", "vehicles:car"}
)
_LOOSE = frozenset({"settings:house", "settings:parking", "settings:highway", "settings:market"})
